#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/core/multiproof.h"
#include "ledger/core/receipt.h"
#include "ledger/core/record.h"
#include "ledger/json/credential.h"
#include "ledger/json/jcs.h"
#include "ledger/json/receipt_file.h"
#include "tests/support/make_chain.h"
#include "tests/support/make_entry.h"
#include "tests/vectors/make.h"

/* receipt: a small ledger, a batch of credentials in it, and what happens to
 * them. */

#define DAY_MS (24ull * MUN_TEST_HOUR_MS)
#define VALID_UNTIL_MS (MUN_TEST_TIME_MS + 365 * DAY_MS)
#define EXTENDED_MS (MUN_TEST_TIME_MS + 500 * DAY_MS)
#define MINUTE_MS 60000ull
#define LATER_MS (MUN_TEST_TIME_MS + 20 * DAY_MS)
#define LONG_AGE_MS (3650 * DAY_MS)

/* Positions in the batch, which are slots too. */
enum slot {
    SLOT_GOOD,
    SLOT_REVOKED,
    SLOT_SUSPENDED,
    SLOT_SUPERSEDED,
    SLOT_EXTENDED,
    SLOT_OTHER_PROGRAMME, /* the document names another */
    SLOT_OTHER_SLOT,      /* the document names another */
    SLOT_OTHER_OPENING,   /* the opening names another programme */
    SLOT_BYTES,           /* not JSON */
    SLOT_SILENT,          /* the document names no slot */
    SLOT_OTHER_TITLE,     /* the document has another */
    SLOT_OTHER_START,     /* the document has another validFrom */
    SLOT_OTHER_END,       /* the document has another validUntil */
    SLOT_NO_END,          /* the document has no validUntil */
    SLOT_LATER,           /* its time has not begun */
    SLOT_COUNT
};

/* What a vector is made of. */
struct credential {
    struct mun_bytes document;
    struct mun_bytes opening;
    struct mun_bytes receipt;
};

/* Later vectors of the same credential or ledger say only what differs. */
struct base {
    const char *name;
    struct credential credential;
};

struct maker {
    struct mun_json_wr *wr;
    struct mun_arena *arena;
    struct mun_test_world *world;
    struct mun_bytes documents[SLOT_COUNT];
    struct base base; /* name NULL: none yet */
};

/* Documents */

struct saying {
    struct mun_hash issuer;
    struct mun_hash programme;
    uint32_t slot;
    bool has_slot;
    const char *title;
    uint64_t valid_from_ms;  /* 0: not said */
    uint64_t valid_until_ms; /* as above */
};

static void
put_status(struct mun_json_wr *wr, const struct saying *saying)
{
    char url[160] = "https://ledger.example/v1/status-lists/";
    char digits[3] = { (char)('0' + saying->slot / 10),
                       (char)('0' + saying->slot % 10) };
    char hex[65];

    mun_hex_encode(hex, mun_bytes(saying->issuer.b, 32));
    memcpy(url + strlen(url), hex, sizeof hex);
    memcpy(url + strlen(url), "/diplomas", sizeof "/diplomas");
    mun_json_wr_key(wr, "credentialStatus");
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "type", "BitstringStatusListEntry");
    mun_vec_str(wr, "statusPurpose", "revocation");
    mun_vec_str(wr, "statusListIndex", saying->slot < 10 ? digits + 1 : digits);
    mun_vec_str(wr, "statusListCredential", url);
    mun_json_wr_end_object(wr);
}

static struct mun_bytes
document_of(struct mun_arena *arena, const struct saying *saying)
{
    char urn[MUN_URN_SIZE];
    struct mun_json_wr wr;
    struct mun_bytes text;

    MUN_CHECK(saying->slot <= 99);
    mun_json_wr_init(&wr, 8192, false);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "type");
    mun_json_wr_begin_array(&wr);
    mun_json_wr_string(&wr, "VerifiableCredential");
    mun_json_wr_string(&wr, "OpenBadgeCredential");
    mun_json_wr_end_array(&wr);
    mun_urn_party(urn, &saying->issuer);
    mun_json_wr_key(&wr, "issuer");
    mun_json_wr_begin_object(&wr);
    mun_vec_str(&wr, "name", "Universit\xc3\xa9");
    mun_vec_str(&wr, "id", urn);
    mun_json_wr_end_object(&wr);
    mun_json_wr_key(&wr, "credentialSubject");
    mun_json_wr_begin_object(&wr);
    mun_vec_str(&wr, "name", "A. Learner");
    mun_urn_programme(urn, &saying->programme, 1);
    mun_json_wr_key(&wr, "achievement");
    mun_json_wr_begin_object(&wr);
    mun_vec_str(&wr, "id", urn);
    mun_vec_str(&wr, "name", saying->title);
    mun_json_wr_end_object(&wr);
    mun_json_wr_end_object(&wr);
    if (saying->valid_from_ms != 0) {
        mun_json_wr_key(&wr, "validFrom");
        mun_json_wr_time(&wr, saying->valid_from_ms);
    }
    if (saying->valid_until_ms != 0) {
        mun_json_wr_key(&wr, "validUntil");
        mun_json_wr_time(&wr, saying->valid_until_ms);
    }
    if (saying->has_slot)
        put_status(&wr, saying);
    mun_json_wr_end_object(&wr);
    MUN_CHECK(mun_is_ok(mun_json_wr_finish(&wr, &text)));
    text = mun_vec_copy(arena, text);
    mun_json_wr_fini(&wr);
    return text;
}

static void
set_documents(struct maker *maker)
{
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        struct saying saying = { .issuer = mun_test_party(MUN_TEST_ISSUER),
                                 .programme = maker->world->programme,
                                 .slot = i,
                                 .has_slot = i != SLOT_SILENT,
                                 .title = "Data analysis",
                                 .valid_until_ms = VALID_UNTIL_MS };

        if (i == SLOT_OTHER_PROGRAMME)
            saying.programme = mun_test_hash(2);
        if (i == SLOT_OTHER_SLOT)
            saying.slot = SLOT_GOOD;
        if (i == SLOT_OTHER_TITLE)
            saying.title = "Data analysis (honours)";
        if (i == SLOT_OTHER_START)
            saying.valid_from_ms = MUN_TEST_TIME_MS + 1;
        if (i == SLOT_OTHER_END)
            saying.valid_until_ms = VALID_UNTIL_MS + 1;
        if (i == SLOT_NO_END)
            saying.valid_until_ms = 0;
        if (i == SLOT_LATER)
            saying.valid_from_ms = LATER_MS;
        maker->documents[i] = document_of(maker->arena, &saying);
    }
    maker->documents[SLOT_BYTES] =
        mun_bytes_str("A diploma as plain text.\nNot JSON.\n");
}

/* Is the document of this opening one that must be JSON? */
static bool
is_json_opened(struct mun_bytes bytes)
{
    struct mun_opening opening;

    return mun_is_ok(mun_opening_decode(&opening, bytes)) &&
           opening.format == MUN_FORMAT_JSON;
}

/* The digest, and what the document says if it is JSON. */
static void
read_document(struct mun_hash *digest, struct mun_claims *claims,
              struct mun_bytes document)
{
    struct mun_json *doc = NULL;

    memset(claims, 0, sizeof *claims);
    if (!mun_is_ok(mun_json_parse(&doc, NULL, document, NULL))) {
        mun_hash_sha256(digest, document);
        return;
    }
    MUN_CHECK(mun_is_ok(mun_jcs_sha256(digest, doc)));
    mun_credential_claims(claims, doc);
    mun_json_close(doc);
}

/* The ledger */

static void
set_opening(const struct maker *maker, struct mun_opening *out, uint32_t slot)
{
    struct mun_hash seed = mun_test_hash(900);
    struct mun_claims claims;

    mun_opening_salt(&out->salt, &seed, slot);
    read_document(&out->digest, &claims, maker->documents[slot]);
    out->format = slot == SLOT_BYTES ? MUN_FORMAT_BYTES : MUN_FORMAT_JSON;
    out->programme =
        slot == SLOT_OTHER_OPENING ? mun_test_hash(2) : maker->world->programme;
    out->programme_version = 1;
    out->label = mun_bytes_str("diplomas");
    out->slot = slot;
    out->valid_from_ms =
        slot == SLOT_LATER ? LATER_MS : MUN_TEST_TIME_MS - DAY_MS;
    out->valid_until_ms = VALID_UNTIL_MS;
    out->assurance = MUN_ASSURANCE_PEER;
}

static void
block_of(struct mun_test_world *world, struct mun_entry *entry, unsigned signer)
{
    struct mun_entry_checked *checked =
        mun_test_world_sign(world, entry, &signer, 1);

    mun_test_world_block(world, &checked, 1);
}

static void
anchor_all(struct maker *maker)
{
    struct mun_test_world *world = maker->world;
    struct mun_entry *entry = mun_vec_take(maker->arena, sizeof *entry);

    world->batch_base = 0;
    world->batch_count = SLOT_COUNT;
    world->openings =
        mun_vec_take(maker->arena, SLOT_COUNT * sizeof *world->openings);
    world->commitments =
        mun_vec_take(maker->arena, SLOT_COUNT * sizeof *world->commitments);
    for (uint32_t i = 0; i < SLOT_COUNT; i++) {
        set_opening(maker, &world->openings[i], i);
        mun_opening_commitment(&world->commitments[i], &world->openings[i]);
    }
    mun_test_sample_entry(maker->arena, entry, MUN_KIND_ANCHOR);
    entry->actor = mun_test_party(MUN_TEST_ISSUER);
    entry->as.anchor.count = SLOT_COUNT;
    mun_merkle_root32(&entry->as.anchor.root, world->commitments, SLOT_COUNT);
    entry->as.anchor.programme = world->programme;
    entry->as.anchor.is_published = false;
    entry->as.anchor.accreditations[0] = world->accreditation;
    block_of(world, entry, MUN_TEST_ISSUER);
}

static void
change_all(struct maker *maker)
{
    const struct mun_change changes[] = {
        { .index = SLOT_REVOKED, .action = MUN_ACTION_REVOKE, .reason = 1 },
        { .index = SLOT_SUSPENDED, .action = MUN_ACTION_SUSPEND, .reason = 4 },
        { .index = SLOT_SUPERSEDED,
          .action = MUN_ACTION_SUPERSEDE,
          .reason = 2,
          .superseded_by = mun_test_hash(4) },
        { .index = SLOT_EXTENDED,
          .action = MUN_ACTION_EXTEND,
          .reason = 4,
          .extended_until_ms = EXTENDED_MS },
    };

    for (size_t i = 0; i < MUN_VEC_COUNT(changes); i++)
        mun_test_world_change(maker->world, &changes[i]);
}

static void
withdraw(struct maker *maker, uint64_t void_since_ms)
{
    struct mun_entry *entry = mun_vec_take(maker->arena, sizeof *entry);

    mun_test_sample_entry(maker->arena, entry, MUN_KIND_WITHDRAW);
    for (uint32_t i = 0; i < maker->world->genesis->party_count; i++) {
        const struct mun_genesis_party *party =
            &maker->world->genesis->parties[i];

        if ((party->roles & MUN_ROLE_ROOT_ACCREDITOR) != 0)
            entry->actor = party->id;
    }
    entry->as.standing.accreditation = maker->world->accreditation;
    entry->as.standing.void_since_ms = void_since_ms;
    block_of(maker->world, entry, 1);
}

/* Vectors */

/* What is asked, beside the credential. */
struct question {
    struct mun_trust_root root;
    struct mun_policy policy;
};

static struct question
ask(const struct maker *maker)
{
    const struct mun_test_world *world = maker->world;
    struct question out = {
        .root = { .chain_id = world->chain.chain_id,
                  .height = 0,
                  .header_id = world->chain.header_id,
                  .max_age_ms = world->genesis->max_age_ms },
        .policy = { .now_ms = world->headers[world->height].time_ms + 5000 },
    };

    return out;
}

static void
put_words(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    static const enum mun_verdict_code codes[] = {
#define X(name, value) MUN_VERDICT_##name,
        MUN_VERDICT_TABLE(X)
#undef X
    };
    static const struct {
        uint32_t bit;
        const char *text;
    } flags[] = {
#define X(name, bit, text) { MUN_FLAG_##name, text },
        MUN_FLAG_TABLE(X)
#undef X
    };

    mun_json_wr_key(wr, "applies");
    mun_json_wr_begin_array(wr);
    for (size_t i = MUN_VEC_COUNT(codes); i > 0; i--) {
        if ((verdict->all & (1u << codes[i - 1])) != 0)
            mun_json_wr_string(wr, mun_verdict_name(codes[i - 1]));
    }
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "flags");
    mun_json_wr_begin_array(wr);
    for (size_t i = 0; i < MUN_VEC_COUNT(flags); i++) {
        if ((verdict->flags & flags[i].bit) != 0)
            mun_json_wr_string(wr, flags[i].text);
    }
    mun_json_wr_end_array(wr);
}

/* The names of the checks that ended so. */
static void
put_checks(struct mun_json_wr *wr, const char *key,
           const struct mun_verdict *verdict, enum mun_check_result result)
{
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_array(wr);
    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++) {
        if (verdict->checks[i] == (uint8_t)result)
            mun_json_wr_string(wr, mun_check_text((enum mun_check_name)i));
    }
    mun_json_wr_end_array(wr);
}

static void
put_expected(struct mun_json_wr *wr, const struct mun_verdict *verdict)
{
    mun_json_wr_key(wr, "expected");
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "verdict", mun_verdict_name(verdict->code));
    mun_vec_u64(wr, "code", (uint64_t)verdict->code);
    put_words(wr, verdict);
    if (verdict->code == MUN_VERDICT_DOCUMENT_MISMATCH)
        mun_vec_str(wr, "reason", verdict->why);
    if ((verdict->all & (1u << MUN_VERDICT_PROOF_INVALID)) == 0) {
        mun_vec_u64(wr, "slot", verdict->slot);
        mun_vec_u64(wr, "slot_status", verdict->slot_status);
        mun_vec_u64(wr, "slot_since_height", verdict->slot_since.height);
        mun_vec_u64(wr, "extended_until", verdict->extended_until_ms);
        mun_vec_u64(wr, "anchored_time", verdict->anchored_time_ms);
        mun_vec_u64(wr, "as_of_height", verdict->asof_height);
    }
    put_checks(wr, "failed", verdict, MUN_CHECK_FAILED);
    put_checks(wr, "not_done", verdict, MUN_CHECK_NOT_DONE);
    mun_json_wr_end_object(wr);
}

/* Trust root, time, policy, and what the library says, which must be
 * `expected`. Returns the first check that failed. */
static unsigned
put_answer(const struct maker *maker, const struct credential *credential,
           const struct question *question, enum mun_verdict_code expected)
{
    struct mun_json_wr *wr = maker->wr;
    struct question usual = ask(maker);
    struct mun_receipt_input input = { .receipt = credential->receipt,
                                       .opening = credential->opening,
                                       .root = question->root,
                                       .policy = question->policy };
    struct mun_verdict *verdict = mun_vec_take(maker->arena, sizeof *verdict);
    struct mun_json *doc = NULL;

    input.has_document_digest = true;
    if (mun_is_ok(mun_json_parse(&doc, NULL, credential->document, NULL))) {
        MUN_CHECK(mun_is_ok(mun_jcs_sha256(&input.document_digest, doc)));
        mun_credential_claims(&input.claims, doc);
    } else {
        input.has_document_digest = !is_json_opened(credential->opening);
        mun_hash_sha256(&input.document_digest, credential->document);
    }
    mun_receipt_verify(verdict, maker->arena, &input);
    MUN_CHECK(verdict->code == expected);
    if (maker->base.name == NULL ||
        memcmp(&usual.root, &question->root, sizeof usual.root) != 0) {
        mun_json_wr_key(wr, "trust_root");
        mun_trust_root_write(wr, &question->root,
                             mun_bytes_str("Test consortium"));
    }
    mun_vec_u64(wr, "time", question->policy.now_ms);
    mun_vec_u64(wr, "max_age", question->policy.max_age_ms);
    mun_vec_u64(wr, "assurance_min", question->policy.assurance_min);
    put_expected(wr, verdict);
    mun_json_close(doc);
    for (unsigned i = 0; i < MUN_CHECK_NAME_COUNT; i++) {
        if (verdict->checks[i] == MUN_CHECK_FAILED)
            return i;
    }
    return MUN_CHECK_NAME_COUNT;
}

/* The digest too, when it has one beside that opening. */
static void
put_document(struct mun_json_wr *wr, struct mun_bytes document,
             struct mun_bytes opening)
{
    struct mun_claims claims;
    struct mun_hash digest;

    read_document(&digest, &claims, document);
    mun_vec_text(wr, "document", document);
    if (claims.has_claims || !is_json_opened(opening))
        mun_vec_hash(wr, "document_digest", &digest);
}

static void
put_opening(struct mun_json_wr *wr, struct mun_bytes bytes)
{
    struct mun_opening opening;
    struct mun_hash commitment;

    mun_vec_hex(wr, "opening", bytes);
    if (!mun_is_ok(mun_opening_decode(&opening, bytes)))
        return;
    mun_opening_commitment(&commitment, &opening);
    mun_vec_hash(wr, "commitment", &commitment);
}

/* `drop` bytes of the base's receipt at `offset` give way to `insert`. */
static void
put_splice_item(struct mun_json_wr *wr, size_t offset, size_t drop,
                struct mun_bytes insert)
{
    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "offset", offset);
    mun_vec_u64(wr, "drop", drop);
    mun_vec_hex(wr, "insert", insert);
    mun_json_wr_end_object(wr);
}

/* A receipt's parts: where each ends. */
#define PARTS 6

static void
find_ends(size_t *ends, struct mun_bytes receipt)
{
    const uint8_t *start = receipt.data;
    struct mun_receipt r;

    MUN_CHECK(mun_is_ok(mun_receipt_decode(&r, receipt)));
    ends[0] = (size_t)(r.entry.data + r.entry.len - start) + 60;
    ends[1] = (size_t)((const uint8_t *)r.batch_path - start) +
              r.batch_path_len * sizeof *r.batch_path;
    ends[2] = (size_t)(r.members.data + r.members.len - start);
    ends[3] = (size_t)(r.certificate.data - start);
    ends[4] = ends[3] + r.certificate.len;
    ends[5] = receipt.len;
}

/* The bytes of `receipt` that are not in the base's: a run for each part. With
 * `wr` NULL they are only counted. */
static size_t
put_splices(struct mun_json_wr *wr, struct mun_bytes base,
            struct mun_bytes receipt)
{
    size_t old_ends[PARTS];
    size_t new_ends[PARTS];
    size_t old_at = 0;
    size_t new_at = 0;
    size_t total = 0;

    find_ends(old_ends, base);
    find_ends(new_ends, receipt);
    for (unsigned i = 0; i < PARTS; i++) {
        size_t old_end = old_ends[i];
        size_t new_end = new_ends[i];

        while (old_at < old_end && new_at < new_end &&
               base.data[old_at] == receipt.data[new_at]) {
            old_at++;
            new_at++;
        }
        while (old_at < old_end && new_at < new_end &&
               base.data[old_end - 1] == receipt.data[new_end - 1]) {
            old_end--;
            new_end--;
        }
        total += new_end - new_at;
        if (wr != NULL && (old_at < old_end || new_at < new_end))
            put_splice_item(wr, old_at, old_end - old_at,
                            mun_bytes(receipt.data + new_at, new_end - new_at));
        old_at = old_ends[i];
        new_at = new_ends[i];
    }
    return total;
}

static void
put_receipt(const struct maker *maker, struct mun_bytes receipt)
{
    struct mun_json_wr *wr = maker->wr;
    struct mun_bytes base = maker->base.credential.receipt;

    if (maker->base.name == NULL ||
        put_splices(NULL, base, receipt) > receipt.len * 3 / 5) {
        mun_vec_hex(wr, "receipt", receipt);
        return;
    }
    mun_vec_str(wr, "of", maker->base.name);
    mun_json_wr_key(wr, "splices");
    mun_json_wr_begin_array(wr);
    (void)put_splices(wr, base, receipt); /* counted above */
    mun_json_wr_end_array(wr);
}

static void
put_whole(const struct maker *maker, const char *name,
          const struct credential *credential, const struct question *question,
          enum mun_verdict_code expected)
{
    mun_json_wr_begin_object(maker->wr);
    mun_vec_str(maker->wr, "name", name);
    put_receipt(maker, credential->receipt);
    put_document(maker->wr, credential->document, credential->opening);
    put_opening(maker->wr, credential->opening);
    (void)put_answer(maker, credential, question, expected);
    mun_json_wr_end_object(maker->wr);
}

/* The same credential as in the vector `of`, asked about otherwise. */
static void
put_asked(const struct maker *maker, const char *name, const char *of,
          const struct credential *credential, const struct question *question,
          enum mun_verdict_code expected)
{
    mun_json_wr_begin_object(maker->wr);
    mun_vec_str(maker->wr, "name", name);
    mun_vec_str(maker->wr, "of", of);
    (void)put_answer(maker, credential, question, expected);
    mun_json_wr_end_object(maker->wr);
}

static struct credential
credential_of(const struct maker *maker, uint32_t slot)
{
    struct credential out = {
        .document = maker->documents[slot],
        .opening = mun_test_world_opening(maker->world, slot),
        .receipt = mun_test_world_receipt(maker->world, slot),
    };

    return out;
}

static void
put_slot(const struct maker *maker, const char *name, uint32_t slot,
         enum mun_verdict_code expected)
{
    struct credential credential = credential_of(maker, slot);
    struct question question = ask(maker);

    put_whole(maker, name, &credential, &question, expected);
}

/* The answer to a forgery, which that check must find. */
static void
put_failing(const struct maker *maker, const struct credential *credential,
            enum mun_check_name failing)
{
    struct question question = ask(maker);

    MUN_CHECK(put_answer(maker, credential, &question,
                         MUN_VERDICT_PROOF_INVALID) == failing);
}

/* A receipt in which `drop` bytes at `offset` gave way to `insert`. */
struct splice {
    const char *name;
    size_t offset;
    size_t drop;
    struct mun_bytes insert;
};

static void
put_splice(const struct maker *maker, const struct credential *base,
           const struct splice *splice, enum mun_check_name failing)
{
    struct credential changed = *base;
    struct mun_json_wr *wr = maker->wr;
    size_t len = base->receipt.len - splice->drop + splice->insert.len;
    uint8_t *bytes = mun_vec_take(maker->arena, len + 1);
    size_t rest = splice->offset + splice->drop;

    MUN_CHECK(rest <= base->receipt.len);
    memcpy(bytes, base->receipt.data, splice->offset);
    if (splice->insert.len != 0)
        memcpy(bytes + splice->offset, splice->insert.data, splice->insert.len);
    memcpy(bytes + splice->offset + splice->insert.len,
           base->receipt.data + rest, base->receipt.len - rest);
    changed.receipt = mun_bytes(bytes, len);
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", splice->name);
    mun_vec_str(wr, "of", "valid");
    mun_json_wr_key(wr, "splices");
    mun_json_wr_begin_array(wr);
    put_splice_item(wr, splice->offset, splice->drop, splice->insert);
    mun_json_wr_end_array(wr);
    put_failing(maker, &changed, failing);
    mun_json_wr_end_object(wr);
}

/* One bit of one byte of each part. */
static void
put_flips(const struct maker *maker, const struct credential *base)
{
    const uint8_t *start = base->receipt.data;
    struct mun_receipt r;

    MUN_CHECK(mun_is_ok(mun_receipt_decode(&r, base->receipt)));
    size_t entry = (size_t)(r.entry.data - start);
    size_t leaf = entry + r.entry.len;
    size_t log_path = (size_t)((const uint8_t *)r.log_path - start);
    size_t batch_path = (size_t)((const uint8_t *)r.batch_path - start);
    size_t members = (size_t)(r.members.data - start);
    size_t header = members + r.members.len + 1;
    size_t certificate = (size_t)(r.certificate.data - start);
    const struct {
        const char *name;
        size_t offset;
        enum mun_check_name failing;
    } flips[] = {
        { "flipped: version", 0, MUN_CHECK_FORMAT },
        { "flipped: chain id", 1, MUN_CHECK_CHAIN },
        { "flipped: root in the entry", entry + 114 + 9 + 8, MUN_CHECK_ANCHOR },
        { "flipped: signature of the entry", leaf - 1, MUN_CHECK_ANCHOR },
        { "flipped: height of the leaf", leaf + 7, MUN_CHECK_ANCHOR },
        { "flipped: time of the leaf", leaf + 15, MUN_CHECK_ANCHOR },
        { "flipped: position of the leaf", leaf + 19, MUN_CHECK_ANCHOR },
        { "flipped: effects root of the leaf", leaf + 20, MUN_CHECK_ANCHOR },
        { "flipped: index of the leaf", leaf + 59, MUN_CHECK_ANCHOR },
        { "flipped: path in the log", log_path, MUN_CHECK_ANCHOR },
        { "flipped: position in the batch", batch_path - 2, MUN_CHECK_BATCH },
        { "flipped: path in the batch", batch_path, MUN_CHECK_BATCH },
        { "flipped: header of the trust root", members - 1, MUN_CHECK_CHAIN },
        { "flipped: member set", members + 1, MUN_CHECK_MEMBERS },
        { "flipped: state root of the header", header + 187 + 32,
          MUN_CHECK_CERTIFICATE },
        { "flipped: time of the header", header + 50, MUN_CHECK_CERTIFICATE },
        { "flipped: round of the certificate", certificate + 11,
          MUN_CHECK_CERTIFICATE },
        { "flipped: signature of the certificate",
          certificate + r.certificate.len - 1, MUN_CHECK_CERTIFICATE },
        { "flipped: last record", base->receipt.len - 1, MUN_CHECK_STATE },
    };

    for (size_t i = 0; i < MUN_VEC_COUNT(flips); i++) {
        uint8_t byte = (uint8_t)(start[flips[i].offset] ^ 1);
        struct splice splice = { flips[i].name, flips[i].offset, 1,
                                 mun_bytes(&byte, 1) };

        put_splice(maker, base, &splice, flips[i].failing);
    }
}

static void
put_cuts(const struct maker *maker, const struct credential *base)
{
    const uint8_t *start = base->receipt.data;
    uint8_t two[1 + 2 * MUN_SIG_BYTES] = { 0xc0 };
    struct mun_receipt r;
    struct splice splice = { "a byte missing", base->receipt.len - 1, 1,
                             MUN_BYTES_NONE };

    put_splice(maker, base, &splice, MUN_CHECK_FORMAT);
    splice = (struct splice){ "a byte behind", base->receipt.len, 0,
                              mun_bytes("\0", 1) };
    put_splice(maker, base, &splice, MUN_CHECK_FORMAT);
    splice = (struct splice){ "nothing", 0, base->receipt.len, MUN_BYTES_NONE };
    put_splice(maker, base, &splice, MUN_CHECK_FORMAT);
    MUN_CHECK(mun_is_ok(mun_receipt_decode(&r, base->receipt)));
    MUN_CHECK(r.certificate.data[45] == 0xe0);
    memcpy(two + 1, r.certificate.data + 46, sizeof two - 1);
    splice =
        (struct splice){ "two of four members signed",
                         (size_t)(r.certificate.data + 45 - start),
                         1 + 3 * MUN_SIG_BYTES, mun_bytes(two, sizeof two) };
    put_splice(maker, base, &splice, MUN_CHECK_CERTIFICATE);
}

/* Dates and policy */

static void
put_times(const struct maker *maker, const struct credential *base)
{
    struct question question = ask(maker);
    uint64_t asof_ms = maker->world->headers[maker->world->height].time_ms;

    question.policy.now_ms = asof_ms - 10 * MINUTE_MS;
    put_asked(maker, "a clock ten minutes behind the newest header", "valid",
              base, &question, MUN_VERDICT_VALID);
    question.policy.now_ms--;
    put_asked(maker, "the newest header is from later", "valid", base,
              &question, MUN_VERDICT_UNKNOWN);
    question.policy.now_ms = MUN_TEST_TIME_MS - DAY_MS;
    put_asked(maker, "a time before the anchoring", "valid", base, &question,
              MUN_VERDICT_UNKNOWN);
    question.policy.max_age_ms = LONG_AGE_MS;
    question.policy.now_ms = VALID_UNTIL_MS - 1;
    put_asked(maker, "a millisecond before valid_until", "valid", base,
              &question, MUN_VERDICT_VALID);
    question.policy.now_ms = VALID_UNTIL_MS;
    put_asked(maker, "expired", "valid", base, &question, MUN_VERDICT_EXPIRED);
    question.policy.max_age_ms = 0;
    put_asked(maker, "expired and stale", "valid", base, &question,
              MUN_VERDICT_EXPIRED);
    question.policy.now_ms = asof_ms + question.root.max_age_ms;
    put_asked(maker, "as old as allowed", "valid", base, &question,
              MUN_VERDICT_VALID);
    question.policy.now_ms++;
    put_asked(maker, "stale", "valid", base, &question, MUN_VERDICT_STALE);
    question.policy.max_age_ms = LONG_AGE_MS;
    put_asked(maker, "an age that the policy allows", "valid", base, &question,
              MUN_VERDICT_VALID);
    question = ask(maker);
    question.policy.assurance_min = MUN_ASSURANCE_INDEPENDENT;
    put_asked(maker, "assurance below what the policy asks for", "valid", base,
              &question, MUN_VERDICT_VALID);
}

/* Of a credential that is valid from a later day on. */
static void
put_beginning(const struct maker *maker)
{
    struct credential later = credential_of(maker, SLOT_LATER);
    struct question question = ask(maker);

    question.policy.max_age_ms = LONG_AGE_MS;
    question.policy.now_ms = LATER_MS - 1;
    put_whole(maker, "a millisecond before valid_from", &later, &question,
              MUN_VERDICT_NOT_YET_VALID);
    question.policy.now_ms = LATER_MS;
    put_asked(maker, "at valid_from", "a millisecond before valid_from", &later,
              &question, MUN_VERDICT_VALID);
}

static void
put_roots(const struct maker *maker, const struct credential *base)
{
    struct question question = ask(maker);

    question.root.header_id = mun_test_hash(6);
    put_asked(maker, "trust root with another header id", "valid", base,
              &question, MUN_VERDICT_PROOF_INVALID);
    question = ask(maker);
    question.root.chain_id = mun_test_chain();
    put_asked(maker, "trust root of another chain", "valid", base, &question,
              MUN_VERDICT_PROOF_INVALID);
    question = ask(maker);
    question.root.height = 2;
    mun_header_id(&question.root.header_id, &maker->world->headers[2]);
    put_asked(maker, "trust root at another height", "valid", base, &question,
              MUN_VERDICT_PROOF_INVALID);
}

/* Another document or opening with the receipt of "valid" */

static void
put_other_document(const struct maker *maker, const char *name,
                   const struct credential *base, struct mun_bytes document,
                   enum mun_verdict_code expected)
{
    struct credential changed = *base;
    struct question question = ask(maker);

    changed.document = document;
    mun_json_wr_begin_object(maker->wr);
    mun_vec_str(maker->wr, "name", name);
    mun_vec_str(maker->wr, "of", "valid");
    put_document(maker->wr, document, base->opening);
    (void)put_answer(maker, &changed, &question, expected);
    mun_json_wr_end_object(maker->wr);
}

static void
put_documents(const struct maker *maker, const struct credential *base)
{
    struct mun_bytes text = mun_vec_copy(maker->arena, base->document);
    uint8_t *bytes = mun_vec_take(maker->arena, text.len + 2);

    /* A space more is the same JSON value; a letter less is not. */
    bytes[0] = '\n';
    bytes[1] = ' ';
    memcpy(bytes + 2, text.data, text.len);
    put_other_document(maker, "the document with other spaces", base,
                       mun_bytes(bytes, text.len + 2), MUN_VERDICT_VALID);
    for (size_t i = 0; i + 7 < text.len; i++) {
        if (memcmp(text.data + i, "Learner", 7) == 0)
            bytes[2 + i + 6] = 'd';
    }
    put_other_document(maker, "a changed document", base,
                       mun_bytes(bytes + 2, text.len),
                       MUN_VERDICT_DOCUMENT_MISMATCH);
    put_other_document(maker, "the document of another slot", base,
                       maker->documents[SLOT_REVOKED],
                       MUN_VERDICT_DOCUMENT_MISMATCH);
    put_other_document(maker, "a document that should be JSON and is not", base,
                       maker->documents[SLOT_BYTES],
                       MUN_VERDICT_DOCUMENT_MISMATCH);
}

/* `text` with the one place that says `from` saying `to`. */
static struct mun_bytes
saying_otherwise(const struct maker *maker, struct mun_bytes text,
                 const char *from, const char *to)
{
    size_t from_len = strlen(from);
    size_t to_len = strlen(to);
    uint8_t *bytes = mun_vec_take(maker->arena, text.len + to_len);
    size_t at = 0;

    while (memcmp(text.data + at, from, from_len) != 0) {
        at++;
        MUN_CHECK(at + from_len <= text.len);
    }
    memcpy(bytes, text.data, at);
    if (to_len > 0)
        memcpy(bytes + at, mun_bytes_str(to).data, to_len);
    memcpy(bytes + at + to_len, text.data + at + from_len,
           text.len - at - from_len);
    return mun_bytes(bytes, text.len - from_len + to_len);
}

/* Documents that differ in how they say one thing: `applies` tells what is
 * made of it. */
static void
put_sayings(const struct maker *maker, const struct credential *base)
{
    static const struct {
        const char *name;
        const char *from;
        const char *to;
    } rows[] = {
        { "a title that is no text", "\"Data analysis\"", "null" },
        { "a title in another place", "\"name\":\"Data", "\"Name\":\"Data" },
        { "a validUntil with an offset", "2027-01-01T00:00:00Z",
          "2027-01-01T05:00:00.0009+05:00" },
        { "a validUntil that is a day", "2027-01-01T00:00:00Z", "2027-01-01" },
        { "a validUntil without an offset", "00:00:00Z", "00:00:00" },
        { "a validUntil on a day that is none", "2027-01-01T00:00:00Z",
          "2027-02-29" },
        { "a validFrom beside it", "\"validUntil\"",
          "\"validFrom\":\"2025-12-31\",\"validUntil\"" },
        { "a list whose URL has a query", "/diplomas\"", "/diplomas?a\"" },
        { "a list whose URL has a fragment", "example/", "example/#/" },
        { "a list whose URL names no site", "https://ledger.example/v1/",
          "https://v1/" },
        { "a list whose URL is relative", "https://ledger.example", "" },
        { "a list whose issuer has a digit more", "/diplomas\"",
          "0/diplomas\"" },
        { "an index with a zero in front", "\"0\"", "\"00\"" },
        { "an index that is a number", "\"0\"", "0" },
    };

    for (size_t i = 0; i < MUN_VEC_COUNT(rows); i++)
        put_other_document(
            maker, rows[i].name, base,
            saying_otherwise(maker, base->document, rows[i].from, rows[i].to),
            MUN_VERDICT_DOCUMENT_MISMATCH);
    put_other_document(maker, "a title with an escape", base,
                       saying_otherwise(maker, base->document, "Data analysis",
                                        "Data\\u0020analysis"),
                       MUN_VERDICT_VALID);
}

static void
put_other_opening(const struct maker *maker, const char *name,
                  const struct credential *base, struct mun_bytes opening,
                  enum mun_check_name failing)
{
    struct credential changed = *base;

    changed.opening = opening;
    mun_json_wr_begin_object(maker->wr);
    mun_vec_str(maker->wr, "name", name);
    mun_vec_str(maker->wr, "of", "valid");
    put_opening(maker->wr, opening);
    put_failing(maker, &changed, failing);
    mun_json_wr_end_object(maker->wr);
}

static void
put_openings(const struct maker *maker, const struct credential *base)
{
    uint8_t bytes[MUN_OPENING_BYTES_MAX];

    memcpy(bytes, base->opening.data, base->opening.len);
    bytes[1] ^= 1;
    put_other_opening(maker, "flipped: salt of the opening", base,
                      mun_bytes(bytes, base->opening.len), MUN_CHECK_BATCH);
    put_other_opening(maker, "a byte of the opening missing", base,
                      mun_bytes(base->opening.data, base->opening.len - 1),
                      MUN_CHECK_FORMAT);
    bytes[1] ^= 1;
    memset(bytes + 33, 0, 32);
    put_other_opening(maker, "an opening whose digest is zero", base,
                      mun_bytes(bytes, base->opening.len), MUN_CHECK_FORMAT);
    put_other_opening(maker, "the opening of another slot", base,
                      mun_test_world_opening(maker->world, SLOT_REVOKED),
                      MUN_CHECK_BATCH);
}

/* Other proofs of the same */

static struct mun_bytes
encoded_receipt(const struct maker *maker, const struct mun_receipt *parts)
{
    uint8_t *buffer = mun_vec_take(maker->arena, 65536);
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, 65536);
    mun_receipt_encode(&wr, parts);
    return mun_vec_keep(maker->arena, &wr);
}

/* The receipt with the records of `keys` instead of those it needs. */
static struct mun_bytes
receipt_showing(const struct maker *maker, uint32_t slot, struct mun_hash *keys,
                size_t count)
{
    uint8_t *buffer = mun_vec_take(maker->arena, 16384);
    struct mun_receipt parts;
    struct mun_wr wr;

    mun_test_world_parts(maker->world, &parts, slot);
    mun_wr_init(&wr, buffer, 16384);
    MUN_CHECK(
        mun_is_ok(mun_multiproof_make(&wr, maker->world->state, keys, count)));
    parts.multiproof = mun_wr_done(&wr);
    return encoded_receipt(maker, &parts);
}

static uint32_t
needed_keys(const struct maker *maker, struct mun_hash *keys, uint32_t slot)
{
    struct mun_view view = mun_state_view(maker->world->state);
    struct mun_log_leaf *leaf =
        &maker->world->leaves[maker->world->anchor_leaf];
    struct mun_entry entry;
    struct mun_anchored anchored = { &entry, leaf->height, leaf->time_ms,
                                     slot };

    MUN_CHECK(mun_entry_decode(&entry, maker->world->anchor) ==
              MUN_REFUSAL_NONE);
    return mun_verdict_keys(keys, &anchored, &view);
}

/* Leaves `hidden` out. */
static void
put_hidden(const struct maker *maker, const char *name, uint32_t slot,
           const struct mun_hash *hidden)
{
    struct mun_hash *keys =
        mun_vec_take(maker->arena, MUN_VERDICT_KEYS_MAX * sizeof *keys);
    uint32_t count = needed_keys(maker, keys, slot);
    struct credential credential = credential_of(maker, slot);
    struct question question = ask(maker);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (!mun_hash_eq(&keys[i], hidden))
            keys[kept++] = keys[i];
    }
    MUN_CHECK(kept == count - 1);
    credential.receipt = receipt_showing(maker, slot, keys, kept);
    put_whole(maker, name, &credential, &question, MUN_VERDICT_UNKNOWN);
}

static void
put_surplus(const struct maker *maker)
{
    struct mun_hash *keys =
        mun_vec_take(maker->arena, MUN_VERDICT_KEYS_MAX * sizeof *keys);
    uint32_t count = needed_keys(maker, keys, SLOT_GOOD);
    struct credential credential = credential_of(maker, SLOT_GOOD);
    struct question question = ask(maker);

    for (uint32_t i = 0; i < maker->world->genesis->party_count; i++) {
        const struct mun_genesis_party *party =
            &maker->world->genesis->parties[i];

        if (party->roles == MUN_ROLE_MEMBER) {
            mun_record_key_party(&keys[count++], &party->id);
            break;
        }
    }
    credential.receipt = receipt_showing(maker, SLOT_GOOD, keys, count);
    put_whole(maker, "a record that nothing asks for", &credential, &question,
              MUN_VERDICT_PROOF_INVALID);
}

/* The ledger with one record changed, as no rule changes it. */
static void
put_record(const struct maker *maker, const struct mun_hash *key,
           struct mun_bytes value)
{
    struct mun_state *state = maker->world->state;

    mun_overlay_begin(state);
    MUN_CHECK(mun_is_ok(mun_overlay_put(state, key, value)));
    mun_overlay_commit(state);
}

/* A record of which a byte at `offset` has bits flipped, and the check that
 * finds that it does not fit. */
struct misfit {
    const char *name;
    struct mun_hash key;
    size_t offset;
    uint8_t flipped;
    enum mun_check_name failing;
};

static void
put_misfit(const struct maker *maker, const struct misfit *misfit)
{
    struct mun_view view = mun_state_view(maker->world->state);
    struct credential credential;
    struct mun_bytes value;
    uint8_t *changed;

    MUN_CHECK(mun_view_get(&view, &misfit->key, &value) == MUN_PRESENT);
    value = mun_vec_copy(maker->arena, value);
    changed = mun_vec_take(maker->arena, value.len);
    memcpy(changed, value.data, value.len);
    changed[misfit->offset] ^= misfit->flipped;
    put_record(maker, &misfit->key, mun_bytes(changed, value.len));
    mun_test_world_block(maker->world, NULL, 0);
    credential = credential_of(maker, SLOT_GOOD);
    mun_json_wr_begin_object(maker->wr);
    mun_vec_str(maker->wr, "name", misfit->name);
    put_receipt(maker, credential.receipt);
    put_failing(maker, &credential, misfit->failing);
    mun_json_wr_end_object(maker->wr);
    put_record(maker, &misfit->key, value);
}

/* Records that two thirds of the members signed and no rule could write. */
static void
put_misfits(const struct maker *maker)
{
    /* Behind the head: natural key, then fields. */
    const size_t head = 1 + 1 + 8 + 8;
    const struct mun_test_world *world = maker->world;
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    struct misfit misfits[] = {
        { .name = "a party's record in the issuer's place",
          .offset = head,
          .flipped = 1,
          .failing = MUN_CHECK_KEYS },
        { .name = "a signing key of another party",
          .offset = head + 34,
          .flipped = 1,
          .failing = MUN_CHECK_KEYS },
        { .name = "a signing key that does not anchor",
          .offset = head + 34 + 32,
          .flipped = MUN_PURPOSE_ANCHOR,
          .failing = MUN_CHECK_KEYS },
        { .name = "an accreditation of another party",
          .offset = head + 32 + 32,
          .flipped = 1,
          .failing = MUN_CHECK_ACCREDITATION },
        { .name = "a granting key of another party",
          .offset = head + 34,
          .flipped = 1,
          .failing = MUN_CHECK_ACCREDITATION },
        { .name = "a granting key that does not govern",
          .offset = head + 34 + 32,
          .flipped = MUN_PURPOSE_GOVERN | MUN_PURPOSE_STATUS,
          .failing = MUN_CHECK_ACCREDITATION },
        { .name = "a programme of another issuer",
          .offset = head + 32,
          .flipped = 1,
          .failing = MUN_CHECK_PROGRAMME },
        { .name = "a list's record in another's place",
          .offset = head,
          .flipped = 1,
          .failing = MUN_CHECK_STATUS },
    };

    mun_record_key_party(&misfits[0].key, &issuer);
    mun_record_key_key(&misfits[1].key, mun_test_key(MUN_TEST_ISSUER));
    misfits[2].key = misfits[1].key;
    mun_record_key_accreditation(&misfits[3].key, &world->accreditation);
    mun_record_key_key(&misfits[4].key, mun_test_key(1));
    misfits[5].key = misfits[4].key;
    mun_record_key_programme(&misfits[6].key, &world->programme);
    mun_record_key_list(&misfits[7].key, &issuer, mun_bytes_str("diplomas"));
    for (size_t i = 0; i < MUN_VEC_COUNT(misfits); i++)
        put_misfit(maker, &misfits[i]);
}

static void
put_link(const struct maker *maker, const struct credential *base)
{
    struct credential credential = *base;
    struct question question = ask(maker);
    uint8_t buffer[4096];
    struct mun_receipt parts;
    struct mun_wr wr;

    MUN_CHECK(mun_is_ok(mun_receipt_decode(&parts, base->receipt)));
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_header_encode(&wr, &maker->world->headers[2]);
    mun_certificate_encode(&wr, &maker->world->certificates[2]);
    mun_wr_run(&wr, parts.members);
    parts.link_count = 1;
    parts.links = mun_wr_done(&wr);
    credential.receipt = encoded_receipt(maker, &parts);
    put_whole(maker, "a link at height 2", &credential, &question,
              MUN_VERDICT_VALID);
}

static void
put_newest_root(const struct maker *maker, const struct credential *base)
{
    struct mun_test_world *world = maker->world;
    struct credential credential = *base;
    struct question question = ask(maker);
    struct mun_certificate empty;
    uint8_t buffer[64];
    struct mun_receipt parts;
    struct mun_wr wr;

    MUN_CHECK(mun_is_ok(mun_receipt_decode(&parts, base->receipt)));
    parts.root_header = world->headers[world->height];
    question.root.height = world->height;
    mun_header_id(&question.root.header_id, &parts.root_header);
    mun_certificate_empty(&empty, &question.root.header_id);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_certificate_encode(&wr, &empty);
    parts.certificate = mun_wr_done(&wr);
    credential.receipt = encoded_receipt(maker, &parts);
    put_whole(maker, "the newest header is the trust root's", &credential,
              &question, MUN_VERDICT_VALID);
}

static void
put_anchored(struct maker *maker)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    struct credential base = credential_of(maker, SLOT_GOOD);
    struct mun_hash hidden;

    put_slot(maker, "valid", SLOT_GOOD, MUN_VERDICT_VALID);
    maker->base = (struct base){ "valid", base };
    put_times(maker, &base);
    put_beginning(maker);
    put_roots(maker, &base);
    put_documents(maker, &base);
    put_sayings(maker, &base);
    put_openings(maker, &base);
    put_flips(maker, &base);
    put_cuts(maker, &base);
    put_slot(maker, "the document names another programme",
             SLOT_OTHER_PROGRAMME, MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the document names another slot", SLOT_OTHER_SLOT,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the document names no slot", SLOT_SILENT,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the document has another title", SLOT_OTHER_TITLE,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the document has another validFrom", SLOT_OTHER_START,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the document has another validUntil", SLOT_OTHER_END,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the document has no validUntil", SLOT_NO_END,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "the opening names another programme", SLOT_OTHER_OPENING,
             MUN_VERDICT_CLAIM_MISMATCH);
    put_slot(maker, "a document that is not JSON", SLOT_BYTES,
             MUN_VERDICT_VALID);
    put_link(maker, &base);
    put_newest_root(maker, &base);
    mun_record_key_party(&hidden, &issuer);
    put_hidden(maker, "the issuer's record is hidden", SLOT_GOOD, &hidden);
    mun_record_key_version(&hidden, &maker->world->programme, 1);
    put_hidden(maker, "the programme's title is hidden", SLOT_GOOD, &hidden);
    put_surplus(maker);
    put_misfits(maker);
}

static void
put_changed(struct maker *maker)
{
    struct mun_hash issuer = mun_test_party(MUN_TEST_ISSUER);
    struct credential extended = credential_of(maker, SLOT_EXTENDED);
    struct question question = ask(maker);
    struct mun_hash hidden;

    maker->base.name = NULL;
    put_slot(maker, "revoked", SLOT_REVOKED, MUN_VERDICT_REVOKED);
    maker->base =
        (struct base){ "revoked", credential_of(maker, SLOT_REVOKED) };
    put_slot(maker, "suspended", SLOT_SUSPENDED, MUN_VERDICT_SUSPENDED);
    put_slot(maker, "superseded", SLOT_SUPERSEDED, MUN_VERDICT_SUPERSEDED);
    question.policy.max_age_ms = LONG_AGE_MS;
    question.policy.now_ms = EXTENDED_MS - 1;
    put_whole(maker, "extended", &extended, &question, MUN_VERDICT_VALID);
    question.policy.now_ms = EXTENDED_MS;
    put_asked(maker, "extended and expired", "extended", &extended, &question,
              MUN_VERDICT_EXPIRED);
    mun_record_key_slot(&hidden, &issuer, mun_bytes_str("diplomas"),
                        SLOT_REVOKED);
    put_hidden(maker, "the record of a revoked slot is hidden", SLOT_REVOKED,
               &hidden);
}

/* No member may fail: the ledger of one. */
static void
put_single(struct maker *maker)
{
    maker->base.name = NULL;
    mun_test_world_open(maker->world, 1);
    mun_test_world_story(maker->world);
    set_documents(maker);
    anchor_all(maker);
    put_slot(maker, "a ledger of one member", SLOT_GOOD, MUN_VERDICT_VALID);
    mun_test_world_close(maker->world);
}

void
mun_vec_make_receipt(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static struct mun_test_world world;
    struct maker maker = { .wr = wr, .arena = arena, .world = &world };

    mun_test_world_open(&world, 4);
    mun_test_world_story(&world);
    set_documents(&maker);
    anchor_all(&maker);
    put_anchored(&maker);
    change_all(&maker);
    put_changed(&maker);
    withdraw(&maker, 0);
    maker.base.name = NULL;
    put_slot(&maker, "accreditation withdrawn since", SLOT_GOOD,
             MUN_VERDICT_VALID);
    maker.base = (struct base){ "accreditation withdrawn since",
                                credential_of(&maker, SLOT_GOOD) };
    withdraw(&maker, world.headers[2].time_ms);
    put_slot(&maker, "accreditation void", SLOT_GOOD, MUN_VERDICT_VOIDED);
    mun_test_world_close(&world);
    put_single(&maker);
}
