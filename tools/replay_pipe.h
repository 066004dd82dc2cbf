#ifndef MUN_TOOLS_REPLAY_PIPE_H
#define MUN_TOOLS_REPLAY_PIPE_H

/* Blocks in order, with the signatures of their entries verified beforehand:
 * one thread fetches, one for each processor verifies, and the caller executes.
 * Verifying is nearly all of the work and needs no state, so all processors are
 * kept busy with it while the caller is at the batch before.
 *
 *   FREE -> fetched and split -> VERIFYING -> READY -> (caller) -> FREE
 *
 * Batches go round in a ring; a batch is handed out when it and all before it
 * are ready. */

#include "ledger/base/arena.h"
#include "ledger/core/block.h"
#include "ledger/core/entry.h"

struct mun_pipe_block {
    struct mun_block block;
    struct mun_bytes certificate; /* its own, encoded */
    uint32_t first;               /* of its entries in the batch */
};

/* A run of blocks. Of an entry with a refusal, `checked` is not filled. */
struct mun_pipe_batch {
    uint64_t from;
    uint32_t block_count;
    struct mun_pipe_block *blocks;
    uint32_t entry_count;
    struct mun_block_item *items;
    enum mun_refusal *refusals; /* of decoding and verifying */
    struct mun_entry_checked *checked;
    mun_err_t decode_err; /* of the block behind the last one */
    int exit_code;        /* of fetching; 0 when it went well */
};

/* Where blocks come from: bytes as of GET /v1/blocks?from=&limit=. Called from
 * one thread. Returns 0, or what the program is to exit with, after a message.
 */
struct mun_pipe_source {
    int (*fetch)(void *ctx, struct mun_bytes *out, struct mun_arena *arena,
                 uint64_t from, uint64_t limit);
    void *ctx;
};

struct mun_pipe;

/* Starts at height 1 and ends after `last`, which is at least 1.
 * Errors: MUN_ERR_MEMORY. */
MUN_MUST_USE mun_err_t mun_pipe_open(struct mun_pipe **out,
                                     struct mun_arena *arena,
                                     const struct mun_pipe_source *source,
                                     uint64_t last, unsigned workers);
/* Stops the threads. */
void mun_pipe_close(struct mun_pipe *pipe);

/* The next batch; gives back the one before. NULL behind the last.
 * Lifetime: until the next call. */
const struct mun_pipe_batch *mun_pipe_next(struct mun_pipe *pipe);

#endif
