#include <stddef.h>

#include "ledger/json/forms.h"
#include "ledger/json/put.h"

static const struct {
    uint32_t bit;
    const char *text;
} FLAGS[] = {
#define X(name, bit, text) { MUN_FLAG_##name, text },
    MUN_FLAG_TABLE(X)
#undef X
};

static const enum mun_verdict_code CODES[] = {
#define X(name, value) MUN_VERDICT_##name,
    MUN_VERDICT_TABLE(X)
#undef X
};

static void
put_bytes_hex(struct mun_json_wr *wr, const char *key,
              const struct mun_hash *hash)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_hex(wr, mun_bytes(hash->b, sizeof hash->b));
}

/* The title a person sees first: the first in the ledger's order. */
static void
put_title(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    mun_json_wr_key(wr, "title");
    if (verdict->description.title_count == 0)
        mun_json_wr_null(wr);
    else
        mun_json_wr_text(wr, verdict->description.titles[0].value);
    mun_json_wr_key(wr, "levels");
    mun_json_wr_begin_array(wr);
    for (uint8_t i = 0; i < verdict->description.level_count; i++) {
        mun_json_wr_begin_object(wr);
        mun_json_wr_key(wr, "framework");
        mun_json_wr_text(wr, verdict->description.levels[i].name);
        mun_json_wr_key(wr, "level");
        mun_json_wr_text(wr, verdict->description.levels[i].value);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "awarder");
    mun_json_wr_text(wr, verdict->issuer_name);
}

static void
put_names(struct mun_json_wr *wr, uint32_t all, uint32_t flags)
{
    mun_json_wr_key(wr, "applies");
    mun_json_wr_begin_array(wr);
    for (size_t i = sizeof CODES / sizeof CODES[0]; i > 0; i--) {
        if ((all & (1u << CODES[i - 1])) != 0)
            mun_json_wr_string(wr, mun_verdict_name(CODES[i - 1]));
    }
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "flags");
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < sizeof FLAGS / sizeof FLAGS[0]; i++) {
        if ((flags & FLAGS[i].bit) != 0)
            mun_json_wr_string(wr, FLAGS[i].text);
    }
    mun_json_wr_end_array(wr);
}

/* How many members there are, and the checks up to `last`. */
static void
put_checks(struct mun_json_wr *wr, const struct mun_verdict *verdict,
           enum mun_check_name last)
{
    static const char *const words[] = { "not done", "passed", "failed" };

    mun_json_wr_key(wr, "members");
    mun_json_wr_u64(wr, verdict->member_count);
    mun_json_wr_key(wr, "faults_tolerated");
    mun_json_wr_u64(wr, mun_faults_max(verdict->member_count));
    mun_json_wr_key(wr, "checks");
    mun_json_wr_begin_object(wr);
    for (int i = 0; i < MUN_CHECK_NAME_COUNT; i++) {
        mun_json_wr_key(wr, mun_check_text((enum mun_check_name)i));
        mun_json_wr_string(wr, i <= (int)last ? words[verdict->checks[i] % 3]
                                              : words[MUN_CHECK_NOT_DONE]);
    }
    mun_json_wr_end_object(wr);
}

static void
put_status(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    mun_json_wr_key(wr, "status");
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "list");
    mun_json_wr_text(wr, verdict->label);
    mun_json_wr_key(wr, "slot");
    mun_json_wr_u64(wr, verdict->slot);
    mun_json_wr_key(wr, "value");
    mun_json_wr_string(wr, mun_word_slot_status(verdict->slot_status));
    mun_json_wr_key(wr, "reason");
    if (verdict->slot_since.time_ms == 0)
        mun_json_wr_null(wr);
    else
        mun_json_wr_string(wr, mun_word_reason(verdict->slot_reason));
    mun_json_put_time(wr, "since", verdict->slot_since.time_ms);
    mun_json_put_time(wr, "extended_until", verdict->extended_until_ms);
    mun_json_wr_end_object(wr);
}

static void
put_links(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    mun_json_wr_key(wr, "accreditation");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < verdict->link_count; i++) {
        const struct mun_verdict_link *link = &verdict->links[i];
        mun_json_wr_begin_object(wr);
        put_bytes_hex(wr, "id", &link->accreditation);
        mun_json_wr_key(wr, "accreditor");
        mun_json_wr_text(wr, link->accreditor);
        mun_json_wr_key(wr, "tier");
        mun_json_wr_string(wr, mun_word_tier(link->tier));
        mun_json_wr_key(wr, "status");
        mun_json_wr_string(wr, mun_word_standing(link->status));
        mun_json_put_time(wr, "void_since", link->void_since_ms);
        mun_json_wr_key(wr, "counts");
        mun_json_wr_bool(wr, link->survives);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

/* Of a document that is not the credential: what the receipt proves is another
 * one's, and none of it is told as if it were this one's. */
static void
put_mismatch(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    static const char *const absent[] = { "title", "awarder", "status" };

    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        mun_json_wr_key(wr, absent[i]);
        mun_json_wr_null(wr);
    }
    put_names(wr,
              verdict->all & (1u << MUN_VERDICT_PROOF_INVALID |
                              1u << MUN_VERDICT_DOCUMENT_MISMATCH),
              verdict->flags & MUN_FLAG_NO_FAULT_TOLERANCE);
    put_checks(wr, verdict, MUN_CHECK_DOCUMENT);
}

static void
put_facts(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    put_title(wr, verdict);
    put_names(wr, verdict->all, verdict->flags);
    put_status(wr, verdict);
    put_bytes_hex(wr, "issuer", &verdict->issuer);
    put_bytes_hex(wr, "programme", &verdict->programme);
    mun_json_wr_key(wr, "programme_version");
    mun_json_wr_u64(wr, verdict->programme_version);
    mun_json_wr_key(wr, "assurance");
    mun_json_wr_string(wr, mun_word_assurance(verdict->assurance));
    mun_json_put_time(wr, "valid_from", verdict->valid_from_ms);
    mun_json_put_time(wr, "valid_until", verdict->valid_until_ms);
    put_links(wr, verdict);
    mun_json_wr_key(wr, "anchored_height");
    mun_json_wr_u64(wr, verdict->anchored_height);
    mun_json_put_time(wr, "anchored_time", verdict->anchored_time_ms);
    mun_json_wr_key(wr, "as_of_height");
    mun_json_wr_u64(wr, verdict->asof_height);
    mun_json_put_time(wr, "as_of_time", verdict->asof_time_ms);
    put_checks(wr, verdict, MUN_CHECK_FRESHNESS);
}

void
mun_form_verdict(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "verdict");
    mun_json_wr_string(wr, mun_verdict_name(verdict->code));
    mun_json_wr_key(wr, "why");
    if (verdict->why == NULL)
        mun_json_wr_null(wr);
    else
        mun_json_wr_string(wr, verdict->why);
    if (verdict->checks[MUN_CHECK_DOCUMENT] == MUN_CHECK_FAILED)
        put_mismatch(wr, verdict);
    else
        put_facts(wr, verdict);
    mun_json_wr_end_object(wr);
}

void
mun_form_summary(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    mun_json_wr_begin_object(wr);
    put_title(wr, verdict);
    mun_json_put_time(wr, "anchored", verdict->anchored_time_ms);
    mun_json_wr_key(wr, "status");
    mun_json_wr_string(wr, mun_word_slot_status(verdict->slot_status));
    mun_json_put_time(wr, "known_until", verdict->asof_time_ms);
    mun_json_wr_end_object(wr);
}
