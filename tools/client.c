#include "tools/client.h"

#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_BYTES_MAX (64u << 20)
#define CONNECT_SECONDS 10L
#define STALL_SECONDS 90L

/* What has arrived so far, on the heap. */
struct sink {
    uint8_t *data;
    size_t used;
    size_t size;
    bool is_too_large;
};

static size_t
take(char *data, size_t size, size_t count, void *ctx)
{
    struct sink *sink = ctx;
    size_t len = size * count;

    if (len > REPLY_BYTES_MAX - sink->used) {
        sink->is_too_large = true;
        return 0;
    }
    if (len > sink->size - sink->used) {
        size_t larger = sink->size * 2 + len;
        uint8_t *moved = realloc(sink->data, larger);
        if (moved == NULL)
            return 0;
        sink->data = moved;
        sink->size = larger;
    }
    memcpy(sink->data + sink->used, data, len);
    sink->used += len;
    return len;
}

static CURL *
handle(void)
{
    static CURL *curl;

    if (curl == NULL && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        curl = curl_easy_init();
    return curl;
}

static void
set_common(CURL *curl, const char *url, struct sink *sink)
{
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "muniment/" MUN_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, sink);
}

static mun_err_t
perform(struct mun_reply *out, struct mun_cli *cli, CURL *curl,
        struct sink *sink)
{
    long status = 0;
    CURLcode code = curl_easy_perform(curl);

    if (sink->is_too_large)
        return mun_err(MUN_ERR_TOO_LARGE);
    if (code != CURLE_OK) {
        (void)mun_cli_fail(cli, MUN_EXIT_UNREACHABLE,
                           "UNREACHABLE: no answer from %s: %s (--node names "
                           "another)",
                           cli->node, curl_easy_strerror(code));
        return mun_err(MUN_ERR_NETWORK);
    }
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    uint8_t *body = mun_arena_alloc(&cli->arena, sink->used + 1);
    if (body == NULL)
        return mun_err(MUN_ERR_MEMORY);
    if (sink->used != 0)
        memcpy(body, sink->data, sink->used);
    out->status = (unsigned)status;
    out->body = mun_bytes(body, sink->used);
    return MUN_SUCCESS;
}

static mun_err_t
request(struct mun_reply *out, struct mun_cli *cli, const char *path,
        const char *content_type, struct mun_bytes body)
{
    char url[4096];
    char type[128];
    struct curl_slist *headers = NULL;
    CURL *curl = handle();

    *out = (struct mun_reply){ 0 };
    int len = snprintf(url, sizeof url, "%s%s", cli->node, path);
    if (curl == NULL || len < 0 || (size_t)len >= sizeof url)
        return mun_err(MUN_ERR_MEMORY);
    struct sink sink = { 0 };
    set_common(curl, url, &sink);
    if (content_type != NULL) {
        (void)snprintf(type, sizeof type, "Content-Type: %s", content_type);
        headers = curl_slist_append(headers, type);
        /* libcurl would wait a second for a server that ignores it. */
        headers = curl_slist_append(headers, "Expect:");
        (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)body.len);
    }
    mun_err_t err = perform(out, cli, curl, &sink);
    curl_slist_free_all(headers);
    free(sink.data);
    return err;
}

mun_err_t
mun_client_get(struct mun_reply *out, struct mun_cli *cli, const char *path)
{
    return request(out, cli, path, NULL, MUN_BYTES_NONE);
}

mun_err_t
mun_client_post(struct mun_reply *out, struct mun_cli *cli, const char *path,
                const char *content_type, struct mun_bytes body)
{
    return request(out, cli, path, content_type, body);
}

struct mun_json *
mun_reply_json(const struct mun_reply *reply)
{
    static const struct mun_json_limits limits = { 16u << 20, 1u << 20,
                                                   MUN_JSON_DEPTH_MAX };
    struct mun_json *doc = NULL;

    if (!mun_is_ok(mun_json_parse(&doc, NULL, reply->body, &limits)))
        return NULL;
    return doc;
}

const char *
mun_reply_problem(struct mun_cli *cli, const struct mun_reply *reply)
{
    struct mun_json *doc = mun_reply_json(reply);
    struct mun_bytes title = mun_json_string(mun_json_get(doc, "title"));
    struct mun_bytes detail = mun_json_string(mun_json_get(doc, "detail"));
    char *out = mun_arena_alloc(&cli->arena, title.len + detail.len + 64);

    if (out == NULL)
        return "out of memory";
    (void)snprintf(out, title.len + detail.len + 64, "%u %s%s%s", reply->status,
                   title.data != NULL ? (const char *)title.data : "",
                   detail.data != NULL ? ": " : "",
                   detail.data != NULL ? (const char *)detail.data : "");
    mun_json_close(doc);
    return mun_cli_text(cli, mun_bytes_str(out));
}

struct mun_json *
mun_client_json(struct mun_cli *cli, const char *path, int *exit_code)
{
    struct mun_reply reply;
    mun_err_t err = mun_client_get(&reply, cli, path);

    if (!mun_is_ok(err)) {
        *exit_code = err.code == MUN_ERR_NETWORK ? MUN_EXIT_UNREACHABLE
                                                 : MUN_EXIT_FAILED;
        return NULL;
    }
    struct mun_json *doc = reply.status == 200 ? mun_reply_json(&reply) : NULL;
    if (doc == NULL)
        *exit_code = mun_cli_fail(cli, MUN_EXIT_FAILED, "%s: %s", path,
                                  mun_reply_problem(cli, &reply));
    return doc;
}

const char *
mun_client_escape(struct mun_cli *cli, const char *text)
{
    char *escaped = curl_easy_escape(handle(), text, 0);
    if (escaped == NULL)
        return "";
    size_t len = strlen(escaped);
    char *out = mun_arena_alloc(&cli->arena, len + 1);
    if (out != NULL)
        memcpy(out, escaped, len + 1);
    curl_free(escaped);
    return out != NULL ? out : "";
}
