#ifndef MUN_NODE_PEER_API_H
#define MUN_NODE_PEER_API_H

/* What the listener for other nodes does.
 *
 *   POST /peer/messages     runs of u32 length and a consensus message, behind a
 *                           proposal perhaps its block; the answer is our
 *                           height, u64
 *   POST /peer/entries      as POST /v1/entries, not passed on
 *   GET  /peer/values/ID    the block of a header id, while it is agreed on
 *   GET  /peer/status/NONCE our height, signed for who asks (R35)
 *   GET  /v1/blocks         decided blocks with certificates
 *
 * Signatures are verified here, on the listener's threads; who is connected
 * means nothing. */

#include "node/handler.h"
#include "node/inbox.h"
#include "node/values.h"

/* A block up to this size travels with its proposal. */
#define MUN_PEER_INLINE_MAX 65536u
#define MUN_PEER_MESSAGE_BYTES_MAX                                             \
    (MUN_CON_PROPOSAL_BYTES + MUN_PEER_INLINE_MAX)

struct mun_peer_api {
    struct mun_handler *handler;
    struct mun_inbox *inbox;
    struct mun_values *values;
};

/* Lifetime: `api` is borrowed. */
void mun_peer_api_handler(struct mun_http_handler *out,
                          struct mun_peer_api *api);

#endif
