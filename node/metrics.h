#ifndef MUN_NODE_METRICS_H
#define MUN_NODE_METRICS_H

/* Counters that any thread adds to, and their Prometheus text. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a request was about. */
#define MUN_METRIC_CLASS_TABLE(X)                                              \
    X(SUBMIT, "submit")                                                        \
    X(WAIT, "wait")                                                            \
    X(READ, "read")                                                            \
    X(OPERATOR, "operator")                                                    \
    X(PEER, "peer")                                                            \
    X(MALFORMED, "malformed")

enum mun_metric_class {
#define X(name, text) MUN_METRIC_##name,
    MUN_METRIC_CLASS_TABLE(X)
#undef X
        MUN_METRIC_CLASSES
};

/* Upper bounds 0.1 ms, 1 ms, 10 ms, 0.1 s, 1 s, 10 s and none. */
#define MUN_METRIC_BUCKETS 7

struct mun_histogram {
    atomic_uint_least64_t buckets[MUN_METRIC_BUCKETS];
    atomic_uint_least64_t count;
    atomic_uint_least64_t sum_us;
};

struct mun_metrics {
    atomic_uint_least64_t height;
    atomic_uint_least64_t round;
    atomic_uint_least64_t peers_reachable;
    atomic_uint_least64_t equivocations;
    atomic_uint_least64_t block_time_ms;
    atomic_uint_least64_t blocks;
    atomic_uint_least64_t entries;
    atomic_uint_least64_t refused;
    atomic_uint_least64_t signatures;
    atomic_uint_least64_t bad_signatures;
    atomic_uint_least64_t state_records;
    atomic_uint_least64_t state_value_bytes;
    struct mun_histogram execute;
    struct mun_histogram commit;
    atomic_uint_least64_t statuses[MUN_METRIC_CLASSES][6]; /* by hundreds */
    struct mun_histogram requests[MUN_METRIC_CLASSES];
};

/* Read when the text is made. */
struct mun_metrics_now {
    uint32_t mempool_entries;
    uint64_t mempool_bytes;
    uint32_t waiters;
    uint32_t jobs;
    uint32_t connections;
    uint64_t disk_bytes;
    bool is_ready;
    const char *software;
};

void mun_histogram_add(struct mun_histogram *histogram, uint64_t us);
void mun_metrics_request(struct mun_metrics *metrics, enum mun_metric_class of,
                         unsigned status, uint64_t us);

/* Writes at most `size` bytes and returns how many; a text that does not fit
 * ends at a whole line. */
size_t mun_metrics_write(struct mun_metrics *metrics,
                         const struct mun_metrics_now *now, char *out,
                         size_t size);

#endif
