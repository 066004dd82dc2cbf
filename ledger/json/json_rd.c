#include "ledger/json/json_rd.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"

/* The index of a level entered by a key; without one it is the value that
 * was at hand already, and adds nothing to the path. */
#define SELF SIZE_MAX

/* Text that is put together piece by piece and cut short when full. */
struct line {
    char *text;
    size_t size;
    size_t used;
};

static void
line_char(struct line *line, char c)
{
    if (line->used + 1 < line->size)
        line->text[line->used++] = c;
}

/* Names of members may come from outside: a log line or a terminal must not
 * suffer from them. */
static void
line_add(struct line *line, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~')
            line_char(line, *text);
        else
            line_char(line, '?');
    }
}

static void
line_step(struct line *line, const char *key, size_t index)
{
    char number[32];

    if (key == NULL && index == SELF)
        return;
    if (key != NULL) {
        if (line->used > 0)
            line_char(line, '.');
        line_add(line, key);
        return;
    }
    (void)snprintf(number, sizeof number, "[%zu]", index); /* always fits */
    line_add(line, number);
}

void
mun_json_rd_init(struct mun_json_rd *rd, const struct mun_json *doc,
                 struct mun_json_err *why)
{
    MUN_CHECK(doc != NULL);
    memset(rd, 0, sizeof *rd);
    rd->levels[0].value = doc;
    rd->depth = 1;
    rd->why = why;
    if (why != NULL)
        memset(why, 0, sizeof *why);
}

void
mun_json_rd_fail(struct mun_json_rd *rd, const char *key,
                 enum mun_err_code code, const char *what)
{
    struct line line;

    MUN_CHECK(code != MUN_OK);
    if (rd->failure != MUN_OK)
        return;
    rd->failure = code;
    if (rd->why == NULL)
        return;
    memset(rd->why, 0, sizeof *rd->why);
    rd->why->code = code;
    line = (struct line){ rd->why->text, sizeof rd->why->text, 0 };
    for (size_t i = 1; i < rd->depth; i++)
        line_step(&line, rd->levels[i].key, rd->levels[i].index);
    if (key != NULL)
        line_step(&line, key, 0);
    if (line.used == 0)
        line_add(&line, "document");
    line_add(&line, ": ");
    line_add(&line, what);
}

static const struct mun_json *
at_hand(const struct mun_json_rd *rd)
{
    MUN_CHECK(rd->depth > 0);
    return rd->levels[rd->depth - 1].value;
}

/* The member, the value at hand for a key of NULL, or NULL. */
static const struct mun_json *
find(const struct mun_json_rd *rd, const char *key)
{
    if (rd->failure != MUN_OK)
        return NULL;
    return key == NULL ? at_hand(rd) : mun_json_get(at_hand(rd), key);
}

bool
mun_json_rd_has(const struct mun_json_rd *rd, const char *key)
{
    MUN_CHECK(key != NULL);
    return find(rd, key) != NULL;
}

const struct mun_json *
mun_json_rd_any(struct mun_json_rd *rd, const char *key)
{
    const struct mun_json *value = find(rd, key);

    if (value == NULL)
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "is missing");
    return value;
}

/* The member if it is of that kind, or NULL and a failure. */
static const struct mun_json *
need(struct mun_json_rd *rd, const char *key, enum mun_json_kind kind,
     const char *what)
{
    const struct mun_json *value = mun_json_rd_any(rd, key);

    if (value == NULL || mun_json_kind(value) == kind)
        return value;
    mun_json_rd_fail(rd, key, MUN_ERR_JSON, what);
    return NULL;
}

void
mun_json_rd_only(struct mun_json_rd *rd, const char *const keys[], size_t count)
{
    const char *offending;
    const struct mun_json *value =
        need(rd, NULL, MUN_JSON_OBJECT, "is not an object");

    if (value == NULL)
        return;
    if (!mun_json_only_keys(value, keys, count, &offending))
        mun_json_rd_fail(rd, offending, MUN_ERR_JSON, "is not known here");
}

static void
enter(struct mun_json_rd *rd, const char *key, size_t index,
      const struct mun_json *value)
{
    MUN_CHECK(rd->depth < sizeof rd->levels / sizeof rd->levels[0]);
    rd->levels[rd->depth].key = key;
    rd->levels[rd->depth].index = index;
    rd->levels[rd->depth].value = value;
    rd->depth++;
}

void
mun_json_rd_leave(struct mun_json_rd *rd)
{
    MUN_CHECK(rd->depth > 1);
    rd->depth--;
}

void
mun_json_rd_object(struct mun_json_rd *rd, const char *key)
{
    enter(rd, key, SELF, need(rd, key, MUN_JSON_OBJECT, "is not an object"));
}

size_t
mun_json_rd_array(struct mun_json_rd *rd, const char *key, size_t max)
{
    const struct mun_json *value =
        need(rd, key, MUN_JSON_ARRAY, "is not an array");

    if (mun_json_size(value) > max) {
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "has too many items");
        value = NULL;
    }
    enter(rd, key, SELF, value);
    return mun_json_size(value);
}

void
mun_json_rd_item(struct mun_json_rd *rd, size_t index)
{
    const struct mun_json *item = NULL;

    if (rd->failure == MUN_OK)
        item = mun_json_at(at_hand(rd), index);
    enter(rd, NULL, index, item);
    if (item == NULL)
        mun_json_rd_fail(rd, NULL, MUN_ERR_JSON, "is missing");
}

struct mun_bytes
mun_json_rd_string(struct mun_json_rd *rd, const char *key, size_t len_min,
                   size_t len_max)
{
    const struct mun_json *value =
        need(rd, key, MUN_JSON_STRING, "is not a string");
    struct mun_bytes text = mun_json_string(value);

    if (value == NULL)
        return MUN_BYTES_NONE;
    if (text.len >= len_min && text.len <= len_max)
        return text;
    mun_json_rd_fail(rd, key, MUN_ERR_JSON,
                     text.len < len_min ? "is too short" : "is too long");
    return MUN_BYTES_NONE;
}

uint64_t
mun_json_rd_u64(struct mun_json_rd *rd, const char *key, uint64_t max)
{
    const struct mun_json *value =
        need(rd, key, MUN_JSON_INTEGER, "is not an integer");
    uint64_t number;

    if (value == NULL)
        return 0;
    if (mun_json_u64(&number, value) && number <= max)
        return number;
    mun_json_rd_fail(rd, key, MUN_ERR_JSON, "is out of range");
    return 0;
}

bool
mun_json_rd_bool(struct mun_json_rd *rd, const char *key)
{
    const struct mun_json *value =
        need(rd, key, MUN_JSON_BOOL, "is not true or false");
    bool is_true;

    return mun_json_bool(&is_true, value) && is_true;
}

void
mun_json_rd_hex(struct mun_json_rd *rd, const char *key, uint8_t *out,
                size_t len)
{
    struct mun_bytes text = mun_json_rd_string(rd, key, 0, SIZE_MAX);
    mun_err_t err = mun_hex_decode(out, len, text);
    char what[64];

    if (mun_is_ok(err))
        return;
    (void)snprintf(what, sizeof what, "is not %zu bytes of lower-case hex",
                   len); /* always fits */
    mun_json_rd_fail(rd, key, err.code, what);
}

size_t
mun_json_rd_base64url(struct mun_json_rd *rd, const char *key, uint8_t *out,
                      size_t size)
{
    struct mun_bytes text = mun_json_rd_string(rd, key, 0, SIZE_MAX);
    size_t len;
    mun_err_t err = mun_base64url_decode(out, size, &len, text);

    if (err.code == MUN_ERR_TOO_LARGE)
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "is too long");
    else if (!mun_is_ok(err))
        mun_json_rd_fail(rd, key, err.code, "is not base64url");
    return len;
}

uint64_t
mun_json_rd_time(struct mun_json_rd *rd, const char *key)
{
    struct mun_bytes text = mun_json_rd_string(rd, key, 0, SIZE_MAX);
    uint64_t time_ms;
    mun_err_t err = mun_time_decode(&time_ms, text);

    if (!mun_is_ok(err))
        mun_json_rd_fail(rd, key, err.code,
                         "is not a date or time such as "
                         "2026-01-02T03:04:05Z");
    return time_ms;
}

/* The hundredth nearest to the number must be the number: both are the double
 * nearest to the same decimal, as a division rounds correctly. */
uint32_t
mun_json_rd_hundredths(struct mun_json_rd *rd, const char *key)
{
    const struct mun_json *value = mun_json_rd_any(rd, key);
    double number;
    uint32_t count;

    if (value == NULL)
        return 0;
    if (!mun_json_double(&number, value)) {
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "is not a number");
        return 0;
    }
    if (!(number >= 0) || number > UINT32_MAX / 100) {
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "is out of range");
        return 0;
    }
    count = (uint32_t)(number * 100 + 0.5);
    if (count / 100.0 < number || count / 100.0 > number) {
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "has more than two decimals");
        return 0;
    }
    return count;
}

mun_err_t
mun_json_rd_status(const struct mun_json_rd *rd)
{
    return mun_err(rd->failure);
}
