#ifndef MUN_TESTS_SIM_CHECK_H
#define MUN_TESTS_SIM_CHECK_H

#include "tests/sim/world.h"

/* What must hold after every step: the invariants of consensus/step.h by
 * number, and those of the whole network. */

/* After a step that succeeded. */
void sim_check_step(struct sim_world *w, struct sim_proc *p,
                    const struct mun_con_event *event);

/* The own messages of a persist that is durable now are the member's word. */
void sim_check_durable(struct sim_world *w, struct sim_proc *p);

/* An event while a write is outstanding is refused, and nothing changes. */
void sim_check_busy(struct sim_world *w, struct sim_proc *p,
                    const struct mun_con_event *event);

/* Forgets what was seen before a start. */
void sim_check_boot(struct sim_proc *p);

void sim_check_canaries(struct sim_world *w, const struct sim_proc *p);

#define SIM_CANARY 0xa5
#define SIM_CANARY_BYTES 64

#endif
