#ifndef MUN_LEDGER_CORE_STATE_INT_H
#define MUN_LEDGER_CORE_STATE_INT_H

/* What state.c keeps in memory, for multiproof.c, which walks it. */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/limits.h"
#include "ledger/core/hash.h"
#include "ledger/core/state.h"

/* A reference to a node: the index in its pool, the top bit set for a leaf. */
#define MUN_STATE_LEAF 0x80000000u
#define MUN_STATE_NIL 0xffffffffu

/* An explicit stack that holds a node of every level: 256 bits to branch at
 * and the leaf below. */
#define MUN_STATE_STACK (MUN_STATE_DEPTH_MAX + 1)

/* The bytes that a node's hash is made of, as they are hashed. Children's
 * hashes are kept here and not in the children: whoever walks down (an update,
 * a proof) then needs no cache line or page of the siblings. */
struct mun_state_face {
    uint8_t bit;
    struct mun_hash hash[2];
};

struct mun_state_inner {
    uint32_t child[2];
    uint32_t replaces; /* new ones: the committed node this is a copy of */
    uint8_t flags;
    uint8_t spare[2];
    struct mun_state_face face;
};

/* 80 bytes at a multiple of 16 lie in exactly two cache lines, and the first
 * 16, all that a walk reads, in one. */
_Static_assert(sizeof(struct mun_state_face) == 65, "hashed as it lies");
_Static_assert(sizeof(struct mun_state_inner) == 80, "multiple of 16");

struct mun_state_leaf_face {
    struct mun_hash key;
    struct mun_hash value_hash;
};

struct mun_state_leaf {
    struct mun_state_leaf_face face;
    uint64_t value_at; /* offset in the value heap */
    uint32_t replaces; /* as above */
    uint16_t value_len;
    uint8_t value_class;
    uint8_t flags;
};

_Static_assert(sizeof(struct mun_state_leaf_face) == 64, "hashed as it lies");
_Static_assert(sizeof(struct mun_state_leaf) == 80, "multiple of 16");
_Static_assert(MUN_RECORD_BYTES_MAX <= UINT16_MAX, "value_len holds it");
_Static_assert(MUN_STATE_DEPTH_MAX == 8 * sizeof(struct mun_hash),
               "one level for each bit of a key");

/* Made by the open overlay: may be written. */
#define MUN_STATE_NEW 1u
/* face.hash[side] is out of date (inner nodes only). */
#define MUN_STATE_STALE(side) (2u << (side))

struct mun_state_tree {
    uint32_t root;
    uint32_t count;
    bool is_stale; /* `hash` is out of date */
    struct mun_hash hash;
};

/* Sizes of value blocks: 32, 40, 48, 56, 64, 80, ... 16384. */
#define MUN_STATE_CLASSES 37

struct mun_state {
    struct mun_state_inner *inners;
    struct mun_state_leaf *leaves;
    uint32_t *inner_frees; /* stacks of free nodes: beside the nodes, so that */
    uint32_t *leaf_frees;  /* what is next is known before it is in a cache */
    uint32_t *journal;     /* every node that the open overlay made */
    uint8_t *values;
    uint32_t inner_max;
    uint32_t leaf_max;
    uint64_t value_max;

    struct mun_state_tree committed;

    /* Nothing below is read through the committed tree, so that a writer of
     * the overlay may change it while others read. */
    struct mun_state_tree overlay;
    bool is_open;
    uint32_t journal_count;
    uint32_t inner_used; /* handed out once at least; the rest is untouched */
    uint32_t leaf_used;
    uint32_t inner_free_count;
    uint32_t leaf_free_count;
    uint64_t value_used;
    uint64_t value_live;
    uint64_t value_free[MUN_STATE_CLASSES];
};

static inline bool
mun_state_is_leaf(uint32_t ref)
{
    return (ref & MUN_STATE_LEAF) != 0;
}

static inline struct mun_state_inner *
mun_state_inner_at(const struct mun_state *state, uint32_t ref)
{
    return &state->inners[ref];
}

static inline struct mun_state_leaf *
mun_state_leaf_at(const struct mun_state *state, uint32_t ref)
{
    return &state->leaves[ref & ~MUN_STATE_LEAF];
}

static inline struct mun_bytes
mun_state_value_of(const struct mun_state *state,
                   const struct mun_state_leaf *leaf)
{
    return mun_bytes(state->values + leaf->value_at, leaf->value_len);
}

/* Bit 0 is the most significant of the first byte. */
static inline unsigned
mun_state_key_bit(const struct mun_hash *key, unsigned bit)
{
    return (key->b[bit / 8] >> (7 - bit % 8)) & 1u;
}

/* The first bit in which the keys differ, MUN_STATE_DEPTH_MAX when equal. */
static inline unsigned
mun_state_key_diff(const struct mun_hash *a, const struct mun_hash *b)
{
    for (unsigned i = 0; i < sizeof(a->b); i++) {
        unsigned differ = (unsigned)(a->b[i] ^ b->b[i]);
        if (differ == 0)
            continue;
        unsigned bit = 8 * i;
        while ((differ & 0x80u) == 0) {
            differ <<= 1;
            bit++;
        }
        return bit;
    }
    return MUN_STATE_DEPTH_MAX;
}

#endif
