#include "tests/support/make_chain.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/exec.h"
#include "ledger/core/record.h"

#define ARENA_BYTES ((size_t)64 << 20)
#define RECORDS_MAX 65536u
#define VALUE_BYTES_MAX (32u << 20)
#define GENESIS_AGE_MS (30ull * 24 * MUN_TEST_HOUR_MS)

static void *
take(struct mun_arena *arena, size_t size)
{
    void *out = mun_arena_alloc(arena, size);

    MUN_CHECK(out != NULL);
    return out;
}

static struct mun_bytes
keep(struct mun_arena *arena, const struct mun_wr *wr)
{
    struct mun_bytes done = mun_wr_done(wr);
    uint8_t *copy = take(arena, done.len);

    MUN_CHECK(mun_is_ok(mun_wr_status(wr)));
    memcpy(copy, done.data, done.len);
    return mun_bytes(copy, done.len);
}

static int
party_cmp(const void *a, const void *b)
{
    const struct mun_genesis_party *one = a;
    const struct mun_genesis_party *other = b;

    return mun_hash_cmp(&one->id, &other->id);
}

static void
set_member(struct mun_genesis_party *out, unsigned index)
{
    struct mun_key_grant govern = { *mun_test_key(1 + index),
                                    MUN_PURPOSE_GOVERN };
    struct mun_key_grant validate = { *mun_test_key(MUN_TEST_VALIDATOR + index),
                                      MUN_PURPOSE_VALIDATE };
    bool is_first = mun_key_cmp(&govern.key, &validate.key) < 0;

    out->roles = MUN_ROLE_MEMBER;
    if (index == 0)
        out->roles |= MUN_ROLE_ROOT_ACCREDITOR;
    out->name = mun_bytes_str("Ministry of Education");
    out->country = mun_bytes_str("KZ");
    out->url = mun_bytes_str("https://member.example/");
    out->key_count = 2;
    out->keys[is_first ? 0 : 1] = govern;
    out->keys[is_first ? 1 : 0] = validate;
    mun_party_id(&out->id, &out->keys[0].key);
}

struct mun_bytes
mun_test_genesis(struct mun_arena *arena, unsigned member_count)
{
    struct mun_genesis *genesis = take(arena, sizeof *genesis);
    uint8_t *buffer = take(arena, MUN_GENESIS_BYTES_MAX);
    struct mun_wr wr;

    genesis->name = mun_bytes_str("Test consortium");
    genesis->time_ms = MUN_TEST_TIME_MS;
    genesis->rules_version = MUN_RULES_VERSION;
    genesis->max_age_ms = GENESIS_AGE_MS;
    genesis->party_count = member_count;
    for (unsigned i = 0; i < member_count; i++)
        set_member(&genesis->parties[i], i);
    qsort(genesis->parties, member_count, sizeof genesis->parties[0],
          party_cmp);
    mun_wr_init(&wr, buffer, MUN_GENESIS_BYTES_MAX);
    mun_genesis_encode(&wr, genesis);
    return keep(arena, &wr);
}

static struct mun_state *
open_state(struct mun_arena *arena)
{
    struct mun_state_config config = { RECORDS_MAX, VALUE_BYTES_MAX };
    uint8_t *memory = take(arena, mun_state_footprint(&config) + 64);

    memory += (64 - (uintptr_t)memory % 64) % 64;
    return mun_state_init(memory, &config);
}

void
mun_test_world_open(struct mun_test_world *world, unsigned member_count)
{
    uint8_t buffer[1 + MUN_MEMBERS_MAX * 66];
    struct mun_wr wr;

    memset(world, 0, sizeof *world);
    MUN_CHECK(mun_is_ok(mun_arena_open(&world->arena, 2 * ARENA_BYTES)));
    MUN_CHECK(mun_is_ok(mun_arena_open(&world->scratch, ARENA_BYTES)));
    world->member_count = member_count;
    world->state = open_state(&world->arena);
    world->genesis_bytes = mun_test_genesis(&world->arena, member_count);
    world->genesis = take(&world->arena, sizeof *world->genesis);
    MUN_CHECK(
        mun_is_ok(mun_genesis_decode(world->genesis, world->genesis_bytes)));
    MUN_CHECK(mun_is_ok(mun_genesis_start(
        &world->chain, world->state, world->genesis, world->genesis_bytes)));
    world->headers[0] = world->chain.header;
    mun_certificate_empty(&world->certificates[0], &world->chain.header_id);
    mun_frontier_init(&world->log);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_members_encode(&wr, &world->chain.members);
    world->members = keep(&world->arena, &wr);
}

void
mun_test_world_close(struct mun_test_world *world)
{
    mun_arena_close(&world->arena);
    mun_arena_close(&world->scratch);
}

struct mun_entry_checked *
mun_test_world_sign(struct mun_test_world *world, struct mun_entry *entry,
                    const unsigned *signers, size_t count)
{
    entry->chain_id = world->chain.chain_id;
    entry->valid_until_ms =
        world->headers[world->height].time_ms + MUN_TEST_HOUR_MS;
    return mun_test_check_entry(
        &world->arena,
        mun_test_sign_entry(&world->arena, entry, signers, count), NULL, 0);
}

static bool
seen_nothing(const void *ctx, const struct mun_hash *id)
{
    (void)ctx;
    (void)id;
    return false;
}

/* Which of the members' signers has this key. */
static const struct mun_signer *
validator_of(const struct mun_test_world *world, const struct mun_key *key)
{
    for (unsigned i = 0; i < world->member_count; i++) {
        if (mun_key_eq(key, mun_test_key(MUN_TEST_VALIDATOR + i)))
            return mun_test_signer(MUN_TEST_VALIDATOR + i);
    }
    MUN_UNREACHABLE();
}

/* As many signatures as a quorum needs, those of the first members. */
void
mun_test_world_certify(const struct mun_test_world *world,
                       struct mun_certificate *out,
                       const struct mun_header *header)
{
    const struct mun_members *members = &world->chain.members;
    struct mun_vote vote = { .type = MUN_VOTE_PRECOMMIT,
                             .height = header->height,
                             .round = 0,
                             .valid_round = -1 };
    struct mun_hash digest;

    memset(out, 0, sizeof *out);
    mun_header_id(&vote.id, header);
    out->height = header->height;
    out->header_id = vote.id;
    out->member_count = members->count;
    mun_vote_digest(&digest, &world->chain.chain_id, &vote);
    for (uint32_t i = 0; i < mun_quorum(members->count); i++) {
        out->bitmap[i / 8] |= (uint8_t)(0x80u >> (i % 8));
        mun_signer_sign(validator_of(world, &members->at[i].key),
                        &out->sigs[out->sig_count++], &digest);
    }
}

static void
add_leaf(struct mun_test_world *world, const struct mun_log_leaf *leaf,
         const struct mun_entry_checked *checked)
{
    uint64_t index = world->log.size;

    MUN_CHECK(index < MUN_TEST_LOG_MAX);
    world->leaves[index] = *leaf;
    mun_log_leaf_hash(&world->leaf_hashes[index], leaf);
    mun_frontier_append(&world->log, &world->leaf_hashes[index]);
    if (checked != NULL && checked->entry.kind == MUN_KIND_ANCHOR) {
        world->anchor = checked->entry.bytes;
        world->anchor_leaf = index;
    }
}

void
mun_test_world_block(struct mun_test_world *world,
                     struct mun_entry_checked *const *entries, size_t count)
{
    const struct mun_header *previous = &world->headers[world->height];
    struct mun_exec_start start = { .state = world->state,
                                    .arena = &world->scratch,
                                    .seen = { seen_nothing, NULL },
                                    .previous = previous,
                                    .log = &world->log,
                                    .time_ms = previous->time_ms + 1000 };
    struct mun_header *header = &world->headers[world->height + 1];
    struct mun_exec exec;
    struct mun_log_leaf leaf;

    MUN_CHECK(world->height + 1 < MUN_TEST_BLOCKS_MAX);
    mun_arena_reset(&world->scratch, 0);
    MUN_CHECK(mun_is_ok(mun_exec_begin(&exec, &start)));
    for (size_t i = 0; i < count; i++) {
        enum mun_exec_result result;
        enum mun_refusal refusal;

        MUN_CHECK(
            mun_is_ok(mun_exec_add(&exec, &result, &refusal, entries[i])));
        MUN_CHECK(refusal == MUN_REFUSAL_NONE);
        MUN_CHECK(result == MUN_EXEC_APPLIED);
    }
    mun_exec_finish(&exec, header, previous,
                    &world->certificates[world->height]);
    for (uint32_t i = 0; i <= count; i++) {
        mun_exec_leaf(&exec, i, &leaf);
        add_leaf(world, &leaf, i == 0 ? NULL : entries[i - 1]);
    }
    mun_overlay_commit(world->state);
    MUN_CHECK(world->log.size == header->log_size);
    world->height++;
    mun_test_world_certify(world, &world->certificates[world->height], header);
}

/* The accreditor's party: the first member's. */
static struct mun_hash
accreditor_of(const struct mun_test_world *world)
{
    for (uint32_t i = 0; i < world->genesis->party_count; i++) {
        const struct mun_genesis_party *party = &world->genesis->parties[i];

        if ((party->roles & MUN_ROLE_ROOT_ACCREDITOR) != 0)
            return party->id;
    }
    MUN_UNREACHABLE();
}

static struct mun_entry *
sample(struct mun_test_world *world, enum mun_kind kind)
{
    struct mun_entry *entry = take(&world->arena, sizeof *entry);

    mun_test_sample_entry(&world->arena, entry, kind);
    entry->actor = mun_test_party(MUN_TEST_ISSUER);
    return entry;
}

static void
block_of_one(struct mun_test_world *world, struct mun_entry *entry,
             const unsigned *signers, size_t count)
{
    struct mun_entry_checked *checked =
        mun_test_world_sign(world, entry, signers, count);

    mun_test_world_block(world, &checked, 1);
}

void
mun_test_world_story(struct mun_test_world *world)
{
    const unsigned both[] = { 1, MUN_TEST_ISSUER };
    const unsigned issuer[] = { MUN_TEST_ISSUER };
    struct mun_hash accreditor = accreditor_of(world);
    struct mun_entry *entry = sample(world, MUN_KIND_REGISTER_PARTY);

    entry->as.register_party.sponsor = accreditor;
    entry->as.register_party.sponsor_accreditation = mun_hash_zero;
    entry->as.register_party.recovery = mun_hash_zero;
    entry->actor = mun_test_set_keys(&entry->as.register_party, issuer, 1,
                                     MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR |
                                         MUN_PURPOSE_STATUS);
    block_of_one(world, entry, both, 2);

    entry = sample(world, MUN_KIND_ACCREDIT);
    entry->actor = accreditor;
    entry->as.accredit.subject = mun_test_party(MUN_TEST_ISSUER);
    block_of_one(world, entry, both, 1);
    world->accreditation = entry->id;

    entry = sample(world, MUN_KIND_REGISTER_PROGRAMME);
    block_of_one(world, entry, issuer, 1);
    mun_programme_id(&world->programme, &entry->actor,
                     entry->as.register_programme.code);
}

static void
set_opening(struct mun_test_world *world, struct mun_opening *out,
            uint32_t slot)
{
    struct mun_hash seed = mun_test_hash(900);

    mun_opening_salt(&out->salt, &seed, slot);
    out->digest = mun_test_hash(1000 + slot);
    out->format = slot % 2 == 1 ? MUN_FORMAT_JSON : MUN_FORMAT_BYTES;
    out->programme = world->programme;
    out->programme_version = 1;
    out->label = mun_bytes_str("diplomas");
    out->slot = slot;
    out->valid_from_ms = MUN_TEST_TIME_MS;
    out->valid_until_ms = 0;
    out->assurance = MUN_ASSURANCE_PEER;
    if (world->lie == MUN_TEST_LIE_PROGRAMME)
        out->programme.b[0] ^= 1;
    if (world->lie == MUN_TEST_LIE_VERSION)
        out->programme_version = 2;
    if (world->lie == MUN_TEST_LIE_LABEL)
        out->label = mun_bytes_str("diplomata");
    if (world->lie == MUN_TEST_LIE_SLOT)
        out->slot++;
}

void
mun_test_world_anchor(struct mun_test_world *world, uint32_t count)
{
    const unsigned issuer[] = { MUN_TEST_ISSUER };
    struct mun_entry *entry = sample(world, MUN_KIND_ANCHOR);
    struct mun_anchor *anchor = &entry->as.anchor;

    world->batch_base += world->batch_count;
    world->batch_count = count;
    world->openings = take(&world->arena, count * sizeof *world->openings);
    world->commitments =
        take(&world->arena, count * sizeof *world->commitments);
    for (uint32_t i = 0; i < count; i++) {
        set_opening(world, &world->openings[i], world->batch_base + i);
        mun_opening_commitment(&world->commitments[i], &world->openings[i]);
    }
    anchor->base = world->batch_base;
    anchor->count = count;
    mun_merkle_root32(&anchor->root, world->commitments, count);
    anchor->programme = world->programme;
    anchor->is_published = false;
    anchor->accreditations[0] = world->accreditation;
    block_of_one(world, entry, issuer, 1);
}

void
mun_test_world_change(struct mun_test_world *world,
                      const struct mun_change *change)
{
    const unsigned issuer[] = { MUN_TEST_ISSUER };
    struct mun_entry *entry = sample(world, MUN_KIND_CHANGE_STATUS);

    mun_test_set_changes(&world->arena, &entry->as.change_status, change, 1);
    block_of_one(world, entry, issuer, 1);
}

static mun_err_t
read_node(void *ctx, struct mun_hash *out, unsigned level, uint64_t index)
{
    const struct mun_test_world *world = ctx;
    struct mun_frontier part;

    mun_frontier_init(&part);
    for (uint64_t i = 0; i < (uint64_t)1 << level; i++)
        mun_frontier_append(&part, &world->leaf_hashes[(index << level) + i]);
    mun_frontier_root(&part, out);
    return MUN_SUCCESS;
}

void
mun_test_world_parts(struct mun_test_world *world, struct mun_receipt *parts,
                     uint32_t position)
{
    struct mun_merkle_reader reader = { read_node, world };
    struct mun_hash *log_path =
        take(&world->arena, MUN_MERKLE_PATH_MAX * sizeof *log_path);
    struct mun_hash *batch_path =
        take(&world->arena, MUN_MERKLE_PATH_MAX * sizeof *batch_path);
    uint8_t *buffer = take(&world->arena, 8192);
    struct mun_wr wr;
    size_t len;

    memset(parts, 0, sizeof *parts);
    parts->chain_id = world->chain.chain_id;
    parts->entry = world->anchor;
    parts->leaf = world->leaves[world->anchor_leaf];
    parts->leaf_index = world->anchor_leaf;
    MUN_CHECK(mun_is_ok(mun_merkle_make_inclusion(
        log_path, &len, &reader, world->anchor_leaf, world->log.size)));
    parts->log_path = log_path;
    parts->log_path_len = (uint8_t)len;
    parts->position = position;
    mun_merkle_path32(batch_path, &len, world->commitments, world->batch_count,
                      position);
    parts->batch_path = batch_path;
    parts->batch_path_len = (uint8_t)len;
    parts->root_header = world->headers[0];
    parts->members = world->members;
    parts->header = world->headers[world->height];
    mun_wr_init(&wr, buffer, 8192);
    mun_certificate_encode(&wr, &world->certificates[world->height]);
    parts->certificate = mun_wr_done(&wr);
}

struct mun_bytes
mun_test_world_receipt(struct mun_test_world *world, uint32_t position)
{
    uint8_t *buffer = take(&world->arena, MUN_RECEIPT_BYTES_MAX);
    struct mun_receipt parts;
    struct mun_wr wr;

    mun_test_world_parts(world, &parts, position);
    mun_wr_init(&wr, buffer, MUN_RECEIPT_BYTES_MAX);
    MUN_CHECK(
        mun_is_ok(mun_receipt_make(&wr, &world->arena, &parts, world->state)));
    return mun_wr_done(&wr);
}

struct mun_bytes
mun_test_world_opening(struct mun_test_world *world, uint32_t position)
{
    uint8_t buffer[MUN_OPENING_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_opening_encode(&wr, &world->openings[position]);
    return keep(&world->arena, &wr);
}

void
mun_test_world_input(struct mun_test_world *world,
                     struct mun_receipt_input *input, uint32_t position)
{
    memset(input, 0, sizeof *input);
    input->receipt = mun_test_world_receipt(world, position);
    input->opening = mun_test_world_opening(world, position);
    input->has_document_digest = true;
    input->document_digest = world->openings[position].digest;
    if (world->openings[position].format == MUN_FORMAT_JSON)
        input->claims = (struct mun_claims){
            .has_claims = true,
            .is_complete = true,
            .issuer = mun_test_party(MUN_TEST_ISSUER),
            .programme = world->programme,
            .programme_version = 1,
            .list_issuer = mun_test_party(MUN_TEST_ISSUER),
            .list_label = mun_bytes_str("diplomas"),
            .slot = world->batch_base + position,
            .has_slot = true,
        };
    input->root.chain_id = world->chain.chain_id;
    input->root.height = 0;
    input->root.header_id = world->chain.header_id;
    input->root.max_age_ms = world->genesis->max_age_ms;
    input->policy.now_ms = world->headers[world->height].time_ms;
}
