#ifndef MUN_NODE_HTTP_H
#define MUN_NODE_HTTP_H

/* One HTTP/1.1 listener on libmicrohttpd, which only http.c names.
 *
 *   accept -> head -> guard -> body -> handle -> answer
 *                       |        |        |
 *                      4xx      413      park ... resume -> resumed -> answer
 *
 * Threads: the library's own parse, guard and call the handler; any thread may
 * resume. A janitor cuts connections that take too long over a request, its
 * body or an answer, however busily they trickle.
 *
 * Limits: connections, connections of one address (429), bytes of a body while
 * it arrives (413), memory of bodies and answers together (503), and time. */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "node/config.h"
#include "node/metrics.h"
#include "rpc/rpc.h"

#define MUN_HTTP_BODY_MAX (8u << 20)

struct mun_http;

/* One request while it is answered; part of its connection. */
struct mun_http_request {
    struct mun_rpc_request rpc;
    struct mun_arena *arena; /* everything of the request; reset after it */
    struct mun_rpc_response response;
    enum mun_metric_class metric;
    void *user; /* the handler's */
};

enum mun_http_next {
    MUN_HTTP_ANSWER, /* `response` is filled in */
    MUN_HTTP_PARK,   /* call `parked` once the connection is suspended */
};

struct mun_http_handler {
    void *ctx;
    enum mun_http_next (*handle)(void *ctx, struct mun_http_request *request);
    /* Hands the request over. After it, and even during it, the request is
     * whoever's it was handed to until mun_http_resume. */
    void (*parked)(void *ctx, struct mun_http_request *request);
    /* Called on the server's thread after mun_http_resume. */
    enum mun_http_next (*resumed)(void *ctx, struct mun_http_request *request);
};

struct mun_http_config {
    const struct mun_listener_config *listener;
    struct mun_http_handler handler;
    struct mun_metrics *metrics;
    uint64_t memory_max; /* bodies and large answers */
    uint64_t arena_size; /* address space of one request */
    const char *name;    /* for logs */
};

/* Listens and serves from now on.
 * Lifetime: ended by mun_http_stop.
 * Errors: MUN_ERR_NETWORK (logged), MUN_ERR_MEMORY, MUN_ERR_LIMIT. */
MUN_MUST_USE mun_err_t mun_http_start(struct mun_http **out,
                                      struct mun_arena *arena,
                                      const struct mun_http_config *config);

/* The port that it listens on. */
uint16_t mun_http_port(const struct mun_http *http);
uint32_t mun_http_connections(struct mun_http *http);

/* Lets a parked request go on; any thread, once for each parking. */
void mun_http_resume(struct mun_http_request *request);

/* Accepts no more connections and waits up to `grace_ms` for requests that are
 * being answered. NULL is fine. */
void mun_http_drain(struct mun_http *http, uint64_t grace_ms);

/* Ends it. No request may be parked any more. NULL is fine. */
void mun_http_stop(struct mun_http *http);

#endif
