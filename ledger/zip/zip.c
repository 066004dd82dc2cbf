#define ZLIB_CONST
#include "ledger/zip/zip.h"

#include <string.h>
#include <zlib.h>

#include "ledger/base/check.h"
#include "ledger/zip/zip_int.h"

/* 32 KiB window, and 16 more for the gzip wrapping. */
#define WINDOW_BITS (15 + 16)
#define LEVEL 6
#define MEMORY_LEVEL 8

/* RFC 1952 section 2.3.1: "255 - unknown". */
#define SYSTEM_UNKNOWN 255

/* Header and trailer of a gzip member without options. */
#define WRAPPING_SIZE 18

static void
stream_init(z_stream *stream, const struct mun_zip_memory *memory)
{
    memset(stream, 0, sizeof *stream);
    if (memory == NULL)
        return;
    stream->zalloc = memory->take;
    stream->zfree = memory->give;
    stream->opaque = memory->arg;
}

/* zlib refuses a NULL even where it would write nothing. */
static void
stream_aim(z_stream *stream, uint8_t *out, size_t size, struct mun_bytes data)
{
    static uint8_t nothing;

    stream->next_in = data.len == 0 ? &nothing : data.data;
    stream->avail_in = (uInt)data.len;
    stream->next_out = size == 0 ? &nothing : out;
    stream->avail_out = (uInt)size;
}

/* Stored blocks of at least 4 KiB - 1, five bytes of overhead each, with room
 * to spare; deflateBound is tighter but wants a stream. */
size_t
mun_gzip_bound(size_t len)
{
    MUN_CHECK(len <= MUN_ZIP_BYTES_MAX);
    return len + (len >> 9) + 64 + WRAPPING_SIZE;
}

mun_err_t
mun_gzip_compress_with(uint8_t *out, size_t size, size_t *len,
                       struct mun_bytes data,
                       const struct mun_zip_memory *memory)
{
    gz_header header;
    z_stream stream;
    int result;

    *len = 0;
    if (data.len > MUN_ZIP_BYTES_MAX)
        return mun_err(MUN_ERR_TOO_LARGE);
    if (size > UINT32_MAX)
        size = UINT32_MAX; /* above the bound of any input */
    stream_init(&stream, memory);
    result = deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
                          Z_DEFAULT_STRATEGY);
    if (result == Z_MEM_ERROR)
        return mun_err(MUN_ERR_MEMORY);
    MUN_CHECK(result == Z_OK);
    memset(&header, 0, sizeof header); /* no time, no name */
    header.os = SYSTEM_UNKNOWN;
    MUN_CHECK(deflateSetHeader(&stream, &header) == Z_OK);
    stream_aim(&stream, out, size, data);
    result = deflate(&stream, Z_FINISH);
    MUN_CHECK(result != Z_STREAM_ERROR);
    if (result == Z_STREAM_END)
        *len = size - stream.avail_out;
    (void)deflateEnd(&stream); /* only says that it ended early */
    return result == Z_STREAM_END ? MUN_SUCCESS : mun_err(MUN_ERR_LIMIT);
}

/* What one call of inflate with Z_FINISH came to. Asked to finish, it stops
 * only at the end, at a fault, or when it lacks input or room; so there is no
 * loop that could fail to make progress. */
static mun_err_t
verdict(const z_stream *stream, int result)
{
    if (result == Z_MEM_ERROR)
        return mun_err(MUN_ERR_MEMORY);
    if (result == Z_STREAM_END)
        return stream->avail_in == 0 ? MUN_SUCCESS : mun_err(MUN_ERR_TRAILING);
    if (result != Z_BUF_ERROR && result != Z_OK)
        return mun_err(MUN_ERR_COMPRESSED);
    /* The trailer's eight bytes are never taken before the end of the data,
     * so out of input is out of input even when room is short as well. */
    return stream->avail_in == 0 ? mun_err(MUN_ERR_TRUNCATED)
                                 : mun_err(MUN_ERR_TOO_LARGE);
}

mun_err_t
mun_gzip_expand_with(uint8_t *out, size_t size, size_t *len,
                     struct mun_bytes data, const struct mun_zip_memory *memory)
{
    z_stream stream;
    mun_err_t err;
    int result;

    *len = 0;
    MUN_CHECK(size <= MUN_ZIP_BYTES_MAX);
    if (data.len > MUN_ZIP_BYTES_MAX)
        return mun_err(MUN_ERR_TOO_LARGE);
    stream_init(&stream, memory);
    result = inflateInit2(&stream, WINDOW_BITS);
    if (result == Z_MEM_ERROR)
        return mun_err(MUN_ERR_MEMORY);
    MUN_CHECK(result == Z_OK);
    stream_aim(&stream, out, size, data);
    result = inflate(&stream, Z_FINISH);
    MUN_CHECK(result != Z_STREAM_ERROR);
    err = verdict(&stream, result);
    if (mun_is_ok(err))
        *len = size - stream.avail_out;
    (void)inflateEnd(&stream); /* fails only on a broken stream */
    return err;
}

mun_err_t
mun_gzip_compress(uint8_t *out, size_t size, size_t *len, struct mun_bytes data)
{
    return mun_gzip_compress_with(out, size, len, data, NULL);
}

mun_err_t
mun_gzip_expand(uint8_t *out, size_t size, size_t *len, struct mun_bytes data)
{
    return mun_gzip_expand_with(out, size, len, data, NULL);
}
