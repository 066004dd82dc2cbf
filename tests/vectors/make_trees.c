#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/merkle.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/record.h"
#include "ledger/json/jcs.h"
#include "tests/support/make_entry.h"
#include "tests/vectors/make.h"

/* hashes, jcs, commitment, merkle, state: what needs no ledger. */

/* hashes */

static void
put_hash_vector(struct mun_json_wr *wr, int tag, struct mun_bytes input)
{
    struct mun_hash digest;

    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "tag");
    if (tag < 0) {
        mun_json_wr_null(wr);
        mun_hash_sha256(&digest, input);
    } else {
        mun_json_wr_string(wr, mun_tag_text((enum mun_tag)tag));
        mun_hash_tagged(&digest, (enum mun_tag)tag, input);
    }
    mun_vec_hex(wr, "input", input);
    mun_vec_hash(wr, "digest", &digest);
    mun_json_wr_end_object(wr);
}

void
mun_vec_make_hashes(struct mun_json_wr *wr, struct mun_arena *arena)
{
    uint8_t *input = mun_vec_take(arena, 100);

    for (unsigned i = 0; i < 100; i++)
        input[i] = (uint8_t)i;
    for (int tag = -1; tag < (int)MUN_TAG_COUNT; tag++) {
        put_hash_vector(wr, tag, MUN_BYTES_NONE);
        put_hash_vector(wr, tag, mun_bytes(input, 100));
    }
}

/* jcs */

static void
put_jcs(struct mun_json_wr *wr, const char *input)
{
    struct mun_json_buf buf;
    struct mun_json *doc = NULL;
    struct mun_hash digest;

    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "input", input);
    if (!mun_is_ok(mun_json_parse(&doc, NULL, mun_bytes_str(input), NULL))) {
        mun_vec_bool(wr, "valid", false);
        mun_json_wr_end_object(wr);
        return;
    }
    mun_json_buf_init(&buf, 4096);
    MUN_CHECK(mun_is_ok(mun_jcs_write(&buf, doc)));
    MUN_CHECK(mun_is_ok(mun_jcs_sha256(&digest, doc)));
    mun_vec_bool(wr, "valid", true);
    mun_vec_text(wr, "canonical", mun_bytes(buf.data, buf.used));
    mun_vec_hash(wr, "digest", &digest);
    mun_json_wr_end_object(wr);
    mun_json_buf_fini(&buf);
    mun_json_close(doc);
}

void
mun_vec_make_jcs(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static const char *const inputs[] = {
        "{}",
        "[ ]",
        "{\"b\": 1, \"a\": 2}",
        "{\"a\": {\"z\": null, \"y\": [true, false]}, \"B\": \"\"}",
        /* Sorted by UTF-16 code units: U+1F600 before U+FB33. */
        "{\"\xef\xac\xb3\": 1, \"\xf0\x9f\x98\x80\": 2, \"1\": 3, \"\": 4}",
        "[1.0, 1e2, 0.000001, 1e-7, 1e21, -0, 4.50, 123456789012345680.5e4]",
        "[\"\\u0041\\u00e9\\u20ac\", \"\\/\\\"\\\\\", \"\\ud83d\\ude00\"]",
        "[\"\\b\\f\\n\\r\\t\\u0001\\u001f\"]",
        "[9007199254740991, -9007199254740991]",
        "{\"a\": 1, \"a\": 2}",
        "{\"a\": 1, \"\\u0061\": 2}",
        "[9007199254740992]",
        "[\"\\ud800\"]",
        "[\"\\u0000\"]",
        "[1,]",
        "[01]",
        "1",
        "{} {}",
    };

    (void)arena; /* the same arguments for every file */
    for (size_t i = 0; i < MUN_VEC_COUNT(inputs); i++)
        put_jcs(wr, inputs[i]);
}

/* commitment */

static void
put_opening(struct mun_json_wr *wr, struct mun_arena *arena,
            const struct mun_opening *opening)
{
    uint8_t *buffer = mun_vec_take(arena, MUN_OPENING_BYTES_MAX);
    struct mun_hash commitment;
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, MUN_OPENING_BYTES_MAX);
    mun_opening_encode(&bytes, opening);
    mun_opening_commitment(&commitment, opening);
    mun_json_wr_key(wr, "fields");
    mun_vec_fields_opening(wr, opening);
    mun_vec_hex(wr, "opening", mun_wr_done(&bytes));
    mun_vec_hash(wr, "commitment", &commitment);
}

static struct mun_opening
sample_opening(uint32_t slot)
{
    struct mun_opening out = {
        .digest = mun_test_hash(600 + slot),
        .programme = mun_test_hash(2),
        .label = mun_bytes_str(slot % 2 == 0 ? "diplomas" : "x"),
        .valid_from_ms = MUN_TEST_TIME_MS,
        .valid_until_ms = slot == 0 ? 0 : MUN_TEST_TIME_MS + slot,
        .slot = slot,
        .programme_version = (uint16_t)(1 + slot % 300),
        .format = slot == 1 ? MUN_FORMAT_BYTES : MUN_FORMAT_JSON,
        .assurance = (uint8_t)(slot % 4),
    };
    struct mun_hash seed = mun_test_hash(900);

    mun_opening_salt(&out.salt, &seed, slot);
    return out;
}

static void
put_bad_opening(struct mun_json_wr *wr, const char *name,
                struct mun_bytes bytes)
{
    struct mun_opening opening;

    MUN_CHECK(!mun_is_ok(mun_opening_decode(&opening, bytes)));
    mun_json_wr_begin_object(wr);
    mun_vec_bool(wr, "valid", false);
    mun_vec_str(wr, "name", name);
    mun_vec_hex(wr, "opening", bytes);
    mun_json_wr_end_object(wr);
}

static void
put_bad_openings(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
    } cases[] = {
        { "version 2", 0, 2 },           { "format 3", 65, 3 },
        { "label of no bytes", 100, 0 }, { "label with a space", 102, ' ' },
        { "assurance 4", 129, 4 },
    };
    struct mun_opening opening = sample_opening(0);
    uint8_t buffer[MUN_OPENING_BYTES_MAX];
    struct mun_bytes good;
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_opening_encode(&bytes, &opening);
    good = mun_vec_keep(arena, &bytes);
    MUN_CHECK(good.len == 130);
    for (size_t i = 0; i < MUN_VEC_COUNT(cases); i++) {
        memcpy(buffer, good.data, good.len);
        buffer[cases[i].at] = cases[i].value;
        put_bad_opening(wr, cases[i].name, mun_bytes(buffer, good.len));
    }
    memcpy(buffer, good.data, good.len);
    buffer[good.len] = 0;
    put_bad_opening(wr, "a byte behind", mun_bytes(buffer, good.len + 1));
    put_bad_opening(wr, "a byte missing", mun_bytes(buffer, good.len - 1));
}

void
mun_vec_make_commitment(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static const uint32_t slots[] = { 0, 1, 258, 1048575 };
    struct mun_hash seed = mun_test_hash(900);

    for (size_t i = 0; i < MUN_VEC_COUNT(slots); i++) {
        struct mun_opening opening = sample_opening(slots[i]);

        mun_json_wr_begin_object(wr);
        mun_vec_bool(wr, "valid", true);
        mun_vec_hash(wr, "seed", &seed);
        mun_vec_u64(wr, "slot", slots[i]);
        mun_vec_hash(wr, "salt", &opening.salt);
        put_opening(wr, arena, &opening);
        mun_json_wr_end_object(wr);
    }
    put_bad_openings(wr, arena);
}

/* merkle */

#define LEAVES_MAX 9

struct tree {
    struct mun_hash data[LEAVES_MAX];
    struct mun_hash leaves[LEAVES_MAX];
};

static mun_err_t
read_node(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    const struct tree *tree = ctx;
    struct mun_frontier part;

    mun_frontier_init(&part);
    for (uint64_t i = 0; i < (uint64_t)1 << level; i++)
        mun_frontier_append(&part, &tree->leaves[(index << level) + i]);
    mun_frontier_root(&part, out);
    return MUN_SUCCESS;
}

struct inclusion {
    struct mun_hash data;
    uint64_t index;
    uint64_t size;
    size_t path_len;
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    struct mun_hash root;
};

static void
put_inclusion(struct mun_json_wr *wr, const struct inclusion *proof,
              const char *fault)
{
    struct mun_hash leaf;
    mun_err_t err;

    mun_merkle_leaf(&leaf, mun_bytes(proof->data.b, sizeof proof->data.b));
    err =
        mun_merkle_verify_inclusion(&leaf, proof->index, proof->size,
                                    proof->path, proof->path_len, &proof->root);
    MUN_CHECK(mun_is_ok(err) == (fault == NULL));
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "kind", "inclusion");
    mun_vec_bool(wr, "valid", fault == NULL);
    if (fault != NULL)
        mun_vec_str(wr, "name", fault);
    mun_vec_hash(wr, "leaf", &proof->data);
    mun_vec_u64(wr, "index", proof->index);
    mun_vec_u64(wr, "size", proof->size);
    mun_vec_hash(wr, "root", &proof->root);
    mun_vec_hashes(wr, "path", proof->path, proof->path_len);
    mun_json_wr_end_object(wr);
}

struct consistency {
    struct mun_merkle_head old_head;
    struct mun_merkle_head new_head;
    size_t path_len;
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
};

static void
put_consistency(struct mun_json_wr *wr, const struct consistency *proof,
                const char *fault)
{
    mun_err_t err = mun_merkle_verify_consistency(
        &proof->old_head, &proof->new_head, proof->path, proof->path_len);

    MUN_CHECK(mun_is_ok(err) == (fault == NULL));
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "kind", "consistency");
    mun_vec_bool(wr, "valid", fault == NULL);
    if (fault != NULL)
        mun_vec_str(wr, "name", fault);
    mun_vec_u64(wr, "old_size", proof->old_head.size);
    mun_vec_hash(wr, "old_root", &proof->old_head.root);
    mun_vec_u64(wr, "new_size", proof->new_head.size);
    mun_vec_hash(wr, "new_root", &proof->new_head.root);
    mun_vec_hashes(wr, "path", proof->path, proof->path_len);
    mun_json_wr_end_object(wr);
}

static struct inclusion
include(const struct tree *tree, size_t size, size_t index)
{
    struct inclusion out = { .data = tree->data[index],
                             .index = index,
                             .size = size };

    mun_merkle_root32(&out.root, tree->data, size);
    mun_merkle_path32(out.path, &out.path_len, tree->data, size, index);
    return out;
}

static struct consistency
connect(struct tree *tree, size_t old_size, size_t new_size)
{
    struct mun_merkle_reader reader = { read_node, tree };
    struct consistency out = { .old_head = { .size = old_size },
                               .new_head = { .size = new_size } };

    mun_merkle_root32(&out.old_head.root, tree->data, old_size);
    mun_merkle_root32(&out.new_head.root, tree->data, new_size);
    MUN_CHECK(mun_is_ok(mun_merkle_make_consistency(
        out.path, &out.path_len, &reader, old_size, new_size)));
    return out;
}

static void
put_tree(struct mun_json_wr *wr, struct tree *tree, size_t size)
{
    struct mun_hash root;

    mun_merkle_root32(&root, tree->data, size);
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "kind", "tree");
    mun_vec_u64(wr, "size", size);
    mun_vec_hashes(wr, "leaves", tree->data, size);
    mun_vec_hash(wr, "root", &root);
    mun_json_wr_end_object(wr);
    for (size_t i = 0; i < size; i++) {
        struct inclusion proof = include(tree, size, i);

        put_inclusion(wr, &proof, NULL);
    }
    for (size_t i = 1; i <= size; i++) {
        struct consistency proof = connect(tree, i, size);

        put_consistency(wr, &proof, NULL);
    }
}

static void
put_bad_inclusions(struct mun_json_wr *wr, const struct tree *tree)
{
    struct inclusion proof = include(tree, 7, 4);

    proof.index = 5;
    put_inclusion(wr, &proof, "index of another leaf");
    proof = include(tree, 7, 6);
    proof.index = 7;
    put_inclusion(wr, &proof, "index not below the size");
    proof = include(tree, 7, 4);
    proof.path_len--;
    put_inclusion(wr, &proof, "path too short");
    proof = include(tree, 7, 4);
    proof.path[proof.path_len++] = tree->data[0];
    put_inclusion(wr, &proof, "path too long");
    proof = include(tree, 7, 4);
    proof.path[1].b[31] ^= 1;
    put_inclusion(wr, &proof, "another sibling");
    proof = include(tree, 7, 4);
    proof.root.b[0] ^= 0x80;
    put_inclusion(wr, &proof, "another root");
    proof = include(tree, 8, 4);
    proof.data = tree->data[3];
    put_inclusion(wr, &proof, "another leaf");
    proof = include(tree, 1, 0);
    proof.size = 0;
    put_inclusion(wr, &proof, "size 0");
}

static void
put_bad_consistencies(struct mun_json_wr *wr, struct tree *tree)
{
    struct consistency proof = connect(tree, 3, 7);

    proof.path_len--;
    put_consistency(wr, &proof, "path too short");
    proof = connect(tree, 3, 7);
    proof.path[proof.path_len++] = tree->data[0];
    put_consistency(wr, &proof, "path too long");
    proof = connect(tree, 3, 7);
    proof.path[0].b[0] ^= 1;
    put_consistency(wr, &proof, "another node");
    proof = connect(tree, 3, 7);
    proof.old_head.root.b[0] ^= 1;
    put_consistency(wr, &proof, "another old root");
    proof = connect(tree, 3, 7);
    proof.new_head.root.b[0] ^= 1;
    put_consistency(wr, &proof, "another new root");
    proof = connect(tree, 4, 7);
    proof.old_head.size = 3;
    put_consistency(wr, &proof, "another old size");
    proof = connect(tree, 4, 4);
    proof.old_head.root = tree->data[0];
    put_consistency(wr, &proof, "equal sizes, other roots");
    proof = connect(tree, 4, 4);
    proof.path[proof.path_len++] = tree->data[0];
    put_consistency(wr, &proof, "equal sizes with a path");
    proof = connect(tree, 3, 7);
    proof.old_head.size = 8;
    put_consistency(wr, &proof, "old size above the new");
    proof = connect(tree, 4, 4);
    proof.old_head.size = 0;
    mun_merkle_root32(&proof.old_head.root, tree->data, 0);
    put_consistency(wr, &proof, "old size 0");
}

void
mun_vec_make_merkle(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static const size_t sizes[] = { 0, 1, 2, 3, 5, 7 };
    struct tree *tree = mun_vec_take(arena, sizeof *tree);

    for (unsigned i = 0; i < LEAVES_MAX; i++) {
        tree->data[i] = mun_test_hash(700 + i);
        mun_merkle_leaf(&tree->leaves[i], mun_bytes(tree->data[i].b, 32));
    }
    for (size_t i = 0; i < MUN_VEC_COUNT(sizes); i++)
        put_tree(wr, tree, sizes[i]);
    put_bad_inclusions(wr, tree);
    put_bad_consistencies(wr, tree);
}

/* state */

struct record {
    struct mun_hash key;
    struct mun_bytes value;
};

static void
leaf_of(struct mun_hash *out, const struct record *record)
{
    uint8_t bytes[64];
    struct mun_hash value_hash;

    mun_hash_tagged(&value_hash, MUN_TAG_RECORD_VALUE, record->value);
    memcpy(bytes, record->key.b, 32);
    memcpy(bytes + 32, value_hash.b, 32);
    mun_hash_tagged(out, MUN_TAG_STATE_LEAF, mun_bytes(bytes, sizeof bytes));
}

static void
node_of(struct mun_hash *out, uint8_t bit, const struct mun_hash *left,
        const struct mun_hash *right)
{
    uint8_t bytes[65];

    bytes[0] = bit;
    memcpy(bytes + 1, left->b, 32);
    memcpy(bytes + 33, right->b, 32);
    mun_hash_tagged(out, MUN_TAG_STATE_NODE, mun_bytes(bytes, sizeof bytes));
}

static struct mun_state *
put_records(struct mun_json_wr *wr, struct mun_arena *arena,
            const struct record *records, size_t count)
{
    struct mun_state *state = mun_vec_state(arena);
    struct mun_hash root;

    mun_json_wr_key(wr, "records");
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++) {
        struct mun_hash value_hash;
        struct mun_hash leaf;

        mun_hash_tagged(&value_hash, MUN_TAG_RECORD_VALUE, records[i].value);
        leaf_of(&leaf, &records[i]);
        mun_json_wr_begin_object(wr);
        mun_vec_hash(wr, "key", &records[i].key);
        mun_vec_hex(wr, "value", records[i].value);
        mun_vec_hash(wr, "value_hash", &value_hash);
        mun_vec_hash(wr, "leaf", &leaf);
        mun_json_wr_end_object(wr);
        MUN_CHECK(mun_is_ok(
            mun_state_load(state, &records[i].key, records[i].value)));
    }
    mun_json_wr_end_array(wr);
    mun_state_load_finish(state);
    mun_state_root(state, &root);
    mun_vec_hash(wr, "root", &root);
    return state;
}

static void
put_result(struct mun_json_wr *wr, const struct mun_multiproof *proof,
           const struct mun_hash *key)
{
    static const char *const words[] = { [MUN_NOT_SHOWN] = "not_shown",
                                         [MUN_ABSENT] = "absent",
                                         [MUN_PRESENT] = "present" };
    struct mun_bytes value;
    enum mun_presence presence = mun_multiproof_get(proof, key, &value);

    mun_json_wr_begin_object(wr);
    mun_vec_hash(wr, "key", key);
    mun_vec_str(wr, "presence", words[presence]);
    if (presence == MUN_PRESENT)
        mun_vec_hex(wr, "value", value);
    mun_json_wr_end_object(wr);
}

/* The proof for the keys that the bits of `asked` select, and what it says of
 * all. */
static void
put_proof(struct mun_json_wr *wr, struct mun_arena *arena,
          const struct mun_state *state, const struct mun_hash *keys,
          size_t count, unsigned asked)
{
    struct mun_hash *wanted = mun_vec_take(arena, count * sizeof *wanted);
    uint8_t *buffer = mun_vec_take(arena, 8192);
    struct mun_multiproof proof;
    struct mun_hash root;
    struct mun_wr bytes;
    size_t wanted_count = 0;

    for (size_t i = 0; i < count; i++) {
        if ((asked & (1u << i)) != 0)
            wanted[wanted_count++] = keys[i];
    }
    mun_json_wr_begin_object(wr);
    mun_vec_hashes(wr, "asked", wanted, wanted_count);
    mun_wr_init(&bytes, buffer, 8192);
    MUN_CHECK(
        mun_is_ok(mun_multiproof_make(&bytes, state, wanted, wanted_count)));
    mun_vec_hex(wr, "proof", mun_wr_done(&bytes));
    mun_state_root(state, &root);
    MUN_CHECK(mun_is_ok(
        mun_multiproof_open(&proof, arena, mun_wr_done(&bytes), &root)));
    mun_json_wr_key(wr, "shows");
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++)
        put_result(wr, &proof, &keys[i]);
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}

static void
put_refused(struct mun_json_wr *wr, struct mun_arena *arena, const char *name,
            struct mun_bytes proof, const struct mun_hash *root)
{
    struct mun_multiproof opened;

    MUN_CHECK(!mun_is_ok(mun_multiproof_open(&opened, arena, proof, root)));
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    mun_vec_hash(wr, "root", root);
    mun_vec_hex(wr, "proof", proof);
    mun_json_wr_end_object(wr);
}

static void
write_leaf(struct mun_wr *wr, const struct record *record)
{
    mun_wr_u8(wr, 3);
    mun_wr_copy(wr, record->key.b, 32);
    mun_wr_run16(wr, record->value);
}

static void
write_node(struct mun_wr *wr, uint8_t bit)
{
    mun_wr_u8(wr, 2);
    mun_wr_u8(wr, bit);
}

static void
write_cut(struct mun_wr *wr, const struct mun_hash *hash)
{
    mun_wr_u8(wr, 1);
    mun_wr_copy(wr, hash->b, 32);
}

/* Keys that begin with the bits 00, 01, 10 and 11, and the first one's twin
 * that differs in the last bit alone. */
enum { K00, K01, K10, K11, KTWIN, KEY_COUNT };

static void
set_records(struct record *out)
{
    static const uint8_t first[] = { 0x00, 0x40, 0x80, 0xc0, 0x00 };
    static const char *const values[] = { "a", "bb", "ccc", "dddd", "eeeee" };

    memset(out, 0, KEY_COUNT * sizeof *out);
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        out[i].key.b[0] = first[i];
        out[i].value = mun_bytes_str(values[i]);
    }
    out[KTWIN].key.b[31] = 1;
}

/* The proof is right but for one thing, and so is the root. */
static void
put_shapes(struct mun_json_wr *wr, struct mun_arena *arena,
           const struct record *records)
{
    struct mun_hash leaf[KEY_COUNT];
    struct mun_hash inner;
    struct mun_hash root;
    uint8_t buffer[1024];
    struct mun_wr bytes;

    for (unsigned i = 0; i < KEY_COUNT; i++)
        leaf_of(&leaf[i], &records[i]);

    node_of(&root, 0, &leaf[K00], &leaf[K10]);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_node(&bytes, 0);
    write_cut(&bytes, &leaf[K00]);
    write_cut(&bytes, &leaf[K10]);
    put_refused(wr, arena, "a node above two cut subtrees", mun_wr_done(&bytes),
                &root);

    node_of(&root, 0, &leaf[K10], &leaf[K00]);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_node(&bytes, 0);
    write_leaf(&bytes, &records[K10]);
    write_leaf(&bytes, &records[K00]);
    put_refused(wr, arena, "a key against its direction", mun_wr_done(&bytes),
                &root);

    node_of(&inner, 0, &leaf[K00], &leaf[K10]);
    node_of(&root, 1, &inner, &leaf[K01]);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_node(&bytes, 1);
    write_node(&bytes, 0);
    write_leaf(&bytes, &records[K00]);
    write_leaf(&bytes, &records[K10]);
    write_leaf(&bytes, &records[K01]);
    put_refused(wr, arena, "bits that decrease downwards", mun_wr_done(&bytes),
                &root);

    node_of(&root, 1, &leaf[K00], &leaf[K11]);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_node(&bytes, 1);
    write_leaf(&bytes, &records[K00]);
    write_leaf(&bytes, &records[K11]);
    put_refused(wr, arena, "keys below a node that differ before its bit",
                mun_wr_done(&bytes), &root);

    node_of(&root, 0, &leaf[K00], &mun_hash_zero);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_node(&bytes, 0);
    write_leaf(&bytes, &records[K00]);
    mun_wr_u8(&bytes, 0);
    put_refused(wr, arena, "the empty tree below a node", mun_wr_done(&bytes),
                &root);

    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_node(&bytes, 0);
    write_leaf(&bytes, &records[K00]);
    write_cut(&bytes, &mun_hash_zero);
    put_refused(wr, arena, "a cut subtree with the empty tree's root",
                mun_wr_done(&bytes), &root);
}

static void
put_damaged(struct mun_json_wr *wr, struct mun_arena *arena,
            const struct record *record)
{
    struct record empty = { record->key, MUN_BYTES_NONE };
    uint8_t buffer[1024];
    struct mun_hash root;
    struct mun_wr bytes;
    size_t len;

    leaf_of(&root, record);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_leaf(&bytes, record);
    len = bytes.used;
    put_refused(wr, arena, "a byte missing", mun_bytes(buffer, len - 1), &root);
    buffer[len] = 0;
    put_refused(wr, arena, "a byte behind", mun_bytes(buffer, len + 1), &root);
    put_refused(wr, arena, "nothing", MUN_BYTES_NONE, &root);
    buffer[len - 1] ^= 1;
    put_refused(wr, arena, "another value", mun_bytes(buffer, len), &root);
    buffer[len - 1] ^= 1;
    buffer[1] ^= 1;
    put_refused(wr, arena, "another key", mun_bytes(buffer, len), &root);
    buffer[1] ^= 1;
    buffer[0] = 5;
    put_refused(wr, arena, "an unknown byte", mun_bytes(buffer, len), &root);
    put_refused(wr, arena, "the empty tree", mun_bytes("\0", 1), &root);
    leaf_of(&root, &empty);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    write_leaf(&bytes, &empty);
    put_refused(wr, arena, "an empty value", mun_wr_done(&bytes), &root);
}

static void
put_state(struct mun_json_wr *wr, struct mun_arena *arena, const char *name,
          const struct record *records, size_t count)
{
    struct mun_hash keys[KEY_COUNT + 2];
    struct mun_state *state;
    size_t key_count = count;

    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    state = put_records(wr, arena, records, count);
    for (size_t i = 0; i < count; i++)
        keys[i] = records[i].key;
    memset(&keys[key_count], 0x21, sizeof keys[0]);
    key_count++;
    memset(&keys[key_count], 0xff, sizeof keys[0]);
    key_count++;
    mun_json_wr_key(wr, "proofs");
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < key_count; i++)
        put_proof(wr, arena, state, keys, key_count, 1u << i);
    put_proof(wr, arena, state, keys, key_count, (1u << key_count) - 1);
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "refused");
    mun_json_wr_begin_array(wr);
    if (count == 1)
        put_damaged(wr, arena, &records[0]);
    if (count == KEY_COUNT)
        put_shapes(wr, arena, records);
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}

/* Two real records: the worked example of section 17. */
static void
set_example(struct mun_arena *arena, struct record *out)
{
    struct mun_slot slot = {
        .since = { 5, MUN_TEST_TIME_MS + 5000 },
        .issuer = mun_test_party(1),
        .label = mun_bytes_str("diplomas"),
        .index = 7,
        .status = MUN_SLOT_REVOKED,
        .reason = MUN_REASON_ERROR,
        .key = *mun_test_key(1),
        .before_status = MUN_SLOT_GOOD,
    };
    struct mun_list list = { .since = { 4, MUN_TEST_TIME_MS + 4000 },
                             .issuer = mun_test_party(1),
                             .label = mun_bytes_str("diplomas"),
                             .count = 12,
                             .status = MUN_LIST_OPEN };
    uint8_t buffer[512];
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_list_encode(&bytes, &list);
    out[0].value = mun_vec_keep(arena, &bytes);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_slot_encode(&bytes, &slot);
    out[1].value = mun_vec_keep(arena, &bytes);
    for (unsigned i = 0; i < 2; i++)
        MUN_CHECK(mun_is_ok(mun_record_key_of(&out[i].key, out[i].value)));
}

void
mun_vec_make_state(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct record records[KEY_COUNT];
    struct record example[2];

    set_records(records);
    set_example(arena, example);
    put_state(wr, arena, "empty", records, 0);
    put_state(wr, arena, "one record", records, 1);
    put_state(wr, arena, "two records", example, 2);
    put_state(wr, arena, "five records", records, KEY_COUNT);
}
