/* Multiproofs: the decoder and a second reader of the format agree on what is
 * canonical and on the root, no other root is accepted, and what was opened
 * answers for every key without reading outside. */

#include <stdint.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/multiproof.h"
#include "tests/support/multiproof_reference.h"

#define PROOF_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t memory[2 * PROOF_MAX + 256];

/* Sums up what the bytes behind an answer are, so that they are read. */
static unsigned
ask(const struct mun_multiproof *proof, const struct mun_hash *key)
{
    struct mun_bytes value;
    unsigned sum = 0;
    enum mun_presence presence = mun_multiproof_get(proof, key, &value);
    MUN_CHECK((presence == MUN_PRESENT) == (value.len > 0));
    MUN_CHECK(value.len <= MUN_RECORD_BYTES_MAX);
    for (size_t i = 0; i < value.len; i++)
        sum += value.data[i];
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mun_arena arena;
    struct mun_multiproof proof;
    struct mun_hash root = { { 0 } };
    struct mun_hash key = { { 0 } };
    struct mun_bytes bytes = mun_bytes(data, size);
    unsigned sum = 0;

    if (size > PROOF_MAX)
        return 0;
    bool is_canonical = proof_root(&root, bytes, true);
    mun_arena_init(&arena, memory, sizeof(memory));
    mun_err_t err = mun_multiproof_open(&proof, &arena, bytes, &root);
    MUN_CHECK(mun_is_ok(err) == is_canonical);
    MUN_CHECK(err.code != MUN_ERR_LIMIT);
    if (!is_canonical) {
        MUN_CHECK(err.code != MUN_ERR_PROOF);
        MUN_CHECK(proof.nodes == NULL);
        MUN_CHECK(mun_multiproof_get(&proof, &key, &bytes) == MUN_NOT_SHOWN);
        return 0;
    }
    for (size_t at = 0; at + sizeof(key.b) <= size; at++) {
        memcpy(key.b, data + at, sizeof(key.b));
        sum += ask(&proof, &key);
    }
    root.b[sum % sizeof(root.b)] ^= 1;
    mun_arena_reset(&arena, 0);
    err = mun_multiproof_open(&proof, &arena, bytes, &root);
    MUN_CHECK(err.code == MUN_ERR_PROOF);
    return 0;
}
