#ifndef MUN_LEDGER_STORE_STORE_H
#define MUN_LEDGER_STORE_STORE_H

/* The database of a node: everything decided, on RocksDB.
 *
 * One block is one atomic, synced write batch: header, certificate, entries,
 * published leaves, log tiles, changed records, indexes and the consensus
 * record. After it the high-water file (height, header id, last signed height,
 * round and step; on a path that may be another disk) is written and synced;
 * only then may the node release anything. So a block costs two syncs.
 *
 * Opening re-derives what it can: the log's root from the frontier, the state
 * root from all records, and compares both with the newest header; it refuses
 * to go on when they differ, when the high-water file is ahead of the database
 * (an old backup) or is missing while the database is not empty. A torn tail
 * of the write-ahead log is cut off (it was never acknowledged); damage
 * anywhere else is an error that names what is damaged. Values are decoded
 * strictly whenever they are read.
 *
 * One writer; readers on any thread. Nothing here locks the state tree: that
 * is the caller's.
 *
 * Column families: meta, block (height), entry (log index), leaves (log index,
 * chunk of 256), tile (level, index), record (record key), commitment, index.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/exec.h"
#include "ledger/core/hash.h"
#include "ledger/core/merkle.h"
#include "ledger/core/record.h"
#include "ledger/core/state.h"

struct mun_store;

struct mun_store_config {
    const char *path;            /* directory */
    const char *high_water_path; /* file */
    uint64_t cache_bytes;
};

/* What a start-up found. */
struct mun_store_head {
    struct mun_header header;
    struct mun_hash header_id;
    struct mun_certificate certificate; /* of that header */
    struct mun_frontier log;
};

/* The high-water file's contents. */
struct mun_high_water {
    uint64_t height;
    struct mun_hash header_id;
    uint64_t signed_height;
    uint32_t signed_round;
    uint8_t signed_step;
};

/* Makes a new database that holds the genesis document and block 0, whose
 * records `state` holds (mun_genesis_start), and a new high-water file.
 * Errors: MUN_ERR_LOCKED when there is a database already at that path. */
MUN_MUST_USE mun_err_t mun_store_create(const struct mun_store_config *config,
                                        struct mun_bytes genesis,
                                        const struct mun_header *header,
                                        const struct mun_state *state);

/* Opens a database, fills the empty `state` from its records and checks roots
 * and high-water file as above. Each failure is logged once, by name.
 * Errors: MUN_ERR_NOT_FOUND (no database there), MUN_ERR_LOCKED,
 * MUN_ERR_CORRUPT, MUN_ERR_ROOT, MUN_ERR_BEHIND, MUN_ERR_HIGH_WATER,
 * MUN_ERR_DISK_FULL, MUN_ERR_STORE, MUN_ERR_IO, MUN_ERR_LIMIT (state).
 * After failure: *out is NULL. */
MUN_MUST_USE mun_err_t mun_store_open(struct mun_store **out,
                                      struct mun_store_head *head,
                                      struct mun_state *state,
                                      const struct mun_store_config *config);

/* The way back when the high-water file is lost, for an operator who knows
 * that the database is the newest: nothing here can tell. Opens with all other
 * checks of mun_store_open, but only when there is nothing at the file's path;
 * a file that is there, legible or not, is never gone past. What is opened so
 * refuses every write but mun_store_accept.
 * Errors: as mun_store_open. MUN_ERR_HIGH_WATER: there is a file.
 * After failure: *out is NULL. */
MUN_MUST_USE mun_err_t mun_store_open_unmarked(
    struct mun_store **out, struct mun_store_head *head,
    struct mun_state *state, const struct mun_store_config *config);

/* What the database itself says that the high-water file held last. */
void mun_store_mark(const struct mun_store *store, struct mun_high_water *out);

/* Makes the high-water file from mun_store_mark; the store is to be closed and
 * opened again then. Only after mun_store_open_unmarked.
 * Errors: MUN_ERR_HIGH_WATER (a file is there by now), MUN_ERR_DISK_FULL,
 * MUN_ERR_IO. */
MUN_MUST_USE mun_err_t mun_store_accept(const struct mun_store *store,
                                        const char *high_water_path);

/* Flushes and closes; close(NULL) is fine. */
void mun_store_close(struct mun_store *store);

/* One decided block. `exec` is finished and its overlay still open: changed
 * records are read from it. The caller commits the overlay after this call
 * succeeded. `block` is the encoded block; `consensus` the record that the
 * protocol wants kept.
 * Errors: MUN_ERR_DISK_FULL, MUN_ERR_STORE, MUN_ERR_IO: nothing may be
 * released, and the node must stop. */
struct mun_store_block {
    const struct mun_exec *exec;
    const struct mun_header *header;
    const struct mun_hash *header_id;
    const struct mun_certificate *certificate; /* of this header */
    struct mun_bytes block;
    struct mun_bytes consensus;
    struct mun_high_water high_water;
};
MUN_MUST_USE mun_err_t mun_store_commit(struct mun_store *store,
                                        const struct mun_store_block *block);

/* A consensus record on its own, synced together with the high-water file:
 * what must be durable before a signature leaves. */
MUN_MUST_USE mun_err_t
mun_store_put_consensus(struct mun_store *store, struct mun_bytes consensus,
                        const struct mun_high_water *high_water);

/* The bytes of a value that the consensus record speaks of, written with the
 * next record. The last few of the height after the newest block are kept; the
 * same one again costs nothing. Errors: as of mun_store_commit. */
MUN_MUST_USE mun_err_t mun_store_keep_value(struct mun_store *store,
                                            const struct mun_hash *id,
                                            struct mun_bytes bytes);

/* Calls `visit` for each kept value of the height after the newest block. A
 * visitor that fails ends it with its error. */
typedef mun_err_t (*mun_kept_visit)(void *ctx, const struct mun_hash *id,
                                    struct mun_bytes bytes);
MUN_MUST_USE mun_err_t mun_store_kept_values(struct mun_store *store,
                                             mun_kept_visit visit, void *ctx);

/* Reads. Bytes are copied into the arena. MUN_ERR_NOT_FOUND when there is no
 * such thing; MUN_ERR_CORRUPT when it does not decode; MUN_ERR_LIMIT when the
 * arena is full; MUN_ERR_STORE. */
MUN_MUST_USE mun_err_t mun_store_genesis(struct mun_store *store,
                                         struct mun_arena *arena,
                                         struct mun_bytes *out);
MUN_MUST_USE mun_err_t mun_store_consensus(struct mun_store *store,
                                           struct mun_arena *arena,
                                           struct mun_bytes *out);
MUN_MUST_USE mun_err_t mun_store_header(struct mun_store *store,
                                        uint64_t height,
                                        struct mun_header *out);
MUN_MUST_USE mun_err_t mun_store_certificate(struct mun_store *store,
                                             uint64_t height,
                                             struct mun_certificate *out);
/* The whole encoded block, byte for byte as it was decided. */
MUN_MUST_USE mun_err_t mun_store_block(struct mun_store *store,
                                       struct mun_arena *arena, uint64_t height,
                                       struct mun_bytes *out);
/* The height of the newest block whose time is at most `time_ms`. */
MUN_MUST_USE mun_err_t mun_store_height_at(struct mun_store *store,
                                           uint64_t time_ms, uint64_t *height);

/* Where an accepted entry is. */
struct mun_place {
    uint64_t log_index;
    uint64_t height;
};
/* Answers for ever whether this id was accepted. */
MUN_MUST_USE mun_err_t mun_store_find_entry(struct mun_store *store,
                                            const struct mun_hash *id,
                                            struct mun_place *out);

/* The log leaf and, for entry leaves, the entry's bytes. */
struct mun_stored_entry {
    struct mun_log_leaf leaf;
    struct mun_bytes entry; /* empty for header leaves */
    uint32_t leaf_count;    /* published leaves */
};
MUN_MUST_USE mun_err_t mun_store_entry(struct mun_store *store,
                                       struct mun_arena *arena,
                                       uint64_t log_index,
                                       struct mun_stored_entry *out);

/* Every place where a published commitment was anchored, oldest first, at most
 * `max`; normally one. */
struct mun_commitment_place {
    uint64_t log_index;
    uint32_t position;
};
MUN_MUST_USE mun_err_t mun_store_find_commitment(
    struct mun_store *store, struct mun_commitment_place *out, size_t max,
    size_t *count, const struct mun_hash *commitment);

/* Inclusion path of a published leaf in its batch, and the leaf itself. Reads
 * one chunk of 256 and the chunk roots, not the whole batch.
 * Shape: path holds MUN_MERKLE_PATH_MAX. */
MUN_MUST_USE mun_err_t mun_store_batch_path(
    struct mun_store *store, struct mun_hash *path, size_t *path_len,
    struct mun_hash *leaf, uint64_t log_index, uint32_t position);

/* Nodes of the log tree, from tiles; usable on any thread. */
struct mun_merkle_reader mun_store_log_reader(struct mun_store *store);

/* Tile (level, index) with `width` hashes (1 to 256).
 * Errors: MUN_ERR_NOT_FOUND when the log does not reach so far. */
MUN_MUST_USE mun_err_t mun_store_tile(struct mun_store *store,
                                      struct mun_hash *out, uint32_t level,
                                      uint64_t index, uint32_t width);

/* Lists. Each calls `visit` for at most `limit` things after `after` (empty:
 * from the start) in key order, and sets *more. A visitor that fails stops the
 * walk with its error.
 *
 * Entries of a party (it acted, or the entry names it as subject), of a
 * programme, of a list: by log index; `after` is a log index + 1. */
enum mun_history {
    MUN_HISTORY_PARTY,     /* name = party 32 */
    MUN_HISTORY_PROGRAMME, /* name = programme 32 */
    MUN_HISTORY_LIST,      /* name = issuer 32 || label */
};
typedef mun_err_t (*mun_history_visit)(void *ctx, uint64_t log_index);
struct mun_history_query {
    struct mun_bytes name;
    uint64_t from; /* log index */
    uint32_t limit;
    enum mun_history of;
};
MUN_MUST_USE mun_err_t mun_store_history(struct mun_store *store,
                                         const struct mun_history_query *query,
                                         mun_history_visit visit, void *ctx,
                                         bool *more);

/* Records of one type in order of their natural keys, from the committed
 * database. `prefix` narrows by the beginning of the natural key (the issuer
 * of programmes is not part of theirs: use the subject index below). Batches
 * come in the order in which they were anchored, `after` must be one of them
 * (MUN_ERR_NOT_FOUND), and there is no prefix. */
typedef mun_err_t (*mun_register_visit)(void *ctx, struct mun_bytes natural,
                                        struct mun_bytes value);
struct mun_register_query {
    enum mun_record_type type;
    struct mun_bytes prefix;
    struct mun_bytes after; /* natural key, empty: from the start */
    uint32_t limit;
};
MUN_MUST_USE mun_err_t mun_store_register(
    struct mun_store *store, const struct mun_register_query *query,
    mun_register_visit visit, void *ctx, bool *more);

/* Accreditations whose subject is this party, programmes of this issuer, keys
 * of this party: visits record values. */
enum mun_owned {
    MUN_OWNED_KEYS,
    MUN_OWNED_ACCREDITATIONS,
    MUN_OWNED_PROGRAMMES,
};
MUN_MUST_USE mun_err_t mun_store_owned(struct mun_store *store,
                                       enum mun_owned what,
                                       const struct mun_hash *party,
                                       mun_register_visit visit, void *ctx);

/* A consistent copy of the database made while it runs (checkpoint). */
MUN_MUST_USE mun_err_t mun_store_backup(struct mun_store *store,
                                        const char *path);

/* Bytes on disk of all files of the database. */
uint64_t mun_store_disk_bytes(struct mun_store *store);

#endif
