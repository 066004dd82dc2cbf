#include "node/clock.h"

#include <time.h>

#include "ledger/base/check.h"

static uint64_t
microseconds(clockid_t clock)
{
    struct timespec now;

    MUN_CHECK(clock_gettime(clock, &now) == 0);
    if (now.tv_sec < 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t
mun_clock_ms(void)
{
    return microseconds(CLOCK_REALTIME) / 1000;
}

uint64_t
mun_clock_monotonic_ms(void)
{
    return microseconds(CLOCK_MONOTONIC) / 1000;
}

uint64_t
mun_clock_monotonic_us(void)
{
    return microseconds(CLOCK_MONOTONIC);
}
