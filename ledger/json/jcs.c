#include "ledger/json/jcs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/json/json_int.h"

/* Digits that tell any two doubles apart. */
#define DIGITS_MAX 17

/* 0.d1d2... x 10^point, in the digits '0' to '9' without zeros at the end. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int point;
};

/* Whether the digits read back as `value`. Written as an integer with an
 * exponent, so that the locale's decimal point has no say. */
static bool
reads_back(const struct decimal *decimal, double value)
{
    char text[DIGITS_MAX + 16];
    double back;

    (void)snprintf(text, sizeof text, "%.*se%d", decimal->count,
                   decimal->digits,
                   decimal->point - decimal->count); /* always fits */
    back = strtod(text, NULL);
    return !(back < value) && !(back > value);
}

/* `value` rounded to `count` digits. */
static void
round_to(struct decimal *decimal, double value, int count)
{
    char text[DIGITS_MAX + 16];
    const char *at = text;
    int len = snprintf(text, sizeof text, "%.*e", count - 1, value);

    MUN_CHECK(len > 0 && (size_t)len < sizeof text);
    decimal->count = 0;
    for (; *at != 'e'; at++)
        if (*at >= '0' && *at <= '9') /* all but the locale's point */
            decimal->digits[decimal->count++] = *at;
    MUN_CHECK(decimal->count == count);
    decimal->point = (int)strtol(at + 1, NULL, 10) + 1;
}

/* One more in the last digit. */
static void
step_up(struct decimal *decimal)
{
    int at = decimal->count;

    while (at > 0 && decimal->digits[at - 1] == '9')
        decimal->digits[--at] = '0';
    if (at > 0) {
        decimal->digits[at - 1]++;
        return;
    }
    decimal->digits[0] = '1'; /* 99 became 00 and is 100 */
    decimal->point++;
}

/* The fewest digits that read back. The closest number of so many digits is
 * tried first. If that fails, its neighbour above may still do: below a power
 * of two doubles lie closer together than above it, and 2^-44 is
 * 5.684341886080802e-14 although ...801 is closer to it. */
static void
shortest(struct decimal *decimal, double value)
{
    for (int count = 1; count <= DIGITS_MAX; count++) {
        round_to(decimal, value, count);
        if (reads_back(decimal, value))
            break;
        step_up(decimal);
        if (reads_back(decimal, value))
            break;
    }
    MUN_CHECK(reads_back(decimal, value));
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
        decimal->count--;
}

/* ECMA-262 Number::toString with its names: k digits s, value s x 10^(n-k). */
static void
layout(char *out, const struct decimal *decimal)
{
    const char *s = decimal->digits;
    int k = decimal->count;
    int n = decimal->point;
    size_t size = MUN_JCS_NUMBER_SIZE - 1; /* the sign is before it */
    int len;

    if (k <= n && n <= 21)
        len = snprintf(out, size, "%.*s%.*s", k, s, n - k,
                       "00000000000000000000");
    else if (0 < n && n <= 21)
        len = snprintf(out, size, "%.*s.%.*s", n, s, k - n, s + n);
    else if (-6 < n && n <= 0)
        len = snprintf(out, size, "0.%.*s%.*s", -n, "00000", k, s);
    else if (k == 1)
        len = snprintf(out, size, "%.1se%+d", s, n - 1);
    else
        len = snprintf(out, size, "%.1s.%.*se%+d", s, k - 1, s + 1, n - 1);
    MUN_CHECK(len > 0);
    MUN_CHECK((size_t)len < size);
}

mun_err_t
mun_jcs_number(char *out, double value)
{
    struct decimal decimal;

    out[0] = '\0';
    if (!isfinite(value))
        return mun_err(MUN_ERR_VALUE);
    if (fpclassify(value) == FP_ZERO) {
        memcpy(out, "0", 2); /* minus zero too */
        return MUN_SUCCESS;
    }
    if (value < 0)
        *out++ = '-';
    shortest(&decimal, fabs(value));
    layout(out, &decimal);
    return MUN_SUCCESS;
}

/* Where the canonical form goes: one of the two. */
struct sink {
    struct mun_json_buf *buf;
    struct mun_sha256 *sha;
};

static void
put(struct sink *sink, const void *data, size_t len)
{
    if (len == 0)
        return;
    if (sink->buf != NULL)
        mun_json_buf_put(sink->buf, data, len);
    else
        mun_sha256_update(sink->sha, data, len);
}

/* Text from a parsed document is UTF-8 (invariant J3). */
static void
put_string(struct sink *sink, struct mun_bytes text)
{
    size_t start = 0;

    MUN_DCHECK(mun_json_is_utf8(text));
    put(sink, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        char escape[6];
        size_t len = mun_json_escape(escape, text.data[i]);

        if (len == 0)
            continue;
        put(sink, text.data + start, i - start);
        put(sink, escape, len);
        start = i + 1;
    }
    put(sink, text.data + start, text.len - start);
    put(sink, "\"", 1);
}

static void
put_integer(struct sink *sink, const struct mun_json *value)
{
    char text[32];
    int64_t number;
    int len;

    MUN_CHECK(mun_json_i64(&number, value));
    len = snprintf(text, sizeof text, "%" PRId64, number);
    MUN_CHECK(len > 0);
    put(sink, text, (size_t)len);
}

static mun_err_t
put_real(struct sink *sink, const struct mun_json *value)
{
    char text[MUN_JCS_NUMBER_SIZE];
    double number;

    MUN_CHECK(mun_json_double(&number, value));
    MUN_TRY(mun_jcs_number(text, number));
    put(sink, text, strlen(text));
    return MUN_SUCCESS;
}

static mun_err_t
put_scalar(struct sink *sink, const struct mun_json *value)
{
    bool is_true;

    switch (mun_json_kind(value)) {
    case MUN_JSON_NULL:
        put(sink, "null", 4);
        return MUN_SUCCESS;
    case MUN_JSON_BOOL:
        MUN_CHECK(mun_json_bool(&is_true, value));
        put(sink, is_true ? "true" : "false", is_true ? 4 : 5);
        return MUN_SUCCESS;
    case MUN_JSON_INTEGER:
        put_integer(sink, value);
        return MUN_SUCCESS;
    case MUN_JSON_REAL:
        return put_real(sink, value);
    case MUN_JSON_STRING:
        put_string(sink, mun_json_string(value));
        return MUN_SUCCESS;
    case MUN_JSON_ARRAY:
    case MUN_JSON_OBJECT:
        break;
    }
    MUN_UNREACHABLE();
}

struct member {
    struct mun_bytes name;
    const struct mun_json *value;
};

/* A lead byte's rank among UTF-16 code units. Bytewise, UTF-8 sorts by code
 * point; UTF-16 differs in one thing only: what is above U+FFFF begins with a
 * surrogate (D800-DFFF), and so sorts before U+E000-U+FFFF, whose lead bytes
 * are EE and EF. */
static unsigned
rank(uint8_t byte)
{
    if (byte >= 0xf0)
        return byte - 2u;
    if (byte >= 0xee)
        return byte + 8u;
    return byte;
}

static int
compare_names(const void *left, const void *right)
{
    struct mun_bytes a = ((const struct member *)left)->name;
    struct mun_bytes b = ((const struct member *)right)->name;
    size_t len = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < len; i++)
        if (a.data[i] != b.data[i])
            return rank(a.data[i]) < rank(b.data[i]) ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

/* A container that is being written; `members` is NULL for an array. */
struct level {
    const struct mun_json *value;
    struct member *members;
    size_t count;
    size_t index;
};

static mun_err_t
open_level(struct level *level, struct sink *sink, const struct mun_json *value)
{
    struct mun_json_iter it;

    memset(level, 0, sizeof *level);
    level->value = value;
    level->count = mun_json_size(value);
    if (mun_json_is(value, MUN_JSON_ARRAY)) {
        put(sink, "[", 1);
        return MUN_SUCCESS;
    }
    put(sink, "{", 1);
    if (level->count == 0)
        return MUN_SUCCESS;
    MUN_CHECK(level->count <= SIZE_MAX / sizeof *level->members);
    level->members = mun_json_alloc(level->count * sizeof *level->members);
    if (level->members == NULL)
        return mun_err(MUN_ERR_MEMORY);
    it = mun_json_members(value);
    for (size_t i = 0; i < level->count; i++) {
        MUN_CHECK(mun_json_next(&it));
        level->members[i].name = mun_bytes_str(it.key);
        level->members[i].value = it.value;
    }
    qsort(level->members, level->count, sizeof *level->members, compare_names);
    return MUN_SUCCESS;
}

static void
close_level(struct level *level)
{
    if (level->members != NULL)
        mun_json_free(level->members);
    level->members = NULL;
}

/* The next value of the container, with what stands before it; NULL at the
 * end, after the bracket. */
static const struct mun_json *
advance(struct level *level, struct sink *sink)
{
    bool is_array = mun_json_is(level->value, MUN_JSON_ARRAY);
    size_t index = level->index++;

    if (index == level->count) {
        put(sink, is_array ? "]" : "}", 1);
        return NULL;
    }
    if (index > 0)
        put(sink, ",", 1);
    if (is_array)
        return mun_json_at(level->value, index);
    put_string(sink, level->members[index].name);
    put(sink, ":", 1);
    return level->members[index].value;
}

static bool
is_container(const struct mun_json *value)
{
    return mun_json_is(value, MUN_JSON_ARRAY) ||
           mun_json_is(value, MUN_JSON_OBJECT);
}

static mun_err_t
put_value(struct sink *sink, const struct mun_json *value)
{
    struct level levels[MUN_JSON_DEPTH_MAX];
    size_t depth = 0;
    mun_err_t err;

    if (!is_container(value))
        return put_scalar(sink, value);
    MUN_TRY_OUT(open_level(&levels[depth++], sink, value));
    while (depth > 0) {
        const struct mun_json *child = advance(&levels[depth - 1], sink);

        if (child == NULL) {
            close_level(&levels[--depth]);
        } else if (is_container(child)) {
            MUN_CHECK(depth < MUN_JSON_DEPTH_MAX);
            MUN_TRY_OUT(open_level(&levels[depth++], sink, child));
        } else {
            MUN_TRY_OUT(put_scalar(sink, child));
        }
    }
out:
    while (depth > 0)
        close_level(&levels[--depth]);
    return err;
}

mun_err_t
mun_jcs_write(struct mun_json_buf *buf, const struct mun_json *value)
{
    struct sink sink = { buf, NULL };
    mun_err_t err = put_value(&sink, value);

    if (err.code != MUN_OK)
        mun_json_buf_fail(buf, err.code);
    return mun_err(buf->failure);
}

mun_err_t
mun_jcs_sha256(struct mun_hash *out, const struct mun_json *value)
{
    struct mun_sha256 sha;
    struct sink sink = { NULL, &sha };

    memset(out, 0, sizeof *out);
    mun_sha256_init(&sha);
    MUN_TRY(put_value(&sink, value));
    mun_sha256_final(&sha, out);
    return MUN_SUCCESS;
}

void
mun_jcs_value(struct mun_json_wr *wr, const struct mun_json *value)
{
    struct mun_json_buf form;
    mun_err_t err;

    mun_json_buf_init(&form, wr->buf.cap);
    err = mun_jcs_write(&form, value);
    if (err.code != MUN_OK)
        mun_json_wr_fail(wr, err.code);
    /* Even then a value takes its place, so that the nesting holds. */
    mun_json_wr_raw(wr, err.code == MUN_OK ? mun_bytes(form.data, form.used)
                                           : mun_bytes_str("null"));
    mun_json_buf_fini(&form);
}
