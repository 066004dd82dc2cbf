/* Who proposes, and which times are believed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/rotation.h"
#include "consensus/time.h"

static uint32_t
proposer(const struct mun_con_history *history, uint64_t height, uint32_t round)
{
    struct mun_con_turn turn = { height, round, 4 };

    return mun_con_proposer(history, &turn);
}

/* Four members, f + 2 = 3 certificates, with these members in all of them. */
static struct mun_con_history
history_of(uint8_t bitmap)
{
    struct mun_con_history history;

    memset(&history, 0, sizeof(history));
    history.count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        history.present[i][0] = bitmap;
    }
    return history;
}

static void
turns_go_round_by_height_and_round(void **state)
{
    (void)state;
    for (uint64_t height = 1; height < 20; height++) {
        for (uint32_t round = 0; round < 20; round++) {
            assert_int_equal(proposer(NULL, height, round),
                             (height + round) % 4);
        }
    }
    /* 2^64 - 1 is 3 modulo 4; the sum does not wrap. */
    assert_int_equal(proposer(NULL, UINT64_MAX, 2), 1);
    /* 2^64 - 1 is 1 modulo 7. */
    {
        struct mun_con_turn turn = { UINT64_MAX, 3, 7 };

        assert_int_equal(mun_con_proposer(NULL, &turn), 4);
    }
}

static void
an_absent_member_is_passed_over_in_round_0_only(void **state)
{
    struct mun_con_history history = history_of(0xb0); /* member 1 absent */

    (void)state;
    assert_int_equal(proposer(&history, 8, 0), 0);
    assert_int_equal(proposer(&history, 9, 0), 2);
    assert_int_equal(proposer(&history, 9, 4), 1);
    assert_int_equal(proposer(&history, 8, 1), 1);
}

static void
the_last_member_gives_way_to_the_first(void **state)
{
    struct mun_con_history history = history_of(0xe0);

    (void)state;
    assert_int_equal(proposer(&history, 11, 0), 0);
}

static void
one_signature_in_any_of_the_certificates_is_presence(void **state)
{
    struct mun_con_history history = history_of(0xb0);

    (void)state;
    history.present[2][0] = 0x70;
    assert_int_equal(proposer(&history, 9, 0), 1);
}

static void
too_short_a_history_passes_nobody_over(void **state)
{
    struct mun_con_history history = history_of(0xb0);

    (void)state;
    history.count = 2;
    assert_int_equal(proposer(&history, 9, 0), 1);
}

static void
certificates_before_the_last_f_plus_2_are_not_read(void **state)
{
    struct mun_con_history history = history_of(0xb0);

    (void)state;
    history.count = 4;
    history.present[3][0] = 0xf0;
    assert_int_equal(proposer(&history, 9, 0), 2);
}

static void
with_nobody_present_the_turn_stays(void **state)
{
    struct mun_con_history history = history_of(0);

    (void)state;
    assert_int_equal(proposer(&history, 9, 0), 1);
}

static void
the_largest_set_fits(void **state)
{
    static struct mun_con_history history;
    struct mun_con_turn turn = { 199, 0, MUN_MEMBERS_MAX };

    (void)state;
    memset(&history, 0xff, sizeof(history));
    history.count = MUN_CON_HISTORY_MAX;
    assert_int_equal(mun_con_proposer(&history, &turn), 99);
    for (uint32_t i = 0; i < MUN_CON_HISTORY_MAX; i++) {
        history.present[i][12] = 0xe0;
    }
    assert_int_equal(mun_con_proposer(&history, &turn), 0);
    turn.member_count = 1;
    assert_int_equal(mun_con_proposer(&history, &turn), 0);
}

static bool
is_timely(uint64_t value_ms, uint64_t received_ms, uint32_t round)
{
    const struct mun_con_time_params params = { 500, 15000 };
    struct mun_con_timing timing = { value_ms, received_ms, round };

    return mun_con_is_timely(&params, &timing);
}

static void
times_are_believed_up_to_both_bounds(void **state)
{
    (void)state;
    assert_true(is_timely(1000500, 1000000, 0));
    assert_false(is_timely(1000501, 1000000, 0));
    assert_true(is_timely(1000000 - 15500, 1000000, 0));
    assert_false(is_timely(1000000 - 15501, 1000000, 0));
}

static void
the_delay_grows_with_rounds_up_to_a_day(void **state)
{
    const uint64_t day_ms = MUN_CON_DELAY_MS_MAX;

    (void)state;
    assert_true(is_timely(1000000 - 17000, 1000000, 1));
    assert_false(is_timely(1000000 - 17001, 1000000, 1));
    assert_true(is_timely(0, day_ms + 500, UINT32_MAX));
    assert_false(is_timely(0, day_ms + 501, UINT32_MAX));
}

static void
clocks_at_the_ends_of_time_do_not_wrap(void **state)
{
    const struct mun_con_time_params params = { UINT64_MAX, UINT64_MAX };
    struct mun_con_timing timing = { 0, UINT64_MAX, 7 };

    (void)state;
    assert_true(is_timely(0, 0, 0));
    assert_true(is_timely(UINT64_MAX, UINT64_MAX, 0));
    assert_false(is_timely(UINT64_MAX, 0, 0));
    assert_false(is_timely(0, UINT64_MAX, 0));
    assert_true(mun_con_is_timely(&params, &timing));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_go_round_by_height_and_round),
        cmocka_unit_test(an_absent_member_is_passed_over_in_round_0_only),
        cmocka_unit_test(the_last_member_gives_way_to_the_first),
        cmocka_unit_test(one_signature_in_any_of_the_certificates_is_presence),
        cmocka_unit_test(too_short_a_history_passes_nobody_over),
        cmocka_unit_test(certificates_before_the_last_f_plus_2_are_not_read),
        cmocka_unit_test(with_nobody_present_the_turn_stays),
        cmocka_unit_test(the_largest_set_fits),
        cmocka_unit_test(times_are_believed_up_to_both_bounds),
        cmocka_unit_test(the_delay_grows_with_rounds_up_to_a_day),
        cmocka_unit_test(clocks_at_the_ends_of_time_do_not_wrap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
