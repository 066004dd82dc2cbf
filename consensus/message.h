#ifndef MUN_CONSENSUS_MESSAGE_H
#define MUN_CONSENSUS_MESSAGE_H

#include <stdint.h>

#include "consensus/votes.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/certificate.h"
#include "ledger/core/key.h"

/* What members send each other while they agree. Specified in
 * consensus/README.md section 7. A message is bytes, then struct mun_con_msg
 * (decoded, canonical, nothing verified), then struct mun_con_msg_checked
 * (consensus/check.h). */

#define MUN_CON_MSG_VERSION 1

enum mun_con_msg_kind {
    MUN_CON_MSG_PROPOSAL = 1,
    MUN_CON_MSG_VOTE = 2,
    MUN_CON_MSG_CERTIFICATE = 3,
    MUN_CON_MSG_VOTES = 4,
};

/* Bytes of a proposed value: a block's entries (4 MiB), its published leaves
 * (8 MiB), header and certificate. */
#define MUN_CON_VALUE_BYTES_MAX (16u << 20)

/* A vote with its signature.
 *
 * R27: What is not signed changes nothing. `member`, an index into the height's
 * set, only says whose key to verify with. */
struct mun_con_signed {
    struct mun_vote vote;
    uint32_t member;
    struct mun_sig sig;
};

/* `ballot` for proposals and votes, `value_len` for proposals, the others for
 * their kinds; the rest is zero. */
struct mun_con_msg {
    enum mun_con_msg_kind kind;
    uint32_t value_len;
    union {
        struct mun_con_signed ballot;
        struct mun_certificate certificate;
        struct mun_con_votes votes;
    };
};

#define MUN_CON_PROPOSAL_BYTES (MUN_CON_VOTE_BYTES + 4)
#define MUN_CON_VOTE_BYTES (2 + 1 + 8 + 4 + 4 + 32 + 1 + MUN_SIG_BYTES)
/* Longer than the longest certificate. */
#define MUN_CON_MSG_BYTES_MAX (2 + MUN_CON_VOTES_BYTES_MAX)

/* A proposal or a vote as a message, by its type. `value_len` is for
 * proposals, otherwise 0. */
void mun_con_msg_from_signed(struct mun_con_msg *out,
                             const struct mun_con_signed *ballot,
                             uint32_t value_len);

/* A proposal or a vote without the message's first two bytes, as messages and
 * evidence hold it. */
void mun_con_signed_encode(struct mun_wr *wr,
                           const struct mun_con_signed *ballot);
void mun_con_signed_decode(struct mun_rd *rd, struct mun_con_signed *out);

void mun_con_msg_encode(struct mun_wr *wr, const struct mun_con_msg *msg);

/* One whole message.
 * Errors: MUN_ERR_TRUNCATED, MUN_ERR_TRAILING, MUN_ERR_VERSION, MUN_ERR_KIND,
 * MUN_ERR_VALUE, MUN_ERR_TOO_LARGE (value_len), and those of
 * mun_certificate_decode and mun_con_votes_decode. After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_con_msg_decode(struct mun_con_msg *out,
                                          struct mun_bytes input);

/* The height that the message speaks about. */
uint64_t mun_con_msg_height(const struct mun_con_msg *msg);

#endif
