#ifndef MUN_LEDGER_JSON_RECEIPT_FILE_H
#define MUN_LEDGER_JSON_RECEIPT_FILE_H

/* The JSON files that people carry: receipts and trust roots.
 * Source: ledger/README.md section 14. */

#include "ledger/base/arena.h"
#include "ledger/core/receipt.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"

struct mun_receipt_file {
    struct mun_bytes receipt; /* binary */
    struct mun_bytes opening; /* binary; empty when the file has none */
};

/* Reads the file; the summary is not looked at.
 * Errors: those of mun_json_rd (in *why too), MUN_ERR_VERSION, MUN_ERR_LIMIT
 * (arena). Lifetime: the arena's. */
MUN_MUST_USE mun_err_t mun_receipt_file_read(struct mun_receipt_file *out,
                                             struct mun_arena *arena,
                                             const struct mun_json *doc,
                                             struct mun_json_err *why);

/* Writes the file; `verdict` gives the summary and may be NULL. */
void mun_receipt_file_write(struct mun_json_wr *wr,
                            const struct mun_receipt_file *file,
                            const struct mun_verdict *verdict);

/* `name` may be NULL in reading.
 * Lifetime of *name: the document's. */
MUN_MUST_USE mun_err_t mun_trust_root_read(struct mun_trust_root *out,
                                           struct mun_bytes *name,
                                           const struct mun_json *doc,
                                           struct mun_json_err *why);
void mun_trust_root_write(struct mun_json_wr *wr,
                          const struct mun_trust_root *root,
                          struct mun_bytes name);

#endif
