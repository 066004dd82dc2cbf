#include "tests/search/universe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"

/* The bits of one member: prevotes and precommits of round 0 by value; prevotes
 * of round 1 nil, then by value and valid round; precommits of round 1;
 * proposals of round 0 by value, of round 1 by value and valid round. */
#define BIT_PREVOTE_0 0u
#define BIT_PRECOMMIT_0 3u
#define BIT_PREVOTE_1 6u
#define BIT_PRECOMMIT_1 11u
#define BIT_PROPOSAL_0 14u
#define BIT_PROPOSAL_1 16u

#define EACH(bits)                                                             \
    ((uint64_t)(bits) | (uint64_t)(bits) << BITS_EACH |                        \
     (uint64_t)(bits) << 2 * BITS_EACH)

void
give_up(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

void *
memory(size_t count, size_t size)
{
    void *out = calloc(count, size);

    if (out == NULL) {
        give_up("no memory");
    }
    return out;
}

static const struct mun_hash ids[VALUES] = {
    { { NIL } },
    { { VALUE_A } },
    { { VALUE_B } },
    { { VALUE_C } },
};

void
id_of(struct mun_hash *out, uint32_t value)
{
    MUN_CHECK(value < VALUES);
    *out = ids[value];
}

uint32_t
value_of(const struct mun_hash *id)
{
    uint32_t value = id->b[0];

    return value < VALUES && memcmp(id, &ids[value], sizeof(*id)) == 0 ? value
                                                                       : VALUES;
}

static uint32_t
offset_of(const struct mun_vote *vote, uint32_t value)
{
    uint32_t pair = (value - 1) * 2 + (uint32_t)(vote->valid_round + 1);

    switch (vote->type) {
    case MUN_VOTE_PROPOSAL:
        return vote->round == 0 ? BIT_PROPOSAL_0 + value - 1
                                : BIT_PROPOSAL_1 + pair;
    case MUN_VOTE_PREVOTE:
        if (vote->round == 0) {
            return BIT_PREVOTE_0 + value;
        }
        return value == NIL ? BIT_PREVOTE_1 : BIT_PREVOTE_1 + 1 + pair;
    case MUN_VOTE_PRECOMMIT:
        return (vote->round == 0 ? BIT_PRECOMMIT_0 : BIT_PRECOMMIT_1) + value;
    }
    MUN_UNREACHABLE();
}

uint32_t
bit_of(const struct universe *universe, const struct mun_vote *vote,
       uint32_t member)
{
    uint32_t value = value_of(&vote->id);
    uint32_t rank = member - (member > universe->liar ? 1 : 0);

    if (member >= MEMBERS || member == universe->liar ||
        vote->height != HEIGHT || vote->round >= ROUNDS || value >= VALUE_C ||
        !mun_con_is_vote(vote)) {
        return NO_BIT;
    }
    return rank * BITS_EACH + offset_of(vote, value);
}

uint64_t
mask_of(uint32_t bit)
{
    return bit == NO_BIT ? 0 : 1ull << bit;
}

void
sign(struct mun_sig *out, const struct mun_vote *vote, uint32_t member)
{
    memset(out, 0, sizeof(*out));
    out->b[0] = (uint8_t)vote->type;
    out->b[1] = (uint8_t)vote->round;
    out->b[2] = (uint8_t)(vote->valid_round + 1);
    out->b[3] = vote->id.b[0];
    out->b[4] = (uint8_t)(member + 1);
}

bool
is_signed(const struct mun_sig *sig, const struct mun_vote *vote,
          uint32_t member)
{
    struct mun_sig same;

    sign(&same, vote, member);
    return memcmp(sig->b, same.b, sizeof(same.b)) == 0;
}

static bool
is_many(uint64_t mask)
{
    return (mask & (mask - 1)) != 0;
}

bool
is_double(uint64_t signed_mask)
{
    static const uint32_t from[] = { BIT_PREVOTE_0,  BIT_PRECOMMIT_0,
                                     BIT_PREVOTE_1,  BIT_PRECOMMIT_1,
                                     BIT_PROPOSAL_0, BIT_PROPOSAL_1,
                                     BITS_EACH };

    for (uint32_t rank = 0; rank < MEMBERS - 1; rank++) {
        for (uint32_t i = 0; i + 1 < sizeof(from) / sizeof(from[0]); i++) {
            uint64_t slot = (1ull << from[i + 1]) - (1ull << from[i]);

            if (is_many(signed_mask & slot << rank * BITS_EACH)) {
                return true;
            }
        }
    }
    return false;
}

uint32_t
prevotes_in(uint64_t soup, uint32_t round, uint32_t value)
{
    uint64_t bits = 1ull << (BIT_PREVOTE_0 + value);
    uint64_t found = 0;
    uint32_t count = 0;

    if (round == 1) {
        bits = value == NIL ? 1ull << BIT_PREVOTE_1
                            : 3ull << (BIT_PREVOTE_1 + 1 + (value - 1) * 2);
    }
    found = soup & EACH(bits);
    for (; found != 0; found &= found - 1) {
        count++;
    }
    return count;
}

bool
has_precommit(uint64_t soup, uint32_t round, uint32_t value)
{
    uint32_t bit = (round == 0 ? BIT_PRECOMMIT_0 : BIT_PRECOMMIT_1) + value;

    return (soup & EACH(1ull << bit)) != 0;
}

/* ---- Messages ---- */

static struct arrival *
arrival_new(struct arrivals *out, struct mun_con_msg **msg,
            enum mun_con_msg_kind kind)
{
    struct arrival *arrival = &out->at[out->count];

    MUN_CHECK(out->count < ARRIVALS_MAX);
    memset(arrival, 0, sizeof(*arrival));
    arrival->is_several = kind != MUN_CON_MSG_VOTE;
    *msg = &out->messages[out->count].msg;
    memset(*msg, 0, sizeof(**msg));
    (*msg)->kind = kind;
    out->count++;
    return arrival;
}

/* Returns false for what the member can never sign. */
static bool
add_need(struct arrival *arrival, const struct universe *universe,
         const struct mun_con_signed *ballot, uint32_t receiver, uint32_t liars)
{
    uint32_t bit = bit_of(universe, &ballot->vote, ballot->member);

    if (ballot->member == universe->liar) {
        arrival->liars = liars;
        return true;
    }
    if (ballot->member == receiver) {
        arrival->own |= mask_of(bit);
    } else {
        arrival->need |= mask_of(bit);
    }
    return bit != NO_BIT;
}

static void
ballot_make(struct mun_con_signed *out, const struct mun_vote *vote,
            uint32_t member)
{
    out->vote = *vote;
    out->member = member;
    sign(&out->sig, vote, member);
}

static void
add_ballot(struct arrivals *out, const struct universe *universe,
           const struct mun_con_signed *ballot, uint32_t receiver)
{
    struct mun_con_msg *msg = NULL;
    struct arrival *arrival = arrival_new(out, &msg, MUN_CON_MSG_VOTE);

    arrival->is_proposal = ballot->vote.type == MUN_VOTE_PROPOSAL;
    mun_con_msg_from_signed(msg, ballot,
                            ballot->vote.type == MUN_VOTE_PROPOSAL ? 1 : 0);
    if (!add_need(arrival, universe, ballot, receiver, LIARS_SINGLE)) {
        out->count--;
    }
}

/* Every ballot of the bound, and the liar's in the round after it. A proposal
 * of a member whose turn it is not is tried with one value. */
static void
add_ballots(struct arrivals *out, const struct universe *universe,
            uint32_t receiver, uint32_t member)
{
    for (uint32_t code = 0; code < 3 * 2 * 2 * VALUES; code++) {
        struct mun_vote vote = { (enum mun_vote_type)(1 + code % 3),
                                 HEIGHT,
                                 code / 3 % 2,
                                 (int32_t)(code / 6 % 2) - 1,
                                 { { 0 } } };
        struct mun_con_signed ballot;
        uint32_t value = code / 12;

        id_of(&vote.id, value);
        if (!mun_con_is_vote(&vote) ||
            (vote.type == MUN_VOTE_PROPOSAL && member != vote.round &&
             (member != universe->liar || value != VALUE_A))) {
            continue;
        }
        ballot_make(&ballot, &vote, member);
        add_ballot(out, universe, &ballot, receiver);
    }
    if (member == universe->liar) {
        struct mun_vote vote = {
            MUN_VOTE_PRECOMMIT, HEIGHT, ROUNDS, -1, { { 0 } }
        };
        struct mun_con_signed ballot;

        ballot_make(&ballot, &vote, member);
        add_ballot(out, universe, &ballot, receiver);
    }
}

/* The i-th of the votes that a member may have in a quorum of prevotes for
 * `value` (two) or of precommits (four). */
static void
choice_vote(struct mun_vote *out, const struct mun_con_votes *votes,
            uint32_t value, uint32_t choice)
{
    memset(out, 0, sizeof(*out));
    out->type = votes->type;
    out->height = HEIGHT;
    out->round = votes->round;
    out->valid_round = -1;
    if (votes->type == MUN_VOTE_PREVOTE) {
        out->valid_round = (int32_t)choice - 1;
        id_of(&out->id, value);
    } else {
        id_of(&out->id, choice);
    }
}

/* Votes of three members, all but `absent`; `code` has the choice of each in
 * base 4. */
static void
add_votes(struct arrivals *out, const struct universe *universe,
          uint32_t receiver, const struct mun_con_votes *of, uint32_t value,
          uint32_t code)
{
    struct mun_con_msg *msg = NULL;
    struct arrival *arrival = arrival_new(out, &msg, MUN_CON_MSG_VOTES);
    struct mun_con_votes *votes = &msg->votes;
    uint32_t absent = of->count;
    uint32_t liars = of->type == MUN_VOTE_PREVOTE
                         ? LIARS_POLKA(of->round, value)
                         : LIARS_ENTRY(of->round);
    bool is_right = true;

    *votes = *of;
    votes->count = 0;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct mun_con_signed ballot;
        struct mun_vote vote;

        if (i == absent) {
            continue;
        }
        choice_vote(&vote, votes, value, code % 4);
        code /= 4;
        ballot_make(&ballot, &vote, i);
        is_right = is_right && mun_con_is_vote(&vote) &&
                   add_need(arrival, universe, &ballot, receiver, liars);
        votes->at[votes->count] =
            (struct mun_con_voter){ i, vote.valid_round, vote.id, ballot.sig };
        votes->count++;
    }
    if (!is_right || !mun_con_votes_has_quorum(votes, MEMBERS)) {
        out->count--;
    }
}

static void
add_certificate(struct arrivals *out, const struct universe *universe,
                uint32_t receiver, const struct mun_con_votes *of,
                uint32_t value)
{
    struct mun_con_msg *msg = NULL;
    struct arrival *arrival = arrival_new(out, &msg, MUN_CON_MSG_CERTIFICATE);
    struct mun_certificate *certificate = &msg->certificate;
    struct mun_con_signed ballot;
    struct mun_vote vote;

    certificate->height = HEIGHT;
    certificate->round = of->round;
    certificate->member_count = MEMBERS;
    id_of(&certificate->header_id, value);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        if (i == of->count) {
            continue;
        }
        choice_vote(&vote, of, NIL, value);
        ballot_make(&ballot, &vote, i);
        /* A and B may be signed by all. */
        (void)add_need(arrival, universe, &ballot, receiver,
                       LIARS_CERTIFICATE(value));
        certificate->bitmap[0] =
            (uint8_t)(certificate->bitmap[0] | (0x80u >> i));
        certificate->sigs[certificate->sig_count] = ballot.sig;
        certificate->sig_count++;
    }
}

/* Polkas, precommits and certificates of a round without one member, whom
 * `of->count` names. */
static void
add_quorums(struct arrivals *out, const struct universe *universe,
            uint32_t receiver, struct mun_con_votes *of)
{
    for (uint32_t value = VALUE_A; value <= VALUE_B; value++) {
        of->type = MUN_VOTE_PRECOMMIT;
        add_certificate(out, universe, receiver, of, value);
        of->type = MUN_VOTE_PREVOTE;
        for (uint32_t code = 0; code < 64; code++) {
            /* Two choices each: the digits 0 and 1. */
            if ((code & 0x2au) == 0) {
                add_votes(out, universe, receiver, of, value, code);
            }
        }
    }
    of->type = MUN_VOTE_PRECOMMIT;
    for (uint32_t code = 0; code < 64; code++) {
        add_votes(out, universe, receiver, of, NIL, code);
    }
}

void
arrivals_make(struct arrivals *out, const struct universe *universe,
              uint32_t member)
{
    struct mun_con_votes of = { 0 };

    memset(out, 0, sizeof(*out));
    for (uint32_t i = 0; i < MEMBERS; i++) {
        add_ballots(out, universe, member, i);
    }
    out->single_count = out->count;
    of.height = HEIGHT;
    for (uint32_t i = 0; i < MEMBERS * ROUNDS; i++) {
        of.round = i / MEMBERS;
        of.count = i % MEMBERS;
        add_quorums(out, universe, member, &of);
    }
}

/* ---- Text ---- */

static const char *const bit_names[BITS_EACH] = {
    "prevote 0 nil", "prevote 0 A",    "prevote 0 B",   "precommit 0 nil",
    "precommit 0 A", "precommit 0 B",  "prevote 1 nil", "prevote 1 A",
    "prevote 1 A/0", "prevote 1 B",    "prevote 1 B/0", "precommit 1 nil",
    "precommit 1 A", "precommit 1 B",  "proposal 0 A",  "proposal 0 B",
    "proposal 1 A",  "proposal 1 A/0", "proposal 1 B",  "proposal 1 B/0",
};

void
mask_text(char *out, size_t out_len, const struct universe *universe,
          uint64_t mask)
{
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t bit = 0; bit < 3 * BITS_EACH; bit++) {
        uint32_t rank = bit / BITS_EACH;
        int more = 0;

        if ((mask >> bit & 1) == 0) {
            continue;
        }
        more =
            snprintf(out + len, out_len - len, "%s%u: %s", len == 0 ? "" : ", ",
                     rank + (rank >= universe->liar ? 1 : 0),
                     bit_names[bit % BITS_EACH]);
        MUN_CHECK(more > 0 && (size_t)more < out_len - len);
        len += (size_t)more;
    }
}
