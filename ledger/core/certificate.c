#include "ledger/core/certificate.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/check.h"

#define VOTE_BYTES (1 + 32 + 8 + 4 + 4 + 32)
#define BITMAP_BYTES_MAX ((MUN_MEMBERS_MAX + 7) / 8)
#define CERTIFICATE_BYTES_MAX                                                  \
    (8 + 4 + 32 + 1 + BITMAP_BYTES_MAX + MUN_MEMBERS_MAX * MUN_SIG_BYTES)

_Static_assert(MUN_MEMBERS_MAX <= UINT8_MAX, "the member count is one byte");

void
mun_vote_digest(struct mun_hash *out, const struct mun_hash *chain_id,
                const struct mun_vote *vote)
{
    uint8_t buffer[VOTE_BYTES];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, (uint8_t)vote->type);
    mun_wr_copy(&wr, chain_id->b, sizeof chain_id->b);
    mun_wr_u64(&wr, vote->height);
    mun_wr_u32(&wr, vote->round);
    mun_wr_u32(&wr, (uint32_t)vote->valid_round);
    mun_wr_copy(&wr, vote->id.b, sizeof vote->id.b);
    MUN_CHECK(mun_wr_done(&wr).len == VOTE_BYTES);
    mun_hash_tagged(out, MUN_TAG_VOTE, mun_wr_done(&wr));
}

static size_t
bitmap_bytes(uint32_t member_count)
{
    return (member_count + 7) / 8;
}

static bool
bitmap_has(const struct mun_certificate *certificate, uint32_t index)
{
    return (certificate->bitmap[index / 8] >> (7 - index % 8) & 1) != 0;
}

/* How many bits are set, in the whole array. */
static uint32_t
bitmap_count(const struct mun_certificate *certificate)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < BITMAP_BYTES_MAX * 8; i++)
        count += bitmap_has(certificate, i);
    return count;
}

/* No bit stands for a member that is not there. */
static bool
bitmap_is_clean(const struct mun_certificate *certificate)
{
    for (uint32_t i = certificate->member_count; i < BITMAP_BYTES_MAX * 8;
         i++) {
        if (bitmap_has(certificate, i))
            return false;
    }
    return true;
}

/* The first header has no members before it to sign: its certificate, and no
 * other, names none. */
static bool
is_shape_right(const struct mun_certificate *certificate)
{
    if (certificate->member_count == 0)
        return certificate->height == 0 && certificate->round == 0;
    return certificate->height > 0;
}

void
mun_certificate_encode(struct mun_wr *wr,
                       const struct mun_certificate *certificate)
{
    MUN_CHECK(certificate->member_count <= MUN_MEMBERS_MAX);
    MUN_CHECK(is_shape_right(certificate));
    MUN_CHECK(bitmap_is_clean(certificate));
    MUN_CHECK(certificate->sig_count == bitmap_count(certificate));
    mun_wr_u64(wr, certificate->height);
    mun_wr_u32(wr, certificate->round);
    mun_wr_copy(wr, certificate->header_id.b, sizeof certificate->header_id);
    mun_wr_u8(wr, (uint8_t)certificate->member_count);
    mun_wr_copy(wr, certificate->bitmap,
                bitmap_bytes(certificate->member_count));
    for (uint32_t i = 0; i < certificate->sig_count; i++)
        mun_wr_copy(wr, certificate->sigs[i].b, sizeof certificate->sigs[i]);
}

static void
decode_fields(struct mun_rd *rd, struct mun_certificate *out)
{
    out->height = mun_rd_u64(rd);
    out->round = mun_rd_u32(rd);
    mun_rd_copy(rd, out->header_id.b, sizeof out->header_id);
    out->member_count = mun_rd_count8(rd, MUN_MEMBERS_MAX, 0);
    mun_rd_copy(rd, out->bitmap, bitmap_bytes(out->member_count));
    if (mun_rd_failed(rd))
        return;
    if (!is_shape_right(out) || !bitmap_is_clean(out)) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
        return;
    }
    out->sig_count = bitmap_count(out);
    for (uint32_t i = 0; i < out->sig_count; i++)
        mun_rd_copy(rd, out->sigs[i].b, sizeof out->sigs[i]);
}

void
mun_certificate_decode(struct mun_rd *rd, struct mun_certificate *out)
{
    memset(out, 0, sizeof *out);
    decode_fields(rd, out);
    if (mun_rd_failed(rd))
        memset(out, 0, sizeof *out);
}

void
mun_certificate_hash(struct mun_hash *out,
                     const struct mun_certificate *certificate)
{
    uint8_t buffer[CERTIFICATE_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_certificate_encode(&wr, certificate);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_hash_tagged(out, MUN_TAG_CERTIFICATE, mun_wr_done(&wr));
}

void
mun_certificate_empty(struct mun_certificate *out,
                      const struct mun_hash *header_id)
{
    memset(out, 0, sizeof *out);
    out->header_id = *header_id;
}

/* A right certificate as far as counting goes. A quorum of votes for nil
 * certifies nothing. */
static bool
has_quorum(const struct mun_certificate *certificate,
           const struct mun_members *members)
{
    return certificate->member_count == members->count &&
           bitmap_is_clean(certificate) &&
           certificate->sig_count == bitmap_count(certificate) &&
           certificate->sig_count >= mun_quorum(members->count) &&
           !mun_hash_is_zero(&certificate->header_id);
}

mun_err_t
mun_certificate_verify(const struct mun_certificate *certificate,
                       const struct mun_hash *chain_id,
                       const struct mun_members *members)
{
    struct mun_vote vote = { .type = MUN_VOTE_PRECOMMIT,
                             .height = certificate->height,
                             .round = certificate->round,
                             .valid_round = -1,
                             .id = certificate->header_id };
    struct mun_hash digest;
    uint32_t sig_index = 0;

    MUN_CHECK(members->count >= 1 && members->count <= MUN_MEMBERS_MAX);
    if (!has_quorum(certificate, members))
        return mun_err(MUN_ERR_PROOF);
    mun_vote_digest(&digest, chain_id, &vote);
    /* All of them, also beyond the quorum: a block is refused for one wrong
     * signature, so that nobody stores what somebody else would refuse. */
    for (uint32_t i = 0; i < members->count; i++) {
        if (!bitmap_has(certificate, i))
            continue;
        if (!mun_is_ok(mun_sig_verify(&certificate->sigs[sig_index],
                                      &members->at[i].key, &digest)))
            return mun_err(MUN_ERR_SIGNATURE);
        sig_index++;
    }
    return MUN_SUCCESS;
}
