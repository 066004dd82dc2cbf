#ifndef MUN_LEDGER_JSON_JSON_INT_H
#define MUN_LEDGER_JSON_JSON_INT_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/bytes.h"

/* The heap of this folder and of jansson, so that one hook reaches every
 * allocation. NULL when there is none. */
void *mun_json_alloc(size_t size);
void mun_json_free(void *memory);

/* For tests: of this thread's allocations from now on the first `count`
 * succeed; SIZE_MAX for all. */
void mun_json_alloc_limit(size_t count);

/* Whether the text is UTF-8: no overlong form, no surrogate, nothing above
 * U+10FFFF. U+0000 is refused too. */
bool mun_json_is_utf8(struct mun_bytes text);

/* The escape for a byte of a JSON string in the form of RFC 8785 section
 * 3.2.2.2, or a length of 0 when the byte stands for itself.
 * Shape: out holds 6 chars. */
size_t mun_json_escape(char *out, unsigned char byte);

#endif
