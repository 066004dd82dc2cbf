#ifndef MUN_LEDGER_ZIP_ZIP_H
#define MUN_LEDGER_ZIP_ZIP_H

/* gzip in memory, bounded on both sides: the caller's buffer is the cap, so
 * that a bomb costs what the buffer costs and no more.
 * Source: RFC 1952, RFC 1951. */

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* Bytes of one input or output. zlib counts in 32 bits; larger things are
 * cut into pieces by whoever stores them. */
#define MUN_ZIP_BYTES_MAX (1u << 30)

/* Room that is enough for `len` bytes, compressible or not. */
size_t mun_gzip_bound(size_t len);

/* One gzip member with no name, no time and no system in its header: the same
 * bytes for the same input and version of zlib, but not across versions, so
 * compressed bytes are never hashed.
 * Shape: out holds `size` bytes.
 * Errors: MUN_ERR_LIMIT (does not fit), MUN_ERR_TOO_LARGE (data above
 * MUN_ZIP_BYTES_MAX), MUN_ERR_MEMORY.
 * After failure: *len is 0. */
MUN_MUST_USE mun_err_t mun_gzip_compress(uint8_t *out, size_t size, size_t *len,
                                         struct mun_bytes data);

/* Exactly one gzip member, whole and with nothing behind it, of at most `size`
 * bytes when expanded.
 * Shape: out holds `size` bytes, at most MUN_ZIP_BYTES_MAX.
 * Errors: MUN_ERR_TOO_LARGE (data above MUN_ZIP_BYTES_MAX, or expands to more
 * than `size`), MUN_ERR_TRUNCATED, MUN_ERR_TRAILING, MUN_ERR_COMPRESSED (also
 * a wrong checksum or length), MUN_ERR_MEMORY.
 * After failure: *len is 0, and `out` holds nothing of use.
 *
 * The product writes gzip and reads none yet; tests read back with it what is
 * served, and whatever reads an archive will. */
MUN_MUST_USE mun_err_t mun_gzip_expand(uint8_t *out, size_t size, size_t *len,
                                       struct mun_bytes data);

#endif
