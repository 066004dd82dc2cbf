#include "ledger/core/field.h"

#include "ledger/base/check.h"
#include "ledger/core/entry.h"
#include "ledger/core/text.h"

/* `len` bytes, whose number the prefix gave; none after failure. */
static struct mun_bytes
sized_run(struct mun_rd *rd, size_t len, size_t min, size_t max)
{
    MUN_CHECK(min <= max);
    if (!mun_rd_failed(rd) && (len < min || len > max))
        mun_rd_fail(rd, MUN_ERR_TEXT);
    return mun_rd_run(rd, len);
}

static struct mun_bytes
clean_text(struct mun_rd *rd, struct mun_bytes text, size_t max)
{
    if (mun_rd_failed(rd) || mun_is_ok(mun_text_check(text, max)))
        return text;
    mun_rd_fail(rd, MUN_ERR_TEXT);
    return MUN_BYTES_NONE;
}

struct mun_bytes
mun_rd_text8(struct mun_rd *rd, size_t min, size_t max)
{
    size_t len = mun_rd_u8(rd);

    return clean_text(rd, sized_run(rd, len, min, max), max);
}

struct mun_bytes
mun_rd_text16(struct mun_rd *rd, size_t min, size_t max)
{
    size_t len = mun_rd_u16(rd);

    return clean_text(rd, sized_run(rd, len, min, max), max);
}

struct mun_bytes
mun_rd_label8(struct mun_rd *rd, size_t min, size_t max)
{
    size_t len = mun_rd_u8(rd);
    struct mun_bytes text = sized_run(rd, len, min, max);

    if (mun_rd_failed(rd) || mun_is_ok(mun_label_check(text, max)))
        return text;
    mun_rd_fail(rd, MUN_ERR_TEXT);
    return MUN_BYTES_NONE;
}

uint8_t
mun_rd_u8_in(struct mun_rd *rd, uint8_t min, uint8_t max)
{
    uint8_t value = mun_rd_u8(rd);

    if (mun_rd_failed(rd) || (value >= min && value <= max))
        return value;
    mun_rd_fail(rd, MUN_ERR_VALUE);
    return 0;
}

void
mun_rd_hash(struct mun_rd *rd, struct mun_hash *out)
{
    mun_rd_copy(rd, out->b, sizeof out->b);
}

void
mun_rd_key(struct mun_rd *rd, struct mun_key *out)
{
    mun_rd_copy(rd, out->b, sizeof out->b);
    if (!mun_rd_failed(rd) && !mun_is_ok(mun_key_check(out)))
        mun_rd_fail(rd, MUN_ERR_KEY);
}

uint8_t
mun_rd_purposes(struct mun_rd *rd)
{
    /* Validate is the highest bit and stands alone: it is the largest value,
     * and those below are the mixtures of the others. */
    return mun_rd_u8_in(rd, 1, MUN_PURPOSE_VALIDATE);
}

void
mun_wr_run8(struct mun_wr *wr, struct mun_bytes run)
{
    if (run.len > UINT8_MAX) {
        mun_wr_fail(wr, MUN_ERR_TOO_LARGE);
        return;
    }
    mun_wr_u8(wr, (uint8_t)run.len);
    mun_wr_run(wr, run);
}

void
mun_wr_hash(struct mun_wr *wr, const struct mun_hash *hash)
{
    mun_wr_copy(wr, hash->b, sizeof hash->b);
}

void
mun_wr_key(struct mun_wr *wr, const struct mun_key *key)
{
    mun_wr_copy(wr, key->b, sizeof key->b);
}
