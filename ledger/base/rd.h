#ifndef MUN_LEDGER_BASE_RD_H
#define MUN_LEDGER_BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* A reading cursor over canonical bytes, big-endian. The first failure sticks:
 * afterwards every read gives zeros (or an empty run), so that a decoder reads
 * as the list of its fields and tests once, at mun_rd_finish. */
struct mun_rd {
    const uint8_t *at;
    size_t left;
    enum mun_err_code failure;
};

void mun_rd_init(struct mun_rd *rd, struct mun_bytes input);

uint8_t mun_rd_u8(struct mun_rd *rd);
uint16_t mun_rd_u16(struct mun_rd *rd);
uint32_t mun_rd_u32(struct mun_rd *rd);
uint64_t mun_rd_u64(struct mun_rd *rd);

/* A byte that must be 0 or 1. */
bool mun_rd_bool(struct mun_rd *rd);

/* Copies `len` bytes; zeros after failure. */
void mun_rd_copy(struct mun_rd *rd, uint8_t *out, size_t len);

/* `len` bytes, borrowed from the input.
 * Lifetime: the input's. */
struct mun_bytes mun_rd_run(struct mun_rd *rd, size_t len);

/* Length-prefixed runs, refused with MUN_ERR_TOO_LARGE above `max`. */
struct mun_bytes mun_rd_run16(struct mun_rd *rd, size_t max);
struct mun_bytes mun_rd_run32(struct mun_rd *rd, size_t max);

/* A count of items of at least `item_min` bytes each. Fails when the count is
 * above `max` or what is left cannot hold it: check before any allocation. */
uint8_t mun_rd_count8(struct mun_rd *rd, uint8_t max, size_t item_min);
uint16_t mun_rd_count16(struct mun_rd *rd, uint16_t max, size_t item_min);
uint32_t mun_rd_count32(struct mun_rd *rd, uint32_t max, size_t item_min);

/* Records the first failure and empties the cursor. */
void mun_rd_fail(struct mun_rd *rd, enum mun_err_code code);

bool mun_rd_failed(const struct mun_rd *rd);

/* The failure so far, without asking for the end of the input. */
MUN_MUST_USE mun_err_t mun_rd_status(const struct mun_rd *rd);

/* The failure so far, or MUN_ERR_TRAILING when bytes are left. */
MUN_MUST_USE mun_err_t mun_rd_finish(const struct mun_rd *rd);

#endif
