#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger/json/json_rd.h"
#include "tools/client.h"
#include "tools/commands.h"
#include "tools/devnet.h"

#define PORT_DEFAULT 8460

struct devnet_args {
    struct mun_cli *cli;
    const char *dir;
    uint64_t members;
    uint64_t member; /* 0: all */
    uint64_t port;
    bool is_watched;
    bool is_killed;
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_devnet(int key, char *arg, struct argp_state *state)
{
    struct devnet_args *args = state->input;
    switch (key) {
    case 'N':
        if (!mun_arg_u64(&args->members, MUN_DEVNET_MEMBERS_MAX, arg) ||
            args->members == 0)
            mun_cli_usage(state, "--members takes 1 to %d",
                          MUN_DEVNET_MEMBERS_MAX);
        return 0;
    case 'm':
        if (!mun_arg_u64(&args->member, MUN_DEVNET_MEMBERS_MAX, arg) ||
            args->member == 0)
            mun_cli_usage(state, "--member takes a number from 1");
        return 0;
    case 'P':
        if (!mun_arg_u64(&args->port, 65000, arg) || args->port < 1024)
            mun_cli_usage(state, "--port takes 1024 to 65000");
        return 0;
    case 'w':
        args->is_watched = true;
        return 0;
    case 'k':
        args->is_killed = true;
        return 0;
    case ARGP_KEY_ARG:
        if (args->dir != NULL)
            mun_cli_usage(state, "one DIR, please");
        args->dir = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->dir == NULL)
            mun_cli_usage(state, "DIR is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

#define MEMBER_OPTION                                                          \
    {                                                                          \
        "member", 'm', "N", 0, "only this one (from 1)", 0                     \
    }

static bool
is_meant(const struct devnet_args *args, uint32_t member)
{
    return args->member == 0 || args->member == member;
}

static bool
has_member(const struct devnet_args *args, const struct mun_devnet *net)
{
    if (args->member <= net->members)
        return true;
    (void)mun_cli_fail(args->cli, MUN_EXIT_FAILED, "there are %u members",
                       (unsigned)net->members);
    return false;
}

/* Status */

struct row {
    uint32_t member;
    pid_t pid;
    enum mun_devnet_state state;
    bool does_answer;
    uint64_t height;
    uint64_t waiting;
    uint64_t peers;
    char url[64];
};

static const char *
state_text(const struct row *row)
{
    switch (row->state) {
    case MUN_DEVNET_STOPPED:
        return "stopped";
    case MUN_DEVNET_PAUSED:
        return "paused";
    case MUN_DEVNET_RUNNING:
        return row->does_answer ? "running" : "silent";
    }
    return "";
}

/* The value of a metric without labels, 0 when it is not there. */
static uint64_t
metric(struct mun_bytes text, const char *name)
{
    size_t len = strlen(name);
    uint64_t value = 0;

    for (size_t at = 0; at + len + 1 < text.len; at++) {
        bool is_start = at == 0 || text.data[at - 1] == '\n';

        if (!is_start || memcmp(text.data + at, name, len) != 0 ||
            text.data[at + len] != ' ')
            continue;
        for (at += len + 1;
             at < text.len && text.data[at] >= '0' && text.data[at] <= '9';
             at++)
            value = value * 10 + (uint64_t)(text.data[at] - '0');
        return value;
    }
    return 0;
}

static void
look(struct mun_cli *cli, struct row *out, const struct mun_devnet *net,
     uint32_t member)
{
    struct mun_reply reply;
    char operator_url[64];

    memset(out, 0, sizeof *out);
    out->member = member;
    out->state = mun_devnet_look(net, cli, member, &out->pid);
    (void)snprintf(out->url, sizeof out->url, "http://127.0.0.1:%u",
                   (unsigned)mun_devnet_port(net, member, MUN_DEVNET_PUBLIC));
    if (out->state != MUN_DEVNET_RUNNING)
        return;
    (void)snprintf(operator_url, sizeof operator_url, "http://127.0.0.1:%u",
                   (unsigned)mun_devnet_port(net, member, MUN_DEVNET_OPERATOR));
    cli->node = operator_url;
    if (mun_is_ok(mun_client_get(&reply, cli, "/metrics")) &&
        reply.status == 200) {
        out->does_answer = true;
        out->height = metric(reply.body, "muniment_height");
        out->waiting = metric(reply.body, "muniment_mempool_entries");
        out->peers = metric(reply.body, "muniment_peers_reachable");
    }
    cli->node = out->url;
}

static uint64_t
highest(const struct row *rows, uint32_t count)
{
    uint64_t height = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].height > height)
            height = rows[i].height;
    }
    return height;
}

static void
say_rows(const struct mun_cli *cli, const struct row *rows, uint32_t count)
{
    uint64_t height = highest(rows, count);

    mun_cli_say(cli, "member  state    pid      height  lag  peers  waiting  "
                     "public API");
    for (uint32_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];

        if (row->does_answer)
            mun_cli_say(cli, "%6u  %-7s  %-7ld  %6llu  %3llu  %5llu  %7llu  %s",
                        (unsigned)row->member, state_text(row), (long)row->pid,
                        (unsigned long long)row->height,
                        (unsigned long long)(height - row->height),
                        (unsigned long long)row->peers,
                        (unsigned long long)row->waiting, row->url);
        else
            mun_cli_say(cli, "%6u  %-7s  %-7ld  %6s  %3s  %5s  %7s  %s",
                        (unsigned)row->member, state_text(row), (long)row->pid,
                        "-", "-", "-", "-", row->url);
    }
}

static int
print_rows(const struct mun_cli *cli, const struct row *rows, uint32_t count)
{
    struct mun_json_wr wr;

    mun_json_wr_init(&wr, 16384, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "members");
    mun_json_wr_begin_array(&wr);
    for (uint32_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];

        mun_json_wr_begin_object(&wr);
        mun_json_wr_key(&wr, "member");
        mun_json_wr_u64(&wr, row->member);
        mun_json_wr_key(&wr, "state");
        mun_json_wr_string(&wr, state_text(row));
        mun_json_wr_key(&wr, "pid");
        mun_json_wr_u64(&wr, (uint64_t)row->pid);
        mun_json_wr_key(&wr, "url");
        mun_json_wr_string(&wr, row->url);
        if (row->does_answer) {
            mun_json_wr_key(&wr, "height");
            mun_json_wr_u64(&wr, row->height);
            mun_json_wr_key(&wr, "peers");
            mun_json_wr_u64(&wr, row->peers);
            mun_json_wr_key(&wr, "waiting");
            mun_json_wr_u64(&wr, row->waiting);
        }
        mun_json_wr_end_object(&wr);
    }
    mun_json_wr_end_array(&wr);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

static int
show(struct mun_cli *cli, const struct mun_devnet *net)
{
    struct row rows[MUN_DEVNET_MEMBERS_MAX];

    for (uint32_t i = 0; i < net->members; i++)
        look(cli, &rows[i], net, i + 1);
    say_rows(cli, rows, net->members);
    return print_rows(cli, rows, net->members);
}

int
mun_cmd_devnet_status(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "watch", 'w', NULL, 0, "again every second, until interrupted", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_devnet, "DIR",
        "Shows each member of a development network: whether it runs, its "
        "height, how far it is behind, peers that answer, entries that wait."
        "\vExample:\n  muniment devnet status net --watch"
    };
    struct devnet_args args = { .cli = cli };
    const struct timespec second = { 1, 0 };
    struct mun_devnet net;
    int status;

    mun_cli_parse_offline(&command, argc, argv, &args);
    if (!mun_is_ok(mun_devnet_open(&net, cli, args.dir)))
        return MUN_EXIT_FAILED;
    status = show(cli, &net);
    while (args.is_watched && status == MUN_EXIT_DONE) {
        size_t mark = mun_arena_mark(&cli->arena);

        (void)nanosleep(&second, NULL); /* early is fine */
        if (!cli->is_json && isatty(STDOUT_FILENO))
            (void)printf("\033[%uA", (unsigned)net.members + 1);
        status = show(cli, &net);
        (void)fflush(stdout);
        mun_arena_reset(&cli->arena, mark);
    }
    return status;
}

/* Start and stop */

int
mun_cmd_devnet_start(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "members", 'N', "N", 0, "how many, when DIR is made (default 4)", 0 },
        { "port", 'P', "PORT", 0,
          "the first port, when DIR is made (default 8460); each member takes "
          "three of ten",
          0 },
        MEMBER_OPTION,
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_devnet, "DIR",
        "Starts a consortium on this machine: real nodes on loopback that "
        "agree with each other. Makes DIR with keys, genesis, configurations "
        "and databases when it is not there. For trying and developing: all "
        "keys lie in DIR beside their passphrase.\vExamples:\n"
        "  muniment devnet start net --members 4\n"
        "  muniment devnet stop net --member 3 --kill\n"
        "  muniment devnet start net --member 3"
    };
    struct devnet_args args = { .cli = cli,
                                .members = 4,
                                .port = PORT_DEFAULT };
    struct mun_devnet net;
    bool is_new;

    mun_cli_parse_offline(&command, argc, argv, &args);
    net = (struct mun_devnet){ args.dir, (uint32_t)args.members,
                               (uint16_t)args.port };
    is_new = access(args.dir, F_OK) != 0;
    if (is_new && !mun_is_ok(mun_devnet_make(&net, cli)))
        return MUN_EXIT_FAILED;
    if (!mun_is_ok(mun_devnet_open(&net, cli, args.dir)) ||
        !has_member(&args, &net))
        return MUN_EXIT_FAILED;
    for (uint32_t i = 1; i <= net.members; i++) {
        if (is_meant(&args, i) && !mun_is_ok(mun_devnet_start(&net, cli, i)))
            return MUN_EXIT_FAILED;
    }
    if (is_new)
        mun_cli_say(cli,
                    "Each member may accredit: its key is %s, the passphrase "
                    "of all is in %s.\nAsk any of them: export "
                    "MUNIMENT_NODE=http://127.0.0.1:%u\n",
                    mun_devnet_path(&net, cli, 1, "govern.key"),
                    mun_devnet_path(&net, cli, 0, "passphrase"),
                    (unsigned)mun_devnet_port(&net, 1, MUN_DEVNET_PUBLIC));
    return show(cli, &net);
}

static int
signal_members(struct mun_cli *cli, const struct devnet_args *args, int number)
{
    struct mun_devnet net;

    if (!mun_is_ok(mun_devnet_open(&net, cli, args->dir)) ||
        !has_member(args, &net))
        return MUN_EXIT_FAILED;
    for (uint32_t i = 1; i <= net.members; i++) {
        if (is_meant(args, i) &&
            !mun_is_ok(mun_devnet_signal(&net, cli, i, number)))
            return MUN_EXIT_FAILED;
    }
    return show(cli, &net);
}

int
mun_cmd_devnet_stop(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "kill", 'k', NULL, 0, "at once (SIGKILL), as a crash would", 0 },
        MEMBER_OPTION,
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_devnet, "DIR",
        "Stops the members of a development network.\vExamples:\n"
        "  muniment devnet stop net\n"
        "  muniment devnet stop net --member 2 --kill"
    };
    struct devnet_args args = { .cli = cli };

    mun_cli_parse_offline(&command, argc, argv, &args);
    return signal_members(cli, &args, args.is_killed ? SIGKILL : SIGTERM);
}

static const struct argp_option one_member[] = {
    MEMBER_OPTION,
    { 0 },
};

int
mun_cmd_devnet_pause(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        one_member, parse_devnet, "DIR",
        "Halts members where they are (SIGSTOP): to the others it is as if "
        "the network to them were cut.\vExample:\n"
        "  muniment devnet pause net --member 2"
    };
    struct devnet_args args = { .cli = cli };

    mun_cli_parse_offline(&command, argc, argv, &args);
    return signal_members(cli, &args, SIGSTOP);
}

int
mun_cmd_devnet_resume(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        one_member, parse_devnet, "DIR",
        "Lets halted members go on.\vExample:\n"
        "  muniment devnet resume net --member 2"
    };
    struct devnet_args args = { .cli = cli };

    mun_cli_parse_offline(&command, argc, argv, &args);
    return signal_members(cli, &args, SIGCONT);
}
