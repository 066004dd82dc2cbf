#ifndef MUN_TESTS_SUPPORT_MAKE_CHAIN_H
#define MUN_TESTS_SUPPORT_MAKE_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/commitment.h"
#include "ledger/core/entry.h"
#include "ledger/core/genesis.h"
#include "ledger/core/merkle.h"
#include "ledger/core/receipt.h"
#include "ledger/core/state.h"
#include "tests/support/make_entry.h"

/* A whole small chain in memory, for receipts: genesis, blocks through exec.h,
 * certificates by all members.
 *
 * Signer 1 is the root accreditor's (and first member's) govern key, 2 and on
 * the other members'; MUN_TEST_VALIDATOR + i is member i's validate key. The
 * issuer is party MUN_TEST_ISSUER with one key for all. The first block's time
 * is a second after MUN_TEST_TIME_MS, each next a second later.
 *
 * Nothing here fails: it aborts. */

#define MUN_TEST_VALIDATOR 200u
#define MUN_TEST_ISSUER 50u
#define MUN_TEST_BLOCKS_MAX 64u
#define MUN_TEST_LOG_MAX 4096u

/* What the openings of the next batch say wrongly. */
enum mun_test_lie {
    MUN_TEST_LIE_NONE,
    MUN_TEST_LIE_PROGRAMME,
    MUN_TEST_LIE_VERSION,
    MUN_TEST_LIE_LABEL,
    MUN_TEST_LIE_SLOT,
};

struct mun_test_world {
    struct mun_arena arena;   /* what lives as long as the world */
    struct mun_arena scratch; /* one block */
    struct mun_state *state;
    unsigned member_count;
    struct mun_bytes genesis_bytes;
    struct mun_genesis *genesis;
    struct mun_genesis_chain chain;
    struct mun_bytes members; /* encoded */

    unsigned height;
    struct mun_header headers[MUN_TEST_BLOCKS_MAX];
    struct mun_certificate certificates[MUN_TEST_BLOCKS_MAX];

    struct mun_frontier log;
    struct mun_log_leaf leaves[MUN_TEST_LOG_MAX];
    struct mun_hash leaf_hashes[MUN_TEST_LOG_MAX];

    /* What mun_test_world_story made. */
    struct mun_hash accreditation;
    struct mun_hash programme;

    /* The newest batch. */
    struct mun_bytes anchor;
    uint64_t anchor_leaf; /* index in the log */
    uint32_t batch_base;
    uint32_t batch_count;
    struct mun_opening *openings;
    struct mun_hash *commitments;
    enum mun_test_lie lie;
};

/* A genesis document with `member_count` members, the first of which is also
 * the root accreditor. Lifetime: the arena's. */
struct mun_bytes mun_test_genesis(struct mun_arena *arena,
                                  unsigned member_count);

void mun_test_world_open(struct mun_test_world *world, unsigned member_count);
void mun_test_world_close(struct mun_test_world *world);

/* Signs and checks an entry whose payload, kind and actor are set; chain and
 * valid_until are filled in. Published leaves: none. */
struct mun_entry_checked *mun_test_world_sign(struct mun_test_world *world,
                                              struct mun_entry *entry,
                                              const unsigned *signers,
                                              size_t count);

/* One block with these entries, all of which must apply. */
void mun_test_world_block(struct mun_test_world *world,
                          struct mun_entry_checked *const *entries,
                          size_t count);

/* A certificate of any header by the least quorum. */
void mun_test_world_certify(const struct mun_test_world *world,
                            struct mun_certificate *out,
                            const struct mun_header *header);

/* Registers the issuer, accredits it, registers its programme: a block each.
 */
void mun_test_world_story(struct mun_test_world *world);

/* Anchors a sealed batch of `count` credentials in the list "diplomas"; the
 * document of slot i has the digest mun_test_hash(1000 + i) and is JSON when i
 * is odd. */
void mun_test_world_anchor(struct mun_test_world *world, uint32_t count);

/* Changes the status of one slot of "diplomas". */
void mun_test_world_change(struct mun_test_world *world,
                           const struct mun_change *change);

/* The parts of the receipt of a credential of the newest batch, from height 0
 * to the newest header, without the multiproof.
 * Lifetime: the world's. */
void mun_test_world_parts(struct mun_test_world *world,
                          struct mun_receipt *parts, uint32_t position);
struct mun_bytes mun_test_world_receipt(struct mun_test_world *world,
                                        uint32_t position);

/* The opening's bytes.
 * Lifetime: the world's. */
struct mun_bytes mun_test_world_opening(struct mun_test_world *world,
                                        uint32_t position);

/* All that verification needs, with the trust root at height 0, the time of
 * the newest header, and for JSON the claims that are right. */
void mun_test_world_input(struct mun_test_world *world,
                          struct mun_receipt_input *input, uint32_t position);

#endif
