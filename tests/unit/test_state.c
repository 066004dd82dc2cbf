#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/state.h"
#include "ledger/core/state_int.h"
#include "tests/support/state_reference.h"

static uint8_t value_buffer[MUN_RECORD_BYTES_MAX];

static struct mun_state *
make_state(uint32_t records_max, uint64_t value_bytes_max)
{
    struct mun_state_config config = { records_max, value_bytes_max };
    size_t size = mun_state_footprint(&config);
    assert_int_equal(size % 64, 0);
    void *memory = aligned_alloc(64, size);
    assert_non_null(memory);
    memset(memory, 0, size);
    return mun_state_init(memory, &config);
}

static struct mun_bytes
make_value(uint64_t number, uint16_t len)
{
    return reference_value(value_buffer, number, len);
}

static void
assert_hash_equal(const struct mun_hash *a, const struct mun_hash *b)
{
    assert_memory_equal(a->b, b->b, sizeof(a->b));
}

/* What `view` shows of `key` is what the reference holds. */
static void
check_record(struct mun_view view, const struct reference *reference,
             const struct mun_hash *key)
{
    const struct reference_record *record = reference_find(reference, key);
    struct mun_bytes value;
    enum mun_presence presence = mun_view_get(&view, key, &value);
    if (record == NULL) {
        assert_int_equal(presence, MUN_ABSENT);
        assert_int_equal(value.len, 0);
        return;
    }
    assert_int_equal(presence, MUN_PRESENT);
    assert_true(mun_bytes_eq(value, make_value(record->number, record->len)));
}

static void
check_committed(const struct mun_state *state,
                const struct reference *reference)
{
    struct mun_hash root;
    struct mun_hash expected = reference_root(reference);
    mun_state_root(state, &root);
    assert_hash_equal(&root, &expected);
    assert_int_equal(mun_state_count(state), reference->count);
    for (size_t i = 0; i < reference->count; i++)
        check_record(mun_state_view(state), reference,
                     &reference->records[i].key);
}

static void
check_overlay(struct mun_state *state, const struct reference *reference)
{
    struct mun_hash root;
    struct mun_hash expected = reference_root(reference);
    mun_overlay_root(state, &root);
    assert_hash_equal(&root, &expected);
    assert_int_equal(mun_overlay_count(state), reference->count);
    for (size_t i = 0; i < reference->count; i++) {
        const struct reference_record *record = &reference->records[i];
        struct mun_hash hash;
        struct mun_hash value_hash =
            reference_value_hash(make_value(record->number, record->len));
        check_record(mun_overlay_view(state), reference, &record->key);
        mun_overlay_value_hash(state, &record->key, &hash);
        assert_hash_equal(&hash, &value_hash);
    }
}

static void
put_ok(struct mun_state *state, const struct mun_hash *key, uint64_t number,
       uint16_t len)
{
    assert_true(
        mun_is_ok(mun_overlay_put(state, key, make_value(number, len))));
}

static void
load_ok(struct mun_state *state, const struct mun_hash *key, uint64_t number,
        uint16_t len)
{
    assert_true(mun_is_ok(mun_state_load(state, key, make_value(number, len))));
}

static void
an_empty_tree_has_the_zero_root_and_no_record(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(4, 4096);
    struct mun_hash key = reference_key(1);
    struct mun_hash hash;
    reference.count = 0;

    check_committed(state, &reference);
    check_record(mun_state_view(state), &reference, &key);
    mun_overlay_begin(state);
    assert_true(mun_overlay_is_open(state));
    check_overlay(state, &reference);
    check_record(mun_overlay_view(state), &reference, &key);
    mun_overlay_value_hash(state, &key, &hash);
    assert_true(mun_hash_is_zero(&hash));
    mun_overlay_commit(state);
    assert_false(mun_overlay_is_open(state));
    mun_state_load_finish(state);
    check_committed(state, &reference);
    assert_true(mun_state_validate(state));
    free(state);
}

static void
the_root_of_one_record_is_its_leaf_hash(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(1, 32);
    struct mun_hash key = reference_key(7);
    struct mun_hash root;
    struct mun_hash value_hash = reference_value_hash(make_value(9, 32));
    struct mun_hash leaf_hash = reference_leaf_hash(&key, &value_hash);

    load_ok(state, &key, 9, 32);
    mun_state_load_finish(state);
    mun_state_root(state, &root);
    assert_hash_equal(&root, &leaf_hash);
    free(state);
}

/* Records 0 to count - 1, put in the order that `seed` gives, some of them
 * with an earlier value first. */
static void
fill_in_some_order(struct mun_state *state, size_t count, uint64_t seed,
                   bool is_loaded)
{
    static size_t order[REFERENCE_MAX];
    for (size_t i = 0; i < count; i++) {
        size_t j = reference_random(&seed) % (i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    if (!is_loaded)
        mun_overlay_begin(state);
    for (size_t i = 0; i < count; i++) {
        struct mun_hash key = reference_key(order[i]);
        if (is_loaded) {
            if (i % 3 == 0)
                load_ok(state, &key, 1000000 + i, 200);
            load_ok(state, &key, order[i], 60);
            continue;
        }
        if (i % 5 == 0) {
            mun_overlay_commit(state);
            mun_overlay_begin(state);
        }
        if (i % 3 == 0)
            put_ok(state, &key, 1000000 + i, 200);
        put_ok(state, &key, order[i], 60);
    }
    if (is_loaded)
        mun_state_load_finish(state);
    else
        mun_overlay_commit(state);
}

static void
the_tree_depends_on_the_records_and_not_on_their_order(void **unused)
{
    (void)unused;
    static struct reference reference;
    reference.count = 0;
    for (uint16_t count = 1; count <= 120; count++) {
        struct mun_hash key = reference_key(count - 1u);
        reference_put(&reference, &key, count - 1u, 60);
        for (uint64_t order = 0; order < 4; order++) {
            struct mun_state *state = make_state(400, 64000);
            fill_in_some_order(state, count, order, order % 2 == 0);
            check_committed(state, &reference);
            assert_true(mun_state_validate(state));
            free(state);
        }
    }
}

/* Key i has i ones and then zeros: a path of 256 branches. */
static void
the_deepest_tree_that_keys_can_make_is_handled(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(600, 1u << 16);
    struct mun_hash key = { { 0 } };
    reference.count = 0;

    for (unsigned i = 0; i <= 256; i++) {
        if (i % 2 == 0) {
            load_ok(state, &key, i, 40);
            reference_put(&reference, &key, i, 40);
        }
        if (i < 256)
            key.b[i / 8] |= (uint8_t)(0x80u >> (i % 8));
    }
    mun_state_load_finish(state);
    check_committed(state, &reference);

    mun_overlay_begin(state);
    key = (struct mun_hash){ { 0 } };
    for (unsigned i = 0; i <= 256; i++) {
        put_ok(state, &key, 1000 + i, 40);
        reference_put(&reference, &key, 1000 + i, 40);
        if (i < 256)
            key.b[i / 8] |= (uint8_t)(0x80u >> (i % 8));
    }
    check_overlay(state, &reference);
    assert_true(mun_state_validate(state));
    mun_overlay_commit(state);
    check_committed(state, &reference);
    assert_true(mun_state_validate(state));
    free(state);
}

struct each_state {
    const struct reference *reference;
    size_t at;
    size_t stop_at;
};

static mun_err_t
visit_next(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    struct each_state *each = ctx;
    if (each->at == each->stop_at)
        return mun_err(MUN_ERR_BUSY);
    const struct reference_record *record =
        &each->reference->records[each->at++];
    assert_hash_equal(key, &record->key);
    assert_true(mun_bytes_eq(value, make_value(record->number, record->len)));
    return MUN_SUCCESS;
}

static void
records_are_visited_in_key_order_until_the_visitor_fails(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(500, 64000);
    struct each_state each = { &reference, 0, SIZE_MAX };
    reference.count = 0;

    assert_true(mun_is_ok(mun_state_each(state, visit_next, &each)));
    for (uint16_t i = 0; i < 500; i++) {
        struct mun_hash key = reference_key(i);
        uint16_t len = (uint16_t)(1 + i % 100);
        load_ok(state, &key, i, len);
        reference_put(&reference, &key, i, len);
    }
    mun_state_load_finish(state);
    assert_true(mun_is_ok(mun_state_each(state, visit_next, &each)));
    assert_int_equal(each.at, 500);
    each = (struct each_state){ &reference, 0, 17 };
    assert_int_equal(mun_state_each(state, visit_next, &each).code,
                     MUN_ERR_BUSY);
    assert_int_equal(each.at, 17);
    free(state);
}

static uint16_t
random_len(uint64_t *seed)
{
    uint64_t bits = reference_random(seed) % 9;
    return (uint16_t)(1 + reference_random(seed) % (16ull << bits));
}

/* Pools that are too small for the keys in use: refused puts must leave no
 * trace. */
static void
random_overlays_agree_with_the_reference_also_when_pools_are_full(void **unused)
{
    (void)unused;
    static struct reference committed;
    static struct reference overlay;
    uint64_t seed = 42;
    size_t refused = 0;
    struct mun_state *state = make_state(150, 100000);
    committed.count = 0;

    for (size_t round = 0; round < 600; round++) {
        mun_overlay_begin(state);
        overlay = committed;
        size_t puts = reference_random(&seed) % 40;
        for (size_t i = 0; i < puts; i++) {
            struct mun_hash key = reference_key(reference_random(&seed) % 140);
            uint64_t number = reference_random(&seed);
            uint16_t len = random_len(&seed);
            mun_err_t err =
                mun_overlay_put(state, &key, make_value(number, len));
            if (mun_is_ok(err)) {
                reference_put(&overlay, &key, number, len);
            } else {
                assert_int_equal(err.code, MUN_ERR_LIMIT);
                refused++;
            }
            if (reference_random(&seed) % 16 == 0)
                check_overlay(state, &overlay);
            if (reference_random(&seed) % 16 == 0)
                assert_true(mun_state_validate(state));
        }
        check_committed(state, &committed);
        if (reference_random(&seed) % 3 == 0) {
            mun_overlay_abort(state);
        } else {
            if (round % 2 == 0)
                check_overlay(state, &overlay);
            mun_overlay_commit(state);
            committed = overlay;
        }
        assert_true(mun_state_validate(state));
        check_committed(state, &committed);
    }
    assert_true(refused > 100);
    free(state);
}

static void
a_refused_load_leaves_the_tree_as_it_was(void **unused)
{
    (void)unused;
    static struct reference reference;
    struct mun_state *state = make_state(3, 256);
    reference.count = 0;
    for (uint16_t i = 0; i < 3; i++) {
        struct mun_hash key = reference_key(i);
        load_ok(state, &key, i, 64);
        reference_put(&reference, &key, i, 64);
    }
    struct mun_hash key = reference_key(3);
    assert_int_equal(mun_state_load(state, &key, make_value(0, 1)).code,
                     MUN_ERR_LIMIT);
    key = reference_key(0);
    assert_int_equal(mun_state_load(state, &key, make_value(0, 65)).code,
                     MUN_ERR_LIMIT);
    load_ok(state, &key, 5, 33); /* 40 bytes of the 64 that are left */
    reference_put(&reference, &key, 5, 33);
    mun_state_load_finish(state);
    check_committed(state, &reference);
    assert_true(mun_state_validate(state));
    free(state);
}

static void
values_of_every_length_are_kept(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(2, 4u << 20);
    struct mun_hash key = reference_key(0);
    struct mun_bytes value;
    mun_overlay_begin(state);
    for (uint16_t len = 1; len <= MUN_RECORD_BYTES_MAX;
         len = (uint16_t)(len < 600 ? len + 1 : len + 97)) {
        put_ok(state, &key, len, len);
        assert_int_equal(mun_overlay_get(state, &key, &value), MUN_PRESENT);
        assert_true(mun_bytes_eq(value, make_value(len, len)));
    }
    put_ok(state, &key, 3, MUN_RECORD_BYTES_MAX);
    assert_true(mun_state_validate(state));
    mun_overlay_commit(state);
    assert_int_equal(mun_state_get(state, &key, &value), MUN_PRESENT);
    assert_true(mun_bytes_eq(value, make_value(3, MUN_RECORD_BYTES_MAX)));
    free(state);
}

static void
a_value_that_the_overlay_gave_out_may_be_put(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(4, 4096);
    struct mun_hash key = reference_key(0);
    struct mun_bytes value;
    struct mun_bytes expected;
    mun_overlay_begin(state);
    put_ok(state, &key, 1, 200);

    assert_int_equal(mun_overlay_get(state, &key, &value), MUN_PRESENT);
    value = mun_bytes(value.data + 3, 190); /* fits where it lies */
    assert_true(mun_is_ok(mun_overlay_put(state, &key, value)));
    assert_int_equal(mun_overlay_get(state, &key, &value), MUN_PRESENT);
    expected = make_value(1, 200);
    assert_true(mun_bytes_eq(value, mun_bytes(expected.data + 3, 190)));

    value = mun_bytes(value.data, 20); /* moves to a smaller block */
    assert_true(mun_is_ok(mun_overlay_put(state, &key, value)));
    assert_int_equal(mun_overlay_get(state, &key, &value), MUN_PRESENT);
    assert_true(mun_bytes_eq(value, mun_bytes(expected.data + 3, 20)));
    assert_true(mun_state_validate(state));
    free(state);
}

static void
ten_thousand_overlays_over_the_same_keys_use_no_more_memory(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(64, 32768);
    struct mun_state_usage first = { 0 };
    struct mun_state_usage usage;
    uint64_t seed = 1;
    for (uint64_t round = 0; round < 10000; round++) {
        mun_overlay_begin(state);
        for (uint64_t i = 0; i < 32; i++) {
            if (round > 0 && reference_random(&seed) % 4 != 0)
                continue;
            struct mun_hash key = reference_key(i);
            put_ok(state, &key, round, (uint16_t)(1 + round % 7 * 40));
            put_ok(state, &key, round, 100);
        }
        if (round > 0 && round % 3 == 0)
            mun_overlay_abort(state);
        else
            mun_overlay_commit(state);
        mun_state_usage(state, &usage);
        if (round == 0)
            first = usage;
        assert_int_equal(usage.records, 32);
        assert_int_equal(usage.value_bytes, first.value_bytes);
        if (round % 500 == 0)
            assert_true(mun_state_validate(state));
    }
    free(state);
}

/* I1, byte by byte: the nodes and values that the committed root reaches. */
static uint64_t
digest_committed(const struct mun_state *state)
{
    uint32_t stack[MUN_STATE_STACK];
    unsigned depth = 0;
    struct mun_sha256 sha;
    struct mun_hash digest;
    uint64_t out;
    mun_sha256_init(&sha);
    stack[depth++] = state->committed.root;
    while (depth > 0) {
        uint32_t ref = stack[--depth];
        if (mun_state_is_leaf(ref)) {
            const struct mun_state_leaf *leaf = mun_state_leaf_at(state, ref);
            struct mun_bytes value = mun_state_value_of(state, leaf);
            mun_sha256_update(&sha, leaf, sizeof(*leaf));
            mun_sha256_update(&sha, value.data, value.len);
        } else {
            const struct mun_state_inner *node = mun_state_inner_at(state, ref);
            mun_sha256_update(&sha, node, sizeof(*node));
            stack[depth++] = node->child[0];
            stack[depth++] = node->child[1];
        }
    }
    mun_sha256_final(&sha, &digest);
    memcpy(&out, digest.b, sizeof(out));
    return out;
}

static void
an_open_overlay_writes_nothing_that_the_committed_root_reaches(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(1000, 1u << 20);
    uint64_t seed = 3;
    for (uint64_t i = 0; i < 300; i++) {
        struct mun_hash key = reference_key(i);
        load_ok(state, &key, i, 90);
    }
    mun_state_load_finish(state);
    uint64_t before = digest_committed(state);
    for (size_t round = 0; round < 20; round++) {
        struct mun_hash root;
        mun_overlay_begin(state);
        assert_true(digest_committed(state) == before);
        for (size_t i = 0; i < 200; i++) {
            struct mun_hash key = reference_key(reference_random(&seed) % 600);
            put_ok(state, &key, reference_random(&seed),
                   random_len(&seed) % 200 + 1);
            assert_true(digest_committed(state) == before);
        }
        mun_overlay_root(state, &root);
        assert_true(digest_committed(state) == before);
        if (round % 2 == 0) {
            mun_overlay_abort(state);
            assert_true(digest_committed(state) == before);
        } else {
            mun_overlay_commit(state);
            before = digest_committed(state);
        }
    }
    free(state);
}

struct reader {
    const struct mun_state *state;
    atomic_bool is_over;
    size_t failures;
};

static mun_err_t
count_visit(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    size_t *count = ctx;
    (void)key;
    *count += value.len == 80 ? 1 : 0;
    return MUN_SUCCESS;
}

static void *
read_along(void *ctx)
{
    struct reader *reader = ctx;
    uint8_t proof_bytes[4096];
    for (uint64_t i = 0; !atomic_load(&reader->is_over); i = (i + 1) % 200) {
        struct mun_hash key = reference_key(i);
        struct mun_bytes value;
        struct mun_wr wr;
        size_t count = 0;
        if (mun_state_get(reader->state, &key, &value) != MUN_PRESENT ||
            value.len != 80)
            reader->failures++;
        mun_wr_init(&wr, proof_bytes, sizeof(proof_bytes));
        if (!mun_is_ok(mun_multiproof_make(&wr, reader->state, &key, 1)))
            reader->failures++;
        if (i == 0 &&
            (!mun_is_ok(mun_state_each(reader->state, count_visit, &count)) ||
             count != 200))
            reader->failures++;
    }
    return NULL;
}

/* What this shows it shows under ThreadSanitizer. */
static void
readers_of_the_committed_tree_run_beside_an_overlay(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(1000, 1u << 20);
    struct reader reader = { .state = state };
    pthread_t thread;
    uint64_t seed = 5;
    for (uint64_t i = 0; i < 200; i++) {
        struct mun_hash key = reference_key(i);
        load_ok(state, &key, i, 80);
    }
    mun_state_load_finish(state);
    assert_int_equal(pthread_create(&thread, NULL, read_along, &reader), 0);
    for (size_t round = 0; round < 100; round++) {
        struct mun_hash root;
        mun_overlay_begin(state);
        for (size_t i = 0; i < 100; i++) {
            struct mun_hash key = reference_key(reference_random(&seed) % 400);
            put_ok(state, &key, reference_random(&seed), 90);
        }
        mun_overlay_root(state, &root);
        mun_overlay_abort(state);
    }
    atomic_store(&reader.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(reader.failures, 0);
    assert_true(mun_state_validate(state));
    free(state);
}

static void
announcing_keys_changes_nothing(void **unused)
{
    (void)unused;
    static struct reference reference;
    static struct mun_hash keys[100];
    struct mun_state *state = make_state(200, 1u << 16);
    reference.count = 0;
    for (uint64_t i = 0; i < 100; i++)
        keys[i] = reference_key(i);
    mun_overlay_begin(state);
    mun_overlay_announce(state, keys, 100);
    for (uint64_t i = 0; i < 50; i++) {
        put_ok(state, &keys[i], i, 40);
        reference_put(&reference, &keys[i], i, 40);
    }
    for (size_t count = 0; count <= 100; count++)
        mun_overlay_announce(state, keys, count);
    check_overlay(state, &reference);
    assert_true(mun_state_validate(state));
    free(state);
}

static void
damage_to_the_tree_is_found_by_validate(void **unused)
{
    (void)unused;
    struct mun_state *state = make_state(8, 4096);
    for (uint64_t i = 0; i < 8; i++) {
        struct mun_hash key = reference_key(i);
        load_ok(state, &key, i, 80);
    }
    mun_state_load_finish(state);
    assert_true(mun_state_validate(state));
    struct mun_state_inner *root =
        mun_state_inner_at(state, state->committed.root);

    root->face.hash[1].b[31] ^= 1;
    assert_false(mun_state_validate(state));
    root->face.hash[1].b[31] ^= 1;
    state->committed.count++;
    assert_false(mun_state_validate(state));
    state->committed.count--;
    state->value_live -= 80;
    assert_false(mun_state_validate(state));
    state->value_live += 80;
    uint32_t left = root->child[0];
    root->child[0] = root->child[1];
    assert_false(mun_state_validate(state));
    root->child[0] = left;
    assert_true(mun_state_validate(state));
    free(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tree_has_the_zero_root_and_no_record),
        cmocka_unit_test(the_root_of_one_record_is_its_leaf_hash),
        cmocka_unit_test(
            the_tree_depends_on_the_records_and_not_on_their_order),
        cmocka_unit_test(the_deepest_tree_that_keys_can_make_is_handled),
        cmocka_unit_test(
            records_are_visited_in_key_order_until_the_visitor_fails),
        cmocka_unit_test(
            random_overlays_agree_with_the_reference_also_when_pools_are_full),
        cmocka_unit_test(a_refused_load_leaves_the_tree_as_it_was),
        cmocka_unit_test(values_of_every_length_are_kept),
        cmocka_unit_test(a_value_that_the_overlay_gave_out_may_be_put),
        cmocka_unit_test(
            ten_thousand_overlays_over_the_same_keys_use_no_more_memory),
        cmocka_unit_test(
            an_open_overlay_writes_nothing_that_the_committed_root_reaches),
        cmocka_unit_test(readers_of_the_committed_tree_run_beside_an_overlay),
        cmocka_unit_test(announcing_keys_changes_nothing),
        cmocka_unit_test(damage_to_the_tree_is_found_by_validate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
