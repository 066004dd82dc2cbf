#include "tests/sim/jobs.h"
#include "tests/sim/options.h"

int
main(int argc, char **argv)
{
    struct sim_options options;

    if (!sim_options_parse(&options, argc, argv)) {
        return 2;
    }
    return sim_jobs(&options);
}
