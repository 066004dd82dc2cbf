#include "ledger/core/genesis.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/base/rd.h"
#include "ledger/core/field.h"
#include "ledger/core/record.h"

#define DOCUMENT_VERSION 1
#define HEADER_VERSION 1

#define CONSORTIUM_NAME_MAX 100
#define PARTY_NAME_MAX 200
#define COUNTRY_MIN 2
#define COUNTRY_MAX 8
#define URL_MAX 300
#define ROLES (MUN_ROLE_MEMBER | MUN_ROLE_ROOT_ACCREDITOR)

#define KEY_BYTES (MUN_KEY_BYTES + 1)
/* id, roles, a name of one byte, a country of two, no URL, one key. */
#define PARTY_BYTES_MIN (32 + 1 + 3 + 3 + 2 + 1 + KEY_BYTES)

#define GENESIS_HEADER_BYTES_MAX                                               \
    (1 + 2 + 32 + 32 + 8 + 8 + 2 + CONSORTIUM_NAME_MAX)

_Static_assert(MUN_GENESIS_PARTIES_MAX <= UINT8_MAX, "the count is one byte");
_Static_assert(MUN_GENESIS_BYTES_MAX >=
                   MUN_GENESIS_PARTIES_MAX *
                       (PARTY_BYTES_MIN + PARTY_NAME_MAX + COUNTRY_MAX +
                        URL_MAX + MUN_PARTY_KEYS_MAX * KEY_BYTES),
               "the largest document fits");

static void
require(struct mun_rd *rd, bool holds)
{
    if (!holds)
        mun_rd_fail(rd, MUN_ERR_VALUE);
}

/* Rules */

/* How many keys have `purpose`. */
static unsigned
purpose_count(const struct mun_genesis_party *party, enum mun_purpose purpose)
{
    unsigned count = 0;

    for (unsigned i = 0; i < party->key_count; i++)
        count += (party->keys[i].purposes & (unsigned)purpose) != 0;
    return count;
}

static bool
is_member(const struct mun_genesis_party *party)
{
    return (party->roles & MUN_ROLE_MEMBER) != 0;
}

static bool
has_right_purposes(const struct mun_genesis_party *party)
{
    unsigned validate_max = is_member(party) ? 1 : 0;

    return purpose_count(party, MUN_PURPOSE_VALIDATE) == validate_max &&
           purpose_count(party, MUN_PURPOSE_GOVERN) >= 1;
}

static bool
has_key(const struct mun_genesis_party *party, const struct mun_key *key)
{
    for (unsigned i = 0; i < party->key_count; i++) {
        if (mun_key_eq(&party->keys[i].key, key))
            return true;
    }
    return false;
}

/* No key of the last of `count` parties belongs to one before. Read once in
 * the life of a chain: the square of 1,600 keys is a few milliseconds. */
static bool
has_new_keys(const struct mun_genesis *genesis, uint32_t index)
{
    const struct mun_genesis_party *party = &genesis->parties[index];

    for (uint32_t i = 0; i < index; i++) {
        for (unsigned k = 0; k < party->key_count; k++) {
            if (has_key(&genesis->parties[i], &party->keys[k].key))
                return false;
        }
    }
    return true;
}

static uint32_t
member_count(const struct mun_genesis *genesis)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < genesis->party_count; i++)
        count += is_member(&genesis->parties[i]);
    return count;
}

/* Document */

static void
decode_keys(struct mun_rd *rd, struct mun_genesis_party *out)
{
    out->key_count = mun_rd_count8(rd, MUN_PARTY_KEYS_MAX, KEY_BYTES);
    require(rd, out->key_count >= 1);
    for (unsigned i = 0; i < out->key_count && !mun_rd_failed(rd); i++) {
        mun_rd_key(rd, &out->keys[i].key);
        out->keys[i].purposes = mun_rd_purposes(rd);
        if (i > 0 && mun_key_cmp(&out->keys[i - 1].key, &out->keys[i].key) >= 0)
            mun_rd_fail(rd, MUN_ERR_ORDER);
    }
}

static void
decode_party(struct mun_rd *rd, struct mun_genesis_party *out)
{
    struct mun_hash id;

    mun_rd_hash(rd, &out->id);
    out->roles = mun_rd_u8_in(rd, 0, ROLES);
    out->name = mun_rd_text16(rd, 1, PARTY_NAME_MAX);
    out->country = mun_rd_label8(rd, COUNTRY_MIN, COUNTRY_MAX);
    out->url = mun_rd_text16(rd, 0, URL_MAX);
    decode_keys(rd, out);
    if (mun_rd_failed(rd))
        return;
    mun_party_id(&id, &out->keys[0].key);
    require(rd, mun_hash_eq(&id, &out->id));
    require(rd, has_right_purposes(out));
}

static void
decode_parties(struct mun_rd *rd, struct mun_genesis *out)
{
    uint32_t members;

    out->party_count =
        mun_rd_count8(rd, MUN_GENESIS_PARTIES_MAX, PARTY_BYTES_MIN);
    require(rd, out->party_count >= 1);
    for (uint32_t i = 0; i < out->party_count && !mun_rd_failed(rd); i++) {
        decode_party(rd, &out->parties[i]);
        if (mun_rd_failed(rd))
            return;
        if (i > 0 &&
            mun_hash_cmp(&out->parties[i - 1].id, &out->parties[i].id) >= 0)
            mun_rd_fail(rd, MUN_ERR_ORDER);
        require(rd, has_new_keys(out, i));
    }
    if (mun_rd_failed(rd))
        return;
    members = member_count(out);
    require(rd, members >= 1 && members <= MUN_MEMBERS_MAX);
}

mun_err_t
mun_genesis_decode(struct mun_genesis *out, struct mun_bytes bytes)
{
    struct mun_rd rd;
    mun_err_t err;

    mun_rd_init(&rd, bytes);
    if (mun_rd_u8(&rd) != DOCUMENT_VERSION)
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    out->name = mun_rd_text16(&rd, 1, CONSORTIUM_NAME_MAX);
    out->time_ms = mun_rd_u64(&rd);
    require(&rd, out->time_ms != 0);
    out->rules_version = mun_rd_u16(&rd);
    require(&rd, out->rules_version == MUN_RULES_VERSION);
    out->max_age_ms = mun_rd_u64(&rd);
    require(&rd, out->max_age_ms >= MUN_MAX_AGE_MS_MIN &&
                     out->max_age_ms <= MUN_MAX_AGE_MS_MAX);
    decode_parties(&rd, out);
    err = mun_rd_finish(&rd);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

void
mun_genesis_encode(struct mun_wr *wr, const struct mun_genesis *genesis)
{
    MUN_CHECK(genesis->party_count <= MUN_GENESIS_PARTIES_MAX);
    mun_wr_u8(wr, DOCUMENT_VERSION);
    mun_wr_run16(wr, genesis->name);
    mun_wr_u64(wr, genesis->time_ms);
    mun_wr_u16(wr, genesis->rules_version);
    mun_wr_u64(wr, genesis->max_age_ms);
    mun_wr_u8(wr, (uint8_t)genesis->party_count);
    for (uint32_t i = 0; i < genesis->party_count; i++) {
        const struct mun_genesis_party *party = &genesis->parties[i];

        MUN_CHECK(party->key_count <= MUN_PARTY_KEYS_MAX);
        mun_wr_hash(wr, &party->id);
        mun_wr_u8(wr, party->roles);
        mun_wr_run16(wr, party->name);
        mun_wr_run8(wr, party->country);
        mun_wr_run16(wr, party->url);
        mun_wr_u8(wr, party->key_count);
        for (unsigned k = 0; k < party->key_count; k++) {
            mun_wr_key(wr, &party->keys[k].key);
            mun_wr_u8(wr, party->keys[k].purposes);
        }
    }
}

/* What follows from it */

/* Puts a member at its place in the order of keys. */
static void
insert_member(struct mun_members *members, const struct mun_member *member)
{
    uint32_t at = members->count;

    MUN_CHECK(members->count < MUN_MEMBERS_MAX);
    while (at > 0 && mun_key_cmp(&members->at[at - 1].key, &member->key) > 0) {
        members->at[at] = members->at[at - 1];
        at--;
    }
    members->at[at] = *member;
    members->count++;
}

static void
collect_members(struct mun_members *out, const struct mun_genesis *genesis)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < genesis->party_count; i++) {
        const struct mun_genesis_party *party = &genesis->parties[i];

        for (unsigned k = 0; k < party->key_count; k++) {
            struct mun_member member = { party->id, party->keys[k].key };

            if (party->keys[k].purposes == MUN_PURPOSE_VALIDATE)
                insert_member(out, &member);
        }
    }
    MUN_CHECK(mun_is_ok(mun_members_check(out)));
}

static void
chain_id_of(struct mun_hash *out, const struct mun_genesis *genesis,
            const struct mun_hash *genesis_hash,
            const struct mun_hash *members_hash)
{
    uint8_t buffer[GENESIS_HEADER_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, HEADER_VERSION);
    mun_wr_u16(&wr, genesis->rules_version);
    mun_wr_hash(&wr, genesis_hash);
    mun_wr_hash(&wr, members_hash);
    mun_wr_u64(&wr, genesis->time_ms);
    mun_wr_u64(&wr, genesis->max_age_ms);
    mun_wr_run16(&wr, genesis->name);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_hash_tagged(out, MUN_TAG_CHAIN, mun_wr_done(&wr));
}

static mun_err_t
load_party(struct mun_state *state, const struct mun_genesis_party *party,
           uint64_t time_ms)
{
    struct mun_party record = {
        .since = { 0, time_ms },
        .id = party->id,
        .roles = party->roles,
        .status = MUN_PARTY_ACTIVE,
        .name = party->name,
        .country = party->country,
        .url = party->url,
        .govern_keys = (uint8_t)purpose_count(party, MUN_PURPOSE_GOVERN),
    };
    uint8_t buffer[1024];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_party_encode(&wr, &record);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_record_key_party(&key, &party->id);
    return mun_state_load(state, &key, mun_wr_done(&wr));
}

static mun_err_t
load_key(struct mun_state *state, const struct mun_hash *party,
         const struct mun_key_grant *grant, uint64_t time_ms)
{
    struct mun_key_record record = {
        .since = { 0, time_ms },
        .key = grant->key,
        .party = *party,
        .purposes = grant->purposes,
        .status = MUN_KEY_ACTIVE,
        .added_by = mun_key_none,
        .added_height = 0,
        .added_time_ms = time_ms,
    };
    uint8_t buffer[256];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_key_record_encode(&wr, &record);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_record_key_key(&key, &grant->key);
    return mun_state_load(state, &key, mun_wr_done(&wr));
}

static mun_err_t
load_records(struct mun_state *state, const struct mun_genesis *genesis)
{
    for (uint32_t i = 0; i < genesis->party_count; i++) {
        const struct mun_genesis_party *party = &genesis->parties[i];

        MUN_TRY(load_party(state, party, genesis->time_ms));
        for (unsigned k = 0; k < party->key_count; k++)
            MUN_TRY(
                load_key(state, &party->id, &party->keys[k], genesis->time_ms));
    }
    mun_state_load_finish(state);
    return MUN_SUCCESS;
}

mun_err_t
mun_genesis_start(struct mun_genesis_chain *out, struct mun_state *state,
                  const struct mun_genesis *genesis, struct mun_bytes bytes)
{
    struct mun_header *header = &out->header;

    MUN_CHECK(mun_state_count(state) == 0);
    memset(out, 0, sizeof *out);
    MUN_TRY(load_records(state, genesis));
    mun_hash_tagged(&out->genesis_hash, MUN_TAG_GENESIS, bytes);
    collect_members(&out->members, genesis);
    header->rules_version = genesis->rules_version;
    header->time_ms = genesis->time_ms;
    mun_members_hash(&header->members_hash, &out->members);
    header->next_members_hash = header->members_hash;
    mun_hash_sha256(&header->log_root, MUN_BYTES_NONE);
    mun_state_root(state, &header->state_root);
    chain_id_of(&out->chain_id, genesis, &out->genesis_hash,
                &header->members_hash);
    header->chain_id = out->chain_id;
    mun_header_id(&out->header_id, header);
    return MUN_SUCCESS;
}
