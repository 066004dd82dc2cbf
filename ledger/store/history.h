#ifndef MUN_LEDGER_STORE_HISTORY_H
#define MUN_LEDGER_STORE_HISTORY_H

/* Which entries concern a party, a programme, a list; and which are batches.
 *
 * One row for each name that a block mentions, not one for each entry: key =
 * name, log index of the block's first entry that mentions it; value = the
 * distance of each of them from that one, as u16. Commit gathers a block's
 * mentions in memory and puts the rows at its end. */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/core/hash.h"
#include "ledger/store/keys.h"
#include "ledger/store/rocks.h"
#include "ledger/store/store.h"

/* An anchor: party, programme, list, batches. No kind has more. */
#define MUN_MENTIONS_A_ENTRY 4
#define MUN_MENTIONS_MAX ((size_t)MUN_MENTIONS_A_ENTRY * MUN_BLOCK_ENTRIES_MAX)

_Static_assert(MUN_BLOCK_ENTRIES_MAX <= UINT16_MAX, "distances have 16 bits");

/* `letter` is one of MUN_INDEX_PARTY, _PROGRAMME, _LIST, _BATCH; the hash is
 * zero for batches and the label empty for all but lists. */
struct mun_history_name {
    uint8_t letter;
    struct mun_hash hash;
    struct mun_bytes label;
};

/* A name of this block and its entries, as a chain through `next`. */
struct mun_history_row {
    struct mun_history_name name;
    uint32_t first; /* mention */
    uint32_t last;
};

struct mun_mention {
    uint32_t next; /* 0: the last; numbers count from 1 */
    uint32_t at;   /* distance from the block's header leaf */
};

/* Scratch of one block, for the largest. */
struct mun_mentions {
    uint64_t factor;
    uint32_t mask;
    uint32_t row_count;
    uint32_t count;
    uint32_t *table; /* row + 1 by hash of the name; 0: free */
    struct mun_history_row *rows;
    struct mun_mention *each;
    uint8_t *value;
};

/* Bytes of an arena that mun_mentions_init takes, at most. */
size_t mun_mentions_footprint(void);
void mun_mentions_init(struct mun_mentions *mentions, struct mun_arena *arena);

/* Forgets the last block. `factor` decides where a name is kept and nothing
 * else; whoever makes entries may not know it beforehand. */
void mun_mentions_begin(struct mun_mentions *mentions, uint64_t factor,
                        uint32_t entry_count);

/* In the order of the entries; the same name twice in one entry is once.
 * The label is borrowed until mun_mentions_put. */
void mun_mentions_add(struct mun_mentions *mentions,
                      const struct mun_history_name *name, uint32_t at);

/* Puts all rows into the pending batch. `log_index` is the header leaf's. */
void mun_mentions_put(struct mun_mentions *mentions, struct mun_rocks *rocks,
                      uint64_t log_index);

/* Visits at most `limit` log indexes of a name, from `from` on; *more when
 * there are further ones.
 * Errors: the visitor's; MUN_ERR_CORRUPT, those of RocksDB. */
struct mun_history_range {
    uint64_t from;
    uint32_t limit;
};
MUN_MUST_USE mun_err_t mun_history_walk(struct mun_rocks *rocks,
                                        const struct mun_history_name *name,
                                        const struct mun_history_range *range,
                                        mun_history_visit visit, void *ctx,
                                        bool *more);

#endif
