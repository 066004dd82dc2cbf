/* Messages of later heights, and being behind: rules R29 and R30 of
 * consensus/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

static struct mun_con_ahead ahead;

static struct mun_con_signed
ballot(uint32_t member, enum mun_vote_type type, uint64_t height,
       uint32_t round)
{
    struct mun_con_signed out;

    memset(&out, 0, sizeof(out));
    out.vote = (struct mun_vote){ type, height, round, -1, id_of(1) };
    out.member = member;
    return out;
}

static void
add(uint32_t member, enum mun_vote_type type, uint64_t height, uint32_t round)
{
    struct mun_con_signed made = ballot(member, type, height, round);

    mun_con_ahead_add(&ahead, &made, HEIGHT);
}

static void
clear(void)
{
    struct mun_hash set = id_of(1);

    memset(&ahead, 0, sizeof(ahead));
    mun_con_ahead_move(&ahead, &set);
}

/* A message of a height above, as a peer signs it. */
static void
hear_at(struct bench *b, uint64_t height, struct say say)
{
    struct mun_vote vote = { say.type, height, say.round, say.valid_round,
                             say.id };
    struct mun_con_signed made = sign(b, say.member, &vote);

    receive_ballot(b, &made);
}

static void
nil_prevote_at(struct bench *b, uint64_t height, uint32_t member)
{
    hear_at(b, height, (struct say){ member, MUN_VOTE_PREVOTE, 0, NIL, -1 });
}

/* ---- The buffer ---- */

static void
of_each_member_and_type_the_highest_round_is_kept(void **state)
{
    struct mun_con_signed out;
    struct mun_con_signed same = ballot(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 5);

    (void)state;
    clear();
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 3);
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 5);
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 4);
    same.vote.id = id_of(2);
    mun_con_ahead_add(&ahead, &same, HEIGHT); /* the first of a round stays */
    add(1, MUN_VOTE_PROPOSAL, HEIGHT + 1, 0);
    add(2, MUN_VOTE_PRECOMMIT, HEIGHT + 1, 9);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    assert_int_equal(out.vote.type, MUN_VOTE_PROPOSAL);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    assert_int_equal(out.vote.type, MUN_VOTE_PREVOTE);
    assert_int_equal(out.vote.round, 5);
    assert_int_equal(out.vote.id.b[0], 1);
    assert_int_equal(out.member, 1);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    assert_int_equal(out.member, 2);
    assert_int_equal(out.vote.round, 9);
    assert_false(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    /* A place that was emptied takes any round. */
    add(2, MUN_VOTE_PRECOMMIT, HEIGHT + 1, 1);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    assert_int_equal(out.vote.round, 1);
}

static void
only_the_next_height_is_kept(void **state)
{
    struct mun_con_signed out;

    (void)state;
    clear();
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 2, 0);
    add(2, MUN_VOTE_PREVOTE, UINT64_MAX, 0);
    assert_int_equal(ahead.highest[1], HEIGHT + 2);
    assert_int_equal(ahead.highest[2], UINT64_MAX);
    assert_false(mun_con_ahead_take(&ahead, &out, HEIGHT + 2));
    /* And goes when another height begins. */
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 0);
    assert_false(mun_con_ahead_take(&ahead, &out, HEIGHT + 2));
    assert_false(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
}

static void
a_message_of_an_earlier_next_height_gives_way(void **state)
{
    struct mun_con_signed later = ballot(1, MUN_VOTE_PREVOTE, HEIGHT + 2, 0);
    struct mun_con_signed out;

    (void)state;
    clear();
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 7);
    mun_con_ahead_add(&ahead, &later, HEIGHT + 1);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 2));
    assert_int_equal(out.vote.round, 0);
}

static void
another_set_forgets_all(void **state)
{
    struct mun_hash same = id_of(1);
    struct mun_hash other = id_of(2);
    struct mun_con_signed out;

    (void)state;
    clear();
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 0);
    mun_con_ahead_move(&ahead, &same);
    assert_int_equal(ahead.highest[1], HEIGHT + 1);
    mun_con_ahead_move(&ahead, &other);
    assert_int_equal(ahead.highest[1], 0);
    assert_false(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    /* Now this is the set. */
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 1, 0);
    mun_con_ahead_move(&ahead, &other);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
}

static void
the_last_member_has_a_place(void **state)
{
    struct mun_con_signed out;

    (void)state;
    clear();
    add(MUN_MEMBERS_MAX - 1, MUN_VOTE_PRECOMMIT, HEIGHT + 1, 0);
    assert_true(mun_con_ahead_take(&ahead, &out, HEIGHT + 1));
    assert_int_equal(out.member, MUN_MEMBERS_MAX - 1);
}

static void
a_height_is_reached_when_a_skip_quorum_was_seen_there(void **state)
{
    (void)state;
    clear(); /* three of seven */
    assert_int_equal(mun_con_ahead_reached(&ahead, 7), 0);
    add(0, MUN_VOTE_PREVOTE, UINT64_MAX, 0);
    add(1, MUN_VOTE_PREVOTE, HEIGHT + 5, 0);
    assert_int_equal(mun_con_ahead_reached(&ahead, 7), 0);
    add(6, MUN_VOTE_PREVOTE, HEIGHT + 1, 0);
    assert_int_equal(mun_con_ahead_reached(&ahead, 7), HEIGHT + 1);
    add(2, MUN_VOTE_PREVOTE, HEIGHT + 3, 0);
    assert_int_equal(mun_con_ahead_reached(&ahead, 7), HEIGHT + 3);
    /* Members that the set does not have do not count. */
    assert_int_equal(mun_con_ahead_reached(&ahead, 3), HEIGHT + 5);
    assert_int_equal(mun_con_ahead_reached(&ahead, 2), UINT64_MAX);
    /* A member does not come back. */
    add(2, MUN_VOTE_PREVOTE, HEIGHT + 1, 0);
    assert_int_equal(ahead.highest[2], HEIGHT + 3);
    /* Of several heights that enough have reached it is the highest. */
    add(3, MUN_VOTE_PREVOTE, HEIGHT + 9, 0);
    add(4, MUN_VOTE_PREVOTE, HEIGHT + 9, 0);
    assert_int_equal(mun_con_ahead_reached(&ahead, 7), HEIGHT + 9);
}

/* ---- The next height ---- */

static void
votes_of_the_next_height_count_when_it_starts(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    assert_quiet(b);
    nil_prevote_at(b, HEIGHT + 1, 1);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_false(mun_con_is_behind(&b->con));
    assert_false(mun_con_is_idle(&b->con)); /* R11 */
    assert_int_equal(mun_con_rounds_find(&b->con.rounds, 0)->prevotes.count, 2);
}

static void
with_another_set_they_are_forgotten(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    b->members.at[0].party = id_of(0x77);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_true(mun_con_is_idle(&b->con));
    assert_quiet(b);
}

static void
the_proposal_of_the_next_height_starts_it(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    hear_at(b, HEIGHT + 1,
            (struct say){ 1, MUN_VOTE_PROPOSAL, 0, id_of(1), -1 });
    assert_quiet(b);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_false(mun_con_is_idle(&b->con));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    assert_true(has_timer(b, MUN_CON_PROPOSE, 0));
}

static void
a_proposal_out_of_turn_is_dropped_when_the_height_starts(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    hear_at(b, HEIGHT + 1,
            (struct say){ 2, MUN_VOTE_PROPOSAL, 0, id_of(1), -1 });
    assert_int_equal(b->out.notices, 0);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_WRONG_PROPOSER);
    assert_true(mun_con_is_idle(&b->con));
}

static void
precommits_of_the_next_height_can_decide_it_at_once(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        hear_at(b, HEIGHT + 1,
                (struct say){ i, MUN_VOTE_PRECOMMIT, 2, id_of(1), -1 });
    }
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    assert_int_equal(mun_con_round(&b->con), 2);
}

/* R28, R34: an observer hears its own key at the height where it begins to
 * vote. */
static void
our_own_message_from_before_we_voted_does_not_count(void **state)
{
    struct bench *b = bench_idle(MUN_CON_OBSERVER);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 3);
    b->own = 3;
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_OWN_KEY);
    assert_true(mun_con_is_key_elsewhere(&b->con));
    assert_null(mun_con_rounds_find(&b->con.rounds, 0));
}

/* Round 0 by the proposal, then round 5 by the votes, in one step. */
static void
a_round_that_is_left_at_once_leaves_no_timer(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    hear_at(b, HEIGHT + 1,
            (struct say){ 1, MUN_VOTE_PROPOSAL, 0, id_of(1), -1 });
    for (uint32_t i = 0; i < 2; i++) {
        hear_at(b, HEIGHT + 1, (struct say){ i, MUN_VOTE_PREVOTE, 5, NIL, -1 });
    }
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_int_equal(mun_con_round(&b->con), 5);
    assert_int_equal(b->out.timer_count, 2);
    assert_true(has_timer(b, MUN_CON_PROPOSE, 5));
    assert_false(has_timer(b, MUN_CON_PROPOSE, 0));
}

/* ---- Behind ---- */

static void
one_liar_cannot_make_us_believe_that_we_are_behind(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 2, 0);
    nil_prevote_at(b, UINT64_MAX, 0);
    assert_quiet(b);
    assert_false(mun_con_is_behind(&b->con));
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_prevotes(b, 0, NIL);
}

static void
a_skip_quorum_can_and_the_request_comes_once(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 9, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    assert_true(mun_con_is_behind(&b->con));
    assert_int_equal(b->out.request_count, 1);
    assert_int_equal(b->out.requests[0].kind, MUN_CON_REQUEST_CATCH_UP);
    assert_int_equal(b->out.requests[0].height, HEIGHT);
    nil_prevote_at(b, HEIGHT + 9, 2);
    assert_quiet(b);
}

static void
two_of_seven_cannot_and_three_can(void **state)
{
    struct bench *b = &the_bench;

    (void)state;
    make_members(b, 7);
    b->own = 6;
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    assert_false(mun_con_is_behind(&b->con));
    nil_prevote_at(b, HEIGHT + 1, 2);
    assert_true(mun_con_is_behind(&b->con));
}

static void
a_member_that_is_behind_does_not_sign(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_false(b->out.has_persist);
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    assert_false(b->out.has_persist);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 1);
    /* Nor does it propose in its turn. */
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 2, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 3);
    assert_int_equal(b->out.request_count, 0);
}

static void
it_decides_by_the_certificate(void **state)
{
    static struct mun_con_msg msg;
    struct bench *b = bench_working(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    make_certificate(b, &msg, 4, id_of(1));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 4);
    /* Silent for that height only. */
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_false(mun_con_is_behind(&b->con));
    assert_int_equal(b->out.request_count, 0);
    fire(b, HEIGHT + 1, 0, MUN_CON_PROPOSE);
    assert_true(b->out.has_persist);
}

static void
a_member_many_heights_behind_asks_at_each(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    nil_prevote_at(b, HEIGHT + 3, 0);
    nil_prevote_at(b, HEIGHT + 2, 1);
    assert_true(mun_con_is_behind(&b->con));
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_true(mun_con_is_behind(&b->con));
    assert_true(has_request(b, MUN_CON_REQUEST_CATCH_UP, NIL));
    assert_int_equal(b->out.requests[0].height, HEIGHT + 1);
    assert_int_equal(start_with(b, HEIGHT + 2, NULL).code, MUN_OK);
    assert_false(mun_con_is_behind(&b->con));
    assert_int_equal(b->out.request_count, 0);
}

static void
an_observer_does_not_ask(void **state)
{
    struct bench *b = bench_idle(MUN_CON_OBSERVER);

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    nil_prevote_at(b, HEIGHT + 1, 2);
    assert_quiet(b);
    assert_false(mun_con_is_behind(&b->con));
}

static void
members_that_the_set_does_not_have_do_not_count(void **state)
{
    static struct mun_con_msg_checked checked;
    struct bench *b = bench_idle(3);
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    checked.msg.kind = MUN_CON_MSG_VOTE;
    checked.msg.ballot = ballot(4, MUN_VOTE_PREVOTE, HEIGHT + 1, 0);
    event.as.message = &checked;
    give_ok(b, &event);
    assert_quiet(b);
    assert_false(mun_con_is_behind(&b->con));
}

static void
a_member_that_is_behind_restarts_in_its_step(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_con_record record = b->con.record;

    (void)state;
    nil_prevote_at(b, HEIGHT + 1, 0);
    nil_prevote_at(b, HEIGHT + 1, 1);
    assert_true(mun_con_is_behind(&b->con));
    /* Nobody is remembered to be ahead: they say it again. */
    restart(b, &record);
    assert_false(mun_con_is_behind(&b->con));
    settle(b);
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    assert_precommits(b, 0, NIL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_each_member_and_type_the_highest_round_is_kept),
        cmocka_unit_test(only_the_next_height_is_kept),
        cmocka_unit_test(a_message_of_an_earlier_next_height_gives_way),
        cmocka_unit_test(another_set_forgets_all),
        cmocka_unit_test(the_last_member_has_a_place),
        cmocka_unit_test(a_height_is_reached_when_a_skip_quorum_was_seen_there),
        cmocka_unit_test(votes_of_the_next_height_count_when_it_starts),
        cmocka_unit_test(with_another_set_they_are_forgotten),
        cmocka_unit_test(the_proposal_of_the_next_height_starts_it),
        cmocka_unit_test(
            a_proposal_out_of_turn_is_dropped_when_the_height_starts),
        cmocka_unit_test(precommits_of_the_next_height_can_decide_it_at_once),
        cmocka_unit_test(our_own_message_from_before_we_voted_does_not_count),
        cmocka_unit_test(a_round_that_is_left_at_once_leaves_no_timer),
        cmocka_unit_test(one_liar_cannot_make_us_believe_that_we_are_behind),
        cmocka_unit_test(a_skip_quorum_can_and_the_request_comes_once),
        cmocka_unit_test(two_of_seven_cannot_and_three_can),
        cmocka_unit_test(a_member_that_is_behind_does_not_sign),
        cmocka_unit_test(it_decides_by_the_certificate),
        cmocka_unit_test(a_member_many_heights_behind_asks_at_each),
        cmocka_unit_test(an_observer_does_not_ask),
        cmocka_unit_test(members_that_the_set_does_not_have_do_not_count),
        cmocka_unit_test(a_member_that_is_behind_restarts_in_its_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
