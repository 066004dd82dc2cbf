#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/wr.h"
#include "ledger/store/store_int.h"
#include "ledger/store/value.h"

/* height, round, header id, member count, bitmap, signatures */
#define CERTIFICATE_BYTES_MAX                                                  \
    (8 + 4 + 32 + 1 + (MUN_MEMBERS_MAX + 7) / 8 +                              \
     MUN_MEMBERS_MAX * MUN_SIG_BYTES)

_Static_assert(CERTIFICATE_BYTES_MAX <= UINT16_MAX, "a run16");
_Static_assert(MUN_PUBLISHED_MAX <= UINT16_MAX, "positions have 16 bits");
_Static_assert(MUN_BLOCK_EFFECTS_MAX <= MUN_BLOCK_LEAVES_MAX &&
                   MUN_BLOCK_ENTRIES_MAX <= MUN_BLOCK_LEAVES_MAX,
               "rows have room for each");
_Static_assert(MUN_PUBLISHED_MAX / MUN_CHUNK < MUN_CHUNK_ROOTS,
               "no chunk has the number of the roots");

/* Rows that open.c writes too, for block 0 */

void
mun_put_block(struct mun_rocks *rocks, const struct mun_block_row *row)
{
    uint8_t buffer[MUN_HEADER_BYTES + 2];
    uint8_t tail[8 + 4 + 4];
    uint8_t length[2];
    struct mun_bytes parts[5];
    struct mun_bytes height;
    struct mun_store_key time;
    struct mun_store_key key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_header_encode(&wr, &row->header);
    mun_wr_u16(&wr, (uint16_t)row->previous.len);
    parts[0] = mun_wr_done(&wr);
    parts[1] = row->previous;
    mun_wr_init(&wr, length, sizeof length);
    mun_wr_u16(&wr, (uint16_t)row->certificate.len);
    parts[2] = mun_wr_done(&wr);
    parts[3] = row->certificate;
    mun_wr_init(&wr, tail, sizeof tail);
    mun_wr_u64(&wr, row->first);
    mun_wr_u32(&wr, row->entry_count);
    mun_wr_u32(&wr, row->block_len);
    parts[4] = mun_wr_done(&wr);
    mun_key_block(&key, row->header.height);
    mun_value_put(rocks, MUN_FAMILY_BLOCK, &key, parts, 5);

    height = mun_store_key_bytes(&key);
    mun_key_time(&time, row->header.time_ms);
    mun_value_put(rocks, MUN_FAMILY_INDEX, &time, &height, 1);
}

void
mun_put_mark(struct mun_rocks *rocks, const struct mun_mark *mark)
{
    uint8_t buffer[MUN_MARK_BYTES];
    struct mun_store_key key;
    struct mun_bytes value;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_mark_encode(&wr, mark);
    value = mun_wr_done(&wr);
    mun_key_meta(&key, MUN_META_HEAD);
    mun_value_put(rocks, MUN_FAMILY_META, &key, &value, 1);
}

static void
put_owned(struct mun_rocks *rocks, uint8_t letter, const struct mun_hash *owner,
          struct mun_bytes natural)
{
    struct mun_store_key key;

    mun_key_hash(&key, letter, owner);
    mun_key_append(&key, natural);
    mun_rocks_put(rocks, MUN_FAMILY_INDEX, mun_store_key_bytes(&key), NULL, 0);
}

/* Keys, accreditations and programmes by whom they belong to. */
static mun_err_t
put_owner(struct mun_rocks *rocks, uint8_t type, struct mun_bytes natural,
          struct mun_bytes value)
{
    if (type == MUN_RECORD_KEY) {
        struct mun_key_record record;

        MUN_TRY(mun_key_record_decode(&record, value));
        put_owned(rocks, MUN_INDEX_KEY, &record.party, natural);
    } else if (type == MUN_RECORD_ACCREDITATION) {
        struct mun_accreditation record;

        MUN_TRY(mun_accreditation_decode(&record, value));
        put_owned(rocks, MUN_INDEX_ACCREDITATION, &record.subject, natural);
    } else if (type == MUN_RECORD_PROGRAMME) {
        struct mun_programme record;

        MUN_TRY(mun_programme_decode(&record, value));
        put_owned(rocks, MUN_INDEX_ISSUED, &record.issuer, natural);
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_put_record(struct mun_rocks *rocks, const struct mun_hash *key,
               struct mun_bytes value, bool is_new)
{
    struct mun_store_key row;
    struct mun_bytes natural;
    struct mun_hash own;
    uint8_t type;

    row.len = 0;
    mun_key_append(&row, mun_bytes(key->b, sizeof key->b));
    mun_value_put(rocks, MUN_FAMILY_RECORD, &row, &value, 1);
    if (!is_new)
        return MUN_SUCCESS;
    if (!mun_is_ok(mun_natural_key(&natural, &type, value)))
        return mun_err(MUN_ERR_INTERNAL);
    mun_natural_record_key(&own, type, natural);
    if (!mun_hash_eq(&own, key))
        return mun_err(MUN_ERR_INTERNAL);
    if (type == MUN_RECORD_BATCH)
        return MUN_SUCCESS; /* the history of batches lists them */
    mun_key_record(&row, type, natural);
    mun_rocks_put(rocks, MUN_FAMILY_INDEX, mun_store_key_bytes(&row), NULL, 0);
    if (!mun_is_ok(put_owner(rocks, type, natural, value)))
        return mun_err(MUN_ERR_INTERNAL);
    return MUN_SUCCESS;
}

/* The log */

/* 0 for the header leaf, then the entries. */
static void
put_leaf(struct mun_store *store, const struct mun_exec *exec, uint32_t index,
         const struct mun_entry_checked *checked)
{
    uint8_t head[MUN_LOG_LEAF_BYTES + 4];
    struct mun_bytes parts[3] = { { NULL, 0 } };
    struct mun_store_key key;
    struct mun_log_leaf leaf;
    uint8_t count[4];
    struct mun_wr wr;

    mun_exec_leaf(exec, index, &leaf);
    if (checked != NULL)
        parts[1] = checked->entry.bytes;
    mun_wr_init(&wr, head, sizeof head);
    mun_log_leaf_encode(&wr, &leaf);
    mun_wr_u32(&wr, (uint32_t)parts[1].len);
    parts[0] = mun_wr_done(&wr);
    MUN_CHECK(parts[0].len == sizeof head);
    mun_wr_init(&wr, count, sizeof count);
    mun_wr_u32(&wr, checked == NULL ? 0 : checked->leaf_count);
    parts[2] = mun_wr_done(&wr);
    mun_key_entry(&key, store->log_size + index);
    mun_value_put(store->rocks, MUN_FAMILY_ENTRY, &key, parts, 3);
}

static void
put_log(struct mun_store *store, const struct mun_exec *exec)
{
    put_leaf(store, exec, 0, NULL);
    mun_tiles_append(&store->tiles, store->rocks, &exec->header_leaf_hash);
    for (uint32_t i = 0; i < exec->item_count; i++) {
        put_leaf(store, exec, i + 1, exec->items[i].checked);
        mun_tiles_append(&store->tiles, store->rocks,
                         &exec->items[i].leaf_hash);
    }
    mun_tiles_put(&store->tiles, store->rocks);
}

/* Rows with hashes for keys */

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)

/* One pass of a radix sort. */
static void
sort_digit(struct mun_row *out, const struct mun_row *in, uint32_t count,
           unsigned shift)
{
    uint32_t at[DIGITS] = { 0 };
    uint32_t sum = 0;

    for (uint32_t i = 0; i < count; i++)
        at[in[i].prefix >> shift & (DIGITS - 1)]++;
    for (uint32_t i = 0; i < DIGITS; i++) {
        uint32_t here = at[i];

        at[i] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < count; i++)
        out[at[in[i].prefix >> shift & (DIGITS - 1)]++] = in[i];
}

static uint64_t
prefix_of(const struct mun_hash *hash)
{
    uint64_t prefix = 0;

    for (int i = 0; i < 8; i++)
        prefix = prefix << 8 | hash->b[i];
    return prefix;
}

/* By the first 22 bits of their keys, store->rows go into the memory table
 * nearly in order, each found from the one before, which is faster than from
 * anywhere: rocks.c, family_options. RocksDB sorts them fully; nothing depends
 * on this order. */
static void
sort_rows(struct mun_store *store, uint32_t count)
{
    if (count < 2)
        return;
    sort_digit(store->rows_spare, store->rows, count, 64 - 2 * DIGIT_BITS);
    sort_digit(store->rows, store->rows_spare, count, 64 - DIGIT_BITS);
}

/* Published leaves */

static void
put_batch(struct mun_store *store, const struct mun_entry_checked *checked,
          uint64_t log_index)
{
    struct mun_hash roots[MUN_PUBLISHED_MAX / MUN_CHUNK];
    struct mun_bytes parts[2];
    struct mun_store_key key;
    uint32_t chunk_count = 0;
    uint8_t count[4];
    struct mun_wr wr;

    MUN_CHECK(checked->leaf_count <= MUN_PUBLISHED_MAX);
    for (uint32_t at = 0; at < checked->leaf_count; at += MUN_CHUNK) {
        uint32_t left = checked->leaf_count - at;
        uint32_t width = left < MUN_CHUNK ? left : MUN_CHUNK;

        parts[0] =
            mun_bytes(&checked->leaves[at], width * sizeof checked->leaves[0]);
        mun_key_leaves(&key, log_index, (uint16_t)chunk_count);
        mun_value_put(store->rocks, MUN_FAMILY_LEAVES, &key, parts, 1);
        mun_merkle_root32(&roots[chunk_count++], &checked->leaves[at], width);
    }
    mun_wr_init(&wr, count, sizeof count);
    mun_wr_u32(&wr, checked->leaf_count);
    parts[0] = mun_wr_done(&wr);
    parts[1] = mun_bytes(roots, chunk_count * sizeof roots[0]);
    mun_key_leaves(&key, log_index, MUN_CHUNK_ROOTS);
    mun_value_put(store->rocks, MUN_FAMILY_LEAVES, &key, parts, 2);
}

static void
put_commitments(struct mun_store *store, const struct mun_exec *exec)
{
    struct mun_row *rows = store->rows;
    uint32_t count = 0;

    for (uint32_t i = 0; i < exec->item_count; i++) {
        const struct mun_entry_checked *checked = exec->items[i].checked;
        uint64_t log_index = store->log_size + 1 + i;

        MUN_CHECK(checked->leaf_count <= MUN_BLOCK_LEAVES_MAX - count);
        for (uint32_t j = 0; j < checked->leaf_count; j++) {
            rows[count].prefix = prefix_of(&checked->leaves[j]);
            rows[count++].place = log_index << 16 | j;
        }
    }
    sort_rows(store, count);
    for (uint32_t i = 0; i < count; i++) {
        struct mun_store_key key;

        mun_key_commitment(&key, rows[i].prefix, rows[i].place);
        mun_rocks_put(store->rocks, MUN_FAMILY_COMMITMENT,
                      mun_store_key_bytes(&key), NULL, 0);
    }
}

static void
put_leaves(struct mun_store *store, const struct mun_exec *exec)
{
    for (uint32_t i = 0; i < exec->item_count; i++) {
        const struct mun_entry_checked *checked = exec->items[i].checked;

        if (checked->leaf_count > 0)
            put_batch(store, checked, store->log_size + 1 + i);
    }
    if (exec->leaf_count > 0)
        put_commitments(store, exec);
}

/* Records */

/* Whether the i-th key stands earlier in the list too. */
static bool
is_repeated(struct mun_store *store, const struct mun_exec *exec, uint32_t i,
            uint32_t mask)
{
    const struct mun_hash *key = &exec->changed[i];
    uint32_t at;

    memcpy(&at, key->b, sizeof at);
    for (at &= mask; store->changed_table[at] != 0; at = (at + 1) & mask) {
        if (mun_hash_eq(&exec->changed[store->changed_table[at] - 1], key))
            return true;
    }
    store->changed_table[at] = i + 1;
    return false;
}

/* Each changed record once: fills store->rows with the keys' numbers. */
static uint32_t
gather_records(struct mun_store *store, const struct mun_exec *exec)
{
    uint32_t count = 0;
    uint32_t room = 16;

    MUN_CHECK(exec->changed_count <= MUN_BLOCK_EFFECTS_MAX);
    while (room < 2 * exec->changed_count)
        room *= 2;
    memset(store->changed_table, 0, room * sizeof *store->changed_table);
    for (uint32_t i = 0; i < exec->changed_count; i++) {
        if (is_repeated(store, exec, i, room - 1))
            continue;
        store->rows[count].prefix = prefix_of(&exec->changed[i]);
        store->rows[count++].place = i;
    }
    return count;
}

/* With its newest value. */
static mun_err_t
put_records(struct mun_store *store, const struct mun_exec *exec)
{
    uint32_t count = gather_records(store, exec);

    sort_rows(store, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct mun_hash *key = &exec->changed[store->rows[i].place];
        struct mun_bytes value;
        struct mun_bytes old;
        bool is_new;

        if (mun_overlay_get(exec->state, key, &value) != MUN_PRESENT)
            return mun_err(MUN_ERR_INTERNAL);
        is_new = mun_state_get(exec->state, key, &old) != MUN_PRESENT;
        MUN_TRY(mun_put_record(store->rocks, key, value, is_new));
    }
    return MUN_SUCCESS;
}

/* Indexes of entries */

static void
mention(struct mun_store *store, uint32_t at, uint8_t letter,
        const struct mun_hash *hash)
{
    const struct mun_history_name name = { .letter = letter, .hash = *hash };

    mun_mentions_add(&store->mentions, &name, at);
}

static void
mention_list(struct mun_store *store, uint32_t at,
             const struct mun_hash *issuer, struct mun_bytes label)
{
    const struct mun_history_name name = { MUN_INDEX_LIST, *issuer, label };

    mun_mentions_add(&store->mentions, &name, at);
}

/* An entry about an accreditation names its subject through the record. */
static mun_err_t
mention_subject(struct mun_store *store, uint32_t at,
                const struct mun_state *state,
                const struct mun_hash *accreditation)
{
    struct mun_accreditation record;
    struct mun_bytes value;
    struct mun_hash key;

    mun_record_key_accreditation(&key, accreditation);
    if (mun_overlay_get(state, &key, &value) != MUN_PRESENT ||
        !mun_is_ok(mun_accreditation_decode(&record, value)))
        return mun_err(MUN_ERR_INTERNAL);
    mention(store, at, MUN_INDEX_PARTY, &record.subject);
    return MUN_SUCCESS;
}

/* `at` is the place in the block, from 1. */
static mun_err_t
mention_all(struct mun_store *store, const struct mun_exec *exec,
            const struct mun_entry *entry, uint32_t at)
{
    struct mun_hash programme;

    mention(store, at, MUN_INDEX_PARTY, &entry->actor);
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        mention(store, at, MUN_INDEX_PARTY, &entry->as.register_party.sponsor);
        return MUN_SUCCESS;
    case MUN_KIND_ADD_KEY:
    case MUN_KIND_RETIRE_KEY:
        return MUN_SUCCESS;
    case MUN_KIND_ACCREDIT:
        mention(store, at, MUN_INDEX_PARTY, &entry->as.accredit.subject);
        return MUN_SUCCESS;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        return mention_subject(store, at, exec->state,
                               &entry->as.standing.accreditation);
    case MUN_KIND_REGISTER_PROGRAMME:
        mun_programme_id(&programme, &entry->actor,
                         entry->as.register_programme.code);
        mention(store, at, MUN_INDEX_PROGRAMME, &programme);
        return MUN_SUCCESS;
    case MUN_KIND_ANCHOR:
        mention(store, at, MUN_INDEX_PROGRAMME, &entry->as.anchor.programme);
        mention_list(store, at, &entry->actor, entry->as.anchor.label);
        mention(store, at, MUN_INDEX_BATCH, &mun_hash_zero);
        return MUN_SUCCESS;
    case MUN_KIND_CHANGE_STATUS:
        mention_list(store, at, &entry->actor, entry->as.change_status.label);
        return MUN_SUCCESS;
    }
    MUN_UNREACHABLE();
}

static void
put_id(struct mun_store *store, const struct mun_exec *exec, uint32_t index)
{
    struct mun_store_key key;
    struct mun_bytes place;
    uint8_t buffer[8 + 8];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u64(&wr, store->log_size + 1 + index);
    mun_wr_u64(&wr, exec->now.height);
    place = mun_wr_done(&wr);
    mun_key_hash(&key, MUN_INDEX_ENTRY, &exec->items[index].checked->entry.id);
    mun_value_put(store->rocks, MUN_FAMILY_INDEX, &key, &place, 1);
}

static mun_err_t
put_indexes(struct mun_store *store, const struct mun_exec *exec)
{
    mun_mentions_begin(&store->mentions, exec->id_factor, exec->item_count);
    for (uint32_t i = 0; i < exec->item_count; i++) {
        const struct mun_entry *entry = &exec->items[i].checked->entry;

        store->rows[i].prefix = prefix_of(&entry->id);
        store->rows[i].place = i;
        MUN_TRY(mention_all(store, exec, entry, i + 1));
    }
    sort_rows(store, exec->item_count);
    for (uint32_t i = 0; i < exec->item_count; i++)
        put_id(store, exec, (uint32_t)store->rows[i].place);
    mun_mentions_put(&store->mentions, store->rocks, store->log_size);
    return MUN_SUCCESS;
}

/* A block */

static void
put_consensus(struct mun_store *store, struct mun_bytes consensus)
{
    struct mun_store_key key;

    mun_key_meta(&key, MUN_META_CONSENSUS);
    mun_value_put(store->rocks, MUN_FAMILY_META, &key, &consensus, 1);
}

/* The row of `block`, whose certificates and length are not derived. */
static mun_err_t
put_row(struct mun_store *store, const struct mun_store_block *block)
{
    uint8_t bytes[CERTIFICATE_BYTES_MAX];
    struct mun_block_row row = { .header = *block->header,
                                 .first = store->log_size,
                                 .entry_count = block->exec->item_count,
                                 .block_len = (uint32_t)block->block.len };
    struct mun_block decoded;
    struct mun_wr wr;

    if (!mun_is_ok(mun_block_decode(&decoded, block->block)) ||
        decoded.entry_count != block->exec->item_count)
        return mun_err(MUN_ERR_INTERNAL);
    mun_wr_init(&wr, bytes, sizeof bytes);
    mun_certificate_encode(&wr, block->certificate);
    MUN_TRY(mun_wr_status(&wr));
    row.previous = decoded.certificate_bytes;
    row.certificate = mun_wr_done(&wr);
    mun_put_block(store->rocks, &row);
    return MUN_SUCCESS;
}

/* Batch, sync, high-water file, sync. */
static mun_err_t
release(struct mun_store *store, const struct mun_high_water *high_water)
{
    struct mun_mark mark = { store->mark.sequence + 1, *high_water };

    mun_put_mark(store->rocks, &mark);
    MUN_TRY(mun_rocks_write(store->rocks));
    MUN_TRY(mun_high_water_write(&store->high_water, &mark));
    store->mark = mark;
    return MUN_SUCCESS;
}

static mun_err_t
commit(struct mun_store *store, const struct mun_store_block *block)
{
    const struct mun_exec *exec = block->exec;

    MUN_TRY(put_row(store, block));
    put_log(store, exec);
    put_leaves(store, exec);
    MUN_TRY(put_records(store, exec));
    MUN_TRY(put_indexes(store, exec));
    put_consensus(store, block->consensus);
    MUN_TRY(release(store, &block->high_water));
    store->log_size = exec->frontier.size;
    return MUN_SUCCESS;
}

mun_err_t
mun_store_commit(struct mun_store *store, const struct mun_store_block *block)
{
    const struct mun_header *header = block->header;

    MUN_CHECK(mun_overlay_is_open(block->exec->state));
    MUN_CHECK(header->height == store->mark.at.height + 1);
    MUN_CHECK(header->height == block->high_water.height);
    MUN_CHECK(mun_hash_eq(block->header_id, &block->high_water.header_id));
    MUN_CHECK(mun_hash_eq(block->header_id, &block->certificate->header_id));
    MUN_CHECK(header->log_size == block->exec->frontier.size);
    MUN_CHECK(header->log_size ==
              store->log_size + 1 + block->exec->item_count);
    MUN_CHECK(header->log_size <= MUN_LOG_INDEX_MAX);
    if (mun_is_ok(store->failed))
        store->failed = commit(store, block);
    return store->failed;
}

mun_err_t
mun_store_keep_value(struct mun_store *store, const struct mun_hash *id,
                     struct mun_bytes bytes)
{
    uint64_t height = store->mark.at.height + 1;
    uint8_t head[8 + sizeof id->b];
    const struct mun_bytes parts[] = { mun_bytes(head, sizeof head), bytes };
    struct mun_kept *kept = NULL;
    struct mun_store_key key;
    struct mun_wr wr;

    for (uint32_t i = 0; i < MUN_META_KEPT_COUNT; i++) {
        kept = &store->kept[i];
        if (kept->height == height && mun_hash_eq(&kept->id, id))
            return store->failed;
    }
    kept = &store->kept[store->kept_next];
    *kept = (struct mun_kept){ height, *id };
    mun_wr_init(&wr, head, sizeof head);
    mun_wr_u64(&wr, height);
    mun_wr_copy(&wr, id->b, sizeof id->b);
    mun_key_meta(&key, (uint8_t)(MUN_META_KEPT + store->kept_next));
    mun_value_put(store->rocks, MUN_FAMILY_META, &key, parts, 2);
    store->kept_next = (store->kept_next + 1) % MUN_META_KEPT_COUNT;
    return store->failed;
}

mun_err_t
mun_store_put_consensus(struct mun_store *store, struct mun_bytes consensus,
                        const struct mun_high_water *high_water)
{
    MUN_CHECK(high_water->height == store->mark.at.height);
    MUN_CHECK(mun_hash_eq(&high_water->header_id, &store->mark.at.header_id));
    if (!mun_is_ok(store->failed))
        return store->failed;
    put_consensus(store, consensus);
    store->failed = release(store, high_water);
    return store->failed;
}
