#ifndef MUN_NODE_INBOX_H
#define MUN_NODE_INBOX_H

/* What other threads have for the ledger thread, first in, first out.
 *
 *   peers' listener --checked messages--+
 *   peers thread ----values, blocks-----+--> inbox --> ledger thread
 *
 * Bounded in count and bytes: what does not fit is dropped, and comes again. */

#include <stdbool.h>
#include <stdint.h>

#include "consensus/check.h"
#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "node/blob.h"
#include "node/mempool.h"

enum mun_inbox_kind {
    MUN_INBOX_MESSAGE = 1, /* mun_inbox_message_of */
    MUN_INBOX_VALUE,       /* `blob`: a block that was asked for */
    MUN_INBOX_PROPOSED,    /* `blob`: the block of the proposal behind it,
                              whole (mun_block_is_whole), as a value is */
    MUN_INBOX_BLOCKS,      /* `blob`: blocks with certificates, from `peer` */
    MUN_INBOX_STATUS,      /* `blob`: a member's signed height */
    MUN_INBOX_HEIGHT,      /* `peer` says that it has decided `height` */
};

/* One thing. Who takes it drops the blob. */
struct mun_inbox_item {
    enum mun_inbox_kind kind;
    uint32_t peer;
    uint64_t height;
    struct mun_blob *blob;
};

/* What the blob of a message holds. */
static inline const struct mun_con_msg_checked *
mun_inbox_message_of(const struct mun_inbox_item *item)
{
    return (const struct mun_con_msg_checked *)(const void *)item->blob->data;
}

struct mun_inbox;

/* `mempool` is where the ledger thread sleeps; it is woken there.
 * Lifetime: the arena's; ended by mun_inbox_close.
 * Errors: MUN_ERR_LIMIT (arena). */
MUN_MUST_USE mun_err_t mun_inbox_open(struct mun_inbox **out,
                                      struct mun_arena *arena,
                                      struct mun_mempool *mempool);
/* NULL is fine. */
void mun_inbox_close(struct mun_inbox *inbox);

/* Any thread. Each copies or holds what it is given; false when it was dropped.
 */
bool mun_inbox_message(struct mun_inbox *inbox,
                       const struct mun_con_msg_checked *message);
bool mun_inbox_blob(struct mun_inbox *inbox, enum mun_inbox_kind kind,
                    uint32_t peer, struct mun_blob *blob);
bool mun_inbox_height(struct mun_inbox *inbox, uint32_t peer, uint64_t height);

/* The ledger thread. False when there is nothing. */
bool mun_inbox_take(struct mun_inbox *inbox, struct mun_inbox_item *out);

#endif
