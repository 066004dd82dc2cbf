#include "tools/programme_file.h"

#include <string.h>

#include "ledger/json/forms.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int
pair_cmp(const struct mun_pair *a, const struct mun_pair *b)
{
    int order = mun_bytes_cmp(a->name, b->name);
    return order != 0 ? order : mun_bytes_cmp(a->value, b->value);
}

struct pair_words {
    const char *key;
    const char *name;
    const char *value;
    size_t value_max;
};

static void
sort_pairs(struct mun_pair *pairs, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct mun_pair moved = pairs[i];
        size_t at = i;
        while (at > 0 && pair_cmp(&pairs[at - 1], &moved) > 0) {
            pairs[at] = pairs[at - 1];
            at--;
        }
        pairs[at] = moved;
    }
}

/* [{"<name>": …, "<value>": …}, …], sorted. */
static uint8_t
read_pairs(struct mun_json_rd *rd, const struct pair_words *words,
           struct mun_pair *out, size_t max)
{
    const char *const keys[] = { words->name, words->value };
    size_t count = mun_json_rd_array(rd, words->key, max);

    for (size_t i = 0; i < count; i++) {
        mun_json_rd_item(rd, i);
        mun_json_rd_only(rd, keys, COUNT(keys));
        out[i].name = mun_json_rd_string(rd, words->name, 1, 32);
        out[i].value =
            mun_json_rd_string(rd, words->value, 1, words->value_max);
        mun_json_rd_leave(rd);
    }
    sort_pairs(out, count);
    mun_json_rd_leave(rd);
    return (uint8_t)count;
}

static uint8_t
read_texts(struct mun_json_rd *rd, const char *key, struct mun_bytes *out,
           size_t max, size_t len_max)
{
    if (!mun_json_rd_has(rd, key))
        return 0;
    size_t count = mun_json_rd_array(rd, key, max);
    for (size_t i = 0; i < count; i++) {
        mun_json_rd_item(rd, i);
        out[i] = mun_json_rd_string(rd, NULL, 1, len_max);
        mun_json_rd_leave(rd);
    }
    mun_json_rd_leave(rd);
    return (uint8_t)count;
}

static void
sort_texts(struct mun_bytes *texts, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct mun_bytes moved = texts[i];
        size_t at = i;
        while (at > 0 && mun_bytes_cmp(texts[at - 1], moved) > 0) {
            texts[at] = texts[at - 1];
            at--;
        }
        texts[at] = moved;
    }
}

/* A word of an enumeration. */
struct word_set {
    const char *key;
    const char *(*word)(uint8_t);
    uint8_t max;
};

static uint8_t
read_word(struct mun_json_rd *rd, const struct word_set *set)
{
    struct mun_bytes text = mun_json_rd_string(rd, set->key, 1, 64);
    for (uint8_t i = 0; i <= set->max && text.data != NULL; i++) {
        if (mun_bytes_eq(text, mun_bytes_str(set->word(i))))
            return i;
    }
    mun_json_rd_fail(rd, set->key, MUN_ERR_VALUE, "is not one of the words");
    return 0;
}

static struct mun_bytes
read_optional(struct mun_json_rd *rd, const char *key, size_t len_max)
{
    if (!mun_json_rd_has(rd, key))
        return mun_bytes_str("");
    return mun_json_rd_string(rd, key, 0, len_max);
}

static void
read_optional_part(struct mun_json_rd *rd, struct mun_description *out)
{
    static const struct word_set participation = { "participation",
                                                   mun_word_participation, 3 };

    out->assessment = read_optional(rd, "assessment", 500);
    out->quality = read_optional(rd, "quality", 500);
    out->url = read_optional(rd, "url", 300);
    out->credit_system = read_optional(rd, "credit_system", 32);
    if (out->credit_system.len != 0)
        out->credits = mun_json_rd_hundredths(rd, "credits");
    if (mun_json_rd_has(rd, "workload_hours"))
        out->workload_hours =
            (uint32_t)mun_json_rd_u64(rd, "workload_hours", UINT32_MAX);
    if (mun_json_rd_has(rd, "participation"))
        out->participation = read_word(rd, &participation);
    if (mun_json_rd_has(rd, "outcomes_digest"))
        mun_json_rd_hex(rd, "outcomes_digest", out->outcomes_digest.b,
                        sizeof out->outcomes_digest.b);
    out->language_count =
        read_texts(rd, "languages", out->languages, MUN_LANGUAGES_MAX, 15);
    sort_texts(out->languages, out->language_count);
    out->outcome_count =
        read_texts(rd, "outcomes", out->outcomes, MUN_OUTCOMES_MAX, 500);
    out->partner_count =
        read_texts(rd, "partners", out->partners, MUN_PARTNERS_MAX, 200);
    out->part_of_count =
        read_texts(rd, "part_of", out->part_of, MUN_PARTNERS_MAX, 200);
}

void
mun_programme_read(struct mun_json_rd *rd, struct mun_register_programme *out)
{
    static const char *const keys[] = {
        "code",          "titles",          "levels",
        "fields",        "award_kind",      "jurisdiction",
        "credit_system", "credits",         "assessment",
        "participation", "workload_hours",  "quality",
        "languages",     "outcomes_digest", "url",
        "outcomes",      "partners",        "part_of",
    };
    static const struct pair_words titles = { "titles", "language", "title",
                                              300 };
    static const struct pair_words levels = { "levels", "framework", "level",
                                              32 };
    static const struct pair_words fields = { "fields", "scheme", "code", 32 };
    static const struct word_set award = { "award_kind", mun_word_award,
                                           MUN_AWARD_PARTICIPATION };
    struct mun_description *description = &out->description;

    memset(out, 0, sizeof *out);
    mun_json_rd_only(rd, keys, COUNT(keys));
    out->code = mun_json_rd_string(rd, "code", 1, 32);
    description->title_count =
        read_pairs(rd, &titles, description->titles, MUN_TITLES_MAX);
    description->level_count = read_pairs(rd, &levels, description->levels, 8);
    description->field_count = read_pairs(rd, &fields, description->fields, 8);
    description->award_kind = read_word(rd, &award);
    description->jurisdiction = mun_json_rd_string(rd, "jurisdiction", 2, 8);
    read_optional_part(rd, description);
}

struct filler {
    struct mun_arena *arena;
    const struct mun_csv *csv;
    size_t row;
    struct mun_bytes missing;
    enum mun_err_code failure;
};

/* The value of the column whose name stands between the braces at `at`; moves
 * *at behind them. A brace that is not closed is a text like any other. */
static struct mun_bytes
take_value(struct filler *filler, struct mun_bytes text, size_t *at)
{
    const uint8_t *end = text.data[*at] == '{'
                             ? memchr(text.data + *at, '}', text.len - *at)
                             : NULL;
    if (end == NULL)
        return mun_bytes(text.data + (*at)++, 1);
    struct mun_bytes name =
        mun_bytes(text.data + *at + 1, (size_t)(end - text.data) - *at - 1);
    size_t column = mun_csv_column(filler->csv, name);
    *at = (size_t)(end - text.data) + 1;
    if (column == SIZE_MAX) {
        filler->failure = MUN_ERR_NOT_FOUND;
        filler->missing = name;
        return MUN_BYTES_NONE;
    }
    return mun_csv_field(filler->csv, filler->row, column);
}

static void
fill_text(struct filler *filler, struct mun_bytes *text)
{
    size_t len = 0;

    if (filler->failure != MUN_OK || text->len == 0 ||
        memchr(text->data, '{', text->len) == NULL)
        return;
    for (size_t at = 0; at < text->len;)
        len += take_value(filler, *text, &at).len;
    uint8_t *out = mun_arena_alloc(filler->arena, len + 1);
    if (out == NULL && filler->failure == MUN_OK)
        filler->failure = MUN_ERR_LIMIT;
    if (filler->failure != MUN_OK)
        return;
    len = 0;
    for (size_t at = 0; at < text->len;) {
        struct mun_bytes value = take_value(filler, *text, &at);
        if (value.len != 0)
            memcpy(out + len, value.data, value.len);
        len += value.len;
    }
    *text = mun_bytes(out, len);
}

static uint8_t
fill_texts(struct filler *filler, struct mun_bytes *texts, uint8_t count)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < count; i++) {
        fill_text(filler, &texts[i]);
        if (texts[i].len != 0)
            texts[kept++] = texts[i];
    }
    return kept;
}

static uint8_t
fill_pairs(struct filler *filler, struct mun_pair *pairs, uint8_t count)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < count; i++) {
        fill_text(filler, &pairs[i].name);
        fill_text(filler, &pairs[i].value);
        if (pairs[i].value.len != 0)
            pairs[kept++] = pairs[i];
    }
    sort_pairs(pairs, kept);
    return kept;
}

mun_err_t
mun_programme_fill(struct mun_register_programme *out, struct mun_bytes *column,
                   struct mun_arena *arena, const struct mun_csv *csv,
                   size_t row)
{
    struct mun_description *d = &out->description;
    struct filler filler = { .arena = arena, .csv = csv, .row = row };
    struct mun_bytes *const singles[] = {
        &out->code,  &d->credit_system, &d->assessment,
        &d->quality, &d->jurisdiction,  &d->url,
    };

    for (size_t i = 0; i < COUNT(singles); i++)
        fill_text(&filler, singles[i]);
    d->title_count = fill_pairs(&filler, d->titles, d->title_count);
    d->level_count = fill_pairs(&filler, d->levels, d->level_count);
    d->field_count = fill_pairs(&filler, d->fields, d->field_count);
    d->language_count = fill_texts(&filler, d->languages, d->language_count);
    sort_texts(d->languages, d->language_count);
    d->outcome_count = fill_texts(&filler, d->outcomes, d->outcome_count);
    d->partner_count = fill_texts(&filler, d->partners, d->partner_count);
    d->part_of_count = fill_texts(&filler, d->part_of, d->part_of_count);
    *column = filler.missing;
    return mun_err(filler.failure);
}
