#include "ledger/core/key.h"

#include <secp256k1.h>
#include <secp256k1_preallocated.h>
#include <string.h>

#include "ledger/base/check.h"

#define POINT_BYTES 33
#define SCALARS_BYTES 64

_Static_assert(MUN_KEY_BYTES == 1 + POINT_BYTES, "algorithm, point");
_Static_assert(MUN_SIG_BYTES == 1 + SCALARS_BYTES, "algorithm, r and s");

const struct mun_key mun_key_none;

bool
mun_key_eq(const struct mun_key *a, const struct mun_key *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int
mun_key_cmp(const struct mun_key *a, const struct mun_key *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

bool
mun_key_is_none(const struct mun_key *key)
{
    return mun_key_eq(key, &mun_key_none);
}

static bool
parse_key(secp256k1_pubkey *out, const struct mun_key *key)
{
    return key->b[0] == MUN_ALG_SECP256K1 &&
           secp256k1_ec_pubkey_parse(secp256k1_context_static, out, key->b + 1,
                                     POINT_BYTES) == 1;
}

mun_err_t
mun_key_check(const struct mun_key *key)
{
    secp256k1_pubkey point;

    return mun_err(parse_key(&point, key) ? MUN_OK : MUN_ERR_KEY);
}

_Static_assert(sizeof(secp256k1_pubkey) ==
                   sizeof((struct mun_key_memo *)NULL)->slots[0].point,
               "a slot holds a point");

/* Only keys that have a point are in the memo. Empty slots hold the key of
 * zeros, which has none. */
static bool
recall_key(struct mun_key_memo *memo, secp256k1_pubkey *out,
           const struct mun_key *key)
{
    size_t at = key->b[MUN_KEY_BYTES - 1] % MUN_KEY_MEMO_SLOTS;

    if (memo == NULL)
        return parse_key(out, key);
    if (key->b[0] == MUN_ALG_SECP256K1 &&
        mun_key_eq(&memo->slots[at].key, key)) {
        memcpy(out, memo->slots[at].point, sizeof *out);
        return true;
    }
    if (!parse_key(out, key))
        return false;
    memo->slots[at].key = *key;
    memcpy(memo->slots[at].point, out, sizeof *out);
    return true;
}

mun_err_t
mun_sig_verify(const struct mun_sig *sig, const struct mun_key *key,
               const struct mun_hash *digest)
{
    return mun_sig_verify_memo(NULL, sig, key, digest);
}

mun_err_t
mun_sig_verify_memo(struct mun_key_memo *memo, const struct mun_sig *sig,
                    const struct mun_key *key, const struct mun_hash *digest)
{
    secp256k1_pubkey point;
    secp256k1_ecdsa_signature scalars;

    if (!recall_key(memo, &point, key))
        return mun_err(MUN_ERR_KEY);
    if (sig->b[0] != MUN_ALG_SECP256K1)
        return mun_err(MUN_ERR_SIGNATURE);
    /* Refuses r and s that are not below the order; zeros and high S are
     * refused by secp256k1_ecdsa_verify. */
    if (secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static,
                                                &scalars, sig->b + 1) != 1)
        return mun_err(MUN_ERR_SIGNATURE);
    if (secp256k1_ecdsa_verify(secp256k1_context_static, &scalars, digest->b,
                               &point) != 1)
        return mun_err(MUN_ERR_SIGNATURE);
    return MUN_SUCCESS;
}

/* libsecp256k1 asks for storage aligned for any object, which uint64_t alone
 * does not promise. The place is found again at every use: it follows from the
 * signer's address, and a signer is not copied. */
static size_t
context_offset(const struct mun_signer *signer)
{
    const size_t align = _Alignof(max_align_t);

    return (align - (uintptr_t)signer->context % align) % align;
}

static secp256k1_context *
context_create(struct mun_signer *signer)
{
    size_t offset = context_offset(signer);
    size_t size = secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE);

    MUN_CHECK(size <= sizeof signer->context - offset);
    return secp256k1_context_preallocated_create(
        (unsigned char *)signer->context + offset, SECP256K1_CONTEXT_NONE);
}

static const secp256k1_context *
context_get(const struct mun_signer *signer)
{
    return (const secp256k1_context *)(const void *)((const unsigned char *)
                                                         signer->context +
                                                     context_offset(signer));
}

/* Blinds the arithmetic against who measures time or power. The pure core has
 * no randomness; what an observer lacks is enough, and the secret is that. */
static void
blind(secp256k1_context *context, const struct mun_secret *secret)
{
    static const char info[] = "muniment/blind/1";
    uint8_t seed[32];

    mun_hkdf(seed, sizeof seed, MUN_BYTES_NONE,
             mun_bytes(secret->b, sizeof secret->b),
             mun_bytes(info, sizeof info - 1));
    MUN_CHECK(secp256k1_context_randomize(context, seed) == 1);
    mun_wipe(seed, sizeof seed);
}

mun_err_t
mun_signer_init(struct mun_signer *signer, const struct mun_secret *secret)
{
    secp256k1_context *context;
    secp256k1_pubkey point;
    size_t len = POINT_BYTES;

    memset(signer, 0, sizeof *signer);
    if (secp256k1_ec_seckey_verify(secp256k1_context_static, secret->b) != 1)
        return mun_err(MUN_ERR_KEY);
    context = context_create(signer);
    blind(context, secret);
    MUN_CHECK(secp256k1_ec_pubkey_create(context, &point, secret->b) == 1);
    signer->key.b[0] = MUN_ALG_SECP256K1;
    MUN_CHECK(secp256k1_ec_pubkey_serialize(context, signer->key.b + 1, &len,
                                            &point,
                                            SECP256K1_EC_COMPRESSED) == 1);
    MUN_CHECK(len == POINT_BYTES);
    signer->secret = *secret;
    return MUN_SUCCESS;
}

void
mun_signer_fini(struct mun_signer *signer)
{
    /* The context holds no more than these bytes: wiping is enough. */
    mun_wipe(signer, sizeof *signer);
}

void
mun_signer_sign(const struct mun_signer *signer, struct mun_sig *out,
                const struct mun_hash *digest)
{
    const secp256k1_context *context = context_get(signer);
    secp256k1_ecdsa_signature scalars;

    MUN_CHECK(signer->key.b[0] == MUN_ALG_SECP256K1);
    /* No nonce function named: RFC 6979, and S comes out low. */
    MUN_CHECK(secp256k1_ecdsa_sign(context, &scalars, digest->b,
                                   signer->secret.b, NULL, NULL) == 1);
    out->b[0] = MUN_ALG_SECP256K1;
    MUN_CHECK(secp256k1_ecdsa_signature_serialize_compact(context, out->b + 1,
                                                          &scalars) == 1);
}
