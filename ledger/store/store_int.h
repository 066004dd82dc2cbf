#ifndef MUN_LEDGER_STORE_STORE_INT_H
#define MUN_LEDGER_STORE_STORE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/hash.h"
#include "ledger/store/high_water.h"
#include "ledger/store/history.h"
#include "ledger/store/keys.h"
#include "ledger/store/rocks.h"
#include "ledger/store/store.h"
#include "ledger/store/tile.h"

/* A row on its way into the database, to be sorted by the first 8 bytes of its
 * key. `place`: of a commitment the log index, then 16 bits of position; of
 * others a number in the block. */
struct mun_row {
    uint64_t prefix;
    uint64_t place;
};

/* Which value a row of MUN_META_KEPT holds, as far as this process wrote it. */
struct mun_kept {
    uint64_t height;
    struct mun_hash id;
};

/* `rocks` and `serial` may be used on any thread; all else belongs to the writer's. */
struct mun_store {
    struct mun_rocks *rocks;
    uint64_t serial; /* differs between all stores that this process opened */
    char *path;
    struct mun_arena arena; /* of all below, and of this */
    struct mun_high_water_file high_water;
    mun_err_t failed; /* sticky: the first failure of a write */
    struct mun_mark mark;
    uint64_t log_size;
    struct mun_tiles tiles;
    /* Scratch of commit, for the largest block. */
    struct mun_row *rows;
    struct mun_row *rows_spare;
    uint32_t *changed_table;
    struct mun_mentions mentions;
    uint32_t kept_next;
    struct mun_kept kept[MUN_META_KEPT_COUNT];
};

/* A value of `block`, decoded; the runs borrow from it. */
struct mun_block_row {
    struct mun_header header;
    struct mun_bytes previous; /* certificate bytes, empty for block 0 */
    struct mun_bytes certificate;
    uint64_t first; /* log index of the header leaf; 0 for block 0 */
    uint32_t entry_count;
    uint32_t block_len; /* of the encoded block; 0 for block 0 */
};

/* Puts block row and time into the pending batch. */
void mun_put_block(struct mun_rocks *rocks, const struct mun_block_row *row);

/* Puts a record, and when it is new the index rows that it has for ever.
 * Errors: MUN_ERR_INTERNAL when the value has no natural key, or another one
 * than the key says. */
MUN_MUST_USE mun_err_t mun_put_record(struct mun_rocks *rocks,
                                      const struct mun_hash *key,
                                      struct mun_bytes value, bool is_new);

void mun_put_mark(struct mun_rocks *rocks, const struct mun_mark *mark);

/* Errors: MUN_ERR_NOT_FOUND, MUN_ERR_CORRUPT, those of mun_rocks_get.
 * Lifetime of *row: that of *value, to be released on success. */
MUN_MUST_USE mun_err_t mun_get_block(struct mun_rocks *rocks,
                                     struct mun_block_row *row,
                                     struct mun_rocks_value *value,
                                     uint64_t height);

/* Errors: MUN_ERR_NOT_FOUND, MUN_ERR_CORRUPT, those of mun_rocks_get.
 * Lifetime of *out: that of *value, to be released on success. */
MUN_MUST_USE mun_err_t mun_get_entry(struct mun_store *store,
                                     struct mun_stored_entry *out,
                                     struct mun_rocks_value *value,
                                     uint64_t log_index);

/* Strict: the whole value, for its own key.
 * Errors: MUN_ERR_CORRUPT, logged. */
MUN_MUST_USE mun_err_t mun_record_validate(const struct mun_hash *key,
                                           struct mun_bytes value);

/* Merges all files: for measurements of disk use. */
void mun_store_compact(struct mun_store *store);

#endif
