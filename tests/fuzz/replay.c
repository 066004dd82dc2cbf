/* Runs a libFuzzer target without libFuzzer: every file of the directories
 * and files named, the empty input, each seed's prefixes and small changes of
 * each seed from a fixed sequence. The same inputs on every run. */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEED_BYTES_MAX (4u << 20)
#define PREFIXES_MAX 256u
#define CHANGES_MAX 256u

static size_t run_count;

/* A copy of exactly `size` bytes, so that a read past the end is caught. */
static void
run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL) {
        perror("malloc");
        abort();
    }
    if (size > 0)
        memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size); /* 0 by convention */
    free(copy);
    run_count++;
}

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void
run_seed(uint8_t *data, size_t size)
{
    uint64_t random = 0x9e3779b97f4a7c15u;
    size_t step = size / PREFIXES_MAX + 1;

    run(data, size);
    for (size_t len = 0; len < size; len += step)
        run(data, len);
    for (size_t i = 0; size > 0 && i < CHANGES_MAX; i++) {
        size_t at = (size_t)(next_random(&random) % size);
        uint8_t before = data[at];

        data[at] = (uint8_t)next_random(&random);
        run(data, size);
        data[at] = before;
    }
}

static void
run_file(const char *path)
{
    uint8_t *data = malloc(SEED_BYTES_MAX);
    FILE *file = fopen(path, "rb");
    size_t size;

    if (data == NULL || file == NULL) {
        perror(path);
        abort();
    }
    size = fread(data, 1, SEED_BYTES_MAX, file);
    if (ferror(file) || size == SEED_BYTES_MAX) {
        (void)fprintf(stderr, "%s: cannot be read or too large\n", path);
        abort();
    }
    (void)fclose(file); /* only read from */
    run_seed(data, size);
    free(data);
}

static int
skip_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void
run_directory(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, skip_dots, alphasort);

    if (count < 0) {
        perror(path);
        abort();
    }
    for (int i = 0; i < count; i++) {
        char full[4096];
        int len = snprintf(full, sizeof full, "%s/%s", path, names[i]->d_name);

        if (len < 0 || (size_t)len >= sizeof full) {
            (void)fprintf(stderr, "%s: path too long\n", path);
            abort();
        }
        run_file(full);
        free(names[i]);
    }
    free(names);
}

int
main(int argc, char **argv)
{
    run((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        struct stat info;

        if (stat(argv[i], &info) != 0) {
            /* A target may have no seeds yet. */
            if (errno == ENOENT)
                continue;
            perror(argv[i]);
            return 2;
        }
        if (S_ISDIR(info.st_mode))
            run_directory(argv[i]);
        else
            run_file(argv[i]);
    }
    printf("%zu inputs\n", run_count);
    return 0;
}
