#ifndef MUN_LEDGER_SEAL_SEAL_H
#define MUN_LEDGER_SEAL_SEAL_H

/* Secrets at rest: encryption under a passphrase, and randomness. libsodium
 * does all of it; this is the only file that names it.
 *
 * The key comes from Argon2id (RFC 9106 section 4, second recommended option
 * but for its one lane: 3 passes over 64 MiB); the box is XChaCha20-Poly1305
 * and binds `context`, so that one file's secret cannot be put into another. */

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

#define MUN_SEAL_SALT_BYTES 16
#define MUN_SEAL_NONCE_BYTES 24
#define MUN_SEAL_TAG_BYTES 16

struct mun_seal {
    uint32_t passes;
    uint32_t memory_kib;
    uint8_t salt[MUN_SEAL_SALT_BYTES];
    uint8_t nonce[MUN_SEAL_NONCE_BYTES];
};

/* Fills `out` from the operating system.
 * Errors: MUN_ERR_RANDOM. */
MUN_MUST_USE mun_err_t mun_random(void *out, size_t len);

/* Encrypts `secret` under a fresh salt and nonce.
 * Shape: out holds secret.len + MUN_SEAL_TAG_BYTES.
 * Errors: MUN_ERR_RANDOM, MUN_ERR_MEMORY. */
MUN_MUST_USE mun_err_t mun_seal_close(struct mun_seal *seal, uint8_t *out,
                                      struct mun_bytes secret,
                                      struct mun_bytes passphrase,
                                      struct mun_bytes context);

/* Shape: out holds sealed.len - MUN_SEAL_TAG_BYTES.
 * Errors: MUN_ERR_VALUE (costs outside 1–10 passes and 8 KiB–1 GiB, or too
 * short), MUN_ERR_SIGNATURE (wrong passphrase, or changed), MUN_ERR_MEMORY.
 * After failure: out is zeroed. */
MUN_MUST_USE mun_err_t mun_seal_open(uint8_t *out, const struct mun_seal *seal,
                                     struct mun_bytes sealed,
                                     struct mun_bytes passphrase,
                                     struct mun_bytes context);

#endif
