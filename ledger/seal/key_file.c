#include "ledger/seal/key_file.h"

#include <string.h>

#include "ledger/json/json_rd.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct mun_bytes
context_of(const struct mun_key_file *file)
{
    return mun_bytes(file->key.b, sizeof file->key.b);
}

mun_err_t
mun_key_file_new(struct mun_key_file *out, struct mun_bytes label,
                 struct mun_bytes passphrase)
{
    struct mun_secret secret;
    struct mun_signer signer;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    if (label.len > MUN_KEY_LABEL_MAX)
        return mun_err(MUN_ERR_TOO_LARGE);
    if (label.len != 0)
        memcpy(out->label, label.data, label.len);
    /* A random number is not a secret key once in 2^127. */
    do
        MUN_TRY(mun_random(secret.b, sizeof secret.b));
    while (!mun_is_ok(mun_signer_init(&signer, &secret)));
    out->key = signer.key;
    MUN_TRY_OUT(mun_seal_close(&out->seal, out->sealed,
                               mun_bytes(secret.b, sizeof secret.b), passphrase,
                               context_of(out)));
out:
    mun_signer_fini(&signer);
    mun_wipe(&secret, sizeof secret);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

void
mun_key_file_write(struct mun_json_wr *wr, const struct mun_key_file *file)
{
    const struct mun_seal *seal = &file->seal;

    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "muniment_key");
    mun_json_wr_u64(wr, 1);
    mun_json_wr_key(wr, "label");
    mun_json_wr_string(wr, file->label);
    mun_json_wr_key(wr, "key");
    mun_json_wr_hex(wr, context_of(file));
    mun_json_wr_key(wr, "passes");
    mun_json_wr_u64(wr, seal->passes);
    mun_json_wr_key(wr, "memory_kib");
    mun_json_wr_u64(wr, seal->memory_kib);
    mun_json_wr_key(wr, "salt");
    mun_json_wr_base64url(wr, mun_bytes(seal->salt, sizeof seal->salt));
    mun_json_wr_key(wr, "nonce");
    mun_json_wr_base64url(wr, mun_bytes(seal->nonce, sizeof seal->nonce));
    mun_json_wr_key(wr, "sealed");
    mun_json_wr_base64url(wr, mun_bytes(file->sealed, sizeof file->sealed));
    mun_json_wr_end_object(wr);
}

/* A base64url member of exactly `size` bytes. */
static void
read_exact(struct mun_json_rd *rd, const char *key, uint8_t *out, size_t size)
{
    if (mun_json_rd_base64url(rd, key, out, size) != size)
        mun_json_rd_fail(rd, key, MUN_ERR_ENCODING, "has another length");
}

mun_err_t
mun_key_file_read(struct mun_key_file *out, const struct mun_json *doc,
                  struct mun_json_err *why)
{
    static const char *const keys[] = { "muniment_key", "label",      "key",
                                        "passes",       "memory_kib", "salt",
                                        "nonce",        "sealed" };
    struct mun_json_rd rd;

    memset(out, 0, sizeof *out);
    mun_json_rd_init(&rd, doc, why);
    mun_json_rd_only(&rd, keys, COUNT(keys));
    if (mun_json_rd_u64(&rd, "muniment_key", UINT16_MAX) != 1)
        mun_json_rd_fail(&rd, "muniment_key", MUN_ERR_VERSION,
                         "is not version 1");
    struct mun_bytes label =
        mun_json_rd_string(&rd, "label", 0, MUN_KEY_LABEL_MAX);
    if (label.len != 0)
        memcpy(out->label, label.data, label.len);
    mun_json_rd_hex(&rd, "key", out->key.b, sizeof out->key.b);
    out->seal.passes = (uint32_t)mun_json_rd_u64(&rd, "passes", UINT32_MAX);
    out->seal.memory_kib =
        (uint32_t)mun_json_rd_u64(&rd, "memory_kib", UINT32_MAX);
    read_exact(&rd, "salt", out->seal.salt, sizeof out->seal.salt);
    read_exact(&rd, "nonce", out->seal.nonce, sizeof out->seal.nonce);
    read_exact(&rd, "sealed", out->sealed, sizeof out->sealed);
    mun_err_t err = mun_json_rd_status(&rd);
    if (mun_is_ok(err))
        err = mun_key_check(&out->key);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

mun_err_t
mun_key_file_open(struct mun_signer *out, const struct mun_key_file *file,
                  struct mun_bytes passphrase)
{
    struct mun_secret secret;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_seal_open(secret.b, &file->seal,
                          mun_bytes(file->sealed, sizeof file->sealed),
                          passphrase, context_of(file)));
    mun_err_t err = mun_signer_init(out, &secret);
    mun_wipe(&secret, sizeof secret);
    MUN_TRY(err);
    if (!mun_key_eq(&out->key, &file->key)) {
        mun_signer_fini(out);
        return mun_err(MUN_ERR_KEY);
    }
    return MUN_SUCCESS;
}
