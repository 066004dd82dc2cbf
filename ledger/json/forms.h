#ifndef MUN_LEDGER_JSON_FORMS_H
#define MUN_LEDGER_JSON_FORMS_H

/* JSON forms of ledger things, for the API and the tools. Each writes one
 * value. Names are hex, keys hex, times RFC 3339, "none" is null; enumerations
 * are words. These forms are for people and programs that read; nothing is
 * ever hashed or signed in them. */

#include "ledger/core/block.h"
#include "ledger/core/entry.h"
#include "ledger/core/record.h"
#include "ledger/core/verdict.h"
#include "ledger/json/json_wr.h"

void mun_form_party(struct mun_json_wr *wr, const struct mun_party *party);
void mun_form_key(struct mun_json_wr *wr, const struct mun_key_record *key);
void mun_form_accreditation(struct mun_json_wr *wr,
                            const struct mun_accreditation *accreditation);
void mun_form_programme(struct mun_json_wr *wr,
                        const struct mun_programme *programme,
                        const struct mun_programme_version *version);
void mun_form_description(struct mun_json_wr *wr,
                          const struct mun_description *description);
void mun_form_list(struct mun_json_wr *wr, const struct mun_list *list);
/* `slot` NULL: never changed. */
void mun_form_slot(struct mun_json_wr *wr, uint32_t index,
                   const struct mun_slot *slot);
void mun_form_header(struct mun_json_wr *wr, const struct mun_header *header,
                     const struct mun_hash *header_id);
/* The member "purposes" of an object: ["anchor", …]. */
void mun_form_purposes(struct mun_json_wr *wr, uint8_t purposes);
/* The payload of an entry, as an object. */
void mun_form_payload(struct mun_json_wr *wr, const struct mun_entry *entry);
/* Without what a receipt proves of another document, when check 7 says so. */
void mun_form_verdict(struct mun_json_wr *wr,
                      const struct mun_verdict *verdict);
/* A few lines of a verdict for the head of a receipt file: what, who, when. */
void mun_form_summary(struct mun_json_wr *wr,
                      const struct mun_verdict *verdict);

/* Words of enumerations; "unknown" for a number outside.
 * Lifetime: static. */
const char *mun_word_slot_status(uint8_t status);
const char *mun_word_reason(uint8_t reason);
const char *mun_word_tier(uint8_t tier);
const char *mun_word_award(uint8_t award);
const char *mun_word_standing(uint8_t status);
const char *mun_word_listing(uint8_t listing);
const char *mun_word_assurance(uint8_t assurance);
const char *mun_word_party_status(uint8_t status);
const char *mun_word_key_status(uint8_t status);
const char *mun_word_purpose(uint8_t purpose); /* one bit */
const char *mun_word_participation(uint8_t participation);
const char *mun_word_action(uint8_t action);

/* The other way, for what people type: 0 when the word is not one. */
uint8_t mun_word_find(const char *(*word)(uint8_t), uint8_t max,
                      const char *text);

#endif
