#include "tools/replay.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/memory.h"

/* Reserved, used as the state grows: 134 million records, 64 GiB of values. */
#define RECORDS_MAX (1u << 27)
#define VALUE_BYTES_MAX (1ull << 36)

static const struct {
    enum mun_kind kind;
    const char *text;
} kind_table[] = {
#define X(name, code, window, text) { MUN_KIND_##name, text },
    MUN_KIND_TABLE(X)
#undef X
};

const char *
mun_replay_kind_text(enum mun_replay_kind kind)
{
    MUN_CHECK(kind < MUN_REPLAY_KIND_COUNT);
    return kind_table[kind].text;
}

mun_err_t
mun_replay_open(struct mun_replay *replay, struct mun_arena *arena,
                struct mun_bytes genesis)
{
    static const struct mun_state_config config = { RECORDS_MAX,
                                                    VALUE_BYTES_MAX };
    size_t size = mun_state_footprint(&config);

    memset(replay, 0, sizeof *replay);
    replay->genesis = mun_arena_alloc(arena, sizeof *replay->genesis);
    replay->chain = mun_arena_alloc(arena, sizeof *replay->chain);
    replay->exec = mun_arena_alloc(arena, sizeof *replay->exec);
    if (replay->genesis == NULL || replay->chain == NULL ||
        replay->exec == NULL)
        return mun_err(MUN_ERR_MEMORY);
    MUN_TRY(mun_genesis_decode(replay->genesis, genesis));
    MUN_TRY(mun_arena_open(&replay->scratch, MUN_EXEC_ARENA_BYTES));
    MUN_TRY(mun_replay_seen_open(&replay->seen));
    MUN_TRY(mun_memory_map(&replay->memory, size));
    replay->memory_size = size;
    replay->state = mun_state_init(replay->memory, &config);
    MUN_TRY(mun_genesis_start(replay->chain, replay->state, replay->genesis,
                              genesis));
    mun_frontier_init(&replay->log);
    replay->header = replay->chain->header;
    replay->header_id = replay->chain->header_id;
    return MUN_SUCCESS;
}

void
mun_replay_close(struct mun_replay *replay)
{
    mun_replay_seen_close(&replay->seen);
    mun_arena_close(&replay->scratch);
    mun_memory_unmap(replay->memory, replay->memory_size);
}

/* Violations */

static mun_err_t
violated(struct mun_replay *replay, uint64_t height, const char *rule)
{
    replay->violation.height = height;
    (void)snprintf(replay->violation.rule, sizeof replay->violation.rule, "%s",
                   rule);
    return mun_err(MUN_ERR_REFUSED);
}

static mun_err_t
violated_by(struct mun_replay *replay, uint64_t height, uint32_t position,
            const struct mun_block_item *item, enum mun_refusal refusal)
{
    struct mun_replay_violation *violation = &replay->violation;
    struct mun_entry entry;

    violation->height = height;
    violation->has_entry = true;
    violation->position = position;
    if (mun_entry_decode(&entry, item->entry) == MUN_REFUSAL_NONE)
        violation->entry = entry.id;
    if (refusal == MUN_REFUSAL_NONE)
        (void)snprintf(violation->rule, sizeof violation->rule,
                       "ID_KNOWN: an entry of this id was accepted before");
    else
        (void)snprintf(violation->rule, sizeof violation->rule, "%s: %s",
                       mun_refusal_name(refusal), mun_refusal_text(refusal));
    return mun_err(MUN_ERR_REFUSED);
}

/* What an error of mun_exec_judge means for an auditor. */
static mun_err_t
judged(struct mun_replay *replay, const struct mun_pipe_batch *batch,
       const struct mun_pipe_block *block,
       const struct mun_exec_verdict *verdict, mun_err_t err)
{
    uint64_t height = replay->header.height + 1;

    switch (err.code) {
    case MUN_ERR_CHAIN:
        return violated(replay, height,
                        "the header does not follow the one before: chain or "
                        "previous header id");
    case MUN_ERR_VALUE:
        return violated(replay, height,
                        "the header's height, time or rules version, or the "
                        "header that its certificate is for, is wrong");
    case MUN_ERR_PROOF:
        return violated(replay, height,
                        "the certificate of the block before is no quorum of "
                        "its members");
    case MUN_ERR_SIGNATURE:
        return violated(replay, height,
                        "a signature in the certificate of the block before "
                        "is wrong");
    case MUN_ERR_TOO_LARGE:
        return violated(replay, height, "the block exceeds a weight limit");
    case MUN_ERR_ROOT:
        return violated(replay, height,
                        "a hash, root or size in the header is not what its "
                        "entries lead to");
    case MUN_ERR_REFUSED:
        return violated_by(replay, height, verdict->refused_index,
                           &batch->items[block->first + verdict->refused_index],
                           verdict->refusal);
    default:
        return err;
    }
}

/* Counting */

static void
count_entry(struct mun_replay_counts *counts, const struct mun_entry *entry)
{
    for (size_t i = 0; i < MUN_REPLAY_KIND_COUNT; i++)
        counts->kinds[i] += kind_table[i].kind == entry->kind;
    counts->entries++;
    counts->signatures += entry->key_count;
    if (entry->kind == MUN_KIND_ANCHOR)
        counts->credentials += entry->as.anchor.count;
    if (entry->kind == MUN_KIND_CHANGE_STATUS)
        counts->changes += entry->as.change_status.count;
}

static mun_err_t
take_entries(struct mun_replay *replay, const struct mun_pipe_batch *batch,
             const struct mun_pipe_block *block)
{
    for (uint32_t i = 0; i < block->block.entry_count; i++) {
        const struct mun_entry *entry = &batch->checked[block->first + i].entry;
        count_entry(&replay->counts, entry);
        MUN_TRY(mun_replay_seen_add(&replay->seen, &entry->id,
                                    entry->valid_until_ms,
                                    block->block.header.time_ms));
    }
    replay->counts.blocks++;
    replay->counts.votes += block->block.certificate.sig_count;
    return MUN_SUCCESS;
}

/* A block that nobody has built upon yet stands on its own certificate. */
static mun_err_t
check_own_certificate(struct mun_replay *replay,
                      const struct mun_pipe_block *block)
{
    struct mun_certificate *certificate =
        mun_arena_alloc(&replay->scratch, sizeof *certificate);
    struct mun_rd rd;

    if (certificate == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_rd_init(&rd, block->certificate);
    mun_certificate_decode(&rd, certificate);
    if (!mun_is_ok(mun_rd_finish(&rd)) ||
        certificate->height != replay->header.height ||
        !mun_hash_eq(&certificate->header_id, &replay->header_id) ||
        !mun_is_ok(mun_certificate_verify(certificate, &replay->chain->chain_id,
                                          &replay->chain->members)))
        return violated(replay, replay->header.height,
                        "the newest block's own certificate is not valid");
    replay->counts.votes += certificate->sig_count;
    return MUN_SUCCESS;
}

static mun_err_t
execute(struct mun_replay *replay, const struct mun_pipe_batch *batch,
        const struct mun_pipe_block *block)
{
    struct mun_exec_verdict verdict;
    const struct mun_exec_start start = {
        .state = replay->state,
        .arena = &replay->scratch,
        .seen = mun_replay_seen_view(&replay->seen),
        .previous = &replay->header,
        .log = &replay->log,
    };

    for (uint32_t i = 0; i < block->block.entry_count; i++) {
        enum mun_refusal refusal = batch->refusals[block->first + i];
        if (refusal != MUN_REFUSAL_NONE)
            return violated_by(replay, replay->header.height + 1, i,
                               &batch->items[block->first + i], refusal);
    }
    mun_err_t err =
        mun_exec_judge(replay->exec, &verdict, &start, &block->block,
                       batch->checked + block->first, &replay->chain->members);
    if (!mun_is_ok(err))
        return judged(replay, batch, block, &verdict, err);
    mun_overlay_commit(replay->state);
    replay->log = replay->exec->frontier;
    replay->header = block->block.header;
    mun_header_id(&replay->header_id, &replay->header);
    return take_entries(replay, batch, block);
}

mun_err_t
mun_replay_batch(struct mun_replay *replay, const struct mun_pipe_batch *batch,
                 uint64_t last)
{
    for (uint32_t i = 0; i < batch->block_count; i++) {
        const struct mun_pipe_block *block = &batch->blocks[i];
        mun_arena_reset(&replay->scratch, 0);
        MUN_TRY(execute(replay, batch, block));
        if (replay->header.height == last)
            MUN_TRY(check_own_certificate(replay, block));
    }
    if (!mun_is_ok(batch->decode_err))
        return violated(replay, replay->header.height + 1,
                        "the bytes are not a block");
    return MUN_SUCCESS;
}
