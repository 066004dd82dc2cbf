#include "node/ledger.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "ledger/base/wr.h"
#include "node/clock.h"

/* A block with all that may be in it. */
#define BLOCK_BYTES                                                            \
    (MUN_BLOCK_BYTES_MAX + MUN_BLOCK_LEAVES_MAX * 32u +                        \
     MUN_BLOCK_ENTRIES_MAX * 8u + 65536u)
_Static_assert(BLOCK_BYTES <= MUN_CON_VALUE_BYTES_MAX, "fits a value");

/* Adding entries to a block ends after so long: what is there is written. */
#define EXECUTE_MS_MAX 250

/* Blocks have different milliseconds. When they come faster the ledger's time
 * runs ahead, but never as far as a proposal would be judged untimely. */
#define AHEAD_MS_MAX 300

/* At the end, entries that were taken are written for so long. */
#define DRAIN_MS_MAX 10000

/* Steps from WORK to the decision of one member: 6. */
#define STEPS_MAX 16

/* The context of mun_exec's look at known ids, which returns no error. */
struct seen {
    struct mun_store *store;
    mun_err_t *err;
};

struct mun_ledger {
    struct mun_ledger_config config;
    pthread_rwlock_t lock; /* L2 */
    bool has_thread;
    pthread_t thread;
    atomic_bool has_failed;
    atomic_uint_least64_t height;
    atomic_uint_least64_t log_size;

    /* Under the lock, written by the thread alone. */
    struct mun_header header;
    struct mun_hash header_id;
    struct mun_certificate certificate;

    /* The thread's own. */
    struct mun_frontier log;
    struct mun_con con;
    struct mun_con_out out;
    struct mun_con_record record;
    uint8_t record_bytes[MUN_CON_RECORD_BYTES_MAX];
    bool has_record;
    uint32_t own_index;
    struct mun_exec exec;
    struct mun_arena scratch;
    struct mun_arena block_memory;
    uint8_t *block;
    struct mun_pending_list queue; /* taken, not executed */
    struct mun_settlement settlement;
    struct seen seen;
    mun_err_t seen_err;
};

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
    return ledger->own_index != MUN_CON_OBSERVER;
}

bool
mun_ledger_has_failed(const struct mun_ledger *ledger)
{
    return atomic_load(&ledger->has_failed);
}

/* Agreeing */

static void
sign(struct mun_ledger *ledger, struct mun_con_persisted *out)
{
    const struct mun_con_persist *persist = &ledger->out.persist;

    memset(out, 0, sizeof *out);
    out->count = persist->count;
    for (uint32_t i = 0; i < persist->count; i++) {
        struct mun_hash digest;

        out->ballots[i].vote = persist->votes[i];
        out->ballots[i].member = ledger->own_index;
        mun_con_vote_digest(&digest, &ledger->con, &persist->votes[i]);
        mun_signer_sign(ledger->config.signer, &out->ballots[i].sig, &digest);
    }
}

/* Carries out what the step asked for, as far as the next event. The writes of
 * `persist` wait for the block: consensus/README.md section 10. */
static bool
next_event(struct mun_ledger *ledger, struct mun_con_event *event,
           const struct mun_header *header, const struct mun_hash *id,
           bool *is_wanted)
{
    const struct mun_con_out *out = &ledger->out;

    for (uint32_t i = 0; i < out->request_count; i++) {
        if (out->requests[i].kind == MUN_CON_REQUEST_VALUE &&
            out->requests[i].height == header->height)
            *is_wanted = true;
    }
    if (out->has_persist) {
        MUN_CHECK(mun_con_may_defer_sync(&ledger->con));
        ledger->record = *out->persist.record;
        ledger->has_record = true;
        event->kind = MUN_CON_EVENT_PERSISTED;
        sign(ledger, &event->as.persisted);
        return true;
    }
    if (!*is_wanted)
        return false;
    *is_wanted = false;
    event->kind = MUN_CON_EVENT_VALUE;
    event->as.value = (struct mun_con_value_ready){
        .height = header->height,
        .round = mun_con_round(&ledger->con),
        .id = *id,
        .time_ms = header->time_ms,
    };
    return true;
}

/* Until the value is decided; *certificate is its. */
static mun_err_t
agree(struct mun_ledger *ledger, struct mun_certificate *certificate,
      const struct mun_header *header, const struct mun_hash *id)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };
    bool is_wanted = false;

    for (int i = 0; i < STEPS_MAX; i++) {
        event.now_ms = mun_clock_ms();
        MUN_TRY(mun_con_step(&ledger->con, &ledger->out, &event));
        if (ledger->out.has_apply) {
            if (!mun_hash_eq(&ledger->out.apply.id, id))
                break;
            *certificate = *ledger->out.apply.certificate;
            return MUN_SUCCESS;
        }
        if (!next_event(ledger, &event, header, id, &is_wanted))
            break;
    }
    mun_log(MUN_LOG_BROKEN,
            "ledger undecided height=%" PRIu64 " round=%u time=%" PRIu64,
            header->height, (unsigned)mun_con_round(&ledger->con),
            header->time_ms);
    return mun_err(MUN_ERR_INTERNAL);
}

/* Begins the height after the newest block. What the record asks to sign again
 * concerns a height that nobody has seen. */
static mun_err_t
begin_height(struct mun_ledger *ledger)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED,
                                   .now_ms = mun_clock_ms() };

    event.as.started.height = ledger->header.height + 1;
    event.as.started.members = ledger->config.members;
    event.as.started.own_index = ledger->own_index;
    event.as.started.record = ledger->has_record ? &ledger->record : NULL;
    MUN_TRY(mun_con_step(&ledger->con, &ledger->out, &event));
    if (!ledger->out.has_persist)
        return MUN_SUCCESS;
    event = (struct mun_con_event){ .kind = MUN_CON_EVENT_PERSISTED,
                                    .now_ms = mun_clock_ms() };
    sign(ledger, &event.as.persisted);
    return mun_con_step(&ledger->con, &ledger->out, &event);
}

/* Executing */

static bool
seen_contains(const void *ctx, const struct mun_hash *id)
{
    const struct seen *seen = ctx;
    struct mun_place place;
    mun_err_t err = mun_store_find_entry(seen->store, id, &place);

    if (mun_is_ok(err))
        return true;
    if (err.code != MUN_ERR_NOT_FOUND && mun_is_ok(*seen->err))
        *seen->err = err;
    return false;
}

/* The next block's time: later than the last one's and close to the clock. */
static uint64_t
next_time_ms(const struct mun_ledger *ledger)
{
    uint64_t least_ms = ledger->header.time_ms + 1;
    uint64_t now_ms = mun_clock_ms();

    while (least_ms > now_ms + AHEAD_MS_MAX) {
        const struct timespec wait = { 0, 1000000 };

        (void)nanosleep(&wait, NULL); /* early is fine: it looks again */
        now_ms = mun_clock_ms();
    }
    return now_ms > least_ms ? now_ms : least_ms;
}

static mun_err_t
sort_known(struct mun_ledger *ledger, struct mun_pending *pending)
{
    struct mun_place place;
    mun_err_t err;

    err = mun_store_find_entry(ledger->config.store, &pending->checked.entry.id,
                               &place);
    /* The mempool holds an id once, so it is not of this block. */
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_err(MUN_ERR_INTERNAL);
    pending->height = place.height;
    mun_pending_push(&ledger->settlement.known, pending);
    return err;
}

/* One entry off the queue; *is_full when it has to wait for the next block. */
static mun_err_t
add_one(struct mun_ledger *ledger, bool *is_full)
{
    struct mun_pending *pending = ledger->queue.first;
    enum mun_exec_result result;

    MUN_TRY(mun_exec_add(&ledger->exec, &result, &pending->refusal,
                         &pending->checked));
    MUN_TRY(ledger->seen_err);
    *is_full = result == MUN_EXEC_FULL;
    if (*is_full)
        return MUN_SUCCESS;
    (void)mun_pending_pop(&ledger->queue); /* it is `pending` */
    switch (result) {
    case MUN_EXEC_APPLIED:
        mun_pending_push(&ledger->settlement.applied, pending);
        return MUN_SUCCESS;
    case MUN_EXEC_REFUSED:
        mun_pending_push(&ledger->settlement.refused, pending);
        return MUN_SUCCESS;
    case MUN_EXEC_KNOWN:
        return sort_known(ledger, pending);
    case MUN_EXEC_FULL:
        break;
    }
    MUN_UNREACHABLE();
}

static mun_err_t
execute(struct mun_ledger *ledger)
{
    const struct mun_exec_start start = {
        .state = ledger->config.state,
        .arena = &ledger->scratch,
        .seen = { seen_contains, &ledger->seen },
        .previous = &ledger->header,
        .log = &ledger->log,
        .time_ms = next_time_ms(ledger),
    };
    uint64_t until_ms = mun_clock_monotonic_ms() + EXECUTE_MS_MAX;
    bool is_full = false;
    mun_err_t err = MUN_SUCCESS;

    mun_arena_reset(&ledger->scratch, 0);
    ledger->seen_err = MUN_SUCCESS;
    MUN_TRY(mun_exec_begin(&ledger->exec, &start));
    while (mun_is_ok(err) && !is_full && ledger->queue.count > 0) {
        err = add_one(ledger, &is_full);
        if (mun_clock_monotonic_ms() >= until_ms)
            break;
    }
    if (!mun_is_ok(err))
        mun_overlay_abort(ledger->config.state);
    return err;
}

static mun_err_t
encode_block(struct mun_ledger *ledger, struct mun_bytes *out,
             const struct mun_header *header)
{
    struct mun_wr wr;

    mun_wr_init(&wr, ledger->block, BLOCK_BYTES);
    mun_block_encode_start(&wr, header, &ledger->certificate,
                           ledger->exec.item_count);
    for (uint32_t i = 0; i < ledger->exec.item_count; i++) {
        const struct mun_entry_checked *checked = ledger->exec.items[i].checked;
        const struct mun_block_item item = { checked->entry.bytes,
                                             checked->leaves,
                                             checked->leaf_count };

        mun_block_encode_item(&wr, &item);
    }
    *out = mun_wr_done(&wr);
    return mun_wr_status(&wr);
}

/* A decided block */

struct decided {
    struct mun_header header;
    struct mun_hash id;
    struct mun_certificate certificate;
    struct mun_bytes block;
};

static mun_err_t
commit(struct mun_ledger *ledger, const struct decided *decided)
{
    struct mun_store_block block = {
        .exec = &ledger->exec,
        .header = &decided->header,
        .header_id = &decided->id,
        .certificate = &decided->certificate,
        .block = decided->block,
        .high_water = { .height = decided->header.height,
                        .header_id = decided->id,
                        .signed_height = ledger->record.height,
                        .signed_round = ledger->record.round,
                        .signed_step = (uint8_t)ledger->record.phase },
    };
    uint64_t start_us = mun_clock_monotonic_us();
    struct mun_wr wr;

    mun_wr_init(&wr, ledger->record_bytes, sizeof ledger->record_bytes);
    mun_con_record_encode(&wr, &ledger->record);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    block.consensus = mun_wr_done(&wr);
    MUN_TRY(mun_store_commit(ledger->config.store, &block));
    mun_histogram_add(&ledger->config.metrics->commit,
                      mun_clock_monotonic_us() - start_us);
    return MUN_SUCCESS;
}

static void
count_state(struct mun_ledger *ledger)
{
    struct mun_metrics *metrics = ledger->config.metrics;
    struct mun_state_usage usage;

    mun_state_usage(ledger->config.state, &usage);
    atomic_store(&metrics->state_records,
                 mun_state_count(ledger->config.state));
    atomic_store(&metrics->state_value_bytes, usage.value_peak);
}

static void
count_block(struct mun_ledger *ledger)
{
    struct mun_metrics *metrics = ledger->config.metrics;

    atomic_store(&metrics->height, ledger->header.height);
    atomic_store(&metrics->block_time_ms, ledger->header.time_ms);
    count_state(ledger);
    atomic_fetch_add(&metrics->blocks, 1);
    atomic_fetch_add(&metrics->entries, ledger->exec.item_count);
}

/* From here on it can be seen. */
static void
publish(struct mun_ledger *ledger, const struct decided *decided)
{
    MUN_CHECK(pthread_rwlock_wrlock(&ledger->lock) == 0);
    mun_overlay_commit(ledger->config.state);
    ledger->header = decided->header;
    ledger->header_id = decided->id;
    ledger->certificate = decided->certificate;
    MUN_CHECK(pthread_rwlock_unlock(&ledger->lock) == 0);
    ledger->log = ledger->exec.frontier;
    atomic_store(&ledger->log_size, decided->header.log_size);
    atomic_store(&ledger->height, decided->header.height);
    count_block(ledger);
}

static mun_err_t
write_block(struct mun_ledger *ledger)
{
    struct decided decided;
    mun_err_t err;

    mun_exec_finish(&ledger->exec, &decided.header, &ledger->header,
                    &ledger->certificate);
    mun_header_id(&decided.id, &decided.header);
    MUN_TRY_OUT(encode_block(ledger, &decided.block, &decided.header));
    MUN_TRY_OUT(
        agree(ledger, &decided.certificate, &decided.header, &decided.id));
    MUN_TRY_OUT(commit(ledger, &decided));
    publish(ledger, &decided);
    mun_log(MUN_LOG_DEBUG,
            "ledger block height=%" PRIu64 " entries=%u leaves=%u bytes=%zu "
            "waiting=%u",
            decided.header.height, (unsigned)ledger->exec.item_count,
            (unsigned)ledger->exec.leaf_count, decided.block.len,
            (unsigned)ledger->queue.count);
    return begin_height(ledger);
out:
    mun_overlay_abort(ledger->config.state);
    return err;
}

/* One round of the loop: what is on the queue, or a fresh empty block. */
static mun_err_t
make_block(struct mun_ledger *ledger, bool is_due)
{
    uint64_t start_us = mun_clock_monotonic_us();

    MUN_TRY(execute(ledger));
    mun_histogram_add(&ledger->config.metrics->execute,
                      mun_clock_monotonic_us() - start_us);
    if (ledger->exec.item_count == 0 && !is_due)
        mun_overlay_abort(ledger->config.state);
    else
        MUN_TRY(write_block(ledger));
    ledger->settlement.height = ledger->header.height;
    mun_mempool_settle(ledger->config.mempool, &ledger->settlement);
    return MUN_SUCCESS;
}

/* How long until a block is due although nothing happened. */
static uint64_t
idle_ms(const struct mun_ledger *ledger)
{
    uint64_t due_ms = ledger->header.time_ms + ledger->config.freshness_ms;
    uint64_t now_ms = mun_clock_ms();

    return due_ms > now_ms ? due_ms - now_ms : 0;
}

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

static mun_err_t
drain(struct mun_ledger *ledger)
{
    uint64_t until_ms = mun_clock_monotonic_ms() + DRAIN_MS_MAX;

    while (ledger->queue.count > 0 && mun_clock_monotonic_ms() < until_ms)
        MUN_TRY(make_block(ledger, false));
    if (ledger->queue.count > 0)
        mun_log(MUN_LOG_UNUSUAL, "ledger dropped entries=%u reason=stopping",
                (unsigned)ledger->queue.count);
    mun_mempool_release(ledger->config.mempool, MUN_RPC_PENDING);
    return MUN_SUCCESS;
}

static mun_err_t
loop(struct mun_ledger *ledger)
{
    struct mun_mempool *mempool = ledger->config.mempool;

    for (;;) {
        bool may_write = mun_ledger_may_write(ledger);
        uint64_t wait_ms = !may_write                ? 60000
                           : ledger->queue.count > 0 ? 0
                                                     : idle_ms(ledger);
        uint64_t until_ms = mun_clock_monotonic_ms() + wait_ms;

        if (!mun_mempool_take(mempool, &ledger->queue, until_ms))
            return drain(ledger);
        if (may_write && (ledger->queue.count > 0 || idle_ms(ledger) == 0))
            MUN_TRY(make_block(ledger, idle_ms(ledger) == 0));
    }
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
    if (ledger->own_index == MUN_CON_OBSERVER) {
        mun_log(MUN_LOG_UNUSUAL,
                "ledger key_refused reason=\"key_file holds no member's "
                "validating key\"");
        return mun_err(MUN_ERR_CONFIG);
    }
    if (members->count > 1) {
        /* Voting with others needs the peers' connections. */
        ledger->own_index = MUN_CON_OBSERVER;
        mun_log(MUN_LOG_UNUSUAL, "ledger follows reason=several_members n=%u",
                (unsigned)members->count);
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

static mun_err_t
set_up(struct mun_ledger *ledger)
{
    struct mun_con_config config;
    mun_err_t err;

    MUN_TRY(open_lock(ledger));
    MUN_TRY(mun_arena_open(&ledger->scratch, 2ull * MUN_EXEC_ARENA_BYTES));
    MUN_TRY(mun_arena_open(&ledger->block_memory, BLOCK_BYTES + 4096));
    ledger->block = mun_arena_alloc(&ledger->block_memory, BLOCK_BYTES);
    if (ledger->block == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(find_self(ledger));
    MUN_TRY(load_record(ledger));
    mun_con_config_default(&config, &ledger->header.chain_id);
    MUN_TRY(mun_con_init(&ledger->con, &config));
    err = begin_height(ledger);
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
    ledger->seen = (struct seen){ config->store, &ledger->seen_err };
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
    count_state(ledger);
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
