#ifndef MUN_NODE_HANDLER_H
#define MUN_NODE_HANDLER_H

#include "node/backend.h"
#include "node/http.h"
#include "node/submit.h"

/* What the listeners do with a request: the public API of rpc/, and for the
 * operator health, metrics and POST /backup?path=DIR. */
struct mun_handler {
    struct mun_backend *backend;
    struct mun_submit submit;
    struct mun_submit submit_of_peers; /* as `submit`, and passes nothing on */
};

/* A submission that another node passed on. */
enum mun_http_next
mun_handler_entries_of_peer(struct mun_handler *handler,
                            struct mun_http_request *request);

/* Lifetime: `handler` is borrowed. */
void mun_handler_public(struct mun_http_handler *out,
                        struct mun_handler *handler);
void mun_handler_operator(struct mun_http_handler *out,
                          struct mun_handler *handler);

#endif
