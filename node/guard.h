#ifndef MUN_NODE_GUARD_H
#define MUN_NODE_GUARD_H

/* What the HTTP library lets through and this node does not.
 *
 * Two servers in a row that read one request differently are request
 * smuggling. The library takes lengths that contradict each other, names that
 * are no tokens, folded lines, bare line feeds and NUL bytes; each of these is
 * answered here with 400 before a handler sees it. Pure functions. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/arena.h"
#include "ledger/base/bytes.h"

/* More fields than any client of ours sends; refused above. */
#define MUN_GUARD_FIELDS_MAX 64

/* Each with the field of the log and what the client is told. */
#define MUN_GUARD_TABLE(X)                                                     \
    X(OK, "")                                                                  \
    X(TOO_MANY, "too many header fields")                                      \
    X(NAME, "a header field's name is not a token")                            \
    X(VALUE, "a header field's value holds a control character")               \
    X(LAYOUT, "a line does not end in CR LF, is folded or badly spaced")       \
    X(HOST, "there must be exactly one Host")                                  \
    X(LENGTH, "Content-Length is not one decimal number")                      \
    X(LENGTH_TWICE, "there must be at most one Content-Length")                \
    X(ENCODING, "Transfer-Encoding must be a single chunked")                  \
    X(LENGTH_AND_ENCODING, "Content-Length and Transfer-Encoding exclude "     \
                           "each other")                                       \
    X(TYPE_TWICE, "there must be at most one Content-Type")                    \
    X(TARGET, "the request's target is not a clean path")

enum mun_guard_verdict {
#define X(name, text) MUN_GUARD_##name,
    MUN_GUARD_TABLE(X)
#undef X
};

/* Lifetime: static. */
const char *mun_guard_text(enum mun_guard_verdict verdict);

struct mun_guard_field {
    struct mun_bytes name;
    struct mun_bytes value;
};

/* What the fields say about the body. */
struct mun_guard_head {
    bool has_length;
    uint64_t length; /* UINT64_MAX when it does not fit */
    bool is_chunked;
    struct mun_bytes content_type; /* borrowed; empty when there is none */
};

/* Shape: fields holds count.
 * After failure: *out is zeroed. */
enum mun_guard_verdict mun_guard_check(struct mun_guard_head *out,
                                       const struct mun_guard_field *fields,
                                       size_t count);

/* Where the library's buffer holds the parts of a head. */
struct mun_guard_lines {
    struct mun_bytes method;
    struct mun_bytes target; /* raw, with the query */
    struct mun_bytes version;
    const struct mun_guard_field *fields;
    size_t count;
    const uint8_t *end; /* of the head */
};

/* A clean head lies there as it came, one part behind the other, with NULs in
 * place of the first line's spaces, of each colon and each CR LF. A bare LF, a
 * folded line, a NUL or a second space leave another layout. Compares addresses
 * only, and reads no bytes but those between a name and its value. */
enum mun_guard_verdict mun_guard_layout(const struct mun_guard_lines *lines);

/* Splits a raw target ("/v1/entries?wait=5") at '?' and decodes the path's
 * percent signs once. Refused: what does not begin with '/', a bad escape, and
 * an escaped or plain byte that is a control character, '\\', or not ASCII
 * when plain; a fragment.
 * Lifetime: *path is in the arena, *query borrowed from `target`. */
enum mun_guard_verdict mun_guard_target(struct mun_bytes *path,
                                        struct mun_bytes *query,
                                        struct mun_arena *arena,
                                        struct mun_bytes target);

#endif
