#include "ledger/base/wr.h"
#include "ledger/json/forms.h"
#include "ledger/json/receipt_file.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

#define WAIT_MS_MAX 60000

/* JSON numbers are exact up to 2^53 - 1; no chain gets there. */
#define HEIGHT_MAX ((UINT64_C(1) << 53) - 1)

/* One answer of several blocks. */
#define BLOCKS_BYTES_MAX (16u << 20)

static const struct mun_rpc_range heights = { 0, HEIGHT_MAX };

/* Every block's log ends in its entries after one header leaf each. */
static uint64_t
entry_count(const struct mun_header *header)
{
    return header->log_size - header->height;
}

static void
write_head(struct mun_rpc_call *call, const struct mun_rpc_snapshot *now)
{
    struct mun_json_wr *wr = &call->wr;
    const struct mun_header *header = now->header;

    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "chain_id", &call->backend->chain_id);
    mun_json_put_text(wr, "name", call->backend->chain_name);
    mun_json_put_u64(wr, "height", header->height);
    mun_json_put_hash(wr, "header_id", now->header_id);
    mun_json_put_time(wr, "time", header->time_ms);
    mun_json_put_u64(wr, "log_size", header->log_size);
    mun_json_put_hash(wr, "log_root", &header->log_root);
    mun_json_put_hash(wr, "state_root", &header->state_root);
    mun_json_put_u64(wr, "members", now->members->count);
    mun_json_put_u64(wr, "faults_tolerated",
                     mun_faults_max(now->members->count));
    mun_json_put_u64(wr, "entries", entry_count(header));
    mun_json_put_word(wr, "software", call->backend->software);
    mun_json_wr_end_object(wr);
}

mun_err_t
mun_rpc_head(struct mun_rpc_call *call)
{
    static const struct mun_rpc_range waits = { 0, WAIT_MS_MAX };
    const struct mun_rpc_snapshot *now;
    uint64_t after = 0;
    uint64_t wait_ms = 0;

    MUN_TRY(mun_rpc_argument_u64(call, &after, heights, "after"));
    MUN_TRY(mun_rpc_argument_u64(call, &wait_ms, waits, "wait"));
    if (mun_rpc_has(call, "wait"))
        MUN_TRY(mun_rpc_require(call, "after"));
    now = mun_rpc_begin(call);
    if (wait_ms > 0 && !call->request->has_waited &&
        now->header->height <= after) {
        *call->response = (struct mun_rpc_response){ .next = MUN_RPC_WAIT,
                                                     .wait_height = after,
                                                     .wait_ms = wait_ms };
        call->is_answered = true;
        return MUN_SUCCESS;
    }
    write_head(call, now);
    return MUN_SUCCESS;
}

static mun_err_t
read_header(struct mun_rpc_call *call, struct mun_header *out, uint64_t height)
{
    mun_err_t err = call->backend->header(call->backend->ctx, height, out);

    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "there is no block of this height here");
    return err;
}

mun_err_t
mun_rpc_trust_root(struct mun_rpc_call *call)
{
    struct mun_trust_root root = { .chain_id = call->backend->chain_id,
                                   .max_age_ms = call->backend->max_age_ms };
    struct mun_header header;

    MUN_TRY(mun_rpc_argument_u64(call, &root.height, heights, "height"));
    MUN_TRY(read_header(call, &header, root.height));
    mun_header_id(&root.header_id, &header);
    mun_trust_root_write(&call->wr, &root, call->backend->chain_name);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_genesis(struct mun_rpc_call *call)
{
    struct mun_bytes bytes;

    MUN_TRY(call->backend->genesis(call->backend->ctx, call->arena, &bytes));
    mun_rpc_answer(call, MUN_RPC_OCTETS, MUN_RPC_FOR_EVER, bytes);
    return MUN_SUCCESS;
}

/* The members of a header, without an end. */
static void
write_header(struct mun_json_wr *wr, const struct mun_header *header)
{
    struct mun_hash id;

    mun_header_id(&id, header);
    mun_form_header(wr, header, &id);
    mun_rpc_reopen(wr);
}

/* Header 0 has the empty certificate, which no block holds but the first. */
static mun_err_t
read_certificate(struct mun_rpc_call *call, struct mun_certificate *out,
                 uint64_t height)
{
    if (height > 0)
        return call->backend->certificate(call->backend->ctx, height, out);
    mun_certificate_empty(out, &call->backend->genesis_header_id);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_header(struct mun_rpc_call *call)
{
    struct mun_certificate certificate;
    struct mun_bytes certificate_bytes;
    struct mun_bytes header_bytes;
    struct mun_header header;
    uint64_t height;

    MUN_TRY(mun_rpc_part_u64(call, &height, HEIGHT_MAX, 0));
    MUN_TRY(read_header(call, &header, height));
    MUN_TRY(read_certificate(call, &certificate, height));
    MUN_TRY(mun_rpc_header_bytes(call->arena, &header_bytes, &header));
    MUN_TRY(mun_rpc_certificate_bytes(call->arena, &certificate_bytes,
                                      &certificate));
    write_header(&call->wr, &header);
    mun_json_put_base64url(&call->wr, "header", header_bytes);
    mun_json_put_base64url(&call->wr, "certificate", certificate_bytes);
    mun_json_wr_end_object(&call->wr);
    return MUN_SUCCESS;
}

static mun_err_t
read_block(struct mun_rpc_call *call, struct mun_bytes *out, uint64_t height)
{
    mun_err_t err =
        call->backend->block(call->backend->ctx, call->arena, height, out);

    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "there is no block of this height here; "
                                       "block 0 has no body");
    return err;
}

mun_err_t
mun_rpc_block(struct mun_rpc_call *call)
{
    struct mun_bytes bytes;
    uint64_t height;

    MUN_TRY(mun_rpc_part_u64(call, &height, HEIGHT_MAX, 0));
    MUN_TRY(read_block(call, &bytes, height));
    mun_rpc_answer(call, MUN_RPC_OCTETS, MUN_RPC_FOR_EVER, bytes);
    return MUN_SUCCESS;
}

/* A run of blocks */

struct block_run {
    struct mun_bytes block;
    struct mun_bytes certificate;
};

static size_t
run_bytes(const struct block_run *run)
{
    return 8 + run->block.len + run->certificate.len;
}

/* Errors: MUN_ERR_NOT_FOUND, those of the backend. */
static mun_err_t
read_run(struct mun_rpc_call *call, struct block_run *out, uint64_t height)
{
    struct mun_certificate certificate;

    MUN_TRY(call->backend->block(call->backend->ctx, call->arena, height,
                                 &out->block));
    MUN_TRY(
        call->backend->certificate(call->backend->ctx, height, &certificate));
    return mun_rpc_certificate_bytes(call->arena, &out->certificate,
                                     &certificate);
}

static mun_err_t
join_runs(struct mun_arena *arena, struct mun_bytes *out,
          const struct block_run *runs, size_t count)
{
    size_t size = 0;
    struct mun_wr wr;
    uint8_t *memory;

    for (size_t i = 0; i < count; i++)
        size += run_bytes(&runs[i]);
    memory = mun_arena_alloc_raw(arena, size);
    if (memory == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_wr_init(&wr, memory, size);
    for (size_t i = 0; i < count; i++) {
        mun_wr_run32(&wr, runs[i].block);
        mun_wr_run32(&wr, runs[i].certificate);
    }
    *out = mun_wr_done(&wr);
    return mun_wr_status(&wr);
}

/* As many as are there and fit, at least one. */
static mun_err_t
read_runs(struct mun_rpc_call *call, struct block_run *runs, uint32_t *count,
          uint64_t from)
{
    uint32_t limit = *count;
    size_t size = 0;

    for (*count = 0; *count < limit; ++*count) {
        size_t mark = mun_arena_mark(call->arena);
        struct block_run *run = &runs[*count];
        mun_err_t err = read_run(call, run, from + *count);

        if (*count > 0 &&
            (err.code == MUN_ERR_NOT_FOUND ||
             (mun_is_ok(err) && size + run_bytes(run) > BLOCKS_BYTES_MAX))) {
            mun_arena_reset(call->arena, mark);
            return MUN_SUCCESS;
        }
        MUN_TRY(err);
        size += run_bytes(run);
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_blocks(struct mun_rpc_call *call)
{
    static const struct mun_rpc_range from_range = { 1, HEIGHT_MAX };
    struct block_run *runs;
    struct mun_bytes bytes;
    uint32_t count;
    uint64_t from;
    mun_err_t err;

    MUN_TRY(mun_rpc_require(call, "from"));
    MUN_TRY(mun_rpc_argument_u64(call, &from, from_range, "from"));
    MUN_TRY(mun_rpc_argument_limit(call, &count));
    runs = mun_arena_array(call->arena, count, sizeof runs[0]);
    if (runs == NULL)
        return mun_err(MUN_ERR_LIMIT);
    err = read_runs(call, runs, &count, from);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "there is no block of this height here");
    MUN_TRY(err);
    MUN_TRY(join_runs(call->arena, &bytes, runs, count));
    mun_rpc_answer(call, MUN_RPC_OCTETS, NULL, bytes);
    return MUN_SUCCESS;
}
