/* Contradictions and the evidence of them: rule R33 of consensus/README.md. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/evidence.h"
#include "consensus/step.h"
#include "tests/support/con_bench.h"

static struct mun_con_msg msg;
static struct mun_con_evidence decoded;
static uint8_t buffer[MUN_CON_EVIDENCE_BYTES + 1];

static struct mun_con_signed
signed_by(const struct bench *b, struct say say)
{
    struct mun_vote vote = { say.type, HEIGHT, say.round, say.valid_round,
                             say.id };

    return sign(b, say.member, &vote);
}

/* Two prevotes of member 0. */
static struct mun_con_evidence
make(const struct bench *b)
{
    struct mun_con_signed one =
        signed_by(b, (struct say){ 0, MUN_VOTE_PREVOTE, 0, id_of(1), -1 });
    struct mun_con_signed two =
        signed_by(b, (struct say){ 0, MUN_VOTE_PREVOTE, 0, id_of(2), -1 });
    struct mun_con_evidence out;

    mun_con_evidence_make(&out, &b->chain_id, &one, &two);
    return out;
}

static size_t
encode(const struct mun_con_evidence *evidence)
{
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, MUN_CON_EVIDENCE_BYTES);
    mun_con_evidence_encode(&wr, evidence);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr).len;
}

static enum mun_err_code
decode(size_t len)
{
    return mun_con_evidence_decode(&decoded, mun_bytes(buffer, len)).code;
}

static enum mun_err_code
check_at(const struct bench *b, const struct mun_con_evidence *evidence,
         uint64_t height)
{
    struct mun_con_check against = { &b->chain_id, height, &b->members };

    return mun_con_evidence_check(evidence, &against).code;
}

static enum mun_err_code
check(const struct bench *b, const struct mun_con_evidence *evidence)
{
    return check_at(b, evidence, HEIGHT);
}

static void
assert_evidence_against(const struct bench *b, uint32_t member)
{
    assert_true(b->out.has_evidence);
    assert_int_equal(b->out.notices & MUN_CON_NOTICE_CONTRADICTION,
                     MUN_CON_NOTICE_CONTRADICTION);
    assert_int_equal(b->out.evidence.first.member, member);
    assert_int_equal(check(b, &b->out.evidence), MUN_OK);
    (void)encode(&b->out.evidence);
    assert_int_equal(decode(MUN_CON_EVIDENCE_BYTES), MUN_OK);
}

/* ---- In the step ---- */

static void
two_votes_are_evidence_whoever_came_first(void **state)
{
    struct bench *b = bench_working(3);
    uint8_t first[MUN_CON_EVIDENCE_BYTES];

    (void)state;
    prevote(b, 0, 0, id_of(1));
    assert_false(b->out.has_evidence);
    prevote(b, 0, 0, id_of(2));
    assert_evidence_against(b, 0);
    memcpy(first, buffer, sizeof(first));
    b = bench_working(3);
    prevote(b, 0, 0, id_of(2));
    prevote(b, 0, 0, id_of(1));
    assert_evidence_against(b, 0);
    assert_memory_equal(first, buffer, sizeof(first));
}

static void
two_precommits_are_evidence(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 1, 2, NIL);
    precommit(b, 1, 2, id_of(2));
    assert_evidence_against(b, 1);
    assert_int_equal(b->out.evidence.first.vote.type, MUN_VOTE_PRECOMMIT);
    assert_int_equal(b->out.evidence.second.vote.round, 2);
}

static void
two_proposals_are_evidence(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    propose(b, 0, 0, id_of(1));
    propose(b, 0, 0, id_of(2));
    assert_evidence_against(b, 0);
    assert_int_equal(b->out.evidence.first.vote.type, MUN_VOTE_PROPOSAL);
}

static void
another_valid_round_is_evidence(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    hear(b, (struct say){ 1, MUN_VOTE_PREVOTE, 2, id_of(1), 0 });
    hear(b, (struct say){ 1, MUN_VOTE_PREVOTE, 2, id_of(1), 1 });
    assert_evidence_against(b, 1);
}

static void
what_does_not_contradict_is_no_evidence(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 0, 0, id_of(1)); /* the same again */
    assert_int_equal(b->out.notices, 0);
    precommit(b, 0, 0, id_of(2)); /* another type */
    assert_int_equal(b->out.notices, 0);
    prevote(b, 0, 1, id_of(2)); /* another round */
    assert_int_equal(b->out.notices, 0);
    prevote(b, 1, 0, id_of(2)); /* another member */
    assert_int_equal(b->out.notices, 0);
    propose(b, 0, 0, id_of(2)); /* its proposal */
    assert_int_equal(b->out.notices, 0);
    propose(b, 1, 0, id_of(3)); /* not its turn: not compared */
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_WRONG_PROPOSER);
    assert_false(b->out.has_evidence);
}

static void
a_vote_inside_votes_is_evidence(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 1, 0, NIL);
    hear_polka(b, 0, id_of(1));
    assert_evidence_against(b, 1);
    /* And against what votes had brought. */
    prevote(b, 2, 0, NIL);
    assert_evidence_against(b, 2);
}

static void
a_vote_inside_a_certificate_is_evidence(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    precommit(b, 2, 0, NIL);
    make_certificate(b, &msg, 0, id_of(1));
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_evidence_against(b, 2);
    /* The third signature of a bitmap with a gap. */
    b = bench_working(0);
    precommit(b, 3, 0, NIL);
    make_certificate(b, &msg, 0, id_of(1));
    msg.certificate.bitmap[0] = 0x70;
    for (uint32_t i = 0; i < 3; i++) {
        msg.certificate.sigs[i] =
            signed_by(
                b, (struct say){ i + 1, MUN_VOTE_PRECOMMIT, 0, id_of(1), -1 })
                .sig;
    }
    assert_int_equal(receive(b, &msg).code, MUN_OK);
    assert_evidence_against(b, 3);
}

static void
one_piece_a_member_and_height(void **state)
{
    struct bench *b = bench_working(3);
    struct mun_vote vote = { MUN_VOTE_PREVOTE, HEIGHT + 1, 0, -1, NIL };
    struct mun_con_signed made;

    (void)state;
    prevote(b, 0, 0, id_of(1));
    prevote(b, 0, 0, id_of(2));
    assert_true(b->out.has_evidence);
    precommit(b, 0, 0, id_of(1));
    precommit(b, 0, 0, id_of(2));
    assert_false(b->out.has_evidence);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_CONTRADICTION);
    prevote(b, 1, 0, id_of(1));
    prevote(b, 1, 0, id_of(2));
    assert_evidence_against(b, 1);
    /* The next height begins anew. */
    assert_int_equal(start_with(b, HEIGHT + 1, NULL).code, MUN_OK);
    made = sign(b, 0, &vote);
    receive_ballot(b, &made);
    vote.id = id_of(1);
    made = sign(b, 0, &vote);
    receive_ballot(b, &made);
    assert_true(b->out.has_evidence);
    assert_int_equal(b->out.evidence.first.vote.height, HEIGHT + 1);
}

static void
one_piece_an_event(void **state)
{
    struct bench *b = bench_working(3);

    (void)state;
    prevote(b, 0, 0, NIL);
    prevote(b, 1, 0, NIL);
    hear_polka(b, 0, id_of(1));
    assert_evidence_against(b, 0);
    prevote(b, 1, 0, NIL); /* against the polka's vote */
    assert_evidence_against(b, 1);
}

static void
our_own_messages_are_no_evidence(void **state)
{
    struct bench *b = bench_prevoted(id_of(1));

    (void)state;
    prevote(b, 3, 0, id_of(2));
    assert_false(b->out.has_evidence);
    assert_int_equal(b->out.notices, MUN_CON_NOTICE_OWN_KEY);
}

/* ---- By itself ---- */

static void
the_order_is_that_of_the_vote_digests(void **state)
{
    struct bench *b = bench_idle(3);

    (void)state;
    for (uint8_t i = 2; i < 12; i++) {
        struct mun_con_signed one =
            signed_by(b, (struct say){ 0, MUN_VOTE_PREVOTE, 0, id_of(1), -1 });
        struct mun_con_signed two =
            signed_by(b, (struct say){ 0, MUN_VOTE_PREVOTE, 0, id_of(i), -1 });
        struct mun_con_evidence there;
        struct mun_con_evidence back;
        struct mun_hash first;
        struct mun_hash second;

        mun_con_evidence_make(&there, &b->chain_id, &one, &two);
        mun_con_evidence_make(&back, &b->chain_id, &two, &one);
        assert_memory_equal(&there, &back, sizeof(there));
        mun_vote_digest(&first, &b->chain_id, &there.first.vote);
        mun_vote_digest(&second, &b->chain_id, &there.second.vote);
        assert_true(memcmp(first.b, second.b, sizeof(first.b)) < 0);
        assert_int_equal(check(b, &there), MUN_OK);
    }
}

static void
what_contradicts_is_of_one_member_height_round_and_type(void **state)
{
    struct bench *b = bench_idle(3);
    const struct mun_con_evidence right = make(b);
    struct mun_con_signed other = right.second;

    (void)state;
    assert_true(mun_con_is_contradiction(&right.first, &right.second));
    assert_false(mun_con_is_contradiction(&right.first, &right.first));
    other.member = 1;
    assert_false(mun_con_is_contradiction(&right.first, &other));
    other = right.second;
    other.vote.height++;
    assert_false(mun_con_is_contradiction(&right.first, &other));
    other = right.second;
    other.vote.round++;
    assert_false(mun_con_is_contradiction(&right.first, &other));
    other = right.second;
    other.vote.type = MUN_VOTE_PRECOMMIT;
    assert_false(mun_con_is_contradiction(&right.first, &other));
    other = right.first;
    other.vote.valid_round = 0;
    assert_true(mun_con_is_contradiction(&right.first, &other));
    /* Another signature of the same vote is no contradiction. */
    other = right.first;
    other.sig.b[9] = (uint8_t)(other.sig.b[9] ^ 1);
    assert_false(mun_con_is_contradiction(&right.first, &other));
}

static void
evidence_has_one_encoding(void **state)
{
    struct bench *b = bench_idle(3);
    struct mun_con_evidence right = make(b);
    struct mun_con_evidence zero;
    uint8_t first[MUN_CON_EVIDENCE_BYTES];

    (void)state;
    memset(&zero, 0, sizeof(zero));
    assert_int_equal(encode(&right), MUN_CON_EVIDENCE_BYTES);
    memcpy(first, buffer, sizeof(first));
    assert_int_equal(decode(sizeof(first)), MUN_OK);
    assert_int_equal(encode(&decoded), sizeof(first));
    assert_memory_equal(first, buffer, sizeof(first));
    for (size_t i = 0; i < sizeof(first); i++) {
        assert_int_equal(decode(i), MUN_ERR_TRUNCATED);
        assert_memory_equal(&decoded, &zero, sizeof(zero));
    }
    buffer[sizeof(first)] = 0;
    assert_int_equal(decode(sizeof(first) + 1), MUN_ERR_TRAILING);
    buffer[0] = MUN_CON_EVIDENCE_VERSION + 1;
    assert_int_equal(decode(sizeof(first)), MUN_ERR_VERSION);
    /* The two of a pair must contradict each other. */
    right.second = right.first;
    (void)encode(&right);
    assert_int_equal(decode(sizeof(first)), MUN_ERR_VALUE);
    assert_memory_equal(&decoded, &zero, sizeof(zero));
    right = make(b);
    right.second.member = 1;
    (void)encode(&right);
    assert_int_equal(decode(sizeof(first)), MUN_ERR_VALUE);
    /* Each must be a vote. */
    right = make(b);
    right.second.vote.valid_round = 0;
    (void)encode(&right);
    assert_int_equal(decode(sizeof(first)), MUN_ERR_VALUE);
    buffer[1] = 4;
    assert_int_equal(decode(sizeof(first)), MUN_ERR_VALUE);
}

static void
evidence_against_the_innocent_is_refused(void **state)
{
    struct bench *b = bench_idle(3);
    struct mun_con_evidence right = make(b);
    struct mun_con_evidence wrong = right;

    (void)state;
    assert_int_equal(check(b, &right), MUN_OK);
    wrong.first.member = wrong.second.member = 1; /* who did not sign */
    assert_int_equal(check(b, &wrong), MUN_ERR_SIGNATURE);
    wrong.first.member = wrong.second.member = 4; /* who is not there */
    assert_int_equal(check(b, &wrong), MUN_ERR_VALUE);
    wrong = right;
    wrong.second.member = 1;
    assert_int_equal(check(b, &wrong), MUN_ERR_VALUE);
    wrong = right;
    wrong.first.sig = right.second.sig;
    assert_int_equal(check(b, &wrong), MUN_ERR_SIGNATURE);
    wrong = right;
    wrong.second.sig = right.first.sig;
    assert_int_equal(check(b, &wrong), MUN_ERR_SIGNATURE);
    wrong.second = right.first; /* the same twice */
    assert_int_equal(check(b, &wrong), MUN_ERR_VALUE);
    wrong.first = right.second; /* the other order */
    assert_int_equal(check(b, &wrong), MUN_ERR_VALUE);
    assert_int_equal(check_at(b, &right, HEIGHT + 1), MUN_ERR_VALUE);
    assert_int_equal(check_at(b, &right, HEIGHT - 1), MUN_ERR_VALUE);
}

static void
evidence_of_another_chain_is_refused(void **state)
{
    struct bench *b = bench_idle(3);
    struct mun_con_evidence right = make(b);
    struct mun_con_evidence back = { right.second, right.first };

    (void)state;
    b->chain_id = id_of(0xcd);
    /* In whichever order the other chain's digests are. */
    assert_int_not_equal(check(b, &right), MUN_OK);
    assert_int_not_equal(check(b, &back), MUN_OK);
    assert_true(check(b, &right) == MUN_ERR_SIGNATURE ||
                check(b, &back) == MUN_ERR_SIGNATURE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_votes_are_evidence_whoever_came_first),
        cmocka_unit_test(two_precommits_are_evidence),
        cmocka_unit_test(two_proposals_are_evidence),
        cmocka_unit_test(another_valid_round_is_evidence),
        cmocka_unit_test(what_does_not_contradict_is_no_evidence),
        cmocka_unit_test(a_vote_inside_votes_is_evidence),
        cmocka_unit_test(a_vote_inside_a_certificate_is_evidence),
        cmocka_unit_test(one_piece_a_member_and_height),
        cmocka_unit_test(one_piece_an_event),
        cmocka_unit_test(our_own_messages_are_no_evidence),
        cmocka_unit_test(the_order_is_that_of_the_vote_digests),
        cmocka_unit_test(
            what_contradicts_is_of_one_member_height_round_and_type),
        cmocka_unit_test(evidence_has_one_encoding),
        cmocka_unit_test(evidence_against_the_innocent_is_refused),
        cmocka_unit_test(evidence_of_another_chain_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
