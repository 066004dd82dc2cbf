#ifndef MUN_LEDGER_ZIP_ZIP_INT_H
#define MUN_LEDGER_ZIP_ZIP_INT_H

#include <stddef.h>

#include "ledger/zip/zip.h"

/* Memory for zlib in place of its own; for tests that let it fail. */
struct mun_zip_memory {
    void *(*take)(void *arg, unsigned count, unsigned size);
    void (*give)(void *arg, void *memory);
    void *arg;
};

/* As mun_gzip_compress and mun_gzip_expand; `memory` may be NULL. */
MUN_MUST_USE mun_err_t mun_gzip_compress_with(
    uint8_t *out, size_t size, size_t *len, struct mun_bytes data,
    const struct mun_zip_memory *memory);
MUN_MUST_USE mun_err_t mun_gzip_expand_with(
    uint8_t *out, size_t size, size_t *len, struct mun_bytes data,
    const struct mun_zip_memory *memory);

#endif
