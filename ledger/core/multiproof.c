#include "ledger/core/multiproof.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/core/state_int.h"

enum kind {
    EMPTY = 0,
    CUT = 1,    /* a subtree given by its hash */
    BRANCH = 2, /* a node on the way */
    RECORD = 3, /* a record with its value */
    OTHER = 4,  /* a record given by its value's hash */
};

/* The fewest bytes of a node without children, and of one with two. */
#define END_BYTES_MIN (1 + sizeof(struct mun_hash))
#define BRANCH_BYTES 2

/* The left child of a branch is the node after it: pre-order. */
struct mun_multiproof_node {
    const uint8_t *key; /* of a record of either form, in the input */
    uint32_t right;     /* of a branch: index */
    uint16_t value_len;
    uint8_t kind;
    uint8_t bit;
};

/* Making */

/* A subtree that is still to be written, and the keys that lead into it. */
struct part {
    uint32_t ref;
    const struct mun_hash *hash;
    struct mun_hash *keys;
    size_t count;
};

/* Moves the keys whose bit is 0 before the others. Returns how many. */
static size_t
split_keys(struct mun_hash *keys, size_t count, unsigned bit)
{
    size_t zeros = 0;
    for (size_t i = 0; i < count; i++) {
        if (mun_state_key_bit(&keys[i], bit) != 0)
            continue;
        struct mun_hash moved = keys[i];
        keys[i] = keys[zeros];
        keys[zeros++] = moved;
    }
    return zeros;
}

static void
write_leaf(struct mun_wr *wr, const struct mun_state *state,
           const struct part *part)
{
    const struct mun_state_leaf *leaf = mun_state_leaf_at(state, part->ref);
    bool is_asked = false;
    for (size_t i = 0; i < part->count && !is_asked; i++)
        is_asked = mun_hash_eq(&part->keys[i], &leaf->face.key);

    mun_wr_u8(wr, is_asked ? RECORD : OTHER);
    mun_wr_copy(wr, leaf->face.key.b, sizeof(leaf->face.key.b));
    if (is_asked)
        mun_wr_run16(wr, mun_state_value_of(state, leaf));
    else
        mun_wr_copy(wr, leaf->face.value_hash.b,
                    sizeof(leaf->face.value_hash.b));
}

mun_err_t
mun_multiproof_make(struct mun_wr *wr, const struct mun_state *state,
                    struct mun_hash *keys, size_t count)
{
    MUN_CHECK(!state->committed.is_stale);
    if (state->committed.root == MUN_STATE_NIL) {
        mun_wr_u8(wr, EMPTY);
        return mun_wr_status(wr);
    }

    struct part stack[MUN_STATE_STACK];
    unsigned depth = 0;
    stack[depth++] = (struct part){ state->committed.root,
                                    &state->committed.hash, keys, count };
    while (depth > 0 && mun_is_ok(mun_wr_status(wr))) {
        struct part part = stack[--depth];
        if (part.count == 0) {
            mun_wr_u8(wr, CUT);
            mun_wr_copy(wr, part.hash->b, sizeof(part.hash->b));
            continue;
        }
        if (mun_state_is_leaf(part.ref)) {
            write_leaf(wr, state, &part);
            continue;
        }
        const struct mun_state_inner *node =
            mun_state_inner_at(state, part.ref);
        size_t left = split_keys(part.keys, part.count, node->face.bit);
        mun_wr_u8(wr, BRANCH);
        mun_wr_u8(wr, node->face.bit);
        MUN_CHECK(depth + 2 <= MUN_STATE_STACK);
        stack[depth++] = (struct part){ node->child[1], &node->face.hash[1],
                                        part.keys + left, part.count - left };
        stack[depth++] = (struct part){ node->child[0], &node->face.hash[0],
                                        part.keys, left };
    }
    return mun_wr_status(wr);
}

/* Opening */

/* A branch that waits for one of its children. */
struct frame {
    uint32_t node;
    uint8_t side;
    struct mun_hash left;
};

struct opening {
    struct mun_rd rd;
    struct mun_multiproof_node *nodes;
    uint32_t count;
    uint32_t count_max;
    uint32_t record_count;
    const uint8_t *key_before; /* of the record to the left, or NULL */
    unsigned depth;
    struct frame frames[MUN_STATE_DEPTH_MAX];
};

static struct mun_hash
hash_at(const uint8_t *at)
{
    struct mun_hash hash;
    memcpy(hash.b, at, sizeof(hash.b));
    return hash;
}

/* C4 and C5. Two keys that follow one another part at the deepest node that
 * both are below, where this one went right. If they differed before, the bit
 * would be none of the path's: those above are in both keys' directions. */
static bool
fits_path(const struct opening *open, const struct mun_hash *key)
{
    unsigned diff = MUN_STATE_DEPTH_MAX;
    if (open->key_before != NULL) {
        struct mun_hash before = hash_at(open->key_before);
        diff = mun_state_key_diff(&before, key);
    }
    bool is_parted = open->key_before == NULL;
    for (unsigned i = 0; i < open->depth; i++) {
        const struct frame *frame = &open->frames[i];
        uint8_t bit = open->nodes[frame->node].bit;
        if (mun_state_key_bit(key, bit) != frame->side)
            return false;
        if (bit == diff && frame->side == 1)
            is_parted = true;
    }
    return is_parted;
}

static void
read_cut(struct mun_hash *hash, struct opening *open)
{
    mun_rd_copy(&open->rd, hash->b, sizeof(hash->b));
    if (mun_rd_failed(&open->rd))
        return;
    if (mun_hash_is_zero(hash))
        mun_rd_fail(&open->rd, MUN_ERR_VALUE); /* C7 */
    if (open->depth == 0)
        return;
    const struct frame *above = &open->frames[open->depth - 1];
    if (above->side == 1 && open->nodes[above->node + 1].kind == CUT)
        mun_rd_fail(&open->rd, MUN_ERR_VALUE); /* C2 */
}

static void
read_branch(struct opening *open, uint32_t index)
{
    uint8_t bit = mun_rd_u8(&open->rd);
    if (mun_rd_failed(&open->rd))
        return;
    if (open->depth > 0 &&
        bit <= open->nodes[open->frames[open->depth - 1].node].bit) {
        mun_rd_fail(&open->rd, MUN_ERR_ORDER); /* C3 */
        return;
    }
    /* 256 bits that increase: never more levels. */
    MUN_CHECK(open->depth < MUN_STATE_DEPTH_MAX);
    open->nodes[index].bit = bit;
    open->frames[open->depth++] = (struct frame){ .node = index, .side = 0 };
}

static void
read_record(struct mun_hash *hash, struct opening *open, uint32_t index)
{
    struct mun_multiproof_node *node = &open->nodes[index];
    struct mun_state_leaf_face face;
    struct mun_bytes key = mun_rd_run(&open->rd, sizeof(face.key.b));
    if (node->kind == RECORD) {
        struct mun_bytes value = mun_rd_run16(&open->rd, MUN_RECORD_BYTES_MAX);
        if (value.len == 0)
            mun_rd_fail(&open->rd, MUN_ERR_VALUE); /* C6 */
        mun_hash_tagged(&face.value_hash, MUN_TAG_RECORD_VALUE, value);
        node->value_len = (uint16_t)value.len;
    } else {
        mun_rd_copy(&open->rd, face.value_hash.b, sizeof(face.value_hash.b));
    }
    if (mun_rd_failed(&open->rd))
        return;
    face.key = hash_at(key.data);
    if (!fits_path(open, &face.key)) {
        mun_rd_fail(&open->rd, MUN_ERR_ORDER);
        return;
    }
    node->key = key.data;
    open->key_before = key.data;
    open->record_count++;
    mun_hash_tagged(hash, MUN_TAG_STATE_LEAF, mun_bytes(&face, sizeof(face)));
}

/* Reads one node. True when it has children, which then follow. */
static bool
read_node(struct mun_hash *hash, struct opening *open)
{
    uint8_t kind = mun_rd_u8(&open->rd);
    if (kind > OTHER || (kind == EMPTY && open->count > 0)) { /* C1 */
        mun_rd_fail(&open->rd, MUN_ERR_KIND);
        return false;
    }
    if (open->count == open->count_max) {
        /* What is left cannot hold even the shortest nodes. */
        mun_rd_fail(&open->rd, MUN_ERR_TRUNCATED);
        return false;
    }
    uint32_t index = open->count++;
    open->nodes[index].kind = kind;
    switch ((enum kind)kind) {
    case EMPTY:
        *hash = mun_hash_zero;
        return false;
    case CUT:
        read_cut(hash, open);
        return false;
    case BRANCH:
        read_branch(open, index);
        return true;
    case RECORD:
    case OTHER:
        read_record(hash, open, index);
        return false;
    }
    MUN_UNREACHABLE();
}

/* Hands the hash of a finished subtree up. True when a branch now waits for
 * its right child; else *hash is the root. */
static bool
climb(struct mun_hash *hash, struct opening *open)
{
    while (open->depth > 0) {
        struct frame *above = &open->frames[open->depth - 1];
        struct mun_multiproof_node *node = &open->nodes[above->node];
        if (above->side == 0) {
            above->left = *hash;
            above->side = 1;
            node->right = open->count;
            return true;
        }
        struct mun_state_face face = { node->bit, { above->left, *hash } };
        mun_hash_tagged(hash, MUN_TAG_STATE_NODE,
                        mun_bytes(&face, sizeof(face)));
        open->depth--;
    }
    return false;
}

/* The most nodes that so many bytes can hold: n ends have n - 1 branches. */
static uint32_t
node_max(size_t len)
{
    size_t ends = (len + BRANCH_BYTES) / (END_BYTES_MIN + BRANCH_BYTES);
    return ends == 0 ? 1 : (uint32_t)(2 * ends - 1);
}

mun_err_t
mun_multiproof_open(struct mun_multiproof *out, struct mun_arena *arena,
                    struct mun_bytes proof, const struct mun_hash *root)
{
    *out = (struct mun_multiproof){ 0 };
    if (proof.len > UINT32_MAX)
        return mun_err(MUN_ERR_TOO_LARGE);

    struct opening open; /* 10 KiB, of which most proofs need little */
    mun_rd_init(&open.rd, proof);
    open.count = 0;
    open.count_max = node_max(proof.len);
    open.record_count = 0;
    open.key_before = NULL;
    open.depth = 0;
    open.nodes = mun_arena_array(arena, open.count_max, sizeof(*open.nodes));
    if (open.nodes == NULL)
        return mun_err(MUN_ERR_LIMIT);

    struct mun_hash hash = mun_hash_zero;
    bool is_more = true;
    while (is_more) {
        bool has_children = read_node(&hash, &open);
        MUN_TRY(mun_rd_status(&open.rd));
        is_more = has_children || climb(&hash, &open);
    }
    MUN_TRY(mun_rd_finish(&open.rd)); /* C8 */
    if (!mun_hash_eq(&hash, root))
        return mun_err(MUN_ERR_PROOF);
    out->nodes = open.nodes;
    out->count = open.count;
    out->record_count = open.record_count;
    return MUN_SUCCESS;
}

/* Asking */

static const struct mun_multiproof_node *
walk_end(const struct mun_multiproof *proof, const struct mun_hash *key)
{
    const struct mun_multiproof_node *node = &proof->nodes[0];
    while (node->kind == BRANCH)
        node = mun_state_key_bit(key, node->bit) ? &proof->nodes[node->right]
                                                 : node + 1;
    return node;
}

enum mun_presence
mun_multiproof_get(const struct mun_multiproof *proof,
                   const struct mun_hash *key, struct mun_bytes *value)
{
    *value = MUN_BYTES_NONE;
    if (proof->nodes == NULL)
        return MUN_NOT_SHOWN;

    const struct mun_multiproof_node *node = walk_end(proof, key);
    if (node->kind == EMPTY)
        return MUN_ABSENT;
    if (node->kind == CUT)
        return MUN_NOT_SHOWN;
    if (memcmp(node->key, key->b, sizeof(key->b)) != 0)
        return MUN_ABSENT;
    if (node->kind == OTHER)
        return MUN_NOT_SHOWN;
    *value = mun_bytes(node->key + sizeof(key->b) + sizeof(uint16_t),
                       node->value_len);
    return MUN_PRESENT;
}

/* Does the key ask for the record where its walk ends? */
static bool
is_end_asked(const struct mun_multiproof_node *end, const struct mun_hash *key)
{
    return end->kind == OTHER ||
           (end->kind == RECORD &&
            memcmp(end->key, key->b, sizeof(key->b)) == 0);
}

bool
mun_multiproof_is_asked(const struct mun_multiproof *proof,
                        const struct mun_hash *keys, size_t count)
{
    uint32_t seen[MUN_MULTIPROOF_KEYS_MAX]; /* ends, ascending */
    size_t seen_count = 0;

    MUN_CHECK(count <= MUN_MULTIPROOF_KEYS_MAX);
    if (proof->nodes == NULL || proof->record_count > count)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct mun_multiproof_node *end = walk_end(proof, &keys[i]);
        uint32_t index = (uint32_t)(end - proof->nodes);
        size_t at = seen_count;
        if (!is_end_asked(end, &keys[i]))
            continue;
        while (at > 0 && seen[at - 1] > index)
            at--;
        if (at > 0 && seen[at - 1] == index)
            continue;
        memmove(&seen[at + 1], &seen[at], (seen_count - at) * sizeof(*seen));
        seen[at] = index;
        seen_count++;
    }
    return seen_count == proof->record_count;
}

static enum mun_presence
view_proof(const void *ctx, const struct mun_hash *key, struct mun_bytes *value)
{
    return mun_multiproof_get(ctx, key, value);
}

struct mun_view
mun_multiproof_view(const struct mun_multiproof *proof)
{
    return (struct mun_view){ view_proof, proof, .is_own = false };
}
