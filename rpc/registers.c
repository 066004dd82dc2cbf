#include "ledger/core/multiproof.h"
#include "ledger/json/forms.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* Single records, out of the state itself. */

/* Room for most proofs of one record. */
#define PROOF_BYTES 4096

static mun_err_t
get(struct mun_rpc_call *call, struct mun_bytes *value,
    const struct mun_hash *key, const char *absent)
{
    const struct mun_rpc_snapshot *now = mun_rpc_begin(call);

    if (mun_view_get(&now->view, key, value) == MUN_PRESENT)
        return MUN_SUCCESS;
    return mun_rpc_not_found(call, absent);
}

/* A party with all that is its own */

static mun_err_t
write_key(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct mun_rpc_call *call = (struct mun_rpc_call *)ctx;
    struct mun_key_record record;

    (void)natural;
    MUN_TRY(mun_key_record_decode(&record, value));
    mun_form_key(&call->wr, &record);
    return MUN_SUCCESS;
}

static mun_err_t
write_accreditation(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct mun_rpc_call *call = (struct mun_rpc_call *)ctx;
    struct mun_accreditation record;

    (void)natural;
    MUN_TRY(mun_accreditation_decode(&record, value));
    mun_form_accreditation(&call->wr, &record);
    return MUN_SUCCESS;
}

/* Without the description: that is a step away. */
static mun_err_t
write_programme(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct mun_rpc_call *call = (struct mun_rpc_call *)ctx;
    struct mun_json_wr *wr = &call->wr;
    struct mun_programme record;

    (void)natural;
    MUN_TRY(mun_programme_decode(&record, value));
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "id", &record.id);
    mun_json_put_text(wr, "code", record.code);
    mun_json_put_u64(wr, "latest_version", record.latest_version);
    mun_json_put_word(wr, "status",
                      record.status == MUN_PROGRAMME_ACTIVE ? "active"
                                                            : "retired");
    mun_json_put_word(wr, "listing", mun_word_listing(record.listing));
    mun_json_wr_end_object(wr);
    return MUN_SUCCESS;
}

/* At most so many of each; the registers have them all. */
#define OWNED_MAX 1000

struct owned {
    struct mun_rpc_call *call;
    mun_rpc_visit_record write;
    uint32_t left;
};

static mun_err_t
visit_owned(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct owned *owned = (struct owned *)ctx;

    if (owned->left == 0)
        return mun_err(MUN_ERR_BUSY); /* ends the walk */
    owned->left--;
    return owned->write(owned->call, natural, value);
}

static mun_err_t
write_owned(struct mun_rpc_call *call, const char *name,
            enum mun_rpc_owned what, const struct mun_hash *party)
{
    static const mun_rpc_visit_record writers[] = {
        [MUN_RPC_OWNED_KEYS] = write_key,
        [MUN_RPC_OWNED_ACCREDITATIONS] = write_accreditation,
        [MUN_RPC_OWNED_PROGRAMMES] = write_programme,
    };
    struct owned owned = { call, writers[what], OWNED_MAX };
    mun_err_t err;

    mun_json_wr_key(&call->wr, name);
    mun_json_wr_begin_array(&call->wr);
    err = call->backend->owned(call->backend->ctx, what, party, visit_owned,
                               &owned);
    mun_json_wr_end_array(&call->wr);
    return err.code == MUN_ERR_BUSY && owned.left == 0 ? MUN_SUCCESS : err;
}

mun_err_t
mun_rpc_party(struct mun_rpc_call *call)
{
    struct mun_party party;
    struct mun_bytes value;
    struct mun_hash key;
    struct mun_hash id;

    MUN_TRY(mun_rpc_part_hash(call, &id, 0));
    mun_record_key_party(&key, &id);
    MUN_TRY(get(call, &value, &key, "there is no such party"));
    MUN_TRY(mun_party_decode(&party, value));
    mun_form_party(&call->wr, &party);
    mun_rpc_reopen(&call->wr);
    MUN_TRY(write_owned(call, "keys", MUN_RPC_OWNED_KEYS, &id));
    MUN_TRY(
        write_owned(call, "accreditations", MUN_RPC_OWNED_ACCREDITATIONS, &id));
    MUN_TRY(write_owned(call, "programmes", MUN_RPC_OWNED_PROGRAMMES, &id));
    mun_json_wr_end_object(&call->wr);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_key(struct mun_rpc_call *call)
{
    struct mun_bytes value;
    struct mun_hash record;
    struct mun_key key;

    MUN_TRY(mun_rpc_part_key(call, &key, 0));
    mun_record_key_key(&record, &key);
    MUN_TRY(get(call, &value, &record, "there is no such key"));
    return write_key(call, MUN_BYTES_NONE, value);
}

mun_err_t
mun_rpc_accreditation(struct mun_rpc_call *call)
{
    struct mun_bytes value;
    struct mun_hash record;
    struct mun_hash id;

    MUN_TRY(mun_rpc_part_hash(call, &id, 0));
    mun_record_key_accreditation(&record, &id);
    MUN_TRY(get(call, &value, &record, "there is no such accreditation"));
    return write_accreditation(call, MUN_BYTES_NONE, value);
}

mun_err_t
mun_rpc_programme(struct mun_rpc_call *call)
{
    static const struct mun_rpc_range versions = { 1, UINT16_MAX };
    struct mun_programme_version version;
    struct mun_programme programme;
    struct mun_bytes value;
    struct mun_hash record;
    struct mun_hash id;
    uint64_t number;

    MUN_TRY(mun_rpc_part_hash(call, &id, 0));
    mun_record_key_programme(&record, &id);
    MUN_TRY(get(call, &value, &record, "there is no such programme"));
    MUN_TRY(mun_programme_decode(&programme, value));
    number = programme.latest_version;
    MUN_TRY(mun_rpc_argument_u64(call, &number, versions, "version"));
    mun_record_key_version(&record, &id, (uint16_t)number);
    MUN_TRY(get(call, &value, &record, "the programme has no such version"));
    MUN_TRY(mun_version_decode_stored(&version, value));
    mun_form_programme(&call->wr, &programme, &version);
    return MUN_SUCCESS;
}

/* Lists */

mun_err_t
mun_rpc_read_list(struct mun_rpc_call *call, struct mun_list *out)
{
    struct mun_bytes value;
    struct mun_bytes label;
    struct mun_hash record;
    struct mun_hash issuer;

    MUN_TRY(mun_rpc_part_hash(call, &issuer, 0));
    MUN_TRY(mun_rpc_part_label(call, &label, 1));
    mun_record_key_list(&record, &issuer, label);
    MUN_TRY(get(call, &value, &record, "there is no such list"));
    return mun_list_decode(out, value);
}

mun_err_t
mun_rpc_list(struct mun_rpc_call *call)
{
    struct mun_list list;

    MUN_TRY(mun_rpc_read_list(call, &list));
    mun_form_list(&call->wr, &list);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_slot(struct mun_rpc_call *call)
{
    struct mun_bytes value;
    struct mun_hash record;
    struct mun_list list;
    struct mun_slot slot;
    bool is_changed;
    uint64_t index;

    MUN_TRY(mun_rpc_part_u64(call, &index, MUN_LIST_SLOTS_MAX - 1, 2));
    MUN_TRY(mun_rpc_read_list(call, &list));
    if (index >= list.count)
        return mun_rpc_not_found(call, "the slot is not in use");
    mun_record_key_slot(&record, &list.issuer, list.label, (uint32_t)index);
    is_changed =
        mun_view_get(&call->snapshot.view, &record, &value) == MUN_PRESENT;
    if (is_changed)
        MUN_TRY(mun_slot_decode(&slot, value));
    mun_form_slot(&call->wr, (uint32_t)index, is_changed ? &slot : NULL);
    return MUN_SUCCESS;
}

/* Any record, with its proof */

static mun_err_t
prove(struct mun_rpc_call *call, struct mun_bytes *out, struct mun_hash key,
      size_t size)
{
    uint8_t *memory = mun_arena_alloc_raw(call->arena, size);
    struct mun_wr wr;

    if (memory == NULL)
        return mun_err(MUN_ERR_LIMIT);
    mun_wr_init(&wr, memory, size);
    MUN_TRY(mun_multiproof_make(&wr, call->snapshot.state, &key, 1));
    *out = mun_wr_done(&wr);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_record(struct mun_rpc_call *call)
{
    const struct mun_rpc_snapshot *now;
    struct mun_json_wr *wr = &call->wr;
    struct mun_bytes certificate;
    struct mun_bytes header;
    struct mun_bytes proof;
    struct mun_bytes value;
    struct mun_hash key;

    MUN_TRY(mun_rpc_part_hash(call, &key, 0));
    now = mun_rpc_begin(call);
    (void)mun_view_get(&now->view, &key, &value); /* empty when absent */
    MUN_TRY(prove(call, &proof, key, PROOF_BYTES + value.len));
    MUN_TRY(mun_rpc_header_bytes(call->arena, &header, now->header));
    MUN_TRY(
        mun_rpc_certificate_bytes(call->arena, &certificate, now->certificate));
    mun_json_wr_begin_object(wr);
    mun_json_put_hash(wr, "record", &key);
    mun_json_wr_key(wr, "value");
    if (value.len == 0)
        mun_json_wr_null(wr);
    else
        mun_json_wr_base64url(wr, value);
    mun_json_put_u64(wr, "height", now->header->height);
    mun_json_put_hash(wr, "header_id", now->header_id);
    mun_json_put_base64url(wr, "header", header);
    mun_json_put_base64url(wr, "certificate", certificate);
    mun_json_put_base64url(wr, "multiproof", proof);
    mun_json_wr_end_object(wr);
    return MUN_SUCCESS;
}
