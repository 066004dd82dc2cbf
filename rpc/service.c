#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* What those who run a node ask of it. */

#define METRICS_BYTES 65536
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void
write_status(struct mun_rpc_call *call, const char *status)
{
    mun_json_wr_begin_object(&call->wr);
    mun_json_put_word(&call->wr, "status", status);
    mun_json_wr_end_object(&call->wr);
}

mun_err_t
mun_rpc_health(struct mun_rpc_call *call)
{
    write_status(call, "ok");
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_ready(struct mun_rpc_call *call)
{
    if (!call->backend->is_ready(call->backend->ctx))
        return mun_rpc_refuse(call, 503, "NOT_READY",
                              "the node does not follow the chain yet");
    write_status(call, "ready");
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_metrics(struct mun_rpc_call *call)
{
    char *text = mun_arena_alloc(call->arena, METRICS_BYTES);
    size_t len;

    if (text == NULL)
        return mun_err(MUN_ERR_LIMIT);
    len = call->backend->metrics(call->backend->ctx, text, METRICS_BYTES);
    mun_rpc_answer(call, METRICS_TYPE, NULL, mun_bytes(text, len));
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_openapi_document(struct mun_rpc_call *call)
{
    mun_rpc_answer(call, MUN_RPC_JSON, NULL,
                   mun_bytes(mun_rpc_openapi, mun_rpc_openapi_len));
    return MUN_SUCCESS;
}
