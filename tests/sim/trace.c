#include "tests/sim/trace.h"

#include <inttypes.h>
#include <string.h>

#include "tests/sim/value.h"

struct sim_trace_entry *
sim_trace_add(struct sim_world *w, const struct sim_proc *p)
{
    struct sim_trace_entry *entry =
        &w->trace->at[w->trace->next % SIM_TRACE_SIZE];

    w->trace->next++;
    memset(entry, 0, sizeof(*entry));
    entry->at_us = w->now_us;
    if (p != NULL) {
        entry->proc = (uint16_t)p->index;
        entry->member = (uint16_t)p->member;
    }
    return entry;
}

void
sim_trace_note(struct sim_world *w, enum sim_note note, uint32_t proc,
               uint32_t count)
{
    struct sim_trace_entry *entry = sim_trace_add(w, NULL);

    entry->what = (uint8_t)note;
    entry->proc = (uint16_t)proc;
    entry->count = count;
    if (w->options.is_trace) {
        sim_trace_print_entry(stdout, entry);
    }
}

void
sim_trace_effects(struct sim_world *w, struct sim_trace_entry *entry,
                  const struct sim_proc *p)
{
    const struct mun_con *con = p->con;
    const struct mun_con_out *out = &w->out;

    entry->con_height = con->record.height;
    entry->con_round = con->is_idle ? -1 : (int64_t)con->record.round;
    entry->phase = (int32_t)con->record.phase;
    entry->locked_round = con->record.locked_round;
    entry->valid_round = con->record.valid_round;
    entry->locked = sim_value_find(w, &con->record.locked_id);
    entry->valid = sim_value_find(w, &con->record.valid_id);
    entry->persist_count = out->has_persist ? out->persist.count : 0;
    for (uint32_t i = 0; i < entry->persist_count; i++) {
        const struct mun_vote *vote = &out->persist.votes[i];

        entry->persist[i] =
            (struct sim_trace_vote){ (uint8_t)vote->type, vote->round,
                                     vote->valid_round,
                                     sim_value_find(w, &vote->id) };
    }
    entry->send_count = out->send.count;
    entry->send_votes = out->send.votes_count;
    entry->apply = out->has_apply ? sim_value_find(w, &out->apply.id) : 0;
    for (uint32_t i = 0; i < out->request_count; i++) {
        entry->requests |= 1u << out->requests[i].kind;
    }
    for (uint32_t i = 0; i < out->timer_count; i++) {
        entry->timers |= 1u << out->timers[i].kind;
    }
    entry->notices = out->notices;
}

static const char *
name_of(uint32_t what)
{
    static const char *const names[] = { "?",        "STARTED",  "WORK",
                                         "MESSAGE",  "TIMER",    "VALUE",
                                         "VALIDITY", "PERSISTED" };
    static const char *const notes[] = { "crash",     "boot",   "heal",
                                         "chaos",     "split",  "clock",
                                         "liar acts", "forgets" };

    if (what >= SIM_NOTE_CRASH) {
        return notes[what - SIM_NOTE_CRASH];
    }
    return what < sizeof(names) / sizeof(names[0]) ? names[what] : "?";
}

static void
print_vote(FILE *to, const char *prefix, const struct sim_trace_vote *vote)
{
    static const char *const types[] = { "?", "proposal", "prevote",
                                         "precommit" };

    (void)fprintf(to, "%s%s r%" PRIu32 " ", prefix, types[vote->type & 3],
                  vote->round);
    if (vote->value == 0) {
        (void)fprintf(to, "nil");
    } else {
        (void)fprintf(to, "v%" PRIu32, vote->value);
    }
    if (vote->valid_round >= 0) {
        (void)fprintf(to, " vr%" PRId32, vote->valid_round);
    }
}

static void
print_event(FILE *to, const struct sim_trace_entry *entry)
{
    static const char *const kinds[] = { "?", "", "", " certificate",
                                         " votes" };
    static const char *const timers[] = { "?", "propose", "prevote",
                                          "precommit", "resend" };

    switch (entry->what) {
    case MUN_CON_EVENT_MESSAGE:
        (void)fprintf(to, "%s of m%u h%" PRIu64 " ",
                      entry->sub <= 4 ? kinds[entry->sub] : "?",
                      (unsigned)entry->from, entry->height);
        print_vote(to, "", &entry->vote);
        break;
    case MUN_CON_EVENT_TIMER:
        (void)fprintf(to, " %s h%" PRIu64 " r%" PRIu32,
                      timers[entry->sub <= 4 ? entry->sub : 0], entry->height,
                      entry->vote.round);
        break;
    case MUN_CON_EVENT_VALUE:
    case MUN_CON_EVENT_VALIDITY:
        (void)fprintf(to, " v%" PRIu32 "%s", entry->vote.value,
                      entry->sub != 0 ? "" : " invalid");
        break;
    default:
        break;
    }
}

static void
print_effects(FILE *to, const struct sim_trace_entry *entry)
{
    static const char *const requests[] = { "", "value", "validity",
                                            "catch-up" };

    for (uint32_t i = 0; i < entry->persist_count; i++) {
        print_vote(to, " PERSIST ", &entry->persist[i]);
    }
    if (entry->send_count + entry->send_votes > 0) {
        (void)fprintf(to, " SEND %" PRIu32 "+%" PRIu32, entry->send_count,
                      entry->send_votes);
    }
    if (entry->apply != 0) {
        (void)fprintf(to, " APPLY v%" PRIu32, entry->apply);
    }
    for (uint32_t i = 1; i < 4; i++) {
        if ((entry->requests & (1u << i)) != 0) {
            (void)fprintf(to, " ASK %s", requests[i]);
        }
    }
    if (entry->timers != 0) {
        (void)fprintf(to, " TIMERS %" PRIx32, entry->timers);
    }
    if (entry->notices != 0) {
        (void)fprintf(to, " NOTICE %" PRIx32, entry->notices);
    }
}

void
sim_trace_print_entry(FILE *to, const struct sim_trace_entry *entry)
{
    (void)fprintf(to, "%10.3f ", (double)entry->at_us / 1000.0);
    if (entry->what >= SIM_NOTE_CRASH) {
        (void)fprintf(to, "        -- %s p%u %" PRIu32 "\n",
                      name_of(entry->what), (unsigned)entry->proc,
                      entry->count);
        return;
    }
    (void)fprintf(to, "p%-2u m%-2u %s", (unsigned)entry->proc,
                  (unsigned)entry->member, name_of(entry->what));
    print_event(to, entry);
    if (entry->err != 0) {
        (void)fprintf(to, " REFUSED %u\n", (unsigned)entry->err);
        return;
    }
    (void)fprintf(to, " => h%" PRIu64 " r%" PRId64 " s%" PRId32,
                  entry->con_height, entry->con_round, entry->phase);
    if (entry->locked_round >= 0) {
        (void)fprintf(to, " lock v%" PRIu32 "@%" PRId32, entry->locked,
                      entry->locked_round);
    }
    if (entry->valid_round >= 0) {
        (void)fprintf(to, " valid v%" PRIu32 "@%" PRId32, entry->valid,
                      entry->valid_round);
    }
    print_effects(to, entry);
    (void)fprintf(to, "\n");
}

void
sim_trace_print(FILE *to, const struct sim_trace *trace, uint32_t count)
{
    uint64_t first = 0;

    if (count > SIM_TRACE_SIZE) {
        count = SIM_TRACE_SIZE;
    }
    if (trace->next > count) {
        first = trace->next - count;
    }
    for (uint64_t i = first; i < trace->next; i++) {
        sim_trace_print_entry(to, &trace->at[i % SIM_TRACE_SIZE]);
    }
}
