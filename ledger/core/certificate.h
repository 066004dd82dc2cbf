#ifndef MUN_LEDGER_CORE_CERTIFICATE_H
#define MUN_LEDGER_CORE_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/core/member.h"

/* What members sign while they agree, and the certificate that a quorum of
 * precommits makes. Specified in ledger/README.md section 7. */

enum mun_vote_type {
    MUN_VOTE_PROPOSAL = 1,
    MUN_VOTE_PREVOTE = 2,
    MUN_VOTE_PRECOMMIT = 3,
};

/* For a nil vote the id is zero; `valid_round` is that of a proposal, and the
 * round in which a prevote's value was last seen valid, -1 otherwise and for
 * precommits always. */
struct mun_vote {
    enum mun_vote_type type;
    uint64_t height;
    uint32_t round;
    int32_t valid_round;
    struct mun_hash id;
};

/* tagged(vote, type u8 || chain_id || height u64 || round u32 ||
 * valid_round u32 (two's complement) || id): what is signed. */
void mun_vote_digest(struct mun_hash *out, const struct mun_hash *chain_id,
                     const struct mun_vote *vote);

/* Precommits of more than two thirds for one header id in one round. Bit i of
 * the bitmap (most significant bit of the first byte first) stands for member
 * i; signatures follow in that order. */
struct mun_certificate {
    uint64_t height;
    uint32_t round;
    struct mun_hash header_id;
    uint32_t member_count;
    uint8_t bitmap[(MUN_MEMBERS_MAX + 7) / 8];
    uint32_t sig_count;
    struct mun_sig sigs[MUN_MEMBERS_MAX];
};

/* Encoding: height u64, round u32, header_id 32, member_count u8, bitmap of
 * (member_count + 7) / 8 bytes with zero spare bits, then the signatures. The
 * empty certificate, which only block 1 carries, has height 0, round 0, the
 * id of header 0, member_count 0. */
void mun_certificate_encode(struct mun_wr *wr,
                            const struct mun_certificate *certificate);
void mun_certificate_decode(struct mun_rd *rd, struct mun_certificate *out);
void mun_certificate_hash(struct mun_hash *out,
                          const struct mun_certificate *certificate);

/* The certificate of header 0. */
void mun_certificate_empty(struct mun_certificate *out,
                           const struct mun_hash *header_id);

/* Every signature must be right, and there must be a quorum of `members`.
 * Errors: MUN_ERR_PROOF (no quorum, another member count), MUN_ERR_SIGNATURE.
 */
MUN_MUST_USE mun_err_t mun_certificate_verify(
    const struct mun_certificate *certificate, const struct mun_hash *chain_id,
    const struct mun_members *members);

#endif
