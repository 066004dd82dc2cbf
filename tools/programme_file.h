#ifndef MUN_TOOLS_PROGRAMME_FILE_H
#define MUN_TOOLS_PROGRAMME_FILE_H

/* Programmes as registrars write them: JSON with the member names of the API's
 * `description`, and `code`. One object, or an array of them, or one object as
 * a template for the rows of a table. */

#include "ledger/base/arena.h"
#include "ledger/core/entry.h"
#include "ledger/json/json.h"
#include "ledger/json/json_rd.h"
#include "tools/csv.h"

/* Reads the object at hand; lists are put into their canonical order.
 * Sticky failure in `rd`, with the path of what is wrong. */
void mun_programme_read(struct mun_json_rd *rd,
                        struct mun_register_programme *out);

/* Replaces each {column} in the texts by the row's value. Titles, outcomes,
 * partners and the like that become empty are left out.
 * Errors: MUN_ERR_NOT_FOUND (a name that is no column: *column), MUN_ERR_LIMIT
 * (arena). Lifetime: the arena's. */
MUN_MUST_USE mun_err_t mun_programme_fill(struct mun_register_programme *out,
                                          struct mun_bytes *column,
                                          struct mun_arena *arena,
                                          const struct mun_csv *csv,
                                          size_t row);

#endif
