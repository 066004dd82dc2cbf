#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/core/merkle.h"

#define SIZE_MAX_TRIED 300
#define LINE_MAX_BYTES 65536

static struct mun_hash data[SIZE_MAX_TRIED];
static struct mun_hash leaves[SIZE_MAX_TRIED];

static int
setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZE_MAX_TRIED; i++) {
        uint8_t seed[2] = { (uint8_t)(i >> 8), (uint8_t)i };

        mun_hash_sha256(&data[i], mun_bytes(seed, sizeof seed));
        mun_merkle_leaf(&leaves[i], mun_bytes(data[i].b, sizeof data[i].b));
    }
    return 0;
}

/* RFC 6962 section 2.1 as it is written: MTH(D[first:end]). */
static void
reference_root(struct mun_hash *out, size_t first, size_t end) /* NOLINT */
{
    size_t count = end - first;
    size_t left = 1;
    uint8_t node[65] = { 1 };
    struct mun_hash half;

    if (count == 0) {
        mun_hash_sha256(out, MUN_BYTES_NONE);
        return;
    }
    if (count == 1) {
        *out = leaves[first];
        return;
    }
    while (2 * left < count)
        left *= 2;
    reference_root(&half, first, first + left);
    memcpy(node + 1, half.b, 32);
    reference_root(&half, first + left, end);
    memcpy(node + 33, half.b, 32);
    mun_hash_sha256(out, mun_bytes(node, sizeof node));
}

struct path {
    struct mun_hash at[MUN_MERKLE_PATH_MAX];
    size_t len;
};

/* RFC 6962 section 2.1.1: PATH(index, D[first:end]). */
static void
reference_path(struct path *out, size_t index, size_t first, /* NOLINT */
               size_t end)
{
    size_t left = 1;

    if (end - first <= 1)
        return;
    while (2 * left < end - first)
        left *= 2;
    if (index < left) {
        reference_path(out, index, first, first + left);
        reference_root(&out->at[out->len++], first + left, end);
    } else {
        reference_path(out, index - left, first + left, end);
        reference_root(&out->at[out->len++], first, first + left);
    }
}

/* RFC 6962 section 2.1.2: SUBPROOF(old, D[first:end], is_whole). */
static void
reference_growth(struct path *out, size_t old, size_t first, /* NOLINT */
                 size_t end, bool is_whole)
{
    size_t left = 1;

    if (old == end - first) {
        if (!is_whole)
            reference_root(&out->at[out->len++], first, end);
        return;
    }
    while (2 * left < end - first)
        left *= 2;
    if (old <= left) {
        reference_growth(out, old, first, first + left, is_whole);
        reference_root(&out->at[out->len++], first + left, end);
    } else {
        reference_growth(out, old - left, first + left, end, false);
        reference_root(&out->at[out->len++], first, first + left);
    }
}

/* A reader over `leaves`, which holds no node beyond `size`. */
struct store {
    uint64_t size;
    unsigned fail_after;
};

static mun_err_t
store_read(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    struct store *store = ctx;
    uint64_t first = index << level;
    uint64_t end = (index + 1) << level;

    if (store->fail_after == 0)
        return mun_err(MUN_ERR_CORRUPT);
    store->fail_after--;
    assert_true(end <= store->size);
    reference_root(out, (size_t)first, (size_t)end);
    return MUN_SUCCESS;
}

static void
assert_path_is(const struct mun_hash *path, size_t len,
               const struct path *expected)
{
    assert_int_equal(len, expected->len);
    assert_memory_equal(path, expected->at, len * sizeof path[0]);
}

static void
leaf_and_node_have_their_prefixes(void **state)
{
    static const uint8_t leaf_message[] = { 0, 'd' };
    uint8_t node_message[65] = { 1 };
    struct mun_hash expected;
    struct mun_hash got;

    (void)state;
    mun_hash_sha256(&expected, mun_bytes(leaf_message, 2));
    mun_merkle_leaf(&got, mun_bytes("d", 1));
    assert_true(mun_hash_eq(&got, &expected));
    memcpy(node_message + 1, data[0].b, 32);
    memcpy(node_message + 33, data[1].b, 32);
    mun_hash_sha256(&expected, mun_bytes(node_message, 65));
    mun_merkle_node(&got, &data[0], &data[1]);
    assert_true(mun_hash_eq(&got, &expected));
}

/* Own vectors, from a few lines of Python: roots over the first leaves, where
 * data i is SHA256 of i in two bytes. */
static void
roots_have_not_changed(void **state)
{
    static const struct {
        size_t count;
        const char *hex;
    } rows[] = {
        { 0,
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { 1,
          "d37300dc2c6e038a83ee197ca0e181a77f6875afd9f537d31ca4995876481319" },
        { 2,
          "f64365c0c262a80c75831f50d06de0c4ca385234ce94f48e2cb8eb9bdbe4a7d4" },
        { 3,
          "11beeb3ff9d030e654e236e388addb6f589c47ed6ae0eb8caf127919d90b01d8" },
        { 7,
          "169d99fbf2e02e93d340b996238f8135ae34a957343b9d989fcca89addf3dab4" },
        { 8,
          "31a5b275d4894854adb8dde1e039effeffe642b209b99e473190bc7830e95122" },
        { 63,
          "1a6b8d38c15f669c9fa22a6f14be276bcd8245a568ef2dcbd2373dff657e426a" },
        { 64,
          "f3accf293ef4e12a98418636ad4363281faa4d2d0067f7ebac92b30422a60d62" },
        { 65,
          "75e2aeea8bb0621b1d0f2efdf8f506e76af34b766323095f6f4a2b0acd52eef5" },
        { 128,
          "3df6609c82265088064d65933b6fef388b452a291a0f0efbec69dbc8903b1c2d" },
        { 300,
          "d43c4c0f3936021a60cdde596549198fc6aa07df08509f14117995bd067df13e" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mun_hash root;
        char text[65];

        mun_merkle_root32(&root, data, rows[i].count);
        mun_hex_encode(text, mun_bytes(root.b, sizeof root.b));
        assert_string_equal(text, rows[i].hex);
    }
}

static void
every_root_up_to_300_leaves_is_that_of_the_definition(void **state)
{
    struct mun_frontier frontier;

    (void)state;
    mun_frontier_init(&frontier);
    for (size_t size = 0; size <= SIZE_MAX_TRIED; size++) {
        struct mun_hash expected;
        struct mun_hash got;

        reference_root(&expected, 0, size);
        mun_merkle_root32(&got, data, size);
        assert_true(mun_hash_eq(&got, &expected));
        assert_true(frontier.size == size);
        mun_frontier_root(&frontier, &got);
        assert_true(mun_hash_eq(&got, &expected));
        if (size < SIZE_MAX_TRIED)
            mun_frontier_append(&frontier, &leaves[size]);
    }
}

/* What a path shows must not be shown of anything else. */
static void
assert_only_right_inclusion(const struct path *path, uint64_t index,
                            uint64_t size, const struct mun_hash *root)
{
    const struct mun_hash *leaf = &leaves[index];
    struct path wrong = *path;
    struct mun_hash other = *root;

#define VERIFY(leaf_, index_, size_, len_, root_)                              \
    mun_merkle_verify_inclusion((leaf_), (index_), (size_), wrong.at, (len_),  \
                                (root_))                                       \
        .code
    assert_int_equal(VERIFY(leaf, index, size, path->len, root), MUN_OK);
    wrong.at[path->len] = *root;
    assert_int_equal(VERIFY(leaf, index, size, path->len + 1, root),
                     MUN_ERR_PROOF);
    if (path->len > 0)
        assert_int_equal(VERIFY(leaf, index, size, path->len - 1, root),
                         MUN_ERR_PROOF);
    other.b[31] ^= 1;
    assert_int_equal(VERIFY(leaf, index, size, path->len, &other),
                     MUN_ERR_PROOF);
    other = *leaf;
    other.b[0] ^= 0x80;
    assert_int_equal(VERIFY(&other, index, size, path->len, root),
                     MUN_ERR_PROOF);
    for (size_t i = 0; i < path->len; i++) {
        wrong.at[i].b[i % 32] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(VERIFY(leaf, index, size, path->len, root),
                         MUN_ERR_PROOF);
        wrong.at[i] = path->at[i];
    }
    for (uint64_t i = 0; i <= size + 1; i++) {
        if (i != index)
            assert_int_equal(VERIFY(leaf, i, size, path->len, root),
                             MUN_ERR_PROOF);
    }
    assert_int_equal(VERIFY(leaf, UINT64_MAX, size, path->len, root),
                     MUN_ERR_PROOF);
    assert_int_equal(VERIFY(leaf, index, 0, path->len, root), MUN_ERR_PROOF);
    assert_int_equal(VERIFY(leaf, index, index, path->len, root),
                     MUN_ERR_PROOF);
#undef VERIFY
}

static void
every_leaf_up_to_64_is_shown_and_nothing_else(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 64; size++) {
        struct mun_hash root;

        reference_root(&root, 0, size);
        for (size_t index = 0; index < size; index++) {
            struct store store = { size, UINT32_MAX };
            struct mun_merkle_reader reader = { store_read, &store };
            struct path expected = { .len = 0 };
            struct path got;

            reference_path(&expected, index, 0, size);
            mun_merkle_path32(got.at, &got.len, data, size, index);
            assert_path_is(got.at, got.len, &expected);
            assert_true(mun_is_ok(mun_merkle_make_inclusion(
                got.at, &got.len, &reader, index, size)));
            assert_path_is(got.at, got.len, &expected);
            assert_only_right_inclusion(&expected, index, size, &root);
        }
    }
}

static void
leaves_of_larger_trees_are_shown(void **state)
{
    static const size_t sizes[] = { 65, 127, 128, 129, 255, 256, 257, 300 };

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i];
        struct mun_hash root;

        reference_root(&root, 0, size);
        for (size_t index = 0; index < size; index += 7) {
            struct path path;

            mun_merkle_path32(path.at, &path.len, data, size, index);
            assert_true(mun_is_ok(mun_merkle_verify_inclusion(
                &leaves[index], index, size, path.at, path.len, &root)));
        }
    }
}

static void
a_leaf_with_the_size_of_another_tree_is_refused_by_the_path_length(void **state)
{
    struct mun_hash root;
    struct path path;

    (void)state;
    /* Size is not proven by inclusion alone, but a wrong depth shows. */
    reference_root(&root, 0, 8);
    mun_merkle_path32(path.at, &path.len, data, 8, 3);
    for (uint64_t size = 4; size <= 20; size++) {
        bool has_depth_3 = size > 4 && size <= 8;

        if (!has_depth_3)
            assert_int_equal(mun_merkle_verify_inclusion(
                                 &leaves[3], 3, size, path.at, path.len, &root)
                                 .code,
                             MUN_ERR_PROOF);
    }
}

static void
assert_only_right_growth(const struct path *path,
                         const struct mun_merkle_head *old_head,
                         const struct mun_merkle_head *new_head)
{
    struct path wrong = *path;
    struct mun_merkle_head a = *old_head;
    struct mun_merkle_head b = *new_head;

#define VERIFY(len_)                                                           \
    mun_merkle_verify_consistency(&a, &b, wrong.at, (len_)).code
    assert_int_equal(VERIFY(path->len), MUN_OK);
    wrong.at[path->len] = new_head->root;
    assert_int_equal(VERIFY(path->len + 1), MUN_ERR_PROOF);
    if (path->len > 0)
        assert_int_equal(VERIFY(path->len - 1), MUN_ERR_PROOF);
    a.root.b[0] ^= 1;
    assert_int_equal(VERIFY(path->len), MUN_ERR_PROOF);
    a = *old_head;
    b.root.b[31] ^= 1;
    assert_int_equal(VERIFY(path->len), MUN_ERR_PROOF);
    b = *new_head;
    for (size_t i = 0; i < path->len; i++) {
        wrong.at[i].b[31 - i % 32] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(VERIFY(path->len), MUN_ERR_PROOF);
        wrong.at[i] = path->at[i];
    }
    a.size = 0;
    assert_int_equal(VERIFY(path->len), MUN_ERR_PROOF);
    assert_int_equal(VERIFY(0), MUN_ERR_PROOF);
    a.size = new_head->size + 1;
    assert_int_equal(VERIFY(path->len), MUN_ERR_PROOF);
    if (old_head->size != new_head->size) {
        a.size = new_head->size;
        assert_int_equal(VERIFY(path->len), MUN_ERR_PROOF);
        assert_int_equal(VERIFY(0), MUN_ERR_PROOF);
    }
#undef VERIFY
}

static void
every_growth_up_to_64_leaves_is_shown_and_nothing_else(void **state)
{
    (void)state;
    for (size_t new_size = 1; new_size <= 64; new_size++) {
        for (size_t old_size = 1; old_size <= new_size; old_size++) {
            struct store store = { new_size, UINT32_MAX };
            struct mun_merkle_reader reader = { store_read, &store };
            struct mun_merkle_head old_head = { .size = old_size };
            struct mun_merkle_head new_head = { .size = new_size };
            struct path expected = { .len = 0 };
            struct path got;

            reference_root(&old_head.root, 0, old_size);
            reference_root(&new_head.root, 0, new_size);
            reference_growth(&expected, old_size, 0, new_size, true);
            assert_true(mun_is_ok(mun_merkle_make_consistency(
                got.at, &got.len, &reader, old_size, new_size)));
            assert_path_is(got.at, got.len, &expected);
            assert_only_right_growth(&expected, &old_head, &new_head);
        }
    }
}

static void
proofs_that_cannot_be_made_are_refused(void **state)
{
    struct store store = { 8, UINT32_MAX };
    struct mun_merkle_reader reader = { store_read, &store };
    struct path path = { .len = 9 };

    (void)state;
#define INCLUSION(index_, size_)                                               \
    mun_merkle_make_inclusion(path.at, &path.len, &reader, (index_), (size_))  \
        .code
#define GROWTH(old_, new_)                                                     \
    mun_merkle_make_consistency(path.at, &path.len, &reader, (old_), (new_))   \
        .code
    assert_int_equal(INCLUSION(0, 0), MUN_ERR_VALUE);
    assert_int_equal(path.len, 0);
    assert_int_equal(INCLUSION(8, 8), MUN_ERR_VALUE);
    assert_int_equal(INCLUSION(UINT64_MAX, UINT64_MAX), MUN_ERR_VALUE);
    assert_int_equal(GROWTH(0, 0), MUN_ERR_VALUE);
    assert_int_equal(GROWTH(0, 8), MUN_ERR_VALUE);
    assert_int_equal(GROWTH(8, 7), MUN_ERR_VALUE);
    assert_int_equal(GROWTH(8, 8), MUN_OK);
    assert_int_equal(path.len, 0);
}

/* The k-th read fails, for every k. */
static void
a_reader_that_fails_fails_the_proof(void **state)
{
    struct store store = { 45, 0 };
    struct mun_merkle_reader reader = { store_read, &store };
    struct path path;
    unsigned k = 0;
    enum mun_err_code code;

    (void)state;
    do {
        store.fail_after = k++;
        code = INCLUSION(13, 45);
        assert_int_equal(path.len == 0, code != MUN_OK);
        assert_true(code == MUN_OK || code == MUN_ERR_CORRUPT);
    } while (code != MUN_OK);
    assert_true(k > 6);
    k = 0;
    do {
        store.fail_after = k++;
        code = GROWTH(22, 45);
        assert_int_equal(path.len == 0, code != MUN_OK);
        assert_true(code == MUN_OK || code == MUN_ERR_CORRUPT);
    } while (code != MUN_OK);
    assert_true(k > 6);
#undef INCLUSION
#undef GROWTH
}

/* A tree whose every leaf is the same has one root for each level. */
static mun_err_t
uniform_read(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    const struct mun_hash *levels = ctx;

    (void)index;
    assert_true(level < 64);
    *out = levels[level];
    return MUN_SUCCESS;
}

static void
proofs_reach_the_largest_sizes(void **state)
{
    static const uint64_t indexes[] = {
        0, 1, 12345, UINT64_MAX / 2, UINT64_MAX / 2 + 1, UINT64_MAX - 1
    };
    struct mun_hash levels[64];
    struct mun_merkle_reader reader = { uniform_read, levels };
    struct mun_frontier frontier = { .size = UINT64_MAX };
    struct mun_merkle_head new_head = { .size = UINT64_MAX };
    struct path path;

    (void)state;
    levels[0] = leaves[0];
    for (size_t i = 1; i < 64; i++)
        mun_merkle_node(&levels[i], &levels[i - 1], &levels[i - 1]);
    for (size_t i = 0; i < 64; i++)
        frontier.peaks[i] = levels[63 - i];
    mun_frontier_root(&frontier, &new_head.root);
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        assert_true(mun_is_ok(mun_merkle_make_inclusion(
            path.at, &path.len, &reader, indexes[i], UINT64_MAX)));
        assert_true(path.len <= MUN_MERKLE_PATH_MAX);
        assert_true(mun_is_ok(
            mun_merkle_verify_inclusion(&leaves[0], indexes[i], UINT64_MAX,
                                        path.at, path.len, &new_head.root)));
    }
    for (unsigned bit = 0; bit < 64; bit++) {
        struct mun_merkle_head old_head = { .size = (uint64_t)1 << bit,
                                            .root = levels[bit] };

        assert_true(mun_is_ok(mun_merkle_make_consistency(
            path.at, &path.len, &reader, old_head.size, UINT64_MAX)));
        assert_true(mun_is_ok(mun_merkle_verify_consistency(
            &old_head, &new_head, path.at, path.len)));
    }
}

/* Published vectors, where they are. */

static FILE *
open_shared(const char *name)
{
    const char *folder = getenv("MUN_SHARED"); /* NOLINT: one thread */
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/vectors/%s",
                       folder != NULL ? folder : MUN_SHARED_DIR, name);

    assert_true(len > 0 && (size_t)len < sizeof path);
    return fopen(path, "rb");
}

static FILE *
open_shared_or_skip(const char *name)
{
    FILE *file = open_shared(name);

    if (file == NULL) {
        print_message("skipped: no vectors/%s\n", name);
        skip();
    }
    return file;
}

/* Standard base64 of 32 bytes; false for any other length. */
static bool
hash_from_base64(struct mun_hash *out, const char *text)
{
    char url[64];
    size_t len = strlen(text);
    size_t out_len;

    if (len != 44 || text[43] != '=')
        return false;
    memcpy(url, text, 43);
    for (size_t i = 0; i < 43; i++) {
        if (url[i] == '+')
            url[i] = '-';
        else if (url[i] == '/')
            url[i] = '_';
    }
    return mun_is_ok(mun_base64url_decode(out->b, sizeof out->b, &out_len,
                                          mun_bytes(url, 43))) &&
           out_len == 32;
}

/* One line of a file. */
struct row {
    json_t *root;
    json_t *fields;
    const char *line;
};

static bool
read_row(struct row *out, char *line, FILE *file)
{
    if (fgets(line, LINE_MAX_BYTES, file) == NULL)
        return false;
    /* Indexes go up to 2^64 - 1, beyond JSON's integers here. */
    out->root = json_loads(line, JSON_DECODE_INT_AS_REAL, NULL);
    assert_non_null(out->root);
    out->fields = json_object_get(out->root, "data");
    assert_non_null(out->fields);
    out->line = line;
    return true;
}

static uint64_t
row_number(const struct row *row, const char *name)
{
    char quoted[32];
    const char *at;
    int len = snprintf(quoted, sizeof quoted, "\"%s\":", name);

    assert_true(len > 0 && (size_t)len < sizeof quoted);
    at = strstr(row->line, quoted);
    assert_non_null(at);
    errno = 0;
    return strtoull(at + len, NULL, 10);
}

static bool
row_hash(struct mun_hash *out, const struct row *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row->fields, name));

    memset(out, 0, sizeof *out);
    return text != NULL && hash_from_base64(out, text);
}

static bool
row_proof(struct path *out, const struct row *row)
{
    json_t *proof = json_object_get(row->fields, "proof");

    out->len = 0;
    for (size_t i = 0; i < json_array_size(proof); i++) {
        const char *text = json_string_value(json_array_get(proof, i));

        assert_true(out->len < MUN_MERKLE_PATH_MAX);
        if (!hash_from_base64(&out->at[out->len++], text))
            return false;
    }
    return true;
}

static void
assert_row(const struct row *row, bool is_accepted)
{
    bool must_fail = json_is_true(json_object_get(row->fields, "wantErr"));

    if (is_accepted == must_fail)
        fail_msg("%s", json_string_value(json_object_get(row->root, "path")));
}

static void
published_inclusion_vectors_agree(void **state)
{
    FILE *file = open_shared_or_skip("transparency-dev-merkle/inclusion.jsonl");
    static char line[LINE_MAX_BYTES];
    struct row row;
    size_t count = 0;

    (void)state;
    for (; read_row(&row, line, file); count++) {
        struct mun_hash leaf;
        struct mun_hash root;
        struct path path;

        assert_row(&row, row_hash(&leaf, &row, "leafHash") &&
                             row_hash(&root, &row, "root") &&
                             row_proof(&path, &row) &&
                             mun_is_ok(mun_merkle_verify_inclusion(
                                 &leaf, row_number(&row, "leafIdx"),
                                 row_number(&row, "treeSize"), path.at,
                                 path.len, &root)));
        json_decref(row.root);
    }
    assert_true(count > 40);
    (void)fclose(file); /* read only */
}

static void
published_consistency_vectors_agree(void **state)
{
    FILE *file =
        open_shared_or_skip("transparency-dev-merkle/consistency.jsonl");
    static char line[LINE_MAX_BYTES];
    struct row row;
    size_t count = 0;

    (void)state;
    for (; read_row(&row, line, file); count++) {
        struct mun_merkle_head old_head;
        struct mun_merkle_head new_head;
        struct path path;

        old_head.size = row_number(&row, "size1");
        new_head.size = row_number(&row, "size2");
        assert_row(&row, row_hash(&old_head.root, &row, "root1") &&
                             row_hash(&new_head.root, &row, "root2") &&
                             row_proof(&path, &row) &&
                             mun_is_ok(mun_merkle_verify_consistency(
                                 &old_head, &new_head, path.at, path.len)));
        json_decref(row.root);
    }
    assert_true(count > 40);
    (void)fclose(file); /* read only */
}

/* Origin, size, root, an empty line, signatures. */
static bool
read_checkpoint(struct mun_merkle_head *out, unsigned number)
{
    char name[64];
    char line[256];
    FILE *file;

    assert_true(snprintf(name, sizeof name, "tlog-tiles/log/checkpoint.%u",
                         number) > 0);
    file = open_shared(name);
    if (file == NULL)
        return false;
    assert_non_null(fgets(line, sizeof line, file));
    assert_non_null(fgets(line, sizeof line, file));
    out->size = strtoull(line, NULL, 10);
    assert_non_null(fgets(line, sizeof line, file));
    line[strcspn(line, "\n")] = '\0';
    assert_true(hash_from_base64(&out->root, line));
    (void)fclose(file); /* read only */
    return true;
}

static void
a_published_log_of_tiles_agrees(void **state)
{
    FILE *file = open_shared_or_skip("tlog-tiles/log/tile/entries/000.p/15");
    FILE *tile = open_shared_or_skip("tlog-tiles/log/tile/0/000.p/15");
    struct mun_merkle_head heads[16];
    struct mun_frontier frontier;
    struct mun_hash saved[15];

    (void)state;
    memcpy(saved, leaves, sizeof saved);
    assert_true(read_checkpoint(&heads[0], 0));
    mun_frontier_init(&frontier);
    mun_frontier_root(&frontier, &heads[1].root);
    assert_true(mun_hash_eq(&heads[0].root, &heads[1].root));
    for (unsigned i = 0; i < 15; i++) {
        uint8_t entry[256];
        uint8_t prefix[2];
        struct mun_hash stored;
        struct mun_hash root;
        size_t len;

        assert_int_equal(fread(prefix, 1, 2, file), 2);
        len = (size_t)prefix[0] << 8 | prefix[1];
        assert_true(len <= sizeof entry);
        assert_int_equal(fread(entry, 1, len, file), len);
        assert_int_equal(fread(stored.b, 1, 32, tile), 32);
        mun_merkle_leaf(&leaves[i], mun_bytes(entry, len));
        assert_true(mun_hash_eq(&leaves[i], &stored));
        mun_frontier_append(&frontier, &leaves[i]);
        mun_frontier_root(&frontier, &root);
        assert_true(read_checkpoint(&heads[i + 1], i + 1));
        assert_true(heads[i + 1].size == i + 1);
        assert_true(mun_hash_eq(&heads[i + 1].root, &root));
    }
    for (unsigned old = 1; old <= 15; old++) {
        struct store store = { 15, UINT32_MAX };
        struct mun_merkle_reader reader = { store_read, &store };
        struct path path;

        assert_true(mun_is_ok(
            mun_merkle_make_consistency(path.at, &path.len, &reader, old, 15)));
        assert_true(mun_is_ok(mun_merkle_verify_consistency(
            &heads[old], &heads[15], path.at, path.len)));
    }
    memcpy(leaves, saved, sizeof saved);
    (void)fclose(file); /* read only */
    (void)fclose(tile); /* read only */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_and_node_have_their_prefixes),
        cmocka_unit_test(roots_have_not_changed),
        cmocka_unit_test(every_root_up_to_300_leaves_is_that_of_the_definition),
        cmocka_unit_test(every_leaf_up_to_64_is_shown_and_nothing_else),
        cmocka_unit_test(leaves_of_larger_trees_are_shown),
        cmocka_unit_test(
            a_leaf_with_the_size_of_another_tree_is_refused_by_the_path_length),
        cmocka_unit_test(
            every_growth_up_to_64_leaves_is_shown_and_nothing_else),
        cmocka_unit_test(proofs_that_cannot_be_made_are_refused),
        cmocka_unit_test(a_reader_that_fails_fails_the_proof),
        cmocka_unit_test(proofs_reach_the_largest_sizes),
        cmocka_unit_test(published_inclusion_vectors_agree),
        cmocka_unit_test(published_consistency_vectors_agree),
        cmocka_unit_test(a_published_log_of_tiles_agrees),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
