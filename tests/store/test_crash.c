#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/make_store.h"

#define KILLS 20
#define RECORDS 65536u

static struct mun_test_node node;

static void
assert_ok(mun_err_t err)
{
    assert_int_equal(err.code, MUN_OK);
}

static struct mun_entry_checked *
next_anchor(struct mun_hash leaves[3])
{
    for (unsigned i = 0; i < 3; i++)
        leaves[i] = mun_test_hash(node.next_slot + i + 1);
    return mun_test_node_anchor(&node, leaves, 3);
}

static void
add_blocks(unsigned count)
{
    struct mun_hash leaves[3];

    for (unsigned i = 0; i < count; i++) {
        struct mun_entry_checked *checked = next_anchor(leaves);

        mun_test_node_block(&node, &checked, 1);
    }
}

/* The newest file of RocksDB's log. */
static void
log_path(char *out, size_t size)
{
    const struct dirent *item;
    DIR *dir = opendir(node.path);
    char best[64] = "";

    assert_non_null(dir);
    while ((item = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        size_t len = strlen(item->d_name);

        if (len > 4 && len < sizeof best &&
            strcmp(item->d_name + len - 4, ".log") == 0 &&
            strcmp(item->d_name, best) > 0)
            memcpy(best, item->d_name, len + 1);
    }
    (void)closedir(dir);
    assert_true(best[0] != '\0');
    (void)snprintf(out, size, "%s/%s", node.path, best);
}

static off_t
log_length(void)
{
    struct stat info;
    char log[256];

    log_path(log, sizeof log);
    assert_int_equal(stat(log, &info), 0);
    return info.st_size;
}

/* Killing */

struct acknowledged {
    uint64_t height;
    struct mun_hash header_id;
    off_t log_length;
};

static int
kills(void)
{
    const char *text = getenv("MUN_KILLS"); // NOLINT(concurrency-mt-unsafe)

    return text == NULL ? KILLS : (int)strtol(text, NULL, 10);
}

/* The writer, a process of its own (a fork would have none of RocksDB's
 * threads): this program again. Whether it stops, and when, is `blocks`. */
#define WRITER_FD 3

static int
writer(const char *dir, const char *blocks)
{
    long left = strtol(blocks, NULL, 10);
    struct mun_hash leaves[3];

    mun_test_node_attach(&node, dir, RECORDS);
    if (!mun_is_ok(mun_test_node_reopen(&node)))
        return 2;
    mun_test_node_recall(&node);
    node.next_slot = (uint32_t)(node.head.header.height - 3) * 3;
    for (; left != 0; left--) {
        struct acknowledged said;
        struct mun_entry_checked *checked;

        mun_arena_reset(&node.arena, 0);
        checked = next_anchor(leaves);
        mun_test_node_block(&node, &checked, 1);
        said.height = node.head.header.height;
        said.header_id = node.head.header_id;
        said.log_length = log_length();
        if (write(WRITER_FD, &said, sizeof said) != (ssize_t)sizeof said)
            return 4;
    }
    _exit(0); /* without closing */
}

static pid_t
start_writer(int *from, const char *blocks)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(ends[1], WRITER_FD) != WRITER_FD)
            _exit(254);
        (void)execl("/proc/self/exe", "crash", "write", node.dir, blocks,
                    (char *)NULL);
        _exit(255);
    }
    (void)close(ends[1]);
    *from = ends[0];
    return pid;
}

/* Lets a child write, kills it after `blocks` acknowledgements and some
 * microseconds, and gives the last one. */
static struct acknowledged
kill_writer(unsigned blocks, unsigned pause_us)
{
    struct acknowledged last = { 0 };
    struct acknowledged said;
    unsigned count = 0;
    int status;
    int from;
    pid_t pid = start_writer(&from, "-1");

    while (read(from, &said, sizeof said) == (ssize_t)sizeof said) {
        last = said;
        if (++count == blocks) {
            struct timespec wait = { 0, (long)pause_us * 1000 };

            (void)nanosleep(&wait, NULL);
            assert_int_equal(kill(pid, SIGKILL), 0);
        }
    }
    (void)close(from);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return last;
}

static void
nothing_acknowledged_is_lost_by_a_kill(void **state)
{
    (void)state;
    memset(&node, 0, sizeof node);
    mun_test_node_open(&node, RECORDS);
    mun_test_node_story(&node);
    for (int i = 0; i < kills(); i++) {
        struct acknowledged last;
        struct mun_header header;
        struct mun_hash id;

        mun_test_node_close_store(&node);
        last = kill_writer(3 + (unsigned)i % 7, (unsigned)i * 137 % 1900);
        assert_ok(mun_test_node_reopen(&node));
        assert_true(node.head.header.height >= last.height);
        assert_ok(mun_store_header(node.store, last.height, &header));
        mun_header_id(&id, &header);
        assert_true(mun_hash_eq(&id, &last.header_id));
        /* Slots that were used are in the state. */
        node.next_slot = (uint32_t)(node.head.header.height - 3) * 3;
    }
    mun_test_node_close(&node);
}

/* The write-ahead log */

/* Blocks of a child that ends without closing, so that they are in the log
 * alone. Returns the log's length before the last block and after it. */
struct lengths {
    off_t before;
    off_t after;
};

static struct lengths
abandon(void)
{
    struct lengths lengths = { 0, 0 };
    struct acknowledged said;
    int status;
    int from;
    pid_t pid;

    memset(&node, 0, sizeof node);
    mun_test_node_open(&node, RECORDS);
    mun_test_node_story(&node);
    mun_test_node_close_store(&node);
    pid = start_writer(&from, "6");
    while (read(from, &said, sizeof said) == (ssize_t)sizeof said) {
        lengths.before = lengths.after;
        lengths.after = said.log_length;
    }
    (void)close(from);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(lengths.before > 0 && lengths.before < lengths.after);
    return lengths;
}

/* The high-water file as it was before the last block: its newer slot is
 * written last, so that spoiling it is as if it had never been written. */
static void
forget_last_mark(void)
{
    uint64_t height[2] = { 0, 0 };
    uint8_t zeros[200] = { 0 };
    int fd = open(node.high_water_path, O_RDWR);

    assert_true(fd >= 0);
    for (int i = 0; i < 2; i++) {
        uint8_t number[8];

        /* magic 8, version 1, sequence 8 */
        assert_int_equal(pread(fd, number, 8, (off_t)i * 4096 + 9), 8);
        for (int j = 0; j < 8; j++)
            height[i] = height[i] << 8 | number[j];
    }
    assert_int_equal(
        pwrite(fd, zeros, sizeof zeros, height[0] > height[1] ? 0 : 4096),
        sizeof zeros);
    (void)close(fd);
}

static void
a_torn_tail_that_was_never_acknowledged_is_cut_off(void **state)
{
    struct lengths lengths = abandon();
    char log[256];

    (void)state;
    /* The crash came while the last block was on its way into the log. */
    log_path(log, sizeof log);
    assert_int_equal(
        truncate(log, lengths.before + (lengths.after - lengths.before) / 2),
        0);
    forget_last_mark();
    assert_ok(mun_test_node_reopen(&node));
    mun_test_node_recall(&node);
    assert_int_equal(node.head.header.height, 3 + 5);
    node.next_slot = 15;
    add_blocks(2);
    assert_ok(mun_test_node_reopen(&node));
    assert_int_equal(node.head.header.height, 3 + 7);
    mun_test_node_close(&node);
}

static void
a_torn_tail_that_was_acknowledged_is_refused(void **state)
{
    struct lengths lengths = abandon();
    char log[256];

    (void)state;
    log_path(log, sizeof log);
    assert_int_equal(truncate(log, lengths.after - 10), 0);
    assert_int_equal(mun_test_node_reopen(&node).code, MUN_ERR_BEHIND);
    mun_test_node_close(&node);
}

static void
a_flipped_bit_in_the_middle_of_the_log_is_refused(void **state)
{
    struct lengths lengths = abandon();
    uint8_t byte;
    char log[256];
    int fd;

    (void)state;
    log_path(log, sizeof log);
    fd = open(log, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, lengths.before / 2), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, lengths.before / 2), 1);
    (void)close(fd);
    assert_int_equal(mun_test_node_reopen(&node).code, MUN_ERR_CORRUPT);
    mun_test_node_close(&node);
}

/* A full disk */

static void
a_full_disk_stops_the_store_and_loses_nothing(void **state)
{
    char dir[] = "/tmp/muniment-full-XXXXXX";
    struct mun_hash *leaves;
    struct mun_bytes encoded;
    uint64_t height = 0;
    mun_err_t err = MUN_SUCCESS;

    (void)state;
    assert_non_null(mkdtemp(dir));
    if (mount("tmpfs", dir, "tmpfs", 0, "size=24m") != 0) {
        print_message("no mount is permitted (%s): skipped\n",
                      strerror(errno)); // NOLINT(concurrency-mt-unsafe)
        (void)rmdir(dir);
        skip();
    }
    memset(&node, 0, sizeof node);
    (void)snprintf(node.dir, sizeof node.dir, "%s", dir);
    mun_test_node_create(&node, RECORDS);
    assert_ok(mun_test_node_reopen(&node));
    mun_test_node_story(&node);
    leaves = mun_arena_array(&node.arena, 16384, sizeof *leaves);
    for (unsigned round = 0; mun_is_ok(err) && round < 200; round++) {
        struct mun_entry_checked *checked;

        height = node.head.header.height;
        for (unsigned i = 0; i < 16384; i++)
            leaves[i] = mun_test_hash(round * 16384 + i + 1);
        checked = mun_test_node_anchor(&node, leaves, 16384);
        err = mun_test_node_try(&node, &checked, 1, &encoded);
    }
    assert_int_equal(err.code, MUN_ERR_DISK_FULL);
    /* Sticky. */
    node.high_water.height = height;
    node.high_water.header_id = node.head.header_id;
    assert_int_equal(
        mun_store_put_consensus(node.store, mun_bytes("x", 1), &node.high_water)
            .code,
        MUN_ERR_DISK_FULL);
    /* With room again, everything acknowledged is there. */
    assert_int_equal(mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=128m"), 0);
    assert_ok(mun_test_node_reopen(&node));
    assert_true(node.head.header.height >= height);
    mun_test_node_close_store(&node);
    assert_int_equal(umount(dir), 0);
    mun_test_node_close(&node);
    (void)rmdir(dir);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_by_a_kill),
        cmocka_unit_test(a_torn_tail_that_was_never_acknowledged_is_cut_off),
        cmocka_unit_test(a_torn_tail_that_was_acknowledged_is_refused),
        cmocka_unit_test(a_flipped_bit_in_the_middle_of_the_log_is_refused),
        cmocka_unit_test(a_full_disk_stops_the_store_and_loses_nothing),
    };

    if (argc == 4 && strcmp(argv[1], "write") == 0)
        return writer(argv[2], argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
