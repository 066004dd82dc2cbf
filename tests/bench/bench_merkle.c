/* How fast an issuer builds the tree of a batch, on one core, beside nettle's
 * SHA-256 of 64 bytes in the same run:
 *
 *   bench_merkle [passes [leaves]]
 *
 * A leaf costs one hash of 33 bytes (one block of SHA-256) and one of 65 (two
 * blocks); 64 bytes with their padding are two blocks. */

#include <stdio.h>
#include <stdlib.h>

#include "ledger/base/check.h"
#include "ledger/core/merkle.h"
#include "tests/support/bench_node.h"
#include "tests/support/limits.h"

#define ROUNDS 3

int
main(int argc, char **argv)
{
    unsigned long passes = argc > 1 ? strtoul(argv[1], NULL, 10) : 3;
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : (size_t)1 << 20;
    struct mun_hash *leaves = calloc(count, sizeof *leaves);
    struct mun_hash root;

    MUN_CHECK(leaves != NULL);
    mun_limit_fill(leaves, count);
    for (unsigned long i = 0; i < passes; i++) {
        struct mun_limit limit = mun_limit_sha64(0.25);
        double cpu = mun_bench_cpu_own();
        double began = mun_bench_seconds();
        double took;

        for (int round = 0; round < ROUNDS; round++)
            mun_merkle_root32(&root, leaves, count);
        took = mun_bench_seconds() - began;
        cpu = mun_bench_cpu_own() - cpu;
        limit = mun_limit_mean(limit, mun_limit_sha64(0.25));
        printf("@ tree %.6g %.6g\n", ROUNDS * (double)count / took,
               limit.per_second);
        printf("@ tree_cpu_us %.6g %.6g\n", cpu * 1e6 / (double)count / ROUNDS,
               limit.cpu_us);
    }
    free(leaves);
    return 0;
}
