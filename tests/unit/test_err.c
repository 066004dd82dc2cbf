#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/err.h"

static const struct mun_err all[] = {
#define X(name, value, text) { name },
    MUN_ERR_TABLE(X)
#undef X
};

#define ALL_COUNT (sizeof all / sizeof all[0])

static void
every_code_has_a_name_and_a_text_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALL_COUNT; i++) {
        assert_true(strlen(mun_err_name(all[i])) > 1);
        assert_true(strlen(mun_err_text(all[i])) > 1);
        assert_null(strstr(mun_err_name(all[i]), "MUN_"));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(mun_err_name(all[i]), mun_err_name(all[k]));
            assert_string_not_equal(mun_err_text(all[i]), mun_err_text(all[k]));
            assert_int_not_equal(all[i].code, all[k].code);
        }
    }
}

static void
every_code_but_ok_has_a_class_from_1_to_5(void **state)
{
    (void)state;
    assert_int_equal(MUN_OK, 0);
    for (size_t i = 1; i < ALL_COUNT; i++)
        assert_in_range(all[i].code / 100, 1, 5);
}

static void
names_are_those_of_the_table_without_the_prefix(void **state)
{
    (void)state;
    assert_string_equal(mun_err_name(MUN_SUCCESS), "OK");
    assert_string_equal(mun_err_name(mun_err(MUN_ERR_TRUNCATED)), "TRUNCATED");
    assert_string_equal(mun_err_text(mun_err(MUN_ERR_TRUNCATED)),
                        "input ends inside a field");
}

static void
only_ok_is_ok(void **state)
{
    (void)state;
    assert_true(mun_is_ok(MUN_SUCCESS));
    for (size_t i = 1; i < ALL_COUNT; i++)
        assert_false(mun_is_ok(all[i]));
}

static mun_err_t
try_once(mun_err_t err, int *reached)
{
    MUN_TRY(err);
    *reached += 1;
    return MUN_SUCCESS;
}

static mun_err_t
try_out(mun_err_t given, int *reached)
{
    mun_err_t err;

    MUN_TRY_OUT(given);
    *reached += 1;
out:
    *reached += 10;
    return err;
}

static void
try_returns_the_failure_unchanged_and_goes_on_otherwise(void **state)
{
    int reached = 0;

    (void)state;
    assert_int_equal(try_once(mun_err(MUN_ERR_BUSY), &reached).code,
                     MUN_ERR_BUSY);
    assert_int_equal(reached, 0);
    assert_true(mun_is_ok(try_once(MUN_SUCCESS, &reached)));
    assert_int_equal(reached, 1);
}

static void
try_out_passes_the_label_in_both_cases(void **state)
{
    int reached = 0;

    (void)state;
    assert_int_equal(try_out(mun_err(MUN_ERR_BUSY), &reached).code,
                     MUN_ERR_BUSY);
    assert_int_equal(reached, 10);
    assert_true(mun_is_ok(try_out(MUN_SUCCESS, &reached)));
    assert_int_equal(reached, 21);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name_and_a_text_of_its_own),
        cmocka_unit_test(every_code_but_ok_has_a_class_from_1_to_5),
        cmocka_unit_test(names_are_those_of_the_table_without_the_prefix),
        cmocka_unit_test(only_ok_is_ok),
        cmocka_unit_test(
            try_returns_the_failure_unchanged_and_goes_on_otherwise),
        cmocka_unit_test(try_out_passes_the_label_in_both_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
