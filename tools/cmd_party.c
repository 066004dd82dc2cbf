#include <stdio.h>
#include <string.h>

#include "ledger/core/record.h"
#include "tools/commands.h"
#include "tools/keys.h"
#include "tools/submit.h"
#include "tools/walk.h"

enum {
    OPT_NAME = 1,
    OPT_COUNTRY,
    OPT_URL,
    OPT_KEY,
    OPT_SPONSOR_KEY,
    OPT_SPONSOR_ACCREDITATION,
    OPT_RECOVERY,
    OPT_NEW,
    OPT_RETIRE,
    OPT_SEARCH,
};

struct party_args {
    struct mun_cli *cli;
    const char *name;
    const char *country;
    const char *url;
    char *keys[MUN_PARTY_KEYS_MAX];
    size_t key_count;
    const char *sponsor_key;
    const char *sponsor_accreditation;
    const char *recovery;
    char *new_key;
    const char *retired;
    const char *search;
    const char *id;
};

static error_t
parse_party(int key, char *arg, struct argp_state *state)
{
    struct party_args *args = state->input;
    switch (key) {
    case OPT_NAME:
        args->name = arg;
        return 0;
    case OPT_COUNTRY:
        args->country = arg;
        return 0;
    case OPT_URL:
        args->url = arg;
        return 0;
    case OPT_KEY:
        if (args->key_count == MUN_PARTY_KEYS_MAX)
            mun_cli_usage(state, "at most %d keys", MUN_PARTY_KEYS_MAX);
        args->keys[args->key_count++] = arg;
        return 0;
    case OPT_SPONSOR_KEY:
        args->sponsor_key = arg;
        return 0;
    case OPT_SPONSOR_ACCREDITATION:
        args->sponsor_accreditation = arg;
        return 0;
    case OPT_RECOVERY:
        args->recovery = arg;
        return 0;
    case OPT_NEW:
        args->new_key = arg;
        return 0;
    case OPT_RETIRE:
        args->retired = arg;
        return 0;
    case OPT_SEARCH:
        args->search = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (args->id != NULL)
            mun_cli_usage(state, "too many arguments");
        args->id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Opens "file:purposes" keys and fills in the payload's list. */
static mun_err_t
open_grants(struct mun_cli *cli, struct party_args *args,
            struct mun_register_party *payload, struct mun_signer **signers)
{
    for (size_t i = 0; i < args->key_count; i++) {
        const char *path = NULL;
        struct mun_key_grant grant;
        if (!mun_key_split(cli, args->keys[i], &path, &grant.purposes))
            return mun_err(MUN_ERR_VALUE);
        if (grant.purposes == 0) {
            (void)mun_cli_fail(cli, MUN_EXIT_USAGE,
                               "%s: say what the key is for, for example "
                               "%s:govern",
                               path, path);
            return mun_err(MUN_ERR_VALUE);
        }
        MUN_TRY(mun_key_open(&signers[i], cli, path));
        grant.key = signers[i]->key;
        size_t at = i;
        while (at > 0 &&
               mun_key_cmp(&payload->keys[at - 1].key, &grant.key) > 0) {
            payload->keys[at] = payload->keys[at - 1];
            at--;
        }
        payload->keys[at] = grant;
    }
    payload->key_count = (uint8_t)args->key_count;
    return MUN_SUCCESS;
}

static int
read_register_texts(struct mun_cli *cli, const struct party_args *args,
                    struct mun_register_party *payload)
{
    if (args->name == NULL || args->country == NULL || args->key_count == 0 ||
        args->sponsor_key == NULL)
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--name, --country, --key and --sponsor-key are "
                            "needed; see --help");
    payload->name = mun_bytes_str(args->name);
    payload->country = mun_bytes_str(args->country);
    payload->url = mun_bytes_str(args->url != NULL ? args->url : "");
    if (args->recovery != NULL &&
        !mun_arg_hash(&payload->recovery, args->recovery))
        return mun_cli_fail(cli, MUN_EXIT_USAGE, "--recovery is not an id");
    if (args->sponsor_accreditation != NULL &&
        !mun_arg_hash(&payload->sponsor_accreditation,
                      args->sponsor_accreditation))
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--sponsor-accreditation is not an id");
    return MUN_EXIT_DONE;
}

int
mun_cmd_party_register(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "name", OPT_NAME, "TEXT", 0, "full name of the body", 0 },
        { "country", OPT_COUNTRY, "CODE", 0, "ISO 3166 code, such as KZ", 0 },
        { "url", OPT_URL, "URL", 0, "its web site", 0 },
        { "key", OPT_KEY, "FILE:PURPOSES", 0,
          "a key of the party and what it may do; up to 8 times", 0 },
        { "sponsor-key", OPT_SPONSOR_KEY, "FILE", 0,
          "a govern key of a member or accreditor that vouches", 0 },
        { "sponsor-accreditation", OPT_SPONSOR_ACCREDITATION, "ID", 0,
          "of a sponsor that is neither", 0 },
        { "recovery", OPT_RECOVERY, "ID", 0,
          "the party that may help to recover keys", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_party, "",
        "Registers a party. All its keys sign, and its sponsor.\vExample:\n"
        "  muniment party register --name \"Example University\" "
        "--country KZ \\\n"
        "    --key rector.key:govern --key registrar.key:anchor,status \\\n"
        "    --sponsor-key agency.key"
    };
    struct party_args args = { .cli = cli };
    struct mun_signer *signers[MUN_PARTY_KEYS_MAX + 1];
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);

    mun_cli_parse(&command, argc, argv, &args);
    if (entry == NULL)
        return MUN_EXIT_FAILED;
    struct mun_register_party *payload = &entry->as.register_party;
    entry->kind = MUN_KIND_REGISTER_PARTY;
    int code = read_register_texts(cli, &args, payload);
    if (code != MUN_EXIT_DONE)
        return code;
    if (!mun_is_ok(open_grants(cli, &args, payload, signers)) ||
        !mun_is_ok(
            mun_key_open(&signers[args.key_count], cli, args.sponsor_key)))
        return MUN_EXIT_FAILED;
    code =
        mun_party_of_key(&payload->sponsor, cli, &signers[args.key_count]->key);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_party_id(&entry->actor, &payload->keys[0].key);
    mun_cli_say(cli, "party   %s", mun_cli_hash(cli, &entry->actor));
    return mun_submit_one(cli, "registered", entry, signers,
                          args.key_count + 1);
}

int
mun_cmd_party_add_key(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "key", OPT_KEY, "FILE", 0, "a govern key of the party", 0 },
        { "new", OPT_NEW, "FILE:PURPOSES", 0, "the new key", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_party, "",
        "Gives a party one more key; both keys sign.\vExample:\n"
        "  muniment party add-key --key rector.key --new desk2.key:anchor"
    };
    struct party_args args = { .cli = cli };
    struct mun_signer *signers[2];
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);
    const char *path = NULL;

    mun_cli_parse(&command, argc, argv, &args);
    if (args.key_count != 1 || args.new_key == NULL || entry == NULL)
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "one --key and one --new are needed");
    entry->kind = MUN_KIND_ADD_KEY;
    struct mun_key_grant *payload = &entry->as.add_key;
    if (!mun_key_split(cli, args.new_key, &path, &payload->purposes))
        return MUN_EXIT_USAGE;
    if (!mun_is_ok(mun_key_open(&signers[0], cli, args.keys[0])) ||
        !mun_is_ok(mun_key_open(&signers[1], cli, path)))
        return MUN_EXIT_FAILED;
    payload->key = signers[1]->key;
    int code = mun_party_of_key(&entry->actor, cli, &signers[0]->key);
    if (code != MUN_EXIT_DONE)
        return code;
    return mun_submit_one(cli, "key added", entry, signers, 2);
}

int
mun_cmd_party_retire_key(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "key", OPT_KEY, "FILE", 0, "a govern key of the party", 0 },
        { "retire", OPT_RETIRE, "KEY", 0, "the public key to retire, in hex",
          0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_party, "",
        "Ends a key's use. What it signed stays.\vExample:\n"
        "  muniment party retire-key --key rector.key --retire 0102ab…"
    };
    struct party_args args = { .cli = cli };
    struct mun_signer *signer = NULL;
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);

    mun_cli_parse(&command, argc, argv, &args);
    if (args.key_count != 1 || args.retired == NULL || entry == NULL)
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "one --key and --retire are needed");
    entry->kind = MUN_KIND_RETIRE_KEY;
    if (!mun_arg_key(&entry->as.retire_key, args.retired))
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--retire is not a key of 68 hex digits");
    if (!mun_is_ok(mun_key_open(&signer, cli, args.keys[0])))
        return MUN_EXIT_FAILED;
    int code = mun_party_of_key(&entry->actor, cli, &signer->key);
    if (code != MUN_EXIT_DONE)
        return code;
    return mun_submit_one(cli, "key retired", entry, &signer, 1);
}

static void
say_party(struct mun_cli *cli, const struct mun_json *item)
{
    mun_cli_say(cli, "%s  %s  %s (%s)", mun_item_text(cli, item, "id"),
                mun_item_text(cli, item, "status"),
                mun_item_text(cli, item, "name"),
                mun_item_text(cli, item, "country"));
}

int
mun_cmd_party_list(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "search", OPT_SEARCH, "TEXT", 0, "in names", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_party, "",
        "Lists the parties of the ledger, as a node knows them.\vExample:\n"
        "  muniment party list --search university"
    };
    struct party_args args = { .cli = cli };
    char query[1024] = "";

    mun_cli_parse(&command, argc, argv, &args);
    if (args.search != NULL)
        (void)snprintf(query, sizeof query, "&q=%s",
                       mun_client_escape(cli, args.search));
    return mun_walk_list(cli, "/v1/parties", query, say_party);
}

int
mun_cmd_party_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_party, "ID",
        "Shows a party with its keys, accreditations and "
        "programmes.\vExample:\n  muniment party show 5f2c…"
    };
    struct party_args args = { .cli = cli };

    mun_cli_parse(&command, argc, argv, &args);
    return mun_show_one(cli, "/v1/parties/", args.id);
}
