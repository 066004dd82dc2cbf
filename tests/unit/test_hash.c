#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/core/hash.h"
#include "ledger/core/hash_int.h"

static void
assert_hash_hex(const struct mun_hash *hash, const char *hex)
{
    char text[65];

    mun_hex_encode(text, mun_bytes(hash->b, sizeof hash->b));
    assert_string_equal(text, hex);
}

static void
nettle_hash(uint8_t out[32], const void *data, size_t len)
{
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    sha256_update(&ctx, len, data);
    sha256_digest(&ctx, 32, out);
}

/* Source: FIPS 180-4 examples. */
static void
sha256_matches_the_examples_of_fips_180_4(void **state)
{
    static const struct {
        const char *data;
        const char *hex;
    } rows[] = {
        { "",
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc",
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
          "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
          "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mun_hash hash;

        mun_hash_sha256(&hash, mun_bytes_str(rows[i].data));
        assert_hash_hex(&hash, rows[i].hex);
    }
}

static void
a_million_letters_hash_as_in_fips_180_4(void **state)
{
    uint8_t piece[1000];
    struct mun_sha256 sha;
    struct mun_hash hash;

    (void)state;
    memset(piece, 'a', sizeof piece);
    mun_sha256_init(&sha);
    for (int i = 0; i < 1000; i++)
        mun_sha256_update(&sha, piece, sizeof piece);
    mun_sha256_final(&sha, &hash);
    assert_hash_hex(
        &hash,
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void
every_length_hashes_alike_in_one_shot_and_in_two_pieces(void **state)
{
    uint8_t data[300];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + 1);
    for (size_t len = 0; len <= sizeof data; len++) {
        struct mun_hash expected;
        struct mun_hash hash;
        struct mun_sha256 sha;

        nettle_hash(expected.b, data, len);
        mun_hash_sha256(&hash, mun_bytes(data, len));
        assert_true(mun_hash_eq(&hash, &expected));
        mun_sha256_init(&sha);
        mun_sha256_update(&sha, data, len / 3);
        mun_sha256_update(&sha, NULL, 0);
        mun_sha256_update(&sha, data + len / 3, len - len / 3);
        mun_sha256_final(&sha, &hash);
        assert_true(mun_hash_eq(&hash, &expected));
    }
}

/* BIP 340's form, from the definition. */
static void
tagged_reference(struct mun_hash *out, const char *tag, struct mun_bytes data)
{
    uint8_t message[64 + 300];

    assert_true(data.len <= 300);
    nettle_hash(message, tag, strlen(tag));
    memcpy(message + 32, message, 32);
    if (data.len > 0)
        memcpy(message + 64, data.data, data.len);
    nettle_hash(out->b, message, 64 + data.len);
}

static void
tagged_hashes_follow_the_definition_at_every_length(void **state)
{
    uint8_t data[200];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 11 + 3);
    for (int tag = 0; tag < MUN_TAG_COUNT; tag++) {
        for (size_t len = 0; len <= sizeof data; len++) {
            struct mun_bytes input = mun_bytes(data, len);
            struct mun_hash expected;
            struct mun_hash hash;
            struct mun_sha256 sha;

            tagged_reference(&expected, mun_tag_text((enum mun_tag)tag), input);
            mun_hash_tagged(&hash, (enum mun_tag)tag, input);
            assert_true(mun_hash_eq(&hash, &expected));
            mun_sha256_init_tagged(&sha, (enum mun_tag)tag);
            mun_sha256_update(&sha, data, len);
            mun_sha256_final(&sha, &hash);
            assert_true(mun_hash_eq(&hash, &expected));
        }
    }
}

/* The rows of tag_states in hash.c: the state of a hash that was started with
 * a tag and fed nothing lies first in nettle's context. */
static void
each_tags_midstate_is_that_of_its_text(void **state)
{
    (void)state;
    for (int tag = 0; tag < MUN_TAG_COUNT; tag++) {
        const char *text = mun_tag_text((enum mun_tag)tag);
        struct sha256_ctx ctx;
        struct mun_sha256 sha;
        uint8_t block[64];

        nettle_hash(block, text, strlen(text));
        memcpy(block + 32, block, 32);
        sha256_init(&ctx);
        sha256_update(&ctx, sizeof block, block);
        mun_sha256_init_tagged(&sha, (enum mun_tag)tag);
        if (memcmp(&sha, ctx.state, sizeof ctx.state) == 0)
            continue;
        print_message("the row of \"%s\" must be:\n", text);
        for (size_t i = 0; i < 8; i++)
            print_message("0x%08xu, ", (unsigned)ctx.state[i]);
        fail_msg("the midstate of \"%s\" is wrong", text);
    }
}

static void
tags_are_distinct_and_of_one_form(void **state)
{
    (void)state;
    for (int a = 0; a < MUN_TAG_COUNT; a++) {
        const char *text = mun_tag_text((enum mun_tag)a);
        size_t len = strlen(text);

        assert_true(len > 11);
        assert_memory_equal(text, "muniment/", 9);
        assert_string_equal(text + len - 2, "/1");
        for (int b = 0; b < a; b++)
            assert_string_not_equal(text, mun_tag_text((enum mun_tag)b));
    }
}

/* Own vector, from Python's hashlib. */
static void
a_tagged_hash_has_not_changed(void **state)
{
    struct mun_hash hash;

    (void)state;
    mun_hash_tagged(&hash, MUN_TAG_HEADER, mun_bytes_str("muniment"));
    assert_hash_hex(
        &hash,
        "5c534079b630166bda3150ef388cc4acc94fb7fe726f0a9743dfe3a7956c665c");
}

static void
a_message_with_its_padding_hashes_as_without(void **state)
{
    uint8_t blocks[2 * MUN_SHA256_BLOCK] = { 0 };
    struct mun_hash expected;
    struct mun_hash hash;

    (void)state;
    memset(blocks, 0x5a, 65);
    blocks[65] = 0x80;
    blocks[126] = 65 * 8 >> 8;
    blocks[127] = 65 * 8 & 0xff;
    mun_hash_padded(&hash, blocks, 2);
    nettle_hash(expected.b, blocks, 65);
    assert_true(mun_hash_eq(&hash, &expected));
}

/* Source: RFC 5869 appendix A.1 to A.3. */
static void
hkdf_matches_rfc_5869(void **state)
{
    uint8_t secret[80];
    uint8_t salt[80];
    uint8_t info[80];
    uint8_t out[82];
    char text[2 * 82 + 1];

    (void)state;
    memset(secret, 0x0b, 22);
    for (uint8_t i = 0; i < 13; i++)
        salt[i] = i;
    for (uint8_t i = 0; i < 10; i++)
        info[i] = (uint8_t)(0xf0 + i);
    mun_hkdf(out, 42, mun_bytes(salt, 13), mun_bytes(secret, 22),
             mun_bytes(info, 10));
    mun_hex_encode(text, mun_bytes(out, 42));
    assert_string_equal(text, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c"
                              "5db02d56ecc4c5bf34007208d5b887185865");

    for (uint8_t i = 0; i < 80; i++) {
        secret[i] = i;
        salt[i] = (uint8_t)(0x60 + i);
        info[i] = (uint8_t)(0xb0 + i);
    }
    mun_hkdf(out, 82, mun_bytes(salt, 80), mun_bytes(secret, 80),
             mun_bytes(info, 80));
    mun_hex_encode(text, mun_bytes(out, 82));
    assert_string_equal(text, "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8"
                              "a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                              "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87"
                              "c14c01d5c1f3434f1d87");

    memset(secret, 0x0b, 22);
    mun_hkdf(out, 42, MUN_BYTES_NONE, mun_bytes(secret, 22), MUN_BYTES_NONE);
    mun_hex_encode(text, mun_bytes(out, 42));
    assert_string_equal(text, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879e"
                              "c3454e5f3c738d2d9d201395faa4b61a96c8");
}

static void
hkdf_reaches_its_longest_output(void **state)
{
    static uint8_t out[255 * 32];
    uint8_t head[32];

    (void)state;
    mun_hkdf(out, sizeof out, MUN_BYTES_NONE, MUN_BYTES_NONE, MUN_BYTES_NONE);
    mun_hkdf(head, sizeof head, MUN_BYTES_NONE, MUN_BYTES_NONE, MUN_BYTES_NONE);
    assert_memory_equal(out, head, sizeof head);
}

static void
hashes_compare_by_their_bytes(void **state)
{
    struct mun_hash a = { { 0 } };
    struct mun_hash b = { { 0 } };

    (void)state;
    assert_true(mun_hash_is_zero(&mun_hash_zero));
    assert_true(mun_hash_eq(&a, &b));
    b.b[31] = 1;
    assert_false(mun_hash_eq(&a, &b));
    assert_false(mun_hash_is_zero(&b));
    assert_true(mun_hash_cmp(&a, &b) < 0);
    a.b[0] = 0x80;
    assert_true(mun_hash_cmp(&a, &b) > 0);
    assert_int_equal(mun_hash_cmp(&a, &a), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_the_examples_of_fips_180_4),
        cmocka_unit_test(a_million_letters_hash_as_in_fips_180_4),
        cmocka_unit_test(
            every_length_hashes_alike_in_one_shot_and_in_two_pieces),
        cmocka_unit_test(tagged_hashes_follow_the_definition_at_every_length),
        cmocka_unit_test(each_tags_midstate_is_that_of_its_text),
        cmocka_unit_test(tags_are_distinct_and_of_one_form),
        cmocka_unit_test(a_tagged_hash_has_not_changed),
        cmocka_unit_test(a_message_with_its_padding_hashes_as_without),
        cmocka_unit_test(hkdf_matches_rfc_5869),
        cmocka_unit_test(hkdf_reaches_its_longest_output),
        cmocka_unit_test(hashes_compare_by_their_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
