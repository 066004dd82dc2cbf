#include "node/peers.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/base/log.h"
#include "ledger/base/rd.h"
#include "ledger/core/block.h"
#include "node/clock.h"
#include "rpc/rpc.h"

#define QUEUE_ITEMS_MAX 1024u
#define QUEUE_BYTES_MAX (64u << 20)
#define POST_BYTES_MAX (4u << 20)
#define ANSWER_BYTES_MAX 4096u
#define PULL_BYTES_MAX (24u << 20) /* an answer of blocks has 16 MiB */

#define PING_MS 1000u
#define PAUSE_MS_MIN 250u
#define PAUSE_MS_MAX 5000u
#define BLAME_MS 60000u
#define CONNECT_MS 3000L
#define STALL_SECONDS 10L

/* Another peer is asked for a value too when one has not given it for so long;
 * doubled each time, because large blocks take a while on slow lines. */
#define HEDGE_MS_MIN 250u
#define HEDGE_MS_MAX 4000u

/* Once none of the peers has a value they are asked again after so long. */
#define AGAIN_MS 20u

/* Values wanted at a time; the step asks for a few. */
#define WANTED_MAX 8u
#define BLOCKS_AT_ONCE 100u

enum lane { LANE_MESSAGES, LANE_ENTRIES, LANE_PULL, LANE_COUNT };

struct link {
    struct mun_blob *blob;
    uint32_t items; /* messages or entries in it */
    struct link *next;
};

struct queue {
    struct link *first;
    struct link *last;
    uint32_t count;
    size_t bytes;
};

struct peer;

/* One connection and the request on it. */
struct channel {
    struct peer *peer;
    enum lane lane;
    CURL *easy;
    bool is_busy;
    bool is_failed; /* the answer is too large, or there is no memory */
    uint8_t *body;  /* what is posted */
    size_t body_len;
    uint8_t *answer;
    size_t answer_len;
    size_t answer_room;
    enum mun_inbox_kind pulls; /* what for */
    struct mun_hash value_id;  /* for a value */
};

struct peer {
    struct mun_peers *peers;
    uint32_t index;
    const char *url;
    struct queue queues[LANE_PULL];
    struct channel channels[LANE_COUNT];
    uint64_t pause_ms; /* the next one */
    uint64_t paused_until_ms;
    uint64_t blamed_until_ms;
    uint64_t posted_ms;
    uint64_t blocks_from; /* 0: none wanted */
    bool is_status_wanted;
    bool was_unreachable;
    bool is_counted; /* in peers_reachable */
};

struct wanted {
    struct mun_hash id;
    uint32_t next_peer;
    uint64_t not_before_ms;
    uint64_t hedge_ms;
};

struct mun_peers {
    struct mun_peers_config config;
    pthread_mutex_t lock; /* queues, wanted, blocks_from, blamed_until_ms */
    pthread_t thread;
    bool has_thread;
    bool is_stopping;
    CURLM *multi;
    struct curl_slist *headers;
    uint32_t count;
    struct peer *at;
    uint32_t wanted_count;
    struct wanted wanted[WANTED_MAX];
    struct mun_hash nonce; /* of the status that is wanted */
};

static void
lock(struct mun_peers *peers)
{
    MUN_CHECK(pthread_mutex_lock(&peers->lock) == 0);
}

static void
unlock(struct mun_peers *peers)
{
    MUN_CHECK(pthread_mutex_unlock(&peers->lock) == 0);
}

static void
wake(struct mun_peers *peers)
{
    (void)curl_multi_wakeup(peers->multi); /* it looks again soon anyway */
}

/* Queues */

static struct mun_blob *
queue_pop(struct queue *queue)
{
    struct link *link = queue->first;
    struct mun_blob *blob = NULL;

    if (link == NULL)
        return NULL;
    blob = link->blob;
    queue->first = link->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    queue->bytes -= blob->len;
    free(link);
    return blob;
}

static void
queue_push(struct queue *queue, struct mun_blob *blob, uint32_t items)
{
    struct link *link = malloc(sizeof *link);

    if (link == NULL)
        return;
    *link = (struct link){ .blob = mun_blob_hold(blob), .items = items };
    if (queue->last == NULL)
        queue->first = link;
    else
        queue->last->next = link;
    queue->last = link;
    queue->count++;
    queue->bytes += blob->len;
    while (queue->count > QUEUE_ITEMS_MAX || queue->bytes > QUEUE_BYTES_MAX)
        mun_blob_drop(queue_pop(queue));
}

static void
push_all(struct mun_peers *peers, enum lane lane, struct mun_blob *blob,
         uint32_t items)
{
    if (peers == NULL)
        return;
    lock(peers);
    for (uint32_t i = 0; i < peers->count; i++)
        queue_push(&peers->at[i].queues[lane], blob, items);
    unlock(peers);
    wake(peers);
}

void
mun_peers_send(struct mun_peers *peers, struct mun_blob *message)
{
    push_all(peers, LANE_MESSAGES, message, 1);
}

void
mun_peers_entries(struct mun_peers *peers, struct mun_blob *entries,
                  uint32_t count)
{
    push_all(peers, LANE_ENTRIES, entries, count);
}

/* What is wanted */

void
mun_peers_want_value(struct mun_peers *peers, const struct mun_hash *id)
{
    bool is_there = false;

    if (peers == NULL)
        return;
    lock(peers);
    for (uint32_t i = 0; i < peers->wanted_count; i++)
        is_there = is_there || mun_hash_eq(&peers->wanted[i].id, id);
    /* The oldest may be one that nobody has: it must not stand in the way. */
    if (!is_there && peers->wanted_count == WANTED_MAX) {
        peers->wanted_count--;
        memmove(peers->wanted, peers->wanted + 1,
                peers->wanted_count * sizeof peers->wanted[0]);
    }
    if (!is_there) {
        peers->wanted[peers->wanted_count] =
            (struct wanted){ .id = *id, .hedge_ms = HEDGE_MS_MIN };
        peers->wanted_count++;
    }
    unlock(peers);
    wake(peers);
}

void
mun_peers_forget(struct mun_peers *peers)
{
    if (peers == NULL)
        return;
    lock(peers);
    peers->wanted_count = 0;
    unlock(peers);
}

static struct wanted *
find_wanted(struct mun_peers *peers, const struct mun_hash *id)
{
    for (uint32_t i = 0; i < peers->wanted_count; i++) {
        if (mun_hash_eq(&peers->wanted[i].id, id))
            return &peers->wanted[i];
    }
    return NULL;
}

void
mun_peers_want_blocks(struct mun_peers *peers, uint32_t peer, uint64_t from)
{
    if (peers == NULL || peer >= peers->count)
        return;
    lock(peers);
    peers->at[peer].blocks_from = from;
    unlock(peers);
    wake(peers);
}

void
mun_peers_want_status(struct mun_peers *peers, const struct mun_hash *nonce)
{
    if (peers == NULL)
        return;
    lock(peers);
    peers->nonce = *nonce;
    for (uint32_t i = 0; i < peers->count; i++)
        peers->at[i].is_status_wanted = true;
    unlock(peers);
    wake(peers);
}

void
mun_peers_blame(struct mun_peers *peers, uint32_t peer)
{
    if (peers == NULL || peer >= peers->count)
        return;
    mun_log(MUN_LOG_UNUSUAL, "peers blamed peer=%s", peers->at[peer].url);
    lock(peers);
    peers->at[peer].blamed_until_ms = mun_clock_monotonic_ms() + BLAME_MS;
    peers->at[peer].blocks_from = 0;
    unlock(peers);
}

/* One request */

static size_t
take_answer(char *data, size_t size, size_t count, void *ctx)
{
    struct channel *channel = ctx;
    size_t len = size * count;
    size_t max = channel->lane == LANE_PULL ? PULL_BYTES_MAX : ANSWER_BYTES_MAX;

    if (len > max - channel->answer_len) {
        channel->is_failed = true;
        return 0;
    }
    if (len > channel->answer_room - channel->answer_len) {
        size_t room = channel->answer_room * 2 + len;
        uint8_t *moved = realloc(channel->answer, room);

        if (moved == NULL) {
            channel->is_failed = true;
            return 0;
        }
        channel->answer = moved;
        channel->answer_room = room;
    }
    memcpy(channel->answer + channel->answer_len, data, len);
    channel->answer_len += len;
    return len;
}

static void
begin(struct mun_peers *peers, struct channel *channel, const char *path)
{
    CURL *easy = channel->easy;
    char url[1024];
    int len = snprintf(url, sizeof url, "%s%s", channel->peer->url, path);

    MUN_CHECK(len > 0 && (size_t)len < sizeof url);
    curl_easy_reset(easy);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, channel);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever is set */
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "munimentd");
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, channel);
    /* "Expect:" off: libcurl would wait a second for its answer. */
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, peers->headers);
    if (channel->lane != LANE_PULL) {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)channel->body_len);
        (void)curl_easy_setopt(
            easy, CURLOPT_POSTFIELDS,
            channel->body_len == 0 ? "" : (const char *)channel->body);
    }
    channel->answer_len = 0;
    channel->is_failed = false;
    channel->is_busy = true;
    MUN_CHECK(curl_multi_add_handle(peers->multi, easy) == CURLM_OK);
}

static void
put_length(uint8_t out[4], size_t len)
{
    out[0] = (uint8_t)(len >> 24);
    out[1] = (uint8_t)(len >> 16);
    out[2] = (uint8_t)(len >> 8);
    out[3] = (uint8_t)len;
}

/* Moves what is queued into the body: messages with their lengths, entries as
 * they are. */
static void
fill_body(struct channel *channel, struct queue *queue)
{
    size_t frame = channel->lane == LANE_MESSAGES ? 4 : 0;
    size_t len = 0;
    uint32_t items = 0;
    uint32_t count = 0;

    for (struct link *at = queue->first; at != NULL; at = at->next) {
        if (count > 0 && (len + frame + at->blob->len > POST_BYTES_MAX ||
                          items + at->items > MUN_RPC_ITEMS_MAX))
            break;
        len += frame + at->blob->len;
        items += at->items;
        count++;
    }
    free(channel->body);
    channel->body = len == 0 ? NULL : malloc(len);
    channel->body_len = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct mun_blob *blob = queue_pop(queue);

        if (channel->body != NULL) {
            uint8_t *to = channel->body + channel->body_len;

            if (frame > 0)
                put_length(to, blob->len);
            memcpy(to + frame, blob->data, blob->len);
            channel->body_len += frame + blob->len;
        }
        mun_blob_drop(blob);
    }
}

/* The first value that this peer is to be asked for. */
static struct wanted *
next_wanted(struct mun_peers *peers, const struct peer *peer, uint64_t now_ms)
{
    for (uint32_t i = 0; i < peers->wanted_count; i++) {
        struct wanted *wanted = &peers->wanted[i];

        if (wanted->next_peer == peer->index && now_ms >= wanted->not_before_ms)
            return wanted;
    }
    return NULL;
}

static bool
is_paused(const struct peer *peer, uint64_t now_ms)
{
    return now_ms < peer->paused_until_ms;
}

static void
pull_by_name(struct mun_peers *peers, struct channel *channel,
             const char *folder, const struct mun_hash *name)
{
    char hex[2 * sizeof name->b + 1];
    char path[128];

    mun_hex_encode(hex, mun_bytes(name->b, sizeof name->b));
    (void)snprintf(path, sizeof path, "/peer/%s/%s", folder, hex);
    begin(peers, channel, path);
}

static void
pass_on(const struct mun_peers *peers, const struct peer *peer,
        struct wanted *wanted)
{
    wanted->next_peer = (peer->index + 1) % peers->count;
}

static void
begin_pull(struct mun_peers *peers, struct peer *peer, uint64_t now_ms)
{
    struct channel *channel = &peer->channels[LANE_PULL];
    struct wanted *wanted = next_wanted(peers, peer, now_ms);
    char path[128];

    if (wanted != NULL) {
        channel->pulls = MUN_INBOX_VALUE;
        channel->value_id = wanted->id;
        pass_on(peers, peer, wanted);
        wanted->not_before_ms = now_ms + wanted->hedge_ms;
        wanted->hedge_ms = wanted->hedge_ms * 2 > HEDGE_MS_MAX
                               ? HEDGE_MS_MAX
                               : wanted->hedge_ms * 2;
        pull_by_name(peers, channel, "values", &channel->value_id);
    } else if (peer->is_status_wanted) {
        peer->is_status_wanted = false;
        channel->pulls = MUN_INBOX_STATUS;
        pull_by_name(peers, channel, "status", &peers->nonce);
    } else if (peer->blocks_from > 0) {
        (void)snprintf(path, sizeof path,
                       "/v1/blocks?from=%" PRIu64 "&limit=%u",
                       peer->blocks_from, BLOCKS_AT_ONCE);
        peer->blocks_from = 0;
        channel->pulls = MUN_INBOX_BLOCKS;
        begin(peers, channel, path);
    }
}

/* Values go to the next peer when this one rests, is at another, or gave wrong
 * ones. */
static void
pass_wanted_on(struct mun_peers *peers, const struct peer *peer)
{
    for (uint32_t i = 0; i < peers->wanted_count; i++) {
        if (peers->wanted[i].next_peer == peer->index)
            pass_on(peers, peer, &peers->wanted[i]);
    }
}

/* Starts what can be started at a peer. Under the lock. */
static void
serve_peer(struct mun_peers *peers, struct peer *peer, uint64_t now_ms)
{
    struct channel *messages = &peer->channels[LANE_MESSAGES];
    struct channel *entries = &peer->channels[LANE_ENTRIES];

    if (is_paused(peer, now_ms)) {
        pass_wanted_on(peers, peer);
        return;
    }
    if (!messages->is_busy && (peer->queues[LANE_MESSAGES].count > 0 ||
                               now_ms >= peer->posted_ms + PING_MS)) {
        fill_body(messages, &peer->queues[LANE_MESSAGES]);
        peer->posted_ms = now_ms;
        begin(peers, messages, "/peer/messages");
    }
    if (!entries->is_busy && peer->queues[LANE_ENTRIES].count > 0) {
        fill_body(entries, &peer->queues[LANE_ENTRIES]);
        begin(peers, entries, "/peer/entries");
    }
    if (peer->channels[LANE_PULL].is_busy || now_ms < peer->blamed_until_ms)
        pass_wanted_on(peers, peer);
    else
        begin_pull(peers, peer, now_ms);
}

/* Answers */

static void
count_reachable(struct peer *peer, bool is_reachable)
{
    atomic_uint_least64_t *count =
        &peer->peers->config.metrics->peers_reachable;

    if (is_reachable && !peer->is_counted)
        atomic_fetch_add(count, 1);
    if (!is_reachable && peer->is_counted)
        atomic_fetch_sub(count, 1);
    peer->is_counted = is_reachable;
}

static void
failed(struct peer *peer, const char *why)
{
    count_reachable(peer, false);
    if (!peer->was_unreachable)
        mun_log(MUN_LOG_UNUSUAL, "peers unreachable peer=%s text=\"%s\"",
                peer->url, why);
    peer->was_unreachable = true;
    peer->paused_until_ms = mun_clock_monotonic_ms() + peer->pause_ms;
    peer->pause_ms =
        peer->pause_ms * 2 > PAUSE_MS_MAX ? PAUSE_MS_MAX : peer->pause_ms * 2;
}

static void
answered(struct peer *peer)
{
    count_reachable(peer, true);
    if (peer->was_unreachable)
        mun_log(MUN_LOG_INFO, "peers reachable peer=%s", peer->url);
    peer->was_unreachable = false;
    peer->pause_ms = PAUSE_MS_MIN;
    peer->paused_until_ms = 0;
}

/* The peer's height, in eight bytes. */
static void
take_height(struct mun_peers *peers, const struct channel *channel)
{
    struct mun_rd rd;
    uint64_t height;

    mun_rd_init(&rd, mun_bytes(channel->answer, channel->answer_len));
    height = mun_rd_u64(&rd);
    if (mun_is_ok(mun_rd_finish(&rd)))
        (void)mun_inbox_height(peers->config.inbox, channel->peer->index,
                               height); /* dropped: the next ping says it */
}

/* The whole value that was asked for, and nothing else: half of it, under its
 * header, would be judged, and the value with it. */
static bool
is_the_value(const struct channel *channel)
{
    struct mun_block block;
    struct mun_hash id;

    if (!mun_is_ok(mun_block_decode(
            &block, mun_bytes(channel->answer, channel->answer_len))))
        return false;
    mun_header_id(&id, &block.header);
    return mun_hash_eq(&id, &channel->value_id) && mun_block_is_whole(&block);
}

/* One that was not got is asked of the next peer at once. */
static void
end_wanted(struct mun_peers *peers, const struct channel *channel, bool is_got)
{
    struct wanted *wanted;

    lock(peers);
    wanted = find_wanted(peers, &channel->value_id);
    if (wanted != NULL && is_got)
        *wanted = peers->wanted[--peers->wanted_count];
    else if (wanted != NULL)
        wanted->not_before_ms =
            wanted->next_peer == 0 ? mun_clock_monotonic_ms() + AGAIN_MS : 0;
    unlock(peers);
}

static void
take_pull(struct mun_peers *peers, struct channel *channel, bool is_good)
{
    struct mun_blob *blob = NULL;
    bool is_taken = false;

    if (is_good && channel->pulls == MUN_INBOX_VALUE &&
        !is_the_value(channel)) {
        mun_peers_blame(peers, channel->peer->index);
        is_good = false;
    }
    if (is_good)
        blob = mun_blob_new(mun_bytes(channel->answer, channel->answer_len));
    if (blob != NULL)
        is_taken = mun_inbox_blob(peers->config.inbox, channel->pulls,
                                  channel->peer->index, blob);
    mun_blob_drop(blob);
    if (channel->pulls == MUN_INBOX_VALUE)
        end_wanted(peers, channel, is_taken);
    /* A large answer's memory is not kept. */
    if (channel->answer_room > (1u << 20)) {
        free(channel->answer);
        channel->answer = NULL;
        channel->answer_room = 0;
    }
}

static void
finish(struct mun_peers *peers, struct channel *channel, CURLcode code)
{
    struct peer *peer = channel->peer;
    long status = 0;
    bool is_good;

    (void)curl_easy_getinfo(channel->easy, CURLINFO_RESPONSE_CODE, &status);
    MUN_CHECK(curl_multi_remove_handle(peers->multi, channel->easy) ==
              CURLM_OK);
    channel->is_busy = false;
    is_good = code == CURLE_OK && status == 200 && !channel->is_failed;
    if (code != CURLE_OK && !channel->is_failed)
        failed(peer, curl_easy_strerror(code));
    else
        answered(peer);
    if (channel->lane == LANE_PULL)
        take_pull(peers, channel, is_good);
    else if (channel->lane == LANE_MESSAGES && is_good)
        take_height(peers, channel);
}

static void
finish_all(struct mun_peers *peers)
{
    struct CURLMsg *msg;
    int left = 0;

    while ((msg = curl_multi_info_read(peers->multi, &left)) != NULL) {
        struct channel *channel = NULL;

        if (msg->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
                                (char **)&channel);
        finish(peers, channel, msg->data.result);
    }
}

static void *
run(void *arg)
{
    struct mun_peers *peers = arg;
    bool goes_on = true;

    while (goes_on) {
        int running = 0;
        uint64_t now_ms = mun_clock_monotonic_ms();

        lock(peers);
        goes_on = !peers->is_stopping;
        for (uint32_t i = 0; i < peers->count && goes_on; i++)
            serve_peer(peers, &peers->at[i], now_ms);
        unlock(peers);
        if (!goes_on)
            break;
        (void)curl_multi_perform(peers->multi, &running);
        finish_all(peers);
        lock(peers);
        /* What finished may have left something to send. */
        for (uint32_t i = 0; i < peers->count; i++)
            serve_peer(peers, &peers->at[i], now_ms);
        unlock(peers);
        (void)curl_multi_poll(peers->multi, NULL, 0, 20, NULL);
    }
    return NULL;
}

/* Start and stop */

static mun_err_t
open_peer(struct mun_peers *peers, uint32_t i)
{
    struct peer *peer = &peers->at[i];

    peer->peers = peers;
    peer->index = i;
    peer->url = peers->config.node->peers[i];
    peer->pause_ms = PAUSE_MS_MIN;
    for (int lane = 0; lane < LANE_COUNT; lane++) {
        struct channel *channel = &peer->channels[lane];

        channel->peer = peer;
        channel->lane = (enum lane)lane;
        channel->easy = curl_easy_init();
        if (channel->easy == NULL)
            return mun_err(MUN_ERR_MEMORY);
    }
    return MUN_SUCCESS;
}

static mun_err_t
open_all(struct mun_peers *peers, struct mun_arena *arena)
{
    peers->count = peers->config.node->peer_count;
    peers->at = mun_arena_array(arena, peers->count, sizeof *peers->at);
    if (peers->at == NULL) {
        peers->count = 0;
        return mun_err(MUN_ERR_LIMIT);
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return mun_err(MUN_ERR_NETWORK);
    peers->multi = curl_multi_init();
    peers->headers = curl_slist_append(NULL, "Expect:");
    if (peers->multi == NULL || peers->headers == NULL ||
        curl_slist_append(peers->headers,
                          "Content-Type: application/octet-stream") == NULL)
        return mun_err(MUN_ERR_MEMORY);
    for (uint32_t i = 0; i < peers->count; i++)
        MUN_TRY(open_peer(peers, i));
    if (pthread_create(&peers->thread, NULL, run, peers) != 0)
        return mun_err(MUN_ERR_MEMORY);
    peers->has_thread = true;
    return MUN_SUCCESS;
}

mun_err_t
mun_peers_start(struct mun_peers **out, struct mun_arena *arena,
                const struct mun_peers_config *config)
{
    struct mun_peers *peers = mun_arena_alloc(arena, sizeof *peers);
    mun_err_t err;

    *out = NULL;
    if (peers == NULL)
        return mun_err(MUN_ERR_LIMIT);
    MUN_CHECK(pthread_mutex_init(&peers->lock, NULL) == 0);
    peers->config = *config;
    err = open_all(peers, arena);
    if (mun_is_ok(err))
        *out = peers;
    else
        mun_peers_stop(peers);
    return err;
}

static void
close_peer(struct mun_peers *peers, struct peer *peer)
{
    struct mun_blob *blob;

    for (int lane = 0; lane < LANE_COUNT; lane++) {
        struct channel *channel = &peer->channels[lane];

        if (channel->is_busy)
            (void)curl_multi_remove_handle(peers->multi, channel->easy);
        if (channel->easy != NULL)
            curl_easy_cleanup(channel->easy);
        free(channel->body);
        free(channel->answer);
    }
    for (int lane = 0; lane < LANE_PULL; lane++) {
        while ((blob = queue_pop(&peer->queues[lane])) != NULL)
            mun_blob_drop(blob);
    }
}

void
mun_peers_stop(struct mun_peers *peers)
{
    if (peers == NULL)
        return;
    if (peers->has_thread) {
        lock(peers);
        peers->is_stopping = true;
        unlock(peers);
        wake(peers);
        MUN_CHECK(pthread_join(peers->thread, NULL) == 0);
    }
    for (uint32_t i = 0; i < peers->count; i++)
        close_peer(peers, &peers->at[i]);
    if (peers->multi != NULL)
        (void)curl_multi_cleanup(peers->multi);
    curl_slist_free_all(peers->headers);
    MUN_CHECK(pthread_mutex_destroy(&peers->lock) == 0);
}
