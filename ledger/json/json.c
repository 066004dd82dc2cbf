#include "ledger/json/json.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/json/json_int.h"

const struct mun_json_limits mun_json_limits_default = {
    .bytes_max = MUN_JSON_BYTES_MAX,
    .values_max = MUN_JSON_VALUES_MAX,
    .depth_max = MUN_JSON_DEPTH_MAX,
};

/* From here on ECMAScript writes a number with an exponent. */
#define EXPONENT_FROM 1e21

static const json_t *
native(const struct mun_json *value)
{
    return (const json_t *)(const void *)value;
}

/* Some of jansson's reading functions lack the const. */
static json_t *
native_mutable(const struct mun_json *value)
{
    union {
        const struct mun_json *in;
        json_t *out;
    } pun = { value };

    return pun.out;
}

static const struct mun_json *
wrapped(const json_t *value)
{
    return (const struct mun_json *)(const void *)value;
}

/* jansson reports some failed allocations as faults of the text, and a good
 * document must not be called bad because memory was short. So its allocator
 * notes whether it has failed. */
static _Thread_local struct {
    bool has_failed;
    bool is_limited; /* only in tests: */
    size_t left;     /* allocations that succeed */
} heap;

void *
mun_json_alloc(size_t size)
{
    void *memory = NULL;

    if (!heap.is_limited || heap.left > 0)
        memory = malloc(size); /* allow: the wrapper's one allocation */
    if (memory == NULL)
        heap.has_failed = true;
    else if (heap.is_limited)
        heap.left--;
    return memory;
}

void
mun_json_free(void *memory)
{
    free(memory); /* allow: pairs with mun_json_alloc */
}

void
mun_json_alloc_limit(size_t count)
{
    heap.is_limited = count != SIZE_MAX;
    heap.left = count;
}

static void
install_allocator(void)
{
    json_set_alloc_funcs(mun_json_alloc, mun_json_free);
}

/* What the scan before the parser has seen. */
struct scan {
    struct mun_bytes text;
    const struct mun_json_limits *limits;
    size_t at;
    size_t depth;
    size_t value_count;
    bool has_real;
    struct mun_json_err *why;
};

static mun_err_t
refuse(struct mun_json_err *why, enum mun_err_code code, struct mun_bytes text,
       size_t offset, const char *what)
{
    uint32_t line = 1;
    uint32_t column = 1;

    MUN_CHECK(code != MUN_OK);
    if (why == NULL)
        return mun_err(code);
    if (offset > text.len)
        offset = text.len;
    for (size_t i = 0; i < offset; i++) {
        if (text.data[i] == '\n') {
            line++;
            column = 1;
        } else if ((text.data[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    why->code = code;
    why->line = line;
    why->column = column;
    why->offset = offset;
    (void)snprintf(why->text, sizeof why->text, "line %u, column %u: %s",
                   (unsigned)line, (unsigned)column,
                   what); /* cut short at worst */
    return mun_err(code);
}

static mun_err_t
scan_refuse(const struct scan *scan, enum mun_err_code code, const char *what)
{
    return refuse(scan->why, code, scan->text, scan->at, what);
}

/* Leaves scan->at on the closing quote. An open string is jansson's to
 * refuse. */
static mun_err_t
scan_string(struct scan *scan)
{
    const uint8_t *data = scan->text.data;
    size_t len = scan->text.len;

    for (scan->at++; scan->at < len && data[scan->at] != '"'; scan->at++) {
        if (data[scan->at] == '\\' && scan->at + 1 < len)
            scan->at++;
        if (data[scan->at] == 0)
            return scan_refuse(scan, MUN_ERR_JSON, "a NUL byte");
    }
    return MUN_SUCCESS;
}

static bool
is_number_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '+' ||
           byte == '.' || byte == 'e' || byte == 'E';
}

/* Leaves scan->at on the last byte of the number. Only its size is judged:
 * the grammar is jansson's. */
static mun_err_t
scan_number(struct scan *scan)
{
    const uint8_t *data = scan->text.data;
    size_t end = scan->at;
    uint64_t value = 0;
    bool is_real = false;
    bool is_large = false;

    for (; end < scan->text.len && is_number_byte(data[end]); end++) {
        if (data[end] == '.' || data[end] == 'e' || data[end] == 'E')
            is_real = true;
        if (data[end] < '0' || data[end] > '9' || is_large)
            continue;
        value = value * 10 + (uint64_t)(data[end] - '0');
        is_large = value > MUN_JSON_INTEGER_MAX;
    }
    if (is_large && !is_real)
        return scan_refuse(scan, MUN_ERR_JSON,
                           "an integer outside +-(2^53 - 1)");
    if (is_real)
        scan->has_real = true;
    scan->at = end - 1;
    return MUN_SUCCESS;
}

/* Containers have one value more than they have commas, or none; with the
 * containers themselves that bounds the values of the text. */
static mun_err_t
scan_count(struct scan *scan)
{
    if (scan->value_count >= scan->limits->values_max)
        return scan_refuse(scan, MUN_ERR_LIMIT, "too many values");
    scan->value_count++;
    return MUN_SUCCESS;
}

static mun_err_t
scan_byte(struct scan *scan)
{
    uint8_t byte = scan->text.data[scan->at];

    switch (byte) {
    case '"':
        return scan_string(scan);
    case '[':
    case '{':
        if (scan->depth >= scan->limits->depth_max)
            return scan_refuse(scan, MUN_ERR_LIMIT, "nested too deep");
        scan->depth++;
        return scan_count(scan);
    case ']':
    case '}':
        if (scan->depth == 0)
            return scan_refuse(scan, MUN_ERR_JSON,
                               "a bracket that nothing opened");
        scan->depth--;
        return MUN_SUCCESS;
    case ',':
        return scan_count(scan);
    case 0:
        return scan_refuse(scan, MUN_ERR_JSON, "a NUL byte");
    default:
        if (byte == '-' || (byte >= '0' && byte <= '9'))
            return scan_number(scan);
        return MUN_SUCCESS;
    }
}

static mun_err_t
scan_text(struct scan *scan)
{
    static const uint8_t mark[] = { 0xef, 0xbb, 0xbf };

    if (scan->text.len > scan->limits->bytes_max)
        return scan_refuse(scan, MUN_ERR_TOO_LARGE, "the text is too long");
    if (scan->text.len >= sizeof mark &&
        memcmp(scan->text.data, mark, sizeof mark) == 0)
        return scan_refuse(scan, MUN_ERR_JSON, "a byte order mark");
    for (; scan->at < scan->text.len; scan->at++)
        MUN_TRY(scan_byte(scan));
    return MUN_SUCCESS;
}

/* jansson's own texts quote the input, so its codes are translated instead. */
static mun_err_t
refuse_foreign(struct mun_json_err *why, struct mun_bytes text,
               const json_error_t *error)
{
    const char *what = "not JSON";
    size_t offset = error->position > 0 ? (size_t)error->position : 0;

    switch (json_error_code(error)) {
    case json_error_invalid_utf8:
        what = "not UTF-8";
        break;
    case json_error_premature_end_of_input:
        what = "the text ends too early";
        break;
    case json_error_end_of_input_expected:
        what = "something follows the document";
        break;
    case json_error_invalid_syntax:
        what = "not JSON here, or just before";
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        what = "the character U+0000";
        break;
    case json_error_duplicate_key:
        what = "a name that its object already has";
        break;
    case json_error_numeric_overflow:
        what = "a number that is too large";
        break;
    case json_error_unknown:
    case json_error_out_of_memory:
    case json_error_stack_overflow:
    case json_error_cannot_open_file:
    case json_error_invalid_argument:
    case json_error_invalid_format:
    case json_error_wrong_type:
    case json_error_null_value:
    case json_error_item_not_found:
    case json_error_index_out_of_range:
        break;
    }
    return refuse(why, MUN_ERR_JSON, text, offset, what);
}

static bool
is_real_allowed(double value)
{
    double size = fabs(value);

    return size <= (double)MUN_JSON_INTEGER_MAX || size >= EXPONENT_FROM;
}

/* A container on the way from the top to the value that is looked at. */
struct level {
    const json_t *value;
    void *iter;   /* of an object */
    size_t index; /* of an array */
};

static const json_t *
level_next(struct level *level)
{
    const json_t *child;

    if (json_is_array(level->value))
        return json_array_get(level->value, level->index++);
    if (level->iter == NULL)
        return NULL;
    child = json_object_iter_value(level->iter);
    level->iter = json_object_iter_next(native_mutable(wrapped(level->value)),
                                        level->iter);
    return child;
}

static struct level
level_of(const json_t *value)
{
    struct level level = { value, NULL, 0 };

    if (json_is_object(value))
        level.iter = json_object_iter(native_mutable(wrapped(value)));
    return level;
}

/* J4 for reals; which takes their value, and so comes after the parse. */
static bool
has_only_allowed_reals(const json_t *top)
{
    struct level levels[MUN_JSON_DEPTH_MAX];
    size_t depth = 1;

    levels[0] = level_of(top);
    while (depth > 0) {
        const json_t *child = level_next(&levels[depth - 1]);

        if (child == NULL) {
            depth--;
        } else if (json_is_real(child)) {
            if (!is_real_allowed(json_real_value(child)))
                return false;
        } else if (json_is_array(child) || json_is_object(child)) {
            MUN_CHECK(depth < MUN_JSON_DEPTH_MAX);
            levels[depth++] = level_of(child);
        }
    }
    return true;
}

mun_err_t
mun_json_parse(struct mun_json **out, struct mun_json_err *why,
               struct mun_bytes text, const struct mun_json_limits *limits)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct scan scan = { .text = text, .limits = limits, .why = why };
    json_error_t error;
    json_t *doc;

    *out = NULL;
    if (why != NULL)
        memset(why, 0, sizeof *why);
    if (limits == NULL)
        scan.limits = &mun_json_limits_default;
    MUN_CHECK(scan.limits->depth_max <= MUN_JSON_DEPTH_MAX);
    MUN_TRY(scan_text(&scan));
    if (text.len == 0)
        return scan_refuse(&scan, MUN_ERR_JSON, "no text");
    MUN_CHECK(pthread_once(&once, install_allocator) == 0);
    memset(&error, 0, sizeof error);
    heap.has_failed = false;
    doc = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES,
                     &error);
    if (heap.has_failed) {
        json_decref(doc);
        return scan_refuse(&scan, MUN_ERR_MEMORY, "out of memory");
    }
    if (doc == NULL)
        return refuse_foreign(why, text, &error);
    if (scan.has_real && !has_only_allowed_reals(doc)) {
        json_decref(doc);
        return refuse(why, MUN_ERR_JSON, text, 0,
                      "somewhere a number of integer size outside "
                      "+-(2^53 - 1)");
    }
    *out = (struct mun_json *)(void *)doc;
    return MUN_SUCCESS;
}

void
mun_json_close(struct mun_json *doc)
{
    json_decref(native_mutable(doc));
}

bool
mun_json_is(const struct mun_json *value, enum mun_json_kind kind)
{
    return value != NULL && mun_json_kind(value) == kind;
}

enum mun_json_kind
mun_json_kind(const struct mun_json *value)
{
    MUN_CHECK(value != NULL);
    switch (json_typeof(native(value))) {
    case JSON_OBJECT:
        return MUN_JSON_OBJECT;
    case JSON_ARRAY:
        return MUN_JSON_ARRAY;
    case JSON_STRING:
        return MUN_JSON_STRING;
    case JSON_INTEGER:
        return MUN_JSON_INTEGER;
    case JSON_REAL:
        return MUN_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return MUN_JSON_BOOL;
    case JSON_NULL:
        return MUN_JSON_NULL;
    }
    MUN_UNREACHABLE();
}

const struct mun_json *
mun_json_get(const struct mun_json *object, const char *key)
{
    return wrapped(json_object_get(native(object), key));
}

const struct mun_json *
mun_json_at(const struct mun_json *array, size_t index)
{
    return wrapped(json_array_get(native(array), index));
}

size_t
mun_json_size(const struct mun_json *value)
{
    const json_t *own = native(value);

    return json_is_array(own) ? json_array_size(own) : json_object_size(own);
}

struct mun_bytes
mun_json_string(const struct mun_json *value)
{
    const json_t *own = native(value);

    if (!json_is_string(own))
        return MUN_BYTES_NONE;
    return mun_bytes(json_string_value(own), json_string_length(own));
}

bool
mun_json_string_is(const struct mun_json *value, const char *text)
{
    return mun_json_is(value, MUN_JSON_STRING) &&
           mun_bytes_eq(mun_json_string(value), mun_bytes_str(text));
}

bool
mun_json_i64(int64_t *out, const struct mun_json *value)
{
    *out = 0;
    if (!mun_json_is(value, MUN_JSON_INTEGER))
        return false;
    *out = json_integer_value(native(value));
    return true;
}

bool
mun_json_u64(uint64_t *out, const struct mun_json *value)
{
    int64_t number;

    *out = 0;
    if (!mun_json_i64(&number, value) || number < 0)
        return false;
    *out = (uint64_t)number;
    return true;
}

bool
mun_json_double(double *out, const struct mun_json *value)
{
    *out = 0;
    if (!mun_json_is(value, MUN_JSON_INTEGER) &&
        !mun_json_is(value, MUN_JSON_REAL))
        return false;
    *out = json_number_value(native(value));
    return true;
}

bool
mun_json_bool(bool *out, const struct mun_json *value)
{
    *out = json_is_true(native(value));
    return mun_json_is(value, MUN_JSON_BOOL);
}

struct mun_json_iter
mun_json_members(const struct mun_json *object)
{
    struct mun_json_iter it = { object, NULL, NULL, NULL };

    it.at = json_object_iter(native_mutable(object));
    return it;
}

bool
mun_json_next(struct mun_json_iter *it)
{
    if (it->at == NULL) {
        it->key = NULL;
        it->value = NULL;
        return false;
    }
    it->key = json_object_iter_key(it->at);
    it->value = wrapped(json_object_iter_value(it->at));
    it->at = json_object_iter_next(native_mutable(it->object), it->at);
    return true;
}

static bool
is_listed(const char *key, const char *const allowed[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, allowed[i]) == 0)
            return true;
    return false;
}

bool
mun_json_only_keys(const struct mun_json *object, const char *const allowed[],
                   size_t count, const char **offending)
{
    struct mun_json_iter it = mun_json_members(object);

    while (mun_json_next(&it))
        if (!is_listed(it.key, allowed, count))
            break;
    if (offending != NULL)
        *offending = it.key;
    return it.key == NULL;
}

/* Bytes of the sequence that begins at `at`, or 0.
 * Source: RFC 3629 section 4. */
static size_t
utf8_sequence(const uint8_t *at, size_t left)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len;

    if (at[0] < 0x80)
        return at[0] == 0 ? 0 : 1;
    if (at[0] < 0xc2 || at[0] > 0xf4)
        return 0;
    len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (len > left)
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0; /* overlong below */
    if (at[0] == 0xed)
        high = 0x9f; /* surrogates above */
    if (at[0] == 0xf0)
        low = 0x90; /* overlong below */
    if (at[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool
mun_json_is_utf8(struct mun_bytes text)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_sequence(text.data + at, text.len - at);

        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

size_t
mun_json_escape(char *out, unsigned char byte)
{
    static const char plain[] = "\"\\\b\t\n\f\r";
    static const char letter[] = "\"\\btnfr";
    static const char digits[] = "0123456789abcdef";
    const char *found;

    if (byte >= 0x20 && byte != '"' && byte != '\\')
        return 0;
    out[0] = '\\';
    found = memchr(plain, byte, sizeof plain - 1);
    if (found != NULL) {
        out[1] = letter[found - plain];
        return 2;
    }
    out[1] = 'u';
    out[2] = '0';
    out[3] = '0';
    out[4] = digits[byte >> 4];
    out[5] = digits[byte & 15];
    return 6;
}
