#ifndef MUN_CONSENSUS_RECOVERY_H
#define MUN_CONSENSUS_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/limits.h"

/* The way back for a member that has lost the record of what it signed: from
 * which height it may vote again. Rule R35 of consensus/README.md. */

/* Heights of the newest certificates that the other members have shown. */
struct mun_con_recovery {
    uint32_t member_count;
    uint32_t own_index;
    uint64_t highest;
    bool has_answered[MUN_MEMBERS_MAX];
};

void mun_con_recovery_init(struct mun_con_recovery *recovery,
                           uint32_t member_count, uint32_t own_index);

/* An answer of another member: a certificate that has been verified, of this
 * height (0: the ledger has no block yet). Who answers again only raises the
 * height. Ignored: the own index, and indices that no member has. */
void mun_con_recovery_add(struct mun_con_recovery *recovery, uint32_t member,
                          uint64_t height);

/* The first height to vote at, or 0 while too few have answered. */
uint64_t mun_con_recovery_vote_from(const struct mun_con_recovery *recovery);

#endif
