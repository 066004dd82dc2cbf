#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/wr.h"
#include "ledger/core/rules_int.h"

/* Rules of the register of accreditations: ledger/README.md section 9. */

mun_err_t
mun_case_accreditation(struct mun_case *c, struct mun_accreditation *out,
                       const struct mun_hash *accreditation)
{
    struct mun_hash record_key;
    struct mun_bytes value;
    bool is_known;

    mun_record_key_accreditation(&record_key, accreditation);
    MUN_TRY(mun_case_get(c, &is_known, &record_key, &value));
    if (!is_known)
        return mun_case_refuse(c, MUN_REFUSAL_ACCREDITATION_UNKNOWN);
    if (!mun_is_ok(mun_accreditation_decode_stored(out, value)))
        return mun_err(MUN_ERR_CORRUPT);
    return MUN_SUCCESS;
}

static enum mun_refusal
refusal_of_status(uint8_t status)
{
    switch ((enum mun_standing_status)status) {
    case MUN_STANDING_ACTIVE:
        return MUN_REFUSAL_NONE;
    case MUN_STANDING_SUSPENDED:
        return MUN_REFUSAL_ACCREDITATION_SUSPENDED;
    case MUN_STANDING_WITHDRAWN:
    case MUN_STANDING_VOID:
        return MUN_REFUSAL_ACCREDITATION_WITHDRAWN;
    }
    MUN_UNREACHABLE();
}

static mun_err_t
check_link(struct mun_case *c, const struct mun_accreditation *link)
{
    enum mun_refusal refusal = refusal_of_status(link->status);
    bool is_top = mun_hash_is_zero(&link->parent);
    uint64_t now_ms = c->now->time_ms;
    struct mun_party accreditor;

    if (refusal != MUN_REFUSAL_NONE)
        return mun_case_refuse(c, refusal);
    if (now_ms < link->grant.from_ms || now_ms >= link->grant.until_ms)
        return mun_case_refuse(c, MUN_REFUSAL_ACCREDITATION_NOT_IN_FORCE);
    MUN_TRY(mun_case_party(c, &accreditor, &link->accreditor,
                           MUN_REFUSAL_PARTY_UNKNOWN));
    if (accreditor.status != MUN_PARTY_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_PARTY_NOT_ACTIVE);
    if (is_top && (accreditor.roles & MUN_ROLE_ROOT_ACCREDITOR) == 0)
        return mun_case_refuse(c, MUN_REFUSAL_NOT_ACCREDITOR);
    return MUN_SUCCESS;
}

mun_err_t
mun_case_stands(struct mun_case *c,
                const struct mun_accreditation *accreditation,
                const struct mun_description *description)
{
    const struct mun_accreditation *link = accreditation;
    enum mun_refusal outside = MUN_REFUSAL_NONE;
    struct mun_accreditation above;

    for (unsigned i = 0; i < MUN_CHAIN_MAX; i++) {
        MUN_TRY(check_link(c, link));
        /* That the whole chain stands comes first; so that no link is read
         * twice, what a scope says is only noted. */
        if (description != NULL && outside == MUN_REFUSAL_NONE)
            outside = mun_scope_covers(&link->grant.scope, description);
        if (mun_hash_is_zero(&link->parent))
            return outside == MUN_REFUSAL_NONE ? MUN_SUCCESS
                                               : mun_case_refuse(c, outside);
        struct mun_hash parent = link->parent;
        MUN_TRY(mun_case_accreditation(c, &above, &parent));
        link = &above;
    }
    /* No entry makes such a chain. */
    return mun_err(MUN_ERR_CORRUPT);
}

static mun_err_t
check_parent(struct mun_case *c)
{
    const struct mun_accredit *in = &c->entry->as.accredit;
    struct mun_accreditation *parent = &c->as.accreditation;

    MUN_TRY(mun_case_accreditation(c, parent, &in->parent));
    if (!mun_hash_eq(&parent->subject, &c->entry->actor))
        return mun_case_refuse(c, MUN_REFUSAL_ACCREDITATION_OTHER_SUBJECT);
    MUN_TRY(mun_case_stands(c, parent, NULL));
    if (parent->grant.scope.sub_depth == 0)
        return mun_case_refuse(c, MUN_REFUSAL_SUB_ACCREDITATION_NOT_ALLOWED);
    if (parent->depth >= MUN_CHAIN_MAX)
        return mun_case_refuse(c, MUN_REFUSAL_CHAIN_TOO_DEEP);
    if (!mun_grant_within(&in->grant, &parent->grant))
        return mun_case_refuse(c, MUN_REFUSAL_SCOPE_WIDER_THAN_PARENT);
    return MUN_SUCCESS;
}

mun_err_t
mun_rule_accredit(struct mun_case *c)
{
    const struct mun_accredit *in = &c->entry->as.accredit;
    struct mun_party subject;

    MUN_TRY(
        mun_case_party(c, &subject, &in->subject, MUN_REFUSAL_PARTY_UNKNOWN));
    if (mun_hash_eq(&in->subject, &c->entry->actor))
        return mun_case_refuse(c, MUN_REFUSAL_SELF_ACCREDITATION);
    if (subject.status != MUN_PARTY_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_PARTY_NOT_ACTIVE);
    if (in->grant.from_ms >= in->grant.until_ms ||
        in->grant.until_ms <= c->now->time_ms)
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TERM);
    if (!mun_hash_is_zero(&in->parent))
        return check_parent(c);
    if ((c->actor.roles & MUN_ROLE_ROOT_ACCREDITOR) == 0)
        return mun_case_refuse(c, MUN_REFUSAL_NOT_ACCREDITOR);
    return MUN_SUCCESS;
}

static mun_err_t
put_accreditation(const struct mun_sink *sink,
                  const struct mun_accreditation *accreditation)
{
    uint8_t buffer[MUN_ACCREDITATION_BYTES_MAX];
    struct mun_hash record_key;
    struct mun_wr wr;

    mun_record_key_accreditation(&record_key, &accreditation->id);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_accreditation_encode(&wr, accreditation);
    return mun_sink_put(sink, &record_key, &wr);
}

mun_err_t
mun_write_accredit(struct mun_case *c, const struct mun_sink *sink)
{
    const struct mun_accredit *in = &c->entry->as.accredit;
    bool has_parent = !mun_hash_is_zero(&in->parent);
    struct mun_accreditation made = {
        .since = mun_case_since(c),
        .id = c->entry->id,
        .accreditor = c->entry->actor,
        .subject = in->subject,
        .parent = in->parent,
        .depth = has_parent ? (uint8_t)(c->as.accreditation.depth + 1) : 1,
        .granting_key = c->signer,
        .granted_height = c->now->height,
        .granted_time_ms = c->now->time_ms,
        .status = MUN_STANDING_ACTIVE,
        .status_time_ms = c->now->time_ms,
        .grant = in->grant,
    };

    MUN_CHECK(made.depth <= MUN_CHAIN_MAX);
    return put_accreditation(sink, &made);
}

/* Changes of what was granted */

static mun_err_t
find_own_grant(struct mun_case *c)
{
    MUN_TRY(mun_case_accreditation(c, &c->as.accreditation,
                                   &c->entry->as.standing.accreditation));
    if (!mun_hash_eq(&c->as.accreditation.accreditor, &c->entry->actor))
        return mun_case_refuse(c, MUN_REFUSAL_ACCREDITATION_NOT_YOURS);
    return MUN_SUCCESS;
}

static mun_err_t
put_standing(struct mun_case *c, const struct mun_sink *sink,
             enum mun_standing_status status)
{
    struct mun_accreditation *changed = &c->as.accreditation;

    changed->since = mun_case_since(c);
    changed->status = (uint8_t)status;
    changed->status_time_ms = c->now->time_ms;
    changed->void_since_ms = c->entry->as.standing.void_since_ms;
    changed->reason = c->entry->as.standing.reason;
    changed->changed_by = c->signer;
    return put_accreditation(sink, changed);
}

mun_err_t
mun_rule_suspend(struct mun_case *c)
{
    MUN_TRY(find_own_grant(c));
    if (c->as.accreditation.status != MUN_STANDING_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TRANSITION);
    return MUN_SUCCESS;
}

mun_err_t
mun_write_suspend(struct mun_case *c, const struct mun_sink *sink)
{
    return put_standing(c, sink, MUN_STANDING_SUSPENDED);
}

mun_err_t
mun_rule_reinstate(struct mun_case *c)
{
    MUN_TRY(find_own_grant(c));
    if (c->as.accreditation.status != MUN_STANDING_SUSPENDED)
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TRANSITION);
    return MUN_SUCCESS;
}

mun_err_t
mun_write_reinstate(struct mun_case *c, const struct mun_sink *sink)
{
    return put_standing(c, sink, MUN_STANDING_ACTIVE);
}

static mun_err_t
check_withdraw_prospectively(struct mun_case *c)
{
    uint8_t status = c->as.accreditation.status;

    if (status != MUN_STANDING_ACTIVE && status != MUN_STANDING_SUSPENDED)
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TRANSITION);
    return MUN_SUCCESS;
}

static mun_err_t
check_void(struct mun_case *c)
{
    const struct mun_accreditation *named = &c->as.accreditation;
    uint64_t since_ms = c->entry->as.standing.void_since_ms;

    if (since_ms > c->now->time_ms)
        return mun_case_refuse(c, MUN_REFUSAL_VOID_IN_FUTURE);
    if (since_ms < named->granted_time_ms)
        return mun_case_refuse(c, MUN_REFUSAL_VOID_BEFORE_GRANT);
    if (named->status == MUN_STANDING_VOID && since_ms >= named->void_since_ms)
        return mun_case_refuse(c, MUN_REFUSAL_BAD_TRANSITION);
    if (mun_is_void_deep(c->now, since_ms) && !c->has_parent_signer)
        return mun_case_refuse(c, MUN_REFUSAL_VOID_NEEDS_PARENT);
    return MUN_SUCCESS;
}

mun_err_t
mun_rule_withdraw(struct mun_case *c)
{
    MUN_TRY(find_own_grant(c));
    if (c->entry->as.standing.void_since_ms == 0)
        return check_withdraw_prospectively(c);
    return check_void(c);
}

mun_err_t
mun_write_withdraw(struct mun_case *c, const struct mun_sink *sink)
{
    return put_standing(c, sink,
                        c->entry->as.standing.void_since_ms == 0
                            ? MUN_STANDING_WITHDRAWN
                            : MUN_STANDING_VOID);
}
