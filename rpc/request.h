#ifndef MUN_RPC_REQUEST_H
#define MUN_RPC_REQUEST_H

/* Reading the path and the query of a request. Everything here refuses with a
 * 400 problem document what is not spelled in the one allowed way, and then
 * returns an error for the handler to return. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "rpc/rpc_int.h"

/* Whether `path` is of that form; its variable parts, none of them empty, go
 * into call->parts. */
bool mun_rpc_match(struct mun_rpc_call *call, const char *pattern,
                   struct mun_bytes path);

/* Splits and decodes the query into call->arguments. Each name must be one of
 * `allowed` (NULL-terminated, or NULL), at most once, followed by '=' and a
 * value that is not empty; '+' is a space. */
MUN_MUST_USE mun_err_t mun_rpc_query_read(struct mun_rpc_call *call,
                                          const char *const *allowed);

/* Variable parts of the path. */
MUN_MUST_USE mun_err_t mun_rpc_part_hash(struct mun_rpc_call *call,
                                         struct mun_hash *out, size_t index);
MUN_MUST_USE mun_err_t mun_rpc_part_key(struct mun_rpc_call *call,
                                        struct mun_key *out, size_t index);
MUN_MUST_USE mun_err_t mun_rpc_part_label(struct mun_rpc_call *call,
                                          struct mun_bytes *out, size_t index);
MUN_MUST_USE mun_err_t mun_rpc_part_u64(struct mun_rpc_call *call,
                                        uint64_t *out, uint64_t max,
                                        size_t index);

/* Query arguments. `*out` keeps what it had when there is none of that name.
 */
bool mun_rpc_has(const struct mun_rpc_call *call, const char *name);
struct mun_bytes mun_rpc_argument(const struct mun_rpc_call *call,
                                  const char *name);
MUN_MUST_USE mun_err_t mun_rpc_argument_hash(struct mun_rpc_call *call,
                                             struct mun_hash *out,
                                             const char *name);
struct mun_rpc_range {
    uint64_t min;
    uint64_t max;
};
MUN_MUST_USE mun_err_t mun_rpc_argument_u64(struct mun_rpc_call *call,
                                            uint64_t *out,
                                            struct mun_rpc_range range,
                                            const char *name);

/* Clean text of at most MUN_RPC_TEXT_MAX bytes. */
#define MUN_RPC_TEXT_MAX 200
MUN_MUST_USE mun_err_t mun_rpc_argument_text(struct mun_rpc_call *call,
                                             struct mun_bytes *out,
                                             const char *name);

/* Refuses with 400 when it is not there. */
MUN_MUST_USE mun_err_t mun_rpc_require(struct mun_rpc_call *call,
                                       const char *name);

/* Refuses with 415 unless the body is of that media type; parameters after a
 * semicolon are ignored. */
MUN_MUST_USE mun_err_t mun_rpc_require_type(struct mun_rpc_call *call,
                                            const char *type);

/* `limit` of lists. */
#define MUN_RPC_LIMIT_MAX 1000
#define MUN_RPC_LIMIT_DEFAULT 100
MUN_MUST_USE mun_err_t mun_rpc_argument_limit(struct mun_rpc_call *call,
                                              uint32_t *out);

#endif
