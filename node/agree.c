#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "consensus/rotation.h"
#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "node/clock.h"
#include "node/ledger_int.h"
#include "node/peer_api.h"

/* Events that follow from one step: the signed votes, the next height, a value
 * and some verdicts. */
#define AGENDA_MAX 16

/* Entries that came to us reach the proposer as soon as us. Until so long it
 * alone makes a block of them. */
#define PATIENCE_MS 50

/* A block that was built longer ago is built again: its time has to be near. */
#define STALE_MS 1000

/* A peer that is one height further decided a moment ago, as we are about to.
 */
#define MOMENT_MS 100

/* How often a member without its record asks the others for their heights. */
#define ASK_MS 2000

struct agenda {
    uint32_t count;
    struct mun_con_event at[AGENDA_MAX];
};

static void
push(struct agenda *agenda, const struct mun_con_event *event)
{
    MUN_CHECK(agenda->count < AGENDA_MAX);
    agenda->at[agenda->count] = *event;
    agenda->count++;
}

static void
push_first(struct agenda *agenda, const struct mun_con_event *event)
{
    MUN_CHECK(agenda->count < AGENDA_MAX);
    memmove(agenda->at + 1, agenda->at, agenda->count * sizeof agenda->at[0]);
    agenda->at[0] = *event;
    agenda->count++;
}

static struct mun_con_event
pop(struct agenda *agenda)
{
    struct mun_con_event event = agenda->at[0];

    agenda->count--;
    memmove(agenda->at, agenda->at + 1, agenda->count * sizeof agenda->at[0]);
    return event;
}

static bool
is_alone(const struct mun_ledger *ledger)
{
    return ledger->config.members->count == 1;
}

/* Effects */

static void
sign(struct mun_ledger *ledger, struct mun_con_persisted *out)
{
    const struct mun_con_persist *persist = &ledger->out.persist;

    memset(out, 0, sizeof *out);
    out->count = persist->count;
    for (uint32_t i = 0; i < persist->count; i++) {
        struct mun_hash digest;

        out->ballots[i].vote = persist->votes[i];
        out->ballots[i].member = ledger->own_index;
        mun_con_vote_digest(&digest, &ledger->con, &persist->votes[i]);
        mun_signer_sign(ledger->config.signer, &out->ballots[i].sig, &digest);
    }
}

/* The bytes of the values that a record names stay with it. */
static mun_err_t
keep_values(struct mun_ledger *ledger, const struct mun_con_record *record)
{
    const struct mun_hash *ids[] = {
        &record->own[MUN_VOTE_PROPOSAL - 1].id,
        &record->locked_id,
        &record->valid_id,
    };

    for (uint32_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct mun_blob *blob = mun_values_get(ledger->config.values, ids[i]);
        mun_err_t err = MUN_SUCCESS;

        if (blob != NULL) /* none of the zero id */
            err = mun_store_keep_value(ledger->config.store, ids[i],
                                       mun_blob_bytes(blob));
        mun_blob_drop(blob);
        MUN_TRY(err);
    }
    return MUN_SUCCESS;
}

/* With one member the writes wait for the block: consensus/README.md section
 * 10. */
static mun_err_t
persist(struct mun_ledger *ledger, struct agenda *agenda)
{
    const struct mun_con_persist *wish = &ledger->out.persist;
    struct mun_con_event event = { .kind = MUN_CON_EVENT_PERSISTED };
    const struct mun_high_water mark = {
        .height = ledger->header.height,
        .header_id = ledger->header_id,
        .signed_height = wish->record->height,
        .signed_round = wish->record->round,
        .signed_step = (uint8_t)wish->record->phase,
    };
    struct mun_wr wr;

    ledger->record = *wish->record;
    ledger->has_record = true;
    if (!mun_con_may_defer_sync(&ledger->con)) {
        MUN_TRY(keep_values(ledger, wish->record));
        mun_wr_init(&wr, ledger->record_bytes, sizeof ledger->record_bytes);
        mun_con_record_encode(&wr, &ledger->record);
        MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
        MUN_TRY(mun_store_put_consensus(ledger->config.store, mun_wr_done(&wr),
                                        &mark));
    }
    sign(ledger, &event.as.persisted);
    push_first(agenda, &event);
    return MUN_SUCCESS;
}

/* `value` goes behind the message when it is small. */
static void
send_message(struct mun_ledger *ledger, const struct mun_con_msg *msg,
             struct mun_bytes value)
{
    static uint8_t buffer[MUN_PEER_MESSAGE_BYTES_MAX];
    struct mun_blob *blob = NULL;
    struct mun_wr wr;

    _Static_assert(sizeof buffer >= MUN_CON_MSG_BYTES_MAX, "holds any message");
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_con_msg_encode(&wr, msg);
    if (value.len > 0 && value.len <= MUN_PEER_INLINE_MAX)
        mun_wr_copy(&wr, value.data, value.len);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    blob = mun_blob_new(mun_wr_done(&wr));
    if (blob != NULL) /* without memory it is as if it were lost */
        mun_peers_send(ledger->config.peers, blob);
    mun_blob_drop(blob);
}

static void
send_ballot(struct mun_ledger *ledger, const struct mun_con_signed *ballot)
{
    static struct mun_con_msg msg;
    struct mun_blob *blob = NULL;

    if (ballot->vote.type == MUN_VOTE_PROPOSAL)
        blob = mun_values_get(ledger->config.values, &ballot->vote.id);
    /* A proposal again after a restart: the bytes may have gone. */
    mun_con_msg_from_signed(&msg, ballot,
                            blob == NULL ? 1 : (uint32_t)blob->len);
    send_message(ledger, &msg,
                 blob == NULL ? MUN_BYTES_NONE : mun_blob_bytes(blob));
    mun_blob_drop(blob);
}

static void
send_all(struct mun_ledger *ledger)
{
    const struct mun_con_send *send = &ledger->out.send;
    static struct mun_con_msg msg;

    if (is_alone(ledger))
        return;
    for (uint32_t i = 0; i < send->count; i++)
        send_ballot(ledger, &send->ballots[i]);
    for (uint32_t i = 0; i < send->votes_count; i++) {
        memset(&msg, 0, sizeof msg);
        msg.kind = MUN_CON_MSG_VOTES;
        msg.votes = *send->votes[i];
        send_message(ledger, &msg, MUN_BYTES_NONE);
    }
}

static bool
is_kept(const void *ctx, const struct mun_hash *id)
{
    return mun_con_keeps_value(ctx, id);
}

/* Room for another value of the height: the step keeps fewer than there are
 * places. False when there is none all the same, or no memory. */
static bool
put_value(struct mun_ledger *ledger, const struct mun_hash *id,
          struct mun_blob *blob)
{
    uint64_t height = ledger->header.height + 1;

    mun_values_drop_unneeded(ledger->config.values, height, is_kept,
                             &ledger->con);
    return blob != NULL &&
           mun_values_put(ledger->config.values, id, height, blob);
}

/* The value becomes the candidate. */
static mun_err_t
judge(struct mun_ledger *ledger, const struct mun_hash *id, bool *is_valid)
{
    struct mun_blob *blob = NULL;
    mun_err_t err;

    *is_valid = true;
    if (ledger->candidate.kind != MUN_CANDIDATE_NONE &&
        mun_hash_eq(&ledger->candidate.id, id))
        return MUN_SUCCESS;
    blob = mun_values_get(ledger->config.values, id);
    if (blob == NULL)
        return mun_err(MUN_ERR_NOT_FOUND);
    err = mun_ledger_judge(ledger, is_valid, blob, id);
    mun_blob_drop(blob);
    return err;
}

/* Whether a member that had lost its record votes again from `height` on. */
static void
end_recovery(struct mun_ledger *ledger, uint64_t height)
{
    uint64_t vote_from = mun_con_recovery_vote_from(&ledger->recovery);

    if (!ledger->is_recovering || vote_from == 0 || height < vote_from)
        return;
    ledger->is_recovering = false;
    ledger->own_index = ledger->member;
    atomic_store(&ledger->is_voting, true);
    mun_log(MUN_LOG_INFO, "ledger votes_again height=%" PRIu64, height);
}

static void
started(struct mun_ledger *ledger, struct mun_con_event *event)
{
    end_recovery(ledger, ledger->header.height + 1);
    memset(event, 0, sizeof *event);
    event->kind = MUN_CON_EVENT_STARTED;
    event->as.started.height = ledger->header.height + 1;
    event->as.started.members = ledger->config.members;
    event->as.started.own_index = ledger->own_index;
    event->as.started.history = &ledger->history;
    event->as.started.record = ledger->has_record ? &ledger->record : NULL;
    memset(ledger->timers_ms, 0, sizeof ledger->timers_ms);
    ledger->wish_count = 0;
    ledger->patience_ms = 0;
    ledger->behind_since_ms = 0;
}

/* The certificate inside the block that was just written comes first. */
static void
add_history(struct mun_con_history *history,
            const struct mun_certificate *certificate)
{
    memmove(history->present[1], history->present[0],
            sizeof history->present - sizeof history->present[0]);
    memcpy(history->present[0], certificate->bitmap,
           sizeof history->present[0]);
    if (history->count < MUN_CON_HISTORY_MAX)
        history->count++;
}

_Static_assert(sizeof((struct mun_certificate *)0)->bitmap ==
                   MUN_CON_BITMAP_BYTES,
               "a certificate's bitmap is a history's");

static bool
is_newest(const void *ctx, const struct mun_hash *id)
{
    const struct mun_ledger *ledger = ctx;

    return mun_hash_eq(id, &ledger->header_id);
}

static mun_err_t
apply(struct mun_ledger *ledger, struct agenda *agenda)
{
    const struct mun_con_apply *wish = &ledger->out.apply;
    struct mun_certificate inside = ledger->certificate;
    struct mun_con_event event;
    bool is_valid = false;

    MUN_TRY(judge(ledger, &wish->id, &is_valid));
    if (!is_valid) /* the step decides on values that were judged valid */
        return mun_err(MUN_ERR_INTERNAL);
    MUN_TRY(mun_ledger_commit(ledger, wish->certificate));
    /* Of this height the decided block is given to others for a while. */
    mun_values_drop_unneeded(ledger->config.values, ledger->header.height,
                             is_newest, ledger);
    /* Block 1 holds an empty one: it says nothing of anybody. */
    if (inside.height > 0)
        add_history(&ledger->history, &inside);
    mun_peers_forget(ledger->config.peers);
    mun_values_drop_below(ledger->config.values, ledger->header.height);
    started(ledger, &event);
    push(agenda, &event);
    return MUN_SUCCESS;
}

static mun_err_t
offer_value(struct mun_ledger *ledger, const struct mun_con_request *request,
            struct agenda *agenda)
{
    struct mun_candidate *candidate = &ledger->candidate;
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALUE };

    if (candidate->kind != MUN_CANDIDATE_BUILT ||
        candidate->header.time_ms + STALE_MS < mun_clock_ms())
        MUN_TRY(mun_ledger_build(ledger, true));
    if (!is_alone(ledger)) {
        if (candidate->blob == NULL)
            candidate->blob = mun_blob_new(candidate->bytes);
        if (!put_value(ledger, &candidate->id, candidate->blob))
            return mun_err(MUN_ERR_MEMORY);
        candidate->bytes = mun_blob_bytes(candidate->blob);
    }
    event.as.value = (struct mun_con_value_ready){
        .height = request->height,
        .round = request->round,
        .id = candidate->id,
        .time_ms = candidate->header.time_ms,
    };
    push(agenda, &event);
    return MUN_SUCCESS;
}

static void
add_wish(struct mun_ledger *ledger, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < ledger->wish_count; i++) {
        if (mun_hash_eq(&ledger->wishes[i], id))
            return;
    }
    /* More than the step can need are old ones. */
    if (ledger->wish_count == MUN_CON_VALUES) {
        memmove(ledger->wishes, ledger->wishes + 1,
                (MUN_CON_VALUES - 1) * sizeof ledger->wishes[0]);
        ledger->wish_count--;
    }
    ledger->wishes[ledger->wish_count] = *id;
    ledger->wish_count++;
}

static bool
take_wish(struct mun_ledger *ledger, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < ledger->wish_count; i++) {
        if (mun_hash_eq(&ledger->wishes[i], id)) {
            ledger->wish_count--;
            ledger->wishes[i] = ledger->wishes[ledger->wish_count];
            return true;
        }
    }
    return false;
}

static mun_err_t
offer_verdict(struct mun_ledger *ledger, const struct mun_hash *id,
              struct agenda *agenda)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALIDITY };
    bool is_valid = false;
    mun_err_t err = judge(ledger, id, &is_valid);

    if (err.code == MUN_ERR_NOT_FOUND) {
        add_wish(ledger, id);
        mun_peers_want_value(ledger->config.peers, id);
        return MUN_SUCCESS;
    }
    MUN_TRY(err);
    event.as.validity.height = ledger->header.height + 1;
    event.as.validity.id = *id;
    event.as.validity.is_valid = is_valid;
    event.as.validity.time_ms = is_valid ? ledger->candidate.header.time_ms : 0;
    push(agenda, &event);
    return MUN_SUCCESS;
}

static mun_err_t
answer(struct mun_ledger *ledger, const struct mun_con_request *request,
       struct agenda *agenda)
{
    switch (request->kind) {
    case MUN_CON_REQUEST_VALUE:
        return offer_value(ledger, request, agenda);
    case MUN_CON_REQUEST_VALIDITY:
        return offer_verdict(ledger, &request->id, agenda);
    case MUN_CON_REQUEST_CATCH_UP:
        /* Whoever is ahead says so in its next answer. */
        return MUN_SUCCESS;
    }
    MUN_UNREACHABLE();
}

static void
set_timers(struct mun_ledger *ledger, uint64_t now_ms)
{
    for (uint32_t i = 0; i < ledger->out.timer_count; i++) {
        const struct mun_con_timer *timer = &ledger->out.timers[i];
        uint32_t at = (uint32_t)timer->kind - 1;

        /* Clocks on the wall jump; the wait does not. */
        ledger->timers[at] = *timer;
        ledger->timers_ms[at] =
            mun_clock_monotonic_ms() + (timer->deadline_ms - now_ms);
    }
}

static void
tell(struct mun_ledger *ledger)
{
    const struct mun_con_out *out = &ledger->out;

    if ((out->notices & MUN_CON_NOTICE_OWN_KEY) != 0)
        mun_log(MUN_LOG_BROKEN,
                "consensus own_key_elsewhere height=%" PRIu64
                " text=\"our key signed what this node did not: it does not "
                "vote any more\"",
                ledger->header.height + 1);
    if ((out->notices & MUN_CON_NOTICE_INVALID_QUORUM) != 0 &&
        ledger->told_height != ledger->header.height + 1) {
        ledger->told_height = ledger->header.height + 1;
        mun_log(MUN_LOG_BROKEN,
                "consensus invalid_quorum height=%" PRIu64
                " text=\"a quorum stands for a block that is not valid here\"",
                ledger->header.height + 1);
    }
    if (out->has_evidence) {
        atomic_fetch_add(&ledger->config.metrics->equivocations, 1);
        mun_log(MUN_LOG_UNUSUAL,
                "consensus equivocation member=%u height=%" PRIu64 " round=%u",
                (unsigned)out->evidence.first.member,
                out->evidence.first.vote.height,
                (unsigned)out->evidence.first.vote.round);
    }
}

/* Gives one event to the step, carries out what it says, and gives it what
 * follows, until all that is left has to wait. */
static mun_err_t
give(struct mun_ledger *ledger, const struct mun_con_event *first)
{
    struct agenda agenda = { 0 };

    push(&agenda, first);
    while (agenda.count > 0) {
        struct mun_con_event event = pop(&agenda);
        const struct mun_con_out *out = &ledger->out;

        event.now_ms = mun_clock_ms();
        MUN_TRY(mun_con_step(&ledger->con, &ledger->out, &event));
        tell(ledger);
        atomic_store(&ledger->config.metrics->round,
                     mun_con_round(&ledger->con));
        set_timers(ledger, event.now_ms);
        if (out->has_persist)
            MUN_TRY(persist(ledger, &agenda));
        send_all(ledger);
        if (out->has_apply) {
            MUN_TRY(apply(ledger, &agenda));
            continue;
        }
        for (uint32_t i = 0; i < out->request_count; i++)
            MUN_TRY(answer(ledger, &out->requests[i], &agenda));
    }
    return MUN_SUCCESS;
}

/* Events */

mun_err_t
mun_ledger_begin_height(struct mun_ledger *ledger)
{
    struct mun_con_event event;

    started(ledger, &event);
    return give(ledger, &event);
}

mun_err_t
mun_ledger_load_history(struct mun_ledger *ledger)
{
    uint64_t height = ledger->header.height;
    uint64_t first =
        height > MUN_CON_HISTORY_MAX ? height - MUN_CON_HISTORY_MAX + 1 : 2;

    /* The certificate inside block h is that of h - 1. */
    for (uint64_t h = first; h <= height; h++) {
        struct mun_bytes bytes;
        struct mun_block block;

        mun_arena_reset(&ledger->scratch, 0);
        MUN_TRY(
            mun_store_block(ledger->config.store, &ledger->scratch, h, &bytes));
        MUN_TRY(mun_block_decode(&block, bytes));
        add_history(&ledger->history, &block.certificate);
    }
    mun_arena_reset(&ledger->scratch, 0);
    return MUN_SUCCESS;
}

/* A value that was asked for, and is whole (peers.h). */
static mun_err_t
take_value(struct mun_ledger *ledger, struct mun_blob *blob)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_VALIDITY };
    struct mun_block block;
    struct mun_hash id;
    struct agenda agenda = { 0 };

    if (!mun_is_ok(mun_block_decode(&block, mun_blob_bytes(blob))))
        return MUN_SUCCESS;
    mun_header_id(&id, &block.header);
    if (!take_wish(ledger, &id))
        return MUN_SUCCESS;
    if (!mun_con_needs_value(&ledger->con, &id) ||
        !put_value(ledger, &id, blob))
        return MUN_SUCCESS;
    MUN_TRY(offer_verdict(ledger, &id, &agenda));
    if (agenda.count == 0)
        return MUN_SUCCESS;
    event = pop(&agenda);
    return give(ledger, &event);
}

/* The block of the proposal that comes next, whole (inbox.h). */
static void
take_proposed(struct mun_ledger *ledger, struct mun_blob *blob)
{
    static struct mun_block block;
    struct mun_hash id;

    if (!mun_is_ok(mun_block_decode(&block, mun_blob_bytes(blob))))
        return;
    mun_header_id(&id, &block.header);
    (void)put_value(ledger, &id, blob); /* no room: it is fetched */
}

/* One decided block with its certificate; *is_good is false when it does not
 * follow our newest, or its certificate is wrong. */
static mun_err_t
take_decided(struct mun_ledger *ledger, struct mun_bytes bytes,
             struct mun_bytes certificate, bool *is_good)
{
    static struct mun_con_msg msg;
    static struct mun_con_msg_checked checked;
    const struct mun_con_check against = { &ledger->header.chain_id,
                                           ledger->header.height + 1,
                                           ledger->config.members };
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };
    static struct mun_block block;
    struct mun_blob *blob = NULL;
    struct mun_hash id;
    struct mun_rd rd;
    bool is_there;

    *is_good = false;
    memset(&msg, 0, sizeof msg);
    msg.kind = MUN_CON_MSG_CERTIFICATE;
    mun_rd_init(&rd, certificate);
    mun_certificate_decode(&rd, &msg.certificate);
    if (!mun_is_ok(mun_rd_finish(&rd)) ||
        !mun_is_ok(mun_con_msg_check(&checked, &msg, &against)) ||
        !mun_is_ok(mun_block_decode(&block, bytes)))
        return MUN_SUCCESS;
    mun_header_id(&id, &block.header);
    if (!mun_hash_eq(&id, &msg.certificate.header_id) ||
        !mun_block_is_whole(&block))
        return MUN_SUCCESS;
    *is_good = true;
    blob = mun_blob_new(bytes);
    is_there = put_value(ledger, &id, blob);
    mun_blob_drop(blob);
    if (!is_there) /* memory is short; the block comes again */
        return MUN_SUCCESS;
    /* Asked for already, and now it is here: the step asks only once. */
    if (take_wish(ledger, &id)) {
        struct agenda agenda = { 0 };
        struct mun_con_event verdict;

        MUN_TRY(offer_verdict(ledger, &id, &agenda));
        verdict = pop(&agenda);
        MUN_TRY(give(ledger, &verdict));
    }
    if (ledger->header.height + 1 != msg.certificate.height)
        return MUN_SUCCESS;
    event.as.message = &checked;
    return give(ledger, &event);
}

static mun_err_t
take_blocks(struct mun_ledger *ledger, const struct mun_inbox_item *item)
{
    struct mun_rd rd;
    bool is_good = true;
    uint64_t before = ledger->header.height;

    mun_rd_init(&rd, mun_blob_bytes(item->blob));
    while (rd.left > 0 && is_good) {
        struct mun_bytes block = mun_rd_run32(&rd, MUN_CON_VALUE_BYTES_MAX);
        struct mun_bytes certificate = mun_rd_run32(&rd, MUN_CON_MSG_BYTES_MAX);
        static struct mun_block decoded;

        if (mun_rd_failed(&rd) || !mun_is_ok(mun_block_decode(&decoded, block)))
            is_good = false;
        else if (decoded.header.height == ledger->header.height + 1)
            MUN_TRY(take_decided(ledger, block, certificate, &is_good));
        else /* decided meanwhile, or it leaves a gap */
            is_good = decoded.header.height <= ledger->header.height;
    }
    if (!is_good)
        mun_peers_blame(ledger->config.peers, item->peer);
    else if (ledger->header.height > before &&
             ledger->header.height < ledger->peer_height)
        mun_peers_want_blocks(ledger->config.peers, item->peer,
                              ledger->header.height + 1);
    return MUN_SUCCESS;
}

static void
take_height(struct mun_ledger *ledger, const struct mun_inbox_item *item)
{
    uint64_t now_ms = mun_clock_monotonic_ms();

    if (item->height > ledger->peer_height)
        ledger->peer_height = item->height;
    if (item->height <= ledger->header.height)
        return;
    if (ledger->behind_since_ms == 0)
        ledger->behind_since_ms = now_ms;
    if (item->height > ledger->header.height + 1 ||
        mun_con_is_behind(&ledger->con) ||
        now_ms >= ledger->behind_since_ms + MOMENT_MS)
        mun_peers_want_blocks(ledger->config.peers, item->peer,
                              ledger->header.height + 1);
}

static void
take_status(struct mun_ledger *ledger, struct mun_bytes bytes)
{
    const struct mun_con_check against = { &ledger->header.chain_id, 0,
                                           ledger->config.members };
    struct mun_con_status status;

    if (!ledger->is_recovering ||
        !mun_is_ok(mun_con_status_decode(&status, bytes)) ||
        !mun_is_ok(mun_con_status_check(&status, &ledger->nonce, &against)))
        return;
    ledger->has_claim[status.member] = true;
    ledger->claims[status.member] = status.height;
}

void
mun_ledger_recover(struct mun_ledger *ledger)
{
    uint64_t now_ms = mun_clock_monotonic_ms();

    if (!ledger->is_recovering)
        return;
    /* A claim counts once we have that block, with its certificate: nobody can
     * show one that does not exist. */
    for (uint32_t i = 0; i < ledger->config.members->count; i++) {
        if (ledger->has_claim[i] && ledger->claims[i] <= ledger->header.height)
            mun_con_recovery_add(&ledger->recovery, i, ledger->claims[i]);
    }
    if (now_ms < ledger->asked_ms + ASK_MS)
        return;
    ledger->asked_ms = now_ms;
    mun_peers_want_status(ledger->config.peers, &ledger->nonce);
}

static mun_err_t
take_item(struct mun_ledger *ledger, const struct mun_inbox_item *item)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_MESSAGE };

    switch (item->kind) {
    case MUN_INBOX_MESSAGE:
        event.as.message = mun_inbox_message_of(item);
        return give(ledger, &event);
    case MUN_INBOX_VALUE:
        return take_value(ledger, item->blob);
    case MUN_INBOX_PROPOSED:
        take_proposed(ledger, item->blob);
        return MUN_SUCCESS;
    case MUN_INBOX_BLOCKS:
        return take_blocks(ledger, item);
    case MUN_INBOX_STATUS:
        take_status(ledger, mun_blob_bytes(item->blob));
        return MUN_SUCCESS;
    case MUN_INBOX_HEIGHT:
        take_height(ledger, item);
        return MUN_SUCCESS;
    }
    MUN_UNREACHABLE();
}

mun_err_t
mun_ledger_inbox(struct mun_ledger *ledger)
{
    struct mun_inbox_item item;
    mun_err_t err = MUN_SUCCESS;

    while (mun_is_ok(err) && mun_inbox_take(ledger->config.inbox, &item)) {
        err = take_item(ledger, &item);
        mun_blob_drop(item.blob);
    }
    return err;
}

mun_err_t
mun_ledger_timers(struct mun_ledger *ledger)
{
    for (uint32_t i = 0; i < MUN_CON_TIMERS_MAX; i++) {
        struct mun_con_event event = { .kind = MUN_CON_EVENT_TIMER };

        if (ledger->timers_ms[i] == 0 ||
            mun_clock_monotonic_ms() < ledger->timers_ms[i])
            continue;
        ledger->timers_ms[i] = 0;
        event.as.timer = ledger->timers[i];
        MUN_TRY(give(ledger, &event));
    }
    return MUN_SUCCESS;
}

/* How long until a block is due although nothing happened. */
static uint64_t
idle_ms(const struct mun_ledger *ledger)
{
    uint64_t due_ms = ledger->header.time_ms + ledger->config.freshness_ms;
    uint64_t now_ms = mun_clock_ms();

    return due_ms > now_ms ? due_ms - now_ms : 0;
}

static bool
is_proposer(const struct mun_ledger *ledger)
{
    const struct mun_con_turn turn = { ledger->header.height + 1, 0,
                                       ledger->config.members->count };

    return mun_con_proposer(&ledger->history, &turn) == ledger->own_index;
}

static bool
has_work(const struct mun_ledger *ledger)
{
    return ledger->own_index != MUN_CON_OBSERVER &&
           mun_con_is_idle(&ledger->con) &&
           (ledger->queue.count > 0 || idle_ms(ledger) == 0);
}

mun_err_t
mun_ledger_work(struct mun_ledger *ledger)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_WORK };
    uint64_t now_ms = mun_clock_monotonic_ms();
    uint64_t height = ledger->header.height;

    if (!has_work(ledger)) {
        ledger->patience_ms = 0;
        return MUN_SUCCESS;
    }
    if (!is_proposer(ledger) && ledger->patience_ms == 0)
        ledger->patience_ms = now_ms + PATIENCE_MS;
    if (now_ms < ledger->patience_ms)
        return MUN_SUCCESS;
    MUN_TRY(mun_ledger_build(ledger, idle_ms(ledger) == 0));
    if (ledger->candidate.kind == MUN_CANDIDATE_NONE)
        return MUN_SUCCESS;
    MUN_TRY(give(ledger, &event));
    if (!is_alone(ledger) || ledger->header.height > height)
        return MUN_SUCCESS;
    mun_log(MUN_LOG_BROKEN, "ledger undecided height=%" PRIu64 " round=%u",
            height + 1, (unsigned)mun_con_round(&ledger->con));
    return mun_err(MUN_ERR_INTERNAL);
}

uint64_t
mun_ledger_deadline_ms(const struct mun_ledger *ledger)
{
    uint64_t now_ms = mun_clock_monotonic_ms();
    uint64_t deadline_ms = now_ms + 60000;

    for (uint32_t i = 0; i < MUN_CON_TIMERS_MAX; i++) {
        if (ledger->timers_ms[i] > 0 && ledger->timers_ms[i] < deadline_ms)
            deadline_ms = ledger->timers_ms[i];
    }
    if (ledger->own_index == MUN_CON_OBSERVER || !mun_con_is_idle(&ledger->con))
        return deadline_ms;
    if (has_work(ledger))
        return ledger->patience_ms > now_ms ? ledger->patience_ms : now_ms;
    return now_ms + idle_ms(ledger) < deadline_ms ? now_ms + idle_ms(ledger)
                                                  : deadline_ms;
}
