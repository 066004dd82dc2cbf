#ifndef MUN_LEDGER_STORE_VALUE_H
#define MUN_LEDGER_STORE_VALUE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/store/keys.h"
#include "ledger/store/rocks.h"

/* Values with a check: the first 8 bytes of SHA-256 over the family's letter,
 * the key and the value, behind the value. RocksDB's own checksums see what a
 * disk spoils; this sees, whenever a value is read, what anything else spoils
 * (memory, a bug, a tool), and a value that stands under another key. */

#define MUN_CHECK_BYTES 8
#define MUN_VALUE_PARTS_MAX 5

struct mun_value_check {
    uint8_t b[MUN_CHECK_BYTES];
};

void mun_value_put(struct mun_rocks *rocks, enum mun_family family,
                   const struct mun_store_key *key,
                   const struct mun_bytes *parts, size_t part_count);

/* *out is without the check.
 * Errors: as of mun_rocks_get; MUN_ERR_CORRUPT, logged, when the check is
 * wrong.
 * Lifetime: until mun_rocks_release.
 * After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_value_get(struct mun_rocks *rocks,
                                     struct mun_rocks_value *out,
                                     enum mun_family family,
                                     const struct mun_store_key *key);

/* The same, but the check is the caller's to make, by mun_value_verify: *check
 * is what the value came with.
 * Errors: as of mun_value_get; MUN_ERR_CORRUPT, logged, when the value is too
 * short for a check. */
MUN_MUST_USE mun_err_t mun_value_get_unchecked(struct mun_rocks *rocks,
                                               struct mun_rocks_value *out,
                                               struct mun_value_check *check,
                                               enum mun_family family,
                                               const struct mun_store_key *key);

/* Errors: MUN_ERR_CORRUPT, logged. */
MUN_MUST_USE mun_err_t mun_value_verify(enum mun_family family,
                                        struct mun_bytes key,
                                        struct mun_bytes value,
                                        const struct mun_value_check *check);

/* Cuts the check off a value that an iterator gave.
 * Errors: MUN_ERR_CORRUPT, logged. After failure: *out is empty. */
MUN_MUST_USE mun_err_t mun_value_open(struct mun_bytes *out,
                                      enum mun_family family,
                                      struct mun_bytes key,
                                      struct mun_bytes value);

/* Logs what is damaged; always MUN_ERR_CORRUPT. */
MUN_MUST_USE mun_err_t mun_value_corrupt(enum mun_family family,
                                         struct mun_bytes key);

/* A decoder's failure on a stored value is damage; other codes stay. */
MUN_MUST_USE mun_err_t mun_value_decoded(mun_err_t err, enum mun_family family,
                                         struct mun_bytes key);

#endif
