#ifndef MUN_TESTS_SEARCH_UNIVERSE_H
#define MUN_TESTS_SEARCH_UNIVERSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/step.h"

/* Says why on the standard error and ends the program. */
_Noreturn void give_up(const char *why);

/* Zeroed memory. */
void *memory(size_t count, size_t size);

/* Everything that can be signed in the bounded world, and every message that
 * can be made of it. Four members, one height, rounds 0 and 1; one member lies.
 *
 * A set of ballots of honest members is a mask: 20 bits for each of the three.
 * The liar's ballots have no bits: all of them are always there. */

#define MEMBERS 4u
#define ROUNDS 2u

/* A multiple of MEMBERS, so that member r proposes in round r. */
#define HEIGHT 4u

/* The clock stands still: value times are this too, and so timely. */
#define NOW_MS 1000000u

/* Nil is the zero id; C is invalid. */
enum value {
    NIL,
    VALUE_A,
    VALUE_B,
    VALUE_C,
    VALUES,
};

#define BITS_EACH 20u
#define NO_BIT UINT32_MAX

struct universe {
    uint32_t liar;
};

void id_of(struct mun_hash *out, uint32_t value);

/* VALUES for an id that is none of them. */
uint32_t value_of(const struct mun_hash *id);

/* The bit of an honest member's ballot. NO_BIT for the liar's, and for what no
 * honest member may ever sign: the value C, a round outside the bound, a valid
 * round that cannot be. */
uint32_t bit_of(const struct universe *universe, const struct mun_vote *vote,
                uint32_t member);

/* The mask of a bit; none for NO_BIT. */
uint64_t mask_of(uint32_t bit);

/* What stands for a signature: who signed what. */
void sign(struct mun_sig *out, const struct mun_vote *vote, uint32_t member);
bool is_signed(const struct mun_sig *sig, const struct mun_vote *vote,
               uint32_t member);

/* Whether an honest member signed two ballots of one round and type. */
bool is_double(uint64_t signed_mask);

/* How many honest members prevoted `value` in `round`, with any valid round. */
uint32_t prevotes_in(uint64_t soup, uint32_t round, uint32_t value);
bool has_precommit(uint64_t soup, uint32_t round, uint32_t value);

/* What the liar has a hand in. A polka, the precommits of a round and a
 * certificate with its signature are still there when it falls silent, if an
 * honest member holds them; its single ballots are not. */
#define LIARS_SINGLE 1u
#define LIARS_POLKA(round, value) (2u << ((round)*2 + (value)-1))
#define LIARS_ENTRY(round) (0x20u << (round))
#define LIARS_CERTIFICATE(value) (0x80u << ((value)-1))

/* A message that may come to a member, once the ballots that it is made of are
 * signed: `need` by others, `own` by the member. */
struct arrival {
    uint64_t need;
    uint64_t own;
    uint32_t liars;  /* what of it the liar signed: LIARS_... */
    bool is_several; /* a certificate, or votes */
    bool is_proposal;
};

#define ARRIVALS_MAX 512u

/* Single ballots, `single_count` of them, come before the others. */
struct arrivals {
    uint32_t count;
    uint32_t single_count;
    struct arrival at[ARRIVALS_MAX];
    struct mun_con_msg_checked messages[ARRIVALS_MAX];
};

/* Every message that can come to `member`. */
void arrivals_make(struct arrivals *out, const struct universe *universe,
                   uint32_t member);

/* The ballots of a mask as text, for traces.
 * Shape: out holds out_len bytes. */
void mask_text(char *out, size_t out_len, const struct universe *universe,
               uint64_t mask);

#endif
