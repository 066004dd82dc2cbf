#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/wr.h"
#include "rpc/rpc_int.h"

const struct mun_rpc_snapshot *
mun_rpc_begin(struct mun_rpc_call *call)
{
    if (!call->is_reading) {
        call->backend->read_begin(call->backend->ctx, &call->snapshot);
        call->is_reading = true;
    }
    return &call->snapshot;
}

void
mun_rpc_end(struct mun_rpc_call *call)
{
    if (call->is_reading)
        call->backend->read_end(call->backend->ctx);
    call->is_reading = false;
}

mun_err_t
mun_rpc_reserve(struct mun_rpc_call *call, size_t size)
{
    if (call->wr.buf.size >= size)
        return MUN_SUCCESS;
    call->json_wanted = size;
    return mun_err(MUN_ERR_LIMIT);
}

void
mun_rpc_answer(struct mun_rpc_call *call, const char *type,
               const char *cache_control, struct mun_bytes body)
{
    *call->response = (struct mun_rpc_response){
        .next = MUN_RPC_DONE,
        .status = 200,
        .content_type = type,
        .cache_control = cache_control,
        .body = body,
    };
    call->is_answered = true;
}

void
mun_rpc_reopen(struct mun_json_wr *wr)
{
    MUN_CHECK(!wr->is_indented);
    MUN_CHECK(wr->depth < MUN_JSON_DEPTH_MAX);
    MUN_CHECK(wr->is_begun);
    if (wr->buf.failure == MUN_OK) {
        MUN_CHECK(wr->buf.data[wr->buf.used - 1] == '}');
        wr->buf.used--;
    }
    wr->closers[wr->depth++] = '}';
    wr->is_done = false;
}

/* Room for `size` bytes to encode into. */
static mun_err_t
open_wr(struct mun_arena *arena, struct mun_wr *wr, size_t size)
{
    uint8_t *memory = mun_arena_alloc_raw(arena, size);

    if (memory == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_wr_init(wr, memory, size);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_header_bytes(struct mun_arena *arena, struct mun_bytes *out,
                     const struct mun_header *header)
{
    struct mun_wr wr;

    MUN_TRY(open_wr(arena, &wr, MUN_HEADER_BYTES));
    mun_header_encode(&wr, header);
    *out = mun_wr_done(&wr);
    return mun_wr_status(&wr);
}

mun_err_t
mun_rpc_certificate_bytes(struct mun_arena *arena, struct mun_bytes *out,
                          const struct mun_certificate *certificate)
{
    size_t bitmap = (certificate->member_count + 7) / 8;
    size_t sigs = certificate->sig_count * sizeof certificate->sigs[0];
    struct mun_wr wr;

    MUN_TRY(open_wr(arena, &wr, 8 + 4 + 32 + 1 + bitmap + sigs));
    mun_certificate_encode(&wr, certificate);
    *out = mun_wr_done(&wr);
    return mun_wr_status(&wr);
}

mun_err_t
mun_rpc_members_bytes(struct mun_arena *arena, struct mun_bytes *out,
                      const struct mun_members *members)
{
    struct mun_wr wr;

    MUN_TRY(
        open_wr(arena, &wr, 1 + members->count * sizeof(struct mun_member)));
    mun_members_encode(&wr, members);
    *out = mun_wr_done(&wr);
    return mun_wr_status(&wr);
}
