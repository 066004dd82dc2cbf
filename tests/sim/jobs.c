#include "tests/sim/jobs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "tests/sim/options.h"
#include "tests/sim/run.h"
#include "tests/sim/trace.h"
#include "tests/sim/wide.h"

/* A run that does not end is a failure too. */
#define RUN_STEPS_MAX 20000000u

static struct sim_trace *
shared_traces(uint32_t count)
{
    size_t size = count * sizeof(struct sim_trace);
    FILE *file = tmpfile();
    void *memory = NULL;

    MUN_CHECK(file != NULL && ftruncate(fileno(file), (off_t)size) == 0);
    memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    (void)fclose(file);
    MUN_CHECK(memory != MAP_FAILED);
    return memory;
}

static double
now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Processor time of all children that have ended. */
static double
cpu_s(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6 +
           1e-6;
}

/* ---- In the child ---- */

static void
run_one(const struct sim_options *options, struct sim_trace *trace)
{
    struct sim_world *w = calloc(1, sizeof(*w));

    MUN_CHECK(w != NULL);
    sim_world_init(w, options, trace);
    w->steps_max = RUN_STEPS_MAX;
    sim_run(w, options->seed);
    sim_world_fini(w);
    free(w);
}

static void
run_many(const struct sim_options *options, struct sim_trace *trace,
         uint32_t job)
{
    struct sim_world *w = calloc(1, sizeof(*w));
    uint64_t first = options->seed;

    MUN_CHECK(w != NULL);
    sim_world_init(w, options, trace);
    w->steps_max = RUN_STEPS_MAX;
    for (uint64_t i = job; trace->stats.steps < options->steps / options->jobs;
         i += options->jobs) {
        sim_run(w, sim_mix(first ^ sim_mix(i)));
    }
    sim_world_fini(w);
    free(w);
}

/* ---- In the parent ---- */

static void
report(const struct sim_options *options, struct sim_trace *trace, int status)
{
    struct sim_options again = *options;

    if (!trace->is_failed) {
        (void)snprintf(trace->what, sizeof(trace->what),
                       "the process ended with status 0x%x (a failed check "
                       "says more above)",
                       (unsigned)status);
    }
    again.seed = trace->seed;
    sim_trace_print(stdout, trace, options->events);
    (void)printf("\nFAILED: %s\n  %" PRIu32 " members, step %" PRIu64
                 " of the run, %" PRIu64 " steps in all\n  again: sim_run ",
                 trace->what, trace->nodes, trace->run_steps,
                 trace->stats.steps + trace->run_steps);
    sim_options_print(stdout, &again);
    (void)printf(" --trace\n");
    (void)fflush(stdout);
}

static bool
has_failed(int status)
{
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* One run in a child. Quiet ones only say whether they failed. */
static bool
try_run(const struct sim_options *options, struct sim_trace *trace,
        bool is_quiet)
{
    int status = 0;
    pid_t pid = 0;

    memset(trace, 0, sizeof(*trace));
    (void)fflush(stdout);
    pid = fork();
    MUN_CHECK(pid >= 0);
    if (pid == 0) {
        if (is_quiet) {
            int null = open("/dev/null", O_WRONLY);

            (void)dup2(null, STDERR_FILENO);
        }
        run_one(options, trace);
        _Exit(0);
    }
    MUN_CHECK(waitpid(pid, &status, 0) == pid);
    if (has_failed(status) && !is_quiet) {
        report(options, trace, status);
    }
    return !has_failed(status);
}

static void
print_stats(const struct sim_options *options, const struct sim_stats *stats,
            double seconds)
{
    double rate = (double)stats->steps / seconds;

    (void)printf("%" PRIu64 " steps in %" PRIu64 " runs, %" PRIu64
                 " heights, of them %" PRIu64 " after round 0, %" PRIu64
                 " after round 5, the latest in %" PRIu64 "\n",
                 stats->steps, stats->runs, stats->heights, stats->rounds,
                 stats->late, stats->round_max);
    (void)printf("%" PRIu64 " crashes, %" PRIu64 " pieces of evidence\n",
                 stats->crashes, stats->evidence);
    (void)printf("%" PRIu64 " times healed, the slowest %" PRIu64
                 " ms and %" PRIu64
                 "/1000 of its bound; later heights up to round %" PRIu64 "\n",
                 stats->heals, stats->heal_ms_max, stats->heal_share_max,
                 stats->heal_round_max);
    (void)printf("%.1f s, %.0f steps a second in %" PRIu32
                 " processes, %.0f a second of processor time, %s "
                 "signatures\n",
                 seconds, rate, options->jobs, (double)stats->steps / cpu_s(),
                 options->is_real ? "real" : "stub");
}

static void
add_stats(struct sim_stats *sum, const struct sim_stats *part)
{
    sum->steps += part->steps;
    sum->runs += part->runs;
    sum->heights += part->heights;
    sum->rounds += part->rounds;
    sum->late += part->late;
    if (part->round_max > sum->round_max) {
        sum->round_max = part->round_max;
    }
    sum->crashes += part->crashes;
    sum->evidence += part->evidence;
    sum->heals += part->heals;
    if (part->heal_round_max > sum->heal_round_max) {
        sum->heal_round_max = part->heal_round_max;
    }
    if (part->heal_ms_max > sum->heal_ms_max) {
        sum->heal_ms_max = part->heal_ms_max;
    }
    if (part->heal_share_max > sum->heal_share_max) {
        sum->heal_share_max = part->heal_share_max;
    }
}

static int
run_jobs(const struct sim_options *options)
{
    struct sim_trace *traces = shared_traces(options->jobs);
    struct sim_stats sum = { 0 };
    double start = now_s();
    pid_t pids[64] = { 0 };
    int failed = 0;

    (void)fflush(stdout);
    for (uint32_t i = 0; i < options->jobs; i++) {
        pids[i] = fork();
        MUN_CHECK(pids[i] >= 0);
        if (pids[i] == 0) {
            run_many(options, &traces[i], i);
            _Exit(0);
        }
    }
    for (uint32_t i = 0; i < options->jobs; i++) {
        int status = 0;

        MUN_CHECK(waitpid(pids[i], &status, 0) == pids[i]);
        if (has_failed(status)) {
            report(options, &traces[i], status);
            failed = 1;
        }
        add_stats(&sum, &traces[i].stats);
    }
    print_stats(options, &sum, now_s() - start);
    (void)munmap(traces, options->jobs * sizeof(traces[0]));
    return failed;
}

/* ---- Seeds that failed once ---- */

/* Lines: seed nodes faults cycles, the rest is a comment. */
static int
run_seeds(const struct sim_options *options, struct sim_trace *trace)
{
    FILE *file = fopen(options->seeds, "r");
    char line[256];
    int failed = 0;
    uint32_t count = 0;

    if (file == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", options->seeds);
        return 1;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        struct sim_options one = *options;
        char *at = line;

        if (line[0] == '#' || line[0] == '\n') {
            continue;
        }
        one.seed = strtoull(at, &at, 0);
        one.nodes = (uint32_t)strtoul(at, &at, 0);
        one.faults = (uint32_t)strtoul(at, &at, 0);
        one.cycles = (uint32_t)strtoul(at, &at, 0);
        failed |= try_run(&one, trace, false) ? 0 : 1;
        count++;
    }
    (void)fclose(file);
    (void)printf("%" PRIu32 " seeds of %s\n", count, options->seeds);
    return failed;
}

/* ---- A smaller failing run ---- */

#define SHRINK_TRIES 40

/* The same seed first, then others: what is smaller takes another course. */
static bool
fails(struct sim_options *options, struct sim_trace *trace)
{
    uint64_t seed = options->seed;

    for (uint64_t i = 0; i < SHRINK_TRIES; i++) {
        options->seed = i == 0 ? seed : sim_mix(seed + i);
        if (!try_run(options, trace, true)) {
            return true;
        }
    }
    options->seed = seed;
    return false;
}

static bool
shrink_once(struct sim_options *best, struct sim_trace *trace)
{
    static const uint32_t sizes[] = { 1, 4, 5, 7, 10 };
    struct sim_options smaller = *best;
    bool is_smaller = false;

    for (size_t i = 0; i < 5 && sizes[i] < best->nodes; i++) {
        smaller = *best;
        smaller.nodes = sizes[i];
        if (fails(&smaller, trace)) {
            *best = smaller;
            is_smaller = true;
        }
    }
    for (uint32_t bit = 1; bit < SIM_FAULTS_ALL; bit <<= 1) {
        smaller = *best;
        smaller.faults &= ~bit;
        if (smaller.faults != best->faults && fails(&smaller, trace)) {
            *best = smaller;
            is_smaller = true;
        }
    }
    smaller = *best;
    smaller.cycles = 1;
    if (best->cycles != 1 && fails(&smaller, trace)) {
        *best = smaller;
        is_smaller = true;
    }
    return is_smaller;
}

/* Of many seeds the one that fails first. */
static void
shorten(struct sim_options *best, struct sim_trace *trace)
{
    struct sim_options other = *best;
    uint64_t steps = UINT64_MAX;

    for (uint64_t i = 0; i < SHRINK_TRIES; i++) {
        other.seed = i == 0 ? best->seed : sim_mix(best->seed + i);
        if (!try_run(&other, trace, true) && trace->run_steps > 0 &&
            trace->run_steps < steps) {
            steps = trace->run_steps;
            best->seed = other.seed;
        }
    }
}

static int
shrink(const struct sim_options *options, struct sim_trace *trace)
{
    struct sim_options best = *options;

    if (try_run(&best, trace, true)) {
        (void)printf("this run does not fail\n");
        return 1;
    }
    best.nodes = best.nodes == 0 ? trace->nodes : best.nodes;
    best.is_trace = false;
    while (shrink_once(&best, trace)) {
        (void)printf("still fails: ");
        sim_options_print(stdout, &best);
        (void)printf("\n");
    }
    shorten(&best, trace);
    (void)try_run(&best, trace, false);
    return 1;
}

int
sim_jobs(const struct sim_options *options)
{
    struct sim_trace *trace = shared_traces(1);
    int failed = 0;

    if (options->is_wide) {
        failed = sim_wide(options, trace);
    } else if (options->is_shrink) {
        failed = shrink(options, trace);
    } else if (options->is_replay) {
        double start = now_s();

        failed = try_run(options, trace, false) ? 0 : 1;
        print_stats(options, &trace->stats, now_s() - start);
    } else {
        if (options->seeds != NULL) {
            failed = run_seeds(options, trace);
        }
        failed |= run_jobs(options);
    }
    (void)munmap(trace, sizeof(*trace));
    return failed;
}
