#ifndef MUN_TESTS_SUPPORT_LIMITS_H
#define MUN_TESTS_SUPPORT_LIMITS_H

#include <stdint.h>

#include "ledger/core/hash.h"

/* What the machine can do, measured through the libraries themselves: figures
 * to stand beside ours in the same run. What fails aborts. */

/* How often in a second, and what one takes of CPU, which stays the same when
 * others use the machine. */
struct mun_limit {
    double per_second;
    double cpu_us;
};

/* The mean of two takes of about the same length, before and after. */
struct mun_limit mun_limit_mean(struct mun_limit a, struct mun_limit b);

/* ECDSA verifications, each with parsing of a 33-byte key and a 64-byte
 * signature, by `threads` threads for about `seconds`. */
struct mun_limit mun_limit_verify(unsigned threads, double seconds);

/* SHA-256 of 64 bytes on one thread. */
struct mun_limit mun_limit_sha64(double seconds);

/* Plain RocksDB: hash-like keys of 32 bytes, values of 12, 1,000 a batch, the
 * log synced with each. The memory tables, threads, tables and log are set as
 * the ledger's database has them for commitments. */
struct mun_limit_puts;
struct mun_limit_puts *mun_limit_puts_open(const char *path);
/* CPU includes RocksDB's threads while it runs. */
struct mun_limit mun_limit_puts_run(struct mun_limit_puts *puts,
                                    uint32_t batches);
/* Deletes it. */
void mun_limit_puts_close(struct mun_limit_puts *puts);

/* `count` different pseudo-random hashes, others at each call. */
void mun_limit_fill(struct mun_hash *out, size_t count);

#endif
