#ifndef MUN_TOOLS_CSV_H
#define MUN_TOOLS_CSV_H

/* Comma-separated values, strictly: RFC 4180 in UTF-8 with a header row.
 *
 * Lines end with CRLF or LF, the last may lack its end. A field is quoted as a
 * whole or not at all; a quote inside a quoted field is doubled. Each row has
 * as many fields as the header, whose names are not empty and differ. A byte
 * order mark at the start, which spreadsheets write, is skipped. An empty line
 * is a fault, because it would be a learner without a name; only a table of one
 * column may have empty fields written so. */

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

struct mun_csv {
    size_t column_count;
    size_t row_count;               /* without the header */
    const struct mun_bytes *names;  /* column_count */
    const struct mun_bytes *fields; /* row after row, unquoted */
    const uint32_t *lines;          /* where each row begins, from 1 */
};

/* Where and what; "" when nothing is wrong. */
struct mun_csv_err {
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1, in code points */
    char text[120];
};

/* Errors: MUN_ERR_VALUE (not such a table: *why says where), MUN_ERR_MEMORY.
 * After failure: *out is zeroed.
 * Lifetime: the arena's and the text's. */
MUN_MUST_USE mun_err_t mun_csv_parse(struct mun_csv *out,
                                     struct mun_csv_err *why,
                                     struct mun_arena *arena,
                                     struct mun_bytes text);

/* The index of a column; SIZE_MAX when there is none of that name. */
size_t mun_csv_column(const struct mun_csv *csv, struct mun_bytes name);

/* A field. */
struct mun_bytes mun_csv_field(const struct mun_csv *csv, size_t row,
                               size_t column);

#endif
