#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/arena.h"
#include "ledger/core/genesis.h"
#include "ledger/core/record.h"
#include "tests/support/make_chain.h"

#define MEMBERS 3

/* A document to change, and one to decode into. */
static struct mun_arena arena;
static struct mun_genesis *document;
static struct mun_genesis *decoded;

static struct mun_bytes
encode(const struct mun_genesis *genesis)
{
    uint8_t *buffer = mun_arena_alloc(&arena, MUN_GENESIS_BYTES_MAX);
    struct mun_wr wr;

    assert_non_null(buffer);
    mun_wr_init(&wr, buffer, MUN_GENESIS_BYTES_MAX);
    mun_genesis_encode(&wr, genesis);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    return mun_wr_done(&wr);
}

static enum mun_err_code
decode(struct mun_bytes bytes)
{
    return mun_genesis_decode(decoded, bytes).code;
}

/* The changed document is refused, and afterwards as it was. */
static void
assert_code(enum mun_err_code code)
{
    assert_int_equal(decode(encode(document)), code);
    if (code != MUN_OK)
        assert_int_equal(decoded->party_count, 0);
    assert_int_equal(
        mun_genesis_decode(document, mun_test_genesis(&arena, MEMBERS)).code,
        MUN_OK);
}

static int
fresh(void **state)
{
    (void)state;
    mun_arena_reset(&arena, 0);
    document = mun_arena_alloc(&arena, sizeof *document);
    decoded = mun_arena_alloc(&arena, sizeof *decoded);
    if (document == NULL || decoded == NULL)
        return -1;
    return (int)mun_genesis_decode(document, mun_test_genesis(&arena, MEMBERS))
        .code;
}

static void
a_document_comes_back(void **state)
{
    struct mun_bytes bytes = encode(document);

    (void)state;
    assert_int_equal(decode(bytes), MUN_OK);
    assert_int_equal(decoded->party_count, MEMBERS);
    assert_true(mun_bytes_eq(encode(decoded), bytes));
}

static void
no_shorter_and_no_longer_document_decodes(void **state)
{
    struct mun_bytes bytes = encode(document);
    uint8_t *copy = mun_arena_alloc(&arena, bytes.len + 1);

    (void)state;
    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_not_equal(decode(mun_bytes(copy, len)), MUN_OK);
    assert_int_equal(decode(mun_bytes(copy, bytes.len + 1)), MUN_ERR_TRAILING);
    copy[0] = 2;
    assert_int_equal(decode(mun_bytes(copy, bytes.len)), MUN_ERR_VERSION);
}

static void
the_head_keeps_its_bounds(void **state)
{
    char text[401];

    (void)state;
    memset(text, 'a', sizeof text);
    document->name = MUN_BYTES_NONE;
    assert_code(MUN_ERR_TEXT);
    document->name = mun_bytes(text, 101);
    assert_code(MUN_ERR_TEXT);
    document->name = mun_bytes_str("e\xcc\x81"); /* not NFC */
    assert_code(MUN_ERR_TEXT);
    document->time_ms = 0;
    assert_code(MUN_ERR_VALUE);
    document->rules_version = 2;
    assert_code(MUN_ERR_VALUE);
    document->max_age_ms = 999;
    assert_code(MUN_ERR_VALUE);
    document->max_age_ms = 1000;
    assert_code(MUN_OK);
    document->max_age_ms = 3650ull * 24 * 3600 * 1000;
    assert_code(MUN_OK);
    document->max_age_ms = 3650ull * 24 * 3600 * 1000 + 1;
    assert_code(MUN_ERR_VALUE);
    document->party_count = 0;
    assert_code(MUN_ERR_VALUE);
}

static void
a_partys_fields_keep_their_bounds(void **state)
{
    struct mun_genesis_party *party = &document->parties[1];
    char text[401];

    (void)state;
    memset(text, 'a', sizeof text);
    party->roles = 4;
    assert_code(MUN_ERR_VALUE);
    party->name = MUN_BYTES_NONE;
    assert_code(MUN_ERR_TEXT);
    party->name = mun_bytes(text, 201);
    assert_code(MUN_ERR_TEXT);
    party->country = mun_bytes_str("K");
    assert_code(MUN_ERR_TEXT);
    party->country = mun_bytes_str("KZ-123456");
    assert_code(MUN_ERR_TEXT);
    party->url = mun_bytes(text, 301);
    assert_code(MUN_ERR_TEXT);
    party->url = MUN_BYTES_NONE;
    assert_code(MUN_OK);
    party->key_count = 0;
    assert_code(MUN_ERR_VALUE);
    party->id.b[31] ^= 1;
    assert_code(MUN_ERR_VALUE);
}

static void
parties_and_keys_ascend(void **state)
{
    struct mun_genesis_party swap = document->parties[0];
    struct mun_key_grant key = document->parties[0].keys[0];

    (void)state;
    document->parties[0] = document->parties[1];
    document->parties[1] = swap;
    assert_code(MUN_ERR_ORDER);
    document->parties[1] = document->parties[0];
    assert_code(MUN_ERR_ORDER);
    document->parties[0].keys[0] = document->parties[0].keys[1];
    document->parties[0].keys[1] = key;
    assert_code(MUN_ERR_ORDER);
    document->parties[0].keys[1] = key;
    assert_code(MUN_ERR_ORDER);
}

/* The party's key with this purpose. */
static struct mun_key_grant *
grant(struct mun_genesis_party *party, uint8_t purpose)
{
    for (unsigned i = 0; i < party->key_count; i++) {
        if (party->keys[i].purposes == purpose)
            return &party->keys[i];
    }
    fail();
    return NULL;
}

static void
keys_have_the_purposes_that_roles_ask_for(void **state)
{
    struct mun_genesis_party *party = &document->parties[1];

    (void)state;
    grant(party, MUN_PURPOSE_VALIDATE)->purposes = MUN_PURPOSE_ANCHOR;
    assert_code(MUN_ERR_VALUE); /* a member that cannot vote */
    party->roles = MUN_ROLE_ROOT_ACCREDITOR;
    assert_code(MUN_ERR_VALUE); /* a vote without the role */
    party->roles = 0;
    grant(party, MUN_PURPOSE_VALIDATE)->purposes = MUN_PURPOSE_ANCHOR;
    assert_code(MUN_OK);
    grant(party, MUN_PURPOSE_GOVERN)->purposes = MUN_PURPOSE_VALIDATE;
    assert_code(MUN_ERR_VALUE); /* two votes, and nobody to govern */
    grant(party, MUN_PURPOSE_GOVERN)->purposes = MUN_PURPOSE_STATUS;
    assert_code(MUN_ERR_VALUE);
    grant(party, MUN_PURPOSE_GOVERN)->purposes = 0;
    assert_code(MUN_ERR_VALUE);
    grant(party, MUN_PURPOSE_GOVERN)->purposes =
        MUN_PURPOSE_GOVERN | MUN_PURPOSE_VALIDATE;
    assert_code(MUN_ERR_VALUE);
    grant(party, MUN_PURPOSE_GOVERN)->key.b[0] = 2;
    assert_int_not_equal(decode(encode(document)), MUN_OK);
}

static int
party_cmp(const void *a, const void *b)
{
    const struct mun_genesis_party *one = a;
    const struct mun_genesis_party *other = b;

    return mun_hash_cmp(&one->id, &other->id);
}

static void
no_key_belongs_to_two_parties(void **state)
{
    struct mun_genesis_party *party;
    const struct mun_key *shared = NULL;

    (void)state;
    /* A key of party 0 above party 1's lowest, so that ids stay right. */
    for (unsigned i = 0; i < MEMBERS && shared == NULL; i++) {
        for (unsigned k = 0; k < MEMBERS && shared == NULL; k++) {
            party = &document->parties[k];
            if (i != k && mun_key_cmp(&party->keys[0].key,
                                      &document->parties[i].keys[1].key) < 0) {
                party->keys[1].key = document->parties[i].keys[1].key;
                shared = &party->keys[1].key;
            }
        }
    }
    assert_non_null(shared);
    qsort(document->parties, MEMBERS, sizeof *party, party_cmp);
    assert_code(MUN_ERR_VALUE);
}

static void
somebody_must_be_a_member(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MEMBERS; i++) {
        document->parties[i].roles = MUN_ROLE_ROOT_ACCREDITOR;
        grant(&document->parties[i], MUN_PURPOSE_VALIDATE)->purposes =
            MUN_PURPOSE_ASSERT;
    }
    assert_code(MUN_ERR_VALUE);
}

static void
a_hundred_members_are_the_most(void **state)
{
    (void)state;
    assert_int_equal(decode(mun_test_genesis(&arena, 100)), MUN_OK);
    assert_int_equal(decode(mun_test_genesis(&arena, 101)), MUN_ERR_VALUE);
}

/* Block 0 */

static struct mun_test_world world;

static int
open_world(void **state)
{
    (void)state;
    mun_test_world_open(&world, MEMBERS);
    return 0;
}

static int
close_world(void **state)
{
    (void)state;
    mun_test_world_close(&world);
    return 0;
}

static void
the_chain_id_covers_document_members_and_head(void **state)
{
    struct mun_hash genesis_hash;
    struct mun_hash members_hash;
    struct mun_hash expected;
    uint8_t buffer[200];
    struct mun_wr wr;

    (void)state;
    mun_hash_tagged(&genesis_hash, MUN_TAG_GENESIS, world.genesis_bytes);
    mun_members_hash(&members_hash, &world.chain.members);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, 1);
    mun_wr_u16(&wr, 1);
    mun_wr_copy(&wr, genesis_hash.b, 32);
    mun_wr_copy(&wr, members_hash.b, 32);
    mun_wr_u64(&wr, MUN_TEST_TIME_MS);
    mun_wr_u64(&wr, world.genesis->max_age_ms);
    mun_wr_run16(&wr, world.genesis->name);
    mun_hash_tagged(&expected, MUN_TAG_CHAIN, mun_wr_done(&wr));
    assert_true(mun_hash_eq(&world.chain.chain_id, &expected));
    assert_true(mun_hash_eq(&world.chain.genesis_hash, &genesis_hash));
}

static void
header_0_is_that_of_a_block_without_a_body(void **state)
{
    const struct mun_header *header = &world.chain.header;
    struct mun_hash empty;
    struct mun_hash root;
    struct mun_hash id;

    (void)state;
    mun_hash_sha256(&empty, MUN_BYTES_NONE);
    mun_state_root(world.state, &root);
    mun_header_id(&id, header);
    assert_int_equal(header->height, 0);
    assert_int_equal(header->time_ms, MUN_TEST_TIME_MS);
    assert_int_equal(header->log_size, 0);
    assert_true(mun_hash_is_zero(&header->previous));
    assert_true(mun_hash_is_zero(&header->certificate_hash));
    assert_true(mun_hash_is_zero(&header->entries_hash));
    assert_true(mun_hash_eq(&header->log_root, &empty));
    assert_true(mun_hash_eq(&header->state_root, &root));
    assert_true(mun_hash_eq(&header->members_hash, &header->next_members_hash));
    assert_true(mun_hash_eq(&world.chain.header_id, &id));
}

static void
members_are_the_validate_keys_in_order(void **state)
{
    (void)state;
    assert_int_equal(world.chain.members.count, MEMBERS);
    assert_int_equal(mun_members_check(&world.chain.members).code, MUN_OK);
}

static void
each_party_and_each_key_has_its_record(void **state)
{
    (void)state;
    assert_int_equal(mun_state_count(world.state), 3 * MEMBERS);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        const struct mun_genesis_party *party = &world.genesis->parties[i];
        struct mun_party record;
        struct mun_bytes value;
        struct mun_hash key;

        mun_record_key_party(&key, &party->id);
        assert_int_equal(mun_state_get(world.state, &key, &value), MUN_PRESENT);
        assert_int_equal(mun_party_decode(&record, value).code, MUN_OK);
        assert_int_equal(record.govern_keys, 1);
        assert_int_equal(record.roles, party->roles);
        assert_int_equal(record.since.height, 0);
        assert_int_equal(record.since.time_ms, MUN_TEST_TIME_MS);
        assert_true(mun_hash_is_zero(&record.sponsor));
        assert_true(mun_hash_is_zero(&record.registered_by));
        for (unsigned k = 0; k < party->key_count; k++) {
            struct mun_key_record key_record;

            mun_record_key_key(&key, &party->keys[k].key);
            assert_int_equal(mun_state_get(world.state, &key, &value),
                             MUN_PRESENT);
            assert_int_equal(mun_key_record_decode(&key_record, value).code,
                             MUN_OK);
            assert_true(mun_key_is_none(&key_record.added_by));
            assert_int_equal(key_record.purposes, party->keys[k].purposes);
            assert_true(mun_hash_eq(&key_record.party, &party->id));
        }
    }
}

static void
a_state_that_cannot_hold_the_records_is_a_limit(void **state)
{
    struct mun_state_config config = { 4, 65536 };
    struct mun_genesis_chain chain;
    struct mun_state *small;
    uint8_t *memory;

    (void)state;
    memory = aligned_alloc(64, (mun_state_footprint(&config) + 63) / 64 * 64);
    assert_non_null(memory);
    memset(memory, 0, mun_state_footprint(&config));
    small = mun_state_init(memory, &config);
    assert_int_equal(
        mun_genesis_start(&chain, small, world.genesis, world.genesis_bytes)
            .code,
        MUN_ERR_LIMIT);
    assert_true(mun_hash_is_zero(&chain.chain_id));
    free(memory);
}

static int
open_arena(void **state)
{
    (void)state;
    return (int)mun_arena_open(&arena, 512u << 20).code;
}

static int
close_arena(void **state)
{
    (void)state;
    mun_arena_close(&arena);
    return 0;
}

int
main(void)
{
#define DOCUMENT_TEST(name) cmocka_unit_test_setup(name, fresh)
#define WORLD_TEST(name)                                                       \
    cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tests[] = {
        DOCUMENT_TEST(a_document_comes_back),
        DOCUMENT_TEST(no_shorter_and_no_longer_document_decodes),
        DOCUMENT_TEST(the_head_keeps_its_bounds),
        DOCUMENT_TEST(a_partys_fields_keep_their_bounds),
        DOCUMENT_TEST(parties_and_keys_ascend),
        DOCUMENT_TEST(keys_have_the_purposes_that_roles_ask_for),
        DOCUMENT_TEST(no_key_belongs_to_two_parties),
        DOCUMENT_TEST(somebody_must_be_a_member),
        DOCUMENT_TEST(a_hundred_members_are_the_most),
        WORLD_TEST(the_chain_id_covers_document_members_and_head),
        WORLD_TEST(header_0_is_that_of_a_block_without_a_body),
        WORLD_TEST(members_are_the_validate_keys_in_order),
        WORLD_TEST(each_party_and_each_key_has_its_record),
        WORLD_TEST(a_state_that_cannot_hold_the_records_is_a_limit),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
