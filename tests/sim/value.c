#include "tests/sim/value.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"

static void
set_id(const struct sim_world *w, struct mun_hash *id, uint32_t index)
{
    uint64_t x = sim_mix(w->options.seed ^ index);

    memcpy(id->b, &index, sizeof(index));
    for (size_t i = 8; i < sizeof(id->b); i += 8) {
        x = sim_mix(x);
        memcpy(id->b + i, &x, sizeof(x));
    }
}

uint32_t
sim_value_add(struct sim_world *w, const struct sim_value *value)
{
    uint32_t index = w->value_count == 0 ? 1 : w->value_count;

    if (index >= w->value_size) {
        w->value_size = w->value_size == 0 ? 1024 : w->value_size * 2;
        w->values = realloc(w->values, w->value_size * sizeof(w->values[0]));
        MUN_CHECK(w->values != NULL);
    }
    memset(&w->values[0], 0, sizeof(w->values[0]));
    w->values[index] = *value;
    memset(&w->values[index].id, 0, sizeof(w->values[index].id));
    set_id(w, &w->values[index].id, index);
    w->value_count = index + 1;
    return index;
}

uint32_t
sim_value_find(const struct sim_world *w, const struct mun_hash *id)
{
    uint32_t index = 0;

    memcpy(&index, id->b, sizeof(index));
    if (index == 0) {
        return mun_hash_is_zero(id) ? 0 : UINT32_MAX;
    }
    return index < w->value_count && mun_hash_eq(&w->values[index].id, id)
               ? index
               : UINT32_MAX;
}

bool
sim_value_is_valid(const struct sim_world *w, uint32_t value, uint64_t height)
{
    const struct sim_value *v = &w->values[value];
    uint32_t prev = 0;

    if (value == 0 || value >= w->value_count || !v->is_valid ||
        v->height != height) {
        return false;
    }
    if (height > 1) {
        prev = w->heights[height - 1].decided.value;
        if (prev == 0 || v->time_ms <= w->values[prev].time_ms) {
            return false;
        }
    }
    return v->prev == prev;
}

struct sim_height_log *
sim_height(struct sim_world *w, uint64_t height)
{
    if (height >= w->height_size) {
        size_t size = w->height_size == 0 ? 256 : w->height_size * 2;

        MUN_CHECK(height < size);
        w->heights = realloc(w->heights, size * sizeof(w->heights[0]));
        MUN_CHECK(w->heights != NULL);
        memset(&w->heights[w->height_size], 0,
               (size - w->height_size) * sizeof(w->heights[0]));
        w->height_size = size;
    }
    if (height >= w->height_count) {
        w->height_count = height + 1;
    }
    return &w->heights[height];
}

struct sim_round_log *
sim_round(struct sim_world *w, uint64_t height, uint32_t round)
{
    struct sim_height_log *log = sim_height(w, height);
    size_t casts = (size_t)3 * w->n;

    MUN_CHECK(round < 100000);
    while (log->round_count <= round) {
        struct sim_round_log *slot = NULL;

        /* Room for powers of two. */
        if ((log->round_count & (log->round_count - 1)) == 0) {
            size_t size = log->round_count == 0 ? 1 : log->round_count * 2;

            log->rounds = realloc(log->rounds, size * sizeof(log->rounds[0]));
            MUN_CHECK(log->rounds != NULL);
        }
        slot = &log->rounds[log->round_count];
        memset(slot, 0, sizeof(*slot));
        slot->cast = calloc(casts, sizeof(slot->cast[0]));
        MUN_CHECK(slot->cast != NULL);
        log->round_count++;
    }
    return &log->rounds[round];
}

struct sim_cast *
sim_cast(struct sim_world *w, const struct mun_vote *vote, uint32_t member)
{
    struct sim_round_log *log = sim_round(w, vote->height, vote->round);

    return &log->cast[((uint32_t)vote->type - 1) * w->n + member];
}

void
sim_note_proposed(struct sim_world *w, const struct mun_vote *vote)
{
    uint32_t value = sim_value_find(w, &vote->id);
    struct sim_round_log *log = NULL;

    if (vote->height > w->top + 1 || vote->round > 5000) {
        return;
    }
    log = sim_round(w, vote->height, vote->round);
    for (uint32_t i = 0; i < log->proposed_count; i++) {
        if (log->proposed[i] == value) {
            return;
        }
    }
    if (log->proposed_count < SIM_PROPOSED_MAX) {
        log->proposed[log->proposed_count] = value;
        log->proposed_count++;
    }
}

uint32_t
sim_count(struct sim_world *w, const struct mun_vote *vote)
{
    struct sim_cast *cast = sim_cast(w, vote, 0);
    uint32_t value = sim_value_find(w, &vote->id);
    uint32_t count = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        count += cast[i].is_present && cast[i].value == value ? 1 : 0;
    }
    return count;
}

bool
sim_can_have_quorum(struct sim_world *w, const struct mun_vote *vote)
{
    uint32_t count = sim_count(w, vote);

    for (uint32_t i = 0; i < w->n; i++) {
        count += w->role[i] != SIM_HONEST ? 1 : 0;
    }
    return count >= w->n * 2 / 3 + 1;
}

bool
sim_can_have_ended(struct sim_world *w, uint64_t height, uint32_t round)
{
    const struct sim_round_log *log = sim_round(w, height, round);
    const struct sim_cast *cast =
        &log->cast[(size_t)(MUN_VOTE_PRECOMMIT - 1) * w->n];
    uint32_t count = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        count += w->role[i] != SIM_HONEST || cast[i].is_present ? 1 : 0;
    }
    return count >= w->n * 2 / 3 + 1;
}

bool
sim_was_reached(struct sim_world *w, uint64_t height, uint32_t round)
{
    const struct sim_height_log *log = sim_height(w, height);

    for (uint32_t r = round; r < log->round_count; r++) {
        for (uint32_t i = 0; i < 3 * w->n; i++) {
            if (log->rounds[r].cast[i].is_present) {
                return true;
            }
        }
    }
    return false;
}

uint32_t
sim_proposer(struct sim_world *w, uint64_t height, uint32_t round)
{
    uint32_t first = (uint32_t)((height + round) % w->n);
    uint32_t member = first;

    /* With fewer than f + 2 certificates nobody is passed over. */
    if (round > 0 || height < (uint64_t)w->f + 4) {
        return first;
    }
    do {
        uint8_t bit = (uint8_t)(0x80u >> (member % 8));

        for (uint64_t h = height - 1; h >= height - w->f - 2; h--) {
            uint32_t value = sim_height(w, h)->decided.value;

            if ((w->values[value].present[member / 8] & bit) != 0) {
                return member;
            }
        }
        member = (member + 1) % w->n;
    } while (member != first);
    return first;
}

void
sim_history(struct sim_world *w, struct mun_con_history *out, uint64_t height)
{
    memset(out, 0, sizeof(*out));
    /* Block 1 has no certificate before it. */
    for (uint64_t h = height - 1; h >= 2 && out->count < w->f + 2; h--) {
        uint32_t value = sim_height(w, h)->decided.value;

        MUN_CHECK(value != 0);
        memcpy(out->present[out->count], w->values[value].present,
               sizeof(out->present[0]));
        out->count++;
    }
}

void
sim_values_fini(struct sim_world *w)
{
    for (uint64_t i = 0; i < w->height_count; i++) {
        for (uint32_t j = 0; j < w->heights[i].round_count; j++) {
            free(w->heights[i].rounds[j].cast);
        }
        free(w->heights[i].rounds);
    }
    free(w->heights);
    free(w->values);
    w->heights = NULL;
    w->values = NULL;
    w->height_count = 0;
    w->height_size = 0;
    w->value_count = 0;
    w->value_size = 0;
}
