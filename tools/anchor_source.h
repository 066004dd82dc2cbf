#ifndef MUN_TOOLS_ANCHOR_SOURCE_H
#define MUN_TOOLS_ANCHOR_SOURCE_H

/* Where the credentials of a batch come from: a table and a template, or a
 * folder of documents that are there. */

#include <stdbool.h>

#include "tools/batch_file.h"
#include "tools/cli.h"
#include "tools/credential_make.h"

struct mun_source_file;

struct mun_source {
    /* A table. */
    struct mun_csv csv;
    struct mun_json *template;
    /* A folder; NULL: a table. */
    const char *folder;
    struct mun_source_file *files;
    /* Anchor documents that name another issuer or programme: verifiers will
     * say CLAIM_MISMATCH. */
    bool has_unchecked_claims;

    uint32_t count;
    struct mun_hash digest; /* of all input: tells one batch from another */
};

/* Read without looking at the ledger. Messages on failure. */
MUN_MUST_USE mun_err_t mun_source_table(struct mun_source *out,
                                        struct mun_cli *cli,
                                        const char *csv_path,
                                        const char *template_path);
MUN_MUST_USE mun_err_t mun_source_folder(struct mun_source *out,
                                         struct mun_cli *cli,
                                         const char *folder);

/* The first slot that the documents themselves name; false when they leave it
 * open. */
bool mun_source_base(const struct mun_source *source, uint32_t *base);

/* Fills batch->slots, whose names and base are set. From a table it writes the
 * credentials into `out`; a folder's documents are checked against the batch
 * and the titles, every wrong one named. Messages on failure. */
MUN_MUST_USE mun_err_t mun_source_slots(struct mun_batch_file *batch,
                                        struct mun_cli *cli,
                                        const struct mun_source *source,
                                        const struct mun_titles *titles,
                                        const char *out,
                                        const char *status_url);

#endif
