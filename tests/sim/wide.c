#include "tests/sim/wide.h"

int
sim_wide(const struct sim_options *options, struct sim_trace *trace)
{
    (void)options;
    (void)trace;
    return 1;
}
