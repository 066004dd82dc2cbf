/* Entries: whatever decodes encodes back to the same bytes, and its borrowed
 * parts lie in it. */

#include <stdint.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/wr.h"
#include "ledger/core/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t again[MUN_ENTRY_BYTES_MAX];
static uint8_t changes[MUN_ENTRY_BYTES_MAX];

/* The changes one by one give the run that they were read from. */
static void
one_change_status(const struct mun_change_status *status)
{
    struct mun_change change;
    uint16_t count = 0;
    struct mun_wr wr;
    size_t at = 0;

    mun_wr_init(&wr, changes, sizeof changes);
    while (mun_change_next(status, &at, &change)) {
        mun_change_encode(&wr, &change);
        count++;
    }
    MUN_CHECK(count == status->count);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), status->changes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mun_bytes bytes = mun_bytes(data, size);
    struct mun_entry entry;
    enum mun_refusal refusal;
    struct mun_hash id;
    struct mun_wr wr;

    refusal = mun_entry_decode(&entry, bytes);
    MUN_CHECK(mun_refusal_name(refusal) != NULL);
    if (refusal != MUN_REFUSAL_NONE)
        return 0;
    mun_wr_init(&wr, again, sizeof again);
    MUN_CHECK(mun_is_ok(mun_entry_encode_body(&wr, &entry)));
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), entry.body));
    mun_entry_id(&id, entry.body);
    MUN_CHECK(mun_hash_eq(&id, &entry.id));
    for (uint8_t i = 0; i < entry.key_count; i++)
        mun_wr_copy(&wr, entry.sigs[i].b, sizeof entry.sigs[i].b);
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), bytes));
    if (entry.kind == MUN_KIND_CHANGE_STATUS)
        one_change_status(&entry.as.change_status);
    if (entry.kind == MUN_KIND_REGISTER_PROGRAMME) {
        struct mun_bytes run = entry.as.register_programme.description_bytes;

        mun_wr_init(&wr, again, sizeof again);
        mun_description_encode(&wr, &entry.as.register_programme.description);
        MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), run));
    }
    return 0;
}
