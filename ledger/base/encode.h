#ifndef MUN_LEDGER_BASE_ENCODE_H
#define MUN_LEDGER_BASE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* Text forms: lower-case hex, base64url without padding, RFC 3339 times in
 * UTC and plain decimals. Each has one spelling; decoders refuse any other. */

/* Shape: out holds 2 * data.len + 1 chars; it is NUL-terminated. */
void mun_hex_encode(char *out, struct mun_bytes data);

/* Exactly `len` bytes from 2 * len lower-case digits.
 * Errors: MUN_ERR_ENCODING, and then out is zeroed. */
MUN_MUST_USE mun_err_t mun_hex_decode(uint8_t *out, size_t len,
                                      struct mun_bytes text);

/* Bytes needed for the encoded form with its NUL. */
size_t mun_base64url_size(size_t data_len);
void mun_base64url_encode(char *out, struct mun_bytes data);

/* Writes at most `size` bytes and sets *len. Refuses padding, other alphabets
 * and non-zero spare bits.
 * Errors: MUN_ERR_ENCODING, MUN_ERR_TOO_LARGE. After failure: *len is 0. */
MUN_MUST_USE mun_err_t mun_base64url_decode(uint8_t *out, size_t size,
                                            size_t *len, struct mun_bytes text);

/* Digits only, no leading zero, at most `max`.
 * Errors: MUN_ERR_ENCODING. After failure: *out is 0. */
MUN_MUST_USE mun_err_t mun_decimal_decode(uint64_t *out, uint64_t max,
                                          struct mun_bytes text);

#define MUN_TIME_TEXT_SIZE 25

/* "2026-01-02T03:04:05.678Z", from milliseconds since 1970, up to the year
 * 9999; ".000" is left out.
 * Shape: out holds MUN_TIME_TEXT_SIZE chars.
 * Units: time_ms in milliseconds since 1970-01-01 UTC.
 * Source: RFC 3339 section 5.6. */
void mun_time_encode(char *out, uint64_t time_ms);

/* Accepts a date ("2026-01-02", midnight UTC) or a date and time with "Z" or
 * a numeric offset and up to nine decimals of a second (cut to milliseconds);
 * nothing before 1970.
 * Errors: MUN_ERR_ENCODING. After failure: *time_ms is 0. */
MUN_MUST_USE mun_err_t mun_time_decode(uint64_t *time_ms,
                                       struct mun_bytes text);

#endif
