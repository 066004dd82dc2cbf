#include "node/handler.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "node/clock.h"

/* The public API */

/* A request that waits for a height; in its arena. */
struct reader {
    struct mun_waiter waiter; /* first */
    struct mun_http_request *request;
};

static void
wake_reader(struct mun_waiter *waiter)
{
    mun_http_resume(((struct reader *)(void *)waiter)->request);
}

static enum mun_http_next
handle_wait(struct mun_http_request *request)
{
    struct reader *reader = mun_arena_alloc(request->arena, sizeof *reader);

    request->metric = MUN_METRIC_WAIT;
    if (reader == NULL) {
        mun_rpc_problem(request->arena, 503, "BUSY", "no memory",
                        &request->response);
        return MUN_HTTP_ANSWER;
    }
    reader->request = request;
    reader->waiter.wake = wake_reader;
    reader->waiter.height_above = request->response.wait_height;
    reader->waiter.deadline_ms =
        mun_clock_monotonic_ms() + request->response.wait_ms;
    request->user = reader;
    return MUN_HTTP_PARK;
}

enum mun_http_next
mun_handler_entries_of_peer(struct mun_handler *handler,
                            struct mun_http_request *request)
{
    request->rpc.path = mun_bytes_str("/v1/entries");
    request->rpc.query = MUN_BYTES_NONE;
    mun_rpc_handle(&handler->backend->rpc, request->arena, &request->rpc,
                   &request->response);
    if (request->response.next != MUN_RPC_SUBMIT)
        return MUN_HTTP_ANSWER;
    return mun_submit_handle(&handler->submit_of_peers, request);
}

static enum mun_http_next
handle_public(void *ctx, struct mun_http_request *request)
{
    struct mun_handler *handler = ctx;

    mun_rpc_handle(&handler->backend->rpc, request->arena, &request->rpc,
                   &request->response);
    switch (request->response.next) {
    case MUN_RPC_DONE:
        return MUN_HTTP_ANSWER;
    case MUN_RPC_SUBMIT:
        request->metric = MUN_METRIC_SUBMIT;
        return mun_submit_handle(&handler->submit, request);
    case MUN_RPC_WAIT:
        return handle_wait(request);
    }
    MUN_UNREACHABLE();
}

static void
parked_public(void *ctx, struct mun_http_request *request)
{
    struct mun_handler *handler = ctx;
    struct reader *reader = request->user;

    if (request->metric == MUN_METRIC_SUBMIT)
        mun_submit_parked(request);
    else if (!mun_mempool_await(handler->submit.mempool, &reader->waiter))
        mun_http_resume(request);
}

static enum mun_http_next
resumed_public(void *ctx, struct mun_http_request *request)
{
    struct mun_handler *handler = ctx;

    if (request->metric == MUN_METRIC_SUBMIT)
        return mun_submit_resumed(request);
    request->rpc.has_waited = true;
    mun_rpc_handle(&handler->backend->rpc, request->arena, &request->rpc,
                   &request->response);
    MUN_CHECK(request->response.next == MUN_RPC_DONE);
    return MUN_HTTP_ANSWER;
}

void
mun_handler_public(struct mun_http_handler *out, struct mun_handler *handler)
{
    *out = (struct mun_http_handler){ .ctx = handler,
                                      .handle = handle_public,
                                      .parked = parked_public,
                                      .resumed = resumed_public };
}

/* The operator's */

static bool
path_is(const struct mun_http_request *request, const char *path)
{
    return mun_bytes_eq(request->rpc.path, mun_bytes_str(path));
}

/* Letters, digits and "/._-": nothing that needs an escape. */
static bool
is_plain_path(struct mun_bytes path)
{
    for (size_t i = 0; i < path.len; i++) {
        uint8_t c = path.data[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
            (c < 'A' || c > 'Z') && strchr("/._-", c) == NULL)
            return false;
    }
    return path.len > 0 && path.data[0] == '/';
}

static void
backup(struct mun_handler *handler, struct mun_http_request *request)
{
    static const char prefix[] = "path=";
    struct mun_bytes query = request->rpc.query;
    struct mun_bytes path = MUN_BYTES_NONE;
    char text[MUN_PATH_MAX];
    mun_err_t err;

    if (query.len > sizeof prefix - 1 &&
        memcmp(query.data, prefix, sizeof prefix - 1) == 0)
        path = mun_bytes(query.data + sizeof prefix - 1,
                         query.len - (sizeof prefix - 1));
    if (path.len >= sizeof text || !is_plain_path(path)) {
        mun_rpc_problem(request->arena, 400, "BAD_PATH",
                        "path must be absolute, of letters, digits and /._-",
                        &request->response);
        return;
    }
    memcpy(text, path.data, path.len);
    text[path.len] = 0;
    err = mun_store_backup(handler->backend->store, text);
    mun_log(mun_is_ok(err) ? MUN_LOG_INFO : MUN_LOG_UNUSUAL,
            "node backup result=%s", mun_err_name(err));
    if (!mun_is_ok(err)) {
        mun_rpc_problem(request->arena, 500, mun_err_name(err),
                        mun_err_text(err), &request->response);
        return;
    }
    request->response.status = 200;
    request->response.content_type = "application/json";
    request->response.body = mun_bytes_str("{\"result\":\"done\"}");
}

static enum mun_http_next
handle_operator(void *ctx, struct mun_http_request *request)
{
    struct mun_handler *handler = ctx;

    request->metric = MUN_METRIC_OPERATOR;
    if (path_is(request, "/backup")) {
        if (request->rpc.method == MUN_RPC_POST)
            backup(handler, request);
        else
            mun_rpc_problem(request->arena, 405, "METHOD_NOT_ALLOWED",
                            "only POST makes a backup", &request->response);
    } else if (path_is(request, "/healthz") || path_is(request, "/readyz") ||
               path_is(request, "/metrics")) {
        mun_rpc_handle(&handler->backend->rpc, request->arena, &request->rpc,
                       &request->response);
        MUN_CHECK(request->response.next == MUN_RPC_DONE);
    } else {
        mun_rpc_problem(request->arena, 404, "NOT_FOUND", "no such thing",
                        &request->response);
    }
    return MUN_HTTP_ANSWER;
}

static void
parked_operator(void *ctx, struct mun_http_request *request)
{
    (void)ctx;
    (void)request;
    MUN_UNREACHABLE();
}

static enum mun_http_next
resumed_operator(void *ctx, struct mun_http_request *request)
{
    (void)ctx;
    (void)request;
    MUN_UNREACHABLE();
}

void
mun_handler_operator(struct mun_http_handler *out, struct mun_handler *handler)
{
    *out = (struct mun_http_handler){ .ctx = handler,
                                      .handle = handle_operator,
                                      .parked = parked_operator,
                                      .resumed = resumed_operator };
}
