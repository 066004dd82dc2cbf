#ifndef MUN_CONSENSUS_TIME_H
#define MUN_CONSENSUS_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Proposer-based time: whether a fresh value's time may be believed. */

/* No delay grows above this: a day. */
#define MUN_CON_DELAY_MS_MAX (24ull * 3600u * 1000u)

struct mun_con_time_params {
    uint64_t precision_ms; /* how far apart honest clocks may be */
    uint64_t delay_ms;     /* how long a proposal may travel, in round 0 */
};

struct mun_con_timing {
    uint64_t value_ms;    /* the time that the value carries */
    uint64_t received_ms; /* own clock when its proposal came */
    uint32_t round;
};

/* Rule R25 of consensus/README.md; for proposals without a valid round only.
 * Units: milliseconds since 1970 UTC. */
bool mun_con_is_timely(const struct mun_con_time_params *params,
                       const struct mun_con_timing *timing);

#endif
