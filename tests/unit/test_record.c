#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "ledger/core/record.h"
#include "tests/support/make_entry.h"

#define TYPES 8
#define VALUE_MAX MUN_RECORD_BYTES_MAX

static const struct mun_since since = { 7, MUN_TEST_TIME_MS };

/* One of each type */

static struct mun_party
party(void)
{
    return (struct mun_party){
        .since = since,
        .id = mun_test_hash(1),
        .roles = MUN_ROLE_MEMBER,
        .status = MUN_PARTY_ACTIVE,
        .name = mun_bytes_str("Universit\xc3\xa9"),
        .country = mun_bytes_str("KZ-75"),
        .url = mun_bytes_str("https://university.example/"),
        .sponsor = mun_test_hash(2),
        .recovery = mun_test_hash(3),
        .registered_by = mun_test_hash(4),
        .govern_keys = 2,
    };
}

static struct mun_key_record
key(void)
{
    return (struct mun_key_record){
        .since = since,
        .key = *mun_test_key(1),
        .party = mun_test_hash(1),
        .purposes = MUN_PURPOSE_ANCHOR | MUN_PURPOSE_STATUS,
        .status = MUN_KEY_COMPROMISED,
        .added_by = *mun_test_key(2),
        .added_height = 3,
        .added_time_ms = 4,
        .ended_time_ms = 5,
        .compromised_since_ms = 6,
    };
}

static struct mun_accreditation
accreditation(void)
{
    struct mun_accreditation out = {
        .since = since,
        .id = mun_test_hash(1),
        .accreditor = mun_test_hash(2),
        .subject = mun_test_hash(3),
        .parent = mun_test_hash(4),
        .depth = 2,
        .granting_key = *mun_test_key(1),
        .granted_height = 5,
        .granted_time_ms = 6,
        .status = MUN_STANDING_VOID,
        .status_time_ms = 7,
        .void_since_ms = 8,
        .reason = MUN_REASON_OTHER,
        .changed_by = *mun_test_key(2),
    };

    mun_test_grant(&out.grant);
    return out;
}

static struct mun_programme
programme(void)
{
    return (struct mun_programme){
        .since = since,
        .id = mun_test_hash(1),
        .issuer = mun_test_hash(2),
        .code = mun_bytes_str("data-1"),
        .latest_version = 3,
        .status = MUN_PROGRAMME_ACTIVE,
        .listing = MUN_LISTING_PROVISIONAL,
        .next_review_ms = 4,
    };
}

static struct mun_programme_version
version(void)
{
    static uint8_t buffer[MUN_DESCRIPTION_BYTES_MAX];
    struct mun_programme_version out = { .since = since,
                                         .programme = mun_test_hash(1),
                                         .version = 2 };
    struct mun_wr wr;

    mun_test_description(&out.description);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_description_encode(&wr, &out.description);
    out.description_bytes = mun_wr_done(&wr);
    return out;
}

static struct mun_list
list(void)
{
    return (struct mun_list){ .since = since,
                              .issuer = mun_test_hash(1),
                              .label = mun_bytes_str("diplomas"),
                              .count = MUN_LIST_SLOTS_MAX,
                              .status = MUN_LIST_OPEN };
}

static struct mun_slot
slot(void)
{
    return (struct mun_slot){ .since = since,
                              .issuer = mun_test_hash(1),
                              .label = mun_bytes_str("diplomas"),
                              .index = MUN_LIST_SLOTS_MAX - 1,
                              .status = MUN_SLOT_SUPERSEDED,
                              .reason = MUN_REASON_SUPERSEDED,
                              .superseded_by = mun_test_hash(2),
                              .extended_until_ms = 3,
                              .key = *mun_test_key(1),
                              .before_status = MUN_SLOT_SUSPENDED,
                              .before_extended_ms = 2 };
}

static struct mun_batch
batch(void)
{
    return (struct mun_batch){ .since = since,
                               .issuer = mun_test_hash(1),
                               .root = mun_test_hash(2),
                               .entry = mun_test_hash(3),
                               .label = mun_bytes_str("diplomas"),
                               .base = MUN_LIST_SLOTS_MAX - 5,
                               .count = 5,
                               .programme = mun_test_hash(4),
                               .version = 1,
                               .is_published = true };
}

static void
encode(struct mun_wr *wr, uint8_t type)
{
    struct mun_party p = party();
    struct mun_key_record k = key();
    struct mun_accreditation a = accreditation();
    struct mun_programme g = programme();
    struct mun_programme_version v = version();
    struct mun_list l = list();
    struct mun_slot s = slot();
    struct mun_batch b = batch();

    switch ((enum mun_record_type)type) {
    case MUN_RECORD_PARTY:
        mun_party_encode(wr, &p);
        return;
    case MUN_RECORD_KEY:
        mun_key_record_encode(wr, &k);
        return;
    case MUN_RECORD_ACCREDITATION:
        mun_accreditation_encode(wr, &a);
        return;
    case MUN_RECORD_PROGRAMME:
        mun_programme_encode(wr, &g);
        return;
    case MUN_RECORD_PROGRAMME_VERSION:
        mun_version_encode(wr, &v);
        return;
    case MUN_RECORD_LIST:
        mun_list_encode(wr, &l);
        return;
    case MUN_RECORD_SLOT:
        mun_slot_encode(wr, &s);
        return;
    case MUN_RECORD_BATCH:
        mun_batch_encode(wr, &b);
        return;
    }
    fail();
}

/* Decodes as the type and, if it decodes, encodes again. */
union any {
    struct mun_party party;
    struct mun_key_record key;
    struct mun_accreditation accreditation;
    struct mun_programme programme;
    struct mun_programme_version version;
    struct mun_list list;
    struct mun_slot slot;
    struct mun_batch batch;
};

#define TRY_TYPE(NAME, member, prefix)                                         \
    case MUN_RECORD_##NAME:                                                    \
        err = mun_##prefix##_decode(&any->member, value);                      \
        if (mun_is_ok(err))                                                    \
            mun_##prefix##_encode(again, &any->member);                        \
        return err

static mun_err_t
decode_as(union any *any, struct mun_wr *again, uint8_t type,
          struct mun_bytes value)
{
    mun_err_t err;

    memset(any, 0xee, sizeof *any);
    switch ((enum mun_record_type)type) {
        TRY_TYPE(PARTY, party, party);
        TRY_TYPE(KEY, key, key_record);
        TRY_TYPE(ACCREDITATION, accreditation, accreditation);
        TRY_TYPE(PROGRAMME, programme, programme);
        TRY_TYPE(PROGRAMME_VERSION, version, version);
        TRY_TYPE(LIST, list, list);
        TRY_TYPE(SLOT, slot, slot);
        TRY_TYPE(BATCH, batch, batch);
    }
    fail();
    return MUN_SUCCESS;
}

static uint8_t sample_buffer[VALUE_MAX];
static uint8_t again_buffer[VALUE_MAX];
static union any decoded;

static struct mun_bytes
sample(uint8_t type)
{
    struct mun_wr wr;

    mun_wr_init(&wr, sample_buffer, sizeof sample_buffer);
    encode(&wr, type);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    return mun_wr_done(&wr);
}

static mun_err_t
decode(uint8_t type, struct mun_bytes value)
{
    struct mun_wr wr;
    mun_err_t err;

    mun_wr_init(&wr, again_buffer, sizeof again_buffer);
    err = decode_as(&decoded, &wr, type, value);
    if (mun_is_ok(err))
        assert_true(mun_bytes_eq(mun_wr_done(&wr), value));
    return err;
}

static void
every_record_decodes_to_what_was_encoded(void **state)
{
    (void)state;
    for (uint8_t type = 1; type <= TYPES; type++) {
        struct mun_since head;
        uint8_t found;

        assert_int_equal(decode(type, sample(type)).code, MUN_OK);
        assert_int_equal(mun_record_head(sample(type), &found, &head).code,
                         MUN_OK);
        assert_int_equal(found, type);
        assert_int_equal(head.height, 7);
        assert_int_equal(head.time_ms, MUN_TEST_TIME_MS);
    }
}

static void
no_shorter_and_no_longer_value_decodes(void **state)
{
    static const uint8_t zeros[sizeof decoded];

    (void)state;
    for (uint8_t type = 1; type <= TYPES; type++) {
        struct mun_bytes value = sample(type);

        for (size_t len = 0; len < value.len; len++) {
            assert_int_not_equal(decode(type, mun_bytes(value.data, len)).code,
                                 MUN_OK);
        }
        sample_buffer[value.len] = 0;
        assert_int_not_equal(
            decode(type, mun_bytes(value.data, value.len + 1)).code, MUN_OK);
    }
    (void)decode(MUN_RECORD_LIST, MUN_BYTES_NONE); /* zeroed after failure */
    assert_memory_equal(&decoded.list, zeros, sizeof decoded.list);
}

static void
whatever_byte_changes_the_value_decodes_to_itself_or_not_at_all(void **state)
{
    (void)state;
    for (uint8_t type = 1; type <= TYPES; type++) {
        struct mun_bytes value = sample(type);

        for (size_t i = 0; i < value.len; i++) {
            for (unsigned change = 1; change < 256; change += 7) {
                sample_buffer[i] ^= (uint8_t)change;
                (void)decode(type, value); /* checks that it encodes back */
                sample_buffer[i] ^= (uint8_t)change;
            }
        }
    }
}

static void
another_type_or_version_is_refused(void **state)
{
    (void)state;
    for (uint8_t type = 1; type <= TYPES; type++) {
        struct mun_bytes value = sample(type);
        uint8_t other = (uint8_t)(type % TYPES + 1);
        struct mun_since head;
        uint8_t found;

        assert_int_equal(decode(other, value).code, MUN_ERR_KIND);
        sample_buffer[1] = 2;
        assert_int_equal(decode(type, value).code, MUN_ERR_VERSION);
        assert_int_equal(mun_record_head(value, &found, &head).code,
                         MUN_ERR_VERSION);
        sample_buffer[1] = 1;
        sample_buffer[0] = 0;
        assert_int_equal(mun_record_head(value, &found, &head).code,
                         MUN_ERR_KIND);
        sample_buffer[0] = TYPES + 1;
        assert_int_equal(mun_record_head(value, &found, &head).code,
                         MUN_ERR_KIND);
        assert_int_equal(
            mun_record_head(mun_bytes(value.data, 0), &found, &head).code,
            MUN_ERR_TRUNCATED);
    }
}

static void
a_value_gives_its_own_record_key(void **state)
{
    struct mun_hash hash1 = mun_test_hash(1);
    struct mun_hash hash2 = mun_test_hash(2);
    struct mun_bytes label = mun_bytes_str("diplomas");
    struct mun_hash expected[TYPES + 1];
    struct mun_hash found;

    (void)state;
    mun_record_key_party(&expected[MUN_RECORD_PARTY], &hash1);
    mun_record_key_key(&expected[MUN_RECORD_KEY], mun_test_key(1));
    mun_record_key_accreditation(&expected[MUN_RECORD_ACCREDITATION], &hash1);
    mun_record_key_programme(&expected[MUN_RECORD_PROGRAMME], &hash1);
    mun_record_key_version(&expected[MUN_RECORD_PROGRAMME_VERSION], &hash1, 2);
    mun_record_key_list(&expected[MUN_RECORD_LIST], &hash1, label);
    mun_record_key_slot(&expected[MUN_RECORD_SLOT], &hash1, label,
                        MUN_LIST_SLOTS_MAX - 1);
    mun_record_key_batch(&expected[MUN_RECORD_BATCH], &hash1, &hash2);
    for (uint8_t type = 1; type <= TYPES; type++) {
        struct mun_bytes value = sample(type);

        assert_int_equal(mun_record_key_of(&found, value).code, MUN_OK);
        assert_true(mun_hash_eq(&found, &expected[type]));
        for (uint8_t other = 1; other < type; other++)
            assert_false(mun_hash_eq(&expected[other], &expected[type]));
        for (size_t len = 0; len < 18 + 32; len++) {
            assert_int_not_equal(
                mun_record_key_of(&found, mun_bytes(value.data, len)).code,
                MUN_OK);
            assert_true(mun_hash_is_zero(&found));
        }
    }
}

static void
record_keys_are_the_tagged_hash_of_type_and_natural_key(void **state)
{
    struct mun_hash issuer = mun_test_hash(1);
    struct mun_hash expected;
    struct mun_hash found;
    uint8_t bytes[1 + 32 + 1 + 2 + 4];
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, bytes, sizeof bytes);
    mun_wr_u8(&wr, MUN_RECORD_SLOT);
    mun_wr_copy(&wr, issuer.b, sizeof issuer.b);
    mun_wr_u8(&wr, 2);
    mun_wr_run(&wr, mun_bytes_str("ab"));
    mun_wr_u32(&wr, 0x00010203);
    mun_hash_tagged(&expected, MUN_TAG_RECORD_KEY, mun_wr_done(&wr));
    mun_record_key_slot(&found, &issuer, mun_bytes_str("ab"), 0x00010203);
    assert_true(mun_hash_eq(&found, &expected));
}

static void
names_are_tagged_hashes(void **state)
{
    struct mun_hash issuer = mun_test_hash(1);
    struct mun_hash expected;
    struct mun_hash found;
    uint8_t bytes[32 + 3];
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, bytes, sizeof bytes);
    mun_wr_copy(&wr, issuer.b, sizeof issuer.b);
    mun_wr_run(&wr, mun_bytes_str("abc"));
    mun_hash_tagged(&expected, MUN_TAG_PROGRAMME, mun_wr_done(&wr));
    mun_programme_id(&found, &issuer, mun_bytes_str("abc"));
    assert_true(mun_hash_eq(&found, &expected));
    mun_party_id(&found, mun_test_key(3));
    expected = mun_test_party(3);
    assert_true(mun_hash_eq(&found, &expected));
}

#define ASSERT_REFUSED(make, member, prefix, change, error)                    \
    do {                                                                       \
        struct mun_wr wr_;                                                     \
        decoded.member = make();                                               \
        decoded.member.change;                                                 \
        mun_wr_init(&wr_, sample_buffer, sizeof sample_buffer);                \
        mun_##prefix##_encode(&wr_, &decoded.member);                          \
        assert_int_equal(                                                      \
            mun_##prefix##_decode(&decoded.member, mun_wr_done(&wr_)).code,    \
            error);                                                            \
    } while (0)

static void
values_out_of_bounds_are_refused(void **state)
{
    struct mun_bytes long_text = mun_bytes(again_buffer, 301);

    (void)state;
    memset(again_buffer, 'a', sizeof again_buffer);
    ASSERT_REFUSED(party, party, party, roles = 4, MUN_ERR_VALUE);
    ASSERT_REFUSED(party, party, party, status = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(party, party, party, status = 4, MUN_ERR_VALUE);
    ASSERT_REFUSED(party, party, party, name.len = 0, MUN_OK);
    ASSERT_REFUSED(party, party, party, name = long_text, MUN_ERR_TOO_LARGE);
    ASSERT_REFUSED(party, party, party, url = long_text, MUN_ERR_TOO_LARGE);
    ASSERT_REFUSED(party, party, party, country.len = 0, MUN_ERR_TEXT);
    ASSERT_REFUSED(key, key, key_record, purposes = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(key, key, key_record, purposes = 17, MUN_ERR_VALUE);
    ASSERT_REFUSED(key, key, key_record, status = 4, MUN_ERR_VALUE);
    ASSERT_REFUSED(key, key, key_record, key.b[0] = 2, MUN_ERR_KEY);
    ASSERT_REFUSED(key, key, key_record, added_by.b[0] = 0, MUN_ERR_KEY);
    ASSERT_REFUSED(key, key, key_record, added_by = mun_key_none, MUN_OK);
    ASSERT_REFUSED(accreditation, accreditation, accreditation, depth = 0,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation,
                   depth = MUN_CHAIN_MAX + 1, MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation, reason = 5,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation, status = 5,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(programme, programme, programme, latest_version = 0,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(programme, programme, programme, status = 3, MUN_ERR_VALUE);
    ASSERT_REFUSED(programme, programme, programme, listing = 5, MUN_ERR_VALUE);
    ASSERT_REFUSED(programme, programme, programme, code.len = 0, MUN_ERR_TEXT);
    ASSERT_REFUSED(version, version, version, version = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(list, list, list, count = MUN_LIST_SLOTS_MAX + 1,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(list, list, list, status = 2, MUN_ERR_VALUE);
    ASSERT_REFUSED(slot, slot, slot, index = MUN_LIST_SLOTS_MAX, MUN_ERR_VALUE);
    ASSERT_REFUSED(slot, slot, slot, status = 5, MUN_ERR_VALUE);
    ASSERT_REFUSED(slot, slot, slot, reason = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(slot, slot, slot, key = mun_key_none, MUN_ERR_KEY);
    ASSERT_REFUSED(slot, slot, slot, before_status = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(batch, batch, batch, count = 6, MUN_ERR_VALUE);
    ASSERT_REFUSED(batch, batch, batch, count = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(batch, batch, batch, version = 0, MUN_ERR_VALUE);
}

static void
fields_that_contradict_one_another_are_refused(void **state)
{
    (void)state;
    ASSERT_REFUSED(key, key, key_record, ended_time_ms = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(key, key, key_record, compromised_since_ms = 0,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(key, key, key_record, status = MUN_KEY_ACTIVE,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(key, key, key_record, status = MUN_KEY_RETIRED,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation,
                   void_since_ms = 0, MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation,
                   status = MUN_STANDING_ACTIVE, MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation, depth = 1,
                   MUN_ERR_VALUE);
    ASSERT_REFUSED(accreditation, accreditation, accreditation,
                   parent = mun_hash_zero, MUN_ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_decodes_to_what_was_encoded),
        cmocka_unit_test(no_shorter_and_no_longer_value_decodes),
        cmocka_unit_test(
            whatever_byte_changes_the_value_decodes_to_itself_or_not_at_all),
        cmocka_unit_test(another_type_or_version_is_refused),
        cmocka_unit_test(a_value_gives_its_own_record_key),
        cmocka_unit_test(
            record_keys_are_the_tagged_hash_of_type_and_natural_key),
        cmocka_unit_test(names_are_tagged_hashes),
        cmocka_unit_test(values_out_of_bounds_are_refused),
        cmocka_unit_test(fields_that_contradict_one_another_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
