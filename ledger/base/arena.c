#include "ledger/base/arena.h"

#include <string.h>
#include <sys/mman.h>

#include "ledger/base/check.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define POISON(at, len) __asan_poison_memory_region(at, len)
#define UNPOISON(at, len) __asan_unpoison_memory_region(at, len)
/* Eight bytes between two pieces that are never handed out, so that a run past
 * the end of one is caught even when its size fills the alignment. */
#define GAP 8
#else
#define POISON(at, len) ((void)0)
#define UNPOISON(at, len) ((void)0)
#define GAP 0
#endif

#define ALIGN 16

void
mun_arena_init(struct mun_arena *arena, void *memory, size_t size)
{
    uintptr_t past = (uintptr_t)memory % ALIGN;
    size_t skip = past == 0 ? 0 : ALIGN - past;

    MUN_CHECK(memory != NULL || size == 0);
    MUN_CHECK(size <= SIZE_MAX / 2);
    if (skip > size)
        skip = size;
    arena->base = memory == NULL ? NULL : (uint8_t *)memory + skip;
    arena->size = size - skip;
    arena->used = 0;
    arena->peak = 0;
    POISON(arena->base, arena->size);
}

mun_err_t
mun_arena_open(struct mun_arena *arena, size_t size)
{
    void *memory;

    *arena = (struct mun_arena){ 0 };
    if (size == 0)
        return MUN_SUCCESS;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return mun_err(MUN_ERR_MEMORY);
    mun_arena_init(arena, memory, size);
    return MUN_SUCCESS;
}

void
mun_arena_close(struct mun_arena *arena)
{
    if (arena->base != NULL) {
        UNPOISON(arena->base, arena->size);
        MUN_CHECK(munmap(arena->base, arena->size) == 0);
    }
    *arena = (struct mun_arena){ 0 };
}

void *
mun_arena_alloc_raw(struct mun_arena *arena, size_t size)
{
    size_t left = arena->size - arena->used;
    size_t need;
    uint8_t *piece;

    MUN_CHECK(arena->used <= arena->size);
    /* Before the sum below, which then cannot wrap: an arena is at most half
     * of the address space. */
    if (size > left)
        return NULL;
    need = (size + GAP + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    if (need == 0)
        need = ALIGN; /* two empty pieces have two addresses */
    if (need > left)
        return NULL;
    piece = arena->base + arena->used;
    UNPOISON(piece, size);
    arena->used += need;
    if (arena->used > arena->peak)
        arena->peak = arena->used;
    return piece;
}

void *
mun_arena_alloc(struct mun_arena *arena, size_t size)
{
    void *piece = mun_arena_alloc_raw(arena, size);

    if (piece != NULL && size > 0)
        memset(piece, 0, size);
    return piece;
}

void *
mun_arena_array(struct mun_arena *arena, size_t count, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return mun_arena_alloc(arena, total);
}

size_t
mun_arena_mark(const struct mun_arena *arena)
{
    return arena->used;
}

void
mun_arena_reset(struct mun_arena *arena, size_t mark)
{
    MUN_CHECK(mark <= arena->used);
    if (mark < arena->used)
        POISON(arena->base + mark, arena->used - mark);
    arena->used = mark;
}
