#include "ledger/core/entry.h"

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/core/entry_int.h"
#include "ledger/core/field.h"
#include "ledger/core/merkle.h"

#define BODY_VERSION 1

/* First byte of a compressed point. */
#define POINT_EVEN 2
#define POINT_ODD 3

const char *
mun_kind_text(uint16_t code)
{
    switch (code) {
#define X(name, value, window, text)                                           \
    case (value):                                                              \
        return text;
        MUN_KIND_TABLE(X)
#undef X
    default:
        return NULL;
    }
}

uint64_t
mun_kind_window_ms(enum mun_kind kind)
{
    static const struct {
        enum mun_kind kind;
        uint64_t window_ms;
    } windows[] = {
#define X(name, value, window, text)                                           \
    { MUN_KIND_##name, MUN_WINDOW_##window##_MS },
        MUN_KIND_TABLE(X)
#undef X
    };

    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        if (windows[i].kind == kind)
            return windows[i].window_ms;
    }
    MUN_UNREACHABLE();
}

void
mun_entry_id(struct mun_hash *out, struct mun_bytes body)
{
    mun_hash_tagged(out, MUN_TAG_ENTRY, body);
}

void
mun_entry_hash(struct mun_hash *out, struct mun_bytes bytes)
{
    mun_hash_tagged(out, MUN_TAG_SIGNED_ENTRY, bytes);
}

static enum mun_refusal
refusal_of(mun_err_t err)
{
    if (err.code == MUN_OK)
        return MUN_REFUSAL_NONE;
    return err.code == MUN_ERR_TEXT ? MUN_REFUSAL_BAD_TEXT
                                    : MUN_REFUSAL_BAD_ENCODING;
}

static enum mun_refusal
decode_keys(struct mun_rd *rd, struct mun_entry *out)
{
    struct mun_bytes run;

    out->key_count = mun_rd_count8(rd, MUN_SIGNERS_MAX, MUN_KEY_BYTES);
    if (out->key_count == 0)
        return MUN_REFUSAL_BAD_ENCODING;
    run = mun_rd_run(rd, (size_t)out->key_count * MUN_KEY_BYTES);
    MUN_CHECK(run.data != NULL);
    /* Bytes without padding or alignment: see the asserts in key.h. */
    out->keys = (const struct mun_key *)(const void *)run.data;
    for (uint8_t i = 1; i < out->key_count; i++) {
        if (mun_key_cmp(&out->keys[i - 1], &out->keys[i]) >= 0)
            return MUN_REFUSAL_SIGNERS_UNORDERED;
    }
    /* Whether the point is on the curve costs 4 us and is seen when the
     * signature is verified. */
    for (uint8_t i = 0; i < out->key_count; i++) {
        const uint8_t *key = out->keys[i].b;

        if (key[0] != MUN_ALG_SECP256K1 ||
            (key[1] != POINT_EVEN && key[1] != POINT_ODD))
            return MUN_REFUSAL_BAD_ENCODING;
    }
    return MUN_REFUSAL_NONE;
}

static enum mun_refusal
decode_head(struct mun_rd *rd, struct mun_entry *out)
{
    uint8_t version = mun_rd_u8(rd);
    uint16_t kind;

    if (mun_rd_failed(rd))
        return MUN_REFUSAL_BAD_ENCODING;
    if (version != BODY_VERSION)
        return MUN_REFUSAL_UNKNOWN_VERSION;
    kind = mun_rd_u16(rd);
    if (mun_rd_failed(rd))
        return MUN_REFUSAL_BAD_ENCODING;
    if (mun_kind_text(kind) == NULL)
        return MUN_REFUSAL_UNKNOWN_KIND;
    out->kind = (enum mun_kind)kind;
    mun_rd_hash(rd, &out->chain_id);
    mun_rd_hash(rd, &out->actor);
    out->valid_until_ms = mun_rd_u64(rd);
    return decode_keys(rd, out);
}

static enum mun_refusal
decode_payload(struct mun_rd *rd, struct mun_entry *out)
{
    struct mun_rd inner;

    out->payload = mun_rd_run32(rd, MUN_ENTRY_BYTES_MAX);
    if (mun_rd_failed(rd))
        return MUN_REFUSAL_BAD_ENCODING;
    mun_rd_init(&inner, out->payload);
    mun_payload_decode(&inner, out);
    return refusal_of(mun_rd_finish(&inner));
}

enum mun_refusal
mun_entry_decode(struct mun_entry *out, struct mun_bytes bytes)
{
    enum mun_refusal refusal;
    struct mun_bytes run;
    struct mun_rd rd;

    if (bytes.len > MUN_ENTRY_BYTES_MAX)
        return MUN_REFUSAL_TOO_LARGE;
    mun_rd_init(&rd, bytes);
    refusal = decode_head(&rd, out);
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    refusal = decode_payload(&rd, out);
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    out->body = mun_bytes(bytes.data, bytes.len - rd.left);
    run = mun_rd_run(&rd, (size_t)out->key_count * MUN_SIG_BYTES);
    refusal = refusal_of(mun_rd_finish(&rd));
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    out->sigs = (const struct mun_sig *)(const void *)run.data;
    out->bytes = bytes;
    mun_entry_id(&out->id, out->body);
    return MUN_REFUSAL_NONE;
}

/* The length of a run that is written in place, filled in by finish_run32.
 * Returns where the run starts. */
static size_t
begin_run32(struct mun_wr *wr)
{
    mun_wr_u32(wr, 0);
    return wr->used;
}

static void
finish_run32(struct mun_wr *wr, size_t start)
{
    struct mun_wr prefix;

    if (!mun_is_ok(mun_wr_status(wr)))
        return;
    MUN_CHECK(start >= 4);
    MUN_CHECK(start <= wr->used);
    MUN_CHECK(wr->used - start <= UINT32_MAX);
    mun_wr_init(&prefix, wr->base + start - 4, 4);
    mun_wr_u32(&prefix, (uint32_t)(wr->used - start));
}

mun_err_t
mun_entry_encode_body(struct mun_wr *wr, const struct mun_entry *entry)
{
    size_t start;

    MUN_CHECK(entry->key_count <= MUN_SIGNERS_MAX);
    mun_wr_u8(wr, BODY_VERSION);
    mun_wr_u16(wr, (uint16_t)entry->kind);
    mun_wr_hash(wr, &entry->chain_id);
    mun_wr_hash(wr, &entry->actor);
    mun_wr_u64(wr, entry->valid_until_ms);
    mun_wr_u8(wr, entry->key_count);
    for (uint8_t i = 0; i < entry->key_count; i++)
        mun_wr_key(wr, &entry->keys[i]);
    start = begin_run32(wr);
    mun_payload_encode(wr, entry);
    finish_run32(wr, start);
    return mun_wr_status(wr);
}

static enum mun_refusal
verify_signatures(struct mun_key_memo *memo, const struct mun_entry *entry)
{
    for (uint8_t i = 0; i < entry->key_count; i++) {
        mun_err_t err = mun_sig_verify_memo(memo, &entry->sigs[i],
                                            &entry->keys[i], &entry->id);

        if (err.code == MUN_ERR_KEY)
            return MUN_REFUSAL_BAD_ENCODING;
        if (!mun_is_ok(err))
            return MUN_REFUSAL_BAD_SIGNATURE;
    }
    return MUN_REFUSAL_NONE;
}

enum mun_refusal
mun_entry_check_leaves(const struct mun_entry *entry,
                       const struct mun_hash *leaves, uint32_t leaf_count)
{
    const struct mun_anchor *anchor = &entry->as.anchor;
    struct mun_hash root;

    if (entry->kind != MUN_KIND_ANCHOR || !anchor->is_published)
        return leaf_count == 0 ? MUN_REFUSAL_NONE : MUN_REFUSAL_LEAVES_SURPLUS;
    /* Before anything is hashed. */
    if (anchor->count > MUN_PUBLISHED_MAX)
        return MUN_REFUSAL_TOO_MANY_LEAVES;
    if (leaf_count == 0)
        return MUN_REFUSAL_LEAVES_MISSING;
    if (leaf_count != anchor->count)
        return MUN_REFUSAL_LEAVES_MISMATCH;
    mun_merkle_root32(&root, leaves, leaf_count);
    return mun_hash_eq(&root, &anchor->root) ? MUN_REFUSAL_NONE
                                             : MUN_REFUSAL_LEAVES_MISMATCH;
}

enum mun_refusal
mun_entry_verify(struct mun_entry_checked *out, const struct mun_entry *entry,
                 const struct mun_hash *leaves, uint32_t leaf_count)
{
    return mun_entry_verify_memo(NULL, out, entry, leaves, leaf_count);
}

enum mun_refusal
mun_entry_verify_memo(struct mun_key_memo *memo, struct mun_entry_checked *out,
                      const struct mun_entry *entry,
                      const struct mun_hash *leaves, uint32_t leaf_count)
{
    enum mun_refusal refusal;

    MUN_CHECK(entry->key_count > 0);
    MUN_CHECK(leaves != NULL || leaf_count == 0);
    refusal = verify_signatures(memo, entry);
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    refusal = mun_entry_check_leaves(entry, leaves, leaf_count);
    if (refusal != MUN_REFUSAL_NONE)
        return refusal;
    out->entry = *entry;
    mun_entry_hash(&out->hash, entry->bytes);
    out->leaves = leaves;
    out->leaf_count = leaf_count;
    return MUN_REFUSAL_NONE;
}
