#ifndef MUN_CONSENSUS_EVIDENCE_H
#define MUN_CONSENSUS_EVIDENCE_H

#include "consensus/check.h"
#include "consensus/message.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"

/* Proof that a member signed two different messages of one height, round and
 * type. Whoever has the member's key can check it. Rule R33 of
 * consensus/README.md. */

#define MUN_CON_EVIDENCE_VERSION 1

/* `first` has the lower vote digest's bytes, so that the same two messages make
 * the same evidence whoever saw which one first. */
struct mun_con_evidence {
    struct mun_con_signed first;
    struct mun_con_signed second;
};

#define MUN_CON_EVIDENCE_BYTES (1 + 2 * (MUN_CON_VOTE_BYTES - 2))

/* Whether two messages contradict each other: same member, height, round and
 * type, but not the same vote. */
bool mun_con_is_contradiction(const struct mun_con_signed *a,
                              const struct mun_con_signed *b);

/* Puts two messages that contradict each other in order. */
void mun_con_evidence_make(struct mun_con_evidence *out,
                           const struct mun_hash *chain_id,
                           const struct mun_con_signed *a,
                           const struct mun_con_signed *b);

void mun_con_evidence_encode(struct mun_wr *wr,
                             const struct mun_con_evidence *evidence);

/* Errors: MUN_ERR_TRUNCATED, MUN_ERR_TRAILING, MUN_ERR_VERSION, MUN_ERR_VALUE
 * (also when the two do not contradict each other). After failure: *out is
 * zeroed. */
MUN_MUST_USE mun_err_t mun_con_evidence_decode(struct mun_con_evidence *out,
                                               struct mun_bytes input);

/* Order and both signatures, against the set of the evidence's height.
 * Errors: MUN_ERR_VALUE (another height, no such member, wrong order, no
 * contradiction), MUN_ERR_SIGNATURE, MUN_ERR_KEY. */
MUN_MUST_USE mun_err_t
mun_con_evidence_check(const struct mun_con_evidence *evidence,
                       const struct mun_con_check *against);

#endif
