#ifndef MUN_TESTS_SIM_FAULTS_H
#define MUN_TESTS_SIM_FAULTS_H

#include "tests/sim/world.h"

/* What goes wrong, when and how much, and how it heals. */

/* Draws the run's faults, roles and clocks. */
void sim_faults_draw(struct sim_world *w);

/* A new weather, and the first fault. */
void sim_faults_start(struct sim_world *w);

/* The next fault. */
void sim_faults_chaos(struct sim_world *w);

/* All honest members up, connected, with right clocks. */
void sim_faults_heal(struct sim_world *w);

/* The bound on the time, in microseconds, after healing in which every honest
 * member decides `more` heights above `w->top`. README.md derives it. */
uint64_t sim_faults_bound(const struct sim_world *w, uint32_t more);

#endif
