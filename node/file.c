#include "node/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static mun_err_t
read_all(struct mun_bytes *out, uint8_t *buffer, size_t size, int fd)
{
    size_t used = 0;

    for (;;) {
        uint8_t probe;
        /* With a full buffer, whether there is more. */
        ssize_t got = used < size ? read(fd, buffer + used, size - used)
                                  : read(fd, &probe, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mun_err(MUN_ERR_IO);
        if (got == 0)
            break;
        if (used == size)
            return mun_err(MUN_ERR_TOO_LARGE);
        used += (size_t)got;
    }
    *out = mun_bytes(buffer, used);
    return MUN_SUCCESS;
}

static mun_err_t
open_file(int *fd, const char *path)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd >= 0)
        return MUN_SUCCESS;
    return mun_err(errno == ENOENT ? MUN_ERR_NOT_FOUND : MUN_ERR_IO);
}

mun_err_t
mun_file_read(struct mun_bytes *out, uint8_t *buffer, size_t size,
              const char *path)
{
    mun_err_t err;
    int fd;

    *out = MUN_BYTES_NONE;
    MUN_TRY(open_file(&fd, path));
    err = read_all(out, buffer, size, fd);
    (void)close(fd); /* only read from */
    return err;
}

mun_err_t
mun_file_read_secret(struct mun_bytes *out, uint8_t *buffer, size_t size,
                     const char *path)
{
    struct stat info;
    mun_err_t err;
    int fd;

    *out = MUN_BYTES_NONE;
    MUN_TRY(open_file(&fd, path));
    if (fstat(fd, &info) != 0)
        err = mun_err(MUN_ERR_IO);
    else if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        err = mun_err(MUN_ERR_CONFIG);
    else
        err = read_all(out, buffer, size, fd);
    (void)close(fd); /* only read from */
    return err;
}
