/* What expands compresses to something that expands to the same; anything
 * compresses and expands to itself; no output is larger than its buffer. */

#include <stdint.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/zip/zip.h"

#define DATA_MAX 16384
#define PACKED_MAX (2 * DATA_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
there_and_back(struct mun_bytes data)
{
    static uint8_t packed[PACKED_MAX];
    static uint8_t back[DATA_MAX];
    size_t packed_len;
    size_t back_len;

    MUN_CHECK(mun_gzip_bound(data.len) <= sizeof packed);
    MUN_CHECK(mun_is_ok(mun_gzip_compress(packed, mun_gzip_bound(data.len),
                                          &packed_len, data)));
    MUN_CHECK(mun_is_ok(mun_gzip_expand(back, sizeof back, &back_len,
                                        mun_bytes(packed, packed_len))));
    MUN_CHECK(mun_bytes_eq(mun_bytes(back, back_len), data));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[DATA_MAX];
    mun_err_t err;
    size_t len;

    if (size > DATA_MAX)
        return 0;
    there_and_back(mun_bytes(data, size));
    err = mun_gzip_expand(out, sizeof out, &len, mun_bytes(data, size));
    if (!mun_is_ok(err)) {
        MUN_CHECK(len == 0);
        return 0;
    }
    MUN_CHECK(len <= sizeof out);
    there_and_back(mun_bytes(out, len));
    if (len > 0)
        MUN_CHECK(
            mun_gzip_expand(out, len - 1, &len, mun_bytes(data, size)).code ==
            MUN_ERR_TOO_LARGE);
    return 0;
}
