#ifndef MUN_TESTS_SUPPORT_MAKE_STORE_H
#define MUN_TESTS_SUPPORT_MAKE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/core/entry.h"
#include "ledger/core/exec.h"
#include "ledger/core/genesis.h"
#include "ledger/core/state.h"
#include "ledger/store/store.h"
#include "tests/support/make_entry.h"

/* A chain of one member in a database of its own, in a temporary directory:
 *
 *   mun_test_node_open(&node, 4096);
 *   mun_test_node_story(&node);
 *   checked = mun_test_node_anchor(&node, leaves, 3);
 *   mun_test_node_block(&node, &checked, 1);
 *   mun_test_node_reopen(&node);
 *   mun_test_node_close(&node);
 *
 * Blocks go through exec.h and mun_store_commit. What is not said to return an
 * error aborts. The database is in <dir>/db, beside it the high-water file. */

#define MUN_TEST_NODE_ISSUER 50u
#define MUN_TEST_NODE_PATH 128

struct mun_test_node {
    char dir[MUN_TEST_NODE_PATH];
    char path[MUN_TEST_NODE_PATH];
    char high_water_path[MUN_TEST_NODE_PATH];
    struct mun_store_config config;
    struct mun_arena arena;  /* entries, until the caller resets it */
    struct mun_arena blocks; /* one block at a time */
    struct mun_arena memory; /* the state's */
    struct mun_state_config state_config;
    struct mun_state *state;
    struct mun_genesis_chain chain;
    struct mun_bytes genesis;
    struct mun_store *store;
    struct mun_store_head head; /* as the node knows it */
    struct mun_high_water high_water;
    double commit_seconds; /* inside mun_store_commit, all blocks */
    double open_seconds;   /* inside mun_store_open, the last time */

    struct mun_hash agency; /* the root accreditor's party */
    struct mun_hash grant;
    struct mun_hash programme;
    uint32_t next_slot; /* of the list in use */
    unsigned list;
};

/* Makes database and file, and opens them. */
void mun_test_node_open(struct mun_test_node *node, uint32_t records_max);

/* Only makes them. */
void mun_test_node_create(struct mun_test_node *node, uint32_t records_max);

/* For another process: what node is in `dir`, without opening it. After
 * reopen, mun_test_node_recall finds what the story made. A fork will not do
 * in its place: it has the parent's table of locks and none of RocksDB's
 * threads. */
void mun_test_node_attach(struct mun_test_node *node, const char *dir,
                          uint32_t records_max);
void mun_test_node_recall(struct mun_test_node *node);

/* Closes the store when it is open, empties the state and opens again. */
MUN_MUST_USE mun_err_t mun_test_node_reopen(struct mun_test_node *node);
/* With mun_store_open_unmarked. */
MUN_MUST_USE mun_err_t
mun_test_node_reopen_unmarked(struct mun_test_node *node);
void mun_test_node_close_store(struct mun_test_node *node);

/* Closes and deletes all. */
void mun_test_node_close(struct mun_test_node *node);

/* Signs for the newest block. `leaves` is borrowed. */
struct mun_entry_checked *
mun_test_node_sign(struct mun_test_node *node, struct mun_entry *entry,
                   const unsigned *signers, size_t count,
                   const struct mun_hash *leaves, uint32_t leaf_count);

/* One block: executes, commits to the store and then to the state. On failure
 * of the store the overlay is dropped. *encoded lives in node->blocks, until
 * the next block. */
MUN_MUST_USE mun_err_t mun_test_node_try(
    struct mun_test_node *node, struct mun_entry_checked *const *entries,
    size_t count, struct mun_bytes *encoded);
void mun_test_node_block(struct mun_test_node *node,
                         struct mun_entry_checked *const *entries,
                         size_t count);

/* Registers the issuer, accredits it, registers its programme: a block each.
 */
void mun_test_node_story(struct mun_test_node *node);

/* A published batch at the end of the list "diplomas-<n>"; the next list when
 * it is full. */
struct mun_entry_checked *mun_test_node_anchor(struct mun_test_node *node,
                                               const struct mun_hash *leaves,
                                               uint32_t count);

/* Revokes slot `index` of the list in use. */
struct mun_entry_checked *mun_test_node_revoke(struct mun_test_node *node,
                                               uint32_t index);

/* The label of the list in use.
 * Lifetime: node->arena's. */
struct mun_bytes mun_test_node_label(struct mun_test_node *node);

/* Seconds of the monotonic clock. */
double mun_test_seconds(void);

/* Deletes the files in a directory, and it; fine when there is none. */
void mun_test_remove(const char *path);

#endif
