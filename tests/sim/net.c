#include "tests/sim/net.h"

#include "tests/sim/msg.h"

bool
sim_packet_has_msg(uint8_t kind)
{
    return kind == SIM_PACKET_MSG || kind == SIM_PACKET_BLOCK ||
           kind == SIM_PACKET_NEWEST;
}

static uint64_t
delay_of(struct sim_world *w, uint32_t from, uint32_t to)
{
    uint64_t delay = w->link_us[from][to] + w->weather.base_us +
                     sim_rng_below(&w->rng, w->weather.jitter_us + 1);

    if (w->slow[from][to] != 0) {
        delay += sim_rng_below(&w->rng, w->weather.slow_us + 1);
    }
    return delay;
}

static void
put(struct sim_world *w, uint32_t from, uint32_t to,
    const struct sim_event *event)
{
    struct sim_event packet = *event;

    packet.kind = SIM_EVENT_PACKET;
    packet.proc = (uint16_t)to;
    packet.from = (uint16_t)from;
    if (sim_packet_has_msg(packet.sub) && packet.a != 0) {
        sim_msg_ref(w, packet.a);
    }
    sim_at(w, delay_of(w, from, to), &packet);
}

void
sim_net_send(struct sim_world *w, uint32_t from, uint32_t to,
             const struct sim_event *event)
{
    const struct sim_proc *a = &w->procs[from];
    const struct sim_proc *b = &w->procs[to];

    if (a->member == b->member || w->blocked[from][to] != 0 ||
        (a->role == SIM_TWIN && w->sees[from][to] == 0) ||
        (b->role == SIM_TWIN && w->sees[to][from] == 0) ||
        sim_rng_chance(&w->rng, w->weather.drop)) {
        return;
    }
    put(w, from, to, event);
    if (sim_rng_chance(&w->rng, w->weather.duplicate)) {
        put(w, from, to, event);
    }
}

void
sim_net_msg(struct sim_world *w, uint32_t from, uint32_t to, uint32_t msg)
{
    struct sim_event packet = { .sub = SIM_PACKET_MSG, .a = msg };

    sim_net_send(w, from, to, &packet);
}
