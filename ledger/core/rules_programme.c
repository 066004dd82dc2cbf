#include "ledger/base/wr.h"
#include "ledger/core/rules_int.h"

/* Rules of the register of programmes: ledger/README.md section 9. */

#define FIRST_VERSION 1

mun_err_t
mun_rule_register_programme(struct mun_case *c)
{
    struct mun_hash programme;
    struct mun_hash record_key;

    mun_programme_id(&programme, &c->entry->actor,
                     c->entry->as.register_programme.code);
    mun_record_key_programme(&record_key, &programme);
    return mun_case_expect_none(c, &record_key, MUN_REFUSAL_PROGRAMME_EXISTS);
}

static mun_err_t
put_version(const struct mun_sink *sink,
            const struct mun_programme_version *version)
{
    uint8_t buffer[MUN_VERSION_BYTES_MAX];
    struct mun_hash record_key;
    struct mun_wr wr;

    mun_record_key_version(&record_key, &version->programme, version->version);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_version_encode(&wr, version);
    return mun_sink_put(sink, &record_key, &wr);
}

mun_err_t
mun_write_register_programme(struct mun_case *c, const struct mun_sink *sink)
{
    struct mun_programme programme = {
        .since = mun_case_since(c),
        .issuer = c->entry->actor,
        .code = c->entry->as.register_programme.code,
        .latest_version = FIRST_VERSION,
        .status = MUN_PROGRAMME_ACTIVE,
        .listing = MUN_LISTING_PROVISIONAL,
    };
    uint8_t buffer[MUN_SMALL_RECORD_BYTES_MAX];
    struct mun_hash record_key;
    struct mun_wr wr;

    mun_programme_id(&programme.id, &programme.issuer, programme.code);
    mun_record_key_programme(&record_key, &programme.id);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_programme_encode(&wr, &programme);
    MUN_TRY(mun_sink_put(sink, &record_key, &wr));
    /* Of a description only the encoded form is written. */
    c->as.version.since = programme.since;
    c->as.version.programme = programme.id;
    c->as.version.version = FIRST_VERSION;
    c->as.version.description_bytes =
        c->entry->as.register_programme.description_bytes;
    return put_version(sink, &c->as.version);
}
