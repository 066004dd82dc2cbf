#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/config.h"

#define LEAST "\"data_dir\":\"/d/data\",\"genesis_file\":\"/d/g\""

static void
the_least_configuration_has_the_defaults_of_the_table(void **state)
{
    struct mun_config config;
    struct mun_json_err why;

    (void)state;
    assert_int_equal(
        mun_config_parse(&config, &why, mun_bytes_str("{" LEAST "}")).code,
        MUN_OK);
    assert_string_equal(config.data_dir, "/d/data");
    assert_string_equal(config.high_water_file, "/d/data/../high-water");
    assert_string_equal(config.genesis_file, "/d/g");
    assert_string_equal(config.key_file, "");
    assert_string_equal(config.public_api.address, "127.0.0.1");
    assert_int_equal(config.public_api.port, 8460);
    assert_int_equal(config.public_api.threads, 2);
    assert_int_equal(config.public_api.connections, 1000);
    assert_int_equal(config.public_api.connections_per_address, 200);
    assert_int_equal(config.public_api.timeout_seconds, 30);
    assert_int_equal(config.operator_api.port, 8461);
    assert_true(config.verify_threads >= 1);
    assert_int_equal(config.state_records, 2000000);
    assert_int_equal(config.mempool_entries, 65536);
    assert_int_equal(config.mempool_bytes, 256 << 20);
    assert_int_equal(config.freshness_seconds, 300);
    assert_int_equal(config.log_level, MUN_LOG_INFO);
}

static void
every_member_is_read(void **state)
{
    static const char text[] =
        "{" LEAST ",\"high_water_file\":\"/e/hw\",\"key_file\":\"/e/k\","
        "\"passphrase_file\":\"/e/p\",\"public\":{\"address\":\"::\","
        "\"port\":0,\"threads\":3,\"connections\":9,"
        "\"connections_per_address\":4,\"timeout_seconds\":5},"
        "\"operator\":{\"address\":\"::1\",\"port\":0},\"verify_threads\":6,"
        "\"state_records\":10000,\"mempool_entries\":7,"
        "\"mempool_bytes\":1048576,\"freshness_seconds\":8,"
        "\"log_level\":\"debug\"}";
    struct mun_config config;
    struct mun_json_err why;

    (void)state;
    assert_int_equal(mun_config_parse(&config, &why, mun_bytes_str(text)).code,
                     MUN_OK);
    assert_string_equal(config.high_water_file, "/e/hw");
    assert_string_equal(config.key_file, "/e/k");
    assert_string_equal(config.passphrase_file, "/e/p");
    assert_string_equal(config.public_api.address, "::");
    assert_int_equal(config.public_api.port, 0);
    assert_int_equal(config.public_api.threads, 3);
    assert_int_equal(config.public_api.connections, 9);
    assert_int_equal(config.public_api.connections_per_address, 4);
    assert_int_equal(config.public_api.timeout_seconds, 5);
    assert_string_equal(config.operator_api.address, "::1");
    assert_int_equal(config.verify_threads, 6);
    assert_int_equal(config.state_records, 10000);
    assert_int_equal(config.mempool_entries, 7);
    assert_int_equal(config.mempool_bytes, 1048576);
    assert_int_equal(config.freshness_seconds, 8);
    assert_int_equal(config.log_level, MUN_LOG_DEBUG);
}

static void
each_mistake_is_named(void **state)
{
    /* The text, and what the message must hold. */
    static const char *const bad[][2] = {
        { "{}", "data_dir" },
        { "{\"data_dir\":\"/d\"}", "genesis_file" },
        { "{\"data_dir\":\"\",\"genesis_file\":\"/g\"}", "data_dir" },
        { "{\"data_dir\":7,\"genesis_file\":\"/g\"}", "data_dir" },
        { "{" LEAST ",\"datadir\":\"/d\"}", "datadir" },
        { "{" LEAST ",\"public\":7}", "public" },
        { "{" LEAST ",\"public\":{\"adress\":\"::\"}}", "adress" },
        { "{" LEAST ",\"public\":{\"address\":\"localhost\"}}",
          "public.address: not a numeric" },
        { "{" LEAST ",\"public\":{\"port\":65536}}", "public.port" },
        { "{" LEAST ",\"public\":{\"port\":\"80\"}}", "public.port" },
        { "{" LEAST ",\"public\":{\"threads\":0}}",
          "public.threads: too small" },
        { "{" LEAST ",\"public\":{\"threads\":65}}", "public.threads" },
        { "{" LEAST ",\"public\":{\"connections\":0}}",
          "public.connections: too small" },
        { "{" LEAST ",\"public\":{\"connections\":10001}}",
          "public.connections" },
        { "{" LEAST ",\"public\":{\"connections_per_address\":0}}",
          "public.connections_per_address: too small" },
        { "{" LEAST ",\"public\":{\"timeout_seconds\":0}}",
          "public.timeout_seconds: too small" },
        { "{" LEAST ",\"public\":{\"timeout_seconds\":3601}}",
          "public.timeout_seconds" },
        { "{" LEAST ",\"operator\":{\"address\":\"0.0.0.0\"}}",
          "operator.address: operators are served on loopback only" },
        { "{" LEAST ",\"operator\":{\"address\":\"::\"}}",
          "operator.address: operators are served on loopback only" },
        { "{" LEAST ",\"operator\":{\"threads\":1}}", "threads" },
        { "{" LEAST ",\"operator\":{\"port\":8460}}",
          "operator: has the port of public" },
        { "{" LEAST ",\"key_file\":\"/k\"}", "passphrase_file: missing" },
        { "{" LEAST ",\"passphrase_file\":\"/p\"}", "key_file: missing" },
        { "{" LEAST ",\"verify_threads\":0}", "verify_threads: too small" },
        { "{" LEAST ",\"state_records\":9999}", "state_records: too small" },
        { "{" LEAST ",\"mempool_entries\":0}", "mempool_entries: too small" },
        { "{" LEAST ",\"mempool_bytes\":1048575}", "mempool_bytes: too small" },
        { "{" LEAST ",\"freshness_seconds\":0}",
          "freshness_seconds: too small" },
        { "{" LEAST ",\"freshness_seconds\":1.5}", "freshness_seconds" },
        { "{" LEAST ",\"log_level\":\"loud\"}",
          "log_level: not trace, debug, info, unusual or broken" },
        { "{" LEAST "", "" },
        { "{" LEAST "," LEAST "}", "" },
        { "[]", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mun_config config;
        struct mun_json_err why;
        mun_err_t err =
            mun_config_parse(&config, &why, mun_bytes_str(bad[i][0]));

        if (mun_is_ok(err) || strstr(why.text, bad[i][1]) == NULL)
            fail_msg("%s gives: %s", bad[i][0], why.text);
        assert_true(why.text[0] != 0);
        assert_int_equal(config.data_dir[0], 0);
    }
}

static void
a_file_that_is_not_there_is_said(void **state)
{
    struct mun_config config;
    struct mun_json_err why;

    (void)state;
    assert_int_equal(
        mun_config_read(&config, &why, "/nonexistent/config.json").code,
        MUN_ERR_NOT_FOUND);
    assert_non_null(strstr(why.text, "cannot be read"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_configuration_has_the_defaults_of_the_table),
        cmocka_unit_test(every_member_is_read),
        cmocka_unit_test(each_mistake_is_named),
        cmocka_unit_test(a_file_that_is_not_there_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
