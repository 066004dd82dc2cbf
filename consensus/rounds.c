#include "consensus/rounds.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

void
mun_con_rounds_init(struct mun_con_rounds *rounds, uint64_t height,
                    uint32_t member_count)
{
    MUN_CHECK(member_count >= 1 && member_count <= MUN_MEMBERS_MAX);
    memset(rounds, 0, sizeof(*rounds));
    rounds->height = height;
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

static void
note_polka(struct mun_con_rounds *rounds, uint32_t round,
           const struct mun_hash *id)
{
    if ((int32_t)round > rounds->old_polka_round && !mun_hash_is_zero(id)) {
        rounds->old_polka_round = (int32_t)round;
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
            note_polka(rounds, slot->round, &slot->prevotes.quorum_id);
        }
        memset(slot, 0, sizeof(*slot));
    }
}

static bool
is_same(const struct mun_vote *a, int32_t valid_round,
        const struct mun_hash *id)
{
    return a->valid_round == valid_round && mun_hash_eq(&a->id, id);
}

static bool
has_old_polka(const struct mun_con_rounds *rounds, uint32_t round,
              const struct mun_hash *id)
{
    return rounds->old_polka_round == (int32_t)round &&
           mun_hash_eq(&rounds->old_polka_id, id);
}

/* R15: Of each member the first vote of a round and type counts, and no other.
 */
static enum mun_con_added
add_proposal(struct mun_con_round *slot, const struct mun_con_signed *ballot,
             uint64_t now_ms)
{
    const struct mun_vote *counted = &slot->proposal.vote;

    if (slot->has_proposal) {
        return is_same(&ballot->vote, counted->valid_round, &counted->id)
                   ? MUN_CON_REPEATED
                   : MUN_CON_CONTRADICTED;
    }
    slot->has_proposal = true;
    slot->proposal = *ballot;
    slot->proposal_ms = now_ms;
    return MUN_CON_ADDED;
}

static uint32_t
count_for(const struct mun_con_tally *tally, uint32_t member_count,
          const struct mun_hash *id)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < member_count; i++) {
        if (tally->by[i].is_present && mun_hash_eq(&tally->by[i].id, id)) {
            count++;
        }
    }
    return count;
}

/* Once there is a quorum it stays: the flags and certificates rest on it. */
static void
note_quorum(struct mun_con_tally *tally, uint32_t member_count,
            const struct mun_hash *id)
{
    if (!tally->has_quorum &&
        count_for(tally, member_count, id) >= mun_quorum(member_count)) {
        tally->has_quorum = true;
        tally->quorum_id = *id;
    }
}

static void
put_cast(struct mun_con_tally *tally, const struct mun_con_voter *voter)
{
    struct mun_con_cast *cast = &tally->by[voter->member];

    tally->count += cast->is_present ? 0 : 1;
    cast->is_present = true;
    cast->valid_round = voter->valid_round;
    cast->id = voter->id;
    cast->sig = voter->sig;
}

static enum mun_con_added
add_vote(struct mun_con_tally *tally, uint32_t member_count,
         const struct mun_con_signed *ballot)
{
    const struct mun_con_cast *cast = &tally->by[ballot->member];
    const struct mun_vote *vote = &ballot->vote;
    struct mun_con_voter voter = { ballot->member, vote->valid_round, vote->id,
                                   ballot->sig };

    if (cast->is_present) {
        return is_same(vote, cast->valid_round, &cast->id)
                   ? MUN_CON_REPEATED
                   : MUN_CON_CONTRADICTED;
    }
    put_cast(tally, &voter);
    note_quorum(tally, member_count, &vote->id);
    return MUN_CON_ADDED;
}

static void
note_reached(struct mun_con_rounds *rounds, uint32_t member, uint32_t round)
{
    MUN_CHECK(member < rounds->member_count);
    if ((int32_t)round > rounds->highest[member]) {
        rounds->highest[member] = (int32_t)round;
    }
}

enum mun_con_added
mun_con_rounds_add(struct mun_con_rounds *rounds,
                   const struct mun_con_signed *ballot, uint64_t now_ms)
{
    struct mun_con_round *slot =
        mun_con_rounds_open(rounds, ballot->vote.round);

    note_reached(rounds, ballot->member, ballot->vote.round);
    if (slot == NULL) {
        return MUN_CON_OUTSIDE;
    }
    switch (ballot->vote.type) {
    case MUN_VOTE_PROPOSAL:
        return add_proposal(slot, ballot, now_ms);
    case MUN_VOTE_PREVOTE:
        return add_vote(&slot->prevotes, rounds->member_count, ballot);
    case MUN_VOTE_PRECOMMIT:
        return add_vote(&slot->precommits, rounds->member_count, ballot);
    }
    MUN_UNREACHABLE();
}

static const struct mun_con_tally *
tally_of(const struct mun_con_round *slot, enum mun_vote_type type)
{
    return type == MUN_VOTE_PREVOTE ? &slot->prevotes : &slot->precommits;
}

bool
mun_con_rounds_counted(const struct mun_con_rounds *rounds,
                       struct mun_con_signed *out,
                       const struct mun_con_signed *ballot)
{
    const struct mun_vote *vote = &ballot->vote;
    const struct mun_con_round *slot =
        &rounds->at[vote->round % MUN_CON_ROUNDS];
    const struct mun_con_cast *cast = NULL;

    if (!slot->is_used || slot->round != vote->round) {
        return false;
    }
    if (vote->type == MUN_VOTE_PROPOSAL) {
        *out = slot->proposal;
        return slot->has_proposal && slot->proposal.member == ballot->member;
    }
    cast = &tally_of(slot, vote->type)->by[ballot->member];
    *out = *ballot;
    out->vote.valid_round = cast->valid_round;
    out->vote.id = cast->id;
    out->sig = cast->sig;
    return cast->is_present;
}

void
mun_con_rounds_take(struct mun_con_rounds *rounds,
                    const struct mun_con_votes *votes)
{
    bool is_polka = mun_con_votes_is_polka(votes);
    struct mun_con_round *slot = mun_con_rounds_open(rounds, votes->round);
    struct mun_con_round *current =
        mun_con_rounds_find(rounds, rounds->current);
    struct mun_con_tally *tally = NULL;

    MUN_CHECK(mun_con_votes_has_quorum(votes, rounds->member_count));
    if (slot != NULL) {
        tally = votes->type == MUN_VOTE_PREVOTE ? &slot->prevotes
                                                : &slot->precommits;
        for (uint32_t i = 0; i < votes->count; i++) {
            /* What a quorum rests on stays. */
            if (!tally->has_quorum ||
                !tally->by[votes->at[i].member].is_present) {
                put_cast(tally, &votes->at[i]);
            }
        }
        for (uint32_t i = 0; i < votes->count && !tally->has_quorum; i++) {
            note_quorum(tally, rounds->member_count, &votes->at[i].id);
        }
    } else if (is_polka && votes->round < rounds->current) {
        note_polka(rounds, votes->round, &votes->at[0].id);
    }
    for (uint32_t i = 0; i < votes->count; i++) {
        note_reached(rounds, votes->at[i].member, votes->round);
    }
    if (is_polka && current != NULL && current->has_proposal &&
        is_same(&current->proposal.vote, (int32_t)votes->round,
                &votes->at[0].id)) {
        current->has_proposal_polka = true;
    }
}

void
mun_con_rounds_votes(struct mun_con_votes *out,
                     const struct mun_con_rounds *rounds,
                     const struct mun_con_round *slot, enum mun_vote_type type,
                     const struct mun_hash *id)
{
    const struct mun_con_tally *tally = tally_of(slot, type);

    memset(out, 0, sizeof(*out));
    out->height = rounds->height;
    out->round = slot->round;
    out->type = type;
    for (uint32_t i = 0; i < rounds->member_count; i++) {
        const struct mun_con_cast *cast = &tally->by[i];

        if (cast->is_present && (id == NULL || mun_hash_eq(&cast->id, id))) {
            out->at[out->count] = (struct mun_con_voter){ i, cast->valid_round,
                                                          cast->id, cast->sig };
            out->count++;
        }
    }
    if (out->count < mun_quorum(rounds->member_count)) {
        memset(out, 0, sizeof(*out));
    }
}

bool
mun_con_rounds_has_polka(struct mun_con_rounds *rounds, uint32_t round,
                         const struct mun_hash *id)
{
    struct mun_con_round *slot = mun_con_rounds_find(rounds, round);
    struct mun_con_round *current =
        mun_con_rounds_find(rounds, rounds->current);

    if (slot != NULL && slot->prevotes.has_quorum &&
        mun_hash_eq(&slot->prevotes.quorum_id, id)) {
        return true;
    }
    if (current != NULL && current->has_proposal_polka &&
        is_same(&current->proposal.vote, (int32_t)round, id)) {
        return true;
    }
    return has_old_polka(rounds, round, id);
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
                           const struct mun_con_round *round)
{
    const struct mun_con_tally *tally = &round->precommits;

    MUN_CHECK(tally->has_quorum);
    MUN_CHECK(!mun_hash_is_zero(&tally->quorum_id));
    memset(out, 0, sizeof(*out));
    out->height = rounds->height;
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
