#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/rd.h"
#include "ledger/base/wr.h"

#define SAMPLE_LEN 30

static void
write_fields(struct mun_wr *wr)
{
    mun_wr_u8(wr, 0x01);
    mun_wr_u16(wr, 0x0203);
    mun_wr_u32(wr, 0x04050607);
    mun_wr_u64(wr, 0x08090a0b0c0d0e0f);
    mun_wr_bool(wr, true);
    mun_wr_bool(wr, false);
    mun_wr_copy(wr, "xy", 2);
    mun_wr_run(wr, mun_bytes_str("z"));
    mun_wr_run16(wr, mun_bytes_str("ab"));
    mun_wr_run32(wr, mun_bytes_str("c"));
    mun_wr_run(wr, mun_bytes_str("!"));
}

static void
fields_are_written_big_endian_in_their_order(void **state)
{
    uint8_t buffer[64];
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    write_fields(&wr);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    assert_int_equal(mun_wr_done(&wr).len, SAMPLE_LEN);
    assert_memory_equal(mun_wr_done(&wr).data,
                        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
                        "\x0e\x0f\x01\x00xyz\x00\x02"
                        "ab\x00\x00\x00\x01"
                        "c!",
                        SAMPLE_LEN);
}

static void
every_buffer_too_small_hits_the_limit_and_is_not_overrun(void **state)
{
    (void)state;
    for (size_t size = 0; size < SAMPLE_LEN; size++) {
        uint8_t buffer[SAMPLE_LEN + 8];
        struct mun_wr wr;

        memset(buffer, 0xa5, sizeof buffer);
        mun_wr_init(&wr, buffer, size);
        write_fields(&wr);
        assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_LIMIT);
        assert_true(mun_wr_done(&wr).len <= size);
        for (size_t i = mun_wr_done(&wr).len; i < sizeof buffer; i++)
            assert_int_equal(buffer[i], 0xa5);
    }
}

static void
a_buffer_of_the_exact_size_is_enough(void **state)
{
    uint8_t buffer[SAMPLE_LEN];
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    write_fields(&wr);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    mun_wr_run(&wr, MUN_BYTES_NONE);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    mun_wr_u8(&wr, 0);
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_LIMIT);
}

static void
what_is_written_reads_back_the_same(void **state)
{
    uint8_t buffer[64];
    struct mun_wr wr;
    struct mun_rd rd;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    write_fields(&wr);
    mun_rd_init(&rd, mun_wr_done(&wr));
    assert_int_equal(mun_rd_u8(&rd), 0x01);
    assert_int_equal(mun_rd_u16(&rd), 0x0203);
    assert_int_equal(mun_rd_u32(&rd), 0x04050607);
    assert_true(mun_rd_u64(&rd) == 0x08090a0b0c0d0e0f);
    assert_true(mun_rd_bool(&rd));
    assert_false(mun_rd_bool(&rd));
    assert_true(mun_bytes_eq(mun_rd_run(&rd, 3), mun_bytes_str("xyz")));
    assert_true(mun_bytes_eq(mun_rd_run16(&rd, 2), mun_bytes_str("ab")));
    assert_true(mun_bytes_eq(mun_rd_run32(&rd, 1), mun_bytes_str("c")));
    assert_int_equal(mun_rd_u8(&rd), '!');
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
}

static void
a_prefix_that_cannot_say_the_length_is_too_large(void **state)
{
    static const uint8_t run[65536] = { 0 };
    static uint8_t buffer[70000];
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_run16(&wr, mun_bytes(run, 65535));
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_run16(&wr, mun_bytes(run, 65536));
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_TOO_LARGE);
    assert_int_equal(mun_wr_done(&wr).len, 0);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_run32(&wr, mun_bytes(run, 65536));
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_run32(&wr, mun_bytes(run, (size_t)UINT32_MAX + 1));
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_TOO_LARGE);
}

static void
after_a_failure_nothing_more_is_written(void **state)
{
    uint8_t buffer[16] = { 0 };
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, 7);
    mun_wr_fail(&wr, MUN_ERR_VALUE);
    mun_wr_fail(&wr, MUN_ERR_ORDER);
    write_fields(&wr);
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_VALUE);
    assert_int_equal(mun_wr_done(&wr).len, 1);
    assert_int_equal(buffer[1], 0);
}

static void
a_run_and_its_prefix_are_written_together_or_not_at_all(void **state)
{
    (void)state;
    for (size_t size = 0; size < 6; size++) {
        uint8_t buffer[8];
        struct mun_wr wr;

        mun_wr_init(&wr, buffer, size);
        mun_wr_run16(&wr, mun_bytes_str("abcd"));
        assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_LIMIT);
        assert_int_equal(mun_wr_done(&wr).len, 0);
        mun_wr_init(&wr, buffer, size);
        mun_wr_run32(&wr, mun_bytes_str("ab"));
        assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_LIMIT);
        assert_int_equal(mun_wr_done(&wr).len, 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_written_big_endian_in_their_order),
        cmocka_unit_test(
            every_buffer_too_small_hits_the_limit_and_is_not_overrun),
        cmocka_unit_test(a_buffer_of_the_exact_size_is_enough),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(a_prefix_that_cannot_say_the_length_is_too_large),
        cmocka_unit_test(after_a_failure_nothing_more_is_written),
        cmocka_unit_test(
            a_run_and_its_prefix_are_written_together_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
