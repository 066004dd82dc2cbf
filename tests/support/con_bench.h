#ifndef MUN_TESTS_SUPPORT_CON_BENCH_H
#define MUN_TESTS_SUPPORT_CON_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/step.h"

/* One member of a small set with all keys, so that a test can script what its
 * peers say. Messages go through bytes and the check, as from the network. */

#define N_MAX 7
#define START_MS 1000000u

/* Four members; at height 8 the proposers of rounds 0, 1, 2, 3 are members 0,
 * 1, 2, 3. */
#define HEIGHT 8u

/* One node under test with its peers' keys. */
struct bench {
    struct mun_signer signers[N_MAX];
    struct mun_con con;
    struct mun_con_out out;
    uint64_t now_ms;
    struct mun_hash chain_id;
    struct mun_members members;
    uint32_t own;
};

static struct bench the_bench;

static inline struct mun_hash
id_of(uint8_t name)
{
    struct mun_hash id;

    memset(&id, name, sizeof(id));
    return id;
}

#define NIL id_of(0)

static inline void
make_members(struct bench *b, uint32_t count)
{
    memset(b, 0, sizeof(*b));
    b->chain_id = id_of(0xcc);
    b->members.count = count;
    b->now_ms = START_MS;
    for (uint32_t i = 0; i < count; i++) {
        struct mun_secret secret = { { 0 } };

        secret.b[31] = (uint8_t)(i + 1);
        assert_true(mun_is_ok(mun_signer_init(&b->signers[i], &secret)));
    }
    /* By key, as the set is ordered. */
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = i + 1; j < count; j++) {
            if (mun_key_cmp(&b->signers[j].key, &b->signers[i].key) < 0) {
                struct mun_secret a = b->signers[i].secret;
                struct mun_secret c = b->signers[j].secret;

                assert_true(mun_is_ok(mun_signer_init(&b->signers[i], &c)));
                assert_true(mun_is_ok(mun_signer_init(&b->signers[j], &a)));
            }
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        b->members.at[i].key = b->signers[i].key;
        b->members.at[i].party = id_of((uint8_t)(i + 1));
    }
    assert_true(mun_is_ok(mun_members_check(&b->members)));
}

static inline mun_err_t
give(struct bench *b, struct mun_con_event *event)
{
    event->now_ms = b->now_ms;
    return mun_con_step(&b->con, &b->out, event);
}

static inline void
give_ok(struct bench *b, struct mun_con_event *event)
{
    assert_int_equal(give(b, event).code, MUN_OK);
}

static inline mun_err_t
start_with(struct bench *b, uint64_t height,
           const struct mun_con_record *record)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED };

    event.as.started.height = height;
    event.as.started.members = &b->members;
    event.as.started.own_index = b->own;
    event.as.started.record = record;
    return give(b, &event);
}

static inline void
init_con(struct bench *b)
{
    struct mun_con_config config;

    mun_con_config_default(&config, &b->chain_id);
    assert_true(mun_is_ok(mun_con_init(&b->con, &config)));
}

/* Member `own` of four at HEIGHT, idle. */
static inline struct bench *
bench_idle(uint32_t own)
{
    struct bench *b = &the_bench;

    make_members(b, 4);
    b->own = own;
    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, NULL).code, MUN_OK);
    return b;
}

static inline void
work(struct bench *b)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };

    give_ok(b, &event);
}

static inline struct bench *
bench_working(uint32_t own)
{
    struct bench *b = bench_idle(own);

    work(b);
    return b;
}

static inline struct mun_con_signed
sign(const struct bench *b, uint32_t member, const struct mun_vote *vote)
{
    struct mun_con_signed ballot = { .vote = *vote, .member = member };
    struct mun_hash digest;

    mun_vote_digest(&digest, &b->chain_id, vote);
    mun_signer_sign(&b->signers[member], &ballot.sig, &digest);
    return ballot;
}

/* Through bytes and the check, as from the network. */
static inline mun_err_t
receive(struct bench *b, const struct mun_con_msg *msg)
{
    static uint8_t buffer[MUN_CON_MSG_BYTES_MAX];
    static struct mun_con_msg decoded;
    static struct mun_con_msg_checked checked;
    struct mun_wr wr;
    struct mun_con_check against = { &b->chain_id, mun_con_msg_height(msg),
                                     &b->members };
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };

    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_msg_encode(&wr, msg);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    assert_int_equal(mun_con_msg_decode(&decoded, mun_wr_done(&wr)).code,
                     MUN_OK);
    assert_int_equal(mun_con_msg_check(&checked, &decoded, &against).code,
                     MUN_OK);
    event.as.message = &checked;
    return give(b, &event);
}

static inline void
receive_ballot(struct bench *b, const struct mun_con_signed *ballot)
{
    struct mun_con_msg msg;

    mun_con_msg_from_signed(&msg, ballot, 1000);
    assert_int_equal(receive(b, &msg).code, MUN_OK);
}

struct say {
    uint32_t member;
    enum mun_vote_type type;
    uint32_t round;
    struct mun_hash id;
    int32_t valid_round;
};

static inline void
hear(struct bench *b, struct say say)
{
    struct mun_vote vote = { say.type, HEIGHT, say.round, say.valid_round,
                             say.id };
    struct mun_con_signed ballot = sign(b, say.member, &vote);

    receive_ballot(b, &ballot);
}

static inline void
propose(struct bench *b, uint32_t member, uint32_t round, struct mun_hash id)
{
    hear(b, (struct say){ member, MUN_VOTE_PROPOSAL, round, id, -1 });
}

static inline void
prevote(struct bench *b, uint32_t member, uint32_t round, struct mun_hash id)
{
    hear(b, (struct say){ member, MUN_VOTE_PREVOTE, round, id, -1 });
}

static inline void
precommit(struct bench *b, uint32_t member, uint32_t round, struct mun_hash id)
{
    hear(b, (struct say){ member, MUN_VOTE_PRECOMMIT, round, id, -1 });
}

static inline void
judge_at(struct bench *b, struct mun_hash id, bool is_valid, uint64_t time_ms)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALIDITY };

    event.as.validity.height = HEIGHT;
    event.as.validity.id = id;
    event.as.validity.is_valid = is_valid;
    event.as.validity.time_ms = time_ms;
    give_ok(b, &event);
}

static inline void
judge(struct bench *b, struct mun_hash id, bool is_valid)
{
    judge_at(b, id, is_valid, b->now_ms);
}

static inline void
fire(struct bench *b, uint64_t height, uint32_t round, enum mun_con_phase phase)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_TIMER };

    event.as.timer.height = height;
    event.as.timer.round = round;
    event.as.timer.kind = (enum mun_con_timer_kind)phase;
    give_ok(b, &event);
}

static inline void
value(struct bench *b, uint32_t round, struct mun_hash id)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALUE };

    event.as.value.height = HEIGHT;
    event.as.value.round = round;
    event.as.value.id = id;
    event.as.value.time_ms = b->now_ms;
    give_ok(b, &event);
}

/* Signs what the outstanding persist asks for. */
static inline struct mun_con_event
persisted(const struct bench *b)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_PERSISTED };

    event.as.persisted.count = b->con.awaited_count;
    for (uint32_t i = 0; i < b->con.awaited_count; i++) {
        event.as.persisted.ballots[i] = sign(b, b->own, &b->con.awaited[i]);
    }
    return event;
}

static inline void
settle(struct bench *b)
{
    struct mun_con_event event = persisted(b);

    give_ok(b, &event);
}

static inline bool
has_timer(const struct bench *b, enum mun_con_phase phase, uint32_t round)
{
    for (uint32_t i = 0; i < b->out.timer_count; i++) {
        if (b->out.timers[i].kind == (enum mun_con_timer_kind)phase &&
            b->out.timers[i].round == round) {
            return true;
        }
    }
    return false;
}

static inline bool
has_request(const struct bench *b, enum mun_con_request_kind kind,
            struct mun_hash id)
{
    for (uint32_t i = 0; i < b->out.request_count; i++) {
        if (b->out.requests[i].kind == kind &&
            mun_hash_eq(&b->out.requests[i].id, &id)) {
            return true;
        }
    }
    return false;
}

static inline void
assert_quiet(const struct bench *b)
{
    assert_false(b->out.has_persist);
    assert_false(b->out.has_apply);
    assert_int_equal(b->out.send.count, 0);
    assert_int_equal(b->out.request_count, 0);
    assert_int_equal(b->out.timer_count, 0);
}

/* The step asks to sign exactly this vote. */
static inline void
assert_signs(const struct bench *b, struct say say)
{
    const struct mun_vote *vote = &b->out.persist.votes[0];

    assert_true(b->out.has_persist);
    assert_int_equal(b->out.persist.count, 1);
    assert_int_equal(vote->type, say.type);
    assert_int_equal(vote->height, HEIGHT);
    assert_int_equal(vote->round, say.round);
    assert_int_equal(vote->valid_round, say.valid_round);
    assert_true(mun_hash_eq(&vote->id, &say.id));
}

static inline void
assert_prevotes(const struct bench *b, uint32_t round, struct mun_hash id)
{
    assert_signs(b, (struct say){ 0, MUN_VOTE_PREVOTE, round, id, -1 });
}

static inline void
assert_precommits(const struct bench *b, uint32_t round, struct mun_hash id)
{
    assert_signs(b, (struct say){ 0, MUN_VOTE_PRECOMMIT, round, id, -1 });
}

static inline void
assert_decides(const struct bench *b, struct mun_hash id, uint32_t round)
{
    assert_true(b->out.has_apply);
    assert_int_equal(b->out.apply.height, HEIGHT);
    assert_true(mun_hash_eq(&b->out.apply.id, &id));
    assert_int_equal(b->out.apply.certificate->round, round);
    assert_int_equal(mun_certificate_verify(b->out.apply.certificate,
                                            &b->chain_id, &b->members)
                         .code,
                     MUN_OK);
}

/* ---- Votes of several members ---- */

/* Message kind 4, empty. */
static inline void
make_votes(struct mun_con_msg *msg, enum mun_vote_type type, uint32_t round)
{
    memset(msg, 0, sizeof(*msg));
    msg->kind = MUN_CON_MSG_VOTES;
    msg->votes.height = HEIGHT;
    msg->votes.round = round;
    msg->votes.type = type;
}

/* In ascending order. */
static inline void
add_voter(const struct bench *b, struct mun_con_msg *msg, uint32_t member,
          struct mun_hash id, int32_t valid_round)
{
    struct mun_con_votes *votes = &msg->votes;
    struct mun_vote vote = { votes->type, votes->height, votes->round,
                             valid_round, id };

    votes->at[votes->count].member = member;
    votes->at[votes->count].valid_round = valid_round;
    votes->at[votes->count].id = id;
    votes->at[votes->count].sig = sign(b, member, &vote).sig;
    votes->count++;
}

/* Members 0, 1 and 2 prevoted `id`. */
static inline void
hear_polka(struct bench *b, uint32_t round, struct mun_hash id)
{
    static struct mun_con_msg msg;

    make_votes(&msg, MUN_VOTE_PREVOTE, round);
    for (uint32_t i = 0; i < 3; i++) {
        add_voter(b, &msg, i, id, -1);
    }
    assert_int_equal(receive(b, &msg).code, MUN_OK);
}

/* Members 0, 1 and 2 precommitted so. */
static inline void
hear_precommits(struct bench *b, uint32_t round, const struct mun_hash ids[3])
{
    static struct mun_con_msg msg;

    make_votes(&msg, MUN_VOTE_PRECOMMIT, round);
    for (uint32_t i = 0; i < 3; i++) {
        add_voter(b, &msg, i, ids[i], -1);
    }
    assert_int_equal(receive(b, &msg).code, MUN_OK);
}

/* Member 3 in round 0, prevoted `id` together with the proposal. */
static inline struct bench *
bench_prevoted(struct mun_hash id)
{
    struct bench *b = bench_working(3);

    propose(b, 0, 0, id);
    judge(b, id, true);
    assert_prevotes(b, 0, id);
    settle(b);
    return b;
}

/* Member 3, locked on `id` in round 0. */
static inline struct bench *
bench_locked(struct mun_hash id)
{
    struct bench *b = bench_prevoted(id);

    prevote(b, 0, 0, id);
    prevote(b, 1, 0, id);
    assert_precommits(b, 0, id);
    settle(b);
    return b;
}

/* ---- Certificates and restarts ---- */

static inline void
make_certificate(const struct bench *b, struct mun_con_msg *msg, uint32_t round,
                 struct mun_hash id)
{
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, HEIGHT, round, -1, id };

    memset(msg, 0, sizeof(*msg));
    msg->kind = MUN_CON_MSG_CERTIFICATE;
    msg->certificate.height = HEIGHT;
    msg->certificate.round = round;
    msg->certificate.header_id = id;
    msg->certificate.member_count = 4;
    msg->certificate.bitmap[0] = 0xe0;
    msg->certificate.sig_count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        msg->certificate.sigs[i] = sign(b, i, &vote).sig;
    }
}

static inline struct mun_con_record
through_bytes(const struct mun_con_record *record)
{
    uint8_t buffer[MUN_CON_RECORD_BYTES_MAX];
    struct mun_con_record copy;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_record_encode(&wr, record);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    assert_int_equal(mun_con_record_decode(&copy, mun_wr_done(&wr)).code,
                     MUN_OK);
    return copy;
}

/* Crash and restart from what the last persist wrote. */
static inline void
restart(struct bench *b, const struct mun_con_record *written)
{
    struct mun_con_record record = through_bytes(written);

    init_con(b);
    assert_int_equal(start_with(b, HEIGHT, &record).code, MUN_OK);
}

#endif
