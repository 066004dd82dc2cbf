#ifndef MUN_LEDGER_CORE_VIEW_H
#define MUN_LEDGER_CORE_VIEW_H

#include <stdbool.h>

#include "ledger/base/bytes.h"
#include "ledger/core/hash.h"

/* What is known of one record: rules and verdicts read records through this,
 * from the state itself or from a proof. "Not shown" happens with proofs only
 * and never counts as absent. */
enum mun_presence {
    MUN_NOT_SHOWN,
    MUN_ABSENT,
    MUN_PRESENT,
};

struct mun_view {
    /* Sets *value to the record's bytes when present, else to none.
     * Lifetime of *value: until the next write behind the view. */
    enum mun_presence (*get)(const void *ctx, const struct mun_hash *key,
                             struct mun_bytes *value);
    const void *ctx;
    /* Our own state: texts were checked before they came in, and are taken as
     * they are. Never for what others hand over. */
    bool is_own;
};

static inline enum mun_presence
mun_view_get(const struct mun_view *view, const struct mun_hash *key,
             struct mun_bytes *value)
{
    *value = MUN_BYTES_NONE;
    return view->get(view->ctx, key, value);
}

#endif
