#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/json/forms.h"
#include "ledger/json/json.h"
#include "tests/support/make_chain.h"
#include "tests/support/make_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARENA_BYTES (4u << 20)
#define TIME_TEXT "2026-01-01T00:00:00Z" /* MUN_TEST_TIME_MS */

static struct mun_arena arena;
static struct mun_json_wr wr;

static int
reset(void **state)
{
    (void)state; /* cmocka's */
    mun_arena_reset(&arena, 0);
    mun_json_wr_init(&wr, MUN_JSON_BYTES_MAX, true);
    return 0;
}

static int
clear(void **state)
{
    (void)state; /* cmocka's */
    mun_json_wr_fini(&wr);
    return 0;
}

/* What was written, as strict JSON; the writer is ready for the next. */
static struct mun_json *
parsed(void)
{
    struct mun_json_err why;
    struct mun_json *doc = NULL;
    struct mun_bytes text;

    assert_true(mun_is_ok(mun_json_wr_finish(&wr, &text)));
    if (!mun_is_ok(mun_json_parse(&doc, &why, text, NULL)))
        fail_msg("%s", why.text);
    mun_json_wr_fini(&wr);
    mun_json_wr_init(&wr, MUN_JSON_BYTES_MAX, true);
    return doc;
}

/* Exactly these members, in this order; the list ends with NULL. */
static void
has_members(const struct mun_json *object, const char *const *names)
{
    struct mun_json_iter it = mun_json_members(object);
    size_t count = 0;

    assert_true(mun_json_is(object, MUN_JSON_OBJECT));
    for (; mun_json_next(&it); count++) {
        if (names[count] == NULL || strcmp(it.key, names[count]) != 0)
            fail_msg("%s and not %s", it.key,
                     names[count] == NULL ? "the end" : names[count]);
    }
    if (names[count] != NULL)
        fail_msg("no %s", names[count]);
}

#define HAS(object, ...)                                                       \
    has_members(object, (const char *const[]){ __VA_ARGS__, NULL })

static void
says(const struct mun_json *object, const char *key, const char *text)
{
    if (!mun_json_string_is(mun_json_get(object, key), text))
        fail_msg("%s is not %s", key, text);
}

static void
says_hex(const struct mun_json *object, const char *key, const void *data,
         size_t len)
{
    char hex[2 * MUN_KEY_BYTES + 1];

    assert_true(len <= MUN_KEY_BYTES);
    mun_hex_encode(hex, mun_bytes(data, len));
    says(object, key, hex);
}

static void
says_hash(const struct mun_json *object, const char *key, struct mun_hash hash)
{
    says_hex(object, key, hash.b, sizeof hash.b);
}

static void
says_key(const struct mun_json *object, const char *key, unsigned number)
{
    says_hex(object, key, mun_test_key(number)->b, MUN_KEY_BYTES);
}

static void
says_u64(const struct mun_json *object, const char *key, uint64_t value)
{
    uint64_t found;

    if (!mun_json_u64(&found, mun_json_get(object, key)) || found != value)
        fail_msg("%s is another number", key);
}

static void
says_number(const struct mun_json *object, const char *key, double value)
{
    double found;

    assert_true(mun_json_double(&found, mun_json_get(object, key)));
    assert_true(found >= value && found <= value);
}

static void
says_null(const struct mun_json *object, const char *key)
{
    if (!mun_json_is(mun_json_get(object, key), MUN_JSON_NULL))
        fail_msg("%s is not null", key);
}

static void
says_bool(const struct mun_json *object, const char *key, bool value)
{
    bool found;

    assert_true(mun_json_bool(&found, mun_json_get(object, key)));
    assert_int_equal(found, value);
}

/* An array of these words. */
static void
has_words(const struct mun_json *object, const char *key,
          const char *const *words)
{
    const struct mun_json *array = mun_json_get(object, key);
    size_t count = 0;

    assert_true(mun_json_is(array, MUN_JSON_ARRAY));
    for (; words[count] != NULL; count++) {
        if (!mun_json_string_is(mun_json_at(array, count), words[count]))
            fail_msg("%s: no %s", key, words[count]);
    }
    assert_int_equal(mun_json_size(array), count);
}

#define WORDS(object, key, ...)                                                \
    has_words(object, key, (const char *const[]){ __VA_ARGS__, NULL })

/* Words */

static void
words_go_there_and_back(void **state)
{
    static const struct {
        const char *(*word)(uint8_t);
        uint8_t first;
        uint8_t max;
    } cases[] = {
        { mun_word_slot_status, 1, MUN_SLOT_SUPERSEDED },
        { mun_word_reason, 1, MUN_REASON_OTHER },
        { mun_word_tier, 1, MUN_TIER_NONE },
        { mun_word_award, 1, MUN_AWARD_PARTICIPATION },
        { mun_word_standing, 1, MUN_STANDING_VOID },
        { mun_word_listing, 1, MUN_LISTING_DELISTED },
        { mun_word_assurance, 0, MUN_ASSURANCE_INDEPENDENT },
        { mun_word_party_status, 1, MUN_PARTY_CLOSED },
        { mun_word_key_status, 1, MUN_KEY_COMPROMISED },
        { mun_word_participation, 0, 3 },
        { mun_word_action, 1, MUN_ACTION_EXTEND },
    };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (unsigned value = 0; value <= UINT8_MAX; value++) {
            const char *word = cases[i].word((uint8_t)value);

            if (value < cases[i].first || value > cases[i].max) {
                assert_string_equal(word, "unknown");
                continue;
            }
            assert_string_not_equal(word, "unknown");
            assert_int_equal(mun_word_find(cases[i].word, cases[i].max, word),
                             value);
        }
        assert_int_equal(mun_word_find(cases[i].word, cases[i].max, ""), 0);
        assert_int_equal(mun_word_find(cases[i].word, cases[i].max, "unknown"),
                         0);
    }
}

static void
purposes_are_words_of_one_bit(void **state)
{
    (void)state; /* cmocka's */
    for (unsigned bits = 0; bits <= UINT8_MAX; bits++) {
        const char *word = mun_word_purpose((uint8_t)bits);
        bool is_one =
            __builtin_popcount(bits) == 1 && bits <= MUN_PURPOSE_VALIDATE;

        assert_int_equal(strcmp(word, "unknown") != 0, is_one);
        if (is_one)
            assert_int_equal(
                mun_word_find(mun_word_purpose, MUN_PURPOSE_VALIDATE, word),
                bits);
    }
}

/* Records */

static void
a_party_is_written(void **state)
{
    struct mun_party party = { .since = { 7, MUN_TEST_TIME_MS },
                               .id = mun_test_party(2),
                               .roles = MUN_ROLE_MEMBER,
                               .status = MUN_PARTY_ACTIVE,
                               .name = mun_bytes_str("A \"U\"\\\n\xc3\xa9"),
                               .country = mun_bytes_str("KZ"),
                               .sponsor = mun_test_party(1) };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_party(&wr, &party);
    doc = parsed();
    HAS(doc, "id", "name", "country", "url", "status", "is_member",
        "is_root_accreditor", "sponsor", "recovery", "registered_by",
        "since_height", "since_time");
    says_hash(doc, "id", party.id);
    says(doc, "name", "A \"U\"\\\n\xc3\xa9");
    says(doc, "url", "");
    says(doc, "status", "active");
    says_bool(doc, "is_member", true);
    says_bool(doc, "is_root_accreditor", false);
    says_hash(doc, "sponsor", party.sponsor);
    says_null(doc, "recovery");
    says_u64(doc, "since_height", 7);
    says(doc, "since_time", TIME_TEXT);
    mun_json_close(doc);
}

static void
text_that_is_not_utf8_is_no_form(void **state)
{
    struct mun_party party = { .name = mun_bytes_str("\xff") };
    struct mun_bytes text;

    (void)state; /* cmocka's */
    mun_form_party(&wr, &party);
    assert_int_equal(mun_json_wr_finish(&wr, &text).code, MUN_ERR_TEXT);
}

static void
a_key_is_written(void **state)
{
    struct mun_key_record key = {
        .since = { 9, MUN_TEST_TIME_MS },
        .key = *mun_test_key(3),
        .party = mun_test_party(2),
        .purposes = MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR,
        .status = MUN_KEY_RETIRED,
        .added_time_ms = MUN_TEST_TIME_MS,
        .ended_time_ms = MUN_TEST_TIME_MS + 1,
    };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_key(&wr, &key);
    doc = parsed();
    HAS(doc, "key", "party", "purposes", "status", "added_by", "added_height",
        "added_time", "ended_time", "compromised_since", "since_height",
        "since_time");
    says_key(doc, "key", 3);
    WORDS(doc, "purposes", "anchor", "govern");
    says(doc, "status", "retired");
    says_null(doc, "added_by");
    says(doc, "ended_time", "2026-01-01T00:00:00.001Z");
    says_null(doc, "compromised_since");
    mun_json_close(doc);

    key.added_by = *mun_test_key(2);
    mun_form_key(&wr, &key);
    doc = parsed();
    says_key(doc, "added_by", 2);
    mun_json_close(doc);
}

static void
check_scope(const struct mun_json *scope)
{
    const struct mun_json *level =
        mun_json_at(mun_json_get(scope, "levels"), 1);
    const struct mun_json *field =
        mun_json_at(mun_json_get(scope, "fields"), 0);

    HAS(scope, "levels", "fields", "award_kinds", "jurisdictions",
        "credit_system", "credit_min", "credit_max", "sub_depth");
    HAS(level, "framework", "level");
    says(level, "level", "6");
    HAS(field, "scheme", "code");
    says(field, "code", "06");
    WORDS(scope, "award_kinds", "micro-credential", "course-certificate",
          "module", "degree", "professional-licence", "participation");
    WORDS(scope, "jurisdictions", "KZ");
    says_u64(scope, "credit_min", 1);
    says_number(scope, "credit_max", 30.25);
    says_u64(scope, "sub_depth", 1);
}

static void
an_accreditation_is_written(void **state)
{
    struct mun_accreditation record = { .since = { 4, MUN_TEST_TIME_MS },
                                        .id = mun_test_hash(3),
                                        .accreditor = mun_test_party(1),
                                        .subject = mun_test_party(2),
                                        .depth = 1,
                                        .granting_key = *mun_test_key(1),
                                        .status = MUN_STANDING_ACTIVE };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_test_grant(&record.grant);
    record.grant.scope.credit_max = 3025;
    mun_form_accreditation(&wr, &record);
    doc = parsed();
    HAS(doc, "id", "accreditor", "subject", "parent", "depth", "status",
        "status_time", "void_since", "tier", "basis", "from", "until", "scope",
        "granting_key", "granted_height", "granted_time", "changed_by",
        "since_height", "since_time");
    says_null(doc, "parent");
    says(doc, "status", "active");
    says(doc, "tier", "agency");
    says_null(doc, "changed_by");
    says(doc, "from", "2025-01-01T00:00:00Z");
    check_scope(mun_json_get(doc, "scope"));
    mun_json_close(doc);
}

static void
a_void_accreditation_says_why(void **state)
{
    struct mun_accreditation record = { .status = MUN_STANDING_VOID,
                                        .void_since_ms = MUN_TEST_TIME_MS,
                                        .reason = MUN_REASON_ERROR,
                                        .changed_by = *mun_test_key(4) };
    const struct mun_json *scope;
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_accreditation(&wr, &record);
    doc = parsed();
    says(doc, "status", "void");
    says(doc, "void_since", TIME_TEXT);
    says(doc, "reason", "error");
    says_key(doc, "changed_by", 4);
    scope = mun_json_get(doc, "scope");
    /* Without a credit system there are no credits. */
    HAS(scope, "levels", "fields", "award_kinds", "jurisdictions", "sub_depth");
    assert_int_equal(mun_json_size(mun_json_get(scope, "award_kinds")), 0);
    mun_json_close(doc);
}

static void
check_description(const struct mun_json *object)
{
    const struct mun_json *title =
        mun_json_at(mun_json_get(object, "titles"), 0);

    HAS(object, "titles", "levels", "fields", "award_kind", "credit_system",
        "credits", "workload_hours", "assessment", "participation", "quality",
        "languages", "jurisdiction", "url", "outcomes", "outcomes_digest",
        "partners", "part_of");
    assert_int_equal(mun_json_size(mun_json_get(object, "titles")), 2);
    HAS(title, "language", "title");
    says(title, "language", "en");
    says(title, "title", "Data analysis");
    says(object, "award_kind", "micro-credential");
    says_u64(object, "credits", 5);
    says(object, "participation", "blended");
    WORDS(object, "languages", "en", "kk");
    says_hash(object, "outcomes_digest", mun_test_hash(90));
    WORDS(object, "part_of", "Bachelor of Informatics");
}

static void
a_programme_is_written(void **state)
{
    struct mun_programme programme = { .since = { 5, MUN_TEST_TIME_MS },
                                       .id = mun_test_hash(2),
                                       .issuer = mun_test_party(2),
                                       .code = mun_bytes_str("data-1"),
                                       .latest_version = 2,
                                       .status = MUN_PROGRAMME_ACTIVE,
                                       .listing = MUN_LISTING_UNDER_REVIEW };
    struct mun_programme_version version = { .version = 1 };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_test_description(&version.description);
    mun_form_programme(&wr, &programme, &version);
    doc = parsed();
    HAS(doc, "id", "issuer", "code", "version", "latest_version", "status",
        "listing", "next_review", "description", "since_height", "since_time");
    says_u64(doc, "version", 1);
    says_u64(doc, "latest_version", 2);
    says(doc, "status", "active");
    says(doc, "listing", "under-review");
    says_null(doc, "next_review");
    check_description(mun_json_get(doc, "description"));
    mun_json_close(doc);

    programme.status = MUN_PROGRAMME_RETIRED;
    mun_form_programme(&wr, &programme, &version);
    doc = parsed();
    says(doc, "status", "retired");
    mun_json_close(doc);
}

static void
a_description_without_credits_has_none(void **state)
{
    struct mun_description description = { .award_kind = MUN_AWARD_DEGREE };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_description(&wr, &description);
    doc = parsed();
    assert_null(mun_json_get(doc, "credit_system"));
    assert_null(mun_json_get(doc, "credits"));
    says(doc, "award_kind", "degree");
    says(doc, "participation", "not-stated");
    says_null(doc, "outcomes_digest");
    mun_json_close(doc);
}

static void
a_list_is_written(void **state)
{
    struct mun_list list = { .since = { 6, MUN_TEST_TIME_MS },
                             .issuer = mun_test_party(2),
                             .label = mun_bytes_str("diplomas"),
                             .count = 300,
                             .status = MUN_LIST_OPEN };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_list(&wr, &list);
    doc = parsed();
    HAS(doc, "issuer", "label", "count", "status", "since_height",
        "since_time");
    says(doc, "label", "diplomas");
    says_u64(doc, "count", 300);
    says(doc, "status", "open");
    mun_json_close(doc);
}

static void
a_slot_is_written(void **state)
{
    struct mun_slot slot = { .since = { 8, MUN_TEST_TIME_MS },
                             .index = 7,
                             .status = MUN_SLOT_SUPERSEDED,
                             .reason = MUN_REASON_SUPERSEDED,
                             .superseded_by = mun_test_hash(4),
                             .key = *mun_test_key(2),
                             .before_status = MUN_SLOT_GOOD };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_slot(&wr, 7, &slot);
    doc = parsed();
    HAS(doc, "slot", "status", "reason", "superseded_by", "extended_until",
        "key", "before", "since_height", "since_time");
    says_u64(doc, "slot", 7);
    says(doc, "status", "superseded");
    says(doc, "reason", "superseded");
    says_hash(doc, "superseded_by", slot.superseded_by);
    says_null(doc, "extended_until");
    says_key(doc, "key", 2);
    says(doc, "before", "good");
    mun_json_close(doc);

    mun_form_slot(&wr, 4294967295u, NULL);
    doc = parsed();
    HAS(doc, "slot", "status", "since_height");
    says_u64(doc, "slot", 4294967295u);
    says(doc, "status", "good");
    says_u64(doc, "since_height", 0);
    mun_json_close(doc);
}

static void
a_header_is_written(void **state)
{
    struct mun_header header = { .rules_version = 1,
                                 .chain_id = mun_test_chain(),
                                 .height = 12,
                                 .time_ms = MUN_TEST_TIME_MS,
                                 .previous = mun_test_hash(1),
                                 .certificate_hash = mun_test_hash(2),
                                 .log_size = 40,
                                 .log_root = mun_test_hash(3),
                                 .state_root = mun_test_hash(4),
                                 .members_hash = mun_test_hash(5),
                                 .next_members_hash = mun_test_hash(6) };
    struct mun_hash id = mun_test_hash(7);
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_header(&wr, &header, &id);
    doc = parsed();
    HAS(doc, "height", "header_id", "rules_version", "chain_id", "time",
        "previous", "certificate_hash", "entries_hash", "log_size", "log_root",
        "state_root", "members_hash", "next_members_hash");
    says_u64(doc, "height", 12);
    says_hash(doc, "header_id", id);
    says_hash(doc, "chain_id", header.chain_id);
    says(doc, "time", TIME_TEXT);
    says_hash(doc, "previous", header.previous);
    says_hash(doc, "certificate_hash", header.certificate_hash);
    says_null(doc, "entries_hash");
    says_u64(doc, "log_size", 40);
    says_hash(doc, "log_root", header.log_root);
    says_hash(doc, "state_root", header.state_root);
    says_hash(doc, "members_hash", header.members_hash);
    says_hash(doc, "next_members_hash", header.next_members_hash);
    mun_json_close(doc);
}

/* Payloads */

static struct mun_json *
payload_of(enum mun_kind kind)
{
    struct mun_entry *entry = mun_arena_alloc(&arena, sizeof *entry);

    assert_non_null(entry);
    mun_test_sample_entry(&arena, entry, kind);
    mun_form_payload(&wr, entry);
    return parsed();
}

static void
payloads_about_parties_are_written(void **state)
{
    struct mun_json *doc = payload_of(MUN_KIND_REGISTER_PARTY);
    const struct mun_json *key = mun_json_at(mun_json_get(doc, "keys"), 0);

    (void)state; /* cmocka's */
    HAS(doc, "sponsor", "sponsor_accreditation", "name", "country", "url",
        "recovery", "keys");
    says(doc, "name", "Universit\xc3\xa9");
    HAS(key, "key", "purposes");
    says_key(key, "key", 2);
    WORDS(key, "purposes", "anchor", "status", "govern");
    mun_json_close(doc);

    doc = payload_of(MUN_KIND_ADD_KEY);
    HAS(doc, "key", "purposes");
    says_key(doc, "key", 3);
    WORDS(doc, "purposes", "anchor");
    mun_json_close(doc);

    doc = payload_of(MUN_KIND_RETIRE_KEY);
    HAS(doc, "key");
    says_key(doc, "key", 3);
    mun_json_close(doc);
}

static void
payloads_about_accreditations_are_written(void **state)
{
    struct mun_json *doc = payload_of(MUN_KIND_ACCREDIT);

    (void)state; /* cmocka's */
    HAS(doc, "subject", "parent", "tier", "basis", "from", "until", "scope");
    says_hash(doc, "subject", mun_test_party(2));
    says_null(doc, "parent");
    mun_json_close(doc);

    doc = payload_of(MUN_KIND_SUSPEND);
    HAS(doc, "accreditation", "reason");
    says_hash(doc, "accreditation", mun_test_hash(3));
    says(doc, "reason", "other");
    mun_json_close(doc);

    doc = payload_of(MUN_KIND_REINSTATE);
    HAS(doc, "accreditation", "reason");
    mun_json_close(doc);

    doc = payload_of(MUN_KIND_WITHDRAW);
    HAS(doc, "accreditation", "reason", "void_since");
    says(doc, "void_since", TIME_TEXT);
    mun_json_close(doc);
}

static void
payloads_about_programmes_and_batches_are_written(void **state)
{
    struct mun_json *doc = payload_of(MUN_KIND_REGISTER_PROGRAMME);

    (void)state; /* cmocka's */
    HAS(doc, "code", "description");
    says(doc, "code", "data-1");
    check_description(mun_json_get(doc, "description"));
    mun_json_close(doc);

    doc = payload_of(MUN_KIND_ANCHOR);
    HAS(doc, "list", "base", "count", "root", "programme", "programme_version",
        "published", "accreditations");
    says(doc, "list", "diplomas");
    says_u64(doc, "count", 3);
    says_bool(doc, "published", true);
    assert_int_equal(mun_json_size(mun_json_get(doc, "accreditations")), 1);
    mun_json_close(doc);
}

static void
a_change_of_status_is_written(void **state)
{
    struct mun_json *doc = payload_of(MUN_KIND_CHANGE_STATUS);
    const struct mun_json *changes = mun_json_get(doc, "changes");

    (void)state; /* cmocka's */
    HAS(doc, "list", "changes");
    assert_int_equal(mun_json_size(changes), 5);
    HAS(mun_json_at(changes, 0), "slot", "action", "reason", "if_since");
    says(mun_json_at(changes, 0), "action", "revoke");
    says(mun_json_at(changes, 1), "action", "suspend");
    says(mun_json_at(changes, 2), "action", "reinstate");
    says_u64(mun_json_at(changes, 2), "if_since", 41);
    HAS(mun_json_at(changes, 3), "slot", "action", "reason", "if_since",
        "superseded_by");
    says_hash(mun_json_at(changes, 3), "superseded_by", mun_test_hash(4));
    HAS(mun_json_at(changes, 4), "slot", "action", "reason", "if_since",
        "extended_until");
    says(mun_json_at(changes, 4), "extended_until", "2027-01-01T00:00:00Z");
    mun_json_close(doc);
}

/* Verdicts */

/* Of a credential of a small ledger, changed or not. */
static void
make_verdict(struct mun_test_world *world, struct mun_verdict *out,
             bool is_revoked)
{
    const struct mun_change change = { .index = 2,
                                       .action = MUN_ACTION_REVOKE,
                                       .reason = MUN_REASON_ERROR };
    struct mun_receipt_input input;

    mun_test_world_open(world, 4);
    mun_test_world_story(world);
    mun_test_world_anchor(world, 5);
    if (is_revoked)
        mun_test_world_change(world, &change);
    mun_test_world_input(world, &input, 2);
    mun_receipt_verify(out, &world->arena, &input);
}

static void
check_status(const struct mun_json *status, bool is_revoked)
{
    HAS(status, "list", "slot", "value", "reason", "since", "extended_until");
    says(status, "list", "diplomas");
    says_u64(status, "slot", 2);
    says(status, "value", is_revoked ? "revoked" : "good");
    if (is_revoked) {
        says(status, "reason", "error");
        says(status, "since", "2026-01-01T00:00:05Z");
    } else {
        says_null(status, "reason");
        says_null(status, "since");
    }
    says_null(status, "extended_until");
}

static void
check_checks(const struct mun_json *checks, bool is_revoked)
{
    HAS(checks, "format", "chain", "members", "certificate", "anchor", "batch",
        "document", "claims", "state", "keys", "accreditation", "programme",
        "status", "dates", "freshness");
    says(checks, "format", "passed");
    says(checks, "status", is_revoked ? "failed" : "passed");
}

static void
check_verdict(const struct mun_json *doc, bool is_revoked)
{
    const struct mun_json *link =
        mun_json_at(mun_json_get(doc, "accreditation"), 0);

    HAS(doc, "verdict", "why", "title", "levels", "awarder", "applies", "flags",
        "status", "issuer", "programme", "programme_version", "assurance",
        "valid_from", "valid_until", "accreditation", "anchored_height",
        "anchored_time", "as_of_height", "as_of_time", "members",
        "faults_tolerated", "checks");
    says(doc, "verdict", is_revoked ? "REVOKED" : "VALID");
    says(doc, "title", "Data analysis");
    says(doc, "awarder", "Universit\xc3\xa9");
    WORDS(doc, "flags", "programme_provisional", "claims_not_checked");
    says_hash(doc, "issuer", mun_test_party(MUN_TEST_ISSUER));
    says(doc, "assurance", "peer");
    says(doc, "valid_from", TIME_TEXT);
    says_null(doc, "valid_until");
    assert_int_equal(mun_json_size(mun_json_get(doc, "accreditation")), 1);
    HAS(link, "id", "accreditor", "tier", "status", "void_since", "counts");
    says(link, "tier", "agency");
    says_bool(link, "counts", true);
    says_u64(doc, "anchored_height", 4);
    says_u64(doc, "as_of_height", is_revoked ? 5 : 4);
    says_u64(doc, "members", 4);
    says_u64(doc, "faults_tolerated", 1);
    check_status(mun_json_get(doc, "status"), is_revoked);
    check_checks(mun_json_get(doc, "checks"), is_revoked);
}

static void
a_verdict_is_written(void **state)
{
    static struct mun_test_world world;
    static struct mun_verdict verdict;
    struct mun_json *doc;

    (void)state; /* cmocka's */
    for (int is_revoked = 0; is_revoked < 2; is_revoked++) {
        make_verdict(&world, &verdict, is_revoked != 0);
        mun_form_verdict(&wr, &verdict);
        doc = parsed();
        check_verdict(doc, is_revoked != 0);
        if (is_revoked != 0)
            WORDS(doc, "applies", "REVOKED");
        else
            says_null(doc, "why");
        mun_json_close(doc);
        mun_test_world_close(&world);
    }
}

static void
of_another_document_nothing_is_told(void **state)
{
    static struct mun_test_world world;
    static struct mun_verdict verdict;
    const struct mun_json *checks;
    struct mun_json *doc;

    (void)state; /* cmocka's */
    make_verdict(&world, &verdict, true);
    mun_verdict_add(&verdict, MUN_VERDICT_DOCUMENT_MISMATCH, "changed");
    verdict.checks[MUN_CHECK_DOCUMENT] = MUN_CHECK_FAILED;
    verdict.flags |= MUN_FLAG_NO_FAULT_TOLERANCE;
    mun_form_verdict(&wr, &verdict);
    doc = parsed();
    HAS(doc, "verdict", "why", "title", "awarder", "status", "applies", "flags",
        "members", "faults_tolerated", "checks");
    says(doc, "verdict", "DOCUMENT_MISMATCH");
    says_null(doc, "title");
    says_null(doc, "awarder");
    says_null(doc, "status");
    WORDS(doc, "applies", "DOCUMENT_MISMATCH");
    WORDS(doc, "flags", "no_fault_tolerance");
    checks = mun_json_get(doc, "checks");
    says(checks, "batch", "passed");
    says(checks, "document", "failed");
    says(checks, "status", "not done");
    mun_json_close(doc);
    mun_test_world_close(&world);
}

static void
a_summary_is_written(void **state)
{
    static struct mun_test_world world;
    static struct mun_verdict verdict;
    struct mun_json *doc;

    (void)state; /* cmocka's */
    make_verdict(&world, &verdict, true);
    mun_form_summary(&wr, &verdict);
    doc = parsed();
    HAS(doc, "title", "levels", "awarder", "anchored", "status", "known_until");
    says(doc, "status", "revoked");
    says(doc, "anchored", "2026-01-01T00:00:04Z");
    says(doc, "known_until", "2026-01-01T00:00:05Z");
    mun_json_close(doc);
    mun_test_world_close(&world);
}

static void
a_verdict_of_which_nothing_is_known_is_written(void **state)
{
    static struct mun_verdict verdict;
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_verdict_add(&verdict, MUN_VERDICT_STALE, "too old");
    mun_verdict_add(&verdict, MUN_VERDICT_PROOF_INVALID, "it is not right");
    mun_verdict_add(&verdict, MUN_VERDICT_UNKNOWN, "not shown");
    mun_form_verdict(&wr, &verdict);
    doc = parsed();
    says(doc, "verdict", "PROOF_INVALID");
    says(doc, "why", "it is not right");
    WORDS(doc, "applies", "PROOF_INVALID", "UNKNOWN", "STALE");
    says_null(doc, "title");
    says(doc, "awarder", "");
    says_u64(doc, "faults_tolerated", 0);
    says(mun_json_get(doc, "checks"), "format", "not done");
    mun_json_close(doc);
}

static void
every_flag_is_written(void **state)
{
    static struct mun_verdict verdict = { .flags = 0x1fff };
    struct mun_json *doc;

    (void)state; /* cmocka's */
    mun_form_verdict(&wr, &verdict);
    doc = parsed();
    WORDS(doc, "flags", "issuer_not_active", "accreditation_withdrawn_since",
          "accreditation_suspended", "accreditation_ended",
          "signing_key_retired", "programme_retired", "programme_provisional",
          "programme_under_review", "programme_delisted", "tier_none_yet",
          "assurance_below_minimum", "no_fault_tolerance",
          "claims_not_checked");
    mun_json_close(doc);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, reset, clear)
    const struct CMUnitTest tests[] = {
        TEST(words_go_there_and_back),
        TEST(purposes_are_words_of_one_bit),
        TEST(a_party_is_written),
        TEST(text_that_is_not_utf8_is_no_form),
        TEST(a_key_is_written),
        TEST(an_accreditation_is_written),
        TEST(a_void_accreditation_says_why),
        TEST(a_programme_is_written),
        TEST(a_description_without_credits_has_none),
        TEST(a_list_is_written),
        TEST(a_slot_is_written),
        TEST(a_header_is_written),
        TEST(payloads_about_parties_are_written),
        TEST(payloads_about_accreditations_are_written),
        TEST(payloads_about_programmes_and_batches_are_written),
        TEST(a_change_of_status_is_written),
        TEST(a_verdict_is_written),
        TEST(of_another_document_nothing_is_told),
        TEST(a_summary_is_written),
        TEST(a_verdict_of_which_nothing_is_known_is_written),
        TEST(every_flag_is_written),
    };
#undef TEST
    int failed;

    if (!mun_is_ok(mun_arena_open(&arena, ARENA_BYTES)))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mun_arena_close(&arena);
    return failed;
}
