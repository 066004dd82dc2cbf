#include "ledger/base/check.h"

#include <stdlib.h>

#include "ledger/base/log.h"

void
mun_check_failed(const char *file, int line, const char *what)
{
    mun_log(MUN_LOG_BROKEN, "check failed file=%s line=%d what=\"%s\"", file,
            line, what);
    abort();
}
