#include "tests/sim/attack.h"

#include <string.h>

#include "tests/sim/msg.h"
#include "tests/sim/net.h"
#include "tests/sim/value.h"

static uint32_t
any_proc(struct sim_world *w)
{
    return sim_rng_below(&w->rng, w->proc_count);
}

static bool
half(struct sim_world *w)
{
    return sim_rng_chance(&w->rng, SIM_ALWAYS / 2);
}

/* Signs and sends to one. */
static void
say(struct sim_world *w, const struct sim_proc *p, const struct mun_vote *vote,
    uint32_t to)
{
    struct mun_con_signed ballot = { .vote = *vote, .member = p->member };
    uint32_t msg = 0;

    if (!mun_con_is_vote(vote)) {
        return;
    }
    if (vote->type == MUN_VOTE_PROPOSAL) {
        sim_note_proposed(w, vote);
    }
    sim_sign(w, &ballot);
    msg = sim_msg_ballot(w, &ballot);
    sim_net_msg(w, p->index, to, msg);
    sim_msg_unref(w, msg);
}

/* ---- Votes ---- */

/* The value that most honest members voted for, or one that was proposed. */
static uint32_t
best_value(struct sim_world *w, struct mun_vote *vote)
{
    struct sim_round_log *log = sim_round(w, vote->height, vote->round);
    uint32_t best = 0;
    uint32_t best_count = 0;

    for (uint32_t i = 0; i < log->proposed_count; i++) {
        uint32_t count = 0;

        vote->id = w->values[log->proposed[i]].id;
        count = sim_count(w, vote);
        if (best == 0 || count > best_count) {
            best = log->proposed[i];
            best_count = count;
        }
    }
    return best;
}

static uint32_t
some_value(struct sim_world *w, const struct mun_vote *vote, uint64_t chance)
{
    struct sim_round_log *log = sim_round(w, vote->height, vote->round);
    uint32_t which = (uint32_t)(chance % (log->proposed_count + 1));

    return which == 0 ? 0 : log->proposed[which - 1];
}

/* An honest prevote's valid round, so that the liar's can join it. */
static int32_t
valid_round_of(struct sim_world *w, const struct mun_vote *vote, uint32_t value)
{
    const struct sim_cast *cast = sim_cast(w, vote, 0);

    for (uint32_t i = 0; i < w->n; i++) {
        if (cast[i].is_present && cast[i].value == value) {
            return cast[i].valid_round;
        }
    }
    return -1;
}

enum plan {
    PLAN_SAME,
    PLAN_SPLIT,
    PLAN_ONE,
    PLAN_NONE,
    PLAN_HALF,
    PLAN_ANY,
    PLAN_LATE, /* sim_attack_late */
    PLAN_COUNT,
};

void
sim_attack_votes(struct sim_world *w, const struct sim_proc *p,
                 const struct sim_scene *scene, enum mun_vote_type type)
{
    struct mun_vote vote = { type, scene->height, scene->round, -1, { { 0 } } };
    /* Half of the time all liars follow one plan. */
    uint64_t common = sim_mix(w->options.seed ^ scene->height);
    uint64_t key =
        sim_mix(common ^ ((uint64_t)scene->round << 8) ^ (uint64_t)type ^
                ((common & 1) != 0 ? 0 : (uint64_t)p->member << 40));
    enum plan plan = (enum plan)(key % PLAN_COUNT);
    uint32_t best = best_value(w, &vote);

    for (uint32_t to = 0; to < w->proc_count; to++) {
        uint64_t chance = sim_mix(key + to);
        bool is_chosen = to == (key >> 8) % w->proc_count;
        uint32_t value = best;

        if (plan == PLAN_ANY) {
            chance = sim_rng_next(&w->rng);
        }
        if (plan == PLAN_SPLIT || plan == PLAN_ANY) {
            value = some_value(w, &vote, chance >> 16);
        } else if (plan == PLAN_HALF) {
            value = (chance & 1) != 0 ? best : 0;
        }
        if (plan == PLAN_NONE || plan == PLAN_LATE ||
            (plan == PLAN_ONE && !is_chosen)) {
            continue;
        }
        vote.id = w->values[value].id;
        vote.valid_round = -1;
        if (value != 0 && type == MUN_VOTE_PREVOTE) {
            vote.valid_round = valid_round_of(w, &vote, value);
        }
        say(w, p, &vote, to);
    }
}

/* Whether all honest members that are up have given up the round. */
static bool
have_precommitted(struct sim_world *w, const struct mun_vote *vote)
{
    const struct sim_cast *cast = sim_cast(w, vote, 0);
    bool is_any = false;

    for (uint32_t i = 0; i < w->proc_count; i++) {
        const struct sim_proc *p = &w->procs[i];

        if (p->role != SIM_HONEST || !p->is_up) {
            continue;
        }
        if (!cast[p->member].is_present || cast[p->member].value != 0) {
            return false;
        }
        is_any = true;
    }
    return is_any;
}

void
sim_attack_late(struct sim_world *w, const struct sim_proc *p,
                const struct sim_scene *scene)
{
    struct mun_vote vote = {
        MUN_VOTE_PRECOMMIT, scene->height, scene->round, -1, { { 0 } }
    };
    uint32_t best = 0;

    if (!have_precommitted(w, &vote)) {
        return;
    }
    vote.type = MUN_VOTE_PREVOTE;
    best = best_value(w, &vote);
    vote.id = w->values[best].id;
    if (best != 0) {
        vote.valid_round = valid_round_of(w, &vote, best);
    }
    for (uint32_t to = 0; to < w->proc_count; to++) {
        say(w, p, &vote, to);
    }
}

/* ---- Proposals ---- */

enum proposal {
    PROPOSE_ONE,
    PROPOSE_TWO,
    PROPOSE_TO_SOME,
    PROPOSE_INVALID,
    PROPOSE_FUTURE,
    PROPOSE_PAST,
    PROPOSE_AGAIN,
    PROPOSE_NO_BYTES,
    PROPOSE_SILENCE,
    PROPOSE_COUNT,
};

static bool
is_allowed(const struct sim_world *w, enum proposal mode)
{
    switch (mode) {
    case PROPOSE_TWO:
    case PROPOSE_TO_SOME:
    case PROPOSE_AGAIN:
        return sim_has(w, SIM_PROPOSALS);
    case PROPOSE_INVALID:
    case PROPOSE_NO_BYTES:
        return sim_has(w, SIM_INVALID);
    case PROPOSE_FUTURE:
    case PROPOSE_PAST:
        return sim_has(w, SIM_FUTURE);
    case PROPOSE_SILENCE:
        return sim_has(w, SIM_SILENCE);
    case PROPOSE_ONE:
    case PROPOSE_COUNT:
        break;
    }
    return true;
}

/* A certificate that hides up to f of those who signed. */
static void
hide_signers(struct sim_world *w, uint8_t *bitmap)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        count += (bitmap[i / 8] & (0x80u >> (i % 8))) != 0 ? 1 : 0;
    }
    for (uint32_t i = 0; i < w->n && count > mun_quorum(w->n); i++) {
        uint32_t member = sim_rng_below(&w->rng, w->n);
        uint8_t bit = (uint8_t)(0x80u >> (member % 8));

        if ((bitmap[member / 8] & bit) != 0) {
            bitmap[member / 8] = (uint8_t)(bitmap[member / 8] & ~bit);
            count--;
        }
    }
}

static uint32_t
make_value(struct sim_world *w, const struct sim_proc *p, uint64_t height,
           enum proposal mode)
{
    struct sim_value value = { .height = height,
                               .built_us = w->now_us,
                               .time_ms = sim_clock_ms(w, p),
                               .is_valid = mode != PROPOSE_INVALID,
                               .has_bytes = mode != PROPOSE_NO_BYTES };

    if (height > 1) {
        const struct sim_cert *before = &sim_height(w, height - 1)->decided;

        value.prev = before->value;
        memcpy(value.present, before->bitmap, sizeof(value.present));
        hide_signers(w, value.present);
        if (value.time_ms <= w->values[value.prev].time_ms) {
            value.time_ms = w->values[value.prev].time_ms + 1;
        }
    }
    if (mode == PROPOSE_FUTURE) {
        value.time_ms += sim_rng_below(&w->rng, 2) == 0 ? 400 : 3600000;
    } else if (mode == PROPOSE_PAST) {
        value.time_ms -= sim_rng_below(&w->rng, 2) == 0 ? 10000 : 3600000;
    }
    return sim_value_add(w, &value);
}

static void
make_plan(struct sim_world *w, struct sim_proc *p,
          const struct sim_scene *scene)
{
    enum proposal mode = PROPOSE_COUNT;

    if (p->plan_height == scene->height && p->plan_round == scene->round) {
        return;
    }
    do {
        uint32_t which = sim_rng_below(&w->rng, PROPOSE_COUNT);

        mode = (enum proposal)which;
    } while (!is_allowed(w, mode));
    p->plan_height = scene->height;
    p->plan_round = scene->round;
    p->plan_mode = mode;
    for (uint32_t i = 0; i < 2; i++) {
        p->plan_values[i] = make_value(w, p, scene->height, mode);
    }
}

/* A value of an earlier round with a valid round that may be invented. */
static void
propose_again(struct sim_world *w, const struct sim_proc *p,
              struct mun_vote *vote)
{
    uint32_t from = sim_rng_below(&w->rng, vote->round + 1);
    struct sim_round_log *log = sim_round(w, vote->height, from);

    if (log->proposed_count > 0 && vote->round > 0) {
        uint32_t which = sim_rng_below(&w->rng, log->proposed_count);

        vote->id = w->values[log->proposed[which]].id;
        vote->valid_round = (int32_t)sim_rng_below(&w->rng, vote->round);
    }
    for (uint32_t to = 0; to < w->proc_count; to++) {
        say(w, p, vote, to);
    }
}

void
sim_attack_proposal(struct sim_world *w, struct sim_proc *p,
                    const struct sim_scene *scene)
{
    struct mun_vote vote = {
        MUN_VOTE_PROPOSAL, scene->height, scene->round, -1, { { 0 } }
    };

    if (sim_proposer(w, scene->height, scene->round) != p->member) {
        return;
    }
    make_plan(w, p, scene);
    vote.id = w->values[p->plan_values[0]].id;
    if (p->plan_mode == PROPOSE_AGAIN) {
        propose_again(w, p, &vote);
        return;
    }
    for (uint32_t to = 0; to < w->proc_count; to++) {
        uint64_t chance = sim_mix(p->plan_values[0] ^ ((uint64_t)to << 32));

        if (p->plan_mode == PROPOSE_SILENCE ||
            (p->plan_mode == PROPOSE_TO_SOME && (chance & 3) == 0)) {
            continue;
        }
        if (p->plan_mode == PROPOSE_TWO) {
            vote.id = w->values[p->plan_values[chance & 1]].id;
        }
        say(w, p, &vote, to);
    }
}

/* ---- Quorums ---- */

static void
put_voter(struct sim_world *w, struct mun_con_votes *votes,
          const struct mun_vote *vote, uint32_t member)
{
    struct mun_con_signed ballot = { .vote = *vote, .member = member };
    struct mun_con_voter *voter = &votes->at[votes->count];

    sim_sign(w, &ballot);
    voter->member = member;
    voter->valid_round = vote->valid_round;
    voter->id = vote->id;
    voter->sig = ballot.sig;
    votes->count++;
}

/* What each honest member signed, and of the liars what fits best: for prevotes
 * those for the value alone. */
static bool
collect(struct sim_world *w, struct mun_con_votes *votes,
        const struct mun_vote *wanted)
{
    const struct sim_cast *cast = sim_cast(w, wanted, 0);
    uint32_t value = sim_value_find(w, &wanted->id);
    bool is_polka = wanted->type == MUN_VOTE_PREVOTE;

    votes->height = wanted->height;
    votes->round = wanted->round;
    votes->type = wanted->type;
    votes->count = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        struct mun_vote vote = *wanted;

        vote.valid_round = -1;
        if (w->role[i] != SIM_HONEST) {
            if (!is_polka) {
                uint32_t any = some_value(w, wanted, sim_rng_next(&w->rng));

                vote.id = half(w) ? wanted->id : w->values[any].id;
            }
        } else if (cast[i].is_present &&
                   (!is_polka || cast[i].value == value)) {
            vote.valid_round = cast[i].valid_round;
            vote.id = w->values[cast[i].value].id;
        } else {
            continue;
        }
        put_voter(w, votes, &vote, i);
    }
    return votes->count >= mun_quorum(w->n);
}

static void
show(struct sim_world *w, const struct sim_proc *p, uint32_t msg)
{
    bool is_all = sim_rng_chance(&w->rng, SIM_ALWAYS / 8);
    uint32_t one = any_proc(w);

    for (uint32_t to = 0; to < w->proc_count; to++) {
        if (is_all || to == one) {
            sim_net_msg(w, p->index, to, msg);
        }
    }
    sim_msg_unref(w, msg);
}

static void
show_certificate(struct sim_world *w, const struct sim_proc *p,
                 const struct mun_vote *vote)
{
    static struct mun_certificate certificate;
    struct sim_cert cert = { .height = vote->height, .round = vote->round };
    const struct sim_cast *cast = sim_cast(w, vote, 0);

    cert.value = sim_value_find(w, &vote->id);
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->role[i] != SIM_HONEST ||
            (cast[i].is_present && cast[i].value == cert.value)) {
            cert.bitmap[i / 8] =
                (uint8_t)(cert.bitmap[i / 8] | (0x80u >> (i % 8)));
        }
    }
    sim_cert_unpack(w, &certificate, &cert);
    show(w, p, sim_msg_certificate(w, &certificate));
}

void
sim_attack_quorum(struct sim_world *w, const struct sim_proc *p,
                  const struct sim_scene *scene)
{
    static struct mun_con_votes votes;
    uint32_t back = sim_rng_below(&w->rng, 3);
    struct mun_vote vote = {
        MUN_VOTE_PREVOTE, scene->height, scene->round, -1, { { 0 } }
    };

    vote.round = vote.round > back ? vote.round - back : vote.round;
    if (half(w)) {
        vote.type = MUN_VOTE_PRECOMMIT;
    }
    vote.id = w->values[half(w) ? best_value(w, &vote)
                                : some_value(w, &vote, sim_rng_next(&w->rng))]
                  .id;
    if (vote.type == MUN_VOTE_PRECOMMIT && !mun_hash_is_zero(&vote.id) &&
        half(w)) {
        if (sim_can_have_quorum(w, &vote)) {
            show_certificate(w, p, &vote);
        }
        return;
    }
    if ((vote.type == MUN_VOTE_PRECOMMIT || !mun_hash_is_zero(&vote.id)) &&
        collect(w, &votes, &vote)) {
        show(w, p, sim_msg_votes(w, &votes));
    }
}

/* Votes of others that they never signed, as a quorum and one by one. */
static void
forge_votes(struct sim_world *w, const struct sim_proc *p,
            const struct sim_scene *scene, uint32_t to)
{
    static struct mun_con_votes votes;
    struct mun_con_signed ballot = { 0 };
    struct mun_vote vote = {
        MUN_VOTE_PREVOTE, scene->height, scene->round, -1, { { 0 } }
    };
    uint32_t msg = 0;

    if (half(w)) {
        vote.type = MUN_VOTE_PRECOMMIT;
    }
    vote.id = w->values[1 + sim_rng_below(&w->rng, w->value_count - 1)].id;
    votes.height = vote.height;
    votes.round = vote.round;
    votes.type = vote.type;
    votes.count = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        put_voter(w, &votes, &vote, i);
        if (w->role[i] == SIM_HONEST) {
            votes.at[i].sig.b[5] ^= 1;
        }
    }
    ballot.vote = vote;
    ballot.member = sim_rng_below(&w->rng, w->n);
    ballot.sig = votes.at[p->member].sig;
    msg = ballot.member == p->member || half(w) ? sim_msg_votes(w, &votes)
                                                : sim_msg_ballot(w, &ballot);
    sim_net_msg(w, p->index, to, msg);
    sim_msg_unref(w, msg);
}

void
sim_attack_forgery(struct sim_world *w, const struct sim_proc *p,
                   const struct sim_scene *scene, uint32_t to)
{
    static struct mun_certificate certificate;
    struct sim_cert cert = { .height = scene->height, .round = scene->round };
    struct sim_event block = { .sub = SIM_PACKET_BLOCK, .c = scene->height };
    bool is_few = half(w);

    if (w->value_count < 3) {
        return;
    }
    if (half(w)) {
        forge_votes(w, p, scene, to);
        return;
    }
    cert.value = 2 + sim_rng_below(&w->rng, w->value_count - 2);
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->role[i] != SIM_HONEST || !is_few) {
            cert.bitmap[i / 8] =
                (uint8_t)(cert.bitmap[i / 8] | (0x80u >> (i % 8)));
        }
    }
    sim_cert_unpack(w, &certificate, &cert);
    if (!is_few) {
        /* Liars cannot sign for others. */
        for (uint32_t i = 0; i < certificate.sig_count; i++) {
            certificate.sigs[i].b[5] ^= 1;
        }
    }
    block.a = sim_msg_certificate(w, &certificate);
    block.b = cert.value;
    if (half(w)) {
        sim_net_msg(w, p->index, to, block.a);
    } else {
        sim_net_send(w, p->index, to, &block);
    }
    sim_msg_unref(w, block.a);
}

/* ---- The rest ---- */

void
sim_attack_far(struct sim_world *w, const struct sim_proc *p,
               const struct sim_scene *scene)
{
    static const uint64_t heights[] = { 1, 2, 3, 1000, 1u << 31, UINT64_MAX };
    static const uint32_t rounds[] = {
        1, 2, 4, 5, 9, 1000000, MUN_CON_ROUND_MAX - 1
    };
    struct mun_vote vote = {
        MUN_VOTE_PREVOTE, scene->height, scene->round, -1, { { 0 } }
    };

    if (half(w)) {
        uint64_t by = heights[sim_rng_below(&w->rng, 6)];

        vote.height = by == UINT64_MAX ? by : vote.height + by;
    } else {
        uint32_t by = rounds[sim_rng_below(&w->rng, 7)];

        vote.round = by > 1000000 ? by : vote.round + by;
    }
    vote.type = half(w) ? MUN_VOTE_PREVOTE : MUN_VOTE_PRECOMMIT;
    if (half(w)) {
        vote.id = w->values[sim_rng_below(&w->rng, w->value_count)].id;
    }
    for (uint32_t to = 0; to < w->proc_count; to++) {
        if (half(w)) {
            say(w, p, &vote, to);
        }
    }
}

void
sim_attack_replay(struct sim_world *w, const struct sim_proc *p)
{
    uint32_t msg = w->replays[sim_rng_below(&w->rng, SIM_REPLAYS)];

    if (msg != 0) {
        sim_net_msg(w, p->index, any_proc(w), msg);
    }
}

void
sim_attack_heights(struct sim_world *w, const struct sim_proc *p)
{
    struct sim_event claim = { .sub = SIM_PACKET_HINT };

    claim.c =
        w->top + 1 + (sim_rng_next(&w->rng) >> sim_rng_below(&w->rng, 64));
    if (half(w)) {
        claim.sub = SIM_PACKET_PING;
    }
    sim_net_send(w, p->index, any_proc(w), &claim);
}
