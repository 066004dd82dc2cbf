#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/arena.h"
#include "ledger/base/encode.h"
#include "ledger/base/limits.h"
#include "ledger/base/wr.h"
#include "ledger/core/entry.h"
#include "ledger/core/merkle.h"
#include "ledger/core/refusal.h"
#include "tests/support/make_entry.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where the fields of a body lie. */
#define VERSION_AT 0
#define KIND_AT 1
#define CHAIN_AT 3
#define KEY_COUNT_AT (CHAIN_AT + 32 + 32 + 8)
#define KEYS_AT (KEY_COUNT_AT + 1)

/* The order of the group of secp256k1. */
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

static const enum mun_kind kinds[] = {
#define X(name, code, window, text) MUN_KIND_##name,
    MUN_KIND_TABLE(X)
#undef X
};

static struct mun_arena arena;

static int
set_up(void **state)
{
    (void)state;
    return mun_is_ok(mun_arena_open(&arena, 16u << 20)) ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    mun_arena_close(&arena);
    return 0;
}

static int
empty_arena(void **state)
{
    (void)state;
    mun_arena_reset(&arena, 0);
    return 0;
}

static enum mun_refusal
judge(struct mun_bytes bytes)
{
    struct mun_entry entry;

    return mun_entry_decode(&entry, bytes);
}

static void
assert_refusal(enum mun_refusal got, enum mun_refusal expected)
{
    if (got != expected)
        fail_msg("%s instead of %s", mun_refusal_name(got),
                 mun_refusal_name(expected));
}

/* The sample of a kind, signed by who has to. */
static struct mun_bytes
sign_sample(struct mun_entry *entry)
{
    unsigned signers[2];
    size_t count = mun_test_sample_signers(entry->kind, signers);

    return mun_test_sign_entry(&arena, entry, signers, count);
}

static struct mun_bytes
make_sample(struct mun_entry *entry, enum mun_kind kind)
{
    mun_test_sample_entry(&arena, entry, kind);
    return sign_sample(entry);
}

/* A copy that may be changed, with `extra` zero bytes behind. */
static uint8_t *
copy_of(struct mun_bytes bytes, size_t extra)
{
    uint8_t *copy = mun_arena_alloc(&arena, bytes.len + extra);

    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    return copy;
}

/* How the decoder judges the sample once it is changed and signed again. */
static void
assert_judged(struct mun_entry *entry, enum mun_refusal expected)
{
    assert_refusal(judge(sign_sample(entry)), expected);
}

static void
each_kind_survives_a_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct mun_entry entry;
        struct mun_entry back;
        struct mun_bytes bytes = make_sample(&entry, kinds[i]);
        uint8_t *again = copy_of(bytes, 0);
        struct mun_wr wr;

        memset(again, 0, bytes.len);
        assert_refusal(mun_entry_decode(&back, bytes), MUN_REFUSAL_NONE);
        assert_int_equal(back.kind, kinds[i]);
        assert_true(mun_hash_eq(&back.chain_id, &entry.chain_id));
        assert_true(mun_hash_eq(&back.actor, &entry.actor));
        assert_true(mun_hash_eq(&back.id, &entry.id));
        assert_true(back.valid_until_ms == entry.valid_until_ms);
        assert_int_equal(back.key_count, entry.key_count);
        assert_true(mun_bytes_eq(back.body, entry.body));
        mun_wr_init(&wr, again, bytes.len);
        assert_true(mun_is_ok(mun_entry_encode_body(&wr, &back)));
        for (uint8_t k = 0; k < back.key_count; k++)
            mun_wr_copy(&wr, back.sigs[k].b, sizeof back.sigs[k].b);
        assert_true(mun_bytes_eq(mun_wr_done(&wr), bytes));
    }
}

static void
fields_of_payloads_come_back(void **state)
{
    struct mun_entry entry;
    struct mun_entry back;

    (void)state;
    assert_refusal(
        mun_entry_decode(&back, make_sample(&entry, MUN_KIND_REGISTER_PARTY)),
        MUN_REFUSAL_NONE);
    assert_true(mun_bytes_eq(back.as.register_party.name,
                             mun_bytes_str("Universit\xc3\xa9")));
    assert_int_equal(back.as.register_party.key_count, 1);
    assert_true(
        mun_key_eq(&back.as.register_party.keys[0].key, mun_test_key(2)));
    assert_refusal(
        mun_entry_decode(&back, make_sample(&entry, MUN_KIND_WITHDRAW)),
        MUN_REFUSAL_NONE);
    assert_true(back.as.standing.void_since_ms == MUN_TEST_TIME_MS);
    assert_refusal(
        mun_entry_decode(&back, make_sample(&entry, MUN_KIND_SUSPEND)),
        MUN_REFUSAL_NONE);
    assert_true(back.as.standing.void_since_ms == 0);
    assert_int_equal(back.as.standing.reason, MUN_REASON_OTHER);
    assert_refusal(
        mun_entry_decode(&back, make_sample(&entry, MUN_KIND_ANCHOR)),
        MUN_REFUSAL_NONE);
    assert_int_equal(back.as.anchor.count, 3);
    assert_true(back.as.anchor.is_published);
    assert_true(mun_bytes_eq(back.as.anchor.label, mun_bytes_str("diplomas")));
    assert_refusal(mun_entry_decode(
                       &back, make_sample(&entry, MUN_KIND_REGISTER_PROGRAMME)),
                   MUN_REFUSAL_NONE);
    assert_int_equal(back.as.register_programme.description.credits, 500);
    assert_int_equal(back.as.register_programme.description_bytes.len,
                     back.payload.len - 1 - strlen("data-1"));
}

static void
every_short_prefix_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct mun_entry entry;
        struct mun_bytes bytes = make_sample(&entry, kinds[i]);

        for (size_t len = 0; len < bytes.len; len++)
            assert_refusal(judge(mun_bytes(bytes.data, len)),
                           MUN_REFUSAL_BAD_ENCODING);
    }
}

static void
one_byte_too_many_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct mun_entry entry;
        struct mun_bytes bytes = make_sample(&entry, kinds[i]);

        assert_refusal(judge(mun_bytes(copy_of(bytes, 1), bytes.len + 1)),
                       MUN_REFUSAL_BAD_ENCODING);
    }
}

/* The entry with its payload replaced; signatures stay as they were. */
static struct mun_bytes
with_payload(const struct mun_entry *entry, struct mun_bytes payload)
{
    struct mun_entry back;
    struct mun_wr wr;
    size_t head;
    uint8_t *out = mun_arena_alloc(&arena, MUN_ENTRY_BYTES_MAX);

    assert_non_null(out);
    assert_refusal(mun_entry_decode(&back, entry->bytes), MUN_REFUSAL_NONE);
    head = back.body.len - back.payload.len - 4;
    mun_wr_init(&wr, out, MUN_ENTRY_BYTES_MAX);
    mun_wr_copy(&wr, back.body.data, head);
    mun_wr_run32(&wr, payload);
    mun_wr_copy(&wr, back.sigs, back.key_count * sizeof *back.sigs);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

static void
a_payload_that_is_longer_or_shorter_than_its_fields_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct mun_entry entry;
        struct mun_entry back;
        uint8_t *payload;
        size_t len;

        (void)make_sample(&entry, kinds[i]);
        assert_refusal(mun_entry_decode(&back, entry.bytes), MUN_REFUSAL_NONE);
        len = back.payload.len;
        payload = copy_of(back.payload, 1);
        assert_refusal(judge(with_payload(&entry, mun_bytes(payload, len))),
                       MUN_REFUSAL_NONE);
        assert_refusal(judge(with_payload(&entry, mun_bytes(payload, len + 1))),
                       MUN_REFUSAL_BAD_ENCODING);
        for (size_t less = 0; less < len; less++) {
            size_t mark = mun_arena_mark(&arena);

            assert_refusal(
                judge(with_payload(&entry, mun_bytes(payload, less))),
                MUN_REFUSAL_BAD_ENCODING);
            mun_arena_reset(&arena, mark);
        }
    }
}

static void
size_is_judged_before_version_and_version_before_kind(void **state)
{
    static uint8_t zeros[MUN_ENTRY_BYTES_MAX + 1];
    static const uint8_t no_kind[] = { 1, 0xff, 0xff };
    static const uint8_t no_version[] = { 2, 0xff, 0xff };

    (void)state;
    assert_refusal(judge(mun_bytes(zeros, MUN_ENTRY_BYTES_MAX + 1)),
                   MUN_REFUSAL_TOO_LARGE);
    assert_refusal(judge(mun_bytes(zeros, MUN_ENTRY_BYTES_MAX)),
                   MUN_REFUSAL_UNKNOWN_VERSION);
    assert_refusal(judge(mun_bytes(no_version, sizeof no_version)),
                   MUN_REFUSAL_UNKNOWN_VERSION);
    assert_refusal(judge(mun_bytes(no_kind, sizeof no_kind)),
                   MUN_REFUSAL_UNKNOWN_KIND);
    assert_refusal(judge(MUN_BYTES_NONE), MUN_REFUSAL_BAD_ENCODING);
}

static void
unknown_versions_are_refused(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_RETIRE_KEY);
    uint8_t *copy = copy_of(bytes, 0);

    (void)state;
    for (unsigned version = 0; version < 256; version++) {
        copy[VERSION_AT] = (uint8_t)version;
        assert_refusal(judge(mun_bytes(copy, bytes.len)),
                       version == 1 ? MUN_REFUSAL_NONE
                                    : MUN_REFUSAL_UNKNOWN_VERSION);
    }
}

static void
kinds_that_are_kept_for_later_are_unknown(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_RETIRE_KEY);
    uint8_t *copy = copy_of(bytes, 0);
    unsigned known = 0;

    (void)state;
    for (unsigned code = 0; code <= 0xffff; code++) {
        copy[KIND_AT] = (uint8_t)(code >> 8);
        copy[KIND_AT + 1] = (uint8_t)code;
        if (mun_kind_text((uint16_t)code) != NULL) {
            known++;
            continue;
        }
        assert_refusal(judge(mun_bytes(copy, bytes.len)),
                       MUN_REFUSAL_UNKNOWN_KIND);
    }
    assert_int_equal(known, COUNT(kinds));
    assert_null(mun_kind_text(0x0101));
    assert_null(mun_kind_text(0x0202));
    assert_null(mun_kind_text(0x0302));
    assert_null(mun_kind_text(0x0603));
    assert_string_equal(mun_kind_text(0x0601), "anchor");
}

static void
windows_are_a_day_or_60_days(void **state)
{
    const uint64_t day = 24 * MUN_TEST_HOUR_MS;

    (void)state;
    assert_true(mun_kind_window_ms(MUN_KIND_ANCHOR) == day);
    assert_true(mun_kind_window_ms(MUN_KIND_CHANGE_STATUS) == day);
    assert_true(mun_kind_window_ms(MUN_KIND_RETIRE_KEY) == day);
    assert_true(mun_kind_window_ms(MUN_KIND_SUSPEND) == day);
    assert_true(mun_kind_window_ms(MUN_KIND_REINSTATE) == day);
    assert_true(mun_kind_window_ms(MUN_KIND_REGISTER_PROGRAMME) == day);
    assert_true(mun_kind_window_ms(MUN_KIND_REGISTER_PARTY) == 60 * day);
    assert_true(mun_kind_window_ms(MUN_KIND_ADD_KEY) == 60 * day);
    assert_true(mun_kind_window_ms(MUN_KIND_ACCREDIT) == 60 * day);
    assert_true(mun_kind_window_ms(MUN_KIND_WITHDRAW) == 60 * day);
}

static void
signing_keys_ascend_strictly(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_ADD_KEY);
    uint8_t *swapped = copy_of(bytes, 0);
    uint8_t *twice = copy_of(bytes, 0);

    (void)state;
    assert_int_equal(entry.key_count, 2);
    memcpy(swapped + KEYS_AT, entry.keys[1].b, MUN_KEY_BYTES);
    memcpy(swapped + KEYS_AT + MUN_KEY_BYTES, entry.keys[0].b, MUN_KEY_BYTES);
    assert_refusal(judge(mun_bytes(swapped, bytes.len)),
                   MUN_REFUSAL_SIGNERS_UNORDERED);
    memcpy(twice + KEYS_AT, entry.keys[1].b, MUN_KEY_BYTES);
    assert_refusal(judge(mun_bytes(twice, bytes.len)),
                   MUN_REFUSAL_SIGNERS_UNORDERED);
}

static void
one_to_16_keys_sign(void **state)
{
    unsigned signers[MUN_SIGNERS_MAX];
    struct mun_entry_checked *checked;
    struct mun_entry entry;
    struct mun_bytes bytes;
    uint8_t *copy;

    (void)state;
    for (unsigned i = 0; i < MUN_SIGNERS_MAX; i++)
        signers[i] = i + 1;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_RETIRE_KEY);
    bytes = mun_test_sign_entry(&arena, &entry, signers, MUN_SIGNERS_MAX);
    checked = mun_test_check_entry(&arena, bytes, NULL, 0);
    assert_int_equal(checked->entry.key_count, MUN_SIGNERS_MAX);
    copy = copy_of(bytes, 0);
    copy[KEY_COUNT_AT] = MUN_SIGNERS_MAX + 1;
    assert_refusal(judge(mun_bytes(copy, bytes.len)), MUN_REFUSAL_BAD_ENCODING);
    bytes = mun_test_sign_entry(&arena, &entry, signers, 0);
    assert_refusal(judge(bytes), MUN_REFUSAL_BAD_ENCODING);
}

/* A compressed point that is not on the curve. */
static struct mun_key
key_off_the_curve(void)
{
    struct mun_key key = *mun_test_key(1);

    do
        key.b[MUN_KEY_BYTES - 1]++;
    while (mun_is_ok(mun_key_check(&key)));
    return key;
}

static void
signing_keys_are_points_with_their_algorithm(void **state)
{
    const struct mun_key off = key_off_the_curve();
    struct mun_entry_checked checked;
    struct mun_entry entry;
    struct mun_entry back;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_ACCREDIT);
    uint8_t *copy = copy_of(bytes, 0);

    (void)state;
    copy[KEYS_AT] = 2;
    assert_refusal(judge(mun_bytes(copy, bytes.len)), MUN_REFUSAL_BAD_ENCODING);
    copy[KEYS_AT] = MUN_ALG_SECP256K1;
    copy[KEYS_AT + 1] = 4;
    assert_refusal(judge(mun_bytes(copy, bytes.len)), MUN_REFUSAL_BAD_ENCODING);
    memcpy(copy + KEYS_AT, off.b, sizeof off.b);
    assert_refusal(mun_entry_decode(&back, mun_bytes(copy, bytes.len)),
                   MUN_REFUSAL_NONE);
    assert_refusal(mun_entry_verify(&checked, &back, NULL, 0),
                   MUN_REFUSAL_BAD_ENCODING);
}

static void
keys_in_payloads_are_points_on_the_curve(void **state)
{
    static const unsigned two[] = { 2, 3 };
    const struct mun_key off = key_off_the_curve();
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_RETIRE_KEY);
    entry.as.retire_key = off;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    entry.as.retire_key = mun_key_none;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ADD_KEY);
    entry.as.add_key.key = off;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
    for (size_t i = 0; i < COUNT(two); i++) {
        (void)mun_test_set_keys(&entry.as.register_party, two, COUNT(two),
                                MUN_PURPOSE_GOVERN);
        assert_judged(&entry, MUN_REFUSAL_NONE);
        entry.as.register_party.keys[i].key = off;
        assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    }
}

static void
purposes_are_a_mixture_or_validate_alone(void **state)
{
    struct mun_entry entry;

    (void)state;
    for (unsigned purposes = 0; purposes < 256; purposes++) {
        bool is_right = (purposes >= 1 && purposes <= 15) || purposes == 16;
        enum mun_refusal expected =
            is_right ? MUN_REFUSAL_NONE : MUN_REFUSAL_BAD_ENCODING;

        mun_test_sample_entry(&arena, &entry, MUN_KIND_ADD_KEY);
        entry.as.add_key.purposes = (uint8_t)purposes;
        assert_judged(&entry, expected);
        mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
        entry.as.register_party.keys[0].purposes = (uint8_t)purposes;
        assert_judged(&entry, expected);
    }
}

static void
a_party_has_one_to_8_keys_that_ascend(void **state)
{
    static const unsigned many[MUN_PARTY_KEYS_MAX] = { 9, 2, 3, 4, 5, 6, 7, 8 };
    struct mun_register_party *party;
    struct mun_key_grant swap;
    struct mun_entry entry;
    struct mun_entry back;
    uint8_t *payload;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
    party = &entry.as.register_party;
    (void)mun_test_set_keys(party, many, COUNT(many), MUN_PURPOSE_GOVERN);
    assert_judged(&entry, MUN_REFUSAL_NONE);
    swap = party->keys[6];
    party->keys[6] = party->keys[7];
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING); /* equal */
    party->keys[7] = swap;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING); /* descending */
    party->key_count = 0;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);

    /* A ninth, behind the payload's last byte. */
    (void)mun_test_set_keys(party, many, COUNT(many), MUN_PURPOSE_GOVERN);
    assert_refusal(mun_entry_decode(&back, sign_sample(&entry)),
                   MUN_REFUSAL_NONE);
    payload = copy_of(back.payload, MUN_KEY_BYTES + 1);
    payload[back.payload.len - COUNT(many) * (MUN_KEY_BYTES + 1) - 1] = 9;
    assert_refusal(
        judge(with_payload(
            &entry, mun_bytes(payload, back.payload.len + MUN_KEY_BYTES + 1))),
        MUN_REFUSAL_BAD_ENCODING);
}

static void
texts_of_a_party_are_clean_and_within_their_bounds(void **state)
{
    static const struct {
        const char *text;
        enum mun_refusal refusal;
    } names[] = {
        { "A", MUN_REFUSAL_NONE },
        { "\xc3\xa9", MUN_REFUSAL_NONE },
        { "", MUN_REFUSAL_BAD_TEXT },
        { "e\xcc\x81", MUN_REFUSAL_BAD_TEXT }, /* not NFC */
        { "a\xe2\x80\xae"
          "b",
          MUN_REFUSAL_BAD_TEXT }, /* bidi override */
        { "a\xe2\x81\xa6"
          "b",
          MUN_REFUSAL_BAD_TEXT }, /* bidi isolate */
        { "a\x1b"
          "b",
          MUN_REFUSAL_BAD_TEXT }, /* control */
        { "a\n", MUN_REFUSAL_BAD_TEXT },
        { " a", MUN_REFUSAL_BAD_TEXT },
        { "\xc0\x80", MUN_REFUSAL_BAD_TEXT },     /* an overlong zero */
        { "\xed\xa0\x80", MUN_REFUSAL_BAD_TEXT }, /* a surrogate */
    };
    static char letters[512];
    struct mun_register_party *party;
    struct mun_entry entry;

    (void)state;
    memset(letters, 'a', sizeof letters);
    for (size_t i = 0; i < COUNT(names); i++) {
        mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
        entry.as.register_party.name = mun_bytes_str(names[i].text);
        assert_judged(&entry, names[i].refusal);
    }
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
    party = &entry.as.register_party;
    party->name = mun_bytes(letters, 200);
    party->url = mun_bytes(letters, 300);
    party->country = mun_bytes(letters, 8);
    assert_judged(&entry, MUN_REFUSAL_NONE);
    party->name = mun_bytes(letters, 201);
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
    party->name = mun_bytes(letters, 1);
    party->url = mun_bytes(letters, 301);
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
    party->url = MUN_BYTES_NONE;
    party->country = mun_bytes(letters, 9);
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
    party->country = mun_bytes(letters, 1);
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
    party->country = mun_bytes(letters, 2);
    assert_judged(&entry, MUN_REFUSAL_NONE);
}

static void
labels_and_codes_are_labels_of_1_to_32_bytes(void **state)
{
    static const struct {
        const char *text;
        enum mun_refusal refusal;
    } labels[] = {
        { "a", MUN_REFUSAL_NONE },
        { "0.a_b-C", MUN_REFUSAL_NONE },
        { "a2345678901234567890123456789012", MUN_REFUSAL_NONE },
        { "a23456789012345678901234567890123", MUN_REFUSAL_BAD_TEXT },
        { "", MUN_REFUSAL_BAD_TEXT },
        { "-a", MUN_REFUSAL_BAD_TEXT },
        { "a/b", MUN_REFUSAL_BAD_TEXT },
        { "a b", MUN_REFUSAL_BAD_TEXT },
        { "\xc3\xa9", MUN_REFUSAL_BAD_TEXT },
    };
    struct mun_entry entry;

    (void)state;
    for (size_t i = 0; i < COUNT(labels); i++) {
        mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
        entry.as.anchor.label = mun_bytes_str(labels[i].text);
        assert_judged(&entry, labels[i].refusal);
        mun_test_sample_entry(&arena, &entry, MUN_KIND_CHANGE_STATUS);
        entry.as.change_status.label = mun_bytes_str(labels[i].text);
        assert_judged(&entry, labels[i].refusal);
        mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PROGRAMME);
        entry.as.register_programme.code = mun_bytes_str(labels[i].text);
        assert_judged(&entry, labels[i].refusal);
    }
}

static void
scopes_and_descriptions_are_judged_as_parts_of_entries(void **state)
{
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ACCREDIT);
    entry.as.accredit.grant.basis = mun_bytes_str("e\xcc\x81");
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ACCREDIT);
    entry.as.accredit.grant.scope.award_kinds = 0;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ACCREDIT);
    entry.as.accredit.grant.scope.levels[1] =
        entry.as.accredit.grant.scope.levels[0];
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PROGRAMME);
    entry.as.register_programme.description.award_kind = 0;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PROGRAMME);
    entry.as.register_programme.description.url = mun_bytes_str("a\tb");
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
}

static void
the_first_wrong_field_decides(void **state)
{
    struct mun_register_party *party;
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
    party = &entry.as.register_party;
    party->name = mun_bytes_str("");
    party->keys[0].purposes = 0;
    assert_judged(&entry, MUN_REFUSAL_BAD_TEXT);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ACCREDIT);
    entry.as.accredit.grant.tier = 0;
    entry.as.accredit.grant.basis = mun_bytes_str(" ");
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
}

static void
reasons_are_1_to_4(void **state)
{
    static const enum mun_kind with_reason[] = { MUN_KIND_SUSPEND,
                                                 MUN_KIND_REINSTATE,
                                                 MUN_KIND_WITHDRAW };
    struct mun_change change = { .action = MUN_ACTION_REVOKE };
    struct mun_entry entry;

    (void)state;
    for (unsigned reason = 0; reason < 256; reason++) {
        enum mun_refusal expected = reason >= 1 && reason <= 4
                                        ? MUN_REFUSAL_NONE
                                        : MUN_REFUSAL_BAD_ENCODING;

        for (size_t i = 0; i < COUNT(with_reason); i++) {
            mun_test_sample_entry(&arena, &entry, with_reason[i]);
            entry.as.standing.reason = (uint8_t)reason;
            assert_judged(&entry, expected);
        }
        mun_test_sample_entry(&arena, &entry, MUN_KIND_CHANGE_STATUS);
        change.reason = (uint8_t)reason;
        mun_test_set_changes(&arena, &entry.as.change_status, &change, 1);
        assert_judged(&entry, expected);
    }
}

static void
an_anchor_names_one_to_4_accreditations_that_ascend(void **state)
{
    struct mun_hash hashes[5];
    struct mun_anchor *anchor;
    struct mun_entry entry;
    struct mun_entry back;
    uint8_t *payload;

    (void)state;
    memset(hashes, 0, sizeof hashes);
    for (uint8_t i = 0; i < 5; i++)
        hashes[i].b[31] = (uint8_t)(i + 1);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
    anchor = &entry.as.anchor;
    anchor->accreditation_count = 4;
    memcpy(anchor->accreditations, hashes, sizeof anchor->accreditations);
    assert_refusal(mun_entry_decode(&back, sign_sample(&entry)),
                   MUN_REFUSAL_NONE);
    assert_int_equal(back.as.anchor.accreditation_count, 4);
    assert_true(mun_hash_eq(&back.as.anchor.accreditations[3], &hashes[3]));

    payload = copy_of(back.payload, sizeof hashes[4]);
    payload[back.payload.len - 4 * sizeof hashes[0] - 1] = 5;
    memcpy(payload + back.payload.len, hashes[4].b, sizeof hashes[4].b);
    assert_refusal(
        judge(with_payload(
            &entry, mun_bytes(payload, back.payload.len + sizeof hashes[4]))),
        MUN_REFUSAL_BAD_ENCODING);

    anchor->accreditations[2] = hashes[1];
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING); /* equal */
    anchor->accreditations[2] = hashes[0];
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING); /* descending */
    anchor->accreditation_count = 0;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
}

static void
a_batch_is_not_empty(void **state)
{
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
    entry.as.anchor.count = 0;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    entry.as.anchor.count = 1;
    assert_judged(&entry, MUN_REFUSAL_NONE);
}

static void
published_is_0_or_1(void **state)
{
    struct mun_entry entry;
    struct mun_entry back;
    uint8_t *payload;
    size_t at;

    (void)state;
    assert_refusal(
        mun_entry_decode(&back, make_sample(&entry, MUN_KIND_ANCHOR)),
        MUN_REFUSAL_NONE);
    payload = copy_of(back.payload, 0);
    at = back.payload.len - 32 - 1 - 1;
    assert_int_equal(payload[at], 1);
    payload[at] = 2;
    assert_refusal(
        judge(with_payload(&entry, mun_bytes(payload, back.payload.len))),
        MUN_REFUSAL_BAD_ENCODING);
}

static void
changes_come_back_one_by_one(void **state)
{
    struct mun_change change;
    struct mun_entry entry;
    struct mun_entry back;
    size_t at = 0;

    (void)state;
    assert_refusal(
        mun_entry_decode(&back, make_sample(&entry, MUN_KIND_CHANGE_STATUS)),
        MUN_REFUSAL_NONE);
    assert_int_equal(back.as.change_status.count, 5);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(mun_change_next(&back.as.change_status, &at, &change));
        assert_int_equal(change.action, i + 1);
        assert_int_equal(mun_hash_is_zero(&change.superseded_by),
                         change.action != MUN_ACTION_SUPERSEDE);
        assert_int_equal(change.extended_until_ms == 0,
                         change.action != MUN_ACTION_EXTEND);
        assert_int_equal(change.if_since,
                         change.action == MUN_ACTION_REINSTATE ? 41 : 0);
    }
    assert_int_equal(change.index, 400);
    assert_false(mun_change_next(&back.as.change_status, &at, &change));
}

static void
changes_ascend_by_index_and_have_known_actions(void **state)
{
    struct mun_change changes[2] = {
        { .index = 4, .action = MUN_ACTION_REVOKE, .reason = 1 },
        { .index = 5, .action = MUN_ACTION_REVOKE, .reason = 1 },
    };
    struct mun_change_status *status;
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_CHANGE_STATUS);
    status = &entry.as.change_status;
    mun_test_set_changes(&arena, status, changes, 2);
    assert_judged(&entry, MUN_REFUSAL_NONE);
    changes[1].index = 4;
    mun_test_set_changes(&arena, status, changes, 2);
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    changes[1].index = 3;
    mun_test_set_changes(&arena, status, changes, 2);
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    for (unsigned action = 0; action < 256; action++) {
        changes[0].action = (uint8_t)action;
        changes[0].superseded_by = mun_test_hash(1);
        mun_test_set_changes(&arena, status, changes, 1);
        assert_judged(&entry, action >= 1 && action <= 5
                                  ? MUN_REFUSAL_NONE
                                  : MUN_REFUSAL_BAD_ENCODING);
    }
    changes[0].action = MUN_ACTION_SUPERSEDE;
    changes[0].superseded_by = mun_hash_zero;
    mun_test_set_changes(&arena, status, changes, 1);
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
}

static void
an_entry_changes_1_to_4096_slots(void **state)
{
    static struct mun_change changes[MUN_CHANGES_MAX + 1];
    struct mun_change_status *status;
    struct mun_change change;
    struct mun_entry entry;
    struct mun_entry back;
    uint32_t count = 0;
    size_t at = 0;

    (void)state;
    for (uint32_t i = 0; i < COUNT(changes); i++)
        changes[i] = (struct mun_change){ .index = i * 7,
                                          .action = MUN_ACTION_REVOKE,
                                          .reason = 1 };
    mun_test_sample_entry(&arena, &entry, MUN_KIND_CHANGE_STATUS);
    status = &entry.as.change_status;
    mun_test_set_changes(&arena, status, changes, MUN_CHANGES_MAX);
    assert_refusal(mun_entry_decode(&back, sign_sample(&entry)),
                   MUN_REFUSAL_NONE);
    while (mun_change_next(&back.as.change_status, &at, &change))
        assert_int_equal(change.index, 7 * count++);
    assert_int_equal(count, MUN_CHANGES_MAX);
    mun_test_set_changes(&arena, status, changes, MUN_CHANGES_MAX + 1);
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
    status->count = 0;
    status->changes = MUN_BYTES_NONE;
    assert_judged(&entry, MUN_REFUSAL_BAD_ENCODING);
}

/* What changes leave over, the label takes up: it has 1 to 32 bytes. */
static void
an_entry_of_65536_bytes_is_the_largest(void **state)
{
    static struct mun_change changes[MUN_CHANGES_MAX];
    struct mun_change_status *status;
    struct mun_entry entry;
    struct mun_bytes bytes;
    uint16_t count = 0;
    size_t left;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_CHANGE_STATUS);
    status = &entry.as.change_status;
    left = MUN_ENTRY_BYTES_MAX - sign_sample(&entry).len + status->changes.len +
           status->label.len;
    for (; left > 200; left -= 46) {
        changes[count] = (struct mun_change){ .index = count,
                                              .action = MUN_ACTION_SUPERSEDE,
                                              .reason = 1 };
        changes[count++].superseded_by = mun_test_hash(1);
    }
    for (; left > 32; left -= 14) {
        changes[count] = (struct mun_change){ .index = count,
                                              .action = MUN_ACTION_REVOKE,
                                              .reason = 1 };
        count++;
    }
    mun_test_set_changes(&arena, status, changes, count);
    status->label = mun_bytes("a1234567890123456789012345678901", left);
    bytes = sign_sample(&entry);
    assert_int_equal(bytes.len, MUN_ENTRY_BYTES_MAX);
    assert_refusal(judge(bytes), MUN_REFUSAL_NONE);
    assert_refusal(judge(mun_bytes(copy_of(bytes, 1), bytes.len + 1)),
                   MUN_REFUSAL_TOO_LARGE);
}

/* out = order - in. */
static void
negate(uint8_t out[32], const uint8_t in[32])
{
    uint8_t order[32];
    int borrow = 0;

    assert_true(
        mun_is_ok(mun_hex_decode(order, sizeof order, mun_bytes_str(ORDER))));
    for (int i = 31; i >= 0; i--) {
        int digit = order[i] - in[i] - borrow;

        borrow = digit < 0;
        out[i] = (uint8_t)(digit + (borrow ? 256 : 0));
    }
}

static enum mun_refusal
verify(struct mun_bytes bytes)
{
    struct mun_entry_checked checked;
    struct mun_entry entry;

    assert_refusal(mun_entry_decode(&entry, bytes), MUN_REFUSAL_NONE);
    return mun_entry_verify(&checked, &entry, NULL, 0);
}

static void
every_signature_must_be_right(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_REGISTER_PARTY);
    uint8_t *copy = copy_of(bytes, 0);
    size_t first = entry.body.len;

    (void)state;
    assert_refusal(verify(bytes), MUN_REFUSAL_NONE);
    for (size_t at = first; at < bytes.len; at++) {
        copy[at] ^= 0x40;
        assert_refusal(verify(mun_bytes(copy, bytes.len)),
                       MUN_REFUSAL_BAD_SIGNATURE);
        copy[at] ^= 0x40;
    }
    /* The two signatures, exchanged. */
    memcpy(copy + first, entry.sigs[1].b, MUN_SIG_BYTES);
    memcpy(copy + first + MUN_SIG_BYTES, entry.sigs[0].b, MUN_SIG_BYTES);
    assert_refusal(verify(mun_bytes(copy, bytes.len)),
                   MUN_REFUSAL_BAD_SIGNATURE);
}

static void
a_signature_covers_the_whole_body(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_ANCHOR);

    (void)state;
    for (size_t at = CHAIN_AT; at < KEY_COUNT_AT; at++) {
        uint8_t *copy = copy_of(bytes, 0);

        copy[at] ^= 1;
        assert_refusal(verify(mun_bytes(copy, bytes.len)),
                       MUN_REFUSAL_BAD_SIGNATURE);
    }
}

static void
a_high_s_is_refused(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_RETIRE_KEY);
    uint8_t *copy = copy_of(bytes, 0);

    (void)state;
    negate(copy + bytes.len - 32, bytes.data + bytes.len - 32);
    assert_refusal(verify(mun_bytes(copy, bytes.len)),
                   MUN_REFUSAL_BAD_SIGNATURE);
}

static void
another_keys_signature_is_refused(void **state)
{
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_RETIRE_KEY);
    uint8_t *copy = copy_of(bytes, 0);
    struct mun_sig sig;

    (void)state;
    mun_signer_sign(mun_test_signer(2), &sig, &entry.id);
    memcpy(copy + entry.body.len, sig.b, sizeof sig.b);
    assert_refusal(verify(mun_bytes(copy, bytes.len)),
                   MUN_REFUSAL_BAD_SIGNATURE);
}

static void
verification_keeps_the_entry_and_hashes_it_whole(void **state)
{
    struct mun_hash *leaves = mun_test_leaves(&arena, 3);
    struct mun_entry_checked *checked;
    struct mun_entry entry;
    struct mun_bytes bytes = make_sample(&entry, MUN_KIND_ANCHOR);
    struct mun_hash hash;

    (void)state;
    checked = mun_test_check_entry(&arena, bytes, leaves, 3);
    mun_hash_tagged(&hash, MUN_TAG_SIGNED_ENTRY, bytes);
    assert_true(mun_hash_eq(&checked->hash, &hash));
    mun_hash_tagged(&hash, MUN_TAG_ENTRY,
                    mun_bytes(bytes.data, bytes.len - MUN_SIG_BYTES));
    assert_true(mun_hash_eq(&checked->entry.id, &hash));
    assert_int_equal(checked->entry.kind, MUN_KIND_ANCHOR);
    assert_int_equal(checked->entry.as.anchor.count, 3);
    assert_ptr_equal(checked->leaves, leaves);
    assert_int_equal(checked->leaf_count, 3);
}

/* Steps 7 and 8 for an anchor with these leaves. */
static enum mun_refusal
verify_anchor(const struct mun_anchor *anchor, const struct mun_hash *leaves,
              uint32_t leaf_count)
{
    struct mun_entry_checked checked;
    struct mun_entry entry;
    struct mun_entry back;

    mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
    entry.as.anchor = *anchor;
    assert_refusal(mun_entry_decode(&back, sign_sample(&entry)),
                   MUN_REFUSAL_NONE);
    return mun_entry_verify(&checked, &back, leaves, leaf_count);
}

static void
published_leaves_hash_to_the_root(void **state)
{
    struct mun_hash *leaves = mun_test_leaves(&arena, 4);
    struct mun_anchor anchor;
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
    anchor = entry.as.anchor;
    assert_refusal(verify_anchor(&anchor, leaves, 3), MUN_REFUSAL_NONE);
    assert_refusal(verify_anchor(&anchor, NULL, 0), MUN_REFUSAL_LEAVES_MISSING);
    assert_refusal(verify_anchor(&anchor, leaves, 2),
                   MUN_REFUSAL_LEAVES_MISMATCH);
    assert_refusal(verify_anchor(&anchor, leaves, 4),
                   MUN_REFUSAL_LEAVES_MISMATCH);
    assert_refusal(verify_anchor(&anchor, leaves + 1, 3),
                   MUN_REFUSAL_LEAVES_MISMATCH);
    anchor.root.b[0] ^= 1;
    assert_refusal(verify_anchor(&anchor, leaves, 3),
                   MUN_REFUSAL_LEAVES_MISMATCH);
    anchor.root.b[0] ^= 1;
    anchor.is_published = false;
    assert_refusal(verify_anchor(&anchor, leaves, 3),
                   MUN_REFUSAL_LEAVES_SURPLUS);
    assert_refusal(verify_anchor(&anchor, NULL, 0), MUN_REFUSAL_NONE);
}

static void
only_a_published_batch_has_leaves(void **state)
{
    struct mun_hash *leaves = mun_test_leaves(&arena, 1);

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct mun_entry_checked checked;
        struct mun_entry entry;
        struct mun_entry back;

        if (kinds[i] == MUN_KIND_ANCHOR)
            continue;
        assert_refusal(mun_entry_decode(&back, make_sample(&entry, kinds[i])),
                       MUN_REFUSAL_NONE);
        assert_refusal(mun_entry_verify(&checked, &back, leaves, 1),
                       MUN_REFUSAL_LEAVES_SURPLUS);
        assert_refusal(mun_entry_verify(&checked, &back, NULL, 0),
                       MUN_REFUSAL_NONE);
    }
}

static void
at_most_16384_leaves_are_published(void **state)
{
    struct mun_hash *leaves = mun_test_leaves(&arena, MUN_PUBLISHED_MAX + 1);
    struct mun_anchor anchor;
    struct mun_entry entry;

    (void)state;
    mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
    anchor = entry.as.anchor;
    anchor.count = MUN_PUBLISHED_MAX;
    mun_merkle_root32(&anchor.root, leaves, anchor.count);
    assert_refusal(verify_anchor(&anchor, leaves, anchor.count),
                   MUN_REFUSAL_NONE);
    anchor.count++;
    mun_merkle_root32(&anchor.root, leaves, anchor.count);
    assert_refusal(verify_anchor(&anchor, leaves, anchor.count),
                   MUN_REFUSAL_TOO_MANY_LEAVES);
}

static void
refusals_have_names_and_texts(void **state)
{
    (void)state;
    assert_string_equal(mun_refusal_name(MUN_REFUSAL_OUT_OF_SCOPE_FIELD),
                        "OUT_OF_SCOPE_FIELD");
    assert_string_equal(mun_refusal_text(MUN_REFUSAL_STATUS_FINAL),
                        "a revoked credential stays revoked");
    for (int number = 0; number < 256; number++) {
        const char *name = mun_refusal_name((enum mun_refusal)number);
        const char *text = mun_refusal_text((enum mun_refusal)number);

        assert_int_equal(name == NULL, text == NULL);
        if (name != NULL && text != NULL)
            assert_int_not_equal(strlen(name) * strlen(text), 0);
    }
    assert_null(mun_refusal_name((enum mun_refusal)29));
    assert_null(mun_refusal_text((enum mun_refusal)9999));
}

static void
an_encoder_without_room_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct mun_entry entry;
        struct mun_bytes bytes = make_sample(&entry, kinds[i]);
        uint8_t *copy = copy_of(bytes, 0);

        for (size_t size = 0; size <= entry.body.len; size++) {
            struct mun_wr wr;

            mun_wr_init(&wr, copy, size);
            assert_int_equal(mun_entry_encode_body(&wr, &entry).code,
                             size == entry.body.len ? MUN_OK : MUN_ERR_LIMIT);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, empty_arena)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_survives_a_round_trip),
        TEST(fields_of_payloads_come_back),
        TEST(every_short_prefix_is_refused),
        TEST(one_byte_too_many_is_refused),
        TEST(a_payload_that_is_longer_or_shorter_than_its_fields_is_refused),
        TEST(size_is_judged_before_version_and_version_before_kind),
        TEST(unknown_versions_are_refused),
        TEST(kinds_that_are_kept_for_later_are_unknown),
        TEST(windows_are_a_day_or_60_days),
        TEST(signing_keys_ascend_strictly),
        TEST(one_to_16_keys_sign),
        TEST(signing_keys_are_points_with_their_algorithm),
        TEST(keys_in_payloads_are_points_on_the_curve),
        TEST(purposes_are_a_mixture_or_validate_alone),
        TEST(a_party_has_one_to_8_keys_that_ascend),
        TEST(texts_of_a_party_are_clean_and_within_their_bounds),
        TEST(labels_and_codes_are_labels_of_1_to_32_bytes),
        TEST(scopes_and_descriptions_are_judged_as_parts_of_entries),
        TEST(the_first_wrong_field_decides),
        TEST(reasons_are_1_to_4),
        TEST(an_anchor_names_one_to_4_accreditations_that_ascend),
        TEST(a_batch_is_not_empty),
        TEST(published_is_0_or_1),
        TEST(changes_come_back_one_by_one),
        TEST(changes_ascend_by_index_and_have_known_actions),
        TEST(an_entry_changes_1_to_4096_slots),
        TEST(an_entry_of_65536_bytes_is_the_largest),
        TEST(every_signature_must_be_right),
        TEST(a_signature_covers_the_whole_body),
        TEST(a_high_s_is_refused),
        TEST(another_keys_signature_is_refused),
        TEST(verification_keeps_the_entry_and_hashes_it_whole),
        TEST(published_leaves_hash_to_the_root),
        TEST(only_a_published_batch_has_leaves),
        TEST(at_most_16384_leaves_are_published),
        TEST(refusals_have_names_and_texts),
        TEST(an_encoder_without_room_says_so),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
