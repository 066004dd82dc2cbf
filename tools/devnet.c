#include "tools/devnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/encode.h"
#include "ledger/core/genesis.h"
#include "ledger/core/record.h"
#include "ledger/json/json_rd.h"
#include "ledger/seal/key_file.h"

#define STEP_MS 20
#define WAIT_STEPS 3000 /* a minute */
#define PASSPHRASE_BYTES 24

/* Keys of a development network guard nothing: the passphrase lies beside
 * them. */

const char *
mun_devnet_path(const struct mun_devnet *net, struct mun_cli *cli,
                uint32_t member, const char *name)
{
    size_t size = strlen(net->dir) + strlen(name) + 32;
    char *path = mun_arena_alloc(&cli->arena, size);

    if (path == NULL)
        return "";
    if (member == 0)
        (void)snprintf(path, size, "%s/%s", net->dir, name);
    else
        (void)snprintf(path, size, "%s/member-%u/%s", net->dir,
                       (unsigned)member, name);
    return path;
}

uint16_t
mun_devnet_port(const struct mun_devnet *net, uint32_t member,
                enum mun_devnet_port of)
{
    return (uint16_t)(net->port + 10 * (member - 1) + (uint32_t)of);
}

static mun_err_t
say_failed(const struct mun_cli *cli, const char *path, mun_err_t err)
{
    (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path, mun_err_text(err));
    return err;
}

static mun_err_t
write_text(struct mun_cli *cli, const char *path, struct mun_bytes text)
{
    mun_err_t err = mun_file_write(path, text, 0600);

    return mun_is_ok(err) ? err : say_failed(cli, path, err);
}

static mun_err_t
make_folder(struct mun_cli *cli, const char *path)
{
    if (mkdir(path, 0700) == 0)
        return MUN_SUCCESS;
    return say_failed(cli, path,
                      mun_err(errno == EEXIST ? MUN_ERR_LOCKED : MUN_ERR_IO));
}

/* Making */

static mun_err_t
make_passphrase(const struct mun_devnet *net, struct mun_cli *cli,
                struct mun_bytes *out)
{
    uint8_t random[PASSPHRASE_BYTES];
    char *text =
        mun_arena_alloc(&cli->arena, mun_base64url_size(sizeof random) + 1);

    if (text == NULL ||
        getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return say_failed(cli, net->dir, mun_err(MUN_ERR_RANDOM));
    mun_base64url_encode(text, mun_bytes(random, sizeof random));
    *out = mun_bytes_str(text);
    return write_text(cli, mun_devnet_path(net, cli, 0, "passphrase"), *out);
}

static mun_err_t
make_key(struct mun_cli *cli, struct mun_key *out, const char *path,
         struct mun_bytes passphrase)
{
    struct mun_key_file file;
    struct mun_json_wr wr;
    struct mun_bytes text;
    mun_err_t err;

    err = mun_key_file_new(&file, mun_bytes_str("development"), passphrase);
    if (!mun_is_ok(err))
        return say_failed(cli, path, err);
    *out = file.key;
    mun_json_wr_init(&wr, 4096, true);
    mun_key_file_write(&wr, &file);
    err = mun_json_wr_finish(&wr, &text);
    if (mun_is_ok(err))
        err = mun_file_write(path, text, 0600);
    mun_json_wr_fini(&wr);
    return mun_is_ok(err) ? err : say_failed(cli, path, err);
}

static mun_err_t
make_party(const struct mun_devnet *net, struct mun_cli *cli,
           struct mun_genesis_party *out, uint32_t member,
           struct mun_bytes passphrase)
{
    struct mun_key_grant govern = { .purposes = MUN_PURPOSE_GOVERN };
    struct mun_key_grant validate = { .purposes = MUN_PURPOSE_VALIDATE };
    char *name = mun_arena_alloc(&cli->arena, 32);
    bool is_first;

    if (name == NULL)
        return say_failed(cli, net->dir, mun_err(MUN_ERR_MEMORY));
    MUN_TRY(make_key(cli, &govern.key,
                     mun_devnet_path(net, cli, member, "govern.key"),
                     passphrase));
    MUN_TRY(make_key(cli, &validate.key,
                     mun_devnet_path(net, cli, member, "validator.key"),
                     passphrase));
    is_first = mun_key_cmp(&govern.key, &validate.key) < 0;
    (void)snprintf(name, 32, "Member %u", (unsigned)member);
    out->roles = MUN_ROLE_MEMBER | MUN_ROLE_ROOT_ACCREDITOR;
    out->name = mun_bytes_str(name);
    out->country = mun_bytes_str("ZZ");
    out->key_count = 2;
    out->keys[0] = is_first ? govern : validate;
    out->keys[1] = is_first ? validate : govern;
    mun_party_id(&out->id, &out->keys[0].key);
    return MUN_SUCCESS;
}

static int
compare_parties(const void *a, const void *b)
{
    const struct mun_genesis_party *left = a;
    const struct mun_genesis_party *right = b;

    return memcmp(left->id.b, right->id.b, sizeof left->id.b);
}

static mun_err_t
make_genesis(const struct mun_devnet *net, struct mun_cli *cli,
             struct mun_bytes passphrase)
{
    struct mun_genesis *genesis = mun_arena_alloc(&cli->arena, sizeof *genesis);
    uint8_t *buffer = mun_arena_alloc(&cli->arena, MUN_GENESIS_BYTES_MAX);
    const char *path = mun_devnet_path(net, cli, 0, "genesis.bin");
    struct mun_wr wr;

    if (genesis == NULL || buffer == NULL)
        return say_failed(cli, path, mun_err(MUN_ERR_MEMORY));
    genesis->name = mun_bytes_str("Development network");
    genesis->time_ms = mun_cli_now_ms();
    genesis->rules_version = MUN_RULES_VERSION;
    genesis->max_age_ms = 30ull * 24 * 3600 * 1000;
    genesis->party_count = net->members;
    for (uint32_t i = 0; i < net->members; i++)
        MUN_TRY(make_party(net, cli, &genesis->parties[i], i + 1, passphrase));
    qsort(genesis->parties, net->members, sizeof genesis->parties[0],
          compare_parties);
    mun_wr_init(&wr, buffer, MUN_GENESIS_BYTES_MAX);
    mun_genesis_encode(&wr, genesis);
    if (!mun_is_ok(mun_wr_status(&wr)))
        return say_failed(cli, path, mun_wr_status(&wr));
    return write_text(cli, path, mun_wr_done(&wr));
}

static void
write_listener(struct mun_json_wr *wr, const char *name, uint16_t port)
{
    mun_json_wr_key(wr, name);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "port");
    mun_json_wr_u64(wr, port);
    mun_json_wr_end_object(wr);
}

static void
write_peers(struct mun_json_wr *wr, const struct mun_devnet *net,
            uint32_t member)
{
    mun_json_wr_key(wr, "peers");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 1; i <= net->members; i++) {
        char url[64];

        if (i == member)
            continue;
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u",
                       (unsigned)mun_devnet_port(net, i, MUN_DEVNET_PEER));
        mun_json_wr_begin_object(wr);
        mun_json_wr_key(wr, "url");
        mun_json_wr_string(wr, url);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static void
write_path(struct mun_json_wr *wr, const char *name, const char *path)
{
    mun_json_wr_key(wr, name);
    mun_json_wr_string(wr, path);
}

static mun_err_t
make_config(const struct mun_devnet *net, struct mun_cli *cli, uint32_t member)
{
    const char *path = mun_devnet_path(net, cli, member, "node.json");
    struct mun_json_wr wr;
    struct mun_bytes text;
    mun_err_t err;

    mun_json_wr_init(&wr, 4096, true);
    mun_json_wr_begin_object(&wr);
    write_path(&wr, "data_dir", mun_devnet_path(net, cli, member, "data"));
    write_path(&wr, "high_water_file",
               mun_devnet_path(net, cli, member, "high-water"));
    write_path(&wr, "genesis_file",
               mun_devnet_path(net, cli, 0, "genesis.bin"));
    write_path(&wr, "key_file",
               mun_devnet_path(net, cli, member, "validator.key"));
    write_path(&wr, "passphrase_file",
               mun_devnet_path(net, cli, 0, "passphrase"));
    write_listener(&wr, "public",
                   mun_devnet_port(net, member, MUN_DEVNET_PUBLIC));
    write_listener(&wr, "operator",
                   mun_devnet_port(net, member, MUN_DEVNET_OPERATOR));
    write_listener(&wr, "peer", mun_devnet_port(net, member, MUN_DEVNET_PEER));
    write_peers(&wr, net, member);
    mun_json_wr_key(&wr, "state_records");
    mun_json_wr_u64(&wr, 500000);
    mun_json_wr_end_object(&wr);
    err = mun_json_wr_finish(&wr, &text);
    if (mun_is_ok(err))
        err = mun_file_write(path, text, 0600);
    mun_json_wr_fini(&wr);
    return mun_is_ok(err) ? err : say_failed(cli, path, err);
}

static mun_err_t
make_summary(const struct mun_devnet *net, struct mun_cli *cli)
{
    char text[128];

    (void)snprintf(text, sizeof text,
                   "{\"muniment_devnet\": 1, \"members\": %u, \"port\": %u}\n",
                   (unsigned)net->members, (unsigned)net->port);
    return write_text(cli, mun_devnet_path(net, cli, 0, "devnet.json"),
                      mun_bytes_str(text));
}

/* The program beside this one. */
static const char *
daemon_path(struct mun_cli *cli)
{
    char *path = mun_arena_alloc(&cli->arena, 4096);
    ssize_t len = path == NULL ? -1 : readlink("/proc/self/exe", path, 4000);
    char *end = NULL;

    if (len <= 0)
        return "munimentd";
    path[len] = 0;
    end = strrchr(path, '/');
    (void)snprintf(end == NULL ? path : end + 1, 64, "munimentd");
    return path;
}

/* In the child: becomes the daemon, with its log. */
static _Noreturn void
become(const char *program, const char *config, const char *extra, int log)
{
    (void)setsid(); /* else an interrupt of the terminal would end it */
    (void)dup2(log, STDERR_FILENO);
    (void)dup2(log, STDOUT_FILENO);
    (void)execl(program, "munimentd", "--config", config, extra, (char *)NULL);
    _exit(127);
}

static pid_t
spawn(const struct mun_devnet *net, struct mun_cli *cli, uint32_t member,
      const char *extra)
{
    const char *program = daemon_path(cli);
    const char *config = mun_devnet_path(net, cli, member, "node.json");
    int log = open(mun_devnet_path(net, cli, member, "log"),
                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_t pid = log < 0 ? -1 : fork();

    if (pid == 0)
        become(program, config, extra, log);
    if (log >= 0)
        (void)close(log);
    return pid;
}

static mun_err_t
make_database(const struct mun_devnet *net, struct mun_cli *cli,
              uint32_t member)
{
    int status = 0;
    pid_t pid = spawn(net, cli, member, "--create-database");

    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0)
        return MUN_SUCCESS;
    (void)mun_cli_fail(
        cli, MUN_EXIT_FAILED, "member %u: no database was made; see %s",
        (unsigned)member, mun_devnet_path(net, cli, member, "log"));
    return mun_err(MUN_ERR_IO);
}

mun_err_t
mun_devnet_make(const struct mun_devnet *net, struct mun_cli *cli)
{
    struct mun_bytes passphrase;

    MUN_TRY(make_folder(cli, net->dir));
    for (uint32_t i = 1; i <= net->members; i++)
        MUN_TRY(make_folder(cli, mun_devnet_path(net, cli, i, "")));
    MUN_TRY(make_passphrase(net, cli, &passphrase));
    MUN_TRY(make_genesis(net, cli, passphrase));
    for (uint32_t i = 1; i <= net->members; i++) {
        mun_cli_progress(cli, "members", i, net->members);
        MUN_TRY(make_config(net, cli, i));
        MUN_TRY(make_database(net, cli, i));
    }
    return make_summary(net, cli);
}

mun_err_t
mun_devnet_open(struct mun_devnet *out, struct mun_cli *cli, const char *dir)
{
    static const char *const keys[] = { "muniment_devnet", "members", "port" };
    struct mun_json_err why = { .code = MUN_OK };
    struct mun_json_rd rd;
    struct mun_json *doc = NULL;
    const char *path = NULL;
    mun_err_t err;

    *out = (struct mun_devnet){ .dir = dir };
    path = mun_devnet_path(out, cli, 0, "devnet.json");
    doc = mun_file_read_json(cli, path);
    if (doc == NULL)
        return mun_err(MUN_ERR_JSON);
    mun_json_rd_init(&rd, doc, &why);
    mun_json_rd_only(&rd, keys, sizeof keys / sizeof keys[0]);
    (void)mun_json_rd_u64(&rd, "muniment_devnet", 1);
    out->members =
        (uint32_t)mun_json_rd_u64(&rd, "members", MUN_DEVNET_MEMBERS_MAX);
    out->port = (uint16_t)mun_json_rd_u64(&rd, "port", UINT16_MAX);
    err = mun_json_rd_status(&rd);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path, why.text);
    return err;
}

/* Processes */

static void
sleep_step(void)
{
    const struct timespec wait = { 0, STEP_MS * 1000000L };

    (void)nanosleep(&wait, NULL); /* early is fine */
}

/* The letter of /proc/PID/stat, 0 when this is no munimentd. */
static int
process_state(pid_t pid)
{
    char path[64];
    char line[256] = "";
    const char *end = NULL;
    FILE *file = NULL;

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    (void)!fgets(line, sizeof line, file); /* empty: no such process */
    (void)fclose(file);
    end = strstr(line, "(munimentd) ");
    return end == NULL ? 0 : (unsigned char)end[strlen("(munimentd) ")];
}

enum mun_devnet_state
mun_devnet_look(const struct mun_devnet *net, struct mun_cli *cli,
                uint32_t member, pid_t *pid)
{
    struct mun_bytes text;
    char number[32];
    int state;

    *pid = 0;
    if (!mun_is_ok(mun_file_read(&text, &cli->arena,
                                 mun_devnet_path(net, cli, member, "pid"),
                                 sizeof number - 1)))
        return MUN_DEVNET_STOPPED;
    memcpy(number, text.data, text.len);
    number[text.len] = 0;
    *pid = (pid_t)strtol(number, NULL, 10);
    state = *pid > 0 ? process_state(*pid) : 0;
    if (state == 0 || state == 'Z' || state == 'X') {
        *pid = 0;
        return MUN_DEVNET_STOPPED;
    }
    return state == 'T' ? MUN_DEVNET_PAUSED : MUN_DEVNET_RUNNING;
}

static bool
does_listen(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool does;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    does = fd >= 0 &&
           connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        (void)close(fd);
    return does;
}

static mun_err_t
wait_serving(const struct mun_devnet *net, struct mun_cli *cli, uint32_t member,
             pid_t pid)
{
    for (uint32_t i = 0; i < WAIT_STEPS; i++) {
        if (does_listen(mun_devnet_port(net, member, MUN_DEVNET_PEER)))
            return MUN_SUCCESS;
        if (waitpid(pid, NULL, WNOHANG) == pid)
            break;
        sleep_step();
    }
    (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "member %u does not serve; see %s",
                       (unsigned)member,
                       mun_devnet_path(net, cli, member, "log"));
    return mun_err(MUN_ERR_NETWORK);
}

mun_err_t
mun_devnet_start(const struct mun_devnet *net, struct mun_cli *cli,
                 uint32_t member)
{
    char text[32];
    pid_t pid = 0;

    if (mun_devnet_look(net, cli, member, &pid) != MUN_DEVNET_STOPPED)
        return MUN_SUCCESS;
    if (does_listen(mun_devnet_port(net, member, MUN_DEVNET_PEER))) {
        (void)mun_cli_fail(
            cli, MUN_EXIT_FAILED,
            "member %u: another program listens on port %u", (unsigned)member,
            (unsigned)mun_devnet_port(net, member, MUN_DEVNET_PEER));
        return mun_err(MUN_ERR_NETWORK);
    }
    pid = spawn(net, cli, member, NULL);
    if (pid < 0)
        return say_failed(cli, "munimentd", mun_err(MUN_ERR_IO));
    (void)snprintf(text, sizeof text, "%ld\n", (long)pid);
    MUN_TRY(write_text(cli, mun_devnet_path(net, cli, member, "pid"),
                       mun_bytes_str(text)));
    return wait_serving(net, cli, member, pid);
}

mun_err_t
mun_devnet_signal(const struct mun_devnet *net, struct mun_cli *cli,
                  uint32_t member, int number)
{
    pid_t pid = 0;

    if (mun_devnet_look(net, cli, member, &pid) == MUN_DEVNET_STOPPED)
        return MUN_SUCCESS;
    if (kill(pid, number) != 0 && errno != ESRCH)
        return say_failed(cli, mun_devnet_path(net, cli, member, "pid"),
                          mun_err(MUN_ERR_IO));
    if (number != SIGTERM && number != SIGKILL)
        return MUN_SUCCESS;
    if (number == SIGTERM)
        (void)kill(pid, SIGCONT); /* one that is paused hears nothing */
    for (uint32_t i = 0; i < WAIT_STEPS; i++) {
        if (mun_devnet_look(net, cli, member, &pid) == MUN_DEVNET_STOPPED)
            return MUN_SUCCESS;
        sleep_step();
    }
    (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "member %u does not end",
                       (unsigned)member);
    return mun_err(MUN_ERR_IO);
}
