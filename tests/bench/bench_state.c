/* How fast the state tree is on one core:
 *
 *   bench_state [records [batch]]
 *
 * One line a figure, "name: value". Keys are random, values 96 bytes; an
 * update is an existing key with another value, its share of the batch's root
 * and of the commit included. Memory is taken as the node takes it. Times are
 * of the CPU, so that others on the machine weigh less. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/arena.h"
#include "ledger/base/check.h"
#include "ledger/base/memory.h"
#include "ledger/core/hash.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/state.h"

#define VALUE_LEN 96
#define UPDATES 500000u
#define PROOFS 200000u

static double
now(void)
{
    struct timespec ts;
    MUN_CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint64_t
next(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void
set_key(struct mun_hash *key, uint64_t number)
{
    uint64_t seed = number * 4 + 1;
    for (size_t i = 0; i < 4; i++) {
        uint64_t word = next(&seed);
        memcpy(key->b + 8 * i, &word, sizeof(word));
    }
}

static struct mun_bytes
set_value(uint8_t *value, uint64_t number)
{
    memset(value, 0x5a, VALUE_LEN);
    memcpy(value, &number, sizeof(number));
    return mun_bytes(value, VALUE_LEN);
}

static void
report(const char *what, uint32_t records, double value)
{
    printf("state tree %s at %" PRIu32 " records: %.0f\n", what, records,
           value);
}

/* Returns updates per second. */
static double
bench_updates(struct mun_state *state, uint32_t records, uint32_t batch,
              bool is_announced)
{
    uint64_t seed = 7;
    uint8_t value[VALUE_LEN];
    struct mun_hash *keys = calloc(batch, sizeof(*keys));
    MUN_CHECK(keys != NULL);
    double spent = 0;
    double spent_put = 0;
    double spent_root = 0;
    uint32_t rounds = UPDATES / batch + 1;
    for (uint32_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < batch; i++)
            set_key(&keys[i], next(&seed) % records);
        double start = now();
        mun_overlay_begin(state);
        if (is_announced)
            mun_overlay_announce(state, keys, batch);
        for (uint32_t i = 0; i < batch; i++)
            MUN_CHECK(mun_is_ok(mun_overlay_put(
                state, &keys[i],
                set_value(value, (uint64_t)round * batch + i))));
        double put = now();
        struct mun_hash root;
        mun_overlay_root(state, &root);
        double hashed = now();
        mun_overlay_commit(state);
        double end = now();
        spent += end - start;
        spent_put += put - start;
        spent_root += hashed - put;
    }
    free(keys);
    double updates = (double)rounds * batch;
    report("ns in puts an update", records, spent_put / updates * 1e9);
    report("ns in root an update", records, spent_root / updates * 1e9);
    report("ns in commit an update", records,
           (spent - spent_put - spent_root) / updates * 1e9);
    return updates / spent;
}

static void
bench_proofs(const struct mun_state *state, uint32_t records)
{
    static uint8_t buffer[16384];
    static uint8_t memory[65536];
    struct mun_hash root;
    struct mun_arena arena;
    uint64_t seed = 11;
    size_t bytes = 0;
    double spent_make = 0;
    double spent_open = 0;

    mun_state_root(state, &root);
    mun_arena_init(&arena, memory, sizeof(memory));
    for (uint32_t i = 0; i < PROOFS; i += 1000) {
        for (uint32_t j = 0; j < 1000; j++) {
            struct mun_hash key;
            struct mun_wr wr;
            struct mun_multiproof proof;
            struct mun_bytes value;
            set_key(&key, next(&seed) % records);
            double start = now();
            mun_wr_init(&wr, buffer, sizeof(buffer));
            MUN_CHECK(mun_is_ok(mun_multiproof_make(&wr, state, &key, 1)));
            double made = now();
            mun_arena_reset(&arena, 0);
            MUN_CHECK(mun_is_ok(
                mun_multiproof_open(&proof, &arena, mun_wr_done(&wr), &root)));
            MUN_CHECK(mun_multiproof_get(&proof, &key, &value) == MUN_PRESENT);
            double end = now();
            spent_make += made - start;
            spent_open += end - made;
            bytes += mun_wr_done(&wr).len;
        }
    }
    report("proofs made/s (one key)", records, PROOFS / spent_make);
    report("proofs verified/s (one key)", records, PROOFS / spent_open);
    report("bytes a proof (one key)", records, (double)bytes / PROOFS);
}

int
main(int argc, char **argv)
{
    uint32_t records = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint32_t batch = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    if (records == 0)
        records = 1000000;
    if (batch == 0)
        batch = 1000;

    struct mun_state_config config = {
        .records_max = records + batch,
        .value_bytes_max = (uint64_t)(records + batch) * VALUE_LEN
    };
    size_t size = mun_state_footprint(&config);
    void *memory;
    MUN_CHECK(mun_is_ok(mun_memory_map(&memory, size)));
    struct mun_state *state = mun_state_init(memory, &config);

    uint8_t value[VALUE_LEN];
    struct mun_hash key;
    double start = now();
    for (uint32_t i = 0; i < records; i++) {
        set_key(&key, i);
        MUN_CHECK(mun_is_ok(mun_state_load(state, &key, set_value(value, i))));
    }
    double loaded = now();
    mun_state_load_finish(state);
    double hashed = now();
    report("loads/s (random order)", records, records / (loaded - start));
    report("load and root, ms", records, (hashed - start) * 1e3);

    double announced = bench_updates(state, records, batch, true);
    report("updates/s with keys announced", records, announced);
    double rate = bench_updates(state, records, batch, false);
    bench_proofs(state, records);
    if (records == 1000000)
        printf("state tree updates/s at 1,000,000 records, batch %s: %.0f\n",
               batch == 1000 ? "1,000" : "other", rate);
    else
        report("updates/s", records, rate);
    mun_memory_unmap(memory, size);
    return 0;
}
