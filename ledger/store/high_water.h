#ifndef MUN_LEDGER_STORE_HIGH_WATER_H
#define MUN_LEDGER_STORE_HIGH_WATER_H

#include <stdint.h>

#include "ledger/base/err.h"
#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/store/store.h"

/* The high-water file: how far this node has come, outside the database, so
 * that an old copy of the database is found out.
 *
 * Two slots, 4,096 bytes apart, each
 *
 *   magic 8 "MUNHIGHW" | version u8 (1) | mark | SHA-256 of all before 32
 *
 *   mark: sequence u64 | height u64 | header id 32 | signed height u64 |
 *         signed round u32 | signed step u8
 *
 * The n-th write goes to slot n mod 2, in place, and is synced. A write that is
 * torn spoils the older mark only, never the newest that was synced. */

#define MUN_HIGH_WATER_SLOT 4096
#define MUN_HIGH_WATER_FILE_BYTES (2 * MUN_HIGH_WATER_SLOT)
#define MUN_MARK_BYTES (8 + 8 + 32 + 8 + 4 + 1)

/* Numbered from 1 by the database, which keeps the same mark. */
struct mun_mark {
    uint64_t sequence;
    struct mun_high_water at;
};

void mun_mark_encode(struct mun_wr *wr, const struct mun_mark *mark);
void mun_mark_decode(struct mun_rd *rd, struct mun_mark *out);
bool mun_mark_eq(const struct mun_mark *a, const struct mun_mark *b);

struct mun_high_water_file {
    int fd; /* valid while is_open */
    bool is_open;
};

/* Makes the file, which may not exist, and syncs it and its directory.
 * Errors: MUN_ERR_HIGH_WATER when there is one, MUN_ERR_DISK_FULL, MUN_ERR_IO.
 */
MUN_MUST_USE mun_err_t mun_high_water_create(const char *path,
                                             const struct mun_mark *mark);

/* Opens the file and gives the newest legible mark.
 * Errors: MUN_ERR_HIGH_WATER when it is missing or no slot is legible,
 * MUN_ERR_IO. Each is logged.
 * After failure: *file is zeroed. */
MUN_MUST_USE mun_err_t mun_high_water_open(struct mun_high_water_file *file,
                                           struct mun_mark *mark,
                                           const char *path);

/* Fine on a zeroed file. */
void mun_high_water_close(struct mun_high_water_file *file);

/* On return the mark is on the disk.
 * Errors: MUN_ERR_DISK_FULL, MUN_ERR_IO. */
MUN_MUST_USE mun_err_t mun_high_water_write(
    const struct mun_high_water_file *file, const struct mun_mark *mark);

/* Syncs the directory that `path` is in, so that its name is on the disk.
 * Errors: MUN_ERR_IO. */
MUN_MUST_USE mun_err_t mun_sync_parent(const char *path);

#endif
