#ifndef MUN_LEDGER_BASE_LIMITS_H
#define MUN_LEDGER_BASE_LIMITS_H

/* Every limit of the ledger, with its unit and its reason. What is marked
 * RULE is part of validity: changing it forks the ledger. */

/* RULE. Members of one set: certificates carry a bitmap of this many bits,
 * and all-to-all voting over HTTP was measured up to 99 peers. */
#define MUN_MEMBERS_MAX 100

/* RULE. Keys that sign one entry: a senate of 12 and a sponsor's policy. */
#define MUN_SIGNERS_MAX 16

/* RULE. Bytes of one entry's body and signatures. Holds a change of status
 * for 4,096 slots (14 bytes each) with room; 2,885 extensions (22 bytes) or
 * 1,380 supersessions (46 bytes). */
#define MUN_ENTRY_BYTES_MAX 65536

/* RULE. Slots changed by one entry. */
#define MUN_CHANGES_MAX 4096

/* RULE. Leaves published beside one entry (512 KiB). */
#define MUN_PUBLISHED_MAX 16384

/* RULE. Slots of one list, and so leaves of one sealed batch. */
#define MUN_LIST_SLOTS_MAX (1u << 20)

/* RULE. How far a batch may start above the list's count: room for slots that
 * were reserved and then dropped. */
#define MUN_SLOT_GAP_MAX 4096

/* RULE. Links of an accreditation chain, the root accreditor's grant
 * included. */
#define MUN_CHAIN_MAX 4

/* RULE. Accreditations named by one anchor. */
#define MUN_ANCHOR_ACCREDITATIONS_MAX 4

/* RULE. A record's encoded bytes: a programme with titles and outcomes in
 * several languages. */
#define MUN_RECORD_BYTES_MAX 16384

/* RULE. Weight of a block: entries, bytes of entries, signatures, leaves and
 * changed records. Bounds the time to execute one (34 us a signature: 10,000
 * are 0.35 s, far below the 1.5 s propose timeout). */
#define MUN_BLOCK_ENTRIES_MAX 8192
#define MUN_BLOCK_BYTES_MAX (4u << 20)
#define MUN_BLOCK_SIGNATURES_MAX 10000
#define MUN_BLOCK_LEAVES_MAX 262144
#define MUN_BLOCK_EFFECTS_MAX 65536

/* RULE. Validity in the future that an entry may ask for: a day for what
 * desks send, 60 days for what several people sign offline. */
#define MUN_WINDOW_SHORT_MS (24ull * 3600u * 1000u)
#define MUN_WINDOW_LONG_MS (60ull * 24u * 3600u * 1000u)

/* RULE. A withdrawal may be void from at most this far back without a
 * further signature: 90 days. */
#define MUN_VOID_BACK_MS (90ull * 24u * 3600u * 1000u)

/* Key bits of the state tree, and so the depth of its deepest path. */
#define MUN_STATE_DEPTH_MAX 256

/* Levels of the log and batch trees: 64-bit sizes. */
#define MUN_MERKLE_PATH_MAX 64

/* RULE. Links of keys that added one another: what a verifier follows, and so
 * the most that add key allows. */
#define MUN_ADDERS_MAX 8

/* Member-set links that one receipt may carry: yearly roots and monthly
 * changes give 12; room for ten years. */
#define MUN_RECEIPT_LINKS_MAX 128

/* The age at which an answer is STALE: a second to ten years. */
#define MUN_MAX_AGE_MS_MIN 1000ull
#define MUN_MAX_AGE_MS_MAX (3650ull * 24 * 3600 * 1000)

/* How far behind the newest header a verifier's clock may be. More than clocks
 * that nobody sets are apart; a receipt does not say what stood before it. */
#define MUN_CLOCK_BEHIND_MS_MAX (10ull * 60 * 1000)

/* Bytes of one binary receipt. */
#define MUN_RECEIPT_BYTES_MAX 262144

/* JSON from outside: bytes, and levels of nesting. */
#define MUN_JSON_BYTES_MAX (1u << 20)
#define MUN_JSON_DEPTH_MAX 32

_Static_assert(MUN_CHANGES_MAX * 14 < MUN_ENTRY_BYTES_MAX,
               "an entry holds the most changes it may carry");
_Static_assert(MUN_PUBLISHED_MAX <= MUN_BLOCK_LEAVES_MAX,
               "a block holds the largest published batch");
_Static_assert(MUN_ENTRY_BYTES_MAX <= MUN_BLOCK_BYTES_MAX,
               "a block holds the largest entry");
_Static_assert(MUN_CHANGES_MAX + 16 <= MUN_BLOCK_EFFECTS_MAX,
               "a block holds the effects of the largest entry");

#endif
