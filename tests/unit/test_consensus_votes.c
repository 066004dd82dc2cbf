/* Votes of several members in the step: rules R16 and R17 of
 * consensus/README.md, and what an own key that is used elsewhere does (R34). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

static struct mun_con_msg msg;

/* Without the check, as the step of another set might see it. */
static void
give_unchecked(struct bench *b)
{
    static struct mun_con_msg_checked checked;
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };

    checked.msg = msg;
    event.as.message = &checked;
    give_ok(b, &event);
}

/* ---- Polkas ---- */

static void
a_polka_counts_as_its_votes(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    hear_polka(b, 0, id_of(1));
    assert_precommits(b, 0, id_of(1));
    assert_int_equal(b->out.persist.record->polka.count, 4);
}

static void
a_polka_overrules_what_an_equivocator_told_us(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, NIL);
    prevote(b, 1, 0, id_of(1));
    assert_false(b->out.has_persist);
    hear_polka(b, 0, id_of(1));
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_CONTRADICTION);
    assert_true(b->out.has_evidence);
    assert_precommits(b, 0, id_of(1));
}

static void
a_polka_of_another_value_does_not_move_a_quorum(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    hear_polka(b, 0, id_of(2));
    assert_false(b->out.has_persist);
    assert_int_equal(b->out.request_count, 0);
    assert_int_equal(b->con.record.valid_id.b[0], 1);
    assert_int_equal(b->con.record.polka.at[0].id.b[0], 1);
}

static void
a_polka_below_the_window_lets_its_value_be_proposed_again(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 9, NIL);
    prevote(b, 2, 9, NIL);
    assert_int_equal(mun_con_round(&b->con), 9);
    hear_polka(b, 4, id_of(1));
    assert_quiet(b);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 9, id_of(1), 4 });
    judge(b, id_of(1), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 9, id_of(1), 4 });
}

static void
an_old_polka_counts_when_the_proposal_rests_on_it(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 9, NIL);
    prevote(b, 2, 9, NIL);
    hear_polka(b, 4, id_of(2)); /* the newest below the window */
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 9, id_of(1), 2 });
    assert_int_equal(b->out.request_count, 0);
    hear_polka(b, 3, id_of(1)); /* not its valid round */
    assert_quiet(b);
    hear_polka(b, 2, id_of(1));
    judge(b, id_of(1), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 9, id_of(1), 2 });
}

static void
a_polka_of_a_later_round_starts_it(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear_polka(b, 70, id_of(1));
    assert_int_equal(mun_con_round(&b->con), 70);
    assert_true(has_timer(b, MUN_CON_PROPOSE, 70));
    assert_false(b->out.has_persist);
    fire(b, HEIGHT, 70, MUN_CON_PROPOSE);
    settle(b);
    judge(b, id_of(1), true);
    assert_precommits(b, 70, id_of(1));
}

static void
a_polka_of_the_round_starts_nothing(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear_polka(b, 1, id_of(1));
    assert_quiet(b);
    hear_polka(b, 0, id_of(1));
    assert_quiet(b);
    assert_int_equal(mun_con_round(&b->con), 1);
}

static void
votes_end_idleness(void **state)
{
    struct bench *b = bench_idle(3);
    const struct mun_hash ids[3] = { NIL, NIL, id_of(1) };

    (void)state;
    hear_precommits(b, 0, ids);
    assert_false(mun_con_is_idle(&b->con));
    assert_true(has_timer(b, MUN_CON_PROPOSE, 0));
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 0));
    b = bench_idle(3);
    hear_polka(b, 0, id_of(1));
    assert_false(mun_con_is_idle(&b->con));
}

/* ---- Precommits ---- */

static void
precommits_that_ended_a_round_bring_us_into_it_and_on(void **state)
{
    struct bench *b = bench_working(3);
    const struct mun_hash ids[3] = { NIL, id_of(1), NIL };

    (void)state;
    hear_precommits(b, 6, ids);
    assert_int_equal(mun_con_round(&b->con), 6);
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 6));
    fire(b, HEIGHT, 6, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 7);
    assert_int_equal(b->con.record.entry.count, 3);
}

static void
precommits_for_one_value_decide(void **state)
{
    struct bench *b = bench_working(3);
    const struct mun_hash ids[3] = { id_of(1), id_of(1), id_of(1) };

    (void)state;
    hear_precommits(b, 2, ids);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 2);
}

static void
precommits_make_the_quorum_with_ours(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    const struct mun_hash ids[3] = { id_of(1), NIL, id_of(1) };

    (void)state;
    hear_precommits(b, 0, ids);
    assert_decides(b, id_of(1), 0);
}

/* ---- Not taken ---- */

static void
votes_of_other_heights_change_nothing(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    for (int i = 0; i < 2; i++) {
        make_votes(&msg, MUN_VOTE_PREVOTE, 3);
        msg.votes.height = i == 0 ? HEIGHT - 1 : HEIGHT + 1;
        for (uint32_t k = 0; k < 3; k++) {
            add_voter(b, &msg, k, id_of(1), -1);
        }
        assert_int_equal(receive(b, &msg).code, MUN_OK);
        assert_quiet(b);
        assert_int_equal(mun_con_round(&b->con), 0);
        assert_false(mun_con_is_behind(&b->con));
    }
}

static void
votes_that_are_no_quorum_of_the_set_change_nothing(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    make_votes(&msg, MUN_VOTE_PREVOTE, 3);
    add_voter(b, &msg, 0, id_of(1), -1);
    add_voter(b, &msg, 1, id_of(1), -1);
    give_unchecked(b);
    assert_quiet(b);
    add_voter(b, &msg, 2, id_of(1), -1);
    msg.votes.at[2].member = 4; /* of a larger set */
    give_unchecked(b);
    assert_quiet(b);
    assert_int_equal(mun_con_round(&b->con), 0);
    msg.votes.at[2].member = 2;
    give_unchecked(b);
    assert_int_equal(mun_con_round(&b->con), 3);
}

/* A certificate of another set's size, and a vote of a member that the set
 * does not have. */
static void
what_speaks_of_another_set_changes_nothing(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    make_certificate(b, &msg, 0, id_of(1));
    msg.certificate.member_count = 5;
    give_unchecked(b);
    assert_quiet(b);
    memset(&msg, 0, sizeof(msg));
    msg.kind = MUN_CON_MSG_VOTE;
    msg.ballot.vote = (struct mun_vote){ MUN_VOTE_PREVOTE, HEIGHT, 9, -1, NIL };
    msg.ballot.member = 4;
    give_unchecked(b);
    assert_quiet(b);
    make_certificate(b, &msg, 0, id_of(1));
    give_unchecked(b);
    assert_decides(b, id_of(1), 0);
}

static void
a_second_certificate_changes_nothing(void **state)
{
    struct bench *b = bench_working(3);
    const struct mun_hash ids[3] = { id_of(2), id_of(2), id_of(2) };

    (void)state;
    make_certificate(b, &msg, 0, id_of(1));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    make_certificate(b, &msg, 1, id_of(2)); /* two thirds lie */
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_int_equal(b->out.request_count, 0);
    hear_precommits(b, 2, ids); /* nor do votes */
    assert_int_equal(b->out.request_count, 0);
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 0);
}

/* ---- R34 ---- */

static void
assert_key_elsewhere(const struct bench *b, bool is_elsewhere)
{
    assert_int_equal(b->out.notices & MUN_CON_NOTICE_OWN_KEY,
                     is_elsewhere ? MUN_CON_NOTICE_OWN_KEY : 0);
    assert_int_equal(mun_con_is_key_elsewhere(&b->con), is_elsewhere);
}

static void
own_messages_that_came_back_are_ours(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    prevote(b, 3, 0, id_of(1));
    assert_key_elsewhere(b, false);
    precommit(b, 3, 0, id_of(1));
    assert_key_elsewhere(b, false);
    /* Inside votes and certificates too. */
    make_votes(&msg, MUN_VOTE_PRECOMMIT, 0);
    add_voter(b, &msg, 0, NIL, -1);
    add_voter(b, &msg, 1, NIL, -1);
    add_voter(b, &msg, 3, id_of(1), -1);
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_key_elsewhere(b, false);
    /* Of an earlier round the record cannot say. */
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    settle(b);
    prevote(b, 3, 0, id_of(2));
    assert_key_elsewhere(b, false);
}

static void
each_message_that_the_record_does_not_know_says_it(void **state)
{
    static const struct say foreign[] = {
        { 3, MUN_VOTE_PREVOTE, 0, { { 0 } }, -1 },  /* another value */
        { 3, MUN_VOTE_PREVOTE, 1, { { 0 } }, -1 },  /* a later round */
        { 3, MUN_VOTE_PRECOMMIT, 0, { { 0 } }, -1 } /* none was signed */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        struct bench *b = bench_prevoted(id_of(1));

        hear(b, foreign[i]);
        assert_key_elsewhere(b, true);
    }
}

static void
another_valid_round_is_not_ours(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    prevote(b, 0, 3, NIL);
    prevote(b, 1, 3, NIL);
    settle(b); /* proposes again */
    settle(b); /* and prevotes it, with valid round 0 */
    hear(b, (struct say){ 3, MUN_VOTE_PREVOTE, 3, id_of(1), 0 });
    assert_key_elsewhere(b, false);
    hear(b, (struct say){ 3, MUN_VOTE_PREVOTE, 3, id_of(1), 1 });
    assert_key_elsewhere(b, true);
}

static void
our_vote_at_a_later_height_is_not_ours(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_vote vote = { MUN_VOTE_PREVOTE, HEIGHT + 1, 0, -1, id_of(1) };
    struct mun_con_signed made = sign(b, 3, &vote);

    (void)state;
    receive_ballot(b, &made);
    assert_key_elsewhere(b, true);
    /* Of a lower one it is history. */
    b = bench_prevoted(id_of(1));
    vote.height = HEIGHT - 1;
    made = sign(b, 3, &vote);
    receive_ballot(b, &made);
    assert_key_elsewhere(b, false);
}

static void
our_vote_in_votes_and_certificates_is_looked_at(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, HEIGHT, 0, -1, id_of(1) };

    (void)state;
    make_votes(&msg, MUN_VOTE_PREVOTE, 0);
    add_voter(b, &msg, 0, id_of(2), -1);
    add_voter(b, &msg, 1, id_of(2), -1);
    add_voter(b, &msg, 3, id_of(2), -1);
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_key_elsewhere(b, true);
    assert_false(b->out.has_evidence);
    b = bench_prevoted(id_of(1));
    make_certificate(b, &msg, 0, id_of(1));
    msg.certificate.bitmap[0] = 0xd0;
    msg.certificate.sigs[2] = sign(b, 3, &vote).sig;
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_key_elsewhere(b, true);
    assert_decides(b, id_of(1), 0);
}

static void
a_member_whose_key_is_elsewhere_is_silent_for_ever(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 3, 5, NIL);
    assert_key_elsewhere(b, true);
    propose(b, 0, 0, id_of(1));
    judge(b, id_of(1), true);
    assert_false(b->out.has_persist);
    hear_polka(b, 0, id_of(1));
    assert_false(b->out.has_persist);
    assert_int_equal(b->con.record.locked_round, 0); /* it follows */
    /* Its turn to propose. */
    prevote(b, 0, 3, NIL);
    prevote(b, 1, 3, NIL);
    assert_int_equal(mun_con_round(&b->con), 3);
    assert_false(b->out.has_persist);
    assert_false(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
    make_certificate(b, &msg, 0, id_of(1));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_decides(b, id_of(1), 0);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_true(mun_con_is_key_elsewhere(&b->con));
    work(b);
    fire(b, HEIGHT + 1, 0, MUN_CON_PROPOSE);
    assert_false(b->out.has_persist);
}

static void
an_observer_has_no_key(void **state)
{
    struct bench *b = bench_idle(MUN_CON_OBSERVER);

    (void)state;
    work(b);
    for (uint32_t i = 0; i < 4; i++) {
        prevote(b, i, 0, id_of(1));
    }
    assert_key_elsewhere(b, false);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_polka_counts_as_its_votes),
        cmocka_unit_test(a_polka_overrules_what_an_equivocator_told_us),
        cmocka_unit_test(a_polka_of_another_value_does_not_move_a_quorum),
        cmocka_unit_test(
            a_polka_below_the_window_lets_its_value_be_proposed_again),
        cmocka_unit_test(an_old_polka_counts_when_the_proposal_rests_on_it),
        cmocka_unit_test(a_polka_of_a_later_round_starts_it),
        cmocka_unit_test(a_polka_of_the_round_starts_nothing),
        cmocka_unit_test(votes_end_idleness),
        cmocka_unit_test(precommits_that_ended_a_round_bring_us_into_it_and_on),
        cmocka_unit_test(precommits_for_one_value_decide),
        cmocka_unit_test(precommits_make_the_quorum_with_ours),
        cmocka_unit_test(votes_of_other_heights_change_nothing),
        cmocka_unit_test(votes_that_are_no_quorum_of_the_set_change_nothing),
        cmocka_unit_test(what_speaks_of_another_set_changes_nothing),
        cmocka_unit_test(a_second_certificate_changes_nothing),
        cmocka_unit_test(own_messages_that_came_back_are_ours),
        cmocka_unit_test(each_message_that_the_record_does_not_know_says_it),
        cmocka_unit_test(another_valid_round_is_not_ours),
        cmocka_unit_test(our_vote_at_a_later_height_is_not_ours),
        cmocka_unit_test(our_vote_in_votes_and_certificates_is_looked_at),
        cmocka_unit_test(a_member_whose_key_is_elsewhere_is_silent_for_ever),
        cmocka_unit_test(an_observer_has_no_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
