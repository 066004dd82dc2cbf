#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/rd.h"

/* One field of every kind. */
static const uint8_t sample[] = {
    0x01,                                           /* u8 */
    0x02, 0x03,                                     /* u16 */
    0x04, 0x05, 0x06, 0x07,                         /* u32 */
    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, /* u64 */
    0x01,                                           /* bool */
    0x10, 0x11, 0x12,                               /* copy of 3 */
    0x13, 0x14,                                     /* run of 2 */
    0x00, 0x02, 0x15, 0x16,                         /* run16 */
    0x00, 0x00, 0x00, 0x01, 0x17,                   /* run32 */
    0x01,                                           /* count8 */
    0x00, 0x01,                                     /* count16 */
    0x00, 0x00, 0x00, 0x01,                         /* count32 */
    0x18,                                           /* the item */
};

struct fields {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    bool flag;
    uint8_t copy[3];
    struct mun_bytes run;
    struct mun_bytes run16;
    struct mun_bytes run32;
    uint32_t count;
    uint8_t item;
};

static mun_err_t
read_fields(struct fields *out, struct mun_bytes input)
{
    struct mun_rd rd;

    mun_rd_init(&rd, input);
    out->u8 = mun_rd_u8(&rd);
    out->u16 = mun_rd_u16(&rd);
    out->u32 = mun_rd_u32(&rd);
    out->u64 = mun_rd_u64(&rd);
    out->flag = mun_rd_bool(&rd);
    mun_rd_copy(&rd, out->copy, sizeof out->copy);
    out->run = mun_rd_run(&rd, 2);
    out->run16 = mun_rd_run16(&rd, 10);
    out->run32 = mun_rd_run32(&rd, 10);
    out->count = mun_rd_count8(&rd, 1, 1);
    out->count += mun_rd_count16(&rd, 1, 1);
    out->count += mun_rd_count32(&rd, 1, 1);
    out->item = mun_rd_u8(&rd);
    return mun_rd_finish(&rd);
}

static void
fields_come_back_big_endian_in_their_order(void **state)
{
    struct fields got;

    (void)state;
    assert_true(mun_is_ok(read_fields(&got, mun_bytes(sample, sizeof sample))));
    assert_int_equal(got.u8, 0x01);
    assert_int_equal(got.u16, 0x0203);
    assert_int_equal(got.u32, 0x04050607);
    assert_true(got.u64 == 0x08090a0b0c0d0e0f);
    assert_true(got.flag);
    assert_memory_equal(got.copy, "\x10\x11\x12", 3);
    assert_true(mun_bytes_eq(got.run, mun_bytes("\x13\x14", 2)));
    assert_true(mun_bytes_eq(got.run16, mun_bytes("\x15\x16", 2)));
    assert_true(mun_bytes_eq(got.run32, mun_bytes("\x17", 1)));
    assert_int_equal(got.count, 3);
    assert_int_equal(got.item, 0x18);
}

static void
every_short_prefix_is_truncated(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof sample; len++) {
        struct fields got;

        assert_int_equal(read_fields(&got, mun_bytes(sample, len)).code,
                         MUN_ERR_TRUNCATED);
        assert_int_equal(got.item, 0);
    }
}

static void
one_byte_too_many_is_trailing(void **state)
{
    uint8_t longer[sizeof sample + 1] = { 0 };
    struct fields got;

    (void)state;
    memcpy(longer, sample, sizeof sample);
    assert_int_equal(read_fields(&got, mun_bytes(longer, sizeof longer)).code,
                     MUN_ERR_TRAILING);
}

static void
after_a_failure_every_read_gives_zeros(void **state)
{
    static const uint8_t input[32] = { 0xff, 0xff, 0xff, 0xff };
    uint8_t copy[4] = { 9, 9, 9, 9 };
    struct mun_rd rd;

    (void)state;
    mun_rd_init(&rd, mun_bytes(input, sizeof input));
    mun_rd_fail(&rd, MUN_ERR_KIND);
    assert_true(mun_rd_failed(&rd));
    assert_int_equal(mun_rd_u8(&rd), 0);
    assert_int_equal(mun_rd_u16(&rd), 0);
    assert_int_equal(mun_rd_u32(&rd), 0);
    assert_true(mun_rd_u64(&rd) == 0);
    assert_false(mun_rd_bool(&rd));
    mun_rd_copy(&rd, copy, sizeof copy);
    assert_memory_equal(copy, "\0\0\0\0", 4);
    assert_int_equal(mun_rd_run(&rd, 1).len, 0);
    assert_int_equal(mun_rd_run(&rd, 0).len, 0);
    assert_int_equal(mun_rd_run16(&rd, 100).len, 0);
    assert_int_equal(mun_rd_run32(&rd, 100).len, 0);
    assert_int_equal(mun_rd_count8(&rd, 1, 0), 0);
    assert_int_equal(mun_rd_count16(&rd, 1, 0), 0);
    assert_int_equal(mun_rd_count32(&rd, 1, 0), 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_KIND);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_ERR_KIND);
}

static void
the_first_failure_is_the_one_reported(void **state)
{
    struct mun_rd rd;

    (void)state;
    mun_rd_init(&rd, mun_bytes("\x02", 1));
    assert_false(mun_rd_bool(&rd));
    assert_int_equal(mun_rd_u64(&rd), 0);
    mun_rd_fail(&rd, MUN_ERR_ORDER);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_ERR_VALUE);
}

static void
a_bool_is_0_or_1_and_nothing_else(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t byte = (uint8_t)value;
        struct mun_rd rd;

        mun_rd_init(&rd, mun_bytes(&byte, 1));
        assert_int_equal(mun_rd_bool(&rd), value == 1);
        assert_int_equal(mun_rd_finish(&rd).code,
                         value > 1 ? MUN_ERR_VALUE : MUN_OK);
    }
}

static void
a_run_above_its_limit_is_too_large_before_it_is_truncated(void **state)
{
    struct mun_rd rd;

    (void)state;
    mun_rd_init(&rd, mun_bytes("\x00\x03xyz", 5));
    assert_int_equal(mun_rd_run16(&rd, 2).len, 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_TOO_LARGE);
    mun_rd_init(&rd, mun_bytes("\xff\xff\xff\xff", 4));
    assert_int_equal(mun_rd_run32(&rd, 2).len, 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_TOO_LARGE);
    mun_rd_init(&rd, mun_bytes("\xff\xff\xff\xff", 4));
    assert_int_equal(mun_rd_run32(&rd, SIZE_MAX).len, 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_TRUNCATED);
    mun_rd_init(&rd, mun_bytes("\x00\x03xyz", 5));
    assert_int_equal(mun_rd_run16(&rd, 3).len, 3);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
}

static void
a_count_is_refused_when_the_input_cannot_hold_it(void **state)
{
    struct mun_rd rd;

    (void)state;
    mun_rd_init(&rd, mun_bytes("\x02zzzz", 5));
    assert_int_equal(mun_rd_count8(&rd, 2, 2), 2);
    assert_int_equal(mun_rd_status(&rd).code, MUN_OK);
    mun_rd_init(&rd, mun_bytes("\x02zzz", 4));
    assert_int_equal(mun_rd_count8(&rd, 2, 2), 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_TRUNCATED);
    mun_rd_init(&rd, mun_bytes("\x02zzzz", 5));
    assert_int_equal(mun_rd_count8(&rd, 1, 2), 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_TOO_LARGE);
    /* The product of count and size would wrap. */
    mun_rd_init(&rd, mun_bytes("\xff\xff\xff\xffzzzz", 8));
    assert_int_equal(mun_rd_count32(&rd, UINT32_MAX, SIZE_MAX / 2), 0);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_TRUNCATED);
    mun_rd_init(&rd, mun_bytes("\xff\xff", 2));
    assert_int_equal(mun_rd_count16(&rd, 0xffff, 0), 0xffff);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
}

static void
an_empty_input_is_complete_and_holds_nothing(void **state)
{
    struct mun_rd rd;

    (void)state;
    mun_rd_init(&rd, MUN_BYTES_NONE);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
    assert_int_equal(mun_rd_run(&rd, 0).len, 0);
    mun_rd_copy(&rd, NULL, 0);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
    assert_int_equal(mun_rd_run(&rd, SIZE_MAX).len, 0);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_ERR_TRUNCATED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back_big_endian_in_their_order),
        cmocka_unit_test(every_short_prefix_is_truncated),
        cmocka_unit_test(one_byte_too_many_is_trailing),
        cmocka_unit_test(after_a_failure_every_read_gives_zeros),
        cmocka_unit_test(the_first_failure_is_the_one_reported),
        cmocka_unit_test(a_bool_is_0_or_1_and_nothing_else),
        cmocka_unit_test(
            a_run_above_its_limit_is_too_large_before_it_is_truncated),
        cmocka_unit_test(a_count_is_refused_when_the_input_cannot_hold_it),
        cmocka_unit_test(an_empty_input_is_complete_and_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
