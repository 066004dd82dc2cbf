/* The public API: whatever is asked, there is one whole answer, the snapshot is
 * given back, and what says that it is JSON is.
 *
 * Input: method ('G', 'H', 'P' or any other), then path, query and media type,
 * each up to a newline, then the body. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/json/json.h"
#include "rpc/rpc.h"
#include "tests/support/rpc_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES (8u << 20)

static uint8_t arena_bytes[ARENA_BYTES];

static struct mun_test_api *
node(void)
{
    static struct mun_test_api opened;

    if (opened.backend.ctx == NULL)
        mun_test_api_open(&opened);
    return &opened;
}

static enum mun_rpc_method
method_of(uint8_t byte)
{
    switch (byte) {
    case 'G':
        return MUN_RPC_GET;
    case 'H':
        return MUN_RPC_HEAD;
    case 'P':
        return MUN_RPC_POST;
    default:
        return MUN_RPC_OTHER;
    }
}

static struct mun_bytes
take_line(struct mun_bytes *left)
{
    const uint8_t *end =
        left->len == 0 ? NULL : memchr(left->data, '\n', left->len);
    size_t len = end == NULL ? left->len : (size_t)(end - left->data);
    struct mun_bytes line = mun_bytes(left->data, len);
    size_t taken = end == NULL ? len : len + 1;

    *left = mun_bytes(left->data + taken, left->len - taken);
    return line;
}

static void
check_answer(const struct mun_rpc_response *response)
{
    static const struct mun_json_limits limits = { 8u << 20, 1u << 20, 32 };
    struct mun_json *doc;

    MUN_CHECK(response->next == MUN_RPC_DONE);
    MUN_CHECK(response->status >= 200 && response->status < 600);
    MUN_CHECK(response->status != 500);
    MUN_CHECK(response->content_type != NULL);
    MUN_CHECK((response->status == 405) == (response->allow != NULL));
    if (strstr(response->content_type, "json") == NULL)
        return;
    MUN_CHECK(mun_is_ok(mun_json_parse(&doc, NULL, response->body, &limits)));
    mun_json_close(doc);
}

/* As the daemon would, with each outcome in turn. */
static void
finish(struct mun_arena *arena, struct mun_rpc_response *response)
{
    struct mun_rpc_submission submission = response->submission;

    for (uint32_t i = 0; i < submission.count; i++)
        if (submission.items[i].has_id)
            submission.items[i].outcome =
                (enum mun_rpc_outcome)(1 + i % MUN_RPC_BUSY);
    mun_rpc_finish(arena, &submission, response);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mun_bytes left = mun_bytes(data, size);
    struct mun_rpc_request request = { .method = MUN_RPC_OTHER };
    struct mun_rpc_response response;
    struct mun_arena arena;

    if (size == 0)
        return 0;
    request.method = method_of(data[0]);
    left = mun_bytes(data + 1, size - 1);
    request.path = take_line(&left);
    request.query = take_line(&left);
    request.content_type = take_line(&left);
    request.body = left;
    mun_arena_init(&arena, arena_bytes, sizeof arena_bytes);
    mun_rpc_handle(&node()->backend, &arena, &request, &response);
    if (response.next == MUN_RPC_WAIT) {
        request.has_waited = true;
        mun_rpc_handle(&node()->backend, &arena, &request, &response);
    }
    if (response.next == MUN_RPC_SUBMIT)
        finish(&arena, &response);
    check_answer(&response);
    MUN_CHECK(node()->readers == 0);
    mun_arena_reset(&arena, 0);
    return 0;
}
