#ifndef MUN_TOOLS_BATCH_FILE_H
#define MUN_TOOLS_BATCH_FILE_H

/* batch.json: what stays with the issuer after anchoring. With it a batch that
 * was interrupted goes on where it stopped, with the same entries, and every
 * receipt can be made again. It holds the secret seed of the salts, sealed
 * under the issuer's passphrase, and it names learners. */

#include "ledger/core/commitment.h"
#include "ledger/core/merkle.h"
#include "ledger/seal/seal.h"
#include "tools/cli.h"

struct mun_batch_slot {
    struct mun_hash digest;
    uint64_t valid_from_ms;
    uint64_t valid_until_ms;
    uint8_t format;
    uint8_t assurance;
    const char *file;      /* of the document */
    struct mun_bytes name; /* the learner's; empty when not known */
};

/* One entry of the batch. */
struct mun_batch_part {
    uint32_t first; /* index of its first slot in the batch */
    uint32_t count;
    struct mun_bytes entry;
    struct mun_hash id;
    uint64_t height; /* 0: not known to be final */
};

struct mun_batch_file {
    struct mun_hash source; /* digest of what it was made from */
    struct mun_hash issuer;
    struct mun_hash programme;
    uint16_t version;
    struct mun_bytes label;
    uint32_t base;
    bool is_published;
    struct mun_hash seed;
    struct mun_seal seal;
    uint8_t sealed_seed[32 + MUN_SEAL_TAG_BYTES];
    uint32_t count;
    struct mun_batch_slot *slots;
    uint32_t part_count;
    struct mun_batch_part *parts;
    struct mun_json *document; /* that it was read from; NULL: it was made */
};

/* Closes the document. */
void mun_batch_fini(struct mun_batch_file *batch);

/* A new random seed, and it sealed; all names are set before.
 * Errors: those of mun_seal_close. */
MUN_MUST_USE mun_err_t mun_batch_seed(struct mun_batch_file *batch,
                                      struct mun_bytes passphrase);

/* The opening of one slot.
 * Lifetime: the label is the batch's. */
void mun_batch_opening(struct mun_opening *out,
                       const struct mun_batch_file *batch, uint32_t index);

/* All commitments, in order; NULL when memory ends.
 * Lifetime: the arena's. */
struct mun_hash *mun_batch_commitments(struct mun_cli *cli,
                                       const struct mun_batch_file *batch);

/* Messages on failure. Reading opens the seed, too.
 * Errors: MUN_ERR_NOT_FOUND (and no message), others. */
MUN_MUST_USE mun_err_t mun_batch_write(struct mun_cli *cli, const char *path,
                                       const struct mun_batch_file *batch);
MUN_MUST_USE mun_err_t mun_batch_read(struct mun_batch_file *out,
                                      struct mun_cli *cli, const char *path);

/* The tree over one part's commitments, kept whole so that each path costs its
 * length only. */
struct mun_batch_tree {
    uint32_t count;
    struct mun_hash *levels[32]; /* roots of perfect subtrees of 2^i leaves */
};

/* Errors: MUN_ERR_MEMORY. Lifetime: the arena's. */
MUN_MUST_USE mun_err_t mun_batch_tree_make(struct mun_batch_tree *out,
                                           struct mun_arena *arena,
                                           const struct mun_hash *commitments,
                                           uint32_t count);
/* Shape: path holds MUN_MERKLE_PATH_MAX.
 * Errors: MUN_ERR_VALUE when index is not below count. */
MUN_MUST_USE mun_err_t mun_batch_tree_path(struct mun_hash *path,
                                           size_t *path_len,
                                           struct mun_batch_tree *tree,
                                           uint32_t index);

#endif
