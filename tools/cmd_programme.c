#include <stdio.h>
#include <string.h>

#include "ledger/core/record.h"
#include "tools/commands.h"
#include "tools/keys.h"
#include "tools/programme_file.h"
#include "tools/submit.h"
#include "tools/walk.h"

static const struct argp_child CHILDREN[] = {
    { &mun_cli_argp, 0, NULL, 0 },
    { 0 },
};

enum { OPT_KEY = 1, OPT_FILE, OPT_ISSUER, OPT_SEARCH, OPT_FIELD, OPT_LEVEL };

#define PROGRAMMES_MAX 4096

struct programme_args {
    struct mun_cli *cli;
    const char *key;
    const char *file;
    const char *issuer;
    const char *search;
    const char *field;
    const char *level;
    const char *id;
};

static error_t
parse_programme(int key, char *arg, struct argp_state *state)
{
    struct programme_args *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = args->cli;
        return 0;
    case OPT_KEY:
        args->key = arg;
        return 0;
    case OPT_FILE:
        args->file = arg;
        return 0;
    case OPT_ISSUER:
        args->issuer = arg;
        return 0;
    case OPT_SEARCH:
        args->search = arg;
        return 0;
    case OPT_FIELD:
        args->field = arg;
        return 0;
    case OPT_LEVEL:
        args->level = arg;
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

/* Reads one programme of the file into an entry and signs it. */
static int
make_one(struct mun_cli *cli, struct mun_json_rd *rd,
         struct mun_signed_entry *out, const struct mun_chain_head *head,
         struct mun_signer *signer, const struct mun_hash *issuer)
{
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);
    if (entry == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    entry->kind = MUN_KIND_REGISTER_PROGRAMME;
    entry->actor = *issuer;
    mun_programme_read(rd, &entry->as.register_programme);
    if (!mun_is_ok(mun_json_rd_status(rd)))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s", rd->why->text);
    mun_err_t err = mun_entry_sign(out, cli, head, entry, &signer, 1);
    if (!mun_is_ok(err))
        return mun_cli_fail(
            cli, MUN_EXIT_FAILED, "programme %s: %s",
            mun_cli_text(cli, entry->as.register_programme.code),
            mun_err_text(err));
    return MUN_EXIT_DONE;
}

/* The name of each programme, for people and programs. */
static int
report(struct mun_cli *cli, const struct mun_json *doc, size_t count,
       const struct mun_hash *issuer, const uint64_t *heights)
{
    struct mun_json_wr wr;
    bool is_array = mun_json_is(doc, MUN_JSON_ARRAY);

    mun_json_wr_init(&wr, 1u << 24, true);
    mun_json_wr_begin_array(&wr);
    for (size_t i = 0; i < count; i++) {
        const struct mun_json *item = is_array ? mun_json_at(doc, i) : doc;
        struct mun_bytes code = mun_json_string(mun_json_get(item, "code"));
        struct mun_hash id;
        mun_programme_id(&id, issuer, code);
        mun_cli_say(cli, "%s  %s  height %llu", mun_cli_hash(cli, &id),
                    mun_cli_text(cli, code), (unsigned long long)heights[i]);
        mun_json_wr_begin_object(&wr);
        mun_json_wr_key(&wr, "programme");
        mun_json_wr_hex(&wr, mun_bytes(id.b, sizeof id.b));
        mun_json_wr_key(&wr, "code");
        mun_json_wr_text(&wr, code);
        mun_json_wr_key(&wr, "height");
        mun_json_wr_u64(&wr, heights[i]);
        mun_json_wr_end_object(&wr);
    }
    mun_json_wr_end_array(&wr);
    return mun_cli_print(cli, &wr);
}

static int
register_all(struct mun_cli *cli, const struct mun_json *doc,
             struct mun_signer *signer)
{
    struct mun_chain_head head;
    struct mun_hash issuer;
    struct mun_json_err why;
    struct mun_json_rd rd;
    bool is_array = mun_json_is(doc, MUN_JSON_ARRAY);
    size_t count = is_array ? mun_json_size(doc) : 1;
    int code = mun_party_of_key(&issuer, cli, &signer->key);

    if (code != MUN_EXIT_DONE || !mun_is_ok(mun_head_get(&head, cli, &code)))
        return code;
    if (count == 0 || count > PROGRAMMES_MAX)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "the file holds %zu programmes; 1 to %d can be "
                            "registered at once",
                            count, PROGRAMMES_MAX);
    struct mun_signed_entry *entries =
        mun_arena_array(&cli->arena, count, sizeof *entries);
    uint64_t *heights = mun_arena_array(&cli->arena, count, sizeof *heights);
    if (entries == NULL || heights == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    mun_json_rd_init(&rd, doc, &why);
    for (size_t i = 0; i < count && code == MUN_EXIT_DONE; i++) {
        if (is_array)
            mun_json_rd_item(&rd, i);
        code = make_one(cli, &rd, &entries[i], &head, signer, &issuer);
        if (is_array)
            mun_json_rd_leave(&rd);
    }
    if (code == MUN_EXIT_DONE)
        code = mun_submit(cli, entries, count, heights);
    if (code != MUN_EXIT_DONE)
        return code;
    return report(cli, doc, count, &issuer, heights);
}

int
mun_cmd_programme_register(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "key", OPT_KEY, "FILE", 0, "a govern key of the issuer", 0 },
        { "file", OPT_FILE, "FILE", 0,
          "JSON: one programme or an array; members code, titles, levels, "
          "fields, award_kind, jurisdiction and more",
          0 },
        { 0 },
    };
    static const struct argp argp = {
        options,
        parse_programme,
        "",
        "Registers programmes: what is awarded, never to whom.\vExample:\n"
        "  muniment programme register --key rector.key --file "
        "programmes.json\n"
        "  with {\"code\":\"WEB-1\",\"titles\":[{\"language\":\"en\",\"title\":"
        "\"Web Programmer\"}],\"levels\":[{\"framework\":\"KZ\",\"level\":"
        "\"Undergraduate\"}],\"fields\":[{\"scheme\":\"KZ\",\"code\":\"B061\"}"
        "],\"award_kind\":\"micro-credential\",\"jurisdiction\":\"KZ\"}",
        CHILDREN,
        NULL,
        NULL
    };
    struct programme_args args = { .cli = cli };
    struct mun_signer *signer = NULL;

    mun_cli_parse(&argp, argc, argv, &args);
    if (args.key == NULL || args.file == NULL)
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--key and --file are needed; see --help");
    struct mun_json *doc = mun_file_read_json(cli, args.file);
    if (doc == NULL || !mun_is_ok(mun_key_open(&signer, cli, args.key)))
        return MUN_EXIT_FAILED;
    int code = register_all(cli, doc, signer);
    mun_json_close(doc);
    return code;
}

static void
say_programme(struct mun_cli *cli, const struct mun_json *item)
{
    const struct mun_json *titles =
        mun_json_get(mun_json_get(item, "description"), "titles");
    mun_cli_say(cli, "%s  %s  %s  %s", mun_item_text(cli, item, "id"),
                mun_item_text(cli, item, "listing"),
                mun_item_text(cli, item, "code"),
                mun_item_text(cli, mun_json_at(titles, 0), "title"));
}

/* Appends "&name=value" when there is a value. */
static void
add_query(struct mun_cli *cli, char *query, size_t size, const char *name,
          const char *value)
{
    size_t used = strlen(query);
    if (value != NULL)
        (void)snprintf(query + used, size - used, "&%s=%s", name,
                       mun_client_escape(cli, value));
}

int
mun_cmd_programme_list(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "issuer", OPT_ISSUER, "ID", 0, "of this issuer only", 0 },
        { "search", OPT_SEARCH, "TEXT", 0, "in titles and codes", 0 },
        { "field", OPT_FIELD, "CODE", 0, "with a field that begins so", 0 },
        { "level", OPT_LEVEL, "LEVEL", 0, "of this level", 0 },
        { 0 },
    };
    static const struct argp argp = {
        options,
        parse_programme,
        "",
        "Lists programmes.\vExample:\n"
        "  muniment programme list --search network --level Undergraduate",
        CHILDREN,
        NULL,
        NULL
    };
    struct programme_args args = { .cli = cli };
    char query[1500] = "";

    mun_cli_parse(&argp, argc, argv, &args);
    add_query(cli, query, sizeof query, "issuer", args.issuer);
    add_query(cli, query, sizeof query, "q", args.search);
    add_query(cli, query, sizeof query, "field", args.field);
    add_query(cli, query, sizeof query, "level", args.level);
    return mun_walk_list(cli, "/v1/programmes", query, say_programme);
}

int
mun_cmd_programme_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp argp = {
        NULL,
        parse_programme,
        "ID",
        "Shows a programme.\vExample:\n  muniment programme show 91cd…",
        CHILDREN,
        NULL,
        NULL
    };
    struct programme_args args = { .cli = cli };

    mun_cli_parse(&argp, argc, argv, &args);
    return mun_show_one(cli, "/v1/programmes/", args.id);
}
