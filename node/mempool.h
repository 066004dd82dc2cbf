#ifndef MUN_NODE_MEMPOOL_H
#define MUN_NODE_MEMPOOL_H

/* Entries that wait for a block, and the clients that wait for entries.
 *
 *   workers --offer--> [arrivals] --take--> ledger thread --settle--> answers
 *
 * An entry gets in only when its signatures were verified, so that garbage
 * under an honest entry's id never stands in its way. It is found by its id
 * from the offer to the settling, and waits in order of arrival.
 *
 * A waiter stands for one parked request. Each of its items that is in the
 * mempool holds it back; when the last is settled, or the time is up, it is
 * woken: exactly once, on the ledger's thread, outside of the lock.
 *
 * I1 An id is in the table once.
 * I2 Counts and bytes are those of the entries in the table, within limits.
 * I3 A waiter is parked, woken, or neither; `remaining` counts its items that
 *    hang on pending entries while it is parked. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/entry.h"
#include "ledger/core/hash.h"
#include "rpc/rpc.h"

struct mun_mempool;
struct mun_pending;
struct mun_waiter;

/* A party and its keys at most. */
#define MUN_ANNOUNCES_MAX (MUN_PARTY_KEYS_MAX + 1)

/* The key of a record that a pending entry will make, if it applies: what an
 * entry behind it may build on. */
struct mun_announce {
    struct mun_hash record_key;
    struct mun_announce *next; /* in the mempool's table */
};

/* An item of a request that waits for a pending entry. */
struct mun_wait {
    struct mun_wait *prev;
    struct mun_wait *next;
    struct mun_pending *on; /* NULL: on none */
    struct mun_waiter *waiter;
    struct mun_rpc_item *item;
};

/* One parked request. The owner sets deadline_ms (of mun_clock_monotonic_ms),
 * wake and, to wait for a height, height_above; `waits` are its items. */
struct mun_waiter {
    uint64_t deadline_ms;
    void (*wake)(struct mun_waiter *waiter);
    bool is_for_height;
    uint64_t height_above;
    struct mun_wait *waits;
    uint32_t wait_count;
    uint32_t remaining;
    bool is_parked;
    struct mun_waiter *prev;
    struct mun_waiter *next;
};

/* One entry with its own copy of the bytes. */
struct mun_pending {
    struct mun_entry_checked checked; /* borrows from `storage` */
    enum mun_refusal refusal;         /* set by the ledger thread */
    uint64_t height;                  /* of its block, once that is known */
    struct mun_pending *next;         /* in a list */
    struct mun_pending *next_in_bucket;
    struct mun_wait *waits;
    size_t size; /* bytes of memory, this struct included */
    uint32_t leaf_count;
    uint32_t announce_count;
    struct mun_announce announces[MUN_ANNOUNCES_MAX];
    struct mun_hash *leaves;
    size_t bytes_len;
    uint8_t *bytes;
};

/* Copies the bytes and leaves. NULL when there is no memory. */
struct mun_pending *mun_pending_new(struct mun_bytes bytes,
                                    const struct mun_hash *leaves,
                                    uint32_t leaf_count);
/* NULL is fine. It is in no mempool. */
void mun_pending_free(struct mun_pending *pending);

/* Fills `announces` from the decoded entry. */
void mun_pending_announce(struct mun_pending *pending);

/* First in, first out; zeroed is empty. */
struct mun_pending_list {
    struct mun_pending *first;
    struct mun_pending *last;
    uint32_t count;
};
void mun_pending_push(struct mun_pending_list *list,
                      struct mun_pending *pending);
struct mun_pending *mun_pending_pop(struct mun_pending_list *list);
/* Moves all of `more` behind `list`. */
void mun_pending_append(struct mun_pending_list *list,
                        struct mun_pending_list *more);

struct mun_mempool_config {
    uint32_t entries_max;
    uint64_t bytes_max;
    uint64_t seed;   /* random: nobody chooses the bucket of an id */
    uint64_t height; /* newest block */
};

/* Lifetime: the arena's; ended by mun_mempool_close.
 * Errors: MUN_ERR_LIMIT (arena). */
MUN_MUST_USE mun_err_t
mun_mempool_open(struct mun_mempool **out, struct mun_arena *arena,
                 const struct mun_mempool_config *config);
/* Frees what is left. Nobody waits any more. NULL is fine. */
void mun_mempool_close(struct mun_mempool *mempool);

bool mun_mempool_has(struct mun_mempool *mempool, const struct mun_hash *id);
/* Whether a pending entry will make this record. */
bool mun_mempool_announces(struct mun_mempool *mempool,
                           const struct mun_hash *record_key);

/* An item of a request: with a verified entry (STEALS), or with NULL for one
 * whose id was seen in the mempool before. `item` gets its outcome: PENDING,
 * BUSY (no room, or closed for new entries), or `is_lost` is set: it was
 * pending and is not any more, so that the store must be asked. */
struct mun_offer {
    struct mun_pending *pending;
    struct mun_rpc_item *item;
    bool is_lost;
};

/* Takes the offers in their order. When `waiter` is not NULL and something is
 * pending after that, parks it and returns true: it will be woken, perhaps
 * before this returns. waiter->waits has room for `count`. */
bool mun_mempool_offer(struct mun_mempool *mempool, struct mun_offer *offers,
                       uint32_t count, struct mun_waiter *waiter);

/* Parks a request that waits for a height above waiter->height_above. False
 * when that has come already or the node is stopping. */
bool mun_mempool_await(struct mun_mempool *mempool, struct mun_waiter *waiter);

/* The ledger thread. Waits until something arrived, the deadline has passed,
 * mun_mempool_poke, or mun_mempool_stop; then moves all arrivals behind `list`. Waiters whose time
 * is up are woken meanwhile. False when the mempool was stopped. */
bool mun_mempool_take(struct mun_mempool *mempool,
                      struct mun_pending_list *list, uint64_t deadline_ms);

/* Lets mun_mempool_take return, once, although nothing arrived. Any thread. */
void mun_mempool_poke(struct mun_mempool *mempool);

/* The pending entry of this id, or NULL. For the ledger thread alone, which
 * alone takes entries out: it stays until that thread settles it. */
struct mun_pending *mun_mempool_find(struct mun_mempool *mempool,
                                     const struct mun_hash *id);

/* What became of entries that were taken. Each list is emptied and freed and
 * each item gets its outcome: final at `height`, final at its own ->height, or
 * refused with its ->refusal. Wakes waiters, also those of heights. */
struct mun_settlement {
    struct mun_pending_list applied;
    struct mun_pending_list known;
    struct mun_pending_list refused;
    uint64_t height;
};
void mun_mempool_settle(struct mun_mempool *mempool,
                        struct mun_settlement *settlement);

/* From now on nothing is taken: offers are BUSY, and the ledger thread is
 * woken. */
void mun_mempool_stop(struct mun_mempool *mempool);

/* Wakes all waiters, items that wait with `outcome`. After mun_mempool_stop.
 */
void mun_mempool_release(struct mun_mempool *mempool,
                         enum mun_rpc_outcome outcome);

struct mun_mempool_usage {
    uint32_t entries;
    uint64_t bytes;
    uint32_t waiters;
};
void mun_mempool_usage(struct mun_mempool *mempool,
                       struct mun_mempool_usage *out);

#endif
