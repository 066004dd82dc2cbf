#ifndef MUN_TESTS_SUPPORT_MAKE_ENTRY_H
#define MUN_TESTS_SUPPORT_MAKE_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/core/entry.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"

/* Signed entries for tests, the same bytes in every run.
 *
 *   struct mun_entry entry;
 *   struct mun_bytes bytes;
 *
 *   mun_test_sample_entry(&arena, &entry, MUN_KIND_RETIRE_KEY);
 *   entry.actor = mun_test_party(7);
 *   entry.as.retire_key = *mun_test_key(8);
 *   bytes = mun_test_sign_entry(&arena, &entry, (unsigned[]){ 7 }, 1);
 *   checked = mun_test_check_entry(&arena, bytes, NULL, 0);
 *
 * Signers are numbers from 1 on; a party is named by the number of its lowest
 * key's signer. Nothing here fails: a full arena or an entry that cannot be
 * encoded aborts. What lives in the arena is valid until it is reset. Not
 * thread-safe. Link with mun_test_core. */

#define MUN_TEST_SIGNERS_MAX 1024

/* 2026-01-01T00:00:00Z. Samples are valid until an hour later. */
#define MUN_TEST_TIME_MS 1767225600000ull
#define MUN_TEST_HOUR_MS 3600000ull

/* Lifetime: static. */
const struct mun_signer *mun_test_signer(unsigned number);
const struct mun_key *mun_test_key(unsigned number);

/* A hash for each number, never zero. */
struct mun_hash mun_test_hash(unsigned number);

/* The chain id that samples name. */
struct mun_hash mun_test_chain(void);

/* The name of the party whose lowest key is the signer's. */
struct mun_hash mun_test_party(unsigned number);

/* `count` different commitments. */
struct mun_hash *mun_test_leaves(struct mun_arena *arena, uint32_t count);

/* Sets the keys of a register_party in their order, all with `purposes`.
 * Returns the party's name. */
struct mun_hash mun_test_set_keys(struct mun_register_party *out,
                                  const unsigned *signers, size_t count,
                                  uint8_t purposes);

/* Encodes changes; they must ascend by index to be accepted. */
void mun_test_set_changes(struct mun_arena *arena,
                          struct mun_change_status *out,
                          const struct mun_change *changes, uint16_t count);

/* Fills a description ("Data analysis", eqf 5, isced 0613, micro-credential,
 * 5 ects, KZ-75, texts in every field) and a grant that covers it (eqf 5 and
 * 6, isced 06, every award, KZ, 1 to 30 ects, sub_depth 1, a year around
 * MUN_TEST_TIME_MS). */
void mun_test_description(struct mun_description *out);
void mun_test_grant(struct mun_grant *out);

/* A whole entry of the kind with every field filled, from party 1: change what
 * the test is about. register_party registers party 2 with keys 2 (govern) and
 * sponsor 1; add_key adds key 3, retire_key retires it; accredit is for party
 * 2 and has no parent; anchor publishes the 3 leaves of mun_test_leaves from
 * slot 0 of "diplomas" on; change_status has one change of each action. */
void mun_test_sample_entry(struct mun_arena *arena, struct mun_entry *out,
                           enum mun_kind kind);

/* The signers that the table of section 8 asks for of a sample.
 * Shape: out holds 2. Returns how many. */
size_t mun_test_sample_signers(enum mun_kind kind, unsigned *out);

/* Puts the signers' keys in order into *entry, encodes its body, signs its id
 * with each; sets key_count, keys, sigs, body, bytes and id. Signers may come
 * in any order, each once.
 * Returns the whole entry. */
struct mun_bytes mun_test_sign_entry(struct mun_arena *arena,
                                     struct mun_entry *entry,
                                     const unsigned *signers, size_t count);

/* Decodes and verifies, which must succeed. `leaves` is borrowed. */
struct mun_entry_checked *mun_test_check_entry(struct mun_arena *arena,
                                               struct mun_bytes bytes,
                                               const struct mun_hash *leaves,
                                               uint32_t leaf_count);

#endif
