#include "node/backend.h"

#include <string.h>

#include "ledger/base/check.h"
#include "node/clock.h"

static void
read_begin(void *ctx, struct mun_rpc_snapshot *out)
{
    struct mun_backend *backend = ctx;

    mun_ledger_read_begin(backend->ledger, out);
}

static void
read_end(void *ctx)
{
    struct mun_backend *backend = ctx;

    mun_ledger_read_end(backend->ledger);
}

static bool
shows_height(struct mun_backend *backend, uint64_t height)
{
    return height <= mun_ledger_height(backend->ledger);
}

static bool
shows_leaf(struct mun_backend *backend, uint64_t log_index)
{
    return log_index < mun_ledger_log_size(backend->ledger);
}

static mun_err_t
genesis(void *ctx, struct mun_arena *arena, struct mun_bytes *out)
{
    struct mun_backend *backend = ctx;

    return mun_store_genesis(backend->store, arena, out);
}

static mun_err_t
header(void *ctx, uint64_t height, struct mun_header *out)
{
    struct mun_backend *backend = ctx;

    if (!shows_height(backend, height))
        return mun_err(MUN_ERR_NOT_FOUND);
    return mun_store_header(backend->store, height, out);
}

static mun_err_t
certificate(void *ctx, uint64_t height, struct mun_certificate *out)
{
    struct mun_backend *backend = ctx;

    if (!shows_height(backend, height))
        return mun_err(MUN_ERR_NOT_FOUND);
    return mun_store_certificate(backend->store, height, out);
}

static mun_err_t
block(void *ctx, struct mun_arena *arena, uint64_t height,
      struct mun_bytes *out)
{
    struct mun_backend *backend = ctx;

    if (!shows_height(backend, height))
        return mun_err(MUN_ERR_NOT_FOUND);
    return mun_store_block(backend->store, arena, height, out);
}

static mun_err_t
height_at(void *ctx, uint64_t time_ms, uint64_t *height)
{
    struct mun_backend *backend = ctx;
    uint64_t newest = mun_ledger_height(backend->ledger);

    MUN_TRY(mun_store_height_at(backend->store, time_ms, height));
    if (*height > newest)
        *height = newest;
    return MUN_SUCCESS;
}

static mun_err_t
find_entry(void *ctx, const struct mun_hash *id, struct mun_rpc_place *out)
{
    struct mun_backend *backend = ctx;
    struct mun_place place;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_ledger_find(backend->ledger, id, &place));
    out->log_index = place.log_index;
    return MUN_SUCCESS;
}

static mun_err_t
entry(void *ctx, struct mun_arena *arena, uint64_t log_index,
      struct mun_rpc_entry *out)
{
    struct mun_backend *backend = ctx;
    struct mun_stored_entry stored;

    memset(out, 0, sizeof *out);
    if (!shows_leaf(backend, log_index))
        return mun_err(MUN_ERR_NOT_FOUND);
    MUN_TRY(mun_store_entry(backend->store, arena, log_index, &stored));
    out->leaf = stored.leaf;
    out->entry = stored.entry;
    out->leaf_count = stored.leaf_count;
    return MUN_SUCCESS;
}

static mun_err_t
find_commitment(void *ctx, const struct mun_hash *commitment,
                struct mun_rpc_place *out)
{
    struct mun_backend *backend = ctx;
    struct mun_commitment_place place;
    size_t count;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_store_find_commitment(backend->store, &place, 1, &count,
                                      commitment));
    if (count == 0 || !shows_leaf(backend, place.log_index))
        return mun_err(MUN_ERR_NOT_FOUND);
    out->log_index = place.log_index;
    out->position = place.position;
    return MUN_SUCCESS;
}

static mun_err_t
batch_path(void *ctx, struct mun_hash *path, size_t *path_len,
           struct mun_hash *leaf, uint64_t log_index, uint32_t position)
{
    struct mun_backend *backend = ctx;

    *path_len = 0;
    if (!shows_leaf(backend, log_index))
        return mun_err(MUN_ERR_NOT_FOUND);
    return mun_store_batch_path(backend->store, path, path_len, leaf, log_index,
                                position);
}

static mun_err_t
tile(void *ctx, struct mun_hash *out, uint32_t level, uint64_t index,
     uint32_t width)
{
    struct mun_backend *backend = ctx;
    uint64_t size = mun_ledger_log_size(backend->ledger);

    /* Hashes of a level stand for 256^level leaves each. */
    for (uint32_t i = 0; i < level; i++)
        size /= 256;
    if (index > size / 256 || width > size - index * 256)
        return mun_err(MUN_ERR_NOT_FOUND);
    return mun_store_tile(backend->store, out, level, index, width);
}

struct visit_shown {
    struct mun_backend *backend;
    mun_rpc_visit_index visit;
    void *ctx;
};

static mun_err_t
visit_shown(void *ctx, uint64_t log_index)
{
    struct visit_shown *shown = ctx;

    if (!shows_leaf(shown->backend, log_index))
        return MUN_SUCCESS;
    return shown->visit(shown->ctx, log_index);
}

/* The parameters of these two are the API's. */
static mun_err_t
history( // NOLINT(readability-function-size)
    void *ctx, enum mun_rpc_history of, struct mun_bytes name, uint64_t from,
    uint32_t limit, mun_rpc_visit_index visit, void *visit_ctx, bool *more)
{
    struct mun_backend *backend = ctx;
    struct visit_shown shown = { backend, visit, visit_ctx };
    struct mun_history_query query = { .name = name,
                                       .from = from,
                                       .limit = limit };

    *more = false;
    switch (of) {
    case MUN_RPC_HISTORY_PARTY:
        query.of = MUN_HISTORY_PARTY;
        break;
    case MUN_RPC_HISTORY_PROGRAMME:
        query.of = MUN_HISTORY_PROGRAMME;
        break;
    case MUN_RPC_HISTORY_LIST:
        query.of = MUN_HISTORY_LIST;
        break;
    }
    return mun_store_history(backend->store, &query, visit_shown, &shown, more);
}

static mun_err_t
registered( // NOLINT(readability-function-size)
    void *ctx, enum mun_record_type type, struct mun_bytes after,
    uint32_t limit, mun_rpc_visit_record visit, void *visit_ctx, bool *more)
{
    struct mun_backend *backend = ctx;
    const struct mun_register_query query = { .type = type,
                                              .after = after,
                                              .limit = limit };

    *more = false;
    return mun_store_register(backend->store, &query, visit, visit_ctx, more);
}

static mun_err_t
owned(void *ctx, enum mun_rpc_owned what, const struct mun_hash *party,
      mun_rpc_visit_record visit, void *visit_ctx)
{
    struct mun_backend *backend = ctx;

    switch (what) {
    case MUN_RPC_OWNED_KEYS:
        return mun_store_owned(backend->store, MUN_OWNED_KEYS, party, visit,
                               visit_ctx);
    case MUN_RPC_OWNED_ACCREDITATIONS:
        return mun_store_owned(backend->store, MUN_OWNED_ACCREDITATIONS, party,
                               visit, visit_ctx);
    case MUN_RPC_OWNED_PROGRAMMES:
        return mun_store_owned(backend->store, MUN_OWNED_PROGRAMMES, party,
                               visit, visit_ctx);
    }
    MUN_UNREACHABLE();
}

static bool
is_ready(void *ctx)
{
    struct mun_backend *backend = ctx;

    return !atomic_load(&backend->is_stopping) &&
           !mun_ledger_has_failed(backend->ledger);
}

static size_t
metrics(void *ctx, char *out, size_t size)
{
    struct mun_backend *backend = ctx;
    struct mun_mempool_usage usage;
    struct mun_metrics_now now = { .software = MUN_SOFTWARE };

    mun_mempool_usage(backend->mempool, &usage);
    now.mempool_entries = usage.entries;
    now.mempool_bytes = usage.bytes;
    now.waiters = usage.waiters;
    now.jobs = mun_pool_queued(backend->pool);
    now.disk_bytes = mun_store_disk_bytes(backend->store);
    now.is_ready = is_ready(backend);
    if (backend->public_api != NULL)
        now.connections = mun_http_connections(backend->public_api);
    return mun_metrics_write(backend->metrics, &now, out, size);
}

static uint64_t
now_ms(void *ctx)
{
    (void)ctx;
    return mun_clock_ms();
}

void
mun_backend_init(struct mun_backend *backend,
                 const struct mun_genesis_chain *chain,
                 const struct mun_genesis *document)
{
    struct mun_rpc_backend *rpc = &backend->rpc;

    memset(rpc, 0, sizeof *rpc);
    rpc->ctx = backend;
    rpc->chain_id = chain->chain_id;
    rpc->chain_name = document->name;
    rpc->max_age_ms = document->max_age_ms;
    rpc->genesis_header = chain->header;
    rpc->genesis_header_id = chain->header_id;
    rpc->genesis_members = &chain->members;
    rpc->software = MUN_SOFTWARE;
    rpc->read_begin = read_begin;
    rpc->read_end = read_end;
    rpc->genesis = genesis;
    rpc->header = header;
    rpc->certificate = certificate;
    rpc->block = block;
    rpc->height_at = height_at;
    rpc->find_entry = find_entry;
    rpc->entry = entry;
    rpc->find_commitment = find_commitment;
    rpc->batch_path = batch_path;
    rpc->log_reader = mun_store_log_reader(backend->store);
    rpc->tile = tile;
    rpc->history = history;
    rpc->registered = registered;
    rpc->owned = owned;
    rpc->metrics = metrics;
    rpc->is_ready = is_ready;
    rpc->now_ms = now_ms;
}
