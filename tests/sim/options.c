#include "tests/sim/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t bit;
    const char *text;
} FAULTS[] = {
#define X(name, bit, text) { #name, 1u << (bit), text },
    SIM_FAULT_TABLE(X)
#undef X
};

#define FAULT_COUNT (sizeof(FAULTS) / sizeof(FAULTS[0]))

static void
print_help(void)
{
    (void)printf(
        "sim_run: members, networks, disks and clocks from one seed\n\n"
        "  --seed N             where to begin (default 1)\n"
        "  --steps N            steps in all (default 1000000)\n"
        "  --nodes N            members; default 1, 4, 5, 7 or 10 by seed\n"
        "  --faults A,B,...     only these, as names or one number; none\n"
        "  --cycles N           times of faults and healing in a run\n"
        "  --jobs N             processes\n"
        "  --replay SEED        one run, as a failure prints it\n"
        "  --seeds FILE         runs that failed once, before all others\n"
        "  --trace              every step\n"
        "  --events N           steps to show of a failure (default 80)\n"
        "  --shrink             look for a smaller failing run\n"
        "  --real-signatures    secp256k1, bytes and mun_con_msg_check\n"
        "  --wide               the wide-area scenarios and their figures\n"
        "\nfaults:\n");
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        (void)printf("  %-12s %s\n", FAULTS[i].name, FAULTS[i].text);
    }
}

static bool
parse_number(uint64_t *out, const char *text)
{
    char *end = NULL;

    errno = 0;
    *out = strtoull(text, &end, 0);
    if (errno != 0 || *text == '\0' || *text == '-' || *end != '\0') {
        (void)fprintf(stderr, "not a number: %s\n", text);
        return false;
    }
    return true;
}

static bool
parse_fault(uint32_t *faults, const char *name, size_t len)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (strlen(FAULTS[i].name) == len &&
            memcmp(FAULTS[i].name, name, len) == 0) {
            *faults |= FAULTS[i].bit;
            return true;
        }
    }
    (void)fprintf(stderr, "no such fault: %.*s\n", (int)len, name);
    return false;
}

static bool
parse_faults(uint32_t *out, const char *text)
{
    uint64_t number = 0;

    *out = 0;
    if (strcmp(text, "none") == 0) {
        return true;
    }
    if (*text >= '0' && *text <= '9') {
        bool is_number = parse_number(&number, text);

        *out = (uint32_t)number & SIM_FAULTS_ALL;
        return is_number;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, ",");

        if (!parse_fault(out, text, len)) {
            return false;
        }
        text += len;
        text += *text == ',' ? 1 : 0;
    }
    return true;
}

enum {
    OPT_SEED = 1,
    OPT_STEPS,
    OPT_NODES,
    OPT_FAULTS,
    OPT_CYCLES,
    OPT_JOBS,
    OPT_REPLAY,
    OPT_SEEDS,
    OPT_TRACE,
    OPT_EVENTS,
    OPT_SHRINK,
    OPT_REAL,
    OPT_WIDE,
    OPT_HELP,
};

static const struct option LONG[] = {
    { "seed", required_argument, NULL, OPT_SEED },
    { "steps", required_argument, NULL, OPT_STEPS },
    { "nodes", required_argument, NULL, OPT_NODES },
    { "faults", required_argument, NULL, OPT_FAULTS },
    { "cycles", required_argument, NULL, OPT_CYCLES },
    { "jobs", required_argument, NULL, OPT_JOBS },
    { "replay", required_argument, NULL, OPT_REPLAY },
    { "seeds", required_argument, NULL, OPT_SEEDS },
    { "trace", no_argument, NULL, OPT_TRACE },
    { "events", required_argument, NULL, OPT_EVENTS },
    { "shrink", no_argument, NULL, OPT_SHRINK },
    { "real-signatures", no_argument, NULL, OPT_REAL },
    { "wide", no_argument, NULL, OPT_WIDE },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static bool
take(struct sim_options *out, int option, const char *text)
{
    uint64_t number = 0;

    switch (option) {
    case OPT_FAULTS:
        return parse_faults(&out->faults, text);
    case OPT_SEEDS:
        out->seeds = text;
        return true;
    case OPT_TRACE:
        out->is_trace = true;
        return true;
    case OPT_SHRINK:
        out->is_shrink = true;
        return true;
    case OPT_REAL:
        out->is_real = true;
        return true;
    case OPT_WIDE:
        out->is_wide = true;
        return true;
    case OPT_HELP:
        print_help();
        (void)fflush(stdout);
        _Exit(0);
    default:
        break;
    }
    if (text == NULL || !parse_number(&number, text)) {
        return false;
    }
    switch (option) {
    case OPT_STEPS:
        out->steps = number;
        return true;
    case OPT_NODES:
        out->nodes = (uint32_t)number;
        return number <= MUN_MEMBERS_MAX;
    case OPT_CYCLES:
        out->cycles = (uint32_t)number;
        return true;
    case OPT_JOBS:
        out->jobs = (uint32_t)number;
        return number >= 1 && number <= 64;
    case OPT_EVENTS:
        out->events = (uint32_t)number;
        return true;
    default:
        out->is_replay = option == OPT_REPLAY;
        out->seed = number;
        return true;
    }
}

bool
sim_options_parse(struct sim_options *out, int argc, char **argv)
{
    int option = 0;

    memset(out, 0, sizeof(*out));
    out->seed = 1;
    out->steps = 1000000;
    out->faults = SIM_FAULTS_ALL;
    out->jobs = 1;
    out->events = 80;
    for (;;) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread. */
        option = getopt_long(argc, argv, "", LONG, NULL);
        if (option == -1) {
            break;
        }
        if (!take(out, option, optarg)) {
            return false;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "not an option: %s\n", argv[optind]);
        return false;
    }
    return true;
}

void
sim_options_print(FILE *to, const struct sim_options *options)
{
    (void)fprintf(to, "--replay 0x%" PRIx64, options->seed);
    if (options->nodes != 0) {
        (void)fprintf(to, " --nodes %" PRIu32, options->nodes);
    }
    if (options->faults != SIM_FAULTS_ALL) {
        (void)fprintf(to, " --faults 0x%" PRIx32, options->faults);
    }
    if (options->cycles != 0) {
        (void)fprintf(to, " --cycles %" PRIu32, options->cycles);
    }
    if (options->is_real) {
        (void)fprintf(to, " --real-signatures");
    }
}
