#include "tests/sim/check.h"

#include <string.h>

#include "tests/sim/msg.h"
#include "tests/sim/value.h"

void
sim_check_boot(struct sim_proc *p)
{
    memset(&p->shadow, 0, sizeof(p->shadow));
    p->shadow.round = -1;
    p->shadow.locked_round = -1;
    p->shadow.valid_round = -1;
}

static bool
is_held(const struct sim_proc *p, uint32_t value)
{
    for (uint32_t i = 0; i < p->held_count; i++) {
        if (p->held[i] == value) {
            return true;
        }
    }
    return false;
}

/* R25, by the clock as it was when the proposal came. */
static void
check_time(struct sim_world *w, const struct sim_proc *p,
           const struct mun_vote *vote, uint32_t value)
{
    const struct mun_con_round *slot =
        &p->con->rounds.at[vote->round % MUN_CON_ROUNDS];
    const struct mun_con_time_params *params = &w->config.time;
    uint64_t delay_ms = params->delay_ms + vote->round * params->delay_ms / 10;
    uint64_t time_ms = w->values[value].time_ms;

    SIM_CHECK(w, slot->has_proposal, "R4: prevote without a proposal");
    SIM_CHECK(w, time_ms <= slot->proposal_ms + params->precision_ms,
              "R25: prevote for a value from the future");
    SIM_CHECK(w, time_ms + delay_ms + params->precision_ms >= slot->proposal_ms,
              "R25: prevote for a value from the past");
}

/* R5, and that a lock gives way to nothing but a newer polka. */
static void
check_prevote(struct sim_world *w, const struct sim_proc *p,
              const struct mun_vote *vote, uint32_t value)
{
    const struct sim_shadow *was = &p->shadow;
    bool is_locked_value =
        was->locked_round == -1 || mun_hash_eq(&was->locked_id, &vote->id);
    struct mun_vote polka = *vote;

    SIM_CHECK(w, sim_value_is_valid(w, value, vote->height),
              "validity: prevote for an invalid value");
    SIM_CHECK(w, is_held(p, value), "prevote without the value's bytes");
    SIM_CHECK(w, is_locked_value || vote->valid_round >= was->locked_round,
              "lock: prevote against the own lock without a newer polka");
    if (vote->valid_round >= 0) {
        polka.round = (uint32_t)vote->valid_round;
        SIM_CHECK(w, vote->valid_round < (int32_t)vote->round,
                  "R5: valid round not below the round");
        SIM_CHECK(w, sim_can_have_quorum(w, &polka),
                  "R5: prevote on a polka that cannot be");
    } else {
        check_time(w, p, vote, value);
    }
}

static void
check_precommit(struct sim_world *w, const struct sim_proc *p,
                const struct mun_vote *vote, uint32_t value)
{
    const struct mun_con_record *record = w->out.persist.record;
    struct mun_vote polka = *vote;

    polka.type = MUN_VOTE_PREVOTE;
    SIM_CHECK(w, sim_value_is_valid(w, value, vote->height),
              "validity: precommit for an invalid value");
    SIM_CHECK(w, is_held(p, value), "precommit without the value's bytes");
    SIM_CHECK(w,
              record->locked_round == (int32_t)vote->round &&
                  mun_hash_eq(&record->locked_id, &vote->id),
              "I5: precommit without the lock");
    SIM_CHECK(w, sim_can_have_quorum(w, &polka),
              "R7: precommit without a polka");
}

static void
check_proposal(struct sim_world *w, const struct sim_proc *p,
               const struct mun_vote *vote)
{
    const struct mun_con_record *record = w->out.persist.record;
    struct mun_vote polka = *vote;

    SIM_CHECK(w, sim_proposer(w, vote->height, vote->round) == p->member,
              "R23, R24: a proposal out of turn");
    SIM_CHECK(w, vote->valid_round == record->valid_round,
              "R2: not the valid value is proposed");
    if (vote->valid_round >= 0) {
        polka.type = MUN_VOTE_PREVOTE;
        polka.round = (uint32_t)vote->valid_round;
        polka.valid_round = -1;
        SIM_CHECK(w, sim_can_have_quorum(w, &polka),
                  "R2: re-proposal on a polka that cannot be");
    }
}

static void
check_vote(struct sim_world *w, struct sim_proc *p, const struct mun_vote *vote)
{
    const struct mun_con_own *own = &w->out.persist.record->own[vote->type - 1];
    const struct sim_cast *cast = sim_cast(w, vote, p->member);
    uint32_t value = sim_value_find(w, &vote->id);

    SIM_CHECK(w,
              own->is_present && own->round == vote->round &&
                  own->valid_round == vote->valid_round &&
                  mun_hash_eq(&own->id, &vote->id),
              "R19: a vote that the record does not hold");
    SIM_CHECK(w,
              !cast->is_present || (cast->valid_round == vote->valid_round &&
                                    cast->value == value),
              "I1: a second signature of one height, round and type");
    if (value == 0 && vote->type != MUN_VOTE_PROPOSAL) {
        return;
    }
    switch (vote->type) {
    case MUN_VOTE_PROPOSAL:
        check_proposal(w, p, vote);
        break;
    case MUN_VOTE_PREVOTE:
        check_prevote(w, p, vote, value);
        break;
    case MUN_VOTE_PRECOMMIT:
        check_precommit(w, p, vote, value);
        break;
    }
}

/* After a restart the same is signed again. */
static void
check_again(struct sim_world *w, const struct sim_proc *p,
            const struct mun_vote *vote)
{
    const struct sim_cast *cast = sim_cast(w, vote, p->member);

    SIM_CHECK(w,
              !cast->is_present ||
                  (cast->valid_round == vote->valid_round &&
                   cast->value == sim_value_find(w, &vote->id)),
              "I1: another signature after a restart");
}

static void
check_persist(struct sim_world *w, struct sim_proc *p,
              const struct mun_con_event *event)
{
    const struct mun_con_persist *persist = &w->out.persist;
    bool is_start = event->kind == MUN_CON_EVENT_STARTED;

    if (!w->out.has_persist || persist->count == 0) {
        return;
    }
    SIM_CHECK(w, persist->record->valid_round >= persist->record->locked_round,
              "I6: the lock is newer than the valid value");
    SIM_CHECK(w, !p->con->is_behind || is_start,
              "R30: a member that is behind signs");
    SIM_CHECK(w, p->con->own_index == p->member, "an observer signs");
    for (uint32_t i = 0; i < persist->count; i++) {
        if (is_start) {
            check_again(w, p, &persist->votes[i]);
        } else {
            check_vote(w, p, &persist->votes[i]);
        }
    }
}

static bool
is_quorum(const struct sim_world *w, const struct mun_con_votes *votes)
{
    struct mun_con_signed ballot = { 0 };

    for (uint32_t i = 0; i < votes->count; i++) {
        mun_con_votes_get(&ballot.vote, votes, i);
        ballot.member = votes->at[i].member;
        ballot.sig = votes->at[i].sig;
        if ((i > 0 && ballot.member <= votes->at[i - 1].member) ||
            (votes->type == MUN_VOTE_PREVOTE &&
             !mun_hash_eq(&ballot.vote.id, &votes->at[0].id)) ||
            (!w->options.is_real && !sim_is_signed(w, &ballot))) {
            return false;
        }
    }
    return votes->count >= w->n * 2 / 3 + 1;
}

static void
check_send(struct sim_world *w, const struct sim_proc *p)
{
    const struct mun_con_out *out = &w->out;

    for (uint32_t i = 0; i < out->send.count; i++) {
        const struct mun_con_signed *ballot = &out->send.ballots[i];
        const struct sim_cast *cast = sim_cast(w, &ballot->vote, p->member);

        SIM_CHECK(w, ballot->member == p->member,
                  "R31: another's message is sent as the own");
        SIM_CHECK(w,
                  cast->is_present &&
                      cast->valid_round == ballot->vote.valid_round &&
                      cast->value == sim_value_find(w, &ballot->vote.id),
                  "I2: sent before it was durable");
        SIM_CHECK(w, w->options.is_real || sim_is_signed(w, ballot),
                  "a message without its signature is sent");
    }
    for (uint32_t i = 0; i < out->send.votes_count; i++) {
        SIM_CHECK(w, is_quorum(w, out->send.votes[i]),
                  "R31: votes that are no quorum are sent");
    }
}

/* I2: what counts as the own vote was reported durable. */
static void
check_counted(struct sim_world *w, const struct sim_proc *p)
{
    const struct mun_con *con = p->con;
    const struct mun_con_round *slot =
        &con->rounds.at[con->record.round % MUN_CON_ROUNDS];
    struct mun_vote vote = {
        MUN_VOTE_PREVOTE, con->record.height, con->record.round, -1, { { 0 } }
    };

    if (!slot->is_used || slot->round != con->record.round) {
        return;
    }
    if (slot->prevotes.by[p->member].is_present) {
        SIM_CHECK(w, sim_cast(w, &vote, p->member)->is_present,
                  "I2: an own prevote counts that is not durable");
    }
    vote.type = MUN_VOTE_PRECOMMIT;
    if (slot->precommits.by[p->member].is_present) {
        SIM_CHECK(w, sim_cast(w, &vote, p->member)->is_present,
                  "I2: an own precommit counts that is not durable");
    }
}

static void
check_apply(struct sim_world *w, const struct sim_proc *p)
{
    const struct mun_con_apply *apply = &w->out.apply;
    const struct mun_certificate *certificate = apply->certificate;
    uint32_t value = sim_value_find(w, &apply->id);
    struct sim_cert *decided = &sim_height(w, apply->height)->decided;
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, apply->height,
                             certificate->round, -1, apply->id };

    SIM_CHECK(w, apply->height == p->height, "I7: decides another height");
    SIM_CHECK(w,
              certificate->height == apply->height &&
                  mun_hash_eq(&certificate->header_id, &apply->id) &&
                  sim_is_sound(w, certificate),
              "I7: the certificate is not sound");
    SIM_CHECK(w, value != 0 && value != UINT32_MAX,
              "validity: decides what is no value");
    SIM_CHECK(w, decided->value == 0 || decided->value == value,
              "AGREEMENT: two values are decided at one height");
    SIM_CHECK(w, sim_value_is_valid(w, value, apply->height),
              "validity: decides an invalid value");
    SIM_CHECK(w, sim_can_have_quorum(w, &vote),
              "I7: decides without a quorum of precommits");
    SIM_CHECK(w, is_held(p, value), "R10: decides without the value's bytes");
}

static bool
is_contradiction(const struct mun_con_signed *a, const struct mun_con_signed *b)
{
    return a->member == b->member && a->vote.height == b->vote.height &&
           a->vote.round == b->vote.round && a->vote.type == b->vote.type &&
           (a->vote.valid_round != b->vote.valid_round ||
            !mun_hash_eq(&a->vote.id, &b->vote.id));
}

static void
check_notices(struct sim_world *w, const struct sim_proc *p)
{
    const struct mun_con_out *out = &w->out;
    const struct mun_con_evidence *evidence = &out->evidence;
    uint32_t member = evidence->first.member;

    if (sim_is_good(p)) {
        SIM_CHECK(w, (out->notices & MUN_CON_NOTICE_OWN_KEY) == 0,
                  "R34: a member that kept its disk is told of its own key");
        SIM_CHECK(w, !p->con->is_key_elsewhere,
                  "R34: a member that kept its disk is silent");
    }
    if (!out->has_evidence) {
        return;
    }
    w->stats->evidence++;
    SIM_CHECK(w, member < w->n && w->role[member] != SIM_HONEST,
              "R33: evidence against a member that does not lie");
    SIM_CHECK(w,
              is_contradiction(&evidence->first, &evidence->second) &&
                  sim_is_signed(w, &evidence->first) &&
                  sim_is_signed(w, &evidence->second),
              "R33: evidence that proves nothing");
}

/* R11, R14: a round is entered after a quorum of precommits of the one before,
 * or behind a member that does not lie. */
static void
check_round(struct sim_world *w, const struct sim_proc *p, uint32_t round)
{
    uint64_t height = p->con->record.height;

    SIM_CHECK(w,
              sim_can_have_ended(w, height, round - 1) ||
                  sim_was_reached(w, height, round),
              "R11, R14: a round is entered that nobody had reached");
}

/* R6, R9: these timers wait for a quorum. */
static void
check_timers(struct sim_world *w, const struct sim_proc *p)
{
    const struct mun_con *con = p->con;
    const struct mun_con_round *slot =
        &con->rounds.at[con->record.round % MUN_CON_ROUNDS];

    for (uint32_t i = 0; i < w->out.timer_count; i++) {
        enum mun_con_timer_kind kind = w->out.timers[i].kind;
        const struct mun_con_tally *tally =
            kind == MUN_CON_TIMER_PREVOTE ? &slot->prevotes : &slot->precommits;
        uint32_t count = 0;

        if (kind != MUN_CON_TIMER_PREVOTE && kind != MUN_CON_TIMER_PRECOMMIT) {
            continue;
        }
        for (uint32_t j = 0; j < w->n; j++) {
            count += tally->by[j].is_present ? 1 : 0;
        }
        SIM_CHECK(w, count >= w->n * 2 / 3 + 1,
                  "R6, R9: a timer without its quorum");
    }
}

static bool
was_found_valid(const struct mun_con *con, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < MUN_CON_VALUES; i++) {
        if (con->values[i].verdict == MUN_CON_VERDICT_VALID &&
            mun_hash_eq(&con->values[i].id, id)) {
            return true;
        }
    }
    return false;
}

/* R7: a polka of the round for a value found valid is the valid value's. */
static void
check_polka(struct sim_world *w, const struct sim_proc *p)
{
    const struct mun_con *con = p->con;
    const struct mun_con_tally *tally =
        &con->rounds.at[con->record.round % MUN_CON_ROUNDS].prevotes;
    bool is_quiet = con->is_idle || con->is_decided || con->awaited_count > 0 ||
                    con->record.phase == MUN_CON_PROPOSE;

    if (!is_quiet && tally->has_quorum &&
        !mun_hash_is_zero(&tally->quorum_id) &&
        was_found_valid(con, &tally->quorum_id)) {
        SIM_CHECK(w, con->record.valid_round == (int32_t)con->record.round,
                  "R7: a polka of the round is not taken");
    }
}

static void
check_moves(struct sim_world *w, struct sim_proc *p,
            const struct mun_con_event *event)
{
    const struct mun_con *con = p->con;
    struct sim_shadow *was = &p->shadow;
    int64_t round = con->is_idle ? -1 : (int64_t)con->record.round;
    int32_t phase = (int32_t)con->record.phase;

    if (event->kind != MUN_CON_EVENT_STARTED) {
        SIM_CHECK(w,
                  con->record.height == was->height &&
                      (round > was->round ||
                       (round == was->round && phase >= was->phase)),
                  "I4: height, round and step go back");
        SIM_CHECK(w, con->record.locked_round >= was->locked_round,
                  "I4: the lock goes back");
        if (round > was->round && round > 0) {
            check_round(w, p, (uint32_t)round);
        }
    }
    if (con->is_idle) {
        SIM_CHECK(w, w->out.timer_count == 0, "I9: an idle height has timers");
    }
    SIM_CHECK(w, con->record.valid_round >= con->record.locked_round,
              "I6: the lock is newer than the valid value");
    SIM_CHECK(w, !con->is_behind || w->top >= con->record.height,
              "R30: behind at a height that nobody has decided");
    was->height = con->record.height;
    was->round = round;
    was->phase = phase;
    was->locked_round = con->record.locked_round;
    was->valid_round = con->record.valid_round;
    was->locked_id = con->record.locked_id;
}

void
sim_check_step(struct sim_world *w, struct sim_proc *p,
               const struct mun_con_event *event)
{
    if (p->role != SIM_HONEST) {
        return;
    }
    check_persist(w, p, event);
    check_send(w, p);
    if (w->out.has_apply) {
        check_apply(w, p);
    }
    check_notices(w, p);
    check_moves(w, p, event);
    check_timers(w, p);
    check_polka(w, p);
    check_counted(w, p);
    if ((w->steps & 1023) == 0) {
        sim_check_canaries(w, p);
    }
}

void
sim_check_durable(struct sim_world *w, struct sim_proc *p)
{
    for (uint32_t i = 0; i < p->awaited_count; i++) {
        const struct mun_vote *vote = &p->awaited[i];
        struct sim_cast *cast = NULL;
        uint32_t value = sim_value_find(w, &vote->id);

        if (p->role != SIM_HONEST) {
            continue;
        }
        cast = sim_cast(w, vote, p->member);
        SIM_CHECK(w,
                  !cast->is_present ||
                      (cast->valid_round == vote->valid_round &&
                       cast->value == value),
                  "I1: a second signature of one height, round and type");
        cast->is_present = true;
        cast->valid_round = vote->valid_round;
        cast->value = value;
    }
}

void
sim_check_busy(struct sim_world *w, struct sim_proc *p,
               const struct mun_con_event *event)
{
    static struct mun_con before;
    mun_err_t err;

    memcpy(&before, p->con, sizeof(before));
    err = mun_con_step(p->con, &w->out, event);
    SIM_CHECK(w, err.code == MUN_ERR_BUSY,
              "I3: an event is taken while a write is outstanding");
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): also padding. */
    SIM_CHECK(w, memcmp(&before, p->con, sizeof(before)) == 0,
              "I10: a refused event changes the state");
    SIM_CHECK(w,
              !w->out.has_persist && !w->out.has_apply &&
                  w->out.send.count == 0 && w->out.timer_count == 0 &&
                  w->out.request_count == 0,
              "I10: a refused event has effects");
}

void
sim_check_canaries(struct sim_world *w, const struct sim_proc *p)
{
    const uint8_t *before = (const uint8_t *)p->con - SIM_CANARY_BYTES;
    const uint8_t *after = (const uint8_t *)p->con + sizeof(*p->con);

    for (uint32_t i = 0; i < SIM_CANARY_BYTES; i++) {
        SIM_CHECK(w, before[i] == SIM_CANARY && after[i] == SIM_CANARY,
                  "I8: written outside struct mun_con");
    }
}
