#ifndef MUN_LEDGER_JSON_PUT_H
#define MUN_LEDGER_JSON_PUT_H

/* Members of the object at hand, in the forms of forms.h: names and keys are
 * hex, times RFC 3339; zero hashes, keys and times are null. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/json/json_wr.h"

void mun_json_put_hash(struct mun_json_wr *wr, const char *key,
                       const struct mun_hash *hash);
void mun_json_put_key(struct mun_json_wr *wr, const char *key,
                      const struct mun_key *value);
void mun_json_put_u64(struct mun_json_wr *wr, const char *key, uint64_t value);
void mun_json_put_time(struct mun_json_wr *wr, const char *key,
                       uint64_t time_ms);
void mun_json_put_text(struct mun_json_wr *wr, const char *key,
                       struct mun_bytes text);
void mun_json_put_word(struct mun_json_wr *wr, const char *key,
                       const char *word);
void mun_json_put_bool(struct mun_json_wr *wr, const char *key, bool value);
void mun_json_put_base64url(struct mun_json_wr *wr, const char *key,
                            struct mun_bytes data);

/* An array; in it a zero hash is 64 zeros. */
void mun_json_put_hashes(struct mun_json_wr *wr, const char *key,
                         const struct mun_hash *hashes, size_t count);

#endif
