#include "consensus/record.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"

void
mun_con_record_init(struct mun_con_record *out, uint64_t height)
{
    memset(out, 0, sizeof(*out));
    out->height = height;
    out->phase = MUN_CON_PROPOSE;
    out->locked_round = -1;
    out->valid_round = -1;
}

static bool
is_pair(int32_t round, const struct mun_hash *id, uint32_t round_max)
{
    if (round == -1) {
        return mun_hash_is_zero(id);
    }
    return round >= 0 && (uint32_t)round <= round_max && !mun_hash_is_zero(id);
}

static bool
is_own(const struct mun_con_record *record, enum mun_vote_type type)
{
    const struct mun_con_own *own = &record->own[type - 1];
    bool is_nil = mun_hash_is_zero(&own->id);

    if (!own->is_present) {
        return own->round == 0 && own->valid_round == 0 && is_nil;
    }
    if (own->round > record->round || own->valid_round < -1 ||
        own->valid_round >= (int32_t)own->round) {
        return false;
    }
    switch (type) {
    case MUN_VOTE_PROPOSAL:
        return !is_nil;
    case MUN_VOTE_PREVOTE:
        return !is_nil || own->valid_round == -1;
    case MUN_VOTE_PRECOMMIT:
        return own->valid_round == -1;
    }
    return false;
}

static bool
is_at(const struct mun_con_record *record, enum mun_vote_type type)
{
    const struct mun_con_own *own = &record->own[type - 1];

    return own->is_present && own->round == record->round;
}

/* The step is the one that the last own message led to; without any in its
 * round there was nothing to write. */
static bool
is_phase(const struct mun_con_record *record)
{
    const struct mun_con_own *prevote = &record->own[MUN_VOTE_PREVOTE - 1];
    const struct mun_con_own *precommit = &record->own[MUN_VOTE_PRECOMMIT - 1];
    bool has_prevote = is_at(record, MUN_VOTE_PREVOTE);
    bool has_precommit = is_at(record, MUN_VOTE_PRECOMMIT);

    /* Each precommit came after a prevote of its round. */
    if (precommit->is_present &&
        (!prevote->is_present || prevote->round < precommit->round)) {
        return false;
    }
    switch (record->phase) {
    case MUN_CON_PROPOSE:
        return is_at(record, MUN_VOTE_PROPOSAL) && !has_prevote;
    case MUN_CON_PREVOTE:
        return has_prevote && !has_precommit;
    case MUN_CON_PRECOMMIT:
        return has_precommit;
    }
    return false;
}

/* A lock is as old as the precommit that took it, and no precommit for a value
 * is newer than the lock. */
static bool
is_lock(const struct mun_con_record *record)
{
    const struct mun_con_own *own = &record->own[MUN_VOTE_PRECOMMIT - 1];

    if (record->valid_round < record->locked_round ||
        (record->valid_round == record->locked_round &&
         !mun_hash_eq(&record->valid_id, &record->locked_id))) {
        return false;
    }
    if (own->is_present && !mun_hash_is_zero(&own->id)) {
        return record->locked_round == (int32_t)own->round &&
               mun_hash_eq(&record->locked_id, &own->id);
    }
    return record->locked_round == -1 ||
           (own->is_present && record->locked_round < (int32_t)own->round);
}

/* The polka is the one that made the valid value. */
static bool
is_polka(const struct mun_con_record *record)
{
    const struct mun_con_votes *polka = &record->polka;

    if (record->valid_round == -1) {
        return polka->count == 0;
    }
    return mun_con_votes_is_polka(polka) && polka->height == record->height &&
           polka->round == (uint32_t)record->valid_round &&
           mun_hash_eq(&polka->at[0].id, &record->valid_id);
}

static bool
is_entry(const struct mun_con_record *record)
{
    const struct mun_con_votes *entry = &record->entry;

    return entry->count == 0 || (entry->type == MUN_VOTE_PRECOMMIT &&
                                 entry->height == record->height &&
                                 entry->round + 1 == record->round);
}

mun_err_t
mun_con_record_check(const struct mun_con_record *record)
{
    bool is_right =
        record->height >= 1 && record->round < MUN_CON_ROUND_MAX &&
        is_pair(record->locked_round, &record->locked_id, record->round) &&
        is_pair(record->valid_round, &record->valid_id, record->round) &&
        is_own(record, MUN_VOTE_PROPOSAL) && is_own(record, MUN_VOTE_PREVOTE) &&
        is_own(record, MUN_VOTE_PRECOMMIT) && is_phase(record) &&
        is_lock(record) && is_polka(record) && is_entry(record);

    return is_right ? MUN_SUCCESS : mun_err(MUN_ERR_VALUE);
}

/* Bits of `present` after those of the own messages. */
#define HAS_POLKA (1u << MUN_CON_OWN_COUNT)
#define HAS_ENTRY (2u << MUN_CON_OWN_COUNT)

void
mun_con_record_encode(struct mun_wr *wr, const struct mun_con_record *record)
{
    uint8_t present = 0;

    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        if (record->own[i].is_present) {
            present = (uint8_t)(present | (1u << i));
        }
    }
    if (record->polka.count > 0) {
        present = (uint8_t)(present | HAS_POLKA);
    }
    if (record->entry.count > 0) {
        present = (uint8_t)(present | HAS_ENTRY);
    }
    mun_wr_u8(wr, MUN_CON_RECORD_VERSION);
    mun_wr_u64(wr, record->height);
    mun_wr_u32(wr, record->round);
    mun_wr_u8(wr, (uint8_t)record->phase);
    mun_wr_u32(wr, (uint32_t)record->locked_round);
    mun_wr_copy(wr, record->locked_id.b, sizeof(record->locked_id.b));
    mun_wr_u32(wr, (uint32_t)record->valid_round);
    mun_wr_copy(wr, record->valid_id.b, sizeof(record->valid_id.b));
    mun_wr_u8(wr, present);
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        if (record->own[i].is_present) {
            mun_wr_u32(wr, record->own[i].round);
            mun_wr_u32(wr, (uint32_t)record->own[i].valid_round);
            mun_wr_copy(wr, record->own[i].id.b, sizeof(record->own[i].id.b));
        }
    }
    if (record->polka.count > 0) {
        mun_con_votes_encode(wr, &record->polka);
    }
    if (record->entry.count > 0) {
        mun_con_votes_encode(wr, &record->entry);
    }
}

static void
read_fields(struct mun_rd *rd, struct mun_con_record *out)
{
    uint8_t phase = 0;
    uint8_t present = 0;

    if (mun_rd_u8(rd) != MUN_CON_RECORD_VERSION) {
        mun_rd_fail(rd, MUN_ERR_VERSION);
    }
    out->height = mun_rd_u64(rd);
    out->round = mun_rd_u32(rd);
    phase = mun_rd_u8(rd);
    out->locked_round = (int32_t)mun_rd_u32(rd);
    mun_rd_copy(rd, out->locked_id.b, sizeof(out->locked_id.b));
    out->valid_round = (int32_t)mun_rd_u32(rd);
    mun_rd_copy(rd, out->valid_id.b, sizeof(out->valid_id.b));
    present = mun_rd_u8(rd);
    if (phase < MUN_CON_PROPOSE || phase > MUN_CON_PRECOMMIT ||
        present >= HAS_ENTRY << 1) {
        mun_rd_fail(rd, MUN_ERR_VALUE);
        return;
    }
    out->phase = (enum mun_con_phase)phase;
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        if ((present & (1u << i)) != 0) {
            out->own[i].is_present = true;
            out->own[i].round = mun_rd_u32(rd);
            out->own[i].valid_round = (int32_t)mun_rd_u32(rd);
            mun_rd_copy(rd, out->own[i].id.b, sizeof(out->own[i].id.b));
        }
    }
    if ((present & HAS_POLKA) != 0) {
        mun_con_votes_decode(rd, &out->polka);
    }
    if ((present & HAS_ENTRY) != 0) {
        mun_con_votes_decode(rd, &out->entry);
    }
}

mun_err_t
mun_con_record_decode(struct mun_con_record *out, struct mun_bytes input)
{
    struct mun_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof(*out));
    mun_rd_init(&rd, input);
    read_fields(&rd, out);
    MUN_TRY_OUT(mun_rd_finish(&rd));
    MUN_TRY_OUT(mun_con_record_check(out));
out:
    if (!mun_is_ok(err)) {
        memset(out, 0, sizeof(*out));
    }
    return err;
}

void
mun_con_record_vote(struct mun_vote *out, const struct mun_con_record *record,
                    enum mun_vote_type type)
{
    const struct mun_con_own *own = &record->own[type - 1];

    MUN_CHECK(own->is_present);
    memset(out, 0, sizeof(*out));
    out->type = type;
    out->height = record->height;
    out->round = own->round;
    out->valid_round = own->valid_round;
    out->id = own->id;
}
