#include "rpc/search.h"

#include <stdint.h>
#include <string.h>

/* One or two bytes of UTF-8 as a code point, in lower case; any other byte
 * stands for itself, above all code points. */
static uint32_t
take(struct mun_bytes text, size_t *at)
{
    uint32_t lead = text.data[(*at)++];
    uint32_t code;

    if (lead < 0x80)
        return lead >= 'A' && lead <= 'Z' ? lead + 32 : lead;
    if (lead < 0xc2 || lead > 0xdf || *at == text.len)
        return lead + 0x200000;
    code = (lead & 0x1f) << 6 | (text.data[(*at)++] & 0x3fu);
    if ((code >= 0xc0 && code <= 0xde && code != 0xd7) ||
        (code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f))
        return code + 32;
    if (code >= 0x400 && code <= 0x40f)
        return code + 80;
    /* Runs in which capitals are even and small letters follow them; the
     * Latin ones change sides twice. */
    if ((code >= 0x100 && code <= 0x137) || (code >= 0x14a && code <= 0x177) ||
        (code >= 0x460 && code <= 0x481) || (code >= 0x48a && code <= 0x4bf) ||
        (code >= 0x4d0 && code <= 0x52f))
        return code | 1;
    if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e) ||
        (code >= 0x4c1 && code <= 0x4ce))
        return code + (code & 1);
    return code;
}

static bool
begins(struct mun_bytes text, struct mun_bytes query)
{
    size_t text_at = 0;
    size_t query_at = 0;

    while (query_at < query.len) {
        if (text_at == text.len ||
            take(text, &text_at) != take(query, &query_at))
            return false;
    }
    return true;
}

bool
mun_rpc_is_found(struct mun_bytes text, struct mun_bytes query)
{
    if (query.len == 0)
        return true;
    for (size_t at = 0; at < text.len;) {
        if (begins(mun_bytes(text.data + at, text.len - at), query))
            return true;
        (void)take(text, &at); /* moves on */
    }
    return false;
}

static bool
is_value(struct mun_bytes value, struct mun_bytes wanted,
         enum mun_rpc_pair_match match)
{
    if (match == MUN_RPC_PAIR_PREFIX && value.len > wanted.len)
        value.len = wanted.len;
    return mun_bytes_eq(value, wanted);
}

bool
mun_rpc_is_paired(const struct mun_pair *pairs, size_t count,
                  struct mun_bytes wanted, enum mun_rpc_pair_match match)
{
    const uint8_t *colon = memchr(wanted.data, ':', wanted.len);
    struct mun_bytes name = MUN_BYTES_NONE;

    if (colon != NULL) {
        name = mun_bytes(wanted.data, (size_t)(colon - wanted.data));
        wanted = mun_bytes(colon + 1, wanted.len - name.len - 1);
    }
    for (size_t i = 0; i < count; i++)
        if ((colon == NULL || mun_bytes_eq(pairs[i].name, name)) &&
            is_value(pairs[i].value, wanted, match))
            return true;
    return false;
}
