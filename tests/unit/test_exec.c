#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "ledger/core/block.h"
#include "ledger/core/exec.h"
#include "tests/support/stage.h"

#define NOW_MS (MUN_TEST_TIME_MS + 1000)

static struct mun_test_stage w;
static struct mun_test_stage other;
static struct mun_entry e;

static int
open_stage(void **state)
{
    (void)state;
    mun_test_stage_open(&w);
    return 0;
}

static int
close_stage(void **state)
{
    (void)state;
    mun_test_stage_close(&w);
    return 0;
}

static void
make(enum mun_kind kind)
{
    mun_test_stage_entry(&w, &e, kind);
}

#define SIGNERS(...)                                                           \
    (const unsigned[]){ __VA_ARGS__ },                                         \
        sizeof((const unsigned[]){ __VA_ARGS__ }) / sizeof(unsigned)

static void
expect(enum mun_refusal want)
{
    unsigned signers[2];
    size_t count = mun_test_stage_signers(e.kind, signers);
    enum mun_refusal got = mun_test_stage_submit(&w, &e, signers, count);

    assert_string_equal(mun_refusal_name(got), mun_refusal_name(want));
}

static struct mun_entry_checked *
check(void)
{
    unsigned signers[2];
    size_t count = mun_test_stage_signers(e.kind, signers);

    return mun_test_check_entry(
        &w.arena, mun_test_sign_entry(&w.arena, &e, signers, count), NULL, 0);
}

static enum mun_exec_result
add(const struct mun_entry_checked *checked)
{
    enum mun_exec_result result;
    enum mun_refusal refusal;

    assert_true(mun_is_ok(mun_exec_add(&w.exec, &result, &refusal, checked)));
    return result;
}

/* Entries in one block */

static void
entries_of_one_block_see_what_those_before_them_did(void **state)
{
    struct mun_hash programme;

    (void)state;
    make(MUN_KIND_ANCHOR);
    mun_programme_id(&programme, &e.actor, mun_bytes_str("data-2"));
    e.as.anchor.programme = programme;
    expect(MUN_REFUSAL_PROGRAMME_UNKNOWN);
    make(MUN_KIND_REGISTER_PROGRAMME);
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.programme = programme;
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_SUSPEND);
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.base = 4;
    expect(MUN_REFUSAL_ACCREDITATION_SUSPENDED);
    assert_int_equal(w.exec.item_count, 3);
}

static void
an_id_is_accepted_once_in_a_block(void **state)
{
    struct mun_entry_checked *checked;
    uint64_t log_size;

    (void)state;
    make(MUN_KIND_SUSPEND);
    checked = check();
    assert_int_equal(add(checked), MUN_EXEC_APPLIED);
    log_size = w.exec.frontier.size;
    assert_int_equal(add(checked), MUN_EXEC_KNOWN);
    assert_int_equal(w.exec.item_count, 1);
    assert_true(w.exec.frontier.size == log_size);
}

static void
many_ids_of_a_block_are_all_remembered(void **state)
{
    enum { COUNT = 100 };
    struct mun_entry_checked *checked[COUNT];

    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        make(MUN_KIND_ANCHOR);
        e.as.anchor.base = 3 + i;
        checked[i] = check();
        assert_int_equal(add(checked[i]), MUN_EXEC_APPLIED);
        for (uint32_t k = 0; k <= i; k++)
            assert_int_equal(add(checked[k]), MUN_EXEC_KNOWN);
    }
    assert_int_equal(w.exec.item_count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_ptr_equal(w.exec.items[i].checked, checked[i]);
}

static bool
is_that(const void *ctx, const struct mun_hash *id)
{
    return mun_hash_eq(ctx, id);
}

static void
an_id_that_an_earlier_block_accepted_is_known(void **state)
{
    struct mun_entry_checked *checked;

    (void)state;
    make(MUN_KIND_SUSPEND);
    checked = check();
    w.seen = (struct mun_seen){ is_that, &checked->entry.id };
    mun_test_stage_next(&w, NOW_MS + 1);
    assert_int_equal(add(checked), MUN_EXEC_KNOWN);
    make(MUN_KIND_ANCHOR);
    expect(MUN_REFUSAL_NONE);
}

/* Weight */

static void
a_full_block_takes_no_more(void **state)
{
    struct mun_entry_checked *checked;
    uint64_t bytes_max;

    (void)state;
    make(MUN_KIND_REGISTER_PARTY); /* two signatures, two records */
    checked = check();
    bytes_max = MUN_BLOCK_BYTES_MAX - checked->entry.bytes.len;
    w.exec.item_count = MUN_BLOCK_ENTRIES_MAX;
    assert_int_equal(add(checked), MUN_EXEC_FULL);
    w.exec.item_count = 0;
    w.exec.byte_count = bytes_max + 1;
    assert_int_equal(add(checked), MUN_EXEC_FULL);
    w.exec.byte_count = bytes_max;
    w.exec.signature_count = MUN_BLOCK_SIGNATURES_MAX - 1;
    assert_int_equal(add(checked), MUN_EXEC_FULL);
    w.exec.signature_count = MUN_BLOCK_SIGNATURES_MAX - 2;
    w.exec.write_count = MUN_BLOCK_EFFECTS_MAX - 1;
    assert_int_equal(add(checked), MUN_EXEC_FULL);
    w.exec.write_count = MUN_BLOCK_EFFECTS_MAX - 2;
    w.exec.leaf_count = MUN_BLOCK_LEAVES_MAX;
    checked->leaf_count = 1;
    assert_int_equal(add(checked), MUN_EXEC_FULL);
    checked->leaf_count = 0;
    assert_int_equal(add(checked), MUN_EXEC_APPLIED);
}

static void
a_full_arena_is_an_error_and_leaves_no_trace(void **state)
{
    struct mun_exec_start start = { .state = w.state,
                                    .previous = &w.header,
                                    .log = &w.log,
                                    .time_ms = NOW_MS };
    struct mun_entry_checked *checked;
    enum mun_exec_result result;
    enum mun_refusal refusal;
    struct mun_arena small;
    struct mun_hash before;
    struct mun_hash after;
    static uint8_t memory[32768];
    unsigned failures = 0;

    (void)state;
    make(MUN_KIND_ANCHOR);
    checked = check();
    start.arena = &small;
    mun_overlay_abort(w.state);
    mun_state_root(w.state, &before);
    for (size_t size = 0;; size += 256) {
        mun_err_t err;

        assert_true(size <= sizeof memory);
        mun_arena_init(&small, memory, size);
        assert_true(mun_is_ok(mun_exec_begin(&w.exec, &start)));
        err = mun_exec_add(&w.exec, &result, &refusal, checked);
        if (mun_is_ok(err)) {
            assert_int_equal(result, MUN_EXEC_APPLIED);
            break;
        }
        assert_int_equal(err.code, MUN_ERR_LIMIT);
        mun_overlay_root(w.state, &after);
        assert_true(mun_hash_eq(&before, &after));
        assert_int_equal(w.exec.item_count, 0);
        mun_overlay_abort(w.state);
        failures++;
    }
    assert_true(failures > 3);
}

/* Effects and leaves */

static void
an_effect_names_a_record_with_its_hashes_before_and_after(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_UNI);
    struct mun_effect want[2];
    struct mun_effect swap;
    struct mun_hash leaves[2];
    struct mun_hash root;

    (void)state;
    make(MUN_KIND_ANCHOR);
    mun_record_key_list(&want[0].key, &issuer, e.as.anchor.label);
    mun_record_key_batch(&want[1].key, &issuer, &e.as.anchor.root);
    for (int i = 0; i < 2; i++)
        mun_overlay_value_hash(w.state, &want[i].key, &want[i].before);
    expect(MUN_REFUSAL_NONE);
    for (int i = 0; i < 2; i++)
        mun_hash_tagged(&want[i].after, MUN_TAG_RECORD_VALUE,
                        mun_test_stage_get(&w, &want[i].key));
    assert_false(mun_hash_is_zero(&want[0].before));
    assert_true(mun_hash_is_zero(&want[1].before));
    if (mun_hash_cmp(&want[0].key, &want[1].key) > 0) {
        swap = want[0];
        want[0] = want[1];
        want[1] = swap;
    }
    assert_memory_equal(w.exec.effects, want, sizeof want);
    mun_merkle_leaf(&leaves[0], mun_bytes(&want[0], sizeof want[0]));
    mun_merkle_leaf(&leaves[1], mun_bytes(&want[1], sizeof want[1]));
    mun_merkle_node(&root, &leaves[0], &leaves[1]);
    assert_true(mun_hash_eq(&root, &w.exec.items[0].effects_root));
}

static void
the_log_grows_by_the_header_leaf_and_one_leaf_an_entry(void **state)
{
    struct mun_frontier log = w.log;
    struct mun_log_leaf leaf;
    struct mun_hash previous;
    struct mun_hash hash;
    struct mun_hash want;
    struct mun_hash got;

    (void)state;
    make(MUN_KIND_ANCHOR);
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_SUSPEND);
    expect(MUN_REFUSAL_NONE);
    for (uint32_t i = 0; i <= 2; i++) {
        mun_exec_leaf(&w.exec, i, &leaf);
        assert_int_equal(leaf.type, i == 0 ? MUN_LOG_HEADER : MUN_LOG_ENTRY);
        assert_int_equal(leaf.position, i);
        assert_true(leaf.height == 2);
        assert_true(leaf.time_ms == NOW_MS);
        mun_log_leaf_hash(&hash, &leaf);
        assert_true(mun_hash_eq(&hash, i == 0
                                           ? &w.exec.header_leaf_hash
                                           : &w.exec.items[i - 1].leaf_hash));
        mun_frontier_append(&log, &hash);
    }
    mun_exec_leaf(&w.exec, 0, &leaf);
    mun_header_id(&previous, &w.header);
    assert_true(mun_hash_eq(&leaf.subject, &previous));
    mun_hash_sha256(&hash, MUN_BYTES_NONE);
    assert_true(mun_hash_eq(&leaf.effects_root, &hash));
    mun_frontier_root(&log, &want);
    mun_frontier_root(&w.exec.frontier, &got);
    assert_true(mun_hash_eq(&want, &got));
    /* Block 1 had three entries, block 2 two. */
    assert_true(w.exec.frontier.size == 4 + 3);
}

static void
a_block_is_later_than_the_one_before(void **state)
{
    struct mun_exec_start start = { .state = w.state,
                                    .arena = &w.blocks,
                                    .previous = &w.header,
                                    .log = &w.log,
                                    .time_ms = w.header.time_ms };

    (void)state;
    mun_overlay_abort(w.state);
    assert_int_equal(mun_exec_begin(&w.exec, &start).code, MUN_ERR_VALUE);
    assert_false(mun_overlay_is_open(w.state));
    start.time_ms++;
    assert_true(mun_is_ok(mun_exec_begin(&w.exec, &start)));
}

/* Judging */

struct candidate {
    struct mun_header header;
    struct mun_certificate certificate;
    uint32_t count;
    struct mun_entry_checked checked[4];
};

/* Large: not on the stack. */
static struct candidate right;
static struct candidate in;

/* Block 2 of three entries, executed and dropped. */
static void
make_candidate(struct candidate *out)
{
    make(MUN_KIND_ANCHOR);
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_CHANGE_STATUS);
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_REGISTER_PARTY);
    expect(MUN_REFUSAL_NONE);
    out->count = w.exec.item_count;
    for (uint32_t i = 0; i < out->count; i++)
        out->checked[i] = *w.exec.items[i].checked;
    mun_test_stage_certify(&w, &out->certificate);
    mun_exec_finish(&w.exec, &out->header, &w.header, &out->certificate);
    mun_overlay_abort(w.state);
}

/* Sends the candidate through its bytes and judges it. */
static mun_err_t
judge(const struct candidate *it, struct mun_exec_verdict *verdict)
{
    static uint8_t buffer[65536];
    struct mun_exec_start start = { .state = w.state,
                                    .arena = &w.blocks,
                                    .previous = &w.header,
                                    .log = &w.log };
    struct mun_block block;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_block_encode_start(&wr, &it->header, &it->certificate, it->count);
    for (uint32_t i = 0; i < it->count; i++) {
        struct mun_block_item item = { .entry = it->checked[i].entry.bytes };

        mun_block_encode_item(&wr, &item);
    }
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    assert_true(mun_is_ok(mun_block_decode(&block, mun_wr_done(&wr))));
    mun_arena_reset(&w.blocks, 0);
    return mun_exec_judge(&w.exec, verdict, &start, &block, it->checked,
                          &w.members);
}

static void
refused(const struct candidate *it, enum mun_err_code want)
{
    struct mun_exec_verdict verdict;

    assert_int_equal(judge(it, &verdict).code, want);
    assert_false(mun_overlay_is_open(w.state));
}

static void
a_right_block_is_accepted_with_the_same_result(void **state)
{
    struct mun_exec_verdict verdict;
    struct mun_hash root;

    (void)state;
    make_candidate(&in);
    assert_true(mun_is_ok(judge(&in, &verdict)));
    assert_int_equal(verdict.refusal, MUN_REFUSAL_NONE);
    mun_overlay_root(w.state, &root);
    assert_true(mun_hash_eq(&root, &in.header.state_root));
    mun_overlay_commit(w.state);
    assert_true(mun_state_validate(w.state));
}

static void
a_block_with_any_header_field_changed_is_refused(void **state)
{
    (void)state;
    make_candidate(&right);
#define CHANGED(change, want)                                                  \
    do {                                                                       \
        in = right;                                                            \
        in.header.change;                                                      \
        refused(&in, want);                                                    \
    } while (0)
    CHANGED(rules_version++, MUN_ERR_VALUE);
    CHANGED(chain_id.b[31] ^= 1, MUN_ERR_CHAIN);
    CHANGED(height++, MUN_ERR_VALUE);
    CHANGED(height--, MUN_ERR_VALUE);
    CHANGED(time_ms++, MUN_ERR_ROOT);
    CHANGED(time_ms = w.header.time_ms, MUN_ERR_VALUE);
    CHANGED(previous.b[0] ^= 1, MUN_ERR_CHAIN);
    CHANGED(certificate_hash.b[0] ^= 1, MUN_ERR_ROOT);
    CHANGED(entries_hash.b[0] ^= 1, MUN_ERR_ROOT);
    CHANGED(log_size++, MUN_ERR_ROOT);
    CHANGED(log_root.b[0] ^= 1, MUN_ERR_ROOT);
    CHANGED(state_root.b[0] ^= 1, MUN_ERR_ROOT);
    CHANGED(members_hash.b[0] ^= 1, MUN_ERR_ROOT);
    CHANGED(next_members_hash.b[0] ^= 1, MUN_ERR_ROOT);
#undef CHANGED
}

static void
a_block_with_another_certificate_is_refused(void **state)
{
    (void)state;
    make_candidate(&right);
    in = right;
    in.certificate.round++; /* not what was signed, and another hash */
    refused(&in, MUN_ERR_ROOT);
    mun_certificate_hash(&in.header.certificate_hash, &in.certificate);
    refused(&in, MUN_ERR_SIGNATURE);
    in = right;
    in.certificate.header_id.b[0] ^= 1;
    mun_certificate_hash(&in.header.certificate_hash, &in.certificate);
    refused(&in, MUN_ERR_VALUE);
    in = right;
    in.certificate.height++;
    mun_certificate_hash(&in.header.certificate_hash, &in.certificate);
    refused(&in, MUN_ERR_VALUE);
    in = right;
    in.certificate.bitmap[0] = 0;
    in.certificate.sig_count = 0;
    mun_certificate_hash(&in.header.certificate_hash, &in.certificate);
    refused(&in, MUN_ERR_PROOF);
}

static void
a_block_applies_only_if_each_of_its_entries_does(void **state)
{
    struct mun_exec_verdict verdict;

    (void)state;
    make_candidate(&right);
    in = right;
    in.checked[3] = in.checked[0];
    in.count = 4;
    assert_int_equal(judge(&in, &verdict).code, MUN_ERR_REFUSED);
    assert_int_equal(verdict.refusal, MUN_REFUSAL_NONE);
    assert_int_equal(verdict.refused_index, 3);
    assert_false(mun_overlay_is_open(w.state));
    make(MUN_KIND_REINSTATE);
    in.checked[2] = *check();
    in.count = 3;
    assert_int_equal(judge(&in, &verdict).code, MUN_ERR_REFUSED);
    assert_int_equal(verdict.refusal, MUN_REFUSAL_BAD_TRANSITION);
    assert_int_equal(verdict.refused_index, 2);
    assert_false(mun_overlay_is_open(w.state));
    in = right;
    in.count = 2;
    refused(&in, MUN_ERR_ROOT);
    in = right;
    in.checked[0] = right.checked[1];
    in.checked[1] = right.checked[0];
    refused(&in, MUN_ERR_ROOT);
}

/* Properties */

static void
what_is_dropped_and_done_again_gives_the_same_root(void **state)
{
    struct mun_exec_verdict verdict;

    (void)state;
    make_candidate(&in);
    for (int i = 0; i < 3; i++) {
        struct mun_hash root;

        assert_true(mun_is_ok(judge(&in, &verdict)));
        mun_overlay_root(w.state, &root);
        assert_true(mun_hash_eq(&root, &in.header.state_root));
        mun_overlay_abort(w.state);
        mun_state_root(w.state, &root);
        assert_true(mun_hash_eq(&root, &w.header.state_root));
    }
}

static uint64_t seed;

static uint32_t
random_below(uint32_t bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % bound;
}

/* Counts what was made, so that entries differ and slots change once. */
struct sequence {
    uint32_t step;
    uint32_t base;
    uint32_t slot;
    unsigned next_key;
    char code[16];
};

static size_t
make_random(struct sequence *s, unsigned *signers)
{
    static const enum mun_kind kinds[] = {
        MUN_KIND_ANCHOR,         MUN_KIND_ANCHOR,   MUN_KIND_CHANGE_STATUS,
        MUN_KIND_ADD_KEY,        MUN_KIND_SUSPEND,  MUN_KIND_REINSTATE,
        MUN_KIND_RETIRE_KEY,     MUN_KIND_ACCREDIT, MUN_KIND_REGISTER_PROGRAMME,
        MUN_KIND_REGISTER_PARTY,
    };
    struct mun_change change = { .reason = MUN_REASON_OTHER };
    size_t count;

    make(kinds[random_below(sizeof kinds / sizeof kinds[0])]);
    e.valid_until_ms += s->step++;
    count = mun_test_stage_signers(e.kind, signers);
    if (e.kind == MUN_KIND_ANCHOR) {
        e.as.anchor.base = s->base + random_below(3);
        e.as.anchor.count = 1 + random_below(9);
    } else if (e.kind == MUN_KIND_CHANGE_STATUS) {
        change.index = s->slot++;
        change.action = (uint8_t)(MUN_ACTION_REVOKE + random_below(2));
        mun_test_set_changes(&w.arena, &e.as.change_status, &change, 1);
    } else if (e.kind == MUN_KIND_ADD_KEY) {
        signers[1] = s->next_key++;
        e.as.add_key.key = *mun_test_key(signers[1]);
        e.as.add_key.purposes = (uint8_t)(1 + random_below(15));
    } else if (e.kind == MUN_KIND_RETIRE_KEY) {
        e.as.retire_key = *mun_test_key(
            MUN_TEST_FREE + random_below(s->next_key - MUN_TEST_FREE + 1));
    } else if (e.kind == MUN_KIND_REGISTER_PARTY) {
        signers[1] = s->next_key++;
        e.actor = mun_test_set_keys(&e.as.register_party, &signers[1], 1,
                                    MUN_PURPOSE_GOVERN);
    } else if (e.kind == MUN_KIND_REGISTER_PROGRAMME) {
        (void)snprintf(s->code, sizeof s->code, "p-%u", random_below(20));
        e.as.register_programme.code = mun_bytes_str(s->code);
    }
    return count;
}

/* The record with all heights and times of blocks taken out.
 * Shape: out holds MUN_RECORD_BYTES_MAX. */
static struct mun_bytes
timeless(uint8_t *out, struct mun_bytes value)
{
    struct mun_accreditation accreditation;
    struct mun_key_record key;
    struct mun_wr wr;

    mun_wr_init(&wr, out, MUN_RECORD_BYTES_MAX);
    if (value.data[0] == MUN_RECORD_KEY) {
        assert_true(mun_is_ok(mun_key_record_decode(&key, value)));
        key.since = (struct mun_since){ 0, 0 };
        key.added_height = 0;
        key.added_time_ms = 0;
        key.ended_time_ms = key.ended_time_ms != 0;
        mun_key_record_encode(&wr, &key);
    } else if (value.data[0] == MUN_RECORD_ACCREDITATION) {
        assert_true(mun_is_ok(mun_accreditation_decode(&accreditation, value)));
        accreditation.since = (struct mun_since){ 0, 0 };
        accreditation.granted_height = 0;
        accreditation.granted_time_ms = 0;
        accreditation.status_time_ms = 0;
        mun_accreditation_encode(&wr, &accreditation);
    } else {
        mun_wr_run(&wr, value);
        memset(out + 2, 0, 16);
    }
    return mun_wr_done(&wr);
}

static mun_err_t
is_in_other(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    static uint8_t one[MUN_RECORD_BYTES_MAX];
    static uint8_t two[MUN_RECORD_BYTES_MAX];
    struct mun_bytes others;

    (void)ctx;
    assert_int_equal(mun_state_get(other.state, key, &others), MUN_PRESENT);
    assert_true(mun_bytes_eq(timeless(one, value), timeless(two, others)));
    return MUN_SUCCESS;
}

static void
entries_in_one_block_or_in_many_give_the_same_records(void **state)
{
    enum { ROUNDS = 6, STEPS = 150 };

    (void)state;
    mun_test_stage_close(&w);
    for (seed = 1; seed <= ROUNDS; seed++) {
        struct sequence s = { .base = 3, .next_key = MUN_TEST_FREE + 2 };
        uint64_t round = seed;
        uint64_t time_ms = NOW_MS;
        uint32_t applied = 0;

        mun_test_stage_open(&w);
        mun_test_stage_open(&other);
        while (s.step < STEPS) {
            unsigned signers[2];
            size_t count = make_random(&s, signers);

            if (mun_test_stage_submit(&w, &e, signers, count) !=
                MUN_REFUSAL_NONE)
                continue;
            applied++;
            if (e.kind == MUN_KIND_ANCHOR)
                s.base = e.as.anchor.base + e.as.anchor.count;
            assert_int_equal(
                mun_test_stage_submit_bytes(&other, e.bytes, NULL, 0),
                MUN_REFUSAL_NONE);
            if (random_below(4) == 0)
                mun_test_stage_next(&other, ++time_ms);
        }
        assert_true(applied > STEPS / 4);
        mun_test_stage_next(&w, time_ms + 1);
        mun_test_stage_next(&other, time_ms + 1);
        assert_int_equal(mun_state_count(w.state),
                         mun_state_count(other.state));
        assert_true(mun_is_ok(mun_state_each(w.state, is_in_other, NULL)));
        mun_test_stage_close(&w);
        mun_test_stage_close(&other);
        seed = round;
    }
    mun_test_stage_open(&w);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(entries_of_one_block_see_what_those_before_them_did),
        TEST(an_id_is_accepted_once_in_a_block),
        TEST(many_ids_of_a_block_are_all_remembered),
        TEST(an_id_that_an_earlier_block_accepted_is_known),
        TEST(a_full_block_takes_no_more),
        TEST(a_full_arena_is_an_error_and_leaves_no_trace),
        TEST(an_effect_names_a_record_with_its_hashes_before_and_after),
        TEST(the_log_grows_by_the_header_leaf_and_one_leaf_an_entry),
        TEST(a_block_is_later_than_the_one_before),
        TEST(a_right_block_is_accepted_with_the_same_result),
        TEST(a_block_with_any_header_field_changed_is_refused),
        TEST(a_block_with_another_certificate_is_refused),
        TEST(a_block_applies_only_if_each_of_its_entries_does),
        TEST(what_is_dropped_and_done_again_gives_the_same_root),
        TEST(entries_in_one_block_or_in_many_give_the_same_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
