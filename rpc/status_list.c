#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/core/field.h"
#include "ledger/json/credential.h"
#include "ledger/zip/zip.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"

/* W3C Bitstring Status Lists, derived from the ledger.
 * Source: W3C Bitstring Status List v1.0 (Recommendation, 15 May 2025). */

/* "The uncompressed bitstring MUST be at least 16KB", for the holders' sake:
 * section 3.1.1. */
#define ENTRIES_MIN 131072u

/* Slot records that one step of the walk may visit. */
#define STEP 4096

/* issuer 32, label behind its length, index 4: a slot's natural key. */
#define PREFIX_MAX (32 + 1 + MUN_LABEL_MAX)
#define NATURAL_MAX (PREFIX_MAX + 4)

/* For each purpose of a list, the status whose bit is set. A status that a
 * compromised key set does not count as it stands, but rules version 1 has no
 * compromise. */
static const struct purpose {
    const char *name;
    enum mun_slot_status status;
} purposes[] = {
    { "revocation", MUN_SLOT_REVOKED },
    { "suspension", MUN_SLOT_SUSPENDED },
};
_Static_assert(MUN_RULES_VERSION == 1, "no compromise of keys");

struct bits {
    struct mun_rpc_call *call;
    const struct mun_list *list;
    enum mun_slot_status status;
    uint8_t *data;
    size_t len;
    uint8_t natural[NATURAL_MAX]; /* the last one seen; its prefix is fixed */
    size_t prefix_len;
    size_t natural_len;
    bool is_over;
};

/* What the state has: a record of a block that is being written is ahead of
 * it. */
static mun_err_t
slot_now(struct bits *bits, struct mun_slot *slot)
{
    const struct mun_rpc_snapshot *now = &bits->call->snapshot;
    struct mun_bytes value;
    struct mun_hash key;

    if (slot->since.height <= now->header->height)
        return MUN_SUCCESS;
    mun_record_key_slot(&key, &slot->issuer, slot->label, slot->index);
    if (mun_view_get(&now->view, &key, &value) == MUN_PRESENT)
        return mun_slot_decode(slot, value);
    slot->status = MUN_SLOT_GOOD;
    return MUN_SUCCESS;
}

/* Ends the walk with MUN_ERR_BUSY behind the list's last slot. */
static mun_err_t
visit(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct bits *bits = (struct bits *)ctx;
    struct mun_slot slot;

    if (natural.len != bits->prefix_len + 4 ||
        memcmp(natural.data, bits->natural, bits->prefix_len) != 0) {
        bits->is_over = true;
        return mun_err(MUN_ERR_BUSY);
    }
    memcpy(bits->natural, natural.data, natural.len);
    bits->natural_len = natural.len;
    MUN_TRY(mun_slot_decode(&slot, value));
    MUN_TRY(slot_now(bits, &slot));
    /* "with the first index, with a value of zero (0), located at the
     * left-most bit in the bitstring": section 2.3. */
    if (slot.status == bits->status && slot.index < bits->list->count)
        bits->data[slot.index / 8] |= (uint8_t)(0x80u >> (slot.index % 8));
    return MUN_SUCCESS;
}

static mun_err_t
fill(struct bits *bits)
{
    const struct mun_rpc_backend *backend = bits->call->backend;
    bool more = true;

    while (more && !bits->is_over) {
        mun_err_t err =
            backend->registered(backend->ctx, MUN_RECORD_SLOT,
                                mun_bytes(bits->natural, bits->natural_len),
                                STEP, visit, bits, &more);

        if (err.code != MUN_ERR_BUSY || !bits->is_over)
            MUN_TRY(err);
    }
    return MUN_SUCCESS;
}

static mun_err_t
start(struct bits *bits, struct mun_arena *arena)
{
    const struct mun_list *list = bits->list;
    size_t entries = list->count < ENTRIES_MIN ? ENTRIES_MIN : list->count;

    bits->len = (entries + 7) / 8;
    bits->data = mun_arena_alloc(arena, bits->len);
    if (bits->data == NULL)
        return mun_err(MUN_ERR_LIMIT);
    memcpy(bits->natural, list->issuer.b, sizeof list->issuer.b);
    bits->natural[32] = (uint8_t)list->label.len;
    memcpy(bits->natural + 33, list->label.data, list->label.len);
    bits->prefix_len = 33 + list->label.len;
    bits->natural_len = bits->prefix_len;
    return MUN_SUCCESS;
}

/* "a base64url-encoded [...] representation of the GZIP-compressed bitstring"
 * with the Multibase prefix 'u': section 2.3. */
static mun_err_t
encode(struct mun_arena *arena, struct mun_bytes *out, struct mun_bytes bits)
{
    size_t size = mun_gzip_bound(bits.len);
    uint8_t *zipped = mun_arena_alloc_raw(arena, size);
    size_t len;
    char *text;

    if (zipped == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(mun_gzip_compress(zipped, size, &len, bits));
    text = mun_arena_alloc_raw(arena, 1 + mun_base64url_size(len));
    if (text == NULL)
        return mun_err(MUN_ERR_LIMIT);
    text[0] = 'u';
    mun_base64url_encode(text + 1, mun_bytes(zipped, len));
    *out = mun_bytes(text, mun_base64url_size(len));
    return MUN_SUCCESS;
}

/* "urn:muniment:status-list:<issuer>:<label>:<purpose>" and `end`. */
#define URN_MAX 192

static size_t
append(char *out, size_t at, struct mun_bytes text)
{
    memcpy(out + at, text.data, text.len);
    return at + text.len;
}

static struct mun_bytes
list_urn(char *out, const struct mun_list *list, const struct purpose *purpose,
         const char *end)
{
    char issuer[65];
    size_t at = 0;

    mun_hex_encode(issuer, mun_bytes(list->issuer.b, sizeof list->issuer.b));
    at = append(out, at, mun_bytes_str("urn:muniment:status-list:"));
    at = append(out, at, mun_bytes(issuer, 64));
    at = append(out, at, mun_bytes_str(":"));
    at = append(out, at, list->label);
    at = append(out, at, mun_bytes_str(":"));
    at = append(out, at, mun_bytes_str(purpose->name));
    at = append(out, at, mun_bytes_str(end));
    return mun_bytes(out, at);
}

static void
write_credential(struct mun_rpc_call *call, const struct mun_list *list,
                 const struct purpose *purpose, struct mun_bytes encoded)
{
    struct mun_json_wr *wr = &call->wr;
    char issuer[MUN_URN_SIZE];
    char urn[URN_MAX];

    mun_urn_party(issuer, &list->issuer);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "@context");
    mun_json_wr_begin_array(wr);
    mun_json_wr_string(wr, "https://www.w3.org/ns/credentials/v2");
    mun_json_wr_end_array(wr);
    mun_json_put_text(wr, "id", list_urn(urn, list, purpose, ""));
    mun_json_wr_key(wr, "type");
    mun_json_wr_begin_array(wr);
    mun_json_wr_string(wr, "VerifiableCredential");
    mun_json_wr_string(wr, "BitstringStatusListCredential");
    mun_json_wr_end_array(wr);
    mun_json_put_word(wr, "issuer", issuer);
    mun_json_put_time(wr, "validFrom", call->snapshot.header->time_ms);
    mun_json_wr_key(wr, "credentialSubject");
    mun_json_wr_begin_object(wr);
    mun_json_put_text(wr, "id", list_urn(urn, list, purpose, "#list"));
    mun_json_put_word(wr, "type", "BitstringStatusList");
    mun_json_put_word(wr, "statusPurpose", purpose->name);
    mun_json_put_text(wr, "encodedList", encoded);
    mun_json_wr_end_object(wr);
    mun_json_wr_end_object(wr);
}

/* Without the argument it is revocation: documents name the list's address
 * without a query. */
static mun_err_t
read_purpose(struct mun_rpc_call *call, const struct purpose **out)
{
    struct mun_bytes given = mun_rpc_argument(call, "purpose");

    *out = &purposes[0];
    if (given.len == 0)
        return MUN_SUCCESS;
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        *out = &purposes[i];
        if (mun_bytes_eq(given, mun_bytes_str(purposes[i].name)))
            return MUN_SUCCESS;
    }
    return mun_rpc_refuse_argument(call, "BAD_ARGUMENT", "purpose",
                                   " is neither revocation nor suspension");
}

mun_err_t
mun_rpc_status_list(struct mun_rpc_call *call)
{
    const struct purpose *purpose;
    struct mun_bytes encoded;
    struct mun_list list;
    struct bits bits = { .call = call, .list = &list };

    MUN_TRY(read_purpose(call, &purpose));
    MUN_TRY(mun_rpc_read_list(call, &list));
    bits.status = purpose->status;
    MUN_TRY(start(&bits, call->arena));
    MUN_TRY(fill(&bits));
    MUN_TRY(encode(call->arena, &encoded, mun_bytes(bits.data, bits.len)));
    write_credential(call, &list, purpose, encoded);
    return MUN_SUCCESS;
}
