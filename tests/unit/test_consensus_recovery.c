/* The way back after a lost record: rule R35 of consensus/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/recovery.h"

static struct mun_con_recovery r;

static uint64_t
vote_from(void)
{
    return mun_con_recovery_vote_from(&r);
}

static void
it_takes_a_quorum_of_the_others(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 7, 2); /* five of the six others */
    assert_int_equal(vote_from(), 0);
    for (uint32_t i = 3; i < 7; i++) {
        mun_con_recovery_add(&r, i, 100 + i);
        assert_int_equal(vote_from(), 0);
    }
    mun_con_recovery_add(&r, 0, 50);
    assert_int_equal(vote_from(), 106 + 3);
    mun_con_recovery_add(&r, 1, 200);
    assert_int_equal(vote_from(), 203);
}

static void
our_own_answer_does_not_count(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 3);
    mun_con_recovery_add(&r, 0, 10);
    mun_con_recovery_add(&r, 1, 10);
    mun_con_recovery_add(&r, 3, 99);
    assert_int_equal(vote_from(), 0);
    assert_int_equal(r.highest, 10);
    mun_con_recovery_add(&r, 2, 0);
    assert_int_equal(vote_from(), 13);
}

static void
who_is_no_member_does_not_count(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    mun_con_recovery_add(&r, 1, 10);
    mun_con_recovery_add(&r, 2, 10);
    mun_con_recovery_add(&r, 4, 99);
    mun_con_recovery_add(&r, 99, 99);
    mun_con_recovery_add(&r, UINT32_MAX, 99);
    assert_int_equal(vote_from(), 0);
    assert_int_equal(r.highest, 10);
    mun_con_recovery_add(&r, 3, 10);
    assert_int_equal(vote_from(), 13);
}

static void
who_answers_again_counts_once_and_only_raises_the_height(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    mun_con_recovery_add(&r, 1, 10);
    mun_con_recovery_add(&r, 1, 12);
    mun_con_recovery_add(&r, 1, 11);
    assert_int_equal(vote_from(), 0);
    mun_con_recovery_add(&r, 2, 5);
    mun_con_recovery_add(&r, 3, 5);
    assert_int_equal(vote_from(), 15);
}

static void
an_empty_ledger_is_an_answer(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    for (uint32_t i = 1; i < 4; i++) {
        mun_con_recovery_add(&r, i, 0);
    }
    assert_int_equal(vote_from(), 3);
}

static void
heights_at_the_end_do_not_wrap(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    for (uint32_t i = 1; i < 4; i++) {
        mun_con_recovery_add(&r, i, UINT64_MAX - 3);
    }
    assert_int_equal(vote_from(), UINT64_MAX);
    mun_con_recovery_add(&r, 1, UINT64_MAX - 2);
    assert_int_equal(vote_from(), 0);
    mun_con_recovery_add(&r, 1, UINT64_MAX);
    assert_int_equal(vote_from(), 0);
}

static void
the_largest_set_and_the_smallest(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, MUN_MEMBERS_MAX, MUN_MEMBERS_MAX - 1);
    for (uint32_t i = 0; i < 67; i++) {
        assert_int_equal(vote_from(), 0);
        mun_con_recovery_add(&r, i, 7);
    }
    assert_int_equal(vote_from(), 10);
    /* Alone there is nobody to ask. */
    mun_con_recovery_init(&r, 1, 0);
    mun_con_recovery_add(&r, 0, 7);
    assert_int_equal(vote_from(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_takes_a_quorum_of_the_others),
        cmocka_unit_test(our_own_answer_does_not_count),
        cmocka_unit_test(who_is_no_member_does_not_count),
        cmocka_unit_test(
            who_answers_again_counts_once_and_only_raises_the_height),
        cmocka_unit_test(an_empty_ledger_is_an_answer),
        cmocka_unit_test(heights_at_the_end_do_not_wrap),
        cmocka_unit_test(the_largest_set_and_the_smallest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
