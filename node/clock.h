#ifndef MUN_NODE_CLOCK_H
#define MUN_NODE_CLOCK_H

#include <stdint.h>

/* The wall clock, in milliseconds since 1970 UTC, and one that only goes
 * forward, from an unspecified start. */
uint64_t mun_clock_ms(void);
uint64_t mun_clock_monotonic_ms(void);
uint64_t mun_clock_monotonic_us(void);

#endif
