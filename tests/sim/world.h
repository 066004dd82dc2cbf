#ifndef MUN_TESTS_SIM_WORLD_H
#define MUN_TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consensus/recovery.h"
#include "consensus/step.h"
#include "ledger/core/member.h"
#include "tests/sim/queue.h"
#include "tests/sim/rng.h"

/* Everything of one simulated run. tests/sim/README.md has the design. */

#define SIM_PROCS_MAX 128
#define SIM_HELD_MAX 32
#define SIM_WISHES_MAX 8
#define SIM_PROPOSED_MAX 4
#define SIM_REPLAYS 128
#define SIM_ALWAYS 65536u
/* Milliseconds since 1970 when simulated time is 0. */
#define SIM_EPOCH_MS 1700000000000u

/* What may go wrong in a run; bits of `faults`. Name and text for --help. */
#define SIM_FAULT_TABLE(X)                                                     \
    X(DROP, 0, "messages are lost")                                            \
    X(DUPLICATE, 1, "messages come twice")                                     \
    X(DELAY, 2, "messages are late and out of order")                          \
    X(PARTITION, 3, "groups that do not hear each other")                      \
    X(ASYMMETRIC, 4, "links dead in one direction")                            \
    X(SLOW_LINK, 5, "links of seconds")                                        \
    X(CRASH, 6, "crashes between any two effects")                             \
    X(CRASH_ALL, 7, "all crash at once")                                       \
    X(TORN, 8, "a torn write at a crash")                                      \
    X(CLOCK, 9, "clocks wrong by up to an hour, within f")                     \
    X(CLOCK_MANY, 10, "the same on more than f: safety only")                  \
    X(LATE_VALUE, 11, "values built late or not at all")                       \
    X(SLOW_VERDICT, 12, "verdicts after seconds")                              \
    X(FEW_WORK, 13, "work at few members only")                                \
    X(AMNESIA, 14, "a lost disk, within f (R35)")                              \
    X(TWINS, 15, "liars that run the same key several times")                  \
    X(VOTES, 16, "liars: split, selective and late votes")                     \
    X(PROPOSALS, 17, "liars: double, selective and invented proposals")        \
    X(SILENCE, 18, "liars: silent as proposers")                               \
    X(FAR, 19, "liars: votes for far rounds and heights")                      \
    X(QUORUMS, 20, "liars: certificates and votes of quorums, shown to one")   \
    X(INVALID, 21, "liars: invalid values")                                    \
    X(FUTURE, 22, "liars: values from the future and the past")                \
    X(REPLAY, 23, "liars: old messages again")                                 \
    X(HEIGHTS, 24, "liars: inflated height claims")                            \
    X(ANSWERS, 25, "liars: wrong blocks and certificates")                     \
    X(NO_DEFER, 26, "one member: every write is synced")                       \
    X(SLOW_DISK, 27, "syncs of up to a second")                                \
    X(FAST_TIMERS, 28, "timeouts a tenth as long: many more rounds")

enum sim_fault {
#define X(name, bit, text) SIM_##name = 1u << (bit),
    SIM_FAULT_TABLE(X)
#undef X
};

#define SIM_FAULTS_ALL 0x1fffffffu
#define SIM_FAULTS_SCRIPT                                                      \
    (SIM_VOTES | SIM_PROPOSALS | SIM_SILENCE | SIM_FAR | SIM_QUORUMS |         \
     SIM_INVALID | SIM_FUTURE | SIM_REPLAY | SIM_HEIGHTS | SIM_ANSWERS)

/* What is on the wire beside `struct mun_con_msg`. */
enum sim_packet {
    SIM_PACKET_MSG = 1,    /* a: message */
    SIM_PACKET_PING,       /* c: the sender's height */
    SIM_PACKET_HINT,       /* the same, not to be answered */
    SIM_PACKET_GET_BLOCK,  /* c: height */
    SIM_PACKET_BLOCK,      /* a: message (certificate), b: value */
    SIM_PACKET_GET_VALUE,  /* b: value */
    SIM_PACKET_VALUE,      /* b: value asked for, a: what comes */
    SIM_PACKET_GET_NEWEST, /* the newest certificate, for R35 */
    SIM_PACKET_NEWEST,     /* a: message (certificate) or 0 */
};

/* A value by its index: 0 is nil. */
struct sim_value {
    struct mun_hash id;
    uint64_t height;
    uint64_t time_ms;
    uint64_t built_us;
    uint32_t prev; /* the value of the height before */
    bool is_valid;
    bool has_bytes;                        /* false: nobody ever had them */
    uint8_t present[MUN_CON_BITMAP_BYTES]; /* its certificate of height - 1 */
};

/* A certificate without its signatures, which can be made again. */
struct sim_cert {
    uint64_t height;
    uint32_t round;
    uint32_t value;
    uint8_t bitmap[MUN_CON_BITMAP_BYTES];
};

/* What one honest member signed. */
struct sim_cast {
    bool is_present;
    int32_t valid_round;
    uint32_t value;
};

struct sim_round_log {
    uint32_t proposed_count;
    uint32_t proposed[SIM_PROPOSED_MAX];
    struct sim_cast *cast; /* [type - 1][member] */
};

struct sim_height_log {
    uint32_t round_count;
    struct sim_round_log *rounds;
    struct sim_cert decided; /* value 0: not yet */
};

/* A message in flight, waiting or kept for replays. */
struct sim_msg {
    uint32_t refs;
    uint8_t kind;
    int8_t verdict; /* of the check: 0 not asked, 1 right, -1 wrong */
    uint64_t height;
    struct mun_con_signed ballot;
    struct mun_con_msg_checked *big; /* certificates and votes of quorums */
};

/* Two places, written in turn, each with a checksum. */
struct sim_place {
    uint64_t seq; /* 0: empty */
    uint64_t sum;
    uint32_t len;
    uint8_t bytes[MUN_CON_RECORD_BYTES_MAX];
};

struct sim_disk {
    uint64_t height; /* of the last durable block */
    struct sim_cert cert;
    uint64_t next_seq;
    struct sim_place places[2];
    struct sim_place pending; /* written, not synced; seq 0: nothing */
    uint64_t vote_from;       /* R35; 0 while the record can be trusted */
};

/* An event that waits while a write is outstanding. */
struct sim_input {
    uint8_t kind; /* enum mun_con_event_kind */
    uint8_t timer;
    bool is_valid;
    uint32_t msg;
    uint32_t value;
    uint32_t round;
    uint64_t height;
};

enum sim_role {
    SIM_HONEST = 0,
    SIM_TWIN,   /* runs the real steps, several times */
    SIM_SCRIPT, /* signs what it likes */
};

struct sim_shadow {
    uint64_t height;
    int64_t round; /* -1: idle */
    int32_t phase;
    int32_t locked_round;
    int32_t valid_round;
    struct mun_hash locked_id;
    bool was_behind;
    bool was_silent;
    bool has_durable[MUN_CON_OWN_COUNT];
    struct mun_vote durable[MUN_CON_OWN_COUNT];
};

struct sim_proc {
    struct mun_con *con; /* between two canaries */
    uint32_t index;
    uint32_t member;
    enum sim_role role;
    bool is_up;
    bool is_skewed;
    bool is_amnesiac; /* its record was lost: it counts among the f */
    uint32_t boot;
    int64_t offset_ms;
    struct sim_disk disk;

    struct sim_input *inputs;
    size_t input_head;
    size_t input_count;
    size_t input_size;
    bool is_persist_done; /* PERSISTED comes before what waits */
    uint32_t awaited_count;
    struct mun_vote awaited[MUN_CON_OWN_COUNT];

    uint64_t height; /* of the last STARTED */
    uint64_t started_us;
    uint32_t timer_gen[MUN_CON_TIMER_RESEND + 1];
    uint32_t held[SIM_HELD_MAX];
    uint32_t held_count;
    uint32_t wishes[SIM_WISHES_MAX]; /* values to be judged */
    bool wish_busy[SIM_WISHES_MAX];  /* a verdict is under way */
    uint32_t wish_count;
    bool is_catching_up;
    uint64_t hint_height;
    uint16_t hint_from;
    uint64_t told_us; /* when a hint was last sent */
    struct sim_cert applying;
    struct mun_con_recovery recovery;
    bool is_recovering;
    struct sim_shadow shadow;

    /* A scripted liar's proposal. */
    uint64_t plan_height;
    uint32_t plan_round;
    uint32_t plan_values[2];
    uint32_t plan_mode;
};

/* How the network and disks are in this part of the run. */
struct sim_weather {
    uint32_t drop; /* rates, in 65,536 */
    uint32_t duplicate;
    uint32_t crash; /* at each effect */
    uint32_t base_us;
    uint32_t jitter_us;
    uint32_t slow_us;
    uint32_t sync_us;
    uint32_t build_us;
    uint32_t no_value;
    uint32_t verdict_us;
    uint32_t few_work;
    uint32_t chaos_us; /* mean time between faults */
};

struct sim_options {
    uint64_t seed;
    uint64_t steps;
    uint32_t nodes;  /* 0: as the seed says */
    uint32_t faults; /* those allowed */
    uint32_t cycles; /* 0: as the seed says */
    uint32_t jobs;
    uint32_t events;   /* of a failure to show */
    const char *seeds; /* file, or NULL */
    bool is_replay;
    bool is_shrink;
    bool is_real; /* signatures */
    bool is_trace;
    bool is_wide;
};

struct sim_stats {
    uint64_t steps;
    uint64_t runs;
    uint64_t heights;
    uint64_t rounds; /* decided above 0 */
    uint64_t late;   /* above 5 */
    uint64_t round_max;
    uint64_t crashes;
    uint64_t heal_round_max; /* of the heights begun after healing */
    uint64_t heals;
    uint64_t heal_ms_max;    /* longest time to the K heights */
    uint64_t heal_share_max; /* of the bound, in 1/1000 */
    uint64_t evidence;
};

struct sim_trace; /* trace.h */

struct sim_world {
    struct sim_options options;
    struct sim_rng rng;
    struct sim_queue queue;
    uint64_t now_us;
    uint64_t steps;
    uint64_t steps_max;
    uint32_t n;
    uint32_t f;
    uint32_t faults; /* of this run */
    bool is_healing;
    bool are_liars_silent; /* while it heals */
    bool is_deferring;     /* one member that syncs once a height */
    struct mun_hash chain_id;
    struct mun_members members;
    struct mun_con_config config;
    uint64_t secret[MUN_MEMBERS_MAX];
    struct mun_signer *signers; /* with real signatures only */
    enum sim_role role[MUN_MEMBERS_MAX];
    uint32_t faulty_count; /* members that lie, are skewed or forgot */

    struct sim_proc *procs;
    uint32_t proc_count;
    uint8_t blocked[SIM_PROCS_MAX][SIM_PROCS_MAX];
    uint8_t slow[SIM_PROCS_MAX][SIM_PROCS_MAX];
    uint8_t sees[SIM_PROCS_MAX][SIM_PROCS_MAX];     /* twins */
    uint32_t link_us[SIM_PROCS_MAX][SIM_PROCS_MAX]; /* wide area */
    struct sim_weather weather;

    struct sim_value *values;
    uint32_t value_count;
    uint32_t value_size;
    struct sim_height_log *heights; /* by height */
    uint64_t height_count;
    uint64_t height_size;
    uint64_t top; /* highest decided by an honest member */

    struct sim_msg *msgs;
    uint32_t msg_count;
    uint32_t msg_free_count;
    uint32_t *msg_free;
    uint32_t msg_size;
    uint32_t replays[SIM_REPLAYS];
    uint32_t replay_next;

    struct mun_con_out out;
    struct mun_con_msg_checked scratch;
    struct mun_con_msg_checked scratch_liar;
    struct mun_con_record record;
    uint8_t *buffer;

    struct sim_stats *stats;
    struct sim_trace *trace;
    uint64_t last_decided_us;
    uint64_t *latencies; /* wide area: of each height, for honest members */
    size_t latency_count;
    size_t latency_size;
};

/* Ends the run with a reason and the trace. */
_Noreturn void sim_fail(struct sim_world *w, const char *what);

#define SIM_CHECK(w, cond, what)                                               \
    do {                                                                       \
        if (!(cond)) {                                                         \
            sim_fail(w, what);                                                 \
        }                                                                      \
    } while (0)

static inline uint64_t
sim_clock_ms(const struct sim_world *w, const struct sim_proc *p)
{
    return SIM_EPOCH_MS + w->now_us / 1000 + (uint64_t)p->offset_ms;
}

static inline bool
sim_has(const struct sim_world *w, uint32_t fault)
{
    return (w->faults & fault) != 0;
}

/* Whether the member keeps the rules and has kept its disk. */
static inline bool
sim_is_good(const struct sim_proc *p)
{
    return p->role == SIM_HONEST && !p->is_amnesiac;
}

static inline void
sim_at(struct sim_world *w, uint64_t wait_us, struct sim_event *event)
{
    event->at_us = w->now_us + wait_us;
    sim_queue_push(&w->queue, event);
}

#endif
