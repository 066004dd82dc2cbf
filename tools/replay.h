#ifndef MUN_TOOLS_REPLAY_H
#define MUN_TOOLS_REPLAY_H

/* Replaying a ledger from its genesis: every signature, rule, certificate and
 * root, by the code that members run. */

#include "ledger/core/exec.h"
#include "ledger/core/genesis.h"
#include "tools/replay_pipe.h"
#include "tools/replay_seen.h"

/* In the order of MUN_KIND_TABLE. */
enum mun_replay_kind {
#define X(name, code, window, text) MUN_REPLAY_##name,
    MUN_KIND_TABLE(X)
#undef X
        MUN_REPLAY_KIND_COUNT
};

struct mun_replay_counts {
    uint64_t blocks;
    uint64_t entries;
    uint64_t kinds[MUN_REPLAY_KIND_COUNT];
    uint64_t signatures; /* of entries */
    uint64_t votes;      /* signatures in certificates */
    uint64_t credentials;
    uint64_t changes; /* of status */
};

/* Lifetime: static. */
const char *mun_replay_kind_text(enum mun_replay_kind kind);

struct mun_replay_violation {
    uint64_t height;
    bool has_entry;
    uint32_t position; /* of the entry in its block, from 0 */
    struct mun_hash entry;
    char rule[160];
};

struct mun_replay {
    struct mun_state *state;
    struct mun_arena scratch; /* one block */
    void *memory;             /* the state */
    size_t memory_size;
    struct mun_genesis *genesis;
    struct mun_genesis_chain *chain;
    struct mun_replay_seen seen;
    struct mun_frontier log;
    struct mun_header header; /* of the newest block */
    struct mun_hash header_id;
    struct mun_exec *exec;
    struct mun_replay_counts counts;
    struct mun_replay_violation violation; /* rule "" when there is none */
};

/* Starts at height 0.
 * Errors: those of mun_genesis_decode, MUN_ERR_MEMORY, MUN_ERR_RANDOM.
 * Lifetime: `bytes` and `arena` must outlive *replay. */
MUN_MUST_USE mun_err_t mun_replay_open(struct mun_replay *replay,
                                       struct mun_arena *arena,
                                       struct mun_bytes genesis);
void mun_replay_close(struct mun_replay *replay);

/* Executes a batch. `last` is the height whose own certificate is checked too.
 * Errors: MUN_ERR_REFUSED (a violation, which is filled in), MUN_ERR_LIMIT
 * (this machine's memory). */
MUN_MUST_USE mun_err_t mun_replay_batch(struct mun_replay *replay,
                                        const struct mun_pipe_batch *batch,
                                        uint64_t last);

#endif
