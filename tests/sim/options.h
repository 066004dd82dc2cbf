#ifndef MUN_TESTS_SIM_OPTIONS_H
#define MUN_TESTS_SIM_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "tests/sim/world.h"

/* Returns false after having said why; --help ends the program. */
bool sim_options_parse(struct sim_options *out, int argc, char **argv);

/* The options that repeat one run. */
void sim_options_print(FILE *to, const struct sim_options *options);

#endif
