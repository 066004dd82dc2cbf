#include <string.h>

#include "ledger/core/record.h"
#include "tools/commands.h"
#include "tools/keys.h"

struct key_args {
    struct mun_cli *cli;
    const char *file;
    const char *label;
    bool is_new;
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_key(int key, char *arg, struct argp_state *state)
{
    struct key_args *args = state->input;
    switch (key) {
    case 'l':
        args->label = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->file != NULL)
            mun_cli_usage(state, "one FILE, please");
        args->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->file == NULL)
            mun_cli_usage(state, "FILE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int
report(struct mun_cli *cli, const struct mun_key_file *file)
{
    struct mun_hash party;
    struct mun_json_wr wr;

    mun_party_id(&party, &file->key);
    struct mun_bytes key = mun_bytes(file->key.b, sizeof file->key.b);
    mun_cli_say(cli, "key    %s\nparty  %s (when it is the lowest of its keys)",
                mun_cli_hex(cli, key), mun_cli_hash(cli, &party));
    mun_json_wr_init(&wr, 4096, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "key");
    mun_json_wr_hex(&wr, key);
    mun_json_wr_key(&wr, "party");
    mun_json_wr_hex(&wr, mun_bytes(party.b, sizeof party.b));
    mun_json_wr_key(&wr, "label");
    mun_json_wr_string(&wr, file->label);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

int
mun_cmd_key_new(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "label", 'l', "TEXT", 0, "what the key is for (kept in the file)",
          0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_key, "FILE",
        "Makes a key, encrypted under a passphrase.\vExample:\n"
        "  muniment key new registrar.key --label \"Registrar's office\""
    };
    struct key_args args = { .cli = cli, .label = "" };
    struct mun_bytes phrase;
    struct mun_bytes json;
    struct mun_bytes old;
    struct mun_key_file file;
    struct mun_json_wr wr;

    mun_cli_parse_offline(&command, argc, argv, &args);
    if (mun_file_read(&old, &cli->arena, args.file, 1 << 20).code !=
        MUN_ERR_NOT_FOUND)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "%s is there already; a key is never overwritten",
                            args.file);
    if (!mun_is_ok(mun_passphrase(&phrase, cli, true)))
        return MUN_EXIT_FAILED;
    mun_err_t err = mun_key_file_new(&file, mun_bytes_str(args.label), phrase);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s", mun_err_text(err));
    mun_json_wr_init(&wr, 4096, true);
    mun_key_file_write(&wr, &file);
    err = mun_json_wr_finish(&wr, &json);
    if (mun_is_ok(err))
        err = mun_file_write(args.file, json, 0600);
    mun_json_wr_fini(&wr);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args.file,
                            mun_err_text(err));
    return report(cli, &file);
}

int
mun_cmd_key_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_key, "FILE",
        "Shows the public key of a key file; needs no passphrase.\vExample:\n"
        "  muniment key show registrar.key --json"
    };
    struct key_args args = { .cli = cli };
    struct mun_key_file file;

    mun_cli_parse_offline(&command, argc, argv, &args);
    if (!mun_is_ok(mun_key_load(&file, cli, args.file)))
        return MUN_EXIT_FAILED;
    return report(cli, &file);
}
