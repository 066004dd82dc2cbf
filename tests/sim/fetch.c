#include "tests/sim/fetch.h"

#include <string.h>

#include "ledger/base/check.h"
#include "tests/sim/disk.h"
#include "tests/sim/msg.h"
#include "tests/sim/net.h"
#include "tests/sim/proc.h"
#include "tests/sim/trace.h"
#include "tests/sim/value.h"

#define POLL_US 250000u
#define HINT_US 20000u

/* ---- Values ---- */

static bool
has_value(const struct sim_world *w, const struct sim_proc *p, uint32_t value)
{
    for (uint32_t i = 0; i < p->held_count; i++) {
        if (p->held[i] == value) {
            return true;
        }
    }
    /* The block of a height that it has applied. */
    return value != 0 && value < w->value_count &&
           w->values[value].height <= p->disk.height &&
           w->heights[w->values[value].height].decided.value == value;
}

void
sim_hold(const struct sim_world *w, struct sim_proc *p, uint32_t value)
{
    uint32_t count = 0;

    if (value == 0 || value == UINT32_MAX || has_value(w, p, value)) {
        return;
    }
    if (p->held_count == SIM_HELD_MAX) {
        /* The node keeps no others (R18). */
        for (uint32_t i = 0; i < p->held_count; i++) {
            if (mun_con_keeps_value(p->con, &w->values[p->held[i]].id)) {
                p->held[count] = p->held[i];
                count++;
            }
        }
        p->held_count = count;
    }
    MUN_CHECK(p->held_count < SIM_HELD_MAX);
    p->held[p->held_count] = value;
    p->held_count++;
}

static void
ask_value(struct sim_world *w, struct sim_proc *p, uint32_t value, uint32_t to)
{
    struct sim_event ask = { .sub = SIM_PACKET_GET_VALUE, .b = value };

    sim_net_send(w, p->index, to, &ask);
}

/* Who most likely has what was just proposed. */
static uint32_t
proposer_proc(struct sim_world *w, const struct sim_proc *p)
{
    uint32_t member = sim_proposer(w, p->height, mun_con_round(p->con));
    uint32_t index = member;

    while (w->procs[index].member != member) {
        index++;
    }
    return index;
}

/* The verdict comes after a while. */
static void
judge(struct sim_world *w, struct sim_proc *p, uint32_t i)
{
    struct sim_event verdict = { .kind = SIM_EVENT_VALIDITY,
                                 .proc = (uint16_t)p->index,
                                 .boot = p->boot,
                                 .a = p->wishes[i],
                                 .c = p->height };

    p->wish_busy[i] = true;
    sim_at(w, sim_rng_below(&w->rng, w->weather.verdict_us), &verdict);
}

static void
drop_wish(struct sim_proc *p, uint32_t i)
{
    p->wish_count--;
    p->wishes[i] = p->wishes[p->wish_count];
    p->wish_busy[i] = p->wish_busy[p->wish_count];
}

/* Those that nobody needs any more make room. */
static void
drop_wishes(struct sim_world *w, struct sim_proc *p)
{
    uint32_t i = 0;

    while (i < p->wish_count) {
        if (mun_con_needs_value(p->con, &w->values[p->wishes[i]].id)) {
            i++;
        } else {
            drop_wish(p, i);
        }
    }
}

static void
wish(struct sim_world *w, struct sim_proc *p, uint32_t value)
{
    SIM_CHECK(w, value != 0 && value != UINT32_MAX,
              "a verdict is asked for on what is no value");
    for (uint32_t i = 0; i < p->wish_count; i++) {
        if (p->wishes[i] == value) {
            return;
        }
    }
    if (p->wish_count == SIM_WISHES_MAX) {
        drop_wishes(w, p);
    }
    SIM_CHECK(w, p->wish_count < SIM_WISHES_MAX, "R18: too many wishes");
    p->wishes[p->wish_count] = value;
    p->wish_busy[p->wish_count] = false;
    p->wish_count++;
    if (has_value(w, p, value)) {
        judge(w, p, p->wish_count - 1);
    } else {
        ask_value(w, p, value, proposer_proc(w, p));
    }
}

void
sim_fetch_verdict(struct sim_world *w, struct sim_proc *p,
                  const struct sim_event *event)
{
    struct sim_input input = { .kind = MUN_CON_EVENT_VALIDITY,
                               .value = event->a,
                               .height = event->c };

    for (uint32_t i = 0; i < p->wish_count; i++) {
        if (p->wishes[i] == event->a && event->c == p->height) {
            drop_wish(p, i);
            break;
        }
    }
    input.is_valid = sim_value_is_valid(w, event->a, event->c);
    sim_proc_input(w, p, &input);
}

/* ---- Building ---- */

void
sim_fetch_build(struct sim_world *w, struct sim_proc *p,
                const struct sim_event *event)
{
    struct sim_value value = { .height = event->c,
                               .time_ms = sim_clock_ms(w, p),
                               .built_us = w->now_us,
                               .is_valid = true,
                               .has_bytes = true };
    struct sim_input input = { .kind = MUN_CON_EVENT_VALUE,
                               .is_valid = true,
                               .round = event->b,
                               .height = event->c };
    uint64_t before_ms = 0;

    if (event->c != p->height) {
        return;
    }
    if (value.height > 1) {
        value.prev = sim_height(w, value.height - 1)->decided.value;
        before_ms = w->values[value.prev].time_ms;
        memcpy(value.present, p->disk.cert.bitmap, sizeof(value.present));
    }
    if (value.time_ms <= before_ms) {
        /* R25: a clock behind the previous block waits. */
        struct sim_event again = *event;

        sim_at(w, (before_ms - value.time_ms + 1) * 1000, &again);
        return;
    }
    input.value = sim_value_add(w, &value);
    sim_hold(w, p, input.value);
    sim_proc_input(w, p, &input);
}

void
sim_fetch_request(struct sim_world *w, struct sim_proc *p,
                  const struct mun_con_request *request)
{
    struct sim_event build = { .kind = SIM_EVENT_VALUE,
                               .proc = (uint16_t)p->index,
                               .boot = p->boot,
                               .b = request->round,
                               .c = request->height };

    switch (request->kind) {
    case MUN_CON_REQUEST_VALUE:
        if (!sim_rng_chance(&w->rng, w->weather.no_value)) {
            sim_at(w, sim_rng_below(&w->rng, w->weather.build_us), &build);
        }
        break;
    case MUN_CON_REQUEST_VALIDITY:
        wish(w, p, sim_value_find(w, &request->id));
        break;
    case MUN_CON_REQUEST_CATCH_UP:
        p->is_catching_up = true;
        break;
    }
}

/* ---- Heights of others ---- */

static void
ask_block(struct sim_world *w, struct sim_proc *p, uint32_t to)
{
    struct sim_event ask = { .sub = SIM_PACKET_GET_BLOCK, .c = p->height };

    sim_net_send(w, p->index, to, &ask);
}

/* A peer's word about its height: a reason to ask it for a block, no more. */
static void
note_hint(struct sim_proc *p, uint64_t height, uint16_t from)
{
    if (height > p->height && height > p->hint_height) {
        p->hint_height = height;
        p->hint_from = from;
    }
}

void
sim_fetch_started(struct sim_world *w, struct sim_proc *p)
{
    if (p->hint_height > p->height) {
        ask_block(w, p, p->hint_from);
    }
}

static void
ask_newest(struct sim_world *w, struct sim_proc *p)
{
    struct sim_event ask = { .sub = SIM_PACKET_GET_NEWEST };

    for (uint32_t to = 0; to < w->proc_count; to++) {
        sim_net_send(w, p->index, to, &ask);
    }
}

void
sim_fetch_poll(struct sim_world *w, struct sim_proc *p)
{
    struct sim_event poll = { .kind = SIM_EVENT_POLL,
                              .proc = (uint16_t)p->index,
                              .boot = p->boot };
    struct sim_event ping = { .sub = SIM_PACKET_PING, .c = p->height };
    uint32_t any = sim_rng_below(&w->rng, w->proc_count);

    sim_at(w, POLL_US / 2 + sim_rng_below(&w->rng, POLL_US / 2), &poll);
    drop_wishes(w, p);
    for (uint32_t i = 0; i < p->wish_count; i++) {
        if (!p->wish_busy[i]) {
            ask_value(w, p, p->wishes[i],
                      sim_rng_below(&w->rng, w->proc_count));
        }
    }
    if (p->is_catching_up) {
        ask_block(w, p, any);
    }
    if (p->hint_height > p->height) {
        ask_block(w, p, p->hint_from);
        /* A liar's claim must not hide better ones. */
        p->hint_height = 0;
    }
    if (p->is_recovering) {
        ask_newest(w, p);
    }
    if (sim_rng_chance(&w->rng, SIM_ALWAYS / 4)) {
        sim_net_send(w, p->index, any, &ping);
    }
}

static void
tell_height(struct sim_world *w, struct sim_proc *p, uint32_t to)
{
    struct sim_event hint = { .sub = SIM_PACKET_HINT, .c = p->height };

    if (w->now_us - p->told_us >= HINT_US) {
        p->told_us = w->now_us;
        sim_net_send(w, p->index, to, &hint);
    }
}

/* ---- Packets ---- */

static void
on_msg(struct sim_world *w, struct sim_proc *p, const struct sim_event *packet)
{
    struct sim_input input = { .kind = MUN_CON_EVENT_MESSAGE,
                               .msg = packet->a };
    uint64_t height = w->msgs[packet->a].height;

    if (height < p->height) {
        tell_height(w, p, packet->from);
        /* It is of no use to the step, and must do no harm. */
        if (!sim_rng_chance(&w->rng, SIM_ALWAYS / 32)) {
            return;
        }
    }
    note_hint(p, height, packet->from);
    sim_msg_ref(w, packet->a);
    sim_proc_input(w, p, &input);
}

static void
on_get_block(struct sim_world *w, struct sim_proc *p,
             const struct sim_event *packet)
{
    static struct mun_certificate certificate;
    struct sim_event block = { .sub = SIM_PACKET_BLOCK };
    const struct sim_cert *cert = NULL;

    if (packet->c == 0 || packet->c > p->disk.height) {
        return;
    }
    cert = packet->c == p->disk.height ? &p->disk.cert
                                       : &sim_height(w, packet->c)->decided;
    sim_cert_unpack(w, &certificate, cert);
    block.a = sim_msg_certificate(w, &certificate);
    block.b = cert->value;
    block.c = p->height;
    sim_net_send(w, p->index, packet->from, &block);
    sim_msg_unref(w, block.a);
}

/* What comes is verified against its certificate, whoever sent it. */
static void
on_block(struct sim_world *w, struct sim_proc *p,
         const struct sim_event *packet)
{
    struct sim_input input = { .kind = MUN_CON_EVENT_MESSAGE,
                               .msg = packet->a };
    const struct mun_con_msg_checked *checked = sim_msg_check(w, packet->a);
    const struct mun_certificate *certificate = NULL;

    note_hint(p, packet->c, packet->from);
    if (checked == NULL || checked->msg.kind != MUN_CON_MSG_CERTIFICATE) {
        return;
    }
    certificate = &checked->msg.certificate;
    if (certificate->height != p->height || packet->b >= w->value_count ||
        !mun_hash_eq(&certificate->header_id, &w->values[packet->b].id)) {
        return;
    }
    sim_hold(w, p, packet->b);
    sim_msg_ref(w, packet->a);
    sim_proc_input(w, p, &input);
}

static void
on_value(struct sim_world *w, struct sim_proc *p,
         const struct sim_event *packet)
{
    /* Bytes that hash to another id are refused. */
    if (packet->a != packet->b) {
        return;
    }
    for (uint32_t i = 0; i < p->wish_count; i++) {
        if (p->wishes[i] == packet->b && !p->wish_busy[i]) {
            sim_hold(w, p, packet->b);
            judge(w, p, i);
        }
    }
}

static void
on_get_newest(struct sim_world *w, struct sim_proc *p,
              const struct sim_event *packet)
{
    static struct mun_certificate certificate;
    struct sim_event newest = { .sub = SIM_PACKET_NEWEST };

    if (p->is_recovering) {
        return;
    }
    if (p->disk.height > 0) {
        sim_cert_unpack(w, &certificate, &p->disk.cert);
        newest.a = sim_msg_certificate(w, &certificate);
    }
    sim_net_send(w, p->index, packet->from, &newest);
    sim_msg_unref(w, newest.a);
}

/* R35. */
static void
on_newest(struct sim_world *w, struct sim_proc *p,
          const struct sim_event *packet)
{
    const struct mun_con_msg_checked *checked = NULL;
    uint64_t height = 0;

    if (!p->is_recovering) {
        return;
    }
    if (packet->a != 0) {
        checked = sim_msg_check(w, packet->a);
        if (checked == NULL || checked->msg.kind != MUN_CON_MSG_CERTIFICATE) {
            return;
        }
        height = checked->msg.certificate.height;
    }
    mun_con_recovery_add(&p->recovery, w->procs[packet->from].member, height);
    p->disk.vote_from = mun_con_recovery_vote_from(&p->recovery);
    p->is_recovering = p->disk.vote_from == 0;
}

void
sim_fetch_packet(struct sim_world *w, struct sim_proc *p,
                 const struct sim_event *packet)
{
    struct sim_event value = { .sub = SIM_PACKET_VALUE,
                               .a = packet->b,
                               .b = packet->b };

    switch ((enum sim_packet)packet->sub) {
    case SIM_PACKET_MSG:
        on_msg(w, p, packet);
        break;
    case SIM_PACKET_PING:
        if (packet->c < p->height) {
            tell_height(w, p, packet->from);
        }
        note_hint(p, packet->c, packet->from);
        break;
    case SIM_PACKET_HINT:
        note_hint(p, packet->c, packet->from);
        break;
    case SIM_PACKET_GET_BLOCK:
        on_get_block(w, p, packet);
        break;
    case SIM_PACKET_BLOCK:
        on_block(w, p, packet);
        break;
    case SIM_PACKET_GET_VALUE:
        if (has_value(w, p, packet->b)) {
            sim_net_send(w, p->index, packet->from, &value);
        }
        break;
    case SIM_PACKET_VALUE:
        on_value(w, p, packet);
        break;
    case SIM_PACKET_GET_NEWEST:
        on_get_newest(w, p, packet);
        break;
    case SIM_PACKET_NEWEST:
        on_newest(w, p, packet);
        break;
    }
}
