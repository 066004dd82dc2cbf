/* The message log by itself: what counts, the window, and quorums. Rules R11,
 * R15, R16 and R17 of consensus/README.md. Nothing is signed here. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/rounds.h"

#define HEIGHT 8u

static struct mun_con_rounds rounds;
static struct mun_con_votes votes;
static struct mun_con_votes shown;

static struct mun_hash
id_of(uint8_t name)
{
    struct mun_hash id;

    memset(&id, name, sizeof(id));
    return id;
}

#define NIL id_of(0)

static void
start(uint32_t member_count, uint32_t current)
{
    mun_con_rounds_init(&rounds, HEIGHT, member_count);
    mun_con_rounds_move(&rounds, current);
}

static struct mun_con_signed
ballot(uint32_t member, enum mun_vote_type type, uint32_t round,
       struct mun_hash id)
{
    struct mun_con_signed out;

    memset(&out, 0, sizeof(out));
    out.vote = (struct mun_vote){ type, HEIGHT, round, -1, id };
    out.member = member;
    memset(&out.sig, (int)(member + 1), sizeof(out.sig));
    return out;
}

static enum mun_con_added
add(uint32_t member, enum mun_vote_type type, uint32_t round,
    struct mun_hash id)
{
    struct mun_con_signed made = ballot(member, type, round, id);

    return mun_con_rounds_add(&rounds, &made, 77);
}

static enum mun_con_added
prevote(uint32_t member, uint32_t round, struct mun_hash id)
{
    return add(member, MUN_VOTE_PREVOTE, round, id);
}

static enum mun_con_added
precommit(uint32_t member, uint32_t round, struct mun_hash id)
{
    return add(member, MUN_VOTE_PRECOMMIT, round, id);
}

/* Votes of members `from` to `to`, signed otherwise than those of ballot(). */
static void
fill(enum mun_vote_type type, uint32_t round, struct mun_hash id)
{
    memset(&votes, 0, sizeof(votes));
    votes.height = HEIGHT;
    votes.round = round;
    votes.type = type;
    for (uint32_t i = 0; i < 3; i++) {
        votes.at[i].member = i;
        votes.at[i].valid_round = -1;
        votes.at[i].id = id;
        memset(&votes.at[i].sig, 0xaa, sizeof(votes.at[i].sig));
    }
    votes.count = 3;
}

static void
take(enum mun_vote_type type, uint32_t round, struct mun_hash id)
{
    fill(type, round, id);
    mun_con_rounds_take(&rounds, &votes);
}

static bool
has_polka(uint32_t round, struct mun_hash id)
{
    return mun_con_rounds_has_polka(&rounds, round, &id);
}

/* ---- What counts ---- */

static void
the_first_of_a_member_round_and_type_counts(void **state)
{
    const struct mun_con_round *slot = NULL;

    (void)state;
    start(4, 0);
    assert_int_equal(prevote(1, 0, id_of(1)), MUN_CON_ADDED);
    assert_int_equal(prevote(1, 0, id_of(1)), MUN_CON_REPEATED);
    assert_int_equal(prevote(1, 0, id_of(2)), MUN_CON_CONTRADICTED);
    assert_int_equal(precommit(1, 0, id_of(2)), MUN_CON_ADDED);
    assert_int_equal(prevote(1, 1, id_of(2)), MUN_CON_ADDED);
    assert_int_equal(prevote(2, 0, id_of(2)), MUN_CON_ADDED);
    slot = mun_con_rounds_find(&rounds, 0);
    assert_non_null(slot);
    assert_int_equal(slot->prevotes.count, 2);
    assert_int_equal(slot->precommits.count, 1);
    assert_true(slot->prevotes.by[1].is_present);
    assert_int_equal(slot->prevotes.by[1].id.b[0], 1);
}

static void
another_valid_round_is_another_message(void **state)
{
    struct mun_con_signed made = ballot(1, MUN_VOTE_PREVOTE, 2, id_of(1));

    (void)state;
    start(4, 2);
    (void)mun_con_rounds_add(&rounds, &made, 0);
    made.vote.valid_round = 1;
    assert_int_equal(mun_con_rounds_add(&rounds, &made, 0),
                     MUN_CON_CONTRADICTED);
    made.vote.type = MUN_VOTE_PROPOSAL;
    assert_int_equal(mun_con_rounds_add(&rounds, &made, 0), MUN_CON_ADDED);
    assert_int_equal(mun_con_rounds_add(&rounds, &made, 0), MUN_CON_REPEATED);
    made.vote.valid_round = 0;
    assert_int_equal(mun_con_rounds_add(&rounds, &made, 0),
                     MUN_CON_CONTRADICTED);
    made.vote.valid_round = 1;
    made.vote.id = id_of(2);
    assert_int_equal(mun_con_rounds_add(&rounds, &made, 0),
                     MUN_CON_CONTRADICTED);
}

static void
a_proposal_keeps_the_time_of_its_receipt(void **state)
{
    struct mun_con_signed made = ballot(1, MUN_VOTE_PROPOSAL, 1, id_of(1));

    (void)state;
    start(4, 0);
    (void)mun_con_rounds_add(&rounds, &made, 500);
    (void)mun_con_rounds_add(&rounds, &made, 900);
    assert_int_equal(mun_con_rounds_find(&rounds, 1)->proposal_ms, 500);
}

static void
the_window_is_three_back_and_four_ahead(void **state)
{
    (void)state;
    start(4, 0);
    assert_null(mun_con_rounds_find(&rounds, 0));
    start(4, 10);
    assert_int_equal(prevote(1, 6, NIL), MUN_CON_OUTSIDE);
    assert_int_equal(prevote(1, 7, NIL), MUN_CON_ADDED);
    assert_int_equal(prevote(1, 14, NIL), MUN_CON_ADDED);
    assert_int_equal(prevote(1, 15, NIL), MUN_CON_OUTSIDE);
    assert_int_equal(prevote(1, MUN_CON_ROUND_MAX - 1, NIL), MUN_CON_OUTSIDE);
    assert_null(mun_con_rounds_find(&rounds, 6));
    assert_null(mun_con_rounds_find(&rounds, 8)); /* empty so far */
    assert_non_null(mun_con_rounds_find(&rounds, 7));
    assert_non_null(mun_con_rounds_find(&rounds, 14));
    assert_null(mun_con_rounds_find(&rounds, 14 + MUN_CON_ROUNDS));
    assert_null(mun_con_rounds_open(&rounds, 15));
    assert_null(mun_con_rounds_open(&rounds, 6));
    assert_non_null(mun_con_rounds_open(&rounds, 8));
    assert_int_equal(mun_con_rounds_find(&rounds, 8)->round, 8);
}

static void
what_leaves_the_window_is_forgotten_and_the_rest_stays(void **state)
{
    (void)state;
    start(4, 10);
    (void)prevote(1, 10, id_of(1));
    (void)prevote(1, 11, id_of(1));
    mun_con_rounds_move(&rounds, 13);
    assert_non_null(mun_con_rounds_find(&rounds, 10));
    mun_con_rounds_move(&rounds, 14);
    assert_null(mun_con_rounds_find(&rounds, 10));
    assert_non_null(mun_con_rounds_find(&rounds, 11));
    /* Its place is free for another round. */
    assert_int_equal(prevote(1, 18, id_of(1)), MUN_CON_ADDED);
    assert_int_equal(mun_con_rounds_find(&rounds, 18)->prevotes.count, 1);
}

static void
counted_gives_back_what_counts(void **state)
{
    struct mun_con_signed made = ballot(1, MUN_VOTE_PREVOTE, 2, id_of(1));
    struct mun_con_signed other = made;
    struct mun_con_signed out;

    (void)state;
    start(4, 2);
    assert_false(mun_con_rounds_counted(&rounds, &out, &made));
    (void)mun_con_rounds_add(&rounds, &made, 0);
    other.vote.id = id_of(2);
    other.vote.valid_round = 1;
    memset(&other.sig, 9, sizeof(other.sig));
    assert_true(mun_con_rounds_counted(&rounds, &out, &other));
    assert_memory_equal(&out, &made, sizeof(made));
    other.vote.type = MUN_VOTE_PRECOMMIT;
    assert_false(mun_con_rounds_counted(&rounds, &out, &other));
    other.vote.type = MUN_VOTE_PREVOTE;
    other.member = 2;
    assert_false(mun_con_rounds_counted(&rounds, &out, &other));
    other.member = 1;
    other.vote.round = 2 + MUN_CON_ROUNDS; /* the same place */
    assert_false(mun_con_rounds_counted(&rounds, &out, &other));
    /* Proposals: of this member only. */
    made.vote.type = MUN_VOTE_PROPOSAL;
    other = made;
    assert_false(mun_con_rounds_counted(&rounds, &out, &other));
    (void)mun_con_rounds_add(&rounds, &made, 0);
    assert_true(mun_con_rounds_counted(&rounds, &out, &other));
    assert_memory_equal(&out, &made, sizeof(made));
    other.member = 2;
    assert_false(mun_con_rounds_counted(&rounds, &out, &other));
    /* No proposal is not one of member 0. */
    (void)prevote(1, 3, id_of(1));
    other.vote.round = 3;
    other.member = 0;
    assert_false(mun_con_rounds_counted(&rounds, &out, &other));
}

/* ---- Quorums ---- */

static void
a_quorum_is_more_than_two_thirds_for_one_value(void **state)
{
    static const struct {
        uint32_t member_count;
        uint32_t quorum;
    } sizes[] = { { 1, 1 }, { 2, 2 }, { 3, 3 },  { 4, 3 },   { 5, 4 },
                  { 6, 5 }, { 7, 5 }, { 10, 7 }, { 99, 67 }, { 100, 67 } };

    (void)state;
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        start(sizes[k].member_count, 0);
        for (uint32_t i = 0; i < sizes[k].quorum; i++) {
            const struct mun_con_round *slot = mun_con_rounds_find(&rounds, 0);

            assert_true(slot == NULL || !slot->precommits.has_quorum);
            (void)precommit(i, 0, id_of(1));
        }
        assert_true(mun_con_rounds_find(&rounds, 0)->precommits.has_quorum);
    }
    /* Votes for others do not count towards it. */
    start(4, 0);
    (void)prevote(0, 0, id_of(1));
    (void)prevote(1, 0, id_of(2));
    (void)prevote(2, 0, id_of(1));
    assert_false(mun_con_rounds_find(&rounds, 0)->prevotes.has_quorum);
    (void)prevote(3, 0, id_of(1));
    assert_true(mun_con_rounds_find(&rounds, 0)->prevotes.has_quorum);
    assert_true(has_polka(0, id_of(1)));
    assert_false(has_polka(0, id_of(2)));
    assert_false(has_polka(1, id_of(1)));
}

/* Nil votes are votes, and no votes are not nil ones. */
static void
a_nil_quorum_needs_votes_for_nil(void **state)
{
    (void)state;
    start(4, 0);
    (void)prevote(0, 0, NIL);
    (void)prevote(1, 0, NIL);
    assert_false(mun_con_rounds_find(&rounds, 0)->prevotes.has_quorum);
    (void)prevote(2, 0, NIL);
    assert_true(mun_con_rounds_find(&rounds, 0)->prevotes.has_quorum);
    assert_true(
        mun_hash_is_zero(&mun_con_rounds_find(&rounds, 0)->prevotes.quorum_id));
}

static void
a_certificate_has_the_votes_for_its_value_in_order(void **state)
{
    static struct mun_certificate certificate;

    (void)state;
    start(10, 3);
    for (uint32_t i = 0; i < 10; i++) {
        (void)precommit(i, 3, i == 0 || i == 7 || i == 8 ? NIL : id_of(1));
    }
    mun_con_rounds_certificate(&certificate, &rounds,
                               mun_con_rounds_find(&rounds, 3));
    assert_int_equal(certificate.height, HEIGHT);
    assert_int_equal(certificate.round, 3);
    assert_int_equal(certificate.member_count, 10);
    assert_int_equal(certificate.sig_count, 7);
    assert_int_equal(certificate.bitmap[0], 0x7e);
    assert_int_equal(certificate.bitmap[1], 0x40);
    assert_int_equal(certificate.sigs[0].b[0], 2);
    assert_int_equal(certificate.sigs[6].b[0], 10);
    assert_int_equal(certificate.header_id.b[0], 1);
}

/* ---- R11 ---- */

static void
a_round_is_reached_when_a_skip_quorum_has_reached_it(void **state)
{
    (void)state;
    start(7, 0); /* three of seven */
    assert_int_equal(mun_con_rounds_reached(&rounds), -1);
    (void)prevote(0, 2000000000, NIL);
    (void)prevote(1, 0, NIL);
    assert_int_equal(mun_con_rounds_reached(&rounds), -1);
    (void)prevote(2, 4, NIL);
    assert_int_equal(mun_con_rounds_reached(&rounds), 0);
    (void)prevote(1, 3, NIL);
    assert_int_equal(mun_con_rounds_reached(&rounds), 3);
    (void)precommit(1, 2, NIL); /* a member does not come back */
    assert_int_equal(mun_con_rounds_reached(&rounds), 3);
    (void)prevote(6, 9, NIL);
    assert_int_equal(mun_con_rounds_reached(&rounds), 4);
    (void)prevote(2, 9, NIL);
    assert_int_equal(mun_con_rounds_reached(&rounds), 9);
}

/* ---- R16: votes of a quorum ---- */

static void
votes_taken_whole_replace_what_their_members_had(void **state)
{
    const struct mun_con_tally *tally = NULL;

    (void)state;
    start(4, 0);
    (void)prevote(0, 0, id_of(2));
    (void)prevote(3, 0, id_of(2));
    take(MUN_VOTE_PREVOTE, 0, id_of(1));
    tally = &mun_con_rounds_find(&rounds, 0)->prevotes;
    assert_true(tally->has_quorum);
    assert_int_equal(tally->quorum_id.b[0], 1);
    assert_int_equal(tally->count, 4);
    assert_int_equal(tally->by[0].id.b[0], 1);
    assert_int_equal(tally->by[0].sig.b[0], 0xaa);
    assert_int_equal(tally->by[3].id.b[0], 2);
    /* The other type of the round is untouched. */
    assert_int_equal(mun_con_rounds_find(&rounds, 0)->precommits.count, 0);
}

static void
what_a_quorum_rests_on_is_never_replaced(void **state)
{
    const struct mun_con_tally *tally = NULL;

    (void)state;
    start(4, 0);
    (void)prevote(0, 0, id_of(2));
    (void)prevote(1, 0, id_of(2));
    (void)prevote(3, 0, id_of(2));
    take(MUN_VOTE_PREVOTE, 0, id_of(1)); /* three liars */
    tally = &mun_con_rounds_find(&rounds, 0)->prevotes;
    assert_int_equal(tally->quorum_id.b[0], 2);
    assert_int_equal(tally->by[0].id.b[0], 2);
    assert_int_equal(tally->by[1].sig.b[0], 2);
    /* Who had not voted is counted now. */
    assert_int_equal(tally->count, 4);
    assert_int_equal(tally->by[2].id.b[0], 1);
    mun_con_rounds_votes(&shown, &rounds, mun_con_rounds_find(&rounds, 0),
                         MUN_VOTE_PREVOTE, &tally->quorum_id);
    assert_int_equal(shown.count, 3);
    assert_int_equal(shown.at[2].member, 3);
}

static void
precommits_of_any_kind_are_taken_and_a_quorum_in_them_is_seen(void **state)
{
    const struct mun_con_tally *tally = NULL;

    (void)state;
    start(4, 1);
    fill(MUN_VOTE_PRECOMMIT, 1, NIL);
    votes.at[1].id = id_of(1);
    mun_con_rounds_take(&rounds, &votes);
    tally = &mun_con_rounds_find(&rounds, 1)->precommits;
    assert_int_equal(tally->count, 3);
    assert_false(tally->has_quorum);
    assert_int_equal(mun_con_rounds_find(&rounds, 1)->prevotes.count, 0);
    (void)precommit(3, 1, NIL);
    assert_true(tally->has_quorum);
    /* The quorum need not be the first vote's. */
    start(4, 1);
    (void)precommit(3, 1, id_of(1));
    fill(MUN_VOTE_PRECOMMIT, 1, id_of(1));
    votes.at[0].id = NIL;
    mun_con_rounds_take(&rounds, &votes);
    assert_true(tally->has_quorum);
    assert_int_equal(tally->quorum_id.b[0], 1);
}

static void
votes_taken_show_that_their_members_have_been_there(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PRECOMMIT, 12, NIL);
    assert_int_equal(mun_con_rounds_reached(&rounds), 12);
    assert_int_equal(rounds.highest[2], 12);
    assert_int_equal(rounds.highest[3], -1);
    take(MUN_VOTE_PRECOMMIT, 2, NIL); /* below the window */
    assert_int_equal(rounds.highest[2], 12);
}

/* ---- R17: polkas ---- */

static void
of_polkas_below_the_window_the_newest_is_kept(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PREVOTE, 4, id_of(1));
    assert_true(has_polka(4, id_of(1)));
    assert_false(has_polka(4, id_of(2)));
    assert_false(has_polka(5, id_of(1)));
    take(MUN_VOTE_PREVOTE, 3, id_of(2));
    assert_true(has_polka(4, id_of(1)));
    assert_false(has_polka(3, id_of(2)));
    take(MUN_VOTE_PREVOTE, 6, id_of(2));
    assert_true(has_polka(6, id_of(2)));
    assert_false(has_polka(4, id_of(1)));
    take(MUN_VOTE_PRECOMMIT, 6, id_of(3)); /* no polka at all */
    assert_true(has_polka(6, id_of(2)));
}

static void
a_polka_of_round_0_is_one(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PREVOTE, 0, id_of(1));
    assert_true(has_polka(0, id_of(1)));
}

static void
precommits_below_the_window_are_no_polka(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PRECOMMIT, 4, id_of(1));
    assert_false(has_polka(4, id_of(1)));
    assert_int_equal(rounds.old_polka_round, -1);
}

static void
a_polka_inside_the_window_is_in_its_round(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PREVOTE, 7, id_of(1));
    take(MUN_VOTE_PREVOTE, 14, id_of(2));
    assert_true(has_polka(7, id_of(1)));
    assert_true(has_polka(14, id_of(2)));
    assert_int_equal(rounds.old_polka_round, -1);
}

static void
a_polka_above_the_window_is_not_kept(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PREVOTE, 15, id_of(1));
    assert_false(has_polka(15, id_of(1)));
    assert_int_equal(rounds.old_polka_round, -1);
    assert_int_equal(mun_con_rounds_reached(&rounds), 15);
}

static void
a_polka_that_leaves_the_window_is_kept_unless_for_nil(void **state)
{
    (void)state;
    start(4, 10);
    take(MUN_VOTE_PREVOTE, 10, id_of(1));
    for (uint32_t i = 0; i < 3; i++) {
        (void)prevote(i, 11, NIL);
    }
    (void)prevote(0, 12, id_of(3)); /* one vote */
    mun_con_rounds_move(&rounds, 20);
    assert_true(has_polka(10, id_of(1)));
    assert_false(has_polka(12, id_of(3)));
    assert_false(has_polka(11, NIL));
    assert_int_equal(rounds.old_polka_round, 10);
}

static void
a_polka_of_the_current_proposal_is_noted_whatever_its_round(void **state)
{
    struct mun_con_signed made = ballot(1, MUN_VOTE_PROPOSAL, 10, id_of(1));

    (void)state;
    start(4, 10);
    take(MUN_VOTE_PREVOTE, 6, id_of(2)); /* newer, and of no use */
    made.vote.valid_round = 2;
    (void)mun_con_rounds_add(&rounds, &made, 0);
    take(MUN_VOTE_PREVOTE, 1, id_of(1)); /* not its valid round */
    assert_false(has_polka(2, id_of(1)));
    assert_false(has_polka(1, id_of(1)));
    take(MUN_VOTE_PREVOTE, 2, id_of(3)); /* not its value */
    assert_false(has_polka(2, id_of(1)));
    take(MUN_VOTE_PRECOMMIT, 2, id_of(1)); /* not prevotes */
    assert_false(has_polka(2, id_of(1)));
    take(MUN_VOTE_PREVOTE, 2, id_of(1));
    assert_true(has_polka(2, id_of(1)));
    assert_false(has_polka(2, id_of(2)));
    assert_false(has_polka(1, id_of(1)));
    assert_true(has_polka(6, id_of(2)));
    /* It goes with the round's proposal. */
    mun_con_rounds_move(&rounds, 11);
    assert_false(has_polka(2, id_of(1)));
}

/* ---- Votes to show ---- */

static void
votes_are_shown_when_they_are_a_quorum(void **state)
{
    const struct mun_con_round *slot = NULL;
    struct mun_hash one = id_of(1);

    (void)state;
    start(4, 5);
    (void)precommit(0, 5, NIL);
    (void)precommit(3, 5, id_of(1));
    slot = mun_con_rounds_find(&rounds, 5);
    mun_con_rounds_votes(&shown, &rounds, slot, MUN_VOTE_PRECOMMIT, NULL);
    assert_int_equal(shown.count, 0);
    assert_int_equal(shown.height, 0);
    (void)precommit(2, 5, id_of(1));
    mun_con_rounds_votes(&shown, &rounds, slot, MUN_VOTE_PRECOMMIT, NULL);
    assert_int_equal(shown.count, 3);
    assert_int_equal(shown.height, HEIGHT);
    assert_int_equal(shown.round, 5);
    assert_int_equal(shown.type, MUN_VOTE_PRECOMMIT);
    assert_int_equal(shown.at[0].member, 0);
    assert_int_equal(shown.at[1].member, 2);
    assert_int_equal(shown.at[1].sig.b[0], 3);
    assert_int_equal(shown.at[2].member, 3);
    mun_con_rounds_votes(&shown, &rounds, slot, MUN_VOTE_PRECOMMIT, &one);
    assert_int_equal(shown.count, 0); /* two for it */
    (void)precommit(1, 5, id_of(1));
    mun_con_rounds_votes(&shown, &rounds, slot, MUN_VOTE_PRECOMMIT, &one);
    assert_int_equal(shown.count, 3);
    assert_int_equal(shown.at[0].member, 1);
    mun_con_rounds_votes(&shown, &rounds, slot, MUN_VOTE_PREVOTE, NULL);
    assert_int_equal(shown.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_a_member_round_and_type_counts),
        cmocka_unit_test(another_valid_round_is_another_message),
        cmocka_unit_test(a_proposal_keeps_the_time_of_its_receipt),
        cmocka_unit_test(the_window_is_three_back_and_four_ahead),
        cmocka_unit_test(
            what_leaves_the_window_is_forgotten_and_the_rest_stays),
        cmocka_unit_test(counted_gives_back_what_counts),
        cmocka_unit_test(a_quorum_is_more_than_two_thirds_for_one_value),
        cmocka_unit_test(a_nil_quorum_needs_votes_for_nil),
        cmocka_unit_test(a_certificate_has_the_votes_for_its_value_in_order),
        cmocka_unit_test(a_round_is_reached_when_a_skip_quorum_has_reached_it),
        cmocka_unit_test(votes_taken_whole_replace_what_their_members_had),
        cmocka_unit_test(what_a_quorum_rests_on_is_never_replaced),
        cmocka_unit_test(
            precommits_of_any_kind_are_taken_and_a_quorum_in_them_is_seen),
        cmocka_unit_test(votes_taken_show_that_their_members_have_been_there),
        cmocka_unit_test(of_polkas_below_the_window_the_newest_is_kept),
        cmocka_unit_test(a_polka_of_round_0_is_one),
        cmocka_unit_test(precommits_below_the_window_are_no_polka),
        cmocka_unit_test(a_polka_inside_the_window_is_in_its_round),
        cmocka_unit_test(a_polka_above_the_window_is_not_kept),
        cmocka_unit_test(a_polka_that_leaves_the_window_is_kept_unless_for_nil),
        cmocka_unit_test(
            a_polka_of_the_current_proposal_is_noted_whatever_its_round),
        cmocka_unit_test(votes_are_shown_when_they_are_a_quorum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
