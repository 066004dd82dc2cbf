#include "tests/sim/liar.h"

void
sim_liar_begin(struct sim_world *w, struct sim_proc *p)
{
    (void)w;
    (void)p;
}

void
sim_liar_act(struct sim_world *w, struct sim_proc *p)
{
    (void)w;
    (void)p;
}

void
sim_liar_packet(struct sim_world *w, struct sim_proc *p,
                const struct sim_event *packet)
{
    (void)w;
    (void)p;
    (void)packet;
}
