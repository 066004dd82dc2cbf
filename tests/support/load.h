#ifndef MUN_TESTS_SUPPORT_LOAD_H
#define MUN_TESTS_SUPPORT_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"

/* Load on a server of this machine. What is not said to fail aborts. */

#define MUN_LOAD_CONNECTIONS_MAX 256u

/* Prepared bodies for POST /v1/entries, posted one after another on each
 * connection by a thread of its own. */
struct mun_load_lane {
    const struct mun_bytes *bodies;
    size_t count;
};

struct mun_load_posted {
    double seconds;  /* from the first byte out to the last answer in */
    double own_cpu;  /* seconds of this process meanwhile */
    uint64_t finals; /* results that said "final" */
    uint64_t answers;
    double slowest_seconds; /* one request */
};

void mun_load_post(struct mun_load_posted *out, uint16_t port,
                   const struct mun_load_lane *lanes, unsigned lane_count);

/* Random targets out of a list, one request in flight on each connection, two
 * threads, for a time. Every answer must be 200. */
struct mun_load_reads {
    uint16_t port;
    unsigned connections;
    double seconds;
    const char *const *targets;
    size_t target_count;
};

struct mun_load_read {
    double per_second;
    double own_cpu_us; /* a request */
    double p50_us;
    double p99_us;
    uint64_t count;
    uint64_t body_bytes; /* of the last answer */
};

void mun_load_read(struct mun_load_read *out,
                   const struct mun_load_reads *reads);

#endif
