#include "node/ledger.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "ledger/base/wr.h"
#include "node/clock.h"
#include "node/ledger_int.h"

/* At the end, entries that were taken are written for so long. */
#define DRAIN_MS_MAX 10000

/* A block's entries while they are judged, and what executing it takes. */
#define SCRATCH_BYTES                                                          \
    (2ull * MUN_EXEC_ARENA_BYTES +                                             \
     MUN_BLOCK_ENTRIES_MAX * sizeof(struct mun_entry_checked))

/* Reading */

void
mun_ledger_read_begin(struct mun_ledger *ledger, struct mun_rpc_snapshot *out)
{
    MUN_CHECK(pthread_rwlock_rdlock(&ledger->lock) == 0);
    out->header = &ledger->header;
    out->header_id = &ledger->header_id;
    out->certificate = &ledger->certificate;
    out->members = ledger->config.members;
    out->state = ledger->config.state;
    out->view = mun_state_view(ledger->config.state);
}

void
mun_ledger_read_end(struct mun_ledger *ledger)
{
    MUN_CHECK(pthread_rwlock_unlock(&ledger->lock) == 0);
}

uint64_t
mun_ledger_height(struct mun_ledger *ledger)
{
    return atomic_load(&ledger->height);
}

uint64_t
mun_ledger_log_size(struct mun_ledger *ledger)
{
    return atomic_load(&ledger->log_size);
}

mun_err_t
mun_ledger_find(struct mun_ledger *ledger, const struct mun_hash *id,
                struct mun_place *out)
{
    MUN_TRY(mun_store_find_entry(ledger->config.store, id, out));
    if (out->height <= mun_ledger_height(ledger))
        return MUN_SUCCESS;
    memset(out, 0, sizeof *out);
    return mun_err(MUN_ERR_NOT_FOUND);
}

bool
mun_ledger_may_write(const struct mun_ledger *ledger)
{
    return atomic_load(&ledger->is_voting);
}

bool
mun_ledger_status(struct mun_ledger *ledger, struct mun_con_status *out,
                  const struct mun_hash *nonce)
{
    struct mun_hash digest;

    if (!mun_ledger_may_write(ledger))
        return false;
    *out = (struct mun_con_status){ .height = mun_ledger_height(ledger),
                                    .member = ledger->member };
    mun_con_status_digest(&digest, &ledger->config.head->header.chain_id, nonce,
                          out->height);
    mun_signer_sign(ledger->config.signer, &out->sig, &digest);
    return true;
}

bool
mun_ledger_has_failed(const struct mun_ledger *ledger)
{
    return atomic_load(&ledger->has_failed);
}

/* The thread */

static void
fail(struct mun_ledger *ledger, mun_err_t err)
{
    mun_log(err.code >= 500 ? MUN_LOG_BROKEN : MUN_LOG_UNUSUAL,
            "ledger stopped height=%" PRIu64 " error=%s text=\"%s\"",
            ledger->header.height, mun_err_name(err), mun_err_text(err));
    atomic_store(&ledger->has_failed, true);
    mun_mempool_stop(ledger->config.mempool);
    mun_mempool_release(ledger->config.mempool, MUN_RPC_BUSY);
    ledger->config.on_failure(ledger->config.ctx);
}

/* Alone, what was taken is written. With others, entries that wait here wait
 * there too. */
static mun_err_t
drain(struct mun_ledger *ledger)
{
    uint64_t until_ms = mun_clock_monotonic_ms() + DRAIN_MS_MAX;

    while (mun_con_may_defer_sync(&ledger->con) && ledger->queue.count > 0 &&
           mun_clock_monotonic_ms() < until_ms)
        MUN_TRY(mun_ledger_work(ledger));
    mun_ledger_drop(ledger);
    if (ledger->queue.count > 0)
        mun_log(MUN_LOG_UNUSUAL, "ledger dropped entries=%u reason=stopping",
                (unsigned)ledger->queue.count);
    mun_mempool_release(ledger->config.mempool, MUN_RPC_PENDING);
    return MUN_SUCCESS;
}

static mun_err_t
loop(struct mun_ledger *ledger)
{
    while (mun_mempool_take(ledger->config.mempool, &ledger->queue,
                            mun_ledger_deadline_ms(ledger))) {
        MUN_TRY(mun_ledger_inbox(ledger));
        mun_ledger_recover(ledger);
        MUN_TRY(mun_ledger_timers(ledger));
        MUN_TRY(mun_ledger_work(ledger));
    }
    return drain(ledger);
}

static void *
run(void *arg)
{
    struct mun_ledger *ledger = arg;
    mun_err_t err = loop(ledger);

    if (!mun_is_ok(err))
        fail(ledger, err);
    return NULL;
}

/* Start and stop */

/* Which member this node is, or an observer. */
static mun_err_t
find_self(struct mun_ledger *ledger)
{
    const struct mun_members *members = ledger->config.members;
    const struct mun_signer *signer = ledger->config.signer;

    ledger->own_index = MUN_CON_OBSERVER;
    if (signer == NULL) {
        mun_log(MUN_LOG_UNUSUAL, "ledger follows reason=no_key");
        return MUN_SUCCESS;
    }
    for (uint32_t i = 0; i < members->count; i++) {
        if (mun_key_eq(&members->at[i].key, &signer->key))
            ledger->own_index = i;
    }
    ledger->member = ledger->own_index;
    if (ledger->own_index == MUN_CON_OBSERVER) {
        mun_log(MUN_LOG_UNUSUAL,
                "ledger key_refused reason=\"key_file holds no member's "
                "validating key\"");
        return mun_err(MUN_ERR_CONFIG);
    }
    return MUN_SUCCESS;
}

static mun_err_t
load_record(struct mun_ledger *ledger)
{
    struct mun_bytes bytes;
    mun_err_t err =
        mun_store_consensus(ledger->config.store, &ledger->scratch, &bytes);

    if (err.code == MUN_ERR_NOT_FOUND || (mun_is_ok(err) && bytes.len == 0))
        return MUN_SUCCESS;
    if (mun_is_ok(err) && bytes.len == 1 &&
        bytes.data[0] == MUN_LEDGER_NEW_KEY) {
        ledger->is_new_key = true;
        return MUN_SUCCESS;
    }
    if (mun_is_ok(err))
        err = mun_con_record_decode(&ledger->record, bytes);
    if (!mun_is_ok(err)) {
        mun_log(MUN_LOG_BROKEN, "ledger record_damaged error=%s",
                mun_err_name(err));
        return mun_err(MUN_ERR_CORRUPT);
    }
    ledger->has_record = true;
    return MUN_SUCCESS;
}

/* A value of this height that the record speaks of. */
static mun_err_t
take_kept(void *ctx, const struct mun_hash *id, struct mun_bytes bytes)
{
    struct mun_ledger *ledger = ctx;
    struct mun_blob *blob = mun_blob_new(bytes);
    bool is_taken =
        blob != NULL && mun_values_put(ledger->config.values, id,
                                       ledger->header.height + 1, blob);

    mun_blob_drop(blob);
    return is_taken ? MUN_SUCCESS : mun_err(MUN_ERR_MEMORY);
}

static mun_err_t
open_lock(struct mun_ledger *ledger)
{
    pthread_rwlockattr_t attr;

    MUN_CHECK(pthread_rwlockattr_init(&attr) == 0);
    /* Readers that come and go must not keep the ledger waiting. */
    MUN_CHECK(pthread_rwlockattr_setkind_np(
                  &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) == 0);
    MUN_CHECK(pthread_rwlock_init(&ledger->lock, &attr) == 0);
    MUN_CHECK(pthread_rwlockattr_destroy(&attr) == 0);
    return MUN_SUCCESS;
}

/* A number that nobody has asked with before, for R35. */
static mun_err_t
begin_recovery(struct mun_ledger *ledger)
{
    ledger->is_recovering = true;
    mun_con_recovery_init(&ledger->recovery, ledger->config.members->count,
                          ledger->member);
    if (getrandom(ledger->nonce.b, sizeof ledger->nonce.b, 0) !=
        (ssize_t)sizeof ledger->nonce.b)
        return mun_err(MUN_ERR_RANDOM);
    return MUN_SUCCESS;
}

static mun_err_t
set_up(struct mun_ledger *ledger)
{
    struct mun_con_config config;
    mun_err_t err;

    MUN_TRY(open_lock(ledger));
    MUN_TRY(mun_arena_open(&ledger->scratch, SCRATCH_BYTES));
    MUN_TRY(
        mun_arena_open(&ledger->block_memory, MUN_LEDGER_BLOCK_BYTES + 4096));
    ledger->block =
        mun_arena_alloc(&ledger->block_memory, MUN_LEDGER_BLOCK_BYTES);
    if (ledger->block == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(find_self(ledger));
    MUN_TRY(load_record(ledger));
    if (ledger->own_index != MUN_CON_OBSERVER && !ledger->has_record &&
        !ledger->is_new_key && ledger->config.members->count > 1) {
        ledger->own_index = MUN_CON_OBSERVER;
        mun_log(MUN_LOG_UNUSUAL,
                "ledger follows reason=\"the record of our votes is missing; "
                "the first start of a key is --create-database\"");
        MUN_TRY(begin_recovery(ledger));
    }
    atomic_store(&ledger->is_voting, ledger->own_index != MUN_CON_OBSERVER);
    MUN_TRY(mun_store_kept_values(ledger->config.store, take_kept, ledger));
    MUN_TRY(mun_ledger_load_history(ledger));
    mun_con_config_default(&config, &ledger->header.chain_id);
    MUN_TRY(mun_con_init(&ledger->con, &config));
    err = mun_ledger_begin_height(ledger);
    if (!mun_is_ok(err))
        mun_log(MUN_LOG_BROKEN, "ledger height_refused error=%s text=\"%s\"",
                mun_err_name(err), mun_err_text(err));
    return err;
}

mun_err_t
mun_ledger_open(struct mun_ledger **out, struct mun_arena *arena,
                const struct mun_ledger_config *config)
{
    struct mun_ledger *ledger = mun_arena_alloc(arena, sizeof *ledger);
    mun_err_t err;

    *out = NULL;
    if (ledger == NULL)
        return mun_err(MUN_ERR_LIMIT);
    ledger->config = *config;
    ledger->seen = (struct mun_ledger_seen){ config->store, &ledger->seen_err };
    ledger->header = config->head->header;
    ledger->header_id = config->head->header_id;
    ledger->certificate = config->head->certificate;
    ledger->log = config->head->log;
    atomic_store(&ledger->height, ledger->header.height);
    atomic_store(&ledger->log_size, ledger->header.log_size);
    err = set_up(ledger);
    if (!mun_is_ok(err)) {
        mun_ledger_close(ledger);
        return err;
    }
    atomic_store(&config->metrics->height, ledger->header.height);
    atomic_store(&config->metrics->block_time_ms, ledger->header.time_ms);
    mun_ledger_count_state(ledger);
    *out = ledger;
    return MUN_SUCCESS;
}

mun_err_t
mun_ledger_start(struct mun_ledger *ledger)
{
    if (pthread_create(&ledger->thread, NULL, run, ledger) != 0)
        return mun_err(MUN_ERR_MEMORY);
    ledger->has_thread = true;
    return MUN_SUCCESS;
}

void
mun_ledger_stop(struct mun_ledger *ledger)
{
    if (ledger == NULL || !ledger->has_thread)
        return;
    mun_mempool_stop(ledger->config.mempool);
    MUN_CHECK(pthread_join(ledger->thread, NULL) == 0);
    ledger->has_thread = false;
}

void
mun_ledger_close(struct mun_ledger *ledger)
{
    if (ledger == NULL)
        return;
    MUN_CHECK(!ledger->has_thread);
    mun_arena_close(&ledger->scratch);
    mun_arena_close(&ledger->block_memory);
    MUN_CHECK(pthread_rwlock_destroy(&ledger->lock) == 0);
}
