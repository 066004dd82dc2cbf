#ifndef MUN_LEDGER_CORE_VERDICT_INT_H
#define MUN_LEDGER_CORE_VERDICT_INT_H

#include <stdint.h>

#include "ledger/core/hash.h"
#include "ledger/core/verdict.h"

/* The record keys that judging asked for: ascending, each once. */
struct mun_asked {
    uint32_t count;
    struct mun_hash keys[MUN_VERDICT_KEYS_MAX];
};

/* mun_verdict_judge that also writes down what it asked for: so the table of
 * section 14 stands in the code once, and a receipt is walked once.
 * `asked` may be NULL; its count is set. */
void mun_verdict_judge_asking(struct mun_verdict *out, struct mun_asked *asked,
                              const struct mun_verdict_case *judged);

#endif
