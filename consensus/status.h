#ifndef MUN_CONSENSUS_STATUS_H
#define MUN_CONSENSUS_STATUS_H

#include <stdint.h>

#include "consensus/check.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"

/* A member's word about its height, for one who asks with a fresh number: an
 * answer to R35, which old messages cannot give. Bytes in consensus/README.md
 * section 7. */

#define MUN_CON_STATUS_VERSION 1
#define MUN_CON_STATUS_BYTES (2 + 8 + 1 + MUN_SIG_BYTES)

struct mun_con_status {
    uint64_t height; /* of the newest block that it has decided */
    uint32_t member;
    struct mun_sig sig;
};

/* What the member signs for who asked with `nonce`. */
void mun_con_status_digest(struct mun_hash *out,
                           const struct mun_hash *chain_id,
                           const struct mun_hash *nonce, uint64_t height);

void mun_con_status_encode(struct mun_wr *wr,
                           const struct mun_con_status *status);

/* Errors: MUN_ERR_TRUNCATED, MUN_ERR_TRAILING, MUN_ERR_VERSION, MUN_ERR_KIND,
 * MUN_ERR_VALUE. After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_con_status_decode(struct mun_con_status *out,
                                             struct mun_bytes input);

/* `against->height` is not read.
 * Errors: MUN_ERR_VALUE (no such member), MUN_ERR_SIGNATURE, MUN_ERR_KEY. */
MUN_MUST_USE mun_err_t mun_con_status_check(
    const struct mun_con_status *status, const struct mun_hash *nonce,
    const struct mun_con_check *against);

#endif
