#include <stdio.h>
#include <string.h>

#include "ledger/json/jcs.h"
#include "tools/client.h"
#include "tools/commands.h"
#include "tools/walk.h"

struct show_args {
    struct mun_cli *cli;
    const char *id;
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_show(int key, char *arg, struct argp_state *state)
{
    struct show_args *args = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (args->id != NULL)
            mun_cli_usage(state, "one argument, please");
        args->id = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->id == NULL)
            mun_cli_usage(state, "an id is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int
mun_cmd_entry_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_show, "ID",
        "Shows one entry of the ledger.\vExample:\n"
        "  muniment entry show 4b1c... --json"
    };
    struct show_args args = { .cli = cli };

    mun_cli_parse(&command, argc, argv, &args);
    return mun_show_one(cli, "/v1/entries/", args.id);
}

/* COMMITMENT, or BATCH/POSITION. */
static bool
is_place(const char *text)
{
    char name[65];
    struct mun_hash hash;
    uint64_t position = 0;
    size_t len = strlen(text);

    if (len < 64)
        return false;
    memcpy(name, text, 64);
    name[64] = '\0';
    if (!mun_arg_hash(&hash, name))
        return false;
    return len == 64 ||
           (text[64] == '/' &&
            mun_arg_u64(&position, MUN_LIST_SLOTS_MAX - 1, text + 65));
}

static void
say_links(struct mun_cli *cli, const struct mun_json *links)
{
    for (size_t i = 0; i < mun_json_size(links); i++) {
        const struct mun_json *link = mun_json_at(links, i);
        mun_cli_say(cli, "  accredited by  %s (%s; %s)",
                    mun_item_text(cli, link, "accreditor"),
                    mun_item_text(cli, link, "tier"),
                    mun_item_text(cli, link, "status"));
    }
}

static void
say_answer(struct mun_cli *cli, const struct mun_json *doc)
{
    const struct mun_json *status = mun_json_get(doc, "status");
    uint64_t slot = 0;

    mun_cli_say(cli, "%s, says %s (not a proof)",
                mun_item_text(cli, doc, "verdict"), cli->node);
    if (mun_json_string(mun_json_get(doc, "why")).data != NULL)
        mun_cli_say(cli, "  why            %s", mun_item_text(cli, doc, "why"));
    mun_cli_say(cli, "  title          %s", mun_item_text(cli, doc, "title"));
    mun_cli_say(cli, "  awarded by     %s", mun_item_text(cli, doc, "awarder"));
    say_links(cli, mun_json_get(doc, "accreditation"));
    (void)mun_json_u64(&slot, mun_json_get(status, "slot"));
    mun_cli_say(cli, "  status         %s (list %s, slot %llu)",
                mun_item_text(cli, status, "value"),
                mun_item_text(cli, status, "list"), (unsigned long long)slot);
    mun_cli_say(cli, "  anchored       %s",
                mun_item_text(cli, doc, "anchored_time"));
    mun_cli_say(cli, "  known until    %s",
                mun_item_text(cli, doc, "as_of_time"));
}

int
mun_cmd_status_of(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_show, "COMMITMENT|BATCH/POSITION",
        "Shows what a node says of a credential: convenient, not a proof.\v"
        "The document and its dates are not judged. Example:\n"
        "  muniment status-of 4b1c.../7"
    };
    struct show_args args = { .cli = cli };
    struct mun_json_wr wr;
    char path[128];
    int code = MUN_EXIT_FAILED;

    mun_cli_parse(&command, argc, argv, &args);
    if (!is_place(args.id))
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "a commitment of 64 lower-case hex digits, or an "
                            "anchor's id and a position as ID/7");
    (void)snprintf(path, sizeof path, "/v1/verdicts/%s", args.id);
    struct mun_json *doc = mun_client_json(cli, path, &code);
    if (doc == NULL)
        return code;
    say_answer(cli, doc);
    mun_json_wr_init(&wr, 1u << 20, false);
    mun_jcs_value(&wr, doc);
    code = mun_cli_print(cli, &wr);
    mun_json_close(doc);
    return code;
}
