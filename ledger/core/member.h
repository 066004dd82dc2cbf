#ifndef MUN_LEDGER_CORE_MEMBER_H
#define MUN_LEDGER_CORE_MEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"

/* A set of members: who votes. Sorted by key, strictly ascending, no party
 * twice, 1 to MUN_MEMBERS_MAX. A member is named by its index in the set. */
struct mun_member {
    struct mun_hash party;
    struct mun_key key;
};

struct mun_members {
    uint32_t count;
    struct mun_member at[MUN_MEMBERS_MAX];
};

/* Encoding: count u8, then party 32 and key 34 for each. */
void mun_members_encode(struct mun_wr *wr, const struct mun_members *members);
void mun_members_decode(struct mun_rd *rd, struct mun_members *out);
void mun_members_hash(struct mun_hash *out, const struct mun_members *members);

/* Errors: MUN_ERR_ORDER, MUN_ERR_KEY, MUN_ERR_VALUE (count, party twice). */
MUN_MUST_USE mun_err_t mun_members_check(const struct mun_members *members);

/* More than two thirds of n, and more than one third. Tendermint's quorums:
 * floor(2n/3) + 1 and floor(n/3) + 1. */
static inline uint32_t
mun_quorum(uint32_t count)
{
    return count * 2 / 3 + 1;
}

static inline uint32_t
mun_skip_quorum(uint32_t count)
{
    return count / 3 + 1;
}

/* How many may lie: floor((n - 1) / 3). */
static inline uint32_t
mun_faults_max(uint32_t count)
{
    return count == 0 ? 0 : (count - 1) / 3;
}

#endif
