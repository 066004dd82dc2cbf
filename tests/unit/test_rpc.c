#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/receipt.h"
#include "ledger/json/json.h"
#include "ledger/json/receipt_file.h"
#include "ledger/zip/zip.h"
#include "rpc/rpc.h"
#include "rpc/rpc_int.h"
#include "rpc/search.h"
#include "tests/support/rpc_node.h"

#define ARENA_BYTES (8u << 20)

/* Of a thousand verdicts. */
static const struct mun_json_limits answer_limits = { .bytes_max = 4u << 20,
                                                      .values_max = 1u << 20,
                                                      .depth_max = 16 };

static struct mun_test_api node;
static struct mun_arena arena;
static struct mun_rpc_response response;
static struct mun_json *api_document;
static const struct mun_json *api;
static struct mun_json *answer;

static int
open_all(void **state)
{
    (void)state;
    mun_test_api_open(&node);
    assert_true(mun_is_ok(mun_arena_open(&arena, ARENA_BYTES)));
    assert_true(mun_is_ok(
        mun_json_parse(&api_document, NULL,
                       mun_bytes(mun_rpc_openapi, mun_rpc_openapi_len), NULL)));
    api = api_document;
    return 0;
}

static int
close_all(void **state)
{
    (void)state;
    mun_json_close(answer);
    mun_json_close(api_document);
    mun_arena_close(&arena);
    mun_test_api_close(&node);
    return 0;
}

/* Asking */

static void
handle(const struct mun_rpc_request *request)
{
    mun_arena_reset(&arena, 0);
    mun_json_close(answer);
    answer = NULL;
    mun_rpc_handle(&node.backend, &arena, request, &response);
    assert_int_equal(node.readers, 0);
    if (response.next != MUN_RPC_DONE || response.content_type == NULL)
        return;
    if (strstr(response.content_type, "json") != NULL)
        assert_true(mun_is_ok(
            mun_json_parse(&answer, NULL, response.body, &answer_limits)));
}

static void
get_query(const char *path, const char *query)
{
    struct mun_rpc_request request = { .method = MUN_RPC_GET,
                                       .path = mun_bytes_str(path),
                                       .query = mun_bytes_str(query) };
    handle(&request);
}

static void
get(const char *path)
{
    get_query(path, "");
}

static void
post(const char *path, const char *type, struct mun_bytes body)
{
    struct mun_rpc_request request = { .method = MUN_RPC_POST,
                                       .path = mun_bytes_str(path),
                                       .content_type = mun_bytes_str(type),
                                       .body = body };
    handle(&request);
}

static const char *
hex(const struct mun_hash *hash)
{
    static char texts[4][65];
    static unsigned next;
    char *text = texts[next++ % 4];

    mun_hex_encode(text, mun_bytes(hash->b, sizeof hash->b));
    return text;
}

static const char *text_of(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static const char *
text_of(const char *format, ...)
{
    static char texts[16][512];
    static unsigned next;
    char *text = texts[next++ % 16];
    va_list list;

    va_start(list, format);
    assert_true(vsnprintf(text, sizeof texts[0], format, list) <
                (int)sizeof texts[0]);
    va_end(list);
    return text;
}

static void
expect_status(unsigned status)
{
    if (response.status != status)
        print_message("%.*s\n", (int)response.body.len,
                      (const char *)response.body.data);
    assert_int_equal(response.next, MUN_RPC_DONE);
    assert_int_equal(response.status, status);
}

static const char *
member_text(const char *name)
{
    const char *text =
        (const char *)mun_json_string(mun_json_get(answer, name)).data;
    assert_non_null(text);
    return text;
}

static uint64_t
member_u64(const char *name)
{
    uint64_t value;
    assert_true(mun_json_u64(&value, mun_json_get(answer, name)));
    return value;
}

static struct mun_bytes
member_base64url(const char *name)
{
    struct mun_bytes text = mun_json_string(mun_json_get(answer, name));
    uint8_t *data = mun_arena_alloc(&arena, text.len + 1);
    size_t len;

    assert_non_null(text.data);
    assert_non_null(data);
    assert_true(
        mun_is_ok(mun_base64url_decode(data, text.len + 1, &len, text)));
    return mun_bytes(data, len);
}

/* A small part of JSON Schema: what openapi.json uses */

static const struct mun_json *
resolve(const struct mun_json *schema)
{
    static const char prefix[] = "#/components/";
    const struct mun_json *at = mun_json_get(api, "components");
    struct mun_bytes path = mun_json_string(mun_json_get(schema, "$ref"));
    const char *slash;
    char kind[32] = { 0 };

    if (path.data == NULL)
        return schema;
    assert_int_equal(memcmp(path.data, prefix, sizeof prefix - 1), 0);
    path.data += sizeof prefix - 1;
    slash = strchr((const char *)path.data, '/');
    assert_non_null(slash);
    memcpy(kind, path.data, (size_t)(slash - (const char *)path.data));
    at = mun_json_get(mun_json_get(at, kind), slash + 1);
    if (at == NULL)
        fail_msg("no schema %s", slash + 1);
    return at;
}

static bool
has_word(const struct mun_json *list, const char *word)
{
    for (size_t i = 0; i < mun_json_size(list); i++)
        if (mun_json_string_is(mun_json_at(list, i), word))
            return true;
    return false;
}

static const char *
type_of(const struct mun_json *value)
{
    double number;
    int64_t integer;
    bool flag;

    if (mun_json_i64(&integer, value))
        return "integer";
    if (mun_json_double(&number, value))
        return "number";
    if (mun_json_bool(&flag, value))
        return "boolean";
    if (mun_json_string(value).data != NULL)
        return "string";
    if (mun_json_is(value, MUN_JSON_OBJECT))
        return "object";
    return mun_json_is(value, MUN_JSON_ARRAY) ? "array" : "null";
}

static bool
is_type(const struct mun_json *schema, const char *type)
{
    const struct mun_json *allowed = mun_json_get(schema, "type");

    if (allowed == NULL || mun_json_string_is(allowed, type) ||
        has_word(allowed, type))
        return true;
    return strcmp(type, "integer") == 0 &&
           (mun_json_string_is(allowed, "number") ||
            has_word(allowed, "number"));
}

static void check_value(const struct mun_json *schema,
                        const struct mun_json *value, const char *name);

/* Schemas nest as far as the documents that they describe. */
/* NOLINTBEGIN(misc-no-recursion) */
static void
check_members(const struct mun_json *schema, const struct mun_json *value)
{
    const struct mun_json *properties = mun_json_get(schema, "properties");
    const struct mun_json *required = mun_json_get(schema, "required");
    struct mun_json_iter it = mun_json_members(value);

    if (properties == NULL)
        return;
    while (mun_json_next(&it)) {
        const struct mun_json *member = mun_json_get(properties, it.key);
        if (member == NULL)
            fail_msg("%s is not in the schema", it.key);
        check_value(member, it.value, it.key);
    }
    for (size_t i = 0; i < mun_json_size(required); i++) {
        const char *key =
            (const char *)mun_json_string(mun_json_at(required, i)).data;
        if (mun_json_get(value, key) == NULL)
            fail_msg("%s is missing", key);
    }
}
/* NOLINTEND(misc-no-recursion) */

/* Schemas nest as far as the documents that they describe. */
/* NOLINTBEGIN(misc-no-recursion) */
static void
check_value(const struct mun_json *schema, const struct mun_json *value,
            const char *name)
{
    const struct mun_json *choice = mun_json_get(schema, "oneOf");
    const struct mun_json *words;
    const char *type = type_of(value);

    if (choice != NULL) {
        if (strcmp(type, "null") == 0)
            return;
        schema = mun_json_at(choice, 0);
    }
    schema = resolve(schema);
    if (!is_type(schema, type))
        fail_msg("%s is of type %s", name, type);
    words = mun_json_get(schema, "enum");
    if (words != NULL && strcmp(type, "string") == 0 &&
        !has_word(words, (const char *)mun_json_string(value).data))
        fail_msg("%s is %s", name, (const char *)mun_json_string(value).data);
    for (size_t i = 0; strcmp(type, "array") == 0 && i < mun_json_size(value);
         i++)
        check_value(mun_json_get(schema, "items"), mun_json_at(value, i), name);
    if (strcmp(type, "object") == 0)
        check_members(schema, value);
}
/* NOLINTEND(misc-no-recursion) */

static const struct mun_json *
operation_of(const char *template, const char *method)
{
    return mun_json_get(mun_json_get(mun_json_get(api, "paths"), template),
                        method);
}

/* The answer is what the document says of this path and status. */
static void
check_answer(const char *template, const char *method, const char *status)
{
    const struct mun_json *described = resolve(mun_json_get(
        mun_json_get(operation_of(template, method), "responses"), status));
    const struct mun_json *content = mun_json_get(described, "content");
    const struct mun_json *type = mun_json_get(content, response.content_type);
    const struct mun_json *schema = mun_json_get(type, "schema");

    if (strncmp(response.content_type, "text/plain", 10) == 0)
        type = mun_json_get(content, "text/plain");
    assert_non_null(type);
    if (schema != NULL)
        check_value(schema, answer, template);
}

static void
check_problem(unsigned status, const char *code)
{
    const struct mun_json *schemas =
        mun_json_get(mun_json_get(api, "components"), "schemas");

    expect_status(status);
    assert_string_equal(response.content_type, "application/problem+json");
    check_value(mun_json_get(schemas, "Problem"), answer, "problem");
    assert_string_equal(member_text("type"),
                        text_of("urn:muniment:error:%s", code));
    assert_int_equal(member_u64("status"), status);
}

/* The table and the document */

static const char *
method_name(const struct mun_rpc_route *route)
{
    return route->method == MUN_RPC_POST ? "post" : "get";
}

static bool
has_parameter(const struct mun_json *operation, const char *name,
              const char *where)
{
    const struct mun_json *list = mun_json_get(operation, "parameters");

    for (size_t i = 0; i < mun_json_size(list); i++) {
        const struct mun_json *at = mun_json_at(list, i);
        if (mun_json_string_is(mun_json_get(at, "name"), name) &&
            mun_json_string_is(mun_json_get(at, "in"), where))
            return true;
    }
    return false;
}

static size_t
count_parts(const char *path)
{
    size_t count = 0;
    for (; *path != '\0'; path++)
        count += *path == '{';
    return count;
}

static void
every_route_and_argument_is_in_the_document(void **state)
{
    (void)state;
    for (size_t i = 0; i < mun_rpc_route_count; i++) {
        const struct mun_rpc_route *route = &mun_rpc_routes[i];
        const struct mun_json *operation =
            operation_of(route->path, method_name(route));
        size_t count = count_parts(route->path);

        if (operation == NULL)
            fail_msg("%s is not in openapi.json", route->path);
        for (const char *const *name = route->arguments;
             name != NULL && *name != NULL; name++, count++)
            if (!has_parameter(operation, *name, "query"))
                fail_msg("%s: %s is not in openapi.json", route->path, *name);
        assert_int_equal(mun_json_size(mun_json_get(operation, "parameters")),
                         count);
        assert_true(count - count_parts(route->path) <= MUN_RPC_ARGUMENTS_MAX);
        assert_true(count_parts(route->path) <= MUN_RPC_PARTS_MAX);
    }
}

static bool
is_routed(const char *path, const char *method)
{
    for (size_t i = 0; i < mun_rpc_route_count; i++)
        if (strcmp(mun_rpc_routes[i].path, path) == 0 &&
            strcmp(method_name(&mun_rpc_routes[i]), method) == 0)
            return true;
    return false;
}

static void
every_operation_of_the_document_is_routed(void **state)
{
    struct mun_json_iter path = mun_json_members(mun_json_get(api, "paths"));
    size_t count = 0;

    (void)state;
    while (mun_json_next(&path)) {
        struct mun_json_iter method = mun_json_members(path.value);
        while (mun_json_next(&method)) {
            if (!is_routed(path.key, method.key))
                fail_msg("%s is not routed", path.key);
            count++;
        }
    }
    assert_int_equal(count, mun_rpc_route_count);
}

/* Every GET with a good answer */

static void
expect_good(const char *template, const char *path, const char *query)
{
    struct mun_rpc_request head = { .method = MUN_RPC_HEAD,
                                    .path = mun_bytes_str(path),
                                    .query = mun_bytes_str(query) };
    size_t len;

    get_query(path, query);
    if (response.status != 200)
        print_message("%s?%s\n", path, query);
    expect_status(200);
    check_answer(template, "get", "200");
    len = response.body.len;
    handle(&head);
    expect_status(200);
    assert_int_equal(response.body.len, len);
}

static void
chain_answers(void **state)
{
    (void)state;
    expect_good("/v1/head", "/v1/head", "");
    assert_int_equal(member_u64("height"), 6);
    assert_int_equal(member_u64("entries"), 6);
    assert_int_equal(member_u64("faults_tolerated"), 1);
    assert_string_equal(member_text("header_id"), hex(&node.head_id));
    expect_good("/v1/trust-root", "/v1/trust-root", "");
    assert_string_equal(member_text("header_id"),
                        hex(&node.world.chain.header_id));
    expect_good("/v1/trust-root", "/v1/trust-root", "height=6");
    assert_string_equal(member_text("header_id"), hex(&node.head_id));
    expect_good("/v1/genesis", "/v1/genesis", "");
    assert_true(mun_bytes_eq(response.body, node.world.genesis_bytes));
    expect_good("/v1/headers/{height}", "/v1/headers/0", "");
    expect_good("/v1/headers/{height}", "/v1/headers/6", "");
    assert_int_equal(member_base64url("header").len, MUN_HEADER_BYTES);
    expect_good("/v1/blocks/{height}", "/v1/blocks/6", "");
    expect_good("/healthz", "/healthz", "");
    expect_good("/readyz", "/readyz", "");
    expect_good("/metrics", "/metrics", "");
    expect_good("/v1/openapi.json", "/v1/openapi.json", "");
    expect_good("/v1/statistics", "/v1/statistics", "");
    assert_int_equal(member_u64("parties"), 5);
    assert_int_equal(member_u64("batches"), 2);
    assert_int_equal(member_u64("credentials"),
                     MUN_TEST_PUBLISHED + MUN_TEST_SEALED);
}

static void
a_run_of_blocks_is_cut_at_the_newest(void **state)
{
    struct mun_rd rd;
    unsigned count = 0;

    (void)state;
    expect_good("/v1/blocks", "/v1/blocks", "from=3&limit=1000");
    mun_rd_init(&rd, response.body);
    while (rd.left > 0) {
        struct mun_certificate certificate;
        struct mun_block block;
        struct mun_hash id;
        struct mun_rd inner;

        assert_true(
            mun_is_ok(mun_block_decode(&block, mun_rd_run32(&rd, 1u << 20))));
        mun_rd_init(&inner, mun_rd_run32(&rd, 1u << 20));
        mun_certificate_decode(&inner, &certificate);
        assert_true(mun_is_ok(mun_rd_finish(&inner)));
        assert_int_equal(block.header.height, 3 + count);
        mun_header_id(&id, &block.header);
        assert_true(mun_hash_eq(&id, &certificate.header_id));
        count++;
    }
    assert_true(mun_is_ok(mun_rd_finish(&rd)));
    assert_int_equal(count, 4);
    get_query("/v1/blocks", "from=7");
    check_problem(404, "NOT_FOUND");
    get_query("/v1/blocks", "from=0");
    check_problem(400, "BAD_NUMBER");
    get("/v1/blocks");
    check_problem(400, "MISSING_ARGUMENT");
}

static void
registers_answer(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    char key[69];

    (void)state;
    mun_hex_encode(key, mun_bytes(mun_test_key(MUN_TEST_ISSUER)->b, 34));
    expect_good("/v1/parties", "/v1/parties", "limit=1000");
    assert_int_equal(mun_json_size(mun_json_get(answer, "items")), 5);
    expect_good("/v1/parties/{id}", text_of("/v1/parties/%s", hex(&issuer)),
                "");
    assert_int_equal(mun_json_size(mun_json_get(answer, "keys")), 1);
    assert_int_equal(mun_json_size(mun_json_get(answer, "accreditations")), 1);
    assert_int_equal(mun_json_size(mun_json_get(answer, "programmes")), 1);
    expect_good("/v1/keys/{key}", text_of("/v1/keys/%s", key), "");
    expect_good("/v1/accreditations", "/v1/accreditations",
                text_of("subject=%s", hex(&issuer)));
    assert_int_equal(mun_json_size(mun_json_get(answer, "items")), 1);
    expect_good("/v1/accreditations", "/v1/accreditations", "");
    assert_int_equal(mun_json_size(mun_json_get(answer, "items")), 1);
    expect_good(
        "/v1/accreditations/{id}",
        text_of("/v1/accreditations/%s", hex(&node.world.accreditation)), "");
    expect_good("/v1/programmes", "/v1/programmes", "");
    expect_good("/v1/programmes/{id}",
                text_of("/v1/programmes/%s", hex(&node.world.programme)),
                "version=1");
    expect_good("/v1/lists/{issuer}/{label}",
                text_of("/v1/lists/%s/diplomas", hex(&issuer)), "");
    assert_int_equal(member_u64("count"), 8);
    expect_good("/v1/lists/{issuer}/{label}/{slot}",
                text_of("/v1/lists/%s/diplomas/0", hex(&issuer)), "");
    assert_string_equal(member_text("status"), "good");
    expect_good("/v1/lists/{issuer}/{label}/{slot}",
                text_of("/v1/lists/%s/diplomas/1", hex(&issuer)), "");
    assert_string_equal(member_text("status"), "revoked");
    expect_good("/v1/batches/{entry}",
                text_of("/v1/batches/%s", hex(&node.sealed_batch)), "");
    assert_int_equal(member_u64("base"), 5);
}

static void
pages_hold_each_item_once(void **state)
{
    char next[65] = "";
    unsigned count = 0;

    (void)state;
    for (;;) {
        const struct mun_json *items;

        get_query("/v1/parties", next[0] == '\0'
                                     ? "limit=2"
                                     : text_of("after=%s&limit=2", next));
        expect_status(200);
        items = mun_json_get(answer, "items");
        count += (unsigned)mun_json_size(items);
        if (mun_json_is(mun_json_get(answer, "next"), MUN_JSON_NULL))
            break;
        assert_int_equal(mun_json_size(items), 2);
        memcpy(next, member_text("next"), 65);
    }
    assert_int_equal(count, 5);
}

static size_t
count_programmes(const char *query)
{
    get_query("/v1/programmes", query);
    expect_status(200);
    return mun_json_size(mun_json_get(answer, "items"));
}

static void
programmes_are_narrowed(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    struct mun_hash other = mun_test_party(1);

    (void)state;
    assert_int_equal(count_programmes("q=data+ANALYSIS"), 1);
    assert_int_equal(count_programmes("q=DATA%20analysi"), 1);
    assert_int_equal(count_programmes("q=law"), 0);
    assert_int_equal(count_programmes("level=eqf:5"), 1);
    assert_int_equal(count_programmes("level=5"), 1);
    assert_int_equal(count_programmes("level=eqf:6"), 0);
    assert_int_equal(count_programmes("level=nqf:5"), 0);
    assert_int_equal(count_programmes("field=isced:06"), 1);
    assert_int_equal(count_programmes("field=0613"), 1);
    assert_int_equal(count_programmes("field=06130"), 0);
    assert_int_equal(
        count_programmes(text_of("issuer=%s&q=data", hex(&issuer))), 1);
    assert_int_equal(count_programmes(text_of("issuer=%s", hex(&other))), 0);
}

static void
text_is_found_in_either_case(void **state)
{
    (void)state;
    assert_true(
        mun_rpc_is_found(mun_bytes_str("Әл-Фараби"), mun_bytes_str("әЛ-ФАР")));
    assert_true(mun_rpc_is_found(mun_bytes_str("Université Žilina"),
                                 mun_bytes_str("É žIL")));
    assert_true(
        mun_rpc_is_found(mun_bytes_str("ÉCOLE Ω"), mun_bytes_str("école ω")));
    assert_false(
        mun_rpc_is_found(mun_bytes_str("Қазақ"), mun_bytes_str("қазахъ")));
    assert_false(mun_rpc_is_found(mun_bytes_str("a"), mun_bytes_str("ab")));
    assert_false(mun_rpc_is_found(MUN_BYTES_NONE, mun_bytes_str("a")));
    assert_true(
        mun_rpc_is_found(mun_bytes_str("東京大学"), mun_bytes_str("京大")));
}

static void
the_log_answers(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    const struct mun_entry_checked *first = node.entries[0].checked;

    (void)state;
    for (uint32_t i = 0; i < node.entry_count; i++) {
        expect_good(
            "/v1/entries/{id}",
            text_of("/v1/entries/%s", hex(&node.entries[i].checked->entry.id)),
            "");
        assert_int_equal(member_u64("log_index"), node.entries[i].log_index);
    }
    get(text_of("/v1/entries/%s", hex(&first->entry.id)));
    assert_true(mun_bytes_eq(member_base64url("entry"), first->entry.bytes));
    expect_good("/v1/history", "/v1/history",
                text_of("party=%s&limit=4", hex(&issuer)));
    assert_int_equal(mun_json_size(mun_json_get(answer, "items")), 4);
    assert_int_equal(member_u64("next"), node.entries[3].log_index + 1);
    expect_good("/v1/history", "/v1/history",
                text_of("list=%s/diplomas&after=%u", hex(&issuer),
                        (unsigned)node.entries[4].log_index));
    assert_int_equal(mun_json_size(mun_json_get(answer, "items")), 2);
    expect_good("/v1/history", "/v1/history",
                text_of("programme=%s", hex(&node.world.programme)));
    expect_good("/v1/log/tiles/{level}/{index}", "/v1/log/tiles/0/0",
                "width=3");
    assert_int_equal(response.body.len, 96);
}

static size_t
read_path(struct mun_hash *path)
{
    const struct mun_json *list = mun_json_get(answer, "path");
    size_t count = mun_json_size(list);

    assert_true(count <= MUN_MERKLE_PATH_MAX);
    for (size_t i = 0; i < count; i++)
        assert_true(mun_is_ok(mun_hex_decode(
            path[i].b, 32, mun_json_string(mun_json_at(list, i)))));
    return count;
}

static void
proofs_in_the_log_are_right(void **state)
{
    const struct mun_header *now = &node.world.headers[6];
    const struct mun_header *then = &node.world.headers[3];
    struct mun_merkle_head old_head = { then->log_size, then->log_root };
    struct mun_merkle_head new_head = { now->log_size, now->log_root };
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    size_t len;

    (void)state;
    expect_good("/v1/log/inclusion", "/v1/log/inclusion", "index=5");
    len = read_path(path);
    assert_true(mun_is_ok(
        mun_merkle_verify_inclusion(&node.world.leaf_hashes[5], 5,
                                    now->log_size, path, len, &now->log_root)));
    expect_good("/v1/log/consistency", "/v1/log/consistency",
                text_of("from=%u", (unsigned)then->log_size));
    len = read_path(path);
    assert_true(mun_is_ok(
        mun_merkle_verify_consistency(&old_head, &new_head, path, len)));
    get_query("/v1/log/inclusion", "index=13");
    check_problem(400, "BAD_NUMBER");
    get_query("/v1/log/inclusion", "index=12&size=12");
    check_problem(400, "BAD_NUMBER");
    get_query("/v1/log/consistency", "from=5&to=4");
    check_problem(400, "BAD_NUMBER");
}

static void
records_are_proven(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    struct mun_multiproof proof;
    struct mun_header header;
    struct mun_bytes value;
    struct mun_hash key;
    struct mun_rd rd;

    (void)state;
    mun_record_key_party(&key, &issuer);
    for (int is_absent = 0; is_absent < 2; is_absent++) {
        if (is_absent)
            key = mun_test_hash(1);
        expect_good("/v1/records/{record}",
                    text_of("/v1/records/%s", hex(&key)), "");
        mun_rd_init(&rd, member_base64url("header"));
        mun_header_decode(&rd, &header);
        assert_true(mun_is_ok(
            mun_multiproof_open(&proof, &arena, member_base64url("multiproof"),
                                &header.state_root)));
        assert_int_equal(mun_multiproof_get(&proof, &key, &value),
                         is_absent ? MUN_ABSENT : MUN_PRESENT);
        if (!is_absent)
            assert_true(mun_bytes_eq(value, member_base64url("value")));
    }
    assert_true(mun_json_is(mun_json_get(answer, "value"), MUN_JSON_NULL));
}

/* Credentials */

static const char *const verdict_words[MUN_TEST_PUBLISHED] = {
    "VALID", "REVOKED", "SUSPENDED", "VALID", "VALID"
};

static void
verdicts_say_what_the_ledger_says(void **state)
{
    (void)state;
    for (unsigned i = 0; i < MUN_TEST_PUBLISHED; i++) {
        expect_good("/v1/verdicts/{commitment}",
                    text_of("/v1/verdicts/%s", hex(&node.published[i])), "");
        assert_string_equal(member_text("verdict"), verdict_words[i]);
        assert_null(mun_json_get(answer, "receipt"));
        expect_good(
            "/v1/verdicts/{batch}/{position}",
            text_of("/v1/verdicts/%s/%u", hex(&node.published_batch), i),
            "proof=1");
        assert_string_equal(member_text("verdict"), verdict_words[i]);
        assert_non_null(mun_json_get(answer, "receipt"));
    }
    expect_good("/v1/verdicts/{batch}/{position}",
                text_of("/v1/verdicts/%s/2", hex(&node.sealed_batch)), "");
    assert_string_equal(member_text("verdict"), "VALID");
    assert_true(mun_json_string_is(
        mun_json_get(mun_json_get(answer, "checks"), "document"), "not done"));
    get(text_of("/v1/verdicts/%s/3", hex(&node.sealed_batch)));
    check_problem(404, "NOT_FOUND");
    get(text_of("/v1/verdicts/%s/0", hex(&node.entries[0].checked->entry.id)));
    check_problem(404, "NOT_FOUND");
    get(text_of("/v1/verdicts/%s", hex(&node.published_batch)));
    check_problem(404, "NOT_FOUND");
}

static void
many_verdicts_come_in_order(void **state)
{
    const char *body = text_of("{\"commitments\":[\"%s\",\"%s\",\"%s\"]}",
                               hex(&node.published[2]), hex(&node.sealed_batch),
                               hex(&node.published[0]));

    (void)state;
    post("/v1/verdicts", "application/json; charset=utf-8",
         mun_bytes_str(body));
    expect_status(200);
    check_answer("/v1/verdicts", "post", "200");
    assert_int_equal(mun_json_size(answer), 3);
    assert_true(mun_json_string_is(
        mun_json_get(mun_json_at(answer, 0), "verdict"), "SUSPENDED"));
    assert_true(mun_json_is(mun_json_at(answer, 1), MUN_JSON_NULL));
    assert_true(mun_json_string_is(
        mun_json_get(mun_json_at(answer, 2), "verdict"), "VALID"));
    post("/v1/verdicts", "text/json", mun_bytes_str(body));
    check_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    post("/v1/verdicts", "application/json",
         mun_bytes_str("{\"commitments\":[\"00\"]}"));
    check_problem(400, "BAD_BODY");
    post("/v1/verdicts", "application/json",
         mun_bytes_str("{\"commitments\":[],\"more\":1}"));
    check_problem(400, "BAD_BODY");
    post("/v1/verdicts", "application/json", mun_bytes_str("{"));
    check_problem(400, "BAD_BODY");
}

static void
a_thousand_verdicts_fit_and_no_more(void **state)
{
    static char body[1001u * 67 + 32];
    size_t len = (size_t)snprintf(body, sizeof body, "{\"commitments\":[");

    (void)state;
    for (unsigned i = 0; i < 1001; i++) {
        if (i == 1000) {
            body[len - 1] = ']';
            body[len] = '}';
            post("/v1/verdicts", "application/json", mun_bytes(body, len + 1));
            expect_status(200);
            assert_int_equal(mun_json_size(answer), 1000);
            body[len - 1] = ',';
        }
        len += (size_t)snprintf(body + len, sizeof body - len, "\"%s\",",
                                hex(&node.published[i % 5]));
    }
    body[len - 1] = ']';
    body[len] = '}';
    post("/v1/verdicts", "application/json", mun_bytes(body, len + 1));
    check_problem(400, "BAD_BODY");
}

/* Its commitments are no openings' here, so checks 1 to 6 but the opening's
 * are done by hand: see the world's own batch below for a whole verification.
 */
static void
check_receipt(struct mun_bytes bytes, bool is_sealed)
{
    struct mun_receipt receipt;

    assert_true(mun_is_ok(mun_receipt_decode(&receipt, bytes)));
    assert_true(mun_hash_eq(&receipt.chain_id, &node.world.chain.chain_id));
    assert_int_equal(receipt.batch_path_len == 0, is_sealed);
    assert_int_equal(receipt.header.height, node.world.height);
    assert_int_equal(receipt.root_header.height, 0);
}

static void
receipts_are_served(void **state)
{
    struct mun_receipt_file file;

    (void)state;
    expect_good("/v1/receipts/{commitment}",
                text_of("/v1/receipts/%s", hex(&node.published[3])), "");
    assert_true(mun_is_ok(mun_receipt_file_read(&file, &arena, answer, NULL)));
    check_receipt(file.receipt, false);
    expect_good("/v1/receipts/{batch}/{position}",
                text_of("/v1/receipts/%s/1", hex(&node.sealed_batch)), "");
    assert_true(mun_is_ok(mun_receipt_file_read(&file, &arena, answer, NULL)));
    check_receipt(file.receipt, true);
    assert_int_equal(file.opening.len, 0);
}

/* Verification of what the API serves, offline, from the trust root that it
 * names. */
static void
verify_served(unsigned slot, enum mun_verdict_code expected)
{
    static struct mun_arena memory;
    struct mun_receipt_input input = { .policy = { 0 } };
    struct mun_receipt_file file;
    struct mun_verdict verdict;
    uint8_t opening[MUN_OPENING_BYTES_MAX];
    struct mun_wr wr;

    assert_true(mun_is_ok(
        mun_arena_open(&memory, (size_t)2 * MUN_RECEIPT_ARENA_BYTES)));
    get("/v1/trust-root");
    assert_true(
        mun_is_ok(mun_trust_root_read(&input.root, NULL, answer, NULL)));
    get(text_of("/v1/receipts/%s", hex(&node.published[slot])));
    expect_status(200);
    assert_true(mun_is_ok(mun_receipt_file_read(&file, &memory, answer, NULL)));
    mun_wr_init(&wr, opening, sizeof opening);
    mun_opening_encode(&wr, &node.openings[slot]);
    input.receipt = file.receipt;
    input.opening = mun_wr_done(&wr);
    input.has_document_digest = true;
    input.document_digest = node.openings[slot].digest;
    input.policy.now_ms = node.world.headers[6].time_ms;
    mun_receipt_verify(&verdict, &memory, &input);
    if (verdict.code != expected)
        print_message("%s: %s\n", mun_verdict_name(verdict.code), verdict.why);
    assert_int_equal(verdict.code, expected);
    mun_arena_close(&memory);
}

static void
served_receipts_verify(void **state)
{
    (void)state;
    verify_served(0, MUN_VERDICT_VALID);
    verify_served(1, MUN_VERDICT_REVOKED);
    verify_served(2, MUN_VERDICT_SUSPENDED);
    verify_served(4, MUN_VERDICT_VALID);
}

/* Status lists */

static void
expand(uint8_t *bits, size_t size, size_t *len, const struct mun_json *document)
{
    struct mun_bytes text = mun_json_string(mun_json_get(
        mun_json_get(document, "credentialSubject"), "encodedList"));
    uint8_t *zipped = mun_arena_alloc(&arena, text.len + 1);
    size_t zipped_len;

    assert_non_null(text.data);
    assert_non_null(zipped);
    assert_int_equal(text.data[0], 'u');
    assert_true(mun_is_ok(
        mun_base64url_decode(zipped, text.len, &zipped_len,
                             mun_bytes(text.data + 1, text.len - 1))));
    assert_true(mun_is_ok(
        mun_gzip_expand(bits, size, len, mun_bytes(zipped, zipped_len))));
}

static void
expect_bits(const char *query, uint8_t first)
{
    static uint8_t bits[1u << 17];
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    size_t len;

    expect_good("/v1/status-lists/{issuer}/{label}",
                text_of("/v1/status-lists/%s/diplomas", hex(&issuer)), query);
    expand(bits, sizeof bits, &len, answer);
    assert_int_equal(len, 131072 / 8);
    assert_int_equal(bits[0], first);
    for (size_t i = 1; i < len; i++)
        assert_int_equal(bits[i], 0);
}

static void
status_lists_have_a_bit_for_each_slot(void **state)
{
    (void)state;
    expect_bits("", 0x40);
    expect_bits("purpose=revocation", 0x40);
    expect_bits("purpose=suspension", 0x20);
    get_query(
        text_of("/v1/status-lists/%s/diplomas", hex(&node.published_batch)),
        "purpose=refresh");
    check_problem(400, "BAD_ARGUMENT");
    get(text_of("/v1/status-lists/%s/diplomas", hex(&node.published_batch)));
    check_problem(404, "NOT_FOUND");
}

/* The examples of the Recommendation decode to what ours would. */
static void
published_status_lists_have_our_form(void **state)
{
    static const char path[] =
        MUN_SHARED_DIR "/vectors/bitstring-status-list/spec-examples.json";
    static uint8_t text[65536];
    static uint8_t bits[1u << 17];
    struct mun_json *doc;
    FILE *file = fopen(path, "rb");
    size_t found = 0;
    size_t len;

    (void)state;
    if (file == NULL) {
        print_message("skipped: no %s\n", path);
        skip();
    }
    len = fread(text, 1, sizeof text, file);
    assert_int_equal(fclose(file), 0);
    assert_true(
        mun_is_ok(mun_json_parse(&doc, NULL, mun_bytes(text, len), NULL)));
    for (size_t i = 0; i < mun_json_size(doc); i++) {
        const struct mun_json *example =
            mun_json_get(mun_json_at(doc, i), "example");
        const struct mun_json *list = mun_json_get(
            mun_json_get(example, "credentialSubject"), "encodedList");

        if (mun_json_string(list).data == NULL)
            continue;
        mun_arena_reset(&arena, 0);
        expand(bits, sizeof bits, &len, example);
        assert_true(len >= 131072 / 8);
        found++;
    }
    assert_true(found > 0);
    mun_json_close(doc);
}

/* Submitting */

static uint8_t body_bytes[MUN_RPC_ITEMS_MAX * 8 + 65536];

static void
put_item(struct mun_wr *wr, struct mun_bytes entry,
         const struct mun_hash *leaves, uint32_t count)
{
    mun_wr_run32(wr, entry);
    mun_wr_u32(wr, count);
    mun_wr_copy(wr, leaves, count * sizeof *leaves);
}

static void
submit(struct mun_bytes body, const char *query)
{
    struct mun_rpc_request request = {
        .method = MUN_RPC_POST,
        .path = mun_bytes_str("/v1/entries"),
        .query = mun_bytes_str(query),
        .content_type = mun_bytes_str("Application/Octet-Stream"),
        .body = body,
    };
    handle(&request);
}

static void
finish(void)
{
    struct mun_rpc_submission submission = response.submission;

    mun_rpc_finish(&arena, &submission, &response);
    assert_int_equal(response.next, MUN_RPC_DONE);
    mun_json_close(answer);
    assert_true(mun_is_ok(mun_json_parse(&answer, NULL, response.body, NULL)));
    check_answer("/v1/entries", "post", text_of("%u", response.status));
}

static void
entries_are_handed_on_and_answered(void **state)
{
    const struct mun_entry_checked *anchored = node.entries[3].checked;
    const struct mun_json *results;
    struct mun_rpc_item *items;
    struct mun_wr wr;

    (void)state;
    mun_wr_init(&wr, body_bytes, sizeof body_bytes);
    put_item(&wr, node.entries[0].checked->entry.bytes, NULL, 0);
    put_item(&wr, anchored->entry.bytes, anchored->leaves,
             anchored->leaf_count);
    put_item(&wr, mun_bytes("junk", 4), NULL, 0);
    put_item(&wr, node.entries[1].checked->entry.bytes, NULL, 0);
    submit(mun_wr_done(&wr), "wait=60000");
    assert_int_equal(response.next, MUN_RPC_SUBMIT);
    assert_int_equal(response.submission.count, 4);
    assert_int_equal(response.submission.wait_ms, 60000);
    items = response.submission.items;
    assert_true(items[1].has_id);
    assert_true(mun_hash_eq(&items[1].id, &anchored->entry.id));
    assert_int_equal(items[1].leaf_count, MUN_TEST_PUBLISHED);
    assert_memory_equal(items[1].leaves, anchored->leaves,
                        MUN_TEST_PUBLISHED * sizeof anchored->leaves[0]);
    assert_false(items[2].has_id);
    assert_int_equal(items[2].outcome, MUN_RPC_REFUSED);
    items[0].outcome = MUN_RPC_FINAL;
    items[0].height = 1;
    items[1].outcome = MUN_RPC_BUSY;
    items[3].outcome = MUN_RPC_PENDING;
    finish();
    expect_status(202);
    results = mun_json_get(answer, "results");
    assert_true(mun_json_string_is(
        mun_json_get(mun_json_at(results, 0), "result"), "final"));
    assert_true(mun_json_string_is(
        mun_json_get(mun_json_at(results, 2), "result"), "refused"));
    assert_true(mun_json_is(mun_json_get(mun_json_at(results, 2), "id"),
                            MUN_JSON_NULL));
}

static void
one_entry_is_answered_by_status(void **state)
{
    const struct mun_entry *entry = &node.entries[0].checked->entry;
    struct mun_rpc_item *item;
    struct mun_wr wr;

    (void)state;
    for (int i = 0; i < 4; i++) {
        mun_wr_init(&wr, body_bytes, sizeof body_bytes);
        put_item(&wr, entry->bytes, NULL, 0);
        submit(mun_wr_done(&wr), "");
        assert_int_equal(response.next, MUN_RPC_SUBMIT);
        item = response.submission.items;
        item->outcome = (enum mun_rpc_outcome)i;
        item->refusal = MUN_REFUSAL_STATUS_CONFLICT;
        finish();
        if (i == MUN_RPC_REFUSED) {
            expect_status(422);
            assert_string_equal(member_text("type"),
                                "urn:muniment:refusal:STATUS_CONFLICT");
            assert_int_equal(member_u64("number"), 72);
            assert_string_equal(member_text("entry"), hex(&entry->id));
        } else if (i == MUN_RPC_BUSY) {
            check_problem(503, "BUSY");
        } else {
            expect_status(i == MUN_RPC_PENDING ? 202 : 200);
        }
    }
}

static void
bodies_that_are_no_entries_are_refused(void **state)
{
    struct mun_bytes body;
    struct mun_wr wr;

    (void)state;
    submit(MUN_BYTES_NONE, "");
    check_problem(400, "BAD_BODY");
    mun_wr_init(&wr, body_bytes, sizeof body_bytes);
    put_item(&wr, node.entries[0].checked->entry.bytes, NULL, 0);
    body = mun_wr_done(&wr);
    for (size_t len = 1; len < body.len; len++) {
        submit(mun_bytes(body.data, len), "");
        check_problem(400, "BAD_BODY");
    }
    memset(body_bytes, 0, 8);
    memset(body_bytes + 4, 0xff, 4);
    submit(mun_bytes(body_bytes, 8), "");
    check_problem(400, "BAD_BODY");
    memset(body_bytes, 0, sizeof body_bytes);
    submit(mun_bytes(body_bytes, (size_t)8 * MUN_RPC_ITEMS_MAX), "");
    assert_int_equal(response.next, MUN_RPC_SUBMIT);
    finish();
    expect_status(200);
    submit(mun_bytes(body_bytes, (size_t)8 * MUN_RPC_ITEMS_MAX + 8), "");
    check_problem(400, "TOO_MANY_ENTRIES");
    submit(body, "wait=60001");
    check_problem(400, "BAD_NUMBER");
    post("/v1/entries", "application/json", body);
    check_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    post("/v1/entries", "application/octet-streams", body);
    check_problem(415, "UNSUPPORTED_MEDIA_TYPE");
    post("/v1/entries", "", body);
    check_problem(415, "UNSUPPORTED_MEDIA_TYPE");
}

/* Waiting */

static void
the_head_waits_for_a_block_above(void **state)
{
    struct mun_rpc_request request = {
        .method = MUN_RPC_GET,
        .path = mun_bytes_str("/v1/head"),
        .query = mun_bytes_str("after=6&wait=250"),
        .has_waited = true,
    };

    (void)state;
    get_query("/v1/head", "after=6&wait=250");
    assert_int_equal(response.next, MUN_RPC_WAIT);
    assert_int_equal(response.wait_height, 6);
    assert_int_equal(response.wait_ms, 250);
    get_query("/v1/head", "after=5&wait=250");
    expect_status(200);
    get_query("/v1/head", "after=6&wait=0");
    expect_status(200);
    handle(&request);
    expect_status(200);
    get_query("/v1/head", "wait=250");
    check_problem(400, "MISSING_ARGUMENT");
}

/* What is not spelled right */

static void
paths_are_taken_literally(void **state)
{
    static const char *const missing[] = {
        "",          "/",          "/v1",        "/v1/",        "/v1/heads",
        "/v1/head/", "//v1/head",  "/V1/head",   "/v1//head",   "/v1/parties/",
        "/v1/hea",   "/v1/./head", "/v1/%68ead", "/v1/lists/a",
    };
    struct mun_rpc_request request = { .method = MUN_RPC_GET };

    (void)state;
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        get(missing[i]);
        check_problem(404, "NOT_FOUND");
    }
    request.path = mun_bytes("/v1/head\0", 9);
    handle(&request);
    check_problem(404, "NOT_FOUND");
    request.path = MUN_BYTES_NONE;
    handle(&request);
    check_problem(404, "NOT_FOUND");
}

static void
names_and_numbers_have_one_spelling(void **state)
{
    const char *good = hex(&node.published[0]);
    char upper[65] = "";

    (void)state;
    memcpy(upper, good, 65);
    for (char *at = upper; *at != '\0'; at++)
        if (*at >= 'a')
            *at = (char)(*at - 32);
    get(text_of("/v1/verdicts/%s", upper));
    check_problem(400, "BAD_NAME");
    get(text_of("/v1/verdicts/%s0", good));
    check_problem(400, "BAD_NAME");
    get(text_of("/v1/verdicts/%.63s", good));
    check_problem(400, "BAD_NAME");
    get(text_of("/v1/keys/%s", good));
    check_problem(400, "BAD_NAME");
    get(text_of("/v1/lists/%s/a%%2Fb", good));
    check_problem(400, "BAD_LABEL");
    get(text_of("/v1/lists/%s/.a", good));
    check_problem(400, "BAD_LABEL");
    get(text_of("/v1/lists/%s/%s", good, good));
    check_problem(400, "BAD_LABEL");
    get(text_of("/v1/verdicts/%s/00", good));
    check_problem(400, "BAD_NUMBER");
    get(text_of("/v1/verdicts/%s/1048576", good));
    check_problem(400, "BAD_NUMBER");
    get("/v1/headers/-1");
    check_problem(400, "BAD_NUMBER");
    get("/v1/headers/+1");
    check_problem(400, "BAD_NUMBER");
    get("/v1/headers/9007199254740992");
    check_problem(400, "BAD_NUMBER");
    get("/v1/headers/18446744073709551616");
    check_problem(400, "BAD_NUMBER");
}

static void
queries_have_one_spelling(void **state)
{
    static const struct {
        const char *query;
        const char *code;
    } bad[] = {
        { "limits=1", "UNKNOWN_ARGUMENT" },
        { "Limit=1", "UNKNOWN_ARGUMENT" },
        { "%6cimit=1", "UNKNOWN_ARGUMENT" },
        { "=1", "UNKNOWN_ARGUMENT" },
        { "&", "UNKNOWN_ARGUMENT" },
        { "limit=1&&q=a", "UNKNOWN_ARGUMENT" },
        { "limit=1&limit=1", "DUPLICATE_ARGUMENT" },
        { "limit", "BAD_ARGUMENT" },
        { "limit=", "BAD_ARGUMENT" },
        { "limit=1&", "BAD_ARGUMENT" },
        { "q=%", "BAD_ARGUMENT" },
        { "q=%4", "BAD_ARGUMENT" },
        { "q=%g0", "BAD_ARGUMENT" },
        { "q=%00", "BAD_ARGUMENT" },
        { "q=a%00b", "BAD_ARGUMENT" },
        { "q=a b", "BAD_ARGUMENT" },
        { "q=\xc3\xa9", "BAD_ARGUMENT" },
        { "q=%C0%AF", "BAD_TEXT" },
        { "q=%ED%A0%80", "BAD_TEXT" },
        { "q=%0A", "BAD_TEXT" },
        { "q=%E2%80%AE", "BAD_TEXT" },
        { "q=+a", "BAD_TEXT" },
        { "limit=0", "BAD_NUMBER" },
        { "limit=1001", "BAD_NUMBER" },
        { "limit=01", "BAD_NUMBER" },
        { "limit=1e3", "BAD_NUMBER" },
        { "limit=%2B1", "BAD_NUMBER" },
        { "after=00", "BAD_NAME" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        get_query("/v1/parties", bad[i].query);
        check_problem(400, bad[i].code);
    }
    get_query("/v1/parties", "limit=%31%30&q=%D1%83");
    expect_status(200);
    get_query("/v1/statistics", "x=1");
    check_problem(400, "UNKNOWN_ARGUMENT");
    get_query("/v1/history", "limit=1");
    check_problem(400, "MISSING_ARGUMENT");
    get_query("/v1/history", text_of("list=%s", hex(&node.sealed_batch)));
    check_problem(400, "BAD_NAME");
    get_query("/v1/history", text_of("list=%s/", hex(&node.sealed_batch)));
    check_problem(400, "BAD_NAME");
    get_query("/v1/history",
              text_of("party=%s&programme=%s", hex(&node.sealed_batch),
                      hex(&node.sealed_batch)));
    check_problem(400, "MISSING_ARGUMENT");
}

static void
long_text_is_refused(void **state)
{
    char query[2 + 201 + 1] = "q=";

    (void)state;
    memset(query + 2, 'a', 201);
    get_query("/v1/parties", query);
    check_problem(400, "BAD_TEXT");
    query[2 + 200] = '\0';
    get_query("/v1/parties", query);
    expect_status(200);
}

static void
other_methods_are_told_which_are_allowed(void **state)
{
    struct mun_rpc_request request = { .method = MUN_RPC_OTHER,
                                       .path = mun_bytes_str("/v1/head") };

    (void)state;
    handle(&request);
    check_problem(405, "METHOD_NOT_ALLOWED");
    assert_string_equal(response.allow, "GET, HEAD");
    get("/v1/entries");
    check_problem(405, "METHOD_NOT_ALLOWED");
    assert_string_equal(response.allow, "POST");
    post("/v1/head", "", MUN_BYTES_NONE);
    check_problem(405, "METHOD_NOT_ALLOWED");
    request.path = mun_bytes_str("/nothing");
    handle(&request);
    check_problem(404, "NOT_FOUND");
}

static void
what_is_not_there_is_404(void **state)
{
    const char *name = hex(&node.head_id);
    const char *paths[] = {
        "/v1/entries/%s",        "/v1/parties/%s",    "/v1/programmes/%s",
        "/v1/accreditations/%s", "/v1/batches/%s",    "/v1/receipts/%s",
        "/v1/receipts/%s/0",     "/v1/verdicts/%s/0", "/v1/lists/%s/a",
        "/v1/lists/%s/a/0",      "/v1/keys/0000%s",   "/v1/headers/7",
        "/v1/status-lists/%s/a", "/v1/blocks/0",      "/v1/blocks/7",
        "/v1/log/tiles/1/0",
    };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const char *gap = strstr(paths[i], "%s");
        if (gap == NULL)
            get(paths[i]);
        else
            get(text_of("%.*s%s%s", (int)(gap - paths[i]), paths[i], name,
                        gap + 2));
        check_problem(404, "NOT_FOUND");
    }
    get_query(text_of("/v1/programmes/%s", hex(&node.world.programme)),
              "version=2");
    check_problem(404, "NOT_FOUND");
}

/* Failures below */

static void
failures_of_the_store_are_ours(void **state)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    static const struct {
        enum mun_err_code code;
        unsigned status;
        const char *name;
    } failures[] = {
        { MUN_ERR_STORE, 500, "STORE" },
        { MUN_ERR_CORRUPT, 500, "CORRUPT" },
        { MUN_ERR_BUSY, 503, "BUSY" },
        { MUN_ERR_LIMIT, 503, "LIMIT" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        const char *const paths[] = {
            "/v1/genesis",
            "/v1/headers/1",
            "/v1/blocks/1",
            "/v1/parties",
            "/v1/statistics",
            "/v1/trust-root",
            "/v1/programmes",
            "/v1/log/tiles/0/0",
            text_of("/v1/verdicts/%s", hex(&node.published[0])),
            text_of("/v1/parties/%s", hex(&issuer)),
            text_of("/v1/status-lists/%s/diplomas", hex(&issuer)),
            text_of("/v1/entries/%s", hex(&issuer)),
        };
        node.failure = failures[i].code;
        for (size_t j = 0; j < sizeof paths / sizeof paths[0]; j++) {
            get(paths[j]);
            check_problem(failures[i].status, failures[i].name);
        }
    }
    node.failure = MUN_OK;
    node.is_ready = false;
    get("/readyz");
    check_problem(503, "NOT_READY");
    node.is_ready = true;
}

/* With less and less memory each answer is right or a 503. */
static void
a_full_arena_is_503(void **state)
{
    static uint8_t memory[1u << 18];
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    const char *const paths[] = {
        text_of("/v1/verdicts/%s", hex(&node.published[0])),
        text_of("/v1/receipts/%s", hex(&node.published[0])),
        text_of("/v1/status-lists/%s/diplomas", hex(&issuer)),
        "/v1/blocks/4",
    };

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        for (size_t size = 0; size <= sizeof memory; size += 1021) {
            struct mun_rpc_request request = { .method = MUN_RPC_GET,
                                               .path =
                                                   mun_bytes_str(paths[i]) };
            struct mun_arena small;

            mun_arena_init(&small, memory, size);
            mun_rpc_handle(&node.backend, &small, &request, &response);
            assert_int_equal(node.readers, 0);
            if (response.status != 200)
                assert_int_equal(response.status, 503);
            assert_true(response.body.len > 0);
            mun_arena_reset(&small, 0);
        }
        assert_int_equal(response.status, 200);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_and_argument_is_in_the_document),
        cmocka_unit_test(every_operation_of_the_document_is_routed),
        cmocka_unit_test(chain_answers),
        cmocka_unit_test(a_run_of_blocks_is_cut_at_the_newest),
        cmocka_unit_test(registers_answer),
        cmocka_unit_test(pages_hold_each_item_once),
        cmocka_unit_test(programmes_are_narrowed),
        cmocka_unit_test(text_is_found_in_either_case),
        cmocka_unit_test(the_log_answers),
        cmocka_unit_test(proofs_in_the_log_are_right),
        cmocka_unit_test(records_are_proven),
        cmocka_unit_test(verdicts_say_what_the_ledger_says),
        cmocka_unit_test(many_verdicts_come_in_order),
        cmocka_unit_test(a_thousand_verdicts_fit_and_no_more),
        cmocka_unit_test(receipts_are_served),
        cmocka_unit_test(served_receipts_verify),
        cmocka_unit_test(status_lists_have_a_bit_for_each_slot),
        cmocka_unit_test(published_status_lists_have_our_form),
        cmocka_unit_test(entries_are_handed_on_and_answered),
        cmocka_unit_test(one_entry_is_answered_by_status),
        cmocka_unit_test(bodies_that_are_no_entries_are_refused),
        cmocka_unit_test(the_head_waits_for_a_block_above),
        cmocka_unit_test(paths_are_taken_literally),
        cmocka_unit_test(names_and_numbers_have_one_spelling),
        cmocka_unit_test(queries_have_one_spelling),
        cmocka_unit_test(long_text_is_refused),
        cmocka_unit_test(other_methods_are_told_which_are_allowed),
        cmocka_unit_test(what_is_not_there_is_404),
        cmocka_unit_test(failures_of_the_store_are_ours),
        cmocka_unit_test(a_full_arena_is_503),
    };

    return cmocka_run_group_tests(tests, open_all, close_all);
}
