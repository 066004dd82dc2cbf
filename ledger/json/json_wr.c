#include "ledger/json/json_wr.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/json/json.h"
#include "ledger/json/json_int.h"

/* The first allocation: most answers fit. */
#define FIRST_SIZE 4096u

/* The last millisecond of the year 9999: RFC 3339 has four digits. */
#define TIME_MS_MAX 253402300799999u

void
mun_json_buf_init(struct mun_json_buf *buf, size_t cap)
{
    memset(buf, 0, sizeof *buf);
    buf->cap = cap;
}

void
mun_json_buf_init_fixed(struct mun_json_buf *buf, uint8_t *memory, size_t size)
{
    MUN_CHECK(memory != NULL || size == 0);
    memset(buf, 0, sizeof *buf);
    buf->data = memory;
    buf->size = size;
    buf->cap = size;
    buf->is_fixed = true;
}

void
mun_json_buf_fini(struct mun_json_buf *buf)
{
    if (!buf->is_fixed && buf->data != NULL)
        mun_json_free(buf->data);
    memset(buf, 0, sizeof *buf);
}

void
mun_json_buf_fail(struct mun_json_buf *buf, enum mun_err_code code)
{
    MUN_CHECK(code != MUN_OK);
    if (buf->failure == MUN_OK)
        buf->failure = code;
}

/* Makes room for `len` bytes more, which the cap allows. */
static bool
grow(struct mun_json_buf *buf, size_t len)
{
    size_t size = buf->size == 0 ? FIRST_SIZE : buf->size;
    uint8_t *data;

    MUN_CHECK(!buf->is_fixed);
    MUN_CHECK(len <= buf->cap - buf->used);
    while (size - buf->used < len)
        size = size > buf->cap / 2 ? buf->cap : size * 2;
    if (size > buf->cap)
        size = buf->cap;
    data = mun_json_alloc(size);
    if (data == NULL)
        return false;
    if (buf->used > 0)
        memcpy(data, buf->data, buf->used);
    if (buf->data != NULL)
        mun_json_free(buf->data);
    buf->data = data;
    buf->size = size;
    return true;
}

/* `len` bytes to be filled in, or NULL after a failure. */
static inline uint8_t *
take(struct mun_json_buf *buf, size_t len)
{
    MUN_CHECK(buf->used <= buf->size);
    if (buf->failure != MUN_OK)
        return NULL;
    if (len > buf->size - buf->used) {
        if (len > buf->cap - buf->used) {
            mun_json_buf_fail(buf, MUN_ERR_LIMIT);
            return NULL;
        }
        if (!grow(buf, len)) {
            mun_json_buf_fail(buf, MUN_ERR_MEMORY);
            return NULL;
        }
    }
    buf->used += len;
    return buf->data + buf->used - len;
}

void
mun_json_buf_put(struct mun_json_buf *buf, const void *data, size_t len)
{
    uint8_t *at = len == 0 ? NULL : take(buf, len);

    if (at != NULL)
        memcpy(at, data, len);
}

static void
put_byte(struct mun_json_buf *buf, char byte)
{
    uint8_t *at = take(buf, 1);

    if (at != NULL)
        *at = (uint8_t)byte;
}

#define EACH_BYTE(value) (0x0101010101010101u * (value))
#define TOP_BITS EACH_BYTE(0x80u)

/* Sets the top bit of bytes that are zero; also of some, but then not the
 * lowest, that are above one that is. */
static inline uint64_t
zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1u)) & ~word & TOP_BITS;
}

/* Whether eight bytes hold ASCII only, and nothing that needs an escape. */
static inline bool
is_plain_word(uint64_t word)
{
    uint64_t control = (word - EACH_BYTE(0x20u)) & ~word;

    return ((word | control | zero_bytes(word ^ EACH_BYTE((uint64_t)'"')) |
             zero_bytes(word ^ EACH_BYTE((uint64_t)'\\'))) &
            TOP_BITS) == 0;
}

/* Most texts are: they are their own JSON, and UTF-8. The last word of a text
 * begins in the one before. */
static bool
is_plain(struct mun_bytes text)
{
    uint64_t word = 0;

    if (text.len < sizeof word) {
        for (size_t i = 0; i < text.len; i++)
            word = word << 8 | text.data[i];
        for (size_t i = text.len; i < sizeof word; i++)
            word = word << 8 | ' ';
        return is_plain_word(word);
    }
    for (size_t at = 0; at < text.len - sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        if (!is_plain_word(word))
            return false;
    }
    memcpy(&word, text.data + text.len - sizeof word, sizeof word);
    return is_plain_word(word);
}

static void
put_escaped(struct mun_json_buf *buf, struct mun_bytes text)
{
    size_t start = 0;

    if (!mun_json_is_utf8(text)) {
        mun_json_buf_fail(buf, MUN_ERR_TEXT);
        return;
    }
    put_byte(buf, '"');
    for (size_t i = 0; i < text.len; i++) {
        char escape[6];
        size_t len;

        if (text.data[i] >= 0x20 && text.data[i] != '"' && text.data[i] != '\\')
            continue;
        len = mun_json_escape(escape, text.data[i]);
        mun_json_buf_put(buf, text.data + start, i - start);
        mun_json_buf_put(buf, escape, len);
        start = i + 1;
    }
    if (start < text.len)
        mun_json_buf_put(buf, text.data + start, text.len - start);
    put_byte(buf, '"');
}

void
mun_json_buf_string(struct mun_json_buf *buf, struct mun_bytes text)
{
    uint8_t *at;

    if (!is_plain(text)) {
        put_escaped(buf, text);
        return;
    }
    at = take(buf, text.len + 2);
    if (at == NULL)
        return;
    at[0] = '"';
    if (text.len > 0)
        memcpy(at + 1, text.data, text.len);
    at[text.len + 1] = '"';
}

void
mun_json_wr_init(struct mun_json_wr *wr, size_t cap, bool is_indented)
{
    memset(wr, 0, sizeof *wr);
    mun_json_buf_init(&wr->buf, cap);
    wr->is_indented = is_indented;
}

void
mun_json_wr_init_fixed(struct mun_json_wr *wr, uint8_t *memory, size_t size,
                       bool is_indented)
{
    memset(wr, 0, sizeof *wr);
    mun_json_buf_init_fixed(&wr->buf, memory, size);
    wr->is_indented = is_indented;
}

void
mun_json_wr_fini(struct mun_json_wr *wr)
{
    mun_json_buf_fini(&wr->buf);
    memset(wr, 0, sizeof *wr);
}

void
mun_json_wr_fail(struct mun_json_wr *wr, enum mun_err_code code)
{
    mun_json_buf_fail(&wr->buf, code);
}

static void
put(struct mun_json_wr *wr, const char *text)
{
    mun_json_buf_put(&wr->buf, text, strlen(text));
}

static bool
is_in_object(const struct mun_json_wr *wr)
{
    return wr->depth > 0 && wr->closers[wr->depth - 1] == '}';
}

static void
put_newline(struct mun_json_wr *wr)
{
    if (!wr->is_indented)
        return;
    put(wr, "\n");
    for (size_t i = 0; i < wr->depth; i++)
        put(wr, "  ");
}

/* What stands between this member or item and the one before. */
static void
put_separator(struct mun_json_wr *wr)
{
    if (wr->is_begun)
        put_byte(&wr->buf, ',');
    wr->is_begun = true;
    put_newline(wr);
}

/* Checks that a value may stand here, and leads up to it. */
static void
before_value(struct mun_json_wr *wr)
{
    MUN_CHECK(!wr->is_done);
    MUN_CHECK(wr->has_key == is_in_object(wr));
    if (wr->depth > 0 && !wr->has_key)
        put_separator(wr);
    wr->has_key = false;
}

static void
after_value(struct mun_json_wr *wr)
{
    if (wr->depth == 0)
        wr->is_done = true;
}

static void
put_value(struct mun_json_wr *wr, const char *text)
{
    before_value(wr);
    put(wr, text);
    after_value(wr);
}

static void
begin(struct mun_json_wr *wr, char opener, uint8_t closer)
{
    before_value(wr);
    MUN_CHECK(wr->depth < MUN_JSON_DEPTH_MAX);
    put_byte(&wr->buf, opener);
    wr->closers[wr->depth++] = closer;
    wr->is_begun = false;
}

static void
end(struct mun_json_wr *wr, char closer)
{
    MUN_CHECK(wr->depth > 0);
    MUN_CHECK(wr->closers[wr->depth - 1] == (uint8_t)closer);
    MUN_CHECK(!wr->has_key);
    wr->depth--;
    if (wr->is_begun)
        put_newline(wr);
    put_byte(&wr->buf, closer);
    wr->is_begun = true; /* the container around has this one */
    after_value(wr);
}

void
mun_json_wr_begin_object(struct mun_json_wr *wr)
{
    begin(wr, '{', '}');
}

void
mun_json_wr_end_object(struct mun_json_wr *wr)
{
    end(wr, '}');
}

void
mun_json_wr_begin_array(struct mun_json_wr *wr)
{
    begin(wr, '[', ']');
}

void
mun_json_wr_end_array(struct mun_json_wr *wr)
{
    end(wr, ']');
}

/* What most keys are: compact and plain. */
static void
put_plain_key(struct mun_json_wr *wr, struct mun_bytes key)
{
    size_t comma = wr->is_begun ? 1 : 0;
    uint8_t *at = take(&wr->buf, comma + key.len + 3);

    wr->is_begun = true;
    if (at == NULL)
        return;
    at[0] = ',';
    at[comma] = '"';
    if (key.len > 0)
        memcpy(at + comma + 1, key.data, key.len);
    at[comma + key.len + 1] = '"';
    at[comma + key.len + 2] = ':';
}

void
mun_json_wr_key_bytes(struct mun_json_wr *wr, struct mun_bytes key)
{
    MUN_CHECK(is_in_object(wr));
    MUN_CHECK(!wr->has_key);
    wr->has_key = true;
    if (!wr->is_indented && is_plain(key)) {
        put_plain_key(wr, key);
        return;
    }
    put_separator(wr);
    mun_json_buf_string(&wr->buf, key);
    put_byte(&wr->buf, ':');
    if (wr->is_indented)
        put_byte(&wr->buf, ' ');
}

void
mun_json_wr_key(struct mun_json_wr *wr, const char *key)
{
    mun_json_wr_key_bytes(wr, mun_bytes_str(key));
}

void
mun_json_wr_text(struct mun_json_wr *wr, struct mun_bytes text)
{
    before_value(wr);
    mun_json_buf_string(&wr->buf, text);
    after_value(wr);
}

void
mun_json_wr_string(struct mun_json_wr *wr, const char *text)
{
    mun_json_wr_text(wr, mun_bytes_str(text));
}

void
mun_json_wr_hex(struct mun_json_wr *wr, struct mun_bytes data)
{
    uint8_t *at;

    before_value(wr);
    MUN_CHECK(data.len <= SIZE_MAX / 4);
    at = take(&wr->buf, 2 * data.len + 2);
    if (at != NULL) {
        at[0] = '"';
        mun_hex_encode((char *)at + 1, data);
        at[2 * data.len + 1] = '"'; /* over its end */
    }
    after_value(wr);
}

void
mun_json_wr_base64url(struct mun_json_wr *wr, struct mun_bytes data)
{
    size_t size = mun_base64url_size(data.len);
    uint8_t *at;

    before_value(wr);
    at = take(&wr->buf, size + 1);
    if (at != NULL) {
        at[0] = '"';
        mun_base64url_encode((char *)at + 1, data);
        at[size] = '"'; /* over its end */
    }
    after_value(wr);
}

/* Room for the digits of any uint64_t. */
#define DIGITS_MAX 20

static void
put_decimal(struct mun_json_wr *wr, uint64_t value)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    mun_json_buf_put(&wr->buf, digits + at, sizeof digits - at);
}

void
mun_json_wr_u64(struct mun_json_wr *wr, uint64_t value)
{
    if (value > (uint64_t)MUN_JSON_INTEGER_MAX)
        mun_json_wr_fail(wr, MUN_ERR_VALUE);
    before_value(wr);
    put_decimal(wr, value);
    after_value(wr);
}

void
mun_json_wr_i64(struct mun_json_wr *wr, int64_t value)
{
    if (value >= 0) {
        mun_json_wr_u64(wr, (uint64_t)value);
        return;
    }
    if (value < -MUN_JSON_INTEGER_MAX)
        mun_json_wr_fail(wr, MUN_ERR_VALUE);
    before_value(wr);
    put_byte(&wr->buf, '-');
    put_decimal(wr, 0 - (uint64_t)value);
    after_value(wr);
}

void
mun_json_wr_hundredths(struct mun_json_wr *wr, uint32_t value)
{
    unsigned whole = value / 100;
    unsigned rest = value % 100;
    char text[32];

    if (rest == 0)
        (void)snprintf(text, sizeof text, "%u", whole); /* always fits */
    else if (rest % 10 == 0)
        (void)snprintf(text, sizeof text, "%u.%u", whole, rest / 10);
    else
        (void)snprintf(text, sizeof text, "%u.%02u", whole, rest);
    put_value(wr, text);
}

void
mun_json_wr_bool(struct mun_json_wr *wr, bool value)
{
    put_value(wr, value ? "true" : "false");
}

void
mun_json_wr_null(struct mun_json_wr *wr)
{
    put_value(wr, "null");
}

void
mun_json_wr_time(struct mun_json_wr *wr, uint64_t time_ms)
{
    char text[MUN_TIME_TEXT_SIZE];

    if (time_ms > TIME_MS_MAX) {
        mun_json_wr_fail(wr, MUN_ERR_VALUE);
        time_ms = 0;
    }
    mun_time_encode(text, time_ms);
    mun_json_wr_string(wr, text);
}

void
mun_json_wr_raw(struct mun_json_wr *wr, struct mun_bytes json)
{
    MUN_CHECK(json.len > 0);
    before_value(wr);
    mun_json_buf_put(&wr->buf, json.data, json.len);
    after_value(wr);
}

mun_err_t
mun_json_wr_finish(struct mun_json_wr *wr, struct mun_bytes *out)
{
    MUN_CHECK(wr->is_done);
    *out = MUN_BYTES_NONE;
    if (wr->is_indented)
        put(wr, "\n");
    if (wr->buf.failure != MUN_OK)
        return mun_err(wr->buf.failure);
    *out = mun_bytes(wr->buf.data, wr->buf.used);
    return MUN_SUCCESS;
}
