#include "tools/credential_make.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/json/credential.h"
#include "ledger/json/forms.h"
#include "ledger/json/jcs.h"
#include "ledger/seal/seal.h"

const struct mun_json_limits mun_document_limits = { MUN_DOCUMENT_JSON_MAX,
                                                     MUN_JSON_VALUES_MAX,
                                                     MUN_JSON_DEPTH_MAX };

/* Members that bind, each in its object. */
enum bound {
    BOUND_CONTEXT = 1 << 0,
    BOUND_TYPE = 1 << 1,
    BOUND_ID = 1 << 2,
    BOUND_ISSUER = 1 << 3,
    BOUND_FROM = 1 << 4,
    BOUND_UNTIL = 1 << 5,
    BOUND_SUBJECT = 1 << 6,
    BOUND_STATUS = 1 << 7,
    BOUND_ACHIEVEMENT = 1 << 8,
    BOUND_NAME = 1 << 9,
};

/* Objects that hold them. */
enum place { PLACE_TOP, PLACE_ISSUER, PLACE_SUBJECT, PLACE_ACHIEVEMENT, OTHER };

static const struct {
    enum place place;
    enum bound bound;
    const char *key;
    enum place below; /* what the member's own object is */
} bound_members[] = {
    { PLACE_TOP, BOUND_CONTEXT, "@context", OTHER },
    { PLACE_TOP, BOUND_TYPE, "type", OTHER },
    { PLACE_TOP, BOUND_ID, "id", OTHER },
    { PLACE_TOP, BOUND_ISSUER, "issuer", PLACE_ISSUER },
    { PLACE_TOP, BOUND_FROM, "validFrom", OTHER },
    { PLACE_TOP, BOUND_UNTIL, "validUntil", OTHER },
    { PLACE_TOP, BOUND_SUBJECT, "credentialSubject", PLACE_SUBJECT },
    { PLACE_TOP, BOUND_STATUS, "credentialStatus", OTHER },
    { PLACE_ISSUER, BOUND_ID, "id", OTHER },
    { PLACE_SUBJECT, BOUND_ACHIEVEMENT, "achievement", PLACE_ACHIEVEMENT },
    { PLACE_ACHIEVEMENT, BOUND_ID, "id", OTHER },
    { PLACE_ACHIEVEMENT, BOUND_NAME, "name", OTHER },
};

#define MEMBER_COUNT (sizeof bound_members / sizeof bound_members[0])

struct level {
    enum place place;
    unsigned written; /* bound members */
    struct mun_json_iter members;
    const struct mun_json *array; /* NULL: an object */
    size_t index;
};

struct maker {
    struct mun_json_wr *wr;
    struct mun_credential_fault *why;
    const struct mun_credential_frame *frame;
    size_t row;
    uint32_t slot;
    uint64_t valid_until_ms; /* from the table; 0: the template's stays */
    size_t depth;
    struct level levels[MUN_JSON_DEPTH_MAX];
};

static mun_err_t fault(struct mun_credential_fault *why, const char *format,
                       ...) __attribute__((format(printf, 2, 3)));

static mun_err_t
fault(struct mun_credential_fault *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return mun_err(MUN_ERR_VALUE);
}

/* Appends the value of the placeholder whose name starts at `at`, behind the
 * brace; *at moves behind its end. */
static mun_err_t
put_placeholder(struct maker *maker, struct mun_json_buf *out,
                struct mun_bytes text, size_t *at)
{
    const struct mun_csv *csv = maker->frame->csv;
    size_t end = *at;

    while (end < text.len && text.data[end] != '}')
        end++;
    struct mun_bytes name = mun_bytes(text.data + *at, end - *at);
    if (end == text.len)
        return fault(maker->why,
                     "the template's text \"%.60s\" has a { "
                     "without }; write {{ for a brace",
                     (const char *)text.data);
    size_t column = mun_csv_column(csv, name);
    if (column == SIZE_MAX)
        return fault(maker->why,
                     "the template names {%.*s}, which is not a "
                     "column of the CSV",
                     (int)(name.len < 60 ? name.len : 60),
                     (const char *)name.data);
    struct mun_bytes value = mun_csv_field(csv, maker->row, column);
    mun_json_buf_put(out, value.data, value.len);
    *at = end + 1;
    return MUN_SUCCESS;
}

/* A text of the template as the next value. */
static mun_err_t
put_text(struct maker *maker, struct mun_bytes text)
{
    struct mun_json_buf out;
    mun_err_t err = MUN_SUCCESS;
    size_t at = 0;

    if (memchr(text.data, '{', text.len) == NULL &&
        memchr(text.data, '}', text.len) == NULL) {
        mun_json_wr_text(maker->wr, text);
        return MUN_SUCCESS;
    }
    mun_json_buf_init(&out, MUN_DOCUMENT_JSON_MAX);
    while (at < text.len) {
        uint8_t c = text.data[at];
        bool is_doubled = at + 1 < text.len && text.data[at + 1] == c;
        at++;
        if (c == '{' && !is_doubled) {
            MUN_TRY_OUT(put_placeholder(maker, &out, text, &at));
            continue;
        }
        at += (c == '{' || c == '}') && is_doubled;
        mun_json_buf_put(&out, &c, 1);
    }
    if (out.failure != MUN_OK)
        MUN_TRY_OUT(mun_err(out.failure));
    mun_json_wr_text(maker->wr, mun_bytes(out.data, out.used));
out:
    mun_json_buf_fini(&out);
    return err;
}

/* Source: RFC 9562 section 5.4. */
static mun_err_t
put_uuid(struct mun_json_wr *wr)
{
    static const char prefix[] = "urn:uuid:";
    char text[sizeof prefix + 36];
    char hex[33];
    uint8_t b[16];
    size_t used = sizeof prefix - 1;

    MUN_TRY(mun_random(b, sizeof b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    mun_hex_encode(hex, mun_bytes(b, sizeof b));
    memcpy(text, prefix, used);
    for (size_t i = 0; i < 32; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            text[used++] = '-';
        text[used++] = hex[i];
    }
    mun_json_wr_text(wr, mun_bytes(text, used));
    return MUN_SUCCESS;
}

static void
put_status(const struct maker *maker)
{
    const struct mun_credential_frame *frame = maker->frame;
    struct mun_json_wr *wr = maker->wr;
    char issuer[65];
    char list[1024];
    char entry[1100];
    char digits[16];

    mun_hex_encode(issuer, mun_bytes(frame->issuer.b, sizeof frame->issuer.b));
    (void)snprintf(list, sizeof list, "%s/v1/status-lists/%s/%s",
                   frame->status_url, issuer, frame->label);
    (void)snprintf(entry, sizeof entry, "%s#%u", list, (unsigned)maker->slot);
    (void)snprintf(digits, sizeof digits, "%u", (unsigned)maker->slot);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "id");
    mun_json_wr_string(wr, entry);
    mun_json_wr_key(wr, "type");
    mun_json_wr_string(wr, "BitstringStatusListEntry");
    mun_json_wr_key(wr, "statusPurpose");
    mun_json_wr_string(wr, "revocation");
    mun_json_wr_key(wr, "statusListIndex");
    mun_json_wr_string(wr, digits);
    mun_json_wr_key(wr, "statusListCredential");
    mun_json_wr_string(wr, list);
    mun_json_wr_end_object(wr);
}

static void
put_strings(struct mun_json_wr *wr, const char *first, const char *second)
{
    mun_json_wr_begin_array(wr);
    mun_json_wr_string(wr, first);
    mun_json_wr_string(wr, second);
    mun_json_wr_end_array(wr);
}

static void
put_achievement(const struct maker *maker)
{
    char urn[MUN_URN_SIZE];

    mun_urn_programme(urn, &maker->frame->programme, maker->frame->version);
    mun_json_wr_string(maker->wr, urn);
}

/* The value of a bound member that the template lacks, or that is replaced
 * whole. */
static mun_err_t
put_bound(const struct maker *maker, enum place place, enum bound bound)
{
    struct mun_json_wr *wr = maker->wr;
    char urn[MUN_URN_SIZE];

    mun_urn_party(urn, &maker->frame->issuer);
    switch (bound) {
    case BOUND_CONTEXT:
        put_strings(wr, "https://www.w3.org/ns/credentials/v2",
                    "https://purl.imsglobal.org/spec/ob/v3p0/"
                    "context-3.0.3.json");
        return MUN_SUCCESS;
    case BOUND_TYPE:
        put_strings(wr, "VerifiableCredential", "OpenBadgeCredential");
        return MUN_SUCCESS;
    case BOUND_ID:
        if (place == PLACE_TOP)
            return put_uuid(wr);
        if (place == PLACE_ISSUER)
            mun_json_wr_string(wr, urn);
        else
            put_achievement(maker);
        return MUN_SUCCESS;
    case BOUND_ISSUER:
        mun_json_wr_string(wr, urn);
        return MUN_SUCCESS;
    case BOUND_FROM:
        mun_json_wr_time(wr, maker->frame->valid_from_ms);
        return MUN_SUCCESS;
    case BOUND_UNTIL:
        mun_json_wr_time(wr, maker->valid_until_ms);
        return MUN_SUCCESS;
    case BOUND_STATUS:
        put_status(maker);
        return MUN_SUCCESS;
    case BOUND_NAME:
        mun_json_wr_text(wr, maker->frame->titles->at[0]);
        return MUN_SUCCESS;
    case BOUND_SUBJECT:
    case BOUND_ACHIEVEMENT:
        mun_json_wr_begin_object(wr);
        if (bound == BOUND_SUBJECT) {
            mun_json_wr_key(wr, "achievement");
            mun_json_wr_begin_object(wr);
        }
        mun_json_wr_key(wr, "id");
        put_achievement(maker);
        mun_json_wr_key(wr, "name");
        mun_json_wr_text(wr, maker->frame->titles->at[0]);
        mun_json_wr_end_object(wr);
        if (bound == BOUND_SUBJECT)
            mun_json_wr_end_object(wr);
        return MUN_SUCCESS;
    }
    MUN_UNREACHABLE();
}

/* Whether a bound member is written whole rather than walked into. */
static bool
is_replaced(const struct maker *maker, enum bound bound,
            const struct mun_json *value)
{
    switch (bound) {
    case BOUND_CONTEXT:
    case BOUND_TYPE:
    case BOUND_SUBJECT:
    case BOUND_ACHIEVEMENT:
    case BOUND_NAME:
        return false;
    case BOUND_UNTIL:
        return maker->valid_until_ms != 0;
    case BOUND_ISSUER:
        return !mun_json_is(value, MUN_JSON_OBJECT);
    case BOUND_ID:
    case BOUND_FROM:
    case BOUND_STATUS:
        return true;
    }
    MUN_UNREACHABLE();
}

/* Begins a container or writes a scalar. */
static mun_err_t
put_value(struct maker *maker, const struct mun_json *value, enum place place)
{
    struct level *next = &maker->levels[maker->depth];
    double real = 0;
    int64_t number = 0;
    bool flag = false;

    if (mun_json_is(value, MUN_JSON_OBJECT) ||
        mun_json_is(value, MUN_JSON_ARRAY)) {
        bool is_array = mun_json_is(value, MUN_JSON_ARRAY);
        if (maker->depth == MUN_JSON_DEPTH_MAX)
            return fault(maker->why, "the template is nested too deep");
        *next = (struct level){ .place = place };
        next->array = is_array ? value : NULL;
        next->members = mun_json_members(value);
        maker->depth++;
        if (is_array)
            mun_json_wr_begin_array(maker->wr);
        else
            mun_json_wr_begin_object(maker->wr);
        return MUN_SUCCESS;
    }
    if (mun_json_is(value, MUN_JSON_STRING))
        return put_text(maker, mun_json_string(value));
    if (mun_json_bool(&flag, value)) {
        mun_json_wr_bool(maker->wr, flag);
    } else if (mun_json_i64(&number, value)) {
        mun_json_wr_i64(maker->wr, number);
    } else if (mun_json_double(&real, value)) {
        char text[MUN_JCS_NUMBER_SIZE];
        MUN_TRY(mun_jcs_number(text, real));
        mun_json_wr_raw(maker->wr, mun_bytes_str(text));
    } else {
        mun_json_wr_null(maker->wr);
    }
    return MUN_SUCCESS;
}

/* One member of the template. */
static mun_err_t
put_member(struct maker *maker, struct level *level, const char *key,
           const struct mun_json *value)
{
    mun_json_wr_key(maker->wr, key);
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (bound_members[i].place != level->place ||
            strcmp(bound_members[i].key, key) != 0)
            continue;
        level->written |= bound_members[i].bound;
        if (is_replaced(maker, bound_members[i].bound, value))
            return put_bound(maker, level->place, bound_members[i].bound);
        if ((bound_members[i].bound == BOUND_SUBJECT ||
             bound_members[i].bound == BOUND_ACHIEVEMENT) &&
            !mun_json_is(value, MUN_JSON_OBJECT))
            return fault(maker->why, "the template's %s must be one object",
                         key);
        return put_value(maker, value, bound_members[i].below);
    }
    return put_value(maker, value, OTHER);
}

/* The end of an object: what the template lacks. */
static mun_err_t
put_missing(struct maker *maker, const struct level *level)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        if (bound_members[i].place != level->place ||
            (level->written & bound_members[i].bound) != 0 ||
            (bound_members[i].bound == BOUND_UNTIL &&
             maker->valid_until_ms == 0))
            continue;
        mun_json_wr_key(maker->wr, bound_members[i].key);
        MUN_TRY(put_bound(maker, level->place, bound_members[i].bound));
    }
    return MUN_SUCCESS;
}

/* The next part of the innermost container, or its end. */
static mun_err_t
walk_on(struct maker *maker, struct level *level)
{
    if (level->array != NULL) {
        const struct mun_json *item = mun_json_at(level->array, level->index++);
        if (item != NULL)
            return put_value(maker, item, OTHER);
        mun_json_wr_end_array(maker->wr);
    } else {
        if (mun_json_next(&level->members))
            return put_member(maker, level, level->members.key,
                              level->members.value);
        MUN_TRY(put_missing(maker, level));
        mun_json_wr_end_object(maker->wr);
    }
    maker->depth--;
    return MUN_SUCCESS;
}

static mun_err_t
walk(struct maker *maker)
{
    MUN_TRY(put_value(maker, maker->frame->template, PLACE_TOP));
    while (maker->depth > 0)
        MUN_TRY(walk_on(maker, &maker->levels[maker->depth - 1]));
    return MUN_SUCCESS;
}

/* A field of the row; empty without such a column. */
static struct mun_bytes
field_of(const struct mun_csv *csv, size_t row, const char *name)
{
    size_t column = mun_csv_column(csv, mun_bytes_str(name));
    return column == SIZE_MAX ? MUN_BYTES_NONE
                              : mun_csv_field(csv, row, column);
}

mun_err_t
mun_credential_make(struct mun_json_wr *wr, struct mun_credential_fault *why,
                    const struct mun_credential_frame *frame, size_t row)
{
    struct maker maker = { .wr = wr,
                           .why = why,
                           .frame = frame,
                           .row = row,
                           .slot = frame->base + (uint32_t)row };
    struct mun_bytes until = field_of(frame->csv, row, "valid_until");

    why->text[0] = '\0';
    if (until.len != 0 &&
        (!mun_is_ok(mun_time_decode(&maker.valid_until_ms, until)) ||
         maker.valid_until_ms == 0))
        return fault(why, "valid_until is not a date such as 2030-12-31");
    if (!mun_json_is(frame->template, MUN_JSON_OBJECT))
        return fault(why, "the template must be one object");
    return walk(&maker);
}

bool
mun_titles_have(const struct mun_titles *titles, struct mun_bytes title)
{
    for (uint8_t i = 0; i < titles->count; i++) {
        if (mun_bytes_eq(titles->at[i], title))
            return true;
    }
    return false;
}

/* A date of the document; 0 when it has none. */
static mun_err_t
read_date(uint64_t *out, struct mun_credential_fault *why,
          const struct mun_json *document, const char *key)
{
    const struct mun_json *value = mun_json_get(document, key);

    *out = 0;
    if (value == NULL)
        return MUN_SUCCESS;
    if (!mun_is_ok(mun_time_decode(out, mun_json_string(value))))
        return fault(why, "%s is not a date and time", key);
    return MUN_SUCCESS;
}

mun_err_t
mun_credential_facts(struct mun_opening *out, struct mun_credential_fault *why,
                     const struct mun_json *document)
{
    MUN_TRY(read_date(&out->valid_from_ms, why, document, "validFrom"));
    MUN_TRY(read_date(&out->valid_until_ms, why, document, "validUntil"));
    out->format = MUN_FORMAT_JSON;
    return mun_jcs_sha256(&out->digest, document);
}

mun_err_t
mun_credential_assurance(uint8_t *out, struct mun_credential_fault *why,
                         const struct mun_csv *csv, size_t row)
{
    struct mun_bytes text = field_of(csv, row, "assurance");

    *out = MUN_ASSURANCE_NOT_STATED;
    if (text.len == 0)
        return MUN_SUCCESS;
    for (int i = 0; i <= MUN_ASSURANCE_INDEPENDENT; i++) {
        uint8_t level = (uint8_t)i;
        if (mun_bytes_eq(text, mun_bytes_str(mun_word_assurance(level)))) {
            *out = level;
            return MUN_SUCCESS;
        }
    }
    return fault(why, "assurance is not not-stated, self, peer or "
                      "independent");
}
