#include "tools/walk.h"

#include <stdio.h>

#include "ledger/base/encode.h"
#include "ledger/json/jcs.h"

#define PAGE 1000

const char *
mun_item_text(struct mun_cli *cli, const struct mun_json *item, const char *key)
{
    struct mun_bytes text = mun_json_string(mun_json_get(item, key));
    return text.data == NULL ? "-" : mun_cli_text(cli, text);
}

int
mun_walk_list(struct mun_cli *cli, const char *path, const char *query,
              void (*say)(struct mun_cli *cli, const struct mun_json *item))
{
    char url[2048];
    char after[512] = "";
    struct mun_json_wr wr;
    int code = MUN_EXIT_DONE;
    bool is_last = false;

    mun_json_wr_init(&wr, 1u << 30, false);
    mun_json_wr_begin_object(&wr);
    mun_json_wr_key(&wr, "items");
    mun_json_wr_begin_array(&wr);
    while (!is_last) {
        (void)snprintf(url, sizeof url, "%s?limit=%d%s%s", path, PAGE, query,
                       after);
        struct mun_json *page = mun_client_json(cli, url, &code);
        if (page == NULL) {
            mun_json_wr_fini(&wr);
            return code;
        }
        const struct mun_json *items = mun_json_get(page, "items");
        for (size_t i = 0; i < mun_json_size(items); i++) {
            say(cli, mun_json_at(items, i));
            mun_jcs_value(&wr, mun_json_at(items, i));
        }
        struct mun_bytes next = mun_json_string(mun_json_get(page, "next"));
        is_last = next.data == NULL;
        if (!is_last)
            (void)snprintf(after, sizeof after, "&after=%s",
                           mun_client_escape(cli, (const char *)next.data));
        mun_json_close(page);
    }
    mun_json_wr_end_array(&wr);
    mun_json_wr_end_object(&wr);
    return mun_cli_print(cli, &wr);
}

/* Lines "name: value" of an object, nested ones indented. The document's depth
 * is bounded by the parser's limit. */
struct frame {
    struct mun_json_iter members;
    const struct mun_json *array;
    size_t index;
};

static void
say_scalar(struct mun_cli *cli, const char *key, const struct mun_json *value,
           int indent)
{
    struct mun_bytes text = mun_json_string(value);
    uint64_t number = 0;
    double real = 0;
    bool flag = false;

    if (text.data != NULL)
        mun_cli_say(cli, "%*s%s%s", indent, "", key, mun_cli_text(cli, text));
    else if (mun_json_u64(&number, value))
        mun_cli_say(cli, "%*s%s%llu", indent, "", key,
                    (unsigned long long)number);
    else if (mun_json_double(&real, value))
        mun_cli_say(cli, "%*s%s%g", indent, "", key, real);
    else if (mun_json_bool(&flag, value))
        mun_cli_say(cli, "%*s%s%s", indent, "", key, flag ? "yes" : "no");
    else
        mun_cli_say(cli, "%*s%s-", indent, "", key);
}

/* Takes the next value of a frame; false at its end. */
static bool
next_value(struct frame *frame, const char **key, const struct mun_json **value)
{
    if (frame->array != NULL) {
        *key = NULL;
        *value = mun_json_at(frame->array, frame->index++);
        return *value != NULL;
    }
    if (!mun_json_next(&frame->members))
        return false;
    *key = frame->members.key;
    *value = frame->members.value;
    return true;
}

static struct frame
frame_of(const struct mun_json *value)
{
    struct frame frame = { 0 };
    if (mun_json_is(value, MUN_JSON_ARRAY))
        frame.array = value;
    else
        frame.members = mun_json_members(value);
    return frame;
}

static void
say_document(struct mun_cli *cli, const struct mun_json *doc)
{
    struct frame frames[MUN_JSON_DEPTH_MAX + 1];
    size_t depth = 1;
    char label[160];

    frames[0] = frame_of(doc);
    while (depth > 0) {
        const struct mun_json *value = NULL;
        const char *key = NULL;
        int indent = (int)(2 * (depth - 1));
        if (!next_value(&frames[depth - 1], &key, &value)) {
            depth--;
            continue;
        }
        (void)snprintf(label, sizeof label, "%s", key != NULL ? key : "-");
        if (mun_json_size(value) > 0 && depth <= MUN_JSON_DEPTH_MAX) {
            mun_cli_say(cli, "%*s%s", indent, "", label);
            frames[depth++] = frame_of(value);
            continue;
        }
        (void)snprintf(label, sizeof label, "%s%s", key != NULL ? key : "-",
                       key != NULL ? ": " : " ");
        say_scalar(cli, label, value, indent);
    }
}

int
mun_show_one(struct mun_cli *cli, const char *path, const char *id)
{
    char url[512];
    struct mun_hash name;
    struct mun_json_wr wr;
    int code = MUN_EXIT_FAILED;

    if (id == NULL || !mun_arg_hash(&name, id))
        return mun_cli_fail(cli, MUN_EXIT_USAGE,
                            "an id of 64 lower-case hex digits is needed");
    (void)snprintf(url, sizeof url, "%s%s", path, id);
    struct mun_json *doc = mun_client_json(cli, url, &code);
    if (doc == NULL)
        return code;
    say_document(cli, doc);
    mun_json_wr_init(&wr, 1u << 30, false);
    mun_jcs_value(&wr, doc);
    code = mun_cli_print(cli, &wr);
    mun_json_close(doc);
    return code;
}

int
mun_party_of_key(struct mun_hash *out, struct mun_cli *cli,
                 const struct mun_key *key)
{
    char path[128];
    char hex[2 * MUN_KEY_BYTES + 1];
    int code = MUN_EXIT_FAILED;

    mun_hex_encode(hex, mun_bytes(key->b, sizeof key->b));
    (void)snprintf(path, sizeof path, "/v1/keys/%s", hex);
    struct mun_json *doc = mun_client_json(cli, path, &code);
    if (doc == NULL)
        return code;
    struct mun_bytes party = mun_json_string(mun_json_get(doc, "party"));
    bool is_hash = mun_is_ok(mun_hex_decode(out->b, sizeof out->b, party));
    mun_json_close(doc);
    return is_hash ? MUN_EXIT_DONE
                   : mun_cli_fail(cli, MUN_EXIT_FAILED,
                                  "the node's answer has no party");
}
