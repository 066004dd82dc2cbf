#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/state.h"
#include "tests/support/multiproof_reference.h"

#define PROOF_MAX (1u << 20)

static uint8_t proof_buffer[PROOF_MAX];
static uint8_t arena_memory[2 * PROOF_MAX];
static uint8_t value_buffer[MUN_RECORD_BYTES_MAX];

/* A tree of records 0 to count - 1 and what it should hold. */
static struct mun_state *
make_state(struct reference *reference, uint32_t count)
{
    struct mun_state_config config = { count, 1u << 20 };
    size_t size = mun_state_footprint(&config);
    void *memory = aligned_alloc(64, size);
    assert_non_null(memory);
    memset(memory, 0, size);
    struct mun_state *state = mun_state_init(memory, &config);
    reference->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct mun_hash key = reference_key(i);
        uint16_t len = (uint16_t)(1 + i % 90);
        assert_true(mun_is_ok(mun_state_load(
            state, &key, reference_value(value_buffer, i, len))));
        reference_put(reference, &key, i, len);
    }
    mun_state_load_finish(state);
    return state;
}

static struct mun_bytes
make_proof(const struct mun_state *state, struct mun_hash *keys, size_t count)
{
    struct mun_wr wr;
    mun_wr_init(&wr, proof_buffer, sizeof(proof_buffer));
    assert_true(mun_is_ok(mun_multiproof_make(&wr, state, keys, count)));
    return mun_wr_done(&wr);
}

static enum mun_err_code
open_proof(struct mun_multiproof *proof, struct mun_bytes bytes,
           const struct mun_hash *root)
{
    static struct mun_arena arena;
    mun_arena_init(&arena, arena_memory, sizeof(arena_memory));
    enum mun_err_code code =
        mun_multiproof_open(proof, &arena, bytes, root).code;
    assert_true(arena.used <= 2 * bytes.len + 32);
    if (code != MUN_OK) {
        struct mun_hash key = reference_key(0);
        struct mun_bytes value;
        assert_null(proof->nodes);
        assert_int_equal(proof->count, 0);
        assert_int_equal(proof->record_count, 0);
        assert_int_equal(mun_multiproof_get(proof, &key, &value),
                         MUN_NOT_SHOWN);
    }
    return code;
}

/* What the proof says of an asked key is what the reference holds. */
static void
check_asked(const struct mun_multiproof *proof,
            const struct reference *reference, const struct mun_hash *key)
{
    const struct reference_record *record = reference_find(reference, key);
    struct mun_view view = mun_multiproof_view(proof);
    struct mun_bytes value;
    enum mun_presence presence = mun_view_get(&view, key, &value);
    assert_int_equal(presence, record == NULL ? MUN_ABSENT : MUN_PRESENT);
    if (record != NULL)
        assert_true(mun_bytes_eq(
            value, reference_value(value_buffer, record->number, record->len)));
    else
        assert_int_equal(value.len, 0);
}

static void
an_empty_tree_proves_that_everything_is_absent(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(&reference, 0);
    struct mun_hash keys[2] = { reference_key(0), reference_key(1) };
    struct mun_multiproof proof;
    static const uint8_t expected[] = { 0x00 };
    struct mun_hash root;

    mun_state_root(state, &root);
    for (size_t count = 0; count <= 2; count++) {
        struct mun_bytes bytes = make_proof(state, keys, count);
        assert_true(mun_bytes_eq(bytes, mun_bytes(expected, 1)));
        assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
        assert_int_equal(proof.record_count, 0);
        check_asked(&proof, &reference, &keys[0]);
    }
    root.b[0] = 1;
    assert_int_equal(open_proof(&proof, mun_bytes(expected, 1), &root),
                     MUN_ERR_PROOF);
    free(state);
}

static void
one_record_is_shown_or_stands_for_what_is_absent(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(&reference, 1);
    struct mun_multiproof proof;
    struct mun_bytes bytes;
    struct mun_bytes value;
    struct mun_hash root;
    struct mun_hash present = reference_key(0);
    struct mun_hash absent = reference_key(1);
    mun_state_root(state, &root);

    bytes = make_proof(state, &present, 1);
    assert_int_equal(bytes.data[0], 0x03);
    assert_int_equal(bytes.len, 1 + 32 + 2 + 1);
    assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
    assert_int_equal(proof.record_count, 1);
    check_asked(&proof, &reference, &present);
    check_asked(&proof, &reference, &absent);

    bytes = make_proof(state, &absent, 1);
    assert_int_equal(bytes.data[0], 0x04);
    assert_int_equal(bytes.len, 1 + 32 + 32);
    assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
    check_asked(&proof, &reference, &absent);
    assert_int_equal(mun_multiproof_get(&proof, &present, &value),
                     MUN_NOT_SHOWN);

    bytes = make_proof(state, &present, 0);
    assert_int_equal(bytes.data[0], 0x01);
    assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
    assert_int_equal(proof.record_count, 0);
    assert_int_equal(mun_multiproof_get(&proof, &present, &value),
                     MUN_NOT_SHOWN);
    assert_int_equal(mun_multiproof_get(&proof, &absent, &value),
                     MUN_NOT_SHOWN);
    free(state);
}

static void
random_sets_of_present_and_absent_keys_are_proven(void **unused)
{
    (void)unused;
    static struct reference reference;
    static struct mun_hash keys[200];
    static struct mun_hash asked[200];
    static const uint32_t sizes[] = { 1, 2, 3, 7, 50, 400 };
    uint64_t seed = 99;
    for (size_t round = 0; round < 120; round++) {
        uint32_t size = sizes[round % 6];
        struct mun_state *state = make_state(&reference, size);
        struct mun_hash root;
        struct mun_hash strict_root;
        struct mun_multiproof proof;
        size_t count = 1 + reference_random(&seed) % 199;
        mun_state_root(state, &root);
        for (size_t i = 0; i < count; i++)
            asked[i] = keys[i] =
                reference_key(reference_random(&seed) % (2ull * size));
        struct mun_bytes bytes = make_proof(state, keys, count);
        assert_true(proof_root(&strict_root, bytes, true));
        assert_memory_equal(strict_root.b, root.b, 32);
        assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
        assert_true(proof.record_count <= count);
        for (size_t i = 0; i < count; i++)
            check_asked(&proof, &reference, &asked[i]);
        free(state);
    }
}

static void
the_order_and_repetition_of_keys_do_not_change_the_proof(void **unused)
{
    (void)unused;
    static struct reference reference;
    static uint8_t first[PROOF_MAX];
    struct mun_state *state = make_state(&reference, 100);
    struct mun_hash keys[40];
    uint64_t seed = 4;
    size_t first_len = 0;
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < 40; i++)
            keys[i] = reference_key(90 + i % 20);
        for (size_t i = 39; i > 0; i--) {
            size_t j = reference_random(&seed) % (i + 1);
            struct mun_hash moved = keys[i];
            keys[i] = keys[j];
            keys[j] = moved;
        }
        /* 40 keys that are 20; all 20 are there in the first half too when
         * nothing was moved. */
        struct mun_bytes bytes = make_proof(state, keys, 40);
        if (round == 0) {
            memcpy(first, bytes.data, bytes.len);
            first_len = bytes.len;
        }
        assert_true(mun_bytes_eq(bytes, mun_bytes(first, first_len)));
    }
    for (size_t i = 0; i < 20; i++)
        keys[i] = reference_key(90 + i);
    assert_true(
        mun_bytes_eq(make_proof(state, keys, 20), mun_bytes(first, first_len)));
    free(state);
}

static void
what_is_not_shown_is_never_absent(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(&reference, 200);
    struct mun_hash root;
    mun_state_root(state, &root);
    for (uint64_t i = 0; i < 400; i++) {
        struct mun_hash asked = reference_key(i);
        struct mun_multiproof proof;
        struct mun_bytes bytes = make_proof(state, &asked, 1);
        assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
        assert_int_equal(proof.record_count, 1);
        for (uint64_t j = 0; j < 400; j++) {
            struct mun_hash key = reference_key(j);
            struct mun_bytes value;
            bool is_there = reference_find(&reference, &key) != NULL;
            enum mun_presence presence =
                mun_multiproof_get(&proof, &key, &value);
            assert_true(presence != MUN_ABSENT || !is_there);
            assert_true(presence != MUN_PRESENT || (is_there && i == j));
        }
    }
    free(state);
}

static void
a_proof_that_holds_more_than_was_asked_is_noticed(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(&reference, 60);
    struct mun_hash root;
    struct mun_multiproof proof = { 0 };
    mun_state_root(state, &root);
    assert_false(mun_multiproof_is_asked(&proof, NULL, 0));
    for (uint64_t i = 0; i < 50; i++) {
        struct mun_hash keys[5];
        struct mun_hash asked[5];
        for (uint64_t j = 0; j < 5; j++)
            asked[j] = keys[j] = reference_key(i * j % 90);
        struct mun_bytes bytes = make_proof(state, keys, 5);
        assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
        assert_true(mun_multiproof_is_asked(&proof, asked, 5));
        for (size_t count = 0; count < 5; count++) {
            memcpy(keys, asked, sizeof(keys));
            bytes = make_proof(state, keys, count);
            struct mun_multiproof part;
            assert_int_equal(open_proof(&part, bytes, &root), MUN_OK);
            assert_true(part.record_count <= count);
            assert_true(mun_multiproof_is_asked(&part, asked, count));
            /* Asked with all five, a proof of fewer holds no surplus. */
            assert_true(mun_multiproof_is_asked(&part, asked, 5));
        }
    }
    struct mun_hash two[2] = { reference_key(1), reference_key(2) };
    struct mun_hash one = two[0];
    struct mun_bytes bytes = make_proof(state, two, 2);
    assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
    assert_false(mun_multiproof_is_asked(&proof, &one, 1));
    assert_false(mun_multiproof_is_asked(&proof, &one, 0));
    free(state);
}

static void
a_buffer_that_is_too_small_is_reported(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(&reference, 20);
    struct mun_hash key = reference_key(3);
    size_t len = make_proof(state, &key, 1).len;
    for (size_t size = 0; size < len; size++) {
        struct mun_wr wr;
        mun_wr_init(&wr, proof_buffer, size);
        assert_int_equal(mun_multiproof_make(&wr, state, &key, 1).code,
                         MUN_ERR_LIMIT);
    }
    free(state);
}

static void
an_arena_that_is_too_small_is_reported(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(&reference, 20);
    struct mun_hash key = reference_key(3);
    struct mun_hash root;
    struct mun_arena arena;
    struct mun_multiproof proof;
    struct mun_bytes bytes = make_proof(state, &key, 1);
    mun_state_root(state, &root);
    mun_arena_init(&arena, arena_memory, 32);
    assert_int_equal(mun_multiproof_open(&proof, &arena, bytes, &root).code,
                     MUN_ERR_LIMIT);
    assert_null(proof.nodes);
    free(state);
}

/* Every byte, every value; every prefix; a byte more. */
static void
every_change_of_a_proof_is_refused(void **unused)
{
    (void)unused;
    static struct reference reference;
    static uint8_t changed[PROOF_MAX];
    struct mun_state *state = make_state(&reference, 12);
    struct mun_hash keys[3] = { reference_key(2), reference_key(5),
                                reference_key(700) };
    struct mun_hash root;
    struct mun_multiproof proof;
    struct mun_bytes bytes = make_proof(state, keys, 3);
    mun_state_root(state, &root);
    assert_int_equal(open_proof(&proof, bytes, &root), MUN_OK);
    memcpy(changed, bytes.data, bytes.len);
    for (size_t i = 0; i < bytes.len; i++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            changed[i] = (uint8_t)(bytes.data[i] ^ flip);
            assert_int_not_equal(
                open_proof(&proof, mun_bytes(changed, bytes.len), &root),
                MUN_OK);
        }
        changed[i] = bytes.data[i];
    }
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(open_proof(&proof, mun_bytes(changed, len), &root),
                         MUN_ERR_TRUNCATED);
    changed[bytes.len] = 0;
    assert_int_equal(
        open_proof(&proof, mun_bytes(changed, bytes.len + 1), &root),
        MUN_ERR_TRAILING);
    free(state);
}

/* Proofs by hand. Each leads to the root that it is opened with, so that
 * only the rule under test can refuse it. */
struct hand {
    struct mun_wr wr;
    uint8_t bytes[4096];
};

static void
hand_begin(struct hand *hand)
{
    mun_wr_init(&hand->wr, hand->bytes, sizeof(hand->bytes));
}

static void
hand_branch(struct hand *hand, uint8_t bit)
{
    mun_wr_u8(&hand->wr, 2);
    mun_wr_u8(&hand->wr, bit);
}

static void
hand_cut(struct hand *hand, uint8_t fill)
{
    uint8_t hash[32];
    memset(hash, fill, sizeof(hash));
    mun_wr_u8(&hand->wr, 1);
    mun_wr_copy(&hand->wr, hash, sizeof(hash));
}

/* A record whose key begins with the byte `top`; the rest is zeros. */
static void
hand_record(struct hand *hand, uint8_t kind, uint8_t top)
{
    uint8_t key[32] = { top };
    static const uint8_t value_hash[32] = { 1, 2, 3 };
    mun_wr_u8(&hand->wr, kind);
    mun_wr_copy(&hand->wr, key, sizeof(key));
    if (kind == 3)
        mun_wr_run16(&hand->wr, mun_bytes("value", 5));
    else
        mun_wr_copy(&hand->wr, value_hash, sizeof(value_hash));
}

static void
check_hand(const struct hand *hand, enum mun_err_code expected)
{
    struct mun_multiproof proof;
    struct mun_hash root;
    struct mun_bytes bytes = mun_wr_done(&hand->wr);
    bool is_canonical = proof_root(&root, bytes, true);
    assert_true(is_canonical == (expected == MUN_OK));
    assert_true(proof_root(&root, bytes, false));
    assert_int_equal(open_proof(&proof, bytes, &root), expected);
}

static void
proofs_that_break_a_rule_are_refused_although_they_lead_to_the_root(
    void **unused)
{
    (void)unused;
    static struct hand hand;

    hand_begin(&hand); /* none broken */
    hand_branch(&hand, 0);
    hand_branch(&hand, 2);
    hand_record(&hand, 3, 0x40);
    hand_record(&hand, 4, 0x60);
    hand_cut(&hand, 7);
    check_hand(&hand, MUN_OK);

    hand_begin(&hand); /* C1 */
    hand_branch(&hand, 0);
    mun_wr_u8(&hand.wr, 0);
    hand_record(&hand, 3, 0x80);
    check_hand(&hand, MUN_ERR_KIND);

    hand_begin(&hand); /* C2 */
    hand_branch(&hand, 0);
    hand_cut(&hand, 7);
    hand_cut(&hand, 8);
    check_hand(&hand, MUN_ERR_VALUE);

    hand_begin(&hand); /* C2 below a right child */
    hand_branch(&hand, 0);
    hand_cut(&hand, 7);
    hand_branch(&hand, 1);
    hand_cut(&hand, 8);
    hand_cut(&hand, 9);
    check_hand(&hand, MUN_ERR_VALUE);

    hand_begin(&hand); /* C3: less */
    hand_branch(&hand, 2);
    hand_branch(&hand, 1);
    hand_record(&hand, 3, 0x00);
    hand_record(&hand, 3, 0x40);
    hand_cut(&hand, 7);
    check_hand(&hand, MUN_ERR_ORDER);

    hand_begin(&hand); /* C3: equal */
    hand_branch(&hand, 2);
    hand_branch(&hand, 2);
    hand_record(&hand, 3, 0x00);
    hand_cut(&hand, 7);
    hand_cut(&hand, 8);
    check_hand(&hand, MUN_ERR_ORDER);

    hand_begin(&hand); /* C7 */
    hand_cut(&hand, 0);
    check_hand(&hand, MUN_ERR_VALUE);

    hand_begin(&hand); /* C8 */
    hand_record(&hand, 3, 0x00);
    mun_wr_u8(&hand.wr, 0);
    check_hand(&hand, MUN_ERR_TRAILING);
}

static void
records_that_could_not_stand_where_they_do_are_refused(void **unused)
{
    (void)unused;
    static struct hand hand;

    for (uint8_t kind = 3; kind <= 4; kind++) {
        hand_begin(&hand); /* C4: left, but with a 1 there */
        hand_branch(&hand, 0);
        hand_record(&hand, kind, 0x80);
        hand_cut(&hand, 7);
        check_hand(&hand, MUN_ERR_ORDER);

        hand_begin(&hand); /* C4: right, but with a 0 there */
        hand_branch(&hand, 3);
        hand_cut(&hand, 7);
        hand_record(&hand, kind, 0x0f);
        check_hand(&hand, MUN_ERR_ORDER);

        hand_begin(&hand); /* C5: they differ in bit 0 already */
        hand_branch(&hand, 3);
        hand_record(&hand, kind, 0x00);
        hand_record(&hand, kind, 0x90);
        check_hand(&hand, MUN_ERR_ORDER);

        hand_begin(&hand); /* C5: neighbours' neighbours */
        hand_branch(&hand, 1);
        hand_branch(&hand, 3);
        hand_record(&hand, kind, 0x00);
        hand_cut(&hand, 7);
        hand_branch(&hand, 5);
        hand_cut(&hand, 8);
        hand_record(&hand, kind, 0xc4);
        check_hand(&hand, MUN_ERR_ORDER);

        hand_begin(&hand); /* the same key twice */
        hand_branch(&hand, 3);
        hand_record(&hand, kind, 0x00);
        hand_record(&hand, kind, 0x00);
        check_hand(&hand, MUN_ERR_ORDER);
    }

    hand_begin(&hand); /* swapped */
    hand_branch(&hand, 0);
    hand_record(&hand, 3, 0x80);
    hand_record(&hand, 3, 0x00);
    check_hand(&hand, MUN_ERR_ORDER);
}

static void
values_outside_the_limits_are_refused(void **unused)
{
    (void)unused;
    static uint8_t bytes[64 + MUN_RECORD_BYTES_MAX];
    struct mun_wr wr;
    struct mun_hash root;
    struct mun_multiproof proof;
    static const size_t lens[] = { 0, 1, MUN_RECORD_BYTES_MAX,
                                   MUN_RECORD_BYTES_MAX + 1 };
    static const enum mun_err_code codes[] = { MUN_ERR_VALUE, MUN_OK, MUN_OK,
                                               MUN_ERR_TOO_LARGE };
    for (size_t i = 0; i < 4; i++) {
        static const uint8_t zeros[MUN_RECORD_BYTES_MAX + 1];
        mun_wr_init(&wr, bytes, sizeof(bytes));
        mun_wr_u8(&wr, 3);
        mun_wr_copy(&wr, zeros, 32);
        mun_wr_run16(&wr, mun_bytes(zeros, lens[i]));
        assert_true(mun_is_ok(mun_wr_status(&wr)));
        assert_true(proof_root(&root, mun_wr_done(&wr), false));
        assert_int_equal(open_proof(&proof, mun_wr_done(&wr), &root), codes[i]);
    }
}

/* Paths of 256 branches open; what looks deeper breaks C3. */
static void
the_deepest_proof_is_opened(void **unused)
{
    (void)unused;
    struct mun_wr wr;
    struct mun_hash root;
    struct mun_hash key = { { 0 } };
    struct mun_multiproof proof;
    struct mun_bytes value;
    mun_wr_init(&wr, proof_buffer, sizeof(proof_buffer));
    for (unsigned bit = 0; bit < 256; bit++) {
        mun_wr_u8(&wr, 2);
        mun_wr_u8(&wr, (uint8_t)bit);
    }
    mun_wr_u8(&wr, 3);
    mun_wr_copy(&wr, key.b, 32);
    mun_wr_run16(&wr, mun_bytes("deep", 4));
    for (unsigned bit = 0; bit < 256; bit++) {
        mun_wr_u8(&wr, 1);
        mun_wr_copy(&wr, "0123456789abcdef0123456789abcdef", 32);
    }
    assert_true(proof_root(&root, mun_wr_done(&wr), true));
    assert_int_equal(open_proof(&proof, mun_wr_done(&wr), &root), MUN_OK);
    assert_int_equal(mun_multiproof_get(&proof, &key, &value), MUN_PRESENT);
    assert_true(mun_bytes_eq(value, mun_bytes_str("deep")));
    key.b[31] = 1;
    assert_int_equal(mun_multiproof_get(&proof, &key, &value), MUN_NOT_SHOWN);

    memset(proof_buffer, 2, 1000); /* branch at 2, branch at 2, ... */
    assert_int_equal(open_proof(&proof, mun_bytes(proof_buffer, 40000), &root),
                     MUN_ERR_ORDER);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tree_proves_that_everything_is_absent),
        cmocka_unit_test(one_record_is_shown_or_stands_for_what_is_absent),
        cmocka_unit_test(random_sets_of_present_and_absent_keys_are_proven),
        cmocka_unit_test(
            the_order_and_repetition_of_keys_do_not_change_the_proof),
        cmocka_unit_test(what_is_not_shown_is_never_absent),
        cmocka_unit_test(a_proof_that_holds_more_than_was_asked_is_noticed),
        cmocka_unit_test(a_buffer_that_is_too_small_is_reported),
        cmocka_unit_test(an_arena_that_is_too_small_is_reported),
        cmocka_unit_test(every_change_of_a_proof_is_refused),
        cmocka_unit_test(
            proofs_that_break_a_rule_are_refused_although_they_lead_to_the_root),
        cmocka_unit_test(
            records_that_could_not_stand_where_they_do_are_refused),
        cmocka_unit_test(values_outside_the_limits_are_refused),
        cmocka_unit_test(the_deepest_proof_is_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
