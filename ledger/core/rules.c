#include "ledger/core/rules.h"

#include "ledger/base/check.h"
#include "ledger/base/wr.h"
#include "ledger/core/record.h"
#include "ledger/core/rules_int.h"

/* Reading and writing for all rules */

mun_err_t
mun_case_get(const struct mun_case *c, bool *is_known,
             const struct mun_hash *record_key, struct mun_bytes *value)
{
    *is_known = false;
    switch (mun_view_get(c->view, record_key, value)) {
    case MUN_NOT_SHOWN:
        return mun_err(MUN_ERR_PROOF);
    case MUN_ABSENT:
        return MUN_SUCCESS;
    case MUN_PRESENT:
        *is_known = true;
        return MUN_SUCCESS;
    }
    MUN_UNREACHABLE();
}

/* A stored record that does not decode is nobody's fault but ours. */
static mun_err_t
stored(mun_err_t decoded)
{
    return mun_is_ok(decoded) ? decoded : mun_err(MUN_ERR_CORRUPT);
}

mun_err_t
mun_case_party(struct mun_case *c, struct mun_party *out,
               const struct mun_hash *party, enum mun_refusal otherwise)
{
    struct mun_hash record_key;
    struct mun_bytes value;
    bool is_known;

    mun_record_key_party(&record_key, party);
    MUN_TRY(mun_case_get(c, &is_known, &record_key, &value));
    if (!is_known)
        return mun_case_refuse(c, otherwise);
    return stored(mun_party_decode(out, value));
}

mun_err_t
mun_case_key(struct mun_case *c, struct mun_key_record *out,
             const struct mun_key *key, enum mun_refusal otherwise)
{
    struct mun_hash record_key;
    struct mun_bytes value;
    bool is_known;

    mun_record_key_key(&record_key, key);
    MUN_TRY(mun_case_get(c, &is_known, &record_key, &value));
    if (!is_known)
        return mun_case_refuse(c, otherwise);
    return stored(mun_key_record_decode(out, value));
}

mun_err_t
mun_case_expect_none(struct mun_case *c, const struct mun_hash *record_key,
                     enum mun_refusal refusal)
{
    struct mun_bytes value;
    bool is_known;

    MUN_TRY(mun_case_get(c, &is_known, record_key, &value));
    return is_known ? mun_case_refuse(c, refusal) : MUN_SUCCESS;
}

struct mun_since
mun_case_since(const struct mun_case *c)
{
    return (struct mun_since){ c->now->height, c->now->time_ms };
}

mun_err_t
mun_sink_put(const struct mun_sink *sink, const struct mun_hash *record_key,
             const struct mun_wr *wr)
{
    MUN_CHECK(mun_is_ok(mun_wr_status(wr)));
    return sink->put(sink->ctx, record_key, mun_wr_done(wr));
}

mun_err_t
mun_sink_put_party(const struct mun_sink *sink, const struct mun_party *party)
{
    uint8_t buffer[MUN_PARTY_BYTES_MAX];
    struct mun_hash record_key;
    struct mun_wr wr;

    mun_record_key_party(&record_key, &party->id);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_party_encode(&wr, party);
    return mun_sink_put(sink, &record_key, &wr);
}

mun_err_t
mun_sink_put_key(const struct mun_sink *sink, const struct mun_key_record *key)
{
    uint8_t buffer[MUN_SMALL_RECORD_BYTES_MAX];
    struct mun_hash record_key;
    struct mun_wr wr;

    mun_record_key_key(&record_key, &key->key);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_key_record_encode(&wr, key);
    return mun_sink_put(sink, &record_key, &wr);
}

/* Steps 2 and 3 */

static mun_err_t
check_chain_and_time(struct mun_case *c)
{
    const struct mun_entry *entry = c->entry;
    uint64_t now_ms = c->now->time_ms;

    if (!mun_hash_eq(&entry->chain_id, &c->now->chain_id))
        return mun_case_refuse(c, MUN_REFUSAL_WRONG_CHAIN);
    if (now_ms > entry->valid_until_ms)
        return mun_case_refuse(c, MUN_REFUSAL_EXPIRED);
    /* As a difference: the sum might wrap. */
    if (entry->valid_until_ms - now_ms > mun_kind_window_ms(entry->kind))
        return mun_case_refuse(c, MUN_REFUSAL_VALID_UNTIL_TOO_FAR);
    return MUN_SUCCESS;
}

/* Step 5 */

static mun_err_t
check_new_actor(struct mun_case *c)
{
    const struct mun_register_party *in = &c->entry->as.register_party;
    struct mun_hash id;
    struct mun_hash record_key;

    mun_party_id(&id, &in->keys[0].key);
    if (!mun_hash_eq(&c->entry->actor, &id))
        return mun_case_refuse(c, MUN_REFUSAL_PARTY_ID_MISMATCH);
    mun_record_key_party(&record_key, &id);
    MUN_TRY(mun_case_expect_none(c, &record_key, MUN_REFUSAL_PARTY_EXISTS));
    return mun_case_party(c, &c->sponsor, &in->sponsor,
                          MUN_REFUSAL_PARTY_UNKNOWN);
}

static mun_err_t
check_actor(struct mun_case *c)
{
    if (c->entry->kind == MUN_KIND_REGISTER_PARTY)
        return check_new_actor(c);
    MUN_TRY(mun_case_party(c, &c->actor, &c->entry->actor,
                           MUN_REFUSAL_PARTY_UNKNOWN));
    if (c->actor.status != MUN_PARTY_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_PARTY_NOT_ACTIVE);
    return MUN_SUCCESS;
}

/* Step 6 */

/* One row of section 8's table, "signed by exactly". */
struct signers {
    uint8_t purpose;
    struct mun_hash party;        /* one key of this party must sign */
    bool may_parent;              /* and one of this one may: whether it */
    struct mun_hash parent_party; /* must is said by the kind's own rule */
    uint8_t new_count;            /* and each key that the entry registers */
    const struct mun_key *new_keys[MUN_PARTY_KEYS_MAX];
};

bool
mun_is_void_deep(const struct mun_now *now, uint64_t void_since_ms)
{
    return void_since_ms != 0 && void_since_ms <= now->time_ms &&
           now->time_ms - void_since_ms > MUN_VOID_BACK_MS;
}

/* The accreditor of the parent of the accreditation that is withdrawn. Where
 * there is none, the kind's own rule will say so. */
static mun_err_t
find_parent_party(struct mun_case *c, struct signers *out)
{
    const struct mun_standing *in = &c->entry->as.standing;
    struct mun_accreditation *read = &c->as.accreditation;
    mun_err_t err;

    if (!mun_is_void_deep(c->now, in->void_since_ms))
        return MUN_SUCCESS;
    err = mun_case_accreditation(c, read, &in->accreditation);
    if (mun_is_ok(err) && !mun_hash_is_zero(&read->parent)) {
        struct mun_hash parent = read->parent;

        err = mun_case_accreditation(c, read, &parent);
        if (mun_is_ok(err)) {
            out->may_parent = true;
            out->parent_party = read->accreditor;
        }
    }
    return err.code == MUN_ERR_REFUSED ? MUN_SUCCESS : err;
}

static mun_err_t
find_signers(struct mun_case *c, struct signers *out)
{
    const struct mun_entry *entry = c->entry;

    *out = (struct signers){ .purpose = MUN_PURPOSE_GOVERN,
                             .party = entry->actor };
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        out->party = entry->as.register_party.sponsor;
        out->new_count = entry->as.register_party.key_count;
        MUN_CHECK(out->new_count <= MUN_PARTY_KEYS_MAX);
        for (uint8_t i = 0; i < out->new_count; i++)
            out->new_keys[i] = &entry->as.register_party.keys[i].key;
        return MUN_SUCCESS;
    case MUN_KIND_ADD_KEY:
        out->new_count = 1;
        out->new_keys[0] = &entry->as.add_key.key;
        return MUN_SUCCESS;
    case MUN_KIND_WITHDRAW:
        return find_parent_party(c, out);
    case MUN_KIND_ANCHOR:
        out->purpose = MUN_PURPOSE_ANCHOR;
        return MUN_SUCCESS;
    case MUN_KIND_CHANGE_STATUS:
        out->purpose = MUN_PURPOSE_STATUS;
        return MUN_SUCCESS;
    case MUN_KIND_RETIRE_KEY:
    case MUN_KIND_ACCREDIT:
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_REGISTER_PROGRAMME:
        return MUN_SUCCESS;
    }
    MUN_UNREACHABLE();
}

static bool
is_new_key(const struct signers *signers, const struct mun_key *key)
{
    for (uint8_t i = 0; i < signers->new_count; i++) {
        if (mun_key_eq(signers->new_keys[i], key))
            return true;
    }
    return false;
}

/* A key that has a record already, or should have. */
static mun_err_t
check_signer(struct mun_case *c, const struct signers *signers,
             const struct mun_key *key, bool *has_signer)
{
    struct mun_key_record record;
    bool *is_taken;

    MUN_TRY(mun_case_key(c, &record, key, MUN_REFUSAL_KEY_UNKNOWN));
    if (mun_hash_eq(&record.party, &signers->party))
        is_taken = has_signer;
    else if (signers->may_parent &&
             mun_hash_eq(&record.party, &signers->parent_party))
        is_taken = &c->has_parent_signer;
    else
        return mun_case_refuse(c, MUN_REFUSAL_SIGNERS_SURPLUS);
    if (record.status != MUN_KEY_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_KEY_NOT_ACTIVE);
    if ((record.purposes & signers->purpose) == 0)
        return mun_case_refuse(c, MUN_REFUSAL_KEY_WRONG_PURPOSE);
    if (*is_taken)
        return mun_case_refuse(c, MUN_REFUSAL_SIGNERS_SURPLUS);
    *is_taken = true;
    if (is_taken == has_signer)
        c->signer = *key;
    return MUN_SUCCESS;
}

static mun_err_t
check_signers(struct mun_case *c)
{
    struct signers signers;
    bool has_signer = false;
    uint8_t new_count = 0;

    MUN_TRY(find_signers(c, &signers));
    for (uint8_t i = 0; i < c->entry->key_count; i++) {
        const struct mun_key *key = &c->entry->keys[i];

        /* Keys ascend, so each new key is counted once. That it is not
         * somebody's already is for the kind's own rule to say. */
        if (is_new_key(&signers, key))
            new_count++;
        else
            MUN_TRY(check_signer(c, &signers, key, &has_signer));
    }
    if (!has_signer || new_count < signers.new_count)
        return mun_case_refuse(c, MUN_REFUSAL_SIGNERS_MISSING);
    return MUN_SUCCESS;
}

/* Step 9 and the writes */

static mun_err_t
check_kind(struct mun_case *c)
{
    switch (c->entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        return mun_rule_register_party(c);
    case MUN_KIND_ADD_KEY:
        return mun_rule_add_key(c);
    case MUN_KIND_RETIRE_KEY:
        return mun_rule_retire_key(c);
    case MUN_KIND_ACCREDIT:
        return mun_rule_accredit(c);
    case MUN_KIND_SUSPEND:
        return mun_rule_suspend(c);
    case MUN_KIND_REINSTATE:
        return mun_rule_reinstate(c);
    case MUN_KIND_WITHDRAW:
        return mun_rule_withdraw(c);
    case MUN_KIND_REGISTER_PROGRAMME:
        return mun_rule_register_programme(c);
    case MUN_KIND_ANCHOR:
        return mun_rule_anchor(c);
    case MUN_KIND_CHANGE_STATUS:
        return mun_rule_change_status(c);
    }
    MUN_UNREACHABLE();
}

static mun_err_t
write_kind(struct mun_case *c, const struct mun_sink *sink)
{
    switch (c->entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        return mun_write_register_party(c, sink);
    case MUN_KIND_ADD_KEY:
        return mun_write_add_key(c, sink);
    case MUN_KIND_RETIRE_KEY:
        return mun_write_retire_key(c, sink);
    case MUN_KIND_ACCREDIT:
        return mun_write_accredit(c, sink);
    case MUN_KIND_SUSPEND:
        return mun_write_suspend(c, sink);
    case MUN_KIND_REINSTATE:
        return mun_write_reinstate(c, sink);
    case MUN_KIND_WITHDRAW:
        return mun_write_withdraw(c, sink);
    case MUN_KIND_REGISTER_PROGRAMME:
        return mun_write_register_programme(c, sink);
    case MUN_KIND_ANCHOR:
        return mun_write_anchor(c, sink);
    case MUN_KIND_CHANGE_STATUS:
        return mun_write_change_status(c, sink);
    }
    MUN_UNREACHABLE();
}

uint32_t
mun_rules_writes_max(const struct mun_entry *entry)
{
    switch (entry->kind) {
    case MUN_KIND_REGISTER_PARTY:
        return 1u + entry->as.register_party.key_count;
    case MUN_KIND_ADD_KEY:
    case MUN_KIND_RETIRE_KEY:
    case MUN_KIND_REGISTER_PROGRAMME:
    case MUN_KIND_ANCHOR:
        return 2;
    case MUN_KIND_ACCREDIT:
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        return 1;
    case MUN_KIND_CHANGE_STATUS:
        return entry->as.change_status.count;
    }
    MUN_UNREACHABLE();
}

/* Calls from outside */

/* The large union is left as it is: each rule fills in what its writes read.
 */
static void
start(struct mun_case *c, const struct mun_entry *entry,
      const struct mun_now *now, const struct mun_view *view)
{
    c->entry = entry;
    c->now = now;
    c->view = view;
    c->refusal = MUN_REFUSAL_NONE;
    c->has_parent_signer = false;
}

static mun_err_t
screen(struct mun_case *c)
{
    MUN_TRY(check_chain_and_time(c));
    MUN_TRY(check_actor(c));
    return check_signers(c);
}

static mun_err_t
judge(struct mun_case *c)
{
    MUN_TRY(screen(c));
    return check_kind(c);
}

/* A refusal is an answer, not an error. */
static mun_err_t
answer(enum mun_refusal *refusal, const struct mun_case *c, mun_err_t err)
{
    bool is_refused = err.code == MUN_ERR_REFUSED;

    MUN_CHECK(is_refused == (c->refusal != MUN_REFUSAL_NONE) ||
              !mun_is_ok(err));
    *refusal = is_refused ? c->refusal : MUN_REFUSAL_NONE;
    return is_refused ? MUN_SUCCESS : err;
}

mun_err_t
mun_rules_screen(enum mun_refusal *refusal, const struct mun_entry *entry,
                 const struct mun_now *now, const struct mun_view *view)
{
    struct mun_case c;

    start(&c, entry, now, view);
    return answer(refusal, &c, screen(&c));
}

mun_err_t
mun_rules_judge(enum mun_refusal *refusal, const struct mun_entry *entry,
                const struct mun_now *now, const struct mun_view *view)
{
    struct mun_case c;

    start(&c, entry, now, view);
    return answer(refusal, &c, judge(&c));
}

mun_err_t
mun_rules_apply(enum mun_refusal *refusal,
                const struct mun_entry_checked *checked,
                const struct mun_now *now, const struct mun_view *view,
                const struct mun_sink *sink)
{
    struct mun_case c;
    mun_err_t err;

    start(&c, &checked->entry, now, view);
    err = answer(refusal, &c, judge(&c));
    if (!mun_is_ok(err) || *refusal != MUN_REFUSAL_NONE)
        return err;
    return write_kind(&c, sink);
}
