#ifndef MUN_CONSENSUS_ROTATION_H
#define MUN_CONSENSUS_ROTATION_H

#include <stdint.h>

#include "ledger/base/limits.h"

/* Who proposes. */

#define MUN_CON_BITMAP_BYTES ((MUN_MEMBERS_MAX + 7) / 8)

/* f + 2 for the largest set. */
#define MUN_CON_HISTORY_MAX ((MUN_MEMBERS_MAX - 1) / 3 + 2)

/* The certificates inside the last committed blocks, newest first: bit i of a
 * bitmap (most significant bit of the first byte first) is set when member i
 * of this height's set signed, or was not a member then. */
struct mun_con_history {
    uint32_t count;
    uint8_t present[MUN_CON_HISTORY_MAX][MUN_CON_BITMAP_BYTES];
};

/* A round of a height with `member_count` members. */
struct mun_con_turn {
    uint64_t height;
    uint32_t round;
    uint32_t member_count;
};

/* The proposer's index. Rules R23 and R24 of consensus/README.md. `history` may
 * be NULL: nobody is passed over. */
uint32_t mun_con_proposer(const struct mun_con_history *history,
                          const struct mun_con_turn *turn);

#endif
