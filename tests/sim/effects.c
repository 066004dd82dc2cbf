#include "tests/sim/effects.h"

#include <string.h>

#include "tests/sim/disk.h"
#include "tests/sim/fetch.h"
#include "tests/sim/msg.h"
#include "tests/sim/net.h"
#include "tests/sim/proc.h"
#include "tests/sim/value.h"

void
sim_crash_for(struct sim_world *w, struct sim_proc *p, uint64_t wait_us)
{
    struct sim_event boot = { .kind = SIM_EVENT_BOOT,
                              .proc = (uint16_t)p->index };

    sim_proc_crash(w, p);
    boot.boot = p->boot;
    sim_at(w, wait_us, &boot);
}

bool
sim_crash_here(struct sim_world *w, struct sim_proc *p)
{
    if (!sim_rng_chance(&w->rng, w->weather.crash)) {
        return false;
    }
    sim_crash_for(w, p, sim_rng_below(&w->rng, 4000000));
    return true;
}

/* Returns whether the process is still up, as all below. */
static bool
persist(struct sim_world *w, struct sim_proc *p)
{
    const struct mun_con_persist *wanted = &w->out.persist;
    struct sim_event synced = { .kind = SIM_EVENT_SYNCED,
                                .proc = (uint16_t)p->index,
                                .boot = p->boot };
    uint64_t wait_us = 0;

    if (!w->out.has_persist) {
        return true;
    }
    p->awaited_count = wanted->count;
    memcpy(p->awaited, wanted->votes, sizeof(p->awaited));
    sim_disk_write(w, &p->disk, wanted->record);
    if (!w->is_deferring) {
        wait_us = 1 + sim_rng_below(&w->rng, w->weather.sync_us);
    }
    sim_at(w, wait_us, &synced);
    return !sim_crash_here(w, p);
}

static void
keep_for_replay(struct sim_world *w, uint32_t msg)
{
    uint32_t *place = &w->replays[w->replay_next % SIM_REPLAYS];

    if (!sim_has(w, SIM_REPLAY) || !sim_rng_chance(&w->rng, SIM_ALWAYS / 8)) {
        return;
    }
    sim_msg_unref(w, *place);
    sim_msg_ref(w, msg);
    *place = msg;
    w->replay_next++;
}

/* To every process, from a place that changes, so that a crash between two
 * sends does not always favour the same. */
static bool
send_msg(struct sim_world *w, struct sim_proc *p, uint32_t msg)
{
    uint32_t first = (p->index + (uint32_t)w->steps) % w->proc_count;
    bool is_up = true;

    for (uint32_t i = 0; i < w->proc_count && is_up; i++) {
        uint32_t to = (first + i) % w->proc_count;

        if (w->procs[to].member != p->member) {
            sim_net_msg(w, p->index, to, msg);
            is_up = !sim_crash_here(w, p);
        }
    }
    keep_for_replay(w, msg);
    sim_msg_unref(w, msg);
    return is_up;
}

static bool
send(struct sim_world *w, struct sim_proc *p)
{
    const struct mun_con_send *wanted = &w->out.send;
    bool is_up = true;

    for (uint32_t i = 0; i < wanted->count && is_up; i++) {
        if (wanted->ballots[i].vote.type == MUN_VOTE_PROPOSAL) {
            sim_note_proposed(w, &wanted->ballots[i].vote);
        }
        is_up = send_msg(w, p, sim_msg_ballot(w, &wanted->ballots[i]));
    }
    for (uint32_t i = 0; i < wanted->votes_count && is_up; i++) {
        is_up = send_msg(w, p, sim_msg_votes(w, wanted->votes[i]));
    }
    return is_up;
}

static void
note_latency(struct sim_world *w, const struct sim_proc *p)
{
    if (w->options.is_wide && w->latency_count < w->latency_size &&
        p->height > 1) {
        w->latencies[w->latency_count] =
            w->now_us - w->values[p->applying.value].built_us;
        w->latency_count++;
    }
}

static bool
apply(struct sim_world *w, struct sim_proc *p)
{
    struct sim_event applied = { .kind = SIM_EVENT_APPLIED,
                                 .proc = (uint16_t)p->index,
                                 .boot = p->boot };
    struct sim_cert *decided = NULL;

    if (!w->out.has_apply) {
        return true;
    }
    sim_cert_pack(w, &p->applying, w->out.apply.certificate);
    decided = &sim_height(w, w->out.apply.height)->decided;
    if (p->role == SIM_HONEST) {
        note_latency(w, p);
        if (decided->value == 0) {
            *decided = p->applying;
            w->stats->heights++;
            w->stats->rounds += decided->round > 0 ? 1 : 0;
            w->stats->late += decided->round > 5 ? 1 : 0;
            if (decided->round > w->stats->round_max) {
                w->stats->round_max = decided->round;
            }
        }
        if (w->out.apply.height > w->top) {
            w->top = w->out.apply.height;
        }
    } else if (decided->value == 0) {
        /* A liar may know first, but what is decided is known by honest
         * members: it waits, and asks them later. */
        sim_crash_for(w, p, 100000);
        return false;
    }
    sim_at(w, 1 + sim_rng_below(&w->rng, w->weather.sync_us), &applied);
    return !sim_crash_here(w, p);
}

static bool
requests(struct sim_world *w, struct sim_proc *p)
{
    for (uint32_t i = 0; i < w->out.request_count; i++) {
        sim_fetch_request(w, p, &w->out.requests[i]);
    }
    return !sim_crash_here(w, p);
}

static void
timers(struct sim_world *w, struct sim_proc *p)
{
    uint64_t clock_ms = sim_clock_ms(w, p);

    for (uint32_t i = 0; i < w->out.timer_count; i++) {
        const struct mun_con_timer *timer = &w->out.timers[i];
        struct sim_event event = { .kind = SIM_EVENT_TIMER,
                                   .proc = (uint16_t)p->index,
                                   .boot = p->boot,
                                   .sub = (uint8_t)timer->kind,
                                   .b = timer->round,
                                   .c = timer->height };

        SIM_CHECK(w, timer->deadline_ms >= clock_ms, "a timer in the past");
        p->timer_gen[timer->kind]++;
        event.a = p->timer_gen[timer->kind];
        sim_at(w, (timer->deadline_ms - clock_ms) * 1000, &event);
    }
}

void
sim_effects(struct sim_world *w, struct sim_proc *p)
{
    if (persist(w, p) && send(w, p) && apply(w, p) && requests(w, p)) {
        timers(w, p);
    }
}
