/* Evidence: whatever decodes encodes back to the same bytes and contradicts
 * itself; nobody signed it, so that the check refuses it, without a crash. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "consensus/evidence.h"
#include "ledger/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Byte by byte, padding too: what was cleared or copied is wholly so. */
static bool
is_same_memory(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mun_con_evidence zero;
    static struct mun_members members;
    struct mun_bytes input = mun_bytes(data, size);
    struct mun_con_evidence evidence;
    struct mun_con_evidence made;
    uint8_t again[MUN_CON_EVIDENCE_BYTES];
    struct mun_con_check against = { &mun_hash_zero, 0, &members };
    struct mun_wr wr;

    if (!mun_is_ok(mun_con_evidence_decode(&evidence, input))) {
        MUN_CHECK(is_same_memory(&evidence, &zero, sizeof zero));
        return 0;
    }
    mun_wr_init(&wr, again, sizeof again);
    mun_con_evidence_encode(&wr, &evidence);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), input));
    MUN_CHECK(mun_con_is_contradiction(&evidence.first, &evidence.second));
    mun_con_evidence_make(&made, &mun_hash_zero, &evidence.second,
                          &evidence.first);
    members.count = 4;
    against.height = made.first.vote.height;
    MUN_CHECK(!mun_is_ok(mun_con_evidence_check(&made, &against)));
    return 0;
}
