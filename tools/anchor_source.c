#include "tools/anchor_source.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/json/credential.h"

#define CSV_BYTES_MAX (1u << 30)
#define DOCUMENT_BYTES_MAX (1u << 30)
#define PATH_SIZE 4096
#define FAULTS_SHOWN 20

/* One document of a folder. */
struct mun_source_file {
    const char *name;
    struct mun_opening facts; /* digest, format, dates */
    struct mun_claims claims; /* label in `label`, the title as its hash */
    char label[40];
    struct mun_hash title; /* SHA-256 */
};

/* A file whole; a message on failure. */
static mun_err_t
read_whole(struct mun_bytes *out, struct mun_cli *cli, const char *path,
           size_t max)
{
    mun_err_t err = mun_file_read(out, &cli->arena, path, max);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                           mun_err_text(err));
    return err;
}

static void
add_run(struct mun_sha256 *sha, struct mun_bytes run)
{
    uint64_t len = run.len;
    mun_sha256_update(sha, &len, sizeof len);
    if (run.len != 0)
        mun_sha256_update(sha, run.data, run.len);
}

/* A table */

static mun_err_t
read_template(struct mun_source *out, struct mun_cli *cli, const char *path,
              struct mun_sha256 *sha)
{
    struct mun_json_err why;
    struct mun_bytes text;

    MUN_TRY(read_whole(&text, cli, path, MUN_DOCUMENT_JSON_MAX));
    add_run(sha, text);
    mun_err_t err =
        mun_json_parse(&out->template, &why, text, &mun_document_limits);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s:%u:%u: %s", path,
                           (unsigned)why.line, (unsigned)why.column, why.text);
    return err;
}

mun_err_t
mun_source_table(struct mun_source *out, struct mun_cli *cli,
                 const char *csv_path, const char *template_path)
{
    struct mun_csv_err why;
    struct mun_sha256 sha;
    struct mun_bytes text;

    *out = (struct mun_source){ 0 };
    mun_sha256_init(&sha);
    MUN_TRY(read_whole(&text, cli, csv_path, CSV_BYTES_MAX));
    add_run(&sha, text);
    mun_err_t err = mun_csv_parse(&out->csv, &why, &cli->arena, text);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s:%u:%u: %s", csv_path,
                           (unsigned)why.line, (unsigned)why.column,
                           why.text[0] != '\0' ? why.text : mun_err_text(err));
        return err;
    }
    size_t count = out->csv.row_count;
    if (mun_csv_column(&out->csv, mun_bytes_str("name")) == SIZE_MAX ||
        count == 0 || count > MUN_LIST_SLOTS_MAX) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", csv_path,
                           count == 0 ? "no learner below the header"
                           : count > MUN_LIST_SLOTS_MAX
                               ? "more learners than a list has slots"
                               : "no column \"name\"");
        return mun_err(MUN_ERR_VALUE);
    }
    MUN_TRY(read_template(out, cli, template_path, &sha));
    out->count = (uint32_t)count;
    mun_sha256_final(&sha, &out->digest);
    return MUN_SUCCESS;
}

/* What a verifier would not believe, of what the template or the command line
 * brought in. */
static mun_err_t
check_claims(struct mun_credential_fault *why,
             const struct mun_credential_frame *frame,
             const struct mun_json *doc)
{
    struct mun_claims claims;
    const char *text = NULL;

    mun_credential_claims(&claims, doc);
    if (!claims.has_slot)
        text = "--status-url is not the http:// or https:// URL of a site";
    else if (claims.has_bad_date)
        text = "the credential has a date that is none";
    else if (!mun_titles_have(frame->titles, claims.title))
        text = "the achievement's name is not one of the programme's titles";
    if (text == NULL)
        return MUN_SUCCESS;
    (void)snprintf(why->text, sizeof why->text, "%s", text);
    return mun_err(MUN_ERR_VALUE);
}

/* The finished text of one credential: its digest and dates into the slot, and
 * into its file. */
static mun_err_t
keep_credential(struct mun_batch_slot *slot, struct mun_credential_fault *why,
                const struct mun_credential_frame *frame, struct mun_bytes text,
                const char *path)
{
    struct mun_opening facts = { 0 };
    struct mun_json *doc = NULL;
    struct mun_json_err json_why;

    mun_err_t err = mun_json_parse(&doc, &json_why, text, &mun_document_limits);
    if (!mun_is_ok(err)) {
        (void)snprintf(why->text, sizeof why->text, "%s", json_why.text);
        return err;
    }
    err = mun_credential_facts(&facts, why, doc);
    if (mun_is_ok(err))
        err = check_claims(why, frame, doc);
    mun_json_close(doc);
    MUN_TRY(err);
    slot->digest = facts.digest;
    slot->format = facts.format;
    slot->valid_from_ms = facts.valid_from_ms;
    slot->valid_until_ms = facts.valid_until_ms;
    return mun_file_write(path, text, 0600);
}

static mun_err_t
make_credential(struct mun_batch_slot *slot, struct mun_credential_fault *why,
                struct mun_cli *cli, const struct mun_credential_frame *frame,
                const char *out, size_t row)
{
    uint32_t index = frame->base + (uint32_t)row;
    struct mun_json_wr wr;
    struct mun_bytes text = MUN_BYTES_NONE;
    char path[PATH_SIZE];
    char *file = mun_arena_alloc(&cli->arena, 24);

    if (file == NULL)
        return mun_err(MUN_ERR_MEMORY);
    MUN_TRY(mun_credential_assurance(&slot->assurance, why, frame->csv, row));
    (void)snprintf(file, 24, "%u.json", (unsigned)index);
    (void)snprintf(path, sizeof path, "%s/%s", out, file);
    slot->file = file;
    slot->name = mun_csv_field(
        frame->csv, row, mun_csv_column(frame->csv, mun_bytes_str("name")));
    mun_json_wr_init(&wr, MUN_DOCUMENT_JSON_MAX, true);
    mun_err_t err = mun_credential_make(&wr, why, frame, row);
    if (mun_is_ok(err))
        err = mun_json_wr_finish(&wr, &text);
    if (mun_is_ok(err))
        err = keep_credential(slot, why, frame, text, path);
    mun_json_wr_fini(&wr);
    return err;
}

static mun_err_t
slots_of_table(struct mun_batch_file *batch, struct mun_cli *cli,
               const struct mun_source *source, const struct mun_titles *titles,
               const char *out, const char *status_url)
{
    struct mun_credential_fault why = { "" };
    struct mun_credential_frame frame = {
        .template = source->template,
        .csv = &source->csv,
        .issuer = batch->issuer,
        .programme = batch->programme,
        .version = batch->version,
        .titles = titles,
        .label = (const char *)batch->label.data,
        .status_url = status_url,
        .base = batch->base,
        .valid_from_ms = mun_cli_now_ms() / 1000 * 1000,
    };

    for (uint32_t i = 0; i < batch->count; i++) {
        mun_err_t err =
            make_credential(&batch->slots[i], &why, cli, &frame, out, i);
        if (!mun_is_ok(err)) {
            (void)mun_cli_fail(
                cli, MUN_EXIT_FAILED, "learner in line %u of the CSV: %s",
                (unsigned)source->csv.lines[i],
                why.text[0] != '\0' ? why.text : mun_err_text(err));
            return err;
        }
        mun_cli_progress(cli, "credentials", i + 1, batch->count);
    }
    return MUN_SUCCESS;
}

/* A folder */

static bool
ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

static mun_err_t
read_json_document(struct mun_source_file *file, struct mun_cli *cli,
                   const char *path, struct mun_bytes text)
{
    struct mun_credential_fault fault = { "" };
    struct mun_json_err why;
    struct mun_json *doc = NULL;

    mun_err_t err = mun_json_parse(&doc, &why, text, &mun_document_limits);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s:%u:%u: %s", path,
                           (unsigned)why.line, (unsigned)why.column, why.text);
        return err;
    }
    err = mun_credential_facts(&file->facts, &fault, doc);
    if (!mun_is_ok(err))
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                           fault.text[0] != '\0' ? fault.text
                                                 : mun_err_text(err));
    mun_credential_claims(&file->claims, doc);
    size_t len = file->claims.list_label.len;
    if (len < sizeof file->label && len > 0)
        memcpy(file->label, file->claims.list_label.data, len);
    file->claims.list_label = mun_bytes(file->label, len);
    mun_hash_sha256(&file->title, file->claims.title);
    file->claims.title = MUN_BYTES_NONE;
    mun_json_close(doc);
    return err;
}

static mun_err_t
read_document(struct mun_source_file *file, struct mun_cli *cli,
              const char *folder)
{
    size_t mark = mun_arena_mark(&cli->arena);
    struct mun_bytes data;
    char path[PATH_SIZE];
    mun_err_t err = MUN_SUCCESS;

    (void)snprintf(path, sizeof path, "%s/%s", folder, file->name);
    MUN_TRY(read_whole(&data, cli, path, DOCUMENT_BYTES_MAX));
    if (ends_with(file->name, ".json") || ends_with(file->name, ".jsonld")) {
        err = read_json_document(file, cli, path, data);
    } else {
        file->facts.format = MUN_FORMAT_BYTES;
        mun_hash_sha256(&file->facts.digest, data);
    }
    mun_arena_reset(&cli->arena, mark);
    return err;
}

static int
by_name(const void *a, const void *b)
{
    const struct mun_source_file *left = a;
    const struct mun_source_file *right = b;
    return strcmp(left->name, right->name);
}

/* Regular files whose names do not begin with a dot. With `files` NULL it only
 * counts. */
static mun_err_t
list_files(struct mun_source_file *files, uint32_t *count, struct mun_cli *cli,
           const char *folder)
{
    char path[PATH_SIZE];
    struct dirent *found;
    struct stat info;
    uint32_t room = *count;
    DIR *dir = opendir(folder);

    *count = 0;
    if (dir == NULL)
        return mun_err(MUN_ERR_IO);
    /* One thread only. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((found = readdir(dir)) != NULL) {
        size_t len = strlen(found->d_name);
        (void)snprintf(path, sizeof path, "%s/%s", folder, found->d_name);
        if (found->d_name[0] == '.' || stat(path, &info) != 0 ||
            !S_ISREG(info.st_mode))
            continue;
        if (files != NULL && *count < room) {
            char *name = mun_arena_alloc(&cli->arena, len + 1);
            if (name == NULL)
                break;
            memcpy(name, found->d_name, len);
            files[*count].name = name;
        }
        (*count)++;
    }
    (void)closedir(dir); /* only read from */
    return files != NULL && *count != room ? mun_err(MUN_ERR_IO) : MUN_SUCCESS;
}

mun_err_t
mun_source_folder(struct mun_source *out, struct mun_cli *cli,
                  const char *folder)
{
    struct mun_sha256 sha;

    *out = (struct mun_source){ .folder = folder };
    mun_err_t err = list_files(NULL, &out->count, cli, folder);
    if (!mun_is_ok(err) || out->count == 0 || out->count > MUN_LIST_SLOTS_MAX) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", folder,
                           !mun_is_ok(err)   ? "cannot be read"
                           : out->count == 0 ? "holds no file"
                                             : "holds too many files");
        return mun_err(MUN_ERR_IO);
    }
    out->files = mun_arena_array(&cli->arena, out->count, sizeof *out->files);
    if (out->files == NULL)
        return mun_err(MUN_ERR_MEMORY);
    err = list_files(out->files, &out->count, cli, folder);
    if (!mun_is_ok(err)) {
        (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", folder,
                           mun_err_text(err));
        return err;
    }
    qsort(out->files, out->count, sizeof *out->files, by_name);
    mun_sha256_init(&sha);
    for (uint32_t i = 0; i < out->count; i++) {
        MUN_TRY(read_document(&out->files[i], cli, folder));
        add_run(&sha, mun_bytes_str(out->files[i].name));
        add_run(&sha, mun_bytes(out->files[i].facts.digest.b, 32));
        mun_cli_progress(cli, "documents", i + 1, out->count);
    }
    mun_sha256_final(&sha, &out->digest);
    return MUN_SUCCESS;
}

bool
mun_source_base(const struct mun_source *source, uint32_t *base)
{
    *base = UINT32_MAX;
    for (uint32_t i = 0; source->folder != NULL && i < source->count; i++) {
        const struct mun_source_file *file = &source->files[i];
        if (!file->claims.has_slot)
            return false;
        if (file->claims.slot < *base)
            *base = file->claims.slot;
    }
    return source->folder != NULL;
}

static bool
has_title(const struct mun_source_file *file, const struct mun_titles *titles)
{
    for (uint8_t i = 0; i < titles->count; i++) {
        struct mun_hash title;

        mun_hash_sha256(&title, titles->at[i]);
        if (mun_hash_eq(&file->title, &title))
            return true;
    }
    return false;
}

/* Why what a JSON credential says of itself is not what the batch and the
 * ledger will say; NULL when it is. */
static const char *
false_claim(const struct mun_source_file *file,
            const struct mun_batch_file *batch, const struct mun_titles *titles)
{
    const struct mun_claims *claims = &file->claims;

    if (!claims->is_complete)
        return "does not name its issuer, programme and slot as "
               "ledger/README.md section 13 asks";
    if (!mun_hash_eq(&claims->issuer, &batch->issuer))
        return "names another issuer than the key's party";
    if (!mun_hash_eq(&claims->programme, &batch->programme) ||
        claims->programme_version != batch->version)
        return "names another programme or version";
    if (!mun_hash_eq(&claims->list_issuer, &batch->issuer) ||
        !mun_bytes_eq(claims->list_label, batch->label))
        return "names another status list";
    if (claims->has_bad_date)
        return "has a date that is none";
    if (claims->has_title && !has_title(file, titles))
        return "has an achievement whose name is not one of the programme's "
               "titles";
    return NULL;
}

/* Why its slot does not fit; NULL when it does. */
static const char *
false_slot(const struct mun_claims *claims, const struct mun_batch_file *batch,
           const bool *is_taken)
{
    if (!claims->has_slot)
        return "names no status slot";
    if (claims->slot < batch->base ||
        claims->slot - batch->base >= batch->count)
        return "names a slot outside this batch: slots must follow one "
               "another from the base on";
    if (is_taken[claims->slot - batch->base])
        return "names a slot that another document has";
    return NULL;
}

static void
take_document(struct mun_batch_slot *slot, const struct mun_source_file *file,
              uint64_t now_ms)
{
    slot->file = file->name;
    slot->digest = file->facts.digest;
    slot->format = file->facts.format;
    slot->valid_until_ms = file->facts.valid_until_ms;
    slot->valid_from_ms = file->facts.valid_from_ms;
    if (!file->claims.has_valid_from)
        slot->valid_from_ms = now_ms;
}

/* JSON credentials go where they say, the others in order of their names into
 * what is left. */
static mun_err_t
slots_of_folder(struct mun_batch_file *batch, struct mun_cli *cli,
                const struct mun_source *source,
                const struct mun_titles *titles)
{
    uint64_t now_ms = mun_cli_now_ms() / 1000 * 1000;
    bool *is_taken = mun_arena_array(&cli->arena, batch->count, sizeof(bool));
    unsigned faults = 0;
    uint32_t next = 0;

    if (is_taken == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (uint32_t i = 0; i < source->count && faults < FAULTS_SHOWN; i++) {
        const struct mun_source_file *file = &source->files[i];
        if (file->facts.format != MUN_FORMAT_JSON)
            continue;
        const char *why = false_slot(&file->claims, batch, is_taken);
        if (why == NULL && !source->has_unchecked_claims)
            why = false_claim(file, batch, titles);
        if (why != NULL) {
            (void)mun_cli_fail(cli, MUN_EXIT_FAILED, "%s/%s: %s",
                               source->folder, file->name, why);
            faults++;
            continue;
        }
        uint32_t at = file->claims.slot - batch->base;
        is_taken[at] = true;
        take_document(&batch->slots[at], file, now_ms);
    }
    if (faults > 0)
        return mun_err(MUN_ERR_VALUE);
    for (uint32_t i = 0; i < source->count; i++) {
        if (source->files[i].facts.format == MUN_FORMAT_JSON)
            continue;
        while (is_taken[next])
            next++;
        take_document(&batch->slots[next++], &source->files[i], now_ms);
    }
    return MUN_SUCCESS;
}

mun_err_t
mun_source_slots(struct mun_batch_file *batch, struct mun_cli *cli,
                 const struct mun_source *source,
                 const struct mun_titles *titles, const char *out,
                 const char *status_url)
{
    if (source->folder != NULL)
        return slots_of_folder(batch, cli, source, titles);
    return slots_of_table(batch, cli, source, titles, out, status_url);
}
