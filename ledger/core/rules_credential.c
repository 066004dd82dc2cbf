#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/wr.h"
#include "ledger/core/rules_int.h"

/* Rules of the registers of lists, slots and batches: ledger/README.md
 * section 9. */

/* Anchor */

static mun_err_t
find_programme(struct mun_case *c)
{
    const struct mun_anchor *in = &c->entry->as.anchor;
    struct mun_programme programme;
    struct mun_hash record_key;
    struct mun_bytes value;
    bool is_known;

    mun_record_key_programme(&record_key, &in->programme);
    MUN_TRY(mun_case_get(c, &is_known, &record_key, &value));
    if (!is_known)
        return mun_case_refuse(c, MUN_REFUSAL_PROGRAMME_UNKNOWN);
    if (!mun_is_ok(mun_programme_decode(&programme, value)))
        return mun_err(MUN_ERR_CORRUPT);
    if (!mun_hash_eq(&programme.issuer, &c->entry->actor))
        return mun_case_refuse(c, MUN_REFUSAL_PROGRAMME_NOT_YOURS);
    if (programme.status != MUN_PROGRAMME_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_PROGRAMME_RETIRED);
    if (programme.listing == MUN_LISTING_DELISTED)
        return mun_case_refuse(c, MUN_REFUSAL_PROGRAMME_DELISTED);
    return MUN_SUCCESS;
}

static mun_err_t
find_version(struct mun_case *c, struct mun_programme_version *out)
{
    const struct mun_anchor *in = &c->entry->as.anchor;
    struct mun_hash record_key;
    struct mun_bytes value;
    bool is_known;

    mun_record_key_version(&record_key, &in->programme, in->version);
    MUN_TRY(mun_case_get(c, &is_known, &record_key, &value));
    if (!is_known)
        return mun_case_refuse(c, MUN_REFUSAL_PROGRAMME_VERSION_UNKNOWN);
    if (!mun_is_ok(mun_version_decode_stored(out, value)))
        return mun_err(MUN_ERR_CORRUPT);
    return MUN_SUCCESS;
}

/* "For each accreditation named" */
static mun_err_t
check_accreditation(struct mun_case *c, const struct mun_hash *accreditation,
                    const struct mun_description *description)
{
    struct mun_accreditation named;

    MUN_TRY(mun_case_accreditation(c, &named, accreditation));
    if (!mun_hash_eq(&named.subject, &c->entry->actor))
        return mun_case_refuse(c, MUN_REFUSAL_ACCREDITATION_OTHER_SUBJECT);
    return mun_case_stands(c, &named, description);
}

static mun_err_t
find_list(struct mun_case *c, bool *is_known, struct mun_bytes label)
{
    struct mun_hash *record_key = &c->as.credential.list_key;
    struct mun_bytes value;

    mun_record_key_list(record_key, &c->entry->actor, label);
    MUN_TRY(mun_case_get(c, is_known, record_key, &value));
    if (*is_known && !mun_is_ok(mun_list_decode(&c->as.credential.list, value)))
        return mun_err(MUN_ERR_CORRUPT);
    return MUN_SUCCESS;
}

static mun_err_t
check_slots(struct mun_case *c)
{
    const struct mun_anchor *in = &c->entry->as.anchor;
    uint64_t used = 0;
    bool is_known;

    MUN_TRY(find_list(c, &is_known, in->label));
    if (is_known && c->as.credential.list.status != MUN_LIST_OPEN)
        return mun_case_refuse(c, MUN_REFUSAL_LIST_CLOSED);
    if (is_known)
        used = c->as.credential.list.count;
    if (in->base < used)
        return mun_case_refuse(c, MUN_REFUSAL_SLOT_OVERLAP);
    if (in->base > used + MUN_SLOT_GAP_MAX)
        return mun_case_refuse(c, MUN_REFUSAL_SLOT_GAP);
    if ((uint64_t)in->base + in->count > MUN_LIST_SLOTS_MAX)
        return mun_case_refuse(c, MUN_REFUSAL_LIST_FULL);
    return MUN_SUCCESS;
}

mun_err_t
mun_rule_anchor(struct mun_case *c)
{
    const struct mun_anchor *in = &c->entry->as.anchor;
    struct mun_hash *batch_key = &c->as.credential.batch_key;
    struct mun_programme_version version;

    MUN_TRY(find_programme(c));
    MUN_TRY(find_version(c, &version));
    for (uint8_t i = 0; i < in->accreditation_count; i++)
        MUN_TRY(check_accreditation(c, &in->accreditations[i],
                                    &version.description));
    MUN_TRY(check_slots(c));
    mun_record_key_batch(batch_key, &c->entry->actor, &in->root);
    return mun_case_expect_none(c, batch_key, MUN_REFUSAL_DUPLICATE_BATCH);
}

static mun_err_t
put_list(const struct mun_case *c, const struct mun_sink *sink)
{
    const struct mun_anchor *in = &c->entry->as.anchor;
    struct mun_list list = {
        .since = mun_case_since(c),
        .issuer = c->entry->actor,
        .label = in->label,
        .count = in->base + in->count,
        .status = MUN_LIST_OPEN,
    };
    uint8_t buffer[MUN_SMALL_RECORD_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_list_encode(&wr, &list);
    return mun_sink_put(sink, &c->as.credential.list_key, &wr);
}

static mun_err_t
put_batch(const struct mun_case *c, const struct mun_sink *sink)
{
    const struct mun_anchor *in = &c->entry->as.anchor;
    struct mun_batch batch = {
        .since = mun_case_since(c),
        .issuer = c->entry->actor,
        .root = in->root,
        .entry = c->entry->id,
        .label = in->label,
        .base = in->base,
        .count = in->count,
        .programme = in->programme,
        .version = in->version,
        .is_published = in->is_published,
    };
    uint8_t buffer[MUN_SMALL_RECORD_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_batch_encode(&wr, &batch);
    return mun_sink_put(sink, &c->as.credential.batch_key, &wr);
}

mun_err_t
mun_write_anchor(struct mun_case *c, const struct mun_sink *sink)
{
    MUN_TRY(put_list(c, sink));
    return put_batch(c, sink);
}

/* Change status */

/* A slot as it is: what its record says, or good and never changed. */
static mun_err_t
find_slot(const struct mun_case *c, struct mun_slot *out,
          struct mun_hash *record_key, uint32_t index)
{
    struct mun_bytes label = c->entry->as.change_status.label;
    struct mun_bytes value;
    bool is_known;

    mun_record_key_slot(record_key, &c->entry->actor, label, index);
    MUN_TRY(mun_case_get(c, &is_known, record_key, &value));
    if (is_known)
        return mun_is_ok(mun_slot_decode(out, value))
                   ? MUN_SUCCESS
                   : mun_err(MUN_ERR_CORRUPT);
    /* Since height 0, where no slot is changed. */
    *out = (struct mun_slot){ .issuer = c->entry->actor,
                              .label = label,
                              .index = index,
                              .status = MUN_SLOT_GOOD };
    return MUN_SUCCESS;
}

/* "Changes of a slot" of section 9, as rows and columns stand there; 0 where
 * there is none. */
static uint8_t
status_after(uint8_t status, uint8_t action)
{
    static const uint8_t after[4][5] = {
        /* revoke, suspend, reinstate, supersede, extend */
        { MUN_SLOT_REVOKED, MUN_SLOT_SUSPENDED, 0, MUN_SLOT_SUPERSEDED,
          MUN_SLOT_GOOD }, /* good */
        { MUN_SLOT_REVOKED, 0, MUN_SLOT_GOOD, MUN_SLOT_SUPERSEDED, 0 },
        { 0, 0, 0, 0, 0 },                /* revoked */
        { MUN_SLOT_REVOKED, 0, 0, 0, 0 }, /* superseded */
    };

    MUN_CHECK(status >= MUN_SLOT_GOOD && status <= MUN_SLOT_SUPERSEDED);
    MUN_CHECK(action >= MUN_ACTION_REVOKE && action <= MUN_ACTION_EXTEND);
    return after[status - MUN_SLOT_GOOD][action - MUN_ACTION_REVOKE];
}

static mun_err_t
check_change(struct mun_case *c, const struct mun_change *change)
{
    struct mun_hash record_key;
    struct mun_slot slot;

    if (change->index >= c->as.credential.list.count)
        return mun_case_refuse(c, MUN_REFUSAL_SLOT_UNKNOWN);
    MUN_TRY(find_slot(c, &slot, &record_key, change->index));
    if (change->if_since != slot.since.height)
        return mun_case_refuse(c, MUN_REFUSAL_STATUS_CONFLICT);
    if (slot.status == MUN_SLOT_REVOKED)
        return mun_case_refuse(c, MUN_REFUSAL_STATUS_FINAL);
    if (status_after(slot.status, change->action) == 0)
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TRANSITION);
    if (change->action == MUN_ACTION_EXTEND &&
        (change->extended_until_ms <= c->now->time_ms ||
         change->extended_until_ms <= slot.extended_until_ms))
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TERM);
    return MUN_SUCCESS;
}

mun_err_t
mun_rule_change_status(struct mun_case *c)
{
    const struct mun_change_status *in = &c->entry->as.change_status;
    struct mun_change change;
    bool is_known;
    size_t at = 0;

    MUN_TRY(find_list(c, &is_known, in->label));
    if (!is_known)
        return mun_case_refuse(c, MUN_REFUSAL_LIST_UNKNOWN);
    while (mun_change_next(in, &at, &change))
        MUN_TRY(check_change(c, &change));
    return MUN_SUCCESS;
}

/* What holds should the key turn out to be compromised. A second change with
 * the same key must not make the first one into what was before. */
static void
set_before(struct mun_slot *slot, const struct mun_key *signer)
{
    bool is_same = mun_key_eq(&slot->key, signer);

    slot->before_status =
        is_same ? mun_slot_graver(slot->before_status, slot->status)
                : slot->status;
    if (!is_same || slot->before_extended_ms > slot->extended_until_ms)
        slot->before_extended_ms = slot->extended_until_ms;
}

static mun_err_t
put_change(const struct mun_case *c, const struct mun_sink *sink,
           const struct mun_change *change)
{
    uint8_t buffer[MUN_SMALL_RECORD_BYTES_MAX];
    struct mun_hash record_key;
    struct mun_slot slot;
    struct mun_wr wr;

    /* Read again: 4,096 slots are more than is worth keeping in between. No
     * slot stands in an entry twice, so this one is as it was judged. */
    MUN_TRY(find_slot(c, &slot, &record_key, change->index));
    slot.since = mun_case_since(c);
    set_before(&slot, &c->signer);
    slot.status = status_after(slot.status, change->action);
    slot.reason = change->reason;
    slot.superseded_by = change->action == MUN_ACTION_SUPERSEDE
                             ? change->superseded_by
                             : mun_hash_zero;
    if (change->action == MUN_ACTION_EXTEND)
        slot.extended_until_ms = change->extended_until_ms;
    slot.key = c->signer;
    MUN_CHECK(slot.status != 0);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_slot_encode(&wr, &slot);
    return mun_sink_put(sink, &record_key, &wr);
}

mun_err_t
mun_write_change_status(struct mun_case *c, const struct mun_sink *sink)
{
    const struct mun_change_status *in = &c->entry->as.change_status;
    struct mun_change change;
    size_t at = 0;

    while (mun_change_next(in, &at, &change))
        MUN_TRY(put_change(c, sink, &change));
    return MUN_SUCCESS;
}
