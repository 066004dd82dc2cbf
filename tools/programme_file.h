#ifndef MUN_TOOLS_PROGRAMME_FILE_H
#define MUN_TOOLS_PROGRAMME_FILE_H

/* Programmes as registrars write them: JSON with the member names of the API's
 * `description`, and `code`. One object, or an array of them. */

#include "ledger/core/entry.h"
#include "ledger/json/json.h"
#include "ledger/json/json_rd.h"

/* Reads the object at hand; lists are put into their canonical order.
 * Sticky failure in `rd`, with the path of what is wrong. */
void mun_programme_read(struct mun_json_rd *rd,
                        struct mun_register_programme *out);

#endif
