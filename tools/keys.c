#include "tools/keys.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ledger/json/forms.h"

#define PASSPHRASE_MAX 1024

static char passphrase[PASSPHRASE_MAX];
static size_t passphrase_len;
static bool has_passphrase;

/* One line without its end, from a stream. */
static bool
read_line(FILE *in, char *out, size_t size, size_t *len)
{
    if (fgets(out, (int)size, in) == NULL)
        return false;
    *len = strcspn(out, "\r\n");
    return *len > 0 && *len + 1 < size;
}

/* Asks on the terminal without an echo. */
static bool
ask(const char *prompt, char *out, size_t size, size_t *len)
{
    struct termios old;
    struct termios silent;
    FILE *terminal = fopen("/dev/tty", "r+");

    if (terminal == NULL)
        return false;
    bool has_echo = tcgetattr(fileno(terminal), &old) == 0;
    silent = old;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    if (has_echo)
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
    (void)fputs(prompt, terminal);
    (void)fflush(terminal);
    bool is_read = read_line(terminal, out, size, len);
    if (has_echo)
        (void)tcsetattr(fileno(terminal), TCSAFLUSH, &old);
    (void)fputs("\n", terminal);
    (void)fclose(terminal);
    return is_read;
}

static bool
ask_twice(void)
{
    char again[PASSPHRASE_MAX];
    size_t len = 0;
    bool is_same = ask("New passphrase: ", passphrase, sizeof passphrase,
                       &passphrase_len) &&
                   ask("Again: ", again, sizeof again, &len) &&
                   len == passphrase_len && memcmp(again, passphrase, len) == 0;
    mun_wipe(again, sizeof again);
    return is_same;
}

mun_err_t
mun_passphrase(struct mun_bytes *out, struct mun_cli *cli, bool is_new)
{
    *out = MUN_BYTES_NONE;
    if (!has_passphrase && cli->passphrase_file != NULL) {
        FILE *in = fopen(cli->passphrase_file, "re");
        if (in != NULL) {
            has_passphrase =
                read_line(in, passphrase, sizeof passphrase, &passphrase_len);
            (void)fclose(in);
        }
    } else if (!has_passphrase) {
        has_passphrase = is_new ? ask_twice()
                                : ask("Passphrase: ", passphrase,
                                      sizeof passphrase, &passphrase_len);
    }
    if (!has_passphrase && cli->passphrase_file != NULL) {
        (void)mun_cli_fail(cli, 1, "%s: no passphrase can be read from it",
                           cli->passphrase_file);
        return mun_err(MUN_ERR_IO);
    }
    if (!has_passphrase) {
        (void)mun_cli_fail(cli, 1,
                           "no passphrase: it is asked for on the terminal, "
                           "or give --passphrase-file");
        return mun_err(MUN_ERR_IO);
    }
    *out = mun_bytes(passphrase, passphrase_len);
    return MUN_SUCCESS;
}

mun_err_t
mun_key_load(struct mun_key_file *out, struct mun_cli *cli, const char *path)
{
    struct mun_json_err why;
    struct mun_json *doc = mun_file_read_json(cli, path);

    if (doc == NULL)
        return mun_err(MUN_ERR_IO);
    mun_err_t err = mun_key_file_read(out, doc, &why);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, 1, "%s: not a key file: %s", path,
                           why.text[0] != '\0' ? why.text : mun_err_text(err));
    return err;
}

mun_err_t
mun_key_open(struct mun_signer **out, struct mun_cli *cli, const char *path)
{
    struct mun_key_file file;
    struct mun_bytes phrase;

    *out = NULL;
    MUN_TRY(mun_key_load(&file, cli, path));
    MUN_TRY(mun_passphrase(&phrase, cli, false));
    struct mun_signer *signer = mun_arena_alloc(&cli->arena, sizeof *signer);
    if (signer == NULL)
        return mun_err(MUN_ERR_MEMORY);
    mun_err_t err = mun_key_file_open(signer, &file, phrase);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, 1, "%s: %s", path,
                           err.code == MUN_ERR_SIGNATURE
                               ? "wrong passphrase, or the file was changed"
                               : mun_err_text(err));
        return err;
    }
    *out = signer;
    return MUN_SUCCESS;
}

static uint8_t
purpose_of(const char *word, size_t len)
{
    for (unsigned bit = 1; bit <= MUN_PURPOSE_ASSERT; bit <<= 1) {
        const char *name = mun_word_purpose((uint8_t)bit);
        if (strlen(name) == len && memcmp(name, word, len) == 0)
            return (uint8_t)bit;
    }
    return 0;
}

bool
mun_key_split(struct mun_cli *cli, char *text, const char **path,
              uint8_t *purposes)
{
    char *colon = strrchr(text, ':');

    *path = text;
    *purposes = 0;
    if (colon == NULL)
        return true;
    *colon = '\0';
    for (const char *at = colon + 1; *at != '\0';) {
        size_t len = strcspn(at, ",");
        uint8_t bit = purpose_of(at, len);
        if (bit == 0) {
            (void)mun_cli_fail(cli, MUN_EXIT_USAGE,
                               "\"%.*s\" is not anchor, status, govern or "
                               "assert",
                               (int)len, at);
            return false;
        }
        *purposes = (uint8_t)(*purposes | bit);
        at += len;
        at += *at == ',';
    }
    return true;
}
