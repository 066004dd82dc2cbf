/* What counts of what is received: rules R15 to R18 and R28 of
 * consensus/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

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
    assert_false(mun_con_keeps_value(&b->con, &first));
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

static bool
needs(const struct bench *b, uint8_t name)
{
    struct mun_hash id = id_of(name);

    return mun_con_needs_value(&b->con, &id);
}

static void
the_values_that_rules_need_are_needed(void **state)
{
    static struct mun_con_msg msg;
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    assert_true(needs(b, 1));
    assert_false(needs(b, 2));
    assert_false(needs(b, 0));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    settle(b);
    hear_polka(b, 1, id_of(2));
    assert_true(needs(b, 2)); /* the polka's */
    judge(b, id_of(2), true);
    settle(b);
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    assert_true(needs(b, 2)); /* locked and valid */
    assert_false(needs(b, 1));
    propose(b, 2, 2, id_of(3));
    assert_true(needs(b, 3));
    fire(b, HEIGHT, 2, MUN_CON_PROPOSE);
    settle(b);
    hear_polka(b, 2, id_of(4));
    assert_true(needs(b, 4));
    make_certificate(b, &msg, 0, id_of(5));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_true(needs(b, 5));
    assert_false(needs(b, 6));
    /* A valid value that is not the locked one. */
    fire(b, HEIGHT, 2, MUN_CON_PREVOTE);
    settle(b);
    judge(b, id_of(4), true);
    assert_int_equal(b->con.record.locked_id.b[0], 2);
    assert_int_equal(b->con.record.valid_id.b[0], 4);
    fire(b, HEIGHT, 2, MUN_CON_PRECOMMIT);
    settle(b); /* its turn: it proposes the valid value, and prevotes it */
    settle(b);
    fire(b, HEIGHT, 3, MUN_CON_PRECOMMIT);
    assert_true(needs(b, 2));
    assert_true(needs(b, 4));
    assert_true(needs(b, 5));
    assert_false(needs(b, 3));
}

static void
nothing_is_needed_before_the_first_height(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    init_con(b);
    assert_false(needs(b, 0));
    assert_false(needs(b, 1));
}

static void
the_own_proposal_is_needed_in_its_round(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    assert_false(needs(b, 1));
    assert_false(needs(b, 0)); /* though no lock and no valid value are zero */
    value(b, 0, id_of(1));
    assert_true(needs(b, 1)); /* not durable yet */
    settle(b);
    settle(b);
    assert_true(needs(b, 1));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_false(needs(b, 1));
}

static void
a_verdict_is_given_once(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    judge(b, id_of(1), false);
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    assert_precommits(b, 0, id_of(1));
}

/* valid(v) is of the state before the height. */
static void
a_verdict_is_of_its_height(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_vote vote = { MUN_VOTE_PROPOSAL, HEIGHT + 1, 0, -1, id_of(1) };
    struct mun_con_signed made = sign(b, 1, &vote);

    (void)state;
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    receive_ballot(b, &made);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    assert_false(b->out.has_persist);
}

static void
no_value_is_proposed_for_nil(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    value(b, 0, NIL);
    assert_quiet(b);
    value(b, 0, id_of(1));
    assert_true(b->out.has_persist);
}

/* However many values come by, the verdict on the locked one stays. */
static void
a_needed_value_never_gives_way(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    for (uint32_t round = 1; round < 30; round++) {
        fire(b, HEIGHT, round - 1, MUN_CON_PRECOMMIT);
        while (b->out.has_persist) {
            settle(b);
        }
        if (round % 4 != 3) {
            propose(b, round % 4, round, id_of((uint8_t)(round + 1)));
            judge(b, id_of((uint8_t)(round + 1)), true);
            settle(b);
        }
    }
    fire(b, HEIGHT, 29, MUN_CON_PRECOMMIT);
    propose(b, 2, 30, id_of(1));
    assert_int_equal(b->out.request_count, 0);
    assert_prevotes(b, 30, id_of(1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_vote_of_a_member_does_not_count),
        cmocka_unit_test(a_second_proposal_of_a_round_does_not_count),
        cmocka_unit_test(
            a_certificate_with_an_equivocators_vote_is_taken_whole),
        cmocka_unit_test(a_certificate_decides_an_idle_height),
        cmocka_unit_test(messages_of_other_heights_are_no_votes),
        cmocka_unit_test(an_own_message_from_outside_is_not_counted),
        cmocka_unit_test(values_that_nobody_needs_give_way),
        cmocka_unit_test(answers_for_another_height_are_ignored),
        cmocka_unit_test(a_decided_height_does_nothing_more),
        cmocka_unit_test(the_values_that_rules_need_are_needed),
        cmocka_unit_test(nothing_is_needed_before_the_first_height),
        cmocka_unit_test(the_own_proposal_is_needed_in_its_round),
        cmocka_unit_test(a_verdict_is_given_once),
        cmocka_unit_test(a_verdict_is_of_its_height),
        cmocka_unit_test(no_value_is_proposed_for_nil),
        cmocka_unit_test(a_needed_value_never_gives_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
