#ifndef MUN_TOOLS_CLIENT_H
#define MUN_TOOLS_CLIENT_H

/* A node's API over HTTP. One connection is kept and used again; nothing is
 * followed or decompressed; what comes in is counted while it arrives. */

#include "ledger/base/bytes.h"
#include "ledger/json/json.h"
#include "tools/cli.h"

struct mun_reply {
    unsigned status;
    struct mun_bytes body; /* in the arena */
};

/* Asks for `path` ("/v1/head"). At most 64 MiB come back.
 * Errors: MUN_ERR_NETWORK (no answer; a message was printed),
 * MUN_ERR_TOO_LARGE. */
MUN_MUST_USE mun_err_t mun_client_get(struct mun_reply *out,
                                      struct mun_cli *cli, const char *path);
MUN_MUST_USE mun_err_t mun_client_post(struct mun_reply *out,
                                       struct mun_cli *cli, const char *path,
                                       const char *content_type,
                                       struct mun_bytes body);

/* GET, expecting a JSON document with status 200. On failure says why (the
 * problem's detail) and sets *exit_code: UNREACHABLE or FAILED.
 * Lifetime: until the end of the process. NULL on failure. */
struct mun_json *mun_client_json(struct mun_cli *cli, const char *path,
                                 int *exit_code);

/* Parses a reply's body; NULL when it is not JSON. */
struct mun_json *mun_reply_json(const struct mun_reply *reply);

/* What a problem document says, or a plain text for the status.
 * Lifetime: the reply's document or static. */
const char *mun_reply_problem(struct mun_cli *cli,
                              const struct mun_reply *reply);

/* `text` percent-encoded for a query.
 * Lifetime: the arena's. */
const char *mun_client_escape(struct mun_cli *cli, const char *text);

#endif
