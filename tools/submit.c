#include "tools/submit.h"

#include <stdio.h>
#include <string.h>

#include "ledger/json/json_rd.h"

#define VALID_MS (3600ull * 1000)
#define WAIT_MS 30000
#define TRIES_MAX 20
#define REQUEST_ENTRIES_MAX 1000
#define REQUEST_BYTES_MAX (7u << 20)

mun_err_t
mun_head_get(struct mun_chain_head *out, struct mun_cli *cli, int *exit_code)
{
    struct mun_json_err why;
    struct mun_json_rd rd;
    struct mun_json *doc = mun_client_json(cli, "/v1/head", exit_code);

    *out = (struct mun_chain_head){ 0 };
    if (doc == NULL)
        return mun_err(MUN_ERR_NETWORK);
    mun_json_rd_init(&rd, doc, &why);
    mun_json_rd_hex(&rd, "chain_id", out->chain_id.b, sizeof out->chain_id.b);
    out->height = mun_json_rd_u64(&rd, "height", MUN_JSON_INTEGER_MAX);
    out->time_ms = mun_json_rd_time(&rd, "time");
    mun_err_t err = mun_json_rd_status(&rd);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        *exit_code = mun_cli_fail(cli, MUN_EXIT_FAILED,
                                  "%s does not answer like a node: %s",
                                  cli->node, why.text);
    return err;
}

/* Signers in ascending order of their keys, each once. */
static size_t
sort_signers(const struct mun_signer **out, struct mun_signer *const *signers,
             size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = used;
        while (at > 0 && mun_key_cmp(&out[at - 1]->key, &signers[i]->key) > 0)
            at--;
        if (at > 0 && mun_key_eq(&out[at - 1]->key, &signers[i]->key))
            continue;
        for (size_t move = used; move > at; move--)
            out[move] = out[move - 1];
        out[at] = signers[i];
        used++;
    }
    return used;
}

mun_err_t
mun_entry_sign(struct mun_signed_entry *out, struct mun_cli *cli,
               const struct mun_chain_head *head, struct mun_entry *entry,
               struct mun_signer *const *signers, size_t signer_count)
{
    const struct mun_signer *sorted[MUN_SIGNERS_MAX];
    struct mun_key keys[MUN_SIGNERS_MAX];
    struct mun_sig sig;
    struct mun_wr wr;
    uint64_t now_ms = mun_cli_now_ms();
    uint8_t *buffer = mun_arena_alloc(&cli->arena, MUN_ENTRY_BYTES_MAX);

    *out = (struct mun_signed_entry){ 0 };
    if (buffer == NULL || signer_count > MUN_SIGNERS_MAX)
        return mun_err(MUN_ERR_LIMIT);
    size_t count = sort_signers(sorted, signers, signer_count);
    for (size_t i = 0; i < count; i++)
        keys[i] = sorted[i]->key;
    entry->chain_id = head->chain_id;
    entry->valid_until_ms =
        (now_ms > head->time_ms ? now_ms : head->time_ms) + VALID_MS;
    entry->key_count = (uint8_t)count;
    entry->keys = keys;
    mun_wr_init(&wr, buffer, MUN_ENTRY_BYTES_MAX);
    mun_err_t err = mun_entry_encode_body(&wr, entry);
    entry->keys = NULL;
    MUN_TRY(err);
    mun_entry_id(&out->id, mun_wr_done(&wr));
    for (size_t i = 0; i < count; i++) {
        mun_signer_sign(sorted[i], &sig, &out->id);
        mun_wr_copy(&wr, sig.b, sizeof sig.b);
    }
    MUN_TRY(mun_wr_status(&wr));
    out->bytes = mun_wr_done(&wr);
    return MUN_SUCCESS;
}

static size_t
item_size(const struct mun_signed_entry *entry)
{
    return 8 + entry->bytes.len + (size_t)entry->leaf_count * 32;
}

/* How many of the entries fit into one request. */
static size_t
request_count(const struct mun_signed_entry *entries, size_t count,
              size_t *bytes)
{
    size_t used = 0;
    *bytes = 0;
    while (used < count && used < REQUEST_ENTRIES_MAX &&
           *bytes + item_size(&entries[used]) <= REQUEST_BYTES_MAX)
        *bytes += item_size(&entries[used++]);
    return used;
}

/* Reads one result. Returns whether it is final. */
static bool
read_result(struct mun_cli *cli, const struct mun_json *result,
            const struct mun_hash *id, uint64_t *height, int *code)
{
    const struct mun_json *word = mun_json_get(result, "result");

    if (mun_json_string_is(word, "final"))
        return mun_json_u64(height, mun_json_get(result, "height"));
    if (mun_json_string_is(word, "refused")) {
        struct mun_bytes name =
            mun_json_string(mun_json_get(result, "refusal"));
        struct mun_bytes detail =
            mun_json_string(mun_json_get(result, "detail"));
        *code =
            mun_cli_fail(cli, MUN_EXIT_REFUSED, "refused: %s: %s (entry %s)",
                         mun_cli_text(cli, name), mun_cli_text(cli, detail),
                         mun_cli_hash(cli, id));
    }
    return false;
}

/* One refused entry alone comes back as a problem document. */
static int
read_problem(struct mun_cli *cli, const struct mun_reply *reply,
             const struct mun_hash *id)
{
    struct mun_json *doc = mun_reply_json(reply);
    struct mun_bytes name = mun_json_string(mun_json_get(doc, "refusal"));
    int code = MUN_EXIT_FAILED;

    if (reply->status == 422 && name.data != NULL)
        code = mun_cli_fail(
            cli, MUN_EXIT_REFUSED, "refused: %s: %s (entry %s)",
            mun_cli_text(cli, name),
            mun_cli_text(cli, mun_json_string(mun_json_get(doc, "detail"))),
            mun_cli_hash(cli, id));
    else
        (void)mun_cli_fail(cli, code, "%s", mun_reply_problem(cli, reply));
    mun_json_close(doc);
    return code;
}

/* Sends `count` entries once. *final counts those that are final from the
 * first on. */
static int
send_once(struct mun_cli *cli, const struct mun_signed_entry *entries,
          size_t count, uint64_t *heights, size_t *final)
{
    struct mun_wr wr;
    struct mun_reply reply;
    char path[64];
    size_t bytes = 0;
    int code = MUN_EXIT_DONE;

    *final = 0;
    size_t sent = request_count(entries, count, &bytes);
    size_t mark = mun_arena_mark(&cli->arena);
    uint8_t *buffer = mun_arena_alloc(&cli->arena, bytes);
    if (buffer == NULL || sent == 0)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    mun_wr_init(&wr, buffer, bytes);
    for (size_t i = 0; i < sent; i++) {
        mun_wr_run32(&wr, entries[i].bytes);
        mun_wr_u32(&wr, entries[i].leaf_count);
        mun_wr_copy(&wr, entries[i].leaves, (size_t)entries[i].leaf_count * 32);
    }
    (void)snprintf(path, sizeof path, "/v1/entries?wait=%d", WAIT_MS);
    mun_err_t err = mun_client_post(
        &reply, cli, path, "application/octet-stream", mun_wr_done(&wr));
    if (!mun_is_ok(err))
        return MUN_EXIT_UNREACHABLE;
    if (reply.status != 200 && reply.status != 202 && reply.status != 503)
        return read_problem(cli, &reply, &entries[0].id);
    struct mun_json *doc = mun_reply_json(&reply);
    const struct mun_json *results = mun_json_get(doc, "results");
    for (size_t i = 0; i < sent && code == MUN_EXIT_DONE; i++) {
        uint64_t height = 0;
        if (!read_result(cli, mun_json_at(results, i), &entries[i].id, &height,
                         &code))
            break;
        if (heights != NULL)
            heights[i] = height;
        (*final)++;
    }
    mun_json_close(doc);
    mun_arena_reset(&cli->arena, mark);
    return code;
}

int
mun_submit(struct mun_cli *cli, const struct mun_signed_entry *entries,
           size_t count, uint64_t *heights)
{
    size_t done = 0;
    unsigned tries = 0;

    while (done < count) {
        size_t final = 0;
        int code = send_once(cli, entries + done, count - done,
                             heights == NULL ? NULL : heights + done, &final);
        if (code != MUN_EXIT_DONE)
            return code;
        done += final;
        tries = final > 0 ? 0 : tries + 1;
        if (tries == 1 && !cli->is_quiet && !cli->is_json)
            (void)fprintf(stderr,
                          "not final after %d s; waiting for the node, %d "
                          "minutes at most\n",
                          WAIT_MS / 1000, TRIES_MAX * WAIT_MS / 60000);
        if (tries == TRIES_MAX)
            return mun_cli_fail(cli, MUN_EXIT_FAILED,
                                "entry %s is not final: the node makes no "
                                "blocks, or too few members are up. Running "
                                "the command again is safe",
                                mun_cli_hash(cli, &entries[done].id));
    }
    return MUN_EXIT_DONE;
}

int
mun_submit_one(struct mun_cli *cli, const char *what, struct mun_entry *entry,
               struct mun_signer *const *signers, size_t signer_count)
{
    struct mun_chain_head head;
    struct mun_signed_entry one;
    struct mun_json_wr wr;
    uint64_t height = 0;
    int code = MUN_EXIT_FAILED;

    if (!mun_is_ok(mun_head_get(&head, cli, &code)))
        return code;
    mun_err_t err =
        mun_entry_sign(&one, cli, &head, entry, signers, signer_count);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "cannot make the entry: %s",
                            mun_err_text(err));
    code = mun_submit(cli, &one, 1, &height);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_cli_say(cli, "%s\n  entry  %s\n  height %llu", what,
                mun_cli_hash(cli, &one.id), (unsigned long long)height);
    mun_json_wr_init(&wr, 4096, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "entry");
    mun_json_wr_hex(&wr, mun_bytes(one.id.b, sizeof one.id.b));
    mun_json_wr_key(&wr, "height");
    mun_json_wr_u64(&wr, height);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}
