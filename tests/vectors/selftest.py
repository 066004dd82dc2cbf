"""The verifier tried on a ledger of its own making: one credential that is
VALID, what the ledger may say of it later, and forgeries of each part."""
import json

import documents
import formats as f
import secp256k1
import verify
from ledger import Ledger, genesis_members

NOW = 1_700_000_000_000
SEED = bytes(range(32))
LABEL = "degrees-2024"


def secret(name):
    return int.from_bytes(f.sha256(name.encode()), "big") % secp256k1.N


def key(name):
    return b"\x01" + secp256k1.public_key(secret(name))


SECRETS = {key(n): secret(n) for n in (
    [f"validate-{i}" for i in range(4)] + [f"govern-{i}" for i in range(4)]
    + ["uni-govern", "uni-anchor", "uni-status", "uni-anchor-2"])}


def sign(public, digest):
    return b"\x01" + secp256k1.sign(SECRETS[public], digest)


def genesis():
    parties = [genesis_party(i) for i in range(4)]
    return {"version": 1, "name": "Self-test", "time": NOW, "rules_version": 1,
            "max_age": 30 * f.DAY, "parties": sorted(parties, key=f.by("id"))}


def genesis_party(i):
    keys = [{"key": key(f"validate-{i}"), "purposes": f.VALIDATE},
            {"key": key(f"govern-{i}"), "purposes": f.GOVERN}]
    return {"id": f.party_id([k["key"] for k in keys]),
            "roles": 3 if i == 0 else 1, "name": f"Party {i}", "country": "IE",
            "url": "", "keys": sorted(keys, key=f.by("key"))}


ROOT_PARTY = genesis_party(0)["id"]
UNI_KEYS = sorted((
    {"key": key("uni-govern"), "purposes": f.GOVERN},
    {"key": key("uni-anchor"), "purposes": f.ANCHOR},
    {"key": key("uni-status"), "purposes": f.STATUS}), key=f.by("key"))
UNI = f.party_id([k["key"] for k in UNI_KEYS])
PROGRAMME = f.programme_id(UNI, "BSC-1")

SCOPE = {"levels": [{"framework": "EQF", "level": "6"}], "fields": [],
         "award_kinds": 8, "jurisdictions": ["IE"], "credit_system": "ECTS",
         "credit_min": 0, "credit_max": 30000, "sub_depth": 0}
DESCRIPTION = {
    "version": 1, "titles": [{"language": "en", "text": "BSc Physics"}],
    "levels": [{"framework": "EQF", "level": "6"}],
    "fields": [{"scheme": "ISCED-F", "code": "0533"}], "award_kind": 4,
    "credit_system": "ECTS", "credits": 18000, "workload_hours": 0,
    "assessment": "", "participation": 1, "quality": "", "languages": ["en"],
    "jurisdiction": "IE", "url": "", "outcomes": [], "outcomes_digest": f.ZERO,
    "partners": [], "part_of": []}


class Chain(Ledger):
    """A ledger whose members sign each block."""

    def __init__(self):
        super().__init__(genesis())
        self.certificate = f.empty_certificate(f.header_id(self.header))
        self.headers = [(self.header, self.certificate)]

    def add(self, *entries):
        self.append(self.time + 1000, list(entries), self.certificate)
        self.certificate = self.certify(self.header)
        self.headers.append((self.header, self.certificate))

    def link(self, height):
        header, certificate = self.headers[height]
        return {"header": header, "certificate": certificate,
                "members": self.members}

    def certify(self, header, signers=(0, 1, 3)):
        found = {"height": header["height"], "round": 0,
                 "header_id": f.header_id(header), "member_count": 4,
                 "bitmap": f.bitmap_of(signers, 4)}
        digest = f.vote_digest(3, self.chain_id, header["height"], 0, -1,
                               found["header_id"])
        found["signatures"] = [sign(self.members[i]["key"], digest)
                               for i in signers]
        return found

    def entry(self, kind, actor, signers, **payload):
        kind = f.KINDS[kind]
        keys = sorted(key(s) for s in signers)
        body = f.BODY.write({
            "version": 1, "kind": kind, "chain_id": self.chain_id,
            "actor": actor, "valid_until": self.time + f.DAY, "keys": keys,
            "payload": f.PAYLOADS[kind].write(payload)})
        digest = f.tagged("entry", body)
        return body + b"".join(sign(k, digest) for k in keys)


def document(slot, name="Ada"):
    return json.dumps({
        "issuer": {"id": f"urn:muniment:party:{UNI.hex()}"},
        "credentialSubject": {"name": name, "achievement": {
            "id": f"urn:muniment:programme:{PROGRAMME.hex()}:1"}},
        "validUntil": "2026-05-03T03:13:20.0+05:00",
        "credentialStatus": [{
            "type": "BitstringStatusListEntry", "statusListIndex": str(slot),
            "statusListCredential":
                f"https://x.example/v1/status-lists/{UNI.hex()}/{LABEL}"}]
    }).encode()


def opening(slot):
    return f.OPENING.write({
        "version": 1, "salt": f.salt(SEED, slot),
        "digest": documents.digest(document(slot), 1), "format": 1,
        "programme": PROGRAMME, "programme_version": 1, "label": LABEL,
        "slot": slot, "valid_from": NOW, "valid_until": NOW + 900 * f.DAY,
        "assurance": 2})


class Story:
    """Registration, accreditation and five credentials; then whatever."""

    def __init__(self, tier=2):
        self.chain = chain = Chain()
        register = chain.entry(
            "register party", UNI, ["govern-0"] + [
                "uni-govern", "uni-anchor", "uni-status"],
            sponsor=ROOT_PARTY, sponsor_accreditation=f.ZERO, name="Uni",
            country="IE", url="https://uni.example", recovery=f.ZERO,
            keys=UNI_KEYS)
        chain.add(register)
        self.grant = chain.entry(
            "accredit", ROOT_PARTY, ["govern-0"], subject=UNI, parent=f.ZERO,
            tier=tier, basis="Act 1", until=NOW + 300 * f.DAY, scope=SCOPE,
            **{"from": NOW})
        self.accreditation = f.read_entry(self.grant)["id"]
        chain.add(self.grant, chain.entry(
            "register programme", UNI, ["uni-govern"], code="BSC-1",
            description=DESCRIPTION))
        self.leaves = [f.log_leaf(f.commitment(opening(i))) for i in range(5)]
        self.anchor = chain.entry(
            "anchor", UNI, ["uni-anchor"], label=LABEL, base=0, count=5,
            root=f.log_root(self.leaves), programme=PROGRAMME, version=1,
            published=False, accreditations=[self.accreditation])
        chain.add(self.anchor)
        self.index, self.leaf = len(chain.leaves) - 1, chain.leaves[-1]
        self.anchored = chain.time

    def govern(self, kind, **payload):
        self.chain.add(self.chain.entry(
            kind, ROOT_PARTY, ["govern-0"], accreditation=self.accreditation,
            reason=4, **payload))
        return self

    def change(self, slot, action, if_since=0, **more):
        self.chain.add(self.chain.entry(
            "change status", UNI, ["uni-status"], label=LABEL, changes=[
                {"index": slot, "action": action, "reason": 1,
                 "if_since": if_since, **more}]))
        return self

    def asked(self, slot, hide=()):
        chain, key_ = self.chain, f.record_key
        keys = [key_(f.PARTY, UNI), key_(f.PARTY, ROOT_PARTY),
                key_(f.KEYS, key("uni-anchor")), key_(f.KEYS, key("govern-0")),
                key_(f.PROGRAMME, PROGRAMME), key_(f.VERSION, PROGRAMME, 1),
                key_(f.LIST, UNI, LABEL), key_(f.SLOT, UNI, LABEL, slot),
                key_(f.ACCREDITATION, self.accreditation)]
        if chain.read(f.SLOT, UNI, LABEL, slot):
            keys.append(key_(f.KEYS, key("uni-status")))
        return [k for k in keys if k not in hide]

    def receipt(self, slot, hide=(), **changes):
        chain = self.chain
        leaf = f.decode(f.LEAF, self.leaf)
        value = {
            "version": 1, "chain_id": chain.chain_id, "entry": self.anchor,
            "leaf_height": leaf["height"], "leaf_time": leaf["time"],
            "leaf_position": leaf["position"],
            "effects_root": leaf["effects_root"], "leaf_index": self.index,
            "log_path": f.log_path([f.log_leaf(x) for x in chain.leaves],
                                   self.index),
            "batch_position": slot,
            "batch_path": f.log_path(self.leaves, slot),
            "root_header": chain.headers[0][0], "members": chain.members,
            "links": [], "header": chain.header,
            "certificate": chain.certificate,
            "multiproof": chain.multiproof(self.asked(slot, hide))}
        return f.RECEIPT.write(value | changes)

    def root(self, height=0):
        return {"chain_id": self.chain.chain_id, "height": height,
                "header_id": f.header_id(self.chain.headers[height][0]),
                "max_age_ms": 30 * f.DAY}

    def verify(self, slot=1, text=None, receipt=None, at=None, raw=None,
               root=None, **kw):
        return verify.Verification(
            text or document(slot), raw or opening(slot),
            receipt or self.receipt(slot), root or self.root(),
            self.chain.time + 1000 if at is None else at, **kw).run()


def histories():
    """(what, verification, verdict, a flag or None)"""
    plain = Story()
    yield "honest", plain.verify(), "VALID", None
    yield "last slot", plain.verify(4), "VALID", None
    yield "expired", plain.verify(at=NOW + 900 * f.DAY), "EXPIRED", None
    newest = plain.chain.time
    yield "early", plain.verify(at=NOW - 1), "NOT_YET_VALID", None
    yield ("a slow clock", plain.verify(at=newest - 600_000), "NOT_YET_VALID",
           None)
    yield "too early", plain.verify(at=newest - 600_001), "UNKNOWN", None
    yield ("stale", plain.verify(at=NOW + 31 * f.DAY), "STALE", None)
    yield ("term over", plain.verify(at=NOW + 301 * f.DAY), "STALE",
           "accreditation_ended")
    yield ("assurance", plain.verify(min_assurance=3), "VALID",
           "assurance_below_minimum")
    yield "tier 4", Story(4).verify(), "VALID", "tier_none_yet"
    yield "revoked", Story().change(1, 1).verify(), "REVOKED", None
    yield "other revoked", Story().change(0, 1).verify(), "VALID", None
    suspended = Story().change(1, 2)
    yield "suspended", suspended.verify(), "SUSPENDED", None
    yield ("reinstated", suspended.change(1, 3, 4).verify(), "VALID", None)
    yield ("superseded", Story().change(1, 4, superseded_by=b"\1" * 32
                                        ).verify(), "SUPERSEDED", None)
    extended = Story().change(1, 5, extended_until=NOW + 990 * f.DAY)
    yield ("extended", extended.verify(at=NOW + 950 * f.DAY), "STALE", None)
    yield ("accreditation suspended",
           Story().govern("suspend accreditation").verify(), "VALID",
           "accreditation_suspended")
    story = Story()
    yield ("accreditation withdrawn",
           story.govern("withdraw accreditation", void_since=0).verify(),
           "VALID", "accreditation_withdrawn_since")
    yield ("void after", Story().govern(
        "withdraw accreditation", void_since=story.anchored + 1).verify(),
           "VALID", "accreditation_withdrawn_since")
    yield ("void", Story().govern("withdraw accreditation",
                                  void_since=story.anchored).verify(),
           "VOIDED", None)


def newest_certificate(chain, root_height):
    newest = chain.header["height"] == root_height
    empty = f.empty_certificate(f.header_id(chain.header))
    return empty if newest else chain.certificate


def roots():
    """Trust roots and links above height 0."""
    story = Story()
    chain = story.chain
    cases = {"link": ([1], 0, "VALID"), "links": ([1, 2], 0, "VALID"),
             "link at H": ([3], 0, "VALID"), "link twice": ([1, 1], 0, None),
             "links down": ([2, 1], 0, None), "later root": ([], 2, "VALID"),
             "root at H": ([], 3, "VALID"), "link at root": ([2], 2, None)}
    for what, (links, height, verdict) in cases.items():
        receipt = story.receipt(1, links=[chain.link(i) for i in links],
                                root_header=chain.headers[height][0],
                                certificate=newest_certificate(chain, height))
        yield (what, story.verify(receipt=receipt, root=story.root(height)),
               verdict or "PROOF_INVALID", None)


def hidden():
    """Each record that the receipt leaves out makes the verdict UNKNOWN."""
    story = Story()
    granted = f.record_key(f.ACCREDITATION, story.accreditation)
    below = [granted, f.record_key(f.PARTY, ROOT_PARTY),
             f.record_key(f.KEYS, key("govern-0"))]
    for number, record in enumerate(story.asked(1)):
        hide = below if record == granted else [record]
        yield (f"hidden {number}",
               story.verify(receipt=story.receipt(1, hide=hide)),
               "UNKNOWN", None)


def forgeries():
    story = Story()
    chain, revoked = story.chain, Story().change(1, 1)
    good = story.receipt(1)
    other = f.record_key(f.BATCH, UNI, f.log_root(story.leaves))
    high_s = bytearray(story.anchor)
    s = secp256k1.N - int.from_bytes(high_s[-32:], "big")
    high_s[-32:] = s.to_bytes(32, "big")
    variants = {
        "trailing": good + b"\0", "cut": good[:-1],
        "no quorum": story.receipt(
            1, certificate=chain.certify(chain.header, (0, 1))),
        "empty certificate": story.receipt(
            1, certificate=f.empty_certificate(f.header_id(chain.header))),
        "old certificate": story.receipt(1, header=revoked.chain.header),
        "later time": story.receipt(1, leaf_time=NOW + 5),
        "other leaf": story.receipt(1, batch_position=2),
        "high s": story.receipt(1, entry=bytes(high_s)),
        "surplus record": story.receipt(
            1, multiproof=chain.multiproof(story.asked(1) + [other])),
        "other state": story.receipt(
            1, multiproof=revoked.chain.multiproof(story.asked(1))),
        "no state": story.receipt(1, multiproof=b"\0"),
        "root header": story.receipt(1, header=chain.headers[0][0])}
    for what, receipt in variants.items():
        yield what, story.verify(receipt=receipt), "PROOF_INVALID", None
    yield ("changed", story.verify(text=document(1, "Eve")),
           "DOCUMENT_MISMATCH", None)
    yield ("of another slot", story.verify(text=document(2)),
           "DOCUMENT_MISMATCH", None)
    yield ("opening of another", story.verify(1, raw=opening(2)),
           "PROOF_INVALID", None)


def trees():
    """Inclusion and consistency for all small sizes."""
    leaves = [f.log_leaf(bytes([i])) for i in range(20)]
    for size in range(1, 20):
        root = f.log_root(leaves[:size])
        for i in range(size):
            path = f.log_path(leaves[:size], i)
            yield f.included(leaves[i], i, size, path, root)
            yield not f.included(leaves[i], i, size, path + [root], root)
            yield size == 1 or not f.included(leaves[i], (i + 1) % size, size,
                                              path, root)


def dates():
    """Texts that are dates, and texts that are none."""
    day = 86_400_000
    yield documents.date("1970-01-02") == day
    yield documents.date("1970-01-01T00:00:00Z") == 0
    yield documents.date("1970-01-01T05:00:01.0029+05:00") == 1002
    yield documents.date("1969-12-31T23:00:00-01:00") == 0
    yield documents.date("9999-12-31T23:59:59.999999999Z") == documents.LAST_MS
    for text in ("1970-01-02Z", "1970-01-02T00:00:00", "1970-1-2", "1969-12-31",
                 "1970-01-01T00:00:60Z", "1970-01-01T24:00:00Z", "2026-02-29",
                 "1970-01-01t00:00:00Z", "1970-01-01T00:00:00.Z",
                 "1970-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01",
                 "1970-01-02 00:00:00Z", "1970-01-02\n", 0, None):
        yield documents.date(text) is None


def check_all():
    """(name, whether it passed, what was found)"""
    for group in (histories, roots, hidden, forgeries):
        for what, found, verdict, flag in group():
            right = found.verdict == verdict and (
                flag is None or flag in found.flags)
            yield f"selftest {what}", right, f"{found.verdict} {found.reasons}"
    yield "selftest trees", all(trees()), "a path"
    yield "selftest dates", all(dates()), "a date"
    document_bytes = f.GENESIS.write(genesis())
    yield ("selftest genesis", f.decode(f.GENESIS, document_bytes) == genesis()
           and len(genesis_members(genesis())) == 4, "another document")


if __name__ == "__main__":
    for name, passed, why in check_all():
        print("ok  " if passed else "FAIL", name, "" if passed else why)
