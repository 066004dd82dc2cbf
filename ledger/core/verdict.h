#ifndef MUN_LEDGER_CORE_VERDICT_H
#define MUN_LEDGER_CORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/limits.h"
#include "ledger/core/commitment.h"
#include "ledger/core/entry.h"
#include "ledger/core/hash.h"
#include "ledger/core/record.h"
#include "ledger/core/view.h"

/* The answer: ledger/README.md section 15. One function judges, over the
 * state itself (a node that answers) or over a proof (a verifier). */

/* Name, number = exit code of `muniment verify`, gravest highest. */
#define MUN_VERDICT_TABLE(X)                                                   \
    X(VALID, 0)                                                                \
    X(STALE, 10)                                                               \
    X(NOT_YET_VALID, 11)                                                       \
    X(SUSPENDED, 12)                                                           \
    X(EXPIRED, 13)                                                             \
    X(SUPERSEDED, 14)                                                          \
    X(UNKNOWN, 15)                                                             \
    X(NOT_ACCREDITED, 16)                                                      \
    X(REVOKED, 17)                                                             \
    X(VOIDED, 18)                                                              \
    X(CLAIM_MISMATCH, 19)                                                      \
    X(DOCUMENT_MISMATCH, 20)                                                   \
    X(PROOF_INVALID, 21)

enum mun_verdict_code {
#define X(name, value) MUN_VERDICT_##name = (value),
    MUN_VERDICT_TABLE(X)
#undef X
};

#define MUN_FLAG_TABLE(X)                                                      \
    X(ISSUER_NOT_ACTIVE, 0, "issuer_not_active")                               \
    X(WITHDRAWN_SINCE, 1, "accreditation_withdrawn_since")                     \
    X(ACCREDITATION_SUSPENDED, 2, "accreditation_suspended")                   \
    X(ACCREDITATION_ENDED, 3, "accreditation_ended")                           \
    X(KEY_RETIRED, 4, "signing_key_retired")                                   \
    X(PROGRAMME_RETIRED, 5, "programme_retired")                               \
    X(PROGRAMME_PROVISIONAL, 6, "programme_provisional")                       \
    X(PROGRAMME_UNDER_REVIEW, 7, "programme_under_review")                     \
    X(PROGRAMME_DELISTED, 8, "programme_delisted")                             \
    X(TIER_NONE_YET, 9, "tier_none_yet")                                       \
    X(ASSURANCE_BELOW_MINIMUM, 10, "assurance_below_minimum")                  \
    X(NO_FAULT_TOLERANCE, 11, "no_fault_tolerance")                            \
    X(CLAIMS_NOT_CHECKED, 12, "claims_not_checked")

enum mun_flag {
#define X(name, bit, text) MUN_FLAG_##name = 1 << (bit),
    MUN_FLAG_TABLE(X)
#undef X
};

/* The checks of section 14, in order. */
#define MUN_CHECK_TABLE(X)                                                     \
    X(FORMAT, "format")                                                        \
    X(CHAIN, "chain")                                                          \
    X(MEMBERS, "members")                                                      \
    X(CERTIFICATE, "certificate")                                              \
    X(ANCHOR, "anchor")                                                        \
    X(BATCH, "batch")                                                          \
    X(DOCUMENT, "document")                                                    \
    X(CLAIMS, "claims")                                                        \
    X(STATE, "state")                                                          \
    X(KEYS, "keys")                                                            \
    X(ACCREDITATION, "accreditation")                                          \
    X(PROGRAMME, "programme")                                                  \
    X(STATUS, "status")                                                        \
    X(DATES, "dates")                                                          \
    X(FRESHNESS, "freshness")

enum mun_check_name {
#define X(name, text) MUN_CHECK_##name,
    MUN_CHECK_TABLE(X)
#undef X
        MUN_CHECK_NAME_COUNT
};

enum mun_check_result {
    MUN_CHECK_NOT_DONE = 0,
    MUN_CHECK_PASSED,
    MUN_CHECK_FAILED,
};

/* One link of an accreditation chain, from the issuer's up to the root's, one
 * chain after another. */
struct mun_verdict_link {
    struct mun_hash accreditation;
    struct mun_bytes accreditor; /* name; borrowed from the view */
    uint8_t tier;
    uint8_t status;
    uint64_t void_since_ms;
    bool survives;
};

/* Everything borrowed lives as long as the view's values. */
struct mun_verdict {
    enum mun_verdict_code code;
    uint32_t all; /* bit per verdict: 1 << code that applies */
    uint32_t flags;
    uint8_t checks[MUN_CHECK_NAME_COUNT];
    const char *why; /* of the gravest; static text, NULL for VALID */

    struct mun_bytes issuer_name;
    struct mun_bytes issuer_country;
    struct mun_hash issuer;
    struct mun_hash programme;
    uint16_t programme_version;
    struct mun_bytes programme_code;
    struct mun_description description; /* zero when not shown */
    struct mun_bytes label;
    uint32_t slot;
    uint8_t slot_status; /* effective */
    uint8_t slot_reason;
    struct mun_since slot_since; /* zero when never changed */
    struct mun_hash superseded_by;
    uint64_t extended_until_ms;
    uint64_t anchored_height;
    uint64_t anchored_time_ms;
    uint64_t asof_height;
    uint64_t asof_time_ms;
    uint64_t valid_from_ms;
    uint64_t valid_until_ms;
    uint8_t assurance;
    uint32_t member_count;
    uint32_t link_count;
    struct mun_verdict_link
        links[MUN_ANCHOR_ACCREDITATIONS_MAX * MUN_CHAIN_MAX];
};

/* What a verifier asks for. In mun_receipt_verify max_age_ms 0 means the trust
 * root's; assurance_min 0 is no minimum. */
struct mun_policy {
    uint64_t now_ms;
    uint64_t max_age_ms;
    uint8_t assurance_min;
};

/* The anchored fact: from the log, or from a receipt whose proof was right. */
struct mun_anchored {
    const struct mun_entry *entry; /* kind anchor */
    uint64_t height;
    uint64_t time_ms;
    uint32_t position; /* of the leaf in the batch */
};

/* What is to be judged. */
struct mun_verdict_case {
    const struct mun_anchored *anchored;
    /* NULL: a node answers without the document; dates and assurance are then
     * not judged. */
    const struct mun_opening *opening;
    struct mun_since asof; /* height and time of the header over `view` */
    uint32_t member_count;
    const struct mun_policy *policy; /* max_age_ms as it is: 0 is no age */
    const struct mun_view *view;
};

/* Checks 10 to 15; a record that does not fit ends them with PROOF_INVALID, and
 * then the facts mean nothing. Adds to *out, which the caller zeroed or filled with the
 * results of checks 1 to 9. */
void mun_verdict_judge(struct mun_verdict *out,
                       const struct mun_verdict_case *judged);

/* Party, programme, version, list, slot and the key in it; each signing key;
 * two records and a key a link; each key with its adders. */
#define MUN_VERDICT_LINKS_MAX (MUN_ANCHOR_ACCREDITATIONS_MAX * MUN_CHAIN_MAX)
#define MUN_VERDICT_KEYS_MAX                                                   \
    (5 + 2 * MUN_VERDICT_LINKS_MAX +                                           \
     (1 + MUN_SIGNERS_MAX + MUN_VERDICT_LINKS_MAX) * (1 + MUN_ADDERS_MAX))

/* The record keys that judging asked for: ascending, each once. */
struct mun_asked {
    uint32_t count;
    struct mun_hash keys[MUN_VERDICT_KEYS_MAX];
};

/* mun_verdict_judge that also writes down what it asked for: so the table of
 * section 14 stands in the code once, and a receipt is walked once.
 * `asked` may be NULL; its count is set. */
void mun_verdict_judge_asking(struct mun_verdict *out, struct mun_asked *asked,
                              const struct mun_verdict_case *judged);

/* Records that one verdict applies; keeps the gravest and its reason. */
void mun_verdict_add(struct mun_verdict *verdict, enum mun_verdict_code code,
                     const char *why);

/* The record keys that the table of section 14 asks for, as far as the view
 * shows the way to them; ascending, each once.
 * Shape: keys holds MUN_VERDICT_KEYS_MAX. */
uint32_t mun_verdict_keys(struct mun_hash *keys,
                          const struct mun_anchored *anchored,
                          const struct mun_view *view);

const char *mun_verdict_name(enum mun_verdict_code code);
const char *mun_check_text(enum mun_check_name name);

#endif
