#include "tests/sim/disk.h"

#include <string.h>

#include "ledger/base/check.h"

static uint64_t
sum_of(const struct sim_place *place)
{
    uint64_t sum = place->seq ^ place->len;
    uint64_t part = 0;
    uint32_t i = 0;

    for (; i + 8 <= place->len; i += 8) {
        memcpy(&part, place->bytes + i, sizeof(part));
        sum = (sum ^ part) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 31;
    }
    for (; i < place->len; i++) {
        sum = sim_mix(sum ^ place->bytes[i]);
    }
    return sum;
}

void
sim_disk_write(struct sim_world *w, struct sim_disk *disk,
               const struct mun_con_record *record)
{
    struct mun_wr wr;
    struct sim_place *place = &disk->pending;

    (void)w;
    mun_wr_init(&wr, place->bytes, sizeof(place->bytes));
    mun_con_record_encode(&wr, record);
    MUN_CHECK(mun_is_ok(mun_wr_status(&wr)));
    disk->next_seq++;
    place->seq = disk->next_seq;
    place->len = (uint32_t)mun_wr_done(&wr).len;
    place->sum = sum_of(place);
}

static void
put(struct sim_disk *disk, uint32_t len)
{
    struct sim_place *older = disk->places[0].seq <= disk->places[1].seq
                                  ? &disk->places[0]
                                  : &disk->places[1];

    older->seq = disk->pending.seq;
    older->sum = disk->pending.sum;
    older->len = disk->pending.len;
    memcpy(older->bytes, disk->pending.bytes, len);
}

void
sim_disk_sync(struct sim_disk *disk)
{
    if (disk->pending.seq != 0) {
        put(disk, disk->pending.len);
        disk->pending.seq = 0;
    }
}

void
sim_disk_crash(struct sim_world *w, struct sim_disk *disk)
{
    uint32_t fate = sim_rng_below(&w->rng, 3);

    if (disk->pending.seq == 0) {
        return;
    }
    if (fate == 0) {
        sim_disk_sync(disk);
    } else if (fate == 1 && sim_has(w, SIM_TORN)) {
        put(disk, sim_rng_below(&w->rng, disk->pending.len));
    }
    disk->pending.seq = 0;
}

bool
sim_disk_read(struct sim_world *w, const struct sim_disk *disk)
{
    const struct sim_place *best = NULL;
    struct mun_bytes bytes;

    for (uint32_t i = 0; i < 2; i++) {
        const struct sim_place *place = &disk->places[i];

        if (place->seq != 0 && sum_of(place) == place->sum &&
            (best == NULL || place->seq > best->seq)) {
            best = place;
        }
    }
    if (best == NULL) {
        return false;
    }
    bytes = (struct mun_bytes){ best->bytes, best->len };
    SIM_CHECK(w, mun_is_ok(mun_con_record_decode(&w->record, bytes)),
              "a durable record does not decode");
    return true;
}
