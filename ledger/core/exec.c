#include "ledger/core/exec.h"

#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/limits.h"
#include "ledger/core/hash.h"

/* Room at the start; a power of two. */
#define ROOM_MIN 16u

_Static_assert((ROOM_MIN & (ROOM_MIN - 1)) == 0, "doubled, a power of two");

/* Arrays that grow */

/* Room for `need` items of `size` bytes, of which `used` are in use. */
static mun_err_t
reserve(struct mun_arena *arena, void **array, uint32_t *room, uint32_t used,
        uint32_t need, size_t size)
{
    uint32_t more = *room < ROOM_MIN ? ROOM_MIN : *room;
    void *grown;

    if (need <= *room)
        return MUN_SUCCESS;
    while (more < need)
        more *= 2;
    grown = mun_arena_array(arena, more, size);
    if (grown == NULL)
        return mun_err(MUN_ERR_LIMIT);
    if (used > 0)
        memcpy(grown, *array, used * size);
    *array = grown;
    *room = more;
    return MUN_SUCCESS;
}

static mun_err_t
reserve_items(struct mun_exec *exec)
{
    uint32_t used = exec->item_count;
    uint32_t room = exec->item_room;
    void *items = exec->items;
    void *hashes = exec->entry_hashes;

    MUN_TRY(reserve(exec->arena, &items, &room, used, used + 1,
                    sizeof *exec->items));
    room = exec->item_room;
    MUN_TRY(reserve(exec->arena, &hashes, &room, used, used + 1,
                    sizeof *exec->entry_hashes));
    exec->items = items;
    exec->entry_hashes = hashes;
    exec->item_room = room;
    return MUN_SUCCESS;
}

static mun_err_t
reserve_changed(struct mun_exec *exec, uint32_t more)
{
    void *changed = exec->changed;

    MUN_TRY(reserve(exec->arena, &changed, &exec->changed_room,
                    exec->changed_count, exec->changed_count + more,
                    sizeof *exec->changed));
    exec->changed = changed;
    return MUN_SUCCESS;
}

static mun_err_t
reserve_effects(struct mun_exec *exec, uint32_t need)
{
    void *effects = exec->effects;

    MUN_TRY(reserve(exec->arena, &effects, &exec->effect_room, 0, need,
                    sizeof *exec->effects));
    exec->effects = effects;
    return MUN_SUCCESS;
}

/* Ids of the block: open addressing, at most half full.
 *
 * Ids are hashes, but whoever makes entries may try until many agree in some
 * bits, and would then make every look-up long. The factor, which comes from
 * the header before, is not known to them beforehand. It changes where an id
 * is kept and no answer. */

static struct mun_hash *
id_place(const struct mun_exec *exec, const struct mun_hash *id)
{
    uint32_t mask = exec->id_room - 1;
    uint64_t word;
    uint32_t at;

    memcpy(&word, id->b, sizeof word);
    at = (uint32_t)(word * exec->id_factor >> 32) & mask;
    while (!mun_hash_is_zero(&exec->id_table[at]) &&
           !mun_hash_eq(&exec->id_table[at], id))
        at = (at + 1) & mask;
    return &exec->id_table[at];
}

static mun_err_t
reserve_id(struct mun_exec *exec)
{
    struct mun_hash *old = exec->id_table;
    uint32_t old_room = exec->id_room;
    uint32_t need = old_room < ROOM_MIN ? ROOM_MIN : 2 * old_room;
    void *table = NULL;
    uint32_t room = 0;

    if (2 * (exec->item_count + 1) <= old_room)
        return MUN_SUCCESS;
    MUN_TRY(reserve(exec->arena, &table, &room, 0, need, sizeof *old));
    exec->id_table = table;
    exec->id_room = room;
    for (uint32_t i = 0; i < old_room; i++) {
        if (!mun_hash_is_zero(&old[i]))
            *id_place(exec, &old[i]) = old[i];
    }
    return MUN_SUCCESS;
}

static bool
is_known(const struct mun_exec *exec, const struct mun_hash *id)
{
    /* Stands for a free slot. Nobody can make an entry with this id. */
    MUN_CHECK(!mun_hash_is_zero(id));
    if (exec->id_table != NULL && !mun_hash_is_zero(id_place(exec, id)))
        return true;
    return exec->seen.contains != NULL &&
           exec->seen.contains(exec->seen.ctx, id);
}

/* Effects */

static void
swap(struct mun_effect *a, struct mun_effect *b)
{
    struct mun_effect kept = *a;

    *a = *b;
    *b = kept;
}

/* Lets effects[root] sink until both below it have smaller keys. */
static void
sift(struct mun_effect *effects, uint32_t root, uint32_t count)
{
    while (2 * root + 1 < count) {
        uint32_t child = 2 * root + 1;

        if (child + 1 < count &&
            mun_hash_cmp(&effects[child].key, &effects[child + 1].key) < 0)
            child++;
        if (mun_hash_cmp(&effects[root].key, &effects[child].key) >= 0)
            return;
        swap(&effects[root], &effects[child]);
        root = child;
    }
}

/* Heapsort: n log n whatever the order, in place. */
static void
sort_effects(struct mun_effect *effects, uint32_t count)
{
    for (uint32_t i = count / 2; i > 0; i--)
        sift(effects, i - 1, count);
    for (uint32_t left = count; left > 1; left--) {
        swap(&effects[0], &effects[left - 1]);
        sift(effects, 0, left - 1);
    }
}

static void
effects_root(struct mun_hash *out, const struct mun_effect *effects,
             uint32_t count)
{
    struct mun_frontier tree;
    struct mun_hash leaf;

    mun_frontier_init(&tree);
    for (uint32_t i = 0; i < count; i++) {
        mun_merkle_leaf(&leaf, mun_bytes(&effects[i], sizeof effects[i]));
        mun_frontier_append(&tree, &leaf);
    }
    mun_frontier_root(&tree, out);
}

/* The sink of the rules. */
static mun_err_t
put(void *ctx, const struct mun_hash *key, struct mun_bytes value)
{
    struct mun_exec *exec = ctx;
    struct mun_effect *effect = &exec->effects[exec->effect_count];

    MUN_CHECK(exec->effect_count < exec->effect_room);
    effect->key = *key;
    MUN_TRY(mun_overlay_replace(exec->state, key, value, &effect->before,
                                &effect->after));
    exec->effect_count++;
    return MUN_SUCCESS;
}

/* Log leaves */

void
mun_exec_leaf(const struct mun_exec *exec, uint32_t index,
              struct mun_log_leaf *out)
{
    MUN_CHECK(index <= exec->item_count);
    *out = (struct mun_log_leaf){ .height = exec->now.height,
                                  .time_ms = exec->now.time_ms,
                                  .position = index };
    if (index == 0) {
        out->type = MUN_LOG_HEADER;
        out->subject = exec->previous_id;
        /* Rules version 1 has no effects that no entry makes. */
        effects_root(&out->effects_root, NULL, 0);
    } else {
        out->type = MUN_LOG_ENTRY;
        out->subject = exec->entry_hashes[index - 1];
        out->effects_root = exec->items[index - 1].effects_root;
    }
}

static void
append_leaf(struct mun_exec *exec, uint32_t index, struct mun_hash *hash)
{
    struct mun_log_leaf leaf;

    mun_exec_leaf(exec, index, &leaf);
    mun_log_leaf_hash(hash, &leaf);
    mun_frontier_append(&exec->frontier, hash);
}

/* A block */

mun_err_t
mun_exec_begin(struct mun_exec *exec, const struct mun_exec_start *start)
{
    const struct mun_header *previous = start->previous;

    MUN_CHECK(!mun_overlay_is_open(start->state));
    MUN_CHECK(start->log->size == previous->log_size);
    memset(exec, 0, sizeof *exec);
    if (start->time_ms <= previous->time_ms)
        return mun_err(MUN_ERR_VALUE);
    exec->state = start->state;
    exec->arena = start->arena;
    exec->seen = start->seen;
    exec->now.chain_id = previous->chain_id;
    exec->now.height = previous->height + 1;
    exec->now.time_ms = start->time_ms;
    exec->frontier = *start->log;
    mun_header_id(&exec->previous_id, previous);
    memcpy(&exec->id_factor, exec->previous_id.b, sizeof exec->id_factor);
    exec->id_factor |= 1; /* odd, so that no bit of an id is lost */
    append_leaf(exec, 0, &exec->header_leaf_hash);
    mun_overlay_begin(exec->state);
    return MUN_SUCCESS;
}

/* The limits of section 10. */
static bool
has_room(const struct mun_exec *exec, const struct mun_entry_checked *checked)
{
    const struct mun_entry *entry = &checked->entry;

    return exec->item_count < MUN_BLOCK_ENTRIES_MAX &&
           entry->bytes.len <= MUN_BLOCK_BYTES_MAX - exec->byte_count &&
           entry->key_count <=
               MUN_BLOCK_SIGNATURES_MAX - exec->signature_count &&
           checked->leaf_count <= MUN_BLOCK_LEAVES_MAX - exec->leaf_count &&
           mun_rules_writes_max(entry) <=
               MUN_BLOCK_EFFECTS_MAX - exec->write_count;
}

/* The entry applied and its effects are in exec->effects. */
static void
record(struct mun_exec *exec, const struct mun_entry_checked *checked)
{
    uint32_t index = exec->item_count;
    struct mun_exec_item *item = &exec->items[index];

    sort_effects(exec->effects, exec->effect_count);
    item->checked = checked;
    effects_root(&item->effects_root, exec->effects, exec->effect_count);
    for (uint32_t i = 0; i < exec->effect_count; i++)
        exec->changed[exec->changed_count++] = exec->effects[i].key;
    exec->entry_hashes[index] = checked->hash;
    *id_place(exec, &checked->entry.id) = checked->entry.id;
    exec->item_count++;
    exec->signature_count += checked->entry.key_count;
    exec->leaf_count += checked->leaf_count;
    exec->byte_count += checked->entry.bytes.len;
    exec->write_count += mun_rules_writes_max(&checked->entry);
    append_leaf(exec, index + 1, &item->leaf_hash);
}

mun_err_t
mun_exec_add(struct mun_exec *exec, enum mun_exec_result *result,
             enum mun_refusal *refusal, const struct mun_entry_checked *checked)
{
    const struct mun_sink sink = { put, exec };
    struct mun_view view = mun_overlay_view(exec->state);
    uint32_t writes_max = mun_rules_writes_max(&checked->entry);

    *refusal = MUN_REFUSAL_NONE;
    *result = MUN_EXEC_FULL;
    if (!has_room(exec, checked))
        return MUN_SUCCESS;
    *result = MUN_EXEC_KNOWN;
    if (is_known(exec, &checked->entry.id))
        return MUN_SUCCESS;
    /* All memory before the first write. */
    MUN_TRY(reserve_items(exec));
    MUN_TRY(reserve_id(exec));
    MUN_TRY(reserve_changed(exec, writes_max));
    MUN_TRY(reserve_effects(exec, writes_max));
    exec->effect_count = 0;
    MUN_TRY(mun_rules_apply(refusal, checked, &exec->now, &view, &sink));
    if (*refusal != MUN_REFUSAL_NONE) {
        MUN_CHECK(exec->effect_count == 0);
        *result = MUN_EXEC_REFUSED;
        return MUN_SUCCESS;
    }
    record(exec, checked);
    *result = MUN_EXEC_APPLIED;
    return MUN_SUCCESS;
}

void
mun_exec_finish(struct mun_exec *exec, struct mun_header *out,
                const struct mun_header *previous,
                const struct mun_certificate *certificate)
{
    memset(out, 0, sizeof *out);
    out->rules_version = MUN_RULES_VERSION;
    out->chain_id = exec->now.chain_id;
    out->height = exec->now.height;
    out->time_ms = exec->now.time_ms;
    out->previous = exec->previous_id;
    mun_certificate_hash(&out->certificate_hash, certificate);
    mun_block_entries_hash(&out->entries_hash, exec->entry_hashes,
                           exec->item_count);
    out->log_size = exec->frontier.size;
    mun_frontier_root(&exec->frontier, &out->log_root);
    mun_overlay_root(exec->state, &out->state_root);
    out->members_hash = previous->next_members_hash;
    out->next_members_hash = previous->next_members_hash;
}

/* Judging */

/* What can be said of a header before anything is executed. */
static mun_err_t
check_header(const struct mun_header *header, const struct mun_header *previous,
             const struct mun_hash *previous_id)
{
    if (!mun_hash_eq(&header->chain_id, &previous->chain_id))
        return mun_err(MUN_ERR_CHAIN);
    if (header->rules_version != MUN_RULES_VERSION ||
        header->height != previous->height + 1)
        return mun_err(MUN_ERR_VALUE);
    if (!mun_hash_eq(&header->previous, previous_id))
        return mun_err(MUN_ERR_CHAIN);
    return MUN_SUCCESS;
}

/* "the certificate is valid for header h-1 under the member set of h-1 (for
 * h = 1 it is the empty one) and its hash is in the header" */
static mun_err_t
check_certificate(const struct mun_block *block,
                  const struct mun_header *previous,
                  const struct mun_hash *previous_id,
                  const struct mun_members *members)
{
    const struct mun_certificate *certificate = &block->certificate;
    struct mun_hash hash;

    if (certificate->height != previous->height ||
        !mun_hash_eq(&certificate->header_id, previous_id))
        return mun_err(MUN_ERR_VALUE);
    mun_certificate_hash(&hash, certificate);
    if (!mun_hash_eq(&hash, &block->header.certificate_hash))
        return mun_err(MUN_ERR_ROOT);
    /* With height 0 the decoder takes the empty one only. */
    if (previous->height == 0)
        return certificate->member_count == 0 ? MUN_SUCCESS
                                              : mun_err(MUN_ERR_PROOF);
    mun_members_hash(&hash, members);
    MUN_CHECK(mun_hash_eq(&hash, &previous->members_hash));
    return mun_certificate_verify(certificate, &previous->chain_id, members);
}

static mun_err_t
apply_all(struct mun_exec *exec, struct mun_exec_verdict *verdict,
          const struct mun_block *block,
          const struct mun_entry_checked *checked)
{
    size_t at = 0;

    for (uint32_t i = 0; i < block->entry_count; i++) {
        enum mun_exec_result result;
        struct mun_block_item item;

        /* The caller verified this block's entries and no others. */
        MUN_CHECK(mun_block_next(block, &at, &item));
        MUN_CHECK(mun_bytes_eq(item.entry, checked[i].entry.bytes));
        MUN_CHECK(item.leaf_count == checked[i].leaf_count);
        verdict->refused_index = i;
        MUN_TRY(mun_exec_add(exec, &result, &verdict->refusal, &checked[i]));
        switch (result) {
        case MUN_EXEC_APPLIED:
            break;
        case MUN_EXEC_REFUSED:
        case MUN_EXEC_KNOWN:
            return mun_err(MUN_ERR_REFUSED);
        case MUN_EXEC_FULL:
            return mun_err(MUN_ERR_TOO_LARGE);
        }
    }
    verdict->refused_index = 0;
    return MUN_SUCCESS;
}

/* The fields that only execution tells. The others were compared before; and
 * all make the id, so that none is left out. */
static mun_err_t
check_results(struct mun_exec *exec, const struct mun_block *block,
              const struct mun_header *previous)
{
    struct mun_header made;
    struct mun_hash made_id;
    struct mun_hash id;

    mun_exec_finish(exec, &made, previous, &block->certificate);
    mun_header_id(&made_id, &made);
    mun_header_id(&id, &block->header);
    return mun_hash_eq(&made_id, &id) ? MUN_SUCCESS : mun_err(MUN_ERR_ROOT);
}

static mun_err_t
judge(struct mun_exec *exec, struct mun_exec_verdict *verdict,
      const struct mun_header *previous, const struct mun_block *block,
      const struct mun_entry_checked *checked,
      const struct mun_members *members)
{
    const struct mun_hash *previous_id = &exec->previous_id;

    MUN_TRY(check_header(&block->header, previous, previous_id));
    MUN_TRY(check_certificate(block, previous, previous_id, members));
    MUN_TRY(apply_all(exec, verdict, block, checked));
    return check_results(exec, block, previous);
}

mun_err_t
mun_exec_judge(struct mun_exec *exec, struct mun_exec_verdict *verdict,
               const struct mun_exec_start *start,
               const struct mun_block *block,
               const struct mun_entry_checked *checked,
               const struct mun_members *members)
{
    struct mun_exec_start at_time = *start;
    mun_err_t err;

    at_time.time_ms = block->header.time_ms;
    *verdict = (struct mun_exec_verdict){ MUN_REFUSAL_NONE, 0 };
    MUN_TRY(mun_exec_begin(exec, &at_time));
    err = judge(exec, verdict, start->previous, block, checked, members);
    if (!mun_is_ok(err))
        mun_overlay_abort(exec->state);
    return err;
}
