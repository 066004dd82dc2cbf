#ifndef MUN_LEDGER_CORE_HASH_H
#define MUN_LEDGER_CORE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"

/* SHA-256 plain (log and batch trees, documents) and tagged (all else).
 *
 * A tagged hash is SHA256(SHA256(tag) || SHA256(tag) || data): BIP 340's form,
 * so that bytes hashed for one purpose can never stand for another. The state
 * after the first 64 bytes depends on the tag alone and is kept in a table of
 * constants. */

struct mun_hash {
    uint8_t b[32];
};

_Static_assert(sizeof(struct mun_hash) == 32, "no padding");

/* Name, text of the tag. Specified in ledger/README.md section 2. */
#define MUN_TAG_TABLE(X)                                                       \
    X(MUN_TAG_GENESIS, "muniment/genesis/1")                                   \
    X(MUN_TAG_CHAIN, "muniment/chain/1")                                       \
    X(MUN_TAG_PARTY, "muniment/party/1")                                       \
    X(MUN_TAG_PROGRAMME, "muniment/programme/1")                               \
    X(MUN_TAG_ENTRY, "muniment/entry/1")                                       \
    X(MUN_TAG_SIGNED_ENTRY, "muniment/signed-entry/1")                         \
    X(MUN_TAG_BLOCK_ENTRIES, "muniment/block-entries/1")                       \
    X(MUN_TAG_RECORD_KEY, "muniment/record-key/1")                             \
    X(MUN_TAG_RECORD_VALUE, "muniment/record-value/1")                         \
    X(MUN_TAG_STATE_LEAF, "muniment/state-leaf/1")                             \
    X(MUN_TAG_STATE_NODE, "muniment/state-node/1")                             \
    X(MUN_TAG_HEADER, "muniment/header/1")                                     \
    X(MUN_TAG_CERTIFICATE, "muniment/certificate/1")                           \
    X(MUN_TAG_MEMBERS, "muniment/members/1")                                   \
    X(MUN_TAG_VOTE, "muniment/vote/1")                                         \
    X(MUN_TAG_COMMITMENT, "muniment/commitment/1")                             \
    X(MUN_TAG_MESSAGE, "muniment/message/1")

enum mun_tag {
#define X(name, text) name,
    MUN_TAG_TABLE(X)
#undef X
        MUN_TAG_COUNT
};

/* A running hash. The members are private to hash.c. */
struct mun_sha256 {
    uint64_t opaque[16];
};

void mun_sha256_init(struct mun_sha256 *sha);
void mun_sha256_init_tagged(struct mun_sha256 *sha, enum mun_tag tag);
void mun_sha256_update(struct mun_sha256 *sha, const void *data, size_t len);

/* Writes the digest; `sha` must be initialised again before further use. */
void mun_sha256_final(struct mun_sha256 *sha, struct mun_hash *out);

/* One-shot forms. */
void mun_hash_sha256(struct mun_hash *out, struct mun_bytes data);
void mun_hash_tagged(struct mun_hash *out, enum mun_tag tag,
                     struct mun_bytes data);

/* The tag's text.
 * Lifetime: static. */
const char *mun_tag_text(enum mun_tag tag);

/* Output keying material of HKDF-SHA256: extract with `salt`, expand with
 * `info`.
 * Shape: out holds out_len <= 255 * 32 bytes.
 * Source: RFC 5869. */
void mun_hkdf(uint8_t *out, size_t out_len, struct mun_bytes salt,
              struct mun_bytes secret, struct mun_bytes info);

extern const struct mun_hash mun_hash_zero;

bool mun_hash_eq(const struct mun_hash *a, const struct mun_hash *b);
int mun_hash_cmp(const struct mun_hash *a, const struct mun_hash *b);
bool mun_hash_is_zero(const struct mun_hash *hash);

#endif
