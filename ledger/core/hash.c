#include "ledger/core/hash.h"

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/core/hash_int.h"

#define BLOCK MUN_SHA256_BLOCK

_Static_assert(BLOCK == SHA256_BLOCK_SIZE, "one block");
_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct mun_sha256),
               "a running hash holds nettle's");
_Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(struct mun_sha256),
               "a running hash is aligned for nettle's");
_Static_assert(sizeof(struct mun_hash) == SHA256_DIGEST_SIZE, "one digest");

const struct mun_hash mun_hash_zero;

static const char *const tag_texts[MUN_TAG_COUNT] = {
#define X(name, text) [name] = (text),
    MUN_TAG_TABLE(X)
#undef X
};

/* clang-format off */

/* FIPS 180-4 section 5.3.3. */
static const uint32_t initial_state[8] = {
    0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
    0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u
};

/* The state after the block SHA256(tag) || SHA256(tag). tests/unit/test_hash.c
 * recomputes each row from the tag's text and prints the row that belongs
 * here when one differs. */
static const uint32_t tag_states[MUN_TAG_COUNT][8] = {
    [MUN_TAG_GENESIS] = {
        0x7b76112du, 0x90052c07u, 0x227ec5c7u, 0x12940628u,
        0x7ca43d39u, 0x45329fe3u, 0xd29580c7u, 0x01243850u },
    [MUN_TAG_CHAIN] = {
        0x29a003c7u, 0x911fb1c6u, 0x56c7fc86u, 0xcc6ab2a0u,
        0xb11879c7u, 0xab79b2deu, 0xe171d192u, 0x27b56fdbu },
    [MUN_TAG_PARTY] = {
        0x2643a7bau, 0xc457842cu, 0xda9db16au, 0xc5895b72u,
        0x3175a0b0u, 0x9cb290acu, 0x9ea15145u, 0x412f8542u },
    [MUN_TAG_PROGRAMME] = {
        0x61f4d19du, 0x3c232ebdu, 0xf5039b98u, 0x962c5237u,
        0xfd16d719u, 0x17516466u, 0xcf60ae82u, 0x61ca3f40u },
    [MUN_TAG_ENTRY] = {
        0x44b55b88u, 0x643b6caau, 0x87602c9fu, 0x71779fbcu,
        0x1efac3dfu, 0x93cac3b5u, 0xc6ffc1f8u, 0x0d08f89cu },
    [MUN_TAG_SIGNED_ENTRY] = {
        0x2db05f80u, 0xb587e3d9u, 0xd23ee232u, 0x200543bau,
        0xedbc7f16u, 0xbdc933a8u, 0x3d4d9f71u, 0xfa0f8deau },
    [MUN_TAG_BLOCK_ENTRIES] = {
        0xa5b77492u, 0xeee7658eu, 0x9cfeae81u, 0xf24a1424u,
        0x42e6b269u, 0xf90143f1u, 0x3b982942u, 0xf74db92du },
    [MUN_TAG_RECORD_KEY] = {
        0xd6a8943cu, 0x85ac565du, 0x79f97d6au, 0x0b73d640u,
        0xb8f29498u, 0x62279f03u, 0x1ce55b25u, 0x98746614u },
    [MUN_TAG_RECORD_VALUE] = {
        0xeaba571bu, 0x76cfd73bu, 0xd814e44fu, 0xe415a9c8u,
        0x075b363bu, 0x5b71545eu, 0xc0e79b42u, 0xc57b5465u },
    [MUN_TAG_STATE_LEAF] = {
        0xc5ccf95cu, 0x4d365c22u, 0x408f1ab7u, 0x6e71008du,
        0xb19eff44u, 0xc1ba16eeu, 0x996c2e91u, 0x7b188911u },
    [MUN_TAG_STATE_NODE] = {
        0x90f86927u, 0xac36d325u, 0xb8c8c878u, 0x03c49d2cu,
        0xe89d45f3u, 0x93ca6230u, 0x03b54c4bu, 0xc2dd17acu },
    [MUN_TAG_HEADER] = {
        0x0902286fu, 0xd2db860eu, 0x44010210u, 0xed7475e8u,
        0x9d097d2bu, 0xb9df0957u, 0x3619894au, 0xcd761235u },
    [MUN_TAG_CERTIFICATE] = {
        0x5ebfc9b2u, 0xe0cb073du, 0x13cbec3fu, 0xd93afb12u,
        0x50a39a4cu, 0xda37c48eu, 0x65bb1f09u, 0xd444f15eu },
    [MUN_TAG_MEMBERS] = {
        0x44dfc0cau, 0x5a19cfd2u, 0x432d7669u, 0x792c4c91u,
        0x34859345u, 0xb0b75168u, 0xd8f3174du, 0xd4405d23u },
    [MUN_TAG_VOTE] = {
        0x9fe0974cu, 0x2a177d8bu, 0xb830fb95u, 0x194b042eu,
        0x2b2e012du, 0x29525886u, 0x51ecafbau, 0x170d48d8u },
    [MUN_TAG_COMMITMENT] = {
        0x3e9a800du, 0x13718837u, 0xe53d0406u, 0xbae6187cu,
        0xb7a08b24u, 0x5463f022u, 0xfa1ecdb7u, 0x455a345eu },
    [MUN_TAG_MESSAGE] = {
        0x2a40ae4cu, 0x877feee5u, 0xafbcd204u, 0x92b8a4beu,
        0x09d50fa0u, 0x5e2a6e56u, 0x91dc2ed3u, 0xed2c4c70u },
};

/* clang-format on */

static struct sha256_ctx *
context(struct mun_sha256 *sha)
{
    return (struct sha256_ctx *)(void *)sha->opaque;
}

/* `blocks` of 64 bytes have led to `state`. The block buffer stays as it is:
 * nettle reads only what was written into it. */
static void
start(struct sha256_ctx *ctx, const uint32_t state[8], uint64_t blocks)
{
    memcpy(ctx->state, state, sizeof ctx->state);
    ctx->count = blocks;
    ctx->index = 0;
}

void
mun_sha256_init(struct mun_sha256 *sha)
{
    start(context(sha), initial_state, 0);
}

void
mun_sha256_init_tagged(struct mun_sha256 *sha, enum mun_tag tag)
{
    MUN_CHECK((unsigned)tag < MUN_TAG_COUNT);
    start(context(sha), tag_states[tag], 1);
}

void
mun_sha256_update(struct mun_sha256 *sha, const void *data, size_t len)
{
    if (len > 0)
        sha256_update(context(sha), len, data);
}

void
mun_sha256_final(struct mun_sha256 *sha, struct mun_hash *out)
{
    sha256_digest(context(sha), sizeof out->b, out->b);
}

/* Eight bytes at a time: compilers turn this into one swap and one store, and
 * make worse of four. */
static void
store_u64(uint8_t *out, uint64_t value)
{
    out[0] = (uint8_t)(value >> 56);
    out[1] = (uint8_t)(value >> 48);
    out[2] = (uint8_t)(value >> 40);
    out[3] = (uint8_t)(value >> 32);
    out[4] = (uint8_t)(value >> 24);
    out[5] = (uint8_t)(value >> 16);
    out[6] = (uint8_t)(value >> 8);
    out[7] = (uint8_t)value;
}

/* The digest, once the padding is in. Unlike sha256_digest it neither pads nor
 * starts over. */
static void
take_state(struct mun_hash *out, const struct sha256_ctx *ctx)
{
    MUN_DCHECK(ctx->index == 0);
    for (size_t i = 0; i < 4; i++)
        store_u64(out->b + 8 * i,
                  (uint64_t)ctx->state[2 * i] << 32 | ctx->state[2 * i + 1]);
}

/* Hashes `data` after `blocks` blocks that led to `state`. The padding is laid
 * down here, next to the last bytes, so that nettle sees whole blocks only. */
static void
hash_after(struct mun_hash *out, const uint32_t state[8], uint64_t blocks,
           struct mun_bytes data)
{
    struct sha256_ctx ctx;
    uint8_t tail[2 * BLOCK];
    size_t whole = data.len - data.len % BLOCK;
    size_t rest = data.len - whole;
    size_t tail_len = rest + 1 + 8 <= BLOCK ? BLOCK : 2 * BLOCK;

    start(&ctx, state, blocks);
    if (whole > 0)
        sha256_update(&ctx, whole, data.data);
    memset(tail, 0, BLOCK);
    if (tail_len > BLOCK)
        memset(tail + BLOCK, 0, BLOCK);
    /* Faster than a call of memcpy for so few. */
    for (size_t i = 0; i < rest; i++)
        tail[i] = data.data[whole + i];
    tail[rest] = 0x80;
    store_u64(tail + tail_len - 8, (blocks * BLOCK + data.len) * 8);
    sha256_update(&ctx, tail_len, tail);
    take_state(out, &ctx);
}

void
mun_hash_padded(struct mun_hash *out, const uint8_t *blocks, size_t block_count)
{
    struct sha256_ctx ctx;

    start(&ctx, initial_state, 0);
    sha256_update(&ctx, block_count * BLOCK, blocks);
    take_state(out, &ctx);
}

void
mun_hash_sha256(struct mun_hash *out, struct mun_bytes data)
{
    hash_after(out, initial_state, 0, data);
}

void
mun_hash_tagged(struct mun_hash *out, enum mun_tag tag, struct mun_bytes data)
{
    MUN_CHECK((unsigned)tag < MUN_TAG_COUNT);
    hash_after(out, tag_states[tag], 1, data);
}

const char *
mun_tag_text(enum mun_tag tag)
{
    MUN_CHECK((unsigned)tag < MUN_TAG_COUNT);
    return tag_texts[tag];
}

/* With the types that nettle's HKDF calls through. */
static void
mac_update(void *ctx, size_t len, const uint8_t *data)
{
    hmac_sha256_update(ctx, len, data);
}

static void
mac_digest(void *ctx, size_t len, uint8_t *out)
{
    hmac_sha256_digest(ctx, len, out);
}

void
mun_hkdf(uint8_t *out, size_t out_len, struct mun_bytes salt,
         struct mun_bytes secret, struct mun_bytes info)
{
    static const uint8_t nothing[1] = { 0 };
    struct hmac_sha256_ctx ctx;
    uint8_t key[SHA256_DIGEST_SIZE];

    MUN_CHECK(out_len <= (size_t)255 * SHA256_DIGEST_SIZE);
    hmac_sha256_set_key(&ctx, salt.len, salt.len > 0 ? salt.data : nothing);
    hkdf_extract(&ctx, mac_update, mac_digest, sizeof key, secret.len,
                 secret.len > 0 ? secret.data : nothing, key);
    hmac_sha256_set_key(&ctx, sizeof key, key);
    hkdf_expand(&ctx, mac_update, mac_digest, sizeof key, info.len,
                info.len > 0 ? info.data : nothing, out_len, out);
    mun_wipe(&ctx, sizeof ctx);
    mun_wipe(key, sizeof key);
}

bool
mun_hash_eq(const struct mun_hash *a, const struct mun_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

int
mun_hash_cmp(const struct mun_hash *a, const struct mun_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

bool
mun_hash_is_zero(const struct mun_hash *hash)
{
    return mun_hash_eq(hash, &mun_hash_zero);
}
