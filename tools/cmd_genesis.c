#include <string.h>

#include "genesis/genesis_json.h"
#include "ledger/core/genesis.h"
#include "ledger/json/receipt_file.h"
#include "tools/commands.h"

struct genesis_args {
    struct mun_cli *cli;
    const char *file;
    const char *out;
    bool needs_out;
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_genesis(int key, char *arg, struct argp_state *state)
{
    struct genesis_args *args = state->input;
    switch (key) {
    case 'o':
        args->out = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->file != NULL)
            mun_cli_usage(state, "one FILE, please");
        args->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->file == NULL)
            mun_cli_usage(state, "FILE is missing");
        if (args->needs_out && args->out == NULL)
            mun_cli_usage(state, "--output is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option out[] = {
    { "output", 'o', "FILE", 0, "where to write", 0 },
    { 0 },
};

/* All that a document leads to; a message on failure. */
static mun_err_t
start_chain(struct mun_cli *cli, const char *name, struct mun_bytes bytes,
            struct mun_genesis **genesis, struct mun_genesis_chain **chain)
{
    static const struct mun_state_config config = { 4096, 4u << 20 };
    mun_err_t err = mun_err(MUN_ERR_MEMORY);
    *genesis = mun_arena_alloc(&cli->arena, sizeof **genesis);
    *chain = mun_arena_alloc(&cli->arena, sizeof **chain);
    uint8_t *memory =
        mun_arena_alloc(&cli->arena, mun_state_footprint(&config) + 64);
    if (*genesis != NULL && *chain != NULL && memory != NULL) {
        memory += (64 - (uintptr_t)memory % 64) % 64;
        struct mun_state *state = mun_state_init(memory, &config);
        err = mun_genesis_decode(*genesis, bytes);
        if (mun_is_ok(err))
            err = mun_genesis_start(*chain, state, *genesis, bytes);
    }
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED,
                           "%s: not a genesis document: %s", name,
                           mun_err_text(err));
    return err;
}

static void
say_chain(struct mun_cli *cli, const struct mun_genesis *genesis,
          const struct mun_genesis_chain *chain)
{
    mun_cli_say(cli,
                "name       %s\nchain      %s\nheader 0   %s\n"
                "parties    %u, members of them %u",
                mun_cli_text(cli, genesis->name),
                mun_cli_hash(cli, &chain->chain_id),
                mun_cli_hash(cli, &chain->header_id), genesis->party_count,
                chain->members.count);
}

static void
put_chain(struct mun_json_wr *wr, const struct mun_genesis_chain *chain)
{
    mun_json_wr_key(wr, "chain_id");
    mun_json_wr_hex(wr, mun_bytes(chain->chain_id.b, sizeof chain->chain_id.b));
    mun_json_wr_key(wr, "header_id");
    mun_json_wr_hex(wr,
                    mun_bytes(chain->header_id.b, sizeof chain->header_id.b));
}

int
mun_cmd_genesis_make(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        out, parse_genesis, "GENESIS.json",
        "Compiles a genesis document and prints the chain id.\vThe form is "
        "shown in genesis/README.md. Example:\n"
        "  muniment genesis make genesis.json -o genesis.bin"
    };
    struct genesis_args args = { .cli = cli, .needs_out = true };
    struct mun_json_err why = { 0 };
    struct mun_genesis_chain *chain;
    struct mun_genesis *genesis;
    struct mun_bytes bytes;
    struct mun_json_wr wr;

    mun_cli_parse_offline(&command, argc, argv, &args);
    struct mun_json *doc = mun_file_read_json(cli, args.file);
    if (doc == NULL)
        return MUN_EXIT_FAILED;
    mun_err_t err = mun_genesis_json_compile(&bytes, &cli->arena, doc, &why);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args.file,
                            why.text[0] != '\0' ? why.text : mun_err_text(err));
    if (!mun_is_ok(start_chain(cli, args.file, bytes, &genesis, &chain)))
        return MUN_EXIT_FAILED;
    err = mun_file_write(args.out, bytes, 0644);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args.out,
                            mun_err_text(err));
    say_chain(cli, genesis, chain);
    mun_json_wr_init(&wr, 4096, true);
    mun_json_wr_begin_object(&wr);
    put_chain(&wr, chain);
    mun_json_wr_end_object(&wr);
    mun_json_close(doc);
    return mun_cli_print(cli, &wr);
}

int
mun_cmd_genesis_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_genesis, "GENESIS.bin",
        "Shows a genesis document.\vExample:\n"
        "  muniment genesis show genesis.bin --json"
    };
    struct genesis_args args = { .cli = cli };
    struct mun_genesis_chain *chain;
    struct mun_genesis *genesis;
    struct mun_bytes bytes;
    struct mun_json_wr wr;

    mun_cli_parse_offline(&command, argc, argv, &args);
    mun_err_t err =
        mun_file_read(&bytes, &cli->arena, args.file, MUN_GENESIS_BYTES_MAX);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args.file,
                            mun_err_text(err));
    if (!mun_is_ok(start_chain(cli, args.file, bytes, &genesis, &chain)))
        return MUN_EXIT_FAILED;
    say_chain(cli, genesis, chain);
    mun_json_wr_init(&wr, 1 << 20, true);
    mun_json_wr_begin_object(&wr);
    put_chain(&wr, chain);
    mun_json_wr_key(&wr, "genesis");
    mun_genesis_json_write(&wr, genesis);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

int
mun_cmd_genesis_trust_root(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        out, parse_genesis, "GENESIS.bin",
        "Writes the trust root of height 0: what verifiers bring.\vExample:\n"
        "  muniment genesis trust-root genesis.bin -o trust-root.json"
    };
    struct genesis_args args = { .cli = cli, .needs_out = true };
    struct mun_genesis_chain *chain;
    struct mun_genesis *genesis;
    struct mun_bytes bytes;
    struct mun_bytes json;
    struct mun_json_wr wr;

    mun_cli_parse_offline(&command, argc, argv, &args);
    mun_err_t err =
        mun_file_read(&bytes, &cli->arena, args.file, MUN_GENESIS_BYTES_MAX);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args.file,
                            mun_err_text(err));
    if (!mun_is_ok(start_chain(cli, args.file, bytes, &genesis, &chain)))
        return MUN_EXIT_FAILED;
    struct mun_trust_root root = { chain->chain_id, 0, chain->header_id,
                                   genesis->max_age_ms };
    mun_json_wr_init(&wr, 8192, true);
    mun_trust_root_write(&wr, &root, genesis->name);
    err = mun_json_wr_finish(&wr, &json);
    if (mun_is_ok(err))
        err = mun_file_write(args.out, json, 0644);
    if (!mun_is_ok(err)) {
        mun_json_wr_fini(&wr);
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args.out,
                            mun_err_text(err));
    }
    mun_cli_say(cli, "wrote %s", args.out);
    return mun_cli_print(cli, &wr);
}
