#ifndef MUN_LEDGER_CORE_HASH_INT_H
#define MUN_LEDGER_CORE_HASH_INT_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/core/hash.h"

#define MUN_SHA256_BLOCK 64

/* SHA-256 of a message that stands in memory with its padding, for those who
 * hash many of one length and lay the padding down once.
 * Shape: blocks holds block_count * MUN_SHA256_BLOCK bytes. */
void mun_hash_padded(struct mun_hash *out, const uint8_t *blocks,
                     size_t block_count);

#endif
