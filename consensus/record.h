#ifndef MUN_CONSENSUS_RECORD_H
#define MUN_CONSENSUS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/votes.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"
#include "ledger/core/certificate.h"
#include "ledger/core/hash.h"

/* What a member must never forget: where it is in a height, its lock, and what
 * it signed last. Specified in consensus/README.md section 4. */

#define MUN_CON_RECORD_VERSION 2

/* The paper's step. Numbered as the votes that end them. */
enum mun_con_phase {
    MUN_CON_PROPOSE = 1,
    MUN_CON_PREVOTE = 2,
    MUN_CON_PRECOMMIT = 3,
};

/* Own proposal, prevote, precommit. */
#define MUN_CON_OWN_COUNT 3

struct mun_con_own {
    bool is_present;
    uint32_t round;
    int32_t valid_round;
    struct mun_hash id;
};

/* Rounds are -1 and ids zero where there is no lock or valid value.
 * `own[type - 1]` is the last own message of this type in this height. */
struct mun_con_record {
    uint64_t height;
    uint32_t round;
    enum mun_con_phase phase;
    int32_t locked_round;
    struct mun_hash locked_id;
    int32_t valid_round;
    struct mun_hash valid_id;
    struct mun_con_own own[MUN_CON_OWN_COUNT];
    struct mun_con_votes polka; /* for the valid value; none without one */
    struct mun_con_votes entry; /* precommits of the round before, or none */
};

/* Bytes of the longest encoded record. */
#define MUN_CON_RECORD_BYTES_MAX                                               \
    (1 + 8 + 4 + 1 + 4 + 32 + 4 + 32 + 1 + MUN_CON_OWN_COUNT * (4 + 4 + 32) +  \
     2 * MUN_CON_VOTES_BYTES_MAX)

/* The record of a height in which nothing has happened. */
void mun_con_record_init(struct mun_con_record *out, uint64_t height);

/* Whether the fields can all have come from one run of the algorithm.
 * Errors: MUN_ERR_VALUE. */
MUN_MUST_USE mun_err_t
mun_con_record_check(const struct mun_con_record *record);

void mun_con_record_encode(struct mun_wr *wr,
                           const struct mun_con_record *record);

/* Errors: MUN_ERR_TRUNCATED, MUN_ERR_TRAILING, MUN_ERR_VERSION, MUN_ERR_VALUE
 * (also from mun_con_record_check). After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_con_record_decode(struct mun_con_record *out,
                                             struct mun_bytes input);

/* The own message of `type` as it was signed. It must be present. */
void mun_con_record_vote(struct mun_vote *out,
                         const struct mun_con_record *record,
                         enum mun_vote_type type);

#endif
