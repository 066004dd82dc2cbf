#include "tests/sim/liar.h"

#include "tests/sim/attack.h"
#include "tests/sim/msg.h"
#include "tests/sim/net.h"
#include "tests/sim/value.h"

static void
plan_next(struct sim_world *w, const struct sim_proc *p)
{
    struct sim_event next = { .kind = SIM_EVENT_LIAR,
                              .proc = (uint16_t)p->index };

    sim_at(w, sim_rng_between(&w->rng, 10000, 400000), &next);
}

void
sim_liar_begin(struct sim_world *w, struct sim_proc *p)
{
    plan_next(w, p);
}

/* Where some honest member is. */
static bool
pick_scene(struct sim_world *w, struct sim_scene *out)
{
    const struct sim_proc *p = &w->procs[sim_rng_below(&w->rng, w->proc_count)];

    if (!p->is_up || p->role != SIM_HONEST) {
        return false;
    }
    out->height = p->height;
    out->round = p->con->record.round;
    return out->height <= w->top + 1 && out->round < 5000;
}

static bool
often(struct sim_world *w, uint32_t faults, uint32_t one_in)
{
    return sim_has(w, faults) && sim_rng_below(&w->rng, one_in) == 0;
}

void
sim_liar_act(struct sim_world *w, struct sim_proc *p)
{
    struct sim_scene scene = { 0, 0 };

    plan_next(w, p);
    if ((w->is_healing && w->are_liars_silent) || !pick_scene(w, &scene)) {
        return;
    }
    if (often(w, SIM_FAULTS_SCRIPT, 1)) {
        sim_attack_proposal(w, p, &scene);
    }
    if (often(w, SIM_VOTES, 2)) {
        sim_attack_votes(w, p, &scene, MUN_VOTE_PREVOTE);
        sim_attack_votes(w, p, &scene, MUN_VOTE_PRECOMMIT);
    }
    if (often(w, SIM_VOTES, 1)) {
        sim_attack_late(w, p, &scene);
    }
    if (often(w, SIM_QUORUMS, 2)) {
        sim_attack_quorum(w, p, &scene);
    }
    if (often(w, SIM_ANSWERS, 8)) {
        sim_attack_forgery(w, p, &scene, sim_rng_below(&w->rng, w->proc_count));
    }
    if (often(w, SIM_FAR, 8)) {
        sim_attack_far(w, p, &scene);
    }
    if (often(w, SIM_REPLAY, 2)) {
        sim_attack_replay(w, p);
    }
    if (often(w, SIM_HEIGHTS, 4)) {
        sim_attack_heights(w, p);
    }
}

/* Votes come in time when they answer what was heard. */
static void
react(struct sim_world *w, struct sim_proc *p, uint32_t msg)
{
    const struct sim_msg *heard = &w->msgs[msg];
    struct sim_scene scene = { heard->height, 0 };
    enum mun_vote_type type = MUN_VOTE_PREVOTE;

    if (heard->kind != MUN_CON_MSG_PROPOSAL &&
        heard->kind != MUN_CON_MSG_VOTE) {
        return;
    }
    scene.round = heard->ballot.vote.round;
    type = heard->ballot.vote.type;
    if (scene.height > w->top + 1 || scene.round > 5000) {
        return;
    }
    if (type == MUN_VOTE_PROPOSAL && sim_has(w, SIM_VOTES)) {
        sim_attack_votes(w, p, &scene, MUN_VOTE_PREVOTE);
    } else if (type == MUN_VOTE_PREVOTE && often(w, SIM_VOTES, 6)) {
        sim_attack_votes(w, p, &scene, MUN_VOTE_PRECOMMIT);
    } else if (often(w, SIM_QUORUMS, 12)) {
        sim_attack_quorum(w, p, &scene);
    }
}

/* The block of a height, or what is none. */
static void
answer_block(struct sim_world *w, struct sim_proc *p,
             const struct sim_event *packet)
{
    static struct mun_certificate certificate;
    struct sim_event block = { .sub = SIM_PACKET_BLOCK, .c = packet->c };
    struct sim_scene scene = { packet->c, 0 };
    uint32_t choice = sim_rng_below(&w->rng, 4);
    uint64_t height = packet->c;

    if (packet->c == 0 || packet->c > w->top || choice == 0) {
        return;
    }
    if (sim_has(w, SIM_ANSWERS) && choice == 1) {
        sim_attack_forgery(w, p, &scene, packet->from);
        return;
    }
    if (sim_has(w, SIM_ANSWERS) && choice == 2) {
        height = 1 + sim_rng_below(&w->rng, (uint32_t)w->top);
    }
    if (sim_height(w, height)->decided.value == 0) {
        return;
    }
    sim_cert_unpack(w, &certificate, &sim_height(w, height)->decided);
    block.a = sim_msg_certificate(w, &certificate);
    block.b = sim_height(w, height)->decided.value;
    sim_net_send(w, p->index, packet->from, &block);
    sim_msg_unref(w, block.a);
}

static void
answer_value(struct sim_world *w, struct sim_proc *p,
             const struct sim_event *packet)
{
    struct sim_event value = { .sub = SIM_PACKET_VALUE,
                               .a = packet->b,
                               .b = packet->b };

    if (sim_has(w, SIM_ANSWERS) && sim_rng_below(&w->rng, 3) == 0) {
        value.a = 1;
    }
    if (packet->b != 0 && packet->b < w->value_count &&
        w->values[packet->b].has_bytes) {
        sim_net_send(w, p->index, packet->from, &value);
    }
}

/* R35: what a liar can show is an old certificate. */
static void
answer_newest(struct sim_world *w, struct sim_proc *p,
              const struct sim_event *packet)
{
    static struct mun_certificate certificate;
    struct sim_event newest = { .sub = SIM_PACKET_NEWEST };
    uint64_t height = sim_rng_below(&w->rng, (uint32_t)w->top + 1);

    if (height > 0 && sim_height(w, height)->decided.value != 0) {
        sim_cert_unpack(w, &certificate, &sim_height(w, height)->decided);
        newest.a = sim_msg_certificate(w, &certificate);
    }
    sim_net_send(w, p->index, packet->from, &newest);
    sim_msg_unref(w, newest.a);
}

void
sim_liar_packet(struct sim_world *w, struct sim_proc *p,
                const struct sim_event *packet)
{
    if (w->is_healing && w->are_liars_silent) {
        return;
    }
    switch ((enum sim_packet)packet->sub) {
    case SIM_PACKET_MSG:
        react(w, p, packet->a);
        break;
    case SIM_PACKET_GET_BLOCK:
        answer_block(w, p, packet);
        break;
    case SIM_PACKET_GET_VALUE:
        answer_value(w, p, packet);
        break;
    case SIM_PACKET_GET_NEWEST:
        answer_newest(w, p, packet);
        break;
    case SIM_PACKET_PING:
    case SIM_PACKET_HINT:
    case SIM_PACKET_BLOCK:
    case SIM_PACKET_VALUE:
    case SIM_PACKET_NEWEST:
        break;
    }
}
