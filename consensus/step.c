#include "consensus/step.h"

#include <string.h>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"

/* I8. README section 3 states it. */
_Static_assert(sizeof(struct mun_con) < 294912, "about 280 KiB");

/* ---- Small parts ---- */

static bool
is_nil(const struct mun_hash *id)
{
    return mun_hash_is_zero(id);
}

/* Idle is a round before round 0. */
static int32_t
current_round(const struct mun_con *con)
{
    return con->is_idle ? -1 : (int32_t)con->record.round;
}

static struct mun_con_round *
current_slot(struct mun_con *con)
{
    struct mun_con_round *slot =
        mun_con_rounds_open(&con->rounds, con->record.round);

    MUN_CHECK(slot != NULL);
    return slot;
}

static uint32_t
proposer_of(const struct mun_con *con, uint32_t round)
{
    struct mun_con_turn turn = { con->record.height, round, con->member_count };

    return mun_con_proposer(&con->history, &turn);
}

static uint32_t
quorum(const struct mun_con *con)
{
    return mun_quorum(con->member_count);
}

/* init + round * delta, at most the cap. */
static uint64_t
wait_of(const struct mun_con *con, const struct mun_con_timeout *timeout)
{
    uint64_t wait_ms = 0;

    if (!mun_u64_mul(&wait_ms, timeout->delta_ms, con->record.round) ||
        !mun_u64_add(&wait_ms, wait_ms, timeout->init_ms) ||
        wait_ms > con->config.timeout_ms_max) {
        wait_ms = con->config.timeout_ms_max;
    }
    return wait_ms;
}

/* A later timer of a kind takes the place of an earlier one. */
static void
set_timer(const struct mun_con *con, struct mun_con_out *out,
          enum mun_con_timer_kind kind, uint64_t now_ms)
{
    struct mun_con_timer *timer = NULL;
    uint64_t wait_ms = 0;
    uint32_t i = 0;

    while (i < out->timer_count && out->timers[i].kind != kind) {
        i++;
    }
    MUN_CHECK(i < MUN_CON_TIMERS_MAX);
    timer = &out->timers[i];
    out->timer_count = i == out->timer_count ? i + 1 : out->timer_count;
    switch (kind) {
    case MUN_CON_TIMER_PROPOSE:
        wait_ms = wait_of(con, &con->config.propose);
        break;
    case MUN_CON_TIMER_PREVOTE:
        wait_ms = wait_of(con, &con->config.prevote);
        break;
    case MUN_CON_TIMER_PRECOMMIT:
        wait_ms = wait_of(con, &con->config.precommit);
        break;
    case MUN_CON_TIMER_RESEND:
        wait_ms = con->resend_ms;
        break;
    }
    timer->height = con->record.height;
    timer->round = con->record.round;
    timer->kind = kind;
    if (!mun_u64_add(&timer->deadline_ms, now_ms, wait_ms)) {
        timer->deadline_ms = UINT64_MAX;
    }
}

static void
request(const struct mun_con *con, struct mun_con_out *out,
        enum mun_con_request_kind kind, const struct mun_hash *id)
{
    struct mun_con_request *wish = &out->requests[out->request_count];

    MUN_CHECK(out->request_count < MUN_CON_REQUESTS_MAX);
    wish->kind = kind;
    wish->height = con->record.height;
    wish->round = con->record.round;
    wish->id = *id;
    out->request_count++;
}

/* ---- Values and their verdicts ---- */

static bool
is_needed(const struct mun_con *con, const struct mun_hash *id)
{
    const struct mun_con_record *record = &con->record;
    const struct mun_con_round *slot =
        &con->rounds.at[record->round % MUN_CON_ROUNDS];
    const struct mun_con_own *own = &record->own[MUN_VOTE_PROPOSAL - 1];

    if (is_nil(id) || con->record.height == 0) {
        return false;
    }
    if (mun_hash_eq(id, &record->locked_id) ||
        mun_hash_eq(id, &record->valid_id) ||
        (con->has_certificate &&
         mun_hash_eq(id, &con->certificate.header_id)) ||
        (own->is_present && own->round == record->round &&
         mun_hash_eq(id, &own->id))) {
        return true;
    }
    return slot->is_used && slot->round == record->round &&
           ((slot->has_proposal && mun_hash_eq(id, &slot->proposal.vote.id)) ||
            (slot->prevotes.has_quorum &&
             mun_hash_eq(id, &slot->prevotes.quorum_id)));
}

static struct mun_con_value *
find_value(struct mun_con *con, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < MUN_CON_VALUES; i++) {
        if (con->values[i].verdict != MUN_CON_VERDICT_NONE &&
            mun_hash_eq(&con->values[i].id, id)) {
            return &con->values[i];
        }
    }
    return NULL;
}

/* The value's place, taken from one that nobody needs when all are full. */
static struct mun_con_value *
open_value(struct mun_con *con, const struct mun_hash *id)
{
    struct mun_con_value *value = find_value(con, id);

    for (uint32_t i = 0; i < MUN_CON_VALUES && value == NULL; i++) {
        if (con->values[i].verdict == MUN_CON_VERDICT_NONE) {
            value = &con->values[i];
        }
    }
    for (uint32_t i = 0; i < MUN_CON_VALUES && value == NULL; i++) {
        if (!is_needed(con, &con->values[i].id)) {
            value = &con->values[i];
            value->verdict = MUN_CON_VERDICT_NONE;
        }
    }
    MUN_CHECK(value != NULL);
    if (value->verdict == MUN_CON_VERDICT_NONE) {
        memset(value, 0, sizeof(*value));
        value->id = *id;
    }
    return value;
}

/* R18: A verdict on a value is asked for once while a rule needs it. */
static const struct mun_con_value *
judge(struct mun_con *con, struct mun_con_out *out, const struct mun_hash *id)
{
    struct mun_con_value *value = open_value(con, id);

    if (value->verdict == MUN_CON_VERDICT_NONE) {
        value->verdict = MUN_CON_VERDICT_ASKED;
        request(con, out, MUN_CON_REQUEST_VALIDITY, id);
    }
    return value;
}

/* The node gives up a request that nobody needs: asked again when a rule does.
 */
static void
forget_requests(struct mun_con *con)
{
    for (uint32_t i = 0; i < MUN_CON_VALUES; i++) {
        if (con->values[i].verdict == MUN_CON_VERDICT_ASKED &&
            !is_needed(con, &con->values[i].id)) {
            con->values[i].verdict = MUN_CON_VERDICT_NONE;
        }
    }
}

/* As judge, for a value that a quorum stands for. */
static bool
is_quorum_value_valid(struct mun_con *con, struct mun_con_out *out,
                      const struct mun_hash *id)
{
    enum mun_con_verdict verdict = judge(con, out, id)->verdict;

    if (verdict == MUN_CON_VERDICT_INVALID) {
        out->notices |= MUN_CON_NOTICE_INVALID_QUORUM;
    }
    return verdict == MUN_CON_VERDICT_VALID;
}

/* ---- Own messages ---- */

/* Whether we follow without signing. Neither reason ends within a height. */
static bool
is_silent(const struct mun_con *con)
{
    return con->own_index == MUN_CON_OBSERVER || con->is_behind ||
           con->is_key_elsewhere;
}

/* Puts an own message into the record and into this step's persist. It counts
 * and leaves at PERSISTED (R19). */
static void
say(struct mun_con *con, enum mun_vote_type type, const struct mun_hash *id,
    int32_t valid_round)
{
    struct mun_con_own *own = &con->record.own[type - 1];

    if (is_silent(con)) {
        return;
    }
    /* R22: A member never signs twice for one height, round and type. */
    MUN_CHECK(!own->is_present || own->round < con->record.round);
    MUN_CHECK(con->awaited_count < MUN_CON_OWN_COUNT);
    own->is_present = true;
    own->round = con->record.round;
    own->valid_round = valid_round;
    own->id = *id;
    mun_con_record_vote(&con->awaited[con->awaited_count], &con->record, type);
    con->awaited_count++;
}

static void
to_prevote(struct mun_con *con, const struct mun_hash *id, int32_t valid_round)
{
    MUN_CHECK(con->record.phase == MUN_CON_PROPOSE);
    say(con, MUN_VOTE_PREVOTE, id, is_nil(id) ? -1 : valid_round);
    con->record.phase = MUN_CON_PREVOTE;
}

static void
to_precommit(struct mun_con *con, const struct mun_hash *id)
{
    MUN_CHECK(con->record.phase == MUN_CON_PREVOTE);
    if (!is_nil(id)) {
        con->record.locked_round = (int32_t)con->record.round;
        con->record.locked_id = *id;
    }
    say(con, MUN_VOTE_PRECOMMIT, id, -1);
    con->record.phase = MUN_CON_PRECOMMIT;
}

/* Alone there is nobody to send to. */
static void
start_resend(struct mun_con *con, struct mun_con_out *out, uint64_t now_ms)
{
    con->resend_ms = con->config.resend_ms_min;
    if (con->member_count > 1) {
        set_timer(con, out, MUN_CON_TIMER_RESEND, now_ms);
    }
}

static void
send_ballot(struct mun_con_out *out, const struct mun_con_signed *ballot)
{
    MUN_CHECK(out->send.count < MUN_CON_OWN_COUNT);
    out->send.ballots[out->send.count] = *ballot;
    out->send.count++;
}

static void
send_votes(struct mun_con_out *out, const struct mun_con_votes *votes)
{
    if (votes->count > 0) {
        MUN_CHECK(out->send.votes_count < MUN_CON_SEND_VOTES_MAX);
        out->send.votes[out->send.votes_count] = votes;
        out->send.votes_count++;
    }
}

/* R31: While a round lasts, a member sends again its last messages, the polka of
 * its valid value and the precommits that ended the round before. */
static void
resend(struct mun_con *con, struct mun_con_out *out, uint64_t now_ms)
{
    const struct mun_con_record *record = &con->record;

    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        /* A proposal of a round that is over helps nobody. */
        if (record->own[i].is_present && con->own[i].vote.height > 0 &&
            (i != MUN_VOTE_PROPOSAL - 1 ||
             record->own[i].round == record->round)) {
            send_ballot(out, &con->own[i]);
        }
    }
    send_votes(out, &record->polka);
    send_votes(out, &record->entry);
    con->resend_ms = con->resend_ms > con->config.resend_ms_max / 2
                         ? con->config.resend_ms_max
                         : con->resend_ms * 2;
    set_timer(con, out, MUN_CON_TIMER_RESEND, now_ms);
}

/* Lines 11 to 21. */
static void
start_round(struct mun_con *con, struct mun_con_out *out, uint32_t round,
            uint64_t now_ms)
{
    struct mun_con_record *record = &con->record;

    MUN_CHECK((int32_t)round > current_round(con));
    con->is_idle = false;
    con->is_value_asked = false;
    record->round = round;
    record->phase = MUN_CON_PROPOSE;
    if (record->entry.round + 1 != round) {
        record->entry.count = 0;
    }
    mun_con_rounds_move(&con->rounds, round);
    /* R3: Every member arms the propose timer on entering a round. */
    set_timer(con, out, MUN_CON_TIMER_PROPOSE, now_ms);
    start_resend(con, out, now_ms);
    if (con->own_index != proposer_of(con, round) || is_silent(con)) {
        return;
    }
    /* R2: The proposer of a round proposes the valid value, and asks for a new
     * one only when there is none. */
    if (record->valid_round >= 0) {
        say(con, MUN_VOTE_PROPOSAL, &record->valid_id, record->valid_round);
    } else {
        con->is_value_asked = true;
        request(con, out, MUN_CON_REQUEST_VALUE, &mun_hash_zero);
    }
}

/* ---- Rules: each returns whether it applied ---- */

/* R10: A quorum of precommits for a valid value, in any round, decides it. */
static bool
rule_decide(struct mun_con *con, struct mun_con_out *out)
{
    if (!con->has_certificate ||
        !is_quorum_value_valid(con, out, &con->certificate.header_id)) {
        return false;
    }
    con->is_decided = true;
    out->has_apply = true;
    out->apply.height = con->record.height;
    out->apply.id = con->certificate.header_id;
    out->apply.certificate = &con->certificate;
    return true;
}

/* R11: When a skip quorum of members has reached a later round, enter the
 * highest round that so many have reached. */
static bool
rule_skip(struct mun_con *con, struct mun_con_out *out, uint64_t now_ms)
{
    int32_t reached = mun_con_rounds_reached(&con->rounds);

    if (reached <= current_round(con)) {
        return false;
    }
    start_round(con, out, (uint32_t)reached, now_ms);
    return true;
}

/* R4: A fresh proposal gets a prevote when it is valid, timely and not against
 * the lock. */
static bool
rule_fresh(struct mun_con *con, struct mun_con_out *out)
{
    const struct mun_con_record *record = &con->record;
    const struct mun_con_round *slot = current_slot(con);
    const struct mun_con_value *value = NULL;
    struct mun_con_timing timing = { 0 };
    bool is_good = false;

    if (record->phase != MUN_CON_PROPOSE || !slot->has_proposal ||
        slot->proposal.vote.valid_round != -1) {
        return false;
    }
    value = judge(con, out, &slot->proposal.vote.id);
    if (value->verdict == MUN_CON_VERDICT_ASKED) {
        return false;
    }
    timing.value_ms = value->time_ms;
    timing.received_ms = slot->proposal_ms;
    timing.round = record->round;
    is_good = value->verdict == MUN_CON_VERDICT_VALID &&
              mun_con_is_timely(&con->config.time, &timing) &&
              (record->locked_round == -1 ||
               mun_hash_eq(&record->locked_id, &slot->proposal.vote.id));
    to_prevote(con, is_good ? &slot->proposal.vote.id : &mun_hash_zero, -1);
    return true;
}

static bool
has_polka(struct mun_con *con, int32_t round, const struct mun_hash *id)
{
    const struct mun_con_record *record = &con->record;

    return mun_con_rounds_has_polka(&con->rounds, (uint32_t)round, id) ||
           (record->valid_round == round && mun_hash_eq(&record->valid_id, id));
}

/* R5: A re-proposal gets a prevote when a quorum prevoted it in its valid round
 * and no newer lock is against it. */
static bool
rule_again(struct mun_con *con, struct mun_con_out *out)
{
    const struct mun_con_record *record = &con->record;
    const struct mun_con_round *slot = current_slot(con);
    int32_t valid_round = slot->proposal.vote.valid_round;
    enum mun_con_verdict verdict = MUN_CON_VERDICT_NONE;
    bool is_good = false;

    if (record->phase != MUN_CON_PROPOSE || !slot->has_proposal ||
        valid_round < 0 || valid_round >= (int32_t)record->round ||
        !has_polka(con, valid_round, &slot->proposal.vote.id)) {
        return false;
    }
    verdict = judge(con, out, &slot->proposal.vote.id)->verdict;
    if (verdict == MUN_CON_VERDICT_ASKED) {
        return false;
    }
    is_good = verdict == MUN_CON_VERDICT_VALID &&
              (record->locked_round <= valid_round ||
               mun_hash_eq(&record->locked_id, &slot->proposal.vote.id));
    to_prevote(con, is_good ? &slot->proposal.vote.id : &mun_hash_zero,
               valid_round);
    return true;
}

/* R7: The first polka for a valid value of the round locks and precommits it,
 * and makes it the valid value at any later step. */
static bool
rule_polka(struct mun_con *con, struct mun_con_out *out)
{
    struct mun_con_record *record = &con->record;
    struct mun_con_round *slot = current_slot(con);
    struct mun_hash id = slot->prevotes.quorum_id;

    if (record->phase == MUN_CON_PROPOSE || slot->was_polka_used ||
        !slot->prevotes.has_quorum || is_nil(&id) ||
        !is_quorum_value_valid(con, out, &id)) {
        return false;
    }
    slot->was_polka_used = true;
    record->valid_round = (int32_t)record->round;
    record->valid_id = id;
    mun_con_rounds_votes(&record->polka, &con->rounds, slot, MUN_VOTE_PREVOTE,
                         &id);
    if (record->phase == MUN_CON_PREVOTE) {
        to_precommit(con, &id);
    }
    return true;
}

/* R8: A quorum of nil prevotes precommits nil. */
static bool
rule_nil(struct mun_con *con)
{
    const struct mun_con_round *slot = current_slot(con);

    if (con->record.phase != MUN_CON_PREVOTE || !slot->prevotes.has_quorum ||
        !is_nil(&slot->prevotes.quorum_id)) {
        return false;
    }
    to_precommit(con, &mun_hash_zero);
    return true;
}

/* R6: The first quorum of prevotes of any kind arms the prevote timer. */
static bool
rule_prevote_timer(struct mun_con *con, struct mun_con_out *out,
                   uint64_t now_ms)
{
    struct mun_con_round *slot = current_slot(con);

    if (con->record.phase != MUN_CON_PREVOTE || slot->was_prevote_timer_set ||
        slot->prevotes.count < quorum(con)) {
        return false;
    }
    slot->was_prevote_timer_set = true;
    set_timer(con, out, MUN_CON_TIMER_PREVOTE, now_ms);
    return true;
}

/* R9: The first quorum of precommits of any kind arms the precommit timer. */
static bool
rule_precommit_timer(struct mun_con *con, struct mun_con_out *out,
                     uint64_t now_ms)
{
    struct mun_con_round *slot = current_slot(con);

    if (slot->was_precommit_timer_set || slot->precommits.count < quorum(con)) {
        return false;
    }
    slot->was_precommit_timer_set = true;
    set_timer(con, out, MUN_CON_TIMER_PRECOMMIT, now_ms);
    return true;
}

/* Runs the rules until none applies. Bounded: each one raises the step or the
 * round, or sets a flag of the round. */
static void
run_rules(struct mun_con *con, struct mun_con_out *out, uint64_t now_ms)
{
    bool is_moving = true;

    while (is_moving && !con->is_decided) {
        is_moving = rule_decide(con, out) || rule_skip(con, out, now_ms);
        if (!is_moving && !con->is_idle) {
            is_moving = rule_fresh(con, out) || rule_again(con, out) ||
                        rule_polka(con, out) || rule_nil(con) ||
                        rule_prevote_timer(con, out, now_ms) ||
                        rule_precommit_timer(con, out, now_ms);
        }
    }
}

/* ---- Events ---- */

static void
note_certificate(struct mun_con *con, uint32_t round)
{
    const struct mun_con_round *slot = mun_con_rounds_find(&con->rounds, round);

    if (!con->has_certificate && slot != NULL && slot->precommits.has_quorum &&
        !is_nil(&slot->precommits.quorum_id)) {
        mun_con_rounds_certificate(&con->certificate, &con->rounds, slot);
        con->has_certificate = true;
    }
}

/* Whether our record can stand behind an own message. */
static bool
is_ours(const struct mun_con *con, const struct mun_con_signed *ballot)
{
    const struct mun_vote *vote = &ballot->vote;
    const struct mun_con_own *own = &con->record.own[vote->type - 1];

    return own->is_present && own->round >= vote->round &&
           (own->round > vote->round ||
            (own->valid_round == vote->valid_round &&
             mun_hash_eq(&own->id, &vote->id)));
}

/* R33: Two different messages of one member, height, round and type are
 * evidence. */
static void
note_contradiction(struct mun_con *con, struct mun_con_out *out,
                   const struct mun_con_signed *ballot)
{
    struct mun_con_signed counted;

    if (!mun_con_rounds_counted(&con->rounds, &counted, ballot) ||
        !mun_con_is_contradiction(&counted, ballot)) {
        return;
    }
    out->notices |= MUN_CON_NOTICE_CONTRADICTION;
    if (!out->has_evidence && !con->is_reported[ballot->member]) {
        con->is_reported[ballot->member] = true;
        out->has_evidence = true;
        mun_con_evidence_make(&out->evidence, &con->config.chain_id, &counted,
                              ballot);
    }
}

/* R34: A member whose key has signed what it did not sign is silent from then
 * on. */
static void
note_own(struct mun_con *con, struct mun_con_out *out,
         const struct mun_con_signed *ballot)
{
    if (ballot->vote.height > con->record.height || !is_ours(con, ballot)) {
        out->notices |= MUN_CON_NOTICE_OWN_KEY;
        con->is_key_elsewhere = true;
    }
}

static void
on_ballot(struct mun_con *con, struct mun_con_out *out,
          const struct mun_con_signed *ballot, uint64_t now_ms)
{
    bool is_proposal = ballot->vote.type == MUN_VOTE_PROPOSAL;
    uint32_t round = ballot->vote.round;

    if (is_proposal && ballot->member != proposer_of(con, round)) {
        out->notices |= MUN_CON_NOTICE_WRONG_PROPOSER;
        return;
    }
    note_contradiction(con, out, ballot);
    (void)mun_con_rounds_add(&con->rounds, ballot,
                             now_ms); /* any outcome is fine */
    note_certificate(con, round);
    /* R1: A height stays idle until there is something to agree on. */
    if (con->is_idle && is_proposal && round == 0) {
        start_round(con, out, 0, now_ms);
    }
}

/* R30: A member that is behind a skip quorum does not sign at this height, and
 * asks for its certificate. */
static void
note_behind(struct mun_con *con, struct mun_con_out *out)
{
    if (!con->is_behind && con->own_index != MUN_CON_OBSERVER &&
        mun_con_ahead_reached(&con->ahead, con->member_count) >
            con->record.height) {
        con->is_behind = true;
        request(con, out, MUN_CON_REQUEST_CATCH_UP, &mun_hash_zero);
    }
}

static void
on_message_ballot(struct mun_con *con, struct mun_con_out *out,
                  const struct mun_con_signed *ballot, uint64_t now_ms)
{
    if (ballot->member >= con->member_count) {
        return;
    }
    /* R28: An own message that comes from outside is not counted. */
    if (ballot->member == con->own_index) {
        note_own(con, out, ballot);
    } else if (ballot->vote.height == con->record.height) {
        on_ballot(con, out, ballot, now_ms);
    } else {
        mun_con_ahead_add(&con->ahead, ballot, con->record.height);
        note_behind(con, out);
    }
}

/* R16: A certificate is taken whole, whatever its signers sent before. */
static void
on_certificate(struct mun_con *con, struct mun_con_out *out,
               const struct mun_certificate *certificate)
{
    uint32_t next = 0;

    if (certificate->member_count != con->member_count) {
        return;
    }
    for (uint32_t i = 0; i < con->member_count; i++) {
        struct mun_con_signed ballot = {
            { MUN_VOTE_PRECOMMIT, certificate->height, certificate->round, -1,
              certificate->header_id },
            i,
            { { 0 } },
        };

        if ((certificate->bitmap[i / 8] & (0x80u >> (i % 8))) == 0) {
            continue;
        }
        ballot.sig = certificate->sigs[next];
        next++;
        if (i == con->own_index) {
            note_own(con, out, &ballot);
        } else {
            note_contradiction(con, out, &ballot);
        }
    }
    if (!con->has_certificate) {
        con->certificate = *certificate;
        con->has_certificate = true;
    }
}

/* As on_certificate, for a polka or the precommits of a round. */
static void
on_votes(struct mun_con *con, struct mun_con_out *out,
         const struct mun_con_votes *votes, uint64_t now_ms)
{
    struct mun_con_signed ballot = { 0 };

    if (!mun_con_votes_has_quorum(votes, con->member_count)) {
        return;
    }
    for (uint32_t i = 0; i < votes->count; i++) {
        mun_con_votes_get(&ballot.vote, votes, i);
        ballot.member = votes->at[i].member;
        ballot.sig = votes->at[i].sig;
        if (ballot.member == con->own_index) {
            note_own(con, out, &ballot);
        } else {
            note_contradiction(con, out, &ballot);
        }
    }
    /* The window has to reach their round: it goes there first. */
    if ((int32_t)votes->round > current_round(con)) {
        start_round(con, out, votes->round, now_ms);
    }
    mun_con_rounds_take(&con->rounds, votes);
    note_certificate(con, votes->round);
}

static void
on_message(struct mun_con *con, struct mun_con_out *out,
           const struct mun_con_msg *msg, uint64_t now_ms)
{
    uint64_t height = mun_con_msg_height(msg);
    bool is_ballot =
        msg->kind == MUN_CON_MSG_PROPOSAL || msg->kind == MUN_CON_MSG_VOTE;

    if (height < con->record.height ||
        (height > con->record.height && !is_ballot)) {
        return;
    }
    switch (msg->kind) {
    case MUN_CON_MSG_PROPOSAL:
    case MUN_CON_MSG_VOTE:
        on_message_ballot(con, out, &msg->ballot, now_ms);
        return;
    case MUN_CON_MSG_CERTIFICATE:
        on_certificate(con, out, &msg->certificate);
        return;
    case MUN_CON_MSG_VOTES:
        on_votes(con, out, &msg->votes, now_ms);
        return;
    }
}

static void
on_timer(struct mun_con *con, struct mun_con_out *out,
         const struct mun_con_timer *timer, uint64_t now_ms)
{
    const struct mun_con_record *record = &con->record;

    if (con->is_idle || timer->height != record->height ||
        timer->round != record->round) {
        return;
    }
    switch (timer->kind) {
    case MUN_CON_TIMER_PROPOSE:
        /* R12: A propose timer that still fits height, round and step prevotes
         * nil. */
        if (record->phase == MUN_CON_PROPOSE) {
            to_prevote(con, &mun_hash_zero, -1);
        }
        return;
    case MUN_CON_TIMER_PREVOTE:
        /* R13: A prevote timer that still fits height, round and step
         * precommits nil. */
        if (record->phase == MUN_CON_PREVOTE) {
            to_precommit(con, &mun_hash_zero);
        }
        return;
    case MUN_CON_TIMER_PRECOMMIT:
        /* R14: A precommit timer that still fits height and round enters the
         * next round. */
        if (record->round < MUN_CON_ROUND_MAX - 1) {
            mun_con_rounds_votes(&con->record.entry, &con->rounds,
                                 current_slot(con), MUN_VOTE_PRECOMMIT, NULL);
            start_round(con, out, record->round + 1, now_ms);
        }
        return;
    case MUN_CON_TIMER_RESEND:
        resend(con, out, now_ms);
        return;
    }
}

static void
on_value(struct mun_con *con, const struct mun_con_value_ready *ready)
{
    struct mun_con_value *value = NULL;

    if (con->is_idle || !con->is_value_asked ||
        ready->height != con->record.height ||
        ready->round != con->record.round ||
        con->record.phase != MUN_CON_PROPOSE || is_nil(&ready->id)) {
        return;
    }
    con->is_value_asked = false;
    say(con, MUN_VOTE_PROPOSAL, &ready->id, -1);
    value = open_value(con, &ready->id);
    value->verdict = MUN_CON_VERDICT_VALID;
    value->time_ms = ready->time_ms;
}

static void
on_validity(struct mun_con *con, const struct mun_con_validity *validity)
{
    struct mun_con_value *value = find_value(con, &validity->id);

    if (validity->height != con->record.height || value == NULL ||
        value->verdict != MUN_CON_VERDICT_ASKED) {
        return;
    }
    value->verdict =
        validity->is_valid ? MUN_CON_VERDICT_VALID : MUN_CON_VERDICT_INVALID;
    value->time_ms = validity->time_ms;
}

/* R19: An own message counts and is sent only after it is durable. */
static void
on_persisted(struct mun_con *con, struct mun_con_out *out,
             const struct mun_con_persisted *persisted, uint64_t now_ms)
{
    con->awaited_count = 0;
    for (uint32_t i = 0; i < persisted->count; i++) {
        const struct mun_con_signed *ballot = &persisted->ballots[i];

        con->own[ballot->vote.type - 1] = *ballot;
        send_ballot(out, ballot);
        /* R32: A re-proposal travels with the polka that it rests on. */
        if (ballot->vote.type == MUN_VOTE_PROPOSAL &&
            ballot->vote.valid_round >= 0) {
            send_votes(out, &con->record.polka);
        }
        (void)mun_con_rounds_add(&con->rounds, ballot,
                                 now_ms); /* any outcome is fine */
        note_certificate(con, ballot->vote.round);
    }
}

/* R21: A restarted member signs its last messages again and goes on in the
 * round and step of its record. */
static void
restore(struct mun_con *con, struct mun_con_out *out,
        const struct mun_con_record *record, uint64_t now_ms)
{
    con->record = *record;
    con->is_idle = false;
    mun_con_rounds_move(&con->rounds, record->round);
    if (record->polka.count > 0) {
        mun_con_rounds_take(&con->rounds, &record->polka);
    }
    if (record->entry.count > 0) {
        mun_con_rounds_take(&con->rounds, &record->entry);
        note_certificate(con, record->entry.round);
    }
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        if (record->own[i].is_present) {
            mun_con_record_vote(&con->awaited[con->awaited_count], record,
                                (enum mun_vote_type)(i + 1));
            con->awaited_count++;
        }
    }
    if (record->phase == MUN_CON_PROPOSE) {
        set_timer(con, out, MUN_CON_TIMER_PROPOSE, now_ms);
    }
    start_resend(con, out, now_ms);
}

static void
clear_height(struct mun_con *con, const struct mun_con_started *started)
{
    con->member_count = started->members->count;
    con->own_index = started->own_index;
    memset(&con->history, 0, sizeof(con->history));
    if (started->history != NULL) {
        con->history = *started->history;
    }
    mun_con_record_init(&con->record, started->height);
    con->is_idle = true;
    con->is_decided = false;
    con->is_behind = false;
    con->is_value_asked = false;
    con->has_certificate = false;
    memset(&con->certificate, 0, sizeof(con->certificate));
    memset(con->values, 0, sizeof(con->values));
    memset(con->own, 0, sizeof(con->own));
    memset(con->is_reported, 0, sizeof(con->is_reported));
    mun_con_rounds_init(&con->rounds, started->height, con->member_count);
}

static void
on_started(struct mun_con *con, struct mun_con_out *out,
           const struct mun_con_started *started, uint64_t now_ms)
{
    struct mun_hash members_hash;
    struct mun_con_signed ballot;

    clear_height(con, started);
    mun_members_hash(&members_hash, started->members);
    mun_con_ahead_move(&con->ahead, &members_hash);
    note_behind(con, out);
    if (started->record != NULL && started->record->height == started->height &&
        started->own_index != MUN_CON_OBSERVER) {
        restore(con, out, started->record, now_ms);
    }
    while (mun_con_ahead_take(&con->ahead, &ballot, started->height)) {
        /* Kept while this member was an observer and had no index. */
        if (ballot.member == con->own_index) {
            note_own(con, out, &ballot);
        } else {
            on_ballot(con, out, &ballot, now_ms);
        }
    }
}

/* ---- The step ---- */

static bool
is_record_of(const struct mun_con_record *record, uint32_t member_count)
{
    return (record->polka.count == 0 ||
            mun_con_votes_has_quorum(&record->polka, member_count)) &&
           (record->entry.count == 0 ||
            mun_con_votes_has_quorum(&record->entry, member_count));
}

static mun_err_t
check_started(const struct mun_con *con, const struct mun_con_started *started)
{
    uint32_t count = started->members->count;

    if (count < 1 || count > MUN_MEMBERS_MAX ||
        started->height <= con->record.height ||
        (started->own_index != MUN_CON_OBSERVER &&
         started->own_index >= count) ||
        (started->history != NULL &&
         started->history->count > MUN_CON_HISTORY_MAX)) {
        return mun_err(MUN_ERR_INTERNAL);
    }
    if (started->record == NULL) {
        return MUN_SUCCESS;
    }
    if (!mun_is_ok(mun_con_record_check(started->record))) {
        return mun_err(MUN_ERR_CORRUPT);
    }
    if (started->record->height > started->height) {
        return mun_err(MUN_ERR_BEHIND);
    }
    return started->record->height < started->height ||
                   is_record_of(started->record, count)
               ? MUN_SUCCESS
               : mun_err(MUN_ERR_CORRUPT);
}

static bool
is_same_vote(const struct mun_vote *a, const struct mun_vote *b)
{
    return a->type == b->type && a->height == b->height &&
           a->round == b->round && a->valid_round == b->valid_round &&
           mun_hash_eq(&a->id, &b->id);
}

static mun_err_t
check_persisted(const struct mun_con *con,
                const struct mun_con_persisted *persisted)
{
    if (con->awaited_count == 0 || persisted->count != con->awaited_count) {
        return mun_err(MUN_ERR_INTERNAL);
    }
    for (uint32_t i = 0; i < persisted->count; i++) {
        if (persisted->ballots[i].member != con->own_index ||
            !is_same_vote(&persisted->ballots[i].vote, &con->awaited[i])) {
            return mun_err(MUN_ERR_INTERNAL);
        }
    }
    return MUN_SUCCESS;
}

/* Everything that can fail; nothing has changed yet. */
static mun_err_t
check_event(const struct mun_con *con, const struct mun_con_event *event)
{
    if (event->kind == MUN_CON_EVENT_PERSISTED) {
        return check_persisted(con, &event->as.persisted);
    }
    /* R20: While a write is outstanding every other event is refused. */
    if (con->awaited_count > 0) {
        return mun_err(MUN_ERR_BUSY);
    }
    return event->kind == MUN_CON_EVENT_STARTED
               ? check_started(con, &event->as.started)
               : MUN_SUCCESS;
}

static void
take_event(struct mun_con *con, struct mun_con_out *out,
           const struct mun_con_event *event)
{
    switch (event->kind) {
    case MUN_CON_EVENT_STARTED:
        on_started(con, out, &event->as.started, event->now_ms);
        return;
    case MUN_CON_EVENT_WORK:
        if (con->is_idle) {
            start_round(con, out, 0, event->now_ms);
        }
        return;
    case MUN_CON_EVENT_MESSAGE:
        on_message(con, out, &event->as.message->msg, event->now_ms);
        return;
    case MUN_CON_EVENT_TIMER:
        on_timer(con, out, &event->as.timer, event->now_ms);
        return;
    case MUN_CON_EVENT_VALUE:
        on_value(con, &event->as.value);
        return;
    case MUN_CON_EVENT_VALIDITY:
        on_validity(con, &event->as.validity);
        return;
    case MUN_CON_EVENT_PERSISTED:
        on_persisted(con, out, &event->as.persisted, event->now_ms);
        return;
    }
}

static void
put_persist(const struct mun_con *con, struct mun_con_out *out)
{
    /* I5, I6, and that the step is the one that the own messages say. */
    MUN_CHECK(mun_is_ok(mun_con_record_check(&con->record)));
    out->has_persist = true;
    out->persist.record = &con->record;
    out->persist.count = con->awaited_count;
    for (uint32_t i = 0; i < con->awaited_count; i++) {
        out->persist.votes[i] = con->awaited[i];
    }
}

mun_err_t
mun_con_step(struct mun_con *con, struct mun_con_out *out,
             const struct mun_con_event *event)
{
    bool is_live = con->record.height > 0 && !con->is_decided;

    memset(out, 0, sizeof(*out));
    MUN_TRY(check_event(con, event));
    if (!is_live && event->kind != MUN_CON_EVENT_STARTED &&
        event->kind != MUN_CON_EVENT_PERSISTED) {
        return MUN_SUCCESS;
    }
    take_event(con, out, event);
    /* A restarted member counts its own messages before it judges anything. */
    if (event->kind != MUN_CON_EVENT_STARTED || con->awaited_count == 0) {
        run_rules(con, out, event->now_ms);
    }
    forget_requests(con);
    if (con->awaited_count > 0) {
        put_persist(con, out);
    }
    return MUN_SUCCESS;
}

/* ---- Configuration and getters ---- */

void
mun_con_config_default(struct mun_con_config *out,
                       const struct mun_hash *chain_id)
{
    memset(out, 0, sizeof(*out));
    out->chain_id = *chain_id;
    out->propose = (struct mun_con_timeout){ 1500, 500 };
    out->prevote = (struct mun_con_timeout){ 500, 250 };
    out->precommit = (struct mun_con_timeout){ 500, 250 };
    out->timeout_ms_max = 60000;
    out->resend_ms_min = 1000;
    out->resend_ms_max = 8000;
    out->time = (struct mun_con_time_params){ 500, 15000 };
}

mun_err_t
mun_con_init(struct mun_con *con, const struct mun_con_config *config)
{
    memset(con, 0, sizeof(*con));
    if (config->propose.init_ms == 0 || config->prevote.init_ms == 0 ||
        config->precommit.init_ms == 0 || config->timeout_ms_max == 0 ||
        config->resend_ms_min == 0 ||
        config->resend_ms_max < config->resend_ms_min) {
        return mun_err(MUN_ERR_CONFIG);
    }
    con->config = *config;
    return MUN_SUCCESS;
}

bool
mun_con_is_busy(const struct mun_con *con)
{
    return con->awaited_count > 0;
}

bool
mun_con_is_idle(const struct mun_con *con)
{
    return con->is_idle;
}

bool
mun_con_is_decided(const struct mun_con *con)
{
    return con->is_decided;
}

uint64_t
mun_con_height(const struct mun_con *con)
{
    return con->record.height;
}

uint32_t
mun_con_round(const struct mun_con *con)
{
    return con->record.round;
}

bool
mun_con_is_behind(const struct mun_con *con)
{
    return con->is_behind;
}

bool
mun_con_is_key_elsewhere(const struct mun_con *con)
{
    return con->is_key_elsewhere;
}

bool
mun_con_may_defer_sync(const struct mun_con *con)
{
    return con->member_count == 1 && con->own_index == 0;
}

bool
mun_con_needs_value(const struct mun_con *con, const struct mun_hash *id)
{
    return is_needed(con, id);
}

bool
mun_con_keeps_value(const struct mun_con *con, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < MUN_CON_VALUES; i++) {
        if (con->values[i].verdict == MUN_CON_VERDICT_VALID &&
            mun_hash_eq(&con->values[i].id, id)) {
            return true;
        }
    }
    return is_needed(con, id);
}

void
mun_con_vote_digest(struct mun_hash *out, const struct mun_con *con,
                    const struct mun_vote *vote)
{
    mun_vote_digest(out, &con->config.chain_id, vote);
}
