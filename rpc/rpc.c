#include "rpc/rpc.h"

#include "ledger/base/check.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* The whole API. What is asked most stands first. Arguments by name; tests
 * compare this table with openapi.json. */

#define ARGUMENTS(...)                                                         \
    (const char *const[])                                                      \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }

#define KB 1024

const struct mun_rpc_route mun_rpc_routes[] = {
    { MUN_RPC_GET, 4 * KB, "/v1/verdicts/{commitment}", mun_rpc_verdict,
      ARGUMENTS("proof"), NULL },
    { MUN_RPC_GET, 4 * KB, "/v1/verdicts/{batch}/{position}", mun_rpc_verdict,
      ARGUMENTS("proof"), NULL },
    { MUN_RPC_POST, 64 * KB, "/v1/verdicts", mun_rpc_verdicts, NULL, NULL },
    { MUN_RPC_POST, 0, "/v1/entries", mun_rpc_submit, ARGUMENTS("wait"), NULL },
    { MUN_RPC_GET, 16 * KB, "/v1/entries/{id}", mun_rpc_entry, NULL,
      MUN_RPC_FOR_EVER },
    { MUN_RPC_GET, 2 * KB, "/v1/head", mun_rpc_head, ARGUMENTS("after", "wait"),
      NULL },
    { MUN_RPC_GET, 2 * KB, "/v1/trust-root", mun_rpc_trust_root,
      ARGUMENTS("height"), MUN_RPC_FOR_EVER },
    { MUN_RPC_GET, 0, "/v1/genesis", mun_rpc_genesis, NULL, NULL },
    { MUN_RPC_GET, 16 * KB, "/v1/headers/{height}", mun_rpc_header, NULL,
      MUN_RPC_FOR_EVER },
    { MUN_RPC_GET, 0, "/v1/blocks/{height}", mun_rpc_block, NULL, NULL },
    { MUN_RPC_GET, 0, "/v1/blocks", mun_rpc_blocks, ARGUMENTS("from", "limit"),
      NULL },
    { MUN_RPC_GET, 64 * KB, "/v1/parties", mun_rpc_parties,
      ARGUMENTS("q", "limit", "after"), NULL },
    { MUN_RPC_GET, 32 * KB, "/v1/parties/{id}", mun_rpc_party, NULL, NULL },
    { MUN_RPC_GET, 2 * KB, "/v1/keys/{key}", mun_rpc_key, NULL, NULL },
    { MUN_RPC_GET, 64 * KB, "/v1/accreditations", mun_rpc_accreditations,
      ARGUMENTS("subject", "limit", "after"), NULL },
    { MUN_RPC_GET, 16 * KB, "/v1/accreditations/{id}", mun_rpc_accreditation,
      NULL, NULL },
    { MUN_RPC_GET, 64 * KB, "/v1/programmes", mun_rpc_programmes,
      ARGUMENTS("issuer", "q", "field", "level", "limit", "after"), NULL },
    { MUN_RPC_GET, 32 * KB, "/v1/programmes/{id}", mun_rpc_programme,
      ARGUMENTS("version"), NULL },
    { MUN_RPC_GET, 2 * KB, "/v1/lists/{issuer}/{label}", mun_rpc_list, NULL,
      NULL },
    { MUN_RPC_GET, 2 * KB, "/v1/lists/{issuer}/{label}/{slot}", mun_rpc_slot,
      NULL, NULL },
    { MUN_RPC_GET, 4 * KB, "/v1/status-lists/{issuer}/{label}",
      mun_rpc_status_list, ARGUMENTS("purpose"), MUN_RPC_A_MINUTE },
    { MUN_RPC_GET, 2 * KB, "/v1/batches/{entry}", mun_rpc_batch, NULL,
      MUN_RPC_FOR_EVER },
    { MUN_RPC_GET, 32 * KB, "/v1/receipts/{commitment}", mun_rpc_receipt, NULL,
      NULL },
    { MUN_RPC_GET, 32 * KB, "/v1/receipts/{batch}/{position}", mun_rpc_receipt,
      NULL, NULL },
    { MUN_RPC_GET, 32 * KB, "/v1/records/{record}", mun_rpc_record, NULL,
      NULL },
    { MUN_RPC_GET, 32 * KB, "/v1/history", mun_rpc_history,
      ARGUMENTS("party", "programme", "list", "limit", "after"), NULL },
    { MUN_RPC_GET, 0, "/v1/log/tiles/{level}/{index}", mun_rpc_tile,
      ARGUMENTS("width"), NULL },
    { MUN_RPC_GET, 8 * KB, "/v1/log/inclusion", mun_rpc_inclusion,
      ARGUMENTS("index", "size"), NULL },
    { MUN_RPC_GET, 8 * KB, "/v1/log/consistency", mun_rpc_consistency,
      ARGUMENTS("from", "to"), NULL },
    { MUN_RPC_GET, 2 * KB, "/v1/statistics", mun_rpc_statistics, NULL,
      MUN_RPC_A_MINUTE },
    { MUN_RPC_GET, 0, "/v1/openapi.json", mun_rpc_openapi_document, NULL,
      NULL },
    { MUN_RPC_GET, 1 * KB, "/healthz", mun_rpc_health, NULL, NULL },
    { MUN_RPC_GET, 1 * KB, "/readyz", mun_rpc_ready, NULL, NULL },
    { MUN_RPC_GET, 0, "/metrics", mun_rpc_metrics, NULL, NULL },
};

const size_t mun_rpc_route_count =
    sizeof mun_rpc_routes / sizeof mun_rpc_routes[0];

static bool
takes(const struct mun_rpc_route *route, enum mun_rpc_method method)
{
    if (method == MUN_RPC_HEAD)
        method = MUN_RPC_GET;
    return route->method == method;
}

/* The route, or NULL and the response is complete. */
static const struct mun_rpc_route *
find_route(struct mun_rpc_call *call)
{
    const struct mun_rpc_request *request = call->request;
    const char *allow = NULL;

    for (size_t i = 0; i < mun_rpc_route_count; i++) {
        const struct mun_rpc_route *route = &mun_rpc_routes[i];

        if (!mun_rpc_match(call, route->path, request->path))
            continue;
        if (takes(route, request->method))
            return route;
        allow = route->method == MUN_RPC_POST ? "POST" : "GET, HEAD";
    }
    if (allow == NULL) {
        (void)mun_rpc_not_found(call, "there is no such resource");
        return NULL;
    }
    (void)mun_rpc_refuse(call, 405, "METHOD_NOT_ALLOWED",
                         "the resource does not take this method");
    call->response->allow = allow;
    return NULL;
}

static mun_err_t
finish_json(struct mun_rpc_call *call, const struct mun_rpc_route *route)
{
    struct mun_bytes body;

    MUN_TRY(mun_json_wr_finish(&call->wr, &body));
    mun_rpc_answer(call, MUN_RPC_JSON, route->cache_control, body);
    return MUN_SUCCESS;
}

/* Runs the handler with `size` bytes for JSON. The snapshot is held until the
 * JSON, which borrows from it, is written. */
static mun_err_t
attempt(struct mun_rpc_call *call, const struct mun_rpc_route *route,
        uint8_t *memory, size_t size)
{
    mun_err_t err;

    if (size > 0)
        mun_json_wr_init_fixed(&call->wr, memory, size, false);
    err = route->handle(call);
    mun_rpc_end(call);
    if (call->is_answered || !mun_is_ok(err))
        return err;
    return finish_json(call, route);
}

static void
run(struct mun_rpc_call *call, const struct mun_rpc_route *route)
{
    size_t mark = mun_arena_mark(call->arena);
    size_t size = route->json_bytes;
    mun_err_t err = mun_err(MUN_ERR_LIMIT);

    for (;;) {
        uint8_t *memory = mun_arena_alloc_raw(call->arena, size);

        if (memory == NULL)
            break;
        err = attempt(call, route, memory, size);
        if (call->is_answered)
            return;
        if (err.code != MUN_ERR_LIMIT || size == 0)
            break;
        mun_arena_reset(call->arena, mark);
        size *= 8;
        if (size < call->json_wanted)
            size = call->json_wanted;
    }
    mun_arena_reset(call->arena, mark);
    mun_rpc_refuse_err(call, err);
}

void
mun_rpc_handle(const struct mun_rpc_backend *backend, struct mun_arena *arena,
               const struct mun_rpc_request *request,
               struct mun_rpc_response *response)
{
    struct mun_rpc_call call = { .backend = backend,
                                 .arena = arena,
                                 .request = request,
                                 .response = response };
    const struct mun_rpc_route *route = find_route(&call);
    mun_err_t err;

    if (route == NULL)
        return;
    err = mun_rpc_query_read(&call, route->arguments);
    if (mun_is_ok(err))
        run(&call, route);
    else if (!call.is_answered)
        mun_rpc_refuse_err(&call, err);
    MUN_CHECK(call.is_answered);
}
