#ifndef MUN_LEDGER_BASE_BYTES_H
#define MUN_LEDGER_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes; `data` may be NULL only when `len` is 0.
 * Lifetime: that of the buffer it points into. */
struct mun_bytes {
    const uint8_t *data;
    size_t len;
};

#define MUN_BYTES_NONE ((struct mun_bytes){ NULL, 0 })

static inline struct mun_bytes
mun_bytes(const void *data, size_t len)
{
    return (struct mun_bytes){ (const uint8_t *)data, len };
}

bool mun_bytes_eq(struct mun_bytes a, struct mun_bytes b);

/* Lexicographic by unsigned byte, a prefix before what it begins.
 * Returns a value below, equal to or above 0. */
int mun_bytes_cmp(struct mun_bytes a, struct mun_bytes b);

/* The bytes of a NUL-terminated string, without the NUL. */
struct mun_bytes mun_bytes_str(const char *text);

/* Overwrites `len` bytes with zeros; the compiler may not drop it. */
void mun_wipe(void *data, size_t len);

/* Sums and products of values from outside: false on overflow, and then *out
 * is unspecified. */
bool mun_u64_add(uint64_t *out, uint64_t a, uint64_t b)
    __attribute__((warn_unused_result));
bool mun_u64_mul(uint64_t *out, uint64_t a, uint64_t b)
    __attribute__((warn_unused_result));

#endif
