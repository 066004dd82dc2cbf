#include "consensus/time.h"

#include "ledger/base/bytes.h"

static uint64_t
add_capped(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;

    return mun_u64_add(&sum, a, b) ? sum : UINT64_MAX;
}

/* delay + round * delay / 10, at most a day. */
static uint64_t
delay_in_round(uint64_t delay_ms, uint32_t round)
{
    uint64_t growth = 0;
    uint64_t sum = 0;

    if (!mun_u64_mul(&growth, delay_ms, round)) {
        return MUN_CON_DELAY_MS_MAX;
    }
    sum = add_capped(delay_ms, growth / 10);
    return sum < MUN_CON_DELAY_MS_MAX ? sum : MUN_CON_DELAY_MS_MAX;
}

/* R25: A fresh value is timely when its time is at most the precision after
 * the receipt of its proposal and at most precision and delay before. */
bool
mun_con_is_timely(const struct mun_con_time_params *params,
                  const struct mun_con_timing *timing)
{
    uint64_t delay = delay_in_round(params->delay_ms, timing->round);

    if (timing->value_ms >
        add_capped(timing->received_ms, params->precision_ms)) {
        return false;
    }
    return add_capped(timing->value_ms,
                      add_capped(delay, params->precision_ms)) >=
           timing->received_ms;
}
