#ifndef MUN_LEDGER_CORE_GENESIS_H
#define MUN_LEDGER_CORE_GENESIS_H

#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"
#include "ledger/core/block.h"
#include "ledger/core/entry.h"
#include "ledger/core/hash.h"
#include "ledger/core/member.h"
#include "ledger/core/state.h"

/* The genesis document, the chain id and block 0: ledger/README.md section 5.
 */

#define MUN_GENESIS_PARTIES_MAX 200
#define MUN_GENESIS_BYTES_MAX 262144

struct mun_genesis_party {
    struct mun_hash id;
    uint8_t roles;
    struct mun_bytes name;
    struct mun_bytes country;
    struct mun_bytes url;
    uint8_t key_count;
    struct mun_key_grant keys[MUN_PARTY_KEYS_MAX];
};

/* Large (about 100 KB): keep it in an arena, not on the stack. */
struct mun_genesis {
    struct mun_bytes name;
    uint64_t time_ms;
    uint16_t rules_version;
    uint64_t max_age_ms;
    uint32_t party_count;
    struct mun_genesis_party parties[MUN_GENESIS_PARTIES_MAX];
};

/* Accepts exactly the documents that section 5 allows.
 * Errors: the decoder's; MUN_ERR_VALUE for a rule among fields.
 * After failure: *out is zeroed.
 * Lifetime: *out borrows from `bytes`. */
MUN_MUST_USE mun_err_t mun_genesis_decode(struct mun_genesis *out,
                                          struct mun_bytes bytes);
void mun_genesis_encode(struct mun_wr *wr, const struct mun_genesis *genesis);

/* Everything that follows from a document. */
struct mun_genesis_chain {
    struct mun_hash genesis_hash;
    struct mun_hash chain_id;
    struct mun_members members;
    struct mun_header header; /* height 0 */
    struct mun_hash header_id;
};

/* Writes the records of height 0 into the empty state `state` (loads them; the
 * result is committed) and computes the rest.
 * `genesis` was decoded from `bytes`.
 * Errors: MUN_ERR_LIMIT (state).
 * After failure: *out is zeroed; the state is to be thrown away. */
MUN_MUST_USE mun_err_t mun_genesis_start(struct mun_genesis_chain *out,
                                         struct mun_state *state,
                                         const struct mun_genesis *genesis,
                                         struct mun_bytes bytes);

#endif
