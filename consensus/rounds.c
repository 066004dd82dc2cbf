#include "consensus/rounds.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

void
mun_con_rounds_init(struct mun_con_rounds *rounds, uint32_t member_count)
{
    MUN_CHECK(member_count >= 1 && member_count <= MUN_MEMBERS_MAX);
    memset(rounds, 0, sizeof(*rounds));
    rounds->member_count = member_count;
    rounds->old_polka_round = -1;
    for (uint32_t i = 0; i < MUN_MEMBERS_MAX; i++) {
        rounds->highest[i] = -1;
    }
}

/* R17: Votes are kept for the current round, three before it and four after
 * it. */
static bool
is_inside(const struct mun_con_rounds *rounds, uint32_t round)
{
    if (round < rounds->current) {
        return rounds->current - round <= MUN_CON_ROUNDS_BACK;
    }
    return round - rounds->current <= MUN_CON_ROUNDS_AHEAD;
}

struct mun_con_round *
mun_con_rounds_find(struct mun_con_rounds *rounds, uint32_t round)
{
    struct mun_con_round *slot = &rounds->at[round % MUN_CON_ROUNDS];

    return slot->is_used && slot->round == round ? slot : NULL;
}

struct mun_con_round *
mun_con_rounds_open(struct mun_con_rounds *rounds, uint32_t round)
{
    struct mun_con_round *slot = &rounds->at[round % MUN_CON_ROUNDS];

    if (!is_inside(rounds, round)) {
        return NULL;
    }
    if (!slot->is_used) {
        slot->is_used = true;
        slot->round = round;
    }
    /* The window is as wide as there are slots. */
    MUN_CHECK(slot->round == round);
    return slot;
}

void
mun_con_rounds_note_polka(struct mun_con_rounds *rounds, int32_t round,
                          const struct mun_hash *id)
{
    if (round > rounds->old_polka_round && !mun_hash_is_zero(id)) {
        rounds->old_polka_round = round;
        rounds->old_polka_id = *id;
    }
}

void
mun_con_rounds_move(struct mun_con_rounds *rounds, uint32_t current)
{
    MUN_CHECK(current >= rounds->current);
    rounds->current = current;
    for (uint32_t i = 0; i < MUN_CON_ROUNDS; i++) {
        struct mun_con_round *slot = &rounds->at[i];

        if (!slot->is_used || is_inside(rounds, slot->round)) {
            continue;
        }
        if (slot->prevotes.has_quorum) {
            mun_con_rounds_note_polka(rounds, (int32_t)slot->round,
                                      &slot->prevotes.quorum_id);
        }
        memset(slot, 0, sizeof(*slot));
    }
}

/* R15: Of each member the first vote of a round and type counts, and no other.
 */
static enum mun_con_added
add_proposal(struct mun_con_round *slot, const struct mun_vote *vote,
             uint64_t now_ms)
{
    if (slot->has_proposal) {
        return slot->proposal_valid_round == vote->valid_round &&
                       mun_hash_eq(&slot->proposal_id, &vote->id)
                   ? MUN_CON_REPEATED
                   : MUN_CON_CONTRADICTED;
    }
    slot->has_proposal = true;
    slot->proposal_valid_round = vote->valid_round;
    slot->proposal_id = vote->id;
    slot->proposal_ms = now_ms;
    return MUN_CON_ADDED;
}

static uint32_t
count_for(const struct mun_con_tally *tally, const struct mun_hash *id)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < MUN_MEMBERS_MAX; i++) {
        if (tally->by[i].is_present && mun_hash_eq(&tally->by[i].id, id)) {
            count++;
        }
    }
    return count;
}

static enum mun_con_added
add_vote(struct mun_con_tally *tally, const struct mun_con_signed *ballot,
         uint32_t quorum)
{
    struct mun_con_cast *cast = &tally->by[ballot->member];
    const struct mun_vote *vote = &ballot->vote;

    if (cast->is_present) {
        return cast->valid_round == vote->valid_round &&
                       mun_hash_eq(&cast->id, &vote->id)
                   ? MUN_CON_REPEATED
                   : MUN_CON_CONTRADICTED;
    }
    cast->is_present = true;
    cast->valid_round = vote->valid_round;
    cast->id = vote->id;
    cast->sig = ballot->sig;
    tally->count++;
    if (!tally->has_quorum && count_for(tally, &vote->id) >= quorum) {
        tally->has_quorum = true;
        tally->quorum_id = vote->id;
    }
    return MUN_CON_ADDED;
}

enum mun_con_added
mun_con_rounds_add(struct mun_con_rounds *rounds,
                   const struct mun_con_signed *ballot, uint64_t now_ms)
{
    const struct mun_vote *vote = &ballot->vote;
    uint32_t quorum = mun_quorum(rounds->member_count);
    struct mun_con_round *slot = mun_con_rounds_open(rounds, vote->round);

    MUN_CHECK(ballot->member < rounds->member_count);
    if ((int32_t)vote->round > rounds->highest[ballot->member]) {
        rounds->highest[ballot->member] = (int32_t)vote->round;
    }
    if (slot == NULL) {
        return MUN_CON_OUTSIDE;
    }
    switch (vote->type) {
    case MUN_VOTE_PROPOSAL:
        return add_proposal(slot, vote, now_ms);
    case MUN_VOTE_PREVOTE:
        return add_vote(&slot->prevotes, ballot, quorum);
    case MUN_VOTE_PRECOMMIT:
        return add_vote(&slot->precommits, ballot, quorum);
    }
    MUN_UNREACHABLE();
}

bool
mun_con_rounds_has_polka(struct mun_con_rounds *rounds, uint32_t round,
                         const struct mun_hash *id)
{
    struct mun_con_round *slot = mun_con_rounds_find(rounds, round);

    if (slot != NULL && slot->prevotes.has_quorum &&
        mun_hash_eq(&slot->prevotes.quorum_id, id)) {
        return true;
    }
    return rounds->old_polka_round == (int32_t)round &&
           mun_hash_eq(&rounds->old_polka_id, id);
}

int32_t
mun_con_rounds_reached(const struct mun_con_rounds *rounds)
{
    uint32_t wanted = mun_skip_quorum(rounds->member_count);
    int32_t best = -1;

    for (uint32_t i = 0; i < rounds->member_count; i++) {
        uint32_t count = 0;

        if (rounds->highest[i] <= best) {
            continue;
        }
        for (uint32_t j = 0; j < rounds->member_count; j++) {
            if (rounds->highest[j] >= rounds->highest[i]) {
                count++;
            }
        }
        if (count >= wanted) {
            best = rounds->highest[i];
        }
    }
    return best;
}

void
mun_con_rounds_certificate(struct mun_certificate *out,
                           const struct mun_con_rounds *rounds,
                           const struct mun_con_round *round, uint64_t height)
{
    const struct mun_con_tally *tally = &round->precommits;

    MUN_CHECK(tally->has_quorum);
    MUN_CHECK(!mun_hash_is_zero(&tally->quorum_id));
    memset(out, 0, sizeof(*out));
    out->height = height;
    out->round = round->round;
    out->header_id = tally->quorum_id;
    out->member_count = rounds->member_count;
    for (uint32_t i = 0; i < rounds->member_count; i++) {
        const struct mun_con_cast *cast = &tally->by[i];

        if (cast->is_present && mun_hash_eq(&cast->id, &out->header_id)) {
            out->bitmap[i / 8] =
                (uint8_t)(out->bitmap[i / 8] | (0x80u >> (i % 8)));
            out->sigs[out->sig_count] = cast->sig;
            out->sig_count++;
        }
    }
    MUN_CHECK(out->sig_count >= mun_quorum(rounds->member_count));
}
