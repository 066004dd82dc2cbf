#include "node/mempool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/check.h"
#include "ledger/core/record.h"
#include "node/clock.h"

/* Deadlines of waiters are looked at this often at least. */
#define TICK_MS 20

struct mun_mempool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct mun_mempool_config config;
    bool is_stopped;
    bool is_poked;
    uint64_t height; /* newest settled */
    struct mun_pending_list arrivals;
    uint32_t entry_count;
    uint64_t byte_count;
    uint32_t waiter_count;
    struct mun_waiter *parked; /* a ring without head: prev/next, NULL ends */
    uint32_t mask;
    struct mun_pending **buckets;
    struct mun_announce **announced;
};

static void
lock(struct mun_mempool *mempool)
{
    MUN_CHECK(pthread_mutex_lock(&mempool->lock) == 0);
}

static void
unlock(struct mun_mempool *mempool)
{
    MUN_CHECK(pthread_mutex_unlock(&mempool->lock) == 0);
}

/* Pending entries */

struct mun_pending *
mun_pending_new(struct mun_bytes bytes, const struct mun_hash *leaves,
                uint32_t leaf_count)
{
    size_t leaves_len = (size_t)leaf_count * sizeof *leaves;
    size_t size = sizeof(struct mun_pending) + leaves_len + bytes.len;
    /* A request has at most 8 MiB, so nothing wraps. */
    struct mun_pending *pending = malloc(size); /* allow: of mempool_bytes */
    uint8_t *at;

    if (pending == NULL)
        return NULL;
    memset(pending, 0, sizeof *pending);
    at = (uint8_t *)(pending + 1);
    pending->size = size;
    pending->leaves = (struct mun_hash *)(void *)at;
    pending->leaf_count = leaf_count;
    pending->bytes = at + leaves_len;
    pending->bytes_len = bytes.len;
    if (leaves_len > 0)
        memcpy(at, leaves, leaves_len);
    if (bytes.len > 0)
        memcpy(pending->bytes, bytes.data, bytes.len);
    return pending;
}

void
mun_pending_free(struct mun_pending *pending)
{
    free(pending); /* allow: of mun_pending_new */
}

static struct mun_hash *
next_announce(struct mun_pending *pending)
{
    MUN_CHECK(pending->announce_count < MUN_ANNOUNCES_MAX);
    return &pending->announces[pending->announce_count++].record_key;
}

void
mun_pending_announce(struct mun_pending *pending)
{
    const struct mun_entry *entry = &pending->checked.entry;
    const struct mun_register_party *party = &entry->as.register_party;

    pending->announce_count = 0;
    if (entry->kind == MUN_KIND_ADD_KEY) {
        mun_record_key_key(next_announce(pending), &entry->as.add_key.key);
    } else if (entry->kind == MUN_KIND_REGISTER_PARTY) {
        mun_record_key_party(next_announce(pending), &entry->actor);
        for (uint8_t i = 0; i < party->key_count; i++)
            mun_record_key_key(next_announce(pending), &party->keys[i].key);
    }
}

void
mun_pending_push(struct mun_pending_list *list, struct mun_pending *pending)
{
    pending->next = NULL;
    if (list->last == NULL)
        list->first = pending;
    else
        list->last->next = pending;
    list->last = pending;
    list->count++;
}

struct mun_pending *
mun_pending_pop(struct mun_pending_list *list)
{
    struct mun_pending *pending = list->first;

    if (pending == NULL)
        return NULL;
    list->first = pending->next;
    if (list->first == NULL)
        list->last = NULL;
    list->count--;
    pending->next = NULL;
    return pending;
}

void
mun_pending_append(struct mun_pending_list *list, struct mun_pending_list *more)
{
    if (more->first == NULL)
        return;
    if (list->last == NULL)
        list->first = more->first;
    else
        list->last->next = more->first;
    list->last = more->last;
    list->count += more->count;
    *more = (struct mun_pending_list){ 0 };
}

static void
free_list(struct mun_pending_list *list)
{
    struct mun_pending *pending;

    while ((pending = mun_pending_pop(list)) != NULL)
        mun_pending_free(pending);
}

/* Tables */

static uint32_t
bucket_of(const struct mun_mempool *mempool, const struct mun_hash *hash)
{
    uint64_t word;

    memcpy(&word, hash->b, sizeof word);
    return (uint32_t)((word ^ mempool->config.seed) * 0x9e3779b97f4a7c15u >>
                      32) &
           mempool->mask;
}

static struct mun_pending *
find(const struct mun_mempool *mempool, const struct mun_hash *id)
{
    struct mun_pending *at = mempool->buckets[bucket_of(mempool, id)];

    while (at != NULL && !mun_hash_eq(&at->checked.entry.id, id))
        at = at->next_in_bucket;
    return at;
}

static void
insert(struct mun_mempool *mempool, struct mun_pending *pending)
{
    struct mun_pending **bucket =
        &mempool->buckets[bucket_of(mempool, &pending->checked.entry.id)];

    pending->next_in_bucket = *bucket;
    *bucket = pending;
    for (uint32_t i = 0; i < pending->announce_count; i++) {
        struct mun_announce *announce = &pending->announces[i];
        struct mun_announce **head =
            &mempool->announced[bucket_of(mempool, &announce->record_key)];

        announce->next = *head;
        *head = announce;
    }
    mempool->entry_count++;
    mempool->byte_count += pending->size;
    mun_pending_push(&mempool->arrivals, pending);
}

static void
remove_announce(struct mun_mempool *mempool, struct mun_announce *announce)
{
    struct mun_announce **at =
        &mempool->announced[bucket_of(mempool, &announce->record_key)];

    while (*at != announce) {
        MUN_CHECK(*at != NULL);
        at = &(*at)->next;
    }
    *at = announce->next;
}

static void
remove_pending(struct mun_mempool *mempool, struct mun_pending *pending)
{
    struct mun_pending **at =
        &mempool->buckets[bucket_of(mempool, &pending->checked.entry.id)];

    while (*at != pending) {
        MUN_CHECK(*at != NULL);
        at = &(*at)->next_in_bucket;
    }
    *at = pending->next_in_bucket;
    for (uint32_t i = 0; i < pending->announce_count; i++)
        remove_announce(mempool, &pending->announces[i]);
    MUN_CHECK(mempool->entry_count > 0);
    MUN_CHECK(mempool->byte_count >= pending->size);
    mempool->entry_count--;
    mempool->byte_count -= pending->size;
}

mun_err_t
mun_mempool_open(struct mun_mempool **out, struct mun_arena *arena,
                 const struct mun_mempool_config *config)
{
    struct mun_mempool *mempool = mun_arena_alloc(arena, sizeof *mempool);
    pthread_condattr_t attr;
    uint32_t room = 64;

    *out = NULL;
    if (mempool == NULL)
        return mun_err(MUN_ERR_LIMIT);
    while (room < config->entries_max && room < 1u << 24)
        room *= 2;
    mempool->config = *config;
    mempool->height = config->height;
    mempool->mask = room - 1;
    mempool->buckets = mun_arena_array(arena, room, sizeof(void *));
    mempool->announced = mun_arena_array(arena, room, sizeof(void *));
    if (mempool->buckets == NULL || mempool->announced == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_CHECK(pthread_mutex_init(&mempool->lock, NULL) == 0);
    MUN_CHECK(pthread_condattr_init(&attr) == 0);
    MUN_CHECK(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    MUN_CHECK(pthread_cond_init(&mempool->wake, &attr) == 0);
    MUN_CHECK(pthread_condattr_destroy(&attr) == 0);
    *out = mempool;
    return MUN_SUCCESS;
}

void
mun_mempool_close(struct mun_mempool *mempool)
{
    if (mempool == NULL)
        return;
    MUN_CHECK(mempool->parked == NULL);
    for (uint32_t i = 0; i <= mempool->mask; i++) {
        while (mempool->buckets[i] != NULL) {
            struct mun_pending *pending = mempool->buckets[i];

            mempool->buckets[i] = pending->next_in_bucket;
            mun_pending_free(pending);
        }
    }
    MUN_CHECK(pthread_cond_destroy(&mempool->wake) == 0);
    MUN_CHECK(pthread_mutex_destroy(&mempool->lock) == 0);
}

bool
mun_mempool_has(struct mun_mempool *mempool, const struct mun_hash *id)
{
    bool has;

    lock(mempool);
    has = find(mempool, id) != NULL;
    unlock(mempool);
    return has;
}

bool
mun_mempool_announces(struct mun_mempool *mempool,
                      const struct mun_hash *record_key)
{
    const struct mun_announce *at;

    lock(mempool);
    at = mempool->announced[bucket_of(mempool, record_key)];
    while (at != NULL && !mun_hash_eq(&at->record_key, record_key))
        at = at->next;
    unlock(mempool);
    return at != NULL;
}

/* Waiters. All below is called with the lock held, but wake_all. */

static void
park(struct mun_mempool *mempool, struct mun_waiter *waiter)
{
    MUN_CHECK(!waiter->is_parked);
    waiter->is_parked = true;
    waiter->prev = NULL;
    waiter->next = mempool->parked;
    if (waiter->next != NULL)
        waiter->next->prev = waiter;
    mempool->parked = waiter;
    mempool->waiter_count++;
}

static void
hang(struct mun_pending *pending, struct mun_waiter *waiter,
     struct mun_rpc_item *item)
{
    struct mun_wait *wait = &waiter->waits[waiter->wait_count++];

    *wait = (struct mun_wait){
        .on = pending, .waiter = waiter, .item = item, .next = pending->waits
    };
    if (wait->next != NULL)
        wait->next->prev = wait;
    pending->waits = wait;
    waiter->remaining++;
}

static void
unhang(struct mun_wait *wait)
{
    MUN_CHECK(wait->on != NULL);
    if (wait->prev == NULL)
        wait->on->waits = wait->next;
    else
        wait->prev->next = wait->next;
    if (wait->next != NULL)
        wait->next->prev = wait->prev;
    wait->on = NULL;
}

/* Takes it out of the ring and puts it on the list of those to be woken. */
static void
unpark(struct mun_mempool *mempool, struct mun_waiter *waiter,
       struct mun_waiter **woken)
{
    MUN_CHECK(waiter->is_parked);
    if (waiter->prev == NULL)
        mempool->parked = waiter->next;
    else
        waiter->prev->next = waiter->next;
    if (waiter->next != NULL)
        waiter->next->prev = waiter->prev;
    waiter->is_parked = false;
    waiter->prev = NULL;
    waiter->next = *woken;
    *woken = waiter;
    mempool->waiter_count--;
}

/* Wakes a waiter whose items are not all settled. */
static void
give_up(struct mun_mempool *mempool, struct mun_waiter *waiter,
        enum mun_rpc_outcome outcome, struct mun_waiter **woken)
{
    for (uint32_t i = 0; i < waiter->wait_count; i++) {
        struct mun_wait *wait = &waiter->waits[i];

        if (wait->on == NULL)
            continue;
        wait->item->outcome = outcome;
        unhang(wait);
    }
    unpark(mempool, waiter, woken);
}

/* Without the lock: the waiter may be gone as soon as it is woken. */
static void
wake_all(struct mun_waiter *woken)
{
    while (woken != NULL) {
        struct mun_waiter *next = woken->next;

        woken->wake(woken);
        woken = next;
    }
}

static void
expire(struct mun_mempool *mempool, uint64_t now_ms, struct mun_waiter **woken)
{
    struct mun_waiter *next;

    for (struct mun_waiter *at = mempool->parked; at != NULL; at = next) {
        next = at->next;
        if (at->deadline_ms <= now_ms)
            give_up(mempool, at, MUN_RPC_PENDING, woken);
    }
}

/* Offers */

/* What is not taken goes to `spare`: the waiter, and with it the offers, may be
 * gone when the lock is. */
static void
take_offer(struct mun_mempool *mempool, struct mun_offer *offer,
           struct mun_waiter *waiter, struct mun_pending_list *spare)
{
    struct mun_pending *there = find(mempool, &offer->item->id);

    offer->is_lost = false;
    if (there == NULL && offer->pending == NULL) {
        offer->is_lost = true;
        offer->item->outcome = MUN_RPC_BUSY;
        return;
    }
    if (there == NULL) {
        if (mempool->is_stopped ||
            mempool->entry_count >= mempool->config.entries_max ||
            offer->pending->size >
                mempool->config.bytes_max - mempool->byte_count) {
            offer->item->outcome = MUN_RPC_BUSY;
            mun_pending_push(spare, offer->pending);
            return;
        }
        there = offer->pending;
        insert(mempool, there);
    } else if (offer->pending != NULL) {
        mun_pending_push(spare, offer->pending);
    }
    offer->item->outcome = MUN_RPC_PENDING;
    if (waiter != NULL && !mempool->is_stopped)
        hang(there, waiter, offer->item);
}

bool
mun_mempool_offer(struct mun_mempool *mempool, struct mun_offer *offers,
                  uint32_t count, struct mun_waiter *waiter)
{
    struct mun_pending_list spare = { 0 };
    bool is_parked = false;

    if (waiter != NULL) {
        waiter->wait_count = 0;
        waiter->remaining = 0;
    }
    lock(mempool);
    for (uint32_t i = 0; i < count; i++)
        take_offer(mempool, &offers[i], waiter, &spare);
    if (waiter != NULL && waiter->remaining > 0) {
        park(mempool, waiter);
        is_parked = true;
    }
    if (mempool->arrivals.count > 0 || is_parked)
        MUN_CHECK(pthread_cond_signal(&mempool->wake) == 0);
    unlock(mempool);
    free_list(&spare);
    return is_parked;
}

bool
mun_mempool_await(struct mun_mempool *mempool, struct mun_waiter *waiter)
{
    bool is_parked = false;

    waiter->wait_count = 0;
    waiter->remaining = 0;
    waiter->is_for_height = true;
    lock(mempool);
    if (!mempool->is_stopped && mempool->height <= waiter->height_above) {
        park(mempool, waiter);
        is_parked = true;
        /* So that its deadline counts from now on. */
        MUN_CHECK(pthread_cond_signal(&mempool->wake) == 0);
    }
    unlock(mempool);
    return is_parked;
}

/* The ledger thread's side */

static void
sleep_until(struct mun_mempool *mempool, uint64_t deadline_ms)
{
    struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000),
                              .tv_nsec = (long)(deadline_ms % 1000) * 1000000 };

    /* Early and late returns are the same to the caller's loop. */
    (void)pthread_cond_timedwait(&mempool->wake, &mempool->lock, &until);
}

bool
mun_mempool_take(struct mun_mempool *mempool, struct mun_pending_list *list,
                 uint64_t deadline_ms)
{
    bool goes_on;

    lock(mempool);
    for (;;) {
        uint64_t now_ms = mun_clock_monotonic_ms();
        struct mun_waiter *woken = NULL;
        uint64_t until_ms = deadline_ms;

        expire(mempool, now_ms, &woken);
        if (woken != NULL) {
            unlock(mempool);
            wake_all(woken);
            lock(mempool);
            continue;
        }
        if (mempool->is_stopped || mempool->is_poked ||
            mempool->arrivals.count > 0 || now_ms >= deadline_ms)
            break;
        if (mempool->parked != NULL && until_ms > now_ms + TICK_MS)
            until_ms = now_ms + TICK_MS;
        sleep_until(mempool, until_ms);
    }
    mun_pending_append(list, &mempool->arrivals);
    mempool->is_poked = false;
    goes_on = !mempool->is_stopped;
    unlock(mempool);
    return goes_on;
}

static void
settle_one(struct mun_mempool *mempool, struct mun_pending *pending,
           enum mun_rpc_outcome outcome, struct mun_waiter **woken)
{
    while (pending->waits != NULL) {
        struct mun_wait *wait = pending->waits;
        struct mun_waiter *waiter = wait->waiter;

        wait->item->outcome = outcome;
        wait->item->refusal = pending->refusal;
        wait->item->height = pending->height;
        unhang(wait);
        MUN_CHECK(waiter->remaining > 0);
        waiter->remaining--;
        if (waiter->remaining == 0)
            unpark(mempool, waiter, woken);
    }
    remove_pending(mempool, pending);
}

static void
settle_list(struct mun_mempool *mempool, const struct mun_pending_list *list,
            enum mun_rpc_outcome outcome, struct mun_waiter **woken)
{
    for (struct mun_pending *at = list->first; at != NULL; at = at->next)
        settle_one(mempool, at, outcome, woken);
}

void
mun_mempool_settle(struct mun_mempool *mempool,
                   struct mun_settlement *settlement)
{
    struct mun_waiter *woken = NULL;
    struct mun_waiter *next;

    for (struct mun_pending *at = settlement->applied.first; at != NULL;
         at = at->next)
        at->height = settlement->height;
    lock(mempool);
    settle_list(mempool, &settlement->applied, MUN_RPC_FINAL, &woken);
    settle_list(mempool, &settlement->known, MUN_RPC_FINAL, &woken);
    settle_list(mempool, &settlement->refused, MUN_RPC_REFUSED, &woken);
    MUN_CHECK(settlement->height >= mempool->height);
    mempool->height = settlement->height;
    for (struct mun_waiter *at = mempool->parked; at != NULL; at = next) {
        next = at->next;
        if (at->is_for_height && at->height_above < mempool->height)
            unpark(mempool, at, &woken);
    }
    unlock(mempool);
    wake_all(woken);
    free_list(&settlement->applied);
    free_list(&settlement->known);
    free_list(&settlement->refused);
}

void
mun_mempool_poke(struct mun_mempool *mempool)
{
    lock(mempool);
    mempool->is_poked = true;
    MUN_CHECK(pthread_cond_signal(&mempool->wake) == 0);
    unlock(mempool);
}

struct mun_pending *
mun_mempool_find(struct mun_mempool *mempool, const struct mun_hash *id)
{
    struct mun_pending *pending;

    lock(mempool);
    pending = find(mempool, id);
    unlock(mempool);
    return pending;
}

void
mun_mempool_stop(struct mun_mempool *mempool)
{
    lock(mempool);
    mempool->is_stopped = true;
    MUN_CHECK(pthread_cond_broadcast(&mempool->wake) == 0);
    unlock(mempool);
}

void
mun_mempool_release(struct mun_mempool *mempool, enum mun_rpc_outcome outcome)
{
    struct mun_waiter *woken = NULL;

    lock(mempool);
    MUN_CHECK(mempool->is_stopped);
    while (mempool->parked != NULL)
        give_up(mempool, mempool->parked, outcome, &woken);
    unlock(mempool);
    wake_all(woken);
}

void
mun_mempool_usage(struct mun_mempool *mempool, struct mun_mempool_usage *out)
{
    lock(mempool);
    out->entries = mempool->entry_count;
    out->bytes = mempool->byte_count;
    out->waiters = mempool->waiter_count;
    unlock(mempool);
}
