"""One entry, one answer: the same entry from many sides, before garbage and
behind it, before and after a restart; and each refusal has its code and leaves
no trace."""

import json
import os
import random
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, check, split  # noqa: E402
from entries import (DAY, DESCRIPTION, HOUR, ISSUER, KINDS, MEMBER,  # noqa: E402
                     ZERO, Entry, Maker, batch_root, formats, grants, key,
                     leaves, now, party, request, secp256k1, sign,
                     sign_otherwise)

NAMES = {name: int(number) for name, number in (
    line.split("(")[1].split(",")[:2] for line in open(os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "..", "..", "ledger",
        "core", "refusal.h")) if line.strip().startswith("X("))}
OCTETS = {"Content-Type": "application/octet-stream"}
SIDES = 8


class Issuer:
    """What make_load's setup.bin has registered."""

    def __init__(self, node):
        self.maker = Maker(node.read("genesis.bin"))
        setup = [formats.read_entry(body[4:-4])
                 for body in split(node.read("setup.bin"))]
        self.accreditation = setup[1]["id"]
        self.programme = formats.programme_id(party(ISSUER), "data-1")
        self.roots = 0

    def anchor(self, label, base=0, **more):
        """A sealed batch of 3 unless `more` says otherwise."""
        if "leaves" not in more:
            self.roots += 1
            more.setdefault("root", formats.sha256(b"%d" % self.roots))
            more.setdefault("count", 3)
        return self.maker.anchor(label, base,
                                 more.pop("accreditation", self.accreditation),
                                 more.pop("programme", self.programme), **more)


def submit(node, body, wait=10000):
    """Status, media type and answer."""
    status, headers, text = node.request(
        "POST", f"/v1/entries?wait={wait}", body, OCTETS)
    return status, headers["Content-Type"], json.loads(text)


def accept(node, entry):
    status, _, answer = submit(node, entry.request())
    check(status == 200 and answer["results"][0]["result"] == "final",
          f"{status} {answer}")
    check(answer["results"][0]["id"] == entry.id.hex(), answer)
    return answer["results"][0]


def refuse(node, body, code, name, entry_id=None):
    status, media, answer = submit(node, body)
    check(status == 422 and media == "application/problem+json",
          f"{name}: {status} {media} {answer}")
    check(answer["type"] == "urn:muniment:refusal:" + code and
          answer["refusal"] == code and answer["number"] == NAMES[code] and
          answer["status"] == 422 and answer["title"] and answer["detail"],
          f"{name}: {answer}")
    if entry_id is not None:
        check(answer["entry"] == entry_id.hex(), f"{name}: {answer}")


def at_once(node, bodies):
    """All bodies at the same moment on connections of their own."""
    answers = [None] * len(bodies)
    barrier = threading.Barrier(len(bodies))

    def work(i):
        connection = node.connect()
        connection.connect()
        barrier.wait()
        connection.request("POST", "/v1/entries?wait=10000", bodies[i], OCTETS)
        answer = connection.getresponse()
        answers[i] = answer.status, json.loads(answer.read())
        connection.close()

    threads = [threading.Thread(target=work, args=(i,))
               for i in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(None not in answers, "a connection was not answered")
    return answers


def garbage(entry, rng):
    """The same body with other bytes for a signature."""
    kind = rng.randrange(4)
    body, signature = entry.body, entry.signatures[0]
    if kind == 0:
        signature = b"\x01" + bytes(rng.randrange(256) for _ in range(64))
    elif kind == 1:
        at = rng.randrange(1, 65)
        signature = (signature[:at] + bytes([signature[at] ^ 1 << 3]) +
                     signature[at + 1:])
    elif kind == 2:
        signature = sign(MEMBER, entry.id)  # another's
    else:  # the right one with a high s
        s = secp256k1.N - int.from_bytes(signature[33:], "big")
        signature = signature[:33] + s.to_bytes(32, "big")
    return Entry(body, [signature])


def counts(node):
    head = node.get_json("/v1/head")
    return head["log_size"] - head["height"], head["entries"]


def the_same_at_once_is_anchored_once(node, issuer):
    answers = {}
    for number in range(20):
        entry = issuer.anchor(f"once-{number}")
        before = counts(node)
        found = at_once(node, [entry.request()] * SIDES)
        check(all(item == found[0] for item in found), found)
        status, answer = found[0]
        check(status == 200 and answer["results"][0]["result"] == "final",
              f"{status} {answer}")
        check(counts(node) == (before[0] + 1, before[1] + 1),
              f"{before} {counts(node)}")
        answers[entry.id] = entry, answer
    # Within one request too.
    entry = issuer.anchor("twice-in-one")
    before = counts(node)
    status, _, answer = submit(node, entry.request() * 5)
    check(status == 200 and len({json.dumps(item) for item in
                                 answer["results"]}) == 1, answer)
    check(counts(node)[0] == before[0] + 1, "once")
    answers[entry.id] = entry, {"results": answer["results"][:1]}
    return answers


def another_signature_is_the_same_entry(node, issuer):
    for number in range(5):
        entry = issuer.anchor(f"resigned-{number}")
        other = Entry(entry.body, [sign_otherwise(ISSUER, entry.id)])
        check(other.data != entry.data and other.id == entry.id, "the test")
        before = counts(node)
        found = at_once(node, [entry.request(), other.request()] * 4)
        check(all(item == found[0] for item in found), found)
        check(found[0][0] == 200, found)
        check(counts(node)[0] == before[0] + 1, "once")


def garbage_does_not_block_the_honest(node, issuer, rng):
    for number in range(5):
        entry = issuer.anchor(f"garbage-{number}")
        for _ in range(10):
            refuse(node, garbage(entry, rng).request(), "BAD_SIGNATURE",
                   "garbage", entry.id)
        accept(node, entry)
    # At the same time, with the honest one last, first and between.
    for number in range(12):
        entry = issuer.anchor(f"beside-{number}")
        bodies = [garbage(entry, rng).request() for _ in range(SIDES)]
        place = number % SIDES
        bodies[place] = entry.request()
        before = counts(node)
        found = at_once(node, bodies)
        check(found[place][0] == 200, found)
        final = found[place][1]["results"][0]
        for status, answer in found:
            # Known already, or looked at.
            check((status == 200 and answer["results"][0] == final) or
                  (status == 422 and answer["refusal"] == "BAD_SIGNATURE"),
                  f"{status} {answer}")
        check(counts(node)[0] == before[0] + 1, "once")
    # In one request with it.
    entry = issuer.anchor("garbage-first")
    bad = [garbage(entry, rng).request() for _ in range(30)]
    _, _, answer = submit(node, b"".join(bad) + entry.request() + bad[0])
    words = [item["result"] for item in answer["results"]]
    check(words[30] == "final", words)
    check(set(words[:30] + words[31:]) <= {"refused", "final"}, words)


def refusals_are_forgotten():
    with Daemon() as node:
        issuer = Issuer(node)
        entry = issuer.anchor("early")
        for _ in range(3):
            refuse(node, entry.request(), "PARTY_UNKNOWN", "no party yet",
                   entry.id)
        setup = split(node.read("setup.bin"))
        check(submit(node, setup[0])[0] == 200, "party")
        refuse(node, entry.request(), "PROGRAMME_UNKNOWN",
               "no programme yet", entry.id)
        check(submit(node, setup[2])[0] == 200, "programme")
        refuse(node, entry.request(), "ACCREDITATION_UNKNOWN",
               "no accreditation yet", entry.id)
        check(submit(node, setup[1])[0] == 200, "accreditation")
        change = issuer.maker.change_status("early", [(0, 1, 1, 0)])
        refuse(node, change.request(), "LIST_UNKNOWN", "no list yet",
               change.id)
        accept(node, entry)
        accept(node, change)
        # While it is suspended and after.
        maker = issuer.maker
        accept(node, maker.standing("suspend", issuer.accreditation))
        later = issuer.anchor("early", 3)
        refuse(node, later.request(), "ACCREDITATION_SUSPENDED", "suspended",
               later.id)
        accept(node, maker.standing("reinstate", issuer.accreditation))
        accept(node, later)


def cases(issuer):
    """Name, bytes of the request, code; the slots 0 to 2 of "used" are
    there, 0 revoked, 1 suspended."""
    maker = issuer.maker
    anchor = issuer.anchor
    published = leaves(4, 100)
    lowest = next(n for n in range(5, 100) if key(n) < key(ISSUER))

    def entry(name, made, code):
        return name, made.request(), code, made.id

    def raw(name, data, code, sent=()):
        return name, request(data, sent), code, None

    plain = anchor("plain")
    body, signature = plain.body, plain.signatures[0]
    payload = body[1 + 2 + 32 + 32 + 8 + 1 + 34 + 4:]  # of one signer
    unordered = maker.body(
        KINDS["register party"], formats.PAYLOADS[0x0201].write({
            "sponsor": maker.member, "sponsor_accreditation": ZERO,
            "name": "X", "country": "KZ", "url": "", "recovery": ZERO,
            "keys": grants([5], 7)}), party(5), (5, MEMBER),
        keys=sorted([key(5), key(MEMBER)], reverse=True))
    yield entry("expired", anchor("x", valid_until=now() - 1000), "EXPIRED")
    yield entry("expired long ago", anchor("x", valid_until=1), "EXPIRED")
    yield entry("more than a day", anchor("x", valid_until=now() + DAY + HOUR),
                "VALID_UNTIL_TOO_FAR")
    yield entry("for ever", anchor("x", valid_until=2**64 - 1),
                "VALID_UNTIL_TOO_FAR")
    yield entry("more than 60 days", maker.register_party(
        5, valid_until=now() + 61 * DAY), "VALID_UNTIL_TOO_FAR")
    yield entry("another chain", anchor("x", chain_id=bytes(32)),
                "WRONG_CHAIN")
    for kind in (0, 0x0101, 0x0202, 0x0302, 0x0604, 0xffff):
        yield raw(f"kind {kind:#x}", body[:1] + kind.to_bytes(2, "big") +
                  body[3:] + signature, "UNKNOWN_KIND")
    for version in (0, 2, 255):
        yield raw(f"version {version}", bytes([version]) + body[1:] +
                  signature, "UNKNOWN_VERSION")
    yield raw("signers in another order", unordered + signature * 2,
              "SIGNERS_UNORDERED")
    yield raw("a signer twice", maker.body(
        0x0601, payload, party(ISSUER), (),
        keys=[key(ISSUER)] * 2) + signature * 2, "SIGNERS_UNORDERED")
    yield raw("no signer", maker.body(0x0601, payload,
                                      party(ISSUER), ()), "BAD_ENCODING")
    yield raw("a byte more", plain.data + b"\0", "BAD_ENCODING")
    yield raw("a signature more", plain.data + signature, "BAD_ENCODING")
    yield raw("a byte less", plain.data[:-1], "BAD_ENCODING")
    yield raw("a byte more in the payload", maker.body(
        0x0601, payload + b"\0", party(ISSUER), (ISSUER,)) +
        signature, "BAD_ENCODING")
    yield raw("nothing", b"", "BAD_ENCODING")
    yield raw("65,536 bytes", plain.data + bytes(65536 - len(plain.data)),
              "BAD_ENCODING")
    yield raw("65,537 bytes", plain.data + bytes(65537 - len(plain.data)),
              "TOO_LARGE")
    yield raw("a megabyte", bytes(1 << 20), "TOO_LARGE")
    name = "Universite\u0301".encode()
    nfd = maker.register_party(5, name="U" * len(name))
    yield raw("a name that is not NFC", nfd.data.replace(
        b"U" * len(name), name), "BAD_TEXT")
    yield raw("a name with a control", nfd.data.replace(
        b"U" * len(name), b"\n" * len(name)), "BAD_TEXT")
    yield raw("a bad label", plain.data.replace(b"\5plain", b"\5p/ain"),
              "BAD_TEXT")
    yield raw("an unknown algorithm", body + b"\2" + signature[1:],
              "BAD_SIGNATURE")
    yield raw("nobody's signature", body + b"\1" + bytes(64),
              "BAD_SIGNATURE")

    yield entry("an unknown party", anchor("x", actor=party(9), signers=(9,)),
                "PARTY_UNKNOWN")
    yield entry("an unknown key", anchor("x", signers=(9,)), "KEY_UNKNOWN")
    yield entry("a surplus signer", anchor("x", signers=(ISSUER, MEMBER)),
                "SIGNERS_SURPLUS")
    yield entry("another's key", anchor("x", signers=(MEMBER,)),
                "SIGNERS_SURPLUS")
    yield entry("no sponsor's signature", maker.register_party(
        5, sponsor_key=6), "KEY_UNKNOWN")
    yield entry("a party again", maker.register_party(ISSUER), "PARTY_EXISTS")
    yield entry("another's name", maker.register_party(5, actor=bytes(32)),
                "PARTY_ID_MISMATCH")
    yield entry("an issuer as sponsor", maker.register_party(
        5, sponsor=party(ISSUER), sponsor_key=ISSUER), "NOT_SPONSOR")
    yield entry("a party that cannot govern", maker.register_party(
        5, purposes=3), "KEY_WRONG_PURPOSE")
    yield entry("another's key", maker.register_party(lowest, ISSUER),
                "KEY_TAKEN")
    yield entry("the last key", maker.entry(
        KINDS["retire key"], {"key": key(ISSUER)}, party(ISSUER), (ISSUER,)),
        "LAST_GOVERN_KEY")
    yield entry("another's key retired", maker.entry(
        KINDS["retire key"], {"key": key(MEMBER)}, party(ISSUER), (ISSUER,)),
        "KEY_NOT_YOURS")
    yield entry("oneself accredited", maker.accredit(maker.member),
                "SELF_ACCREDITATION")
    yield entry("not an accreditor", maker.accredit(
        maker.member, actor=party(ISSUER), signers=(ISSUER,)),
        "NOT_ACCREDITOR")
    yield entry("a term that is over", maker.accredit(
        party(ISSUER), term=(1, 2)), "BAD_TERM")
    yield entry("wider than the parent", maker.accredit(
        maker.member, {"award_kinds": 63, "levels": [], "sub_depth": 0},
        parent=issuer.accreditation, actor=party(ISSUER), signers=(ISSUER,)),
        "SCOPE_WIDER_THAN_PARENT")
    yield entry("a programme again", maker.programme("data-1"),
                "PROGRAMME_EXISTS")

    yield entry("no such programme", anchor("x", programme=bytes([9] * 32)),
                "PROGRAMME_UNKNOWN")
    yield entry("no such version", anchor("x", payload={"version": 2}),
                "PROGRAMME_VERSION_UNKNOWN")
    yield entry("no such accreditation", anchor(
        "x", accreditation=bytes([9] * 32)), "ACCREDITATION_UNKNOWN")
    for what, code in (("arts", "FIELD"), ("phd", "LEVEL"), ("us", "JURISDICTION"),
                       ("long", "CREDITS")):
        yield entry(f"out of scope: {what}", anchor(
            "x", programme=formats.programme_id(party(ISSUER), what)),
            "OUT_OF_SCOPE_" + code)
    yield entry("slots in use", anchor("used", 2), "SLOT_OVERLAP")
    yield entry("a gap", anchor("used", 3 + 4097), "SLOT_GAP")
    yield entry("a list over its end", anchor("used", 3, count=2**20),
                "LIST_FULL")
    yield entry("a root again", anchor(
        "x", root=batch_root(leaves(3)), count=3), "DUPLICATE_BATCH")
    yield entry("no leaves", anchor("x", leaves=published, sent_leaves=[]),
                "LEAVES_MISSING")
    yield entry("a leaf less", anchor(
        "x", leaves=published, sent_leaves=published[:3]), "LEAVES_MISMATCH")
    yield entry("a leaf more", anchor(
        "x", leaves=published, sent_leaves=published + published[:1]),
        "LEAVES_MISMATCH")
    yield entry("leaves in another order", anchor(
        "x", leaves=published, sent_leaves=published[::-1]),
        "LEAVES_MISMATCH")
    yield entry("leaves of a sealed batch", anchor("x", sent_leaves=published),
                "LEAVES_SURPLUS")
    yield entry("16,385 leaves", anchor("x", leaves=leaves(16385)),
                "TOO_MANY_LEAVES")

    def change(name, changes, code, label="used"):
        return entry(name, maker.change_status(label, changes), code)

    yield change("no such list", [(0, 1, 1, 0)], "LIST_UNKNOWN", "unused")
    yield change("no such slot", [(3, 1, 1, 0)], "SLOT_UNKNOWN")
    yield change("seen otherwise", [(2, 1, 1, 1)], "STATUS_CONFLICT")
    yield change("revoked for ever", [(0, 3, 1, issuer.changed)],
                 "STATUS_FINAL")
    yield change("reinstated though good", [(2, 3, 1, 0)], "BAD_TRANSITION")
    yield change("extended into the past", [(2, 5, 1, 0, now() - HOUR)],
                 "BAD_TERM")
    yield change("one good, one not", [(1, 3, 1, issuer.changed),
                                       (2, 3, 1, 0)], "BAD_TRANSITION")


def prepare_cases(node, issuer):
    maker = issuer.maker
    accept(node, issuer.anchor("used", leaves=leaves(3)))
    changed = accept(node, maker.change_status(
        "used", [(0, 1, 1, 0), (1, 2, 1, 0)]))
    issuer.changed = changed["height"]
    accept(node, maker.programme("arts", fields=[
        {"scheme": "isced", "code": "0213"}]))
    accept(node, maker.programme("phd", levels=[
        {"framework": "eqf", "level": "8"}]))
    accept(node, maker.programme("us", jurisdiction="US"))
    accept(node, maker.programme("long", credits=5000))
    check(DESCRIPTION["credits"] == 500, "the description is copied")


def each_refusal_has_its_code_and_changes_nothing(node, issuer):
    prepare_cases(node, issuer)
    before = node.get_json("/v1/head")
    count = 0
    codes = set()
    for name, body, code, entry_id in cases(issuer):
        refuse(node, body, code, name, entry_id)
        after = node.get_json("/v1/head")
        check(after == before, f"{name}: {before} {after}")
        count += 1
        codes.add(code)
    # All at once: each result has its own code, and the good one is taken.
    made = [case for case in cases(issuer) if len(case[1]) < 100000]
    good = issuer.anchor("good")
    status, _, answer = submit(
        node, b"".join(body for _, body, _, _ in made) + good.request())
    check(status == 200, f"{status} {answer}")
    for (name, _, code, _), result in zip(made, answer["results"]):
        check(result["result"] == "refused" and result["refusal"] == code,
              f"{name}: {result}")
    check(answer["results"][-1]["result"] == "final", answer["results"][-1])
    after = node.get_json("/v1/head")
    check(after["entries"] == before["entries"] + 1 and
          after["height"] == before["height"] + 1, f"{before} {after}")
    return count, len(codes)


def main():
    rng = random.Random(1)
    with Daemon() as node:
        node.submit(node.read("setup.bin"), wait=10000)
        issuer = Issuer(node)
        answers = the_same_at_once_is_anchored_once(node, issuer)
        another_signature_is_the_same_entry(node, issuer)
        garbage_does_not_block_the_honest(node, issuer, rng)
        check(node.stop() == 0, "exit status")
        node.start()
        before = node.get_json("/v1/head")
        for entry, answer in answers.values():
            for body in (entry.request(), garbage(entry, rng).request()):
                check(submit(node, body)[2] == answer, answer)
        check(node.get_json("/v1/head") == before, "nothing changed")
        count, codes = each_refusal_has_its_code_and_changes_nothing(
            node, issuer)
    refusals_are_forgotten()
    print(f"{len(answers)} entries from {SIDES} sides; {count} refusals with "
          f"{codes} codes")


main()
