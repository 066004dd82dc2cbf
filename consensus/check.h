#ifndef MUN_CONSENSUS_CHECK_H
#define MUN_CONSENSUS_CHECK_H

#include <stdint.h>

#include "consensus/message.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/member.h"

/* A message whose signatures are right: the only kind that the step takes, and
 * made by mun_con_msg_check alone. */
struct mun_con_msg_checked {
    struct mun_con_msg msg;
};

/* Against whom to verify: the set of the height that the message speaks
 * about. */
struct mun_con_check {
    const struct mun_hash *chain_id;
    uint64_t height;
    const struct mun_members *members;
};

/* One signature, of the member that the ballot names.
 * Errors: MUN_ERR_VALUE (no such member), MUN_ERR_SIGNATURE, MUN_ERR_KEY. */
MUN_MUST_USE mun_err_t mun_con_signed_check(
    const struct mun_con_signed *ballot, const struct mun_con_check *against);

/* Pure, and so fit for any thread.
 * Errors: MUN_ERR_VALUE (another height, no such member), MUN_ERR_SIGNATURE,
 * MUN_ERR_KEY, MUN_ERR_PROOF (a certificate or votes without a quorum of
 * this set).
 * After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_con_msg_check(struct mun_con_msg_checked *out,
                                         const struct mun_con_msg *msg,
                                         const struct mun_con_check *against);

#endif
