#include "tools/receipt_fetch.h"

#include <stdio.h>

#include "ledger/json/receipt_file.h"
#include "tools/client.h"

/* Puts the batch path into a receipt that has none. */
static mun_err_t
complete(struct mun_bytes *bytes, struct mun_receipt *receipt,
         struct mun_arena *arena, const struct mun_receipt_ask *ask)
{
    size_t size = bytes->len + ask->batch_path_len * sizeof *ask->batch_path;
    struct mun_wr wr;

    if (receipt->batch_path_len != 0 || ask->batch_path_len == 0)
        return MUN_SUCCESS;
    uint8_t *buffer = mun_arena_alloc(arena, size);
    if (buffer == NULL)
        return mun_err(MUN_ERR_MEMORY);
    receipt->batch_path = ask->batch_path;
    receipt->batch_path_len = (uint8_t)ask->batch_path_len;
    mun_wr_init(&wr, buffer, size);
    mun_receipt_encode(&wr, receipt);
    MUN_TRY(mun_wr_status(&wr));
    *bytes = mun_wr_done(&wr);
    return MUN_SUCCESS;
}

/* What a document that fits the opening says of itself. */
static struct mun_claims
claims_of(const struct mun_opening *opening, const struct mun_entry *entry)
{
    struct mun_claims claims = { 0 };

    if (opening->format != MUN_FORMAT_JSON)
        return claims;
    claims.has_claims = true;
    claims.is_complete = true;
    claims.has_slot = true;
    claims.issuer = entry->actor;
    claims.list_issuer = entry->actor;
    claims.list_label = opening->label;
    claims.programme = opening->programme;
    claims.programme_version = opening->programme_version;
    claims.slot = opening->slot;
    claims.has_valid_until = opening->valid_until_ms != 0;
    claims.valid_until_ms = opening->valid_until_ms;
    return claims;
}

/* The verification of a verifier, with the document's part taken for right. */
static int
judge(struct mun_receipt_got *out, struct mun_cli *cli,
      const struct mun_receipt *receipt, const struct mun_entry *entry,
      const struct mun_receipt_ask *ask)
{
    struct mun_receipt_input input = { .receipt = out->receipt,
                                       .opening = ask->opening };
    struct mun_opening opening;

    mun_err_t err = mun_opening_decode(&opening, ask->opening);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "the opening: %s",
                            mun_err_text(err));
    if (ask->root != NULL) {
        input.root = *ask->root;
    } else {
        input.root.chain_id = ask->chain_id;
        input.root.height = receipt->root_header.height;
        mun_header_id(&input.root.header_id, &receipt->root_header);
    }
    input.has_document_digest = true;
    input.document_digest = opening.digest;
    input.claims = claims_of(&opening, entry);
    input.policy.now_ms = mun_cli_now_ms();
    mun_receipt_verify(&out->verdict, &cli->arena, &input);
    out->is_judged = true;
    for (int i = MUN_CHECK_FORMAT; i <= MUN_CHECK_STATE; i++) {
        if (out->verdict.checks[i] != MUN_CHECK_PASSED)
            return mun_cli_fail(
                cli, MUN_EXIT_FAILED,
                "the node's receipt does not hold (slot %u): check %s: %s",
                (unsigned)opening.slot, mun_check_text((enum mun_check_name)i),
                out->verdict.why != NULL ? out->verdict.why : "not done");
    }
    if (out->verdict.code == MUN_VERDICT_UNKNOWN ||
        out->verdict.code == MUN_VERDICT_PROOF_INVALID)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "the node's receipt does not do: %s",
                            out->verdict.why);
    return MUN_EXIT_DONE;
}

/* The binary receipt out of a node's answer. */
static int
ask_node(struct mun_bytes *out, struct mun_cli *cli,
         const struct mun_receipt_ask *ask)
{
    char path[128];
    struct mun_receipt_file file;
    struct mun_json_err why;
    int code = MUN_EXIT_FAILED;

    (void)snprintf(path, sizeof path, "/v1/receipts/%s/%u",
                   mun_cli_hash(cli, &ask->entry), (unsigned)ask->position);
    struct mun_json *doc = mun_client_json(cli, path, &code);
    if (doc == NULL)
        return code;
    mun_err_t err = mun_receipt_file_read(&file, &cli->arena, doc, &why);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "the node's receipt: %s",
                            why.text);
    *out = file.receipt;
    return MUN_EXIT_DONE;
}

int
mun_receipt_fetch(struct mun_receipt_got *out, struct mun_cli *cli,
                  const struct mun_receipt_ask *ask)
{
    struct mun_receipt receipt;
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);

    *out = (struct mun_receipt_got){ 0 };
    if (entry == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    int code = ask_node(&out->receipt, cli, ask);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_err_t err = mun_receipt_decode(&receipt, out->receipt);
    if (mun_is_ok(err))
        err = complete(&out->receipt, &receipt, &cli->arena, ask);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "the node's receipt: %s",
                            mun_err_text(err));
    if (mun_entry_decode(entry, receipt.entry) != MUN_REFUSAL_NONE ||
        !mun_hash_eq(&entry->id, &ask->entry) ||
        receipt.position != ask->position)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "the node's receipt is of another credential");
    if (ask->opening.len == 0)
        return MUN_EXIT_DONE;
    return judge(out, cli, &receipt, entry, ask);
}

mun_err_t
mun_receipt_save(struct mun_cli *cli, const char *path,
                 struct mun_bytes opening, const struct mun_receipt_got *got)
{
    struct mun_receipt_file file = { got->receipt, opening };
    struct mun_json_wr wr;
    struct mun_bytes json;

    mun_json_wr_init(&wr, MUN_JSON_BYTES_MAX, true);
    mun_receipt_file_write(&wr, &file, got->is_judged ? &got->verdict : NULL);
    mun_err_t err = mun_json_wr_finish(&wr, &json);
    if (mun_is_ok(err))
        err = mun_file_write(path, json, 0600);
    mun_json_wr_fini(&wr);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                           mun_err_text(err));
    return err;
}

static mun_err_t
load(struct mun_receipt_read *out, struct mun_cli *cli,
     const struct mun_json *doc, struct mun_json_err *why)
{
    struct mun_receipt_file file;

    MUN_TRY(mun_receipt_file_read(&file, &cli->arena, doc, why));
    MUN_TRY(mun_receipt_decode(&out->receipt, file.receipt));
    if (mun_entry_decode(&out->entry, out->receipt.entry) != MUN_REFUSAL_NONE ||
        out->entry.kind != MUN_KIND_ANCHOR)
        return mun_err(MUN_ERR_KIND);
    out->opening_bytes = file.opening;
    out->has_opening = file.opening.len != 0;
    if (out->has_opening)
        MUN_TRY(mun_opening_decode(&out->opening, file.opening));
    return MUN_SUCCESS;
}

mun_err_t
mun_receipt_load(struct mun_receipt_read *out, struct mun_cli *cli,
                 const char *path)
{
    struct mun_json_err why = { 0 };
    struct mun_json *doc = mun_file_read_json(cli, path);

    *out = (struct mun_receipt_read){ 0 };
    if (doc == NULL)
        return mun_err(MUN_ERR_IO);
    mun_err_t err = load(out, cli, doc, &why);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: not a receipt: %s", path,
                           why.text[0] != '\0' ? why.text : mun_err_text(err));
    return err;
}

mun_err_t
mun_trust_root_load(struct mun_trust_root *out, struct mun_cli *cli,
                    const char *path)
{
    struct mun_json_err why = { 0 };
    struct mun_json *doc = mun_file_read_json(cli, path);

    if (doc == NULL)
        return mun_err(MUN_ERR_IO);
    mun_err_t err = mun_trust_root_read(out, NULL, doc, &why);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: not a trust root: %s",
                           path, why.text);
    return err;
}
