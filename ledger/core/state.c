#include "ledger/core/state.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/state_int.h"

#define NO_BLOCK UINT64_MAX

/* The way from the root to where a key belongs. */
struct path {
    uint32_t refs[MUN_STATE_DEPTH_MAX]; /* inner nodes, root first */
    unsigned len;
    uint32_t end; /* the leaf */
};

/* Memory */

static size_t
pad64(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

/* Every inner node of one tree has a leaf more than it: a leaf pool of n can
 * hold two trees of n leaves that share them, hence at most 2n inner nodes. So
 * who got a leaf gets the inner nodes too. */
static uint32_t
inner_max(const struct mun_state_config *config)
{
    return 2 * config->records_max;
}

size_t
mun_state_footprint(const struct mun_state_config *config)
{
    MUN_CHECK(config->records_max <= MUN_STATE_RECORDS_MAX);
    MUN_CHECK(config->value_bytes_max <= MUN_STATE_VALUE_BYTES_MAX);

    size_t leaves = config->records_max;
    size_t inners = inner_max(config);
    return pad64(sizeof(struct mun_state)) +
           pad64(inners * sizeof(struct mun_state_inner)) +
           pad64(leaves * sizeof(struct mun_state_leaf)) +
           pad64(2 * (inners + leaves) * sizeof(uint32_t)) +
           pad64(config->value_bytes_max);
}

struct mun_state *
mun_state_init(void *memory, const struct mun_state_config *config)
{
    MUN_CHECK(config->records_max <= MUN_STATE_RECORDS_MAX);
    MUN_CHECK(config->value_bytes_max <= MUN_STATE_VALUE_BYTES_MAX);
    MUN_CHECK((uintptr_t)memory % 64 == 0);

    size_t leaves = config->records_max;
    size_t inners = inner_max(config);
    uint8_t *at = memory;
    struct mun_state *state = memory;
    *state = (struct mun_state){
        .inner_max = inner_max(config),
        .leaf_max = config->records_max,
        .value_max = config->value_bytes_max,
        .committed = { .root = MUN_STATE_NIL },
        .overlay = { .root = MUN_STATE_NIL },
    };
    for (unsigned i = 0; i < MUN_STATE_CLASSES; i++)
        state->value_free[i] = NO_BLOCK;

    at += pad64(sizeof(*state));
    state->inners = (void *)at;
    at += pad64(inners * sizeof(struct mun_state_inner));
    state->leaves = (void *)at;
    at += pad64(leaves * sizeof(struct mun_state_leaf));
    state->inner_frees = (void *)at;
    state->leaf_frees = state->inner_frees + inners;
    state->journal = state->leaf_frees + leaves;
    at += pad64(2 * (inners + leaves) * sizeof(uint32_t));
    state->values = at;
    return state;
}

/* How many nodes ahead of their use they are asked for. */
#define AHEAD 12

/* A node lies in two cache lines; the second holds its last byte. */
#define NODE_LAST (sizeof(struct mun_state_inner) - 1)

static void
prefetch_to_read(const void *node)
{
    __builtin_prefetch(node, 0);
    __builtin_prefetch((const char *)node + NODE_LAST, 0);
}

static void
prefetch_to_write(const void *node)
{
    __builtin_prefetch(node, 1);
    __builtin_prefetch((const char *)node + NODE_LAST, 1);
}

static const void *
node_at(const struct mun_state *state, uint32_t ref)
{
    if (mun_state_is_leaf(ref))
        return mun_state_leaf_at(state, ref);
    return mun_state_inner_at(state, ref);
}

static bool
has_free_leaf(const struct mun_state *state)
{
    return state->leaf_free_count > 0 || state->leaf_used < state->leaf_max;
}

/* The contents of a node that is handed out are what its last user left. */
static uint32_t
alloc_leaf(struct mun_state *state)
{
    uint32_t free_count = state->leaf_free_count;
    if (free_count == 0) {
        MUN_CHECK(state->leaf_used < state->leaf_max);
        return state->leaf_used++ | MUN_STATE_LEAF;
    }
    if (free_count > AHEAD)
        prefetch_to_write(
            node_at(state, state->leaf_frees[free_count - 1 - AHEAD]));
    state->leaf_free_count--;
    return state->leaf_frees[free_count - 1];
}

static void
free_leaf(struct mun_state *state, uint32_t ref)
{
    MUN_CHECK(state->leaf_free_count < state->leaf_used);
    state->leaf_frees[state->leaf_free_count++] = ref;
}

static uint32_t
alloc_inner(struct mun_state *state)
{
    uint32_t free_count = state->inner_free_count;
    if (free_count == 0) {
        MUN_CHECK(state->inner_used < state->inner_max);
        return state->inner_used++;
    }
    if (free_count > AHEAD)
        prefetch_to_write(
            node_at(state, state->inner_frees[free_count - 1 - AHEAD]));
    state->inner_free_count--;
    return state->inner_frees[free_count - 1];
}

static void
free_inner(struct mun_state *state, uint32_t ref)
{
    MUN_CHECK(state->inner_free_count < state->inner_used);
    state->inner_frees[state->inner_free_count++] = ref;
}

/* The value heap: blocks of fixed sizes, four to each doubling. A block keeps
 * its size for ever; the free ones of a size are linked through their first
 * eight bytes. */

static uint64_t
class_size(unsigned class)
{
    return (32ull + 8ull * (class % 4)) << (class / 4);
}

static unsigned
class_for(size_t len)
{
    unsigned class = 0;
    while (class_size(class) < len)
        class ++;
    MUN_CHECK(class < MUN_STATE_CLASSES);
    return class;
}

/* False when no block is left that holds `len` bytes. When the heap is used
 * up, a larger block does: the leaf remembers which it got. */
static bool
alloc_value(struct mun_state *state, struct mun_state_leaf *leaf, size_t len)
{
    unsigned class = class_for(len);
    uint64_t at = state->value_free[class];
    uint64_t size = class_size(class);
    if (at == NO_BLOCK && size <= state->value_max - state->value_used) {
        leaf->value_at = state->value_used;
        leaf->value_class = (uint8_t) class;
        state->value_used += size;
        state->value_live += size;
        return true;
    }
    while (at == NO_BLOCK) {
        class ++;
        if (class == MUN_STATE_CLASSES)
            return false;
        at = state->value_free[class];
    }
    memcpy(&state->value_free[class], state->values + at, sizeof(at));
    leaf->value_at = at;
    leaf->value_class = (uint8_t) class;
    state->value_live += class_size(class);
    return true;
}

static void
free_value(struct mun_state *state, const struct mun_state_leaf *leaf)
{
    unsigned class = leaf->value_class;
    memcpy(state->values + leaf->value_at, &state->value_free[class],
           sizeof(uint64_t));
    state->value_free[class] = leaf->value_at;
    state->value_live -= class_size(class);
}

/* Reading */

static uint32_t
find_leaf(const struct mun_state *state, uint32_t root,
          const struct mun_hash *key)
{
    uint32_t ref = root;
    while (!mun_state_is_leaf(ref)) {
        const struct mun_state_inner *node = mun_state_inner_at(state, ref);
        ref = node->child[mun_state_key_bit(key, node->face.bit)];
    }
    return ref;
}

/* The record's leaf, or NULL when there is none. */
static const struct mun_state_leaf *
get_leaf(const struct mun_state *state, uint32_t root,
         const struct mun_hash *key)
{
    if (root == MUN_STATE_NIL)
        return NULL;
    const struct mun_state_leaf *leaf =
        mun_state_leaf_at(state, find_leaf(state, root, key));
    return mun_hash_eq(&leaf->face.key, key) ? leaf : NULL;
}

static enum mun_presence
get_value(const struct mun_state *state, uint32_t root,
          const struct mun_hash *key, struct mun_bytes *value)
{
    const struct mun_state_leaf *leaf = get_leaf(state, root, key);
    *value = leaf ? mun_state_value_of(state, leaf) : MUN_BYTES_NONE;
    return leaf ? MUN_PRESENT : MUN_ABSENT;
}

void
mun_state_root(const struct mun_state *state, struct mun_hash *out)
{
    MUN_CHECK(!state->committed.is_stale);
    *out = state->committed.hash;
}

uint32_t
mun_state_count(const struct mun_state *state)
{
    return state->committed.count;
}

enum mun_presence
mun_state_get(const struct mun_state *state, const struct mun_hash *key,
              struct mun_bytes *value)
{
    return get_value(state, state->committed.root, key, value);
}

static enum mun_presence
view_state(const void *ctx, const struct mun_hash *key, struct mun_bytes *value)
{
    return mun_state_get(ctx, key, value);
}

struct mun_view
mun_state_view(const struct mun_state *state)
{
    return (struct mun_view){ view_state, state, .is_own = true };
}

mun_err_t
mun_state_each(const struct mun_state *state,
               mun_err_t (*visit)(void *ctx, const struct mun_hash *key,
                                  struct mun_bytes value),
               void *ctx)
{
    uint32_t stack[MUN_STATE_STACK];
    unsigned depth = 0;
    if (state->committed.root != MUN_STATE_NIL)
        stack[depth++] = state->committed.root;
    while (depth > 0) {
        uint32_t ref = stack[--depth];
        if (mun_state_is_leaf(ref)) {
            const struct mun_state_leaf *leaf = mun_state_leaf_at(state, ref);
            MUN_TRY(
                visit(ctx, &leaf->face.key, mun_state_value_of(state, leaf)));
        } else {
            const struct mun_state_inner *node = mun_state_inner_at(state, ref);
            MUN_CHECK(depth + 2 <= MUN_STATE_STACK);
            stack[depth++] = node->child[1];
            stack[depth++] = node->child[0];
        }
    }
    return MUN_SUCCESS;
}

/* Writing: into the overlay, or while loading into the committed tree. */

static bool
is_load(const struct mun_state *state, const struct mun_state_tree *tree)
{
    return tree == &state->committed;
}

/* I1: what may be changed where it lies. */
static bool
may_write(const struct mun_state *state, const struct mun_state_tree *tree,
          uint8_t flags)
{
    return (flags & MUN_STATE_NEW) != 0 || is_load(state, tree);
}

/* The flags of a node made now; the overlay's are written down. */
static uint8_t
enlist(struct mun_state *state, const struct mun_state_tree *tree, uint32_t ref)
{
    if (is_load(state, tree))
        return 0;
    state->journal[state->journal_count++] = ref;
    return MUN_STATE_NEW;
}

/* Waiting for memory is most of what a walk costs. What an update needs of the
 * nodes beyond the part that the walk reads comes while it goes on. */
static void
find_path(struct path *path, const struct mun_state *state, uint32_t root,
          const struct mun_hash *key)
{
    unsigned len = 0;
    uint32_t ref = root;
    while (!mun_state_is_leaf(ref)) {
        const struct mun_state_inner *node = mun_state_inner_at(state, ref);
        MUN_CHECK(len < MUN_STATE_DEPTH_MAX);
        prefetch_to_read(node);
        path->refs[len++] = ref;
        ref = node->child[mun_state_key_bit(key, node->face.bit)];
    }
    path->len = len;
    path->end = ref;
}

/* Makes the first `len` nodes of the path writable and marks them stale.
 * Returns the place that refers to what comes below: the last one, or NULL
 * for the root itself. */
static struct mun_state_inner *
own_path(struct mun_state *state, struct mun_state_tree *tree,
         struct path *path, unsigned len, const struct mun_hash *key)
{
    struct mun_state_inner *above = NULL;
    unsigned side = 0;
    tree->is_stale = true;
    for (unsigned i = 0; i < len; i++) {
        uint32_t ref = path->refs[i];
        struct mun_state_inner *node = mun_state_inner_at(state, ref);
        if (!may_write(state, tree, node->flags)) {
            uint32_t copy_ref = alloc_inner(state);
            struct mun_state_inner *copy = mun_state_inner_at(state, copy_ref);
            *copy = *node;
            copy->replaces = ref;
            copy->flags = enlist(state, tree, copy_ref);
            if (above != NULL)
                above->child[side] = copy_ref;
            else
                tree->root = copy_ref;
            node = copy;
        }
        side = mun_state_key_bit(key, node->face.bit);
        node->flags |= (uint8_t)MUN_STATE_STALE(side);
        above = node;
    }
    return above;
}

static void
set_child(struct mun_state_tree *tree, struct mun_state_inner *above,
          const struct mun_hash *key, uint32_t ref)
{
    if (above != NULL)
        above->child[mun_state_key_bit(key, above->face.bit)] = ref;
    else
        tree->root = ref;
}

static void
fill_value(struct mun_state *state, struct mun_state_leaf *leaf,
           struct mun_bytes value, const struct mun_hash *value_hash)
{
    memmove(state->values + leaf->value_at, value.data, value.len);
    leaf->value_len = (uint16_t)value.len;
    leaf->face.value_hash = *value_hash;
}

/* A leaf with a value, not yet in a tree; NIL when there is no room. */
static uint32_t
make_leaf(struct mun_state *state, const struct mun_state_tree *tree,
          const struct mun_hash *key, struct mun_bytes value,
          const struct mun_hash *value_hash)
{
    if (!has_free_leaf(state))
        return MUN_STATE_NIL;
    uint32_t ref = alloc_leaf(state);
    struct mun_state_leaf *leaf = mun_state_leaf_at(state, ref);
    if (!alloc_value(state, leaf, value.len)) {
        free_leaf(state, ref);
        return MUN_STATE_NIL;
    }
    leaf->face.key = *key;
    leaf->replaces = MUN_STATE_NIL;
    leaf->flags = enlist(state, tree, ref);
    fill_value(state, leaf, value, value_hash);
    return ref;
}

/* Gives a writable leaf another value. */
static bool
rewrite_leaf(struct mun_state *state, struct mun_state_leaf *leaf,
             struct mun_bytes value, const struct mun_hash *value_hash)
{
    struct mun_state_leaf old = *leaf;
    bool is_moved = leaf->value_class != class_for(value.len) &&
                    alloc_value(state, leaf, value.len);
    if (!is_moved && class_size(leaf->value_class) < value.len)
        return false;
    /* The new value may lie in the old block, so that one goes last. */
    fill_value(state, leaf, value, value_hash);
    if (is_moved)
        free_value(state, &old);
    return true;
}

static mun_err_t
put_existing(struct mun_state *state, struct mun_state_tree *tree,
             struct path *path, struct mun_bytes value,
             const struct mun_hash *value_hash)
{
    struct mun_state_leaf *leaf = mun_state_leaf_at(state, path->end);
    const struct mun_hash key = leaf->face.key;
    if (may_write(state, tree, leaf->flags)) {
        if (!rewrite_leaf(state, leaf, value, value_hash))
            return mun_err(MUN_ERR_LIMIT);
        (void)own_path(state, tree, path, path->len, &key);
        return MUN_SUCCESS;
    }
    uint32_t ref = make_leaf(state, tree, &key, value, value_hash);
    if (ref == MUN_STATE_NIL)
        return mun_err(MUN_ERR_LIMIT);
    mun_state_leaf_at(state, ref)->replaces = path->end;
    set_child(tree, own_path(state, tree, path, path->len, &key), &key, ref);
    return MUN_SUCCESS;
}

/* Puts a new inner node with the new leaf above the first node of the path
 * that branches after `bit`, where the new key leaves it. */
static mun_err_t
put_beside(struct mun_state *state, struct mun_state_tree *tree,
           struct path *path, unsigned bit, uint32_t leaf_ref)
{
    const struct mun_hash *key = &mun_state_leaf_at(state, leaf_ref)->face.key;
    unsigned len = path->len;
    while (len > 0 &&
           mun_state_inner_at(state, path->refs[len - 1])->face.bit > bit)
        len--;
    uint32_t other = len < path->len ? path->refs[len] : path->end;
    unsigned side = mun_state_key_bit(key, bit);

    /* The hash of what moves down goes with it, stale or not. */
    bool is_stale = tree->is_stale;
    struct mun_hash other_hash = tree->hash;
    if (len > 0) {
        const struct mun_state_inner *last =
            mun_state_inner_at(state, path->refs[len - 1]);
        unsigned last_side = mun_state_key_bit(key, last->face.bit);
        is_stale = (last->flags & MUN_STATE_STALE(last_side)) != 0;
        other_hash = last->face.hash[last_side];
    }

    uint32_t ref = alloc_inner(state);
    struct mun_state_inner *node = mun_state_inner_at(state, ref);
    node->child[side] = leaf_ref;
    node->child[1 - side] = other;
    node->replaces = MUN_STATE_NIL;
    node->face.bit = (uint8_t)bit;
    node->face.hash[1 - side] = other_hash;
    node->flags = (uint8_t)(enlist(state, tree, ref) | MUN_STATE_STALE(side));
    if (is_stale)
        node->flags |= (uint8_t)MUN_STATE_STALE(1 - side);
    set_child(tree, own_path(state, tree, path, len, key), key, ref);
    tree->count++;
    return MUN_SUCCESS;
}

/* Also tells the record's value hash, zero when it is new, and that of `value`.
 */
static mun_err_t
put(struct mun_state *state, struct mun_state_tree *tree,
    const struct mun_hash *key, struct mun_bytes value, struct mun_hash *before,
    struct mun_hash *after)
{
    MUN_CHECK(value.len >= 1);
    MUN_CHECK(value.len <= MUN_RECORD_BYTES_MAX);

    *before = mun_hash_zero;
    mun_hash_tagged(after, MUN_TAG_RECORD_VALUE, value);

    struct path path; /* 1 KiB: too much to clear for nothing */
    path.len = 0;
    path.end = MUN_STATE_NIL;
    unsigned bit = 0;
    if (tree->root != MUN_STATE_NIL) {
        find_path(&path, state, tree->root, key);
        bit = mun_state_key_diff(&mun_state_leaf_at(state, path.end)->face.key,
                                 key);
    }
    if (bit == MUN_STATE_DEPTH_MAX) {
        *before = mun_state_leaf_at(state, path.end)->face.value_hash;
        return put_existing(state, tree, &path, value, after);
    }

    uint32_t leaf = make_leaf(state, tree, key, value, after);
    if (leaf == MUN_STATE_NIL)
        return mun_err(MUN_ERR_LIMIT);
    if (tree->root == MUN_STATE_NIL) {
        tree->root = leaf;
        tree->is_stale = true;
        tree->count++;
        return MUN_SUCCESS;
    }
    return put_beside(state, tree, &path, bit, leaf);
}

/* Hashing */

static void
hash_inner(struct mun_hash *out, const struct mun_state_inner *node)
{
    mun_hash_tagged(out, MUN_TAG_STATE_NODE,
                    mun_bytes(&node->face, sizeof(node->face)));
}

static void
hash_leaf(struct mun_hash *out, const struct mun_state_leaf *leaf)
{
    mun_hash_tagged(out, MUN_TAG_STATE_LEAF,
                    mun_bytes(&leaf->face, sizeof(leaf->face)));
}

/* The next child of the node whose hash is out of date, 2 when none is. */
static unsigned
stale_side(const struct mun_state_inner *node)
{
    if (node->flags & MUN_STATE_STALE(0))
        return 0;
    return node->flags & MUN_STATE_STALE(1) ? 1 : 2;
}

/* Children first, only where a mark leads; a mark goes when its hash is in
 * place, so the marks themselves say how far the walk is. */
static void
hash_tree(struct mun_state *state, struct mun_state_tree *tree)
{
    if (!tree->is_stale)
        return;
    MUN_CHECK(tree->root != MUN_STATE_NIL);

    uint32_t stack[MUN_STATE_STACK];
    unsigned depth = 0;
    stack[0] = tree->root;
    for (;;) {
        uint32_t ref = stack[depth];
        struct mun_hash hash;
        if (mun_state_is_leaf(ref)) {
            hash_leaf(&hash, mun_state_leaf_at(state, ref));
        } else {
            const struct mun_state_inner *node = mun_state_inner_at(state, ref);
            unsigned side = stale_side(node);
            if (side < 2) {
                MUN_CHECK(depth + 1 < MUN_STATE_STACK);
                stack[++depth] = node->child[side];
                continue;
            }
            hash_inner(&hash, node);
        }
        if (depth == 0) {
            tree->hash = hash;
            tree->is_stale = false;
            return;
        }
        struct mun_state_inner *above =
            mun_state_inner_at(state, stack[--depth]);
        unsigned side = stale_side(above);
        above->face.hash[side] = hash;
        above->flags &= (uint8_t)~MUN_STATE_STALE(side);
    }
}

/* Hashes what the overlay's new nodes keep of their children, the newest node
 * first. A node is mostly made after its parent, so that it comes before it
 * here; unlike hash_tree this knows what comes next and asks for it in time.
 * What it meets too early (a new branch above an older new one) it leaves. */
static void
hash_journal(struct mun_state *state)
{
    for (uint32_t i = state->journal_count; i > 0; i--) {
        uint32_t ref = state->journal[i - 1];
        if (i > AHEAD)
            prefetch_to_write(node_at(state, state->journal[i - 1 - AHEAD]));
        if (mun_state_is_leaf(ref))
            continue;
        struct mun_state_inner *node = mun_state_inner_at(state, ref);
        for (unsigned side = 0; side < 2; side++) {
            uint32_t child = node->child[side];
            if (!(node->flags & MUN_STATE_STALE(side)))
                continue;
            if (mun_state_is_leaf(child))
                hash_leaf(&node->face.hash[side],
                          mun_state_leaf_at(state, child));
            else if (stale_side(mun_state_inner_at(state, child)) == 2)
                hash_inner(&node->face.hash[side],
                           mun_state_inner_at(state, child));
            else
                continue;
            node->flags &= (uint8_t)~MUN_STATE_STALE(side);
        }
    }
}

static void
hash_overlay(struct mun_state *state)
{
    if (state->overlay.is_stale)
        hash_journal(state);
    hash_tree(state, &state->overlay);
}

/* The overlay */

void
mun_overlay_begin(struct mun_state *state)
{
    MUN_CHECK(!state->is_open);
    MUN_CHECK(!state->committed.is_stale);
    state->overlay = state->committed;
    state->journal_count = 0;
    state->is_open = true;
}

mun_err_t
mun_overlay_put(struct mun_state *state, const struct mun_hash *key,
                struct mun_bytes value)
{
    struct mun_hash before;
    struct mun_hash after;
    return mun_overlay_replace(state, key, value, &before, &after);
}

mun_err_t
mun_overlay_replace(struct mun_state *state, const struct mun_hash *key,
                    struct mun_bytes value, struct mun_hash *before,
                    struct mun_hash *after)
{
    MUN_CHECK(state->is_open);
    return put(state, &state->overlay, key, value, before, after);
}

/* Walks that go on side by side: while one waits for memory, the others do. */
#define WALKS 16

void
mun_overlay_announce(const struct mun_state *state, const struct mun_hash *keys,
                     size_t count)
{
    MUN_CHECK(state->is_open);
    uint32_t refs[WALKS];
    for (size_t first = 0; first < count; first += WALKS) {
        size_t walks = count - first < WALKS ? count - first : WALKS;
        bool is_more = state->overlay.root != MUN_STATE_NIL;
        for (size_t i = 0; i < walks; i++)
            refs[i] = state->overlay.root;
        while (is_more) {
            is_more = false;
            for (size_t i = 0; i < walks; i++) {
                if (mun_state_is_leaf(refs[i]))
                    continue;
                const struct mun_state_inner *node =
                    mun_state_inner_at(state, refs[i]);
                refs[i] = node->child[mun_state_key_bit(&keys[first + i],
                                                        node->face.bit)];
                prefetch_to_read(node_at(state, refs[i]));
                is_more = true;
            }
        }
    }
}

enum mun_presence
mun_overlay_get(const struct mun_state *state, const struct mun_hash *key,
                struct mun_bytes *value)
{
    MUN_CHECK(state->is_open);
    return get_value(state, state->overlay.root, key, value);
}

static enum mun_presence
view_overlay(const void *ctx, const struct mun_hash *key,
             struct mun_bytes *value)
{
    return mun_overlay_get(ctx, key, value);
}

struct mun_view
mun_overlay_view(const struct mun_state *state)
{
    return (struct mun_view){ view_overlay, state, .is_own = true };
}

void
mun_overlay_value_hash(const struct mun_state *state,
                       const struct mun_hash *key, struct mun_hash *out)
{
    MUN_CHECK(state->is_open);
    const struct mun_state_leaf *leaf =
        get_leaf(state, state->overlay.root, key);
    *out = leaf ? leaf->face.value_hash : mun_hash_zero;
}

uint32_t
mun_overlay_count(const struct mun_state *state)
{
    MUN_CHECK(state->is_open);
    return state->overlay.count;
}

void
mun_overlay_root(struct mun_state *state, struct mun_hash *out)
{
    MUN_CHECK(state->is_open);
    hash_overlay(state);
    *out = state->overlay.hash;
}

static void
commit_node(struct mun_state *state, uint32_t ref)
{
    if (mun_state_is_leaf(ref)) {
        struct mun_state_leaf *leaf = mun_state_leaf_at(state, ref);
        leaf->flags = 0;
        if (leaf->replaces != MUN_STATE_NIL) {
            free_value(state, mun_state_leaf_at(state, leaf->replaces));
            free_leaf(state, leaf->replaces);
        }
    } else {
        struct mun_state_inner *node = mun_state_inner_at(state, ref);
        node->flags = 0;
        if (node->replaces != MUN_STATE_NIL)
            free_inner(state, node->replaces);
    }
}

/* The overlay's nodes become the committed ones, and what they replaced is
 * free. */
void
mun_overlay_commit(struct mun_state *state)
{
    MUN_CHECK(state->is_open);
    hash_overlay(state);
    for (uint32_t i = 0; i < state->journal_count; i++) {
        if (i + AHEAD < state->journal_count)
            prefetch_to_write(node_at(state, state->journal[i + AHEAD]));
        commit_node(state, state->journal[i]);
    }
    state->committed = state->overlay;
    state->is_open = false;
}

/* Backwards: pools then hand out in the order as if nothing had been. */
void
mun_overlay_abort(struct mun_state *state)
{
    MUN_CHECK(state->is_open);
    for (uint32_t i = state->journal_count; i > 0; i--) {
        uint32_t ref = state->journal[i - 1];
        if (mun_state_is_leaf(ref)) {
            free_value(state, mun_state_leaf_at(state, ref));
            free_leaf(state, ref);
        } else {
            free_inner(state, ref);
        }
    }
    state->is_open = false;
}

bool
mun_overlay_is_open(const struct mun_state *state)
{
    return state->is_open;
}

/* Loading */

mun_err_t
mun_state_load(struct mun_state *state, const struct mun_hash *key,
               struct mun_bytes value)
{
    MUN_CHECK(!state->is_open);
    struct mun_hash before;
    struct mun_hash after;
    return put(state, &state->committed, key, value, &before, &after);
}

void
mun_state_load_finish(struct mun_state *state)
{
    MUN_CHECK(!state->is_open);
    hash_tree(state, &state->committed);
}

/* Looking after itself */

void
mun_state_usage(const struct mun_state *state, struct mun_state_usage *out)
{
    *out = (struct mun_state_usage){ .records = state->leaf_used -
                                                state->leaf_free_count,
                                     .value_bytes = state->value_live,
                                     .value_peak = state->value_used };
}

/* What a walk over one tree found. */
struct census {
    uint32_t leaves;
    uint32_t inners;
    uint64_t value_bytes;
    uint32_t records;
};

struct census_step {
    uint32_t ref;
    unsigned bit_min;
    const struct mun_hash *hash; /* what its parent keeps; NULL when stale */
};

static void
count_node(struct census *census, const struct mun_state *state, uint32_t ref,
           bool is_new_only)
{
    if (mun_state_is_leaf(ref)) {
        const struct mun_state_leaf *leaf = mun_state_leaf_at(state, ref);
        census->records++;
        if (is_new_only && !(leaf->flags & MUN_STATE_NEW))
            return;
        census->leaves++;
        census->value_bytes += class_size(leaf->value_class);
    } else {
        const struct mun_state_inner *node = mun_state_inner_at(state, ref);
        if (is_new_only && !(node->flags & MUN_STATE_NEW))
            return;
        census->inners++;
    }
}

/* Is the hash that is kept of this node right? */
static bool
has_hash(const struct mun_state *state, uint32_t ref,
         const struct mun_hash *kept)
{
    struct mun_hash hash;
    if (mun_state_is_leaf(ref)) {
        hash_leaf(&hash, mun_state_leaf_at(state, ref));
        return mun_hash_eq(&hash, kept);
    }
    const struct mun_state_inner *node = mun_state_inner_at(state, ref);
    hash_inner(&hash, node);
    return stale_side(node) == 2 && mun_hash_eq(&hash, kept);
}

/* Adds the nodes of `tree`, of an overlay only those that it made. */
static bool
take_census(struct census *census, const struct mun_state *state,
            const struct mun_state_tree *tree)
{
    struct census_step stack[MUN_STATE_STACK];
    unsigned depth = 0;
    if (tree->root != MUN_STATE_NIL)
        stack[depth++] =
            (struct census_step){ tree->root, 0,
                                  tree->is_stale ? NULL : &tree->hash };
    census->records = 0;
    while (depth > 0) {
        struct census_step step = stack[--depth];
        count_node(census, state, step.ref, tree == &state->overlay);
        if (step.hash != NULL && !has_hash(state, step.ref, step.hash))
            return false;
        if (mun_state_is_leaf(step.ref)) {
            const struct mun_hash *key =
                &mun_state_leaf_at(state, step.ref)->face.key;
            if (find_leaf(state, tree->root, key) != step.ref)
                return false;
            continue;
        }
        const struct mun_state_inner *node =
            mun_state_inner_at(state, step.ref);
        if (node->face.bit < step.bit_min || depth + 2 > MUN_STATE_STACK)
            return false;
        for (unsigned side = 0; side < 2; side++)
            stack[depth++] =
                (struct census_step){ node->child[side], node->face.bit + 1u,
                                      node->flags & MUN_STATE_STALE(side)
                                          ? NULL
                                          : &node->face.hash[side] };
    }
    return census->records == tree->count;
}

static uint64_t
count_free_value_bytes(const struct mun_state *state)
{
    uint64_t bytes = 0;
    for (unsigned class = 0; class < MUN_STATE_CLASSES; class ++) {
        uint64_t at = state->value_free[class];
        while (at != NO_BLOCK && bytes <= state->value_used) {
            bytes += class_size(class);
            memcpy(&at, state->values + at, sizeof(at));
        }
    }
    return bytes;
}

bool
mun_state_validate(const struct mun_state *state)
{
    struct census census = { 0 };
    if (!take_census(&census, state, &state->committed))
        return false;
    if (state->is_open && !take_census(&census, state, &state->overlay))
        return false;
    return census.inners == state->inner_used - state->inner_free_count &&
           census.leaves == state->leaf_used - state->leaf_free_count &&
           census.value_bytes == state->value_live &&
           count_free_value_bytes(state) ==
               state->value_used - state->value_live;
}
