#ifndef MUN_LEDGER_CORE_RECEIPT_H
#define MUN_LEDGER_CORE_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"
#include "ledger/base/wr.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/commitment.h"
#include "ledger/core/hash.h"
#include "ledger/core/member.h"
#include "ledger/core/merkle.h"
#include "ledger/core/state.h"
#include "ledger/core/verdict.h"

/* The file that proves: ledger/README.md section 14. */

struct mun_trust_root {
    struct mun_hash chain_id;
    uint64_t height;
    struct mun_hash header_id;
    uint64_t max_age_ms;
};

/* Decoded as far as its parts; each part is decoded where it is checked.
 * Paths borrow from the receipt's bytes. Of `leaf`, type and subject are
 * derived and not carried: decoding sets the type and leaves the subject
 * zero, encoding reads neither. When `header` is the trust root's own, the
 * certificate is the empty one with its id. */
struct mun_receipt {
    struct mun_hash chain_id;
    struct mun_bytes entry;
    struct mun_log_leaf leaf; /* type and subject are derived, not carried */
    uint64_t leaf_index;
    const struct mun_hash *log_path;
    uint8_t log_path_len;
    uint32_t position;
    const struct mun_hash *batch_path;
    uint8_t batch_path_len;
    struct mun_header root_header;
    struct mun_bytes members; /* encoded set after the root */
    uint8_t link_count;
    struct mun_bytes links; /* encoded */
    struct mun_header header;
    struct mun_bytes certificate; /* encoded */
    struct mun_bytes multiproof;
};

/* Errors: the decoder's. Lifetime: *out borrows from `bytes`. */
MUN_MUST_USE mun_err_t mun_receipt_decode(struct mun_receipt *out,
                                          struct mun_bytes bytes);
void mun_receipt_encode(struct mun_wr *wr, const struct mun_receipt *receipt);

/* Writes a receipt of `parts`, in which everything but the multiproof is
 * filled; that is made from `state`, whose committed tree is the one under
 * parts->header.
 * Errors: MUN_ERR_VALUE (the entry is no anchor, or has no such position),
 * MUN_ERR_LIMIT (arena: about 11 KiB; longer than MUN_RECEIPT_BYTES_MAX), what
 * `wr` recorded. */
MUN_MUST_USE mun_err_t mun_receipt_make(struct mun_wr *wr,
                                        struct mun_arena *arena,
                                        const struct mun_receipt *parts,
                                        const struct mun_state *state);

/* The same for who judged the anchor over `state` already, and knows what that
 * asked for. The order of the keys in `asked` changes.
 * Errors: MUN_ERR_LIMIT (longer than MUN_RECEIPT_BYTES_MAX), what `wr`
 * recorded. */
MUN_MUST_USE mun_err_t mun_receipt_make_asked(struct mun_wr *wr,
                                              struct mun_asked *asked,
                                              const struct mun_receipt *parts,
                                              const struct mun_state *state);

/* What the document says of itself; has_claims false for formats that say
 * nothing a program can read. `has_slot` false when it names no slot. */
struct mun_claims {
    bool has_claims;
    bool is_complete; /* issuer, programme and slot are all there */
    struct mun_hash issuer;
    struct mun_hash programme;
    uint16_t programme_version;
    struct mun_hash list_issuer;
    struct mun_bytes list_label;
    uint32_t slot;
    bool has_slot;
    bool has_title;
    struct mun_bytes title; /* empty when what stands there is no text */
    bool has_valid_from;
    uint64_t valid_from_ms;
    bool has_valid_until;
    uint64_t valid_until_ms;
    bool has_bad_date; /* what stands there is no date */
};

struct mun_receipt_input {
    struct mun_bytes receipt; /* binary */
    struct mun_bytes opening; /* binary */
    bool has_document_digest; /* false: it cannot be read as its format */
    struct mun_hash document_digest;
    struct mun_claims claims;
    struct mun_trust_root root;
    struct mun_policy policy;
};

/* What verification of the largest receipt takes from an arena; others take
 * twice their length. */
#define MUN_RECEIPT_ARENA_BYTES (2 * MUN_RECEIPT_BYTES_MAX + 65536)

/* The whole verification of section 14, offline. Always gives a verdict: what
 * cannot be read is PROOF_INVALID, and UNKNOWN if the arena is too small.
 * `why` of a DOCUMENT_MISMATCH is "unreadable", "other_receipt" or "changed".
 * Lifetime: *out borrows from the input and the arena. */
void mun_receipt_verify(struct mun_verdict *out, struct mun_arena *arena,
                        const struct mun_receipt_input *input);

#endif
