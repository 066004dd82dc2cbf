#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/limits.h"
#include "ledger/core/verdict.h"
#include "tests/support/make_entry.h"

#define T0 MUN_TEST_TIME_MS /* anchored */
#define HOUR MUN_TEST_HOUR_MS
#define RECORDS_MAX 64

/* Parties, keys and accreditations of the hand-built state:
 *
 *   root accreditor (party 1, key 11)
 *     grants PARENT to the agency, and OTHER straight to the issuer
 *   agency (party 2, key 12)
 *     grants CHILD, below PARENT, to the issuer
 *   issuer (party 3): key 13 anchors, added by 14; 15 changed the status, added
 *     by 14
 */
#define CHILD 0
#define PARENT 1
#define OTHER 2

static struct {
    struct mun_party parties[3];
    struct mun_key_record keys[5]; /* 11 to 15 */
    struct mun_accreditation links[3];
    struct mun_programme programme;
    struct mun_programme_version version;
    struct mun_list list;
    struct mun_slot slot;
    bool has_slot;
    struct mun_opening opening;
    bool has_opening;
    struct mun_entry entry;
    struct mun_key signers[1];
    struct mun_policy policy;
    uint64_t asof_ms;
    uint32_t member_count;
} world;

/* The state that is made of it */

static struct {
    uint32_t count;
    struct mun_hash keys[RECORDS_MAX];
    struct mun_bytes values[RECORDS_MAX];
    uint8_t bytes[1 << 17];
    size_t used;
    const struct mun_hash *hidden;
    const struct mun_hash *removed;
} state_made;

static enum mun_presence
look_up(const void *ctx, const struct mun_hash *key, struct mun_bytes *value)
{
    (void)ctx;
    if (state_made.hidden != NULL && mun_hash_eq(state_made.hidden, key))
        return MUN_NOT_SHOWN;
    if (state_made.removed != NULL && mun_hash_eq(state_made.removed, key))
        return MUN_ABSENT;
    for (uint32_t i = 0; i < state_made.count; i++) {
        if (mun_hash_eq(&state_made.keys[i], key)) {
            *value = state_made.values[i];
            return MUN_PRESENT;
        }
    }
    return MUN_ABSENT;
}

static struct mun_wr wr;

static void
begin(void)
{
    mun_wr_init(&wr, state_made.bytes + state_made.used,
                sizeof state_made.bytes - state_made.used);
}

static void
put(void)
{
    struct mun_bytes value = mun_wr_done(&wr);

    assert_int_equal(mun_wr_status(&wr).code, MUN_OK);
    assert_true(state_made.count < RECORDS_MAX);
    assert_int_equal(
        mun_record_key_of(&state_made.keys[state_made.count], value).code,
        MUN_OK);
    state_made.values[state_made.count++] = value;
    state_made.used += value.len;
}

static void
make_state(void)
{
    memset(&state_made, 0, sizeof state_made);
    for (unsigned i = 0; i < 3; i++) {
        begin();
        mun_party_encode(&wr, &world.parties[i]);
        put();
        begin();
        mun_accreditation_encode(&wr, &world.links[i]);
        put();
    }
    for (unsigned i = 0; i < 5; i++) {
        begin();
        mun_key_record_encode(&wr, &world.keys[i]);
        put();
    }
    begin();
    mun_programme_encode(&wr, &world.programme);
    put();
    begin();
    mun_version_encode(&wr, &world.version);
    put();
    begin();
    mun_list_encode(&wr, &world.list);
    put();
    if (!world.has_slot)
        return;
    begin();
    mun_slot_encode(&wr, &world.slot);
    put();
}

/* A world in which all is well */

static void
set_party(unsigned index, uint8_t roles)
{
    world.parties[index] = (struct mun_party){
        .since = { 1, T0 - 50 * HOUR },
        .id = mun_test_hash(1 + index),
        .roles = roles,
        .status = MUN_PARTY_ACTIVE,
        .name = mun_bytes_str("A party"),
        .country = mun_bytes_str("KZ"),
        .govern_keys = 1,
    };
}

static struct mun_key_record *
key_of(unsigned number)
{
    return &world.keys[number - 11];
}

static void
set_key(unsigned number, unsigned party, uint64_t added_ms)
{
    *key_of(number) = (struct mun_key_record){
        .since = { 1, added_ms },
        .key = *mun_test_key(number),
        .party = mun_test_hash(party),
        .purposes = number == 13   ? MUN_PURPOSE_ANCHOR
                    : number == 15 ? MUN_PURPOSE_STATUS
                                   : MUN_PURPOSE_GOVERN,
        .status = MUN_KEY_ACTIVE,
        .added_height = 1,
        .added_time_ms = added_ms,
    };
}

static void
set_link(unsigned index, unsigned accreditor, unsigned subject)
{
    struct mun_accreditation *link = &world.links[index];

    *link = (struct mun_accreditation){
        .since = { 2, T0 - 20 * HOUR },
        .id = mun_test_hash(20 + index),
        .accreditor = mun_test_hash(accreditor),
        .subject = mun_test_hash(subject),
        .depth = 1,
        .granting_key = *mun_test_key(10 + accreditor),
        .granted_height = 2,
        .granted_time_ms = T0 - 20 * HOUR,
        .status = MUN_STANDING_ACTIVE,
        .status_time_ms = T0 - 20 * HOUR,
    };
    mun_test_grant(&link->grant);
}

static void
set_programme(void)
{
    static uint8_t buffer[MUN_DESCRIPTION_BYTES_MAX];
    struct mun_wr description;

    world.programme = (struct mun_programme){
        .since = { 3, T0 - 10 * HOUR },
        .id = mun_test_hash(30),
        .issuer = mun_test_hash(3),
        .code = mun_bytes_str("data-1"),
        .latest_version = 1,
        .status = MUN_PROGRAMME_ACTIVE,
        .listing = MUN_LISTING_CONFIRMED,
    };
    world.version.since = world.programme.since;
    world.version.programme = world.programme.id;
    world.version.version = 1;
    mun_test_description(&world.version.description);
    mun_wr_init(&description, buffer, sizeof buffer);
    mun_description_encode(&description, &world.version.description);
    world.version.description_bytes = mun_wr_done(&description);
}

static void
set_status(void)
{
    world.list = (struct mun_list){ .since = { 4, T0 },
                                    .issuer = mun_test_hash(3),
                                    .label = mun_bytes_str("diplomas"),
                                    .count = 100,
                                    .status = MUN_LIST_OPEN };
    world.slot = (struct mun_slot){ .since = { 5, T0 + HOUR },
                                    .issuer = mun_test_hash(3),
                                    .label = mun_bytes_str("diplomas"),
                                    .index = 42,
                                    .status = MUN_SLOT_GOOD,
                                    .reason = MUN_REASON_OTHER,
                                    .key = *mun_test_key(15),
                                    .before_status = MUN_SLOT_GOOD };
    world.has_slot = true;
}

static void
set_entry(void)
{
    struct mun_anchor *anchor = &world.entry.as.anchor;

    world.signers[0] = *mun_test_key(13);
    world.entry.kind = MUN_KIND_ANCHOR;
    world.entry.actor = mun_test_hash(3);
    world.entry.key_count = 1;
    world.entry.keys = world.signers;
    anchor->label = mun_bytes_str("diplomas");
    anchor->base = 40;
    anchor->count = 10;
    anchor->programme = mun_test_hash(30);
    anchor->version = 1;
    anchor->accreditation_count = 1;
    anchor->accreditations[0] = mun_test_hash(20 + CHILD);
}

static void
set_opening(void)
{
    world.opening = (struct mun_opening){ .format = MUN_FORMAT_BYTES,
                                          .slot = 42,
                                          .valid_from_ms = T0,
                                          .valid_until_ms = 0,
                                          .assurance = MUN_ASSURANCE_PEER };
    world.has_opening = true;
}

static int
fresh(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    set_party(0, MUN_ROLE_ROOT_ACCREDITOR);
    set_party(1, 0);
    set_party(2, 0);
    set_key(11, 1, T0 - 50 * HOUR);
    set_key(12, 2, T0 - 40 * HOUR);
    set_key(14, 3, T0 - 30 * HOUR);
    set_key(13, 3, T0 - 5 * HOUR);
    set_key(15, 3, T0 - 5 * HOUR);
    key_of(13)->added_by = *mun_test_key(14);
    key_of(15)->added_by = *mun_test_key(14);
    set_link(CHILD, 2, 3);
    set_link(PARENT, 1, 2);
    set_link(OTHER, 1, 3);
    world.links[CHILD].parent = world.links[PARENT].id;
    world.links[CHILD].depth = 2;
    set_programme();
    set_status();
    set_entry();
    set_opening();
    world.policy.now_ms = T0 + 2 * HOUR;
    world.policy.max_age_ms = HOUR;
    world.asof_ms = T0 + 2 * HOUR;
    world.member_count = 4;
    return 0;
}

/* Changes to it */

static void
compromise(unsigned number, uint64_t since_ms)
{
    key_of(number)->status = MUN_KEY_COMPROMISED;
    key_of(number)->ended_time_ms = T0 + HOUR;
    key_of(number)->compromised_since_ms = since_ms;
}

static void
make_void(unsigned link, uint64_t since_ms)
{
    world.links[link].status = MUN_STANDING_VOID;
    world.links[link].void_since_ms = since_ms;
}

/* The anchor names the second path too. */
static void
name_both_paths(void)
{
    world.entry.as.anchor.accreditation_count = 2;
    world.entry.as.anchor.accreditations[1] = mun_test_hash(20 + OTHER);
}

/* Judging */

static struct mun_verdict verdict;

static struct mun_view view = { .get = look_up };

static struct mun_anchored
anchored(void)
{
    return (struct mun_anchored){
        .entry = &world.entry, .height = 4, .time_ms = T0, .position = 2
    };
}

static void
judge_as_made(void)
{
    struct mun_anchored fact = anchored();
    struct mun_verdict_case judged = {
        .anchored = &fact,
        .opening = world.has_opening ? &world.opening : NULL,
        .asof = { 9, world.asof_ms },
        .member_count = world.member_count,
        .policy = &world.policy,
        .view = &view,
    };

    memset(&verdict, 0, sizeof verdict);
    mun_verdict_judge(&verdict, &judged);
    assert_true((verdict.why == NULL) == (verdict.code == MUN_VERDICT_VALID));
}

static void
judge(void)
{
    make_state();
    judge_as_made();
}

static uint32_t
bit(enum mun_verdict_code code)
{
    return 1u << (unsigned)code;
}

/* This verdict, and no other. */
static void
assert_only(enum mun_verdict_code code)
{
    judge();
    assert_int_equal(verdict.code, code);
    assert_int_equal(verdict.all, code == MUN_VERDICT_VALID ? 0 : bit(code));
}

static void
assert_flags(uint32_t flags)
{
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_VALID);
    assert_int_equal(verdict.flags, flags);
}

static void
when_all_is_well_it_is_valid_and_every_fact_is_there(void **state)
{
    (void)state;
    assert_flags(0);
    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++)
        assert_int_equal(verdict.checks[i], i < MUN_CHECK_KEYS
                                                ? MUN_CHECK_NOT_DONE
                                                : MUN_CHECK_PASSED);
    assert_true(mun_bytes_eq(verdict.issuer_name, mun_bytes_str("A party")));
    assert_true(mun_bytes_eq(verdict.issuer_country, mun_bytes_str("KZ")));
    assert_true(mun_bytes_eq(verdict.programme_code, mun_bytes_str("data-1")));
    assert_int_equal(verdict.description.title_count, 2);
    assert_int_equal(verdict.slot, 42);
    assert_int_equal(verdict.slot_status, MUN_SLOT_GOOD);
    assert_int_equal(verdict.slot_since.height, 5);
    assert_int_equal(verdict.anchored_height, 4);
    assert_int_equal(verdict.anchored_time_ms, T0);
    assert_int_equal(verdict.asof_height, 9);
    assert_int_equal(verdict.member_count, 4);
    assert_int_equal(verdict.assurance, MUN_ASSURANCE_PEER);
    assert_int_equal(verdict.link_count, 2);
    assert_true(verdict.links[0].survives);
    assert_true(verdict.links[1].survives);
    assert_int_equal(verdict.links[0].tier, MUN_TIER_AGENCY);
}

static void
a_slot_that_never_changed_is_good(void **state)
{
    (void)state;
    world.has_slot = false;
    assert_flags(0);
    assert_int_equal(verdict.slot_status, MUN_SLOT_GOOD);
    assert_int_equal(verdict.slot_since.time_ms, 0);
}

static void
the_slots_status_decides(void **state)
{
    (void)state;
    world.slot.status = MUN_SLOT_REVOKED;
    assert_only(MUN_VERDICT_REVOKED);
    assert_int_equal(verdict.checks[MUN_CHECK_STATUS], MUN_CHECK_FAILED);
    world.slot.status = MUN_SLOT_SUSPENDED;
    assert_only(MUN_VERDICT_SUSPENDED);
    world.slot.status = MUN_SLOT_SUPERSEDED;
    world.slot.superseded_by = mun_test_hash(77);
    assert_only(MUN_VERDICT_SUPERSEDED);
    assert_true(mun_hash_eq(&verdict.superseded_by, &world.slot.superseded_by));
}

static void
a_compromised_key_can_make_a_status_only_graver(void **state)
{
    (void)state;
    world.slot.status = MUN_SLOT_GOOD;
    world.slot.before_status = MUN_SLOT_SUSPENDED;
    assert_only(MUN_VERDICT_VALID);
    compromise(15, T0 + HOUR); /* the moment of the change counts */
    assert_only(MUN_VERDICT_SUSPENDED);
    compromise(15, T0 + HOUR + 1);
    assert_only(MUN_VERDICT_VALID);
    compromise(15, T0 + HOUR);
    world.slot.status = MUN_SLOT_REVOKED;
    assert_only(MUN_VERDICT_REVOKED);
    world.slot.status = MUN_SLOT_SUPERSEDED;
    world.slot.before_status = MUN_SLOT_REVOKED;
    assert_only(MUN_VERDICT_REVOKED);
    world.slot.before_status = MUN_SLOT_SUSPENDED;
    assert_only(MUN_VERDICT_SUPERSEDED);
}

static void
a_compromised_keys_extension_does_not_count(void **state)
{
    (void)state;
    world.opening.valid_until_ms = T0 + HOUR;
    world.slot.extended_until_ms = T0 + 100 * HOUR;
    assert_only(MUN_VERDICT_VALID);
    assert_int_equal(verdict.extended_until_ms, T0 + 100 * HOUR);
    compromise(15, T0);
    assert_only(MUN_VERDICT_EXPIRED);
    world.slot.before_extended_ms = T0 + 3 * HOUR;
    assert_only(MUN_VERDICT_VALID);
    assert_int_equal(verdict.extended_until_ms, T0 + 3 * HOUR);
    world.slot.before_extended_ms = T0 + 200 * HOUR;
    assert_only(MUN_VERDICT_VALID);
    assert_int_equal(verdict.extended_until_ms, T0 + 100 * HOUR);
}

static void
a_key_added_by_a_compromised_key_falls_with_it(void **state)
{
    (void)state;
    world.slot.before_status = MUN_SLOT_SUSPENDED;
    compromise(14, T0 - 5 * HOUR); /* the moment 13 and 15 were added */
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_VOIDED);
    assert_int_equal(verdict.all,
                     bit(MUN_VERDICT_VOIDED) | bit(MUN_VERDICT_SUSPENDED));
    compromise(14, T0 - 5 * HOUR + 1);
    assert_only(MUN_VERDICT_VALID);
}

static void
an_award_signed_with_a_compromised_key_is_void(void **state)
{
    (void)state;
    compromise(13, T0);
    assert_only(MUN_VERDICT_VOIDED);
    assert_int_equal(verdict.checks[MUN_CHECK_KEYS], MUN_CHECK_FAILED);
    compromise(13, T0 + 1);
    assert_flags(0);
}

static void
a_void_counts_when_it_is_not_later_than_the_anchoring(void **state)
{
    (void)state;
    make_void(CHILD, T0);
    assert_only(MUN_VERDICT_VOIDED);
    assert_false(verdict.links[0].survives);
    make_void(CHILD, T0 + 1);
    assert_flags(MUN_FLAG_WITHDRAWN_SINCE);
    fresh(NULL);
    make_void(PARENT, T0 - HOUR);
    assert_only(MUN_VERDICT_VOIDED);
    assert_true(verdict.links[0].survives);
    assert_false(verdict.links[1].survives);
}

static void
one_surviving_path_suffices(void **state)
{
    (void)state;
    name_both_paths();
    make_void(CHILD, T0 - HOUR);
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_VALID);
    assert_int_equal(verdict.link_count, 3);
    make_void(OTHER, T0 - HOUR);
    assert_only(MUN_VERDICT_VOIDED);
}

static void
a_grant_with_a_compromised_key_does_not_count(void **state)
{
    (void)state;
    compromise(12, T0 - 20 * HOUR); /* the moment of the grant counts */
    assert_only(MUN_VERDICT_VOIDED);
    compromise(12, T0 - 20 * HOUR + 1);
    assert_only(MUN_VERDICT_VALID);
    key_of(12)->added_by = *mun_test_key(11);
    compromise(11, T0 - 40 * HOUR); /* when it added key 12 */
    assert_only(MUN_VERDICT_VOIDED);
}

static void
without_a_root_accreditor_it_is_not_accredited(void **state)
{
    (void)state;
    world.parties[0].roles = MUN_ROLE_MEMBER;
    assert_only(MUN_VERDICT_NOT_ACCREDITED);
    assert_int_equal(verdict.checks[MUN_CHECK_ACCREDITATION], MUN_CHECK_FAILED);
    name_both_paths();
    make_void(CHILD, T0);
    assert_only(MUN_VERDICT_VOIDED); /* of two reasons the graver */
}

static void
a_chain_longer_than_four_links_leads_nowhere(void **state)
{
    (void)state;
    /* A link that names itself, as a chain without end. */
    world.links[CHILD].parent = world.links[CHILD].id;
    world.links[CHILD].accreditor = world.links[CHILD].subject;
    world.links[CHILD].granting_key = *mun_test_key(14);
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_NOT_ACCREDITED);
    assert_int_equal(verdict.link_count, MUN_CHAIN_MAX);
}

static void
dates_and_freshness_decide(void **state)
{
    (void)state;
    world.opening.valid_until_ms = world.policy.now_ms;
    assert_only(MUN_VERDICT_EXPIRED);
    world.opening.valid_until_ms = world.policy.now_ms + 1;
    assert_only(MUN_VERDICT_VALID);
    world.opening.valid_from_ms = world.policy.now_ms + 1;
    assert_only(MUN_VERDICT_NOT_YET_VALID);
    world.opening.valid_from_ms = world.policy.now_ms;
    assert_only(MUN_VERDICT_VALID);
    world.asof_ms = world.policy.now_ms - HOUR;
    assert_only(MUN_VERDICT_VALID);
    world.asof_ms--;
    assert_only(MUN_VERDICT_STALE);
    assert_int_equal(verdict.checks[MUN_CHECK_FRESHNESS], MUN_CHECK_FAILED);
}

static void
a_proof_from_later_than_the_time_asked_for_is_unknown(void **state)
{
    (void)state;
    world.asof_ms = world.policy.now_ms + HOUR / 6; /* a slow clock */
    assert_only(MUN_VERDICT_VALID);
    world.asof_ms++;
    assert_only(MUN_VERDICT_UNKNOWN);
    assert_string_equal(verdict.why,
                        "the proof is from later than the time asked for");
    assert_int_equal(verdict.checks[MUN_CHECK_FRESHNESS], MUN_CHECK_FAILED);
    world.policy.now_ms = 0; /* before the anchoring, too */
    judge();
    assert_int_equal(verdict.all,
                     bit(MUN_VERDICT_UNKNOWN) | bit(MUN_VERDICT_NOT_YET_VALID));
    world.asof_ms = UINT64_MAX;
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_UNKNOWN);
}

static void
an_extension_cannot_end_what_has_no_end(void **state)
{
    (void)state;
    world.slot.extended_until_ms = T0 + 1;
    assert_only(MUN_VERDICT_VALID);
}

static void
without_an_opening_dates_are_not_judged(void **state)
{
    (void)state;
    world.opening.valid_until_ms = T0;
    world.has_opening = false;
    assert_flags(0);
    assert_int_equal(verdict.checks[MUN_CHECK_DATES], MUN_CHECK_NOT_DONE);
}

static void
each_flag_is_reached_and_none_changes_the_verdict(void **state)
{
    (void)state;
    world.parties[2].status = MUN_PARTY_SUSPENDED;
    assert_flags(MUN_FLAG_ISSUER_NOT_ACTIVE);
    fresh(NULL);
    world.links[PARENT].status = MUN_STANDING_WITHDRAWN;
    assert_flags(MUN_FLAG_WITHDRAWN_SINCE);
    fresh(NULL);
    world.links[PARENT].status = MUN_STANDING_SUSPENDED;
    assert_flags(MUN_FLAG_ACCREDITATION_SUSPENDED);
    fresh(NULL);
    world.links[PARENT].grant.until_ms = world.policy.now_ms;
    assert_flags(MUN_FLAG_ACCREDITATION_ENDED);
    fresh(NULL);
    key_of(13)->status = MUN_KEY_RETIRED;
    key_of(13)->ended_time_ms = T0 + 1;
    assert_flags(MUN_FLAG_KEY_RETIRED);
    fresh(NULL);
    world.programme.status = MUN_PROGRAMME_RETIRED;
    assert_flags(MUN_FLAG_PROGRAMME_RETIRED);
    fresh(NULL);
    world.programme.listing = MUN_LISTING_PROVISIONAL;
    assert_flags(MUN_FLAG_PROGRAMME_PROVISIONAL);
    world.programme.listing = MUN_LISTING_UNDER_REVIEW;
    assert_flags(MUN_FLAG_PROGRAMME_UNDER_REVIEW);
    world.programme.listing = MUN_LISTING_DELISTED;
    assert_flags(MUN_FLAG_PROGRAMME_DELISTED);
    fresh(NULL);
    world.links[CHILD].grant.tier = MUN_TIER_NONE;
    assert_flags(MUN_FLAG_TIER_NONE_YET);
    fresh(NULL);
    world.policy.assurance_min = MUN_ASSURANCE_INDEPENDENT;
    assert_flags(MUN_FLAG_ASSURANCE_BELOW_MINIMUM);
    fresh(NULL);
    world.member_count = 3;
    assert_flags(MUN_FLAG_NO_FAULT_TOLERANCE);
}

static void
all_that_apply_are_reported_and_the_gravest_is_the_verdict(void **state)
{
    (void)state;
    world.slot.status = MUN_SLOT_SUSPENDED;
    world.opening.valid_until_ms = T0;
    world.opening.valid_from_ms = T0 + 9 * HOUR;
    world.asof_ms = T0;
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_EXPIRED);
    assert_int_equal(verdict.all, bit(MUN_VERDICT_EXPIRED) |
                                      bit(MUN_VERDICT_SUSPENDED) |
                                      bit(MUN_VERDICT_NOT_YET_VALID) |
                                      bit(MUN_VERDICT_STALE));
    world.slot.status = MUN_SLOT_REVOKED;
    world.parties[0].roles = 0;
    judge();
    assert_int_equal(verdict.code, MUN_VERDICT_REVOKED);
    assert_true((verdict.all & bit(MUN_VERDICT_NOT_ACCREDITED)) != 0);
}

static void
what_is_added_keeps_the_gravest_and_its_first_reason(void **state)
{
    struct mun_verdict sum = { .code = MUN_VERDICT_VALID };

    (void)state;
    mun_verdict_add(&sum, MUN_VERDICT_EXPIRED, "a");
    mun_verdict_add(&sum, MUN_VERDICT_VOIDED, "b");
    mun_verdict_add(&sum, MUN_VERDICT_VOIDED, "c");
    mun_verdict_add(&sum, MUN_VERDICT_STALE, "d");
    assert_int_equal(sum.code, MUN_VERDICT_VOIDED);
    assert_string_equal(sum.why, "b");
    assert_int_equal(sum.all, bit(MUN_VERDICT_EXPIRED) |
                                  bit(MUN_VERDICT_VOIDED) |
                                  bit(MUN_VERDICT_STALE));
}

/* Keys */

static struct mun_hash asked[MUN_VERDICT_KEYS_MAX];

static uint32_t
ask(void)
{
    struct mun_anchored fact = anchored();
    uint32_t count = mun_verdict_keys(asked, &fact, &view);

    for (uint32_t i = 1; i < count; i++)
        assert_true(mun_hash_cmp(&asked[i - 1], &asked[i]) < 0);
    return count;
}

static void
every_record_of_the_table_is_asked_for_once(void **state)
{
    (void)state;
    name_both_paths();
    make_state();
    /* Each record of this state, whatever leads to it. */
    assert_int_equal(ask(), state_made.count);
    for (uint32_t i = 0; i < state_made.count; i++) {
        bool is_asked = false;

        for (uint32_t k = 0; k < state_made.count; k++)
            is_asked = is_asked || mun_hash_eq(&asked[k], &state_made.keys[i]);
        assert_true(is_asked);
    }
    world.has_slot = false; /* asked for all the same; its key is not */
    make_state();
    assert_int_equal(ask(), state_made.count + 1 - 1);
}

static void
a_record_that_is_not_shown_is_unknown_and_never_valid(void **state)
{
    (void)state;
    for (unsigned both = 0; both < 2; both++) {
        if (both == 1)
            name_both_paths();
        make_state();
        uint32_t count = ask();

        for (uint32_t i = 0; i < count; i++) {
            state_made.hidden = &asked[i];
            judge_as_made();
            assert_int_equal(verdict.code, MUN_VERDICT_UNKNOWN);
            assert_int_equal(verdict.all, bit(MUN_VERDICT_UNKNOWN));
        }
    }
}

static void
a_record_that_may_not_be_absent_is_unknown_too(void **state)
{
    struct mun_hash slot_key;
    uint32_t count;

    (void)state;
    make_state();
    count = ask();
    mun_record_key_slot(&slot_key, &world.entry.actor,
                        mun_bytes_str("diplomas"), 42);
    for (uint32_t i = 0; i < count; i++) {
        state_made.removed = &asked[i];
        judge_as_made();
        assert_int_equal(verdict.code, mun_hash_eq(&asked[i], &slot_key)
                                           ? MUN_VERDICT_VALID
                                           : MUN_VERDICT_UNKNOWN);
    }
}

static void
a_hidden_record_does_not_cover_what_the_others_show(void **state)
{
    struct mun_hash key;

    (void)state;
    world.slot.status = MUN_SLOT_REVOKED;
    make_state();
    mun_record_key_programme(&key, &world.programme.id);
    state_made.hidden = &key;
    judge_as_made();
    assert_int_equal(verdict.code, MUN_VERDICT_REVOKED);
    assert_int_equal(verdict.all,
                     bit(MUN_VERDICT_REVOKED) | bit(MUN_VERDICT_UNKNOWN));
}

static void
a_path_that_is_not_shown_may_survive(void **state)
{
    struct mun_hash key;

    (void)state;
    name_both_paths();
    make_void(CHILD, T0);
    make_state();
    mun_record_key_accreditation(&key, &world.links[OTHER].id);
    state_made.hidden = &key;
    judge_as_made();
    assert_int_equal(verdict.all, bit(MUN_VERDICT_UNKNOWN));
}

static void
an_extension_counts_only_with_the_key_that_made_it(void **state)
{
    struct mun_hash key;

    (void)state;
    world.opening.valid_until_ms = T0 + HOUR;
    world.slot.extended_until_ms = T0 + 100 * HOUR;
    make_state();
    mun_record_key_key(&key, mun_test_key(15));
    state_made.hidden = &key;
    judge_as_made();
    assert_int_equal(verdict.all,
                     bit(MUN_VERDICT_UNKNOWN) | bit(MUN_VERDICT_EXPIRED));
    assert_int_equal(verdict.extended_until_ms, 0);
}

static void
an_extension_that_is_not_shown_leaves_dates_unjudged(void **state)
{
    struct mun_hash key;

    (void)state;
    world.opening.valid_until_ms = T0;
    make_state();
    mun_record_key_slot(&key, &world.entry.actor, mun_bytes_str("diplomas"),
                        42);
    state_made.hidden = &key;
    judge_as_made();
    assert_int_equal(verdict.all, bit(MUN_VERDICT_UNKNOWN));
    assert_int_equal(verdict.checks[MUN_CHECK_DATES], MUN_CHECK_NOT_DONE);
    assert_int_equal(verdict.checks[MUN_CHECK_STATUS], MUN_CHECK_FAILED);
}

static void
a_slot_beyond_the_list_is_unknown(void **state)
{
    (void)state;
    world.list.count = 42;
    assert_only(MUN_VERDICT_UNKNOWN);
    world.list.count = 43;
    assert_only(MUN_VERDICT_VALID);
}

/* Keys 20 to 29, each added by the next; 13 by the first of them. */
static void
chain_adders(unsigned count)
{
    struct mun_key_record record;

    key_of(13)->added_by = *mun_test_key(20);
    make_state();
    for (unsigned i = 0; i < count; i++) {
        record = *key_of(14);
        record.key = *mun_test_key(20 + i);
        record.added_by = i + 1 < count ? *mun_test_key(21 + i) : mun_key_none;
        begin();
        mun_key_record_encode(&wr, &record);
        put();
    }
    judge_as_made();
}

static void
eight_adders_are_followed_and_nine_are_not(void **state)
{
    (void)state;
    chain_adders(MUN_ADDERS_MAX);
    assert_int_equal(verdict.code, MUN_VERDICT_VALID);
    chain_adders(MUN_ADDERS_MAX + 1);
    assert_int_equal(verdict.code, MUN_VERDICT_UNKNOWN);
}

static void
a_record_that_does_not_decode_is_unknown(void **state)
{
    (void)state;
    make_state();
    for (uint32_t i = 0; i < state_made.count; i++) {
        struct mun_hash other = world.links[OTHER].id;
        struct mun_bytes whole = state_made.values[i];
        struct mun_hash key;
        bool is_asked;

        mun_record_key_accreditation(&key, &other);
        is_asked = !mun_hash_eq(&key, &state_made.keys[i]);
        state_made.values[i].len--;
        judge_as_made();
        assert_int_equal(verdict.code,
                         is_asked ? MUN_VERDICT_UNKNOWN : MUN_VERDICT_VALID);
        state_made.values[i] = whole;
    }
}

/* Puts a byte that is no UTF-8 into a text of a record and back. */
static void
judge_with_bad_text(struct mun_bytes text)
{
    uint8_t *at = state_made.bytes;
    size_t left = state_made.used;

    while (left >= text.len && memcmp(at, text.data, text.len) != 0) {
        at++;
        left--;
    }
    assert_true(left >= text.len && text.len > 0);
    *at = 0xff;
    judge_as_made();
    *at = text.data[0];
}

/* What others hand over is looked at to the last text; our own state was. */
static void
texts_are_checked_unless_the_state_is_our_own(void **state)
{
    struct mun_bytes texts[2];

    (void)state;
    make_state();
    texts[0] = world.version.description.titles[0].value;
    texts[1] = world.links[0].grant.basis;
    for (int i = 0; i < 2; i++) {
        judge_with_bad_text(texts[i]);
        assert_int_equal(verdict.code, MUN_VERDICT_UNKNOWN);
        view.is_own = true;
        judge_with_bad_text(texts[i]);
        view.is_own = false;
        assert_int_equal(verdict.code, MUN_VERDICT_VALID);
    }
}

/* Records that do not fit */

/* PROOF_INVALID at this check alone, which is the last that was done. */
static void
assert_misfit(enum mun_check_name check)
{
    assert_int_equal(verdict.code, MUN_VERDICT_PROOF_INVALID);
    assert_int_equal(verdict.all, bit(MUN_VERDICT_PROOF_INVALID));
    assert_int_equal(verdict.flags, 0);
    for (int i = MUN_CHECK_KEYS; i < MUN_CHECK_NAME_COUNT; i++)
        assert_int_equal(verdict.checks[i], i < (int)check ? MUN_CHECK_PASSED
                                            : i == (int)check
                                                ? MUN_CHECK_FAILED
                                                : MUN_CHECK_NOT_DONE);
    fresh(NULL);
}

static void
a_key_or_a_link_of_another_party_does_not_fit(void **state)
{
    (void)state;
    key_of(13)->party = mun_test_hash(2);
    judge();
    assert_misfit(MUN_CHECK_KEYS);
    key_of(13)->purposes = MUN_PURPOSE_GOVERN | MUN_PURPOSE_STATUS;
    judge();
    assert_misfit(MUN_CHECK_KEYS);
    world.links[CHILD].subject = mun_test_hash(2);
    judge();
    assert_misfit(MUN_CHECK_ACCREDITATION);
    world.links[PARENT].subject = mun_test_hash(3);
    judge();
    assert_misfit(MUN_CHECK_ACCREDITATION);
    key_of(12)->party = mun_test_hash(1);
    judge();
    assert_misfit(MUN_CHECK_ACCREDITATION);
    key_of(11)->purposes = MUN_PURPOSE_ANCHOR;
    judge();
    assert_misfit(MUN_CHECK_ACCREDITATION);
    world.programme.issuer = mun_test_hash(2);
    judge();
    assert_misfit(MUN_CHECK_PROGRAMME);
}

/* What else the check found, and what later ones would, does not count. */
static void
nothing_else_counts_beside_a_record_that_does_not_fit(void **state)
{
    (void)state;
    world.member_count = 1;
    compromise(13, T0);
    key_of(13)->party = mun_test_hash(2);
    make_void(CHILD, T0);
    world.slot.status = MUN_SLOT_REVOKED;
    world.opening.valid_until_ms = T0;
    world.asof_ms = T0;
    judge();
    assert_string_equal(verdict.why,
                        "a key that signed the award is not the issuer's");
    assert_misfit(MUN_CHECK_KEYS);
    world.parties[2].status = MUN_PARTY_CLOSED;
    make_void(CHILD, T0);
    world.links[PARENT].subject = mun_test_hash(3);
    judge();
    assert_misfit(MUN_CHECK_ACCREDITATION);
    /* But what was found before does. */
    compromise(13, T0);
    world.programme.issuer = mun_test_hash(2);
    judge();
    assert_int_equal(verdict.all,
                     bit(MUN_VERDICT_PROOF_INVALID) | bit(MUN_VERDICT_VOIDED));
    assert_int_equal(verdict.checks[MUN_CHECK_KEYS], MUN_CHECK_FAILED);
}

/* Each record with another natural key than the one it stands under. */
static void
a_record_in_anothers_place_does_not_fit(void **state)
{
    (void)state;
    name_both_paths();
    make_state();
    for (uint32_t i = 0; i < state_made.count; i++) {
        struct mun_bytes own = state_made.values[i];
        uint8_t *changed = state_made.bytes + state_made.used;

        /* A byte of the natural key, behind the head. */
        memcpy(changed, own.data, own.len);
        changed[18 + 31] ^= 1;
        state_made.values[i].data = changed;
        judge_as_made();
        assert_int_equal(verdict.code, MUN_VERDICT_PROOF_INVALID);
        state_made.values[i] = own;
    }
    judge_as_made();
    assert_int_equal(verdict.code, MUN_VERDICT_VALID);
}

static void
verdicts_and_checks_have_names(void **state)
{
    (void)state;
    assert_string_equal(mun_verdict_name(MUN_VERDICT_VALID), "VALID");
    assert_string_equal(mun_verdict_name(MUN_VERDICT_PROOF_INVALID),
                        "PROOF_INVALID");
    assert_string_equal(mun_check_text(MUN_CHECK_FORMAT), "format");
    assert_string_equal(mun_check_text(MUN_CHECK_FRESHNESS), "freshness");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(when_all_is_well_it_is_valid_and_every_fact_is_there),
        TEST(a_slot_that_never_changed_is_good),
        TEST(the_slots_status_decides),
        TEST(a_compromised_key_can_make_a_status_only_graver),
        TEST(a_compromised_keys_extension_does_not_count),
        TEST(a_key_added_by_a_compromised_key_falls_with_it),
        TEST(an_award_signed_with_a_compromised_key_is_void),
        TEST(a_void_counts_when_it_is_not_later_than_the_anchoring),
        TEST(one_surviving_path_suffices),
        TEST(a_grant_with_a_compromised_key_does_not_count),
        TEST(without_a_root_accreditor_it_is_not_accredited),
        TEST(a_chain_longer_than_four_links_leads_nowhere),
        TEST(dates_and_freshness_decide),
        TEST(a_proof_from_later_than_the_time_asked_for_is_unknown),
        TEST(an_extension_cannot_end_what_has_no_end),
        TEST(without_an_opening_dates_are_not_judged),
        TEST(each_flag_is_reached_and_none_changes_the_verdict),
        TEST(all_that_apply_are_reported_and_the_gravest_is_the_verdict),
        TEST(what_is_added_keeps_the_gravest_and_its_first_reason),
        TEST(every_record_of_the_table_is_asked_for_once),
        TEST(a_record_that_is_not_shown_is_unknown_and_never_valid),
        TEST(a_record_that_may_not_be_absent_is_unknown_too),
        TEST(a_hidden_record_does_not_cover_what_the_others_show),
        TEST(a_path_that_is_not_shown_may_survive),
        TEST(an_extension_that_is_not_shown_leaves_dates_unjudged),
        TEST(an_extension_counts_only_with_the_key_that_made_it),
        TEST(a_slot_beyond_the_list_is_unknown),
        TEST(eight_adders_are_followed_and_nine_are_not),
        TEST(a_record_that_does_not_decode_is_unknown),
        TEST(texts_are_checked_unless_the_state_is_our_own),
        TEST(a_key_or_a_link_of_another_party_does_not_fit),
        TEST(nothing_else_counts_beside_a_record_that_does_not_fit),
        TEST(a_record_in_anothers_place_does_not_fit),
        TEST(verdicts_and_checks_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
