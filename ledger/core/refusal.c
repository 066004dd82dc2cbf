#include "ledger/core/refusal.h"

#include <stddef.h>

const char *
mun_refusal_name(enum mun_refusal refusal)
{
    switch (refusal) {
#define X(name, value, text)                                                   \
    case MUN_REFUSAL_##name:                                                   \
        return #name;
        MUN_REFUSAL_TABLE(X)
#undef X
    }
    return NULL;
}

const char *
mun_refusal_text(enum mun_refusal refusal)
{
    switch (refusal) {
#define X(name, value, text)                                                   \
    case MUN_REFUSAL_##name:                                                   \
        return text;
        MUN_REFUSAL_TABLE(X)
#undef X
    }
    return NULL;
}
