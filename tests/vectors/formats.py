"""The byte formats of ledger/README.md, sections 1 to 12, read and written.

A codec reads a value strictly (what an encoder would not write is refused)
and writes it back. Values are ints, bools, str for text and labels, bytes for
hashes, keys and signatures, lists, and dicts for structures.
"""
import hashlib
import hmac
import re
import unicodedata

import secp256k1

ZERO = bytes(32)
NO_KEY = bytes(34)
TAGS = ("genesis chain party programme entry signed-entry block-entries "
        "record-key record-value state-leaf state-node header certificate "
        "members vote commitment message").split()
ANCHOR, STATUS, GOVERN, ASSERT, VALIDATE = 1, 2, 4, 8, 16
MEMBER, ROOT_ACCREDITOR = 1, 2
GRAVITY = {1: 0, 2: 1, 4: 2, 3: 3}  # of a slot's status


class Refused(Exception):
    """The bytes are not what an encoder would write; a code of section 9."""
    def __init__(self, reason, code="BAD_ENCODING"):
        super().__init__(reason)
        self.code = code


def require(condition, reason, code="BAD_ENCODING"):
    if not condition:
        raise Refused(reason, code)


def sha256(data):
    return hashlib.sha256(data).digest()


def tagged(thing, data):
    tag = sha256(b"muniment/" + thing.encode() + b"/1")
    return sha256(tag + tag + data)


# --- Codecs (section 1) -----------------------------------------------------

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        require(self.at + size <= len(self.data), "too short")
        self.at += size
        return self.data[self.at - size:self.at]

    def left(self):
        return len(self.data) - self.at


def decode(codec, data):
    reader = Reader(data)
    value = codec.read(reader)
    require(reader.left() == 0, "trailing bytes")
    return value


class Uint:
    def __init__(self, width, low=0, high=None, code="BAD_ENCODING"):
        self.width, self.low, self.code = width, low, code
        self.high = 256**width - 1 if high is None else high

    def check(self, value):
        require(self.low <= value <= self.high, f"{value} out of bounds",
                self.code)

    def read(self, reader):
        value = int.from_bytes(reader.take(self.width), "big")
        self.check(value)
        return value

    def write(self, value):
        self.check(int(value))
        return int(value).to_bytes(self.width, "big")


def bits(width, mask, low=0):
    """Bits of a mask; others are spare."""
    codec = Uint(width, low, mask)
    plain = codec.check

    def check(value):
        plain(value)
        require(value & ~mask == 0, "spare bits")
    codec.check = check
    return codec


class Fixed:
    """So many bytes, written from bytes or hex."""
    def __init__(self, size, check=None):
        self.size, self.check = size, check

    def read(self, reader):
        value = reader.take(self.size)
        if self.check:
            self.check(value)
        return value

    def write(self, value):
        data = bytes.fromhex(value) if isinstance(value, str) else value
        require(len(data) == self.size, "wrong size")
        if self.check:
            self.check(data)
        return data


class Run:
    """Bytes behind their length."""
    code = "BAD_ENCODING"

    def __init__(self, width, low=0, high=None):
        self.size = Uint(width, low, high, self.code)

    def read(self, reader):
        return self.parse(reader.take(self.size.read(reader)))

    def write(self, value):
        data = self.unparse(value)
        return self.size.write(len(data)) + data

    def parse(self, data):
        return data

    def unparse(self, value):
        return bytes.fromhex(value) if isinstance(value, str) else value


class Text(Run):
    code = "BAD_TEXT"

    def parse(self, data):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("not UTF-8", self.code) from None
        check_text(text)
        return text

    def unparse(self, value):
        check_text(value)
        return value.encode()


def check_text(text):
    require(unicodedata.is_normalized("NFC", text), "not NFC", "BAD_TEXT")
    refused = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    if unicodedata.unidata_version >= "15.0.0":
        refused.add("Cn")  # an older library cannot tell what 15.0 assigned
    for char in text:
        require(unicodedata.category(char) not in refused
                or char in "\u200c\u200d", "a character not allowed",
                "BAD_TEXT")
    for char in (text[:1], text[-1:]):
        require(char == "" or unicodedata.category(char) != "Zs",
                "space at an end", "BAD_TEXT")


class Label(Run):
    code = "BAD_TEXT"

    def parse(self, data):
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            raise Refused("not ASCII", self.code) from None
        check_label(text)
        return text

    def unparse(self, value):
        check_label(value)
        return value.encode()


def check_label(text):
    require(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text), "not a label",
            "BAD_TEXT")


class Items:
    """A list; `order` gives what its items strictly ascend by."""
    def __init__(self, item, low=0, high=None, order=None, width=1,
                 code="BAD_ENCODING"):
        self.item, self.order, self.code = item, order, code
        self.count = Uint(width, low, high)

    def check(self, items):
        if self.order:
            keys = [self.order(i) for i in items]
            require(all(a < b for a, b in zip(keys, keys[1:])),
                    "list out of order", self.code)

    def read(self, reader):
        items = [self.item.read(reader)
                 for _ in range(self.count.read(reader))]
        self.check(items)
        return items

    def write(self, items):
        data = b"".join(self.item.write(i) for i in items)
        decode(Sequence(self.item, len(items), self.check), data)
        return self.count.write(len(items)) + data


class Sequence:
    """So many items, without a count."""
    def __init__(self, item, count, check=None):
        self.item, self.count, self.check = item, count, check

    def read(self, reader):
        items = [self.item.read(reader) for _ in range(self.count)]
        if self.check:
            self.check(items)
        return items


class Struct:
    """Named fields in order, and a check of the whole."""
    def __init__(self, *fields, check=None):
        self.fields, self.check = fields, check

    def read(self, reader):
        value = {name: codec.read(reader) for name, codec in self.fields}
        if self.check:
            self.check(value)
        return value

    def write(self, value):
        missing = [n for n, _ in self.fields if n not in value]
        require(not missing, f"no field {missing}")
        return b"".join(c.write(value[n]) for n, c in self.fields)


def check_key(key):
    require(key[0] == 1, "unknown algorithm")
    require(secp256k1.decode_point(key[1:]), "not a point")


def check_not_zero(found):
    require(found != ZERO, "a hash of zeros")


def check_key_or_none(key):
    if key != NO_KEY:
        check_key(key)


U8, U16, U32, U64 = Uint(1), Uint(2), Uint(4), Uint(8)
BOOL = Uint(1, 0, 1)
ONE = Uint(1, 1, 1)  # a version
HASH = Fixed(32)
NOT_ZERO = Fixed(32, check_not_zero)
KEY = Fixed(34, check_key)
KEY_OR_NONE = Fixed(34, check_key_or_none)
SIGNATURE = Fixed(65)
PURPOSES = bits(1, 31, 1)


def check_purposes(value):
    require(value["purposes"] in range(1, 16)
            or value["purposes"] == VALIDATE, "validate and another purpose")


def by(name):
    return lambda item: item[name]


def itself(item):
    return item


# --- Pieces that several structures share (section 6) ------------------------

def pair(first, second):
    return Struct((first, Text(1, 1, 32)), (second, Text(1, 1, 32)))


def pair_order(item):
    return tuple(v.encode() for v in item.values())


COUNTRY = Label(1, 2, 8)
LABEL = Label(1, 1, 32)


def check_credits(scope):
    low, high = scope["credit_min"], scope["credit_max"]
    require(low <= high, "credit_min above credit_max")
    require(scope["credit_system"] or high == 0, "credits without a system")


SCOPE = Struct(
    ("levels", Items(pair("framework", "level"), 0, 16, pair_order)),
    ("fields", Items(pair("scheme", "code"), 0, 32, pair_order)),
    ("award_kinds", bits(4, 63, 1)),
    ("jurisdictions", Items(COUNTRY, 0, 32, itself)),
    ("credit_system", Text(1, 0, 32)),
    ("credit_min", U32), ("credit_max", U32),
    ("sub_depth", Uint(1, 0, 3)), check=check_credits)

GRANT = (("tier", Uint(1, 1, 4)), ("basis", Text(2, 0, 300)),
         ("from", U64), ("until", U64), ("scope", SCOPE))


def check_description(value):
    require(value["credit_system"] or value["credits"] == 0,
            "credits without a system")
    require(len(DESCRIPTION.write(value)) <= 12000, "description too long")


DESCRIPTION = Struct(
    ("version", ONE),
    ("titles", Items(Struct(("language", Label(1, 2, 15)),
                            ("text", Text(2, 1, 300))),
                     1, 16, by("language"))),
    ("levels", Items(pair("framework", "level"), 1, 8, pair_order)),
    ("fields", Items(pair("scheme", "code"), 1, 8, pair_order)),
    ("award_kind", Uint(1, 1, 6)),
    ("credit_system", Text(1, 0, 32)), ("credits", U32),
    ("workload_hours", U32), ("assessment", Text(2, 0, 500)),
    ("participation", Uint(1, 0, 3)), ("quality", Text(2, 0, 500)),
    ("languages", Items(Label(1, 2, 15), 0, 16, itself)),
    ("jurisdiction", COUNTRY), ("url", Text(2, 0, 300)),
    ("outcomes", Items(Text(2, 1, 500), 0, 32)),
    ("outcomes_digest", HASH),
    ("partners", Items(Text(2, 1, 200), 0, 16)),
    ("part_of", Items(Text(2, 1, 200), 0, 16)), check=check_description)

KEY_PURPOSES = Struct(("key", KEY), ("purposes", PURPOSES),
                      check=check_purposes)

# --- Genesis (section 5) -----------------------------------------------------

def check_party_of_genesis(party):
    purposes = [k["purposes"] for k in party["keys"]]
    require(party["id"] == party_id([k["key"] for k in party["keys"]]),
            "a party's id is not its lowest key's")
    require(purposes.count(VALIDATE) == (party["roles"] & MEMBER),
            "a member has one key that validates, others none")
    require(any(p & GOVERN for p in purposes), "no key that governs")


PARTY_OF_GENESIS = Struct(
    ("id", HASH), ("roles", bits(1, 3)), ("name", Text(2, 1, 200)),
    ("country", COUNTRY), ("url", Text(2, 0, 300)),
    ("keys", Items(KEY_PURPOSES, 1, 8, by("key"))),
    check=check_party_of_genesis)

DAY = 86400000
MAX_AGE = Uint(8, 1000, 3650 * DAY)


def check_genesis(document):
    parties = document["parties"]
    keys = [k["key"] for p in parties for k in p["keys"]]
    require(len(set(keys)) == len(keys), "a key twice")
    members = sum(p["roles"] & MEMBER for p in parties)
    require(1 <= members <= 100, "no member, or too many")


GENESIS = Struct(
    ("version", ONE), ("name", Text(2, 1, 100)), ("time", Uint(8, 1)),
    ("rules_version", Uint(2, 1, 1)), ("max_age", MAX_AGE),
    ("parties", Items(PARTY_OF_GENESIS, 1, 200, by("id"))),
    check=check_genesis)

GENESIS_HEADER = Struct(
    ("version", ONE), ("rules_version", U16), ("genesis_hash", HASH),
    ("members_hash", HASH), ("time", U64), ("max_age", MAX_AGE),
    ("name", Text(2, 1, 100)))

# --- Records (section 6) -----------------------------------------------------

PARTY, KEYS, ACCREDITATION, PROGRAMME, VERSION, LIST, SLOT, BATCH = range(1, 9)

NATURAL = {
    PARTY: (("party", HASH),),
    KEYS: (("key", KEY),),
    ACCREDITATION: (("entry", HASH),),
    PROGRAMME: (("programme", HASH),),
    VERSION: (("programme", HASH), ("programme_version", U16)),
    LIST: (("issuer", HASH), ("label", LABEL)),
    SLOT: (("issuer", HASH), ("label", LABEL), ("index", U32)),
    BATCH: (("issuer", HASH), ("root", HASH)),
}

REASON = Uint(1, 0, 4)
SLOT_STATUS = Uint(1, 1, 4)

FIELDS = {
    PARTY: (("roles", bits(1, 3)), ("status", Uint(1, 1, 3)),
            ("name", Text(2, 0, 200)), ("country", COUNTRY),
            ("url", Text(2, 0, 300)), ("sponsor", HASH), ("recovery", HASH),
            ("registered_by", HASH), ("govern_keys", U8)),
    KEYS: (("party", HASH), ("purposes", PURPOSES), ("status", Uint(1, 1, 3)),
           ("added_by", KEY_OR_NONE), ("added_height", U64),
           ("added_time", U64), ("ended_time", U64),
           ("compromised_since", U64)),
    ACCREDITATION: (("accreditor", HASH), ("subject", HASH), ("parent", HASH),
                    ("depth", U8), ("granting_key", KEY),
                    ("granted_height", U64), ("granted_time", U64),
                    ("status", Uint(1, 1, 4)), ("status_time", U64),
                    ("void_since", U64), ("reason", REASON),
                    ("changed_by", KEY_OR_NONE), *GRANT),
    PROGRAMME: (("issuer", HASH), ("code", LABEL), ("latest_version", U16),
                ("status", Uint(1, 1, 2)), ("listing", Uint(1, 1, 4)),
                ("next_review", U64)),
    VERSION: (("description", DESCRIPTION),),
    LIST: (("count", U32), ("status", ONE)),
    SLOT: (("status", SLOT_STATUS), ("reason", REASON),
           ("superseded_by", HASH), ("extended_until", U64), ("key", KEY),
           ("before_status", SLOT_STATUS), ("before_extended", U64)),
    BATCH: (("entry", HASH), ("label", LABEL), ("base", U32), ("count", U32),
            ("programme", HASH), ("programme_version", U16),
            ("published", BOOL)),
}


def natural_key(kind, *values):
    codecs = NATURAL[kind]
    return b"".join(c.write(v) for (_, c), v in zip(codecs, values))


def record_key(kind, *values):
    return tagged("record-key", bytes([kind]) + natural_key(kind, *values))


def value_hash(value):
    return tagged("record-value", value)


HEAD = Struct(("type", Uint(1, 1, 8)), ("version", ONE),
              ("since_height", U64), ("since_time", U64))


def read_record(value):
    """The record's fields; its key in the state tree as `record_key`."""
    reader = Reader(value)
    record = HEAD.read(reader)
    natural = Struct(*NATURAL[record["type"]]).read(reader)
    record["record_key"] = record_key(record["type"], *natural.values())
    record |= natural | Struct(*FIELDS[record["type"]]).read(reader)
    require(reader.left() == 0, "trailing bytes in a record")
    return record


def record_codec(kind):
    return Struct(*HEAD.fields, *NATURAL[kind], *FIELDS[kind])


def write_record(record):
    return record_codec(record["type"]).write({"version": 1, **record})


# --- Members, votes, certificates (section 7) -------------------------------

def check_members(members):
    parties = [m["party"] for m in members]
    require(len(set(parties)) == len(parties), "a party twice")


MEMBER_SET = Items(Struct(("party", HASH), ("key", KEY)), 1, 100, by("key"))
MEMBER_SET_PLAIN_CHECK = MEMBER_SET.check
MEMBER_SET.check = lambda m: (MEMBER_SET_PLAIN_CHECK(m), check_members(m))


def members_hash(members):
    return tagged("members", MEMBER_SET.write(members))


def faults(members):
    return (len(members) - 1) // 3


def quorum(members):
    return 2 * len(members) // 3 + 1


def vote_digest(kind, chain_id, height, round_, valid_round, block_id):
    return tagged("vote", U8.write(kind) + chain_id + U64.write(height)
                  + U32.write(round_) + U32.write(valid_round % 2**32)
                  + block_id)


class Certificate:
    head = Struct(("height", U64), ("round", U32), ("header_id", HASH),
                  ("member_count", Uint(1, 0, 100)))

    def read(self, reader):
        value = self.head.read(reader)
        count = value["member_count"]
        bitmap = reader.take((count + 7) // 8)
        marks = [bitmap[i // 8] >> (7 - i % 8) & 1
                 for i in range(8 * len(bitmap))]
        require(not any(marks[count:]), "spare bits of a bitmap")
        value["bitmap"] = bitmap
        value["signers"] = [i for i in range(count) if marks[i]]
        value["signatures"] = [SIGNATURE.read(reader)
                               for _ in value["signers"]]
        return value

    def write(self, value):
        bitmap = Fixed((value["member_count"] + 7) // 8)
        return (self.head.write(value) + bitmap.write(value["bitmap"])
                + b"".join(SIGNATURE.write(s) for s in value["signatures"]))


CERTIFICATE = Certificate()


def bitmap_of(signers, count):
    bitmap = bytearray((count + 7) // 8)
    for i in signers:
        bitmap[i // 8] |= 0x80 >> i % 8
    return bytes(bitmap)


def empty_certificate(first_id):
    """That of header 0, or of the header of a trust root."""
    return {"height": 0, "round": 0, "header_id": first_id,
            "member_count": 0, "bitmap": b"", "signatures": []}


def signature_right(key, digest, signature):
    return (key[0] == 1 and signature[0] == 1
            and secp256k1.verify(key[1:], digest, signature[1:]))


def check_certificate(certificate, header, members, chain_id):
    """Is it a quorum's certificate for this header?"""
    require(certificate["header_id"] == header_id(header)
            and certificate["height"] == header["height"],
            "certificate of another header")
    require(certificate["member_count"] == len(members),
            "certificate of another member set")
    require(len(certificate["signers"]) >= quorum(members), "no quorum")
    digest = vote_digest(3, chain_id, certificate["height"],
                         certificate["round"], -1, certificate["header_id"])
    for i, signature in zip(certificate["signers"], certificate["signatures"]):
        require(signature_right(members[i]["key"], digest, signature),
                f"wrong signature of member {i}")


# --- Entries (section 8) -----------------------------------------------------

KINDS = {
    "register party": 0x0201, "add key": 0x0203, "retire key": 0x0204,
    "accredit": 0x0301, "suspend accreditation": 0x0303,
    "reinstate accreditation": 0x0304, "withdraw accreditation": 0x0305,
    "register programme": 0x0401, "anchor": 0x0601, "change status": 0x0602,
}
ANCHOR_KIND = KINDS["anchor"]
ENTRY_LIMIT = 65536


class Change:
    """One change of a slot; its tail depends on the action."""
    head = Struct(("index", U32), ("action", Uint(1, 1, 5)),
                  ("reason", Uint(1, 1, 4)), ("if_since", U64))
    tails = {4: Struct(("superseded_by", HASH)),
             5: Struct(("extended_until", U64))}

    def tail(self, value):
        return self.tails.get(value["action"], Struct())

    def read(self, reader):
        value = self.head.read(reader)
        value |= self.tail(value).read(reader)
        require(value.get("superseded_by") != ZERO, "superseded by nothing")
        return value

    def write(self, value):
        return self.head.write(value) + self.tail(value).write(value)


WITH_REASON = (("accreditation", HASH), ("reason", Uint(1, 1, 4)))

PAYLOADS = {
    0x0201: Struct(
        ("sponsor", HASH), ("sponsor_accreditation", HASH),
        ("name", Text(2, 1, 200)), ("country", COUNTRY),
        ("url", Text(2, 0, 300)), ("recovery", HASH),
        ("keys", Items(KEY_PURPOSES, 1, 8, by("key")))),
    0x0203: KEY_PURPOSES,
    0x0204: Struct(("key", KEY)),
    0x0301: Struct(("subject", HASH), ("parent", HASH), *GRANT),
    0x0303: Struct(*WITH_REASON),
    0x0304: Struct(*WITH_REASON),
    0x0305: Struct(*WITH_REASON, ("void_since", U64)),
    0x0401: Struct(("code", LABEL), ("description", DESCRIPTION)),
    0x0601: Struct(
        ("label", LABEL), ("base", U32), ("count", Uint(4, 1)), ("root", HASH),
        ("programme", HASH), ("version", U16), ("published", BOOL),
        ("accreditations", Items(HASH, 1, 4, itself))),
    0x0602: Struct(("label", LABEL), ("changes", Items(
        Change(), 1, 4096, by("index"), width=2))),
}

class Kind(Uint):
    def check(self, value):
        require(value in PAYLOADS, "unknown kind of entry", "UNKNOWN_KIND")


BODY = Struct(
    ("version", Uint(1, 1, 1, "UNKNOWN_VERSION")), ("kind", Kind(2)),
    ("chain_id", HASH), ("actor", HASH), ("valid_until", U64),
    ("keys", Items(KEY, 1, 16, itself, code="SIGNERS_UNORDERED")),
    ("payload", Run(4)))


def read_entry(data):
    """Body fields, `signatures`, `body`, `id` and `hash`; payload decoded."""
    require(len(data) <= ENTRY_LIMIT, "entry too large", "TOO_LARGE")
    reader = Reader(data)
    entry = BODY.read(reader)
    entry["body"] = data[:reader.at]
    entry["payload"] = decode(PAYLOADS[entry["kind"]], entry["payload"])
    entry["signatures"] = [SIGNATURE.read(reader) for _ in entry["keys"]]
    require(reader.left() == 0, "trailing bytes after an entry")
    entry["id"] = tagged("entry", entry["body"])
    entry["hash"] = tagged("signed-entry", data)
    return entry


def entry_signatures_right(entry):
    return all(signature_right(k, entry["id"], s)
               for k, s in zip(entry["keys"], entry["signatures"]))


def party_id(keys):
    return tagged("party", min(keys))


def programme_id(issuer, code):
    return tagged("programme", issuer + LABEL.write(code)[1:])


# --- Blocks (section 10) -----------------------------------------------------

HEADER = Struct(
    ("version", ONE), ("rules_version", U16), ("chain_id", HASH),
    ("height", U64), ("time", U64), ("previous", HASH),
    ("certificate_hash", HASH), ("entries_hash", HASH), ("log_size", U64),
    ("log_root", HASH), ("state_root", HASH), ("members_hash", HASH),
    ("next_members_hash", HASH))

LEAF = Struct(("type", Uint(1, 0, 1)), ("height", U64), ("time", U64),
              ("position", U32), ("subject", HASH), ("effects_root", HASH))


def header_id(header):
    return tagged("header", HEADER.write(header))


BLOCK_ENTRY = Struct(("entry", Run(4)), ("leaves", Items(HASH, width=4)))
BLOCK = Struct(("header", HEADER), ("certificate", CERTIFICATE),
               ("entries", Items(BLOCK_ENTRY, 0, 8192, width=4)))


def entries_hash(entry_hashes):
    return tagged("block-entries",
                  U32.write(len(entry_hashes)) + b"".join(entry_hashes))


# --- Trees (section 11) ------------------------------------------------------

def log_leaf(data):
    return sha256(b"\x00" + data)


def log_node(left, right):
    return sha256(b"\x01" + left + right)


def log_root(leaf_hashes):
    count = len(leaf_hashes)
    if count == 0:
        return sha256(b"")
    if count == 1:
        return leaf_hashes[0]
    split = 1 << (count - 1).bit_length() - 1
    return log_node(log_root(leaf_hashes[:split]),
                    log_root(leaf_hashes[split:]))


def log_path(leaf_hashes, index):
    if len(leaf_hashes) <= 1:
        return []
    split = 1 << (len(leaf_hashes) - 1).bit_length() - 1
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if index < split:
        return log_path(left, index) + [log_root(right)]
    return log_path(right, index - split) + [log_root(left)]


def included(leaf_hash, index, size, path, root):
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    node, last, found = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            found = log_node(sibling, found)
            while node & 1 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            found = log_node(found, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and found == root


def consistent(first, second, path, first_root, second_root):
    """RFC 9162, section 2.1.4.2, and a log is consistent with itself."""
    if first == second:
        return not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    if first & (first - 1) == 0:
        path = [first_root] + path
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = log_node(sibling, old), log_node(sibling, new)
            while node & 1 == 0 and node:
                node, last = node >> 1, last >> 1
        else:
            new = log_node(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def state_leaf(key, hash_of_value):
    return tagged("state-leaf", key + hash_of_value)


def state_node(bit, left, right):
    return tagged("state-node", bytes([bit]) + left + right)


def bit_of(key, bit):
    return key[bit // 8] >> (7 - bit % 8) & 1


def split_bit(first, last):
    """The first bit in which two keys differ."""
    difference = int.from_bytes(first, "big") ^ int.from_bytes(last, "big")
    return 256 - difference.bit_length()


def state_root(hashes):
    """The root over a dict of record key to value hash."""
    def build(keys):
        if len(keys) == 1:
            return state_leaf(keys[0], hashes[keys[0]])
        bit = split_bit(keys[0], keys[-1])
        left = [k for k in keys if not bit_of(k, bit)]
        return state_node(bit, build(left), build(keys[len(left):]))
    return build(sorted(hashes)) if hashes else ZERO


HIDDEN, ABSENT = "hidden", None


def key_below(node):
    """A key that a part of a multiproof shows, or None."""
    if node[0] == "node":
        return key_below(node[2]) or key_below(node[3])
    return node[1] if node[0] in ("record", "end") else None


class Multiproof:
    """A part of a state tree. `values` are the records shown whole, `ends`
    the keys of the records shown by hash, `root` what it all gives."""

    def __init__(self, data):
        self.values, self.ends = {}, set()
        reader = Reader(data)
        self.tree, self.root = self.read(reader, [])
        require(reader.left() == 0, "bytes after a multiproof")

    def read(self, reader, way):
        """One node below the (bit, direction) pairs of `way`."""
        mark = reader.take(1)[0]
        if mark == 0:
            require(not way, "an empty tree inside a tree")
            return None, ZERO
        if mark == 1:
            cut = HASH.read(reader)
            require(cut != ZERO, "an empty subtree")
            return ("hidden",), cut
        if mark == 2:
            return self.read_node(reader, way)
        require(mark in (3, 4), "unknown mark in a multiproof")
        return self.read_leaf(reader, way, mark)

    def read_node(self, reader, way):
        bit = U8.read(reader)
        require(not way or bit > way[-1][0], "bits do not increase")
        left, left_hash = self.read(reader, way + [(bit, 0)])
        right, right_hash = self.read(reader, way + [(bit, 1)])
        shown = key_below(left), key_below(right)
        require(shown != (None, None), "a node that leads nowhere")
        require(None in shown or split_bit(*shown) == bit,
                "keys that differ elsewhere")
        return (("node", bit, left, right),
                state_node(bit, left_hash, right_hash))

    def read_leaf(self, reader, way, mark):
        key = HASH.read(reader)
        require(all(bit_of(key, b) == d for b, d in way),
                "a key in the wrong place")
        if mark == 4:
            self.ends.add(key)
            return ("end", key), state_leaf(key, HASH.read(reader))
        self.values[key] = Run(2, 1).read(reader)
        return ("record", key), state_leaf(key, value_hash(self.values[key]))

    def end_of(self, key):
        """The leaf or hidden subtree where the walk of a key ends."""
        node = self.tree
        while node and node[0] == "node":
            node = node[3] if bit_of(key, node[1]) else node[2]
        return node

    def look(self, key):
        """The record's value, ABSENT or HIDDEN."""
        end = self.end_of(key)
        if end is None:
            return ABSENT
        if end[0] == "hidden":
            return HIDDEN
        if end[1] != key:
            return ABSENT
        return self.values.get(key, HIDDEN)


# --- Commitments (section 12) ------------------------------------------------

OPENING = Struct(
    ("version", ONE), ("salt", HASH), ("digest", NOT_ZERO),
    ("format", Uint(1, 1, 2)), ("programme", HASH),
    ("programme_version", U16), ("label", LABEL), ("slot", U32),
    ("valid_from", U64), ("valid_until", U64), ("assurance", Uint(1, 0, 3)))


def commitment(opening):
    return tagged("commitment", opening)


def salt(seed, slot):
    """HKDF-SHA256 of one block."""
    secret = hmac.new(b"muniment/salt/1", seed, hashlib.sha256).digest()
    return hmac.new(secret, U32.write(slot) + b"\x01", hashlib.sha256).digest()


# --- Receipts (section 14) ---------------------------------------------------

PATH = Items(HASH)
LINK = Struct(("header", HEADER), ("certificate", CERTIFICATE),
              ("members", MEMBER_SET))
RECEIPT = Struct(
    ("version", ONE), ("chain_id", HASH),
    ("entry", Run(4)), ("leaf_height", U64), ("leaf_time", U64),
    ("leaf_position", U32), ("effects_root", HASH), ("leaf_index", U64),
    ("log_path", PATH), ("batch_position", U32), ("batch_path", PATH),
    ("root_header", HEADER), ("members", MEMBER_SET), ("links", Items(LINK)),
    ("header", HEADER), ("certificate", CERTIFICATE), ("multiproof", Run(4)))
