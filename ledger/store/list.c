#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/store/store_int.h"
#include "ledger/store/value.h"

/* Strict decoding of any record */

static mun_err_t
decode_any(struct mun_bytes value, uint8_t type)
{
    union {
        struct mun_party party;
        struct mun_key_record key;
        struct mun_accreditation accreditation;
        struct mun_programme programme;
        struct mun_programme_version version;
        struct mun_list list;
        struct mun_slot slot;
        struct mun_batch batch;
    } as;

    switch ((enum mun_record_type)type) {
    case MUN_RECORD_PARTY:
        return mun_party_decode(&as.party, value);
    case MUN_RECORD_KEY:
        return mun_key_record_decode(&as.key, value);
    case MUN_RECORD_ACCREDITATION:
        return mun_accreditation_decode(&as.accreditation, value);
    case MUN_RECORD_PROGRAMME:
        return mun_programme_decode(&as.programme, value);
    case MUN_RECORD_PROGRAMME_VERSION:
        return mun_version_decode(&as.version, value);
    case MUN_RECORD_LIST:
        return mun_list_decode(&as.list, value);
    case MUN_RECORD_SLOT:
        return mun_slot_decode(&as.slot, value);
    case MUN_RECORD_BATCH:
        return mun_batch_decode(&as.batch, value);
    }
    return mun_err(MUN_ERR_KIND);
}

mun_err_t
mun_record_validate(const struct mun_hash *key, struct mun_bytes value)
{
    struct mun_since since;
    struct mun_hash own;
    uint8_t type;
    mun_err_t err = mun_record_head(value, &type, &since);

    if (mun_is_ok(err))
        err = decode_any(value, type);
    if (mun_is_ok(err))
        err = mun_record_key_of(&own, value);
    if (mun_is_ok(err) && !mun_hash_eq(&own, key))
        err = mun_err(MUN_ERR_VALUE);
    return mun_value_decoded(err, MUN_FAMILY_RECORD,
                             mun_bytes(key->b, sizeof key->b));
}

/* A record, strictly decoded.
 * Errors: MUN_ERR_NOT_FOUND, MUN_ERR_CORRUPT, those of RocksDB.
 * Lifetime: until mun_rocks_release, due on success. */
static mun_err_t
find_record(struct mun_store *store, struct mun_rocks_value *out, uint8_t type,
            struct mun_bytes natural)
{
    struct mun_store_key row = { .len = 0 };
    struct mun_hash key;
    mun_err_t err;

    mun_natural_record_key(&key, type, natural);
    mun_key_append(&row, mun_bytes(key.b, sizeof key.b));
    MUN_TRY(mun_value_get(store->rocks, out, MUN_FAMILY_RECORD, &row));
    err = mun_record_validate(&key, out->bytes);
    if (!mun_is_ok(err))
        mun_rocks_release(out);
    return err;
}

/* The record that an index row names, which must be there. */
static mun_err_t
get_record(struct mun_store *store, struct mun_rocks_value *out, uint8_t type,
           struct mun_bytes natural)
{
    mun_err_t err = find_record(store, out, type, natural);

    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_RECORD, natural);
    return err;
}

/* Rows of the index that begin with a prefix, from a key on. */
struct walk {
    struct mun_rocks_iter *iter;
    struct mun_bytes prefix;
};

static bool
walk_at_end(const struct walk *walk)
{
    struct mun_bytes key;

    if (!mun_rocks_iter_valid(walk->iter))
        return true;
    key = mun_rocks_iter_key(walk->iter);
    return key.len < walk->prefix.len ||
           memcmp(key.data, walk->prefix.data, walk->prefix.len) != 0;
}

/* What follows the first `len` bytes of the row. */
static struct mun_bytes
walk_tail(const struct walk *walk, size_t len)
{
    struct mun_bytes key = mun_rocks_iter_key(walk->iter);

    MUN_CHECK(key.len >= len);
    return mun_bytes(key.data + len, key.len - len);
}

/* History */

mun_err_t
mun_store_history(struct mun_store *store,
                  const struct mun_history_query *query,
                  mun_history_visit visit, void *ctx, bool *more)
{
    static const uint8_t letters[] = {
        [MUN_HISTORY_PARTY] = MUN_INDEX_PARTY,
        [MUN_HISTORY_PROGRAMME] = MUN_INDEX_PROGRAMME,
        [MUN_HISTORY_LIST] = MUN_INDEX_LIST,
    };
    const struct mun_history_range range = { query->from, query->limit };
    struct mun_history_name name;
    size_t label_len = query->name.len - sizeof name.hash;

    *more = false;
    MUN_CHECK(query->of <= MUN_HISTORY_LIST);
    if (query->name.len < sizeof name.hash ||
        label_len > (query->of == MUN_HISTORY_LIST ? MUN_STORE_LABEL_MAX : 0))
        return MUN_SUCCESS; /* nothing has such a name */
    name.letter = letters[query->of];
    memcpy(name.hash.b, query->name.data, sizeof name.hash);
    name.label = mun_bytes(query->name.data + sizeof name.hash, label_len);
    return mun_history_walk(store->rocks, &name, &range, visit, ctx, more);
}

/* Registers */

/* One row: gets its record and shows it. */
static mun_err_t
visit_record(struct mun_store *store, uint8_t type, struct mun_bytes natural,
             mun_register_visit visit, void *ctx)
{
    struct mun_rocks_value value;
    mun_err_t err;

    MUN_TRY(get_record(store, &value, type, natural));
    err = visit(ctx, natural, value.bytes);
    mun_rocks_release(&value);
    return err;
}

/* Batches have no rows of their own: each is named by the entry that anchored
 * it. */
struct batches {
    struct mun_store *store;
    mun_register_visit visit;
    void *ctx;
};

static mun_err_t
visit_batch(void *ctx, uint64_t log_index)
{
    const struct batches *batches = ctx;
    uint8_t natural[2 * sizeof(struct mun_hash)];
    struct mun_bytes name = mun_bytes(natural, sizeof natural);
    struct mun_rocks_value value;
    struct mun_stored_entry stored;
    struct mun_entry entry;
    mun_err_t err;

    err = mun_get_entry(batches->store, &stored, &value, log_index);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_ENTRY, MUN_BYTES_NONE);
    if (!mun_is_ok(err))
        return err;
    if (mun_entry_decode(&entry, stored.entry) != MUN_REFUSAL_NONE ||
        entry.kind != MUN_KIND_ANCHOR)
        err = mun_value_corrupt(MUN_FAMILY_ENTRY, MUN_BYTES_NONE);
    mun_rocks_release(&value);
    MUN_TRY(err);
    memcpy(natural, entry.actor.b, sizeof entry.actor);
    memcpy(natural + sizeof entry.actor, entry.as.anchor.root.b,
           sizeof entry.as.anchor.root);
    return visit_record(batches->store, MUN_RECORD_BATCH, name, batches->visit,
                        batches->ctx);
}

/* Where the batch `natural` was anchored. */
static mun_err_t
batch_index(struct mun_store *store, uint64_t *out, struct mun_bytes natural)
{
    struct mun_rocks_value value;
    struct mun_place place;
    struct mun_batch batch;
    mun_err_t err;

    MUN_TRY(find_record(store, &value, MUN_RECORD_BATCH, natural));
    err = mun_batch_decode(&batch, value.bytes);
    mun_rocks_release(&value);
    MUN_TRY(mun_value_decoded(err, MUN_FAMILY_RECORD, natural));
    MUN_TRY(mun_store_find_entry(store, &batch.entry, &place));
    *out = place.log_index;
    return MUN_SUCCESS;
}

static mun_err_t
walk_batches(struct mun_store *store, const struct mun_register_query *query,
             mun_register_visit visit, void *ctx, bool *more)
{
    const struct mun_history_name name = { .letter = MUN_INDEX_BATCH };
    struct mun_history_range range = { 0, query->limit };
    struct batches batches = { store, visit, ctx };

    MUN_CHECK(query->prefix.len == 0);
    if (query->after.len > 0) {
        MUN_TRY(batch_index(store, &range.from, query->after));
        range.from++;
    }
    return mun_history_walk(store->rocks, &name, &range, visit_batch, &batches,
                            more);
}

mun_err_t
mun_store_register(struct mun_store *store,
                   const struct mun_register_query *query,
                   mun_register_visit visit, void *ctx, bool *more)
{
    struct mun_store_key prefix;
    struct mun_store_key from;
    struct walk walk;
    mun_err_t err;
    uint32_t count = 0;

    *more = false;
    if (query->prefix.len > MUN_NATURAL_MAX ||
        query->after.len > MUN_NATURAL_MAX)
        return MUN_SUCCESS; /* nothing has such a name */
    if (query->type == MUN_RECORD_BATCH)
        return walk_batches(store, query, visit, ctx, more);
    mun_key_record(&prefix, (uint8_t)query->type, query->prefix);
    mun_key_record(&from, (uint8_t)query->type, query->after);
    if (mun_bytes_cmp(query->after, query->prefix) < 0)
        from = prefix;
    walk.prefix = mun_store_key_bytes(&prefix);
    walk.iter =
        mun_rocks_iter_open(store->rocks, MUN_FAMILY_INDEX, MUN_WALK_ORDERED);
    for (mun_rocks_iter_seek(walk.iter, mun_store_key_bytes(&from));
         !walk_at_end(&walk); mun_rocks_iter_next(walk.iter)) {
        struct mun_bytes natural = walk_tail(&walk, 2);

        if (query->after.len > 0 && mun_bytes_eq(natural, query->after))
            continue;
        if (count++ == query->limit) {
            *more = true;
            break;
        }
        MUN_TRY_OUT(
            visit_record(store, (uint8_t)query->type, natural, visit, ctx));
    }
    MUN_TRY_OUT(mun_rocks_iter_status(walk.iter));
out:
    mun_rocks_iter_close(walk.iter);
    return err;
}

mun_err_t
mun_store_owned(struct mun_store *store, enum mun_owned what,
                const struct mun_hash *party, mun_register_visit visit,
                void *ctx)
{
    static const struct {
        uint8_t letter;
        uint8_t type;
    } table[] = {
        [MUN_OWNED_KEYS] = { MUN_INDEX_KEY, MUN_RECORD_KEY },
        [MUN_OWNED_ACCREDITATIONS] = { MUN_INDEX_ACCREDITATION,
                                       MUN_RECORD_ACCREDITATION },
        [MUN_OWNED_PROGRAMMES] = { MUN_INDEX_ISSUED, MUN_RECORD_PROGRAMME },
    };
    struct mun_store_key prefix;
    struct walk walk;
    mun_err_t err;

    MUN_CHECK(what <= MUN_OWNED_PROGRAMMES);
    mun_key_hash(&prefix, table[what].letter, party);
    walk.prefix = mun_store_key_bytes(&prefix);
    walk.iter =
        mun_rocks_iter_open(store->rocks, MUN_FAMILY_INDEX, MUN_WALK_ORDERED);
    for (mun_rocks_iter_seek(walk.iter, walk.prefix); !walk_at_end(&walk);
         mun_rocks_iter_next(walk.iter)) {
        MUN_TRY_OUT(visit_record(store, table[what].type,
                                 walk_tail(&walk, prefix.len), visit, ctx));
    }
    MUN_TRY_OUT(mun_rocks_iter_status(walk.iter));
out:
    mun_rocks_iter_close(walk.iter);
    return err;
}
