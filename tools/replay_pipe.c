#include "tools/replay_pipe.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"

#define RING 3
#define WORKERS_MAX 256
/* Entries that a worker takes at once: a millisecond of work. */
#define CHUNK 32
/* Bytes of blocks to ask for at once: enough work for all, and what is made
 * of them stays below 30 MiB. */
#define WANTED_BYTES (1u << 20)
#define LIMIT_FIRST 4
#define LIMIT_MAX 1000
/* Reserved for one batch, used as needed: an answer of 16 MiB, as of the API,
 * and 3.7 KiB for each of the hundred thousand entries that fit in it. */
#define ARENA_BYTES (1ull << 30)

enum stage { FREE, VERIFYING, READY };

struct slot {
    struct mun_arena arena;
    struct mun_pipe_batch batch;
    enum stage stage;
    uint32_t taken; /* entries that a worker has or had */
    uint32_t done;
};

/* Everything below `lock`; what is inside a batch belongs to the fetcher while
 * FREE, to workers (each its chunk) while VERIFYING, to the caller when READY.
 */
struct mun_pipe {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct mun_pipe_source source;
    struct slot slots[RING];
    uint64_t last;
    unsigned read_at; /* batches that the caller has had */
    bool is_holding;  /* the caller has one now */
    bool is_stopped;
    bool is_all_fetched;
    unsigned fetched; /* batches */
    unsigned worker_count;
    unsigned started; /* threads: the fetcher first */
    pthread_t threads[WORKERS_MAX + 1];
};

/* Splitting */

/* How many blocks and entries the answer holds; entries are counted of blocks
 * that decode. */
static mun_err_t
count_all(struct mun_pipe_batch *batch, struct mun_bytes bytes)
{
    struct mun_block block;
    struct mun_rd rd;

    mun_rd_init(&rd, bytes);
    while (rd.left > 0 && batch->block_count < LIMIT_MAX) {
        struct mun_bytes run = mun_rd_run32(&rd, UINT32_MAX);
        (void)mun_rd_run32(&rd, UINT32_MAX); /* the certificate */
        MUN_TRY(mun_rd_status(&rd));
        batch->decode_err = mun_block_decode(&block, run);
        if (!mun_is_ok(batch->decode_err))
            return MUN_SUCCESS;
        batch->block_count++;
        batch->entry_count += block.entry_count;
    }
    return mun_rd_finish(&rd);
}

static mun_err_t
split(struct slot *slot, struct mun_bytes bytes)
{
    struct mun_pipe_batch *batch = &slot->batch;
    struct mun_arena *arena = &slot->arena;
    struct mun_rd rd;
    uint32_t used = 0;

    MUN_TRY(count_all(batch, bytes));
    uint32_t count = batch->entry_count;
    batch->blocks =
        mun_arena_array(arena, batch->block_count, sizeof *batch->blocks);
    batch->items = mun_arena_array(arena, count, sizeof *batch->items);
    batch->refusals = mun_arena_array(arena, count, sizeof *batch->refusals);
    batch->checked = mun_arena_array(arena, count, sizeof *batch->checked);
    if (batch->blocks == NULL || batch->items == NULL ||
        batch->refusals == NULL || batch->checked == NULL)
        return mun_err(MUN_ERR_MEMORY);
    mun_rd_init(&rd, bytes);
    for (uint32_t i = 0; i < batch->block_count; i++) {
        struct mun_pipe_block *block = &batch->blocks[i];
        struct mun_block_item item;
        size_t at = 0;
        struct mun_bytes run = mun_rd_run32(&rd, UINT32_MAX);
        MUN_CHECK(mun_is_ok(mun_block_decode(&block->block, run)));
        block->certificate = mun_rd_run32(&rd, UINT32_MAX);
        block->first = used;
        while (mun_block_next(&block->block, &at, &item))
            batch->items[used++] = item;
        MUN_CHECK(used == block->first + block->block.entry_count);
    }
    return MUN_SUCCESS;
}

/* Fetching */

static void
stop(struct mun_pipe *pipe)
{
    (void)pthread_mutex_lock(&pipe->lock);
    pipe->is_stopped = true;
    (void)pthread_cond_broadcast(&pipe->changed);
    (void)pthread_mutex_unlock(&pipe->lock);
}

/* The next slot when it is free; NULL when all is to end. */
static struct slot *
wait_free(struct mun_pipe *pipe, unsigned index)
{
    struct slot *slot = &pipe->slots[index % RING];

    (void)pthread_mutex_lock(&pipe->lock);
    while (!pipe->is_stopped && slot->stage != FREE)
        (void)pthread_cond_wait(&pipe->changed, &pipe->lock);
    bool is_stopped = pipe->is_stopped;
    (void)pthread_mutex_unlock(&pipe->lock);
    return is_stopped ? NULL : slot;
}

static void
hand_over(struct mun_pipe *pipe, struct slot *slot, bool is_last)
{
    (void)pthread_mutex_lock(&pipe->lock);
    slot->taken = 0;
    slot->done = 0;
    slot->stage = slot->batch.entry_count == 0 ? READY : VERIFYING;
    pipe->fetched++;
    pipe->is_all_fetched = is_last;
    (void)pthread_cond_broadcast(&pipe->changed);
    (void)pthread_mutex_unlock(&pipe->lock);
}

static void
fetch_batch(struct mun_pipe *pipe, struct slot *slot, uint64_t from,
            uint64_t *limit)
{
    struct mun_pipe_batch *batch = &slot->batch;
    struct mun_bytes bytes = MUN_BYTES_NONE;
    uint64_t count = pipe->last - from + 1;

    *batch = (struct mun_pipe_batch){ .from = from };
    mun_arena_reset(&slot->arena, 0);
    if (count > *limit)
        count = *limit;
    batch->exit_code =
        pipe->source.fetch(pipe->source.ctx, &bytes, &slot->arena, from, count);
    if (batch->exit_code != 0)
        return;
    mun_err_t err = split(slot, bytes);
    if (!mun_is_ok(err) || batch->block_count > count ||
        (batch->block_count == 0 && mun_is_ok(batch->decode_err))) {
        *batch = (struct mun_pipe_batch){ .from = from, .exit_code = -1 };
        return;
    }
    if (bytes.len / 2 > WANTED_BYTES && *limit > 1)
        *limit /= 2;
    else if (bytes.len < WANTED_BYTES / 2 && *limit <= LIMIT_MAX / 2)
        *limit *= 2;
}

static void *
run_fetcher(void *ctx)
{
    struct mun_pipe *pipe = ctx;
    uint64_t limit = LIMIT_FIRST;
    uint64_t from = 1;
    bool is_last = false;

    for (unsigned i = 0; !is_last; i++) {
        struct slot *slot = wait_free(pipe, i);
        if (slot == NULL)
            break;
        fetch_batch(pipe, slot, from, &limit);
        from += slot->batch.block_count;
        is_last = from > pipe->last || slot->batch.exit_code != 0 ||
                  !mun_is_ok(slot->batch.decode_err);
        hand_over(pipe, slot, is_last);
    }
    return NULL;
}

/* Verifying */

static void
verify(struct mun_key_memo *memo, struct mun_pipe_batch *batch, uint32_t at)
{
    const struct mun_block_item *item = &batch->items[at];
    struct mun_entry entry;

    batch->refusals[at] = mun_entry_decode(&entry, item->entry);
    if (batch->refusals[at] == MUN_REFUSAL_NONE)
        batch->refusals[at] = mun_entry_verify_memo(
            memo, &batch->checked[at], &entry, item->leaves, item->leaf_count);
}

/* The oldest slot with work left. */
static struct slot *
find_work(struct mun_pipe *pipe)
{
    for (unsigned i = 0; i < RING; i++) {
        struct slot *slot = &pipe->slots[(pipe->read_at + i) % RING];
        if (slot->stage == VERIFYING && slot->taken < slot->batch.entry_count)
            return slot;
    }
    return NULL;
}

/* Waits for work and takes a chunk of it; false when all is to end. */
static bool
take_chunk(struct mun_pipe *pipe, struct slot **slot, uint32_t *first,
           uint32_t *count)
{
    (void)pthread_mutex_lock(&pipe->lock);
    while (!pipe->is_stopped && (*slot = find_work(pipe)) == NULL)
        (void)pthread_cond_wait(&pipe->changed, &pipe->lock);
    bool is_stopped = pipe->is_stopped;
    if (!is_stopped) {
        *first = (*slot)->taken;
        *count = (*slot)->batch.entry_count - *first;
        if (*count > CHUNK)
            *count = CHUNK;
        (*slot)->taken += *count;
    }
    (void)pthread_mutex_unlock(&pipe->lock);
    return !is_stopped;
}

static void *
run_worker(void *ctx)
{
    struct mun_pipe *pipe = ctx;
    struct slot *slot = NULL;
    uint32_t first = 0;
    uint32_t count = 0;
    struct mun_key_memo memo;

    memset(&memo, 0, sizeof memo);
    while (take_chunk(pipe, &slot, &first, &count)) {
        for (uint32_t i = 0; i < count; i++)
            verify(&memo, &slot->batch, first + i);
        (void)pthread_mutex_lock(&pipe->lock);
        slot->done += count;
        if (slot->done == slot->batch.entry_count) {
            slot->stage = READY;
            (void)pthread_cond_broadcast(&pipe->changed);
        }
        (void)pthread_mutex_unlock(&pipe->lock);
    }
    return NULL;
}

/* The caller's side */

static mun_err_t
start(struct mun_pipe *pipe)
{
    for (unsigned i = 0; i < RING; i++)
        MUN_TRY(mun_arena_open(&pipe->slots[i].arena, ARENA_BYTES));
    for (unsigned i = 0; i <= pipe->worker_count; i++) {
        if (pthread_create(&pipe->threads[i], NULL,
                           i == 0 ? run_fetcher : run_worker, pipe) != 0)
            return mun_err(MUN_ERR_MEMORY);
        pipe->started++;
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_pipe_open(struct mun_pipe **out, struct mun_arena *arena,
              const struct mun_pipe_source *source, uint64_t last,
              unsigned workers)
{
    MUN_CHECK(last >= 1);
    *out = NULL;
    struct mun_pipe *pipe = mun_arena_alloc(arena, sizeof *pipe);
    if (pipe == NULL || pthread_mutex_init(&pipe->lock, NULL) != 0)
        return mun_err(MUN_ERR_MEMORY);
    if (pthread_cond_init(&pipe->changed, NULL) != 0) {
        (void)pthread_mutex_destroy(&pipe->lock);
        return mun_err(MUN_ERR_MEMORY);
    }
    pipe->source = *source;
    pipe->last = last;
    pipe->worker_count = workers < 1             ? 1
                         : workers > WORKERS_MAX ? WORKERS_MAX
                                                 : workers;
    mun_err_t err = start(pipe);
    if (mun_is_ok(err))
        *out = pipe;
    else
        mun_pipe_close(pipe);
    return err;
}

void
mun_pipe_close(struct mun_pipe *pipe)
{
    if (pipe == NULL)
        return;
    stop(pipe);
    for (unsigned i = 0; i < pipe->started; i++)
        (void)pthread_join(pipe->threads[i], NULL);
    for (unsigned i = 0; i < RING; i++)
        mun_arena_close(&pipe->slots[i].arena);
    (void)pthread_cond_destroy(&pipe->changed);
    (void)pthread_mutex_destroy(&pipe->lock);
}

const struct mun_pipe_batch *
mun_pipe_next(struct mun_pipe *pipe)
{
    const struct mun_pipe_batch *out = NULL;

    (void)pthread_mutex_lock(&pipe->lock);
    if (pipe->is_holding) {
        pipe->slots[pipe->read_at % RING].stage = FREE;
        pipe->read_at++;
        pipe->is_holding = false;
        (void)pthread_cond_broadcast(&pipe->changed);
    }
    struct slot *slot = &pipe->slots[pipe->read_at % RING];
    while (slot->stage != READY &&
           !(pipe->is_all_fetched && pipe->read_at == pipe->fetched))
        (void)pthread_cond_wait(&pipe->changed, &pipe->lock);
    if (slot->stage == READY) {
        pipe->is_holding = true;
        out = &slot->batch;
    }
    (void)pthread_mutex_unlock(&pipe->lock);
    return out;
}
