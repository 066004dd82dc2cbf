#ifndef MUN_LEDGER_CORE_KEY_H
#define MUN_LEDGER_CORE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/err.h"
#include "ledger/core/hash.h"

/* Keys and signatures, each led by its algorithm byte. The one algorithm so
 * far is ECDSA over secp256k1: compressed keys, compact signatures, low S. */
#define MUN_ALG_SECP256K1 1

#define MUN_KEY_BYTES 34
#define MUN_SIG_BYTES 65

struct mun_key {
    uint8_t b[MUN_KEY_BYTES];
};

struct mun_sig {
    uint8_t b[MUN_SIG_BYTES];
};

struct mun_secret {
    uint8_t b[32];
};

_Static_assert(sizeof(struct mun_key) == MUN_KEY_BYTES, "no padding");
_Static_assert(sizeof(struct mun_sig) == MUN_SIG_BYTES, "no padding");

/* All zeros: stands for "no key" in records. */
extern const struct mun_key mun_key_none;

bool mun_key_eq(const struct mun_key *a, const struct mun_key *b);
int mun_key_cmp(const struct mun_key *a, const struct mun_key *b);
bool mun_key_is_none(const struct mun_key *key);

/* Errors: MUN_ERR_KEY unless the algorithm is known and the point is on the
 * curve. */
MUN_MUST_USE mun_err_t mun_key_check(const struct mun_key *key);

/* Errors: MUN_ERR_KEY, MUN_ERR_SIGNATURE (wrong algorithm, r or s out of
 * range, high S, or not a signature of `digest` by `key`). */
MUN_MUST_USE mun_err_t mun_sig_verify(const struct mun_sig *sig,
                                      const struct mun_key *key,
                                      const struct mun_hash *digest);

/* Points of keys that were met before. Finding the point of a key is an eighth
 * of a look at a signature, and who signs once signs many entries. Belongs to
 * one thread; zeroed, it is empty. */
#define MUN_KEY_MEMO_SLOTS 32u
struct mun_key_memo {
    struct {
        struct mun_key key;
        uint8_t point[64];
    } slots[MUN_KEY_MEMO_SLOTS];
};

/* mun_sig_verify; `memo` may be NULL and never changes the answer. */
MUN_MUST_USE mun_err_t mun_sig_verify_memo(struct mun_key_memo *memo,
                                           const struct mun_sig *sig,
                                           const struct mun_key *key,
                                           const struct mun_hash *digest);

/* A secret with what signing needs. Wipe with mun_signer_fini. Not pure data:
 * it may not be copied. */
struct mun_signer {
    struct mun_key key;
    struct mun_secret secret;
    uint64_t context[32];
};

/* Errors: MUN_ERR_KEY when the secret is 0 or not below the group order. */
MUN_MUST_USE mun_err_t mun_signer_init(struct mun_signer *signer,
                                       const struct mun_secret *secret);
void mun_signer_fini(struct mun_signer *signer);

/* Deterministic (RFC 6979), low S: the same digest gives the same bytes. */
void mun_signer_sign(const struct mun_signer *signer, struct mun_sig *out,
                     const struct mun_hash *digest);

#endif
