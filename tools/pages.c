#include "tools/pages.h"

#include <sys/mman.h>

#include "ledger/base/check.h"

mun_err_t
mun_pages_take(void **out, size_t size)
{
    *out = mmap(NULL, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (*out != MAP_FAILED)
        return MUN_SUCCESS;
    *out = NULL;
    return mun_err(MUN_ERR_MEMORY);
}

void
mun_pages_give(void *memory, size_t size)
{
    if (memory != NULL)
        MUN_CHECK(munmap(memory, size) == 0);
}
