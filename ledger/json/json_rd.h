#ifndef MUN_LEDGER_JSON_JSON_RD_H
#define MUN_LEDGER_JSON_JSON_RD_H

/* Decoding a document of ours (genesis, configuration, request) field by
 * field. The first failure sticks, with the path of the field that was wrong
 * ("members[3].key: not 33 bytes of lower-case hex"); afterwards every read
 * gives zeros, so that a decoder reads as the list of its fields and tests
 * once:
 *
 *     mun_json_rd_init(&rd, doc, &why);
 *     mun_json_rd_only(&rd, keys, sizeof keys / sizeof keys[0]);
 *     name = mun_json_rd_string(&rd, "name", 1, 200);
 *     count = mun_json_rd_array(&rd, "members", MUN_MEMBERS_MAX);
 *     for (size_t i = 0; i < count; i++) {
 *         mun_json_rd_item(&rd, i);
 *         mun_json_rd_hex(&rd, "key", key[i].b, sizeof key[i].b);
 *         mun_json_rd_leave(&rd);
 *     }
 *     mun_json_rd_leave(&rd);
 *     return mun_json_rd_status(&rd);
 *
 * A key of NULL means the value at hand itself, as for items that are no
 * objects. A member that may be missing is asked for with mun_json_rd_has
 * first. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/json/json.h"

struct mun_json_rd_level {
    const struct mun_json *value;
    const char *key; /* NULL for an item */
    size_t index;
};

struct mun_json_rd {
    struct mun_json_rd_level levels[MUN_JSON_DEPTH_MAX + 1];
    size_t depth; /* levels in use, at least the top */
    enum mun_err_code failure;
    struct mun_json_err *why;
};

/* `why` may be NULL; it is zeroed. Both are borrowed until the last call. */
void mun_json_rd_init(struct mun_json_rd *rd, const struct mun_json *doc,
                      struct mun_json_err *why);

/* Whether the object at hand has the member; null counts as a member. */
bool mun_json_rd_has(const struct mun_json_rd *rd, const char *key);

/* Fails unless the value at hand is an object without other members. */
void mun_json_rd_only(struct mun_json_rd *rd, const char *const keys[],
                      size_t count);

/* Go down into a member that must be an object; into one that must be an
 * array of at most `max` items, whose count is returned; into an item of the
 * array at hand. Each needs its mun_json_rd_leave, after failure too. */
void mun_json_rd_object(struct mun_json_rd *rd, const char *key);
size_t mun_json_rd_array(struct mun_json_rd *rd, const char *key, size_t max);
void mun_json_rd_item(struct mun_json_rd *rd, size_t index);
void mun_json_rd_leave(struct mun_json_rd *rd);

/* A string of len_min to len_max bytes; empty after failure.
 * Lifetime: the document's. */
struct mun_bytes mun_json_rd_string(struct mun_json_rd *rd, const char *key,
                                    size_t len_min, size_t len_max);

/* An integer of at most `max`. */
uint64_t mun_json_rd_u64(struct mun_json_rd *rd, const char *key, uint64_t max);

bool mun_json_rd_bool(struct mun_json_rd *rd, const char *key);

/* Exactly `len` bytes in lower-case hex; zeros after failure. */
void mun_json_rd_hex(struct mun_json_rd *rd, const char *key, uint8_t *out,
                     size_t len);

/* At most `size` bytes in base64url without padding; returns how many. */
size_t mun_json_rd_base64url(struct mun_json_rd *rd, const char *key,
                             uint8_t *out, size_t size);

/* A date or time in the forms of mun_time_decode.
 * Units: milliseconds since 1970-01-01 UTC. */
uint64_t mun_json_rd_time(struct mun_json_rd *rd, const char *key);

/* A number with at most two decimals, in hundredths: 5.25 is 525. */
uint32_t mun_json_rd_hundredths(struct mun_json_rd *rd, const char *key);

/* The member (or with NULL the value at hand) of whatever kind; fails when
 * there is none. NULL after failure.
 * Lifetime: the document's. */
const struct mun_json *mun_json_rd_any(struct mun_json_rd *rd, const char *key);

/* Records a failure of the caller's own at the path of the member; the first
 * one stays. */
void mun_json_rd_fail(struct mun_json_rd *rd, const char *key,
                      enum mun_err_code code, const char *what);

/* MUN_OK or the first failure: MUN_ERR_JSON for a member that is missing,
 * unknown, of another kind or out of bounds, MUN_ERR_ENCODING for hex,
 * base64url and times, or the caller's own. */
MUN_MUST_USE mun_err_t mun_json_rd_status(const struct mun_json_rd *rd);

#endif
