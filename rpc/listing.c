#include <string.h>

#include "ledger/base/check.h"
#include "ledger/base/encode.h"
#include "ledger/json/forms.h"
#include "rpc/request.h"
#include "rpc/rpc_int.h"
#include "rpc/search.h"

/* Pages of registers.
 *
 * Filters are applied while walking, and a walk is bounded: so a page may hold
 * fewer items than asked for, or none, and still have a next one. */

/* Records that one request looks at. */
#define SCAN_MAX 10000

/* Room for most items in JSON. */
#define ITEM_BYTES 1024

struct page {
    struct mun_rpc_call *call;
    /* Writes the record unless it is filtered out; sets *is_written. */
    mun_err_t (*write)(struct page *page, struct mun_bytes value,
                       bool *is_written);
    const void *filter;
    uint32_t left;
    struct mun_hash after; /* zero: from the start */
    struct mun_hash last;  /* looked at */
    bool has_more;
};

static mun_err_t
start_page(struct page *page, struct mun_rpc_call *call)
{
    page->call = call;
    MUN_TRY(mun_rpc_argument_limit(call, &page->left));
    MUN_TRY(mun_rpc_argument_hash(call, &page->after, "after"));
    MUN_TRY(mun_rpc_reserve(call, (size_t)page->left * ITEM_BYTES));
    /* What filters read of other records borrows from the state. */
    (void)mun_rpc_begin(call);
    mun_json_wr_begin_object(&call->wr);
    mun_json_wr_key(&call->wr, "items");
    mun_json_wr_begin_array(&call->wr);
    return MUN_SUCCESS;
}

static void
end_page(struct page *page)
{
    struct mun_json_wr *wr = &page->call->wr;

    mun_json_wr_end_array(wr);
    mun_json_put_hash(wr, "next",
                      page->has_more ? &page->last : &mun_hash_zero);
    mun_json_wr_end_object(wr);
}

/* Ends the walk with MUN_ERR_BUSY when the page is full. */
static mun_err_t
visit(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct page *page = (struct page *)ctx;
    bool is_written = true;

    if (page->call->wr.buf.failure != MUN_OK)
        return mun_err(page->call->wr.buf.failure);
    if (natural.len != sizeof page->last.b)
        return mun_err(MUN_ERR_CORRUPT);
    if (page->left == 0) {
        page->has_more = true;
        return mun_err(MUN_ERR_BUSY);
    }
    MUN_TRY(page->write(page, value, &is_written));
    memcpy(page->last.b, natural.data, sizeof page->last.b);
    if (is_written)
        page->left--;
    return MUN_SUCCESS;
}

static mun_err_t
walk_register(struct page *page, enum mun_record_type type)
{
    const struct mun_rpc_backend *backend = page->call->backend;
    struct mun_bytes after = MUN_BYTES_NONE;
    bool more = false;
    mun_err_t err;

    if (!mun_hash_is_zero(&page->after))
        after = mun_bytes(page->after.b, sizeof page->after.b);
    err = backend->registered(backend->ctx, type, after, SCAN_MAX, visit, page,
                              &more);
    if (err.code == MUN_ERR_BUSY && page->has_more)
        err = MUN_SUCCESS;
    else if (mun_is_ok(err))
        page->has_more = more;
    return err;
}

/* Parties */

static mun_err_t
write_party(struct page *page, struct mun_bytes value, bool *is_written)
{
    const struct mun_bytes *query = (const struct mun_bytes *)page->filter;
    struct mun_party party;

    MUN_TRY(mun_party_decode(&party, value));
    *is_written = mun_rpc_is_found(party.name, *query);
    if (*is_written)
        mun_form_party(&page->call->wr, &party);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_parties(struct mun_rpc_call *call)
{
    struct mun_bytes query = MUN_BYTES_NONE;
    struct page page = { .write = write_party, .filter = &query };

    MUN_TRY(mun_rpc_argument_text(call, &query, "q"));
    MUN_TRY(start_page(&page, call));
    MUN_TRY(walk_register(&page, MUN_RECORD_PARTY));
    end_page(&page);
    return MUN_SUCCESS;
}

/* Programmes */

struct programme_filter {
    struct mun_hash issuer; /* zero: any */
    struct mun_bytes query;
    struct mun_bytes field;
    struct mun_bytes level;
};

static bool
is_titled(const struct mun_programme *programme,
          const struct mun_description *description, struct mun_bytes query)
{
    if (mun_rpc_is_found(programme->code, query))
        return true;
    for (size_t i = 0; i < description->title_count; i++)
        if (mun_rpc_is_found(description->titles[i].value, query))
            return true;
    return false;
}

static bool
is_wanted(const struct programme_filter *filter,
          const struct mun_programme *programme,
          const struct mun_description *description)
{
    if (!is_titled(programme, description, filter->query))
        return false;
    if (filter->field.len > 0 &&
        !mun_rpc_is_paired(description->fields, description->field_count,
                           filter->field, MUN_RPC_PAIR_PREFIX))
        return false;
    return filter->level.len == 0 ||
           mun_rpc_is_paired(description->levels, description->level_count,
                             filter->level, MUN_RPC_PAIR_WHOLE);
}

static mun_err_t
write_programme(struct page *page, struct mun_bytes value, bool *is_written)
{
    const struct programme_filter *filter =
        (const struct programme_filter *)page->filter;
    struct mun_programme_version version;
    struct mun_programme programme;
    struct mun_hash key;

    MUN_TRY(mun_programme_decode(&programme, value));
    mun_record_key_version(&key, &programme.id, programme.latest_version);
    *is_written = false;
    if (!mun_hash_is_zero(&filter->issuer) &&
        !mun_hash_eq(&filter->issuer, &programme.issuer))
        return MUN_SUCCESS;
    /* Not in the state yet: it is being written. */
    if (mun_view_get(&page->call->snapshot.view, &key, &value) != MUN_PRESENT)
        return MUN_SUCCESS;
    MUN_TRY(mun_version_decode(&version, value));
    *is_written = is_wanted(filter, &programme, &version.description);
    if (*is_written)
        mun_form_programme(&page->call->wr, &programme, &version);
    return MUN_SUCCESS;
}

/* Of one party, in the order of their ids; those up to page->after are
 * skipped. */
static mun_err_t
visit_after(void *ctx, struct mun_bytes natural, struct mun_bytes value)
{
    struct page *page = (struct page *)ctx;
    struct mun_hash id;

    if (natural.len != sizeof id.b)
        return mun_err(MUN_ERR_CORRUPT);
    memcpy(id.b, natural.data, sizeof id.b);
    if (!mun_hash_is_zero(&page->after) && mun_hash_cmp(&id, &page->after) <= 0)
        return MUN_SUCCESS;
    return visit(ctx, natural, value);
}

static mun_err_t
walk_owned(struct page *page, enum mun_rpc_owned what,
           const struct mun_hash *party)
{
    const struct mun_rpc_backend *backend = page->call->backend;
    mun_err_t err =
        backend->owned(backend->ctx, what, party, visit_after, page);

    return err.code == MUN_ERR_BUSY && page->has_more ? MUN_SUCCESS : err;
}

mun_err_t
mun_rpc_programmes(struct mun_rpc_call *call)
{
    struct programme_filter filter = { .query = MUN_BYTES_NONE };
    struct page page = { .write = write_programme, .filter = &filter };

    MUN_TRY(mun_rpc_argument_hash(call, &filter.issuer, "issuer"));
    MUN_TRY(mun_rpc_argument_text(call, &filter.query, "q"));
    MUN_TRY(mun_rpc_argument_text(call, &filter.field, "field"));
    MUN_TRY(mun_rpc_argument_text(call, &filter.level, "level"));
    MUN_TRY(start_page(&page, call));
    if (mun_hash_is_zero(&filter.issuer))
        MUN_TRY(walk_register(&page, MUN_RECORD_PROGRAMME));
    else
        MUN_TRY(walk_owned(&page, MUN_RPC_OWNED_PROGRAMMES, &filter.issuer));
    end_page(&page);
    return MUN_SUCCESS;
}

/* Accreditations */

static mun_err_t
write_accreditation(struct page *page, struct mun_bytes value, bool *is_written)
{
    struct mun_accreditation accreditation;

    MUN_TRY(mun_accreditation_decode(&accreditation, value));
    *is_written = true;
    mun_form_accreditation(&page->call->wr, &accreditation);
    return MUN_SUCCESS;
}

mun_err_t
mun_rpc_accreditations(struct mun_rpc_call *call)
{
    struct page page = { .write = write_accreditation };
    struct mun_hash subject;

    MUN_TRY(mun_rpc_argument_hash(call, &subject, "subject"));
    MUN_TRY(start_page(&page, call));
    if (mun_rpc_has(call, "subject"))
        MUN_TRY(walk_owned(&page, MUN_RPC_OWNED_ACCREDITATIONS, &subject));
    else
        MUN_TRY(walk_register(&page, MUN_RECORD_ACCREDITATION));
    end_page(&page);
    return MUN_SUCCESS;
}
