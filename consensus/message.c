#include "consensus/message.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/check.h"

_Static_assert(MUN_BLOCK_BYTES_MAX + MUN_BLOCK_LEAVES_MAX * 32u +
                       MUN_BLOCK_ENTRIES_MAX * 8u + 65536u <
                   MUN_CON_VALUE_BYTES_MAX,
               "the largest block fits a proposal");

void
mun_con_msg_from_signed(struct mun_con_msg *out,
                        const struct mun_con_signed *ballot, uint32_t value_len)
{
    memset(out, 0, sizeof(*out));
    out->kind = MUN_CON_MSG_VOTE;
    out->ballot = *ballot;
    if (ballot->vote.type == MUN_VOTE_PROPOSAL) {
        out->kind = MUN_CON_MSG_PROPOSAL;
        out->value_len = value_len;
    }
}

void
mun_con_signed_encode(struct mun_wr *wr, const struct mun_con_signed *ballot)
{
    mun_wr_u8(wr, (uint8_t)ballot->vote.type);
    mun_wr_u64(wr, ballot->vote.height);
    mun_wr_u32(wr, ballot->vote.round);
    mun_wr_u32(wr, (uint32_t)ballot->vote.valid_round);
    mun_wr_copy(wr, ballot->vote.id.b, sizeof(ballot->vote.id.b));
    mun_wr_u8(wr, (uint8_t)ballot->member);
    mun_wr_copy(wr, ballot->sig.b, sizeof(ballot->sig.b));
}

void
mun_con_msg_encode(struct mun_wr *wr, const struct mun_con_msg *msg)
{
    mun_wr_u8(wr, MUN_CON_MSG_VERSION);
    mun_wr_u8(wr, (uint8_t)msg->kind);
    switch (msg->kind) {
    case MUN_CON_MSG_PROPOSAL:
        mun_con_signed_encode(wr, &msg->ballot);
        mun_wr_u32(wr, msg->value_len);
        return;
    case MUN_CON_MSG_VOTE:
        mun_con_signed_encode(wr, &msg->ballot);
        return;
    case MUN_CON_MSG_CERTIFICATE:
        mun_certificate_encode(wr, &msg->certificate);
        return;
    case MUN_CON_MSG_VOTES:
        mun_con_votes_encode(wr, &msg->votes);
        return;
    }
    mun_wr_fail(wr, MUN_ERR_KIND);
}

void
mun_con_signed_decode(struct mun_rd *rd, struct mun_con_signed *out)
{
    uint8_t type = mun_rd_u8(rd);

    if (type < MUN_VOTE_PROPOSAL || type > MUN_VOTE_PRECOMMIT) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
        return;
    }
    out->vote.type = (enum mun_vote_type)type;
    out->vote.height = mun_rd_u64(rd);
    out->vote.round = mun_rd_u32(rd);
    out->vote.valid_round = (int32_t)mun_rd_u32(rd);
    mun_rd_copy(rd, out->vote.id.b, sizeof(out->vote.id.b));
    out->member = mun_rd_u8(rd);
    mun_rd_copy(rd, out->sig.b, sizeof(out->sig.b));
    if (!mun_rd_failed(rd) &&
        (!mun_con_is_vote(&out->vote) || out->member >= MUN_MEMBERS_MAX)) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
    }
}

static void
read_ballot(struct mun_rd *rd, struct mun_con_signed *out, bool is_proposal)
{
    mun_con_signed_decode(rd, out);
    if (!mun_rd_failed(rd) &&
        (out->vote.type == MUN_VOTE_PROPOSAL) != is_proposal) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
    }
}

static void
read_body(struct mun_rd *rd, struct mun_con_msg *out, uint8_t kind)
{
    switch (kind) {
    case MUN_CON_MSG_PROPOSAL:
        read_ballot(rd, &out->ballot, true);
        out->value_len = mun_rd_u32(rd);
        if (out->value_len > MUN_CON_VALUE_BYTES_MAX) {
            mun_rd_fail(rd, MUN_ERR_TOO_LARGE);
        } else if (!mun_rd_failed(rd) && out->value_len == 0) {
            mun_rd_fail(rd, MUN_ERR_VALUE);
        }
        break;
    case MUN_CON_MSG_VOTE:
        read_ballot(rd, &out->ballot, false);
        break;
    case MUN_CON_MSG_CERTIFICATE:
        mun_certificate_decode(rd, &out->certificate);
        if (!mun_rd_failed(rd) &&
            (out->certificate.height == 0 ||
             out->certificate.round >= MUN_CON_ROUND_MAX ||
             mun_hash_is_zero(&out->certificate.header_id))) {
            mun_rd_fail(rd, MUN_ERR_VALUE);
        }
        break;
    case MUN_CON_MSG_VOTES:
        mun_con_votes_decode(rd, &out->votes);
        break;
    default: /* a byte from outside, not yet one of ours */
        mun_rd_fail(rd, MUN_ERR_KIND);
        return;
    }
    out->kind = (enum mun_con_msg_kind)kind;
}

mun_err_t
mun_con_msg_decode(struct mun_con_msg *out, struct mun_bytes input)
{
    struct mun_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof(*out));
    mun_rd_init(&rd, input);
    if (mun_rd_u8(&rd) != MUN_CON_MSG_VERSION) {
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    }
    read_body(&rd, out, mun_rd_u8(&rd));
    err = mun_rd_finish(&rd);
    if (!mun_is_ok(err)) {
        memset(out, 0, sizeof(*out));
    }
    return err;
}

uint64_t
mun_con_msg_height(const struct mun_con_msg *msg)
{
    switch (msg->kind) {
    case MUN_CON_MSG_PROPOSAL:
    case MUN_CON_MSG_VOTE:
        return msg->ballot.vote.height;
    case MUN_CON_MSG_CERTIFICATE:
        return msg->certificate.height;
    case MUN_CON_MSG_VOTES:
        return msg->votes.height;
    }
    MUN_UNREACHABLE();
}
