#include <string.h>

#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* Counts, for people. Registers are walked; what a walk may cost is bounded,
 * and beyond that the answer says that it did not count all. */

#define WALK_MAX 1000000
#define STEP 4096
#define NATURAL_MAX 80

struct tally {
    uint64_t records;
    uint64_t credentials;
    enum mun_record_type type;
    uint8_t natural[NATURAL_MAX];
    size_t natural_len;
    bool is_whole;
};

static mun_err_t
visit(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct tally *tally = (struct tally *)ctx;
    struct mun_batch batch;

    if (natural.len > sizeof tally->natural)
        return mun_err(MUN_ERR_CORRUPT);
    memcpy(tally->natural, natural.data, natural.len);
    tally->natural_len = natural.len;
    tally->records++;
    if (tally->type != MUN_RECORD_BATCH)
        return MUN_SUCCESS;
    MUN_TRY(mun_batch_decode(&batch, value));
    tally->credentials += batch.count;
    return MUN_SUCCESS;
}

static mun_err_t
count(struct mun_rpc_call *call, struct tally *out, enum mun_record_type type)
{
    const struct mun_rpc_backend *backend = call->backend;
    bool more = true;

    *out = (struct tally){ .type = type };
    while (more && out->records < WALK_MAX)
        MUN_TRY(backend->registered(backend->ctx, type,
                                    mun_bytes(out->natural, out->natural_len),
                                    STEP, visit, out, &more));
    out->is_whole = !more;
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_statistics(struct mun_rpc_call *call)
{
    const struct mun_header header = *mun_rpc_begin(call)->header;
    struct mun_json_wr *wr = &call->wr;
    struct tally accreditations;
    struct tally programmes;
    struct tally parties;
    struct tally batches;

    mun_rpc_end(call);
    MUN_TRY(count(call, &parties, MUN_RECORD_PARTY));
    MUN_TRY(count(call, &accreditations, MUN_RECORD_ACCREDITATION));
    MUN_TRY(count(call, &programmes, MUN_RECORD_PROGRAMME));
    MUN_TRY(count(call, &batches, MUN_RECORD_BATCH));
    mun_json_wr_begin_object(wr);
    mun_json_put_u64(wr, "height", header.height);
    mun_json_put_time(wr, "time", header.time_ms);
    mun_json_put_u64(wr, "entries", header.log_size - header.height);
    mun_json_put_u64(wr, "parties", parties.records);
    mun_json_put_u64(wr, "accreditations", accreditations.records);
    mun_json_put_u64(wr, "programmes", programmes.records);
    mun_json_put_u64(wr, "batches", batches.records);
    mun_json_put_u64(wr, "credentials", batches.credentials);
    mun_json_put_bool(wr, "counted_all",
                      parties.is_whole && accreditations.is_whole &&
                          programmes.is_whole && batches.is_whole);
    mun_json_wr_end_object(wr);
    return MUN_SUCCESS;
}
