#ifndef MUN_NODE_CONFIG_H
#define MUN_NODE_CONFIG_H

/* The configuration file: node/README.md has the table. Strict: unknown
 * members, members of another kind and values out of bounds are errors that
 * name the field. */

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/log.h"
#include "ledger/json/json.h"

#define MUN_PATH_MAX 1024
#define MUN_ADDRESS_MAX 64

/* Connections of one listener: each reserves address space, not memory. */
#define MUN_CONNECTIONS_MAX 10000
#define MUN_THREADS_MAX 64

struct mun_listener_config {
    char address[MUN_ADDRESS_MAX]; /* numeric, IPv4 or IPv6 */
    uint16_t port;                 /* 0: any free one, which the log names */
    uint32_t threads;
    uint32_t connections;
    uint32_t connections_per_address;
    uint32_t timeout_seconds;
};

/* Other nodes: the members, and some that follow. */
#define MUN_PEERS_MAX 127
#define MUN_URL_MAX 256

/* Empty text: not given. */
struct mun_config {
    char data_dir[MUN_PATH_MAX];
    char high_water_file[MUN_PATH_MAX];
    char genesis_file[MUN_PATH_MAX];
    char key_file[MUN_PATH_MAX];
    char passphrase_file[MUN_PATH_MAX];
    struct mun_listener_config public_api;
    struct mun_listener_config operator_api;
    struct mun_listener_config peer_api;
    bool has_peer_api;
    uint32_t peer_count;
    char peers[MUN_PEERS_MAX][MUN_URL_MAX]; /* "http://host:port" */
    uint32_t verify_threads;
    uint32_t state_records;
    uint32_t mempool_entries;
    uint64_t mempool_bytes;
    uint32_t freshness_seconds;
    enum mun_log_level log_level;
};

/* Errors: MUN_ERR_JSON and the other errors of mun_json_parse and mun_json_rd,
 * MUN_ERR_CONFIG for what is wrong between fields; *why says what and where.
 * After failure: *out is zeroed. */
MUN_MUST_USE mun_err_t mun_config_parse(struct mun_config *out,
                                        struct mun_json_err *why,
                                        struct mun_bytes text);

/* Reads the file at `path`. Relative paths inside are taken as they are.
 * Errors: also MUN_ERR_IO, MUN_ERR_NOT_FOUND. */
MUN_MUST_USE mun_err_t mun_config_read(struct mun_config *out,
                                       struct mun_json_err *why,
                                       const char *path);

#endif
