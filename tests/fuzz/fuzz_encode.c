/* Text forms: whatever decodes encodes back to the same text. */

#include <stdint.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"

#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one_base64url(struct mun_bytes text)
{
    uint8_t out[TEXT_MAX];
    char back[TEXT_MAX + 8];
    size_t len;

    if (!mun_is_ok(mun_base64url_decode(out, sizeof out, &len, text))) {
        MUN_CHECK(len == 0);
        return;
    }
    MUN_CHECK(mun_base64url_size(len) == text.len + 1);
    mun_base64url_encode(back, mun_bytes(out, len));
    MUN_CHECK(mun_bytes_eq(mun_bytes_str(back), text));
}

static void
one_hex(struct mun_bytes text)
{
    uint8_t out[TEXT_MAX];
    char back[TEXT_MAX + 8];

    if (!mun_is_ok(mun_hex_decode(out, text.len / 2, text)))
        return;
    mun_hex_encode(back, mun_bytes(out, text.len / 2));
    MUN_CHECK(mun_bytes_eq(mun_bytes_str(back), text));
}

static void
one_time(struct mun_bytes text)
{
    char back[MUN_TIME_TEXT_SIZE];
    uint64_t time_ms;
    uint64_t again;

    if (!mun_is_ok(mun_time_decode(&time_ms, text))) {
        MUN_CHECK(time_ms == 0);
        return;
    }
    mun_time_encode(back, time_ms);
    MUN_CHECK(mun_is_ok(mun_time_decode(&again, mun_bytes_str(back))));
    MUN_CHECK(again == time_ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mun_bytes text = mun_bytes(data, size);
    uint64_t number;

    if (size > TEXT_MAX)
        return 0;
    one_base64url(text);
    one_hex(text);
    one_time(text);
    if (mun_is_ok(mun_decimal_decode(&number, UINT64_MAX, text)))
        MUN_CHECK(size <= 20);
    else
        MUN_CHECK(number == 0);
    return 0;
}
