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
};

/* Lifetime: `handler` is borrowed. */
void mun_handler_public(struct mun_http_handler *out,
                        struct mun_handler *handler);
void mun_handler_operator(struct mun_http_handler *out,
                          struct mun_handler *handler);

#endif
