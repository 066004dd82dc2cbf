#ifndef MUN_CONSENSUS_VOTES_H
#define MUN_CONSENSUS_VOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/certificate.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"

/* Votes of several members in one round: a polka (a quorum of prevotes for one
 * value), or the precommits that ended a round. Bytes in consensus/README.md
 * section 7. */

/* Rounds are below this, so that they and "round + 1" fit an int32_t. */
#define MUN_CON_ROUND_MAX ((uint32_t)INT32_MAX - 1)

/* What differs from member to member. */
struct mun_con_voter {
    uint32_t member;
    int32_t valid_round;
    struct mun_hash id;
    struct mun_sig sig;
};

/* `at[0 .. count - 1]` by ascending member. A count of 0 stands for none. */
struct mun_con_votes {
    uint64_t height;
    uint32_t round;
    enum mun_vote_type type; /* prevote or precommit */
    uint32_t count;
    struct mun_con_voter at[MUN_MEMBERS_MAX];
};

#define MUN_CON_VOTES_BYTES_MAX                                                \
    (1 + 8 + 4 + 1 + MUN_MEMBERS_MAX * (1 + 4 + 32 + MUN_SIG_BYTES))

/* Whether a member that follows the rules can have signed it. */
bool mun_con_is_vote(const struct mun_vote *vote);

/* The i-th vote as it was signed. */
void mun_con_votes_get(struct mun_vote *out, const struct mun_con_votes *votes,
                       uint32_t i);

/* Whether all are prevotes for one value that is not nil. */
bool mun_con_votes_is_polka(const struct mun_con_votes *votes);

/* Whether a quorum of a set of `member_count` speaks: enough of them, all in
 * the set, and when they are prevotes a polka. Signatures are not looked at. */
bool mun_con_votes_has_quorum(const struct mun_con_votes *votes,
                              uint32_t member_count);

/* There must be at least one. */
void mun_con_votes_encode(struct mun_wr *wr, const struct mun_con_votes *votes);

/* Errors (in the reader): MUN_ERR_TRUNCATED, MUN_ERR_VALUE (type, count, order,
 * a vote that no member can have signed). */
void mun_con_votes_decode(struct mun_rd *rd, struct mun_con_votes *out);

#endif
