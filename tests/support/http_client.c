#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ledger/base/check.h"

#define BUFFER_START 65536u

bool
mun_client_open(struct mun_client *client, uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    const int on = 1;

    memset(client, 0, sizeof *client);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->port = port;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUN_CHECK(client->fd >= 0);
    if (connect(client->fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        (void)close(client->fd); /* nothing was written */
        client->fd = -1;
        return false;
    }
    MUN_CHECK(
        setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
    client->size = BUFFER_START;
    client->buffer = malloc(client->size);
    MUN_CHECK(client->buffer != NULL);
    return true;
}

void
mun_client_close(struct mun_client *client)
{
    if (client->buffer == NULL)
        return;
    (void)close(client->fd); /* all answers were read */
    free(client->buffer);
    memset(client, 0, sizeof *client);
}

/* The value of Content-Length in a head that ends at `end`. */
static size_t
length_in(const char *head, const char *end)
{
    static const char name[] = "\r\nContent-Length:";

    for (const char *at = head; at + sizeof name < end; at++) {
        if (*at == '\r' && strncasecmp(at, name, sizeof name - 1) == 0)
            return strtoul(at + sizeof name - 1, NULL, 10);
    }
    return 0;
}

static const char *
end_of_head(const char *data, size_t len)
{
    for (size_t i = 0; i + 4 <= len; i++) {
        if (data[i] == '\r' && memcmp(data + i, "\r\n\r\n", 4) == 0)
            return data + i + 4;
    }
    return NULL;
}

bool
mun_client_parse(struct mun_client_answer *out, const char *data, size_t len)
{
    const char *end = end_of_head(data, len);

    if (end == NULL)
        return false;
    MUN_CHECK(memcmp(data, "HTTP/1.1 ", 9) == 0);
    out->status = (unsigned)strtoul(data + 9, NULL, 10);
    out->head_len = (size_t)(end - data);
    out->len = out->head_len + length_in(data, end);
    return out->len <= len;
}

static void
send_all(int fd, struct iovec *parts, int count)
{
    while (count > 0) {
        ssize_t sent = writev(fd, parts, count);
        size_t left;

        MUN_CHECK(sent > 0);
        left = (size_t)sent;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
}

static unsigned
receive(struct mun_client *client, struct mun_bytes *body)
{
    struct mun_client_answer answer = { 0 };

    client->used = 0;
    while (!mun_client_parse(&answer, client->buffer, client->used)) {
        ssize_t got;

        if (client->used + 1 >= client->size || answer.len >= client->size) {
            client->size *= 2;
            client->buffer = realloc(client->buffer, client->size);
            MUN_CHECK(client->buffer != NULL);
        }
        got = recv(client->fd, client->buffer + client->used,
                   client->size - client->used - 1, 0);
        MUN_CHECK(got > 0);
        client->used += (size_t)got;
    }
    MUN_CHECK(client->used == answer.len);
    client->buffer[client->used] = '\0';
    *body = mun_bytes(client->buffer + answer.head_len,
                      answer.len - answer.head_len);
    return answer.status;
}

unsigned
mun_client_get(struct mun_client *client, struct mun_bytes *body,
               const char *target)
{
    char head[MUN_CLIENT_HEAD_MAX];
    struct iovec part = { head, 0 };
    int len = snprintf(head, sizeof head,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target);

    MUN_CHECK(len > 0 && (size_t)len < sizeof head);
    part.iov_len = (size_t)len;
    send_all(client->fd, &part, 1);
    return receive(client, body);
}

unsigned
mun_client_post(struct mun_client *client, struct mun_bytes *answer,
                const char *target, struct mun_bytes body)
{
    char head[MUN_CLIENT_HEAD_MAX];
    /* writev only reads. */
    void *data =
        (void *)(uintptr_t)body.data; // NOLINT(performance-no-int-to-ptr)
    struct iovec parts[2] = { { head, 0 }, { data, body.len } };
    int len = snprintf(head, sizeof head,
                       "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                       "Content-Type: application/octet-stream\r\n"
                       "Content-Length: %zu\r\n\r\n",
                       target, body.len);

    MUN_CHECK(len > 0 && (size_t)len < sizeof head);
    parts[0].iov_len = (size_t)len;
    send_all(client->fd, parts, 2);
    return receive(client, answer);
}
