#include "rpc/request.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/core/field.h"
#include "ledger/core/text.h"

bool
mun_rpc_match(struct mun_rpc_call *call, const char *pattern,
              struct mun_bytes path)
{
    size_t at = 0;

    call->part_count = 0;
    while (*pattern != '\0') {
        size_t start = at;

        if (*pattern != '{') {
            if (at == path.len || path.data[at] != (uint8_t)*pattern)
                return false;
            at++;
            pattern++;
            continue;
        }
        while (at < path.len && path.data[at] != '/')
            at++;
        if (at == start)
            return false;
        MUN_CHECK(call->part_count < MUN_RPC_PARTS_MAX);
        call->parts[call->part_count++] =
            mun_bytes(path.data + start, at - start);
        pattern = strchr(pattern, '}');
        MUN_CHECK(pattern != NULL);
        pattern++;
    }
    return at == path.len;
}

/* The query */

static int
digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return -1;
}

/* One decoded byte, or -1: '%' without two digits behind it, a NUL, or a byte
 * that has to be encoded (RFC 3986 section 3.4). */
static int
take_byte(struct mun_bytes raw, size_t *at)
{
    uint8_t byte = raw.data[(*at)++];
    int high;
    int low;

    if (byte == '+')
        return ' ';
    if (byte != '%')
        return byte > ' ' && byte < 0x7f && byte != '#' ? byte : -1;
    if (raw.len - *at < 2)
        return -1;
    high = digit(raw.data[*at]);
    low = digit(raw.data[*at + 1]);
    *at += 2;
    if (high < 0 || low < 0 || high + low == 0)
        return -1;
    return high * 16 + low;
}

/* Decoded into the arena, once. */
static mun_err_t
decode_value(struct mun_rpc_call *call, struct mun_bytes *out,
             struct mun_bytes raw, const char *name)
{
    uint8_t *data = mun_arena_alloc_raw(call->arena, raw.len);
    size_t len = 0;

    if (data == NULL)
        return mun_err(MUN_ERR_LIMIT);
    for (size_t at = 0; at < raw.len;) {
        int byte = take_byte(raw, &at);

        if (byte < 0)
            return mun_rpc_refuse_argument(call, "BAD_ARGUMENT", name,
                                           " is not percent-encoded text");
        data[len++] = (uint8_t)byte;
    }
    *out = mun_bytes(data, len);
    return MUN_SUCCESS;
}

static const char *
find_allowed(const char *const *allowed, struct mun_bytes name)
{
    for (; allowed != NULL && *allowed != NULL; allowed++)
        if (mun_bytes_eq(mun_bytes_str(*allowed), name))
            return *allowed;
    return NULL;
}

/* One "name=value". */
static mun_err_t
read_argument(struct mun_rpc_call *call, const char *const *allowed,
              struct mun_bytes raw)
{
    const uint8_t *equals =
        raw.len == 0 ? NULL : memchr(raw.data, '=', raw.len);
    size_t name_len = equals == NULL ? raw.len : (size_t)(equals - raw.data);
    const char *name = find_allowed(allowed, mun_bytes(raw.data, name_len));
    struct mun_bytes value;

    if (name == NULL)
        return mun_rpc_refuse(call, 400, "UNKNOWN_ARGUMENT",
                              "the query has an argument that is not one of "
                              "this resource's");
    if (mun_rpc_has(call, name))
        return mun_rpc_refuse_argument(call, "DUPLICATE_ARGUMENT", name,
                                       " is there twice");
    if (equals == NULL || name_len + 1 == raw.len)
        return mun_rpc_refuse_argument(call, "BAD_ARGUMENT", name,
                                       " has no value");
    value = mun_bytes(equals + 1, raw.len - name_len - 1);
    MUN_TRY(decode_value(call, &value, value, name));
    /* Each name once, so there is room for all that are allowed. */
    MUN_CHECK(call->argument_count < MUN_RPC_ARGUMENTS_MAX);
    call->arguments[call->argument_count++] =
        (struct mun_rpc_argument){ name, value };
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_query_read(struct mun_rpc_call *call, const char *const *allowed)
{
    struct mun_bytes left = call->request->query;

    call->argument_count = 0;
    while (left.len > 0) {
        const uint8_t *end = memchr(left.data, '&', left.len);
        size_t len = end == NULL ? left.len : (size_t)(end - left.data);

        MUN_TRY(read_argument(call, allowed, mun_bytes(left.data, len)));
        if (end == NULL)
            break;
        left = mun_bytes(end + 1, left.len - len - 1);
        if (left.len == 0)
            return mun_rpc_refuse(call, 400, "BAD_ARGUMENT",
                                  "the query ends in '&'");
    }
    return MUN_SUCCESS;
}

/* Values */

static mun_err_t
read_hash(struct mun_rpc_call *call, struct mun_hash *out,
          struct mun_bytes text, const char *name)
{
    if (!mun_is_ok(mun_hex_decode(out->b, sizeof out->b, text)))
        return mun_rpc_refuse_argument(call, "BAD_NAME", name,
                                       " is not 64 lower-case hex digits");
    return MUN_SUCCESS;
}

static mun_err_t
read_u64(struct mun_rpc_call *call, uint64_t *out, struct mun_rpc_range range,
         struct mun_bytes text, const char *name)
{
    if (!mun_is_ok(mun_decimal_decode(out, range.max, text)) ||
        *out < range.min)
        return mun_rpc_refuse_argument(
            call, "BAD_NUMBER", name,
            " is not a plain decimal in the allowed range");
    return MUN_SUCCESS;
}

static const char path_name[] = "the path";

mun_err_t
mun_rpc_part_hash(struct mun_rpc_call *call, struct mun_hash *out, size_t index)
{
    MUN_CHECK(index < call->part_count);
    return read_hash(call, out, call->parts[index], path_name);
}

mun_err_t
mun_rpc_part_key(struct mun_rpc_call *call, struct mun_key *out, size_t index)
{
    MUN_CHECK(index < call->part_count);
    if (!mun_is_ok(mun_hex_decode(out->b, sizeof out->b, call->parts[index])))
        return mun_rpc_refuse_argument(call, "BAD_NAME", path_name,
                                       " is not 68 lower-case hex digits");
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_part_label(struct mun_rpc_call *call, struct mun_bytes *out,
                   size_t index)
{
    MUN_CHECK(index < call->part_count);
    *out = call->parts[index];
    if (!mun_is_ok(mun_label_check(*out, MUN_LABEL_MAX)))
        return mun_rpc_refuse_argument(
            call, "BAD_LABEL", path_name,
            " is not a label of letters, digits, '.', '_' and '-'");
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_part_u64(struct mun_rpc_call *call, uint64_t *out, uint64_t max,
                 size_t index)
{
    MUN_CHECK(index < call->part_count);
    return read_u64(call, out, (struct mun_rpc_range){ 0, max },
                    call->parts[index], path_name);
}

static const struct mun_rpc_argument *
find_argument(const struct mun_rpc_call *call, const char *name)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (strcmp(call->arguments[i].name, name) == 0)
            return &call->arguments[i];
    return NULL;
}

bool
mun_rpc_has(const struct mun_rpc_call *call, const char *name)
{
    return find_argument(call, name) != NULL;
}

struct mun_bytes
mun_rpc_argument(const struct mun_rpc_call *call, const char *name)
{
    const struct mun_rpc_argument *found = find_argument(call, name);
    return found == NULL ? MUN_BYTES_NONE : found->value;
}

mun_err_t
mun_rpc_argument_hash(struct mun_rpc_call *call, struct mun_hash *out,
                      const char *name)
{
    const struct mun_rpc_argument *found = find_argument(call, name);
    return found == NULL ? MUN_SUCCESS
                         : read_hash(call, out, found->value, name);
}

mun_err_t
mun_rpc_argument_u64(struct mun_rpc_call *call, uint64_t *out,
                     struct mun_rpc_range range, const char *name)
{
    const struct mun_rpc_argument *found = find_argument(call, name);
    return found == NULL ? MUN_SUCCESS
                         : read_u64(call, out, range, found->value, name);
}

mun_err_t
mun_rpc_argument_text(struct mun_rpc_call *call, struct mun_bytes *out,
                      const char *name)
{
    const struct mun_rpc_argument *found = find_argument(call, name);

    if (found == NULL)
        return MUN_SUCCESS;
    if (!mun_is_ok(mun_text_check(found->value, MUN_RPC_TEXT_MAX)))
        return mun_rpc_refuse_argument(
            call, "BAD_TEXT", name,
            " is not clean NFC UTF-8 of at most 200 bytes");
    *out = found->value;
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_require(struct mun_rpc_call *call, const char *name)
{
    if (mun_rpc_has(call, name))
        return MUN_SUCCESS;
    return mun_rpc_refuse_argument(call, "MISSING_ARGUMENT", name,
                                   " is missing");
}

mun_err_t
mun_rpc_require_type(struct mun_rpc_call *call, const char *type)
{
    struct mun_bytes given = call->request->content_type;
    size_t len = strlen(type);
    bool matches = given.len >= len;

    for (size_t i = 0; matches && i < len; i++) {
        uint8_t byte = given.data[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (uint8_t)(byte - 'A' + 'a');
        matches = byte == (uint8_t)type[i];
    }
    if (matches &&
        (given.len == len || given.data[len] == ';' || given.data[len] == ' '))
        return MUN_SUCCESS;
    return mun_rpc_refuse(call, 415, "UNSUPPORTED_MEDIA_TYPE",
                          "the body is of another media type");
}

mun_err_t
mun_rpc_argument_limit(struct mun_rpc_call *call, uint32_t *out)
{
    uint64_t limit = MUN_RPC_LIMIT_DEFAULT;

    MUN_TRY(mun_rpc_argument_u64(
        call, &limit, (struct mun_rpc_range){ 1, MUN_RPC_LIMIT_MAX }, "limit"));
    *out = (uint32_t)limit;
    return MUN_SUCCESS;
}
