#ifndef MUN_LEDGER_CORE_ENTRY_INT_H
#define MUN_LEDGER_CORE_ENTRY_INT_H

/* Payloads, for entry.c: `entry->kind` says which. */

#include "ledger/base/rd.h"
#include "ledger/base/wr.h"
#include "ledger/core/entry.h"

/* Fills entry->as. The failure sticks in `rd`; the end is not asked for. */
void mun_payload_decode(struct mun_rd *rd, struct mun_entry *entry);
void mun_payload_encode(struct mun_wr *wr, const struct mun_entry *entry);

#endif
