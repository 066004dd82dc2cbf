#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/json/credential.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define ISSUER                                                                 \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define PROGRAMME                                                              \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LIST "https://ledger.example/v1/status-lists/"
#define STATUS(url, index)                                                     \
    "{\"type\":\"BitstringStatusListEntry\",\"statusListCredential\":\"" url   \
    "\",\"statusListIndex\":\"" index "\"}"
#define GOOD_STATUS STATUS(LIST ISSUER "/diplomas", "17")
#define ISSUER_URN "\"urn:muniment:party:" ISSUER "\""
#define GOOD_ID "\"urn:muniment:programme:" PROGRAMME ":3\""
#define SUBJECT(id) "{\"achievement\":{\"id\":" id "}}"

/* A document of three members. */
#define DOCUMENT(issuer, subject, status)                                      \
    "{\"issuer\":" issuer ",\"credentialSubject\":" subject                    \
    ",\"credentialStatus\":" status "}"
#define WITH_ISSUER(issuer) DOCUMENT(issuer, SUBJECT(GOOD_ID), GOOD_STATUS)
#define WITH_SUBJECT(subject) DOCUMENT(ISSUER_URN, subject, GOOD_STATUS)
#define WITH_STATUS(status) DOCUMENT(ISSUER_URN, SUBJECT(GOOD_ID), status)

static struct mun_json *
parse(const char *text)
{
    struct mun_json_err why;
    struct mun_json *doc = NULL;

    if (!mun_is_ok(mun_json_parse(&doc, &why, mun_bytes_str(text), NULL)))
        fail_msg("%s in %s", why.text, text);
    return doc;
}

static struct mun_hash
name(unsigned first, unsigned second)
{
    struct mun_hash out;

    for (unsigned i = 0; i < sizeof out.b; i++)
        out.b[i] = (uint8_t)(17 * (i % 16));
    out.b[0] = (uint8_t)first;
    out.b[1] = (uint8_t)second;
    return out;
}

static void
check_good(const char *text)
{
    struct mun_json *doc = parse(text);
    struct mun_hash issuer = name(0x00, 0x11);
    struct mun_claims claims;

    mun_credential_claims(&claims, doc);
    assert_true(claims.has_claims);
    if (!claims.is_complete)
        fail_msg("incomplete: %s", text);
    assert_true(claims.has_slot);
    assert_true(mun_hash_eq(&claims.issuer, &issuer));
    assert_int_equal(claims.programme.b[0], 0x01);
    assert_int_equal(claims.programme.b[31], 0xef);
    assert_int_equal(claims.programme_version, 3);
    assert_true(mun_hash_eq(&claims.list_issuer, &issuer));
    assert_true(mun_bytes_eq(claims.list_label, mun_bytes_str("diplomas")));
    assert_int_equal(claims.slot, 17);
    mun_json_close(doc);
}

static void
check_incomplete(const char *text, bool has_slot)
{
    struct mun_json *doc = parse(text);
    struct mun_claims claims;

    mun_credential_claims(&claims, doc);
    assert_true(claims.has_claims);
    if (claims.is_complete || claims.has_slot != has_slot)
        fail_msg("complete or not as it should: %s", text);
    mun_json_close(doc);
}

static void
a_document_says_what_it_is(void **state)
{
    (void)state; /* cmocka's */
    check_good(WITH_STATUS(GOOD_STATUS));
    check_good(WITH_ISSUER("{\"name\":\"A\",\"id\":" ISSUER_URN "}"));
    check_good(WITH_STATUS("[" GOOD_STATUS "]"));
    check_good(WITH_STATUS("[{\"type\":\"Other\"}," GOOD_STATUS ",null]"));
    check_good(WITH_STATUS(
        STATUS(LIST OTHER "/x/v1/status-lists/" ISSUER "/diplomas", "17")));
    check_good(WITH_STATUS(STATUS(
        "http://[::1]:80/ledger/v1/status-lists/" ISSUER "/diplomas", "17")));
}

static void
without_an_issuer_it_is_incomplete(void **state)
{
    static const char *const texts[] = {
        "{\"credentialSubject\":" SUBJECT(
            GOOD_ID) ",\"credentialStatus\":" GOOD_STATUS "}",
        WITH_ISSUER("null"),
        WITH_ISSUER("{}"),
        WITH_ISSUER("[" ISSUER_URN "]"),
        WITH_ISSUER("{\"id\":7}"),
        WITH_ISSUER("\"" ISSUER "\""),
        WITH_ISSUER("\"\""),
        WITH_ISSUER("\"urn:muniment:party:\""),
        WITH_ISSUER("\"urn:muniment:party:" ISSUER "0\""),
        WITH_ISSUER("\"urn:muniment:party:" ISSUER ":1\""),
        WITH_ISSUER("\"URN:muniment:party:" ISSUER "\""),
        WITH_ISSUER("\"urn:muniment:party:"
                    "00112233445566778899AABBCCDDEEFF"
                    "00112233445566778899aabbccddeeff\""),
        WITH_ISSUER("\"urn:muniment:party:"
                    "00112233445566778899aabbccddeeff"
                    "00112233445566778899aabbccddeef\""),
        WITH_ISSUER("\"urn:muniment:programme:" ISSUER "\""),
    };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(texts); i++)
        check_incomplete(texts[i], true);
}

#define ID(tail) SUBJECT("\"urn:muniment:programme:" tail "\"")

static void
without_a_programme_it_is_incomplete(void **state)
{
    static const char *const texts[] = {
        "{\"issuer\":" ISSUER_URN ",\"credentialStatus\":" GOOD_STATUS "}",
        WITH_SUBJECT("null"),
        WITH_SUBJECT("{}"),
        WITH_SUBJECT("[" SUBJECT(GOOD_ID) "]"),
        WITH_SUBJECT("{\"achievement\":" GOOD_ID "}"),
        WITH_SUBJECT("{\"achievement\":{}}"),
        WITH_SUBJECT(SUBJECT("3")),
        WITH_SUBJECT(ID(PROGRAMME)),
        WITH_SUBJECT(ID(PROGRAMME ":")),
        WITH_SUBJECT(ID(PROGRAMME ":03")),
        WITH_SUBJECT(ID(PROGRAMME ":+3")),
        WITH_SUBJECT(ID(PROGRAMME ":3 ")),
        WITH_SUBJECT(ID(PROGRAMME ":65536")),
        WITH_SUBJECT(ID(PROGRAMME ":18446744073709551619")),
        WITH_SUBJECT(ID(PROGRAMME "/3")),
        WITH_SUBJECT(ID("0" PROGRAMME ":3")),
        WITH_SUBJECT(SUBJECT("\"urn:muniment:party:" PROGRAMME ":3\"")),
    };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(texts); i++)
        check_incomplete(texts[i], true);
}

static void
without_a_slot_it_is_incomplete(void **state)
{
    static const char *const texts[] = {
        "{\"issuer\":" ISSUER_URN
        ",\"credentialSubject\":" SUBJECT(GOOD_ID) "}",
        WITH_STATUS("null"),
        WITH_STATUS("{}"),
        WITH_STATUS("[]"),
        WITH_STATUS("[[" GOOD_STATUS "]]"),
        WITH_STATUS("\"17\""),
        WITH_STATUS("{\"statusListCredential\":\"" LIST ISSUER
                    "/diplomas\",\"statusListIndex\":\"17\"}"),
        WITH_STATUS("{\"type\":\"StatusList2021Entry\","
                    "\"statusListCredential\":\"" LIST ISSUER
                    "/diplomas\",\"statusListIndex\":\"17\"}"),
        WITH_STATUS("{\"type\":\"BitstringStatusListEntry\","
                    "\"statusListIndex\":\"17\"}"),
        WITH_STATUS("{\"type\":\"BitstringStatusListEntry\","
                    "\"statusListCredential\":\"" LIST ISSUER "/diplomas\"}"),
        WITH_STATUS("{\"type\":\"BitstringStatusListEntry\","
                    "\"statusListCredential\":\"" LIST ISSUER
                    "/diplomas\",\"statusListIndex\":17}"),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas", "017")),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas", "-1")),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas", "")),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas", "4294967296")),
        WITH_STATUS(STATUS(LIST ISSUER "/", "17")),
        WITH_STATUS(STATUS(LIST ISSUER, "17")),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas/", "17")),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas#17", "17")),
        WITH_STATUS(STATUS(LIST ISSUER "/diplomas?x=1", "17")),
        WITH_STATUS(STATUS(LIST ISSUER "/.diplomas", "17")),
        WITH_STATUS(
            STATUS(LIST ISSUER "/a23456789b123456789c123456789d123", "17")),
        WITH_STATUS(STATUS(LIST "diplomas", "17")),
        WITH_STATUS(STATUS("https://ledger.example/v2/status-lists/" ISSUER
                           "/diplomas",
                           "17")),
        WITH_STATUS(STATUS("v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(STATUS("/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(STATUS("//x/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("HTTPS://x/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("ftp://x/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("https:///v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("https://v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("https://x?/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("https://x/?a=/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(
            STATUS("https://x/#/v1/status-lists/" ISSUER "/diplomas", "17")),
        WITH_STATUS(STATUS("https://", "17")),
        WITH_STATUS(STATUS("", "17")),
    };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(texts); i++)
        check_incomplete(texts[i], false);
}

#define NAMED(name) "{\"achievement\":{\"id\":" GOOD_ID ",\"name\":" name "}}"

static void
check_title(const char *text, bool has_title, const char *title)
{
    struct mun_json *doc = parse(text);
    struct mun_claims claims;

    mun_credential_claims(&claims, doc);
    assert_true(claims.is_complete);
    assert_int_equal(claims.has_title, has_title);
    assert_true(mun_bytes_eq(claims.title, mun_bytes_str(title)));
    mun_json_close(doc);
}

static void
the_achievements_name_is_the_title(void **state)
{
    (void)state; /* cmocka's */
    check_title(WITH_SUBJECT(SUBJECT(GOOD_ID)), false, "");
    check_title(WITH_SUBJECT(NAMED("\"Physics\"")), true, "Physics");
    check_title(WITH_SUBJECT(NAMED("\"Ph\\u0079sics\"")), true, "Physics");
    check_title(WITH_SUBJECT(NAMED("\"\"")), true, "");
    check_title(WITH_SUBJECT(NAMED("null")), true, "");
    check_title(WITH_SUBJECT(NAMED("{\"en\":\"Physics\"}")), true, "");
    check_title(WITH_SUBJECT(NAMED("[\"Physics\"]")), true, "");
    check_title(
        WITH_SUBJECT("{\"name\":\"Ada\",\"achievement\":{\"id\":" GOOD_ID
                     ",\"Name\":\"Physics\"}}"),
        false, "");
}

#define DATED(dates)                                                           \
    "{\"issuer\":" ISSUER_URN ",\"credentialSubject\":" SUBJECT(               \
        GOOD_ID) "," dates "\"credentialStatus\":" GOOD_STATUS "}"

static struct mun_claims
claims_of(const char *text)
{
    struct mun_json *doc = parse(text);
    struct mun_claims claims;

    mun_credential_claims(&claims, doc);
    assert_true(claims.is_complete);
    mun_json_close(doc); /* only numbers are looked at */
    return claims;
}

static void
dates_are_read_where_they_are(void **state)
{
    struct mun_claims claims = claims_of(DATED(""));

    (void)state; /* cmocka's */
    assert_false(claims.has_valid_from);
    assert_false(claims.has_valid_until);
    assert_false(claims.has_bad_date);
    claims = claims_of(DATED("\"validFrom\":\"1970-01-01T05:00:01.0029+05:00\","
                             "\"validUntil\":\"1970-01-02\","));
    assert_true(claims.has_valid_from);
    assert_true(claims.has_valid_until);
    assert_false(claims.has_bad_date);
    assert_int_equal(claims.valid_from_ms, 1002);
    assert_int_equal(claims.valid_until_ms, 24 * 3600 * 1000);
    claims = claims_of(DATED("\"validFrom\":\"1970-01-01\","));
    assert_true(claims.has_valid_from);
    assert_false(claims.has_bad_date);
}

static void
what_is_no_date_is_bad(void **state)
{
    static const char *const texts[] = {
        DATED("\"validFrom\":null,"),
        DATED("\"validFrom\":1767225600,"),
        DATED("\"validFrom\":\"\","),
        DATED("\"validFrom\":\"soon\","),
        DATED("\"validUntil\":[\"2026-01-01\"],"),
        DATED("\"validUntil\":\"2026-02-29\","),
        DATED("\"validUntil\":\"2026-01-01T00:00:00\","),
        DATED("\"validUntil\":\"1969-12-31\","),
        DATED("\"validUntil\":\"1970-01-01\","), /* none, in an opening */
    };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(texts); i++) {
        if (!claims_of(texts[i]).has_bad_date)
            fail_msg("good: %s", texts[i]);
    }
}

static void
two_statuses_are_none(void **state)
{
    (void)state; /* cmocka's */
    check_incomplete(WITH_STATUS("[" GOOD_STATUS "," GOOD_STATUS "]"), false);
    check_incomplete(WITH_STATUS("[" GOOD_STATUS
                                 "," STATUS(LIST ISSUER "/diplomas", "18") "]"),
                     false);
    check_incomplete(
        WITH_STATUS("[{\"type\":\"BitstringStatusListEntry\"}," GOOD_STATUS
                    "]"),
        false);
}

/* The URL of a list on a site with so long a name. */
static void
check_long(size_t len, const char *tail, bool is_good)
{
    static const char head[] =
        "{\"issuer\":" ISSUER_URN ",\"credentialSubject\":" SUBJECT(
            GOOD_ID) ",\"credentialStatus\":{\"type\":"
                     "\"BitstringStatusListEntry\","
                     "\"statusListIndex\":\"17\","
                     "\"statusListCredential\":\"https://";
    char *text = calloc(1, len + 1024); /* allow: a large text */
    size_t at = sizeof head - 1;

    assert_non_null(text);
    memcpy(text, head, at);
    memset(text + at, 'a', len);
    at += len;
    (void)snprintf(text + at, 1024 - sizeof head, "%s\"}}", tail);
    if (is_good)
        check_good(text);
    else
        check_incomplete(text, false);
    free(text); /* allow: pairs with the calloc above */
}

static void
long_urls_are_read(void **state)
{
    (void)state; /* cmocka's */
    check_long(100, "/v1/status-lists/" ISSUER "/diplomas", true);
    check_long(500000, "/v1/status-lists/" ISSUER "/diplomas", true);
    check_long(500000, "", false);
    check_long(500000, "/v1/status-lists/", false);
}

static void
anything_but_an_object_claims_nothing(void **state)
{
    (void)state; /* cmocka's */
    check_incomplete("[]", false);
    check_incomplete("{}", false);
    check_incomplete("[" WITH_STATUS(GOOD_STATUS) "]", false);
}

static void
urns_are_read_again(void **state)
{
    struct mun_hash party = name(0x00, 0x11);
    struct mun_hash programme = name(0xfe, 0x00);
    char issuer[MUN_URN_SIZE];
    char achievement[MUN_URN_SIZE];
    static const uint16_t versions[] = { 0, 1, 9, 10, 255, 65535 };

    (void)state; /* cmocka's */
    mun_urn_party(issuer, &party);
    assert_string_equal(issuer, "urn:muniment:party:" ISSUER);
    for (size_t i = 0; i < COUNT(versions); i++) {
        struct mun_claims claims;
        struct mun_json *doc;
        char text[1024];
        int len;

        mun_urn_programme(achievement, &programme, versions[i]);
        len = snprintf(text, sizeof text,
                       "{\"issuer\":\"%s\",\"credentialSubject\":{"
                       "\"achievement\":{\"id\":\"%s\"}},"
                       "\"credentialStatus\":" GOOD_STATUS "}",
                       issuer, achievement);
        assert_in_range(len, 1, sizeof text - 1);
        doc = parse(text);
        mun_credential_claims(&claims, doc);
        assert_true(claims.is_complete);
        assert_true(mun_hash_eq(&claims.issuer, &party));
        assert_true(mun_hash_eq(&claims.programme, &programme));
        assert_int_equal(claims.programme_version, versions[i]);
        mun_json_close(doc);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_says_what_it_is),
        cmocka_unit_test(without_an_issuer_it_is_incomplete),
        cmocka_unit_test(without_a_programme_it_is_incomplete),
        cmocka_unit_test(without_a_slot_it_is_incomplete),
        cmocka_unit_test(the_achievements_name_is_the_title),
        cmocka_unit_test(dates_are_read_where_they_are),
        cmocka_unit_test(what_is_no_date_is_bad),
        cmocka_unit_test(two_statuses_are_none),
        cmocka_unit_test(long_urls_are_read),
        cmocka_unit_test(anything_but_an_object_claims_nothing),
        cmocka_unit_test(urns_are_read_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
