#include "tools/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/encode.h"
#include "ledger/json/json_rd.h"

enum { OPT_NODE = 0x100, OPT_PASSPHRASE, OPT_JSON, OPT_QUIET };

static const struct argp_option offline_options[] = {
    { "passphrase-file", OPT_PASSPHRASE, "FILE", 0,
      "read the passphrase of key files from there (default: "
      "$MUNIMENT_PASSPHRASE_FILE, else it is asked for)",
      90 },
    { "json", OPT_JSON, NULL, 0, "print one JSON document", 90 },
    { "quiet", OPT_QUIET, NULL, 0, "no progress bars", 90 },
    { 0 },
};

static const struct argp_option node_options[] = {
    { "node", OPT_NODE, "URL", 0,
      "the node to talk to (default: $MUNIMENT_NODE, else "
      "http://127.0.0.1:8460)",
      90 },
    { 0 },
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_common(int key, char *arg, struct argp_state *state)
{
    struct mun_cli *cli = state->input;
    switch (key) {
    case OPT_NODE:
        cli->node = arg;
        return 0;
    case OPT_PASSPHRASE:
        cli->passphrase_file = arg;
        return 0;
    case OPT_JSON:
        cli->is_json = true;
        return 0;
    case OPT_QUIET:
        cli->is_quiet = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp offline_argp = { .options = offline_options,
                                          .parser = parse_common };
static const struct argp node_argp = { .options = node_options,
                                       .parser = parse_common };

/* Options that every command has: the second for those that ask a node. */
static const struct argp *const common[] = { &offline_argp, &node_argp };

struct root {
    void *input; /* the command's */
    size_t common_count;
};

/* Above the command and the common options: hands each its input. */
static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_root(int key, char *arg, struct argp_state *state)
{
    const struct root *root = state->input;

    (void)arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = root->input;
    for (size_t i = 0; i < root->common_count; i++)
        state->child_inputs[1 + i] = *(struct mun_cli **)root->input;
    return 0;
}

/* Before there is a second thread. NOLINTBEGIN(concurrency-mt-unsafe) */
static void
parse(const struct mun_cli_command *asked, int argc, char **argv,
      struct root *input)
{
    const struct argp command = { .options = asked->options,
                                  .parser = asked->parser };
    struct argp_child children[4] = { { .argp = &command } };
    const struct argp root = { .parser = parse_root,
                               .args_doc = asked->args,
                               .doc = asked->doc,
                               .children = children };

    for (size_t i = 0; i < input->common_count; i++)
        children[1 + i].argp = common[i];
    argp_err_exit_status = MUN_EXIT_USAGE;
    if (argp_parse(&root, argc, argv, 0, NULL, input) != 0)
        exit(MUN_EXIT_USAGE);
}

void
mun_cli_parse(const struct mun_cli_command *command, int argc, char **argv,
              void *input)
{
    struct root root = { input, 2 };

    parse(command, argc, argv, &root);
}

void
mun_cli_parse_offline(const struct mun_cli_command *command, int argc,
                      char **argv, void *input)
{
    struct root root = { input, 1 };

    parse(command, argc, argv, &root);
}

_Noreturn void
mun_cli_usage(const struct argp_state *state, const char *format, ...)
{
    va_list args;

    (void)fprintf(stderr, "%s: ", state->name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputs("\n", stderr);
    argp_help(state->root_argp, stderr, ARGP_HELP_SEE, state->name);
    exit(MUN_EXIT_USAGE);
}
/* NOLINTEND(concurrency-mt-unsafe) */

void
mun_cli_add_key(const struct argp_state *state, const char **keys,
                size_t *count, size_t max, const char *path)
{
    if (*count == max)
        mun_cli_usage(state, "at most %zu keys", max);
    keys[(*count)++] = path;
}

int
mun_cli_fail(const struct mun_cli *cli, int code, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!cli->is_json) {
        (void)fprintf(stderr, "muniment: %s\n", text);
        return code;
    }
    struct mun_json_wr wr;
    struct mun_bytes json;
    mun_json_wr_init(&wr, 8192, false);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "error");
    mun_json_wr_string(&wr, text);
    mun_json_wr_key(&wr, "exit_code");
    mun_json_wr_i64(&wr, code);
    mun_json_wr_end_object(&wr);
    if (mun_is_ok(mun_json_wr_finish(&wr, &json)))
        (void)fprintf(stderr, "%.*s\n", (int)json.len, (const char *)json.data);
    else
        (void)fprintf(stderr, "muniment: an error with unprintable text\n");
    mun_json_wr_fini(&wr);
    return code;
}

void
mun_cli_say(const struct mun_cli *cli, const char *format, ...)
{
    va_list args;

    if (cli->is_json)
        return;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
}

int
mun_cli_print(const struct mun_cli *cli, struct mun_json_wr *wr)
{
    struct mun_bytes json;
    int code = MUN_EXIT_DONE;
    mun_err_t err = mun_json_wr_finish(wr, &json);
    if (!mun_is_ok(err))
        code = mun_cli_fail(cli, MUN_EXIT_FAILED, "cannot print: %s",
                            mun_err_text(err));
    else if (cli->is_json)
        (void)printf("%.*s\n", (int)json.len, (const char *)json.data);
    mun_json_wr_fini(wr);
    return code;
}

void
mun_cli_progress(const struct mun_cli *cli, const char *what, uint64_t done,
                 uint64_t total)
{
    static uint64_t last_ms;
    uint64_t now_ms = mun_cli_now_ms();

    if (cli->is_quiet || total == 0 || isatty(STDERR_FILENO) == 0)
        return;
    if (done < total && now_ms - last_ms < 100)
        return;
    last_ms = now_ms;
    unsigned filled = (unsigned)(done * 30 / total);
    (void)fprintf(stderr, "\r%-20s [", what);
    for (unsigned i = 0; i < 30; i++)
        (void)fputc(i < filled ? '#' : '.', stderr);
    (void)fprintf(stderr, "] %llu of %llu%s", (unsigned long long)done,
                  (unsigned long long)total, done == total ? "\n" : "");
}

mun_err_t
mun_file_read(struct mun_bytes *out, struct mun_arena *arena, const char *path,
              size_t size_max)
{
    struct stat info;
    mun_err_t err = MUN_SUCCESS;
    size_t used = 0;

    *out = MUN_BYTES_NONE;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return mun_err(errno == ENOENT ? MUN_ERR_NOT_FOUND : MUN_ERR_IO);
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        MUN_TRY_OUT(mun_err(MUN_ERR_IO));
    if ((uint64_t)info.st_size > size_max)
        MUN_TRY_OUT(mun_err(MUN_ERR_TOO_LARGE));
    uint8_t *data = mun_arena_alloc(arena, (size_t)info.st_size + 1);
    if (data == NULL)
        MUN_TRY_OUT(mun_err(MUN_ERR_MEMORY));
    while (used < (size_t)info.st_size) {
        ssize_t got = read(fd, data + used, (size_t)info.st_size - used);
        if (got <= 0)
            MUN_TRY_OUT(mun_err(MUN_ERR_IO));
        used += (size_t)got;
    }
    *out = mun_bytes(data, used);
out:
    (void)close(fd); /* only read from */
    return err;
}

static mun_err_t
write_all(int fd, struct mun_bytes data)
{
    while (data.len > 0) {
        ssize_t put = write(fd, data.data, data.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return mun_err(errno == ENOSPC ? MUN_ERR_DISK_FULL : MUN_ERR_IO);
        data.data += put;
        data.len -= (size_t)put;
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_file_write(const char *path, struct mun_bytes data, unsigned mode)
{
    char beside[4096];
    int len = snprintf(beside, sizeof beside, "%s.new", path);

    if (len < 0 || (size_t)len >= sizeof beside)
        return mun_err(MUN_ERR_TOO_LARGE);
    int fd =
        open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return mun_err(MUN_ERR_IO);
    mun_err_t err = write_all(fd, data);
    if (close(fd) != 0 && mun_is_ok(err))
        err = mun_err(MUN_ERR_IO);
    if (mun_is_ok(err) && rename(beside, path) != 0)
        err = mun_err(MUN_ERR_IO);
    if (!mun_is_ok(err))
        (void)unlink(beside); /* what is left of a failure */
    return err;
}

struct mun_json *
mun_file_read_json(struct mun_cli *cli, const char *path)
{
    struct mun_bytes text;
    struct mun_json_err why;
    struct mun_json *doc = NULL;

    mun_err_t err = mun_file_read(&text, &cli->arena, path, MUN_JSON_BYTES_MAX);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, 1, "%s: %s", path, mun_err_text(err));
        return NULL;
    }
    err = mun_json_parse(&doc, &why, text, NULL);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, 1, "%s: %s", path, why.text);
        return NULL;
    }
    return doc;
}

bool
mun_arg_hash(struct mun_hash *out, const char *text)
{
    return mun_is_ok(
        mun_hex_decode(out->b, sizeof out->b, mun_bytes_str(text)));
}

bool
mun_arg_key(struct mun_key *out, const char *text)
{
    return mun_is_ok(
        mun_hex_decode(out->b, sizeof out->b, mun_bytes_str(text)));
}

bool
mun_arg_time(uint64_t *out, const char *text)
{
    return mun_is_ok(mun_time_decode(out, mun_bytes_str(text)));
}

bool
mun_arg_u64(uint64_t *out, uint64_t max, const char *text)
{
    return mun_is_ok(mun_decimal_decode(out, max, mun_bytes_str(text)));
}

bool
mun_arg_hundredths(uint32_t *out, const char *text)
{
    const char *point = strchr(text, '.');
    size_t whole_len = point == NULL ? strlen(text) : (size_t)(point - text);
    uint64_t whole = 0;
    uint64_t part = 0;

    if (!mun_is_ok(
            mun_decimal_decode(&whole, 40000000, mun_bytes(text, whole_len))))
        return false;
    if (point != NULL) {
        size_t digits = strlen(point + 1);
        if (digits < 1 || digits > 2)
            return false;
        for (size_t i = 0; i < 2; i++) {
            char c = '0';
            if (i < digits)
                c = point[1 + i];
            if (c < '0' || c > '9')
                return false;
            part = part * 10 + (uint64_t)(c - '0');
        }
    }
    *out = (uint32_t)(whole * 100 + part);
    return true;
}

const char *
mun_cli_hex(struct mun_cli *cli, struct mun_bytes data)
{
    char *out = mun_arena_alloc(&cli->arena, 2 * data.len + 1);
    if (out == NULL)
        return "(out of memory)";
    mun_hex_encode(out, data);
    return out;
}

const char *
mun_cli_hash(struct mun_cli *cli, const struct mun_hash *hash)
{
    return mun_cli_hex(cli, mun_bytes(hash->b, sizeof hash->b));
}

const char *
mun_cli_time(struct mun_cli *cli, uint64_t time_ms)
{
    char *out = mun_arena_alloc(&cli->arena, MUN_TIME_TEXT_SIZE);
    if (out == NULL)
        return "(out of memory)";
    mun_time_encode(out, time_ms);
    return out;
}

const char *
mun_cli_text(struct mun_cli *cli, struct mun_bytes text)
{
    char *out = mun_arena_alloc(&cli->arena, text.len + 1);
    if (out == NULL)
        return "(out of memory)";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        out[i] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
    return out;
}

uint64_t
mun_cli_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail for this clock */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
