#ifndef MUN_NODE_VALUES_H
#define MUN_NODE_VALUES_H

/* The bytes of blocks that are being agreed on, by header id: what we or others
 * propose, until nobody needs it. The ledger thread adds and drops; any thread
 * reads, to give a block to a peer that asks for it. */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "node/blob.h"

/* Those that the step keeps at a time, and the block before. */
#define MUN_VALUES_MAX 16

struct mun_values;

/* Lifetime: the arena's; ended by mun_values_close.
 * Errors: MUN_ERR_LIMIT (arena). */
MUN_MUST_USE mun_err_t mun_values_open(struct mun_values **out,
                                       struct mun_arena *arena);
/* NULL is fine. */
void mun_values_close(struct mun_values *values);

/* Holds the blob; false when there is no room. Fine when it is there already.
 */
bool mun_values_put(struct mun_values *values, const struct mun_hash *id,
                    uint64_t height, struct mun_blob *blob);

/* A hold on the bytes, or NULL. */
struct mun_blob *mun_values_get(struct mun_values *values,
                                const struct mun_hash *id);

/* Drops the values of heights below `height`. */
void mun_values_drop_below(struct mun_values *values, uint64_t height);

/* Drops the values of `height` that `is_needed` does not want kept. */
void mun_values_drop_unneeded(struct mun_values *values, uint64_t height,
                              bool (*is_needed)(const void *ctx,
                                                const struct mun_hash *id),
                              const void *ctx);

#endif
