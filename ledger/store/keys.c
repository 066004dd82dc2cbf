#include "ledger/store/keys.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/key.h"

static void
key_start(struct mun_store_key *key)
{
    key->len = 0;
}

void
mun_key_append(struct mun_store_key *key, struct mun_bytes bytes)
{
    MUN_CHECK(bytes.len <= sizeof key->b - key->len);
    if (bytes.len > 0)
        memcpy(key->b + key->len, bytes.data, bytes.len);
    key->len += bytes.len;
}

static void
append_number(struct mun_store_key *key, uint64_t number, unsigned width)
{
    MUN_CHECK(width <= sizeof key->b - key->len);
    for (unsigned i = width; i > 0; i--)
        key->b[key->len++] = (uint8_t)(number >> (8 * (i - 1)));
}

void
mun_key_append_u64(struct mun_store_key *key, uint64_t number)
{
    append_number(key, number, 8);
}

void
mun_key_meta(struct mun_store_key *out, uint8_t letter)
{
    key_start(out);
    append_number(out, letter, 1);
}

void
mun_key_block(struct mun_store_key *out, uint64_t height)
{
    key_start(out);
    append_number(out, height, 8);
}

void
mun_key_entry(struct mun_store_key *out, uint64_t log_index)
{
    key_start(out);
    append_number(out, log_index, 8);
}

void
mun_key_leaves(struct mun_store_key *out, uint64_t log_index, uint16_t chunk)
{
    key_start(out);
    append_number(out, log_index, 8);
    append_number(out, chunk, 2);
}

void
mun_key_tile(struct mun_store_key *out, uint64_t index, uint8_t level)
{
    key_start(out);
    append_number(out, level, 1);
    append_number(out, index, 8);
}

void
mun_key_commitment(struct mun_store_key *out, uint64_t prefix, uint64_t place)
{
    key_start(out);
    append_number(out, prefix, 8);
    append_number(out, place, 7);
}

void
mun_key_letter(struct mun_store_key *out, uint8_t letter)
{
    key_start(out);
    append_number(out, letter, 1);
}

void
mun_key_hash(struct mun_store_key *out, uint8_t letter,
             const struct mun_hash *hash)
{
    key_start(out);
    append_number(out, letter, 1);
    mun_key_append(out, mun_bytes(hash->b, sizeof hash->b));
}

void
mun_key_time(struct mun_store_key *out, uint64_t time_ms)
{
    key_start(out);
    append_number(out, MUN_INDEX_TIME, 1);
    append_number(out, time_ms, 8);
}

void
mun_key_list_start(struct mun_store_key *out, const struct mun_hash *issuer,
                   struct mun_bytes label)
{
    MUN_CHECK(label.len <= UINT8_MAX);
    mun_key_hash(out, MUN_INDEX_LIST, issuer);
    append_number(out, label.len, 1);
    mun_key_append(out, label);
}

void
mun_key_record(struct mun_store_key *out, uint8_t type,
               struct mun_bytes natural)
{
    key_start(out);
    append_number(out, MUN_INDEX_RECORD, 1);
    append_number(out, type, 1);
    mun_key_append(out, natural);
}

/* type, version, since_height, since_time */
#define HEAD_BYTES (1 + 1 + 8 + 8)

mun_err_t
mun_natural_key(struct mun_bytes *out, uint8_t *type, struct mun_bytes value)
{
    struct mun_since since;
    size_t label = 0;
    size_t len = 0;

    *out = MUN_BYTES_NONE;
    MUN_TRY(mun_record_head(value, type, &since));
    if (value.len <= HEAD_BYTES + sizeof(struct mun_hash))
        return mun_err(MUN_ERR_TRUNCATED);
    label = value.data[HEAD_BYTES + sizeof(struct mun_hash)];
    switch ((enum mun_record_type) * type) {
    case MUN_RECORD_PARTY:
    case MUN_RECORD_ACCREDITATION:
    case MUN_RECORD_PROGRAMME:
        len = sizeof(struct mun_hash);
        break;
    case MUN_RECORD_KEY:
        len = sizeof(struct mun_key);
        break;
    case MUN_RECORD_PROGRAMME_VERSION:
        len = sizeof(struct mun_hash) + 2;
        break;
    case MUN_RECORD_LIST:
        len = sizeof(struct mun_hash) + 1 + label;
        break;
    case MUN_RECORD_SLOT:
        len = sizeof(struct mun_hash) + 1 + label + 4;
        break;
    case MUN_RECORD_BATCH:
        len = 2 * sizeof(struct mun_hash);
        break;
    }
    if (len == 0)
        return mun_err(MUN_ERR_KIND);
    if (len > MUN_NATURAL_MAX || value.len < HEAD_BYTES + len)
        return mun_err(MUN_ERR_TRUNCATED);
    *out = mun_bytes(value.data + HEAD_BYTES, len);
    return MUN_SUCCESS;
}

void
mun_natural_record_key(struct mun_hash *out, uint8_t type,
                       struct mun_bytes natural)
{
    struct mun_sha256 sha;

    mun_sha256_init_tagged(&sha, MUN_TAG_RECORD_KEY);
    mun_sha256_update(&sha, &type, 1);
    mun_sha256_update(&sha, natural.data, natural.len);
    mun_sha256_final(&sha, out);
}
