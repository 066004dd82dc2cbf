#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/json/receipt_file.h"
#include "tests/support/make_chain.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARENA_BYTES (4u << 20)

static struct mun_arena arena;

static struct mun_json *
parse(struct mun_bytes text)
{
    struct mun_json_err why;
    struct mun_json *doc = NULL;

    if (!mun_is_ok(mun_json_parse(&doc, &why, text, NULL)))
        fail_msg("%s", why.text);
    return doc;
}

/* Writes the file and reads it again. */
static void
check_round_trip(const struct mun_receipt_file *file,
                 const struct mun_verdict *verdict)
{
    struct mun_receipt_file found;
    struct mun_json_err why;
    struct mun_json_wr wr;
    struct mun_json *doc;
    struct mun_bytes text;

    mun_json_wr_init(&wr, MUN_JSON_BYTES_MAX, true);
    mun_receipt_file_write(&wr, file, verdict);
    assert_true(mun_is_ok(mun_json_wr_finish(&wr, &text)));
    doc = parse(text);
    assert_int_equal(mun_json_get(doc, "summary") != NULL, verdict != NULL);
    assert_int_equal(mun_json_get(doc, "opening") != NULL,
                     file->opening.len != 0);
    mun_arena_reset(&arena, 0);
    assert_true(mun_is_ok(mun_receipt_file_read(&found, &arena, doc, &why)));
    assert_true(mun_bytes_eq(found.receipt, file->receipt));
    assert_true(mun_bytes_eq(found.opening, file->opening));
    mun_json_close(doc);
    mun_json_wr_fini(&wr);
}

static void
a_receipt_goes_through_its_file(void **state)
{
    static struct mun_test_world world;
    static struct mun_verdict verdict;
    struct mun_receipt_input input;
    struct mun_receipt_file file;

    (void)state; /* cmocka's */
    mun_test_world_open(&world, 4);
    mun_test_world_story(&world);
    mun_test_world_anchor(&world, 5);
    mun_test_world_input(&world, &input, 2);
    mun_receipt_verify(&verdict, &world.arena, &input);
    assert_int_equal(verdict.code, MUN_VERDICT_VALID);
    file.receipt = input.receipt;
    file.opening = input.opening;
    check_round_trip(&file, &verdict);
    check_round_trip(&file, NULL);
    file.opening = MUN_BYTES_NONE;
    check_round_trip(&file, &verdict);
    mun_test_world_close(&world);
}

static void
every_length_goes_through(void **state)
{
    uint8_t bytes[16] = { 0, 0xff, 0xfb, 0xef, 0xbe, 7, 8, 9 };

    (void)state; /* cmocka's */
    for (size_t len = 1; len < sizeof bytes; len++) {
        struct mun_receipt_file file = { mun_bytes(bytes, len),
                                         mun_bytes(bytes, sizeof bytes - len) };

        check_round_trip(&file, NULL);
    }
}

struct fault {
    const char *text;
    const char *path;
    enum mun_err_code code;
};

static const struct fault faults[] = {
    { "{\"receipt\":\"AQ\"}", "muniment_receipt", MUN_ERR_JSON },
    { "{\"muniment_receipt\":2,\"receipt\":\"AQ\"}",
      "muniment_receipt: is not version 1", MUN_ERR_VERSION },
    { "{\"muniment_receipt\":0,\"receipt\":\"AQ\"}", "muniment_receipt",
      MUN_ERR_VERSION },
    { "{\"muniment_receipt\":1.0,\"receipt\":\"AQ\"}", "muniment_receipt",
      MUN_ERR_JSON },
    { "{\"muniment_receipt\":\"1\",\"receipt\":\"AQ\"}", "muniment_receipt",
      MUN_ERR_JSON },
    { "{\"muniment_receipt\":1}", "receipt", MUN_ERR_JSON },
    { "{\"muniment_receipt\":1,\"receipt\":null}", "receipt", MUN_ERR_JSON },
    { "{\"muniment_receipt\":1,\"receipt\":\"AQ==\"}", "receipt",
      MUN_ERR_ENCODING },
    { "{\"muniment_receipt\":1,\"receipt\":\"AR\"}", "receipt",
      MUN_ERR_ENCODING },
    { "{\"muniment_receipt\":1,\"receipt\":\"A+\"}", "receipt",
      MUN_ERR_ENCODING },
    { "{\"muniment_receipt\":1,\"receipt\":\"AQ\",\"opening\":7}", "opening",
      MUN_ERR_JSON },
    { "{\"muniment_receipt\":1,\"receipt\":\"AQ\",\"opening\":null}", "opening",
      MUN_ERR_JSON },
    { "{\"muniment_receipt\":1,\"receipt\":\"AQ\",\"opening\":\"*\"}",
      "opening", MUN_ERR_ENCODING },
    { "{\"muniment_receipt\":1,\"receipt\":\"AQ\",\"verdict\":\"VALID\"}",
      "verdict", MUN_ERR_JSON },
    { "[1]", "", MUN_ERR_JSON },
};

static void
each_bad_member_is_named(void **state)
{
    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct mun_json *doc = parse(mun_bytes_str(faults[i].text));
        struct mun_receipt_file file;
        struct mun_json_err why;
        mun_err_t err;

        mun_arena_reset(&arena, 0);
        err = mun_receipt_file_read(&file, &arena, doc, &why);
        if (err.code != faults[i].code ||
            strncmp(why.text, faults[i].path, strlen(faults[i].path)) != 0)
            fail_msg("%s: %d %s", faults[i].text, (int)err.code, why.text);
        assert_int_equal(file.receipt.len, 0);
        assert_int_equal(file.opening.len, 0);
        mun_json_close(doc);
    }
}

static void
a_receipt_that_is_too_long_is_refused(void **state)
{
    size_t len = mun_base64url_size(MUN_RECEIPT_BYTES_MAX + 3) - 1;
    struct mun_receipt_file file;
    struct mun_json_err why;
    struct mun_json_wr wr;
    struct mun_json *doc;
    struct mun_bytes text;
    uint8_t *bytes = test_calloc(1, MUN_RECEIPT_BYTES_MAX + 3);

    (void)state; /* cmocka's */
    assert_true(len < MUN_JSON_BYTES_MAX);
    for (size_t surplus = 0; surplus < 4; surplus += 3) {
        struct mun_receipt_file written = {
            mun_bytes(bytes, MUN_RECEIPT_BYTES_MAX + surplus), MUN_BYTES_NONE
        };
        mun_err_t err;

        mun_json_wr_init(&wr, MUN_JSON_BYTES_MAX, false);
        mun_receipt_file_write(&wr, &written, NULL);
        assert_true(mun_is_ok(mun_json_wr_finish(&wr, &text)));
        doc = parse(text);
        mun_arena_reset(&arena, 0);
        err = mun_receipt_file_read(&file, &arena, doc, &why);
        assert_int_equal(mun_is_ok(err), surplus == 0);
        if (surplus != 0)
            assert_string_equal(why.text, "receipt: is too long");
        mun_json_close(doc);
        mun_json_wr_fini(&wr);
    }
    test_free(bytes);
}

static void
a_small_arena_is_told(void **state)
{
    struct mun_json *doc = parse(mun_bytes_str(
        "{\"muniment_receipt\":1,\"receipt\":\"AQEBAQEBAQEBAQ\"}"));
    struct mun_receipt_file file;
    struct mun_json_err why;
    struct mun_arena none;
    uint8_t memory[1];

    (void)state; /* cmocka's */
    mun_arena_init(&none, memory, 0);
    assert_int_equal(mun_receipt_file_read(&file, &none, doc, &why).code,
                     MUN_ERR_LIMIT);
    assert_string_equal(why.text, "receipt: no memory left");
    mun_json_close(doc);
}

/* Trust roots */

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void
a_trust_root_goes_through_its_file(void **state)
{
    struct mun_trust_root root = { .height = 41, .max_age_ms = 86400000 };
    struct mun_trust_root found;
    struct mun_json_err why;
    struct mun_json_wr wr;
    struct mun_json *doc;
    struct mun_bytes name;
    struct mun_bytes text;

    (void)state; /* cmocka's */
    memset(root.chain_id.b, 0x5a, sizeof root.chain_id.b);
    memset(root.header_id.b, 0xc3, sizeof root.header_id.b);
    mun_json_wr_init(&wr, 4096, true);
    mun_trust_root_write(&wr, &root, mun_bytes_str("Test \"consortium\""));
    assert_true(mun_is_ok(mun_json_wr_finish(&wr, &text)));
    doc = parse(text);
    assert_true(mun_is_ok(mun_trust_root_read(&found, &name, doc, &why)));
    assert_true(mun_bytes_eq(name, mun_bytes_str("Test \"consortium\"")));
    assert_true(mun_hash_eq(&found.chain_id, &root.chain_id));
    assert_true(mun_hash_eq(&found.header_id, &root.header_id));
    assert_int_equal(found.height, 41);
    assert_int_equal(found.max_age_ms, 86400000);
    assert_true(mun_is_ok(mun_trust_root_read(&found, NULL, doc, NULL)));
    mun_json_close(doc);
    mun_json_wr_fini(&wr);
}

#define ROOT(version, chain, height, header, age)                              \
    "{\"muniment_trust_root\":" version ",\"name\":\"N\",\"chain_id\":" chain  \
    ",\"height\":" height ",\"header_id\":" header ",\"max_age_ms\":" age "}"

static const struct fault root_faults[] = {
    { ROOT("2", "\"" HASH "\"", "0", "\"" HASH "\"", "1000"),
      "muniment_trust_root: is not version 1", MUN_ERR_VERSION },
    { ROOT("null", "\"" HASH "\"", "0", "\"" HASH "\"", "1000"),
      "muniment_trust_root", MUN_ERR_JSON },
    { ROOT("1", "\"\"", "0", "\"" HASH "\"", "1000"), "chain_id",
      MUN_ERR_ENCODING },
    { ROOT("1", "\"0x" HASH "\"", "0", "\"" HASH "\"", "1000"), "chain_id",
      MUN_ERR_ENCODING },
    { ROOT("1", "\"" HASH "\"", "-1", "\"" HASH "\"", "1000"), "height",
      MUN_ERR_JSON },
    { ROOT("1", "\"" HASH "\"", "\"0\"", "\"" HASH "\"", "1000"), "height",
      MUN_ERR_JSON },
    { ROOT("1", "\"" HASH "\"", "0", "null", "1000"), "header_id",
      MUN_ERR_JSON },
    { ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "1.5"), "max_age_ms",
      MUN_ERR_JSON },
    { ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "0"), "max_age_ms",
      MUN_ERR_VALUE },
    { ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "999"), "max_age_ms",
      MUN_ERR_VALUE },
    { ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "315360000001"),
      "max_age_ms", MUN_ERR_JSON },
    { ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "1000,\"x\":1"), "x",
      MUN_ERR_JSON },
    { "{\"muniment_trust_root\":1}", "name", MUN_ERR_JSON },
    { "{}", "muniment_trust_root", MUN_ERR_JSON },
};

static void
each_bad_member_of_a_trust_root_is_named(void **state)
{
    static const struct mun_trust_root zero;

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(root_faults); i++) {
        const struct fault *fault = &root_faults[i];
        struct mun_json *doc = parse(mun_bytes_str(fault->text));
        struct mun_trust_root root;
        struct mun_json_err why;
        mun_err_t err = mun_trust_root_read(&root, NULL, doc, &why);

        if (err.code != fault->code ||
            strncmp(why.text, fault->path, strlen(fault->path)) != 0)
            fail_msg("%s: %d %s", fault->text, (int)err.code, why.text);
        assert_true(mun_hash_eq(&root.chain_id, &zero.chain_id));
        assert_int_equal(root.max_age_ms, 0);
        mun_json_close(doc);
    }
}

static void
the_ages_of_a_trust_root_have_bounds(void **state)
{
    static const char *const texts[] = {
        ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "1000"),
        ROOT("1", "\"" HASH "\"", "0", "\"" HASH "\"", "315360000000"),
    };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct mun_json *doc = parse(mun_bytes_str(texts[i]));
        struct mun_trust_root root;
        struct mun_json_err why;

        assert_true(mun_is_ok(mun_trust_root_read(&root, NULL, doc, &why)));
        mun_json_close(doc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_receipt_goes_through_its_file),
        cmocka_unit_test(every_length_goes_through),
        cmocka_unit_test(each_bad_member_is_named),
        cmocka_unit_test(a_receipt_that_is_too_long_is_refused),
        cmocka_unit_test(a_small_arena_is_told),
        cmocka_unit_test(a_trust_root_goes_through_its_file),
        cmocka_unit_test(each_bad_member_of_a_trust_root_is_named),
        cmocka_unit_test(the_ages_of_a_trust_root_have_bounds),
    };
    int failed;

    if (!mun_is_ok(mun_arena_open(&arena, ARENA_BYTES)))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mun_arena_close(&arena);
    return failed;
}
