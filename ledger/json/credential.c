#include "ledger/json/credential.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/core/text.h"

static const char PARTY_URN[] = "urn:muniment:party:";
static const char PROGRAMME_URN[] = "urn:muniment:programme:";
static const char LIST_PATH[] = "/v1/status-lists/";

#define NAME_LEN 64
#define LABEL_MAX 32

/* Takes `prefix` off the front of *text; false, and no change, without it. */
static bool
take_prefix(struct mun_bytes *text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (text->len < len || memcmp(text->data, prefix, len) != 0)
        return false;
    text->data += len;
    text->len -= len;
    return true;
}

/* Takes 64 hex digits off the front. */
static bool
take_name(struct mun_bytes *text, struct mun_hash *out)
{
    if (text->len < NAME_LEN)
        return false;
    struct mun_bytes digits = mun_bytes(text->data, NAME_LEN);
    if (!mun_is_ok(mun_hex_decode(out->b, sizeof out->b, digits)))
        return false;
    text->data += NAME_LEN;
    text->len -= NAME_LEN;
    return true;
}

static bool
read_issuer(struct mun_claims *out, const struct mun_json *document)
{
    const struct mun_json *issuer = mun_json_get(document, "issuer");
    struct mun_bytes text = mun_json_string(issuer);
    if (text.data == NULL)
        text = mun_json_string(mun_json_get(issuer, "id"));
    return take_prefix(&text, PARTY_URN) && take_name(&text, &out->issuer) &&
           text.len == 0;
}

static bool
read_programme(struct mun_claims *out, const struct mun_json *document)
{
    const struct mun_json *subject =
        mun_json_get(document, "credentialSubject");
    const struct mun_json *achievement = mun_json_get(subject, "achievement");
    struct mun_bytes text = mun_json_string(mun_json_get(achievement, "id"));
    uint64_t version = 0;
    if (!take_prefix(&text, PROGRAMME_URN) ||
        !take_name(&text, &out->programme) || !take_prefix(&text, ":"))
        return false;
    if (!mun_is_ok(mun_decimal_decode(&version, UINT16_MAX, text)))
        return false;
    out->programme_version = (uint16_t)version;
    return true;
}

/* It may have none, and then says nothing wrong. */
static void
read_title(struct mun_claims *out, const struct mun_json *document)
{
    const struct mun_json *subject =
        mun_json_get(document, "credentialSubject");
    const struct mun_json *achievement = mun_json_get(subject, "achievement");
    const struct mun_json *name = mun_json_get(achievement, "name");

    out->has_title = name != NULL;
    out->title = mun_json_string(name);
}

/* False without such a member. */
static bool
read_date(struct mun_claims *out, uint64_t *time_ms,
          const struct mun_json *document, const char *key)
{
    const struct mun_json *value = mun_json_get(document, key);

    *time_ms = 0;
    if (value != NULL &&
        !mun_is_ok(mun_time_decode(time_ms, mun_json_string(value))))
        out->has_bad_date = true;
    return value != NULL;
}

static void
read_dates(struct mun_claims *out, const struct mun_json *document)
{
    out->has_valid_from =
        read_date(out, &out->valid_from_ms, document, "validFrom");
    out->has_valid_until =
        read_date(out, &out->valid_until_ms, document, "validUntil");
    /* In an opening 0 stands for no end. */
    if (out->has_valid_until && out->valid_until_ms == 0)
        out->has_bad_date = true;
}

/* Leaves the path of a URL of the web; false for one that has a query or a
 * fragment, or names no site: those would lead elsewhere. */
static bool
take_site(struct mun_bytes *url)
{
    size_t len = 0;

    if (!take_prefix(url, "https://") && !take_prefix(url, "http://"))
        return false;
    if (memchr(url->data, '?', url->len) != NULL ||
        memchr(url->data, '#', url->len) != NULL)
        return false;
    while (len < url->len && url->data[len] != '/')
        len++;
    url->data += len;
    url->len -= len;
    return len > 0;
}

/* The part of a URL from the last "/v1/status-lists/" on, without it. */
static bool
find_list(struct mun_bytes *url)
{
    size_t len = sizeof LIST_PATH - 1;
    for (size_t at = url->len; at >= len; at--) {
        if (memcmp(url->data + at - len, LIST_PATH, len) == 0) {
            url->data += at;
            url->len -= at;
            return true;
        }
    }
    return false;
}

static bool
is_status_entry(const struct mun_json *status)
{
    return mun_json_string_is(mun_json_get(status, "type"),
                              "BitstringStatusListEntry");
}

static bool
read_status_entry(struct mun_claims *out, const struct mun_json *status)
{
    struct mun_bytes url =
        mun_json_string(mun_json_get(status, "statusListCredential"));
    struct mun_bytes index =
        mun_json_string(mun_json_get(status, "statusListIndex"));
    uint64_t slot = 0;
    if (url.data == NULL || index.data == NULL || !take_site(&url) ||
        !find_list(&url))
        return false;
    if (!take_name(&url, &out->list_issuer) || !take_prefix(&url, "/") ||
        !mun_is_ok(mun_label_check(url, LABEL_MAX)))
        return false;
    if (!mun_is_ok(mun_decimal_decode(&slot, UINT32_MAX, index)))
        return false;
    out->list_label = url;
    out->slot = (uint32_t)slot;
    return true;
}

/* An object, or exactly one of its kind in a list: with several, programs
 * could look at different ones. */
static bool
read_status(struct mun_claims *out, const struct mun_json *document)
{
    const struct mun_json *status = mun_json_get(document, "credentialStatus");
    const struct mun_json *found = NULL;

    if (mun_json_is(status, MUN_JSON_OBJECT))
        return is_status_entry(status) && read_status_entry(out, status);
    for (size_t i = 0; i < mun_json_size(status); i++) {
        const struct mun_json *item = mun_json_at(status, i);
        if (!is_status_entry(item))
            continue;
        if (found != NULL)
            return false;
        found = item;
    }
    return found != NULL && read_status_entry(out, found);
}

void
mun_credential_claims(struct mun_claims *out, const struct mun_json *document)
{
    *out = (struct mun_claims){ .has_claims = true };
    bool has_issuer = read_issuer(out, document);
    bool has_programme = read_programme(out, document);
    out->has_slot = read_status(out, document);
    read_title(out, document);
    read_dates(out, document);
    out->is_complete = has_issuer && has_programme && out->has_slot;
}

void
mun_urn_party(char *out, const struct mun_hash *party)
{
    size_t len = sizeof PARTY_URN - 1;
    memcpy(out, PARTY_URN, len);
    mun_hex_encode(out + len, mun_bytes(party->b, sizeof party->b));
}

void
mun_urn_programme(char *out, const struct mun_hash *programme, uint16_t version)
{
    size_t len = sizeof PROGRAMME_URN - 1;
    memcpy(out, PROGRAMME_URN, len);
    mun_hex_encode(out + len, mun_bytes(programme->b, sizeof programme->b));
    len += NAME_LEN;
    out[len++] = ':';
    char digits[5];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + version % 10);
        version = (uint16_t)(version / 10);
    } while (version != 0);
    while (count > 0)
        out[len++] = digits[--count];
    MUN_CHECK(len < MUN_URN_SIZE);
    out[len] = '\0';
}
