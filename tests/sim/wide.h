#ifndef MUN_TESTS_SIM_WIDE_H
#define MUN_TESTS_SIM_WIDE_H

#include "tests/sim/world.h"

/* Figures of networks as they are: 100 members far apart, and one of four that
 * is down. Returns the exit status. */
int sim_wide(const struct sim_options *options, struct sim_trace *trace);

#endif
