#ifndef MUN_NODE_LEDGER_INT_H
#define MUN_NODE_LEDGER_INT_H

/* The parts of the ledger thread: ledger.c its life and what readers see,
 * block.c blocks that are made, judged and written, agree.c the protocol's
 * events and effects. Everything here runs on that thread. */

#include <pthread.h>
#include <stdatomic.h>

#include "consensus/recovery.h"
#include "node/inbox.h"
#include "node/ledger.h"
#include "node/peers.h"
#include "node/values.h"

/* A block with all that may be in it. */
#define MUN_LEDGER_BLOCK_BYTES                                                 \
    (MUN_BLOCK_BYTES_MAX + MUN_BLOCK_LEAVES_MAX * 32u +                        \
     MUN_BLOCK_ENTRIES_MAX * 8u + 65536u)

/* The context of mun_exec's look at known ids, which returns no error. */
struct mun_ledger_seen {
    struct mun_store *store;
    mun_err_t *err;
};

/* The block whose result the state's overlay holds. */
enum mun_candidate_kind {
    MUN_CANDIDATE_NONE,
    MUN_CANDIDATE_BUILT,  /* here, of what is in `settlement` */
    MUN_CANDIDATE_JUDGED, /* elsewhere; its entries borrow from `blob` */
};

struct mun_candidate {
    enum mun_candidate_kind kind;
    struct mun_header header;
    struct mun_hash id;
    struct mun_blob *blob; /* the block's bytes; NULL while nobody else needs
                              them: then they are in ledger->block */
    struct mun_bytes bytes;
};

struct mun_ledger {
    struct mun_ledger_config config;
    pthread_rwlock_t lock; /* L2 */
    pthread_t thread;
    bool has_thread;
    atomic_bool has_failed;
    atomic_bool is_voting;
    atomic_uint_least64_t height;
    atomic_uint_least64_t log_size;

    /* Under the lock, written by the thread alone. */
    struct mun_header header;
    struct mun_hash header_id;
    struct mun_certificate certificate;

    /* Blocks. */
    struct mun_frontier log;
    struct mun_exec exec;
    struct mun_arena scratch;
    struct mun_arena block_memory;
    uint8_t *block;
    struct mun_pending_list queue; /* taken, not executed */
    struct mun_settlement settlement;
    struct mun_ledger_seen seen;
    mun_err_t seen_err;
    struct mun_candidate candidate;

    /* The protocol. */
    struct mun_con con;
    struct mun_con_out out;
    struct mun_con_record record;
    uint8_t record_bytes[MUN_CON_RECORD_BYTES_MAX];
    bool has_record;
    bool is_new_key;    /* says the operator: it has never voted */
    bool is_recovering; /* R35 */
    bool has_claim[MUN_MEMBERS_MAX];
    uint32_t own_index; /* MUN_CON_OBSERVER while this node does not vote */
    uint32_t member;    /* which one our key is */
    struct mun_con_history history;
    uint64_t timers_ms[MUN_CON_TIMERS_MAX]; /* monotonic; 0: not set */
    struct mun_con_timer timers[MUN_CON_TIMERS_MAX];
    uint32_t wish_count; /* verdicts that wait for bytes */
    struct mun_hash wishes[MUN_CON_VALUES];
    uint64_t patience_ms;     /* monotonic: until then it is others' turn */
    uint64_t behind_since_ms; /* monotonic: a peer has decided this height */
    uint64_t told_height;     /* of an invalid quorum, once a height */
    struct mun_con_recovery recovery;
    struct mun_hash nonce;
    uint64_t asked_ms;
    uint64_t claims[MUN_MEMBERS_MAX];
    uint64_t peer_height; /* the highest that a peer has spoken of */
};

/* ---- block.c ---- */

/* Executes the queue into the overlay. `candidate` is built when an entry
 * applied or `is_due`; otherwise what was refused is settled and there is none.
 * Errors: those of the store and of mun_exec; the node stops. */
MUN_MUST_USE mun_err_t mun_ledger_build(struct mun_ledger *ledger, bool is_due);

/* Judges a block that came from elsewhere; when it is valid it becomes the
 * candidate. *is_valid is false for whatever is wrong with it.
 * Errors: those of this node alone; the node stops. */
MUN_MUST_USE mun_err_t mun_ledger_judge(struct mun_ledger *ledger,
                                        bool *is_valid, struct mun_blob *blob,
                                        const struct mun_hash *id);

/* Lets the candidate go; its entries wait again. */
void mun_ledger_drop(struct mun_ledger *ledger);

/* Writes the candidate with its certificate, shows it and tells who waits.
 * Errors: those of the store; the node stops. */
MUN_MUST_USE mun_err_t mun_ledger_commit(
    struct mun_ledger *ledger, const struct mun_certificate *certificate);

/* Metrics of the state's size. */
void mun_ledger_count_state(struct mun_ledger *ledger);

/* ---- agree.c ---- */

/* Begins the height after the newest block, with the record when it is of that
 * height. */
MUN_MUST_USE mun_err_t mun_ledger_begin_height(struct mun_ledger *ledger);

/* Fills `history` from the certificates inside the newest blocks. */
MUN_MUST_USE mun_err_t mun_ledger_load_history(struct mun_ledger *ledger);

/* What other threads have left. */
MUN_MUST_USE mun_err_t mun_ledger_inbox(struct mun_ledger *ledger);

/* Asks the others how far they are, until that says when to vote (R35). */
void mun_ledger_recover(struct mun_ledger *ledger);

/* Timers whose time has come. */
MUN_MUST_USE mun_err_t mun_ledger_timers(struct mun_ledger *ledger);

/* Ends idleness when there is something to agree on. */
MUN_MUST_USE mun_err_t mun_ledger_work(struct mun_ledger *ledger);

/* When the thread has to look again, at the latest; monotonic. */
uint64_t mun_ledger_deadline_ms(const struct mun_ledger *ledger);

#endif
