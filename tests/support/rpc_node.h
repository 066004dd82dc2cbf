#ifndef MUN_TESTS_SUPPORT_RPC_NODE_H
#define MUN_TESTS_SUPPORT_RPC_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "rpc/rpc.h"
#include "tests/support/make_chain.h"

/* A whole node in memory behind the backend of the API: a chain of
 * make_chain.h whose every block and entry is kept.
 *
 * The story: the issuer is registered (height 1), accredited (2), registers its
 * programme (3), anchors a published batch of 5 from slot 0 of "diplomas" (4)
 * and a sealed one of 3 (5), revokes slot 1 and suspends slot 2 (6). */

#define MUN_TEST_API_ENTRIES_MAX 64
#define MUN_TEST_PUBLISHED 5
#define MUN_TEST_SEALED 3

struct mun_test_api_entry {
    const struct mun_entry_checked *checked;
    uint64_t log_index;
    unsigned height;
};

struct mun_test_api {
    struct mun_test_world world;
    struct mun_hash head_id;
    struct mun_rpc_backend backend;
    uint32_t entry_count;
    struct mun_test_api_entry entries[MUN_TEST_API_ENTRIES_MAX];
    struct mun_hash published[MUN_TEST_PUBLISHED]; /* commitments */
    struct mun_opening openings[MUN_TEST_PUBLISHED];
    struct mun_hash published_batch;
    struct mun_hash sealed_batch;

    /* For tests to change. */
    enum mun_err_code failure; /* of every function that can fail */
    bool is_ready;
    int readers; /* read_begin without read_end */
};

/* Large: keep it off the stack. Does not fail: it aborts. */
void mun_test_api_open(struct mun_test_api *node);
void mun_test_api_close(struct mun_test_api *node);

#endif
