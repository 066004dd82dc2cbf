#ifndef MUN_NODE_POOL_H
#define MUN_NODE_POOL_H

/* Worker threads and a bounded queue of jobs: signature checks. A job is a
 * struct of the caller's with a struct mun_job in it; nothing is allocated for
 * it. */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/err.h"

struct mun_pool;

/* The caller sets `run`; the rest is the pool's. After `run` was called the
 * pool does not touch the job again. */
struct mun_job {
    void (*run)(struct mun_job *job);
    struct mun_job *prev;
    struct mun_job *next;
    bool is_queued;
};

/* Starts `threads` workers.
 * Lifetime: the arena's; ended by mun_pool_stop.
 * Errors: MUN_ERR_LIMIT (arena), MUN_ERR_MEMORY (threads). */
MUN_MUST_USE mun_err_t mun_pool_start(struct mun_pool **out,
                                      struct mun_arena *arena, uint32_t threads,
                                      uint32_t queue_max);

/* Runs what is queued to its end and joins the workers; afterwards nothing can
 * be added. NULL is fine. */
void mun_pool_stop(struct mun_pool *pool);

/* Errors: MUN_ERR_BUSY (the queue is full, or the pool has been stopped). */
MUN_MUST_USE mun_err_t mun_pool_add(struct mun_pool *pool, struct mun_job *job);

/* Takes a job back that no worker has begun. */
bool mun_pool_cancel(struct mun_pool *pool, struct mun_job *job);

uint32_t mun_pool_queued(struct mun_pool *pool);
uint32_t mun_pool_threads(const struct mun_pool *pool);

#endif
