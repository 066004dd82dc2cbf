#ifndef MUN_LEDGER_STORE_ROCKS_H
#define MUN_LEDGER_STORE_ROCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* RocksDB, and nothing about the ledger but the names of its column families.
 * Only rocks.c names the library's header. Its error texts become our codes
 * here and are logged once, here. */

/* Name, letter. The letter is hashed into the check of each value, so that a
 * value that lands in another family is found out. "default" always exists in
 * RocksDB; it is our meta. */
#define MUN_FAMILY_TABLE(X)                                                    \
    X(MUN_FAMILY_META, "default", 'm')                                         \
    X(MUN_FAMILY_BLOCK, "block", 'b')                                          \
    X(MUN_FAMILY_ENTRY, "entry", 'e')                                          \
    X(MUN_FAMILY_LEAVES, "leaves", 'l')                                        \
    X(MUN_FAMILY_TILE, "tile", 't')                                            \
    X(MUN_FAMILY_RECORD, "record", 'r')                                        \
    X(MUN_FAMILY_COMMITMENT, "commitment", 'c')                                \
    X(MUN_FAMILY_INDEX, "index", 'i')

enum mun_family {
#define X(name, text, letter) name,
    MUN_FAMILY_TABLE(X)
#undef X
        MUN_FAMILY_COUNT
};

/* Lifetime: static. */
const char *mun_family_text(enum mun_family family);
uint8_t mun_family_letter(enum mun_family family);

/* Bytes of a key by whose beginning commitments are looked up. */
#define MUN_ROCKS_PREFIX 8

struct mun_rocks;

struct mun_rocks_config {
    const char *path;
    uint64_t cache_bytes;
    bool create; /* there must be none */
};

/* Errors: MUN_ERR_LOCKED (held by a process, or create and one is there),
 * MUN_ERR_DISK_FULL, MUN_ERR_CORRUPT, MUN_ERR_IO, MUN_ERR_STORE.
 * After failure: *out is NULL. */
MUN_MUST_USE mun_err_t mun_rocks_open(struct mun_rocks **out,
                                      const struct mun_rocks_config *config);

/* Waits for background work; close(NULL) is fine. */
void mun_rocks_close(struct mun_rocks *rocks);

/* The one pending write batch, which belongs to the writer's thread. The
 * value is what the parts make one after another. */
void mun_rocks_put(struct mun_rocks *rocks, enum mun_family family,
                   struct mun_bytes key, const struct mun_bytes *parts,
                   size_t part_count);

/* Writes the pending batch atomically, synced, and empties it.
 * Errors: as of open. */
MUN_MUST_USE mun_err_t mun_rocks_write(struct mun_rocks *rocks);

struct mun_rocks_value {
    struct mun_bytes bytes;
    void *pin;
};

/* Errors: MUN_ERR_NOT_FOUND, MUN_ERR_CORRUPT, MUN_ERR_IO, MUN_ERR_STORE.
 * Lifetime: until mun_rocks_release, which is fine on a zeroed value.
 * After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_rocks_get(struct mun_rocks *rocks,
                                     struct mun_rocks_value *out,
                                     enum mun_family family,
                                     struct mun_bytes key);
void mun_rocks_release(struct mun_rocks_value *value);

enum mun_rocks_walk {
    MUN_WALK_ORDERED, /* all keys, in order */
    MUN_WALK_PREFIX,  /* keys that share MUN_ROCKS_PREFIX bytes with seek's */
    MUN_WALK_BULK,    /* all keys once: reads far ahead, leaves the cache */
};

struct mun_rocks_iter;

/* A snapshot as of now; MUN_CHECKs that RocksDB gives one. */
struct mun_rocks_iter *mun_rocks_iter_open(struct mun_rocks *rocks,
                                           enum mun_family family,
                                           enum mun_rocks_walk walk);
void mun_rocks_iter_close(struct mun_rocks_iter *iter);

/* A walk over commitments by prefix, which shows every write that was done by
 * now: opening one costs as much as a seek. Given back, it is kept for the
 * next to ask until something is written; what it holds of the database stays
 * as long. Where it stands is not known. After a failure it is closed
 * instead. */
struct mun_rocks_iter *mun_rocks_iter_borrow(struct mun_rocks *rocks);
void mun_rocks_iter_give_back(struct mun_rocks *rocks,
                              struct mun_rocks_iter *iter);

void mun_rocks_iter_seek(struct mun_rocks_iter *iter, struct mun_bytes key);
/* The last key at or before `key`. */
void mun_rocks_iter_seek_back(struct mun_rocks_iter *iter,
                              struct mun_bytes key);
void mun_rocks_iter_last(struct mun_rocks_iter *iter);
void mun_rocks_iter_next(struct mun_rocks_iter *iter);
/* False at the end and after a failure: then ask for the status. */
bool mun_rocks_iter_valid(const struct mun_rocks_iter *iter);
MUN_MUST_USE mun_err_t mun_rocks_iter_status(const struct mun_rocks_iter *iter);
/* Lifetime: until the iterator moves. */
struct mun_bytes mun_rocks_iter_key(const struct mun_rocks_iter *iter);
struct mun_bytes mun_rocks_iter_value(const struct mun_rocks_iter *iter);

/* Memory tables to files. */
MUN_MUST_USE mun_err_t mun_rocks_flush(struct mun_rocks *rocks);

/* Merges the files of every family: for measurements of disk use. */
void mun_rocks_compact(struct mun_rocks *rocks);

/* A consistent copy at `path`, which may not exist. */
MUN_MUST_USE mun_err_t mun_rocks_backup(struct mun_rocks *rocks,
                                        const char *path);

#endif
