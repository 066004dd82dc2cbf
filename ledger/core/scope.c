#include "ledger/core/scope.h"

#include "ledger/base/check.h"
#include "ledger/core/field.h"

#define DESCRIPTION_VERSION 1
#define SUB_DEPTH_MAX 3
#define PARTICIPATION_MAX 3

/* Levels and fields of one description: fewer than a scope may list. */
#define DESCRIBED_MAX 8

/* The least that an item takes: two runs of one byte; one of one or two. */
#define PAIR_BYTES_MIN 4
#define TITLE_BYTES_MIN 6
#define LABEL_BYTES_MIN 3
#define TEXT_BYTES_MIN 3

_Static_assert(DESCRIBED_MAX <= MUN_SCOPE_LEVELS_MAX &&
                   DESCRIBED_MAX <= MUN_SCOPE_FIELDS_MAX,
               "struct mun_description holds them");

static void
fail_unless(struct mun_rd *rd, bool is_right, enum mun_err_code code)
{
    if (!is_right && !mun_rd_failed(rd))
        mun_rd_fail(rd, code);
}

/* Where the bytes come from. Texts of the state were checked when an entry
 * brought them, and the root says that they are the same: to check them at
 * every anchor would cost more than all the rest of it. */
enum origin {
    ORIGIN_OUTSIDE,
    ORIGIN_STATE,
};

static struct mun_bytes
text8(struct mun_rd *rd, enum origin origin, size_t min, size_t max)
{
    if (origin == ORIGIN_STATE)
        return mun_rd_run(rd, mun_rd_u8(rd));
    return mun_rd_text8(rd, min, max);
}

static struct mun_bytes
text16(struct mun_rd *rd, enum origin origin, size_t min, size_t max)
{
    if (origin == ORIGIN_STATE)
        return mun_rd_run(rd, mun_rd_u16(rd));
    return mun_rd_text16(rd, min, max);
}

static struct mun_bytes
label8(struct mun_rd *rd, enum origin origin, size_t min, size_t max)
{
    if (origin == ORIGIN_STATE)
        return mun_rd_run(rd, mun_rd_u8(rd));
    return mun_rd_label8(rd, min, max);
}

static int
pair_cmp(const struct mun_pair *a, const struct mun_pair *b)
{
    int order = mun_bytes_cmp(a->name, b->name);

    return order != 0 ? order : mun_bytes_cmp(a->value, b->value);
}

static uint8_t
read_pairs(struct mun_rd *rd, enum origin origin, struct mun_pair *out,
           uint8_t min, uint8_t max)
{
    uint8_t count = mun_rd_count8(rd, max, PAIR_BYTES_MIN);

    fail_unless(rd, count >= min, MUN_ERR_VALUE);
    for (uint8_t i = 0; i < count; i++) {
        out[i].name = text8(rd, origin, 1, 32);
        out[i].value = text8(rd, origin, 1, 32);
        fail_unless(rd, i == 0 || pair_cmp(&out[i - 1], &out[i]) < 0,
                    MUN_ERR_ORDER);
    }
    return count;
}

static void
write_pairs(struct mun_wr *wr, const struct mun_pair *pairs, uint8_t count)
{
    mun_wr_u8(wr, count);
    for (uint8_t i = 0; i < count; i++) {
        mun_wr_run8(wr, pairs[i].name);
        mun_wr_run8(wr, pairs[i].value);
    }
}

/* Labels of 2 to `len_max` bytes. */
static uint8_t
read_labels(struct mun_rd *rd, enum origin origin, struct mun_bytes *out,
            uint8_t max, size_t len_max)
{
    uint8_t count = mun_rd_count8(rd, max, LABEL_BYTES_MIN);

    for (uint8_t i = 0; i < count; i++) {
        out[i] = label8(rd, origin, 2, len_max);
        fail_unless(rd, i == 0 || mun_bytes_cmp(out[i - 1], out[i]) < 0,
                    MUN_ERR_ORDER);
    }
    return count;
}

static void
write_labels(struct mun_wr *wr, const struct mun_bytes *labels, uint8_t count)
{
    mun_wr_u8(wr, count);
    for (uint8_t i = 0; i < count; i++)
        mun_wr_run8(wr, labels[i]);
}

/* Texts in the order that the issuer gave them. */
static uint8_t
read_texts(struct mun_rd *rd, enum origin origin, struct mun_bytes *out,
           uint8_t max, size_t len_max)
{
    uint8_t count = mun_rd_count8(rd, max, TEXT_BYTES_MIN);

    for (uint8_t i = 0; i < count; i++)
        out[i] = text16(rd, origin, 1, len_max);
    return count;
}

static void
write_texts(struct mun_wr *wr, const struct mun_bytes *texts, uint8_t count)
{
    mun_wr_u8(wr, count);
    for (uint8_t i = 0; i < count; i++)
        mun_wr_run16(wr, texts[i]);
}

static uint8_t
read_titles(struct mun_rd *rd, enum origin origin, struct mun_pair *out)
{
    uint8_t count = mun_rd_count8(rd, MUN_TITLES_MAX, TITLE_BYTES_MIN);

    fail_unless(rd, count >= 1, MUN_ERR_VALUE);
    for (uint8_t i = 0; i < count; i++) {
        out[i].name = label8(rd, origin, 2, 15);
        fail_unless(rd,
                    i == 0 || mun_bytes_cmp(out[i - 1].name, out[i].name) < 0,
                    MUN_ERR_ORDER);
        out[i].value = text16(rd, origin, 1, 300);
    }
    return count;
}

static void
write_titles(struct mun_wr *wr, const struct mun_pair *titles, uint8_t count)
{
    mun_wr_u8(wr, count);
    for (uint8_t i = 0; i < count; i++) {
        mun_wr_run8(wr, titles[i].name);
        mun_wr_run16(wr, titles[i].value);
    }
}

static void
scope_decode(struct mun_rd *rd, enum origin origin, struct mun_scope *out)
{
    out->level_count =
        read_pairs(rd, origin, out->levels, 0, MUN_SCOPE_LEVELS_MAX);
    out->field_count =
        read_pairs(rd, origin, out->fields, 0, MUN_SCOPE_FIELDS_MAX);
    out->award_kinds = mun_rd_u32(rd);
    fail_unless(
        rd, out->award_kinds != 0 && (out->award_kinds & ~MUN_AWARD_BITS) == 0,
        MUN_ERR_VALUE);
    out->place_count =
        read_labels(rd, origin, out->places, MUN_SCOPE_PLACES_MAX, 8);
    out->credit_system = text8(rd, origin, 0, 32);
    out->credit_min = mun_rd_u32(rd);
    out->credit_max = mun_rd_u32(rd);
    fail_unless(rd,
                out->credit_system.len > 0
                    ? out->credit_min <= out->credit_max
                    : out->credit_min == 0 && out->credit_max == 0,
                MUN_ERR_VALUE);
    out->sub_depth = mun_rd_u8_in(rd, 0, SUB_DEPTH_MAX);
}

static void
scope_encode(struct mun_wr *wr, const struct mun_scope *scope)
{
    MUN_CHECK(scope->level_count <= MUN_SCOPE_LEVELS_MAX);
    MUN_CHECK(scope->field_count <= MUN_SCOPE_FIELDS_MAX);
    MUN_CHECK(scope->place_count <= MUN_SCOPE_PLACES_MAX);
    write_pairs(wr, scope->levels, scope->level_count);
    write_pairs(wr, scope->fields, scope->field_count);
    mun_wr_u32(wr, scope->award_kinds);
    write_labels(wr, scope->places, scope->place_count);
    mun_wr_run8(wr, scope->credit_system);
    mun_wr_u32(wr, scope->credit_min);
    mun_wr_u32(wr, scope->credit_max);
    mun_wr_u8(wr, scope->sub_depth);
}

static void
grant_decode(struct mun_rd *rd, enum origin origin, struct mun_grant *out)
{
    out->tier = mun_rd_u8_in(rd, MUN_TIER_STATUTORY, MUN_TIER_NONE);
    out->basis = text16(rd, origin, 0, 300);
    out->from_ms = mun_rd_u64(rd);
    out->until_ms = mun_rd_u64(rd);
    scope_decode(rd, origin, &out->scope);
}

void
mun_grant_decode(struct mun_rd *rd, struct mun_grant *out)
{
    grant_decode(rd, ORIGIN_OUTSIDE, out);
}

void
mun_grant_decode_stored(struct mun_rd *rd, struct mun_grant *out)
{
    grant_decode(rd, ORIGIN_STATE, out);
}

void
mun_grant_encode(struct mun_wr *wr, const struct mun_grant *grant)
{
    mun_wr_u8(wr, grant->tier);
    mun_wr_run16(wr, grant->basis);
    mun_wr_u64(wr, grant->from_ms);
    mun_wr_u64(wr, grant->until_ms);
    scope_encode(wr, &grant->scope);
}

static void
description_decode(struct mun_rd *rd, enum origin origin,
                   struct mun_description *out)
{
    size_t left = rd->left;

    if (mun_rd_u8(rd) != DESCRIPTION_VERSION)
        fail_unless(rd, false, MUN_ERR_VERSION);
    out->title_count = read_titles(rd, origin, out->titles);
    out->level_count = read_pairs(rd, origin, out->levels, 1, DESCRIBED_MAX);
    out->field_count = read_pairs(rd, origin, out->fields, 1, DESCRIBED_MAX);
    out->award_kind =
        mun_rd_u8_in(rd, MUN_AWARD_MICRO, MUN_AWARD_PARTICIPATION);
    out->credit_system = text8(rd, origin, 0, 32);
    out->credits = mun_rd_u32(rd);
    fail_unless(rd, out->credit_system.len > 0 || out->credits == 0,
                MUN_ERR_VALUE);
    out->workload_hours = mun_rd_u32(rd);
    out->assessment = text16(rd, origin, 0, 500);
    out->participation = mun_rd_u8_in(rd, 0, PARTICIPATION_MAX);
    out->quality = text16(rd, origin, 0, 500);
    out->language_count =
        read_labels(rd, origin, out->languages, MUN_LANGUAGES_MAX, 15);
    out->jurisdiction = label8(rd, origin, 2, 8);
    out->url = text16(rd, origin, 0, 300);
    out->outcome_count =
        read_texts(rd, origin, out->outcomes, MUN_OUTCOMES_MAX, 500);
    mun_rd_hash(rd, &out->outcomes_digest);
    out->partner_count =
        read_texts(rd, origin, out->partners, MUN_PARTNERS_MAX, 200);
    out->part_of_count =
        read_texts(rd, origin, out->part_of, MUN_PARTNERS_MAX, 200);
    if (!mun_rd_failed(rd) && left - rd->left > MUN_DESCRIPTION_BYTES_MAX)
        mun_rd_fail(rd, MUN_ERR_TOO_LARGE);
}

void
mun_description_decode(struct mun_rd *rd, struct mun_description *out)
{
    description_decode(rd, ORIGIN_OUTSIDE, out);
}

void
mun_description_decode_stored(struct mun_rd *rd, struct mun_description *out)
{
    description_decode(rd, ORIGIN_STATE, out);
}

void
mun_description_encode(struct mun_wr *wr,
                       const struct mun_description *description)
{
    const struct mun_description *d = description;

    MUN_CHECK(d->title_count <= MUN_TITLES_MAX);
    MUN_CHECK(d->level_count <= MUN_SCOPE_LEVELS_MAX);
    MUN_CHECK(d->field_count <= MUN_SCOPE_FIELDS_MAX);
    MUN_CHECK(d->language_count <= MUN_LANGUAGES_MAX);
    MUN_CHECK(d->outcome_count <= MUN_OUTCOMES_MAX);
    MUN_CHECK(d->partner_count <= MUN_PARTNERS_MAX);
    MUN_CHECK(d->part_of_count <= MUN_PARTNERS_MAX);
    mun_wr_u8(wr, DESCRIPTION_VERSION);
    write_titles(wr, d->titles, d->title_count);
    write_pairs(wr, d->levels, d->level_count);
    write_pairs(wr, d->fields, d->field_count);
    mun_wr_u8(wr, d->award_kind);
    mun_wr_run8(wr, d->credit_system);
    mun_wr_u32(wr, d->credits);
    mun_wr_u32(wr, d->workload_hours);
    mun_wr_run16(wr, d->assessment);
    mun_wr_u8(wr, d->participation);
    mun_wr_run16(wr, d->quality);
    write_labels(wr, d->languages, d->language_count);
    mun_wr_run8(wr, d->jurisdiction);
    mun_wr_run16(wr, d->url);
    write_texts(wr, d->outcomes, d->outcome_count);
    mun_wr_hash(wr, &d->outcomes_digest);
    write_texts(wr, d->partners, d->partner_count);
    write_texts(wr, d->part_of, d->part_of_count);
}

static bool
begins_with(struct mun_bytes text, struct mun_bytes start)
{
    return text.len >= start.len &&
           mun_bytes_eq(mun_bytes(text.data, start.len), start);
}

/* How a listed value matches: levels are compared whole, codes of fields are
 * hierarchical and cover what begins with them. */
enum match {
    MATCH_WHOLE,
    MATCH_PREFIX,
};

static bool
is_listed(const struct mun_pair *list, uint8_t count,
          const struct mun_pair *pair, enum match match)
{
    for (uint8_t i = 0; i < count; i++) {
        if (!mun_bytes_eq(list[i].name, pair->name))
            continue;
        if (match == MATCH_PREFIX ? begins_with(pair->value, list[i].value)
                                  : mun_bytes_eq(pair->value, list[i].value))
            return true;
    }
    return false;
}

struct pair_list {
    const struct mun_pair *pairs;
    uint8_t count;
};

/* "any; or each pair is listed." No pair at all is any, which a list is not. */
static bool
are_pairs_listed(struct pair_list pairs, struct pair_list list,
                 enum match match)
{
    if (list.count == 0)
        return true;
    for (uint8_t i = 0; i < pairs.count; i++) {
        if (!is_listed(list.pairs, list.count, &pairs.pairs[i], match))
            return false;
    }
    return pairs.count > 0;
}

/* "any, or listed, or the part before the first `-` is listed." */
static bool
is_place_covered(const struct mun_scope *scope, struct mun_bytes place)
{
    struct mun_bytes country = place;

    if (scope->place_count == 0)
        return true;
    for (size_t i = 0; i < place.len; i++) {
        if (place.data[i] == '-') {
            country.len = i;
            break;
        }
    }
    for (uint8_t i = 0; i < scope->place_count; i++) {
        if (mun_bytes_eq(scope->places[i], place) ||
            mun_bytes_eq(scope->places[i], country))
            return true;
    }
    return false;
}

static bool
are_credits_covered(const struct mun_scope *scope,
                    const struct mun_description *description)
{
    return scope->credit_system.len == 0 ||
           (mun_bytes_eq(scope->credit_system, description->credit_system) &&
            scope->credit_min <= description->credits &&
            description->credits <= scope->credit_max);
}

static bool
is_award_covered(const struct mun_scope *scope, uint8_t award_kind)
{
    MUN_CHECK(award_kind >= MUN_AWARD_MICRO);
    MUN_CHECK(award_kind <= MUN_AWARD_PARTICIPATION);
    return (scope->award_kinds >> (award_kind - 1) & 1) != 0;
}

enum mun_refusal
mun_scope_covers(const struct mun_scope *scope,
                 const struct mun_description *description)
{
    struct pair_list levels = { scope->levels, scope->level_count };
    struct pair_list fields = { scope->fields, scope->field_count };
    struct pair_list described_levels = { description->levels,
                                          description->level_count };
    struct pair_list described_fields = { description->fields,
                                          description->field_count };

    if (!are_pairs_listed(described_levels, levels, MATCH_WHOLE))
        return MUN_REFUSAL_OUT_OF_SCOPE_LEVEL;
    if (!are_pairs_listed(described_fields, fields, MATCH_PREFIX))
        return MUN_REFUSAL_OUT_OF_SCOPE_FIELD;
    if (!is_award_covered(scope, description->award_kind))
        return MUN_REFUSAL_OUT_OF_SCOPE_AWARD;
    if (!is_place_covered(scope, description->jurisdiction))
        return MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION;
    if (!are_credits_covered(scope, description))
        return MUN_REFUSAL_OUT_OF_SCOPE_CREDITS;
    return MUN_REFUSAL_NONE;
}

static bool
places_within(const struct mun_scope *child, const struct mun_scope *parent)
{
    if (parent->place_count == 0)
        return true;
    for (uint8_t i = 0; i < child->place_count; i++) {
        if (!is_place_covered(parent, child->places[i]))
            return false;
    }
    return child->place_count > 0;
}

static bool
credits_within(const struct mun_scope *child, const struct mun_scope *parent)
{
    return parent->credit_system.len == 0 ||
           (mun_bytes_eq(child->credit_system, parent->credit_system) &&
            child->credit_min >= parent->credit_min &&
            child->credit_max <= parent->credit_max);
}

bool
mun_grant_within(const struct mun_grant *child, const struct mun_grant *parent)
{
    const struct mun_scope *in = &child->scope;
    const struct mun_scope *out = &parent->scope;
    struct pair_list child_levels = { in->levels, in->level_count };
    struct pair_list parent_levels = { out->levels, out->level_count };
    struct pair_list child_fields = { in->fields, in->field_count };
    struct pair_list parent_fields = { out->fields, out->field_count };

    return are_pairs_listed(child_levels, parent_levels, MATCH_WHOLE) &&
           are_pairs_listed(child_fields, parent_fields, MATCH_PREFIX) &&
           (in->award_kinds & ~out->award_kinds) == 0 &&
           places_within(in, out) && credits_within(in, out) &&
           child->from_ms >= parent->from_ms &&
           child->until_ms <= parent->until_ms && child->tier >= parent->tier &&
           in->sub_depth < out->sub_depth;
}
