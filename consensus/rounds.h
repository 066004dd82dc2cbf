#ifndef MUN_CONSENSUS_ROUNDS_H
#define MUN_CONSENSUS_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/message.h"
#include "ledger/base/limits.h"
#include "ledger/core/certificate.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"

/* The message log of one height, in fixed memory: proposals and votes of the
 * rounds around the current one, the highest round of each member, and the
 * newest polka that has left the window. Rules R11, R15 and R17 of
 * consensus/README.md. */

#define MUN_CON_ROUNDS_BACK 3
#define MUN_CON_ROUNDS_AHEAD 4
#define MUN_CON_ROUNDS (MUN_CON_ROUNDS_BACK + 1 + MUN_CON_ROUNDS_AHEAD)

/* A vote that counts: the first of its member, round and type. */
struct mun_con_cast {
    bool is_present;
    int32_t valid_round;
    struct mun_hash id;
    struct mun_sig sig;
};

struct mun_con_tally {
    uint32_t count;
    bool has_quorum; /* for quorum_id, which is zero for nil */
    struct mun_hash quorum_id;
    struct mun_con_cast by[MUN_MEMBERS_MAX];
};

/* Everything of one round. The flags are the paper's "for the first time". */
struct mun_con_round {
    bool is_used;
    uint32_t round;
    bool has_proposal;
    bool has_proposal_polka; /* a quorum prevoted it in its valid round */
    struct mun_con_signed proposal;
    uint64_t proposal_ms; /* own clock at its receipt */
    struct mun_con_tally prevotes;
    struct mun_con_tally precommits;
    bool was_prevote_timer_set;
    bool was_polka_used;
    bool was_precommit_timer_set;
};

struct mun_con_rounds {
    uint64_t height;
    uint32_t member_count;
    uint32_t current; /* 0 while idle */
    int32_t highest[MUN_MEMBERS_MAX];
    int32_t old_polka_round; /* -1: none */
    struct mun_hash old_polka_id;
    struct mun_con_round at[MUN_CON_ROUNDS];
};

/* What became of a message: it counts, it is the one that counted already, it
 * contradicts that one, or its round is outside the window. */
enum mun_con_added {
    MUN_CON_ADDED,
    MUN_CON_REPEATED,
    MUN_CON_CONTRADICTED,
    MUN_CON_OUTSIDE,
};

void mun_con_rounds_init(struct mun_con_rounds *rounds, uint64_t height,
                         uint32_t member_count);

/* The round's messages, or NULL when there are none.
 * Lifetime: until the window moves past it. */
struct mun_con_round *mun_con_rounds_find(struct mun_con_rounds *rounds,
                                          uint32_t round);

/* As mun_con_rounds_find, but makes the slot; NULL outside the window only. */
struct mun_con_round *mun_con_rounds_open(struct mun_con_rounds *rounds,
                                          uint32_t round);

/* Moves the window up. `current` is never below what it was. */
void mun_con_rounds_move(struct mun_con_rounds *rounds, uint32_t current);

/* Adds a proposal or a vote of a member of this set. The caller has checked
 * that a proposal comes from the round's proposer. */
enum mun_con_added mun_con_rounds_add(struct mun_con_rounds *rounds,
                                      const struct mun_con_signed *ballot,
                                      uint64_t now_ms);

/* Whether a quorum prevoted `id` in `round`. */
bool mun_con_rounds_has_polka(struct mun_con_rounds *rounds, uint32_t round,
                              const struct mun_hash *id);

/* The message that counts for the ballot's member, round and type, if any.
 * Returns false without one. */
bool mun_con_rounds_counted(const struct mun_con_rounds *rounds,
                            struct mun_con_signed *out,
                            const struct mun_con_signed *ballot);

/* Takes votes of a quorum whole: they replace what their members had in that
 * round, unless it has its quorum already. Of a polka below the window its value
 * and round are kept. */
void mun_con_rounds_take(struct mun_con_rounds *rounds,
                         const struct mun_con_votes *votes);

/* The votes of `slot` that are for `id`, or all when `id` is NULL; none when
 * they are not a quorum. */
void mun_con_rounds_votes(struct mun_con_votes *out,
                          const struct mun_con_rounds *rounds,
                          const struct mun_con_round *slot,
                          enum mun_vote_type type, const struct mun_hash *id);

/* The highest round that a skip quorum of members has reached, or -1. */
int32_t mun_con_rounds_reached(const struct mun_con_rounds *rounds);

/* The certificate that the precommits of `round` make; they must have a quorum
 * that is not for nil. */
void mun_con_rounds_certificate(struct mun_certificate *out,
                                const struct mun_con_rounds *rounds,
                                const struct mun_con_round *round);

#endif
