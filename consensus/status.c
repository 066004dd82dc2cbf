#include "consensus/status.h"

#include <string.h>

#include "consensus/message.h"
#include "ledger/base/check.h"
#include "ledger/base/rd.h"

/* The first byte after the version, where messages have their kind. */
#define STATUS_KIND 5

void
mun_con_status_digest(struct mun_hash *out, const struct mun_hash *chain_id,
                      const struct mun_hash *nonce, uint64_t height)
{
    uint8_t buffer[1 + 2 * sizeof chain_id->b + 8];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, STATUS_KIND);
    mun_wr_copy(&wr, chain_id->b, sizeof chain_id->b);
    mun_wr_copy(&wr, nonce->b, sizeof nonce->b);
    mun_wr_u64(&wr, height);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_hash_tagged(out, MUN_TAG_MESSAGE, mun_wr_done(&wr));
}

void
mun_con_status_encode(struct mun_wr *wr, const struct mun_con_status *status)
{
    mun_wr_u8(wr, MUN_CON_STATUS_VERSION);
    mun_wr_u8(wr, STATUS_KIND);
    mun_wr_u64(wr, status->height);
    mun_wr_u8(wr, (uint8_t)status->member);
    mun_wr_copy(wr, status->sig.b, sizeof status->sig.b);
}

mun_err_t
mun_con_status_decode(struct mun_con_status *out, struct mun_bytes input)
{
    struct mun_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    mun_rd_init(&rd, input);
    if (mun_rd_u8(&rd) != MUN_CON_STATUS_VERSION)
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    if (mun_rd_u8(&rd) != STATUS_KIND)
        mun_rd_fail(&rd, MUN_ERR_KIND);
    out->height = mun_rd_u64(&rd);
    out->member = mun_rd_u8(&rd);
    mun_rd_copy(&rd, out->sig.b, sizeof out->sig.b);
    if (!mun_rd_failed(&rd) && out->member >= MUN_MEMBERS_MAX)
        mun_rd_fail(&rd, MUN_ERR_VALUE);
    err = mun_rd_finish(&rd);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

mun_err_t
mun_con_status_check(const struct mun_con_status *status,
                     const struct mun_hash *nonce,
                     const struct mun_con_check *against)
{
    struct mun_hash digest;

    if (status->member >= against->members->count)
        return mun_err(MUN_ERR_VALUE);
    mun_con_status_digest(&digest, against->chain_id, nonce, status->height);
    return mun_sig_verify(&status->sig,
                          &against->members->at[status->member].key, &digest);
}
