#ifndef MUN_TOOLS_REPLAY_SEEN_H
#define MUN_TOOLS_REPLAY_SEEN_H

/* Ids of accepted entries whose valid_until has not passed, for replaying.
 * What has passed is dropped when the table is full, so it holds a window and
 * not the history. */

#include "ledger/core/exec.h"

struct mun_replay_seen_slot {
    struct mun_hash id; /* zero: free */
    uint64_t valid_until_ms;
};

struct mun_replay_seen {
    struct mun_replay_seen_slot *slots;
    uint64_t room; /* a power of two */
    uint64_t used;
    uint64_t factor; /* random: nobody can choose ids that collide */
};

/* Errors: MUN_ERR_MEMORY, MUN_ERR_RANDOM. */
MUN_MUST_USE mun_err_t mun_replay_seen_open(struct mun_replay_seen *seen);
void mun_replay_seen_close(struct mun_replay_seen *seen);

/* Adds an id that is not there. `now_ms` is the block's time: ids that ended
 * before it may be dropped.
 * Errors: MUN_ERR_MEMORY. */
MUN_MUST_USE mun_err_t mun_replay_seen_add(struct mun_replay_seen *seen,
                                           const struct mun_hash *id,
                                           uint64_t valid_until_ms,
                                           uint64_t now_ms);

/* As the rules ask for it. */
struct mun_seen mun_replay_seen_view(const struct mun_replay_seen *seen);

#endif
