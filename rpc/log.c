#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/core/field.h"
#include "ledger/core/text.h"
#include "ledger/json/forms.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* Accepted entries, and the log that commits to them. */

/* Room for most items of a history in JSON. */
#define ITEM_BYTES 512

#define TILE_WIDTH 256
#define TILE_LEVEL_MAX 7

#define LOG_SIZE_MAX ((UINT64_C(1) << 53) - 1)

/* One stored entry, decoded. Large: in the arena. */
struct logged {
    struct mun_rpc_entry stored;
    struct mun_entry entry;
};

/* Errors: MUN_ERR_CORRUPT, those of the backend. */
static mun_err_t
read_logged(struct mun_rpc_call *call, struct logged **out, uint64_t log_index)
{
    struct logged *logged = mun_arena_alloc(call->arena, sizeof *logged);

    if (logged == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(call->backend->entry(call->backend->ctx, call->arena, log_index,
                                 &logged->stored));
    if (mun_entry_decode(&logged->entry, logged->stored.entry) !=
        MUN_REFUSAL_NONE)
        return mun_err(MUN_ERR_CORRUPT);
    *out = logged;
    return MUN_SUCCESS;
}

/* Begins an object with what histories and single entries have in common. */
static void
write_place(struct mun_json_wr *wr, const struct logged *logged,
            uint64_t log_index)
{
    const struct mun_log_leaf *leaf = &logged->stored.leaf;

    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "id", &logged->entry.id);
    mun_json_put_u64(wr, "height", leaf->height);
    mun_json_put_time(wr, "time", leaf->time_ms);
    mun_json_put_u64(wr, "position", leaf->position);
    mun_json_put_u64(wr, "log_index", log_index);
    mun_json_put_word(wr, "kind", mun_kind_text((uint16_t)logged->entry.kind));
    mun_json_put_hash(wr, "actor", &logged->entry.actor);
}

mun_err_t
mun_rpc_entry(struct mun_rpc_call *call)
{
    struct mun_json_wr *wr = &call->wr;
    struct mun_rpc_place place;
    struct logged *logged;
    struct mun_hash id;
    mun_err_t err;

    MUN_TRY(mun_rpc_part_hash(call, &id, 0));
    err = call->backend->find_entry(call->backend->ctx, &id, &place);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "no entry of this id was accepted");
    MUN_TRY(err);
    MUN_TRY(read_logged(call, &logged, place.log_index));
    write_place(wr, logged, place.log_index);
    mun_json_put_time(wr, "valid_until", logged->entry.valid_until_ms);
    mun_json_wr_key(wr, "keys");
    mun_json_wr_begin_array(wr);
    for (uint8_t i = 0; i < logged->entry.key_count; i++)
        mun_json_wr_hex(wr, mun_bytes(logged->entry.keys[i].b,
                                      sizeof logged->entry.keys[i].b));
    mun_json_wr_end_array(wr);
    mun_json_put_hash(wr, "effects_root", &logged->stored.leaf.effects_root);
    mun_json_put_base64url(wr, "entry", logged->stored.entry);
    mun_json_wr_key(wr, "payload");
    mun_form_payload(wr, &logged->entry);
    mun_json_wr_end_object(wr);
    return MUN_SUCCESS;
}

/* History */

struct subject {
    enum mun_rpc_history of;
    uint8_t name[32 + MUN_LABEL_MAX];
    size_t name_len;
};

/* "ISSUER/LABEL" as issuer and label. */
static mun_err_t
read_list_name(struct mun_rpc_call *call, struct subject *out,
               struct mun_bytes text)
{
    struct mun_bytes label = MUN_BYTES_NONE;

    if (text.len > 65 && text.data[64] == '/')
        label = mun_bytes(text.data + 65, text.len - 65);
    if (label.data == NULL ||
        !mun_is_ok(mun_label_check(label, MUN_LABEL_MAX)) ||
        !mun_is_ok(mun_hex_decode(out->name, 32, mun_bytes(text.data, 64))))
        return mun_rpc_refuse_argument(call, "BAD_NAME", "list",
                                       " is not an issuer, '/' and a label");
    memcpy(out->name + 32, label.data, label.len);
    out->name_len = 32 + label.len;
    return MUN_SUCCESS;
}

static mun_err_t
read_subject(struct mun_rpc_call *call, struct subject *out)
{
    bool is_programme = mun_rpc_has(call, "programme");
    bool is_party = mun_rpc_has(call, "party");
    struct mun_hash name;

    if (is_programme + is_party + mun_rpc_has(call, "list") != 1)
        return mun_rpc_refuse(call, 400, "MISSING_ARGUMENT",
                              "one of party, programme and list is needed");
    if (!is_programme && !is_party) {
        out->of = MUN_RPC_HISTORY_LIST;
        return read_list_name(call, out, mun_rpc_argument(call, "list"));
    }
    out->of = is_party ? MUN_RPC_HISTORY_PARTY : MUN_RPC_HISTORY_PROGRAMME;
    MUN_TRY(
        mun_rpc_argument_hash(call, &name, is_party ? "party" : "programme"));
    memcpy(out->name, name.b, sizeof name.b);
    out->name_len = sizeof name.b;
    return MUN_SUCCESS;
}

struct indices {
    uint64_t *at;
    uint32_t count;
    uint32_t room;
};

static mun_err_t
collect(void *ctx, uint64_t log_index)
{
    struct indices *indices = (struct indices *)ctx;

    if (indices->count == indices->room)
        return mun_err(MUN_ERR_INTERNAL);
    indices->at[indices->count++] = log_index;
    return MUN_SUCCESS;
}

static mun_err_t
write_items(struct mun_rpc_call *call, const struct indices *indices)
{
    mun_json_wr_key(&call->wr, "items");
    mun_json_wr_begin_array(&call->wr);
    for (uint32_t i = 0; i < indices->count; i++) {
        size_t mark = mun_arena_mark(call->arena);
        struct logged *logged = NULL;

        MUN_TRY(read_logged(call, &logged, indices->at[i]));
        write_place(&call->wr, logged, indices->at[i]);
        mun_json_wr_end_object(&call->wr);
        mun_arena_reset(call->arena, mark);
    }
    mun_json_wr_end_array(&call->wr);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_history(struct mun_rpc_call *call)
{
    static const struct mun_rpc_range range = { 0, LOG_SIZE_MAX };
    const struct mun_rpc_backend *backend = call->backend;
    struct indices indices = { 0 };
    struct subject subject = { .name_len = 0 };
    bool has_more = false;
    uint64_t from = 0;

    MUN_TRY(read_subject(call, &subject));
    MUN_TRY(mun_rpc_argument_limit(call, &indices.room));
    MUN_TRY(mun_rpc_argument_u64(call, &from, range, "after"));
    MUN_TRY(mun_rpc_reserve(call, indices.room * (size_t)ITEM_BYTES));
    indices.at =
        mun_arena_array(call->arena, indices.room, sizeof indices.at[0]);
    if (indices.at == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(backend->history(backend->ctx, subject.of,
                             mun_bytes(subject.name, subject.name_len), from,
                             indices.room, collect, &indices, &has_more));
    mun_json_wr_begin_object(&call->wr);
    MUN_TRY(write_items(call, &indices));
    mun_json_wr_key(&call->wr, "next");
    if (has_more && indices.count > 0)
        mun_json_wr_u64(&call->wr, indices.at[indices.count - 1] + 1);
    else
        mun_json_wr_null(&call->wr);
    mun_json_wr_end_object(&call->wr);
    return MUN_SUCCESS;
}

/* The tree */

mun_err_t
mun_rpc_tile(struct mun_rpc_call *call)
{
    static const struct mun_rpc_range widths = { 1, TILE_WIDTH };
    struct mun_hash *hashes;
    uint64_t width = TILE_WIDTH;
    uint64_t level;
    uint64_t index;
    mun_err_t err;

    MUN_TRY(mun_rpc_part_u64(call, &level, TILE_LEVEL_MAX, 0));
    MUN_TRY(mun_rpc_part_u64(call, &index, LOG_SIZE_MAX, 1));
    MUN_TRY(mun_rpc_argument_u64(call, &width, widths, "width"));
    hashes = mun_arena_array(call->arena, width, sizeof hashes[0]);
    if (hashes == NULL)
        return mun_err(MUN_ERR_LIMIT);
    err = call->backend->tile(call->backend->ctx, hashes, (uint32_t)level,
                              index, (uint32_t)width);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_rpc_not_found(call, "the log does not reach so far");
    MUN_TRY(err);
    mun_rpc_answer(call, MUN_RPC_OCTETS, MUN_RPC_FOR_EVER,
                   mun_bytes(hashes, width * sizeof hashes[0]));
    return MUN_SUCCESS;
}

/* The log's size in the newest header, without staying in the snapshot: what
 * is below it never changes. */
static uint64_t
log_size_now(struct mun_rpc_call *call)
{
    uint64_t size = mun_rpc_begin(call)->header->log_size;

    mun_rpc_end(call);
    return size;
}

static mun_err_t
new_path(struct mun_rpc_call *call, struct mun_hash **out)
{
    *out = mun_arena_array(call->arena, MUN_MERKLE_PATH_MAX, sizeof **out);
    return *out == NULL ? mun_err(MUN_ERR_LIMIT) : MUN_SUCCESS;
}

mun_err_t
mun_rpc_inclusion(struct mun_rpc_call *call)
{
    uint64_t newest = log_size_now(call);
    struct mun_rpc_range range = { 0, newest };
    struct mun_hash *path;
    size_t path_len;
    uint64_t index;
    uint64_t size = newest;

    MUN_TRY(mun_rpc_require(call, "index"));
    MUN_TRY(mun_rpc_argument_u64(call, &size, range, "size"));
    MUN_TRY(mun_rpc_argument_u64(call, &index, range, "index"));
    if (index >= size)
        return mun_rpc_refuse_argument(call, "BAD_NUMBER", "index",
                                       " is not below the size");
    MUN_TRY(new_path(call, &path));
    MUN_TRY(mun_merkle_make_inclusion(path, &path_len,
                                      &call->backend->log_reader, index, size));
    mun_json_wr_begin_object(&call->wr);
    mun_json_put_u64(&call->wr, "index", index);
    mun_json_put_u64(&call->wr, "size", size);
    mun_json_put_hashes(&call->wr, "path", path, path_len);
    mun_json_wr_end_object(&call->wr);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_consistency(struct mun_rpc_call *call)
{
    uint64_t newest = log_size_now(call);
    struct mun_rpc_range range = { 1, newest };
    struct mun_hash *path;
    size_t path_len;
    uint64_t from;
    uint64_t to = newest;

    MUN_TRY(mun_rpc_require(call, "from"));
    MUN_TRY(mun_rpc_argument_u64(call, &to, range, "to"));
    MUN_TRY(mun_rpc_argument_u64(call, &from, range, "from"));
    if (from > to)
        return mun_rpc_refuse_argument(call, "BAD_NUMBER", "from",
                                       " is above the other size");
    MUN_TRY(new_path(call, &path));
    MUN_TRY(mun_merkle_make_consistency(path, &path_len,
                                        &call->backend->log_reader, from, to));
    mun_json_wr_begin_object(&call->wr);
    mun_json_put_u64(&call->wr, "from", from);
    mun_json_put_u64(&call->wr, "to", to);
    mun_json_put_hashes(&call->wr, "path", path, path_len);
    mun_json_wr_end_object(&call->wr);
    return MUN_SUCCESS;
}
