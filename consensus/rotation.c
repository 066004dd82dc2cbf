#include "consensus/rotation.h"

#include <stdbool.h>
#include <stddef.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

static bool
is_absent(const struct mun_con_history *history, uint32_t wanted,
          uint32_t member)
{
    uint8_t bit = (uint8_t)(0x80u >> (member % 8));

    for (uint32_t i = 0; i < wanted; i++) {
        if ((history->present[i][member / 8] & bit) != 0) {
            return false;
        }
    }
    return true;
}

uint32_t
mun_con_proposer(const struct mun_con_history *history,
                 const struct mun_con_turn *turn)
{
    uint32_t count = turn->member_count;
    uint32_t wanted = mun_faults_max(count) + 2;
    uint32_t first = 0;

    MUN_CHECK(count >= 1 && count <= MUN_MEMBERS_MAX);
    /* R23: The proposer of a round is the member at index (height + round) mod
     * n, in the order of keys. */
    first = (uint32_t)((turn->height % count + turn->round % count) % count);
    if (turn->round != 0 || history == NULL || history->count < wanted) {
        return first;
    }
    /* R24: In round 0 a member that is absent from the last f + 2 committed
     * certificates is passed over. */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t member = (first + i) % count;

        if (!is_absent(history, wanted, member)) {
            return member;
        }
    }
    return first;
}
