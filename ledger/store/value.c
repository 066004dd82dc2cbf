#include "ledger/store/value.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "ledger/core/hash.h"

static void
check_of(struct mun_value_check *out, enum mun_family family,
         struct mun_bytes key, const struct mun_bytes *parts, size_t part_count)
{
    uint8_t letter = mun_family_letter(family);
    struct mun_sha256 sha;
    struct mun_hash hash;

    mun_sha256_init(&sha);
    mun_sha256_update(&sha, &letter, 1);
    mun_sha256_update(&sha, key.data, key.len);
    for (size_t i = 0; i < part_count; i++)
        mun_sha256_update(&sha, parts[i].data, parts[i].len);
    mun_sha256_final(&sha, &hash);
    memcpy(out->b, hash.b, sizeof out->b);
}

void
mun_value_put(struct mun_rocks *rocks, enum mun_family family,
              const struct mun_store_key *key, const struct mun_bytes *parts,
              size_t part_count)
{
    struct mun_bytes all[MUN_VALUE_PARTS_MAX + 1];
    struct mun_value_check check;

    MUN_CHECK(part_count <= MUN_VALUE_PARTS_MAX);
    check_of(&check, family, mun_store_key_bytes(key), parts, part_count);
    memcpy(all, parts, part_count * sizeof *parts);
    all[part_count] = mun_bytes(check.b, sizeof check.b);
    mun_rocks_put(rocks, family, mun_store_key_bytes(key), all, part_count + 1);
}

mun_err_t
mun_value_corrupt(enum mun_family family, struct mun_bytes key)
{
    char hex[2 * MUN_STORE_KEY_MAX + 1];

    if (key.len > MUN_STORE_KEY_MAX)
        key.len = MUN_STORE_KEY_MAX;
    mun_hex_encode(hex, key);
    mun_log(MUN_LOG_UNUSUAL, "store corrupt what=%s key=%s",
            mun_family_text(family), hex);
    return mun_err(MUN_ERR_CORRUPT);
}

mun_err_t
mun_value_decoded(mun_err_t err, enum mun_family family, struct mun_bytes key)
{
    if (err.code >= 100 && err.code < 200)
        return mun_value_corrupt(family, key);
    return err;
}

mun_err_t
mun_value_verify(enum mun_family family, struct mun_bytes key,
                 struct mun_bytes value, const struct mun_value_check *check)
{
    struct mun_value_check right;

    check_of(&right, family, key, &value, 1);
    if (memcmp(right.b, check->b, sizeof right.b) != 0)
        return mun_value_corrupt(family, key);
    return MUN_SUCCESS;
}

/* Without the check, which is not made. */
static mun_err_t
cut_check(struct mun_bytes *out, struct mun_value_check *check,
          enum mun_family family, struct mun_bytes key, struct mun_bytes value)
{
    *out = MUN_BYTES_NONE;
    if (value.len < sizeof check->b)
        return mun_value_corrupt(family, key);
    *out = mun_bytes(value.data, value.len - sizeof check->b);
    memcpy(check->b, value.data + out->len, sizeof check->b);
    return MUN_SUCCESS;
}

mun_err_t
mun_value_open(struct mun_bytes *out, enum mun_family family,
               struct mun_bytes key, struct mun_bytes value)
{
    struct mun_value_check check;
    mun_err_t err;

    MUN_TRY(cut_check(out, &check, family, key, value));
    err = mun_value_verify(family, key, *out, &check);
    if (!mun_is_ok(err))
        *out = MUN_BYTES_NONE;
    return err;
}

mun_err_t
mun_value_get_unchecked(struct mun_rocks *rocks, struct mun_rocks_value *out,
                        struct mun_value_check *check, enum mun_family family,
                        const struct mun_store_key *key)
{
    mun_err_t err;

    MUN_TRY(mun_rocks_get(rocks, out, family, mun_store_key_bytes(key)));
    err = cut_check(&out->bytes, check, family, mun_store_key_bytes(key),
                    out->bytes);
    if (!mun_is_ok(err))
        mun_rocks_release(out);
    return err;
}

mun_err_t
mun_value_get(struct mun_rocks *rocks, struct mun_rocks_value *out,
              enum mun_family family, const struct mun_store_key *key)
{
    struct mun_value_check check;
    mun_err_t err;

    MUN_TRY(mun_value_get_unchecked(rocks, out, &check, family, key));
    err =
        mun_value_verify(family, mun_store_key_bytes(key), out->bytes, &check);
    if (!mun_is_ok(err))
        mun_rocks_release(out);
    return err;
}
