#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/arena.h"
#include "ledger/core/record.h"
#include "node/clock.h"
#include "node/mempool.h"
#include "tests/support/make_entry.h"

static uint8_t memory[1u << 20];
static struct mun_arena arena;
static struct mun_mempool *mempool;
static unsigned woken;

static int
set_up_with(uint32_t entries_max, uint64_t bytes_max)
{
    const struct mun_mempool_config config = { entries_max, bytes_max, 7, 5 };

    mun_arena_init(&arena, memory, sizeof memory);
    woken = 0;
    return mun_is_ok(mun_mempool_open(&mempool, &arena, &config)) ? 0 : -1;
}

static int
set_up(void **state)
{
    (void)state;
    return set_up_with(4, 1u << 20);
}

static int
tear_down(void **state)
{
    (void)state;
    mun_mempool_stop(mempool);
    mun_mempool_release(mempool, MUN_RPC_BUSY);
    mun_mempool_close(mempool);
    mun_arena_reset(&arena, 0);
    return 0;
}

static void
wake(struct mun_waiter *waiter)
{
    (void)waiter;
    woken++;
}

/* A verified entry: the number decides the id. */
static struct mun_pending *
make(unsigned number, enum mun_kind kind)
{
    unsigned signers[2];
    struct mun_pending *pending;
    struct mun_entry entry;
    struct mun_bytes bytes;

    mun_test_sample_entry(&arena, &entry, kind);
    entry.valid_until_ms += number;
    bytes = mun_test_sign_entry(&arena, &entry, signers,
                                mun_test_sample_signers(kind, signers));
    pending = mun_pending_new(bytes, NULL, 0);
    assert_non_null(pending);
    assert_int_equal(
        mun_entry_decode(&entry, mun_bytes(pending->bytes, bytes.len)),
        MUN_REFUSAL_NONE);
    assert_int_equal(mun_entry_verify(&pending->checked, &entry, NULL, 0),
                     MUN_REFUSAL_NONE);
    mun_pending_announce(pending);
    return pending;
}

struct request {
    struct mun_rpc_item items[8];
    struct mun_offer offers[8];
    struct mun_wait waits[8];
    struct mun_waiter waiter;
    uint32_t count;
};

static void
put(struct request *request, struct mun_pending *pending,
    const struct mun_hash *id)
{
    struct mun_rpc_item *item = &request->items[request->count];

    item->id = *id;
    request->offers[request->count].pending = pending;
    request->offers[request->count].item = item;
    request->count++;
}

static bool
offer(struct request *request, uint64_t wait_ms)
{
    request->waiter.wake = wake;
    request->waiter.waits = request->waits;
    request->waiter.deadline_ms = mun_clock_monotonic_ms() + wait_ms;
    return mun_mempool_offer(mempool, request->offers, request->count,
                             wait_ms > 0 ? &request->waiter : NULL);
}

static struct mun_hash
offer_one(unsigned number)
{
    struct request request = { .count = 0 };
    struct mun_pending *pending = make(number, MUN_KIND_RETIRE_KEY);
    struct mun_hash id = pending->checked.entry.id;

    put(&request, pending, &id);
    assert_false(offer(&request, 0));
    assert_int_equal(request.items[0].outcome, MUN_RPC_PENDING);
    return id;
}

static void
entries_are_found_by_id_and_taken_in_order(void **state)
{
    struct mun_pending_list list = { 0 };
    struct mun_settlement settlement = { .height = 6 };
    struct mun_hash ids[3];
    struct mun_mempool_usage usage;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        ids[i] = offer_one(i);
    assert_true(mun_mempool_has(mempool, &ids[1]));
    assert_true(mun_mempool_take(mempool, &list, 0));
    assert_int_equal(list.count, 3);
    assert_true(mun_mempool_has(mempool, &ids[1]));
    for (unsigned i = 0; i < 3; i++) {
        struct mun_pending *pending = mun_pending_pop(&list);

        assert_true(mun_hash_eq(&pending->checked.entry.id, &ids[i]));
        mun_pending_push(&settlement.applied, pending);
    }
    mun_mempool_settle(mempool, &settlement);
    assert_false(mun_mempool_has(mempool, &ids[1]));
    mun_mempool_usage(mempool, &usage);
    assert_int_equal(usage.entries, 0);
    assert_int_equal(usage.bytes, 0);
}

static void
the_same_id_is_held_once_and_both_wait_for_it(void **state)
{
    struct request one = { .count = 0 };
    struct request other = { .count = 0 };
    struct mun_pending *pending = make(1, MUN_KIND_RETIRE_KEY);
    struct mun_hash id = pending->checked.entry.id;
    struct mun_pending_list list = { 0 };
    struct mun_settlement settlement = { .height = 9 };

    (void)state;
    put(&one, pending, &id);
    put(&other, make(1, MUN_KIND_RETIRE_KEY), &id);
    put(&other, NULL, &id);
    assert_true(offer(&one, 60000));
    assert_true(offer(&other, 60000));
    assert_true(mun_mempool_take(mempool, &list, 0));
    assert_int_equal(list.count, 1);
    settlement.applied = list;
    mun_mempool_settle(mempool, &settlement);
    assert_int_equal(woken, 2);
    assert_int_equal(one.items[0].outcome, MUN_RPC_FINAL);
    assert_int_equal(other.items[0].outcome, MUN_RPC_FINAL);
    assert_int_equal(other.items[1].outcome, MUN_RPC_FINAL);
    assert_int_equal(other.items[1].height, 9);
}

static void
an_id_that_has_gone_meanwhile_is_reported_lost(void **state)
{
    struct request request = { .count = 0 };
    struct mun_hash id = mun_test_hash(3);

    (void)state;
    put(&request, NULL, &id);
    assert_false(offer(&request, 1000));
    assert_true(request.offers[0].is_lost);
    assert_int_equal(request.items[0].outcome, MUN_RPC_BUSY);
}

static void
each_limit_is_answered_with_busy(void **state)
{
    struct request request = { .count = 0 };

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        (void)offer_one(i);
    put(&request, make(10, MUN_KIND_RETIRE_KEY), &mun_hash_zero);
    assert_false(offer(&request, 1000));
    assert_int_equal(request.items[0].outcome, MUN_RPC_BUSY);
    assert_false(request.offers[0].is_lost);
}

static void
bytes_are_limited_too(void **state)
{
    struct mun_pending *pending = make(1, MUN_KIND_RETIRE_KEY);
    struct request request = { .count = 0 };

    (void)state;
    put(&request, pending, &pending->checked.entry.id);
    assert_int_equal(tear_down(NULL), 0);
    assert_int_equal(set_up_with(4, pending->size - 1), 0);
    assert_false(offer(&request, 0));
    assert_int_equal(request.items[0].outcome, MUN_RPC_BUSY);
}

static void
a_request_wakes_once_when_its_last_item_is_settled(void **state)
{
    struct request request = { .count = 0 };
    struct mun_pending_list list = { 0 };
    struct mun_settlement settlement = { .height = 6 };
    struct mun_pending *pending;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        pending = make(i, MUN_KIND_RETIRE_KEY);
        put(&request, pending, &pending->checked.entry.id);
    }
    assert_true(offer(&request, 60000));
    assert_true(mun_mempool_take(mempool, &list, 0));
    mun_pending_push(&settlement.applied, mun_pending_pop(&list));
    mun_mempool_settle(mempool, &settlement);
    assert_int_equal(woken, 0);
    pending = mun_pending_pop(&list);
    pending->refusal = MUN_REFUSAL_KEY_UNKNOWN;
    mun_pending_push(&settlement.refused, pending);
    pending = mun_pending_pop(&list);
    pending->height = 2;
    mun_pending_push(&settlement.known, pending);
    settlement.height = 7;
    mun_mempool_settle(mempool, &settlement);
    assert_int_equal(woken, 1);
    assert_int_equal(request.items[0].outcome, MUN_RPC_FINAL);
    assert_int_equal(request.items[0].height, 6);
    assert_int_equal(request.items[1].outcome, MUN_RPC_REFUSED);
    assert_int_equal(request.items[1].refusal, MUN_REFUSAL_KEY_UNKNOWN);
    assert_int_equal(request.items[2].outcome, MUN_RPC_FINAL);
    assert_int_equal(request.items[2].height, 2);
}

static void
when_the_time_is_up_the_answer_is_pending(void **state)
{
    struct request request = { .count = 0 };
    struct mun_pending *pending = make(1, MUN_KIND_RETIRE_KEY);
    struct mun_pending_list list = { 0 };
    struct mun_settlement settlement = { .height = 6 };

    (void)state;
    put(&request, pending, &pending->checked.entry.id);
    request.waiter.wake = wake;
    request.waiter.waits = request.waits;
    request.waiter.deadline_ms = 0;
    assert_true(mun_mempool_offer(mempool, request.offers, 1, &request.waiter));
    assert_true(mun_mempool_take(mempool, &list, 0));
    assert_int_equal(woken, 1);
    assert_int_equal(request.items[0].outcome, MUN_RPC_PENDING);
    /* It is settled later without anybody who waits. */
    settlement.applied = list;
    mun_mempool_settle(mempool, &settlement);
    assert_int_equal(woken, 1);
    assert_int_equal(request.items[0].outcome, MUN_RPC_PENDING);
}

static void
readers_wait_for_a_height(void **state)
{
    struct mun_waiter now = { .wake = wake, .height_above = 4 };
    struct mun_waiter later = { .wake = wake,
                                .height_above = 5,
                                .deadline_ms = UINT64_MAX };
    struct mun_settlement settlement = { .height = 5 };

    (void)state;
    assert_false(mun_mempool_await(mempool, &now));
    assert_true(mun_mempool_await(mempool, &later));
    mun_mempool_settle(mempool, &settlement);
    assert_int_equal(woken, 0);
    settlement.height = 6;
    mun_mempool_settle(mempool, &settlement);
    assert_int_equal(woken, 1);
}

static void
registrations_are_announced_while_they_wait(void **state)
{
    struct request request = { .count = 0 };
    struct mun_pending *party = make(1, MUN_KIND_REGISTER_PARTY);
    struct mun_pending *key = make(2, MUN_KIND_ADD_KEY);
    struct mun_settlement settlement = { .height = 6 };
    struct mun_pending_list list = { 0 };
    struct mun_hash party_key;
    struct mun_hash key_key;
    struct mun_hash added;
    struct mun_hash name = mun_test_party(2);

    (void)state;
    mun_record_key_party(&party_key, &name);
    mun_record_key_key(&key_key, mun_test_key(2));
    mun_record_key_key(&added, mun_test_key(3));
    assert_false(mun_mempool_announces(mempool, &party_key));
    put(&request, party, &party->checked.entry.id);
    put(&request, key, &key->checked.entry.id);
    assert_false(offer(&request, 0));
    assert_true(mun_mempool_announces(mempool, &party_key));
    assert_true(mun_mempool_announces(mempool, &key_key));
    assert_true(mun_mempool_announces(mempool, &added));
    assert_true(mun_mempool_take(mempool, &list, 0));
    settlement.refused = list;
    mun_mempool_settle(mempool, &settlement);
    assert_false(mun_mempool_announces(mempool, &party_key));
    assert_false(mun_mempool_announces(mempool, &added));
}

static void
after_the_stop_nothing_is_taken_and_all_are_released(void **state)
{
    struct request request = { .count = 0 };
    struct request late = { .count = 0 };
    struct mun_pending *pending = make(1, MUN_KIND_RETIRE_KEY);
    struct mun_waiter reader = { .wake = wake,
                                 .height_above = 5,
                                 .deadline_ms = UINT64_MAX };
    struct mun_pending_list list = { 0 };

    (void)state;
    put(&request, pending, &pending->checked.entry.id);
    assert_true(offer(&request, 60000));
    assert_true(mun_mempool_await(mempool, &reader));
    mun_mempool_stop(mempool);
    pending = make(2, MUN_KIND_RETIRE_KEY);
    put(&late, pending, &pending->checked.entry.id);
    assert_false(offer(&late, 60000));
    assert_int_equal(late.items[0].outcome, MUN_RPC_BUSY);
    assert_false(mun_mempool_take(mempool, &list, UINT64_MAX));
    assert_int_equal(list.count, 1);
    mun_mempool_release(mempool, MUN_RPC_BUSY);
    assert_int_equal(woken, 2);
    assert_int_equal(request.items[0].outcome, MUN_RPC_BUSY);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(entries_are_found_by_id_and_taken_in_order),
        TEST(the_same_id_is_held_once_and_both_wait_for_it),
        TEST(an_id_that_has_gone_meanwhile_is_reported_lost),
        TEST(each_limit_is_answered_with_busy),
        TEST(bytes_are_limited_too),
        TEST(a_request_wakes_once_when_its_last_item_is_settled),
        TEST(when_the_time_is_up_the_answer_is_pending),
        TEST(readers_wait_for_a_height),
        TEST(registrations_are_announced_while_they_wait),
        TEST(after_the_stop_nothing_is_taken_and_all_are_released),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
