#include <string.h>

#include "genesis/genesis_json.h"
#include "ledger/base/check.h"
#include "ledger/core/exec.h"
#include "ledger/core/record.h"
#include "ledger/core/refusal.h"
#include "ledger/json/json.h"
#include "tests/support/make_chain.h"
#include "tests/support/make_entry.h"
#include "tests/vectors/make.h"

/* genesis, entries, records, block. */

/* genesis */

static mun_err_t
put_state_record(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    struct mun_json_wr *wr = ctx;

    (void)key; /* the value says it again */
    mun_json_wr_begin_object(wr);
    mun_vec_record(wr, value);
    mun_json_wr_end_object(wr);
    return MUN_SUCCESS;
}

static struct mun_bytes
genesis_header(struct mun_arena *arena, const struct mun_genesis *genesis,
               const struct mun_genesis_chain *chain)
{
    uint8_t buffer[512];
    struct mun_hash id;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_wr_u8(&wr, 1);
    mun_wr_u16(&wr, genesis->rules_version);
    mun_wr_copy(&wr, chain->genesis_hash.b, 32);
    mun_wr_copy(&wr, chain->header.members_hash.b, 32);
    mun_wr_u64(&wr, genesis->time_ms);
    mun_wr_u64(&wr, genesis->max_age_ms);
    mun_wr_run16(&wr, genesis->name);
    mun_hash_tagged(&id, MUN_TAG_CHAIN, mun_wr_done(&wr));
    MUN_CHECK(mun_hash_eq(&id, &chain->chain_id));
    return mun_vec_keep(arena, &wr);
}

static struct mun_bytes
encoded_header(struct mun_arena *arena, const struct mun_header *header)
{
    uint8_t buffer[MUN_HEADER_BYTES];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_header_encode(&wr, header);
    return mun_vec_keep(arena, &wr);
}

static struct mun_bytes
encoded_members(struct mun_arena *arena, const struct mun_members *members)
{
    uint8_t buffer[1 + 66 * MUN_MEMBERS_MAX];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_members_encode(&wr, members);
    return mun_vec_keep(arena, &wr);
}

static void
put_block_zero(struct mun_json_wr *wr, struct mun_arena *arena,
               const struct mun_genesis_chain *chain,
               const struct mun_state *state)
{
    mun_json_wr_key(wr, "records");
    mun_json_wr_begin_array(wr);
    MUN_CHECK(mun_is_ok(mun_state_each(state, put_state_record, wr)));
    mun_json_wr_end_array(wr);
    mun_vec_hash(wr, "state_root", &chain->header.state_root);
    mun_json_wr_key(wr, "header_fields");
    mun_vec_fields_header(wr, &chain->header);
    mun_vec_hex(wr, "header", encoded_header(arena, &chain->header));
    mun_vec_hash(wr, "header_id", &chain->header_id);
}

static void
put_genesis(struct mun_json_wr *wr, struct mun_arena *arena, const char *name,
            struct mun_bytes bytes)
{
    struct mun_genesis *genesis = mun_vec_take(arena, sizeof *genesis);
    struct mun_genesis_chain *chain = mun_vec_take(arena, sizeof *chain);
    struct mun_state *state = mun_vec_state(arena);

    MUN_CHECK(mun_is_ok(mun_genesis_decode(genesis, bytes)));
    MUN_CHECK(mun_is_ok(mun_genesis_start(chain, state, genesis, bytes)));
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    mun_vec_bool(wr, "valid", true);
    mun_json_wr_key(wr, "json");
    mun_genesis_json_write(wr, genesis);
    mun_json_wr_key(wr, "fields");
    mun_vec_fields_genesis(wr, genesis);
    mun_vec_hex(wr, "binary", bytes);
    mun_vec_hash(wr, "genesis_hash", &chain->genesis_hash);
    mun_json_wr_key(wr, "members");
    mun_vec_fields_members(wr, &chain->members);
    mun_vec_hex(wr, "member_set", encoded_members(arena, &chain->members));
    mun_vec_hash(wr, "members_hash", &chain->header.members_hash);
    mun_vec_hex(wr, "genesis_header", genesis_header(arena, genesis, chain));
    mun_vec_hash(wr, "chain_id", &chain->chain_id);
    put_block_zero(wr, arena, chain, state);
    mun_json_wr_end_object(wr);
}

static void
put_bad_genesis(struct mun_json_wr *wr, struct mun_arena *arena,
                const char *name, struct mun_bytes bytes)
{
    struct mun_genesis *genesis = mun_vec_take(arena, sizeof *genesis);

    MUN_CHECK(!mun_is_ok(mun_genesis_decode(genesis, bytes)));
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    mun_vec_bool(wr, "valid", false);
    mun_vec_hex(wr, "binary", bytes);
    mun_json_wr_end_object(wr);
}

/* Encoded with one thing changed. */
static struct mun_bytes
encoded_genesis(struct mun_arena *arena, const struct mun_genesis *genesis)
{
    uint8_t *buffer = mun_vec_take(arena, 16384);
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, 16384);
    mun_genesis_encode(&wr, genesis);
    return mun_vec_keep(arena, &wr);
}

static void
put_bad_geneses(struct mun_json_wr *wr, struct mun_arena *arena,
                struct mun_bytes good)
{
    struct mun_genesis *genesis = mun_vec_take(arena, sizeof *genesis);
    struct mun_genesis *changed = mun_vec_take(arena, sizeof *changed);
    struct mun_bytes longer = mun_vec_copy(arena, good);

    longer.len++;
    put_bad_genesis(wr, arena, "a byte behind", longer);
    put_bad_genesis(wr, arena, "a byte missing",
                    mun_bytes(good.data, good.len - 1));
    MUN_CHECK(mun_is_ok(mun_genesis_decode(genesis, good)));
    *changed = *genesis;
    changed->time_ms = 0;
    put_bad_genesis(wr, arena, "time 0", encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->max_age_ms = 999;
    put_bad_genesis(wr, arena, "max_age below a second",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->rules_version = 2;
    put_bad_genesis(wr, arena, "rules version 2",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->parties[0].id.b[31] ^= 1;
    put_bad_genesis(wr, arena, "a party's id is not its lowest key's",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->parties[0].roles = 0;
    put_bad_genesis(wr, arena, "a validate key of no member",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->parties[0].roles = 4;
    put_bad_genesis(wr, arena, "an unknown role",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    for (unsigned i = 0; i < changed->parties[0].key_count; i++)
        changed->parties[0].keys[i].purposes = MUN_PURPOSE_VALIDATE;
    put_bad_genesis(wr, arena, "two validate keys and none that governs",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->name = mun_bytes_str(" Test");
    put_bad_genesis(wr, arena, "a name with a leading space",
                    encoded_genesis(arena, changed));
    *changed = *genesis;
    changed->party_count = 0;
    put_bad_genesis(wr, arena, "no party", encoded_genesis(arena, changed));
}

static void
put_swapped(struct mun_json_wr *wr, struct mun_arena *arena,
            struct mun_bytes good)
{
    struct mun_genesis *genesis = mun_vec_take(arena, sizeof *genesis);
    struct mun_genesis_party first;

    MUN_CHECK(mun_is_ok(mun_genesis_decode(genesis, good)));
    first = genesis->parties[0];
    genesis->parties[0] = genesis->parties[1];
    genesis->parties[1] = first;
    put_bad_genesis(wr, arena, "parties out of order",
                    encoded_genesis(arena, genesis));
}

void
mun_vec_make_genesis(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_bytes one = mun_test_genesis(arena, 1);
    struct mun_bytes two = mun_test_genesis(arena, 2);
    struct mun_bytes four = mun_test_genesis(arena, 4);

    put_genesis(wr, arena, "four members", four);
    put_genesis(wr, arena, "one member", one);
    put_bad_geneses(wr, arena, one);
    put_swapped(wr, arena, two);
}

/* entries */

static void
put_signers(struct mun_json_wr *wr, const struct mun_entry *entry)
{
    mun_json_wr_key(wr, "secrets");
    mun_json_wr_begin_array(wr);
    for (unsigned i = 0; i < entry->key_count; i++) {
        unsigned number = 1;

        while (!mun_key_eq(&entry->keys[i], mun_test_key(number)))
            number++;
        mun_json_wr_hex(wr, mun_bytes(mun_test_signer(number)->secret.b, 32));
    }
    mun_json_wr_end_array(wr);
}

static void
put_entry_parts(struct mun_json_wr *wr, const struct mun_entry *entry)
{
    struct mun_hash hash;

    mun_entry_hash(&hash, entry->bytes);
    mun_json_wr_key(wr, "fields");
    mun_vec_fields_entry(wr, entry);
    mun_vec_hex(wr, "payload", entry->payload);
    mun_vec_hex(wr, "body", entry->body);
    mun_vec_hash(wr, "id", &entry->id);
    put_signers(wr, entry);
    mun_json_wr_key(wr, "signatures");
    mun_json_wr_begin_array(wr);
    for (unsigned i = 0; i < entry->key_count; i++)
        mun_json_wr_hex(wr, mun_bytes(entry->sigs[i].b, MUN_SIG_BYTES));
    mun_json_wr_end_array(wr);
    mun_vec_hex(wr, "entry", entry->bytes);
    mun_vec_hash(wr, "entry_hash", &hash);
}

static void
put_entry(struct mun_json_wr *wr, struct mun_arena *arena, const char *name,
          struct mun_entry *entry)
{
    unsigned signers[2];
    size_t count = mun_test_sample_signers(entry->kind, signers);
    struct mun_hash *leaves = NULL;
    uint32_t leaf_count = 0;
    struct mun_entry_checked *checked;

    if (entry->kind == MUN_KIND_ANCHOR && entry->as.anchor.is_published) {
        leaf_count = entry->as.anchor.count;
        leaves = mun_test_leaves(arena, leaf_count);
    }
    checked = mun_test_check_entry(
        arena, mun_test_sign_entry(arena, entry, signers, count), leaves,
        leaf_count);
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    mun_json_wr_key(wr, "refusal");
    mun_json_wr_null(wr);
    put_entry_parts(wr, &checked->entry);
    mun_vec_hashes(wr, "leaves", leaves, leaf_count);
    mun_json_wr_end_object(wr);
}

static void
put_good_entries(struct mun_json_wr *wr, struct mun_arena *arena)
{
#define X(name, code, window, text) MUN_KIND_##name,
    static const enum mun_kind kinds[] = { MUN_KIND_TABLE(X) };
#undef X
    struct mun_entry *entry = mun_vec_take(arena, sizeof *entry);

    for (size_t i = 0; i < MUN_VEC_COUNT(kinds); i++) {
        mun_test_sample_entry(arena, entry, kinds[i]);
        put_entry(wr, arena, mun_kind_text((uint16_t)kinds[i]), entry);
    }
    mun_test_sample_entry(arena, entry, MUN_KIND_ACCREDIT);
    entry->as.accredit.parent = mun_test_hash(5);
    memset(&entry->as.accredit.grant.scope, 0,
           sizeof entry->as.accredit.grant.scope);
    entry->as.accredit.grant.scope.award_kinds = 1;
    entry->as.accredit.grant.basis = MUN_BYTES_NONE;
    put_entry(wr, arena, "accredit for anything, below a parent", entry);
    mun_test_sample_entry(arena, entry, MUN_KIND_WITHDRAW);
    entry->as.standing.void_since_ms = 0;
    put_entry(wr, arena, "withdraw prospectively", entry);
    mun_test_sample_entry(arena, entry, MUN_KIND_ANCHOR);
    entry->as.anchor.is_published = false;
    put_entry(wr, arena, "anchor a sealed batch", entry);
}

static void
put_refused(struct mun_json_wr *wr, const char *name, enum mun_refusal refusal,
            struct mun_bytes bytes, size_t zeros)
{
    static uint8_t whole[2 * MUN_ENTRY_BYTES_MAX];
    struct mun_entry entry;

    MUN_CHECK(bytes.len + zeros <= sizeof whole);
    memset(whole, 0, sizeof whole);
    if (bytes.len != 0)
        memcpy(whole, bytes.data, bytes.len);
    MUN_CHECK(mun_entry_decode(&entry, mun_bytes(whole, bytes.len + zeros)) ==
              refusal);
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    mun_vec_str(wr, "refusal", mun_refusal_name(refusal));
    mun_vec_u64(wr, "refusal_code", (uint64_t)refusal);
    mun_vec_hex(wr, "entry", bytes);
    mun_vec_u64(wr, "zeros_behind", zeros);
    mun_json_wr_end_object(wr);
}

/* Where things are in every body. */
#define AT_VERSION 0
#define AT_KIND 1
#define AT_KEY_COUNT 75
#define AT_KEYS 76
#define AT_PAYLOAD_ONE_KEY (AT_KEYS + MUN_KEY_BYTES + 4)

struct patch {
    const char *name;
    enum mun_refusal refusal;
    enum mun_kind kind;
    size_t at;
    uint8_t value;
};

static const struct patch patches[] = {
    { "version 2", MUN_REFUSAL_UNKNOWN_VERSION, MUN_KIND_RETIRE_KEY, AT_VERSION,
      2 },
    { "kind 0x0202, kept for later", MUN_REFUSAL_UNKNOWN_KIND,
      MUN_KIND_RETIRE_KEY, AT_KIND + 1, 0x02 },
    { "no signing key", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_RETIRE_KEY,
      AT_KEY_COUNT, 0 },
    { "algorithm 2 of a signing key", MUN_REFUSAL_BAD_ENCODING,
      MUN_KIND_RETIRE_KEY, AT_KEYS, 2 },
    { "algorithm 2 of a key in the payload", MUN_REFUSAL_BAD_ENCODING,
      MUN_KIND_RETIRE_KEY, AT_PAYLOAD_ONE_KEY, 2 },
    { "payload longer than it says", MUN_REFUSAL_BAD_ENCODING,
      MUN_KIND_RETIRE_KEY, AT_PAYLOAD_ONE_KEY - 1, 33 },
    { "purposes 0", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_ADD_KEY,
      AT_PAYLOAD_ONE_KEY + 2 * MUN_KEY_BYTES, 0 },
    { "purposes with a spare bit", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_ADD_KEY,
      AT_PAYLOAD_ONE_KEY + 2 * MUN_KEY_BYTES, 0x21 },
    { "validate beside another purpose", MUN_REFUSAL_BAD_ENCODING,
      MUN_KIND_ADD_KEY, AT_PAYLOAD_ONE_KEY + 2 * MUN_KEY_BYTES, 0x11 },
    { "reason 5", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_SUSPEND,
      AT_PAYLOAD_ONE_KEY + 32, 5 },
    { "a label that starts with a point", MUN_REFUSAL_BAD_TEXT, MUN_KIND_ANCHOR,
      AT_PAYLOAD_ONE_KEY + 1, '.' },
    { "published neither 0 nor 1", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_ANCHOR,
      AT_PAYLOAD_ONE_KEY + 9 + 4 + 4 + 32 + 32 + 2, 2 },
    { "no accreditation named", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_ANCHOR,
      AT_PAYLOAD_ONE_KEY + 9 + 4 + 4 + 32 + 32 + 2 + 1, 0 },
    { "action 6", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_CHANGE_STATUS,
      AT_PAYLOAD_ONE_KEY + 9 + 2 + 4, 6 },
    { "changes of one index twice", MUN_REFUSAL_BAD_ENCODING,
      MUN_KIND_CHANGE_STATUS, AT_PAYLOAD_ONE_KEY + 9 + 2 + 3, 1 },
    { "tier 5", MUN_REFUSAL_BAD_ENCODING, MUN_KIND_ACCREDIT,
      AT_PAYLOAD_ONE_KEY + 64, 5 },
};

static struct mun_bytes
signed_sample(struct mun_arena *arena, struct mun_entry *entry)
{
    unsigned signers[2];
    size_t count = mun_test_sample_signers(entry->kind, signers);

    return mun_test_sign_entry(arena, entry, signers, count);
}

static void
put_patches(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_entry *entry = mun_vec_take(arena, sizeof *entry);

    for (size_t i = 0; i < MUN_VEC_COUNT(patches); i++) {
        struct mun_bytes bytes;
        uint8_t *copy;

        mun_test_sample_entry(arena, entry, patches[i].kind);
        bytes = signed_sample(arena, entry);
        copy = mun_vec_take(arena, bytes.len);
        memcpy(copy, bytes.data, bytes.len);
        MUN_CHECK(copy[patches[i].at] != patches[i].value);
        copy[patches[i].at] = patches[i].value;
        put_refused(wr, patches[i].name, patches[i].refusal,
                    mun_bytes(copy, bytes.len), 0);
    }
}

static void
put_lengths(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_entry *entry = mun_vec_take(arena, sizeof *entry);
    struct mun_bytes bytes;

    mun_test_sample_entry(arena, entry, MUN_KIND_RETIRE_KEY);
    bytes = signed_sample(arena, entry);
    put_refused(wr, "65,537 bytes", MUN_REFUSAL_TOO_LARGE, bytes,
                MUN_ENTRY_BYTES_MAX + 1 - bytes.len);
    put_refused(wr, "a byte behind", MUN_REFUSAL_BAD_ENCODING, bytes, 1);
    put_refused(wr, "a byte missing", MUN_REFUSAL_BAD_ENCODING,
                mun_bytes(bytes.data, bytes.len - 1), 0);
}

/* Two keys in the wrong order, and one twice. */
static void
put_unordered(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_entry *entry = mun_vec_take(arena, sizeof *entry);
    struct mun_bytes bytes;
    uint8_t *copy;

    mun_test_sample_entry(arena, entry, MUN_KIND_ADD_KEY);
    bytes = signed_sample(arena, entry);
    copy = mun_vec_take(arena, bytes.len);
    memcpy(copy, bytes.data, bytes.len);
    memcpy(copy + AT_KEYS, entry->keys[1].b, MUN_KEY_BYTES);
    put_refused(wr, "a signing key twice", MUN_REFUSAL_SIGNERS_UNORDERED,
                mun_bytes(copy, bytes.len), 0);
    memcpy(copy + AT_KEYS + MUN_KEY_BYTES, entry->keys[0].b, MUN_KEY_BYTES);
    put_refused(wr, "signing keys out of order", MUN_REFUSAL_SIGNERS_UNORDERED,
                mun_bytes(copy, bytes.len), 0);
}

static void
put_texts(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static const struct {
        const char *name;
        const char *text;
    } cases[] = {
        { "no name", "" },
        { "a name that is not NFC", "Universite\xcc\x81" },
        { "a name that is not UTF-8", "Universit\xe9" },
        { "a name with a trailing space", "University " },
        { "a name with a control character", "Univer\tsity" },
        { "a name with a direction override", "Uni\xe2\x80\xaeversity" },
    };
    struct mun_entry *entry = mun_vec_take(arena, sizeof *entry);

    for (size_t i = 0; i < MUN_VEC_COUNT(cases); i++) {
        mun_test_sample_entry(arena, entry, MUN_KIND_REGISTER_PARTY);
        entry->as.register_party.name = mun_bytes_str(cases[i].text);
        put_refused(wr, cases[i].name, MUN_REFUSAL_BAD_TEXT,
                    signed_sample(arena, entry), 0);
    }
}

static void
put_lists(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_entry *entry = mun_vec_take(arena, sizeof *entry);
    struct mun_scope *scope = &entry->as.accredit.grant.scope;
    struct mun_pair first;
    const struct mun_change zero = { .action = MUN_ACTION_SUPERSEDE,
                                     .reason = MUN_REASON_SUPERSEDED };

    mun_test_sample_entry(arena, entry, MUN_KIND_ACCREDIT);
    first = scope->levels[0];
    scope->levels[0] = scope->levels[1];
    scope->levels[1] = first;
    put_refused(wr, "levels out of order", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
    mun_test_sample_entry(arena, entry, MUN_KIND_ACCREDIT);
    scope->award_kinds = 0;
    put_refused(wr, "no award kind", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
    mun_test_sample_entry(arena, entry, MUN_KIND_ACCREDIT);
    scope->credit_min = scope->credit_max + 1;
    put_refused(wr, "credits from above to below", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
    mun_test_sample_entry(arena, entry, MUN_KIND_ACCREDIT);
    scope->sub_depth = 4;
    put_refused(wr, "sub_depth 4", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
    mun_test_sample_entry(arena, entry, MUN_KIND_CHANGE_STATUS);
    entry->as.change_status.count = 0;
    entry->as.change_status.changes.len = 0;
    put_refused(wr, "no change", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
    mun_test_sample_entry(arena, entry, MUN_KIND_ANCHOR);
    entry->as.anchor.count = 0;
    put_refused(wr, "an empty batch", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
    mun_test_sample_entry(arena, entry, MUN_KIND_CHANGE_STATUS);
    mun_test_set_changes(arena, &entry->as.change_status, &zero, 1);
    put_refused(wr, "superseded by zeros", MUN_REFUSAL_BAD_ENCODING,
                signed_sample(arena, entry), 0);
}

void
mun_vec_make_entries(struct mun_json_wr *wr, struct mun_arena *arena)
{
    put_good_entries(wr, arena);
    put_lengths(wr, arena);
    put_patches(wr, arena);
    put_unordered(wr, arena);
    put_texts(wr, arena);
    put_lists(wr, arena);
}

/* records */

/* The bytes of a value that are its natural key. */
static struct mun_bytes
natural_key(struct mun_bytes value)
{
    static const uint8_t fixed[] = {
        [MUN_RECORD_PARTY] = 32,
        [MUN_RECORD_KEY] = MUN_KEY_BYTES,
        [MUN_RECORD_ACCREDITATION] = 32,
        [MUN_RECORD_PROGRAMME] = 32,
        [MUN_RECORD_PROGRAMME_VERSION] = 34,
        [MUN_RECORD_LIST] = 33,
        [MUN_RECORD_SLOT] = 37,
        [MUN_RECORD_BATCH] = 64,
    };
    size_t len = fixed[value.data[0]];

    if (value.data[0] == MUN_RECORD_LIST || value.data[0] == MUN_RECORD_SLOT)
        len += value.data[18 + 32];
    return mun_bytes(value.data + 18, len);
}

static void
put_record(struct mun_json_wr *wr, struct mun_arena *arena, const char *name,
           const struct mun_wr *bytes)
{
    struct mun_bytes value = mun_vec_keep(arena, bytes);
    struct mun_hash value_hash;

    mun_hash_tagged(&value_hash, MUN_TAG_RECORD_VALUE, value);
    mun_json_wr_begin_object(wr);
    mun_vec_str(wr, "name", name);
    mun_json_wr_key(wr, "fields");
    mun_vec_fields_record(wr, value);
    mun_vec_hex(wr, "natural_key", natural_key(value));
    mun_vec_record(wr, value);
    mun_vec_hash(wr, "value_hash", &value_hash);
    mun_json_wr_end_object(wr);
}

#define AT(seconds) (MUN_TEST_TIME_MS + 1000ull * (seconds))

static void
put_parties(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_party party = {
        .since = { 3, AT(3) },
        .id = mun_test_party(2),
        .roles = 0,
        .status = MUN_PARTY_ACTIVE,
        .name = mun_bytes_str("Universit\xc3\xa9"),
        .country = mun_bytes_str("KZ-75"),
        .url = mun_bytes_str("https://university.example/"),
        .sponsor = mun_test_party(1),
        .recovery = mun_test_party(3),
        .registered_by = mun_test_hash(1),
        .govern_keys = 2,
    };
    struct mun_key_record key = {
        .since = { 9, AT(9) },
        .key = *mun_test_key(3),
        .party = mun_test_party(2),
        .purposes = MUN_PURPOSE_ANCHOR | MUN_PURPOSE_STATUS,
        .status = MUN_KEY_RETIRED,
        .added_by = *mun_test_key(2),
        .added_height = 4,
        .added_time_ms = AT(4),
        .ended_time_ms = AT(9),
    };
    uint8_t buffer[2048];
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_party_encode(&bytes, &party);
    put_record(wr, arena, "party", &bytes);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_key_record_encode(&bytes, &key);
    put_record(wr, arena, "key, retired", &bytes);
    key.status = MUN_KEY_COMPROMISED;
    key.compromised_since_ms = AT(6);
    key.added_by = mun_key_none;
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_key_record_encode(&bytes, &key);
    put_record(wr, arena, "key, compromised", &bytes);
}

static void
put_accreditations(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_accreditation record = {
        .since = { 8, AT(8) },
        .id = mun_test_hash(3),
        .accreditor = mun_test_party(4),
        .subject = mun_test_party(2),
        .parent = mun_test_hash(5),
        .depth = 2,
        .granting_key = *mun_test_key(4),
        .granted_height = 4,
        .granted_time_ms = AT(4),
        .status = MUN_STANDING_VOID,
        .status_time_ms = AT(8),
        .void_since_ms = AT(5),
        .reason = MUN_REASON_ERROR,
        .changed_by = *mun_test_key(6),
    };
    uint8_t buffer[2048];
    struct mun_wr bytes;

    mun_test_grant(&record.grant);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_accreditation_encode(&bytes, &record);
    put_record(wr, arena, "accreditation, void", &bytes);
    record.since = (struct mun_since){ 4, AT(4) };
    record.parent = mun_hash_zero;
    record.depth = 1;
    record.status = MUN_STANDING_ACTIVE;
    record.status_time_ms = AT(4);
    record.void_since_ms = 0;
    record.reason = 0;
    record.changed_by = mun_key_none;
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_accreditation_encode(&bytes, &record);
    put_record(wr, arena, "accreditation, of a root accreditor", &bytes);
}

static void
put_programmes(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_programme programme = {
        .since = { 5, AT(5) },
        .issuer = mun_test_party(2),
        .code = mun_bytes_str("data-1"),
        .latest_version = 1,
        .status = MUN_PROGRAMME_ACTIVE,
        .listing = MUN_LISTING_PROVISIONAL,
    };
    struct mun_programme_version version = { .since = { 5, AT(5) },
                                             .version = 1 };
    uint8_t description[4096];
    uint8_t buffer[8192];
    struct mun_wr bytes;

    mun_programme_id(&programme.id, &programme.issuer, programme.code);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_programme_encode(&bytes, &programme);
    put_record(wr, arena, "programme", &bytes);
    version.programme = programme.id;
    mun_test_description(&version.description);
    mun_wr_init(&bytes, description, sizeof description);
    mun_description_encode(&bytes, &version.description);
    version.description_bytes = mun_wr_done(&bytes);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_version_encode(&bytes, &version);
    put_record(wr, arena, "programme version", &bytes);
}

static void
put_credentials(struct mun_json_wr *wr, struct mun_arena *arena)
{
    struct mun_list list = { .since = { 6, AT(6) },
                             .issuer = mun_test_party(2),
                             .label = mun_bytes_str("diplomas"),
                             .count = 300,
                             .status = MUN_LIST_OPEN };
    struct mun_slot slot = { .since = { 7, AT(7) },
                             .issuer = mun_test_party(2),
                             .label = mun_bytes_str("diplomas"),
                             .index = 258,
                             .status = MUN_SLOT_SUPERSEDED,
                             .reason = MUN_REASON_SUPERSEDED,
                             .superseded_by = mun_test_hash(4),
                             .extended_until_ms = AT(9000),
                             .key = *mun_test_key(2),
                             .before_status = MUN_SLOT_GOOD,
                             .before_extended_ms = AT(9000) };
    struct mun_batch batch = { .since = { 6, AT(6) },
                               .issuer = mun_test_party(2),
                               .root = mun_test_hash(7),
                               .entry = mun_test_hash(8),
                               .label = mun_bytes_str("diplomas"),
                               .base = 256,
                               .count = 44,
                               .programme = mun_test_hash(2),
                               .version = 1,
                               .is_published = true };
    uint8_t buffer[2048];
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_list_encode(&bytes, &list);
    put_record(wr, arena, "list", &bytes);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_slot_encode(&bytes, &slot);
    put_record(wr, arena, "slot", &bytes);
    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_batch_encode(&bytes, &batch);
    put_record(wr, arena, "batch", &bytes);
}

void
mun_vec_make_records(struct mun_json_wr *wr, struct mun_arena *arena)
{
    put_parties(wr, arena);
    put_accreditations(wr, arena);
    put_programmes(wr, arena);
    put_credentials(wr, arena);
}

/* block */

static bool
seen_nothing(const void *ctx, const struct mun_hash *id)
{
    (void)ctx; /* nothing was seen */
    (void)id;
    return false;
}

static void
put_effects(struct mun_json_wr *wr, const struct mun_exec *exec)
{
    mun_json_wr_key(wr, "effects");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < exec->effect_count; i++) {
        const struct mun_effect *effect = &exec->effects[i];
        struct mun_bytes value;

        MUN_CHECK(mun_overlay_get(exec->state, &effect->key, &value) ==
                  MUN_PRESENT);
        mun_json_wr_begin_object(wr);
        mun_vec_hash(wr, "key", &effect->key);
        mun_vec_hash(wr, "before", &effect->before);
        mun_vec_hash(wr, "after", &effect->after);
        mun_vec_hex(wr, "value", value);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
}

static void
put_leaf(struct mun_json_wr *wr, const char *key,
         const struct mun_log_leaf *leaf)
{
    uint8_t buffer[MUN_LOG_LEAF_BYTES];
    struct mun_hash hash;
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_log_leaf_encode(&bytes, leaf);
    mun_log_leaf_hash(&hash, leaf);
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "fields");
    mun_vec_fields_log_leaf(wr, leaf);
    mun_vec_hex(wr, "data", mun_wr_done(&bytes));
    mun_vec_hash(wr, "hash", &hash);
    mun_json_wr_end_object(wr);
}

static void
put_applied(struct mun_json_wr *wr, struct mun_exec *exec, uint32_t index,
            const struct mun_entry_checked *checked)
{
    struct mun_log_leaf leaf;
    enum mun_exec_result result;
    enum mun_refusal refusal;

    MUN_CHECK(mun_is_ok(mun_exec_add(exec, &result, &refusal, checked)));
    MUN_CHECK(result == MUN_EXEC_APPLIED);
    mun_exec_leaf(exec, index + 1, &leaf);
    mun_json_wr_begin_object(wr);
    mun_vec_hex(wr, "entry", checked->entry.bytes);
    mun_vec_str(wr, "kind", mun_kind_text((uint16_t)checked->entry.kind));
    mun_vec_hash(wr, "id", &checked->entry.id);
    mun_vec_hash(wr, "entry_hash", &checked->hash);
    mun_vec_hashes(wr, "leaves", checked->leaves, checked->leaf_count);
    put_effects(wr, exec);
    mun_vec_hash(wr, "effects_root", &leaf.effects_root);
    put_leaf(wr, "log_leaf", &leaf);
    mun_json_wr_end_object(wr);
}

/* Executes the entries without keeping what they do. */
static void
put_execution(struct mun_json_wr *wr, struct mun_test_world *world,
              struct mun_entry_checked *const *entries, uint32_t count)
{
    const struct mun_header *previous = &world->headers[world->height];
    struct mun_exec_start start = { .state = world->state,
                                    .arena = &world->scratch,
                                    .seen = { seen_nothing, NULL },
                                    .previous = previous,
                                    .log = &world->log,
                                    .time_ms = previous->time_ms + 1000 };
    struct mun_log_leaf leaf;
    struct mun_exec exec;

    mun_arena_reset(&world->scratch, 0);
    MUN_CHECK(mun_is_ok(mun_exec_begin(&exec, &start)));
    mun_exec_leaf(&exec, 0, &leaf);
    put_leaf(wr, "header_leaf", &leaf);
    mun_json_wr_key(wr, "entries");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < count; i++)
        put_applied(wr, &exec, i, entries[i]);
    mun_json_wr_end_array(wr);
    mun_overlay_abort(world->state);
}

static void
put_certificate(struct mun_json_wr *wr, const char *key,
                const struct mun_certificate *certificate)
{
    uint8_t buffer[8192];
    struct mun_hash hash;
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_certificate_encode(&bytes, certificate);
    mun_certificate_hash(&hash, certificate);
    mun_json_wr_key(wr, key);
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "fields");
    mun_vec_fields_certificate(wr, certificate);
    mun_vec_hex(wr, "binary", mun_wr_done(&bytes));
    mun_vec_hash(wr, "hash", &hash);
    mun_json_wr_end_object(wr);
}

/* What the members sign for a header. */
static void
put_vote(struct mun_json_wr *wr, const struct mun_test_world *world,
         const struct mun_certificate *certificate)
{
    struct mun_vote vote = { .type = MUN_VOTE_PRECOMMIT,
                             .height = certificate->height,
                             .round = certificate->round,
                             .valid_round = -1,
                             .id = certificate->header_id };
    struct mun_hash digest;
    uint8_t buffer[128];
    struct mun_wr bytes;

    mun_wr_init(&bytes, buffer, sizeof buffer);
    mun_wr_u8(&bytes, MUN_VOTE_PRECOMMIT);
    mun_wr_copy(&bytes, world->chain.chain_id.b, 32);
    mun_wr_u64(&bytes, vote.height);
    mun_wr_u32(&bytes, vote.round);
    mun_wr_u32(&bytes, UINT32_MAX);
    mun_wr_copy(&bytes, vote.id.b, 32);
    mun_vote_digest(&digest, &world->chain.chain_id, &vote);
    mun_vec_hex(wr, "vote", mun_wr_done(&bytes));
    mun_vec_hash(wr, "vote_digest", &digest);
}

static struct mun_bytes
encoded_block(struct mun_arena *arena, const struct mun_test_world *world,
              struct mun_entry_checked *const *entries, uint32_t count)
{
    uint8_t *buffer = mun_vec_take(arena, 65536);
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, 65536);
    mun_block_encode_start(&wr, &world->headers[world->height],
                           &world->certificates[world->height - 1], count);
    for (uint32_t i = 0; i < count; i++) {
        struct mun_block_item item = { entries[i]->entry.bytes,
                                       entries[i]->leaves,
                                       entries[i]->leaf_count };

        mun_block_encode_item(&wr, &item);
    }
    return mun_vec_keep(arena, &wr);
}

static void
put_block(struct mun_json_wr *wr, struct mun_arena *arena,
          struct mun_test_world *world,
          struct mun_entry_checked *const *entries, uint32_t count)
{
    const struct mun_header *header = &world->headers[world->height + 1];
    struct mun_hash id;

    mun_json_wr_begin_object(wr);
    mun_vec_u64(wr, "height", world->height + 1);
    mun_vec_hex(wr, "previous_header",
                encoded_header(arena, &world->headers[world->height]));
    mun_vec_hex(wr, "member_set", world->members);
    put_certificate(wr, "previous_certificate",
                    &world->certificates[world->height]);
    put_execution(wr, world, entries, count);
    mun_test_world_block(world, entries, count);
    mun_header_id(&id, header);
    mun_vec_hash(wr, "entries_hash", &header->entries_hash);
    mun_vec_u64(wr, "log_size", header->log_size);
    mun_vec_hash(wr, "log_root", &header->log_root);
    mun_vec_hash(wr, "state_root", &header->state_root);
    mun_json_wr_key(wr, "header_fields");
    mun_vec_fields_header(wr, header);
    mun_vec_hex(wr, "header", encoded_header(arena, header));
    mun_vec_hash(wr, "header_id", &id);
    mun_vec_hex(wr, "block", encoded_block(arena, world, entries, count));
    put_vote(wr, world, &world->certificates[world->height]);
    put_certificate(wr, "certificate", &world->certificates[world->height]);
    mun_json_wr_end_object(wr);
}

static struct mun_entry_checked *
sign(struct mun_test_world *world, struct mun_entry *entry,
     const unsigned *signers, size_t count)
{
    struct mun_hash *leaves = NULL;
    uint32_t leaf_count = 0;

    if (entry->kind == MUN_KIND_ANCHOR) {
        leaf_count = entry->as.anchor.count;
        leaves = mun_test_leaves(&world->arena, leaf_count);
    }
    entry->chain_id = world->chain.chain_id;
    entry->valid_until_ms =
        world->headers[world->height].time_ms + MUN_TEST_HOUR_MS;
    return mun_test_check_entry(
        &world->arena,
        mun_test_sign_entry(&world->arena, entry, signers, count), leaves,
        leaf_count);
}

/* A party, its accreditation, its programme and a published batch. */
static void
first_entries(struct mun_test_world *world, struct mun_entry_checked **out)
{
    const unsigned both[] = { 1, MUN_TEST_ISSUER };
    const unsigned issuer[] = { MUN_TEST_ISSUER };
    struct mun_entry *entry = mun_vec_take(&world->arena, 4 * sizeof *entry);
    struct mun_hash accreditor = mun_hash_zero;

    for (uint32_t i = 0; i < world->genesis->party_count; i++) {
        if ((world->genesis->parties[i].roles & MUN_ROLE_ROOT_ACCREDITOR) != 0)
            accreditor = world->genesis->parties[i].id;
    }
    mun_test_sample_entry(&world->arena, &entry[0], MUN_KIND_REGISTER_PARTY);
    entry[0].as.register_party.sponsor = accreditor;
    entry[0].as.register_party.sponsor_accreditation = mun_hash_zero;
    entry[0].as.register_party.recovery = mun_hash_zero;
    entry[0].actor = mun_test_set_keys(&entry[0].as.register_party, issuer, 1,
                                       MUN_PURPOSE_GOVERN | MUN_PURPOSE_ANCHOR |
                                           MUN_PURPOSE_STATUS);
    out[0] = sign(world, &entry[0], both, 2);
    mun_test_sample_entry(&world->arena, &entry[1], MUN_KIND_ACCREDIT);
    entry[1].actor = accreditor;
    entry[1].as.accredit.subject = entry[0].actor;
    out[1] = sign(world, &entry[1], both, 1);
    mun_test_sample_entry(&world->arena, &entry[2],
                          MUN_KIND_REGISTER_PROGRAMME);
    entry[2].actor = entry[0].actor;
    out[2] = sign(world, &entry[2], issuer, 1);
    mun_test_sample_entry(&world->arena, &entry[3], MUN_KIND_ANCHOR);
    entry[3].actor = entry[0].actor;
    mun_programme_id(&entry[3].as.anchor.programme, &entry[0].actor,
                     entry[2].as.register_programme.code);
    entry[3].as.anchor.accreditations[0] = entry[1].id;
    out[3] = sign(world, &entry[3], issuer, 1);
}

/* A key, and what it does to slots: to the first of them thrice, so that what
 * was before is what was before all that. */
static void
second_entries(struct mun_test_world *world, struct mun_entry_checked **out)
{
    const unsigned both[] = { MUN_TEST_ISSUER, 51 };
    const struct mun_change changes[] = {
        { .index = 0, .action = MUN_ACTION_SUSPEND, .reason = 4 },
        { .index = 2, .action = MUN_ACTION_REVOKE, .reason = 1 },
    };
    const struct mun_change more[] = {
        { .index = 0,
          .action = MUN_ACTION_REINSTATE,
          .reason = 4,
          .if_since = 2 },
        { .index = 0,
          .action = MUN_ACTION_EXTEND,
          .reason = 4,
          .if_since = 2,
          .extended_until_ms = MUN_TEST_TIME_MS + 1000 * MUN_TEST_HOUR_MS },
    };
    struct mun_entry *entry = mun_vec_take(&world->arena, 4 * sizeof *entry);

    mun_test_sample_entry(&world->arena, &entry[0], MUN_KIND_ADD_KEY);
    entry[0].actor = mun_test_party(MUN_TEST_ISSUER);
    entry[0].as.add_key.key = *mun_test_key(51);
    entry[0].as.add_key.purposes = MUN_PURPOSE_GOVERN | MUN_PURPOSE_STATUS;
    out[0] = sign(world, &entry[0], both, 2);
    mun_test_sample_entry(&world->arena, &entry[1], MUN_KIND_CHANGE_STATUS);
    entry[1].actor = entry[0].actor;
    mun_test_set_changes(&world->arena, &entry[1].as.change_status, changes, 2);
    out[1] = sign(world, &entry[1], both + 1, 1);
    for (unsigned i = 0; i < 2; i++) {
        entry[2 + i] = entry[1];
        mun_test_set_changes(&world->arena, &entry[2 + i].as.change_status,
                             &more[i], 1);
        out[2 + i] = sign(world, &entry[2 + i], both + 1, 1);
    }
}

void
mun_vec_make_block(struct mun_json_wr *wr, struct mun_arena *arena)
{
    static struct mun_test_world world;
    struct mun_entry_checked *first[4];
    struct mun_entry_checked *second[4];

    mun_test_world_open(&world, 4);
    first_entries(&world, first);
    put_block(wr, arena, &world, first, 4);
    second_entries(&world, second);
    put_block(wr, arena, &world, second, 4);
    mun_test_world_close(&world);
}
