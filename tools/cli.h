#ifndef MUN_TOOLS_CLI_H
#define MUN_TOOLS_CLI_H

/* What every command shares: options, output, exit codes.
 *
 * A command is a function of cli and its arguments that returns an exit code.
 * It says what it did on standard output, in lines for people or with --json
 * as one document, and what went wrong on standard error (with --json as a
 * document too). Memory comes from cli->arena and lives until the end. */

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/core/hash.h"
#include "ledger/core/key.h"
#include "ledger/json/json.h"
#include "ledger/json/json_wr.h"

enum mun_exit {
    MUN_EXIT_DONE = 0,
    MUN_EXIT_FAILED = 1,
    MUN_EXIT_USAGE = 2,
    MUN_EXIT_UNREACHABLE = 3,
    MUN_EXIT_REFUSED = 4,
    MUN_EXIT_VIOLATION = 5,
    /* 10 to 21: verdicts, enum mun_verdict_code */
};

struct mun_cli {
    struct mun_arena arena;
    const char *node; /* URL without a slash at the end */
    const char *passphrase_file;
    bool is_json;
    bool is_quiet;
};

/* What a command takes, as in struct argp, beside --node, --passphrase-file,
 * --json and --quiet, which all have. */
struct mun_cli_command {
    const struct argp_option *options; /* NULL: no others */
    argp_parser_t parser;
    const char *args;
    const char *doc;
};

/* Parses a command's arguments; the input of its parser is `input`, whose first
 * member must be a struct mun_cli *. Exits with 2 on wrong usage and 0 after
 * --help. */
void mun_cli_parse(const struct mun_cli_command *command, int argc, char **argv,
                   void *input);

/* The same without --node, for commands that ask none. */
void mun_cli_parse_offline(const struct mun_cli_command *command, int argc,
                           char **argv, void *input);

/* Adds to a list of keys; exits with 2 when it is full. */
void mun_cli_add_key(const struct argp_state *state, const char **keys,
                     size_t *count, size_t max, const char *path);

/* The help that a parser gives when an argument is missing: exits with 2. */
_Noreturn void mun_cli_usage(const struct argp_state *state, const char *format,
                             ...) __attribute__((format(printf, 2, 3)));

/* Says what went wrong and returns `code`. */
int mun_cli_fail(const struct mun_cli *cli, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A line for people; nothing with --json. */
void mun_cli_say(const struct mun_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints a finished document with --json; nothing otherwise. Ends `wr`. */
int mun_cli_print(const struct mun_cli *cli, struct mun_json_wr *wr);

/* Progress on standard error, at most ten times a second, when it is a
 * terminal. Call with done == total at the end. */
void mun_cli_progress(const struct mun_cli *cli, const char *what,
                      uint64_t done, uint64_t total);

/* Files. Messages name the file. Whole reads go into the arena. */
MUN_MUST_USE mun_err_t mun_file_read(struct mun_bytes *out,
                                     struct mun_arena *arena, const char *path,
                                     size_t size_max);
/* Written beside and renamed, so that a file is there whole or not at all.
 * `mode` as for open. */
MUN_MUST_USE mun_err_t mun_file_write(const char *path, struct mun_bytes data,
                                      unsigned mode);
/* Reads and parses; on failure says why and returns NULL.
 * Lifetime: until the end of the process. */
struct mun_json *mun_file_read_json(struct mun_cli *cli, const char *path);

/* Arguments in their text forms; false when they are not. */
bool mun_arg_hash(struct mun_hash *out, const char *text);
bool mun_arg_key(struct mun_key *out, const char *text);
bool mun_arg_time(uint64_t *out, const char *text);
bool mun_arg_u64(uint64_t *out, uint64_t max, const char *text);
/* "5", "5.5", "5.25": hundredths. */
bool mun_arg_hundredths(uint32_t *out, const char *text);

/* NUL-terminated hex in the arena. */
const char *mun_cli_hex(struct mun_cli *cli, struct mun_bytes data);
const char *mun_cli_hash(struct mun_cli *cli, const struct mun_hash *hash);
const char *mun_cli_time(struct mun_cli *cli, uint64_t time_ms);
/* A NUL-terminated copy, with what a terminal might obey replaced by '?'. */
const char *mun_cli_text(struct mun_cli *cli, struct mun_bytes text);

/* The wall clock.
 * Units: milliseconds since 1970-01-01 UTC. */
uint64_t mun_cli_now_ms(void);

#endif
