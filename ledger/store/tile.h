#ifndef MUN_LEDGER_STORE_TILE_H
#define MUN_LEDGER_STORE_TILE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/core/hash.h"
#include "ledger/core/merkle.h"
#include "ledger/store/rocks.h"

/* The log tree as tiles of 256 hashes (ledger/README.md section 11). The
 * writer keeps the right edge of every level in memory: an append reads
 * nothing, and a block writes only the tiles that it changed. */

#define MUN_TILE_WIDTH 256
/* 256^8 is more than a log can hold. */
#define MUN_TILE_LEVELS 8

struct mun_tile_edge {
    uint64_t index; /* of the tile that grows */
    uint32_t width; /* hashes in it, below MUN_TILE_WIDTH */
    bool is_dirty;
    struct mun_hash at[MUN_TILE_WIDTH];
};

struct mun_tiles {
    struct mun_tile_edge edge[MUN_TILE_LEVELS];
};

/* Reads the right edge of a log of `log_size` leaves and derives the log's
 * frontier from it.
 * Errors: MUN_ERR_CORRUPT when a tile is missing or has another width; those
 * of mun_rocks_get. */
MUN_MUST_USE mun_err_t mun_tiles_load(struct mun_tiles *tiles,
                                      struct mun_frontier *frontier,
                                      struct mun_rocks *rocks,
                                      uint64_t log_size);

/* Appends a leaf hash; full tiles go into the pending batch. */
void mun_tiles_append(struct mun_tiles *tiles, struct mun_rocks *rocks,
                      const struct mun_hash *leaf);

/* Puts what grew and is not full into the pending batch. */
void mun_tiles_put(struct mun_tiles *tiles, struct mun_rocks *rocks);

/* The root of `count` hashes, a power of two up to 256, as a perfect tree. */
void mun_tile_fold(struct mun_hash *out, const struct mun_hash *hashes,
                   uint32_t count);

#endif
