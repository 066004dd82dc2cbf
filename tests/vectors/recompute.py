"""Computes every vector anew and compares (ledger/README.md, section 17)."""
import json
import os

import documents
import formats as f
import ledger
import secp256k1
import selftest
import verify

FOLDER = os.path.dirname(os.path.abspath(__file__))


def load(name):
    with open(os.path.join(FOLDER, name + ".json"), encoding="utf-8") as file:
        return json.load(file)["vectors"]


def plain(value):
    """As the vectors write it: hex for bytes, objects for structures."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def same(value, wanted):
    return plain(value) == wanted


def only(value, wanted):
    """The part of a structure that has the names of the vector's."""
    return {name: value[name] for name in wanted}


def refused(codec, data):
    """The code with which it is refused, or None."""
    try:
        codec(data) if callable(codec) else f.decode(codec, data)
    except f.Refused as refusal:
        return refusal.code
    return None


def hexed(vector, *names):
    return [bytes.fromhex(vector[name]) for name in names]


# Each check yields pairs: what it is, and whether it holds.

def check_hashes(vector):
    data, digest = hexed(vector, "input", "digest")
    tag = vector["tag"]
    if tag is None:
        yield "sha256", f.sha256(data) == digest
        return
    thing = tag.split("/")[1]
    yield tag, thing in f.TAGS and f.tagged(thing, data) == digest


def check_jcs(vector):
    text = vector["input"].encode()
    try:
        canonical = documents.canonical(documents.parse(text))
    except ValueError:
        yield "refused", not vector["valid"]
        return
    yield "valid", vector["valid"]
    yield "canonical", canonical == vector.get("canonical")
    yield "digest", same(f.sha256(canonical.encode()), vector.get("digest"))


def check_commitment(vector):
    opening = bytes.fromhex(vector["opening"])
    if not vector["valid"]:
        yield "refused", refused(f.OPENING, opening)
        return
    yield "salt", same(f.salt(bytes.fromhex(vector["seed"]), vector["slot"]),
                       vector["salt"])
    yield "fields", same(f.decode(f.OPENING, opening), vector["fields"])
    yield "opening", f.OPENING.write(vector["fields"]) == opening
    yield "commitment", same(f.commitment(opening), vector["commitment"])


def check_merkle(vector):
    if vector["kind"] == "tree":
        leaves = [f.log_leaf(bytes.fromhex(x)) for x in vector["leaves"]]
        yield "root", same(f.log_root(leaves), vector["root"])
        return
    path = [bytes.fromhex(x) for x in vector["path"]]
    if vector["kind"] == "inclusion":
        leaf, root = hexed(vector, "leaf", "root")
        found = f.included(f.log_leaf(leaf), vector["index"], vector["size"],
                           path, root)
    else:
        found = f.consistent(vector["old_size"], vector["new_size"], path,
                             *hexed(vector, "old_root", "new_root"))
    yield vector["kind"], found == vector["valid"]


def check_state(vector):
    hashes = {}
    for record in vector["records"]:
        key, value = hexed(record, "key", "value")
        hashes[key] = f.value_hash(value)
        yield "value_hash", same(hashes[key], record["value_hash"])
        yield "leaf", same(f.state_leaf(key, hashes[key]), record["leaf"])
    yield "root", same(f.state_root(hashes), vector["root"])
    for proof in vector["proofs"]:
        yield from check_multiproof(proof, vector["root"])
    for proof in vector["refused"]:
        yield proof["name"], not accepted(*hexed(proof, "proof", "root"))


def accepted(proof, root):
    try:
        return f.Multiproof(proof).root == root
    except f.Refused:
        return False


def check_multiproof(vector, root):
    proof = f.Multiproof(bytes.fromhex(vector["proof"]))
    yield "root of a proof", same(proof.root, root)
    for shown in vector["shows"]:
        found = proof.look(bytes.fromhex(shown["key"]))
        presence = {f.ABSENT: "absent", f.HIDDEN: "not_shown"}.get(
            found, "present")
        yield "presence", presence == shown["presence"]
        if presence == "present":
            yield "value", same(found, shown["value"])


def check_genesis(vector):
    binary = bytes.fromhex(vector["binary"])
    if not vector["valid"]:
        yield "refused", refused(f.GENESIS, binary)
        return
    document = f.decode(f.GENESIS, binary)
    chain = ledger.Ledger(document)
    yield "fields", same(document, vector["fields"])
    yield "json", same(genesis_of_json(vector["json"]), vector["fields"])
    yield "binary", f.GENESIS.write(vector["fields"]) == binary
    yield "genesis_hash", same(f.tagged("genesis", binary),
                               vector["genesis_hash"])
    yield from check_members(chain, vector)
    yield "genesis_header", same(
        f.GENESIS_HEADER.write(ledger.genesis_header(document)),
        vector["genesis_header"])
    yield "chain_id", same(chain.chain_id, vector["chain_id"])
    yield "records", same(
        [{"type": value[0], "key": key, "value": value}
         for key, value in sorted(chain.values.items())], vector["records"])
    yield "state_root", same(chain.header["state_root"], vector["state_root"])
    yield from check_header(chain.header, vector)


def check_members(chain, vector):
    yield "members", same(chain.members, vector["members"])
    yield "member_set", same(f.MEMBER_SET.write(chain.members),
                             vector["member_set"])
    yield "members_hash", same(f.members_hash(chain.members),
                               vector["members_hash"])


def check_header(header, vector):
    yield "header_fields", same(header, vector["header_fields"])
    yield "header", same(f.HEADER.write(header), vector["header"])
    yield "header_id", same(f.header_id(header), vector["header_id"])


PURPOSE_NAMES = {"anchor": 1, "status": 2, "govern": 4, "assert": 8,
                 "validate": 16}
ROLE_NAMES = {"member": f.MEMBER, "root_accreditor": f.ROOT_ACCREDITOR}


def genesis_of_json(document):
    """The fields of the document that the JSON form stands for."""
    parties = [party_of_json(party) for party in document["parties"]]
    return {"version": 1, "name": document["name"],
            "time": verify.read_time(document["time"]), "rules_version": 1,
            "max_age": document["max_age_ms"],
            "parties": sorted(parties, key=f.by("id"))}


def party_of_json(party):
    keys = sorted(({"key": bytes.fromhex(k["key"]),
                    "purposes": sum(PURPOSE_NAMES[p] for p in k["purposes"])}
                   for k in party["keys"]), key=f.by("key"))
    return {"id": f.party_id([k["key"] for k in keys]),
            "roles": sum(ROLE_NAMES[r] for r in party["roles"]),
            "name": party["name"], "country": party["country"],
            "url": party["url"], "keys": keys}


def check_entries(vector):
    data = bytes.fromhex(vector["entry"])
    if vector["refusal"]:
        data += bytes(vector["zeros_behind"])
        code = refused(f.read_entry, data)
        yield f"{vector['refusal']}: {code}", code == vector["refusal"]
        return
    fields = vector["fields"]
    payload = f.PAYLOADS[fields["kind"]].write(fields["payload"])
    body = f.BODY.write({**fields, "payload": payload})
    entry = f.read_entry(data)
    yield "payload", same(payload, vector["payload"])
    yield "body", same(body, vector["body"]) and entry["body"] == body
    yield "fields", same(only(entry, fields), fields)
    yield "id", same(f.tagged("entry", body), vector["id"])
    yield "signatures", same(sign_all(vector), vector["signatures"])
    yield "verified", f.entry_signatures_right(entry)
    yield "entry", body + b"".join(sign_all(vector)) == data
    yield "entry_hash", same(entry["hash"], vector["entry_hash"])
    if fields["kind"] == f.ANCHOR_KIND and fields["payload"]["published"]:
        yield "leaves", leaves_right(fields["payload"], vector["leaves"])


def sign_all(vector):
    digest = bytes.fromhex(vector["id"])
    return [b"\x01" + secp256k1.sign(int(secret, 16), digest)
            for secret in vector["secrets"]]


def leaves_right(payload, leaves):
    root = f.log_root([f.log_leaf(bytes.fromhex(x)) for x in leaves])
    return len(leaves) == payload["count"] and same(root, payload["root"])


def check_records(vector):
    fields, kind = vector["fields"], vector["type"]
    value = f.write_record(fields)
    natural = [fields[name] for name, _ in f.NATURAL[kind]]
    yield "value", same(value, vector["value"])
    yield "fields", same(only(f.read_record(value), fields), fields)
    yield "natural_key", same(f.natural_key(kind, *natural),
                              vector["natural_key"])
    yield "key", same(f.record_key(kind, *natural), vector["key"])
    yield "value_hash", same(f.value_hash(value), vector["value_hash"])


# The blocks follow one another on the first genesis.

class Blocks:
    def __init__(self):
        genesis = bytes.fromhex(load("genesis")[0]["binary"])
        self.chain = ledger.Ledger(f.decode(f.GENESIS, genesis))

    def __call__(self, vector):
        chain, certificate = self.chain, vector["previous_certificate"]
        yield "previous_header", same(f.HEADER.write(chain.header),
                                      vector["previous_header"])
        yield from check_certificate(certificate)
        if vector["height"] > 1:
            yield "previous_certificate", certifies(
                certificate, chain.header, chain)
        leaves = len(chain.leaves)
        entries = [bytes.fromhex(e["entry"]) for e in vector["entries"]]
        chain.append(vector["header_fields"]["time"], entries,
                     f.decode(f.CERTIFICATE,
                              bytes.fromhex(certificate["binary"])))
        yield from self.check_leaves(vector, leaves)
        yield from check_header(chain.header, vector)
        for name in "entries_hash", "log_size", "log_root", "state_root":
            yield name, same(chain.header[name], vector[name])
        yield from self.check_block(vector)
        yield from check_certificate(vector["certificate"])
        yield from check_vote(vector, chain)

    def check_leaves(self, vector, first):
        yield from check_leaf(self.chain.leaves[first], vector["header_leaf"])
        for position, entry in enumerate(vector["entries"]):
            leaf = self.chain.leaves[first + 1 + position]
            yield from check_leaf(leaf, entry["log_leaf"])
            yield from self.check_entry(self.chain.effects[position], entry)

    def check_entry(self, items, vector):
        read = f.read_entry(bytes.fromhex(vector["entry"]))
        name = vector["kind"].replace("_", " ")
        yield "kind", f.KINDS[name] == read["kind"]
        yield "id", same(read["id"], vector["id"])
        yield "entry_hash", same(read["hash"], vector["entry_hash"])
        yield "verified", f.entry_signatures_right(read)
        if read["kind"] == f.ANCHOR_KIND and read["payload"]["published"]:
            yield "leaves", leaves_right(plain(read["payload"]),
                                         vector["leaves"])
        yield "effects", [item.hex() for item in items] == [
            e["key"] + e["before"] + e["after"] for e in vector["effects"]]
        for effect in vector["effects"]:
            yield "value", same(f.value_hash(bytes.fromhex(effect["value"])),
                                effect["after"])
        root = f.log_root([f.log_leaf(item) for item in items])
        yield "effects_root", same(root, vector["effects_root"])

    def check_block(self, vector):
        data = bytes.fromhex(vector["block"])
        block = f.decode(f.BLOCK, data)
        yield "block", f.BLOCK.write(block) == data
        yield "header in the block", block["header"] == self.chain.header
        yield "entries in the block", plain(block["entries"]) == [
            {"entry": e["entry"], "leaves": e["leaves"]}
            for e in vector["entries"]]


def check_leaf(data, vector):
    yield "leaf", same(data, vector["data"])
    yield "leaf fields", same(f.decode(f.LEAF, data), vector["fields"])
    yield "leaf hash", same(f.log_leaf(data), vector["hash"])


def check_certificate(vector):
    data = bytes.fromhex(vector["binary"])
    yield "certificate", f.CERTIFICATE.write(vector["fields"]) == data
    yield "certificate fields", same(
        only(f.decode(f.CERTIFICATE, data), vector["fields"]),
        vector["fields"])
    yield "certificate hash", same(f.tagged("certificate", data),
                                   vector["hash"])


def certifies(vector, header, chain):
    certificate = f.decode(f.CERTIFICATE, bytes.fromhex(vector["binary"]))
    try:
        f.check_certificate(certificate, header, chain.members,
                            chain.chain_id)
    except f.Refused:
        return False
    return True


def check_vote(vector, chain):
    digest = f.vote_digest(3, chain.chain_id, vector["height"],
                           vector["certificate"]["fields"]["round"], -1,
                           f.header_id(chain.header))
    yield "vote", same(f.tagged("vote", bytes.fromhex(vector["vote"])),
                       vector["vote_digest"])
    yield "vote_digest", same(digest, vector["vote_digest"])
    yield "certified", certifies(vector["certificate"], chain.header, chain)


class Receipts:
    """Vectors that take what they do not have from another."""

    def __init__(self):
        self.known = {}

    def __call__(self, vector):
        whole = {**self.known.get(vector.get("of"), {}), **vector}
        if "splices" in vector:
            whole["receipt"] = splice(whole["receipt"], vector["splices"])
        self.known[vector["name"]] = {**whole, "splices": []}
        opening = bytes.fromhex(whole["opening"])
        if "commitment" in vector:
            yield "commitment", same(f.commitment(opening),
                                     vector["commitment"])
        if "document_digest" in vector:
            yield "document_digest", documents.digest(
                whole["document"].encode(), opening[65]).hex() == whole[
                    "document_digest"]
        found = run_receipt(whole)
        for name, wanted in whole["expected"].items():
            yield f"{name}: {found.get(name)}", found.get(name) == wanted


def splice(receipt, splices):
    data = bytes.fromhex(receipt)
    for change in sorted(splices, key=f.by("offset"), reverse=True):
        data = (data[:change["offset"]] + bytes.fromhex(change["insert"])
                + data[change["offset"] + change["drop"]:])
    return data.hex()


def run_receipt(vector):
    """The vector's `expected`, as found."""
    root = verify.read_trust_root(
        json.dumps(vector["trust_root"]).encode())
    found = verify.Verification(
        vector["document"].encode(), bytes.fromhex(vector["opening"]),
        bytes.fromhex(vector["receipt"]), root, vector["time"],
        vector["max_age"], vector["assurance_min"]).run()
    outcomes = {name: found.outcome(name) for name in verify.CHECKS}
    return {
        "verdict": found.verdict, "code": verify.EXIT_CODES[found.verdict],
        "applies": found.applies,
        "flags": [flag for flag in verify.FLAGS if flag in found.flags],
        "reason": found.reasons.get("DOCUMENT_MISMATCH", [None])[0],
        "slot": getattr(found, "slot", None),
        "slot_status": found.facts.get("status", 0),
        "slot_since_height": found.facts.get("since_height", 0),
        "extended_until": found.facts.get("extended_until", 0),
        "anchored_time": getattr(found, "anchored", None),
        "as_of_height": found.facts.get("height"),
        "failed": [n for n, o in outcomes.items() if o == "failed"],
        "not_done": [n for n, o in outcomes.items() if o == "not done"]}


def check_file(name, check):
    """(name, whether it passed, what was wrong) of each vector."""
    for number, vector in enumerate(load(name), 1):
        title = f"{name} {number} {vector.get('name', '')}".rstrip()
        try:
            wrong = [what for what, right in check(vector) if not right]
        except Exception as error:  # one bad vector does not hide the others
            wrong = [f"{type(error).__name__}: {error}"]
        yield title, not wrong, ", ".join(wrong)


def checks():
    yield from selftest.check_all()
    for name, check in (
            ("hashes", check_hashes), ("jcs", check_jcs),
            ("commitment", check_commitment), ("merkle", check_merkle),
            ("state", check_state), ("genesis", check_genesis),
            ("entries", check_entries), ("records", check_records),
            ("block", Blocks()), ("receipt", Receipts())):
        yield from check_file(name, check)


def check_all():
    """One line for each check; 1 when one failed."""
    passed = failed = 0
    for name, right, why in checks():
        print(f"passed {name}" if right else f"FAILED {name}: {why}")
        passed, failed = passed + right, failed + (not right)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
