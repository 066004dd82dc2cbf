#ifndef MUN_TESTS_SIM_RNG_H
#define MUN_TESTS_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

/* The simulator's only source of chance: xoshiro256**, filled by splitmix64
 * from one seed. The same on every machine. */
struct sim_rng {
    uint64_t s[4];
};

/* One round of splitmix64: also the hash that plans are drawn by. */
static inline uint64_t
sim_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline void
sim_rng_init(struct sim_rng *rng, uint64_t seed)
{
    for (uint32_t i = 0; i < 4; i++) {
        seed = sim_mix(seed + i);
        rng->s[i] = seed;
    }
}

static inline uint64_t
sim_rotl(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

static inline uint64_t
sim_rng_next(struct sim_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = sim_rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = sim_rotl(s[3], 45);
    return result;
}

/* 0 .. limit - 1; 0 when limit is 0. The bias is far below what tests see. */
static inline uint32_t
sim_rng_below(struct sim_rng *rng, uint32_t limit)
{
    return (uint32_t)(((sim_rng_next(rng) >> 32) * limit) >> 32);
}

/* low .. high, both included. */
static inline uint32_t
sim_rng_between(struct sim_rng *rng, uint32_t low, uint32_t high)
{
    return low + sim_rng_below(rng, high - low + 1);
}

/* True `rate` times in 65,536. */
static inline bool
sim_rng_chance(struct sim_rng *rng, uint32_t rate)
{
    return rate > 0 && (sim_rng_next(rng) >> 48) < rate;
}

#endif
