#ifndef MUN_GENESIS_GENESIS_JSON_H
#define MUN_GENESIS_GENESIS_JSON_H

/* Genesis documents as people write them: strict JSON, compiled into the
 * binary form of ledger/README.md section 5, which alone is hashed. The order
 * of parties and keys in the file does not matter. genesis/README.md shows
 * one. */

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/genesis.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"

/* Compiles and checks a document; *out is its binary form.
 * Lifetime: the arena's.
 * Errors: those of mun_json_rd and mun_genesis_decode, with *why filled;
 * MUN_ERR_LIMIT (arena; it takes about 1 MiB). */
MUN_MUST_USE mun_err_t mun_genesis_json_compile(struct mun_bytes *out,
                                                struct mun_arena *arena,
                                                const struct mun_json *doc,
                                                struct mun_json_err *why);

/* Writes the JSON form of a document. */
void mun_genesis_json_write(struct mun_json_wr *wr,
                            const struct mun_genesis *genesis);

#endif
