#ifndef MUN_LEDGER_CORE_MERKLE_H
#define MUN_LEDGER_CORE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/core/hash.h"

/* The history tree of RFC 6962 over SHA-256, used for the log and for batches
 * of commitments. Leaf = H(0x00 || data), node = H(0x01 || left || right), the
 * left part of n leaves is the largest power of two below n, and the root of
 * no leaves is H(""). No recursion, no heap. */

void mun_merkle_leaf(struct mun_hash *out, struct mun_bytes data);
void mun_merkle_node(struct mun_hash *out, const struct mun_hash *left,
                     const struct mun_hash *right);

/* A growing tree's right edge: the roots of the perfect subtrees that its size
 * is the sum of, largest first. */
struct mun_frontier {
    uint64_t size;
    struct mun_hash peaks[MUN_MERKLE_PATH_MAX];
};

void mun_frontier_init(struct mun_frontier *frontier);
void mun_frontier_append(struct mun_frontier *frontier,
                         const struct mun_hash *leaf);
void mun_frontier_root(const struct mun_frontier *frontier,
                       struct mun_hash *out);

/* Root over leaf data of 32 bytes each (commitments, ids): hashes the leaves
 * too. */
void mun_merkle_root32(struct mun_hash *out, const struct mun_hash *data,
                       size_t count);

/* The inclusion path of data[index] in that tree, lowest sibling first.
 * Shape: path holds MUN_MERKLE_PATH_MAX; *path_len is set. */
void mun_merkle_path32(struct mun_hash *path, size_t *path_len,
                       const struct mun_hash *data, size_t count, size_t index);

/* Errors: MUN_ERR_PROOF (index not below size, path too short or too long,
 * other root).
 * Source: RFC 9162 section 2.1.3.2. */
MUN_MUST_USE mun_err_t mun_merkle_verify_inclusion(
    const struct mun_hash *leaf, uint64_t index, uint64_t size,
    const struct mun_hash *path, size_t path_len, const struct mun_hash *root);

/* A tree of old_size leaves is a prefix of one of new_size. old_size 0 is
 * refused; equal sizes need an empty path and equal roots.
 * Errors: MUN_ERR_PROOF.
 * Source: RFC 9162 section 2.1.4.2. */
struct mun_merkle_head {
    uint64_t size;
    struct mun_hash root;
};
MUN_MUST_USE mun_err_t
mun_merkle_verify_consistency(const struct mun_merkle_head *old_head,
                              const struct mun_merkle_head *new_head,
                              const struct mun_hash *path, size_t path_len);

/* Making proofs from stored nodes. A node is the root of the perfect subtree
 * of 2^level leaves that starts at leaf index * 2^level. The reader gets it
 * from wherever nodes are kept (tiles); on its failure the proof fails with
 * its error. */
struct mun_merkle_reader {
    mun_err_t (*read)(void *ctx, struct mun_hash *out, unsigned level,
                      uint64_t index);
    void *ctx;
};

/* Shape: path holds MUN_MERKLE_PATH_MAX.
 * Errors: MUN_ERR_VALUE when index is not below size, or sizes are 0 or out
 * of order; the reader's own. After failure: *path_len is 0. */
MUN_MUST_USE mun_err_t mun_merkle_make_inclusion(
    struct mun_hash *path, size_t *path_len,
    const struct mun_merkle_reader *reader, uint64_t index, uint64_t size);
MUN_MUST_USE mun_err_t
mun_merkle_make_consistency(struct mun_hash *path, size_t *path_len,
                            const struct mun_merkle_reader *reader,
                            uint64_t old_size, uint64_t new_size);

#endif
