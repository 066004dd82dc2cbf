#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/core/text.h"
#include "tools/anchor_source.h"
#include "tools/commands.h"
#include "tools/keys.h"
#include "tools/receipt_fetch.h"
#include "tools/submit.h"
#include "tools/walk.h"

#define PATH_SIZE 4096
#define LABEL_MAX 32
#define BASE_OPEN UINT64_MAX

enum {
    OPT_KEY = 0x200,
    OPT_PROGRAMME,
    OPT_LIST,
    OPT_BASE,
    OPT_ACCREDITATION,
    OPT_CSV,
    OPT_TEMPLATE,
    OPT_FOLDER,
    OPT_OUT,
    OPT_SEALED,
    OPT_STATUS_URL,
    OPT_TRUST_ROOT,
    OPT_UNCHECKED,
};

struct anchor_args {
    struct mun_cli *cli;
    const char *keys[MUN_SIGNERS_MAX];
    size_t key_count;
    struct mun_hash programme;
    const char *label;
    uint64_t base;
    struct mun_hash accreditations[MUN_ANCHOR_ACCREDITATIONS_MAX];
    uint8_t accreditation_count;
    const char *csv;
    const char *template;
    const char *folder;
    const char *out;
    const char *status_url;
    const char *trust_root;
    bool is_sealed;
    bool has_unchecked_claims;
    bool has_programme;
};

/* What the work needs beside the batch. */
struct anchor_run {
    struct mun_cli *cli;
    const struct anchor_args *args;
    struct mun_chain_head head;
    struct mun_signer *signers[MUN_SIGNERS_MAX];
    struct mun_batch_file batch;
    struct mun_titles titles; /* of a new batch */
    char batch_path[PATH_SIZE];
    struct mun_hash *commitments;
    bool is_resumed;
};

static void
add_accreditation(struct anchor_args *args, const char *text,
                  const struct argp_state *state)
{
    struct mun_hash id;
    uint8_t at = args->accreditation_count;

    if (!mun_arg_hash(&id, text))
        mun_cli_usage(state, "--accreditation is not 64 hex digits");
    if (at == MUN_ANCHOR_ACCREDITATIONS_MAX)
        mun_cli_usage(state, "at most %d times --accreditation",
                      MUN_ANCHOR_ACCREDITATIONS_MAX);
    while (at > 0 && mun_hash_cmp(&args->accreditations[at - 1], &id) > 0) {
        args->accreditations[at] = args->accreditations[at - 1];
        at--;
    }
    args->accreditations[at] = id;
    args->accreditation_count++;
}

static void
check_args(const struct anchor_args *args, const struct argp_state *state)
{
    if (args->key_count == 0)
        mun_cli_usage(state, "--key is missing");
    if (!args->has_programme)
        mun_cli_usage(state, "--programme is missing");
    if (args->label == NULL ||
        !mun_is_ok(mun_label_check(mun_bytes_str(args->label), LABEL_MAX)))
        mun_cli_usage(state, "--list is missing or not a label of letters, "
                             "digits, '.', '_' and '-'");
    if (args->accreditation_count == 0)
        mun_cli_usage(state, "--accreditation is missing");
    if (args->out == NULL)
        mun_cli_usage(state, "--out is missing");
    if ((args->csv == NULL) == (args->folder == NULL))
        mun_cli_usage(state, "either --csv or --folder");
    if ((args->csv == NULL) != (args->template == NULL))
        mun_cli_usage(state, "--csv and --template go together");
}

static error_t
parse_input(int key, const char *arg, struct anchor_args *args)
{
    switch (key) {
    case OPT_CSV:
        args->csv = arg;
        return 0;
    case OPT_TEMPLATE:
        args->template = arg;
        return 0;
    case OPT_FOLDER:
        args->folder = arg;
        return 0;
    case OPT_OUT:
        args->out = arg;
        return 0;
    case OPT_SEALED:
        args->is_sealed = true;
        return 0;
    case OPT_STATUS_URL:
        args->status_url = arg;
        return 0;
    case OPT_TRUST_ROOT:
        args->trust_root = arg;
        return 0;
    case OPT_UNCHECKED:
        args->has_unchecked_claims = true;
        return 0;
    case OPT_LIST:
        args->label = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t
parse_anchor(int key, char *arg, struct argp_state *state)
{
    struct anchor_args *args = state->input;
    switch (key) {
    case OPT_KEY:
        mun_cli_add_key(state, args->keys, &args->key_count, MUN_SIGNERS_MAX,
                        arg);
        return 0;
    case OPT_PROGRAMME:
        args->has_programme = mun_arg_hash(&args->programme, arg);
        if (!args->has_programme)
            mun_cli_usage(state, "--programme is not 64 hex digits");
        return 0;
    case OPT_ACCREDITATION:
        add_accreditation(args, arg, state);
        return 0;
    case OPT_BASE:
        if (!mun_arg_u64(&args->base, MUN_LIST_SLOTS_MAX - 1, arg))
            mun_cli_usage(state, "--base is not a slot");
        return 0;
    case ARGP_KEY_ARG:
        mun_cli_usage(state, "what is \"%s\"?", arg);
    case ARGP_KEY_END:
        check_args(args, state);
        return 0;
    default:
        return parse_input(key, arg, args);
    }
}

/* Making a new batch */

static int
open_keys(struct anchor_run *run)
{
    for (size_t i = 0; i < run->args->key_count; i++) {
        if (run->signers[i] == NULL &&
            !mun_is_ok(
                mun_key_open(&run->signers[i], run->cli, run->args->keys[i])))
            return MUN_EXIT_FAILED;
    }
    return MUN_EXIT_DONE;
}

/* The titles of a programme as a node shows it; false when it has none. */
static bool
read_titles(struct mun_titles *out, struct mun_cli *cli,
            const struct mun_json *programme)
{
    const struct mun_json *titles =
        mun_json_get(mun_json_get(programme, "description"), "titles");
    size_t count = mun_json_size(titles);

    if (count == 0 || count > MUN_TITLES_MAX)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct mun_bytes text =
            mun_json_string(mun_json_get(mun_json_at(titles, i), "title"));
        uint8_t *copy = mun_arena_alloc(&cli->arena, text.len + 1);

        if (text.len == 0 || copy == NULL)
            return false;
        memcpy(copy, text.data, text.len);
        out->at[i] = mun_bytes(copy, text.len);
    }
    out->count = (uint8_t)count;
    return true;
}

/* The programme's newest version and its titles. */
static int
ask_version(struct anchor_run *run)
{
    struct mun_cli *cli = run->cli;
    char path[128];
    uint64_t version = 0;
    int code = MUN_EXIT_FAILED;

    (void)snprintf(path, sizeof path, "/v1/programmes/%s",
                   mun_cli_hash(cli, &run->batch.programme));
    struct mun_json *doc = mun_client_json(cli, path, &code);
    if (doc == NULL)
        return code;
    bool is_read =
        mun_json_u64(&version, mun_json_get(doc, "latest_version")) &&
        read_titles(&run->titles, cli, doc);
    mun_json_close(doc);
    if (!is_read || version == 0 || version > UINT16_MAX)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "the node's answer has no version or no title");
    run->batch.version = (uint16_t)version;
    return MUN_EXIT_DONE;
}

/* Where the batch starts: what was asked for, what the documents say, or the
 * list's count. */
static int
choose_base(struct anchor_run *run, const struct mun_source *source)
{
    struct mun_cli *cli = run->cli;
    struct mun_reply reply;
    char path[256];
    uint64_t count = 0;

    if (run->args->base != BASE_OPEN) {
        run->batch.base = (uint32_t)run->args->base;
        return MUN_EXIT_DONE;
    }
    if (mun_source_base(source, &run->batch.base))
        return MUN_EXIT_DONE;
    (void)snprintf(path, sizeof path, "/v1/lists/%s/%s",
                   mun_cli_hash(cli, &run->batch.issuer), run->args->label);
    mun_err_t err = mun_client_get(&reply, cli, path);
    if (!mun_is_ok(err))
        return err.code == MUN_ERR_NETWORK ? MUN_EXIT_UNREACHABLE
                                           : MUN_EXIT_FAILED;
    struct mun_json *doc = reply.status == 200 ? mun_reply_json(&reply) : NULL;
    bool is_read =
        reply.status == 404 || mun_json_u64(&count, mun_json_get(doc, "count"));
    mun_json_close(doc);
    if (!is_read || count > MUN_LIST_SLOTS_MAX)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                            mun_reply_problem(cli, &reply));
    run->batch.base = (uint32_t)count;
    return MUN_EXIT_DONE;
}

/* Cuts the batch into entries. */
static mun_err_t
cut_parts(struct anchor_run *run)
{
    struct mun_batch_file *batch = &run->batch;
    uint32_t step = batch->is_published ? MUN_PUBLISHED_MAX : batch->count;

    batch->part_count = (batch->count + step - 1) / step;
    batch->parts = mun_arena_array(&run->cli->arena, batch->part_count,
                                   sizeof *batch->parts);
    if (batch->parts == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (uint32_t i = 0; i < batch->part_count; i++) {
        struct mun_batch_part *part = &batch->parts[i];
        part->first = i * step;
        part->count = batch->count - part->first;
        if (part->count > step)
            part->count = step;
    }
    return MUN_SUCCESS;
}

static mun_err_t
sign_part(struct anchor_run *run, struct mun_batch_part *part,
          struct mun_entry *entry)
{
    struct mun_signed_entry made;

    MUN_TRY(mun_entry_sign(&made, run->cli, &run->head, entry, run->signers,
                           run->args->key_count));
    part->entry = made.bytes;
    part->id = made.id;
    return MUN_SUCCESS;
}

static mun_err_t
make_entries(struct anchor_run *run)
{
    const struct anchor_args *args = run->args;
    struct mun_batch_file *batch = &run->batch;
    struct mun_entry *entry = mun_arena_alloc(&run->cli->arena, sizeof *entry);

    if (entry == NULL)
        return mun_err(MUN_ERR_MEMORY);
    MUN_TRY(cut_parts(run));
    for (uint32_t i = 0; i < batch->part_count; i++) {
        struct mun_batch_part *part = &batch->parts[i];
        struct mun_anchor *anchor = &entry->as.anchor;
        memset(entry, 0, sizeof *entry);
        entry->kind = MUN_KIND_ANCHOR;
        entry->actor = batch->issuer;
        anchor->label = batch->label;
        anchor->base = batch->base + part->first;
        anchor->count = part->count;
        anchor->programme = batch->programme;
        anchor->version = batch->version;
        anchor->is_published = batch->is_published;
        anchor->accreditation_count = args->accreditation_count;
        memcpy(anchor->accreditations, args->accreditations,
               sizeof anchor->accreditations);
        mun_merkle_root32(&anchor->root, run->commitments + part->first,
                          part->count);
        MUN_TRY(sign_part(run, part, entry));
    }
    return MUN_SUCCESS;
}

static int
ask_facts(struct anchor_run *run, const struct mun_source *source)
{
    struct mun_key_file key;

    if (!mun_is_ok(mun_key_load(&key, run->cli, run->args->keys[0])))
        return MUN_EXIT_FAILED;
    int code = mun_party_of_key(&run->batch.issuer, run->cli, &key.key);
    if (code == MUN_EXIT_DONE)
        code = ask_version(run);
    if (code == MUN_EXIT_DONE)
        code = choose_base(run, source);
    if (code == MUN_EXIT_DONE &&
        source->count > MUN_LIST_SLOTS_MAX - run->batch.base)
        code = mun_cli_fail(run->cli, MUN_EXIT_FAILED,
                            "the list has only %u slots left",
                            (unsigned)(MUN_LIST_SLOTS_MAX - run->batch.base));
    return code == MUN_EXIT_DONE ? open_keys(run) : code;
}

static int
prepare(struct anchor_run *run, const struct mun_source *source)
{
    const struct anchor_args *args = run->args;
    struct mun_batch_file *batch = &run->batch;
    struct mun_cli *cli = run->cli;
    struct mun_bytes passphrase;

    *batch = (struct mun_batch_file){ .source = source->digest,
                                      .programme = args->programme,
                                      .label = mun_bytes_str(args->label),
                                      .is_published = !args->is_sealed,
                                      .count = source->count };
    int code = ask_facts(run, source);
    if (code != MUN_EXIT_DONE)
        return code;
    batch->slots =
        mun_arena_array(&cli->arena, batch->count, sizeof *batch->slots);
    if (batch->slots == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    if (!mun_is_ok(mun_source_slots(batch, cli, source, &run->titles, args->out,
                                    args->status_url)) ||
        !mun_is_ok(mun_passphrase(&passphrase, cli, false)))
        return MUN_EXIT_FAILED;
    mun_err_t err = mun_batch_seed(batch, passphrase);
    run->commitments =
        mun_is_ok(err) ? mun_batch_commitments(cli, batch) : NULL;
    if (mun_is_ok(err) && run->commitments == NULL)
        err = mun_err(MUN_ERR_MEMORY);
    if (mun_is_ok(err))
        err = make_entries(run);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "cannot make the batch: %s",
                            mun_err_text(err));
    return mun_is_ok(mun_batch_write(cli, run->batch_path, batch))
               ? MUN_EXIT_DONE
               : MUN_EXIT_FAILED;
}

/* Taking up a batch that was interrupted */

/* An entry whose time has passed without being accepted never will be: signs
 * it again, over the same leaves. */
static int
renew_part(struct anchor_run *run, struct mun_batch_part *part)
{
    struct mun_cli *cli = run->cli;
    struct mun_entry *entry = mun_arena_alloc(&cli->arena, sizeof *entry);
    struct mun_reply reply;
    char path[128];
    uint64_t now_ms = mun_cli_now_ms();

    if (entry == NULL ||
        mun_entry_decode(entry, part->entry) != MUN_REFUSAL_NONE)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    if (part->height != 0 || (entry->valid_until_ms >= now_ms &&
                              entry->valid_until_ms >= run->head.time_ms))
        return MUN_EXIT_DONE;
    (void)snprintf(path, sizeof path, "/v1/entries/%s",
                   mun_cli_hash(cli, &part->id));
    if (!mun_is_ok(mun_client_get(&reply, cli, path)))
        return MUN_EXIT_UNREACHABLE;
    if (reply.status == 200)
        return MUN_EXIT_DONE; /* sent again it gives the same answer */
    if (reply.status != 404)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                            mun_reply_problem(cli, &reply));
    int code = open_keys(run);
    if (code == MUN_EXIT_DONE && !mun_is_ok(sign_part(run, part, entry)))
        code = mun_cli_fail(cli, MUN_EXIT_FAILED, "cannot sign again");
    return code;
}

static int
take_up(struct anchor_run *run, const struct mun_source *source)
{
    struct mun_batch_file *batch = &run->batch;
    struct mun_cli *cli = run->cli;

    if (!mun_hash_eq(&batch->source, &source->digest) ||
        !mun_hash_eq(&batch->programme, &run->args->programme) ||
        !mun_bytes_eq(batch->label, mun_bytes_str(run->args->label)) ||
        batch->count != source->count)
        return mun_cli_fail(
            cli, MUN_EXIT_FAILED,
            "%s holds another batch (other learners, template, programme or "
            "list); give a new folder with --out",
            run->args->out);
    run->is_resumed = true;
    mun_cli_say(cli, "taking up the batch that %s holds", run->args->out);
    run->commitments = mun_batch_commitments(cli, batch);
    if (run->commitments == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    for (uint32_t i = 0; i < batch->part_count; i++) {
        int code = renew_part(run, &batch->parts[i]);
        if (code != MUN_EXIT_DONE)
            return code;
    }
    return mun_is_ok(mun_batch_write(cli, run->batch_path, batch))
               ? MUN_EXIT_DONE
               : MUN_EXIT_FAILED;
}

/* Sending */

static int
send_parts(struct anchor_run *run)
{
    struct mun_batch_file *batch = &run->batch;
    struct mun_arena *arena = &run->cli->arena;
    struct mun_signed_entry *entries =
        mun_arena_array(arena, batch->part_count, sizeof *entries);
    uint64_t *heights =
        mun_arena_array(arena, batch->part_count, sizeof *heights);

    if (entries == NULL || heights == NULL)
        return mun_cli_fail(run->cli, MUN_EXIT_FAILED, "out of memory");
    for (uint32_t i = 0; i < batch->part_count; i++) {
        const struct mun_batch_part *part = &batch->parts[i];
        entries[i].bytes = part->entry;
        entries[i].id = part->id;
        if (batch->is_published) {
            entries[i].leaves = run->commitments + part->first;
            entries[i].leaf_count = part->count;
        }
    }
    int code = mun_submit(run->cli, entries, batch->part_count, heights);
    if (code != MUN_EXIT_DONE)
        return code;
    for (uint32_t i = 0; i < batch->part_count; i++)
        batch->parts[i].height = heights[i];
    return mun_is_ok(mun_batch_write(run->cli, run->batch_path, batch))
               ? MUN_EXIT_DONE
               : MUN_EXIT_FAILED;
}

/* Receipts */

static void
receipt_path(char *out, size_t size, const struct anchor_run *run,
             uint32_t index)
{
    if (run->args->folder != NULL)
        (void)snprintf(out, size, "%s/%s.receipt.json", run->args->out,
                       run->batch.slots[index].file);
    else
        (void)snprintf(out, size, "%s/%u.receipt.json", run->args->out,
                       (unsigned)(run->batch.base + index));
}

static int
fetch_one(struct anchor_run *run, struct mun_receipt_ask *ask, uint32_t index)
{
    uint8_t buffer[MUN_OPENING_BYTES_MAX];
    struct mun_receipt_got got;
    struct mun_opening opening;
    char path[PATH_SIZE];
    struct mun_wr wr;

    receipt_path(path, sizeof path, run, index);
    if (run->is_resumed && access(path, F_OK) == 0)
        return MUN_EXIT_DONE;
    mun_batch_opening(&opening, &run->batch, index);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_opening_encode(&wr, &opening);
    ask->opening = mun_wr_done(&wr);
    int code = mun_receipt_fetch(&got, run->cli, ask);
    if (code != MUN_EXIT_DONE)
        return code;
    return mun_is_ok(mun_receipt_save(run->cli, path, ask->opening, &got))
               ? MUN_EXIT_DONE
               : MUN_EXIT_FAILED;
}

static int
fetch_part(struct anchor_run *run, const struct mun_batch_part *part,
           const struct mun_trust_root *root)
{
    struct mun_cli *cli = run->cli;
    struct mun_hash path[MUN_MERKLE_PATH_MAX];
    struct mun_batch_tree tree;
    struct mun_receipt_ask ask = { .entry = part->id,
                                   .root = root,
                                   .chain_id = run->head.chain_id,
                                   .batch_path = path };

    if (!run->batch.is_published &&
        !mun_is_ok(mun_batch_tree_make(
            &tree, &cli->arena, run->commitments + part->first, part->count)))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    for (uint32_t i = 0; i < part->count; i++) {
        size_t mark = mun_arena_mark(&cli->arena);
        ask.position = i;
        if (!run->batch.is_published &&
            !mun_is_ok(
                mun_batch_tree_path(path, &ask.batch_path_len, &tree, i)))
            return mun_cli_fail(cli, MUN_EXIT_FAILED, "cannot make a path");
        int code = fetch_one(run, &ask, part->first + i);
        if (code != MUN_EXIT_DONE)
            return code;
        mun_arena_reset(&cli->arena, mark);
        mun_cli_progress(cli, "receipts", part->first + i + 1,
                         run->batch.count);
    }
    return MUN_EXIT_DONE;
}

static int
report(struct anchor_run *run, uint64_t started_ms)
{
    const struct mun_batch_file *batch = &run->batch;
    struct mun_cli *cli = run->cli;
    struct mun_json_wr wr;

    mun_cli_say(cli, "anchored %u credential%s in list %s, slots %u to %u",
                (unsigned)batch->count, batch->count == 1 ? "" : "s",
                run->args->label, (unsigned)batch->base,
                (unsigned)(batch->base + batch->count - 1));
    mun_json_wr_init(&wr, 1u << 20, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "list");
    mun_json_wr_string(&wr, run->args->label);
    mun_json_wr_key(&wr, "base");
    mun_json_wr_u64(&wr, batch->base);
    mun_json_wr_key(&wr, "count");
    mun_json_wr_u64(&wr, batch->count);
    mun_json_wr_key(&wr, "entries");
    mun_json_wr_begin_array(&wr);
    for (uint32_t i = 0; i < batch->part_count; i++) {
        const struct mun_batch_part *part = &batch->parts[i];
        mun_cli_say(cli, "  entry  %s\n  height %llu",
                    mun_cli_hash(cli, &part->id),
                    (unsigned long long)part->height);
        mun_json_wr_begin_object(&wr);
        mun_json_wr_key(&wr, "entry");
        mun_json_wr_hex(&wr, mun_bytes(part->id.b, sizeof part->id.b));
        mun_json_wr_key(&wr, "height");
        mun_json_wr_u64(&wr, part->height);
        mun_json_wr_end_object(&wr);
    }
    mun_json_wr_end_array(&wr);
    mun_json_wr_end_object(&wr);
    uint64_t ms = mun_cli_now_ms() - started_ms;
    mun_cli_say(cli,
                "receipts are in %s, each checked (%llu.%03llu s)\n"
                "keep %s: with it receipts can be made again",
                run->args->out, (unsigned long long)(ms / 1000),
                (unsigned long long)(ms % 1000), run->batch_path);
    return mun_cli_print(cli, &wr);
}

/* After the message of what went wrong. */
static void
say_how_to_go_on(const struct anchor_run *run, int code)
{
    if (run->cli->is_json)
        return;
    if (code == MUN_EXIT_REFUSED)
        (void)fprintf(stderr,
                      "Nothing of it is anchored. The same command sends the "
                      "same entry again; to begin anew, remove %s.\n",
                      run->batch_path);
    else
        (void)fprintf(stderr, "Stopped before the end. The same command goes "
                              "on from here.\n");
}

static int
finish(struct anchor_run *run)
{
    uint64_t started_ms = mun_cli_now_ms();
    struct mun_trust_root root;
    struct mun_trust_root *used = NULL;

    if (run->args->trust_root != NULL) {
        used = &root;
        if (!mun_is_ok(
                mun_trust_root_load(&root, run->cli, run->args->trust_root)))
            return MUN_EXIT_FAILED;
    }
    int code = send_parts(run);
    for (uint32_t i = 0; i < run->batch.part_count && code == MUN_EXIT_DONE;
         i++)
        code = fetch_part(run, &run->batch.parts[i], used);
    if (code != MUN_EXIT_DONE)
        say_how_to_go_on(run, code);
    return code == MUN_EXIT_DONE ? report(run, started_ms) : code;
}

/* The folder, and what it may hold from a run before. */
static int
start(struct anchor_run *run, const struct mun_source *source)
{
    struct mun_cli *cli = run->cli;
    const char *out = run->args->out;
    int code = MUN_EXIT_FAILED;

    if (mkdir(out, 0700) != 0 && errno != EEXIST)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: cannot be made", out);
    int len =
        snprintf(run->batch_path, sizeof run->batch_path, "%s/batch.json", out);
    if (len < 0 || (size_t)len >= sizeof run->batch_path - 256)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: too long", out);
    if (!mun_is_ok(mun_head_get(&run->head, cli, &code)))
        return code;
    mun_err_t err = mun_batch_read(&run->batch, cli, run->batch_path);
    if (err.code == MUN_ERR_NOT_FOUND)
        return prepare(run, source);
    return mun_is_ok(err) ? take_up(run, source) : MUN_EXIT_FAILED;
}

static const struct argp_option options[] = {
    { "key", OPT_KEY, "FILE", 0, "a key of the issuer with purpose anchor", 0 },
    { "programme", OPT_PROGRAMME, "ID", 0, "what is awarded", 0 },
    { "list", OPT_LIST, "LABEL", 0, "the issuer's status list", 0 },
    { "base", OPT_BASE, "N", 0,
      "first slot (default: the next free one, or what documents say)", 0 },
    { "accreditation", OPT_ACCREDITATION, "ID", 0,
      "under which it is awarded; up to four times", 0 },
    { "csv", OPT_CSV, "FILE", 0, "learners, one a row", 1 },
    { "template", OPT_TEMPLATE, "FILE", 0, "credential for each row", 1 },
    { "folder", OPT_FOLDER, "DIR", 0, "documents that are there", 1 },
    { "out", OPT_OUT, "DIR", 0, "where credentials and receipts go", 2 },
    { "sealed", OPT_SEALED, NULL, 0, "publish the root only", 2 },
    { "status-url", OPT_STATUS_URL, "URL", 0,
      "where verifiers find status lists (default: the node)", 2 },
    { "trust-root", OPT_TRUST_ROOT, "FILE", 0, "check each receipt against it",
      2 },
    { "unchecked-claims", OPT_UNCHECKED, NULL, 0,
      "with --folder: anchor documents that name another issuer or programme, "
      "to try out verifiers, which must say CLAIM_MISMATCH",
      2 },
    { 0 },
};

static const struct mun_cli_command command = {
    options, parse_anchor, "",
    "Anchors credentials and gets a receipt for each.\v"
    "The CSV has a header row and a column \"name\"; {column} in the "
    "template's texts is replaced by the row's value, and {{ and }} stand for "
    "braces. The columns valid_until (a date) and assurance (self, peer, "
    "independent) also go into the commitment. The achievement's name must be "
    "one of the programme's titles; without one it becomes the first. Each "
    "credential becomes "
    "DIR/SLOT.json, its receipt DIR/SLOT.receipt.json.\n\n"
    "With --folder, files that end in .json or .jsonld must be credentials "
    "that name this issuer, programme and list, have no other title than the "
    "programme's, and slots that follow one "
    "another; other files are taken byte for byte, in order of their names, "
    "for the slots that are left. Receipts are DIR/NAME.receipt.json.\n\n"
    "More than 16,384 credentials become several entries. DIR/batch.json, "
    "written before anything is sent, holds the entries and the secret seed, "
    "encrypted under the passphrase. When the command was interrupted, the "
    "same "
    "command with the same --out goes on: it sends the same entries, which "
    "the ledger accepts once, and fetches the receipts that are missing.\n\n"
    "Example:\n"
    "  muniment anchor --key registrar.key --programme 4b1c... --list 2026 \\\n"
    "    --accreditation 9f02... --csv learners.csv --template diploma.json "
    "\\\n"
    "    --out diplomas"
};

int
mun_cmd_anchor(struct mun_cli *cli, int argc, char **argv)
{
    struct anchor_args args = { .cli = cli, .base = BASE_OPEN };
    struct anchor_run *run = mun_arena_alloc(&cli->arena, sizeof *run);
    struct mun_source source;

    mun_cli_parse(&command, argc, argv, &args);
    if (run == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    run->cli = cli;
    run->args = &args;
    if (args.status_url == NULL)
        args.status_url = cli->node;
    mun_err_t err =
        args.folder != NULL
            ? mun_source_folder(&source, cli, args.folder)
            : mun_source_table(&source, cli, args.csv, args.template);
    source.has_unchecked_claims = args.has_unchecked_claims;
    int code = mun_is_ok(err) ? start(run, &source) : MUN_EXIT_FAILED;
    if (code == MUN_EXIT_DONE)
        code = finish(run);
    mun_batch_fini(&run->batch);
    mun_json_close(source.template);
    return code;
}
