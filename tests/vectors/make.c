#include "tests/vectors/make.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"

/* Writes the vectors into a folder: vectors_make FOLDER. The same bytes in
 * every run: keys, seeds and times are fixed. */

#define ARENA_BYTES (512u << 20)
#define FILE_BYTES_MAX (1u << 20)

void *
mun_vec_take(struct mun_arena *arena, size_t size)
{
    void *out = mun_arena_alloc(arena, size);

    MUN_CHECK(out != NULL);
    return out;
}

struct mun_bytes
mun_vec_copy(struct mun_arena *arena, struct mun_bytes bytes)
{
    uint8_t *copy = mun_vec_take(arena, bytes.len + 1);

    if (bytes.len != 0)
        memcpy(copy, bytes.data, bytes.len);
    return mun_bytes(copy, bytes.len);
}

struct mun_bytes
mun_vec_keep(struct mun_arena *arena, const struct mun_wr *wr)
{
    MUN_CHECK(mun_is_ok(mun_wr_status(wr)));
    return mun_vec_copy(arena, mun_wr_done(wr));
}

char *
mun_vec_string(struct mun_arena *arena, struct mun_bytes text)
{
    char *out = mun_vec_take(arena, text.len + 1);

    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return out;
}

void
mun_vec_hex(struct mun_json_wr *wr, const char *key, struct mun_bytes bytes)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_hex(wr, bytes);
}

void
mun_vec_hash(struct mun_json_wr *wr, const char *key,
             const struct mun_hash *hash)
{
    mun_vec_hex(wr, key, mun_bytes(hash->b, sizeof hash->b));
}

void
mun_vec_key(struct mun_json_wr *wr, const char *key,
            const struct mun_key *value)
{
    mun_vec_hex(wr, key, mun_bytes(value->b, sizeof value->b));
}

void
mun_vec_u64(struct mun_json_wr *wr, const char *key, uint64_t value)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_u64(wr, value);
}

void
mun_vec_text(struct mun_json_wr *wr, const char *key, struct mun_bytes text)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_text(wr, text);
}

void
mun_vec_str(struct mun_json_wr *wr, const char *key, const char *text)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_string(wr, text);
}

void
mun_vec_bool(struct mun_json_wr *wr, const char *key, bool value)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_bool(wr, value);
}

void
mun_vec_hashes(struct mun_json_wr *wr, const char *key,
               const struct mun_hash *hashes, size_t count)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < count; i++)
        mun_json_wr_hex(wr, mun_bytes(hashes[i].b, sizeof hashes[i].b));
    mun_json_wr_end_array(wr);
}

struct mun_state *
mun_vec_state(struct mun_arena *arena)
{
    struct mun_state_config config = { 512, 1u << 20 };
    uint8_t *memory = mun_vec_take(arena, mun_state_footprint(&config) + 64);

    memory += (64 - (uintptr_t)memory % 64) % 64;
    return mun_state_init(memory, &config);
}

/* One file: {"description": …, "vectors": […]}. */
struct file {
    const char *name;
    const char *description;
    void (*make)(struct mun_json_wr *wr, struct mun_arena *arena);
};

static const struct file files[] = {
    { "hashes",
      "SHA-256 and each tagged hash of ledger/README.md section 2; tag null is "
      "plain SHA-256.",
      mun_vec_make_hashes },
    { "jcs",
      "Canonical JSON (RFC 8785) and its SHA-256; texts that are no strict "
      "JSON have valid false.",
      mun_vec_make_jcs },
    { "commitment",
      "Salts, openings and commitments of ledger/README.md section 12.",
      mun_vec_make_commitment },
    { "merkle",
      "Log and batch trees of ledger/README.md section 11: roots, inclusion "
      "and consistency proofs; those with valid false must be refused.",
      mun_vec_make_merkle },
    { "state",
      "State trees of ledger/README.md section 11: roots and multiproofs; what "
      "stands under refused must not be accepted under the root.",
      mun_vec_make_state },
    { "genesis",
      "Genesis documents of ledger/README.md section 5 and what follows from "
      "them; those with valid false must be refused.",
      mun_vec_make_genesis },
    { "entries",
      "Entries of each kind, ledger/README.md section 8; those with a refusal "
      "are refused in step 1 of section 9.",
      mun_vec_make_entries },
    { "records",
      "Records of each type, ledger/README.md section 6, with their keys in "
      "the state tree.",
      mun_vec_make_records },
    { "block",
      "Blocks 1 and 2 on top of the first genesis of genesis.json, "
      "ledger/README.md section 10.",
      mun_vec_make_block },
    { "receipt",
      "Credentials with their receipts, trust roots and verdicts, "
      "ledger/README.md sections 13 to 15.",
      mun_vec_make_receipt },
};

/* Compact JSON with each vector on a line of its own: the places where a
 * bracket or brace ends or begins at the depth of the vectors. */
static void
write_lines(FILE *out, struct mun_bytes text)
{
    unsigned depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];

        if (in_string && c == '\\') {
            MUN_CHECK(fputc(c, out) != EOF);
            c = (char)text.data[++i];
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == '{' || c == '[')) {
            depth++;
            if (depth == 3)
                MUN_CHECK(fputc('\n', out) != EOF);
        } else if (!in_string && (c == '}' || c == ']')) {
            depth--;
            if (depth == 1)
                MUN_CHECK(fputc('\n', out) != EOF);
        }
        MUN_CHECK(fputc(c, out) != EOF);
    }
    MUN_CHECK(fputc('\n', out) != EOF);
}

static void
write_file(const char *folder, const struct file *file, struct mun_bytes text)
{
    char path[4096];
    FILE *out = NULL;
    int len = snprintf(path, sizeof path, "%s/%s.json", folder, file->name);

    MUN_CHECK(len > 0);
    MUN_CHECK((size_t)len < sizeof path);
    out = fopen(path, "wb");
    MUN_CHECK(out != NULL);
    write_lines(out, text);
    MUN_CHECK(fclose(out) == 0);
}

static void
make_file(const char *folder, const struct file *file, struct mun_arena *arena)
{
    struct mun_json_wr wr;
    struct mun_bytes text;

    mun_json_wr_init(&wr, FILE_BYTES_MAX, false);
    mun_json_wr_begin_object(&wr);
    mun_vec_str(&wr, "description", file->description);
    mun_json_wr_key(&wr, "vectors");
    mun_json_wr_begin_array(&wr);
    file->make(&wr, arena);
    mun_json_wr_end_array(&wr);
    mun_json_wr_end_object(&wr);
    MUN_CHECK(mun_is_ok(mun_json_wr_finish(&wr, &text)));
    write_file(folder, file, text);
    mun_json_wr_fini(&wr);
    mun_arena_reset(arena, 0);
}

int
main(int argc, char **argv)
{
    struct mun_arena arena;

    if (argc != 2) {
        (void)fputs("usage: vectors_make FOLDER\n", stderr);
        return 2;
    }
    MUN_CHECK(mun_is_ok(mun_arena_open(&arena, ARENA_BYTES)));
    for (size_t i = 0; i < MUN_VEC_COUNT(files); i++)
        make_file(argv[1], &files[i], &arena);
    mun_arena_close(&arena);
    return 0;
}
