#include "ledger/store/high_water.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/base/log.h"
#include "ledger/core/field.h"

#define VERSION 1
#define SLOT_COUNT 2
#define CHECKED_BYTES (8 + 1 + MUN_MARK_BYTES)
#define SLOT_BYTES (CHECKED_BYTES + 32)

static const uint8_t magic[8] = { 'M', 'U', 'N', 'H', 'I', 'G', 'H', 'W' };

_Static_assert(SLOT_BYTES <= MUN_HIGH_WATER_SLOT, "slots do not overlap");

void
mun_mark_encode(struct mun_wr *wr, const struct mun_mark *mark)
{
    mun_wr_u64(wr, mark->sequence);
    mun_wr_u64(wr, mark->at.height);
    mun_wr_hash(wr, &mark->at.header_id);
    mun_wr_u64(wr, mark->at.signed_height);
    mun_wr_u32(wr, mark->at.signed_round);
    mun_wr_u8(wr, mark->at.signed_step);
}

void
mun_mark_decode(struct mun_rd *rd, struct mun_mark *out)
{
    out->sequence = mun_rd_u64(rd);
    out->at.height = mun_rd_u64(rd);
    mun_rd_hash(rd, &out->at.header_id);
    out->at.signed_height = mun_rd_u64(rd);
    out->at.signed_round = mun_rd_u32(rd);
    out->at.signed_step = mun_rd_u8(rd);
    if (out->sequence == 0)
        mun_rd_fail(rd, MUN_ERR_VALUE);
    if (mun_rd_failed(rd))
        memset(out, 0, sizeof *out);
}

bool
mun_mark_eq(const struct mun_mark *a, const struct mun_mark *b)
{
    return a->sequence == b->sequence && a->at.height == b->at.height &&
           mun_hash_eq(&a->at.header_id, &b->at.header_id) &&
           a->at.signed_height == b->at.signed_height &&
           a->at.signed_round == b->at.signed_round &&
           a->at.signed_step == b->at.signed_step;
}

static mun_err_t
os_failure(const char *what)
{
    mun_err_t err = mun_err(
        errno == ENOSPC || errno == EDQUOT ? MUN_ERR_DISK_FULL : MUN_ERR_IO);

    mun_log(MUN_LOG_UNUSUAL, "store high_water what=%s error=%s errno=%d", what,
            mun_err_name(err), errno);
    return err;
}

static void
encode_slot(uint8_t out[SLOT_BYTES], const struct mun_mark *mark)
{
    struct mun_hash check;
    struct mun_wr wr;

    mun_wr_init(&wr, out, SLOT_BYTES);
    mun_wr_copy(&wr, magic, sizeof magic);
    mun_wr_u8(&wr, VERSION);
    mun_mark_encode(&wr, mark);
    mun_hash_sha256(&check, mun_wr_done(&wr));
    mun_wr_hash(&wr, &check);
    MUN_CHECK(mun_wr_done(&wr).len == SLOT_BYTES);
}

static bool
decode_slot(struct mun_mark *out, const uint8_t slot[SLOT_BYTES])
{
    struct mun_hash expected;
    struct mun_hash check;
    struct mun_rd rd;

    memset(out, 0, sizeof *out);
    mun_hash_sha256(&expected, mun_bytes(slot, CHECKED_BYTES));
    memcpy(check.b, slot + CHECKED_BYTES, sizeof check.b);
    if (!mun_hash_eq(&expected, &check) ||
        memcmp(slot, magic, sizeof magic) != 0)
        return false;
    mun_rd_init(&rd,
                mun_bytes(slot + sizeof magic, CHECKED_BYTES - sizeof magic));
    if (mun_rd_u8(&rd) != VERSION)
        mun_rd_fail(&rd, MUN_ERR_VERSION);
    mun_mark_decode(&rd, out);
    return mun_is_ok(mun_rd_finish(&rd));
}

mun_err_t
mun_high_water_write(const struct mun_high_water_file *file,
                     const struct mun_mark *mark)
{
    off_t at = (off_t)(mark->sequence % SLOT_COUNT) * MUN_HIGH_WATER_SLOT;
    uint8_t slot[SLOT_BYTES];
    size_t done = 0;

    MUN_CHECK(file->is_open);
    MUN_CHECK(mark->sequence > 0);
    encode_slot(slot, mark);
    while (done < sizeof slot) {
        ssize_t n =
            pwrite(file->fd, slot + done, sizeof slot - done, at + (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return os_failure("write");
        done += (size_t)n;
    }
    if (fdatasync(file->fd) != 0)
        return os_failure("sync");
    return MUN_SUCCESS;
}

mun_err_t
mun_sync_parent(const char *path)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    mun_err_t err = MUN_SUCCESS;
    int fd;

    if (len + 1 >= sizeof parent)
        return mun_err(MUN_ERR_IO);
    memcpy(parent, path, len);
    if (len == 0)
        parent[len++] = slash == NULL ? '.' : '/';
    parent[len] = '\0';
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return os_failure("directory");
    if (fsync(fd) != 0)
        err = os_failure("directory");
    (void)close(fd); /* nothing was written through it */
    return err;
}

/* Takes its blocks now, so that later writes need no space. */
static mun_err_t
fill(const struct mun_high_water_file *file, const struct mun_mark *mark)
{
    uint8_t zeros[MUN_HIGH_WATER_FILE_BYTES] = { 0 };
    ssize_t n = pwrite(file->fd, zeros, sizeof zeros, 0);

    if (n != (ssize_t)sizeof zeros) {
        if (n >= 0)
            errno = ENOSPC;
        return os_failure("create");
    }
    if (fsync(file->fd) != 0)
        return os_failure("sync");
    return mun_high_water_write(file, mark);
}

mun_err_t
mun_high_water_create(const char *path, const struct mun_mark *mark)
{
    struct mun_high_water_file file = { 0 };
    mun_err_t err;

    file.fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file.fd < 0 && errno == EEXIST) {
        mun_log(MUN_LOG_UNUSUAL, "store high_water what=exists");
        return mun_err(MUN_ERR_HIGH_WATER);
    }
    if (file.fd < 0)
        return os_failure("create");
    file.is_open = true;
    err = fill(&file, mark);
    if (mun_is_ok(err))
        err = mun_sync_parent(path);
    mun_high_water_close(&file);
    if (!mun_is_ok(err))
        (void)unlink(path); /* the failure is reported already */
    return err;
}

/* Reads what is there; what is missing stays zero and is not legible. */
static mun_err_t
read_file(int fd, uint8_t *out, size_t size)
{
    size_t done = 0;

    memset(out, 0, size);
    while (done < size) {
        ssize_t n = pread(fd, out + done, size - done, (off_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return os_failure("read");
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return MUN_SUCCESS;
}

/* As it was made. */
static bool
is_unwritten(const uint8_t slot[SLOT_BYTES])
{
    static const uint8_t zeros[SLOT_BYTES];

    return memcmp(slot, zeros, SLOT_BYTES) == 0;
}

static mun_err_t
newest(struct mun_mark *out, const uint8_t *bytes)
{
    int legible = 0;
    bool is_spoiled = false;

    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        const uint8_t *slot = bytes + (size_t)i * MUN_HIGH_WATER_SLOT;
        struct mun_mark mark;

        if (!decode_slot(&mark, slot) || mark.sequence % SLOT_COUNT != i) {
            is_spoiled = is_spoiled || !is_unwritten(slot);
            continue;
        }
        legible++;
        if (mark.sequence > out->sequence)
            *out = mark;
    }
    if (legible == 0) {
        mun_log(MUN_LOG_UNUSUAL, "store high_water what=illegible");
        return mun_err(MUN_ERR_HIGH_WATER);
    }
    /* A torn write, or the disk. */
    if (is_spoiled)
        mun_log(MUN_LOG_UNUSUAL, "store high_water what=one_slot_illegible");
    return MUN_SUCCESS;
}

mun_err_t
mun_high_water_open(struct mun_high_water_file *file, struct mun_mark *mark,
                    const char *path)
{
    uint8_t bytes[MUN_HIGH_WATER_FILE_BYTES];
    mun_err_t err;

    memset(file, 0, sizeof *file);
    memset(mark, 0, sizeof *mark);
    file->fd = open(path, O_RDWR | O_CLOEXEC);
    if (file->fd < 0 && errno == ENOENT) {
        mun_log(MUN_LOG_UNUSUAL, "store high_water what=missing");
        file->fd = 0;
        return mun_err(MUN_ERR_HIGH_WATER);
    }
    if (file->fd < 0) {
        file->fd = 0;
        return os_failure("open");
    }
    file->is_open = true;
    MUN_TRY_OUT(read_file(file->fd, bytes, sizeof bytes));
    MUN_TRY_OUT(newest(mark, bytes));
out:
    if (!mun_is_ok(err))
        mun_high_water_close(file);
    return err;
}

void
mun_high_water_close(struct mun_high_water_file *file)
{
    if (file->is_open)
        (void)close(file->fd); /* every write was synced */
    memset(file, 0, sizeof *file);
}
