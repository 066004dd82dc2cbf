/* Scenarios that broke other implementations, as scripts: tests/consensus-cases.md
 * says which test stands for which case. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

static struct mun_con_msg msg;
static struct bench other;

/* A verified message without the signature's cost, for floods. */
static void
flood(struct bench *b, uint32_t member, const struct mun_vote *vote)
{
    static struct mun_con_msg_checked checked;
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };

    checked.msg.kind = vote->type == MUN_VOTE_PROPOSAL ? MUN_CON_MSG_PROPOSAL
                                                       : MUN_CON_MSG_VOTE;
    checked.msg.value_len = vote->type == MUN_VOTE_PROPOSAL ? 1 : 0;
    checked.msg.ballot.vote = *vote;
    checked.msg.ballot.member = member;
    event.as.message = &checked;
    give_ok(b, &event);
}

/* ---- Liars ---- */

/* C1: one half saw value 1, the other value 2, and the polka is for 2. */
static void
two_proposals_to_two_halves_decide_one(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    hear_polka(b, 0, id_of(2));
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(2)));
    judge(b, id_of(2), true);
    assert_precommits(b, 0, id_of(2));
    settle(b);
    precommit(b, 0, 0, id_of(2));
    precommit(b, 1, 0, id_of(2));
    assert_decides(b, id_of(2), 0);
}

/* C2: without votes taken whole the equivocator's first word would keep us out
 * of the polka for good. */
static void
an_equivocator_does_not_split_the_views(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, id_of(2)); /* its word to us */
    prevote(b, 1, 0, id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    assert_precommits(b, 0, NIL);
    settle(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    /* A re-proposal of what the others saw a polka for. */
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    assert_false(b->out.has_persist);
    hear_polka(b, 0, id_of(1));
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 1, id_of(1), 0 });
}

/* C3, Malachite's hiddenlock: one member has locked a value that nobody else
 * saw a polka for. It shows the polka, and the value is decided. */
static void
a_hidden_lock_is_shown_and_decided(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    /* Round 0 ends without a polka here; member 0 locked. */
    prevote(b, 1, 0, NIL);
    prevote(b, 2, 0, id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    assert_precommits(b, 0, NIL);
    settle(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    /* Round 1: a fresh value, which the locked member does not take. */
    propose(b, 1, 1, id_of(2));
    judge(b, id_of(2), true);
    assert_prevotes(b, 1, id_of(2));
    settle(b);
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, id_of(2));
    assert_false(b->out.has_persist);
    fire(b, HEIGHT, 1, MUN_CON_PREVOTE);
    settle(b);
    /* The locked member sends its polka again (R31), with member 1's other
     * prevote in it. */
    make_votes(&msg, MUN_VOTE_PREVOTE, 0);
    add_voter(b, &msg, 0, id_of(1), -1);
    add_voter(b, &msg, 1, id_of(1), -1);
    add_voter(b, &msg, 2, id_of(1), -1);
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    /* Round 2: whoever knows the polka proposes its value again. */
    hear(b, (struct say){ 2, MUN_VOTE_PROPOSAL, 2, id_of(1), 0 });
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 2, id_of(1), 0 });
    settle(b);
    hear(b, (struct say){ 0, MUN_VOTE_PREVOTE, 2, id_of(1), 0 });
    hear(b, (struct say){ 2, MUN_VOTE_PREVOTE, 2, id_of(1), 0 });
    assert_precommits(b, 2, id_of(1));
    settle(b);
    precommit(b, 0, 2, id_of(1));
    precommit(b, 2, 2, id_of(1));
    assert_decides(b, id_of(1), 2);
}

/* C4: a valid round that is not below the round never reaches the step; one
 * without a polka waits. */
static void
a_reproposal_of_the_future_or_without_polka_gets_nothing(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_vote vote = { MUN_VOTE_PROPOSAL, HEIGHT, 1, 1, id_of(1) };

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    flood(b, 1, &vote); /* not through the decoder, which refuses it */
    hear_polka(b, 1, id_of(1));
    assert_false(b->out.has_persist);
    assert_int_equal(b->out.request_count, 0);
    b = bench_working(3);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    assert_quiet(b);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    assert_prevotes(b, 1, NIL);
}

/* C6: a million votes of different rounds and heights. Memory is fixed (I8);
 * the round moves when a member that does not lie has moved, and not before. */
static void
a_million_rounds_and_heights_of_one_liar_change_nothing(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_vote vote = { MUN_VOTE_PREVOTE, HEIGHT, 0, -1, id_of(1) };

    (void)state;
    for (uint32_t i = 0; i < 1000000; i++) {
        vote.type = (enum mun_vote_type)(1 + i % 3);
        vote.round = 1 + i * 2147;
        vote.round = vote.round < MUN_CON_ROUND_MAX ? vote.round : 5;
        vote.height = i % 2 == 0 ? HEIGHT : HEIGHT + i;
        flood(b, 0, &vote);
    }
    assert_int_equal(mun_con_round(&b->con), 0);
    assert_false(mun_con_is_behind(&b->con));
    propose(b, 0, 0, id_of(1));
    judge(b, id_of(1), true);
    assert_prevotes(b, 0, id_of(1));
}

/* C7: the same value in round after round, each proposer naming its polka. */
static void
a_locked_value_is_proposed_again_under_other_rounds(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    for (uint32_t round = 1; round < 3; round++) {
        fire(b, HEIGHT, round - 1, MUN_CON_PRECOMMIT);
        hear(b, (struct say){ round, MUN_VOTE_PROPOSAL, round, id_of(1),
                              (int32_t)round - 1 });
        assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, round, id_of(1),
                                      (int32_t)round - 1 });
        settle(b);
        hear(b, (struct say){ 0, MUN_VOTE_PREVOTE, round, id_of(1),
                              (int32_t)round - 1 });
        hear(b, (struct say){ 1, MUN_VOTE_PREVOTE, round, id_of(1),
                              (int32_t)round - 1 });
        assert_precommits(b, round, id_of(1));
        assert_int_equal(b->out.persist.record->locked_round, round);
        settle(b);
    }
}

/* C10: judging takes longer than the propose timeout. */
static void
a_late_verdict_still_locks_what_the_others_prevoted(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    assert_prevotes(b, 0, NIL);
    settle(b);
    hear_polka(b, 0, id_of(1));
    assert_false(b->out.has_persist);
    judge(b, id_of(1), true);
    assert_precommits(b, 0, id_of(1));
}

/* F8: values an hour off are prevoted nil, whoever's clock is wrong; the rounds
 * go on. */
static void
clocks_an_hour_off_cost_rounds_only(void **state)
{
    struct bench *b = bench_working(3);
    const uint64_t hour_ms = 3600ull * 1000u;

    (void)state;
    b->now_ms += 2 * hour_ms;
    propose(b, 0, 0, id_of(1));
    judge_at(b, id_of(1), true, b->now_ms + hour_ms);
    assert_prevotes(b, 0, NIL);
    settle(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    propose(b, 1, 1, id_of(2));
    judge_at(b, id_of(2), true, b->now_ms - hour_ms);
    assert_prevotes(b, 1, NIL);
    settle(b);
    /* More than f of them wrong: what the others prevoted holds. */
    hear_polka(b, 1, id_of(2));
    assert_precommits(b, 1, id_of(2));
}

/* F6: no replay: a restart after many rounds goes on in the last one. */
static void
a_restart_after_a_thousand_rounds_is_one_step(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_con_record record = b->con.record;
    uint32_t round = 0;

    (void)state;
    for (round = 0; round < 1000; round++) {
        fire(b, HEIGHT, round, MUN_CON_PROPOSE);
        if (b->out.has_persist) {
            record = *b->out.persist.record;
            settle(b);
        }
        fire(b, HEIGHT, round, MUN_CON_PRECOMMIT);
        while (b->out.has_persist) {
            record = *b->out.persist.record;
            settle(b);
        }
    }
    assert_int_equal(mun_con_round(&b->con), 1000);
    restart(b, &record);
    assert_int_equal(mun_con_round(&b->con), record.round);
    assert_true(record.round >= 999);
    settle(b);
    assert_int_equal(b->con.record.locked_round, 0);
    fire(b, HEIGHT, record.round, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), record.round + 1);
}

/* ---- Re-proposals and old polkas ---- */

static void
the_delay_of_later_rounds_is_longer(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    b->now_ms += 100000;
    prevote(b, 0, 10, NIL);
    prevote(b, 1, 10, NIL);
    propose(b, 2, 10, id_of(1));
    judge_at(b, id_of(1), true, b->now_ms - 30500);
    assert_prevotes(b, 10, id_of(1)); /* 15 s, and as much again */
}

/* The polka of the valid value is in the record, whatever newer one has left the
 * window since. */
static void
the_records_own_polka_counts_in_any_round(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    hear_polka(b, 1, id_of(2)); /* of a value that is not here */
    prevote(b, 0, 9, NIL);
    prevote(b, 2, 9, NIL);
    assert_int_equal(mun_con_round(&b->con), 9);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 9, id_of(1), 0 });
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 9, id_of(1), 0 });
}

static void
the_records_polka_is_of_its_value_and_round(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(2), 0 });
    assert_quiet(b);
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 2, MUN_VOTE_PROPOSAL, 2, id_of(1), 1 });
    assert_quiet(b);
}

static void
line_29_the_locked_value_is_prevoted_on_an_older_polka(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear_polka(b, 0, id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    judge(b, id_of(1), true);
    settle(b);
    hear_polka(b, 1, id_of(1));
    assert_precommits(b, 1, id_of(1));
    settle(b);
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 2, MUN_VOTE_PROPOSAL, 2, id_of(1), 0 });
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 2, id_of(1), 0 });
}

/* Two polkas in one round: two thirds lie, and the line is the paper's. */
static void
line_29_a_lock_of_the_valid_round_gives_way(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(2), 0 });
    hear_polka(b, 0, id_of(2));
    judge(b, id_of(2), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 1, id_of(2), 0 });
}

/* ---- Malachite's scenarios ---- */

static void
line26_a_locked_member_prevotes_nil_for_another_value(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    propose(b, 1, 1, id_of(2));
    judge(b, id_of(2), true);
    assert_prevotes(b, 1, NIL);
}

static void
line28_a_value_with_an_older_polka_is_prevoted_by_the_unlocked(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        prevote(b, i, 0, id_of(1));
    }
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    judge(b, id_of(1), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 1, id_of(1), 0 });
}

static void
line32_an_invalid_value_with_a_polka_gets_nil(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear_polka(b, 0, id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    judge(b, id_of(1), false);
    assert_prevotes(b, 1, NIL);
}

static void
line42_the_valid_value_follows_a_polka_after_the_precommit(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    settle(b);
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, id_of(2));
    fire(b, HEIGHT, 1, MUN_CON_PREVOTE);
    settle(b);
    hear_polka(b, 1, id_of(2));
    judge(b, id_of(2), true);
    assert_false(b->out.has_persist);
    assert_int_equal(b->con.record.valid_round, 1);
    assert_int_equal(b->con.record.valid_id.b[0], 2);
    assert_int_equal(b->con.record.locked_round, 0);
    assert_int_equal(b->con.record.locked_id.b[0], 1);
}

static void
decide_for_past_round(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 2, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 3);
    settle(b); /* its turn: it proposes again */
    settle(b);
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
}

/* Malachite's disagreement: with two liars of four there is no agreement, and
 * with one there is. The certificates name the two. */
static void
disagreement_takes_more_than_a_third(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    uint8_t both = 0;

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    settle(b);
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
    both = b->out.apply.certificate->bitmap[0];
    make_members(&other, 4);
    other.own = 2;
    init_con(&other);
    assert_int_equal(start_with(&other, HEIGHT, NULL).code, MUN_OK);
    propose(&other, 0, 0, id_of(2));
    judge(&other, id_of(2), true);
    settle(&other);
    prevote(&other, 0, 0, id_of(2));
    prevote(&other, 1, 0, id_of(2));
    settle(&other);
    precommit(&other, 0, 0, id_of(2));
    precommit(&other, 1, 0, id_of(2));
    assert_decides(&other, id_of(2), 0);
    both = (uint8_t)(both & other.out.apply.certificate->bitmap[0]);
    assert_int_equal(both, 0xc0); /* members 0 and 1 */
}

/* Rounds 0 and 1 fail in different ways, round 2 decides. */
static void
multi_round(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE); /* no proposal */
    settle(b);
    prevote(b, 0, 0, NIL);
    prevote(b, 1, 0, NIL);
    assert_precommits(b, 0, NIL);
    settle(b);
    precommit(b, 0, 0, NIL);
    precommit(b, 1, 0, NIL);
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 0));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    propose(b, 1, 1, id_of(1)); /* no polka */
    judge(b, id_of(1), true);
    settle(b);
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, id_of(1));
    assert_true(has_timer(b, MUN_CON_PREVOTE, 1));
    fire(b, HEIGHT, 1, MUN_CON_PREVOTE);
    assert_precommits(b, 1, NIL);
    settle(b);
    precommit(b, 0, 1, NIL);
    precommit(b, 1, 1, NIL);
    fire(b, HEIGHT, 1, MUN_CON_PRECOMMIT);
    propose(b, 2, 2, id_of(2));
    judge(b, id_of(2), true);
    settle(b);
    prevote(b, 0, 2, id_of(2));
    prevote(b, 2, 2, id_of(2));
    assert_precommits(b, 2, id_of(2));
    settle(b);
    precommit(b, 0, 2, id_of(2));
    precommit(b, 2, 2, id_of(2));
    assert_decides(b, id_of(2), 2);
}

static void
new_height_logic(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    struct mun_vote vote = { MUN_VOTE_PREVOTE, HEIGHT + 1, 0, -1, id_of(2) };
    struct mun_con_signed made = sign(b, 0, &vote);

    (void)state;
    receive_ballot(b, &made); /* of the next height: kept */
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, id_of(1));
    assert_decides(b, id_of(1), 0);
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    assert_true(mun_con_is_idle(&b->con));
    assert_int_equal(b->con.record.locked_round, -1);
    assert_int_equal(b->con.record.polka.count, 0);
    assert_int_equal(mun_con_rounds_find(&b->con.rounds, 0)->prevotes.count, 1);
    precommit(b, 2, 0, id_of(1)); /* of the old height */
    assert_quiet(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_quiet(b);
    judge(b, id_of(1), true);
    assert_quiet(b);
}

/* Thresholds as the step sees them: nothing at two of four, all at three. */
static void
votekeeper(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 0, 0, id_of(1));
    assert_quiet(b);            /* two with ours */
    prevote(b, 0, 0, id_of(1)); /* again */
    assert_quiet(b);
    prevote(b, 1, 0, NIL);
    assert_true(has_timer(b, MUN_CON_PREVOTE, 0)); /* any */
    assert_false(b->out.has_persist);
    prevote(b, 2, 0, id_of(1));
    assert_precommits(b, 0, id_of(1)); /* value */
    settle(b);
    precommit(b, 0, 0, NIL);
    assert_quiet(b);
    precommit(b, 1, 0, NIL);
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 0));
    precommit(b, 2, 0, id_of(1));
    assert_false(b->out.has_apply);
    prevote(b, 1, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 0);
    prevote(b, 2, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1); /* skip */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_proposals_to_two_halves_decide_one),
        cmocka_unit_test(an_equivocator_does_not_split_the_views),
        cmocka_unit_test(a_hidden_lock_is_shown_and_decided),
        cmocka_unit_test(
            a_reproposal_of_the_future_or_without_polka_gets_nothing),
        cmocka_unit_test(
            a_million_rounds_and_heights_of_one_liar_change_nothing),
        cmocka_unit_test(a_locked_value_is_proposed_again_under_other_rounds),
        cmocka_unit_test(a_late_verdict_still_locks_what_the_others_prevoted),
        cmocka_unit_test(clocks_an_hour_off_cost_rounds_only),
        cmocka_unit_test(a_restart_after_a_thousand_rounds_is_one_step),
        cmocka_unit_test(the_delay_of_later_rounds_is_longer),
        cmocka_unit_test(the_records_own_polka_counts_in_any_round),
        cmocka_unit_test(the_records_polka_is_of_its_value_and_round),
        cmocka_unit_test(
            line_29_the_locked_value_is_prevoted_on_an_older_polka),
        cmocka_unit_test(line_29_a_lock_of_the_valid_round_gives_way),
        cmocka_unit_test(line26_a_locked_member_prevotes_nil_for_another_value),
        cmocka_unit_test(
            line28_a_value_with_an_older_polka_is_prevoted_by_the_unlocked),
        cmocka_unit_test(line32_an_invalid_value_with_a_polka_gets_nil),
        cmocka_unit_test(
            line42_the_valid_value_follows_a_polka_after_the_precommit),
        cmocka_unit_test(decide_for_past_round),
        cmocka_unit_test(disagreement_takes_more_than_a_third),
        cmocka_unit_test(multi_round),
        cmocka_unit_test(new_height_logic),
        cmocka_unit_test(votekeeper),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
