#ifndef MUN_LEDGER_CORE_EXEC_H
#define MUN_LEDGER_CORE_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "ledger/core/block.h"
#include "ledger/core/entry.h"
#include "ledger/core/merkle.h"
#include "ledger/core/rules.h"
#include "ledger/core/state.h"

/* Executing one block on top of a committed state: entries one by one into the
 * state's overlay, then the roots. The same code makes a block (the proposer)
 * and judges one (members, auditors).
 *
 *   mun_exec_begin -> mun_exec_add ... -> mun_exec_finish -> commit or abort
 *
 * I1 An entry that is refused leaves no trace in the overlay.
 * I2 The overlay after finish is a function of (state, header, entries) alone.
 */

/* Ids of accepted entries whose valid_until has not passed: step 4. */
struct mun_seen {
    bool (*contains)(const void *ctx, const struct mun_hash *id);
    const void *ctx;
};

/* One entry that applied, with all that indexes and proofs need. */
struct mun_exec_item {
    const struct mun_entry_checked *checked;
    struct mun_hash effects_root;
    struct mun_hash leaf_hash;
};

/* What an entry did to one record: the data of a leaf below effects_root, as it
 * is hashed. */
struct mun_effect {
    struct mun_hash key;
    struct mun_hash before; /* value hash, zero: there was none */
    struct mun_hash after;
};

_Static_assert(sizeof(struct mun_effect) == 96, "no padding");

/* Arrays are in the arena and grow by doubling: a block of one entry takes
 * little, a full one MUN_EXEC_ARENA_BYTES at most. */
struct mun_exec {
    struct mun_state *state;
    struct mun_arena *arena;
    struct mun_seen seen;
    struct mun_now now;
    struct mun_frontier frontier; /* of the log, grows as entries apply */
    struct mun_hash previous_id;
    struct mun_hash header_leaf_hash;

    uint32_t item_count;
    uint32_t item_room;
    struct mun_exec_item *items;
    struct mun_hash *entry_hashes; /* beside items */

    uint32_t changed_count;
    uint32_t changed_room;
    struct mun_hash *changed; /* record keys, entry by entry and ascending in
                                 each; a key may stand in it twice */

    uint32_t signature_count;
    uint32_t leaf_count;
    uint64_t byte_count;
    uint32_t write_count; /* mun_rules_writes_max of each */

    uint32_t effect_count; /* of the entry that is being applied */
    uint32_t effect_room;
    struct mun_effect *effects;

    uint32_t id_room; /* slots of id_table, a power of two */
    uint64_t id_factor;
    struct mun_hash *id_table; /* ids of this block; zero: free */
};

/* What the arrays of one full block take, with all that they outgrew. */
#define MUN_EXEC_ARENA_BYTES (8u << 20)

/* Opens the state's overlay. `previous` is the header of the block before and
 * `log` the log's frontier after it; `time_ms` is the new block's. Appends the
 * header leaf.
 * Lifetime: everything in *exec lives in `arena`, until the caller resets it.
 * Errors: MUN_ERR_LIMIT (arena), MUN_ERR_VALUE (time not after previous).
 * After failure: no overlay is open. */
struct mun_exec_start {
    struct mun_state *state;
    struct mun_arena *arena;
    struct mun_seen seen;
    const struct mun_header *previous;
    const struct mun_frontier *log;
    uint64_t time_ms;
};
MUN_MUST_USE mun_err_t mun_exec_begin(struct mun_exec *exec,
                                      const struct mun_exec_start *start);

enum mun_exec_result {
    MUN_EXEC_APPLIED,
    MUN_EXEC_REFUSED, /* *refusal says why */
    MUN_EXEC_KNOWN,   /* this id was accepted before, or is in this block */
    MUN_EXEC_FULL,    /* it may fit into a later block: weight limits */
};

/* Applies one entry or leaves all as it was. `checked` is borrowed until the
 * end of the block. Weight is looked at first, then whether the id is known,
 * then the rules; *refusal is NONE unless REFUSED.
 * Errors: MUN_ERR_LIMIT (state or arena: drop the block and stop the node),
 * MUN_ERR_CORRUPT. */
MUN_MUST_USE mun_err_t mun_exec_add(struct mun_exec *exec,
                                    enum mun_exec_result *result,
                                    enum mun_refusal *refusal,
                                    const struct mun_entry_checked *checked);

/* Fills in the whole header: what follows from the start, the entries that
 * applied and `certificate`, the previous block's. No entry can be added after
 * it. Members are those that `previous` names as next: rules version 1 changes
 * none. */
void mun_exec_finish(struct mun_exec *exec, struct mun_header *out,
                     const struct mun_header *previous,
                     const struct mun_certificate *certificate);

/* Judges a whole block: chain, height, time, previous certificate, each entry,
 * and the header's every field. `checked` are the block's entries, verified by
 * the caller (mun_entry_verify), in order; `members` is the set whose hash is
 * previous->members_hash; start->time_ms is not read. On success the overlay holds the result; on failure
 * it is dropped.
 * Shape: checked holds block->entry_count.
 * Errors: MUN_ERR_CHAIN (chain id, previous id), MUN_ERR_VALUE (height, time or
 * rules version; a certificate of another header), MUN_ERR_PROOF,
 * MUN_ERR_SIGNATURE (the certificate), MUN_ERR_REFUSED (an entry does not
 * apply: *verdict says which and why, with the refusal NONE when its id was
 * accepted before), MUN_ERR_TOO_LARGE (a weight limit), MUN_ERR_ROOT (a hash,
 * a root or a size in the header differs), MUN_ERR_LIMIT (state or arena),
 * MUN_ERR_CORRUPT. */
struct mun_exec_verdict {
    enum mun_refusal refusal;
    uint32_t refused_index;
};
MUN_MUST_USE mun_err_t mun_exec_judge(struct mun_exec *exec,
                                      struct mun_exec_verdict *verdict,
                                      const struct mun_exec_start *start,
                                      const struct mun_block *block,
                                      const struct mun_entry_checked *checked,
                                      const struct mun_members *members);

/* The log leaves of the block, in order: index 0 is the header leaf. */
void mun_exec_leaf(const struct mun_exec *exec, uint32_t index,
                   struct mun_log_leaf *out);

#endif
