#ifndef MUN_TOOLS_KEYS_H
#define MUN_TOOLS_KEYS_H

/* Key files on the command line: "registrar.key" or, where purposes are asked
 * for, "registrar.key:anchor,status". */

#include "ledger/core/entry.h"
#include "ledger/seal/key_file.h"
#include "tools/cli.h"

/* The passphrase from --passphrase-file (first line), or asked for on the
 * terminal, once a process. `is_new` asks twice.
 * Errors: MUN_ERR_IO, after a message. Lifetime: the process. */
MUN_MUST_USE mun_err_t mun_passphrase(struct mun_bytes *out,
                                      struct mun_cli *cli, bool is_new);

/* Reads a key file without opening it; on failure after a message. */
MUN_MUST_USE mun_err_t mun_key_load(struct mun_key_file *out,
                                    struct mun_cli *cli, const char *path);

/* Reads and opens it, ready to sign.
 * Lifetime: the arena's; the process ends before it is wiped. */
MUN_MUST_USE mun_err_t mun_key_open(struct mun_signer **out,
                                    struct mun_cli *cli, const char *path);

/* Splits "file:purposes" in place; *purposes is 0 when there are none.
 * Returns false, after a message, when a purpose is not one. */
bool mun_key_split(struct mun_cli *cli, char *text, const char **path,
                   uint8_t *purposes);

#endif
