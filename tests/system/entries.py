"""Signed entries for system tests, made from ledger/README.md alone with the
codecs of tests/vectors, so that the daemon is fed by other code than its own.

The signers are those of tests/support/make_entry.h: 1 is the member that
make_load puts into its genesis, 2 the issuer that its setup.bin registers.

    maker = Maker(node.read("genesis.bin"))
    entry = maker.anchor(root=..., accreditation=...)
    node.submit(entry.request())
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "vectors"))
import formats  # noqa: E402
import ledger  # noqa: E402
import secp256k1  # noqa: E402

MEMBER, ISSUER = 1, 2
HOUR = 3600 * 1000
DAY = 24 * HOUR
ZERO = formats.ZERO
KINDS = formats.KINDS

# mun_test_description and a grant that covers it.
DESCRIPTION = {
    "version": 1,
    "titles": [{"language": "en", "text": "Data analysis"},
               {"language": "kk", "text": "Деректерді талдау"}],
    "levels": [{"framework": "eqf", "level": "5"}],
    "fields": [{"scheme": "isced", "code": "0613"}],
    "award_kind": 1, "credit_system": "ects", "credits": 500,
    "workload_hours": 125, "assessment": "A written examination",
    "participation": 3, "quality": "Reviewed every year",
    "languages": ["en", "kk"], "jurisdiction": "KZ-75",
    "url": "https://university.example/data",
    "outcomes": ["Clean a table of measurements"],
    "outcomes_digest": bytes([7] * 32), "partners": ["Statistics office"],
    "part_of": ["Bachelor of Informatics"]}
SCOPE = {
    "levels": [{"framework": "eqf", "level": "5"},
               {"framework": "eqf", "level": "6"}],
    "fields": [{"scheme": "isced", "code": "06"}], "award_kinds": 63,
    "jurisdictions": ["KZ"], "credit_system": "ects", "credit_min": 100,
    "credit_max": 3000, "sub_depth": 1}


def now():
    return int(time.time() * 1000)


def secret(number):
    return int.from_bytes(formats.sha256(
        b"muniment test signer" + number.to_bytes(4, "big")), "big")


_keys = {}


def key(number):
    if number not in _keys:
        _keys[number] = b"\x01" + secp256k1.public_key(secret(number))
        _keys[_keys[number]] = number
    return _keys[number]


def party(number):
    """The name of the party whose lowest key is the signer's."""
    return formats.party_id([key(number)])


def grants(numbers, purposes):
    return sorted(({"key": key(n), "purposes": purposes} for n in numbers),
                  key=lambda item: item["key"])


def sign(number, digest):
    return b"\x01" + secp256k1.sign(secret(number), digest)


def sign_otherwise(number, digest):
    """A right signature of other bytes than `sign` makes."""
    z = int.from_bytes(digest, "big")
    k = z ^ secret(number) | 1
    r = secp256k1.affine(secp256k1.multiply(
        k, (*secp256k1.G, 1)))[0] % secp256k1.N
    s = pow(k, -1, secp256k1.N) * (z + r * secret(number)) % secp256k1.N
    s = min(s, secp256k1.N - s)
    return b"\x01" + r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Entry:
    def __init__(self, body, signatures, leaves=()):
        self.body, self.signatures = body, list(signatures)
        self.leaves = list(leaves)

    @property
    def id(self):
        return formats.tagged("entry", self.body)

    @property
    def data(self):
        return self.body + b"".join(self.signatures)

    def request(self):
        return request(self.data, self.leaves)


def request(data, leaves=()):
    """Any bytes as a submission of one entry."""
    return (len(data).to_bytes(4, "big") + data +
            len(leaves).to_bytes(4, "big") + b"".join(leaves))


class Maker:
    def __init__(self, genesis):
        self.genesis = formats.decode(formats.GENESIS, genesis)
        self.chain_id = ledger.chain_id(self.genesis)
        # With its random validating key, so it is not party(MEMBER).
        self.member = self.genesis["parties"][0]["id"]

    def body(self, kind, payload, actor, signers, **changes):
        """`changes` replaces fields; bytes as `payload` go in as they are."""
        if not isinstance(payload, bytes):
            payload = formats.PAYLOADS[kind].write(payload)
        fields = {"version": 1, "kind": kind, "chain_id": self.chain_id,
                  "actor": actor, "valid_until": now() + 20 * HOUR,
                  "keys": sorted(key(n) for n in signers), **changes}
        keys = b"".join(fields["keys"])
        return (bytes([fields["version"]]) + fields["kind"].to_bytes(2, "big")
                + fields["chain_id"] + fields["actor"]
                + fields["valid_until"].to_bytes(8, "big")
                + bytes([len(fields["keys"])]) + keys
                + len(payload).to_bytes(4, "big") + payload)

    def entry(self, kind, payload, actor, signers, leaves=(), **changes):
        body = self.body(kind, payload, actor, signers, **changes)
        digest = formats.tagged("entry", body)
        order = sorted(signers, key=key)
        return Entry(body, [sign(n, digest) for n in order], leaves)

    def register_party(self, number, *more, purposes=7, sponsor=None,
                       sponsor_key=MEMBER, name="Université", **changes):
        """A party with the signers' keys, named by the lowest."""
        numbers = (number, *more)
        payload = {"sponsor": sponsor or self.member,
                   "sponsor_accreditation": ZERO, "name": name,
                   "country": "KZ-75", "url": "https://university.example/",
                   "recovery": ZERO, "keys": grants(numbers, purposes)}
        payload.update(changes.pop("payload", {}))
        actor = formats.party_id([key(n) for n in numbers])
        return self.entry(KINDS["register party"], payload,
                          changes.pop("actor", actor),
                          (*numbers, sponsor_key), **changes)

    def accredit(self, subject, scope=(), parent=ZERO, actor=None,
                 signers=(MEMBER,), term=(0, 0), **changes):
        start, end = term
        payload = {"subject": subject, "parent": parent, "tier": 2,
                   "basis": "Decision 17 of the agency",
                   "from": start or now() - HOUR,
                   "until": end or now() + 400 * DAY,
                   "scope": {**SCOPE, **dict(scope)}}
        return self.entry(KINDS["accredit"], payload, actor or self.member,
                          signers, **changes)

    def programme(self, code, actor=None, signers=(ISSUER,), **description):
        payload = {"code": code,
                   "description": {**DESCRIPTION, **description}}
        return self.entry(KINDS["register programme"], payload,
                          actor or party(ISSUER), signers)

    def anchor(self, label, base, accreditation, programme, leaves=None,
               root=None, count=None, actor=None, signers=(ISSUER,),
               payload=(), sent_leaves=None, **changes):
        """With `leaves` a published batch, with `root` and `count` a sealed
        one."""
        found = {"label": label, "base": base, "programme": programme,
                 "version": 1, "accreditations": sorted(
                     accreditation if isinstance(accreditation, list)
                     else [accreditation]),
                 "published": leaves is not None,
                 "count": len(leaves) if count is None else count,
                 "root": root or batch_root(leaves), **dict(payload)}
        sent = (leaves or []) if sent_leaves is None else sent_leaves
        return self.entry(KINDS["anchor"], found, actor or party(ISSUER),
                          signers, sent, **changes)

    def change_status(self, label, changes, actor=None, signers=(ISSUER,),
                      **more):
        """`changes` are (index, action, reason, if_since[, argument])."""
        items = []
        for index, action, reason, if_since, *argument in changes:
            item = {"index": index, "action": action, "reason": reason,
                    "if_since": if_since}
            if argument:
                item["superseded_by" if action == 4
                     else "extended_until"] = argument[0]
            items.append(item)
        return self.entry(KINDS["change status"],
                          {"label": label, "changes": items},
                          actor or party(ISSUER), signers, **more)

    def standing(self, what, accreditation, reason=4, void_since=0,
                 signers=(MEMBER,), actor=None):
        """`what` is "suspend", "reinstate" or "withdraw"."""
        payload = {"accreditation": accreditation, "reason": reason}
        if what == "withdraw":
            payload["void_since"] = void_since
        return self.entry(KINDS[what + " accreditation"], payload,
                          actor or self.member, signers)


def leaf(number):
    return formats.sha256(b"leaf" + number.to_bytes(4, "big"))


def leaves(count, start=0):
    return [leaf(start + i) for i in range(count)]


def batch_root(commitments):
    return formats.log_root([formats.log_leaf(c) for c in commitments])
