#include "tests/sim/proc.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "tests/sim/check.h"
#include "tests/sim/disk.h"
#include "tests/sim/effects.h"
#include "tests/sim/fetch.h"
#include "tests/sim/msg.h"
#include "tests/sim/trace.h"
#include "tests/sim/value.h"

void
sim_proc_init(struct sim_world *w, uint32_t index, uint32_t member,
              enum sim_role role)
{
    struct sim_proc *p = &w->procs[index];

    if (p->con == NULL) {
        uint8_t *memory =
            malloc(sizeof(*p->con) + (size_t)2 * SIM_CANARY_BYTES);

        MUN_CHECK(memory != NULL);
        memset(memory, SIM_CANARY,
               sizeof(*p->con) + (size_t)2 * SIM_CANARY_BYTES);
        p->con = (struct mun_con *)(void *)(memory + SIM_CANARY_BYTES);
    }
    p->index = index;
    p->member = member;
    p->role = role;
}

void
sim_proc_fini(struct sim_proc *p)
{
    free(p->inputs);
    if (p->con != NULL) {
        free((uint8_t *)p->con - SIM_CANARY_BYTES);
    }
}

/* ---- What waits while a write is outstanding ---- */

static void
push_input(struct sim_proc *p, const struct sim_input *input)
{
    if (p->input_count == p->input_size) {
        size_t size = p->input_size == 0 ? 64 : p->input_size * 2;
        struct sim_input *all = malloc(size * sizeof(all[0]));

        MUN_CHECK(all != NULL);
        for (size_t i = 0; i < p->input_count; i++) {
            all[i] = p->inputs[(p->input_head + i) % p->input_size];
        }
        free(p->inputs);
        p->inputs = all;
        p->input_size = size;
        p->input_head = 0;
    }
    p->inputs[(p->input_head + p->input_count) % p->input_size] = *input;
    p->input_count++;
}

static bool
pop_input(struct sim_proc *p, struct sim_input *out)
{
    if (p->input_count == 0) {
        return false;
    }
    *out = p->inputs[p->input_head];
    p->input_head = (p->input_head + 1) % p->input_size;
    p->input_count--;
    return true;
}

/* ---- One step ---- */

static void
trace_input(struct sim_world *w, struct sim_trace_entry *entry,
            const struct sim_input *input)
{
    struct mun_vote vote = { 0 };

    entry->what = input->kind;
    entry->height = input->height;
    entry->vote.round = input->round;
    entry->vote.value = input->value;
    entry->sub =
        input->kind == MUN_CON_EVENT_TIMER ? input->timer : input->is_valid;
    if (input->kind != MUN_CON_EVENT_MESSAGE) {
        return;
    }
    entry->sub = w->msgs[input->msg].kind;
    switch ((enum mun_con_msg_kind)entry->sub) {
    case MUN_CON_MSG_PROPOSAL:
    case MUN_CON_MSG_VOTE:
        vote = w->msgs[input->msg].ballot.vote;
        entry->from = (uint16_t)w->msgs[input->msg].ballot.member;
        break;
    case MUN_CON_MSG_CERTIFICATE:
        vote.type = MUN_VOTE_PRECOMMIT;
        vote.round = w->msgs[input->msg].big->msg.certificate.round;
        vote.id = w->msgs[input->msg].big->msg.certificate.header_id;
        vote.valid_round = -1;
        break;
    case MUN_CON_MSG_VOTES:
        mun_con_votes_get(&vote, &w->msgs[input->msg].big->msg.votes, 0);
        break;
    }
    entry->height = w->msgs[input->msg].height;
    entry->vote = (struct sim_trace_vote){ (uint8_t)vote.type, vote.round,
                                           vote.valid_round,
                                           sim_value_find(w, &vote.id) };
}

static void
step(struct sim_world *w, struct sim_proc *p, struct mun_con_event *event,
     const struct sim_input *input)
{
    struct sim_trace_entry *entry = sim_trace_add(w, p);
    mun_err_t err;

    event->now_ms = sim_clock_ms(w, p);
    trace_input(w, entry, input);
    err = mun_con_step(p->con, &w->out, event);
    entry->err = (uint16_t)err.code;
    w->steps++;
    w->trace->run_steps = w->steps;
    sim_trace_effects(w, entry, p);
    if (w->options.is_trace) {
        sim_trace_print_entry(stdout, entry);
    }
    SIM_CHECK(w, mun_is_ok(err), "a step fails");
    sim_check_step(w, p, event);
    sim_effects(w, p);
}

/* A twin closes its ears to what the other ones signed: it would fall silent
 * (R34) and lie no more. */
static bool
is_of_twin(const struct sim_world *w, const struct sim_proc *p, uint32_t msg)
{
    const struct mun_con_votes *votes = NULL;
    const struct mun_con_own *own = NULL;

    if (w->msgs[msg].kind != MUN_CON_MSG_VOTES) {
        return false;
    }
    votes = &w->msgs[msg].big->msg.votes;
    own = &p->con->record.own[votes->type - 1];
    for (uint32_t i = 0; i < votes->count; i++) {
        if (votes->at[i].member == p->member &&
            (!own->is_present || own->round < votes->round ||
             (own->round == votes->round &&
              (!mun_hash_eq(&own->id, &votes->at[i].id) ||
               own->valid_round != votes->at[i].valid_round)))) {
            return true;
        }
    }
    return false;
}

/* Fills the event; false when there is nothing left to say. */
static bool
make_event(struct sim_world *w, const struct sim_proc *p,
           struct mun_con_event *event, const struct sim_input *input)
{
    memset(event, 0, sizeof(*event));
    event->kind = (enum mun_con_event_kind)input->kind;
    switch (event->kind) {
    case MUN_CON_EVENT_MESSAGE:
        event->as.message = sim_msg_check(w, input->msg);
        return event->as.message != NULL;
    case MUN_CON_EVENT_TIMER:
        event->as.timer.height = input->height;
        event->as.timer.round = input->round;
        event->as.timer.kind = (enum mun_con_timer_kind)input->timer;
        return true;
    case MUN_CON_EVENT_VALUE:
        event->as.value.height = input->height;
        event->as.value.round = input->round;
        event->as.value.id = w->values[input->value].id;
        event->as.value.time_ms = w->values[input->value].time_ms;
        return true;
    case MUN_CON_EVENT_VALIDITY:
        event->as.validity.height = input->height;
        event->as.validity.id = w->values[input->value].id;
        event->as.validity.is_valid = input->is_valid;
        event->as.validity.time_ms = w->values[input->value].time_ms;
        return true;
    case MUN_CON_EVENT_WORK:
        return input->height == p->height;
    case MUN_CON_EVENT_STARTED:
    case MUN_CON_EVENT_PERSISTED:
        break;
    }
    return false;
}

static void
give(struct sim_world *w, struct sim_proc *p, const struct sim_input *input)
{
    struct mun_con_event event;

    if (make_event(w, p, &event, input) &&
        (p->role != SIM_TWIN || input->kind != MUN_CON_EVENT_MESSAGE ||
         !is_of_twin(w, p, input->msg))) {
        step(w, p, &event, input);
    }
    if (input->kind == MUN_CON_EVENT_MESSAGE) {
        sim_msg_unref(w, input->msg);
    }
}

static void
drain(struct sim_world *w, struct sim_proc *p)
{
    struct sim_input input;

    while (p->is_up && !mun_con_is_busy(p->con) && pop_input(p, &input)) {
        give(w, p, &input);
    }
}

void
sim_proc_input(struct sim_world *w, struct sim_proc *p,
               const struct sim_input *input)
{
    struct mun_con_event event;

    if (!mun_con_is_busy(p->con)) {
        give(w, p, input);
        return;
    }
    if (p->role == SIM_HONEST && sim_rng_chance(&w->rng, 64) &&
        make_event(w, p, &event, input)) {
        event.now_ms = sim_clock_ms(w, p);
        sim_check_busy(w, p, &event);
    }
    push_input(p, input);
}

/* ---- Starts ---- */

static void
drop_held(struct sim_world *w, struct sim_proc *p)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < p->held_count; i++) {
        if (w->values[p->held[i]].height >= p->height) {
            p->held[count] = p->held[i];
            count++;
        }
    }
    p->held_count = count;
}

/* The values that were made durable with the record. */
static void
hold_durable(struct sim_world *w, struct sim_proc *p)
{
    const struct mun_con_own *own = &w->record.own[MUN_VOTE_PROPOSAL - 1];

    p->held_count = 0;
    if (own->is_present) {
        sim_hold(w, p, sim_value_find(w, &own->id));
    }
    if (w->record.locked_round >= 0) {
        sim_hold(w, p, sim_value_find(w, &w->record.locked_id));
    }
    if (w->record.valid_round >= 0) {
        sim_hold(w, p, sim_value_find(w, &w->record.valid_id));
    }
}

static void
plan_work(struct sim_world *w, const struct sim_proc *p)
{
    struct sim_event work = { .kind = SIM_EVENT_WORK,
                              .proc = (uint16_t)p->index,
                              .boot = p->boot,
                              .c = p->height };
    uint32_t wait_us = sim_rng_below(&w->rng, 20000);

    if (w->options.is_wide) {
        wait_us = 0;
    } else if (sim_rng_chance(&w->rng, w->weather.few_work)) {
        /* Until the freshness deadline. */
        wait_us = sim_rng_between(&w->rng, 1000000, 5000000);
    }
    sim_at(w, wait_us, &work);
}

static void
start_height(struct sim_world *w, struct sim_proc *p, bool has_record)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED };
    struct sim_input input = { .kind = MUN_CON_EVENT_STARTED };
    struct mun_con_history history;

    p->height = p->disk.height + 1;
    p->started_us = w->now_us;
    (void)sim_height(w, p->height);
    drop_held(w, p);
    p->wish_count = 0;
    p->is_catching_up = false;
    sim_history(w, &history, p->height);
    event.as.started.height = p->height;
    event.as.started.members = &w->members;
    event.as.started.own_index = p->member;
    if (p->is_recovering || p->height < p->disk.vote_from) {
        event.as.started.own_index = MUN_CON_OBSERVER;
    }
    event.as.started.history = &history;
    event.as.started.record = has_record ? &w->record : NULL;
    input.height = p->height;
    if (p->role == SIM_TWIN) {
        p->con->is_key_elsewhere = false;
    }
    step(w, p, &event, &input);
    if (p->is_up) {
        plan_work(w, p);
        sim_fetch_started(w, p);
        drain(w, p);
    }
}

void
sim_proc_boot(struct sim_world *w, struct sim_proc *p)
{
    struct sim_event poll = { .kind = SIM_EVENT_POLL,
                              .proc = (uint16_t)p->index,
                              .boot = p->boot };
    bool has_record = false;

    MUN_CHECK(!p->is_up && p->role != SIM_SCRIPT);
    sim_trace_note(w, SIM_NOTE_BOOT, p->index, 0);
    p->is_up = true;
    p->is_persist_done = false;
    p->awaited_count = 0;
    p->hint_height = 0;
    p->told_us = 0;
    p->held_count = 0;
    sim_check_boot(p);
    MUN_CHECK(mun_is_ok(mun_con_init(p->con, &w->config)));
    has_record = sim_disk_read(w, &p->disk);
    if (has_record) {
        SIM_CHECK(w, w->record.height <= p->disk.height + 1,
                  "R21: the database is behind the record");
        if (w->record.height == p->disk.height + 1) {
            p->height = w->record.height;
            hold_durable(w, p);
        }
    }
    sim_at(w, sim_rng_below(&w->rng, 250000), &poll);
    start_height(w, p, has_record);
}

void
sim_proc_crash(struct sim_world *w, struct sim_proc *p)
{
    struct sim_input input;

    MUN_CHECK(p->is_up);
    sim_trace_note(w, SIM_NOTE_CRASH, p->index, 0);
    w->stats->crashes++;
    p->is_up = false;
    p->boot++;
    while (pop_input(p, &input)) {
        if (input.kind == MUN_CON_EVENT_MESSAGE) {
            sim_msg_unref(w, input.msg);
        }
    }
    if (w->is_deferring) {
        /* Nothing of this height was ever shown to anybody. */
        struct sim_height_log *log = sim_height(w, p->disk.height + 1);

        p->disk.pending.seq = 0;
        for (uint32_t i = 0; i < log->round_count; i++) {
            memset(log->rounds[i].cast, 0, 3 * sizeof(log->rounds[i].cast[0]));
        }
        log->decided.value = 0;
        w->top = p->disk.height;
    }
    sim_disk_crash(w, &p->disk);
}

/* ---- Events ---- */

static void
on_synced(struct sim_world *w, struct sim_proc *p)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_PERSISTED };
    struct sim_input input = { .kind = MUN_CON_EVENT_PERSISTED };

    if (!w->is_deferring) {
        sim_disk_sync(&p->disk);
    }
    sim_check_durable(w, p);
    if (sim_crash_here(w, p)) {
        return;
    }
    event.as.persisted.count = p->awaited_count;
    for (uint32_t i = 0; i < p->awaited_count; i++) {
        event.as.persisted.ballots[i].vote = p->awaited[i];
        event.as.persisted.ballots[i].member = p->member;
        sim_sign(w, &event.as.persisted.ballots[i]);
    }
    step(w, p, &event, &input);
    drain(w, p);
}

static void
on_applied(struct sim_world *w, struct sim_proc *p)
{
    p->disk.height = p->applying.height;
    p->disk.cert = p->applying;
    if (w->is_deferring) {
        sim_disk_sync(&p->disk);
    }
    if (!sim_crash_here(w, p)) {
        bool has_record = sim_rng_chance(&w->rng, SIM_ALWAYS / 16) &&
                          sim_disk_read(w, &p->disk);

        start_height(w, p, has_record);
    }
}

static void
on_timer(struct sim_world *w, struct sim_proc *p, const struct sim_event *event)
{
    struct sim_input input = { .kind = MUN_CON_EVENT_TIMER,
                               .timer = event->sub,
                               .height = event->c,
                               .round = event->b };

    /* A later timer of a kind replaces the earlier; now and then one that was
     * replaced comes all the same. */
    if (p->timer_gen[event->sub] == event->a ||
        sim_rng_chance(&w->rng, SIM_ALWAYS / 32)) {
        sim_proc_input(w, p, &input);
    }
}

void
sim_proc_event(struct sim_world *w, struct sim_proc *p,
               const struct sim_event *event)
{
    struct sim_input input = { 0 };

    if (!p->is_up || event->boot != p->boot) {
        return;
    }
    switch ((enum sim_event_kind)event->kind) {
    case SIM_EVENT_TIMER:
        on_timer(w, p, event);
        break;
    case SIM_EVENT_SYNCED:
        on_synced(w, p);
        break;
    case SIM_EVENT_APPLIED:
        on_applied(w, p);
        break;
    case SIM_EVENT_WORK:
        input.kind = MUN_CON_EVENT_WORK;
        input.height = event->c;
        if (input.height == p->height) {
            sim_proc_input(w, p, &input);
        }
        break;
    case SIM_EVENT_VALUE:
        sim_fetch_build(w, p, event);
        break;
    case SIM_EVENT_VALIDITY:
        sim_fetch_verdict(w, p, event);
        break;
    case SIM_EVENT_POLL:
        sim_fetch_poll(w, p);
        break;
    case SIM_EVENT_PACKET:
    case SIM_EVENT_BOOT:
    case SIM_EVENT_CHAOS:
    case SIM_EVENT_LIAR:
        MUN_UNREACHABLE();
    }
}
