#ifndef MUN_TESTS_SUPPORT_HTTP_CLIENT_H
#define MUN_TESTS_SUPPORT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"

/* HTTP/1.1 over one kept connection to 127.0.0.1, for load generators: it
 * costs the machine two system calls a request. It reads answers that carry
 * Content-Length, and trusts the server otherwise. What is not said to fail
 * aborts. */

#define MUN_CLIENT_HEAD_MAX 2048

struct mun_client {
    int fd;
    uint16_t port;
    char *buffer; /* head and body of the newest answer */
    size_t size;
    size_t used;
};

/* False when nobody listens. */
bool mun_client_open(struct mun_client *client, uint16_t port);
void mun_client_close(struct mun_client *client);

/* Returns the status. *body ends with a NUL that is not counted.
 * Lifetime: until the next request. */
unsigned mun_client_get(struct mun_client *client, struct mun_bytes *body,
                        const char *target);
unsigned mun_client_post(struct mun_client *client, struct mun_bytes *answer,
                         const char *target, struct mun_bytes body);

/* A whole answer at the start of `data`: its length and status, or false when
 * bytes are missing. */
struct mun_client_answer {
    unsigned status;
    size_t head_len;
    size_t len; /* with the head */
};
bool mun_client_parse(struct mun_client_answer *out, const char *data,
                      size_t len);

#endif
