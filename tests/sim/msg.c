#include "tests/sim/msg.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"

/* ---- Keys and signatures ---- */

static void
make_key(struct mun_key *out, uint32_t i)
{
    memset(out, 0, sizeof(*out));
    out->b[0] = MUN_ALG_SECP256K1;
    out->b[1] = 2;
    out->b[2] = (uint8_t)i;
}

static void
make_signers(struct sim_world *w)
{
    uint32_t order[MUN_MEMBERS_MAX];
    struct mun_signer *all = calloc(MUN_MEMBERS_MAX, sizeof(all[0]));

    w->signers = calloc(MUN_MEMBERS_MAX, sizeof(w->signers[0]));
    MUN_CHECK(all != NULL && w->signers != NULL);
    for (uint32_t i = 0; i < w->n; i++) {
        struct mun_secret secret = { { 0 } };

        secret.b[30] = 1;
        secret.b[31] = (uint8_t)(i + 1);
        MUN_CHECK(mun_is_ok(mun_signer_init(&all[i], &secret)));
        order[i] = i;
    }
    for (uint32_t i = 1; i < w->n; i++) {
        for (uint32_t j = i; j > 0 && mun_key_cmp(&all[order[j]].key,
                                                  &all[order[j - 1]].key) < 0;
             j--) {
            uint32_t other = order[j];

            order[j] = order[j - 1];
            order[j - 1] = other;
        }
    }
    for (uint32_t i = 0; i < w->n; i++) {
        MUN_CHECK(
            mun_is_ok(mun_signer_init(&w->signers[i], &all[order[i]].secret)));
        w->members.at[i].key = w->signers[i].key;
    }
    free(all);
}

void
sim_keys_init(struct sim_world *w)
{
    memset(&w->members, 0, sizeof(w->members));
    w->members.count = w->n;
    for (uint32_t i = 0; i < w->n; i++) {
        w->secret[i] = sim_mix(w->options.seed + (uint64_t)77 * i);
        w->members.at[i].party.b[0] = (uint8_t)(i + 1);
        make_key(&w->members.at[i].key, i);
    }
    if (w->options.is_real) {
        make_signers(w);
    }
}

void
sim_keys_fini(struct sim_world *w)
{
    free(w->signers);
    w->signers = NULL;
}

static uint64_t
tag_of(const struct sim_world *w, const struct mun_con_signed *ballot)
{
    const struct mun_vote *vote = &ballot->vote;
    uint64_t x = w->secret[ballot->member];
    uint64_t part = 0;

    x = sim_mix(x ^ vote->height);
    x = sim_mix(x ^
                ((uint64_t)vote->round << 32 | (uint32_t)vote->valid_round));
    x ^= (uint64_t)vote->type;
    for (size_t i = 0; i < sizeof(vote->id.b); i += 8) {
        memcpy(&part, vote->id.b + i, sizeof(part));
        x = (x ^ part) * 0x9e3779b97f4a7c15u;
        x ^= x >> 29;
    }
    return x;
}

void
sim_sign(const struct sim_world *w, struct mun_con_signed *ballot)
{
    uint64_t tag = 0;

    memset(&ballot->sig, 0, sizeof(ballot->sig));
    if (w->options.is_real) {
        struct mun_hash digest;

        mun_vote_digest(&digest, &w->chain_id, &ballot->vote);
        mun_signer_sign(&w->signers[ballot->member], &ballot->sig, &digest);
        return;
    }
    tag = tag_of(w, ballot);
    memcpy(ballot->sig.b + 1, &tag, sizeof(tag));
}

bool
sim_is_signed(const struct sim_world *w, const struct mun_con_signed *ballot)
{
    uint64_t tag = 0;

    if (ballot->member >= w->n || !mun_con_is_vote(&ballot->vote)) {
        return false;
    }
    if (w->options.is_real) {
        struct mun_con_check against = { &w->chain_id, ballot->vote.height,
                                         &w->members };

        return mun_is_ok(mun_con_signed_check(ballot, &against));
    }
    tag = tag_of(w, ballot);
    return memcmp(ballot->sig.b + 1, &tag, sizeof(tag)) == 0;
}

bool
sim_is_sound(const struct sim_world *w,
             const struct mun_certificate *certificate)
{
    uint32_t next = 0;

    if (w->options.is_real) {
        return mun_is_ok(
            mun_certificate_verify(certificate, &w->chain_id, &w->members));
    }
    if (certificate->member_count != w->n || certificate->height == 0 ||
        mun_hash_is_zero(&certificate->header_id)) {
        return false;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        struct mun_con_signed ballot = {
            { MUN_VOTE_PRECOMMIT, certificate->height, certificate->round, -1,
              certificate->header_id },
            i,
            { { 0 } }
        };

        if ((certificate->bitmap[i / 8] & (0x80u >> (i % 8))) == 0) {
            continue;
        }
        if (next >= certificate->sig_count) {
            return false;
        }
        ballot.sig = certificate->sigs[next];
        next++;
        if (!sim_is_signed(w, &ballot)) {
            return false;
        }
    }
    return next == certificate->sig_count && next >= w->n * 2 / 3 + 1;
}

/* ---- The pool ---- */

static uint32_t
open_msg(struct sim_world *w, uint8_t kind, uint64_t height)
{
    struct sim_msg *msg = NULL;
    uint32_t index = 0;

    if (w->msg_free_count > 0) {
        w->msg_free_count--;
        index = w->msg_free[w->msg_free_count];
    } else {
        index = w->msg_count == 0 ? 1 : w->msg_count;
        if (index >= w->msg_size) {
            uint32_t size = w->msg_size == 0 ? 1024 : w->msg_size * 2;

            w->msgs = realloc(w->msgs, size * sizeof(w->msgs[0]));
            w->msg_free = realloc(w->msg_free, size * sizeof(uint32_t));
            MUN_CHECK(w->msgs != NULL && w->msg_free != NULL);
            memset(&w->msgs[w->msg_size], 0,
                   (size - w->msg_size) * sizeof(w->msgs[0]));
            w->msg_size = size;
        }
        w->msg_count = index + 1;
    }
    msg = &w->msgs[index];
    msg->refs = 1;
    msg->kind = kind;
    msg->verdict = 0;
    msg->height = height;
    return index;
}

static struct mun_con_msg *
open_big(struct sim_world *w, uint32_t index)
{
    struct sim_msg *msg = &w->msgs[index];

    if (msg->big == NULL) {
        msg->big = calloc(1, sizeof(*msg->big));
        MUN_CHECK(msg->big != NULL);
    }
    msg->big->msg.kind = (enum mun_con_msg_kind)msg->kind;
    return &msg->big->msg;
}

uint32_t
sim_msg_ballot(struct sim_world *w, const struct mun_con_signed *ballot)
{
    bool is_proposal = ballot->vote.type == MUN_VOTE_PROPOSAL;
    uint32_t index =
        open_msg(w, is_proposal ? MUN_CON_MSG_PROPOSAL : MUN_CON_MSG_VOTE,
                 ballot->vote.height);

    w->msgs[index].ballot = *ballot;
    return index;
}

uint32_t
sim_msg_votes(struct sim_world *w, const struct mun_con_votes *votes)
{
    uint32_t index = open_msg(w, MUN_CON_MSG_VOTES, votes->height);
    struct mun_con_votes *out = &open_big(w, index)->votes;

    /* Only what is filled: the whole is 11 KB. */
    out->height = votes->height;
    out->round = votes->round;
    out->type = votes->type;
    out->count = votes->count;
    memcpy(out->at, votes->at, votes->count * sizeof(votes->at[0]));
    return index;
}

uint32_t
sim_msg_certificate(struct sim_world *w,
                    const struct mun_certificate *certificate)
{
    uint32_t index = open_msg(w, MUN_CON_MSG_CERTIFICATE, certificate->height);

    open_big(w, index)->certificate = *certificate;
    return index;
}

void
sim_msg_ref(struct sim_world *w, uint32_t msg)
{
    MUN_CHECK(w->msgs[msg].refs > 0);
    w->msgs[msg].refs++;
}

void
sim_msg_unref(struct sim_world *w, uint32_t msg)
{
    if (msg == 0) {
        return;
    }
    MUN_CHECK(w->msgs[msg].refs > 0);
    w->msgs[msg].refs--;
    if (w->msgs[msg].refs == 0) {
        w->msg_free[w->msg_free_count] = msg;
        w->msg_free_count++;
    }
}

void
sim_msgs_fini(struct sim_world *w)
{
    for (uint32_t i = 0; i < w->msg_size; i++) {
        free(w->msgs[i].big);
    }
    free(w->msgs);
    free(w->msg_free);
    w->msgs = NULL;
    w->msg_free = NULL;
    w->msg_count = 0;
    w->msg_size = 0;
    w->msg_free_count = 0;
}

/* ---- The check ---- */

static bool
are_votes_signed(const struct sim_world *w, const struct mun_con_votes *votes)
{
    struct mun_con_signed ballot = { 0 };

    if (votes->count < w->n * 2 / 3 + 1) {
        return false;
    }
    for (uint32_t i = 0; i < votes->count; i++) {
        mun_con_votes_get(&ballot.vote, votes, i);
        ballot.member = votes->at[i].member;
        ballot.sig = votes->at[i].sig;
        if ((i > 0 && ballot.member <= votes->at[i - 1].member) ||
            (votes->type == MUN_VOTE_PREVOTE &&
             !mun_hash_eq(&ballot.vote.id, &votes->at[0].id)) ||
            !sim_is_signed(w, &ballot)) {
            return false;
        }
    }
    return votes->type == MUN_VOTE_PRECOMMIT ||
           !mun_hash_is_zero(&votes->at[0].id);
}

static bool
is_right(const struct sim_world *w, const struct sim_msg *msg)
{
    switch ((enum mun_con_msg_kind)msg->kind) {
    case MUN_CON_MSG_PROPOSAL:
    case MUN_CON_MSG_VOTE:
        return sim_is_signed(w, &msg->ballot);
    case MUN_CON_MSG_CERTIFICATE:
        return sim_is_sound(w, &msg->big->msg.certificate);
    case MUN_CON_MSG_VOTES:
        return are_votes_signed(w, &msg->big->msg.votes);
    }
    return false;
}

/* The scratch message stands for all ballots: only what they use is set. */
static struct mun_con_msg_checked *
unchecked(struct sim_world *w, const struct sim_msg *msg)
{
    if (msg->kind == MUN_CON_MSG_PROPOSAL || msg->kind == MUN_CON_MSG_VOTE) {
        w->scratch.msg.kind = (enum mun_con_msg_kind)msg->kind;
        w->scratch.msg.value_len = msg->kind == MUN_CON_MSG_PROPOSAL ? 1000 : 0;
        w->scratch.msg.ballot = msg->ballot;
        return &w->scratch;
    }
    return msg->big;
}

/* The way of a real node: bytes, decoded, verified. */
static const struct mun_con_msg_checked *
check_real(struct sim_world *w, const struct sim_msg *msg)
{
    static struct mun_con_msg decoded;
    struct mun_con_check against = { &w->chain_id, msg->height, &w->members };
    struct mun_wr wr;

    mun_wr_init(&wr, w->buffer, MUN_CON_MSG_BYTES_MAX);
    mun_con_msg_encode(&wr, &unchecked(w, msg)->msg);
    if (!mun_is_ok(mun_wr_status(&wr)) ||
        !mun_is_ok(mun_con_msg_decode(&decoded, mun_wr_done(&wr))) ||
        !mun_is_ok(mun_con_msg_check(&w->scratch_liar, &decoded, &against))) {
        return NULL;
    }
    return &w->scratch_liar;
}

const struct mun_con_msg_checked *
sim_msg_check(struct sim_world *w, uint32_t msg)
{
    struct sim_msg *one = &w->msgs[msg];

    if (w->options.is_real) {
        return check_real(w, one);
    }
    if (one->verdict == 0) {
        one->verdict = is_right(w, one) ? 1 : -1;
    }
    return one->verdict == 1 ? unchecked(w, one) : NULL;
}

/* ---- Certificates in short ---- */

void
sim_cert_pack(const struct sim_world *w, struct sim_cert *out,
              const struct mun_certificate *certificate)
{
    uint32_t value = 0;

    memset(out, 0, sizeof(*out));
    out->height = certificate->height;
    out->round = certificate->round;
    memcpy(&value, certificate->header_id.b, sizeof(value));
    MUN_CHECK(value < w->value_count &&
              mun_hash_eq(&w->values[value].id, &certificate->header_id));
    out->value = value;
    memcpy(out->bitmap, certificate->bitmap, sizeof(out->bitmap));
}

void
sim_cert_unpack(const struct sim_world *w, struct mun_certificate *out,
                const struct sim_cert *cert)
{
    memset(out, 0, sizeof(*out));
    out->height = cert->height;
    out->round = cert->round;
    out->header_id = w->values[cert->value].id;
    out->member_count = w->n;
    memcpy(out->bitmap, cert->bitmap, sizeof(cert->bitmap));
    for (uint32_t i = 0; i < w->n; i++) {
        struct mun_con_signed ballot = {
            { MUN_VOTE_PRECOMMIT, cert->height, cert->round, -1,
              out->header_id },
            i,
            { { 0 } },
        };

        if ((cert->bitmap[i / 8] & (0x80u >> (i % 8))) != 0) {
            sim_sign(w, &ballot);
            out->sigs[out->sig_count] = ballot.sig;
            out->sig_count++;
        }
    }
}
