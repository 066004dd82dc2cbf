#include "ledger/store/tile.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/store/keys.h"
#include "ledger/store/store_int.h"
#include "ledger/store/value.h"

void
mun_tile_fold(struct mun_hash *out, const struct mun_hash *hashes,
              uint32_t count)
{
    struct mun_hash level[MUN_TILE_WIDTH / 2];

    MUN_CHECK(count >= 1 && count <= MUN_TILE_WIDTH);
    MUN_CHECK((count & (count - 1)) == 0);
    if (count == 1) {
        *out = hashes[0];
        return;
    }
    for (uint32_t i = 0; i < count / 2; i++)
        mun_merkle_node(&level[i], &hashes[(size_t)2 * i],
                        &hashes[(size_t)2 * i + 1]);
    for (uint32_t width = count / 2; width > 1; width /= 2) {
        for (uint32_t i = 0; i < width / 2; i++)
            mun_merkle_node(&level[i], &level[(size_t)2 * i],
                            &level[(size_t)2 * i + 1]);
    }
    *out = level[0];
}

static void
put_tile(struct mun_rocks *rocks, const struct mun_tile_edge *edge,
         uint8_t level)
{
    struct mun_bytes hashes =
        mun_bytes(edge->at, edge->width * sizeof edge->at[0]);
    struct mun_store_key key;

    mun_key_tile(&key, edge->index, level);
    mun_value_put(rocks, MUN_FAMILY_TILE, &key, &hashes, 1);
}

void
mun_tiles_append(struct mun_tiles *tiles, struct mun_rocks *rocks,
                 const struct mun_hash *leaf)
{
    struct mun_hash hash = *leaf;

    for (uint8_t level = 0;; level++) {
        struct mun_tile_edge *edge = &tiles->edge[level];

        MUN_CHECK(level < MUN_TILE_LEVELS);
        MUN_CHECK(edge->width < MUN_TILE_WIDTH);
        edge->at[edge->width++] = hash;
        edge->is_dirty = true;
        if (edge->width < MUN_TILE_WIDTH)
            return;
        put_tile(rocks, edge, level);
        mun_tile_fold(&hash, edge->at, MUN_TILE_WIDTH);
        edge->index++;
        edge->width = 0;
        edge->is_dirty = false;
    }
}

void
mun_tiles_put(struct mun_tiles *tiles, struct mun_rocks *rocks)
{
    for (uint8_t level = 0; level < MUN_TILE_LEVELS; level++) {
        struct mun_tile_edge *edge = &tiles->edge[level];

        if (edge->is_dirty)
            put_tile(rocks, edge, level);
        edge->is_dirty = false;
    }
}

/* A stored tile's hashes, in the database's memory.
 * Errors: those of mun_value_get; MUN_ERR_CORRUPT for a length that no tile
 * has. */
static mun_err_t
get_tile(struct mun_rocks *rocks, struct mun_rocks_value *out,
         struct mun_store_key *key, uint64_t index, uint32_t level)
{
    mun_key_tile(key, index, (uint8_t)level);
    MUN_TRY(mun_value_get(rocks, out, MUN_FAMILY_TILE, key));
    if (out->bytes.len == 0 || out->bytes.len % sizeof(struct mun_hash) != 0 ||
        out->bytes.len > MUN_TILE_WIDTH * sizeof(struct mun_hash)) {
        mun_rocks_release(out);
        return mun_value_corrupt(MUN_FAMILY_TILE, mun_store_key_bytes(key));
    }
    return MUN_SUCCESS;
}

static mun_err_t
load_edge(struct mun_tile_edge *edge, struct mun_rocks *rocks, uint64_t count,
          uint32_t level)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    size_t len;
    mun_err_t err;

    edge->index = count / MUN_TILE_WIDTH;
    edge->width = (uint32_t)(count % MUN_TILE_WIDTH);
    if (edge->width == 0)
        return MUN_SUCCESS;
    err = get_tile(rocks, &value, &key, edge->index, level);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_TILE, mun_store_key_bytes(&key));
    if (!mun_is_ok(err))
        return err;
    len = edge->width * sizeof edge->at[0];
    if (value.bytes.len == len)
        memcpy(edge->at, value.bytes.data, len);
    else
        err = mun_value_corrupt(MUN_FAMILY_TILE, mun_store_key_bytes(&key));
    mun_rocks_release(&value);
    return err;
}

mun_err_t
mun_tiles_load(struct mun_tiles *tiles, struct mun_frontier *frontier,
               struct mun_rocks *rocks, uint64_t log_size)
{
    size_t top = 0;

    memset(tiles, 0, sizeof *tiles);
    mun_frontier_init(frontier);
    for (uint32_t level = 0; level < MUN_TILE_LEVELS; level++)
        MUN_TRY(load_edge(&tiles->edge[level], rocks, log_size >> (8 * level),
                          level));
    /* One peak for each bit of the size, the highest first. */
    for (unsigned bit = 64; bit-- > 0;) {
        const struct mun_tile_edge *edge = &tiles->edge[bit / 8];
        uint32_t count = 1u << (bit % 8);

        if ((log_size >> bit & 1) == 0)
            continue;
        mun_tile_fold(&frontier->peaks[top++],
                      edge->at + (edge->width & ~(2 * count - 1)), count);
    }
    frontier->size = log_size;
    return MUN_SUCCESS;
}

/* Reading */

/* A path asks for one node of each level of the same tile. A log only grows,
 * so what was read of a tile stays right: each thread keeps the last few
 * tiles that it used of the lower levels (a path needs one of its own and the
 * log's last) with the nodes above their hashes, and reads again only for
 * another tile or for hashes behind those it has. A miss costs as much as half
 * a verdict, so that the lowest level has room for 2,000 entries. */
#define MEMO_LEVELS 3
#define MEMO_WAYS_LOWEST 8
#define MEMO_WAYS 2
#define MEMO_COUNT (MEMO_WAYS_LOWEST + (MEMO_LEVELS - 1) * MEMO_WAYS)

struct memo {
    uint64_t serial; /* of the open store; 0: empty */
    uint64_t index;
    uint64_t used; /* on the clock of the thread's uses */
    uint32_t width;
    struct mun_hash nodes[2 * MUN_TILE_WIDTH]; /* see node_at */
};

static _Thread_local struct memo memos[MEMO_COUNT]; /* level by level */
static _Thread_local uint64_t memo_clock;

/* Where the node over `count` hashes from `offset` on is: the 256 hashes, then
 * the 128 above them, and so on. */
static size_t
node_at(uint32_t offset, uint32_t count)
{
    return (size_t)2 * MUN_TILE_WIDTH - (size_t)2 * MUN_TILE_WIDTH / count +
           offset / count;
}

static void
fill_memo(struct memo *memo, const struct mun_hash *hashes)
{
    memcpy(memo->nodes, hashes, memo->width * sizeof *hashes);
    for (uint32_t count = 2; count < MUN_TILE_WIDTH; count *= 2) {
        for (uint32_t at = 0; at + count <= memo->width; at += count)
            mun_merkle_node(&memo->nodes[node_at(at, count)],
                            &memo->nodes[node_at(at, count / 2)],
                            &memo->nodes[node_at(at + count / 2, count / 2)]);
    }
}

static mun_err_t
load_memo(struct memo *memo, struct mun_store *store, uint64_t index,
          uint32_t level)
{
    struct mun_rocks_value value;
    struct mun_store_key key;

    memo->serial = 0;
    MUN_TRY(get_tile(store->rocks, &value, &key, index, level));
    memo->index = index;
    memo->width = (uint32_t)(value.bytes.len / sizeof memo->nodes[0]);
    fill_memo(memo, (const struct mun_hash *)(const void *)value.bytes.data);
    memo->serial = store->serial;
    mun_rocks_release(&value);
    return MUN_SUCCESS;
}

/* The one that has the tile, else the one of its level that was not used for
 * longest. */
static struct memo *
find_memo(const struct mun_store *store, uint32_t level, uint64_t index)
{
    size_t at = level == 0 ? 0 : MEMO_WAYS_LOWEST + (level - 1) * MEMO_WAYS;
    size_t end = at + (level == 0 ? MEMO_WAYS_LOWEST : MEMO_WAYS);
    struct memo *found = &memos[at];

    for (; at < end; at++) {
        struct memo *memo = &memos[at];

        if (memo->serial == store->serial && memo->index == index) {
            found = memo;
            break;
        }
        if (memo->used < found->used)
            found = memo;
    }
    found->used = ++memo_clock;
    return found;
}

static mun_err_t
read_far_node(struct mun_hash *out, struct mun_store *store, unsigned level,
              uint64_t index)
{
    uint32_t count = 1u << (level % 8);
    uint64_t first = index << (level % 8);
    size_t offset = (size_t)(first % MUN_TILE_WIDTH) * sizeof *out;
    struct mun_rocks_value value;
    struct mun_store_key key;
    mun_err_t err;

    err =
        get_tile(store->rocks, &value, &key, first / MUN_TILE_WIDTH, level / 8);
    if (!mun_is_ok(err))
        return err;
    if (value.bytes.len < offset + count * sizeof *out)
        err = mun_err(MUN_ERR_NOT_FOUND);
    else
        mun_tile_fold(
            out,
            (const struct mun_hash *)(const void *)(value.bytes.data + offset),
            count);
    mun_rocks_release(&value);
    return err;
}

static mun_err_t
read_node(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    struct mun_store *store = ctx;
    uint32_t count = 1u << (level % 8);
    uint64_t first = index << (level % 8);
    uint32_t offset = (uint32_t)(first % MUN_TILE_WIDTH);
    uint64_t tile = first / MUN_TILE_WIDTH;
    struct memo *memo;

    memset(out, 0, sizeof *out);
    if (level >= 8 * MUN_TILE_LEVELS)
        return mun_err(MUN_ERR_NOT_FOUND);
    if (level / 8 >= MEMO_LEVELS)
        return read_far_node(out, store, level, index);
    memo = find_memo(store, level / 8, tile);
    if (memo->serial != store->serial || memo->index != tile ||
        memo->width < offset + count)
        MUN_TRY(load_memo(memo, store, tile, level / 8));
    if (memo->width < offset + count)
        return mun_err(MUN_ERR_NOT_FOUND);
    *out = memo->nodes[node_at(offset, count)];
    return MUN_SUCCESS;
}

struct mun_merkle_reader
mun_store_log_reader(struct mun_store *store)
{
    return (struct mun_merkle_reader){ read_node, store };
}

mun_err_t
mun_store_tile(struct mun_store *store, struct mun_hash *out, uint32_t level,
               uint64_t index, uint32_t width)
{
    size_t len = width * sizeof *out;
    struct mun_rocks_value value;
    struct mun_store_key key;
    mun_err_t err;

    MUN_CHECK(width >= 1 && width <= MUN_TILE_WIDTH);
    memset(out, 0, len);
    if (level >= MUN_TILE_LEVELS)
        return mun_err(MUN_ERR_NOT_FOUND);
    err = get_tile(store->rocks, &value, &key, index, level);
    if (!mun_is_ok(err))
        return err;
    if (value.bytes.len < len)
        err = mun_err(MUN_ERR_NOT_FOUND);
    else
        memcpy(out, value.bytes.data, len);
    mun_rocks_release(&value);
    return err;
}
