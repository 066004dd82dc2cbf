#include <stddef.h>
#include <string.h>

#include "ledger/json/forms.h"

#define WORD(words, value)                                                     \
    ((value) < sizeof(words) / sizeof((words)[0]) && (words)[value] != NULL    \
         ? (words)[value]                                                      \
         : "unknown")

const char *
mun_word_slot_status(uint8_t status)
{
    static const char *const words[] = { NULL, "good", "suspended", "revoked",
                                         "superseded" };
    return WORD(words, status);
}

const char *
mun_word_reason(uint8_t reason)
{
    static const char *const words[] = { NULL, "error", "superseded",
                                         "withdrawn", "other" };
    return WORD(words, reason);
}

const char *
mun_word_tier(uint8_t tier)
{
    static const char *const words[] = { NULL, "statutory", "agency",
                                         "self-accrediting", "none-yet" };
    return WORD(words, tier);
}

const char *
mun_word_award(uint8_t award)
{
    static const char *const words[] = {
        NULL,     "micro-credential",     "course-certificate", "module",
        "degree", "professional-licence", "participation",
    };
    return WORD(words, award);
}

const char *
mun_word_standing(uint8_t status)
{
    static const char *const words[] = { NULL, "active", "suspended",
                                         "withdrawn", "void" };
    return WORD(words, status);
}

const char *
mun_word_listing(uint8_t listing)
{
    static const char *const words[] = { NULL, "provisional", "confirmed",
                                         "under-review", "delisted" };
    return WORD(words, listing);
}

const char *
mun_word_assurance(uint8_t assurance)
{
    static const char *const words[] = { "not-stated", "self", "peer",
                                         "independent" };
    return WORD(words, assurance);
}

const char *
mun_word_party_status(uint8_t status)
{
    static const char *const words[] = { NULL, "active", "suspended",
                                         "closed" };
    return WORD(words, status);
}

const char *
mun_word_key_status(uint8_t status)
{
    static const char *const words[] = { NULL, "active", "retired",
                                         "compromised" };
    return WORD(words, status);
}

const char *
mun_word_participation(uint8_t participation)
{
    static const char *const words[] = { "not-stated", "on-site", "online",
                                         "blended" };
    return WORD(words, participation);
}

const char *
mun_word_action(uint8_t action)
{
    static const char *const words[] = { NULL,        "revoke",    "suspend",
                                         "reinstate", "supersede", "extend" };
    return WORD(words, action);
}

const char *
mun_word_purpose(uint8_t purpose)
{
    switch (purpose) {
    case MUN_PURPOSE_ANCHOR:
        return "anchor";
    case MUN_PURPOSE_STATUS:
        return "status";
    case MUN_PURPOSE_GOVERN:
        return "govern";
    case MUN_PURPOSE_ASSERT:
        return "assert";
    case MUN_PURPOSE_VALIDATE:
        return "validate";
    default:
        return "unknown";
    }
}

uint8_t
mun_word_find(const char *(*word)(uint8_t), uint8_t max, const char *text)
{
    for (uint8_t i = 1; i <= max; i++) {
        if (strcmp(word(i), text) == 0)
            return i;
    }
    return 0;
}
