#ifndef MUN_RPC_RPC_H
#define MUN_RPC_RPC_H

/* The public API as functions: a parsed request in, status and bytes out.
 *
 * There are no sockets, threads or clocks here. The daemon's HTTP server parses
 * and guards requests (node/http.h), calls mun_rpc_handle on any of its threads
 * and sends what it gets. What the API needs from the daemon is one table of
 * functions, struct mun_rpc_backend, which node/ fills in.
 *
 * Only submitting and waiting need more than an answer at once: then the result
 * is MUN_RPC_SUBMIT or MUN_RPC_WAIT, the server parks the connection and calls
 * mun_rpc_finish when the daemon says that it is time.
 *
 * The API is specified in rpc/README.md and rpc/openapi.json. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/entry.h"
#include "ledger/core/genesis.h"
#include "ledger/core/hash.h"
#include "ledger/core/member.h"
#include "ledger/core/merkle.h"
#include "ledger/core/record.h"
#include "ledger/core/state.h"

/* What a read sees: one committed height. Held from begin to end, under a
 * shared lock; keep it short and do no I/O to clients meanwhile. */
struct mun_rpc_snapshot {
    const struct mun_header *header;
    const struct mun_hash *header_id;
    const struct mun_certificate *certificate; /* of that header */
    const struct mun_members *members;         /* its set */
    const struct mun_state *state;
    struct mun_view view;
};

struct mun_rpc_place {
    uint64_t log_index;
    uint32_t position; /* of a leaf in its batch */
};

struct mun_rpc_entry {
    struct mun_log_leaf leaf;
    struct mun_bytes entry; /* empty for header leaves */
    uint32_t leaf_count;
};

enum mun_rpc_history {
    MUN_RPC_HISTORY_PARTY,
    MUN_RPC_HISTORY_PROGRAMME,
    MUN_RPC_HISTORY_LIST,
};

enum mun_rpc_owned {
    MUN_RPC_OWNED_KEYS,
    MUN_RPC_OWNED_ACCREDITATIONS,
    MUN_RPC_OWNED_PROGRAMMES,
};

typedef mun_err_t (*mun_rpc_visit_index)(void *ctx, uint64_t log_index);
typedef mun_err_t (*mun_rpc_visit_record)(void *ctx, struct mun_bytes natural,
                                          struct mun_bytes value);

/* The daemon, as the API sees it. Every function may be called on any thread.
 * Errors are those of ledger/store/store.h: MUN_ERR_NOT_FOUND means that there
 * is no such thing. */
struct mun_rpc_backend {
    void *ctx;
    struct mun_hash chain_id;
    struct mun_bytes chain_name;
    uint64_t max_age_ms;
    struct mun_header genesis_header; /* height 0 */
    struct mun_hash genesis_header_id;
    const struct mun_members *genesis_members;
    const char *software; /* name and version */

    void (*read_begin)(void *ctx, struct mun_rpc_snapshot *out);
    void (*read_end)(void *ctx);

    mun_err_t (*genesis)(void *ctx, struct mun_arena *, struct mun_bytes *out);
    mun_err_t (*header)(void *ctx, uint64_t height, struct mun_header *out);
    mun_err_t (*certificate)(void *ctx, uint64_t height,
                             struct mun_certificate *out);
    mun_err_t (*block)(void *ctx, struct mun_arena *, uint64_t height,
                       struct mun_bytes *out);
    mun_err_t (*height_at)(void *ctx, uint64_t time_ms, uint64_t *height);
    mun_err_t (*find_entry)(void *ctx, const struct mun_hash *id,
                            struct mun_rpc_place *out);
    mun_err_t (*entry)(void *ctx, struct mun_arena *, uint64_t log_index,
                       struct mun_rpc_entry *out);
    /* The oldest place of a published commitment. */
    mun_err_t (*find_commitment)(void *ctx, const struct mun_hash *commitment,
                                 struct mun_rpc_place *out);
    mun_err_t (*batch_path)(void *ctx, struct mun_hash *path, size_t *path_len,
                            struct mun_hash *leaf, uint64_t log_index,
                            uint32_t position);
    struct mun_merkle_reader log_reader;
    mun_err_t (*tile)(void *ctx, struct mun_hash *out, uint32_t level,
                      uint64_t index, uint32_t width);
    mun_err_t (*history)(void *ctx, enum mun_rpc_history of,
                         struct mun_bytes name, uint64_t from, uint32_t limit,
                         mun_rpc_visit_index visit, void *visit_ctx,
                         bool *more);
    mun_err_t (*registered)(void *ctx, enum mun_record_type type,
                            struct mun_bytes after, uint32_t limit,
                            mun_rpc_visit_record visit, void *visit_ctx,
                            bool *more);
    mun_err_t (*owned)(void *ctx, enum mun_rpc_owned what,
                       const struct mun_hash *party, mun_rpc_visit_record visit,
                       void *visit_ctx);
    /* Writes the metrics in Prometheus text form; returns the length. */
    size_t (*metrics)(void *ctx, char *out, size_t size);
    bool (*is_ready)(void *ctx);
    uint64_t (*now_ms)(void *ctx);
};

enum mun_rpc_method {
    MUN_RPC_GET,
    MUN_RPC_HEAD,
    MUN_RPC_POST,
    MUN_RPC_OTHER,
};

/* `path` starts with '/', percent-decoded once, without the query. Lookups of
 * query arguments and of the media type go through functions so that nothing
 * is copied. */
struct mun_rpc_request {
    enum mun_rpc_method method;
    struct mun_bytes path;
    struct mun_bytes query; /* raw, after '?'; empty when there is none */
    struct mun_bytes content_type;
    struct mun_bytes body;
    bool has_waited; /* the second call after MUN_RPC_WAIT */
};

enum mun_rpc_next {
    MUN_RPC_DONE,   /* status, type and body are the answer */
    MUN_RPC_SUBMIT, /* hand `submission` to the daemon, then mun_rpc_finish */
    MUN_RPC_WAIT,   /* park until a height above wait_height or the time is up,
                       then call mun_rpc_handle again with has_waited set */
};

/* How each entry of a submission fared; filled in by the daemon. Entries whose
 * bytes do not decode come with has_id false and as MUN_RPC_REFUSED already:
 * the daemon leaves them as they are. */
enum mun_rpc_outcome {
    MUN_RPC_REFUSED, /* `refusal` says why */
    MUN_RPC_PENDING, /* taken, not final yet */
    MUN_RPC_FINAL,   /* in the block of `height`, now or long ago */
    MUN_RPC_BUSY,    /* the mempool is full: try again */
};

struct mun_rpc_item {
    struct mun_bytes bytes;
    const struct mun_hash *leaves;
    uint32_t leaf_count;
    struct mun_hash id; /* set when the bytes decode */
    bool has_id;
    enum mun_rpc_outcome outcome;
    enum mun_refusal refusal;
    uint64_t height;
};

#define MUN_RPC_ITEMS_MAX 4096

/* Bytes of a request's body. The largest answer, a run of blocks, takes twice
 * 16 MiB of the arena, others some kilobytes; an arena that is smaller makes
 * the larger answers 503. */
#define MUN_RPC_BODY_MAX (8u << 20)

struct mun_rpc_submission {
    uint32_t count;
    struct mun_rpc_item *items;
    uint64_t wait_ms; /* how long the client wants to wait for finality */
};

struct mun_rpc_response {
    enum mun_rpc_next next;
    unsigned status;
    const char *content_type;  /* static */
    const char *cache_control; /* static; NULL: no-store */
    const char *allow;         /* static; the header Allow of a 405, or NULL */
    struct mun_bytes body;     /* in the arena, or static */
    struct mun_rpc_submission submission;
    uint64_t wait_height;
    uint64_t wait_ms;
};

/* Answers one request. Everything lives in `arena` (one for each request).
 * Never fails: an error is an answer (RFC 9457). */
void mun_rpc_handle(const struct mun_rpc_backend *backend,
                    struct mun_arena *arena,
                    const struct mun_rpc_request *request,
                    struct mun_rpc_response *response);

/* After MUN_RPC_SUBMIT: the daemon has set each item's outcome; makes the
 * answer. */
void mun_rpc_finish(struct mun_arena *arena,
                    const struct mun_rpc_submission *submission,
                    struct mun_rpc_response *response);

/* An RFC 9457 document for errors that the server itself finds (a malformed
 * request, a body that is too large, a time-out). `code` is a short name in
 * upper case. */
void mun_rpc_problem(struct mun_arena *arena, unsigned status, const char *code,
                     const char *detail, struct mun_rpc_response *response);

#endif
