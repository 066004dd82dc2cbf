#include "ledger/base/bytes.h"

#include <string.h>

#include "ledger/base/check.h"

bool
mun_bytes_eq(struct mun_bytes a, struct mun_bytes b)
{
    if (a.len != b.len)
        return false;
    /* memcmp may not be given NULL, not even for no bytes. */
    return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}

int
mun_bytes_cmp(struct mun_bytes a, struct mun_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

struct mun_bytes
mun_bytes_str(const char *text)
{
    MUN_CHECK(text != NULL);
    return mun_bytes(text, strlen(text));
}

void
mun_wipe(void *data, size_t len)
{
    if (len == 0)
        return;
    memset(data, 0, len);
    /* Tells the compiler that the zeros are read. */
    __asm__ __volatile__("" : : "r"(data) : "memory");
}

bool
mun_u64_add(uint64_t *out, uint64_t a, uint64_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

bool
mun_u64_mul(uint64_t *out, uint64_t a, uint64_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}
