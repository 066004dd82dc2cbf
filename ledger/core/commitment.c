#include "ledger/core/commitment.h"

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/core/field.h"

#define OPENING_VERSION 1

_Static_assert(1 + 32 + 32 + 1 + 32 + 2 + (1 + MUN_LABEL_MAX) + 4 + 8 + 8 + 1 <=
                   MUN_OPENING_BYTES_MAX,
               "an opening fits");

void
mun_opening_encode(struct mun_wr *wr, const struct mun_opening *opening)
{
    mun_wr_u8(wr, OPENING_VERSION);
    mun_wr_hash(wr, &opening->salt);
    mun_wr_hash(wr, &opening->digest);
    mun_wr_u8(wr, opening->format);
    mun_wr_hash(wr, &opening->programme);
    mun_wr_u16(wr, opening->programme_version);
    mun_wr_run8(wr, opening->label);
    mun_wr_u32(wr, opening->slot);
    mun_wr_u64(wr, opening->valid_from_ms);
    mun_wr_u64(wr, opening->valid_until_ms);
    mun_wr_u8(wr, opening->assurance);
}

mun_err_t
mun_opening_decode(struct mun_opening *out, struct mun_bytes bytes)
{
    struct mun_rd rd;
    mun_err_t err;

    mun_rd_init(&rd, bytes);
    if (mun_rd_u8(&rd) != OPENING_VERSION && !mun_rd_failed(&rd))
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    mun_rd_hash(&rd, &out->salt);
    mun_rd_hash(&rd, &out->digest);
    if (mun_hash_is_zero(&out->digest))
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    out->format = mun_rd_u8_in(&rd, MUN_FORMAT_JSON, MUN_FORMAT_BYTES);
    mun_rd_hash(&rd, &out->programme);
    out->programme_version = mun_rd_u16(&rd);
    out->label = mun_rd_label8(&rd, 1, MUN_LABEL_MAX);
    out->slot = mun_rd_u32(&rd);
    out->valid_from_ms = mun_rd_u64(&rd);
    out->valid_until_ms = mun_rd_u64(&rd);
    out->assurance =
        mun_rd_u8_in(&rd, MUN_ASSURANCE_NOT_STATED, MUN_ASSURANCE_INDEPENDENT);
    err = mun_rd_finish(&rd);
    if (!mun_is_ok(err))
        *out = (struct mun_opening){ .slot = 0 };
    return err;
}

void
mun_opening_commitment(struct mun_hash *out, const struct mun_opening *opening)
{
    uint8_t buffer[MUN_OPENING_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_opening_encode(&wr, opening);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_hash_tagged(out, MUN_TAG_COMMITMENT, mun_wr_done(&wr));
    /* The salt is what keeps the credential from being guessed. */
    mun_wipe(buffer, sizeof buffer);
}

void
mun_opening_salt(struct mun_hash *out, const struct mun_hash *seed,
                 uint32_t slot)
{
    static const char salt[] = "muniment/salt/1";
    uint8_t info[4];
    struct mun_wr wr;

    mun_wr_init(&wr, info, sizeof info);
    mun_wr_u32(&wr, slot);
    mun_hkdf(out->b, sizeof out->b, mun_bytes(salt, sizeof salt - 1),
             mun_bytes(seed->b, sizeof seed->b), mun_wr_done(&wr));
}
