#include "tests/sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "tests/sim/check.h"
#include "tests/sim/faults.h"
#include "tests/sim/fetch.h"
#include "tests/sim/liar.h"
#include "tests/sim/msg.h"
#include "tests/sim/net.h"
#include "tests/sim/proc.h"
#include "tests/sim/trace.h"
#include "tests/sim/value.h"

_Noreturn void
sim_fail(struct sim_world *w, const char *what)
{
    w->trace->is_failed = true;
    (void)snprintf(w->trace->what, sizeof(w->trace->what), "%s", what);
    (void)fflush(stdout);
    (void)fprintf(stderr, "violated: %s\n", what);
    _Exit(1);
}

void
sim_world_init(struct sim_world *w, const struct sim_options *options,
               struct sim_trace *trace)
{
    memset(w, 0, sizeof(*w));
    w->options = *options;
    w->trace = trace;
    w->stats = &trace->stats;
    w->procs = calloc(SIM_PROCS_MAX, sizeof(w->procs[0]));
    w->buffer = malloc(MUN_CON_MSG_BYTES_MAX);
    MUN_CHECK(w->procs != NULL && w->buffer != NULL);
}

void
sim_world_fini(struct sim_world *w)
{
    for (uint32_t i = 0; i < SIM_PROCS_MAX; i++) {
        sim_proc_fini(&w->procs[i]);
    }
    free(w->procs);
    free(w->buffer);
    free(w->latencies);
    sim_queue_fini(&w->queue);
    sim_msgs_fini(w);
    sim_values_fini(w);
}

static void
reset_proc(struct sim_proc *p)
{
    struct mun_con *con = p->con;
    struct sim_input *inputs = p->inputs;
    size_t input_size = p->input_size;

    memset(p, 0, sizeof(*p));
    p->con = con;
    p->inputs = inputs;
    p->input_size = input_size;
}

static void
add_procs(struct sim_world *w)
{
    w->proc_count = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        uint32_t copies = 1;

        if (w->role[i] == SIM_TWIN) {
            copies = sim_rng_between(&w->rng, 2, 3);
        }
        for (uint32_t j = 0; j < copies; j++) {
            reset_proc(&w->procs[w->proc_count]);
            sim_proc_init(w, w->proc_count, i, w->role[i]);
            w->proc_count++;
        }
    }
}

static uint32_t
draw_nodes(struct sim_world *w)
{
    static const uint8_t sizes[] = { 3, 4, 4, 4, 4, 4, 4, 4, 5,  5,
                                     6, 7, 7, 7, 7, 7, 7, 7, 10, 10 };

    return w->options.nodes != 0 ? w->options.nodes
                                 : sizes[sim_rng_below(&w->rng, sizeof(sizes))];
}

void
sim_run_begin(struct sim_world *w, uint64_t seed)
{
    struct mun_hash chain_id = { { 0xcc } };

    w->options.seed = seed;
    w->trace->seed = seed;
    w->trace->next = 0;
    sim_rng_init(&w->rng, seed);
    w->now_us = 0;
    w->steps = 0;
    w->top = 0;
    w->replay_next = 0;
    w->chain_id = chain_id;
    mun_con_config_default(&w->config, &w->chain_id);
    w->n = draw_nodes(w);
    w->f = mun_faults_max(w->n);
    w->trace->nodes = w->n;
    sim_keys_init(w);
    sim_faults_draw(w);
    if (sim_has(w, SIM_FAST_TIMERS)) {
        w->config.propose = (struct mun_con_timeout){ 150, 50 };
        w->config.prevote = (struct mun_con_timeout){ 50, 25 };
        w->config.precommit = (struct mun_con_timeout){ 50, 25 };
    }
    add_procs(w);
    (void)sim_value_add(w, &(struct sim_value){ 0 });
}

void
sim_run_end(struct sim_world *w)
{
    struct sim_event event;

    for (uint32_t i = 0; i < w->proc_count; i++) {
        if (w->procs[i].is_up) {
            sim_check_canaries(w, &w->procs[i]);
            sim_proc_crash(w, &w->procs[i]);
        }
    }
    while (sim_queue_pop(&w->queue, &event)) {
        if (event.kind == SIM_EVENT_PACKET && sim_packet_has_msg(event.sub)) {
            sim_msg_unref(w, event.a);
        }
    }
    for (uint32_t i = 0; i < SIM_REPLAYS; i++) {
        sim_msg_unref(w, w->replays[i]);
        w->replays[i] = 0;
    }
    SIM_CHECK(w, w->msg_count == 0 || w->msg_free_count + 1 == w->msg_count,
              "the simulator lost a message");
    sim_values_fini(w);
    sim_keys_fini(w);
    w->stats->steps += w->steps;
    w->trace->run_steps = 0;
    w->stats->runs++;
}

static void
on_packet(struct sim_world *w, const struct sim_event *event)
{
    struct sim_proc *p = &w->procs[event->proc];

    if (p->role == SIM_SCRIPT) {
        sim_liar_packet(w, p, event);
    } else if (p->is_up) {
        sim_fetch_packet(w, p, event);
    }
    if (sim_packet_has_msg(event->sub)) {
        sim_msg_unref(w, event->a);
    }
}

bool
sim_run_next(struct sim_world *w)
{
    struct sim_event event;
    struct sim_proc *p = NULL;

    if (!sim_queue_pop(&w->queue, &event)) {
        return false;
    }
    MUN_CHECK(event.at_us >= w->now_us);
    w->now_us = event.at_us;
    p = &w->procs[event.proc];
    switch ((enum sim_event_kind)event.kind) {
    case SIM_EVENT_PACKET:
        on_packet(w, &event);
        break;
    case SIM_EVENT_CHAOS:
        sim_faults_chaos(w);
        break;
    case SIM_EVENT_LIAR:
        sim_liar_act(w, p);
        break;
    case SIM_EVENT_BOOT:
        if (!p->is_up && event.boot == p->boot) {
            sim_proc_boot(w, p);
        }
        break;
    case SIM_EVENT_TIMER:
    case SIM_EVENT_SYNCED:
    case SIM_EVENT_APPLIED:
    case SIM_EVENT_VALUE:
    case SIM_EVENT_VALIDITY:
    case SIM_EVENT_WORK:
    case SIM_EVENT_POLL:
        sim_proc_event(w, p, &event);
        break;
    }
    return true;
}

static bool
have_all_reached(const struct sim_world *w, uint64_t height)
{
    for (uint32_t i = 0; i < w->proc_count; i++) {
        const struct sim_proc *p = &w->procs[i];

        if (p->role == SIM_HONEST && p->disk.height < height) {
            return false;
        }
    }
    return true;
}

static void
run_faults(struct sim_world *w)
{
    uint64_t end_us = 0;

    sim_faults_start(w);
    end_us = w->now_us + sim_rng_between(&w->rng, 2, 90) * (uint64_t)1000000;
    while (w->now_us < end_us && w->steps < w->steps_max) {
        SIM_CHECK(w, sim_run_next(w), "nothing more happens");
    }
}

/* Of the heights begun after healing: the one that was under way may take more.
 * One late round a fault, and two for locks that others do not know. */
static void
check_rounds(struct sim_world *w, uint64_t target)
{
    for (uint64_t h = target - 1; h <= target; h++) {
        uint32_t round = sim_height(w, h)->decided.round;

        if (round > w->stats->heal_round_max) {
            w->stats->heal_round_max = round;
        }
        SIM_CHECK(w, sim_has(w, SIM_FAST_TIMERS) || round <= w->f + 2,
                  "PROGRESS: too many late rounds after healing");
    }
}

static void
run_healing(struct sim_world *w)
{
    uint64_t start_us = w->now_us;
    uint64_t target = 0;
    uint64_t bound_us = 0;
    uint64_t share = 0;

    sim_faults_heal(w);
    target = w->top + SIM_MORE_HEIGHTS;
    bound_us = sim_faults_bound(w, SIM_MORE_HEIGHTS);
    while (!have_all_reached(w, target)) {
        SIM_CHECK(w, w->now_us - start_us <= bound_us,
                  "PROGRESS: not every honest member decides after healing");
        SIM_CHECK(w, sim_run_next(w), "nothing more happens");
    }
    check_rounds(w, target);
    share = (w->now_us - start_us) * 1000 / bound_us;
    w->stats->heals++;
    if (share > w->stats->heal_share_max) {
        w->stats->heal_share_max = share;
    }
    if ((w->now_us - start_us) / 1000 > w->stats->heal_ms_max) {
        w->stats->heal_ms_max = (w->now_us - start_us) / 1000;
    }
}

void
sim_run(struct sim_world *w, uint64_t seed)
{
    uint32_t cycles = 0;

    sim_run_begin(w, seed);
    cycles = sim_rng_between(&w->rng, 1, 6);
    if (w->options.cycles != 0) {
        cycles = w->options.cycles;
    }
    for (uint32_t i = 0; i < w->proc_count; i++) {
        if (w->procs[i].role == SIM_SCRIPT) {
            sim_liar_begin(w, &w->procs[i]);
        }
    }
    sim_faults_heal(w);
    for (uint32_t i = 0; i < cycles && w->steps < w->steps_max; i++) {
        run_faults(w);
        if (sim_has(w, SIM_CLOCK_MANY)) {
            break; /* a block an hour ahead may stand now */
        }
        run_healing(w);
    }
    sim_run_end(w);
}
