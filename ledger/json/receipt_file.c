#include "ledger/json/receipt_file.h"

#include "ledger/base/encode.h"
#include "ledger/base/limits.h"
#include "ledger/json/forms.h"
#include "ledger/json/json_rd.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Reads a base64url member of any length up to `max` into the arena. */
static struct mun_bytes
read_base64url(struct mun_json_rd *rd, struct mun_arena *arena, const char *key,
               size_t max)
{
    const struct mun_json *value = mun_json_rd_any(rd, key);
    size_t size = mun_json_string(value).len / 4 * 3 + 3;
    if (size > max)
        size = max;
    uint8_t *data = mun_arena_alloc(arena, size);
    if (data == NULL) {
        mun_json_rd_fail(rd, key, MUN_ERR_LIMIT, "no memory left");
        return MUN_BYTES_NONE;
    }
    size_t len = mun_json_rd_base64url(rd, key, data, size);
    return mun_bytes(data, len);
}

static void
read_version(struct mun_json_rd *rd, const char *key)
{
    uint64_t version = mun_json_rd_u64(rd, key, UINT16_MAX);
    if (mun_is_ok(mun_json_rd_status(rd)) && version != 1)
        mun_json_rd_fail(rd, key, MUN_ERR_VERSION, "is not version 1");
}

mun_err_t
mun_receipt_file_read(struct mun_receipt_file *out, struct mun_arena *arena,
                      const struct mun_json *doc, struct mun_json_err *why)
{
    static const char *const keys[] = { "muniment_receipt", "receipt",
                                        "opening", "summary" };
    struct mun_json_rd rd;

    mun_json_rd_init(&rd, doc, why);
    mun_json_rd_only(&rd, keys, COUNT(keys));
    read_version(&rd, "muniment_receipt");
    out->receipt = read_base64url(&rd, arena, "receipt", MUN_RECEIPT_BYTES_MAX);
    out->opening = MUN_BYTES_NONE;
    if (mun_json_rd_has(&rd, "opening"))
        out->opening =
            read_base64url(&rd, arena, "opening", MUN_OPENING_BYTES_MAX);
    mun_err_t err = mun_json_rd_status(&rd);
    if (!mun_is_ok(err))
        *out = (struct mun_receipt_file){ 0 };
    return err;
}

void
mun_receipt_file_write(struct mun_json_wr *wr,
                       const struct mun_receipt_file *file,
                       const struct mun_verdict *verdict)
{
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "muniment_receipt");
    mun_json_wr_u64(wr, 1);
    if (verdict != NULL) {
        mun_json_wr_key(wr, "summary");
        mun_form_summary(wr, verdict);
    }
    if (file->opening.len != 0) {
        mun_json_wr_key(wr, "opening");
        mun_json_wr_base64url(wr, file->opening);
    }
    mun_json_wr_key(wr, "receipt");
    mun_json_wr_base64url(wr, file->receipt);
    mun_json_wr_end_object(wr);
}

mun_err_t
mun_trust_root_read(struct mun_trust_root *out, struct mun_bytes *name,
                    const struct mun_json *doc, struct mun_json_err *why)
{
    static const char *const keys[] = {
        "muniment_trust_root", "name",      "chain_id", "height",
        "header_id",           "max_age_ms"
    };
    struct mun_json_rd rd;

    mun_json_rd_init(&rd, doc, why);
    mun_json_rd_only(&rd, keys, COUNT(keys));
    read_version(&rd, "muniment_trust_root");
    *out = (struct mun_trust_root){ 0 };
    struct mun_bytes text = mun_json_rd_string(&rd, "name", 0, 100);
    mun_json_rd_hex(&rd, "chain_id", out->chain_id.b, sizeof out->chain_id.b);
    out->height = mun_json_rd_u64(&rd, "height", MUN_JSON_INTEGER_MAX);
    mun_json_rd_hex(&rd, "header_id", out->header_id.b,
                    sizeof out->header_id.b);
    out->max_age_ms = mun_json_rd_u64(&rd, "max_age_ms", MUN_MAX_AGE_MS_MAX);
    if (mun_is_ok(mun_json_rd_status(&rd)) &&
        out->max_age_ms < MUN_MAX_AGE_MS_MIN)
        mun_json_rd_fail(&rd, "max_age_ms", MUN_ERR_VALUE,
                         "is less than a second");
    if (name != NULL)
        *name = text;
    mun_err_t err = mun_json_rd_status(&rd);
    if (!mun_is_ok(err))
        *out = (struct mun_trust_root){ 0 };
    return err;
}

void
mun_trust_root_write(struct mun_json_wr *wr, const struct mun_trust_root *root,
                     struct mun_bytes name)
{
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "muniment_trust_root");
    mun_json_wr_u64(wr, 1);
    mun_json_wr_key(wr, "name");
    mun_json_wr_text(wr, name);
    mun_json_wr_key(wr, "chain_id");
    mun_json_wr_hex(wr, mun_bytes(root->chain_id.b, sizeof root->chain_id.b));
    mun_json_wr_key(wr, "height");
    mun_json_wr_u64(wr, root->height);
    mun_json_wr_key(wr, "header_id");
    mun_json_wr_hex(wr, mun_bytes(root->header_id.b, sizeof root->header_id.b));
    mun_json_wr_key(wr, "max_age_ms");
    mun_json_wr_u64(wr, root->max_age_ms);
    mun_json_wr_end_object(wr);
}
