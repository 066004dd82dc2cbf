#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/csv.h"

static uint8_t memory[1 << 16];

static mun_err_t
parse_len(struct mun_csv *csv, struct mun_csv_err *why, const char *text,
          size_t len)
{
    static struct mun_arena arena;
    mun_arena_init(&arena, memory, sizeof memory);
    return mun_csv_parse(csv, why, &arena, mun_bytes(text, len));
}

static mun_err_t
parse(struct mun_csv *csv, struct mun_csv_err *why, const char *text)
{
    return parse_len(csv, why, text, strlen(text));
}

static void
assert_field(const struct mun_csv *csv, size_t row, size_t column,
             const char *text)
{
    struct mun_bytes field = mun_csv_field(csv, row, column);
    assert_true(mun_bytes_eq(field, mun_bytes_str(text)));
}

static void
test_a_table_is_read_with_either_line_end(void **state)
{
    static const char *const texts[] = { "name,grade\r\nAda,A\r\nBo,B\r\n",
                                         "name,grade\nAda,A\nBo,B\n",
                                         "name,grade\nAda,A\nBo,B" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct mun_csv csv;
        struct mun_csv_err why;
        assert_true(mun_is_ok(parse(&csv, &why, texts[i])));
        assert_int_equal(csv.column_count, 2);
        assert_int_equal(csv.row_count, 2);
        assert_field(&csv, 0, 0, "Ada");
        assert_field(&csv, 1, 1, "B");
        assert_int_equal(csv.lines[1], 3);
        assert_int_equal(mun_csv_column(&csv, mun_bytes_str("grade")), 1);
        assert_true(mun_csv_column(&csv, mun_bytes_str("x")) == SIZE_MAX);
    }
}

static void
test_quoted_fields_hold_commas_quotes_and_lines(void **state)
{
    struct mun_csv csv;
    struct mun_csv_err why;
    (void)state;
    assert_true(mun_is_ok(
        parse(&csv, &why,
              "name,\"a \"\"b\"\"\"\n\"Lee, Ann\",\"x\r\ny\"\n\"\",z\n")));
    assert_int_equal(csv.row_count, 2);
    assert_int_equal(mun_csv_column(&csv, mun_bytes_str("a \"b\"")), 1);
    assert_field(&csv, 0, 0, "Lee, Ann");
    assert_field(&csv, 0, 1, "x\r\ny");
    assert_field(&csv, 1, 0, "");
    assert_int_equal(csv.lines[1], 4);
}

static void
test_a_byte_order_mark_and_empty_fields_are_fine(void **state)
{
    struct mun_csv csv;
    struct mun_csv_err why;
    (void)state;
    assert_true(mun_is_ok(parse(&csv, &why,
                                "\xef\xbb\xbf"
                                "name,x\n,\n\"\",\n")));
    assert_int_equal(csv.row_count, 2);
    assert_int_equal(mun_csv_column(&csv, mun_bytes_str("name")), 0);
    assert_true(mun_is_ok(parse(&csv, &why, "name\nAda\n\nBo\n")));
    assert_int_equal(csv.row_count, 3);
    assert_true(mun_is_ok(parse(&csv, &why, "name\n")));
    assert_int_equal(csv.row_count, 0);
}

struct bad {
    const char *text;
    uint32_t line;
    uint32_t column;
};

static void
test_what_is_wrong_is_named_with_line_and_column(void **state)
{
    static const struct bad cases[] = {
        { "", 1, 1 },
        { "\nAda\n", 1, 1 },
        { "name,\n", 1, 1 },
        { "name,name\n", 1, 1 },
        { "name,x\nAda\n", 2, 1 },
        { "name,x\nAda,1,2\n", 2, 1 },
        { "name,x\nAda,1\n\nBo,2\n", 3, 1 },
        { "name,x\nA\"da,1\n", 2, 2 },
        { "name,x\n\"Ada\"s,1\n", 2, 6 },
        { "name,x\n\xc3\xa9,\"1\n2\n", 2, 3 },
        { "name,x\nA\rda,1\n", 2, 2 },
        { "name,x\n\xc3\xa9\xff,1\n", 2, 2 },
        { "name,x\n\xed\xa0\x80,1\n", 2, 1 },
        { "name,x\n\xc0\xaf,1\n", 2, 1 },
        { "name,x\n\xf4\x90\x80\x80,1\n", 2, 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mun_csv csv;
        struct mun_csv_err why;
        mun_err_t err = parse(&csv, &why, cases[i].text);
        assert_int_equal(err.code, MUN_ERR_VALUE);
        assert_int_equal(why.line, cases[i].line);
        assert_int_equal(why.column, cases[i].column);
        assert_true(why.text[0] != '\0');
        assert_int_equal(csv.column_count, 0);
    }
}

static void
test_a_nul_is_not_text(void **state)
{
    static const char text[] = "name\nA\0da\n";
    struct mun_csv csv;
    struct mun_csv_err why;
    (void)state;
    assert_int_equal(parse_len(&csv, &why, text, sizeof text - 1).code,
                     MUN_ERR_VALUE);
    assert_int_equal(why.line, 2);
    assert_int_equal(why.column, 2);
}

static void
test_every_prefix_is_read_or_refused(void **state)
{
    static const char text[] = "name,\"a \"\"b\"\"\"\r\n\xc3\xa9,\"x\ny\"\r\n";
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        struct mun_csv csv;
        struct mun_csv_err why;
        mun_err_t err = parse_len(&csv, &why, text, len);
        assert_true(mun_is_ok(err) == (why.text[0] == '\0'));
    }
}

static void
test_a_small_arena_is_an_error(void **state)
{
    static const char text[] = "name,x\n\"a\"\"b\",c\n";
    (void)state;
    for (size_t size = 0; size < 4096; size += 16) {
        struct mun_csv csv;
        struct mun_csv_err why;
        struct mun_arena arena;
        mun_arena_init(&arena, memory, size);
        mun_err_t err =
            mun_csv_parse(&csv, &why, &arena, mun_bytes(text, sizeof text - 1));
        assert_true(mun_is_ok(err) || err.code == MUN_ERR_MEMORY);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_is_read_with_either_line_end),
        cmocka_unit_test(test_quoted_fields_hold_commas_quotes_and_lines),
        cmocka_unit_test(test_a_byte_order_mark_and_empty_fields_are_fine),
        cmocka_unit_test(test_what_is_wrong_is_named_with_line_and_column),
        cmocka_unit_test(test_a_nul_is_not_text),
        cmocka_unit_test(test_every_prefix_is_read_or_refused),
        cmocka_unit_test(test_a_small_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
