#include "tests/sim/wide.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "tests/sim/faults.h"
#include "tests/sim/proc.h"
#include "tests/sim/run.h"
#include "tests/sim/trace.h"
#include "tests/sim/value.h"

/* One-way delays of a link, for the whole run. */
#define LINK_US_MIN 50000u
#define LINK_US_MAX 150000u
#define LATENCIES_MAX 100000u

#define MANY_MEMBERS 100
#define MANY_HEIGHTS 12
#define FEW_HEIGHTS 60

/* What is asked of them. */
#define FINALITY_MS_MAX 1000
#define SLOWER_PERCENT_MAX 133

struct figures {
    uint64_t p50_ms;
    uint64_t p99_ms;
    uint64_t height_ms; /* from one height to the next */
};

static void
begin(struct sim_world *w, const struct sim_options *options, uint32_t nodes)
{
    w->options = *options;
    w->options.is_wide = true;
    w->options.faults = 0;
    w->options.nodes = nodes;
    w->steps_max = UINT64_MAX;
    sim_run_begin(w, options->seed);
    sim_faults_heal(w);
    w->weather.base_us = 0;
    w->weather.jitter_us = 2000;
    for (uint32_t i = 0; i < nodes; i++) {
        for (uint32_t j = 0; j < i; j++) {
            uint32_t us = sim_rng_between(&w->rng, LINK_US_MIN, LINK_US_MAX);

            w->link_us[i][j] = us;
            w->link_us[j][i] = us;
        }
    }
    w->latency_size = LATENCIES_MAX;
    w->latencies = calloc(LATENCIES_MAX, sizeof(w->latencies[0]));
    MUN_CHECK(w->latencies != NULL);
}

static int
compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* `heights` more. */
static struct figures
measure(struct sim_world *w, uint64_t heights)
{
    struct figures figures = { 0, 0, 0 };
    uint64_t target = w->top + heights;
    uint64_t start_us = w->now_us;
    size_t count = 0;

    w->latency_count = 0;
    while (w->top < target) {
        SIM_CHECK(w, sim_run_next(w), "nothing more happens");
    }
    count = w->latency_count;
    MUN_CHECK(count > 0);
    qsort(w->latencies, count, sizeof(w->latencies[0]), compare);
    figures.p50_ms = w->latencies[count / 2] / 1000;
    figures.p99_ms = w->latencies[count * 99 / 100] / 1000;
    figures.height_ms = (w->now_us - start_us) / heights / 1000;
    return figures;
}

static void
print(const char *what, const struct figures *figures)
{
    (void)printf("%-28s finality p50 %4" PRIu64 " ms, p99 %4" PRIu64
                 " ms; a height every %4" PRIu64 " ms\n",
                 what, figures->p50_ms, figures->p99_ms, figures->height_ms);
}

static void
end(struct sim_world *w)
{
    sim_run_end(w);
    free(w->latencies);
    w->latencies = NULL;
}

static int
many(struct sim_world *w, const struct sim_options *options)
{
    struct figures figures;

    begin(w, options, MANY_MEMBERS);
    (void)measure(w, 2);
    figures = measure(w, MANY_HEIGHTS);
    print("100 members, 50 to 150 ms:", &figures);
    end(w);
    if (figures.p50_ms > FINALITY_MS_MAX) {
        (void)printf("FAILED: the median is above %d ms\n", FINALITY_MS_MAX);
        return 1;
    }
    return 0;
}

static int
one_down(struct sim_world *w, const struct sim_options *options)
{
    struct figures before;
    struct figures at_once;
    struct figures after;
    uint64_t late = 0;
    uint64_t first = 0;

    begin(w, options, 4);
    (void)measure(w, 4);
    before = measure(w, FEW_HEIGHTS);
    print("4 members:", &before);
    first = w->top + 1;
    sim_proc_crash(w, &w->procs[sim_rng_below(&w->rng, 4)]);
    /* Until f + 2 certificates without it are inside blocks. */
    at_once = measure(w, w->f + 4);
    print("one just down:", &at_once);
    after = measure(w, FEW_HEIGHTS);
    print("passed over:", &after);
    for (uint64_t h = first; h <= w->top; h++) {
        late += sim_height(w, h)->decided.round > 0 ? 1 : 0;
    }
    (void)printf("late rounds since the fault: %" PRIu64 "\n", late);
    end(w);
    if (after.p50_ms * 100 > before.p50_ms * SLOWER_PERCENT_MAX ||
        after.height_ms * 100 > before.height_ms * SLOWER_PERCENT_MAX) {
        (void)printf("FAILED: more than 1.33 times slower\n");
        return 1;
    }
    if (late > 1) {
        (void)printf("FAILED: more than one late round\n");
        return 1;
    }
    return 0;
}

int
sim_wide(const struct sim_options *options, struct sim_trace *trace)
{
    struct sim_world *w = calloc(1, sizeof(*w));
    int failed = 0;

    MUN_CHECK(w != NULL);
    sim_world_init(w, options, trace);
    failed = many(w, options);
    memset(w->link_us, 0, sizeof(w->link_us));
    failed |= one_down(w, options);
    sim_world_fini(w);
    free(w);
    return failed;
}
