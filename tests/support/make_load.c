/* A ledger and requests for it, for system tests and load:
 *
 *     make_load DIR REQUESTS ENTRIES [MEMBERS]
 *
 * writes into DIR genesis.bin, validator.key and passphrase (with several
 * members also validator-2.key and on, under the same passphrase); setup.bin, a
 * request that registers an issuer, accredits it and registers its programme;
 * and load-0000.bin and on, requests of ENTRIES anchors each. Entries are valid
 * for 20 hours. The signers are those of make_entry.h, so nobody should believe
 * such a ledger. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ledger/base/arena.h"
#include "ledger/base/check.h"
#include "ledger/core/genesis.h"
#include "ledger/core/record.h"
#include "ledger/seal/key_file.h"
#include "tests/support/make_entry.h"

#define PASSPHRASE "make_load"
#define MEMBER 1
#define ISSUER 2
#define OTHER_MEMBERS 30
#define VALID_MS (20ull * MUN_TEST_HOUR_MS)

static struct mun_arena arena;
static struct mun_hash chain_id;
static uint64_t now_ms;

static void
write_file(const char *dir, const char *name, struct mun_bytes bytes)
{
    char path[1024];
    FILE *file;

    MUN_CHECK(snprintf(path, sizeof path, "%s/%s", dir, name) <
              (int)sizeof path);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.data, 1, bytes.len, file) != bytes.len ||
        fclose(file) != 0) {
        perror(path);
        exit(1); // NOLINT(concurrency-mt-unsafe): there is one thread
    }
    MUN_CHECK(chmod(path, 0600) == 0);
}

static struct mun_key
make_key_file(const char *dir, const char *name)
{
    static uint8_t memory[16384];
    struct mun_key_file file;
    struct mun_json_wr wr;
    struct mun_bytes text;

    MUN_CHECK(mun_is_ok(mun_key_file_new(&file, mun_bytes_str("validator"),
                                         mun_bytes_str(PASSPHRASE))));
    mun_json_wr_init_fixed(&wr, memory, sizeof memory, true);
    mun_key_file_write(&wr, &file);
    MUN_CHECK(mun_is_ok(mun_json_wr_finish(&wr, &text)));
    write_file(dir, name, text);
    write_file(dir, "passphrase", mun_bytes_str(PASSPHRASE "\n"));
    return file.key;
}

static void
put_keys(struct mun_genesis_party *party, struct mun_key_grant govern,
         struct mun_key_grant validate)
{
    bool is_first = mun_key_cmp(&govern.key, &validate.key) < 0;

    party->key_count = 2;
    party->keys[0] = is_first ? govern : validate;
    party->keys[1] = is_first ? validate : govern;
    mun_hash_tagged(&party->id, MUN_TAG_PARTY,
                    mun_bytes(party->keys[0].key.b, MUN_KEY_BYTES));
}

static int
compare_parties(const void *a, const void *b)
{
    const struct mun_genesis_party *left = a;
    const struct mun_genesis_party *right = b;

    return memcmp(left->id.b, right->id.b, sizeof left->id.b);
}

/* The first one's party is returned. */
static struct mun_hash
make_members(struct mun_genesis *genesis, const char *dir, uint32_t count)
{
    static char names[MUN_MEMBERS_MAX][32];
    struct mun_hash first;

    genesis->party_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct mun_genesis_party *party = &genesis->parties[i];
        char file[32] = "validator.key";

        if (i > 0)
            (void)snprintf(file, sizeof file, "validator-%u.key", i + 1);
        (void)snprintf(names[i], sizeof names[i], "Member %u", i + 1);
        party->roles = 3;
        party->name = mun_bytes_str(names[i]);
        party->country = mun_bytes_str("KZ");
        put_keys(party,
                 (struct mun_key_grant){
                     *mun_test_key(i == 0 ? MEMBER : OTHER_MEMBERS + i),
                     MUN_PURPOSE_GOVERN },
                 (struct mun_key_grant){ make_key_file(dir, file),
                                         MUN_PURPOSE_VALIDATE });
    }
    first = genesis->parties[0].id;
    qsort(genesis->parties, count, sizeof genesis->parties[0], compare_parties);
    return first;
}

/* Returns the member's party, whose name depends on the random key. */
static struct mun_hash
make_genesis(const char *dir, uint32_t members)
{
    static struct mun_genesis genesis;
    static uint8_t buffer[MUN_GENESIS_BYTES_MAX];
    const struct mun_state_config config = { 64, 1u << 20 };
    size_t size = mun_state_footprint(&config);
    void *memory = aligned_alloc(64, (size + 63) / 64 * 64);
    struct mun_genesis_chain chain;
    struct mun_hash first;
    struct mun_wr wr;

    genesis.name = mun_bytes_str("Test consortium");
    genesis.time_ms = now_ms; /* young: no block only to be fresh */
    genesis.rules_version = 1;
    genesis.max_age_ms = 30ull * 24 * MUN_TEST_HOUR_MS;
    first = make_members(&genesis, dir, members);
    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_genesis_encode(&wr, &genesis);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    MUN_CHECK(memory != NULL);
    memset(memory, 0, size);
    MUN_CHECK(mun_is_ok(mun_genesis_decode(&genesis, mun_wr_done(&wr))));
    MUN_CHECK(mun_is_ok(mun_genesis_start(
        &chain, mun_state_init(memory, &config), &genesis, mun_wr_done(&wr))));
    free(memory);
    chain_id = chain.chain_id;
    write_file(dir, "genesis.bin", mun_wr_done(&wr));
    return first;
}

static void
put(struct mun_wr *wr, struct mun_entry *entry, const unsigned *signers,
    size_t count)
{
    entry->chain_id = chain_id;
    entry->valid_until_ms = now_ms + VALID_MS;
    mun_wr_run32(wr, mun_test_sign_entry(&arena, entry, signers, count));
    mun_wr_u32(wr, 0); /* no leaves */
}

static struct mun_bytes
done(const struct mun_wr *wr)
{
    MUN_CHECK(mun_is_ok(mun_wr_status(wr)));
    return mun_wr_done(wr);
}

struct issuer {
    struct mun_hash programme;
    struct mun_hash accreditation;
};

static void
make_setup(struct issuer *out, const char *dir, const struct mun_hash *member)
{
    static uint8_t buffer[65536];
    struct mun_entry entry;
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PARTY);
    entry.as.register_party.sponsor = *member;
    entry.as.register_party.sponsor_accreditation = mun_hash_zero;
    entry.as.register_party.recovery = mun_hash_zero;
    put(&wr, &entry, (unsigned[]){ MEMBER, ISSUER }, 2);

    mun_test_sample_entry(&arena, &entry, MUN_KIND_ACCREDIT);
    entry.actor = *member;
    entry.as.accredit.subject = mun_test_party(ISSUER);
    entry.as.accredit.parent = mun_hash_zero;
    entry.as.accredit.grant.from_ms = now_ms - MUN_TEST_HOUR_MS;
    entry.as.accredit.grant.until_ms = now_ms + 1000 * MUN_TEST_HOUR_MS;
    put(&wr, &entry, (unsigned[]){ MEMBER }, 1);
    out->accreditation = entry.id;

    mun_test_sample_entry(&arena, &entry, MUN_KIND_REGISTER_PROGRAMME);
    entry.actor = mun_test_party(ISSUER);
    put(&wr, &entry, (unsigned[]){ ISSUER }, 1);
    mun_programme_id(&out->programme, &entry.actor, mun_bytes_str("data-1"));
    write_file(dir, "setup.bin", done(&wr));
}

static void
make_load(const char *dir, const struct issuer *issuer, unsigned request,
          unsigned entries)
{
    static uint8_t buffer[8u << 20];
    char name[32];
    struct mun_wr wr;

    mun_wr_init(&wr, buffer, sizeof buffer);
    for (unsigned i = 0; i < entries; i++) {
        size_t mark = mun_arena_mark(&arena);
        struct mun_entry entry;

        mun_test_sample_entry(&arena, &entry, MUN_KIND_ANCHOR);
        (void)snprintf(name, sizeof name, "l-%u-%u", request, i);
        entry.actor = mun_test_party(ISSUER);
        entry.as.anchor.label = mun_bytes_str(name);
        entry.as.anchor.root = mun_test_hash(request * 10000 + i);
        entry.as.anchor.programme = issuer->programme;
        entry.as.anchor.is_published = false;
        entry.as.anchor.accreditations[0] = issuer->accreditation;
        put(&wr, &entry, (unsigned[]){ ISSUER }, 1);
        mun_arena_reset(&arena, mark);
    }
    (void)snprintf(name, sizeof name, "load-%04u.bin", request);
    write_file(dir, name, done(&wr));
}

int
main(int argc, char **argv)
{
    struct mun_hash member;
    struct issuer issuer;
    struct timespec now;
    unsigned long requests;
    unsigned long entries;
    unsigned long members;

    if (argc != 4 && argc != 5) {
        (void)fputs("make_load DIR REQUESTS ENTRIES [MEMBERS]\n", stderr);
        return 2;
    }
    requests = strtoul(argv[2], NULL, 10);
    entries = strtoul(argv[3], NULL, 10);
    members = argc == 5 ? strtoul(argv[4], NULL, 10) : 1;
    MUN_CHECK(members >= 1 && members <= MUN_MEMBERS_MAX);
    MUN_CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    now_ms = (uint64_t)now.tv_sec * 1000;
    MUN_CHECK(mun_is_ok(mun_arena_open(&arena, 64u << 20)));
    member = make_genesis(argv[1], (uint32_t)members);
    make_setup(&issuer, argv[1], &member);
    for (unsigned long i = 0; i < requests; i++)
        make_load(argv[1], &issuer, (unsigned)i, (unsigned)entries);
    mun_arena_close(&arena);
    return 0;
}
