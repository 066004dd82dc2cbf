#include "node/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "ledger/json/json_rd.h"
#include "node/file.h"

#define CONFIG_BYTES_MAX 65536

static void
read_path(struct mun_json_rd *rd, const char *key, char *out)
{
    struct mun_bytes text = mun_json_rd_string(rd, key, 1, MUN_PATH_MAX - 1);

    if (text.len > 0)
        memcpy(out, text.data, text.len);
    out[text.len] = 0;
}

static void
read_path_opt(struct mun_json_rd *rd, const char *key, char *out)
{
    if (mun_json_rd_has(rd, key))
        read_path(rd, key, out);
}

/* A number from 1 (or `min`) to `max`; the default when it is not there. */
static uint64_t
read_number(struct mun_json_rd *rd, const char *key, uint64_t min, uint64_t max,
            uint64_t otherwise)
{
    uint64_t value;

    if (!mun_json_rd_has(rd, key))
        return otherwise;
    value = mun_json_rd_u64(rd, key, max);
    if (value < min)
        mun_json_rd_fail(rd, key, MUN_ERR_JSON, "too small");
    return value;
}

static bool
is_address(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    return inet_pton(AF_INET, text, &v4) == 1 ||
           inet_pton(AF_INET6, text, &v6) == 1;
}

static bool
is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, text, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return false;
}

static void
listener_default(struct mun_listener_config *out, uint16_t port)
{
    memset(out, 0, sizeof *out);
    (void)snprintf(out->address, sizeof out->address, "127.0.0.1");
    out->port = port;
    out->threads = 2;
    out->connections = 1000;
    out->connections_per_address = 200;
    out->timeout_seconds = 30;
}

static void
read_endpoint(struct mun_json_rd *rd, struct mun_listener_config *out)
{
    struct mun_bytes text;

    if (mun_json_rd_has(rd, "address")) {
        text = mun_json_rd_string(rd, "address", 2, MUN_ADDRESS_MAX - 1);
        (void)snprintf(out->address, sizeof out->address, "%.*s", (int)text.len,
                       text.len == 0 ? "" : (const char *)text.data);
        if (!is_address(out->address))
            mun_json_rd_fail(rd, "address", MUN_ERR_JSON,
                             "not a numeric IPv4 or IPv6 address");
    }
    out->port = (uint16_t)read_number(rd, "port", 0, UINT16_MAX, out->port);
}

static void
read_public(struct mun_json_rd *rd, struct mun_listener_config *out)
{
    static const char *const keys[] = { "address",
                                        "port",
                                        "threads",
                                        "connections",
                                        "connections_per_address",
                                        "timeout_seconds" };

    mun_json_rd_object(rd, "public");
    mun_json_rd_only(rd, keys, sizeof keys / sizeof keys[0]);
    read_endpoint(rd, out);
    out->threads =
        (uint32_t)read_number(rd, "threads", 1, MUN_THREADS_MAX, out->threads);
    out->connections = (uint32_t)read_number(
        rd, "connections", 1, MUN_CONNECTIONS_MAX, out->connections);
    out->connections_per_address = (uint32_t)read_number(
        rd, "connections_per_address", 1, MUN_CONNECTIONS_MAX,
        out->connections_per_address);
    out->timeout_seconds = (uint32_t)read_number(rd, "timeout_seconds", 1, 3600,
                                                 out->timeout_seconds);
    mun_json_rd_leave(rd);
}

static void
read_operator(struct mun_json_rd *rd, struct mun_listener_config *out)
{
    static const char *const keys[] = { "address", "port" };

    mun_json_rd_object(rd, "operator");
    mun_json_rd_only(rd, keys, sizeof keys / sizeof keys[0]);
    read_endpoint(rd, out);
    if (!is_loopback(out->address))
        mun_json_rd_fail(rd, "address", MUN_ERR_CONFIG,
                         "operators are served on loopback only");
    mun_json_rd_leave(rd);
}

static void
read_peer_api(struct mun_json_rd *rd, struct mun_config *out)
{
    static const char *const keys[] = { "address", "port" };

    mun_json_rd_object(rd, "peer");
    mun_json_rd_only(rd, keys, sizeof keys / sizeof keys[0]);
    read_endpoint(rd, &out->peer_api);
    mun_json_rd_leave(rd);
    out->has_peer_api = true;
}

static bool
is_base_url(const char *text)
{
    const char *host = NULL;

    if (strncmp(text, "http://", 7) == 0)
        host = text + 7;
    else if (strncmp(text, "https://", 8) == 0)
        host = text + 8;
    return host != NULL && host[0] != 0 && strpbrk(host, "/?#@ ") == NULL;
}

static void
read_peers(struct mun_json_rd *rd, struct mun_config *out)
{
    static const char *const keys[] = { "url" };
    size_t count = mun_json_rd_array(rd, "peers", MUN_PEERS_MAX);

    for (size_t i = 0; i < count; i++) {
        struct mun_bytes text;

        mun_json_rd_item(rd, i);
        mun_json_rd_only(rd, keys, sizeof keys / sizeof keys[0]);
        text = mun_json_rd_string(rd, "url", 8, MUN_URL_MAX - 1);
        if (text.len > 0)
            memcpy(out->peers[i], text.data, text.len);
        out->peers[i][text.len] = 0;
        if (!is_base_url(out->peers[i]))
            mun_json_rd_fail(rd, "url", MUN_ERR_JSON,
                             "not of the form http://host:port");
        mun_json_rd_leave(rd);
    }
    out->peer_count = (uint32_t)count;
    mun_json_rd_leave(rd);
}

static void
read_log_level(struct mun_json_rd *rd, enum mun_log_level *out)
{
    struct mun_bytes text;
    char level[16];

    if (!mun_json_rd_has(rd, "log_level"))
        return;
    text = mun_json_rd_string(rd, "log_level", 1, sizeof level - 1);
    (void)snprintf(level, sizeof level, "%.*s", (int)text.len,
                   text.len == 0 ? "" : (const char *)text.data);
    if (!mun_log_level_from_text(out, level))
        mun_json_rd_fail(rd, "log_level", MUN_ERR_JSON,
                         "not trace, debug, info, unusual or broken");
}

static void
set_defaults(struct mun_config *out)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    memset(out, 0, sizeof *out);
    listener_default(&out->public_api, 8460);
    listener_default(&out->operator_api, 8461);
    listener_default(&out->peer_api, 8462);
    out->operator_api.threads = 1;
    out->operator_api.connections = 64;
    out->operator_api.connections_per_address = 64;
    if (cores < 1)
        cores = 1;
    out->verify_threads =
        cores > MUN_THREADS_MAX ? MUN_THREADS_MAX : (uint32_t)cores;
    out->state_records = 2000000;
    out->mempool_entries = 65536;
    out->mempool_bytes = 256u << 20;
    out->freshness_seconds = 300;
    out->log_level = MUN_LOG_INFO;
}

/* "data_dir/../high-water" */
static void
derive_high_water(struct mun_json_rd *rd, struct mun_config *out)
{
    int len = snprintf(out->high_water_file, sizeof out->high_water_file,
                       "%s/../high-water", out->data_dir);

    if (len < 0 || (size_t)len >= sizeof out->high_water_file)
        mun_json_rd_fail(rd, "data_dir", MUN_ERR_CONFIG, "too long");
}

static void
read_all(struct mun_json_rd *rd, struct mun_config *out)
{
    static const char *const keys[] = {
        "data_dir",        "high_water_file",
        "genesis_file",    "key_file",
        "passphrase_file", "public",
        "operator",        "verify_threads",
        "state_records",   "mempool_bytes",
        "mempool_entries", "freshness_seconds",
        "log_level",       "peer",
        "peers",
    };

    mun_json_rd_only(rd, keys, sizeof keys / sizeof keys[0]);
    read_path(rd, "data_dir", out->data_dir);
    read_path(rd, "genesis_file", out->genesis_file);
    read_path_opt(rd, "high_water_file", out->high_water_file);
    read_path_opt(rd, "key_file", out->key_file);
    read_path_opt(rd, "passphrase_file", out->passphrase_file);
    if (out->high_water_file[0] == 0)
        derive_high_water(rd, out);
    if (out->key_file[0] != 0 && out->passphrase_file[0] == 0)
        mun_json_rd_fail(rd, "passphrase_file", MUN_ERR_CONFIG,
                         "missing, and key_file is there");
    if (out->key_file[0] == 0 && out->passphrase_file[0] != 0)
        mun_json_rd_fail(rd, "key_file", MUN_ERR_CONFIG,
                         "missing, and passphrase_file is there");
    if (mun_json_rd_has(rd, "public"))
        read_public(rd, &out->public_api);
    if (mun_json_rd_has(rd, "operator"))
        read_operator(rd, &out->operator_api);
    if (mun_json_rd_has(rd, "peer"))
        read_peer_api(rd, out);
    if (mun_json_rd_has(rd, "peers"))
        read_peers(rd, out);
    out->verify_threads = (uint32_t)read_number(
        rd, "verify_threads", 1, MUN_THREADS_MAX, out->verify_threads);
    out->state_records = (uint32_t)read_number(rd, "state_records", 10000,
                                               1u << 30, out->state_records);
    out->mempool_entries = (uint32_t)read_number(
        rd, "mempool_entries", 1, 1u << 24, out->mempool_entries);
    out->mempool_bytes = read_number(rd, "mempool_bytes", 1u << 20, 1ull << 40,
                                     out->mempool_bytes);
    out->freshness_seconds = (uint32_t)read_number(
        rd, "freshness_seconds", 1, 86400, out->freshness_seconds);
    read_log_level(rd, &out->log_level);
    if (out->public_api.port != 0 &&
        out->public_api.port == out->operator_api.port)
        mun_json_rd_fail(rd, "operator", MUN_ERR_CONFIG,
                         "has the port of public");
}

mun_err_t
mun_config_parse(struct mun_config *out, struct mun_json_err *why,
                 struct mun_bytes text)
{
    struct mun_json *doc = NULL;
    struct mun_json_rd rd;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    MUN_TRY(mun_json_parse(&doc, why, text, NULL));
    set_defaults(out);
    mun_json_rd_init(&rd, doc, why);
    read_all(&rd, out);
    err = mun_json_rd_status(&rd);
    mun_json_close(doc);
    if (!mun_is_ok(err))
        memset(out, 0, sizeof *out);
    return err;
}

mun_err_t
mun_config_read(struct mun_config *out, struct mun_json_err *why,
                const char *path)
{
    static uint8_t buffer[CONFIG_BYTES_MAX];
    struct mun_bytes text;
    mun_err_t err;

    memset(out, 0, sizeof *out);
    memset(why, 0, sizeof *why);
    err = mun_file_read(&text, buffer, sizeof buffer, path);
    if (!mun_is_ok(err)) {
        why->code = err.code;
        (void)snprintf(why->text, sizeof why->text, "cannot be read: %s",
                       mun_err_text(err));
        return err;
    }
    return mun_config_parse(out, why, text);
}
