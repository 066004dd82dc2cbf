#include "tests/sim/queue.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/check.h"

void
sim_queue_fini(struct sim_queue *queue)
{
    free(queue->heap);
    memset(queue, 0, sizeof(*queue));
}

static bool
is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->seq < b->seq;
}

void
sim_queue_push(struct sim_queue *queue, const struct sim_event *event)
{
    struct sim_event item = *event;
    size_t at = queue->count;

    if (queue->count == queue->size) {
        queue->size = queue->size == 0 ? 1024 : queue->size * 2;
        queue->heap =
            realloc(queue->heap, queue->size * sizeof(queue->heap[0]));
        MUN_CHECK(queue->heap != NULL);
    }
    item.seq = queue->next_seq;
    queue->next_seq++;
    queue->count++;
    while (at > 0 && is_before(&item, &queue->heap[(at - 1) / 4])) {
        queue->heap[at] = queue->heap[(at - 1) / 4];
        at = (at - 1) / 4;
    }
    queue->heap[at] = item;
}

static size_t
least_child(const struct sim_queue *queue, size_t at)
{
    size_t first = at * 4 + 1;
    size_t least = first;

    for (size_t i = first + 1; i < first + 4 && i < queue->count; i++) {
        if (is_before(&queue->heap[i], &queue->heap[least])) {
            least = i;
        }
    }
    return least;
}

bool
sim_queue_pop(struct sim_queue *queue, struct sim_event *out)
{
    struct sim_event last;
    size_t at = 0;

    if (queue->count == 0) {
        return false;
    }
    *out = queue->heap[0];
    queue->count--;
    last = queue->heap[queue->count];
    while (at * 4 + 1 < queue->count) {
        size_t child = least_child(queue, at);

        if (!is_before(&queue->heap[child], &last)) {
            break;
        }
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    queue->heap[at] = last;
    return true;
}
