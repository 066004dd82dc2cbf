#include "ledger/seal/seal.h"

#include <sodium.h>

#include <string.h>

#define PASSES 3
#define MEMORY_KIB (64u * 1024u)
#define PASSES_MAX 10
#define MEMORY_KIB_MAX (1024u * 1024u)

_Static_assert(MUN_SEAL_SALT_BYTES == crypto_pwhash_SALTBYTES, "Argon2's salt");
_Static_assert(MUN_SEAL_NONCE_BYTES ==
                   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
               "XChaCha20's nonce");
_Static_assert(MUN_SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "Poly1305's tag");

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES

mun_err_t
mun_random(void *out, size_t len)
{
    if (sodium_init() < 0)
        return mun_err(MUN_ERR_RANDOM);
    randombytes_buf(out, len);
    return MUN_SUCCESS;
}

static mun_err_t
derive(uint8_t key[KEY_BYTES], const struct mun_seal *seal,
       struct mun_bytes passphrase)
{
    if (sodium_init() < 0)
        return mun_err(MUN_ERR_RANDOM);
    if (crypto_pwhash(key, KEY_BYTES, (const char *)passphrase.data,
                      passphrase.len, seal->salt, seal->passes,
                      (size_t)seal->memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return mun_err(MUN_ERR_MEMORY);
    return MUN_SUCCESS;
}

mun_err_t
mun_seal_close(struct mun_seal *seal, uint8_t *out, struct mun_bytes secret,
               struct mun_bytes passphrase, struct mun_bytes context)
{
    uint8_t key[KEY_BYTES];
    unsigned long long len = 0;

    seal->passes = PASSES;
    seal->memory_kib = MEMORY_KIB;
    MUN_TRY(mun_random(seal->salt, sizeof seal->salt));
    MUN_TRY(mun_random(seal->nonce, sizeof seal->nonce));
    MUN_TRY(derive(key, seal, passphrase));
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        out, &len, secret.data, secret.len, context.data, context.len, NULL,
        seal->nonce, key);
    mun_wipe(key, sizeof key);
    return mun_err(failed != 0 ? MUN_ERR_INTERNAL : MUN_OK);
}

mun_err_t
mun_seal_open(uint8_t *out, const struct mun_seal *seal,
              struct mun_bytes sealed, struct mun_bytes passphrase,
              struct mun_bytes context)
{
    uint8_t key[KEY_BYTES];
    unsigned long long len = 0;

    if (sealed.len < MUN_SEAL_TAG_BYTES || seal->passes < 1 ||
        seal->passes > PASSES_MAX || seal->memory_kib < 8 ||
        seal->memory_kib > MEMORY_KIB_MAX)
        return mun_err(MUN_ERR_VALUE);
    MUN_TRY(derive(key, seal, passphrase));
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        out, &len, NULL, sealed.data, sealed.len, context.data, context.len,
        seal->nonce, key);
    mun_wipe(key, sizeof key);
    if (failed != 0) {
        mun_wipe(out, sealed.len - MUN_SEAL_TAG_BYTES);
        return mun_err(MUN_ERR_SIGNATURE);
    }
    return MUN_SUCCESS;
}
