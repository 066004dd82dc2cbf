#include "ledger/store/store.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "ledger/base/log.h"
#include "ledger/store/store_int.h"

void
mun_store_close(struct mun_store *store)
{
    struct mun_arena arena;

    if (store == NULL)
        return;
    /* Saves the next start the replay. What was committed is in RocksDB's log
     * already: a failure loses nothing, and rocks.c logged it. */
    if (store->rocks != NULL && mun_is_ok(store->failed) &&
        !mun_is_ok(mun_rocks_flush(store->rocks)))
        mun_log(MUN_LOG_UNUSUAL, "store close what=not_flushed");
    mun_rocks_close(store->rocks);
    mun_high_water_close(&store->high_water);
    arena = store->arena; /* which the store itself lies in */
    mun_arena_close(&arena);
}

mun_err_t
mun_store_backup(struct mun_store *store, const char *path)
{
    return mun_rocks_backup(store->rocks, path);
}

void
mun_store_compact(struct mun_store *store)
{
    mun_rocks_compact(store->rocks);
}

uint64_t
mun_store_disk_bytes(struct mun_store *store)
{
    const struct dirent *item;
    DIR *dir = opendir(store->path);
    uint64_t sum = 0;

    if (dir == NULL)
        return 0;
    /* The stream is this function's own. */
    while ((item = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe)
        char path[PATH_MAX];
        struct stat info;
        int len =
            snprintf(path, sizeof path, "%s/%s", store->path, item->d_name);

        /* A file may go while this runs. */
        if (len > 0 && (size_t)len < sizeof path && stat(path, &info) == 0 &&
            S_ISREG(info.st_mode))
            sum += (uint64_t)info.st_blocks * 512;
    }
    (void)closedir(dir); /* nothing was written through it */
    return sum;
}
