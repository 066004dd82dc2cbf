#ifndef MUN_TESTS_SIM_QUEUE_H
#define MUN_TESTS_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happens when, in order of time and, within a microsecond, of asking. */

enum sim_event_kind {
    SIM_EVENT_PACKET = 1, /* at `proc` from `from`: sub is the packet's kind */
    SIM_EVENT_TIMER,      /* sub: kind, a: generation, b: round, c: height */
    SIM_EVENT_SYNCED,     /* the outstanding persist is durable */
    SIM_EVENT_APPLIED,    /* the block is durable */
    SIM_EVENT_VALUE,      /* a value is built: b round, c height */
    SIM_EVENT_VALIDITY,   /* a verdict: a value, c height */
    SIM_EVENT_WORK,       /* entries to propose: c height */
    SIM_EVENT_POLL,       /* the process's own clock: fetches and pings */
    SIM_EVENT_BOOT,       /* a crashed process starts */
    SIM_EVENT_CHAOS,      /* the next fault */
    SIM_EVENT_LIAR,       /* a scripted liar acts */
};

/* `boot` must be the process's own: a crash voids what waited. */
struct sim_event {
    uint64_t at_us;
    uint64_t seq;
    uint64_t c;
    uint32_t boot;
    uint32_t a;
    uint32_t b;
    uint16_t proc;
    uint16_t from;
    uint8_t kind; /* enum sim_event_kind */
    uint8_t sub;
};

struct sim_queue {
    struct sim_event *heap;
    size_t count;
    size_t size;
    uint64_t next_seq;
};

void sim_queue_fini(struct sim_queue *queue);
void sim_queue_push(struct sim_queue *queue, const struct sim_event *event);
bool sim_queue_pop(struct sim_queue *queue, struct sim_event *out);

#endif
