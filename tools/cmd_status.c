#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/encode.h"
#include "ledger/core/text.h"
#include "ledger/json/forms.h"
#include "tools/commands.h"
#include "tools/csv.h"
#include "tools/keys.h"
#include "tools/receipt_fetch.h"
#include "tools/submit.h"
#include "tools/walk.h"

/* Changes of status: which slots, what each is now, and as few entries as hold
 * them. */

#define FILE_BYTES_MAX (64u << 20)
#define LABEL_MAX 32
/* Of the changes of one entry: what its head, 16 keys and signatures leave. */
#define CHANGES_BYTES_MAX (MUN_ENTRY_BYTES_MAX - 2048)
#define CHANGE_BYTES 14

enum {
    OPT_KEY = 0x200,
    OPT_RECEIPT,
    OPT_LIST,
    OPT_SLOTS,
    OPT_REASON,
    OPT_UNTIL,
    OPT_BY,
    OPT_DRY_RUN,
};

struct status_args {
    struct mun_cli *cli;
    enum mun_action action;
    const char *keys[MUN_SIGNERS_MAX];
    size_t key_count;
    const char **receipts; /* as many as there are arguments */
    size_t receipt_count;
    const char *label;
    const char *slots;
    uint8_t reason;
    uint64_t until_ms;
    struct mun_hash by;
    bool has_by;
    bool is_dry_run;
};

/* One slot that is to be changed. */
struct target {
    char label[LABEL_MAX + 1];
    uint32_t index;
    uint64_t since;     /* of its record now, 0 without one */
    const char *status; /* now, in a word */
};

struct targets {
    size_t count;
    struct target *at;
};

static void
check_args(const struct status_args *args, const struct argp_state *state)
{
    bool has_list = args->label != NULL || args->slots != NULL;

    if (args->key_count == 0)
        mun_cli_usage(state, "--key is missing");
    if (has_list == (args->receipt_count > 0))
        mun_cli_usage(state, "either --receipt FILE ... or --list with "
                             "--slots");
    if (has_list && (args->label == NULL || args->slots == NULL))
        mun_cli_usage(state, "--list and --slots go together");
    if (has_list &&
        !mun_is_ok(mun_label_check(mun_bytes_str(args->label), LABEL_MAX)))
        mun_cli_usage(state, "--list is not a label");
    if (args->reason == 0)
        mun_cli_usage(state, "--reason is missing");
    if (args->action == MUN_ACTION_EXTEND && args->until_ms == 0)
        mun_cli_usage(state, "--until is missing");
    if (args->action != MUN_ACTION_EXTEND && args->until_ms != 0)
        mun_cli_usage(state, "--until belongs to extend");
    if (args->action == MUN_ACTION_SUPERSEDE && !args->has_by)
        mun_cli_usage(state, "--by is missing");
    if (args->action != MUN_ACTION_SUPERSEDE && args->has_by)
        mun_cli_usage(state, "--by belongs to supersede");
}

static error_t
parse_detail(int key, char *arg, struct status_args *args,
             const struct argp_state *state)
{
    switch (key) {
    case OPT_REASON:
        args->reason = mun_word_find(mun_word_reason, MUN_REASON_OTHER, arg);
        if (args->reason == 0)
            mun_cli_usage(state, "--reason is error, superseded, withdrawn or "
                                 "other");
        return 0;
    case OPT_UNTIL:
        if (!mun_arg_time(&args->until_ms, arg) || args->until_ms == 0)
            mun_cli_usage(state, "--until is not a date or time");
        return 0;
    case OPT_BY:
        args->has_by =
            mun_arg_hash(&args->by, arg) && !mun_hash_is_zero(&args->by);
        if (!args->has_by)
            mun_cli_usage(state, "--by is not a digest of 64 hex digits");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t
parse_status(int key, char *arg, struct argp_state *state)
{
    struct status_args *args = state->input;
    switch (key) {
    case OPT_KEY:
        mun_cli_add_key(state, args->keys, &args->key_count, MUN_SIGNERS_MAX,
                        arg);
        return 0;
    case OPT_RECEIPT:
        args->receipts[args->receipt_count++] = arg;
        return 0;
    case ARGP_KEY_ARG: /* --receipt *.receipt.json gives more of them */
        if (args->receipt_count == 0)
            mun_cli_usage(state, "what is \"%s\"?", arg);
        args->receipts[args->receipt_count++] = arg;
        return 0;
    case OPT_LIST:
        args->label = arg;
        return 0;
    case OPT_SLOTS:
        args->slots = arg;
        return 0;
    case OPT_DRY_RUN:
        args->is_dry_run = true;
        return 0;
    case ARGP_KEY_END:
        check_args(args, state);
        return 0;
    default:
        return parse_detail(key, arg, args, state);
    }
}

/* Which slots */

/* The slot that a receipt is about: from the anchor inside. */
static mun_err_t
target_of_receipt(struct target *out, struct mun_cli *cli, const char *path,
                  const struct mun_hash *issuer)
{
    struct mun_receipt_read *read = mun_arena_alloc(&cli->arena, sizeof *read);

    if (read == NULL)
        return mun_err(MUN_ERR_MEMORY);
    MUN_TRY(mun_receipt_load(read, cli, path));
    const struct mun_anchor *anchor = &read->entry.as.anchor;
    uint32_t position = read->receipt.position;
    const char *why = NULL;
    if (!mun_hash_eq(&read->entry.actor, issuer))
        why = "another issuer's: the key cannot change it";
    else if (position >= anchor->count)
        why = "damaged: its position is outside its batch";
    else if (read->has_opening &&
             (read->opening.slot != anchor->base + position ||
              !mun_bytes_eq(read->opening.label, anchor->label)))
        why = "damaged: its opening names another slot than its anchor";
    if (why != NULL) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s is %s", path, why);
        return mun_err(MUN_ERR_VALUE);
    }
    memcpy(out->label, anchor->label.data, anchor->label.len);
    out->index = anchor->base + position;
    return MUN_SUCCESS;
}

static mun_err_t
targets_of_receipts(struct targets *out, const struct status_args *args,
                    const struct mun_hash *issuer)
{
    struct mun_arena *arena = &args->cli->arena;

    out->at = mun_arena_array(arena, args->receipt_count, sizeof *out->at);
    if (out->at == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (size_t i = 0; i < args->receipt_count; i++) {
        size_t mark = mun_arena_mark(arena);
        MUN_TRY(target_of_receipt(&out->at[i], args->cli, args->receipts[i],
                                  issuer));
        mun_arena_reset(arena, mark);
    }
    out->count = args->receipt_count;
    return MUN_SUCCESS;
}

/* Slots from the column "slot" of a table, or one a line. A first line that is
 * a number has no header before it. */
static mun_err_t
targets_of_file(struct targets *out, const struct status_args *args)
{
    static const char header[] = "slot\n";
    struct mun_cli *cli = args->cli;
    struct mun_csv_err why;
    struct mun_bytes text;
    struct mun_csv csv;

    mun_err_t err =
        mun_file_read(&text, &cli->arena, args->slots, FILE_BYTES_MAX);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", args->slots,
                           mun_err_text(err));
        return err;
    }
    bool is_bare = text.len > 0 && text.data[0] >= '0' && text.data[0] <= '9';
    if (is_bare) {
        size_t len = sizeof header - 1;
        uint8_t *copy = mun_arena_alloc(&cli->arena, len + text.len);
        if (copy == NULL)
            return mun_err(MUN_ERR_MEMORY);
        memcpy(copy, header, len);
        memcpy(copy + len, text.data, text.len);
        text = mun_bytes(copy, len + text.len);
    }
    err = mun_csv_parse(&csv, &why, &cli->arena, text);
    size_t column = mun_csv_column(&csv, mun_bytes_str("slot"));
    if (!mun_is_ok(err) || column == SIZE_MAX) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s:%u:%u: %s", args->slots,
                           (unsigned)(why.line - (is_bare && why.line > 0)),
                           (unsigned)why.column,
                           mun_is_ok(err) ? "no column \"slot\"" : why.text);
        return mun_err(MUN_ERR_VALUE);
    }
    out->at = mun_arena_array(&cli->arena, csv.row_count, sizeof *out->at);
    if (out->at == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (size_t i = 0; i < csv.row_count; i++) {
        uint64_t slot = 0;
        if (!mun_is_ok(mun_decimal_decode(&slot, MUN_LIST_SLOTS_MAX - 1,
                                          mun_csv_field(&csv, i, column)))) {
            (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s:%u: not a slot",
                               args->slots, (unsigned)(csv.lines[i] - is_bare));
            return mun_err(MUN_ERR_VALUE);
        }
        (void)snprintf(out->at[i].label, sizeof out->at[i].label, "%s",
                       args->label);
        out->at[i].index = (uint32_t)slot;
    }
    out->count = csv.row_count;
    return MUN_SUCCESS;
}

static int
by_slot(const void *a, const void *b)
{
    const struct target *left = a;
    const struct target *right = b;
    int order = strcmp(left->label, right->label);
    if (order != 0)
        return order;
    return (left->index > right->index) - (left->index < right->index);
}

/* By list and slot, each once. */
static void
sort_targets(struct targets *targets)
{
    size_t used = 0;

    if (targets->count == 0)
        return;
    qsort(targets->at, targets->count, sizeof *targets->at, by_slot);
    for (size_t i = 0; i < targets->count; i++) {
        if (i == 0 || by_slot(&targets->at[used - 1], &targets->at[i]) != 0)
            targets->at[used++] = targets->at[i];
    }
    targets->count = used;
}

/* What they are now */

static int
ask_slot(struct mun_cli *cli, struct target *target, const char *issuer)
{
    char path[256];
    int code = MUN_EXIT_FAILED;

    (void)snprintf(path, sizeof path, "/v1/lists/%s/%s/%u", issuer,
                   target->label, (unsigned)target->index);
    struct mun_json *doc = mun_client_json(cli, path, &code);
    if (doc == NULL)
        return code;
    struct mun_bytes word = mun_json_string(mun_json_get(doc, "status"));
    bool is_read =
        word.data != NULL &&
        mun_json_u64(&target->since, mun_json_get(doc, "since_height"));
    uint8_t status =
        is_read ? mun_word_find(mun_word_slot_status, MUN_SLOT_SUPERSEDED,
                                (const char *)word.data)
                : 0;
    target->status = mun_word_slot_status(status);
    mun_json_close(doc);
    return status != 0 ? MUN_EXIT_DONE
                       : mun_cli_fail(cli, MUN_EXIT_FAILED,
                                      "%s: not the answer of a node", path);
}

static int
ask_slots(struct mun_cli *cli, struct targets *targets,
          const struct mun_hash *issuer)
{
    const char *name = mun_cli_hash(cli, issuer);

    for (size_t i = 0; i < targets->count; i++) {
        size_t mark = mun_arena_mark(&cli->arena);
        int code = ask_slot(cli, &targets->at[i], name);
        if (code != MUN_EXIT_DONE)
            return code;
        mun_arena_reset(&cli->arena, mark);
        mun_cli_progress(cli, "slots", i + 1, targets->count);
    }
    return MUN_EXIT_DONE;
}

/* What a slot becomes; NULL where the ledger will refuse (section 9). */
static const char *
becomes(enum mun_action action, const char *status)
{
    bool is_good = strcmp(status, "good") == 0;
    bool is_suspended = strcmp(status, "suspended") == 0;

    switch (action) {
    case MUN_ACTION_REVOKE:
        return strcmp(status, "revoked") == 0 ? NULL : "revoked";
    case MUN_ACTION_SUSPEND:
        return is_good ? "suspended" : NULL;
    case MUN_ACTION_REINSTATE:
        return is_suspended ? "good" : NULL;
    case MUN_ACTION_SUPERSEDE:
        return is_good || is_suspended ? "superseded" : NULL;
    case MUN_ACTION_EXTEND:
        return is_good ? "good" : NULL;
    }
    return NULL;
}

static int
say_plan(struct mun_cli *cli, enum mun_action action,
         const struct targets *targets)
{
    struct mun_json_wr wr;

    mun_json_wr_init(&wr, 1u << 30, true);
    mun_json_wr_begin_array(&wr);
    for (size_t i = 0; i < targets->count; i++) {
        const struct target *target = &targets->at[i];
        const char *after = becomes(action, target->status);
        mun_cli_say(cli, "%s %u: %s -> %s", target->label,
                    (unsigned)target->index, target->status,
                    after != NULL ? after : "(the ledger would refuse)");
        mun_json_wr_begin_object(&wr);
        mun_json_wr_key(&wr, "list");
        mun_json_wr_string(&wr, target->label);
        mun_json_wr_key(&wr, "slot");
        mun_json_wr_u64(&wr, target->index);
        mun_json_wr_key(&wr, "now");
        mun_json_wr_string(&wr, target->status);
        mun_json_wr_key(&wr, "then");
        if (after != NULL)
            mun_json_wr_string(&wr, after);
        else
            mun_json_wr_null(&wr);
        mun_json_wr_end_object(&wr);
    }
    mun_json_wr_end_array(&wr);
    mun_cli_say(cli, "nothing was changed (--dry-run)");
    return mun_cli_print(cli, &wr);
}

/* Sending */

struct sending {
    const struct status_args *args;
    struct mun_chain_head head;
    struct mun_hash issuer;
    struct mun_signer *signers[MUN_SIGNERS_MAX];
    struct mun_signed_entry *entries;
    size_t entry_count;
};

/* How many changes fit into one entry. */
static size_t
changes_max(enum mun_action action)
{
    size_t bytes = CHANGE_BYTES;

    if (action == MUN_ACTION_SUPERSEDE)
        bytes += sizeof(struct mun_hash);
    if (action == MUN_ACTION_EXTEND)
        bytes += sizeof(uint64_t);
    size_t count = CHANGES_BYTES_MAX / bytes;
    return count < MUN_CHANGES_MAX ? count : MUN_CHANGES_MAX;
}

/* How many of the targets from `first` on, `max` at most, go into one entry. */
static size_t
run_length(const struct targets *targets, size_t first, size_t max)
{
    size_t count = 1;
    while (first + count < targets->count && count < max &&
           strcmp(targets->at[first].label, targets->at[first + count].label) ==
               0)
        count++;
    return count;
}

static mun_err_t
make_entry(struct sending *sending, const struct target *targets, size_t count)
{
    const struct status_args *args = sending->args;
    struct mun_arena *arena = &args->cli->arena;
    struct mun_entry *entry = mun_arena_alloc(arena, sizeof *entry);
    uint8_t *buffer = mun_arena_alloc(arena, CHANGES_BYTES_MAX);
    struct mun_wr wr;

    if (entry == NULL || buffer == NULL)
        return mun_err(MUN_ERR_MEMORY);
    mun_wr_init(&wr, buffer, CHANGES_BYTES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct mun_change change = { .index = targets[i].index,
                                     .action = (uint8_t)args->action,
                                     .reason = args->reason,
                                     .if_since = targets[i].since,
                                     .superseded_by = args->by,
                                     .extended_until_ms = args->until_ms };
        mun_change_encode(&wr, &change);
    }
    MUN_TRY(mun_wr_status(&wr));
    entry->kind = MUN_KIND_CHANGE_STATUS;
    entry->actor = sending->issuer;
    entry->as.change_status.label = mun_bytes_str(targets[0].label);
    entry->as.change_status.count = (uint16_t)count;
    entry->as.change_status.changes = mun_wr_done(&wr);
    return mun_entry_sign(&sending->entries[sending->entry_count++], args->cli,
                          &sending->head, entry, sending->signers,
                          args->key_count);
}

static int
report(struct mun_cli *cli, const struct sending *sending,
       const uint64_t *heights, size_t count)
{
    struct mun_json_wr wr;

    mun_cli_say(cli, "%s: %zu slot%s",
                mun_word_action((uint8_t)sending->args->action), count,
                count == 1 ? "" : "s");
    mun_json_wr_init(&wr, 1u << 20, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "changed");
    mun_json_wr_u64(&wr, count);
    mun_json_wr_key(&wr, "entries");
    mun_json_wr_begin_array(&wr);
    for (size_t i = 0; i < sending->entry_count; i++) {
        const struct mun_hash *id = &sending->entries[i].id;
        mun_cli_say(cli, "  entry  %s\n  height %llu", mun_cli_hash(cli, id),
                    (unsigned long long)heights[i]);
        mun_json_wr_begin_object(&wr);
        mun_json_wr_key(&wr, "entry");
        mun_json_wr_hex(&wr, mun_bytes(id->b, sizeof id->b));
        mun_json_wr_key(&wr, "height");
        mun_json_wr_u64(&wr, heights[i]);
        mun_json_wr_end_object(&wr);
    }
    mun_json_wr_end_array(&wr);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

static int
send_all(struct sending *sending, const struct targets *targets)
{
    const struct status_args *args = sending->args;
    struct mun_cli *cli = args->cli;
    int code = MUN_EXIT_FAILED;

    for (size_t i = 0; i < args->key_count; i++) {
        if (!mun_is_ok(mun_key_open(&sending->signers[i], cli, args->keys[i])))
            return MUN_EXIT_FAILED;
    }
    if (!mun_is_ok(mun_head_get(&sending->head, cli, &code)))
        return code;
    /* Never more than one entry a slot. */
    sending->entries =
        mun_arena_array(&cli->arena, targets->count, sizeof *sending->entries);
    uint64_t *heights =
        mun_arena_array(&cli->arena, targets->count, sizeof *heights);
    if (sending->entries == NULL || heights == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    for (size_t at = 0; at < targets->count;) {
        size_t count = run_length(targets, at, changes_max(args->action));
        mun_err_t err = make_entry(sending, &targets->at[at], count);
        if (!mun_is_ok(err))
            return mun_cli_fail(cli, MUN_EXIT_FAILED,
                                "cannot make the entry: %s", mun_err_text(err));
        at += count;
    }
    code = mun_submit(cli, sending->entries, sending->entry_count, heights);
    return code == MUN_EXIT_DONE ? report(cli, sending, heights, targets->count)
                                 : code;
}

static const struct argp_option options[] = {
    { "key", OPT_KEY, "FILE", 0, "a key of the issuer with purpose status", 0 },
    { "receipt", OPT_RECEIPT, "FILE", 0,
      "a receipt of what is to change; more may follow", 0 },
    { "list", OPT_LIST, "LABEL", 0, "the status list", 0 },
    { "slots", OPT_SLOTS, "FILE", 0,
      "slots, one a line, or a CSV with a column \"slot\"", 0 },
    { "reason", OPT_REASON, "REASON", 0,
      "error, superseded, withdrawn or other (public)", 0 },
    { "until", OPT_UNTIL, "DATE", 0, "extend: the new end", 0 },
    { "by", OPT_BY, "DIGEST", 0, "supersede: salted digest of what replaces it",
      0 },
    { "dry-run", OPT_DRY_RUN, NULL, 0, "show what would change, send nothing",
      0 },
    { 0 },
};

/* What the help of each action ends with, but for the example. */
#define NOTE                                                                   \
    "\v"                                                                       \
    "Each change names the state it was decided on, so that two desks "        \
    "cannot undo one another unseen: when a slot was changed meanwhile, the "  \
    "ledger refuses with STATUS_CONFLICT. Up to 4,096 slots (extend 2,885, "   \
    "supersede 1,380) go into one entry, which applies whole or not at "       \
    "all.\n\nExample:\n"

static int
change(struct mun_cli *cli, int argc, char **argv, enum mun_action action,
       const char *doc)
{
    const struct mun_cli_command command = { options, parse_status, "[FILE...]",
                                             doc };
    struct status_args args = { .cli = cli, .action = action };
    struct targets targets = { 0 };
    struct mun_key_file key;

    args.receipts =
        mun_arena_array(&cli->arena, (size_t)argc, sizeof *args.receipts);
    struct sending *sending = mun_arena_alloc(&cli->arena, sizeof *sending);
    if (args.receipts == NULL || sending == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    mun_cli_parse(&command, argc, argv, &args);
    sending->args = &args;
    if (!mun_is_ok(mun_key_load(&key, cli, args.keys[0])))
        return MUN_EXIT_FAILED;
    int code = mun_party_of_key(&sending->issuer, cli, &key.key);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_err_t err = args.receipt_count > 0
                        ? targets_of_receipts(&targets, &args, &sending->issuer)
                        : targets_of_file(&targets, &args);
    if (!mun_is_ok(err))
        return MUN_EXIT_FAILED;
    if (targets.count == 0)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s names no slot",
                            args.slots);
    sort_targets(&targets);
    code = ask_slots(cli, &targets, &sending->issuer);
    if (code != MUN_EXIT_DONE)
        return code;
    return args.is_dry_run ? say_plan(cli, action, &targets)
                           : send_all(sending, &targets);
}

int
mun_cmd_status_revoke(struct mun_cli *cli, int argc, char **argv)
{
    static const char doc[] =
        "Revokes credentials, for good." NOTE
        "  muniment status revoke --key registrar.key --reason error \\\n"
        "    --receipt diplomas/7.receipt.json diplomas/9.receipt.json";

    return change(cli, argc, argv, MUN_ACTION_REVOKE, doc);
}

int
mun_cmd_status_suspend(struct mun_cli *cli, int argc, char **argv)
{
    static const char doc[] =
        "Suspends credentials until they are reinstated or revoked." NOTE
        "  muniment status suspend --key registrar.key --reason other \\\n"
        "    --receipt diplomas/7.receipt.json";

    return change(cli, argc, argv, MUN_ACTION_SUSPEND, doc);
}

int
mun_cmd_status_reinstate(struct mun_cli *cli, int argc, char **argv)
{
    static const char doc[] =
        "Ends the suspension of credentials." NOTE
        "  muniment status reinstate --key registrar.key --reason other \\\n"
        "    --receipt diplomas/7.receipt.json";

    return change(cli, argc, argv, MUN_ACTION_REINSTATE, doc);
}

int
mun_cmd_status_supersede(struct mun_cli *cli, int argc, char **argv)
{
    static const char doc[] =
        "Marks credentials as replaced by others." NOTE
        "  muniment status supersede --key registrar.key \\\n"
        "    --reason superseded --by 5e1d… \\\n"
        "    --receipt diplomas/7.receipt.json";

    return change(cli, argc, argv, MUN_ACTION_SUPERSEDE, doc);
}

int
mun_cmd_status_extend(struct mun_cli *cli, int argc, char **argv)
{
    static const char doc[] =
        "Extends the validity of credentials." NOTE
        "  muniment status extend --key registrar.key --reason other \\\n"
        "    --list 2026 --slots slots.txt --until 2031-12-31";

    return change(cli, argc, argv, MUN_ACTION_EXTEND, doc);
}
