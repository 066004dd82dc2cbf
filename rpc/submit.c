#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

#define WAIT_MS_MAX 60000

/* What one result takes in JSON: id, word, refusal, number, detail. */
#define RESULT_BYTES 384

static void
read_item(struct mun_rd *rd, struct mun_rpc_item *out)
{
    struct mun_bytes leaves;

    out->bytes = mun_rd_run32(rd, MUN_RPC_BODY_MAX);
    out->leaf_count =
        mun_rd_count32(rd, MUN_RPC_BODY_MAX, sizeof(struct mun_hash));
    leaves = mun_rd_run(rd, out->leaf_count * sizeof(struct mun_hash));
    out->leaves = (const struct mun_hash *)(const void *)leaves.data;
}

/* How many entries the body holds.
 * Errors: those of the cursor; MUN_ERR_LIMIT when they are too many. */
static mun_err_t
count_items(uint32_t *out, struct mun_bytes body)
{
    struct mun_rpc_item item;
    struct mun_rd rd;

    *out = 0;
    mun_rd_init(&rd, body);
    while (rd.left > 0) {
        if (*out == MUN_RPC_ITEMS_MAX)
            return mun_err(MUN_ERR_LIMIT);
        read_item(&rd, &item);
        ++*out;
    }
    return mun_rd_finish(&rd);
}

static void
identify(struct mun_rpc_item *item, struct mun_entry *scratch)
{
    item->refusal = mun_entry_decode(scratch, item->bytes);
    item->outcome =
        item->refusal == MUN_REFUSAL_NONE ? MUN_RPC_PENDING : MUN_RPC_REFUSED;
    item->has_id = item->refusal == MUN_REFUSAL_NONE;
    if (item->has_id)
        item->id = scratch->id;
}

static mun_err_t
read_items(struct mun_rpc_call *call, struct mun_rpc_submission *out)
{
    struct mun_entry *scratch = mun_arena_alloc(call->arena, sizeof *scratch);
    struct mun_rd rd;

    out->items = mun_arena_array(call->arena, out->count, sizeof out->items[0]);
    if (scratch == NULL || out->items == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_rd_init(&rd, call->request->body);
    for (uint32_t i = 0; i < out->count; i++) {
        read_item(&rd, &out->items[i]);
        identify(&out->items[i], scratch);
    }
    MUN_CHECK(mun_is_ok(mun_rd_finish(&rd)));
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_submit(struct mun_rpc_call *call)
{
    static const struct mun_rpc_range wait = { 0, WAIT_MS_MAX };
    struct mun_rpc_submission submission = { 0 };
    mun_err_t err;

    MUN_TRY(mun_rpc_argument_u64(call, &submission.wait_ms, wait, "wait"));
    MUN_TRY(mun_rpc_require_type(call, MUN_RPC_OCTETS));
    if (call->request->body.len > MUN_RPC_BODY_MAX)
        return mun_rpc_refuse(call, 413, "BODY_TOO_LARGE",
                              "a body has at most 8 MiB");
    err = count_items(&submission.count, call->request->body);
    if (err.code == MUN_ERR_LIMIT)
        return mun_rpc_refuse(call, 400, "TOO_MANY_ENTRIES",
                              "a request holds at most 4,096 entries");
    if (!mun_is_ok(err) || submission.count == 0)
        return mun_rpc_refuse(call, 400, "BAD_BODY",
                              "the body is not a run of entries with their "
                              "leaves");
    MUN_TRY(read_items(call, &submission));
    *call->response = (struct mun_rpc_response){ .next = MUN_RPC_SUBMIT,
                                                 .submission = submission };
    call->is_answered = true;
    return MUN_SUCCESS;
}

/* The answer */

static const char *
outcome_word(enum mun_rpc_outcome outcome)
{
    switch (outcome) {
    case MUN_RPC_REFUSED:
        return "refused";
    case MUN_RPC_PENDING:
        return "pending";
    case MUN_RPC_FINAL:
        return "final";
    case MUN_RPC_BUSY:
        return "busy";
    }
    MUN_UNREACHABLE();
}

static void
write_result(struct mun_json_wr *wr, const struct mun_rpc_item *item)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "id", item->has_id ? &item->id : &mun_hash_zero);
    mun_json_put_word(wr, "result", outcome_word(item->outcome));
    if (item->outcome == MUN_RPC_FINAL)
        mun_json_put_u64(wr, "height", item->height);
    if (item->outcome == MUN_RPC_REFUSED) {
        mun_json_put_word(wr, "refusal", mun_refusal_name(item->refusal));
        mun_json_put_u64(wr, "number", item->refusal);
        mun_json_put_word(wr, "detail", mun_refusal_text(item->refusal));
    }
    mun_json_wr_end_object(wr);
}

static mun_err_t
write_results(struct mun_arena *arena,
              const struct mun_rpc_submission *submission,
              struct mun_bytes *out)
{
    size_t size = RESULT_BYTES * ((size_t)submission->count + 1);
    uint8_t *memory = mun_arena_alloc(arena, size);
    struct mun_json_wr wr;

    if (memory == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_json_wr_init_fixed(&wr, memory, size, false);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "results");
    mun_json_wr_begin_array(&wr);
    for (uint32_t i = 0; i < submission->count; i++)
        write_result(&wr, &submission->items[i]);
    mun_json_wr_end_array(&wr);
    mun_json_wr_end_object(&wr);
    return mun_json_wr_finish(&wr, out);
}

static bool
is_any_pending(const struct mun_rpc_submission *submission)
{
    for (uint32_t i = 0; i < submission->count; i++)
        if (submission->items[i].outcome == MUN_RPC_PENDING)
            return true;
    return false;
}

void
mun_rpc_finish(struct mun_arena *arena,
               const struct mun_rpc_submission *submission,
               struct mun_rpc_response *response)
{
    bool is_single = submission->count == 1;
    struct mun_bytes body;

    if (is_single && submission->items->outcome == MUN_RPC_REFUSED) {
        mun_rpc_problem_refusal(arena, submission->items, response);
        return;
    }
    if (is_single && submission->items->outcome == MUN_RPC_BUSY) {
        mun_rpc_problem(arena, 503, "BUSY",
                        "too much is waiting to be decided: try again",
                        response);
        return;
    }
    if (!mun_is_ok(write_results(arena, submission, &body))) {
        mun_rpc_problem(arena, 503, "LIMIT",
                        "no memory is left for this answer; what was taken "
                        "stays taken",
                        response);
        return;
    }
    *response = (struct mun_rpc_response){
        .next = MUN_RPC_DONE,
        .status = is_any_pending(submission) ? 202 : 200,
        .content_type = MUN_RPC_JSON,
        .body = body,
    };
}
