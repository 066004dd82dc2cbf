#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"

static char captured[8192];

/* Standard error's end of a pipe, and what it was before. */
struct capture {
    int read_end;
    int before;
};

static struct capture
capture_begin(void)
{
    struct capture capture;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    capture.before = dup(STDERR_FILENO);
    assert_true(capture.before >= 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(ends[1]), 0);
    capture.read_end = ends[0];
    return capture;
}

static void
capture_end(struct capture capture)
{
    size_t used = 0;
    ssize_t got;

    assert_int_equal(dup2(capture.before, STDERR_FILENO), STDERR_FILENO);
    assert_int_equal(close(capture.before), 0);
    while ((got = read(capture.read_end, captured + used,
                       sizeof captured - 1 - used)) > 0)
        used += (size_t)got;
    assert_int_equal(close(capture.read_end), 0);
    captured[used] = '\0';
}

static void
a_line_has_priority_time_level_and_text(void **state)
{
    struct capture capture = capture_begin();
    char *space;
    uint64_t time_ms;

    (void)state;
    mun_log(MUN_LOG_UNUSUAL, "peer refused name=%s count=%d", "north", 3);
    capture_end(capture);
    assert_memory_equal(captured, "<4>", 3);
    space = strchr(captured, ' ');
    assert_non_null(space);
    assert_true(mun_is_ok(mun_time_decode(
        &time_ms, mun_bytes(captured + 3, (size_t)(space - captured - 3)))));
    assert_string_equal(space, " UNUSUAL peer refused name=north count=3\n");
}

static void
levels_have_the_priorities_of_the_journal(void **state)
{
    static const struct {
        enum mun_log_level level;
        const char *start;
    } want[] = {
        { MUN_LOG_TRACE, "<7>" },  { MUN_LOG_DEBUG, "<7>" },
        { MUN_LOG_INFO, "<6>" },   { MUN_LOG_UNUSUAL, "<4>" },
        { MUN_LOG_BROKEN, "<2>" },
    };

    (void)state;
    mun_log_set_level(MUN_LOG_TRACE);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct capture capture = capture_begin();

        mun_log(want[i].level, "x y");
        capture_end(capture);
        assert_memory_equal(captured, want[i].start, 3);
    }
    mun_log_set_level(MUN_LOG_INFO);
}

static void
lines_below_the_level_are_dropped(void **state)
{
    struct capture capture = capture_begin();

    (void)state;
    mun_log(MUN_LOG_DEBUG, "quiet");
    mun_log_set_level(MUN_LOG_BROKEN);
    mun_log(MUN_LOG_UNUSUAL, "quiet");
    mun_log(MUN_LOG_BROKEN, "loud");
    mun_log_set_level(MUN_LOG_INFO);
    capture_end(capture);
    assert_null(strstr(captured, "quiet"));
    assert_non_null(strstr(captured, "BROKEN loud\n"));
}

static void
an_argument_cannot_begin_a_line_of_its_own(void **state)
{
    struct capture capture = capture_begin();

    (void)state;
    mun_log(MUN_LOG_INFO, "peer said text=%s", "a\n<2>b\x1b[31m\x7f");
    capture_end(capture);
    assert_non_null(strstr(captured, "text=a?<2>b?[31m?\n"));
}

static void
a_line_that_is_too_long_is_cut_and_stays_one_line(void **state)
{
    static char text[5000];
    struct capture capture = capture_begin();
    size_t len;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    mun_log(MUN_LOG_INFO, "%s", text);
    mun_log(MUN_LOG_INFO, "next");
    capture_end(capture);
    len = (size_t)(strchr(captured, '\n') - captured) + 1;
    assert_int_equal(len, 2048);
    assert_non_null(strstr(captured + len, "INFO next\n"));
}

static void
levels_are_read_from_their_names_only(void **state)
{
    static const char *const names[] = { "trace", "debug", "info", "unusual",
                                         "broken" };
    enum mun_log_level level = MUN_LOG_INFO;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(mun_log_level_from_text(&level, names[i]));
        assert_int_equal(level, i);
    }
    assert_false(mun_log_level_from_text(&level, ""));
    assert_false(mun_log_level_from_text(&level, "INFO"));
    assert_false(mun_log_level_from_text(&level, "infos"));
    assert_int_equal(level, MUN_LOG_BROKEN);
}

static void
a_failed_check_names_its_place_and_aborts(void **state)
{
    struct capture capture = capture_begin();
    pid_t child = fork();
    int status = 0;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL); /* cmocka's would go on */
        MUN_CHECK(child != 0);
        _exit(0);
    }
    assert_true(waitpid(child, &status, 0) == child);
    capture_end(capture);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(captured, "BROKEN check failed file=tests/unit/"));
    assert_non_null(strstr(captured, "what=\"child != 0\"\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_priority_time_level_and_text),
        cmocka_unit_test(levels_have_the_priorities_of_the_journal),
        cmocka_unit_test(lines_below_the_level_are_dropped),
        cmocka_unit_test(an_argument_cannot_begin_a_line_of_its_own),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_stays_one_line),
        cmocka_unit_test(levels_are_read_from_their_names_only),
        cmocka_unit_test(a_failed_check_names_its_place_and_aborts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
