#include <stdio.h>
#include <string.h>

#include "ledger/json/forms.h"
#include "ledger/json/put.h"
#include "tools/commands.h"
#include "tools/receipt_fetch.h"

enum { OPT_TRUST_ROOT = 0x200 };

struct receipt_args {
    struct mun_cli *cli;
    const char **files;
    size_t file_count;
    const char *trust_root;
};

static error_t
/* argp asks for this type. NOLINTNEXTLINE(readability-non-const-parameter) */
parse_receipt(int key, char *arg, struct argp_state *state)
{
    struct receipt_args *args = state->input;
    switch (key) {
    case OPT_TRUST_ROOT:
        args->trust_root = arg;
        return 0;
    case ARGP_KEY_ARG:
        args->files[args->file_count++] = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->file_count == 0)
            mun_cli_usage(state, "FILE is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Refresh */

struct refresh {
    struct mun_cli *cli;
    const struct mun_trust_root *root; /* NULL: what the old receipt believed */
    struct mun_json_wr *wr;
};

/* Why the new receipt must not take the old one's place; NULL when it may. */
static const char *
worse(const struct mun_receipt *old, const struct mun_receipt *new,
      bool has_root)
{
    struct mun_hash old_root;
    struct mun_hash new_root;

    if (!mun_hash_eq(&old->chain_id, &new->chain_id))
        return "the node's receipt is of another chain";
    if (new->header.height < old->header.height)
        return "the node is behind the receipt";
    mun_header_id(&old_root, &old->root_header);
    mun_header_id(&new_root, &new->root_header);
    if (!has_root && !mun_hash_eq(&old_root, &new_root))
        return "the node's receipt starts from another trust root; give the "
               "one you believe with --trust-root";
    return NULL;
}

static void
say_refreshed(const struct refresh *refresh, const char *path,
              const struct mun_receipt *receipt,
              const struct mun_receipt_got *got)
{
    struct mun_cli *cli = refresh->cli;
    const char *verdict = got->is_judged
                              ? mun_verdict_name(got->verdict.code)
                              : "not judged: the file has no opening";
    struct mun_json_wr *wr = refresh->wr;

    mun_cli_say(cli, "%s: as of %s, height %llu: %s", path,
                mun_cli_time(cli, receipt->header.time_ms),
                (unsigned long long)receipt->header.height, verdict);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "file");
    mun_json_wr_string(wr, path);
    mun_json_wr_key(wr, "height");
    mun_json_wr_u64(wr, receipt->header.height);
    mun_json_wr_key(wr, "time");
    mun_json_wr_time(wr, receipt->header.time_ms);
    mun_json_wr_key(wr, "verdict");
    if (got->is_judged)
        mun_json_wr_string(wr, verdict);
    else
        mun_json_wr_null(wr);
    mun_json_wr_end_object(wr);
}

static int
refresh_one(const struct refresh *refresh, const char *path)
{
    struct mun_cli *cli = refresh->cli;
    struct mun_receipt_read *old = mun_arena_alloc(&cli->arena, sizeof *old);
    struct mun_receipt_got *got = mun_arena_alloc(&cli->arena, sizeof *got);
    struct mun_receipt new;

    if (old == NULL || got == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    if (!mun_is_ok(mun_receipt_load(old, cli, path)))
        return MUN_EXIT_FAILED;
    struct mun_receipt_ask ask = {
        .entry = old->entry.id,
        .position = old->receipt.position,
        .opening = old->opening_bytes,
        .batch_path = old->receipt.batch_path,
        .batch_path_len = old->receipt.batch_path_len,
        .root = refresh->root,
        .chain_id = old->receipt.chain_id,
    };
    int code = mun_receipt_fetch(got, cli, &ask);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_err_t err = mun_receipt_decode(&new, got->receipt);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                            mun_err_text(err));
    const char *why = worse(&old->receipt, &new, refresh->root != NULL);
    if (why != NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: left as it was: %s",
                            path, why);
    if (!mun_is_ok(mun_receipt_save(cli, path, old->opening_bytes, got)))
        return MUN_EXIT_FAILED;
    say_refreshed(refresh, path, &new, got);
    return MUN_EXIT_DONE;
}

static const struct argp_option options[] = {
    { "trust-root", OPT_TRUST_ROOT, "FILE", 0, "check each receipt against it",
      0 },
    { 0 },
};

static int
take_files(struct receipt_args *args, int argc)
{
    args->files =
        mun_arena_array(&args->cli->arena, (size_t)argc, sizeof *args->files);
    if (args->files == NULL)
        return mun_cli_fail(args->cli, MUN_EXIT_FAILED, "out of memory");
    return MUN_EXIT_DONE;
}

int
mun_cmd_receipt_refresh(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        options, parse_receipt, "FILE...",
        "Brings receipts up to date: asks the node for today's proof.\v"
        "Each new receipt is verified before it takes the old one's place: "
        "against --trust-root, or else against the header that the old "
        "receipt starts from. It is never replaced by an older one. A "
        "credential that was revoked meanwhile gets the receipt that says "
        "so.\n\nExample:\n"
        "  muniment receipt refresh diplomas/*.receipt.json"
    };
    struct receipt_args args = { .cli = cli };
    struct mun_trust_root root;
    struct mun_json_wr wr;
    struct refresh refresh = { .cli = cli, .wr = &wr };

    int code = take_files(&args, argc);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_cli_parse(&command, argc, argv, &args);
    if (args.trust_root != NULL) {
        if (!mun_is_ok(mun_trust_root_load(&root, cli, args.trust_root)))
            return MUN_EXIT_FAILED;
        refresh.root = &root;
    }
    mun_json_wr_init(&wr, 1u << 30, true);
    mun_json_wr_begin_array(&wr);
    int failed = MUN_EXIT_DONE;
    for (size_t i = 0; i < args.file_count; i++) {
        size_t mark = mun_arena_mark(&cli->arena);
        code = refresh_one(&refresh, args.files[i]);
        if (code != MUN_EXIT_DONE)
            failed = code;
        if (code == MUN_EXIT_UNREACHABLE)
            break; /* the others would not fare better */
        mun_arena_reset(&cli->arena, mark);
        mun_cli_progress(cli, "receipts", i + 1, args.file_count);
    }
    mun_json_wr_end_array(&wr);
    code = mun_cli_print(cli, &wr);
    return failed != MUN_EXIT_DONE ? failed : code;
}

/* Show */

static void
put_header(struct mun_json_wr *wr, const char *key,
           const struct mun_header *header)
{
    struct mun_hash id;

    mun_header_id(&id, header);
    mun_json_wr_key(wr, key);
    mun_form_header(wr, header, &id);
}

static void
put_opening(struct mun_json_wr *wr, const struct mun_receipt_read *read)
{
    const struct mun_opening *opening = &read->opening;
    struct mun_hash commitment;

    mun_json_wr_key(wr, "opening");
    if (!read->has_opening) {
        mun_json_wr_null(wr);
        return;
    }
    mun_opening_commitment(&commitment, opening);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "commitment");
    mun_json_wr_hex(wr, mun_bytes(commitment.b, sizeof commitment.b));
    mun_json_wr_key(wr, "format");
    mun_json_wr_string(wr,
                       opening->format == MUN_FORMAT_JSON ? "json" : "bytes");
    mun_json_wr_key(wr, "digest");
    mun_json_wr_hex(wr, mun_bytes(opening->digest.b, 32));
    mun_json_wr_key(wr, "list");
    mun_json_wr_text(wr, opening->label);
    mun_json_put_u64(wr, "slot", opening->slot);
    mun_json_put_u64(wr, "valid_from_ms", opening->valid_from_ms);
    mun_json_put_u64(wr, "valid_until_ms", opening->valid_until_ms);
    mun_json_wr_key(wr, "assurance");
    mun_json_wr_string(wr, mun_word_assurance(opening->assurance));
    mun_json_wr_end_object(wr);
}

static int
put_receipt(struct mun_cli *cli, const struct mun_receipt_read *read)
{
    const struct mun_receipt *receipt = &read->receipt;
    struct mun_json_wr wr;

    mun_json_wr_init(&wr, 1u << 20, true);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "chain_id");
    mun_json_wr_hex(&wr, mun_bytes(receipt->chain_id.b, 32));
    mun_json_wr_key(&wr, "entry");
    mun_json_wr_hex(&wr, mun_bytes(read->entry.id.b, 32));
    mun_json_wr_key(&wr, "issuer");
    mun_json_wr_hex(&wr, mun_bytes(read->entry.actor.b, 32));
    mun_json_wr_key(&wr, "anchor");
    mun_form_payload(&wr, &read->entry);
    mun_json_put_u64(&wr, "position", receipt->position);
    mun_json_put_u64(&wr, "batch_path_length", receipt->batch_path_len);
    mun_json_put_u64(&wr, "anchored_height", receipt->leaf.height);
    mun_json_wr_key(&wr, "anchored_time");
    mun_json_wr_time(&wr, receipt->leaf.time_ms);
    mun_json_put_u64(&wr, "log_index", receipt->leaf_index);
    mun_json_put_u64(&wr, "log_path_length", receipt->log_path_len);
    mun_json_put_u64(&wr, "links", receipt->link_count);
    mun_json_put_u64(&wr, "multiproof_bytes", receipt->multiproof.len);
    put_header(&wr, "trust_root", &receipt->root_header);
    put_header(&wr, "header", &receipt->header);
    put_opening(&wr, read);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

static void
say_receipt(struct mun_cli *cli, const struct mun_receipt_read *read)
{
    const struct mun_receipt *receipt = &read->receipt;
    const struct mun_anchor *anchor = &read->entry.as.anchor;

    mun_cli_say(cli, "what the file says; nothing here is checked");
    mun_cli_say(cli, "  chain        %s",
                mun_cli_hash(cli, &receipt->chain_id));
    mun_cli_say(cli, "  issuer       %s",
                mun_cli_hash(cli, &read->entry.actor));
    mun_cli_say(cli, "  programme    %s version %u",
                mun_cli_hash(cli, &anchor->programme),
                (unsigned)anchor->version);
    mun_cli_say(cli, "  batch        %s, position %u of %u, %s",
                mun_cli_hash(cli, &read->entry.id), (unsigned)receipt->position,
                (unsigned)anchor->count,
                anchor->is_published ? "published" : "sealed");
    mun_cli_say(cli, "  list         %s, slot %llu",
                mun_cli_text(cli, anchor->label),
                (unsigned long long)anchor->base + receipt->position);
    mun_cli_say(cli, "  anchored     %s, height %llu",
                mun_cli_time(cli, receipt->leaf.time_ms),
                (unsigned long long)receipt->leaf.height);
    mun_cli_say(cli, "  known until  %s, height %llu",
                mun_cli_time(cli, receipt->header.time_ms),
                (unsigned long long)receipt->header.height);
    mun_cli_say(cli, "  starts from  height %llu, %u link%s of members between",
                (unsigned long long)receipt->root_header.height,
                (unsigned)receipt->link_count,
                receipt->link_count == 1 ? "" : "s");
    if (!read->has_opening) {
        mun_cli_say(cli, "  opening      none");
        return;
    }
    mun_cli_say(cli, "  opening      %s, digest %s",
                read->opening.format == MUN_FORMAT_JSON ? "json" : "bytes",
                mun_cli_hash(cli, &read->opening.digest));
}

int
mun_cmd_receipt_show(struct mun_cli *cli, int argc, char **argv)
{
    static const struct mun_cli_command command = {
        NULL, parse_receipt, "FILE",
        "Shows what a receipt holds, without believing it.\vExample:\n"
        "  muniment receipt show 7.receipt.json --json"
    };
    struct receipt_args args = { .cli = cli };
    struct mun_receipt_read *read = mun_arena_alloc(&cli->arena, sizeof *read);

    if (read == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    int code = take_files(&args, argc);
    if (code != MUN_EXIT_DONE)
        return code;
    mun_cli_parse_offline(&command, argc, argv, &args);
    if (args.file_count != 1)
        return mun_cli_fail(cli, MUN_EXIT_USAGE, "one FILE, please");
    if (!mun_is_ok(mun_receipt_load(read, cli, args.files[0])))
        return MUN_EXIT_FAILED;
    say_receipt(cli, read);
    return put_receipt(cli, read);
}
