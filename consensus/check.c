#include "consensus/check.h"

#include <string.h>

/* R26: Only verified messages reach the step. */
static mun_err_t
check_signed(const struct mun_con_signed *ballot,
             const struct mun_con_check *against)
{
    struct mun_hash digest;

    if (ballot->member >= against->members->count) {
        return mun_err(MUN_ERR_VALUE);
    }
    mun_vote_digest(&digest, against->chain_id, &ballot->vote);
    return mun_sig_verify(&ballot->sig,
                          &against->members->at[ballot->member].key, &digest);
}

mun_err_t
mun_con_msg_check(struct mun_con_msg_checked *out,
                  const struct mun_con_msg *msg,
                  const struct mun_con_check *against)
{
    memset(out, 0, sizeof(*out));
    if (mun_con_msg_height(msg) != against->height) {
        return mun_err(MUN_ERR_VALUE);
    }
    switch (msg->kind) {
    case MUN_CON_MSG_PROPOSAL:
    case MUN_CON_MSG_VOTE:
        MUN_TRY(check_signed(&msg->ballot, against));
        break;
    case MUN_CON_MSG_CERTIFICATE:
        MUN_TRY(mun_certificate_verify(&msg->certificate, against->chain_id,
                                       against->members));
        break;
    }
    out->msg = *msg;
    return MUN_SUCCESS;
}
