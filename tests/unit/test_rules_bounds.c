#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "tests/support/stage.h"

/* The rules of section 9 of ledger/README.md on both sides of their bounds, and
 * what they write. */

#define DAY_MS (24 * MUN_TEST_HOUR_MS)
#define NOW_MS (MUN_TEST_TIME_MS + 1000)

static struct mun_test_stage w;
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
expect_signed(enum mun_refusal want, const unsigned *signers, size_t count)
{
    enum mun_refusal got = mun_test_stage_submit(&w, &e, signers, count);

    assert_string_equal(mun_refusal_name(got), mun_refusal_name(want));
}

static void
expect(enum mun_refusal want)
{
    unsigned signers[2];
    size_t count = mun_test_stage_signers(e.kind, signers);

    expect_signed(want, signers, count);
}

static void
applies(enum mun_kind kind)
{
    make(kind);
    expect(MUN_REFUSAL_NONE);
}

/* Times */

static void
an_entry_is_valid_at_its_valid_until_and_no_longer_than_its_window(void **state)
{
    (void)state;
    make(MUN_KIND_ANCHOR);
    e.valid_until_ms = NOW_MS - 1;
    expect(MUN_REFUSAL_EXPIRED);
    e.valid_until_ms = NOW_MS;
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_REGISTER_PROGRAMME);
    e.valid_until_ms = NOW_MS + MUN_WINDOW_SHORT_MS + 1;
    expect(MUN_REFUSAL_VALID_UNTIL_TOO_FAR);
    e.valid_until_ms = NOW_MS + MUN_WINDOW_SHORT_MS;
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ADD_KEY);
    e.valid_until_ms = NOW_MS + MUN_WINDOW_LONG_MS + 1;
    expect(MUN_REFUSAL_VALID_UNTIL_TOO_FAR);
    e.valid_until_ms = NOW_MS + MUN_WINDOW_LONG_MS;
    expect(MUN_REFUSAL_NONE);
}

static void
a_term_holds_from_its_first_moment_to_before_its_last(void **state)
{
    uint64_t until_ms =
        mun_test_stage_accreditation(&w, &w.grant).grant.until_ms;

    (void)state;
    mun_test_stage_next(&w, until_ms - 1);
    applies(MUN_KIND_ANCHOR);
    mun_test_stage_next(&w, until_ms);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.base = 4;
    expect(MUN_REFUSAL_ACCREDITATION_NOT_IN_FORCE);
}

/* Slots */

static void
a_base_may_leave_4096_slots_unused_and_no_more(void **state)
{
    (void)state;
    make(MUN_KIND_ANCHOR);
    e.as.anchor.base = 3 + 4097;
    expect(MUN_REFUSAL_SLOT_GAP);
    e.as.anchor.base = 3 + 4096;
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.base = 3 + 4096;
    expect(MUN_REFUSAL_SLOT_OVERLAP);
    e.as.anchor.base++;
    expect(MUN_REFUSAL_NONE);
    /* A list that is not there has no slots yet. */
    make(MUN_KIND_ANCHOR);
    e.as.anchor.label = mun_bytes_str("licences");
    e.as.anchor.base = 4097;
    expect(MUN_REFUSAL_SLOT_GAP);
    e.as.anchor.base = 4096;
    expect(MUN_REFUSAL_NONE);
}

static void
a_list_ends_at_2_to_the_20_slots(void **state)
{
    (void)state;
    make(MUN_KIND_ANCHOR);
    e.as.anchor.count = MUN_LIST_SLOTS_MAX - 3 + 1;
    expect(MUN_REFUSAL_LIST_FULL);
    e.as.anchor.count = MUN_LIST_SLOTS_MAX - 3;
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.base = MUN_LIST_SLOTS_MAX;
    expect(MUN_REFUSAL_LIST_FULL);
}

/* Void */

/* BODY has a grant from the issuer, under the issuer's; 200 days go by. */
static struct mun_hash
grant_below(void)
{
    make(MUN_KIND_ACCREDIT);
    e.actor = mun_test_party(MUN_TEST_UNI);
    e.as.accredit.parent = w.grant;
    e.as.accredit.grant.scope.sub_depth = 0;
    expect_signed(MUN_REFUSAL_NONE, SIGNERS(MUN_TEST_UNI));
    return e.id;
}

static void
make_void(const struct mun_hash *accreditation, uint64_t since_ms)
{
    make(MUN_KIND_WITHDRAW);
    e.actor = mun_test_party(MUN_TEST_UNI);
    e.as.standing.accreditation = *accreditation;
    e.as.standing.void_since_ms = since_ms;
}

static void
a_void_date_90_days_back_needs_no_other_signature(void **state)
{
    struct mun_hash below = grant_below();
    uint64_t now_ms = MUN_TEST_TIME_MS + 200 * DAY_MS;
    uint64_t deep_ms = now_ms - 90 * DAY_MS - 1;
    struct mun_accreditation after;

    (void)state;
    mun_test_stage_next(&w, now_ms);
    make_void(&below, deep_ms);
    expect_signed(MUN_REFUSAL_VOID_NEEDS_PARENT, SIGNERS(MUN_TEST_UNI));
    make_void(&below, deep_ms + 1);
    expect_signed(MUN_REFUSAL_SIGNERS_SURPLUS,
                  SIGNERS(MUN_TEST_UNI, MUN_TEST_AGENCY));
    expect_signed(MUN_REFUSAL_NONE, SIGNERS(MUN_TEST_UNI));
    after = mun_test_stage_accreditation(&w, &below);
    assert_int_equal(after.status, MUN_STANDING_VOID);
    assert_true(after.void_since_ms == deep_ms + 1);
    /* A later date, or the same, is none; an earlier one needs the parent. */
    make_void(&below, deep_ms + 1);
    e.valid_until_ms--;
    expect_signed(MUN_REFUSAL_BAD_TRANSITION, SIGNERS(MUN_TEST_UNI));
    make_void(&below, deep_ms);
    expect_signed(MUN_REFUSAL_SIGNERS_SURPLUS,
                  SIGNERS(MUN_TEST_UNI, MUN_TEST_SPARE));
    expect_signed(MUN_REFUSAL_NONE, SIGNERS(MUN_TEST_UNI, MUN_TEST_AGENCY));
    after = mun_test_stage_accreditation(&w, &below);
    assert_true(after.void_since_ms == deep_ms);
    assert_true(after.status_time_ms == now_ms);
    assert_true(mun_key_eq(&after.changed_by, mun_test_key(MUN_TEST_UNI)));
}

static void
a_void_date_lies_between_the_grant_and_now(void **state)
{
    (void)state;
    make(MUN_KIND_WITHDRAW);
    e.as.standing.void_since_ms = NOW_MS + 1;
    expect(MUN_REFUSAL_VOID_IN_FUTURE);
    e.as.standing.void_since_ms = MUN_TEST_TIME_MS - 1;
    expect(MUN_REFUSAL_VOID_BEFORE_GRANT);
    e.as.standing.void_since_ms = NOW_MS;
    expect(MUN_REFUSAL_NONE);
    e.as.standing.void_since_ms = MUN_TEST_TIME_MS;
    expect(MUN_REFUSAL_NONE);
}

static void
who_is_withdrawn_prospectively_can_still_be_voided(void **state)
{
    (void)state;
    applies(MUN_KIND_WITHDRAW);
    make(MUN_KIND_WITHDRAW);
    e.as.standing.void_since_ms = NOW_MS;
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_WITHDRAW);
    e.valid_until_ms--;
    expect(MUN_REFUSAL_BAD_TRANSITION);
}

/* Chains */

static void
who_is_suspended_anchors_again_when_reinstated(void **state)
{
    struct mun_accreditation grant;

    (void)state;
    applies(MUN_KIND_SUSPEND);
    make(MUN_KIND_ANCHOR);
    expect(MUN_REFUSAL_ACCREDITATION_SUSPENDED);
    mun_test_stage_next(&w, NOW_MS + 5);
    make(MUN_KIND_ANCHOR);
    expect(MUN_REFUSAL_ACCREDITATION_SUSPENDED);
    applies(MUN_KIND_REINSTATE);
    applies(MUN_KIND_ANCHOR);
    grant = mun_test_stage_accreditation(&w, &w.grant);
    assert_int_equal(grant.status, MUN_STANDING_ACTIVE);
    assert_true(grant.since.height == 3);
    assert_true(grant.since.time_ms == NOW_MS + 5);
    assert_true(grant.status_time_ms == NOW_MS + 5);
    assert_true(grant.granted_height == 1);
}

/* Four links by entries: the agency to BODY, SPARE, NODE and the issuer. */
static void
grant_chain(struct mun_hash *links)
{
    static const unsigned parties[] = { MUN_TEST_AGENCY, MUN_TEST_BODY,
                                        MUN_TEST_SPARE, MUN_TEST_NODE,
                                        MUN_TEST_UNI };

    for (unsigned i = 0; i < 4; i++) {
        make(MUN_KIND_ACCREDIT);
        e.actor = mun_test_party(parties[i]);
        e.as.accredit.subject = mun_test_party(parties[i + 1]);
        e.as.accredit.parent = i == 0 ? mun_hash_zero : links[i - 1];
        e.as.accredit.grant.scope.sub_depth = (uint8_t)(3 - i);
        expect_signed(MUN_REFUSAL_NONE, &parties[i], 1);
        links[i] = e.id;
        assert_int_equal(mun_test_stage_accreditation(&w, &e.id).depth, i + 1);
    }
}

static void
four_links_make_a_chain_and_a_fifth_is_refused(void **state)
{
    struct mun_hash links[4];
    struct mun_accreditation last;

    (void)state;
    grant_chain(links);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.accreditations[0] = links[3];
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ACCREDIT);
    e.actor = mun_test_party(MUN_TEST_UNI);
    e.as.accredit.parent = links[3];
    e.as.accredit.grant.scope.sub_depth = 0;
    expect_signed(MUN_REFUSAL_SUB_ACCREDITATION_NOT_ALLOWED,
                  SIGNERS(MUN_TEST_UNI));
    /* Nor if the last link allowed it, which no entry can bring about. */
    last = mun_test_stage_accreditation(&w, &links[3]);
    last.grant.scope.sub_depth = 1;
    mun_test_stage_put_accreditation(&w, &last);
    expect_signed(MUN_REFUSAL_CHAIN_TOO_DEEP, SIGNERS(MUN_TEST_UNI));
}

static void
a_link_below_has_a_smaller_sub_depth(void **state)
{
    (void)state;
    make(MUN_KIND_ACCREDIT);
    e.actor = mun_test_party(MUN_TEST_UNI);
    e.as.accredit.parent = w.grant; /* sub_depth 1 */
    expect_signed(MUN_REFUSAL_SCOPE_WIDER_THAN_PARENT, SIGNERS(MUN_TEST_UNI));
    e.as.accredit.grant.scope.sub_depth = 0;
    expect_signed(MUN_REFUSAL_NONE, SIGNERS(MUN_TEST_UNI));
}

static void
every_link_above_must_stand(void **state)
{
    struct mun_hash links[4];
    struct mun_accreditation above;

    (void)state;
    grant_chain(links);
    for (unsigned i = 0; i < 4; i++) {
        above = mun_test_stage_accreditation(&w, &links[i]);
        above.status = MUN_STANDING_WITHDRAWN;
        mun_test_stage_put_accreditation(&w, &above);
        make(MUN_KIND_ANCHOR);
        e.as.anchor.accreditations[0] = links[3];
        expect(MUN_REFUSAL_ACCREDITATION_WITHDRAWN);
        above.status = MUN_STANDING_ACTIVE;
        above.grant.scope.award_kinds = 1u << (MUN_AWARD_DEGREE - 1);
        mun_test_stage_put_accreditation(&w, &above);
        expect(MUN_REFUSAL_OUT_OF_SCOPE_AWARD);
        above.grant.scope.award_kinds = MUN_AWARD_BITS;
        mun_test_stage_put_accreditation(&w, &above);
    }
    expect(MUN_REFUSAL_NONE);
}

static void
a_parent_that_is_withdrawn_stops_anchors_below(void **state)
{
    struct mun_hash links[4];

    (void)state;
    grant_chain(links);
    make(MUN_KIND_WITHDRAW);
    e.as.standing.accreditation = links[0];
    expect(MUN_REFUSAL_NONE);
    make(MUN_KIND_ANCHOR);
    e.as.anchor.accreditations[0] = links[3];
    expect(MUN_REFUSAL_ACCREDITATION_WITHDRAWN);
    /* Under the other grant it may. */
    e.as.anchor.accreditations[0] = w.grant;
    expect(MUN_REFUSAL_NONE);
}

/* Keys */

static void
keys_that_govern_are_counted(void **state)
{
    struct mun_key_record key;

    (void)state;
    make(MUN_KIND_ADD_KEY);
    e.as.add_key.purposes = MUN_PURPOSE_GOVERN;
    expect(MUN_REFUSAL_NONE);
    assert_int_equal(mun_test_stage_party(&w, MUN_TEST_UNI).govern_keys, 2);
    key = mun_test_stage_key(&w, MUN_TEST_FREE + 1);
    assert_true(mun_key_eq(&key.added_by, mun_test_key(MUN_TEST_UNI)));
    assert_true(key.added_height == 2);
    make(MUN_KIND_RETIRE_KEY);
    e.as.retire_key = *mun_test_key(MUN_TEST_UNI);
    expect(MUN_REFUSAL_NONE);
    key = mun_test_stage_key(&w, MUN_TEST_UNI);
    assert_int_equal(key.status, MUN_KEY_RETIRED);
    assert_true(key.ended_time_ms == NOW_MS);
    assert_int_equal(mun_test_stage_party(&w, MUN_TEST_UNI).govern_keys, 1);
    make(MUN_KIND_RETIRE_KEY);
    e.as.retire_key = *mun_test_key(MUN_TEST_FREE + 1);
    expect_signed(MUN_REFUSAL_LAST_GOVERN_KEY, SIGNERS(MUN_TEST_FREE + 1));
    make(MUN_KIND_REGISTER_PROGRAMME);
    expect(MUN_REFUSAL_KEY_NOT_ACTIVE);
    expect_signed(MUN_REFUSAL_NONE, SIGNERS(MUN_TEST_FREE + 1));
}

/* Slots */

static void
make_change(uint8_t action, uint64_t if_since)
{
    struct mun_change one = { .index = 1,
                              .action = action,
                              .reason = MUN_REASON_OTHER,
                              .if_since = if_since };

    if (action == MUN_ACTION_SUPERSEDE)
        one.superseded_by = mun_test_hash(7);
    if (action == MUN_ACTION_EXTEND)
        one.extended_until_ms = w.exec.now.time_ms + 1;
    make(MUN_KIND_CHANGE_STATUS);
    mun_test_set_changes(&w.arena, &e.as.change_status, &one, 1);
}

static void
change(uint8_t action, uint64_t if_since, enum mun_refusal want)
{
    make_change(action, if_since);
    expect(want);
}

static void
a_slot_changes_as_the_table_says(void **state)
{
    /* How to get there from good, and what then revoke, suspend, reinstate,
     * supersede and extend lead to; 0: refused. */
    static const struct {
        uint8_t action;
        uint8_t after[5];
    } rows[] = {
        { 0, { 3, 2, 0, 4, 1 } },
        { MUN_ACTION_SUSPEND, { 3, 0, 1, 4, 0 } },
        { MUN_ACTION_SUPERSEDE, { 3, 0, 0, 0, 0 } },
        { MUN_ACTION_REVOKE, { 0, 0, 0, 0, 0 } },
    };

    (void)state;
    mun_test_stage_close(&w);
    for (size_t row = 0; row < 4; row++) {
        for (uint8_t action = 1; action <= 5; action++) {
            uint8_t want = rows[row].after[action - 1];
            uint64_t seen = 0;

            mun_test_stage_open(&w);
            if (rows[row].action != 0) {
                change(rows[row].action, 0, MUN_REFUSAL_NONE);
                mun_test_stage_next(&w, NOW_MS + 1);
                seen = 2;
            }
            change(action, seen,
                   want != 0 ? MUN_REFUSAL_NONE
                   : rows[row].action == MUN_ACTION_REVOKE
                       ? MUN_REFUSAL_STATUS_FINAL
                       : MUN_REFUSAL_BAD_TRANSITION);
            if (want != 0)
                assert_int_equal(mun_test_stage_slot(&w, 1).status, want);
            mun_test_stage_close(&w);
        }
    }
    mun_test_stage_open(&w);
}

static void
a_slot_remembers_what_it_was_and_who_changed_it(void **state)
{
    struct mun_slot slot;

    (void)state;
    change(MUN_ACTION_EXTEND, 0, MUN_REFUSAL_NONE);
    mun_test_stage_next(&w, NOW_MS + 10);
    change(MUN_ACTION_SUPERSEDE, 2, MUN_REFUSAL_NONE);
    slot = mun_test_stage_slot(&w, 1);
    assert_int_equal(slot.status, MUN_SLOT_SUPERSEDED);
    assert_int_equal(slot.before_status, MUN_SLOT_GOOD);
    assert_true(slot.extended_until_ms == NOW_MS + 1);
    assert_true(slot.before_extended_ms == 0); /* the same key extended */
    assert_false(mun_hash_is_zero(&slot.superseded_by));
    assert_true(slot.since.height == 3);
    assert_true(mun_key_eq(&slot.key, mun_test_key(MUN_TEST_UNI)));
    mun_test_stage_next(&w, NOW_MS + 20);
    change(MUN_ACTION_REVOKE, 3, MUN_REFUSAL_NONE);
    slot = mun_test_stage_slot(&w, 1);
    assert_int_equal(slot.before_status, MUN_SLOT_SUPERSEDED);
    assert_true(mun_hash_is_zero(&slot.superseded_by));
}

/* One key suspends, then another does and undoes what it likes. */
static struct mun_slot
launder(unsigned first, unsigned second, unsigned third)
{
    make_change(MUN_ACTION_EXTEND, 0);
    expect_signed(MUN_REFUSAL_NONE, &first, 1);
    mun_test_stage_next(&w, NOW_MS + 10);
    make_change(MUN_ACTION_SUSPEND, 2);
    expect_signed(MUN_REFUSAL_NONE, &first, 1);
    mun_test_stage_next(&w, NOW_MS + 20);
    make_change(MUN_ACTION_REINSTATE, 3);
    expect_signed(MUN_REFUSAL_NONE, &second, 1);
    mun_test_stage_next(&w, NOW_MS + 30);
    make_change(MUN_ACTION_EXTEND, 4);
    expect_signed(MUN_REFUSAL_NONE, &third, 1);
    return mun_test_stage_slot(&w, 1);
}

static void
a_second_change_with_the_same_key_does_not_hide_what_was_before(void **state)
{
    struct mun_slot slot;

    (void)state;
    slot = launder(MUN_TEST_UNI, MUN_TEST_UNI_STATUS, MUN_TEST_UNI_STATUS);
    assert_int_equal(slot.status, MUN_SLOT_GOOD);
    assert_int_equal(slot.before_status, MUN_SLOT_SUSPENDED);
    assert_true(slot.extended_until_ms == NOW_MS + 31);
    assert_true(slot.before_extended_ms == NOW_MS + 1);
    mun_test_stage_next(&w, NOW_MS + 40);
    make_change(MUN_ACTION_EXTEND, 5);
    expect_signed(MUN_REFUSAL_NONE, SIGNERS(MUN_TEST_UNI_STATUS));
    slot = mun_test_stage_slot(&w, 1);
    assert_int_equal(slot.before_status, MUN_SLOT_SUSPENDED);
    assert_true(slot.before_extended_ms == NOW_MS + 1);
    mun_test_stage_close(&w);
    mun_test_stage_open(&w);
    slot = launder(MUN_TEST_UNI, MUN_TEST_UNI_STATUS, MUN_TEST_UNI);
    assert_int_equal(slot.before_status, MUN_SLOT_GOOD);
    assert_true(slot.before_extended_ms == NOW_MS + 1);
}

static void
four_thousand_changes_apply_together_or_not_at_all(void **state)
{
    static struct mun_change changes[MUN_CHANGES_MAX];

    (void)state;
    mun_test_stage_put_list(&w, 2 * MUN_CHANGES_MAX);
    for (uint32_t i = 0; i < MUN_CHANGES_MAX; i++)
        changes[i] = (struct mun_change){ .index = 2 * i,
                                          .action = MUN_ACTION_SUSPEND,
                                          .reason = MUN_REASON_OTHER };
    make(MUN_KIND_CHANGE_STATUS);
    changes[MUN_CHANGES_MAX - 1].if_since = 1;
    mun_test_set_changes(&w.arena, &e.as.change_status, changes,
                         MUN_CHANGES_MAX);
    expect(MUN_REFUSAL_STATUS_CONFLICT);
    changes[MUN_CHANGES_MAX - 1].if_since = 0;
    mun_test_set_changes(&w.arena, &e.as.change_status, changes,
                         MUN_CHANGES_MAX);
    expect(MUN_REFUSAL_NONE);
    assert_int_equal(w.exec.effect_count, MUN_CHANGES_MAX);
    for (uint32_t i = 1; i < MUN_CHANGES_MAX; i++)
        assert_true(mun_hash_cmp(&w.exec.effects[i - 1].key,
                                 &w.exec.effects[i].key) < 0);
    for (uint32_t i = 0; i < MUN_CHANGES_MAX; i++)
        assert_int_equal(mun_test_stage_slot(&w, 2 * i).status,
                         MUN_SLOT_SUSPENDED);
}

/* What is no judgement */

static void
a_record_that_does_not_decode_is_corrupt_and_no_refusal(void **state)
{
    struct mun_hash actor = mun_test_party(MUN_TEST_UNI);
    struct mun_view view = mun_overlay_view(w.state);
    enum mun_refusal refusal;
    struct mun_hash key;

    (void)state;
    make(MUN_KIND_ANCHOR);
    mun_record_key_list(&key, &actor, e.as.anchor.label);
    mun_test_sign_entry(&w.arena, &e, SIGNERS(MUN_TEST_UNI));
    mun_test_stage_put(&w, &key, mun_bytes("\x06\x01", 2));
    assert_int_equal(mun_rules_judge(&refusal, &e, &w.exec.now, &view).code,
                     MUN_ERR_CORRUPT);
    assert_int_equal(refusal, MUN_REFUSAL_NONE);
    mun_record_key_party(&key, &actor);
    mun_test_stage_put(&w, &key, mun_bytes("\x01\x01", 2));
    assert_int_equal(mun_rules_screen(&refusal, &e, &w.exec.now, &view).code,
                     MUN_ERR_CORRUPT);
}

static enum mun_presence
show_nothing(const void *ctx, const struct mun_hash *key,
             struct mun_bytes *value)
{
    (void)ctx;
    (void)key;
    *value = MUN_BYTES_NONE;
    return MUN_NOT_SHOWN;
}

static void
a_record_that_is_not_shown_never_counts_as_absent(void **state)
{
    const struct mun_view view = { .get = show_nothing };
    enum mun_refusal refusal;

    (void)state;
    make(MUN_KIND_ANCHOR);
    mun_test_sign_entry(&w.arena, &e, SIGNERS(MUN_TEST_UNI));
    assert_int_equal(mun_rules_judge(&refusal, &e, &w.exec.now, &view).code,
                     MUN_ERR_PROOF);
    assert_int_equal(refusal, MUN_REFUSAL_NONE);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, open_stage, close_stage)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(
            an_entry_is_valid_at_its_valid_until_and_no_longer_than_its_window),
        TEST(a_term_holds_from_its_first_moment_to_before_its_last),
        TEST(a_base_may_leave_4096_slots_unused_and_no_more),
        TEST(a_list_ends_at_2_to_the_20_slots),
        TEST(a_void_date_90_days_back_needs_no_other_signature),
        TEST(a_void_date_lies_between_the_grant_and_now),
        TEST(who_is_withdrawn_prospectively_can_still_be_voided),
        TEST(who_is_suspended_anchors_again_when_reinstated),
        TEST(four_links_make_a_chain_and_a_fifth_is_refused),
        TEST(a_link_below_has_a_smaller_sub_depth),
        TEST(every_link_above_must_stand),
        TEST(a_parent_that_is_withdrawn_stops_anchors_below),
        TEST(keys_that_govern_are_counted),
        TEST(a_slot_changes_as_the_table_says),
        TEST(a_slot_remembers_what_it_was_and_who_changed_it),
        TEST(a_second_change_with_the_same_key_does_not_hide_what_was_before),
        TEST(four_thousand_changes_apply_together_or_not_at_all),
        TEST(a_record_that_does_not_decode_is_corrupt_and_no_refusal),
        TEST(a_record_that_is_not_shown_never_counts_as_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
