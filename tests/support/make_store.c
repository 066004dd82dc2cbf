#include "tests/support/make_store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/core/record.h"
#include "tests/support/make_chain.h"

#define ARENA_BYTES (512u << 20)
#define CACHE_BYTES (64u << 20)
#define VALUE_BYTES_A_RECORD 512u

static void *
take(struct mun_arena *arena, size_t size)
{
    void *out = mun_arena_alloc(arena, size);

    MUN_CHECK(out != NULL);
    return out;
}

double
mun_test_seconds(void)
{
    struct timespec at;

    MUN_CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

void
mun_test_remove(const char *path)
{
    const struct dirent *item;
    DIR *dir = opendir(path);

    if (dir == NULL)
        return;
    while ((item = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        char file[512];
        int len = snprintf(file, sizeof file, "%s/%s", path, item->d_name);

        MUN_CHECK(len > 0 && (size_t)len < sizeof file);
        (void)unlink(file); /* the two directories stay */
    }
    (void)closedir(dir);
    (void)rmdir(path);
}

static void
set_path(struct mun_test_node *node, char *out, const char *name)
{
    int len = snprintf(out, MUN_TEST_NODE_PATH, "%s/%s", node->dir, name);

    MUN_CHECK(len > 0 && len < MUN_TEST_NODE_PATH);
}

static void
empty_state(struct mun_test_node *node)
{
    size_t size = mun_state_footprint(&node->state_config) + 64;
    uint8_t *memory;

    mun_arena_close(&node->memory);
    MUN_CHECK(mun_is_ok(mun_arena_open(&node->memory, size + 64)));
    memory = take(&node->memory, size);
    memory += (64 - (uintptr_t)memory % 64) % 64;
    node->state = mun_state_init(memory, &node->state_config);
}

static void
start_chain(struct mun_test_node *node)
{
    struct mun_genesis *genesis = take(&node->arena, sizeof *genesis);

    node->genesis = mun_test_genesis(&node->arena, 1);
    MUN_CHECK(mun_is_ok(mun_genesis_decode(genesis, node->genesis)));
    MUN_CHECK(mun_is_ok(
        mun_genesis_start(&node->chain, node->state, genesis, node->genesis)));
    node->agency = genesis->parties[0].id;
}

/* Paths, memory and block 0; nothing on the disk. */
static void
prepare(struct mun_test_node *node, uint32_t records_max)
{
    set_path(node, node->path, "db");
    set_path(node, node->high_water_path, "high-water");
    node->config = (struct mun_store_config){ node->path, node->high_water_path,
                                              CACHE_BYTES };
    node->state_config =
        (struct mun_state_config){ records_max, (uint64_t)VALUE_BYTES_A_RECORD *
                                                    records_max };
    MUN_CHECK(mun_is_ok(mun_arena_open(&node->arena, ARENA_BYTES)));
    MUN_CHECK(mun_is_ok(mun_arena_open(&node->blocks, ARENA_BYTES)));
    empty_state(node);
    start_chain(node);
}

void
mun_test_node_create(struct mun_test_node *node, uint32_t records_max)
{
    const char *base = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
    int len;

    if (node->dir[0] == '\0') {
        len = snprintf(node->dir, sizeof node->dir, "%s/muniment-XXXXXX",
                       base == NULL ? "/tmp" : base);
        MUN_CHECK(len > 0 && (size_t)len < sizeof node->dir);
        MUN_CHECK(mkdtemp(node->dir) != NULL);
    }
    prepare(node, records_max);
    MUN_CHECK(mun_is_ok(mun_store_create(&node->config, node->genesis,
                                         &node->chain.header, node->state)));
}

void
mun_test_node_attach(struct mun_test_node *node, const char *dir,
                     uint32_t records_max)
{
    int len;

    memset(node, 0, sizeof *node);
    len = snprintf(node->dir, sizeof node->dir, "%s", dir);
    MUN_CHECK(len > 0 && (size_t)len < sizeof node->dir);
    prepare(node, records_max);
}

static mun_err_t
recall_hash(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct mun_hash *out = ctx;

    (void)value;
    MUN_CHECK(natural.len == sizeof *out);
    memcpy(out->b, natural.data, sizeof *out);
    return MUN_SUCCESS;
}

void
mun_test_node_recall(struct mun_test_node *node)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_NODE_ISSUER);

    MUN_CHECK(mun_is_ok(mun_store_owned(node->store, MUN_OWNED_ACCREDITATIONS,
                                        &issuer, recall_hash, &node->grant)));
    MUN_CHECK(
        mun_is_ok(mun_store_owned(node->store, MUN_OWNED_PROGRAMMES, &issuer,
                                  recall_hash, &node->programme)));
    MUN_CHECK(!mun_hash_is_zero(&node->grant));
    MUN_CHECK(!mun_hash_is_zero(&node->programme));
}

void
mun_test_node_open(struct mun_test_node *node, uint32_t records_max)
{
    memset(node, 0, sizeof *node);
    mun_test_node_create(node, records_max);
    MUN_CHECK(mun_is_ok(mun_test_node_reopen(node)));
}

void
mun_test_node_close_store(struct mun_test_node *node)
{
    mun_store_close(node->store);
    node->store = NULL;
}

mun_err_t
mun_test_node_reopen_unmarked(struct mun_test_node *node)
{
    mun_test_node_close_store(node);
    empty_state(node);
    return mun_store_open_unmarked(&node->store, &node->head, node->state,
                                   &node->config);
}

mun_err_t
mun_test_node_reopen(struct mun_test_node *node)
{
    double began;
    mun_err_t err;

    mun_test_node_close_store(node);
    empty_state(node);
    began = mun_test_seconds();
    err = mun_store_open(&node->store, &node->head, node->state, &node->config);
    node->open_seconds = mun_test_seconds() - began;
    if (!mun_is_ok(err))
        return err;
    node->high_water.height = node->head.header.height;
    node->high_water.header_id = node->head.header_id;
    return MUN_SUCCESS;
}

void
mun_test_node_close(struct mun_test_node *node)
{
    mun_test_node_close_store(node);
    mun_arena_close(&node->arena);
    mun_arena_close(&node->blocks);
    mun_arena_close(&node->memory);
    mun_test_remove(node->path);
    mun_test_remove(node->dir);
}

struct mun_entry_checked *
mun_test_node_sign(struct mun_test_node *node, struct mun_entry *entry,
                   const unsigned *signers, size_t count,
                   const struct mun_hash *leaves, uint32_t leaf_count)
{
    entry->chain_id = node->chain.chain_id;
    entry->valid_until_ms = node->head.header.time_ms + MUN_TEST_HOUR_MS;
    return mun_test_check_entry(
        &node->arena, mun_test_sign_entry(&node->arena, entry, signers, count),
        leaves, leaf_count);
}

/* Blocks */

static void
certify(const struct mun_test_node *node, struct mun_certificate *out,
        const struct mun_header *header)
{
    struct mun_vote vote = { .type = MUN_VOTE_PRECOMMIT,
                             .height = header->height,
                             .valid_round = -1 };
    struct mun_hash digest;

    memset(out, 0, sizeof *out);
    mun_header_id(&vote.id, header);
    out->height = header->height;
    out->header_id = vote.id;
    out->member_count = 1;
    out->bitmap[0] = 0x80;
    out->sig_count = 1;
    mun_vote_digest(&digest, &node->chain.chain_id, &vote);
    mun_signer_sign(mun_test_signer(MUN_TEST_VALIDATOR), &out->sigs[0],
                    &digest);
}

static struct mun_bytes
encode_block(struct mun_test_node *node, const struct mun_exec *exec,
             const struct mun_header *header)
{
    size_t size = 1024 + exec->byte_count + (size_t)8 * exec->item_count +
                  (size_t)exec->leaf_count * sizeof(struct mun_hash);
    struct mun_wr wr;

    mun_wr_init(&wr, take(&node->blocks, size), size);
    mun_block_encode_start(&wr, header, &node->head.certificate,
                           exec->item_count);
    for (uint32_t i = 0; i < exec->item_count; i++) {
        const struct mun_entry_checked *checked = exec->items[i].checked;
        const struct mun_block_item item = { checked->entry.bytes,
                                             checked->leaves,
                                             checked->leaf_count };

        mun_block_encode_item(&wr, &item);
    }
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr);
}

static bool
seen(const void *ctx, const struct mun_hash *id)
{
    (void)ctx;
    (void)id;
    return false;
}

static void
execute(struct mun_test_node *node, struct mun_exec *exec,
        struct mun_entry_checked *const *entries, size_t count)
{
    const struct mun_header *previous = &node->head.header;
    const struct mun_exec_start start = { .state = node->state,
                                          .arena = &node->blocks,
                                          .seen = { seen, NULL },
                                          .previous = previous,
                                          .log = &node->head.log,
                                          .time_ms = previous->time_ms + 1000 };

    mun_arena_reset(&node->blocks, 0);
    MUN_CHECK(mun_is_ok(mun_exec_begin(exec, &start)));
    for (size_t i = 0; i < count; i++) {
        enum mun_exec_result result;
        enum mun_refusal refusal;

        MUN_CHECK(mun_is_ok(mun_exec_add(exec, &result, &refusal, entries[i])));
        if (result != MUN_EXEC_APPLIED)
            (void)fprintf(stderr, "entry %zu: result %d, refusal %d\n", i,
                          (int)result, (int)refusal);
        MUN_CHECK(result == MUN_EXEC_APPLIED);
    }
}

mun_err_t
mun_test_node_try(struct mun_test_node *node,
                  struct mun_entry_checked *const *entries, size_t count,
                  struct mun_bytes *encoded)
{
    struct mun_certificate certificate;
    struct mun_store_block block;
    struct mun_header header;
    struct mun_hash header_id;
    struct mun_exec exec;
    double began;
    mun_err_t err;

    execute(node, &exec, entries, count);
    mun_exec_finish(&exec, &header, &node->head.header,
                    &node->head.certificate);
    mun_header_id(&header_id, &header);
    certify(node, &certificate, &header);
    node->high_water.height = header.height;
    node->high_water.header_id = header_id;
    node->high_water.signed_height = header.height;
    block = (struct mun_store_block){
        .exec = &exec,
        .header = &header,
        .header_id = &header_id,
        .certificate = &certificate,
        .block = encode_block(node, &exec, &header),
        .consensus = mun_bytes(header_id.b, sizeof header_id.b),
        .high_water = node->high_water,
    };
    began = mun_test_seconds();
    err = mun_store_commit(node->store, &block);
    node->commit_seconds += mun_test_seconds() - began;
    if (!mun_is_ok(err)) {
        mun_overlay_abort(node->state);
        return err;
    }
    mun_overlay_commit(node->state);
    *encoded = block.block;
    node->head.header = header;
    node->head.header_id = header_id;
    node->head.certificate = certificate;
    node->head.log = exec.frontier;
    return MUN_SUCCESS;
}

void
mun_test_node_block(struct mun_test_node *node,
                    struct mun_entry_checked *const *entries, size_t count)
{
    struct mun_bytes encoded;

    MUN_CHECK(mun_is_ok(mun_test_node_try(node, entries, count, &encoded)));
}

static void
block_of_one(struct mun_test_node *node, struct mun_entry *entry,
             const unsigned *signers, size_t count)
{
    struct mun_entry_checked *checked =
        mun_test_node_sign(node, entry, signers, count, NULL, 0);

    mun_test_node_block(node, &checked, 1);
}

void
mun_test_node_story(struct mun_test_node *node)
{
    const unsigned both[] = { 1, MUN_TEST_NODE_ISSUER };
    const unsigned issuer[] = { MUN_TEST_NODE_ISSUER };
    struct mun_entry *entry = take(&node->arena, sizeof *entry);

    mun_test_sample_entry(&node->arena, entry, MUN_KIND_REGISTER_PARTY);
    entry->as.register_party.sponsor = node->agency;
    entry->as.register_party.sponsor_accreditation = mun_hash_zero;
    entry->as.register_party.recovery = mun_hash_zero;
    entry->actor = mun_test_set_keys(&entry->as.register_party, issuer, 1,
                                     MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR |
                                         MUN_PURPOSE_STATUS);
    block_of_one(node, entry, both, 2);

    mun_test_sample_entry(&node->arena, entry, MUN_KIND_ACCREDIT);
    entry->actor = node->agency;
    entry->as.accredit.subject = mun_test_party(MUN_TEST_NODE_ISSUER);
    block_of_one(node, entry, both, 1);
    node->grant = entry->id;

    mun_test_sample_entry(&node->arena, entry, MUN_KIND_REGISTER_PROGRAMME);
    entry->actor = mun_test_party(MUN_TEST_NODE_ISSUER);
    block_of_one(node, entry, issuer, 1);
    mun_programme_id(&node->programme, &entry->actor,
                     entry->as.register_programme.code);
}

struct mun_bytes
mun_test_node_label(struct mun_test_node *node)
{
    char *label = take(&node->arena, 32);
    int len = snprintf(label, 32, "diplomas-%u", node->list);

    return mun_bytes(label, (size_t)len);
}

struct mun_entry_checked *
mun_test_node_anchor(struct mun_test_node *node, const struct mun_hash *leaves,
                     uint32_t count)
{
    const unsigned issuer[] = { MUN_TEST_NODE_ISSUER };
    struct mun_entry *entry = take(&node->arena, sizeof *entry);

    if (count > MUN_LIST_SLOTS_MAX - node->next_slot) {
        node->list++;
        node->next_slot = 0;
    }
    mun_test_sample_entry(&node->arena, entry, MUN_KIND_ANCHOR);
    entry->actor = mun_test_party(MUN_TEST_NODE_ISSUER);
    entry->as.anchor = (struct mun_anchor){ .label = mun_test_node_label(node),
                                            .base = node->next_slot,
                                            .count = count,
                                            .programme = node->programme,
                                            .version = 1,
                                            .is_published = true,
                                            .accreditation_count = 1 };
    entry->as.anchor.accreditations[0] = node->grant;
    mun_merkle_root32(&entry->as.anchor.root, leaves, count);
    node->next_slot += count;
    return mun_test_node_sign(node, entry, issuer, 1, leaves, count);
}

struct mun_entry_checked *
mun_test_node_revoke(struct mun_test_node *node, uint32_t index)
{
    const unsigned issuer[] = { MUN_TEST_NODE_ISSUER };
    const struct mun_change change = { .index = index,
                                       .action = MUN_ACTION_REVOKE,
                                       .reason = MUN_REASON_ERROR };
    struct mun_entry *entry = take(&node->arena, sizeof *entry);

    mun_test_sample_entry(&node->arena, entry, MUN_KIND_CHANGE_STATUS);
    entry->actor = mun_test_party(MUN_TEST_NODE_ISSUER);
    entry->as.change_status.label = mun_test_node_label(node);
    mun_test_set_changes(&node->arena, &entry->as.change_status, &change, 1);
    return mun_test_node_sign(node, entry, issuer, 1, NULL, 0);
}
