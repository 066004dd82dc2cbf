#include "consensus/votes.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

bool
mun_con_is_vote(const struct mun_vote *vote)
{
    bool is_nil = mun_hash_is_zero(&vote->id);

    if (vote->height == 0 || vote->round >= MUN_CON_ROUND_MAX ||
        vote->valid_round < -1 || vote->valid_round >= (int32_t)vote->round) {
        return false;
    }
    switch (vote->type) {
    case MUN_VOTE_PROPOSAL:
        return !is_nil;
    case MUN_VOTE_PREVOTE:
        return !is_nil || vote->valid_round == -1;
    case MUN_VOTE_PRECOMMIT:
        return vote->valid_round == -1;
    }
    return false;
}

void
mun_con_votes_get(struct mun_vote *out, const struct mun_con_votes *votes,
                  uint32_t i)
{
    MUN_CHECK(i < votes->count);
    memset(out, 0, sizeof(*out));
    out->type = votes->type;
    out->height = votes->height;
    out->round = votes->round;
    out->valid_round = votes->at[i].valid_round;
    out->id = votes->at[i].id;
}

bool
mun_con_votes_is_polka(const struct mun_con_votes *votes)
{
    if (votes->type != MUN_VOTE_PREVOTE || votes->count == 0 ||
        mun_hash_is_zero(&votes->at[0].id)) {
        return false;
    }
    for (uint32_t i = 1; i < votes->count; i++) {
        if (!mun_hash_eq(&votes->at[i].id, &votes->at[0].id)) {
            return false;
        }
    }
    return true;
}

bool
mun_con_votes_has_quorum(const struct mun_con_votes *votes,
                         uint32_t member_count)
{
    return votes->count >= mun_quorum(member_count) &&
           votes->at[votes->count - 1].member < member_count &&
           (votes->type == MUN_VOTE_PRECOMMIT || mun_con_votes_is_polka(votes));
}

void
mun_con_votes_encode(struct mun_wr *wr, const struct mun_con_votes *votes)
{
    if (votes->count == 0 || votes->count > MUN_MEMBERS_MAX) {
        mun_wr_fail(wr, MUN_ERR_VALUE);
        return;
    }
    mun_wr_u8(wr, (uint8_t)votes->type);
    mun_wr_u64(wr, votes->height);
    mun_wr_u32(wr, votes->round);
    mun_wr_u8(wr, (uint8_t)votes->count);
    for (uint32_t i = 0; i < votes->count; i++) {
        const struct mun_con_voter *voter = &votes->at[i];

        mun_wr_u8(wr, (uint8_t)voter->member);
        mun_wr_u32(wr, (uint32_t)voter->valid_round);
        mun_wr_copy(wr, voter->id.b, sizeof(voter->id.b));
        mun_wr_copy(wr, voter->sig.b, sizeof(voter->sig.b));
    }
}

static void
read_voter(struct mun_rd *rd, struct mun_con_votes *out, uint32_t i)
{
    struct mun_con_voter *voter = &out->at[i];
    struct mun_vote vote;

    voter->member = mun_rd_u8(rd);
    voter->valid_round = (int32_t)mun_rd_u32(rd);
    mun_rd_copy(rd, voter->id.b, sizeof(voter->id.b));
    mun_rd_copy(rd, voter->sig.b, sizeof(voter->sig.b));
    mun_con_votes_get(&vote, out, i);
    if (!mun_rd_failed(rd) &&
        (!mun_con_is_vote(&vote) || voter->member >= MUN_MEMBERS_MAX ||
         (i > 0 && voter->member <= out->at[i - 1].member))) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
    }
}

void
mun_con_votes_decode(struct mun_rd *rd, struct mun_con_votes *out)
{
    uint8_t type = mun_rd_u8(rd);

    if (type != MUN_VOTE_PREVOTE && type != MUN_VOTE_PRECOMMIT) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
        return;
    }
    out->type = (enum mun_vote_type)type;
    out->height = mun_rd_u64(rd);
    out->round = mun_rd_u32(rd);
    out->count = mun_rd_u8(rd);
    if (out->count == 0 || out->count > MUN_MEMBERS_MAX) {
        out->count = 0;
        mun_rd_fail(rd, MUN_ERR_VALUE);
        return;
    }
    for (uint32_t i = 0; i < out->count && !mun_rd_failed(rd); i++) {
        read_voter(rd, out, i);
    }
}
