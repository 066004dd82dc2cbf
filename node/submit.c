#include "node/submit.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "ledger/core/record.h"
#include "ledger/core/rules.h"
#include "node/clock.h"

/* So few are verified on the HTTP thread itself: a look at two signatures
 * takes as long as waking a worker. */
#define INLINE_MAX 2

/* Entries that a worker takes at a time. */
#define CHUNK 16

/* Workers that help with one request. */
#define HELPERS_MAX 64

struct work;

struct helper {
    struct mun_job job; /* first */
    struct work *work;
};

/* One request; in its arena. */
struct work {
    struct helper starter; /* first: the job of the whole request */
    const struct mun_submit *submit;
    struct mun_http_request *request;
    struct mun_rpc_submission *submission;
    struct mun_pending **pendings; /* beside the items; NULL: none */
    bool *is_known;                /* in the mempool when it was looked at */
    struct mun_offer *offers;
    uint32_t offer_count;
    struct mun_waiter waiter;
    uint64_t started_ms;
    bool is_inline;

    uint32_t helper_count;
    struct helper *helpers;
    atomic_uint next;    /* item to verify */
    atomic_uint running; /* threads at it */
};

/* Stage 1, in order: known, screened */

static bool
is_announced(const struct work *work, uint32_t before,
             const struct mun_hash *record_key)
{
    for (uint32_t i = 0; i < before; i++) {
        const struct mun_pending *pending = work->pendings[i];

        for (uint32_t j = 0; pending != NULL && j < pending->announce_count;
             j++) {
            if (mun_hash_eq(&pending->announces[j].record_key, record_key))
                return true;
        }
    }
    return mun_mempool_announces(work->submit->mempool, record_key);
}

static bool
is_there(const struct work *work, uint32_t index, const struct mun_view *view,
         const struct mun_hash *record_key)
{
    struct mun_bytes value;

    return mun_view_get(view, record_key, &value) == MUN_PRESENT ||
           is_announced(work, index, record_key);
}

static bool
registers_key(const struct mun_entry *entry, const struct mun_key *key)
{
    const struct mun_register_party *party = &entry->as.register_party;

    if (entry->kind == MUN_KIND_ADD_KEY)
        return mun_key_eq(&entry->as.add_key.key, key);
    if (entry->kind != MUN_KIND_REGISTER_PARTY)
        return false;
    for (uint8_t i = 0; i < party->key_count; i++) {
        if (mun_key_eq(&party->keys[i].key, key))
            return true;
    }
    return false;
}

/* Whether entries that wait bring every key and party that the entry stands
 * on. */
static bool
is_curable(const struct work *work, uint32_t index, const struct mun_view *view)
{
    const struct mun_entry *entry = &work->pendings[index]->checked.entry;
    const struct mun_hash *party = entry->kind == MUN_KIND_REGISTER_PARTY
                                       ? &entry->as.register_party.sponsor
                                       : &entry->actor;
    struct mun_hash record_key;

    mun_record_key_party(&record_key, party);
    if (!is_there(work, index, view, &record_key))
        return false;
    for (uint8_t i = 0; i < entry->key_count; i++) {
        if (registers_key(entry, &entry->keys[i]))
            continue;
        mun_record_key_key(&record_key, &entry->keys[i]);
        if (!is_there(work, index, view, &record_key))
            return false;
    }
    return true;
}

/* Refusals that will stand whatever comes before the entry: they follow from
 * the entry alone or from what the ledger never takes back. */
static bool
is_final(enum mun_refusal refusal)
{
    return refusal == MUN_REFUSAL_WRONG_CHAIN ||
           refusal == MUN_REFUSAL_EXPIRED ||
           refusal == MUN_REFUSAL_VALID_UNTIL_TOO_FAR ||
           refusal == MUN_REFUSAL_PARTY_ID_MISMATCH ||
           refusal == MUN_REFUSAL_PARTY_EXISTS ||
           refusal == MUN_REFUSAL_KEY_NOT_ACTIVE ||
           refusal == MUN_REFUSAL_KEY_WRONG_PURPOSE;
}

static void
drop(struct work *work, uint32_t index, enum mun_rpc_outcome outcome,
     enum mun_refusal refusal)
{
    struct mun_rpc_item *item = &work->submission->items[index];

    mun_pending_free(work->pendings[index]);
    work->pendings[index] = NULL;
    item->outcome = outcome;
    item->refusal = refusal;
}

static void
screen(struct work *work, uint32_t index)
{
    struct mun_ledger *ledger = work->submit->ledger;
    const struct mun_entry *entry = &work->pendings[index]->checked.entry;
    struct mun_rpc_snapshot snapshot;
    enum mun_refusal refusal;
    uint64_t now_ms = mun_clock_ms();
    struct mun_now now;
    mun_err_t err;

    mun_ledger_read_begin(ledger, &snapshot);
    now.chain_id = snapshot.header->chain_id;
    now.height = snapshot.header->height + 1;
    now.time_ms = now_ms > snapshot.header->time_ms
                      ? now_ms
                      : snapshot.header->time_ms + 1;
    err = mun_rules_screen(&refusal, entry, &now, &snapshot.view);
    if (refusal == MUN_REFUSAL_KEY_UNKNOWN ||
        refusal == MUN_REFUSAL_PARTY_UNKNOWN) {
        if (is_curable(work, index, &snapshot.view))
            refusal = MUN_REFUSAL_NONE;
    } else if (!is_final(refusal)) {
        refusal = MUN_REFUSAL_NONE;
    }
    mun_ledger_read_end(ledger);
    if (!mun_is_ok(err)) {
        mun_log(MUN_LOG_BROKEN, "submit screen_failed error=%s",
                mun_err_name(err));
        drop(work, index, MUN_RPC_BUSY, MUN_REFUSAL_NONE);
    } else if (refusal != MUN_REFUSAL_NONE) {
        drop(work, index, MUN_RPC_REFUSED, refusal);
    }
}

/* True when the store knows the id. */
static bool
find_final(const struct work *work, struct mun_rpc_item *item)
{
    struct mun_place place;
    mun_err_t err = mun_ledger_find(work->submit->ledger, &item->id, &place);

    if (mun_is_ok(err)) {
        item->outcome = MUN_RPC_FINAL;
        item->height = place.height;
        return true;
    }
    if (err.code != MUN_ERR_NOT_FOUND)
        mun_log(MUN_LOG_UNUSUAL, "submit look_up_failed error=%s",
                mun_err_name(err));
    return false;
}

static void
prepare(struct work *work, uint32_t index)
{
    struct mun_rpc_item *item = &work->submission->items[index];
    struct mun_pending *pending;
    enum mun_refusal refusal;

    /* mun_rpc_handle decoded it already, and said why not. */
    if (!item->has_id || find_final(work, item))
        return;
    if (mun_mempool_has(work->submit->mempool, &item->id)) {
        work->is_known[index] = true;
        return;
    }
    item->outcome = MUN_RPC_BUSY;
    if (!mun_ledger_may_write(work->submit->ledger))
        return;
    pending = mun_pending_new(item->bytes, item->leaves, item->leaf_count);
    if (pending == NULL)
        return;
    refusal = mun_entry_decode(&pending->checked.entry,
                               mun_bytes(pending->bytes, pending->bytes_len));
    MUN_CHECK(refusal == MUN_REFUSAL_NONE);
    work->pendings[index] = pending;
    mun_pending_announce(pending);
    screen(work, index);
}

/* Stage 2, in any order: signatures and leaves */

static void
verify(struct work *work, uint32_t index, struct mun_key_memo *memo)
{
    struct mun_metrics *metrics = work->submit->metrics;
    struct mun_pending *pending = work->pendings[index];
    struct mun_entry_checked *checked;
    enum mun_refusal refusal;

    if (pending == NULL)
        return;
    checked = &pending->checked;
    atomic_fetch_add(&metrics->signatures, checked->entry.key_count);
    refusal = mun_entry_verify_memo(
        memo, checked, &checked->entry,
        pending->leaf_count == 0 ? NULL : pending->leaves, pending->leaf_count);
    if (refusal == MUN_REFUSAL_NONE)
        return;
    atomic_fetch_add(&metrics->bad_signatures, 1);
    drop(work, index, MUN_RPC_REFUSED, refusal);
}

static void
verify_chunks(struct work *work)
{
    uint32_t count = work->submission->count;
    struct mun_key_memo memo;

    memset(&memo, 0, sizeof memo);
    for (;;) {
        uint32_t from = atomic_fetch_add(&work->next, CHUNK);

        if (from >= count)
            return;
        for (uint32_t i = from; i < from + CHUNK && i < count; i++)
            verify(work, i, &memo);
    }
}

/* Stage 3: into the mempool */

/* To the other members, so that whoever proposes has it. They verify it
 * themselves. */
static void
pass_on(const struct work *work)
{
    struct mun_blob *blob = NULL;

    if (work->submit->peers == NULL)
        return;
    blob = mun_blob_new(work->request->rpc.body);
    if (blob != NULL) /* without memory our own turn will come */
        mun_peers_entries(work->submit->peers, blob, work->submission->count);
    mun_blob_drop(blob);
}

static void
collect_offers(struct work *work)
{
    work->offer_count = 0;
    for (uint32_t i = 0; i < work->submission->count; i++) {
        if (work->pendings[i] == NULL && !work->is_known[i])
            continue;
        work->offers[work->offer_count++] =
            (struct mun_offer){ .pending = work->pendings[i],
                                .item = &work->submission->items[i] };
        work->pendings[i] = NULL;
    }
}

static void
wake(struct mun_waiter *waiter)
{
    struct work *work = (struct work *)(void *)((uint8_t *)waiter -
                                                offsetof(struct work, waiter));

    mun_http_resume(work->request);
}

/* True: the request is parked until it is woken, and may be gone. */
static bool
offer(struct work *work)
{
    uint64_t wait_ms = work->submission->wait_ms;

    collect_offers(work);
    if (work->offer_count == 0)
        return false;
    pass_on(work);
    work->waiter.wake = wake;
    work->waiter.deadline_ms = work->started_ms + wait_ms;
    return mun_mempool_offer(work->submit->mempool, work->offers,
                             work->offer_count,
                             wait_ms > 0 ? &work->waiter : NULL);
}

static void
end_verification(struct work *work)
{
    struct mun_http_request *request = work->request;

    if (!offer(work))
        mun_http_resume(request);
}

static void
run_helper(struct mun_job *job)
{
    /* A helper begins with its job. */
    struct work *work = ((struct helper *)(void *)job)->work;

    verify_chunks(work);
    if (atomic_fetch_sub(&work->running, 1) == 1)
        end_verification(work);
}

/* Asks others for help with a long list; whoever ends last goes on. */
static void
run_starter(struct mun_job *job)
{
    struct work *work = ((struct helper *)(void *)job)->work;
    struct mun_pool *pool = work->submit->pool;
    uint32_t count = work->submission->count;
    uint32_t asked = 0;

    for (uint32_t i = 0; i < count; i++)
        prepare(work, i);
    atomic_store(&work->running, 1 + work->helper_count);
    while (asked < work->helper_count &&
           mun_is_ok(mun_pool_add(pool, &work->helpers[asked].job)))
        asked++;
    atomic_fetch_sub(&work->running, work->helper_count - asked);
    verify_chunks(work);
    for (uint32_t i = 0; i < asked; i++) {
        if (mun_pool_cancel(pool, &work->helpers[i].job))
            atomic_fetch_sub(&work->running, 1);
    }
    if (atomic_fetch_sub(&work->running, 1) == 1)
        end_verification(work);
}

/* The answer */

static enum mun_http_next
finish(struct work *work)
{
    struct mun_http_request *request = work->request;
    struct mun_rpc_submission submission = *work->submission;
    uint64_t refused = 0;

    for (uint32_t i = 0; i < work->offer_count; i++) {
        if (work->offers[i].is_lost)
            (void)find_final(work, work->offers[i].item); /* else busy */
    }
    for (uint32_t i = 0; i < submission.count; i++)
        refused += submission.items[i].outcome == MUN_RPC_REFUSED;
    atomic_fetch_add(&work->submit->metrics->refused, refused);
    mun_rpc_finish(request->arena, &submission, &request->response);
    return MUN_HTTP_ANSWER;
}

static bool
set_up(struct work *work)
{
    struct mun_arena *arena = work->request->arena;
    uint32_t count = work->submission->count;
    uint32_t threads = mun_pool_threads(work->submit->pool);

    work->pendings = mun_arena_array(arena, count, sizeof(void *));
    work->is_known = mun_arena_array(arena, count, sizeof(bool));
    work->offers = mun_arena_array(arena, count, sizeof *work->offers);
    work->waiter.waits =
        mun_arena_array(arena, count, sizeof *work->waiter.waits);
    if (work->pendings == NULL || work->is_known == NULL ||
        work->offers == NULL || work->waiter.waits == NULL)
        return false;
    work->helper_count = (count - 1) / CHUNK;
    if (work->helper_count > threads - 1)
        work->helper_count = threads - 1;
    if (work->helper_count > HELPERS_MAX)
        work->helper_count = HELPERS_MAX;
    work->helpers =
        mun_arena_array(arena, work->helper_count, sizeof *work->helpers);
    if (work->helpers == NULL)
        return false;
    for (uint32_t i = 0; i < work->helper_count; i++) {
        work->helpers[i].job.run = run_helper;
        work->helpers[i].work = work;
    }
    work->starter.job.run = run_starter;
    work->starter.work = work;
    return true;
}

enum mun_http_next
mun_submit_handle(const struct mun_submit *submit,
                  struct mun_http_request *request)
{
    struct work *work = mun_arena_alloc(request->arena, sizeof *work);

    if (work != NULL) {
        work->submit = submit;
        work->request = request;
        work->submission = &request->response.submission;
        work->started_ms = mun_clock_monotonic_ms();
    }
    if (work == NULL || !set_up(work)) {
        mun_rpc_problem(request->arena, 503, "BUSY", "no memory",
                        &request->response);
        return MUN_HTTP_ANSWER;
    }
    request->user = work;
    if (work->submission->count > INLINE_MAX)
        return MUN_HTTP_PARK;
    work->is_inline = true;
    for (uint32_t i = 0; i < work->submission->count; i++)
        prepare(work, i);
    verify_chunks(work);
    if (work->submission->wait_ms > 0)
        return MUN_HTTP_PARK;
    (void)offer(work); /* never parks without a time to wait */
    return finish(work);
}

void
mun_submit_parked(struct mun_http_request *request)
{
    struct work *work = request->user;

    if (work->is_inline) {
        end_verification(work);
        return;
    }
    if (mun_is_ok(mun_pool_add(work->submit->pool, &work->starter.job)))
        return;
    for (uint32_t i = 0; i < work->submission->count; i++) {
        struct mun_rpc_item *item = &work->submission->items[i];

        if (item->has_id)
            item->outcome = MUN_RPC_BUSY;
    }
    mun_http_resume(request);
}

enum mun_http_next
mun_submit_resumed(struct mun_http_request *request)
{
    return finish(request->user);
}
