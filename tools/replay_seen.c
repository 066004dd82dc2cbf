#include "tools/replay_seen.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/memory.h"
#include "ledger/seal/seal.h"

#define ROOM_MIN 65536u
/* 2^32 ids: more than any window holds. */
#define ROOM_MAX (1ull << 33)

static struct mun_replay_seen_slot *
place(const struct mun_replay_seen *seen, const struct mun_hash *id)
{
    uint64_t word;

    memcpy(&word, id->b, sizeof word);
    uint64_t at = (word * seen->factor >> 20) & (seen->room - 1);
    while (!mun_hash_is_zero(&seen->slots[at].id) &&
           !mun_hash_eq(&seen->slots[at].id, id))
        at = (at + 1) & (seen->room - 1);
    return &seen->slots[at];
}

/* A new table of `room` with what has not ended by `now_ms`. */
static mun_err_t
rebuild(struct mun_replay_seen *seen, uint64_t room, uint64_t now_ms)
{
    struct mun_replay_seen_slot *old = seen->slots;
    uint64_t old_room = seen->room;
    void *memory = NULL;

    if (room > ROOM_MAX)
        return mun_err(MUN_ERR_MEMORY);
    MUN_TRY(mun_memory_map(&memory, room * sizeof *old));
    seen->slots = memory;
    seen->room = room;
    seen->used = 0;
    for (uint64_t i = 0; i < old_room; i++) {
        if (mun_hash_is_zero(&old[i].id) || old[i].valid_until_ms < now_ms)
            continue;
        *place(seen, &old[i].id) = old[i];
        seen->used++;
    }
    mun_memory_unmap(old, old_room * sizeof *old);
    return MUN_SUCCESS;
}

mun_err_t
mun_replay_seen_open(struct mun_replay_seen *seen)
{
    *seen = (struct mun_replay_seen){ 0 };
    MUN_TRY(mun_random(&seen->factor, sizeof seen->factor));
    seen->factor |= 1;
    return rebuild(seen, ROOM_MIN, 0);
}

void
mun_replay_seen_close(struct mun_replay_seen *seen)
{
    mun_memory_unmap(seen->slots, seen->room * sizeof *seen->slots);
    *seen = (struct mun_replay_seen){ 0 };
}

mun_err_t
mun_replay_seen_add(struct mun_replay_seen *seen, const struct mun_hash *id,
                    uint64_t valid_until_ms, uint64_t now_ms)
{
    if (2 * (seen->used + 1) > seen->room) {
        MUN_TRY(rebuild(seen, seen->room, now_ms));
        /* Grow unless at least half of the ids went. */
        if (4 * seen->used > seen->room)
            MUN_TRY(rebuild(seen, 2 * seen->room, now_ms));
    }
    struct mun_replay_seen_slot *slot = place(seen, id);
    MUN_CHECK(mun_hash_is_zero(&slot->id));
    slot->id = *id;
    slot->valid_until_ms = valid_until_ms;
    seen->used++;
    return MUN_SUCCESS;
}

static bool
contains(const void *ctx, const struct mun_hash *id)
{
    const struct mun_replay_seen *seen = ctx;
    return !mun_hash_is_zero(&place(seen, id)->id);
}

struct mun_seen
mun_replay_seen_view(const struct mun_replay_seen *seen)
{
    return (struct mun_seen){ contains, seen };
}
