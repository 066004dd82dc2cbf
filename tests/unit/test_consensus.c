/* The step function: each line of the algorithm against scripted peers, small
 * networks of real steps, and restarts. Rules R1 ... are those of
 * consensus/README.md, invariants I1 ... those of consensus/step.h. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"

#define N_MAX 7
#define START_MS 1000000u

/* Four members; at height 8 the proposers of rounds 0, 1, 2, 3 are members 0,
 * 1, 2, 3. */
#define HEIGHT 8u

/* One node under test with its peers' keys. */
struct bench {
    struct mun_signer signers[N_MAX];
    struct mun_con con;
    struct mun_con_out out;
    uint64_t now_ms;
    struct mun_hash chain_id;
    struct mun_members members;
    uint32_t own;
};

static struct bench the_bench;

static struct mun_hash
id_of(uint8_t name)
{
    struct mun_hash id;

    memset(&id, name, sizeof(id));
    return id;
}

#define NIL id_of(0)

static void
make_members(struct bench *b, uint32_t count)
{
    memset(b, 0, sizeof(*b));
    b->chain_id = id_of(0xcc);
    b->members.count = count;
    b->now_ms = START_MS;
    for (uint32_t i = 0; i < count; i++) {
        struct mun_secret secret = { { 0 } };

        secret.b[31] = (uint8_t)(i + 1);
        assert_true(mun_is_ok(mun_signer_init(&b->signers[i], &secret)));
    }
    /* By key, as the set is ordered. */
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++) {
            if (mun_key_cmp(&b->signers[j].key, &b->signers[i].key) < 0) {
                struct mun_secret a = b->signers[i].secret;
                struct mun_secret c = b->signers[j].secret;

                assert_true(mun_is_ok(mun_signer_init(&b->signers[i], &c)));
                assert_true(mun_is_ok(mun_signer_init(&b->signers[j], &a)));
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        b->members.at[i].key = b->signers[i].key;
        b->members.at[i].party = id_of((uint8_t)(i + 1));
    }
    assert_true(mun_is_ok(mun_members_check(&b->members)));
}

static mun_err_t
give(struct bench *b, struct mun_con_event *event)
{
    event->now_ms = b->now_ms;
    return mun_con_step(&b->con, &b->out, event);
}

static void
give_ok(struct bench *b, struct mun_con_event *event)
{
    assert_int_equal(give(b, event).code, MUN_OK);
}

static mun_err_t
start_with(struct bench *b, uint64_t height,
           const struct mun_con_record *record)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED };

    event.as.started.height = height;
    event.as.started.members = &b->members;
    event.as.started.own_index = b->own;
    event.as.started.record = record;
    return give(b, &event);
}

static void
init_con(struct bench *b)
{
    struct mun_con_config config;

    mun_con_config_default(&config, &b->chain_id);
    assert_true(mun_is_ok(mun_con_init(&b->con, &config)));
}

/* Member `own` of four at HEIGHT, idle. */
static struct bench *
bench_idle(uint32_t own)
{
    struct bench *b = &the_bench;

    make_members(b, 4);
    b->own = own;
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    return b;
}

static void
work(struct bench *b)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };

    give_ok(b, &event);
}

static struct bench *
bench_working(uint32_t own)
{
    struct bench *b = bench_idle(own);

    work(b);
    return b;
}

static struct mun_con_signed
sign(const struct bench *b, uint32_t member, const struct mun_vote *vote)
{
    struct mun_con_signed ballot = { .vote = *vote, .member = member };
    struct mun_hash digest;

    mun_vote_digest(&digest, &b->chain_id, vote);
    mun_signer_sign(&b->signers[member], &ballot.sig, &digest);
    return ballot;
}

/* Through bytes and the check, as from the network. */
static mun_err_t
receive(struct bench *b, const struct mun_con_msg *msg)
{
    static uint8_t buffer[MUN_CON_MSG_BYTES_MAX];
    static struct mun_con_msg decoded;
    static struct mun_con_msg_checked checked;
    struct mun_wr wr;
    struct mun_con_check against = { &b->chain_id, mun_con_msg_height(msg),
                                     &b->members };
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };

    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_msg_encode(&wr, msg);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    assert_int_equal(mun_con_msg_decode(&decoded, mun_wr_done(&wr)).code,
                     MUN_OK);
    assert_int_equal(mun_con_msg_check(&checked, &decoded, &against).code,
                     MUN_OK);
    event.as.message = &checked;
    return give(b, &event);
}

static void
receive_ballot(struct bench *b, const struct mun_con_signed *ballot)
{
    struct mun_con_msg msg;

    mun_con_msg_from_signed(&msg, ballot, 1000);
    assert_int_equal(receive(b, &msg).code, MUN_OK);
}

struct say {
    uint32_t member;
    enum mun_vote_type type;
    uint32_t round;
    struct mun_hash id;
    int32_t valid_round;
};

static void
hear(struct bench *b, struct say say)
{
    struct mun_vote vote = { say.type, HEIGHT, say.round, say.valid_round,
                             say.id };
    struct mun_con_signed ballot = sign(b, say.member, &vote);

    receive_ballot(b, &ballot);
}

static void
propose(struct bench *b, uint32_t member, uint32_t round, struct mun_hash id)
{
    hear(b, (struct say){ member, MUN_VOTE_PROPOSAL, round, id, -1 });
}

static void
prevote(struct bench *b, uint32_t member, uint32_t round, struct mun_hash id)
{
    hear(b, (struct say){ member, MUN_VOTE_PREVOTE, round, id, -1 });
}

static void
precommit(struct bench *b, uint32_t member, uint32_t round, struct mun_hash id)
{
    hear(b, (struct say){ member, MUN_VOTE_PRECOMMIT, round, id, -1 });
}

static void
judge_at(struct bench *b, struct mun_hash id, bool is_valid, uint64_t time_ms)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALIDITY };

    event.as.validity.height = HEIGHT;
    event.as.validity.id = id;
    event.as.validity.is_valid = is_valid;
    event.as.validity.time_ms = time_ms;
    give_ok(b, &event);
}

static void
judge(struct bench *b, struct mun_hash id, bool is_valid)
{
    judge_at(b, id, is_valid, b->now_ms);
}

static void
fire(struct bench *b, uint64_t height, uint32_t round, enum mun_con_phase phase)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_TIMER };

    event.as.timer.height = height;
    event.as.timer.round = round;
    event.as.timer.kind = (enum mun_con_timer_kind)phase;
    give_ok(b, &event);
}

static void
value(struct bench *b, uint32_t round, struct mun_hash id)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALUE };

    event.as.value.height = HEIGHT;
    event.as.value.round = round;
    event.as.value.id = id;
    event.as.value.time_ms = b->now_ms;
    give_ok(b, &event);
}

/* Signs what the outstanding persist asks for. */
static struct mun_con_event
persisted(const struct bench *b)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_PERSISTED };

    event.as.persisted.count = b->con.awaited_count;
    for (uint32_t i = 0; i < b->con.awaited_count; i++) {
        event.as.persisted.ballots[i] = sign(b, b->own, &b->con.awaited[i]);
    }
    return event;
}

static void
settle(struct bench *b)
{
    struct mun_con_event event = persisted(b);

    give_ok(b, &event);
}

static bool
has_timer(const struct bench *b, enum mun_con_phase phase, uint32_t round)
{
    for (uint32_t i = 0; i < b->out.timer_count; i++) {
        if (b->out.timers[i].kind == (enum mun_con_timer_kind)phase &&
            b->out.timers[i].round == round) {
            return true;
        }
    }
    return false;
}

static bool
has_request(const struct bench *b, enum mun_con_request_kind kind,
            struct mun_hash id)
{
    for (uint32_t i = 0; i < b->out.request_count; i++) {
        if (b->out.requests[i].kind == kind &&
            mun_hash_eq(&b->out.requests[i].id, &id)) {
            return true;
        }
    }
    return false;
}

static void
assert_quiet(const struct bench *b)
{
    assert_false(b->out.has_persist);
    assert_false(b->out.has_apply);
    assert_int_equal(b->out.send.count, 0);
    assert_int_equal(b->out.request_count, 0);
    assert_int_equal(b->out.timer_count, 0);
}

/* The step asks to sign exactly this vote. */
static void
assert_signs(const struct bench *b, struct say say)
{
    const struct mun_vote *vote = &b->out.persist.votes[0];

    assert_true(b->out.has_persist);
    assert_int_equal(b->out.persist.count, 1);
    assert_int_equal(vote->type, say.type);
    assert_int_equal(vote->height, HEIGHT);
    assert_int_equal(vote->round, say.round);
    assert_int_equal(vote->valid_round, say.valid_round);
    assert_true(mun_hash_eq(&vote->id, &say.id));
}

static void
assert_prevotes(const struct bench *b, uint32_t round, struct mun_hash id)
{
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, round, id, -1 });
}

static void
assert_precommits(const struct bench *b, uint32_t round, struct mun_hash id)
{
    assert_signs(b, (struct say){ 0, MUN_VOTE_PRECOMMIT, round, id, -1 });
}

static void
assert_decides(const struct bench *b, struct mun_hash id, uint32_t round)
{
    assert_true(b->out.has_apply);
    assert_int_equal(b->out.apply.height, HEIGHT);
    assert_true(mun_hash_eq(&b->out.apply.id, &id));
    assert_int_equal(b->out.apply.certificate->round, round);
    assert_int_equal(mun_certificate_verify(b->out.apply.certificate,
                                            &b->chain_id, &b->members)
                         .code,
                     MUN_OK);
}

/* Member 3 in round 0, prevoted `id` together with the proposal. */
static struct bench *
bench_prevoted(struct mun_hash id)
{
    struct bench *b = bench_working(3);

    propose(b, 0, 0, id);
    judge(b, id, true);
    assert_prevotes(b, 0, id);
    settle(b);
    return b;
}

/* Member 3, locked on `id` in round 0. */
static struct bench *
bench_locked(struct mun_hash id)
{
    struct bench *b = bench_prevoted(id);

    prevote(b, 0, 0, id);
    prevote(b, 1, 0, id);
    assert_precommits(b, 0, id);
    settle(b);
    return b;
}

/* ---- R1 to R3: lines 10 to 21 ---- */

static void
an_idle_height_has_no_timers_and_wants_nothing(void **state)
{
    struct bench *b = bench_idle(0);

    (void)state;
    assert_quiet(b);
    assert_true(mun_con_is_idle(&b->con));
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_quiet(b);
}

static void
line_10_work_starts_round_0(void **state)
{
    struct bench *b = bench_working(1);

    (void)state;
    assert_false(mun_con_is_idle(&b->con));
    assert_int_equal(mun_con_round(&b->con), 0);
    work(b);
    assert_quiet(b);
}

static void
line_10_the_proposal_of_round_0_starts_it_too(void **state)
{
    struct bench *b = bench_idle(1);

    (void)state;
    propose(b, 0, 0, id_of(1));
    assert_true(has_timer(b, MUN_CON_PROPOSE, 0));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
}

static void
one_liar_does_not_end_idleness(void **state)
{
    struct bench *b = bench_idle(1);

    (void)state;
    prevote(b, 2, 0, NIL);
    precommit(b, 2, 9, NIL);
    assert_true(mun_con_is_idle(&b->con));
    prevote(b, 3, 0, NIL);
    assert_false(mun_con_is_idle(&b->con));
    assert_int_equal(mun_con_round(&b->con), 0);
}

static void
line_18_a_proposer_without_valid_value_asks_for_one(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    assert_true(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
    assert_true(has_timer(b, MUN_CON_PROPOSE, 0));
    assert_false(b->out.has_persist);
}

static void
line_19_the_value_is_proposed_once(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    value(b, 1, id_of(9)); /* another round */
    assert_quiet(b);
    value(b, 0, id_of(1));
    assert_signs(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 0, id_of(1), -1 });
    settle(b);
    assert_int_equal(b->out.send.count, 1);
    assert_int_equal(b->out.send.ballots[0].vote.type, MUN_VOTE_PROPOSAL);
    assert_prevotes(b, 0, id_of(1));
    settle(b);
    value(b, 0, id_of(2));
    assert_quiet(b);
}

static void
line_19_a_value_that_comes_after_the_step_is_dropped(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_prevotes(b, 0, NIL);
    settle(b);
    value(b, 0, id_of(1));
    assert_quiet(b);
}

static void
line_16_the_proposer_proposes_the_valid_value_with_its_round(void **state)
{
    struct bench *b = bench_locked(id_of(1)); /* member 3 */

    (void)state;
    prevote(b, 0, 3, NIL); /* two members are in round 3 */
    prevote(b, 1, 3, NIL);
    assert_int_equal(mun_con_round(&b->con), 3);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 3, id_of(1), 0 });
    assert_false(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
    settle(b);
    /* And prevotes it by rule R5, naming the valid round. */
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 3, id_of(1), 0 });
}

static void
line_21_others_arm_the_propose_timer(void **state)
{
    struct bench *b = bench_working(2);

    (void)state;
    assert_true(has_timer(b, MUN_CON_PROPOSE, 0));
    assert_int_equal(b->out.timers[0].deadline_ms, START_MS + 1500);
    assert_int_equal(b->out.request_count, 0);
}

static void
timeouts_grow_with_rounds_up_to_the_cap(void **state)
{
    struct bench *b = bench_working(2);

    (void)state;
    prevote(b, 0, 4, NIL);
    prevote(b, 1, 4, NIL);
    assert_int_equal(b->out.timers[0].deadline_ms, START_MS + 1500 + 4 * 500);
    prevote(b, 0, 2000000001, NIL);
    prevote(b, 1, 2000000001, NIL);
    assert_int_equal(b->out.timers[0].deadline_ms, START_MS + 60000);
}

/* ---- R4: lines 22 to 27 ---- */

static void
line_22_the_verdict_is_waited_for(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    assert_false(b->out.has_persist);
    judge(b, id_of(2), true); /* nobody asked */
    assert_quiet(b);
}

static void
line_22_only_the_proposer_of_the_round_is_heard(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 1, 0, id_of(1));
    assert_quiet(b);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_WRONG_PROPOSER);
}

static void
line_24_a_valid_value_gets_a_prevote(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    judge(b, id_of(1), true);
    assert_prevotes(b, 0, id_of(1));
    assert_int_equal(b->out.persist.record->phase, MUN_CON_PREVOTE);
}

static void
line_26_an_invalid_value_gets_nil(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    judge(b, id_of(1), false);
    assert_prevotes(b, 0, NIL);
}

static void
line_26_an_untimely_value_gets_nil(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    judge_at(b, id_of(1), true, START_MS + 501);
    assert_prevotes(b, 0, NIL);
}

static void
line_26_another_value_than_the_locked_gets_nil(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    propose(b, 1, 1, id_of(2));
    prevote(b, 2, 1, NIL); /* members 1 and 2 are in round 1 */
    assert_int_equal(mun_con_round(&b->con), 1);
    judge(b, id_of(2), true);
    assert_prevotes(b, 1, NIL);
}

static void
line_23_the_locked_value_proposed_afresh_gets_a_prevote(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    propose(b, 1, 1, id_of(1));
    prevote(b, 2, 1, NIL);
    assert_prevotes(b, 1, id_of(1));
}

static void
line_22_a_proposal_with_a_valid_round_is_not_for_it(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    prevote(b, 2, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    assert_false(b->out.has_persist);
    assert_false(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
}

/* ---- R5: lines 28 to 33 ---- */

static void
line_28_a_reproposal_needs_the_polka_of_its_valid_round(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    prevote(b, 2, 1, NIL);
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(2)); /* for another value */
    assert_quiet(b);
    prevote(b, 2, 0, id_of(1));
    assert_quiet(b);
    assert_int_equal(mun_con_round(&b->con), 1);
}

static void
line_30_a_reproposal_with_its_polka_gets_a_prevote(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    prevote(b, 2, 1, NIL);
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    prevote(b, 2, 0, id_of(1));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    judge_at(b, id_of(1), true, 1); /* its age is not judged again */
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 1, id_of(1), 0 });
}

static void
line_29_a_newer_polka_overrides_the_lock(void **state)
{
    struct bench *b = bench_locked(id_of(1)); /* in round 0 */

    (void)state;
    prevote(b, 0, 1, id_of(2)); /* polka for 2 in round 1 */
    prevote(b, 1, 1, id_of(2));
    assert_int_equal(mun_con_round(&b->con), 1);
    prevote(b, 2, 1, id_of(2));
    hear(b, (struct say){ 2, MUN_VOTE_PROPOSAL, 2, id_of(2), 1 });
    prevote(b, 0, 2, NIL);
    assert_int_equal(mun_con_round(&b->con), 2);
    judge(b, id_of(2), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 2, id_of(2), 1 });
}

static void
line_32_an_older_polka_does_not_override_the_lock(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    /* A polka for 2 in round 0 that this member could not use in time. */
    prevote(b, 0, 0, id_of(2));
    prevote(b, 1, 0, id_of(2));
    prevote(b, 2, 0, id_of(2));
    /* Locked on 1 in round 1. */
    propose(b, 1, 1, id_of(1));
    prevote(b, 0, 1, id_of(1));
    judge(b, id_of(1), true);
    settle(b);
    prevote(b, 1, 1, id_of(1));
    assert_precommits(b, 1, id_of(1));
    settle(b);
    hear(b, (struct say){ 2, MUN_VOTE_PROPOSAL, 2, id_of(2), 0 });
    prevote(b, 0, 2, NIL);
    judge(b, id_of(2), true);
    assert_prevotes(b, 2, NIL);
}

static void
line_28_the_newest_polka_outlives_the_window(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    prevote(b, 2, 0, id_of(1));
    prevote(b, 0, 8, NIL);
    hear(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 8, id_of(1), 0 });
    prevote(b, 1, 8, NIL);
    assert_int_equal(mun_con_round(&b->con), 8);
    /* Round 8 was ahead of the window when the proposal came: sent again. */
    hear(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 8, id_of(1), 0 });
    judge(b, id_of(1), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 8, id_of(1), 0 });
}

/* ---- R6: lines 34 and 35 ---- */

static void
line_34_a_quorum_of_mixed_prevotes_arms_the_timer_once(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, NIL);
    assert_quiet(b);
    prevote(b, 1, 0, id_of(2));
    assert_true(has_timer(b, MUN_CON_PREVOTE, 0));
    assert_false(b->out.has_persist);
    prevote(b, 2, 0, NIL);
    assert_quiet(b);
}

static void
line_34_prevotes_are_not_timed_in_step_propose(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 0, NIL);
    prevote(b, 1, 0, id_of(2));
    prevote(b, 2, 0, id_of(3));
    assert_quiet(b);
}

/* ---- R7: lines 36 to 43 ---- */

static void
line_38_a_polka_locks_and_precommits(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_hash id = id_of(1);

    (void)state;
    prevote(b, 0, 0, id);
    prevote(b, 1, 0, id);
    assert_precommits(b, 0, id);
    /* I5: the lock goes with the precommit. */
    assert_int_equal(b->out.persist.record->locked_round, 0);
    assert_true(mun_hash_eq(&b->out.persist.record->locked_id, &id));
    assert_int_equal(b->out.persist.record->valid_round, 0);
    assert_true(mun_hash_eq(&b->out.persist.record->valid_id, &id));
}

static void
line_36_a_polka_for_another_value_fetches_it_first(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, id_of(2));
    prevote(b, 1, 0, id_of(2));
    prevote(b, 2, 0, id_of(2));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(2)));
    assert_false(b->out.has_persist);
    judge(b, id_of(2), true);
    assert_precommits(b, 0, id_of(2));
}

static void
line_36_an_invalid_value_is_never_locked(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, id_of(2));
    prevote(b, 1, 0, id_of(2));
    prevote(b, 2, 0, id_of(2));
    judge(b, id_of(2), false);
    assert_false(b->out.has_persist);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_INVALID_QUORUM);
}

static void
line_42_the_valid_value_is_updated_after_the_precommit(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, NIL);
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    assert_precommits(b, 0, NIL);
    settle(b);
    prevote(b, 2, 0, id_of(1));
    assert_false(b->out.has_persist);
    /* Seen in what the member proposes in its turn. */
    prevote(b, 0, 3, NIL);
    prevote(b, 1, 3, NIL);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 3, id_of(1), 0 });
    assert_int_equal(b->out.persist.record->locked_round, -1);
}

/* ---- R8 and R9: lines 44 to 48 ---- */

static void
line_44_a_quorum_of_nil_prevotes_precommits_nil(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, NIL);
    prevote(b, 1, 0, NIL);
    assert_false(b->out.has_persist);
    prevote(b, 2, 0, NIL);
    assert_precommits(b, 0, NIL);
    assert_int_equal(b->out.persist.record->locked_round, -1);
}

static void
line_47_a_quorum_of_precommits_arms_the_timer_in_any_step(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 0, 0, NIL);
    precommit(b, 1, 0, NIL);
    assert_quiet(b);
    precommit(b, 2, 0, id_of(1));
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 0));
    precommit(b, 2, 0, id_of(1));
    assert_quiet(b);
}

/* ---- R10: lines 49 to 54 ---- */

static void
line_49_a_quorum_of_precommits_decides(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    precommit(b, 0, 0, id_of(1));
    assert_quiet(b);
    precommit(b, 1, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
    assert_true(mun_con_is_decided(&b->con));
    precommit(b, 2, 0, id_of(1)); /* I7 */
    assert_quiet(b);
}

static void
line_49_an_old_round_decides(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    prevote(b, 0, 2, NIL);
    prevote(b, 1, 2, NIL);
    assert_int_equal(mun_con_round(&b->con), 2);
    precommit(b, 1, 0, id_of(1));
    precommit(b, 2, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
}

static void
line_49_the_value_is_fetched_when_it_is_not_here(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_hash id = id_of(1);

    (void)state;
    precommit(b, 0, 1, id);
    precommit(b, 1, 1, id);
    precommit(b, 2, 1, id);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id));
    assert_false(b->out.has_apply);
    assert_true(mun_con_needs_value(&b->con, &id));
    judge(b, id, true);
    assert_decides(b, id, 1);
}

static void
line_50_an_invalid_value_is_never_decided(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, id_of(1));
    precommit(b, 2, 0, id_of(1));
    judge(b, id_of(1), false);
    assert_false(b->out.has_apply);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_INVALID_QUORUM);
}

static void
line_49_nil_precommits_decide_nothing(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 0, 0, NIL);
    precommit(b, 1, 0, NIL);
    precommit(b, 2, 0, NIL);
    assert_false(b->out.has_apply);
    assert_int_equal(b->out.request_count, 0);
}

static void
line_53_the_next_height_forgets_the_lock(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, id_of(1));
    assert_true(b->out.has_apply);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_true(mun_con_is_idle(&b->con));
    assert_int_equal(b->con.record.locked_round, -1);
    assert_int_equal(b->con.record.valid_round, -1);
    assert_false(b->con.record.own[MUN_VOTE_PREVOTE - 1].is_present);
}

/* ---- R11: lines 55 and 56 ---- */

static void
line_55_two_members_of_four_take_us_along(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 2, NIL);
    precommit(b, 0, 2, NIL); /* messages of one member are not two members */
    assert_int_equal(mun_con_round(&b->con), 0);
    precommit(b, 1, 2, NIL);
    assert_int_equal(mun_con_round(&b->con), 2);
    assert_true(has_timer(b, MUN_CON_PROPOSE, 2));
}

static void
line_55_a_liar_far_ahead_counts_for_the_rounds_below(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 0, 2000000000, NIL);
    assert_int_equal(mun_con_round(&b->con), 0);
    precommit(b, 1, 3, NIL);
    assert_int_equal(mun_con_round(&b->con), 3);
}

static void
line_55_votes_that_came_early_are_counted_on_arrival(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 1, 1, NIL);
    precommit(b, 1, 1, NIL);
    prevote(b, 2, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    settle(b);
    assert_precommits(b, 1, NIL); /* own prevote made the quorum */
}

/* ---- R12 to R14: lines 57 to 67 ---- */

static void
line_57_the_propose_timer_prevotes_nil(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_prevotes(b, 0, NIL);
}

static void
line_61_the_prevote_timer_precommits_nil(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    assert_precommits(b, 0, NIL);
}

static void
line_65_the_precommit_timer_enters_the_next_round_from_any_step(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 1);
    assert_true(has_timer(b, MUN_CON_PROPOSE, 1));
}

static void
old_timers_are_ignored(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE); /* the step has passed */
    assert_quiet(b);
    b = bench_prevoted(id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE); /* the step has passed */
    assert_quiet(b);
    fire(b, HEIGHT - 1, 0, MUN_CON_PREVOTE);
    assert_quiet(b);
    fire(b, HEIGHT, 1, MUN_CON_PREVOTE);
    assert_quiet(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 1);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT); /* the round has passed */
    assert_quiet(b);
    assert_int_equal(mun_con_round(&b->con), 1);
}

/* ---- R15 to R18: the log ---- */

static void
a_second_vote_of_a_member_does_not_count(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, id_of(2));
    prevote(b, 0, 0, id_of(1));
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_CONTRADICTION);
    prevote(b, 1, 0, id_of(1));
    assert_false(b->out.has_persist); /* two for value 1, not three */
    prevote(b, 2, 0, id_of(1));
    assert_precommits(b, 0, id_of(1));
}

static void
a_second_proposal_of_a_round_does_not_count(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    propose(b, 0, 0, id_of(2));
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_CONTRADICTION);
    assert_int_equal(b->out.request_count, 0);
    judge(b, id_of(1), true);
    assert_prevotes(b, 0, id_of(1));
}

static void
make_certificate(const struct bench *b, struct mun_con_msg *msg, uint32_t round,
                 struct mun_hash id)
{
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, HEIGHT, round, -1, id };

    memset(msg, 0, sizeof(*msg));
    msg->kind = MUN_CON_MSG_CERTIFICATE;
    msg->certificate.height = HEIGHT;
    msg->certificate.round = round;
    msg->certificate.header_id = id;
    msg->certificate.member_count = 4;
    msg->certificate.bitmap[0] = 0xe0;
    msg->certificate.sig_count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        msg->certificate.sigs[i] = sign(b, i, &vote).sig;
    }
}

static void
a_certificate_with_an_equivocators_vote_is_taken_whole(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_con_msg msg;

    (void)state;
    precommit(b, 0, 0, NIL); /* member 0 told us another thing */
    make_certificate(b, &msg, 0, id_of(1));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_decides(b, id_of(1), 0);
    assert_int_equal(b->out.apply.certificate->bitmap[0], 0xe0);
}

static void
a_certificate_decides_an_idle_height(void **state)
{
    struct bench *b = bench_idle(3);
    struct mun_con_msg msg;

    (void)state;
    make_certificate(b, &msg, 70, id_of(1));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 70);
}

static void
messages_of_other_heights_are_no_votes(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, HEIGHT + 1, 0, -1, id_of(1) };

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        struct mun_con_signed ballot = sign(b, i, &vote);

        receive_ballot(b, &ballot);
        /* R30: The second says that an honest member is there. */
        assert_int_equal(b->out.request_count, i == 1 ? 1 : 0);
        b->out.request_count = 0;
        assert_quiet(b);
    }
    assert_true(mun_con_is_behind(&b->con));
    vote.height = HEIGHT - 1;
    for (uint32_t i = 0; i < 3; i++) {
        struct mun_con_signed ballot = sign(b, i, &vote);

        receive_ballot(b, &ballot);
        assert_quiet(b);
    }
}

static void
an_own_message_from_outside_is_not_counted(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 3, 0, id_of(1)); /* it came back */
    assert_quiet(b);
    assert_int_equal(b->out.notices, 0);
    precommit(b, 3, 0, id_of(2)); /* somebody else has our key */
    assert_quiet(b);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_OWN_KEY);
    precommit(b, 0, 0, id_of(2));
    precommit(b, 1, 0, id_of(2));
    assert_int_equal(b->out.request_count, 0);
}

static void
values_that_nobody_needs_give_way(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_hash first = id_of(1);

    (void)state;
    for (uint32_t round = 0; round < 40; round++) {
        struct mun_hash id = id_of((uint8_t)(round + 1));

        if (round % 4 != 3) {
            propose(b, round % 4, round, id);
            assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id));
        }
        fire(b, HEIGHT, round, MUN_CON_PRECOMMIT);
        if (b->out.has_persist) {
            settle(b);
        }
    }
    assert_false(mun_con_needs_value(&b->con, &first));
}

/* ---- R19 to R22: durability ---- */

static void
nothing_is_sent_or_counted_before_it_is_durable(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    judge(b, id_of(1), true);
    /* I2: two prevotes are here, the own one is not counted yet. */
    assert_prevotes(b, 0, id_of(1));
    assert_int_equal(b->out.send.count, 0);
    settle(b);
    assert_int_equal(b->out.send.count, 1);
    assert_int_equal(b->out.send.ballots[0].vote.type, MUN_VOTE_PREVOTE);
    assert_precommits(b, 0, id_of(1));
}

static void
prevote_and_precommit_share_a_write_when_a_polka_waits(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    prevote(b, 2, 0, id_of(1));
    judge(b, id_of(1), true);
    assert_int_equal(b->out.persist.count, 2);
    settle(b);
    assert_int_equal(b->out.send.count, 2);
}

static void
everything_else_waits_while_a_write_is_outstanding(void **state)
{
    static struct mun_con before;
    struct bench *b = bench_working(3);
    struct mun_con_event event = { .kind = MUN_CON_EVENT_TIMER };

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_true(mun_con_is_busy(&b->con));
    before = b->con;
    for (int kind = MUN_CON_EVENT_STARTED; kind < MUN_CON_EVENT_PERSISTED;
         kind++) {
        event.kind = (enum mun_con_event_kind)kind;
        assert_int_equal(give(b, &event).code, MUN_ERR_BUSY);
        assert_quiet(b);
        /* I10 */
        assert_memory_equal(&before, &b->con, sizeof(before));
    }
}

static void
a_persisted_that_was_not_asked_for_is_refused(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_con_event event = { .kind = MUN_CON_EVENT_PERSISTED };

    (void)state;
    assert_int_equal(give(b, &event).code, MUN_ERR_INTERNAL);
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    event = persisted(b);
    event.as.persisted.ballots[0].vote.round = 1;
    assert_int_equal(give(b, &event).code, MUN_ERR_INTERNAL);
    event = persisted(b);
    event.as.persisted.ballots[0].member = 0;
    assert_int_equal(give(b, &event).code, MUN_ERR_INTERNAL);
    event = persisted(b);
    event.as.persisted.count = 0;
    assert_int_equal(give(b, &event).code, MUN_ERR_INTERNAL);
    settle(b);
    assert_int_equal(b->out.send.count, 1);
}

static struct mun_con_record
through_bytes(const struct mun_con_record *record)
{
    uint8_t buffer[MUN_CON_RECORD_BYTES_MAX];
    struct mun_con_record copy;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_record_encode(&wr, record);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    assert_int_equal(mun_con_record_decode(&copy, mun_wr_done(&wr)).code,
                     MUN_OK);
    return copy;
}

/* Crash and restart from what the last persist wrote. */
static void
restart(struct bench *b, const struct mun_con_record *written)
{
    struct mun_con_record record = through_bytes(written);

    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_OK);
}

static void
a_restart_sends_the_same_bytes_and_keeps_the_lock(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_con_record record;
    struct mun_con_event first;
    struct mun_con_event second;

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    record = *b->out.persist.record;
    first = persisted(b);
    restart(b, &record);
    /* Prevote and precommit again, nothing sent before they are durable. */
    assert_true(b->out.has_persist);
    assert_int_equal(b->out.persist.count, 2);
    assert_int_equal(b->out.send.count, 0);
    second = persisted(b);
    assert_memory_equal(&first.as.persisted.ballots[0].sig,
                        &second.as.persisted.ballots[1].sig,
                        sizeof(struct mun_sig));
    settle(b);
    assert_int_equal(b->out.send.count, 2);
    assert_false(b->out.has_persist);
    /* The lock holds in round 1. */
    propose(b, 1, 1, id_of(2));
    prevote(b, 2, 1, NIL);
    judge(b, id_of(2), true);
    assert_prevotes(b, 1, NIL);
}

static void
a_restart_in_any_step_never_signs_twice(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_con_record record = b->con.record;

    (void)state;
    restart(b, &record);
    settle(b);
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_quiet(b);
    propose(b, 0, 0, id_of(2));
    assert_false(b->out.has_persist);
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1)); /* own prevote is counted again */
    judge(b, id_of(1), true);
    assert_precommits(b, 0, id_of(1));
}

static void
a_restarted_proposer_proposes_the_same_value(void **state)
{
    struct bench *b = bench_working(0);
    struct mun_con_record record;

    (void)state;
    value(b, 0, id_of(1));
    record = *b->out.persist.record;
    restart(b, &record);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 0, id_of(1), -1 });
    assert_true(has_timer(b, MUN_CON_PROPOSE, 0));
    assert_int_equal(b->out.request_count, 0);
    settle(b);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    value(b, 0, id_of(2)); /* not asked for */
    assert_quiet(b);
    judge(b, id_of(1), true);
    assert_prevotes(b, 0, id_of(1));
}

static void
a_restarted_proposer_proposes_its_valid_value(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_con_record record = b->con.record;

    (void)state;
    restart(b, &record);
    settle(b);
    prevote(b, 0, 3, NIL);
    prevote(b, 1, 3, NIL);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 3, id_of(1), 0 });
    settle(b);
    judge(b, id_of(1), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 3, id_of(1), 0 });
}

static void
records_of_other_heights_and_damaged_ones(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_con_record record = b->con.record;

    (void)state;
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT - 1, &record).code, MUN_ERR_BEHIND);
    assert_int_equal(mun_con_height(&b->con), 0);
    assert_int_equal(start_with(b, HEIGHT + 1, &record).code, MUN_OK);
    assert_true(mun_con_is_idle(&b->con));
    assert_quiet(b);
    init_con(b);
    record.locked_round = -1;
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_ERR_CORRUPT);
    assert_int_equal(mun_con_height(&b->con), 0);
}

static void
heights_do_not_go_back(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_ERR_INTERNAL);
    b->own = 4;
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_ERR_INTERNAL);
}

static void
an_observer_decides_and_never_votes(void **state)
{
    struct bench *b = bench_idle(MUN_CON_OBSERVER);

    (void)state;
    propose(b, 0, 0, id_of(1));
    judge(b, id_of(1), true);
    assert_false(b->out.has_persist);
    for (uint32_t i = 0; i < 3; i++) {
        prevote(b, i, 0, id_of(1));
        assert_false(b->out.has_persist);
    }
    precommit(b, 0, 0, id_of(1));
    precommit(b, 2, 0, id_of(1));
    precommit(b, 3, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
}

static void
before_the_first_height_nothing_happens(void **state)
{
    struct bench *b = &the_bench;
    struct mun_con_config config;

    (void)state;
    make_members(b, 4);
    init_con(b);
    work(b);
    assert_quiet(b);
    mun_con_config_default(&config, &b->chain_id);
    config.prevote.init_ms = 0;
    assert_int_equal(mun_con_init(&b->con, &config).code, MUN_ERR_CONFIG);
}

static void
a_proposal_of_a_later_round_does_not_end_idleness(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    propose(b, 1, 1, id_of(1));
    assert_true(mun_con_is_idle(&b->con));
    assert_quiet(b);
}

static void
line_18_an_unanswered_request_ends_with_its_round(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    value(b, 0, id_of(1));
    assert_quiet(b);
    value(b, 1, id_of(1)); /* not our turn */
    assert_quiet(b);
}

static void
answers_for_another_height_are_ignored(void **state)
{
    struct bench *b = bench_working(0);
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALUE };

    (void)state;
    event.as.value.height = HEIGHT - 1;
    event.as.value.id = id_of(1);
    give_ok(b, &event);
    assert_quiet(b);
    b = bench_working(3);
    propose(b, 0, 0, id_of(1));
    event.kind = MUN_CON_EVENT_VALIDITY;
    event.as.validity.height = HEIGHT - 1;
    event.as.validity.id = id_of(1);
    event.as.validity.is_valid = true;
    event.as.validity.time_ms = b->now_ms;
    give_ok(b, &event);
    assert_quiet(b);
    judge(b, id_of(1), true);
    assert_prevotes(b, 0, id_of(1));
}

static void
line_28_a_polka_for_another_value_is_none(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        prevote(b, i, 0, id_of(2));
    }
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    prevote(b, 2, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    assert_false(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    /* Nor when it has left the window. */
    prevote(b, 1, 8, NIL);
    prevote(b, 2, 8, NIL);
    hear(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 8, id_of(1), 0 });
    assert_quiet(b);
}

static void
line_28_of_polkas_that_leave_the_newest_stays(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 1, 5, NIL);
    prevote(b, 2, 5, NIL);
    for (uint32_t i = 0; i < 3; i++) {
        prevote(b, i, 7, id_of(1));
        prevote(b, i, 8, id_of(2));
    }
    prevote(b, 1, 20, NIL);
    prevote(b, 2, 20, NIL);
    assert_int_equal(mun_con_round(&b->con), 20);
    hear(b, (struct say){ 0, MUN_VOTE_PROPOSAL, 20, id_of(2), 8 });
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(2)));
}

static void
line_36_a_polka_waits_for_the_step_prevote(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        prevote(b, i, 0, id_of(1));
        assert_quiet(b);
    }
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_prevotes(b, 0, NIL);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    settle(b);
    judge(b, id_of(1), true);
    assert_precommits(b, 0, id_of(1));
}

static void
line_49_precommits_for_nil_stay_out_of_the_certificate(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    precommit(b, 0, 0, NIL);
    precommit(b, 1, 0, id_of(1));
    precommit(b, 2, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
    assert_int_equal(b->out.apply.certificate->bitmap[0], 0x70);
}

static void
a_decided_height_does_nothing_more(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    for (uint32_t i = 0; i < 3; i++) {
        precommit(b, i, 0, id_of(1));
    }
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 0);
    assert_false(b->out.has_persist); /* no vote is needed any more */
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_quiet(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_quiet(b);
}

static void
a_restart_after_the_proposal_arms_no_propose_timer(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_con_record record = b->con.record;

    (void)state;
    restart(b, &record);
    assert_int_equal(b->out.timer_count, 1);
    assert_int_equal(b->out.timers[0].kind, MUN_CON_TIMER_RESEND);
}

static void
absent_members_are_passed_over_as_the_history_says(void **state)
{
    struct bench *b = bench_idle(1);
    struct mun_con_history history;
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED };

    (void)state;
    memset(&history, 0, sizeof(history));
    history.count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        history.present[i][0] = 0x70; /* member 0 is absent */
    }
    event.as.started.height = HEIGHT + 4;
    event.as.started.members = &b->members;
    event.as.started.own_index = 1;
    event.as.started.history = &history;
    history.count = MUN_CON_HISTORY_MAX + 1;
    assert_int_equal(give(b, &event).code, MUN_ERR_INTERNAL);
    history.count = 3;
    give_ok(b, &event);
    work(b);
    assert_true(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
}

static void
what_is_signed_covers_the_chain(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_hash ours;
    struct mun_hash theirs;
    struct mun_hash other = id_of(0xcd);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    mun_con_vote_digest(&ours, &b->con, &b->out.persist.votes[0]);
    mun_vote_digest(&theirs, &b->chain_id, &b->out.persist.votes[0]);
    assert_true(mun_hash_eq(&ours, &theirs));
    mun_vote_digest(&theirs, &other, &b->out.persist.votes[0]);
    assert_false(mun_hash_eq(&ours, &theirs));
}

/* ---- One member ---- */

static void
one_member_decides_many_heights_with_one_deferred_write_each(void **state)
{
    struct bench *b = &the_bench;
    uint64_t height = 0;

    (void)state;
    make_members(b, 1);
    b->own = 0;
    init_con(b);
    for (height = 1; height <= 300; height++) {
        struct mun_con_event event = { .kind = MUN_CON_EVENT_VALUE };
        struct mun_hash id = id_of((uint8_t)(height % 255 + 1));
        uint32_t writes = 0;

        b->now_ms += 10;
        assert_int_equal(start_with(b, height, NULL).code, MUN_OK);
        assert_true(mun_con_may_defer_sync(&b->con));
        work(b);
        assert_true(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
        event.as.value.height = height;
        event.as.value.id = id;
        event.as.value.time_ms = b->now_ms;
        give_ok(b, &event);
        while (b->out.has_persist) {
            assert_false(b->out.has_apply);
            writes++;
            settle(b);
        }
        assert_int_equal(writes, 3);
        assert_true(b->out.has_apply);
        assert_int_equal(b->out.apply.height, height);
        assert_true(mun_hash_eq(&b->out.apply.id, &id));
        assert_true(mun_is_ok(mun_certificate_verify(
            b->out.apply.certificate, &b->chain_id, &b->members)));
    }
}

static void
one_member_whose_value_is_late_goes_on_in_the_next_round(void **state)
{
    struct bench *b = &the_bench;

    (void)state;
    make_members(b, 1);
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    work(b);
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    settle(b);
    assert_precommits(b, 0, NIL);
    settle(b);
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 0));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_true(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
    value(b, 1, id_of(1));
    settle(b);
    settle(b);
    settle(b);
    assert_decides(b, id_of(1), 1);
}

static void
only_a_single_member_may_defer_its_writes(void **state)
{
    struct bench *b = bench_idle(0);

    (void)state;
    assert_false(mun_con_may_defer_sync(&b->con));
}

/* ---- Chance: three liars, late timers and crashes ---- */

#define CHANCE_ROUNDS 64u

struct chance {
    uint64_t seed;
    bool was_signed[CHANCE_ROUNDS][3];
    struct mun_hash signed_id[CHANCE_ROUNDS][3];
    struct mun_con_record durable;
    bool has_durable;
};

static uint32_t
chance(struct chance *c, uint32_t below)
{
    c->seed ^= c->seed << 13;
    c->seed ^= c->seed >> 7;
    c->seed ^= c->seed << 17;
    return (uint32_t)((c->seed >> 20) % below);
}

/* What the invariants say of a persist. */
static void
chance_check(struct chance *c, const struct mun_con_persist *persist)
{
    const struct mun_con_record *record = persist->record;

    /* I5, I6 */
    assert_true(mun_is_ok(mun_con_record_check(record)));
    if (c->has_durable) {
        /* I4 */
        assert_true(record->round > c->durable.round ||
                    (record->round == c->durable.round &&
                     record->phase >= c->durable.phase));
        assert_true(record->locked_round >= c->durable.locked_round);
    }
    for (uint32_t i = 0; i < persist->count; i++) {
        const struct mun_vote *vote = &persist->votes[i];
        uint32_t at = vote->type - MUN_VOTE_PROPOSAL;

        assert_true(vote->round < CHANCE_ROUNDS);
        if (c->was_signed[vote->round][at]) {
            /* I1 */
            assert_true(mun_hash_eq(&c->signed_id[vote->round][at], &vote->id));
            continue;
        }
        c->was_signed[vote->round][at] = true;
        c->signed_id[vote->round][at] = vote->id;
        /* No new prevote against a lock that is not older than its polka. */
        if (vote->type == MUN_VOTE_PREVOTE && !mun_hash_is_zero(&vote->id) &&
            c->has_durable && !mun_hash_eq(&c->durable.locked_id, &vote->id)) {
            assert_true(c->durable.locked_round == -1 ||
                        vote->valid_round >= c->durable.locked_round);
        }
    }
    c->durable = *record;
    c->has_durable = true;
}

static void
chance_ballot(struct chance *c, struct bench *b, struct mun_con_event *event,
              struct mun_con_msg_checked *checked)
{
    uint32_t round = mun_con_round(&b->con) + chance(c, 4);
    struct mun_vote *vote = &checked->msg.ballot.vote;

    memset(checked, 0, sizeof(*checked));
    round = round > 1 ? round - chance(c, 2) : round;
    round = round < CHANCE_ROUNDS ? round : CHANCE_ROUNDS - 1;
    vote->type = (enum mun_vote_type)(1 + chance(c, 3));
    vote->height = HEIGHT;
    vote->round = round;
    vote->valid_round = -1;
    vote->id = id_of((uint8_t)chance(c, 3));
    if (vote->type == MUN_VOTE_PROPOSAL) {
        vote->id = id_of((uint8_t)(1 + chance(c, 3)));
        vote->valid_round = (int32_t)chance(c, round + 1) - 1;
    }
    checked->msg.kind = vote->type == MUN_VOTE_PROPOSAL ? MUN_CON_MSG_PROPOSAL
                                                        : MUN_CON_MSG_VOTE;
    /* Another one than ours (R34). */
    checked->msg.ballot.member = (b->own + 1 + chance(c, 3)) % 4;
    event->kind = MUN_CON_EVENT_MESSAGE;
    event->as.message = checked;
}

static void
chance_event(struct chance *c, struct bench *b, struct mun_con_event *event,
             struct mun_con_msg_checked *checked)
{
    uint32_t draw = chance(c, 100);

    memset(event, 0, sizeof(*event));
    if (draw < 70) {
        chance_ballot(c, b, event, checked);
    } else if (draw < 85) {
        event->kind = MUN_CON_EVENT_VALIDITY;
        event->as.validity.height = HEIGHT;
        event->as.validity.id = id_of((uint8_t)(1 + chance(c, 3)));
        event->as.validity.is_valid = chance(c, 8) != 0;
        event->as.validity.time_ms = b->now_ms;
    } else if (draw < 90) {
        event->kind = MUN_CON_EVENT_VALUE;
        event->as.value.height = HEIGHT;
        event->as.value.round = mun_con_round(&b->con);
        event->as.value.id = id_of((uint8_t)(1 + chance(c, 3)));
        event->as.value.time_ms = b->now_ms;
    } else if (draw < 92) {
        event->kind = MUN_CON_EVENT_WORK;
    } else {
        event->kind = MUN_CON_EVENT_TIMER;
        event->as.timer.height = HEIGHT;
        event->as.timer.round = mun_con_round(&b->con);
        event->as.timer.kind = (enum mun_con_timer_kind)(1 + chance(c, 4));
    }
}

static void
chance_run(uint64_t seed)
{
    static struct mun_con_msg_checked checked;
    static struct chance c;
    struct bench *b = bench_idle((uint32_t)(seed % 4));
    struct mun_con_event event;

    memset(&c, 0, sizeof(c));
    c.seed = seed * 0x9e3779b97f4a7c15u + 1;
    for (uint32_t i = 0; i < 400 && !mun_con_is_decided(&b->con) &&
                         mun_con_round(&b->con) < CHANCE_ROUNDS - 8;
         i++) {
        chance_event(&c, b, &event, &checked);
        give_ok(b, &event);
        while (b->out.has_persist) {
            chance_check(&c, &b->out.persist);
            if (chance(&c, 20) == 0) {
                restart(b, &c.durable);
                continue;
            }
            settle(b);
        }
    }
}

static void
no_chance_breaks_the_invariants(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        chance_run(seed);
    }
}

/* ---- A small network of real steps ---- */

#define QUEUE_MAX 4096

struct packet {
    uint32_t to;
    struct mun_con_signed ballot;
};

struct net {
    uint32_t count;
    bool is_down[N_MAX];
    uint64_t height;
    struct mun_con_timer timers[N_MAX][MUN_CON_TIMERS_MAX];
    bool has_timer[N_MAX][MUN_CON_TIMERS_MAX];
    bool has_decided[N_MAX];
    struct mun_hash decided[N_MAX];
    uint32_t head;
    uint32_t tail;
    struct packet queue[QUEUE_MAX];
};

static struct bench nodes[N_MAX];
static struct net the_net;

static void net_give(uint32_t i, struct mun_con_event *event);

static void
net_send(uint32_t from, const struct mun_con_signed *ballot)
{
    for (uint32_t to = 0; to < the_net.count; to++) {
        if (to != from && !the_net.is_down[to]) {
            assert_true(the_net.tail < QUEUE_MAX);
            the_net.queue[the_net.tail].to = to;
            the_net.queue[the_net.tail].ballot = *ballot;
            the_net.tail++;
        }
    }
}

/* The node of section 9: each value is valid and its id tells its height. */
static struct mun_con_event
net_answer(uint32_t i, const struct mun_con_request *wish)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALIDITY };

    if (wish->kind == MUN_CON_REQUEST_VALUE) {
        event.kind = MUN_CON_EVENT_VALUE;
        event.as.value.height = wish->height;
        event.as.value.round = wish->round;
        event.as.value.id = id_of((uint8_t)(wish->height * 8 + i + 1));
        event.as.value.time_ms = nodes[i].now_ms;
    } else {
        event.as.validity.height = wish->height;
        event.as.validity.id = wish->id;
        event.as.validity.is_valid = true;
        event.as.validity.time_ms = nodes[i].now_ms;
    }
    return event;
}

/* Does what `out` asks, until it asks nothing more. */
static void
net_do(uint32_t i)
{
    struct bench *b = &nodes[i];
    struct mun_con_event todo[8];
    uint32_t todo_count = 0;
    uint32_t done = 0;

    for (;;) {
        for (uint32_t k = 0; k < b->out.send.count; k++) {
            net_send(i, &b->out.send.ballots[k]);
        }
        if (b->out.has_apply) {
            assert_false(the_net.has_decided[i]);
            the_net.has_decided[i] = true;
            the_net.decided[i] = b->out.apply.id;
            assert_true(mun_is_ok(mun_certificate_verify(
                b->out.apply.certificate, &b->chain_id, &b->members)));
        }
        for (uint32_t k = 0; k < b->out.request_count; k++) {
            assert_true(todo_count < 8);
            todo[todo_count++] = net_answer(i, &b->out.requests[k]);
        }
        for (uint32_t k = 0; k < b->out.timer_count; k++) {
            uint32_t at = (uint32_t)b->out.timers[k].kind - 1;

            the_net.timers[i][at] = b->out.timers[k];
            the_net.has_timer[i][at] = true;
        }
        if (b->out.has_persist) {
            settle(b);
        } else if (done < todo_count) {
            give_ok(b, &todo[done++]);
        } else {
            return;
        }
    }
}

static void
net_give(uint32_t i, struct mun_con_event *event)
{
    give_ok(&nodes[i], event);
    net_do(i);
}

static void
net_drain(void)
{
    while (the_net.head < the_net.tail) {
        struct packet *packet = &the_net.queue[the_net.head++];

        receive_ballot(&nodes[packet->to], &packet->ballot);
        net_do(packet->to);
    }
    the_net.head = 0;
    the_net.tail = 0;
}

static bool
net_is_done(void)
{
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i] && !the_net.has_decided[i]) {
            return false;
        }
    }
    return true;
}

/* Fires the earliest timer of all. */
static void
net_tick(void)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_TIMER };
    uint32_t best = 0;
    uint32_t best_at = 0;
    uint64_t best_ms = UINT64_MAX;

    for (uint32_t i = 0; i < the_net.count; i++) {
        for (uint32_t k = 0; k < MUN_CON_TIMERS_MAX; k++) {
            if (!the_net.is_down[i] && the_net.has_timer[i][k] &&
                the_net.timers[i][k].deadline_ms < best_ms) {
                best = i;
                best_at = k;
                best_ms = the_net.timers[i][k].deadline_ms;
            }
        }
    }
    assert_true(best_ms < UINT64_MAX);
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (best_ms > nodes[i].now_ms) {
            nodes[i].now_ms = best_ms;
        }
    }
    event.as.timer = the_net.timers[best][best_at];
    the_net.has_timer[best][best_at] = false;
    net_give(best, &event);
}

/* Runs one height in which only `worker` has something to propose. */
static void
net_run(uint64_t height, uint32_t worker)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };
    const struct mun_hash *decided = NULL;

    memset(the_net.has_timer, 0, sizeof(the_net.has_timer));
    memset(the_net.has_decided, 0, sizeof(the_net.has_decided));
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i]) {
            assert_int_equal(start_with(&nodes[i], height, NULL).code, MUN_OK);
            net_do(i);
        }
    }
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i] && (i == worker || worker == N_MAX)) {
            net_give(i, &event);
        }
    }
    net_drain();
    for (uint32_t ticks = 0; !net_is_done() && ticks < 200; ticks++) {
        net_tick();
        net_drain();
    }
    assert_true(net_is_done());
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i]) {
            decided = decided == NULL ? &the_net.decided[i] : decided;
            assert_true(mun_hash_eq(decided, &the_net.decided[i]));
        }
    }
}

static void
net_make(uint32_t count)
{
    memset(&the_net, 0, sizeof(the_net));
    the_net.count = count;
    for (uint32_t i = 0; i < count; i++) {
        make_members(&nodes[i], count);
        nodes[i].own = i;
        init_con(&nodes[i]);
    }
}

static void
four_members_decide_in_round_0_without_a_timer(void **state)
{
    (void)state;
    net_make(4);
    for (uint64_t height = 1; height <= 12; height++) {
        /* Only the proposer has work: its proposal wakes the others. */
        net_run(height, (uint32_t)(height % 4));
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(mun_con_round(&nodes[i].con), 0);
            assert_int_equal(nodes[i].now_ms, START_MS);
        }
    }
}

static void
four_members_decide_with_one_down(void **state)
{
    (void)state;
    net_make(4);
    the_net.is_down[2] = true;
    for (uint64_t height = 1; height <= 8; height++) {
        net_run(height, N_MAX);
    }
}

static void
seven_members_decide_with_two_down(void **state)
{
    (void)state;
    net_make(7);
    the_net.is_down[0] = true;
    the_net.is_down[1] = true;
    for (uint64_t height = 1; height <= 8; height++) {
        net_run(height, N_MAX);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_idle_height_has_no_timers_and_wants_nothing),
    cmocka_unit_test(line_10_work_starts_round_0),
    cmocka_unit_test(line_10_the_proposal_of_round_0_starts_it_too),
    cmocka_unit_test(one_liar_does_not_end_idleness),
    cmocka_unit_test(line_18_a_proposer_without_valid_value_asks_for_one),
    cmocka_unit_test(line_19_the_value_is_proposed_once),
    cmocka_unit_test(line_19_a_value_that_comes_after_the_step_is_dropped),
    cmocka_unit_test(
        line_16_the_proposer_proposes_the_valid_value_with_its_round),
    cmocka_unit_test(line_21_others_arm_the_propose_timer),
    cmocka_unit_test(timeouts_grow_with_rounds_up_to_the_cap),
    cmocka_unit_test(line_22_the_verdict_is_waited_for),
    cmocka_unit_test(line_22_only_the_proposer_of_the_round_is_heard),
    cmocka_unit_test(line_24_a_valid_value_gets_a_prevote),
    cmocka_unit_test(line_26_an_invalid_value_gets_nil),
    cmocka_unit_test(line_26_an_untimely_value_gets_nil),
    cmocka_unit_test(line_26_another_value_than_the_locked_gets_nil),
    cmocka_unit_test(line_23_the_locked_value_proposed_afresh_gets_a_prevote),
    cmocka_unit_test(line_22_a_proposal_with_a_valid_round_is_not_for_it),
    cmocka_unit_test(line_28_a_reproposal_needs_the_polka_of_its_valid_round),
    cmocka_unit_test(line_30_a_reproposal_with_its_polka_gets_a_prevote),
    cmocka_unit_test(line_29_a_newer_polka_overrides_the_lock),
    cmocka_unit_test(line_32_an_older_polka_does_not_override_the_lock),
    cmocka_unit_test(line_28_the_newest_polka_outlives_the_window),
    cmocka_unit_test(line_34_a_quorum_of_mixed_prevotes_arms_the_timer_once),
    cmocka_unit_test(line_34_prevotes_are_not_timed_in_step_propose),
    cmocka_unit_test(line_38_a_polka_locks_and_precommits),
    cmocka_unit_test(line_36_a_polka_for_another_value_fetches_it_first),
    cmocka_unit_test(line_36_an_invalid_value_is_never_locked),
    cmocka_unit_test(line_42_the_valid_value_is_updated_after_the_precommit),
    cmocka_unit_test(line_44_a_quorum_of_nil_prevotes_precommits_nil),
    cmocka_unit_test(line_47_a_quorum_of_precommits_arms_the_timer_in_any_step),
    cmocka_unit_test(line_49_a_quorum_of_precommits_decides),
    cmocka_unit_test(line_49_an_old_round_decides),
    cmocka_unit_test(line_49_the_value_is_fetched_when_it_is_not_here),
    cmocka_unit_test(line_50_an_invalid_value_is_never_decided),
    cmocka_unit_test(line_49_nil_precommits_decide_nothing),
    cmocka_unit_test(line_53_the_next_height_forgets_the_lock),
    cmocka_unit_test(line_55_two_members_of_four_take_us_along),
    cmocka_unit_test(line_55_a_liar_far_ahead_counts_for_the_rounds_below),
    cmocka_unit_test(line_55_votes_that_came_early_are_counted_on_arrival),
    cmocka_unit_test(line_57_the_propose_timer_prevotes_nil),
    cmocka_unit_test(line_61_the_prevote_timer_precommits_nil),
    cmocka_unit_test(
        line_65_the_precommit_timer_enters_the_next_round_from_any_step),
    cmocka_unit_test(old_timers_are_ignored),
    cmocka_unit_test(a_second_vote_of_a_member_does_not_count),
    cmocka_unit_test(a_second_proposal_of_a_round_does_not_count),
    cmocka_unit_test(a_certificate_with_an_equivocators_vote_is_taken_whole),
    cmocka_unit_test(a_certificate_decides_an_idle_height),
    cmocka_unit_test(messages_of_other_heights_are_no_votes),
    cmocka_unit_test(an_own_message_from_outside_is_not_counted),
    cmocka_unit_test(values_that_nobody_needs_give_way),
    cmocka_unit_test(nothing_is_sent_or_counted_before_it_is_durable),
    cmocka_unit_test(prevote_and_precommit_share_a_write_when_a_polka_waits),
    cmocka_unit_test(everything_else_waits_while_a_write_is_outstanding),
    cmocka_unit_test(a_persisted_that_was_not_asked_for_is_refused),
    cmocka_unit_test(a_restart_sends_the_same_bytes_and_keeps_the_lock),
    cmocka_unit_test(a_restart_in_any_step_never_signs_twice),
    cmocka_unit_test(a_restarted_proposer_proposes_the_same_value),
    cmocka_unit_test(a_restarted_proposer_proposes_its_valid_value),
    cmocka_unit_test(records_of_other_heights_and_damaged_ones),
    cmocka_unit_test(heights_do_not_go_back),
    cmocka_unit_test(an_observer_decides_and_never_votes),
    cmocka_unit_test(before_the_first_height_nothing_happens),
    cmocka_unit_test(a_proposal_of_a_later_round_does_not_end_idleness),
    cmocka_unit_test(line_18_an_unanswered_request_ends_with_its_round),
    cmocka_unit_test(answers_for_another_height_are_ignored),
    cmocka_unit_test(line_28_a_polka_for_another_value_is_none),
    cmocka_unit_test(line_28_of_polkas_that_leave_the_newest_stays),
    cmocka_unit_test(line_36_a_polka_waits_for_the_step_prevote),
    cmocka_unit_test(line_49_precommits_for_nil_stay_out_of_the_certificate),
    cmocka_unit_test(a_decided_height_does_nothing_more),
    cmocka_unit_test(a_restart_after_the_proposal_arms_no_propose_timer),
    cmocka_unit_test(
        one_member_decides_many_heights_with_one_deferred_write_each),
    cmocka_unit_test(one_member_whose_value_is_late_goes_on_in_the_next_round),
    cmocka_unit_test(only_a_single_member_may_defer_its_writes),
    cmocka_unit_test(four_members_decide_in_round_0_without_a_timer),
    cmocka_unit_test(four_members_decide_with_one_down),
    cmocka_unit_test(seven_members_decide_with_two_down),
    cmocka_unit_test(absent_members_are_passed_over_as_the_history_says),
    cmocka_unit_test(what_is_signed_covers_the_chain),
    cmocka_unit_test(no_chance_breaks_the_invariants),
};

int
main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
