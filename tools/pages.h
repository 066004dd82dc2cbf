#ifndef MUN_TOOLS_PAGES_H
#define MUN_TOOLS_PAGES_H

/* Large memory that is reserved at once and backed only as it is touched; zero
 * at first, aligned to a page. */

#include <stddef.h>

#include "ledger/base/err.h"

/* Errors: MUN_ERR_MEMORY. After failure: *out is NULL. */
MUN_MUST_USE mun_err_t mun_pages_take(void **out, size_t size);

/* NULL is fine. */
void mun_pages_give(void *memory, size_t size);

#endif
