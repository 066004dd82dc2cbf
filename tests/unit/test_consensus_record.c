/* The durable record: its encoding, and that each contradiction is refused for
 * its own reason. A test starts from a record that is right, breaks one thing,
 * and shows that the neighbour on the right side of the rule is accepted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/record.h"

#define HEIGHT 8u

static struct mun_con_record r;
static struct mun_con_record copy;
static uint8_t buffer[MUN_CON_RECORD_BYTES_MAX + 1];
static uint8_t first[MUN_CON_RECORD_BYTES_MAX];

static struct mun_hash
id_of(uint8_t name)
{
    struct mun_hash id;

    memset(&id, name, sizeof(id));
    return id;
}

#define NIL id_of(0)

static void
fill_votes(struct mun_con_votes *out, enum mun_vote_type type, uint32_t round,
           struct mun_hash id)
{
    memset(out, 0, sizeof(*out));
    out->height = r.height;
    out->round = round;
    out->type = type;
    out->count = MUN_MEMBERS_MAX;
    for (uint32_t i = 0; i < MUN_MEMBERS_MAX; i++) {
        out->at[i].member = i;
        out->at[i].valid_round = -1;
        out->at[i].id = id;
        memset(&out->at[i].sig, (int)i, sizeof(out->at[i].sig));
    }
}

/* Round 5, after a precommit of value 7 that the member is locked on. */
static void
full(void)
{
    mun_con_record_init(&r, HEIGHT);
    r.round = 5;
    r.phase = MUN_CON_PRECOMMIT;
    r.locked_round = 5;
    r.locked_id = id_of(7);
    r.valid_round = 5;
    r.valid_id = id_of(7);
    r.own[0] = (struct mun_con_own){ true, 4, 2, id_of(6) };
    r.own[1] = (struct mun_con_own){ true, 5, -1, id_of(7) };
    r.own[2] = (struct mun_con_own){ true, 5, -1, id_of(7) };
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 5, id_of(7));
    fill_votes(&r.entry, MUN_VOTE_PRECOMMIT, 4, id_of(7));
}

/* Round 5, after a nil precommit, locked on value 7 since round 3; value 8 was
 * valid in round 4. */
static void
older(void)
{
    full();
    r.own[1].id = NIL;
    r.own[2].id = NIL;
    r.locked_round = 3;
    r.valid_round = 4;
    r.valid_id = id_of(8);
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 4, id_of(8));
}

/* Round 5, after a nil prevote and nothing else. */
static void
bare(void)
{
    mun_con_record_init(&r, HEIGHT);
    r.round = 5;
    r.phase = MUN_CON_PREVOTE;
    r.own[1] = (struct mun_con_own){ true, 5, -1, NIL };
}

/* Round 5, after a proposal and nothing else. */
static void
proposed(void)
{
    mun_con_record_init(&r, HEIGHT);
    r.round = 5;
    r.phase = MUN_CON_PROPOSE;
    r.own[0] = (struct mun_con_own){ true, 5, -1, id_of(6) };
}

static size_t
encode(void)
{
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, MUN_CON_RECORD_BYTES_MAX);
    mun_con_record_encode(&wr, &r);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr).len;
}

static enum mun_err_code
decode(size_t len)
{
    return mun_con_record_decode(&copy, mun_bytes(buffer, len)).code;
}

static void
assert_zero(void)
{
    static const struct mun_con_record zero;

    assert_memory_equal(&copy, &zero, sizeof(copy));
}

static void
refused(void)
{
    assert_int_equal(mun_con_record_check(&r).code, MUN_ERR_VALUE);
    assert_int_equal(decode(encode()), MUN_ERR_VALUE);
    assert_zero();
}

static void
accepted(void)
{
    assert_int_equal(mun_con_record_check(&r).code, MUN_OK);
    assert_int_equal(decode(encode()), MUN_OK);
}

/* ---- Encoding ---- */

static void
the_record_has_one_encoding(void **state)
{
    size_t len = 0;

    (void)state;
    full();
    len = encode();
    assert_int_equal(len, MUN_CON_RECORD_BYTES_MAX);
    memcpy(first, buffer, len);
    assert_int_equal(decode(len), MUN_OK);
    r = copy;
    assert_int_equal(encode(), len);
    assert_memory_equal(first, buffer, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(decode(i), MUN_ERR_TRUNCATED);
        assert_zero();
    }
    buffer[len] = 0;
    assert_int_equal(decode(len + 1), MUN_ERR_TRAILING);
    buffer[0] = MUN_CON_RECORD_VERSION + 1;
    assert_int_equal(decode(len), MUN_ERR_VERSION);
    buffer[0] = MUN_CON_RECORD_VERSION - 1;
    assert_int_equal(decode(len), MUN_ERR_VERSION);
}

/* Field by field, so that no two are swapped. */
static void
each_field_comes_back(void **state)
{
    (void)state;
    older();
    accepted();
    assert_int_equal(copy.height, HEIGHT);
    assert_int_equal(copy.round, 5);
    assert_int_equal(copy.phase, MUN_CON_PRECOMMIT);
    assert_int_equal(copy.locked_round, 3);
    assert_true(mun_hash_eq(&copy.locked_id, &r.locked_id));
    assert_int_equal(copy.valid_round, 4);
    assert_true(mun_hash_eq(&copy.valid_id, &r.valid_id));
    assert_int_equal(copy.own[0].round, 4);
    assert_int_equal(copy.own[0].valid_round, 2);
    assert_true(mun_hash_eq(&copy.own[0].id, &r.own[0].id));
    assert_int_equal(copy.polka.type, MUN_VOTE_PREVOTE);
    assert_int_equal(copy.entry.type, MUN_VOTE_PRECOMMIT);
    assert_memory_equal(&copy.polka, &r.polka, sizeof(r.polka));
    assert_memory_equal(&copy.entry, &r.entry, sizeof(r.entry));
}

static void
what_is_absent_takes_no_bytes(void **state)
{
    (void)state;
    bare();
    assert_int_equal(encode(), 87 + 40);
    assert_int_equal(buffer[86], 2);
    accepted();
    proposed();
    assert_int_equal(encode(), 87 + 40);
    assert_int_equal(buffer[86], 1);
    accepted();
    bare();
    fill_votes(&r.entry, MUN_VOTE_PRECOMMIT, 4, NIL);
    (void)encode();
    assert_int_equal(buffer[86], 2 + 16);
    accepted();
    assert_int_equal(copy.polka.count, 0);
    bare();
    r.valid_round = 4;
    r.valid_id = id_of(7);
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 4, id_of(7));
    (void)encode();
    assert_int_equal(buffer[86], 2 + 8);
    accepted();
    assert_int_equal(copy.entry.count, 0);
}

static void
the_record_gives_back_what_was_signed(void **state)
{
    struct mun_vote vote;

    (void)state;
    full();
    mun_con_record_vote(&vote, &r, MUN_VOTE_PROPOSAL);
    assert_int_equal(vote.type, MUN_VOTE_PROPOSAL);
    assert_int_equal(vote.height, HEIGHT);
    assert_int_equal(vote.round, 4);
    assert_int_equal(vote.valid_round, 2);
    assert_true(mun_hash_eq(&vote.id, &r.own[0].id));
    mun_con_record_vote(&vote, &r, MUN_VOTE_PRECOMMIT);
    assert_int_equal(vote.type, MUN_VOTE_PRECOMMIT);
    assert_int_equal(vote.round, 5);
    assert_int_equal(vote.valid_round, -1);
    assert_true(mun_hash_eq(&vote.id, &r.own[2].id));
}

static void
spare_bits_and_unknown_steps_are_refused(void **state)
{
    size_t len = 0;

    (void)state;
    full();
    len = encode();
    buffer[13] = 0;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[13] = 4;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[13] = 3;
    assert_int_equal(buffer[86], 31);
    buffer[86] = 63;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[86] = 32 + 31;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[86] = 32;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[86] = 31;
    assert_int_equal(decode(len), MUN_OK);
}

/* A12: whatever bit of a record on the disk has turned, the start ends in an
 * answer, never in a crash, and never in a record that contradicts itself. */
static void
a_damaged_record_is_refused_or_whole(void **state)
{
    size_t len = 0;

    (void)state;
    older();
    len = encode();
    for (size_t i = 0; i < len && i < 600; i++) {
        for (int bit = 0; bit < 8; bit++) {
            buffer[i] = (uint8_t)(buffer[i] ^ (1 << bit));
            if (decode(len) == MUN_OK) {
                assert_int_equal(mun_con_record_check(&copy).code, MUN_OK);
            } else {
                assert_zero();
            }
            buffer[i] = (uint8_t)(buffer[i] ^ (1 << bit));
        }
    }
}

/* ---- Refusals ---- */

static void
heights_and_rounds_have_bounds(void **state)
{
    (void)state;
    bare();
    accepted();
    r.height = 0;
    refused();
    r.height = 1;
    accepted();
    r.height = UINT64_MAX;
    accepted();
    bare();
    r.round = MUN_CON_ROUND_MAX;
    r.own[1].round = MUN_CON_ROUND_MAX;
    refused();
    r.round--;
    r.own[1].round--;
    accepted();
}

static void
a_lock_is_a_round_with_an_id(void **state)
{
    (void)state;
    bare();
    r.locked_id = id_of(7); /* without a round */
    refused();
    older();
    accepted();
    r.locked_id = NIL;
    refused();
    older();
    r.locked_round = -2;
    refused();
    older();
    r.locked_round = 0;
    accepted();
    r.locked_round = -1;
    refused();
    r.locked_id = NIL;
    accepted();
}

static void
a_valid_value_is_a_round_with_an_id(void **state)
{
    (void)state;
    bare();
    r.valid_id = id_of(7);
    refused();
    /* With the polka that would belong to it. */
    bare();
    r.valid_round = 6;
    r.valid_id = id_of(7);
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 6, id_of(7));
    refused(); /* of a round to come */
    r.valid_round = 5;
    r.polka.round = 5;
    accepted();
    r.valid_id = NIL;
    refused();
}

static void
a_lock_is_as_old_as_its_precommit(void **state)
{
    (void)state;
    full();
    accepted();
    r.locked_round = 4; /* the precommit is newer */
    refused();
    full();
    r.locked_id = id_of(8);
    refused();
    full();
    r.own[2].id = id_of(8);
    refused();
    full(); /* a precommit for a value without a lock */
    r.locked_round = -1;
    r.locked_id = NIL;
    refused();
    older();
    r.locked_round = 4;
    r.locked_id = id_of(8);
    accepted();
    r.locked_round = 5; /* in the round of the nil precommit */
    r.valid_round = 5;
    r.polka.round = 5;
    refused();
    older();
    r.phase = MUN_CON_PREVOTE;
    r.own[2].round = 4; /* a later precommit than the lock's is there */
    accepted();
    r.own[2] = (struct mun_con_own){ 0 }; /* a lock without a precommit */
    refused();
    r.locked_round = -1;
    r.locked_id = NIL;
    accepted();
}

static void
the_valid_value_is_not_older_than_the_lock(void **state)
{
    (void)state;
    full();
    r.valid_round = 4;
    r.polka.round = 4;
    refused();
    older();
    r.valid_round = 3;
    r.valid_id = id_of(7);
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 3, id_of(7));
    accepted();
    r.valid_round = 2;
    r.polka.round = 2;
    refused();
}

/* One round has one polka. */
static void
a_valid_value_of_the_locks_round_is_the_locked_one(void **state)
{
    (void)state;
    full();
    r.valid_id = id_of(8);
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 5, id_of(8));
    refused();
    older();
    r.valid_round = 3;
    r.polka.round = 3;
    refused();
    r.locked_round = 2;
    accepted();
}

static void
each_precommit_follows_a_prevote(void **state)
{
    (void)state;
    proposed();
    r.own[1] = (struct mun_con_own){ true, 3, -1, NIL };
    r.own[2] = (struct mun_con_own){ true, 3, -1, NIL };
    accepted();
    r.own[2].round = 4;
    refused();
    r.own[1].round = 4;
    accepted();
    r.own[1] = (struct mun_con_own){ 0 };
    refused();
}

static void
what_is_absent_is_zero(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i += 2) {
        bare();
        r.own[i].round = 1;
        assert_int_equal(mun_con_record_check(&r).code, MUN_ERR_VALUE);
        bare();
        r.own[i].valid_round = -1;
        assert_int_equal(mun_con_record_check(&r).code, MUN_ERR_VALUE);
        bare();
        r.own[i].id = id_of(7);
        assert_int_equal(mun_con_record_check(&r).code, MUN_ERR_VALUE);
    }
}

static void
own_messages_are_of_rounds_that_have_been(void **state)
{
    (void)state;
    full();
    r.own[0].round = 5;
    accepted();
    r.own[0].round = 6;
    refused();
    /* A valid round is below the round, and -1 or more. */
    full();
    r.own[0].valid_round = 3;
    accepted();
    r.own[0].valid_round = 4;
    refused();
    r.own[0].valid_round = -1;
    accepted();
    r.own[0].valid_round = -2;
    refused();
}

static void
own_messages_are_such_as_members_sign(void **state)
{
    (void)state;
    full();
    r.own[0].id = NIL; /* a proposal of nothing */
    refused();
    full();
    r.own[1].valid_round = 2;
    accepted();
    older();
    r.own[1].valid_round = 2; /* a nil prevote has none */
    refused();
    full();
    r.own[2].valid_round = 2; /* nor has a precommit */
    refused();
}

static void
the_step_is_the_one_of_the_last_message(void **state)
{
    (void)state;
    full();
    r.phase = MUN_CON_PREVOTE;
    refused();
    r.phase = MUN_CON_PROPOSE;
    refused();
    older();
    r.own[1].round = 4; /* a precommit without a prevote */
    refused();
    bare();
    r.phase = MUN_CON_PRECOMMIT;
    refused();
    r.phase = MUN_CON_PROPOSE;
    refused();
    bare();
    r.own[1].round = 4; /* no vote of this round */
    refused();
    proposed();
    accepted();
    r.phase = MUN_CON_PREVOTE;
    refused();
    proposed();
    r.own[0].round = 4; /* nothing of this round */
    refused();
    proposed();
    r.own[1] = (struct mun_con_own){ true, 4, -1, NIL };
    accepted();
    r.own[1].round = 5; /* it has prevoted */
    refused();
    proposed();
    r.own[1] = (struct mun_con_own){ true, 4, -1, NIL };
    r.own[2] = (struct mun_con_own){ true, 4, -1, NIL };
    accepted();
    r.own[2].round = 5;
    refused();
}

static void
no_such_step(void **state)
{
    (void)state;
    bare();
    r.phase = (enum mun_con_phase)0;
    assert_int_equal(mun_con_record_check(&r).code, MUN_ERR_VALUE);
    r.phase = (enum mun_con_phase)4;
    assert_int_equal(mun_con_record_check(&r).code, MUN_ERR_VALUE);
}

static void
the_polka_is_that_of_the_valid_value(void **state)
{
    (void)state;
    bare();
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 4, id_of(7));
    refused(); /* without a valid value */
    full();
    r.polka.count = 0;
    refused(); /* a valid value without it */
    full();
    r.polka.type = MUN_VOTE_PRECOMMIT;
    refused();
    full();
    r.polka.height = HEIGHT + 1;
    refused();
    full();
    r.polka.round = 4;
    refused();
    full();
    fill_votes(&r.polka, MUN_VOTE_PREVOTE, 5, id_of(8));
    refused(); /* of another value */
    full();
    r.polka.at[99].id = id_of(8);
    refused(); /* not of one value */
    full();
    r.polka.at[1].id = NIL;
    refused();
    full();
    r.polka.count = 1; /* how many there must be is judged with the set */
    accepted();
}

static void
the_entry_is_of_the_round_before(void **state)
{
    (void)state;
    full();
    r.entry.count = 0;
    accepted();
    full();
    r.entry.round = 3;
    refused();
    full();
    r.entry.round = 5;
    refused();
    full();
    r.entry.height = HEIGHT - 1;
    refused();
    full();
    r.entry.type = MUN_VOTE_PREVOTE;
    refused();
    full();
    r.entry.at[5].id = NIL; /* precommits of any kind end a round */
    accepted();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_has_one_encoding),
        cmocka_unit_test(each_field_comes_back),
        cmocka_unit_test(what_is_absent_takes_no_bytes),
        cmocka_unit_test(the_record_gives_back_what_was_signed),
        cmocka_unit_test(spare_bits_and_unknown_steps_are_refused),
        cmocka_unit_test(a_damaged_record_is_refused_or_whole),
        cmocka_unit_test(heights_and_rounds_have_bounds),
        cmocka_unit_test(a_lock_is_a_round_with_an_id),
        cmocka_unit_test(a_valid_value_is_a_round_with_an_id),
        cmocka_unit_test(a_lock_is_as_old_as_its_precommit),
        cmocka_unit_test(the_valid_value_is_not_older_than_the_lock),
        cmocka_unit_test(a_valid_value_of_the_locks_round_is_the_locked_one),
        cmocka_unit_test(each_precommit_follows_a_prevote),
        cmocka_unit_test(what_is_absent_is_zero),
        cmocka_unit_test(own_messages_are_of_rounds_that_have_been),
        cmocka_unit_test(own_messages_are_such_as_members_sign),
        cmocka_unit_test(the_step_is_the_one_of_the_last_message),
        cmocka_unit_test(no_such_step),
        cmocka_unit_test(the_polka_is_that_of_the_valid_value),
        cmocka_unit_test(the_entry_is_of_the_round_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
