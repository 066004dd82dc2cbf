#include "ledger/core/verdict.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/member.h"

/* What was found before the check under way. */
struct found {
    enum mun_verdict_code code;
    uint32_t all;
    uint32_t flags;
    const char *why;
};

/* One judgement under way. */
struct walk {
    const struct mun_verdict_case *judged;
    const struct mun_anchor *anchor;
    const struct mun_hash *issuer;
    struct mun_verdict *out;
    struct mun_asked *asked; /* NULL: nobody wants to know */
    struct found before;
    bool failed;        /* the check under way */
    const char *misfit; /* a record that the rules cannot have written so */
    bool is_over;       /* after one; records are asked for all the same */
};

const char *
mun_verdict_name(enum mun_verdict_code code)
{
    switch (code) {
#define X(name, value)                                                         \
    case MUN_VERDICT_##name:                                                   \
        return #name;
        MUN_VERDICT_TABLE(X)
#undef X
    }
    MUN_UNREACHABLE();
}

const char *
mun_check_text(enum mun_check_name name)
{
    static const char *const texts[MUN_CHECK_NAME_COUNT] = {
#define X(name, text) [MUN_CHECK_##name] = (text),
        MUN_CHECK_TABLE(X)
#undef X
    };

    MUN_CHECK((unsigned)name < MUN_CHECK_NAME_COUNT);
    return texts[name];
}

void
mun_verdict_add(struct mun_verdict *verdict, enum mun_verdict_code code,
                const char *why)
{
    MUN_CHECK(code != MUN_VERDICT_VALID);
    MUN_CHECK(why != NULL);
    verdict->all |= 1u << (unsigned)code;
    if (code <= verdict->code)
        return;
    verdict->code = code;
    verdict->why = why;
}

static void
add(struct walk *walk, enum mun_verdict_code code, const char *why)
{
    mun_verdict_add(walk->out, code, why);
    walk->failed = true;
}

static void
unknown(struct walk *walk, const char *why)
{
    add(walk, MUN_VERDICT_UNKNOWN, why);
}

static void
flag(struct walk *walk, bool applies, enum mun_flag which)
{
    if (applies)
        walk->out->flags |= (uint32_t)which;
}

/* A record that is shown must be one that the rules could write. */
static void
insist(struct walk *walk, bool fits, const char *why)
{
    if (!fits && walk->misfit == NULL)
        walk->misfit = why;
}

static void
insist_same(struct walk *walk, bool is_same)
{
    insist(walk, is_same, "a record that is shown is not the one asked for");
}

static void
check_begins(struct walk *walk)
{
    const struct mun_verdict *out = walk->out;

    walk->before = (struct found){ out->code, out->all, out->flags, out->why };
    walk->failed = false;
    walk->misfit = NULL;
}

/* With a record that does not fit, nothing else counts that the check found,
 * and no check follows. */
static void
check_ends(struct walk *walk, enum mun_check_name name)
{
    struct mun_verdict *out = walk->out;
    const char *misfit = walk->misfit;

    if (!walk->is_over)
        out->checks[name] = walk->failed || misfit != NULL ? MUN_CHECK_FAILED
                                                           : MUN_CHECK_PASSED;
    if (walk->is_over || misfit != NULL) {
        out->code = walk->before.code;
        out->all = walk->before.all;
        out->flags = 0;
        out->why = walk->before.why;
    }
    if (!walk->is_over && misfit != NULL) {
        mun_verdict_add(out, MUN_VERDICT_PROOF_INVALID, misfit);
        walk->is_over = true;
    }
    check_begins(walk);
}

/* Asking */

static void
note_asked(struct mun_asked *asked, const struct mun_hash *key)
{
    uint32_t at = asked->count;

    while (at > 0) {
        int order = mun_hash_cmp(&asked->keys[at - 1], key);

        if (order == 0)
            return;
        if (order < 0)
            break;
        at--;
    }
    MUN_CHECK(asked->count < MUN_VERDICT_KEYS_MAX);
    memmove(&asked->keys[at + 1], &asked->keys[at],
            (asked->count - at) * sizeof *key);
    asked->keys[at] = *key;
    asked->count++;
}

static enum mun_presence
ask(struct walk *walk, const struct mun_hash *key, struct mun_bytes *value)
{
    if (walk->asked != NULL)
        note_asked(walk->asked, key);
    return mun_view_get(walk->judged->view, key, value);
}

/* Most records may not be absent: then, and when it is not shown, false. */
static bool
is_there(struct walk *walk, const struct mun_hash *key, struct mun_bytes *value)
{
    return ask(walk, key, value) == MUN_PRESENT;
}

static bool
read_party(struct walk *walk, struct mun_party *out, const struct mun_hash *id)
{
    struct mun_hash key;
    struct mun_bytes value;

    mun_record_key_party(&key, id);
    if (!is_there(walk, &key, &value) ||
        !mun_is_ok(mun_party_decode(out, value)))
        return false;
    insist_same(walk, mun_hash_eq(&out->id, id));
    return true;
}

static bool
read_key(struct walk *walk, struct mun_key_record *out,
         const struct mun_key *name)
{
    struct mun_hash key;
    struct mun_bytes value;

    mun_record_key_key(&key, name);
    if (!is_there(walk, &key, &value) ||
        !mun_is_ok(mun_key_record_decode(out, value)))
        return false;
    insist_same(walk, mun_key_eq(&out->key, name));
    return true;
}

static bool
read_accreditation(struct walk *walk, struct mun_accreditation *out,
                   const struct mun_hash *id)
{
    struct mun_hash key;
    struct mun_bytes value;
    mun_err_t err;

    mun_record_key_accreditation(&key, id);
    if (!is_there(walk, &key, &value))
        return false;
    err = walk->judged->view->is_own
              ? mun_accreditation_decode_stored(out, value)
              : mun_accreditation_decode(out, value);
    if (!mun_is_ok(err))
        return false;
    insist_same(walk, mun_hash_eq(&out->id, id));
    return true;
}

/* Keys */

/* Both may be: a key fell, and what is above it is not shown. */
struct key_standing {
    bool is_shown; /* the key itself */
    bool has_fallen;
    bool is_unknown;
};

/* Did the key count as compromised at that time? By itself, or because a key
 * above it did when it added the one below. *out is the key's own record, if
 * that is shown. */
static struct key_standing
walk_key(struct walk *walk, struct mun_key_record *out,
         const struct mun_key *name, uint64_t time_ms)
{
    struct key_standing standing = { false, false, false };
    struct mun_key_record record;
    struct mun_key next = *name;

    for (unsigned adders = 0; !mun_key_is_none(&next); adders++) {
        if (adders > MUN_ADDERS_MAX || !read_key(walk, &record, &next)) {
            standing.is_unknown = true;
            return standing;
        }
        if (adders == 0) {
            *out = record;
            standing.is_shown = true;
        }
        if (record.compromised_since_ms != 0 &&
            record.compromised_since_ms <= time_ms)
            standing.has_fallen = true;
        time_ms = record.added_time_ms;
        next = record.added_by;
    }
    return standing;
}

static void
judge_issuer(struct walk *walk)
{
    struct mun_party party;

    if (!read_party(walk, &party, walk->issuer)) {
        unknown(walk, "the issuer's record is not shown");
        return;
    }
    walk->out->issuer_name = party.name;
    walk->out->issuer_country = party.country;
    flag(walk, party.status != MUN_PARTY_ACTIVE, MUN_FLAG_ISSUER_NOT_ACTIVE);
}

static void
judge_signing_key(struct walk *walk, const struct mun_key *name)
{
    struct mun_key_record record;
    struct key_standing standing =
        walk_key(walk, &record, name, walk->judged->anchored->time_ms);

    if (standing.has_fallen)
        add(walk, MUN_VERDICT_VOIDED,
            "a key that signed the award was compromised by then");
    if (standing.is_unknown)
        unknown(walk, "the record of a key that signed the award, or of one "
                      "that added it, is not shown");
    if (!standing.is_shown)
        return;
    insist(walk, mun_hash_eq(&record.party, walk->issuer),
           "a key that signed the award is not the issuer's");
    insist(walk, (record.purposes & MUN_PURPOSE_ANCHOR) != 0,
           "a key that signed the award is not one that anchors");
    flag(walk, record.status == MUN_KEY_RETIRED, MUN_FLAG_KEY_RETIRED);
}

static void
judge_keys(struct walk *walk)
{
    const struct mun_entry *entry = walk->judged->anchored->entry;

    judge_issuer(walk);
    for (unsigned i = 0; i < entry->key_count; i++)
        judge_signing_key(walk, &entry->keys[i]);
    check_ends(walk, MUN_CHECK_KEYS);
}

/* Accreditation */

/* What is known of one path, or of one link. */
struct path {
    bool has_fallen; /* to a void or a compromise */
    bool has_failed; /* for another reason */
    bool is_unknown;
};

static void
flag_link(struct walk *walk, const struct mun_accreditation *link)
{
    flag(walk,
         link->status == MUN_STANDING_WITHDRAWN ||
             link->status == MUN_STANDING_VOID,
         MUN_FLAG_WITHDRAWN_SINCE);
    flag(walk, link->status == MUN_STANDING_SUSPENDED,
         MUN_FLAG_ACCREDITATION_SUSPENDED);
    flag(walk, walk->judged->policy->now_ms >= link->grant.until_ms,
         MUN_FLAG_ACCREDITATION_ENDED);
    flag(walk, link->grant.tier == MUN_TIER_NONE, MUN_FLAG_TIER_NONE_YET);
}

static void
judge_accreditor(struct walk *walk, struct path *link,
                 struct mun_verdict_link *shown,
                 const struct mun_accreditation *record)
{
    struct mun_party party;

    if (!read_party(walk, &party, &record->accreditor)) {
        link->is_unknown = true;
        unknown(walk, "the record of an accreditor is not shown");
        return;
    }
    shown->accreditor = party.name;
    if (mun_hash_is_zero(&record->parent) &&
        (party.roles & MUN_ROLE_ROOT_ACCREDITOR) == 0)
        link->has_failed = true;
}

static void
judge_granting_key(struct walk *walk, struct path *link,
                   const struct mun_accreditation *record)
{
    struct mun_key_record key;
    struct key_standing standing =
        walk_key(walk, &key, &record->granting_key, record->granted_time_ms);

    if (standing.is_shown) {
        insist(walk, mun_hash_eq(&key.party, &record->accreditor),
               "a key that granted an accreditation is not the accreditor's");
        insist(walk, (key.purposes & MUN_PURPOSE_GOVERN) != 0,
               "a key that granted an accreditation is not one that governs");
    }
    if (standing.has_fallen)
        link->has_fallen = true;
    if (standing.is_unknown) {
        link->is_unknown = true;
        unknown(walk, "the record of a key that granted an accreditation, or "
                      "of one that added it, is not shown");
    }
}

static void
judge_link(struct walk *walk, struct path *link,
           const struct mun_accreditation *record)
{
    struct mun_verdict *out = walk->out;
    struct mun_verdict_link *shown = &out->links[out->link_count++];

    *link = (struct path){ false, false, false };
    *shown = (struct mun_verdict_link){
        .accreditation = record->id,
        .tier = record->grant.tier,
        .status = record->status,
        .void_since_ms = record->void_since_ms,
    };
    flag_link(walk, record);
    if (record->status == MUN_STANDING_VOID &&
        record->void_since_ms <= walk->judged->anchored->time_ms)
        link->has_fallen = true;
    judge_accreditor(walk, link, shown, record);
    judge_granting_key(walk, link, record);
    shown->survives =
        !link->has_fallen && !link->has_failed && !link->is_unknown;
}

/* One accreditation that the anchor names, up to the root. */
static void
judge_path(struct walk *walk, struct path *path, const struct mun_hash *name)
{
    struct mun_hash holder = *walk->issuer;
    struct mun_hash next = *name;

    *path = (struct path){ false, false, false };
    for (unsigned depth = 0; !mun_hash_is_zero(&next); depth++) {
        struct mun_accreditation record;
        struct path link;

        if (depth == MUN_CHAIN_MAX) {
            path->has_failed = true;
            return;
        }
        if (!read_accreditation(walk, &record, &next)) {
            path->is_unknown = true;
            unknown(walk, "an accreditation, or one above it, is not shown");
            return;
        }
        insist(walk, mun_hash_eq(&record.subject, &holder),
               "an accreditation is not of the party that acts under it");
        judge_link(walk, &link, &record);
        path->has_fallen = path->has_fallen || link.has_fallen;
        path->has_failed = path->has_failed || link.has_failed;
        path->is_unknown = path->is_unknown || link.is_unknown;
        holder = record.accreditor;
        next = record.parent;
    }
}

static void
judge_accreditation(struct walk *walk)
{
    bool is_open = false; /* a path survives, or may */
    bool has_fallen = false;

    for (unsigned i = 0; i < walk->anchor->accreditation_count; i++) {
        struct path path;

        judge_path(walk, &path, &walk->anchor->accreditations[i]);
        is_open = is_open || (!path.has_fallen && !path.has_failed);
        has_fallen = has_fallen || path.has_fallen;
    }
    if (!is_open && has_fallen)
        add(walk, MUN_VERDICT_VOIDED,
            "the accreditation was void, or granted with a compromised key, "
            "when the award was anchored");
    if (!is_open && !has_fallen)
        add(walk, MUN_VERDICT_NOT_ACCREDITED,
            "no accreditation leads to a root accreditor");
    check_ends(walk, MUN_CHECK_ACCREDITATION);
}

/* Programme */

static void
judge_standing(struct walk *walk)
{
    struct mun_programme programme;
    struct mun_bytes value;
    struct mun_hash key;

    mun_record_key_programme(&key, &walk->anchor->programme);
    if (!is_there(walk, &key, &value) ||
        !mun_is_ok(mun_programme_decode(&programme, value))) {
        unknown(walk, "the programme's record is not shown");
        return;
    }
    insist_same(walk, mun_hash_eq(&programme.id, &walk->anchor->programme));
    insist(walk, mun_hash_eq(&programme.issuer, walk->issuer),
           "the programme is not the issuer's");
    walk->out->programme_code = programme.code;
    flag(walk, programme.status == MUN_PROGRAMME_RETIRED,
         MUN_FLAG_PROGRAMME_RETIRED);
    flag(walk, programme.listing == MUN_LISTING_PROVISIONAL,
         MUN_FLAG_PROGRAMME_PROVISIONAL);
    flag(walk, programme.listing == MUN_LISTING_UNDER_REVIEW,
         MUN_FLAG_PROGRAMME_UNDER_REVIEW);
    flag(walk, programme.listing == MUN_LISTING_DELISTED,
         MUN_FLAG_PROGRAMME_DELISTED);
}

static bool
read_version(struct walk *walk, struct mun_programme_version *out,
             const struct mun_hash *key)
{
    struct mun_bytes value;
    mun_err_t err;

    if (!is_there(walk, key, &value))
        return false;
    err = walk->judged->view->is_own ? mun_version_decode_stored(out, value)
                                     : mun_version_decode(out, value);
    return mun_is_ok(err);
}

static void
judge_description(struct walk *walk)
{
    struct mun_programme_version version;
    struct mun_hash key;

    mun_record_key_version(&key, &walk->anchor->programme,
                           walk->anchor->version);
    if (!read_version(walk, &version, &key)) {
        unknown(walk, "the programme's title and level are not shown");
        return;
    }
    insist_same(walk,
                mun_hash_eq(&version.programme, &walk->anchor->programme) &&
                    version.version == walk->anchor->version);
    walk->out->description = version.description;
}

static void
judge_programme(struct walk *walk)
{
    judge_standing(walk);
    judge_description(walk);
    check_ends(walk, MUN_CHECK_PROGRAMME);
}

/* Status */

static void
judge_list(struct walk *walk)
{
    static const char no_list[] =
        "the record of the status list is not shown, or does not hold the slot";
    struct mun_bytes value;
    struct mun_list list;
    struct mun_hash key;

    mun_record_key_list(&key, walk->issuer, walk->anchor->label);
    if (!is_there(walk, &key, &value) ||
        !mun_is_ok(mun_list_decode(&list, value))) {
        unknown(walk, no_list);
        return;
    }
    insist_same(walk, mun_hash_eq(&list.issuer, walk->issuer) &&
                          mun_bytes_eq(list.label, walk->anchor->label));
    if (walk->out->slot >= list.count)
        unknown(walk, no_list);
}

/* The slot's record and the key that signed its last change. */
static void
judge_change(struct walk *walk, const struct mun_slot *slot)
{
    struct mun_verdict *out = walk->out;
    struct mun_key_record key;
    struct key_standing standing =
        walk_key(walk, &key, &slot->key, slot->since.time_ms);

    out->slot_status = slot->status;
    out->slot_reason = slot->reason;
    out->slot_since = slot->since;
    out->superseded_by = slot->superseded_by;
    out->extended_until_ms = slot->extended_until_ms;
    if (standing.is_unknown)
        unknown(walk, "the record of the key that changed the status, or of "
                      "one that added it, is not shown");
    if (standing.has_fallen)
        out->slot_status = mun_slot_graver(slot->before_status, slot->status);
    if ((standing.has_fallen || standing.is_unknown) &&
        slot->before_extended_ms < slot->extended_until_ms)
        out->extended_until_ms = slot->before_extended_ms;
}

static void
add_status(struct walk *walk, uint8_t status)
{
    switch ((enum mun_slot_status)status) {
    case MUN_SLOT_GOOD:
        return;
    case MUN_SLOT_SUSPENDED:
        add(walk, MUN_VERDICT_SUSPENDED, "the issuer suspended it");
        return;
    case MUN_SLOT_REVOKED:
        add(walk, MUN_VERDICT_REVOKED, "the issuer revoked it");
        return;
    case MUN_SLOT_SUPERSEDED:
        add(walk, MUN_VERDICT_SUPERSEDED, "the issuer replaced it by another");
        return;
    }
    MUN_UNREACHABLE();
}

/* False when nothing is known of the slot. */
static bool
judge_slot(struct walk *walk)
{
    struct mun_bytes value;
    struct mun_slot slot;
    struct mun_hash key;

    mun_record_key_slot(&key, walk->issuer, walk->anchor->label,
                        walk->out->slot);
    switch (ask(walk, &key, &value)) {
    case MUN_ABSENT:
        walk->out->slot_status = MUN_SLOT_GOOD;
        return true;
    case MUN_PRESENT:
        if (mun_is_ok(mun_slot_decode(&slot, value))) {
            insist_same(walk,
                        mun_hash_eq(&slot.issuer, walk->issuer) &&
                            mun_bytes_eq(slot.label, walk->anchor->label) &&
                            slot.index == walk->out->slot);
            judge_change(walk, &slot);
            add_status(walk, walk->out->slot_status);
            return true;
        }
        break;
    case MUN_NOT_SHOWN:
        break;
    }
    unknown(walk, "whether the status was ever changed is not shown");
    return false;
}

static bool
judge_status(struct walk *walk)
{
    bool is_known;

    judge_list(walk);
    is_known = judge_slot(walk);
    check_ends(walk, MUN_CHECK_STATUS);
    return is_known;
}

/* Dates, freshness */

static bool
is_expired(const struct mun_opening *opening, uint64_t extended_until_ms,
           uint64_t now_ms)
{
    return opening->valid_until_ms != 0 && now_ms >= opening->valid_until_ms &&
           now_ms >= extended_until_ms;
}

static void
judge_dates(struct walk *walk, const struct mun_opening *opening)
{
    const struct mun_policy *policy = walk->judged->policy;
    struct mun_verdict *out = walk->out;

    out->valid_from_ms = opening->valid_from_ms;
    out->valid_until_ms = opening->valid_until_ms;
    out->assurance = opening->assurance;
    flag(walk, opening->assurance < policy->assurance_min,
         MUN_FLAG_ASSURANCE_BELOW_MINIMUM);
    if (is_expired(opening, out->extended_until_ms, policy->now_ms))
        add(walk, MUN_VERDICT_EXPIRED, "its time is over");
    if (policy->now_ms < opening->valid_from_ms)
        add(walk, MUN_VERDICT_NOT_YET_VALID, "its time has not begun");
}

static void
judge_freshness(struct walk *walk)
{
    const struct mun_policy *policy = walk->judged->policy;
    uint64_t asof_ms = walk->judged->asof.time_ms;

    if (asof_ms > policy->now_ms &&
        asof_ms - policy->now_ms > MUN_CLOCK_BEHIND_MS_MAX)
        unknown(walk, "the proof is from later than the time asked for");
    if (policy->now_ms > asof_ms &&
        policy->now_ms - asof_ms > policy->max_age_ms)
        add(walk, MUN_VERDICT_STALE,
            "what is known of it is older than the maximum age");
    check_ends(walk, MUN_CHECK_FRESHNESS);
}

static void
fill_facts(struct mun_verdict *out, const struct mun_verdict_case *judged)
{
    const struct mun_anchored *anchored = judged->anchored;
    const struct mun_anchor *anchor = &anchored->entry->as.anchor;

    out->issuer = anchored->entry->actor;
    out->programme = anchor->programme;
    out->programme_version = anchor->version;
    out->label = anchor->label;
    out->slot = anchor->base + anchored->position;
    out->anchored_height = anchored->height;
    out->anchored_time_ms = anchored->time_ms;
    out->asof_height = judged->asof.height;
    out->asof_time_ms = judged->asof.time_ms;
    out->member_count = judged->member_count;
    out->link_count = 0;
}

void
mun_verdict_judge_asking(struct mun_verdict *out, struct mun_asked *asked,
                         const struct mun_verdict_case *judged)
{
    const struct mun_entry *entry = judged->anchored->entry;
    struct walk walk = { .judged = judged,
                         .anchor = &entry->as.anchor,
                         .issuer = &entry->actor,
                         .out = out,
                         .asked = asked };
    bool is_slot_known;

    MUN_CHECK(entry->kind == MUN_KIND_ANCHOR);
    MUN_CHECK(judged->anchored->position < entry->as.anchor.count);
    if (asked != NULL)
        asked->count = 0;
    fill_facts(out, judged);
    flag(&walk, mun_faults_max(judged->member_count) == 0,
         MUN_FLAG_NO_FAULT_TOLERANCE);
    check_begins(&walk);
    judge_keys(&walk);
    judge_accreditation(&walk);
    judge_programme(&walk);
    is_slot_known = judge_status(&walk);
    /* An extension that is not shown could put off the end. */
    if (judged->opening != NULL && is_slot_known) {
        judge_dates(&walk, judged->opening);
        check_ends(&walk, MUN_CHECK_DATES);
    }
    judge_freshness(&walk);
}

void
mun_verdict_judge(struct mun_verdict *out,
                  const struct mun_verdict_case *judged)
{
    mun_verdict_judge_asking(out, NULL, judged);
}

uint32_t
mun_verdict_keys(struct mun_hash *keys, const struct mun_anchored *anchored,
                 const struct mun_view *view)
{
    static const struct mun_policy policy;
    struct mun_verdict_case judged = { .anchored = anchored,
                                       .policy = &policy,
                                       .view = view };
    struct mun_verdict verdict = { .code = MUN_VERDICT_VALID };
    struct mun_asked asked;

    mun_verdict_judge_asking(&verdict, &asked, &judged);
    memcpy(keys, asked.keys, asked.count * sizeof *keys);
    return asked.count;
}
