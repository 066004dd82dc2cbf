#ifndef MUN_LEDGER_BASE_CHECK_H
#define MUN_LEDGER_BASE_CHECK_H

/* Assertions that stay on in every build. They guard against our own bugs,
 * never against a value that a peer, a client, a file or a clock controls. */

_Noreturn void mun_check_failed(const char *file, int line, const char *what);

#define MUN_CHECK(cond)                                                        \
    ((cond) ? (void)0 : mun_check_failed(__FILE__, __LINE__, #cond))

#ifdef MUN_DCHECK_ON
#define MUN_DCHECK(cond) MUN_CHECK(cond)
#else
#define MUN_DCHECK(cond) ((void)0)
#endif

#define MUN_UNREACHABLE() mun_check_failed(__FILE__, __LINE__, "unreachable")

#endif
