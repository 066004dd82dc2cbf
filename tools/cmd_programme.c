#include <stdio.h>
#include <string.h>

#include "ledger/core/record.h"
#include "tools/commands.h"
#include "tools/csv.h"
#include "tools/keys.h"
#include "tools/programme_file.h"
#include "tools/submit.h"
#include "tools/walk.h"

enum {
    OPT_KEY = 1,
    OPT_CSV,
    OPT_TEMPLATE,
    OPT_FILE,
    OPT_ISSUER,
    OPT_SEARCH,
    OPT_FIELD,
    OPT_LEVEL
};

#define PROGRAMMES_MAX 4096

struct programme_args {
    struct mun_cli *cli;
    const char *key;
    const char *file;
    const char *csv;
    const char *template;
    const char *issuer;
    const char *search;
    const char *field;
    const char *level;
    const char *id;
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_programme(int key, char *arg, struct argp_state *state)
{
    struct programme_args *args = state->input;
    switch (key) {
    case OPT_KEY:
        args->key = arg;
        return 0;
    case OPT_FILE:
        args->file = arg;
        return 0;
    case OPT_CSV:
        args->csv = arg;
        return 0;
    case OPT_TEMPLATE:
        args->template = arg;
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

/* Where programmes come from: a document of its own each, or a template and a
 * table. */
struct source {
    struct mun_json *doc;
    bool has_table;
    struct mun_csv table;
    size_t count;
};

static int
open_source(struct mun_cli *cli, const struct programme_args *args,
            struct source *out)
{
    struct mun_csv_err why;
    struct mun_bytes text;

    *out = (struct source){ .has_table = args->csv != NULL };
    out->doc =
        mun_file_read_json(cli, out->has_table ? args->template : args->file);
    if (out->doc == NULL)
        return MUN_EXIT_FAILED;
    if (!out->has_table) {
        bool is_array = mun_json_is(out->doc, MUN_JSON_ARRAY);
        out->count = is_array ? mun_json_size(out->doc) : 1;
        return MUN_EXIT_DONE;
    }
    mun_err_t err =
        mun_file_read(&text, &cli->arena, args->csv, MUN_JSON_BYTES_MAX);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args->csv,
                            mun_err_text(err));
    if (!mun_is_ok(mun_csv_parse(&out->table, &why, &cli->arena, text)))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s:%u:%u: %s", args->csv,
                            why.line, why.column, why.text);
    out->count = out->table.row_count;
    return MUN_EXIT_DONE;
}

/* Reads programme `index` of the source into *out. */
static int
read_one(struct mun_cli *cli, const struct source *source, size_t index,
         struct mun_register_programme *out)
{
    struct mun_json_err why;
    struct mun_json_rd rd;
    struct mun_bytes column;
    bool is_item =
        !source->has_table && mun_json_is(source->doc, MUN_JSON_ARRAY);

    mun_json_rd_init(&rd, source->doc, &why);
    if (is_item)
        mun_json_rd_item(&rd, index);
    mun_programme_read(&rd, out);
    if (!mun_is_ok(mun_json_rd_status(&rd)))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s", why.text);
    if (!source->has_table)
        return MUN_EXIT_DONE;
    mun_err_t err =
        mun_programme_fill(out, &column, &cli->arena, &source->table, index);
    if (err.code == MUN_ERR_NOT_FOUND)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "the template names {%s}, which is not a column",
                            mun_cli_text(cli, column));
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s", mun_err_text(err));
    return MUN_EXIT_DONE;
}

/* What came of each, for people and programs. */
struct registered {
    struct mun_bytes code;
    struct mun_hash id;
    uint64_t height;
};

static int
report(struct mun_cli *cli, const struct registered *all, size_t count)
{
    struct mun_json_wr wr;

    mun_json_wr_init(&wr, 1u << 24, true);
    mun_json_wr_begin_array(&wr);
    for (size_t i = 0; i < count; i++) {
        mun_cli_say(cli, "%s  %s  height %llu", mun_cli_hash(cli, &all[i].id),
                    mun_cli_text(cli, all[i].code),
                    (unsigned long long)all[i].height);
        mun_json_wr_begin_object(&wr);
        mun_json_wr_key(&wr, "programme");
        mun_json_wr_hex(&wr, mun_bytes(all[i].id.b, sizeof all[i].id.b));
        mun_json_wr_key(&wr, "code");
        mun_json_wr_text(&wr, all[i].code);
        mun_json_wr_key(&wr, "height");
        mun_json_wr_u64(&wr, all[i].height);
        mun_json_wr_end_object(&wr);
    }
    mun_json_wr_end_array(&wr);
    return mun_cli_print(cli, &wr);
}

/* Makes and signs the entry of each programme. */
static int
sign_all(struct mun_cli *cli, const struct source *source,
         struct mun_signer *signer, struct mun_signed_entry *entries,
         struct registered *all)
{
    struct mun_chain_head head;
    struct mun_hash issuer;
    int code = mun_party_of_key(&issuer, cli, &signer->key);
    if (code != MUN_EXIT_DONE || !mun_is_ok(mun_head_get(&head, cli, &code)))
        return code;
    for (size_t i = 0; i < source->count; i++) {
        struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);
        if (entry == NULL)
            return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
        entry->kind = MUN_KIND_REGISTER_PROGRAMME;
        entry->actor = issuer;
        code = read_one(cli, source, i, &entry->as.register_programme);
        if (code != MUN_EXIT_DONE)
            return code;
        all[i].code = entry->as.register_programme.code;
        mun_programme_id(&all[i].id, &issuer, all[i].code);
        mun_err_t err =
            mun_entry_sign(&entries[i], cli, &head, entry, &signer, 1);
        if (!mun_is_ok(err))
            return mun_cli_fail(cli, MUN_EXIT_FAILED, "programme %s: %s",
                                mun_cli_text(cli, all[i].code),
                                mun_err_text(err));
    }
    return MUN_EXIT_DONE;
}

static int
register_all(struct mun_cli *cli, const struct source *source,
             struct mun_signer *signer)
{
    size_t count = source->count;
    if (count == 0 || count > PROGRAMMES_MAX)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "there are %zu programmes; 1 to %d can be "
                            "registered at once",
                            count, PROGRAMMES_MAX);
    struct mun_signed_entry *entries =
        mun_arena_array(&cli->arena, count, sizeof *entries);
    struct registered *all = mun_arena_array(&cli->arena, count, sizeof *all);
    uint64_t *heights = mun_arena_array(&cli->arena, count, sizeof *heights);
    if (entries == NULL || all == NULL || heights == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    int code = sign_all(cli, source, signer, entries, all);
    if (code == MUN_EXIT_DONE)
        code = mun_submit(cli, entries, count, heights);
    if (code != MUN_EXIT_DONE)
        return code;
    for (size_t i = 0; i < count; i++)
        all[i].height = heights[i];
    return report(cli, all, count);
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
        { "csv", OPT_CSV, "FILE", 0, "a table: one programme a row", 0 },
        { "template", OPT_TEMPLATE, "FILE", 0,
          "with --csv: one programme whose texts name columns as {column}", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_programme, "",
        "Registers programmes: what is awarded, never to whom.\vExamples:\n"
        "  muniment programme register --key rector.key \\\n"
        "    --file programmes.json\n"
        "  muniment programme register --key rector.key \\\n"
        "    --csv registry.csv --template programme.json\n\n"
        "A template for a table with the columns \"no\" and \"title\":\n"
        "  {\"code\": \"WEB-{no}\",\n"
        "   \"titles\": [{\"language\": \"en\", \"title\": \"{title}\"}],\n"
        "   \"levels\": [{\"framework\": \"KZ\", \"level\": "
        "\"Undergraduate\"}],\n"
        "   \"fields\": [{\"scheme\": \"KZ\", \"code\": \"B061\"}],\n"
        "   \"award_kind\": \"micro-credential\", \"jurisdiction\": \"KZ\"}"
    };
    struct programme_args args = { .cli = cli };
    struct mun_signer *signer = NULL;
    struct source source;

    mun_cli_parse(&command, argc, argv, &args);
    bool is_table = args.csv != NULL && args.template != NULL;
    if (args.key == NULL || (args.file != NULL) == is_table ||
        (args.csv != NULL) != (args.template != NULL))
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--key and either --file or --csv with "
                            "--template are needed; see --help");
    int code = open_source(cli, &args, &source);
    if (code == MUN_EXIT_DONE &&
        !mun_is_ok(mun_key_open(&signer, cli, args.key)))
        code = MUN_EXIT_FAILED;
    if (code == MUN_EXIT_DONE)
        code = register_all(cli, &source, signer);
    mun_json_close(source.doc);
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
    static const struct mun_cli_command command = {
        options, parse_programme, "",
        "Lists programmes.\vExample:\n"
        "  muniment programme list --search network --level Undergraduate"
    };
    struct programme_args args = { .cli = cli };
    char query[1500] = "";

    mun_cli_parse(&command, argc, argv, &args);
    add_query(cli, query, sizeof query, "issuer", args.issuer);
    add_query(cli, query, sizeof query, "q", args.search);
    add_query(cli, query, sizeof query, "field", args.field);
    add_query(cli, query, sizeof query, "level", args.level);
    return mun_walk_list(cli, "/v1/programmes", query, say_programme);
}

int
mun_cmd_programme_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_programme, "ID",
        "Shows a programme.\vExample:\n  muniment programme show 91cd…"
    };
    struct programme_args args = { .cli = cli };

    mun_cli_parse(&command, argc, argv, &args);
    return mun_show_one(cli, "/v1/programmes/", args.id);
}
