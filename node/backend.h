#ifndef MUN_NODE_BACKEND_H
#define MUN_NODE_BACKEND_H

#include <stdatomic.h>
#include <stdbool.h>

#include "ledger/core/genesis.h"
#include "ledger/store/store.h"
#include "node/http.h"
#include "node/ledger.h"
#include "node/mempool.h"
#include "node/metrics.h"
#include "node/pool.h"
#include "rpc/rpc.h"

#define MUN_SOFTWARE "munimentd " MUN_VERSION

/* What the API sees of the daemon (rpc/rpc.h), from the store and the ledger's
 * snapshot. What the store holds of a block before it was published is not
 * shown (L1). The owner fills in the first part. */
struct mun_backend {
    struct mun_store *store;
    struct mun_ledger *ledger;
    struct mun_mempool *mempool;
    struct mun_metrics *metrics;
    struct mun_pool *pool;
    struct mun_http *public_api; /* NULL until it listens */
    atomic_bool is_stopping;

    struct mun_rpc_backend rpc; /* made by mun_backend_init */
};

/* Lifetime: `chain` and `document` are borrowed for ever. */
void mun_backend_init(struct mun_backend *backend,
                      const struct mun_genesis_chain *chain,
                      const struct mun_genesis *document);

#endif
