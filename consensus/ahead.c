#include "consensus/ahead.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

void
mun_con_ahead_move(struct mun_con_ahead *ahead,
                   const struct mun_hash *members_hash)
{
    if (!mun_hash_eq(&ahead->members_hash, members_hash)) {
        memset(ahead, 0, sizeof(*ahead));
        ahead->members_hash = *members_hash;
    }
}

/* R29: Of the next height one message of each member and type is kept, that of
 * the highest round. */
void
mun_con_ahead_add(struct mun_con_ahead *ahead,
                  const struct mun_con_signed *ballot, uint64_t height)
{
    uint32_t member = ballot->member;
    uint32_t type = (uint32_t)ballot->vote.type - 1;
    struct mun_con_signed *next = NULL;

    MUN_CHECK(member < MUN_MEMBERS_MAX && type < MUN_CON_OWN_COUNT);
    MUN_CHECK(ballot->vote.height > height);
    if (ballot->vote.height > ahead->highest[member]) {
        ahead->highest[member] = ballot->vote.height;
    }
    if (ballot->vote.height != height + 1) {
        return;
    }
    next = &ahead->next[member][type];
    if (!ahead->has[member][type] || next->vote.height != height + 1 ||
        next->vote.round < ballot->vote.round) {
        ahead->has[member][type] = true;
        *next = *ballot;
    }
}

uint64_t
mun_con_ahead_reached(const struct mun_con_ahead *ahead, uint32_t member_count)
{
    uint32_t wanted = mun_skip_quorum(member_count);
    uint64_t best = 0;

    for (uint32_t i = 0; i < member_count; i++) {
        uint32_t count = 0;

        if (ahead->highest[i] <= best) {
            continue;
        }
        for (uint32_t j = 0; j < member_count; j++) {
            if (ahead->highest[j] >= ahead->highest[i]) {
                count++;
            }
        }
        if (count >= wanted) {
            best = ahead->highest[i];
        }
    }
    return best;
}

bool
mun_con_ahead_take(struct mun_con_ahead *ahead, struct mun_con_signed *out,
                   uint64_t height)
{
    for (uint32_t i = 0; i < MUN_MEMBERS_MAX; i++) {
        for (uint32_t j = 0; j < MUN_CON_OWN_COUNT; j++) {
            if (!ahead->has[i][j]) {
                continue;
            }
            ahead->has[i][j] = false;
            if (ahead->next[i][j].vote.height == height) {
                *out = ahead->next[i][j];
                return true;
            }
        }
    }
    return false;
}
