#include "node/inbox.h"

#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "ledger/base/check.h"

#define ITEMS_MAX 8192u
#define BYTES_MAX (128u << 20)

struct mun_inbox {
    pthread_mutex_t lock;
    struct mun_mempool *mempool;
    uint32_t first;
    uint32_t count;
    size_t bytes;
    struct mun_inbox_item ring[ITEMS_MAX];
};

_Static_assert(offsetof(struct mun_blob, data) %
                       alignof(struct mun_con_msg_checked) ==
                   0,
               "a blob can hold a message");

static size_t
size_of(const struct mun_inbox_item *item)
{
    return item->blob == NULL ? 0 : item->blob->len;
}

mun_err_t
mun_inbox_open(struct mun_inbox **out, struct mun_arena *arena,
               struct mun_mempool *mempool)
{
    struct mun_inbox *inbox = mun_arena_alloc(arena, sizeof *inbox);

    *out = NULL;
    if (inbox == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_CHECK(pthread_mutex_init(&inbox->lock, NULL) == 0);
    inbox->mempool = mempool;
    *out = inbox;
    return MUN_SUCCESS;
}

void
mun_inbox_close(struct mun_inbox *inbox)
{
    struct mun_inbox_item item;

    if (inbox == NULL)
        return;
    while (mun_inbox_take(inbox, &item))
        mun_blob_drop(item.blob);
    MUN_CHECK(pthread_mutex_destroy(&inbox->lock) == 0);
}

static void
lock(struct mun_inbox *inbox)
{
    MUN_CHECK(pthread_mutex_lock(&inbox->lock) == 0);
}

static void
unlock(struct mun_inbox *inbox)
{
    MUN_CHECK(pthread_mutex_unlock(&inbox->lock) == 0);
}

/* Takes the hold on the blob, also when the item is dropped. */
static bool
push(struct mun_inbox *inbox, const struct mun_inbox_item *item)
{
    size_t size = size_of(item);
    bool is_taken = false;

    lock(inbox);
    is_taken = inbox->count < ITEMS_MAX && inbox->bytes + size <= BYTES_MAX;
    if (is_taken) {
        inbox->ring[(inbox->first + inbox->count) % ITEMS_MAX] = *item;
        inbox->count++;
        inbox->bytes += size;
    }
    unlock(inbox);
    if (is_taken)
        mun_mempool_poke(inbox->mempool);
    else
        mun_blob_drop(item->blob);
    return is_taken;
}

bool
mun_inbox_message(struct mun_inbox *inbox,
                  const struct mun_con_msg_checked *message)
{
    struct mun_inbox_item item = { .kind = MUN_INBOX_MESSAGE };

    item.blob = mun_blob_new(mun_bytes(message, sizeof *message));
    return item.blob != NULL && push(inbox, &item);
}

bool
mun_inbox_blob(struct mun_inbox *inbox, enum mun_inbox_kind kind, uint32_t peer,
               struct mun_blob *blob)
{
    struct mun_inbox_item item = { .kind = kind, .peer = peer };

    item.blob = mun_blob_hold(blob);
    return push(inbox, &item);
}

bool
mun_inbox_height(struct mun_inbox *inbox, uint32_t peer, uint64_t height)
{
    struct mun_inbox_item item = { .kind = MUN_INBOX_HEIGHT,
                                   .peer = peer,
                                   .height = height };

    return push(inbox, &item);
}

bool
mun_inbox_take(struct mun_inbox *inbox, struct mun_inbox_item *out)
{
    bool is_there;

    lock(inbox);
    is_there = inbox->count > 0;
    if (is_there) {
        *out = inbox->ring[inbox->first];
        inbox->first = (inbox->first + 1) % ITEMS_MAX;
        inbox->count--;
        inbox->bytes -= size_of(out);
    }
    unlock(inbox);
    return is_there;
}
