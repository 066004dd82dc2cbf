#ifndef MUN_TESTS_SUPPORT_MULTIPROOF_REFERENCE_H
#define MUN_TESTS_SUPPORT_MULTIPROOF_REFERENCE_H

/* A reader of multiproofs by recursion, one rule after the other as the
 * header states them. Shares no code with ledger/core/multiproof.c. */

#include "tests/support/state_reference.h"

#define PROOF_KEYS_MAX 4096

struct proof_reader {
    struct mun_bytes left;
    bool is_strict; /* false: anything that has a root */
    uint8_t bits[MUN_STATE_DEPTH_MAX];
    uint8_t sides[MUN_STATE_DEPTH_MAX];
    struct mun_hash keys[PROOF_KEYS_MAX];
    size_t key_count;
};

static inline bool
proof_take(uint8_t *out, struct proof_reader *reader, size_t len)
{
    if (reader->left.len < len)
        return false;
    memcpy(out, reader->left.data, len);
    reader->left = mun_bytes(reader->left.data + len, reader->left.len - len);
    return true;
}

static inline bool
proof_leaf(struct mun_hash *out, struct proof_reader *reader, uint8_t kind,
           unsigned depth)
{
    struct mun_hash key;
    struct mun_hash value_hash;
    if (!proof_take(key.b, reader, 32))
        return false;
    if (kind == 3) {
        static uint8_t value[UINT16_MAX];
        uint8_t len[2];
        if (!proof_take(len, reader, 2))
            return false;
        size_t value_len = len[0] * 256u + len[1];
        if (reader->is_strict &&
            (value_len == 0 || value_len > MUN_RECORD_BYTES_MAX))
            return false;
        if (!proof_take(value, reader, value_len))
            return false;
        value_hash = reference_value_hash(mun_bytes(value, value_len));
    } else if (!proof_take(value_hash.b, reader, 32)) {
        return false;
    }
    for (unsigned i = 0; reader->is_strict && i < depth; i++)
        if (reference_bit(&key, reader->bits[i]) != reader->sides[i])
            return false;
    if (reader->key_count == PROOF_KEYS_MAX)
        return false;
    reader->keys[reader->key_count++] = key;
    *out = reference_leaf_hash(&key, &value_hash);
    return true;
}

static inline bool
proof_keys_share(const struct proof_reader *reader, size_t first, unsigned bit)
{
    for (size_t i = first; i < reader->key_count; i++)
        for (unsigned b = 0; b < bit; b++)
            if (reference_bit(&reader->keys[i], b) !=
                reference_bit(&reader->keys[first], b))
                return false;
    return true;
}

/* At most 256 levels: bits increase, or the test's own proof is small. */
/* NOLINTBEGIN(misc-no-recursion) */
static inline bool
proof_node(struct mun_hash *out, uint8_t *kind, struct proof_reader *reader,
           unsigned depth)
{
    static const struct mun_hash zero;
    struct mun_hash child[2];
    uint8_t child_kind[2];
    uint8_t bit;
    size_t first = reader->key_count;

    if (!proof_take(kind, reader, 1))
        return false;
    if (*kind == 0) {
        *out = zero;
        return !reader->is_strict || depth == 0;
    }
    if (*kind == 1)
        return proof_take(out->b, reader, 32) &&
               (!reader->is_strict || memcmp(out->b, zero.b, 32) != 0);
    if (*kind == 3 || *kind == 4)
        return proof_leaf(out, reader, *kind, depth);
    if (*kind != 2 || depth == MUN_STATE_DEPTH_MAX ||
        !proof_take(&bit, reader, 1))
        return false;
    if (reader->is_strict && depth > 0 && bit <= reader->bits[depth - 1])
        return false;
    reader->bits[depth] = bit;
    for (uint8_t side = 0; side < 2; side++) {
        reader->sides[depth] = side;
        if (!proof_node(&child[side], &child_kind[side], reader, depth + 1))
            return false;
    }
    if (reader->is_strict && ((child_kind[0] == 1 && child_kind[1] == 1) ||
                              !proof_keys_share(reader, first, bit)))
        return false;
    *out = reference_node_hash(bit, &child[0], &child[1]);
    return true;
}
/* NOLINTEND(misc-no-recursion) */

/* The root that the proof leads to; false when it is not canonical, or when
 * not strict, has none. */
static inline bool
proof_root(struct mun_hash *out, struct mun_bytes proof, bool is_strict)
{
    static struct proof_reader reader;
    uint8_t kind;
    reader.left = proof;
    reader.is_strict = is_strict;
    reader.key_count = 0;
    return proof_node(out, &kind, &reader, 0) &&
           (!is_strict || reader.left.len == 0);
}

#endif
