#ifndef MUN_LEDGER_CORE_RULES_H
#define MUN_LEDGER_CORE_RULES_H

#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/entry.h"
#include "ledger/core/hash.h"
#include "ledger/core/refusal.h"
#include "ledger/core/view.h"

/* The rules of section 9 of ledger/README.md, over any view of the records.
 * Pure: an entry is judged whole before anything is written. */

/* What a rule may know beside the records: the block being made. */
struct mun_now {
    struct mun_hash chain_id;
    uint64_t height;
    uint64_t time_ms;
};

/* Where an entry's writes go; each record once. `value` is copied by the
 * callee. MUN_ERR_LIMIT when it cannot hold more: the caller must then drop
 * the whole block's overlay, for earlier writes of the entry stand. */
struct mun_sink {
    mun_err_t (*put)(void *ctx, const struct mun_hash *key,
                     struct mun_bytes value);
    void *ctx;
};

/* All of these answer MUN_OK with *refusal set (NONE: nothing is wrong), or an
 * error that is no judgement, and then *refusal is NONE: MUN_ERR_CORRUPT when a
 * record that the rules read does not decode; MUN_ERR_PROOF when the view does
 * not show one (only with proofs). */

/* Steps 2, 3, 5 and 6: what can be refused without a look at signatures, so
 * that garbage costs little. (Step 4, known ids, is the caller's.) */
MUN_MUST_USE mun_err_t mun_rules_screen(enum mun_refusal *refusal,
                                        const struct mun_entry *entry,
                                        const struct mun_now *now,
                                        const struct mun_view *view);

/* Steps 2, 3, 5, 6 and 9; then the writes. The entry was verified (7, 8). A
 * refused entry writes nothing. Also the sink's errors. */
MUN_MUST_USE mun_err_t mun_rules_apply(enum mun_refusal *refusal,
                                       const struct mun_entry_checked *checked,
                                       const struct mun_now *now,
                                       const struct mun_view *view,
                                       const struct mun_sink *sink);

/* As mun_rules_apply without writes: would it apply? */
MUN_MUST_USE mun_err_t mun_rules_judge(enum mun_refusal *refusal,
                                       const struct mun_entry *entry,
                                       const struct mun_now *now,
                                       const struct mun_view *view);

/* How many records the entry writes at most: its weight in a block (section
 * 10), known without any state. */
uint32_t mun_rules_writes_max(const struct mun_entry *entry);

#endif
