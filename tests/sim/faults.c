#include "tests/sim/faults.h"

#include <string.h>

#include "ledger/base/check.h"
#include "tests/sim/effects.h"
#include "tests/sim/proc.h"
#include "tests/sim/trace.h"

/* ---- Draws ---- */

static void
draw_roles(struct sim_world *w)
{
    uint32_t liars = 0;

    memset(w->role, 0, sizeof(w->role));
    w->faulty_count = 0;
    if (w->f == 0 || !sim_has(w, SIM_TWINS | SIM_FAULTS_SCRIPT)) {
        return;
    }
    liars = sim_rng_below(&w->rng, w->f + 1);
    while (w->faulty_count < liars) {
        uint32_t member = sim_rng_below(&w->rng, w->n);
        bool is_twin =
            sim_has(w, SIM_TWINS) && (!sim_has(w, SIM_FAULTS_SCRIPT) ||
                                      sim_rng_chance(&w->rng, SIM_ALWAYS / 2));

        if (w->role[member] == SIM_HONEST) {
            w->role[member] = is_twin ? SIM_TWIN : SIM_SCRIPT;
            w->faulty_count++;
        }
    }
}

void
sim_faults_draw(struct sim_world *w)
{
    /* Each run has some of what is allowed: rare mixtures come, too. */
    w->faults = (uint32_t)sim_rng_next(&w->rng) & w->options.faults;
    if ((w->faults & SIM_CLOCK_MANY) != 0 &&
        !sim_rng_chance(&w->rng, SIM_ALWAYS / 8)) {
        w->faults &= ~(uint32_t)SIM_CLOCK_MANY;
    }
    draw_roles(w);
    /* What they did before must not be felt for ever. */
    w->are_liars_silent = sim_rng_chance(&w->rng, SIM_ALWAYS / 2);
    w->is_deferring = w->n == 1 && !sim_has(w, SIM_NO_DEFER);
}

static uint32_t
draw(struct sim_world *w, uint32_t fault, uint32_t low, uint32_t high)
{
    if (!sim_has(w, fault) || !sim_rng_chance(&w->rng, SIM_ALWAYS / 4 * 3)) {
        return 0;
    }
    /* Small and large alike. */
    high >>= sim_rng_below(&w->rng, 5);
    return high > low ? sim_rng_between(&w->rng, low, high) : low;
}

static void
draw_weather(struct sim_world *w)
{
    struct sim_weather *weather = &w->weather;

    weather->drop = draw(w, SIM_DROP, 300, 50000);
    weather->duplicate = draw(w, SIM_DUPLICATE, 300, 30000);
    weather->crash = draw(w, SIM_CRASH, 4, 600);
    weather->base_us = sim_rng_between(&w->rng, 500, 30000);
    weather->jitter_us = 5000 + draw(w, SIM_DELAY, 50000, 4000000);
    weather->slow_us = 3000000;
    weather->sync_us = 2000 + draw(w, SIM_SLOW_DISK, 50000, 1000000);
    weather->build_us = 5000 + draw(w, SIM_LATE_VALUE, 100000, 3000000);
    weather->no_value = draw(w, SIM_LATE_VALUE, 1000, 60000);
    weather->verdict_us = 5000 + draw(w, SIM_SLOW_VERDICT, 100000, 3000000);
    weather->few_work = draw(w, SIM_FEW_WORK, 10000, SIM_ALWAYS);
    weather->chaos_us = sim_rng_between(&w->rng, 50000, 3000000);
}

static void
skew_clocks(struct sim_world *w)
{
    uint32_t wanted = w->faulty_count;

    if (sim_has(w, SIM_CLOCK)) {
        wanted = w->f;
    }
    if (sim_has(w, SIM_CLOCK_MANY)) {
        wanted = sim_rng_between(&w->rng, w->f + 1, w->n);
    }
    for (uint32_t i = 0; i < w->proc_count; i++) {
        struct sim_proc *p = &w->procs[i];

        p->offset_ms = (int64_t)sim_rng_below(&w->rng, 400) - 200;
        if (p->role == SIM_HONEST && !p->is_amnesiac && !p->is_skewed &&
            w->faulty_count < wanted) {
            p->is_skewed = true;
            w->faulty_count++;
        }
        if (p->is_skewed) {
            p->offset_ms = (int64_t)sim_rng_below(&w->rng, 7200000) - 3600000;
        }
    }
}

/* ---- Faults ---- */

static void
join(struct sim_world *w)
{
    memset(w->blocked, 0, sizeof(w->blocked));
    memset(w->slow, 0, sizeof(w->slow));
}

static void
split(struct sim_world *w)
{
    uint64_t groups = sim_rng_next(&w->rng);
    bool is_both =
        !sim_has(w, SIM_ASYMMETRIC) || sim_rng_chance(&w->rng, SIM_ALWAYS / 2);
    uint32_t alone = sim_rng_below(&w->rng, w->proc_count);
    bool is_alone = sim_rng_chance(&w->rng, SIM_ALWAYS / 3);

    for (uint32_t i = 0; i < w->proc_count; i++) {
        for (uint32_t j = 0; j < w->proc_count; j++) {
            bool a = is_alone ? i == alone : ((groups >> (i % 64)) & 1) != 0;
            bool b = is_alone ? j == alone : ((groups >> (j % 64)) & 1) != 0;

            if (is_both ? a != b : a && !b) {
                w->blocked[i][j] = 1;
            }
        }
    }
}

static void
draw_links(struct sim_world *w, uint8_t links[SIM_PROCS_MAX][SIM_PROCS_MAX],
           uint32_t rate)
{
    for (uint32_t i = 0; i < w->proc_count; i++) {
        for (uint32_t j = 0; j < w->proc_count; j++) {
            links[i][j] = sim_rng_chance(&w->rng, rate) ? 1 : 0;
        }
    }
}

/* Who sees which twin. Some see both. */
static void
draw_twins(struct sim_world *w)
{
    for (uint32_t i = 0; i < w->proc_count; i++) {
        for (uint32_t j = 0; j < w->proc_count; j++) {
            w->sees[i][j] = sim_rng_chance(&w->rng, SIM_ALWAYS / 2) ? 1 : 0;
        }
    }
}

/* A valid value that nobody is locked on stands in all records: the worst
 * moment for all to go down, when its bytes do not. */
static bool
is_worst_moment(const struct sim_world *w)
{
    bool is_any = false;

    for (uint32_t i = 0; i < w->proc_count; i++) {
        const struct sim_proc *p = &w->procs[i];
        const struct mun_con_record *record = &p->con->record;

        if (p->role != SIM_HONEST || !p->is_up || p->height != w->top + 1) {
            continue;
        }
        if (record->valid_round == -1 || record->locked_round != -1 ||
            (int32_t)record->own[MUN_VOTE_PREVOTE - 1].round <=
                record->valid_round) {
            return false;
        }
        is_any = true;
    }
    return is_any;
}

static void
crash_some(struct sim_world *w)
{
    bool is_all =
        sim_has(w, SIM_CRASH_ALL) &&
        (is_worst_moment(w) || sim_rng_chance(&w->rng, SIM_ALWAYS / 4));
    uint32_t one = sim_rng_below(&w->rng, w->proc_count);

    for (uint32_t i = 0; i < w->proc_count; i++) {
        struct sim_proc *p = &w->procs[i];

        if (p->is_up && (is_all || i == one)) {
            sim_crash_for(w, p, sim_rng_below(&w->rng, 8000000));
        }
    }
}

/* A lost disk: from then on it counts among the f. */
static void
forget(struct sim_world *w)
{
    struct sim_proc *p = &w->procs[sim_rng_below(&w->rng, w->proc_count)];

    if (!p->is_up || p->role != SIM_HONEST || p->is_skewed ||
        (!p->is_amnesiac && w->faulty_count >= w->f)) {
        return;
    }
    sim_trace_note(w, SIM_NOTE_FORGET, p->index, 0);
    w->faulty_count += p->is_amnesiac ? 0 : 1;
    p->is_amnesiac = true;
    sim_crash_for(w, p, sim_rng_below(&w->rng, 8000000));
    memset(&p->disk, 0, sizeof(p->disk));
    p->is_recovering = true;
    mun_con_recovery_init(&p->recovery, w->n, p->member);
}

static void
one_fault(struct sim_world *w)
{
    uint32_t kind = sim_rng_below(&w->rng, 8);

    if (sim_has(w, SIM_CRASH_ALL) && is_worst_moment(w)) {
        kind = 2;
    }
    if (kind == 0 && sim_has(w, SIM_PARTITION | SIM_ASYMMETRIC)) {
        split(w);
    } else if (kind == 1) {
        join(w);
    } else if (kind == 2 && sim_has(w, SIM_CRASH | SIM_CRASH_ALL)) {
        crash_some(w);
    } else if (kind == 3 && sim_has(w, SIM_SLOW_LINK)) {
        draw_links(w, w->slow, SIM_ALWAYS / 8);
    } else if (kind == 4 && sim_has(w, SIM_ASYMMETRIC)) {
        draw_links(w, w->blocked, sim_rng_below(&w->rng, SIM_ALWAYS / 2));
    } else if (kind == 5) {
        draw_twins(w);
    } else if (kind == 6 && sim_has(w, SIM_AMNESIA) &&
               sim_rng_chance(&w->rng, SIM_ALWAYS / 8)) {
        forget(w);
    }
}

static void
next_chaos(struct sim_world *w)
{
    struct sim_event chaos = { .kind = SIM_EVENT_CHAOS };

    sim_at(w, sim_rng_below(&w->rng, w->weather.chaos_us * 2), &chaos);
}

void
sim_faults_chaos(struct sim_world *w)
{
    if (!w->is_healing) {
        one_fault(w);
        next_chaos(w);
    }
}

void
sim_faults_start(struct sim_world *w)
{
    w->is_healing = false;
    for (uint32_t i = 0; i < w->proc_count; i++) {
        if (w->procs[i].role == SIM_TWIN && !w->procs[i].is_up) {
            w->procs[i].boot++;
            sim_proc_boot(w, &w->procs[i]);
        }
    }
    draw_weather(w);
    skew_clocks(w);
    draw_twins(w);
    next_chaos(w);
    sim_trace_note(w, SIM_NOTE_CHAOS, 0, w->faults);
}

void
sim_faults_heal(struct sim_world *w)
{
    struct sim_weather *weather = &w->weather;
    bool is_new_start = false;

    w->is_healing = true;
    sim_trace_note(w, SIM_NOTE_HEAL, 0, 0);
    join(w);
    memset(weather, 0, sizeof(*weather));
    weather->base_us = 10000;
    weather->jitter_us = 20000;
    weather->sync_us = 5000;
    weather->build_us = 10000;
    weather->verdict_us = 10000;
    is_new_start =
        sim_has(w, SIM_CRASH_ALL) && sim_rng_chance(&w->rng, SIM_ALWAYS / 2);
    for (uint32_t i = 0; i < w->proc_count; i++) {
        struct sim_proc *p = &w->procs[i];

        if (is_new_start && p->role == SIM_HONEST && p->is_up) {
            sim_proc_crash(w, p);
        }
        if (p->role != SIM_SCRIPT) {
            p->offset_ms = (int64_t)sim_rng_below(&w->rng, 400) - 200;
        }
        if (p->role == SIM_HONEST && !p->is_up) {
            /* The start that a crash has planned is void. */
            p->boot++;
            sim_proc_boot(w, p);
        }
        if (p->role == SIM_TWIN && p->is_up && w->are_liars_silent) {
            sim_proc_crash(w, p);
        }
    }
}

/* ---- The bound ---- */

static uint64_t
timeout_ms(const struct sim_world *w, const struct mun_con_timeout *timeout,
           uint64_t round)
{
    uint64_t wait = timeout->init_ms + timeout->delta_ms * round;

    return wait < w->config.timeout_ms_max ? wait : w->config.timeout_ms_max;
}

/* The three timers of a round, and a second's wait for what is sent again
 * before each of the two quorums. */
static uint64_t
round_ms(const struct sim_world *w, uint64_t round)
{
    return timeout_ms(w, &w->config.propose, round) +
           timeout_ms(w, &w->config.prevote, round) +
           timeout_ms(w, &w->config.precommit, round) +
           2 * w->config.resend_ms_min;
}

uint64_t
sim_faults_bound(const struct sim_world *w, uint32_t more)
{
    /* What is still under way from before, and what is sent again late. */
    uint64_t bound_ms = 8000 + 2 * w->config.resend_ms_max;
    uint64_t lowest = w->top + 1;
    uint64_t round = 0;

    for (uint32_t i = 0; i < w->proc_count; i++) {
        const struct sim_proc *p = &w->procs[i];

        if (p->role != SIM_HONEST) {
            continue;
        }
        lowest = p->height < lowest ? p->height : lowest;
        if (p->height == w->top + 1 && p->con->record.round > round) {
            round = p->con->record.round;
        }
    }
    /* A height fetched: two polls, four messages, a verdict and a sync. */
    bound_ms += (w->top + 1 - lowest) * 700 + 2000;
    /* From the highest round on, one rotation after the f that are lost until
     * all have heard of the newest lock. */
    for (uint64_t i = 0; i < w->n + w->f + 1; i++) {
        bound_ms += round_ms(w, round + i);
    }
    /* A late round a liar, and one more. */
    for (uint64_t i = 0; i < w->f + 2; i++) {
        bound_ms += more * round_ms(w, i);
    }
    return bound_ms * 1000;
}
