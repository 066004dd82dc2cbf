/* What is sent again, and when: rules R31 and R32 of consensus/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

#define RESEND ((enum mun_con_phase)MUN_CON_TIMER_RESEND)

/* The deadline of the re-send timer that the last step set, or 0. */
static uint64_t
resend_at(const struct bench *b)
{
    for (uint32_t i = 0; i < b->out.timer_count; i++) {
        if (b->out.timers[i].kind == MUN_CON_TIMER_RESEND) {
            return b->out.timers[i].deadline_ms;
        }
    }
    return 0;
}

static void
resend(struct bench *b)
{
    fire(b, HEIGHT, mun_con_round(&b->con), RESEND);
}

static void
assert_sends(const struct bench *b, uint32_t ballots, uint32_t votes)
{
    assert_int_equal(b->out.send.count, ballots);
    assert_int_equal(b->out.send.votes_count, votes);
}

static void
assert_ballot(const struct bench *b, uint32_t at, enum mun_vote_type type,
              uint32_t round, struct mun_hash id)
{
    const struct mun_con_signed *made = &b->out.send.ballots[at];
    struct mun_con_check against = { &b->chain_id, HEIGHT, &b->members };

    assert_int_equal(made->vote.type, type);
    assert_int_equal(made->vote.round, round);
    assert_true(mun_hash_eq(&made->vote.id, &id));
    assert_int_equal(made->member, b->own);
    assert_int_equal(mun_con_signed_check(made, &against).code, MUN_OK);
}

/* As another member would take it. */
static void
assert_votes(const struct bench *b, uint32_t at, enum mun_vote_type type,
             uint32_t round)
{
    static struct mun_con_msg msg;
    static struct mun_con_msg_checked checked;
    struct mun_con_check against = { &b->chain_id, HEIGHT, &b->members };

    memset(&msg, 0, sizeof(msg));
    msg.kind = MUN_CON_MSG_VOTES;
    msg.votes = *b->out.send.votes[at];
    assert_int_equal(msg.votes.type, type);
    assert_int_equal(msg.votes.round, round);
    assert_int_equal(mun_con_msg_check(&checked, &msg, &against).code, MUN_OK);
}

/* Member 3 in round 1, come by nil precommits of 0, 1 and 2. */
static struct bench *
bench_entered(void)
{
    struct bench *b = bench_working(3);
    const struct mun_hash ids[3] = { NIL, NIL, NIL };

    hear_precommits(b, 0, ids);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_int_equal(mun_con_round(&b->con), 1);
    return b;
}

/* ---- When ---- */

static void
the_wait_is_one_second_and_doubles_up_to_eight(void **state)
{
    struct bench *b = bench_working(3);
    static const uint64_t waits[] = { 2000, 4000, 8000, 8000, 8000 };

    (void)state;
    assert_int_equal(resend_at(b), START_MS + 1000);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        b->now_ms += 100;
        resend(b);
        assert_int_equal(resend_at(b), b->now_ms + waits[i]);
    }
}

static void
a_wait_never_passes_the_most(void **state)
{
    struct bench *b = bench_idle(3);
    static const uint64_t waits[] = { 600, 1000, 1000 };

    (void)state;
    b->con.config.resend_ms_min = 300;
    b->con.config.resend_ms_max = 1000;
    work(b);
    assert_int_equal(resend_at(b), START_MS + 300);
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        resend(b);
        assert_int_equal(resend_at(b), START_MS + waits[i]);
    }
    /* Nor the end of time. */
    b->now_ms = UINT64_MAX - 5;
    resend(b);
    assert_int_equal(resend_at(b), UINT64_MAX);
}

static void
a_new_round_begins_anew(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    resend(b);
    resend(b);
    resend(b);
    b->now_ms += 7000;
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_int_equal(resend_at(b), b->now_ms + 1000);
    resend(b);
    assert_int_equal(resend_at(b), b->now_ms + 2000);
}

static void
old_resend_timers_are_ignored(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    fire(b, HEIGHT - 1, 0, RESEND);
    assert_quiet(b);
    fire(b, HEIGHT, 1, RESEND);
    assert_quiet(b);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 0, RESEND);
    assert_quiet(b);
}

static void
an_idle_member_sends_nothing(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    fire(b, HEIGHT, 0, RESEND);
    assert_quiet(b);
}

static void
alone_there_is_nobody_to_send_to(void **state)
{
    struct bench *b = &the_bench;

    (void)state;
    make_members(b, 1);
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    work(b);
    assert_int_equal(b->out.timer_count, 1);
    assert_int_equal(b->out.timers[0].kind, MUN_CON_TIMER_PROPOSE);
    make_members(b, 2);
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    work(b);
    assert_int_equal(b->out.timer_count, 2);
}

static void
a_decided_height_is_not_sent_again(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, id_of(1));
    assert_true(b->out.has_apply);
    resend(b);
    assert_quiet(b);
}

/* ---- What ---- */

static void
nothing_is_sent_again_before_anything_was_said(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    resend(b);
    assert_sends(b, 0, 0);
    assert_int_equal(b->out.timer_count, 1);
}

static void
the_last_votes_and_the_polka_are_sent_again(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    resend(b);
    assert_sends(b, 1, 0);
    assert_ballot(b, 0, MUN_VOTE_PREVOTE, 0, id_of(1));
    b = bench_locked(id_of(1));
    resend(b);
    assert_sends(b, 2, 1);
    assert_ballot(b, 0, MUN_VOTE_PREVOTE, 0, id_of(1));
    assert_ballot(b, 1, MUN_VOTE_PRECOMMIT, 0, id_of(1));
    assert_votes(b, 0, MUN_VOTE_PREVOTE, 0);
    /* Also in the next round, until newer ones take their place. */
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    resend(b);
    assert_sends(b, 2, 1);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    settle(b);
    resend(b);
    assert_sends(b, 2, 1);
    assert_ballot(b, 0, MUN_VOTE_PREVOTE, 1, NIL);
    assert_ballot(b, 1, MUN_VOTE_PRECOMMIT, 0, id_of(1));
    assert_votes(b, 0, MUN_VOTE_PREVOTE, 0);
}

static void
the_polka_of_a_valid_value_that_is_not_locked_is_sent_too(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    fire(b, HEIGHT, 0, MUN_CON_PREVOTE);
    settle(b);
    hear_polka(b, 0, id_of(1));
    resend(b);
    assert_sends(b, 2, 1);
    assert_ballot(b, 1, MUN_VOTE_PRECOMMIT, 0, NIL);
    assert_votes(b, 0, MUN_VOTE_PREVOTE, 0);
}

static void
the_proposal_is_sent_again_in_its_round_only(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    value(b, 0, id_of(1));
    settle(b);
    settle(b); /* its own prevote */
    resend(b);
    assert_sends(b, 2, 0);
    assert_ballot(b, 0, MUN_VOTE_PROPOSAL, 0, id_of(1));
    assert_ballot(b, 1, MUN_VOTE_PREVOTE, 0, id_of(1));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    resend(b);
    assert_sends(b, 1, 0);
    assert_ballot(b, 0, MUN_VOTE_PREVOTE, 0, id_of(1));
}

static void
a_reproposal_travels_with_its_polka(void **state)
{
    struct bench *b = bench_locked(id_of(1));

    (void)state;
    prevote(b, 0, 3, NIL);
    prevote(b, 1, 3, NIL);
    settle(b);
    assert_sends(b, 1, 1);
    assert_ballot(b, 0, MUN_VOTE_PROPOSAL, 3, id_of(1));
    assert_int_equal(b->out.send.ballots[0].vote.valid_round, 0);
    assert_votes(b, 0, MUN_VOTE_PREVOTE, 0);
    settle(b); /* its prevote travels alone */
    assert_sends(b, 1, 0);
    resend(b);
    assert_sends(b, 3, 1);
    assert_ballot(b, 0, MUN_VOTE_PROPOSAL, 3, id_of(1));
}

static void
a_fresh_proposal_travels_alone(void **state)
{
    struct bench *b = bench_working(0);

    (void)state;
    value(b, 0, id_of(1));
    settle(b);
    assert_sends(b, 1, 0);
    assert_ballot(b, 0, MUN_VOTE_PROPOSAL, 0, id_of(1));
}

static void
the_precommits_that_ended_a_round_are_shown_in_the_next(void **state)
{
    struct bench *b = bench_entered();

    (void)state;
    resend(b);
    assert_sends(b, 0, 1);
    assert_votes(b, 0, MUN_VOTE_PRECOMMIT, 0);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    settle(b);
    resend(b);
    assert_sends(b, 1, 1);
    /* No longer in the round after that. */
    prevote(b, 0, 2, NIL);
    prevote(b, 1, 2, NIL);
    assert_int_equal(mun_con_round(&b->con), 2);
    resend(b);
    assert_sends(b, 1, 0);
}

static void
a_round_entered_by_others_votes_has_no_entry(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        precommit(b, i, 0, NIL);
    }
    prevote(b, 0, 1, NIL);
    prevote(b, 1, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    resend(b);
    assert_sends(b, 0, 0);
}

static void
the_entry_has_the_precommits_of_all_that_were_heard(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 0, 0, id_of(1));
    precommit(b, 1, 0, NIL);
    precommit(b, 2, 0, id_of(2));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    resend(b);
    assert_sends(b, 0, 1);
    assert_int_equal(b->out.send.votes[0]->count, 3);
    assert_int_equal(b->out.send.votes[0]->at[2].id.b[0], 2);
}

static void
both_votes_fit_one_send(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    const struct mun_hash ids[3] = { NIL, NIL, NIL };

    (void)state;
    hear_precommits(b, 0, ids);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    resend(b);
    assert_sends(b, 2, 2);
    assert_votes(b, 0, MUN_VOTE_PREVOTE, 0);
    assert_votes(b, 1, MUN_VOTE_PRECOMMIT, 0);
    /* Four: the own precommit ended it too. */
    assert_int_equal(b->out.send.votes[1]->count, 4);
}

static void
an_observer_passes_on_what_quorums_said(void **state)
{
    struct bench *b = bench_idle(MUN_CON_OBSERVER);

    (void)state;
    propose(b, 0, 0, id_of(1));
    judge(b, id_of(1), true);
    hear_polka(b, 0, id_of(1));
    resend(b);
    assert_sends(b, 0, 1);
}

/* ---- After a restart ---- */

static void
after_a_restart_polka_and_entry_are_still_shown(void **state)
{
    struct bench *b = bench_locked(id_of(1));
    const struct mun_hash ids[3] = { NIL, NIL, NIL };
    struct mun_con_record record;

    (void)state;
    hear_precommits(b, 0, ids);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    record = *b->out.persist.record;
    b->now_ms += 50;
    restart(b, &record);
    assert_int_equal(resend_at(b), b->now_ms + 1000);
    assert_sends(b, 0, 0);
    settle(b);
    assert_sends(b, 2, 0);
    resend(b);
    assert_sends(b, 2, 2);
    assert_ballot(b, 0, MUN_VOTE_PREVOTE, 1, NIL);
    assert_ballot(b, 1, MUN_VOTE_PRECOMMIT, 0, id_of(1));
    assert_votes(b, 0, MUN_VOTE_PREVOTE, 0);
    assert_votes(b, 1, MUN_VOTE_PRECOMMIT, 0);
    assert_int_equal(resend_at(b), b->now_ms + 2000);
}

/* Its own prevote and the polka of the record make a quorum without anybody
 * else. */
static void
after_a_restart_the_polka_counts(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));
    struct mun_con_record record;

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 1, 0, id_of(1));
    record = *b->out.persist.record;
    restart(b, &record);
    settle(b);
    prevote(b, 0, 0, NIL); /* against its vote in the polka */
    assert_true(b->out.has_evidence);
    /* Another proposer proposes it again: no peer is needed for R5. */
    hear(b, (struct say){ 1, MUN_VOTE_PROPOSAL, 1, id_of(1), 0 });
    prevote(b, 2, 1, NIL);
    assert_int_equal(mun_con_round(&b->con), 1);
    judge(b, id_of(1), true);
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, 1, id_of(1), 0 });
}

static void
after_a_restart_a_fresh_proposal_still_travels_alone(void **state)
{
    struct bench *b = bench_working(0);
    struct mun_con_record record;

    (void)state;
    value(b, 0, id_of(1));
    settle(b);
    settle(b);
    prevote(b, 1, 0, id_of(1));
    prevote(b, 2, 0, id_of(1));
    record = *b->out.persist.record;
    assert_int_equal(record.polka.count, 3);
    restart(b, &record);
    settle(b);
    assert_sends(b, 3, 0);
}

static void
after_a_restart_the_entry_counts(void **state)
{
    struct bench *b = bench_entered();
    struct mun_con_record record;
    struct mun_con_round *slot = NULL;

    (void)state;
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    record = *b->out.persist.record;
    assert_int_equal(record.entry.count, 3);
    restart(b, &record);
    settle(b);
    slot = mun_con_rounds_find(&b->con.rounds, 0);
    assert_non_null(slot);
    assert_int_equal(slot->precommits.count, 3);
}

/* The precommits that ended the round before were for one value, which was not
 * here: after the restart it is asked for again, and decided. */
static void
after_a_restart_the_entry_can_decide(void **state)
{
    struct bench *b = bench_working(3);
    const struct mun_hash ids[3] = { id_of(1), id_of(1), id_of(1) };
    struct mun_con_record record;

    (void)state;
    hear_precommits(b, 0, ids);
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    record = *b->out.persist.record;
    restart(b, &record);
    settle(b);
    assert_true(has_request(b, MUN_CON_REQUEST_VALIDITY, id_of(1)));
    judge(b, id_of(1), true);
    assert_decides(b, id_of(1), 0);
}

static void
a_record_of_another_set_is_refused(void **state)
{
    struct bench *b = bench_entered();
    struct mun_con_record record;

    (void)state;
    fire(b, HEIGHT, 1, MUN_CON_PROPOSE);
    record = *b->out.persist.record;
    init_con(b);
    record.entry.count = 2; /* no quorum of four */
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_ERR_CORRUPT);
    record.entry.count = 3;
    record.entry.at[2].member = 4;
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_ERR_CORRUPT);
    record.entry.at[2].member = 3;
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_OK);
    /* Of a lower height it is left alone. */
    init_con(b);
    record.entry.at[2].member = 4;
    assert_int_equal(start_with(b, HEIGHT + 1, &record).code, MUN_OK);
    b = bench_locked(id_of(1));
    record = b->con.record;
    init_con(b);
    record.polka.count = 2;
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_ERR_CORRUPT);
    assert_int_equal(mun_con_height(&b->con), 0);
    record.polka.count = 3;
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wait_is_one_second_and_doubles_up_to_eight),
        cmocka_unit_test(a_wait_never_passes_the_most),
        cmocka_unit_test(a_new_round_begins_anew),
        cmocka_unit_test(old_resend_timers_are_ignored),
        cmocka_unit_test(an_idle_member_sends_nothing),
        cmocka_unit_test(alone_there_is_nobody_to_send_to),
        cmocka_unit_test(a_decided_height_is_not_sent_again),
        cmocka_unit_test(nothing_is_sent_again_before_anything_was_said),
        cmocka_unit_test(the_last_votes_and_the_polka_are_sent_again),
        cmocka_unit_test(
            the_polka_of_a_valid_value_that_is_not_locked_is_sent_too),
        cmocka_unit_test(the_proposal_is_sent_again_in_its_round_only),
        cmocka_unit_test(a_reproposal_travels_with_its_polka),
        cmocka_unit_test(a_fresh_proposal_travels_alone),
        cmocka_unit_test(
            the_precommits_that_ended_a_round_are_shown_in_the_next),
        cmocka_unit_test(a_round_entered_by_others_votes_has_no_entry),
        cmocka_unit_test(the_entry_has_the_precommits_of_all_that_were_heard),
        cmocka_unit_test(both_votes_fit_one_send),
        cmocka_unit_test(an_observer_passes_on_what_quorums_said),
        cmocka_unit_test(after_a_restart_polka_and_entry_are_still_shown),
        cmocka_unit_test(after_a_restart_the_polka_counts),
        cmocka_unit_test(after_a_restart_a_fresh_proposal_still_travels_alone),
        cmocka_unit_test(after_a_restart_the_entry_counts),
        cmocka_unit_test(after_a_restart_the_entry_can_decide),
        cmocka_unit_test(a_record_of_another_set_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
