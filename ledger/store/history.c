#include "ledger/store/history.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/store/value.h"

/* At most half full. A power of two, as the mask says. */
#define ROOM_MAX ((size_t)2 * MUN_MENTIONS_MAX)
#define VALUE_BYTES_MAX ((size_t)2 * MUN_BLOCK_ENTRIES_MAX)

_Static_assert((ROOM_MAX & (ROOM_MAX - 1)) == 0, "doubled from 16");

/* What comes before the log index in the key. */
static void
start_key(struct mun_store_key *out, const struct mun_history_name *name)
{
    if (name->letter == MUN_INDEX_LIST)
        mun_key_list_start(out, &name->hash, name->label);
    else if (name->letter == MUN_INDEX_BATCH)
        mun_key_letter(out, name->letter);
    else
        mun_key_hash(out, name->letter, &name->hash);
}

/* Gathering */

/* Each piece may take 24 bytes more. */
size_t
mun_mentions_footprint(void)
{
    return ROOM_MAX * sizeof(uint32_t) +
           MUN_MENTIONS_MAX * sizeof(struct mun_history_row) +
           (MUN_MENTIONS_MAX + 1) * sizeof(struct mun_mention) +
           VALUE_BYTES_MAX + (size_t)4 * 32;
}

void
mun_mentions_init(struct mun_mentions *mentions, struct mun_arena *arena)
{
    memset(mentions, 0, sizeof *mentions);
    mentions->table = mun_arena_array(arena, ROOM_MAX, sizeof(uint32_t));
    mentions->rows =
        mun_arena_array(arena, MUN_MENTIONS_MAX, sizeof *mentions->rows);
    mentions->each =
        mun_arena_array(arena, MUN_MENTIONS_MAX + 1, sizeof *mentions->each);
    mentions->value = mun_arena_alloc(arena, VALUE_BYTES_MAX);
    MUN_CHECK(mentions->value != NULL); /* the last, so all were there */
}

void
mun_mentions_begin(struct mun_mentions *mentions, uint64_t factor,
                   uint32_t entry_count)
{
    uint32_t room = 16;

    MUN_CHECK(entry_count <= MUN_BLOCK_ENTRIES_MAX);
    while (room < 2 * MUN_MENTIONS_A_ENTRY * entry_count)
        room *= 2;
    MUN_CHECK(room <= ROOM_MAX);
    memset(mentions->table, 0, room * sizeof *mentions->table);
    mentions->mask = room - 1;
    mentions->factor = factor | 1; /* odd, so that no bit is lost */
    mentions->row_count = 0;
    mentions->count = 0;
}

static uint64_t
mix(uint64_t sum, uint64_t word, uint64_t factor)
{
    sum = (sum ^ word) * factor;
    return sum ^ sum >> 32;
}

static uint32_t
place_of(const struct mun_mentions *mentions,
         const struct mun_history_name *name)
{
    uint64_t sum = name->letter;
    uint64_t word;

    for (size_t i = 0; i < sizeof name->hash; i += sizeof word) {
        memcpy(&word, name->hash.b + i, sizeof word);
        sum = mix(sum, word, mentions->factor);
    }
    for (size_t i = 0; i < name->label.len; i++)
        sum = mix(sum, name->label.data[i], mentions->factor);
    return (uint32_t)sum & mentions->mask;
}

static bool
is_same(const struct mun_history_name *a, const struct mun_history_name *b)
{
    return a->letter == b->letter && mun_hash_eq(&a->hash, &b->hash) &&
           mun_bytes_eq(a->label, b->label);
}

/* The name's row, a new one when it has none yet. */
static struct mun_history_row *
row_of(struct mun_mentions *mentions, const struct mun_history_name *name)
{
    uint32_t at = place_of(mentions, name);
    struct mun_history_row *row;

    for (; mentions->table[at] != 0; at = (at + 1) & mentions->mask) {
        row = &mentions->rows[mentions->table[at] - 1];
        if (is_same(&row->name, name))
            return row;
    }
    MUN_CHECK(mentions->row_count < MUN_MENTIONS_MAX);
    row = &mentions->rows[mentions->row_count++];
    *row = (struct mun_history_row){ .name = *name };
    mentions->table[at] = mentions->row_count;
    return row;
}

void
mun_mentions_add(struct mun_mentions *mentions,
                 const struct mun_history_name *name, uint32_t at)
{
    struct mun_history_row *row = row_of(mentions, name);

    if (row->last != 0 && mentions->each[row->last].at == at)
        return;
    MUN_CHECK(mentions->count < MUN_MENTIONS_MAX);
    mentions->count++;
    mentions->each[mentions->count] = (struct mun_mention){ 0, at };
    if (row->last == 0)
        row->first = mentions->count;
    else
        mentions->each[row->last].next = mentions->count;
    row->last = mentions->count;
}

static void
put_row(const struct mun_mentions *mentions, struct mun_rocks *rocks,
        const struct mun_history_row *row, uint64_t log_index)
{
    uint32_t first = mentions->each[row->first].at;
    struct mun_store_key key;
    struct mun_bytes value;
    struct mun_wr wr;

    mun_wr_init(&wr, mentions->value, VALUE_BYTES_MAX);
    for (uint32_t i = row->first; i != 0; i = mentions->each[i].next)
        mun_wr_u16(&wr, (uint16_t)(mentions->each[i].at - first));
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    value = mun_wr_done(&wr);
    start_key(&key, &row->name);
    mun_key_append_u64(&key, log_index + first);
    mun_value_put(rocks, MUN_FAMILY_INDEX, &key, &value, 1);
}

void
mun_mentions_put(struct mun_mentions *mentions, struct mun_rocks *rocks,
                 uint64_t log_index)
{
    for (uint32_t i = 0; i < mentions->row_count; i++)
        put_row(mentions, rocks, &mentions->rows[i], log_index);
}

/* Reading */

struct walk {
    const struct mun_history_range *range;
    mun_history_visit visit;
    void *ctx;
    uint32_t count;
    bool more;
};

/* The indexes of one row. */
static mun_err_t
visit_row(struct walk *walk, struct mun_bytes key, struct mun_bytes checked,
          size_t prefix_len)
{
    uint64_t last = 0;
    struct mun_bytes value;
    uint64_t first;
    struct mun_rd rd;

    mun_rd_init(&rd, mun_bytes(key.data + prefix_len, key.len - prefix_len));
    first = mun_rd_u64(&rd);
    MUN_TRY(mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_INDEX, key));
    MUN_TRY(mun_value_open(&value, MUN_FAMILY_INDEX, key, checked));
    if (value.len == 0 || value.len % 2 != 0)
        return mun_value_corrupt(MUN_FAMILY_INDEX, key);
    mun_rd_init(&rd, value);
    for (size_t i = 0; i < value.len; i += 2) {
        uint64_t log_index = first + mun_rd_u16(&rd);

        if (i > 0 && log_index <= last)
            return mun_value_corrupt(MUN_FAMILY_INDEX, key);
        last = log_index;
        if (log_index < walk->range->from)
            continue;
        walk->more = walk->count == walk->range->limit;
        if (walk->more)
            break;
        walk->count++;
        MUN_TRY(walk->visit(walk->ctx, log_index));
    }
    return MUN_SUCCESS;
}

static bool
has_prefix(const struct mun_rocks_iter *iter, struct mun_bytes prefix)
{
    struct mun_bytes key;

    if (!mun_rocks_iter_valid(iter))
        return false;
    key = mun_rocks_iter_key(iter);
    return key.len >= prefix.len &&
           memcmp(key.data, prefix.data, prefix.len) == 0;
}

/* To the row that `from` would be in, or the name's first behind it. */
static void
seek(struct mun_rocks_iter *iter, const struct mun_store_key *prefix,
     uint64_t from)
{
    struct mun_store_key key = *prefix;

    mun_key_append_u64(&key, from);
    mun_rocks_iter_seek_back(iter, mun_store_key_bytes(&key));
    if (!has_prefix(iter, mun_store_key_bytes(prefix)))
        mun_rocks_iter_seek(iter, mun_store_key_bytes(&key));
}

mun_err_t
mun_history_walk(struct mun_rocks *rocks, const struct mun_history_name *name,
                 const struct mun_history_range *range, mun_history_visit visit,
                 void *ctx, bool *more)
{
    struct walk walk = { .range = range, .visit = visit, .ctx = ctx };
    struct mun_store_key prefix;
    struct mun_rocks_iter *iter;
    mun_err_t err;

    *more = false;
    start_key(&prefix, name);
    iter = mun_rocks_iter_open(rocks, MUN_FAMILY_INDEX, MUN_WALK_ORDERED);
    seek(iter, &prefix, range->from);
    for (; !walk.more && has_prefix(iter, mun_store_key_bytes(&prefix));
         mun_rocks_iter_next(iter))
        MUN_TRY_OUT(visit_row(&walk, mun_rocks_iter_key(iter),
                              mun_rocks_iter_value(iter), prefix.len));
    MUN_TRY_OUT(mun_rocks_iter_status(iter));
    *more = walk.more;
out:
    mun_rocks_iter_close(iter);
    return err;
}
