#include "tests/support/bench_node.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/core/record.h"
#include "ledger/json/json_wr.h"
#include "ledger/seal/key_file.h"
#include "tests/support/make_entry.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define DAY_MS (24ull * MUN_TEST_HOUR_MS)
#define YEAR_MS (365u * DAY_MS)
#define PASSPHRASE "a passphrase of the bench"
#define READY_SECONDS_MAX 120
#define STATE_RECORDS 3000000u

static void *
take(struct mun_arena *arena, size_t size)
{
    void *out = mun_arena_alloc(arena, size);

    MUN_CHECK(out != NULL);
    return out;
}

/* Time */

double
mun_bench_seconds(void)
{
    struct timespec at;

    MUN_CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

uint64_t
mun_bench_now_ms(void)
{
    struct timespec at;

    MUN_CHECK(clock_gettime(CLOCK_REALTIME, &at) == 0);
    return (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
}

double
mun_bench_cpu_own(void)
{
    struct rusage usage;

    MUN_CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double
mun_bench_cpu_of(pid_t pid)
{
    char path[64];
    char text[1024];
    const char *at;
    unsigned long ticks = 0;
    long a_second = sysconf(_SC_CLK_TCK);
    size_t len;
    FILE *file;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    file = fopen(path, "re");
    MUN_CHECK(file != NULL);
    len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    (void)fclose(file); /* nothing was written */
    at = strrchr(text, ')');
    MUN_CHECK(at != NULL);
    /* Behind the name: fields 3 and on; 14 and 15 are utime and stime. */
    for (int field = 2; field < 15; field++) {
        at = strchr(at + 1, ' ');
        MUN_CHECK(at != NULL);
        if (field >= 13)
            ticks += strtoul(at + 1, NULL, 10);
    }
    return (double)ticks / (double)a_second;
}

/* Files */

static void
write_file(const char *dir, const char *name, struct mun_bytes bytes)
{
    char path[MUN_BENCH_PATH + 64];
    int fd;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUN_CHECK(fd >= 0);
    MUN_CHECK(write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len);
    MUN_CHECK(close(fd) == 0);
}

static void
set_party(struct mun_genesis_party *out, const struct mun_key *validate)
{
    struct mun_key_grant govern = { *mun_test_key(1), MUN_PURPOSE_GOVERN };
    struct mun_key_grant vote = { *validate, MUN_PURPOSE_VALIDATE };
    bool is_first = mun_key_cmp(&govern.key, &vote.key) < 0;

    out->roles = MUN_ROLE_MEMBER | MUN_ROLE_ROOT_ACCREDITOR;
    out->name = mun_bytes_str("Ministry of Education");
    out->country = mun_bytes_str("KZ");
    out->url = mun_bytes_str("https://member.example/");
    out->key_count = 2;
    out->keys[is_first ? 0 : 1] = govern;
    out->keys[is_first ? 1 : 0] = vote;
    mun_party_id(&out->id, &out->keys[0].key);
}

/* What follows from the document: the chain id. */
static void
start_chain(struct mun_bench_node *node, struct mun_bytes bytes)
{
    static const struct mun_state_config config = { 4096, 4u << 20 };
    struct mun_genesis *genesis = take(&node->arena, sizeof *genesis);
    uint8_t *memory = take(&node->arena, mun_state_footprint(&config) + 64);

    memory += (64 - (uintptr_t)memory % 64) % 64;
    MUN_CHECK(mun_is_ok(mun_genesis_decode(genesis, bytes)));
    MUN_CHECK(mun_is_ok(mun_genesis_start(
        &node->chain, mun_state_init(memory, &config), genesis, bytes)));
    node->agency = genesis->parties[0].id;
}

static void
make_genesis(struct mun_bench_node *node, const struct mun_key *validate)
{
    struct mun_genesis *genesis = take(&node->arena, sizeof *genesis);
    uint8_t *buffer = take(&node->arena, MUN_GENESIS_BYTES_MAX);
    struct mun_wr wr;

    genesis->name = mun_bytes_str("Bench consortium");
    genesis->time_ms = mun_bench_now_ms() - 60000;
    genesis->rules_version = MUN_RULES_VERSION;
    genesis->max_age_ms = 30 * DAY_MS;
    genesis->party_count = 1;
    set_party(&genesis->parties[0], validate);
    mun_wr_init(&wr, buffer, MUN_GENESIS_BYTES_MAX);
    mun_genesis_encode(&wr, genesis);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    write_file(node->dir, "genesis.bin", mun_wr_done(&wr));
    start_chain(node, mun_wr_done(&wr));
}

static void
make_key(struct mun_bench_node *node, struct mun_key *out)
{
    struct mun_key_file file;
    struct mun_json_wr wr;
    struct mun_bytes json;

    MUN_CHECK(mun_is_ok(mun_key_file_new(&file, mun_bytes_str("bench"),
                                         mun_bytes_str(PASSPHRASE))));
    mun_json_wr_init(&wr, 4096, true);
    mun_key_file_write(&wr, &file);
    MUN_CHECK(mun_is_ok(mun_json_wr_finish(&wr, &json)));
    write_file(node->dir, "node.key", json);
    mun_json_wr_fini(&wr);
    write_file(node->dir, "passphrase", mun_bytes_str(PASSPHRASE));
    *out = file.key;
}

static void
put_path(struct mun_json_wr *wr, const struct mun_bench_node *node,
         const char *key, const char *name)
{
    char path[MUN_BENCH_PATH + 64];

    (void)snprintf(path, sizeof path, "%s/%s", node->dir, name);
    mun_json_wr_key(wr, key);
    mun_json_wr_string(wr, path);
}

static void
put_listener(struct mun_json_wr *wr, const char *key, uint16_t port)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "port");
    mun_json_wr_u64(wr, port);
    mun_json_wr_end_object(wr);
}

static void
make_config(struct mun_bench_node *node)
{
    struct mun_json_wr wr;
    struct mun_bytes json;

    mun_json_wr_init(&wr, 8192, true);
    mun_json_wr_begin_object(&wr);
    put_path(&wr, node, "data_dir", "db");
    put_path(&wr, node, "high_water_file", "high-water");
    put_path(&wr, node, "genesis_file", "genesis.bin");
    put_path(&wr, node, "key_file", "node.key");
    put_path(&wr, node, "passphrase_file", "passphrase");
    put_listener(&wr, "public", node->port);
    put_listener(&wr, "operator", node->operator_port);
    mun_json_wr_key(&wr, "state_records");
    mun_json_wr_u64(&wr, STATE_RECORDS);
    mun_json_wr_end_object(&wr);
    MUN_CHECK(mun_is_ok(mun_json_wr_finish(&wr, &json)));
    write_file(node->dir, "config.json", json);
    mun_json_wr_fini(&wr);
    (void)snprintf(node->config, sizeof node->config, "%s/config.json",
                   node->dir);
}

uint16_t
mun_bench_free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUN_CHECK(fd >= 0);
    MUN_CHECK(bind(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    MUN_CHECK(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    MUN_CHECK(close(fd) == 0);
    return ntohs(at.sin_port);
}

void
mun_bench_node_make(struct mun_bench_node *node, const char *program)
{
    const char *base = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
    struct mun_key key;
    int len;

    memset(node, 0, sizeof *node);
    len = snprintf(node->program, sizeof node->program, "%s", program);
    MUN_CHECK(len > 0 && (size_t)len < sizeof node->program);
    len = snprintf(node->dir, sizeof node->dir, "%s/muniment-bench-XXXXXX",
                   base == NULL ? "/tmp" : base);
    MUN_CHECK(len > 0 && (size_t)len < sizeof node->dir);
    MUN_CHECK(mkdtemp(node->dir) != NULL);
    MUN_CHECK(mun_is_ok(mun_arena_open(&node->arena, ARENA_BYTES)));
    node->port = mun_bench_free_port();
    do
        node->operator_port = mun_bench_free_port();
    while (node->operator_port == node->port);
    make_key(node, &key);
    make_genesis(node, &key);
    make_config(node);
}

static void
remove_files(const char *path)
{
    const struct dirent *item;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return;
    while ((item = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        char file[MUN_BENCH_PATH + 320];

        (void)snprintf(file, sizeof file, "%s/%s", path, item->d_name);
        (void)unlink(file); /* directories stay */
    }
    (void)closedir(dir);
    (void)rmdir(path);
}

void
mun_bench_node_remove(struct mun_bench_node *node)
{
    char path[MUN_BENCH_PATH + 64];

    (void)snprintf(path, sizeof path, "%s/db", node->dir);
    remove_files(path);
    remove_files(node->dir);
    mun_arena_close(&node->arena);
}

/* The process */

pid_t
mun_bench_spawn(char *const *argv, const char *log)
{
    pid_t pid = fork();

    MUN_CHECK(pid >= 0);
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
            _exit(126);
        execv(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static bool
is_ready(const struct mun_bench_node *node)
{
    struct mun_client client;
    struct mun_bytes body;
    bool ready;

    if (!mun_client_open(&client, node->port))
        return false;
    ready = mun_client_get(&client, &body, "/readyz") == 200;
    mun_client_close(&client);
    return ready;
}

void
mun_bench_node_start(struct mun_bench_node *node)
{
    char option[] = "--config";
    char *argv[] = { node->program, option, node->config, NULL };
    const struct timespec pause = { 0, 1000000 };
    char log[MUN_BENCH_PATH + 64];
    double began = mun_bench_seconds();

    (void)snprintf(log, sizeof log, "%s/log", node->dir);
    node->pid = mun_bench_spawn(argv, log);
    while (!is_ready(node)) {
        int status;

        if (waitpid(node->pid, &status, WNOHANG) != 0 ||
            mun_bench_seconds() - began > READY_SECONDS_MAX) {
            (void)fprintf(stderr, "munimentd did not become ready: see %s\n",
                          log);
            exit(1); // NOLINT(concurrency-mt-unsafe)
        }
        (void)nanosleep(&pause, NULL);
    }
    node->ready_seconds = mun_bench_seconds() - began;
}

void
mun_bench_node_stop(struct mun_bench_node *node, int signal_number)
{
    int status;

    MUN_CHECK(kill(node->pid, signal_number) == 0);
    MUN_CHECK(waitpid(node->pid, &status, 0) == node->pid);
    MUN_CHECK(signal_number == SIGKILL || status == 0);
    node->pid = 0;
}

uint64_t
mun_bench_node_height(const struct mun_bench_node *node)
{
    struct mun_client client;
    struct mun_bytes body;
    const char *at;
    uint64_t height;

    MUN_CHECK(mun_client_open(&client, node->port));
    MUN_CHECK(mun_client_get(&client, &body, "/v1/head") == 200);
    at = strstr((const char *)body.data, "\"height\":");
    MUN_CHECK(at != NULL);
    height = strtoull(at + 9, NULL, 10);
    mun_client_close(&client);
    return height;
}

/* Entries */

size_t
mun_bench_sign(const struct mun_bench_node *node, uint8_t *out,
               const struct mun_bench_item *item)
{
    struct mun_entry *entry = item->entry;
    struct mun_bytes body;
    struct mun_sig sig;
    struct mun_hash id;
    struct mun_wr wr;
    size_t len;

    entry->chain_id = node->chain.chain_id;
    entry->valid_until_ms = mun_bench_now_ms() + 12 * MUN_TEST_HOUR_MS;
    entry->key_count = 1;
    entry->keys = &item->signer->key;
    mun_wr_init(&wr, out + 4, MUN_ENTRY_BYTES_MAX);
    MUN_CHECK(mun_is_ok(mun_entry_encode_body(&wr, entry)));
    body = mun_wr_done(&wr);
    mun_entry_id(&id, body);
    mun_signer_sign(item->signer, &sig, &id);
    mun_wr_copy(&wr, sig.b, sizeof sig.b);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    len = mun_wr_done(&wr).len;
    mun_wr_init(&wr, out, 4);
    mun_wr_u32(&wr, (uint32_t)len);
    mun_wr_init(&wr, out + 4 + len, 4);
    mun_wr_u32(&wr, item->leaf_count);
    if (item->leaf_count > 0)
        memcpy(out + 8 + len, item->leaves,
               item->leaf_count * sizeof(struct mun_hash));
    entry->id = id;
    return 8 + len + item->leaf_count * sizeof(struct mun_hash);
}

void
mun_bench_anchor(const struct mun_bench_node *node, struct mun_entry *out,
                 unsigned issuer)
{
    memset(out, 0, sizeof *out);
    out->kind = MUN_KIND_ANCHOR;
    out->actor = mun_test_party(MUN_BENCH_ISSUER + issuer);
    out->as.anchor.programme = node->programmes[issuer];
    out->as.anchor.version = 1;
    out->as.anchor.accreditation_count = 1;
    out->as.anchor.accreditations[0] = node->grants[issuer];
}

/* The story */

static void
submit(const struct mun_bench_node *node, struct mun_bytes body)
{
    struct mun_client client;
    struct mun_bytes answer;
    unsigned status;

    MUN_CHECK(mun_client_open(&client, node->port));
    status = mun_client_post(&client, &answer, "/v1/entries?wait=30000", body);
    if (status != 200 ||
        strstr((const char *)answer.data, "\"result\":\"final\"") == NULL) {
        (void)fprintf(stderr, "status %u: %s\n", status,
                      (const char *)answer.data);
        exit(1); // NOLINT(concurrency-mt-unsafe)
    }
    mun_client_close(&client);
}

static void
submit_signed(struct mun_bench_node *node, struct mun_entry *entry,
              const unsigned *signers, size_t count)
{
    size_t mark = mun_arena_mark(&node->arena);
    struct mun_bytes bytes;
    uint8_t *out;
    struct mun_wr wr;

    entry->chain_id = node->chain.chain_id;
    entry->valid_until_ms = mun_bench_now_ms() + 12 * MUN_TEST_HOUR_MS;
    bytes = mun_test_sign_entry(&node->arena, entry, signers, count);
    out = take(&node->arena, bytes.len + 8);
    mun_wr_init(&wr, out, bytes.len + 8);
    mun_wr_u32(&wr, (uint32_t)bytes.len);
    mun_wr_copy(&wr, bytes.data, bytes.len);
    mun_wr_u32(&wr, 0);
    submit(node, mun_wr_done(&wr));
    mun_arena_reset(&node->arena, mark);
}

static void
register_issuer(struct mun_bench_node *node, struct mun_entry *entry,
                unsigned issuer)
{
    const unsigned signers[] = { 1, MUN_BENCH_ISSUER + issuer };
    struct mun_register_party *party = &entry->as.register_party;

    mun_test_sample_entry(&node->arena, entry, MUN_KIND_REGISTER_PARTY);
    party->sponsor = node->agency;
    party->sponsor_accreditation = mun_hash_zero;
    party->recovery = mun_hash_zero;
    entry->actor = mun_test_set_keys(party, signers + 1, 1,
                                     MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR |
                                         MUN_PURPOSE_STATUS);
    submit_signed(node, entry, signers, 2);
}

static void
accredit_issuer(struct mun_bench_node *node, struct mun_entry *entry,
                unsigned issuer)
{
    const unsigned signers[] = { 1 };
    struct mun_grant *grant = &entry->as.accredit.grant;

    mun_test_sample_entry(&node->arena, entry, MUN_KIND_ACCREDIT);
    entry->actor = node->agency;
    entry->as.accredit.subject = mun_test_party(MUN_BENCH_ISSUER + issuer);
    grant->from_ms = mun_bench_now_ms() - YEAR_MS;
    grant->until_ms = mun_bench_now_ms() + YEAR_MS;
    submit_signed(node, entry, signers, 1);
    node->grants[issuer] = entry->id;
}

void
mun_bench_node_story(struct mun_bench_node *node)
{
    struct mun_entry *entry = take(&node->arena, sizeof *entry);

    for (unsigned i = 0; i < MUN_BENCH_ISSUERS; i++) {
        const unsigned signers[] = { MUN_BENCH_ISSUER + i };

        register_issuer(node, entry, i);
        accredit_issuer(node, entry, i);
        mun_test_sample_entry(&node->arena, entry, MUN_KIND_REGISTER_PROGRAMME);
        entry->actor = mun_test_party(MUN_BENCH_ISSUER + i);
        submit_signed(node, entry, signers, 1);
        mun_programme_id(&node->programmes[i], &entry->actor,
                         entry->as.register_programme.code);
    }
}
