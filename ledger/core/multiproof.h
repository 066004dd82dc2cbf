#ifndef MUN_LEDGER_CORE_MULTIPROOF_H
#define MUN_LEDGER_CORE_MULTIPROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/state.h"
#include "ledger/core/view.h"

/* One proof for many records, present and absent, under one state root: the
 * tree cut off where no asked key leads, in pre-order.
 *
 *   0x00                              the empty tree (only as the whole proof)
 *   0x01 hash                         a subtree that no asked key leads into
 *   0x02 bit(u8) left right           a node on the way
 *   0x03 key value(u16 len, bytes)    a record that was asked for
 *   0x04 key value_hash               a record that an absent key leads to
 *
 * A key leads left where its bit at `bit` is 0, else right, whatever its other
 * bits are: so each key leads to exactly one record of a tree that has any,
 * and is absent when that is not its own.
 *
 * Canonical, and refused otherwise:
 *
 * C1 0x00 stands alone.
 * C2 A 0x02 never has two 0x01 children.
 * C3 Bits strictly increase downwards.
 * C4 Every key agrees with the directions that lead to it.
 * C5 Two keys below a node agree on all bits before the node's.
 * C6 A value has 1 to MUN_RECORD_BYTES_MAX bytes.
 * C7 The hash of a 0x01 is not the empty root.
 * C8 Nothing follows the last node. */

/* Writes the proof of the committed tree for `count` keys in any order, with
 * or without duplicates; the same set of keys always gives the same bytes.
 * Shape: keys holds count hashes, which are put into another order.
 * Errors: what `wr` recorded. */
MUN_MUST_USE mun_err_t mun_multiproof_make(struct mun_wr *wr,
                                           const struct mun_state *state,
                                           struct mun_hash *keys, size_t count);

struct mun_multiproof_node;

struct mun_multiproof {
    const struct mun_multiproof_node *nodes;
    uint32_t count;
    uint32_t record_count; /* leaves of both forms */
};

/* Decodes the proof and recomputes the root, which must equal `root`. Takes
 * less than twice the proof's length from the arena.
 * Lifetime: that of the arena and the input.
 * Errors: MUN_ERR_PROOF (another root), MUN_ERR_TRUNCATED, MUN_ERR_TRAILING,
 * MUN_ERR_KIND (no such node, or not here), MUN_ERR_ORDER (C3 to C5),
 * MUN_ERR_VALUE (C2, C6, C7), MUN_ERR_TOO_LARGE (C6), MUN_ERR_LIMIT (arena).
 * After failure: *out is zeroed and shows nothing. */
MUN_MUST_USE mun_err_t mun_multiproof_open(struct mun_multiproof *out,
                                           struct mun_arena *arena,
                                           struct mun_bytes proof,
                                           const struct mun_hash *root);

/* PRESENT with the value, ABSENT when the walk ends at another record or the
 * tree is empty, NOT_SHOWN when it ends at a hash, or at the key itself given
 * by its value hash only. */
enum mun_presence mun_multiproof_get(const struct mun_multiproof *proof,
                                     const struct mun_hash *key,
                                     struct mun_bytes *value);

/* Does the proof hold nothing that the keys do not ask for? Each 0x03 is then
 * the record of one of them, and at each 0x04 the walk of one of them ends.
 * Shape: at most MUN_MULTIPROOF_KEYS_MAX keys, in any order. */
#define MUN_MULTIPROOF_KEYS_MAX 1024
bool mun_multiproof_is_asked(const struct mun_multiproof *proof,
                             const struct mun_hash *keys, size_t count);

struct mun_view mun_multiproof_view(const struct mun_multiproof *proof);

#endif
