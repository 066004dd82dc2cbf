#include "ledger/base/check.h"
#include "ledger/core/rules_int.h"

/* Rules of the registers of parties and keys: ledger/README.md section 9. */

/* "names an accreditation of its own that stands now and has sub_depth > 0" */
static mun_err_t
check_sponsor_accreditation(struct mun_case *c)
{
    const struct mun_register_party *in = &c->entry->as.register_party;
    struct mun_accreditation *named = &c->as.accreditation;

    MUN_TRY(mun_case_accreditation(c, named, &in->sponsor_accreditation));
    if (!mun_hash_eq(&named->subject, &in->sponsor))
        return mun_case_refuse(c, MUN_REFUSAL_NOT_SPONSOR);
    MUN_TRY(mun_case_stands(c, named, NULL));
    if (named->grant.scope.sub_depth == 0)
        return mun_case_refuse(c, MUN_REFUSAL_NOT_SPONSOR);
    return MUN_SUCCESS;
}

static mun_err_t
check_sponsor(struct mun_case *c)
{
    mun_err_t err;

    if (c->sponsor.status != MUN_PARTY_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_PARTY_NOT_ACTIVE);
    if ((c->sponsor.roles & (MUN_ROLE_MEMBER | MUN_ROLE_ROOT_ACCREDITOR)) != 0)
        return MUN_SUCCESS;
    err = check_sponsor_accreditation(c);
    /* Whatever is wrong with that accreditation, this is what it means here. */
    if (err.code == MUN_ERR_REFUSED)
        return mun_case_refuse(c, MUN_REFUSAL_NOT_SPONSOR);
    return err;
}

static mun_err_t
check_purposes(struct mun_case *c)
{
    const struct mun_register_party *in = &c->entry->as.register_party;
    uint8_t all = 0;

    for (uint8_t i = 0; i < in->key_count; i++)
        all |= in->keys[i].purposes;
    if ((all & MUN_PURPOSE_GOVERN) == 0 || (all & MUN_PURPOSE_VALIDATE) != 0)
        return mun_case_refuse(c, MUN_REFUSAL_KEY_WRONG_PURPOSE);
    return MUN_SUCCESS;
}

static mun_err_t
check_key_is_free(struct mun_case *c, const struct mun_key *key)
{
    struct mun_hash record_key;

    mun_record_key_key(&record_key, key);
    return mun_case_expect_none(c, &record_key, MUN_REFUSAL_KEY_TAKEN);
}

mun_err_t
mun_rule_register_party(struct mun_case *c)
{
    const struct mun_register_party *in = &c->entry->as.register_party;
    struct mun_party recovery;

    MUN_TRY(check_sponsor(c));
    if (!mun_hash_is_zero(&in->recovery))
        MUN_TRY(mun_case_party(c, &recovery, &in->recovery,
                               MUN_REFUSAL_PARTY_UNKNOWN));
    MUN_TRY(check_purposes(c));
    for (uint8_t i = 0; i < in->key_count; i++)
        MUN_TRY(check_key_is_free(c, &in->keys[i].key));
    return MUN_SUCCESS;
}

static mun_err_t
put_new_key(const struct mun_case *c, const struct mun_sink *sink,
            const struct mun_key_grant *grant, const struct mun_key *added_by)
{
    struct mun_key_record key = {
        .since = mun_case_since(c),
        .key = grant->key,
        .party = c->entry->actor,
        .purposes = grant->purposes,
        .status = MUN_KEY_ACTIVE,
        .added_by = *added_by,
        .added_height = c->now->height,
        .added_time_ms = c->now->time_ms,
    };

    return mun_sink_put_key(sink, &key);
}

mun_err_t
mun_write_register_party(struct mun_case *c, const struct mun_sink *sink)
{
    const struct mun_register_party *in = &c->entry->as.register_party;
    struct mun_party party = {
        .since = mun_case_since(c),
        .id = c->entry->actor,
        .status = MUN_PARTY_ACTIVE,
        .name = in->name,
        .country = in->country,
        .url = in->url,
        .sponsor = in->sponsor,
        .recovery = in->recovery,
        .registered_by = c->entry->id,
    };

    for (uint8_t i = 0; i < in->key_count; i++) {
        if ((in->keys[i].purposes & MUN_PURPOSE_GOVERN) != 0)
            party.govern_keys++;
    }
    MUN_TRY(mun_sink_put_party(sink, &party));
    for (uint8_t i = 0; i < in->key_count; i++)
        MUN_TRY(put_new_key(c, sink, &in->keys[i], &mun_key_none));
    return MUN_SUCCESS;
}

/* The actor with another number of keys that may govern. Comes before other
 * puts: what was read of the actor is borrowed from behind the view. */
static mun_err_t
put_govern_keys(const struct mun_case *c, const struct mun_sink *sink,
                unsigned govern_keys)
{
    struct mun_party party = c->actor;

    MUN_CHECK(govern_keys > 0);
    MUN_CHECK(govern_keys <= MUN_GOVERN_KEYS_MAX);
    party.since = mun_case_since(c);
    party.govern_keys = (uint8_t)govern_keys;
    return mun_sink_put_party(sink, &party);
}

/* A verifier follows the keys that added one another, so there is an end to
 * them. */
static mun_err_t
check_adders(struct mun_case *c)
{
    struct mun_key_record *key = &c->as.key;
    struct mun_key at = c->signer;

    for (unsigned adders = 0; adders < MUN_ADDERS_MAX; adders++) {
        MUN_TRY(mun_case_key(c, key, &at, MUN_REFUSAL_KEY_UNKNOWN));
        if (mun_key_is_none(&key->added_by))
            return MUN_SUCCESS;
        at = key->added_by;
    }
    return mun_case_refuse(c, MUN_REFUSAL_KEY_CHAIN_TOO_DEEP);
}

mun_err_t
mun_rule_add_key(struct mun_case *c)
{
    const struct mun_key_grant *in = &c->entry->as.add_key;

    MUN_TRY(check_key_is_free(c, &in->key));
    if ((in->purposes & MUN_PURPOSE_VALIDATE) != 0)
        return mun_case_refuse(c, MUN_REFUSAL_KEY_WRONG_PURPOSE);
    if ((in->purposes & MUN_PURPOSE_GOVERN) != 0 &&
        c->actor.govern_keys == MUN_GOVERN_KEYS_MAX)
        return mun_case_refuse(c, MUN_REFUSAL_TOO_MANY_KEYS);
    return check_adders(c);
}

mun_err_t
mun_write_add_key(struct mun_case *c, const struct mun_sink *sink)
{
    const struct mun_key_grant *in = &c->entry->as.add_key;

    if ((in->purposes & MUN_PURPOSE_GOVERN) != 0)
        MUN_TRY(put_govern_keys(c, sink, c->actor.govern_keys + 1u));
    return put_new_key(c, sink, in, &c->signer);
}

mun_err_t
mun_rule_retire_key(struct mun_case *c)
{
    struct mun_key_record *key = &c->as.key;

    MUN_TRY(mun_case_key(c, key, &c->entry->as.retire_key,
                         MUN_REFUSAL_KEY_UNKNOWN));
    if (!mun_hash_eq(&key->party, &c->entry->actor))
        return mun_case_refuse(c, MUN_REFUSAL_KEY_NOT_YOURS);
    if (key->status != MUN_KEY_ACTIVE)
        return mun_case_refuse(c, MUN_REFUSAL_KEY_NOT_ACTIVE);
    if ((key->purposes & MUN_PURPOSE_VALIDATE) != 0)
        return mun_case_refuse(c, MUN_REFUSAL_KEY_WRONG_PURPOSE);
    if ((key->purposes & MUN_PURPOSE_GOVERN) != 0 && c->actor.govern_keys <= 1)
        return mun_case_refuse(c, MUN_REFUSAL_LAST_GOVERN_KEY);
    return MUN_SUCCESS;
}

mun_err_t
mun_write_retire_key(struct mun_case *c, const struct mun_sink *sink)
{
    struct mun_key_record *key = &c->as.key;

    if ((key->purposes & MUN_PURPOSE_GOVERN) != 0)
        MUN_TRY(put_govern_keys(c, sink, c->actor.govern_keys - 1u));
    key->since = mun_case_since(c);
    key->status = MUN_KEY_RETIRED;
    key->ended_time_ms = c->now->time_ms;
    return mun_sink_put_key(sink, key);
}
