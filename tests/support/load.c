#include "tests/support/load.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/check.h"
#include "tests/support/bench_node.h"
#include "tests/support/http_client.h"

/* Posting */

struct poster {
    pthread_t thread;
    struct mun_client client;
    const struct mun_load_lane *lane;
    uint64_t finals;
    double slowest;
};

static uint64_t
count_finals(const char *text)
{
    static const char word[] = "\"result\":\"final\"";
    uint64_t count = 0;

    while ((text = strstr(text, word)) != NULL) {
        text += sizeof word - 1;
        count++;
    }
    return count;
}

static void *
post(void *arg)
{
    struct poster *poster = arg;

    for (size_t i = 0; i < poster->lane->count; i++) {
        double began = mun_bench_seconds();
        struct mun_bytes answer;
        unsigned status =
            mun_client_post(&poster->client, &answer, "/v1/entries?wait=30000",
                            poster->lane->bodies[i]);
        double took = mun_bench_seconds() - began;

        if (status != 200) {
            (void)fprintf(stderr, "status %u: %.300s\n", status,
                          (const char *)answer.data);
            exit(1); // NOLINT(concurrency-mt-unsafe)
        }
        poster->finals += count_finals((const char *)answer.data);
        if (took > poster->slowest)
            poster->slowest = took;
    }
    return NULL;
}

void
mun_load_post(struct mun_load_posted *out, uint16_t port,
              const struct mun_load_lane *lanes, unsigned lane_count)
{
    static struct poster posters[MUN_LOAD_CONNECTIONS_MAX];
    double began;
    double cpu;

    MUN_CHECK(lane_count <= MUN_LOAD_CONNECTIONS_MAX);
    memset(posters, 0, sizeof posters);
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < lane_count; i++) {
        posters[i].lane = &lanes[i];
        MUN_CHECK(mun_client_open(&posters[i].client, port));
    }
    cpu = mun_bench_cpu_own();
    began = mun_bench_seconds();
    for (unsigned i = 0; i < lane_count; i++)
        MUN_CHECK(pthread_create(&posters[i].thread, NULL, post, &posters[i]) ==
                  0);
    for (unsigned i = 0; i < lane_count; i++) {
        MUN_CHECK(pthread_join(posters[i].thread, NULL) == 0);
        out->finals += posters[i].finals;
        out->answers += lanes[i].count;
        if (posters[i].slowest > out->slowest_seconds)
            out->slowest_seconds = posters[i].slowest;
        mun_client_close(&posters[i].client);
    }
    out->seconds = mun_bench_seconds() - began;
    out->own_cpu = mun_bench_cpu_own() - cpu;
}

/* Reading */

#define THREADS 2u
#define SAMPLES_MAX 2000000u

struct lane {
    struct mun_client client;
    double sent_at;
};

struct reader {
    pthread_t thread;
    const struct mun_load_reads *reads;
    unsigned lane_count;
    struct lane *lanes;
    int epoll;
    uint64_t random;
    double until;
    uint32_t *samples; /* microseconds */
    size_t sample_count;
    uint64_t body_bytes;
};

static size_t
next(struct reader *reader)
{
    uint64_t x = reader->random += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (size_t)((x ^ (x >> 31)) % reader->reads->target_count);
}

static void
ask(struct reader *reader, struct lane *lane)
{
    char head[MUN_CLIENT_HEAD_MAX];
    int len = snprintf(head, sizeof head,
                       "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                       reader->reads->targets[next(reader)]);

    MUN_CHECK(len > 0 && (size_t)len < sizeof head);
    lane->client.used = 0;
    lane->sent_at = mun_bench_seconds();
    MUN_CHECK(send(lane->client.fd, head, (size_t)len, 0) == len);
}

static void
take_answer(struct reader *reader, struct lane *lane)
{
    struct mun_client *client = &lane->client;
    struct mun_client_answer answer = { 0 };
    ssize_t got;
    double now;

    if (client->used == client->size) {
        client->size *= 2;
        client->buffer = realloc(client->buffer, client->size);
        MUN_CHECK(client->buffer != NULL);
    }
    got = recv(client->fd, client->buffer + client->used,
               client->size - client->used, 0);
    MUN_CHECK(got > 0);
    client->used += (size_t)got;
    if (!mun_client_parse(&answer, client->buffer, client->used))
        return;
    MUN_CHECK(answer.status == 200);
    MUN_CHECK(answer.len == client->used);
    now = mun_bench_seconds();
    if (reader->sample_count < SAMPLES_MAX)
        reader->samples[reader->sample_count++] =
            (uint32_t)((now - lane->sent_at) * 1e6);
    reader->body_bytes = answer.len - answer.head_len;
    ask(reader, lane);
}

static void *
read_loop(void *arg)
{
    struct reader *reader = arg;
    struct epoll_event events[64];

    for (unsigned i = 0; i < reader->lane_count; i++)
        ask(reader, &reader->lanes[i]);
    while (mun_bench_seconds() < reader->until) {
        int count = epoll_wait(reader->epoll, events, 64, 100);

        MUN_CHECK(count >= 0 || errno == EINTR);
        for (int i = 0; i < count; i++)
            take_answer(reader, events[i].data.ptr);
    }
    return NULL;
}

static void
open_reader(struct reader *reader, const struct mun_load_reads *reads,
            unsigned index)
{
    memset(reader, 0, sizeof *reader);
    reader->reads = reads;
    reader->random = index + 1;
    reader->lane_count = reads->connections / THREADS +
                         (index < reads->connections % THREADS ? 1 : 0);
    reader->lanes = calloc(reader->lane_count + 1, sizeof *reader->lanes);
    reader->samples = malloc(SAMPLES_MAX * sizeof *reader->samples);
    reader->epoll = epoll_create1(EPOLL_CLOEXEC);
    MUN_CHECK(reader->lanes != NULL && reader->samples != NULL);
    MUN_CHECK(reader->epoll >= 0);
    for (unsigned i = 0; i < reader->lane_count; i++) {
        struct epoll_event event = { .events = EPOLLIN,
                                     .data.ptr = &reader->lanes[i] };

        MUN_CHECK(mun_client_open(&reader->lanes[i].client, reads->port));
        MUN_CHECK(epoll_ctl(reader->epoll, EPOLL_CTL_ADD,
                            reader->lanes[i].client.fd, &event) == 0);
    }
}

static void
close_reader(struct reader *reader)
{
    for (unsigned i = 0; i < reader->lane_count; i++)
        mun_client_close(&reader->lanes[i].client);
    MUN_CHECK(close(reader->epoll) == 0);
    free(reader->lanes);
    free(reader->samples);
}

static int
sample_cmp(const void *a, const void *b)
{
    const uint32_t *one = a;
    const uint32_t *other = b;

    return (*one > *other) - (*one < *other);
}

static void
summarise(struct mun_load_read *out, const struct reader *readers)
{
    size_t count = readers[0].sample_count + readers[1].sample_count;
    uint32_t *all = malloc(count * sizeof *all + 1);

    MUN_CHECK(all != NULL);
    MUN_CHECK(count > 0);
    memcpy(all, readers[0].samples, readers[0].sample_count * sizeof *all);
    memcpy(all + readers[0].sample_count, readers[1].samples,
           readers[1].sample_count * sizeof *all);
    qsort(all, count, sizeof *all, sample_cmp);
    out->count = count;
    size_t middle = count / 2;
    size_t last_of_99 = count - 1 - count / 100;
    out->p50_us = all[middle];
    out->p99_us = all[last_of_99];
    out->body_bytes = readers[0].sample_count > 0 ? readers[0].body_bytes
                                                  : readers[1].body_bytes;
    free(all);
}

void
mun_load_read(struct mun_load_read *out, const struct mun_load_reads *reads)
{
    static struct reader readers[THREADS]; /* one load at a time */
    double began;
    double cpu;
    double took;

    for (unsigned i = 0; i < THREADS; i++)
        open_reader(&readers[i], reads, i);
    cpu = mun_bench_cpu_own();
    began = mun_bench_seconds();
    for (unsigned i = 0; i < THREADS; i++) {
        readers[i].until = began + reads->seconds;
        MUN_CHECK(pthread_create(&readers[i].thread, NULL, read_loop,
                                 &readers[i]) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        MUN_CHECK(pthread_join(readers[i].thread, NULL) == 0);
    took = mun_bench_seconds() - began;
    cpu = mun_bench_cpu_own() - cpu;
    summarise(out, readers);
    out->per_second = (double)out->count / took;
    out->own_cpu_us = cpu * 1e6 / (double)out->count;
    for (unsigned i = 0; i < THREADS; i++)
        close_reader(&readers[i]);
}
