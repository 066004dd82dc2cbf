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
 * README.md states. Prints what it found; exits with 1 on a violation, with 3
 * when the bound on states or depth came first. */

#define HONEST 3u

struct state {
    uint32_t rest[HONEST];
    uint32_t parent;
};

struct options {
    uint32_t liar;
    uint32_t depth_max;
    uint32_t states_max;
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
               edge->is_liars ? " and the liar's" : "",
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
        if (search->fault != FAULT_NONE) {
            return;
        }
    }
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
    for (uint32_t i = 0; i < HONEST; i++) {
        rests += member_count(search->members[i]);
        steps += member_steps(search->members[i]);
        member_close(search->members[i]);
    }
    free(search->index);
    free(search->states);
    printf("liar %u, %u messages between rests, crashes %s%s: %u states, "
           "%llu transitions, depth %u; %u states of members, %llu steps; "
           "all decided in %u, %llu ways into round 2; %.1f s of CPU\n",
           search->options.liar, search->options.member.messages_max,
           search->options.member.has_crashes ? "at any time" : "never",
           search->is_cut ? ", CUT" : "", search->count,
           (unsigned long long)search->transitions, search->depth, rests,
           (unsigned long long)steps, search->decided,
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
    *out = (struct options){ MEMBERS, UINT32_MAX, 20000000, { 2, true } };
    for (int i = 1; i < argc; i++) {
        uint32_t *number = NULL;

        if (strcmp(argv[i], "--no-crashes") == 0) {
            out->member.has_crashes = false;
            continue;
        }
        number = strcmp(argv[i], "--liar") == 0 ? &out->liar
                 : strcmp(argv[i], "--messages") == 0
                     ? &out->member.messages_max
                 : strcmp(argv[i], "--depth") == 0  ? &out->depth_max
                 : strcmp(argv[i], "--states") == 0 ? &out->states_max
                                                    : NULL;
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
        (void)fprintf(stderr,
                      "usage: search [--liar INDEX] [--messages COUNT] "
                      "[--no-crashes] [--depth COUNT] [--states COUNT]\n");
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
