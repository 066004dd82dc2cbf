#include "tools/csv.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"

/* The text, where we are in it, and what was read so far. */
struct scan {
    struct mun_bytes text;
    size_t at;
    uint32_t line;
    uint32_t column;
    struct mun_csv_err *why;
    struct mun_arena *arena;
    struct mun_bytes *fields; /* the header's too */
    size_t field_count;
    uint32_t *lines;
    size_t row_count;
};

static mun_err_t fault(const struct scan *scan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static mun_err_t
fault(const struct scan *scan, const char *format, ...)
{
    va_list args;

    scan->why->line = scan->line;
    scan->why->column = scan->column;
    va_start(args, format);
    (void)vsnprintf(scan->why->text, sizeof scan->why->text, format, args);
    va_end(args);
    return mun_err(MUN_ERR_VALUE);
}

/* The next byte, or -1 at the end. */
static int
peek(const struct scan *scan)
{
    return scan->at < scan->text.len ? scan->text.data[scan->at] : -1;
}

/* Length of the code point at `at`; 0 when it is not UTF-8 (overlong forms,
 * surrogates and beyond U+10FFFF included) or U+0000. */
static size_t
code_point_len(struct mun_bytes text, size_t at)
{
    const uint8_t *b = text.data + at;
    size_t left = text.len - at;
    size_t len = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

    if (b[0] == 0 || (b[0] >= 0x80 && b[0] < 0xc2) || b[0] > 0xf4 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
        (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return len;
}

/* Moves on by one code point. */
static mun_err_t
step(struct scan *scan)
{
    size_t len = code_point_len(scan->text, scan->at);

    if (len == 0)
        return fault(scan, "not UTF-8 text");
    if (scan->text.data[scan->at] == '\n') {
        scan->line++;
        scan->column = 1;
    } else {
        scan->column++;
    }
    scan->at += len;
    return MUN_SUCCESS;
}

static bool
is_line_end(const struct scan *scan)
{
    int c = peek(scan);
    return c == '\n' || (c == '\r' && scan->at + 1 < scan->text.len &&
                         scan->text.data[scan->at + 1] == '\n');
}

static mun_err_t
read_plain(struct scan *scan, struct mun_bytes *out)
{
    size_t start = scan->at;

    while (peek(scan) >= 0 && peek(scan) != ',' && !is_line_end(scan)) {
        if (peek(scan) == '"')
            return fault(scan, "a quote inside a field that does not begin "
                               "with one");
        if (peek(scan) == '\r')
            return fault(scan, "a carriage return without a line feed");
        MUN_TRY(step(scan));
    }
    *out = mun_bytes(scan->text.data + start, scan->at - start);
    return MUN_SUCCESS;
}

/* The quote at hand begins the field. */
static mun_err_t
read_quoted(struct scan *scan, struct mun_bytes *out)
{
    struct scan start = *scan;
    size_t doubled = 0;
    size_t used = 0;

    MUN_TRY(step(scan));
    for (;;) {
        if (peek(scan) < 0)
            return fault(&start, "this quote is never closed");
        bool is_quote = peek(scan) == '"';
        MUN_TRY(step(scan));
        if (is_quote && peek(scan) != '"')
            break;
        if (is_quote) {
            doubled++;
            MUN_TRY(step(scan));
        }
    }
    struct mun_bytes inside =
        mun_bytes(scan->text.data + start.at + 1, scan->at - start.at - 2);
    *out = inside;
    if (doubled == 0)
        return MUN_SUCCESS;
    uint8_t *copy = mun_arena_alloc(scan->arena, inside.len - doubled);
    if (copy == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (size_t i = 0; i < inside.len; i++) {
        copy[used++] = inside.data[i];
        i += inside.data[i] == '"'; /* the second of two */
    }
    *out = mun_bytes(copy, used);
    return MUN_SUCCESS;
}

/* One row, to the start of the next. *count is how many fields it has. */
static mun_err_t
read_row(struct scan *scan, size_t *count, bool is_empty_fine)
{
    scan->lines[scan->row_count] = scan->line;
    *count = 0;
    if (is_line_end(scan) && !is_empty_fine)
        return fault(scan, "an empty line");
    for (;;) {
        struct mun_bytes *field = &scan->fields[scan->field_count];
        if (peek(scan) == '"')
            MUN_TRY(read_quoted(scan, field));
        else
            MUN_TRY(read_plain(scan, field));
        scan->field_count++;
        (*count)++;
        if (peek(scan) != ',')
            break;
        MUN_TRY(step(scan));
    }
    if (peek(scan) >= 0 && !is_line_end(scan))
        return fault(scan, "text after the closing quote of a field");
    if (peek(scan) == '\r')
        MUN_TRY(step(scan));
    if (peek(scan) == '\n')
        MUN_TRY(step(scan));
    scan->row_count++;
    return MUN_SUCCESS;
}

static mun_err_t
check_names(const struct scan *scan, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (scan->fields[i].len == 0)
            return fault(scan, "column %zu of the header has no name", i + 1);
        for (size_t j = 0; j < i; j++) {
            if (mun_bytes_eq(scan->fields[i], scan->fields[j]))
                return fault(scan, "columns %zu and %zu have the same name",
                             j + 1, i + 1);
        }
    }
    return MUN_SUCCESS;
}

static mun_err_t
read_all(struct scan *scan, size_t *column_count)
{
    struct scan start = *scan;

    if (peek(scan) < 0)
        return fault(scan, "no header row");
    MUN_TRY(read_row(scan, column_count, false));
    MUN_TRY(check_names(&start, *column_count));
    while (peek(scan) >= 0) {
        size_t count = 0;
        start = *scan;
        MUN_TRY(read_row(scan, &count, *column_count == 1));
        if (count != *column_count)
            return fault(&start, "%zu fields where the header has %zu", count,
                         *column_count);
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_csv_parse(struct mun_csv *out, struct mun_csv_err *why,
              struct mun_arena *arena, struct mun_bytes text)
{
    struct scan scan = {
        .text = text, .line = 1, .column = 1, .why = why, .arena = arena
    };
    size_t lines = 1;
    size_t commas = 0;
    size_t columns = 0;

    *out = (struct mun_csv){ 0 };
    *why = (struct mun_csv_err){ 0 };
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        scan.at = 3;
    for (size_t i = 0; i < text.len; i++) {
        lines += text.data[i] == '\n';
        commas += text.data[i] == ',';
    }
    scan.fields = mun_arena_array(arena, lines + commas, sizeof *scan.fields);
    scan.lines = mun_arena_array(arena, lines, sizeof *scan.lines);
    if (scan.fields == NULL || scan.lines == NULL)
        return mun_err(MUN_ERR_MEMORY);
    MUN_TRY(read_all(&scan, &columns));
    MUN_CHECK(scan.field_count == scan.row_count * columns);
    out->column_count = columns;
    out->row_count = scan.row_count - 1;
    out->names = scan.fields;
    out->fields = scan.fields + columns;
    out->lines = scan.lines + 1;
    return MUN_SUCCESS;
}

size_t
mun_csv_column(const struct mun_csv *csv, struct mun_bytes name)
{
    for (size_t i = 0; i < csv->column_count; i++) {
        if (mun_bytes_eq(csv->names[i], name))
            return i;
    }
    return SIZE_MAX;
}

struct mun_bytes
mun_csv_field(const struct mun_csv *csv, size_t row, size_t column)
{
    MUN_CHECK(row < csv->row_count);
    MUN_CHECK(column < csv->column_count);
    return csv->fields[row * csv->column_count + column];
}
