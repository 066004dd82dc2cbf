/* The way back after a lost record: rule R35 of consensus/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/recovery.h"
#include "consensus/status.h"

static struct mun_con_recovery r;

static uint64_t
vote_from(void)
{
    return mun_con_recovery_vote_from(&r);
}

static void
it_takes_a_quorum_of_the_others(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 7, 2); /* five of the six others */
    assert_int_equal(vote_from(), 0);
    for (uint32_t i = 3; i < 7; i++) {
        mun_con_recovery_add(&r, i, 100 + i);
        assert_int_equal(vote_from(), 0);
    }
    mun_con_recovery_add(&r, 0, 50);
    assert_int_equal(vote_from(), 106 + 3);
    mun_con_recovery_add(&r, 1, 200);
    assert_int_equal(vote_from(), 203);
}

static void
our_own_answer_does_not_count(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 3);
    mun_con_recovery_add(&r, 0, 10);
    mun_con_recovery_add(&r, 1, 10);
    mun_con_recovery_add(&r, 3, 99);
    assert_int_equal(vote_from(), 0);
    assert_int_equal(r.highest, 10);
    mun_con_recovery_add(&r, 2, 0);
    assert_int_equal(vote_from(), 13);
}

static void
who_is_no_member_does_not_count(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    mun_con_recovery_add(&r, 1, 10);
    mun_con_recovery_add(&r, 2, 10);
    mun_con_recovery_add(&r, 4, 99);
    mun_con_recovery_add(&r, 99, 99);
    mun_con_recovery_add(&r, UINT32_MAX, 99);
    assert_int_equal(vote_from(), 0);
    assert_int_equal(r.highest, 10);
    mun_con_recovery_add(&r, 3, 10);
    assert_int_equal(vote_from(), 13);
}

static void
who_answers_again_counts_once_and_only_raises_the_height(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    mun_con_recovery_add(&r, 1, 10);
    mun_con_recovery_add(&r, 1, 12);
    mun_con_recovery_add(&r, 1, 11);
    assert_int_equal(vote_from(), 0);
    mun_con_recovery_add(&r, 2, 5);
    mun_con_recovery_add(&r, 3, 5);
    assert_int_equal(vote_from(), 15);
}

static void
an_empty_ledger_is_an_answer(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    for (uint32_t i = 1; i < 4; i++) {
        mun_con_recovery_add(&r, i, 0);
    }
    assert_int_equal(vote_from(), 3);
}

static void
heights_at_the_end_do_not_wrap(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 4, 0);
    for (uint32_t i = 1; i < 4; i++) {
        mun_con_recovery_add(&r, i, UINT64_MAX - 3);
    }
    assert_int_equal(vote_from(), UINT64_MAX);
    mun_con_recovery_add(&r, 1, UINT64_MAX - 2);
    assert_int_equal(vote_from(), 0);
    mun_con_recovery_add(&r, 1, UINT64_MAX);
    assert_int_equal(vote_from(), 0);
}

static void
the_largest_set_and_the_smallest(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, MUN_MEMBERS_MAX, MUN_MEMBERS_MAX - 1);
    for (uint32_t i = 0; i < 67; i++) {
        assert_int_equal(vote_from(), 0);
        mun_con_recovery_add(&r, i, 7);
    }
    assert_int_equal(vote_from(), 10);
    /* Alone there is nobody to ask. */
    mun_con_recovery_init(&r, 1, 0);
    mun_con_recovery_add(&r, 0, 7);
    assert_int_equal(vote_from(), 0);
}

static void
of_two_or_three_all_others_answer(void **state)
{
    (void)state;
    mun_con_recovery_init(&r, 2, 0);
    assert_int_equal(vote_from(), 0);
    mun_con_recovery_add(&r, 1, 5);
    assert_int_equal(vote_from(), 8);
    mun_con_recovery_init(&r, 3, 1);
    mun_con_recovery_add(&r, 0, 5);
    assert_int_equal(vote_from(), 0);
    mun_con_recovery_add(&r, 2, 4);
    assert_int_equal(vote_from(), 8);
}

/* ---- The answers ---- */

struct asked {
    struct mun_signer signer;
    struct mun_members members;
    struct mun_hash chain_id;
    struct mun_hash nonce;
    struct mun_con_status status;
    uint8_t bytes[MUN_CON_STATUS_BYTES + 1];
};

static struct asked a;

/* Member 0 of two says that it has decided height 41. */
static struct mun_con_check
ask(void)
{
    struct mun_secret secret = { { 0 } };
    struct mun_hash digest;
    struct mun_wr wr;

    memset(&a, 0, sizeof(a));
    secret.b[31] = 5;
    assert_true(mun_is_ok(mun_signer_init(&a.signer, &secret)));
    a.members.count = 2;
    a.members.at[0].key = a.signer.key;
    a.members.at[1].key = a.signer.key;
    a.members.at[1].key.b[5] ^= 1;
    memset(&a.chain_id, 1, sizeof(a.chain_id));
    memset(&a.nonce, 2, sizeof(a.nonce));
    a.status.height = 41;
    mun_con_status_digest(&digest, &a.chain_id, &a.nonce, 41);
    mun_signer_sign(&a.signer, &a.status.sig, &digest);
    mun_wr_init(&wr, a.bytes, sizeof(a.bytes));
    mun_con_status_encode(&wr, &a.status);
    assert_int_equal(mun_wr_done(&wr).len, MUN_CON_STATUS_BYTES);
    return (struct mun_con_check){ &a.chain_id, 0, &a.members };
}

static enum mun_err_code
read_status(size_t len)
{
    return mun_con_status_decode(&a.status, mun_bytes(a.bytes, len)).code;
}

static bool
is_right(const struct mun_con_check *against)
{
    return mun_is_ok(mun_con_status_check(&a.status, &a.nonce, against));
}

static void
a_status_has_one_encoding(void **state)
{
    (void)state;
    (void)ask();
    for (size_t len = 0; len < MUN_CON_STATUS_BYTES; len++) {
        assert_int_equal(read_status(len), MUN_ERR_TRUNCATED);
    }
    assert_int_equal(read_status(MUN_CON_STATUS_BYTES + 1), MUN_ERR_TRAILING);
    assert_int_equal(read_status(MUN_CON_STATUS_BYTES), MUN_OK);
    assert_int_equal(a.status.height, 41);
    a.bytes[0] = 2;
    assert_int_equal(read_status(MUN_CON_STATUS_BYTES), MUN_ERR_VERSION);
    a.bytes[0] = 1;
    a.bytes[1] = 4;
    assert_int_equal(read_status(MUN_CON_STATUS_BYTES), MUN_ERR_KIND);
    a.bytes[1] = 5;
    a.bytes[10] = MUN_MEMBERS_MAX;
    assert_int_equal(read_status(MUN_CON_STATUS_BYTES), MUN_ERR_VALUE);
    assert_int_equal(a.status.height, 0);
}

static void
a_status_is_for_who_asked(void **state)
{
    struct mun_con_check against = ask();

    (void)state;
    assert_true(is_right(&against));
    a.nonce.b[0] ^= 1; /* an answer to another question */
    assert_false(is_right(&against));
    a.nonce.b[0] ^= 1;
    a.chain_id.b[0] ^= 1;
    assert_false(is_right(&against));
    a.chain_id.b[0] ^= 1;
    a.status.height++;
    assert_false(is_right(&against));
    a.status.height--;
    a.status.member = 1;
    assert_false(is_right(&against));
    a.status.member = 2;
    assert_int_equal(mun_con_status_check(&a.status, &a.nonce, &against).code,
                     MUN_ERR_VALUE);
    a.status.member = 0;
    assert_true(is_right(&against));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_takes_a_quorum_of_the_others),
        cmocka_unit_test(our_own_answer_does_not_count),
        cmocka_unit_test(who_is_no_member_does_not_count),
        cmocka_unit_test(
            who_answers_again_counts_once_and_only_raises_the_height),
        cmocka_unit_test(an_empty_ledger_is_an_answer),
        cmocka_unit_test(heights_at_the_end_do_not_wrap),
        cmocka_unit_test(the_largest_set_and_the_smallest),
        cmocka_unit_test(of_two_or_three_all_others_answer),
        cmocka_unit_test(a_status_has_one_encoding),
        cmocka_unit_test(a_status_is_for_who_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
