/* What offline verification costs beside the signature checks it contains:
 *
 *   bench_receipt [rounds [members records]]
 *
 * One line a figure. "ratio" is the whole over the same signatures checked by
 * themselves in the same run: the limit is 1. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ledger/base/check.h"
#include "tests/support/make_chain.h"

#define BATCH 1000u
#define REPEATS 15u

static double
now_us(void)
{
    struct timespec ts;

    MUN_CHECK(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Records that nobody asks for, so that the tree is as deep as a large one's.
 */
static void
fill_state(struct mun_state *state, unsigned count)
{
    mun_overlay_begin(state);
    for (unsigned i = 0; i < count; i++) {
        struct mun_hash key = mun_test_hash(1000000 + i);

        MUN_CHECK(mun_is_ok(
            mun_overlay_put(state, &key, mun_bytes(key.b, sizeof key.b))));
    }
    mun_overlay_commit(state);
}

struct timing {
    double whole_us;
    double sigs_us;
    unsigned sig_count;
};

static void
verify_rounds(const struct mun_receipt_input *input, struct mun_arena *arena,
              unsigned rounds)
{
    static struct mun_verdict verdict;

    for (unsigned i = 0; i < rounds; i++) {
        mun_arena_reset(arena, 0);
        mun_receipt_verify(&verdict, arena, input);
        MUN_CHECK(verdict.code == MUN_VERDICT_VALID);
    }
}

static void
check_signatures(const struct mun_test_world *world,
                 const struct mun_entry *entry)
{
    MUN_CHECK(mun_is_ok(
        mun_certificate_verify(&world->certificates[world->height],
                               &world->chain.chain_id, &world->chain.members)));
    MUN_CHECK(mun_is_ok(
        mun_sig_verify(&entry->sigs[0], &entry->keys[0], &entry->id)));
}

static double
least(double a, double b)
{
    return a < b ? a : b;
}

/* The best of several: what others do on the machine only adds. The two are
 * taken in turn, so that both meet the same disturbance. */
static void
measure(struct timing *out, struct mun_test_world *world, unsigned rounds)
{
    struct mun_receipt_input input;
    struct mun_arena arena;
    struct mun_entry entry;

    MUN_CHECK(mun_is_ok(mun_arena_open(&arena, MUN_RECEIPT_ARENA_BYTES)));
    mun_test_world_input(world, &input, BATCH / 3);
    MUN_CHECK(mun_entry_decode(&entry, world->anchor) == MUN_REFUSAL_NONE);
    out->sig_count =
        world->certificates[world->height].sig_count + entry.key_count;
    out->whole_us = 1e9;
    out->sigs_us = 1e9;
    for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
        double start = now_us();

        verify_rounds(&input, &arena, rounds);
        out->whole_us = least(out->whole_us, (now_us() - start) / rounds);
        start = now_us();
        for (unsigned i = 0; i < rounds; i++)
            check_signatures(world, &entry);
        out->sigs_us = least(out->sigs_us, (now_us() - start) / rounds);
    }
    printf("  receipt: %zu bytes\n", input.receipt.len);
    mun_arena_close(&arena);
}

static void
run(unsigned member_count, unsigned record_count, unsigned rounds)
{
    static struct mun_test_world world;
    struct timing timing;

    mun_test_world_open(&world, member_count);
    mun_test_world_story(&world);
    fill_state(world.state, record_count);
    mun_test_world_anchor(&world, BATCH);
    printf("members %u, records %u, batch %u, log %" PRIu64 ":\n", member_count,
           mun_state_count(world.state), BATCH, world.log.size);
    measure(&timing, &world, rounds);
    printf("  verification: %.1f us\n  its %u signature checks: %.1f us\n"
           "  ratio: %.3f\n",
           timing.whole_us, timing.sig_count, timing.sigs_us,
           timing.whole_us / timing.sigs_us);
    mun_test_world_close(&world);
}

static unsigned
number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int
main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? number(argv[1]) : 200u;

    MUN_CHECK(rounds > 0);
    if (argc == 4) {
        run(number(argv[2]), number(argv[3]), rounds);
        return 0;
    }
    run(1, 0, rounds);
    run(1, 50000, rounds);
    run(4, 0, rounds);
    run(4, 50000, rounds);
    run(20, 50000, rounds);
    return 0;
}
