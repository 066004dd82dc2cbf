#ifndef MUN_TESTS_SUPPORT_STATE_REFERENCE_H
#define MUN_TESTS_SUPPORT_STATE_REFERENCE_H

/* The state tree as one would write it down: a sorted array of records, and
 * the root by recursion from the definition. Slow, and shares no code with
 * ledger/core/state.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/core/hash.h"

#define REFERENCE_MAX 2048

/* A value is known by its length and the number it is filled from. */
struct reference_record {
    struct mun_hash key;
    uint64_t number;
    uint16_t len;
};

struct reference {
    struct reference_record records[REFERENCE_MAX];
    size_t count;
};

static inline uint64_t
reference_random(uint64_t *seed)
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline struct mun_hash
reference_key(uint64_t number)
{
    struct mun_hash key = { { 0 } };
    uint64_t seed = ~number;
    for (size_t i = 0; i < sizeof(key.b); i++)
        key.b[i] = (uint8_t)reference_random(&seed);
    return key;
}

/* Shape: buffer holds MUN_RECORD_BYTES_MAX bytes. */
static inline struct mun_bytes
reference_value(uint8_t *buffer, uint64_t number, uint16_t len)
{
    uint64_t seed = number;
    for (size_t i = 0; i < len; i++)
        buffer[i] = (uint8_t)reference_random(&seed);
    return mun_bytes(buffer, len);
}

/* The first record whose key is not below `key`. */
static inline size_t
reference_place(const struct reference *reference, const struct mun_hash *key)
{
    size_t at = 0;
    while (at < reference->count &&
           memcmp(reference->records[at].key.b, key->b, sizeof(key->b)) < 0)
        at++;
    return at;
}

static inline const struct reference_record *
reference_find(const struct reference *reference, const struct mun_hash *key)
{
    size_t at = reference_place(reference, key);
    const struct reference_record *record = &reference->records[at];
    bool is_found = at < reference->count &&
                    memcmp(record->key.b, key->b, sizeof(key->b)) == 0;
    return is_found ? record : NULL;
}

static inline void
reference_put(struct reference *reference, const struct mun_hash *key,
              uint64_t number, uint16_t len)
{
    size_t at = reference_place(reference, key);
    struct reference_record *record = &reference->records[at];
    if (reference_find(reference, key) == NULL) {
        MUN_CHECK(reference->count < REFERENCE_MAX);
        memmove(record + 1, record, (reference->count - at) * sizeof(*record));
        reference->count++;
    }
    *record = (struct reference_record){ *key, number, len };
}

static inline unsigned
reference_bit(const struct mun_hash *key, unsigned bit)
{
    return (key->b[bit >> 3] & (0x80u >> (bit & 7))) != 0 ? 1 : 0;
}

/* tag || tag || a || b || c, with SHA-256 in one piece. */
static inline struct mun_hash
reference_hash(const char *tag, struct mun_bytes a, struct mun_bytes b,
               struct mun_bytes c)
{
    struct mun_hash tag_hash;
    struct mun_hash out;
    struct mun_sha256 sha;
    mun_hash_sha256(&tag_hash, mun_bytes_str(tag));
    mun_sha256_init(&sha);
    mun_sha256_update(&sha, tag_hash.b, sizeof(tag_hash.b));
    mun_sha256_update(&sha, tag_hash.b, sizeof(tag_hash.b));
    mun_sha256_update(&sha, a.data, a.len);
    mun_sha256_update(&sha, b.data, b.len);
    mun_sha256_update(&sha, c.data, c.len);
    mun_sha256_final(&sha, &out);
    return out;
}

static inline struct mun_hash
reference_value_hash(struct mun_bytes value)
{
    return reference_hash("muniment/record-value/1", value, MUN_BYTES_NONE,
                          MUN_BYTES_NONE);
}

static inline struct mun_hash
reference_leaf_hash(const struct mun_hash *key,
                    const struct mun_hash *value_hash)
{
    return reference_hash("muniment/state-leaf/1", mun_bytes(key->b, 32),
                          mun_bytes(value_hash->b, 32), MUN_BYTES_NONE);
}

static inline struct mun_hash
reference_node_hash(uint8_t bit, const struct mun_hash *left,
                    const struct mun_hash *right)
{
    return reference_hash("muniment/state-node/1", mun_bytes(&bit, 1),
                          mun_bytes(left->b, 32), mun_bytes(right->b, 32));
}

/* At most 256 levels, one for each bit of a key. */
/* NOLINTBEGIN(misc-no-recursion) */
static inline struct mun_hash
reference_subtree(const struct reference_record *records, size_t count)
{
    if (count == 1) {
        static uint8_t buffer[MUN_RECORD_BYTES_MAX];
        struct mun_hash value_hash = reference_value_hash(
            reference_value(buffer, records->number, records->len));
        return reference_leaf_hash(&records->key, &value_hash);
    }
    unsigned bit = 0;
    while (reference_bit(&records[0].key, bit) ==
           reference_bit(&records[count - 1].key, bit))
        bit++;
    size_t left = 0;
    while (reference_bit(&records[left].key, bit) == 0)
        left++;
    struct mun_hash left_hash = reference_subtree(records, left);
    struct mun_hash right_hash =
        reference_subtree(records + left, count - left);
    return reference_node_hash((uint8_t)bit, &left_hash, &right_hash);
}
/* NOLINTEND(misc-no-recursion) */

static inline struct mun_hash
reference_root(const struct reference *reference)
{
    if (reference->count == 0)
        return (struct mun_hash){ { 0 } };
    return reference_subtree(reference->records, reference->count);
}

#endif
