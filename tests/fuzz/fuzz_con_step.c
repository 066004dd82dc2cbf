/* Whole runs of one member: bytes become events, as a node that carries out
 * `out` and crashes now and then would bring them, and peers of whom any number
 * lies. After each step the invariants of consensus/step.h that one member can
 * see are checked: I1 to I7, I9 and I10 (I8 is an assertion of step.c).
 *
 * Input: members and own index u8, then an operation a byte with its
 * operands. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "consensus/step.h"
#include "ledger/base/check.h"
#include "ledger/base/rd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIGNED_MAX 512u
#define STEPS_MAX 400u

struct node {
    struct mun_rd rd;
    struct mun_members members;
    uint32_t own;
    uint64_t now_ms;
    uint64_t height;
    /* What the disk holds. */
    bool has_durable;
    struct mun_con_record durable;
    /* Own messages ever handed out to be signed; durable ones may be sent. */
    uint32_t signed_count;
    struct mun_vote signed_votes[SIGNED_MAX];
    bool is_durable[SIGNED_MAX];
    uint64_t decided_height;
    uint32_t steps;
};

static struct node node;
static struct mun_con con;
static struct mun_con before;
static struct mun_con_record was;
static struct mun_con_out out;
static struct mun_con_msg_checked checked;
static uint8_t bytes[MUN_CON_RECORD_BYTES_MAX];

static uint32_t
draw(uint32_t below)
{
    return mun_rd_u8(&node.rd) % below;
}

static struct mun_hash
draw_id(void)
{
    struct mun_hash id;

    memset(&id, (int)draw(4), sizeof id);
    return id;
}

/* Around the current round, seldom far away. */
static uint32_t
draw_round(void)
{
    uint32_t step = draw(32);
    uint32_t round = mun_con_round(&con);

    if (step == 31) {
        return (uint32_t)draw(256) << 23;
    }
    if (step < 8) {
        return round > step ? round - step : 0;
    }
    return round + step % 7 < MUN_CON_ROUND_MAX ? round + step % 7 : round;
}

static bool
is_same(const struct mun_vote *a, const struct mun_vote *b)
{
    return a->type == b->type && a->height == b->height &&
           a->round == b->round && a->valid_round == b->valid_round &&
           mun_hash_eq(&a->id, &b->id);
}

/* ---- Invariants ---- */

/* Byte by byte, padding too: what was cleared or copied is wholly so. */
static bool
is_same_memory(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

static uint32_t
find_signed(const struct mun_vote *vote)
{
    for (uint32_t i = 0; i < node.signed_count; i++) {
        if (is_same(&node.signed_votes[i], vote)) {
            return i;
        }
    }
    return SIGNED_MAX;
}

static void
note_signed(const struct mun_vote *vote)
{
    for (uint32_t i = 0; i < node.signed_count; i++) {
        const struct mun_vote *old = &node.signed_votes[i];

        /* I1 */
        MUN_CHECK(old->type != vote->type || old->height != vote->height ||
                  old->round != vote->round || is_same(old, vote));
    }
    if (find_signed(vote) == SIGNED_MAX && node.signed_count < SIGNED_MAX) {
        node.signed_votes[node.signed_count] = *vote;
        node.is_durable[node.signed_count] = false;
        node.signed_count++;
    }
}

static void
check_persist(void)
{
    const struct mun_con_persist *persist = &out.persist;

    MUN_CHECK(node.own != MUN_CON_OBSERVER);
    MUN_CHECK(persist->count >= 1 && persist->count <= MUN_CON_OWN_COUNT);
    MUN_CHECK(mun_is_ok(mun_con_record_check(persist->record)));
    for (uint32_t i = 0; i < persist->count; i++) {
        const struct mun_vote *vote = &persist->votes[i];

        MUN_CHECK(mun_con_is_vote(vote));
        /* I5 */
        MUN_CHECK(vote->type != MUN_VOTE_PRECOMMIT ||
                  mun_hash_is_zero(&vote->id) ||
                  (persist->record->locked_round == (int32_t)vote->round &&
                   mun_hash_eq(&persist->record->locked_id, &vote->id)));
        note_signed(vote);
    }
}

static void
check_send(void)
{
    for (uint32_t i = 0; i < out.send.count; i++) {
        uint32_t at = find_signed(&out.send.ballots[i].vote);

        /* I2 */
        MUN_CHECK(node.signed_count == SIGNED_MAX ||
                  (at < SIGNED_MAX && node.is_durable[at]));
        MUN_CHECK(out.send.ballots[i].vote.height == node.height);
    }
    for (uint32_t i = 0; i < out.send.votes_count; i++) {
        MUN_CHECK(out.send.votes[i]->height == node.height);
        MUN_CHECK(
            mun_con_votes_has_quorum(out.send.votes[i], node.members.count));
    }
}

static void
check_apply(void)
{
    const struct mun_certificate *certificate = out.apply.certificate;
    uint32_t count = 0;

    /* I7 */
    MUN_CHECK(node.decided_height < node.height);
    node.decided_height = node.height;
    MUN_CHECK(out.apply.height == node.height);
    MUN_CHECK(certificate->height == node.height);
    MUN_CHECK(mun_hash_eq(&certificate->header_id, &out.apply.id));
    MUN_CHECK(!mun_hash_is_zero(&out.apply.id));
    for (uint32_t i = 0; i < node.members.count; i++) {
        count += (certificate->bitmap[i / 8] >> (7 - i % 8)) & 1u;
    }
    MUN_CHECK(count >= mun_quorum(node.members.count));
    MUN_CHECK(count == certificate->sig_count);
}

static void
check_step(bool is_start)
{
    const struct mun_con_record *now = &con.record;

    /* I4 */
    MUN_CHECK(is_start || now->height == was.height);
    MUN_CHECK(is_start || now->round > was.round ||
              (now->round == was.round && now->phase >= was.phase));
    MUN_CHECK(is_start || now->locked_round >= was.locked_round);
    /* I6 */
    MUN_CHECK(now->valid_round >= now->locked_round);
    /* I9 */
    MUN_CHECK(!con.is_idle || out.timer_count == 0);
    MUN_CHECK(out.has_persist == mun_con_is_busy(&con));
    if (out.has_persist) {
        check_persist();
    }
    check_send();
    if (out.has_apply) {
        check_apply();
    }
    for (uint32_t i = 0; i < out.request_count; i++) {
        MUN_CHECK(out.requests[i].height == node.height);
    }
}

/* ---- Events ---- */

static void
give(struct mun_con_event *event)
{
    static const struct mun_con_out nothing;
    mun_err_t err;

    node.steps++;
    event->now_ms = node.now_ms;
    was = con.record;
    if (mun_con_is_busy(&con) && event->kind != MUN_CON_EVENT_PERSISTED) {
        before = con;
        err = mun_con_step(&con, &out, event);
        /* I3, I10 */
        MUN_CHECK(err.code == MUN_ERR_BUSY);
        MUN_CHECK(is_same_memory(&out, &nothing, sizeof out));
        MUN_CHECK(is_same_memory(&con, &before, sizeof con));
        return;
    }
    err = mun_con_step(&con, &out, event);
    MUN_CHECK(mun_is_ok(err));
    check_step(event->kind == MUN_CON_EVENT_STARTED);
}

static void
start_height(uint64_t height)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED };

    node.height = height;
    event.as.started.height = height;
    event.as.started.members = &node.members;
    event.as.started.own_index = node.own;
    event.as.started.record = node.has_durable ? &node.durable : NULL;
    give(&event);
}

/* All but the disk is lost; what was not written was not sent either. */
static void
crash(void)
{
    struct mun_con_config config;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < node.signed_count; i++) {
        if (node.is_durable[i]) {
            node.signed_votes[kept] = node.signed_votes[i];
            node.is_durable[kept] = true;
            kept++;
        }
    }
    node.signed_count = kept;
    mun_con_config_default(&config, &mun_hash_zero);
    MUN_CHECK(mun_is_ok(mun_con_init(&con, &config)));
    if (node.decided_height == node.height) {
        node.decided_height--; /* not applied yet */
    }
    start_height(node.height);
}

static void
write_record(void)
{
    struct mun_wr wr;

    mun_wr_init(&wr, bytes, sizeof bytes);
    mun_con_record_encode(&wr, out.persist.record);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(
        mun_is_ok(mun_con_record_decode(&node.durable, mun_wr_done(&wr))));
    node.has_durable = true;
    for (uint32_t i = 0; i < out.persist.count; i++) {
        uint32_t at = find_signed(&out.persist.votes[i]);

        if (at < SIGNED_MAX) {
            node.is_durable[at] = true;
        }
    }
}

/* An outstanding persist: something else comes first, the node crashes before
 * or after the write, or it is done. */
static void
settle(void)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };
    uint32_t fate = draw(16);

    if (fate == 0) {
        crash();
        return;
    }
    if (fate == 1) {
        static struct mun_con_out asked;

        asked = out;
        give(&event);
        MUN_CHECK(mun_con_is_busy(&con));
        out = asked;
    }
    write_record();
    if (fate == 2) {
        crash();
        return;
    }
    event.kind = MUN_CON_EVENT_PERSISTED;
    event.as.persisted.count = out.persist.count;
    for (uint32_t i = 0; i < out.persist.count; i++) {
        event.as.persisted.ballots[i].vote = out.persist.votes[i];
        event.as.persisted.ballots[i].member = node.own;
    }
    give(&event);
}

static void
hear_ballot(struct mun_con_event *event)
{
    struct mun_vote *vote = &checked.msg.ballot.vote;
    uint32_t how = draw(64);

    vote->type = (enum mun_vote_type)(1 + how % 3);
    vote->height = node.height + (how >= 60 ? draw(4) : 0);
    vote->round = draw_round();
    vote->id = draw_id();
    vote->valid_round = -1;
    if (vote->type != MUN_VOTE_PRECOMMIT && how % 4 == 0 && vote->round > 0) {
        vote->valid_round = (int32_t)(vote->round - 1 - draw(8) % vote->round);
    }
    checked.msg.ballot.member = draw(node.members.count);
    if (!mun_con_is_vote(vote)) {
        return;
    }
    checked.msg.kind = vote->type == MUN_VOTE_PROPOSAL ? MUN_CON_MSG_PROPOSAL
                                                       : MUN_CON_MSG_VOTE;
    /* Seldom with our own key. */
    if (checked.msg.ballot.member == node.own && how != 59) {
        return;
    }
    event->as.message = &checked;
    give(event);
}

static void
hear_certificate(struct mun_con_event *event)
{
    struct mun_certificate *certificate = &checked.msg.certificate;
    uint32_t mask = draw(256);

    checked.msg.kind = MUN_CON_MSG_CERTIFICATE;
    certificate->height = node.height;
    certificate->round = draw_round();
    certificate->header_id = draw_id();
    certificate->member_count = node.members.count;
    for (uint32_t i = 0; i < node.members.count; i++) {
        if ((mask >> i & 1u) != 0 && i != node.own) {
            certificate->bitmap[0] =
                (uint8_t)(certificate->bitmap[0] | (0x80u >> i));
            certificate->sig_count++;
        }
    }
    if (certificate->sig_count >= mun_quorum(node.members.count) &&
        !mun_hash_is_zero(&certificate->header_id) &&
        certificate->round < MUN_CON_ROUND_MAX) {
        event->as.message = &checked;
        give(event);
    }
}

static void
hear_votes(struct mun_con_event *event)
{
    struct mun_con_votes *votes = &checked.msg.votes;
    uint32_t mask = draw(256);
    struct mun_hash id = draw_id();

    checked.msg.kind = MUN_CON_MSG_VOTES;
    votes->height = node.height;
    votes->round = draw_round();
    votes->type = mask % 2 == 0 ? MUN_VOTE_PREVOTE : MUN_VOTE_PRECOMMIT;
    for (uint32_t i = 0; i < node.members.count; i++) {
        if ((mask >> (i % 7 + 1) & 1u) != 0 && i != node.own) {
            votes->at[votes->count].member = i;
            votes->at[votes->count].valid_round = -1;
            votes->at[votes->count].id =
                votes->type == MUN_VOTE_PRECOMMIT && mask > 200 ? draw_id()
                                                                : id;
            votes->count++;
        }
    }
    if (votes->count > 0 && votes->round < MUN_CON_ROUND_MAX &&
        mun_con_votes_has_quorum(votes, node.members.count)) {
        event->as.message = &checked;
        give(event);
    }
}

static void
answer(struct mun_con_event *event, uint32_t op)
{
    if (op == 0) {
        event->kind = MUN_CON_EVENT_VALUE;
        event->as.value.height = node.height;
        event->as.value.round = mun_con_round(&con);
        event->as.value.id = draw_id();
        event->as.value.time_ms = node.now_ms;
    } else {
        uint32_t how = draw(8);

        event->kind = MUN_CON_EVENT_VALIDITY;
        event->as.validity.height = node.height;
        event->as.validity.id = draw_id();
        event->as.validity.is_valid = how != 0;
        event->as.validity.time_ms = how == 1 ? 0 : node.now_ms;
    }
    give(event);
}

static void
one_event(void)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };
    uint32_t op = draw(32);

    memset(&checked, 0, sizeof checked);
    node.now_ms += draw(200);
    if (op < 14) {
        hear_ballot(&event);
    } else if (op < 17) {
        hear_votes(&event);
    } else if (op < 18) {
        hear_certificate(&event);
    } else if (op < 22) {
        answer(&event, op % 4);
    } else if (op < 27) {
        event.kind = MUN_CON_EVENT_TIMER;
        event.as.timer.height = node.height;
        event.as.timer.round = mun_con_round(&con);
        event.as.timer.kind = (enum mun_con_timer_kind)(1 + draw(4));
        give(&event);
    } else if (op < 29) {
        event.kind = MUN_CON_EVENT_WORK;
        give(&event);
    } else if (op < 30) {
        crash();
    } else if (mun_con_is_decided(&con) || op == 31) {
        /* The next height, or one that was caught up with. */
        node.members.at[0].party.b[0] = (uint8_t)(draw(8) == 0);
        start_height(node.height + 1 + draw(2));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t counts[] = { 1, 2, 4, 4, 4, 7 };
    struct mun_con_config config;
    uint32_t shape = 0;

    memset(&node, 0, sizeof node);
    mun_rd_init(&node.rd, mun_bytes(data, size));
    shape = mun_rd_u8(&node.rd);
    node.members.count = counts[shape % 6];
    node.own = shape / 6 % (node.members.count + 1);
    if (node.own == node.members.count) {
        node.own = MUN_CON_OBSERVER;
    }
    node.now_ms = 1000000;
    mun_con_config_default(&config, &mun_hash_zero);
    MUN_CHECK(mun_is_ok(mun_con_init(&con, &config)));
    start_height(8);
    while (!mun_rd_failed(&node.rd) && node.rd.left > 0 &&
           node.steps < STEPS_MAX) {
        if (mun_con_is_busy(&con)) {
            settle();
        } else {
            one_event();
        }
    }
    return 0;
}
