#ifndef MUN_TESTS_SUPPORT_STAGE_H
#define MUN_TESTS_SUPPORT_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/core/block.h"
#include "ledger/core/certificate.h"
#include "ledger/core/exec.h"
#include "ledger/core/member.h"
#include "ledger/core/record.h"
#include "ledger/core/state.h"
#include "tests/support/make_entry.h"

/* A small ledger in memory, on which every kind of entry can be tried.
 *
 *   mun_test_stage_open(&stage);
 *   mun_test_stage_entry(&stage, &entry, MUN_KIND_ANCHOR);
 *   entry.as.anchor.base = 2;
 *   refusal = mun_test_stage_submit(&stage, &entry, (unsigned[]){ 2 }, 1);
 *   mun_test_stage_close(&stage);
 *
 * A block is always open. Parties are named by signers' numbers: */

enum mun_test_cast {
    MUN_TEST_AGENCY = 1, /* root accreditor; key 1 governs */
    MUN_TEST_UNI = 2,    /* issuer; key 2 governs, anchors, changes status */
    MUN_TEST_BODY = 3,   /* has no accreditation yet; key 3 governs */
    MUN_TEST_NODE = 4,   /* the one member; key 4 governs */
    MUN_TEST_SPARE = 5,  /* nobody in particular; key 5 governs */

    MUN_TEST_UNI_ANCHOR = 20, /* more keys: the issuer's, */
    MUN_TEST_UNI_STATUS = 21,
    MUN_TEST_NODE_VALIDATE = 23, /* the member's */
    MUN_TEST_FREE = 30,          /* from here on nobody's */
};

struct mun_test_stage {
    struct mun_arena arena;  /* entries, for ever */
    struct mun_arena blocks; /* one block at a time */
    struct mun_state *state;
    uint8_t *memory; /* the state's */
    struct mun_members members;
    struct mun_header header; /* of the last block that was closed */
    struct mun_frontier log;
    struct mun_exec exec;
    struct mun_seen seen;
    uint32_t changes; /* roots used so far */

    struct mun_hash grant;     /* the agency's to the issuer */
    struct mun_hash programme; /* data-1, version 1 */
};

/* Block 1, at MUN_TEST_TIME_MS, accredits the issuer (mun_test_grant),
 * registers the programme "data-1" and anchors 3 sealed leaves into the list
 * "diplomas". Block 2 is open, a second later. Aborts on failure. */
void mun_test_stage_open(struct mun_test_stage *stage);
void mun_test_stage_close(struct mun_test_stage *stage);

/* Signs the last header: the empty certificate for header 0. */
void mun_test_stage_certify(const struct mun_test_stage *stage,
                            struct mun_certificate *out);

/* Closes the block and opens the next one at `time_ms`. */
void mun_test_stage_next(struct mun_test_stage *stage, uint64_t time_ms);

/* An entry of the kind that would apply (reinstate: if the grant were
 * suspended), valid for an hour: register_party registers party 30 with key 30
 * under the agency (signers 1, 30), add_key adds 31 to the issuer (2, 31),
 * retire_key retires 20 (2), accredit grants to BODY (1), suspend, reinstate
 * and withdraw are about the grant (1), register_programme is "data-2" (2),
 * anchor is one sealed leaf at slot 3 of "diplomas" (2), change_status revokes
 * slot 0 (2). */
void mun_test_stage_entry(struct mun_test_stage *stage, struct mun_entry *out,
                          enum mun_kind kind);

/* The signers just named.
 * Shape: out holds 2. Returns how many. */
size_t mun_test_stage_signers(enum mun_kind kind, unsigned *out);

/* All steps of section 9 on bytes, in their order. A refused entry must have
 * left root, count and log of the open block as they were: else aborts. */
enum mun_refusal mun_test_stage_submit_bytes(struct mun_test_stage *stage,
                                             struct mun_bytes bytes,
                                             const struct mun_hash *leaves,
                                             uint32_t leaf_count);
enum mun_refusal mun_test_stage_submit(struct mun_test_stage *stage,
                                       struct mun_entry *entry,
                                       const unsigned *signers, size_t count);

/* The open block's records. `get` aborts when there is none; `put` writes what
 * no entry could. */
struct mun_bytes mun_test_stage_get(const struct mun_test_stage *stage,
                                    const struct mun_hash *record_key);
void mun_test_stage_put(struct mun_test_stage *stage,
                        const struct mun_hash *record_key,
                        struct mun_bytes value);

struct mun_party mun_test_stage_party(const struct mun_test_stage *stage,
                                      unsigned number);
struct mun_key_record mun_test_stage_key(const struct mun_test_stage *stage,
                                         unsigned number);
struct mun_accreditation
mun_test_stage_accreditation(const struct mun_test_stage *stage,
                             const struct mun_hash *accreditation);
struct mun_programme
mun_test_stage_programme(const struct mun_test_stage *stage);
struct mun_slot mun_test_stage_slot(const struct mun_test_stage *stage,
                                    uint32_t index);

void mun_test_stage_put_party(struct mun_test_stage *stage,
                              const struct mun_party *party);
void mun_test_stage_put_key(struct mun_test_stage *stage,
                            const struct mun_key_record *record);
void
mun_test_stage_put_accreditation(struct mun_test_stage *stage,
                                 const struct mun_accreditation *accreditation);
void mun_test_stage_put_programme(struct mun_test_stage *stage,
                                  const struct mun_programme *programme);
void mun_test_stage_put_list(struct mun_test_stage *stage, uint32_t count);

#endif
