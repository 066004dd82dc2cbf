/* muniment: find the command, run it. tools/README.md is the map. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "tools/cli.h"
#include "tools/commands.h"

/* Reserved at once, backed as it is touched: a large batch fits. */
#define ARENA_BYTES (4ull << 30)

struct command {
    const char *group; /* first word */
    const char *name;  /* second word, NULL when the first is enough */
    int (*run)(struct mun_cli *cli, int argc, char **argv);
    const char *summary;
};

static const struct command COMMANDS[] = {
    { "key", "new", mun_cmd_key_new,
      "make a key, encrypted under a passphrase" },
    { "key", "show", mun_cmd_key_show, "the public key of a key file" },
    { "genesis", "make", mun_cmd_genesis_make, "compile a genesis document" },
    { "genesis", "show", mun_cmd_genesis_show, "what a genesis document says" },
    { "genesis", "trust-root", mun_cmd_genesis_trust_root,
      "the trust root of height 0" },
    { "party", "register", mun_cmd_party_register, "register a party" },
    { "party", "list", mun_cmd_party_list, "parties of the ledger" },
    { "party", "show", mun_cmd_party_show, "one party" },
    { "party", "add-key", mun_cmd_party_add_key, "give a party one more key" },
    { "party", "retire-key", mun_cmd_party_retire_key, "end a key's use" },
    { "accredit", NULL, mun_cmd_accredit, "grant an accreditation" },
    { "accreditation", "show", mun_cmd_accreditation_show,
      "one accreditation" },
    { "accreditation", "list", mun_cmd_accreditation_list,
      "the accreditations of a party" },
    { "accreditation", "suspend", mun_cmd_accreditation_suspend,
      "suspend an accreditation" },
    { "accreditation", "reinstate", mun_cmd_accreditation_reinstate,
      "end a suspension" },
    { "accreditation", "withdraw", mun_cmd_accreditation_withdraw,
      "withdraw an accreditation, from now on or void from a date" },
    { "programme", "register", mun_cmd_programme_register,
      "register programmes" },
    { "programme", "list", mun_cmd_programme_list, "programmes" },
    { "programme", "show", mun_cmd_programme_show, "one programme" },
    { "anchor", NULL, mun_cmd_anchor,
      "anchor credentials; receipts for learners" },
    { "status", "revoke", mun_cmd_status_revoke, "revoke credentials" },
    { "status", "suspend", mun_cmd_status_suspend, "suspend credentials" },
    { "status", "reinstate", mun_cmd_status_reinstate, "end suspensions" },
    { "status", "supersede", mun_cmd_status_supersede,
      "mark credentials as replaced" },
    { "status", "extend", mun_cmd_status_extend, "extend validity" },
    { "receipt", "refresh", mun_cmd_receipt_refresh,
      "bring receipts up to date" },
    { "receipt", "show", mun_cmd_receipt_show, "what a receipt says" },
    { "verify", NULL, mun_cmd_verify, "verify a credential offline" },
    { "audit", NULL, mun_cmd_audit, "replay the ledger from genesis" },
    { "entry", "show", mun_cmd_entry_show, "one entry of the ledger" },
    { "status-of", NULL, mun_cmd_status_of,
      "what a node says of a commitment (no proof)" },
    { "devnet", "start", mun_cmd_devnet_start,
      "start a consortium on this machine" },
    { "devnet", "status", mun_cmd_devnet_status, "how its members are" },
    { "devnet", "stop", mun_cmd_devnet_stop, "stop members, or kill one" },
    { "devnet", "pause", mun_cmd_devnet_pause, "halt members" },
    { "devnet", "resume", mun_cmd_devnet_resume, "let them go on" },
};

#define COMMAND_COUNT (sizeof COMMANDS / sizeof COMMANDS[0])

/* All commands, or those that begin with `group` when there are any. */
static void
print_usage(FILE *out, const char *group)
{
    size_t printed = 0;

    (void)fputs("usage: muniment COMMAND [OPTION...]\n\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command *c = &COMMANDS[i];
        char name[40];
        if (group != NULL && strcmp(c->group, group) != 0)
            continue;
        (void)snprintf(name, sizeof name, "%s%s%s", c->group,
                       c->name != NULL ? " " : "",
                       c->name != NULL ? c->name : "");
        (void)fprintf(out, "  %-26s %s\n", name, c->summary);
        printed++;
    }
    if (printed == 0)
        (void)fprintf(out,
                      "  no command begins with \"%s\"; see muniment "
                      "--help\n",
                      group);
    (void)fputs("\nmuniment COMMAND --help explains one, with examples.\n",
                out);
}

static bool
is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "help") == 0;
}

static const struct command *
find(int argc, char **argv, int *used)
{
    for (size_t i = 0; argc > 1 && i < COMMAND_COUNT; i++) {
        const struct command *c = &COMMANDS[i];
        if (strcmp(c->group, argv[1]) != 0)
            continue;
        *used = c->name == NULL ? 1 : 2;
        if (c->name == NULL || (argc > 2 && strcmp(c->name, argv[2]) == 0))
            return c;
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    struct mun_cli cli = { 0 };
    char full_name[64];
    int used = 0;

    mun_log_set_level(MUN_LOG_UNUSUAL);
    if (argc > 1 && is_help(argv[1])) {
        print_usage(stdout, NULL);
        return MUN_EXIT_DONE;
    }
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        (void)puts("muniment " MUN_VERSION);
        return MUN_EXIT_DONE;
    }
    const struct command *command = find(argc, argv, &used);
    if (command == NULL) {
        bool is_asked = argc == 3 && is_help(argv[2]);
        print_usage(is_asked ? stdout : stderr, argc > 1 ? argv[1] : NULL);
        return is_asked ? MUN_EXIT_DONE : MUN_EXIT_USAGE;
    }
    if (!mun_is_ok(mun_arena_open(&cli.arena, ARENA_BYTES)))
        return mun_cli_fail(&cli, MUN_EXIT_FAILED, "out of memory");
    /* Before there is a second thread. NOLINTBEGIN(concurrency-mt-unsafe) */
    cli.node = getenv("MUNIMENT_NODE");
    cli.passphrase_file = getenv("MUNIMENT_PASSPHRASE_FILE");
    /* NOLINTEND(concurrency-mt-unsafe) */
    if (cli.node == NULL)
        cli.node = "http://127.0.0.1:8460";
    (void)snprintf(full_name, sizeof full_name, "muniment %s%s%s",
                   command->group, command->name != NULL ? " " : "",
                   command->name != NULL ? command->name : "");
    argv[used] = full_name;
    int status = command->run(&cli, argc - used, argv + used);
    mun_arena_close(&cli.arena);
    return status;
}
