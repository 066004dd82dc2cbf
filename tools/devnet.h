#ifndef MUN_TOOLS_DEVNET_H
#define MUN_TOOLS_DEVNET_H

/* A consortium on one machine: real processes on loopback, each with a folder.
 *
 *   DIR/devnet.json     how many members, and the first port
 *   DIR/genesis.bin     DIR/passphrase (of all keys below)
 *   DIR/member-N/       validator.key, govern.key, node.json, data, high-water,
 *                       log, pid
 *
 * Member N has the ports first + 10 * (N - 1): the public API, then the
 * operator's and the peers' listener. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tools/cli.h"

#define MUN_DEVNET_MEMBERS_MAX 20

struct mun_devnet {
    const char *dir;
    uint32_t members;
    uint16_t port;
};

/* Makes the folder with keys, genesis and configurations.
 * Errors: a message was printed; MUN_ERR_LOCKED when the folder is there. */
MUN_MUST_USE mun_err_t mun_devnet_make(const struct mun_devnet *net,
                                       struct mun_cli *cli);

/* Reads DIR/devnet.json.
 * Errors: a message was printed. */
MUN_MUST_USE mun_err_t mun_devnet_open(struct mun_devnet *out,
                                       struct mun_cli *cli, const char *dir);

/* A member's file. Lifetime: the arena's. */
const char *mun_devnet_path(const struct mun_devnet *net, struct mun_cli *cli,
                            uint32_t member, const char *name);

/* Which of a member's listeners. */
enum mun_devnet_port {
    MUN_DEVNET_PUBLIC = 0,
    MUN_DEVNET_OPERATOR = 1,
    MUN_DEVNET_PEER = 2,
};

uint16_t mun_devnet_port(const struct mun_devnet *net, uint32_t member,
                         enum mun_devnet_port of);

enum mun_devnet_state {
    MUN_DEVNET_STOPPED,
    MUN_DEVNET_RUNNING,
    MUN_DEVNET_PAUSED,
};

/* What a member's process does. *pid is 0 when there is none. */
enum mun_devnet_state mun_devnet_look(const struct mun_devnet *net,
                                      struct mun_cli *cli, uint32_t member,
                                      pid_t *pid);

/* Starts a member that is stopped, and returns when it serves.
 * Errors: a message was printed. */
MUN_MUST_USE mun_err_t mun_devnet_start(const struct mun_devnet *net,
                                        struct mun_cli *cli, uint32_t member);

/* Sends a signal to a member's process; SIGTERM and SIGKILL wait for its end.
 * Errors: a message was printed. */
MUN_MUST_USE mun_err_t mun_devnet_signal(const struct mun_devnet *net,
                                         struct mun_cli *cli, uint32_t member,
                                         int number);

#endif
