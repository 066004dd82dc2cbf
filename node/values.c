#include "node/values.h"

#include <pthread.h>
#include <string.h>

#include "ledger/base/check.h"

struct value {
    struct mun_hash id;
    uint64_t height;
    struct mun_blob *blob; /* NULL: a free place */
};

struct mun_values {
    pthread_mutex_t lock;
    struct value at[MUN_VALUES_MAX];
};

mun_err_t
mun_values_open(struct mun_values **out, struct mun_arena *arena)
{
    struct mun_values *values = mun_arena_alloc(arena, sizeof *values);

    *out = NULL;
    if (values == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_CHECK(pthread_mutex_init(&values->lock, NULL) == 0);
    *out = values;
    return MUN_SUCCESS;
}

static void
lock(struct mun_values *values)
{
    MUN_CHECK(pthread_mutex_lock(&values->lock) == 0);
}

static void
unlock(struct mun_values *values)
{
    MUN_CHECK(pthread_mutex_unlock(&values->lock) == 0);
}

static void
clear(struct value *value)
{
    mun_blob_drop(value->blob);
    memset(value, 0, sizeof *value);
}

void
mun_values_close(struct mun_values *values)
{
    if (values == NULL)
        return;
    mun_values_drop_below(values, UINT64_MAX);
    MUN_CHECK(pthread_mutex_destroy(&values->lock) == 0);
}

static struct value *
find(struct mun_values *values, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < MUN_VALUES_MAX; i++) {
        struct value *value = &values->at[i];

        if (value->blob != NULL && mun_hash_eq(&value->id, id))
            return value;
    }
    return NULL;
}

bool
mun_values_put(struct mun_values *values, const struct mun_hash *id,
               uint64_t height, struct mun_blob *blob)
{
    bool is_there;

    lock(values);
    is_there = find(values, id) != NULL;
    for (uint32_t i = 0; i < MUN_VALUES_MAX && !is_there; i++) {
        struct value *value = &values->at[i];

        if (value->blob == NULL) {
            *value = (struct value){ *id, height, mun_blob_hold(blob) };
            is_there = true;
        }
    }
    unlock(values);
    return is_there;
}

struct mun_blob *
mun_values_get(struct mun_values *values, const struct mun_hash *id)
{
    struct mun_blob *blob = NULL;
    struct value *value;

    lock(values);
    value = find(values, id);
    if (value != NULL)
        blob = mun_blob_hold(value->blob);
    unlock(values);
    return blob;
}

void
mun_values_drop_below(struct mun_values *values, uint64_t height)
{
    lock(values);
    for (uint32_t i = 0; i < MUN_VALUES_MAX; i++) {
        if (values->at[i].blob != NULL && values->at[i].height < height)
            clear(&values->at[i]);
    }
    unlock(values);
}

void
mun_values_drop_unneeded(struct mun_values *values, uint64_t height,
                         bool (*is_needed)(const void *ctx,
                                           const struct mun_hash *id),
                         const void *ctx)
{
    lock(values);
    for (uint32_t i = 0; i < MUN_VALUES_MAX; i++) {
        struct value *value = &values->at[i];

        if (value->blob != NULL && value->height == height &&
            !is_needed(ctx, &value->id))
            clear(value);
    }
    unlock(values);
}
