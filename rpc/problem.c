#include <stddef.h>

#include "ledger/json/json_wr.h"
#include "rpc/rpc_int.h"

/* Problem documents: RFC 9457. */

#define PROBLEM_TYPE "application/problem+json"

/* Enough for our own codes, titles and details, which are all short. */
#define PROBLEM_BYTES 1024

static const char no_memory[] =
    "{\"type\":\"urn:muniment:error:LIMIT\",\"title\":\"Service "
    "unavailable\",\"status\":503,\"detail\":\"no memory is left for this "
    "request\"}";

static const char *
title_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {
        { 400, "Malformed request" },
        { 404, "Not found" },
        { 405, "Method not allowed" },
        { 408, "Too slow" },
        { 411, "Length required" },
        { 413, "Body too large" },
        { 414, "Address too long" },
        { 415, "Unsupported media type" },
        { 422, "Refused" },
        { 429, "Too many requests" },
        { 431, "Head too large" },
        { 500, "Internal error" },
        { 503, "Service unavailable" },
    };

    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
}

/* Two short texts one behind the other, cut where the buffer ends.
 * Shape: out holds JOINED_BYTES. */
#define JOINED_BYTES 160

static struct mun_bytes
join(char *out, const char *first, const char *second)
{
    size_t len = 0;

    for (; *first != '\0' && len < JOINED_BYTES; first++)
        out[len++] = *first;
    for (; *second != '\0' && len < JOINED_BYTES; second++)
        out[len++] = *second;
    return mun_bytes(out, len);
}

static void
start(struct mun_json_wr *wr, struct mun_arena *arena,
      struct mun_rpc_response *response, unsigned status)
{
    uint8_t *memory = mun_arena_alloc_raw(arena, PROBLEM_BYTES);

    *response = (struct mun_rpc_response){ .next = MUN_RPC_DONE,
                                           .status = status,
                                           .content_type = PROBLEM_TYPE };
    mun_json_wr_init_fixed(wr, memory, memory == NULL ? 0 : PROBLEM_BYTES,
                           false);
    mun_json_wr_begin_object(wr);
}

static void
finish(struct mun_json_wr *wr, struct mun_rpc_response *response)
{
    mun_json_wr_end_object(wr);
    if (mun_is_ok(mun_json_wr_finish(wr, &response->body)))
        return;
    response->status = 503;
    response->body = mun_bytes_str(no_memory);
}

static void
write_problem(struct mun_arena *arena, unsigned status, const char *code,
              struct mun_bytes detail, struct mun_rpc_response *response)
{
    struct mun_json_wr wr;
    char type[JOINED_BYTES];

    start(&wr, arena, response, status);
    mun_json_put_text(&wr, "type", join(type, "urn:muniment:error:", code));
    mun_json_put_word(&wr, "title", title_of(status));
    mun_json_put_u64(&wr, "status", status);
    mun_json_put_text(&wr, "detail", detail);
    finish(&wr, response);
}

void
mun_rpc_problem(struct mun_arena *arena, unsigned status, const char *code,
                const char *detail, struct mun_rpc_response *response)
{
    write_problem(arena, status, code, mun_bytes_str(detail), response);
}

void
mun_rpc_problem_refusal(struct mun_arena *arena,
                        const struct mun_rpc_item *item,
                        struct mun_rpc_response *response)
{
    struct mun_json_wr wr;
    char type[JOINED_BYTES];

    start(&wr, arena, response, 422);
    mun_json_put_text(
        &wr, "type",
        join(type, "urn:muniment:refusal:", mun_refusal_name(item->refusal)));
    mun_json_put_word(&wr, "title", title_of(422));
    mun_json_put_u64(&wr, "status", 422);
    mun_json_put_word(&wr, "detail", mun_refusal_text(item->refusal));
    mun_json_put_word(&wr, "refusal", mun_refusal_name(item->refusal));
    mun_json_put_u64(&wr, "number", item->refusal);
    mun_json_put_hash(&wr, "entry", item->has_id ? &item->id : &mun_hash_zero);
    finish(&wr, response);
}

mun_err_t
mun_rpc_refuse(struct mun_rpc_call *call, unsigned status, const char *code,
               const char *detail)
{
    mun_rpc_problem(call->arena, status, code, detail, call->response);
    call->is_answered = true;
    return mun_err(MUN_ERR_VALUE);
}

mun_err_t
mun_rpc_refuse_argument(struct mun_rpc_call *call, const char *code,
                        const char *name, const char *text)
{
    char detail[JOINED_BYTES];

    write_problem(call->arena, 400, code, join(detail, name, text),
                  call->response);
    call->is_answered = true;
    return mun_err(MUN_ERR_VALUE);
}

mun_err_t
mun_rpc_not_found(struct mun_rpc_call *call, const char *detail)
{
    return mun_rpc_refuse(call, 404, "NOT_FOUND", detail);
}

/* The class of the error decides: what we stored and cannot read is our bug,
 * what does not fit may fit another time. */
void
mun_rpc_refuse_err(struct mun_rpc_call *call, mun_err_t err)
{
    unsigned status = 500;

    if (err.code == MUN_ERR_NOT_FOUND)
        status = 404;
    else if (err.code / 100 == 2 || err.code / 100 == 4)
        status = 503;
    (void)mun_rpc_refuse(call, status, mun_err_name(err), mun_err_text(err));
}
