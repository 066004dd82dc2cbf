#include "consensus/recovery.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

void
mun_con_recovery_init(struct mun_con_recovery *recovery, uint32_t member_count,
                      uint32_t own_index)
{
    MUN_CHECK(own_index < member_count && member_count <= MUN_MEMBERS_MAX);
    memset(recovery, 0, sizeof(*recovery));
    recovery->member_count = member_count;
    recovery->own_index = own_index;
}

void
mun_con_recovery_add(struct mun_con_recovery *recovery, uint32_t member,
                     uint64_t height)
{
    if (member >= recovery->member_count || member == recovery->own_index) {
        return;
    }
    recovery->has_answered[member] = true;
    if (height > recovery->highest) {
        recovery->highest = height;
    }
}

/* A quorum, or all others: of two or three members none may lie. */
static uint32_t
answers_wanted(uint32_t member_count)
{
    uint32_t others = member_count - 1;
    uint32_t quorum = mun_quorum(member_count);

    return quorum < others ? quorum : others;
}

/* R35: A member without its record votes from three heights above the highest
 * certificate that a quorum of the others has shown. */
uint64_t
mun_con_recovery_vote_from(const struct mun_con_recovery *recovery)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < recovery->member_count; i++) {
        count += recovery->has_answered[i] ? 1 : 0;
    }
    if (recovery->member_count == 1 ||
        count < answers_wanted(recovery->member_count) ||
        recovery->highest > UINT64_MAX - 3) {
        return 0;
    }
    return recovery->highest + 3;
}
