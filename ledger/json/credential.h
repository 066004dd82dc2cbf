#ifndef MUN_LEDGER_JSON_CREDENTIAL_H
#define MUN_LEDGER_JSON_CREDENTIAL_H

/* Credential documents in JSON: what one says of itself, and its digest.
 * Source: ledger/README.md section 13; W3C VC Data Model 2.0, Bitstring Status
 * List 1.0, Open Badges 3.0. */

#include <stdint.h>

#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/receipt.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"

/* Reads the claims. Never fails: what is missing or not in the form of section
 * 13 leaves is_complete false, and the check "claims" then fails.
 * Lifetime: *out borrows from the document. */
void mun_credential_claims(struct mun_claims *out,
                           const struct mun_json *document);

/* The names that a document has to hold, written as the next members of an
 * object: "urn:muniment:party:<hex>" and so on.
 * Shape: out holds MUN_URN_SIZE chars. */
#define MUN_URN_SIZE 112
void mun_urn_party(char *out, const struct mun_hash *party);
void mun_urn_programme(char *out, const struct mun_hash *programme,
                       uint16_t version);

#endif
