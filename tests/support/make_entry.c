#include "tests/support/make_entry.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/wr.h"
#include "ledger/core/merkle.h"

#define YEAR_MS (365ull * 24 * MUN_TEST_HOUR_MS)

/* Twice the limit, so that tests can make entries that are too large. */
static uint8_t scratch[2 * MUN_ENTRY_BYTES_MAX];

static struct mun_signer signers_made[MUN_TEST_SIGNERS_MAX + 1];

/* Hash of a short name and a number. */
static struct mun_hash
numbered(const char *name, unsigned number)
{
    struct mun_sha256 sha;
    struct mun_hash out;
    uint8_t bytes[4];
    struct mun_wr wr;

    mun_wr_init(&wr, bytes, sizeof bytes);
    mun_wr_u32(&wr, number);
    mun_sha256_init(&sha);
    mun_sha256_update(&sha, name, strlen(name));
    mun_sha256_update(&sha, bytes, sizeof bytes);
    mun_sha256_final(&sha, &out);
    return out;
}

const struct mun_signer *
mun_test_signer(unsigned number)
{
    struct mun_signer *signer;

    MUN_CHECK(number >= 1);
    MUN_CHECK(number <= MUN_TEST_SIGNERS_MAX);
    signer = &signers_made[number];
    if (mun_key_is_none(&signer->key)) {
        struct mun_hash hash = numbered("muniment test signer", number);
        struct mun_secret secret;

        memcpy(secret.b, hash.b, sizeof secret.b);
        MUN_CHECK(mun_is_ok(mun_signer_init(signer, &secret)));
    }
    return signer;
}

const struct mun_key *
mun_test_key(unsigned number)
{
    return &mun_test_signer(number)->key;
}

struct mun_hash
mun_test_hash(unsigned number)
{
    return numbered("muniment test hash", number);
}

struct mun_hash
mun_test_chain(void)
{
    return numbered("muniment test chain", 0);
}

struct mun_hash
mun_test_party(unsigned number)
{
    const struct mun_key *key = mun_test_key(number);
    struct mun_hash out;

    mun_hash_tagged(&out, MUN_TAG_PARTY, mun_bytes(key->b, sizeof key->b));
    return out;
}

struct mun_hash *
mun_test_leaves(struct mun_arena *arena, uint32_t count)
{
    struct mun_hash *out = mun_arena_array(arena, count, sizeof *out);

    MUN_CHECK(out != NULL);
    for (uint32_t i = 0; i < count; i++)
        out[i] = numbered("muniment test leaf", i);
    return out;
}

static int
signer_cmp(const void *a, const void *b)
{
    const unsigned *one = a;
    const unsigned *other = b;

    return mun_key_cmp(mun_test_key(*one), mun_test_key(*other));
}

/* The signers' numbers in the order of their keys. */
static void
sort_signers(unsigned *out, const unsigned *signers, size_t count)
{
    memcpy(out, signers, count * sizeof *signers);
    qsort(out, count, sizeof *out, signer_cmp);
}

struct mun_hash
mun_test_set_keys(struct mun_register_party *out, const unsigned *signers,
                  size_t count, uint8_t purposes)
{
    unsigned sorted[MUN_PARTY_KEYS_MAX];

    MUN_CHECK(count >= 1);
    MUN_CHECK(count <= MUN_PARTY_KEYS_MAX);
    sort_signers(sorted, signers, count);
    out->key_count = (uint8_t)count;
    for (size_t i = 0; i < count; i++) {
        out->keys[i].key = *mun_test_key(sorted[i]);
        out->keys[i].purposes = purposes;
    }
    return mun_test_party(sorted[0]);
}

/* What `wr` wrote into `scratch`, kept in the arena. */
static struct mun_bytes
keep(struct mun_arena *arena, const struct mun_wr *wr)
{
    struct mun_bytes done = mun_wr_done(wr);
    uint8_t *copy = mun_arena_alloc(arena, done.len);

    MUN_CHECK(mun_is_ok(mun_wr_status(wr)));
    MUN_CHECK(copy != NULL);
    memcpy(copy, done.data, done.len);
    return mun_bytes(copy, done.len);
}

void
mun_test_set_changes(struct mun_arena *arena, struct mun_change_status *out,
                     const struct mun_change *changes, uint16_t count)
{
    struct mun_wr wr;

    mun_wr_init(&wr, scratch, sizeof scratch);
    for (uint16_t i = 0; i < count; i++)
        mun_change_encode(&wr, &changes[i]);
    out->count = count;
    out->changes = keep(arena, &wr);
}

static struct mun_pair
pair(const char *name, const char *value)
{
    return (struct mun_pair){ mun_bytes_str(name), mun_bytes_str(value) };
}

void
mun_test_description(struct mun_description *out)
{
    memset(out, 0, sizeof *out);
    out->title_count = 2;
    out->titles[0] = pair("en", "Data analysis");
    /* "Деректерді талдау" */
    out->titles[1] =
        pair("kk", "\xd0\x94\xd0\xb5\xd1\x80\xd0\xb5\xd0\xba\xd1\x82\xd0\xb5"
                   "\xd1\x80\xd0\xb4\xd1\x96 \xd1\x82\xd0\xb0\xd0\xbb\xd0\xb4"
                   "\xd0\xb0\xd1\x83");
    out->level_count = 1;
    out->levels[0] = pair("eqf", "5");
    out->field_count = 1;
    out->fields[0] = pair("isced", "0613");
    out->award_kind = MUN_AWARD_MICRO;
    out->credit_system = mun_bytes_str("ects");
    out->credits = 500;
    out->workload_hours = 125;
    out->assessment = mun_bytes_str("A written examination");
    out->participation = 3;
    out->quality = mun_bytes_str("Reviewed every year");
    out->language_count = 2;
    out->languages[0] = mun_bytes_str("en");
    out->languages[1] = mun_bytes_str("kk");
    out->jurisdiction = mun_bytes_str("KZ-75");
    out->url = mun_bytes_str("https://university.example/data");
    out->outcome_count = 2;
    out->outcomes[0] = mun_bytes_str("Clean a table of measurements");
    out->outcomes[1] = mun_bytes_str("Explain what a figure hides");
    out->outcomes_digest = mun_test_hash(90);
    out->partner_count = 1;
    out->partners[0] = mun_bytes_str("The statistics office");
    out->part_of_count = 1;
    out->part_of[0] = mun_bytes_str("Bachelor of Informatics");
}

void
mun_test_grant(struct mun_grant *out)
{
    struct mun_scope *scope = &out->scope;

    memset(out, 0, sizeof *out);
    out->tier = MUN_TIER_AGENCY;
    out->basis = mun_bytes_str("Decision 17 of the agency");
    out->from_ms = MUN_TEST_TIME_MS - YEAR_MS;
    out->until_ms = MUN_TEST_TIME_MS + YEAR_MS;
    scope->level_count = 2;
    scope->levels[0] = pair("eqf", "5");
    scope->levels[1] = pair("eqf", "6");
    scope->field_count = 1;
    scope->fields[0] = pair("isced", "06");
    scope->award_kinds = MUN_AWARD_BITS;
    scope->place_count = 1;
    scope->places[0] = mun_bytes_str("KZ");
    scope->credit_system = mun_bytes_str("ects");
    scope->credit_min = 100;
    scope->credit_max = 3000;
    scope->sub_depth = 1;
}

static void
sample_register_party(struct mun_entry *out)
{
    struct mun_register_party *party = &out->as.register_party;
    const unsigned signers[] = { 2 };

    party->sponsor = mun_test_party(1);
    party->sponsor_accreditation = mun_test_hash(1);
    party->recovery = mun_test_party(1);
    /* "Université" */
    party->name = mun_bytes_str("Universit\xc3\xa9");
    party->country = mun_bytes_str("KZ-75");
    party->url = mun_bytes_str("https://university.example/");
    out->actor = mun_test_set_keys(party, signers, 1,
                                   MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR |
                                       MUN_PURPOSE_STATUS);
}

static void
sample_anchor(struct mun_arena *arena, struct mun_anchor *out)
{
    size_t mark = mun_arena_mark(arena);

    out->label = mun_bytes_str("diplomas");
    out->base = 0;
    out->count = 3;
    mun_merkle_root32(&out->root, mun_test_leaves(arena, 3), 3);
    mun_arena_reset(arena, mark);
    out->programme = mun_test_hash(2);
    out->version = 1;
    out->is_published = true;
    out->accreditation_count = 1;
    out->accreditations[0] = mun_test_hash(3);
}

static void
sample_change_status(struct mun_arena *arena, struct mun_change_status *out)
{
    const struct mun_change changes[] = {
        { .index = 0, .action = MUN_ACTION_REVOKE, .reason = 1 },
        { .index = 1, .action = MUN_ACTION_SUSPEND, .reason = 2 },
        { .index = 2,
          .action = MUN_ACTION_REINSTATE,
          .reason = 3,
          .if_since = 41 },
        { .index = 30,
          .action = MUN_ACTION_SUPERSEDE,
          .reason = 4,
          .superseded_by = mun_test_hash(4) },
        { .index = 400,
          .action = MUN_ACTION_EXTEND,
          .reason = 4,
          .extended_until_ms = MUN_TEST_TIME_MS + YEAR_MS },
    };

    out->label = mun_bytes_str("diplomas");
    mun_test_set_changes(arena, out, changes,
                         sizeof changes / sizeof changes[0]);
}

void
mun_test_sample_entry(struct mun_arena *arena, struct mun_entry *out,
                      enum mun_kind kind)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    out->chain_id = mun_test_chain();
    out->actor = mun_test_party(1);
    out->valid_until_ms = MUN_TEST_TIME_MS + MUN_TEST_HOUR_MS;
    switch (kind) {
    case MUN_KIND_REGISTER_PARTY:
        sample_register_party(out);
        return;
    case MUN_KIND_ADD_KEY:
        out->as.add_key.key = *mun_test_key(3);
        out->as.add_key.purposes = MUN_PURPOSE_ANCHOR;
        return;
    case MUN_KIND_RETIRE_KEY:
        out->as.retire_key = *mun_test_key(3);
        return;
    case MUN_KIND_ACCREDIT:
        out->as.accredit.subject = mun_test_party(2);
        mun_test_grant(&out->as.accredit.grant);
        return;
    case MUN_KIND_SUSPEND:
    case MUN_KIND_REINSTATE:
    case MUN_KIND_WITHDRAW:
        out->as.standing.accreditation = mun_test_hash(3);
        out->as.standing.reason = MUN_REASON_OTHER;
        if (kind == MUN_KIND_WITHDRAW)
            out->as.standing.void_since_ms = MUN_TEST_TIME_MS;
        return;
    case MUN_KIND_REGISTER_PROGRAMME:
        out->as.register_programme.code = mun_bytes_str("data-1");
        mun_test_description(&out->as.register_programme.description);
        return;
    case MUN_KIND_ANCHOR:
        sample_anchor(arena, &out->as.anchor);
        return;
    case MUN_KIND_CHANGE_STATUS:
        sample_change_status(arena, &out->as.change_status);
        return;
    }
    MUN_UNREACHABLE();
}

size_t
mun_test_sample_signers(enum mun_kind kind, unsigned *out)
{
    out[0] = 1;
    out[1] = kind == MUN_KIND_ADD_KEY ? 3 : 2;
    return kind == MUN_KIND_ADD_KEY || kind == MUN_KIND_REGISTER_PARTY ? 2 : 1;
}

struct mun_bytes
mun_test_sign_entry(struct mun_arena *arena, struct mun_entry *entry,
                    const unsigned *signers, size_t count)
{
    unsigned sorted[MUN_SIGNERS_MAX];
    struct mun_key *keys;
    struct mun_sig *sigs;
    struct mun_wr wr;

    MUN_CHECK(count <= MUN_SIGNERS_MAX);
    keys = mun_arena_array(arena, count, sizeof *keys);
    sigs = mun_arena_array(arena, count, sizeof *sigs);
    MUN_CHECK(keys != NULL && sigs != NULL);
    sort_signers(sorted, signers, count);
    for (size_t i = 0; i < count; i++)
        keys[i] = *mun_test_key(sorted[i]);
    entry->key_count = (uint8_t)count;
    entry->keys = keys;
    mun_wr_init(&wr, scratch, sizeof scratch);
    MUN_CHECK(mun_is_ok(mun_entry_encode_body(&wr, entry)));
    entry->body = mun_wr_done(&wr);
    mun_entry_id(&entry->id, entry->body);
    for (size_t i = 0; i < count; i++) {
        mun_signer_sign(mun_test_signer(sorted[i]), &sigs[i], &entry->id);
        mun_wr_copy(&wr, sigs[i].b, sizeof sigs[i].b);
    }
    entry->sigs = sigs;
    entry->bytes = keep(arena, &wr);
    entry->body = mun_bytes(entry->bytes.data, entry->body.len);
    return entry->bytes;
}

struct mun_entry_checked *
mun_test_check_entry(struct mun_arena *arena, struct mun_bytes bytes,
                     const struct mun_hash *leaves, uint32_t leaf_count)
{
    struct mun_entry_checked *out = mun_arena_alloc(arena, sizeof *out);
    enum mun_refusal refusal;
    struct mun_entry entry;

    MUN_CHECK(out != NULL);
    refusal = mun_entry_decode(&entry, bytes);
    MUN_CHECK(refusal == MUN_REFUSAL_NONE);
    refusal = mun_entry_verify(out, &entry, leaves, leaf_count);
    MUN_CHECK(refusal == MUN_REFUSAL_NONE);
    return out;
}
