#include "ledger/json/put.h"

void
mun_json_put_hash(struct mun_json_wr *wr, const char *key,
                  const struct mun_hash *hash)
{
    mun_json_wr_key(wr, key);
    if (mun_hash_is_zero(hash))
        mun_json_wr_null(wr);
    else
        mun_json_wr_hex(wr, mun_bytes(hash->b, sizeof hash->b));
}

void
mun_json_put_key(struct mun_json_wr *wr, const char *key,
                 const struct mun_key *value)
{
    mun_json_wr_key(wr, key);
    if (mun_key_is_none(value))
        mun_json_wr_null(wr);
    else
        mun_json_wr_hex(wr, mun_bytes(value->b, sizeof value->b));
}

void
mun_json_put_u64(struct mun_json_wr *wr, const char *key, uint64_t value)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_u64(wr, value);
}

void
mun_json_put_time(struct mun_json_wr *wr, const char *key, uint64_t time_ms)
{
    mun_json_wr_key(wr, key);
    if (time_ms == 0)
        mun_json_wr_null(wr);
    else
        mun_json_wr_time(wr, time_ms);
}

void
mun_json_put_text(struct mun_json_wr *wr, const char *key,
                  struct mun_bytes text)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_text(wr, text);
}

void
mun_json_put_word(struct mun_json_wr *wr, const char *key, const char *word)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_string(wr, word);
}

void
mun_json_put_bool(struct mun_json_wr *wr, const char *key, bool value)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_bool(wr, value);
}

void
mun_json_put_base64url(struct mun_json_wr *wr, const char *key,
                       struct mun_bytes data)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_base64url(wr, data);
}

void
mun_json_put_hashes(struct mun_json_wr *wr, const char *key,
                    const struct mun_hash *hashes, size_t count)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++)
        mun_json_wr_hex(wr, mun_bytes(hashes[i].b, sizeof hashes[i].b));
    mun_json_wr_end_array(wr);
}
