#ifndef MUN_LEDGER_CORE_TEXT_H
#define MUN_LEDGER_CORE_TEXT_H

#include <stddef.h>

#include "ledger/base/bytes.h"
#include "ledger/base/err.h"

/* Bytes of the longest text that can be checked: a description in one
 * language. */
#define MUN_TEXT_BYTES_MAX 2048

/* Text on the ledger: UTF-8, NFC, code points assigned in Unicode 15.0, no
 * control, format, direction-override, private-use, surrogate, line or
 * paragraph separator characters, no leading or trailing space (any of general
 * category Zs), at most `max` bytes; may be empty. Of the format characters
 * (Cf) two are allowed, because Persian, Hindi and others cannot be spelled
 * without them: U+200C and U+200D.
 *
 * Aborts when the Unicode library at hand has the tables of another version:
 * a local matter may stop a node but never change an answer.
 * Shape: max <= MUN_TEXT_BYTES_MAX.
 * Errors: MUN_ERR_TEXT, MUN_ERR_TOO_LARGE (longer than max). */
MUN_MUST_USE mun_err_t mun_text_check(struct mun_bytes text, size_t max);

/* A label or code that goes into URLs: 1 to `max` of [A-Za-z0-9._-], starting
 * with a letter or digit.
 * Errors: MUN_ERR_TEXT, MUN_ERR_TOO_LARGE. */
MUN_MUST_USE mun_err_t mun_label_check(struct mun_bytes text, size_t max);

#endif
