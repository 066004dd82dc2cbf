/* A node of its own over HTTP, beside what the machine can do at most:
 *
 *   bench_http [--passes N] [--entries N] [--commitments N] [--seconds S]
 *              [--start RECORDS] [--syncs] [--audit MUNIMENT --audits N]
 *              MUNIMENTD CONSTANT_SERVER
 *
 * Each pass takes every figure and what stands beside it in turn. Lines that
 * begin with '@' are for tests/bench/run: name, value, beside (0: nothing).
 * tests/bench/README.md says what is in each. */

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/core/merkle.h"
#include "tests/support/bench_node.h"
#include "tests/support/limits.h"
#include "tests/support/load.h"
#include "tests/support/make_entry.h"

#define ENTRY_LANES 8u
#define ENTRY_BATCH 500u
#define LISTS_A_LANE 4u
#define PUBLISH_LANES 4u
#define READ_CONNECTIONS 64u
#define TARGETS 20000u
#define TARGET_BYTES 96u

struct options {
    unsigned passes;
    uint32_t entries;
    uint32_t commitments;
    double seconds;
    uint32_t start;
    bool syncs;
    const char *audit;
    unsigned audits;
    const char *munimentd;
    const char *constant_server;
};

static struct mun_bench_node node;
static struct options options = { .passes = 3,
                                  .entries = 60000,
                                  .commitments = 1000000,
                                  .seconds = 2,
                                  .start = 1000000,
                                  .munimentd = "munimentd",
                                  .constant_server = "constant_server" };
static char *targets[TARGETS];
static char *proof_targets[TARGETS];
static uint32_t target_count;

static void
row(const char *name, double value, double beside)
{
    printf("@ %s %.6g %.6g\n", name, value, beside);
}

static void
named_row(const char *name, const char *what, double value, double beside)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%s%s", name, what);
    row(text, value, beside);
}

static void *
allocate(size_t size)
{
    void *out = calloc(1, size);

    MUN_CHECK(out != NULL);
    return out;
}

/* Prepared requests */

/* Bodies of one connection, one behind the other in one buffer. */
struct bodies {
    uint8_t *bytes;
    size_t used;
    struct mun_bytes *at;
    size_t count;
};

static void
bodies_init(struct bodies *out, size_t count, size_t size)
{
    out->bytes = allocate(size);
    out->at = allocate(count * sizeof *out->at);
    out->used = 0;
    out->count = 0;
}

/* A body from `from` to what is used. */
static void
bodies_cut(struct bodies *bodies, size_t from)
{
    bodies->at[bodies->count++] =
        mun_bytes(bodies->bytes + from, bodies->used - from);
}

static void
bodies_fini(struct bodies *bodies)
{
    free(bodies->bytes);
    free(bodies->at);
}

static void
post_all(struct mun_load_posted *out, const struct bodies *bodies,
         unsigned lanes)
{
    struct mun_load_lane each[MUN_LOAD_CONNECTIONS_MAX];

    for (unsigned i = 0; i < lanes; i++)
        each[i] = (struct mun_load_lane){ bodies[i].at, bodies[i].count };
    mun_load_post(out, node.port, each, lanes);
}

/* Entries: sealed anchors of one leaf */

static uint64_t entries_made;
static uint32_t next_slot[ENTRY_LANES][LISTS_A_LANE];

static void
sign_single(struct bodies *bodies, unsigned lane, uint32_t number)
{
    static struct mun_entry entry;
    unsigned issuer = lane % MUN_BENCH_ISSUERS;
    unsigned list = number % LISTS_A_LANE;
    struct mun_bench_item item = {
        .entry = &entry, .signer = mun_test_signer(MUN_BENCH_ISSUER + issuer)
    };
    struct mun_hash leaf;
    char label[32];
    int len = snprintf(label, sizeof label, "desk-%u-%u", lane, list);

    mun_limit_fill(&leaf, 1);
    mun_bench_anchor(&node, &entry, issuer);
    entry.as.anchor.label = mun_bytes(label, (size_t)len);
    entry.as.anchor.base = next_slot[lane][list]++;
    entry.as.anchor.count = 1;
    mun_merkle_root32(&entry.as.anchor.root, &leaf, 1);
    bodies->used += mun_bench_sign(&node, bodies->bytes + bodies->used, &item);
}

static void
sign_singles(struct bodies *bodies, unsigned lane, uint32_t count)
{
    bodies_init(bodies, count / ENTRY_BATCH + 1, (size_t)count * 512);
    for (uint32_t done = 0; done < count; done += ENTRY_BATCH) {
        size_t from = bodies->used;

        for (uint32_t i = 0; i < ENTRY_BATCH; i++)
            sign_single(bodies, lane, done + i);
        bodies_cut(bodies, from);
    }
}

static void
bench_entries(void)
{
    uint32_t each = options.entries / ENTRY_LANES / ENTRY_BATCH * ENTRY_BATCH;
    uint64_t height = mun_bench_node_height(&node);
    struct bodies bodies[ENTRY_LANES];
    struct mun_load_posted posted;
    struct mun_limit limit;
    double cpu;

    for (unsigned i = 0; i < ENTRY_LANES; i++)
        sign_singles(&bodies[i], i, each);
    limit = mun_limit_verify(2, options.seconds / 2);
    cpu = mun_bench_cpu_of(node.pid);
    post_all(&posted, bodies, ENTRY_LANES);
    cpu = mun_bench_cpu_of(node.pid) - cpu;
    limit = mun_limit_mean(limit, mun_limit_verify(2, options.seconds / 2));
    MUN_CHECK(posted.finals == (uint64_t)each * ENTRY_LANES);
    entries_made += posted.finals;
    row("entries", (double)posted.finals / posted.seconds, limit.per_second);
    row("entries_daemon_cpu_us", cpu * 1e6 / (double)posted.finals,
        limit.cpu_us);
    row("entries_client_cpu_us", posted.own_cpu * 1e6 / (double)posted.finals,
        0);
    row("entries_a_block",
        (double)posted.finals / (double)(mun_bench_node_height(&node) - height),
        0);
    row("entries_slowest_request_ms", posted.slowest_seconds * 1e3, 0);
    for (unsigned i = 0; i < ENTRY_LANES; i++)
        bodies_fini(&bodies[i]);
}

/* Commitments: published batches */

static unsigned list_number;

static void
remember(const struct mun_hash *commitment)
{
    char hex[65];
    char *target = allocate(TARGET_BYTES);
    char *proof = allocate(TARGET_BYTES);

    mun_hex_encode(hex, mun_bytes(commitment->b, sizeof commitment->b));
    hex[64] = '\0';
    (void)snprintf(target, TARGET_BYTES, "/v1/verdicts/%s", hex);
    (void)snprintf(proof, TARGET_BYTES, "/v1/verdicts/%s?proof=1", hex);
    targets[target_count] = target;
    proof_targets[target_count] = proof;
    target_count++;
}

static void
sign_batch(struct bodies *bodies, unsigned lane, uint32_t base, uint32_t size)
{
    static struct mun_entry entry;
    static struct mun_hash leaves[MUN_PUBLISHED_MAX];
    unsigned issuer = lane % MUN_BENCH_ISSUERS;
    struct mun_bench_item item = {
        .entry = &entry,
        .signer = mun_test_signer(MUN_BENCH_ISSUER + issuer),
        .leaves = leaves,
        .leaf_count = size,
    };
    char label[32];
    int len = snprintf(label, sizeof label, "cohort-%u", list_number + lane);

    mun_limit_fill(leaves, size);
    mun_bench_anchor(&node, &entry, issuer);
    entry.as.anchor.label = mun_bytes(label, (size_t)len);
    entry.as.anchor.base = base;
    entry.as.anchor.count = size;
    entry.as.anchor.is_published = true;
    mun_merkle_root32(&entry.as.anchor.root, leaves, size);
    bodies->used += mun_bench_sign(&node, bodies->bytes + bodies->used, &item);
    for (uint32_t i = 0; i < size && target_count < TARGETS; i += 50)
        remember(&leaves[i]);
}

/* About `leaves` commitments in requests of about 1 MiB. */
static void
sign_batches(struct bodies *bodies, unsigned lane, uint32_t leaves,
             uint32_t size)
{
    uint32_t batches = (leaves + size - 1) / size;
    uint32_t a_body = 32768 / size;

    bodies_init(bodies, batches, (size_t)batches * (size * 32u + 1024u));
    for (uint32_t done = 0; done < batches; done += a_body) {
        size_t from = bodies->used;

        for (uint32_t i = done; i < batches && i < done + a_body; i++)
            sign_batch(bodies, lane, i * size, size);
        bodies_cut(bodies, from);
    }
}

static struct mun_limit
publish(uint32_t size, const char *name)
{
    uint32_t each = options.commitments / PUBLISH_LANES;
    struct bodies bodies[PUBLISH_LANES];
    struct mun_load_posted posted;
    double count;
    double cpu;

    MUN_CHECK(each <= MUN_LIST_SLOTS_MAX - MUN_PUBLISHED_MAX);
    for (unsigned i = 0; i < PUBLISH_LANES; i++)
        sign_batches(&bodies[i], i, each, size);
    list_number += PUBLISH_LANES;
    cpu = mun_bench_cpu_of(node.pid);
    post_all(&posted, bodies, PUBLISH_LANES);
    cpu = mun_bench_cpu_of(node.pid) - cpu;
    count = (double)posted.finals * size;
    MUN_CHECK(posted.finals ==
              (uint64_t)PUBLISH_LANES * ((each + size - 1) / size));
    named_row(name, "_client_cpu_us", posted.own_cpu * 1e6 / count, 0);
    for (unsigned i = 0; i < PUBLISH_LANES; i++)
        bodies_fini(&bodies[i]);
    return (struct mun_limit){ count / posted.seconds, cpu * 1e6 / count };
}

static void
report_puts(const char *name, struct mun_limit ours, struct mun_limit theirs)
{
    named_row(name, "", ours.per_second, theirs.per_second);
    named_row(name, "_daemon_cpu_us", ours.cpu_us, theirs.cpu_us);
}

static void
bench_commitments(struct mun_limit_puts *puts)
{
    uint32_t batches = options.commitments / 1000 / 2;
    struct mun_limit first = mun_limit_puts_run(puts, batches);
    struct mun_limit thousands = publish(1000, "commitments_1000");
    struct mun_limit middle = mun_limit_puts_run(puts, batches);
    struct mun_limit largest = publish(MUN_PUBLISHED_MAX, "commitments_16384");
    struct mun_limit last = mun_limit_puts_run(puts, batches);

    report_puts("commitments_1000", thousands, mun_limit_mean(first, middle));
    report_puts("commitments_16384", largest, mun_limit_mean(middle, last));
}

/* Verdicts */

struct constant {
    pid_t pid;
    uint16_t port;
};

static void
start_constant(struct constant *out, uint64_t bytes)
{
    const struct timespec pause = { 0, 1000000 };
    char program[1024];
    char port[16];
    char size[32];
    char threads[] = "2";
    char *argv[] = { program, port, size, threads, NULL };
    struct mun_client client;

    out->port = mun_bench_free_port();
    (void)snprintf(program, sizeof program, "%s", options.constant_server);
    (void)snprintf(port, sizeof port, "%u", (unsigned)out->port);
    (void)snprintf(size, sizeof size, "%" PRIu64, bytes);
    out->pid = mun_bench_spawn(argv, "/dev/null");
    while (!mun_client_open(&client, out->port))
        (void)nanosleep(&pause, NULL);
    mun_client_close(&client);
}

static void
stop_constant(const struct constant *constant)
{
    int status;

    MUN_CHECK(kill(constant->pid, SIGTERM) == 0);
    MUN_CHECK(waitpid(constant->pid, &status, 0) == constant->pid);
}

/* Waits, half a minute at most, until the node is done with what it was given:
 * flushes and merges of the database go on behind the last answer. */
static void
let_settle(void)
{
    const struct timespec pause = { 0, 250000000 };
    double before = mun_bench_cpu_of(node.pid);

    for (int i = 0; i < 120; i++) {
        double now;

        (void)nanosleep(&pause, NULL);
        now = mun_bench_cpu_of(node.pid);
        if (now - before < 0.015)
            return;
        before = now;
    }
}

/* `cpu_us`: of the server `pid`, a request. */
static void
read_from(struct mun_load_read *out, double *cpu_us, uint16_t port, pid_t pid,
          char *const *from, unsigned connections)
{
    struct mun_load_reads reads = {
        .port = port,
        .connections = connections,
        .seconds = options.seconds,
        .targets = (const char *const *)from,
        .target_count = target_count,
    };
    double cpu = mun_bench_cpu_of(pid);

    mun_load_read(out, &reads);
    *cpu_us = (mun_bench_cpu_of(pid) - cpu) * 1e6 / (double)out->count;
}

static void
bench_reads(const char *name, char *const *from)
{
    struct mun_load_read ours;
    struct mun_load_read theirs;
    struct constant constant;
    double our_cpu;
    double their_cpu;

    read_from(&ours, &our_cpu, node.port, node.pid, from, READ_CONNECTIONS);
    start_constant(&constant, ours.body_bytes);
    read_from(&theirs, &their_cpu, constant.port, constant.pid, from,
              READ_CONNECTIONS);
    named_row(name, "", ours.per_second, theirs.per_second);
    named_row(name, "_p50_us", ours.p50_us, theirs.p50_us);
    named_row(name, "_p99_us", ours.p99_us, theirs.p99_us);
    named_row(name, "_daemon_cpu_us", our_cpu, their_cpu);
    named_row(name, "_client_cpu_us", ours.own_cpu_us, theirs.own_cpu_us);
    named_row(name, "_both_cpu_us", our_cpu + ours.own_cpu_us,
              their_cpu + theirs.own_cpu_us);
    named_row(name, "_bytes", (double)ours.body_bytes, 0);
    read_from(&ours, &our_cpu, node.port, node.pid, from, 1);
    read_from(&theirs, &their_cpu, constant.port, constant.pid, from, 1);
    named_row(name, "_alone_p50_us", ours.p50_us, theirs.p50_us);
    stop_constant(&constant);
}

static void
check_verdict(void)
{
    struct mun_client client;
    struct mun_bytes body;

    MUN_CHECK(mun_client_open(&client, node.port));
    MUN_CHECK(mun_client_get(&client, &body, targets[0]) == 200);
    printf("# a verdict: %.*s\n", (int)body.len, (const char *)body.data);
    MUN_CHECK(mun_client_get(&client, &body, proof_targets[0]) == 200);
    MUN_CHECK(strstr((const char *)body.data, "\"receipt\"") != NULL);
    mun_client_close(&client);
}

/* Start-up */

/* One sealed batch and a change of every slot: two records each list, one each
 * slot. */
static void
sign_slots(struct bodies *bodies, uint32_t count)
{
    static struct mun_change changes[MUN_CHANGES_MAX];
    static struct mun_entry entry;
    static uint8_t memory[MUN_ENTRY_BYTES_MAX];
    struct mun_bench_item item = { .entry = &entry,
                                   .signer =
                                       mun_test_signer(MUN_BENCH_ISSUER) };
    size_t entries = count / MUN_CHANGES_MAX + 2;

    bodies_init(bodies, entries, entries * (MUN_ENTRY_BYTES_MAX + 64));
    mun_bench_anchor(&node, &entry, 0);
    entry.as.anchor.label = mun_bytes_str("slots");
    entry.as.anchor.count = count;
    mun_limit_fill(&entry.as.anchor.root, 1);
    bodies->used = mun_bench_sign(&node, bodies->bytes, &item);
    bodies_cut(bodies, 0);
    for (uint32_t done = 0; done < count; done += MUN_CHANGES_MAX) {
        size_t from = bodies->used;
        struct mun_arena arena;
        uint32_t each =
            count - done < MUN_CHANGES_MAX ? count - done : MUN_CHANGES_MAX;

        for (uint32_t i = 0; i < each; i++)
            changes[i] = (struct mun_change){ .index = done + i,
                                              .action = MUN_ACTION_REVOKE,
                                              .reason = MUN_REASON_ERROR };
        memset(&entry, 0, sizeof entry);
        entry.kind = MUN_KIND_CHANGE_STATUS;
        entry.actor = mun_test_party(MUN_BENCH_ISSUER);
        entry.as.change_status.label = mun_bytes_str("slots");
        mun_arena_init(&arena, memory, sizeof memory);
        mun_test_set_changes(&arena, &entry.as.change_status, changes,
                             (uint16_t)each);
        bodies->used +=
            mun_bench_sign(&node, bodies->bytes + bodies->used, &item);
        bodies_cut(bodies, from);
    }
}

static void
bench_start(void)
{
    struct mun_load_posted posted;
    struct bodies bodies;

    sign_slots(&bodies, options.start);
    post_all(&posted, &bodies, 1);
    MUN_CHECK(posted.finals == bodies.count);
    printf("# %" PRIu32 " slots changed in %.2f s\n", options.start,
           posted.seconds);
    bodies_fini(&bodies);
    mun_bench_node_stop(&node, SIGKILL);
    mun_bench_node_start(&node);
    row("start_after_kill", node.ready_seconds, 0);
    for (unsigned i = 0; i < options.passes; i++) {
        mun_bench_node_stop(&node, SIGTERM);
        mun_bench_node_start(&node);
        row("start", node.ready_seconds, 0);
    }
}

/* Syncs */

/* Calls in a summary of strace, where they are the fourth column. */
static double
count_syncs(const char *path)
{
    FILE *file = fopen(path, "re");
    double sum = 0;
    char line[256];

    MUN_CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        char *at = line;

        if (strstr(line, "sync") == NULL)
            continue;
        for (int field = 0; field < 3; field++)
            (void)strtod(at, &at);
        sum += strtod(at, NULL);
    }
    (void)fclose(file); /* nothing was written */
    return sum;
}

static void
bench_syncs(void)
{
    const struct timespec pause = { 1, 0 };
    char program[] = "/usr/bin/strace";
    char follow[] = "-f";
    char count[] = "-c";
    char only[] = "-e";
    char calls[] = "trace=fdatasync,fsync,sync_file_range,msync";
    char to[] = "-o";
    char attach[] = "-p";
    char path[MUN_BENCH_PATH + 64];
    char log[MUN_BENCH_PATH + 64];
    char pid_text[32];
    char *argv[] = { program, follow, count,  only,     calls,
                     to,      path,   attach, pid_text, NULL };
    struct mun_load_posted posted;
    struct bodies bodies;
    uint64_t height;
    pid_t tracer;
    int status;

    if (access(program, X_OK) != 0) {
        printf("# no strace: syncs were not counted\n");
        return;
    }
    (void)snprintf(path, sizeof path, "%s/syncs", node.dir);
    (void)snprintf(log, sizeof log, "%s/strace", node.dir);
    (void)snprintf(pid_text, sizeof pid_text, "%ld", (long)node.pid);
    sign_singles(&bodies, 0, 20 * ENTRY_BATCH);
    tracer = mun_bench_spawn(argv, log);
    (void)nanosleep(&pause, NULL);
    height = mun_bench_node_height(&node);
    post_all(&posted, &bodies, 1);
    height = mun_bench_node_height(&node) - height;
    MUN_CHECK(kill(tracer, SIGINT) == 0);
    MUN_CHECK(waitpid(tracer, &status, 0) == tracer);
    row("syncs_a_block", count_syncs(path) / (double)height, 0);
    bodies_fini(&bodies);
}

/* Audits */

static void
save_trust_root(const char *path)
{
    struct mun_client client;
    struct mun_bytes body;
    FILE *file = fopen(path, "we");

    MUN_CHECK(file != NULL);
    MUN_CHECK(mun_client_open(&client, node.port));
    MUN_CHECK(mun_client_get(&client, &body, "/v1/trust-root") == 200);
    MUN_CHECK(fwrite(body.data, 1, body.len, file) == body.len);
    MUN_CHECK(fclose(file) == 0);
    mun_client_close(&client);
}

/* Seconds of CPU of children that have ended. */
static double
children_cpu(void)
{
    struct rusage usage;

    MUN_CHECK(getrusage(RUSAGE_CHILDREN, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* Seconds that the program takes, which must say that all is well. */
static double
audit(const char *root)
{
    char program[1024];
    char log[MUN_BENCH_PATH + 64];
    char url[64];
    char path[MUN_BENCH_PATH + 64];
    char command[] = "audit";
    char trust[] = "--trust-root";
    char at[] = "--node";
    char quiet[] = "--quiet";
    char *argv[] = { program, command, trust, path, at, url, quiet, NULL };
    double began = mun_bench_seconds();
    pid_t pid;
    int status;

    (void)snprintf(program, sizeof program, "%s", options.audit);
    (void)snprintf(log, sizeof log, "%s/audit", node.dir);
    (void)snprintf(path, sizeof path, "%s", root);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", (unsigned)node.port);
    pid = mun_bench_spawn(argv, log);
    MUN_CHECK(waitpid(pid, &status, 0) == pid);
    MUN_CHECK(status == 0);
    return mun_bench_seconds() - began;
}

static void
bench_audits(void)
{
    char root[MUN_BENCH_PATH + 64];

    (void)snprintf(root, sizeof root, "%s/trust-root", node.dir);
    save_trust_root(root);
    for (unsigned i = 0; i < options.audits; i++) {
        struct mun_limit limit = mun_limit_verify(2, options.seconds / 2);
        double own = children_cpu();
        double daemon = mun_bench_cpu_of(node.pid);
        double took = audit(root);
        double entries = (double)entries_made;

        own = children_cpu() - own;
        daemon = mun_bench_cpu_of(node.pid) - daemon;
        limit = mun_limit_mean(limit, mun_limit_verify(2, options.seconds / 2));
        row("audit", entries / took, limit.per_second);
        row("audit_cpu_us", own * 1e6 / entries, limit.cpu_us);
        row("audit_daemon_cpu_us", daemon * 1e6 / entries, 0);
    }
}

/* All */

static unsigned long
number(const char *text)
{
    return strtoul(text, NULL, 10);
}

static int
parse(int argc, char **argv)
{
    int i = 1;

    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--syncs") == 0) {
            options.syncs = true;
            continue;
        }
        if (i + 1 == argc)
            return 2;
        if (strcmp(argv[i], "--passes") == 0)
            options.passes = (unsigned)number(argv[++i]);
        else if (strcmp(argv[i], "--entries") == 0)
            options.entries = (uint32_t)number(argv[++i]);
        else if (strcmp(argv[i], "--commitments") == 0)
            options.commitments = (uint32_t)number(argv[++i]);
        else if (strcmp(argv[i], "--seconds") == 0)
            options.seconds = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--audits") == 0)
            options.audits = (unsigned)number(argv[++i]);
        else if (strcmp(argv[i], "--audit") == 0)
            options.audit = argv[++i];
        else if (strcmp(argv[i], "--start") == 0)
            options.start = (uint32_t)number(argv[++i]);
        else
            return 2;
    }
    if (argc - i != 2)
        return 2;
    options.munimentd = argv[i];
    options.constant_server = argv[i + 1];
    return 0;
}

static void
run_passes(struct mun_limit_puts *puts)
{
    for (unsigned i = 0; i < options.passes; i++) {
        if (options.entries > 0)
            bench_entries();
        if (options.commitments == 0)
            continue;
        bench_commitments(puts);
        if (i == 0)
            check_verdict();
        let_settle();
        bench_reads("verdict", targets);
        bench_reads("verdict_proof", proof_targets);
    }
}

int
main(int argc, char **argv)
{
    struct mun_limit_puts *puts;
    char path[MUN_BENCH_PATH + 64];

    MUN_CHECK(setvbuf(stdout, NULL, _IOLBF, 0) == 0);
    if (parse(argc, argv) != 0) {
        (void)fprintf(stderr, "see the head of bench_http.c\n");
        return 2;
    }
    mun_bench_node_make(&node, options.munimentd);
    mun_bench_node_start(&node);
    mun_bench_node_story(&node);
    (void)snprintf(path, sizeof path, "%s/puts", node.dir);
    puts = mun_limit_puts_open(path);
    run_passes(puts);
    mun_limit_puts_close(puts);
    if (options.audit != NULL)
        bench_audits();
    if (options.syncs)
        bench_syncs();
    if (options.start > 0)
        bench_start();
    mun_bench_node_stop(&node, SIGTERM);
    mun_bench_node_remove(&node);
    return 0;
}
