#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "ledger/core/text.h"

#define POINT_COUNT 0x110000

static enum mun_err_code
check(const char *text)
{
    return mun_text_check(mun_bytes_str(text), MUN_TEXT_BYTES_MAX).code;
}

static void
assert_all(const char *const *texts, size_t count, enum mun_err_code code)
{
    for (size_t i = 0; i < count; i++) {
        if (check(texts[i]) != code)
            fail_msg("text %zu of the list (\"%s\")", i, texts[i]);
    }
}

#define ASSERT_ALL(texts, code)                                                \
    assert_all((texts), sizeof(texts) / sizeof(texts)[0], (code))

static void
the_unicode_tables_are_those_of_15_0(void **state)
{
    (void)state;
    assert_string_equal(utf8proc_unicode_version(), "15.0.0");
}

static void
text_of_many_scripts_is_accepted(void **state)
{
    static const char *const good[] = {
        "",
        "a",
        "Master of Science (120 ECTS)",
        "Universit\xc3\xa4t Z\xc3\xbcrich",
        "\xd0\x9c\xd0\xb5\xd0\xb6\xd0\xb4\xd1\x83\xd0\xbd\xd0\xb0\xd1\x80",
        "\xd2\x9a\xd0\xb0\xd0\xb7\xd0\xb0\xd2\x9b", /* Kazakh letters */
        "\xe6\x9d\xb1\xe4\xba\xac\xe5\xa4\xa7\xe5\xad\xa6",
        "\xed\x95\x9c\xea\xb5\xad", /* Hangul syllables */
        "\xd9\x86\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xae\xd9\x88", /* U+200C */
        "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7",     /* U+200D */
        "a\xcc\xa7",  /* a mark that has no composed form with its letter */
        "a\xc2\xa0z", /* a no-break space inside */
        "two  spaces inside",
        "\xf0\x9f\xad\xaf", /* U+1FB6F */
    };

    (void)state;
    ASSERT_ALL(good, MUN_OK);
}

static void
bytes_that_are_not_utf8_are_refused(void **state)
{
    static const char *const bad[] = {
        "\x80",
        "\xc3",
        "a\xc3",
        "\xc3\x28",
        "\xc0\xaf",         /* "/" in two bytes */
        "\xe0\x80\xaf",     /* and in three */
        "\xf0\x80\x80\xaf", /* and in four */
        "\xed\xa0\x80",     /* a surrogate */
        "\xed\xa0\x80\xed\xb0\x80",
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf8\x88\x80\x80\x80",
        "\xe2\x82",
        "\xff",
        "\xfe\xff",
    };

    (void)state;
    ASSERT_ALL(bad, MUN_ERR_TEXT);
}

static void
what_cannot_be_seen_or_turns_text_around_is_refused(void **state)
{
    static const char *const bad[] = {
        "a\tb",
        "a\nb",
        "a\rb",
        "a\x7f",
        "a\xc2\x85z",         /* U+0085 next line */
        "a\xc2\xadz",         /* U+00AD soft hyphen */
        "a\xe2\x80\x8bz",     /* U+200B zero width space */
        "a\xe2\x80\x8ez",     /* U+200E left-to-right mark */
        "a\xe2\x80\xaez",     /* U+202E right-to-left override */
        "a\xe2\x81\xa6z",     /* U+2066 left-to-right isolate */
        "a\xef\xbb\xbfz",     /* U+FEFF byte order mark */
        "a\xe2\x80\xa8z",     /* U+2028 line separator */
        "a\xe2\x80\xa9z",     /* U+2029 paragraph separator */
        "a\xee\x80\x80z",     /* U+E000 private use */
        "a\xf3\xa0\x81\x81z", /* U+E0041 tag */
        "a\xef\xbf\xbfz",     /* U+FFFF, no character */
        "a\xcd\xb8z",         /* U+0378, unassigned */
    };

    (void)state;
    ASSERT_ALL(bad, MUN_ERR_TEXT);
    assert_int_equal(mun_text_check(mun_bytes("a\0z", 3), 3).code,
                     MUN_ERR_TEXT);
}

static void
spaces_at_the_ends_are_refused(void **state)
{
    static const char *const bad[] = {
        " ",
        " a",
        "a ",
        "\xc2\xa0z",
        "a\xc2\xa0",
        "\xe3\x80\x80z",
        "a\xe2\x80\x83",
    };

    (void)state;
    ASSERT_ALL(bad, MUN_ERR_TEXT);
}

static void
text_that_is_not_nfc_is_refused(void **state)
{
    static const char *const bad[] = {
        "e\xcc\x81",                /* e and an acute accent */
        "\xe1\x84\x92\xe1\x85\xa1", /* Hangul in letters */
        "\xed\x95\x98\xe1\x86\xab", /* a syllable and its final */
        "\xe2\x84\xab",             /* U+212B angstrom sign */
        "\xe2\x84\xa6",             /* U+2126 ohm sign */
        "a\xcc\x81\xcc\xa7",        /* marks in the wrong order */
        "\xcd\x84",                 /* U+0344 */
        "\xe0\xa5\x98",             /* U+0958, never composed */
        "\xef\xa4\x80",             /* a compatibility ideograph */
        "\xe0\xa7\x87\xe0\xa6\xbe", /* Bengali o in halves */
    };

    (void)state;
    ASSERT_ALL(bad, MUN_ERR_TEXT);
}

static void
length_is_counted_in_bytes_and_may_be_the_longest(void **state)
{
    static char text[MUN_TEXT_BYTES_MAX + 1];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(mun_text_check(mun_bytes(text, 10), 9).code,
                     MUN_ERR_TOO_LARGE);
    assert_int_equal(mun_text_check(mun_bytes(text, 10), 10).code, MUN_OK);
    assert_int_equal(
        mun_text_check(mun_bytes(text, sizeof text), MUN_TEXT_BYTES_MAX).code,
        MUN_ERR_TOO_LARGE);
    assert_int_equal(
        mun_text_check(mun_bytes(text, MUN_TEXT_BYTES_MAX), MUN_TEXT_BYTES_MAX)
            .code,
        MUN_OK);
    assert_int_equal(mun_text_check(MUN_BYTES_NONE, 0).code, MUN_OK);
}

/* Fills `out` from `first` on with one character, as often as it fits. */
static struct mun_bytes
fill(uint8_t *out, size_t first, const uint8_t *character, size_t len)
{
    size_t at = first;

    for (; at + len <= MUN_TEXT_BYTES_MAX; at += len)
        memcpy(out + at, character, len);
    return mun_bytes(out, at);
}

/* The longest text of the two letters that grow most, and of marks only. */
static void
text_that_grows_most_when_taken_apart_is_checked(void **state)
{
    static const uint8_t iota[] = { 0xce, 0x90 };        /* U+0390 */
    static const uint8_t alpha[] = { 0xe1, 0xbe, 0x82 }; /* U+1F82 */
    static const uint8_t grave[] = { 0xcc, 0x80 };       /* U+0300 */
    static uint8_t text[MUN_TEXT_BYTES_MAX];

    (void)state;
    assert_int_equal(
        mun_text_check(fill(text, 0, iota, 2), MUN_TEXT_BYTES_MAX).code,
        MUN_OK);
    assert_int_equal(
        mun_text_check(fill(text, 0, alpha, 3), MUN_TEXT_BYTES_MAX).code,
        MUN_OK);
    text[0] = 'a';
    text[1] = 'b';
    assert_int_equal(
        mun_text_check(fill(text, 2, grave, 2), MUN_TEXT_BYTES_MAX).code,
        MUN_OK);
}

/* What the size of the buffer in text.c rests on. */
static void
no_code_point_has_more_than_three_parts_for_two_bytes(void **state)
{
    (void)state;
    for (utf8proc_int32_t point = 0; point < POINT_COUNT; point++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_int32_t parts[32];
        utf8proc_ssize_t len = utf8proc_encode_char(point, bytes);
        utf8proc_ssize_t count;
        int boundclass = 0;

        if (len == 0 || !utf8proc_codepoint_valid(point))
            continue;
        count = utf8proc_decompose_char(
            point, parts, 32,
            (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE),
            &boundclass);
        assert_true(count >= 1 && 2 * count <= 3 * len);
    }
}

/* Whether a whole-string normalization leaves the text alone. */
static bool
is_nfc_by_library(const char *text)
{
    utf8proc_uint8_t *nfc = utf8proc_NFC((const utf8proc_uint8_t *)text);
    bool is_same = nfc != NULL && strcmp((const char *)nfc, text) == 0;

    free(nfc);
    return is_same;
}

/* Each code point that may stand alone, then after a letter and before marks:
 * accepted exactly when it is NFC. */
static void
every_allowed_code_point_is_judged_as_the_library_does(void **state)
{
    static const char *const after[] = { "z", "\xcc\x81z", "\xcc\xa7\xcc\x81z",
                                         "\xe1\x86\xabz" };

    (void)state;
    for (utf8proc_int32_t point = 0x21; point < POINT_COUNT; point++) {
        utf8proc_category_t category = utf8proc_category(point);
        char text[32] = "a";
        utf8proc_ssize_t len;

        if (category == UTF8PROC_CATEGORY_CN ||
            category == UTF8PROC_CATEGORY_CC ||
            category == UTF8PROC_CATEGORY_CS ||
            category == UTF8PROC_CATEGORY_CO ||
            category == UTF8PROC_CATEGORY_CF ||
            category == UTF8PROC_CATEGORY_ZL ||
            category == UTF8PROC_CATEGORY_ZP)
            continue;
        len = utf8proc_encode_char(point, (utf8proc_uint8_t *)text + 1);
        for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
            memcpy(text + 1 + len, after[i], strlen(after[i]) + 1);
            if ((check(text) == MUN_OK) != is_nfc_by_library(text))
                fail_msg("U+%04X before text %zu", (unsigned)point, i);
        }
    }
}

static void
labels_are_plain_and_start_with_a_letter_or_digit(void **state)
{
    static const char *const good[] = { "a",       "Z",  "0",
                                        "a-b_c.d", "9x", "status.2026-1" };
    static const char *const bad[] = { "",    ".a",       "-a",        "_a",
                                       "a b", "a/b",      "a%",        "a\n",
                                       "a@b", "a[",       "a`b",       "a{",
                                       "a:b", "\xc3\xa4", "a\xc3\xa4", "~" };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(mun_is_ok(mun_label_check(mun_bytes_str(good[i]), 16)));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(mun_label_check(mun_bytes_str(bad[i]), 16).code,
                         MUN_ERR_TEXT);
    assert_int_equal(mun_label_check(mun_bytes_str("abcd"), 3).code,
                     MUN_ERR_TOO_LARGE);
    assert_int_equal(mun_label_check(mun_bytes("a\0", 2), 16).code,
                     MUN_ERR_TEXT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_unicode_tables_are_those_of_15_0),
        cmocka_unit_test(text_of_many_scripts_is_accepted),
        cmocka_unit_test(bytes_that_are_not_utf8_are_refused),
        cmocka_unit_test(what_cannot_be_seen_or_turns_text_around_is_refused),
        cmocka_unit_test(spaces_at_the_ends_are_refused),
        cmocka_unit_test(text_that_is_not_nfc_is_refused),
        cmocka_unit_test(length_is_counted_in_bytes_and_may_be_the_longest),
        cmocka_unit_test(text_that_grows_most_when_taken_apart_is_checked),
        cmocka_unit_test(no_code_point_has_more_than_three_parts_for_two_bytes),
        cmocka_unit_test(
            every_allowed_code_point_is_judged_as_the_library_does),
        cmocka_unit_test(labels_are_plain_and_start_with_a_letter_or_digit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
