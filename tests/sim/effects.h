#ifndef MUN_TESTS_SIM_EFFECTS_H
#define MUN_TESTS_SIM_EFFECTS_H

#include <stdbool.h>

#include "tests/sim/world.h"

/* Carries out w->out from top to bottom; between any two effects the process
 * may crash. */
void sim_effects(struct sim_world *w, struct sim_proc *p);

/* Crashes the process here, as often as the weather says. */
bool sim_crash_here(struct sim_world *w, struct sim_proc *p);

/* A crash, and a start after `wait_us`. */
void sim_crash_for(struct sim_world *w, struct sim_proc *p, uint64_t wait_us);

#endif
