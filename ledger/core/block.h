#ifndef MUN_LEDGER_CORE_BLOCK_H
#define MUN_LEDGER_CORE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/certificate.h"
#include "ledger/core/hash.h"

/* Headers, blocks and log leaves: ledger/README.md section 10. */

#define MUN_RULES_VERSION 1
#define MUN_HEADER_BYTES 283
#define MUN_LOG_LEAF_BYTES 85

struct mun_header {
    uint16_t rules_version;
    struct mun_hash chain_id;
    uint64_t height;
    uint64_t time_ms;
    struct mun_hash previous;
    struct mun_hash certificate_hash;
    struct mun_hash entries_hash;
    uint64_t log_size;
    struct mun_hash log_root;
    struct mun_hash state_root;
    struct mun_hash members_hash;
    struct mun_hash next_members_hash;
};

void mun_header_encode(struct mun_wr *wr, const struct mun_header *header);
void mun_header_decode(struct mun_rd *rd, struct mun_header *out);
void mun_header_id(struct mun_hash *out, const struct mun_header *header);

enum mun_log_leaf_type {
    MUN_LOG_HEADER = 0,
    MUN_LOG_ENTRY = 1,
};

struct mun_log_leaf {
    uint8_t type;
    uint64_t height;
    uint64_t time_ms;
    uint32_t position;
    struct mun_hash subject;
    struct mun_hash effects_root;
};

void mun_log_leaf_encode(struct mun_wr *wr, const struct mun_log_leaf *leaf);
void mun_log_leaf_decode(struct mun_rd *rd, struct mun_log_leaf *out);
/* The leaf's hash in the log tree. */
void mun_log_leaf_hash(struct mun_hash *out, const struct mun_log_leaf *leaf);

/* One entry as it stands in a block. */
struct mun_block_item {
    struct mun_bytes entry;
    const struct mun_hash *leaves; /* borrowed */
    uint32_t leaf_count;
};

/* A block, decoded as far as its items; the entries are not decoded yet.
 * mun_block_next walks them. */
struct mun_block {
    struct mun_header header;
    struct mun_bytes certificate_bytes;
    struct mun_certificate certificate; /* of the previous block */
    uint32_t entry_count;
    struct mun_bytes items; /* borrowed */
};

/* Checks the whole structure and the weight limits that need no decoding of
 * entries (count, bytes, leaves).
 * Errors: the decoder's, MUN_ERR_LIMIT.
 * Lifetime: *out borrows from `bytes`. */
MUN_MUST_USE mun_err_t mun_block_decode(struct mun_block *out,
                                        struct mun_bytes bytes);

/* Reads the item at *at (0 for the first) and moves *at on; false at the end.
 */
bool mun_block_next(const struct mun_block *block, size_t *at,
                    struct mun_block_item *out);

/* Whether the bytes are those that the header names: certificate, entries with
 * their signatures, and the leaves of their roots. The id is that of the header
 * alone, so whoever hands a block on could change the rest. Of two blocks of one
 * id that are whole, both are valid or neither is. */
bool mun_block_is_whole(const struct mun_block *block);

/* A block is written as header, certificate, count, then the items. */
void mun_block_encode_start(struct mun_wr *wr, const struct mun_header *header,
                            const struct mun_certificate *previous,
                            uint32_t entry_count);
void mun_block_encode_item(struct mun_wr *wr,
                           const struct mun_block_item *item);

/* entries_hash from the hashes of the whole entries, in order. */
void mun_block_entries_hash(struct mun_hash *out,
                            const struct mun_hash *entry_hashes,
                            uint32_t count);

#endif
