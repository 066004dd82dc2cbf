#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "genesis/genesis_json.h"
#include "ledger/base/encode.h"
#include "ledger/core/exec.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/receipt.h"
#include "ledger/core/record.h"
#include "ledger/json/credential.h"
#include "ledger/json/jcs.h"
#include "ledger/json/receipt_file.h"

/* The committed vectors, recomputed through the library; their fields are put
 * together by the tables below, which were written after ledger/README.md. */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARENA_BYTES (512u << 20)
#define FILE_BYTES_MAX (1u << 20)

static struct mun_arena arena;

static void *
take(size_t size)
{
    void *out = mun_arena_alloc(&arena, size);

    assert_non_null(out);
    return out;
}

static int
reset(void **state)
{
    (void)state; /* cmocka's */
    mun_arena_reset(&arena, 0);
    return 0;
}

/* Reading */

/* With a zero behind. */
static struct mun_bytes
read_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data = take(FILE_BYTES_MAX);
    size_t len;
    FILE *in;

    assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) <
                (int)sizeof path);
    in = fopen(path, "rb");
    if (in == NULL)
        fail_msg("no file %s", path);
    len = fread(data, 1, FILE_BYTES_MAX - 1, in);
    assert_true(len < FILE_BYTES_MAX - 1);
    data[len] = '\0';
    assert_int_equal(fclose(in), 0);
    return mun_bytes(data, len);
}

static struct mun_json *
load(const char *name)
{
    struct mun_bytes text = read_file(MUN_TEST_DIR "/vectors", name);
    struct mun_json_err why;
    struct mun_json *doc = NULL;

    if (!mun_is_ok(mun_json_parse(&doc, &why, text, NULL)))
        fail_msg("%s: %s", name, why.text);
    assert_true(mun_json_string(mun_json_get(doc, "description")).len > 0);
    assert_true(mun_json_size(mun_json_get(doc, "vectors")) > 0);
    return doc;
}

static const struct mun_json *
get(const struct mun_json *object, const char *key)
{
    const struct mun_json *value = mun_json_get(object, key);

    if (value == NULL)
        fail_msg("no member %s", key);
    return value;
}

static struct mun_bytes
text_of(const struct mun_json *object, const char *key)
{
    struct mun_bytes text = mun_json_string(get(object, key));

    assert_non_null(text.data);
    return text;
}

static const char *
string_of(const struct mun_json *object, const char *key)
{
    return (const char *)text_of(object, key).data;
}

static uint64_t
u64_of(const struct mun_json *object, const char *key)
{
    uint64_t value;

    if (!mun_json_u64(&value, get(object, key)))
        fail_msg("%s is no integer", key);
    return value;
}

static bool
bool_of(const struct mun_json *object, const char *key)
{
    bool value;

    if (!mun_json_bool(&value, get(object, key)))
        fail_msg("%s is not true or false", key);
    return value;
}

static struct mun_bytes
hex_value(const struct mun_json *value)
{
    struct mun_bytes text = mun_json_string(value);
    uint8_t *out = take(text.len / 2 + 1);

    assert_non_null(text.data);
    assert_true(mun_is_ok(mun_hex_decode(out, text.len / 2, text)));
    return mun_bytes(out, text.len / 2);
}

static struct mun_bytes
hex_of(const struct mun_json *object, const char *key)
{
    return hex_value(get(object, key));
}

static struct mun_hash
hash_value(const struct mun_json *value)
{
    struct mun_bytes bytes = hex_value(value);
    struct mun_hash out;

    assert_int_equal(bytes.len, sizeof out.b);
    memcpy(out.b, bytes.data, sizeof out.b);
    return out;
}

static struct mun_hash
hash_of(const struct mun_json *object, const char *key)
{
    return hash_value(get(object, key));
}

/* The hashes of an array. Shape: *count is set. */
static struct mun_hash *
hashes_of(const struct mun_json *object, const char *key, size_t *count)
{
    const struct mun_json *array = get(object, key);
    struct mun_hash *out = take(mun_json_size(array) * sizeof *out + 1);

    *count = mun_json_size(array);
    for (size_t i = 0; i < *count; i++)
        out[i] = hash_value(mun_json_at(array, i));
    return out;
}

/* Comparing with a member */

static void
same_bytes(const struct mun_json *object, const char *key,
           struct mun_bytes found)
{
    struct mun_bytes wanted = hex_of(object, key);

    if (!mun_bytes_eq(wanted, found))
        fail_msg("%s differs", key);
}

static void
same_hash(const struct mun_json *object, const char *key,
          const struct mun_hash *found)
{
    same_bytes(object, key, mun_bytes(found->b, sizeof found->b));
}

static void
same_tagged(const struct mun_json *object, const char *key, enum mun_tag tag,
            struct mun_bytes data)
{
    struct mun_hash found;

    mun_hash_tagged(&found, tag, data);
    same_hash(object, key, &found);
}

/* Fields, put together by tables */

/* type: 1 2 4 8 integers of that many bytes, b bool, x bytes in hex, s and t
 * text behind a length of 1 or 2 bytes, l, L and n lists behind a count of 1 or
 * 2 bytes or none, { the fields of `sub`. A list's `sub` of one field without a
 * name is of such values and not of objects. */
struct field {
    const char *name;
    const struct field *sub;
    char type;
    bool is_optional;
};

/* clang-format off */
#define ONE(name, type) { name, NULL, type, false }
#define SUB(name, type, sub) { name, sub, type, false }
#define MAY(name, type) { name, NULL, type, true }
#define END { NULL, NULL, 0, false }
#define HEAD                                                                   \
    ONE("type", '1'), ONE("version", '1'), ONE("since_height", '8'),           \
    ONE("since_time", '8')

static const struct field f_hash[] = {
    ONE(NULL, 'x'), END
};
static const struct field f_text8[] = {
    ONE(NULL, 's'), END
};
static const struct field f_text16[] = {
    ONE(NULL, 't'), END
};
static const struct field f_keys[] = {
    ONE("key", 'x'), ONE("purposes", '1'), END
};
static const struct field f_levels[] = {
    ONE("framework", 's'), ONE("level", 's'), END
};
static const struct field f_fields[] = {
    ONE("scheme", 's'), ONE("code", 's'), END
};
static const struct field f_titles[] = {
    ONE("language", 's'), ONE("text", 't'), END
};
static const struct field f_scope[] = {
    SUB("levels", 'l', f_levels), SUB("fields", 'l', f_fields),
    ONE("award_kinds", '4'), SUB("jurisdictions", 'l', f_text8),
    ONE("credit_system", 's'), ONE("credit_min", '4'), ONE("credit_max", '4'),
    ONE("sub_depth", '1'), END
};
static const struct field f_description[] = {
    ONE("version", '1'), SUB("titles", 'l', f_titles),
    SUB("levels", 'l', f_levels), SUB("fields", 'l', f_fields),
    ONE("award_kind", '1'), ONE("credit_system", 's'), ONE("credits", '4'),
    ONE("workload_hours", '4'), ONE("assessment", 't'),
    ONE("participation", '1'), ONE("quality", 't'),
    SUB("languages", 'l', f_text8), ONE("jurisdiction", 's'), ONE("url", 't'),
    SUB("outcomes", 'l', f_text16), ONE("outcomes_digest", 'x'),
    SUB("partners", 'l', f_text16), SUB("part_of", 'l', f_text16), END
};
static const struct field f_party[] = {
    ONE("id", 'x'), ONE("roles", '1'), ONE("name", 't'), ONE("country", 's'),
    ONE("url", 't'), SUB("keys", 'l', f_keys), END
};
static const struct field f_genesis[] = {
    ONE("version", '1'), ONE("name", 't'), ONE("time", '8'),
    ONE("rules_version", '2'), ONE("max_age", '8'),
    SUB("parties", 'l', f_party), END
};
static const struct field f_member[] = {
    ONE("party", 'x'), ONE("key", 'x'), END
};
static const struct field f_header[] = {
    ONE("version", '1'), ONE("rules_version", '2'), ONE("chain_id", 'x'),
    ONE("height", '8'), ONE("time", '8'), ONE("previous", 'x'),
    ONE("certificate_hash", 'x'), ONE("entries_hash", 'x'),
    ONE("log_size", '8'), ONE("log_root", 'x'), ONE("state_root", 'x'),
    ONE("members_hash", 'x'), ONE("next_members_hash", 'x'), END
};
static const struct field f_log_leaf[] = {
    ONE("type", '1'), ONE("height", '8'), ONE("time", '8'),
    ONE("position", '4'), ONE("subject", 'x'), ONE("effects_root", 'x'), END
};
static const struct field f_opening[] = {
    ONE("version", '1'), ONE("salt", 'x'), ONE("digest", 'x'),
    ONE("format", '1'), ONE("programme", 'x'), ONE("programme_version", '2'),
    ONE("label", 's'), ONE("slot", '4'), ONE("valid_from", '8'),
    ONE("valid_until", '8'), ONE("assurance", '1'), END
};
/* The signatures stand without a count. */
static const struct field f_certificate[] = {
    ONE("height", '8'), ONE("round", '4'), ONE("header_id", 'x'),
    ONE("member_count", '1'), ONE("bitmap", 'x'),
    SUB("signatures", 'n', f_hash), END
};
static const struct field f_register_party[] = {
    ONE("sponsor", 'x'), ONE("sponsor_accreditation", 'x'), ONE("name", 't'),
    ONE("country", 's'), ONE("url", 't'), ONE("recovery", 'x'),
    SUB("keys", 'l', f_keys), END
};
static const struct field f_retire_key[] = {
    ONE("key", 'x'), END
};
static const struct field f_accredit[] = {
    ONE("subject", 'x'), ONE("parent", 'x'), ONE("tier", '1'),
    ONE("basis", 't'), ONE("from", '8'), ONE("until", '8'),
    SUB("scope", '{', f_scope), END
};
static const struct field f_standing[] = {
    ONE("accreditation", 'x'), ONE("reason", '1'), END
};
static const struct field f_withdraw[] = {
    ONE("accreditation", 'x'), ONE("reason", '1'), ONE("void_since", '8'), END
};
static const struct field f_register_programme[] = {
    ONE("code", 's'), SUB("description", '{', f_description), END
};
static const struct field f_anchor[] = {
    ONE("label", 's'), ONE("base", '4'), ONE("count", '4'), ONE("root", 'x'),
    ONE("programme", 'x'), ONE("version", '2'), ONE("published", 'b'),
    SUB("accreditations", 'l', f_hash), END
};
static const struct field f_change[] = {
    ONE("index", '4'), ONE("action", '1'), ONE("reason", '1'),
    ONE("if_since", '8'), MAY("superseded_by", 'x'), MAY("extended_until", '8'),
    END
};
static const struct field f_change_status[] = {
    ONE("label", 's'), SUB("changes", 'L', f_change), END
};
static const struct field f_record_party[] = {
    HEAD, ONE("party", 'x'), ONE("roles", '1'), ONE("status", '1'),
    ONE("name", 't'), ONE("country", 's'), ONE("url", 't'), ONE("sponsor", 'x'),
    ONE("recovery", 'x'), ONE("registered_by", 'x'), ONE("govern_keys", '1'),
    END
};
static const struct field f_record_key[] = {
    HEAD, ONE("key", 'x'), ONE("party", 'x'), ONE("purposes", '1'),
    ONE("status", '1'), ONE("added_by", 'x'), ONE("added_height", '8'),
    ONE("added_time", '8'), ONE("ended_time", '8'),
    ONE("compromised_since", '8'), END
};
static const struct field f_record_accreditation[] = {
    HEAD, ONE("entry", 'x'), ONE("accreditor", 'x'), ONE("subject", 'x'),
    ONE("parent", 'x'), ONE("depth", '1'), ONE("granting_key", 'x'),
    ONE("granted_height", '8'), ONE("granted_time", '8'), ONE("status", '1'),
    ONE("status_time", '8'), ONE("void_since", '8'), ONE("reason", '1'),
    ONE("changed_by", 'x'), ONE("tier", '1'), ONE("basis", 't'),
    ONE("from", '8'), ONE("until", '8'), SUB("scope", '{', f_scope), END
};
static const struct field f_record_programme[] = {
    HEAD, ONE("programme", 'x'), ONE("issuer", 'x'), ONE("code", 's'),
    ONE("latest_version", '2'), ONE("status", '1'), ONE("listing", '1'),
    ONE("next_review", '8'), END
};
static const struct field f_record_version[] = {
    HEAD, ONE("programme", 'x'), ONE("programme_version", '2'),
    SUB("description", '{', f_description), END
};
static const struct field f_record_list[] = {
    HEAD, ONE("issuer", 'x'), ONE("label", 's'), ONE("count", '4'),
    ONE("status", '1'), END
};
static const struct field f_record_slot[] = {
    HEAD, ONE("issuer", 'x'), ONE("label", 's'), ONE("index", '4'),
    ONE("status", '1'), ONE("reason", '1'), ONE("superseded_by", 'x'),
    ONE("extended_until", '8'), ONE("key", 'x'), ONE("before_status", '1'),
    ONE("before_extended", '8'), END
};
static const struct field f_record_batch[] = {
    HEAD, ONE("issuer", 'x'), ONE("root", 'x'), ONE("entry", 'x'),
    ONE("label", 's'), ONE("base", '4'), ONE("count", '4'),
    ONE("programme", 'x'), ONE("programme_version", '2'), ONE("published", 'b'),
    END
};

#undef ONE
#undef SUB
#undef MAY
#undef END
#undef HEAD
/* clang-format on */

static const struct field *const f_records[] = {
    [MUN_RECORD_PARTY] = f_record_party,
    [MUN_RECORD_KEY] = f_record_key,
    [MUN_RECORD_ACCREDITATION] = f_record_accreditation,
    [MUN_RECORD_PROGRAMME] = f_record_programme,
    [MUN_RECORD_PROGRAMME_VERSION] = f_record_version,
    [MUN_RECORD_LIST] = f_record_list,
    [MUN_RECORD_SLOT] = f_record_slot,
    [MUN_RECORD_BATCH] = f_record_batch,
};

static const struct {
    uint64_t kind;
    const struct field *fields;
} payloads[] = {
    { MUN_KIND_REGISTER_PARTY, f_register_party },
    { MUN_KIND_ADD_KEY, f_keys },
    { MUN_KIND_RETIRE_KEY, f_retire_key },
    { MUN_KIND_ACCREDIT, f_accredit },
    { MUN_KIND_SUSPEND, f_standing },
    { MUN_KIND_REINSTATE, f_standing },
    { MUN_KIND_WITHDRAW, f_withdraw },
    { MUN_KIND_REGISTER_PROGRAMME, f_register_programme },
    { MUN_KIND_ANCHOR, f_anchor },
    { MUN_KIND_CHANGE_STATUS, f_change_status },
};

static void
put_integer(struct mun_wr *wr, unsigned width, const struct mun_json *value)
{
    uint64_t number;

    assert_true(mun_json_u64(&number, value));
    assert_true(width == 8 || number >> (8 * width) == 0);
    for (unsigned i = width; i > 0; i--)
        mun_wr_u8(wr, (uint8_t)(number >> (8 * (i - 1))));
}

static void
put_value(struct mun_wr *wr, char type, const struct mun_json *value)
{
    struct mun_bytes text = mun_json_string(value);
    bool flag;

    switch (type) {
    case '1':
    case '2':
    case '4':
    case '8':
        put_integer(wr, (unsigned)(type - '0'), value);
        return;
    case 'b':
        assert_true(mun_json_bool(&flag, value));
        mun_wr_u8(wr, flag ? 1 : 0);
        return;
    case 'x':
        mun_wr_run(wr, hex_value(value));
        return;
    case 's':
        assert_non_null(text.data);
        mun_wr_u8(wr, (uint8_t)text.len);
        mun_wr_run(wr, text);
        return;
    case 't':
        assert_non_null(text.data);
        mun_wr_u16(wr, (uint16_t)text.len);
        mun_wr_run(wr, text);
        return;
    default:
        fail_msg("no type %c", type);
    }
}

/* An object or a list of which a part is written. */
struct level {
    const struct mun_json *value;
    const struct field *at; /* an object's next field; a list's items */
    bool is_list;
    size_t index; /* items or members done */
};

/* One step; true when `next` is to be written before the level goes on. */
static bool
step(struct mun_wr *wr, struct level *level, struct level *next)
{
    const struct field *field = level->at;
    const struct mun_json *value;

    if (level->is_list) {
        value = mun_json_at(level->value, level->index++);
        *next = (struct level){ value, field, false, 0 };
        if (field->name != NULL)
            return true;
        put_value(wr, field->type, value);
        return false;
    }
    level->at++;
    value = mun_json_get(level->value, field->name);
    if (value == NULL && field->is_optional)
        return false;
    if (value == NULL)
        fail_msg("no field %s", field->name);
    level->index++;
    *next = (struct level){ value, field->sub, field->type != '{', 0 };
    if (field->type == 'l')
        mun_wr_u8(wr, (uint8_t)mun_json_size(value));
    if (field->type == 'L')
        mun_wr_u16(wr, (uint16_t)mun_json_size(value));
    if (field->sub != NULL)
        return true;
    put_value(wr, field->type, value);
    return false;
}

static bool
is_over(const struct level *level)
{
    if (level->is_list)
        return level->index == mun_json_size(level->value);
    return level->at->name == NULL;
}

/* The bytes of an object's fields, and of no other member. */
static struct mun_bytes
put_fields(const struct mun_json *object, const struct field *fields)
{
    struct level levels[16] = { { object, fields, false, 0 } };
    uint8_t *buffer = take(65536);
    size_t depth = 1;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, 65536);
    while (depth > 0) {
        struct level *level = &levels[depth - 1];

        if (is_over(level)) {
            assert_int_equal(level->index, mun_json_size(level->value));
            depth--;
        } else if (step(&wr, level, &levels[depth])) {
            depth++;
            assert_true(depth < COUNT(levels));
        }
    }
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

static void
same_fields(const struct mun_json *vector, const char *key,
            const struct field *fields, const char *bytes)
{
    same_bytes(vector, bytes, put_fields(get(vector, key), fields));
}

/* hashes */

static int
find_tag(const struct mun_json *name)
{
    if (mun_json_is(name, MUN_JSON_NULL))
        return -1;
    for (int tag = 0; tag < (int)MUN_TAG_COUNT; tag++) {
        if (mun_json_string_is(name, mun_tag_text((enum mun_tag)tag)))
            return tag;
    }
    fail_msg("unknown tag");
    return -1;
}

static void
hashes_of_every_tag_are_right(void **state)
{
    struct mun_json *doc = load("hashes.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");
    unsigned seen[MUN_TAG_COUNT + 1] = { 0 };

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        const struct mun_json *vector = mun_json_at(vectors, i);
        struct mun_bytes input = hex_of(vector, "input");
        int tag = find_tag(get(vector, "tag"));
        struct mun_hash found;

        seen[tag + 1]++;
        if (tag < 0)
            mun_hash_sha256(&found, input);
        else
            mun_hash_tagged(&found, (enum mun_tag)tag, input);
        same_hash(vector, "digest", &found);
    }
    for (size_t i = 0; i < COUNT(seen); i++)
        assert_int_equal(seen[i], 2);
    mun_json_close(doc);
}

/* jcs */

static void
check_jcs(const struct mun_json *vector)
{
    struct mun_json *value = NULL;
    struct mun_json_buf buf;
    struct mun_hash digest;
    mun_err_t err =
        mun_json_parse(&value, NULL, text_of(vector, "input"), NULL);

    assert_int_equal(mun_is_ok(err), bool_of(vector, "valid"));
    if (!mun_is_ok(err))
        return;
    mun_json_buf_init(&buf, 65536);
    assert_true(mun_is_ok(mun_jcs_write(&buf, value)));
    assert_true(mun_bytes_eq(mun_bytes(buf.data, buf.used),
                             text_of(vector, "canonical")));
    mun_hash_sha256(&digest, mun_bytes(buf.data, buf.used));
    same_hash(vector, "digest", &digest);
    mun_json_buf_fini(&buf);
    mun_json_close(value);
}

static void
canonical_json_is_right(void **state)
{
    struct mun_json *doc = load("jcs.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++)
        check_jcs(mun_json_at(vectors, i));
    mun_json_close(doc);
}

/* commitment */

static void
check_commitment(const struct mun_json *vector)
{
    struct mun_bytes bytes = hex_of(vector, "opening");
    uint8_t buffer[MUN_OPENING_BYTES_MAX];
    struct mun_opening opening;
    struct mun_hash found;
    struct mun_wr wr;
    mun_err_t err = mun_opening_decode(&opening, bytes);

    assert_int_equal(mun_is_ok(err), bool_of(vector, "valid"));
    if (!mun_is_ok(err))
        return;
    struct mun_hash seed = hash_of(vector, "seed");
    mun_opening_salt(&found, &seed, (uint32_t)u64_of(vector, "slot"));
    same_hash(vector, "salt", &found);
    assert_true(mun_hash_eq(&found, &opening.salt));
    same_fields(vector, "fields", f_opening, "opening");
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_opening_encode(&wr, &opening);
    same_bytes(vector, "opening", mun_wr_done(&wr));
    mun_opening_commitment(&found, &opening);
    same_hash(vector, "commitment", &found);
}

static void
commitments_are_right(void **state)
{
    struct mun_json *doc = load("commitment.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++)
        check_commitment(mun_json_at(vectors, i));
    mun_json_close(doc);
}

/* merkle */

static void
check_tree(const struct mun_json *vector)
{
    size_t count;
    struct mun_hash *data = hashes_of(vector, "leaves", &count);
    struct mun_frontier frontier;
    struct mun_hash root;

    assert_int_equal(count, u64_of(vector, "size"));
    mun_merkle_root32(&root, data, count);
    same_hash(vector, "root", &root);
    mun_frontier_init(&frontier);
    for (size_t i = 0; i < count; i++) {
        struct mun_hash leaf;

        mun_merkle_leaf(&leaf, mun_bytes(data[i].b, sizeof data[i].b));
        mun_frontier_append(&frontier, &leaf);
    }
    mun_frontier_root(&frontier, &root);
    same_hash(vector, "root", &root);
}

static void
check_inclusion(const struct mun_json *vector)
{
    struct mun_hash root = hash_of(vector, "root");
    struct mun_hash leaf;
    size_t len;
    struct mun_hash *path = hashes_of(vector, "path", &len);

    mun_merkle_leaf(&leaf, hex_of(vector, "leaf"));
    assert_int_equal(mun_is_ok(mun_merkle_verify_inclusion(
                         &leaf, u64_of(vector, "index"), u64_of(vector, "size"),
                         path, len, &root)),
                     bool_of(vector, "valid"));
}

static void
check_consistency(const struct mun_json *vector)
{
    struct mun_merkle_head old_head = { u64_of(vector, "old_size"),
                                        hash_of(vector, "old_root") };
    struct mun_merkle_head new_head = { u64_of(vector, "new_size"),
                                        hash_of(vector, "new_root") };
    size_t len;
    struct mun_hash *path = hashes_of(vector, "path", &len);

    assert_int_equal(mun_is_ok(mun_merkle_verify_consistency(
                         &old_head, &new_head, path, len)),
                     bool_of(vector, "valid"));
}

static void
history_trees_are_right(void **state)
{
    struct mun_json *doc = load("merkle.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        const struct mun_json *vector = mun_json_at(vectors, i);
        const struct mun_json *kind = get(vector, "kind");

        if (mun_json_string_is(kind, "tree"))
            check_tree(vector);
        else if (mun_json_string_is(kind, "inclusion"))
            check_inclusion(vector);
        else if (mun_json_string_is(kind, "consistency"))
            check_consistency(vector);
        else
            fail_msg("unknown kind");
    }
    mun_json_close(doc);
}

/* state */

static struct mun_state *
open_state(void)
{
    struct mun_state_config config = { 1024, 1u << 20 };
    uint8_t *memory = take(mun_state_footprint(&config) + 64);

    memory += (64 - (uintptr_t)memory % 64) % 64;
    return mun_state_init(memory, &config);
}

static void
hash_pair(struct mun_hash *out, enum mun_tag tag, const struct mun_hash *one,
          const struct mun_hash *other)
{
    struct mun_sha256 sha;

    mun_sha256_init_tagged(&sha, tag);
    mun_sha256_update(&sha, one->b, sizeof one->b);
    mun_sha256_update(&sha, other->b, sizeof other->b);
    mun_sha256_final(&sha, out);
}

static void
put_records(struct mun_state *tree, const struct mun_json *vector)
{
    const struct mun_json *records = get(vector, "records");

    mun_overlay_begin(tree);
    for (size_t i = 0; i < mun_json_size(records); i++) {
        const struct mun_json *record = mun_json_at(records, i);
        struct mun_hash key = hash_of(record, "key");
        struct mun_hash value_hash = hash_of(record, "value_hash");
        struct mun_hash leaf;

        same_tagged(record, "value_hash", MUN_TAG_RECORD_VALUE,
                    hex_of(record, "value"));
        hash_pair(&leaf, MUN_TAG_STATE_LEAF, &key, &value_hash);
        same_hash(record, "leaf", &leaf);
        assert_true(
            mun_is_ok(mun_overlay_put(tree, &key, hex_of(record, "value"))));
    }
    mun_overlay_commit(tree);
}

static void
check_shown(const struct mun_multiproof *proof, const struct mun_json *shown)
{
    static const char *const words[] = { [MUN_NOT_SHOWN] = "not_shown",
                                         [MUN_ABSENT] = "absent",
                                         [MUN_PRESENT] = "present" };
    struct mun_hash key = hash_of(shown, "key");
    struct mun_bytes value;
    enum mun_presence presence = mun_multiproof_get(proof, &key, &value);

    assert_string_equal(string_of(shown, "presence"), words[presence]);
    if (presence == MUN_PRESENT)
        same_bytes(shown, "value", value);
}

static void
check_proof(const struct mun_state *tree, const struct mun_json *vector,
            const struct mun_hash *root)
{
    const struct mun_json *shows = get(vector, "shows");
    uint8_t *buffer = take(16384);
    size_t count;
    struct mun_hash *asked = hashes_of(vector, "asked", &count);
    struct mun_multiproof proof;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, 16384);
    assert_true(mun_is_ok(mun_multiproof_make(&wr, tree, asked, count)));
    same_bytes(vector, "proof", mun_wr_done(&wr));
    assert_true(mun_is_ok(
        mun_multiproof_open(&proof, &arena, hex_of(vector, "proof"), root)));
    for (size_t i = 0; i < mun_json_size(shows); i++)
        check_shown(&proof, mun_json_at(shows, i));
}

static void
check_state(const struct mun_json *vector)
{
    const struct mun_json *proofs = get(vector, "proofs");
    const struct mun_json *refused = get(vector, "refused");
    struct mun_state *tree = open_state();
    struct mun_hash root;

    put_records(tree, vector);
    mun_state_root(tree, &root);
    same_hash(vector, "root", &root);
    for (size_t i = 0; i < mun_json_size(proofs); i++)
        check_proof(tree, mun_json_at(proofs, i), &root);
    for (size_t i = 0; i < mun_json_size(refused); i++) {
        const struct mun_json *one = mun_json_at(refused, i);
        struct mun_hash claimed = hash_of(one, "root");
        struct mun_multiproof proof;

        assert_false(mun_is_ok(mun_multiproof_open(
            &proof, &arena, hex_of(one, "proof"), &claimed)));
    }
}

static void
state_trees_are_right(void **state)
{
    struct mun_json *doc = load("state.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++)
        check_state(mun_json_at(vectors, i));
    mun_json_close(doc);
}

/* genesis */

/* A chain under way. */
struct chain {
    struct mun_state *state;
    struct mun_genesis_chain *start;
    struct mun_header header;
    struct mun_frontier log;
};

static void
same_header(const struct mun_json *vector, const struct mun_header *header)
{
    uint8_t buffer[MUN_HEADER_BYTES];
    struct mun_hash id;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_header_encode(&wr, header);
    same_bytes(vector, "header", mun_wr_done(&wr));
    same_fields(vector, "header_fields", f_header, "header");
    mun_header_id(&id, header);
    same_hash(vector, "header_id", &id);
}

static void
check_genesis_header(const struct mun_json *vector,
                     const struct mun_genesis *genesis)
{
    struct mun_hash genesis_hash = hash_of(vector, "genesis_hash");
    struct mun_hash members_hash = hash_of(vector, "members_hash");
    uint8_t buffer[256];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, 1);
    mun_wr_u16(&wr, genesis->rules_version);
    mun_wr_run(&wr, mun_bytes(genesis_hash.b, 32));
    mun_wr_run(&wr, mun_bytes(members_hash.b, 32));
    mun_wr_u64(&wr, genesis->time_ms);
    mun_wr_u64(&wr, genesis->max_age_ms);
    mun_wr_run16(&wr, genesis->name);
    same_bytes(vector, "genesis_header", mun_wr_done(&wr));
    same_tagged(vector, "chain_id", MUN_TAG_CHAIN, mun_wr_done(&wr));
}

static mun_err_t
check_state_record(void *ctx, const struct mun_hash *key,
                   struct mun_bytes value)
{
    const struct mun_json *records = ((const struct mun_json **)ctx)[0];
    size_t *at = ((size_t **)ctx)[1];
    const struct mun_json *record = mun_json_at(records, (*at)++);

    same_hash(record, "key", key);
    same_bytes(record, "value", value);
    assert_int_equal(u64_of(record, "type"), value.data[0]);
    return MUN_SUCCESS;
}

static void
check_records(const struct mun_json *vector, const struct mun_state *tree)
{
    const struct mun_json *records = get(vector, "records");
    size_t at = 0;
    const void *ctx[] = { records, &at };

    assert_true(mun_is_ok(mun_state_each(tree, check_state_record, ctx)));
    assert_int_equal(at, mun_json_size(records));
}

static void
check_genesis_form(const struct mun_json *vector, struct mun_bytes binary)
{
    struct mun_json_err why;
    struct mun_bytes found;

    assert_true(mun_is_ok(
        mun_genesis_json_compile(&found, &arena, get(vector, "json"), &why)));
    assert_true(mun_bytes_eq(found, binary));
}

static struct chain
open_chain(const struct mun_json *vector)
{
    struct mun_bytes binary = hex_of(vector, "binary");
    struct mun_genesis *genesis = take(sizeof *genesis);
    struct chain out = { .state = open_state(),
                         .start = take(sizeof *out.start) };

    assert_true(mun_is_ok(mun_genesis_decode(genesis, binary)));
    assert_true(
        mun_is_ok(mun_genesis_start(out.start, out.state, genesis, binary)));
    out.header = out.start->header;
    mun_frontier_init(&out.log);
    check_genesis_header(vector, genesis);
    return out;
}

static void
check_genesis(const struct mun_json *vector)
{
    struct mun_bytes binary = hex_of(vector, "binary");
    struct mun_genesis *genesis = take(sizeof *genesis);
    uint8_t *buffer = take(65536);
    struct chain chain;
    struct mun_wr wr;
    mun_err_t err = mun_genesis_decode(genesis, binary);

    assert_int_equal(mun_is_ok(err), bool_of(vector, "valid"));
    if (!mun_is_ok(err))
        return;
    same_fields(vector, "fields", f_genesis, "binary");
    check_genesis_form(vector, binary);
    same_tagged(vector, "genesis_hash", MUN_TAG_GENESIS, binary);
    chain = open_chain(vector);
    same_hash(vector, "chain_id", &chain.start->chain_id);
    mun_wr_init(&wr, buffer, 65536);
    mun_members_encode(&wr, &chain.start->members);
    same_bytes(vector, "member_set", mun_wr_done(&wr));
    same_tagged(vector, "members_hash", MUN_TAG_MEMBERS, mun_wr_done(&wr));
    check_records(vector, chain.state);
    same_hash(vector, "state_root", &chain.header.state_root);
    same_header(vector, &chain.header);
}

/* The array itself is the list's value. */
static void
check_member_fields(const struct mun_json *vector)
{
    const struct mun_json *members = get(vector, "members");
    struct mun_bytes set = hex_of(vector, "member_set");

    assert_int_equal(set.data[0], mun_json_size(members));
    for (size_t i = 0; i < mun_json_size(members); i++) {
        struct mun_bytes found = put_fields(mun_json_at(members, i), f_member);

        assert_int_equal(found.len, 66);
        assert_memory_equal(set.data + 1 + 66 * i, found.data, found.len);
    }
}

static void
genesis_documents_are_right(void **state)
{
    struct mun_json *doc = load("genesis.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        const struct mun_json *vector = mun_json_at(vectors, i);

        check_genesis(vector);
        if (bool_of(vector, "valid"))
            check_member_fields(vector);
    }
    mun_json_close(doc);
}

/* entries */

/* The body out of its fields; the payload's are those of the kind. */
static struct mun_bytes
put_body(const struct mun_json *fields, struct mun_bytes *payload)
{
    const struct mun_json *keys = get(fields, "keys");
    uint64_t kind = u64_of(fields, "kind");
    uint8_t *buffer = take(65536);
    struct mun_wr wr;

    *payload = MUN_BYTES_NONE;
    for (size_t i = 0; i < COUNT(payloads); i++) {
        if (payloads[i].kind == kind)
            *payload = put_fields(get(fields, "payload"), payloads[i].fields);
    }
    assert_non_null(payload->data);
    mun_wr_init(&wr, buffer, 65536);
    mun_wr_u8(&wr, (uint8_t)u64_of(fields, "version"));
    mun_wr_u16(&wr, (uint16_t)kind);
    mun_wr_run(&wr, hex_of(fields, "chain_id"));
    mun_wr_run(&wr, hex_of(fields, "actor"));
    mun_wr_u64(&wr, u64_of(fields, "valid_until"));
    mun_wr_u8(&wr, (uint8_t)mun_json_size(keys));
    for (size_t i = 0; i < mun_json_size(keys); i++)
        mun_wr_run(&wr, hex_value(mun_json_at(keys, i)));
    mun_wr_run32(&wr, *payload);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

/* Signs anew: RFC 6979 gives the same bytes. */
static void
check_signatures(const struct mun_json *vector, const struct mun_entry *entry)
{
    const struct mun_json *secrets = get(vector, "secrets");
    const struct mun_json *signatures = get(vector, "signatures");

    assert_int_equal(mun_json_size(secrets), entry->key_count);
    assert_int_equal(mun_json_size(signatures), entry->key_count);
    for (size_t i = 0; i < entry->key_count; i++) {
        struct mun_hash bytes = hash_value(mun_json_at(secrets, i));
        struct mun_secret secret;
        struct mun_signer signer;
        struct mun_sig sig;

        memcpy(secret.b, bytes.b, sizeof secret.b);
        assert_true(mun_is_ok(mun_signer_init(&signer, &secret)));
        assert_true(mun_key_eq(&signer.key, &entry->keys[i]));
        mun_signer_sign(&signer, &sig, &entry->id);
        mun_signer_fini(&signer);
        assert_true(mun_bytes_eq(mun_bytes(sig.b, sizeof sig.b),
                                 hex_value(mun_json_at(signatures, i))));
        assert_memory_equal(sig.b, entry->sigs[i].b, sizeof sig.b);
    }
}

static void
check_entry(const struct mun_json *vector)
{
    struct mun_bytes bytes = hex_of(vector, "entry");
    struct mun_entry *entry = take(sizeof *entry);
    struct mun_entry_checked *checked = take(sizeof *checked);
    uint8_t *buffer = take(MUN_ENTRY_BYTES_MAX);
    struct mun_bytes payload;
    size_t leaf_count;
    struct mun_hash *leaves = hashes_of(vector, "leaves", &leaf_count);
    struct mun_wr wr;

    same_bytes(vector, "body", put_body(get(vector, "fields"), &payload));
    same_bytes(vector, "payload", payload);
    assert_int_equal(mun_entry_decode(entry, bytes), MUN_REFUSAL_NONE);
    same_bytes(vector, "payload", entry->payload);
    mun_wr_init(&wr, buffer, MUN_ENTRY_BYTES_MAX);
    assert_true(mun_is_ok(mun_entry_encode_body(&wr, entry)));
    same_bytes(vector, "body", mun_wr_done(&wr));
    same_tagged(vector, "id", MUN_TAG_ENTRY, mun_wr_done(&wr));
    same_hash(vector, "id", &entry->id);
    check_signatures(vector, entry);
    assert_int_equal(
        mun_entry_verify(checked, entry, leaves, (uint32_t)leaf_count),
        MUN_REFUSAL_NONE);
    same_hash(vector, "entry_hash", &checked->hash);
    same_tagged(vector, "entry_hash", MUN_TAG_SIGNED_ENTRY, bytes);
}

static void
check_refusal(const struct mun_json *vector)
{
    struct mun_bytes bytes = hex_of(vector, "entry");
    size_t len = bytes.len + u64_of(vector, "zeros_behind");
    uint8_t *whole = take(len + 1);
    struct mun_entry *entry = take(sizeof *entry);
    enum mun_refusal refusal;

    memcpy(whole, bytes.data, bytes.len);
    refusal = mun_entry_decode(entry, mun_bytes(whole, len));
    assert_string_equal(mun_refusal_name(refusal),
                        string_of(vector, "refusal"));
    assert_int_equal(refusal, u64_of(vector, "refusal_code"));
}

static void
entries_are_right(void **state)
{
    struct mun_json *doc = load("entries.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");
    size_t good = 0;

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        const struct mun_json *vector = mun_json_at(vectors, i);

        if (!mun_json_is(get(vector, "refusal"), MUN_JSON_NULL)) {
            check_refusal(vector);
            continue;
        }
        check_entry(vector);
        if (good < COUNT(payloads))
            assert_int_equal(u64_of(get(vector, "fields"), "kind"),
                             payloads[good].kind);
        good++;
    }
    assert_true(good >= COUNT(payloads));
    mun_json_close(doc);
}

/* records */

/* What the decoder of its type reads, encoded again. */
static struct mun_bytes
recode(struct mun_bytes value)
{
    union {
        struct mun_party party;
        struct mun_key_record key;
        struct mun_accreditation accreditation;
        struct mun_programme programme;
        struct mun_programme_version version;
        struct mun_list list;
        struct mun_slot slot;
        struct mun_batch batch;
    } *as = take(sizeof *as);
    uint8_t *buffer = take(MUN_RECORD_BYTES_MAX);
    struct mun_wr wr;

#define CASE(type, decode, encode, member)                                     \
    case (type):                                                               \
        assert_true(mun_is_ok(decode(&as->member, value)));                    \
        encode(&wr, &as->member);                                              \
        break

    mun_wr_init(&wr, buffer, MUN_RECORD_BYTES_MAX);
    switch (value.data[0]) {
        CASE(MUN_RECORD_PARTY, mun_party_decode, mun_party_encode, party);
        CASE(MUN_RECORD_KEY, mun_key_record_decode, mun_key_record_encode, key);
        CASE(MUN_RECORD_ACCREDITATION, mun_accreditation_decode,
             mun_accreditation_encode, accreditation);
        CASE(MUN_RECORD_PROGRAMME, mun_programme_decode, mun_programme_encode,
             programme);
        CASE(MUN_RECORD_PROGRAMME_VERSION, mun_version_decode,
             mun_version_encode, version);
        CASE(MUN_RECORD_LIST, mun_list_decode, mun_list_encode, list);
        CASE(MUN_RECORD_SLOT, mun_slot_decode, mun_slot_encode, slot);
        CASE(MUN_RECORD_BATCH, mun_batch_decode, mun_batch_encode, batch);
    default:
        fail_msg("no such type");
    }
#undef CASE
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

static void
check_record(const struct mun_json *vector)
{
    struct mun_bytes value = hex_of(vector, "value");
    struct mun_bytes natural = hex_of(vector, "natural_key");
    uint64_t type = u64_of(vector, "type");
    uint8_t *preimage = take(1 + natural.len);
    struct mun_hash key;

    assert_in_range(type, 1, COUNT(f_records) - 1);
    assert_int_equal(type, value.data[0]);
    same_fields(vector, "fields", f_records[type], "value");
    same_bytes(vector, "value", recode(value));
    preimage[0] = (uint8_t)type;
    memcpy(preimage + 1, natural.data, natural.len);
    same_tagged(vector, "key", MUN_TAG_RECORD_KEY,
                mun_bytes(preimage, 1 + natural.len));
    assert_true(mun_is_ok(mun_record_key_of(&key, value)));
    same_hash(vector, "key", &key);
    same_tagged(vector, "value_hash", MUN_TAG_RECORD_VALUE, value);
}

static void
records_are_right(void **state)
{
    struct mun_json *doc = load("records.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");
    unsigned seen = 0;

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        check_record(mun_json_at(vectors, i));
        seen |= 1u << u64_of(mun_json_at(vectors, i), "type");
    }
    assert_int_equal(seen, 0x1fe);
    mun_json_close(doc);
}

/* block */

static bool
seen_nothing(const void *ctx, const struct mun_hash *id)
{
    (void)ctx; /* nothing was seen */
    (void)id;
    return false;
}

static void
check_certificate(const struct mun_json *vector, const char *key)
{
    const struct mun_json *certificate = get(vector, key);

    same_fields(certificate, "fields", f_certificate, "binary");
    same_tagged(certificate, "hash", MUN_TAG_CERTIFICATE,
                hex_of(certificate, "binary"));
}

static void
check_leaf(const struct mun_json *vector, const char *key,
           const struct mun_log_leaf *leaf)
{
    const struct mun_json *wanted = get(vector, key);
    uint8_t buffer[MUN_LOG_LEAF_BYTES];
    struct mun_hash hash;
    struct mun_wr wr;

    same_fields(wanted, "fields", f_log_leaf, "data");
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_log_leaf_encode(&wr, leaf);
    same_bytes(wanted, "data", mun_wr_done(&wr));
    mun_merkle_leaf(&hash, mun_wr_done(&wr));
    same_hash(wanted, "hash", &hash);
}

/* The root over the items, each of 96 bytes, and what they say of one
 * another. */
static void
check_effects(const struct mun_json *entry)
{
    const struct mun_json *effects = get(entry, "effects");
    struct mun_frontier frontier;
    struct mun_hash root;

    assert_true(mun_json_size(effects) > 0);
    mun_frontier_init(&frontier);
    for (size_t i = 0; i < mun_json_size(effects); i++) {
        const struct mun_json *effect = mun_json_at(effects, i);
        struct mun_effect item = { hash_of(effect, "key"),
                                   hash_of(effect, "before"),
                                   hash_of(effect, "after") };
        struct mun_hash key;
        struct mun_hash leaf;

        same_tagged(effect, "after", MUN_TAG_RECORD_VALUE,
                    hex_of(effect, "value"));
        assert_true(
            mun_is_ok(mun_record_key_of(&key, hex_of(effect, "value"))));
        same_hash(effect, "key", &key);
        mun_merkle_leaf(&leaf, mun_bytes(&item, sizeof item));
        mun_frontier_append(&frontier, &leaf);
    }
    mun_frontier_root(&frontier, &root);
    same_hash(entry, "effects_root", &root);
}

/* The entries of a block, decoded and verified. */
static struct mun_entry_checked *
check_items(const struct mun_block *block, const struct mun_json *entries)
{
    struct mun_entry_checked *out = take(block->entry_count * sizeof *out);
    struct mun_entry *entry = take(sizeof *entry);
    struct mun_block_item item;
    size_t at = 0;

    assert_int_equal(block->entry_count, mun_json_size(entries));
    for (uint32_t i = 0; mun_block_next(block, &at, &item); i++) {
        const struct mun_json *vector = mun_json_at(entries, i);
        size_t leaf_count;
        struct mun_hash *leaves = hashes_of(vector, "leaves", &leaf_count);

        same_bytes(vector, "entry", item.entry);
        assert_int_equal(leaf_count, item.leaf_count);
        for (size_t k = 0; k < leaf_count; k++)
            assert_true(mun_hash_eq(&leaves[k], &item.leaves[k]));
        assert_int_equal(mun_entry_decode(entry, item.entry), MUN_REFUSAL_NONE);
        assert_int_equal(
            mun_entry_verify(&out[i], entry, item.leaves, item.leaf_count),
            MUN_REFUSAL_NONE);
        assert_string_equal(string_of(vector, "kind"),
                            mun_kind_text((uint16_t)entry->kind));
        same_hash(vector, "id", &entry->id);
        same_hash(vector, "entry_hash", &out[i].hash);
        check_effects(vector);
    }
    return out;
}

static void
check_vote(const struct mun_json *vector, const struct chain *chain)
{
    struct mun_bytes encoded = hex_of(get(vector, "certificate"), "binary");
    struct mun_certificate *certificate = take(sizeof *certificate);
    struct mun_vote vote = { .type = MUN_VOTE_PRECOMMIT, .valid_round = -1 };
    struct mun_hash digest;
    struct mun_rd rd;

    mun_rd_init(&rd, encoded);
    mun_certificate_decode(&rd, certificate);
    assert_true(mun_is_ok(mun_rd_finish(&rd)));
    assert_true(mun_is_ok(mun_certificate_verify(
        certificate, &chain->start->chain_id, &chain->start->members)));
    same_hash(vector, "header_id", &certificate->header_id);
    vote.height = certificate->height;
    vote.round = certificate->round;
    vote.id = certificate->header_id;
    mun_vote_digest(&digest, &chain->start->chain_id, &vote);
    same_hash(vector, "vote_digest", &digest);
    same_tagged(vector, "vote_digest", MUN_TAG_VOTE, hex_of(vector, "vote"));
}

static void
check_log(const struct mun_json *vector, const struct mun_exec *exec)
{
    const struct mun_json *entries = get(vector, "entries");
    struct mun_log_leaf leaf;

    mun_exec_leaf(exec, 0, &leaf);
    check_leaf(vector, "header_leaf", &leaf);
    for (uint32_t i = 0; i < mun_json_size(entries); i++) {
        const struct mun_json *entry = mun_json_at(entries, i);

        mun_exec_leaf(exec, i + 1, &leaf);
        check_leaf(entry, "log_leaf", &leaf);
        same_hash(entry, "effects_root", &leaf.effects_root);
    }
}

/* The newest value of each record is the state's. */
static void
check_values(const struct mun_json *vector, const struct mun_state *tree)
{
    const struct mun_json *entries = get(vector, "entries");

    for (size_t i = 0; i < mun_json_size(entries); i++) {
        const struct mun_json *effects =
            get(mun_json_at(entries, i), "effects");

        for (size_t k = 0; k < mun_json_size(effects); k++) {
            struct mun_hash key = hash_of(mun_json_at(effects, k), "key");
            struct mun_bytes value;

            assert_int_equal(mun_state_get(tree, &key, &value), MUN_PRESENT);
            if (i + 1 == mun_json_size(entries))
                same_bytes(mun_json_at(effects, k), "value", value);
        }
    }
}

static void
check_block(const struct mun_json *vector, struct chain *chain)
{
    struct mun_exec_start start = { .state = chain->state,
                                    .arena = &arena,
                                    .seen = { seen_nothing, NULL },
                                    .previous = &chain->header,
                                    .log = &chain->log };
    struct mun_block *block = take(sizeof *block);
    struct mun_exec exec;
    struct mun_exec_verdict verdict;
    struct mun_entry_checked *checked;

    assert_int_equal(u64_of(vector, "height"), chain->header.height + 1);
    check_certificate(vector, "previous_certificate");
    check_certificate(vector, "certificate");
    assert_true(mun_is_ok(mun_block_decode(block, hex_of(vector, "block"))));
    assert_true(
        mun_bytes_eq(block->certificate_bytes,
                     hex_of(get(vector, "previous_certificate"), "binary")));
    same_header(vector, &block->header);
    same_hash(vector, "entries_hash", &block->header.entries_hash);
    same_hash(vector, "log_root", &block->header.log_root);
    same_hash(vector, "state_root", &block->header.state_root);
    assert_int_equal(u64_of(vector, "log_size"), block->header.log_size);
    checked = check_items(block, get(vector, "entries"));
    assert_true(mun_is_ok(mun_exec_judge(&exec, &verdict, &start, block,
                                         checked, &chain->start->members)));
    check_log(vector, &exec);
    mun_overlay_commit(chain->state);
    check_values(vector, chain->state);
    chain->header = block->header;
    chain->log = exec.frontier;
    check_vote(vector, chain);
}

static void
blocks_are_right(void **state)
{
    struct mun_json *genesis = load("genesis.json");
    struct mun_json *doc = load("block.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");
    struct chain chain =
        open_chain(mun_json_at(mun_json_get(genesis, "vectors"), 0));

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        const struct mun_json *vector = mun_json_at(vectors, i);
        uint8_t buffer[MUN_HEADER_BYTES];
        struct mun_wr wr;

        mun_wr_init(&wr, buffer, sizeof buffer);
        mun_header_encode(&wr, &chain.header);
        same_bytes(vector, "previous_header", mun_wr_done(&wr));
        same_bytes(mun_json_at(mun_json_get(genesis, "vectors"), 0),
                   "member_set", hex_of(vector, "member_set"));
        check_block(vector, &chain);
    }
    mun_json_close(doc);
    mun_json_close(genesis);
}

/* receipt */

static const struct mun_json *
find_vector(const struct mun_json *vectors, const struct mun_json *name)
{
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        const struct mun_json *vector = mun_json_at(vectors, i);

        if (mun_bytes_eq(text_of(vector, "name"), mun_json_string(name)))
            return vector;
    }
    fail_msg("no vector of that name");
    return NULL;
}

/* The member, or the one of the vector named by "of", and so on. */
static const struct mun_json *
inherited(const struct mun_json *vectors, const struct mun_json *vector,
          const char *key)
{
    while (mun_json_get(vector, key) == NULL)
        vector = find_vector(vectors, get(vector, "of"));
    return get(vector, key);
}

static struct mun_bytes
splice(struct mun_bytes base, const struct mun_json *splices)
{
    uint8_t *out = take(MUN_RECEIPT_BYTES_MAX);
    size_t from = 0;
    size_t len = 0;

    for (size_t i = 0; i < mun_json_size(splices); i++) {
        const struct mun_json *one = mun_json_at(splices, i);
        struct mun_bytes insert = hex_of(one, "insert");
        size_t offset = (size_t)u64_of(one, "offset");

        assert_in_range(offset, from, base.len);
        memcpy(out + len, base.data + from, offset - from);
        len += offset - from;
        memcpy(out + len, insert.data, insert.len);
        len += insert.len;
        from = offset + (size_t)u64_of(one, "drop");
    }
    assert_in_range(from, 0, base.len);
    memcpy(out + len, base.data + from, base.len - from);
    return mun_bytes(out, len + base.len - from);
}

static struct mun_bytes
receipt_of(const struct mun_json *vectors, const struct mun_json *vector)
{
    const struct mun_json *changed[8];
    size_t count = 0;
    struct mun_bytes out;

    while (mun_json_get(vector, "receipt") == NULL) {
        assert_true(count < COUNT(changed));
        changed[count++] = vector;
        vector = find_vector(vectors, get(vector, "of"));
    }
    out = hex_of(vector, "receipt");
    while (count > 0)
        out = splice(out, mun_json_get(changed[--count], "splices"));
    return out;
}

static void
keep_bytes(struct mun_bytes *bytes)
{
    uint8_t *copy = take(bytes->len + 1);

    if (bytes->len > 0)
        memcpy(copy, bytes->data, bytes->len);
    bytes->data = copy;
}

static bool
is_json_opened(struct mun_bytes bytes)
{
    struct mun_opening opening;

    return mun_is_ok(mun_opening_decode(&opening, bytes)) &&
           opening.format == MUN_FORMAT_JSON;
}

static void
set_input(struct mun_receipt_input *out, const struct mun_json *vectors,
          const struct mun_json *vector)
{
    struct mun_bytes document =
        mun_json_string(inherited(vectors, vector, "document"));
    struct mun_json_err why;
    struct mun_json *doc = NULL;

    memset(out, 0, sizeof *out);
    out->receipt = receipt_of(vectors, vector);
    out->opening = hex_value(inherited(vectors, vector, "opening"));
    out->policy.now_ms = u64_of(vector, "time");
    out->policy.max_age_ms = u64_of(vector, "max_age");
    out->policy.assurance_min = (uint8_t)u64_of(vector, "assurance_min");
    assert_true(mun_is_ok(mun_trust_root_read(
        &out->root, NULL, inherited(vectors, vector, "trust_root"), &why)));
    out->has_document_digest = true;
    if (mun_is_ok(mun_json_parse(&doc, NULL, document, NULL))) {
        assert_true(mun_is_ok(mun_jcs_sha256(&out->document_digest, doc)));
        mun_credential_claims(&out->claims, doc);
        /* They borrow from the document, which is closed. */
        keep_bytes(&out->claims.list_label);
        keep_bytes(&out->claims.title);
        mun_json_close(doc);
    } else {
        out->has_document_digest = !is_json_opened(out->opening);
        mun_hash_sha256(&out->document_digest, document);
    }
}

static void
same_words(const struct mun_json *array, const char *const *words, size_t count)
{
    assert_int_equal(mun_json_size(array), count);
    for (size_t i = 0; i < count; i++)
        assert_true(mun_json_string_is(mun_json_at(array, i), words[i]));
}

static void
check_applies(const struct mun_json *expected,
              const struct mun_verdict *verdict)
{
    const char *words[MUN_CHECK_NAME_COUNT + 32];
    size_t count = 0;

#define X(name, value)                                                         \
    if ((verdict->all & (1u << (value))) != 0)                                 \
        words[count++] = #name;
    MUN_VERDICT_TABLE(X)
#undef X
    for (size_t i = 0; i < count / 2; i++) {
        const char *moved = words[i];

        words[i] = words[count - 1 - i];
        words[count - 1 - i] = moved;
    }
    same_words(get(expected, "applies"), words, count);
    count = 0;
#define X(name, bit, text)                                                     \
    if ((verdict->flags & MUN_FLAG_##name) != 0)                               \
        words[count++] = (text);
    MUN_FLAG_TABLE(X)
#undef X
    same_words(get(expected, "flags"), words, count);
}

static void
check_checks(const struct mun_json *expected, const char *key,
             const struct mun_verdict *verdict, enum mun_check_result result)
{
    const char *words[MUN_CHECK_NAME_COUNT];
    size_t count = 0;

    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++) {
        if (verdict->checks[i] == (uint8_t)result)
            words[count++] = mun_check_text((enum mun_check_name)i);
    }
    same_words(get(expected, key), words, count);
}

static void
check_facts(const struct mun_json *expected, const struct mun_verdict *verdict)
{
    if ((verdict->all & (1u << MUN_VERDICT_PROOF_INVALID)) != 0)
        return;
    assert_int_equal(u64_of(expected, "slot"), verdict->slot);
    assert_int_equal(u64_of(expected, "slot_status"), verdict->slot_status);
    assert_int_equal(u64_of(expected, "slot_since_height"),
                     verdict->slot_since.height);
    assert_int_equal(u64_of(expected, "extended_until"),
                     verdict->extended_until_ms);
    assert_int_equal(u64_of(expected, "anchored_time"),
                     verdict->anchored_time_ms);
    assert_int_equal(u64_of(expected, "as_of_height"), verdict->asof_height);
}

static void
check_derived(const struct mun_json *vector,
              const struct mun_receipt_input *input)
{
    struct mun_opening opening;
    struct mun_hash commitment;

    if (mun_json_get(vector, "document_digest") != NULL)
        same_hash(vector, "document_digest", &input->document_digest);
    if (mun_json_get(vector, "commitment") != NULL) {
        assert_true(mun_is_ok(mun_opening_decode(&opening, input->opening)));
        mun_opening_commitment(&commitment, &opening);
        same_hash(vector, "commitment", &commitment);
    }
}

static void
check_receipt(const struct mun_json *vectors, const struct mun_json *vector)
{
    const struct mun_json *expected = get(vector, "expected");
    struct mun_verdict *verdict = take(sizeof *verdict);
    struct mun_receipt_input input;

    set_input(&input, vectors, vector);
    check_derived(vector, &input);
    mun_receipt_verify(verdict, &arena, &input);
    if (strcmp(mun_verdict_name(verdict->code),
               string_of(expected, "verdict")) != 0)
        fail_msg("%s: %s", string_of(vector, "name"),
                 mun_verdict_name(verdict->code));
    assert_int_equal(u64_of(expected, "code"), verdict->code);
    if (verdict->code == MUN_VERDICT_DOCUMENT_MISMATCH)
        assert_string_equal(string_of(expected, "reason"), verdict->why);
    check_applies(expected, verdict);
    check_checks(expected, "failed", verdict, MUN_CHECK_FAILED);
    check_checks(expected, "not_done", verdict, MUN_CHECK_NOT_DONE);
    check_facts(expected, verdict);
}

static void
receipts_give_the_verdicts_expected(void **state)
{
    struct mun_json *doc = load("receipt.json");
    const struct mun_json *vectors = mun_json_get(doc, "vectors");

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(vectors); i++) {
        size_t mark = mun_arena_mark(&arena);

        check_receipt(vectors, mun_json_at(vectors, i));
        mun_arena_reset(&arena, mark);
    }
    mun_json_close(doc);
}

/* The page itself */

static struct mun_bytes
section_17(void)
{
    struct mun_bytes page = read_file(MUN_SOURCE_DIR, "ledger/README.md");
    const char *start;

    start = strstr((const char *)page.data, "\n## 17. Vectors\n");
    assert_non_null(start);
    return mun_bytes_str(start);
}

static bool
is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Each run of 64 hex digits or more is a string of the vectors. */
static void
every_hash_in_the_page_is_one_of_the_vectors(void **state)
{
    const char *at = (const char *)section_17().data;
    struct mun_bytes entries =
        read_file(MUN_TEST_DIR "/vectors", "entries.json");
    struct mun_bytes trees = read_file(MUN_TEST_DIR "/vectors", "state.json");
    size_t found = 0;

    (void)state; /* cmocka's */
    while (*at != '\0') {
        char digits[256];
        size_t len = 0;

        while (is_hex(at[len]) && len < sizeof digits - 1)
            len++;
        if (len >= 64) {
            memcpy(digits, at, len);
            digits[len] = '\0';
            if (strstr((const char *)entries.data, digits) == NULL &&
                strstr((const char *)trees.data, digits) == NULL)
                fail_msg("%s is in no vector", digits);
            found++;
        }
        at += len > 0 ? len : 1;
    }
    assert_true(found >= 15);
}

/* The hex of a fenced block, without the names in front and the spaces. */
static const char *
take_block(const char *at, char *out)
{
    const char *end;
    size_t len = 0;

    at = strstr(at, "\n```\n");
    assert_non_null(at);
    at += 5;
    end = strstr(at, "```\n");
    assert_non_null(end);
    while (at < end) {
        at += strcspn(at, " \n");
        for (; *at != '\n'; at++) {
            if (*at == ' ')
                continue;
            assert_true(is_hex(*at));
            out[len++] = *at;
        }
        at++;
    }
    out[len] = '\0';
    return end + 4;
}

static void
the_worked_example_is_that_of_the_vectors(void **state)
{
    const char *at = (const char *)section_17().data;
    struct mun_json *entries = load("entries.json");
    struct mun_json *trees = load("state.json");
    const struct mun_json *entry = NULL;
    const struct mun_json *tree = NULL;
    char *digits = take(4096);

    (void)state; /* cmocka's */
    for (size_t i = 0; i < mun_json_size(get(entries, "vectors")); i++) {
        const struct mun_json *one = mun_json_at(get(entries, "vectors"), i);
        if (mun_json_string_is(get(one, "name"), "retire_key"))
            entry = one;
    }
    for (size_t i = 0; i < mun_json_size(get(trees, "vectors")); i++) {
        const struct mun_json *one = mun_json_at(get(trees, "vectors"), i);
        if (mun_json_string_is(get(one, "name"), "two records"))
            tree = one;
    }
    at = take_block(at, digits);
    assert_string_equal(digits, string_of(entry, "body"));
    at = take_block(at, digits);
    assert_true(
        mun_json_string_is(mun_json_at(get(entry, "signatures"), 0), digits));
    (void)take_block(at, digits);
    assert_string_equal(
        digits, string_of(mun_json_at(get(tree, "records"), 0), "value"));
    mun_json_close(entries);
    mun_json_close(trees);
}

/* The generator */

static void
run_generator(const char *folder)
{
    char program[] = MUN_VECTORS_MAKE;
    char argument[4096];
    char *arguments[] = { program, argument, NULL };
    char *environment[] = { NULL };
    int status = -1;
    pid_t pid;

    assert_true(snprintf(argument, sizeof argument, "%s", folder) <
                (int)sizeof argument);
    assert_int_equal(
        posix_spawn(&pid, program, NULL, NULL, arguments, environment), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static const char *const names[] = {
    "hashes.json", "jcs.json",     "commitment.json", "merkle.json",
    "state.json",  "genesis.json", "entries.json",    "records.json",
    "block.json",  "receipt.json",
};

static char folder[64];

static int
make_folder(void **state)
{
    (void)snprintf(folder, sizeof folder, "/tmp/muniment-vectors-XXXXXX");
    return reset(state) != 0 || mkdtemp(folder) == NULL;
}

/* However the test ended; fails when there is more than was to be made. */
static int
remove_folder(void **state)
{
    char path[256];

    (void)state; /* cmocka's */
    for (size_t i = 0; i < COUNT(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path); /* fine when it was not made */
    }
    return rmdir(folder);
}

static void
making_them_again_gives_the_same_bytes(void **state)
{
    size_t total = 0;

    (void)state; /* cmocka's */
    run_generator(folder);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct mun_bytes made = read_file(folder, names[i]);
        struct mun_bytes kept = read_file(MUN_TEST_DIR "/vectors", names[i]);

        if (!mun_bytes_eq(made, kept))
            fail_msg("%s is not what vectors_make writes", names[i]);
        total += kept.len;
    }
    assert_true(total < (size_t)400 * 1024);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset)
    const struct CMUnitTest tests[] = {
        TEST(hashes_of_every_tag_are_right),
        TEST(canonical_json_is_right),
        TEST(commitments_are_right),
        TEST(history_trees_are_right),
        TEST(state_trees_are_right),
        TEST(genesis_documents_are_right),
        TEST(entries_are_right),
        TEST(records_are_right),
        TEST(blocks_are_right),
        TEST(receipts_give_the_verdicts_expected),
        TEST(every_hash_in_the_page_is_one_of_the_vectors),
        TEST(the_worked_example_is_that_of_the_vectors),
        cmocka_unit_test_setup_teardown(making_them_again_gives_the_same_bytes,
                                        make_folder, remove_folder),
    };
#undef TEST
    int failed;

    if (!mun_is_ok(mun_arena_open(&arena, ARENA_BYTES)))
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    mun_arena_close(&arena);
    return failed;
}
