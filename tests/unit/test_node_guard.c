#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "node/guard.h"

struct pair {
    const char *name;
    const char *value;
};

static enum mun_guard_verdict
check(struct mun_guard_head *head, const struct pair *pairs, size_t count)
{
    struct mun_guard_field fields[MUN_GUARD_FIELDS_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        fields[i].name = mun_bytes_str(pairs[i].name);
        fields[i].value = mun_bytes_str(pairs[i].value);
    }
    return mun_guard_check(head, fields, count);
}

#define HOST                                                                   \
    {                                                                          \
        "Host", "node.example:8460"                                            \
    }

static void
clean_heads_pass_and_say_what_they_say(void **state)
{
    const struct pair pairs[] = { HOST,
                                  { "content-LENGTH", "0012" },
                                  { "Content-Type", "application/json" },
                                  { "X-Empty", "" },
                                  { "X-Odd!#$%&'*+-.^_`|~9",
                                    "a\tb \xc3\xa9" } };
    const struct pair chunked[] = { { "hOsT", "[::1]:8460" },
                                    { "Transfer-Encoding", "Chunked" } };
    struct mun_guard_head head;

    (void)state;
    assert_int_equal(check(&head, pairs, 5), MUN_GUARD_OK);
    assert_true(head.has_length);
    assert_int_equal(head.length, 12);
    assert_false(head.is_chunked);
    assert_int_equal(head.content_type.len, 16);
    assert_int_equal(check(&head, chunked, 2), MUN_GUARD_OK);
    assert_true(head.is_chunked);
    assert_false(head.has_length);
}

static void
a_length_that_does_not_fit_is_the_largest(void **state)
{
    const struct pair pairs[] = {
        HOST, { "Content-Length", "18446744073709551619" }
    };
    struct mun_guard_head head;

    (void)state;
    assert_int_equal(check(&head, pairs, 2), MUN_GUARD_OK);
    assert_true(head.length == UINT64_MAX);
}

static const struct {
    struct pair pairs[3];
    size_t count;
    enum mun_guard_verdict verdict;
} malformed[] = {
    { { { "X", "1" } }, 1, MUN_GUARD_HOST },
    { { HOST, HOST }, 2, MUN_GUARD_HOST },
    { { { "Host", "" } }, 1, MUN_GUARD_HOST },
    { { { "Host", "a b" } }, 1, MUN_GUARD_HOST },
    { { { "Host", "a/b" } }, 1, MUN_GUARD_HOST },
    { { { "Host", "a@b" } }, 1, MUN_GUARD_HOST },
    { { HOST, { "Content-Length", "3" }, { "Content-Length", "3" } },
      3,
      MUN_GUARD_LENGTH_TWICE },
    { { HOST, { "Content-Length", "3" }, { "Content-Length", "5" } },
      3,
      MUN_GUARD_LENGTH_TWICE },
    { { HOST, { "Content-Length", "" } }, 2, MUN_GUARD_LENGTH },
    { { HOST, { "Content-Length", "-3" } }, 2, MUN_GUARD_LENGTH },
    { { HOST, { "Content-Length", "+3" } }, 2, MUN_GUARD_LENGTH },
    { { HOST, { "Content-Length", "3, 3" } }, 2, MUN_GUARD_LENGTH },
    { { HOST, { "Content-Length", "0x3" } }, 2, MUN_GUARD_LENGTH },
    { { HOST, { "Content-Length", "3 " } }, 2, MUN_GUARD_LENGTH },
    { { HOST, { "Content-Length", "3" }, { "Transfer-Encoding", "chunked" } },
      3,
      MUN_GUARD_LENGTH_AND_ENCODING },
    { { HOST, { "Transfer-Encoding", "gzip, chunked" } },
      2,
      MUN_GUARD_ENCODING },
    { { HOST, { "Transfer-Encoding", "identity" } }, 2, MUN_GUARD_ENCODING },
    { { HOST, { "Transfer-Encoding", "" } }, 2, MUN_GUARD_ENCODING },
    { { HOST, { "Transfer-Encoding", "\tchunked" } }, 2, MUN_GUARD_ENCODING },
    { { HOST,
        { "Transfer-Encoding", "chunked" },
        { "Transfer-Encoding", "chunked" } },
      3,
      MUN_GUARD_ENCODING },
    { { HOST, { "Content-Type", "a/b" }, { "Content-Type", "a/c" } },
      3,
      MUN_GUARD_TYPE_TWICE },
    { { HOST, { "", "x" } }, 2, MUN_GUARD_NAME },
    { { HOST, { "Content-Length ", "3" } }, 2, MUN_GUARD_NAME },
    { { HOST, { "X\tY", "3" } }, 2, MUN_GUARD_NAME },
    { { HOST, { "X(Y)", "3" } }, 2, MUN_GUARD_NAME },
    { { HOST, { "\xc3\xa9", "3" } }, 2, MUN_GUARD_NAME },
    { { HOST, { "X", "a\rb" } }, 2, MUN_GUARD_VALUE },
    { { HOST, { "X", "a\nb" } }, 2, MUN_GUARD_VALUE },
    { { HOST, { "X", "a\x01" } }, 2, MUN_GUARD_VALUE },
    { { HOST, { "X", "\x7f" } }, 2, MUN_GUARD_VALUE },
};

static void
each_malformed_head_is_refused_by_name(void **state)
{
    struct mun_guard_head head;

    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        enum mun_guard_verdict verdict =
            check(&head, malformed[i].pairs, malformed[i].count);

        if (verdict != malformed[i].verdict)
            print_message("case %zu\n", i);
        assert_int_equal(verdict, malformed[i].verdict);
        assert_false(head.has_length);
        assert_false(head.is_chunked);
        assert_true(strlen(mun_guard_text(verdict)) > 10);
    }
}

static void
nul_bytes_and_too_many_fields_are_refused(void **state)
{
    struct mun_guard_field fields[MUN_GUARD_FIELDS_MAX + 1];
    struct mun_guard_head head;

    (void)state;
    for (size_t i = 0; i <= MUN_GUARD_FIELDS_MAX; i++) {
        fields[i].name = mun_bytes_str(i == 0 ? "Host" : "X");
        fields[i].value = mun_bytes_str("a");
    }
    assert_int_equal(mun_guard_check(&head, fields, MUN_GUARD_FIELDS_MAX),
                     MUN_GUARD_OK);
    assert_int_equal(mun_guard_check(&head, fields, MUN_GUARD_FIELDS_MAX + 1),
                     MUN_GUARD_TOO_MANY);
    fields[1].value = mun_bytes("a\0b", 3);
    assert_int_equal(mun_guard_check(&head, fields, 2), MUN_GUARD_VALUE);
    fields[1].value = mun_bytes_str("a");
    fields[1].name = mun_bytes("X\0", 2);
    assert_int_equal(mun_guard_check(&head, fields, 2), MUN_GUARD_NAME);
}

/* Lays a head out as the library does: first-line spaces, colons and line ends
 * become NULs. */
static enum mun_guard_verdict
layout(const char *text, size_t extra)
{
    static uint8_t buffer[256];
    struct mun_guard_field fields[4];
    struct mun_guard_lines lines = { .fields = fields };
    size_t len = strlen(text);
    char *at = (char *)buffer;
    char *end = (char *)buffer + len;
    char *next;

    memcpy(buffer, text, len + 1);
    lines.method = mun_bytes(at, (size_t)(strchr(at, ' ') - at));
    at += lines.method.len;
    at += strspn(at, " ");
    lines.target = mun_bytes(at, (size_t)(strchr(at, ' ') - at));
    at += lines.target.len;
    at += strspn(at, " ");
    lines.version = mun_bytes(at, strcspn(at, "\r\n"));
    at += lines.version.len;
    at += *at == '\r' ? 2 : 1;
    while (at < end && *at != '\r' && *at != '\n') {
        struct mun_guard_field *field = &fields[lines.count++];

        next = at + strcspn(at, "\r\n");
        field->name = mun_bytes(at, strcspn(at, ":"));
        at += field->name.len + 1;
        at += strspn(at, " \t");
        field->value = mun_bytes(at, (size_t)(next - at));
        at = next + (*next == '\r' ? 2 : 1);
    }
    lines.end = (const uint8_t *)end + extra;
    return mun_guard_layout(&lines);
}

static void
only_a_clean_layout_passes(void **state)
{
    (void)state;
    assert_int_equal(layout("GET /a?b HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", 0),
                     MUN_GUARD_OK);
    assert_int_equal(layout("GET / HTTP/1.1\r\nHost:a\r\nX: \t b\r\n\r\n", 0),
                     MUN_GUARD_OK);
    assert_int_equal(layout("GET / HTTP/1.1\nHost: a\r\n\r\n", 0),
                     MUN_GUARD_LAYOUT);
    assert_int_equal(layout("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 0),
                     MUN_GUARD_LAYOUT);
    assert_int_equal(layout("GET / HTTP/1.1\r\nHost: a\n\r\n", 0),
                     MUN_GUARD_LAYOUT);
    assert_int_equal(layout("GET / HTTP/1.1\r\nHost: a\r\n\n", 0),
                     MUN_GUARD_LAYOUT);
    assert_int_equal(layout("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
                     MUN_GUARD_LAYOUT);
    assert_int_equal(layout("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 0),
                     MUN_GUARD_LAYOUT);
    /* NULs at the end of the last value. */
    assert_int_equal(layout("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1),
                     MUN_GUARD_LAYOUT);
}

static void
a_value_that_was_moved_is_refused(void **state)
{
    const char text[] = "GET\0/\0HTTP/1.1\0\0X\0 1\0\0\0";
    const struct mun_guard_field fields[] = {
        { mun_bytes(text + 16, 1), mun_bytes_str("12") },
    };
    struct mun_guard_lines lines = {
        .method = mun_bytes(text, 3),
        .target = mun_bytes(text + 4, 1),
        .version = mun_bytes(text + 6, 8),
        .fields = fields,
        .count = 1,
        .end = (const uint8_t *)text + 24,
    };

    (void)state;
    assert_int_equal(mun_guard_layout(&lines), MUN_GUARD_LAYOUT);
}

static void
targets_are_split_and_decoded_once(void **state)
{
    uint8_t memory[1024];
    struct mun_arena arena;
    struct mun_bytes path;
    struct mun_bytes query;

    (void)state;
    mun_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(mun_guard_target(&path, &query, &arena,
                                      mun_bytes_str("/a%20b%c3%A9?q=%2f&x")),
                     MUN_GUARD_OK);
    assert_true(mun_bytes_eq(path, mun_bytes_str("/a b\xc3\xa9")));
    assert_true(mun_bytes_eq(query, mun_bytes_str("q=%2f&x")));
    assert_int_equal(
        mun_guard_target(&path, &query, &arena, mun_bytes_str("/?")),
        MUN_GUARD_OK);
    assert_int_equal(query.len, 0);
    mun_arena_reset(&arena, 0);
}

static void
unclean_targets_are_refused(void **state)
{
    static const char *const bad[] = {
        "",      "a",         "*",    "http://a/", "/%",     "/%1",     "/%zz",
        "/%00",  "/%0a",      "/%7f", "/a%2fb",    "/a%5Cb", "/a\\b",   "/a b",
        "/\x7f", "/\xc3\xa9", "/a#b", "/a?b#c",    "/a?b c", "/a?\x01",
    };
    uint8_t memory[1024];
    struct mun_arena arena;
    struct mun_bytes path;
    struct mun_bytes query;

    (void)state;
    mun_arena_init(&arena, memory, sizeof memory);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (mun_guard_target(&path, &query, &arena, mun_bytes_str(bad[i])) !=
            MUN_GUARD_TARGET)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(path.len, 0);
    }
    mun_arena_reset(&arena, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_heads_pass_and_say_what_they_say),
        cmocka_unit_test(a_length_that_does_not_fit_is_the_largest),
        cmocka_unit_test(each_malformed_head_is_refused_by_name),
        cmocka_unit_test(nul_bytes_and_too_many_fields_are_refused),
        cmocka_unit_test(only_a_clean_layout_passes),
        cmocka_unit_test(a_value_that_was_moved_is_refused),
        cmocka_unit_test(targets_are_split_and_decoded_once),
        cmocka_unit_test(unclean_targets_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
