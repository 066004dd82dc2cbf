#ifndef MUN_TOOLS_RECEIPT_FETCH_H
#define MUN_TOOLS_RECEIPT_FETCH_H

/* Receipts from a node: fetched, completed, and checked like a verifier would
 * before anybody keeps them. */

#include "ledger/core/entry.h"
#include "ledger/core/receipt.h"
#include "tools/cli.h"

struct mun_receipt_ask {
    struct mun_hash entry; /* the anchor */
    uint32_t position;
    struct mun_bytes opening; /* binary; empty: not known */
    /* For sealed batches, of which a node knows no path. */
    const struct mun_hash *batch_path;
    size_t batch_path_len;
    const struct mun_trust_root *root; /* NULL: the receipt's own root header
                                          and chain_id are believed */
    struct mun_hash chain_id;          /* without a root */
};

struct mun_receipt_got {
    struct mun_bytes receipt; /* binary */
    bool is_judged;           /* with an opening only */
    struct mun_verdict verdict;
};

/* Says what went wrong, and then returns what to exit with; MUN_EXIT_DONE when
 * everything that was checked was right. A verdict of REVOKED, say, is a right
 * answer; one that something is not proven is not.
 * Lifetime: the arena's. */
int mun_receipt_fetch(struct mun_receipt_got *out, struct mun_cli *cli,
                      const struct mun_receipt_ask *ask);

/* The receipt file: opening, receipt and summary.
 * Errors: after a message. */
MUN_MUST_USE mun_err_t mun_receipt_save(struct mun_cli *cli, const char *path,
                                        struct mun_bytes opening,
                                        const struct mun_receipt_got *got);

/* Reads a receipt file and decodes what is inside; a message on failure.
 * Lifetime: the arena's. */
struct mun_receipt_read {
    struct mun_bytes opening_bytes;
    bool has_opening;
    struct mun_opening opening;
    struct mun_receipt receipt;
    struct mun_entry entry; /* the anchor; its signatures are not checked */
};
MUN_MUST_USE mun_err_t mun_receipt_load(struct mun_receipt_read *out,
                                        struct mun_cli *cli, const char *path);

/* Reads a trust root file; a message on failure. */
MUN_MUST_USE mun_err_t mun_trust_root_load(struct mun_trust_root *out,
                                           struct mun_cli *cli,
                                           const char *path);

#endif
