#ifndef MUN_NODE_FILE_H
#define MUN_NODE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* Reads a whole file of at most `size` bytes.
 * Errors: MUN_ERR_NOT_FOUND, MUN_ERR_IO, MUN_ERR_TOO_LARGE.
 * After failure: *out is empty. Lifetime: the buffer's. */
MUN_MUST_USE mun_err_t mun_file_read(struct mun_bytes *out, uint8_t *buffer,
                                     size_t size, const char *path);

/* As mun_file_read, but only a file that nobody beside its owner may read.
 * Errors: also MUN_ERR_CONFIG (others may read it). */
MUN_MUST_USE mun_err_t mun_file_read_secret(struct mun_bytes *out,
                                            uint8_t *buffer, size_t size,
                                            const char *path);

#endif
