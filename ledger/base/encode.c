#include "ledger/base/encode.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/check.h"

#define MS_PER_DAY 86400000u
#define YEAR_MAX 9999u

/* The last millisecond of the year 9999. */
#define TIME_MS_MAX 253402300799999u

static const char hex_digits[] = "0123456789abcdef";

void
mun_hex_encode(char *out, struct mun_bytes data)
{
    for (size_t i = 0; i < data.len; i++) {
        out[2 * i] = hex_digits[data.data[i] >> 4];
        out[2 * i + 1] = hex_digits[data.data[i] & 15];
    }
    out[2 * data.len] = '\0';
}

/* The value of a lower-case hex digit, or 16. */
static unsigned
hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - (unsigned)'0';
    if (digit >= 'a' && digit <= 'f')
        return digit - (unsigned)'a' + 10;
    return 16;
}

mun_err_t
mun_hex_decode(uint8_t *out, size_t len, struct mun_bytes text)
{
    if (text.len % 2 != 0 || text.len / 2 != len)
        goto bad;
    for (size_t i = 0; i < len; i++) {
        unsigned high = hex_value(text.data[2 * i]);
        unsigned low = hex_value(text.data[2 * i + 1]);

        if (high > 15 || low > 15)
            goto bad;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return MUN_SUCCESS;
bad:
    if (len > 0)
        memset(out, 0, len);
    return mun_err(MUN_ERR_ENCODING);
}

/* RFC 4648 section 5. */
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The digits of twelve bits at once: half the look-ups, and each byte is
 * touched once. */
/* clang-format off */
#define LOW(h, l) { h, l },
#define HIGH(h)                                                                \
    LOW(h, 'A') LOW(h, 'B') LOW(h, 'C') LOW(h, 'D') LOW(h, 'E') LOW(h, 'F')    \
    LOW(h, 'G') LOW(h, 'H') LOW(h, 'I') LOW(h, 'J') LOW(h, 'K') LOW(h, 'L')    \
    LOW(h, 'M') LOW(h, 'N') LOW(h, 'O') LOW(h, 'P') LOW(h, 'Q') LOW(h, 'R')    \
    LOW(h, 'S') LOW(h, 'T') LOW(h, 'U') LOW(h, 'V') LOW(h, 'W') LOW(h, 'X')    \
    LOW(h, 'Y') LOW(h, 'Z')                                                    \
    LOW(h, 'a') LOW(h, 'b') LOW(h, 'c') LOW(h, 'd') LOW(h, 'e') LOW(h, 'f')    \
    LOW(h, 'g') LOW(h, 'h') LOW(h, 'i') LOW(h, 'j') LOW(h, 'k') LOW(h, 'l')    \
    LOW(h, 'm') LOW(h, 'n') LOW(h, 'o') LOW(h, 'p') LOW(h, 'q') LOW(h, 'r')    \
    LOW(h, 's') LOW(h, 't') LOW(h, 'u') LOW(h, 'v') LOW(h, 'w') LOW(h, 'x')    \
    LOW(h, 'y') LOW(h, 'z')                                                    \
    LOW(h, '0') LOW(h, '1') LOW(h, '2') LOW(h, '3') LOW(h, '4') LOW(h, '5')    \
    LOW(h, '6') LOW(h, '7') LOW(h, '8') LOW(h, '9') LOW(h, '-') LOW(h, '_')

static const char base64url_pairs[1 << 12][2] = {
    HIGH('A') HIGH('B') HIGH('C') HIGH('D') HIGH('E') HIGH('F') HIGH('G')
    HIGH('H') HIGH('I') HIGH('J') HIGH('K') HIGH('L') HIGH('M') HIGH('N')
    HIGH('O') HIGH('P') HIGH('Q') HIGH('R') HIGH('S') HIGH('T') HIGH('U')
    HIGH('V') HIGH('W') HIGH('X') HIGH('Y') HIGH('Z')
    HIGH('a') HIGH('b') HIGH('c') HIGH('d') HIGH('e') HIGH('f') HIGH('g')
    HIGH('h') HIGH('i') HIGH('j') HIGH('k') HIGH('l') HIGH('m') HIGH('n')
    HIGH('o') HIGH('p') HIGH('q') HIGH('r') HIGH('s') HIGH('t') HIGH('u')
    HIGH('v') HIGH('w') HIGH('x') HIGH('y') HIGH('z')
    HIGH('0') HIGH('1') HIGH('2') HIGH('3') HIGH('4') HIGH('5') HIGH('6')
    HIGH('7') HIGH('8') HIGH('9') HIGH('-') HIGH('_')
};
/* clang-format on */

size_t
mun_base64url_size(size_t data_len)
{
    size_t rest = data_len % 3;

    MUN_CHECK(data_len <= SIZE_MAX / 2);
    return data_len / 3 * 4 + (rest == 0 ? 0 : rest + 1) + 1;
}

void
mun_base64url_encode(char *out, struct mun_bytes data)
{
    const uint8_t *at = data.data;
    size_t left = data.len;

    for (; left >= 3; left -= 3, at += 3, out += 4) {
        memcpy(out, base64url_pairs[at[0] << 4 | at[1] >> 4], 2);
        memcpy(out + 2, base64url_pairs[(at[1] & 15) << 8 | at[2]], 2);
    }
    if (left == 2) {
        memcpy(out, base64url_pairs[at[0] << 4 | at[1] >> 4], 2);
        out[2] = base64url_digits[(at[1] & 15) << 2];
        out += 3;
    }
    if (left == 1) {
        memcpy(out, base64url_pairs[at[0] << 4], 2);
        out += 2;
    }
    *out = '\0';
}

/* The value of a base64url digit, or 64. */
static unsigned
base64url_value(uint8_t digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - (unsigned)'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - (unsigned)'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - (unsigned)'0' + 52;
    if (digit == '-')
        return 62;
    if (digit == '_')
        return 63;
    return 64;
}

mun_err_t
mun_base64url_decode(uint8_t *out, size_t size, size_t *len,
                     struct mun_bytes text)
{
    size_t rest = text.len % 4;
    size_t need = text.len / 4 * 3 + (rest == 0 ? 0 : rest - 1);
    uint32_t bits = 0;
    unsigned held = 0;
    size_t used = 0;

    *len = 0;
    if (rest == 1)
        return mun_err(MUN_ERR_ENCODING);
    if (need > size)
        return mun_err(MUN_ERR_TOO_LARGE);
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = base64url_value(text.data[i]);

        if (value > 63)
            return mun_err(MUN_ERR_ENCODING);
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[used++] = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    /* Spare bits must be zero, or one value would have several spellings. */
    if (bits != 0)
        return mun_err(MUN_ERR_ENCODING);
    MUN_CHECK(used == need);
    *len = used;
    return MUN_SUCCESS;
}

mun_err_t
mun_decimal_decode(uint64_t *out, uint64_t max, struct mun_bytes text)
{
    uint64_t value = 0;

    *out = 0;
    if (text.len == 0 || (text.len > 1 && text.data[0] == '0'))
        return mun_err(MUN_ERR_ENCODING);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = text.data[i];

        if (digit < '0' || digit > '9')
            return mun_err(MUN_ERR_ENCODING);
        if (!mun_u64_mul(&value, value, 10) ||
            !mun_u64_add(&value, value, digit - (uint64_t)'0'))
            return mun_err(MUN_ERR_ENCODING);
        if (value > max)
            return mun_err(MUN_ERR_ENCODING);
    }
    *out = value;
    return MUN_SUCCESS;
}

/* A day of the Gregorian calendar. */
struct date {
    unsigned year;
    unsigned month; /* from 1 */
    unsigned day;   /* from 1 */
};

static bool
is_leap_year(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
                                    31, 31, 30, 31, 30, 31 };

    return days[month - 1] + (month == 2 && is_leap_year(year) ? 1u : 0u);
}

/* Days of all the years before `year`, counted from the year 0. */
static uint64_t
days_before_year(unsigned year)
{
    uint64_t past = year == 0 ? 0 : year - 1u;

    /* The year 0 is a leap year and in none of the three quotients. */
    return (uint64_t)year * 365 + past / 4 - past / 100 + past / 400 +
           (year > 0 ? 1 : 0);
}

static uint64_t
days_since_1970(const struct date *date)
{
    uint64_t days = days_before_year(date->year) - days_before_year(1970);

    for (unsigned month = 1; month < date->month; month++)
        days += days_in_month(date->year, month);
    return days + date->day - 1;
}

static struct date
date_of_day(uint64_t days)
{
    /* 366 days a year at most, so this starts at or below the year and
     * climbs over the few that leap days make up: 6 of 8,030 years. */
    struct date date = { (unsigned)(1970 + days / 366), 1, 0 };
    uint64_t epoch = days_before_year(1970);
    uint64_t rest;

    while (days_before_year(date.year + 1) - epoch <= days)
        date.year++;
    rest = days - (days_before_year(date.year) - epoch);
    while (rest >= days_in_month(date.year, date.month)) {
        rest -= days_in_month(date.year, date.month);
        date.month++;
    }
    date.day = (unsigned)rest + 1;
    return date;
}

static char *
put_digits(char *out, uint64_t value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + count;
}

void
mun_time_encode(char *out, uint64_t time_ms)
{
    uint64_t shown = time_ms > TIME_MS_MAX ? TIME_MS_MAX : time_ms;
    struct date date = date_of_day(shown / MS_PER_DAY);
    uint64_t ms = shown % MS_PER_DAY;

    out = put_digits(out, date.year, 4);
    *out++ = '-';
    out = put_digits(out, date.month, 2);
    *out++ = '-';
    out = put_digits(out, date.day, 2);
    *out++ = 'T';
    out = put_digits(out, ms / 3600000, 2);
    *out++ = ':';
    out = put_digits(out, ms / 60000 % 60, 2);
    *out++ = ':';
    out = put_digits(out, ms / 1000 % 60, 2);
    if (ms % 1000 != 0) {
        *out++ = '.';
        out = put_digits(out, ms % 1000, 3);
    }
    *out++ = 'Z';
    *out = '\0';
}

/* A reader of text; the first failure sticks. */
struct text {
    const uint8_t *at;
    size_t left;
    bool is_bad;
};

static unsigned
text_digits(struct text *text, size_t count, unsigned max)
{
    unsigned value = 0;

    if (text->is_bad || count > text->left) {
        text->is_bad = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t digit = text->at[i];

        if (digit < '0' || digit > '9') {
            text->is_bad = true;
            return 0;
        }
        value = value * 10 + (digit - (unsigned)'0');
    }
    text->at += count;
    text->left -= count;
    if (value > max)
        text->is_bad = true;
    return value;
}

/* True and past it when `want` comes next. */
static bool
text_is_next(struct text *text, char want)
{
    if (text->is_bad || text->left == 0 || text->at[0] != (uint8_t)want)
        return false;
    text->at++;
    text->left--;
    return true;
}

static void
text_expect(struct text *text, char want)
{
    if (!text_is_next(text, want))
        text->is_bad = true;
}

static struct date
text_date(struct text *text)
{
    struct date date;

    date.year = text_digits(text, 4, YEAR_MAX);
    text_expect(text, '-');
    date.month = text_digits(text, 2, 12);
    text_expect(text, '-');
    date.day = text_digits(text, 2, 31);
    if (date.month == 0 || date.day == 0 || text->is_bad ||
        date.day > days_in_month(date.year, date.month))
        text->is_bad = true;
    return date;
}

/* Milliseconds since midnight. */
static uint64_t
text_clock(struct text *text)
{
    uint64_t ms = text_digits(text, 2, 23) * (uint64_t)3600000;

    text_expect(text, ':');
    ms += text_digits(text, 2, 59) * (uint64_t)60000;
    text_expect(text, ':');
    /* No leap second: a time of the ledger has none. */
    ms += text_digits(text, 2, 59) * (uint64_t)1000;
    if (text_is_next(text, '.')) {
        unsigned scale = 100;
        size_t count = 0;

        for (; count < 9 && text->left > 0 && text->at[0] >= '0' &&
               text->at[0] <= '9';
             count++) {
            ms += (uint64_t)text_digits(text, 1, 9) * scale;
            scale /= 10;
        }
        if (count == 0)
            text->is_bad = true;
    }
    return ms;
}

/* Minutes east of UTC. */
static int64_t
text_offset(struct text *text)
{
    int64_t sign = 1;
    int64_t minutes;

    if (text_is_next(text, 'Z'))
        return 0;
    if (text_is_next(text, '-'))
        sign = -1;
    else
        text_expect(text, '+');
    minutes = (int64_t)text_digits(text, 2, 23) * 60;
    text_expect(text, ':');
    minutes += (int64_t)text_digits(text, 2, 59);
    return sign * minutes;
}

mun_err_t
mun_time_decode(uint64_t *time_ms, struct mun_bytes input)
{
    struct text text = { input.data, input.len, false };
    struct date date = text_date(&text);
    uint64_t clock_ms = 0;
    int64_t offset_min = 0;
    int64_t result;

    *time_ms = 0;
    if (!text.is_bad && text.left > 0) {
        text_expect(&text, 'T');
        clock_ms = text_clock(&text);
        offset_min = text_offset(&text);
    }
    if (text.is_bad || text.left > 0 || date.year < 1969)
        return mun_err(MUN_ERR_ENCODING);
    /* The last day of 1969 can be 1970 already in UTC; days_since_1970 wraps
     * below zero there, and the conversion brings it back. */
    result = (int64_t)days_since_1970(&date) * (int64_t)MS_PER_DAY +
             (int64_t)clock_ms - offset_min * 60000;
    if (result < 0 || result > (int64_t)TIME_MS_MAX)
        return mun_err(MUN_ERR_ENCODING);
    *time_ms = (uint64_t)result;
    return MUN_SUCCESS;
}
