#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/store/high_water.h"
#include "tests/support/make_store.h"

static char dir[64];
static char path[96];

static int
setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/muniment-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/high-water", dir);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mun_test_remove(dir);
    return 0;
}

static struct mun_mark
mark_of(uint64_t sequence)
{
    struct mun_mark mark = { .sequence = sequence,
                             .at = { .height = 10 + sequence,
                                     .signed_height = 11 + sequence,
                                     .signed_round = 3,
                                     .signed_step = 2 } };

    mark.at.header_id = mun_test_hash((unsigned)sequence);
    return mark;
}

static void
assert_ok(mun_err_t err)
{
    assert_int_equal(err.code, MUN_OK);
}

/* Writes marks 1 to `last`. */
static void
make_file(uint64_t last)
{
    struct mun_high_water_file file;
    struct mun_mark mark = mark_of(1);

    assert_ok(mun_high_water_create(path, &mark));
    assert_ok(mun_high_water_open(&file, &mark, path));
    for (uint64_t i = 2; i <= last; i++) {
        mark = mark_of(i);
        assert_ok(mun_high_water_write(&file, &mark));
    }
    mun_high_water_close(&file);
}

/* What is read: the sequence, or 0 when the file is refused. */
static uint64_t
newest(void)
{
    struct mun_high_water_file file;
    struct mun_mark mark;
    struct mun_mark same;
    mun_err_t err = mun_high_water_open(&file, &mark, path);

    if (!mun_is_ok(err)) {
        assert_int_equal(err.code, MUN_ERR_HIGH_WATER);
        assert_false(file.is_open);
        return 0;
    }
    mun_high_water_close(&file);
    same = mark_of(mark.sequence);
    assert_true(mun_mark_eq(&mark, &same));
    return mark.sequence;
}

static void
flip(off_t at, uint8_t bits)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= bits;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

static void
the_newest_mark_is_read_back(void **state)
{
    (void)state;
    make_file(1);
    assert_int_equal(newest(), 1);
    assert_int_equal(unlink(path), 0);
    make_file(7);
    assert_int_equal(newest(), 7);
}

static void
a_file_that_is_there_is_not_made_again(void **state)
{
    struct mun_mark mark = mark_of(1);

    (void)state;
    make_file(3);
    assert_int_equal(mun_high_water_create(path, &mark).code,
                     MUN_ERR_HIGH_WATER);
    assert_int_equal(newest(), 3);
}

static void
a_missing_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(newest(), 0);
}

static void
each_flipped_bit_leaves_the_older_mark(void **state)
{
    (void)state;
    make_file(4);
    /* Mark 4 is in slot 0, mark 3 in slot 1. */
    for (off_t at = 0; at < 8 + 1 + MUN_MARK_BYTES + 32; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            flip(at, (uint8_t)(1u << bit));
            assert_int_equal(newest(), 3);
            flip(at, (uint8_t)(1u << bit));
        }
    }
    assert_int_equal(newest(), 4);
}

static void
a_write_torn_anywhere_leaves_the_newest_synced_mark(void **state)
{
    static uint8_t before[MUN_HIGH_WATER_FILE_BYTES];
    static uint8_t after[MUN_HIGH_WATER_FILE_BYTES];
    struct mun_high_water_file file;
    struct mun_mark mark;
    int fd;

    (void)state;
    make_file(4);
    fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, before, sizeof before, 0), sizeof before);
    assert_ok(mun_high_water_open(&file, &mark, path));
    mark = mark_of(5);
    assert_ok(mun_high_water_write(&file, &mark));
    mun_high_water_close(&file);
    assert_int_equal(pread(fd, after, sizeof after, 0), sizeof after);
    for (size_t cut = 0; cut < 8 + 1 + MUN_MARK_BYTES + 32; cut++) {
        assert_int_equal(pwrite(fd, before, sizeof before, 0), sizeof before);
        assert_int_equal(
            pwrite(fd, after + MUN_HIGH_WATER_SLOT, cut, MUN_HIGH_WATER_SLOT),
            cut);
        assert_int_equal(newest(), 4);
    }
    (void)close(fd);
}

static void
a_file_cut_short_is_refused_when_no_slot_is_left(void **state)
{
    (void)state;
    make_file(4);
    assert_int_equal(truncate(path, MUN_HIGH_WATER_SLOT), 0);
    assert_int_equal(newest(), 4);
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(newest(), 0);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(newest(), 0);
}

static void
both_slots_damaged_is_refused(void **state)
{
    (void)state;
    make_file(4);
    flip(20, 1);
    flip(MUN_HIGH_WATER_SLOT + 20, 1);
    assert_int_equal(newest(), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_mark_is_read_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_there_is_not_made_again,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_file_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_flipped_bit_leaves_the_older_mark,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_write_torn_anywhere_leaves_the_newest_synced_mark, setup,
            teardown),
        cmocka_unit_test_setup_teardown(
            a_file_cut_short_is_refused_when_no_slot_is_left, setup, teardown),
        cmocka_unit_test_setup_teardown(both_slots_damaged_is_refused, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
