#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utf8proc.h>

#include "ledger/core/text.h"

/* The version that the Unicode library says it has: this definition takes the
 * place of the library's own. */
static const char *tables = "15.0.0";

const char *
utf8proc_unicode_version(void)
{
    return tables;
}

/* Does a check of this text abort? */
static bool
does_stop(const char *text)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL); /* cmocka's would go on */
        (void)fclose(stderr);           /* what it says is expected */
        (void)!mun_is_ok(mun_text_check(mun_bytes_str(text), 100));
        _exit(0);
    }
    assert_true(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void
text_is_judged_by_the_tables_of_15_0_only(void **state)
{
    static const char *const others[] = { "14.0.0", "15.1.0",  "16.0.0",
                                          "15.0",   "15.0.01", "" };

    (void)state;
    tables = "15.0.0";
    assert_false(does_stop("a"));
    assert_false(does_stop("\xc3\xa4"));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        tables = others[i];
        assert_true(does_stop("a"));
        assert_true(does_stop("\xc3\xa4"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_judged_by_the_tables_of_15_0_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
