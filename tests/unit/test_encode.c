#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/encode.h"

static void
hex_of_every_byte_reads_back(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t byte = (uint8_t)value;
        uint8_t back = 0;
        char text[3];

        mun_hex_encode(text, mun_bytes(&byte, 1));
        assert_true(mun_is_ok(mun_hex_decode(&back, 1, mun_bytes_str(text))));
        assert_int_equal(back, byte);
    }
}

static void
hex_of_nothing_is_nothing(void **state)
{
    char text[1] = { 'x' };

    (void)state;
    mun_hex_encode(text, MUN_BYTES_NONE);
    assert_string_equal(text, "");
    assert_true(mun_is_ok(mun_hex_decode(NULL, 0, MUN_BYTES_NONE)));
}

static void
hex_of_another_spelling_or_length_is_refused(void **state)
{
    static const char *const bad[] = {
        "",     "0",     "01",     "010",  "01020", "010203", "0A0b", "0x01",
        "01 2", " 0102", "0102\n", "010g", "01:2",  "010`",   "01/2", "\377102",
    };
    uint8_t out[2];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(out, 9, sizeof out);
        assert_int_equal(mun_hex_decode(out, 2, mun_bytes_str(bad[i])).code,
                         MUN_ERR_ENCODING);
        assert_memory_equal(out, "\0\0", 2);
    }
}

/* Source: RFC 4648 section 10, without padding. */
static const struct {
    const char *data;
    const char *text;
} base64_vectors[] = {
    { "", "" },
    { "f", "Zg" },
    { "fo", "Zm8" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg" },
    { "fooba", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "-_-_" },
};

static void
base64url_agrees_with_the_vectors_of_rfc_4648(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_vectors / sizeof base64_vectors[0];
         i++) {
        struct mun_bytes data = mun_bytes_str(base64_vectors[i].data);
        char text[16];
        uint8_t back[16];
        size_t len;

        mun_base64url_encode(text, data);
        assert_string_equal(text, base64_vectors[i].text);
        assert_int_equal(mun_base64url_size(data.len), strlen(text) + 1);
        assert_true(mun_is_ok(
            mun_base64url_decode(back, data.len, &len, mun_bytes_str(text))));
        assert_true(mun_bytes_eq(mun_bytes(back, len), data));
    }
}

static void
base64url_of_every_length_reads_back(void **state)
{
    uint8_t data[200];
    uint8_t back[200];
    char text[300];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 151 + 7);
    for (size_t size = 0; size <= sizeof data; size++) {
        size_t len;

        mun_base64url_encode(text, mun_bytes(data, size));
        assert_int_equal(strlen(text) + 1, mun_base64url_size(size));
        assert_true(mun_is_ok(
            mun_base64url_decode(back, size, &len, mun_bytes_str(text))));
        assert_int_equal(len, size);
        assert_memory_equal(back, data, size);
    }
}

/* The encoder looks up twelve bits at a time. */
static void
base64url_of_every_twelve_bits_reads_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 1u << 12; bits++) {
        const uint8_t data[3] = { (uint8_t)(bits >> 4),
                                  (uint8_t)(bits << 4 | bits >> 8),
                                  (uint8_t)bits };
        uint8_t back[3];
        char text[5];
        size_t len;

        mun_base64url_encode(text, mun_bytes(data, sizeof data));
        assert_true(mun_is_ok(mun_base64url_decode(back, sizeof back, &len,
                                                   mun_bytes_str(text))));
        assert_int_equal(len, sizeof data);
        assert_memory_equal(back, data, sizeof data);
    }
}

static void
base64url_with_padding_other_digits_or_spare_bits_is_refused(void **state)
{
    static const char *const bad[] = {
        "A",  "AAAAA", "Zg==", "Zm8=",       "Zm9v\n", "Zm 9", "+/+/",
        "Zh", "Zm9",   "Zm9.", "Z\xc3\xa9Z", "AB",     "AAB",
    };
    uint8_t out[16];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t len = 7;

        assert_int_equal(
            mun_base64url_decode(out, sizeof out, &len, mun_bytes_str(bad[i]))
                .code,
            MUN_ERR_ENCODING);
        assert_int_equal(len, 0);
    }
}

static void
base64url_that_does_not_fit_is_too_large(void **state)
{
    uint8_t out[6];
    size_t len = 7;

    (void)state;
    assert_int_equal(
        mun_base64url_decode(out, 5, &len, mun_bytes_str("Zm9vYmFy")).code,
        MUN_ERR_TOO_LARGE);
    assert_int_equal(len, 0);
    assert_int_equal(
        mun_base64url_decode(out, 6, &len, mun_bytes_str("Zm9vYmFy")).code,
        MUN_OK);
    assert_int_equal(len, 6);
}

static void
decimals_have_digits_only_and_no_leading_zero(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        "01",
        "+1",
        "-1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "a",
        "0x",
        "1\n",
        "1_0",
        "18446744073709551616",
        "99999999999999999999",
        "184467440737095516150",
    };
    uint64_t out;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        out = 7;
        assert_int_equal(
            mun_decimal_decode(&out, UINT64_MAX, mun_bytes_str(bad[i])).code,
            MUN_ERR_ENCODING);
        assert_true(out == 0);
    }
    assert_true(
        mun_is_ok(mun_decimal_decode(&out, UINT64_MAX, mun_bytes_str("0"))));
    assert_true(out == 0);
    assert_true(mun_is_ok(mun_decimal_decode(
        &out, UINT64_MAX, mun_bytes_str("18446744073709551615"))));
    assert_true(out == UINT64_MAX);
}

static void
decimals_above_the_asked_maximum_are_refused(void **state)
{
    uint64_t out;

    (void)state;
    assert_true(mun_is_ok(mun_decimal_decode(&out, 100, mun_bytes_str("100"))));
    assert_true(out == 100);
    assert_int_equal(mun_decimal_decode(&out, 100, mun_bytes_str("101")).code,
                     MUN_ERR_ENCODING);
    assert_true(out == 0);
    assert_true(mun_is_ok(mun_decimal_decode(&out, 0, mun_bytes_str("0"))));
}

/* Milliseconds from Python's datetime. */
static const struct {
    uint64_t time_ms;
    const char *text;
} times[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1, "1970-01-01T00:00:00.001Z" },
    { 951782399999, "2000-02-28T23:59:59.999Z" },
    { 951782400000, "2000-02-29T00:00:00Z" },
    { 1709251199000, "2024-02-29T23:59:59Z" },
    { 1767323045678, "2026-01-02T03:04:05.678Z" },
    { 1735689599999, "2024-12-31T23:59:59.999Z" },
    { 4107542400000, "2100-03-01T00:00:00Z" },
    { 253402300799999, "9999-12-31T23:59:59.999Z" },
};

static void
times_have_one_text_and_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[MUN_TIME_TEXT_SIZE];
        uint64_t back;

        mun_time_encode(text, times[i].time_ms);
        assert_string_equal(text, times[i].text);
        assert_true(mun_is_ok(mun_time_decode(&back, mun_bytes_str(text))));
        assert_true(back == times[i].time_ms);
    }
}

static void
every_day_up_to_the_year_9999_reads_back(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 2932897; day += 1) {
        char text[MUN_TIME_TEXT_SIZE];
        uint64_t back;

        mun_time_encode(text, day * 86400000);
        assert_true(mun_is_ok(mun_time_decode(&back, mun_bytes(text, 10))));
        assert_true(back == day * 86400000);
    }
}

static void
times_beyond_the_year_9999_show_its_last_moment(void **state)
{
    char text[MUN_TIME_TEXT_SIZE];

    (void)state;
    mun_time_encode(text, UINT64_MAX);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
    mun_time_encode(text, 253402300800000);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void
offsets_and_decimals_of_a_second_are_understood(void **state)
{
    static const struct {
        const char *text;
        uint64_t time_ms;
    } same[] = {
        { "2026-01-02", 1767312000000 },
        { "2026-01-02T00:00:00Z", 1767312000000 },
        { "2026-01-02T01:00:00+01:00", 1767312000000 },
        { "2026-01-01T18:30:00-05:30", 1767312000000 },
        { "2026-01-02T00:00:00.1Z", 1767312000100 },
        { "2026-01-02T00:00:00.12Z", 1767312000120 },
        { "2026-01-02T00:00:00.1239Z", 1767312000123 },
        { "2026-01-02T00:00:00.123456789Z", 1767312000123 },
        { "2026-01-02T00:00:00.000-00:00", 1767312000000 },
        { "1969-12-31T23:00:00-01:00", 0 },
        { "1970-01-01T01:00:00+01:00", 0 },
        { "9999-12-31T23:59:59.999+00:00", 253402300799999 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        uint64_t got = 7;

        assert_true(
            mun_is_ok(mun_time_decode(&got, mun_bytes_str(same[i].text))));
        assert_true(got == same[i].time_ms);
    }
}

static void
times_that_are_not_in_the_calendar_or_the_grammar_are_refused(void **state)
{
    static const char *const bad[] = {
        "2026-00-01",
        "2026-13-01",
        "2026-01-00",
        "2026-01-32",
        "2026-04-31",
        "2026-02-29",
        "2100-02-29",
        "1969-12-31",
        "0000-01-01",
        "0001-01-01",
        "2026-1-2",
        "2026/01/02",
        "26-01-02",
        " 2026-01-02",
        "2026-01-02 ",
        "2026-01-02T",
        "2026-01-02T03",
        "2026-01-02T03:04",
        "2026-01-02T03:04:05",
        "2026-01-02T24:00:00Z",
        "2026-01-02T03:60:00Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05.1234567890Z",
        "2026-01-02T03:04:05,5Z",
        "2026-01-02t03:04:05Z",
        "2026-01-02T03:04:05z",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:05ZZ",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05+0100",
        "2026-01-02T03:04:05+1:00",
        "2026-01-02T03:04:05 +01:00",
        "1970-01-01T00:00:00+00:01",
        "1969-12-31T23:59:59Z",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t got = 7;

        assert_int_equal(mun_time_decode(&got, mun_bytes_str(bad[i])).code,
                         MUN_ERR_ENCODING);
        assert_true(got == 0);
    }
}

static void
every_short_prefix_of_a_time_but_its_date_is_refused(void **state)
{
    static const char text[] = "2026-01-02T03:04:05.678+01:00";

    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        uint64_t got = 7;
        mun_err_t err = mun_time_decode(&got, mun_bytes(text, len));

        assert_int_equal(err.code, len == 10 ? MUN_OK : MUN_ERR_ENCODING);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_of_every_byte_reads_back),
        cmocka_unit_test(hex_of_nothing_is_nothing),
        cmocka_unit_test(hex_of_another_spelling_or_length_is_refused),
        cmocka_unit_test(base64url_agrees_with_the_vectors_of_rfc_4648),
        cmocka_unit_test(base64url_of_every_length_reads_back),
        cmocka_unit_test(base64url_of_every_twelve_bits_reads_back),
        cmocka_unit_test(
            base64url_with_padding_other_digits_or_spare_bits_is_refused),
        cmocka_unit_test(base64url_that_does_not_fit_is_too_large),
        cmocka_unit_test(decimals_have_digits_only_and_no_leading_zero),
        cmocka_unit_test(decimals_above_the_asked_maximum_are_refused),
        cmocka_unit_test(times_have_one_text_and_read_back),
        cmocka_unit_test(every_day_up_to_the_year_9999_reads_back),
        cmocka_unit_test(times_beyond_the_year_9999_show_its_last_moment),
        cmocka_unit_test(offsets_and_decimals_of_a_second_are_understood),
        cmocka_unit_test(
            times_that_are_not_in_the_calendar_or_the_grammar_are_refused),
        cmocka_unit_test(every_short_prefix_of_a_time_but_its_date_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
