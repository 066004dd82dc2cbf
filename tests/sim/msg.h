#ifndef MUN_TESTS_SIM_MSG_H
#define MUN_TESTS_SIM_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/world.h"

/* Messages, counted references, and signatures: a fast keyed tag, or the real
 * ones. A message reaches a step only as struct mun_con_msg_checked. */

/* Keys of all members. */
void sim_keys_init(struct sim_world *w);
void sim_keys_fini(struct sim_world *w);

void sim_sign(const struct sim_world *w, struct mun_con_signed *ballot);

/* Whether the signature is the member's. */
bool sim_is_signed(const struct sim_world *w,
                   const struct mun_con_signed *ballot);
bool sim_is_sound(const struct sim_world *w,
                  const struct mun_certificate *certificate);

/* The index of a new message with one reference; never 0. */
uint32_t sim_msg_ballot(struct sim_world *w,
                        const struct mun_con_signed *ballot);
uint32_t sim_msg_votes(struct sim_world *w, const struct mun_con_votes *votes);
uint32_t sim_msg_certificate(struct sim_world *w,
                             const struct mun_certificate *certificate);
void sim_msg_ref(struct sim_world *w, uint32_t msg);
void sim_msg_unref(struct sim_world *w, uint32_t msg);

/* The checked message, or NULL when the check refuses it.
 * Lifetime: until the next call, and the message's. */
const struct mun_con_msg_checked *sim_msg_check(struct sim_world *w,
                                                uint32_t msg);

/* A certificate and what stands for it. */
void sim_cert_pack(const struct sim_world *w, struct sim_cert *out,
                   const struct mun_certificate *certificate);
void sim_cert_unpack(const struct sim_world *w, struct mun_certificate *out,
                     const struct sim_cert *cert);

void sim_msgs_fini(struct sim_world *w);

#endif
