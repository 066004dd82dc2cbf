#include "ledger/core/member.h"

#include <string.h>

#include "ledger/base/check.h"

#define MEMBER_BYTES (32 + MUN_KEY_BYTES)
#define MEMBERS_BYTES_MAX (1 + MUN_MEMBERS_MAX * MEMBER_BYTES)

_Static_assert(MUN_MEMBERS_MAX <= UINT8_MAX, "the count is one byte");
_Static_assert(sizeof(struct mun_member) == MEMBER_BYTES, "no padding");

void
mun_members_encode(struct mun_wr *wr, const struct mun_members *members)
{
    MUN_CHECK(members->count <= MUN_MEMBERS_MAX);
    mun_wr_u8(wr, (uint8_t)members->count);
    for (uint32_t i = 0; i < members->count; i++) {
        mun_wr_copy(wr, members->at[i].party.b, sizeof members->at[i].party);
        mun_wr_copy(wr, members->at[i].key.b, sizeof members->at[i].key);
    }
}

void
mun_members_decode(struct mun_rd *rd, struct mun_members *out)
{
    mun_err_t err;

    memset(out, 0, sizeof *out);
    out->count = mun_rd_count8(rd, MUN_MEMBERS_MAX, MEMBER_BYTES);
    for (uint32_t i = 0; i < out->count; i++) {
        mun_rd_copy(rd, out->at[i].party.b, sizeof out->at[i].party);
        mun_rd_copy(rd, out->at[i].key.b, sizeof out->at[i].key);
    }
    if (mun_rd_failed(rd))
        return;
    err = mun_members_check(out);
    if (!mun_is_ok(err)) {
        mun_rd_fail(rd, err.code);
        memset(out, 0, sizeof *out);
    }
}

void
mun_members_hash(struct mun_hash *out, const struct mun_members *members)
{
    uint8_t buffer[MEMBERS_BYTES_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_members_encode(&wr, members);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    mun_hash_tagged(out, MUN_TAG_MEMBERS, mun_wr_done(&wr));
}

static bool
has_party_before(const struct mun_members *members, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (mun_hash_eq(&members->at[i].party, &members->at[index].party))
            return true;
    }
    return false;
}

mun_err_t
mun_members_check(const struct mun_members *members)
{
    if (members->count == 0 || members->count > MUN_MEMBERS_MAX)
        return mun_err(MUN_ERR_VALUE);
    for (uint32_t i = 0; i < members->count; i++) {
        const struct mun_member *member = &members->at[i];

        if (i > 0 && mun_key_cmp(&members->at[i - 1].key, &member->key) >= 0)
            return mun_err(MUN_ERR_ORDER);
        if (has_party_before(members, i))
            return mun_err(MUN_ERR_VALUE);
        MUN_TRY(mun_key_check(&member->key));
    }
    return MUN_SUCCESS;
}
