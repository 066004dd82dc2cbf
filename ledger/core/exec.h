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

/* One changed record of the block; the newest value is in the overlay. */
struct mun_exec {
    struct mun_state *state;
    struct mun_arena *arena;
    struct mun_seen seen;
    struct mun_now now;
    struct mun_frontier frontier; /* of the log, grows as entries apply */
    uint32_t item_count;
    struct mun_exec_item *items;       /* MUN_BLOCK_ENTRIES_MAX, in arena */
    struct mun_hash *changed;          /* record keys, in order of change */
    uint32_t changed_count;            /* a key may stand in it twice */
    uint32_t signature_count;
    uint32_t leaf_count;
    uint64_t byte_count;
    struct mun_hash header_leaf_hash;
    struct mun_hash *id_table;         /* open addressing: ids of this block */
    struct mun_hash *effect_scratch;   /* see exec.c */
};

/* Opens the state's overlay. `previous` is the header of the block before and
 * `log` the log's frontier after it; `time_ms` is the new block's. Appends the
 * header leaf.
 * Lifetime: everything in *exec lives in `arena`, until the caller resets it.
 * Errors: MUN_ERR_LIMIT (arena), MUN_ERR_VALUE (time not after previous). */
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
 * end of the block.
 * Errors: MUN_ERR_LIMIT (state or arena: drop the block and stop the node),
 * MUN_ERR_CORRUPT. */
MUN_MUST_USE mun_err_t mun_exec_add(struct mun_exec *exec,
                                    enum mun_exec_result *result,
                                    enum mun_refusal *refusal,
                                    const struct mun_entry_checked *checked);

/* Fills *out with everything but what the caller knows: sets chain_id, height,
 * time, previous, certificate_hash (from `certificate`), entries_hash, log
 * and state roots, members. */
void mun_exec_finish(struct mun_exec *exec, struct mun_header *out,
                     const struct mun_header *previous,
                     const struct mun_certificate *certificate);

/* Judges a whole block: structure, chain, time, previous certificate under
 * `members`, each entry, and the header's every field. On success the overlay
 * holds the result; on failure it is dropped. `checked` are the block's
 * entries, verified by the caller (mun_entry_verify), in order.
 * Errors: MUN_ERR_CHAIN, MUN_ERR_VALUE (a header field), MUN_ERR_REFUSED (an
 * entry does not apply: *refusal and *refused_index say which), MUN_ERR_ROOT
 * (a root or hash differs), MUN_ERR_PROOF, MUN_ERR_SIGNATURE, MUN_ERR_LIMIT. */
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
