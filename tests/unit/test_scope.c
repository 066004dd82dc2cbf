#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/bytes.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/refusal.h"
#include "ledger/core/scope.h"
#include "tests/support/make_entry.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t buffer[32768];

static mun_err_t
decode_grant(struct mun_grant *out, struct mun_bytes bytes)
{
    struct mun_rd rd;

    mun_rd_init(&rd, bytes);
    mun_grant_decode(&rd, out);
    return mun_rd_finish(&rd);
}

static mun_err_t
decode_description(struct mun_description *out, struct mun_bytes bytes)
{
    struct mun_rd rd;

    mun_rd_init(&rd, bytes);
    mun_description_decode(&rd, out);
    return mun_rd_finish(&rd);
}

static struct mun_bytes
encode_grant(const struct mun_grant *grant, uint8_t *out, size_t size)
{
    struct mun_wr wr;

    mun_wr_init(&wr, out, size);
    mun_grant_encode(&wr, grant);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

static struct mun_bytes
encode_description(const struct mun_description *description, uint8_t *out,
                   size_t size)
{
    struct mun_wr wr;

    mun_wr_init(&wr, out, size);
    mun_description_encode(&wr, description);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

/* How the decoder judges what the encoder wrote. */
static enum mun_err_code
judge_grant(const struct mun_grant *grant)
{
    struct mun_grant back;

    return decode_grant(&back, encode_grant(grant, buffer, sizeof buffer)).code;
}

static enum mun_err_code
judge_description(const struct mun_description *description)
{
    struct mun_description back;

    return decode_description(
               &back, encode_description(description, buffer, sizeof buffer))
        .code;
}

static void
a_grant_and_a_description_survive_a_round_trip(void **state)
{
    static uint8_t again[sizeof buffer];
    struct mun_description description;
    struct mun_description same;
    struct mun_grant grant;
    struct mun_grant back;
    struct mun_bytes bytes;

    (void)state;
    mun_test_grant(&grant);
    bytes = encode_grant(&grant, buffer, sizeof buffer);
    assert_true(mun_is_ok(decode_grant(&back, bytes)));
    assert_true(mun_bytes_eq(encode_grant(&back, again, sizeof again), bytes));
    assert_int_equal(back.tier, MUN_TIER_AGENCY);
    assert_int_equal(back.scope.level_count, 2);
    assert_true(mun_bytes_eq(back.scope.levels[1].value, mun_bytes_str("6")));
    assert_int_equal(back.scope.credit_max, 3000);

    mun_test_description(&description);
    bytes = encode_description(&description, buffer, sizeof buffer);
    assert_true(mun_is_ok(decode_description(&same, bytes)));
    assert_true(
        mun_bytes_eq(encode_description(&same, again, sizeof again), bytes));
    assert_true(mun_bytes_eq(same.titles[1].name, mun_bytes_str("kk")));
    assert_int_equal(same.workload_hours, 125);
    assert_true(mun_bytes_eq(same.part_of[0],
                             mun_bytes_str("Bachelor of Informatics")));
}

static void
every_short_prefix_is_truncated(void **state)
{
    struct mun_description description;
    struct mun_grant grant;
    struct mun_bytes bytes;

    (void)state;
    mun_test_grant(&grant);
    bytes = encode_grant(&grant, buffer, sizeof buffer);
    for (size_t len = 0; len < bytes.len; len++) {
        struct mun_grant back;

        assert_int_equal(decode_grant(&back, mun_bytes(buffer, len)).code,
                         MUN_ERR_TRUNCATED);
    }
    mun_test_description(&description);
    bytes = encode_description(&description, buffer, sizeof buffer);
    for (size_t len = 0; len < bytes.len; len++) {
        struct mun_description back;

        assert_int_equal(decode_description(&back, mun_bytes(buffer, len)).code,
                         MUN_ERR_TRUNCATED);
    }
}

static void
one_byte_too_many_is_left_over(void **state)
{
    struct mun_description description;
    struct mun_description back;
    struct mun_grant grant;
    struct mun_grant same;
    struct mun_bytes bytes;

    (void)state;
    mun_test_grant(&grant);
    bytes = encode_grant(&grant, buffer, sizeof buffer - 1);
    assert_int_equal(decode_grant(&same, mun_bytes(buffer, bytes.len + 1)).code,
                     MUN_ERR_TRAILING);
    mun_test_description(&description);
    bytes = encode_description(&description, buffer, sizeof buffer - 1);
    assert_int_equal(
        decode_description(&back, mun_bytes(buffer, bytes.len + 1)).code,
        MUN_ERR_TRAILING);
}

/* A text or label of a struct, with the lengths that it may have. The filler
 * is zeros, which come before what the samples hold in any list. */
struct bounded {
    size_t offset;
    size_t min;
    size_t max;
};

static const char filler[] =
    "00000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000"
    "0";

static void
set_filler(void *object, size_t offset, size_t len)
{
    struct mun_bytes text = mun_bytes(filler, len);

    assert_true(len < sizeof filler);
    memcpy((uint8_t *)object + offset, &text, sizeof text);
}

#define GRANT_AT(member) offsetof(struct mun_grant, member)
#define DESCRIPTION_AT(member) offsetof(struct mun_description, member)

static void
texts_of_a_grant_hold_their_bounds(void **state)
{
    static const struct bounded texts[] = {
        { GRANT_AT(basis), 0, 300 },
        { GRANT_AT(scope.levels[0].name), 1, 32 },
        { GRANT_AT(scope.levels[0].value), 1, 32 },
        { GRANT_AT(scope.fields[0].name), 1, 32 },
        { GRANT_AT(scope.fields[0].value), 1, 32 },
        { GRANT_AT(scope.places[0]), 2, 8 },
        { GRANT_AT(scope.credit_system), 1, 32 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct mun_grant grant;

        mun_test_grant(&grant);
        set_filler(&grant, texts[i].offset, texts[i].min);
        assert_int_equal(judge_grant(&grant), MUN_OK);
        set_filler(&grant, texts[i].offset, texts[i].max);
        assert_int_equal(judge_grant(&grant), MUN_OK);
        set_filler(&grant, texts[i].offset, texts[i].max + 1);
        assert_int_equal(judge_grant(&grant), MUN_ERR_TEXT);
        if (texts[i].min > 0) {
            set_filler(&grant, texts[i].offset, texts[i].min - 1);
            assert_int_not_equal(judge_grant(&grant), MUN_OK);
        }
    }
}

static void
texts_of_a_description_hold_their_bounds(void **state)
{
    static const struct bounded texts[] = {
        { DESCRIPTION_AT(titles[0].name), 2, 15 },
        { DESCRIPTION_AT(titles[0].value), 1, 300 },
        { DESCRIPTION_AT(levels[0].name), 1, 32 },
        { DESCRIPTION_AT(levels[0].value), 1, 32 },
        { DESCRIPTION_AT(fields[0].name), 1, 32 },
        { DESCRIPTION_AT(fields[0].value), 1, 32 },
        { DESCRIPTION_AT(credit_system), 1, 32 },
        { DESCRIPTION_AT(assessment), 0, 500 },
        { DESCRIPTION_AT(quality), 0, 500 },
        { DESCRIPTION_AT(languages[0]), 2, 15 },
        { DESCRIPTION_AT(jurisdiction), 2, 8 },
        { DESCRIPTION_AT(url), 0, 300 },
        { DESCRIPTION_AT(outcomes[0]), 1, 500 },
        { DESCRIPTION_AT(partners[0]), 1, 200 },
        { DESCRIPTION_AT(part_of[0]), 1, 200 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct mun_description description;

        mun_test_description(&description);
        set_filler(&description, texts[i].offset, texts[i].min);
        assert_int_equal(judge_description(&description), MUN_OK);
        set_filler(&description, texts[i].offset, texts[i].max);
        assert_int_equal(judge_description(&description), MUN_OK);
        set_filler(&description, texts[i].offset, texts[i].max + 1);
        assert_int_equal(judge_description(&description), MUN_ERR_TEXT);
        if (texts[i].min > 0) {
            set_filler(&description, texts[i].offset, texts[i].min - 1);
            assert_int_not_equal(judge_description(&description), MUN_OK);
        }
    }
}

static void
texts_that_are_not_clean_are_refused(void **state)
{
    static const char *const unclean[] = {
        "e\xcc\x81", /* e and a combining acute: not NFC */
        "a\xe2\x80\xae"
        "b", /* right-to-left override */
        "a\x07"
        "b",            /* control */
        " a",           /* space before */
        "a\xc2\xa0",    /* no-break space after */
        "\xff",         /* not UTF-8 */
        "\xee\x80\x80", /* private use */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(unclean); i++) {
        struct mun_description description;
        struct mun_grant grant;

        mun_test_grant(&grant);
        grant.basis = mun_bytes_str(unclean[i]);
        assert_int_equal(judge_grant(&grant), MUN_ERR_TEXT);
        mun_test_grant(&grant);
        grant.scope.fields[0].value = mun_bytes_str(unclean[i]);
        assert_int_equal(judge_grant(&grant), MUN_ERR_TEXT);
        mun_test_description(&description);
        description.titles[0].value = mun_bytes_str(unclean[i]);
        assert_int_equal(judge_description(&description), MUN_ERR_TEXT);
    }
}

static void
numbers_of_a_grant_hold_their_bounds(void **state)
{
    struct mun_grant grant;

    (void)state;
    mun_test_grant(&grant);
    for (unsigned tier = 0; tier < 256; tier++) {
        grant.tier = (uint8_t)tier;
        assert_int_equal(judge_grant(&grant),
                         tier >= 1 && tier <= 4 ? MUN_OK : MUN_ERR_VALUE);
    }
    mun_test_grant(&grant);
    for (unsigned depth = 0; depth < 256; depth++) {
        grant.scope.sub_depth = (uint8_t)depth;
        assert_int_equal(judge_grant(&grant),
                         depth <= 3 ? MUN_OK : MUN_ERR_VALUE);
    }
    mun_test_grant(&grant);
    grant.scope.award_kinds = 0;
    assert_int_equal(judge_grant(&grant), MUN_ERR_VALUE);
    grant.scope.award_kinds = 0x20;
    assert_int_equal(judge_grant(&grant), MUN_OK);
    grant.scope.award_kinds = 0x41;
    assert_int_equal(judge_grant(&grant), MUN_ERR_VALUE);
    grant.scope.award_kinds = 0x80000001u;
    assert_int_equal(judge_grant(&grant), MUN_ERR_VALUE);
}

static void
credits_of_a_scope_are_a_range_in_a_system(void **state)
{
    struct mun_grant grant;

    (void)state;
    mun_test_grant(&grant);
    grant.scope.credit_min = grant.scope.credit_max;
    assert_int_equal(judge_grant(&grant), MUN_OK);
    grant.scope.credit_min++;
    assert_int_equal(judge_grant(&grant), MUN_ERR_VALUE);
    grant.scope.credit_system = MUN_BYTES_NONE;
    grant.scope.credit_min = 0;
    assert_int_equal(judge_grant(&grant), MUN_ERR_VALUE);
    grant.scope.credit_max = 0;
    assert_int_equal(judge_grant(&grant), MUN_OK);
    grant.scope.credit_min = 1;
    assert_int_equal(judge_grant(&grant), MUN_ERR_VALUE);
}

static void
numbers_of_a_description_hold_their_bounds(void **state)
{
    struct mun_description description;

    (void)state;
    mun_test_description(&description);
    for (unsigned kind = 0; kind < 256; kind++) {
        description.award_kind = (uint8_t)kind;
        assert_int_equal(judge_description(&description),
                         kind >= 1 && kind <= 6 ? MUN_OK : MUN_ERR_VALUE);
    }
    mun_test_description(&description);
    for (unsigned value = 0; value < 256; value++) {
        description.participation = (uint8_t)value;
        assert_int_equal(judge_description(&description),
                         value <= 3 ? MUN_OK : MUN_ERR_VALUE);
    }
    mun_test_description(&description);
    description.credit_system = MUN_BYTES_NONE;
    assert_int_equal(judge_description(&description), MUN_ERR_VALUE);
    description.credits = 0;
    assert_int_equal(judge_description(&description), MUN_OK);
}

static void
a_description_of_another_version_is_refused(void **state)
{
    struct mun_description description;
    struct mun_description back;
    struct mun_bytes bytes;

    (void)state;
    mun_test_description(&description);
    bytes = encode_description(&description, buffer, sizeof buffer);
    for (unsigned version = 0; version < 256; version++) {
        buffer[0] = (uint8_t)version;
        assert_int_equal(decode_description(&back, bytes).code,
                         version == 1 ? MUN_OK : MUN_ERR_VERSION);
    }
}

static void
a_text_that_its_length_byte_cannot_say_is_not_written(void **state)
{
    struct mun_grant grant;
    struct mun_wr wr;

    (void)state;
    mun_test_grant(&grant);
    grant.scope.credit_system = mun_bytes(filler, 256);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_grant_encode(&wr, &grant);
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_TOO_LARGE);
}

/* Lists of any length, written by hand: the encoders would not. */
static void
raw_label(struct mun_wr *wr, unsigned number)
{
    const uint8_t text[] = { 3, 'a', (uint8_t)('a' + number / 26),
                             (uint8_t)('a' + number % 26) };

    mun_wr_copy(wr, text, sizeof text);
}

static void
raw_pairs(struct mun_wr *wr, unsigned count)
{
    mun_wr_u8(wr, (uint8_t)count);
    for (unsigned i = 0; i < count; i++) {
        raw_label(wr, 0);
        raw_label(wr, i);
    }
}

static void
raw_labels(struct mun_wr *wr, unsigned count)
{
    mun_wr_u8(wr, (uint8_t)count);
    for (unsigned i = 0; i < count; i++)
        raw_label(wr, i);
}

static void
raw_texts(struct mun_wr *wr, unsigned count)
{
    mun_wr_u8(wr, (uint8_t)count);
    for (unsigned i = 0; i < count; i++)
        mun_wr_run16(wr, mun_bytes_str("b"));
}

static void
raw_titles(struct mun_wr *wr, unsigned count)
{
    mun_wr_u8(wr, (uint8_t)count);
    for (unsigned i = 0; i < count; i++) {
        raw_label(wr, i);
        mun_wr_run16(wr, mun_bytes_str("b"));
    }
}

/* levels, fields, places */
static struct mun_bytes
raw_grant(const unsigned counts[3])
{
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, 1);
    mun_wr_run16(&wr, MUN_BYTES_NONE);
    mun_wr_u64(&wr, 0);
    mun_wr_u64(&wr, 1);
    raw_pairs(&wr, counts[0]);
    raw_pairs(&wr, counts[1]);
    mun_wr_u32(&wr, 1);
    raw_labels(&wr, counts[2]);
    mun_wr_u8(&wr, 0);
    mun_wr_u32(&wr, 0);
    mun_wr_u32(&wr, 0);
    mun_wr_u8(&wr, 0);
    return mun_wr_done(&wr);
}

/* titles, levels, fields, languages, outcomes, partners, part_of */
static struct mun_bytes
raw_description(const unsigned counts[7])
{
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, 1);
    raw_titles(&wr, counts[0]);
    raw_pairs(&wr, counts[1]);
    raw_pairs(&wr, counts[2]);
    mun_wr_u8(&wr, 1);
    mun_wr_u8(&wr, 0);
    mun_wr_u32(&wr, 0);
    mun_wr_u32(&wr, 0);
    mun_wr_run16(&wr, MUN_BYTES_NONE);
    mun_wr_u8(&wr, 0);
    mun_wr_run16(&wr, MUN_BYTES_NONE);
    raw_labels(&wr, counts[3]);
    raw_label(&wr, 0);
    mun_wr_run16(&wr, MUN_BYTES_NONE);
    raw_texts(&wr, counts[4]);
    mun_wr_copy(&wr, mun_hash_zero.b, sizeof mun_hash_zero.b);
    raw_texts(&wr, counts[5]);
    raw_texts(&wr, counts[6]);
    return mun_wr_done(&wr);
}

static void
lists_hold_as_many_items_as_section_6_says(void **state)
{
    static const unsigned grant_max[3] = { 16, 32, 32 };
    static const unsigned min[7] = { 1, 1, 1, 0, 0, 0, 0 };
    static const unsigned max[7] = { 16, 8, 8, 16, 32, 16, 16 };
    struct mun_description description;
    struct mun_grant grant;

    (void)state;
    for (unsigned i = 0; i < COUNT(grant_max); i++) {
        unsigned counts[3] = { 0 };

        assert_int_equal(decode_grant(&grant, raw_grant(counts)).code, MUN_OK);
        counts[i] = grant_max[i];
        assert_int_equal(decode_grant(&grant, raw_grant(counts)).code, MUN_OK);
        counts[i]++;
        assert_int_equal(decode_grant(&grant, raw_grant(counts)).code,
                         MUN_ERR_TOO_LARGE);
    }
    for (unsigned i = 0; i < COUNT(max); i++) {
        unsigned counts[7];

        memcpy(counts, min, sizeof counts);
        assert_int_equal(
            decode_description(&description, raw_description(counts)).code,
            MUN_OK);
        counts[i] = max[i];
        assert_int_equal(
            decode_description(&description, raw_description(counts)).code,
            MUN_OK);
        counts[i]++;
        assert_int_equal(
            decode_description(&description, raw_description(counts)).code,
            MUN_ERR_TOO_LARGE);
        if (min[i] == 0)
            continue;
        counts[i] = 0;
        assert_int_equal(
            decode_description(&description, raw_description(counts)).code,
            MUN_ERR_VALUE);
    }
}

static void
a_description_holds_12000_bytes_and_not_one_more(void **state)
{
    struct mun_description description;
    size_t len;

    (void)state;
    mun_test_description(&description);
    description.outcome_count = 24;
    for (unsigned i = 0; i < 24; i++)
        description.outcomes[i] = mun_bytes(filler, i < 22 ? 500 : 1);
    len = encode_description(&description, buffer, sizeof buffer).len;
    assert_true(len < MUN_DESCRIPTION_BYTES_MAX);
    len = MUN_DESCRIPTION_BYTES_MAX - len;
    for (unsigned i = 22; i < 24; i++) {
        size_t part = len < 499 ? len : 499;

        description.outcomes[i].len += part;
        len -= part;
    }
    assert_int_equal(len, 0);
    assert_int_equal(
        encode_description(&description, buffer, sizeof buffer).len,
        MUN_DESCRIPTION_BYTES_MAX);
    assert_int_equal(judge_description(&description), MUN_OK);
    description.part_of[0] = mun_bytes(filler, description.part_of[0].len + 1);
    assert_int_equal(judge_description(&description), MUN_ERR_TOO_LARGE);
}

/* "a:b a:c" as pairs.
 * Returns how many. */
static uint8_t
parse_pairs(struct mun_pair *out, const char *text)
{
    uint8_t count = 0;

    while (*text != '\0') {
        size_t name = strcspn(text, ":");
        size_t value = strcspn(text + name + 1, " ");

        out[count].name = mun_bytes(text, name);
        out[count].value = mun_bytes(text + name + 1, value);
        count++;
        text += name + 1 + value;
        text += strspn(text, " ");
    }
    return count;
}

static uint8_t
parse_labels(struct mun_bytes *out, const char *text)
{
    uint8_t count = 0;

    while (*text != '\0') {
        size_t len = strcspn(text, " ");

        out[count++] = mun_bytes(text, len);
        text += len;
        text += strspn(text, " ");
    }
    return count;
}

static void
pairs_and_labels_ascend_strictly(void **state)
{
    static const struct {
        const char *text;
        enum mun_err_code code;
    } pairs[] = {
        { "a:b a:c", MUN_OK },
        { "a:b a:bb", MUN_OK }, /* a prefix first */
        { "a:z aa:b", MUN_OK }, /* by the first part, then the second */
        { "a:b a:b", MUN_ERR_ORDER },
        { "a:c a:b", MUN_ERR_ORDER },
        { "a:bb a:b", MUN_ERR_ORDER },
        { "aa:b a:z", MUN_ERR_ORDER },
        { "a:\xc3\xa9 a:z", MUN_ERR_ORDER }, /* unsigned bytes */
        { "a:b a:c a:a", MUN_ERR_ORDER },
    };
    static const struct {
        const char *text;
        enum mun_err_code code;
    } labels[] = {
        { "KZ KZ-75", MUN_OK },
        { "KZ KG", MUN_ERR_ORDER },
        { "KZ KZ", MUN_ERR_ORDER },
        { "KZ-75 KZ", MUN_ERR_ORDER },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct mun_description description;
        struct mun_grant grant;

        mun_test_grant(&grant);
        grant.scope.level_count =
            parse_pairs(grant.scope.levels, pairs[i].text);
        assert_int_equal(judge_grant(&grant), pairs[i].code);
        mun_test_grant(&grant);
        grant.scope.field_count =
            parse_pairs(grant.scope.fields, pairs[i].text);
        assert_int_equal(judge_grant(&grant), pairs[i].code);
        mun_test_description(&description);
        description.field_count =
            parse_pairs(description.fields, pairs[i].text);
        assert_int_equal(judge_description(&description), pairs[i].code);
    }
    for (size_t i = 0; i < COUNT(labels); i++) {
        struct mun_description description;
        struct mun_grant grant;

        mun_test_grant(&grant);
        grant.scope.place_count =
            parse_labels(grant.scope.places, labels[i].text);
        assert_int_equal(judge_grant(&grant), labels[i].code);
        mun_test_description(&description);
        description.language_count =
            parse_labels(description.languages, labels[i].text);
        assert_int_equal(judge_description(&description), labels[i].code);
    }
}

static void
a_language_has_one_title(void **state)
{
    struct mun_description description;

    (void)state;
    mun_test_description(&description);
    description.titles[1].name = mun_bytes_str("en");
    assert_int_equal(judge_description(&description), MUN_ERR_ORDER);
    description.titles[1].name = mun_bytes_str("de");
    assert_int_equal(judge_description(&description), MUN_ERR_ORDER);
    description.titles[1].name = mun_bytes_str("en-GB");
    assert_int_equal(judge_description(&description), MUN_OK);
}

/* One row of a table: what differs from a scope that allows anything, and from
 * the described programme below. */
struct covers_case {
    uint32_t kinds;
    uint32_t credit_min;
    uint32_t credit_max;
    enum mun_refusal expected;
    const char *levels;
    const char *fields;
    const char *places;
    const char *system;
    const char *described_levels; /* "eqf:5" */
    const char *described_fields; /* "isced:0613" */
    const char *described_place;  /* "KZ-75" */
    const char *described_system; /* "ects", 500 credits */
};

static const char *
or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void
set_scope(struct mun_scope *out, const struct covers_case *row)
{
    memset(out, 0, sizeof *out);
    out->level_count = parse_pairs(out->levels, or_else(row->levels, ""));
    out->field_count = parse_pairs(out->fields, or_else(row->fields, ""));
    out->place_count = parse_labels(out->places, or_else(row->places, ""));
    out->award_kinds = row->kinds != 0 ? row->kinds : MUN_AWARD_BITS;
    out->credit_system = mun_bytes_str(or_else(row->system, ""));
    out->credit_min = row->credit_min;
    out->credit_max = row->credit_max;
}

static const struct covers_case covers_rows[] = {
    { .expected = MUN_REFUSAL_NONE }, /* anything */
    /* Levels. */
    { .levels = "eqf:5" },
    { .levels = "eqf:4 eqf:5 eqf:6" },
    { .levels = "eqf:6", .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    { .levels = "nqf:5", .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    /* A level is not a prefix of another. */
    { .levels = "eqf:5",
      .described_levels = "eqf:50",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    /* Nothing is claimed in a framework that the scope does not name. */
    { .levels = "eqf:5",
      .described_levels = "eqf:5 nqf:9",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    { .levels = "eqf:5 nqf:8",
      .described_levels = "eqf:5 nqf:9",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    { .levels = "eqf:5 nqf:9", .described_levels = "eqf:5 nqf:9" },
    { .levels = "eqf:5",
      .described_levels = "eqf:5 eqf:6",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    /* Fields: a code covers what begins with it. */
    { .fields = "isced:06" },
    { .fields = "isced:0613" },
    { .fields = "isced:0" },
    { .fields = "isced:06130", .expected = MUN_REFUSAL_OUT_OF_SCOPE_FIELD },
    { .fields = "isced:07", .expected = MUN_REFUSAL_OUT_OF_SCOPE_FIELD },
    { .fields = "ford:06", .expected = MUN_REFUSAL_OUT_OF_SCOPE_FIELD },
    { .fields = "isced:05 isced:06",
      .described_fields = "isced:0511 isced:0613" },
    { .fields = "isced:06",
      .described_fields = "isced:0511 isced:0613",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_FIELD },
    { .fields = "isced:06",
      .described_fields = "ford:1 isced:0613",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_FIELD },
    { .fields = "ford:1 isced:06", .described_fields = "ford:1 isced:0613" },
    /* Award kinds. */
    { .kinds = 1u << 0 },
    { .kinds = MUN_AWARD_BITS & ~1u,
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_AWARD },
    /* Jurisdictions. */
    { .places = "KZ" },
    { .places = "KZ-75" },
    { .places = "KG KZ" },
    { .places = "KG", .expected = MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION },
    { .places = "KZ-7", .expected = MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION },
    { .places = "KZ-75",
      .described_place = "KZ",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION },
    { .places = "KZ", .described_place = "KZ" },
    { .places = "KZ",
      .described_place = "KZX",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION },
    /* Only the part before the first dash, or the whole. */
    { .places = "KZ", .described_place = "KZ-7-5" },
    { .places = "KZ-7",
      .described_place = "KZ-7-5",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION },
    /* Credits. */
    { .system = "ects", .credit_min = 500, .credit_max = 500 },
    { .system = "ects",
      .credit_min = 501,
      .credit_max = 900,
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_CREDITS },
    { .system = "ects",
      .credit_min = 0,
      .credit_max = 499,
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_CREDITS },
    { .system = "cats",
      .credit_max = 900,
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_CREDITS },
    { .system = "ects",
      .credit_max = 900,
      .described_system = "",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_CREDITS },
    /* The first that fails names the refusal. */
    { .levels = "eqf:6",
      .fields = "ford:1",
      .kinds = 2,
      .places = "KG",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_LEVEL },
    { .fields = "ford:1",
      .kinds = 2,
      .places = "KG",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_FIELD },
    { .kinds = 2, .places = "KG", .expected = MUN_REFUSAL_OUT_OF_SCOPE_AWARD },
    { .places = "KG",
      .system = "cats",
      .expected = MUN_REFUSAL_OUT_OF_SCOPE_JURISDICTION },
};

static void
a_scope_covers_what_section_9_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(covers_rows); i++) {
        const struct covers_case *row = &covers_rows[i];
        struct mun_description description;
        struct mun_scope scope;
        enum mun_refusal got;

        set_scope(&scope, row);
        mun_test_description(&description);
        description.level_count = parse_pairs(
            description.levels, or_else(row->described_levels, "eqf:5"));
        description.field_count = parse_pairs(
            description.fields, or_else(row->described_fields, "isced:0613"));
        description.jurisdiction =
            mun_bytes_str(or_else(row->described_place, "KZ-75"));
        description.credit_system =
            mun_bytes_str(or_else(row->described_system, "ects"));
        got = mun_scope_covers(&scope, &description);
        if (got != row->expected)
            fail_msg("row %zu: %s", i, mun_refusal_name(got));
    }
}

static void
each_award_kind_has_its_bit(void **state)
{
    struct mun_description description;
    struct covers_case row = { .levels = NULL };
    struct mun_scope scope;

    (void)state;
    mun_test_description(&description);
    for (unsigned bit = 0; bit < 6; bit++) {
        row.kinds = 1u << bit;
        set_scope(&scope, &row);
        for (uint8_t kind = 1; kind <= 6; kind++) {
            description.award_kind = kind;
            assert_int_equal(mun_scope_covers(&scope, &description),
                             kind == bit + 1 ? MUN_REFUSAL_NONE
                                             : MUN_REFUSAL_OUT_OF_SCOPE_AWARD);
        }
    }
}

struct within_case {
    struct covers_case child;
    struct covers_case parent;
    bool expected;
};

static const struct within_case within_rows[] = {
    { { .levels = NULL }, { .levels = NULL }, true },
    /* Levels: whole; an empty child list is wider. */
    { { .levels = "eqf:5" }, { .levels = NULL }, true },
    { { .levels = NULL }, { .levels = "eqf:5" }, false },
    { { .levels = "eqf:5" }, { .levels = "eqf:5 eqf:6" }, true },
    { { .levels = "eqf:5 eqf:6" }, { .levels = "eqf:5" }, false },
    { { .levels = "eqf:50" }, { .levels = "eqf:5" }, false },
    { { .levels = "nqf:5" }, { .levels = "eqf:5" }, false },
    { { .levels = "eqf:5 nqf:5" }, { .levels = "eqf:5" }, false },
    /* Fields: codes below. */
    { { .fields = "isced:0613" }, { .fields = "isced:06" }, true },
    { { .fields = "isced:06" }, { .fields = "isced:0613" }, false },
    { { .fields = "isced:0511 isced:0613" },
      { .fields = "isced:05 isced:06" },
      true },
    { { .fields = NULL }, { .fields = "isced:06" }, false },
    { { .fields = "isced:06" }, { .fields = NULL }, true },
    { { .fields = "ford:06" }, { .fields = "isced:06" }, false },
    /* Award kinds: a subset. */
    { { .kinds = 3 }, { .kinds = 7 }, true },
    { { .kinds = 7 }, { .kinds = 7 }, true },
    { { .kinds = 8 }, { .kinds = 7 }, false },
    { { .kinds = 0x3f }, { .kinds = 0x1f }, false },
    /* Jurisdictions: subdivisions under their country. */
    { { .places = "KZ-75" }, { .places = "KZ" }, true },
    { { .places = "KZ" }, { .places = "KZ-75" }, false },
    { { .places = "KG KZ" }, { .places = "KZ" }, false },
    { { .places = NULL }, { .places = "KZ" }, false },
    { { .places = "KZ" }, { .places = NULL }, true },
    /* Credits: the system and the range. */
    { { .system = "ects", .credit_min = 1, .credit_max = 9 },
      { .system = "ects", .credit_min = 1, .credit_max = 9 },
      true },
    { { .system = "ects", .credit_min = 0, .credit_max = 9 },
      { .system = "ects", .credit_min = 1, .credit_max = 9 },
      false },
    { { .system = "ects", .credit_min = 1, .credit_max = 10 },
      { .system = "ects", .credit_min = 1, .credit_max = 9 },
      false },
    { { .system = "cats", .credit_min = 1, .credit_max = 9 },
      { .system = "ects", .credit_min = 1, .credit_max = 9 },
      false },
    { { .system = NULL }, { .system = "ects", .credit_max = 9 }, false },
    { { .system = "ects", .credit_max = 9 }, { .system = NULL }, true },
};

static void
a_grant_is_within_its_parent_as_section_9_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(within_rows); i++) {
        struct mun_grant parent;
        struct mun_grant child;

        mun_test_grant(&child);
        mun_test_grant(&parent);
        set_scope(&child.scope, &within_rows[i].child);
        set_scope(&parent.scope, &within_rows[i].parent);
        parent.scope.sub_depth = 1;
        if (mun_grant_within(&child, &parent) != within_rows[i].expected)
            fail_msg("row %zu", i);
    }
}

static void
a_grant_within_another_has_its_term_and_fewer_links(void **state)
{
    struct mun_grant parent;
    struct mun_grant child;

    (void)state;
    mun_test_grant(&parent);
    mun_test_grant(&child);
    assert_false(mun_grant_within(&child, &parent)); /* as many links */
    child.scope.sub_depth = 0;
    assert_true(mun_grant_within(&child, &parent));
    parent.scope.sub_depth = 0;
    assert_false(mun_grant_within(&child, &parent));
    parent.scope.sub_depth = 3;
    child.scope.sub_depth = 2;
    assert_true(mun_grant_within(&child, &parent));
    child.from_ms--;
    assert_false(mun_grant_within(&child, &parent));
    child.from_ms++;
    child.until_ms++;
    assert_false(mun_grant_within(&child, &parent));
    child.until_ms = child.from_ms + 1;
    assert_true(mun_grant_within(&child, &parent));
}

static void
a_grant_has_no_higher_standing_than_its_parent(void **state)
{
    struct mun_grant parent;
    struct mun_grant child;

    (void)state;
    mun_test_grant(&parent);
    mun_test_grant(&child);
    child.scope.sub_depth = 0;
    for (uint8_t below = 1; below <= 4; below++) {
        for (uint8_t above = 1; above <= 4; above++) {
            child.tier = below;
            parent.tier = above;
            assert_int_equal(mun_grant_within(&child, &parent), below >= above);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grant_and_a_description_survive_a_round_trip),
        cmocka_unit_test(every_short_prefix_is_truncated),
        cmocka_unit_test(one_byte_too_many_is_left_over),
        cmocka_unit_test(texts_of_a_grant_hold_their_bounds),
        cmocka_unit_test(texts_of_a_description_hold_their_bounds),
        cmocka_unit_test(texts_that_are_not_clean_are_refused),
        cmocka_unit_test(numbers_of_a_grant_hold_their_bounds),
        cmocka_unit_test(credits_of_a_scope_are_a_range_in_a_system),
        cmocka_unit_test(numbers_of_a_description_hold_their_bounds),
        cmocka_unit_test(a_description_of_another_version_is_refused),
        cmocka_unit_test(a_text_that_its_length_byte_cannot_say_is_not_written),
        cmocka_unit_test(lists_hold_as_many_items_as_section_6_says),
        cmocka_unit_test(a_description_holds_12000_bytes_and_not_one_more),
        cmocka_unit_test(pairs_and_labels_ascend_strictly),
        cmocka_unit_test(a_language_has_one_title),
        cmocka_unit_test(a_scope_covers_what_section_9_says),
        cmocka_unit_test(each_award_kind_has_its_bit),
        cmocka_unit_test(a_grant_is_within_its_parent_as_section_9_says),
        cmocka_unit_test(a_grant_within_another_has_its_term_and_fewer_links),
        cmocka_unit_test(a_grant_has_no_higher_standing_than_its_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
