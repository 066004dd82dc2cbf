#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/bytes.h"
#include "ledger/base/encode.h"
#include "ledger/core/key.h"

/* The order of the group of secp256k1. */
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

static void
from_hex(uint8_t *out, size_t len, const char *hex)
{
    assert_true(mun_is_ok(mun_hex_decode(out, len, mun_bytes_str(hex))));
}

/* The secret 1, whose key is the generator. */
static void
signer_of_one(struct mun_signer *signer)
{
    struct mun_secret secret = { { 0 } };

    secret.b[31] = 1;
    assert_true(mun_is_ok(mun_signer_init(signer, &secret)));
}

static void
digest_of(struct mun_hash *out, const char *text)
{
    mun_hash_sha256(out, mun_bytes_str(text));
}

/* out = order - in. */
static void
negate(uint8_t out[32], const uint8_t in[32])
{
    uint8_t order[32];
    int borrow = 0;

    from_hex(order, sizeof order, ORDER);
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - in[i] - borrow;

        borrow = digit < 0;
        out[i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
}

/* Alike without a memo, with an empty one, and with what all before left. */
static void
assert_refused(const struct mun_sig *sig, const struct mun_key *key,
               const struct mun_hash *digest, enum mun_err_code code)
{
    static struct mun_key_memo full;
    struct mun_key_memo empty;

    memset(&empty, 0, sizeof empty);
    assert_int_equal(mun_sig_verify(sig, key, digest).code, code);
    assert_int_equal(mun_sig_verify_memo(&empty, sig, key, digest).code, code);
    for (int i = 0; i < 2; i++)
        assert_int_equal(mun_sig_verify_memo(&full, sig, key, digest).code,
                         code);
}

static void
the_secret_one_has_the_generator_as_its_key(void **state)
{
    struct mun_signer signer;
    char text[2 * MUN_KEY_BYTES + 1];

    (void)state;
    signer_of_one(&signer);
    mun_hex_encode(text, mun_bytes(signer.key.b, sizeof signer.key.b));
    assert_string_equal(text, "010279be667ef9dcbbac55a06295ce870b07"
                              "029bfcdb2dce28d959f2815b16f81798");
    assert_true(mun_is_ok(mun_key_check(&signer.key)));
    mun_signer_fini(&signer);
}

/* RFC 6979 over secp256k1, the secret 1 and SHA256("Satoshi Nakamoto"): known
 * in the field for years. */
static void
signing_is_deterministic_and_known(void **state)
{
    struct mun_signer signer;
    struct mun_hash digest;
    struct mun_sig sig;
    struct mun_sig again;
    char text[2 * MUN_SIG_BYTES + 1];

    (void)state;
    signer_of_one(&signer);
    digest_of(&digest, "Satoshi Nakamoto");
    mun_signer_sign(&signer, &sig, &digest);
    mun_signer_sign(&signer, &again, &digest);
    assert_memory_equal(&sig, &again, sizeof sig);
    mun_hex_encode(text, mun_bytes(sig.b, sizeof sig.b));
    assert_string_equal(
        text,
        "01934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
    assert_true(mun_is_ok(mun_sig_verify(&sig, &signer.key, &digest)));
    mun_signer_fini(&signer);
}

static void
what_a_signer_signs_verifies_wherever_the_signer_stands(void **state)
{
    static uint64_t room[(sizeof(struct mun_signer) + 64) / 8];

    (void)state;
    for (size_t at = 0; at < 4; at++) {
        struct mun_signer *signer = (struct mun_signer *)(void *)(room + at);
        struct mun_secret secret;
        struct mun_hash digest;
        struct mun_sig sig;

        memset(secret.b, (int)(0x11 + at), sizeof secret.b);
        assert_true(mun_is_ok(mun_signer_init(signer, &secret)));
        for (int i = 0; i < 50; i++) {
            memset(digest.b, i, sizeof digest.b);
            mun_signer_sign(signer, &sig, &digest);
            assert_true(mun_is_ok(mun_sig_verify(&sig, &signer->key, &digest)));
            /* Low S: the top bit is never set. */
            assert_true(sig.b[33] < 0x80);
        }
        mun_signer_fini(signer);
    }
}

/* More keys than slots, so that they take each other's; and each signature
 * under the key of another, which has a point too. */
static void
a_memo_of_keys_changes_no_answer(void **state)
{
    enum { KEYS = 96 };
    static struct mun_key keys[KEYS];
    static struct mun_sig sigs[KEYS];
    static struct mun_key_memo memo;
    struct mun_hash digest;

    (void)state;
    assert_true(KEYS > 2 * MUN_KEY_MEMO_SLOTS);
    digest_of(&digest, "memo");
    for (size_t i = 0; i < KEYS; i++) {
        struct mun_signer signer;
        struct mun_secret secret;

        memset(secret.b, (int)(i + 1), sizeof secret.b);
        assert_true(mun_is_ok(mun_signer_init(&signer, &secret)));
        keys[i] = signer.key;
        mun_signer_sign(&signer, &sigs[i], &digest);
        mun_signer_fini(&signer);
    }
    for (size_t i = 0; i < 2 * (size_t)KEYS; i++) {
        size_t at = i % KEYS;
        size_t other = (at + 1) % KEYS;

        for (int again = 0; again < 2; again++) {
            assert_true(mun_is_ok(
                mun_sig_verify_memo(&memo, &sigs[at], &keys[at], &digest)));
            assert_int_equal(
                mun_sig_verify_memo(&memo, &sigs[at], &keys[other], &digest)
                    .code,
                MUN_ERR_SIGNATURE);
        }
    }
    assert_int_equal(
        mun_sig_verify_memo(&memo, &sigs[0], &mun_key_none, &digest).code,
        MUN_ERR_KEY);
}

/* B7. */
static void
a_signature_with_high_s_is_refused(void **state)
{
    struct mun_signer signer;
    struct mun_hash digest;
    struct mun_sig sig;
    uint8_t low[32];

    (void)state;
    signer_of_one(&signer);
    digest_of(&digest, "high");
    mun_signer_sign(&signer, &sig, &digest);
    memcpy(low, sig.b + 33, sizeof low);
    negate(sig.b + 33, low);
    assert_refused(&sig, &signer.key, &digest, MUN_ERR_SIGNATURE);
    negate(sig.b + 33, sig.b + 33);
    assert_true(mun_is_ok(mun_sig_verify(&sig, &signer.key, &digest)));
    mun_signer_fini(&signer);
}

/* B7. */
static void
scalars_that_are_zero_or_not_below_the_order_are_refused(void **state)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        ORDER,
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct mun_signer signer;
    struct mun_hash digest;
    struct mun_sig good;

    (void)state;
    signer_of_one(&signer);
    digest_of(&digest, "scalars");
    mun_signer_sign(&signer, &good, &digest);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mun_sig sig = good;

        from_hex(sig.b + 1, 32, bad[i]);
        assert_refused(&sig, &signer.key, &digest, MUN_ERR_SIGNATURE);
        from_hex(sig.b + 33, 32, bad[i]);
        assert_refused(&sig, &signer.key, &digest, MUN_ERR_SIGNATURE);
        sig = good;
        from_hex(sig.b + 33, 32, bad[i]);
        assert_refused(&sig, &signer.key, &digest, MUN_ERR_SIGNATURE);
    }
    mun_signer_fini(&signer);
}

static void
every_flipped_bit_of_signature_or_digest_is_refused(void **state)
{
    struct mun_signer signer;
    struct mun_hash digest;
    struct mun_sig sig;

    (void)state;
    signer_of_one(&signer);
    digest_of(&digest, "bits");
    mun_signer_sign(&signer, &sig, &digest);
    for (size_t bit = 0; bit < 8 * sizeof sig.b; bit++) {
        sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_refused(&sig, &signer.key, &digest, MUN_ERR_SIGNATURE);
        sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof digest.b; bit++) {
        digest.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_refused(&sig, &signer.key, &digest, MUN_ERR_SIGNATURE);
        digest.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    mun_signer_fini(&signer);
}

/* B7: other algorithms, and the forms of points that are not compressed. */
static void
keys_of_another_form_are_refused(void **state)
{
    static const uint8_t bad_algorithms[] = { 0, 2, 255 };
    static const uint8_t bad_forms[] = { 0, 1, 4, 5, 6, 7, 255 };
    struct mun_signer signer;
    struct mun_hash digest;
    struct mun_key key;
    struct mun_sig sig;

    (void)state;
    signer_of_one(&signer);
    digest_of(&digest, "keys");
    mun_signer_sign(&signer, &sig, &digest);
    for (size_t i = 0; i < sizeof bad_algorithms; i++) {
        key = signer.key;
        key.b[0] = bad_algorithms[i];
        assert_int_equal(mun_key_check(&key).code, MUN_ERR_KEY);
        assert_refused(&sig, &key, &digest, MUN_ERR_KEY);
    }
    for (size_t i = 0; i < sizeof bad_forms; i++) {
        key = signer.key;
        key.b[1] = bad_forms[i];
        assert_int_equal(mun_key_check(&key).code, MUN_ERR_KEY);
    }
    assert_int_equal(mun_key_check(&mun_key_none).code, MUN_ERR_KEY);
    /* The other root of the curve's equation is another key. */
    key = signer.key;
    key.b[1] ^= 1;
    assert_true(mun_is_ok(mun_key_check(&key)));
    assert_refused(&sig, &key, &digest, MUN_ERR_SIGNATURE);
    mun_signer_fini(&signer);
}

static void
points_that_are_not_on_the_curve_are_refused(void **state)
{
    /* No y for x = 5 and x = 0; x = p and above is not a field element. */
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000005",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mun_key key = { { MUN_ALG_SECP256K1, 2 } };

        from_hex(key.b + 2, 32, bad[i]);
        assert_int_equal(mun_key_check(&key).code, MUN_ERR_KEY);
    }
}

static void
secrets_out_of_range_are_refused_and_leave_nothing(void **state)
{
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        ORDER,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    struct mun_signer zeros;

    (void)state;
    memset(&zeros, 0, sizeof zeros);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mun_signer signer;
        struct mun_secret secret;

        from_hex(secret.b, sizeof secret.b, bad[i]);
        memset(&signer, 0xaa, sizeof signer);
        assert_int_equal(mun_signer_init(&signer, &secret).code, MUN_ERR_KEY);
        assert_memory_equal(&signer, &zeros, sizeof zeros);
        mun_signer_fini(&signer);
    }
}

static void
a_signer_that_ended_holds_zeros(void **state)
{
    struct mun_signer zeros;
    struct mun_signer signer;

    (void)state;
    memset(&zeros, 0, sizeof zeros);
    signer_of_one(&signer);
    mun_signer_fini(&signer);
    assert_memory_equal(&signer, &zeros, sizeof zeros);
}

static void
keys_compare_by_their_bytes(void **state)
{
    struct mun_key a = { { 1, 2, 3 } };
    struct mun_key b = { { 1, 3, 0 } };

    (void)state;
    assert_true(mun_key_eq(&a, &a));
    assert_false(mun_key_eq(&a, &b));
    assert_true(mun_key_cmp(&a, &b) < 0);
    assert_true(mun_key_cmp(&b, &a) > 0);
    assert_true(mun_key_is_none(&mun_key_none));
    assert_false(mun_key_is_none(&a));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_secret_one_has_the_generator_as_its_key),
        cmocka_unit_test(signing_is_deterministic_and_known),
        cmocka_unit_test(
            what_a_signer_signs_verifies_wherever_the_signer_stands),
        cmocka_unit_test(a_memo_of_keys_changes_no_answer),
        cmocka_unit_test(a_signature_with_high_s_is_refused),
        cmocka_unit_test(
            scalars_that_are_zero_or_not_below_the_order_are_refused),
        cmocka_unit_test(every_flipped_bit_of_signature_or_digest_is_refused),
        cmocka_unit_test(keys_of_another_form_are_refused),
        cmocka_unit_test(points_that_are_not_on_the_curve_are_refused),
        cmocka_unit_test(secrets_out_of_range_are_refused_and_leave_nothing),
        cmocka_unit_test(a_signer_that_ended_holds_zeros),
        cmocka_unit_test(keys_compare_by_their_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
