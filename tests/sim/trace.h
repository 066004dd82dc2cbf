#ifndef MUN_TESTS_SIM_TRACE_H
#define MUN_TESTS_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/sim/world.h"

/* The last events of a run, in memory that the parent process shares, so that
 * they can be shown after an abort. */

#define SIM_TRACE_SIZE 4096

/* What an entry is about beside the kinds of enum mun_con_event_kind. */
enum sim_note {
    SIM_NOTE_CRASH = 32,
    SIM_NOTE_BOOT,
    SIM_NOTE_HEAL,
    SIM_NOTE_CHAOS,
    SIM_NOTE_PARTITION,
    SIM_NOTE_CLOCK,
    SIM_NOTE_LIAR,
    SIM_NOTE_FORGET,
};

struct sim_trace_vote {
    uint8_t type;
    uint32_t round;
    int32_t valid_round;
    uint32_t value;
};

struct sim_trace_entry {
    uint64_t at_us;
    uint16_t proc;
    uint16_t member;
    uint8_t what;
    uint8_t sub; /* message kind, timer kind */
    uint16_t err;
    uint16_t from;
    uint64_t height;
    struct sim_trace_vote vote; /* of the event */
    uint64_t con_height;
    int64_t con_round;
    int32_t phase;
    int32_t locked_round;
    int32_t valid_round;
    uint32_t locked;
    uint32_t valid;
    uint32_t persist_count;
    struct sim_trace_vote persist[MUN_CON_OWN_COUNT];
    uint32_t send_count;
    uint32_t send_votes;
    uint32_t apply; /* value; 0: none */
    uint32_t requests;
    uint32_t timers;
    uint32_t notices;
    uint32_t count; /* free use of a note */
};

struct sim_trace {
    uint64_t next;
    uint64_t seed; /* of the run under way */
    uint64_t run_steps;
    uint32_t nodes;
    bool is_failed;
    char what[256];
    struct sim_stats stats;
    struct sim_trace_entry at[SIM_TRACE_SIZE];
};

/* Lifetime: until the next call. */
struct sim_trace_entry *sim_trace_add(struct sim_world *w,
                                      const struct sim_proc *p);
void sim_trace_note(struct sim_world *w, enum sim_note note, uint32_t proc,
                    uint32_t count);
void sim_trace_effects(struct sim_world *w, struct sim_trace_entry *entry,
                       const struct sim_proc *p);
void sim_trace_print_entry(FILE *to, const struct sim_trace_entry *entry);
void sim_trace_print(FILE *to, const struct sim_trace *trace, uint32_t count);

#endif
