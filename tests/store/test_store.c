#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/base/limits.h"
#include "ledger/core/record.h"
#include "ledger/store/store_int.h"
#include "tests/support/make_store.h"

#define RECORDS 65536u
#define SEEN_MAX 64

static struct mun_test_node node;
static struct mun_arena arena;

static void
assert_ok(mun_err_t err)
{
    assert_int_equal(err.code, MUN_OK);
}

static void
assert_hash(const struct mun_hash *a, const struct mun_hash *b)
{
    assert_memory_equal(a->b, b->b, sizeof a->b);
}

static int
setup(void **state)
{
    (void)state;
    assert_ok(mun_arena_open(&arena, 64u << 20));
    mun_test_node_open(&node, RECORDS);
    mun_test_node_story(&node);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mun_test_node_close(&node);
    mun_arena_close(&arena);
    return 0;
}

static struct mun_hash *
leaves_of(uint32_t count, unsigned from)
{
    struct mun_hash *leaves = mun_arena_array(&arena, count, sizeof *leaves);

    assert_non_null(leaves);
    for (uint32_t i = 0; i < count; i++)
        leaves[i] = mun_test_hash(from + i);
    return leaves;
}

/* One block with one published batch; gives the log index of its entry. */
static uint64_t
anchor(const struct mun_hash *leaves, uint32_t count)
{
    struct mun_entry_checked *checked =
        mun_test_node_anchor(&node, leaves, count);

    mun_test_node_block(&node, &checked, 1);
    return node.head.log.size - 1;
}

/* Opening */

static void
reopening_gives_the_same_head_and_state(void **state)
{
    struct mun_store_head before;
    struct mun_hash root;

    (void)state;
    (void)anchor(leaves_of(1000, 1), 1000);
    before = node.head;
    assert_ok(mun_test_node_reopen(&node));
    assert_hash(&node.head.header_id, &before.header_id);
    assert_hash(&node.head.certificate.header_id, &before.header_id);
    assert_int_equal(node.head.log.size, before.log.size);
    /* As many peaks as the size has bits; behind them is scratch. */
    assert_memory_equal(node.head.log.peaks, before.log.peaks,
                        (size_t)__builtin_popcountll(before.log.size) *
                            sizeof before.log.peaks[0]);
    mun_state_root(node.state, &root);
    assert_hash(&root, &before.header.state_root);
    /* And goes on from there. */
    (void)anchor(leaves_of(3, 5000), 3);
    assert_ok(mun_test_node_reopen(&node));
    assert_int_equal(node.head.header.height, before.header.height + 1);
}

static void
a_new_database_opens_at_height_0(void **state)
{
    static struct mun_test_node fresh;
    struct mun_certificate certificate;
    struct mun_bytes bytes;

    (void)state;
    mun_test_node_open(&fresh, RECORDS);
    assert_int_equal(fresh.head.header.height, 0);
    assert_int_equal(fresh.head.log.size, 0);
    assert_ok(mun_store_genesis(fresh.store, &arena, &bytes));
    assert_true(mun_bytes_eq(bytes, fresh.genesis));
    assert_ok(mun_store_certificate(fresh.store, 0, &certificate));
    assert_int_equal(certificate.member_count, 0);
    assert_int_equal(mun_store_block(fresh.store, &arena, 0, &bytes).code,
                     MUN_ERR_NOT_FOUND);
    assert_int_equal(mun_store_consensus(fresh.store, &arena, &bytes).code,
                     MUN_ERR_NOT_FOUND);
    mun_test_node_close(&fresh);
}

static void
a_database_is_not_made_twice(void **state)
{
    char other[160];
    struct mun_store_config config = node.config;

    (void)state;
    (void)snprintf(other, sizeof other, "%s/other", node.dir);
    config.high_water_path = other;
    mun_test_node_close_store(&node);
    assert_int_equal(
        mun_store_create(&config, node.genesis, &node.chain.header, node.state)
            .code,
        MUN_ERR_LOCKED);
    assert_int_equal(access(other, F_OK), -1);
    assert_ok(mun_test_node_reopen(&node));
}

static void
what_is_not_there_is_not_found(void **state)
{
    struct mun_store_config config = node.config;
    struct mun_store_head head;
    struct mun_store *store;
    char path[160];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/none", node.dir);
    config.path = path;
    assert_int_equal(mun_store_open(&store, &head, node.state, &config).code,
                     MUN_ERR_NOT_FOUND);
    assert_null(store);
}

/* Another process: this program again. Its exit status is the error. */
static int
open_elsewhere(void)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execl("/proc/self/exe", "store", "open", node.dir, (char *)NULL);
        _exit(255);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int
opener(const char *dir)
{
    mun_err_t err;

    mun_test_node_attach(&node, dir, RECORDS);
    err = mun_test_node_reopen(&node);
    mun_test_node_close_store(&node);
    return mun_is_ok(err) ? 0 : err.code == MUN_ERR_LOCKED ? 1 : 2;
}

static void
another_process_holds_the_lock(void **state)
{
    (void)state;
    assert_int_equal(open_elsewhere(), 1);
    /* Only the lock stood in its way. */
    mun_test_node_close_store(&node);
    assert_int_equal(open_elsewhere(), 0);
}

/* The high-water file and backups */

static void
copy_file(const char *from, const char *to)
{
    static uint8_t bytes[MUN_HIGH_WATER_FILE_BYTES];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    size_t len;

    assert_non_null(in);
    assert_non_null(out);
    len = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(fclose(out), 0);
}

static void
a_lost_high_water_file_is_refused(void **state)
{
    (void)state;
    mun_test_node_close_store(&node);
    assert_int_equal(unlink(node.high_water_path), 0);
    assert_int_equal(mun_test_node_reopen(&node).code, MUN_ERR_HIGH_WATER);
}

static void
an_old_high_water_file_is_refused(void **state)
{
    char kept[160];

    (void)state;
    (void)snprintf(kept, sizeof kept, "%s/kept", node.dir);
    copy_file(node.high_water_path, kept);
    (void)anchor(leaves_of(1, 1), 1);
    /* One behind is what a crash between the two writes leaves. */
    mun_test_node_close_store(&node);
    copy_file(kept, node.high_water_path);
    assert_ok(mun_test_node_reopen(&node));
    (void)anchor(leaves_of(1, 2), 1);
    (void)anchor(leaves_of(1, 3), 1);
    mun_test_node_close_store(&node);
    copy_file(kept, node.high_water_path);
    assert_int_equal(mun_test_node_reopen(&node).code, MUN_ERR_HIGH_WATER);
}

static void
a_lost_high_water_file_is_made_again(void **state)
{
    const struct mun_hash head_id = node.head.header_id;
    struct mun_high_water found;

    (void)state;
    mun_test_node_close_store(&node);
    assert_int_equal(unlink(node.high_water_path), 0);
    assert_ok(mun_test_node_reopen_unmarked(&node));
    assert_hash(&node.head.header_id, &head_id);
    mun_store_mark(node.store, &found);
    assert_int_equal(found.height, node.high_water.height);
    assert_int_equal(found.signed_height, node.high_water.signed_height);
    assert_hash(&found.header_id, &head_id);
    /* Looking is not writing, and nothing else can be written. */
    assert_int_equal(access(node.high_water_path, F_OK), -1);
    assert_int_equal(
        mun_store_put_consensus(node.store, MUN_BYTES_NONE, &found).code,
        MUN_ERR_HIGH_WATER);
    assert_ok(mun_store_accept(node.store, node.high_water_path));
    assert_int_equal(mun_store_accept(node.store, node.high_water_path).code,
                     MUN_ERR_HIGH_WATER);
    assert_ok(mun_test_node_reopen(&node));
    (void)anchor(leaves_of(3, 1), 3);
    assert_ok(mun_test_node_reopen(&node));
}

static void
a_high_water_file_that_is_there_is_never_gone_past(void **state)
{
    char kept[160];
    char path[160];
    int fd;

    (void)state;
    (void)snprintf(kept, sizeof kept, "%s/kept", node.dir);
    (void)snprintf(path, sizeof path, "%s/copy", node.dir);
    assert_ok(mun_store_backup(node.store, path));
    (void)anchor(leaves_of(1, 1), 1);
    /* The right one. */
    assert_int_equal(mun_test_node_reopen_unmarked(&node).code,
                     MUN_ERR_HIGH_WATER);
    /* An old database beside it. */
    node.config.path = path;
    assert_int_equal(mun_test_node_reopen_unmarked(&node).code, MUN_ERR_BEHIND);
    node.config.path = node.path;
    mun_test_remove(path);
    /* No slot of it legible. */
    copy_file(node.high_water_path, kept);
    fd = open(node.high_water_path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(mun_test_node_reopen_unmarked(&node).code,
                     MUN_ERR_HIGH_WATER);
    copy_file(kept, node.high_water_path);
    assert_ok(mun_test_node_reopen(&node));
}

static void
a_backup_opens_and_an_old_one_is_behind(void **state)
{
    struct mun_store_config config = node.config;
    struct mun_store_head head;
    struct mun_store *store;
    char path[160];
    uint64_t height;

    (void)state;
    (void)anchor(leaves_of(600, 1), 600);
    height = node.head.header.height;
    (void)snprintf(path, sizeof path, "%s/copy", node.dir);
    assert_ok(mun_store_backup(node.store, path));
    mun_test_node_close_store(&node);
    config.path = path;
    assert_ok(mun_test_node_reopen(&node));
    (void)anchor(leaves_of(1, 7000), 1);
    mun_test_node_close_store(&node);
    /* With the file of the node that went on. */
    assert_int_equal(mun_store_open(&store, &head, node.state, &config).code,
                     MUN_ERR_BEHIND);
    node.config.path = path;
    assert_int_equal(mun_test_node_reopen(&node).code, MUN_ERR_BEHIND);
    assert_true(height > 0);
    node.config.path = node.path;
    mun_test_remove(path);
}

static void
a_backup_with_the_file_of_its_time_opens(void **state)
{
    char kept[160];
    char path[160];
    struct mun_hash id;

    (void)state;
    (void)anchor(leaves_of(600, 1), 600);
    id = node.head.header_id;
    (void)snprintf(path, sizeof path, "%s/copy", node.dir);
    (void)snprintf(kept, sizeof kept, "%s/kept", node.dir);
    copy_file(node.high_water_path, kept);
    assert_ok(mun_store_backup(node.store, path));
    (void)anchor(leaves_of(1, 7000), 1);
    node.config.path = path;
    node.config.high_water_path = kept;
    assert_ok(mun_test_node_reopen(&node));
    assert_hash(&node.head.header_id, &id);
    mun_test_node_close_store(&node);
    mun_test_remove(path);
}

/* Blocks */

static void
a_block_comes_back_byte_for_byte(void **state)
{
    struct mun_entry_checked *entries[3];
    struct mun_bytes stored;
    struct mun_bytes encoded;
    uint64_t height;

    (void)state;
    entries[0] = mun_test_node_anchor(&node, leaves_of(257, 1), 257);
    entries[1] = mun_test_node_anchor(&node, leaves_of(1, 1000), 1);
    entries[2] = mun_test_node_revoke(&node, 5);
    assert_ok(mun_test_node_try(&node, entries, 3, &encoded));
    height = node.head.header.height;
    assert_ok(mun_store_block(node.store, &arena, height, &stored));
    assert_true(mun_bytes_eq(stored, encoded));
    /* And an empty one, whose previous certificate has a signature. */
    assert_ok(mun_test_node_try(&node, NULL, 0, &encoded));
    assert_ok(mun_test_node_reopen(&node));
    assert_ok(mun_store_block(node.store, &arena, height + 1, &stored));
    assert_true(mun_bytes_eq(stored, encoded));
    assert_int_equal(
        mun_store_block(node.store, &arena, height + 2, &stored).code,
        MUN_ERR_NOT_FOUND);
}

static void
a_height_is_found_by_time(void **state)
{
    uint64_t height;

    (void)state;
    (void)anchor(leaves_of(1, 1), 1);
    assert_int_equal(
        mun_store_height_at(node.store, MUN_TEST_TIME_MS - 1, &height).code,
        MUN_ERR_NOT_FOUND);
    for (uint64_t i = 0; i <= node.head.header.height; i++) {
        struct mun_header header;

        assert_ok(mun_store_header(node.store, i, &header));
        assert_ok(mun_store_height_at(node.store, header.time_ms, &height));
        assert_int_equal(height, i);
        assert_ok(
            mun_store_height_at(node.store, header.time_ms + 999, &height));
        assert_int_equal(height, i);
    }
    assert_ok(mun_store_height_at(node.store, UINT64_MAX, &height));
    assert_int_equal(height, node.head.header.height);
}

static void
the_consensus_record_is_the_newest(void **state)
{
    struct mun_bytes bytes;

    (void)state;
    assert_ok(mun_store_put_consensus(node.store, mun_bytes("vote", 4),
                                      &node.high_water));
    assert_ok(mun_test_node_reopen(&node));
    assert_ok(mun_store_consensus(node.store, &arena, &bytes));
    assert_true(mun_bytes_eq(bytes, mun_bytes("vote", 4)));
}

/* Entries, log */

static void
entries_are_found_by_id(void **state)
{
    struct mun_entry_checked *checked =
        mun_test_node_anchor(&node, leaves_of(3, 1), 3);
    struct mun_hash absent = mun_test_hash(99);
    struct mun_stored_entry entry;
    struct mun_place place;

    (void)state;
    mun_test_node_block(&node, &checked, 1);
    assert_ok(mun_store_find_entry(node.store, &checked->entry.id, &place));
    assert_int_equal(place.height, node.head.header.height);
    assert_int_equal(place.log_index, node.head.log.size - 1);
    assert_ok(mun_store_entry(node.store, &arena, place.log_index, &entry));
    assert_true(mun_bytes_eq(entry.entry, checked->entry.bytes));
    assert_int_equal(entry.leaf_count, 3);
    assert_hash(&entry.leaf.subject, &checked->hash);
    assert_ok(mun_store_entry(node.store, &arena, place.log_index - 1, &entry));
    assert_int_equal(entry.leaf.type, MUN_LOG_HEADER);
    assert_int_equal(entry.entry.len, 0);
    assert_int_equal(mun_store_find_entry(node.store, &absent, &place).code,
                     MUN_ERR_NOT_FOUND);
}

static void
assert_in_log(const struct mun_merkle_reader *reader, uint64_t index)
{
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    size_t mark = mun_arena_mark(&arena);
    struct mun_stored_entry entry;
    struct mun_hash leaf;
    size_t len;

    assert_ok(mun_store_entry(node.store, &arena, index, &entry));
    mun_log_leaf_hash(&leaf, &entry.leaf);
    assert_ok(mun_merkle_make_inclusion(path, &len, reader, index,
                                        node.head.log.size));
    assert_ok(mun_merkle_verify_inclusion(&leaf, index, node.head.log.size,
                                          path, len,
                                          &node.head.header.log_root));
    mun_arena_reset(&arena, mark);
}

/* More tiles than are kept, and a log that grows in between. */
static void
log_proofs_jump_between_many_tiles(void **state)
{
    static struct mun_entry_checked *checked[1200];
    const struct mun_hash *leaves = leaves_of(2400, 1);

    (void)state;
    for (size_t block = 0; block < 2; block++) {
        struct mun_merkle_reader reader;

        for (size_t i = 0; i < 1200; i++)
            checked[i] =
                mun_test_node_anchor(&node, leaves + block * 1200 + i, 1);
        mun_test_node_block(&node, checked, 1200);
        reader = mun_store_log_reader(node.store);
        for (uint64_t i = 0; i < 600; i++)
            assert_in_log(&reader, i * 1009 % node.head.log.size);
    }
    assert_true(node.head.log.size > (uint64_t)9 * 256);
}

static void
log_proofs_come_from_tiles(void **state)
{
    struct mun_merkle_reader reader;
    struct mun_hash tile[256];

    (void)state;
    /* Two leaves a block: past the first full tile. */
    for (unsigned i = 0; i < 140; i++)
        (void)anchor(leaves_of(1, 1 + i), 1);
    assert_true(node.head.log.size > 256);
    assert_ok(mun_test_node_reopen(&node));
    reader = mun_store_log_reader(node.store);
    for (uint64_t i = 0; i < node.head.log.size; i++)
        assert_in_log(&reader, i);
    assert_ok(mun_store_tile(node.store, tile, 0, 0, 256));
    assert_ok(mun_store_tile(node.store, tile, 1, 0, 1));
    assert_int_equal(mun_store_tile(node.store, tile, 1, 0, 2).code,
                     MUN_ERR_NOT_FOUND);
    assert_int_equal(mun_store_tile(node.store, tile, 0, 9, 1).code,
                     MUN_ERR_NOT_FOUND);
}

/* Commitments */

static void
batch_paths_are_those_of_the_whole_tree(void **state)
{
    static const uint32_t sizes[] = { 1, 2, 255, 256, 257, 1000, 16384 };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct mun_hash *leaves = leaves_of(sizes[i], (unsigned)i * 20000 + 1);
        uint64_t log_index = anchor(leaves, sizes[i]);
        uint32_t step = sizes[i] > 2000 ? 97 : 1;

        for (uint32_t at = 0; at < sizes[i]; at += step) {
            struct mun_hash expected[MUN_MERKLE_PATH_MAX];
            struct mun_hash path[MUN_MERKLE_PATH_MAX];
            struct mun_hash leaf;
            size_t expected_len;
            size_t len;

            mun_merkle_path32(expected, &expected_len, leaves, sizes[i], at);
            assert_ok(mun_store_batch_path(node.store, path, &len, &leaf,
                                           log_index, at));
            assert_int_equal(len, expected_len);
            assert_memory_equal(path, expected, len * sizeof *path);
            assert_hash(&leaf, &leaves[at]);
        }
    }
}

static void
paths_outside_a_batch_are_not_found(void **state)
{
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    uint64_t log_index = anchor(leaves_of(257, 1), 257);
    struct mun_hash leaf;
    size_t len;

    (void)state;
    assert_int_equal(
        mun_store_batch_path(node.store, path, &len, &leaf, log_index, 257)
            .code,
        MUN_ERR_NOT_FOUND);
    assert_int_equal(
        mun_store_batch_path(node.store, path, &len, &leaf, log_index - 1, 0)
            .code,
        MUN_ERR_NOT_FOUND);
}

static void
commitments_with_the_same_prefix_are_told_apart(void **state)
{
    struct mun_hash *first = leaves_of(300, 1);
    struct mun_hash *second = leaves_of(2, 5000);
    struct mun_commitment_place places[4];
    struct mun_hash absent;
    uint64_t at[2];
    size_t count;

    (void)state;
    memcpy(first[299].b, first[0].b, 8);
    memcpy(second[1].b, first[0].b, 8);
    absent = first[0];
    absent.b[31] ^= 1;
    at[0] = anchor(first, 300);
    at[1] = anchor(second, 2);
    assert_ok(
        mun_store_find_commitment(node.store, places, 4, &count, &first[299]));
    assert_int_equal(count, 1);
    assert_int_equal(places[0].log_index, at[0]);
    assert_int_equal(places[0].position, 299);
    assert_ok(
        mun_store_find_commitment(node.store, places, 4, &count, &second[1]));
    assert_int_equal(count, 1);
    assert_int_equal(places[0].log_index, at[1]);
    assert_int_equal(
        mun_store_find_commitment(node.store, places, 4, &count, &absent).code,
        MUN_ERR_NOT_FOUND);
    assert_int_equal(count, 0);
}

static void
a_commitment_anchored_twice_is_found_twice(void **state)
{
    struct mun_hash *first = leaves_of(3, 1);
    struct mun_hash *second = leaves_of(4, 1);
    struct mun_commitment_place places[4];
    uint64_t at[2];
    size_t count;

    (void)state;
    at[0] = anchor(first, 3);
    at[1] = anchor(second, 4);
    assert_ok(mun_test_node_reopen(&node));
    assert_ok(
        mun_store_find_commitment(node.store, places, 4, &count, &first[2]));
    assert_int_equal(count, 2);
    assert_int_equal(places[0].log_index, at[0]);
    assert_int_equal(places[1].log_index, at[1]);
    assert_ok(
        mun_store_find_commitment(node.store, places, 1, &count, &first[2]));
    assert_int_equal(count, 1);
}

/* One that looks for an old commitment again and again, so that walks are out
 * whenever a block is written. */
struct finder {
    pthread_t thread;
    const struct mun_hash *old;
    atomic_bool *is_over;
    atomic_uint *lookups;
    bool failed;
};

static void *
find_old(void *arg)
{
    struct finder *finder = arg;

    while (!atomic_load(finder->is_over)) {
        struct mun_commitment_place place;
        size_t count;
        mun_err_t err = mun_store_find_commitment(node.store, &place, 1, &count,
                                                  finder->old);

        if (!mun_is_ok(err) || count != 1)
            finder->failed = true;
        atomic_fetch_add(finder->lookups, 1);
    }
    return NULL;
}

#define FINDERS 3

static void
a_commitment_is_found_as_soon_as_it_is_written(void **state)
{
    struct mun_hash *old = leaves_of(1, 1);
    struct finder finders[FINDERS];
    atomic_bool is_over = false;
    atomic_uint lookups = 0;

    (void)state;
    (void)anchor(old, 1);
    for (int i = 0; i < FINDERS; i++) {
        finders[i] = (struct finder){ .old = old,
                                      .is_over = &is_over,
                                      .lookups = &lookups };
        assert_int_equal(
            pthread_create(&finders[i].thread, NULL, find_old, &finders[i]), 0);
    }
    for (unsigned i = 0; i < 50; i++) {
        struct mun_hash *leaves = leaves_of(2, 1000 + 2 * i);
        unsigned before = atomic_load(&lookups);
        struct mun_commitment_place place;
        uint64_t log_index;
        size_t count;

        while (atomic_load(&lookups) == before)
            ;
        assert_int_equal(
            mun_store_find_commitment(node.store, &place, 1, &count, &leaves[1])
                .code,
            MUN_ERR_NOT_FOUND);
        log_index = anchor(leaves, 2);
        assert_ok(mun_store_find_commitment(node.store, &place, 1, &count,
                                            &leaves[1]));
        assert_int_equal(place.log_index, log_index);
        assert_int_equal(place.position, 1);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < FINDERS; i++) {
        assert_int_equal(pthread_join(finders[i].thread, NULL), 0);
        assert_false(finders[i].failed);
    }
}

/* Lists */

struct seen {
    uint64_t index[SEEN_MAX];
    uint8_t natural[SEEN_MAX][80];
    size_t natural_len[SEEN_MAX];
    uint32_t count;
};

static mun_err_t
see_index(void *ctx, uint64_t log_index)
{
    struct seen *seen = ctx;

    assert_true(seen->count < SEEN_MAX);
    seen->index[seen->count++] = log_index;
    return MUN_SUCCESS;
}

static mun_err_t
see_record(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct seen *seen = ctx;

    assert_true(seen->count < SEEN_MAX && natural.len <= 80);
    assert_true(value.len > 18);
    memcpy(seen->natural[seen->count], natural.data, natural.len);
    seen->natural_len[seen->count++] = natural.len;
    return MUN_SUCCESS;
}

static mun_err_t
see_none(void *ctx, uint64_t log_index)
{
    (void)ctx;
    (void)log_index;
    return mun_err(MUN_ERR_LIMIT);
}

static void
histories_are_paged_in_order(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_NODE_ISSUER);
    struct mun_history_query query = { .of = MUN_HISTORY_PARTY,
                                       .name = mun_bytes(issuer.b, 32),
                                       .limit = 4 };
    struct seen all = { .count = 0 };
    struct seen paged = { .count = 0 };
    bool more = true;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        (void)anchor(leaves_of(1, 1 + i), 1);
    query.limit = SEEN_MAX;
    assert_ok(mun_store_history(node.store, &query, see_index, &all, &more));
    assert_false(more);
    /* Registered, accredited, programme, ten anchors. */
    assert_int_equal(all.count, 13);
    query.limit = 4;
    for (more = true; more; query.from = paged.index[paged.count - 1] + 1)
        assert_ok(
            mun_store_history(node.store, &query, see_index, &paged, &more));
    assert_int_equal(paged.count, all.count);
    assert_memory_equal(paged.index, all.index, sizeof all.index);
    assert_int_equal(
        mun_store_history(node.store, &query, see_none, NULL, &more).code,
        MUN_OK); /* nothing is left to see */
    query.from = 0;
    assert_int_equal(
        mun_store_history(node.store, &query, see_none, NULL, &more).code,
        MUN_ERR_LIMIT);
}

static void
histories_of_lists_and_programmes_are_their_own(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_NODE_ISSUER);
    struct mun_bytes label = mun_test_node_label(&node);
    struct mun_history_query query = { .of = MUN_HISTORY_PROGRAMME,
                                       .name = mun_bytes(node.programme.b, 32),
                                       .limit = SEEN_MAX };
    struct mun_entry_checked *revoke;
    struct seen seen = { .count = 0 };
    uint8_t name[32 + 32];
    bool more;

    (void)state;
    (void)anchor(leaves_of(3, 1), 3);
    revoke = mun_test_node_revoke(&node, 1);
    mun_test_node_block(&node, &revoke, 1);
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 2); /* registered, one anchor */
    memcpy(name, issuer.b, 32);
    memcpy(name + 32, label.data, label.len);
    query.of = MUN_HISTORY_LIST;
    query.name = mun_bytes(name, 32 + label.len);
    seen.count = 0;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 2); /* anchor, change */
    /* A label that is the beginning of another has its own history. */
    query.name.len--;
    seen.count = 0;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 0);
}

/* Two entries of one list and one in between, all in one block, are in one row
 * each of party, programme and list. */
static void
entries_of_one_block_are_each_in_its_histories(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_NODE_ISSUER);
    struct mun_history_query query = { .of = MUN_HISTORY_PROGRAMME,
                                       .name = mun_bytes(node.programme.b, 32),
                                       .limit = SEEN_MAX };
    struct mun_entry_checked *entries[3];
    struct seen seen = { .count = 0 };
    uint64_t first;
    bool more;

    (void)state;
    (void)anchor(leaves_of(3, 1), 3);
    entries[0] = mun_test_node_anchor(&node, leaves_of(1, 10), 1);
    entries[1] = mun_test_node_revoke(&node, 1);
    entries[2] = mun_test_node_anchor(&node, leaves_of(1, 20), 1);
    mun_test_node_block(&node, entries, 3);
    first = node.head.log.size - 3;
    query.from = first;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.index[0], first);
    assert_int_equal(seen.index[1], first + 2);
    query.of = MUN_HISTORY_PARTY;
    query.name = mun_bytes(issuer.b, 32);
    seen.count = 0;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 3);
    /* From the middle of a row, and no further than asked. */
    query.from = first + 1;
    query.limit = 1;
    seen.count = 0;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.index[0], first + 1);
    assert_true(more);
    query.from = first + 2;
    seen.count = 0;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 1);
    assert_false(more);
    query.from = first + 3;
    seen.count = 0;
    assert_ok(mun_store_history(node.store, &query, see_index, &seen, &more));
    assert_int_equal(seen.count, 0);
}

static void
batches_are_paged_in_order_of_anchoring(void **state)
{
    struct mun_register_query query = { .type = MUN_RECORD_BATCH,
                                        .limit = SEEN_MAX };
    struct mun_hash nothing[2] = { mun_test_hash(1), mun_test_hash(2) };
    struct seen all = { .count = 0 };
    struct seen paged = { .count = 0 };
    bool more = true;

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        (void)anchor(leaves_of(1, 1 + i), 1);
    assert_ok(mun_store_register(node.store, &query, see_record, &all, &more));
    assert_int_equal(all.count, 9);
    assert_false(more);
    query.limit = 3;
    while (more || paged.count == 0) {
        assert_ok(
            mun_store_register(node.store, &query, see_record, &paged, &more));
        query.after = mun_bytes(paged.natural[paged.count - 1],
                                paged.natural_len[paged.count - 1]);
    }
    assert_int_equal(paged.count, 9);
    assert_memory_equal(paged.natural, all.natural, sizeof all.natural);
    for (size_t i = 0; i < 9; i++) {
        struct mun_hash root;

        mun_merkle_root32(&root, leaves_of(1, 1 + (unsigned)i), 1);
        assert_memory_equal(all.natural[i] + 32, root.b, 32);
    }
    query.after = mun_bytes(nothing, sizeof nothing);
    assert_int_equal(
        mun_store_register(node.store, &query, see_record, &paged, &more).code,
        MUN_ERR_NOT_FOUND);
}

static void
registers_are_paged_in_order(void **state)
{
    struct mun_register_query query = { .type = MUN_RECORD_SLOT,
                                        .limit = SEEN_MAX };
    struct seen all = { .count = 0 };
    struct seen paged = { .count = 0 };
    bool more = true;

    (void)state;
    (void)anchor(leaves_of(9, 1), 9);
    for (unsigned i = 0; i < 9; i++) {
        struct mun_entry_checked *revoke = mun_test_node_revoke(&node, 8 - i);

        mun_test_node_block(&node, &revoke, 1);
    }
    assert_ok(mun_store_register(node.store, &query, see_record, &all, &more));
    assert_int_equal(all.count, 9);
    assert_false(more);
    for (unsigned i = 0; i < 9; i++)
        assert_int_equal(all.natural[i][all.natural_len[i] - 1], i);
    query.limit = 3;
    while (more || paged.count == 0) {
        assert_ok(
            mun_store_register(node.store, &query, see_record, &paged, &more));
        query.after = mun_bytes(paged.natural[paged.count - 1],
                                paged.natural_len[paged.count - 1]);
    }
    assert_int_equal(paged.count, 9);
    assert_memory_equal(paged.natural, all.natural, sizeof all.natural);
    /* A prefix narrows. */
    query =
        (struct mun_register_query){ .type = MUN_RECORD_SLOT,
                                     .prefix = mun_bytes(all.natural[4],
                                                         all.natural_len[4]),
                                     .limit = SEEN_MAX };
    paged.count = 0;
    assert_ok(
        mun_store_register(node.store, &query, see_record, &paged, &more));
    assert_int_equal(paged.count, 1);
}

static void
what_a_party_owns_is_listed(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_NODE_ISSUER);
    struct seen seen = { .count = 0 };

    (void)state;
    assert_ok(mun_store_owned(node.store, MUN_OWNED_KEYS, &issuer, see_record,
                              &seen));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.natural_len[0], MUN_KEY_BYTES);
    seen.count = 0;
    assert_ok(mun_store_owned(node.store, MUN_OWNED_ACCREDITATIONS, &issuer,
                              see_record, &seen));
    assert_int_equal(seen.count, 1);
    assert_memory_equal(seen.natural[0], node.grant.b, 32);
    seen.count = 0;
    assert_ok(mun_store_owned(node.store, MUN_OWNED_PROGRAMMES, &issuer,
                              see_record, &seen));
    assert_int_equal(seen.count, 1);
    assert_memory_equal(seen.natural[0], node.programme.b, 32);
    seen.count = 0;
    assert_ok(mun_store_owned(node.store, MUN_OWNED_PROGRAMMES, &node.agency,
                              see_record, &seen));
    assert_int_equal(seen.count, 0);
}

/* Damage: values changed behind the store's back, under RocksDB's own
 * checksums. */

struct raw {
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_column_family_handle_t *families[MUN_FAMILY_COUNT];
};

static void
raw_open(struct raw *raw)
{
    const char *names[MUN_FAMILY_COUNT];
    const rocksdb_options_t *each[MUN_FAMILY_COUNT];
    char *text = NULL;

    raw->options = rocksdb_options_create();
    for (int i = 0; i < MUN_FAMILY_COUNT; i++) {
        names[i] = i == MUN_FAMILY_META ? "default"
                                        : mun_family_text((enum mun_family)i);
        each[i] = raw->options;
    }
    raw->db =
        rocksdb_open_column_families(raw->options, node.path, MUN_FAMILY_COUNT,
                                     names, each, raw->families, &text);
    assert_null(text);
}

static void
raw_close(struct raw *raw)
{
    for (int i = 0; i < MUN_FAMILY_COUNT; i++)
        rocksdb_column_family_handle_destroy(raw->families[i]);
    rocksdb_close(raw->db);
    rocksdb_options_destroy(raw->options);
}

struct row {
    enum mun_family family;
    char key[MUN_STORE_KEY_MAX];
    size_t key_len;
    char *value; /* in the arena */
    size_t len;
};

static void
raw_put(struct raw *raw, const struct row *row)
{
    rocksdb_writeoptions_t *options = rocksdb_writeoptions_create();
    char *text = NULL;

    rocksdb_put_cf(raw->db, options, raw->families[row->family], row->key,
                   row->key_len, row->value, row->len, &text);
    rocksdb_writeoptions_destroy(options);
    assert_null(text);
}

/* Every row that has a value. */
static size_t
raw_rows(struct raw *raw, struct row *rows, size_t max)
{
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    size_t count = 0;

    for (int i = 0; i < MUN_FAMILY_COUNT; i++) {
        rocksdb_iterator_t *it =
            rocksdb_create_iterator_cf(raw->db, options, raw->families[i]);

        for (rocksdb_iter_seek_to_first(it); rocksdb_iter_valid(it);
             rocksdb_iter_next(it)) {
            struct row *row = &rows[count];
            size_t len;
            const char *value = rocksdb_iter_value(it, &len);
            const char *key;

            if (len == 0)
                continue;
            assert_true(count < max);
            row->family = (enum mun_family)i;
            row->len = len;
            row->value = mun_arena_alloc(&arena, len);
            assert_non_null(row->value);
            memcpy(row->value, value, len);
            key = rocksdb_iter_key(it, &row->key_len);
            assert_true(row->key_len <= sizeof row->key);
            memcpy(row->key, key, row->key_len);
            count++;
        }
        rocksdb_iter_destroy(it);
    }
    rocksdb_readoptions_destroy(options);
    return count;
}

static void
note(mun_err_t err, bool *is_seen)
{
    if (err.code == MUN_ERR_CORRUPT || err.code == MUN_ERR_ROOT)
        *is_seen = true;
}

static mun_err_t
skip_record(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    (void)ctx;
    (void)natural;
    (void)value;
    return MUN_SUCCESS;
}

static mun_err_t
skip_index(void *ctx, uint64_t log_index)
{
    (void)ctx;
    (void)log_index;
    return MUN_SUCCESS;
}

static void
read_histories(bool *is_seen)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_NODE_ISSUER);
    struct mun_bytes label = mun_test_node_label(&node);
    uint8_t list[32 + 32];
    struct mun_history_query queries[] = {
        { mun_bytes(issuer.b, 32), 0, 1000, MUN_HISTORY_PARTY },
        { mun_bytes(node.agency.b, 32), 0, 1000, MUN_HISTORY_PARTY },
        { mun_bytes(node.programme.b, 32), 0, 1000, MUN_HISTORY_PROGRAMME },
        { mun_bytes(list, 32 + label.len), 0, 1000, MUN_HISTORY_LIST },
    };
    bool more;

    memcpy(list, issuer.b, 32);
    memcpy(list + 32, label.data, label.len);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        note(
            mun_store_history(node.store, &queries[i], skip_index, NULL, &more),
            is_seen);
}

/* Opens, and reads everything there is to read. */
static bool
damage_is_seen(const struct mun_hash *id, uint64_t log_index)
{
    size_t mark = mun_arena_mark(&arena);
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    struct mun_stored_entry entry;
    struct mun_bytes bytes;
    struct mun_hash tile[1];
    struct mun_place place;
    struct mun_hash leaf;
    bool is_seen = false;
    uint64_t height;
    size_t len;

    note(mun_test_node_reopen(&node), &is_seen);
    if (is_seen)
        return true;
    assert_non_null(node.store);
    note(mun_store_genesis(node.store, &arena, &bytes), &is_seen);
    note(mun_store_consensus(node.store, &arena, &bytes), &is_seen);
    for (uint64_t i = 0; i <= node.head.header.height; i++) {
        note(mun_store_height_at(node.store, MUN_TEST_TIME_MS + 1000 * i,
                                 &height),
             &is_seen);
        note(mun_store_block(node.store, &arena, i, &bytes), &is_seen);
        note(mun_store_header(node.store, i, &(struct mun_header){ 0 }),
             &is_seen);
    }
    for (uint64_t i = 0; i < node.head.log.size; i++) {
        note(mun_store_entry(node.store, &arena, i, &entry), &is_seen);
        if (entry.entry.len > 0) {
            struct mun_hash own;
            struct mun_entry decoded;

            assert_int_equal(mun_entry_decode(&decoded, entry.entry), 0);
            own = decoded.id;
            note(mun_store_find_entry(node.store, &own, &place), &is_seen);
        }
    }
    note(mun_store_find_entry(node.store, id, &place), &is_seen);
    note(mun_store_tile(node.store, tile, 0, 0, 1), &is_seen);
    for (uint32_t i = 0; i < 300; i += 299)
        note(mun_store_batch_path(node.store, path, &len, &leaf, log_index, i),
             &is_seen);
    for (int i = MUN_RECORD_PARTY; i <= MUN_RECORD_BATCH; i++) {
        struct mun_register_query query = { .type = (enum mun_record_type)i,
                                            .limit = 1000 };
        bool more;

        note(mun_store_register(node.store, &query, skip_record, NULL, &more),
             &is_seen);
    }
    read_histories(&is_seen);
    mun_arena_reset(&arena, mark);
    return is_seen;
}

static void
a_flipped_bit_in_any_value_is_seen(void **state)
{
    static struct row rows[256];
    struct mun_entry_checked *checked =
        mun_test_node_anchor(&node, leaves_of(300, 1), 300);
    struct mun_hash id = checked->entry.id;
    uint64_t log_index;
    struct raw raw;
    size_t count;

    (void)state;
    mun_test_node_block(&node, &checked, 1);
    log_index = node.head.log.size - 1;
    checked = mun_test_node_revoke(&node, 1);
    mun_test_node_block(&node, &checked, 1);
    mun_test_node_close_store(&node);
    raw_open(&raw);
    count = raw_rows(&raw, rows, 256);
    raw_close(&raw);
    assert_true(count > 30);
    assert_false(damage_is_seen(&id, log_index));
    for (size_t i = 0; i < count; i++) {
        size_t at = (i * 7919 + 13) % rows[i].len;
        uint8_t bit = (uint8_t)(1u << i % 8);

        mun_test_node_close_store(&node);
        raw_open(&raw);
        rows[i].value[at] = (char)((uint8_t)rows[i].value[at] ^ bit);
        raw_put(&raw, &rows[i]);
        raw_close(&raw);
        if (!damage_is_seen(&id, log_index))
            fail_msg("family %s, row %zu, byte %zu",
                     mun_family_text(rows[i].family), i, at);
        mun_test_node_close_store(&node);
        raw_open(&raw);
        rows[i].value[at] = (char)((uint8_t)rows[i].value[at] ^ bit);
        raw_put(&raw, &rows[i]);
        raw_close(&raw);
    }
    assert_false(damage_is_seen(&id, log_index));
}

/* The last byte of the first leaf: not one by which a commitment is looked up.
 */
static void
damage_first_leaf(uint64_t log_index)
{
    static struct row rows[256];
    struct mun_store_key key;
    struct raw raw;
    size_t count;
    bool is_done = false;

    mun_key_leaves(&key, log_index, 0);
    mun_test_node_close_store(&node);
    raw_open(&raw);
    count = raw_rows(&raw, rows, 256);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].family != MUN_FAMILY_LEAVES ||
            !mun_bytes_eq(mun_bytes(rows[i].key, rows[i].key_len),
                          mun_store_key_bytes(&key)))
            continue;
        rows[i].value[31] = (char)((uint8_t)rows[i].value[31] ^ 1);
        raw_put(&raw, &rows[i]);
        is_done = true;
    }
    raw_close(&raw);
    assert_true(is_done);
    assert_ok(mun_test_node_reopen(&node));
}

static void
a_damaged_leaf_is_seen_by_who_asks_for_it_or_for_a_path(void **state)
{
    struct mun_hash *leaves = leaves_of(300, 1);
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    struct mun_commitment_place place;
    struct mun_hash leaf;
    uint64_t log_index;
    size_t count;
    size_t len;

    (void)state;
    log_index = anchor(leaves, 300);
    damage_first_leaf(log_index);
    assert_int_equal(
        mun_store_find_commitment(node.store, &place, 1, &count, &leaves[0])
            .code,
        MUN_ERR_CORRUPT);
    assert_int_equal(count, 0);
    assert_ok(
        mun_store_find_commitment(node.store, &place, 1, &count, &leaves[1]));
    assert_int_equal(place.position, 1);
    assert_int_equal(
        mun_store_batch_path(node.store, path, &len, &leaf, log_index, 1).code,
        MUN_ERR_CORRUPT);
    assert_ok(
        mun_store_batch_path(node.store, path, &len, &leaf, log_index, 299));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(reopening_gives_the_same_head_and_state),
        TEST(a_new_database_opens_at_height_0),
        TEST(a_database_is_not_made_twice),
        TEST(what_is_not_there_is_not_found),
        TEST(another_process_holds_the_lock),
        TEST(a_lost_high_water_file_is_refused),
        TEST(a_lost_high_water_file_is_made_again),
        TEST(a_high_water_file_that_is_there_is_never_gone_past),
        TEST(an_old_high_water_file_is_refused),
        TEST(a_backup_opens_and_an_old_one_is_behind),
        TEST(a_backup_with_the_file_of_its_time_opens),
        TEST(a_block_comes_back_byte_for_byte),
        TEST(a_height_is_found_by_time),
        TEST(the_consensus_record_is_the_newest),
        TEST(entries_are_found_by_id),
        TEST(log_proofs_come_from_tiles),
        TEST(log_proofs_jump_between_many_tiles),
        TEST(batch_paths_are_those_of_the_whole_tree),
        TEST(paths_outside_a_batch_are_not_found),
        TEST(commitments_with_the_same_prefix_are_told_apart),
        TEST(a_commitment_anchored_twice_is_found_twice),
        TEST(a_commitment_is_found_as_soon_as_it_is_written),
        TEST(histories_are_paged_in_order),
        TEST(histories_of_lists_and_programmes_are_their_own),
        TEST(entries_of_one_block_are_each_in_its_histories),
        TEST(batches_are_paged_in_order_of_anchoring),
        TEST(registers_are_paged_in_order),
        TEST(what_a_party_owns_is_listed),
        TEST(a_flipped_bit_in_any_value_is_seen),
        TEST(a_damaged_leaf_is_seen_by_who_asks_for_it_or_for_a_path),
    };

    if (argc == 3 && strcmp(argv[1], "open") == 0)
        return opener(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
