/* Consensus messages of all kinds: whatever decodes encodes back to the same
 * bytes, and what was refused leaves zeros. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "consensus/message.h"
#include "ledger/base/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Byte by byte, padding too: what was cleared or copied is wholly so. */
static bool
is_same_memory(const void *a, const void *b, size_t len)
{
    return memcmp(a, b, len) == 0;
}

static struct mun_con_msg msg;
static uint8_t again[MUN_CON_MSG_BYTES_MAX];

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mun_con_msg zero;
    struct mun_bytes input = mun_bytes(data, size);
    struct mun_wr wr;

    if (!mun_is_ok(mun_con_msg_decode(&msg, input))) {
        MUN_CHECK(is_same_memory(&msg, &zero, sizeof msg));
        return 0;
    }
    mun_wr_init(&wr, again, sizeof again);
    mun_con_msg_encode(&wr, &msg);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(mun_bytes_eq(mun_wr_done(&wr), input));
    MUN_CHECK(mun_con_msg_height(&msg) > 0);
    if (msg.kind == MUN_CON_MSG_VOTES) {
        for (uint32_t i = 0; i < msg.votes.count; i++) {
            struct mun_vote vote;

            mun_con_votes_get(&vote, &msg.votes, i);
            MUN_CHECK(mun_con_is_vote(&vote));
        }
        (void)mun_con_votes_has_quorum(&msg.votes, 4); /* reads in bounds */
    } else if (msg.kind != MUN_CON_MSG_CERTIFICATE) {
        MUN_CHECK(mun_con_is_vote(&msg.ballot.vote));
        MUN_CHECK(msg.ballot.member < MUN_MEMBERS_MAX);
    }
    return 0;
}
