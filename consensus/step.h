#ifndef MUN_CONSENSUS_STEP_H
#define MUN_CONSENSUS_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "consensus/ahead.h"
#include "consensus/check.h"
#include "consensus/evidence.h"
#include "consensus/message.h"
#include "consensus/record.h"
#include "consensus/rotation.h"
#include "consensus/rounds.h"
#include "consensus/time.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/core/certificate.h"
#include "ledger/core/hash.h"
#include "ledger/core/member.h"

/* Agreement on one block a height: Tendermint's Algorithm 1 as a pure step.
 *
 * The problem: members that do not trust each other append to one ledger, up
 * to a third of them may lie, messages may be late, and any node may crash at
 * any moment. consensus/README.md has the algorithm rule by rule (R1 ...); this
 * is its shape. The state holds everything, the event brings the clock, and
 * `out` says what the node must do, from top to bottom:
 *
 *      bytes -> decode -> check ----+
 *      timers, WORK, VALUE, ... ----+-> mun_con_step(state, out, event)
 *                                   ^        |
 *                                   |        v
 *      PERSISTED <- sign, write, sync <- persist
 *                                        send      (durable already)
 *                                        apply     (the decision)
 *                                        requests  (VALUE, VALIDITY, catch up)
 *                                        timers
 *
 * A value is known by its header id alone; the node keeps the bytes.
 *
 * States of a height (functions of step.c):
 *
 *      STARTED
 *         |
 *         v     WORK, proposal,        R4 R5 R12        R7 R8 R13
 *       IDLE ------ R11 -----> PROPOSE --------> PREVOTE --------> PRECOMMIT
 *               start_round       ^   to_prevote     to_precommit     |
 *                                 +-------- R11 R14 start_round ------+
 *       any of them -- R10 decide --> DECIDED -- STARTED of a later height
 *
 * A restart (STARTED with the height's record) enters the step of the record.
 *
 * Invariants:
 *  I1  No two own messages of one height, round and type differ.
 *  I2  What is in `send`, or counted as our own, was reported durable before.
 *  I3  While a persist is outstanding nothing but PERSISTED is taken.
 *  I4  (height, round, step) never goes back.
 *  I5  A precommit for a value goes with a lock on it in the same persist.
 *  I6  valid_round >= locked_round.
 *  I7  A height is decided at most once, with a certificate of its quorum.
 *  I8  Memory is sizeof(struct mun_con), whatever arrives.
 *  I9  An idle height has no timers.
 *  I10 On an error, state is as before and `out` is empty. */

/* own_index of a node that follows and does not vote. */
#define MUN_CON_OBSERVER UINT32_MAX

/* init + round * delta, at most cap. */
struct mun_con_timeout {
    uint64_t init_ms;
    uint64_t delta_ms;
};

struct mun_con_config {
    struct mun_hash chain_id;
    struct mun_con_timeout propose;
    struct mun_con_timeout prevote;
    struct mun_con_timeout precommit;
    uint64_t timeout_ms_max;
    uint64_t resend_ms_min; /* doubled each time */
    uint64_t resend_ms_max;
    struct mun_con_time_params time;
};

/* ---- Events ---- */

enum mun_con_event_kind {
    MUN_CON_EVENT_STARTED = 1,
    MUN_CON_EVENT_WORK,
    MUN_CON_EVENT_MESSAGE,
    MUN_CON_EVENT_TIMER,
    MUN_CON_EVENT_VALUE,
    MUN_CON_EVENT_VALIDITY,
    MUN_CON_EVENT_PERSISTED,
};

/* A height begins. `record` is the newest durable one of this member, or NULL
 * when it has never voted; `history` may be NULL. All is copied. */
struct mun_con_started {
    uint64_t height;
    const struct mun_members *members;
    uint32_t own_index; /* or MUN_CON_OBSERVER */
    const struct mun_con_history *history;
    const struct mun_con_record *record;
};

/* The first three are numbered as the steps that they end. */
enum mun_con_timer_kind {
    MUN_CON_TIMER_PROPOSE = MUN_CON_PROPOSE,
    MUN_CON_TIMER_PREVOTE = MUN_CON_PREVOTE,
    MUN_CON_TIMER_PRECOMMIT = MUN_CON_PRECOMMIT,
    MUN_CON_TIMER_RESEND = 4,
};

struct mun_con_timer {
    uint64_t height;
    uint32_t round;
    enum mun_con_timer_kind kind;
    uint64_t deadline_ms; /* out only */
};

/* A value that the node built on request, valid by construction. */
struct mun_con_value_ready {
    uint64_t height;
    uint32_t round;
    struct mun_hash id;
    uint64_t time_ms; /* the value's own time */
};

/* The verdict on a value that the step asked about. */
struct mun_con_validity {
    uint64_t height;
    struct mun_hash id;
    bool is_valid;
    uint64_t time_ms; /* the value's own time */
};

/* The signed votes of the outstanding persist, in its order. */
struct mun_con_persisted {
    uint32_t count;
    struct mun_con_signed ballots[MUN_CON_OWN_COUNT];
};

/* WORK has nothing beside its kind: there are entries to propose, or the
 * freshness deadline has passed. MESSAGE borrows a checked message. */
struct mun_con_event {
    enum mun_con_event_kind kind;
    uint64_t now_ms;
    union {
        struct mun_con_started started;
        const struct mun_con_msg_checked *message;
        struct mun_con_timer timer;
        struct mun_con_value_ready value;
        struct mun_con_validity validity;
        struct mun_con_persisted persisted;
    } as;
};

/* ---- Effects ---- */

/* Sign each vote, write `record` with the signatures, sync, answer
 * PERSISTED. */
struct mun_con_persist {
    const struct mun_con_record *record;
    uint32_t count;
    struct mun_vote votes[MUN_CON_OWN_COUNT];
};

struct mun_con_apply {
    uint64_t height;
    struct mun_hash id;
    const struct mun_certificate *certificate;
};

/* The polka of our valid value, and the precommits that ended the round before:
 * what a member must be able to show, whole (R31). */
#define MUN_CON_SEND_VOTES_MAX 2

/* To all other members: own messages, durable already, and votes. */
struct mun_con_send {
    uint32_t count;
    struct mun_con_signed ballots[MUN_CON_OWN_COUNT];
    uint32_t votes_count;
    const struct mun_con_votes *votes[MUN_CON_SEND_VOTES_MAX];
};

enum mun_con_request_kind {
    MUN_CON_REQUEST_VALUE = 1,    /* build one: answer VALUE */
    MUN_CON_REQUEST_VALIDITY = 2, /* get and judge `id`: answer VALIDITY */
    MUN_CON_REQUEST_CATCH_UP = 3, /* get this height's certificate and value */
};

struct mun_con_request {
    enum mun_con_request_kind kind;
    uint64_t height;
    uint32_t round;
    struct mun_hash id; /* zero except for VALIDITY */
};

/* For logs and metrics; bits of `notices`. They concern the event's message,
 * except the last. */
enum mun_con_notice {
    MUN_CON_NOTICE_CONTRADICTION = 1,  /* a signer signed another one too */
    MUN_CON_NOTICE_WRONG_PROPOSER = 2, /* it was not its signer's turn */
    MUN_CON_NOTICE_OWN_KEY = 4,        /* our key signed what we did not */
    MUN_CON_NOTICE_INVALID_QUORUM = 8, /* a quorum is for an invalid value */
};

/* The value wanted, of two rounds when one was left at once; the proposal's, the
 * polka's and the certified value's verdict; to catch up. */
#define MUN_CON_REQUESTS_MAX 6
#define MUN_CON_TIMERS_MAX 4

/* Lifetime of what it points to: until the next step of the same state. */
struct mun_con_out {
    bool has_persist;
    struct mun_con_persist persist;
    struct mun_con_send send;
    bool has_apply;
    struct mun_con_apply apply;
    uint32_t request_count;
    struct mun_con_request requests[MUN_CON_REQUESTS_MAX];
    uint32_t timer_count;
    struct mun_con_timer timers[MUN_CON_TIMERS_MAX];
    uint32_t notices;
    bool has_evidence; /* beside MUN_CON_NOTICE_CONTRADICTION */
    struct mun_con_evidence evidence;
};

/* ---- State ---- */

enum mun_con_verdict {
    MUN_CON_VERDICT_NONE = 0, /* a free place */
    MUN_CON_VERDICT_ASKED,
    MUN_CON_VERDICT_VALID,
    MUN_CON_VERDICT_INVALID,
};

struct mun_con_value {
    enum mun_con_verdict verdict;
    struct mun_hash id;
    uint64_t time_ms;
};

/* Six may be needed at a time (README R18), and one place for the next. */
#define MUN_CON_VALUES 7

/* Private to step.c. `record` holds the algorithm's variables: height, round,
 * step, lock, valid value, and the own messages. */
struct mun_con {
    struct mun_con_config config;
    uint32_t member_count;
    uint32_t own_index;
    bool is_key_elsewhere; /* for ever */
    struct mun_con_ahead ahead;
    struct mun_con_history history;
    struct mun_con_record record;
    bool is_idle;
    bool is_decided;
    bool is_behind;      /* for this height */
    bool is_value_asked; /* for this round */
    bool has_certificate;
    struct mun_certificate certificate;
    struct mun_con_value values[MUN_CON_VALUES];
    uint32_t awaited_count;
    struct mun_vote awaited[MUN_CON_OWN_COUNT];
    struct mun_con_signed own[MUN_CON_OWN_COUNT]; /* the record's, signed */
    uint64_t resend_ms;
    bool is_reported[MUN_MEMBERS_MAX]; /* in evidence of this height */
    struct mun_con_rounds rounds;
};

/* The defaults of README section 8 for a chain. */
void mun_con_config_default(struct mun_con_config *out,
                            const struct mun_hash *chain_id);

/* Before the first STARTED every event is ignored.
 * Errors: MUN_ERR_CONFIG when a timeout, its cap or the least wait to re-send is
 * 0, or the longest wait is below the least. */
MUN_MUST_USE mun_err_t mun_con_init(struct mun_con *con,
                                    const struct mun_con_config *config);

/* Takes one event and says what to do. What peers send never fails: what does
 * not fit is ignored.
 * Errors: MUN_ERR_BUSY (an outstanding persist; bring the event again after
 * PERSISTED), MUN_ERR_BEHIND and MUN_ERR_CORRUPT (the record at STARTED),
 * MUN_ERR_INTERNAL (the node breaks the contract: a PERSISTED that was not
 * asked for, a height that goes back, a member set that cannot be).
 * After failure: `con` is as before, *out is zeroed. */
MUN_MUST_USE mun_err_t mun_con_step(struct mun_con *con,
                                    struct mun_con_out *out,
                                    const struct mun_con_event *event);

/* Whether a persist is outstanding. */
bool mun_con_is_busy(const struct mun_con *con);
bool mun_con_is_idle(const struct mun_con *con);
bool mun_con_is_decided(const struct mun_con *con);

/* Whether others have decided this height, so that we do not vote in it. */
bool mun_con_is_behind(const struct mun_con *con);

/* Whether our key has signed what we did not: no votes any more. */
bool mun_con_is_key_elsewhere(const struct mun_con *con);
uint64_t mun_con_height(const struct mun_con *con);
uint32_t mun_con_round(const struct mun_con *con);

/* Whether the node may answer PERSISTED from memory and sync once, with the
 * block: true exactly when it is the only member. README section 10. */
bool mun_con_may_defer_sync(const struct mun_con *con);

/* Whether the node must go on fetching the bytes of this value, to judge it. */
bool mun_con_needs_value(const struct mun_con *con, const struct mun_hash *id);

/* Whether the node must keep the bytes of this value when it has them: it is
 * needed, or was judged valid, so that `apply` may name it without a further
 * request. Fewer than 2 * MUN_CON_VALUES are. */
bool mun_con_keeps_value(const struct mun_con *con, const struct mun_hash *id);

/* What the node signs for a vote of `persist`. */
void mun_con_vote_digest(struct mun_hash *out, const struct mun_con *con,
                         const struct mun_vote *vote);

#endif
