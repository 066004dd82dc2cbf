#ifndef MUN_TESTS_SIM_LIAR_H
#define MUN_TESTS_SIM_LIAR_H

#include "tests/sim/world.h"

/* Members that sign what they like. They know everything: what honest members
 * signed, who is where, every value. */

void sim_liar_begin(struct sim_world *w, struct sim_proc *p);
void sim_liar_act(struct sim_world *w, struct sim_proc *p);

/* A packet to a liar; the reference stays the caller's. */
void sim_liar_packet(struct sim_world *w, struct sim_proc *p,
                     const struct sim_event *packet);

#endif
