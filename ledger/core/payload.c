#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/core/entry.h"
#include "ledger/core/entry_int.h"
#include "ledger/core/field.h"

/* An index, an action, a reason and if_since. */
#define CHANGE_BYTES_MIN (4 + 1 + 1 + 8)

_Static_assert(MUN_CHANGES_MAX <= UINT16_MAX, "the count is two bytes");

static uint8_t
read_reason(struct mun_rd *rd)
{
    return mun_rd_u8_in(rd, MUN_REASON_ERROR, MUN_REASON_OTHER);
}

static void
key_grant_decode(struct mun_rd *rd, struct mun_key_grant *out)
{
    mun_rd_key(rd, &out->key);
    out->purposes = mun_rd_purposes(rd);
}

static void
key_grant_encode(struct mun_wr *wr, const struct mun_key_grant *grant)
{
    mun_wr_key(wr, &grant->key);
    mun_wr_u8(wr, grant->purposes);
}

static void
register_party_decode(struct mun_rd *rd, struct mun_register_party *out)
{
    mun_rd_hash(rd, &out->sponsor);
    mun_rd_hash(rd, &out->sponsor_accreditation);
    out->name = mun_rd_text16(rd, 1, 200);
    out->country = mun_rd_label8(rd, 2, 8);
    out->url = mun_rd_text16(rd, 0, 300);
    mun_rd_hash(rd, &out->recovery);
    out->key_count =
        mun_rd_count8(rd, MUN_PARTY_KEYS_MAX, sizeof(struct mun_key) + 1);
    if (out->key_count == 0 && !mun_rd_failed(rd))
        mun_rd_fail(rd, MUN_ERR_VALUE);
    for (uint8_t i = 0; i < out->key_count && !mun_rd_failed(rd); i++) {
        key_grant_decode(rd, &out->keys[i]);
        if (i > 0 && !mun_rd_failed(rd) &&
            mun_key_cmp(&out->keys[i - 1].key, &out->keys[i].key) >= 0)
            mun_rd_fail(rd, MUN_ERR_ORDER);
    }
}

static void
register_party_encode(struct mun_wr *wr,
                      const struct mun_register_party *register_party)
{
    const struct mun_register_party *p = register_party;

    MUN_CHECK(p->key_count <= MUN_PARTY_KEYS_MAX);
    mun_wr_hash(wr, &p->sponsor);
    mun_wr_hash(wr, &p->sponsor_accreditation);
    mun_wr_run16(wr, p->name);
    mun_wr_run8(wr, p->country);
    mun_wr_run16(wr, p->url);
    mun_wr_hash(wr, &p->recovery);
    mun_wr_u8(wr, p->key_count);
    for (uint8_t i = 0; i < p->key_count; i++)
        key_grant_encode(wr, &p->keys[i]);
}

static void
accredit_decode(struct mun_rd *rd, struct mun_accredit *out)
{
    mun_rd_hash(rd, &out->subject);
    mun_rd_hash(rd, &out->parent);
    mun_grant_decode(rd, &out->grant);
}

static void
accredit_encode(struct mun_wr *wr, const struct mun_accredit *accredit)
{
    mun_wr_hash(wr, &accredit->subject);
    mun_wr_hash(wr, &accredit->parent);
    mun_grant_encode(wr, &accredit->grant);
}

static void
standing_decode(struct mun_rd *rd, struct mun_standing *out, enum mun_kind kind)
{
    mun_rd_hash(rd, &out->accreditation);
    out->reason = read_reason(rd);
    out->void_since_ms = kind == MUN_KIND_WITHDRAW ? mun_rd_u64(rd) : 0;
}

static void
standing_encode(struct mun_wr *wr, const struct mun_standing *standing,
                enum mun_kind kind)
{
    mun_wr_hash(wr, &standing->accreditation);
    mun_wr_u8(wr, standing->reason);
    if (kind == MUN_KIND_WITHDRAW)
        mun_wr_u64(wr, standing->void_since_ms);
}

static void
register_programme_decode(struct mun_rd *rd, struct mun_register_programme *out)
{
    const uint8_t *at;
    size_t left;

    out->code = mun_rd_label8(rd, 1, MUN_LABEL_MAX);
    at = rd->at;
    left = rd->left;
    mun_description_decode(rd, &out->description);
    out->description_bytes =
        mun_rd_failed(rd) ? MUN_BYTES_NONE : mun_bytes(at, left - rd->left);
}

static void
register_programme_encode(struct mun_wr *wr,
                          const struct mun_register_programme *programme)
{
    mun_wr_run8(wr, programme->code);
    mun_description_encode(wr, &programme->description);
}

static void
anchor_decode(struct mun_rd *rd, struct mun_anchor *out)
{
    out->label = mun_rd_label8(rd, 1, MUN_LABEL_MAX);
    out->base = mun_rd_u32(rd);
    out->count = mun_rd_u32(rd);
    if (out->count == 0 && !mun_rd_failed(rd))
        mun_rd_fail(rd, MUN_ERR_VALUE);
    mun_rd_hash(rd, &out->root);
    mun_rd_hash(rd, &out->programme);
    out->version = mun_rd_u16(rd);
    out->is_published = mun_rd_bool(rd);
    out->accreditation_count = mun_rd_count8(rd, MUN_ANCHOR_ACCREDITATIONS_MAX,
                                             sizeof(struct mun_hash));
    if (out->accreditation_count == 0 && !mun_rd_failed(rd))
        mun_rd_fail(rd, MUN_ERR_VALUE);
    for (uint8_t i = 0; i < out->accreditation_count; i++) {
        mun_rd_hash(rd, &out->accreditations[i]);
        if (i > 0 && !mun_rd_failed(rd) &&
            mun_hash_cmp(&out->accreditations[i - 1],
                         &out->accreditations[i]) >= 0)
            mun_rd_fail(rd, MUN_ERR_ORDER);
    }
}

static void
anchor_encode(struct mun_wr *wr, const struct mun_anchor *anchor)
{
    MUN_CHECK(anchor->accreditation_count <= MUN_ANCHOR_ACCREDITATIONS_MAX);
    mun_wr_run8(wr, anchor->label);
    mun_wr_u32(wr, anchor->base);
    mun_wr_u32(wr, anchor->count);
    mun_wr_hash(wr, &anchor->root);
    mun_wr_hash(wr, &anchor->programme);
    mun_wr_u16(wr, anchor->version);
    mun_wr_bool(wr, anchor->is_published);
    mun_wr_u8(wr, anchor->accreditation_count);
    for (uint8_t i = 0; i < anchor->accreditation_count; i++)
        mun_wr_hash(wr, &anchor->accreditations[i]);
}

static void
change_decode(struct mun_rd *rd, struct mun_change *out)
{
    out->index = mun_rd_u32(rd);
    out->action = mun_rd_u8_in(rd, MUN_ACTION_REVOKE, MUN_ACTION_EXTEND);
    out->reason = read_reason(rd);
    out->if_since = mun_rd_u64(rd);
    out->superseded_by = mun_hash_zero;
    out->extended_until_ms = 0;
    if (out->action == MUN_ACTION_SUPERSEDE) {
        mun_rd_hash(rd, &out->superseded_by);
        if (!mun_rd_failed(rd) && mun_hash_is_zero(&out->superseded_by))
            mun_rd_fail(rd, MUN_ERR_VALUE);
    } else if (out->action == MUN_ACTION_EXTEND) {
        out->extended_until_ms = mun_rd_u64(rd);
    }
}

void
mun_change_encode(struct mun_wr *wr, const struct mun_change *change)
{
    mun_wr_u32(wr, change->index);
    mun_wr_u8(wr, change->action);
    mun_wr_u8(wr, change->reason);
    mun_wr_u64(wr, change->if_since);
    if (change->action == MUN_ACTION_SUPERSEDE)
        mun_wr_hash(wr, &change->superseded_by);
    else if (change->action == MUN_ACTION_EXTEND)
        mun_wr_u64(wr, change->extended_until_ms);
}

bool
mun_change_next(const struct mun_change_status *status, size_t *at,
                struct mun_change *out)
{
    struct mun_rd rd;

    MUN_CHECK(*at <= status->changes.len);
    if (*at == status->changes.len)
        return false;
    mun_rd_init(
        &rd, mun_bytes(status->changes.data + *at, status->changes.len - *at));
    change_decode(&rd, out);
    MUN_CHECK(!mun_rd_failed(&rd));
    *at = status->changes.len - rd.left;
    return true;
}

static void
change_status_decode(struct mun_rd *rd, struct mun_change_status *out)
{
    struct mun_change change;
    uint32_t before = 0;
    const uint8_t *at;
    size_t left;

    out->label = mun_rd_label8(rd, 1, MUN_LABEL_MAX);
    out->count = mun_rd_count16(rd, MUN_CHANGES_MAX, CHANGE_BYTES_MIN);
    if (out->count == 0 && !mun_rd_failed(rd))
        mun_rd_fail(rd, MUN_ERR_VALUE);
    at = rd->at;
    left = rd->left;
    for (uint16_t i = 0; i < out->count && !mun_rd_failed(rd); i++) {
        change_decode(rd, &change);
        if (i > 0 && !mun_rd_failed(rd) && change.index <= before)
            mun_rd_fail(rd, MUN_ERR_ORDER);
        before = change.index;
    }
    out->changes =
        mun_rd_failed(rd) ? MUN_BYTES_NONE : mun_bytes(at, left - rd->left);
}

static void
change_status_encode(struct mun_wr *wr, const struct mun_change_status *status)
{
    mun_wr_run8(wr, status->label);
    mun_wr_u16(wr, status->count);
    mun_wr_run(wr, status->changes);
}

void
mun_payload_decode(struct mun_rd *rd, struct mun_entry *entry)
{
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        register_party_decode(rd, &entry->as.register_party);
        return;
    case MUN_KIND_ADD_KEY:
        key_grant_decode(rd, &entry->as.add_key);
        return;
    case MUN_KIND_RETIRE_KEY:
        mun_rd_key(rd, &entry->as.retire_key);
        return;
    case MUN_KIND_ACCREDIT:
        accredit_decode(rd, &entry->as.accredit);
        return;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        standing_decode(rd, &entry->as.standing, entry->kind);
        return;
    case MUN_KIND_REGISTER_PROGRAMME:
        register_programme_decode(rd, &entry->as.register_programme);
        return;
    case MUN_KIND_ANCHOR:
        anchor_decode(rd, &entry->as.anchor);
        return;
    case MUN_KIND_CHANGE_STATUS:
        change_status_decode(rd, &entry->as.change_status);
        return;
    }
    MUN_UNREACHABLE();
}

void
mun_payload_encode(struct mun_wr *wr, const struct mun_entry *entry)
{
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        register_party_encode(wr, &entry->as.register_party);
        return;
    case MUN_KIND_ADD_KEY:
        key_grant_encode(wr, &entry->as.add_key);
        return;
    case MUN_KIND_RETIRE_KEY:
        mun_wr_key(wr, &entry->as.retire_key);
        return;
    case MUN_KIND_ACCREDIT:
        accredit_encode(wr, &entry->as.accredit);
        return;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        standing_encode(wr, &entry->as.standing, entry->kind);
        return;
    case MUN_KIND_REGISTER_PROGRAMME:
        register_programme_encode(wr, &entry->as.register_programme);
        return;
    case MUN_KIND_ANCHOR:
        anchor_encode(wr, &entry->as.anchor);
        return;
    case MUN_KIND_CHANGE_STATUS:
        change_status_encode(wr, &entry->as.change_status);
        return;
    }
    MUN_UNREACHABLE();
}
