#include <stdio.h>
#include <string.h>

#include "ledger/core/record.h"
#include "ledger/json/forms.h"
#include "tools/commands.h"
#include "tools/keys.h"
#include "tools/submit.h"
#include "tools/walk.h"

enum {
    OPT_KEY = 1,
    OPT_SUBJECT,
    OPT_PARENT,
    OPT_LEVEL,
    OPT_FIELD,
    OPT_AWARD,
    OPT_PLACE,
    OPT_CREDITS,
    OPT_TIER,
    OPT_BASIS,
    OPT_FROM,
    OPT_UNTIL,
    OPT_SUB_DEPTH,
    OPT_ID,
    OPT_REASON,
    OPT_VOID,
};

#define KEYS_MAX 2

/* What a scope limits beside kinds of award. An empty list grants any, which
 * is more than people mean who leave an option out: each is said. */
enum {
    LIMIT_LEVEL,
    LIMIT_FIELD,
    LIMIT_PLACE,
    LIMIT_CREDITS,
    LIMIT_COUNT,
};

struct accredit_args {
    struct mun_cli *cli;
    const char *keys[KEYS_MAX];
    size_t key_count;
    struct mun_entry *entry;
    const char *id;
    bool is_any[LIMIT_COUNT]; /* "any" was said */
    bool has_subject;
    bool has_tier;
    bool has_id;
};

/* Inserts a pair in ascending order; false when it is there already or there
 * is no room. */
static bool
insert_pair(struct mun_pair *pairs, uint8_t *count, size_t max,
            const struct mun_pair *pair)
{
    size_t at = *count;
    if (at == max)
        return false;
    while (at > 0) {
        int order = mun_bytes_cmp(pairs[at - 1].name, pair->name);
        if (order == 0)
            order = mun_bytes_cmp(pairs[at - 1].value, pair->value);
        if (order == 0)
            return false;
        if (order < 0)
            break;
        at--;
    }
    memmove(&pairs[at + 1], &pairs[at], (*count - at) * sizeof *pairs);
    pairs[at] = *pair;
    (*count)++;
    return true;
}

static bool
add_pair(struct mun_pair *pairs, uint8_t *count, size_t max, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL)
        return false;
    struct mun_pair pair = {
        .name = mun_bytes(text, (size_t)(equals - text)),
        .value = mun_bytes_str(equals + 1),
    };
    return insert_pair(pairs, count, max, &pair);
}

static bool
add_place(struct mun_scope *scope, const char *text)
{
    struct mun_bytes place = mun_bytes_str(text);
    size_t at = scope->place_count;
    if (at == MUN_SCOPE_PLACES_MAX)
        return false;
    while (at > 0 && mun_bytes_cmp(scope->places[at - 1], place) > 0) {
        scope->places[at] = scope->places[at - 1];
        at--;
    }
    scope->places[at] = place;
    scope->place_count++;
    return true;
}

/* "ECTS:1-30" */
static bool
read_credits(struct mun_scope *scope, char *text)
{
    char *colon = strchr(text, ':');
    char *dash = colon == NULL ? NULL : strchr(colon, '-');
    if (dash == NULL)
        return false;
    *colon = '\0';
    *dash = '\0';
    scope->credit_system = mun_bytes_str(text);
    return mun_arg_hundredths(&scope->credit_min, colon + 1) &&
           mun_arg_hundredths(&scope->credit_max, dash + 1);
}

static bool
add_award(struct mun_scope *scope, const char *text)
{
    uint8_t kind = mun_word_find(mun_word_award, MUN_AWARD_PARTICIPATION, text);
    if (kind != 0)
        scope->award_kinds |= 1u << (kind - 1);
    return kind != 0;
}

/* A limit of the scope, or that there is none. */
static bool
read_limit(struct accredit_args *args, int limit, char *arg)
{
    struct mun_scope *scope = &args->entry->as.accredit.grant.scope;

    if (strcmp(arg, "any") == 0) {
        args->is_any[limit] = true;
        return true;
    }
    switch (limit) {
    case LIMIT_LEVEL:
        return add_pair(scope->levels, &scope->level_count,
                        MUN_SCOPE_LEVELS_MAX, arg);
    case LIMIT_FIELD:
        return add_pair(scope->fields, &scope->field_count,
                        MUN_SCOPE_FIELDS_MAX, arg);
    case LIMIT_PLACE:
        return add_place(scope, arg);
    case LIMIT_CREDITS:
        return read_credits(scope, arg);
    default:
        return false;
    }
}

/* Each limit is given or said to be none, and not both. */
static int
check_limits(struct mun_cli *cli, const struct accredit_args *args)
{
    static const char *const names[LIMIT_COUNT] = { "--level", "--field",
                                                    "--place", "--credits" };
    const struct mun_scope *scope = &args->entry->as.accredit.grant.scope;
    const bool is_given[LIMIT_COUNT] = {
        scope->level_count > 0,
        scope->field_count > 0,
        scope->place_count > 0,
        scope->credit_system.len > 0,
    };

    for (int i = 0; i < LIMIT_COUNT; i++) {
        if (is_given[i] && args->is_any[i])
            return mun_cli_fail(cli, MUN_EXIT_USAGE,
                                "%s is either any or what is listed", names[i]);
        if (!is_given[i] && !args->is_any[i])
            return mun_cli_fail(cli, MUN_EXIT_USAGE,
                                "%s is needed; \"%s any\" sets no limit",
                                names[i], names[i]);
    }
    return MUN_EXIT_DONE;
}

/* One option of the grant; false when its value is wrong. */
static bool
read_grant_option(struct accredit_args *args, int key, char *arg)
{
    struct mun_grant *grant = &args->entry->as.accredit.grant;
    struct mun_scope *scope = &grant->scope;
    uint64_t number = 0;

    switch (key) {
    case OPT_LEVEL:
        return read_limit(args, LIMIT_LEVEL, arg);
    case OPT_FIELD:
        return read_limit(args, LIMIT_FIELD, arg);
    case OPT_PLACE:
        return read_limit(args, LIMIT_PLACE, arg);
    case OPT_CREDITS:
        return read_limit(args, LIMIT_CREDITS, arg);
    case OPT_AWARD:
        return add_award(scope, arg);
    case OPT_TIER:
        grant->tier = mun_word_find(mun_word_tier, MUN_TIER_NONE, arg);
        args->has_tier = true;
        return grant->tier != 0;
    case OPT_BASIS:
        grant->basis = mun_bytes_str(arg);
        return true;
    case OPT_FROM:
        return mun_arg_time(&grant->from_ms, arg);
    case OPT_UNTIL:
        return mun_arg_time(&grant->until_ms, arg);
    case OPT_SUB_DEPTH:
        if (!mun_arg_u64(&number, 3, arg))
            return false;
        scope->sub_depth = (uint8_t)number;
        return true;
    default:
        return false;
    }
}

static error_t
parse_accredit(int key, char *arg, struct argp_state *state)
{
    struct accredit_args *args = state->input;
    bool is_right = true;

    switch (key) {
    case OPT_KEY:
        mun_cli_add_key(state, args->keys, &args->key_count, KEYS_MAX, arg);
        return 0;
    case OPT_SUBJECT:
        is_right = mun_arg_hash(&args->entry->as.accredit.subject, arg);
        args->has_subject = true;
        break;
    case OPT_PARENT:
        is_right = mun_arg_hash(&args->entry->as.accredit.parent, arg);
        break;
    case OPT_LEVEL:
    case OPT_FIELD:
    case OPT_AWARD:
    case OPT_PLACE:
    case OPT_CREDITS:
    case OPT_TIER:
    case OPT_BASIS:
    case OPT_FROM:
    case OPT_UNTIL:
    case OPT_SUB_DEPTH:
        is_right = read_grant_option(args, key, arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (!is_right)
        mun_cli_usage(state, "\"%s\" is not of the form that the option takes",
                      arg);
    return 0;
}

/* Opens the keys given; the actor is the party of the first. */
static int
open_keys(struct mun_cli *cli, const struct accredit_args *args,
          struct mun_signer **signers)
{
    if (args->key_count == 0)
        return mun_cli_fail(cli, MUN_EXIT_USAGE, "--key is needed");
    for (size_t i = 0; i < args->key_count; i++) {
        if (!mun_is_ok(mun_key_open(&signers[i], cli, args->keys[i])))
            return MUN_EXIT_FAILED;
    }
    return mun_party_of_key(&args->entry->actor, cli, &signers[0]->key);
}

int
mun_cmd_accredit(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "key", OPT_KEY, "FILE", 0, "a govern key of the accreditor", 0 },
        { "subject", OPT_SUBJECT, "ID", 0, "the party that is accredited", 0 },
        { "parent", OPT_PARENT, "ID", 0,
          "the accreditor's own accreditation, unless it is a root accreditor",
          0 },
        { "level", OPT_LEVEL, "FRAMEWORK=LEVEL", 0, "a level; or any", 0 },
        { "field", OPT_FIELD, "SCHEME=CODE", 0,
          "a field; covers every code that begins so; or any", 0 },
        { "award", OPT_AWARD, "KIND", 0,
          "micro-credential, course-certificate, module, degree, "
          "professional-licence or participation",
          0 },
        { "place", OPT_PLACE, "CODE", 0,
          "jurisdiction: KZ, or a part of it as KZ-75; or any", 0 },
        { "credits", OPT_CREDITS, "SYSTEM:MIN-MAX", 0,
          "of one award, as ECTS:1-30; or any", 0 },
        { "tier", OPT_TIER, "TIER", 0,
          "statutory, agency, self-accrediting or none-yet", 0 },
        { "basis", OPT_BASIS, "TEXT", 0, "the law or decision behind it", 0 },
        { "from", OPT_FROM, "DATE", 0, "first day (default: now)", 0 },
        { "until", OPT_UNTIL, "DATE", 0, "the day after the last", 0 },
        { "sub-depth", OPT_SUB_DEPTH, "N", 0,
          "how many further links it may grant (0 to 3)", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_accredit, "",
        "Grants an accreditation. What it is for is said in full: --award, "
        "--level, --field, --place and --credits are all needed, all but the "
        "last may be repeated, and all but the first may be \"any\", which "
        "sets no limit.\vExamples:\n"
        "  muniment accredit --key agency.key --subject 5f2c… \\\n"
        "    --award micro-credential --level KZ=Undergraduate \\\n"
        "    --field KZ=B061 --place KZ --credits ECTS:1-30 \\\n"
        "    --tier agency --basis \"Decision 1 of 2026\" --until 2030-01-01\n"
        "  muniment accredit --key ministry.key --subject 77ab… \\\n"
        "    --award degree --level any --field any --place KZ \\\n"
        "    --credits any --tier statutory --until 2035-01-01"
    };
    struct mun_signer *signers[KEYS_MAX];
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);
    struct accredit_args args = { .cli = cli, .entry = entry };

    if (entry == NULL)
        return MUN_EXIT_FAILED;
    entry->kind = MUN_KIND_ACCREDIT;
    mun_cli_parse(&command, argc, argv, &args);
    struct mun_grant *grant = &entry->as.accredit.grant;
    if (!args.has_subject || !args.has_tier || grant->until_ms == 0 ||
        grant->scope.award_kinds == 0)
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--subject, --tier, --award and --until are "
                            "needed; see --help");
    if (grant->from_ms == 0)
        grant->from_ms = mun_cli_now_ms();
    int code = check_limits(cli, &args);
    if (code != MUN_EXIT_DONE)
        return code;
    code = open_keys(cli, &args, signers);
    if (code != MUN_EXIT_DONE)
        return code;
    return mun_submit_one(cli, "accredited; the entry is its id", entry,
                          signers, args.key_count);
}

static error_t
parse_standing(int key, char *arg, struct argp_state *state)
{
    struct accredit_args *args = state->input;
    struct mun_standing none; /* show and list have no such options */
    struct mun_standing *payload =
        args->entry == NULL ? &none : &args->entry->as.standing;
    bool is_right = true;

    switch (key) {
    case OPT_KEY:
        mun_cli_add_key(state, args->keys, &args->key_count, KEYS_MAX, arg);
        return 0;
    case OPT_ID:
        is_right = mun_arg_hash(&payload->accreditation, arg);
        args->has_id = true;
        break;
    case OPT_REASON:
        payload->reason = mun_word_find(mun_word_reason, MUN_REASON_OTHER, arg);
        is_right = payload->reason != 0;
        break;
    case OPT_VOID:
        is_right = mun_arg_time(&payload->void_since_ms, arg);
        break;
    case OPT_SUBJECT:
    case ARGP_KEY_ARG:
        args->id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    if (!is_right)
        mun_cli_usage(state, "\"%s\" is not of the form that the option takes",
                      arg);
    return 0;
}

#define STANDING_OPTIONS                                                       \
    { "key",                                                                   \
      OPT_KEY,                                                                 \
      "FILE",                                                                  \
      0,                                                                       \
      "a govern key of the accreditor that granted it",                        \
      0 },                                                                     \
        { "id", OPT_ID, "ID", 0, "the accreditation", 0 },                     \
    {                                                                          \
        "reason", OPT_REASON, "R", 0, "error, superseded, withdrawn or other", \
            0                                                                  \
    }

static const struct argp_option standing[] = { STANDING_OPTIONS, { 0 } };
static const struct argp_option withdrawal[] = {
    STANDING_OPTIONS,
    { "void-since", OPT_VOID, "DATE", 0,
      "void for what was anchored from then on; more than 90 days back a key "
      "of the parent's accreditor must sign too (a second --key)",
      0 },
    { 0 },
};

struct standing_act {
    enum mun_kind kind;
    const char *done;
    const struct mun_cli_command *command;
};

static int
change_standing(struct mun_cli *cli, int argc, char **argv,
                const struct standing_act *act)
{
    struct mun_signer *signers[KEYS_MAX];
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);
    struct accredit_args args = { .cli = cli, .entry = entry };

    if (entry == NULL)
        return MUN_EXIT_FAILED;
    entry->kind = act->kind;
    mun_cli_parse(act->command, argc, argv, &args);
    if (!args.has_id || entry->as.standing.reason == 0)
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "--id and --reason are needed; see --help");
    int code = open_keys(cli, &args, signers);
    if (code != MUN_EXIT_DONE)
        return code;
    return mun_submit_one(cli, act->done, entry, signers, args.key_count);
}

int
mun_cmd_accreditation_suspend(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        standing, parse_standing, "",
        "Suspends an accreditation: nothing can be anchored under it until it "
        "is reinstated; earlier awards stay.\vExample:\n"
        "  muniment accreditation suspend --key agency.key --id 77ab… \\\n"
        "    --reason other"
    };
    static const struct standing_act act = { MUN_KIND_SUSPEND, "suspended",
                                             &command };
    return change_standing(cli, argc, argv, &act);
}

int
mun_cmd_accreditation_reinstate(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        standing, parse_standing, "",
        "Ends a suspension.\vExample:\n"
        "  muniment accreditation reinstate --key agency.key --id 77ab… \\\n"
        "    --reason other"
    };
    static const struct standing_act act = { MUN_KIND_REINSTATE, "reinstated",
                                             &command };
    return change_standing(cli, argc, argv, &act);
}

int
mun_cmd_accreditation_withdraw(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        withdrawal, parse_standing, "",
        "Withdraws an accreditation: from now on, or void from a "
        "date.\vExamples:\n"
        "  muniment accreditation withdraw --key agency.key --id 77ab… \\\n"
        "    --reason withdrawn\n"
        "  muniment accreditation withdraw --key agency.key --id 77ab… \\\n"
        "    --reason error --void-since 2026-09-01"
    };
    static const struct standing_act act = { MUN_KIND_WITHDRAW, "withdrawn",
                                             &command };
    return change_standing(cli, argc, argv, &act);
}

int
mun_cmd_accreditation_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_standing, "ID",
        "Shows an accreditation.\vExample:\n"
        "  muniment accreditation show 77ab…"
    };
    struct accredit_args args = { .cli = cli };

    mun_cli_parse(&command, argc, argv, &args);
    return mun_show_one(cli, "/v1/accreditations/", args.id);
}

static void
say_accreditation(struct mun_cli *cli, const struct mun_json *item)
{
    mun_cli_say(cli, "%s  %s  %s  until %s", mun_item_text(cli, item, "id"),
                mun_item_text(cli, item, "status"),
                mun_item_text(cli, item, "tier"),
                mun_item_text(cli, item, "until"));
}

int
mun_cmd_accreditation_list(struct mun_cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "subject", OPT_SUBJECT, "ID", 0, "the accredited party", 0 },
        { 0 },
    };
    static const struct mun_cli_command command = {
        options, parse_standing, "",
        "Lists the accreditations of a party.\vExample:\n"
        "  muniment accreditation list --subject 5f2c…"
    };
    struct accredit_args args = { .cli = cli };
    struct mun_hash subject;
    char query[128];

    mun_cli_parse(&command, argc, argv, &args);
    if (args.id == NULL || !mun_arg_hash(&subject, args.id))
        return mun_cli_fail(cli, MUN_EXIT_USAGE, "--subject ID is needed");
    (void)snprintf(query, sizeof query, "&subject=%s", args.id);
    return mun_walk_list(cli, "/v1/accreditations", query, say_accreditation);
}
