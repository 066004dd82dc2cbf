#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/json/json.h"
#include "ledger/json/json_int.h"
#include "ledger/json/json_rd.h"
#include "ledger/json/json_wr.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WR_CAP 4096

/* A text with NUL bytes inside. */
#define RUN(literal) mun_bytes(literal, sizeof(literal) - 1)

/* On a copy of exactly that length, so that a read past the end is caught. */
static enum mun_err_code
parse_within(struct mun_json_err *why, struct mun_bytes text,
             const struct mun_json_limits *limits)
{
    uint8_t *copy = malloc(text.len + 1); /* allow: exact bounds */
    struct mun_json *doc;
    mun_err_t err;

    assert_non_null(copy);
    if (text.len > 0)
        memcpy(copy + 1, text.data, text.len);
    err = mun_json_parse(&doc, why, mun_bytes(copy + 1, text.len), limits);
    free(copy); /* allow: pairs with the malloc above */
    assert_int_equal(doc != NULL, mun_is_ok(err));
    assert_int_equal(why->code, err.code);
    assert_int_equal(why->text[0] != '\0', !mun_is_ok(err));
    mun_json_close(doc);
    return err.code;
}

static enum mun_err_code
parse(struct mun_bytes text)
{
    struct mun_json_err why;

    return parse_within(&why, text, NULL);
}

static struct mun_json *
doc_of(const char *text)
{
    struct mun_json *doc;

    assert_true(
        mun_is_ok(mun_json_parse(&doc, NULL, mun_bytes_str(text), NULL)));
    return doc;
}

static void
assert_fault(struct mun_bytes text, unsigned line, unsigned column,
             const char *what)
{
    struct mun_json_err why;

    assert_int_equal(parse_within(&why, text, NULL), MUN_ERR_JSON);
    if (strstr(why.text, what) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", why.text, what);
    assert_int_equal(why.line, line);
    assert_int_equal(why.column, column);
}

static void
plain_documents_are_accepted(void **state)
{
    static const char *const good[] = {
        "{}",
        "[]",
        " \t\r\n[ ] \n",
        "{\"a\":{\"a\":[0,-1,1.5e3,null,true,false,\"\"]}}",
        "[\"\\ud83d\\ude02\\u20ac\\\"\\\\\\/\"]",
        "[\"\xf0\x9f\x98\x82 \x7f\"]",
        "[9007199254740991,-9007199254740991,1e21,-1.7e308,1e-400]",
        "[\"[[[[{{{{,,,,\\\"]]\"]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(parse(mun_bytes_str(good[i])), MUN_OK);
}

static void
what_is_not_json_is_refused(void **state)
{
    static const char *const bad[] = {
        "",           " ",          "1",           "\"a\"",    "null",
        "[",          "[1",         "[1,",         "[1,]",     "[,1]",
        "]",          "{",          "{\"a\"",      "{\"a\":",  "{\"a\":1",
        "{\"a\":1,}", "{a:1}",      "{1:1}",       "['a']",    "[\"a]",
        "[\"\\",      "[\"\\x\"]",  "[\"\\u12\"]", "[01]",     "[-]",
        "[+1]",       "[.5]",       "[1.]",        "[1e]",     "[0x1]",
        "[NaN]",      "[Infinity]", "[True]",      "[nul]",    "[1 2]",
        "[1}",        "{\"a\":1]",  "[]]",         "[][]",     "{} x",
        "[1]//",      "[/**/1]",    "[\"\t\"]",    "[\"\n\"]", "[1e400]",
        "[--1]",      "[1.5.5]",    "[1-1]",       "[-1e+]",   "[\f1]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parse(mun_bytes_str(bad[i])) != MUN_ERR_JSON)
            fail_msg("accepted: %s", bad[i]);
}

static void
every_short_prefix_is_refused(void **state)
{
    static const char text[] =
        "{\"a\":[1,-2.5e1,true,null,\"x\\u20ac\xe2\x82\xac\"],\"b\":{}}";

    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_int_equal(parse(mun_bytes(text, len)), MUN_ERR_JSON);
    assert_int_equal(parse(RUN(text)), MUN_OK);
}

static void
a_byte_order_mark_is_refused(void **state)
{
    (void)state;
    assert_fault(RUN("\xef\xbb\xbf{}"), 1, 1, "byte order mark");
}

static void
nul_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    assert_fault(RUN("[1\0]"), 1, 3, "NUL");
    assert_fault(RUN("[1]\0"), 1, 4, "NUL");
    assert_fault(RUN("\0[1]"), 1, 1, "NUL");
    assert_fault(RUN("[\"a\0\"]"), 1, 4, "NUL");
    assert_fault(RUN("[\"\\\0\"]"), 1, 4, "NUL");
    assert_int_equal(parse(RUN("[\"\\u0000\"]")), MUN_ERR_JSON);
    assert_int_equal(parse(RUN("{\"\\u0000\":1}")), MUN_ERR_JSON);
    assert_int_equal(parse(RUN("1\0")), MUN_ERR_JSON);
}

static void
text_that_is_not_utf_8_is_refused(void **state)
{
    static const char *const bad[] = {
        "[\"\x80\"]",
        "[\"\xc3\"]",
        "[\"\xc0\x80\"]",
        "[\"\xc1\xbf\"]",
        "[\"\xe0\x9f\xbf\"]",
        "[\"\xed\xa0\x80\"]",
        "[\"\xf0\x8f\xbf\xbf\"]",
        "[\"\xf4\x90\x80\x80\"]",
        "[\"\xff\"]",
        "{\"\xfe\":1}",
        "[\xc3\xa9]",
        "[\"\\ud800\"]",
        "[\"\\udc00\"]",
        "[\"\\ud800\\u0041\"]",
        "[\"\\ude02\\ud83d\"]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(parse(mun_bytes_str(bad[i])), MUN_ERR_JSON);
}

static void
a_name_given_twice_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse(mun_bytes_str("{\"a\":1,\"b\":2,\"a\":1}")),
                     MUN_ERR_JSON);
    assert_int_equal(parse(mun_bytes_str("{\"a\":1,\"\\u0061\":1}")),
                     MUN_ERR_JSON);
    assert_int_equal(parse(mun_bytes_str("{\"a\":{\"a\":1},\"A\":1}")), MUN_OK);
}

static void
numbers_that_readers_would_round_are_refused(void **state)
{
    static const char *const bad[] = {
        "[9007199254740992]",       "[-9007199254740992]",
        "[18446744073709551616]",   "[99999999999999999999999999]",
        "[9007199254740992.0]",     "[-1e16]",
        "{\"a\":[1,{\"b\":1e20}]}", "[1.5,[[]],{\"a\":0},9.1e15]",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (parse(mun_bytes_str(bad[i])) != MUN_ERR_JSON)
            fail_msg("accepted: %s", bad[i]);
}

static void
the_error_says_where(void **state)
{
    (void)state;
    assert_fault(mun_bytes_str("{\n \"\xc3\xa9\": 12345678901234567890}"), 2, 7,
                 "line 2, column 7: an integer outside");
    assert_fault(mun_bytes_str("[]\n]"), 2, 1, "nothing opened");
    assert_fault(mun_bytes_str("{\"a\":1}\n[]"), 2, 2, "follows the document");
    assert_fault(mun_bytes_str("[1,\n"), 2, 1, "too early");
}

static void
depth_is_bounded_before_the_parser_recurses(void **state)
{
    static const char member[] = { '{', '"', 'a', '"', ':' };
    static char text[MUN_JSON_BYTES_MAX];
    struct mun_json_err why;

    (void)state;
    memset(text, '[', sizeof text);
    assert_int_equal(parse_within(&why, RUN(text), NULL), MUN_ERR_LIMIT);
    assert_int_equal(why.column, MUN_JSON_DEPTH_MAX + 1);
    memset(text + MUN_JSON_DEPTH_MAX, ']', MUN_JSON_DEPTH_MAX);
    assert_int_equal(parse(mun_bytes(text, (size_t)2 * MUN_JSON_DEPTH_MAX)),
                     MUN_OK);
    for (size_t i = 0; i + 5 <= sizeof text; i += sizeof member)
        memcpy(text + i, member, sizeof member);
    assert_int_equal(parse(RUN(text)), MUN_ERR_LIMIT);
}

static void
each_limit_is_inclusive(void **state)
{
    const struct mun_json_limits limits = { 10, 4, 2 };
    struct mun_json_err why;

    (void)state;
    assert_int_equal(parse_within(&why, RUN("[1,22,333]"), &limits), MUN_OK);
    assert_int_equal(parse_within(&why, RUN("[1,22,3333]"), &limits),
                     MUN_ERR_TOO_LARGE);
    assert_int_equal(parse_within(&why, RUN("[1,2,3,4]"), &limits), MUN_OK);
    assert_int_equal(parse_within(&why, RUN("[1,2,3,4,5]"), &limits),
                     MUN_ERR_TOO_LARGE);
    assert_int_equal(parse_within(&why, RUN("[1,2,3,[]]"), &limits),
                     MUN_ERR_LIMIT);
    assert_int_equal(parse_within(&why, RUN("[[1]]"), &limits), MUN_OK);
    assert_int_equal(parse_within(&why, RUN("[[[]]]"), &limits), MUN_ERR_LIMIT);
}

static void
a_long_text_is_refused_unread(void **state)
{
    struct mun_json *doc;

    (void)state;
    assert_int_equal(mun_json_parse(&doc, NULL,
                                    mun_bytes("[]", MUN_JSON_BYTES_MAX + 1),
                                    NULL)
                         .code,
                     MUN_ERR_TOO_LARGE);
    assert_null(doc);
}

static void
values_are_read_by_kind(void **state)
{
    struct mun_json *doc =
        doc_of("{\"s\":\"x\",\"u\":7,\"i\":-7,\"r\":7.5,\"t\":true,\"n\":null,"
               "\"a\":[1,2],\"o\":{}}");
    uint64_t u;
    int64_t i;
    double d;
    bool b;

    (void)state;
    assert_true(mun_json_string_is(mun_json_get(doc, "s"), "x"));
    assert_false(mun_json_string_is(mun_json_get(doc, "s"), "xy"));
    assert_null(mun_json_string(mun_json_get(doc, "u")).data);
    assert_true(mun_json_u64(&u, mun_json_get(doc, "u")) && u == 7);
    assert_false(mun_json_u64(&u, mun_json_get(doc, "i")) || u != 0);
    assert_false(mun_json_u64(&u, mun_json_get(doc, "r")));
    assert_true(mun_json_i64(&i, mun_json_get(doc, "i")) && i == -7);
    assert_true(mun_json_double(&d, mun_json_get(doc, "r")));
    assert_int_equal((int)(d * 10), 75);
    assert_true(mun_json_double(&d, mun_json_get(doc, "i")));
    assert_false(mun_json_double(&d, mun_json_get(doc, "s")));
    assert_true(mun_json_bool(&b, mun_json_get(doc, "t")) && b);
    assert_false(mun_json_bool(&b, mun_json_get(doc, "n")) || b);
    assert_true(mun_json_is(mun_json_get(doc, "n"), MUN_JSON_NULL));
    assert_false(mun_json_is(mun_json_get(doc, "none"), MUN_JSON_NULL));
    assert_int_equal(mun_json_size(mun_json_get(doc, "a")), 2);
    assert_int_equal(mun_json_size(doc), 8);
    assert_int_equal(mun_json_size(mun_json_get(doc, "s")), 0);
    assert_null(mun_json_at(mun_json_get(doc, "a"), 2));
    assert_null(mun_json_at(doc, 0));
    assert_null(mun_json_get(mun_json_get(doc, "a"), "s"));
    assert_null(mun_json_get(NULL, "s"));
    mun_json_close(doc);
    mun_json_close(NULL);
}

static void
members_come_in_the_order_of_the_text(void **state)
{
    struct mun_json *doc = doc_of("{\"z\":1,\"a\":2,\"m\":3}");
    struct mun_json_iter it = mun_json_members(doc);
    char seen[4] = "";
    size_t count = 0;

    (void)state;
    while (mun_json_next(&it))
        seen[count++] = it.key[0];
    assert_string_equal(seen, "zam");
    assert_false(mun_json_next(&it));
    it = mun_json_members(mun_json_get(doc, "z"));
    assert_false(mun_json_next(&it));
    mun_json_close(doc);
}

static void
an_unknown_member_is_named(void **state)
{
    static const char *const keys[] = { "a", "b" };
    struct mun_json *doc = doc_of("{\"b\":1,\"c\":2}");
    const char *offending;

    (void)state;
    assert_false(mun_json_only_keys(doc, keys, 2, &offending));
    assert_string_equal(offending, "c");
    assert_false(mun_json_only_keys(doc, keys, 2, NULL));
    mun_json_close(doc);
    doc = doc_of("{\"b\":1}");
    assert_true(mun_json_only_keys(doc, keys, 2, &offending));
    assert_null(offending);
    mun_json_close(doc);
}

static void
a_decoder_reads_as_the_list_of_its_fields(void **state)
{
    static const char *const keys[] = { "name",   "on",   "at",
                                        "credit", "blob", "members" };
    struct mun_json *doc =
        doc_of("{\"name\":\"x\",\"on\":true,\"at\":\"1970-01-01T00:00:01Z\","
               "\"credit\":5.25,\"blob\":\"AQI\",\"members\":[{\"key\":"
               "\"00ff\"},{\"key\":\"0102\"}]}");
    struct mun_json_err why;
    struct mun_json_rd rd;
    uint8_t key[2];
    uint8_t blob[4];

    (void)state;
    mun_json_rd_init(&rd, doc, &why);
    mun_json_rd_only(&rd, keys, COUNT(keys));
    assert_int_equal(mun_json_rd_string(&rd, "name", 1, 9).len, 1);
    assert_true(mun_json_rd_bool(&rd, "on"));
    assert_int_equal(mun_json_rd_time(&rd, "at"), 1000);
    assert_int_equal(mun_json_rd_hundredths(&rd, "credit"), 525);
    assert_int_equal(mun_json_rd_base64url(&rd, "blob", blob, sizeof blob), 2);
    assert_false(mun_json_rd_has(&rd, "more"));
    assert_int_equal(mun_json_rd_array(&rd, "members", 2), 2);
    for (size_t i = 0; i < 2; i++) {
        mun_json_rd_item(&rd, i);
        mun_json_rd_hex(&rd, "key", key, sizeof key);
        mun_json_rd_leave(&rd);
    }
    mun_json_rd_leave(&rd);
    assert_true(mun_is_ok(mun_json_rd_status(&rd)));
    assert_int_equal(key[1], 2);
    assert_string_equal(why.text, "");
    mun_json_close(doc);
}

/* Reads {"list":[{"v":VALUE}]} and expects that failure. */
static void
assert_field_fault(const char *value, void (*read)(struct mun_json_rd *rd),
                   enum mun_err_code code, const char *text)
{
    char full[256];
    struct mun_json_err why;
    struct mun_json_rd rd;
    struct mun_json *doc;

    (void)snprintf(full, sizeof full, "{\"list\":[{%s}]}", value);
    doc = doc_of(full);
    mun_json_rd_init(&rd, doc, &why);
    assert_int_equal(mun_json_rd_array(&rd, "list", 1), 1);
    mun_json_rd_item(&rd, 0);
    read(&rd);
    mun_json_rd_fail(&rd, NULL, MUN_ERR_VALUE, "a later failure");
    assert_int_equal(mun_json_rd_u64(&rd, "v", 100), 0);
    assert_false(mun_json_rd_has(&rd, "v"));
    assert_int_equal(mun_json_rd_array(&rd, "v", 9), 0);
    mun_json_rd_leave(&rd);
    mun_json_rd_leave(&rd);
    mun_json_rd_leave(&rd);
    assert_int_equal(mun_json_rd_status(&rd).code, code);
    assert_int_equal(why.code, code);
    assert_string_equal(why.text, text);
    mun_json_close(doc);
}

static void
read_u64(struct mun_json_rd *rd)
{
    assert_int_equal(mun_json_rd_u64(rd, "v", 100), 0);
}

static void
read_string(struct mun_json_rd *rd)
{
    assert_int_equal(mun_json_rd_string(rd, "v", 2, 3).len, 0);
}

static void
read_bool(struct mun_json_rd *rd)
{
    assert_false(mun_json_rd_bool(rd, "v"));
}

static void
read_hex(struct mun_json_rd *rd)
{
    uint8_t out[2] = { 1, 1 };

    mun_json_rd_hex(rd, "v", out, sizeof out);
    assert_int_equal(out[0] + out[1], 0);
}

static void
read_base64url(struct mun_json_rd *rd)
{
    uint8_t out[2];

    assert_int_equal(mun_json_rd_base64url(rd, "v", out, sizeof out), 0);
}

static void
read_time(struct mun_json_rd *rd)
{
    assert_int_equal(mun_json_rd_time(rd, "v"), 0);
}

static void
read_hundredths(struct mun_json_rd *rd)
{
    assert_int_equal(mun_json_rd_hundredths(rd, "v"), 0);
}

static void
read_object(struct mun_json_rd *rd)
{
    mun_json_rd_object(rd, "v");
    assert_int_equal(mun_json_rd_string(rd, "x", 0, 9).len, 0);
    mun_json_rd_leave(rd);
}

static void
read_array(struct mun_json_rd *rd)
{
    assert_int_equal(mun_json_rd_array(rd, "v", 1), 0);
    mun_json_rd_item(rd, 0);
    mun_json_rd_leave(rd);
    mun_json_rd_leave(rd);
}

static void
read_item_past_the_end(struct mun_json_rd *rd)
{
    assert_int_equal(mun_json_rd_array(rd, "v", 1), 1);
    mun_json_rd_item(rd, 0);
    assert_int_equal(mun_json_rd_string(rd, NULL, 0, 9).len, 1);
    mun_json_rd_leave(rd);
    mun_json_rd_item(rd, 1);
    mun_json_rd_leave(rd);
    mun_json_rd_leave(rd);
}

static void
read_only_v(struct mun_json_rd *rd)
{
    static const char *const keys[] = { "v" };

    mun_json_rd_only(rd, keys, 1);
}

static void
a_wrong_field_is_named_with_its_path(void **state)
{
    static const struct {
        const char *value;
        void (*read)(struct mun_json_rd *rd);
        enum mun_err_code code;
        const char *text;
    } cases[] = {
        { "", read_u64, MUN_ERR_JSON, "list[0].v: is missing" },
        { "\"v\":\"1\"", read_u64, MUN_ERR_JSON,
          "list[0].v: is not an integer" },
        { "\"v\":1.0", read_u64, MUN_ERR_JSON, "list[0].v: is not an integer" },
        { "\"v\":-1", read_u64, MUN_ERR_JSON, "list[0].v: is out of range" },
        { "\"v\":101", read_u64, MUN_ERR_JSON, "list[0].v: is out of range" },
        { "\"v\":null", read_string, MUN_ERR_JSON,
          "list[0].v: is not a string" },
        { "\"v\":\"1\"", read_string, MUN_ERR_JSON, "list[0].v: is too short" },
        { "\"v\":\"1234\"", read_string, MUN_ERR_JSON,
          "list[0].v: is too long" },
        { "\"v\":1", read_bool, MUN_ERR_JSON,
          "list[0].v: is not true or false" },
        { "\"v\":\"00FF\"", read_hex, MUN_ERR_ENCODING,
          "list[0].v: is not 2 bytes of lower-case hex" },
        { "\"v\":\"00\"", read_hex, MUN_ERR_ENCODING,
          "list[0].v: is not 2 bytes of lower-case hex" },
        { "\"v\":\"AQ=\"", read_base64url, MUN_ERR_ENCODING,
          "list[0].v: is not base64url" },
        { "\"v\":\"AQID\"", read_base64url, MUN_ERR_JSON,
          "list[0].v: is too long" },
        { "\"v\":\"today\"", read_time, MUN_ERR_ENCODING,
          "list[0].v: is not a date or time such as 2026-01-02T03:04:05Z" },
        { "\"v\":1.005", read_hundredths, MUN_ERR_JSON,
          "list[0].v: has more than two decimals" },
        { "\"v\":-0.25", read_hundredths, MUN_ERR_JSON,
          "list[0].v: is out of range" },
        { "\"v\":1e300", read_hundredths, MUN_ERR_JSON,
          "list[0].v: is out of range" },
        { "\"v\":\"5\"", read_hundredths, MUN_ERR_JSON,
          "list[0].v: is not a number" },
        { "\"v\":[]", read_object, MUN_ERR_JSON,
          "list[0].v: is not an object" },
        { "\"v\":{}", read_object, MUN_ERR_JSON, "list[0].v.x: is missing" },
        { "\"v\":{}", read_array, MUN_ERR_JSON, "list[0].v: is not an array" },
        { "\"v\":[1,2]", read_array, MUN_ERR_JSON,
          "list[0].v: has too many items" },
        { "\"v\":[\"a\"]", read_item_past_the_end, MUN_ERR_JSON,
          "list[0].v[1]: is missing" },
        { "\"v\":1,\"w\\n\xc3\xa9\":2", read_only_v, MUN_ERR_JSON,
          "list[0].w???: is not known here" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_field_fault(cases[i].value, cases[i].read, cases[i].code,
                           cases[i].text);
}

static void
hundredths_read_whatever_has_two_decimals(void **state)
{
    char text[64];
    struct mun_json_rd rd;

    (void)state;
    for (unsigned value = 0; value < 200000; value += 7) {
        struct mun_json *doc;

        (void)snprintf(text, sizeof text, "[%u.%02u]", value / 100,
                       value % 100);
        doc = doc_of(text);
        mun_json_rd_init(&rd, doc, NULL);
        mun_json_rd_item(&rd, 0);
        assert_int_equal(mun_json_rd_hundredths(&rd, NULL), value);
        mun_json_rd_leave(&rd);
        assert_true(mun_is_ok(mun_json_rd_status(&rd)));
        mun_json_close(doc);
    }
}

static void
a_failure_at_the_top_names_the_document(void **state)
{
    struct mun_json *doc = doc_of("[]");
    struct mun_json_err why;
    struct mun_json_rd rd;

    (void)state;
    mun_json_rd_init(&rd, doc, &why);
    mun_json_rd_only(&rd, NULL, 0);
    assert_int_equal(mun_json_rd_status(&rd).code, MUN_ERR_JSON);
    assert_string_equal(why.text, "document: is not an object");
    mun_json_close(doc);
}

static void
write_all(struct mun_json_wr *wr)
{
    static const uint8_t data[] = { 0, 255, 128 };

    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "s");
    mun_json_wr_string(wr, "a\"\\\n\x01\x7f</\xe2\x82\xac");
    mun_json_wr_key(wr, "hex");
    mun_json_wr_hex(wr, mun_bytes(data, 3));
    mun_json_wr_key(wr, "b64");
    mun_json_wr_base64url(wr, mun_bytes(data, 2));
    mun_json_wr_key(wr, "n");
    mun_json_wr_begin_array(wr);
    mun_json_wr_u64(wr, MUN_JSON_INTEGER_MAX);
    mun_json_wr_i64(wr, -MUN_JSON_INTEGER_MAX);
    mun_json_wr_hundredths(wr, 525);
    mun_json_wr_hundredths(wr, 550);
    mun_json_wr_hundredths(wr, 1500);
    mun_json_wr_hundredths(wr, 5);
    mun_json_wr_end_array(wr);
    mun_json_wr_key_bytes(wr, mun_bytes_str("k\""));
    mun_json_wr_begin_object(wr);
    mun_json_wr_end_object(wr);
    mun_json_wr_key(wr, "e");
    mun_json_wr_begin_array(wr);
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "t");
    mun_json_wr_time(wr, 1000);
    mun_json_wr_key(wr, "l");
    mun_json_wr_begin_array(wr);
    mun_json_wr_bool(wr, true);
    mun_json_wr_bool(wr, false);
    mun_json_wr_null(wr);
    mun_json_wr_raw(wr, mun_bytes_str("{}"));
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}

static void
assert_written(struct mun_json_wr *wr, const char *expected)
{
    struct mun_bytes out;

    assert_true(mun_is_ok(mun_json_wr_finish(wr, &out)));
    if (!mun_bytes_eq(out, mun_bytes_str(expected)))
        fail_msg("%.*s", (int)out.len, (const char *)out.data);
    assert_int_equal(parse(out), MUN_OK);
    mun_json_wr_fini(wr);
}

static void
compact_text_is_written(void **state)
{
    struct mun_json_wr wr;

    (void)state;
    mun_json_wr_init(&wr, WR_CAP, false);
    write_all(&wr);
    assert_written(
        &wr, "{\"s\":\"a\\\"\\\\\\n\\u0001\x7f</\xe2\x82\xac\",\"hex\":"
             "\"00ff80\",\"b64\":\"AP8\",\"n\":[9007199254740991,"
             "-9007199254740991,5.25,5.5,15,0.05],\"k\\\"\":{},\"e\":[],"
             "\"t\":\"1970-01-01T00:00:01Z\",\"l\":[true,false,null,{}]}");
}

static void
indented_text_is_written(void **state)
{
    struct mun_json_wr wr;

    (void)state;
    mun_json_wr_init(&wr, WR_CAP, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "a");
    mun_json_wr_begin_array(&wr);
    mun_json_wr_u64(&wr, 1);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_end_object(&wr);
    mun_json_wr_end_array(&wr);
    mun_json_wr_key(&wr, "b");
    mun_json_wr_null(&wr);
    mun_json_wr_end_object(&wr);
    assert_written(&wr, "{\n  \"a\": [\n    1,\n    {}\n  ],\n"
                        "  \"b\": null\n}\n");
}

static void
a_buffer_grows_up_to_its_cap(void **state)
{
    static uint8_t data[50000];
    struct mun_json_wr wr;
    struct mun_bytes out;

    (void)state;
    for (size_t cap = 2 * sizeof data; cap <= 2 * sizeof data + 2; cap++) {
        mun_json_wr_init(&wr, cap, false);
        mun_json_wr_hex(&wr, mun_bytes(data, sizeof data));
        assert_int_equal(mun_json_wr_finish(&wr, &out).code,
                         cap == 2 * sizeof data + 2 ? MUN_OK : MUN_ERR_LIMIT);
        assert_int_equal(out.len, cap == 2 * sizeof data + 2 ? cap : 0);
        mun_json_wr_fini(&wr);
    }
}

static void
a_fixed_buffer_is_filled_to_the_last_byte(void **state)
{
    struct mun_json_wr wr;
    struct mun_bytes out;
    uint8_t memory[8];

    (void)state;
    for (size_t size = 0; size <= 5; size++) {
        mun_json_wr_init_fixed(&wr, memory, size, false);
        mun_json_wr_string(&wr, "abc");
        assert_int_equal(mun_json_wr_finish(&wr, &out).code,
                         size == 5 ? MUN_OK : MUN_ERR_LIMIT);
        mun_json_wr_fini(&wr);
    }
}

/* What a text is written as, found out byte by byte. */
static size_t
write_slowly(char *out, const char *text, size_t len)
{
    size_t used = 0;

    out[used++] = '"';
    for (size_t i = 0; i < len; i++) {
        size_t escape = mun_json_escape(out + used, (unsigned char)text[i]);

        if (escape == 0)
            out[used] = text[i];
        used += escape == 0 ? 1 : escape;
    }
    out[used++] = '"';
    return used;
}

/* Texts are looked at eight bytes at a time. */
static void
each_byte_is_written_alike_wherever_it_stands(void **state)
{
    char expected[160];
    char text[20];
    uint8_t memory[160];
    struct mun_json_buf buf;

    (void)state;
    for (size_t len = 1; len <= sizeof text; len++) {
        for (size_t place = 0; place < len * 0x80; place++) {
            char byte = (char)(place % 0x80);
            size_t used;

            memset(text, 'a', len);
            text[place / 0x80] = byte;
            mun_json_buf_init_fixed(&buf, memory, sizeof memory);
            mun_json_buf_string(&buf, mun_bytes(text, len));
            if (byte == 0) {
                assert_int_equal(buf.failure, MUN_ERR_TEXT);
                continue;
            }
            used = write_slowly(expected, text, len);
            assert_int_equal(buf.failure, MUN_OK);
            assert_int_equal(buf.used, used);
            assert_memory_equal(buf.data, expected, used);
        }
    }
}

static void
two_byte_letters_are_written_wherever_they_stand(void **state)
{
    uint8_t memory[32];
    char text[18];
    struct mun_json_buf buf;

    (void)state;
    for (size_t place = 0; place + 2 <= sizeof text; place++) {
        memset(text, 'a', sizeof text);
        text[place] = '\xc3';
        text[place + 1] = '\xa9';
        mun_json_buf_init_fixed(&buf, memory, sizeof memory);
        mun_json_buf_string(&buf, mun_bytes(text, sizeof text));
        assert_int_equal(buf.used, sizeof text + 2);
        assert_memory_equal(buf.data + 1, text, sizeof text);
        /* Without its second byte it is no letter. */
        text[place + 1] = 'a';
        mun_json_buf_string(&buf, mun_bytes(text, sizeof text));
        assert_int_equal(buf.failure, MUN_ERR_TEXT);
    }
}

static void
whole_numbers_are_written_in_decimal(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 7, "7" },
        { 10, "10" },
        { -1, "-1" },
        { -90, "-90" },
        { MUN_JSON_INTEGER_MAX, "9007199254740991" },
        { -MUN_JSON_INTEGER_MAX, "-9007199254740991" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mun_json_wr wr;
        struct mun_bytes out;

        mun_json_wr_init(&wr, WR_CAP, false);
        mun_json_wr_i64(&wr, cases[i].value);
        assert_true(mun_is_ok(mun_json_wr_finish(&wr, &out)));
        assert_true(mun_bytes_eq(out, mun_bytes_str(cases[i].text)));
        mun_json_wr_fini(&wr);
    }
}

static void
text_that_is_not_utf_8_is_not_written(void **state)
{
    static const struct mun_bytes bad[] = {
        { (const uint8_t *)"\xff", 1 },
        { (const uint8_t *)"\0", 1 },
        { (const uint8_t *)"\xc0\x80", 2 },
        { (const uint8_t *)"\xe2", 1 },
        { (const uint8_t *)"\xed\xa0\x80", 3 },
        { (const uint8_t *)"\xe2\x28\xa1", 3 },
        { (const uint8_t *)"\xe2\x82(", 3 },
        { (const uint8_t *)"\xf4\x90\x80\x80", 4 },
        { (const uint8_t *)"\xf0\x8f\x80\x80", 4 },
        { (const uint8_t *)"\xe0\x9f\x80", 3 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct mun_json_wr wr;
        struct mun_bytes out;

        mun_json_wr_init(&wr, WR_CAP, false);
        mun_json_wr_begin_object(&wr);
        mun_json_wr_key_bytes(&wr, bad[i]);
        mun_json_wr_text(&wr, bad[i]);
        mun_json_wr_end_object(&wr);
        assert_int_equal(mun_json_wr_finish(&wr, &out).code, MUN_ERR_TEXT);
        assert_int_equal(out.len, 0);
        mun_json_wr_fini(&wr);
    }
}

static void
numbers_that_readers_would_round_are_not_written(void **state)
{
    static const uint64_t bad[] = { (uint64_t)MUN_JSON_INTEGER_MAX + 1,
                                    INT64_MAX, UINT64_MAX };
    struct mun_json_wr wr;
    struct mun_bytes out;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        mun_json_wr_init(&wr, WR_CAP, false);
        mun_json_wr_u64(&wr, bad[i]);
        assert_int_equal(mun_json_wr_finish(&wr, &out).code, MUN_ERR_VALUE);
        mun_json_wr_fini(&wr);
    }
    mun_json_wr_init(&wr, WR_CAP, false);
    mun_json_wr_i64(&wr, INT64_MIN);
    assert_int_equal(mun_json_wr_finish(&wr, &out).code, MUN_ERR_VALUE);
    mun_json_wr_fini(&wr);
    mun_json_wr_init(&wr, WR_CAP, false);
    mun_json_wr_time(&wr, 253402300800000u);
    assert_int_equal(mun_json_wr_finish(&wr, &out).code, MUN_ERR_VALUE);
    mun_json_wr_fini(&wr);
    mun_json_wr_fini(&wr);
}

static void
each_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    struct mun_bytes text =
        mun_bytes_str("{\"a\":[1,2.5,\"three\",{\"b\":null}],\"c\":[1,2,3,4,5,"
                      "6,7,8,9],\"d\":true,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"
                      "\"i\":1,\"j\":1,\"k\":1}");
    mun_err_t err = mun_err(MUN_ERR_MEMORY);
    struct mun_json *doc = NULL;
    struct mun_json_wr wr;
    struct mun_bytes out;
    size_t k;

    (void)state;
    for (k = 0; err.code == MUN_ERR_MEMORY; k++) {
        assert_null(doc);
        mun_json_alloc_limit(k);
        err = mun_json_parse(&doc, NULL, text, NULL);
    }
    assert_true(mun_is_ok(err));
    assert_true(k > 10);
    mun_json_close(doc);
    err = mun_err(MUN_ERR_MEMORY);
    for (k = 0; err.code == MUN_ERR_MEMORY; k++) {
        mun_json_alloc_limit(k);
        mun_json_wr_init(&wr, 100000, false);
        mun_json_wr_begin_array(&wr);
        for (size_t i = 0; i < 2000; i++)
            mun_json_wr_u64(&wr, i);
        mun_json_wr_end_array(&wr);
        err = mun_json_wr_finish(&wr, &out);
        mun_json_wr_fini(&wr);
    }
    assert_true(mun_is_ok(err));
    assert_int_equal(k, 4); /* 4, 8 and 16 KiB */
    mun_json_alloc_limit(SIZE_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_documents_are_accepted),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(every_short_prefix_is_refused),
        cmocka_unit_test(a_byte_order_mark_is_refused),
        cmocka_unit_test(nul_is_refused_wherever_it_stands),
        cmocka_unit_test(text_that_is_not_utf_8_is_refused),
        cmocka_unit_test(a_name_given_twice_is_refused),
        cmocka_unit_test(numbers_that_readers_would_round_are_refused),
        cmocka_unit_test(the_error_says_where),
        cmocka_unit_test(depth_is_bounded_before_the_parser_recurses),
        cmocka_unit_test(each_limit_is_inclusive),
        cmocka_unit_test(a_long_text_is_refused_unread),
        cmocka_unit_test(values_are_read_by_kind),
        cmocka_unit_test(members_come_in_the_order_of_the_text),
        cmocka_unit_test(an_unknown_member_is_named),
        cmocka_unit_test(a_decoder_reads_as_the_list_of_its_fields),
        cmocka_unit_test(a_wrong_field_is_named_with_its_path),
        cmocka_unit_test(hundredths_read_whatever_has_two_decimals),
        cmocka_unit_test(a_failure_at_the_top_names_the_document),
        cmocka_unit_test(compact_text_is_written),
        cmocka_unit_test(indented_text_is_written),
        cmocka_unit_test(a_buffer_grows_up_to_its_cap),
        cmocka_unit_test(a_fixed_buffer_is_filled_to_the_last_byte),
        cmocka_unit_test(each_byte_is_written_alike_wherever_it_stands),
        cmocka_unit_test(two_byte_letters_are_written_wherever_they_stand),
        cmocka_unit_test(whole_numbers_are_written_in_decimal),
        cmocka_unit_test(text_that_is_not_utf_8_is_not_written),
        cmocka_unit_test(numbers_that_readers_would_round_are_not_written),
        cmocka_unit_test(each_failed_allocation_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
