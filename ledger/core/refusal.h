#ifndef MUN_LEDGER_CORE_REFUSAL_H
#define MUN_LEDGER_CORE_REFUSAL_H

/* Why a rule of the ledger refuses an entry: ledger/README.md section 9.
 * Name, number, text. Numbers are never reused. */
#define MUN_REFUSAL_TABLE(X)                                                   \
    X(NONE, 0, "not refused")                                                  \
    X(BAD_ENCODING, 1, "the bytes are not a canonical entry")                  \
    X(TOO_LARGE, 2, "the entry is larger than 65,536 bytes")                   \
    X(UNKNOWN_VERSION, 3, "the entry's version is not known")                  \
    X(UNKNOWN_KIND, 4, "the entry's kind is not known")                        \
    X(SIGNERS_UNORDERED, 5, "the signing keys are not in ascending order")     \
    X(BAD_TEXT, 6, "a text is not clean NFC UTF-8 of the allowed length")      \
    X(WRONG_CHAIN, 7, "the entry is for another chain")                        \
    X(EXPIRED, 8, "the entry's valid_until has passed")                        \
    X(VALID_UNTIL_TOO_FAR, 9, "valid_until is too far in the future")          \
    X(PARTY_UNKNOWN, 10, "a party that the entry names is not registered")     \
    X(PARTY_NOT_ACTIVE, 11, "a party is suspended or closed")                  \
    X(PARTY_EXISTS, 12, "the party is registered already")                     \
    X(PARTY_ID_MISMATCH, 13, "the actor is not the id of its lowest key")      \
    X(KEY_UNKNOWN, 14, "a key is not registered")                              \
    X(KEY_NOT_ACTIVE, 15, "a key is retired or compromised")                   \
    X(KEY_WRONG_PURPOSE, 16, "a key lacks the purpose that the act needs")     \
    X(KEY_TAKEN, 17, "the key belongs to a party already")                     \
    X(KEY_NOT_YOURS, 18, "the key belongs to another party")                   \
    X(LAST_GOVERN_KEY, 19, "it is the party's last key that may govern")       \
    X(SIGNERS_SURPLUS, 20, "a key signed that has no part in this act")        \
    X(SIGNERS_MISSING, 21, "a signature that the act needs is missing")        \
    X(BAD_SIGNATURE, 22, "a signature is not valid")                           \
    X(NOT_SPONSOR, 23, "the sponsor is no member and no accreditor")           \
    X(TOO_MANY_KEYS, 24,                                                       \
      "a party has at most 255 active keys that may govern")                   \
    X(KEY_CHAIN_TOO_DEEP, 25, "too many keys added one another in a row")      \
    X(NOT_ACCREDITOR, 30, "the accreditor is not a root accreditor")           \
    X(ACCREDITATION_UNKNOWN, 31, "the accreditation is not known")             \
    X(ACCREDITATION_NOT_YOURS, 32, "another party granted the accreditation")  \
    X(ACCREDITATION_OTHER_SUBJECT, 33, "the accreditation is another party's") \
    X(ACCREDITATION_SUSPENDED, 34, "the accreditation is suspended")           \
    X(ACCREDITATION_WITHDRAWN, 35, "the accreditation is withdrawn")           \
    X(ACCREDITATION_NOT_IN_FORCE, 36, "outside the accreditation's term")      \
    X(CHAIN_TOO_DEEP, 37, "the chain of accreditation has four links already") \
    X(SUB_ACCREDITATION_NOT_ALLOWED, 38, "the parent may not sub-accredit")    \
    X(SCOPE_WIDER_THAN_PARENT, 39, "the scope or term exceeds the parent's")   \
    X(OUT_OF_SCOPE_LEVEL, 40, "the level is outside the accreditation")        \
    X(OUT_OF_SCOPE_FIELD, 41, "the field is outside the accreditation")        \
    X(OUT_OF_SCOPE_AWARD, 42,                                                  \
      "the kind of award is outside the accreditation")                        \
    X(OUT_OF_SCOPE_JURISDICTION, 43, "the place is outside the accreditation") \
    X(OUT_OF_SCOPE_CREDITS, 44, "the credits are outside the accreditation")   \
    X(SELF_ACCREDITATION, 45, "nobody accredits themselves")                   \
    X(BAD_TERM, 46, "a date range is empty or over")                           \
    X(BAD_TRANSITION, 47, "the record's status does not allow the change")     \
    X(VOID_IN_FUTURE, 48, "the void date is later than the block")             \
    X(VOID_BEFORE_GRANT, 49, "the void date is earlier than the grant")        \
    X(VOID_NEEDS_PARENT, 50, "so early a void date needs the parent's key")    \
    X(PROGRAMME_UNKNOWN, 51, "the programme is not known")                     \
    X(PROGRAMME_EXISTS, 52, "the programme's code is taken")                   \
    X(PROGRAMME_NOT_YOURS, 53, "the programme is another issuer's")            \
    X(PROGRAMME_VERSION_UNKNOWN, 54, "the programme has no such version")      \
    X(PROGRAMME_RETIRED, 55, "the programme is retired")                       \
    X(PROGRAMME_DELISTED, 56, "the programme is delisted")                     \
    X(TOO_MANY_LEAVES, 60, "a published batch holds at most 16,384")           \
    X(LEAVES_MISSING, 61, "the published leaves are missing")                  \
    X(LEAVES_SURPLUS, 62, "leaves came with an entry that has none")           \
    X(LEAVES_MISMATCH, 63, "the leaves do not hash to the batch's root")       \
    X(LIST_CLOSED, 64, "the status list is closed")                            \
    X(SLOT_OVERLAP, 65, "slots from the base on are used already")             \
    X(SLOT_GAP, 66, "the base leaves more than 4,096 slots unused")            \
    X(LIST_FULL, 67, "a list ends at 1,048,576 slots")                         \
    X(DUPLICATE_BATCH, 68, "the issuer anchored this root already")            \
    X(LIST_UNKNOWN, 70, "the status list is not known")                        \
    X(SLOT_UNKNOWN, 71, "the slot is not in use")                              \
    X(STATUS_CONFLICT, 72, "the slot was changed since it was last seen")      \
    X(STATUS_FINAL, 73, "a revoked credential stays revoked")

enum mun_refusal {
#define X(name, value, text) MUN_REFUSAL_##name = (value),
    MUN_REFUSAL_TABLE(X)
#undef X
};

/* "OUT_OF_SCOPE_FIELD" and the text of the table; NULL for a number that is
 * not in it.
 * Lifetime: static. */
const char *mun_refusal_name(enum mun_refusal refusal);
const char *mun_refusal_text(enum mun_refusal refusal);

#endif
