#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/base/memory.h"

#define PAGE 4096

static void
it_is_zero_aligned_and_all_there(void **state)
{
    const size_t sizes[] = { 1, PAGE, PAGE + 1, (size_t)4 << 20 };
    void *memory;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *bytes;

        assert_true(mun_is_ok(mun_memory_map(&memory, sizes[i])));
        bytes = memory;
        assert_int_equal((uintptr_t)memory % PAGE, 0);
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(bytes[at], 0);
            bytes[at] = 0xa5;
        }
        mun_memory_unmap(memory, sizes[i]);
    }
}

/* More than the machine has: what is not touched costs nothing. */
static void
what_is_not_touched_is_not_backed(void **state)
{
    const size_t size = (size_t)1 << 40;
    void *memory;

    (void)state;
    assert_true(mun_is_ok(mun_memory_map(&memory, size)));
    ((uint8_t *)memory)[0] = 1;
    ((uint8_t *)memory)[size - 1] = 1;
    mun_memory_unmap(memory, size);
}

static void
what_no_machine_has_is_an_error(void **state)
{
    void *memory = state;

    assert_int_equal(mun_memory_map(&memory, SIZE_MAX / 2).code,
                     MUN_ERR_MEMORY);
    assert_null(memory);
    assert_int_equal(mun_memory_map(&memory, 0).code, MUN_ERR_MEMORY);
    assert_null(memory);
    mun_memory_unmap(NULL, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_zero_aligned_and_all_there),
        cmocka_unit_test(what_is_not_touched_is_not_backed),
        cmocka_unit_test(what_no_machine_has_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
