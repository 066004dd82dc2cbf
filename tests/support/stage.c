#include "tests/support/stage.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/wr.h"
#include "ledger/core/rules.h"

#define ARENA_BYTES (512u << 20)
/* With room for what the sanitizer adds to each piece. */
#define BLOCK_BYTES (MUN_EXEC_ARENA_BYTES + 4096)
#define STATE_ALIGN 64
#define RECORDS_MAX 200000
#define VALUES_MAX (128ull << 20)

#define LABEL "diplomas"

/* Records */

static struct mun_bytes
encoded(const struct mun_wr *wr)
{
    MUN_CHECK(mun_is_ok(mun_wr_status(wr)));
    return mun_wr_done(wr);
}

struct mun_bytes
mun_test_stage_get(const struct mun_test_stage *stage,
                   const struct mun_hash *record_key)
{
    struct mun_bytes value;

    MUN_CHECK(mun_overlay_get(stage->state, record_key, &value) == MUN_PRESENT);
    return value;
}

void
mun_test_stage_put(struct mun_test_stage *stage,
                   const struct mun_hash *record_key, struct mun_bytes value)
{
    if (mun_overlay_is_open(stage->state))
        MUN_CHECK(mun_is_ok(mun_overlay_put(stage->state, record_key, value)));
    else
        MUN_CHECK(mun_is_ok(mun_state_load(stage->state, record_key, value)));
}

struct mun_party
mun_test_stage_party(const struct mun_test_stage *stage, unsigned number)
{
    struct mun_hash id = mun_test_party(number);
    struct mun_hash key;
    struct mun_party out;

    mun_record_key_party(&key, &id);
    MUN_CHECK(
        mun_is_ok(mun_party_decode(&out, mun_test_stage_get(stage, &key))));
    return out;
}

struct mun_key_record
mun_test_stage_key(const struct mun_test_stage *stage, unsigned number)
{
    struct mun_key_record out;
    struct mun_hash key;

    mun_record_key_key(&key, mun_test_key(number));
    MUN_CHECK(mun_is_ok(
        mun_key_record_decode(&out, mun_test_stage_get(stage, &key))));
    return out;
}

struct mun_accreditation
mun_test_stage_accreditation(const struct mun_test_stage *stage,
                             const struct mun_hash *accreditation)
{
    struct mun_accreditation out;
    struct mun_hash key;

    mun_record_key_accreditation(&key, accreditation);
    MUN_CHECK(mun_is_ok(
        mun_accreditation_decode(&out, mun_test_stage_get(stage, &key))));
    return out;
}

struct mun_programme
mun_test_stage_programme(const struct mun_test_stage *stage)
{
    struct mun_programme out;
    struct mun_hash key;

    mun_record_key_programme(&key, &stage->programme);
    MUN_CHECK(
        mun_is_ok(mun_programme_decode(&out, mun_test_stage_get(stage, &key))));
    return out;
}

struct mun_slot
mun_test_stage_slot(const struct mun_test_stage *stage, uint32_t index)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_UNI);
    struct mun_hash key;
    struct mun_slot out;

    mun_record_key_slot(&key, &issuer, mun_bytes_str(LABEL), index);
    MUN_CHECK(
        mun_is_ok(mun_slot_decode(&out, mun_test_stage_get(stage, &key))));
    return out;
}

void
mun_test_stage_put_party(struct mun_test_stage *stage,
                         const struct mun_party *party)
{
    uint8_t buffer[1024];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_party_encode(&wr, party);
    mun_record_key_party(&key, &party->id);
    mun_test_stage_put(stage, &key, encoded(&wr));
}

void
mun_test_stage_put_key(struct mun_test_stage *stage,
                       const struct mun_key_record *record)
{
    uint8_t buffer[512];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_key_record_encode(&wr, record);
    mun_record_key_key(&key, &record->key);
    mun_test_stage_put(stage, &key, encoded(&wr));
}

void
mun_test_stage_put_accreditation(struct mun_test_stage *stage,
                                 const struct mun_accreditation *accreditation)
{
    uint8_t buffer[8192];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_accreditation_encode(&wr, accreditation);
    mun_record_key_accreditation(&key, &accreditation->id);
    mun_test_stage_put(stage, &key, encoded(&wr));
}

void
mun_test_stage_put_programme(struct mun_test_stage *stage,
                             const struct mun_programme *programme)
{
    uint8_t buffer[512];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_programme_encode(&wr, programme);
    mun_record_key_programme(&key, &programme->id);
    mun_test_stage_put(stage, &key, encoded(&wr));
}

void
mun_test_stage_put_list(struct mun_test_stage *stage, uint32_t count)
{
    struct mun_list list = { .issuer = mun_test_party(MUN_TEST_UNI),
                             .label = mun_bytes_str(LABEL),
                             .count = count,
                             .status = MUN_LIST_OPEN };
    uint8_t buffer[512];
    struct mun_hash key;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_list_encode(&wr, &list);
    mun_record_key_list(&key, &list.issuer, list.label);
    mun_test_stage_put(stage, &key, encoded(&wr));
}

/* The records of height 0 */

static void
add_key(struct mun_test_stage *stage, unsigned party, unsigned number,
        uint8_t purposes)
{
    struct mun_key_record key = { .since = { 0, 1 },
                                  .key = *mun_test_key(number),
                                  .party = mun_test_party(party),
                                  .purposes = purposes,
                                  .status = MUN_KEY_ACTIVE,
                                  .added_time_ms = 1 };

    mun_test_stage_put_key(stage, &key);
}

static void
add_party(struct mun_test_stage *stage, unsigned number, uint8_t roles,
          uint8_t purposes)
{
    struct mun_party party = { .since = { 0, 1 },
                               .id = mun_test_party(number),
                               .roles = roles,
                               .status = MUN_PARTY_ACTIVE,
                               .name = mun_bytes_str("A university"),
                               .country = mun_bytes_str("KZ"),
                               .url = mun_bytes_str("https://a.example/"),
                               .govern_keys = 1 };

    mun_test_stage_put_party(stage, &party);
    add_key(stage, number, number, purposes);
}

static void
load_genesis(struct mun_test_stage *stage)
{
    struct mun_header *header = &stage->header;

    add_party(stage, MUN_TEST_AGENCY, MUN_ROLE_ROOT_ACCREDITOR,
              MUN_PURPOSE_GOVERN);
    add_party(stage, MUN_TEST_UNI, 0,
              MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR | MUN_PURPOSE_STATUS);
    add_party(stage, MUN_TEST_BODY, 0, MUN_PURPOSE_GOVERN);
    add_party(stage, MUN_TEST_NODE, MUN_ROLE_MEMBER, MUN_PURPOSE_GOVERN);
    add_party(stage, MUN_TEST_SPARE, 0, MUN_PURPOSE_GOVERN);
    add_key(stage, MUN_TEST_UNI, MUN_TEST_UNI_ANCHOR, MUN_PURPOSE_ANCHOR);
    add_key(stage, MUN_TEST_UNI, MUN_TEST_UNI_STATUS, MUN_PURPOSE_STATUS);
    add_key(stage, MUN_TEST_NODE, MUN_TEST_NODE_VALIDATE, MUN_PURPOSE_VALIDATE);
    mun_state_load_finish(stage->state);

    stage->members.count = 1;
    stage->members.at[0].party = mun_test_party(MUN_TEST_NODE);
    stage->members.at[0].key = *mun_test_key(MUN_TEST_NODE_VALIDATE);
    header->rules_version = MUN_RULES_VERSION;
    header->chain_id = mun_test_chain();
    header->time_ms = 1;
    mun_frontier_init(&stage->log);
    mun_frontier_root(&stage->log, &header->log_root);
    mun_state_root(stage->state, &header->state_root);
    mun_members_hash(&header->members_hash, &stage->members);
    header->next_members_hash = header->members_hash;
}

/* Blocks */

static void
begin(struct mun_test_stage *stage, uint64_t time_ms)
{
    const struct mun_exec_start start = {
        .state = stage->state,
        .arena = &stage->blocks,
        .seen = stage->seen,
        .previous = &stage->header,
        .log = &stage->log,
        .time_ms = time_ms,
    };

    mun_arena_reset(&stage->blocks, 0);
    MUN_CHECK(mun_is_ok(mun_exec_begin(&stage->exec, &start)));
}

void
mun_test_stage_certify(const struct mun_test_stage *stage,
                       struct mun_certificate *out)
{
    struct mun_vote vote = { .type = MUN_VOTE_PRECOMMIT,
                             .height = stage->header.height,
                             .valid_round = -1 };
    struct mun_hash digest;

    mun_header_id(&vote.id, &stage->header);
    mun_certificate_empty(out, &vote.id);
    if (vote.height == 0)
        return;
    mun_vote_digest(&digest, &stage->header.chain_id, &vote);
    out->height = vote.height;
    out->member_count = 1;
    out->bitmap[0] = 0x80;
    out->sig_count = 1;
    mun_signer_sign(mun_test_signer(MUN_TEST_NODE_VALIDATE), &out->sigs[0],
                    &digest);
}

void
mun_test_stage_next(struct mun_test_stage *stage, uint64_t time_ms)
{
    struct mun_certificate certificate;
    struct mun_header header;

    mun_test_stage_certify(stage, &certificate);
    mun_exec_finish(&stage->exec, &header, &stage->header, &certificate);
    mun_overlay_commit(stage->state);
    stage->header = header;
    stage->log = stage->exec.frontier;
    begin(stage, time_ms);
}

static void
must_apply(struct mun_test_stage *stage, struct mun_entry *entry)
{
    unsigned signers[2];
    size_t count = mun_test_stage_signers(entry->kind, signers);
    enum mun_refusal refusal =
        mun_test_stage_submit(stage, entry, signers, count);

    MUN_CHECK(refusal == MUN_REFUSAL_NONE);
}

static void *
aligned(uint8_t *memory)
{
    return memory + (STATE_ALIGN - (uintptr_t)memory % STATE_ALIGN);
}

void
mun_test_stage_open(struct mun_test_stage *stage)
{
    const struct mun_state_config config = { RECORDS_MAX, VALUES_MAX };
    struct mun_entry entry;
    size_t size = mun_state_footprint(&config);

    memset(stage, 0, sizeof *stage);
    MUN_CHECK(mun_is_ok(mun_arena_open(&stage->arena, ARENA_BYTES)));
    MUN_CHECK(mun_is_ok(mun_arena_open(&stage->blocks, BLOCK_BYTES)));
    /* Not from an arena, which would touch all of it. */
    stage->memory = calloc(1, size + STATE_ALIGN);
    MUN_CHECK(stage->memory != NULL);
    stage->state = mun_state_init(aligned(stage->memory), &config);
    load_genesis(stage);
    begin(stage, MUN_TEST_TIME_MS);

    mun_test_stage_entry(stage, &entry, MUN_KIND_ACCREDIT);
    entry.as.accredit.subject = mun_test_party(MUN_TEST_UNI);
    must_apply(stage, &entry);
    stage->grant = entry.id;
    mun_test_stage_entry(stage, &entry, MUN_KIND_REGISTER_PROGRAMME);
    entry.as.register_programme.code = mun_bytes_str("data-1");
    must_apply(stage, &entry);
    mun_programme_id(&stage->programme, &entry.actor, mun_bytes_str("data-1"));
    mun_test_stage_entry(stage, &entry, MUN_KIND_ANCHOR);
    entry.as.anchor.base = 0;
    entry.as.anchor.count = 3;
    must_apply(stage, &entry);
    mun_test_stage_next(stage, MUN_TEST_TIME_MS + 1000);
}

void
mun_test_stage_close(struct mun_test_stage *stage)
{
    mun_arena_close(&stage->arena);
    mun_arena_close(&stage->blocks);
    free(stage->memory);
}

/* Entries */

void
mun_test_stage_entry(struct mun_test_stage *stage, struct mun_entry *out,
                     enum mun_kind kind)
{
    const struct mun_change revoke = { .index = 0,
                                       .action = MUN_ACTION_REVOKE,
                                       .reason = MUN_REASON_ERROR };
    const unsigned new_key = MUN_TEST_FREE;

    mun_test_sample_entry(&stage->arena, out, kind);
    out->actor = mun_test_party(MUN_TEST_UNI);
    out->valid_until_ms = stage->exec.now.time_ms + MUN_TEST_HOUR_MS;
    switch (kind) {
    case MUN_KIND_REGISTER_PARTY:
        out->actor = mun_test_set_keys(&out->as.register_party, &new_key, 1,
                                       MUN_PURPOSE_GOVERN);
        out->as.register_party.sponsor = mun_test_party(MUN_TEST_AGENCY);
        out->as.register_party.sponsor_accreditation = mun_hash_zero;
        out->as.register_party.recovery = mun_hash_zero;
        return;
    case MUN_KIND_ADD_KEY:
        out->as.add_key.key = *mun_test_key(MUN_TEST_FREE + 1);
        return;
    case MUN_KIND_RETIRE_KEY:
        out->as.retire_key = *mun_test_key(MUN_TEST_UNI_ANCHOR);
        return;
    case MUN_KIND_ACCREDIT:
        out->actor = mun_test_party(MUN_TEST_AGENCY);
        out->as.accredit.subject = mun_test_party(MUN_TEST_BODY);
        return;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        out->actor = mun_test_party(MUN_TEST_AGENCY);
        out->as.standing.accreditation = stage->grant;
        out->as.standing.void_since_ms = 0;
        return;
    case MUN_KIND_REGISTER_PROGRAMME:
        out->as.register_programme.code = mun_bytes_str("data-2");
        return;
    case MUN_KIND_ANCHOR:
        out->as.anchor.base = 3;
        out->as.anchor.count = 1;
        out->as.anchor.root = mun_test_hash(1000 + stage->changes++);
        out->as.anchor.programme = stage->programme;
        out->as.anchor.is_published = false;
        out->as.anchor.accreditations[0] = stage->grant;
        return;
    case MUN_KIND_CHANGE_STATUS:
        mun_test_set_changes(&stage->arena, &out->as.change_status, &revoke, 1);
        return;
    }
    MUN_UNREACHABLE();
}

size_t
mun_test_stage_signers(enum mun_kind kind, unsigned *out)
{
    switch (kind) {
    case MUN_KIND_REGISTER_PARTY:
        out[0] = MUN_TEST_AGENCY;
        out[1] = MUN_TEST_FREE;
        return 2;
    case MUN_KIND_ADD_KEY:
        out[0] = MUN_TEST_UNI;
        out[1] = MUN_TEST_FREE + 1;
        return 2;
    case MUN_KIND_ACCREDIT:
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        out[0] = MUN_TEST_AGENCY;
        return 1;
    case MUN_KIND_RETIRE_KEY:
    case MUN_KIND_REGISTER_PROGRAMME:
    case MUN_KIND_ANCHOR:
    case MUN_KIND_CHANGE_STATUS:
        out[0] = MUN_TEST_UNI;
        return 1;
    }
    MUN_UNREACHABLE();
}

static enum mun_refusal
submit(struct mun_test_stage *stage, struct mun_bytes bytes,
       const struct mun_hash *leaves, uint32_t leaf_count)
{
    struct mun_view view = mun_overlay_view(stage->state);
    struct mun_entry_checked *checked;
    enum mun_exec_result result;
    enum mun_refusal refusal;
    struct mun_entry entry;

    refusal = mun_entry_decode(&entry, bytes);
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    MUN_CHECK(
        mun_is_ok(mun_rules_screen(&refusal, &entry, &stage->exec.now, &view)));
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    checked = mun_arena_alloc(&stage->arena, sizeof *checked);
    MUN_CHECK(checked != NULL);
    refusal = mun_entry_verify(checked, &entry, leaves, leaf_count);
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    MUN_CHECK(
        mun_is_ok(mun_exec_add(&stage->exec, &result, &refusal, checked)));
    MUN_CHECK(result == (refusal == MUN_REFUSAL_NONE ? MUN_EXEC_APPLIED
                                                     : MUN_EXEC_REFUSED));
    return refusal;
}

enum mun_refusal
mun_test_stage_submit_bytes(struct mun_test_stage *stage,
                            struct mun_bytes bytes,
                            const struct mun_hash *leaves, uint32_t leaf_count)
{
    uint32_t count = mun_overlay_count(stage->state);
    uint64_t log_size = stage->exec.frontier.size;
    enum mun_refusal refusal;
    struct mun_hash before;
    struct mun_hash after;

    mun_overlay_root(stage->state, &before);
    refusal = submit(stage, bytes, leaves, leaf_count);
    mun_overlay_root(stage->state, &after);
    if (refusal == MUN_REFUSAL_NONE) {
        MUN_CHECK(stage->exec.frontier.size == log_size + 1);
        MUN_CHECK(!mun_hash_eq(&before, &after));
    } else {
        MUN_CHECK(stage->exec.frontier.size == log_size);
        MUN_CHECK(mun_hash_eq(&before, &after));
        MUN_CHECK(mun_overlay_count(stage->state) == count);
    }
    return refusal;
}

enum mun_refusal
mun_test_stage_submit(struct mun_test_stage *stage, struct mun_entry *entry,
                      const unsigned *signers, size_t count)
{
    struct mun_bytes bytes =
        mun_test_sign_entry(&stage->arena, entry, signers, count);

    return mun_test_stage_submit_bytes(stage, bytes, NULL, 0);
}
