#ifndef MUN_TESTS_SIM_NET_H
#define MUN_TESTS_SIM_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/world.h"

/* The network between processes. */

/* `event` has the packet's kind in sub, and a, b, c. A message in `a` gets a
 * reference of its own. */
void sim_net_send(struct sim_world *w, uint32_t from, uint32_t to,
                  const struct sim_event *event);

/* A message to one process, or to all of other members. */
void sim_net_msg(struct sim_world *w, uint32_t from, uint32_t to, uint32_t msg);

/* Whether the packet's `a` is a message. */
bool sim_packet_has_msg(uint8_t kind);

#endif
