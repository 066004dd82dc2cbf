#ifndef MUN_TESTS_SIM_JOBS_H
#define MUN_TESTS_SIM_JOBS_H

#include "tests/sim/world.h"

/* Runs in processes of their own, so that an abort is caught like any other
 * failure. Returns the exit status. */
int sim_jobs(const struct sim_options *options);

#endif
