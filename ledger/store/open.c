#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/log.h"
#include "ledger/base/wr.h"
#include "ledger/store/store_int.h"
#include "ledger/store/value.h"

/* Five pieces, each aligned to 16 and, under AddressSanitizer, 16 longer. */
#define ARENA_SLACK ((size_t)160)

/* What stands at a path before anything is opened. */
enum found {
    FOUND_NOTHING,  /* no directory, or an empty one */
    FOUND_DATABASE, /* with the file that names the manifest */
    FOUND_OTHER,    /* files, but not that one */
};

static enum found
look(const char *path)
{
    enum found found = FOUND_NOTHING;
    const struct dirent *item;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return errno == ENOENT ? FOUND_NOTHING : FOUND_OTHER;
    /* The stream is this function's own. */
    while ((item = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
            continue;
        if (strcmp(item->d_name, "CURRENT") == 0) {
            found = FOUND_DATABASE;
            break;
        }
        found = FOUND_OTHER;
    }
    (void)closedir(dir); /* nothing was written through it */
    return found;
}

/* Creating */

static mun_err_t
put_genesis_record(void *ctx, const struct mun_hash *key,
                   struct mun_bytes value)
{
    struct mun_rocks *rocks = ctx;

    return mun_put_record(rocks, key, value, true);
}

static mun_err_t
put_genesis(struct mun_rocks *rocks, struct mun_bytes genesis,
            const struct mun_header *header, const struct mun_hash *header_id)
{
    struct mun_block_row row = { .header = *header };
    struct mun_certificate empty;
    struct mun_store_key key;
    uint8_t buffer[64];
    struct mun_wr wr;

    mun_certificate_empty(&empty, header_id);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_certificate_encode(&wr, &empty);
    MUN_TRY(mun_wr_status(&wr));
    row.certificate = mun_wr_done(&wr);
    mun_put_block(rocks, &row);
    mun_key_meta(&key, MUN_META_GENESIS);
    mun_value_put(rocks, MUN_FAMILY_META, &key, &genesis, 1);
    return MUN_SUCCESS;
}

mun_err_t
mun_store_create(const struct mun_store_config *config,
                 struct mun_bytes genesis, const struct mun_header *header,
                 const struct mun_state *state)
{
    const struct mun_rocks_config rocks_config = { config->path,
                                                   config->cache_bytes, true };
    struct mun_mark mark = { .sequence = 1 };
    struct mun_rocks *rocks = NULL;
    mun_err_t err;

    MUN_CHECK(header->height == 0 && header->log_size == 0);
    if (access(config->high_water_path, F_OK) == 0) {
        mun_log(MUN_LOG_UNUSUAL, "store high_water what=exists");
        return mun_err(MUN_ERR_HIGH_WATER);
    }
    mun_header_id(&mark.at.header_id, header);
    MUN_TRY_OUT(mun_rocks_open(&rocks, &rocks_config));
    MUN_TRY_OUT(put_genesis(rocks, genesis, header, &mark.at.header_id));
    MUN_TRY_OUT(mun_state_each(state, put_genesis_record, rocks));
    mun_put_mark(rocks, &mark);
    MUN_TRY_OUT(mun_rocks_write(rocks));
    MUN_TRY_OUT(mun_sync_parent(config->path));
    MUN_TRY_OUT(mun_high_water_create(config->high_water_path, &mark));
    MUN_TRY_OUT(mun_rocks_flush(rocks));
out:
    mun_rocks_close(rocks);
    return err;
}

/* Opening */

static mun_err_t
load_mark(struct mun_store *store)
{
    struct mun_rocks_value value;
    struct mun_store_key key;
    struct mun_rd rd;
    mun_err_t err;

    mun_key_meta(&key, MUN_META_HEAD);
    err = mun_value_get(store->rocks, &value, MUN_FAMILY_META, &key);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_META, mun_store_key_bytes(&key));
    if (!mun_is_ok(err))
        return err;
    mun_rd_init(&rd, value.bytes);
    mun_mark_decode(&rd, &store->mark);
    err = mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_META,
                            mun_store_key_bytes(&key));
    mun_rocks_release(&value);
    return err;
}

/* The newest block, and that there is none behind it. */
static mun_err_t
load_head(struct mun_store *store, struct mun_store_head *head)
{
    uint64_t height = store->mark.at.height;
    struct mun_store_key key;
    struct mun_rocks_iter *iter;
    mun_err_t err;

    mun_key_block(&key, height);
    err = mun_store_header(store, height, &head->header);
    if (mun_is_ok(err))
        err = mun_store_certificate(store, height, &head->certificate);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_BLOCK, mun_store_key_bytes(&key));
    if (!mun_is_ok(err))
        return err;
    mun_header_id(&head->header_id, &head->header);
    if (!mun_hash_eq(&head->header_id, &store->mark.at.header_id) ||
        !mun_hash_eq(&head->header_id, &head->certificate.header_id))
        return mun_value_corrupt(MUN_FAMILY_BLOCK, mun_store_key_bytes(&key));
    iter =
        mun_rocks_iter_open(store->rocks, MUN_FAMILY_BLOCK, MUN_WALK_ORDERED);
    mun_rocks_iter_last(iter);
    if (mun_rocks_iter_valid(iter) &&
        !mun_bytes_eq(mun_rocks_iter_key(iter), mun_store_key_bytes(&key)))
        err = mun_value_corrupt(MUN_FAMILY_BLOCK, mun_rocks_iter_key(iter));
    if (mun_is_ok(err))
        err = mun_rocks_iter_status(iter);
    mun_rocks_iter_close(iter);
    return err;
}

static mun_err_t
root_differs(const char *what, uint64_t height)
{
    mun_log(MUN_LOG_UNUSUAL, "store root_differs what=%s height=%" PRIu64, what,
            height);
    return mun_err(MUN_ERR_ROOT);
}

static mun_err_t
load_log(struct mun_store *store, struct mun_store_head *head)
{
    struct mun_hash root;

    store->log_size = head->header.log_size;
    MUN_TRY(mun_tiles_load(&store->tiles, &head->log, store->rocks,
                           store->log_size));
    mun_frontier_root(&head->log, &root);
    if (!mun_hash_eq(&root, &head->header.log_root))
        return root_differs("log", head->header.height);
    return MUN_SUCCESS;
}

typedef mun_err_t (*record_visit)(void *ctx, const struct mun_hash *key,
                                  struct mun_bytes value);

/* Every record in the order of keys, without its check. */
static mun_err_t
each_record(struct mun_rocks *rocks, record_visit visit, void *ctx,
            bool is_checked)
{
    struct mun_rocks_iter *iter =
        mun_rocks_iter_open(rocks, MUN_FAMILY_RECORD, MUN_WALK_BULK);
    mun_err_t err = MUN_SUCCESS;

    for (mun_rocks_iter_seek(iter, mun_bytes("", 0));
         mun_is_ok(err) && mun_rocks_iter_valid(iter);
         mun_rocks_iter_next(iter)) {
        struct mun_bytes value = mun_rocks_iter_value(iter);
        struct mun_bytes key = mun_rocks_iter_key(iter);
        struct mun_hash hash;

        if (key.len != sizeof hash || value.len <= MUN_CHECK_BYTES ||
            value.len - MUN_CHECK_BYTES > MUN_RECORD_BYTES_MAX) {
            err = mun_value_corrupt(MUN_FAMILY_RECORD, key);
            break;
        }
        memcpy(hash.b, key.data, sizeof hash);
        if (is_checked)
            err = mun_value_open(&value, MUN_FAMILY_RECORD, key, value);
        else
            value.len -= MUN_CHECK_BYTES;
        if (mun_is_ok(err))
            err = visit(ctx, &hash, value);
    }
    if (mun_is_ok(err))
        err = mun_rocks_iter_status(iter);
    mun_rocks_iter_close(iter);
    return err;
}

static mun_err_t
load_record(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    struct mun_state *state = ctx;

    return mun_state_load(state, key, value);
}

static mun_err_t
validate_record(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    (void)ctx; /* the visitor's shape */
    return mun_record_validate(key, value);
}

/* The root covers every byte of every key and value, so that records are not
 * decoded one by one here; only when it differs, to name the damaged one. */
static mun_err_t
load_state(struct mun_store *store, struct mun_state *state,
           const struct mun_header *header)
{
    struct mun_hash root;

    MUN_CHECK(mun_state_count(state) == 0);
    MUN_TRY(each_record(store->rocks, load_record, state, false));
    mun_state_load_finish(state);
    mun_state_root(state, &root);
    if (mun_hash_eq(&root, &header->state_root))
        return MUN_SUCCESS;
    MUN_TRY(each_record(store->rocks, validate_record, NULL, true));
    return root_differs("state", header->height);
}

static void
log_marks(const char *event, const struct mun_mark *database,
          const struct mun_mark *file)
{
    mun_log(MUN_LOG_UNUSUAL,
            "store %s sequence=%" PRIu64 " height=%" PRIu64
            " file_sequence=%" PRIu64 " file_height=%" PRIu64
            " file_signed_height=%" PRIu64,
            event, database->sequence, database->at.height, file->sequence,
            file->at.height, file->at.signed_height);
}

/* The database is written first, so that it may be one write ahead and no
 * more. */
static mun_err_t
check_high_water(struct mun_store *store, const char *path)
{
    const struct mun_mark *mark = &store->mark;
    struct mun_mark file;

    MUN_TRY(mun_high_water_open(&store->high_water, &file, path));
    if (file.sequence > mark->sequence) {
        log_marks("behind", mark, &file);
        return mun_err(MUN_ERR_BEHIND);
    }
    if (file.sequence == mark->sequence && mun_mark_eq(&file, mark))
        return MUN_SUCCESS;
    if (file.sequence + 1 != mark->sequence) {
        log_marks("high_water_differs", mark, &file);
        return mun_err(MUN_ERR_HIGH_WATER);
    }
    mun_log(MUN_LOG_INFO, "store high_water what=catch_up sequence=%" PRIu64,
            mark->sequence);
    return mun_high_water_write(&store->high_water, mark);
}

/* A start without the file, on purpose: there must be none. */
static mun_err_t
check_no_high_water(struct mun_store *store, const char *path)
{
    mun_err_t err;

    if (access(path, F_OK) != 0 && errno == ENOENT) {
        store->failed = mun_err(MUN_ERR_HIGH_WATER);
        return MUN_SUCCESS;
    }
    /* Says what is wrong with it, if anything is. */
    err = check_high_water(store, path);
    if (!mun_is_ok(err))
        return err;
    mun_log(MUN_LOG_UNUSUAL, "store high_water what=exists");
    return mun_err(MUN_ERR_HIGH_WATER);
}

/* The store itself, its path and the scratch of commit, all from one arena
 * that the store then owns. */
static mun_err_t
take_memory(struct mun_store **out, const char *path)
{
    const size_t rows_len = MUN_BLOCK_LEAVES_MAX * sizeof(struct mun_row);
    const size_t table_len = 2 * sizeof(uint32_t) * MUN_BLOCK_EFFECTS_MAX;
    const size_t path_len = strlen(path) + 1;
    static atomic_uint_least64_t opened;
    struct mun_arena arena;
    struct mun_store *store;

    *out = NULL;
    MUN_TRY(mun_arena_open(&arena, sizeof *store + 2 * rows_len + table_len +
                                       mun_mentions_footprint() + path_len +
                                       ARENA_SLACK));
    store = mun_arena_alloc(&arena, sizeof *store);
    MUN_CHECK(store != NULL);
    store->rows = mun_arena_alloc(&arena, rows_len);
    store->rows_spare = mun_arena_alloc(&arena, rows_len);
    store->changed_table = mun_arena_alloc(&arena, table_len);
    mun_mentions_init(&store->mentions, &arena);
    store->path = mun_arena_alloc(&arena, path_len);
    MUN_CHECK(store->path != NULL); /* the last, so all were there */
    memcpy(store->path, path, path_len);
    store->arena = arena;
    store->serial = atomic_fetch_add(&opened, 1) + 1;
    *out = store;
    return MUN_SUCCESS;
}

typedef mun_err_t (*mark_check)(struct mun_store *store, const char *path);

static mun_err_t
open_store(struct mun_store *store, struct mun_store_head *head,
           struct mun_state *state, const struct mun_store_config *config,
           mark_check check_mark)
{
    const struct mun_rocks_config rocks_config = { config->path,
                                                   config->cache_bytes, false };

    switch (look(config->path)) {
    case FOUND_NOTHING:
        mun_log(MUN_LOG_INFO, "store missing");
        return mun_err(MUN_ERR_NOT_FOUND);
    case FOUND_OTHER:
        mun_log(MUN_LOG_UNUSUAL, "store corrupt what=CURRENT key=");
        return mun_err(MUN_ERR_CORRUPT);
    case FOUND_DATABASE:
        break;
    }
    MUN_TRY(mun_rocks_open(&store->rocks, &rocks_config));
    MUN_TRY(load_mark(store));
    /* Before minutes are spent on records. */
    MUN_TRY(check_mark(store, config->high_water_path));
    MUN_TRY(load_head(store, head));
    MUN_TRY(load_log(store, head));
    return load_state(store, state, &head->header);
}

static mun_err_t
open_with(struct mun_store **out, struct mun_store_head *head,
          struct mun_state *state, const struct mun_store_config *config,
          mark_check check_mark)
{
    struct mun_store *store;
    mun_err_t err;

    *out = NULL;
    memset(head, 0, sizeof *head);
    MUN_TRY(take_memory(&store, config->path));
    err = open_store(store, head, state, config, check_mark);
    if (!mun_is_ok(err)) {
        memset(head, 0, sizeof *head);
        mun_store_close(store);
        return err;
    }
    *out = store;
    return MUN_SUCCESS;
}

mun_err_t
mun_store_open(struct mun_store **out, struct mun_store_head *head,
               struct mun_state *state, const struct mun_store_config *config)
{
    return open_with(out, head, state, config, check_high_water);
}

/* The way back */

mun_err_t
mun_store_open_unmarked(struct mun_store **out, struct mun_store_head *head,
                        struct mun_state *state,
                        const struct mun_store_config *config)
{
    return open_with(out, head, state, config, check_no_high_water);
}

void
mun_store_mark(const struct mun_store *store, struct mun_high_water *out)
{
    *out = store->mark.at;
}

mun_err_t
mun_store_accept(const struct mun_store *store, const char *high_water_path)
{
    MUN_CHECK(!store->high_water.is_open);
    MUN_CHECK(store->failed.code == MUN_ERR_HIGH_WATER);
    return mun_high_water_create(high_water_path, &store->mark);
}
