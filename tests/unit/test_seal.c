#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/seal/key_file.h"

static struct mun_bytes
text(const char *string)
{
    return mun_bytes_str(string);
}

static void
what_is_sealed_opens_under_its_passphrase_and_context(void **state)
{
    (void)state;
    struct mun_seal seal;
    uint8_t sealed[5 + MUN_SEAL_TAG_BYTES];
    uint8_t out[5];

    assert_true(mun_is_ok(mun_seal_close(&seal, sealed, text("hello"),
                                         text("pass"), text("here"))));
    struct mun_bytes box = mun_bytes(sealed, sizeof sealed);
    assert_true(
        mun_is_ok(mun_seal_open(out, &seal, box, text("pass"), text("here"))));
    assert_memory_equal(out, "hello", 5);
    assert_int_equal(
        mun_seal_open(out, &seal, box, text("Pass"), text("here")).code,
        MUN_ERR_SIGNATURE);
    assert_int_equal(out[0], 0);
    assert_int_equal(
        mun_seal_open(out, &seal, box, text("pass"), text("there")).code,
        MUN_ERR_SIGNATURE);
}

static void
costs_that_would_stall_a_reader_are_refused(void **state)
{
    (void)state;
    struct mun_seal seal = { .passes = 3, .memory_kib = 65536 };
    uint8_t box[32] = { 0 };
    uint8_t out[16];
    struct mun_bytes bytes = mun_bytes(box, sizeof box);

    seal.passes = 11;
    assert_int_equal(mun_seal_open(out, &seal, bytes, text("p"), text("")).code,
                     MUN_ERR_VALUE);
    seal.passes = 3;
    seal.memory_kib = 1024 * 1024 + 1;
    assert_int_equal(mun_seal_open(out, &seal, bytes, text("p"), text("")).code,
                     MUN_ERR_VALUE);
    seal.memory_kib = 65536;
    assert_int_equal(
        mun_seal_open(out, &seal, mun_bytes(box, 15), text("p"), text("")).code,
        MUN_ERR_VALUE);
}

/* Writes the file as JSON and reads it back. */
static mun_err_t
reread(struct mun_key_file *out, const struct mun_key_file *file)
{
    struct mun_json_wr wr;
    struct mun_bytes json;
    struct mun_json *doc;

    mun_json_wr_init(&wr, 4096, true);
    mun_key_file_write(&wr, file);
    assert_true(mun_is_ok(mun_json_wr_finish(&wr, &json)));
    assert_true(mun_is_ok(mun_json_parse(&doc, NULL, json, NULL)));
    mun_err_t err = mun_key_file_read(out, doc, NULL);
    mun_json_close(doc);
    mun_json_wr_fini(&wr);
    return err;
}

static void
a_key_file_gives_its_signer_back_under_the_right_passphrase_only(void **state)
{
    (void)state;
    struct mun_key_file file;
    struct mun_key_file again;
    struct mun_signer signer;

    assert_true(
        mun_is_ok(mun_key_file_new(&file, text("registrar"), text("secret"))));
    assert_true(mun_is_ok(reread(&again, &file)));
    assert_memory_equal(&file, &again, sizeof file);
    assert_true(mun_is_ok(mun_key_file_open(&signer, &again, text("secret"))));
    assert_true(mun_key_eq(&signer.key, &file.key));
    mun_signer_fini(&signer);
    assert_int_equal(mun_key_file_open(&signer, &again, text("guess")).code,
                     MUN_ERR_SIGNATURE);
}

static void
a_secret_moved_under_another_public_key_does_not_open(void **state)
{
    (void)state;
    struct mun_key_file one;
    struct mun_key_file two;
    struct mun_signer signer;

    assert_true(mun_is_ok(mun_key_file_new(&one, text("a"), text("p"))));
    assert_true(mun_is_ok(mun_key_file_new(&two, text("b"), text("p"))));
    one.key = two.key;
    assert_int_equal(mun_key_file_open(&signer, &one, text("p")).code,
                     MUN_ERR_SIGNATURE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_under_its_passphrase_and_context),
        cmocka_unit_test(costs_that_would_stall_a_reader_are_refused),
        cmocka_unit_test(
            a_key_file_gives_its_signer_back_under_the_right_passphrase_only),
        cmocka_unit_test(a_secret_moved_under_another_public_key_does_not_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
