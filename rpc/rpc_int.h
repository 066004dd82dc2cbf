#ifndef MUN_RPC_RPC_INT_H
#define MUN_RPC_RPC_INT_H

/* One call under way, and the handlers behind the route table. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/json/json_wr.h"
#include "ledger/json/put.h"
#include "rpc/rpc.h"

/* No path has more than three variable parts, no route more than six query
 * arguments. */
#define MUN_RPC_PARTS_MAX 3
#define MUN_RPC_ARGUMENTS_MAX 6

struct mun_rpc_argument {
    const char *name; /* as the route spells it */
    struct mun_bytes value;
};

struct mun_rpc_call {
    const struct mun_rpc_backend *backend;
    struct mun_arena *arena;
    const struct mun_rpc_request *request;
    struct mun_rpc_response *response;
    struct mun_bytes parts[MUN_RPC_PARTS_MAX];
    size_t part_count;
    struct mun_rpc_argument arguments[MUN_RPC_ARGUMENTS_MAX];
    size_t argument_count;
    struct mun_rpc_snapshot snapshot; /* while is_reading */
    bool is_reading;
    bool is_answered;      /* the response is complete */
    struct mun_json_wr wr; /* of routes that answer in JSON */
    size_t json_wanted;    /* see mun_rpc_reserve */
};

/* Answers in one of three ways: writes one JSON value to call->wr and
 * succeeds; completes the response by mun_rpc_answer or mun_rpc_refuse; or
 * fails with the error of a backend or ledger function. Runs once more, with a
 * larger buffer, when the JSON did not fit: it only reads. */
typedef mun_err_t (*mun_rpc_handler)(struct mun_rpc_call *call);

struct mun_rpc_route {
    enum mun_rpc_method method; /* HEAD goes where GET goes */
    uint32_t json_bytes;        /* room that is enough most times; 0: no JSON */
    const char *path;           /* "/v1/parties/{id}" */
    mun_rpc_handler handle;
    const char *const *arguments; /* NULL-terminated; NULL: none */
    const char *cache_control;    /* of a JSON answer; NULL: no-store */
};

extern const struct mun_rpc_route mun_rpc_routes[];
extern const size_t mun_rpc_route_count;

/* rpc/openapi.json, put here by the build. */
extern const unsigned char mun_rpc_openapi[];
extern const size_t mun_rpc_openapi_len;

#define MUN_RPC_OCTETS "application/octet-stream"
#define MUN_RPC_JSON "application/json"

/* For what never changes once it is there. */
#define MUN_RPC_FOR_EVER "public, max-age=31536000, immutable"

/* For what changes with the next block. */
#define MUN_RPC_A_MINUTE "public, max-age=60"

/* Begins reading; ended by whoever called the handler at the latest. Again is
 * fine.
 * Lifetime: until mun_rpc_end. */
const struct mun_rpc_snapshot *mun_rpc_begin(struct mun_rpc_call *call);
void mun_rpc_end(struct mun_rpc_call *call);

/* For answers whose length is known to be large: fails with MUN_ERR_LIMIT, so
 * that the handler runs again with more room, unless `size` bytes of JSON fit.
 */
MUN_MUST_USE mun_err_t mun_rpc_reserve(struct mun_rpc_call *call, size_t size);

/* Completes the response with status 200. `type` and `cache_control` are
 * static; `body` is in the arena or static. */
void mun_rpc_answer(struct mun_rpc_call *call, const char *type,
                    const char *cache_control, struct mun_bytes body);

/* Completes the response with a problem document.
 * Returns an error for the handler to return. */
mun_err_t mun_rpc_refuse(struct mun_rpc_call *call, unsigned status,
                         const char *code, const char *detail);

/* The same for 400, about one argument or part of the path; `text` goes on
 * after the name, with a space. */
mun_err_t mun_rpc_refuse_argument(struct mun_rpc_call *call, const char *code,
                                  const char *name, const char *text);

/* The same for an error of the backend or the ledger. */
void mun_rpc_refuse_err(struct mun_rpc_call *call, mun_err_t err);

mun_err_t mun_rpc_not_found(struct mun_rpc_call *call, const char *detail);

/* A problem about a rule of the ledger: 422, with refusal, number and entry.
 */
void mun_rpc_problem_refusal(struct mun_arena *arena,
                             const struct mun_rpc_item *item,
                             struct mun_rpc_response *response);

/* Takes back the end of the object that was just written, so that members can
 * be added to what a form of ledger/json wrote. */
void mun_rpc_reopen(struct mun_json_wr *wr);

/* The canonical bytes of a header, a certificate, a member set.
 * Errors: MUN_ERR_LIMIT (arena). Lifetime: the arena's. */
MUN_MUST_USE mun_err_t mun_rpc_header_bytes(struct mun_arena *arena,
                                            struct mun_bytes *out,
                                            const struct mun_header *header);
MUN_MUST_USE mun_err_t
mun_rpc_certificate_bytes(struct mun_arena *arena, struct mun_bytes *out,
                          const struct mun_certificate *certificate);
MUN_MUST_USE mun_err_t mun_rpc_members_bytes(struct mun_arena *arena,
                                             struct mun_bytes *out,
                                             const struct mun_members *members);

/* The list that the path names, by issuer and label, or 404; begins reading.
 * Lifetime: the snapshot's. */
MUN_MUST_USE mun_err_t mun_rpc_read_list(struct mun_rpc_call *call,
                                         struct mun_list *out);

/* The handlers, by file. */

/* submit.c */
mun_err_t mun_rpc_submit(struct mun_rpc_call *call);

/* chain.c */
mun_err_t mun_rpc_head(struct mun_rpc_call *call);
mun_err_t mun_rpc_trust_root(struct mun_rpc_call *call);
mun_err_t mun_rpc_genesis(struct mun_rpc_call *call);
mun_err_t mun_rpc_header(struct mun_rpc_call *call);
mun_err_t mun_rpc_block(struct mun_rpc_call *call);
mun_err_t mun_rpc_blocks(struct mun_rpc_call *call);

/* registers.c */
mun_err_t mun_rpc_party(struct mun_rpc_call *call);
mun_err_t mun_rpc_key(struct mun_rpc_call *call);
mun_err_t mun_rpc_accreditation(struct mun_rpc_call *call);
mun_err_t mun_rpc_programme(struct mun_rpc_call *call);
mun_err_t mun_rpc_list(struct mun_rpc_call *call);
mun_err_t mun_rpc_slot(struct mun_rpc_call *call);
mun_err_t mun_rpc_record(struct mun_rpc_call *call);

/* listing.c */
mun_err_t mun_rpc_parties(struct mun_rpc_call *call);
mun_err_t mun_rpc_accreditations(struct mun_rpc_call *call);
mun_err_t mun_rpc_programmes(struct mun_rpc_call *call);

/* credentials.c */
mun_err_t mun_rpc_batch(struct mun_rpc_call *call);
mun_err_t mun_rpc_verdict(struct mun_rpc_call *call);
mun_err_t mun_rpc_verdicts(struct mun_rpc_call *call);
mun_err_t mun_rpc_receipt(struct mun_rpc_call *call);

/* log.c */
mun_err_t mun_rpc_entry(struct mun_rpc_call *call);
mun_err_t mun_rpc_history(struct mun_rpc_call *call);
mun_err_t mun_rpc_tile(struct mun_rpc_call *call);
mun_err_t mun_rpc_inclusion(struct mun_rpc_call *call);
mun_err_t mun_rpc_consistency(struct mun_rpc_call *call);

/* status_list.c */
mun_err_t mun_rpc_status_list(struct mun_rpc_call *call);

/* statistics.c */
mun_err_t mun_rpc_statistics(struct mun_rpc_call *call);

/* service.c */
mun_err_t mun_rpc_health(struct mun_rpc_call *call);
mun_err_t mun_rpc_ready(struct mun_rpc_call *call);
mun_err_t mun_rpc_metrics(struct mun_rpc_call *call);
mun_err_t mun_rpc_openapi_document(struct mun_rpc_call *call);

#endif
