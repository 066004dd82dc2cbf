#ifndef MUN_LEDGER_CORE_STATE_H
#define MUN_LEDGER_CORE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/view.h"

/* The state tree: one binary Patricia tree over all records, in memory.
 *
 *   record key   32 bytes, already hashed (record.h)
 *   leaf hash    tagged(state-leaf, key || tagged(record-value, value))
 *   node hash    tagged(state-node, bit as u8 || left || right), where `bit`
 *                (0 = most significant of the first byte) is the first bit in
 *                which the keys below differ; left holds those with 0 there
 *   empty root   32 zero bytes
 *
 * The tree depends on the set of records alone, not on their history.
 *
 * Copy on write. A block is executed into an overlay: changed nodes are copies
 * beside the committed ones, so readers of the committed root go on
 * undisturbed, and the overlay is committed or dropped as a whole. One overlay
 * at a time.
 *
 *      committed root            overlay root
 *            o                        o'           o  committed, shared
 *          /   \                    /   \          o' made by the overlay
 *        o       o <---------------     o'
 *                                      /  \
 *
 * Who may do what at the same time. mun_state_root, _count, _get, _view,
 * _each and mun_multiproof_make read the committed tree alone, from any number
 * of threads, while one thread begins, puts into, hashes or aborts an overlay:
 * those write only what the committed tree does not reach. The caller keeps
 * readers out (a lock) during mun_overlay_commit and mun_state_load*.
 * mun_overlay_* belong to one thread at a time.
 *
 * Memory is the caller's and of fixed size; a full pool is MUN_ERR_LIMIT and
 * leaves the overlay as it was before the call. What was freed is used again
 * before memory that never was, so pages are touched only as the tree grows.
 *
 * I1 Committed nodes and values are never written; only commit frees them.
 *    (mun_state_load, which needs the state to itself, is the exception.)
 * I2 Bits strictly increase from the root down.
 * I3 The hash that is kept of a node is right, or the place where it is kept
 *    belongs to the overlay (or to an unfinished load) and is marked stale.
 * I4 Every node and value block that was ever handed out is reached from one
 *    of the two roots or is free.
 */

/* Bounds of the configuration: a reference to a node has 31 bits and twice as
 * many inner nodes as leaves are held. */
#define MUN_STATE_RECORDS_MAX (1u << 30)
#define MUN_STATE_VALUE_BYTES_MAX (1ull << 44)

struct mun_state_config {
    uint32_t records_max;     /* leaves, those of an open overlay included */
    uint64_t value_bytes_max; /* memory for values, in bytes */
};

struct mun_state;

/* Bytes that mun_state_init needs: 264 a record, and the values. The
 * configuration must be within the bounds above. */
size_t mun_state_footprint(const struct mun_state_config *config);

/* Shape: memory holds mun_state_footprint(config) zeroed bytes aligned to 64.
 * Lifetime: the memory's. The result is an empty tree. */
struct mun_state *mun_state_init(void *memory,
                                 const struct mun_state_config *config);

/* The committed tree.
 * Lifetime of *value: until the next commit or load. */
void mun_state_root(const struct mun_state *state, struct mun_hash *out);
uint32_t mun_state_count(const struct mun_state *state);
enum mun_presence mun_state_get(const struct mun_state *state,
                                const struct mun_hash *key,
                                struct mun_bytes *value);
struct mun_view mun_state_view(const struct mun_state *state);

/* The overlay: what the committed tree would become. Reads see its writes.
 * mun_overlay_put keeps a copy of `value` (at most MUN_RECORD_BYTES_MAX bytes,
 * at least 1), which may be a value that the overlay itself gave out. Records
 * are never deleted.
 * Errors of put: MUN_ERR_LIMIT. */
void mun_overlay_begin(struct mun_state *state);
MUN_MUST_USE mun_err_t mun_overlay_put(struct mun_state *state,
                                       const struct mun_hash *key,
                                       struct mun_bytes value);
/* mun_overlay_put that also tells the hash of the value it replaced, zero when
 * there was none, and the hash of the new one. */
MUN_MUST_USE mun_err_t mun_overlay_replace(struct mun_state *state,
                                           const struct mun_hash *key,
                                           struct mun_bytes value,
                                           struct mun_hash *before,
                                           struct mun_hash *after);
enum mun_presence mun_overlay_get(const struct mun_state *state,
                                  const struct mun_hash *key,
                                  struct mun_bytes *value);
struct mun_view mun_overlay_view(const struct mun_state *state);
/* Says which records will be read or put soon, so that their paths come from
 * memory side by side and not one after the other. Worth it for some tens to a
 * thousand keys of a tree that is larger than the caches (bench_state measures
 * it). Changes nothing else. */
void mun_overlay_announce(const struct mun_state *state,
                          const struct mun_hash *keys, size_t count);
/* Also gives the hash of the record's current value in the overlay; zero when
 * absent. Cheap: it is kept in the leaf. */
void mun_overlay_value_hash(const struct mun_state *state,
                            const struct mun_hash *key, struct mun_hash *out);
uint32_t mun_overlay_count(const struct mun_state *state);
/* Hashes what is stale and gives the overlay's root. */
void mun_overlay_root(struct mun_state *state, struct mun_hash *out);
void mun_overlay_commit(struct mun_state *state);
void mun_overlay_abort(struct mun_state *state);
bool mun_overlay_is_open(const struct mun_state *state);

/* Building at start-up: puts straight into the tree without hashing its nodes;
 * mun_overlay_begin / put / commit works too but this is faster for a bulk
 * load of records in any order. No overlay may be open. After the last record
 * mun_state_load_finish hashes the nodes; until then only mun_state_count,
 * _get, _each and further loads are allowed.
 * Errors: MUN_ERR_LIMIT, and then the tree is as before the call. */
MUN_MUST_USE mun_err_t mun_state_load(struct mun_state *state,
                                      const struct mun_hash *key,
                                      struct mun_bytes value);
void mun_state_load_finish(struct mun_state *state);

/* Calls `visit` for each committed record in key order until it fails. */
MUN_MUST_USE mun_err_t
mun_state_each(const struct mun_state *state,
               mun_err_t (*visit)(void *ctx, const struct mun_hash *key,
                                  struct mun_bytes value),
               void *ctx);

/* How full the pools are, an open overlay's share included. */
struct mun_state_usage {
    uint32_t records;     /* of records_max */
    uint64_t value_bytes; /* in use, rounded up to block sizes */
    uint64_t value_peak;  /* of value_bytes_max: ever handed out */
};

/* Belongs to the thread of the overlay. */
void mun_state_usage(const struct mun_state *state,
                     struct mun_state_usage *out);

/* Walks all and recomputes every hash that is not marked stale: true when I2
 * to I4 hold. For tests; belongs to the thread of the overlay. */
bool mun_state_validate(const struct mun_state *state);

#endif
