#include "genesis/genesis_json.h"

#include <string.h>

#include "ledger/core/record.h"
#include "ledger/json/forms.h"
#include "ledger/json/json_rd.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The bits of ["anchor","status",…]. */
static uint8_t
read_purposes(struct mun_json_rd *rd, const char *key)
{
    unsigned purposes = 0;
    size_t count = mun_json_rd_array(rd, key, 5);
    for (size_t i = 0; i < count; i++) {
        const struct mun_json *word = NULL;
        unsigned bit = 1;
        mun_json_rd_item(rd, i);
        word = mun_json_rd_any(rd, NULL);
        while (bit <= MUN_PURPOSE_VALIDATE &&
               !mun_json_string_is(word, mun_word_purpose((uint8_t)bit)))
            bit <<= 1;
        if (bit > MUN_PURPOSE_VALIDATE)
            mun_json_rd_fail(rd, NULL, MUN_ERR_VALUE,
                             "is not anchor, status, govern, assert or "
                             "validate");
        purposes |= bit;
        mun_json_rd_leave(rd);
    }
    mun_json_rd_leave(rd);
    return (uint8_t)(purposes & 0x1f);
}

static uint8_t
read_roles(struct mun_json_rd *rd)
{
    unsigned roles = 0;
    size_t count = mun_json_rd_array(rd, "roles", 2);
    for (size_t i = 0; i < count; i++) {
        mun_json_rd_item(rd, i);
        const struct mun_json *word = mun_json_rd_any(rd, NULL);
        if (mun_json_string_is(word, "member"))
            roles |= MUN_ROLE_MEMBER;
        else if (mun_json_string_is(word, "root_accreditor"))
            roles |= MUN_ROLE_ROOT_ACCREDITOR;
        else
            mun_json_rd_fail(rd, NULL, MUN_ERR_VALUE,
                             "is not member or root_accreditor");
        mun_json_rd_leave(rd);
    }
    mun_json_rd_leave(rd);
    return (uint8_t)roles;
}

static void
sort_keys(struct mun_genesis_party *party)
{
    for (uint8_t i = 1; i < party->key_count; i++) {
        struct mun_key_grant moved = party->keys[i];
        uint8_t at = i;
        while (at > 0 &&
               mun_key_cmp(&party->keys[at - 1].key, &moved.key) > 0) {
            party->keys[at] = party->keys[at - 1];
            at--;
        }
        party->keys[at] = moved;
    }
}

static void
sort_parties(struct mun_genesis *genesis)
{
    for (uint32_t i = 1; i < genesis->party_count; i++) {
        struct mun_genesis_party moved = genesis->parties[i];
        uint32_t at = i;
        while (at > 0 &&
               mun_hash_cmp(&genesis->parties[at - 1].id, &moved.id) > 0) {
            genesis->parties[at] = genesis->parties[at - 1];
            at--;
        }
        genesis->parties[at] = moved;
    }
}

static void
read_party(struct mun_json_rd *rd, struct mun_genesis_party *out)
{
    static const char *const keys[] = { "name", "country", "url", "roles",
                                        "keys" };
    static const char *const key_keys[] = { "key", "purposes" };

    mun_json_rd_only(rd, keys, COUNT(keys));
    out->name = mun_json_rd_string(rd, "name", 1, 200);
    out->country = mun_json_rd_string(rd, "country", 2, 8);
    out->url = MUN_BYTES_NONE;
    if (mun_json_rd_has(rd, "url"))
        out->url = mun_json_rd_string(rd, "url", 0, 300);
    out->roles = read_roles(rd);
    size_t count = mun_json_rd_array(rd, "keys", MUN_PARTY_KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        mun_json_rd_item(rd, i);
        mun_json_rd_only(rd, key_keys, COUNT(key_keys));
        mun_json_rd_hex(rd, "key", out->keys[i].key.b,
                        sizeof out->keys[i].key.b);
        out->keys[i].purposes = read_purposes(rd, "purposes");
        mun_json_rd_leave(rd);
    }
    mun_json_rd_leave(rd);
    out->key_count = (uint8_t)count;
    sort_keys(out);
    mun_party_id(&out->id, &out->keys[0].key);
}

static mun_err_t
read_document(struct mun_genesis *out, const struct mun_json *doc,
              struct mun_json_err *why)
{
    static const char *const keys[] = { "muniment_genesis", "name", "time",
                                        "max_age_ms", "parties" };
    struct mun_json_rd rd;

    mun_json_rd_init(&rd, doc, why);
    mun_json_rd_only(&rd, keys, COUNT(keys));
    if (mun_json_rd_u64(&rd, "muniment_genesis", UINT16_MAX) != 1)
        mun_json_rd_fail(&rd, "muniment_genesis", MUN_ERR_VERSION,
                         "is not version 1");
    out->name = mun_json_rd_string(&rd, "name", 1, 100);
    out->time_ms = mun_json_rd_time(&rd, "time");
    out->rules_version = MUN_RULES_VERSION;
    out->max_age_ms = mun_json_rd_u64(&rd, "max_age_ms", MUN_JSON_INTEGER_MAX);
    out->party_count =
        (uint32_t)mun_json_rd_array(&rd, "parties", MUN_GENESIS_PARTIES_MAX);
    for (uint32_t i = 0; i < out->party_count; i++) {
        mun_json_rd_item(&rd, i);
        read_party(&rd, &out->parties[i]);
        mun_json_rd_leave(&rd);
    }
    mun_json_rd_leave(&rd);
    sort_parties(out);
    return mun_json_rd_status(&rd);
}

mun_err_t
mun_genesis_json_compile(struct mun_bytes *out, struct mun_arena *arena,
                         const struct mun_json *doc, struct mun_json_err *why)
{
    struct mun_genesis *genesis = mun_arena_alloc(arena, sizeof *genesis);
    struct mun_genesis *check = mun_arena_alloc(arena, sizeof *check);
    uint8_t *buffer = mun_arena_alloc(arena, MUN_GENESIS_BYTES_MAX);
    struct mun_wr wr;

    *out = MUN_BYTES_NONE;
    if (genesis == NULL || check == NULL || buffer == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_TRY(read_document(genesis, doc, why));
    mun_wr_init(&wr, buffer, MUN_GENESIS_BYTES_MAX);
    mun_genesis_encode(&wr, genesis);
    MUN_TRY(mun_wr_status(&wr));
    mun_err_t err = mun_genesis_decode(check, mun_wr_done(&wr));
    if (!mun_is_ok(err)) {
        static const char text[] =
            "the parties break a rule of ledger/README.md section 5";
        if (why != NULL) {
            why->code = err.code;
            memcpy(why->text, text, sizeof text);
        }
        return err;
    }
    *out = mun_wr_done(&wr);
    return MUN_SUCCESS;
}

static void
write_party(struct mun_json_wr *wr, const struct mun_genesis_party *party)
{
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "name");
    mun_json_wr_text(wr, party->name);
    mun_json_wr_key(wr, "country");
    mun_json_wr_text(wr, party->country);
    mun_json_wr_key(wr, "url");
    mun_json_wr_text(wr, party->url);
    mun_json_wr_key(wr, "roles");
    mun_json_wr_begin_array(wr);
    if ((party->roles & MUN_ROLE_MEMBER) != 0)
        mun_json_wr_string(wr, "member");
    if ((party->roles & MUN_ROLE_ROOT_ACCREDITOR) != 0)
        mun_json_wr_string(wr, "root_accreditor");
    mun_json_wr_end_array(wr);
    mun_json_wr_key(wr, "keys");
    mun_json_wr_begin_array(wr);
    for (uint8_t i = 0; i < party->key_count; i++) {
        const struct mun_key_grant *grant = &party->keys[i];
        mun_json_wr_begin_object(wr);
        mun_json_wr_key(wr, "key");
        mun_json_wr_hex(wr, mun_bytes(grant->key.b, sizeof grant->key.b));
        mun_form_purposes(wr, grant->purposes);
        mun_json_wr_end_object(wr);
    }
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}

void
mun_genesis_json_write(struct mun_json_wr *wr,
                       const struct mun_genesis *genesis)
{
    mun_json_wr_begin_object(wr);
    mun_json_wr_key(wr, "muniment_genesis");
    mun_json_wr_u64(wr, 1);
    mun_json_wr_key(wr, "name");
    mun_json_wr_text(wr, genesis->name);
    mun_json_wr_key(wr, "time");
    mun_json_wr_time(wr, genesis->time_ms);
    mun_json_wr_key(wr, "max_age_ms");
    mun_json_wr_u64(wr, genesis->max_age_ms);
    mun_json_wr_key(wr, "parties");
    mun_json_wr_begin_array(wr);
    for (uint32_t i = 0; i < genesis->party_count; i++)
        write_party(wr, &genesis->parties[i]);
    mun_json_wr_end_array(wr);
    mun_json_wr_end_object(wr);
}
