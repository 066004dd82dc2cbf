#include "node/pool.h"

#include <pthread.h>
#include <stddef.h>

#include "ledger/base/check.h"

struct mun_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct mun_job *first;
    struct mun_job *last;
    uint32_t queued;
    uint32_t queue_max;
    bool is_stopping;
    uint32_t thread_count;
    pthread_t *threads;
};

static void
unlink_job(struct mun_pool *pool, struct mun_job *job)
{
    MUN_CHECK(job->is_queued);
    if (job->prev == NULL)
        pool->first = job->next;
    else
        job->prev->next = job->next;
    if (job->next == NULL)
        pool->last = job->prev;
    else
        job->next->prev = job->prev;
    job->is_queued = false;
    pool->queued--;
}

static void *
work(void *arg)
{
    struct mun_pool *pool = arg;

    MUN_CHECK(pthread_mutex_lock(&pool->lock) == 0);
    for (;;) {
        struct mun_job *job = pool->first;

        if (job == NULL && pool->is_stopping)
            break;
        if (job == NULL) {
            MUN_CHECK(pthread_cond_wait(&pool->wake, &pool->lock) == 0);
            continue;
        }
        unlink_job(pool, job);
        MUN_CHECK(pthread_mutex_unlock(&pool->lock) == 0);
        job->run(job);
        MUN_CHECK(pthread_mutex_lock(&pool->lock) == 0);
    }
    MUN_CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return NULL;
}

mun_err_t
mun_pool_start(struct mun_pool **out, struct mun_arena *arena, uint32_t threads,
               uint32_t queue_max)
{
    struct mun_pool *pool = mun_arena_alloc(arena, sizeof *pool);

    *out = NULL;
    if (pool == NULL)
        return mun_err(MUN_ERR_LIMIT);
    pool->threads = mun_arena_array(arena, threads, sizeof *pool->threads);
    if (pool->threads == NULL)
        return mun_err(MUN_ERR_LIMIT);
    pool->queue_max = queue_max;
    MUN_CHECK(pthread_mutex_init(&pool->lock, NULL) == 0);
    MUN_CHECK(pthread_cond_init(&pool->wake, NULL) == 0);
    for (uint32_t i = 0; i < threads; i++) {
        if (pthread_create(&pool->threads[i], NULL, work, pool) != 0) {
            mun_pool_stop(pool);
            return mun_err(MUN_ERR_MEMORY);
        }
        pool->thread_count++;
    }
    *out = pool;
    return MUN_SUCCESS;
}

void
mun_pool_stop(struct mun_pool *pool)
{
    if (pool == NULL)
        return;
    MUN_CHECK(pthread_mutex_lock(&pool->lock) == 0);
    pool->is_stopping = true;
    MUN_CHECK(pthread_cond_broadcast(&pool->wake) == 0);
    MUN_CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    for (uint32_t i = 0; i < pool->thread_count; i++)
        MUN_CHECK(pthread_join(pool->threads[i], NULL) == 0);
    pool->thread_count = 0;
}

mun_err_t
mun_pool_add(struct mun_pool *pool, struct mun_job *job)
{
    mun_err_t err = mun_err(MUN_ERR_BUSY);

    MUN_CHECK(job->run != NULL);
    MUN_CHECK(pthread_mutex_lock(&pool->lock) == 0);
    if (!pool->is_stopping && pool->queued < pool->queue_max) {
        job->prev = pool->last;
        job->next = NULL;
        if (pool->last == NULL)
            pool->first = job;
        else
            pool->last->next = job;
        pool->last = job;
        job->is_queued = true;
        pool->queued++;
        err = MUN_SUCCESS;
        MUN_CHECK(pthread_cond_signal(&pool->wake) == 0);
    }
    MUN_CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return err;
}

bool
mun_pool_cancel(struct mun_pool *pool, struct mun_job *job)
{
    bool was_queued;

    MUN_CHECK(pthread_mutex_lock(&pool->lock) == 0);
    was_queued = job->is_queued;
    if (was_queued)
        unlink_job(pool, job);
    MUN_CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return was_queued;
}

uint32_t
mun_pool_queued(struct mun_pool *pool)
{
    uint32_t queued;

    MUN_CHECK(pthread_mutex_lock(&pool->lock) == 0);
    queued = pool->queued;
    MUN_CHECK(pthread_mutex_unlock(&pool->lock) == 0);
    return queued;
}

uint32_t
mun_pool_threads(const struct mun_pool *pool)
{
    return pool->thread_count;
}
