#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/json/jcs.h"
#include "ledger/json/json_int.h"

#define FORM_MAX 4096

static double
from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static struct mun_json *
parse(struct mun_bytes text)
{
    struct mun_json *doc;

    assert_true(mun_is_ok(mun_json_parse(&doc, NULL, text, NULL)));
    return doc;
}

static void
assert_canonical(const char *input, const char *expected)
{
    struct mun_json *doc = parse(mun_bytes_str(input));
    struct mun_json_buf buf;

    mun_json_buf_init(&buf, FORM_MAX);
    assert_true(mun_is_ok(mun_jcs_write(&buf, doc)));
    mun_json_buf_put(&buf, "", 1);
    assert_string_equal((const char *)buf.data, expected);
    mun_json_buf_fini(&buf);
    mun_json_close(doc);
}

/* RFC 8785 appendix B. */
static const struct {
    uint64_t bits;
    const char *text;
} appendix_b[] = {
    { 0x0000000000000000, "0" },
    { 0x8000000000000000, "0" },
    { 0x0000000000000001, "5e-324" },
    { 0x8000000000000001, "-5e-324" },
    { 0x7fefffffffffffff, "1.7976931348623157e+308" },
    { 0xffefffffffffffff, "-1.7976931348623157e+308" },
    { 0x4340000000000000, "9007199254740992" },
    { 0xc340000000000000, "-9007199254740992" },
    { 0x4430000000000000, "295147905179352830000" },
    { 0x44b52d02c7e14af5, "9.999999999999997e+22" },
    { 0x44b52d02c7e14af6, "1e+23" },
    { 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
    { 0x444b1ae4d6e2ef4e, "999999999999999700000" },
    { 0x444b1ae4d6e2ef4f, "999999999999999900000" },
    { 0x444b1ae4d6e2ef50, "1e+21" },
    { 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
    { 0x3eb0c6f7a0b5ed8d, "0.000001" },
    { 0x41b3de4355555553, "333333333.3333332" },
    { 0x41b3de4355555554, "333333333.33333325" },
    { 0x41b3de4355555555, "333333333.3333333" },
    { 0x41b3de4355555556, "333333333.3333334" },
    { 0x41b3de4355555557, "333333333.33333343" },
    { 0xbecbf647612f3696, "-0.0000033333333333333333" },
    { 0x43143ff3c1cb0959, "1424953923781206.2" },
};

static void
assert_appendix_b(void)
{
    for (size_t i = 0; i < sizeof appendix_b / sizeof appendix_b[0]; i++) {
        char text[MUN_JCS_NUMBER_SIZE];

        assert_true(
            mun_is_ok(mun_jcs_number(text, from_bits(appendix_b[i].bits))));
        assert_string_equal(text, appendix_b[i].text);
    }
}

static void
numbers_of_appendix_b_are_written_as_there(void **state)
{
    (void)state;
    assert_appendix_b();
}

static void
the_locale_plays_no_part(void **state)
{
    static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE",
                                         "es_ES.UTF-8" };
    locale_t comma = (locale_t)0;
    locale_t before;

    (void)state;
    for (size_t i = 0; i < 4 && comma == (locale_t)0; i++)
        comma = newlocale(LC_ALL_MASK, names[i], (locale_t)0);
    if (comma == (locale_t)0) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
    before = uselocale(comma);
    assert_appendix_b();
    assert_canonical("[4.50,1e-7]", "[4.5,1e-7]");
    (void)uselocale(before); /* comma's only use is over */
    freelocale(comma);
}

static void
infinities_and_nan_have_no_form(void **state)
{
    static const uint64_t bits[] = { 0x7ff0000000000000, 0xfff0000000000000,
                                     0x7fffffffffffffff };
    char text[MUN_JCS_NUMBER_SIZE];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(mun_jcs_number(text, from_bits(bits[i])).code,
                         MUN_ERR_VALUE);
        assert_string_equal(text, "");
    }
}

/* The doubles below a power of two are closer together than above it, so the
 * closest short decimal need not read back while its neighbour does. */
static void
powers_of_two_get_the_fewest_digits(void **state)
{
    char text[MUN_JCS_NUMBER_SIZE];

    (void)state;
    assert_true(mun_is_ok(mun_jcs_number(text, ldexp(1, -44))));
    assert_string_equal(text, "5.684341886080802e-14");
    for (int power = -1074; power < 1024; power++) {
        double value = ldexp(1, power);

        assert_true(mun_is_ok(mun_jcs_number(text, value)));
        assert_memory_equal(&value, &(double){ strtod(text, NULL) },
                            sizeof value);
    }
}

static void
numbers_read_back_as_themselves(void **state)
{
    uint64_t random = 88172645463325252u;
    char text[MUN_JCS_NUMBER_SIZE];

    (void)state;
    for (int i = 0; i < 5000; i++) {
        double value;
        double back;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        value = from_bits(random);
        if (!isfinite(value))
            continue;
        assert_true(mun_is_ok(mun_jcs_number(text, value)));
        back = strtod(text, NULL);
        assert_memory_equal(&value, &back, sizeof value);
    }
}

static void
number_forms_change_at_the_bounds_of_ecmascript(void **state)
{
    (void)state;
    assert_canonical("[1E30,4.50,2e-3,1e-27]", "[1e+30,4.5,0.002,1e-27]");
    assert_canonical("[-0,-0.0,0e5,10.0]", "[0,0,0,10]");
    assert_canonical("[0.000001,0.0000001,-1.5e-7]", "[0.000001,1e-7,-1.5e-7]");
    assert_canonical("[1e15,1e21,123.456e3]",
                     "[1000000000000000,1e+21,123456]");
    assert_canonical("[9007199254740991,-9007199254740991]",
                     "[9007199254740991,-9007199254740991]");
}

static void
strings_have_the_fewest_escapes(void **state)
{
    (void)state;
    assert_canonical("[\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c"
                     "\\\\\\\"\\/\"]",
                     "[\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]");
    assert_canonical("[\"\\b\\t\\n\\f\\r\\u001f\\u007f\\u2028\"]",
                     "[\"\\b\\t\\n\\f\\r\\u001f\x7f\xe2\x80\xa8\"]");
    assert_canonical("[\"\\ud83d\\ude02\"]", "[\"\xf0\x9f\x98\x82\"]");
}

static void
names_are_sorted_by_utf_16_code_units(void **state)
{
    (void)state;
    /* U+1F602 begins with the surrogate D83D, and so precedes U+E000. */
    assert_canonical("{\"\\ufb33\":1,\"\\ue000\":2,\"\\ud83d\\ude02\":3,"
                     "\"\\ud7ff\":4,\"b\":5,\"\":6,\"ab\":7,\"a\":8}",
                     "{\"\":6,\"a\":8,\"ab\":7,\"b\":5,\"\xed\x9f\xbf\":4,"
                     "\"\xf0\x9f\x98\x82\":3,\"\xee\x80\x80\":2,"
                     "\"\xef\xac\xb3\":1}");
}

static void
empty_and_nested_containers_keep_their_form(void **state)
{
    (void)state;
    assert_canonical(" { } ", "{}");
    assert_canonical("[ ]", "[]");
    assert_canonical("[ [ ] , { \"b\" : { } , \"a\" : [ null , true ] } ]",
                     "[[],{\"a\":[null,true],\"b\":{}}]");
}

static void
the_deepest_document_is_written(void **state)
{
    char text[2 * MUN_JSON_DEPTH_MAX + 1];

    (void)state;
    memset(text, '[', MUN_JSON_DEPTH_MAX);
    memset(text + MUN_JSON_DEPTH_MAX, ']', MUN_JSON_DEPTH_MAX);
    text[sizeof text - 1] = '\0';
    assert_canonical(text, text);
}

static void
the_digest_is_that_of_the_form(void **state)
{
    struct mun_json *doc =
        parse(mun_bytes_str("{\"b\" : 1.0, \"a\":[\"\\n\"]}"));
    struct mun_hash expected;
    struct mun_hash hash;

    (void)state;
    mun_hash_sha256(&expected, mun_bytes_str("{\"a\":[\"\\n\"],\"b\":1}"));
    assert_true(mun_is_ok(mun_jcs_sha256(&hash, doc)));
    assert_true(mun_hash_eq(&hash, &expected));
    mun_json_close(doc);
}

static void
a_form_takes_its_place_in_a_larger_text(void **state)
{
    struct mun_json *doc = parse(mun_bytes_str("{\"b\" : 1, \"a\":2}"));
    struct mun_json_wr wr;
    struct mun_bytes out;

    (void)state;
    mun_json_wr_init(&wr, FORM_MAX, false);
    mun_json_wr_begin_array(&wr);
    mun_jcs_value(&wr, doc);
    mun_jcs_value(&wr, mun_json_get(doc, "a"));
    mun_json_wr_end_array(&wr);
    assert_true(mun_is_ok(mun_json_wr_finish(&wr, &out)));
    assert_true(mun_bytes_eq(out, mun_bytes_str("[{\"a\":2,\"b\":1},2]")));
    mun_json_wr_fini(&wr);
    mun_json_wr_init(&wr, 10, false);
    mun_jcs_value(&wr, doc);
    assert_int_equal(mun_json_wr_finish(&wr, &out).code, MUN_ERR_LIMIT);
    mun_json_wr_fini(&wr);
    mun_json_close(doc);
}

static void
each_failed_allocation_is_told_and_leaks_nothing(void **state)
{
    struct mun_json *doc = parse(mun_bytes_str("{\"a\":{\"c\":1},\"b\":[{}]}"));
    struct mun_hash hash;
    struct mun_json_buf buf;
    mun_err_t err = mun_err(MUN_ERR_MEMORY);
    size_t k;

    (void)state;
    for (k = 0; err.code == MUN_ERR_MEMORY; k++) {
        mun_json_alloc_limit(k);
        mun_json_buf_init(&buf, FORM_MAX);
        err = mun_jcs_write(&buf, doc);
        mun_json_buf_fini(&buf);
    }
    assert_true(mun_is_ok(err));
    assert_true(k > 3);
    mun_json_alloc_limit(1);
    assert_int_equal(mun_jcs_sha256(&hash, doc).code, MUN_ERR_MEMORY);
    assert_true(mun_hash_is_zero(&hash));
    mun_json_alloc_limit(SIZE_MAX);
    mun_json_close(doc);
}

/* A file of the published vectors, or an empty run. */
static struct mun_bytes
vector_file(const char *folder, const char *name)
{
    static uint8_t data[2][FORM_MAX];
    static size_t turn;
    char path[4096];
    FILE *file;
    size_t len;

    turn ^= 1;
    (void)snprintf(path, sizeof path, "%s/vectors/jcs/%s/%s.json",
                   MUN_SHARED_DIR, folder, name); /* fopen tells */
    file = fopen(path, "rb");
    if (file == NULL)
        return MUN_BYTES_NONE;
    len = fread(data[turn], 1, FORM_MAX, file);
    (void)fclose(file); /* only read from */
    assert_true(len > 0 && len < FORM_MAX);
    return mun_bytes(data[turn], len);
}

static void
published_vectors_have_the_published_form(void **state)
{
    static const char *const names[] = { "arrays",  "french", "structures",
                                         "unicode", "values", "weird" };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mun_bytes input = vector_file("input", names[i]);
        struct mun_bytes output = vector_file("output", names[i]);
        struct mun_json_buf buf;
        struct mun_json *doc;

        if (input.len == 0 || output.len == 0) {
            print_message("no published vectors beside the source tree\n");
            skip();
        }
        doc = parse(input);
        mun_json_buf_init(&buf, FORM_MAX);
        assert_true(mun_is_ok(mun_jcs_write(&buf, doc)));
        assert_int_equal(buf.used, output.len);
        assert_memory_equal(buf.data, output.data, output.len);
        mun_json_buf_fini(&buf);
        mun_json_close(doc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_appendix_b_are_written_as_there),
        cmocka_unit_test(the_locale_plays_no_part),
        cmocka_unit_test(infinities_and_nan_have_no_form),
        cmocka_unit_test(powers_of_two_get_the_fewest_digits),
        cmocka_unit_test(numbers_read_back_as_themselves),
        cmocka_unit_test(number_forms_change_at_the_bounds_of_ecmascript),
        cmocka_unit_test(strings_have_the_fewest_escapes),
        cmocka_unit_test(names_are_sorted_by_utf_16_code_units),
        cmocka_unit_test(empty_and_nested_containers_keep_their_form),
        cmocka_unit_test(the_deepest_document_is_written),
        cmocka_unit_test(the_digest_is_that_of_the_form),
        cmocka_unit_test(a_form_takes_its_place_in_a_larger_text),
        cmocka_unit_test(each_failed_allocation_is_told_and_leaks_nothing),
        cmocka_unit_test(published_vectors_have_the_published_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
