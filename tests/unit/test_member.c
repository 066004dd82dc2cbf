#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/core/member.h"

#define ROOM (2 + MUN_MEMBERS_MAX * 66)

static int
compare_members(const struct mun_member *a, const struct mun_member *b)
{
    return mun_key_cmp(&a->key, &b->key);
}

/* Keys of the secrets 1, 2, ..., in order. */
static void
make_members(struct mun_members *out, uint32_t count)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < count; i++) {
        struct mun_secret secret = { { 0 } };
        struct mun_signer signer;
        struct mun_member member;
        uint32_t at = i;

        secret.b[31] = (uint8_t)(i + 1);
        assert_true(mun_is_ok(mun_signer_init(&signer, &secret)));
        member.key = signer.key;
        mun_hash_tagged(&member.party, MUN_TAG_PARTY,
                        mun_bytes(secret.b, sizeof secret.b));
        mun_signer_fini(&signer);
        for (; at > 0 && compare_members(&out->at[at - 1], &member) > 0; at--)
            out->at[at] = out->at[at - 1];
        out->at[at] = member;
    }
    out->count = count;
}

static size_t
encode(uint8_t out[ROOM], const struct mun_members *members)
{
    struct mun_wr wr;

    mun_wr_init(&wr, out, ROOM);
    mun_members_encode(&wr, members);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr).len;
}

static enum mun_err_code
decode(struct mun_members *out, const uint8_t *data, size_t len)
{
    struct mun_rd rd;

    mun_rd_init(&rd, mun_bytes(data, len));
    mun_members_decode(&rd, out);
    return mun_rd_finish(&rd).code;
}

static void
a_set_survives_encoding_at_every_size(void **state)
{
    static struct mun_members members;
    static struct mun_members again;
    static uint8_t bytes[ROOM];

    (void)state;
    for (uint32_t count = 1; count <= MUN_MEMBERS_MAX; count += 3) {
        struct mun_hash hash;
        struct mun_hash expected;
        size_t len;

        make_members(&members, count);
        assert_true(mun_is_ok(mun_members_check(&members)));
        len = encode(bytes, &members);
        assert_int_equal(len, 1 + 66 * count);
        assert_int_equal(decode(&again, bytes, len), MUN_OK);
        assert_memory_equal(&again, &members, sizeof members);
        mun_members_hash(&hash, &members);
        mun_hash_tagged(&expected, MUN_TAG_MEMBERS, mun_bytes(bytes, len));
        assert_true(mun_hash_eq(&hash, &expected));
    }
}

static void
every_short_prefix_and_a_byte_too_many_are_refused(void **state)
{
    static struct mun_members members;
    static struct mun_members zeros;
    static uint8_t bytes[ROOM];
    size_t len;

    (void)state;
    make_members(&members, 4);
    len = encode(bytes, &members);
    for (size_t cut = 0; cut < len; cut++) {
        static struct mun_members out;

        memset(&out, 0xaa, sizeof out);
        assert_int_equal(decode(&out, bytes, cut), MUN_ERR_TRUNCATED);
        assert_memory_equal(&out, &zeros, sizeof zeros);
    }
    bytes[len] = 0;
    assert_int_equal(decode(&members, bytes, len + 1), MUN_ERR_TRAILING);
}

static void
counts_of_none_and_too_many_are_refused(void **state)
{
    static struct mun_members members;
    static uint8_t bytes[1 + 255 * 66];

    (void)state;
    assert_int_equal(decode(&members, bytes, 1), MUN_ERR_VALUE);
    bytes[0] = MUN_MEMBERS_MAX + 1;
    assert_int_equal(decode(&members, bytes, sizeof bytes), MUN_ERR_TOO_LARGE);
    members.count = 0;
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_VALUE);
    members.count = MUN_MEMBERS_MAX + 1;
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_VALUE);
}

static void
members_out_of_order_or_twice_are_refused(void **state)
{
    static struct mun_members members;
    static uint8_t bytes[ROOM];
    struct mun_member swap;
    size_t len;

    (void)state;
    make_members(&members, 4);
    swap = members.at[1];
    members.at[1] = members.at[2];
    members.at[2] = swap;
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_ORDER);
    len = encode(bytes, &members);
    assert_int_equal(decode(&members, bytes, len), MUN_ERR_ORDER);
    assert_int_equal(members.count, 0);

    make_members(&members, 4);
    members.at[2].key = members.at[1].key;
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_ORDER);

    make_members(&members, 4);
    members.at[3].party = members.at[0].party;
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_VALUE);
}

static void
a_member_without_a_right_key_is_refused(void **state)
{
    static struct mun_members members;

    (void)state;
    make_members(&members, 3);
    memset(members.at[2].key.b, 0xff, sizeof members.at[2].key.b);
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_KEY);
    make_members(&members, 1);
    members.at[0].key = mun_key_none;
    assert_int_equal(mun_members_check(&members).code, MUN_ERR_KEY);
}

static void
quorums_intersect_in_an_honest_member(void **state)
{
    (void)state;
    assert_int_equal(mun_faults_max(0), 0);
    assert_int_equal(mun_quorum(1), 1);
    assert_int_equal(mun_quorum(4), 3);
    assert_int_equal(mun_skip_quorum(4), 2);
    assert_int_equal(mun_faults_max(4), 1);
    for (uint32_t n = 1; n <= MUN_MEMBERS_MAX; n++) {
        uint32_t q = mun_quorum(n);
        uint32_t f = mun_faults_max(n);

        assert_true(3 * q > 2 * n);
        assert_true(3 * (q - 1) <= 2 * n);
        assert_true(3 * mun_skip_quorum(n) > n);
        assert_true(3 * (mun_skip_quorum(n) - 1) <= n);
        assert_true(3 * f < n && 3 * (f + 1) >= n);
        assert_true(2 * q - n > f);
        assert_true(q <= n - f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_survives_encoding_at_every_size),
        cmocka_unit_test(every_short_prefix_and_a_byte_too_many_are_refused),
        cmocka_unit_test(counts_of_none_and_too_many_are_refused),
        cmocka_unit_test(members_out_of_order_or_twice_are_refused),
        cmocka_unit_test(a_member_without_a_right_key_is_refused),
        cmocka_unit_test(quorums_intersect_in_an_honest_member),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
