#ifndef MUN_NODE_NODE_H
#define MUN_NODE_NODE_H

/* The whole daemon: what main.c starts and stops.
 *
 * In order at start: genesis document, key, database (made when there is none,
 * then opened and checked), ledger thread, workers, listeners. At the end the
 * other way round, so that whoever waits gets an answer. */

#include <stdint.h>

#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "node/config.h"

struct mun_node;

/* Starts everything. `on_failure` is called, on another thread, when the node
 * cannot go on; then mun_node_stop.
 * Errors: each is logged in one line that says what to look at. */
MUN_MUST_USE mun_err_t mun_node_start(struct mun_node **out,
                                      const struct mun_config *config,
                                      void (*on_failure)(void));

/* Ends everything; returns whether it all went well. NULL is fine. */
MUN_MUST_USE mun_err_t mun_node_stop(struct mun_node *node);

/* What --check-config looks at beside the file itself: genesis and key.
 * Errors: logged. */
MUN_MUST_USE mun_err_t mun_node_check(const struct mun_config *config);

/* --create-database: makes the database and the high-water file, and notes that
 * this member's key has never voted. That is the operator's word: a member
 * among several whose database was made without it, or was lost, must not vote
 * (consensus/README.md, R35).
 * Errors: logged; MUN_ERR_LOCKED: there is a database. */
MUN_MUST_USE mun_err_t mun_node_create(const struct mun_config *config);

/* What a database without its high-water file ends with. Signed height 0: the
 * node has signed nothing. */
struct mun_node_found {
    uint64_t height;
    struct mun_hash header_id;
    uint64_t time_ms;
    uint64_t log_size;
    uint64_t signed_height;
    uint32_t signed_round;
    uint8_t signed_step;
};

/* --accept-database: checks the database as a start does, tells what it ends
 * with, and with `header_id` (NULL: only look) makes a new high-water file when
 * that is the header. Only for a ledger of one member, only when there is no
 * high-water file, and only while the node does not run; what it risks is in
 * node/README.md.
 * Errors: logged; nothing was changed. MUN_ERR_VALUE: another header.
 * After failure: *out is zeroed, but for MUN_ERR_VALUE. */
MUN_MUST_USE mun_err_t mun_node_accept(struct mun_node_found *out,
                                       const struct mun_config *config,
                                       const struct mun_hash *header_id);

#endif
