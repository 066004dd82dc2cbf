#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/bytes.h"
#include "ledger/base/encode.h"
#include "ledger/base/wr.h"
#include "ledger/core/commitment.h"

static struct mun_opening
sample(void)
{
    struct mun_opening out;

    memset(&out, 0, sizeof out);
    memset(out.salt.b, 0x11, sizeof out.salt.b);
    memset(out.digest.b, 0x22, sizeof out.digest.b);
    out.format = MUN_FORMAT_JSON;
    memset(out.programme.b, 0x33, sizeof out.programme.b);
    out.programme_version = 7;
    out.label = mun_bytes_str("diplomas");
    out.slot = 258;
    out.valid_from_ms = 1767225600000;
    out.assurance = MUN_ASSURANCE_INDEPENDENT;
    return out;
}

static struct mun_bytes
encode(const struct mun_opening *opening, uint8_t *out, size_t size)
{
    struct mun_wr wr;

    mun_wr_init(&wr, out, size);
    mun_opening_encode(&wr, opening);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

static enum mun_err_code
judge(const struct mun_opening *opening)
{
    uint8_t buffer[512];
    struct mun_opening back;

    return mun_opening_decode(&back, encode(opening, buffer, sizeof buffer))
        .code;
}

static void
assert_hash(const struct mun_hash *hash, const char *hex)
{
    char text[65];

    mun_hex_encode(text, mun_bytes(hash->b, sizeof hash->b));
    assert_string_equal(text, hex);
}

static void
an_opening_survives_a_round_trip(void **state)
{
    struct mun_opening opening = sample();
    uint8_t first[MUN_OPENING_BYTES_MAX];
    uint8_t second[MUN_OPENING_BYTES_MAX];
    struct mun_opening back;
    struct mun_bytes bytes;

    (void)state;
    bytes = encode(&opening, first, sizeof first);
    assert_true(mun_is_ok(mun_opening_decode(&back, bytes)));
    assert_true(mun_bytes_eq(encode(&back, second, sizeof second), bytes));
    assert_true(mun_bytes_eq(back.label, mun_bytes_str("diplomas")));
    assert_int_equal(back.slot, 258);
    assert_int_equal(back.programme_version, 7);
    assert_true(back.valid_from_ms == 1767225600000);
    assert_true(back.valid_until_ms == 0);
}

static void
every_short_prefix_and_a_longer_opening_are_refused(void **state)
{
    uint8_t buffer[MUN_OPENING_BYTES_MAX] = { 0 };
    struct mun_opening opening = sample();
    struct mun_opening back;
    size_t len = encode(&opening, buffer, sizeof buffer).len;

    (void)state;
    for (size_t i = 0; i < len; i++) {
        back.slot = 9;
        assert_int_equal(mun_opening_decode(&back, mun_bytes(buffer, i)).code,
                         MUN_ERR_TRUNCATED);
        assert_int_equal(back.slot, 0);
        assert_int_equal(back.label.len, 0);
    }
    assert_int_equal(mun_opening_decode(&back, mun_bytes(buffer, len + 1)).code,
                     MUN_ERR_TRAILING);
}

static void
each_field_holds_its_bounds(void **state)
{
    static const char label[] = "a2345678901234567890123456789012X";
    struct mun_opening opening = sample();

    (void)state;
    for (unsigned format = 0; format < 256; format++) {
        opening.format = (uint8_t)format;
        assert_int_equal(judge(&opening),
                         format == 1 || format == 2 ? MUN_OK : MUN_ERR_VALUE);
    }
    opening = sample();
    for (unsigned assurance = 0; assurance < 256; assurance++) {
        opening.assurance = (uint8_t)assurance;
        assert_int_equal(judge(&opening),
                         assurance <= 3 ? MUN_OK : MUN_ERR_VALUE);
    }
    opening = sample();
    opening.label = mun_bytes(label, 32);
    assert_int_equal(judge(&opening), MUN_OK);
    opening.label = mun_bytes(label, 33);
    assert_int_equal(judge(&opening), MUN_ERR_TEXT);
    opening.label = MUN_BYTES_NONE;
    assert_int_equal(judge(&opening), MUN_ERR_TEXT);
    opening.label = mun_bytes_str("-a");
    assert_int_equal(judge(&opening), MUN_ERR_TEXT);
    opening = sample();
    memset(opening.digest.b, 0, sizeof opening.digest.b);
    assert_int_equal(judge(&opening), MUN_ERR_VALUE); /* no document's */
    opening.digest.b[31] = 1;
    assert_int_equal(judge(&opening), MUN_OK);
}

static void
another_version_is_refused(void **state)
{
    uint8_t buffer[MUN_OPENING_BYTES_MAX];
    struct mun_opening opening = sample();
    struct mun_opening back;
    struct mun_bytes bytes = encode(&opening, buffer, sizeof buffer);

    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        buffer[0] = (uint8_t)version;
        assert_int_equal(mun_opening_decode(&back, bytes).code,
                         version == 1 ? MUN_OK : MUN_ERR_VERSION);
    }
}

/* Computed by a few lines of Python from section 12. */
static void
commitments_and_salts_are_what_section_12_says(void **state)
{
    struct mun_opening opening = sample();
    struct mun_hash hash;
    struct mun_hash seed;

    (void)state;
    mun_opening_commitment(&hash, &opening);
    assert_hash(
        &hash,
        "770f9f9ce3f74c65164e1fe3de9bf54b45b571dd180a75590b513923bf84c46b");
    for (size_t i = 0; i < sizeof seed.b; i++)
        seed.b[i] = (uint8_t)i;
    mun_opening_salt(&hash, &seed, 0);
    assert_hash(
        &hash,
        "10b761ad2f87a459958349c78f3ef31840dc72427aa20df2d2bfeab8b285ec39");
    mun_opening_salt(&hash, &seed, 0x01020304);
    assert_hash(
        &hash,
        "8fd11dce90ced4be1278195218d930484428a1de236270a196f6d1f6e7a88e00");
}

static void
every_field_changes_the_commitment(void **state)
{
    struct mun_opening changed[10];
    struct mun_opening opening = sample();
    struct mun_hash hashes[11];

    (void)state;
    for (size_t i = 0; i < 10; i++)
        changed[i] = opening;
    changed[0].salt.b[31] ^= 1;
    changed[1].digest.b[0] ^= 1;
    changed[2].format = MUN_FORMAT_BYTES;
    changed[3].programme.b[5] ^= 1;
    changed[4].programme_version++;
    changed[5].label = mun_bytes_str("diploma");
    changed[6].slot++;
    changed[7].valid_from_ms++;
    changed[8].valid_until_ms++;
    changed[9].assurance = MUN_ASSURANCE_SELF;
    mun_opening_commitment(&hashes[10], &opening);
    for (size_t i = 0; i < 10; i++)
        mun_opening_commitment(&hashes[i], &changed[i]);
    for (size_t i = 0; i < 11; i++) {
        for (size_t j = 0; j < i; j++)
            assert_false(mun_hash_eq(&hashes[i], &hashes[j]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opening_survives_a_round_trip),
        cmocka_unit_test(every_short_prefix_and_a_longer_opening_are_refused),
        cmocka_unit_test(each_field_holds_its_bounds),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(commitments_and_salts_are_what_section_12_says),
        cmocka_unit_test(every_field_changes_the_commitment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
