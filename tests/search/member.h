#ifndef MUN_TESTS_SEARCH_MEMBER_H
#define MUN_TESTS_SEARCH_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/step.h"
#include "tests/search/universe.h"

/* One honest member for itself: its states at rest, and for each the ways into
 * the next one. README.md in this folder says what a state at rest is and why
 * nothing is lost by looking at those alone. */

enum fault {
    FAULT_NONE = 0,
    FAULT_CHECK,     /* a MUN_CHECK failed */
    FAULT_REFUSED,   /* the step refused an event that it must take */
    FAULT_NOT_BUSY,  /* I3 */
    FAULT_FOREIGN,   /* signed what no honest member signs */
    FAULT_DOUBLE,    /* I1 */
    FAULT_EARLY,     /* I2: sent or counted before it was durable */
    FAULT_BACK,      /* I4 */
    FAULT_LOCK,      /* I5, I6 */
    FAULT_UNSOUND,   /* a certificate or votes without their ballots */
    FAULT_SILENT,    /* R34 without a reason */
    FAULT_AGREEMENT, /* two values decided; found by search.c, as the next */
    FAULT_STUCK,     /* no step is left although rounds are */
    FAULT_NO_POLKA,  /* a precommit without a polka in its round */
    FAULT_MISSED,    /* a walk came where the search did not */
    FAULTS,
};

extern const char *const fault_texts[FAULTS];

/* A state at rest, and the record that a crash would leave. `con` is last: of
 * it only a part needs to be copied. */
struct rest {
    bool has_durable;
    struct mun_con_record durable;
    uint64_t sent; /* own ballots that were ever sent */
    struct mun_con con;
};

/* A way from a state at rest to the next: by messages made of the ballots
 * `need` of others and by what the liar signs. */
struct edge {
    uint64_t need;
    uint32_t to;
    uint32_t liars; /* LIARS_... */
    bool is_crash;
    bool is_beyond; /* enters round 2: not followed */
    enum fault fault;
    uint32_t before; /* of the same end: its number + 1 */
};

/* What search.c needs of a state, in an array of its own. */
struct glance {
    uint64_t sent;
    uint32_t decided; /* NIL: not yet */
    uint32_t holds;   /* LIARS_..., that it can show to others */
    bool is_expanded;
    uint32_t edge_first;
    uint32_t edge_count;
};

#define RESTS_MAX 200000u
#define EDGES_MAX (1u << 24)

struct member_space;

struct member_options {
    uint32_t messages_max; /* between two states at rest */
    bool has_crashes;
};

/* All states of one member, with its state before anything. Ends the program
 * when there is no memory, here as below. */
void member_open(struct member_space **out, const struct universe *universe,
                 uint32_t member, const struct member_options *options);
void member_close(struct member_space *space);

/* The state before anything is number 0. */
const struct glance *member_glance(const struct member_space *space,
                                   uint32_t rest);

/* The ways out of a state, `edge_count` of its glance, which are found at the
 * first call.
 * Lifetime: until the next call for a state that has none yet. */
const struct edge *member_edges(struct member_space *space, uint32_t rest);

uint32_t member_count(const struct member_space *space);
uint64_t member_steps(const struct member_space *space);

/* ---- Walks: a member that forgets nothing ---- */

struct walker;

/* What may come to it: what is made of `soup`, and what the liar has a hand
 * in. */
struct walk_bound {
    uint64_t soup;
    uint32_t liars; /* LIARS_... */
    bool has_crash;
};

#define NO_REST UINT32_MAX

void walker_open(struct walker **out, struct member_space *space);
void walker_close(struct walker *walker);
uint64_t walker_sent(const struct walker *walker);
uint32_t walker_holds(const struct walker *walker);
bool walker_is_beyond(const struct walker *walker);
bool walker_is_decided(const struct walker *walker);
enum fault walker_fault(const struct walker *walker);

/* The state at rest that it is told apart by, or NO_REST when the search has
 * never come to one. */
uint32_t walker_rest(const struct member_space *space,
                     const struct walker *walker);

/* Brings an event, below walk_events. Returns false when it cannot come. */
uint32_t walk_events(const struct member_space *space);
bool walk(struct member_space *space, struct walker *walker, uint32_t event,
          const struct walk_bound *bound);

/* One line about a state, for traces. */
void member_text(char *out, size_t out_len, const struct member_space *space,
                 uint32_t rest);

#endif
