#ifndef MUN_LEDGER_BASE_LOG_H
#define MUN_LEDGER_BASE_LOG_H

#include <stdbool.h>

/* One line an event on standard error: `<N>` priority for the journal, time,
 * level, "module event key=value ...". Levels say what the operator does:
 * nothing (TRACE, DEBUG, INFO), look (UNUSUAL: a bad peer, a limit), call us
 * (BROKEN: our bug). No secrets and no raw bytes from outside. Thread-safe:
 * a line is written with one write. */
enum mun_log_level {
    MUN_LOG_TRACE,
    MUN_LOG_DEBUG,
    MUN_LOG_INFO,
    MUN_LOG_UNUSUAL,
    MUN_LOG_BROKEN,
};

/* Lines below `level` are dropped. Set once before threads start. */
void mun_log_set_level(enum mun_log_level level);
bool mun_log_level_from_text(enum mun_log_level *out, const char *text);

void mun_log(enum mun_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
