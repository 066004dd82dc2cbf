#include "ledger/store/rocks.h"

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"

/* Each number is in bytes unless it says otherwise. */
#define WRITE_BUFFER (16u << 20)
#define COMMITMENT_WRITE_BUFFER (64u << 20)
/* How much log a start after a crash may have to replay. */
#define WAL_MAX (192u << 20)
#define BULK_READAHEAD (4u << 20)
#define BLOOM_BITS 10
#define BACKGROUND_JOBS 2
#define OPEN_FILES 500
#define PARTS_MAX 8
/* Threads that look for a commitment at once; others open a walk anew. */
#define KEPT_MAX 16

struct mun_rocks_iter {
    rocksdb_iterator_t *it;
    rocksdb_readoptions_t *read;
    uint64_t writes; /* it shows at least these */
};

struct mun_rocks {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[MUN_FAMILY_COUNT];
    rocksdb_writebatch_t *batch;
    rocksdb_writeoptions_t *write;
    rocksdb_readoptions_t *read;

    pthread_mutex_t lock; /* of what follows */
    uint64_t writes;
    struct mun_rocks_iter *kept[KEPT_MAX]; /* all show `writes` */
    unsigned kept_count;
};

static const char *const family_names[] = {
#define X(name, text, letter) text,
    MUN_FAMILY_TABLE(X)
#undef X
};

static const uint8_t family_letters[] = {
#define X(name, text, letter) letter,
    MUN_FAMILY_TABLE(X)
#undef X
};

const char *
mun_family_text(enum mun_family family)
{
    MUN_CHECK(family < MUN_FAMILY_COUNT);
    return family == MUN_FAMILY_META ? "meta" : family_names[family];
}

uint8_t
mun_family_letter(enum mun_family family)
{
    MUN_CHECK(family < MUN_FAMILY_COUNT);
    return family_letters[family];
}

/* RocksDB says what happened in words only. The first that occurs decides. */
static enum mun_err_code
code_of(const char *text)
{
    static const struct {
        const char *words;
        enum mun_err_code code;
    } table[] = {
        { "No space left", MUN_ERR_DISK_FULL },
        { "NoSpace", MUN_ERR_DISK_FULL },
        { "Disk quota exceeded", MUN_ERR_DISK_FULL },
        { "lock file", MUN_ERR_LOCKED },
        { "lock hold by", MUN_ERR_LOCKED },
        { "error_if_exists", MUN_ERR_LOCKED },
        { "Corruption", MUN_ERR_CORRUPT },
        { "No such file", MUN_ERR_CORRUPT }, /* one that the manifest names */
        { "Column family", MUN_ERR_CORRUPT },
        { "IO error", MUN_ERR_IO },
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strstr(text, table[i].words) != NULL)
            return table[i].code;
    }
    return MUN_ERR_STORE;
}

/* Takes the text over. */
static mun_err_t
failure(const char *what, char *text)
{
    mun_err_t err;

    if (text == NULL)
        return MUN_SUCCESS;
    for (char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~' || *c == '"')
            *c = '?';
    }
    err = mun_err(code_of(text));
    mun_log(MUN_LOG_UNUSUAL, "store rocksdb what=%s error=%s text=\"%s\"", what,
            mun_err_name(err), text);
    rocksdb_free(text);
    return err;
}

static void
set_table(rocksdb_options_t *options, enum mun_family family,
          rocksdb_cache_t *cache)
{
    rocksdb_block_based_table_options_t *table =
        rocksdb_block_based_options_create();

    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(
        table, 1);
    rocksdb_block_based_options_set_format_version(table, 5);
    if (family == MUN_FAMILY_COMMITMENT) {
        rocksdb_block_based_options_set_block_size(table, 8192);
        rocksdb_block_based_options_set_whole_key_filtering(table, 0);
    }
    if (family == MUN_FAMILY_COMMITMENT || family == MUN_FAMILY_RECORD ||
        family == MUN_FAMILY_INDEX) {
        rocksdb_block_based_options_set_filter_policy(
            table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS));
        /* In parts: the one filter of a large file is megabytes, more than a
         * shard of the cache holds, and was read anew for each look-up. */
        rocksdb_block_based_options_set_index_type(
            table, rocksdb_block_based_table_index_type_two_level_index_search);
        rocksdb_block_based_options_set_partition_filters(table, 1);
        rocksdb_block_based_options_set_metadata_block_size(table, 4096);
        rocksdb_block_based_options_set_pin_top_level_index_and_filter(table,
                                                                       1);
    }
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
}

/* A memory table that looks for the place of a row from that of the row before
 * with the same first byte, if it is near. Commit writes rows whose keys are
 * hashes in order: three to four times faster than from anywhere with 16,000
 * in a batch, and almost twice with 1,300. The C interface has no function for
 * this option; without it all is only slower. */
#define HINTS "memtable_insert_with_hint_prefix_extractor=fixed:1"

static rocksdb_options_t *
hinted_options(void)
{
    rocksdb_options_t *plain = rocksdb_options_create();
    rocksdb_options_t *hinted = rocksdb_options_create();
    char *text = NULL;

    rocksdb_get_options_from_string(plain, HINTS, hinted, &text);
    if (text == NULL) {
        rocksdb_options_destroy(plain);
        return hinted;
    }
    (void)failure("options", text); /* logged */
    rocksdb_options_destroy(hinted);
    return plain;
}

static rocksdb_options_t *
family_options(enum mun_family family, rocksdb_cache_t *cache)
{
    bool is_hashed = family == MUN_FAMILY_COMMITMENT ||
                     family == MUN_FAMILY_RECORD || family == MUN_FAMILY_INDEX;
    rocksdb_options_t *options =
        is_hashed ? hinted_options() : rocksdb_options_create();

    set_table(options, family, cache);
    rocksdb_options_set_write_buffer_size(options, WRITE_BUFFER);
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    if (family == MUN_FAMILY_LEAVES || family == MUN_FAMILY_TILE) {
        /* Hashes do not shrink. */
        rocksdb_options_set_compression(options, rocksdb_no_compression);
    }
    if (family == MUN_FAMILY_INDEX || family == MUN_FAMILY_ENTRY ||
        family == MUN_FAMILY_LEAVES) {
        /* Most that is looked for is not in memory: ids are not there at all,
         * entries and leaves are of any age. */
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.05);
        rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    }
    if (family == MUN_FAMILY_COMMITMENT) {
        rocksdb_options_set_write_buffer_size(options, COMMITMENT_WRITE_BUFFER);
        rocksdb_options_set_max_write_buffer_number(options, 4);
        rocksdb_options_set_prefix_extractor(
            options,
            rocksdb_slicetransform_create_fixed_prefix(MUN_ROCKS_PREFIX));
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.05);
        rocksdb_options_set_compression(options, rocksdb_no_compression);
        rocksdb_options_set_bottommost_compression(options,
                                                   rocksdb_zstd_compression);
    }
    return options;
}

static rocksdb_options_t *
database_options(bool create)
{
    rocksdb_options_t *options = rocksdb_options_create();

    rocksdb_options_set_create_if_missing(options, create);
    rocksdb_options_set_create_missing_column_families(options, create);
    rocksdb_options_set_error_if_exists(options, create);
    rocksdb_options_set_paranoid_checks(options, 1);
    /* Only an incomplete last record is cut off. The default would drop
     * everything behind a damaged one without a word. */
    rocksdb_options_set_wal_recovery_mode(
        options, rocksdb_tolerate_corrupted_tail_records_recovery);
    rocksdb_options_set_max_total_wal_size(options, WAL_MAX);
    rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
    rocksdb_options_set_max_open_files(options, OPEN_FILES);
    rocksdb_options_set_bytes_per_sync(options, 1u << 20);
    rocksdb_options_set_skip_stats_update_on_db_open(options, 1);
    /* RocksDB's own log: warnings, four files of at most 4 MiB. */
    rocksdb_options_set_info_log_level(options, 2);
    rocksdb_options_set_keep_log_file_num(options, 4);
    rocksdb_options_set_max_log_file_size(options, 4u << 20);
    return options;
}

/* Nothing here deletes ranges, so that no reader need look for deletions. */
static rocksdb_readoptions_t *
new_read_options(void)
{
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();

    rocksdb_readoptions_set_ignore_range_deletions(options, 1);
    return options;
}

static mun_err_t
open_database(struct mun_rocks *rocks, const struct mun_rocks_config *config)
{
    rocksdb_cache_t *cache =
        rocksdb_cache_create_lru((size_t)config->cache_bytes);
    rocksdb_options_t *options = database_options(config->create);
    rocksdb_options_t *each[MUN_FAMILY_COUNT];
    char *text = NULL;

    for (int i = 0; i < MUN_FAMILY_COUNT; i++)
        each[i] = family_options((enum mun_family)i, cache);
    rocks->db = rocksdb_open_column_families(
        options, config->path, MUN_FAMILY_COUNT, family_names,
        (const rocksdb_options_t *const *)each, rocks->families, &text);
    for (int i = 0; i < MUN_FAMILY_COUNT; i++)
        rocksdb_options_destroy(each[i]);
    rocksdb_options_destroy(options);
    rocksdb_cache_destroy(cache); /* the tables hold it */
    if (text != NULL)
        rocks->db = NULL;
    return failure("open", text);
}

mun_err_t
mun_rocks_open(struct mun_rocks **out, const struct mun_rocks_config *config)
{
    struct mun_rocks *rocks = calloc(1, sizeof *rocks);
    mun_err_t err;

    *out = NULL;
    if (rocks == NULL)
        return mun_err(MUN_ERR_MEMORY);
    err = open_database(rocks, config);
    if (!mun_is_ok(err)) {
        free(rocks);
        return err;
    }
    rocks->batch = rocksdb_writebatch_create();
    rocks->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(rocks->write, 1);
    rocks->read = new_read_options();
    MUN_CHECK(pthread_mutex_init(&rocks->lock, NULL) == 0);
    *out = rocks;
    return MUN_SUCCESS;
}

static void
lock(struct mun_rocks *rocks)
{
    MUN_CHECK(pthread_mutex_lock(&rocks->lock) == 0);
}

static void
unlock(struct mun_rocks *rocks)
{
    MUN_CHECK(pthread_mutex_unlock(&rocks->lock) == 0);
}

/* Closes the kept walks, and those that are out now when they come back. */
static void
drop_kept(struct mun_rocks *rocks)
{
    struct mun_rocks_iter *kept[KEPT_MAX];
    unsigned count;

    lock(rocks);
    rocks->writes++;
    count = rocks->kept_count;
    for (unsigned i = 0; i < count; i++)
        kept[i] = rocks->kept[i];
    rocks->kept_count = 0;
    unlock(rocks);
    for (unsigned i = 0; i < count; i++)
        mun_rocks_iter_close(kept[i]);
}

void
mun_rocks_close(struct mun_rocks *rocks)
{
    if (rocks == NULL)
        return;
    drop_kept(rocks);
    MUN_CHECK(pthread_mutex_destroy(&rocks->lock) == 0);
    rocksdb_writebatch_destroy(rocks->batch);
    rocksdb_writeoptions_destroy(rocks->write);
    rocksdb_readoptions_destroy(rocks->read);
    for (int i = 0; i < MUN_FAMILY_COUNT; i++)
        rocksdb_column_family_handle_destroy(rocks->families[i]);
    rocksdb_close(rocks->db);
    free(rocks);
}

void
mun_rocks_put(struct mun_rocks *rocks, enum mun_family family,
              struct mun_bytes key, const struct mun_bytes *parts,
              size_t part_count)
{
    const char *key_data = (const char *)key.data;
    const char *data[PARTS_MAX];
    size_t len[PARTS_MAX];

    MUN_CHECK(part_count <= PARTS_MAX);
    if (part_count == 0) {
        rocksdb_writebatch_put_cf(rocks->batch, rocks->families[family],
                                  key_data, key.len, "", 0);
        return;
    }
    for (size_t i = 0; i < part_count; i++) {
        data[i] = parts[i].len == 0 ? "" : (const char *)parts[i].data;
        len[i] = parts[i].len;
    }
    rocksdb_writebatch_putv_cf(rocks->batch, rocks->families[family], 1,
                               &key_data, &key.len, (int)part_count, data, len);
}

/* RocksDB counts, on each thread, every comparison of keys and more. Nobody
 * looks at it, and it is a tenth of what a row costs. */
static void
count_nothing(void)
{
    rocksdb_set_perf_level(rocksdb_disable);
}

mun_err_t
mun_rocks_write(struct mun_rocks *rocks)
{
    char *text = NULL;

    count_nothing();
    rocksdb_write(rocks->db, rocks->write, rocks->batch, &text);
    rocksdb_writebatch_clear(rocks->batch);
    drop_kept(rocks);
    return failure("write", text);
}

mun_err_t
mun_rocks_get(struct mun_rocks *rocks, struct mun_rocks_value *out,
              enum mun_family family, struct mun_bytes key)
{
    rocksdb_pinnableslice_t *pin;
    char *text = NULL;
    const char *data;

    memset(out, 0, sizeof *out);
    count_nothing();
    pin = rocksdb_get_pinned_cf(rocks->db, rocks->read, rocks->families[family],
                                (const char *)key.data, key.len, &text);
    if (text != NULL)
        return failure("get", text);
    if (pin == NULL)
        return mun_err(MUN_ERR_NOT_FOUND);
    data = rocksdb_pinnableslice_value(pin, &out->bytes.len);
    out->bytes.data = (const uint8_t *)data;
    out->pin = pin;
    return MUN_SUCCESS;
}

void
mun_rocks_release(struct mun_rocks_value *value)
{
    if (value->pin != NULL)
        rocksdb_pinnableslice_destroy(value->pin);
    memset(value, 0, sizeof *value);
}

struct mun_rocks_iter *
mun_rocks_iter_open(struct mun_rocks *rocks, enum mun_family family,
                    enum mun_rocks_walk walk)
{
    struct mun_rocks_iter *iter = calloc(1, sizeof *iter);

    MUN_CHECK(iter != NULL);
    count_nothing();
    iter->read = new_read_options();
    switch (walk) {
    case MUN_WALK_ORDERED:
        rocksdb_readoptions_set_total_order_seek(iter->read, 1);
        break;
    case MUN_WALK_PREFIX:
        rocksdb_readoptions_set_prefix_same_as_start(iter->read, 1);
        break;
    case MUN_WALK_BULK:
        rocksdb_readoptions_set_total_order_seek(iter->read, 1);
        rocksdb_readoptions_set_readahead_size(iter->read, BULK_READAHEAD);
        rocksdb_readoptions_set_fill_cache(iter->read, 0);
        break;
    }
    iter->it = rocksdb_create_iterator_cf(rocks->db, iter->read,
                                          rocks->families[family]);
    MUN_CHECK(iter->it != NULL);
    return iter;
}

void
mun_rocks_iter_close(struct mun_rocks_iter *iter)
{
    if (iter == NULL)
        return;
    rocksdb_iter_destroy(iter->it);
    rocksdb_readoptions_destroy(iter->read);
    free(iter);
}

struct mun_rocks_iter *
mun_rocks_iter_borrow(struct mun_rocks *rocks)
{
    struct mun_rocks_iter *iter = NULL;
    uint64_t writes;

    lock(rocks);
    if (rocks->kept_count > 0)
        iter = rocks->kept[--rocks->kept_count];
    writes = rocks->writes;
    unlock(rocks);
    if (iter == NULL) {
        iter =
            mun_rocks_iter_open(rocks, MUN_FAMILY_COMMITMENT, MUN_WALK_PREFIX);
        iter->writes = writes;
    }
    count_nothing();
    return iter;
}

void
mun_rocks_iter_give_back(struct mun_rocks *rocks, struct mun_rocks_iter *iter)
{
    lock(rocks);
    if (iter->writes == rocks->writes && rocks->kept_count < KEPT_MAX) {
        rocks->kept[rocks->kept_count++] = iter;
        iter = NULL;
    }
    unlock(rocks);
    mun_rocks_iter_close(iter);
}

void
mun_rocks_iter_seek(struct mun_rocks_iter *iter, struct mun_bytes key)
{
    rocksdb_iter_seek(iter->it, (const char *)key.data, key.len);
}

void
mun_rocks_iter_seek_back(struct mun_rocks_iter *iter, struct mun_bytes key)
{
    rocksdb_iter_seek_for_prev(iter->it, (const char *)key.data, key.len);
}

void
mun_rocks_iter_last(struct mun_rocks_iter *iter)
{
    rocksdb_iter_seek_to_last(iter->it);
}

void
mun_rocks_iter_next(struct mun_rocks_iter *iter)
{
    rocksdb_iter_next(iter->it);
}

bool
mun_rocks_iter_valid(const struct mun_rocks_iter *iter)
{
    return rocksdb_iter_valid(iter->it) != 0;
}

mun_err_t
mun_rocks_iter_status(const struct mun_rocks_iter *iter)
{
    char *text = NULL;

    rocksdb_iter_get_error(iter->it, &text);
    return failure("iterate", text);
}

struct mun_bytes
mun_rocks_iter_key(const struct mun_rocks_iter *iter)
{
    size_t len;
    const char *data = rocksdb_iter_key(iter->it, &len);

    return mun_bytes(data, len);
}

struct mun_bytes
mun_rocks_iter_value(const struct mun_rocks_iter *iter)
{
    size_t len;
    const char *data = rocksdb_iter_value(iter->it, &len);

    return mun_bytes(data, len);
}

mun_err_t
mun_rocks_flush(struct mun_rocks *rocks)
{
    rocksdb_flushoptions_t *options = rocksdb_flushoptions_create();
    char *text = NULL;

    for (int i = 0; i < MUN_FAMILY_COUNT && text == NULL; i++)
        rocksdb_flush_cf(rocks->db, options, rocks->families[i], &text);
    rocksdb_flushoptions_destroy(options);
    return failure("flush", text);
}

void
mun_rocks_compact(struct mun_rocks *rocks)
{
    drop_kept(rocks); /* they hold files */
    for (int i = 0; i < MUN_FAMILY_COUNT; i++)
        rocksdb_compact_range_cf(rocks->db, rocks->families[i], NULL, 0, NULL,
                                 0);
}

mun_err_t
mun_rocks_backup(struct mun_rocks *rocks, const char *path)
{
    char *text = NULL;
    rocksdb_checkpoint_t *checkpoint =
        rocksdb_checkpoint_object_create(rocks->db, &text);

    if (text != NULL)
        return failure("backup", text);
    /* 0: flush first, so that the copy has no log to replay. */
    rocksdb_checkpoint_create(checkpoint, path, 0, &text);
    rocksdb_checkpoint_object_destroy(checkpoint);
    return failure("backup", text);
}
