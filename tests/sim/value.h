#ifndef MUN_TESTS_SIM_VALUE_H
#define MUN_TESTS_SIM_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/world.h"

/* The values of a run and who signed what for them: what the adversary knows
 * and the checks compare with. */

/* A new value; its id is set here. Returns its index. */
uint32_t sim_value_add(struct sim_world *w, const struct sim_value *value);

/* 0 for nil; UINT32_MAX for an id that is no value of this run. */
uint32_t sim_value_find(const struct sim_world *w, const struct mun_hash *id);

/* Valid is a function of the value and of what was decided before. */
bool sim_value_is_valid(const struct sim_world *w, uint32_t value,
                        uint64_t height);

struct sim_height_log *sim_height(struct sim_world *w, uint64_t height);

/* Lifetime: until another round of the height is asked for. */
struct sim_round_log *sim_round(struct sim_world *w, uint64_t height,
                                uint32_t round);

struct sim_cast *sim_cast(struct sim_world *w, const struct mun_vote *vote,
                          uint32_t member);

/* Notes that a value was proposed in a round, for the liars. */
void sim_note_proposed(struct sim_world *w, const struct mun_vote *vote);

/* How many honest members signed `type` for the value in this round. */
uint32_t sim_count(struct sim_world *w, const struct mun_vote *vote);

/* As many as can have signed it: those, and everybody that may lie. */
bool sim_can_have_quorum(struct sim_world *w, const struct mun_vote *vote);

/* As many as can have signed any precommit in this round. */
bool sim_can_have_ended(struct sim_world *w, uint64_t height, uint32_t round);

/* Whether an honest member signed anything in this round or a later one. */
bool sim_was_reached(struct sim_world *w, uint64_t height, uint32_t round);

/* R23 and R24, written once more. */
uint32_t sim_proposer(struct sim_world *w, uint64_t height, uint32_t round);

void sim_history(struct sim_world *w, struct mun_con_history *out,
                 uint64_t height);

void sim_values_fini(struct sim_world *w);

#endif
