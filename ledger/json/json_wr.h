#ifndef MUN_LEDGER_JSON_JSON_WR_H
#define MUN_LEDGER_JSON_JSON_WR_H

/* Writing JSON straight into a buffer, without a tree in between.
 *
 * What comes out is JSON by construction: a call that does not fit the place
 * (a value in an object without a key before it, an end without its begin)
 * is a bug and stops the process, whatever happened before. What depends on
 * data (text that is not UTF-8, a number that readers would round, a full
 * buffer) is a failure that sticks: nothing more is written, and
 * mun_json_wr_finish tells it. That names in one object differ is up to the
 * caller. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"
#include "ledger/base/limits.h"

/* Bytes that grow on the heap up to a cap, or a fixed run of the caller's. */
struct mun_json_buf {
    uint8_t *data;
    size_t used;
    size_t size;
    size_t cap;
    bool is_fixed;
    enum mun_err_code failure;
};

/* On the heap, at most `cap` bytes. */
void mun_json_buf_init(struct mun_json_buf *buf, size_t cap);

/* Over `size` bytes of the caller's, such as an arena's. */
void mun_json_buf_init_fixed(struct mun_json_buf *buf, uint8_t *memory,
                             size_t size);

/* Fine on a zeroed one. */
void mun_json_buf_fini(struct mun_json_buf *buf);

/* Sticky: MUN_ERR_LIMIT at the cap, MUN_ERR_MEMORY. */
void mun_json_buf_put(struct mun_json_buf *buf, const void *data, size_t len);
void mun_json_buf_fail(struct mun_json_buf *buf, enum mun_err_code code);

/* A JSON string with its quotes and the escapes of RFC 8785 section 3.2.2.2.
 * Sticky: MUN_ERR_TEXT when the text is not UTF-8 or holds U+0000. */
void mun_json_buf_string(struct mun_json_buf *buf, struct mun_bytes text);

struct mun_json_wr {
    struct mun_json_buf buf;
    bool is_indented;
    bool has_key;  /* a key waits for its value */
    bool is_begun; /* the container at hand has a member or item */
    bool is_done;  /* the top value is complete */
    size_t depth;
    uint8_t closers[MUN_JSON_DEPTH_MAX]; /* what ends each open container */
};

/* Indented text has two spaces a level and a newline at the end. */
void mun_json_wr_init(struct mun_json_wr *wr, size_t cap, bool is_indented);
void mun_json_wr_init_fixed(struct mun_json_wr *wr, uint8_t *memory,
                            size_t size, bool is_indented);
void mun_json_wr_fini(struct mun_json_wr *wr);

void mun_json_wr_begin_object(struct mun_json_wr *wr);
void mun_json_wr_end_object(struct mun_json_wr *wr);
void mun_json_wr_begin_array(struct mun_json_wr *wr);
void mun_json_wr_end_array(struct mun_json_wr *wr);

void mun_json_wr_key(struct mun_json_wr *wr, const char *key);

/* A key from data. */
void mun_json_wr_key_bytes(struct mun_json_wr *wr, struct mun_bytes key);

void mun_json_wr_string(struct mun_json_wr *wr, const char *text);
void mun_json_wr_text(struct mun_json_wr *wr, struct mun_bytes text);

/* Strings in the forms of base/encode.h. */
void mun_json_wr_hex(struct mun_json_wr *wr, struct mun_bytes data);
void mun_json_wr_base64url(struct mun_json_wr *wr, struct mun_bytes data);

/* Numbers. Sticky: MUN_ERR_VALUE outside +-(2^53 - 1). */
void mun_json_wr_u64(struct mun_json_wr *wr, uint64_t value);
void mun_json_wr_i64(struct mun_json_wr *wr, int64_t value);

/* A number of hundredths without idle zeros: 525 is 5.25, 550 is 5.5. */
void mun_json_wr_hundredths(struct mun_json_wr *wr, uint32_t value);

void mun_json_wr_bool(struct mun_json_wr *wr, bool value);
void mun_json_wr_null(struct mun_json_wr *wr);

/* A string such as "2026-01-02T03:04:05.678Z".
 * Units: milliseconds since 1970-01-01 UTC. Sticky: MUN_ERR_VALUE after the
 * year 9999. */
void mun_json_wr_time(struct mun_json_wr *wr, uint64_t time_ms);

/* A value that is JSON already, such as a canonical form. */
void mun_json_wr_raw(struct mun_json_wr *wr, struct mun_bytes json);

/* Records the first failure. */
void mun_json_wr_fail(struct mun_json_wr *wr, enum mun_err_code code);

/* Ends the text, of which exactly one whole value must have been written.
 * Errors: the first failure: MUN_ERR_LIMIT, MUN_ERR_MEMORY, MUN_ERR_TEXT,
 * MUN_ERR_VALUE or what mun_json_wr_fail was given.
 * After failure: *out is empty.
 * Lifetime: *out until mun_json_wr_fini. */
MUN_MUST_USE mun_err_t mun_json_wr_finish(struct mun_json_wr *wr,
                                          struct mun_bytes *out);

#endif
