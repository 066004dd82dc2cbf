#ifndef MUN_RPC_SEARCH_H
#define MUN_RPC_SEARCH_H

/* Finding text in the registers. Letters of the Latin, Greek and Cyrillic
 * scripts are found in upper and lower case alike. */

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/bytes.h"
#include "ledger/core/scope.h"

/* Whether `text` holds `query`; an empty query is found everywhere. Both are
 * UTF-8. */
bool mun_rpc_is_found(struct mun_bytes text, struct mun_bytes query);

/* Whether one of the pairs is "name:value", or has the value when there is no
 * colon; with PREFIX, a value that begins so. */
enum mun_rpc_pair_match {
    MUN_RPC_PAIR_WHOLE,
    MUN_RPC_PAIR_PREFIX,
};
bool mun_rpc_is_paired(const struct mun_pair *pairs, size_t count,
                       struct mun_bytes wanted, enum mun_rpc_pair_match match);

#endif
