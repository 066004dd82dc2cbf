#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdalign.h>
#include <string.h>

#include "ledger/base/arena.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define IS_POISONED(at) (__asan_address_is_poisoned(at) != 0)
#define HAS_POISON true
#else
#define IS_POISONED(at) ((at) == NULL)
#define HAS_POISON false
#endif

static void
pieces_are_zeroed_aligned_and_apart(void **state)
{
    struct mun_arena arena;
    uint8_t *last_end = NULL;

    (void)state;
    assert_true(mun_is_ok(mun_arena_open(&arena, 65536)));
    for (size_t size = 0; size < 200; size++) {
        uint8_t *piece = mun_arena_alloc(&arena, size);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        assert_true(last_end == NULL || piece >= last_end);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 0xa5, size);
        last_end = piece + (size == 0 ? 1 : size);
    }
    mun_arena_close(&arena);
}

static void
memory_given_back_is_zeroed_when_handed_out_again(void **state)
{
    struct mun_arena arena;
    size_t mark;
    uint8_t *first;
    uint8_t *again;

    (void)state;
    assert_true(mun_is_ok(mun_arena_open(&arena, 4096)));
    mark = mun_arena_mark(&arena);
    first = mun_arena_alloc(&arena, 100);
    memset(first, 0xa5, 100);
    mun_arena_reset(&arena, mark);
    again = mun_arena_alloc(&arena, 100);
    assert_ptr_equal(first, again);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
    mun_arena_close(&arena);
}

static void
a_raw_piece_is_aligned_and_counted_as_any_other(void **state)
{
    struct mun_arena arena;
    uint8_t *raw;
    uint8_t *piece;

    (void)state;
    assert_true(mun_is_ok(mun_arena_open(&arena, 4096)));
    raw = mun_arena_alloc_raw(&arena, 100);
    assert_non_null(raw);
    assert_int_equal((uintptr_t)raw % 16, 0);
    memset(raw, 0xa5, 100);
    assert_null(mun_arena_alloc_raw(&arena, 4096));
    piece = mun_arena_alloc(&arena, 100);
    assert_true(piece >= raw + 100);
    assert_true(!HAS_POISON || IS_POISONED(raw + 100));
    mun_arena_reset(&arena, 0);
    assert_true(!HAS_POISON || IS_POISONED(raw));
    /* What lay there may still lie there: only the others are zero. */
    assert_ptr_equal(mun_arena_alloc(&arena, 100), raw);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(raw[i], 0);
    mun_arena_close(&arena);
}

static void
a_reset_to_a_mark_keeps_what_came_before_it(void **state)
{
    struct mun_arena arena;
    char *kept;
    size_t mark;

    (void)state;
    assert_true(mun_is_ok(mun_arena_open(&arena, 4096)));
    kept = mun_arena_alloc(&arena, 5);
    memcpy(kept, "kept", 5);
    mark = mun_arena_mark(&arena);
    assert_non_null(mun_arena_alloc(&arena, 1000));
    mun_arena_reset(&arena, mark);
    assert_string_equal(kept, "kept");
    assert_int_equal(arena.used, mark);
    assert_true(arena.peak >= mark + 1000);
    mun_arena_close(&arena);
}

static void
a_full_arena_gives_null_and_stays_usable(void **state)
{
    alignas(16) uint8_t memory[256];
    struct mun_arena arena;
    size_t used;

    (void)state;
    mun_arena_init(&arena, memory, sizeof memory);
    assert_null(mun_arena_alloc(&arena, sizeof memory + 1));
    assert_non_null(mun_arena_alloc(&arena, 100));
    used = arena.used;
    assert_null(mun_arena_alloc(&arena, 200));
    assert_int_equal(arena.used, used);
    assert_non_null(mun_arena_alloc(&arena, 50));
    while (mun_arena_alloc(&arena, 1) != NULL)
        assert_true(arena.used <= arena.size);
    mun_arena_reset(&arena, 0);
    assert_non_null(mun_arena_alloc(&arena, 200));
    mun_arena_reset(&arena, 0);
    /* The stack below is ours again. */
    assert_non_null(mun_arena_alloc(&arena, sizeof memory - 16));
}

static void
sizes_near_the_end_of_the_address_space_are_refused(void **state)
{
    struct mun_arena arena;

    (void)state;
    assert_true(mun_is_ok(mun_arena_open(&arena, 4096)));
    for (size_t i = 0; i < 64; i++)
        assert_null(mun_arena_alloc(&arena, SIZE_MAX - i));
    assert_null(mun_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_null(mun_arena_array(&arena, (size_t)1 << 32, (size_t)1 << 32));
    assert_non_null(mun_arena_array(&arena, 3, 100));
    assert_int_equal(arena.used >= 300, 1);
    mun_arena_close(&arena);
}

static void
memory_of_any_alignment_can_carry_an_arena(void **state)
{
    alignas(16) uint8_t memory[128];
    struct mun_arena arena;

    (void)state;
    for (size_t skip = 0; skip < 17; skip++) {
        uint8_t *piece;

        mun_arena_init(&arena, memory + skip, sizeof memory - skip);
        piece = mun_arena_alloc(&arena, 16);
        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % 16, 0);
        assert_true(piece >= memory + skip);
        assert_true(arena.base + arena.size == memory + sizeof memory);
        (void)mun_arena_alloc(&arena, arena.size - arena.used - 16);
    }
    mun_arena_init(&arena, memory + 1, 3);
    assert_null(mun_arena_alloc(&arena, 1));
    mun_arena_init(&arena, NULL, 0);
    assert_null(mun_arena_alloc(&arena, 0));
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
    __asan_unpoison_memory_region(memory, sizeof memory);
#endif
}

static void
what_is_not_handed_out_is_poisoned_under_address_sanitizer(void **state)
{
    struct mun_arena arena;
    uint8_t *piece;

    (void)state;
    if (!HAS_POISON)
        skip();
    assert_true(mun_is_ok(mun_arena_open(&arena, 4096)));
    assert_true(IS_POISONED(arena.base));
    piece = mun_arena_alloc(&arena, 32);
    assert_false(IS_POISONED(piece));
    assert_false(IS_POISONED(piece + 31));
    assert_true(IS_POISONED(piece + 32));
    mun_arena_reset(&arena, 0);
    assert_true(IS_POISONED(piece));
    mun_arena_close(&arena);
}

static void
a_size_that_the_system_cannot_reserve_is_an_error(void **state)
{
    struct mun_arena arena;

    (void)state;
    assert_int_equal(mun_arena_open(&arena, SIZE_MAX / 2).code, MUN_ERR_MEMORY);
    assert_null(arena.base);
    mun_arena_close(&arena);
    assert_true(mun_is_ok(mun_arena_open(&arena, 0)));
    assert_null(mun_arena_alloc(&arena, 1));
    mun_arena_close(&arena);
}

static void
closing_a_zeroed_arena_does_nothing(void **state)
{
    struct mun_arena arena = { 0 };

    (void)state;
    mun_arena_close(&arena);
    assert_null(arena.base);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(memory_given_back_is_zeroed_when_handed_out_again),
        cmocka_unit_test(a_raw_piece_is_aligned_and_counted_as_any_other),
        cmocka_unit_test(a_reset_to_a_mark_keeps_what_came_before_it),
        cmocka_unit_test(a_full_arena_gives_null_and_stays_usable),
        cmocka_unit_test(sizes_near_the_end_of_the_address_space_are_refused),
        cmocka_unit_test(memory_of_any_alignment_can_carry_an_arena),
        cmocka_unit_test(
            what_is_not_handed_out_is_poisoned_under_address_sanitizer),
        cmocka_unit_test(a_size_that_the_system_cannot_reserve_is_an_error),
        cmocka_unit_test(closing_a_zeroed_arena_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
