#ifndef MUN_NODE_NODE_H
#define MUN_NODE_NODE_H

/* The whole daemon: what main.c starts and stops.
 *
 * In order at start: genesis document, key, database (made when there is none,
 * then opened and checked), ledger thread, workers, listeners. At the end the
 * other way round, so that whoever waits gets an answer. */

#include "ledger/base/err.h"
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

#endif
