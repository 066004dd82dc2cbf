#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "ledger/base/wr.h"
#include "node/clock.h"
#include "node/ledger_int.h"

_Static_assert(MUN_LEDGER_BLOCK_BYTES <= MUN_CON_VALUE_BYTES_MAX,
               "fits a value");

/* Adding entries to a block ends after so long: what is there is written. */
#define EXECUTE_MS_MAX 250

/* Blocks have different milliseconds. When they come faster the ledger's time
 * runs ahead, but never as far as a proposal would be judged untimely. */
#define AHEAD_MS_MAX 300

/* Executing */

static bool
seen_contains(const void *ctx, const struct mun_hash *id)
{
    const struct mun_ledger_seen *seen = ctx;
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

static struct mun_exec_start
start_of(struct mun_ledger *ledger, uint64_t time_ms)
{
    return (struct mun_exec_start){
        .state = ledger->config.state,
        .arena = &ledger->scratch,
        .seen = { seen_contains, &ledger->seen },
        .previous = &ledger->header,
        .log = &ledger->log,
        .time_ms = time_ms,
    };
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
    const struct mun_exec_start start = start_of(ledger, next_time_ms(ledger));
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

    mun_wr_init(&wr, ledger->block, MUN_LEDGER_BLOCK_BYTES);
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

static void
settle(struct mun_ledger *ledger)
{
    ledger->settlement.height = ledger->header.height;
    mun_mempool_settle(ledger->config.mempool, &ledger->settlement);
}

mun_err_t
mun_ledger_build(struct mun_ledger *ledger, bool is_due)
{
    struct mun_candidate *candidate = &ledger->candidate;
    uint64_t start_us = mun_clock_monotonic_us();

    mun_ledger_drop(ledger);
    MUN_TRY(execute(ledger));
    mun_histogram_add(&ledger->config.metrics->execute,
                      mun_clock_monotonic_us() - start_us);
    if (ledger->exec.item_count == 0 && !is_due) {
        mun_overlay_abort(ledger->config.state);
        settle(ledger);
        return MUN_SUCCESS;
    }
    candidate->kind = MUN_CANDIDATE_BUILT;
    mun_exec_finish(&ledger->exec, &candidate->header, &ledger->header,
                    &ledger->certificate);
    mun_header_id(&candidate->id, &candidate->header);
    return encode_block(ledger, &candidate->bytes, &candidate->header);
}

void
mun_ledger_drop(struct mun_ledger *ledger)
{
    struct mun_candidate *candidate = &ledger->candidate;
    struct mun_pending_list again = { 0 };

    if (candidate->kind == MUN_CANDIDATE_NONE)
        return;
    mun_overlay_abort(ledger->config.state);
    /* What was refused was so beside entries that are not written now. */
    mun_pending_append(&again, &ledger->settlement.applied);
    mun_pending_append(&again, &ledger->settlement.refused);
    mun_pending_append(&again, &ledger->queue);
    ledger->queue = again;
    mun_blob_drop(candidate->blob);
    memset(candidate, 0, sizeof *candidate);
}

/* Judging */

/* An entry that waits here too was verified when it came. */
static bool
is_verified(const struct mun_pending *pending,
            const struct mun_block_item *item)
{
    const struct mun_entry_checked *checked = NULL;

    if (pending == NULL)
        return false;
    checked = &pending->checked;
    return mun_bytes_eq(checked->entry.bytes, item->entry) &&
           checked->leaf_count == item->leaf_count &&
           (item->leaf_count == 0 ||
            memcmp(checked->leaves, item->leaves,
                   item->leaf_count * sizeof item->leaves[0]) == 0);
}

static bool
verify_item(struct mun_ledger *ledger, struct mun_entry_checked *out,
            const struct mun_block_item *item)
{
    struct mun_entry entry;
    const struct mun_pending *pending = NULL;

    if (mun_entry_decode(&entry, item->entry) != MUN_REFUSAL_NONE)
        return false;
    pending = mun_mempool_find(ledger->config.mempool, &entry.id);
    if (is_verified(pending, item)) {
        *out = pending->checked;
        out->entry = entry; /* borrows from the block, not from the mempool */
        out->leaves = item->leaves;
        return true;
    }
    return mun_entry_verify(out, &entry, item->leaves, item->leaf_count) ==
           MUN_REFUSAL_NONE;
}

/* Whether what is wrong is wrong with the block, for every node. */
static bool
is_of_the_block(mun_err_t err)
{
    switch (err.code) {
    case MUN_ERR_CHAIN:
    case MUN_ERR_VALUE:
    case MUN_ERR_PROOF:
    case MUN_ERR_SIGNATURE:
    case MUN_ERR_KEY:
    case MUN_ERR_REFUSED:
    case MUN_ERR_TOO_LARGE:
    case MUN_ERR_ROOT:
        return true;
    default:
        return false;
    }
}

static mun_err_t
judge(struct mun_ledger *ledger, bool *is_valid, const struct mun_block *block)
{
    const struct mun_exec_start start = start_of(ledger, 0);
    struct mun_entry_checked *checked = NULL;
    struct mun_exec_verdict verdict;
    struct mun_block_item item;
    size_t at = 0;
    mun_err_t err;

    mun_arena_reset(&ledger->scratch, 0);
    ledger->seen_err = MUN_SUCCESS;
    checked =
        mun_arena_array(&ledger->scratch, block->entry_count, sizeof *checked);
    if (checked == NULL && block->entry_count > 0)
        return mun_err(MUN_ERR_LIMIT);
    for (uint32_t i = 0;
         i < block->entry_count && mun_block_next(block, &at, &item); i++) {
        if (!verify_item(ledger, &checked[i], &item))
            return MUN_SUCCESS;
    }
    err = mun_exec_judge(&ledger->exec, &verdict, &start, block, checked,
                         ledger->config.members);
    MUN_TRY(ledger->seen_err);
    *is_valid = mun_is_ok(err);
    return is_of_the_block(err) ? MUN_SUCCESS : err;
}

mun_err_t
mun_ledger_judge(struct mun_ledger *ledger, bool *is_valid,
                 struct mun_blob *blob, const struct mun_hash *id)
{
    struct mun_candidate *candidate = &ledger->candidate;
    struct mun_block block;
    uint64_t start_us = mun_clock_monotonic_us();

    *is_valid = false;
    mun_ledger_drop(ledger);
    if (!mun_is_ok(mun_block_decode(&block, mun_blob_bytes(blob))))
        return MUN_SUCCESS;
    MUN_TRY(judge(ledger, is_valid, &block));
    mun_histogram_add(&ledger->config.metrics->execute,
                      mun_clock_monotonic_us() - start_us);
    if (!*is_valid)
        return MUN_SUCCESS;
    candidate->kind = MUN_CANDIDATE_JUDGED;
    candidate->header = block.header;
    candidate->id = *id;
    candidate->blob = mun_blob_hold(blob);
    candidate->bytes = mun_blob_bytes(blob);
    return MUN_SUCCESS;
}

/* Writing */

static mun_err_t
store(struct mun_ledger *ledger, const struct mun_certificate *certificate)
{
    const struct mun_candidate *candidate = &ledger->candidate;
    struct mun_store_block block = {
        .exec = &ledger->exec,
        .header = &candidate->header,
        .header_id = &candidate->id,
        .certificate = certificate,
        .block = candidate->bytes,
        .high_water = { .height = candidate->header.height,
                        .header_id = candidate->id,
                        .signed_height = ledger->record.height,
                        .signed_round = ledger->record.round,
                        .signed_step = (uint8_t)ledger->record.phase },
    };
    static const uint8_t new_key = MUN_LEDGER_NEW_KEY;
    uint64_t start_us = mun_clock_monotonic_us();
    struct mun_wr wr;

    if (ledger->has_record) {
        mun_wr_init(&wr, ledger->record_bytes, sizeof ledger->record_bytes);
        mun_con_record_encode(&wr, &ledger->record);
        MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
        block.consensus = mun_wr_done(&wr);
    } else if (ledger->is_new_key) {
        block.consensus = mun_bytes(&new_key, 1);
    }
    MUN_TRY(mun_store_commit(ledger->config.store, &block));
    mun_histogram_add(&ledger->config.metrics->commit,
                      mun_clock_monotonic_us() - start_us);
    return MUN_SUCCESS;
}

void
mun_ledger_count_state(struct mun_ledger *ledger)
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
    mun_ledger_count_state(ledger);
    atomic_fetch_add(&metrics->blocks, 1);
    atomic_fetch_add(&metrics->entries, ledger->exec.item_count);
}

/* From here on it can be seen. */
static void
publish(struct mun_ledger *ledger, const struct mun_certificate *certificate)
{
    const struct mun_candidate *candidate = &ledger->candidate;

    MUN_CHECK(pthread_rwlock_wrlock(&ledger->lock) == 0);
    mun_overlay_commit(ledger->config.state);
    ledger->header = candidate->header;
    ledger->header_id = candidate->id;
    ledger->certificate = *certificate;
    MUN_CHECK(pthread_rwlock_unlock(&ledger->lock) == 0);
    ledger->log = ledger->exec.frontier;
    atomic_store(&ledger->log_size, candidate->header.log_size);
    atomic_store(&ledger->height, candidate->header.height);
    count_block(ledger);
}

/* Entries of a block from elsewhere that wait here too are final. */
static void
settle_others(struct mun_ledger *ledger)
{
    struct mun_pending_list queue = ledger->queue;
    struct mun_pending *pending;

    for (uint32_t i = 0; i < ledger->exec.item_count; i++) {
        pending = mun_mempool_find(ledger->config.mempool,
                                   &ledger->exec.items[i].checked->entry.id);
        if (pending != NULL)
            pending->height = ledger->header.height;
    }
    memset(&ledger->queue, 0, sizeof ledger->queue);
    while ((pending = mun_pending_pop(&queue)) != NULL) {
        mun_pending_push(pending->height > 0 ? &ledger->settlement.known
                                             : &ledger->queue,
                         pending);
    }
}

mun_err_t
mun_ledger_commit(struct mun_ledger *ledger,
                  const struct mun_certificate *certificate)
{
    struct mun_candidate *candidate = &ledger->candidate;

    MUN_CHECK(candidate->kind != MUN_CANDIDATE_NONE);
    MUN_TRY(store(ledger, certificate));
    publish(ledger, certificate);
    mun_log(MUN_LOG_DEBUG,
            "ledger block height=%" PRIu64 " entries=%u leaves=%u bytes=%zu "
            "waiting=%u",
            candidate->header.height, (unsigned)ledger->exec.item_count,
            (unsigned)ledger->exec.leaf_count, candidate->bytes.len,
            (unsigned)ledger->queue.count);
    if (candidate->kind == MUN_CANDIDATE_JUDGED)
        settle_others(ledger);
    settle(ledger);
    mun_blob_drop(candidate->blob);
    memset(candidate, 0, sizeof *candidate);
    return MUN_SUCCESS;
}
