#ifndef MUN_TESTS_SIM_PROC_H
#define MUN_TESTS_SIM_PROC_H

#include <stdint.h>

#include "tests/sim/world.h"

/* One process: a real mun_con with the small model of a node around it that
 * carries out its effects (consensus/README.md section 9). */

/* Takes memory for `con`; the process is down. */
void sim_proc_init(struct sim_world *w, uint32_t index, uint32_t member,
                   enum sim_role role);
void sim_proc_fini(struct sim_proc *p);

/* Starts from what the disk holds. */
void sim_proc_boot(struct sim_world *w, struct sim_proc *p);

/* Everything volatile is gone; a write that was not synced may be. */
void sim_proc_crash(struct sim_world *w, struct sim_proc *p);

/* Gives an event to the step, now or after PERSISTED. STEALS the reference of
 * a message. */
void sim_proc_input(struct sim_world *w, struct sim_proc *p,
                    const struct sim_input *input);

/* An event of the queue for this process. */
void sim_proc_event(struct sim_world *w, struct sim_proc *p,
                    const struct sim_event *event);

#endif
