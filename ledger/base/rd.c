#include "ledger/base/rd.h"

#include <string.h>

#include "ledger/base/check.h"

void
mun_rd_init(struct mun_rd *rd, struct mun_bytes input)
{
    MUN_CHECK(input.data != NULL || input.len == 0);
    rd->at = input.data;
    rd->left = input.len;
    rd->failure = MUN_OK;
}

/* `len` bytes of the input, or NULL after failure. For len 0 the result is not
 * to be read. */
static const uint8_t *
take(struct mun_rd *rd, size_t len)
{
    const uint8_t *at = rd->at;

    if (rd->failure != MUN_OK)
        return NULL;
    if (len > rd->left) {
        mun_rd_fail(rd, MUN_ERR_TRUNCATED);
        return NULL;
    }
    if (len > 0) {
        rd->at += len;
        rd->left -= len;
    }
    return at;
}

static uint64_t
take_number(struct mun_rd *rd, size_t width)
{
    const uint8_t *at = take(rd, width);
    uint64_t value = 0;

    if (at == NULL)
        return 0;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | at[i];
    return value;
}

uint8_t
mun_rd_u8(struct mun_rd *rd)
{
    return (uint8_t)take_number(rd, 1);
}

uint16_t
mun_rd_u16(struct mun_rd *rd)
{
    return (uint16_t)take_number(rd, 2);
}

uint32_t
mun_rd_u32(struct mun_rd *rd)
{
    return (uint32_t)take_number(rd, 4);
}

uint64_t
mun_rd_u64(struct mun_rd *rd)
{
    return take_number(rd, 8);
}

bool
mun_rd_bool(struct mun_rd *rd)
{
    uint8_t value = mun_rd_u8(rd);

    if (value > 1) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
        return false;
    }
    return value == 1;
}

void
mun_rd_copy(struct mun_rd *rd, uint8_t *out, size_t len)
{
    const uint8_t *at = take(rd, len);

    if (len == 0)
        return;
    if (at == NULL)
        memset(out, 0, len);
    else
        memcpy(out, at, len);
}

struct mun_bytes
mun_rd_run(struct mun_rd *rd, size_t len)
{
    const uint8_t *at = take(rd, len);

    if (at == NULL || len == 0)
        return MUN_BYTES_NONE;
    return mun_bytes(at, len);
}

static struct mun_bytes
run_up_to(struct mun_rd *rd, size_t len, size_t max)
{
    if (rd->failure == MUN_OK && len > max)
        mun_rd_fail(rd, MUN_ERR_TOO_LARGE);
    return mun_rd_run(rd, len);
}

struct mun_bytes
mun_rd_run16(struct mun_rd *rd, size_t max)
{
    size_t len = mun_rd_u16(rd);

    return run_up_to(rd, len, max);
}

struct mun_bytes
mun_rd_run32(struct mun_rd *rd, size_t max)
{
    size_t len = mun_rd_u32(rd);

    return run_up_to(rd, len, max);
}

static uint32_t
count_up_to(struct mun_rd *rd, uint32_t count, uint32_t max, size_t item_min)
{
    if (rd->failure != MUN_OK)
        return 0;
    if (count > max) {
        mun_rd_fail(rd, MUN_ERR_TOO_LARGE);
        return 0;
    }
    /* A division, since the product could wrap. */
    if (item_min > 0 && count > rd->left / item_min) {
        mun_rd_fail(rd, MUN_ERR_TRUNCATED);
        return 0;
    }
    return count;
}

uint8_t
mun_rd_count8(struct mun_rd *rd, uint8_t max, size_t item_min)
{
    uint8_t count = mun_rd_u8(rd);

    return (uint8_t)count_up_to(rd, count, max, item_min);
}

uint16_t
mun_rd_count16(struct mun_rd *rd, uint16_t max, size_t item_min)
{
    uint16_t count = mun_rd_u16(rd);

    return (uint16_t)count_up_to(rd, count, max, item_min);
}

uint32_t
mun_rd_count32(struct mun_rd *rd, uint32_t max, size_t item_min)
{
    uint32_t count = mun_rd_u32(rd);

    return count_up_to(rd, count, max, item_min);
}

void
mun_rd_fail(struct mun_rd *rd, enum mun_err_code code)
{
    MUN_CHECK(code != MUN_OK);
    if (rd->failure == MUN_OK)
        rd->failure = code;
    rd->left = 0;
}

bool
mun_rd_failed(const struct mun_rd *rd)
{
    return rd->failure != MUN_OK;
}

mun_err_t
mun_rd_status(const struct mun_rd *rd)
{
    return mun_err(rd->failure);
}

mun_err_t
mun_rd_finish(const struct mun_rd *rd)
{
    if (rd->failure != MUN_OK)
        return mun_err(rd->failure);
    return mun_err(rd->left == 0 ? MUN_OK : MUN_ERR_TRAILING);
}
