#ifndef MUN_NODE_SUBMIT_H
#define MUN_NODE_SUBMIT_H

/* A submission from the HTTP thread to the mempool and back.
 *
 *   known? -> screen -> verify (workers, in parallel) -> offer -> wait
 *
 * Known: in the store, final; in the mempool, pending. Screening looks at the
 * committed state and refuses, before any signature is checked, what no entry
 * that waits could cure; an unknown key or party passes only when an entry
 * before it, in the mempool or in the same request, brings it. Everything else
 * is for the execution of the block to refuse. */

#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "node/http.h"
#include "node/ledger.h"
#include "node/mempool.h"
#include "node/metrics.h"
#include "node/peers.h"
#include "node/pool.h"

/* Shared by all submissions; the owner fills it in. */
struct mun_submit {
    struct mun_ledger *ledger;
    struct mun_mempool *mempool;
    struct mun_pool *pool;
    struct mun_metrics *metrics;
    struct mun_peers *peers; /* what becomes pending is passed on; NULL: not */
};

/* The three calls of a handler (node/http.h) for a request whose response is
 * MUN_RPC_SUBMIT. request->user is used. */
enum mun_http_next mun_submit_handle(const struct mun_submit *submit,
                                     struct mun_http_request *request);
void mun_submit_parked(struct mun_http_request *request);
enum mun_http_next mun_submit_resumed(struct mun_http_request *request);

#endif
