/* The step function: each line of the algorithm against scripted peers. Rules
 * R1 ... are those of consensus/README.md, invariants I1 ... those of
 * consensus/step.h. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

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
a_proposal_of_a_later_round_does_not_end_idleness(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    propose(b, 1, 1, id_of(1));
    assert_true(mun_con_is_idle(&b->con));
    assert_quiet(b);
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

static uint64_t
deadline(const struct bench *b, enum mun_con_timer_kind kind)
{
    for (uint32_t i = 0; i < b->out.timer_count; i++) {
        if (b->out.timers[i].kind == kind) {
            assert_int_equal(b->out.timers[i].height, HEIGHT);
            assert_int_equal(b->out.timers[i].round, mun_con_round(&b->con));
            return b->out.timers[i].deadline_ms;
        }
    }
    return 0;
}

static void
each_step_has_its_own_timeout(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    b->con.config.propose = (struct mun_con_timeout){ 1000, 100 };
    b->con.config.prevote = (struct mun_con_timeout){ 200, 20 };
    b->con.config.precommit = (struct mun_con_timeout){ 30, 3 };
    work(b);
    for (uint32_t round = 0; round < 3; round++) {
        assert_int_equal(deadline(b, MUN_CON_TIMER_PROPOSE),
                         START_MS + 1000 + 100 * round);
        fire(b, HEIGHT, round, MUN_CON_PROPOSE);
        settle(b);
        prevote(b, 0, round, id_of(1));
        prevote(b, 1, round, id_of(2));
        assert_int_equal(deadline(b, MUN_CON_TIMER_PREVOTE),
                         START_MS + 200 + 20 * round);
        for (uint32_t i = 0; i < 3; i++) {
            precommit(b, i, round, NIL);
        }
        assert_int_equal(deadline(b, MUN_CON_TIMER_PRECOMMIT),
                         START_MS + 30 + 3 * round);
        fire(b, HEIGHT, round, MUN_CON_PRECOMMIT);
    }
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

/* The node gives up what mun_con_needs_value says is not needed. */
static void
a_verdict_that_was_given_up_is_asked_for_again(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    assert_false(mun_con_needs_value(&b->con, (struct mun_hash[]){ id_of(1) }));
    for (uint32_t i = 0; i < 3; i++) {
        precommit(b, i, 0, id_of(1));
    }
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 0);
}

static void
a_value_that_was_called_invalid_is_not_kept(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_hash id = id_of(1);

    (void)state;
    propose(b, 0, 0, id);
    judge(b, id, false);
    settle(b);
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    assert_false(mun_con_keeps_value(&b->con, &id));
}

/* The round is over and nothing needs the value, but its precommits come late:
 * it is applied at once, so its bytes have to be here still. */
static void
a_value_that_was_called_valid_is_kept(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_hash id = id_of(1);

    (void)state;
    propose(b, 0, 0, id);
    assert_true(mun_con_keeps_value(&b->con, &id));
    judge(b, id, true);
    settle(b);
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    assert_false(mun_con_needs_value(&b->con, &id));
    assert_true(mun_con_keeps_value(&b->con, &id));
    assert_false(mun_con_keeps_value(&b->con, (struct mun_hash[]){ id_of(2) }));
    for (uint32_t i = 0; i < 3; i++) {
        precommit(b, i, 0, id);
    }
    assert_decides(b, id, 0);
    assert_int_equal(b->out.request_count, 0);
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_height_has_no_timers_and_wants_nothing),
        cmocka_unit_test(line_10_work_starts_round_0),
        cmocka_unit_test(line_10_the_proposal_of_round_0_starts_it_too),
        cmocka_unit_test(one_liar_does_not_end_idleness),
        cmocka_unit_test(a_proposal_of_a_later_round_does_not_end_idleness),
        cmocka_unit_test(line_18_a_proposer_without_valid_value_asks_for_one),
        cmocka_unit_test(line_19_the_value_is_proposed_once),
        cmocka_unit_test(line_19_a_value_that_comes_after_the_step_is_dropped),
        cmocka_unit_test(line_18_an_unanswered_request_ends_with_its_round),
        cmocka_unit_test(
            line_16_the_proposer_proposes_the_valid_value_with_its_round),
        cmocka_unit_test(line_21_others_arm_the_propose_timer),
        cmocka_unit_test(timeouts_grow_with_rounds_up_to_the_cap),
        cmocka_unit_test(each_step_has_its_own_timeout),
        cmocka_unit_test(line_22_the_verdict_is_waited_for),
        cmocka_unit_test(a_verdict_that_was_given_up_is_asked_for_again),
        cmocka_unit_test(a_value_that_was_called_invalid_is_not_kept),
        cmocka_unit_test(a_value_that_was_called_valid_is_kept),
        cmocka_unit_test(line_22_only_the_proposer_of_the_round_is_heard),
        cmocka_unit_test(line_24_a_valid_value_gets_a_prevote),
        cmocka_unit_test(line_26_an_invalid_value_gets_nil),
        cmocka_unit_test(line_26_an_untimely_value_gets_nil),
        cmocka_unit_test(line_26_another_value_than_the_locked_gets_nil),
        cmocka_unit_test(
            line_23_the_locked_value_proposed_afresh_gets_a_prevote),
        cmocka_unit_test(line_22_a_proposal_with_a_valid_round_is_not_for_it),
        cmocka_unit_test(
            line_28_a_reproposal_needs_the_polka_of_its_valid_round),
        cmocka_unit_test(line_30_a_reproposal_with_its_polka_gets_a_prevote),
        cmocka_unit_test(line_29_a_newer_polka_overrides_the_lock),
        cmocka_unit_test(line_32_an_older_polka_does_not_override_the_lock),
        cmocka_unit_test(line_28_the_newest_polka_outlives_the_window),
        cmocka_unit_test(line_28_a_polka_for_another_value_is_none),
        cmocka_unit_test(line_28_of_polkas_that_leave_the_newest_stays),
        cmocka_unit_test(
            line_34_a_quorum_of_mixed_prevotes_arms_the_timer_once),
        cmocka_unit_test(line_34_prevotes_are_not_timed_in_step_propose),
        cmocka_unit_test(line_38_a_polka_locks_and_precommits),
        cmocka_unit_test(line_36_a_polka_for_another_value_fetches_it_first),
        cmocka_unit_test(line_36_an_invalid_value_is_never_locked),
        cmocka_unit_test(line_36_a_polka_waits_for_the_step_prevote),
        cmocka_unit_test(
            line_42_the_valid_value_is_updated_after_the_precommit),
        cmocka_unit_test(line_44_a_quorum_of_nil_prevotes_precommits_nil),
        cmocka_unit_test(
            line_47_a_quorum_of_precommits_arms_the_timer_in_any_step),
        cmocka_unit_test(line_49_a_quorum_of_precommits_decides),
        cmocka_unit_test(line_49_an_old_round_decides),
        cmocka_unit_test(line_49_the_value_is_fetched_when_it_is_not_here),
        cmocka_unit_test(line_50_an_invalid_value_is_never_decided),
        cmocka_unit_test(line_49_nil_precommits_decide_nothing),
        cmocka_unit_test(
            line_49_precommits_for_nil_stay_out_of_the_certificate),
        cmocka_unit_test(line_53_the_next_height_forgets_the_lock),
        cmocka_unit_test(line_55_two_members_of_four_take_us_along),
        cmocka_unit_test(line_55_a_liar_far_ahead_counts_for_the_rounds_below),
        cmocka_unit_test(line_55_votes_that_came_early_are_counted_on_arrival),
        cmocka_unit_test(line_57_the_propose_timer_prevotes_nil),
        cmocka_unit_test(line_61_the_prevote_timer_precommits_nil),
        cmocka_unit_test(
            line_65_the_precommit_timer_enters_the_next_round_from_any_step),
        cmocka_unit_test(old_timers_are_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
