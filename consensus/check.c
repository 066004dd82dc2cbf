#include "consensus/check.h"

#include <string.h>

/* R26: Only verified messages reach the step. */
mun_err_t
mun_con_signed_check(const struct mun_con_signed *ballot,
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

static mun_err_t
check_votes(const struct mun_con_votes *votes,
            const struct mun_con_check *against)
{
    struct mun_vote vote;
    struct mun_hash digest;

    if (!mun_con_votes_has_quorum(votes, against->members->count)) {
        return mun_err(MUN_ERR_PROOF);
    }
    for (uint32_t i = 0; i < votes->count; i++) {
        const struct mun_con_voter *voter = &votes->at[i];

        mun_con_votes_get(&vote, votes, i);
        mun_vote_digest(&digest, against->chain_id, &vote);
        MUN_TRY(mun_sig_verify(
            &voter->sig, &against->members->at[voter->member].key, &digest));
    }
    return MUN_SUCCESS;
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
        MUN_TRY(mun_con_signed_check(&msg->ballot, against));
        break;
    case MUN_CON_MSG_CERTIFICATE:
        MUN_TRY(mun_certificate_verify(&msg->certificate, against->chain_id,
                                       against->members));
        break;
    case MUN_CON_MSG_VOTES:
        MUN_TRY(check_votes(&msg->votes, against));
        break;
    }
    out->msg = *msg;
    return MUN_SUCCESS;
}
