#include "ledger/base/err.h"

#include <string.h>

const char *
mun_err_name(mun_err_t err)
{
    const char *name = "UNKNOWN";

    switch (err.code) {
#define X(name_, value, text_)                                                 \
    case name_:                                                                \
        name = #name_;                                                         \
        break;
        MUN_ERR_TABLE(X)
#undef X
    }
    /* "MUN_ERR_" before all but MUN_OK. */
    if (strncmp(name, "MUN_ERR_", 8) == 0)
        return name + 8;
    if (strncmp(name, "MUN_", 4) == 0)
        return name + 4;
    return name;
}

const char *
mun_err_text(mun_err_t err)
{
    switch (err.code) {
#define X(name_, value, text_)                                                 \
    case name_:                                                                \
        return text_;
        MUN_ERR_TABLE(X)
#undef X
    }
    return "unknown error";
}
