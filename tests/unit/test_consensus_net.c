/* One member alone, chance against the invariants, and small networks of real
 * steps. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"
#include "tests/support/con_bench.h"

/* ---- One member ---- */

static void
one_member_decides_many_heights_with_one_deferred_write_each(void **state)
{
    struct bench *b = &the_bench;
    uint64_t height = 0;

    (void)state;
    make_members(b, 1);
    b->own = 0;
    init_con(b);
    for (height = 1; height <= 300; height++) {
        struct mun_con_event event = { .kind = MUN_CON_EVENT_VALUE };
        struct mun_hash id = id_of((uint8_t)(height % 255 + 1));
        uint32_t writes = 0;

        b->now_ms += 10;
        assert_int_equal(start_with(b, height, NULL).code, MUN_OK);
        assert_true(mun_con_may_defer_sync(&b->con));
        work(b);
        assert_true(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
        event.as.value.height = height;
        event.as.value.id = id;
        event.as.value.time_ms = b->now_ms;
        give_ok(b, &event);
        while (b->out.has_persist) {
            assert_false(b->out.has_apply);
            writes++;
            settle(b);
        }
        assert_int_equal(writes, 3);
        assert_true(b->out.has_apply);
        assert_int_equal(b->out.apply.height, height);
        assert_true(mun_hash_eq(&b->out.apply.id, &id));
        assert_true(mun_is_ok(mun_certificate_verify(
            b->out.apply.certificate, &b->chain_id, &b->members)));
    }
}

static void
one_member_whose_value_is_late_goes_on_in_the_next_round(void **state)
{
    struct bench *b = &the_bench;

    (void)state;
    make_members(b, 1);
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    work(b);
    fire(b, HEIGHT, 0, MUN_CON_PROPOSE);
    settle(b);
    assert_precommits(b, 0, NIL);
    settle(b);
    assert_true(has_timer(b, MUN_CON_PRECOMMIT, 0));
    fire(b, HEIGHT, 0, MUN_CON_PRECOMMIT);
    assert_true(has_request(b, MUN_CON_REQUEST_VALUE, NIL));
    value(b, 1, id_of(1));
    settle(b);
    settle(b);
    settle(b);
    assert_decides(b, id_of(1), 1);
}

static void
only_a_single_member_may_defer_its_writes(void **state)
{
    struct bench *b = bench_idle(0);

    (void)state;
    assert_false(mun_con_may_defer_sync(&b->con));
}

/* ---- Chance: three liars, late timers and crashes ---- */

#define CHANCE_ROUNDS 64u

struct chance {
    uint64_t seed;
    bool was_signed[CHANCE_ROUNDS][3];
    struct mun_hash signed_id[CHANCE_ROUNDS][3];
    struct mun_con_record durable;
    bool has_durable;
};

static uint32_t
chance(struct chance *c, uint32_t below)
{
    c->seed ^= c->seed << 13;
    c->seed ^= c->seed >> 7;
    c->seed ^= c->seed << 17;
    return (uint32_t)((c->seed >> 20) % below);
}

/* What the invariants say of a persist. */
static void
chance_check(struct chance *c, const struct mun_con_persist *persist)
{
    const struct mun_con_record *record = persist->record;

    /* I5, I6 */
    assert_true(mun_is_ok(mun_con_record_check(record)));
    if (c->has_durable) {
        /* I4 */
        assert_true(record->round > c->durable.round ||
                    (record->round == c->durable.round &&
                     record->phase >= c->durable.phase));
        assert_true(record->locked_round >= c->durable.locked_round);
    }
    for (uint32_t i = 0; i < persist->count; i++) {
        const struct mun_vote *vote = &persist->votes[i];
        uint32_t at = vote->type - MUN_VOTE_PROPOSAL;

        assert_true(vote->round < CHANCE_ROUNDS);
        if (c->was_signed[vote->round][at]) {
            /* I1 */
            assert_true(mun_hash_eq(&c->signed_id[vote->round][at], &vote->id));
            continue;
        }
        c->was_signed[vote->round][at] = true;
        c->signed_id[vote->round][at] = vote->id;
        /* No new prevote against a lock that is not older than its polka. */
        if (vote->type == MUN_VOTE_PREVOTE && !mun_hash_is_zero(&vote->id) &&
            c->has_durable && !mun_hash_eq(&c->durable.locked_id, &vote->id)) {
            assert_true(c->durable.locked_round == -1 ||
                        vote->valid_round >= c->durable.locked_round);
        }
    }
    c->durable = *record;
    c->has_durable = true;
}

static void
chance_ballot(struct chance *c, struct bench *b, struct mun_con_event *event,
              struct mun_con_msg_checked *checked)
{
    uint32_t round = mun_con_round(&b->con) + chance(c, 4);
    struct mun_vote *vote = &checked->msg.ballot.vote;

    memset(checked, 0, sizeof(*checked));
    round = round > 1 ? round - chance(c, 2) : round;
    round = round < CHANCE_ROUNDS ? round : CHANCE_ROUNDS - 1;
    vote->type = (enum mun_vote_type)(1 + chance(c, 3));
    vote->height = HEIGHT;
    vote->round = round;
    vote->valid_round = -1;
    vote->id = id_of((uint8_t)chance(c, 3));
    if (vote->type == MUN_VOTE_PROPOSAL) {
        vote->id = id_of((uint8_t)(1 + chance(c, 3)));
        vote->valid_round = (int32_t)chance(c, round + 1) - 1;
    }
    checked->msg.kind = vote->type == MUN_VOTE_PROPOSAL ? MUN_CON_MSG_PROPOSAL
                                                        : MUN_CON_MSG_VOTE;
    /* Another one than ours (R34). */
    checked->msg.ballot.member = (b->own + 1 + chance(c, 3)) % 4;
    event->kind = MUN_CON_EVENT_MESSAGE;
    event->as.message = checked;
}

static void
chance_event(struct chance *c, struct bench *b, struct mun_con_event *event,
             struct mun_con_msg_checked *checked)
{
    uint32_t draw = chance(c, 100);

    memset(event, 0, sizeof(*event));
    if (draw < 70) {
        chance_ballot(c, b, event, checked);
    } else if (draw < 85) {
        event->kind = MUN_CON_EVENT_VALIDITY;
        event->as.validity.height = HEIGHT;
        event->as.validity.id = id_of((uint8_t)(1 + chance(c, 3)));
        event->as.validity.is_valid = chance(c, 8) != 0;
        event->as.validity.time_ms = b->now_ms;
    } else if (draw < 90) {
        event->kind = MUN_CON_EVENT_VALUE;
        event->as.value.height = HEIGHT;
        event->as.value.round = mun_con_round(&b->con);
        event->as.value.id = id_of((uint8_t)(1 + chance(c, 3)));
        event->as.value.time_ms = b->now_ms;
    } else if (draw < 92) {
        event->kind = MUN_CON_EVENT_WORK;
    } else {
        event->kind = MUN_CON_EVENT_TIMER;
        event->as.timer.height = HEIGHT;
        event->as.timer.round = mun_con_round(&b->con);
        event->as.timer.kind = (enum mun_con_timer_kind)(1 + chance(c, 4));
    }
}

static void
chance_run(uint64_t seed)
{
    static struct mun_con_msg_checked checked;
    static struct chance c;
    struct bench *b = bench_idle((uint32_t)(seed % 4));
    struct mun_con_event event;

    memset(&c, 0, sizeof(c));
    c.seed = seed * 0x9e3779b97f4a7c15u + 1;
    for (uint32_t i = 0; i < 400 && !mun_con_is_decided(&b->con) &&
                         mun_con_round(&b->con) < CHANCE_ROUNDS - 8;
         i++) {
        chance_event(&c, b, &event, &checked);
        give_ok(b, &event);
        while (b->out.has_persist) {
            chance_check(&c, &b->out.persist);
            if (chance(&c, 20) == 0) {
                restart(b, &c.durable);
                continue;
            }
            settle(b);
        }
    }
}

static void
no_chance_breaks_the_invariants(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        chance_run(seed);
    }
}

/* ---- A small network of real steps ---- */

#define QUEUE_MAX 4096

#define VOTES_MAX 256

/* `votes` of the pool, or a ballot. */
struct packet {
    uint32_t to;
    const struct mun_con_votes *votes;
    struct mun_con_signed ballot;
};

struct net {
    uint32_t count;
    bool is_down[N_MAX];
    uint64_t height;
    struct mun_con_timer timers[N_MAX][MUN_CON_TIMERS_MAX];
    bool has_timer[N_MAX][MUN_CON_TIMERS_MAX];
    bool has_decided[N_MAX];
    struct mun_hash decided[N_MAX];
    bool has_durable[N_MAX];
    struct mun_con_record durable[N_MAX];
    uint32_t head;
    uint32_t tail;
    struct packet queue[QUEUE_MAX];
    uint32_t votes_count;
    struct mun_con_votes votes[VOTES_MAX];
};

static struct bench nodes[N_MAX];
static struct net the_net;

static void net_give(uint32_t i, struct mun_con_event *event);

static void
net_send(uint32_t from, const struct packet *packet)
{
    for (uint32_t to = 0; to < the_net.count; to++) {
        if (to != from && !the_net.is_down[to]) {
            assert_true(the_net.tail < QUEUE_MAX);
            the_net.queue[the_net.tail] = *packet;
            the_net.queue[the_net.tail].to = to;
            the_net.tail++;
        }
    }
}

static void
net_send_all(uint32_t from, const struct mun_con_send *send)
{
    struct packet packet;

    memset(&packet, 0, sizeof(packet));
    for (uint32_t k = 0; k < send->votes_count; k++) {
        assert_true(the_net.votes_count < VOTES_MAX);
        the_net.votes[the_net.votes_count] = *send->votes[k];
        packet.votes = &the_net.votes[the_net.votes_count];
        the_net.votes_count++;
        net_send(from, &packet);
    }
    packet.votes = NULL;
    for (uint32_t k = 0; k < send->count; k++) {
        packet.ballot = send->ballots[k];
        net_send(from, &packet);
    }
}

/* The node of section 9: each value is valid and its id tells its height. */
static struct mun_con_event
net_answer(uint32_t i, const struct mun_con_request *wish)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALIDITY };

    if (wish->kind == MUN_CON_REQUEST_VALUE) {
        event.kind = MUN_CON_EVENT_VALUE;
        event.as.value.height = wish->height;
        event.as.value.round = wish->round;
        event.as.value.id = id_of((uint8_t)(wish->height * 8 + i + 1));
        event.as.value.time_ms = nodes[i].now_ms;
    } else {
        event.as.validity.height = wish->height;
        event.as.validity.id = wish->id;
        event.as.validity.is_valid = true;
        event.as.validity.time_ms = nodes[i].now_ms;
    }
    return event;
}

/* Does what `out` asks, until it asks nothing more. */
static void
net_do(uint32_t i)
{
    struct bench *b = &nodes[i];
    struct mun_con_event todo[8];
    uint32_t todo_count = 0;
    uint32_t done = 0;

    for (;;) {
        net_send_all(i, &b->out.send);
        if (b->out.has_apply) {
            assert_false(the_net.has_decided[i]);
            the_net.has_decided[i] = true;
            the_net.decided[i] = b->out.apply.id;
            assert_true(mun_is_ok(mun_certificate_verify(
                b->out.apply.certificate, &b->chain_id, &b->members)));
        }
        for (uint32_t k = 0; k < b->out.request_count; k++) {
            assert_true(todo_count < 8);
            todo[todo_count++] = net_answer(i, &b->out.requests[k]);
        }
        for (uint32_t k = 0; k < b->out.timer_count; k++) {
            uint32_t at = (uint32_t)b->out.timers[k].kind - 1;

            the_net.timers[i][at] = b->out.timers[k];
            the_net.has_timer[i][at] = true;
        }
        if (b->out.has_persist) {
            the_net.durable[i] = through_bytes(b->out.persist.record);
            the_net.has_durable[i] = true;
            settle(b);
        } else if (done < todo_count) {
            give_ok(b, &todo[done++]);
        } else {
            return;
        }
    }
}

static void
net_give(uint32_t i, struct mun_con_event *event)
{
    give_ok(&nodes[i], event);
    net_do(i);
}

static void
net_deliver(void)
{
    static struct mun_con_msg msg;
    const struct packet *packet = &the_net.queue[the_net.head++];

    if (packet->votes != NULL) {
        memset(&msg, 0, sizeof(msg));
        msg.kind = MUN_CON_MSG_VOTES;
        msg.votes = *packet->votes;
        assert_int_equal(receive(&nodes[packet->to], &msg).code, MUN_OK);
    } else {
        receive_ballot(&nodes[packet->to], &packet->ballot);
    }
    net_do(packet->to);
}

static void
net_lose_all(void)
{
    the_net.head = 0;
    the_net.tail = 0;
    the_net.votes_count = 0;
}

static void
net_drain(void)
{
    while (the_net.head < the_net.tail) {
        net_deliver();
    }
    net_lose_all();
}

static bool
net_is_done(void)
{
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i] && !the_net.has_decided[i]) {
            return false;
        }
    }
    return true;
}

/* Fires the earliest timer of all. */
static void
net_tick(void)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_TIMER };
    uint32_t best = 0;
    uint32_t best_at = 0;
    uint64_t best_ms = UINT64_MAX;

    for (uint32_t i = 0; i < the_net.count; i++) {
        for (uint32_t k = 0; k < MUN_CON_TIMERS_MAX; k++) {
            if (!the_net.is_down[i] && the_net.has_timer[i][k] &&
                the_net.timers[i][k].deadline_ms < best_ms) {
                best = i;
                best_at = k;
                best_ms = the_net.timers[i][k].deadline_ms;
            }
        }
    }
    assert_true(best_ms < UINT64_MAX);
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (best_ms > nodes[i].now_ms) {
            nodes[i].now_ms = best_ms;
        }
    }
    event.as.timer = the_net.timers[best][best_at];
    the_net.has_timer[best][best_at] = false;
    net_give(best, &event);
}

static void
net_begin(uint64_t height)
{
    memset(the_net.has_timer, 0, sizeof(the_net.has_timer));
    memset(the_net.has_decided, 0, sizeof(the_net.has_decided));
    memset(the_net.has_durable, 0, sizeof(the_net.has_durable));
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i]) {
            assert_int_equal(start_with(&nodes[i], height, NULL).code, MUN_OK);
            net_do(i);
        }
    }
}

/* Until all have decided, or so many timers have fired. */
static void
net_finish(uint32_t ticks_max)
{
    const struct mun_hash *decided = NULL;

    net_drain();
    for (uint32_t ticks = 0; !net_is_done() && ticks < ticks_max; ticks++) {
        net_tick();
        net_drain();
    }
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i] && the_net.has_decided[i]) {
            decided = decided == NULL ? &the_net.decided[i] : decided;
            assert_true(mun_hash_eq(decided, &the_net.decided[i]));
        }
    }
}

/* Runs one height in which only `worker` has something to propose. */
static void
net_run(uint64_t height, uint32_t worker)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };

    net_begin(height);
    for (uint32_t i = 0; i < the_net.count; i++) {
        if (!the_net.is_down[i] && (i == worker || worker == N_MAX)) {
            net_give(i, &event);
        }
    }
    net_finish(200);
    assert_true(net_is_done());
}

static void
net_make(uint32_t count)
{
    memset(&the_net, 0, sizeof(the_net));
    the_net.count = count;
    for (uint32_t i = 0; i < count; i++) {
        make_members(&nodes[i], count);
        nodes[i].own = i;
        init_con(&nodes[i]);
    }
}

static void
four_members_decide_in_round_0_without_a_timer(void **state)
{
    (void)state;
    net_make(4);
    for (uint64_t height = 1; height <= 12; height++) {
        /* Only the proposer has work: its proposal wakes the others. */
        net_run(height, (uint32_t)(height % 4));
        for (uint32_t i = 0; i < 4; i++) {
            assert_int_equal(mun_con_round(&nodes[i].con), 0);
            assert_int_equal(nodes[i].now_ms, START_MS);
        }
    }
}

static void
four_members_decide_with_one_down(void **state)
{
    (void)state;
    net_make(4);
    the_net.is_down[2] = true;
    for (uint64_t height = 1; height <= 8; height++) {
        net_run(height, N_MAX);
    }
}

static void
seven_members_decide_with_two_down(void **state)
{
    (void)state;
    net_make(7);
    the_net.is_down[0] = true;
    the_net.is_down[1] = true;
    for (uint64_t height = 1; height <= 8; height++) {
        net_run(height, N_MAX);
    }
}

/* After any number of deliveries everything that is not on a disk is lost. */
static void
all_members_restart_at_once_and_decide(void **state)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };

    (void)state;
    for (uint32_t deliveries = 0; deliveries < 40; deliveries++) {
        net_make(4);
        net_begin(HEIGHT);
        for (uint32_t i = 0; i < 4; i++) {
            net_give(i, &event);
        }
        while (the_net.head < the_net.tail && the_net.head < deliveries) {
            net_deliver();
        }
        net_lose_all();
        memset(the_net.has_timer, 0, sizeof(the_net.has_timer));
        for (uint32_t i = 0; i < 4; i++) {
            if (the_net.has_decided[i]) {
                continue; /* it is in the database */
            }
            init_con(&nodes[i]);
            assert_int_equal(
                start_with(&nodes[i], HEIGHT,
                           the_net.has_durable[i] ? &the_net.durable[i] : NULL)
                    .code,
                MUN_OK);
            net_do(i);
            net_give(i, &event);
        }
        net_finish(400);
        /* A member that waits for one that has decided needs its certificate:
         * that is the node's part (README section 9). */
        assert_true(the_net.has_decided[0] || the_net.has_decided[1] ||
                    the_net.has_decided[2] || the_net.has_decided[3]);
    }
}

static void
with_two_of_four_down_nothing_is_decided(void **state)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };

    (void)state;
    net_make(4);
    the_net.is_down[1] = true;
    the_net.is_down[2] = true;
    net_begin(HEIGHT);
    net_give(0, &event);
    net_give(3, &event);
    net_finish(100);
    assert_false(the_net.has_decided[0]);
    assert_false(the_net.has_decided[3]);
    /* One comes back with an empty log: all three decide. */
    the_net.is_down[1] = false;
    assert_int_equal(start_with(&nodes[1], HEIGHT, NULL).code, MUN_OK);
    net_do(1);
    net_give(1, &event);
    net_finish(400);
    assert_true(net_is_done());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            one_member_decides_many_heights_with_one_deferred_write_each),
        cmocka_unit_test(
            one_member_whose_value_is_late_goes_on_in_the_next_round),
        cmocka_unit_test(only_a_single_member_may_defer_its_writes),
        cmocka_unit_test(no_chance_breaks_the_invariants),
        cmocka_unit_test(four_members_decide_in_round_0_without_a_timer),
        cmocka_unit_test(four_members_decide_with_one_down),
        cmocka_unit_test(seven_members_decide_with_two_down),
        cmocka_unit_test(all_members_restart_at_once_and_decide),
        cmocka_unit_test(with_two_of_four_down_nothing_is_decided),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
