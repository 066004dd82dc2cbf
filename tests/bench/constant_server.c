/* A server that answers every request with the same bytes, for the benches to
 * stand beside: what HTTP alone costs here.
 *
 *   constant_server PORT BYTES THREADS
 *
 * The library is started as node/http.c starts it for the public listener:
 * same flags, pool, limits, callbacks that cost something (connections,
 * completion, raw target) and the same headers in the answer. It runs until
 * SIGTERM. */

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ledger/base/check.h"

#define BYTES_MAX (1u << 20)

static char body[BYTES_MAX];
static size_t body_len;

static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    (void)cls;
    (void)uri;
    (void)mhd;
    return NULL;
}

static void
on_completed(void *cls, struct MHD_Connection *mhd, void **context,
             enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)mhd;
    (void)why;
    *context = NULL;
}

static void
on_connection(void *cls, struct MHD_Connection *mhd, void **context,
              enum MHD_ConnectionNotificationCode code)
{
    (void)cls;
    (void)mhd;
    (void)context;
    (void)code;
}

/* The library's shape. */
static enum MHD_Result
on_access( // NOLINT(readability-function-size)
    void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *upload_data,
    size_t *upload_len, // NOLINT(readability-non-const-parameter)
    void **context)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)cls;
    (void)url;
    (void)method;
    (void)version;
    (void)upload_data;
    MUN_CHECK(*upload_len == 0);
    if (*context == NULL) { /* answered from the second call on */
        *context = body;
        return MHD_YES;
    }
    response =
        MHD_create_response_from_buffer(body_len, body, MHD_RESPMEM_PERSISTENT);
    MUN_CHECK(response != NULL);
    MUN_CHECK(MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      "application/json") == MHD_YES);
    MUN_CHECK(MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                                      "no-store") == MHD_YES);
    MUN_CHECK(MHD_add_response_header(response, "X-Content-Type-Options",
                                      "nosniff") == MHD_YES);
    result = MHD_queue_response(mhd, 200, response);
    MHD_destroy_response(response);
    return result;
}

int
main(int argc, char **argv)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG;
    struct sockaddr_in at = { .sin_family = AF_INET };
    struct MHD_Daemon *daemon;
    sigset_t set;
    int which;

    if (argc != 4)
        return 2;
    at.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    body_len = strtoul(argv[2], NULL, 10);
    MUN_CHECK(body_len <= BYTES_MAX);
    memset(body, 'x', body_len);
    MUN_CHECK(sigemptyset(&set) == 0);
    MUN_CHECK(sigaddset(&set, SIGTERM) == 0);
    MUN_CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, NULL, MHD_OPTION_SOCK_ADDR,
        (const struct sockaddr *)&at, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)strtoul(argv[3], NULL, 10), MHD_OPTION_CONNECTION_LIMIT,
        1032u, MHD_OPTION_PER_IP_CONNECTION_LIMIT, 232u,
        MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)32768, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL, MHD_OPTION_END);
    MUN_CHECK(daemon != NULL);
    MUN_CHECK(sigwait(&set, &which) == 0);
    MHD_stop_daemon(daemon);
    return 0;
}
