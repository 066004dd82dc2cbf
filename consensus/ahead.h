#ifndef MUN_CONSENSUS_AHEAD_H
#define MUN_CONSENSUS_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/message.h"
#include "consensus/record.h"
#include "ledger/base/limits.h"
#include "ledger/core/hash.h"

/* What members of the set say of heights above the current one, in fixed
 * memory: the highest height that each was seen at, and for the next height one
 * message of each member and type. Rules R29 and R30 of consensus/README.md. */

struct mun_con_ahead {
    struct mun_hash members_hash; /* of the set that the indices mean */
    uint64_t highest[MUN_MEMBERS_MAX];
    bool has[MUN_MEMBERS_MAX][MUN_CON_OWN_COUNT];
    struct mun_con_signed next[MUN_MEMBERS_MAX][MUN_CON_OWN_COUNT];
};

/* Forgets all when the set is another one. */
void mun_con_ahead_move(struct mun_con_ahead *ahead,
                        const struct mun_hash *members_hash);

/* A checked message of a height above `height`. */
void mun_con_ahead_add(struct mun_con_ahead *ahead,
                       const struct mun_con_signed *ballot, uint64_t height);

/* The highest height that a skip quorum of the set was seen at; 0 when none
 * was. */
uint64_t mun_con_ahead_reached(const struct mun_con_ahead *ahead,
                               uint32_t member_count);

/* Takes a message of `height` out; false when none is left. Those of other
 * heights go with it. */
bool mun_con_ahead_take(struct mun_con_ahead *ahead, struct mun_con_signed *out,
                        uint64_t height);

#endif
