#ifndef MUN_LEDGER_CORE_COMMITMENT_H
#define MUN_LEDGER_CORE_COMMITMENT_H

#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"

/* What the ledger sees of a credential: ledger/README.md section 12. */

enum mun_document_format {
    MUN_FORMAT_JSON = 1,
    MUN_FORMAT_BYTES = 2,
};

enum mun_assurance {
    MUN_ASSURANCE_NOT_STATED = 0,
    MUN_ASSURANCE_SELF = 1,
    MUN_ASSURANCE_PEER = 2,
    MUN_ASSURANCE_INDEPENDENT = 3,
};

struct mun_opening {
    struct mun_hash salt;
    struct mun_hash digest;
    struct mun_hash programme;
    struct mun_bytes label;
    uint64_t valid_from_ms;
    uint64_t valid_until_ms;
    uint32_t slot;
    uint16_t programme_version;
    uint8_t format;
    uint8_t assurance;
};

#define MUN_OPENING_BYTES_MAX 160

void mun_opening_encode(struct mun_wr *wr, const struct mun_opening *opening);
MUN_MUST_USE mun_err_t mun_opening_decode(struct mun_opening *out,
                                          struct mun_bytes bytes);
/* tagged(commitment, encoding). */
void mun_opening_commitment(struct mun_hash *out,
                            const struct mun_opening *opening);

/* The salt of a slot, from the batch's secret seed. */
void mun_opening_salt(struct mun_hash *out, const struct mun_hash *seed,
                      uint32_t slot);

#endif
