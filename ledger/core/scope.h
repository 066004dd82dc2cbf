#ifndef MUN_LEDGER_CORE_SCOPE_H
#define MUN_LEDGER_CORE_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/hash.h"
#include "ledger/core/refusal.h"

/* What an accreditation allows (scope, grant) and what a programme says of
 * itself (description). ledger/README.md sections 6 and 9. Decoded forms
 * borrow from the bytes they were decoded from. */

enum mun_tier {
    MUN_TIER_STATUTORY = 1,
    MUN_TIER_AGENCY = 2,
    MUN_TIER_SELF = 3,
    MUN_TIER_NONE = 4,
};

enum mun_award {
    MUN_AWARD_MICRO = 1,
    MUN_AWARD_COURSE = 2,
    MUN_AWARD_MODULE = 3,
    MUN_AWARD_DEGREE = 4,
    MUN_AWARD_LICENCE = 5,
    MUN_AWARD_PARTICIPATION = 6,
};
#define MUN_AWARD_BITS 0x3fu

#define MUN_SCOPE_LEVELS_MAX 16
#define MUN_SCOPE_FIELDS_MAX 32
#define MUN_SCOPE_PLACES_MAX 32
#define MUN_TITLES_MAX 16
#define MUN_LANGUAGES_MAX 16
#define MUN_OUTCOMES_MAX 32
#define MUN_PARTNERS_MAX 16
#define MUN_DESCRIPTION_BYTES_MAX 12000

/* (framework, level) or (scheme, code) or (language, title). */
struct mun_pair {
    struct mun_bytes name;
    struct mun_bytes value;
};

struct mun_scope {
    uint8_t level_count;
    uint8_t field_count;
    uint8_t place_count;
    uint8_t sub_depth;
    uint32_t award_kinds;
    uint32_t credit_min; /* hundredths */
    uint32_t credit_max;
    struct mun_bytes credit_system;
    struct mun_pair levels[MUN_SCOPE_LEVELS_MAX];
    struct mun_pair fields[MUN_SCOPE_FIELDS_MAX];
    struct mun_bytes places[MUN_SCOPE_PLACES_MAX];
};

struct mun_grant {
    uint8_t tier;
    struct mun_bytes basis;
    uint64_t from_ms;
    uint64_t until_ms;
    struct mun_scope scope;
};

struct mun_description {
    uint8_t title_count;
    uint8_t level_count;
    uint8_t field_count;
    uint8_t award_kind;
    uint8_t participation;
    uint8_t language_count;
    uint8_t outcome_count;
    uint8_t partner_count;
    uint8_t part_of_count;
    uint32_t credits; /* hundredths */
    uint32_t workload_hours;
    struct mun_bytes credit_system;
    struct mun_bytes assessment;
    struct mun_bytes quality;
    struct mun_bytes jurisdiction;
    struct mun_bytes url;
    struct mun_hash outcomes_digest;
    struct mun_pair titles[MUN_TITLES_MAX];
    struct mun_pair levels[MUN_SCOPE_LEVELS_MAX];
    struct mun_pair fields[MUN_SCOPE_FIELDS_MAX];
    struct mun_bytes languages[MUN_LANGUAGES_MAX];
    struct mun_bytes outcomes[MUN_OUTCOMES_MAX];
    struct mun_bytes partners[MUN_PARTNERS_MAX];
    struct mun_bytes part_of[MUN_PARTNERS_MAX];
};

/* Decoders check every bound, order and text of section 6; the failure sticks
 * in `rd`: MUN_ERR_TEXT for text, MUN_ERR_ORDER, MUN_ERR_VALUE, … */
void mun_grant_decode(struct mun_rd *rd, struct mun_grant *out);
void mun_grant_encode(struct mun_wr *wr, const struct mun_grant *grant);
void mun_description_decode(struct mun_rd *rd, struct mun_description *out);
/* For values of our own state: texts and labels are not looked at again. Counts,
 * order and numbers are. */
void mun_grant_decode_stored(struct mun_rd *rd, struct mun_grant *out);
void mun_description_decode_stored(struct mun_rd *rd,
                                   struct mun_description *out);
void mun_description_encode(struct mun_wr *wr,
                            const struct mun_description *description);

/* "Covers" of section 9: MUN_REFUSAL_NONE or the OUT_OF_SCOPE_… code. */
enum mun_refusal mun_scope_covers(const struct mun_scope *scope,
                                  const struct mun_description *description);

/* "Within" of section 9. */
bool mun_grant_within(const struct mun_grant *child,
                      const struct mun_grant *parent);

#endif
