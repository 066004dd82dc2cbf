#ifndef MUN_LEDGER_STORE_KEYS_H
#define MUN_LEDGER_STORE_KEYS_H

#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/record.h"

/* Keys of the column families: README.md of this folder. Numbers are
 * big-endian, so that the order of keys is that of numbers. */

/* The longest: history of a list. */
#define MUN_STORE_KEY_MAX 96

struct mun_store_key {
    uint8_t b[MUN_STORE_KEY_MAX];
    size_t len;
};

static inline struct mun_bytes
mun_store_key_bytes(const struct mun_store_key *key)
{
    return mun_bytes(key->b, key->len);
}

/* meta: one letter each. */
#define MUN_META_GENESIS 'g'
#define MUN_META_CONSENSUS 'c'
#define MUN_META_HEAD 'h'
/* Values of the height that is agreed on: letters from this one on. */
#define MUN_META_KEPT '0'
#define MUN_META_KEPT_COUNT 4

/* index: the first byte. */
#define MUN_INDEX_ENTRY 'E'         /* entry id -> log index, height */
#define MUN_INDEX_PARTY 'P'         /* party, log index: history.h */
#define MUN_INDEX_PROGRAMME 'G'     /* programme, log index */
#define MUN_INDEX_LIST 'L'          /* issuer, run8 label, log index */
#define MUN_INDEX_BATCH 'B'         /* log index */
#define MUN_INDEX_TIME 'T'          /* block time -> height */
#define MUN_INDEX_RECORD 'R'        /* record type, natural key */
#define MUN_INDEX_KEY 'K'           /* party, key */
#define MUN_INDEX_ACCREDITATION 'A' /* subject, accreditation */
#define MUN_INDEX_ISSUED 'I'        /* issuer, programme */

/* Commitments of one batch that are kept in one value. */
#define MUN_CHUNK 64
/* In place of a chunk's number: the roots of all chunks. */
#define MUN_CHUNK_ROOTS 0xffff

/* A place in the log fits into 5 bytes until 10^12 entries. */
#define MUN_LOG_INDEX_MAX ((UINT64_C(1) << 40) - 1)
#define MUN_COMMITMENT_KEY_BYTES (8 + 5 + 2)

void mun_key_meta(struct mun_store_key *out, uint8_t letter);
void mun_key_block(struct mun_store_key *out, uint64_t height);
void mun_key_entry(struct mun_store_key *out, uint64_t log_index);
void mun_key_leaves(struct mun_store_key *out, uint64_t log_index,
                    uint16_t chunk);
void mun_key_tile(struct mun_store_key *out, uint64_t index, uint8_t level);
/* A commitment's first 8 bytes as a number, its log index and position as
 * another: they are sorted as numbers before they are written. */
void mun_key_commitment(struct mun_store_key *out, uint64_t prefix,
                        uint64_t place);

/* index */
void mun_key_letter(struct mun_store_key *out, uint8_t letter);
void mun_key_hash(struct mun_store_key *out, uint8_t letter,
                  const struct mun_hash *hash);
void mun_key_time(struct mun_store_key *out, uint64_t time_ms);
/* letter, issuer, run8 label (at most 255 bytes). */
void mun_key_list_start(struct mun_store_key *out,
                        const struct mun_hash *issuer, struct mun_bytes label);
/* letter, type, natural key. */
void mun_key_record(struct mun_store_key *out, uint8_t type,
                    struct mun_bytes natural);
void mun_key_append(struct mun_store_key *key, struct mun_bytes bytes);
void mun_key_append_u64(struct mun_store_key *key, uint64_t number);

/* Bytes of the longest natural key: a slot's. */
#define MUN_NATURAL_MAX (32 + 1 + 32 + 4)
/* Of a list. */
#define MUN_STORE_LABEL_MAX 32

/* The natural key of a record, as it stands in the value.
 * Errors: MUN_ERR_TRUNCATED, MUN_ERR_KIND.
 * Lifetime: the value's. */
MUN_MUST_USE mun_err_t mun_natural_key(struct mun_bytes *out, uint8_t *type,
                                       struct mun_bytes value);

/* The key in the state tree of a type and a natural key. */
void mun_natural_record_key(struct mun_hash *out, uint8_t type,
                            struct mun_bytes natural);

#endif
