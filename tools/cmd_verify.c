#include <string.h>

#include "ledger/json/credential.h"
#include "ledger/json/forms.h"
#include "ledger/json/jcs.h"
#include "ledger/json/receipt_file.h"
#include "tools/commands.h"
#include "tools/credential_make.h"
#include "tools/receipt_fetch.h"

/* Verification of one credential. Nothing here talks to anybody: the verdict
 * follows from the files and the clock. */

#define DOCUMENT_BYTES_MAX (1u << 30)
#define RECEIPT_FILE_MAX (1u << 20)
#define DAY_MS (24ull * 3600 * 1000)
#define DAYS_MAX 36500

enum {
    OPT_RECEIPT = 0x200,
    OPT_TRUST_ROOT,
    OPT_MAX_AGE,
    OPT_AT,
    OPT_ASSURANCE,
};

struct verify_args {
    struct mun_cli *cli;
    const char *credential;
    const char *receipt;
    const char *trust_root;
    uint64_t max_age_days;
    uint64_t at_ms;
    uint8_t assurance;
};

static error_t
parse_verify(int key, char *arg, struct argp_state *state)
{
    struct verify_args *args = state->input;
    switch (key) {
    case OPT_RECEIPT:
        args->receipt = arg;
        return 0;
    case OPT_TRUST_ROOT:
        args->trust_root = arg;
        return 0;
    case OPT_MAX_AGE:
        if (!mun_arg_u64(&args->max_age_days, DAYS_MAX, arg) ||
            args->max_age_days == 0)
            mun_cli_usage(state, "--max-age is not a number of days");
        return 0;
    case OPT_AT:
        if (!mun_arg_time(&args->at_ms, arg))
            mun_cli_usage(state, "--at is not a date or time");
        return 0;
    case OPT_ASSURANCE:
        args->assurance =
            mun_word_find(mun_word_assurance, MUN_ASSURANCE_INDEPENDENT, arg);
        if (args->assurance == 0)
            mun_cli_usage(state, "--assurance is self, peer or independent");
        return 0;
    case ARGP_KEY_ARG:
        if (args->credential != NULL)
            mun_cli_usage(state, "one CREDENTIAL, please");
        args->credential = arg;
        return 0;
    case ARGP_KEY_END:
        if (args->credential == NULL || args->receipt == NULL ||
            args->trust_root == NULL)
            mun_cli_usage(state, "CREDENTIAL, --receipt and --trust-root are "
                                 "needed");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Reads the receipt file as far as it goes: what is no receipt stays empty and
 * fails the check "format". Only a file that cannot be read is an error. */
static mun_err_t
read_receipt(struct mun_receipt_input *input, struct mun_cli *cli,
             const char *path)
{
    struct mun_receipt_file file = { 0 };
    struct mun_json_err why;
    struct mun_json *doc = NULL;
    struct mun_bytes text;

    mun_err_t err = mun_file_read(&text, &cli->arena, path, RECEIPT_FILE_MAX);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                           mun_err_text(err));
        return err;
    }
    if (mun_is_ok(mun_json_parse(&doc, &why, text, NULL)) &&
        !mun_is_ok(mun_receipt_file_read(&file, &cli->arena, doc, &why)))
        file = (struct mun_receipt_file){ 0 };
    mun_json_close(doc);
    input->receipt = file.receipt;
    input->opening = file.opening;
    return MUN_SUCCESS;
}

/* The opening says how the document was digested. Without one it does not
 * matter: the check "format" fails first. A document that should be JSON and
 * is not has no digest. */
static mun_err_t
read_document(struct mun_receipt_input *input, struct mun_json **doc,
              struct mun_cli *cli, const char *path)
{
    struct mun_opening opening;
    struct mun_bytes data;

    mun_err_t err = mun_file_read(&data, &cli->arena, path, DOCUMENT_BYTES_MAX);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                           mun_err_text(err));
        return err;
    }
    if (!mun_is_ok(mun_opening_decode(&opening, input->opening)))
        return MUN_SUCCESS;
    if (opening.format == MUN_FORMAT_BYTES) {
        mun_hash_sha256(&input->document_digest, data);
        input->has_document_digest = true;
        return MUN_SUCCESS;
    }
    err = mun_json_parse(doc, NULL, data, &mun_document_limits);
    if (err.code == MUN_ERR_MEMORY || !mun_json_is(*doc, MUN_JSON_OBJECT))
        return err.code == MUN_ERR_MEMORY ? err : MUN_SUCCESS;
    mun_credential_claims(&input->claims, *doc);
    MUN_TRY(mun_jcs_sha256(&input->document_digest, *doc));
    input->has_document_digest = true;
    return MUN_SUCCESS;
}

/* For people */

static const struct {
    uint32_t flag;
    const char *text;
} flag_texts[] = {
    { MUN_FLAG_ISSUER_NOT_ACTIVE, "the issuer is suspended or closed now" },
    { MUN_FLAG_WITHDRAWN_SINCE,
      "the issuer's accreditation was withdrawn after this award" },
    { MUN_FLAG_ACCREDITATION_SUSPENDED,
      "the issuer's accreditation is suspended now" },
    { MUN_FLAG_ACCREDITATION_ENDED,
      "the issuer's accreditation has ended since" },
    { MUN_FLAG_KEY_RETIRED, "the key that signed is retired" },
    { MUN_FLAG_PROGRAMME_RETIRED, "the programme is no longer offered" },
    { MUN_FLAG_PROGRAMME_PROVISIONAL,
      "the programme's listing is provisional" },
    { MUN_FLAG_PROGRAMME_UNDER_REVIEW, "the programme is under review" },
    { MUN_FLAG_PROGRAMME_DELISTED, "the programme was delisted" },
    { MUN_FLAG_TIER_NONE_YET,
      "the issuer is listed but not accredited (tier none-yet)" },
    { MUN_FLAG_ASSURANCE_BELOW_MINIMUM,
      "the award's assurance is below what you asked for" },
    { MUN_FLAG_NO_FAULT_TOLERANCE,
      "the ledger has too few members to bear a single one that lies" },
    { MUN_FLAG_CLAIMS_NOT_CHECKED,
      "the document's text is not compared with the ledger: read what is said "
      "here" },
};

static const char *
check_word(uint8_t result)
{
    switch ((enum mun_check_result)result) {
    case MUN_CHECK_NOT_DONE:
        return "not done";
    case MUN_CHECK_PASSED:
        return "passed";
    case MUN_CHECK_FAILED:
        return "failed";
    }
    return "not done";
}

static const char *
why_text(const struct mun_verdict *verdict)
{
    if (verdict->why == NULL)
        return "";
    if (verdict->code != MUN_VERDICT_DOCUMENT_MISMATCH)
        return verdict->why;
    if (strcmp(verdict->why, "unreadable") == 0)
        return "the document is no JSON that has one meaning";
    return strcmp(verdict->why, "other_receipt") == 0
               ? "the receipt is another credential's"
               : "the document was changed";
}

static void
say_head(struct mun_cli *cli, const struct mun_verdict *verdict)
{
    const char *asof = mun_cli_time(cli, verdict->asof_time_ms);

    if (verdict->code == MUN_VERDICT_VALID)
        mun_cli_say(cli, "VALID");
    else if (verdict->all == 1u << MUN_VERDICT_STALE)
        mun_cli_say(cli, "VALID as of %s, not known since", asof);
    else
        mun_cli_say(cli, "%s: %s", mun_verdict_name(verdict->code),
                    why_text(verdict));
}

static void
say_award(struct mun_cli *cli, const struct mun_verdict *verdict)
{
    const struct mun_description *about = &verdict->description;

    if (about->title_count > 0)
        mun_cli_say(cli, "  title          %s",
                    mun_cli_text(cli, about->titles[0].value));
    for (uint8_t i = 0; i < about->level_count; i++)
        mun_cli_say(cli, "  level          %s %s",
                    mun_cli_text(cli, about->levels[i].name),
                    mun_cli_text(cli, about->levels[i].value));
    mun_cli_say(cli, "  awarded by     %s (%s)",
                mun_cli_text(cli, verdict->issuer_name),
                mun_cli_text(cli, verdict->issuer_country));
    for (uint32_t i = 0; i < verdict->link_count; i++) {
        const struct mun_verdict_link *link = &verdict->links[i];
        mun_cli_say(cli, "  accredited by  %s (%s; %s%s%s)%s",
                    mun_cli_text(cli, link->accreditor),
                    mun_word_tier(link->tier), mun_word_standing(link->status),
                    link->void_since_ms != 0 ? " from " : "",
                    link->void_since_ms != 0
                        ? mun_cli_time(cli, link->void_since_ms)
                        : "",
                    link->survives ? "" : ", does not count");
    }
}

static void
say_status(struct mun_cli *cli, const struct mun_verdict *verdict)
{
    if (verdict->slot_since.time_ms == 0)
        mun_cli_say(cli,
                    "  status         good, never changed (list %s, slot "
                    "%u)",
                    mun_cli_text(cli, verdict->label), (unsigned)verdict->slot);
    else
        mun_cli_say(cli,
                    "  status         %s since %s, reason: %s (list %s, slot "
                    "%u)",
                    mun_word_slot_status(verdict->slot_status),
                    mun_cli_time(cli, verdict->slot_since.time_ms),
                    mun_word_reason(verdict->slot_reason),
                    mun_cli_text(cli, verdict->label), (unsigned)verdict->slot);
    if (verdict->extended_until_ms != 0)
        mun_cli_say(cli, "  extended       until %s",
                    mun_cli_time(cli, verdict->extended_until_ms));
    mun_cli_say(cli, "  valid          from %s%s%s",
                mun_cli_time(cli, verdict->valid_from_ms),
                verdict->valid_until_ms != 0 ? " until " : ", without end",
                verdict->valid_until_ms != 0
                    ? mun_cli_time(cli, verdict->valid_until_ms)
                    : "");
    mun_cli_say(cli, "  anchored       %s, height %llu",
                mun_cli_time(cli, verdict->anchored_time_ms),
                (unsigned long long)verdict->anchored_height);
    mun_cli_say(cli, "  known until    %s, height %llu",
                mun_cli_time(cli, verdict->asof_time_ms),
                (unsigned long long)verdict->asof_height);
    mun_cli_say(cli, "  ledger         %u member%s, bears %u that lie%s",
                (unsigned)verdict->member_count,
                verdict->member_count == 1 ? "" : "s",
                (unsigned)mun_faults_max(verdict->member_count),
                mun_faults_max(verdict->member_count) == 1 ? "s" : "");
    mun_cli_say(cli, "  assurance      %s",
                mun_word_assurance(verdict->assurance));
}

/* Which other verdicts apply, gravest first. */
static void
say_others(struct mun_cli *cli, const struct mun_verdict *verdict)
{
    static const enum mun_verdict_code codes[] = {
#define X(name, value) MUN_VERDICT_##name,
        MUN_VERDICT_TABLE(X)
#undef X
    };

    for (size_t i = sizeof codes / sizeof codes[0]; i > 1; i--) {
        if (codes[i - 1] != verdict->code &&
            (verdict->all & (1u << codes[i - 1])) != 0)
            mun_cli_say(cli, "also           %s",
                        mun_verdict_name(codes[i - 1]));
    }
}

static void
say_checks(struct mun_cli *cli, const struct mun_verdict *verdict,
           enum mun_check_name last)
{
    for (int i = 0; i <= (int)last; i++)
        mun_cli_say(cli, "check          %-14s %s",
                    mun_check_text((enum mun_check_name)i),
                    check_word(verdict->checks[i]));
}

static void
say_verdict(struct mun_cli *cli, const struct mun_verdict *verdict)
{
    say_head(cli, verdict);
    if (verdict->checks[MUN_CHECK_DOCUMENT] == MUN_CHECK_FAILED) {
        /* The rest would be told of another document than this one. */
        mun_cli_say(cli, "note           the receipt proves another document; "
                         "of this one nothing is known");
        say_checks(cli, verdict, MUN_CHECK_DOCUMENT);
        return;
    }
    say_others(cli, verdict);
    /* Nothing is told of a ledger that is not proven. */
    if (verdict->checks[MUN_CHECK_STATE] == MUN_CHECK_PASSED &&
        verdict->code != MUN_VERDICT_PROOF_INVALID) {
        say_award(cli, verdict);
        say_status(cli, verdict);
    }
    for (size_t i = 0; i < sizeof flag_texts / sizeof flag_texts[0]; i++) {
        if ((verdict->flags & flag_texts[i].flag) != 0)
            mun_cli_say(cli, "note           %s", flag_texts[i].text);
    }
    say_checks(cli, verdict, MUN_CHECK_FRESHNESS);
}

static int
judge(const struct verify_args *args, struct mun_receipt_input *input,
      struct mun_verdict *verdict)
{
    struct mun_cli *cli = args->cli;
    struct mun_json_wr wr;

    input->policy.now_ms = args->at_ms != 0 ? args->at_ms : mun_cli_now_ms();
    input->policy.max_age_ms = args->max_age_days * DAY_MS;
    input->policy.assurance_min = args->assurance;
    mun_receipt_verify(verdict, &cli->arena, input);
    say_verdict(cli, verdict);
    mun_json_wr_init(&wr, 1u << 20, true);
    mun_form_verdict(&wr, verdict);
    int code = mun_cli_print(cli, &wr);
    return code == MUN_EXIT_DONE ? (int)verdict->code : code;
}

static const struct argp_option options[] = {
    { "receipt", OPT_RECEIPT, "FILE", 0, "the credential's receipt", 0 },
    { "trust-root", OPT_TRUST_ROOT, "FILE", 0,
      "what you believe: a header of the ledger", 0 },
    { "max-age", OPT_MAX_AGE, "DAYS", 0,
      "an older answer is STALE (default: the trust root's)", 0 },
    { "at", OPT_AT, "TIME", 0, "judge for this time instead of now", 0 },
    { "assurance", OPT_ASSURANCE, "LEVEL", 0,
      "flag less than self, peer or independent", 0 },
    { 0 },
};

static const struct mun_cli_command command = {
    options, parse_verify, "CREDENTIAL",
    "Verifies a credential offline: no node is asked.\v"
    "The exit code is the verdict: 0 VALID, 10 STALE, 11 NOT_YET_VALID, "
    "12 SUSPENDED, 13 EXPIRED, 14 SUPERSEDED, 15 UNKNOWN, 16 NOT_ACCREDITED, "
    "17 REVOKED, 18 VOIDED, 19 CLAIM_MISMATCH, 20 DOCUMENT_MISMATCH, "
    "21 PROOF_INVALID. A file that cannot be read is 1.\n\n"
    "Example:\n"
    "  muniment verify 7.json --receipt 7.receipt.json \\\n"
    "    --trust-root trust-root.json"
};

int
mun_cmd_verify(struct mun_cli *cli, int argc, char **argv)
{
    struct verify_args args = { .cli = cli };
    struct mun_receipt_input input = { 0 };
    struct mun_verdict *verdict = mun_arena_alloc(&cli->arena, sizeof *verdict);
    struct mun_json *doc = NULL; /* the claims borrow from it */

    mun_cli_parse_offline(&command, argc, argv, &args);
    if (verdict == NULL)
        return mun_cli_fail(cli, MUN_EXIT_FAILED, "out of memory");
    if (!mun_is_ok(mun_trust_root_load(&input.root, cli, args.trust_root)) ||
        !mun_is_ok(read_receipt(&input, cli, args.receipt)))
        return MUN_EXIT_FAILED;
    int code = MUN_EXIT_FAILED;
    if (mun_is_ok(read_document(&input, &doc, cli, args.credential)))
        code = judge(&args, &input, verdict);
    mun_json_close(doc);
    return code;
}
