#include "node/node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "consensus/record.h"
#include "ledger/base/arena.h"
#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "ledger/base/memory.h"
#include "ledger/core/genesis.h"
#include "ledger/seal/key_file.h"
#include "ledger/store/store.h"
#include "node/backend.h"
#include "node/file.h"
#include "node/handler.h"
#include "node/peer_api.h"

/* Long-lived structs: the connections of a large listener, the mempool's
 * tables and little else. Address space, not memory. */
#define NODE_ARENA_BYTES (1ull << 30)

/* Address space of one request: 8 MiB of entries with what is kept beside
 * each, or an answer of 16 MiB. */
#define REQUEST_ARENA_BYTES (48ull << 20)
#define OPERATOR_ARENA_BYTES (1ull << 20)

/* Bodies and large answers of all requests together. */
#define HTTP_MEMORY_MAX (256ull << 20)

/* Values take about 200 bytes a record, programmes up to 16 KiB. */
#define VALUE_BYTES_EACH 512ull

#define STORE_CACHE_BYTES (256ull << 20)

/* Free space that opening the database takes: RocksDB reserves some for its
 * files and gives it back when they are closed. */
#define START_BYTES (16u << 20)

#define VERIFY_QUEUE_MAX 4096

/* Records of a genesis: parties and their keys. */
#define GENESIS_RECORDS_MAX (MUN_GENESIS_PARTIES_MAX * (1 + MUN_PARTY_KEYS_MAX))

#define DRAIN_MS 3000

/* Descriptors beside connections: the database's files, above all. */
#define FILES_OTHER 1024

#define KEY_FILE_BYTES_MAX 16384
#define PASSPHRASE_BYTES_MAX 1024

struct mun_node {
    struct mun_config config;
    void (*on_failure)(void);
    struct mun_arena arena;
    struct mun_genesis *genesis;
    struct mun_bytes genesis_bytes;
    struct mun_genesis_chain *chain;
    struct mun_signer signer;
    bool has_signer;
    void *state_memory;
    size_t state_size;
    struct mun_state *state;
    struct mun_store *store;
    struct mun_store_head *head;
    struct mun_metrics metrics;
    struct mun_mempool *mempool;
    struct mun_inbox *inbox;
    struct mun_values *values;
    struct mun_peers *peers;
    struct mun_ledger *ledger;
    struct mun_pool *pool;
    struct mun_backend backend;
    struct mun_handler handler;
    struct mun_http *public_api;
    struct mun_http *operator_api;
    struct mun_peer_api peer;
    struct mun_http *peer_api;
};

static mun_err_t
file_failed(const char *field, const char *path, mun_err_t err)
{
    mun_log(MUN_LOG_UNUSUAL,
            "node start_failed field=%s path=%s error=%s text=\"%s\"", field,
            path, mun_err_name(err), mun_err_text(err));
    return err;
}

static mun_err_t
start_failed(const char *what, mun_err_t err)
{
    mun_log(MUN_LOG_UNUSUAL, "node start_failed step=%s error=%s text=\"%s\"",
            what, mun_err_name(err), mun_err_text(err));
    return err;
}

/* Genesis */

static mun_err_t
load_genesis(struct mun_node *node)
{
    const char *path = node->config.genesis_file;
    uint8_t *buffer = mun_arena_alloc(&node->arena, MUN_GENESIS_BYTES_MAX);
    const struct mun_state_config state_config = { GENESIS_RECORDS_MAX + 16,
                                                   4u << 20 };
    size_t size = mun_state_footprint(&state_config);
    void *memory = NULL;
    mun_err_t err;

    node->genesis = mun_arena_alloc(&node->arena, sizeof *node->genesis);
    node->chain = mun_arena_alloc(&node->arena, sizeof *node->chain);
    if (buffer == NULL || node->genesis == NULL || node->chain == NULL)
        return start_failed("genesis", mun_err(MUN_ERR_LIMIT));
    MUN_TRY_OUT(mun_file_read(&node->genesis_bytes, buffer,
                              MUN_GENESIS_BYTES_MAX, path));
    MUN_TRY_OUT(mun_genesis_decode(node->genesis, node->genesis_bytes));
    MUN_TRY_OUT(mun_memory_map(&memory, size));
    MUN_TRY_OUT(mun_genesis_start(node->chain,
                                  mun_state_init(memory, &state_config),
                                  node->genesis, node->genesis_bytes));
out:
    mun_memory_unmap(memory, size);
    return mun_is_ok(err) ? err : file_failed("genesis_file", path, err);
}

/* The member's key */

/* One line without its end. */
static struct mun_bytes
first_line(struct mun_bytes text)
{
    while (text.len > 0 &&
           (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    return text;
}

static mun_err_t
read_key_file(struct mun_key_file *out, const char *path)
{
    uint8_t buffer[KEY_FILE_BYTES_MAX - 8192];
    struct mun_json_err why = { .code = MUN_OK };
    struct mun_json *doc = NULL;
    struct mun_bytes text;
    mun_err_t err;

    MUN_TRY(mun_file_read(&text, buffer, sizeof buffer, path));
    err = mun_json_parse(&doc, &why, text, NULL);
    if (mun_is_ok(err))
        err = mun_key_file_read(out, doc, &why);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        mun_log(MUN_LOG_UNUSUAL, "node key_file_refused reason=\"%s\"",
                why.text);
    return err;
}

static mun_err_t
open_key(struct mun_node *node)
{
    const char *path = node->config.key_file;
    const char *secret_path = node->config.passphrase_file;
    uint8_t secret[PASSPHRASE_BYTES_MAX];
    struct mun_key_file file;
    struct mun_bytes text;
    mun_err_t err;

    if (path[0] == 0)
        return MUN_SUCCESS;
    err = read_key_file(&file, path);
    if (!mun_is_ok(err))
        return file_failed("key_file", path, err);
    err = mun_file_read_secret(&text, secret, sizeof secret, secret_path);
    if (err.code == MUN_ERR_CONFIG) {
        mun_log(MUN_LOG_UNUSUAL,
                "node start_failed field=passphrase_file path=%s "
                "reason=\"others than its owner may read it\"",
                secret_path);
        return err;
    }
    if (!mun_is_ok(err))
        return file_failed("passphrase_file", secret_path, err);
    err = mun_key_file_open(&node->signer, &file, first_line(text));
    mun_wipe(secret, sizeof secret);
    if (!mun_is_ok(err))
        return file_failed("key_file", path, err);
    node->has_signer = true;
    return MUN_SUCCESS;
}

/* The database */

static mun_err_t
map_state(struct mun_node *node)
{
    const struct mun_state_config config = {
        node->config.state_records,
        node->config.state_records * VALUE_BYTES_EACH,
    };

    node->state_size = mun_state_footprint(&config);
    MUN_TRY(mun_memory_map(&node->state_memory, node->state_size));
    node->state = mun_state_init(node->state_memory, &config);
    return MUN_SUCCESS;
}

static void
unmap_state(struct mun_node *node)
{
    mun_memory_unmap(node->state_memory, node->state_size);
    node->state_memory = NULL;
    node->state = NULL;
}

/* With less room RocksDB may fail to write the log of its own doings, and then
 * aborts the process instead of saying so. What is wrong with a path is told by those
 * who open it. */
static mun_err_t
check_room(const char *path)
{
    struct statvfs info;

    if (statvfs(path, &info) == 0 &&
        (uint64_t)info.f_bavail * info.f_frsize < START_BYTES)
        return mun_err(MUN_ERR_DISK_FULL);
    return MUN_SUCCESS;
}

/* Which of the two paths to look at. */
static mun_err_t
store_failed(const struct mun_node *node, mun_err_t err)
{
    if (err.code == MUN_ERR_HIGH_WATER)
        return file_failed("high_water_file", node->config.high_water_file,
                           err);
    return file_failed("data_dir", node->config.data_dir, err);
}

/* Makes the database; its records come from a state of their own. */
static mun_err_t
create_store(struct mun_node *node, const struct mun_store_config *config)
{
    mun_err_t err;

    if (mkdir(config->path, 0700) != 0 && errno != EEXIST)
        return file_failed("data_dir", config->path, mun_err(MUN_ERR_IO));
    MUN_TRY(map_state(node));
    MUN_TRY_OUT(check_room(config->path));
    MUN_TRY_OUT(mun_genesis_start(node->chain, node->state, node->genesis,
                                  node->genesis_bytes));
    MUN_TRY_OUT(mun_store_create(config, node->genesis_bytes,
                                 &node->chain->header, node->state));
    mun_log(MUN_LOG_INFO, "node created_database path=%s", config->path);
out:
    unmap_state(node);
    return mun_is_ok(err) ? err : store_failed(node, err);
}

static struct mun_store_config
store_config(const struct mun_node *node)
{
    return (struct mun_store_config){
        .path = node->config.data_dir,
        .high_water_path = node->config.high_water_file,
        .cache_bytes = STORE_CACHE_BYTES,
    };
}

static mun_err_t
take_head(struct mun_node *node)
{
    node->head = mun_arena_alloc(&node->arena, sizeof *node->head);
    if (node->head == NULL)
        return start_failed("store", mun_err(MUN_ERR_LIMIT));
    return MUN_SUCCESS;
}

typedef mun_err_t (*store_open)(struct mun_store **out,
                                struct mun_store_head *head,
                                struct mun_state *state,
                                const struct mun_store_config *config);

static mun_err_t
try_open(struct mun_node *node, const struct mun_store_config *config,
         store_open open)
{
    mun_err_t err;

    MUN_TRY(check_room(config->path));
    MUN_TRY(map_state(node));
    err = open(&node->store, node->head, node->state, config);
    if (!mun_is_ok(err))
        unmap_state(node);
    return err;
}

static mun_err_t
compare_genesis(struct mun_node *node)
{
    struct mun_bytes stored;
    mun_err_t err;

    err = mun_store_genesis(node->store, &node->arena, &stored);
    if (!mun_is_ok(err))
        return store_failed(node, err);
    if (!mun_bytes_eq(stored, node->genesis_bytes)) {
        mun_log(MUN_LOG_UNUSUAL,
                "node start_failed field=genesis_file path=%s "
                "reason=\"the database was made from another genesis\"",
                node->config.genesis_file);
        return mun_err(MUN_ERR_CHAIN);
    }
    return MUN_SUCCESS;
}

static mun_err_t
open_store(struct mun_node *node)
{
    const struct mun_store_config config = store_config(node);
    mun_err_t err;

    MUN_TRY(take_head(node));
    err = try_open(node, &config, mun_store_open);
    if (err.code == MUN_ERR_NOT_FOUND) {
        MUN_TRY(create_store(node, &config));
        err = try_open(node, &config, mun_store_open);
    }
    if (!mun_is_ok(err))
        return store_failed(node, err);
    return compare_genesis(node);
}

/* Threads */

static void
ledger_failed(void *ctx)
{
    struct mun_node *node = ctx;

    node->on_failure();
}

static mun_err_t
open_ledger(struct mun_node *node)
{
    struct mun_mempool_config mempool = {
        .entries_max = node->config.mempool_entries,
        .bytes_max = node->config.mempool_bytes,
        .height = node->head->header.height,
    };
    const struct mun_peers_config peers = { .node = &node->config,
                                            .metrics = &node->metrics };
    struct mun_peers_config with_inbox = peers;
    const struct mun_ledger_config ledger = {
        .store = node->store,
        .state = node->state,
        .head = node->head,
        .members = &node->chain->members,
        .signer = node->has_signer ? &node->signer : NULL,
        .metrics = &node->metrics,
        .freshness_ms = (uint64_t)node->config.freshness_seconds * 1000,
        .on_failure = ledger_failed,
        .ctx = node,
    };
    struct mun_ledger_config with_mempool = ledger;
    mun_err_t err;

    if (getrandom(&mempool.seed, sizeof mempool.seed, 0) !=
        (ssize_t)sizeof mempool.seed)
        return start_failed("random", mun_err(MUN_ERR_RANDOM));
    MUN_TRY(mun_mempool_open(&node->mempool, &node->arena, &mempool));
    MUN_TRY(mun_inbox_open(&node->inbox, &node->arena, node->mempool));
    MUN_TRY(mun_values_open(&node->values, &node->arena));
    with_inbox.inbox = node->inbox;
    if (node->config.peer_count > 0)
        MUN_TRY(mun_peers_start(&node->peers, &node->arena, &with_inbox));
    with_mempool.mempool = node->mempool;
    with_mempool.inbox = node->inbox;
    with_mempool.values = node->values;
    with_mempool.peers = node->peers;
    err = mun_ledger_open(&node->ledger, &node->arena, &with_mempool);
    /* Of the key it has been said what is wrong. */
    return mun_is_ok(err) || err.code == MUN_ERR_CONFIG
               ? err
               : store_failed(node, err);
}

static mun_err_t
open_listeners(struct mun_node *node)
{
    struct mun_http_config config = {
        .listener = &node->config.public_api,
        .metrics = &node->metrics,
        .memory_max = HTTP_MEMORY_MAX,
        .arena_size = REQUEST_ARENA_BYTES,
        .name = "public",
    };

    node->handler.backend = &node->backend;
    node->handler.submit = (struct mun_submit){ .ledger = node->ledger,
                                                .mempool = node->mempool,
                                                .pool = node->pool,
                                                .metrics = &node->metrics };
    node->handler.submit_of_peers = node->handler.submit;
    node->handler.submit.peers = node->peers;
    mun_handler_public(&config.handler, &node->handler);
    MUN_TRY(mun_http_start(&node->public_api, &node->arena, &config));
    node->backend.public_api = node->public_api;
    config.listener = &node->config.operator_api;
    config.arena_size = OPERATOR_ARENA_BYTES;
    config.name = "operator";
    mun_handler_operator(&config.handler, &node->handler);
    MUN_TRY(mun_http_start(&node->operator_api, &node->arena, &config));
    if (!node->config.has_peer_api)
        return MUN_SUCCESS;
    node->peer.handler = &node->handler;
    node->peer.inbox = node->inbox;
    node->peer.values = node->values;
    config.listener = &node->config.peer_api;
    config.arena_size = REQUEST_ARENA_BYTES;
    config.name = "peer";
    mun_peer_api_handler(&config.handler, &node->peer);
    return mun_http_start(&node->peer_api, &node->arena, &config);
}

static void
log_ready(const struct mun_node *node)
{
    char chain[2 * sizeof node->chain->chain_id.b + 1];

    mun_hex_encode(chain, mun_bytes(node->chain->chain_id.b,
                                    sizeof node->chain->chain_id.b));
    mun_log(MUN_LOG_INFO,
            "node ready event=ready public=%s:%u operator=%s:%u chain=%s "
            "height=%" PRIu64 " writes=%s peer=%s:%u",
            node->config.public_api.address,
            (unsigned)mun_http_port(node->public_api),
            node->config.operator_api.address,
            (unsigned)mun_http_port(node->operator_api), chain,
            mun_ledger_height(node->ledger),
            mun_ledger_may_write(node->ledger) ? "yes" : "no",
            node->config.peer_api.address,
            node->peer_api == NULL ? 0
                                   : (unsigned)mun_http_port(node->peer_api));
}

/* Most systems start a process with 1,024 descriptors and let it ask for more.
 */
static void
raise_file_limit(const struct mun_node *node)
{
    rlim_t need = (rlim_t)node->config.public_api.connections +
                  node->config.operator_api.connections + FILES_OTHER;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need)
        return;
    limit.rlim_cur = limit.rlim_max < need ? limit.rlim_max : need;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < need)
        mun_log(MUN_LOG_UNUSUAL,
                "node few_files allowed=%" PRIu64 " needed=%" PRIu64,
                (uint64_t)limit.rlim_cur, (uint64_t)need);
}

static mun_err_t
start(struct mun_node *node)
{
    raise_file_limit(node);
    MUN_TRY(load_genesis(node));
    MUN_TRY(open_key(node));
    MUN_TRY(open_store(node));
    MUN_TRY(open_ledger(node));
    MUN_TRY(mun_pool_start(&node->pool, &node->arena,
                           node->config.verify_threads, VERIFY_QUEUE_MAX));
    node->backend.store = node->store;
    node->backend.ledger = node->ledger;
    node->backend.mempool = node->mempool;
    node->backend.metrics = &node->metrics;
    node->backend.pool = node->pool;
    mun_backend_init(&node->backend, node->chain, node->genesis);
    MUN_TRY(mun_ledger_start(node->ledger));
    MUN_TRY(open_listeners(node));
    log_ready(node);
    return MUN_SUCCESS;
}

/* The other way round; fine after a start that failed half-way. */
static void
close_all(struct mun_node *node)
{
    atomic_store(&node->backend.is_stopping, true);
    /* Workers first: what they hold gets into the last blocks. */
    mun_pool_stop(node->pool);
    mun_ledger_stop(node->ledger);
    mun_http_drain(node->public_api, DRAIN_MS);
    mun_http_stop(node->public_api);
    mun_http_stop(node->operator_api);
    mun_http_drain(node->peer_api, DRAIN_MS);
    mun_http_stop(node->peer_api);
    mun_peers_stop(node->peers);
    mun_ledger_close(node->ledger);
    mun_inbox_close(node->inbox);
    mun_values_close(node->values);
    mun_mempool_close(node->mempool);
    mun_store_close(node->store);
    unmap_state(node);
    if (node->has_signer)
        mun_signer_fini(&node->signer);
    mun_arena_close(&node->arena);
}

/* One node a process. */
static struct mun_node the_node;

mun_err_t
mun_node_start(struct mun_node **out, const struct mun_config *config,
               void (*on_failure)(void))
{
    struct mun_node *node = &the_node;
    mun_err_t err;

    *out = NULL;
    memset(node, 0, sizeof *node);
    node->config = *config;
    node->on_failure = on_failure;
    MUN_TRY(mun_arena_open(&node->arena, NODE_ARENA_BYTES));
    err = start(node);
    if (mun_is_ok(err)) {
        *out = node;
        return err;
    }
    close_all(node);
    return err;
}

mun_err_t
mun_node_stop(struct mun_node *node)
{
    bool has_failed;

    if (node == NULL)
        return MUN_SUCCESS;
    has_failed = mun_ledger_has_failed(node->ledger);
    close_all(node);
    return has_failed ? mun_err(MUN_ERR_STORE) : MUN_SUCCESS;
}

/* Accepting a database */

static mun_err_t
accept_refused(const char *reason, mun_err_t err)
{
    mun_log(MUN_LOG_UNUSUAL, "node accept_refused reason=\"%s\"", reason);
    return err;
}

/* The record of what was signed and the mark are written together. */
static mun_err_t
compare_record(struct mun_node *node, const struct mun_high_water *mark)
{
    struct mun_con_record *record =
        mun_arena_alloc(&node->arena, sizeof *record);
    struct mun_bytes bytes;
    mun_err_t err = mun_store_consensus(node->store, &node->arena, &bytes);

    if (record == NULL)
        return mun_err(MUN_ERR_LIMIT);
    if (mun_is_ok(err) && bytes.len > 0)
        err = mun_con_record_decode(record, bytes);
    if (!mun_is_ok(err) && err.code != MUN_ERR_NOT_FOUND)
        return err;
    if (record->height != mark->signed_height ||
        record->round != mark->signed_round ||
        (uint8_t)record->phase != mark->signed_step)
        return accept_refused("the record of what was signed last is not that "
                              "of the newest block",
                              mun_err(MUN_ERR_CORRUPT));
    return MUN_SUCCESS;
}

static mun_err_t
look_at(struct mun_node *node, struct mun_node_found *out)
{
    const struct mun_header *header = &node->head->header;
    struct mun_high_water mark;

    MUN_TRY(compare_genesis(node));
    mun_store_mark(node->store, &mark);
    MUN_TRY(compare_record(node, &mark));
    *out = (struct mun_node_found){ .height = header->height,
                                    .header_id = node->head->header_id,
                                    .time_ms = header->time_ms,
                                    .log_size = header->log_size,
                                    .signed_height = mark.signed_height,
                                    .signed_round = mark.signed_round,
                                    .signed_step = mark.signed_step };
    return MUN_SUCCESS;
}

static mun_err_t
write_high_water(struct mun_node *node, const struct mun_hash *header_id)
{
    const char *path = node->config.high_water_file;
    char text[2 * sizeof header_id->b + 1];
    mun_err_t err;

    if (!mun_hash_eq(header_id, &node->head->header_id))
        return accept_refused("the database ends with another header",
                              mun_err(MUN_ERR_VALUE));
    err = mun_store_accept(node->store, path);
    if (!mun_is_ok(err))
        return file_failed("high_water_file", path, err);
    mun_hex_encode(text, mun_bytes(header_id->b, sizeof header_id->b));
    mun_log(MUN_LOG_UNUSUAL,
            "node accepted_database height=%" PRIu64 " header_id=%s "
            "high_water_file=%s",
            node->head->header.height, text, path);
    return MUN_SUCCESS;
}

static mun_err_t
accept_database(struct mun_node *node, struct mun_node_found *out,
                const struct mun_hash *header_id)
{
    const struct mun_store_config config = store_config(node);
    mun_err_t err;

    MUN_TRY(load_genesis(node));
    if (node->chain->members.count != 1)
        return accept_refused(
            "the ledger has several members; this one follows "
            "without key_file until it has a new key",
            mun_err(MUN_ERR_CONFIG));
    MUN_TRY(take_head(node));
    err = try_open(node, &config, mun_store_open_unmarked);
    if (!mun_is_ok(err))
        return store_failed(node, err);
    MUN_TRY(look_at(node, out));
    return header_id == NULL ? MUN_SUCCESS : write_high_water(node, header_id);
}

mun_err_t
mun_node_accept(struct mun_node_found *out, const struct mun_config *config,
                const struct mun_hash *header_id)
{
    struct mun_node *node = &the_node;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    memset(node, 0, sizeof *node);
    node->config = *config;
    MUN_TRY(mun_arena_open(&node->arena, NODE_ARENA_BYTES));
    err = accept_database(node, out, header_id);
    mun_store_close(node->store);
    unmap_state(node);
    mun_arena_close(&node->arena);
    if (!mun_is_ok(err) && err.code != MUN_ERR_VALUE)
        memset(out, 0, sizeof *out);
    return err;
}

/* Checking */

static mun_err_t
note_new_key(struct mun_node *node)
{
    static const uint8_t never = MUN_LEDGER_NEW_KEY;
    const struct mun_high_water mark = {
        .height = node->head->header.height,
        .header_id = node->head->header_id,
    };

    return mun_store_put_consensus(node->store, mun_bytes(&never, 1), &mark);
}

static mun_err_t
create_database(struct mun_node *node)
{
    const struct mun_store_config config = store_config(node);

    MUN_TRY(load_genesis(node));
    MUN_TRY(open_key(node));
    MUN_TRY(take_head(node));
    MUN_TRY(create_store(node, &config));
    MUN_TRY(try_open(node, &config, mun_store_open));
    return note_new_key(node);
}

mun_err_t
mun_node_create(const struct mun_config *config)
{
    struct mun_node *node = &the_node;
    mun_err_t err;

    memset(node, 0, sizeof *node);
    node->config = *config;
    MUN_TRY(mun_arena_open(&node->arena, NODE_ARENA_BYTES));
    err = create_database(node);
    close_all(node);
    return err;
}

mun_err_t
mun_node_check(const struct mun_config *config)
{
    struct mun_node *node = &the_node;
    mun_err_t err;

    memset(node, 0, sizeof *node);
    node->config = *config;
    MUN_TRY(mun_arena_open(&node->arena, NODE_ARENA_BYTES));
    err = load_genesis(node);
    if (mun_is_ok(err))
        err = open_key(node);
    if (node->has_signer)
        mun_signer_fini(&node->signer);
    mun_arena_close(&node->arena);
    return err;
}
