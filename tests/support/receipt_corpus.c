/* Writes the seeds of fuzz_receipt into a directory:
 *
 *   receipt_corpus tests/fuzz/corpus/receipt */

#include <stdio.h>
#include <string.h>

#include "ledger/base/check.h"
#include "tests/support/make_chain.h"

static struct mun_test_world world;

static void
write_seed(const char *directory, const char *name, uint32_t position)
{
    struct mun_bytes opening = mun_test_world_opening(&world, position);
    struct mun_bytes receipt = mun_test_world_receipt(&world, position);
    char path[4096];
    FILE *file;
    int len = snprintf(path, sizeof path, "%s/%s", directory, name);

    MUN_CHECK(len > 0 && (size_t)len < sizeof path);
    file = fopen(path, "wb");
    MUN_CHECK(file != NULL);
    MUN_CHECK(fputc((int)opening.len, file) != EOF);
    MUN_CHECK(fwrite(opening.data, 1, opening.len, file) == opening.len);
    MUN_CHECK(fwrite(receipt.data, 1, receipt.len, file) == receipt.len);
    MUN_CHECK(fclose(file) == 0);
}

static void
write_seeds(const char *directory, const char *name, unsigned member_count)
{
    struct mun_change change = { .index = 0,
                                 .action = MUN_ACTION_REVOKE,
                                 .reason = MUN_REASON_ERROR };
    char full[64];

    mun_test_world_open(&world, member_count);
    mun_test_world_story(&world);
    mun_test_world_anchor(&world, 3);
    (void)snprintf(full, sizeof full, "valid-%s", name); /* fits */
    write_seed(directory, full, 0);
    mun_test_world_change(&world, &change);
    (void)snprintf(full, sizeof full, "revoked-%s", name); /* fits */
    write_seed(directory, full, 0);
    mun_test_world_close(&world);
}

int
main(int argc, char **argv)
{
    MUN_CHECK(argc == 2);
    write_seeds(argv[1], "1", 1);
    write_seeds(argv[1], "4", 4);
    return 0;
}
