#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/check.h"
#include "tests/search/member.h"
#include "tests/search/universe.h"

/* Every state of three honest members and a liar within the bound that
 * README.md states. */

#define HONEST 3u

struct state {
    uint32_t rest[HONEST];
    uint32_t parent;
};

struct options {
    uint32_t liar;
    uint32_t depth_max;
    uint32_t states_max;
    uint32_t walks;
    struct member_options member;
};

struct search {
    struct options options;
    struct universe universe;
    struct member_space *members[HONEST];
    uint32_t count;
    struct state *states;
    uint32_t index_mask;
    uint32_t *index; /* open addressing: number of the state + 1 */
    uint64_t transitions;
    uint32_t depth;
    uint64_t beyond;  /* transitions that leave the bound */
    uint32_t decided; /* states where all have decided */
    uint32_t ends;    /* where nothing more can happen without the liar */
    bool is_cut;
    enum fault fault;
};

static uint32_t
member_of(const struct search *search, uint32_t rank)
{
    return rank + (rank >= search->universe.liar ? 1 : 0);
}

static uint64_t
soup_of(const struct search *search, const struct state *state)
{
    uint64_t soup = 0;

    for (uint32_t i = 0; i < HONEST; i++) {
        soup |= member_glance(search->members[i], state->rest[i])->sent;
    }
    return soup;
}

/* ---- Traces ---- */

static void
print_step(const struct search *search, const struct state *before,
           const struct state *state)
{
    char text[2048];

    for (uint32_t i = 0; i < HONEST; i++) {
        const struct glance *glance = NULL;
        uint64_t old = 0;

        if (before != NULL && before->rest[i] == state->rest[i]) {
            continue;
        }
        member_text(text, sizeof(text), search->members[i], state->rest[i]);
        printf("  %s", text);
        if (before != NULL) {
            old = member_glance(search->members[i], before->rest[i])->sent;
        }
        glance = member_glance(search->members[i], state->rest[i]);
        mask_text(text, sizeof(text), &search->universe, glance->sent & ~old);
        printf("%s%s\n", text[0] == '\0' ? "" : " | sends ", text);
    }
}

/* The way to a state from the start, which is state 0. */
static void
print_trace(const struct search *search, uint32_t number)
{
    uint32_t path[4096];
    uint32_t len = 0;

    for (uint32_t at = number; len < sizeof(path) / sizeof(path[0]);
         at = search->states[at].parent) {
        path[len] = at;
        len++;
        if (at == 0) {
            break;
        }
    }
    for (uint32_t i = len; i > 0; i--) {
        print_step(search, i == len ? NULL : &search->states[path[i]],
                   &search->states[path[i - 1]]);
    }
}

static void
report(struct search *search, enum fault fault, uint32_t number,
       const struct edge *edge)
{
    char text[2048];

    if (search->fault != FAULT_NONE) {
        return;
    }
    search->fault = fault;
    printf("VIOLATION %s\n", fault_texts[fault]);
    print_trace(search, number);
    if (edge != NULL) {
        mask_text(text, sizeof(text), &search->universe, edge->need);
        printf("  then with: %s%s%s\n", text,
               edge->liars != 0 ? " and the liar's" : "",
               edge->is_crash ? " after a crash" : "");
    }
}

/* ---- States ---- */

static uint64_t
hash_of(const struct state *state)
{
    uint64_t hash = 0x9e3779b97f4a7c15u;

    for (uint32_t i = 0; i < HONEST; i++) {
        hash ^= state->rest[i];
        hash *= 0xd6e8feb86659fd93u;
        hash ^= hash >> 32;
    }
    return hash;
}

/* What must hold in every state. */
static void
check_state(struct search *search, uint32_t number)
{
    const struct state *state = &search->states[number];
    uint64_t soup = soup_of(search, state);
    uint32_t decided[VALUES] = { 0 };

    for (uint32_t i = 0; i < HONEST; i++) {
        decided[member_glance(search->members[i], state->rest[i])->decided]++;
    }
    if (decided[VALUE_A] > 0 && decided[VALUE_B] > 0) {
        report(search, FAULT_AGREEMENT, number, NULL);
    }
    search->decided += decided[NIL] == 0 ? 1 : 0;
    /* With the liar's prevote two are a quorum's honest part. */
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t value = VALUE_A; value <= VALUE_B; value++) {
            if (has_precommit(soup, round, value) &&
                prevotes_in(soup, round, value) < 2) {
                report(search, FAULT_NO_POLKA, number, NULL);
            }
        }
    }
}

static void
add_state(struct search *search, const struct state *state)
{
    uint32_t at = (uint32_t)hash_of(state) & search->index_mask;

    while (search->index[at] != 0) {
        if (memcmp(search->states[search->index[at] - 1].rest, state->rest,
                   sizeof(state->rest)) == 0) {
            return;
        }
        at = (at + 1) & search->index_mask;
    }
    if (search->count == search->options.states_max) {
        search->is_cut = true;
        return;
    }
    search->states[search->count] = *state;
    search->index[at] = search->count + 1;
    search->count++;
    check_state(search, search->count - 1);
}

static void
expand_member(struct search *search, uint32_t number, uint32_t rank,
              uint64_t soup)
{
    struct state next = search->states[number];
    const struct edge *edges =
        member_edges(search->members[rank], next.rest[rank]);
    uint32_t count =
        member_glance(search->members[rank], next.rest[rank])->edge_count;

    next.parent = number;
    for (uint32_t i = 0; i < count; i++) {
        const struct edge *edge = &edges[i];

        if ((edge->need & ~soup) != 0) {
            continue;
        }
        search->transitions++;
        if (edge->fault != FAULT_NONE) {
            report(search, edge->fault, number, edge);
        } else if (edge->is_beyond) {
            search->beyond++;
        } else {
            next.rest[rank] = edge->to;
            add_state(search, &next);
        }
    }
}

/* With fewer messages between two rests some ways are missing, and what seems
 * to be an end may be none. */
static bool
is_whole(const struct search *search)
{
    return search->options.member.messages_max >= 2;
}

/* Whether a member can go on, to another state or out of the bound, when the
 * liar and crashes are no help. */
static void
see_ways(bool *is_moving, bool *is_leaving, struct search *search,
         const struct state *state, uint32_t rank, uint64_t soup)
{
    const struct edge *edges =
        member_edges(search->members[rank], state->rest[rank]);
    uint32_t count =
        member_glance(search->members[rank], state->rest[rank])->edge_count;
    uint32_t holds = 0;

    *is_moving = false;
    *is_leaving = false;
    for (uint32_t i = 0; i < HONEST; i++) {
        holds |= member_glance(search->members[i], state->rest[i])->holds;
    }
    for (uint32_t i = 0; i < count && !*is_moving; i++) {
        if ((edges[i].need & ~soup) == 0 && (edges[i].liars & ~holds) == 0 &&
            !edges[i].is_crash) {
            *is_leaving = *is_leaving || edges[i].is_beyond;
            *is_moving = !edges[i].is_beyond;
        }
    }
}

/* Where the honest members alone can do nothing more, each has decided or can
 * enter round 2. */
static void
check_end(struct search *search, uint32_t number, uint64_t soup)
{
    const struct state *state = &search->states[number];
    bool is_stuck = false;

    for (uint32_t i = 0; i < HONEST; i++) {
        const struct glance *glance =
            member_glance(search->members[i], state->rest[i]);
        bool is_moving = false;
        bool is_leaving = false;

        if (glance->decided != NIL) {
            continue;
        }
        see_ways(&is_moving, &is_leaving, search, state, i, soup);
        if (is_moving) {
            return;
        }
        is_stuck = is_stuck || !is_leaving;
    }
    search->ends++;
    if (is_stuck) {
        report(search, FAULT_STUCK, number, NULL);
    }
}

static void
run(struct search *search)
{
    struct state first = { 0 };
    uint32_t layer_end = 1;

    add_state(search, &first);
    for (uint32_t i = 0; i < search->count; i++) {
        uint64_t soup = 0;

        if (i == layer_end) {
            search->depth++;
            layer_end = search->count;
            if (search->depth == search->options.depth_max) {
                search->is_cut = true;
                return;
            }
        }
        soup = soup_of(search, &search->states[i]);
        for (uint32_t rank = 0; rank < HONEST; rank++) {
            expand_member(search, i, rank, soup);
        }
        if (is_whole(search)) {
            check_end(search, i, soup);
        }
        if (search->fault != FAULT_NONE) {
            return;
        }
    }
}

/* ---- Walks ---- */

struct walks {
    struct walker *members[HONEST];
    uint64_t seed;
    uint64_t events; /* that were taken */
};

static uint32_t
draw(struct walks *walks, uint32_t below)
{
    walks->seed ^= walks->seed << 13;
    walks->seed ^= walks->seed >> 7;
    walks->seed ^= walks->seed << 17;
    return (uint32_t)((walks->seed >> 20) % below);
}

static bool
is_state(const struct search *search, const struct state *state)
{
    uint32_t at = (uint32_t)hash_of(state) & search->index_mask;

    for (; search->index[at] != 0; at = (at + 1) & search->index_mask) {
        if (memcmp(search->states[search->index[at] - 1].rest, state->rest,
                   sizeof(state->rest)) == 0) {
            return true;
        }
    }
    return false;
}

static void
walk_fails(struct search *search, enum fault fault, const struct walks *walks)
{
    if (search->fault == FAULT_NONE) {
        search->fault = fault;
        printf("VIOLATION in a walk, after %llu events: %s\n",
               (unsigned long long)walks->events, fault_texts[fault]);
    }
}

/* Whether the search came to the state that the walk is in. A member that has
 * left the bound ends the walk. */
static bool
check_walk(struct search *search, const struct walks *walks)
{
    struct state state = { 0 };

    for (uint32_t i = 0; i < HONEST; i++) {
        if (walker_fault(walks->members[i]) != FAULT_NONE) {
            walk_fails(search, walker_fault(walks->members[i]), walks);
            return false;
        }
        if (walker_is_beyond(walks->members[i])) {
            return false;
        }
        state.rest[i] = walker_rest(search->members[i], walks->members[i]);
    }
    if (!is_state(search, &state)) {
        walk_fails(search, FAULT_MISSED, walks);
    }
    return true;
}

static void
bound_of(struct walk_bound *out, const struct walks *walks)
{
    *out = (struct walk_bound){ 0 };
    for (uint32_t i = 0; i < HONEST; i++) {
        out->soup |= walker_sent(walks->members[i]);
        out->liars |= walker_holds(walks->members[i]);
    }
}

/* From here on the liar and crashes are over, and all that can come comes:
 * every member must decide or leave the bound. */
static void
settle(struct search *search, struct walks *walks)
{
    struct walk_bound bound;

    for (uint32_t pass = 0; pass < 12; pass++) {
        for (uint32_t i = 0; i < HONEST; i++) {
            uint32_t events = walk_events(search->members[i]);

            for (uint32_t event = 0; event < events; event++) {
                bound_of(&bound, walks);
                (void)walk(search->members[i], walks->members[i], event,
                           &bound); /* it may not be there */
            }
        }
    }
    for (uint32_t i = 0; i < HONEST; i++) {
        if (walker_fault(walks->members[i]) != FAULT_NONE) {
            walk_fails(search, walker_fault(walks->members[i]), walks);
        } else if (!walker_is_decided(walks->members[i]) &&
                   !walker_is_beyond(walks->members[i])) {
            walk_fails(search, FAULT_STUCK, walks);
        }
    }
}

/* Walks by chance, of real states that forget nothing: an event more, and the
 * search must have been there. */
static void
run_walks(struct search *search)
{
    struct walks walks = { { NULL }, 88172645463325252u, 0 };
    struct walk_bound bound;

    for (uint32_t i = 0; i < search->options.walks; i++) {
        bool is_inside = true;

        for (uint32_t j = 0; j < HONEST; j++) {
            walker_open(&walks.members[j], search->members[j]);
        }
        for (uint32_t j = 0; j < 4000 && is_inside; j++) {
            uint32_t rank = draw(&walks, HONEST);
            uint32_t events = walk_events(search->members[rank]);
            /* Half of them not messages. */
            uint32_t event = draw(&walks, 2) == 0
                                 ? draw(&walks, events)
                                 : events - 1 - draw(&walks, 15);

            bound_of(&bound, &walks);
            bound.liars = UINT32_MAX;
            bound.has_crash =
                search->options.member.has_crashes && draw(&walks, 20) == 0;
            if (walk(search->members[rank], walks.members[rank], event,
                     &bound)) {
                walks.events++;
                is_inside =
                    check_walk(search, &walks) && draw(&walks, 400) != 0;
            }
        }
        settle(search, &walks);
        for (uint32_t j = 0; j < HONEST; j++) {
            walker_close(walks.members[j]);
        }
    }
    printf("liar %u: %u walks, %llu events, each in a state of the search\n",
           search->options.liar, search->options.walks,
           (unsigned long long)walks.events);
}

/* ---- The program ---- */

static double
seconds_now(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0) {
        return 0;
    }
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
search_liar(struct search *search)
{
    double start = seconds_now();
    uint32_t rests = 0;
    uint64_t steps = 0;
    uint32_t size = 1;

    search->universe.liar = search->options.liar;
    while (size < search->options.states_max * 2u && size < 1u << 30) {
        size *= 2;
    }
    search->index_mask = size - 1;
    search->index = memory(size, sizeof(*search->index));
    search->states =
        memory(search->options.states_max, sizeof(*search->states));
    for (uint32_t i = 0; i < HONEST; i++) {
        member_open(&search->members[i], &search->universe,
                    member_of(search, i), &search->options.member);
    }
    run(search);
    if (is_whole(search) && search->fault == FAULT_NONE && !search->is_cut) {
        run_walks(search);
    }
    for (uint32_t i = 0; i < HONEST; i++) {
        rests += member_count(search->members[i]);
        steps += member_steps(search->members[i]);
        member_close(search->members[i]);
    }
    free(search->index);
    free(search->states);
    printf("liar %u, %u messages between rests, crashes %s%s: %u states, "
           "%llu transitions, depth %u; %u states of members, %llu steps; "
           "all decided in %u, %u ends without the liar, %llu ways into "
           "round 2; %.1f s of CPU\n",
           search->options.liar, search->options.member.messages_max,
           search->options.member.has_crashes ? "at any time" : "never",
           search->is_cut ? ", CUT" : "", search->count,
           (unsigned long long)search->transitions, search->depth, rests,
           (unsigned long long)steps, search->decided, search->ends,
           (unsigned long long)search->beyond, seconds_now() - start);
}

static bool
read_number(uint32_t *out, const char *text)
{
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);

    *out = (uint32_t)number;
    return end != text && *end == '\0' && number <= 1000000000ul;
}

static bool
read_options(struct options *out, int argc, char **argv)
{
    const struct {
        const char *name;
        uint32_t *number;
    } names[] = {
        { "--liar", &out->liar },
        { "--messages", &out->member.messages_max },
        { "--depth", &out->depth_max },
        { "--states", &out->states_max },
        { "--walks", &out->walks },
    };

    *out = (struct options){ MEMBERS, UINT32_MAX, 20000000, 2000, { 2, true } };
    for (int i = 1; i < argc; i++) {
        uint32_t *number = NULL;

        if (strcmp(argv[i], "--no-crashes") == 0) {
            out->member.has_crashes = false;
            continue;
        }
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
            if (strcmp(argv[i], names[j].name) == 0) {
                number = names[j].number;
            }
        }
        if (number == NULL || i + 1 == argc ||
            !read_number(number, argv[i + 1])) {
            return false;
        }
        i++;
    }
    return out->liar <= MEMBERS && out->member.messages_max <= 4 &&
           out->states_max > 0;
}

int
main(int argc, char **argv)
{
    struct options options;
    int status = 0;

    if (!read_options(&options, argc, argv)) {
        (void)fprintf(stderr, "usage: search [--liar INDEX] [--messages COUNT] "
                              "[--no-crashes] [--depth COUNT] [--states COUNT] "
                              "[--walks COUNT]\n");
        return 2;
    }
    for (uint32_t liar = 0; liar < MEMBERS && status != 1; liar++) {
        struct search search = { 0 };

        if (options.liar != MEMBERS && options.liar != liar) {
            continue;
        }
        search.options = options;
        search.options.liar = liar;
        search_liar(&search);
        if (search.fault != FAULT_NONE) {
            status = 1;
        } else if (search.is_cut) {
            status = 3;
        }
    }
    return status;
}
