#include <errno.h>
#include <getopt.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "node/backend.h"
#include "node/config.h"
#include "node/node.h"
#include "node/notify.h"

/* Posted by a signal or by a failure: the end has come. */
static sem_t end;
static volatile sig_atomic_t signals;

static const char usage[] =
    "Usage: munimentd --config FILE [--check-config]\n"
    "A node of a Muniment ledger.\n"
    "\n"
    "  -c, --config FILE   the configuration (strict JSON; node/README.md)\n"
    "      --check-config  say what is wrong with it, and exit\n"
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
run(const char *path, bool checks_only)
{
    static struct mun_config config;
    struct mun_json_err why;
    mun_err_t err = mun_config_read(&config, &why, path);

    if (!mun_is_ok(err)) {
        if (why.line > 0)
            (void)fprintf(stderr, "%s:%u:%u: %s\n", path, (unsigned)why.line,
                          (unsigned)why.column, why.text);
        else
            (void)fprintf(stderr, "%s: %s\n", path, why.text);
        return 1;
    }
    mun_log_set_level(config.log_level);
    return checks_only ? check(&config) : serve(&config);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "check-config", no_argument, NULL, 'k' },
        { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    const char *path = NULL;
    bool checks_only = false;
    int option;

    /* No thread runs yet. */
    while ((option = getopt_long(argc, argv, // NOLINT(concurrency-mt-unsafe)
                                 "c:Vh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'k':
            checks_only = true;
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
    if (path == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return 2;
    }
    return run(path, checks_only);
}
