#include "ledger/core/receipt.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/rd.h"
#include "ledger/core/entry.h"
#include "ledger/core/field.h"
#include "ledger/core/multiproof.h"

#define RECEIPT_VERSION 1

#define MEMBER_BYTES (sizeof(struct mun_hash) + MUN_KEY_BYTES)
/* height, round, header id, member count: the empty certificate. */
#define CERTIFICATE_BYTES_MIN (8 + 4 + 32 + 1)
#define LINK_BYTES_MIN                                                         \
    (MUN_HEADER_BYTES + CERTIFICATE_BYTES_MIN + 1 + MEMBER_BYTES)

_Static_assert(sizeof(struct mun_member) == MEMBER_BYTES, "no padding");
_Static_assert(MUN_RECEIPT_LINKS_MAX <= UINT8_MAX, "the count is one byte");
_Static_assert(MUN_VERDICT_KEYS_MAX <= MUN_MULTIPROOF_KEYS_MAX,
               "what is asked for can be compared with what is shown");

static const char no_memory[] = "there was not enough memory to check it";

/* Codec */

static struct mun_bytes
bytes_since(const struct mun_rd *rd, const uint8_t *start)
{
    return mun_rd_failed(rd) ? MUN_BYTES_NONE
                             : mun_bytes(start, (size_t)(rd->at - start));
}

static const struct mun_hash *
read_path(struct mun_rd *rd, uint8_t *len)
{
    struct mun_bytes run;

    *len = mun_rd_count8(rd, MUN_MERKLE_PATH_MAX, sizeof(struct mun_hash));
    run = mun_rd_run(rd, *len * sizeof(struct mun_hash));
    return (const struct mun_hash *)(const void *)run.data;
}

static void
write_path(struct mun_wr *wr, const struct mun_hash *path, uint8_t len)
{
    mun_wr_u8(wr, len);
    mun_wr_copy(wr, path, len * sizeof *path);
}

static struct mun_bytes
read_members(struct mun_rd *rd)
{
    const uint8_t *start = rd->at;
    size_t count = mun_rd_count8(rd, MUN_MEMBERS_MAX, MEMBER_BYTES);

    if (count == 0)
        mun_rd_fail(rd, MUN_ERR_VALUE);
    (void)mun_rd_run(rd, count * MEMBER_BYTES); /* part of what is returned */
    return bytes_since(rd, start);
}

/* As long as it says; whether it is canonical shows when it is checked. */
static struct mun_bytes
read_certificate(struct mun_rd *rd)
{
    const uint8_t *start = rd->at;
    struct mun_bytes bitmap;
    size_t sig_count = 0;
    size_t count;

    (void)mun_rd_run(rd, 8 + 4 + 32); /* part of what is returned */
    count = mun_rd_count8(rd, MUN_MEMBERS_MAX, 0);
    bitmap = mun_rd_run(rd, (count + 7) / 8);
    for (size_t i = 0; i < bitmap.len; i++)
        sig_count += (size_t)__builtin_popcount(bitmap.data[i]);
    (void)mun_rd_run(rd, sig_count * MUN_SIG_BYTES); /* as above */
    return bytes_since(rd, start);
}

static struct mun_bytes
read_links(struct mun_rd *rd, uint8_t *count)
{
    const uint8_t *start;

    *count = mun_rd_count8(rd, MUN_RECEIPT_LINKS_MAX, LINK_BYTES_MIN);
    start = rd->at;
    for (unsigned i = 0; i < *count; i++) {
        (void)mun_rd_run(rd, MUN_HEADER_BYTES); /* part of what is returned */
        (void)read_certificate(rd);             /* as above */
        (void)read_members(rd);                 /* as above */
    }
    return bytes_since(rd, start);
}

static void
read_leaf(struct mun_rd *rd, struct mun_log_leaf *out)
{
    out->type = MUN_LOG_ENTRY;
    out->height = mun_rd_u64(rd);
    out->time_ms = mun_rd_u64(rd);
    out->position = mun_rd_u32(rd);
    out->subject = mun_hash_zero;
    mun_rd_hash(rd, &out->effects_root);
}

mun_err_t
mun_receipt_decode(struct mun_receipt *out, struct mun_bytes bytes)
{
    struct mun_rd rd;
    mun_err_t err;

    mun_rd_init(&rd, bytes);
    if (bytes.len > MUN_RECEIPT_BYTES_MAX)
        mun_rd_fail(&rd, MUN_ERR_TOO_LARGE);
    if (mun_rd_u8(&rd) != RECEIPT_VERSION)
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    mun_rd_hash(&rd, &out->chain_id);
    out->entry = mun_rd_run32(&rd, MUN_ENTRY_BYTES_MAX);
    read_leaf(&rd, &out->leaf);
    out->leaf_index = mun_rd_u64(&rd);
    out->log_path = read_path(&rd, &out->log_path_len);
    out->position = mun_rd_u32(&rd);
    out->batch_path = read_path(&rd, &out->batch_path_len);
    mun_header_decode(&rd, &out->root_header);
    out->members = read_members(&rd);
    out->links = read_links(&rd, &out->link_count);
    mun_header_decode(&rd, &out->header);
    out->certificate = read_certificate(&rd);
    out->multiproof = mun_rd_run32(&rd, MUN_RECEIPT_BYTES_MAX);
    err = mun_rd_finish(&rd);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

/* All before the multiproof. */
static void
write_parts(struct mun_wr *wr, const struct mun_receipt *receipt)
{
    mun_wr_u8(wr, RECEIPT_VERSION);
    mun_wr_hash(wr, &receipt->chain_id);
    mun_wr_run32(wr, receipt->entry);
    mun_wr_u64(wr, receipt->leaf.height);
    mun_wr_u64(wr, receipt->leaf.time_ms);
    mun_wr_u32(wr, receipt->leaf.position);
    mun_wr_hash(wr, &receipt->leaf.effects_root);
    mun_wr_u64(wr, receipt->leaf_index);
    write_path(wr, receipt->log_path, receipt->log_path_len);
    mun_wr_u32(wr, receipt->position);
    write_path(wr, receipt->batch_path, receipt->batch_path_len);
    mun_header_encode(wr, &receipt->root_header);
    mun_wr_run(wr, receipt->members);
    mun_wr_u8(wr, receipt->link_count);
    mun_wr_run(wr, receipt->links);
    mun_header_encode(wr, &receipt->header);
    mun_wr_run(wr, receipt->certificate);
}

void
mun_receipt_encode(struct mun_wr *wr, const struct mun_receipt *receipt)
{
    write_parts(wr, receipt);
    mun_wr_run32(wr, receipt->multiproof);
}

/* Making */

/* Errors: MUN_ERR_VALUE. */
static mun_err_t
keys_of(struct mun_asked *out, const struct mun_receipt *parts,
        const struct mun_state *state)
{
    struct mun_view view = mun_state_view(state);
    struct mun_entry entry;
    struct mun_anchored anchored = { .entry = &entry,
                                     .height = parts->leaf.height,
                                     .time_ms = parts->leaf.time_ms,
                                     .position = parts->position };

    if (mun_entry_decode(&entry, parts->entry) != MUN_REFUSAL_NONE ||
        entry.kind != MUN_KIND_ANCHOR ||
        parts->position >= entry.as.anchor.count)
        return mun_err(MUN_ERR_VALUE);
    out->count = mun_verdict_keys(out->keys, &anchored, &view);
    return MUN_SUCCESS;
}

mun_err_t
mun_receipt_make(struct mun_wr *wr, struct mun_arena *arena,
                 const struct mun_receipt *parts, const struct mun_state *state)
{
    struct mun_asked *asked = mun_arena_alloc_raw(arena, sizeof *asked);

    if (asked == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(keys_of(asked, parts, state));
    return mun_receipt_make_asked(wr, asked, parts, state);
}

mun_err_t
mun_receipt_make_asked(struct mun_wr *wr, struct mun_asked *asked,
                       const struct mun_receipt *parts,
                       const struct mun_state *state)
{
    size_t receipt_start = wr->used;
    size_t start;
    struct mun_wr prefix;

    write_parts(wr, parts);
    mun_wr_u32(wr, 0);
    start = wr->used;
    MUN_TRY(mun_multiproof_make(wr, state, asked->keys, asked->count));
    if (wr->used - receipt_start > MUN_RECEIPT_BYTES_MAX)
        return mun_err(MUN_ERR_LIMIT);
    mun_wr_init(&prefix, wr->base + start - 4, 4);
    mun_wr_u32(&prefix, (uint32_t)(wr->used - start));
    return mun_wr_status(wr);
}

/* Verification: checks 1 to 9. Each gives true when it passes. */

/* Too large for a stack; lives in the arena. */
struct verification {
    const struct mun_receipt_input *input;
    struct mun_arena *arena;
    struct mun_verdict *out;
    struct mun_receipt receipt;
    struct mun_opening opening;
    struct mun_hash header_id;
    struct mun_members members; /* the last set of the chain */
    struct mun_entry entry;
    struct mun_asked asked;
};

static bool
check_is(struct verification *run, enum mun_check_name name, bool passed)
{
    run->out->checks[name] = passed ? MUN_CHECK_PASSED : MUN_CHECK_FAILED;
    return passed;
}

static bool
proof_is(struct verification *run, enum mun_check_name name, const char *fault)
{
    if (fault != NULL) {
        mun_verdict_add(run->out, MUN_VERDICT_PROOF_INVALID, fault);
        run->out->flags = 0;
    }
    return check_is(run, name, fault == NULL);
}

/* The functions below give NULL or what is wrong. */

static const char *
format_fault(struct verification *run)
{
    if (!mun_is_ok(mun_receipt_decode(&run->receipt, run->input->receipt)))
        return "the receipt cannot be read";
    if (!mun_is_ok(mun_opening_decode(&run->opening, run->input->opening)))
        return "the opening cannot be read";
    return NULL;
}

static const char *
chain_fault(const struct verification *run)
{
    const struct mun_trust_root *root = &run->input->root;
    const struct mun_receipt *receipt = &run->receipt;
    struct mun_hash id;

    if (!mun_hash_eq(&receipt->chain_id, &root->chain_id) ||
        !mun_hash_eq(&receipt->root_header.chain_id, &root->chain_id))
        return "the receipt is of another ledger than the trust root";
    mun_header_id(&id, &receipt->root_header);
    if (receipt->root_header.height != root->height ||
        !mun_hash_eq(&id, &root->header_id))
        return "the receipt starts from another trust root";
    return NULL;
}

/* A set that a header names by its hash. Members that agreed on that header
 * vouch for the order and for the keys, so that only the hash is compared. */
static bool
take_members(struct mun_members *out, struct mun_bytes encoded,
             const struct mun_hash *hash)
{
    struct mun_hash found;

    mun_hash_tagged(&found, MUN_TAG_MEMBERS, encoded);
    if (!mun_hash_eq(&found, hash))
        return false;
    out->count = encoded.data[0];
    MUN_CHECK(encoded.len == 1 + out->count * MEMBER_BYTES);
    memcpy(out->at, encoded.data + 1, out->count * MEMBER_BYTES);
    return true;
}

/* Is the header certified by the current set, which is the one it names? */
static bool
is_certified(const struct verification *run, const struct mun_header *header,
             const struct mun_hash *header_id, struct mun_bytes encoded)
{
    struct mun_certificate certificate;
    struct mun_rd rd;

    mun_rd_init(&rd, encoded);
    mun_certificate_decode(&rd, &certificate);
    return mun_is_ok(mun_rd_finish(&rd)) &&
           certificate.height == header->height &&
           mun_hash_eq(&certificate.header_id, header_id) &&
           mun_hash_eq(&header->chain_id, &run->receipt.chain_id) &&
           mun_is_ok(mun_certificate_verify(
               &certificate, &run->receipt.chain_id, &run->members));
}

static const char *
link_fault(struct verification *run, struct mun_rd *rd,
           struct mun_header *before)
{
    struct mun_header header;
    struct mun_hash id;
    struct mun_bytes certificate;

    mun_header_decode(rd, &header);
    certificate = read_certificate(rd);
    if (mun_rd_failed(rd) || header.height <= before->height)
        return "the chain of member sets does not go upwards";
    mun_header_id(&id, &header);
    if (!mun_hash_eq(&header.members_hash, &before->next_members_hash) ||
        !is_certified(run, &header, &id, certificate))
        return "a link of the chain of member sets is not certified";
    if (!take_members(&run->members, read_members(rd),
                      &header.next_members_hash))
        return "a member set is not the one that its header names";
    *before = header;
    return NULL;
}

/* *last becomes the header that names the last set. */
static const char *
members_fault(struct verification *run, struct mun_header *last)
{
    const struct mun_receipt *receipt = &run->receipt;
    struct mun_rd rd;

    *last = receipt->root_header;
    if (!take_members(&run->members, receipt->members,
                      &last->next_members_hash))
        return "the first member set is not the one that the trust root names";
    mun_rd_init(&rd, receipt->links);
    for (unsigned i = 0; i < receipt->link_count; i++) {
        const char *fault = link_fault(run, &rd, last);

        if (fault != NULL)
            return fault;
    }
    return NULL;
}

/* Nobody certifies a trust root but who brings it. */
static bool
is_empty_certificate(struct mun_bytes encoded, const struct mun_hash *header_id)
{
    uint8_t expected[CERTIFICATE_BYTES_MIN] = { 0 };

    memcpy(expected + 8 + 4, header_id->b, sizeof header_id->b);
    return mun_bytes_eq(encoded, mun_bytes(expected, sizeof expected));
}

static bool
is_named(const struct mun_header *header, const struct mun_hash *name)
{
    struct mun_hash id;

    mun_header_id(&id, header);
    return mun_hash_eq(&id, name);
}

static const char *
certificate_fault(struct verification *run, const struct mun_header *last)
{
    const struct mun_receipt *receipt = &run->receipt;
    const struct mun_header *header = &receipt->header;

    mun_header_id(&run->header_id, header);
    if (mun_hash_eq(&run->header_id, &run->input->root.header_id)) {
        if (receipt->link_count > 0 ||
            !is_empty_certificate(receipt->certificate, &run->header_id))
            return "the trust root's own header needs no certificate";
        return NULL;
    }
    if (header->height <= receipt->root_header.height ||
        header->height < last->height)
        return "the newest header is older than the trust root";
    if (header->height == last->height && !is_named(last, &run->header_id))
        return "the newest header is another than the last link's";
    if (!mun_hash_eq(&header->members_hash, &last->next_members_hash) ||
        !is_certified(run, header, &run->header_id, receipt->certificate))
        return "the newest header is not certified";
    return NULL;
}

/* Not mun_entry_verify: that asks for the published leaves. */
static bool
is_signed(const struct mun_entry *entry)
{
    for (unsigned i = 0; i < entry->key_count; i++) {
        if (!mun_is_ok(
                mun_sig_verify(&entry->sigs[i], &entry->keys[i], &entry->id)))
            return false;
    }
    return true;
}

static const char *
anchor_fault(struct verification *run)
{
    struct mun_receipt *receipt = &run->receipt;
    const struct mun_header *header = &receipt->header;
    struct mun_hash leaf;

    if (mun_entry_decode(&run->entry, receipt->entry) != MUN_REFUSAL_NONE ||
        run->entry.kind != MUN_KIND_ANCHOR)
        return "the entry cannot be read, or anchors nothing";
    if (!mun_hash_eq(&run->entry.chain_id, &receipt->chain_id))
        return "the entry is of another ledger";
    mun_entry_hash(&receipt->leaf.subject, receipt->entry);
    mun_log_leaf_hash(&leaf, &receipt->leaf);
    if (receipt->leaf.height > header->height ||
        !mun_is_ok(mun_merkle_verify_inclusion(
            &leaf, receipt->leaf_index, header->log_size, receipt->log_path,
            receipt->log_path_len, &header->log_root)))
        return "the ledger's log does not hold the entry";
    if (!is_signed(&run->entry))
        return "the entry's signature is wrong";
    return NULL;
}

static const char *
batch_fault(const struct verification *run)
{
    const struct mun_receipt *receipt = &run->receipt;
    const struct mun_anchor *anchor = &run->entry.as.anchor;
    struct mun_hash commitment;
    struct mun_hash leaf;

    if (receipt->position >= anchor->count ||
        anchor->count > MUN_LIST_SLOTS_MAX ||
        anchor->base > MUN_LIST_SLOTS_MAX - anchor->count)
        return "the batch has no such position";
    mun_opening_commitment(&commitment, &run->opening);
    mun_merkle_leaf(&leaf, mun_bytes(commitment.b, sizeof commitment.b));
    if (!mun_is_ok(mun_merkle_verify_inclusion(
            &leaf, receipt->position, anchor->count, receipt->batch_path,
            receipt->batch_path_len, &anchor->root)))
        return "the batch does not hold the credential";
    return NULL;
}

/* Does the document say that it has another slot than the opening's? */
static bool
names_other_slot(const struct verification *run)
{
    const struct mun_claims *claims = &run->input->claims;

    return claims->has_slot &&
           (claims->slot != run->opening.slot ||
            !mun_bytes_eq(claims->list_label, run->opening.label) ||
            !mun_hash_eq(&claims->list_issuer, &run->entry.actor));
}

static void
check_document(struct verification *run)
{
    const struct mun_receipt_input *input = run->input;
    const char *why = NULL;

    if (!input->has_document_digest)
        why = "unreadable";
    else if (!mun_hash_eq(&input->document_digest, &run->opening.digest))
        why = names_other_slot(run) ? "other_receipt" : "changed";
    if (why != NULL)
        mun_verdict_add(run->out, MUN_VERDICT_DOCUMENT_MISMATCH, why);
    (void)check_is(run, MUN_CHECK_DOCUMENT, why == NULL); /* goes on */
}

static const char *
opening_mismatch(const struct verification *run)
{
    const struct mun_anchor *anchor = &run->entry.as.anchor;
    const struct mun_opening *opening = &run->opening;

    if (!mun_hash_eq(&opening->programme, &anchor->programme) ||
        opening->programme_version != anchor->version)
        return "the opening names another programme than the ledger";
    if (!mun_bytes_eq(opening->label, anchor->label) ||
        opening->slot != anchor->base + run->receipt.position)
        return "the opening names another slot than the ledger";
    return NULL;
}

/* Without a validFrom it says nothing of its beginning; without a validUntil
 * it says that there is no end. */
static bool
has_openings_dates(const struct mun_claims *claims,
                   const struct mun_opening *opening)
{
    uint64_t until_ms = claims->has_valid_until ? claims->valid_until_ms : 0;

    return !claims->has_bad_date && until_ms == opening->valid_until_ms &&
           (!claims->has_valid_from ||
            claims->valid_from_ms == opening->valid_from_ms);
}

static const char *
claims_mismatch(const struct verification *run)
{
    const struct mun_claims *claims = &run->input->claims;
    const struct mun_anchor *anchor = &run->entry.as.anchor;

    if (run->opening.format != MUN_FORMAT_JSON)
        return NULL;
    if (!claims->has_claims)
        return "the document does not say who awarded it";
    if (!claims->is_complete || !claims->has_slot)
        return "the document does not name its issuer, programme or slot";
    if (!mun_hash_eq(&claims->issuer, &run->entry.actor))
        return "the document names another issuer than the ledger";
    if (!mun_hash_eq(&claims->programme, &anchor->programme) ||
        claims->programme_version != anchor->version)
        return "the document names another programme than the ledger";
    if (!mun_hash_eq(&claims->list_issuer, &run->entry.actor) ||
        !mun_bytes_eq(claims->list_label, anchor->label) ||
        claims->slot != anchor->base + run->receipt.position)
        return "the document names another slot than the ledger";
    if (!has_openings_dates(claims, &run->opening))
        return "the document has other dates than the opening";
    return NULL;
}

static void
check_claims(struct verification *run)
{
    const char *mismatch = opening_mismatch(run);

    if (mismatch == NULL)
        mismatch = claims_mismatch(run);
    if (mismatch != NULL)
        mun_verdict_add(run->out, MUN_VERDICT_CLAIM_MISMATCH, mismatch);
    if (run->opening.format != MUN_FORMAT_JSON)
        run->out->flags |= MUN_FLAG_CLAIMS_NOT_CHECKED;
    (void)check_is(run, MUN_CHECK_CLAIMS, mismatch == NULL); /* goes on */
}

static bool
is_title(const struct mun_description *description, struct mun_bytes text)
{
    for (uint8_t i = 0; i < description->title_count; i++) {
        if (mun_bytes_eq(description->titles[i].value, text))
            return true;
    }
    return false;
}

/* The rest of check 8, once the description is known. */
static void
check_title(struct verification *run)
{
    const struct mun_claims *claims = &run->input->claims;
    struct mun_verdict *out = run->out;

    if (run->opening.format != MUN_FORMAT_JSON || !claims->has_title ||
        out->code == MUN_VERDICT_PROOF_INVALID)
        return;
    if (out->description.title_count == 0) { /* not shown */
        if (out->checks[MUN_CHECK_CLAIMS] == MUN_CHECK_PASSED)
            out->checks[MUN_CHECK_CLAIMS] = MUN_CHECK_NOT_DONE;
        return;
    }
    if (is_title(&out->description, claims->title))
        return;
    mun_verdict_add(out, MUN_VERDICT_CLAIM_MISMATCH,
                    "the document has another title than the ledger");
    out->checks[MUN_CHECK_CLAIMS] = MUN_CHECK_FAILED;
}

/* The verdict, flags and checks so far. */
struct so_far {
    enum mun_verdict_code code;
    uint32_t all;
    uint32_t flags;
    const char *why;
    uint8_t checks[MUN_CHECK_NAME_COUNT];
};

static void
keep(struct so_far *kept, const struct mun_verdict *verdict)
{
    kept->code = verdict->code;
    kept->all = verdict->all;
    kept->flags = verdict->flags;
    kept->why = verdict->why;
    memcpy(kept->checks, verdict->checks, sizeof kept->checks);
}

static void
go_back(struct mun_verdict *verdict, const struct so_far *kept)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->code = kept->code;
    verdict->all = kept->all;
    verdict->flags = kept->flags;
    verdict->why = kept->why;
    memcpy(verdict->checks, kept->checks, sizeof kept->checks);
}

/* Checks 10 to 15 over the proof. Whether it holds a record too many is known
 * only when all have been asked for: then false, and the answers are dropped.
 */
static bool
judge(struct verification *run, const struct mun_multiproof *proof)
{
    const struct mun_receipt *receipt = &run->receipt;
    struct mun_view view = mun_multiproof_view(proof);
    struct mun_policy policy = run->input->policy;
    struct mun_anchored anchored = { .entry = &run->entry,
                                     .height = receipt->leaf.height,
                                     .time_ms = receipt->leaf.time_ms,
                                     .position = receipt->position };
    struct mun_verdict_case judged = {
        .anchored = &anchored,
        .opening = &run->opening,
        .asof = { receipt->header.height, receipt->header.time_ms },
        .member_count = run->members.count,
        .policy = &policy,
        .view = &view,
    };
    struct so_far kept;

    if (policy.max_age_ms == 0)
        policy.max_age_ms = run->input->root.max_age_ms;
    keep(&kept, run->out);
    mun_verdict_judge_asking(run->out, &run->asked, &judged);
    if (!mun_multiproof_is_asked(proof, run->asked.keys, run->asked.count)) {
        go_back(run->out, &kept);
        return false;
    }
    if (run->out->code == MUN_VERDICT_PROOF_INVALID) {
        /* Nothing is told of what is not proven. */
        keep(&kept, run->out);
        go_back(run->out, &kept);
    }
    return true;
}

static void
check_state(struct verification *run)
{
    const struct mun_header *header = &run->receipt.header;
    struct mun_multiproof proof;
    mun_err_t err;

    if (header->rules_version != MUN_RULES_VERSION) {
        mun_verdict_add(run->out, MUN_VERDICT_UNKNOWN,
                        "the ledger has newer rules than this program knows");
        return;
    }
    err = mun_multiproof_open(&proof, run->arena, run->receipt.multiproof,
                              &header->state_root);
    if (err.code == MUN_ERR_LIMIT) {
        mun_verdict_add(run->out, MUN_VERDICT_UNKNOWN, no_memory);
        return;
    }
    if (!mun_is_ok(err))
        (void)proof_is(run, MUN_CHECK_STATE,
                       "the records are not those of the ledger");
    else if (!judge(run, &proof))
        (void)proof_is(run, MUN_CHECK_STATE,
                       "the receipt holds records that nothing asks for");
    else
        run->out->checks[MUN_CHECK_STATE] = MUN_CHECK_PASSED;
}

static void
verify(struct verification *run)
{
    struct mun_header last;

    if (!proof_is(run, MUN_CHECK_FORMAT, format_fault(run)) ||
        !proof_is(run, MUN_CHECK_CHAIN, chain_fault(run)) ||
        !proof_is(run, MUN_CHECK_MEMBERS, members_fault(run, &last)) ||
        !proof_is(run, MUN_CHECK_CERTIFICATE, certificate_fault(run, &last)) ||
        !proof_is(run, MUN_CHECK_ANCHOR, anchor_fault(run)) ||
        !proof_is(run, MUN_CHECK_BATCH, batch_fault(run)))
        return;
    check_document(run);
    check_claims(run);
    check_state(run);
    check_title(run);
}

void
mun_receipt_verify(struct mun_verdict *out, struct mun_arena *arena,
                   const struct mun_receipt_input *input)
{
    struct verification *run = mun_arena_alloc(arena, sizeof *run);

    memset(out, 0, sizeof *out);
    if (run == NULL) {
        mun_verdict_add(out, MUN_VERDICT_UNKNOWN, no_memory);
        return;
    }
    run->input = input;
    run->arena = arena;
    run->out = out;
    verify(run);
}
