#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "genesis/genesis_json.h"
#include "ledger/base/encode.h"
#include "tests/support/make_entry.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARENA_BYTES (8u << 20)
#define FILE_MAX 65536

static struct mun_arena arena;

static int
reset(void **state)
{
    (void)state; /* cmocka's */
    mun_arena_reset(&arena, 0);
    return 0;
}

static char *
read_source(const char *name)
{
    char path[4096];
    char *out = mun_arena_alloc(&arena, FILE_MAX);
    FILE *in;
    size_t len;

    assert_non_null(out);
    assert_true(snprintf(path, sizeof path, "%s/%s", MUN_SOURCE_DIR, name) <
                (int)sizeof path);
    in = fopen(path, "rb");
    assert_non_null(in);
    len = fread(out, 1, FILE_MAX, in);
    assert_in_range(len, 1, FILE_MAX - 1);
    assert_int_equal(fclose(in), 0);
    return out;
}

static mun_err_t
compile(struct mun_bytes *out, const char *text, struct mun_json_err *why)
{
    struct mun_json *doc = NULL;
    mun_err_t err;

    if (!mun_is_ok(mun_json_parse(&doc, why, mun_bytes_str(text), NULL)))
        fail_msg("%s in %s", why->text, text);
    err = mun_genesis_json_compile(out, &arena, doc, why);
    mun_json_close(doc);
    return err;
}

static struct mun_bytes
compiled(const char *text)
{
    struct mun_json_err why;
    struct mun_bytes out;

    if (!mun_is_ok(compile(&out, text, &why)))
        fail_msg("%s", why.text);
    return out;
}

static struct mun_genesis *
decoded(struct mun_bytes bytes)
{
    struct mun_genesis *out = mun_arena_alloc(&arena, sizeof *out);

    assert_non_null(out);
    assert_true(mun_is_ok(mun_genesis_decode(out, bytes)));
    return out;
}

/* The text with each `from` replaced. */
static const char *
replaced(const char *text, const char *from, const char *to)
{
    char *out = mun_arena_alloc(&arena, FILE_MAX);
    size_t len = 0;
    bool is_found = false;

    assert_non_null(out);
    while (*text != '\0') {
        assert_true(len + strlen(to) + 1 < FILE_MAX);
        if (strncmp(text, from, strlen(from)) != 0) {
            out[len++] = *text++;
            continue;
        }
        for (const char *c = to; *c != '\0'; c++)
            out[len++] = *c;
        text += strlen(from);
        is_found = true;
    }
    if (!is_found)
        fail_msg("no %s", from);
    return out;
}

static const char *
sample(void)
{
    return read_source("genesis/samples/one-member.json");
}

static void
the_sample_compiles(void **state)
{
    const struct mun_genesis *genesis = decoded(compiled(sample()));
    const struct mun_genesis_party *party = &genesis->parties[0];
    struct mun_hash id = mun_test_party(1);

    (void)state; /* cmocka's */
    assert_true(
        mun_bytes_eq(genesis->name, mun_bytes_str("One-member example")));
    assert_int_equal(genesis->time_ms, MUN_TEST_TIME_MS);
    assert_int_equal(genesis->max_age_ms, 2592000000);
    assert_int_equal(genesis->party_count, 1);
    assert_true(mun_hash_eq(&party->id, &id));
    assert_int_equal(party->roles, 3);
    assert_int_equal(party->key_count, 3);
    assert_true(mun_key_eq(&party->keys[0].key, mun_test_key(1)));
    assert_int_equal(party->keys[0].purposes, MUN_PURPOSE_GOVERN);
    assert_true(mun_key_eq(&party->keys[1].key, mun_test_key(2)));
    assert_int_equal(party->keys[1].purposes,
                     MUN_PURPOSE_ANCHOR | MUN_PURPOSE_STATUS);
    assert_true(mun_key_eq(&party->keys[2].key, mun_test_key(200)));
    assert_int_equal(party->keys[2].purposes, MUN_PURPOSE_VALIDATE);
}

/* The fenced block of genesis/README.md. */
static const char *
example(void)
{
    char *page = read_source("genesis/README.md");
    char *start = strstr(page, "\n```json\n");
    char *end;

    assert_non_null(start);
    start += strlen("\n```json\n");
    end = strstr(start, "\n```\n");
    assert_non_null(end);
    *end = '\0';
    return start;
}

static void
the_example_of_the_readme_compiles(void **state)
{
    const struct mun_genesis *genesis = decoded(compiled(example()));

    (void)state; /* cmocka's */
    assert_int_equal(genesis->party_count, 3);
}

static void
the_document_starts_a_chain(void **state)
{
    struct mun_state_config config = { 64, 65536 };
    uint8_t *memory =
        mun_arena_alloc(&arena, mun_state_footprint(&config) + 64);
    struct mun_genesis_chain *chain = mun_arena_alloc(&arena, sizeof *chain);
    struct mun_bytes bytes = compiled(example());
    struct mun_state *tree;

    (void)state; /* cmocka's */
    assert_non_null(memory);
    assert_non_null(chain);
    memory += (64 - (uintptr_t)memory % 64) % 64;
    tree = mun_state_init(memory, &config);
    assert_true(
        mun_is_ok(mun_genesis_start(chain, tree, decoded(bytes), bytes)));
    assert_int_equal(chain->members.count, 2);
}

static void
written_and_compiled_again_it_is_the_same(void **state)
{
    struct mun_bytes bytes = compiled(example());
    struct mun_json_wr wr;
    struct mun_bytes text;
    char *copy;

    (void)state; /* cmocka's */
    for (int is_indented = 0; is_indented < 2; is_indented++) {
        mun_json_wr_init(&wr, FILE_MAX, is_indented != 0);
        mun_genesis_json_write(&wr, decoded(bytes));
        assert_true(mun_is_ok(mun_json_wr_finish(&wr, &text)));
        copy = mun_arena_alloc(&arena, text.len + 1);
        assert_non_null(copy);
        memcpy(copy, text.data, text.len);
        mun_json_wr_fini(&wr);
        assert_true(mun_bytes_eq(compiled(copy), bytes));
    }
}

/* Order */

/* A party of one key or two, as text. */
static const char *
party_text(unsigned govern, unsigned validate, bool is_reversed)
{
    char *out = mun_arena_alloc(&arena, 1024);
    char one[2 * MUN_KEY_BYTES + 1];
    char other[2 * MUN_KEY_BYTES + 1];
    char first[160];
    char second[160];
    int len;

    assert_non_null(out);
    mun_hex_encode(one, mun_bytes(mun_test_key(govern)->b, MUN_KEY_BYTES));
    mun_hex_encode(other, mun_bytes(mun_test_key(validate)->b, MUN_KEY_BYTES));
    len = snprintf(first, sizeof first,
                   "{\"key\":\"%s\",\"purposes\":[\"govern\"]}", one);
    assert_true(len < (int)sizeof first);
    len = snprintf(second, sizeof second,
                   "{\"key\":\"%s\",\"purposes\":[\"validate\"]}", other);
    assert_true(len < (int)sizeof second);
    len = snprintf(out, 1024,
                   "{\"name\":\"P%u\",\"country\":\"KZ\",\"roles\":[\"member\"]"
                   ",\"keys\":[%s,%s]}",
                   govern, is_reversed ? second : first,
                   is_reversed ? first : second);
    assert_true(len < 1024);
    return out;
}

static const char *
document_text(const char *const *parties, size_t count)
{
    char *out = mun_arena_alloc(&arena, FILE_MAX);
    int at;

    assert_non_null(out);
    at = snprintf(out, FILE_MAX, "{\"parties\":[");
    for (size_t i = 0; i < count; i++)
        at += snprintf(out + at, FILE_MAX - (size_t)at, "%s%s",
                       i == 0 ? "" : ",", parties[i]);
    at += snprintf(out + at, FILE_MAX - (size_t)at,
                   "],\"max_age_ms\":86400000,\"time\":\"2026-01-01\","
                   "\"name\":\"N\",\"muniment_genesis\":1}");
    assert_true(at < FILE_MAX);
    return out;
}

static void
the_order_of_parties_and_keys_does_not_matter(void **state)
{
    static const size_t orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                        { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    struct mun_bytes first = MUN_BYTES_NONE;

    (void)state; /* cmocka's */
    for (size_t i = 0; i < 2 * COUNT(orders); i++) {
        const char *parties[3];
        struct mun_bytes bytes;

        for (unsigned k = 0; k < 3; k++) {
            unsigned number = (unsigned)orders[i / 2][k];

            parties[k] = party_text(1 + number, 200 + number, i % 2 != 0);
        }
        bytes = compiled(document_text(parties, 3));
        if (i == 0)
            first = bytes;
        assert_true(mun_bytes_eq(bytes, first));
    }
}

static void
as_many_parties_as_allowed_compile(void **state)
{
    const char *parties[MUN_MEMBERS_MAX + 1];

    (void)state; /* cmocka's */
    for (unsigned i = 0; i <= MUN_MEMBERS_MAX; i++)
        parties[i] = party_text(1 + i, 200 + i, false);
    assert_int_equal(
        decoded(compiled(document_text(parties, MUN_MEMBERS_MAX)))->party_count,
        MUN_MEMBERS_MAX);
}

/* Errors */

struct fault {
    const char *from;
    const char *to;
    const char *path; /* how the message begins */
    enum mun_err_code code;
};

static const struct fault faults[] = {
    { "\"muniment_genesis\": 1", "\"muniment_genesis\": 2",
      "muniment_genesis: is not version 1", MUN_ERR_VERSION },
    { "\"muniment_genesis\": 1,", "", "muniment_genesis", MUN_ERR_JSON },
    { "\"muniment_genesis\": 1", "\"muniment_genesis\": \"1\"",
      "muniment_genesis", MUN_ERR_JSON },
    { "\"time\"", "\"when\"", "when", MUN_ERR_JSON },
    { "\"One-member example\"", "\"\"", "name: is too short", MUN_ERR_JSON },
    { "\"One-member example\"", "7", "name: is not a string", MUN_ERR_JSON },
    { "2026-01-01T00:00:00Z", "yesterday", "time", MUN_ERR_ENCODING },
    { "2026-01-01T00:00:00Z", "1969-12-31", "time", MUN_ERR_ENCODING },
    { "2592000000", "-1", "max_age_ms", MUN_ERR_JSON },
    { "2592000000", "1.5", "max_age_ms", MUN_ERR_JSON },
    { "\"name\": \"Example University\",", "", "parties[0].name",
      MUN_ERR_JSON },
    { "\"country\": \"KZ\"", "\"country\": \"K\"", "parties[0].country",
      MUN_ERR_JSON },
    { "\"country\": \"KZ\"", "\"country\": \"KZ-456789\"", "parties[0].country",
      MUN_ERR_JSON },
    { "\"https://university.example/\"", "null", "parties[0].url",
      MUN_ERR_JSON },
    { "\"member\", \"root_accreditor\"", "\"member\", \"king\"",
      "parties[0].roles[1]", MUN_ERR_VALUE },
    { "\"member\", \"root_accreditor\"", "\"member\", \"member\", \"member\"",
      "parties[0].roles: has too many items", MUN_ERR_JSON },
    { "\"roles\"", "\"role\"", "parties[0].role", MUN_ERR_JSON },
    { "\"keys\"", "\"url2\"", "parties[0].url2", MUN_ERR_JSON },
    { "0102dbda", "0102DBDA", "parties[0].keys[0].key", MUN_ERR_ENCODING },
    { "0102dbda", "02dbda", "parties[0].keys[0].key", MUN_ERR_ENCODING },
    { "[\"anchor\", \"status\"]", "[\"anchor\", \"grant\"]",
      "parties[0].keys[1].purposes[1]", MUN_ERR_VALUE },
    { "[\"anchor\", \"status\"]", "[3]", "parties[0].keys[1].purposes[0]",
      MUN_ERR_VALUE },
    { "[\"validate\"]", "\"validate\"", "parties[0].keys[2].purposes",
      MUN_ERR_JSON },
    { "{ \"key\"", "{ \"note\": 1, \"key\"", "parties[0].keys[0].note",
      MUN_ERR_JSON },
};

static void
check_fault(const struct fault *fault)
{
    struct mun_json_err why;
    struct mun_bytes out;
    mun_err_t err =
        compile(&out, replaced(sample(), fault->from, fault->to), &why);

    if (err.code != fault->code ||
        strncmp(why.text, fault->path, strlen(fault->path)) != 0)
        fail_msg("%s for %s: %d %s", fault->to, fault->from, (int)err.code,
                 why.text);
    assert_int_equal(why.code, err.code);
    assert_int_equal(out.len, 0);
}

static void
each_error_names_its_path(void **state)
{
    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(faults); i++) {
        mun_arena_reset(&arena, 0);
        check_fault(&faults[i]);
    }
}

/* What is right in each member and not together. */
static const struct fault broken[] = {
    { "[\"validate\"]", "[\"assert\"]", "the parties break a rule",
      MUN_ERR_VALUE },
    { "[\"govern\"]", "[\"assert\"]", "the parties break a rule",
      MUN_ERR_VALUE },
    { "[\"govern\"]", "[]", "the parties break a rule", MUN_ERR_VALUE },
    { "[\"validate\"]", "[\"validate\", \"govern\"]",
      "the parties break a rule", MUN_ERR_VALUE },
    { "\"member\", ", "", "the parties break a rule", MUN_ERR_VALUE },
    { "2592000000", "999", "the parties break a rule", MUN_ERR_VALUE },
    { "2026-01-01T00:00:00Z", "1970-01-01", "the parties break a rule",
      MUN_ERR_VALUE },
    { "0102dbda", "0202dbda", "the parties break a rule", MUN_ERR_KEY },
    { "\"One-member example\"", "\" One\"", "the parties break a rule",
      MUN_ERR_TEXT },
    { "0103314f721cd1a6f955188348373be8981f2ecdd1a315a7cf0ddca2b5ee83511854",
      "0102dbda403a8d718cbd46e36681970ee95540f3ab14041782be3cb67a3e2a728da3",
      "the parties break a rule", MUN_ERR_ORDER },
};

static void
a_document_that_breaks_a_rule_is_refused(void **state)
{
    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(broken); i++) {
        mun_arena_reset(&arena, 0);
        check_fault(&broken[i]);
    }
}

static void
a_party_without_keys_is_refused(void **state)
{
    static const char *const parties[] = {
        "{\"name\":\"A\",\"country\":\"KZ\",\"roles\":[],\"keys\":[]}",
    };
    struct mun_json_err why;
    struct mun_bytes out;

    (void)state; /* cmocka's */
    assert_false(mun_is_ok(compile(&out, document_text(parties, 1), &why)));
    assert_false(mun_is_ok(compile(&out, document_text(parties, 0), &why)));
    assert_false(mun_is_ok(compile(&out, "{}", &why)));
    assert_false(mun_is_ok(compile(&out, "[]", &why)));
}

static void
a_small_arena_is_no_crash(void **state)
{
    struct mun_json *doc = NULL;
    struct mun_arena small;
    struct mun_bytes out;
    mun_err_t err = { MUN_ERR_LIMIT };
    uint8_t *memory = mun_arena_alloc(&arena, 2u << 20);

    (void)state; /* cmocka's */
    assert_non_null(memory);
    assert_true(
        mun_is_ok(mun_json_parse(&doc, NULL, mun_bytes_str(sample()), NULL)));
    for (size_t size = 0; size < 2u << 20 && err.code == MUN_ERR_LIMIT;
         size += 16384) {
        mun_arena_init(&small, memory, size);
        err = mun_genesis_json_compile(&out, &small, doc, NULL);
        assert_true(mun_is_ok(err) == (out.len != 0));
    }
    assert_true(mun_is_ok(err));
    mun_json_close(doc);
}

static void
without_why_a_fault_is_told_all_the_same(void **state)
{
    struct mun_json *doc = NULL;
    struct mun_bytes out;
    const char *text = replaced(sample(), "2592000000", "1");

    (void)state; /* cmocka's */
    assert_true(
        mun_is_ok(mun_json_parse(&doc, NULL, mun_bytes_str(text), NULL)));
    assert_int_equal(mun_genesis_json_compile(&out, &arena, doc, NULL).code,
                     MUN_ERR_VALUE);
    mun_json_close(doc);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset)
    const struct CMUnitTest tests[] = {
        TEST(the_sample_compiles),
        TEST(the_example_of_the_readme_compiles),
        TEST(the_document_starts_a_chain),
        TEST(written_and_compiled_again_it_is_the_same),
        TEST(the_order_of_parties_and_keys_does_not_matter),
        TEST(as_many_parties_as_allowed_compile),
        TEST(each_error_names_its_path),
        TEST(a_document_that_breaks_a_rule_is_refused),
        TEST(a_party_without_keys_is_refused),
        TEST(a_small_arena_is_no_crash),
        TEST(without_why_a_fault_is_told_all_the_same),
    };
#undef TEST
    int failed;

    if (!mun_is_ok(mun_arena_open(&arena, ARENA_BYTES)))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mun_arena_close(&arena);
    return failed;
}
