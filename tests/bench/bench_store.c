/* What the store costs, beside plain RocksDB in the same run:
 *
 *   bench_store [commitments [records]]
 *
 * Published batches of 1,000, one a block; each block is one synced write
 * batch and one synced write of the high-water file. The rate is that of
 * mun_store_commit alone, which ends when the block is final on the disk:
 * execution is bench_exec's. Plain puts: hash-like keys of 32 bytes with values
 * of 12, 1,000 a synced batch, in a database with the same options for its
 * memory tables, threads and log. */

#include <dirent.h>
#include <inttypes.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/log.h"
#include "ledger/core/record.h"
#include "ledger/store/store_int.h"
#include "tests/support/make_store.h"

#define BATCH 1000u
#define ROUND 1000u /* blocks or batches that alternate with the other side */

static uint64_t seed = 1;

static uint64_t
next(void)
{
    uint64_t x = seed += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void
fill(struct mun_hash *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < 4; j++) {
            uint64_t word = next();

            memcpy(out[i].b + 8 * j, &word, sizeof word);
        }
    }
}

/* Plain puts */

struct plain {
    char path[MUN_TEST_NODE_PATH];
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *write;
    double seconds;
};

static void
plain_open(struct plain *plain, const char *dir)
{
    rocksdb_block_based_table_options_t *table =
        rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(64u << 20);
    char *text = NULL;
    int len = snprintf(plain->path, sizeof plain->path, "%s-plain", dir);

    MUN_CHECK(len > 0 && (size_t)len < sizeof plain->path);
    plain->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(plain->options, 1);
    rocksdb_options_set_max_background_jobs(plain->options, 2);
    rocksdb_options_set_bytes_per_sync(plain->options, 1u << 20);
    rocksdb_options_set_write_buffer_size(plain->options, 64u << 20);
    rocksdb_options_set_max_write_buffer_number(plain->options, 4);
    rocksdb_options_set_compression(plain->options, rocksdb_no_compression);
    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(plain->options, table);
    rocksdb_block_based_options_destroy(table);
    rocksdb_cache_destroy(cache);
    plain->db = rocksdb_open(plain->options, plain->path, &text);
    MUN_CHECK(text == NULL);
    plain->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(plain->write, 1);
    plain->seconds = 0;
}

static void
plain_run(struct plain *plain, uint32_t batches)
{
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    static struct mun_hash keys[BATCH];
    char value[12] = { 0 };

    for (uint32_t i = 0; i < batches; i++) {
        char *text = NULL;
        double began;

        fill(keys, BATCH);
        began = mun_test_seconds();
        for (uint32_t j = 0; j < BATCH; j++) {
            memcpy(value, &j, sizeof j);
            rocksdb_writebatch_put(batch, (const char *)keys[j].b,
                                   sizeof keys[j].b, value, sizeof value);
        }
        rocksdb_write(plain->db, plain->write, batch, &text);
        rocksdb_writebatch_clear(batch);
        plain->seconds += mun_test_seconds() - began;
        MUN_CHECK(text == NULL);
    }
    rocksdb_writebatch_destroy(batch);
}

static void
plain_close(struct plain *plain)
{
    rocksdb_close(plain->db);
    rocksdb_options_destroy(plain->options);
    rocksdb_writeoptions_destroy(plain->write);
    mun_test_remove(plain->path);
}

/* The store */

/* Bytes of the write-ahead log, which the sum of the store has in it. */
static uint64_t
log_bytes(const char *path)
{
    const struct dirent *item;
    DIR *dir = opendir(path);
    uint64_t sum = 0;

    MUN_CHECK(dir != NULL);
    while ((item = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        char file[MUN_TEST_NODE_PATH + 300];
        size_t len = strlen(item->d_name);
        struct stat info;

        if (len < 4 || strcmp(item->d_name + len - 4, ".log") != 0)
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, item->d_name);
        if (stat(file, &info) == 0)
            sum += (uint64_t)info.st_blocks * 512;
    }
    (void)closedir(dir); /* nothing was written through it */
    return sum;
}

static void
store_run(struct mun_test_node *node, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++) {
        size_t mark = mun_arena_mark(&node->arena);
        struct mun_hash *leaves =
            mun_arena_array(&node->arena, BATCH, sizeof *leaves);
        struct mun_entry_checked *checked;

        MUN_CHECK(leaves != NULL);
        fill(leaves, BATCH);
        checked = mun_test_node_anchor(node, leaves, BATCH);
        mun_test_node_block(node, &checked, 1);
        mun_arena_reset(&node->arena, mark);
    }
}

static void
bench_commitments(uint32_t count)
{
    static struct mun_test_node node;
    struct plain plain;
    uint32_t blocks = count / BATCH;
    uint64_t before;
    double store;
    double raw;

    mun_test_node_open(&node, 65536);
    mun_test_node_story(&node);
    plain_open(&plain, node.dir);
    MUN_CHECK(mun_is_ok(mun_test_node_reopen(&node)));
    before = mun_store_disk_bytes(node.store);
    node.commit_seconds = 0;
    for (uint32_t done = 0; done < blocks; done += ROUND) {
        uint32_t round = blocks - done < ROUND ? blocks - done : ROUND;

        plain_run(&plain, round);
        store_run(&node, round);
        printf("# after %u: store %.0f/s, plain %.0f/s\n",
               (done + round) * BATCH,
               (done + round) * BATCH / node.commit_seconds,
               (done + round) * BATCH / plain.seconds);
    }
    store = (double)blocks * BATCH / node.commit_seconds;
    raw = (double)blocks * BATCH / plain.seconds;
    printf("published commitments final, per second: %.0f\n", store);
    printf("plain puts of 32-byte keys, per second: %.0f\n", raw);
    printf("ratio, percent: %.1f\n", 100 * store / raw);
    printf("disk bytes a credential, as written: %.1f\n",
           (double)(mun_store_disk_bytes(node.store) - before) / count);
    mun_store_compact(node.store);
    MUN_CHECK(mun_is_ok(mun_test_node_reopen(&node)));
    printf("disk bytes a credential, after compaction: %.1f\n",
           (double)(mun_store_disk_bytes(node.store) - before) / count);
    before = log_bytes(node.path);
    printf("of them log: %.1f\n", (double)before / count);
    plain_close(&plain);
    mun_test_node_close(&node);
}

/* Start-up: a state of slots of one list, written as a genesis would be. */

static void
put_slot(struct mun_test_node *node, uint32_t index)
{
    struct mun_slot slot = { .since = { 1, MUN_TEST_TIME_MS },
                             .issuer = node->agency,
                             .label = mun_bytes_str("diplomas"),
                             .index = index,
                             .status = MUN_SLOT_REVOKED,
                             .reason = MUN_REASON_ERROR,
                             .key = *mun_test_key(1),
                             .before_status = MUN_SLOT_GOOD };
    uint8_t buffer[256];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_slot_encode(&wr, &slot);
    mun_record_key_slot(&key, &slot.issuer, slot.label, index);
    MUN_CHECK(mun_is_ok(mun_state_load(node->state, &key, mun_wr_done(&wr))));
}

static void
bench_start(uint32_t records)
{
    static struct mun_test_node node;
    double best = 1e9;

    mun_test_node_open(&node, records + 4096);
    for (uint32_t i = 0; i < records; i++)
        put_slot(&node, i);
    mun_state_load_finish(node.state);
    mun_state_root(node.state, &node.chain.header.state_root);
    mun_test_node_close_store(&node);
    mun_test_remove(node.path);
    (void)remove(node.high_water_path);
    MUN_CHECK(mun_is_ok(mun_store_create(&node.config, node.genesis,
                                         &node.chain.header, node.state)));
    for (int i = 0; i < 3; i++) {
        node.open_seconds = -1;
        MUN_CHECK(mun_is_ok(mun_test_node_reopen(&node)));
        MUN_CHECK(node.open_seconds > 0);
        MUN_CHECK(mun_state_count(node.state) >= records);
        printf("# start-up %d: %.3f s\n", i, node.open_seconds);
        if (node.open_seconds < best)
            best = node.open_seconds;
    }
    printf("start-up at %u records, seconds: %.2f\n", records, best);
    mun_test_node_close(&node);
}

int
main(int argc, char **argv)
{
    uint32_t commitments = 4000000;
    uint32_t records = 1000000;

    if (argc > 1)
        commitments = (uint32_t)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        records = (uint32_t)strtoul(argv[2], NULL, 10);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (commitments > 0)
        bench_commitments(commitments);
    if (records > 0)
        bench_start(records);
    return 0;
}
