#include "ledger/base/wr.h"

#include <string.h>

#include "ledger/base/check.h"

void
mun_wr_init(struct mun_wr *wr, uint8_t *buffer, size_t size)
{
    MUN_CHECK(buffer != NULL || size == 0);
    wr->base = buffer;
    wr->size = size;
    wr->used = 0;
    wr->failure = MUN_OK;
}

/* Room for `len` bytes, or NULL after failure. */
static uint8_t *
room(struct mun_wr *wr, size_t len)
{
    uint8_t *at;

    MUN_CHECK(wr->used <= wr->size);
    if (wr->failure != MUN_OK)
        return NULL;
    if (len > wr->size - wr->used) {
        mun_wr_fail(wr, MUN_ERR_LIMIT);
        return NULL;
    }
    if (len == 0)
        return wr->base;
    at = wr->base + wr->used;
    wr->used += len;
    return at;
}

static void
put_number(struct mun_wr *wr, uint64_t value, size_t width)
{
    uint8_t *at = room(wr, width);

    if (at == NULL)
        return;
    for (size_t i = width; i > 0; i--) {
        at[i - 1] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

void
mun_wr_u8(struct mun_wr *wr, uint8_t value)
{
    put_number(wr, value, 1);
}

void
mun_wr_u16(struct mun_wr *wr, uint16_t value)
{
    put_number(wr, value, 2);
}

void
mun_wr_u32(struct mun_wr *wr, uint32_t value)
{
    put_number(wr, value, 4);
}

void
mun_wr_u64(struct mun_wr *wr, uint64_t value)
{
    put_number(wr, value, 8);
}

void
mun_wr_bool(struct mun_wr *wr, bool value)
{
    put_number(wr, value ? 1 : 0, 1);
}

void
mun_wr_copy(struct mun_wr *wr, const void *data, size_t len)
{
    uint8_t *at = room(wr, len);

    if (at != NULL && len > 0)
        memcpy(at, data, len);
}

void
mun_wr_run(struct mun_wr *wr, struct mun_bytes run)
{
    mun_wr_copy(wr, run.data, run.len);
}

/* Prefix and run together or not at all. */
static void
put_run(struct mun_wr *wr, struct mun_bytes run, size_t width)
{
    if (wr->failure == MUN_OK && run.len > wr->size - wr->used) {
        mun_wr_fail(wr, MUN_ERR_LIMIT);
        return;
    }
    if (wr->failure == MUN_OK && width > wr->size - wr->used - run.len) {
        mun_wr_fail(wr, MUN_ERR_LIMIT);
        return;
    }
    put_number(wr, run.len, width);
    mun_wr_run(wr, run);
}

void
mun_wr_run16(struct mun_wr *wr, struct mun_bytes run)
{
    if (run.len > UINT16_MAX) {
        mun_wr_fail(wr, MUN_ERR_TOO_LARGE);
        return;
    }
    put_run(wr, run, 2);
}

void
mun_wr_run32(struct mun_wr *wr, struct mun_bytes run)
{
    if (run.len > UINT32_MAX) {
        mun_wr_fail(wr, MUN_ERR_TOO_LARGE);
        return;
    }
    put_run(wr, run, 4);
}

void
mun_wr_fail(struct mun_wr *wr, enum mun_err_code code)
{
    MUN_CHECK(code != MUN_OK);
    if (wr->failure == MUN_OK)
        wr->failure = code;
}

mun_err_t
mun_wr_status(const struct mun_wr *wr)
{
    return mun_err(wr->failure);
}

struct mun_bytes
mun_wr_done(const struct mun_wr *wr)
{
    return mun_bytes(wr->base, wr->used);
}
