#include "node/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "ledger/base/check.h"

static const struct {
    uint64_t us;
    const char *text;
} bounds[MUN_METRIC_BUCKETS - 1] = {
    { 100, "0.0001" }, { 1000, "0.001" }, { 10000, "0.01" },
    { 100000, "0.1" }, { 1000000, "1" },  { 10000000, "10" },
};

static const char *const class_names[MUN_METRIC_CLASSES] = {
#define X(name, text) text,
    MUN_METRIC_CLASS_TABLE(X)
#undef X
};

static void
add(atomic_uint_least64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

static uint64_t
get(atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void
mun_histogram_add(struct mun_histogram *histogram, uint64_t us)
{
    size_t i = 0;

    while (i < MUN_METRIC_BUCKETS - 1 && us > bounds[i].us)
        i++;
    add(&histogram->buckets[i], 1);
    add(&histogram->count, 1);
    add(&histogram->sum_us, us);
}

void
mun_metrics_request(struct mun_metrics *metrics, enum mun_metric_class of,
                    unsigned status, uint64_t us)
{
    unsigned hundreds = status / 100;

    MUN_CHECK(of < MUN_METRIC_CLASSES);
    add(&metrics->statuses[of][hundreds < 6 ? hundreds : 0], 1);
    mun_histogram_add(&metrics->requests[of], us);
}

struct text {
    char *out;
    size_t size;
    size_t used;
    bool is_full;
};

/* One whole line, or none. */
static void line(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
line(struct text *text, const char *format, ...)
{
    size_t left = text->size - text->used;
    va_list args;
    int len;

    if (text->is_full)
        return;
    va_start(args, format);
    len = vsnprintf(text->out + text->used, left, format, args);
    va_end(args);
    if (len < 0 || (size_t)len + 1 >= left) {
        text->is_full = true;
        return;
    }
    text->used += (size_t)len;
    text->out[text->used++] = '\n';
}

static void
head(struct text *text, const char *name, const char *type, const char *help)
{
    line(text, "# HELP %s %s", name, help);
    line(text, "# TYPE %s %s", name, type);
}

static void
gauge(struct text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "gauge", help);
    line(text, "%s %" PRIu64, name, value);
}

static void
counter(struct text *text, const char *name, const char *help, uint64_t value)
{
    head(text, name, "counter", help);
    line(text, "%s %" PRIu64, name, value);
}

/* `label` is empty or a list of labels that ends in a comma. */
static void
histogram(struct text *text, const char *name, const char *label,
          struct mun_histogram *from)
{
    uint64_t below = 0;
    uint64_t sum_us = get(&from->sum_us);
    int len = 0;

    for (size_t i = 0; i < MUN_METRIC_BUCKETS - 1; i++) {
        below += get(&from->buckets[i]);
        line(text, "%s_bucket{%sle=\"%s\"} %" PRIu64, name, label,
             bounds[i].text, below);
    }
    below += get(&from->buckets[MUN_METRIC_BUCKETS - 1]);
    line(text, "%s_bucket{%sle=\"+Inf\"} %" PRIu64, name, label, below);
    while (label[len] != 0)
        len++;
    if (len > 0)
        len--;
    line(text, "%s_sum%s%.*s%s %" PRIu64 ".%06" PRIu64, name,
         len > 0 ? "{" : "", len, label, len > 0 ? "}" : "", sum_us / 1000000,
         sum_us % 1000000);
    line(text, "%s_count%s%.*s%s %" PRIu64, name, len > 0 ? "{" : "", len,
         label, len > 0 ? "}" : "", below);
}

static void
write_ledger(struct text *text, struct mun_metrics *metrics,
             const struct mun_metrics_now *now)
{
    uint64_t time_ms = get(&metrics->block_time_ms);

    head(text, "muniment_build_info", "gauge", "The software.");
    line(text, "muniment_build_info{software=\"%s\"} 1", now->software);
    gauge(text, "muniment_ready", "1 when the node serves.", now->is_ready);
    gauge(text, "muniment_height", "Height of the newest block.",
          get(&metrics->height));
    head(text, "muniment_block_time_seconds", "gauge",
         "Time of the newest block, since 1970.");
    line(text, "muniment_block_time_seconds %" PRIu64 ".%03" PRIu64,
         time_ms / 1000, time_ms % 1000);
    counter(text, "muniment_blocks_total", "Blocks committed since the start.",
            get(&metrics->blocks));
    counter(text, "muniment_entries_total",
            "Entries committed since the start.", get(&metrics->entries));
    counter(text, "muniment_entries_refused_total",
            "Submitted entries that were refused.", get(&metrics->refused));
    counter(text, "muniment_signatures_total", "Signatures verified.",
            get(&metrics->signatures));
    counter(text, "muniment_entries_unverified_total",
            "Entries whose signatures or leaves were wrong.",
            get(&metrics->bad_signatures));
    gauge(text, "muniment_state_records", "Records in the state.",
          get(&metrics->state_records));
    gauge(text, "muniment_state_value_bytes",
          "Memory that their values have taken, of 512 a possible record.",
          get(&metrics->state_value_bytes));
    gauge(text, "muniment_store_bytes", "Bytes on disk.", now->disk_bytes);
    gauge(text, "muniment_mempool_entries", "Entries that wait for a block.",
          now->mempool_entries);
    gauge(text, "muniment_mempool_bytes", "Memory of these entries.",
          now->mempool_bytes);
    gauge(text, "muniment_waiters", "Requests that wait for a block.",
          now->waiters);
    gauge(text, "muniment_verify_queue", "Requests that wait for a worker.",
          now->jobs);
    gauge(text, "muniment_http_connections", "Open connections.",
          now->connections);
    gauge(text, "muniment_round", "Round of the height that is agreed on.",
          get(&metrics->round));
    gauge(text, "muniment_peers_reachable", "Peers whose last answer came.",
          get(&metrics->peers_reachable));
    counter(text, "muniment_equivocations_total",
            "Members seen to sign two things, since the start.",
            get(&metrics->equivocations));
    head(text, "muniment_execute_seconds", "histogram",
         "Building and executing a block.");
    histogram(text, "muniment_execute_seconds", "", &metrics->execute);
    head(text, "muniment_commit_seconds", "histogram",
         "Writing a block and its two syncs.");
    histogram(text, "muniment_commit_seconds", "", &metrics->commit);
}

static void
write_requests(struct text *text, struct mun_metrics *metrics)
{
    char label[64];

    head(text, "muniment_http_requests_total", "counter",
         "Answered requests by class and status.");
    for (size_t i = 0; i < MUN_METRIC_CLASSES; i++) {
        for (unsigned j = 0; j < 6; j++) {
            uint64_t count = get(&metrics->statuses[i][j]);

            if (count > 0)
                line(text,
                     "muniment_http_requests_total{class=\"%s\","
                     "status=\"%uxx\"} %" PRIu64,
                     class_names[i], j, count);
        }
    }
    head(text, "muniment_http_request_seconds", "histogram",
         "From the whole request to its answer, waiting included.");
    for (size_t i = 0; i < MUN_METRIC_CLASSES; i++) {
        (void)snprintf(label, sizeof label, "class=\"%s\",", class_names[i]);
        histogram(text, "muniment_http_request_seconds", label,
                  &metrics->requests[i]);
    }
}

size_t
mun_metrics_write(struct mun_metrics *metrics,
                  const struct mun_metrics_now *now,
                  char *out, // NOLINT(readability-non-const-parameter)
                  size_t size)
{
    struct text text = { .out = out, .size = size };

    if (size == 0)
        return 0;
    write_ledger(&text, metrics, now);
    write_requests(&text, metrics);
    return text.used;
}
