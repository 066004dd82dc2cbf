#ifndef MUN_LEDGER_JSON_JCS_H
#define MUN_LEDGER_JSON_JCS_H

/* The JSON Canonicalization Scheme: one text for one JSON value, so that a
 * document keeps its digest when a tool rewrites it. No space, members sorted
 * by the UTF-16 code units of their names, numbers as ECMAScript writes them,
 * the fewest escapes. Text is not normalised.
 *
 * Source: RFC 8785; section 3.2.2.3 for numbers, which is ECMA-262
 * Number::toString. */

#include <stddef.h>

#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"

/* Sign, 17 digits, point, exponent, NUL; "-0.00000" and 17 digits is the
 * longest. */
#define MUN_JCS_NUMBER_SIZE 32

/* The ECMAScript form of a number: the fewest digits that read back as it,
 * and of these the closest. The locale plays no part.
 * Shape: out holds MUN_JCS_NUMBER_SIZE chars.
 * Errors: MUN_ERR_VALUE for infinities and NaN. After failure: out is "". */
MUN_MUST_USE mun_err_t mun_jcs_number(char *out, double value);

/* Appends the canonical form of a whole value to `buf`.
 * Errors: the buffer's, which stick in it; MUN_ERR_MEMORY. */
MUN_MUST_USE mun_err_t mun_jcs_write(struct mun_json_buf *buf,
                                     const struct mun_json *value);

/* SHA-256 of the canonical form, which is hashed as it is made.
 * Errors: MUN_ERR_MEMORY. After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_jcs_sha256(struct mun_hash *out,
                                      const struct mun_json *value);

/* Writes the canonical form as the next value of a larger text; failures
 * stick in `wr`. */
void mun_jcs_value(struct mun_json_wr *wr, const struct mun_json *value);

#endif
