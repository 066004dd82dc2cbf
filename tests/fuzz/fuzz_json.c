/* What parses has a canonical form that parses to the same canonical form,
 * and its digest is that of the form. */

#include <stdint.h>
#include <string.h>

#include "ledger/base/check.h"
#include "ledger/json/jcs.h"
#include "ledger/json/json.h"

#define TEXT_MAX 65536

/* A number of four bytes (1e20) may become one of 21. */
#define FORM_MAX ((size_t)8 * TEXT_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
form_of(struct mun_json_buf *buf, const struct mun_json *doc)
{
    struct mun_hash direct;
    struct mun_hash hash;

    mun_json_buf_init(buf, FORM_MAX);
    MUN_CHECK(mun_is_ok(mun_jcs_write(buf, doc)));
    MUN_CHECK(mun_is_ok(mun_jcs_sha256(&direct, doc)));
    mun_hash_sha256(&hash, mun_bytes(buf->data, buf->used));
    MUN_CHECK(mun_hash_eq(&hash, &direct));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mun_json_buf first;
    struct mun_json_buf second;
    struct mun_json_err why;
    struct mun_json *doc;
    mun_err_t err;

    if (size > TEXT_MAX)
        return 0;
    err = mun_json_parse(&doc, &why, mun_bytes(data, size), NULL);
    if (!mun_is_ok(err)) {
        MUN_CHECK(doc == NULL);
        MUN_CHECK(why.code == err.code);
        MUN_CHECK(why.text[0] != '\0');
        MUN_CHECK(why.offset <= size);
        return 0;
    }
    form_of(&first, doc);
    mun_json_close(doc);
    MUN_CHECK(mun_is_ok(
        mun_json_parse(&doc, NULL, mun_bytes(first.data, first.used), NULL)));
    form_of(&second, doc);
    mun_json_close(doc);
    MUN_CHECK(mun_bytes_eq(mun_bytes(first.data, first.used),
                           mun_bytes(second.data, second.used)));
    mun_json_buf_fini(&first);
    mun_json_buf_fini(&second);
    return 0;
}
