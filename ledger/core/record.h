#ifndef MUN_LEDGER_CORE_RECORD_H
#define MUN_LEDGER_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/core/scope.h"

/* The registers' records: ledger/README.md section 6. Decoded forms borrow
 * from the bytes they were decoded from.
 *
 * A record is written by a rule, out of an entry whose texts and keys were
 * checked then, and is read under a root that members signed. So decoders
 * check the structure, every bound and what fields say of one another, but not
 * again that text is NFC or that a key lies on the curve: these would cost
 * more than all the rest. */

enum mun_record_type {
    MUN_RECORD_PARTY = 1,
    MUN_RECORD_KEY = 2,
    MUN_RECORD_ACCREDITATION = 3,
    MUN_RECORD_PROGRAMME = 4,
    MUN_RECORD_PROGRAMME_VERSION = 5,
    MUN_RECORD_LIST = 6,
    MUN_RECORD_SLOT = 7,
    MUN_RECORD_BATCH = 8,
};

struct mun_since {
    uint64_t height;
    uint64_t time_ms;
};

enum mun_role {
    MUN_ROLE_MEMBER = 1,
    MUN_ROLE_ROOT_ACCREDITOR = 2,
};

enum mun_party_status {
    MUN_PARTY_ACTIVE = 1,
    MUN_PARTY_SUSPENDED = 2,
    MUN_PARTY_CLOSED = 3,
};

struct mun_party {
    struct mun_since since;
    struct mun_hash id;
    uint8_t roles;
    uint8_t status;
    struct mun_bytes name;
    struct mun_bytes country;
    struct mun_bytes url;
    struct mun_hash sponsor;
    struct mun_hash recovery;
    struct mun_hash registered_by;
    uint8_t govern_keys;
};

enum mun_key_status {
    MUN_KEY_ACTIVE = 1,
    MUN_KEY_RETIRED = 2,
    MUN_KEY_COMPROMISED = 3,
};

struct mun_key_record {
    struct mun_since since;
    struct mun_key key;
    struct mun_hash party;
    uint8_t purposes;
    uint8_t status;
    struct mun_key added_by;
    uint64_t added_height;
    uint64_t added_time_ms;
    uint64_t ended_time_ms;
    uint64_t compromised_since_ms;
};

enum mun_standing_status {
    MUN_STANDING_ACTIVE = 1,
    MUN_STANDING_SUSPENDED = 2,
    MUN_STANDING_WITHDRAWN = 3,
    MUN_STANDING_VOID = 4,
};

struct mun_accreditation {
    struct mun_since since;
    struct mun_hash id;
    struct mun_hash accreditor;
    struct mun_hash subject;
    struct mun_hash parent;
    uint8_t depth;
    struct mun_key granting_key;
    uint64_t granted_height;
    uint64_t granted_time_ms;
    uint8_t status;
    uint64_t status_time_ms;
    uint64_t void_since_ms;
    uint8_t reason;
    struct mun_key changed_by;
    struct mun_grant grant;
};

enum mun_programme_status {
    MUN_PROGRAMME_ACTIVE = 1,
    MUN_PROGRAMME_RETIRED = 2,
};

enum mun_listing {
    MUN_LISTING_PROVISIONAL = 1,
    MUN_LISTING_CONFIRMED = 2,
    MUN_LISTING_UNDER_REVIEW = 3,
    MUN_LISTING_DELISTED = 4,
};

struct mun_programme {
    struct mun_since since;
    struct mun_hash id;
    struct mun_hash issuer;
    struct mun_bytes code;
    uint16_t latest_version;
    uint8_t status;
    uint8_t listing;
    uint64_t next_review_ms;
};

struct mun_programme_version {
    struct mun_since since;
    struct mun_hash programme;
    uint16_t version;
    struct mun_bytes description_bytes;
    struct mun_description description;
};

#define MUN_LIST_OPEN 1

struct mun_list {
    struct mun_since since;
    struct mun_hash issuer;
    struct mun_bytes label;
    uint32_t count;
    uint8_t status;
};

enum mun_slot_status {
    MUN_SLOT_GOOD = 1,
    MUN_SLOT_SUSPENDED = 2,
    MUN_SLOT_REVOKED = 3,
    MUN_SLOT_SUPERSEDED = 4,
};

struct mun_slot {
    struct mun_since since;
    struct mun_hash issuer;
    struct mun_bytes label;
    uint32_t index;
    uint8_t status;
    uint8_t reason;
    struct mun_hash superseded_by;
    uint64_t extended_until_ms;
    struct mun_key key;
    uint8_t before_status;
    uint64_t before_extended_ms;
};

struct mun_batch {
    struct mun_since since;
    struct mun_hash issuer;
    struct mun_hash root;
    struct mun_hash entry;
    struct mun_bytes label;
    uint32_t base;
    uint32_t count;
    struct mun_hash programme;
    uint16_t version;
    bool is_published;
};

/* Keys in the state tree. */
void mun_record_key_party(struct mun_hash *out, const struct mun_hash *party);
void mun_record_key_key(struct mun_hash *out, const struct mun_key *key);
void mun_record_key_accreditation(struct mun_hash *out,
                                  const struct mun_hash *accreditation);
void mun_record_key_programme(struct mun_hash *out,
                              const struct mun_hash *programme);
void mun_record_key_version(struct mun_hash *out,
                            const struct mun_hash *programme, uint16_t version);
void mun_record_key_list(struct mun_hash *out, const struct mun_hash *issuer,
                         struct mun_bytes label);
void mun_record_key_slot(struct mun_hash *out, const struct mun_hash *issuer,
                         struct mun_bytes label, uint32_t index);
void mun_record_key_batch(struct mun_hash *out, const struct mun_hash *issuer,
                          const struct mun_hash *root);

/* The type and head of any record.
 * Errors: MUN_ERR_TRUNCATED, MUN_ERR_KIND, MUN_ERR_VERSION. */
MUN_MUST_USE mun_err_t mun_record_head(struct mun_bytes value, uint8_t *type,
                                       struct mun_since *since);

/* The record key that a value's own natural key gives: loaders check it.
 * Errors: those of the decoders. */
MUN_MUST_USE mun_err_t mun_record_key_of(struct mun_hash *out,
                                         struct mun_bytes value);

/* Decoders accept exactly what the encoders write.
 * After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_party_decode(struct mun_party *, struct mun_bytes);
MUN_MUST_USE mun_err_t mun_key_record_decode(struct mun_key_record *,
                                             struct mun_bytes);
MUN_MUST_USE mun_err_t mun_accreditation_decode(struct mun_accreditation *,
                                                struct mun_bytes);
MUN_MUST_USE mun_err_t mun_programme_decode(struct mun_programme *,
                                            struct mun_bytes);
MUN_MUST_USE mun_err_t mun_version_decode(struct mun_programme_version *,
                                          struct mun_bytes);
MUN_MUST_USE mun_err_t mun_list_decode(struct mun_list *, struct mun_bytes);
MUN_MUST_USE mun_err_t mun_slot_decode(struct mun_slot *, struct mun_bytes);
MUN_MUST_USE mun_err_t mun_batch_decode(struct mun_batch *, struct mun_bytes);

/* For values of our own state, in the rules: texts inside the grant and the
 * description are taken as they are (scope.h). */
MUN_MUST_USE mun_err_t
mun_accreditation_decode_stored(struct mun_accreditation *, struct mun_bytes);
MUN_MUST_USE mun_err_t mun_version_decode_stored(struct mun_programme_version *,
                                                 struct mun_bytes);

void mun_party_encode(struct mun_wr *, const struct mun_party *);
void mun_key_record_encode(struct mun_wr *, const struct mun_key_record *);
void mun_accreditation_encode(struct mun_wr *,
                              const struct mun_accreditation *);
void mun_programme_encode(struct mun_wr *, const struct mun_programme *);
/* Writes description_bytes as they are. */
void mun_version_encode(struct mun_wr *, const struct mun_programme_version *);
void mun_list_encode(struct mun_wr *, const struct mun_list *);
void mun_slot_encode(struct mun_wr *, const struct mun_slot *);
void mun_batch_encode(struct mun_wr *, const struct mun_batch *);

/* The graver of two statuses: revoked, then superseded, suspended, good. */
uint8_t mun_slot_graver(uint8_t left, uint8_t right);

/* Programme name: tagged(programme, issuer || code). */
void mun_programme_id(struct mun_hash *out, const struct mun_hash *issuer,
                      struct mun_bytes code);
/* Party name: tagged(party, lowest key). */
void mun_party_id(struct mun_hash *out, const struct mun_key *lowest);

#endif
