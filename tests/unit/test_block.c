#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "ledger/core/block.h"
#include "ledger/core/merkle.h"
#include "tests/support/make_entry.h"

#define BUFFER_MAX (32u << 20)

static struct mun_header
header(void)
{
    return (struct mun_header){
        .rules_version = 1,
        .chain_id = mun_test_hash(1),
        .height = 2,
        .time_ms = 3,
        .previous = mun_test_hash(4),
        .certificate_hash = mun_test_hash(5),
        .entries_hash = mun_test_hash(6),
        .log_size = 7,
        .log_root = mun_test_hash(8),
        .state_root = mun_test_hash(9),
        .members_hash = mun_test_hash(10),
        .next_members_hash = mun_test_hash(11),
    };
}

static void
a_header_takes_283_bytes_and_comes_back(void **state)
{
    uint8_t buffer[MUN_HEADER_BYTES + 1];
    struct mun_header sample = header();
    struct mun_header out;
    struct mun_hash expected;
    struct mun_hash id;
    struct mun_wr wr;
    struct mun_rd rd;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_header_encode(&wr, &sample);
    assert_int_equal(mun_wr_done(&wr).len, MUN_HEADER_BYTES);
    mun_rd_init(&rd, mun_wr_done(&wr));
    mun_header_decode(&rd, &out);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
    assert_int_equal(out.log_size, 7);
    assert_true(mun_hash_eq(&out.next_members_hash, &sample.next_members_hash));
    mun_hash_tagged(&expected, MUN_TAG_HEADER, mun_wr_done(&wr));
    mun_header_id(&id, &out);
    assert_true(mun_hash_eq(&id, &expected));
    for (size_t len = 0; len < MUN_HEADER_BYTES; len++) {
        mun_rd_init(&rd, mun_bytes(buffer, len));
        mun_header_decode(&rd, &out);
        assert_true(mun_rd_failed(&rd));
        assert_int_equal(out.log_size, 0);
    }
    buffer[0] = 2;
    mun_rd_init(&rd, mun_bytes(buffer, MUN_HEADER_BYTES));
    mun_header_decode(&rd, &out);
    assert_int_equal(mun_rd_status(&rd).code, MUN_ERR_VERSION);
}

static void
a_log_leaf_takes_85_bytes_and_comes_back(void **state)
{
    struct mun_log_leaf sample = { .type = MUN_LOG_ENTRY,
                                   .height = 1,
                                   .time_ms = 2,
                                   .position = 3,
                                   .subject = mun_test_hash(4),
                                   .effects_root = mun_test_hash(5) };
    uint8_t buffer[MUN_LOG_LEAF_BYTES];
    struct mun_log_leaf out;
    struct mun_hash expected;
    struct mun_hash found;
    struct mun_wr wr;
    struct mun_rd rd;

    (void)state;
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_log_leaf_encode(&wr, &sample);
    assert_int_equal(mun_wr_done(&wr).len, MUN_LOG_LEAF_BYTES);
    mun_merkle_leaf(&expected, mun_wr_done(&wr));
    mun_log_leaf_hash(&found, &sample);
    assert_true(mun_hash_eq(&found, &expected));
    mun_rd_init(&rd, mun_wr_done(&wr));
    mun_log_leaf_decode(&rd, &out);
    assert_int_equal(mun_rd_finish(&rd).code, MUN_OK);
    assert_int_equal(out.position, 3);
    for (size_t len = 0; len < MUN_LOG_LEAF_BYTES; len++) {
        mun_rd_init(&rd, mun_bytes(buffer, len));
        mun_log_leaf_decode(&rd, &out);
        assert_true(mun_rd_failed(&rd));
    }
}

static void
only_a_header_leaf_is_first_in_its_block(void **state)
{
    const struct {
        uint8_t type;
        uint32_t position;
        enum mun_err_code code;
    } cases[] = { { MUN_LOG_HEADER, 0, MUN_OK },
                  { MUN_LOG_HEADER, 1, MUN_ERR_VALUE },
                  { MUN_LOG_ENTRY, 1, MUN_OK },
                  { MUN_LOG_ENTRY, 0, MUN_ERR_VALUE },
                  { 2, 1, MUN_ERR_VALUE } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mun_log_leaf leaf = { .type = cases[i].type,
                                     .position = cases[i].position };
        uint8_t buffer[MUN_LOG_LEAF_BYTES];
        struct mun_wr wr;
        struct mun_rd rd;

        mun_wr_init(&wr, buffer, sizeof buffer);
        mun_log_leaf_encode(&wr, &leaf);
        mun_rd_init(&rd, mun_wr_done(&wr));
        mun_log_leaf_decode(&rd, &leaf);
        assert_int_equal(mun_rd_status(&rd).code, cases[i].code);
    }
}

static struct mun_certificate
certificate(void)
{
    struct mun_certificate out = { .height = 1,
                                   .round = 2,
                                   .header_id = mun_test_hash(3),
                                   .member_count = 4,
                                   .sig_count = 2 };

    out.bitmap[0] = 0xa0;
    memset(out.sigs, 0x55, 2 * sizeof out.sigs[0]);
    return out;
}

static uint8_t *buffer;

static struct mun_bytes
write_block(const struct mun_block_item *items, uint32_t count)
{
    struct mun_certificate previous = certificate();
    struct mun_header head = header();
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, BUFFER_MAX);
    mun_block_encode_start(&wr, &head, &previous, count);
    for (uint32_t i = 0; i < count; i++)
        mun_block_encode_item(&wr, &items[i]);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    return mun_wr_done(&wr);
}

static void
a_block_gives_its_items_in_order(void **state)
{
    struct mun_hash leaves[] = { mun_test_hash(1), mun_test_hash(2) };
    struct mun_block_item items[] = {
        { mun_bytes_str("first"), leaves, 2 },
        { mun_bytes_str("second"), NULL, 0 },
        { mun_bytes_str(""), leaves, 1 },
    };
    struct mun_block_item item;
    struct mun_block block;
    size_t at = 0;

    (void)state;
    assert_int_equal(mun_block_decode(&block, write_block(items, 3)).code,
                     MUN_OK);
    assert_int_equal(block.entry_count, 3);
    assert_int_equal(block.certificate.sig_count, 2);
    assert_int_equal(block.header.height, 2);
    for (size_t i = 0; i < 3; i++) {
        assert_true(mun_block_next(&block, &at, &item));
        assert_true(mun_bytes_eq(item.entry, items[i].entry));
        assert_int_equal(item.leaf_count, items[i].leaf_count);
        if (item.leaf_count > 0)
            assert_memory_equal(item.leaves, leaves,
                                item.leaf_count * sizeof leaves[0]);
    }
    assert_false(mun_block_next(&block, &at, &item));
    assert_int_equal(item.leaf_count, 0);
}

static void
an_empty_block_has_no_items(void **state)
{
    struct mun_block_item item;
    struct mun_block block;
    size_t at = 0;

    (void)state;
    assert_int_equal(mun_block_decode(&block, write_block(NULL, 0)).code,
                     MUN_OK);
    assert_false(mun_block_next(&block, &at, &item));
}

static void
no_shorter_and_no_longer_block_decodes(void **state)
{
    struct mun_hash leaves[] = { mun_test_hash(1), mun_test_hash(2) };
    struct mun_block_item items[] = { { mun_bytes_str("first"), leaves, 2 },
                                      { mun_bytes_str("second"), NULL, 0 } };
    struct mun_bytes bytes = write_block(items, 2);
    struct mun_block block;

    (void)state;
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_not_equal(
            mun_block_decode(&block, mun_bytes(bytes.data, len)).code, MUN_OK);
        assert_int_equal(block.entry_count, 0);
    }
    buffer[bytes.len] = 0;
    assert_int_equal(
        mun_block_decode(&block, mun_bytes(bytes.data, bytes.len + 1)).code,
        MUN_ERR_TRAILING);
}

/* `count` entries of `len` bytes with `leaf_count` leaves each. */
static mun_err_t
decode_uniform(uint32_t count, size_t len, uint32_t leaf_count)
{
    static const uint8_t zeros[MUN_PUBLISHED_MAX * 32 + 32];
    struct mun_block_item *items = calloc(count, sizeof *items);
    struct mun_block block;
    mun_err_t err;

    assert_non_null(items);
    for (uint32_t i = 0; i < count; i++) {
        items[i].entry = mun_bytes(zeros, len);
        items[i].leaves = (const struct mun_hash *)(const void *)zeros;
        items[i].leaf_count = leaf_count;
    }
    err = mun_block_decode(&block, write_block(items, count));
    free(items);
    return err;
}

static void
a_block_that_weighs_too_much_is_refused(void **state)
{
    const uint32_t entries = MUN_BLOCK_BYTES_MAX / MUN_ENTRY_BYTES_MAX;
    const uint32_t batches = MUN_BLOCK_LEAVES_MAX / MUN_PUBLISHED_MAX;

    (void)state;
    assert_int_equal(decode_uniform(MUN_BLOCK_ENTRIES_MAX, 1, 0).code, MUN_OK);
    assert_int_equal(decode_uniform(MUN_BLOCK_ENTRIES_MAX + 1, 1, 0).code,
                     MUN_ERR_LIMIT);
    assert_int_equal(decode_uniform(entries, MUN_ENTRY_BYTES_MAX, 0).code,
                     MUN_OK);
    assert_int_equal(decode_uniform(entries + 1, MUN_ENTRY_BYTES_MAX, 0).code,
                     MUN_ERR_LIMIT);
    assert_int_equal(decode_uniform(1, MUN_ENTRY_BYTES_MAX + 1, 0).code,
                     MUN_ERR_TOO_LARGE);
    assert_int_equal(decode_uniform(batches, 1, MUN_PUBLISHED_MAX).code,
                     MUN_OK);
    assert_int_equal(decode_uniform(batches + 1, 1, MUN_PUBLISHED_MAX).code,
                     MUN_ERR_LIMIT);
    assert_int_equal(decode_uniform(1, 1, MUN_PUBLISHED_MAX + 1).code,
                     MUN_ERR_TOO_LARGE);
}

static void
the_entries_hash_covers_count_and_hashes(void **state)
{
    struct mun_hash hashes[] = { mun_test_hash(1), mun_test_hash(2) };
    uint8_t bytes[4 + 64] = { 0, 0, 0, 2 };
    struct mun_hash expected;
    struct mun_hash found;

    (void)state;
    memcpy(bytes + 4, hashes, 64);
    mun_hash_tagged(&expected, MUN_TAG_BLOCK_ENTRIES,
                    mun_bytes(bytes, sizeof bytes));
    mun_block_entries_hash(&found, hashes, 2);
    assert_true(mun_hash_eq(&found, &expected));
    bytes[3] = 0;
    mun_hash_tagged(&expected, MUN_TAG_BLOCK_ENTRIES, mun_bytes(bytes, 4));
    mun_block_entries_hash(&found, NULL, 0);
    assert_true(mun_hash_eq(&found, &expected));
}

/* A block of one published batch whose header names what is in it. */
static struct mun_bytes
write_whole(struct mun_arena *arena, const struct mun_hash *leaves,
            uint32_t leaf_count)
{
    struct mun_certificate previous = certificate();
    struct mun_header head = header();
    struct mun_block_item item = { .leaves = leaves, .leaf_count = leaf_count };
    struct mun_entry entry;
    struct mun_hash hash;
    struct mun_wr wr;

    mun_test_sample_entry(arena, &entry, MUN_KIND_ANCHOR);
    entry.as.anchor.is_published = true;
    entry.as.anchor.count = leaf_count;
    mun_merkle_root32(&entry.as.anchor.root, leaves, leaf_count);
    item.entry = mun_test_sign_entry(arena, &entry, (unsigned[]){ 1 }, 1);
    mun_entry_hash(&hash, item.entry);
    mun_block_entries_hash(&head.entries_hash, &hash, 1);
    mun_certificate_hash(&head.certificate_hash, &previous);
    mun_wr_init(&wr, buffer, BUFFER_MAX);
    mun_block_encode_start(&wr, &head, &previous, 1);
    mun_block_encode_item(&wr, &item);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    return mun_wr_done(&wr);
}

/* Every byte behind the header is covered by it: with another one the block
 * does not decode or is not whole. */
static void
a_block_with_another_byte_is_not_whole(void **state)
{
    const struct mun_hash leaves[] = { mun_test_hash(1), mun_test_hash(2) };
    struct mun_arena arena = { 0 };
    struct mun_block block;
    struct mun_bytes bytes;

    (void)state;
    assert_int_equal(mun_arena_open(&arena, 1u << 20).code, MUN_OK);
    bytes = write_whole(&arena, leaves, 2);
    assert_int_equal(mun_block_decode(&block, bytes).code, MUN_OK);
    assert_true(mun_block_is_whole(&block));
    for (size_t i = MUN_HEADER_BYTES; i < bytes.len; i++) {
        buffer[i] ^= 1;
        assert_true(mun_block_decode(&block, bytes).code != MUN_OK ||
                    !mun_block_is_whole(&block));
        buffer[i] ^= 1;
    }
    mun_arena_close(&arena);
}

static void
a_block_with_more_or_fewer_leaves_is_not_whole(void **state)
{
    const struct mun_hash leaves[] = { mun_test_hash(1), mun_test_hash(2) };
    struct mun_arena arena = { 0 };
    struct mun_block block;
    struct mun_bytes bytes;
    uint8_t *count;

    (void)state;
    assert_int_equal(mun_arena_open(&arena, 1u << 20).code, MUN_OK);
    bytes = write_whole(&arena, leaves, 2);
    count = buffer + bytes.len - sizeof leaves - 1;
    assert_int_equal(*count, 2);
    *count = 1;
    bytes.len -= 32;
    assert_int_equal(mun_block_decode(&block, bytes).code, MUN_OK);
    assert_false(mun_block_is_whole(&block));
    *count = 0;
    bytes.len -= 32;
    assert_int_equal(mun_block_decode(&block, bytes).code, MUN_OK);
    assert_false(mun_block_is_whole(&block));
    *count = 3;
    bytes.len += 96;
    assert_int_equal(mun_block_decode(&block, bytes).code, MUN_OK);
    assert_false(mun_block_is_whole(&block));
    mun_arena_close(&arena);
}

/* What is no entry is so with every leaf beside it. */
static void
leaves_beside_what_is_no_entry_change_nothing(void **state)
{
    struct mun_certificate previous = certificate();
    struct mun_hash leaf = mun_test_hash(1);
    struct mun_hash hash;
    struct mun_block block;

    (void)state;
    for (uint32_t count = 0; count < 2; count++) {
        const struct mun_block_item item = { mun_bytes_str("none"), &leaf,
                                             count };

        assert_int_equal(mun_block_decode(&block, write_block(&item, 1)).code,
                         MUN_OK);
        mun_certificate_hash(&block.header.certificate_hash, &previous);
        mun_entry_hash(&hash, item.entry);
        mun_block_entries_hash(&block.header.entries_hash, &hash, 1);
        assert_true(mun_block_is_whole(&block));
    }
}

static int
set_up(void **state)
{
    (void)state;
    buffer = malloc(BUFFER_MAX);
    return buffer == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
    (void)state;
    free(buffer);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_takes_283_bytes_and_comes_back),
        cmocka_unit_test(a_log_leaf_takes_85_bytes_and_comes_back),
        cmocka_unit_test(only_a_header_leaf_is_first_in_its_block),
        cmocka_unit_test(a_block_gives_its_items_in_order),
        cmocka_unit_test(an_empty_block_has_no_items),
        cmocka_unit_test(no_shorter_and_no_longer_block_decodes),
        cmocka_unit_test(a_block_that_weighs_too_much_is_refused),
        cmocka_unit_test(the_entries_hash_covers_count_and_hashes),
        cmocka_unit_test(a_block_with_another_byte_is_not_whole),
        cmocka_unit_test(a_block_with_more_or_fewer_leaves_is_not_whole),
        cmocka_unit_test(leaves_beside_what_is_no_entry_change_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
