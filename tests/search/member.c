#include "tests/search/member.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"

const char *const fault_texts[FAULTS] = {
    "none",
    "a check failed",
    "an event was refused",
    "I3: an event was taken while a write was outstanding",
    "signed what no honest member signs",
    "I1: signed twice",
    "I2: sent or counted before it was durable",
    "I4: went back",
    "I5 or I6: a precommit without its lock",
    "a certificate or votes without their ballots",
    "R34: silent without a reason",
    "agreement: two values are decided",
    "no step is left to a member although rounds are",
    "a precommit without a polka in its round",
    "a walk came where the search did not",
};

/* ---- A state on its way from one rest to the next ---- */

#define CRASHES_MAX 4u

struct crash {
    struct mun_con_record record;
    uint64_t sent;
};

/* `rest` is last, as `con` is in it. */
struct moving {
    uint64_t need;
    uint64_t armed; /* timers, a bit for each round and kind */
    uint32_t liars; /* LIARS_... */
    bool is_beyond;
    bool has_several; /* a certificate or votes came */
    enum fault fault;
    uint32_t left; /* messages that may still come */
    uint32_t next; /* the next event to try */
    struct rest rest;
};

/* What is copied of it: no message is of round 3 or above, so those slots stay
 * as they are, empty. */
#define MOVING_BYTES offsetof(struct moving, rest.con.rounds.at[ROUNDS + 1])

/* Frames of the search between two states at rest: messages, verdicts on three
 * values, and the way there. */
#define DEPTH_MAX 12u
#define SEEN_BITS 20u

/* Fields of a state that decide what it will do, one byte each. */
#define FORM_MAX 256u

struct form {
    uint32_t len;
    uint8_t b[FORM_MAX];
};

struct seen {
    uint64_t hash[2];
    uint32_t stamp;
    uint32_t left;
};

/* The last way to one end, from the state in work. */
struct head {
    uint32_t stamp;
    uint32_t edge; /* number + 1 */
};

/* Ends beside states: faults, and beyond the bound. */
#define ENDS_MAX (RESTS_MAX + FAULTS + 1u)

struct member_space {
    struct universe universe;
    uint32_t member;
    struct member_options options;
    struct mun_members members;
    struct mun_con_config config;
    struct arrivals arrivals;
    uint64_t steps;

    uint32_t count;
    struct rest *rests;
    struct form *forms;
    struct glance *glances;
    uint32_t *index; /* open addressing: number of the state + 1 */
    uint32_t edge_count;
    struct edge *edges;
    struct head *heads; /* by end */

    struct form from; /* of the state in work */
    struct form form; /* of what it became */
    uint32_t crash_count;
    struct crash crashes[CRASHES_MAX]; /* of the last event */
    uint32_t stamp; /* of the state in work, so that `seen` need no clearing */
    struct seen *seen;
    struct moving *stack;
};

#define INDEX_SIZE (1u << 19)

/* The step's own checks end up here: a failed one is a finding. */
static jmp_buf check_return;
static bool is_check_caught;
static char check_text[256];

_Noreturn void
mun_check_failed(const char *file, int line, const char *what)
{
    (void)snprintf(check_text, sizeof(check_text), "%s:%d: %s", file, line,
                   what);
    if (is_check_caught) {
        longjmp(check_return, 1);
    }
    give_up(check_text);
}

/* ---- Forms ---- */

static void
put(struct form *form, uint32_t value)
{
    MUN_CHECK(form->len < FORM_MAX && value + 2 < 250);
    form->b[form->len] = (uint8_t)(value + 2);
    form->len++;
}

/* Rounds may be -1. */
static void
put_round(struct form *form, int32_t round)
{
    MUN_CHECK(form->len < FORM_MAX && round >= -1 && round < 100);
    form->b[form->len] = (uint8_t)(round + 1);
    form->len++;
}

static void
put_id(struct form *form, const struct mun_hash *id)
{
    put(form, value_of(id));
}

static void
put_mask(struct form *form, uint64_t mask)
{
    MUN_CHECK(form->len + sizeof(mask) < FORM_MAX);
    memcpy(form->b + form->len, &mask, sizeof(mask));
    form->len += (uint32_t)sizeof(mask);
}

/* Not who signed the polka and the entry: README.md, "forms". */
static void
put_record(struct form *form, const struct mun_con_record *record)
{
    put(form, record->round);
    put(form, (uint32_t)record->phase);
    put_round(form, record->locked_round);
    put_id(form, &record->locked_id);
    put_round(form, record->valid_round);
    put_id(form, &record->valid_id);
    put(form, record->polka.count > 0);
    put(form, record->entry.count > 0);
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        const struct mun_con_own *own = &record->own[i];

        put(form, own->is_present);
        put(form, own->round);
        put_round(form, own->valid_round);
        put_id(form, &own->id);
    }
}

/* Whether a crash would lose nothing but the log. */
static bool
is_durable(const struct rest *rest)
{
    struct form memory_form = { 0 };
    struct form disk_form = { 0 };

    if (!rest->has_durable) {
        return false;
    }
    put_record(&memory_form, &rest->con.record);
    put_record(&disk_form, &rest->durable);
    return memory_form.len == disk_form.len &&
           memcmp(memory_form.b, disk_form.b, disk_form.len) == 0;
}

/* What a state at rest is told apart by. One that has decided does nothing more
 * at this height. */
static void
put_rest(struct form *form, const struct rest *rest)
{
    const struct mun_con *con = &rest->con;

    put(form, con->is_decided);
    put_mask(form, rest->sent);
    if (con->is_decided) {
        put_id(form, &con->certificate.header_id);
        return;
    }
    put_record(form, &con->record);
    put(form, con->is_idle);
    put(form, con->is_value_asked);
    put(form, con->is_behind);
    put(form, con->is_key_elsewhere);
    put(form, is_durable(rest));
}

static void
put_tally(struct form *form, const struct mun_con_tally *tally)
{
    put(form, tally->count);
    put(form, tally->has_quorum);
    put_id(form, &tally->quorum_id);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        put(form, tally->by[i].is_present);
        put_round(form, tally->by[i].valid_round);
        put_id(form, &tally->by[i].id);
    }
}

static void
put_log(struct form *form, const struct mun_con_rounds *rounds)
{
    put_round(form, rounds->old_polka_round);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        put_round(form, rounds->highest[i]);
    }
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const struct mun_con_round *slot = &rounds->at[i];

        put(form, slot->is_used);
        put(form, slot->has_proposal);
        put(form, slot->has_proposal_polka);
        put_round(form, slot->proposal.vote.valid_round);
        put_id(form, &slot->proposal.vote.id);
        put(form, slot->was_prevote_timer_set);
        put(form, slot->was_polka_used);
        put(form, slot->was_precommit_timer_set);
        put_tally(form, &slot->prevotes);
        put_tally(form, &slot->precommits);
    }
}

/* What a state on its way is told apart by, beside put_rest: nothing is left out
 * but signatures, which follow from what they sign, evidence and the clock. */
static void
put_moving(struct form *form, const struct moving *moving)
{
    const struct mun_con *con = &moving->rest.con;
    uint32_t verdicts[VALUES + 1] = { 0 };

    put_log(form, &con->rounds);
    for (uint32_t i = 0; i < MUN_CON_VALUES; i++) {
        if (con->values[i].verdict != MUN_CON_VERDICT_NONE) {
            verdicts[value_of(&con->values[i].id)] =
                (uint32_t)con->values[i].verdict;
        }
    }
    for (uint32_t i = 0; i <= VALUES; i++) {
        put(form, verdicts[i]);
    }
    put(form, con->has_certificate);
    put(form, con->certificate.round);
    put_id(form, &con->certificate.header_id);
    put_mask(form, moving->need);
    put_mask(form, moving->armed);
    put_mask(form, moving->liars);
    put(form, moving->has_several);
}

static uint64_t
mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return x;
}

/* 128 bits, by two chains over the words of the form with other constants. */
static void
form_hash(uint64_t hash[2], const struct form *form)
{
    hash[0] = 0x243f6a8885a308d3u;
    hash[1] = 0x13198a2e03707344u + form->len;
    for (uint32_t at = 0; at < form->len; at += 8) {
        uint64_t word = 0;
        uint32_t len = form->len - at < 8 ? form->len - at : 8;

        memcpy(&word, form->b + at, len);
        hash[0] = mix(hash[0] ^ word);
        hash[1] = mix(hash[1] + word * 0x9e3779b97f4a7c15u) + hash[0];
    }
}

/* ---- States at rest ---- */

/* Forgets what others sent, verdicts and armed timers: only the record, what
 * was asked, and the own ballots of the record stay. */
static void
forget(struct rest *rest)
{
    struct mun_con *con = &rest->con;
    struct mun_con_rounds *rounds = &con->rounds;

    mun_con_rounds_init(rounds, HEIGHT, MEMBERS);
    if (!con->is_idle) {
        mun_con_rounds_move(rounds, con->record.round);
        (void)mun_con_rounds_open(rounds, con->record.round);
    }
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        if (con->record.own[i].is_present && con->own[i].vote.height > 0) {
            (void)mun_con_rounds_add(rounds, &con->own[i],
                                     NOW_MS); /* it was there before */
        }
    }
    memset(con->values, 0, sizeof(con->values));
    memset(con->is_reported, 0, sizeof(con->is_reported));
    if (!con->is_decided) {
        con->has_certificate = false;
        memset(&con->certificate, 0, sizeof(con->certificate));
    }
    con->resend_ms = con->config.resend_ms_min;
}

static uint32_t
holds_of(const struct rest *rest)
{
    const struct mun_con *con = &rest->con;
    const struct mun_con_record *record = &con->record;
    uint32_t holds = 0;

    if (con->is_decided) {
        holds |= LIARS_CERTIFICATE(value_of(&con->certificate.header_id));
    }
    if (record->valid_round >= 0) {
        holds |= LIARS_POLKA((uint32_t)record->valid_round,
                             value_of(&record->valid_id));
    }
    if (record->entry.count > 0) {
        holds |= LIARS_ENTRY(record->entry.round);
    }
    return holds;
}

static uint32_t
form_slot(const struct member_space *space, const struct form *form)
{
    uint64_t hash[2];
    uint32_t at = 0;

    form_hash(hash, form);
    at = (uint32_t)hash[0] % INDEX_SIZE;
    while (space->index[at] != 0) {
        const struct form *old = &space->forms[space->index[at] - 1];

        if (old->len == form->len && memcmp(old->b, form->b, form->len) == 0) {
            break;
        }
        at = (at + 1) % INDEX_SIZE;
    }
    return at;
}

static uint32_t
find_rest(const struct member_space *space, const struct form *form)
{
    return space->index[form_slot(space, form)] - 1;
}

static uint32_t
rest_number(struct member_space *space, const struct rest *rest)
{
    struct form form = { 0 };
    struct glance *glance = &space->glances[space->count];
    uint32_t at = 0;

    put_rest(&form, rest);
    at = form_slot(space, &form);
    if (space->index[at] != 0) {
        return space->index[at] - 1;
    }
    if (space->count == RESTS_MAX) {
        give_up("too many states of a member");
    }
    space->index[at] = space->count + 1;
    space->rests[space->count] = *rest;
    forget(&space->rests[space->count]);
    space->forms[space->count] = form;
    glance->sent = rest->sent;
    glance->decided =
        rest->con.is_decided ? value_of(&rest->con.certificate.header_id) : NIL;
    glance->holds = holds_of(rest);
    space->count++;
    return space->count - 1;
}

static uint32_t
end_of(const struct edge *edge)
{
    if (edge->fault != FAULT_NONE) {
        return RESTS_MAX + (uint32_t)edge->fault;
    }
    return edge->is_beyond ? RESTS_MAX : edge->to;
}

/* Who needs less covers who needs more. */
static bool
is_covered(const struct edge *edge, const struct edge *by)
{
    return (by->need & ~edge->need) == 0 && (by->liars & ~edge->liars) == 0 &&
           (!by->is_crash || edge->is_crash);
}

static void
add_edge(struct member_space *space, const struct edge *edge)
{
    struct head *head = &space->heads[end_of(edge)];

    if (head->stamp != space->stamp) {
        *head = (struct head){ space->stamp, 0 };
    }
    for (uint32_t i = head->edge; i != 0; i = space->edges[i - 1].before) {
        struct edge *old = &space->edges[i - 1];
        uint32_t before = old->before;

        if (is_covered(edge, old)) {
            return;
        }
        if (is_covered(old, edge)) {
            *old = *edge;
            old->before = before;
            return;
        }
    }
    if (space->edge_count == EDGES_MAX) {
        give_up("too many ways");
    }
    space->edges[space->edge_count] = *edge;
    space->edges[space->edge_count].before = head->edge;
    space->edge_count++;
    head->edge = space->edge_count;
}

/* ---- One event, with what the node does for it ---- */

static void
blame(struct moving *moving, enum fault fault)
{
    if (moving->fault == FAULT_NONE) {
        moving->fault = fault;
    }
}

static mun_err_t
step(struct member_space *space, struct mun_con *con, struct mun_con_out *out,
     const struct mun_con_event *event)
{
    space->steps++;
    return mun_con_step(con, out, event);
}

/* Whether each of the votes is signed, and known to the member by now. */
static bool
is_known(const struct member_space *space, const struct moving *moving,
         const struct mun_con_signed *ballot)
{
    uint32_t bit = bit_of(&space->universe, &ballot->vote, ballot->member);

    if (!is_signed(&ballot->sig, &ballot->vote, ballot->member)) {
        return false;
    }
    return ballot->member == space->universe.liar ||
           (mask_of(bit) & (moving->need | moving->rest.sent)) != 0;
}

static void
check_certificate(const struct member_space *space, struct moving *moving,
                  const struct mun_certificate *certificate)
{
    struct mun_con_signed ballot = { { MUN_VOTE_PRECOMMIT, certificate->height,
                                       certificate->round, -1,
                                       certificate->header_id },
                                     0,
                                     { { 0 } } };
    uint32_t count = 0;

    for (uint32_t i = 0; i < MEMBERS; i++) {
        if ((certificate->bitmap[0] & (0x80u >> i)) == 0) {
            continue;
        }
        ballot.member = i;
        ballot.sig = certificate->sigs[count];
        count++;
        if (!is_known(space, moving, &ballot)) {
            blame(moving, FAULT_UNSOUND);
        }
    }
    if (count < 3 || count != certificate->sig_count ||
        mun_hash_is_zero(&certificate->header_id)) {
        blame(moving, FAULT_UNSOUND);
    }
}

static void
check_votes(const struct member_space *space, struct moving *moving,
            const struct mun_con_votes *votes)
{
    struct mun_con_signed ballot = { 0 };

    if (votes->count == 0) {
        return;
    }
    if (votes->count < 3) {
        blame(moving, FAULT_UNSOUND);
    }
    for (uint32_t i = 0; i < votes->count; i++) {
        mun_con_votes_get(&ballot.vote, votes, i);
        ballot.member = votes->at[i].member;
        ballot.sig = votes->at[i].sig;
        if (!is_known(space, moving, &ballot)) {
            blame(moving, FAULT_UNSOUND);
        }
    }
}

static void
take_out(struct member_space *space, struct moving *moving,
         const struct mun_con_out *out)
{
    for (uint32_t i = 0; i < out->send.count; i++) {
        const struct mun_con_signed *ballot = &out->send.ballots[i];
        uint32_t bit = bit_of(&space->universe, &ballot->vote, space->member);

        if (ballot->member != space->member ||
            !is_signed(&ballot->sig, &ballot->vote, space->member) ||
            (moving->rest.sent & mask_of(bit)) == 0) {
            blame(moving, FAULT_EARLY);
        }
    }
    if (out->has_apply) {
        check_certificate(space, moving, out->apply.certificate);
    }
    for (uint32_t i = 0; i < out->timer_count; i++) {
        if (out->timers[i].round < ROUNDS) {
            moving->armed |= 1ull << (out->timers[i].round * 8 +
                                      (uint32_t)out->timers[i].kind);
        }
    }
}

/* I5, I6: a precommit for a value goes with a lock on it. */
static void
check_lock(struct moving *moving, const struct mun_con_persist *persist)
{
    const struct mun_con_record *record = persist->record;

    if (record->valid_round < record->locked_round) {
        blame(moving, FAULT_LOCK);
    }
    for (uint32_t i = 0; i < persist->count; i++) {
        const struct mun_vote *vote = &persist->votes[i];

        if (vote->type == MUN_VOTE_PRECOMMIT && !mun_hash_is_zero(&vote->id) &&
            (record->locked_round != (int32_t)vote->round ||
             !mun_hash_eq(&record->locked_id, &vote->id))) {
            blame(moving, FAULT_LOCK);
        }
    }
}

/* I3: nothing but PERSISTED is taken now. */
static void
check_busy(struct member_space *space, struct moving *moving)
{
    struct mun_con_event event = { 0 };
    struct mun_con_out out;

    event.kind = MUN_CON_EVENT_TIMER;
    event.now_ms = NOW_MS;
    event.as.timer =
        (struct mun_con_timer){ HEIGHT, moving->rest.con.record.round,
                                MUN_CON_TIMER_PROPOSE, 0 };
    if (step(space, &moving->rest.con, &out, &event).code != MUN_ERR_BUSY) {
        blame(moving, FAULT_NOT_BUSY);
    }
}

/* Signs what the step wants signed and makes the answer. */
static void
persist_make(struct member_space *space, struct moving *moving,
             struct mun_con_event *event, const struct mun_con_persist *persist)
{
    struct rest *rest = &moving->rest;
    struct mun_con_persisted *persisted = &event->as.persisted;

    check_lock(moving, persist);
    rest->durable = *persist->record;
    rest->has_durable = true;
    memset(event, 0, sizeof(*event));
    event->kind = MUN_CON_EVENT_PERSISTED;
    event->now_ms = NOW_MS;
    persisted->count = persist->count;
    for (uint32_t i = 0; i < persist->count; i++) {
        struct mun_con_signed *ballot = &persisted->ballots[i];
        uint32_t bit =
            bit_of(&space->universe, &persist->votes[i], space->member);

        ballot->vote = persist->votes[i];
        ballot->member = space->member;
        sign(&ballot->sig, &ballot->vote, ballot->member);
        if (bit == NO_BIT) {
            blame(moving, FAULT_FOREIGN);
        }
        rest->sent |= mask_of(bit);
    }
    if (is_double(rest->sent)) {
        blame(moving, FAULT_DOUBLE);
    }
}

static bool
is_back(const struct mun_con_record *now, const struct mun_con_record *before)
{
    return now->round < before->round ||
           (now->round == before->round && now->phase < before->phase);
}

static bool
is_same_votes(const struct mun_con_votes *a, const struct mun_con_votes *b)
{
    bool is_same = a->count == b->count && a->round == b->round;

    for (uint32_t i = 0; i < a->count && is_same; i++) {
        is_same = a->at[i].member == b->at[i].member &&
                  a->at[i].valid_round == b->at[i].valid_round &&
                  mun_hash_eq(&a->at[i].id, &b->at[i].id);
    }
    return is_same;
}

/* What is looked at after every step. */
static void
check_step(const struct member_space *space, struct moving *moving,
           const struct mun_con_record *before, bool is_start)
{
    const struct mun_con_record *record = &moving->rest.con.record;

    if (!is_start && is_back(record, before)) {
        blame(moving, FAULT_BACK);
    }
    if (!is_same_votes(&record->polka, &before->polka)) {
        check_votes(space, moving, &record->polka);
    }
    if (!is_same_votes(&record->entry, &before->entry)) {
        check_votes(space, moving, &record->entry);
    }
}

/* The event, and every PERSISTED that it leads to. Between two writes a crash
 * may come: what it would leave is noted. */
static void
take_all(struct member_space *space, struct moving *moving,
         const struct mun_con_event *first)
{
    struct mun_con_event event = *first;
    struct mun_con_out out;
    struct mun_con *con = &moving->rest.con;
    struct mun_con_record before;

    for (;;) {
        before = con->record;
        if (!mun_is_ok(step(space, con, &out, &event))) {
            blame(moving, FAULT_REFUSED);
            return;
        }
        if (con->record.round >= ROUNDS) {
            moving->is_beyond = true;
            return;
        }
        check_step(space, moving, &before, event.kind == MUN_CON_EVENT_STARTED);
        take_out(space, moving, &out);
        if (!out.has_persist) {
            break;
        }
        persist_make(space, moving, &event, &out.persist);
        if (space->crash_count < CRASHES_MAX) {
            struct crash *crash = &space->crashes[space->crash_count];

            crash->record = moving->rest.durable;
            crash->sent = moving->rest.sent;
            space->crash_count++;
        }
        check_busy(space, moving);
    }
    if (con->is_key_elsewhere || con->is_behind) {
        blame(moving, FAULT_SILENT);
    }
}

static void
take(struct member_space *space, struct moving *moving,
     const struct mun_con_event *event)
{
    space->crash_count = 0;
    is_check_caught = true;
    if (setjmp(check_return) == 0) {
        take_all(space, moving, event);
    } else {
        blame(moving, FAULT_CHECK);
    }
    is_check_caught = false;
}

/* ---- Events ---- */

/* Numbers of events: those of arrivals first, then these. */
enum own_event {
    OWN_WORK,
    OWN_VALUE_A,
    OWN_VALUE_B,
    OWN_VALID_A,
    OWN_VALID_B,
    OWN_VALID_C,
    OWN_TIMER_FIRST, /* one for each round and kind */
    OWN_EVENTS = OWN_TIMER_FIRST + 2 * 4,
};

static bool
is_asked(const struct mun_con *con, uint32_t value)
{
    struct mun_hash id;

    id_of(&id, value);
    for (uint32_t i = 0; i < MUN_CON_VALUES; i++) {
        if (con->values[i].verdict == MUN_CON_VERDICT_ASKED &&
            mun_hash_eq(&con->values[i].id, &id)) {
            return true;
        }
    }
    return false;
}

/* Returns false when the world does not have this event now. */
static bool
own_event_make(struct mun_con_event *out, const struct moving *moving,
               uint32_t own)
{
    const struct mun_con *con = &moving->rest.con;
    uint32_t timer = own - OWN_TIMER_FIRST;

    memset(out, 0, sizeof(*out));
    out->now_ms = NOW_MS;
    if (own == OWN_WORK) {
        out->kind = MUN_CON_EVENT_WORK;
        return con->is_idle;
    }
    if (own == OWN_VALUE_A || own == OWN_VALUE_B) {
        out->kind = MUN_CON_EVENT_VALUE;
        out->as.value.height = HEIGHT;
        out->as.value.round = con->record.round;
        out->as.value.time_ms = NOW_MS;
        id_of(&out->as.value.id, own - OWN_VALUE_A + VALUE_A);
        return con->is_value_asked;
    }
    if (own < OWN_TIMER_FIRST) {
        uint32_t value = own - OWN_VALID_A + VALUE_A;

        out->kind = MUN_CON_EVENT_VALIDITY;
        out->as.validity.height = HEIGHT;
        out->as.validity.is_valid = value != VALUE_C;
        out->as.validity.time_ms = NOW_MS;
        id_of(&out->as.validity.id, value);
        return is_asked(con, value);
    }
    out->kind = MUN_CON_EVENT_TIMER;
    out->as.timer =
        (struct mun_con_timer){ HEIGHT, timer / 4,
                                (enum mun_con_timer_kind)(timer % 4 + 1), 0 };
    return (moving->armed >> (timer / 4 * 8 + (uint32_t)out->as.timer.kind) &
            1) != 0;
}

/* Brings event number `moving->next` to a copy. Returns false when it cannot
 * come. */
static bool
try_event(struct member_space *space, struct moving *out,
          const struct moving *moving)
{
    struct mun_con_event event = { 0 };
    uint32_t number = moving->next;

    if (number >= space->arrivals.count) {
        if (!own_event_make(&event, moving, number - space->arrivals.count)) {
            return false;
        }
        memcpy(out, moving, MOVING_BYTES);
    } else {
        const struct arrival *arrival = &space->arrivals.at[number];

        /* Two ballots of one member, round and type cannot both be there. */
        if (moving->left == 0 || (arrival->own & ~moving->rest.sent) != 0 ||
            (moving->has_several && !arrival->is_proposal) ||
            is_double(moving->need | arrival->need)) {
            return false;
        }
        memcpy(out, moving, MOVING_BYTES);
        out->has_several = arrival->is_several;
        out->need |= arrival->need;
        out->liars |= arrival->liars;
        out->left--;
        event.kind = MUN_CON_EVENT_MESSAGE;
        event.now_ms = NOW_MS;
        event.as.message = &space->arrivals.messages[number];
    }
    take(space, out, &event);
    return true;
}

/* Passes over messages when none may come, and over certificates and votes when
 * one has come. */
static void
skip_events(const struct member_space *space, struct moving *moving)
{
    const struct arrivals *arrivals = &space->arrivals;

    if (moving->next < arrivals->count &&
        (moving->left == 0 || (moving->next >= arrivals->single_count &&
                               moving->left < space->options.messages_max))) {
        moving->next = arrivals->count;
    }
}

/* ---- The ways out of one state at rest ---- */

/* Whether this state was met with at least as many messages left. Its form has
 * begun. */
static bool
was_seen(struct member_space *space, const struct moving *moving)
{
    uint64_t hash[2];
    uint32_t at = 0;

    put_moving(&space->form, moving);
    form_hash(hash, &space->form);
    at = (uint32_t)hash[0] % (1u << SEEN_BITS);
    for (uint32_t tries = 0;; tries++) {
        struct seen *seen = &space->seen[at];

        if (tries == 1u << SEEN_BITS) {
            give_up("too many states between two at rest");
        }
        if (seen->stamp != space->stamp) {
            *seen = (struct seen){ { hash[0], hash[1] },
                                   space->stamp,
                                   moving->left };
            return false;
        }
        if (seen->hash[0] == hash[0] && seen->hash[1] == hash[1]) {
            bool is_enough = seen->left >= moving->left;

            seen->left = is_enough ? seen->left : moving->left;
            return is_enough;
        }
        at = (at + 1) % (1u << SEEN_BITS);
    }
}

/* Whether the state is still the one at rest that it came from. Begins its
 * form. */
static bool
is_resting(struct member_space *space, const struct moving *moving)
{
    struct form *form = &space->form;

    form->len = 0;
    put_rest(form, &moving->rest);
    return form->len == space->from.len &&
           memcmp(form->b, space->from.b, form->len) == 0;
}

/* The state after a crash and a start with the record, or without any. */
static void
restart(struct member_space *space, struct moving *out,
        const struct mun_con_record *record, uint64_t sent)
{
    struct mun_con_event event = { 0 };
    struct mun_con_record copy;

    memset(out, 0, sizeof(*out));
    out->rest.sent = sent;
    MUN_CHECK(mun_is_ok(mun_con_init(&out->rest.con, &space->config)));
    event.kind = MUN_CON_EVENT_STARTED;
    event.now_ms = NOW_MS;
    event.as.started.height = HEIGHT;
    event.as.started.members = &space->members;
    event.as.started.own_index = space->member;
    if (record != NULL) {
        copy = *record;
        event.as.started.record = &copy;
        out->rest.has_durable = true;
        out->rest.durable = copy;
        /* What the record's votes rest on was known when it was written. */
        out->need = UINT64_MAX;
    }
    take(space, out, &event);
    out->need = 0;
}

static void
add_way(struct member_space *space, const struct moving *moving, bool is_crash)
{
    struct edge edge = { 0 };

    edge.need = moving->need;
    edge.liars = moving->liars;
    edge.is_crash = is_crash;
    edge.is_beyond = moving->is_beyond && moving->fault == FAULT_NONE;
    edge.fault = moving->fault;
    if (moving->fault == FAULT_NONE && !moving->is_beyond) {
        edge.to = rest_number(space, &moving->rest);
    }
    add_edge(space, &edge);
}

/* A crash after each write but the last, whose crash is the next state's. */
static void
add_crashes(struct member_space *space, const struct moving *moving)
{
    struct crash crashes[CRASHES_MAX];
    uint32_t count = space->crash_count;
    struct moving after;

    memcpy(crashes, space->crashes, sizeof(crashes));
    for (uint32_t i = 0; i + 1 < count; i++) {
        restart(space, &after, &crashes[i].record, crashes[i].sent);
        after.need = moving->need;
        after.liars = moving->liars;
        add_way(space, &after, true);
    }
}

/* What follows from one state on its way: a rest, a dead end, or more. */
static bool
is_on_its_way(struct member_space *space, const struct moving *moving)
{
    if (moving->fault != FAULT_NONE || moving->is_beyond ||
        !is_resting(space, moving)) {
        add_way(space, moving, false);
        if (space->options.has_crashes) {
            add_crashes(space, moving);
        }
        return false;
    }
    return !was_seen(space, moving);
}

static void
start_of(struct member_space *space, struct moving *out,
         const struct rest *from)
{
    struct mun_con_event event = { 0 };

    memset(out, 0, sizeof(*out));
    out->rest = *from;
    out->left = space->options.messages_max;
    if (!from->con.is_idle) {
        out->armed = 1ull << (from->con.record.round * 8 +
                              (uint32_t)MUN_CON_TIMER_PROPOSE);
    }
    /* Sends again what was sent (I2 is looked at), and lets the rules ask
     * again for verdicts that were forgotten. */
    event.kind = MUN_CON_EVENT_TIMER;
    event.now_ms = NOW_MS;
    event.as.timer = (struct mun_con_timer){ HEIGHT, from->con.record.round,
                                             MUN_CON_TIMER_RESEND, 0 };
    take(space, out, &event);
}

static void
expand(struct member_space *space, uint32_t number)
{
    struct rest from = space->rests[number];
    struct moving *stack = space->stack;
    uint32_t events = space->arrivals.count + OWN_EVENTS;
    uint32_t depth = 0;

    space->glances[number].edge_first = space->edge_count;
    space->glances[number].is_expanded = true;
    space->stamp++;
    space->from = space->forms[number];
    if (!from.con.is_decided) {
        start_of(space, &stack[0], &from);
        depth = is_on_its_way(space, &stack[0]) ? 1 : 0;
        if (space->options.has_crashes && is_durable(&from)) {
            restart(space, &stack[1], &from.durable, from.sent);
            add_way(space, &stack[1], true);
        }
    }
    while (depth > 0) {
        struct moving *top = &stack[depth - 1];

        skip_events(space, top);
        if (top->next == events) {
            depth--;
            continue;
        }
        MUN_CHECK(depth < DEPTH_MAX);
        if (try_event(space, &stack[depth], top) &&
            is_on_its_way(space, &stack[depth])) {
            stack[depth].next = 0;
            depth++;
        }
        top->next++;
    }
    space->glances[number].edge_count =
        space->edge_count - space->glances[number].edge_first;
}

/* ---- Walks, where nothing is forgotten ---- */

struct walker {
    struct moving moving;
};

void
walker_open(struct walker **out, struct member_space *space)
{
    *out = memory(1, sizeof(**out));
    restart(space, &(*out)->moving, NULL, 0);
}

void
walker_close(struct walker *walker)
{
    free(walker);
}

uint64_t
walker_sent(const struct walker *walker)
{
    return walker->moving.rest.sent;
}

bool
walker_is_beyond(const struct walker *walker)
{
    return walker->moving.is_beyond;
}

bool
walker_is_decided(const struct walker *walker)
{
    return walker->moving.rest.con.is_decided;
}

enum fault
walker_fault(const struct walker *walker)
{
    return walker->moving.fault;
}

uint32_t
walk_events(const struct member_space *space)
{
    return space->arrivals.count + OWN_EVENTS + 1;
}

bool
walk(struct member_space *space, struct walker *walker, uint32_t event,
     const struct walk_bound *bound)
{
    struct moving *moving = &walker->moving;
    struct mun_con_event made = { 0 };

    if (moving->is_beyond || moving->fault != FAULT_NONE) {
        return false;
    }
    moving->need = bound->soup;
    if (event == space->arrivals.count + OWN_EVENTS) {
        struct mun_con_record record = moving->rest.durable;
        bool has_record = moving->rest.has_durable;

        if (!bound->has_crash || moving->rest.con.is_decided) {
            return false;
        }
        restart(space, moving, has_record ? &record : NULL, moving->rest.sent);
        return true;
    }
    if (event >= space->arrivals.count) {
        if (!own_event_make(&made, moving, event - space->arrivals.count)) {
            return false;
        }
    } else {
        const struct arrival *arrival = &space->arrivals.at[event];

        if (((arrival->need | arrival->own) & ~bound->soup) != 0 ||
            (arrival->liars & ~bound->liars) != 0) {
            return false;
        }
        made.kind = MUN_CON_EVENT_MESSAGE;
        made.now_ms = NOW_MS;
        made.as.message = &space->arrivals.messages[event];
    }
    take(space, moving, &made);
    return true;
}

uint32_t
walker_rest(const struct member_space *space, const struct walker *walker)
{
    struct form form = { 0 };

    put_rest(&form, &walker->moving.rest);
    return find_rest(space, &form);
}

uint32_t
walker_holds(const struct walker *walker)
{
    return holds_of(&walker->moving.rest);
}

/* ---- The space ---- */

static void
members_make(struct mun_members *out)
{
    memset(out, 0, sizeof(*out));
    out->count = MEMBERS;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        out->at[i].party.b[0] = (uint8_t)(i + 1);
        out->at[i].key.b[0] = MUN_ALG_SECP256K1;
        out->at[i].key.b[1] = (uint8_t)(i + 1);
    }
}

void
member_open(struct member_space **out, const struct universe *universe,
            uint32_t member, const struct member_options *options)
{
    struct member_space *space = memory(1, sizeof(*space));
    struct mun_hash chain_id = { { 0 } };

    space->universe = *universe;
    space->member = member;
    space->options = *options;
    members_make(&space->members);
    mun_con_config_default(&space->config, &chain_id);
    arrivals_make(&space->arrivals, universe, member);
    space->rests = memory(RESTS_MAX, sizeof(*space->rests));
    space->forms = memory(RESTS_MAX, sizeof(*space->forms));
    space->glances = memory(RESTS_MAX, sizeof(*space->glances));
    space->index = memory(INDEX_SIZE, sizeof(*space->index));
    space->edges = memory(EDGES_MAX, sizeof(*space->edges));
    space->heads = memory(ENDS_MAX, sizeof(*space->heads));
    space->seen = memory(1u << SEEN_BITS, sizeof(*space->seen));
    space->stack = memory(DEPTH_MAX + 1, sizeof(*space->stack));
    restart(space, &space->stack[0], NULL, 0);
    MUN_CHECK(space->stack[0].fault == FAULT_NONE);
    MUN_CHECK(rest_number(space, &space->stack[0].rest) == 0);
    *out = space;
}

void
member_close(struct member_space *space)
{
    if (space == NULL) {
        return;
    }
    free(space->rests);
    free(space->forms);
    free(space->glances);
    free(space->index);
    free(space->edges);
    free(space->heads);
    free(space->seen);
    free(space->stack);
    free(space);
}

const struct glance *
member_glance(const struct member_space *space, uint32_t rest)
{
    MUN_CHECK(rest < space->count);
    return &space->glances[rest];
}

const struct edge *
member_edges(struct member_space *space, uint32_t rest)
{
    MUN_CHECK(rest < space->count);
    if (!space->glances[rest].is_expanded) {
        expand(space, rest);
    }
    return &space->edges[space->glances[rest].edge_first];
}

uint32_t
member_count(const struct member_space *space)
{
    return space->count;
}

uint64_t
member_steps(const struct member_space *space)
{
    return space->steps;
}

static char
letter(const struct mun_hash *id)
{
    return "-ABC?"[value_of(id)];
}

void
member_text(char *out, size_t out_len, const struct member_space *space,
            uint32_t rest)
{
    const struct mun_con *con = &space->rests[rest].con;
    const struct mun_con_record *record = &con->record;
    static const char *const phases[] = { "?", "propose", "prevote",
                                          "precommit" };

    (void)snprintf(out, out_len,
                   "member %u: round %d %s locked %c/%d valid %c/%d%s%c",
                   space->member, con->is_idle ? -1 : (int)record->round,
                   phases[record->phase], letter(&record->locked_id),
                   record->locked_round, letter(&record->valid_id),
                   record->valid_round, con->is_decided ? " decided " : " ",
                   con->is_decided ? letter(&con->certificate.header_id) : ' ');
}
