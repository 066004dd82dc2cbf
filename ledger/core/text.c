#include "ledger/core/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <utf8proc.h>

#include "ledger/base/check.h"

/* No code point decomposes into more than three for every two of its bytes
 * (U+0390, tests/unit/test_text.c tries them all). */
#define POINTS_MAX ((utf8proc_ssize_t)MUN_TEXT_BYTES_MAX / 2 * 3)

/* Which text is clean is a rule, and the tables that say so come with the
 * library: a newer one knows more code points and would accept what other nodes
 * refuse. Version 2.8 has those of Unicode 15.0. */
_Static_assert(UTF8PROC_VERSION_MAJOR == 2 && UTF8PROC_VERSION_MINOR == 8,
               "utf8proc 2.8, with the tables of Unicode 15.0");

#define UNICODE_VERSION "15.0.0"

#define NON_JOINER 0x200c
#define JOINER 0x200d

/* Below U+0300 nothing combines and nothing is in another normal form's
 * spelling: such text is NFC as it stands. */
#define FIRST_MARK 0x300

/* The shared library may be another than the one this was built with. */
static bool
are_tables_right(void)
{
    return mun_bytes_eq(mun_bytes_str(utf8proc_unicode_version()),
                        mun_bytes_str(UNICODE_VERSION));
}

/* The code point at *at, which moves on; -1 when the bytes are not UTF-8. */
static int32_t
next_point(struct mun_bytes text, size_t *at)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t used = utf8proc_iterate(
        text.data + *at, (utf8proc_ssize_t)(text.len - *at), &point);

    if (used <= 0)
        return -1;
    *at += (size_t)used;
    return point;
}

static bool
is_point_allowed(int32_t point)
{
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    case UTF8PROC_CATEGORY_CF:
        return point == NON_JOINER || point == JOINER;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
    case UTF8PROC_CATEGORY_ZS:
        return true;
    }
    MUN_UNREACHABLE();
}

static bool
is_space(int32_t point)
{
    return utf8proc_category(point) == UTF8PROC_CATEGORY_ZS;
}

/* What one walk over the code points tells. */
struct survey {
    bool is_allowed;
    bool has_marks; /* a code point from FIRST_MARK on */
};

static struct survey
survey_points(struct mun_bytes text)
{
    struct survey refused = { false, false };
    struct survey out = { true, false };
    int32_t point = 0;
    int before = 0;
    size_t at = 0;

    while (at < text.len) {
        bool is_first = at == 0;
        int combining;

        /* Most text is this, and needs no table. */
        if (text.data[at] > ' ' && text.data[at] <= '~') {
            point = text.data[at++];
            before = 0;
            continue;
        }
        point = next_point(text, &at);
        if (point < 0 || !is_point_allowed(point))
            return refused;
        if (is_first && is_space(point))
            return refused;
        /* Marks out of their canonical order are not NFC. Found here, so that
         * sorting them below never takes more than a few steps each. */
        combining = utf8proc_get_property(point)->combining_class;
        if (combining != 0 && combining < before)
            return refused;
        before = combining;
        out.has_marks = out.has_marks || point >= FIRST_MARK;
    }
    if (text.len > 0 && is_space(point))
        return refused;
    return out;
}

/* `text` is UTF-8 of at most MUN_TEXT_BYTES_MAX bytes. */
static bool
is_nfc(struct mun_bytes text)
{
    const utf8proc_option_t options =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    utf8proc_int32_t points[POINTS_MAX];
    utf8proc_ssize_t count;
    size_t at = 0;

    count = utf8proc_decompose(text.data, (utf8proc_ssize_t)text.len, points,
                               POINTS_MAX, options);
    MUN_CHECK(count >= 0 && count <= POINTS_MAX);
    count = utf8proc_normalize_utf32(points, count, options);
    MUN_CHECK(count >= 0 && count <= POINTS_MAX);
    for (utf8proc_ssize_t i = 0; i < count; i++) {
        if (at >= text.len || next_point(text, &at) != points[i])
            return false;
    }
    return at == text.len;
}

mun_err_t
mun_text_check(struct mun_bytes text, size_t max)
{
    struct survey survey;

    MUN_CHECK(max <= MUN_TEXT_BYTES_MAX);
    /* Before any text is judged, also one that needs no table: so that a node
     * stops as it starts, and not at the first text that splits it off. */
    MUN_CHECK(are_tables_right());
    if (text.len > max)
        return mun_err(MUN_ERR_TOO_LARGE);
    survey = survey_points(text);
    if (!survey.is_allowed || (survey.has_marks && !is_nfc(text)))
        return mun_err(MUN_ERR_TEXT);
    return MUN_SUCCESS;
}

static bool
is_letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

mun_err_t
mun_label_check(struct mun_bytes text, size_t max)
{
    if (text.len > max)
        return mun_err(MUN_ERR_TOO_LARGE);
    if (text.len == 0 || !is_letter_or_digit(text.data[0]))
        return mun_err(MUN_ERR_TEXT);
    for (size_t i = 1; i < text.len; i++) {
        uint8_t c = text.data[i];

        if (!is_letter_or_digit(c) && c != '.' && c != '_' && c != '-')
            return mun_err(MUN_ERR_TEXT);
    }
    return MUN_SUCCESS;
}
