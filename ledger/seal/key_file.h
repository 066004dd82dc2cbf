#ifndef MUN_LEDGER_SEAL_KEY_FILE_H
#define MUN_LEDGER_SEAL_KEY_FILE_H

/* Key files: a public key that anyone may read and its secret, sealed under a
 * passphrase. JSON, so that people see what a file is:
 *
 *   {"muniment_key":1, "label":…, "key":hex, "passes":3, "memory_kib":65536,
 *    "salt":base64url, "nonce":base64url, "sealed":base64url}
 */

#include "ledger/base/err.h"
#include "ledger/core/key.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"
#include "ledger/seal/seal.h"

#define MUN_KEY_LABEL_MAX 100

struct mun_key_file {
    struct mun_key key;
    char label[MUN_KEY_LABEL_MAX + 1];
    struct mun_seal seal;
    uint8_t sealed[32 + MUN_SEAL_TAG_BYTES];
};

/* A new random key, sealed.
 * Errors: MUN_ERR_RANDOM, MUN_ERR_MEMORY, MUN_ERR_TOO_LARGE (label). */
MUN_MUST_USE mun_err_t mun_key_file_new(struct mun_key_file *out,
                                        struct mun_bytes label,
                                        struct mun_bytes passphrase);

void mun_key_file_write(struct mun_json_wr *wr,
                        const struct mun_key_file *file);

/* Errors: those of mun_json_rd, MUN_ERR_VERSION, MUN_ERR_KEY. */
MUN_MUST_USE mun_err_t mun_key_file_read(struct mun_key_file *out,
                                         const struct mun_json *doc,
                                         struct mun_json_err *why);

/* Unseals into a signer, which the caller ends with mun_signer_fini.
 * Errors: MUN_ERR_SIGNATURE (wrong passphrase), MUN_ERR_KEY (the secret is not
 * that of the public key), those of mun_seal_open. */
MUN_MUST_USE mun_err_t mun_key_file_open(struct mun_signer *out,
                                         const struct mun_key_file *file,
                                         struct mun_bytes passphrase);

#endif
