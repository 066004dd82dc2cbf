#ifndef MUN_TOOLS_CREDENTIAL_MAKE_H
#define MUN_TOOLS_CREDENTIAL_MAKE_H

/* Credentials from a template and a table: Open Badges 3.0 in W3C VC 2.0.
 *
 * Every text of the template is taken over with {column} replaced by the row's
 * value ("{{" and "}}" stand for braces). Then come the members that bind the
 * credential to the ledger (ledger/README.md section 13): they replace what the
 * template says in their place. A template that gives the achievement no name
 * gets the ledger's first title. */

#include "ledger/core/commitment.h"
#include "ledger/core/scope.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"
#include "tools/csv.h"

/* What every tool of ours takes as a JSON credential; portraits and logos are
 * often inside. */
#define MUN_DOCUMENT_JSON_MAX (16u << 20)
extern const struct mun_json_limits mun_document_limits;

/* The ledger's titles for the programme. An achievement's name must be one. */
struct mun_titles {
    uint8_t count; /* at least one */
    struct mun_bytes at[MUN_TITLES_MAX];
};
bool mun_titles_have(const struct mun_titles *titles, struct mun_bytes title);

/* What all credentials of a batch have in common. */
struct mun_credential_frame {
    const struct mun_json *template;
    const struct mun_csv *csv;
    struct mun_hash issuer;
    struct mun_hash programme;
    uint16_t version;
    const struct mun_titles *titles;
    const char *label;
    const char *status_url; /* in front of /v1/status-lists/ */
    uint32_t base;          /* slot of the first row */
    uint64_t valid_from_ms;
};

struct mun_credential_fault {
    char text[200];
};

/* Writes the credential of one row for its slot, with a new random id.
 * Errors: MUN_ERR_VALUE (a placeholder names no column, a date or assurance
 * is not one, the template's credentialSubject or achievement is no object),
 * MUN_ERR_RANDOM; *why says more. Those of `wr` stick in it. */
MUN_MUST_USE mun_err_t
mun_credential_make(struct mun_json_wr *wr, struct mun_credential_fault *why,
                    const struct mun_credential_frame *frame, size_t row);

/* What the opening takes from a JSON credential: its digest, and validFrom and
 * validUntil where it has them (0 otherwise).
 * Errors: MUN_ERR_VALUE (a date that is not one), MUN_ERR_MEMORY. */
MUN_MUST_USE mun_err_t mun_credential_facts(struct mun_opening *out,
                                            struct mun_credential_fault *why,
                                            const struct mun_json *document);

/* The assurance of a row; not stated without such a column or value.
 * Errors: MUN_ERR_VALUE. */
MUN_MUST_USE mun_err_t
mun_credential_assurance(uint8_t *out, struct mun_credential_fault *why,
                         const struct mun_csv *csv, size_t row);

#endif
