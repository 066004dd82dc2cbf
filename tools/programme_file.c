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

/* [{"<name>": …, "<value>": …}, …], sorted. */
static uint8_t
read_pairs(struct mun_json_rd *rd, const struct pair_words *words,
           struct mun_pair *out, size_t max)
{
    const char *const keys[] = { words->name, words->value };
    size_t count = mun_json_rd_array(rd, words->key, max);

    for (size_t i = 0; i < count; i++) {
        struct mun_pair pair;
        size_t at = i;
        mun_json_rd_item(rd, i);
        mun_json_rd_only(rd, keys, COUNT(keys));
        pair.name = mun_json_rd_string(rd, words->name, 1, 32);
        pair.value = mun_json_rd_string(rd, words->value, 1, words->value_max);
        mun_json_rd_leave(rd);
        while (at > 0 && pair_cmp(&out[at - 1], &pair) > 0) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = pair;
    }
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
