#include "ledger/core/record.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/rd.h"
#include "ledger/core/field.h"

#define VERSION 1

#define PARTY_NAME_MAX 200
#define COUNTRY_MAX 8
#define URL_MAX 300
#define REASON_MAX 4
#define ROLES (MUN_ROLE_MEMBER | MUN_ROLE_ROOT_ACCREDITOR)

/* type, natural key of a slot: issuer, label behind its length, index. */
#define NATURAL_BYTES_MAX (1 + 32 + 1 + MUN_LABEL_MAX + 4)

/* Fields */

/* Whether the point is on the curve was checked when the key came onto the
 * ledger and is not worth its price here. */
static void
rd_key(struct mun_rd *rd, struct mun_key *out)
{
    mun_rd_copy(rd, out->b, sizeof out->b);
    if (out->b[0] != MUN_ALG_SECP256K1)
        mun_rd_fail(rd, MUN_ERR_KEY);
}

static void
rd_key_or_none(struct mun_rd *rd, struct mun_key *out)
{
    mun_rd_copy(rd, out->b, sizeof out->b);
    if (out->b[0] != MUN_ALG_SECP256K1 && !mun_key_is_none(out))
        mun_rd_fail(rd, MUN_ERR_KEY);
}

static void
require(struct mun_rd *rd, bool holds)
{
    if (!holds)
        mun_rd_fail(rd, MUN_ERR_VALUE);
}

static void
rd_since(struct mun_rd *rd, struct mun_since *out)
{
    out->height = mun_rd_u64(rd);
    out->time_ms = mun_rd_u64(rd);
}

/* The head of a record that must be of `type`. */
static void
start(struct mun_rd *rd, struct mun_bytes value, enum mun_record_type type,
      struct mun_since *since)
{
    mun_rd_init(rd, value);
    if (mun_rd_u8(rd) != (uint8_t)type)
        mun_rd_fail(rd, MUN_ERR_KIND);
    if (mun_rd_u8(rd) != VERSION)
        mun_rd_fail(rd, MUN_ERR_VERSION);
    rd_since(rd, since);
}

static void
wr_head(struct mun_wr *wr, enum mun_record_type type,
        const struct mun_since *since)
{
    mun_wr_u8(wr, (uint8_t)type);
    mun_wr_u8(wr, VERSION);
    mun_wr_u64(wr, since->height);
    mun_wr_u64(wr, since->time_ms);
}

static mun_err_t
finish(const struct mun_rd *rd, void *out, size_t size)
{
    mun_err_t err = mun_rd_finish(rd);

    if (!mun_is_ok(err))
        memset(out, 0, size);
    return err;
}

/* Keys in the state tree */

struct natural {
    uint8_t bytes[NATURAL_BYTES_MAX];
    struct mun_wr wr;
};

static void
natural_start(struct natural *natural, enum mun_record_type type)
{
    mun_wr_init(&natural->wr, natural->bytes, sizeof natural->bytes);
    mun_wr_u8(&natural->wr, (uint8_t)type);
}

static void
natural_finish(struct mun_hash *out, const struct natural *natural)
{
    MUN_CHECK(mun_is_ok(mun_wr_status(&natural->wr)));
    mun_hash_tagged(out, MUN_TAG_RECORD_KEY, mun_wr_done(&natural->wr));
}

static void
key_of_hash(struct mun_hash *out, enum mun_record_type type,
            const struct mun_hash *name)
{
    struct natural natural;

    natural_start(&natural, type);
    mun_wr_hash(&natural.wr, name);
    natural_finish(out, &natural);
}

void
mun_record_key_party(struct mun_hash *out, const struct mun_hash *party)
{
    key_of_hash(out, MUN_RECORD_PARTY, party);
}

void
mun_record_key_key(struct mun_hash *out, const struct mun_key *key)
{
    struct natural natural;

    natural_start(&natural, MUN_RECORD_KEY);
    mun_wr_key(&natural.wr, key);
    natural_finish(out, &natural);
}

void
mun_record_key_accreditation(struct mun_hash *out,
                             const struct mun_hash *accreditation)
{
    key_of_hash(out, MUN_RECORD_ACCREDITATION, accreditation);
}

void
mun_record_key_programme(struct mun_hash *out, const struct mun_hash *programme)
{
    key_of_hash(out, MUN_RECORD_PROGRAMME, programme);
}

void
mun_record_key_version(struct mun_hash *out, const struct mun_hash *programme,
                       uint16_t version)
{
    struct natural natural;

    natural_start(&natural, MUN_RECORD_PROGRAMME_VERSION);
    mun_wr_hash(&natural.wr, programme);
    mun_wr_u16(&natural.wr, version);
    natural_finish(out, &natural);
}

void
mun_record_key_list(struct mun_hash *out, const struct mun_hash *issuer,
                    struct mun_bytes label)
{
    struct natural natural;

    natural_start(&natural, MUN_RECORD_LIST);
    mun_wr_hash(&natural.wr, issuer);
    mun_wr_run8(&natural.wr, label);
    natural_finish(out, &natural);
}

void
mun_record_key_slot(struct mun_hash *out, const struct mun_hash *issuer,
                    struct mun_bytes label, uint32_t index)
{
    struct natural natural;

    natural_start(&natural, MUN_RECORD_SLOT);
    mun_wr_hash(&natural.wr, issuer);
    mun_wr_run8(&natural.wr, label);
    mun_wr_u32(&natural.wr, index);
    natural_finish(out, &natural);
}

void
mun_record_key_batch(struct mun_hash *out, const struct mun_hash *issuer,
                     const struct mun_hash *root)
{
    struct natural natural;

    natural_start(&natural, MUN_RECORD_BATCH);
    mun_wr_hash(&natural.wr, issuer);
    mun_wr_hash(&natural.wr, root);
    natural_finish(out, &natural);
}

mun_err_t
mun_record_head(struct mun_bytes value, uint8_t *type, struct mun_since *since)
{
    struct mun_rd rd;

    mun_rd_init(&rd, value);
    *type = mun_rd_u8_in(&rd, MUN_RECORD_PARTY, MUN_RECORD_BATCH);
    if (rd.failure == MUN_ERR_VALUE)
        rd.failure = MUN_ERR_KIND;
    if (mun_rd_u8(&rd) != VERSION)
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    rd_since(&rd, since);
    if (mun_rd_failed(&rd)) {
        *type = 0;
        memset(since, 0, sizeof *since);
    }
    return mun_rd_status(&rd);
}

/* The natural key is the same bytes in the value, behind the head. */
static void
rd_natural(struct mun_rd *rd, uint8_t type)
{
    struct mun_hash hash;
    struct mun_key key;

    switch ((enum mun_record_type)type) {
    case MUN_RECORD_PARTY:
    case MUN_RECORD_ACCREDITATION:
    case MUN_RECORD_PROGRAMME:
        mun_rd_hash(rd, &hash);
        return;
    case MUN_RECORD_KEY:
        rd_key(rd, &key);
        return;
    case MUN_RECORD_PROGRAMME_VERSION:
        mun_rd_hash(rd, &hash);
        require(rd, mun_rd_u16(rd) > 0);
        return;
    case MUN_RECORD_LIST:
        mun_rd_hash(rd, &hash);
        (void)mun_rd_label8(
            rd, 1, MUN_LABEL_MAX); /* checked; the bytes are used below */
        return;
    case MUN_RECORD_SLOT:
        mun_rd_hash(rd, &hash);
        (void)mun_rd_label8(rd, 1, MUN_LABEL_MAX); /* as above */
        require(rd, mun_rd_u32(rd) < MUN_LIST_SLOTS_MAX);
        return;
    case MUN_RECORD_BATCH:
        mun_rd_hash(rd, &hash);
        mun_rd_hash(rd, &hash);
        return;
    }
    MUN_UNREACHABLE();
}

mun_err_t
mun_record_key_of(struct mun_hash *out, struct mun_bytes value)
{
    const uint8_t *natural_at;
    struct mun_since since;
    struct natural natural;
    struct mun_rd rd;
    uint8_t type;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_record_head(value, &type, &since));
    mun_rd_init(&rd, value);
    (void)mun_rd_run(&rd, 1 + 1 + 8 + 8); /* the head was read above */
    natural_at = rd.at;
    rd_natural(&rd, type);
    MUN_TRY(mun_rd_status(&rd));
    natural_start(&natural, (enum mun_record_type)type);
    mun_wr_copy(&natural.wr, natural_at, (size_t)(rd.at - natural_at));
    natural_finish(out, &natural);
    return MUN_SUCCESS;
}

/* Party */

mun_err_t
mun_party_decode(struct mun_party *out, struct mun_bytes value)
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_PARTY, &out->since);
    mun_rd_hash(&rd, &out->id);
    out->roles = mun_rd_u8_in(&rd, 0, ROLES);
    out->status = mun_rd_u8_in(&rd, MUN_PARTY_ACTIVE, MUN_PARTY_CLOSED);
    out->name = mun_rd_run16(&rd, PARTY_NAME_MAX);
    out->country = mun_rd_label8(&rd, 1, COUNTRY_MAX);
    out->url = mun_rd_run16(&rd, URL_MAX);
    mun_rd_hash(&rd, &out->sponsor);
    mun_rd_hash(&rd, &out->recovery);
    mun_rd_hash(&rd, &out->registered_by);
    out->govern_keys = mun_rd_u8(&rd);
    return finish(&rd, out, sizeof *out);
}

void
mun_party_encode(struct mun_wr *wr, const struct mun_party *party)
{
    wr_head(wr, MUN_RECORD_PARTY, &party->since);
    mun_wr_hash(wr, &party->id);
    mun_wr_u8(wr, party->roles);
    mun_wr_u8(wr, party->status);
    mun_wr_run16(wr, party->name);
    mun_wr_run8(wr, party->country);
    mun_wr_run16(wr, party->url);
    mun_wr_hash(wr, &party->sponsor);
    mun_wr_hash(wr, &party->recovery);
    mun_wr_hash(wr, &party->registered_by);
    mun_wr_u8(wr, party->govern_keys);
}

/* Key */

static bool
is_key_consistent(const struct mun_key_record *key)
{
    bool has_ended = key->ended_time_ms != 0;
    bool is_compromised = key->compromised_since_ms != 0;

    return has_ended == (key->status != MUN_KEY_ACTIVE) &&
           is_compromised == (key->status == MUN_KEY_COMPROMISED);
}

mun_err_t
mun_key_record_decode(struct mun_key_record *out, struct mun_bytes value)
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_KEY, &out->since);
    rd_key(&rd, &out->key);
    mun_rd_hash(&rd, &out->party);
    out->purposes = mun_rd_purposes(&rd);
    out->status = mun_rd_u8_in(&rd, MUN_KEY_ACTIVE, MUN_KEY_COMPROMISED);
    rd_key_or_none(&rd, &out->added_by);
    out->added_height = mun_rd_u64(&rd);
    out->added_time_ms = mun_rd_u64(&rd);
    out->ended_time_ms = mun_rd_u64(&rd);
    out->compromised_since_ms = mun_rd_u64(&rd);
    require(&rd, is_key_consistent(out));
    return finish(&rd, out, sizeof *out);
}

void
mun_key_record_encode(struct mun_wr *wr, const struct mun_key_record *key)
{
    wr_head(wr, MUN_RECORD_KEY, &key->since);
    mun_wr_key(wr, &key->key);
    mun_wr_hash(wr, &key->party);
    mun_wr_u8(wr, key->purposes);
    mun_wr_u8(wr, key->status);
    mun_wr_key(wr, &key->added_by);
    mun_wr_u64(wr, key->added_height);
    mun_wr_u64(wr, key->added_time_ms);
    mun_wr_u64(wr, key->ended_time_ms);
    mun_wr_u64(wr, key->compromised_since_ms);
}

/* Accreditation */

static bool
is_accreditation_consistent(const struct mun_accreditation *accreditation)
{
    bool is_top = mun_hash_is_zero(&accreditation->parent);
    bool is_void = accreditation->void_since_ms != 0;

    return is_top == (accreditation->depth == 1) &&
           is_void == (accreditation->status == MUN_STANDING_VOID);
}

static mun_err_t
accreditation_decode(struct mun_accreditation *out, struct mun_bytes value,
                     void (*decode)(struct mun_rd *, struct mun_grant *))
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_ACCREDITATION, &out->since);
    mun_rd_hash(&rd, &out->id);
    mun_rd_hash(&rd, &out->accreditor);
    mun_rd_hash(&rd, &out->subject);
    mun_rd_hash(&rd, &out->parent);
    out->depth = mun_rd_u8_in(&rd, 1, MUN_CHAIN_MAX);
    rd_key(&rd, &out->granting_key);
    out->granted_height = mun_rd_u64(&rd);
    out->granted_time_ms = mun_rd_u64(&rd);
    out->status = mun_rd_u8_in(&rd, MUN_STANDING_ACTIVE, MUN_STANDING_VOID);
    out->status_time_ms = mun_rd_u64(&rd);
    out->void_since_ms = mun_rd_u64(&rd);
    out->reason = mun_rd_u8_in(&rd, 0, REASON_MAX);
    rd_key_or_none(&rd, &out->changed_by);
    require(&rd, is_accreditation_consistent(out));
    decode(&rd, &out->grant);
    return finish(&rd, out, sizeof *out);
}

mun_err_t
mun_accreditation_decode(struct mun_accreditation *out, struct mun_bytes value)
{
    return accreditation_decode(out, value, mun_grant_decode);
}

mun_err_t
mun_accreditation_decode_stored(struct mun_accreditation *out,
                                struct mun_bytes value)
{
    return accreditation_decode(out, value, mun_grant_decode_stored);
}

void
mun_accreditation_encode(struct mun_wr *wr,
                         const struct mun_accreditation *accreditation)
{
    wr_head(wr, MUN_RECORD_ACCREDITATION, &accreditation->since);
    mun_wr_hash(wr, &accreditation->id);
    mun_wr_hash(wr, &accreditation->accreditor);
    mun_wr_hash(wr, &accreditation->subject);
    mun_wr_hash(wr, &accreditation->parent);
    mun_wr_u8(wr, accreditation->depth);
    mun_wr_key(wr, &accreditation->granting_key);
    mun_wr_u64(wr, accreditation->granted_height);
    mun_wr_u64(wr, accreditation->granted_time_ms);
    mun_wr_u8(wr, accreditation->status);
    mun_wr_u64(wr, accreditation->status_time_ms);
    mun_wr_u64(wr, accreditation->void_since_ms);
    mun_wr_u8(wr, accreditation->reason);
    mun_wr_key(wr, &accreditation->changed_by);
    mun_grant_encode(wr, &accreditation->grant);
}

/* Programme */

mun_err_t
mun_programme_decode(struct mun_programme *out, struct mun_bytes value)
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_PROGRAMME, &out->since);
    mun_rd_hash(&rd, &out->id);
    mun_rd_hash(&rd, &out->issuer);
    out->code = mun_rd_label8(&rd, 1, MUN_LABEL_MAX);
    out->latest_version = mun_rd_u16(&rd);
    require(&rd, out->latest_version > 0);
    out->status =
        mun_rd_u8_in(&rd, MUN_PROGRAMME_ACTIVE, MUN_PROGRAMME_RETIRED);
    out->listing =
        mun_rd_u8_in(&rd, MUN_LISTING_PROVISIONAL, MUN_LISTING_DELISTED);
    out->next_review_ms = mun_rd_u64(&rd);
    return finish(&rd, out, sizeof *out);
}

void
mun_programme_encode(struct mun_wr *wr, const struct mun_programme *programme)
{
    wr_head(wr, MUN_RECORD_PROGRAMME, &programme->since);
    mun_wr_hash(wr, &programme->id);
    mun_wr_hash(wr, &programme->issuer);
    mun_wr_run8(wr, programme->code);
    mun_wr_u16(wr, programme->latest_version);
    mun_wr_u8(wr, programme->status);
    mun_wr_u8(wr, programme->listing);
    mun_wr_u64(wr, programme->next_review_ms);
}

static mun_err_t
version_decode(struct mun_programme_version *out, struct mun_bytes value,
               void (*decode)(struct mun_rd *, struct mun_description *))
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_PROGRAMME_VERSION, &out->since);
    mun_rd_hash(&rd, &out->programme);
    out->version = mun_rd_u16(&rd);
    require(&rd, out->version > 0);
    out->description_bytes = mun_bytes(rd.at, rd.left);
    decode(&rd, &out->description);
    return finish(&rd, out, sizeof *out);
}

mun_err_t
mun_version_decode(struct mun_programme_version *out, struct mun_bytes value)
{
    return version_decode(out, value, mun_description_decode);
}

mun_err_t
mun_version_decode_stored(struct mun_programme_version *out,
                          struct mun_bytes value)
{
    return version_decode(out, value, mun_description_decode_stored);
}

void
mun_version_encode(struct mun_wr *wr,
                   const struct mun_programme_version *version)
{
    wr_head(wr, MUN_RECORD_PROGRAMME_VERSION, &version->since);
    mun_wr_hash(wr, &version->programme);
    mun_wr_u16(wr, version->version);
    mun_wr_run(wr, version->description_bytes);
}

/* List, slot, batch */

mun_err_t
mun_list_decode(struct mun_list *out, struct mun_bytes value)
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_LIST, &out->since);
    mun_rd_hash(&rd, &out->issuer);
    out->label = mun_rd_label8(&rd, 1, MUN_LABEL_MAX);
    out->count = mun_rd_u32(&rd);
    require(&rd, out->count <= MUN_LIST_SLOTS_MAX);
    out->status = mun_rd_u8_in(&rd, MUN_LIST_OPEN, MUN_LIST_OPEN);
    return finish(&rd, out, sizeof *out);
}

void
mun_list_encode(struct mun_wr *wr, const struct mun_list *list)
{
    wr_head(wr, MUN_RECORD_LIST, &list->since);
    mun_wr_hash(wr, &list->issuer);
    mun_wr_run8(wr, list->label);
    mun_wr_u32(wr, list->count);
    mun_wr_u8(wr, list->status);
}

mun_err_t
mun_slot_decode(struct mun_slot *out, struct mun_bytes value)
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_SLOT, &out->since);
    mun_rd_hash(&rd, &out->issuer);
    out->label = mun_rd_label8(&rd, 1, MUN_LABEL_MAX);
    out->index = mun_rd_u32(&rd);
    require(&rd, out->index < MUN_LIST_SLOTS_MAX);
    out->status = mun_rd_u8_in(&rd, MUN_SLOT_GOOD, MUN_SLOT_SUPERSEDED);
    out->reason = mun_rd_u8_in(&rd, 1, REASON_MAX);
    mun_rd_hash(&rd, &out->superseded_by);
    out->extended_until_ms = mun_rd_u64(&rd);
    rd_key(&rd, &out->key);
    out->before_status = mun_rd_u8_in(&rd, MUN_SLOT_GOOD, MUN_SLOT_SUPERSEDED);
    out->before_extended_ms = mun_rd_u64(&rd);
    return finish(&rd, out, sizeof *out);
}

void
mun_slot_encode(struct mun_wr *wr, const struct mun_slot *slot)
{
    wr_head(wr, MUN_RECORD_SLOT, &slot->since);
    mun_wr_hash(wr, &slot->issuer);
    mun_wr_run8(wr, slot->label);
    mun_wr_u32(wr, slot->index);
    mun_wr_u8(wr, slot->status);
    mun_wr_u8(wr, slot->reason);
    mun_wr_hash(wr, &slot->superseded_by);
    mun_wr_u64(wr, slot->extended_until_ms);
    mun_wr_key(wr, &slot->key);
    mun_wr_u8(wr, slot->before_status);
    mun_wr_u64(wr, slot->before_extended_ms);
}

/* The slots of a batch, which has at least one. */
static bool
is_range_in_list(uint32_t base, uint32_t count)
{
    return count > 0 && count <= MUN_LIST_SLOTS_MAX &&
           base <= MUN_LIST_SLOTS_MAX - count;
}

mun_err_t
mun_batch_decode(struct mun_batch *out, struct mun_bytes value)
{
    struct mun_rd rd;

    start(&rd, value, MUN_RECORD_BATCH, &out->since);
    mun_rd_hash(&rd, &out->issuer);
    mun_rd_hash(&rd, &out->root);
    mun_rd_hash(&rd, &out->entry);
    out->label = mun_rd_label8(&rd, 1, MUN_LABEL_MAX);
    out->base = mun_rd_u32(&rd);
    out->count = mun_rd_u32(&rd);
    require(&rd, is_range_in_list(out->base, out->count));
    mun_rd_hash(&rd, &out->programme);
    out->version = mun_rd_u16(&rd);
    require(&rd, out->version > 0);
    out->is_published = mun_rd_bool(&rd);
    return finish(&rd, out, sizeof *out);
}

void
mun_batch_encode(struct mun_wr *wr, const struct mun_batch *batch)
{
    wr_head(wr, MUN_RECORD_BATCH, &batch->since);
    mun_wr_hash(wr, &batch->issuer);
    mun_wr_hash(wr, &batch->root);
    mun_wr_hash(wr, &batch->entry);
    mun_wr_run8(wr, batch->label);
    mun_wr_u32(wr, batch->base);
    mun_wr_u32(wr, batch->count);
    mun_wr_hash(wr, &batch->programme);
    mun_wr_u16(wr, batch->version);
    mun_wr_bool(wr, batch->is_published);
}

/* Names */

static unsigned
gravity(uint8_t status)
{
    switch ((enum mun_slot_status)status) {
    case MUN_SLOT_GOOD:
        return 0;
    case MUN_SLOT_SUSPENDED:
        return 1;
    case MUN_SLOT_SUPERSEDED:
        return 2;
    case MUN_SLOT_REVOKED:
        return 3;
    }
    MUN_UNREACHABLE();
}

uint8_t
mun_slot_graver(uint8_t left, uint8_t right)
{
    return gravity(left) > gravity(right) ? left : right;
}

void
mun_programme_id(struct mun_hash *out, const struct mun_hash *issuer,
                 struct mun_bytes code)
{
    struct mun_sha256 sha;

    mun_sha256_init_tagged(&sha, MUN_TAG_PROGRAMME);
    mun_sha256_update(&sha, issuer->b, sizeof issuer->b);
    mun_sha256_update(&sha, code.data, code.len);
    mun_sha256_final(&sha, out);
}

void
mun_party_id(struct mun_hash *out, const struct mun_key *lowest)
{
    mun_hash_tagged(out, MUN_TAG_PARTY, mun_bytes(lowest->b, sizeof lowest->b));
}
