#ifndef MUN_TOOLS_SUBMIT_H
#define MUN_TOOLS_SUBMIT_H

/* From an act to its place in the ledger: fill in an entry, sign it, send it,
 * wait until it is final. */

#include "ledger/core/entry.h"
#include "tools/cli.h"
#include "tools/client.h"

/* What a node says of its chain; entries are made for it. */
struct mun_chain_head {
    struct mun_hash chain_id;
    uint64_t height;
    uint64_t time_ms;
};

/* Errors: after a message; *exit_code is what to return. */
MUN_MUST_USE mun_err_t mun_head_get(struct mun_chain_head *out,
                                    struct mun_cli *cli, int *exit_code);

/* One entry that is ready to be sent. */
struct mun_signed_entry {
    struct mun_bytes bytes;
    struct mun_hash id;
    const struct mun_hash *leaves; /* published, or NULL */
    uint32_t leaf_count;
};

/* Sets chain, valid_until (an hour from now) and keys, encodes and signs. The
 * signers may come in any order; the same key twice counts once.
 * Errors: MUN_ERR_LIMIT, those of the encoder. */
MUN_MUST_USE mun_err_t mun_entry_sign(struct mun_signed_entry *out,
                                      struct mun_cli *cli,
                                      const struct mun_chain_head *head,
                                      struct mun_entry *entry,
                                      struct mun_signer *const *signers,
                                      size_t signer_count);

/* Sends entries in order and waits until each is final. Prints nothing when
 * all went well. On the first that did not, says which and why.
 * Returns MUN_EXIT_DONE, REFUSED, UNREACHABLE or FAILED. heights may be NULL.
 */
int mun_submit(struct mun_cli *cli, const struct mun_signed_entry *entries,
               size_t count, uint64_t *heights);

/* The usual end of a command: sign one entry, send it, report "what" with the
 * entry's id and height. */
int mun_submit_one(struct mun_cli *cli, const char *what,
                   struct mun_entry *entry, struct mun_signer *const *signers,
                   size_t signer_count);

#endif
