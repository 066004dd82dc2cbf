#ifndef MUN_NODE_BLOB_H
#define MUN_NODE_BLOB_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"

/* Bytes on the heap that several queues hold at once. */
struct mun_blob {
    atomic_uint holders;
    size_t len;
    uint8_t data[];
};

/* A copy, held once by the caller. NULL when there is no memory. */
struct mun_blob *mun_blob_new(struct mun_bytes bytes);
/* Takes another hold; returns its argument. */
struct mun_blob *mun_blob_hold(struct mun_blob *blob);
/* Gives a hold back; the last one frees it. NULL is fine. */
void mun_blob_drop(struct mun_blob *blob);

static inline struct mun_bytes
mun_blob_bytes(const struct mun_blob *blob)
{
    return mun_bytes(blob->data, blob->len);
}

#endif
