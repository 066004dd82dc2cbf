#include "ledger/json/forms.h"

#include <stddef.h>

#include "ledger/json/put.h"

static void
put_since(struct mun_json_wr *wr, const struct mun_since *since)
{
    mun_json_put_u64(wr, "since_height", since->height);
    mun_json_put_time(wr, "since_time", since->time_ms);
}

static void
put_texts(struct mun_json_wr *wr, const char *key,
          const struct mun_bytes *texts, size_t count)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++)
        mun_json_wr_text(wr, texts[i]);
    mun_json_wr_end_array(wr);
}

/* [{"<name>": …, "<value>": …}, …] */
struct pair_words {
    const char *key;
    const char *name;
    const char *value;
};

static void
put_pairs(struct mun_json_wr *wr, const struct pair_words *words,
          const struct mun_pair *pairs, size_t count)
{
    mun_json_wr_key(wr, words->key);
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++) {
        mun_json_wr_begin_object(wr);
        mun_json_put_text(wr, words->name, pairs[i].name);
        mun_json_put_text(wr, words->value, pairs[i].value);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static const struct pair_words TITLES = { "titles", "language", "title" };
static const struct pair_words LEVELS = { "levels", "framework", "level" };
static const struct pair_words FIELDS = { "fields", "scheme", "code" };

void
mun_form_purposes(struct mun_json_wr *wr, uint8_t purposes)
{
    mun_json_wr_key(wr, "purposes");
    mun_json_wr_begin_array(wr);
    for (unsigned bit = 1; bit <= MUN_PURPOSE_VALIDATE; bit <<= 1) {
        if ((purposes & bit) != 0)
            mun_json_wr_string(wr, mun_word_purpose((uint8_t)bit));
    }
    mun_json_wr_end_array(wr);
}

void
mun_form_party(struct mun_json_wr *wr, const struct mun_party *party)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "id", &party->id);
    mun_json_put_text(wr, "name", party->name);
    mun_json_put_text(wr, "country", party->country);
    mun_json_put_text(wr, "url", party->url);
    mun_json_put_word(wr, "status", mun_word_party_status(party->status));
    mun_json_put_bool(wr, "is_member", (party->roles & MUN_ROLE_MEMBER) != 0);
    mun_json_put_bool(wr, "is_root_accreditor",
                      (party->roles & MUN_ROLE_ROOT_ACCREDITOR) != 0);
    mun_json_put_hash(wr, "sponsor", &party->sponsor);
    mun_json_put_hash(wr, "recovery", &party->recovery);
    mun_json_put_hash(wr, "registered_by", &party->registered_by);
    put_since(wr, &party->since);
    mun_json_wr_end_object(wr);
}

void
mun_form_key(struct mun_json_wr *wr, const struct mun_key_record *key)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_key(wr, "key", &key->key);
    mun_json_put_hash(wr, "party", &key->party);
    mun_form_purposes(wr, key->purposes);
    mun_json_put_word(wr, "status", mun_word_key_status(key->status));
    mun_json_put_key(wr, "added_by", &key->added_by);
    mun_json_put_u64(wr, "added_height", key->added_height);
    mun_json_put_time(wr, "added_time", key->added_time_ms);
    mun_json_put_time(wr, "ended_time", key->ended_time_ms);
    mun_json_put_time(wr, "compromised_since", key->compromised_since_ms);
    put_since(wr, &key->since);
    mun_json_wr_end_object(wr);
}

static void
put_scope(struct mun_json_wr *wr, const struct mun_scope *scope)
{
    mun_json_wr_key(wr, "scope");
    mun_json_wr_begin_object(wr);
    put_pairs(wr, &LEVELS, scope->levels, scope->level_count);
    put_pairs(wr, &FIELDS, scope->fields, scope->field_count);
    mun_json_wr_key(wr, "award_kinds");
    mun_json_wr_begin_array(wr);
    for (unsigned kind = 1; kind <= MUN_AWARD_PARTICIPATION; kind++) {
        if ((scope->award_kinds & (1u << (kind - 1))) != 0)
            mun_json_wr_string(wr, mun_word_award((uint8_t)kind));
    }
    mun_json_wr_end_array(wr);
    put_texts(wr, "jurisdictions", scope->places, scope->place_count);
    if (scope->credit_system.len != 0) {
        mun_json_put_text(wr, "credit_system", scope->credit_system);
        mun_json_wr_key(wr, "credit_min");
        mun_json_wr_hundredths(wr, scope->credit_min);
        mun_json_wr_key(wr, "credit_max");
        mun_json_wr_hundredths(wr, scope->credit_max);
    }
    mun_json_put_u64(wr, "sub_depth", scope->sub_depth);
    mun_json_wr_end_object(wr);
}

static void
put_grant(struct mun_json_wr *wr, const struct mun_grant *grant)
{
    mun_json_put_word(wr, "tier", mun_word_tier(grant->tier));
    mun_json_put_text(wr, "basis", grant->basis);
    mun_json_put_time(wr, "from", grant->from_ms);
    mun_json_put_time(wr, "until", grant->until_ms);
    put_scope(wr, &grant->scope);
}

void
mun_form_accreditation(struct mun_json_wr *wr,
                       const struct mun_accreditation *accreditation)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "id", &accreditation->id);
    mun_json_put_hash(wr, "accreditor", &accreditation->accreditor);
    mun_json_put_hash(wr, "subject", &accreditation->subject);
    mun_json_put_hash(wr, "parent", &accreditation->parent);
    mun_json_put_u64(wr, "depth", accreditation->depth);
    mun_json_put_word(wr, "status", mun_word_standing(accreditation->status));
    mun_json_put_time(wr, "status_time", accreditation->status_time_ms);
    mun_json_put_time(wr, "void_since", accreditation->void_since_ms);
    if (accreditation->reason != 0)
        mun_json_put_word(wr, "reason", mun_word_reason(accreditation->reason));
    put_grant(wr, &accreditation->grant);
    mun_json_put_key(wr, "granting_key", &accreditation->granting_key);
    mun_json_put_u64(wr, "granted_height", accreditation->granted_height);
    mun_json_put_time(wr, "granted_time", accreditation->granted_time_ms);
    mun_json_put_key(wr, "changed_by", &accreditation->changed_by);
    put_since(wr, &accreditation->since);
    mun_json_wr_end_object(wr);
}

void
mun_form_description(struct mun_json_wr *wr,
                     const struct mun_description *description)
{
    mun_json_wr_begin_object(wr);
    put_pairs(wr, &TITLES, description->titles, description->title_count);
    put_pairs(wr, &LEVELS, description->levels, description->level_count);
    put_pairs(wr, &FIELDS, description->fields, description->field_count);
    mun_json_put_word(wr, "award_kind",
                      mun_word_award(description->award_kind));
    if (description->credit_system.len != 0) {
        mun_json_put_text(wr, "credit_system", description->credit_system);
        mun_json_wr_key(wr, "credits");
        mun_json_wr_hundredths(wr, description->credits);
    }
    mun_json_put_u64(wr, "workload_hours", description->workload_hours);
    mun_json_put_text(wr, "assessment", description->assessment);
    mun_json_put_word(wr, "participation",
                      mun_word_participation(description->participation));
    mun_json_put_text(wr, "quality", description->quality);
    put_texts(wr, "languages", description->languages,
              description->language_count);
    mun_json_put_text(wr, "jurisdiction", description->jurisdiction);
    mun_json_put_text(wr, "url", description->url);
    put_texts(wr, "outcomes", description->outcomes,
              description->outcome_count);
    mun_json_put_hash(wr, "outcomes_digest", &description->outcomes_digest);
    put_texts(wr, "partners", description->partners,
              description->partner_count);
    put_texts(wr, "part_of", description->part_of, description->part_of_count);
    mun_json_wr_end_object(wr);
}

void
mun_form_programme(struct mun_json_wr *wr,
                   const struct mun_programme *programme,
                   const struct mun_programme_version *version)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "id", &programme->id);
    mun_json_put_hash(wr, "issuer", &programme->issuer);
    mun_json_put_text(wr, "code", programme->code);
    mun_json_put_u64(wr, "version", version->version);
    mun_json_put_u64(wr, "latest_version", programme->latest_version);
    mun_json_put_word(wr, "status",
                      programme->status == MUN_PROGRAMME_ACTIVE ? "active"
                                                                : "retired");
    mun_json_put_word(wr, "listing", mun_word_listing(programme->listing));
    mun_json_put_time(wr, "next_review", programme->next_review_ms);
    mun_json_wr_key(wr, "description");
    mun_form_description(wr, &version->description);
    put_since(wr, &programme->since);
    mun_json_wr_end_object(wr);
}

void
mun_form_list(struct mun_json_wr *wr, const struct mun_list *list)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "issuer", &list->issuer);
    mun_json_put_text(wr, "label", list->label);
    mun_json_put_u64(wr, "count", list->count);
    mun_json_put_word(wr, "status",
                      list->status == MUN_LIST_OPEN ? "open" : "closed");
    put_since(wr, &list->since);
    mun_json_wr_end_object(wr);
}

void
mun_form_slot(struct mun_json_wr *wr, uint32_t index,
              const struct mun_slot *slot)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_u64(wr, "slot", index);
    if (slot == NULL) {
        mun_json_put_word(wr, "status", mun_word_slot_status(MUN_SLOT_GOOD));
        mun_json_put_u64(wr, "since_height", 0);
        mun_json_wr_end_object(wr);
        return;
    }
    mun_json_put_word(wr, "status", mun_word_slot_status(slot->status));
    mun_json_put_word(wr, "reason", mun_word_reason(slot->reason));
    mun_json_put_hash(wr, "superseded_by", &slot->superseded_by);
    mun_json_put_time(wr, "extended_until", slot->extended_until_ms);
    mun_json_put_key(wr, "key", &slot->key);
    mun_json_put_word(wr, "before", mun_word_slot_status(slot->before_status));
    put_since(wr, &slot->since);
    mun_json_wr_end_object(wr);
}

void
mun_form_header(struct mun_json_wr *wr, const struct mun_header *header,
                const struct mun_hash *header_id)
{
    mun_json_wr_begin_object(wr);
    mun_json_put_u64(wr, "height", header->height);
    mun_json_put_hash(wr, "header_id", header_id);
    mun_json_put_u64(wr, "rules_version", header->rules_version);
    mun_json_put_hash(wr, "chain_id", &header->chain_id);
    mun_json_put_time(wr, "time", header->time_ms);
    mun_json_put_hash(wr, "previous", &header->previous);
    mun_json_put_hash(wr, "certificate_hash", &header->certificate_hash);
    mun_json_put_hash(wr, "entries_hash", &header->entries_hash);
    mun_json_put_u64(wr, "log_size", header->log_size);
    mun_json_put_hash(wr, "log_root", &header->log_root);
    mun_json_put_hash(wr, "state_root", &header->state_root);
    mun_json_put_hash(wr, "members_hash", &header->members_hash);
    mun_json_put_hash(wr, "next_members_hash", &header->next_members_hash);
    mun_json_wr_end_object(wr);
}

static void
put_register_party(struct mun_json_wr *wr,
                   const struct mun_register_party *payload)
{
    mun_json_put_hash(wr, "sponsor", &payload->sponsor);
    mun_json_put_hash(wr, "sponsor_accreditation",
                      &payload->sponsor_accreditation);
    mun_json_put_text(wr, "name", payload->name);
    mun_json_put_text(wr, "country", payload->country);
    mun_json_put_text(wr, "url", payload->url);
    mun_json_put_hash(wr, "recovery", &payload->recovery);
    mun_json_wr_key(wr, "keys");
    mun_json_wr_begin_array(wr);
    for (uint8_t i = 0; i < payload->key_count; i++) {
        mun_json_wr_begin_object(wr);
        mun_json_put_key(wr, "key", &payload->keys[i].key);
        mun_form_purposes(wr, payload->keys[i].purposes);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static void
put_anchor(struct mun_json_wr *wr, const struct mun_anchor *payload)
{
    mun_json_put_text(wr, "list", payload->label);
    mun_json_put_u64(wr, "base", payload->base);
    mun_json_put_u64(wr, "count", payload->count);
    mun_json_put_hash(wr, "root", &payload->root);
    mun_json_put_hash(wr, "programme", &payload->programme);
    mun_json_put_u64(wr, "programme_version", payload->version);
    mun_json_put_bool(wr, "published", payload->is_published);
    mun_json_wr_key(wr, "accreditations");
    mun_json_wr_begin_array(wr);
    for (uint8_t i = 0; i < payload->accreditation_count; i++)
        mun_json_wr_hex(wr, mun_bytes(payload->accreditations[i].b,
                                      sizeof payload->accreditations[i].b));
    mun_json_wr_end_array(wr);
}

static void
put_change_status(struct mun_json_wr *wr,
                  const struct mun_change_status *payload)
{
    struct mun_change change;
    size_t at = 0;

    mun_json_put_text(wr, "list", payload->label);
    mun_json_wr_key(wr, "changes");
    mun_json_wr_begin_array(wr);
    while (mun_change_next(payload, &at, &change)) {
        mun_json_wr_begin_object(wr);
        mun_json_put_u64(wr, "slot", change.index);
        mun_json_put_word(wr, "action", mun_word_action(change.action));
        mun_json_put_word(wr, "reason", mun_word_reason(change.reason));
        mun_json_put_u64(wr, "if_since", change.if_since);
        if (change.action == MUN_ACTION_SUPERSEDE)
            mun_json_put_hash(wr, "superseded_by", &change.superseded_by);
        if (change.action == MUN_ACTION_EXTEND)
            mun_json_put_time(wr, "extended_until", change.extended_until_ms);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

void
mun_form_payload(struct mun_json_wr *wr, const struct mun_entry *entry)
{
    mun_json_wr_begin_object(wr);
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        put_register_party(wr, &entry->as.register_party);
        break;
    case MUN_KIND_ADD_KEY:
        mun_json_put_key(wr, "key", &entry->as.add_key.key);
        mun_form_purposes(wr, entry->as.add_key.purposes);
        break;
    case MUN_KIND_RETIRE_KEY:
        mun_json_put_key(wr, "key", &entry->as.retire_key);
        break;
    case MUN_KIND_ACCREDIT:
        mun_json_put_hash(wr, "subject", &entry->as.accredit.subject);
        mun_json_put_hash(wr, "parent", &entry->as.accredit.parent);
        put_grant(wr, &entry->as.accredit.grant);
        break;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        mun_json_put_hash(wr, "accreditation",
                          &entry->as.standing.accreditation);
        mun_json_put_word(wr, "reason",
                          mun_word_reason(entry->as.standing.reason));
        if (entry->kind == MUN_KIND_WITHDRAW)
            mun_json_put_time(wr, "void_since",
                              entry->as.standing.void_since_ms);
        break;
    case MUN_KIND_REGISTER_PROGRAMME:
        mun_json_put_text(wr, "code", entry->as.register_programme.code);
        mun_json_wr_key(wr, "description");
        mun_form_description(wr, &entry->as.register_programme.description);
        break;
    case MUN_KIND_ANCHOR:
        put_anchor(wr, &entry->as.anchor);
        break;
    case MUN_KIND_CHANGE_STATUS:
        put_change_status(wr, &entry->as.change_status);
        break;
    }
    mun_json_wr_end_object(wr);
}
