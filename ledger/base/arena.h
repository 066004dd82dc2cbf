#ifndef MUN_LEDGER_BASE_ARENA_H
#define MUN_LEDGER_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/err.h"

/* A bump allocator over one block of memory. Nothing is freed singly; a mark
 * or a reset gives back all at once. Under AddressSanitizer what is not handed
 * out is poisoned, and a piece takes up to 16 bytes more. */
struct mun_arena {
    uint8_t *base;
    size_t size;
    size_t used;
    size_t peak;
};

/* Over memory of the caller's, which must outlive the arena. */
void mun_arena_init(struct mun_arena *arena, void *memory, size_t size);

/* Over memory from the operating system, reserved at once and backed by pages
 * only as they are touched.
 * Errors: MUN_ERR_MEMORY. */
MUN_MUST_USE mun_err_t mun_arena_open(struct mun_arena *arena, size_t size);

/* For an arena from mun_arena_open; fine on a zeroed one. */
void mun_arena_close(struct mun_arena *arena);

/* `size` zeroed bytes aligned to 16, or NULL when the arena is full.
 * Lifetime: until the arena is reset below this point. */
void *mun_arena_alloc(struct mun_arena *arena, size_t size);

/* The same without zeros, for what is written before it is read: buffers that
 * are filled from the front, structures that are assigned whole. */
void *mun_arena_alloc_raw(struct mun_arena *arena, size_t size);

/* count × size with a check for overflow; otherwise as mun_arena_alloc. */
void *mun_arena_array(struct mun_arena *arena, size_t count, size_t size);

size_t mun_arena_mark(const struct mun_arena *arena);
void mun_arena_reset(struct mun_arena *arena, size_t mark);

#endif
