#ifndef MUN_LEDGER_BASE_WR_H
#define MUN_LEDGER_BASE_WR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* A writing cursor, the mirror of struct mun_rd. After the first failure
 * nothing more is written. */
struct mun_wr {
    uint8_t *base;
    size_t size;
    size_t used;
    enum mun_err_code failure;
};

void mun_wr_init(struct mun_wr *wr, uint8_t *buffer, size_t size);

void mun_wr_u8(struct mun_wr *wr, uint8_t value);
void mun_wr_u16(struct mun_wr *wr, uint16_t value);
void mun_wr_u32(struct mun_wr *wr, uint32_t value);
void mun_wr_u64(struct mun_wr *wr, uint64_t value);
void mun_wr_bool(struct mun_wr *wr, bool value);
void mun_wr_copy(struct mun_wr *wr, const void *data, size_t len);
void mun_wr_run(struct mun_wr *wr, struct mun_bytes run);

/* Length-prefixed runs; MUN_ERR_TOO_LARGE when the prefix cannot say it. */
void mun_wr_run16(struct mun_wr *wr, struct mun_bytes run);
void mun_wr_run32(struct mun_wr *wr, struct mun_bytes run);

void mun_wr_fail(struct mun_wr *wr, enum mun_err_code code);

/* MUN_OK, or MUN_ERR_LIMIT when the buffer was too small, or the failure
 * recorded by mun_wr_fail. */
MUN_MUST_USE mun_err_t mun_wr_status(const struct mun_wr *wr);

/* What was written so far.
 * Lifetime: the buffer's. */
struct mun_bytes mun_wr_done(const struct mun_wr *wr);

#endif
