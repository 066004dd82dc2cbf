#include "node/blob.h"

#include <stdlib.h>
#include <string.h>

struct mun_blob *
mun_blob_new(struct mun_bytes bytes)
{
    struct mun_blob *blob = NULL;

    if (bytes.len > SIZE_MAX - sizeof *blob)
        return NULL;
    blob = malloc(sizeof *blob + bytes.len); /* allow: bounded queues */
    if (blob == NULL)
        return NULL;
    atomic_init(&blob->holders, 1);
    blob->len = bytes.len;
    if (bytes.len > 0)
        memcpy(blob->data, bytes.data, bytes.len);
    return blob;
}

struct mun_blob *
mun_blob_hold(struct mun_blob *blob)
{
    atomic_fetch_add(&blob->holders, 1);
    return blob;
}

void
mun_blob_drop(struct mun_blob *blob)
{
    if (blob != NULL && atomic_fetch_sub(&blob->holders, 1) == 1)
        free(blob); /* allow: of mun_blob_new */
}
