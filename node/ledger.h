#ifndef MUN_NODE_LEDGER_H
#define MUN_NODE_LEDGER_H

/* The one thread that writes, and what readers see.
 *
 *   mempool --take--> execute --header--> agree --certificate--> store
 *                        |                                         |
 *                     refused                               lock, commit, swap
 *                        |                                         |
 *                        +-----------------> settle <--------------+
 *
 * What arrives while a block is written makes the next one: under load blocks
 * grow, and a lone entry waits for nothing.
 *
 * L1 Nothing of a block is seen by readers or clients before the store and the
 *    high-water file hold it.
 * L2 Readers hold the shared lock while they look at state or head; the thread
 *    takes it alone to commit the overlay and swap the head.
 * L3 After a failure of the store nothing is answered as final. */

#include <stdbool.h>
#include <stdint.h>

#include "consensus/status.h"
#include "consensus/step.h"
#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/core/member.h"
#include "ledger/core/state.h"
#include "ledger/store/store.h"
#include "node/inbox.h"
#include "node/mempool.h"
#include "node/metrics.h"
#include "node/peers.h"
#include "node/values.h"
#include "rpc/rpc.h"

struct mun_ledger;

/* The consensus record of a key that has never voted: one byte, where others
 * have their version. */
#define MUN_LEDGER_NEW_KEY 0

/* All is borrowed until mun_ledger_close. */
struct mun_ledger_config {
    struct mun_store *store;
    struct mun_state *state;
    const struct mun_store_head *head;
    const struct mun_members *members;
    const struct mun_signer *signer; /* NULL: follows only */
    struct mun_mempool *mempool;
    struct mun_inbox *inbox;
    struct mun_values *values;
    struct mun_peers *peers; /* NULL: none */
    struct mun_metrics *metrics;
    uint64_t freshness_ms;
    void (*on_failure)(void *ctx); /* on the ledger's thread; stop the node */
    void *ctx;
};

/* Reads the consensus record and starts the height; no thread yet.
 * Errors: MUN_ERR_CONFIG (the key is no member's), MUN_ERR_BEHIND,
 * MUN_ERR_CORRUPT, those of the store, MUN_ERR_LIMIT, MUN_ERR_MEMORY. Each is
 * logged. */
MUN_MUST_USE mun_err_t mun_ledger_open(struct mun_ledger **out,
                                       struct mun_arena *arena,
                                       const struct mun_ledger_config *config);
MUN_MUST_USE mun_err_t mun_ledger_start(struct mun_ledger *ledger);

/* Stops taking, writes what was taken (for a while), answers who waits, joins.
 * NULL is fine. */
void mun_ledger_stop(struct mun_ledger *ledger);
void mun_ledger_close(struct mun_ledger *ledger);

/* Our signed height for who asks with `nonce`; false when this node does not
 * vote. Any thread. */
bool mun_ledger_status(struct mun_ledger *ledger, struct mun_con_status *out,
                       const struct mun_hash *nonce);

/* Whether this node votes: its key is a member's, and its votes are known. */
bool mun_ledger_may_write(const struct mun_ledger *ledger);
bool mun_ledger_has_failed(const struct mun_ledger *ledger);

/* What readers see from begin to end: keep it short. */
void mun_ledger_read_begin(struct mun_ledger *ledger,
                           struct mun_rpc_snapshot *out);
void mun_ledger_read_end(struct mun_ledger *ledger);

/* The newest height and log size that may be shown. */
uint64_t mun_ledger_height(struct mun_ledger *ledger);
uint64_t mun_ledger_log_size(struct mun_ledger *ledger);

/* mun_store_find_entry as far as it may be shown. */
MUN_MUST_USE mun_err_t mun_ledger_find(struct mun_ledger *ledger,
                                       const struct mun_hash *id,
                                       struct mun_place *out);

#endif
