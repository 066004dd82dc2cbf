#include "tests/support/limits.h"

#include <nettle/sha2.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <secp256k1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "tests/support/bench_node.h"
#include "tests/support/make_entry.h"
#include "tests/support/make_store.h"

#define THREADS_MAX 8u
#define SAMPLES 64u
#define BATCH 1000u
#define VALUE_LEN 12u

void
mun_limit_fill(struct mun_hash *out, size_t count)
{
    static uint64_t seed = 1;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < 4; j++) {
            uint64_t x = seed += 0x9e3779b97f4a7c15u;

            x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
            x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
            x ^= x >> 31;
            memcpy(out[i].b + 8 * j, &x, sizeof x);
        }
    }
}

struct take {
    double seconds;
    double cpu;
};

static struct take
begin(void)
{
    return (struct take){ mun_bench_seconds(), mun_bench_cpu_own() };
}

static struct mun_limit
end(const struct take *take, uint64_t count)
{
    double n = (double)count;

    return (struct mun_limit){
        .per_second = n / (mun_bench_seconds() - take->seconds),
        .cpu_us = (mun_bench_cpu_own() - take->cpu) * 1e6 / n,
    };
}

struct mun_limit
mun_limit_mean(struct mun_limit a, struct mun_limit b)
{
    return (struct mun_limit){ (a.per_second + b.per_second) / 2,
                               (a.cpu_us + b.cpu_us) / 2 };
}

/* Signatures */

struct sample {
    uint8_t key[33];
    uint8_t sig[64];
    uint8_t digest[32];
};

struct verifier {
    pthread_t thread;
    const struct sample *samples;
    double until;
    uint64_t count;
};

static void
make_samples(struct sample *out)
{
    for (unsigned i = 0; i < SAMPLES; i++) {
        struct mun_hash digest = mun_test_hash(i);
        struct mun_sig sig;

        mun_signer_sign(mun_test_signer(1 + i % 8), &sig, &digest);
        memcpy(out[i].key, mun_test_key(1 + i % 8)->b + 1, sizeof out[i].key);
        memcpy(out[i].sig, sig.b + 1, sizeof out[i].sig);
        memcpy(out[i].digest, digest.b, sizeof out[i].digest);
    }
}

static void
verify_one(const secp256k1_context *context, const struct sample *sample)
{
    secp256k1_ecdsa_signature sig;
    secp256k1_pubkey key;

    MUN_CHECK(secp256k1_ec_pubkey_parse(context, &key, sample->key,
                                        sizeof sample->key) == 1);
    MUN_CHECK(secp256k1_ecdsa_signature_parse_compact(context, &sig,
                                                      sample->sig) == 1);
    MUN_CHECK(secp256k1_ecdsa_verify(context, &sig, sample->digest, &key) == 1);
}

static void *
verify_loop(void *arg)
{
    struct verifier *verifier = arg;

    while (mun_bench_seconds() < verifier->until) {
        for (unsigned i = 0; i < SAMPLES; i++)
            verify_one(secp256k1_context_static, &verifier->samples[i]);
        verifier->count += SAMPLES;
    }
    return NULL;
}

struct mun_limit
mun_limit_verify(unsigned threads, double seconds)
{
    static struct sample samples[SAMPLES];
    struct verifier verifiers[THREADS_MAX];
    uint64_t count = 0;
    struct take take;

    MUN_CHECK(threads <= THREADS_MAX);
    make_samples(samples);
    take = begin();
    for (unsigned i = 0; i < threads; i++) {
        verifiers[i] = (struct verifier){ .samples = samples,
                                          .until = take.seconds + seconds };
        MUN_CHECK(pthread_create(&verifiers[i].thread, NULL, verify_loop,
                                 &verifiers[i]) == 0);
    }
    for (unsigned i = 0; i < threads; i++) {
        MUN_CHECK(pthread_join(verifiers[i].thread, NULL) == 0);
        count += verifiers[i].count;
    }
    return end(&take, count);
}

/* Hashes */

struct mun_limit
mun_limit_sha64(double seconds)
{
    uint8_t data[64] = { 1 };
    struct take take = begin();
    uint64_t count = 0;

    while (mun_bench_seconds() - take.seconds < seconds) {
        for (unsigned i = 0; i < 10000; i++) {
            struct sha256_ctx context;

            sha256_init(&context);
            sha256_update(&context, sizeof data, data);
            sha256_digest(&context, SHA256_DIGEST_SIZE, data);
        }
        count += 10000;
    }
    return end(&take, count);
}

/* Puts */

struct mun_limit_puts {
    char path[MUN_BENCH_PATH];
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *write;
};

static void
set_options(rocksdb_options_t *options)
{
    rocksdb_block_based_table_options_t *table =
        rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(64u << 20);

    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_max_background_jobs(options, 2);
    rocksdb_options_set_bytes_per_sync(options, 1u << 20);
    rocksdb_options_set_write_buffer_size(options, 64u << 20);
    rocksdb_options_set_max_write_buffer_number(options, 4);
    rocksdb_options_set_compression(options, rocksdb_no_compression);
    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(10));
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
    rocksdb_cache_destroy(cache);
}

struct mun_limit_puts *
mun_limit_puts_open(const char *path)
{
    struct mun_limit_puts *puts = calloc(1, sizeof *puts);
    char *text = NULL;
    int len;

    MUN_CHECK(puts != NULL);
    len = snprintf(puts->path, sizeof puts->path, "%s", path);
    MUN_CHECK(len > 0 && (size_t)len < sizeof puts->path);
    puts->options = rocksdb_options_create();
    set_options(puts->options);
    puts->db = rocksdb_open(puts->options, path, &text);
    MUN_CHECK(text == NULL);
    puts->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(puts->write, 1);
    return puts;
}

struct mun_limit
mun_limit_puts_run(struct mun_limit_puts *puts, uint32_t batches)
{
    size_t count = (size_t)batches * BATCH;
    struct mun_hash *keys = malloc(count * sizeof *keys);
    rocksdb_writebatch_t *batch = rocksdb_writebatch_create();
    char value[VALUE_LEN] = { 0 };
    struct mun_limit out;
    struct take take;

    MUN_CHECK(keys != NULL);
    mun_limit_fill(keys, count);
    take = begin();
    for (size_t i = 0; i < count; i++) {
        char *text = NULL;

        memcpy(value, &i, sizeof i);
        rocksdb_writebatch_put(batch, (const char *)keys[i].b, sizeof keys[i].b,
                               value, sizeof value);
        if (i % BATCH != BATCH - 1)
            continue;
        rocksdb_write(puts->db, puts->write, batch, &text);
        rocksdb_writebatch_clear(batch);
        MUN_CHECK(text == NULL);
    }
    out = end(&take, count);
    rocksdb_writebatch_destroy(batch);
    free(keys);
    return out;
}

void
mun_limit_puts_close(struct mun_limit_puts *puts)
{
    rocksdb_close(puts->db);
    rocksdb_options_destroy(puts->options);
    rocksdb_writeoptions_destroy(puts->write);
    mun_test_remove(puts->path);
    free(puts);
}
