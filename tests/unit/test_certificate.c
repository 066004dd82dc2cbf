#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/core/certificate.h"

#define ROOM (8 + 4 + 32 + 1 + 32 + 256 * MUN_SIG_BYTES)
#define AT_COUNT (8 + 4 + 32)
#define AT_BITMAP (AT_COUNT + 1)

/* A consortium with its signers, in the order of its set. */
struct world {
    struct mun_hash chain_id;
    struct mun_hash header_id;
    struct mun_members members;
    struct mun_signer signers[MUN_MEMBERS_MAX];
};

static struct world world;
static struct mun_certificate certificate;
static uint8_t bytes[ROOM];

static void
world_init(uint32_t count)
{
    memset(&world, 0, sizeof world);
    memset(world.chain_id.b, 0xc1, 32);
    memset(world.header_id.b, 0x1d, 32);
    world.members.count = count;
    /* An insertion by key; the signers follow once the order is known. */
    for (uint32_t i = 0; i < count; i++) {
        struct mun_secret secret = { { 0 } };
        struct mun_signer signer;
        uint32_t at = i;

        secret.b[31] = (uint8_t)(i + 1);
        assert_true(mun_is_ok(mun_signer_init(&signer, &secret)));
        for (; at > 0 &&
               mun_key_cmp(&world.members.at[at - 1].key, &signer.key) > 0;
             at--) {
            world.members.at[at] = world.members.at[at - 1];
            world.signers[at].secret = world.signers[at - 1].secret;
        }
        world.members.at[at].key = signer.key;
        memset(world.members.at[at].party.b, (int)i + 1, 32);
        world.signers[at].secret = secret;
        mun_signer_fini(&signer);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct mun_secret secret = world.signers[i].secret;

        assert_true(mun_is_ok(mun_signer_init(&world.signers[i], &secret)));
    }
    assert_true(mun_is_ok(mun_members_check(&world.members)));
}

static void
sign_vote(struct mun_sig *out, uint32_t index, const struct mun_vote *vote,
          const struct mun_hash *chain_id)
{
    struct mun_hash digest;

    mun_vote_digest(&digest, chain_id, vote);
    mun_signer_sign(&world.signers[index], out, &digest);
}

static struct mun_vote
precommit(void)
{
    return (struct mun_vote){ .type = MUN_VOTE_PRECOMMIT,
                              .height = 7,
                              .round = 2,
                              .valid_round = -1,
                              .id = world.header_id };
}

/* The first `count` members sign. */
static void
certify(uint32_t count)
{
    struct mun_vote vote = precommit();

    memset(&certificate, 0, sizeof certificate);
    certificate.height = vote.height;
    certificate.round = vote.round;
    certificate.header_id = vote.id;
    certificate.member_count = world.members.count;
    certificate.sig_count = count;
    for (uint32_t i = 0; i < count; i++) {
        certificate.bitmap[i / 8] |= (uint8_t)(0x80 >> i % 8);
        sign_vote(&certificate.sigs[i], i, &vote, &world.chain_id);
    }
}

static enum mun_err_code
verify(void)
{
    return mun_certificate_verify(&certificate, &world.chain_id, &world.members)
        .code;
}

static size_t
encode(void)
{
    struct mun_wr wr;

    memset(bytes, 0, sizeof bytes);
    mun_wr_init(&wr, bytes, sizeof bytes);
    mun_certificate_encode(&wr, &certificate);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr).len;
}

static enum mun_err_code
decode(struct mun_certificate *out, size_t len)
{
    struct mun_rd rd;

    mun_rd_init(&rd, mun_bytes(bytes, len));
    mun_certificate_decode(&rd, out);
    return mun_rd_finish(&rd).code;
}

static void
assert_undecodable(size_t len, enum mun_err_code code)
{
    static struct mun_certificate zeros;
    static struct mun_certificate out;

    memset(&out, 0xaa, sizeof out);
    assert_int_equal(decode(&out, len), code);
    assert_memory_equal(&out, &zeros, sizeof zeros);
}

static void
a_vote_hashes_as_the_list_of_its_fields(void **state)
{
    uint8_t expected[81] = { MUN_VOTE_PREVOTE };
    struct mun_vote vote = { .type = MUN_VOTE_PREVOTE,
                             .height = 0x0102030405060708,
                             .round = 0x11121314,
                             .valid_round = -1 };
    struct mun_hash chain_id;
    struct mun_hash want;
    struct mun_hash got;

    (void)state;
    memset(chain_id.b, 0xcc, 32);
    memset(vote.id.b, 0x1d, 32);
    memset(expected + 1, 0xcc, 32);
    for (uint8_t i = 0; i < 8; i++)
        expected[33 + i] = (uint8_t)(i + 1);
    for (uint8_t i = 0; i < 4; i++)
        expected[41 + i] = (uint8_t)(0x11 + i);
    memset(expected + 45, 0xff, 4);
    memset(expected + 49, 0x1d, 32);
    mun_hash_tagged(&want, MUN_TAG_VOTE, mun_bytes(expected, sizeof expected));
    mun_vote_digest(&got, &chain_id, &vote);
    assert_true(mun_hash_eq(&got, &want));
}

static void
every_field_of_a_vote_changes_its_digest(void **state)
{
    struct mun_hash chain_id = { { 1 } };
    struct mun_vote votes[6];
    struct mun_hash digests[7];

    (void)state;
    for (size_t i = 0; i < 6; i++)
        votes[i] = (struct mun_vote){ .type = MUN_VOTE_PRECOMMIT,
                                      .height = 5,
                                      .round = 1,
                                      .valid_round = -1 };
    votes[1].type = MUN_VOTE_PREVOTE;
    votes[2].height = 6;
    votes[3].round = 0;
    votes[4].valid_round = 0;
    votes[5].id.b[31] = 1;
    for (size_t i = 0; i < 6; i++)
        mun_vote_digest(&digests[i], &chain_id, &votes[i]);
    chain_id.b[0] = 2;
    mun_vote_digest(&digests[6], &chain_id, &votes[0]);
    for (size_t i = 0; i < 7; i++) {
        for (size_t j = 0; j < i; j++)
            assert_false(mun_hash_eq(&digests[i], &digests[j]));
    }
}

static void
a_certificate_survives_encoding_and_its_hash_is_that_of_its_bytes(void **state)
{
    static const uint32_t sizes[] = { 1, 4, 7, 8, 9, 16, 100 };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        static struct mun_certificate again;
        struct mun_hash hash;
        struct mun_hash expected;
        size_t len;

        world_init(sizes[i]);
        certify(mun_quorum(sizes[i]));
        assert_int_equal(verify(), MUN_OK);
        len = encode();
        assert_int_equal(len, AT_BITMAP + (sizes[i] + 7) / 8 +
                                  mun_quorum(sizes[i]) * MUN_SIG_BYTES);
        assert_int_equal(decode(&again, len), MUN_OK);
        assert_memory_equal(&again, &certificate, sizeof certificate);
        mun_certificate_hash(&hash, &certificate);
        mun_hash_tagged(&expected, MUN_TAG_CERTIFICATE, mun_bytes(bytes, len));
        assert_true(mun_hash_eq(&hash, &expected));
    }
}

static void
every_short_prefix_and_a_byte_too_many_are_refused(void **state)
{
    static struct mun_certificate out;
    size_t len;

    (void)state;
    world_init(4);
    certify(3);
    len = encode();
    for (size_t cut = 0; cut < len; cut++)
        assert_undecodable(cut, MUN_ERR_TRUNCATED);
    assert_int_equal(decode(&out, len + 1), MUN_ERR_TRAILING);
}

static void
every_flipped_bit_is_refused_or_another_certificate(void **state)
{
    static struct mun_certificate again;
    size_t len;

    (void)state;
    world_init(4);
    certify(3);
    len = encode();
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (decode(&again, len) == MUN_OK)
            assert_false(mun_is_ok(mun_certificate_verify(
                &again, &world.chain_id, &world.members)));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* A1: a bit for a member that is not there; A2: spare bits. */
static void
bits_beyond_the_members_are_refused(void **state)
{
    size_t len;

    (void)state;
    world_init(4);
    certify(3);
    for (uint32_t spare = 4; spare < 8; spare++) {
        len = encode();
        bytes[AT_BITMAP] |= (uint8_t)(0x80 >> spare);
        assert_undecodable(len, MUN_ERR_VALUE);
        assert_undecodable(len + MUN_SIG_BYTES, MUN_ERR_VALUE);
        certificate.bitmap[0] |= (uint8_t)(0x80 >> spare);
        assert_int_equal(verify(), MUN_ERR_PROOF);
        certificate.sig_count++;
        assert_int_equal(verify(), MUN_ERR_PROOF);
        certify(3);
    }
    certificate.bitmap[12] |= 1;
    assert_int_equal(verify(), MUN_ERR_PROOF);
}

/* A1, A2: more members than there may be, and than there are. */
static void
member_counts_that_lie_are_refused(void **state)
{
    static struct mun_certificate out;
    size_t len;

    (void)state;
    world_init(4);
    certify(3);
    len = encode();
    bytes[AT_COUNT] = MUN_MEMBERS_MAX + 1;
    assert_undecodable(sizeof bytes, MUN_ERR_TOO_LARGE);
    bytes[AT_COUNT] = 255;
    assert_undecodable(sizeof bytes, MUN_ERR_TOO_LARGE);
    /* Two bytes of bitmap announced, one there: the signatures shift. */
    bytes[AT_COUNT] = 12;
    assert_int_equal(decode(&out, len) == MUN_OK, false);
    /* No bitmap at all. */
    bytes[AT_COUNT] = 0;
    assert_undecodable(len, MUN_ERR_VALUE);
    /* Five members with the same bitmap is well-formed, and wrong. */
    bytes[AT_COUNT] = 5;
    assert_int_equal(decode(&certificate, len), MUN_OK);
    assert_int_equal(verify(), MUN_ERR_PROOF);
    bytes[AT_COUNT] = 3;
    assert_int_equal(decode(&certificate, len), MUN_OK);
    assert_int_equal(verify(), MUN_ERR_PROOF);
}

/* B1. */
static void
one_wrong_signature_beyond_the_quorum_is_refused(void **state)
{
    (void)state;
    world_init(7);
    for (uint32_t wrong = 0; wrong < 7; wrong++) {
        certify(7);
        assert_int_equal(verify(), MUN_OK);
        certificate.sigs[wrong].b[20] ^= 1;
        assert_int_equal(verify(), MUN_ERR_SIGNATURE);
        memset(certificate.sigs[wrong].b, 0, MUN_SIG_BYTES);
        assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    }
}

/* B2: signatures that are right for something else. */
static void
signatures_for_another_vote_are_refused(void **state)
{
    struct mun_hash other_chain = { { 9 } };
    struct mun_vote votes[6];

    (void)state;
    world_init(4);
    for (size_t i = 0; i < 6; i++)
        votes[i] = precommit();
    votes[0].id.b[0] ^= 1;
    votes[1].round++;
    votes[2].height++;
    votes[3].type = MUN_VOTE_PREVOTE;
    votes[4].valid_round = 0;
    memset(votes[5].id.b, 0, 32);
    for (size_t i = 0; i < 6; i++) {
        certify(4);
        sign_vote(&certificate.sigs[3], 3, &votes[i], &world.chain_id);
        assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    }
    certify(4);
    votes[0] = precommit();
    sign_vote(&certificate.sigs[0], 0, &votes[0], &other_chain);
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);

    /* And the whole certificate, relabelled. */
    certify(3);
    certificate.round++;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    certify(3);
    certificate.height++;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    certify(3);
    certificate.header_id.b[5] ^= 1;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    certify(3);
    assert_int_equal(
        mun_certificate_verify(&certificate, &other_chain, &world.members).code,
        MUN_ERR_SIGNATURE);
}

/* B4. */
static void
a_certificate_below_the_quorum_is_refused(void **state)
{
    static struct mun_certificate again;
    size_t len;

    (void)state;
    world_init(7);
    for (uint32_t count = 0; count <= 7; count++) {
        certify(count);
        assert_int_equal(verify(), count >= 5 ? MUN_OK : MUN_ERR_PROOF);
        len = encode();
        assert_int_equal(decode(&again, len), MUN_OK);
    }
}

/* B4: permuted, and one member counted twice. */
static void
signatures_out_of_order_or_twice_are_refused(void **state)
{
    struct mun_sig swap;

    (void)state;
    world_init(4);
    certify(3);
    swap = certificate.sigs[0];
    certificate.sigs[0] = certificate.sigs[1];
    certificate.sigs[1] = swap;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);

    certify(3);
    certificate.sigs[2] = certificate.sigs[1];
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);

    /* Counted by signatures instead of bits. */
    certify(2);
    certificate.sigs[2] = certificate.sigs[1];
    certificate.sig_count = 3;
    assert_int_equal(verify(), MUN_ERR_PROOF);

    /* The right signatures under the wrong bits. */
    certify(3);
    certificate.bitmap[0] = 0x70;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
}

/* B7: in test_key.c for single signatures; here that no way leads round. */
static void
malleable_and_foreign_signatures_are_refused(void **state)
{
    (void)state;
    world_init(4);
    certify(3);
    certificate.sigs[1].b[0] = 2;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    certify(3);
    memset(certificate.sigs[1].b + 1, 0, 32);
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
    certify(3);
    memset(certificate.sigs[1].b + 33, 0xff, 32);
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
}

static void
a_quorum_for_nil_certifies_nothing(void **state)
{
    (void)state;
    world_init(4);
    memset(world.header_id.b, 0, 32);
    certify(4);
    assert_int_equal(verify(), MUN_ERR_PROOF);
}

static void
another_set_of_members_is_refused(void **state)
{
    static struct mun_members fewer;

    (void)state;
    world_init(4);
    certify(3);
    fewer = world.members;
    fewer.count = 3;
    assert_int_equal(
        mun_certificate_verify(&certificate, &world.chain_id, &fewer).code,
        MUN_ERR_PROOF);
    world.members.at[0].key = world.members.at[1].key;
    assert_int_equal(verify(), MUN_ERR_SIGNATURE);
}

static void
only_the_first_header_has_an_empty_certificate(void **state)
{
    static struct mun_certificate again;
    struct mun_hash id = { { 3 } };
    size_t len;

    (void)state;
    world_init(1);
    mun_certificate_empty(&certificate, &id);
    assert_int_equal(verify(), MUN_ERR_PROOF);
    len = encode();
    assert_int_equal(len, AT_BITMAP);
    assert_int_equal(decode(&again, len), MUN_OK);
    assert_memory_equal(&again, &certificate, sizeof again);
    bytes[7] = 1;
    assert_undecodable(len, MUN_ERR_VALUE);
    bytes[7] = 0;
    bytes[11] = 1;
    assert_undecodable(len, MUN_ERR_VALUE);
    /* And that of another header is not at height 0. */
    certify(1);
    len = encode();
    bytes[7] = 0;
    assert_undecodable(len, MUN_ERR_VALUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vote_hashes_as_the_list_of_its_fields),
        cmocka_unit_test(every_field_of_a_vote_changes_its_digest),
        cmocka_unit_test(
            a_certificate_survives_encoding_and_its_hash_is_that_of_its_bytes),
        cmocka_unit_test(every_short_prefix_and_a_byte_too_many_are_refused),
        cmocka_unit_test(every_flipped_bit_is_refused_or_another_certificate),
        cmocka_unit_test(bits_beyond_the_members_are_refused),
        cmocka_unit_test(member_counts_that_lie_are_refused),
        cmocka_unit_test(one_wrong_signature_beyond_the_quorum_is_refused),
        cmocka_unit_test(signatures_for_another_vote_are_refused),
        cmocka_unit_test(a_certificate_below_the_quorum_is_refused),
        cmocka_unit_test(signatures_out_of_order_or_twice_are_refused),
        cmocka_unit_test(malleable_and_foreign_signatures_are_refused),
        cmocka_unit_test(a_quorum_for_nil_certifies_nothing),
        cmocka_unit_test(another_set_of_members_is_refused),
        cmocka_unit_test(only_the_first_header_has_an_empty_certificate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
