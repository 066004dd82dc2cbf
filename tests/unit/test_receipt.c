#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/core/multiproof.h"
#include "ledger/core/receipt.h"
#include "ledger/core/record.h"
#include "tests/support/make_chain.h"

#define BATCH 5
#define POSITION 3 /* JSON */
#define BYTES_POSITION 2

static struct mun_test_world world;
static struct mun_arena arena;
static struct mun_receipt_input input;
static struct mun_verdict verdict;

static void
verify(void)
{
    mun_arena_reset(&arena, 0);
    mun_receipt_verify(&verdict, &arena, &input);
}

static uint32_t
bit(enum mun_verdict_code code)
{
    return 1u << (unsigned)code;
}

/* This verdict alone. */
static void
assert_only(enum mun_verdict_code code)
{
    verify();
    assert_int_equal(verdict.code, code);
    assert_int_equal(verdict.all, code == MUN_VERDICT_VALID ? 0 : bit(code));
}

/* PROOF_INVALID at this check: those before it passed, those after were not
 * done. */
static void
assert_invalid_at(enum mun_check_name failed)
{
    assert_only(MUN_VERDICT_PROOF_INVALID);
    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++) {
        if (i < (unsigned)failed)
            assert_int_equal(verdict.checks[i], MUN_CHECK_PASSED);
        else if (i == (unsigned)failed)
            assert_int_equal(verdict.checks[i], MUN_CHECK_FAILED);
        else
            assert_int_equal(verdict.checks[i], MUN_CHECK_NOT_DONE);
    }
}

/* A copy that may be changed.
 * Lifetime: the world's. */
static uint8_t *
copy(struct mun_bytes bytes)
{
    uint8_t *out = mun_arena_alloc(&world.arena, bytes.len + 1);

    assert_non_null(out);
    memcpy(out, bytes.data, bytes.len);
    return out;
}

/* The receipt as its parts, and back. */
static struct mun_receipt parts;

static void
take_apart(void)
{
    assert_int_equal(mun_receipt_decode(&parts, input.receipt).code, MUN_OK);
}

static void
put_together(void)
{
    uint8_t *buffer = mun_arena_alloc(&world.arena, MUN_RECEIPT_BYTES_MAX);
    struct mun_wr wr;

    assert_non_null(buffer);
    mun_wr_init(&wr, buffer, MUN_RECEIPT_BYTES_MAX);
    mun_receipt_encode(&wr, &parts);
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    input.receipt = mun_wr_done(&wr);
}

static struct mun_bytes
certificate_bytes(const struct mun_certificate *certificate)
{
    uint8_t *buffer = mun_arena_alloc(&world.arena, 8192);
    struct mun_wr wr;

    assert_non_null(buffer);
    mun_wr_init(&wr, buffer, 8192);
    mun_certificate_encode(&wr, certificate);
    return mun_wr_done(&wr);
}

static int
open_with(unsigned member_count)
{
    mun_test_world_open(&world, member_count);
    mun_test_world_story(&world);
    mun_test_world_anchor(&world, BATCH);
    mun_test_world_block(&world, NULL, 0);
    mun_test_world_input(&world, &input, POSITION);
    return (int)mun_arena_open(&arena, MUN_RECEIPT_ARENA_BYTES).code;
}

static int
open_one(void **state)
{
    (void)state;
    return open_with(1);
}

static int
open_four(void **state)
{
    (void)state;
    return open_with(4);
}

static int
close_all(void **state)
{
    (void)state;
    mun_arena_close(&arena);
    mun_test_world_close(&world);
    return 0;
}

static void
a_receipt_proves_an_award(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < BATCH; i++) {
        mun_test_world_input(&world, &input, i);
        assert_only(MUN_VERDICT_VALID);
        assert_int_equal(verdict.slot, i);
        assert_int_equal(verdict.flags & MUN_FLAG_CLAIMS_NOT_CHECKED,
                         i % 2 == 0 ? MUN_FLAG_CLAIMS_NOT_CHECKED : 0);
        assert_true((verdict.flags & MUN_FLAG_PROGRAMME_PROVISIONAL) != 0);
        assert_int_equal(verdict.asof_height, world.height);
        assert_int_equal(verdict.anchored_height, 4);
        assert_int_equal(verdict.member_count, world.member_count);
        assert_int_equal(verdict.description.title_count, 2);
        for (unsigned k = 0; k < MUN_CHECK_NAME_COUNT; k++)
            assert_int_equal(verdict.checks[k], MUN_CHECK_PASSED);
    }
}

static void
a_receipt_comes_back_from_its_parts(void **state)
{
    struct mun_bytes before = input.receipt;

    (void)state;
    take_apart();
    assert_int_equal(parts.leaf.type, MUN_LOG_ENTRY);
    put_together();
    assert_true(mun_bytes_eq(before, input.receipt));
}

static void
no_shorter_and_no_longer_receipt_is_valid(void **state)
{
    struct mun_bytes whole = input.receipt;
    uint8_t *bytes = copy(whole);

    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        input.receipt = mun_bytes(bytes, len);
        assert_invalid_at(MUN_CHECK_FORMAT);
    }
    input.receipt = mun_bytes(bytes, whole.len + 1);
    assert_invalid_at(MUN_CHECK_FORMAT);
    input.receipt = MUN_BYTES_NONE;
    assert_invalid_at(MUN_CHECK_FORMAT);
    bytes[0] = 2;
    input.receipt = mun_bytes(bytes, whole.len);
    assert_invalid_at(MUN_CHECK_FORMAT);
}

static void
no_changed_byte_of_a_receipt_is_valid(void **state)
{
    uint8_t *bytes = copy(input.receipt);
    const uint8_t changes[] = { 0x01, 0x80, 0xff };

    (void)state;
    input.receipt.data = bytes;
    for (size_t i = 0; i < input.receipt.len; i++) {
        for (size_t k = 0; k < sizeof changes; k++) {
            bytes[i] ^= changes[k];
            verify();
            assert_int_equal(verdict.code, MUN_VERDICT_PROOF_INVALID);
            bytes[i] ^= changes[k];
        }
    }
    assert_only(MUN_VERDICT_VALID);
}

static void
no_changed_byte_of_an_opening_is_valid(void **state)
{
    uint8_t *bytes = copy(input.opening);
    size_t whole = input.opening.len;

    (void)state;
    input.opening.data = bytes;
    for (size_t i = 0; i < whole; i++) {
        for (unsigned change = 1; change < 256; change += 11) {
            bytes[i] ^= (uint8_t)change;
            verify();
            assert_int_equal(verdict.code, MUN_VERDICT_PROOF_INVALID);
            bytes[i] ^= (uint8_t)change;
        }
    }
    for (size_t len = 0; len < whole; len++) {
        input.opening.len = len;
        assert_invalid_at(MUN_CHECK_FORMAT);
    }
    input.opening.len = whole + 1;
    assert_invalid_at(MUN_CHECK_FORMAT);
}

static void
another_trust_root_is_refused(void **state)
{
    struct mun_trust_root root = input.root;

    (void)state;
    input.root.chain_id.b[0] ^= 1;
    assert_invalid_at(MUN_CHECK_CHAIN);
    input.root = root;
    input.root.header_id.b[31] ^= 1;
    assert_invalid_at(MUN_CHECK_CHAIN);
    input.root = root;
    input.root.height = 1;
    assert_invalid_at(MUN_CHECK_CHAIN);
    mun_header_id(&input.root.header_id, &world.headers[1]);
    assert_invalid_at(MUN_CHECK_CHAIN);
}

/* The receipt starts from the header of `height`. */
static void
start_from(unsigned height)
{
    take_apart();
    parts.root_header = world.headers[height];
    input.root.height = height;
    mun_header_id(&input.root.header_id, &world.headers[height]);
}

static void
a_receipt_may_start_from_any_certified_header(void **state)
{
    (void)state;
    for (unsigned height = 0; height < world.height; height++) {
        start_from(height);
        put_together();
        assert_only(MUN_VERDICT_VALID);
    }
}

static void
the_trust_roots_own_header_comes_with_the_empty_certificate(void **state)
{
    struct mun_certificate empty;

    (void)state;
    start_from(world.height);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
    mun_certificate_empty(&empty, &input.root.header_id);
    parts.certificate = certificate_bytes(&empty);
    put_together();
    assert_only(MUN_VERDICT_VALID);
    mun_certificate_empty(&empty, &world.chain.header_id);
    parts.certificate = certificate_bytes(&empty);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
}

static void
a_header_below_the_trust_root_is_refused(void **state)
{
    (void)state;
    mun_test_world_block(&world, NULL, 0);
    start_from(world.height);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
}

/* A link at each of these heights. */
static void
set_links(const unsigned *heights, uint8_t count)
{
    uint8_t *buffer = mun_arena_alloc(&world.arena, 1 << 16);
    struct mun_wr wr;

    assert_non_null(buffer);
    mun_wr_init(&wr, buffer, 1 << 16);
    for (unsigned i = 0; i < count; i++) {
        mun_header_encode(&wr, &world.headers[heights[i]]);
        mun_certificate_encode(&wr, &world.certificates[heights[i]]);
        mun_wr_run(&wr, world.members);
    }
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    parts.link_count = count;
    parts.links = mun_wr_done(&wr);
    put_together();
}

static void
member_sets_are_followed_upwards(void **state)
{
    struct mun_certificate certificate;

    (void)state;
    take_apart();
    set_links((const unsigned[]){ 1, 3 }, 2);
    assert_only(MUN_VERDICT_VALID);
    set_links((const unsigned[]){ 3, 1 }, 2);
    assert_invalid_at(MUN_CHECK_MEMBERS);
    set_links((const unsigned[]){ 2, 2 }, 2);
    assert_invalid_at(MUN_CHECK_MEMBERS);
    world.certificates[1] = world.certificates[2];
    set_links((const unsigned[]){ 1 }, 1);
    assert_invalid_at(MUN_CHECK_MEMBERS);
    set_links((const unsigned[]){ 3, 5 }, 2); /* H itself, as a link */
    assert_only(MUN_VERDICT_VALID);
    parts.header = world.headers[4];
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
    /* Another header of that height, though certified. */
    parts.header = world.headers[5];
    parts.header.time_ms++;
    mun_test_world_certify(&world, &certificate, &parts.header);
    parts.certificate = certificate_bytes(&certificate);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
}

static void
every_byte_of_a_link_counts(void **state)
{
    uint8_t *links;

    (void)state;
    take_apart();
    set_links((const unsigned[]){ 2 }, 1);
    assert_only(MUN_VERDICT_VALID);
    links = copy(parts.links);
    parts.links.data = links;
    for (size_t i = 0; i < parts.links.len; i++) {
        links[i] ^= 0x10;
        put_together();
        verify();
        assert_int_equal(verdict.code, MUN_VERDICT_PROOF_INVALID);
        links[i] ^= 0x10;
        mun_arena_reset(&world.arena,
                        mun_arena_mark(&world.arena) - MUN_RECEIPT_BYTES_MAX);
    }
}

/* Links that have the lengths of links and say nothing. */
static struct mun_bytes
empty_links(unsigned count)
{
    uint8_t *buffer = mun_arena_alloc(&world.arena, MUN_RECEIPT_BYTES_MAX);
    struct mun_certificate certificate;
    struct mun_wr wr;

    assert_non_null(buffer);
    mun_wr_init(&wr, buffer, MUN_RECEIPT_BYTES_MAX);
    mun_certificate_empty(&certificate, &mun_hash_zero);
    for (unsigned i = 0; i < count; i++) {
        mun_header_encode(&wr, &parts.root_header);
        mun_certificate_encode(&wr, &certificate);
        mun_wr_run(&wr, parts.members);
    }
    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    return mun_wr_done(&wr);
}

/* "A receipt has at most 262,144 bytes and 128 links" */
static void
a_receipt_is_bounded_in_links_and_bytes(void **state)
{
    const size_t size = 262144;
    size_t room;
    uint8_t *bytes;

    (void)state;
    take_apart();
    parts.link_count = 128;
    parts.links = empty_links(128);
    put_together();
    assert_invalid_at(MUN_CHECK_MEMBERS);
    parts.link_count = 129;
    parts.links = empty_links(129);
    put_together();
    assert_invalid_at(MUN_CHECK_FORMAT);

    mun_test_world_input(&world, &input, POSITION);
    take_apart();
    room = size - input.receipt.len;
    bytes = mun_arena_alloc(&world.arena, size + 1);
    assert_non_null(bytes);
    memcpy(bytes, parts.multiproof.data, parts.multiproof.len);
    parts.multiproof = mun_bytes(bytes, parts.multiproof.len + room);
    put_together();
    assert_int_equal(input.receipt.len, size);
    assert_invalid_at(MUN_CHECK_STATE);
    /* One byte more, and the length before the proof says so. */
    bytes = copy(input.receipt);
    bytes[size - parts.multiproof.len - 1]++;
    assert_true(bytes[size - parts.multiproof.len - 1] != 0);
    input.receipt = mun_bytes(bytes, size + 1);
    assert_invalid_at(MUN_CHECK_FORMAT);
}

static void
a_header_needs_a_quorum_of_its_own_members(void **state)
{
    struct mun_certificate certificate = world.certificates[world.height];

    (void)state;
    take_apart();
    certificate.sig_count--;
    certificate.bitmap[0] = 0xc0; /* two of four */
    parts.certificate = certificate_bytes(&certificate);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
    parts.certificate = certificate_bytes(&world.certificates[1]);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
    /* Certified, but by members whom it does not name. */
    parts.header.members_hash.b[0] ^= 1;
    mun_test_world_certify(&world, &certificate, &parts.header);
    parts.certificate = certificate_bytes(&certificate);
    put_together();
    assert_invalid_at(MUN_CHECK_CERTIFICATE);
}

static void
a_header_of_newer_rules_is_unknown(void **state)
{
    struct mun_certificate certificate;

    (void)state;
    take_apart();
    parts.header.rules_version = 2;
    mun_test_world_certify(&world, &certificate, &parts.header);
    parts.certificate = certificate_bytes(&certificate);
    put_together();
    assert_only(MUN_VERDICT_UNKNOWN);
    assert_int_equal(verdict.checks[MUN_CHECK_STATE], MUN_CHECK_NOT_DONE);
}

static void
another_entry_of_the_log_is_no_anchor(void **state)
{
    struct mun_wr wr;

    (void)state;
    take_apart();
    for (uint64_t i = 0; i < world.log.size; i++) {
        struct mun_receipt other = parts;

        if (i == world.anchor_leaf)
            continue;
        other.leaf = world.leaves[i];
        other.leaf_index = i;
        other.entry = mun_bytes_str("no entry");
        mun_wr_init(&wr, copy(mun_bytes(world.openings, 1)), 1);
        assert_int_equal(
            mun_receipt_make(&wr, &world.arena, &other, world.state).code,
            MUN_ERR_VALUE);
    }
    parts.entry = mun_bytes_str("no entry");
    put_together();
    assert_invalid_at(MUN_CHECK_ANCHOR);
}

static void
an_older_log_that_ends_before_the_leaf_is_refused(void **state)
{
    (void)state;
    take_apart();
    parts.header = world.headers[3];
    parts.certificate = certificate_bytes(&world.certificates[3]);
    put_together();
    assert_invalid_at(MUN_CHECK_ANCHOR);
}

static void
another_opening_of_the_batch_is_refused(void **state)
{
    (void)state;
    input.opening = mun_test_world_opening(&world, POSITION - 1);
    assert_invalid_at(MUN_CHECK_BATCH);
}

static void
a_position_beyond_the_batch_is_refused(void **state)
{
    struct mun_wr wr;

    (void)state;
    take_apart();
    parts.position = BATCH;
    put_together();
    assert_invalid_at(MUN_CHECK_BATCH);
    mun_wr_init(&wr, copy(input.receipt), input.receipt.len);
    assert_int_equal(
        mun_receipt_make(&wr, &world.arena, &parts, world.state).code,
        MUN_ERR_VALUE);
}

static void
a_changed_document_is_told_from_another_ones(void **state)
{
    (void)state;
    input.document_digest.b[0] ^= 1;
    assert_only(MUN_VERDICT_DOCUMENT_MISMATCH);
    assert_string_equal(verdict.why, "changed");
    assert_int_equal(verdict.checks[MUN_CHECK_DOCUMENT], MUN_CHECK_FAILED);
    assert_int_equal(verdict.checks[MUN_CHECK_CLAIMS], MUN_CHECK_PASSED);
    input.claims.slot++;
    verify();
    assert_int_equal(verdict.code, MUN_VERDICT_DOCUMENT_MISMATCH);
    assert_string_equal(verdict.why, "other_receipt");
    assert_int_equal(verdict.all, bit(MUN_VERDICT_DOCUMENT_MISMATCH) |
                                      bit(MUN_VERDICT_CLAIM_MISMATCH));
    input.claims.slot--;
    input.claims.list_label = mun_bytes_str("others");
    verify();
    assert_string_equal(verdict.why, "other_receipt");
    mun_test_world_input(&world, &input, BYTES_POSITION);
    input.document_digest.b[0] ^= 1;
    assert_only(MUN_VERDICT_DOCUMENT_MISMATCH);
    assert_string_equal(verdict.why, "changed");
}

/* Whatever bytes stand where its digest would be. */
static void
a_document_without_a_digest_is_no_openings(void **state)
{
    (void)state;
    input.has_document_digest = false;
    assert_only(MUN_VERDICT_DOCUMENT_MISMATCH);
    assert_string_equal(verdict.why, "unreadable");
    assert_int_equal(verdict.checks[MUN_CHECK_DOCUMENT], MUN_CHECK_FAILED);
    memset(&input.claims, 0, sizeof input.claims);
    verify();
    assert_string_equal(verdict.why, "unreadable");
    assert_int_equal(verdict.all, bit(MUN_VERDICT_DOCUMENT_MISMATCH) |
                                      bit(MUN_VERDICT_CLAIM_MISMATCH));
    assert_int_equal(verdict.flags & MUN_FLAG_CLAIMS_NOT_CHECKED, 0);
}

static void
each_claim_must_be_the_ledgers(void **state)
{
    struct mun_claims claims = input.claims;

    (void)state;
    input.claims.issuer.b[0] ^= 1;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    assert_int_equal(verdict.checks[MUN_CHECK_CLAIMS], MUN_CHECK_FAILED);
    assert_int_equal(verdict.checks[MUN_CHECK_STATUS], MUN_CHECK_PASSED);
    input.claims = claims;
    input.claims.programme.b[0] ^= 1;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.programme_version = 2;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.list_issuer.b[0] ^= 1;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.list_label = mun_bytes_str("diploma");
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.slot = 0;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.is_complete = false;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.has_slot = false;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.has_claims = false; /* JSON must claim */
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
}

static void
a_title_must_be_one_of_the_ledgers(void **state)
{
    (void)state;
    input.claims.has_title = true;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH); /* empty */
    assert_string_equal(verdict.why,
                        "the document has another title than the ledger");
    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++)
        assert_int_equal(verdict.checks[i], i == MUN_CHECK_CLAIMS
                                                ? MUN_CHECK_FAILED
                                                : MUN_CHECK_PASSED);
    for (uint8_t i = 0; i < 2; i++) {
        input.claims.title = verdict.description.titles[i].value;
        assert_only(MUN_VERDICT_VALID);
    }
    input.claims.title.len--;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims.title = mun_bytes_str("en");
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    /* What is no JSON is not compared. */
    mun_test_world_input(&world, &input, BYTES_POSITION);
    input.claims.has_title = true;
    assert_only(MUN_VERDICT_VALID);
}

static void
dates_must_be_the_openings(void **state)
{
    struct mun_claims claims = input.claims;

    (void)state;
    input.claims.has_valid_from = true;
    input.claims.valid_from_ms = world.openings[POSITION].valid_from_ms;
    assert_only(MUN_VERDICT_VALID);
    input.claims.valid_from_ms++;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    assert_int_equal(verdict.checks[MUN_CHECK_CLAIMS], MUN_CHECK_FAILED);
    assert_int_equal(verdict.checks[MUN_CHECK_DATES], MUN_CHECK_PASSED);
    input.claims = claims;
    input.claims.has_valid_until = true;
    input.claims.valid_until_ms = 1; /* the opening has no end */
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
    input.claims = claims;
    input.claims.has_bad_date = true;
    assert_only(MUN_VERDICT_CLAIM_MISMATCH);
}

/* Only a dishonest issuer anchors openings that do not name what the anchor
 * does. */
static void
an_opening_that_names_something_else_is_a_claim_mismatch(void **state)
{
    const enum mun_test_lie lies[] = { MUN_TEST_LIE_PROGRAMME,
                                       MUN_TEST_LIE_VERSION, MUN_TEST_LIE_LABEL,
                                       MUN_TEST_LIE_SLOT };

    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        world.lie = lies[i];
        mun_test_world_anchor(&world, BATCH);
        mun_test_world_input(&world, &input, BYTES_POSITION + 1);
        assert_only(MUN_VERDICT_CLAIM_MISMATCH);
        assert_int_equal(verdict.checks[MUN_CHECK_DOCUMENT], MUN_CHECK_PASSED);
    }
}

/* Records */

static struct mun_hash keys[MUN_VERDICT_KEYS_MAX + 1];

static uint32_t
asked_keys(void)
{
    struct mun_view view = mun_state_view(world.state);
    struct mun_entry entry;
    struct mun_anchored anchored = { .entry = &entry,
                                     .height = parts.leaf.height,
                                     .time_ms = parts.leaf.time_ms,
                                     .position = parts.position };

    assert_int_equal(mun_entry_decode(&entry, parts.entry), MUN_REFUSAL_NONE);
    return mun_verdict_keys(keys, &anchored, &view);
}

static void
prove(const struct mun_hash *what, uint32_t count)
{
    static struct mun_hash scratch[MUN_VERDICT_KEYS_MAX + 1];
    uint8_t *buffer = mun_arena_alloc(&world.arena, MUN_RECEIPT_BYTES_MAX);
    struct mun_wr wr;

    assert_non_null(buffer);
    memcpy(scratch, what, count * sizeof *what);
    mun_wr_init(&wr, buffer, MUN_RECEIPT_BYTES_MAX);
    assert_int_equal(mun_multiproof_make(&wr, world.state, scratch, count).code,
                     MUN_OK);
    parts.multiproof = mun_wr_done(&wr);
    put_together();
}

static void
a_receipt_holds_exactly_what_is_asked_for(void **state)
{
    struct mun_bytes made = input.receipt;
    uint32_t count;

    (void)state;
    take_apart();
    count = asked_keys();
    prove(keys, count);
    assert_true(mun_bytes_eq(made, input.receipt));
}

static void
a_record_left_out_is_unknown(void **state)
{
    struct mun_hash some[MUN_VERDICT_KEYS_MAX];
    struct mun_bytes whole = input.receipt;
    uint32_t left_out = 0;
    uint32_t count;

    (void)state;
    take_apart();
    count = asked_keys();
    assert_true(count >= 8);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(some, keys, i * sizeof *keys);
        memcpy(some + i, keys + i + 1, (count - i - 1) * sizeof *keys);
        prove(some, count - 1);
        verify();
        /* That the slot is absent may show at another record. */
        if (mun_bytes_eq(whole, input.receipt))
            continue;
        /* What only the missing one leads to is surplus. */
        assert_true(verdict.code == MUN_VERDICT_UNKNOWN ||
                    verdict.code == MUN_VERDICT_PROOF_INVALID);
        left_out++;
    }
    assert_true(left_out >= count - 1);
    prove(keys, 0);
    assert_only(MUN_VERDICT_UNKNOWN);
}

static void
a_title_is_not_compared_with_what_is_not_shown(void **state)
{
    struct mun_hash hidden;
    uint32_t count;
    uint32_t kept = 0;

    (void)state;
    input.claims.has_title = true;
    take_apart();
    count = asked_keys();
    mun_record_key_version(&hidden, &world.programme, 1);
    for (uint32_t i = 0; i < count; i++) {
        if (!mun_hash_eq(&keys[i], &hidden))
            keys[kept++] = keys[i];
    }
    assert_int_equal(kept, count - 1);
    prove(keys, kept);
    assert_only(MUN_VERDICT_UNKNOWN);
    assert_int_equal(verdict.checks[MUN_CHECK_CLAIMS], MUN_CHECK_NOT_DONE);
    input.claims.slot++;
    verify();
    assert_int_equal(verdict.checks[MUN_CHECK_CLAIMS], MUN_CHECK_FAILED);
    assert_int_equal(verdict.all, bit(MUN_VERDICT_UNKNOWN) |
                                      bit(MUN_VERDICT_CLAIM_MISMATCH));
}

static mun_err_t
prove_with(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    uint32_t count = *(const uint32_t *)ctx;

    (void)value;
    for (uint32_t i = 0; i < count; i++) {
        if (mun_hash_eq(&keys[i], key))
            return MUN_SUCCESS;
    }
    keys[count] = *key;
    prove(keys, count + 1);
    assert_invalid_at(MUN_CHECK_STATE);
    return MUN_SUCCESS;
}

static void
a_record_too_many_is_refused_whichever_it_is(void **state)
{
    uint32_t count;

    (void)state;
    take_apart();
    count = asked_keys();
    assert_true(mun_state_count(world.state) > count);
    assert_int_equal(mun_state_each(world.state, prove_with, &count).code,
                     MUN_OK);
}

static void
proof_of_another_absence_is_refused_unless_it_ends_at_the_same_record(
    void **state)
{
    struct mun_bytes whole = input.receipt;
    uint32_t count;

    (void)state;
    take_apart();
    count = asked_keys();
    for (unsigned i = 0; i < 50; i++) {
        keys[count] = mun_test_hash(i);
        prove(keys, count + 1);
        if (mun_bytes_eq(whole, input.receipt))
            assert_only(MUN_VERDICT_VALID);
        else
            assert_invalid_at(MUN_CHECK_STATE);
    }
}

static void
a_records_too_many_keeps_what_was_found_before(void **state)
{
    uint32_t count;

    (void)state;
    take_apart();
    count = asked_keys();
    mun_record_key_key(&keys[count], mun_test_key(MUN_TEST_VALIDATOR));
    prove(keys, count + 1);
    input.claims.slot++;
    input.document_digest.b[0] ^= 1;
    verify();
    assert_int_equal(verdict.code, MUN_VERDICT_PROOF_INVALID);
    assert_int_equal(verdict.all, bit(MUN_VERDICT_PROOF_INVALID) |
                                      bit(MUN_VERDICT_DOCUMENT_MISMATCH) |
                                      bit(MUN_VERDICT_CLAIM_MISMATCH));
    assert_int_equal(verdict.checks[MUN_CHECK_DOCUMENT], MUN_CHECK_FAILED);
    assert_int_equal(verdict.checks[MUN_CHECK_STATE], MUN_CHECK_FAILED);
    assert_int_equal(verdict.checks[MUN_CHECK_KEYS], MUN_CHECK_NOT_DONE);
    assert_int_equal(verdict.issuer_name.len, 0);
}

static void
records_of_another_height_are_refused(void **state)
{
    struct mun_bytes old_proof;

    (void)state;
    take_apart();
    old_proof = parts.multiproof;
    mun_test_world_anchor(&world, 1);
    take_apart();
    mun_test_world_input(&world, &input, 0);
    take_apart();
    parts.multiproof = old_proof;
    put_together();
    assert_invalid_at(MUN_CHECK_STATE);
}

/* Status, time */

static void
changes_of_status_show(void **state)
{
    struct mun_change change = { .index = POSITION,
                                 .action = MUN_ACTION_SUSPEND,
                                 .reason = MUN_REASON_OTHER };

    (void)state;
    mun_test_world_change(&world, &change);
    mun_test_world_input(&world, &input, POSITION);
    assert_only(MUN_VERDICT_SUSPENDED);
    assert_int_equal(verdict.slot_since.height, world.height);
    change.if_since = world.height;
    change.action = MUN_ACTION_REVOKE;
    mun_test_world_change(&world, &change);
    mun_test_world_input(&world, &input, POSITION);
    assert_only(MUN_VERDICT_REVOKED);
    mun_test_world_input(&world, &input, POSITION - 1);
    assert_only(MUN_VERDICT_VALID);
}

static void
an_old_receipt_is_stale_by_the_roots_age_or_the_asked_one(void **state)
{
    uint64_t known = input.policy.now_ms;

    (void)state;
    input.policy.now_ms = known + input.root.max_age_ms;
    assert_only(MUN_VERDICT_VALID);
    input.policy.now_ms++;
    assert_only(MUN_VERDICT_STALE);
    input.policy.max_age_ms = input.root.max_age_ms + 1;
    assert_only(MUN_VERDICT_VALID);
    input.policy.max_age_ms = 1;
    input.policy.now_ms = known + 2;
    assert_only(MUN_VERDICT_STALE);
}

static void
an_arena_that_is_too_small_gives_unknown_and_never_valid(void **state)
{
    struct mun_arena small;
    size_t size;

    (void)state;
    for (size = 0; size < MUN_RECEIPT_ARENA_BYTES; size += 256) {
        mun_arena_init(&small, arena.base, size);
        mun_receipt_verify(&verdict, &small, &input);
        if (verdict.code == MUN_VERDICT_VALID)
            break;
        assert_int_equal(verdict.code, MUN_VERDICT_UNKNOWN);
    }
    assert_true(size > 0 && size < MUN_RECEIPT_ARENA_BYTES / 4);
}

static void
making_fails_when_there_is_no_room(void **state)
{
    uint8_t *buffer = copy(input.receipt);
    struct mun_arena small;
    struct mun_wr wr;

    (void)state;
    take_apart();
    for (size_t size = 0; size < input.receipt.len; size += 7) {
        mun_wr_init(&wr, buffer, size);
        assert_int_not_equal(
            mun_receipt_make(&wr, &world.arena, &parts, world.state).code,
            MUN_OK);
    }
    mun_wr_init(&wr, buffer, input.receipt.len);
    mun_arena_init(&small, arena.base, 64);
    assert_int_equal(mun_receipt_make(&wr, &small, &parts, world.state).code,
                     MUN_ERR_LIMIT);
    assert_int_equal(
        mun_receipt_make(&wr, &world.arena, &parts, world.state).code, MUN_OK);
    assert_true(mun_bytes_eq(mun_wr_done(&wr), input.receipt));
}

int
main(void)
{
#define ONE(name) cmocka_unit_test_setup_teardown(name, open_one, close_all)
#define FOUR(name) cmocka_unit_test_setup_teardown(name, open_four, close_all)
    const struct CMUnitTest tests[] = {
        ONE(a_receipt_proves_an_award),
        FOUR(a_receipt_proves_an_award),
        ONE(a_receipt_comes_back_from_its_parts),
        ONE(no_shorter_and_no_longer_receipt_is_valid),
        ONE(no_changed_byte_of_a_receipt_is_valid),
        FOUR(no_changed_byte_of_a_receipt_is_valid),
        ONE(no_changed_byte_of_an_opening_is_valid),
        ONE(another_trust_root_is_refused),
        ONE(a_receipt_may_start_from_any_certified_header),
        ONE(the_trust_roots_own_header_comes_with_the_empty_certificate),
        ONE(a_header_below_the_trust_root_is_refused),
        FOUR(member_sets_are_followed_upwards),
        ONE(every_byte_of_a_link_counts),
        ONE(a_receipt_is_bounded_in_links_and_bytes),
        FOUR(a_header_needs_a_quorum_of_its_own_members),
        ONE(a_header_of_newer_rules_is_unknown),
        ONE(another_entry_of_the_log_is_no_anchor),
        ONE(an_older_log_that_ends_before_the_leaf_is_refused),
        ONE(another_opening_of_the_batch_is_refused),
        ONE(a_position_beyond_the_batch_is_refused),
        ONE(a_changed_document_is_told_from_another_ones),
        ONE(a_document_without_a_digest_is_no_openings),
        ONE(each_claim_must_be_the_ledgers),
        ONE(a_title_must_be_one_of_the_ledgers),
        ONE(dates_must_be_the_openings),
        ONE(a_title_is_not_compared_with_what_is_not_shown),
        ONE(an_opening_that_names_something_else_is_a_claim_mismatch),
        ONE(a_receipt_holds_exactly_what_is_asked_for),
        ONE(a_record_left_out_is_unknown),
        ONE(a_record_too_many_is_refused_whichever_it_is),
        ONE(proof_of_another_absence_is_refused_unless_it_ends_at_the_same_record),
        ONE(a_records_too_many_keeps_what_was_found_before),
        ONE(records_of_another_height_are_refused),
        ONE(changes_of_status_show),
        ONE(an_old_receipt_is_stale_by_the_roots_age_or_the_asked_one),
        ONE(an_arena_that_is_too_small_gives_unknown_and_never_valid),
        ONE(making_fails_when_there_is_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
