#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/entry.h"
#include "ledger/core/field.h"
#include "ledger/store/store_int.h"
#include "ledger/store/value.h"

/* Genesis document and consensus record */

static mun_err_t
copy_out(struct mun_arena *arena, struct mun_bytes *out, struct mun_bytes value)
{
    uint8_t *copy = mun_arena_alloc(arena, value.len);

    if (copy == NULL)
        return mun_err(MUN_ERR_LIMIT);
    if (value.len > 0)
        memcpy(copy, value.data, value.len);
    *out = mun_bytes(copy, value.len);
    return MUN_SUCCESS;
}

static mun_err_t
get_meta(struct mun_store *store, struct mun_arena *arena,
         struct mun_bytes *out, uint8_t letter)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    mun_err_t err;

    *out = MUN_BYTES_NONE;
    mun_key_meta(&key, letter);
    MUN_TRY(mun_value_get(store->rocks, &value, MUN_FAMILY_META, &key));
    err = copy_out(arena, out, value.bytes);
    mun_rocks_release(&value);
    return err;
}

mun_err_t
mun_store_genesis(struct mun_store *store, struct mun_arena *arena,
                  struct mun_bytes *out)
{
    return get_meta(store, arena, out, MUN_META_GENESIS);
}

mun_err_t
mun_store_consensus(struct mun_store *store, struct mun_arena *arena,
                    struct mun_bytes *out)
{
    return get_meta(store, arena, out, MUN_META_CONSENSUS);
}

static mun_err_t
visit_kept(struct mun_store *store, uint8_t letter, mun_kept_visit visit,
           void *ctx)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    struct mun_hash id;
    struct mun_rd rd;
    uint64_t height;
    mun_err_t err = MUN_SUCCESS;

    mun_key_meta(&key, letter);
    MUN_TRY(mun_value_get(store->rocks, &value, MUN_FAMILY_META, &key));
    mun_rd_init(&rd, value.bytes);
    height = mun_rd_u64(&rd);
    mun_rd_copy(&rd, id.b, sizeof id.b);
    if (mun_rd_failed(&rd))
        err = mun_err(MUN_ERR_CORRUPT);
    else if (height == store->mark.at.height + 1)
        err = visit(ctx, &id, mun_rd_run(&rd, rd.left));
    mun_rocks_release(&value);
    return err;
}

mun_err_t
mun_store_kept_values(struct mun_store *store, mun_kept_visit visit, void *ctx)
{
    for (uint8_t i = 0; i < MUN_META_KEPT_COUNT; i++) {
        mun_err_t err =
            visit_kept(store, (uint8_t)(MUN_META_KEPT + i), visit, ctx);

        if (err.code != MUN_ERR_NOT_FOUND)
            MUN_TRY(err);
    }
    return MUN_SUCCESS;
}

/* Blocks */

static mun_err_t
decode_row(struct mun_block_row *out, struct mun_bytes value, uint64_t height)
{
    struct mun_rd rd;

    mun_rd_init(&rd, value);
    mun_header_decode(&rd, &out->header);
    out->previous = mun_rd_run16(&rd, UINT16_MAX);
    out->certificate = mun_rd_run16(&rd, UINT16_MAX);
    out->first = mun_rd_u64(&rd);
    out->entry_count = mun_rd_u32(&rd);
    out->block_len = mun_rd_u32(&rd);
    if (out->header.height != height)
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    if (height > 0 && out->first + 1 + out->entry_count != out->header.log_size)
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    return mun_rd_finish(&rd);
}

mun_err_t
mun_get_block(struct mun_rocks *rocks, struct mun_block_row *row,
              struct mun_rocks_value *value, uint64_t height)
{
    struct mun_store_key key;
    mun_err_t err;

    memset(row, 0, sizeof *row);
    mun_key_block(&key, height);
    MUN_TRY(mun_value_get(rocks, value, MUN_FAMILY_BLOCK, &key));
    err = mun_value_decoded(decode_row(row, value->bytes, height),
                            MUN_FAMILY_BLOCK, mun_store_key_bytes(&key));
    if (!mun_is_ok(err)) {
        memset(row, 0, sizeof *row);
        mun_rocks_release(value);
    }
    return err;
}

mun_err_t
mun_store_header(struct mun_store *store, uint64_t height,
                 struct mun_header *out)
{
    struct mun_rocks_value value;
    struct mun_block_row row;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_get_block(store->rocks, &row, &value, height));
    *out = row.header;
    mun_rocks_release(&value);
    return MUN_SUCCESS;
}

mun_err_t
mun_store_certificate(struct mun_store *store, uint64_t height,
                      struct mun_certificate *out)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    struct mun_block_row row;
    struct mun_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_get_block(store->rocks, &row, &value, height));
    mun_rd_init(&rd, row.certificate);
    mun_certificate_decode(&rd, out);
    if (out->height != height)
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    mun_key_block(&key, height);
    err = mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_BLOCK,
                            mun_store_key_bytes(&key));
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    mun_rocks_release(&value);
    return err;
}

/* Entries */

static mun_err_t
decode_entry(struct mun_stored_entry *out, struct mun_bytes value)
{
    struct mun_rd rd;

    mun_rd_init(&rd, value);
    mun_log_leaf_decode(&rd, &out->leaf);
    out->entry = mun_rd_run32(&rd, MUN_ENTRY_BYTES_MAX);
    out->leaf_count = mun_rd_u32(&rd);
    if (out->leaf_count > MUN_PUBLISHED_MAX ||
        (out->leaf.type == MUN_LOG_ENTRY) != (out->entry.len > 0))
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    return mun_rd_finish(&rd);
}

mun_err_t
mun_get_entry(struct mun_store *store, struct mun_stored_entry *out,
              struct mun_rocks_value *value, uint64_t log_index)
{
    struct mun_store_key key;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    mun_key_entry(&key, log_index);
    MUN_TRY(mun_value_get(store->rocks, value, MUN_FAMILY_ENTRY, &key));
    err = mun_value_decoded(decode_entry(out, value->bytes), MUN_FAMILY_ENTRY,
                            mun_store_key_bytes(&key));
    if (!mun_is_ok(err)) {
        memset(out, 0, sizeof *out);
        mun_rocks_release(value);
    }
    return err;
}

mun_err_t
mun_store_entry(struct mun_store *store, struct mun_arena *arena,
                uint64_t log_index, struct mun_stored_entry *out)
{
    struct mun_rocks_value value;
    mun_err_t err;

    MUN_TRY(mun_get_entry(store, out, &value, log_index));
    err = copy_out(arena, &out->entry, out->entry);
    mun_rocks_release(&value);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

/* What another value says must be there is damage when it is not. */
static mun_err_t
get_leaves(struct mun_store *store, struct mun_rocks_value *out,
           struct mun_store_key *key, uint64_t log_index, uint16_t chunk)
{
    mun_err_t err;

    mun_key_leaves(key, log_index, chunk);
    err = mun_value_get(store->rocks, out, MUN_FAMILY_LEAVES, key);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_LEAVES, mun_store_key_bytes(key));
    return err;
}

/* How many of `count` leaves are in a chunk. */
static uint32_t
chunk_width(uint32_t count, uint32_t chunk)
{
    uint32_t left = count - chunk * MUN_CHUNK;

    return left < MUN_CHUNK ? left : MUN_CHUNK;
}

static mun_err_t
copy_leaves(struct mun_store *store, struct mun_wr *wr, uint64_t log_index,
            uint32_t count)
{
    for (uint32_t chunk = 0; chunk * MUN_CHUNK < count; chunk++) {
        size_t len = chunk_width(count, chunk) * sizeof(struct mun_hash);
        struct mun_rocks_value value;
        struct mun_store_key key;

        MUN_TRY(get_leaves(store, &value, &key, log_index, (uint16_t)chunk));
        mun_wr_copy(wr, value.bytes.data, value.bytes.len);
        if (value.bytes.len != len)
            mun_wr_fail(wr, MUN_ERR_CORRUPT);
        mun_rocks_release(&value);
    }
    return MUN_SUCCESS;
}

static mun_err_t
copy_block(struct mun_store *store, struct mun_wr *wr,
           const struct mun_block_row *row)
{
    mun_header_encode(wr, &row->header);
    mun_wr_run(wr, row->previous);
    mun_wr_u32(wr, row->entry_count);
    for (uint32_t i = 0; i < row->entry_count; i++) {
        uint64_t log_index = row->first + 1 + i;
        struct mun_rocks_value value;
        struct mun_stored_entry entry;
        mun_err_t err;

        err = mun_get_entry(store, &entry, &value, log_index);
        if (err.code == MUN_ERR_NOT_FOUND)
            return mun_err(MUN_ERR_CORRUPT);
        if (!mun_is_ok(err))
            return err;
        mun_wr_run32(wr, entry.entry);
        mun_wr_u32(wr, entry.leaf_count);
        mun_rocks_release(&value);
        MUN_TRY(copy_leaves(store, wr, log_index, entry.leaf_count));
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_store_block(struct mun_store *store, struct mun_arena *arena,
                uint64_t height, struct mun_bytes *out)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    struct mun_block_row row;
    uint8_t *buffer;
    struct mun_wr wr;
    mun_err_t err;

    *out = MUN_BYTES_NONE;
    if (height == 0)
        return mun_err(MUN_ERR_NOT_FOUND); /* "Block 0 has no body." */
    MUN_TRY(mun_get_block(store->rocks, &row, &value, height));
    buffer = mun_arena_alloc(arena, row.block_len);
    if (buffer == NULL) {
        mun_rocks_release(&value);
        return mun_err(MUN_ERR_LIMIT);
    }
    mun_wr_init(&wr, buffer, row.block_len);
    err = copy_block(store, &wr, &row);
    mun_rocks_release(&value);
    mun_key_block(&key, height);
    if (mun_is_ok(err) && (!mun_is_ok(mun_wr_status(&wr)) ||
                           mun_wr_done(&wr).len != row.block_len))
        err = mun_value_corrupt(MUN_FAMILY_BLOCK, mun_store_key_bytes(&key));
    if (mun_is_ok(err))
        *out = mun_wr_done(&wr);
    return err;
}

/* Indexes */

mun_err_t
mun_store_height_at(struct mun_store *store, uint64_t time_ms, uint64_t *height)
{
    struct mun_rocks_iter *iter =
        mun_rocks_iter_open(store->rocks, MUN_FAMILY_INDEX, MUN_WALK_ORDERED);
    struct mun_bytes value;
    struct mun_store_key key;
    struct mun_bytes found;
    struct mun_rd rd;
    mun_err_t err;

    *height = 0;
    mun_key_time(&key, time_ms);
    mun_rocks_iter_seek_back(iter, mun_store_key_bytes(&key));
    if (!mun_rocks_iter_valid(iter)) {
        err = mun_rocks_iter_status(iter);
        if (mun_is_ok(err))
            err = mun_err(MUN_ERR_NOT_FOUND);
        goto out;
    }
    found = mun_rocks_iter_key(iter);
    if (found.len != key.len || found.data[0] != MUN_INDEX_TIME) {
        err = mun_err(MUN_ERR_NOT_FOUND);
        goto out;
    }
    MUN_TRY_OUT(mun_value_open(&value, MUN_FAMILY_INDEX, found,
                               mun_rocks_iter_value(iter)));
    mun_rd_init(&rd, value);
    *height = mun_rd_u64(&rd);
    err = mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_INDEX, found);
out:
    mun_rocks_iter_close(iter);
    return err;
}

mun_err_t
mun_store_find_entry(struct mun_store *store, const struct mun_hash *id,
                     struct mun_place *out)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    struct mun_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    mun_key_hash(&key, MUN_INDEX_ENTRY, id);
    MUN_TRY(mun_value_get(store->rocks, &value, MUN_FAMILY_INDEX, &key));
    mun_rd_init(&rd, value.bytes);
    out->log_index = mun_rd_u64(&rd);
    out->height = mun_rd_u64(&rd);
    err = mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_INDEX,
                            mun_store_key_bytes(&key));
    mun_rocks_release(&value);
    return err;
}

/* Commitments */

/* A chunk of leaves. What was anchored stays as it is. */
struct chunk {
    uint64_t serial; /* of the open store; 0: empty */
    uint64_t log_index;
    uint32_t number;
    uint32_t width;
    struct mun_hash leaves[MUN_CHUNK];
    struct mun_value_check check;
    bool is_verified; /* against the check */
};

/* The last that the thread read: who finds a commitment asks for its path
 * next. */
static _Thread_local struct chunk last_chunk;

static mun_err_t
chunk_corrupt(uint64_t log_index, uint32_t number)
{
    struct mun_store_key key;

    mun_key_leaves(&key, log_index, (uint16_t)number);
    return mun_value_corrupt(MUN_FAMILY_LEAVES, mun_store_key_bytes(&key));
}

static mun_err_t
load_chunk(struct mun_store *store, uint64_t log_index, uint32_t number)
{
    struct chunk *chunk = &last_chunk;
    struct mun_rocks_value value;
    struct mun_store_key key;
    size_t len;
    mun_err_t err;

    chunk->serial = 0;
    mun_key_leaves(&key, log_index, (uint16_t)number);
    err = mun_value_get_unchecked(store->rocks, &value, &chunk->check,
                                  MUN_FAMILY_LEAVES, &key);
    if (err.code == MUN_ERR_NOT_FOUND)
        return chunk_corrupt(log_index, number);
    if (!mun_is_ok(err))
        return err;
    len = value.bytes.len;
    if (len == 0 || len > sizeof chunk->leaves ||
        len % sizeof chunk->leaves[0] != 0) {
        mun_rocks_release(&value);
        return chunk_corrupt(log_index, number);
    }
    memcpy(chunk->leaves, value.bytes.data, len);
    mun_rocks_release(&value);
    chunk->width = (uint32_t)(len / sizeof chunk->leaves[0]);
    chunk->log_index = log_index;
    chunk->number = number;
    chunk->is_verified = false;
    chunk->serial = store->serial;
    return MUN_SUCCESS;
}

/* Makes last_chunk the one that a position is in, which has a leaf there. It
 * need not be verified. */
static mun_err_t
get_chunk(struct mun_store *store, const struct mun_commitment_place *place)
{
    uint32_t number = place->position / MUN_CHUNK;

    if (last_chunk.serial != store->serial ||
        last_chunk.log_index != place->log_index || last_chunk.number != number)
        MUN_TRY(load_chunk(store, place->log_index, number));
    if (place->position % MUN_CHUNK >= last_chunk.width)
        return chunk_corrupt(place->log_index, number);
    return MUN_SUCCESS;
}

static mun_err_t
verify_chunk(struct chunk *chunk)
{
    struct mun_store_key key;

    if (chunk->is_verified)
        return MUN_SUCCESS;
    mun_key_leaves(&key, chunk->log_index, (uint16_t)chunk->number);
    MUN_TRY(mun_value_verify(
        MUN_FAMILY_LEAVES, mun_store_key_bytes(&key),
        mun_bytes(chunk->leaves, chunk->width * sizeof chunk->leaves[0]),
        &chunk->check));
    chunk->is_verified = true;
    return MUN_SUCCESS;
}

/* Whether an index row is of this commitment or only of another with the same
 * first 8 bytes. */
static mun_err_t
match_row(struct mun_store *store, struct mun_commitment_place *place,
          bool *is_match, struct mun_bytes row,
          const struct mun_hash *commitment)
{
    const struct mun_hash *leaf;
    uint64_t number = 0;

    *is_match = false;
    if (row.len != MUN_COMMITMENT_KEY_BYTES)
        return mun_value_corrupt(MUN_FAMILY_COMMITMENT, row);
    for (size_t i = 8; i < row.len; i++)
        number = number << 8 | row.data[i];
    place->log_index = number >> 16;
    place->position = (uint32_t)(number & 0xffff);
    if (place->position >= MUN_PUBLISHED_MAX)
        return mun_value_corrupt(MUN_FAMILY_COMMITMENT, row);
    MUN_TRY(get_chunk(store, place));
    leaf = &last_chunk.leaves[place->position % MUN_CHUNK];
    /* A leaf that is the commitment bears itself out, and the others of its
     * chunk do not matter. Any other counts only when the chunk is what was
     * written. */
    *is_match = mun_hash_eq(leaf, commitment);
    if (*is_match)
        return MUN_SUCCESS;
    MUN_TRY(verify_chunk(&last_chunk));
    if (memcmp(leaf->b, row.data, MUN_ROCKS_PREFIX) != 0)
        return mun_value_corrupt(MUN_FAMILY_COMMITMENT, row);
    return MUN_SUCCESS;
}

static mun_err_t
find_with(struct mun_rocks_iter *iter, struct mun_store *store,
          struct mun_commitment_place *out, size_t max, size_t *count,
          const struct mun_hash *commitment)
{
    mun_rocks_iter_seek(iter, mun_bytes(commitment->b, MUN_ROCKS_PREFIX));
    while (mun_rocks_iter_valid(iter)) {
        struct mun_commitment_place place;
        bool is_match;

        MUN_TRY(match_row(store, &place, &is_match, mun_rocks_iter_key(iter),
                          commitment));
        if (is_match)
            out[(*count)++] = place;
        if (*count == max)
            return MUN_SUCCESS;
        mun_rocks_iter_next(iter);
    }
    return mun_rocks_iter_status(iter);
}

mun_err_t
mun_store_find_commitment(struct mun_store *store,
                          struct mun_commitment_place *out, size_t max,
                          size_t *count, const struct mun_hash *commitment)
{
    struct mun_rocks_iter *iter = mun_rocks_iter_borrow(store->rocks);
    mun_err_t err;

    MUN_CHECK(max > 0);
    *count = 0;
    err = find_with(iter, store, out, max, count, commitment);
    if (!mun_is_ok(err)) {
        *count = 0;
        mun_rocks_iter_close(iter);
        return err;
    }
    mun_rocks_iter_give_back(store->rocks, iter);
    return mun_err(*count == 0 ? MUN_ERR_NOT_FOUND : MUN_OK);
}

/* The path of hashes[index] among hashes that are subtrees' roots, by pairing
 * level by level; an odd last one moves up. `hashes` is overwritten. */
static void
path_above(struct mun_hash *path, size_t *path_len, struct mun_hash *hashes,
           uint32_t count, uint32_t index)
{
    while (count > 1) {
        uint32_t sibling = index ^ 1;

        if (sibling < count)
            path[(*path_len)++] = hashes[sibling];
        for (uint32_t i = 0; i + 1 < count; i += 2)
            mun_merkle_node(&hashes[i / 2], &hashes[i], &hashes[i + 1]);
        if (count % 2 == 1)
            hashes[count / 2] = hashes[count - 1];
        count = (count + 1) / 2;
        index /= 2;
    }
}

/* Shape: roots holds MUN_PUBLISHED_MAX / MUN_CHUNK. */
static mun_err_t
get_roots(struct mun_store *store, struct mun_hash *roots, uint32_t *count,
          uint64_t log_index)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    struct mun_rd rd;
    mun_err_t err;

    /* An entry without published leaves has none. */
    mun_key_leaves(&key, log_index, MUN_CHUNK_ROOTS);
    MUN_TRY(mun_value_get(store->rocks, &value, MUN_FAMILY_LEAVES, &key));
    mun_rd_init(&rd, value.bytes);
    *count = mun_rd_u32(&rd);
    if (*count == 0 || *count > MUN_PUBLISHED_MAX)
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    for (uint32_t i = 0; !mun_rd_failed(&rd) && i * MUN_CHUNK < *count; i++)
        mun_rd_hash(&rd, &roots[i]);
    err = mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_LEAVES,
                            mun_store_key_bytes(&key));
    mun_rocks_release(&value);
    return err;
}

mun_err_t
mun_store_batch_path(struct mun_store *store, struct mun_hash *path,
                     size_t *path_len, struct mun_hash *leaf,
                     uint64_t log_index, uint32_t position)
{
    const struct mun_commitment_place place = { log_index, position };
    struct mun_hash roots[MUN_PUBLISHED_MAX / MUN_CHUNK];
    struct chunk *chunk = &last_chunk;
    uint32_t count;

    *path_len = 0;
    memset(leaf, 0, sizeof *leaf);
    MUN_TRY(get_roots(store, roots, &count, log_index));
    if (position >= count)
        return mun_err(MUN_ERR_NOT_FOUND);
    MUN_TRY(get_chunk(store, &place));
    MUN_TRY(verify_chunk(chunk));
    if (chunk->width != chunk_width(count, chunk->number))
        return chunk_corrupt(log_index, chunk->number);
    *leaf = chunk->leaves[position % MUN_CHUNK];
    mun_merkle_path32(path, path_len, chunk->leaves, chunk->width,
                      position % MUN_CHUNK);
    path_above(path, path_len, roots, (count + MUN_CHUNK - 1) / MUN_CHUNK,
               position / MUN_CHUNK);
    return MUN_SUCCESS;
}
