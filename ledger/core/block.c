#include "ledger/core/block.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/core/entry.h"
#include "ledger/core/field.h"
#include "ledger/core/merkle.h"

#define HEADER_VERSION 1

/* Length of the entry, count of leaves. */
#define ITEM_BYTES_MIN (4 + 4)

_Static_assert(MUN_HEADER_BYTES == 1 + 2 + 3 * 8 + 8 * 32, "the fields below");
_Static_assert(MUN_LOG_LEAF_BYTES == 1 + 8 + 8 + 4 + 2 * 32, "likewise");
_Static_assert(sizeof(struct mun_hash) == 32 && _Alignof(struct mun_hash) == 1,
               "leaves are borrowed as they lie");

void
mun_header_encode(struct mun_wr *wr, const struct mun_header *header)
{
    mun_wr_u8(wr, HEADER_VERSION);
    mun_wr_u16(wr, header->rules_version);
    mun_wr_hash(wr, &header->chain_id);
    mun_wr_u64(wr, header->height);
    mun_wr_u64(wr, header->time_ms);
    mun_wr_hash(wr, &header->previous);
    mun_wr_hash(wr, &header->certificate_hash);
    mun_wr_hash(wr, &header->entries_hash);
    mun_wr_u64(wr, header->log_size);
    mun_wr_hash(wr, &header->log_root);
    mun_wr_hash(wr, &header->state_root);
    mun_wr_hash(wr, &header->members_hash);
    mun_wr_hash(wr, &header->next_members_hash);
}

void
mun_header_decode(struct mun_rd *rd, struct mun_header *out)
{
    if (mun_rd_u8(rd) != HEADER_VERSION)
        mun_rd_fail(rd, MUN_ERR_VERSION);
    out->rules_version = mun_rd_u16(rd);
    mun_rd_hash(rd, &out->chain_id);
    out->height = mun_rd_u64(rd);
    out->time_ms = mun_rd_u64(rd);
    mun_rd_hash(rd, &out->previous);
    mun_rd_hash(rd, &out->certificate_hash);
    mun_rd_hash(rd, &out->entries_hash);
    out->log_size = mun_rd_u64(rd);
    mun_rd_hash(rd, &out->log_root);
    mun_rd_hash(rd, &out->state_root);
    mun_rd_hash(rd, &out->members_hash);
    mun_rd_hash(rd, &out->next_members_hash);
    if (mun_rd_failed(rd))
        memset(out, 0, sizeof *out);
}

void
mun_header_id(struct mun_hash *out, const struct mun_header *header)
{
    uint8_t buffer[MUN_HEADER_BYTES];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_header_encode(&wr, header);
    MUN_CHECK(mun_wr_done(&wr).len == sizeof buffer);
    mun_hash_tagged(out, MUN_TAG_HEADER, mun_wr_done(&wr));
}

void
mun_log_leaf_encode(struct mun_wr *wr, const struct mun_log_leaf *leaf)
{
    mun_wr_u8(wr, leaf->type);
    mun_wr_u64(wr, leaf->height);
    mun_wr_u64(wr, leaf->time_ms);
    mun_wr_u32(wr, leaf->position);
    mun_wr_hash(wr, &leaf->subject);
    mun_wr_hash(wr, &leaf->effects_root);
}

void
mun_log_leaf_decode(struct mun_rd *rd, struct mun_log_leaf *out)
{
    out->type = mun_rd_u8(rd);
    out->height = mun_rd_u64(rd);
    out->time_ms = mun_rd_u64(rd);
    out->position = mun_rd_u32(rd);
    mun_rd_hash(rd, &out->subject);
    mun_rd_hash(rd, &out->effects_root);
    /* The header leaf is the first of its block, and only that. */
    if (out->type > MUN_LOG_ENTRY ||
        (out->type == MUN_LOG_HEADER) != (out->position == 0))
        mun_rd_fail(rd, MUN_ERR_VALUE);
    if (mun_rd_failed(rd))
        memset(out, 0, sizeof *out);
}

void
mun_log_leaf_hash(struct mun_hash *out, const struct mun_log_leaf *leaf)
{
    uint8_t buffer[MUN_LOG_LEAF_BYTES];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_log_leaf_encode(&wr, leaf);
    MUN_CHECK(mun_wr_done(&wr).len == sizeof buffer);
    mun_merkle_leaf(out, mun_wr_done(&wr));
}

static void
rd_item(struct mun_rd *rd, struct mun_block_item *out)
{
    struct mun_bytes leaves;

    out->entry = mun_rd_run32(rd, MUN_ENTRY_BYTES_MAX);
    out->leaf_count =
        mun_rd_count32(rd, MUN_PUBLISHED_MAX, sizeof(struct mun_hash));
    leaves = mun_rd_run(rd, out->leaf_count * sizeof(struct mun_hash));
    out->leaves = (const struct mun_hash *)(const void *)leaves.data;
}

/* Walks the items to their end, which is that of the input. */
static void
check_items(struct mun_rd *rd, uint32_t entry_count)
{
    uint64_t byte_count = 0;
    uint64_t leaf_count = 0;

    for (uint32_t i = 0; i < entry_count && !mun_rd_failed(rd); i++) {
        struct mun_block_item item;

        rd_item(rd, &item);
        byte_count += item.entry.len;
        leaf_count += item.leaf_count;
    }
    if (byte_count > MUN_BLOCK_BYTES_MAX || leaf_count > MUN_BLOCK_LEAVES_MAX)
        mun_rd_fail(rd, MUN_ERR_LIMIT);
}

mun_err_t
mun_block_decode(struct mun_block *out, struct mun_bytes bytes)
{
    const uint8_t *start;
    struct mun_rd rd;
    mun_err_t err;

    mun_rd_init(&rd, bytes);
    mun_header_decode(&rd, &out->header);
    start = rd.at;
    mun_certificate_decode(&rd, &out->certificate);
    out->certificate_bytes = mun_bytes(start, (size_t)(rd.at - start));
    out->entry_count = mun_rd_u32(&rd);
    if (out->entry_count > MUN_BLOCK_ENTRIES_MAX)
        mun_rd_fail(&rd, MUN_ERR_LIMIT);
    if (!mun_rd_failed(&rd) && out->entry_count > rd.left / ITEM_BYTES_MIN)
        mun_rd_fail(&rd, MUN_ERR_TRUNCATED);
    out->items = mun_bytes(rd.at, rd.left);
    check_items(&rd, out->entry_count);
    err = mun_rd_finish(&rd);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

bool
mun_block_next(const struct mun_block *block, size_t *at,
               struct mun_block_item *out)
{
    struct mun_rd rd;

    MUN_CHECK(*at <= block->items.len);
    memset(out, 0, sizeof *out);
    if (*at == block->items.len)
        return false;
    mun_rd_init(&rd,
                mun_bytes(block->items.data + *at, block->items.len - *at));
    rd_item(&rd, out);
    MUN_CHECK(!mun_rd_failed(&rd)); /* mun_block_decode walked it */
    *at = block->items.len - rd.left;
    return true;
}

void
mun_block_encode_start(struct mun_wr *wr, const struct mun_header *header,
                       const struct mun_certificate *previous,
                       uint32_t entry_count)
{
    mun_header_encode(wr, header);
    mun_certificate_encode(wr, previous);
    mun_wr_u32(wr, entry_count);
}

void
mun_block_encode_item(struct mun_wr *wr, const struct mun_block_item *item)
{
    mun_wr_run32(wr, item->entry);
    mun_wr_u32(wr, item->leaf_count);
    mun_wr_copy(wr, item->leaves, item->leaf_count * sizeof(struct mun_hash));
}

static void
begin_entries_hash(struct mun_sha256 *sha, uint32_t count)
{
    uint8_t prefix[4];
    struct mun_wr wr;

    mun_wr_init(&wr, prefix, sizeof prefix);
    mun_wr_u32(&wr, count);
    mun_sha256_init_tagged(sha, MUN_TAG_BLOCK_ENTRIES);
    mun_sha256_update(sha, prefix, sizeof prefix);
}

void
mun_block_entries_hash(struct mun_hash *out,
                       const struct mun_hash *entry_hashes, uint32_t count)
{
    struct mun_sha256 sha;

    begin_entries_hash(&sha, count);
    mun_sha256_update(&sha, entry_hashes, count * sizeof *entry_hashes);
    mun_sha256_final(&sha, out);
}

/* Entries name their leaves. Beside what is no entry anything may stand: the
 * block is invalid with it and without. */
static bool
has_its_leaves(const struct mun_block_item *item)
{
    struct mun_entry entry;

    if (mun_entry_decode(&entry, item->entry) != MUN_REFUSAL_NONE)
        return true;
    switch (mun_entry_check_leaves(&entry, item->leaves, item->leaf_count)) {
    case MUN_REFUSAL_LEAVES_SURPLUS:
    case MUN_REFUSAL_LEAVES_MISSING:
    case MUN_REFUSAL_LEAVES_MISMATCH:
        return false;
    default: /* right, or more than an entry may name */
        return true;
    }
}

bool
mun_block_is_whole(const struct mun_block *block)
{
    struct mun_block_item item;
    struct mun_sha256 sha;
    struct mun_hash hash;
    size_t at = 0;

    mun_certificate_hash(&hash, &block->certificate);
    if (!mun_hash_eq(&hash, &block->header.certificate_hash))
        return false;
    begin_entries_hash(&sha, block->entry_count);
    while (mun_block_next(block, &at, &item)) {
        if (!has_its_leaves(&item))
            return false;
        mun_entry_hash(&hash, item.entry);
        mun_sha256_update(&sha, hash.b, sizeof hash.b);
    }
    mun_sha256_final(&sha, &hash);
    return mun_hash_eq(&hash, &block->header.entries_hash);
}
