#ifndef MUN_TESTS_SIM_DISK_H
#define MUN_TESTS_SIM_DISK_H

#include <stdbool.h>

#include "tests/sim/world.h"

/* The record on a disk that loses or tears what was not synced. */

/* Written, not synced. */
void sim_disk_write(struct sim_world *w, struct sim_disk *disk,
                    const struct mun_con_record *record);
void sim_disk_sync(struct sim_disk *disk);
void sim_disk_crash(struct sim_world *w, struct sim_disk *disk);

/* The newest whole record, into w->record; false when there is none. */
bool sim_disk_read(struct sim_world *w, const struct sim_disk *disk);

#endif
