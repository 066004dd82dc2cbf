/* The durable record: whatever decodes encodes back to the same bytes, does not
 * contradict itself, and starts a member or is refused as of another set. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "consensus/step.h"
#include "ledger/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Byte by byte, padding too: what was cleared or copied is wholly so. */
static bool
is_same_memory(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

static struct mun_con con;
static struct mun_con_out out;
static struct mun_con_record record;
static uint8_t again[MUN_CON_RECORD_BYTES_MAX];

static void
start(void)
{
    struct mun_con_event event = { .kind = MUN_CON_EVENT_STARTED,
                                   .now_ms = 1000 };
    struct mun_con_config config;
    struct mun_members members = { .count = 4 };
    uint32_t present = 0;
    mun_err_t err;

    mun_con_config_default(&config, &mun_hash_zero);
    MUN_CHECK(mun_is_ok(mun_con_init(&con, &config)));
    event.as.started.height = record.height;
    event.as.started.members = &members;
    event.as.started.own_index = 1;
    event.as.started.record = &record;
    err = mun_con_step(&con, &out, &event);
    MUN_CHECK(mun_is_ok(err) || err.code == MUN_ERR_CORRUPT);
    if (!mun_is_ok(err)) {
        return;
    }
    for (uint32_t i = 0; i < MUN_CON_OWN_COUNT; i++) {
        present += record.own[i].is_present ? 1 : 0;
    }
    MUN_CHECK(out.has_persist && out.persist.count == present);
    MUN_CHECK(mun_con_round(&con) == record.round);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mun_con_record zero;
    struct mun_bytes input = mun_bytes(data, size);
    struct mun_wr wr;

    if (!mun_is_ok(mun_con_record_decode(&record, input))) {
        MUN_CHECK(is_same_memory(&record, &zero, sizeof record));
        return 0;
    }
    mun_wr_init(&wr, again, sizeof again);
    mun_con_record_encode(&wr, &record);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), input));
    MUN_CHECK(mun_is_ok(mun_con_record_check(&record)));
    start();
    return 0;
}
