#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "node/backend.h"
#include "node/config.h"
#include "node/node.h"
#include "node/notify.h"

/* Posted by a signal or by a failure: the end has come. */
static sem_t end;
static volatile sig_atomic_t signals;

static const char usage[] =
    "Usage: munimentd --config FILE [--check-config | --create-database |\n"
    "                                 --accept-database[=ID]]\n"
    "A node of a Muniment ledger.\n"
    "\n"
    "  -c, --config FILE   the configuration (strict JSON; node/README.md)\n"
    "      --check-config  say what is wrong with it, and exit\n"
    "      --create-database\n"
    "                      make the database of a member whose key has never\n"
    "                      voted on this ledger, and exit. Without it a "
    "member\n"
    "                      among several begins as a follower, and votes when\n"
    "                      the others have said from when on it may\n"
    "      --accept-database\n"
    "                      when the high-water file is lost: check the "
    "database,\n"
    "                      say which header it ends with, and exit\n"
    "      --accept-database=HEADER_ID\n"
    "                      also make a new high-water file when it ends with\n"
    "                      that header. First read node/README.md, \"When the\n"
    "                      node refuses to start\": on an old copy of the\n"
    "                      database this forks the ledger\n"
    "  -V, --version       print the version\n"
    "  -h, --help          print this\n"
    "\n"
    "SIGTERM or SIGINT ends it in good order, a second one at once.\n";

static void
on_signal(int number)
{
    (void)number;
    if (signals != 0)
        _exit(1);
    signals = 1;
    (void)sem_post(&end); /* cannot overflow: posted twice at most */
}

static void
on_failure(void)
{
    (void)sem_post(&end);
}

static void
catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    MUN_CHECK(sigemptyset(&action.sa_mask) == 0);
    MUN_CHECK(sem_init(&end, 0, 0) == 0);
    MUN_CHECK(sigaction(SIGTERM, &action, NULL) == 0);
    MUN_CHECK(sigaction(SIGINT, &action, NULL) == 0);
    action.sa_handler = SIG_IGN;
    MUN_CHECK(sigaction(SIGPIPE, &action, NULL) == 0);
}

static int
serve(const struct mun_config *config)
{
    struct mun_node *node;
    mun_err_t err;

    catch_signals();
    err = mun_node_start(&node, config, on_failure);
    if (!mun_is_ok(err)) {
        mun_log(MUN_LOG_UNUSUAL, "node not_started error=%s",
                mun_err_name(err));
        return 1;
    }
    mun_notify("READY=1");
    while (sem_wait(&end) != 0)
        MUN_CHECK(errno == EINTR);
    mun_notify("STOPPING=1");
    mun_log(MUN_LOG_INFO, "node stopping");
    err = mun_node_stop(node);
    mun_log(MUN_LOG_INFO, "node stopped result=%s", mun_err_name(err));
    return mun_is_ok(err) ? 0 : 1;
}

static int
check(const struct mun_config *config)
{
    if (!mun_is_ok(mun_node_check(config)))
        return 1;
    (void)puts("ok"); /* the exit status says it too */
    return 0;
}

static int
create_database(const struct mun_config *config)
{
    if (!mun_is_ok(mun_node_create(config))) {
        (void)fputs("not created\n", stderr);
        return 1;
    }
    (void)puts("created");
    return 0;
}

static void
print_found(const struct mun_node_found *found)
{
    static const char *const steps[] = { "nothing", "proposal", "prevote",
                                         "precommit" };
    char id[2 * sizeof found->header_id.b + 1];
    char time[MUN_TIME_TEXT_SIZE];

    mun_hex_encode(id,
                   mun_bytes(found->header_id.b, sizeof found->header_id.b));
    mun_time_encode(time, found->time_ms);
    MUN_CHECK(found->signed_step < sizeof steps / sizeof steps[0]);
    (void)printf("height       %" PRIu64 "\n"
                 "header id    %s\n"
                 "time         %s\n"
                 "log size     %" PRIu64 "\n",
                 found->height, id, time, found->log_size);
    if (found->signed_height == 0)
        (void)puts("signed last  nothing");
    else
        (void)printf("signed last  %s of height %" PRIu64 ", round %u\n",
                     steps[found->signed_step], found->signed_height,
                     (unsigned)found->signed_round);
}

/* `text` is the header id that the operator repeats, or NULL. */
static int
accept_database(const struct mun_config *config, const char *text)
{
    struct mun_node_found found;
    struct mun_hash header_id;
    mun_err_t err;

    if (text != NULL &&
        !mun_is_ok(mun_hex_decode(header_id.b, sizeof header_id.b,
                                  mun_bytes_str(text)))) {
        (void)fputs("--accept-database takes a header id: 64 digits of small "
                    "hex\n",
                    stderr);
        return 2;
    }
    err = mun_node_accept(&found, config, text == NULL ? NULL : &header_id);
    if (mun_is_ok(err) || err.code == MUN_ERR_VALUE)
        print_found(&found);
    if (!mun_is_ok(err)) {
        (void)fputs("not accepted, nothing was changed\n", stderr);
        return 1;
    }
    (void)puts(text == NULL
                   ? "checked, nothing was changed. Accept it only when this "
                     "is the newest header that anybody has seen."
                   : "accepted: a new high-water file was made");
    return 0;
}

/* What the command line asks for. */
struct request {
    const char *config;
    bool checks_only;
    bool creates;
    bool accepts;
    const char *header_id; /* NULL: only look */
};

static int
run(const struct request *request)
{
    const char *path = request->config;

    static struct mun_config config;
    struct mun_json_err why;
    mun_err_t err = mun_config_read(&config, &why, path);

    if (!mun_is_ok(err)) {
        (void)fprintf(stderr, "%s: %s\n", path, why.text);
        return 1;
    }
    mun_log_set_level(config.log_level);
    if (request->checks_only)
        return check(&config);
    if (request->creates)
        return create_database(&config);
    if (request->accepts)
        return accept_database(&config, request->header_id);
    return serve(&config);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "check-config", no_argument, NULL, 'k' },
        { "create-database", no_argument, NULL, 'n' },
        { "accept-database", optional_argument, NULL, 'a' },
        { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct request request = { 0 };
    int option;

    /* No thread runs yet. */
    while ((option = getopt_long(argc, argv, // NOLINT(concurrency-mt-unsafe)
                                 "c:Vh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            request.config = optarg;
            break;
        case 'k':
            request.checks_only = true;
            break;
        case 'n':
            request.creates = true;
            break;
        case 'a':
            request.accepts = true;
            request.header_id = optarg;
            break;
        case 'V':
            (void)puts(MUN_SOFTWARE);
            return 0;
        case 'h':
            (void)fputs(usage, stdout);
            return 0;
        default:
            (void)fputs(usage, stderr);
            return 2;
        }
    }
    if (request.config == NULL || optind != argc ||
        request.checks_only + request.creates + request.accepts > 1) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return run(&request);
}
