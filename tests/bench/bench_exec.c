#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "tests/support/stage.h"

/* What one entry costs besides its signatures: rules, two records, effects and
 * log leaf, on a state of 100,000 records, without hashing the state tree. One
 * full block of single-leaf anchors, executed and dropped again and again. */

#define ROUNDS 40
#define DUMMIES 100000
#define CHANGES 4096

static struct mun_test_stage stage;
static const struct mun_entry_checked *block[MUN_BLOCK_ENTRIES_MAX];

static uint64_t
now_ns(void)
{
    struct timespec at;

    MUN_CHECK(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void
fill_state(void)
{
    uint8_t value[150] = { 0 };

    for (unsigned i = 0; i < DUMMIES; i++) {
        struct mun_hash key = mun_test_hash(i);

        mun_test_stage_put(&stage, &key, mun_bytes(value, sizeof value));
    }
    mun_test_stage_next(&stage, MUN_TEST_TIME_MS + 2000);
}

static const struct mun_entry_checked *
sign(struct mun_entry *entry)
{
    unsigned signers[2];
    size_t count = mun_test_stage_signers(entry->kind, signers);

    return mun_test_check_entry(
        &stage.arena, mun_test_sign_entry(&stage.arena, entry, signers, count),
        NULL, 0);
}

static void
make_block(void)
{
    struct mun_entry entry;

    for (uint32_t i = 0; i < MUN_BLOCK_ENTRIES_MAX; i++) {
        mun_test_stage_entry(&stage, &entry, MUN_KIND_ANCHOR);
        entry.as.anchor.base = 3 + i;
        block[i] = sign(&entry);
    }
}

/* Nanoseconds for the entries; the block is dropped. */
static uint64_t
run(const struct mun_entry_checked *const *entries, uint32_t count)
{
    const struct mun_exec_start start = { .state = stage.state,
                                          .arena = &stage.blocks,
                                          .previous = &stage.header,
                                          .log = &stage.log,
                                          .time_ms = stage.exec.now.time_ms };
    enum mun_exec_result result;
    enum mun_refusal refusal;
    uint64_t began;

    mun_overlay_abort(stage.state);
    mun_arena_reset(&stage.blocks, 0);
    MUN_CHECK(mun_is_ok(mun_exec_begin(&stage.exec, &start)));
    began = now_ns();
    for (uint32_t i = 0; i < count; i++) {
        MUN_CHECK(mun_is_ok(
            mun_exec_add(&stage.exec, &result, &refusal, entries[i])));
        MUN_CHECK(result == MUN_EXEC_APPLIED);
    }
    return now_ns() - began;
}

static uint64_t
best_of(const struct mun_entry_checked *const *entries, uint32_t count)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t took = run(entries, count);

        if (took < best)
            best = took;
    }
    return best;
}

static void
bench_anchors(void)
{
    uint64_t ns = best_of(block, MUN_BLOCK_ENTRIES_MAX);

    printf("execute single-leaf anchors, entries/s a core: %" PRIu64 "\n",
           (uint64_t)MUN_BLOCK_ENTRIES_MAX * 1000000000u / ns);
    printf("execute single-leaf anchors, ns an entry: %" PRIu64 "\n",
           ns / MUN_BLOCK_ENTRIES_MAX);
}

static void
bench_changes(void)
{
    static struct mun_change changes[CHANGES];
    const struct mun_entry_checked *checked;
    struct mun_entry entry;
    uint64_t ns;

    for (uint32_t i = 0; i < CHANGES; i++)
        changes[i] = (struct mun_change){ .index = i,
                                          .action = MUN_ACTION_REVOKE,
                                          .reason = MUN_REASON_OTHER };
    mun_test_stage_put_list(&stage, CHANGES);
    mun_test_stage_next(&stage, MUN_TEST_TIME_MS + 3000);
    mun_test_stage_entry(&stage, &entry, MUN_KIND_CHANGE_STATUS);
    mun_test_set_changes(&stage.arena, &entry.as.change_status, changes,
                         CHANGES);
    checked = sign(&entry);
    ns = best_of(&checked, 1);
    printf("execute 4,096 changes of status in one entry, ns a change: %" PRIu64
           "\n",
           ns / CHANGES);
}

int
main(void)
{
    mun_test_stage_open(&stage);
    fill_state();
    make_block();
    bench_anchors();
    bench_changes();
    mun_test_stage_close(&stage);
    return 0;
}
