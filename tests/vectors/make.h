#ifndef MUN_TESTS_VECTORS_MAKE_H
#define MUN_TESTS_VECTORS_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/wr.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/commitment.h"
#include "ledger/core/entry.h"
#include "ledger/core/genesis.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/core/member.h"
#include "ledger/core/state.h"
#include "ledger/json/json_wr.h"

/* What the parts of the generator share. Section 17 of ledger/README.md says
 * what is in the files. Nothing here fails: it aborts. */

#define MUN_VEC_COUNT(a) (sizeof(a) / sizeof((a)[0]))

void *mun_vec_take(struct mun_arena *arena, size_t size);
/* A copy of what was written. Lifetime: the arena's. */
struct mun_bytes mun_vec_keep(struct mun_arena *arena, const struct mun_wr *wr);
struct mun_bytes mun_vec_copy(struct mun_arena *arena, struct mun_bytes bytes);
/* A string with its end. Lifetime: the arena's. */
char *mun_vec_string(struct mun_arena *arena, struct mun_bytes text);

/* Members of the object at hand. */
void mun_vec_hex(struct mun_json_wr *wr, const char *key,
                 struct mun_bytes bytes);
void mun_vec_hash(struct mun_json_wr *wr, const char *key,
                  const struct mun_hash *hash);
void mun_vec_key(struct mun_json_wr *wr, const char *key,
                 const struct mun_key *value);
void mun_vec_u64(struct mun_json_wr *wr, const char *key, uint64_t value);
void mun_vec_text(struct mun_json_wr *wr, const char *key,
                  struct mun_bytes text);
void mun_vec_str(struct mun_json_wr *wr, const char *key, const char *text);
void mun_vec_bool(struct mun_json_wr *wr, const char *key, bool value);
/* An array of hashes. */
void mun_vec_hashes(struct mun_json_wr *wr, const char *key,
                    const struct mun_hash *hashes, size_t count);

/* The fields of a thing as an object, named and ordered as in the
 * specification: integers and times as numbers, names and keys in hex. */
void mun_vec_fields_genesis(struct mun_json_wr *wr,
                            const struct mun_genesis *genesis);
void mun_vec_fields_members(struct mun_json_wr *wr,
                            const struct mun_members *members);
void mun_vec_fields_certificate(struct mun_json_wr *wr,
                                const struct mun_certificate *certificate);
void mun_vec_fields_header(struct mun_json_wr *wr,
                           const struct mun_header *header);
void mun_vec_fields_log_leaf(struct mun_json_wr *wr,
                             const struct mun_log_leaf *leaf);
void mun_vec_fields_opening(struct mun_json_wr *wr,
                            const struct mun_opening *opening);
void mun_vec_fields_entry(struct mun_json_wr *wr,
                          const struct mun_entry *entry);
void mun_vec_fields_record(struct mun_json_wr *wr, struct mun_bytes value);

/* Members "type", "key" and "value" of a record. */
void mun_vec_record(struct mun_json_wr *wr, struct mun_bytes value);

/* An empty state with room for a few hundred records. */
struct mun_state *mun_vec_state(struct mun_arena *arena);

/* Each writes the vectors of one file, as items of the array at hand. */
void mun_vec_make_hashes(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_jcs(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_commitment(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_merkle(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_state(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_genesis(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_entries(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_records(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_block(struct mun_json_wr *wr, struct mun_arena *arena);
void mun_vec_make_receipt(struct mun_json_wr *wr, struct mun_arena *arena);

#endif
