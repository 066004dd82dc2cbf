/* Receipts: whatever decodes encodes back to the same bytes, verification of
 * anything ends in a verdict, and VALID only when every check passed.
 *
 * Input: length of the opening u8, opening, receipt. The trust root is the one
 * that the receipt itself names, so that changes get beyond the first checks.
 */

#include <stdint.h>
#include <stdlib.h>

#include "ledger/base/check.h"
#include "ledger/core/receipt.h"
#include "tests/support/make_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t arena_bytes[MUN_RECEIPT_ARENA_BYTES];
static uint8_t again[MUN_RECEIPT_BYTES_MAX];

static void
encode_back(const struct mun_receipt *receipt, struct mun_bytes bytes)
{
    struct mun_wr wr;

    mun_wr_init(&wr, again, sizeof again);
    mun_receipt_encode(&wr, receipt);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), bytes));
}

static void
check_verdict(const struct mun_verdict *verdict)
{
    MUN_CHECK(mun_verdict_name(verdict->code) != NULL);
    MUN_CHECK((verdict->code == MUN_VERDICT_VALID) == (verdict->all == 0));
    MUN_CHECK((verdict->code == MUN_VERDICT_VALID) == (verdict->why == NULL));
    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++)
        MUN_CHECK(verdict->code != MUN_VERDICT_VALID ||
                  verdict->checks[i] == MUN_CHECK_PASSED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mun_receipt_input input;
    static struct mun_verdict verdict;
    struct mun_receipt receipt;
    struct mun_opening opening;
    struct mun_arena arena;
    struct mun_rd rd;

    mun_rd_init(&rd, mun_bytes(data, size));
    input.opening = mun_rd_run(&rd, mun_rd_u8(&rd));
    if (mun_rd_failed(&rd))
        return 0;
    input.receipt = mun_bytes(rd.at, rd.left);
    if (mun_is_ok(mun_receipt_decode(&receipt, input.receipt))) {
        encode_back(&receipt, input.receipt);
        input.root.chain_id = receipt.chain_id;
        input.root.height = receipt.root_header.height;
        mun_header_id(&input.root.header_id, &receipt.root_header);
    }
    input.has_document_digest =
        mun_is_ok(mun_opening_decode(&opening, input.opening));
    if (input.has_document_digest)
        input.document_digest = opening.digest;
    input.policy.now_ms = MUN_TEST_TIME_MS + MUN_TEST_HOUR_MS;
    input.policy.max_age_ms = MUN_TEST_HOUR_MS;
    mun_arena_init(&arena, arena_bytes, sizeof arena_bytes);
    mun_receipt_verify(&verdict, &arena, &input);
    check_verdict(&verdict);
    return 0;
}
