#ifndef MUN_TESTS_SIM_FETCH_H
#define MUN_TESTS_SIM_FETCH_H

#include "tests/sim/world.h"

/* What a node does beside the steps: values built, fetched and judged, blocks
 * of decided heights, heights of peers. */

/* The process has the value's bytes. */
void sim_hold(const struct sim_world *w, struct sim_proc *p, uint32_t value);

void sim_fetch_request(struct sim_world *w, struct sim_proc *p,
                       const struct mun_con_request *request);

/* A height has begun. */
void sim_fetch_started(struct sim_world *w, struct sim_proc *p);
void sim_fetch_build(struct sim_world *w, struct sim_proc *p,
                     const struct sim_event *event);
void sim_fetch_verdict(struct sim_world *w, struct sim_proc *p,
                       const struct sim_event *event);
void sim_fetch_poll(struct sim_world *w, struct sim_proc *p);

/* A packet has come; its message's reference is the caller's. */
void sim_fetch_packet(struct sim_world *w, struct sim_proc *p,
                      const struct sim_event *packet);

#endif
