#include "ledger/core/merkle.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/hash_int.h"

#define LEAF_PREFIX 0x00
#define NODE_PREFIX 0x01

void
mun_merkle_leaf(struct mun_hash *out, struct mun_bytes data)
{
    static const uint8_t prefix = LEAF_PREFIX;
    struct mun_sha256 sha;

    mun_sha256_init(&sha);
    mun_sha256_update(&sha, &prefix, 1);
    mun_sha256_update(&sha, data.data, data.len);
    mun_sha256_final(&sha, out);
}

void
mun_merkle_node(struct mun_hash *out, const struct mun_hash *left,
                const struct mun_hash *right)
{
    uint8_t buffer[1 + 2 * sizeof(struct mun_hash)];

    buffer[0] = NODE_PREFIX;
    memcpy(buffer + 1, left->b, sizeof left->b);
    memcpy(buffer + 1 + sizeof left->b, right->b, sizeof right->b);
    mun_hash_sha256(out, mun_bytes(buffer, sizeof buffer));
}

/* mun_merkle_leaf of 32 bytes, in one piece. */
static void
leaf32(struct mun_hash *out, const struct mun_hash *data)
{
    uint8_t buffer[1 + sizeof(struct mun_hash)];

    buffer[0] = LEAF_PREFIX;
    memcpy(buffer + 1, data->b, sizeof data->b);
    mun_hash_sha256(out, mun_bytes(buffer, sizeof buffer));
}

static size_t
peak_count(uint64_t size)
{
    return (size_t)__builtin_popcountll(size);
}

/* Appends a leaf after the peaks of `size` leaves: as in adding one to a
 * binary number, each carry joins two peaks. */
static void
push(struct mun_hash *peaks, uint64_t size, const struct mun_hash *leaf)
{
    size_t top = peak_count(size);

    peaks[top] = *leaf;
    for (uint64_t carry = size; (carry & 1) != 0; carry >>= 1) {
        top--;
        mun_merkle_node(&peaks[top], &peaks[top], &peaks[top + 1]);
    }
}

/* The root of the tree that the peaks are the right edge of. */
static void
fold(struct mun_hash *out, const struct mun_hash *peaks, uint64_t size)
{
    size_t top = peak_count(size);

    if (top == 0) {
        mun_hash_sha256(out, MUN_BYTES_NONE);
        return;
    }
    *out = peaks[--top];
    while (top > 0)
        mun_merkle_node(out, &peaks[--top], out);
}

void
mun_frontier_init(struct mun_frontier *frontier)
{
    memset(frontier, 0, sizeof *frontier);
}

void
mun_frontier_append(struct mun_frontier *frontier, const struct mun_hash *leaf)
{
    MUN_CHECK(frontier->size < UINT64_MAX);
    push(frontier->peaks, frontier->size, leaf);
    frontier->size++;
}

void
mun_frontier_root(const struct mun_frontier *frontier, struct mun_hash *out)
{
    fold(out, frontier->peaks, frontier->size);
}

/* Leaves that are hashed together, a level at a time. Hashes of one level do
 * not wait for one another, so that the processor overlaps them: half as fast
 * again as leaf by leaf. */
#define CHUNK 64

/* Messages that stand in memory with their SHA-256 padding: 33 bytes of a leaf
 * of 32 in one block, 65 bytes of a node in two. A digest goes straight to
 * where the level above reads it. */
struct chunk {
    uint8_t leaves[CHUNK][MUN_SHA256_BLOCK];
    uint8_t nodes[CHUNK / 2][2 * MUN_SHA256_BLOCK];
};

static void
chunk_init(struct chunk *chunk)
{
    memset(chunk, 0, sizeof *chunk);
    for (size_t i = 0; i < CHUNK; i++) {
        uint8_t *leaf = chunk->leaves[i];

        leaf[0] = LEAF_PREFIX;
        leaf[33] = 0x80;
        leaf[62] = 33 * 8 >> 8;
        leaf[63] = 33 * 8 & 0xff;
    }
    for (size_t i = 0; i < CHUNK / 2; i++) {
        uint8_t *node = chunk->nodes[i];

        node[0] = NODE_PREFIX;
        node[65] = 0x80;
        node[126] = 65 * 8 >> 8;
        node[127] = 65 * 8 & 0xff;
    }
}

/* The place of the index-th digest of a level: a half of a node. */
static struct mun_hash *
chunk_half(struct chunk *chunk, size_t index)
{
    return (struct mun_hash *)(void *)(chunk->nodes[index / 2] + 1 +
                                       32 * (index % 2));
}

/* The root over CHUNK leaves. */
static void
chunk_root(struct mun_hash *out, struct chunk *chunk,
           const struct mun_hash *data)
{
    for (size_t i = 0; i < CHUNK; i++)
        memcpy(chunk->leaves[i] + 1, data[i].b, sizeof data[i].b);
    for (size_t i = 0; i < CHUNK; i++)
        mun_hash_padded(chunk_half(chunk, i), chunk->leaves[i], 1);
    /* The level above overwrites nodes that have been hashed. */
    for (size_t width = CHUNK / 2; width > 1; width /= 2) {
        for (size_t i = 0; i < width; i++)
            mun_hash_padded(chunk_half(chunk, i), chunk->nodes[i], 2);
    }
    mun_hash_padded(out, chunk->nodes[0], 2);
}

void
mun_merkle_root32(struct mun_hash *out, const struct mun_hash *data,
                  size_t count)
{
    struct mun_hash peaks[MUN_MERKLE_PATH_MAX];
    struct mun_hash hash;
    size_t done = 0;

    if (count >= CHUNK) {
        struct chunk chunk;

        chunk_init(&chunk);
        for (; count - done >= CHUNK; done += CHUNK) {
            chunk_root(&hash, &chunk, data + done);
            push(peaks, done / CHUNK, &hash);
        }
    }
    /* The peaks of `done` leaves are those of done / CHUNK chunks. */
    for (; done < count; done++) {
        leaf32(&hash, &data[done]);
        push(peaks, done, &hash);
    }
    fold(out, peaks, count);
}

/* The largest power of two below `count`, which is 2 or more. */
static size_t
left_part(size_t count)
{
    MUN_CHECK(count >= 2);
    return (size_t)1 << (63 - __builtin_clzll((unsigned long long)count - 1));
}

void
mun_merkle_path32(struct mun_hash *path, size_t *path_len,
                  const struct mun_hash *data, size_t count, size_t index)
{
    size_t len = 0;

    MUN_CHECK(index < count);
    /* From the root down, which gives the highest sibling first. */
    while (count > 1) {
        size_t left = left_part(count);

        MUN_CHECK(len < MUN_MERKLE_PATH_MAX);
        if (index < left) {
            mun_merkle_root32(&path[len], data + left, count - left);
            count = left;
        } else {
            mun_merkle_root32(&path[len], data, left);
            data += left;
            index -= left;
            count -= left;
        }
        len++;
    }
    for (size_t i = 0; i < len / 2; i++) {
        struct mun_hash swap = path[i];

        path[i] = path[len - 1 - i];
        path[len - 1 - i] = swap;
    }
    *path_len = len;
}

/* A node's place on its level and the last place there. */
struct place {
    uint64_t index;
    uint64_t last;
};

static void
climb(struct place *at)
{
    at->index >>= 1;
    at->last >>= 1;
}

/* Up to where the node is a right child, or the leftmost of its level. */
static void
climb_to_right_child(struct place *at)
{
    while ((at->index & 1) == 0 && at->index != 0)
        climb(at);
}

mun_err_t
mun_merkle_verify_inclusion(const struct mun_hash *leaf, uint64_t index,
                            uint64_t size, const struct mun_hash *path,
                            size_t path_len, const struct mun_hash *root)
{
    struct place at = { index, size - 1 };
    struct mun_hash hash = *leaf;

    if (index >= size)
        return mun_err(MUN_ERR_PROOF);
    for (size_t i = 0; i < path_len; i++) {
        if (at.last == 0)
            return mun_err(MUN_ERR_PROOF);
        if ((at.index & 1) != 0 || at.index == at.last) {
            mun_merkle_node(&hash, &path[i], &hash);
            climb_to_right_child(&at);
        } else {
            mun_merkle_node(&hash, &hash, &path[i]);
        }
        climb(&at);
    }
    if (at.last != 0 || !mun_hash_eq(&hash, root))
        return mun_err(MUN_ERR_PROOF);
    return MUN_SUCCESS;
}

/* Both sizes differ, and neither is 0. */
static mun_err_t
verify_growth(const struct mun_merkle_head *old_head,
              const struct mun_merkle_head *new_head,
              const struct mun_hash *path, size_t path_len)
{
    struct place at = { old_head->size - 1, new_head->size - 1 };
    struct mun_hash old_hash;
    struct mun_hash new_hash;
    size_t used = 0;

    if (path_len == 0)
        return mun_err(MUN_ERR_PROOF);
    while ((at.index & 1) != 0)
        climb(&at);
    /* A size that is a power of two: the old root is itself the first node,
     * and the path leaves it out. */
    old_hash = at.index == 0 ? old_head->root : path[used++];
    new_hash = old_hash;
    for (; used < path_len; used++) {
        const struct mun_hash *sibling = &path[used];

        if (at.last == 0)
            return mun_err(MUN_ERR_PROOF);
        if ((at.index & 1) != 0 || at.index == at.last) {
            mun_merkle_node(&old_hash, sibling, &old_hash);
            mun_merkle_node(&new_hash, sibling, &new_hash);
            climb_to_right_child(&at);
        } else {
            mun_merkle_node(&new_hash, &new_hash, sibling);
        }
        climb(&at);
    }
    if (at.last != 0 || !mun_hash_eq(&old_hash, &old_head->root) ||
        !mun_hash_eq(&new_hash, &new_head->root))
        return mun_err(MUN_ERR_PROOF);
    return MUN_SUCCESS;
}

mun_err_t
mun_merkle_verify_consistency(const struct mun_merkle_head *old_head,
                              const struct mun_merkle_head *new_head,
                              const struct mun_hash *path, size_t path_len)
{
    if (old_head->size == 0 || old_head->size > new_head->size)
        return mun_err(MUN_ERR_PROOF);
    if (old_head->size < new_head->size)
        return verify_growth(old_head, new_head, path, path_len);
    if (path_len != 0 || !mun_hash_eq(&old_head->root, &new_head->root))
        return mun_err(MUN_ERR_PROOF);
    return MUN_SUCCESS;
}

/* The root over leaves `first` up to `size`, where a perfect subtree of the
 * whole begins at `first`: its peaks are read from the smallest, and each
 * larger one goes to the left. */
static mun_err_t
read_edge(struct mun_hash *out, const struct mun_merkle_reader *reader,
          uint64_t first, uint64_t size)
{
    uint64_t left = size - first;
    uint64_t end = size;
    bool has_any = false;

    MUN_CHECK(left > 0);
    while (left > 0) {
        unsigned level = (unsigned)__builtin_ctzll(left);
        struct mun_hash peak;

        end -= (uint64_t)1 << level;
        left &= left - 1;
        MUN_TRY(reader->read(reader->ctx, &peak, level, end >> level));
        if (has_any)
            mun_merkle_node(out, &peak, out);
        else
            *out = peak;
        has_any = true;
    }
    return MUN_SUCCESS;
}

/* The siblings on the way from a node up to the root, added to the path. */
static mun_err_t
read_siblings(struct mun_hash *path, size_t *path_len,
              const struct mun_merkle_reader *reader, unsigned level,
              uint64_t index, uint64_t size)
{
    struct place at = { index, (size - 1) >> level };

    for (; at.last > 0; level++) {
        uint64_t sibling = at.index ^ 1;

        if (sibling < at.last) {
            MUN_CHECK(*path_len < MUN_MERKLE_PATH_MAX);
            MUN_TRY(
                reader->read(reader->ctx, &path[*path_len], level, sibling));
            ++*path_len;
        } else if (sibling == at.last) {
            MUN_CHECK(*path_len < MUN_MERKLE_PATH_MAX);
            MUN_TRY(
                read_edge(&path[*path_len], reader, sibling << level, size));
            ++*path_len;
        }
        climb(&at);
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_merkle_make_inclusion(struct mun_hash *path, size_t *path_len,
                          const struct mun_merkle_reader *reader,
                          uint64_t index, uint64_t size)
{
    mun_err_t err;

    *path_len = 0;
    if (index >= size)
        return mun_err(MUN_ERR_VALUE);
    err = read_siblings(path, path_len, reader, 0, index, size);
    if (!mun_is_ok(err))
        *path_len = 0;
    return err;
}

mun_err_t
mun_merkle_make_consistency(struct mun_hash *path, size_t *path_len,
                            const struct mun_merkle_reader *reader,
                            uint64_t old_size, uint64_t new_size)
{
    /* The last perfect subtree of the old tree. */
    unsigned level;
    uint64_t index;
    mun_err_t err;

    *path_len = 0;
    if (old_size == 0 || old_size > new_size)
        return mun_err(MUN_ERR_VALUE);
    if (old_size == new_size)
        return MUN_SUCCESS;
    level = (unsigned)__builtin_ctzll(old_size);
    index = (old_size >> level) - 1;
    /* When it is the whole old tree, who verifies knows it: the old root. */
    if (index > 0) {
        MUN_TRY_OUT(reader->read(reader->ctx, &path[0], level, index));
        *path_len = 1;
    }
    MUN_TRY_OUT(read_siblings(path, path_len, reader, level, index, new_size));
    return MUN_SUCCESS;
out:
    *path_len = 0;
    return err;
}
