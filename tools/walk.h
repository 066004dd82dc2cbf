#ifndef MUN_TOOLS_WALK_H
#define MUN_TOOLS_WALK_H

/* Lists and single things of the API, printed. */

#include "tools/cli.h"
#include "tools/client.h"

/* The text of a member, fit for a terminal; "-" when there is none. */
const char *mun_item_text(struct mun_cli *cli, const struct mun_json *item,
                          const char *key);

/* Walks all pages of a list. `query` is "" or begins with '&'. With --json
 * prints {"items":[…]} instead of calling `say`. */
int mun_walk_list(struct mun_cli *cli, const char *path, const char *query,
                  void (*say)(struct mun_cli *cli,
                              const struct mun_json *item));

/* Prints one document, indented, in both modes. `id` must be a name of 64 hex
 * digits. */
int mun_show_one(struct mun_cli *cli, const char *path, const char *id);

/* The party that a key belongs to, as the node's register says.
 * Returns MUN_EXIT_DONE or what to exit with, after a message. */
int mun_party_of_key(struct mun_hash *out, struct mun_cli *cli,
                     const struct mun_key *key);

#endif
