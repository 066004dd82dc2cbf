#ifndef MUN_LEDGER_BASE_MEMORY_H
#define MUN_LEDGER_BASE_MEMORY_H

#include <stddef.h>

#include "ledger/base/err.h"

/* Zeroed memory from the operating system for what is large and read all over,
 * reserved at once and backed by pages as they are touched: by large ones where
 * it can. Aligned to a page.
 * Errors: MUN_ERR_MEMORY. After failure: *out is NULL. */
MUN_MUST_USE mun_err_t mun_memory_map(void **out, size_t size);

/* NULL is fine. */
void mun_memory_unmap(void *memory, size_t size);

#endif
