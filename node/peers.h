#ifndef MUN_NODE_PEERS_H
#define MUN_NODE_PEERS_H

/* Our side of the connections to other nodes; only peers.c names libcurl.
 *
 *   ledger thread --messages--> [queue of each peer] --POST /peer/messages--> peer
 *   submissions ----entries---> [queue of each peer] --POST /peer/entries--> peer
 *   ledger thread --want------> GET /peer/values/ID, /v1/blocks --> inbox
 *
 * One thread. For each peer three kept-alive connections, one for each kind of
 * request, each with one request in flight: what comes meanwhile goes with the
 * next one. Queues are bounded, and drop the oldest: members send again. A peer
 * that does not answer is left alone for a while, from a quarter of a second
 * doubled up to five. Correctness never rests on who answers: all that comes is
 * verified. */

#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "node/blob.h"
#include "node/config.h"
#include "node/inbox.h"
#include "node/metrics.h"

struct mun_peers;

struct mun_peers_config {
    const struct mun_config *node; /* borrowed: its peers */
    struct mun_inbox *inbox;
    struct mun_metrics *metrics;
};

/* Lifetime: the arena's; ended by mun_peers_stop.
 * Errors: MUN_ERR_LIMIT (arena), MUN_ERR_MEMORY, MUN_ERR_NETWORK (libcurl). */
MUN_MUST_USE mun_err_t mun_peers_start(struct mun_peers **out,
                                       struct mun_arena *arena,
                                       const struct mun_peers_config *config);
/* NULL is fine. */
void mun_peers_stop(struct mun_peers *peers);

/* To every peer; each holds the blob. `peers` NULL: there are none. `entries` is
 * a request of `count`; a request to a peer has no more than one may have. */
void mun_peers_send(struct mun_peers *peers, struct mun_blob *message);
void mun_peers_entries(struct mun_peers *peers, struct mun_blob *entries,
                       uint32_t count);

/* Asks one peer after another for the value until one gives it, or until the
 * next call of mun_peers_forget. One that takes its time is not waited for.
 * What reaches the inbox has this id and is whole (mun_block_is_whole). */
void mun_peers_want_value(struct mun_peers *peers, const struct mun_hash *id);
/* Asks `peer` for blocks from this height on, unless that is under way. */
void mun_peers_want_blocks(struct mun_peers *peers, uint32_t peer,
                           uint64_t from);
/* Asks every peer for its signed height (R35). */
void mun_peers_want_status(struct mun_peers *peers,
                           const struct mun_hash *nonce);
/* Values that were wanted are wanted no more. */
void mun_peers_forget(struct mun_peers *peers);

/* What came from this peer was wrong: nothing is asked of it for a minute. */
void mun_peers_blame(struct mun_peers *peers, uint32_t peer);

#endif
