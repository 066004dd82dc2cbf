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

/* The record that an index row names, which must be there, strictly decoded.
 * Lifetime: until mun_rocks_release, due on success. */
static mun_err_t
get_record(struct mun_store *store, struct mun_rocks_value *out, uint8_t type,
           struct mun_bytes natural)
{
    struct mun_store_key row = { .len = 0 };
    struct mun_hash key;
    mun_err_t err;

    mun_natural_record_key(&key, type, natural);
    mun_key_append(&row, mun_bytes(key.b, sizeof key.b));
    err = mun_value_get(store->rocks, out, MUN_FAMILY_RECORD, &row);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_value_corrupt(MUN_FAMILY_RECORD, mun_store_key_bytes(&row));
    if (!mun_is_ok(err))
        return err;
    err = mun_record_validate(&key, out->bytes);
    if (!mun_is_ok(err))
        mun_rocks_release(out);
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

static bool
history_prefix(struct mun_store_key *out, const struct mun_history_query *query)
{
    struct mun_hash name;

    if (query->name.len < sizeof name)
        return false;
    memcpy(name.b, query->name.data, sizeof name);
    switch (query->of) {
    case MUN_HISTORY_PARTY:
        mun_key_hash(out, MUN_INDEX_PARTY, &name);
        return query->name.len == sizeof name;
    case MUN_HISTORY_PROGRAMME:
        mun_key_hash(out, MUN_INDEX_PROGRAMME, &name);
        return query->name.len == sizeof name;
    case MUN_HISTORY_LIST:
        if (query->name.len - sizeof name > MUN_STORE_LABEL_MAX)
            return false;
        mun_key_list_start(out, &name,
                           mun_bytes(query->name.data + sizeof name,
                                     query->name.len - sizeof name));
        return true;
    }
    MUN_UNREACHABLE();
}

mun_err_t
mun_store_history(struct mun_store *store,
                  const struct mun_history_query *query,
                  mun_history_visit visit, void *ctx, bool *more)
{
    struct mun_store_key prefix;
    struct mun_store_key from;
    struct walk walk;
    mun_err_t err;
    uint32_t count = 0;

    *more = false;
    if (!history_prefix(&prefix, query))
        return MUN_SUCCESS; /* nothing has such a name */
    from = prefix;
    mun_key_append_u64(&from, query->from);
    walk.prefix = mun_store_key_bytes(&prefix);
    walk.iter =
        mun_rocks_iter_open(store->rocks, MUN_FAMILY_INDEX, MUN_WALK_ORDERED);
    for (mun_rocks_iter_seek(walk.iter, mun_store_key_bytes(&from));
         !walk_at_end(&walk); mun_rocks_iter_next(walk.iter)) {
        struct mun_rd rd;
        uint64_t log_index;

        if (count++ == query->limit) {
            *more = true;
            break;
        }
        mun_rd_init(&rd, walk_tail(&walk, prefix.len));
        log_index = mun_rd_u64(&rd);
        MUN_TRY_OUT(mun_value_decoded(mun_rd_finish(&rd), MUN_FAMILY_INDEX,
                                      mun_rocks_iter_key(walk.iter)));
        MUN_TRY_OUT(visit(ctx, log_index));
    }
    MUN_TRY_OUT(mun_rocks_iter_status(walk.iter));
out:
    mun_rocks_iter_close(walk.iter);
    return err;
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
