#include "tests/support/rpc_node.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/record.h"

#define HEAD_BYTES 18 /* of a record's value, before its natural key */

/* The story */

static struct mun_entry *
sample(struct mun_test_api *node, enum mun_kind kind)
{
    struct mun_entry *entry =
        mun_arena_alloc(&node->world.arena, sizeof *entry);

    MUN_CHECK(entry != NULL);
    mun_test_sample_entry(&node->world.arena, entry, kind);
    entry->actor = mun_test_party(MUN_TEST_ISSUER);
    entry->chain_id = node->world.chain.chain_id;
    entry->valid_until_ms =
        node->world.headers[node->world.height].time_ms + MUN_TEST_HOUR_MS;
    return entry;
}

struct part {
    const unsigned *signers;
    size_t signer_count;
    const struct mun_hash *leaves;
    uint32_t leaf_count;
};

/* One block with this entry alone. */
static void
decide(struct mun_test_api *node, struct mun_entry *entry,
       const struct part *part)
{
    struct mun_arena *arena = &node->world.arena;
    struct mun_entry_checked *checked = mun_test_check_entry(
        arena,
        mun_test_sign_entry(arena, entry, part->signers, part->signer_count),
        part->leaves, part->leaf_count);

    MUN_CHECK(node->entry_count < MUN_TEST_API_ENTRIES_MAX);
    node->entries[node->entry_count++] =
        (struct mun_test_api_entry){ checked, node->world.log.size + 1,
                                     node->world.height + 1 };
    mun_test_world_block(&node->world, &checked, 1);
}

static struct mun_hash
accreditor_of(const struct mun_test_api *node)
{
    const struct mun_genesis *genesis = node->world.genesis;

    for (uint32_t i = 0; i < genesis->party_count; i++)
        if ((genesis->parties[i].roles & MUN_ROLE_ROOT_ACCREDITOR) != 0)
            return genesis->parties[i].id;
    MUN_UNREACHABLE();
}

static void
anchor(struct mun_test_api *node, const struct mun_hash *leaves, uint32_t count,
       bool is_published)
{
    const unsigned issuer[] = { MUN_TEST_ISSUER };
    struct part part = { issuer, 1, is_published ? leaves : NULL,
                         is_published ? count : 0 };
    struct mun_entry *entry = sample(node, MUN_KIND_ANCHOR);
    struct mun_anchor *as = &entry->as.anchor;

    as->base = node->world.batch_base;
    as->count = count;
    mun_merkle_root32(&as->root, leaves, count);
    as->programme = node->world.programme;
    as->is_published = is_published;
    as->accreditations[0] = node->world.accreditation;
    decide(node, entry, &part);
    node->world.batch_base += count;
}

static void
begin_story(struct mun_test_api *node)
{
    const unsigned both[] = { 1, MUN_TEST_ISSUER };
    struct part by_both = { both, 2, NULL, 0 };
    struct part by_first = { both, 1, NULL, 0 };
    struct part by_issuer = { both + 1, 1, NULL, 0 };
    struct mun_entry *entry = sample(node, MUN_KIND_REGISTER_PARTY);

    entry->as.register_party.sponsor = accreditor_of(node);
    entry->as.register_party.sponsor_accreditation = mun_hash_zero;
    entry->as.register_party.recovery = mun_hash_zero;
    entry->actor = mun_test_set_keys(&entry->as.register_party, both + 1, 1,
                                     MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR |
                                         MUN_PURPOSE_STATUS);
    decide(node, entry, &by_both);

    entry = sample(node, MUN_KIND_ACCREDIT);
    entry->actor = accreditor_of(node);
    entry->as.accredit.subject = mun_test_party(MUN_TEST_ISSUER);
    decide(node, entry, &by_first);
    node->world.accreditation = entry->id;

    entry = sample(node, MUN_KIND_REGISTER_PROGRAMME);
    decide(node, entry, &by_issuer);
    mun_programme_id(&node->world.programme, &entry->actor,
                     entry->as.register_programme.code);
}

static void
set_opening(struct mun_test_api *node, uint32_t slot)
{
    struct mun_opening *out = &node->openings[slot];
    struct mun_hash seed = mun_test_hash(900);

    mun_opening_salt(&out->salt, &seed, slot);
    out->digest = mun_test_hash(2000 + slot);
    out->format = MUN_FORMAT_BYTES;
    out->programme = node->world.programme;
    out->programme_version = 1;
    out->label = mun_bytes_str("diplomas");
    out->slot = slot;
    out->valid_from_ms = MUN_TEST_TIME_MS;
    mun_opening_commitment(&node->published[slot], out);
}

static void
end_story(struct mun_test_api *node)
{
    static const struct mun_change changes[] = {
        { .index = 1, .action = MUN_ACTION_REVOKE, .reason = MUN_REASON_ERROR },
        { .index = 2,
          .action = MUN_ACTION_SUSPEND,
          .reason = MUN_REASON_OTHER },
    };
    const unsigned issuer[] = { MUN_TEST_ISSUER };
    struct part part = { issuer, 1, NULL, 0 };
    struct mun_hash sealed[MUN_TEST_SEALED];
    struct mun_entry *entry;

    for (unsigned i = 0; i < MUN_TEST_PUBLISHED; i++)
        set_opening(node, i);
    for (unsigned i = 0; i < MUN_TEST_SEALED; i++)
        sealed[i] = mun_test_hash(3000 + i);
    anchor(node, node->published, MUN_TEST_PUBLISHED, true);
    node->published_batch =
        node->entries[node->entry_count - 1].checked->entry.id;
    anchor(node, sealed, MUN_TEST_SEALED, false);
    node->sealed_batch = node->entries[node->entry_count - 1].checked->entry.id;
    entry = sample(node, MUN_KIND_CHANGE_STATUS);
    mun_test_set_changes(&node->world.arena, &entry->as.change_status, changes,
                         2);
    decide(node, entry, &part);
}

/* The backend */

static void
read_begin(void *ctx, struct mun_rpc_snapshot *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    const struct mun_test_world *world = &node->world;

    node->readers++;
    *out = (struct mun_rpc_snapshot){
        .header = &world->headers[world->height],
        .header_id = &node->head_id,
        .certificate = &world->certificates[world->height],
        .members = &world->chain.members,
        .state = world->state,
        .view = mun_state_view(world->state),
    };
}

static void
read_end(void *ctx)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    node->readers--;
    MUN_CHECK(node->readers == 0);
}

#define FAIL_IF_ASKED(node)                                                    \
    do {                                                                       \
        if ((node)->failure != MUN_OK)                                         \
            return mun_err((node)->failure);                                   \
    } while (0)

static mun_err_t
keep(struct mun_arena *arena, struct mun_bytes *out, struct mun_bytes bytes)
{
    uint8_t *copy = mun_arena_alloc(arena, bytes.len);

    if (copy == NULL)
        return mun_err(MUN_ERR_LIMIT);
    memcpy(copy, bytes.data, bytes.len);
    *out = mun_bytes(copy, bytes.len);
    return MUN_SUCCESS;
}

static mun_err_t
get_genesis(void *ctx, struct mun_arena *arena, struct mun_bytes *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    FAIL_IF_ASKED(node);
    return keep(arena, out, node->world.genesis_bytes);
}

static mun_err_t
get_header(void *ctx, uint64_t height, struct mun_header *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    FAIL_IF_ASKED(node);
    if (height > node->world.height)
        return mun_err(MUN_ERR_NOT_FOUND);
    *out = node->world.headers[height];
    return MUN_SUCCESS;
}

static mun_err_t
get_certificate(void *ctx, uint64_t height, struct mun_certificate *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    FAIL_IF_ASKED(node);
    if (height == 0 || height > node->world.height)
        return mun_err(MUN_ERR_NOT_FOUND);
    *out = node->world.certificates[height];
    return MUN_SUCCESS;
}

static mun_err_t
get_block(void *ctx, struct mun_arena *arena, uint64_t height,
          struct mun_bytes *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    uint8_t buffer[8192];
    struct mun_wr wr;

    FAIL_IF_ASKED(node);
    if (height == 0 || height > node->world.height)
        return mun_err(MUN_ERR_NOT_FOUND);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_block_encode_start(&wr, &node->world.headers[height],
                           &node->world.certificates[height - 1], 1);
    for (uint32_t i = 0; i < node->entry_count; i++) {
        const struct mun_entry_checked *checked = node->entries[i].checked;
        struct mun_block_item item = { checked->entry.bytes, checked->leaves,
                                       checked->leaf_count };
        if (node->entries[i].height == height)
            mun_block_encode_item(&wr, &item);
    }
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    return keep(arena, out, mun_wr_done(&wr));
}

/* NOLINTBEGIN(readability-non-const-parameter) */
static mun_err_t
get_height_at(void *ctx, uint64_t time_ms, uint64_t *height)
{
    (void)ctx;
    (void)time_ms;
    (void)height;
    return mun_err(MUN_ERR_NOT_FOUND);
}
/* NOLINTEND(readability-non-const-parameter) */

static mun_err_t
find_entry(void *ctx, const struct mun_hash *id, struct mun_rpc_place *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;

    FAIL_IF_ASKED(node);
    for (uint32_t i = 0; i < node->entry_count; i++) {
        if (!mun_hash_eq(&node->entries[i].checked->entry.id, id))
            continue;
        *out = (struct mun_rpc_place){ node->entries[i].log_index, 0 };
        return MUN_SUCCESS;
    }
    return mun_err(MUN_ERR_NOT_FOUND);
}

static const struct mun_entry_checked *
at_index(const struct mun_test_api *node, uint64_t log_index)
{
    for (uint32_t i = 0; i < node->entry_count; i++)
        if (node->entries[i].log_index == log_index)
            return node->entries[i].checked;
    return NULL;
}

static mun_err_t
get_entry(void *ctx, struct mun_arena *arena, uint64_t log_index,
          struct mun_rpc_entry *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    const struct mun_entry_checked *checked = at_index(node, log_index);

    FAIL_IF_ASKED(node);
    if (checked == NULL)
        return mun_err(MUN_ERR_NOT_FOUND);
    out->leaf = node->world.leaves[log_index];
    out->leaf_count = checked->leaf_count;
    return keep(arena, &out->entry, checked->entry.bytes);
}

static mun_err_t
find_commitment(void *ctx, const struct mun_hash *commitment,
                struct mun_rpc_place *out)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;

    FAIL_IF_ASKED(node);
    for (unsigned i = 0; i < MUN_TEST_PUBLISHED; i++) {
        if (!mun_hash_eq(&node->published[i], commitment))
            continue;
        MUN_TRY(find_entry(ctx, &node->published_batch, out));
        out->position = i;
        return MUN_SUCCESS;
    }
    return mun_err(MUN_ERR_NOT_FOUND);
}

static mun_err_t
get_batch_path(void *ctx, struct mun_hash *path, size_t *path_len,
               struct mun_hash *leaf, uint64_t log_index, uint32_t position)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    const struct mun_entry_checked *checked = at_index(node, log_index);

    FAIL_IF_ASKED(node);
    if (checked == NULL || position >= checked->leaf_count)
        return mun_err(MUN_ERR_NOT_FOUND);
    *leaf = checked->leaves[position];
    mun_merkle_path32(path, path_len, checked->leaves, checked->leaf_count,
                      position);
    return MUN_SUCCESS;
}

static mun_err_t
read_log(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    struct mun_frontier part;

    FAIL_IF_ASKED(node);
    mun_frontier_init(&part);
    for (uint64_t i = 0; i < (uint64_t)1 << level; i++)
        mun_frontier_append(&part,
                            &node->world.leaf_hashes[(index << level) + i]);
    mun_frontier_root(&part, out);
    return MUN_SUCCESS;
}

static mun_err_t
get_tile(void *ctx, struct mun_hash *out, uint32_t level, uint64_t index,
         uint32_t width)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;

    FAIL_IF_ASKED(node);
    if (level > 0 || index > 0 || width > node->world.log.size)
        return mun_err(MUN_ERR_NOT_FOUND);
    memcpy(out, node->world.leaf_hashes, width * sizeof *out);
    return MUN_SUCCESS;
}

/* Everything is about the issuer, of whatever name. The backend's functions
 * have the arguments that they have. */
/* NOLINTBEGIN(readability-function-size) */
static mun_err_t
get_history(void *ctx, enum mun_rpc_history of, struct mun_bytes name,
            uint64_t from, uint32_t limit, mun_rpc_visit_index visit,
            void *visit_ctx, bool *more)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;

    (void)of;
    FAIL_IF_ASKED(node);
    MUN_CHECK(name.len >= 32);
    *more = false;
    for (uint32_t i = 0; i < node->entry_count; i++) {
        if (node->entries[i].log_index < from)
            continue;
        if (limit-- == 0) {
            *more = true;
            return MUN_SUCCESS;
        }
        MUN_TRY(visit(visit_ctx, node->entries[i].log_index));
    }
    return MUN_SUCCESS;
}
/* NOLINTEND(readability-function-size) */

/* Registers: the records of one type, sorted by natural key. */

#define SORTED_MAX 512

struct sorted {
    enum mun_record_type type;
    size_t count;
    struct mun_bytes values[SORTED_MAX];
};

static struct mun_bytes
natural_of(struct mun_bytes value)
{
    size_t len = 32;

    switch ((enum mun_record_type)value.data[0]) {
    case MUN_RECORD_PARTY:
    case MUN_RECORD_ACCREDITATION:
    case MUN_RECORD_PROGRAMME:
        break;
    case MUN_RECORD_KEY:
    case MUN_RECORD_PROGRAMME_VERSION:
        len = 34;
        break;
    case MUN_RECORD_LIST:
        len = 33u + value.data[HEAD_BYTES + 32];
        break;
    case MUN_RECORD_SLOT:
        len = 37u + value.data[HEAD_BYTES + 32];
        break;
    case MUN_RECORD_BATCH:
        len = 64;
        break;
    }
    return mun_bytes(value.data + HEAD_BYTES, len);
}

static int
natural_cmp(const void *a, const void *b)
{
    return mun_bytes_cmp(natural_of(*(const struct mun_bytes *)a),
                         natural_of(*(const struct mun_bytes *)b));
}

static mun_err_t
collect(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    struct sorted *sorted = (struct sorted *)ctx;

    (void)key;
    if (value.data[0] != (uint8_t)sorted->type)
        return MUN_SUCCESS;
    MUN_CHECK(sorted->count < SORTED_MAX);
    sorted->values[sorted->count++] = value;
    return MUN_SUCCESS;
}

static void
sort_records(struct mun_test_api *node, struct sorted *out,
             enum mun_record_type type)
{
    out->type = type;
    out->count = 0;
    MUN_CHECK(mun_is_ok(mun_state_each(node->world.state, collect, out)));
    qsort(out->values, out->count, sizeof out->values[0], natural_cmp);
}

/* NOLINTBEGIN(readability-function-size) */
static mun_err_t
walk_registered(void *ctx, enum mun_record_type type, struct mun_bytes after,
                uint32_t limit, mun_rpc_visit_record visit, void *visit_ctx,
                bool *more)
{
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    struct sorted sorted;

    FAIL_IF_ASKED(node);
    sort_records(node, &sorted, type);
    *more = false;
    for (size_t i = 0; i < sorted.count; i++) {
        struct mun_bytes natural = natural_of(sorted.values[i]);

        if (mun_bytes_cmp(natural, after) <= 0)
            continue;
        if (limit-- == 0) {
            *more = true;
            return MUN_SUCCESS;
        }
        MUN_TRY(visit(visit_ctx, natural, sorted.values[i]));
    }
    return MUN_SUCCESS;
}
/* NOLINTEND(readability-function-size) */

static bool
is_owner(struct mun_bytes value, const struct mun_hash *party)
{
    struct mun_accreditation accreditation;
    struct mun_programme programme;
    struct mun_key_record key;

    if (value.data[0] == MUN_RECORD_KEY)
        return mun_is_ok(mun_key_record_decode(&key, value)) &&
               mun_hash_eq(&key.party, party);
    if (value.data[0] == MUN_RECORD_PROGRAMME)
        return mun_is_ok(mun_programme_decode(&programme, value)) &&
               mun_hash_eq(&programme.issuer, party);
    return mun_is_ok(mun_accreditation_decode(&accreditation, value)) &&
           mun_hash_eq(&accreditation.subject, party);
}

static mun_err_t
walk_owned(void *ctx, enum mun_rpc_owned what, const struct mun_hash *party,
           mun_rpc_visit_record visit, void *visit_ctx)
{
    static const enum mun_record_type types[] = {
        [MUN_RPC_OWNED_KEYS] = MUN_RECORD_KEY,
        [MUN_RPC_OWNED_ACCREDITATIONS] = MUN_RECORD_ACCREDITATION,
        [MUN_RPC_OWNED_PROGRAMMES] = MUN_RECORD_PROGRAMME,
    };
    struct mun_test_api *node = (struct mun_test_api *)ctx;
    struct sorted sorted;

    FAIL_IF_ASKED(node);
    sort_records(node, &sorted, types[what]);
    for (size_t i = 0; i < sorted.count; i++)
        if (is_owner(sorted.values[i], party))
            MUN_TRY(visit(visit_ctx, natural_of(sorted.values[i]),
                          sorted.values[i]));
    return MUN_SUCCESS;
}

static size_t
write_metrics(void *ctx, char *out, size_t size)
{
    static const char text[] = "muniment_height 6\n";

    (void)ctx;
    MUN_CHECK(size >= sizeof text);
    memcpy(out, text, sizeof text - 1);
    return sizeof text - 1;
}

static bool
is_ready(void *ctx)
{
    return ((struct mun_test_api *)ctx)->is_ready;
}

static uint64_t
now_ms(void *ctx)
{
    const struct mun_test_world *world = &((struct mun_test_api *)ctx)->world;
    return world->headers[world->height].time_ms + 1;
}

static void
set_backend(struct mun_test_api *node)
{
    struct mun_test_world *world = &node->world;

    node->backend = (struct mun_rpc_backend){
        .ctx = node,
        .chain_id = world->chain.chain_id,
        .chain_name = world->genesis->name,
        .max_age_ms = world->genesis->max_age_ms,
        .genesis_header = world->chain.header,
        .genesis_header_id = world->chain.header_id,
        .genesis_members = &world->chain.members,
        .software = "test 0",
        .read_begin = read_begin,
        .read_end = read_end,
        .genesis = get_genesis,
        .header = get_header,
        .certificate = get_certificate,
        .block = get_block,
        .height_at = get_height_at,
        .find_entry = find_entry,
        .entry = get_entry,
        .find_commitment = find_commitment,
        .batch_path = get_batch_path,
        .log_reader = { read_log, node },
        .tile = get_tile,
        .history = get_history,
        .registered = walk_registered,
        .owned = walk_owned,
        .metrics = write_metrics,
        .is_ready = is_ready,
        .now_ms = now_ms,
    };
}

void
mun_test_api_open(struct mun_test_api *node)
{
    memset(node, 0, sizeof *node);
    mun_test_world_open(&node->world, 4);
    begin_story(node);
    end_story(node);
    mun_header_id(&node->head_id, &node->world.headers[node->world.height]);
    node->is_ready = true;
    set_backend(node);
}

void
mun_test_api_close(struct mun_test_api *node)
{
    mun_test_world_close(&node->world);
}
