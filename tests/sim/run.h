#ifndef MUN_TESTS_SIM_RUN_H
#define MUN_TESTS_SIM_RUN_H

#include "tests/sim/world.h"

/* One run: a network from one seed, times of faults, each followed by a time
 * in which it must heal. */

/* Heights that every honest member decides after healing. */
#define SIM_MORE_HEIGHTS 3

/* Until w->steps_max steps or the run's own end. */
void sim_run(struct sim_world *w, uint64_t seed);

void sim_world_init(struct sim_world *w, const struct sim_options *options,
                    struct sim_trace *trace);
void sim_world_fini(struct sim_world *w);

/* Starts a network without the faults: for scenarios. */
void sim_run_begin(struct sim_world *w, uint64_t seed);
void sim_run_end(struct sim_world *w);

/* The next event; false when there is none. */
bool sim_run_next(struct sim_world *w);

#endif
