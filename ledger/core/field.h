#ifndef MUN_LEDGER_CORE_FIELD_H
#define MUN_LEDGER_CORE_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"

/* Fields that records, entries and openings share: ledger/README.md section 1.
 * Like the cursors of ledger/base: the first failure sticks. */

/* Bytes of a list's label or a programme's code. */
#define MUN_LABEL_MAX 32

/* Text and labels of `min` to `max` bytes, behind a length of one byte or two.
 * (Two numbers side by side, as the specification writes "1–32".)
 * Errors: MUN_ERR_TEXT (another length, or not clean), MUN_ERR_TRUNCATED. */
struct mun_bytes mun_rd_text8(struct mun_rd *rd, size_t min, size_t max);
struct mun_bytes mun_rd_text16(struct mun_rd *rd, size_t min, size_t max);
struct mun_bytes mun_rd_label8(struct mun_rd *rd, size_t min, size_t max);

/* A byte from `min` to `max`.
 * Errors: MUN_ERR_VALUE. */
uint8_t mun_rd_u8_in(struct mun_rd *rd, uint8_t min, uint8_t max);

void mun_rd_hash(struct mun_rd *rd, struct mun_hash *out);

/* A key on the curve: about 4 us.
 * Errors: MUN_ERR_KEY. */
void mun_rd_key(struct mun_rd *rd, struct mun_key *out);

/* Purposes as section 3 allows them.
 * Errors: MUN_ERR_VALUE. */
uint8_t mun_rd_purposes(struct mun_rd *rd);

/* MUN_ERR_TOO_LARGE when the prefix cannot say it. */
void mun_wr_run8(struct mun_wr *wr, struct mun_bytes run);
void mun_wr_hash(struct mun_wr *wr, const struct mun_hash *hash);
void mun_wr_key(struct mun_wr *wr, const struct mun_key *key);

#endif
