#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/core/receipt.h"
#include "ledger/core/verdict.h"
#include "ledger/json/forms.h"
#include "ledger/json/json.h"
#include "ledger/json/json_rd.h"
#include "ledger/json/receipt_file.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* Batches, verdicts and receipts: what the ledger says of a credential. */

#define COMMITMENTS_MAX 1000

/* Room for most verdicts in JSON, alone and with a receipt in base64url, and
 * for most receipts. */
#define VERDICT_BYTES 2560
#define PROVEN_BYTES 24576
#define RECEIPT_BYTES 16384

/* One anchored leaf, and what was found out about it. Some 9 KB: on the stack,
 * which the request before has warmed, and not in the arena, which is another
 * one for each connection. */
struct found {
    struct mun_rpc_place place;
    struct mun_rpc_entry stored;
    struct mun_entry entry;
    struct mun_anchored anchored;
    struct mun_verdict verdict;
};

_Static_assert(sizeof(struct found) < 12288, "frames are under 16 KiB");

/* Reads the anchor at found->place.
 * Errors: MUN_ERR_NOT_FOUND (no anchor, or no such position),
 * MUN_ERR_CORRUPT, those of the backend. */
static mun_err_t
read_anchor(struct mun_rpc_call *call, struct found *found)
{
    MUN_TRY(call->backend->entry(call->backend->ctx, call->arena,
                                 found->place.log_index, &found->stored));
    if (mun_entry_decode(&found->entry, found->stored.entry) !=
        MUN_REFUSAL_NONE)
        return mun_err(MUN_ERR_CORRUPT);
    if (found->entry.kind != MUN_KIND_ANCHOR ||
        found->place.position >= found->entry.as.anchor.count)
        return mun_err(MUN_ERR_NOT_FOUND);
    found->anchored = (struct mun_anchored){
        .entry = &found->entry,
        .height = found->stored.leaf.height,
        .time_ms = found->stored.leaf.time_ms,
        .position = found->place.position,
    };
    return MUN_SUCCESS;
}

static mun_err_t
find_commitment(struct mun_rpc_call *call, struct found *found,
                const struct mun_hash *commitment)
{
    MUN_TRY(call->backend->find_commitment(call->backend->ctx, commitment,
                                           &found->place));
    return read_anchor(call, found);
}

static mun_err_t
find_batch(struct mun_rpc_call *call, struct found *found,
           const struct mun_hash *batch, uint32_t position)
{
    MUN_TRY(
        call->backend->find_entry(call->backend->ctx, batch, &found->place));
    found->place.position = position;
    return read_anchor(call, found);
}

/* By what the path names: a commitment, or batch and position. */
static mun_err_t
find_by_path(struct mun_rpc_call *call, struct found *found)
{
    struct mun_hash name;
    uint64_t position;
    mun_err_t err;

    MUN_TRY(mun_rpc_part_hash(call, &name, 0));
    if (call->part_count == 1) {
        err = find_commitment(call, found, &name);
        if (err.code == MUN_ERR_NOT_FOUND)
            return mun_rpc_not_found(
                call, "no published batch has this commitment; a sealed one "
                      "is asked for by batch and position");
        return err;
    }
    MUN_TRY(mun_rpc_part_u64(call, &position, MUN_LIST_SLOTS_MAX - 1, 1));
    err = find_batch(call, found, &name, (uint32_t)position);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "there is no such batch, or it is "
                                       "smaller than that");
    return err;
}

/* A block is in the database a moment before it is in the state. */
static bool
is_shown(const struct found *found, const struct mun_rpc_snapshot *now)
{
    return found->place.log_index < now->header->log_size;
}

/* `asked` may be NULL. */
static void
judge(struct mun_rpc_call *call, struct found *found, struct mun_asked *asked,
      const struct mun_rpc_snapshot *now)
{
    struct mun_policy policy = {
        .now_ms = call->backend->now_ms(call->backend->ctx),
        .max_age_ms = call->backend->max_age_ms,
    };
    struct mun_verdict_case judged = {
        .anchored = &found->anchored,
        .asof = { now->header->height, now->header->time_ms },
        .member_count = now->members->count,
        .policy = &policy,
        .view = &now->view,
    };

    memset(&found->verdict, 0, sizeof found->verdict);
    mun_verdict_judge_asking(&found->verdict, asked, &judged);
}

/* Receipts */

static mun_err_t
new_asked(struct mun_rpc_call *call, struct mun_asked **out)
{
    *out = mun_arena_alloc_raw(call->arena, sizeof **out);
    return mun_err(*out == NULL ? MUN_ERR_LIMIT : MUN_OK);
}

/* What a receipt holds beside the proof of the state. Paths are in the arena;
 * that of a sealed batch is the holder's. */
static mun_err_t
fill_parts(struct mun_rpc_call *call, struct mun_receipt *out,
           const struct found *found, const struct mun_rpc_snapshot *now)
{
    const struct mun_rpc_backend *backend = call->backend;
    struct mun_hash *paths = mun_arena_alloc_raw(
        call->arena, 2 * (size_t)MUN_MERKLE_PATH_MAX * sizeof *paths);
    struct mun_hash leaf;
    size_t log_len = 0;
    size_t batch_len = 0;

    if (paths == NULL)
        return mun_err(MUN_ERR_LIMIT);
    *out = (struct mun_receipt){
        .chain_id = backend->chain_id,
        .entry = found->stored.entry,
        .leaf = found->stored.leaf,
        .leaf_index = found->place.log_index,
        .log_path = paths,
        .position = found->place.position,
        .batch_path = paths + MUN_MERKLE_PATH_MAX,
        .root_header = backend->genesis_header,
        .header = *now->header,
    };
    MUN_TRY(mun_merkle_make_inclusion(paths, &log_len, &backend->log_reader,
                                      found->place.log_index,
                                      now->header->log_size));
    if (found->entry.as.anchor.is_published)
        MUN_TRY(backend->batch_path(backend->ctx, paths + MUN_MERKLE_PATH_MAX,
                                    &batch_len, &leaf, found->place.log_index,
                                    found->place.position));
    out->log_path_len = (uint8_t)log_len;
    out->batch_path_len = (uint8_t)batch_len;
    MUN_TRY(mun_rpc_members_bytes(call->arena, &out->members,
                                  backend->genesis_members));
    return mun_rpc_certificate_bytes(call->arena, &out->certificate,
                                     now->certificate);
}

static mun_err_t
make_sized(struct mun_rpc_call *call, struct mun_bytes *out,
           struct mun_asked *asked, const struct mun_receipt *parts,
           size_t size)
{
    uint8_t *memory = mun_arena_alloc_raw(call->arena, size);
    struct mun_wr wr;

    if (memory == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_wr_init(&wr, memory, size);
    MUN_TRY(mun_receipt_make_asked(&wr, asked, parts, call->snapshot.state));
    *out = mun_wr_done(&wr);
    return MUN_SUCCESS;
}

/* Rules version 1 changes no members, so that the set of the genesis is the
 * chain of sets. */
_Static_assert(MUN_RULES_VERSION == 1, "receipts need no links");

static mun_err_t
make_receipt(struct mun_rpc_call *call, struct mun_bytes *out,
             struct mun_asked *asked, const struct found *found,
             const struct mun_rpc_snapshot *now)
{
    struct mun_receipt parts;
    mun_err_t err;

    MUN_TRY(fill_parts(call, &parts, found, now));
    err = make_sized(call, out, asked, &parts, RECEIPT_BYTES);
    if (err.code == MUN_ERR_LIMIT)
        err = make_sized(call, out, asked, &parts, MUN_RECEIPT_BYTES_MAX);
    return err;
}

/* The handlers */

static mun_err_t
not_shown(struct mun_rpc_call *call)
{
    return mun_rpc_not_found(call, "the block that holds it is being written");
}

static mun_err_t
wants_proof(struct mun_rpc_call *call, bool *out)
{
    static const struct mun_rpc_range flags = { 0, 1 };
    uint64_t value = 0;

    MUN_TRY(mun_rpc_argument_u64(call, &value, flags, "proof"));
    *out = value == 1;
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_verdict(struct mun_rpc_call *call)
{
    const struct mun_rpc_snapshot *now;
    struct mun_bytes receipt = MUN_BYTES_NONE;
    struct mun_asked *asked = NULL;
    struct found found;
    bool has_proof;

    MUN_TRY(wants_proof(call, &has_proof));
    if (has_proof)
        MUN_TRY(mun_rpc_reserve(call, PROVEN_BYTES));
    if (has_proof)
        MUN_TRY(new_asked(call, &asked));
    MUN_TRY(find_by_path(call, &found));
    now = mun_rpc_begin(call);
    if (!is_shown(&found, now))
        return not_shown(call);
    judge(call, &found, asked, now);
    mun_form_verdict(&call->wr, &found.verdict);
    if (!has_proof)
        return MUN_SUCCESS;
    MUN_TRY(make_receipt(call, &receipt, asked, &found, now));
    mun_rpc_reopen(&call->wr);
    mun_json_put_base64url(&call->wr, "receipt", receipt);
    mun_json_wr_end_object(&call->wr);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_receipt(struct mun_rpc_call *call)
{
    const struct mun_rpc_snapshot *now;
    struct mun_receipt_file file = { .opening = MUN_BYTES_NONE };
    struct mun_asked *asked;
    struct found found;

    MUN_TRY(new_asked(call, &asked));
    MUN_TRY(find_by_path(call, &found));
    now = mun_rpc_begin(call);
    if (!is_shown(&found, now))
        return not_shown(call);
    judge(call, &found, asked, now);
    MUN_TRY(make_receipt(call, &file.receipt, asked, &found, now));
    mun_receipt_file_write(&call->wr, &file, &found.verdict);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_batch(struct mun_rpc_call *call)
{
    struct mun_json_wr *wr = &call->wr;
    const struct mun_anchor *anchor;
    struct mun_hash name;
    struct found found;
    mun_err_t err;

    MUN_TRY(mun_rpc_part_hash(call, &name, 0));
    err = find_batch(call, &found, &name, 0);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "there is no such batch");
    MUN_TRY(err);
    anchor = &found.entry.as.anchor;
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "entry", &name);
    mun_json_put_hash(wr, "issuer", &found.entry.actor);
    mun_json_put_hash(wr, "programme", &anchor->programme);
    mun_json_put_u64(wr, "programme_version", anchor->version);
    mun_json_put_text(wr, "list", anchor->label);
    mun_json_put_u64(wr, "base", anchor->base);
    mun_json_put_u64(wr, "count", anchor->count);
    mun_json_put_hash(wr, "root", &anchor->root);
    mun_json_put_bool(wr, "published", anchor->is_published);
    mun_json_put_hashes(wr, "accreditations", anchor->accreditations,
                        anchor->accreditation_count);
    mun_json_put_u64(wr, "anchored_height", found.anchored.height);
    mun_json_put_time(wr, "anchored_time", found.anchored.time_ms);
    mun_json_wr_end_object(wr);
    return MUN_SUCCESS;
}

/* Many verdicts at once */

/* Never more than the default of a document: the limit of values is what
 * holds here. */
static mun_err_t
read_commitments(struct mun_rpc_call *call, struct mun_hash **out,
                 size_t *count)
{
    static const char *const keys[] = { "commitments" };
    struct mun_json *doc;
    struct mun_json_err why;
    struct mun_json_rd rd;
    mun_err_t err;

    *out = mun_arena_array(call->arena, COMMITMENTS_MAX, sizeof **out);
    if (*out == NULL)
        return mun_err(MUN_ERR_LIMIT);
    err = mun_json_parse(&doc, &why, call->request->body, NULL);
    if (!mun_is_ok(err))
        return mun_rpc_refuse(call, 400, "BAD_BODY", why.text);
    mun_json_rd_init(&rd, doc, &why);
    mun_json_rd_only(&rd, keys, 1);
    *count = mun_json_rd_array(&rd, "commitments", COMMITMENTS_MAX);
    for (size_t i = 0; i < *count; i++) {
        mun_json_rd_item(&rd, i);
        mun_json_rd_hex(&rd, NULL, (*out)[i].b, sizeof(*out)[i].b);
        mun_json_rd_leave(&rd);
    }
    mun_json_rd_leave(&rd);
    err = mun_json_rd_status(&rd);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        return mun_rpc_refuse(call, 400, "BAD_BODY", why.text);
    return MUN_SUCCESS;
}

/* Null when it is not known. */
static mun_err_t
write_one(struct mun_rpc_call *call, const struct mun_hash *commitment,
          const struct mun_rpc_snapshot *now)
{
    size_t mark = mun_arena_mark(call->arena);
    struct found found;
    mun_err_t err;

    err = find_commitment(call, &found, commitment);
    if (err.code == MUN_ERR_NOT_FOUND ||
        (mun_is_ok(err) && !is_shown(&found, now))) {
        mun_json_wr_null(&call->wr);
    } else {
        MUN_TRY(err);
        judge(call, &found, NULL, now);
        mun_form_verdict(&call->wr, &found.verdict);
    }
    mun_arena_reset(call->arena, mark);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_verdicts(struct mun_rpc_call *call)
{
    const struct mun_rpc_snapshot *now;
    struct mun_hash *commitments;
    size_t count = 0;

    MUN_TRY(mun_rpc_require_type(call, MUN_RPC_JSON));
    MUN_TRY(read_commitments(call, &commitments, &count));
    MUN_TRY(mun_rpc_reserve(call, count * VERDICT_BYTES));
    now = mun_rpc_begin(call);
    mun_json_wr_begin_array(&call->wr);
    for (size_t i = 0; i < count; i++)
        MUN_TRY(write_one(call, &commitments[i], now));
    mun_json_wr_end_array(&call->wr);
    return MUN_SUCCESS;
}
