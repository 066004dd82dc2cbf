#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/bytes.h"

static void
equal_runs_have_equal_length_and_equal_bytes(void **state)
{
    (void)state;
    assert_true(mun_bytes_eq(mun_bytes_str("abc"), mun_bytes("abcd", 3)));
    assert_false(mun_bytes_eq(mun_bytes_str("abc"), mun_bytes_str("abcd")));
    assert_false(mun_bytes_eq(mun_bytes_str("abc"), mun_bytes_str("abd")));
    assert_true(mun_bytes_eq(mun_bytes("a\0b", 3), mun_bytes("a\0b", 3)));
    assert_false(mun_bytes_eq(mun_bytes("a\0b", 3), mun_bytes("a\0c", 3)));
}

static void
an_empty_run_without_data_is_a_run_like_others(void **state)
{
    (void)state;
    assert_true(mun_bytes_eq(MUN_BYTES_NONE, mun_bytes_str("")));
    assert_int_equal(mun_bytes_cmp(MUN_BYTES_NONE, MUN_BYTES_NONE), 0);
    assert_true(mun_bytes_cmp(MUN_BYTES_NONE, mun_bytes_str("a")) < 0);
    assert_true(mun_bytes_cmp(mun_bytes_str("a"), MUN_BYTES_NONE) > 0);
}

static void
runs_are_ordered_by_unsigned_bytes_and_prefixes_come_first(void **state)
{
    static const char *const sorted[] = { "",     "a",    "ab",   "b",
                                          "\x7f", "\x80", "\xff", "\xff\x01" };
    size_t count = sizeof sorted / sizeof sorted[0];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            int order = mun_bytes_cmp(mun_bytes_str(sorted[i]),
                                      mun_bytes_str(sorted[k]));

            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
        }
    }
}

static void
wiping_overwrites_exactly_the_bytes_named(void **state)
{
    uint8_t secret[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const uint8_t rest[8] = { 1, 0, 0, 0, 0, 6, 7, 8 };

    (void)state;
    mun_wipe(secret + 1, 4);
    assert_memory_equal(secret, rest, 8);
    mun_wipe(secret, 0);
    assert_memory_equal(secret, rest, 8);
    mun_wipe(NULL, 0);
}

static void
sums_report_overflow_at_the_last_value(void **state)
{
    uint64_t out = 0;

    (void)state;
    assert_true(mun_u64_add(&out, UINT64_MAX - 1, 1));
    assert_true(out == UINT64_MAX);
    assert_true(mun_u64_add(&out, 0, 0));
    assert_true(out == 0);
    assert_false(mun_u64_add(&out, UINT64_MAX, 1));
    assert_false(mun_u64_add(&out, UINT64_MAX, UINT64_MAX));
}

static void
products_report_overflow_at_the_last_value(void **state)
{
    uint64_t out = 0;

    (void)state;
    assert_true(mun_u64_mul(&out, UINT32_MAX, UINT32_MAX));
    assert_true(out == 0xfffffffe00000001u);
    assert_true(mun_u64_mul(&out, UINT64_MAX, 1));
    assert_true(out == UINT64_MAX);
    assert_true(mun_u64_mul(&out, UINT64_MAX, 0));
    assert_true(out == 0);
    assert_false(mun_u64_mul(&out, UINT64_MAX, 2));
    assert_false(mun_u64_mul(&out, 1ull << 32, 1ull << 32));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_runs_have_equal_length_and_equal_bytes),
        cmocka_unit_test(an_empty_run_without_data_is_a_run_like_others),
        cmocka_unit_test(
            runs_are_ordered_by_unsigned_bytes_and_prefixes_come_first),
        cmocka_unit_test(wiping_overwrites_exactly_the_bytes_named),
        cmocka_unit_test(sums_report_overflow_at_the_last_value),
        cmocka_unit_test(products_report_overflow_at_the_last_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
