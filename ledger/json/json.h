#ifndef MUN_LEDGER_JSON_JSON_H
#define MUN_LEDGER_JSON_JSON_H

/* Strict JSON from outside, and access to what was parsed.
 *
 * The ledger hashes what it parsed, so two readers that understand one text
 * differently are an attack. This parser accepts less than RFC 8259: the
 * subset of I-JSON (RFC 7493) in which every reader agrees.
 *
 *   text -> own linear scan -> jansson -> own look at reals -> struct mun_json
 *
 * The scan runs before jansson because jansson recurses and allocates as it
 * reads: depth and the number of values are known to be bounded by then.
 *
 * J1  The top is an object or an array; nothing but space follows it.
 * J2  No two members of one object have the same name, after unescaping.
 * J3  Text is UTF-8 without a byte order mark, lone surrogates or U+0000.
 * J4  Numbers: an integer, or a real whose shortest form is an integer below
 *     10^21, lies within +-(2^53 - 1). So the canonical form (jcs.h) of every
 *     accepted text is accepted again.
 * J5  Bytes, values and depth are within the limits given.
 *
 * Modules: json.h (parse, access), json_rd.h (decode field by field with the
 * path of what is wrong), json_wr.h (write), jcs.h (RFC 8785). jansson is
 * named in json.c only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"

/* The largest integer that every JSON reader holds exactly: 2^53 - 1.
 * Source: RFC 7493 section 2.2. */
#define MUN_JSON_INTEGER_MAX 9007199254740991

/* Values of one text by default. A value of two bytes takes jansson up to
 * about 300 bytes of heap, so 1 MiB of them would be 100 MiB; this is 20 MiB
 * and a list of 65,000 digests. */
#define MUN_JSON_VALUES_MAX 65536

/* A parsed value; never defined, as it is jansson's. A value lives as long as
 * the document it is part of, and may be read by several threads at once. */
struct mun_json;

enum mun_json_kind {
    MUN_JSON_NULL,
    MUN_JSON_BOOL,
    MUN_JSON_INTEGER,
    MUN_JSON_REAL,
    MUN_JSON_STRING,
    MUN_JSON_ARRAY,
    MUN_JSON_OBJECT,
};

/* Each bound is inclusive. depth_max is at most MUN_JSON_DEPTH_MAX. */
struct mun_json_limits {
    size_t bytes_max;
    size_t values_max;
    size_t depth_max; /* [] has depth 1 */
};

extern const struct mun_json_limits mun_json_limits_default;

/* What is wrong and where: fit to be shown to whoever sent the text. Holds no
 * bytes of the text but names of members, and of these only printable ASCII. */
struct mun_json_err {
    enum mun_err_code code;
    uint32_t line;   /* from 1; 0 when the fault is in a parsed document */
    uint32_t column; /* from 1, in code points */
    size_t offset;   /* in bytes */
    char text[160];
};

/* Parses a whole text. `limits` may be NULL for the default, `why` may be
 * NULL.
 * Errors: MUN_ERR_JSON; MUN_ERR_TOO_LARGE (bytes); MUN_ERR_LIMIT (depth,
 * values); MUN_ERR_MEMORY.
 * After failure: *out is NULL, *why says why. Otherwise *why is zeroed.
 * Lifetime: *out until mun_json_close; it borrows nothing from `text`.
 * Source: RFC 8259, RFC 7493 section 2. */
MUN_MUST_USE mun_err_t mun_json_parse(struct mun_json **out,
                                      struct mun_json_err *why,
                                      struct mun_bytes text,
                                      const struct mun_json_limits *limits);

/* Frees a document from mun_json_parse; NULL is fine. */
void mun_json_close(struct mun_json *doc);

/* Access. A value may be NULL everywhere, which is of no kind, so that calls
 * can be nested: mun_json_string(mun_json_get(doc, "id")).
 * Lifetime: of all that is returned, the document's. */

bool mun_json_is(const struct mun_json *value, enum mun_json_kind kind);

/* `value` is not NULL. */
enum mun_json_kind mun_json_kind(const struct mun_json *value);

/* The member of that name; NULL if `object` has none or is no object. */
const struct mun_json *mun_json_get(const struct mun_json *object,
                                    const char *key);

/* The item at `index`; NULL past the end or if `array` is no array. */
const struct mun_json *mun_json_at(const struct mun_json *array, size_t index);

/* Items of an array or members of an object; 0 for all else. */
size_t mun_json_size(const struct mun_json *value);

/* The text of a string, UTF-8, with a NUL behind it that is not counted and
 * none inside. For all else, `data` is NULL. */
struct mun_bytes mun_json_string(const struct mun_json *value);

/* Whether the value is a string of just that text. */
bool mun_json_string_is(const struct mun_json *value, const char *text);

/* False, and *out zero, if the value is of another kind: an integer written
 * without fraction or exponent; any number; true or false. */
bool mun_json_u64(uint64_t *out, const struct mun_json *value);
bool mun_json_i64(int64_t *out, const struct mun_json *value);
bool mun_json_double(double *out, const struct mun_json *value);
bool mun_json_bool(bool *out, const struct mun_json *value);

/* Members in the order of the text:
 *     struct mun_json_iter it = mun_json_members(object);
 *     while (mun_json_next(&it)) ... it.key, it.value ... */
struct mun_json_iter {
    const struct mun_json *object;
    void *at;
    const char *key;
    const struct mun_json *value;
};

struct mun_json_iter mun_json_members(const struct mun_json *object);
bool mun_json_next(struct mun_json_iter *it);

/* Whether each member of the object is one of `allowed`. If not, *offending is
 * the first name in the way, and otherwise NULL. `offending` may be NULL. */
bool mun_json_only_keys(const struct mun_json *object,
                        const char *const allowed[], size_t count,
                        const char **offending);

#endif
