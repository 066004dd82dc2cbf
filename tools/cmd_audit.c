#include <stdio.h>
#include <unistd.h>

#include "ledger/json/put.h"
#include "tools/client.h"
#include "tools/commands.h"
#include "tools/receipt_fetch.h"
#include "tools/replay.h"
#include "tools/submit.h"

enum { OPT_TRUST_ROOT = 0x200, OPT_FROM_NODE, OPT_JOBS };

struct audit_args {
    struct mun_cli *cli;
    const char *trust_root;
    uint64_t jobs; /* 0: one a processor */
};

static error_t
parse_audit(int key, char *arg, struct argp_state *state)
{
    struct audit_args *args = state->input;
    switch (key) {
    case OPT_TRUST_ROOT:
        args->trust_root = arg;
        return 0;
    case OPT_FROM_NODE:
        args->cli->node = arg;
        return 0;
    case OPT_JOBS:
        if (!mun_arg_u64(&args->jobs, 256, arg) || args->jobs == 0)
            mun_cli_usage(state, "--jobs is 1 to 256");
        return 0;
    case ARGP_KEY_ARG:
        mun_cli_usage(state, "what is \"%s\"?", arg);
    case ARGP_KEY_END:
        if (args->trust_root == NULL)
            mun_cli_usage(state, "--trust-root is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

struct audit {
    struct mun_cli *cli;
    struct mun_replay *replay;
    uint64_t last;
    uint64_t started_ms;
};

/* The fetching thread's own client: the one of the command with the batch's
 * arena. No other thread talks to the node meanwhile. */
static int
fetch(void *ctx, struct mun_bytes *out, struct mun_arena *arena, uint64_t from,
      uint64_t limit)
{
    const struct mun_cli *cli = ctx;
    struct mun_cli own = *cli;
    struct mun_reply reply;
    char path[128];
    int code = MUN_EXIT_DONE;

    own.arena = *arena;
    (void)snprintf(path, sizeof path, "/v1/blocks?from=%llu&limit=%llu",
                   (unsigned long long)from, (unsigned long long)limit);
    mun_err_t err = mun_client_get(&reply, &own, path);
    if (err.code == MUN_ERR_NETWORK)
        code = MUN_EXIT_UNREACHABLE;
    else if (!mun_is_ok(err))
        code = mun_cli_fail(&own, MUN_EXIT_FAILED, "%s: %s", path,
                            mun_err_text(err));
    else if (reply.status != 200)
        code = mun_cli_fail(&own, MUN_EXIT_FAILED, "%s: %s", path,
                            mun_reply_problem(&own, &reply));
    *arena = own.arena;
    *out = code == MUN_EXIT_DONE ? reply.body : MUN_BYTES_NONE;
    return code;
}

/* Genesis from the node: believed because its header id is the trust root's.
 */
static int
open_ledger(struct audit *audit, const struct mun_trust_root *root)
{
    struct mun_cli *cli = audit->cli;
    struct mun_chain_head head;
    struct mun_reply reply;
    int code = MUN_EXIT_FAILED;

    mun_err_t err = mun_client_get(&reply, cli, "/v1/genesis");
    if (!mun_is_ok(err))
        return err.code == MUN_ERR_NETWORK ? MUN_EXIT_UNREACHABLE
                                           : MUN_EXIT_FAILED;
    if (reply.status != 200)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "/v1/genesis: %s",
                            mun_reply_problem(cli, &reply));
    err = mun_replay_open(audit->replay, &cli->arena, reply.body);
    if (err.code == MUN_ERR_MEMORY || err.code == MUN_ERR_RANDOM ||
        err.code == MUN_ERR_LIMIT)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s", mun_err_text(err));
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_VIOLATION,
                            "VIOLATION at height 0: the node's genesis is no "
                            "genesis document: %s",
                            mun_err_text(err));
    if (!mun_hash_eq(&audit->replay->header_id, &root->header_id) ||
        !mun_hash_eq(&audit->replay->chain->chain_id, &root->chain_id))
        return mun_cli_fail(cli, MUN_EXIT_VIOLATION,
                            "VIOLATION at height 0: the node's genesis is not "
                            "the trust root's");
    if (!mun_is_ok(mun_head_get(&head, cli, &code)))
        return code;
    audit->last = head.height;
    return MUN_EXIT_DONE;
}

static int
say_violation(struct mun_cli *cli, const struct mun_replay_violation *violation)
{
    if (!violation->has_entry)
        return mun_cli_fail(
            cli, MUN_EXIT_VIOLATION, "VIOLATION at height %llu: %s",
            (unsigned long long)violation->height, violation->rule);
    return mun_cli_fail(
        cli, MUN_EXIT_VIOLATION, "VIOLATION at height %llu, entry %u (%s): %s",
        (unsigned long long)violation->height, (unsigned)violation->position,
        mun_hash_is_zero(&violation->entry)
            ? "not decodable"
            : mun_cli_hash(cli, &violation->entry),
        violation->rule);
}

static int
replay_all(struct audit *audit, unsigned workers)
{
    struct mun_cli *cli = audit->cli;
    struct mun_replay *replay = audit->replay;
    struct mun_cli fetching = *cli;
    const struct mun_pipe_source source = { fetch, &fetching };
    const struct mun_pipe_batch *batch;
    struct mun_pipe *pipe;
    int code = MUN_EXIT_DONE;

    mun_err_t err =
        mun_pipe_open(&pipe, &cli->arena, &source, audit->last, workers);
    if (!mun_is_ok(err))
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "%s", mun_err_text(err));
    while (code == MUN_EXIT_DONE && (batch = mun_pipe_next(pipe)) != NULL) {
        if (batch->exit_code < 0)
            code = mun_cli_fail(cli, MUN_EXIT_FAILED,
                                "the node's answer is not blocks from height "
                                "%llu on",
                                (unsigned long long)batch->from);
        else if (batch->exit_code != 0)
            code = batch->exit_code;
        else
            err = mun_replay_batch(replay, batch, audit->last);
        if (err.code == MUN_ERR_REFUSED)
            code = say_violation(cli, &replay->violation);
        else if (!mun_is_ok(err))
            code = mun_cli_fail(cli, MUN_EXIT_FAILED, "height %llu: %s",
                                (unsigned long long)replay->header.height + 1,
                                mun_err_text(err));
        mun_cli_progress(cli, "blocks", replay->header.height, audit->last);
    }
    mun_pipe_close(pipe);
    return code;
}

static uint64_t
per_second(uint64_t count, uint64_t ms)
{
    return ms == 0 ? 0 : count * 1000 / ms;
}

static void
say_counts(struct mun_cli *cli, const struct mun_replay_counts *counts,
           uint64_t ms)
{
    mun_cli_say(cli, "blocks       %llu", (unsigned long long)counts->blocks);
    mun_cli_say(cli, "entries      %llu", (unsigned long long)counts->entries);
    for (int i = 0; i < MUN_REPLAY_KIND_COUNT; i++) {
        if (counts->kinds[i] > 0)
            mun_cli_say(cli, "  %-24s %llu",
                        mun_replay_kind_text((enum mun_replay_kind)i),
                        (unsigned long long)counts->kinds[i]);
    }
    mun_cli_say(cli, "credentials  %llu",
                (unsigned long long)counts->credentials);
    mun_cli_say(cli, "changes      %llu of status",
                (unsigned long long)counts->changes);
    mun_cli_say(cli, "signatures   %llu of entries, %llu of members",
                (unsigned long long)counts->signatures,
                (unsigned long long)counts->votes);
    mun_cli_say(
        cli,
        "time         %llu.%03llu s: %llu entries/s, %llu "
        "signatures/s",
        (unsigned long long)(ms / 1000), (unsigned long long)(ms % 1000),
        (unsigned long long)per_second(counts->entries, ms),
        (unsigned long long)per_second(counts->signatures + counts->votes, ms));
}

static int
report(const struct audit *audit)
{
    const struct mun_replay *replay = audit->replay;
    const struct mun_replay_counts *counts = &replay->counts;
    const struct mun_header *header = &replay->header;
    uint64_t ms = mun_cli_now_ms() - audit->started_ms;
    struct mun_cli *cli = audit->cli;
    struct mun_json_wr wr;

    say_counts(cli, counts, ms);
    mun_cli_say(cli, "roots match: height %llu, state root %s, log root %s",
                (unsigned long long)header->height,
                mun_cli_hash(cli, &header->state_root),
                mun_cli_hash(cli, &header->log_root));
    mun_json_wr_init(&wr, 1u << 20, true);
    mun_json_wr_begin_object(&wr);
    mun_json_put_u64(&wr, "height", header->height);
    mun_json_put_hash(&wr, "header_id", &replay->header_id);
    mun_json_put_hash(&wr, "state_root", &header->state_root);
    mun_json_put_hash(&wr, "log_root", &header->log_root);
    mun_json_put_u64(&wr, "log_size", header->log_size);
    mun_json_put_u64(&wr, "blocks", counts->blocks);
    mun_json_put_u64(&wr, "entries", counts->entries);
    mun_json_wr_key(&wr, "kinds");
    mun_json_wr_begin_object(&wr);
    for (int i = 0; i < MUN_REPLAY_KIND_COUNT; i++)
        mun_json_put_u64(&wr, mun_replay_kind_text((enum mun_replay_kind)i),
                         counts->kinds[i]);
    mun_json_wr_end_object(&wr);
    mun_json_put_u64(&wr, "credentials", counts->credentials);
    mun_json_put_u64(&wr, "changes", counts->changes);
    mun_json_put_u64(&wr, "signatures", counts->signatures);
    mun_json_put_u64(&wr, "member_signatures", counts->votes);
    mun_json_put_u64(&wr, "milliseconds", ms);
    mun_json_put_u64(&wr, "entries_per_second",
                     per_second(counts->entries, ms));
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

static const struct argp_option options[] = {
    { "trust-root", OPT_TRUST_ROOT, "FILE", 0,
      "what you believe: the header of height 0", 0 },
    { "from-node", OPT_FROM_NODE, "URL", 0,
      "where the blocks come from (default: --node)", 0 },
    { "jobs", OPT_JOBS, "N", 0,
      "threads that verify signatures (default: one a processor)", 0 },
    { 0 },
};

static const struct mun_cli_command command = {
    options, parse_audit, "",
    "Replays the ledger from genesis and believes nothing on the way.\v"
    "Every signature, every rule, every certificate, and every root of every "
    "header is checked up to the node's newest block. The node only hands out "
    "bytes. Exit code 5 and the height, entry and rule when something is "
    "wrong.\n\nExample:\n"
    "  muniment audit --trust-root trust-root.json \\\n"
    "    --from-node http://ledger.example:8460"
};

int
mun_cmd_audit(struct mun_cli *cli, int argc, char **argv)
{
    struct audit_args args = { .cli = cli };
    struct audit audit = { .cli = cli };
    struct mun_trust_root root;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    mun_cli_parse(&command, argc, argv, &args);
    if (args.jobs == 0)
        args.jobs = processors < 1 ? 1 : (uint64_t)processors;
    if (!mun_is_ok(mun_trust_root_load(&root, cli, args.trust_root)))
        return MUN_EXIT_FAILED;
    if (root.height != 0)
        return mun_cli_fail(cli, MUN_EXIT_FAILED,
                            "%s is of height %llu: an audit starts from the "
                            "trust root of height 0",
                            args.trust_root, (unsigned long long)root.height);
    audit.replay = mun_arena_alloc(&cli->arena, sizeof *audit.replay);
    if (audit.replay == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    audit.started_ms = mun_cli_now_ms();
    int code = open_ledger(&audit, &root);
    if (code == MUN_EXIT_DONE && audit.last > 0)
        code = replay_all(&audit, (unsigned)args.jobs);
    if (code == MUN_EXIT_DONE)
        code = report(&audit);
    mun_replay_close(audit.replay);
    return code;
}
