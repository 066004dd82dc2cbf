#ifndef MUN_TESTS_SIM_ATTACK_H
#define MUN_TESTS_SIM_ATTACK_H

#include "tests/sim/world.h"

/* What a liar says. A scene is the height and round of an honest member. */

struct sim_scene {
    uint64_t height;
    uint32_t round;
};

/* Its prevotes or precommits of the scene, by a plan that is the same each
 * time: to all the same, split, to one alone, or to nobody. */
void sim_attack_votes(struct sim_world *w, const struct sim_proc *p,
                      const struct sim_scene *scene, enum mun_vote_type type);

/* Prevotes that come when all have precommitted nil: a polka that is too late
 * for a lock. */
void sim_attack_late(struct sim_world *w, const struct sim_proc *p,
                     const struct sim_scene *scene);

/* When it is the scene's proposer. */
void sim_attack_proposal(struct sim_world *w, struct sim_proc *p,
                         const struct sim_scene *scene);

/* A polka, the precommits of a round or a certificate, with whatever the
 * liars would have signed, to one or to all. */
void sim_attack_quorum(struct sim_world *w, const struct sim_proc *p,
                       const struct sim_scene *scene);

/* A certificate that is none: for a value that was not decided, of too few, or
 * with a wrong signature. */
void sim_attack_forgery(struct sim_world *w, const struct sim_proc *p,
                        const struct sim_scene *scene, uint32_t to);

void sim_attack_far(struct sim_world *w, const struct sim_proc *p,
                    const struct sim_scene *scene);
void sim_attack_replay(struct sim_world *w, const struct sim_proc *p);
void sim_attack_heights(struct sim_world *w, const struct sim_proc *p);

#endif
