#include "ledger/base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"

/* One line with its newline. Linux's pipes take up to 4,096 bytes whole. */
#define LINE_MAX_BYTES 2048

static const struct {
    const char *name;
    int priority; /* RFC 5424 section 6.2.1: 7 debug, 6 info, 4 warning,
                     2 critical */
} levels[] = {
    [MUN_LOG_TRACE] = { "TRACE", 7 },   [MUN_LOG_DEBUG] = { "DEBUG", 7 },
    [MUN_LOG_INFO] = { "INFO", 6 },     [MUN_LOG_UNUSUAL] = { "UNUSUAL", 4 },
    [MUN_LOG_BROKEN] = { "BROKEN", 2 },
};

/* Written before threads start, read by all. */
static enum mun_log_level lowest = MUN_LOG_INFO;

void
mun_log_set_level(enum mun_log_level level)
{
    lowest = level;
}

bool
mun_log_level_from_text(enum mun_log_level *out, const char *text)
{
    static const char *const names[] = { "trace", "debug", "info", "unusual",
                                         "broken" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum mun_log_level)i;
            return true;
        }
    }
    return false;
}

/* Milliseconds since 1970, for people who read the log; nothing depends on
 * it. */
static uint64_t
wall_clock_ms(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
mun_log(enum mun_log_level level, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    char when[MUN_TIME_TEXT_SIZE];
    va_list args;
    int head;
    int body;
    size_t len;

    if (level < lowest)
        return;
    mun_time_encode(when, wall_clock_ms());
    head = snprintf(line, sizeof line, "<%d>%s %s ", levels[level].priority,
                    when, levels[level].name);
    if (head < 0 || (size_t)head >= sizeof line)
        return;
    va_start(args, format);
    body = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    va_end(args);
    if (body < 0)
        return;
    len = (size_t)head + (size_t)body;
    if (len > sizeof line - 1)
        len = sizeof line - 1; /* cut, and the newline below still fits */
    /* One event is one line, whatever an argument holds. */
    for (size_t i = (size_t)head; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len++] = '\n';
    /* Nowhere to report a log that cannot be written. */
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written;
}
