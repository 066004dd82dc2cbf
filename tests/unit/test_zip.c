#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/zip/zip.h"
#include "ledger/zip/zip_int.h"

#define TEXT "Muniments are the documents a university keeps. Muniments are."

static uint8_t packed[8192];
static size_t packed_len;

static void
pack(struct mun_bytes data)
{
    assert_true(
        mun_is_ok(mun_gzip_compress(packed, sizeof packed, &packed_len, data)));
}

/* On a copy of exactly that length, so that a read past the end is caught. */
static enum mun_err_code
expand(uint8_t *out, size_t size, size_t *len, struct mun_bytes data)
{
    uint8_t *copy = malloc(data.len + 1); /* allow: exact bounds */
    mun_err_t err;

    assert_non_null(copy);
    if (data.len > 0)
        memcpy(copy + 1, data.data, data.len);
    err = mun_gzip_expand(out, size, len, mun_bytes(copy + 1, data.len));
    free(copy); /* allow: pairs with the malloc above */
    if (!mun_is_ok(err))
        assert_int_equal(*len, 0);
    return err.code;
}

static void
what_is_compressed_expands_to_itself(void **state)
{
    uint8_t out[256];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    assert_true(packed_len < strlen(TEXT) + 18);
    assert_int_equal(
        expand(out, sizeof out, &len, mun_bytes(packed, packed_len)), MUN_OK);
    assert_int_equal(len, strlen(TEXT));
    assert_memory_equal(out, TEXT, len);
}

static void
nothing_expands_to_nothing_even_without_room(void **state)
{
    size_t len = 7;

    (void)state;
    pack(MUN_BYTES_NONE);
    assert_int_equal(packed_len, 20);
    assert_int_equal(expand(NULL, 0, &len, mun_bytes(packed, packed_len)),
                     MUN_OK);
    assert_int_equal(len, 0);
}

static void
the_header_names_no_time_and_no_system(void **state)
{
    static const uint8_t header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

    (void)state;
    pack(mun_bytes_str(TEXT));
    assert_memory_equal(packed, header, sizeof header);
}

static void
noise_fits_into_the_bound(void **state)
{
    static uint8_t noise[200000];
    static uint8_t out[202000];
    static uint8_t back[sizeof noise];
    uint64_t random = 88172645463325252u;
    size_t len;
    size_t back_len;

    (void)state;
    for (size_t i = 0; i < sizeof noise; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        noise[i] = (uint8_t)random;
    }
    for (size_t size = 0; size <= sizeof noise; size = size * 3 + 1) {
        assert_true(mun_gzip_bound(size) <= sizeof out);
        assert_true(mun_is_ok(mun_gzip_compress(out, mun_gzip_bound(size), &len,
                                                mun_bytes(noise, size))));
        assert_int_equal(
            expand(back, sizeof back, &back_len, mun_bytes(out, len)), MUN_OK);
        assert_int_equal(back_len, size);
        assert_memory_equal(back, noise, size);
    }
}

static void
compressing_into_too_little_room_is_refused_at_every_size(void **state)
{
    uint8_t out[128];
    size_t len = 7;

    (void)state;
    pack(mun_bytes_str(TEXT));
    for (size_t size = 0; size < packed_len; size++) {
        assert_int_equal(
            mun_gzip_compress(out, size, &len, mun_bytes_str(TEXT)).code,
            MUN_ERR_LIMIT);
        assert_int_equal(len, 0);
    }
    assert_int_equal(
        mun_gzip_compress(out, packed_len, &len, mun_bytes_str(TEXT)).code,
        MUN_OK);
}

static void
a_bomb_costs_no_more_than_the_buffer(void **state)
{
    static uint8_t zeros[4 << 20];
    uint8_t out[4096];
    size_t len;

    (void)state;
    pack(mun_bytes(zeros, sizeof zeros));
    assert_true(packed_len < 5000);
    for (size_t size = 0; size <= sizeof out; size += 512)
        assert_int_equal(expand(out, size, &len, mun_bytes(packed, packed_len)),
                         MUN_ERR_TOO_LARGE);
}

static void
one_byte_too_few_of_room_is_refused(void **state)
{
    uint8_t out[128];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    for (size_t size = 0; size < strlen(TEXT); size++)
        assert_int_equal(expand(out, size, &len, mun_bytes(packed, packed_len)),
                         MUN_ERR_TOO_LARGE);
    assert_int_equal(
        expand(out, strlen(TEXT), &len, mun_bytes(packed, packed_len)), MUN_OK);
}

static void
every_short_prefix_is_truncated(void **state)
{
    uint8_t out[256];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    for (size_t size = 0; size < packed_len; size++)
        assert_int_equal(expand(out, sizeof out, &len, mun_bytes(packed, size)),
                         MUN_ERR_TRUNCATED);
}

static void
bytes_behind_the_member_are_refused(void **state)
{
    uint8_t out[256];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    packed[packed_len] = 0;
    assert_int_equal(
        expand(out, sizeof out, &len, mun_bytes(packed, packed_len + 1)),
        MUN_ERR_TRAILING);
}

static void
a_second_member_is_refused(void **state)
{
    uint8_t out[256];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    memcpy(packed + packed_len, packed, packed_len);
    assert_int_equal(
        expand(out, sizeof out, &len, mun_bytes(packed, 2 * packed_len)),
        MUN_ERR_TRAILING);
}

static void
a_changed_trailer_is_damaged(void **state)
{
    uint8_t out[256];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    for (size_t at = packed_len - 8; at < packed_len; at++) {
        packed[at] ^= 1;
        assert_int_equal(
            expand(out, sizeof out, &len, mun_bytes(packed, packed_len)),
            MUN_ERR_COMPRESSED);
        packed[at] ^= 1;
    }
}

static void
a_changed_bit_anywhere_never_gives_other_bytes(void **state)
{
    uint8_t out[256];
    size_t len;

    (void)state;
    pack(mun_bytes_str(TEXT));
    for (size_t bit = 0; bit < packed_len * 8; bit++) {
        packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (expand(out, sizeof out, &len, mun_bytes(packed, packed_len)) ==
            MUN_OK) {
            assert_int_equal(len, strlen(TEXT)); /* time, system and such */
            assert_memory_equal(out, TEXT, len);
        }
        packed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void
what_is_not_gzip_is_damaged(void **state)
{
    static const uint8_t zlib_form[] = { 0x78, 0x9c, 3, 0, 0, 0, 0, 1 };
    static const uint8_t zeros[64];
    uint8_t out[64];
    size_t len;

    (void)state;
    assert_int_equal(expand(out, sizeof out, &len, mun_bytes_str(TEXT)),
                     MUN_ERR_COMPRESSED);
    assert_int_equal(expand(out, sizeof out, &len, mun_bytes(zeros, 64)),
                     MUN_ERR_COMPRESSED);
    assert_int_equal(
        expand(out, sizeof out, &len, mun_bytes(zlib_form, sizeof zlib_form)),
        MUN_ERR_COMPRESSED);
}

static void
input_above_the_limit_is_refused_unread(void **state)
{
    uint8_t out[8];
    size_t len = 7;
    struct mun_bytes huge = mun_bytes(out, (size_t)MUN_ZIP_BYTES_MAX + 1);

    (void)state;
    assert_int_equal(mun_gzip_expand(out, sizeof out, &len, huge).code,
                     MUN_ERR_TOO_LARGE);
    assert_int_equal(len, 0);
    assert_int_equal(mun_gzip_compress(out, sizeof out, &len, huge).code,
                     MUN_ERR_TOO_LARGE);
}

struct failing {
    size_t left; /* allocations that succeed */
    size_t held; /* not yet given back */
};

static void *
take(void *arg, unsigned count, unsigned size)
{
    struct failing *failing = arg;

    if (failing->left == 0)
        return NULL;
    failing->left--;
    failing->held++;
    return calloc(count, size); /* allow: stands in for zlib's */
}

static void
give(void *arg, void *memory)
{
    struct failing *failing = arg;

    failing->held--;
    free(memory); /* allow: pairs with the calloc above */
}

static void
each_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    struct failing failing = { 0, 0 };
    struct mun_zip_memory memory = { take, give, &failing };
    uint8_t out[256];
    size_t len;
    mun_err_t err;
    size_t k;

    (void)state;
    for (k = 0;; k++) {
        failing.left = k;
        err = mun_gzip_compress_with(packed, sizeof packed, &packed_len,
                                     mun_bytes_str(TEXT), &memory);
        assert_int_equal(failing.held, 0);
        if (mun_is_ok(err))
            break;
        assert_int_equal(err.code, MUN_ERR_MEMORY);
    }
    assert_true(k > 0);
    for (k = 0;; k++) {
        failing.left = k;
        err = mun_gzip_expand_with(out, sizeof out, &len,
                                   mun_bytes(packed, packed_len), &memory);
        assert_int_equal(failing.held, 0);
        if (mun_is_ok(err))
            break;
        assert_int_equal(err.code, MUN_ERR_MEMORY);
    }
    assert_true(k > 0);
    assert_int_equal(len, strlen(TEXT));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_compressed_expands_to_itself),
        cmocka_unit_test(nothing_expands_to_nothing_even_without_room),
        cmocka_unit_test(the_header_names_no_time_and_no_system),
        cmocka_unit_test(noise_fits_into_the_bound),
        cmocka_unit_test(
            compressing_into_too_little_room_is_refused_at_every_size),
        cmocka_unit_test(a_bomb_costs_no_more_than_the_buffer),
        cmocka_unit_test(one_byte_too_few_of_room_is_refused),
        cmocka_unit_test(every_short_prefix_is_truncated),
        cmocka_unit_test(bytes_behind_the_member_are_refused),
        cmocka_unit_test(a_second_member_is_refused),
        cmocka_unit_test(a_changed_trailer_is_damaged),
        cmocka_unit_test(a_changed_bit_anywhere_never_gives_other_bytes),
        cmocka_unit_test(what_is_not_gzip_is_damaged),
        cmocka_unit_test(input_above_the_limit_is_refused_unread),
        cmocka_unit_test(each_failed_allocation_is_told_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
