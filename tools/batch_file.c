#include "tools/batch_file.h"

#include <string.h>

#include "ledger/base/wr.h"
#include "ledger/core/entry.h"
#include "ledger/json/json_rd.h"
#include "ledger/json/put.h"
#include "tools/keys.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FILE_BYTES_MAX (1ull << 30)
#define NAME_MAX_BYTES (1u << 20)

static const struct mun_json_limits limits = { FILE_BYTES_MAX,
                                               (size_t)16 * MUN_LIST_SLOTS_MAX,
                                               MUN_JSON_DEPTH_MAX };

/* What the sealed seed is bound to: the names of its batch.
 * Shape: out holds CONTEXT_BYTES. */
#define CONTEXT_BYTES (16 + 32 + 32 + 4 + 64)

static struct mun_bytes
context_of(uint8_t *out, const struct mun_batch_file *batch)
{
    static const char what[] = "muniment/batch/1";
    struct mun_wr wr;

    mun_wr_init(&wr, out, CONTEXT_BYTES);
    mun_wr_copy(&wr, what, sizeof what - 1);
    mun_wr_copy(&wr, batch->issuer.b, sizeof batch->issuer.b);
    mun_wr_copy(&wr, batch->source.b, sizeof batch->source.b);
    mun_wr_u32(&wr, batch->base);
    mun_wr_run(&wr, batch->label);
    return mun_wr_done(&wr);
}

mun_err_t
mun_batch_seed(struct mun_batch_file *batch, struct mun_bytes passphrase)
{
    uint8_t context[CONTEXT_BYTES];

    MUN_TRY(mun_random(batch->seed.b, sizeof batch->seed.b));
    return mun_seal_close(&batch->seal, batch->sealed_seed,
                          mun_bytes(batch->seed.b, sizeof batch->seed.b),
                          passphrase, context_of(context, batch));
}

void
mun_batch_opening(struct mun_opening *out, const struct mun_batch_file *batch,
                  uint32_t index)
{
    const struct mun_batch_slot *slot = &batch->slots[index];

    *out = (struct mun_opening){ .digest = slot->digest,
                                 .programme = batch->programme,
                                 .programme_version = batch->version,
                                 .label = batch->label,
                                 .slot = batch->base + index,
                                 .valid_from_ms = slot->valid_from_ms,
                                 .valid_until_ms = slot->valid_until_ms,
                                 .format = slot->format,
                                 .assurance = slot->assurance };
    mun_opening_salt(&out->salt, &batch->seed, out->slot);
}

struct mun_hash *
mun_batch_commitments(struct mun_cli *cli, const struct mun_batch_file *batch)
{
    struct mun_opening opening;
    struct mun_hash *out =
        mun_arena_array(&cli->arena, batch->count, sizeof *out);

    for (uint32_t i = 0; out != NULL && i < batch->count; i++) {
        mun_batch_opening(&opening, batch, i);
        mun_opening_commitment(&out[i], &opening);
    }
    return out;
}

/* Writing */

static void
put_parts(struct mun_json_wr *wr, const struct mun_batch_file *batch)
{
    mun_json_wr_key(wr, "entries");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < batch->part_count; i++) {
        const struct mun_batch_part *part = &batch->parts[i];
        mun_json_wr_begin_object(wr);
        mun_json_put_hash(wr, "id", &part->id);
        mun_json_put_u64(wr, "base", batch->base + part->first);
        mun_json_put_u64(wr, "count", part->count);
        mun_json_put_u64(wr, "height", part->height);
        mun_json_put_base64url(wr, "entry",
                               mun_bytes(part->entry.data, part->entry.len));
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static void
put_slots(struct mun_json_wr *wr, const struct mun_batch_file *batch)
{
    mun_json_wr_key(wr, "slots");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct mun_batch_slot *slot = &batch->slots[i];
        mun_json_wr_begin_object(wr);
        mun_json_put_u64(wr, "slot", batch->base + i);
        mun_json_wr_key(wr, "file");
        mun_json_wr_string(wr, slot->file);
        mun_json_wr_key(wr, "name");
        mun_json_wr_text(wr, slot->name);
        mun_json_put_hash(wr, "digest", &slot->digest);
        mun_json_put_u64(wr, "format", slot->format);
        mun_json_put_u64(wr, "valid_from_ms", slot->valid_from_ms);
        mun_json_put_u64(wr, "valid_until_ms", slot->valid_until_ms);
        mun_json_put_u64(wr, "assurance", slot->assurance);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static bool
is_final(const struct mun_batch_file *batch)
{
    for (uint32_t i = 0; i < batch->part_count; i++) {
        if (batch->parts[i].height == 0)
            return false;
    }
    return true;
}

mun_err_t
mun_batch_write(struct mun_cli *cli, const char *path,
                const struct mun_batch_file *batch)
{
    struct mun_json_wr wr;
    struct mun_bytes json;

    mun_json_wr_init(&wr, FILE_BYTES_MAX, true);
    mun_json_wr_begin_object(&wr);
    mun_json_put_u64(&wr, "muniment_batch", 1);
    mun_json_wr_key(&wr, "state");
    mun_json_wr_string(&wr, is_final(batch) ? "final" : "prepared");
    mun_json_put_hash(&wr, "source", &batch->source);
    mun_json_put_hash(&wr, "issuer", &batch->issuer);
    mun_json_put_hash(&wr, "programme", &batch->programme);
    mun_json_put_u64(&wr, "version", batch->version);
    mun_json_wr_key(&wr, "list");
    mun_json_wr_text(&wr, batch->label);
    mun_json_put_u64(&wr, "base", batch->base);
    mun_json_put_u64(&wr, "count", batch->count);
    mun_json_wr_key(&wr, "published");
    mun_json_wr_bool(&wr, batch->is_published);
    mun_json_wr_key(&wr, "seed");
    mun_json_wr_begin_object(&wr);
    mun_json_put_u64(&wr, "passes", batch->seal.passes);
    mun_json_put_u64(&wr, "memory_kib", batch->seal.memory_kib);
    mun_json_put_base64url(
        &wr, "salt", mun_bytes(batch->seal.salt, sizeof batch->seal.salt));
    mun_json_put_base64url(
        &wr, "nonce", mun_bytes(batch->seal.nonce, sizeof batch->seal.nonce));
    mun_json_put_base64url(
        &wr, "sealed",
        mun_bytes(batch->sealed_seed, sizeof batch->sealed_seed));
    mun_json_wr_end_object(&wr);
    put_parts(&wr, batch);
    put_slots(&wr, batch);
    mun_json_wr_end_object(&wr);
    mun_err_t err = mun_json_wr_finish(&wr, &json);
    if (mun_is_ok(err))
        err = mun_file_write(path, json, 0600);
    mun_json_wr_fini(&wr);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                           mun_err_text(err));
    return err;
}

/* Reading */

/* Exactly `len` bytes. */
static void
read_bytes(struct mun_json_rd *rd, const char *key, uint8_t *out, size_t len)
{
    if (mun_json_rd_base64url(rd, key, out, len) != len &&
        mun_is_ok(mun_json_rd_status(rd)))
        mun_json_rd_fail(rd, key, MUN_ERR_VALUE, "is too short");
}

static void
read_seed(struct mun_json_rd *rd, struct mun_batch_file *out)
{
    mun_json_rd_object(rd, "seed");
    out->seal.passes = (uint32_t)mun_json_rd_u64(rd, "passes", 10);
    out->seal.memory_kib = (uint32_t)mun_json_rd_u64(rd, "memory_kib", 1 << 20);
    read_bytes(rd, "salt", out->seal.salt, sizeof out->seal.salt);
    read_bytes(rd, "nonce", out->seal.nonce, sizeof out->seal.nonce);
    read_bytes(rd, "sealed", out->sealed_seed, sizeof out->sealed_seed);
    mun_json_rd_leave(rd);
}

/* The entry decides about itself; the members beside it are for people. */
static void
read_part(struct mun_json_rd *rd, struct mun_batch_part *part,
          const struct mun_batch_file *batch, struct mun_arena *arena)
{
    static struct mun_entry entry; /* large, and read one at a time */
    uint8_t *bytes = mun_arena_alloc(arena, MUN_ENTRY_BYTES_MAX);

    if (bytes == NULL) {
        mun_json_rd_fail(rd, "entry", MUN_ERR_MEMORY, "no memory left");
        return;
    }
    part->height = mun_json_rd_u64(rd, "height", MUN_JSON_INTEGER_MAX);
    size_t len = mun_json_rd_base64url(rd, "entry", bytes, MUN_ENTRY_BYTES_MAX);
    if (!mun_is_ok(mun_json_rd_status(rd)))
        return;
    part->entry = mun_bytes(bytes, len);
    if (mun_entry_decode(&entry, part->entry) != MUN_REFUSAL_NONE ||
        entry.kind != MUN_KIND_ANCHOR || entry.as.anchor.base < batch->base) {
        mun_json_rd_fail(rd, "entry", MUN_ERR_VALUE, "is not its anchor");
        return;
    }
    part->id = entry.id;
    part->first = entry.as.anchor.base - batch->base;
    part->count = entry.as.anchor.count;
}

static void
read_parts(struct mun_json_rd *rd, struct mun_batch_file *out,
           struct mun_arena *arena)
{
    uint32_t next = 0;

    size_t count = mun_json_rd_array(rd, "entries", MUN_LIST_SLOTS_MAX);
    out->parts = mun_arena_array(arena, count, sizeof *out->parts);
    out->part_count = out->parts == NULL ? 0 : (uint32_t)count;
    for (uint32_t i = 0; i < out->part_count; i++) {
        mun_json_rd_item(rd, i);
        read_part(rd, &out->parts[i], out, arena);
        if (mun_is_ok(mun_json_rd_status(rd)) && out->parts[i].first != next)
            mun_json_rd_fail(rd, "base", MUN_ERR_VALUE, "does not follow");
        next += out->parts[i].count;
        mun_json_rd_leave(rd);
    }
    if (mun_is_ok(mun_json_rd_status(rd)) && next != out->count)
        mun_json_rd_fail(rd, NULL, MUN_ERR_VALUE, "do not cover the batch");
    mun_json_rd_leave(rd);
}

static void
read_slots(struct mun_json_rd *rd, struct mun_batch_file *out,
           struct mun_arena *arena)
{
    size_t count = mun_json_rd_array(rd, "slots", MUN_LIST_SLOTS_MAX);
    out->slots = mun_arena_array(arena, count, sizeof *out->slots);
    out->count = out->slots == NULL ? 0 : (uint32_t)count;
    for (uint32_t i = 0; i < out->count; i++) {
        struct mun_batch_slot *slot = &out->slots[i];
        mun_json_rd_item(rd, i);
        slot->file = (const char *)mun_json_rd_string(rd, "file", 1, 4096).data;
        slot->name = mun_json_rd_string(rd, "name", 0, NAME_MAX_BYTES);
        mun_json_rd_hex(rd, "digest", slot->digest.b, sizeof slot->digest.b);
        slot->format = (uint8_t)mun_json_rd_u64(rd, "format", 2);
        slot->valid_from_ms =
            mun_json_rd_u64(rd, "valid_from_ms", MUN_JSON_INTEGER_MAX);
        slot->valid_until_ms =
            mun_json_rd_u64(rd, "valid_until_ms", MUN_JSON_INTEGER_MAX);
        slot->assurance = (uint8_t)mun_json_rd_u64(rd, "assurance", 3);
        mun_json_rd_leave(rd);
    }
    mun_json_rd_leave(rd);
}

static mun_err_t
read_document(struct mun_batch_file *out, struct mun_arena *arena,
              const struct mun_json *doc, struct mun_json_err *why)
{
    struct mun_json_rd rd;

    mun_json_rd_init(&rd, doc, why);
    if (mun_json_rd_u64(&rd, "muniment_batch", 1000) != 1 &&
        mun_is_ok(mun_json_rd_status(&rd)))
        mun_json_rd_fail(&rd, "muniment_batch", MUN_ERR_VERSION,
                         "is not version 1");
    mun_json_rd_hex(&rd, "source", out->source.b, sizeof out->source.b);
    mun_json_rd_hex(&rd, "issuer", out->issuer.b, sizeof out->issuer.b);
    mun_json_rd_hex(&rd, "programme", out->programme.b,
                    sizeof out->programme.b);
    out->version = (uint16_t)mun_json_rd_u64(&rd, "version", UINT16_MAX);
    out->label = mun_json_rd_string(&rd, "list", 1, 32);
    out->base = (uint32_t)mun_json_rd_u64(&rd, "base", MUN_LIST_SLOTS_MAX);
    out->is_published = mun_json_rd_bool(&rd, "published");
    read_seed(&rd, out);
    read_slots(&rd, out, arena);
    read_parts(&rd, out, arena);
    return mun_json_rd_status(&rd);
}

static mun_err_t
open_seed(struct mun_batch_file *batch, struct mun_cli *cli, const char *path)
{
    uint8_t context[CONTEXT_BYTES];
    struct mun_bytes passphrase;

    MUN_TRY(mun_passphrase(&passphrase, cli, false));
    mun_err_t err =
        mun_seal_open(batch->seed.b, &batch->seal,
                      mun_bytes(batch->sealed_seed, sizeof batch->sealed_seed),
                      passphrase, context_of(context, batch));
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: the seed: %s", path,
                           err.code == MUN_ERR_SIGNATURE
                               ? "wrong passphrase, or the file was changed"
                               : mun_err_text(err));
    return err;
}

mun_err_t
mun_batch_read(struct mun_batch_file *out, struct mun_cli *cli,
               const char *path)
{
    struct mun_json_err why = { 0 };
    struct mun_bytes text;

    *out = (struct mun_batch_file){ 0 };
    mun_err_t err = mun_file_read(&text, &cli->arena, path, FILE_BYTES_MAX);
    if (err.code == MUN_ERR_NOT_FOUND)
        return err;
    if (mun_is_ok(err))
        err = mun_json_parse(&out->document, &why, text, &limits);
    if (mun_is_ok(err))
        err = read_document(out, &cli->arena, out->document, &why);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: not a batch file: %s",
                           path,
                           why.text[0] != '\0' ? why.text : mun_err_text(err));
        return err;
    }
    return open_seed(out, cli, path);
}

void
mun_batch_fini(struct mun_batch_file *batch)
{
    mun_json_close(batch->document);
    mun_wipe(&batch->seed, sizeof batch->seed);
    batch->document = NULL;
}

/* The tree */

mun_err_t
mun_batch_tree_make(struct mun_batch_tree *out, struct mun_arena *arena,
                    const struct mun_hash *commitments, uint32_t count)
{
    *out = (struct mun_batch_tree){ .count = count };
    out->levels[0] = mun_arena_array(arena, count, sizeof **out->levels);
    if (out->levels[0] == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (uint32_t i = 0; i < count; i++)
        mun_merkle_leaf(&out->levels[0][i],
                        mun_bytes(commitments[i].b, sizeof commitments[i].b));
    for (unsigned level = 1; count >> level != 0; level++) {
        uint32_t nodes = count >> level;
        struct mun_hash *below = out->levels[level - 1];
        out->levels[level] = mun_arena_array(arena, nodes, sizeof *below);
        if (out->levels[level] == NULL)
            return mun_err(MUN_ERR_MEMORY);
        for (uint32_t i = 0; i < nodes; i++)
            mun_merkle_node(&out->levels[level][i], below + (size_t)2 * i,
                            below + (size_t)2 * i + 1);
    }
    return MUN_SUCCESS;
}

static mun_err_t
read_node(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    const struct mun_batch_tree *tree = ctx;

    if (level >= COUNT(tree->levels) || index >= tree->count >> level)
        return mun_err(MUN_ERR_INTERNAL);
    *out = tree->levels[level][index];
    return MUN_SUCCESS;
}

mun_err_t
mun_batch_tree_path(struct mun_hash *path, size_t *path_len,
                    struct mun_batch_tree *tree, uint32_t index)
{
    struct mun_merkle_reader reader = { read_node, tree };
    return mun_merkle_make_inclusion(path, path_len, &reader, index,
                                     tree->count);
}
