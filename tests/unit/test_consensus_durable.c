/* Durability and restarts, rules R19 to R22, and how a height begins. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

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
    fire(b, 0, 0, MUN_CON_PRECOMMIT);
    assert_quiet(b);
    assert_int_equal(mun_con_round(&b->con), 0);
    mun_con_config_default(&config, &b->chain_id);
    config.prevote.init_ms = 0;
    assert_int_equal(mun_con_init(&b->con, &config).code, MUN_ERR_CONFIG);
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

/* Of a PERSISTED each field must be what was asked for. */
static void
a_persisted_that_differs_in_one_field_is_refused(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_con_event right;
    struct mun_con_event wrong;
    struct mun_vote *vote = &wrong.as.persisted.ballots[0].vote;

    (void)state;
    prevote(b, 0, 3, NIL);
    prevote(b, 1, 3, NIL);
    settle(b);
    assert_int_equal(b->con.awaited[0].valid_round, 0);
    right = persisted(b);
    wrong = right;
    vote->type = MUN_VOTE_PRECOMMIT;
    assert_int_equal(give(b, &wrong).code, MUN_ERR_INTERNAL);
    wrong = right;
    vote->height++;
    assert_int_equal(give(b, &wrong).code, MUN_ERR_INTERNAL);
    wrong = right;
    vote->round++;
    assert_int_equal(give(b, &wrong).code, MUN_ERR_INTERNAL);
    wrong = right;
    vote->valid_round = -1;
    assert_int_equal(give(b, &wrong).code, MUN_ERR_INTERNAL);
    wrong = right;
    vote->id = id_of(2);
    assert_int_equal(give(b, &wrong).code, MUN_ERR_INTERNAL);
    wrong = right;
    wrong.as.persisted.count = 2;
    assert_int_equal(give(b, &wrong).code, MUN_ERR_INTERNAL);
    assert_true(mun_con_is_busy(&b->con));
    give_ok(b, &right);
    assert_int_equal(b->out.send.count, 1);
}

static enum mun_err_code
init_code(struct bench *b, const struct mun_con_config *config)
{
    return mun_con_init(&b->con, config).code;
}

static void
each_timeout_must_be_there(void **state)
{
    struct bench *b = bench_idle(0);
    struct mun_con_config right;
    struct mun_con_config wrong;

    (void)state;
    mun_con_config_default(&right, &b->chain_id);
    assert_int_equal(init_code(b, &right), MUN_OK);
    wrong = right;
    wrong.propose.init_ms = 0;
    assert_int_equal(init_code(b, &wrong), MUN_ERR_CONFIG);
    wrong = right;
    wrong.prevote.init_ms = 0;
    assert_int_equal(init_code(b, &wrong), MUN_ERR_CONFIG);
    wrong = right;
    wrong.precommit.init_ms = 0;
    assert_int_equal(init_code(b, &wrong), MUN_ERR_CONFIG);
    wrong = right;
    wrong.timeout_ms_max = 0;
    assert_int_equal(init_code(b, &wrong), MUN_ERR_CONFIG);
    wrong = right;
    wrong.resend_ms_min = 0;
    assert_int_equal(init_code(b, &wrong), MUN_ERR_CONFIG);
    wrong = right;
    wrong.resend_ms_max = wrong.resend_ms_min - 1;
    assert_int_equal(init_code(b, &wrong), MUN_ERR_CONFIG);
    wrong.resend_ms_max = wrong.resend_ms_min;
    assert_int_equal(init_code(b, &wrong), MUN_OK);
}

static void
sets_that_cannot_be_are_refused(void **state)
{
    struct bench *b = bench_idle(0);

    (void)state;
    b->members.count = 0;
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_ERR_INTERNAL);
    b->own = MUN_CON_OBSERVER; /* whose index no set refuses */
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_ERR_INTERNAL);
    b->members.count = MUN_MEMBERS_MAX + 1;
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_ERR_INTERNAL);
    b->members.count = MUN_MEMBERS_MAX;
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
}

static void
timeouts_that_overflow_are_the_cap(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    b->con.config.propose = (struct mun_con_timeout){ UINT64_MAX, 5 };
    b->con.config.precommit = (struct mun_con_timeout){ 1, UINT64_MAX };
    prevote(b, 0, 2, NIL);
    prevote(b, 1, 2, NIL);
    assert_int_equal(b->out.timers[0].kind, MUN_CON_TIMER_PROPOSE);
    assert_int_equal(b->out.timers[0].deadline_ms, START_MS + 60000);
    for (uint32_t i = 0; i < 3; i++) {
        precommit(b, i, 2, NIL);
    }
    assert_int_equal(b->out.timers[0].kind, MUN_CON_TIMER_PRECOMMIT);
    assert_int_equal(b->out.timers[0].deadline_ms, START_MS + 60000);
}

/* The last round there is. */
static void
rounds_end(void **state)
{
    struct bench *b = bench_working(3);
    const uint32_t last = MUN_CON_ROUND_MAX - 1;

    (void)state;
    prevote(b, 0, last - 1, NIL);
    prevote(b, 1, last - 1, NIL);
    assert_int_equal(mun_con_round(&b->con), last - 1);
    fire(b, HEIGHT, last - 1, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), last);
    while (b->out.has_persist) {
        settle(b);
    }
    fire(b, HEIGHT, last, MUN_CON_PRECOMMIT);
    assert_quiet(b);
    assert_int_equal(mun_con_round(&b->con), last);
}

static void
an_observer_has_no_record(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_con_record record = b->con.record;

    (void)state;
    b->own = MUN_CON_OBSERVER;
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_OK);
    assert_true(mun_con_is_idle(&b->con));
    assert_false(b->out.has_persist);
}

static void
an_observer_of_a_single_member_defers_nothing(void **state)
{
    struct bench *b = &the_bench;

    (void)state;
    make_members(b, 1);
    b->own = MUN_CON_OBSERVER;
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    assert_false(mun_con_may_defer_sync(&b->con));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_sent_or_counted_before_it_is_durable),
        cmocka_unit_test(
            prevote_and_precommit_share_a_write_when_a_polka_waits),
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
        cmocka_unit_test(a_restart_after_the_proposal_arms_no_propose_timer),
        cmocka_unit_test(absent_members_are_passed_over_as_the_history_says),
        cmocka_unit_test(what_is_signed_covers_the_chain),
        cmocka_unit_test(a_persisted_that_differs_in_one_field_is_refused),
        cmocka_unit_test(each_timeout_must_be_there),
        cmocka_unit_test(sets_that_cannot_be_are_refused),
        cmocka_unit_test(timeouts_that_overflow_are_the_cap),
        cmocka_unit_test(rounds_end),
        cmocka_unit_test(an_observer_has_no_record),
        cmocka_unit_test(an_observer_of_a_single_member_defers_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
