#ifndef MUN_LEDGER_BASE_ERR_H
#define MUN_LEDGER_BASE_ERR_H

/* The error type of the whole project.
 *
 * The hundreds digit is the class, and the class decides what a caller does:
 * 1xx the other side sent bad data (refuse it), 2xx a limit (refuse it), 3xx
 * storage or operating system (stop the node), 4xx try later, 5xx our own
 * state is corrupt (stop the node). Why a rule of the ledger refused an entry
 * is another enumeration: ledger/core/refusal.h. Numbers are never reused: 117
 * and 402 are given up. */

#include <stdbool.h>

#define MUN_ERR_TABLE(X)                                                       \
    X(MUN_OK, 0, "ok")                                                         \
    X(MUN_ERR_TRUNCATED, 101, "input ends inside a field")                     \
    X(MUN_ERR_TRAILING, 102, "bytes left after the last field")                \
    X(MUN_ERR_VALUE, 103, "a field holds a value that is not allowed")         \
    X(MUN_ERR_ORDER, 104, "a list is not in its canonical order")              \
    X(MUN_ERR_VERSION, 105, "unknown format version")                          \
    X(MUN_ERR_KIND, 106, "unknown kind")                                       \
    X(MUN_ERR_TEXT, 107, "text is not clean NFC UTF-8 of the allowed length")  \
    X(MUN_ERR_KEY, 108, "not a valid public key")                              \
    X(MUN_ERR_SIGNATURE, 109, "signature is not valid")                        \
    X(MUN_ERR_PROOF, 110, "proof does not lead to the root")                   \
    X(MUN_ERR_ENCODING, 111, "not valid hex, base64url or decimal")            \
    X(MUN_ERR_JSON, 112, "not strict JSON")                                    \
    X(MUN_ERR_CHAIN, 113, "belongs to another chain")                          \
    X(MUN_ERR_REFUSED, 114, "a rule of the ledger refuses the entry")          \
    X(MUN_ERR_COMPRESSED, 115, "compressed data is damaged")                   \
    X(MUN_ERR_NOT_FOUND, 116, "not found")                                     \
    X(MUN_ERR_LIMIT, 201, "a limit was reached")                               \
    X(MUN_ERR_MEMORY, 202, "out of memory")                                    \
    X(MUN_ERR_TOO_LARGE, 203, "input is larger than allowed")                  \
    X(MUN_ERR_IO, 301, "input or output failed")                               \
    X(MUN_ERR_DISK_FULL, 302, "no space left on the device")                   \
    X(MUN_ERR_STORE, 303, "the database failed")                               \
    X(MUN_ERR_LOCKED, 304, "another process holds the database")               \
    X(MUN_ERR_NETWORK, 305, "the network failed")                              \
    X(MUN_ERR_RANDOM, 306, "no randomness from the operating system")          \
    X(MUN_ERR_CONFIG, 307, "the configuration is not valid")                   \
    X(MUN_ERR_BUSY, 401, "busy, try again later")                              \
    X(MUN_ERR_CORRUPT, 501, "stored data is damaged")                          \
    X(MUN_ERR_ROOT, 502, "a recomputed root differs from the stored one")      \
    X(MUN_ERR_BEHIND, 503, "the database is older than the high-water file")   \
    X(MUN_ERR_HIGH_WATER, 504, "the high-water file is missing or damaged")    \
    X(MUN_ERR_INTERNAL, 505, "a step that cannot fail has failed")

enum mun_err_code {
#define X(name, value, text) name = (value),
    MUN_ERR_TABLE(X)
#undef X
};

/* A struct, not a bare enum: C converts an enum to bool or uint8_t without a
 * warning, and then MUN_OK reads as false. */
typedef struct mun_err {
    enum mun_err_code code;
} mun_err_t;

#define MUN_MUST_USE __attribute__((warn_unused_result))

static inline mun_err_t
mun_err(enum mun_err_code code)
{
    return (mun_err_t){ code };
}

static inline bool
mun_is_ok(mun_err_t err)
{
    return err.code == MUN_OK;
}

#define MUN_SUCCESS mun_err(MUN_OK)

#define MUN_TRY(expr)                                                          \
    do {                                                                       \
        mun_err_t try_err_ = (expr);                                           \
        if (try_err_.code != MUN_OK)                                           \
            return try_err_;                                                   \
    } while (0)

/* Needs a local `mun_err_t err` and a label `out`. */
#define MUN_TRY_OUT(expr)                                                      \
    do {                                                                       \
        err = (expr);                                                          \
        if (err.code != MUN_OK)                                                \
            goto out;                                                          \
    } while (0)

/* The constant's name without its prefix ("TRUNCATED") and the text of the
 * table above.
 * Lifetime: static. */
const char *mun_err_name(mun_err_t err);
const char *mun_err_text(mun_err_t err);

#endif
