/* Codecs of consensus messages, and the check that makes them fit for the
 * step. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "consensus/check.h"
#include "consensus/message.h"

#define HEIGHT 8u

static struct mun_hash chain_id;
static struct mun_members members;
static struct mun_signer signers[4];
static struct mun_con_msg made;
static struct mun_con_msg decoded;
static struct mun_con_msg_checked checked;
static uint8_t buffer[MUN_CON_MSG_BYTES_MAX + 1];

static struct mun_hash
id_of(uint8_t name)
{
    struct mun_hash id;

    memset(&id, name, sizeof(id));
    return id;
}

static int
make_members(void **state)
{
    (void)state;
    chain_id = id_of(0xcc);
    members.count = 4;
    for (uint8_t i = 0; i < 4; i++) {
        struct mun_secret secret = { { 0 } };

        secret.b[31] = (uint8_t)(i + 1);
        if (!mun_is_ok(mun_signer_init(&signers[i], &secret))) {
            return -1;
        }
        members.at[i].key = signers[i].key;
    }
    return 0;
}

static struct mun_sig
sign(uint32_t member, const struct mun_vote *vote)
{
    struct mun_hash digest;
    struct mun_sig sig;

    mun_vote_digest(&digest, &chain_id, vote);
    mun_signer_sign(&signers[member], &sig, &digest);
    return sig;
}

static void
make_ballot(enum mun_vote_type type, uint32_t round, int32_t valid_round)
{
    struct mun_con_signed ballot = { .member = 2 };

    ballot.vote =
        (struct mun_vote){ type, HEIGHT, round, valid_round, id_of(7) };
    ballot.sig = sign(2, &ballot.vote);
    mun_con_msg_from_signed(&made, &ballot, 5000);
}

static void
make_certificate(void)
{
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, HEIGHT, 1, -1, id_of(7) };

    memset(&made, 0, sizeof(made));
    made.kind = MUN_CON_MSG_CERTIFICATE;
    made.certificate.height = HEIGHT;
    made.certificate.round = 1;
    made.certificate.header_id = id_of(7);
    made.certificate.member_count = 4;
    made.certificate.bitmap[0] = 0xb0;
    made.certificate.sig_count = 3;
    made.certificate.sigs[0] = sign(0, &vote);
    made.certificate.sigs[1] = sign(2, &vote);
    made.certificate.sigs[2] = sign(3, &vote);
}

static size_t
encode(void)
{
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, MUN_CON_MSG_BYTES_MAX);
    mun_con_msg_encode(&wr, &made);
    assert_true(mun_is_ok(mun_wr_status(&wr)));
    return mun_wr_done(&wr).len;
}

static enum mun_err_code
decode(size_t len)
{
    return mun_con_msg_decode(&decoded, mun_bytes(buffer, len)).code;
}

static enum mun_err_code
recode(void)
{
    return decode(encode());
}

static enum mun_err_code
check(uint64_t height)
{
    struct mun_con_check against = { &chain_id, height, &members };

    return mun_con_msg_check(&checked, &made, &against).code;
}

static void
assert_zero(const void *data, size_t len)
{
    static const struct mun_con_msg_checked zero;

    assert_true(len <= sizeof(zero));
    assert_memory_equal(data, &zero, len);
}

/* Bytes give back the message and the message the bytes; no prefix and no
 * longer run decodes. */
static void
assert_canonical(void)
{
    static uint8_t first[MUN_CON_MSG_BYTES_MAX];
    size_t len = encode();

    memcpy(first, buffer, len);
    assert_int_equal(decode(len), MUN_OK);
    made = decoded;
    assert_int_equal(encode(), len);
    assert_memory_equal(buffer, first, len);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(decode(i), MUN_ERR_TRUNCATED);
        assert_zero(&decoded, sizeof(decoded));
    }
    buffer[len] = 0;
    assert_int_equal(decode(len + 1), MUN_ERR_TRAILING);
    assert_zero(&decoded, sizeof(decoded));
}

static void
votes_have_one_encoding_of_117_bytes(void **state)
{
    (void)state;
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    assert_int_equal(encode(), 117);
    assert_int_equal(encode(), MUN_CON_VOTE_BYTES);
    assert_canonical();
    make_ballot(MUN_VOTE_PRECOMMIT, 0, -1);
    assert_canonical();
}

static void
proposals_have_one_encoding_of_121_bytes(void **state)
{
    (void)state;
    make_ballot(MUN_VOTE_PROPOSAL, 3, 2);
    assert_int_equal(encode(), 121);
    assert_int_equal(made.value_len, 5000);
    assert_canonical();
}

static void
certificates_have_one_encoding(void **state)
{
    (void)state;
    make_certificate();
    assert_canonical();
}

static void
the_largest_certificate_fits_the_largest_message(void **state)
{
    (void)state;
    make_certificate();
    made.certificate.member_count = MUN_MEMBERS_MAX;
    made.certificate.sig_count = MUN_MEMBERS_MAX;
    memset(made.certificate.bitmap, 0xff, sizeof(made.certificate.bitmap));
    made.certificate.bitmap[12] = 0xf0;
    for (uint32_t i = 0; i < MUN_MEMBERS_MAX; i++) {
        made.certificate.sigs[i] = made.certificate.sigs[0];
    }
    assert_true(encode() < MUN_CON_MSG_BYTES_MAX);
    assert_canonical();
}

/* Of all members that there can be, for value 7. */
static void
fill_votes(struct mun_con_votes *out, enum mun_vote_type type, uint32_t round)
{
    memset(out, 0, sizeof(*out));
    out->height = HEIGHT;
    out->round = round;
    out->type = type;
    out->count = MUN_MEMBERS_MAX;
    for (uint32_t i = 0; i < MUN_MEMBERS_MAX; i++) {
        out->at[i].member = i;
        out->at[i].valid_round = -1;
        out->at[i].id = id_of(7);
        memset(&out->at[i].sig, (int)i, sizeof(out->at[i].sig));
    }
}

static void
the_votes_of_all_are_the_longest_message(void **state)
{
    (void)state;
    memset(&made, 0, sizeof(made));
    made.kind = MUN_CON_MSG_VOTES;
    fill_votes(&made.votes, MUN_VOTE_PREVOTE, 2);
    assert_int_equal(encode(), MUN_CON_MSG_BYTES_MAX);
    assert_canonical();
    made.votes.at[5].member = 4; /* not ascending */
    assert_int_equal(recode(), MUN_ERR_VALUE);
    made.votes.at[5].member = 5;
    made.votes.at[99].member = MUN_MEMBERS_MAX;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    made.votes.at[99].member = 99;
    made.votes.at[7].valid_round = 2;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    made.votes.at[7].valid_round = -1;
    made.votes.type = MUN_VOTE_PROPOSAL;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    made.votes.type = MUN_VOTE_PRECOMMIT;
    made.votes.height = 0;
    assert_int_equal(recode(), MUN_ERR_VALUE);
}

static void
unknown_versions_kinds_and_types_are_refused(void **state)
{
    (void)state;
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    (void)encode();
    buffer[0] = 2;
    assert_int_equal(decode(117), MUN_ERR_VERSION);
    buffer[0] = 1;
    buffer[1] = 0;
    assert_int_equal(decode(117), MUN_ERR_KIND);
    buffer[1] = MUN_CON_MSG_VOTES + 1;
    assert_int_equal(decode(117), MUN_ERR_KIND);
    buffer[1] = MUN_CON_MSG_VOTE;
    buffer[2] = 0;
    assert_int_equal(decode(117), MUN_ERR_VALUE);
    buffer[2] = 4;
    assert_int_equal(decode(117), MUN_ERR_VALUE);
    buffer[2] = MUN_VOTE_PROPOSAL; /* has a kind of its own */
    assert_int_equal(decode(117), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PROPOSAL, 3, 1);
    (void)encode();
    buffer[2] = MUN_VOTE_PREVOTE;
    assert_int_equal(decode(121), MUN_ERR_VALUE);
}

static void
votes_that_nobody_honest_signs_are_refused(void **state)
{
    (void)state;
    make_ballot(MUN_VOTE_PREVOTE, 3, 3); /* valid round not below */
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, 3, -2);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PRECOMMIT, 3, 1);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    made.ballot.vote.id = id_of(0);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PROPOSAL, 3, -1);
    made.ballot.vote.id = id_of(0);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, MUN_CON_ROUND_MAX, -1);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, UINT32_MAX, -1);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, MUN_CON_ROUND_MAX - 1, -1);
    assert_int_equal(recode(), MUN_OK);
    made.ballot.vote.height = 0;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    made.ballot.member = MUN_MEMBERS_MAX;
    assert_int_equal(recode(), MUN_ERR_VALUE);
}

static void
announced_values_are_limited(void **state)
{
    (void)state;
    make_ballot(MUN_VOTE_PROPOSAL, 3, 1);
    made.value_len = MUN_CON_VALUE_BYTES_MAX;
    assert_int_equal(recode(), MUN_OK);
    made.value_len++;
    assert_int_equal(recode(), MUN_ERR_TOO_LARGE);
    made.value_len = 0;
    assert_int_equal(recode(), MUN_ERR_VALUE);
}

static void
certificates_of_no_height_are_refused(void **state)
{
    (void)state;
    make_certificate();
    made.certificate.round = MUN_CON_ROUND_MAX;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    made.certificate.round = 1;
    made.certificate.header_id = id_of(0);
    assert_int_equal(recode(), MUN_ERR_VALUE);
    mun_certificate_empty(&made.certificate, &chain_id);
    assert_int_not_equal(recode(), MUN_OK);
}

static void
a_right_signature_passes_the_check(void **state)
{
    (void)state;
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    assert_int_equal(check(HEIGHT), MUN_OK);
    assert_int_equal(checked.msg.ballot.member, 2);
    make_ballot(MUN_VOTE_PROPOSAL, 3, 1);
    assert_int_equal(check(HEIGHT), MUN_OK);
    make_certificate();
    assert_int_equal(check(HEIGHT), MUN_OK);
}

static void
each_signed_field_matters_to_the_check(void **state)
{
    struct mun_con_check other = { &chain_id, HEIGHT, &members };
    struct mun_hash wrong_chain = id_of(0xcd);

    (void)state;
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    assert_int_equal(check(HEIGHT + 1), MUN_ERR_VALUE);
    assert_zero(&checked, sizeof(checked));
    made.ballot.member = 1;
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    made.ballot.member = 4;
    assert_int_equal(check(HEIGHT), MUN_ERR_VALUE);
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    made.ballot.vote.round = 4;
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    made.ballot.vote.valid_round = 0;
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    make_ballot(MUN_VOTE_PREVOTE, 3, 1);
    made.ballot.vote.id = id_of(8);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    make_ballot(MUN_VOTE_PREVOTE, 3, -1);
    made.ballot.vote.type = MUN_VOTE_PRECOMMIT;
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    make_ballot(MUN_VOTE_PREVOTE, 3, -1);
    other.chain_id = &wrong_chain;
    assert_int_equal(mun_con_msg_check(&checked, &made, &other).code,
                     MUN_ERR_SIGNATURE);
}

static void
a_certificate_needs_a_quorum_and_every_signature(void **state)
{
    (void)state;
    make_certificate();
    made.certificate.sigs[2] = made.certificate.sigs[1];
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    make_certificate();
    made.certificate.bitmap[0] = 0xa0;
    made.certificate.sig_count = 2;
    assert_int_equal(check(HEIGHT), MUN_ERR_PROOF);
}

/* A5: nothing where something must be. */
static void
an_empty_message_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode(0), MUN_ERR_TRUNCATED);
    memset(buffer, 0, sizeof(buffer));
    assert_int_equal(decode(sizeof(buffer)), MUN_ERR_VERSION);
    for (int kind = MUN_CON_MSG_PROPOSAL; kind <= MUN_CON_MSG_VOTES; kind++) {
        buffer[0] = MUN_CON_MSG_VERSION;
        buffer[1] = (uint8_t)kind;
        assert_int_equal(decode(2), MUN_ERR_TRUNCATED);
    }
}

/* Members 0, 1 and 3 of four, as `type` of round 2. */
static void
make_votes(enum mun_vote_type type)
{
    static const uint32_t voters[] = { 0, 1, 3 };

    memset(&made, 0, sizeof(made));
    made.kind = MUN_CON_MSG_VOTES;
    made.votes.height = HEIGHT;
    made.votes.round = 2;
    made.votes.type = type;
    made.votes.count = 3;
    for (uint32_t i = 0; i < 3; i++) {
        struct mun_vote vote = { type, HEIGHT, 2, -1, id_of(7) };

        if (type == MUN_VOTE_PREVOTE && i == 1) {
            vote.valid_round = 0;
        }
        made.votes.at[i].member = voters[i];
        made.votes.at[i].valid_round = vote.valid_round;
        made.votes.at[i].id = vote.id;
        made.votes.at[i].sig = sign(voters[i], &vote);
    }
}

static void
votes_of_a_quorum_have_one_encoding(void **state)
{
    (void)state;
    make_votes(MUN_VOTE_PREVOTE);
    assert_int_equal(encode(), 2 + 14 + 3 * 102);
    assert_canonical();
    assert_int_equal(made.votes.type, MUN_VOTE_PREVOTE);
    assert_int_equal(made.votes.at[1].valid_round, 0);
    assert_int_equal(made.votes.at[2].valid_round, -1);
    make_votes(MUN_VOTE_PRECOMMIT);
    made.votes.at[1].id = id_of(0);
    assert_canonical();
    assert_int_equal(made.votes.at[0].id.b[0], 7);
    assert_int_equal(made.votes.at[1].id.b[0], 0);
}

/* A6: no count is believed before the bytes are there. */
static void
counts_that_lie_are_refused(void **state)
{
    size_t len = 0;

    (void)state;
    make_votes(MUN_VOTE_PREVOTE);
    len = encode();
    assert_int_equal(buffer[15], 3);
    buffer[15] = 0;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[15] = 101;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[15] = 255;
    assert_int_equal(decode(len), MUN_ERR_VALUE);
    buffer[15] = 100;
    assert_int_equal(decode(len), MUN_ERR_TRUNCATED);
    buffer[15] = 2;
    assert_int_equal(decode(len), MUN_ERR_TRAILING);
    buffer[15] = 3;
    assert_int_equal(decode(len), MUN_OK);
}

static void
what_cannot_be_said_is_not_encoded(void **state)
{
    struct mun_wr wr;

    (void)state;
    make_votes(MUN_VOTE_PREVOTE);
    made.votes.count = 0;
    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_msg_encode(&wr, &made);
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_VALUE);
    made.votes.count = MUN_MEMBERS_MAX + 1;
    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_votes_encode(&wr, &made.votes);
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_VALUE);
    made.kind = (enum mun_con_msg_kind)5;
    mun_wr_init(&wr, buffer, sizeof(buffer));
    mun_con_msg_encode(&wr, &made);
    assert_int_equal(mun_wr_status(&wr).code, MUN_ERR_KIND);
}

/* B4: who is named twice or out of order, or is not a member. */
static void
voters_are_named_once_and_in_order(void **state)
{
    (void)state;
    make_votes(MUN_VOTE_PREVOTE);
    made.votes.at[1].member = 0;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_votes(MUN_VOTE_PREVOTE);
    made.votes.at[1].member = 3;
    assert_int_equal(recode(), MUN_ERR_VALUE);
    make_votes(MUN_VOTE_PREVOTE);
    made.votes.at[2].member = 2;
    assert_int_equal(recode(), MUN_OK);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    made.votes.at[2].member = 4; /* the set has four */
    assert_int_equal(check(HEIGHT), MUN_ERR_PROOF);
}

static void
votes_need_a_quorum_and_every_signature(void **state)
{
    (void)state;
    make_votes(MUN_VOTE_PREVOTE);
    assert_int_equal(check(HEIGHT), MUN_OK);
    assert_int_equal(checked.msg.votes.count, 3);
    assert_int_equal(check(HEIGHT + 1), MUN_ERR_VALUE);
    assert_int_equal(check(HEIGHT - 1), MUN_ERR_VALUE);
    made.votes.count = 2;
    assert_int_equal(check(HEIGHT), MUN_ERR_PROOF);
    for (uint32_t i = 0; i < 3; i++) {
        make_votes(MUN_VOTE_PRECOMMIT);
        assert_int_equal(check(HEIGHT), MUN_OK);
        made.votes.at[i].sig = made.votes.at[(i + 1) % 3].sig;
        assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
        assert_zero(&checked, sizeof(checked));
    }
}

/* C5: votes of another round or type among them. */
static void
votes_of_mixed_rounds_or_types_are_refused(void **state)
{
    struct mun_vote vote = { MUN_VOTE_PRECOMMIT, HEIGHT, 2, -1, id_of(7) };

    (void)state;
    make_votes(MUN_VOTE_PRECOMMIT);
    made.votes.at[1].sig = sign(1, &vote);
    assert_int_equal(check(HEIGHT), MUN_OK);
    vote.round = 1;
    made.votes.at[1].sig = sign(1, &vote);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    vote.round = 2;
    vote.type = MUN_VOTE_PREVOTE;
    made.votes.at[1].sig = sign(1, &vote);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    vote.type = MUN_VOTE_PRECOMMIT;
    vote.height = HEIGHT + 1;
    made.votes.at[1].sig = sign(1, &vote);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    /* Whole precommits as whole prevotes. */
    make_votes(MUN_VOTE_PRECOMMIT);
    made.votes.type = MUN_VOTE_PREVOTE;
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    made.votes.type = MUN_VOTE_PRECOMMIT;
    made.votes.round = 3;
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
}

static void
prevotes_that_are_no_polka_are_refused(void **state)
{
    (void)state;
    make_votes(MUN_VOTE_PREVOTE);
    for (uint32_t i = 0; i < 3; i++) {
        struct mun_vote vote = { MUN_VOTE_PREVOTE, HEIGHT, 2, -1, id_of(0) };

        made.votes.at[i].id = id_of(0);
        made.votes.at[i].valid_round = -1;
        made.votes.at[i].sig = sign(made.votes.at[i].member, &vote);
    }
    assert_int_equal(check(HEIGHT), MUN_ERR_PROOF); /* of nil */
    for (uint32_t i = 1; i < 3; i++) {
        struct mun_vote vote = { MUN_VOTE_PREVOTE, HEIGHT, 2, -1, id_of(8) };

        make_votes(MUN_VOTE_PREVOTE);
        made.votes.at[i].id = id_of(8);
        made.votes.at[i].valid_round = -1;
        made.votes.at[i].sig = sign(made.votes.at[i].member, &vote);
        assert_int_equal(check(HEIGHT), MUN_ERR_PROOF); /* of two values */
    }
}

/* B1, B2: garbage beyond the quorum, and signatures for something else. */
static void
no_signature_of_a_certificate_may_be_for_something_else(void **state)
{
    struct mun_vote right = { MUN_VOTE_PRECOMMIT, HEIGHT, 1, -1, id_of(7) };
    struct mun_vote vote = right;

    (void)state;
    make_certificate();
    made.certificate.bitmap[0] = 0xf0;
    made.certificate.sig_count = 4;
    made.certificate.sigs[3] = made.certificate.sigs[2];
    made.certificate.sigs[2] = made.certificate.sigs[1];
    made.certificate.sigs[1] = sign(1, &right);
    assert_int_equal(check(HEIGHT), MUN_OK);
    vote.id = id_of(8);
    made.certificate.sigs[3] = sign(3, &vote);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    vote = right;
    vote.round = 2;
    made.certificate.sigs[3] = sign(3, &vote);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    vote = right;
    vote.type = MUN_VOTE_PREVOTE;
    made.certificate.sigs[3] = sign(3, &vote);
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
    memset(&made.certificate.sigs[3], 0xff, sizeof(made.certificate.sigs[3]));
    assert_int_equal(check(HEIGHT), MUN_ERR_SIGNATURE);
}

/* A2 */
static void
bitmaps_of_another_size_are_refused(void **state)
{
    size_t len = 0;

    (void)state;
    make_certificate();
    len = encode();
    assert_int_equal(buffer[46], 4); /* members */
    assert_int_equal(buffer[47], 0xb0);
    buffer[47] = 0xb8; /* a spare bit */
    assert_int_not_equal(decode(len), MUN_OK);
    buffer[47] = 0xb0;
    buffer[46] = 0;
    assert_int_not_equal(decode(len), MUN_OK);
    buffer[46] = 9; /* two bytes of bitmap */
    assert_int_not_equal(decode(len), MUN_OK);
    buffer[46] = 101;
    assert_int_not_equal(decode(len), MUN_OK);
    buffer[46] = 4;
    buffer[47] = 0xf0; /* a signature more than there are */
    assert_int_equal(decode(len), MUN_ERR_TRUNCATED);
    buffer[47] = 0xb0;
    assert_int_equal(decode(len), MUN_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes_have_one_encoding_of_117_bytes),
        cmocka_unit_test(proposals_have_one_encoding_of_121_bytes),
        cmocka_unit_test(certificates_have_one_encoding),
        cmocka_unit_test(the_largest_certificate_fits_the_largest_message),
        cmocka_unit_test(the_votes_of_all_are_the_longest_message),
        cmocka_unit_test(unknown_versions_kinds_and_types_are_refused),
        cmocka_unit_test(votes_that_nobody_honest_signs_are_refused),
        cmocka_unit_test(announced_values_are_limited),
        cmocka_unit_test(certificates_of_no_height_are_refused),
        cmocka_unit_test(a_right_signature_passes_the_check),
        cmocka_unit_test(each_signed_field_matters_to_the_check),
        cmocka_unit_test(a_certificate_needs_a_quorum_and_every_signature),
        cmocka_unit_test(an_empty_message_is_refused),
        cmocka_unit_test(votes_of_a_quorum_have_one_encoding),
        cmocka_unit_test(counts_that_lie_are_refused),
        cmocka_unit_test(what_cannot_be_said_is_not_encoded),
        cmocka_unit_test(voters_are_named_once_and_in_order),
        cmocka_unit_test(votes_need_a_quorum_and_every_signature),
        cmocka_unit_test(votes_of_mixed_rounds_or_types_are_refused),
        cmocka_unit_test(prevotes_that_are_no_polka_are_refused),
        cmocka_unit_test(
            no_signature_of_a_certificate_may_be_for_something_else),
        cmocka_unit_test(bitmaps_of_another_size_are_refused),
    };

    return cmocka_run_group_tests(tests, make_members, NULL);
}
