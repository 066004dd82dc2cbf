#ifndef MUN_LEDGER_CORE_RULES_INT_H
#define MUN_LEDGER_CORE_RULES_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"
#include "ledger/base/err.h"
#include "ledger/core/entry.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/core/record.h"
#include "ledger/core/refusal.h"
#include "ledger/core/rules.h"
#include "ledger/core/view.h"

/* Private to rules*.c: one entry being judged, and what its rule found out.
 *
 * Each kind has two functions in the file of its register: mun_rule_X reads
 * and judges as the row of section 9 does, from left to right; mun_write_X
 * then writes what the row says and cannot refuse. In between, what was read
 * and what will be written are kept in struct mun_case.
 *
 * Rules return MUN_SUCCESS (it applies so far), MUN_ERR_REFUSED with
 * c->refusal set, or an error that is no judgement: MUN_ERR_CORRUPT (a record
 * does not decode), MUN_ERR_PROOF (the view does not show a record that the
 * rule needs). So MUN_TRY ends a rule at the first check that fails. */

/* Counted in a byte of the party record. */
#define MUN_GOVERN_KEYS_MAX UINT8_MAX

/* Bytes that hold any record of a register, with room. */
#define MUN_PARTY_BYTES_MAX 1024
#define MUN_ACCREDITATION_BYTES_MAX 5120
#define MUN_VERSION_BYTES_MAX (MUN_DESCRIPTION_BYTES_MAX + 128)
#define MUN_SMALL_RECORD_BYTES_MAX 512

struct mun_case {
    const struct mun_entry *entry;
    const struct mun_now *now;
    const struct mun_view *view;
    enum mun_refusal refusal;

    /* Steps 5 and 6. */
    struct mun_party actor;   /* not for register party */
    struct mun_party sponsor; /* for register party alone */
    struct mun_key signer;    /* of the actor, or of the sponsor */
    bool has_parent_signer;   /* withdraw: the parent's accreditor, too */

    /* What the rule read and its writes build on. */
    union {
        struct mun_key_record key;              /* retire key */
        struct mun_accreditation accreditation; /* the one that is changed,
                                                    or the parent */
        struct {
            struct mun_list list; /* anchor, change status */
            struct mun_hash list_key;
            struct mun_hash batch_key; /* anchor */
        } credential;
        struct mun_programme_version version; /* register programme */
    } as;
};

static inline mun_err_t
mun_case_refuse(struct mun_case *c, enum mun_refusal refusal)
{
    MUN_CHECK(refusal != MUN_REFUSAL_NONE);
    c->refusal = refusal;
    return mun_err(MUN_ERR_REFUSED);
}

/* Reads a record's bytes.
 * Errors: MUN_ERR_PROOF when the view does not show it. */
MUN_MUST_USE mun_err_t mun_case_get(const struct mun_case *c, bool *is_known,
                                    const struct mun_hash *record_key,
                                    struct mun_bytes *value);

/* Refuses with `otherwise` when there is no such record. */
MUN_MUST_USE mun_err_t mun_case_party(struct mun_case *c, struct mun_party *out,
                                      const struct mun_hash *party,
                                      enum mun_refusal otherwise);
MUN_MUST_USE mun_err_t mun_case_key(struct mun_case *c,
                                    struct mun_key_record *out,
                                    const struct mun_key *key,
                                    enum mun_refusal otherwise);
MUN_MUST_USE mun_err_t
mun_case_accreditation(struct mun_case *c, struct mun_accreditation *out,
                       const struct mun_hash *accreditation);

/* Refuses with `refusal` when there is such a record. */
MUN_MUST_USE mun_err_t mun_case_expect_none(struct mun_case *c,
                                            const struct mun_hash *record_key,
                                            enum mun_refusal refusal);

/* "Stands now" for an accreditation that was read; and, when `description` is
 * not NULL, "its scope and that of each link above covers the description". */
MUN_MUST_USE mun_err_t mun_case_stands(
    struct mun_case *c, const struct mun_accreditation *accreditation,
    const struct mun_description *description);

/* T lies so far back that a withdrawal needs the parent's accreditor. */
bool mun_is_void_deep(const struct mun_now *now, uint64_t void_since_ms);

/* The head of every record that the entry writes. */
struct mun_since mun_case_since(const struct mun_case *c);

/* Hands over what `wr` holds: our own encoding, into a buffer large enough. */
MUN_MUST_USE mun_err_t mun_sink_put(const struct mun_sink *sink,
                                    const struct mun_hash *record_key,
                                    const struct mun_wr *wr);
MUN_MUST_USE mun_err_t mun_sink_put_party(const struct mun_sink *sink,
                                          const struct mun_party *party);
MUN_MUST_USE mun_err_t mun_sink_put_key(const struct mun_sink *sink,
                                        const struct mun_key_record *key);

/* One pair a kind. */
MUN_MUST_USE mun_err_t mun_rule_register_party(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_add_key(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_retire_key(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_accredit(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_suspend(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_reinstate(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_withdraw(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_register_programme(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_anchor(struct mun_case *c);
MUN_MUST_USE mun_err_t mun_rule_change_status(struct mun_case *c);

MUN_MUST_USE mun_err_t mun_write_register_party(struct mun_case *c,
                                                const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_add_key(struct mun_case *c,
                                         const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_retire_key(struct mun_case *c,
                                            const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_accredit(struct mun_case *c,
                                          const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_suspend(struct mun_case *c,
                                         const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_reinstate(struct mun_case *c,
                                           const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_withdraw(struct mun_case *c,
                                          const struct mun_sink *sink);
MUN_MUST_USE mun_err_t
mun_write_register_programme(struct mun_case *c, const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_anchor(struct mun_case *c,
                                        const struct mun_sink *sink);
MUN_MUST_USE mun_err_t mun_write_change_status(struct mun_case *c,
                                               const struct mun_sink *sink);

#endif
