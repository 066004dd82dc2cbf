#include "node/peer_api.h"

#include <string.h>

#include "consensus/check.h"
#include "consensus/status.h"
#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/block.h"

/* Messages of one request; a member has four to say at a time. */
#define MESSAGES_MAX 4096u

static bool
path_is(const struct mun_http_request *request, const char *path)
{
    return mun_bytes_eq(request->rpc.path, mun_bytes_str(path));
}

static void
answer_octets(struct mun_http_request *request, struct mun_bytes body)
{
    request->response.status = 200;
    request->response.content_type = "application/octet-stream";
    request->response.body = body;
}

/* Whom to verify a message against, as of the newest block. */
struct scope {
    struct mun_hash chain_id;
    uint64_t height; /* the one that is agreed on */
    struct mun_members members;
};

static void
read_scope(struct mun_peer_api *api, struct scope *out)
{
    struct mun_ledger *ledger = api->handler->backend->ledger;
    struct mun_rpc_snapshot snapshot;

    mun_ledger_read_begin(ledger, &snapshot);
    out->chain_id = snapshot.header->chain_id;
    out->height = snapshot.header->height + 1;
    out->members = *snapshot.members;
    mun_ledger_read_end(ledger);
}

/* The block behind a proposal, of which nothing is known yet but its length. */
static struct mun_bytes
split_value(struct mun_bytes *message)
{
    struct mun_bytes value = MUN_BYTES_NONE;

    if (message->len > MUN_CON_PROPOSAL_BYTES &&
        message->data[1] == MUN_CON_MSG_PROPOSAL) {
        value = mun_bytes(message->data + MUN_CON_PROPOSAL_BYTES,
                          message->len - MUN_CON_PROPOSAL_BYTES);
        message->len = MUN_CON_PROPOSAL_BYTES;
    }
    return value;
}

/* The block that the member has signed for, and all of it: the signature covers
 * the id alone, and anybody may send a message again with another body. */
static bool
is_of_proposal(const struct mun_con_msg *msg, struct mun_bytes value)
{
    struct mun_block block;
    struct mun_hash id;

    if (!mun_is_ok(mun_block_decode(&block, value)))
        return false;
    mun_header_id(&id, &block.header);
    return mun_hash_eq(&id, &msg->ballot.vote.id) && mun_block_is_whole(&block);
}

/* It goes first, so that nobody has to be asked for it. */
static void
hand_on_value(struct mun_peer_api *api, const struct mun_con_msg *msg,
              struct mun_bytes value)
{
    struct mun_blob *blob = NULL;

    if (value.len == 0 || value.len != msg->value_len ||
        !is_of_proposal(msg, value))
        return;
    blob = mun_blob_new(value);
    if (blob != NULL)
        (void)mun_inbox_blob(api->inbox, MUN_INBOX_PROPOSED, 0,
                             blob); /* dropped: it is fetched */
    mun_blob_drop(blob);
}

/* One message: verified and handed on, or dropped. */
static void
take_message(struct mun_peer_api *api, struct mun_arena *arena,
             const struct scope *scope, struct mun_bytes bytes)
{
    size_t mark = mun_arena_mark(arena);
    struct mun_bytes value = split_value(&bytes);
    struct mun_con_msg *msg = mun_arena_alloc_raw(arena, sizeof *msg);
    struct mun_con_msg_checked *checked =
        mun_arena_alloc_raw(arena, sizeof *checked);

    if (msg != NULL && checked != NULL &&
        mun_is_ok(mun_con_msg_decode(msg, bytes)) &&
        mun_con_msg_height(msg) >= scope->height) {
        const struct mun_con_check against = { &scope->chain_id,
                                               mun_con_msg_height(msg),
                                               &scope->members };

        if (mun_is_ok(mun_con_msg_check(checked, msg, &against))) {
            hand_on_value(api, msg, value);
            (void)mun_inbox_message(api->inbox, checked); /* comes again */
        }
    }
    mun_arena_reset(arena, mark);
}

static void
take_messages(struct mun_peer_api *api, struct mun_http_request *request)
{
    struct scope *scope = mun_arena_alloc(request->arena, sizeof *scope);
    uint8_t *answer = mun_arena_alloc(request->arena, 8);
    struct mun_rd rd;
    struct mun_wr wr;

    if (scope == NULL || answer == NULL) {
        mun_rpc_problem(request->arena, 503, "BUSY", "no memory",
                        &request->response);
        return;
    }
    read_scope(api, scope);
    mun_rd_init(&rd, request->rpc.body);
    for (uint32_t i = 0; i < MESSAGES_MAX && rd.left > 0; i++) {
        struct mun_bytes bytes = mun_rd_run32(&rd, MUN_PEER_MESSAGE_BYTES_MAX);

        if (mun_rd_failed(&rd))
            break;
        take_message(api, request->arena, scope, bytes);
    }
    if (!mun_is_ok(mun_rd_finish(&rd))) {
        mun_rpc_problem(request->arena, 400, "BAD_MESSAGES",
                        "the body is not runs of messages, or too many",
                        &request->response);
        return;
    }
    mun_wr_init(&wr, answer, 8);
    mun_wr_u64(&wr, scope->height - 1);
    answer_octets(request, mun_wr_done(&wr));
}

static void
give_value(struct mun_peer_api *api, struct mun_http_request *request,
           struct mun_bytes name)
{
    struct mun_hash id;
    struct mun_blob *blob = NULL;
    uint8_t *copy = NULL;

    if (mun_is_ok(mun_hex_decode(id.b, sizeof id.b, name)))
        blob = mun_values_get(api->values, &id);
    if (blob == NULL) {
        mun_rpc_problem(request->arena, 404, "NOT_FOUND", "no such value here",
                        &request->response);
        return;
    }
    copy = mun_arena_alloc_raw(request->arena, blob->len);
    if (copy == NULL) {
        mun_rpc_problem(request->arena, 503, "BUSY", "no memory",
                        &request->response);
    } else {
        memcpy(copy, blob->data, blob->len);
        answer_octets(request, mun_bytes(copy, blob->len));
    }
    mun_blob_drop(blob);
}

static void
give_status(struct mun_peer_api *api, struct mun_http_request *request,
            struct mun_bytes name)
{
    uint8_t *answer = mun_arena_alloc(request->arena, MUN_CON_STATUS_BYTES);
    struct mun_con_status status;
    struct mun_hash nonce;
    struct mun_wr wr;

    if (answer == NULL ||
        !mun_is_ok(mun_hex_decode(nonce.b, sizeof nonce.b, name))) {
        mun_rpc_problem(request->arena, 400, "BAD_NONCE",
                        "64 digits of small hex, please", &request->response);
    } else if (!mun_ledger_status(api->handler->backend->ledger, &status,
                                  &nonce)) {
        mun_rpc_problem(request->arena, 404, "NOT_FOUND",
                        "this node does not vote", &request->response);
    } else {
        mun_wr_init(&wr, answer, MUN_CON_STATUS_BYTES);
        mun_con_status_encode(&wr, &status);
        answer_octets(request, mun_wr_done(&wr));
    }
}

/* Whether the path is `prefix` and a name. */
static bool
has_prefix(struct mun_bytes path, const char *prefix, struct mun_bytes *name)
{
    size_t len = strlen(prefix);

    if (path.len <= len || memcmp(path.data, prefix, len) != 0)
        return false;
    *name = mun_bytes(path.data + len, path.len - len);
    return true;
}

static enum mun_http_next
handle(void *ctx, struct mun_http_request *request)
{
    struct mun_bytes name;
    struct mun_peer_api *api = ctx;
    struct mun_bytes path = request->rpc.path;
    bool is_post = request->rpc.method == MUN_RPC_POST;

    request->metric = MUN_METRIC_PEER;
    if (is_post && path_is(request, "/peer/messages")) {
        take_messages(api, request);
        return MUN_HTTP_ANSWER;
    }
    if (is_post && path_is(request, "/peer/entries"))
        return mun_handler_entries_of_peer(api->handler, request);
    if (!is_post && path_is(request, "/v1/blocks")) {
        mun_rpc_handle(&api->handler->backend->rpc, request->arena,
                       &request->rpc, &request->response);
        MUN_CHECK(request->response.next == MUN_RPC_DONE);
        return MUN_HTTP_ANSWER;
    }
    if (!is_post && has_prefix(path, "/peer/values/", &name))
        give_value(api, request, name);
    else if (!is_post && has_prefix(path, "/peer/status/", &name))
        give_status(api, request, name);
    else
        mun_rpc_problem(request->arena, 404, "NOT_FOUND", "no such thing",
                        &request->response);
    return MUN_HTTP_ANSWER;
}

/* Only entries are parked. */
static void
parked(void *ctx, struct mun_http_request *request)
{
    (void)ctx;
    mun_submit_parked(request);
}

static enum mun_http_next
resumed(void *ctx, struct mun_http_request *request)
{
    (void)ctx;
    return mun_submit_resumed(request);
}

void
mun_peer_api_handler(struct mun_http_handler *out, struct mun_peer_api *api)
{
    *out = (struct mun_http_handler){
        .ctx = api, .handle = handle, .parked = parked, .resumed = resumed
    };
}
