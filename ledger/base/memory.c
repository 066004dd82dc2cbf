#include "ledger/base/memory.h"

#include <sys/mman.h>

#include "ledger/base/check.h"

mun_err_t
mun_memory_map(void **out, size_t size)
{
    *out = mmap(NULL, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (*out == MAP_FAILED) {
        *out = NULL;
        return mun_err(MUN_ERR_MEMORY);
    }
    /* A walk down the tree touches a page a node: with pages of 4 KiB looking
     * up where they are costs as much as the nodes. A kernel that has no
     * larger ones says so and does without. */
    (void)madvise(*out, size, MADV_HUGEPAGE);
    return MUN_SUCCESS;
}

void
mun_memory_unmap(void *memory, size_t size)
{
    if (memory != NULL)
        MUN_CHECK(munmap(memory, size) == 0);
}
