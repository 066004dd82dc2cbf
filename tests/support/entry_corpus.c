/* entry_corpus DIRECTORY: writes one entry of each kind, the seeds of
 * fuzz_entry; the same bytes in every run. */

#include <stdio.h>

#include "ledger/base/arena.h"
#include "ledger/base/err.h"
#include "tests/support/make_entry.h"

static bool
write_file(const char *directory, const char *name, struct mun_bytes bytes)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", directory, name);
    bool is_written;
    FILE *file;

    if (len < 0 || (size_t)len >= sizeof path)
        return false;
    file = fopen(path, "wb");
    if (file == NULL)
        return false;
    is_written = fwrite(bytes.data, 1, bytes.len, file) == bytes.len;
    return fclose(file) == 0 && is_written;
}

int
main(int argc, char **argv)
{
    static const enum mun_kind kinds[] = {
#define X(name, code, window, text) MUN_KIND_##name,
        MUN_KIND_TABLE(X)
#undef X
    };
    struct mun_arena arena;

    if (argc != 2 || !mun_is_ok(mun_arena_open(&arena, 1u << 20))) {
        (void)fprintf(stderr, "usage: entry_corpus DIRECTORY\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct mun_entry entry;
        unsigned signers[2];
        size_t count = mun_test_sample_signers(kinds[i], signers);
        struct mun_bytes bytes;

        mun_test_sample_entry(&arena, &entry, kinds[i]);
        bytes = mun_test_sign_entry(&arena, &entry, signers, count);
        if (!write_file(argv[1], mun_kind_text((uint16_t)kinds[i]), bytes)) {
            perror(argv[1]);
            return 1;
        }
    }
    mun_arena_close(&arena);
    return 0;
}
