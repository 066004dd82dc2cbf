#ifndef MUN_LEDGER_CORE_ENTRY_H
#define MUN_LEDGER_CORE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/core/refusal.h"
#include "ledger/core/scope.h"

/* Entries: one signed statement each. ledger/README.md section 8.
 *
 *   bytes --mun_entry_decode--> struct mun_entry        canonical, kind known
 *         --mun_entry_verify--> struct mun_entry_checked signatures and leaves
 *                                                       are right
 *
 * Execution takes the third form only; nothing but mun_entry_verify makes one.
 */

/* Kind, code, window. */
#define MUN_KIND_TABLE(X)                                                      \
    X(REGISTER_PARTY, 0x0201, LONG, "register_party")                          \
    X(ADD_KEY, 0x0203, LONG, "add_key")                                        \
    X(RETIRE_KEY, 0x0204, SHORT, "retire_key")                                 \
    X(ACCREDIT, 0x0301, LONG, "accredit")                                      \
    X(SUSPEND, 0x0303, SHORT, "suspend_accreditation")                         \
    X(REINSTATE, 0x0304, SHORT, "reinstate_accreditation")                     \
    X(WITHDRAW, 0x0305, LONG, "withdraw_accreditation")                        \
    X(REGISTER_PROGRAMME, 0x0401, SHORT, "register_programme")                 \
    X(ANCHOR, 0x0601, SHORT, "anchor")                                         \
    X(CHANGE_STATUS, 0x0602, SHORT, "change_status")

enum mun_kind {
#define X(name, code, window, text) MUN_KIND_##name = (code),
    MUN_KIND_TABLE(X)
#undef X
};

/* NULL when the code is not a kind.
 * Lifetime: static. */
const char *mun_kind_text(uint16_t code);
uint64_t mun_kind_window_ms(enum mun_kind kind);

enum mun_purpose {
    MUN_PURPOSE_ANCHOR = 1,
    MUN_PURPOSE_STATUS = 2,
    MUN_PURPOSE_GOVERN = 4,
    MUN_PURPOSE_ASSERT = 8,
    MUN_PURPOSE_VALIDATE = 16,
};

#define MUN_PARTY_KEYS_MAX 8

struct mun_key_grant {
    struct mun_key key;
    uint8_t purposes;
};

struct mun_register_party {
    struct mun_hash sponsor;
    struct mun_hash sponsor_accreditation;
    struct mun_hash recovery;
    struct mun_bytes name;
    struct mun_bytes country;
    struct mun_bytes url;
    uint8_t key_count;
    struct mun_key_grant keys[MUN_PARTY_KEYS_MAX];
};

struct mun_accredit {
    struct mun_hash subject;
    struct mun_hash parent;
    struct mun_grant grant;
};

/* suspend, reinstate, withdraw; void_since_ms only with withdraw. */
struct mun_standing {
    struct mun_hash accreditation;
    uint8_t reason;
    uint64_t void_since_ms;
};

struct mun_register_programme {
    struct mun_bytes code;
    struct mun_bytes description_bytes; /* as in the payload */
    struct mun_description description;
};

struct mun_anchor {
    struct mun_bytes label;
    uint32_t base;
    uint32_t count;
    struct mun_hash root;
    struct mun_hash programme;
    uint16_t version;
    bool is_published;
    uint8_t accreditation_count;
    struct mun_hash accreditations[MUN_ANCHOR_ACCREDITATIONS_MAX];
};

enum mun_action {
    MUN_ACTION_REVOKE = 1,
    MUN_ACTION_SUSPEND = 2,
    MUN_ACTION_REINSTATE = 3,
    MUN_ACTION_SUPERSEDE = 4,
    MUN_ACTION_EXTEND = 5,
};

enum mun_reason {
    MUN_REASON_ERROR = 1,
    MUN_REASON_SUPERSEDED = 2,
    MUN_REASON_WITHDRAWN = 3,
    MUN_REASON_OTHER = 4,
};

struct mun_change {
    uint32_t index;
    uint8_t action;
    uint8_t reason;
    uint64_t if_since;
    struct mun_hash superseded_by;
    uint64_t extended_until_ms;
};

/* Changes stay encoded; read them one after another with mun_change_next. */
struct mun_change_status {
    struct mun_bytes label;
    uint16_t count;
    struct mun_bytes changes;
};

struct mun_entry {
    enum mun_kind kind;
    struct mun_hash chain_id;
    struct mun_hash actor;
    uint64_t valid_until_ms;
    uint8_t key_count;
    const struct mun_key *keys; /* key_count, borrowed */
    const struct mun_sig *sigs; /* key_count, borrowed */
    struct mun_bytes payload;
    struct mun_bytes body;  /* what the id covers */
    struct mun_bytes bytes; /* body and signatures */
    struct mun_hash id;
    union {
        struct mun_register_party register_party;
        struct mun_key_grant add_key;
        struct mun_key retire_key;
        struct mun_accredit accredit;
        struct mun_standing standing;
        struct mun_register_programme register_programme;
        struct mun_anchor anchor;
        struct mun_change_status change_status;
    } as;
};

/* Decodes a whole entry, body, payload and signatures, and computes its id.
 * Returns MUN_REFUSAL_NONE or the code of step 1 of section 9.
 * Lifetime: *out borrows from `bytes`.
 * After failure: *out is unspecified. */
enum mun_refusal mun_entry_decode(struct mun_entry *out,
                                  struct mun_bytes bytes);

/* Reads the change at *at (0 for the first) and moves *at on; false at the
 * end. The encoding was checked by mun_entry_decode. */
bool mun_change_next(const struct mun_change_status *status, size_t *at,
                     struct mun_change *out);

/* Writes the body: everything but the signatures, from kind, chain_id, actor,
 * valid_until_ms, keys and `as`. The union decides the payload; `payload`,
 * `body`, `bytes` and `id` are not read. For change_status, `as` holds encoded
 * changes (mun_change_encode). For register_programme description_bytes is not
 * read.
 * Errors: what `wr` recorded. */
MUN_MUST_USE mun_err_t mun_entry_encode_body(struct mun_wr *wr,
                                             const struct mun_entry *entry);
void mun_change_encode(struct mun_wr *wr, const struct mun_change *change);

void mun_entry_id(struct mun_hash *out, struct mun_bytes body);
void mun_entry_hash(struct mun_hash *out, struct mun_bytes bytes);

/* An entry whose signatures and leaves were verified. */
struct mun_entry_checked {
    struct mun_entry entry;
    struct mun_hash hash; /* of the whole entry */
    const struct mun_hash *leaves;
    uint32_t leaf_count;
};

/* Steps 7 and 8 of section 9.
 * Lifetime: *out borrows from the entry's bytes and from `leaves`. */
enum mun_refusal mun_entry_verify(struct mun_entry_checked *out,
                                  const struct mun_entry *entry,
                                  const struct mun_hash *leaves,
                                  uint32_t leaf_count);

/* The same for who verifies many; `memo` may be NULL (key.h). */
enum mun_refusal mun_entry_verify_memo(struct mun_key_memo *memo,
                                       struct mun_entry_checked *out,
                                       const struct mun_entry *entry,
                                       const struct mun_hash *leaves,
                                       uint32_t leaf_count);

/* The part that is about leaves: that they are those of the entry's root.
 * Signatures are not looked at. */
enum mun_refusal mun_entry_check_leaves(const struct mun_entry *entry,
                                        const struct mun_hash *leaves,
                                        uint32_t leaf_count);

#endif
