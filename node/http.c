#include "node/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "node/clock.h"
#include "node/guard.h"

/* Where request line and headers must fit. */
#define HEAD_BYTES 32768

/* Connections above the limits, so that there is room to say so. */
#define SPARE 32
#define SPARE_TIMEOUT_MS 2000

/* Bodies grow by doubling from here; one of this size is kept for the next
 * request of the connection. */
#define BODY_START 16384u

/* Arenas above this are given back after the request, and count as memory
 * while the answer is sent. */
#define ARENA_KEEP (256u << 10)

/* Slower than this for long is not a client but an attack. */
#define RECEIVE_RATE (64u << 10) /* bytes a second */
#define SEND_RATE (16u << 10)

#define JANITOR_MS 250

enum stage {
    STAGE_HEAD,
    STAGE_BODY,
    STAGE_PARKED,
    STAGE_ANSWERED,
};

struct connection {
    struct mun_http_request request; /* first: see mun_http_resume */
    struct mun_http *http;
    struct MHD_Connection *mhd;
    int fd;
    bool is_open; /* under http->lock, as `fd`, `address` and `next_free` */
    uint8_t address[16];
    struct connection *next_free;
    atomic_uint_least64_t deadline_ms; /* 0: none */
    unsigned refusal;                  /* 429 or 503: over a limit */

    /* Counts resumptions: whoever resumes writes it behind all else, and the
     * server's thread reads it first. The library orders them too, in ways that
     * tools cannot see. */
    atomic_uint handed_back;
    enum stage stage;
    bool is_active; /* counted in http->active */
    struct mun_arena arena;
    size_t charged; /* of http->memory_used for the answer */
    const char *uri;
    uint8_t *body;
    size_t body_size;
    size_t body_len;
    bool is_body_refused; /* 413 or 503 when it has been read */
    unsigned body_refusal;
    uint64_t received; /* bytes of the body, kept or not */
    uint64_t started_us;
};

struct mun_http {
    struct mun_http_config config;
    struct MHD_Daemon *mhd;
    int listener; /* -1 when the library closes it */
    uint16_t port;
    uint32_t slot_count;
    struct connection *slots;
    atomic_uint active;
    atomic_size_t memory_used;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping;
    bool has_janitor;
    pthread_t janitor;
    struct connection *free_slots;
    uint32_t open_count;
};

static void
lock(struct mun_http *http)
{
    MUN_CHECK(pthread_mutex_lock(&http->lock) == 0);
}

static void
unlock(struct mun_http *http)
{
    MUN_CHECK(pthread_mutex_unlock(&http->lock) == 0);
}

/* Time */

static void
set_deadline(struct connection *c, uint64_t now_us, uint64_t ms)
{
    atomic_store(&c->deadline_ms, now_us / 1000 + ms);
}

static void
clear_deadline(struct connection *c)
{
    atomic_store(&c->deadline_ms, 0);
}

static uint64_t
timeout_ms(const struct connection *c)
{
    return c->refusal != 0
               ? SPARE_TIMEOUT_MS
               : (uint64_t)c->http->config.listener->timeout_seconds * 1000;
}

/* Ends what has taken too long. The library notices the end of the stream and
 * closes; until it does the descriptor stays the connection's, for closing
 * calls on_connection first, which takes the lock. */
static void *
janitor(void *arg)
{
    struct mun_http *http = arg;

    lock(http);
    while (!http->is_stopping) {
        uint64_t now_ms = mun_clock_monotonic_ms();
        struct timespec until = {
            .tv_sec = (time_t)((now_ms + JANITOR_MS) / 1000),
            .tv_nsec = (long)((now_ms + JANITOR_MS) % 1000) * 1000000
        };

        for (uint32_t i = 0; i < http->slot_count; i++) {
            struct connection *c = &http->slots[i];
            uint64_t deadline_ms = atomic_load(&c->deadline_ms);

            if (c->is_open && deadline_ms != 0 && deadline_ms <= now_ms) {
                (void)shutdown(c->fd, SHUT_RDWR); /* it may be gone already */
                clear_deadline(c);
            }
        }
        (void)pthread_cond_timedwait(&http->wake, &http->lock, &until);
    }
    unlock(http);
    return NULL;
}

/* Memory */

static bool
charge(struct mun_http *http, size_t more)
{
    size_t used = atomic_fetch_add(&http->memory_used, more) + more;

    if (used <= http->config.memory_max)
        return true;
    atomic_fetch_sub(&http->memory_used, more);
    return false;
}

static void
discharge(struct mun_http *http, size_t less)
{
    atomic_fetch_sub(&http->memory_used, less);
}

static void
drop_body(struct connection *c, size_t keep)
{
    c->body_len = 0;
    if (c->body_size <= keep)
        return;
    discharge(c->http, c->body_size);
    free(c->body);
    c->body = NULL;
    c->body_size = 0;
}

/* Room for `need` bytes of body, of which `need` have been received. */
static bool
grow_body(struct connection *c, size_t need)
{
    size_t size = c->body_size == 0 ? BODY_START : c->body_size;
    uint8_t *grown;

    if (need <= c->body_size)
        return true;
    while (size < need)
        size *= 2;
    if (!charge(c->http, size - c->body_size))
        return false;
    grown = realloc(c->body, size);
    if (grown == NULL) {
        discharge(c->http, size - c->body_size);
        return false;
    }
    c->body = grown;
    c->body_size = size;
    return true;
}

/* Everything that one request took. */
static void
clear_request(struct connection *c)
{
    if (c->charged > 0)
        discharge(c->http, c->charged);
    c->charged = 0;
    drop_body(c, BODY_START);
    if (c->arena.peak > ARENA_KEEP)
        mun_arena_close(&c->arena);
    else if (c->arena.base != NULL)
        mun_arena_reset(&c->arena, 0);
    memset(&c->request, 0, sizeof c->request);
    c->request.arena = &c->arena;
    c->stage = STAGE_HEAD;
    c->uri = NULL;
    c->is_body_refused = false;
    c->received = 0;
}

/* Connections */

static void
address_of(uint8_t *out, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    memset(out, 0, 16);
    if (info == NULL || info->client_addr == NULL)
        return;
    if (info->client_addr->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, info->client_addr, sizeof v4);
        memcpy(out, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (info->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        /* One customer usually holds a /64. */
        memcpy(&v6, info->client_addr, sizeof v6);
        memcpy(out, &v6.sin6_addr, 8);
    }
}

/* 0, or why it is too many. With the lock held. */
static unsigned
over_limit(struct mun_http *http, const uint8_t *address)
{
    const struct mun_listener_config *limits = http->config.listener;
    uint32_t same = 0;

    for (uint32_t i = 0; i < http->slot_count; i++) {
        if (http->slots[i].is_open &&
            memcmp(http->slots[i].address, address, 16) == 0)
            same++;
    }
    if (same > limits->connections_per_address)
        return 429;
    return http->open_count > limits->connections ? 503 : 0;
}

static struct connection *
open_connection(struct mun_http *http, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c;

    lock(http);
    c = http->free_slots;
    if (c != NULL && info != NULL) {
        http->free_slots = c->next_free;
        http->open_count++;
        c->fd = info->connect_fd;
        c->mhd = mhd;
        c->is_open = true;
        address_of(c->address, mhd);
        c->refusal = over_limit(http, c->address);
        clear_request(c);
        set_deadline(c, mun_clock_monotonic_us(), timeout_ms(c));
    }
    unlock(http);
    return c;
}

static void
close_connection(struct mun_http *http, struct connection *c)
{
    clear_request(c);
    drop_body(c, 0);
    lock(http);
    MUN_CHECK(c->is_open);
    c->is_open = false;
    clear_deadline(c);
    c->next_free = http->free_slots;
    http->free_slots = c;
    http->open_count--;
    unlock(http);
}

static void
on_connection(void *cls, struct MHD_Connection *mhd, void **context,
              enum MHD_ConnectionNotificationCode code)
{
    struct mun_http *http = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = open_connection(http, mhd);
    } else if (*context != NULL) {
        close_connection(http, *context);
        *context = NULL;
    }
}

/* The raw target, before the library takes it apart: it is the request's first
 * trace. What this returns becomes *con_cls. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *c = info == NULL ? NULL : info->socket_context;
    size_t len = strlen(uri);
    char *copy;

    (void)cls;
    if (c == NULL)
        return NULL;
    clear_request(c);
    set_deadline(c, mun_clock_monotonic_us(), timeout_ms(c));
    if (c->arena.base == NULL &&
        !mun_is_ok(mun_arena_open(&c->arena, c->http->config.arena_size)))
        return NULL;
    copy = mun_arena_alloc_raw(&c->arena, len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, uri, len + 1);
    c->uri = copy;
    return c;
}

static void
on_completed(void *cls, struct MHD_Connection *mhd, void **context,
             enum MHD_RequestTerminationCode why)
{
    struct connection *c = *context;

    (void)cls;
    (void)mhd;
    (void)why;
    if (c == NULL)
        return;
    if (c->is_active) {
        c->is_active = false;
        atomic_fetch_sub(&c->http->active, 1);
    }
    clear_request(c);
    set_deadline(c, mun_clock_monotonic_us(), timeout_ms(c));
    *context = NULL;
}

/* Answers */

static bool
add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static struct MHD_Response *
make_response(const struct mun_rpc_response *from, bool closes)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        from->body.len,
        /* The library does not write into a persistent buffer. */
        (void *)(uintptr_t)from->body.data, // NOLINT(performance-no-int-to-ptr)
        MHD_RESPMEM_PERSISTENT);
    bool is_ok = response != NULL;

    if (is_ok && from->content_type != NULL)
        is_ok = add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                           from->content_type);
    is_ok =
        is_ok && add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            from->cache_control == NULL ? "no-store"
                                                        : from->cache_control);
    is_ok = is_ok && add_header(response, "X-Content-Type-Options", "nosniff");
    if (from->allow != NULL)
        is_ok =
            is_ok && add_header(response, MHD_HTTP_HEADER_ALLOW, from->allow);
    if (closes)
        is_ok =
            is_ok && add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (from->status == 429 || from->status == 503)
        is_ok = is_ok && add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (!is_ok && response != NULL) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return response;
}

static enum MHD_Result
answer(struct connection *c, bool closes)
{
    struct mun_http_request *request = &c->request;
    size_t used = c->arena.used;
    struct MHD_Response *response;
    enum MHD_Result result;
    uint64_t now_us;

    c->stage = STAGE_ANSWERED;
    if (used > ARENA_KEEP) {
        if (charge(c->http, used)) {
            c->charged = used;
        } else {
            mun_arena_reset(&c->arena, 0);
            mun_rpc_problem(&c->arena, 503, "BUSY",
                            "too many large answers at once",
                            &request->response);
        }
    }
    response = make_response(&request->response, closes);
    if (response == NULL)
        return MHD_NO;
    now_us = mun_clock_monotonic_us();
    set_deadline(c, now_us,
                 timeout_ms(c) + request->response.body.len * 1000 / SEND_RATE);
    result = MHD_queue_response(c->mhd, request->response.status, response);
    MHD_destroy_response(response);
    mun_metrics_request(c->http->config.metrics, request->metric,
                        request->response.status, now_us - c->started_us);
    return result;
}

static enum MHD_Result
refuse(struct connection *c, unsigned status, const char *code,
       const char *detail)
{
    c->request.metric = MUN_METRIC_MALFORMED;
    mun_rpc_problem(&c->arena, status, code, detail, &c->request.response);
    return answer(c, true);
}

/* The head */

struct fields {
    struct mun_guard_field at[MUN_GUARD_FIELDS_MAX];
    size_t count;
    bool is_over;
};

static enum MHD_Result
collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
        const char *value, size_t value_len)
{
    struct fields *fields = cls;

    (void)kind;
    if (fields->count == MUN_GUARD_FIELDS_MAX) {
        fields->is_over = true;
        return MHD_NO;
    }
    fields->at[fields->count].name = mun_bytes(name, name_len);
    fields->at[fields->count].value = mun_bytes(value, value_len);
    fields->count++;
    return MHD_YES;
}

/* What the library hands to the access handler. */
struct line {
    const char *method;
    const char *target; /* without the query */
    const char *version;
};

/* Whether the head lies in the library's buffer as a clean one does. From
 * version 1.0 on the library parses otherwise and refuses these by itself. */
static enum mun_guard_verdict
check_layout(struct connection *c, const struct fields *fields,
             const struct line *line)
{
#if MHD_VERSION < 0x01000000
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    struct mun_guard_lines lines = {
        .method = mun_bytes_str(line->method),
        .target = mun_bytes(line->target, strlen(c->uri)),
        .version = mun_bytes_str(line->version),
        .fields = fields->at,
        .count = fields->count,
    };

    if (info == NULL)
        return MUN_GUARD_LAYOUT;
    lines.end = lines.method.data + info->header_size;
    return mun_guard_layout(&lines);
#else
    (void)c;
    (void)fields;
    (void)line;
    return MUN_GUARD_OK;
#endif
}

static enum mun_guard_verdict
check_head(struct connection *c, struct mun_guard_head *head,
           const struct line *line)
{
    struct mun_rpc_request *rpc = &c->request.rpc;
    enum mun_guard_verdict verdict;
    struct fields fields;

    fields.count = 0;
    fields.is_over = false;
    (void)MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, collect,
                                      &fields);
    if (fields.is_over)
        return MUN_GUARD_TOO_MANY;
    verdict = mun_guard_check(head, fields.at, fields.count);
    if (verdict == MUN_GUARD_OK)
        verdict = check_layout(c, &fields, line);
    if (verdict == MUN_GUARD_OK)
        verdict = mun_guard_target(&rpc->path, &rpc->query, &c->arena,
                                   mun_bytes_str(c->uri));
    rpc->content_type = head->content_type;
    return verdict;
}

static enum mun_rpc_method
method_of(const char *method)
{
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
        return MUN_RPC_GET;
    if (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        return MUN_RPC_HEAD;
    if (strcmp(method, MHD_HTTP_METHOD_POST) == 0)
        return MUN_RPC_POST;
    return MUN_RPC_OTHER;
}

/* The first call. What is refused here is answered "early", and the library
 * closes the connection behind it: so it should. */
static enum MHD_Result
begin(struct connection *c, const struct line *line)
{
    enum mun_guard_verdict verdict;
    struct mun_guard_head head;

    c->started_us = mun_clock_monotonic_us();
    c->is_active = true;
    atomic_fetch_add(&c->http->active, 1);
    c->request.metric = MUN_METRIC_READ;
    c->request.rpc.method = method_of(line->method);
    if (c->refusal == 429)
        return refuse(c, 429, "TOO_MANY_CONNECTIONS",
                      "this address has too many connections");
    if (c->refusal != 0)
        return refuse(c, 503, "BUSY", "the node has too many connections");
    verdict = check_head(c, &head, line);
    if (verdict != MUN_GUARD_OK)
        return refuse(c, 400, "MALFORMED_REQUEST", mun_guard_text(verdict));
    if (head.has_length && head.length > MUN_HTTP_BODY_MAX)
        return refuse(c, 413, "BODY_TOO_LARGE", "a body holds at most 8 MiB");
    if (c->request.rpc.method == MUN_RPC_POST && !head.has_length &&
        !head.is_chunked)
        return refuse(c, 411, "LENGTH_REQUIRED",
                      "Content-Length or a chunked body is required");
    c->stage = STAGE_BODY;
    set_deadline(c, c->started_us,
                 timeout_ms(c) +
                     (head.has_length ? head.length : MUN_HTTP_BODY_MAX) *
                         1000 / RECEIVE_RATE);
    return MHD_YES;
}

/* The body */

/* The library takes no answer while a body arrives: it is read to its end, not
 * kept, and answered then; one that does not end is cut. */
static enum MHD_Result
receive(struct connection *c, const char *data, size_t *len)
{
    c->received += *len;
    if (!c->is_body_refused) {
        if (c->received > MUN_HTTP_BODY_MAX) {
            c->is_body_refused = true;
            c->body_refusal = 413;
        } else if (!grow_body(c, c->body_len + *len)) {
            c->is_body_refused = true;
            c->body_refusal = 503;
        }
        if (c->is_body_refused)
            drop_body(c, 0);
    }
    if (!c->is_body_refused) {
        memcpy(c->body + c->body_len, data, *len);
        c->body_len += *len;
    }
    *len = 0;
    return c->received > 2ull * MUN_HTTP_BODY_MAX ? MHD_NO : MHD_YES;
}

/* The handler */

static enum MHD_Result
park(struct connection *c)
{
    struct mun_http_handler *handler = &c->http->config.handler;

    c->stage = STAGE_PARKED;
    clear_deadline(c);
    MHD_suspend_connection(c->mhd);
    handler->parked(handler->ctx, &c->request);
    /* Nothing of the connection may be touched from here on. */
    return MHD_YES;
}

static enum MHD_Result
dispatch(struct connection *c)
{
    struct mun_http_handler *handler = &c->http->config.handler;

    if (c->is_body_refused && c->body_refusal == 413)
        return refuse(c, 413, "BODY_TOO_LARGE", "a body holds at most 8 MiB");
    if (c->is_body_refused)
        return refuse(c, 503, "BUSY", "too many large requests at once");
    c->request.rpc.body = mun_bytes(c->body, c->body_len);
    switch (handler->handle(handler->ctx, &c->request)) {
    case MUN_HTTP_ANSWER:
        return answer(c, false);
    case MUN_HTTP_PARK:
        return park(c);
    }
    MUN_UNREACHABLE();
}

static enum MHD_Result
go_on(struct connection *c)
{
    struct mun_http_handler *handler = &c->http->config.handler;

    MUN_CHECK(atomic_load(&c->handed_back) > 0);
    switch (handler->resumed(handler->ctx, &c->request)) {
    case MUN_HTTP_ANSWER:
        return answer(c, false);
    case MUN_HTTP_PARK:
        return park(c);
    }
    MUN_UNREACHABLE();
}

/* The parameters are the library's. */
static enum MHD_Result
on_access( // NOLINT(readability-function-size)
    void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
    const char *version, const char *upload_data, size_t *upload_len,
    void **context)
{
    const struct line line = { method, url, version };
    struct connection *c = *context;

    (void)cls;
    if (c == NULL)
        return MHD_NO;
    MUN_CHECK(c->mhd == mhd);
    switch (c->stage) {
    case STAGE_HEAD:
        return begin(c, &line);
    case STAGE_BODY:
        if (*upload_len > 0)
            return receive(c, upload_data, upload_len);
        return dispatch(c);
    case STAGE_PARKED:
        return go_on(c);
    case STAGE_ANSWERED:
        return MHD_YES;
    }
    MUN_UNREACHABLE();
}

/* The target is decoded by the guard; the library's own decoding would hide
 * what was sent. */
static size_t
on_unescape(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

static void on_log(void *cls, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
on_log(void *cls, const char *format, va_list args)
{
    const struct mun_http *http = cls;
    char text[256];

    if (vsnprintf(text, sizeof text, format, args) > 0)
        mun_log(MUN_LOG_DEBUG, "http library listener=%s text=\"%s\"",
                http->config.name, text);
}

/* Start and stop */

static mun_err_t
listen_failed(const struct mun_http *http, const char *what)
{
    const struct mun_listener_config *listener = http->config.listener;
    char text[128];

    if (strerror_r(errno, text, sizeof text) != 0)
        text[0] = 0;
    mun_log(MUN_LOG_UNUSUAL,
            "http listen_failed listener=%s address=%s port=%u step=%s "
            "reason=\"%s\"",
            http->config.name, listener->address, (unsigned)listener->port,
            what, text);
    return mun_err(MUN_ERR_NETWORK);
}

struct address {
    socklen_t len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at;
};

static void
parse_address(struct address *out, const struct mun_listener_config *listener)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, listener->address, &out->at.v4.sin_addr) == 1) {
        out->at.v4.sin_family = AF_INET;
        out->at.v4.sin_port = htons(listener->port);
        out->len = sizeof out->at.v4;
        return;
    }
    MUN_CHECK(inet_pton(AF_INET6, listener->address, &out->at.v6.sin6_addr) ==
              1);
    out->at.v6.sin6_family = AF_INET6;
    out->at.v6.sin6_port = htons(listener->port);
    out->len = sizeof out->at.v6;
}

static mun_err_t
open_listener(struct mun_http *http)
{
    const int on = 1;
    struct address address;

    parse_address(&address, http->config.listener);
    http->listener = socket(address.at.any.sa_family,
                            SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (http->listener < 0)
        return listen_failed(http, "socket");
    if (setsockopt(http->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) !=
        0)
        return listen_failed(http, "reuse");
    if (bind(http->listener, &address.at.any, address.len) != 0)
        return listen_failed(http, "bind");
    if (listen(http->listener, SOMAXCONN) != 0)
        return listen_failed(http, "listen");
    if (getsockname(http->listener, &address.at.any, &address.len) != 0)
        return listen_failed(http, "name");
    http->port =
        ntohs(address.at.any.sa_family == AF_INET ? address.at.v4.sin_port
                                                  : address.at.v6.sin6_port);
    return MUN_SUCCESS;
}

static mun_err_t
start_library(struct mun_http *http)
{
    const struct mun_listener_config *listener = http->config.listener;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG;
    struct MHD_OptionItem more[] = {
        { MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)listener->threads, NULL },
        { MHD_OPTION_END, 0, NULL },
    };

    if (listener->threads < 2)
        more[0].option = MHD_OPTION_END;
    http->mhd = MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, http, MHD_OPTION_EXTERNAL_LOGGER,
        on_log, http, MHD_OPTION_LISTEN_SOCKET, http->listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)http->slot_count,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)listener->connections_per_address + SPARE,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)listener->timeout_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, http, MHD_OPTION_UNESCAPE_CALLBACK,
        on_unescape, NULL, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
    if (http->mhd == NULL)
        return listen_failed(http, "library");
    return MUN_SUCCESS;
}

static mun_err_t
start_janitor(struct mun_http *http)
{
    pthread_condattr_t attr;

    MUN_CHECK(pthread_mutex_init(&http->lock, NULL) == 0);
    MUN_CHECK(pthread_condattr_init(&attr) == 0);
    MUN_CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    MUN_CHECK(pthread_cond_init(&http->wake, &attr) == 0);
    MUN_CHECK(pthread_condattr_destroy(&attr) == 0);
    if (pthread_create(&http->janitor, NULL, janitor, http) != 0)
        return mun_err(MUN_ERR_MEMORY);
    http->has_janitor = true;
    return MUN_SUCCESS;
}

mun_err_t
mun_http_start(struct mun_http **out, struct mun_arena *arena,
               const struct mun_http_config *config)
{
    struct mun_http *http = mun_arena_alloc(arena, sizeof *http);
    mun_err_t err;

    *out = NULL;
    if (http == NULL)
        return mun_err(MUN_ERR_LIMIT);
    http->config = *config;
    http->listener = -1;
    http->slot_count = config->listener->connections + SPARE;
    http->slots = mun_arena_array(arena, http->slot_count, sizeof *http->slots);
    if (http->slots == NULL)
        return mun_err(MUN_ERR_LIMIT);
    for (uint32_t i = http->slot_count; i > 0; i--) {
        struct connection *c = &http->slots[i - 1];

        c->http = http;
        c->next_free = http->free_slots;
        http->free_slots = c;
    }
    MUN_TRY_OUT(start_janitor(http));
    MUN_TRY_OUT(open_listener(http));
    MUN_TRY_OUT(start_library(http));
    *out = http;
    return MUN_SUCCESS;
out:
    mun_http_stop(http);
    return err;
}

uint16_t
mun_http_port(const struct mun_http *http)
{
    return http->port;
}

uint32_t
mun_http_connections(struct mun_http *http)
{
    uint32_t count;

    lock(http);
    count = http->open_count;
    unlock(http);
    return count;
}

void
mun_http_resume(struct mun_http_request *request)
{
    /* A connection begins with its request. */
    struct connection *c = (struct connection *)(void *)request;
    struct MHD_Connection *mhd = c->mhd;

    atomic_fetch_add(&c->handed_back, 1);
    MHD_resume_connection(mhd);
}

static void
sleep_ms(long ms)
{
    const struct timespec time = { 0, ms * 1000000 };

    (void)nanosleep(&time, NULL); /* early is fine: callers look again */
}

void
mun_http_drain(struct mun_http *http, uint64_t grace_ms)
{
    uint64_t until_ms = mun_clock_monotonic_ms() + grace_ms;

    if (http == NULL || http->mhd == NULL)
        return;
    if (MHD_quiesce_daemon(http->mhd) != MHD_INVALID_SOCKET) {
        (void)close(http->listener); /* nothing was written to it */
        http->listener = -1;
    }
    while (atomic_load(&http->active) > 0 &&
           mun_clock_monotonic_ms() < until_ms)
        sleep_ms(5);
}

void
mun_http_stop(struct mun_http *http)
{
    if (http == NULL)
        return;
    if (http->mhd != NULL) {
        /* Closes the listening socket unless it was drained. */
        MHD_stop_daemon(http->mhd);
    } else if (http->listener >= 0) {
        (void)close(http->listener);
    }
    if (http->has_janitor) {
        lock(http);
        http->is_stopping = true;
        MUN_CHECK(pthread_cond_broadcast(&http->wake) == 0);
        unlock(http);
        MUN_CHECK(pthread_join(http->janitor, NULL) == 0);
        MUN_CHECK(pthread_cond_destroy(&http->wake) == 0);
        MUN_CHECK(pthread_mutex_destroy(&http->lock) == 0);
    }
    for (uint32_t i = 0; i < http->slot_count; i++)
        mun_arena_close(&http->slots[i].arena);
}
