#include "consensus/evidence.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"

bool
mun_con_is_contradiction(const struct mun_con_signed *a,
                         const struct mun_con_signed *b)
{
    return a->member == b->member && a->vote.type == b->vote.type &&
           a->vote.height == b->vote.height && a->vote.round == b->vote.round &&
           (a->vote.valid_round != b->vote.valid_round ||
            !mun_hash_eq(&a->vote.id, &b->vote.id));
}

static bool
is_before(const struct mun_hash *chain_id, const struct mun_con_signed *a,
          const struct mun_con_signed *b)
{
    struct mun_hash of_a;
    struct mun_hash of_b;

    mun_vote_digest(&of_a, chain_id, &a->vote);
    mun_vote_digest(&of_b, chain_id, &b->vote);
    return memcmp(of_a.b, of_b.b, sizeof(of_a.b)) < 0;
}

/* R33: Two different messages of one member, height, round and type are
 * evidence. */
void
mun_con_evidence_make(struct mun_con_evidence *out,
                      const struct mun_hash *chain_id,
                      const struct mun_con_signed *a,
                      const struct mun_con_signed *b)
{
    bool is_ordered = is_before(chain_id, a, b);

    MUN_CHECK(mun_con_is_contradiction(a, b));
    out->first = is_ordered ? *a : *b;
    out->second = is_ordered ? *b : *a;
}

void
mun_con_evidence_encode(struct mun_wr *wr,
                        const struct mun_con_evidence *evidence)
{
    mun_wr_u8(wr, MUN_CON_EVIDENCE_VERSION);
    mun_con_signed_encode(wr, &evidence->first);
    mun_con_signed_encode(wr, &evidence->second);
}

mun_err_t
mun_con_evidence_decode(struct mun_con_evidence *out, struct mun_bytes input)
{
    struct mun_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof(*out));
    mun_rd_init(&rd, input);
    if (mun_rd_u8(&rd) != MUN_CON_EVIDENCE_VERSION) {
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    }
    mun_con_signed_decode(&rd, &out->first);
    mun_con_signed_decode(&rd, &out->second);
    err = mun_rd_finish(&rd);
    if (mun_is_ok(err) &&
        !mun_con_is_contradiction(&out->first, &out->second)) {
        err = mun_err(MUN_ERR_VALUE);
    }
    if (!mun_is_ok(err)) {
        memset(out, 0, sizeof(*out));
    }
    return err;
}

mun_err_t
mun_con_evidence_check(const struct mun_con_evidence *evidence,
                       const struct mun_con_check *against)
{
    if (!mun_con_is_contradiction(&evidence->first, &evidence->second) ||
        evidence->first.vote.height != against->height ||
        !is_before(against->chain_id, &evidence->first, &evidence->second)) {
        return mun_err(MUN_ERR_VALUE);
    }
    MUN_TRY(mun_con_signed_check(&evidence->first, against));
    return mun_con_signed_check(&evidence->second, against);
}
