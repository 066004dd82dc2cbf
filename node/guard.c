#include "node/guard.h"

#include <string.h>

#include "ledger/base/check.h"

const char *
mun_guard_text(enum mun_guard_verdict verdict)
{
    switch (verdict) {
#define X(name, text)                                                          \
    case MUN_GUARD_##name:                                                     \
        return text;
        MUN_GUARD_TABLE(X)
#undef X
    }
    MUN_UNREACHABLE();
}

static uint8_t
lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

/* Without regard to case; `text` is in lower case. */
static bool
is_text(struct mun_bytes bytes, const char *text)
{
    size_t len = strlen(text);

    if (bytes.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (lower(bytes.data[i]) != (uint8_t)text[i])
            return false;
    }
    return true;
}

/* RFC 9110 section 5.6.2: "tchar". */
static bool
is_token(struct mun_bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool is_alnum =
            (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');

        /* strchr finds the NUL too. */
        if (!is_alnum && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return name.len > 0;
}

/* RFC 9110 section 5.5: visible characters, space, tab, and bytes from 0x80. */
static bool
is_value(struct mun_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Decimal digits only, of any number. */
static bool
read_length(uint64_t *out, struct mun_bytes value)
{
    *out = 0;
    if (value.len == 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];

        if (c < '0' || c > '9')
            return false;
        if (!mun_u64_mul(out, *out, 10) ||
            !mun_u64_add(out, *out, (uint64_t)(c - '0')))
            *out = UINT64_MAX;
    }
    return true;
}

/* A host and port: nothing that would end or start another part. */
static bool
is_host(struct mun_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] <= ' ' || value.data[i] >= 0x7f ||
            strchr("/\\?#@,;\"<>", value.data[i]) != NULL)
            return false;
    }
    return value.len > 0;
}

struct seen {
    unsigned hosts;
    unsigned lengths;
    unsigned encodings;
    unsigned types;
};

static enum mun_guard_verdict
take(struct mun_guard_head *out, struct seen *seen,
     const struct mun_guard_field *field)
{
    if (!is_token(field->name))
        return MUN_GUARD_NAME;
    if (!is_value(field->value))
        return MUN_GUARD_VALUE;
    if (is_text(field->name, "host")) {
        if (seen->hosts++ > 0 || !is_host(field->value))
            return MUN_GUARD_HOST;
    } else if (is_text(field->name, "content-length")) {
        if (seen->lengths++ > 0)
            return MUN_GUARD_LENGTH_TWICE;
        if (!read_length(&out->length, field->value))
            return MUN_GUARD_LENGTH;
        out->has_length = true;
    } else if (is_text(field->name, "transfer-encoding")) {
        if (seen->encodings++ > 0 || !is_text(field->value, "chunked"))
            return MUN_GUARD_ENCODING;
        out->is_chunked = true;
    } else if (is_text(field->name, "content-type")) {
        if (seen->types++ > 0)
            return MUN_GUARD_TYPE_TWICE;
        out->content_type = field->value;
    }
    return MUN_GUARD_OK;
}

static enum mun_guard_verdict
check(struct mun_guard_head *out, const struct mun_guard_field *fields,
      size_t count)
{
    struct seen seen = { 0 };

    if (count > MUN_GUARD_FIELDS_MAX)
        return MUN_GUARD_TOO_MANY;
    for (size_t i = 0; i < count; i++) {
        enum mun_guard_verdict verdict = take(out, &seen, &fields[i]);

        if (verdict != MUN_GUARD_OK)
            return verdict;
    }
    if (seen.hosts != 1)
        return MUN_GUARD_HOST;
    /* RFC 9112 section 6.1 lets a server take this; nobody honest sends it. */
    if (out->has_length && out->is_chunked)
        return MUN_GUARD_LENGTH_AND_ENCODING;
    return MUN_GUARD_OK;
}

enum mun_guard_verdict
mun_guard_check(struct mun_guard_head *out,
                const struct mun_guard_field *fields, size_t count)
{
    enum mun_guard_verdict verdict;

    memset(out, 0, sizeof *out);
    verdict = check(out, fields, count);
    if (verdict != MUN_GUARD_OK)
        memset(out, 0, sizeof *out);
    return verdict;
}

/* Whether `value` follows `name` with a colon and nothing but blanks between;
 * the colon has become a NUL. */
static bool
follows(const struct mun_guard_field *field)
{
    uintptr_t colon = (uintptr_t)field->name.data + field->name.len;
    uintptr_t value = (uintptr_t)field->value.data;
    size_t gap;

    if (value <= colon)
        return false;
    gap = (size_t)(value - colon);
    /* The library's buffer is smaller than this, and so is any field. */
    if (gap > UINT16_MAX)
        return false;
    for (size_t i = 1; i < gap; i++) {
        uint8_t c = field->name.data[field->name.len + i];

        if (c != ' ' && c != '\t')
            return false;
    }
    return true;
}

static uintptr_t
end_of(struct mun_bytes part)
{
    return (uintptr_t)part.data + part.len;
}

enum mun_guard_verdict
mun_guard_layout(const struct mun_guard_lines *lines)
{
    uintptr_t at = end_of(lines->version) + 2;

    if ((uintptr_t)lines->target.data != end_of(lines->method) + 1 ||
        (uintptr_t)lines->version.data != end_of(lines->target) + 1)
        return MUN_GUARD_LAYOUT;
    for (size_t i = 0; i < lines->count; i++) {
        const struct mun_guard_field *field = &lines->fields[i];

        if ((uintptr_t)field->name.data != at || !follows(field))
            return MUN_GUARD_LAYOUT;
        at = end_of(field->value) + 2;
    }
    return at + 2 == (uintptr_t)lines->end ? MUN_GUARD_OK : MUN_GUARD_LAYOUT;
}

static int
hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_plain(uint8_t c)
{
    return c > ' ' && c < 0x7f && c != '#' && c != '\\';
}

/* One byte of the path at *at; false when it may not stand there. */
static bool
decode_byte(uint8_t *out, size_t *at, struct mun_bytes raw)
{
    uint8_t c = raw.data[(*at)++];
    int high;
    int low;

    *out = c;
    if (c != '%')
        return is_plain(c);
    if (raw.len - *at < 2)
        return false;
    high = hex_digit(raw.data[*at]);
    low = hex_digit(raw.data[*at + 1]);
    if (high < 0 || low < 0)
        return false;
    *at += 2;
    *out = (uint8_t)(high * 16 + low);
    return *out >= ' ' && *out != 0x7f && *out != '\\' && *out != '/';
}

enum mun_guard_verdict
mun_guard_target(struct mun_bytes *path, struct mun_bytes *query,
                 struct mun_arena *arena, struct mun_bytes target)
{
    struct mun_bytes raw = target;
    uint8_t *decoded;
    size_t len = 0;

    *path = MUN_BYTES_NONE;
    *query = MUN_BYTES_NONE;
    if (target.len == 0 || target.data[0] != '/')
        return MUN_GUARD_TARGET;
    for (size_t i = 0; i < target.len; i++) {
        if (target.data[i] == '?') {
            raw.len = i;
            *query = mun_bytes(target.data + i + 1, target.len - i - 1);
            break;
        }
    }
    for (size_t i = 0; i < query->len; i++) {
        if (!is_plain(query->data[i]))
            return MUN_GUARD_TARGET;
    }
    decoded = mun_arena_alloc_raw(arena, raw.len);
    if (decoded == NULL)
        return MUN_GUARD_TARGET;
    for (size_t at = 0; at < raw.len;) {
        if (!decode_byte(&decoded[len++], &at, raw))
            return MUN_GUARD_TARGET;
    }
    *path = mun_bytes(decoded, len);
    return MUN_GUARD_OK;
}
