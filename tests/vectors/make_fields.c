#include "ledger/base/check.h"
#include "ledger/core/record.h"
#include "tests/vectors/make.h"

/* Fields are written member by member out of the library's structures; the
 * unit test puts them together again by a table of its own. */

static void
put_keys(struct mun_json_wr *wr, const struct mun_key_grant *keys, size_t count)
{
    mun_json_wr_key(wr, "keys");
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++) {
        mun_json_wr_begin_object(wr);
        mun_vec_key(wr, "key", &keys[i].key);
        mun_vec_u64(wr, "purposes", keys[i].purposes);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

void
mun_vec_fields_genesis(struct mun_json_wr *wr,
                       const struct mun_genesis *genesis)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "version", 1);
    mun_vec_text(wr, "name", genesis->name);
    mun_vec_u64(wr, "time", genesis->time_ms);
    mun_vec_u64(wr, "rules_version", genesis->rules_version);
    mun_vec_u64(wr, "max_age", genesis->max_age_ms);
    mun_json_wr_key(wr, "parties");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < genesis->party_count; i++) {
        const struct mun_genesis_party *party = &genesis->parties[i];

        mun_json_wr_begin_object(wr);
        mun_vec_hash(wr, "id", &party->id);
        mun_vec_u64(wr, "roles", party->roles);
        mun_vec_text(wr, "name", party->name);
        mun_vec_text(wr, "country", party->country);
        mun_vec_text(wr, "url", party->url);
        put_keys(wr, party->keys, party->key_count);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}

void
mun_vec_fields_members(struct mun_json_wr *wr,
                       const struct mun_members *members)
{
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < members->count; i++) {
        mun_json_wr_begin_object(wr);
        mun_vec_hash(wr, "party", &members->at[i].party);
        mun_vec_key(wr, "key", &members->at[i].key);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

void
mun_vec_fields_certificate(struct mun_json_wr *wr,
                           const struct mun_certificate *certificate)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "height", certificate->height);
    mun_vec_u64(wr, "round", certificate->round);
    mun_vec_hash(wr, "header_id", &certificate->header_id);
    mun_vec_u64(wr, "member_count", certificate->member_count);
    mun_vec_hex(
        wr, "bitmap",
        mun_bytes(certificate->bitmap, (certificate->member_count + 7) / 8));
    mun_json_wr_key(wr, "signatures");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < certificate->sig_count; i++)
        mun_json_wr_hex(wr, mun_bytes(certificate->sigs[i].b, MUN_SIG_BYTES));
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}

void
mun_vec_fields_header(struct mun_json_wr *wr, const struct mun_header *header)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "version", 1);
    mun_vec_u64(wr, "rules_version", header->rules_version);
    mun_vec_hash(wr, "chain_id", &header->chain_id);
    mun_vec_u64(wr, "height", header->height);
    mun_vec_u64(wr, "time", header->time_ms);
    mun_vec_hash(wr, "previous", &header->previous);
    mun_vec_hash(wr, "certificate_hash", &header->certificate_hash);
    mun_vec_hash(wr, "entries_hash", &header->entries_hash);
    mun_vec_u64(wr, "log_size", header->log_size);
    mun_vec_hash(wr, "log_root", &header->log_root);
    mun_vec_hash(wr, "state_root", &header->state_root);
    mun_vec_hash(wr, "members_hash", &header->members_hash);
    mun_vec_hash(wr, "next_members_hash", &header->next_members_hash);
    mun_json_wr_end_object(wr);
}

void
mun_vec_fields_log_leaf(struct mun_json_wr *wr, const struct mun_log_leaf *leaf)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "type", leaf->type);
    mun_vec_u64(wr, "height", leaf->height);
    mun_vec_u64(wr, "time", leaf->time_ms);
    mun_vec_u64(wr, "position", leaf->position);
    mun_vec_hash(wr, "subject", &leaf->subject);
    mun_vec_hash(wr, "effects_root", &leaf->effects_root);
    mun_json_wr_end_object(wr);
}

void
mun_vec_fields_opening(struct mun_json_wr *wr,
                       const struct mun_opening *opening)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "version", 1);
    mun_vec_hash(wr, "salt", &opening->salt);
    mun_vec_hash(wr, "digest", &opening->digest);
    mun_vec_u64(wr, "format", opening->format);
    mun_vec_hash(wr, "programme", &opening->programme);
    mun_vec_u64(wr, "programme_version", opening->programme_version);
    mun_vec_text(wr, "label", opening->label);
    mun_vec_u64(wr, "slot", opening->slot);
    mun_vec_u64(wr, "valid_from", opening->valid_from_ms);
    mun_vec_u64(wr, "valid_until", opening->valid_until_ms);
    mun_vec_u64(wr, "assurance", opening->assurance);
    mun_json_wr_end_object(wr);
}

/* Scopes and descriptions */

struct pair_names {
    const char *list;
    const char *name;
    const char *value;
};

static const struct pair_names titles = { "titles", "language", "text" };
static const struct pair_names levels = { "levels", "framework", "level" };
static const struct pair_names fields = { "fields", "scheme", "code" };

static void
put_pairs(struct mun_json_wr *wr, const struct pair_names *names,
          const struct mun_pair *pairs, size_t count)
{
    mun_json_wr_key(wr, names->list);
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++) {
        mun_json_wr_begin_object(wr);
        mun_vec_text(wr, names->name, pairs[i].name);
        mun_vec_text(wr, names->value, pairs[i].value);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
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

static void
put_scope(struct mun_json_wr *wr, const struct mun_scope *scope)
{
    mun_json_wr_key(wr, "scope");
    mun_json_wr_begin_object(wr);
    put_pairs(wr, &levels, scope->levels, scope->level_count);
    put_pairs(wr, &fields, scope->fields, scope->field_count);
    mun_vec_u64(wr, "award_kinds", scope->award_kinds);
    put_texts(wr, "jurisdictions", scope->places, scope->place_count);
    mun_vec_text(wr, "credit_system", scope->credit_system);
    mun_vec_u64(wr, "credit_min", scope->credit_min);
    mun_vec_u64(wr, "credit_max", scope->credit_max);
    mun_vec_u64(wr, "sub_depth", scope->sub_depth);
    mun_json_wr_end_object(wr);
}

static void
put_grant(struct mun_json_wr *wr, const struct mun_grant *grant)
{
    mun_vec_u64(wr, "tier", grant->tier);
    mun_vec_text(wr, "basis", grant->basis);
    mun_vec_u64(wr, "from", grant->from_ms);
    mun_vec_u64(wr, "until", grant->until_ms);
    put_scope(wr, &grant->scope);
}

static void
put_description(struct mun_json_wr *wr,
                const struct mun_description *description)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "version", 1);
    put_pairs(wr, &titles, description->titles, description->title_count);
    put_pairs(wr, &levels, description->levels, description->level_count);
    put_pairs(wr, &fields, description->fields, description->field_count);
    mun_vec_u64(wr, "award_kind", description->award_kind);
    mun_vec_text(wr, "credit_system", description->credit_system);
    mun_vec_u64(wr, "credits", description->credits);
    mun_vec_u64(wr, "workload_hours", description->workload_hours);
    mun_vec_text(wr, "assessment", description->assessment);
    mun_vec_u64(wr, "participation", description->participation);
    mun_vec_text(wr, "quality", description->quality);
    put_texts(wr, "languages", description->languages,
              description->language_count);
    mun_vec_text(wr, "jurisdiction", description->jurisdiction);
    mun_vec_text(wr, "url", description->url);
    put_texts(wr, "outcomes", description->outcomes,
              description->outcome_count);
    mun_vec_hash(wr, "outcomes_digest", &description->outcomes_digest);
    put_texts(wr, "partners", description->partners,
              description->partner_count);
    put_texts(wr, "part_of", description->part_of, description->part_of_count);
    mun_json_wr_end_object(wr);
}

/* Entries */

static void
put_register_party(struct mun_json_wr *wr,
                   const struct mun_register_party *payload)
{
    mun_vec_hash(wr, "sponsor", &payload->sponsor);
    mun_vec_hash(wr, "sponsor_accreditation", &payload->sponsor_accreditation);
    mun_vec_text(wr, "name", payload->name);
    mun_vec_text(wr, "country", payload->country);
    mun_vec_text(wr, "url", payload->url);
    mun_vec_hash(wr, "recovery", &payload->recovery);
    put_keys(wr, payload->keys, payload->key_count);
}

static void
put_anchor(struct mun_json_wr *wr, const struct mun_anchor *payload)
{
    mun_vec_text(wr, "label", payload->label);
    mun_vec_u64(wr, "base", payload->base);
    mun_vec_u64(wr, "count", payload->count);
    mun_vec_hash(wr, "root", &payload->root);
    mun_vec_hash(wr, "programme", &payload->programme);
    mun_vec_u64(wr, "version", payload->version);
    mun_vec_bool(wr, "published", payload->is_published);
    mun_vec_hashes(wr, "accreditations", payload->accreditations,
                   payload->accreditation_count);
}

static void
put_changes(struct mun_json_wr *wr, const struct mun_change_status *payload)
{
    struct mun_change change;
    size_t at = 0;

    mun_vec_text(wr, "label", payload->label);
    mun_json_wr_key(wr, "changes");
    mun_json_wr_begin_array(wr);
    while (mun_change_next(payload, &at, &change)) {
        mun_json_wr_begin_object(wr);
        mun_vec_u64(wr, "index", change.index);
        mun_vec_u64(wr, "action", change.action);
        mun_vec_u64(wr, "reason", change.reason);
        mun_vec_u64(wr, "if_since", change.if_since);
        if (change.action == MUN_ACTION_SUPERSEDE)
            mun_vec_hash(wr, "superseded_by", &change.superseded_by);
        if (change.action == MUN_ACTION_EXTEND)
            mun_vec_u64(wr, "extended_until", change.extended_until_ms);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static void
put_payload(struct mun_json_wr *wr, const struct mun_entry *entry)
{
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        put_register_party(wr, &entry->as.register_party);
        return;
    case MUN_KIND_ADD_KEY:
        mun_vec_key(wr, "key", &entry->as.add_key.key);
        mun_vec_u64(wr, "purposes", entry->as.add_key.purposes);
        return;
    case MUN_KIND_RETIRE_KEY:
        mun_vec_key(wr, "key", &entry->as.retire_key);
        return;
    case MUN_KIND_ACCREDIT:
        mun_vec_hash(wr, "subject", &entry->as.accredit.subject);
        mun_vec_hash(wr, "parent", &entry->as.accredit.parent);
        put_grant(wr, &entry->as.accredit.grant);
        return;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        mun_vec_hash(wr, "accreditation", &entry->as.standing.accreditation);
        mun_vec_u64(wr, "reason", entry->as.standing.reason);
        if (entry->kind == MUN_KIND_WITHDRAW)
            mun_vec_u64(wr, "void_since", entry->as.standing.void_since_ms);
        return;
    case MUN_KIND_REGISTER_PROGRAMME:
        mun_vec_text(wr, "code", entry->as.register_programme.code);
        mun_json_wr_key(wr, "description");
        put_description(wr, &entry->as.register_programme.description);
        return;
    case MUN_KIND_ANCHOR:
        put_anchor(wr, &entry->as.anchor);
        return;
    case MUN_KIND_CHANGE_STATUS:
        put_changes(wr, &entry->as.change_status);
        return;
    }
    MUN_UNREACHABLE();
}

void
mun_vec_fields_entry(struct mun_json_wr *wr, const struct mun_entry *entry)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "version", 1);
    mun_vec_u64(wr, "kind", entry->kind);
    mun_vec_hash(wr, "chain_id", &entry->chain_id);
    mun_vec_hash(wr, "actor", &entry->actor);
    mun_vec_u64(wr, "valid_until", entry->valid_until_ms);
    mun_json_wr_key(wr, "keys");
    mun_json_wr_begin_array(wr);
    for (unsigned i = 0; i < entry->key_count; i++)
        mun_json_wr_hex(wr, mun_bytes(entry->keys[i].b, MUN_KEY_BYTES));
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "payload");
    mun_json_wr_begin_object(wr);
    put_payload(wr, entry);
    mun_json_wr_end_object(wr);
    mun_json_wr_end_object(wr);
}

/* Records */

static void
put_head(struct mun_json_wr *wr, uint8_t type, const struct mun_since *since)
{
    mun_vec_u64(wr, "type", type);
    mun_vec_u64(wr, "version", 1);
    mun_vec_u64(wr, "since_height", since->height);
    mun_vec_u64(wr, "since_time", since->time_ms);
}

static void
put_party(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_party party;

    MUN_CHECK(mun_is_ok(mun_party_decode(&party, value)));
    put_head(wr, MUN_RECORD_PARTY, &party.since);
    mun_vec_hash(wr, "party", &party.id);
    mun_vec_u64(wr, "roles", party.roles);
    mun_vec_u64(wr, "status", party.status);
    mun_vec_text(wr, "name", party.name);
    mun_vec_text(wr, "country", party.country);
    mun_vec_text(wr, "url", party.url);
    mun_vec_hash(wr, "sponsor", &party.sponsor);
    mun_vec_hash(wr, "recovery", &party.recovery);
    mun_vec_hash(wr, "registered_by", &party.registered_by);
    mun_vec_u64(wr, "govern_keys", party.govern_keys);
}

static void
put_key(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_key_record key;

    MUN_CHECK(mun_is_ok(mun_key_record_decode(&key, value)));
    put_head(wr, MUN_RECORD_KEY, &key.since);
    mun_vec_key(wr, "key", &key.key);
    mun_vec_hash(wr, "party", &key.party);
    mun_vec_u64(wr, "purposes", key.purposes);
    mun_vec_u64(wr, "status", key.status);
    mun_vec_key(wr, "added_by", &key.added_by);
    mun_vec_u64(wr, "added_height", key.added_height);
    mun_vec_u64(wr, "added_time", key.added_time_ms);
    mun_vec_u64(wr, "ended_time", key.ended_time_ms);
    mun_vec_u64(wr, "compromised_since", key.compromised_since_ms);
}

static void
put_accreditation(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_accreditation record;

    MUN_CHECK(mun_is_ok(mun_accreditation_decode(&record, value)));
    put_head(wr, MUN_RECORD_ACCREDITATION, &record.since);
    mun_vec_hash(wr, "entry", &record.id);
    mun_vec_hash(wr, "accreditor", &record.accreditor);
    mun_vec_hash(wr, "subject", &record.subject);
    mun_vec_hash(wr, "parent", &record.parent);
    mun_vec_u64(wr, "depth", record.depth);
    mun_vec_key(wr, "granting_key", &record.granting_key);
    mun_vec_u64(wr, "granted_height", record.granted_height);
    mun_vec_u64(wr, "granted_time", record.granted_time_ms);
    mun_vec_u64(wr, "status", record.status);
    mun_vec_u64(wr, "status_time", record.status_time_ms);
    mun_vec_u64(wr, "void_since", record.void_since_ms);
    mun_vec_u64(wr, "reason", record.reason);
    mun_vec_key(wr, "changed_by", &record.changed_by);
    put_grant(wr, &record.grant);
}

static void
put_programme(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_programme record;

    MUN_CHECK(mun_is_ok(mun_programme_decode(&record, value)));
    put_head(wr, MUN_RECORD_PROGRAMME, &record.since);
    mun_vec_hash(wr, "programme", &record.id);
    mun_vec_hash(wr, "issuer", &record.issuer);
    mun_vec_text(wr, "code", record.code);
    mun_vec_u64(wr, "latest_version", record.latest_version);
    mun_vec_u64(wr, "status", record.status);
    mun_vec_u64(wr, "listing", record.listing);
    mun_vec_u64(wr, "next_review", record.next_review_ms);
}

static void
put_version(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_programme_version record;

    MUN_CHECK(mun_is_ok(mun_version_decode(&record, value)));
    put_head(wr, MUN_RECORD_PROGRAMME_VERSION, &record.since);
    mun_vec_hash(wr, "programme", &record.programme);
    mun_vec_u64(wr, "programme_version", record.version);
    mun_json_wr_key(wr, "description");
    put_description(wr, &record.description);
}

static void
put_list(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_list record;

    MUN_CHECK(mun_is_ok(mun_list_decode(&record, value)));
    put_head(wr, MUN_RECORD_LIST, &record.since);
    mun_vec_hash(wr, "issuer", &record.issuer);
    mun_vec_text(wr, "label", record.label);
    mun_vec_u64(wr, "count", record.count);
    mun_vec_u64(wr, "status", record.status);
}

static void
put_slot(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_slot record;

    MUN_CHECK(mun_is_ok(mun_slot_decode(&record, value)));
    put_head(wr, MUN_RECORD_SLOT, &record.since);
    mun_vec_hash(wr, "issuer", &record.issuer);
    mun_vec_text(wr, "label", record.label);
    mun_vec_u64(wr, "index", record.index);
    mun_vec_u64(wr, "status", record.status);
    mun_vec_u64(wr, "reason", record.reason);
    mun_vec_hash(wr, "superseded_by", &record.superseded_by);
    mun_vec_u64(wr, "extended_until", record.extended_until_ms);
    mun_vec_key(wr, "key", &record.key);
    mun_vec_u64(wr, "before_status", record.before_status);
    mun_vec_u64(wr, "before_extended", record.before_extended_ms);
}

static void
put_batch(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_batch record;

    MUN_CHECK(mun_is_ok(mun_batch_decode(&record, value)));
    put_head(wr, MUN_RECORD_BATCH, &record.since);
    mun_vec_hash(wr, "issuer", &record.issuer);
    mun_vec_hash(wr, "root", &record.root);
    mun_vec_hash(wr, "entry", &record.entry);
    mun_vec_text(wr, "label", record.label);
    mun_vec_u64(wr, "base", record.base);
    mun_vec_u64(wr, "count", record.count);
    mun_vec_hash(wr, "programme", &record.programme);
    mun_vec_u64(wr, "programme_version", record.version);
    mun_vec_bool(wr, "published", record.is_published);
}

void
mun_vec_fields_record(struct mun_json_wr *wr, struct mun_bytes value)
{
    static void (*const puts[])(struct mun_json_wr *, struct mun_bytes) = {
        [MUN_RECORD_PARTY] = put_party,
        [MUN_RECORD_KEY] = put_key,
        [MUN_RECORD_ACCREDITATION] = put_accreditation,
        [MUN_RECORD_PROGRAMME] = put_programme,
        [MUN_RECORD_PROGRAMME_VERSION] = put_version,
        [MUN_RECORD_LIST] = put_list,
        [MUN_RECORD_SLOT] = put_slot,
        [MUN_RECORD_BATCH] = put_batch,
    };
    struct mun_since since;
    uint8_t type;

    MUN_CHECK(mun_is_ok(mun_record_head(value, &type, &since)));
    mun_json_wr_begin_object(wr);
    puts[type](wr, value);
    mun_json_wr_end_object(wr);
}

void
mun_vec_record(struct mun_json_wr *wr, struct mun_bytes value)
{
    struct mun_hash key;

    MUN_CHECK(mun_is_ok(mun_record_key_of(&key, value)));
    mun_vec_u64(wr, "type", value.data[0]);
    mun_vec_hash(wr, "key", &key);
    mun_vec_hex(wr, "value", value);
}
