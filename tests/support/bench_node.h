#ifndef MUN_TESTS_SUPPORT_BENCH_NODE_H
#define MUN_TESTS_SUPPORT_BENCH_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ledger/base/arena.h"
#include "ledger/core/entry.h"
#include "ledger/core/genesis.h"
#include "ledger/core/hash.h"
#include "tests/support/http_client.h"

/* A consortium of one in a directory of its own with a munimentd of its own,
 * for benches: genesis, key file and configuration, the process, and a story
 * (issuers, their accreditations and programmes) told over HTTP.
 *
 *   mun_bench_node_make(&node, "…/bin/munimentd");
 *   mun_bench_node_start(&node);
 *   mun_bench_node_story(&node);
 *   …
 *   mun_bench_node_stop(&node, SIGTERM);
 *   mun_bench_node_remove(&node);
 *
 * Signer 1 is the root accreditor's, MUN_BENCH_ISSUER + i that of issuer i.
 * What is not said to fail aborts. */

#define MUN_BENCH_ISSUERS 4u
#define MUN_BENCH_ISSUER 50u
#define MUN_BENCH_PATH 256

struct mun_bench_node {
    char program[1024];
    char dir[MUN_BENCH_PATH];
    char config[MUN_BENCH_PATH + 32];
    uint16_t port;
    uint16_t operator_port;
    pid_t pid;
    double ready_seconds; /* from fork to the first 200 of /readyz */
    struct mun_arena arena;
    struct mun_genesis_chain chain;
    struct mun_hash agency;
    struct mun_hash grants[MUN_BENCH_ISSUERS];
    struct mun_hash programmes[MUN_BENCH_ISSUERS];
};

void mun_bench_node_make(struct mun_bench_node *node, const char *program);
/* Returns when it is ready; its log goes to <dir>/log. */
void mun_bench_node_start(struct mun_bench_node *node);
void mun_bench_node_stop(struct mun_bench_node *node, int signal_number);
void mun_bench_node_remove(struct mun_bench_node *node);
void mun_bench_node_story(struct mun_bench_node *node);

/* Seconds of CPU that the process has used so far. */
double mun_bench_cpu_of(pid_t pid);
double mun_bench_cpu_own(void);
double mun_bench_seconds(void);
uint64_t mun_bench_now_ms(void);

/* The newest height, and a counter of /metrics. */
uint64_t mun_bench_node_height(const struct mun_bench_node *node);

/* A port that was free a moment ago. */
uint16_t mun_bench_free_port(void);

/* Starts a program; argv[0] is its path. Standard output and error go to
 * `log`. */
pid_t mun_bench_spawn(char *const *argv, const char *log);

/* One entry as POST /v1/entries wants it, signed by one key: chain, keys and
 * valid_until are filled in.
 * Shape: out holds MUN_ENTRY_BYTES_MAX + 8 + 32 * leaf_count.
 * Returns the length. */
struct mun_bench_item {
    struct mun_entry *entry;
    const struct mun_signer *signer;
    const struct mun_hash *leaves;
    uint32_t leaf_count;
};
size_t mun_bench_sign(const struct mun_bench_node *node, uint8_t *out,
                      const struct mun_bench_item *item);

/* An anchor of an issuer; base, count, root and label are the caller's. */
void mun_bench_anchor(const struct mun_bench_node *node, struct mun_entry *out,
                      unsigned issuer);

#endif
