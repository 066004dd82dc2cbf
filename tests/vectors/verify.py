#!/usr/bin/env python3
"""An independent verifier of Muniment credentials.

Written from ledger/README.md alone, with nothing but Python's own library, so
that the page is proven to be enough.

  verify.py                                  checks the vectors beside it
  verify.py CREDENTIAL RECEIPT TRUST_ROOT    verifies; exits with the verdict's
      [--at TIME] [--opening FILE]           code (section 15), or 1 when the
      [--max-age MS] [--min-assurance N]     files cannot be read
"""
import argparse
import base64
import datetime
import re
import sys
import time

import documents
import formats as f

EXIT_CODES = {
    "PROOF_INVALID": 21, "DOCUMENT_MISMATCH": 20, "CLAIM_MISMATCH": 19,
    "VOIDED": 18, "REVOKED": 17, "NOT_ACCREDITED": 16, "UNKNOWN": 15,
    "SUPERSEDED": 14, "EXPIRED": 13, "SUSPENDED": 12, "NOT_YET_VALID": 11,
    "STALE": 10, "VALID": 0,
}

CHECKS = ("format chain members certificate anchor batch document claims "
          "state keys accreditation programme status dates freshness").split()

FLAGS = ("issuer_not_active accreditation_withdrawn_since "
         "accreditation_suspended accreditation_ended signing_key_retired "
         "programme_retired programme_provisional programme_under_review "
         "programme_delisted tier_none_yet assurance_below_minimum "
         "no_fault_tolerance claims_not_checked").split()

MOST_ADDERS, MOST_LINKS, MOST_SLOTS = 8, 4, 2**20
CLOCK_BEHIND = 10 * 60_000
GOOD, SUSPENDED, REVOKED, SUPERSEDED = 1, 2, 3, 4

NOT_DONE = object()


class Failed(Exception):
    def __init__(self, verdict, reason):
        super().__init__(reason)
        self.verdict, self.reason = verdict, reason


def insist(condition, reason, verdict="PROOF_INVALID"):
    if not condition:
        raise Failed(verdict, reason)


class Shown:
    """What the multiproof shows of the records that the verifier asks for."""

    def __init__(self, proof):
        self.proof, self.asked = proof, set()
        self.missing, self.misfits = [], []

    def record(self, check, kind, *natural, may_be_absent=False):
        """The record; None, and `check` fails, when it is missing."""
        key = f.record_key(kind, *natural)
        self.asked.add(key)
        value = self.proof.look(key)
        if value is f.HIDDEN:
            self.missing.append((check, f"record of type {kind} not shown"))
        elif value is not f.ABSENT:
            return self.decoded(check, kind, key, value)
        elif not may_be_absent:
            self.missing.append((check, f"record of type {kind} absent"))
        return None

    def decoded(self, check, kind, key, value):
        """The record; None, as if not shown, for what is none."""
        try:
            record = f.read_record(value)
        except f.Refused:
            record = {"type": None}
        if record["type"] != kind:
            self.missing.append((check, f"no record of type {kind}"))
            return None
        self.fit(check, record["record_key"] == key, "a record of another key")
        return record

    def fit(self, check, fits, what):
        if not fits:
            self.misfits.append((check, what))

    def fit_key(self, check, keys, party, purpose):
        """The first of a chain is that party's, for that purpose."""
        for key in keys[0][:1]:
            self.fit(check, key["party"] == party and key["purposes"] & purpose,
                     "a key of another party or purpose")

    def key_chain(self, check, key):
        """The key's record, its adder's, and so on; whether that is all."""
        chain = []
        while key != f.NO_KEY and len(chain) <= MOST_ADDERS:
            record = self.record(check, f.KEYS, key)
            if record is None:
                return chain, False
            chain.append(record)
            key = record["added_by"]
        if key != f.NO_KEY:
            self.missing.append((check, "an adder above the eighth"))
        return chain, key == f.NO_KEY

    def path(self, accreditation, holder):
        """The links from an accreditation of a party to the root."""
        links = []
        while accreditation != f.ZERO and len(links) < MOST_LINKS:
            link = self.record("accreditation", f.ACCREDITATION, accreditation)
            if link is None:
                return links
            link["party"] = self.record("accreditation", f.PARTY,
                                        link["accreditor"])
            link["keys"] = self.key_chain("accreditation",
                                          link["granting_key"])
            self.fit("accreditation", link["subject"] == holder,
                     "an accreditation of another party")
            holder = link["accreditor"]
            self.fit_key("accreditation", link["keys"], holder, f.GOVERN)
            links.append(link)
            accreditation = link["parent"]
        return links

    def is_all_asked_for(self):
        """No record but those asked for and those that show one absent."""
        ends = {self.proof.end_of(k) for k in self.asked}
        return (set(self.proof.values) <= self.asked
                and all(("end", k) in ends for k in self.proof.ends))


def compromised(keys, at):
    """Does the first key of a chain count as compromised at that time?"""
    for key in keys[0]:
        if key["compromised_since"] and key["compromised_since"] <= at:
            return True
        at = key["added_time"]
    return False


class Verification:
    """The checks in order; each is a method of its name."""

    def __init__(self, document, opening, receipt, root, at,
                 max_age=0, min_assurance=0):
        self.document_bytes, self.opening_bytes = document, opening
        self.receipt_bytes, self.root, self.at = receipt, root, at
        self.max_age = max_age or root["max_age_ms"]
        self.min_assurance = min_assurance
        self.checks = dict.fromkeys(CHECKS, "not done")
        self.reasons, self.flags, self.facts = {}, set(), {}
        self.missing, self.misfits, self.ended = [], [], False

    def run(self):
        for name in CHECKS:
            self.run_check(name)
            if self.ended:
                break
        if "PROOF_INVALID" in self.reasons:
            self.flags.clear()
        return self

    def run_check(self, name):
        """Runs one check; it fails when it names a verdict."""
        self.current = name
        try:
            done = getattr(self, name)() is not NOT_DONE
            if done and self.checks[name] == "not done":
                self.checks[name] = "passed"
        except Failed as failure:
            self.say(failure.verdict, failure.reason)
        except f.Refused as refusal:
            self.say("PROOF_INVALID", str(refusal))

    def say(self, verdict, reason, check=None):
        self.reasons.setdefault(verdict, []).append(reason)
        self.checks[check or self.current] = reason
        self.ended = self.ended or verdict == "PROOF_INVALID"

    def say_missing(self):
        """UNKNOWN for what this check is not shown; it ends with what does
        not fit."""
        for check, what in self.misfits:
            insist(check != self.current, what)
        for check, what in self.missing:
            if check == self.current:
                self.say("UNKNOWN", what)

    @property
    def applies(self):
        return [v for v in EXIT_CODES if v in self.reasons]

    @property
    def verdict(self):
        return (self.applies or ["VALID"])[0]

    def outcome(self, name):
        """passed, failed or not done"""
        found = self.checks[name]
        return found if found in ("passed", "not done") else "failed"

    # 1 to 4: from the trust root to the header H

    def format(self):
        self.receipt = f.decode(f.RECEIPT, self.receipt_bytes)
        self.opening = f.decode(f.OPENING, self.opening_bytes)

    def chain(self):
        first = self.receipt["root_header"]
        insist(self.receipt["chain_id"] == self.root["chain_id"]
               == first["chain_id"], "another chain")
        insist(first["height"] == self.root["height"]
               and f.header_id(first) == self.root["header_id"],
               "not the header of the trust root")

    def members(self):
        header, current = self.receipt["root_header"], self.receipt["members"]
        insist(f.members_hash(current) == header["next_members_hash"],
               "not the member set of the trust root")
        for link in self.receipt["links"]:
            insist(link["header"]["height"] > header["height"],
                   "a link that is not higher")
            header = link["header"]
            self.check_header(header, link["certificate"], current)
            current = link["members"]
            insist(f.members_hash(current) == header["next_members_hash"],
                   "not the member set after a link")
        self.last_header, self.last_members = header, current

    def check_header(self, header, certificate, members):
        insist(header["chain_id"] == self.root["chain_id"], "another chain")
        insist(f.members_hash(members) == header["members_hash"],
               "a header of other members")
        f.check_certificate(certificate, header, members,
                            self.root["chain_id"])

    def certificate(self):
        header = self.receipt["header"]
        self.header = header
        if f.header_id(header) == self.root["header_id"]:
            self.check_root_as_newest()
        else:
            insist(header["height"] > self.root["height"]
                   and (header["height"] > self.last_header["height"]
                        or header == self.last_header),
                   "the header is too low")
            self.check_header(header, self.receipt["certificate"],
                              self.last_members)
        if f.faults(self.last_members) == 0:
            self.flags.add("no_fault_tolerance")
        self.facts |= {"height": header["height"],
                       "as_of": date(header["time"]),
                       "members": len(self.last_members),
                       "faults": f.faults(self.last_members)}

    def check_root_as_newest(self):
        empty = f.empty_certificate(self.root["header_id"])
        insist(not self.receipt["links"]
               and f.CERTIFICATE.write(self.receipt["certificate"])
               == f.CERTIFICATE.write(empty),
               "the trust root needs no links and no certificate")

    # 5 to 9: what the header commits to

    def anchor(self):
        entry = f.read_entry(self.receipt["entry"])
        insist(entry["kind"] == f.ANCHOR_KIND, "no anchor")
        insist(entry["chain_id"] == self.root["chain_id"], "another chain")
        insist(f.entry_signatures_right(entry), "wrong signature of the entry")
        leaf = f.LEAF.write({
            "type": 1, "height": self.receipt["leaf_height"],
            "time": self.receipt["leaf_time"],
            "position": self.receipt["leaf_position"],
            "subject": entry["hash"],
            "effects_root": self.receipt["effects_root"]})
        insist(f.included(f.log_leaf(leaf), self.receipt["leaf_index"],
                          self.header["log_size"], self.receipt["log_path"],
                          self.header["log_root"]), "not in the log")
        insist(self.receipt["leaf_height"] <= self.header["height"],
               "anchored above the header")
        self.entry, self.payload = entry, entry["payload"]
        self.issuer, self.anchored = entry["actor"], self.receipt["leaf_time"]
        self.facts["anchored"] = date(self.anchored)

    def batch(self):
        position = self.receipt["batch_position"]
        insist(position < self.payload["count"], "not a leaf of the batch")
        insist(self.payload["base"] + self.payload["count"] <= MOST_SLOTS,
               "a list too long")
        leaf = f.log_leaf(f.commitment(self.opening_bytes))
        insist(f.included(leaf, position, self.payload["count"],
                          self.receipt["batch_path"], self.payload["root"]),
               "not in the batch")
        self.slot = self.payload["base"] + position

    def document(self):
        try:
            found = documents.digest(self.document_bytes,
                                     self.opening["format"])
        except ValueError:
            found = None
        insist(found is not None, "unreadable", "DOCUMENT_MISMATCH")
        insist(found == self.opening["digest"], self.document_reason(),
               "DOCUMENT_MISMATCH")

    def document_reason(self):
        parsed = self.parsed_document()
        other = parsed is not None and documents.names_other_slot(
            parsed, self.issuer, self.opening["label"], self.opening["slot"])
        return "other_receipt" if other else "changed"

    def parsed_document(self):
        """The JSON document, or None when it is none."""
        if self.opening["format"] != documents.JSON_FORMAT:
            return None
        try:
            return documents.parse_object(self.document_bytes)
        except ValueError:
            return None

    def claims(self):
        opening, payload = self.opening, self.payload
        insist(opening["programme"] == payload["programme"]
               and opening["programme_version"] == payload["version"]
               and opening["label"] == payload["label"]
               and opening["slot"] == self.slot,
               "the opening is of another anchor", "CLAIM_MISMATCH")
        if opening["format"] != documents.JSON_FORMAT:
            self.flags.add("claims_not_checked")
            return
        wrong = documents.claims_that_differ(
            self.parsed_document(), self.issuer, payload["programme"],
            payload["version"], payload["label"], self.slot)
        wrong += documents.dates_that_differ(
            self.parsed_document() or {}, opening["valid_from"],
            opening["valid_until"])
        insist(not wrong, " ".join(wrong), "CLAIM_MISMATCH")

    def state(self):
        if self.header["rules_version"] != 1:
            self.say("UNKNOWN", "rules of an unknown version")
            self.version, self.ended = None, True
            self.title()
            return
        proof = f.Multiproof(self.receipt["multiproof"])
        insist(proof.root == self.header["state_root"],
               "not the state of the header")
        shown = Shown(proof)
        self.ask(shown)
        insist(shown.is_all_asked_for(), "a record that nothing asks for")
        self.missing, self.misfits = shown.missing, shown.misfits

    def ask(self, shown):
        """The table at the end of section 14."""
        payload = self.payload
        programme = payload["programme"]
        self.party = shown.record("keys", f.PARTY, self.issuer)
        self.signers = [shown.key_chain("keys", k) for k in self.entry["keys"]]
        self.programme_record = shown.record("programme", f.PROGRAMME,
                                             programme)
        self.version = shown.record("programme", f.VERSION, programme,
                                    payload["version"])
        self.list_record = shown.record("status", f.LIST, self.issuer,
                                        payload["label"])
        self.ask_slot(shown, (self.issuer, payload["label"], self.slot))
        self.paths = [shown.path(a, self.issuer)
                      for a in payload["accreditations"]]
        for keys in self.signers:
            shown.fit_key("keys", keys, self.issuer, f.ANCHOR)
        if self.programme_record:
            shown.fit("programme",
                      self.programme_record["issuer"] == self.issuer,
                      "a programme of another issuer")

    def ask_slot(self, shown, place):
        self.slot_record = shown.record("status", f.SLOT, *place,
                                        may_be_absent=True)
        self.slot_shown = self.slot_record is not None or shown.proof.look(
            f.record_key(f.SLOT, *place)) is f.ABSENT
        if self.slot_record:
            self.slot_keys = shown.key_chain("status", self.slot_record["key"])

    # 10 to 15: what the records mean

    def keys(self):
        self.say_missing()
        if self.party:
            self.facts["awarder"] = self.party["name"]
            if self.party["status"] != 1:
                self.flags.add("issuer_not_active")
        if any(compromised(keys, self.anchored) for keys in self.signers):
            self.say("VOIDED", "the key that anchored it was compromised")
        if any(chain and chain[0]["status"] == 2 for chain, _ in self.signers):
            self.flags.add("signing_key_retired")

    def accreditation(self):
        self.say_missing()
        outcomes = [self.path_outcome(path) for path in self.paths]
        for link in (link for path in self.paths for link in path):
            self.flag_link(link)
        self.facts["tiers"] = [[link["tier"] for link in path]
                               for path in self.paths]
        if "survives" in outcomes or "unknown" in outcomes:
            return
        if "void" in outcomes:
            self.say("VOIDED", "no path of accreditation survives")
        else:
            self.say("NOT_ACCREDITED", "no path of accreditation")

    def path_outcome(self, path):
        """survives, void, broken, or unknown when not enough is shown."""
        if any(self.fell(link) for link in path):
            return "void"
        if not path:
            return "unknown"
        top = path[-1]
        if top["parent"] != f.ZERO:
            return "broken" if len(path) == MOST_LINKS else "unknown"
        if top["party"] and not top["party"]["roles"] & f.ROOT_ACCREDITOR:
            return "broken"
        shown = all(link["party"] and link["keys"][1] for link in path)
        return "survives" if shown else "unknown"

    def fell(self, link):
        void = link["status"] == 4 and link["void_since"] <= self.anchored
        return void or compromised(link["keys"], link["granted_time"])

    def flag_link(self, link):
        if link["status"] == 2:
            self.flags.add("accreditation_suspended")
        if link["status"] in (3, 4):
            self.flags.add("accreditation_withdrawn_since")
        if link["until"] <= self.at:
            self.flags.add("accreditation_ended")
        if link["tier"] == 4:
            self.flags.add("tier_none_yet")

    def programme(self):
        self.say_missing()
        if self.version:
            description = self.version["description"]
            self.facts["titles"] = description["titles"]
            self.facts["levels"] = description["levels"]
        self.title()
        if not self.programme_record:
            return
        if self.programme_record["status"] == 2:
            self.flags.add("programme_retired")
        listing = {1: "provisional", 3: "under_review", 4: "delisted"}.get(
            self.programme_record["listing"])
        if listing:
            self.flags.add(f"programme_{listing}")

    def title(self):
        """The rest of the check of claims, now that titles are known."""
        found = self.parsed_document()
        name = documents.title_named(found)
        if name is documents.NO_TITLE:
            return
        if not self.version:
            if self.checks["claims"] == "passed":
                self.checks["claims"] = "not done"
            return
        titles = [t["text"] for t in self.version["description"]["titles"]]
        if name not in titles:
            self.say("CLAIM_MISMATCH", "another title", "claims")

    def status(self):
        self.say_missing()
        if self.list_record and self.list_record["count"] <= self.slot:
            self.say("UNKNOWN", "a slot that the list does not have")
        if not self.slot_shown:
            return
        status, self.extended = self.effective_status()
        since = self.slot_record["since_height"] if self.slot_record else 0
        self.facts |= {"slot": self.slot, "status": status,
                       "since_height": since, "extended_until": self.extended}
        verdict = {REVOKED: "REVOKED", SUPERSEDED: "SUPERSEDED",
                   SUSPENDED: "SUSPENDED"}.get(status)
        if verdict:
            self.say(verdict, f"since {date(self.slot_record['since_time'])}, "
                     f"reason {self.slot_record['reason']}")

    def effective_status(self):
        slot = self.slot_record
        if slot is None:
            return GOOD, 0
        fell = compromised(self.slot_keys, slot["since_time"])
        status, until = slot["status"], slot["extended_until"]
        if fell:
            status = max(status, slot["before_status"], key=f.GRAVITY.get)
        if fell or not self.slot_keys[1]:
            until = min(until, slot["before_extended"])
        return status, until

    def dates(self):
        if not self.slot_shown:
            return NOT_DONE
        until = self.opening["valid_until"]
        if until and self.at >= max(until, self.extended):
            self.say("EXPIRED", f"since {date(max(until, self.extended))}")
        if self.at < self.opening["valid_from"]:
            self.say("NOT_YET_VALID",
                     f"until {date(self.opening['valid_from'])}")
        return None

    def freshness(self):
        if self.opening["assurance"] < self.min_assurance:
            self.flags.add("assurance_below_minimum")
        if self.header["time"] > self.at + CLOCK_BEHIND:
            self.say("UNKNOWN", "a header from later than that time")
        if self.at - self.header["time"] > self.max_age:
            self.say("STALE", f"as of {date(self.header['time'])}")


# --- Files -------------------------------------------------------------------

def date(ms):
    try:
        return (datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
                + datetime.timedelta(milliseconds=ms)).isoformat()
    except OverflowError:
        return f"{ms} ms"


def from_base64url(text):
    """Without padding, and with no other spelling of the same bytes."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != text:
        raise ValueError("not base64url")
    return data


ROOT_MEMBERS = {"muniment_trust_root", "name", "chain_id", "height",
                "header_id", "max_age_ms"}
RECEIPT_MEMBERS = {"muniment_receipt", "receipt", "opening", "summary"}


def read_object(text, version, members):
    """A JSON object of that version without members it does not know."""
    found = documents.parse_object(text)
    if found.get(version) != 1 or not set(found) <= members:
        raise ValueError(f"no {version} of version 1")
    return found


def read_hash(text):
    if not isinstance(text, str) or not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("64 lower-case hex digits are wanted")
    return bytes.fromhex(text)


def read_number(found, low, high):
    if (not isinstance(found, float) or found != int(found)
            or not low <= found <= high):
        raise ValueError(f"an integer from {low} to {high} is wanted")
    return int(found)


def read_trust_root(text):
    root = read_object(text, "muniment_trust_root", ROOT_MEMBERS)
    if set(root) != ROOT_MEMBERS:
        raise ValueError("a trust root that is not whole")
    return {"chain_id": read_hash(root["chain_id"]),
            "height": read_number(root["height"], 0, 2**53 - 1),
            "header_id": read_hash(root["header_id"]),
            "max_age_ms": read_number(root["max_age_ms"], 1000,
                                      3650 * f.DAY)}


def read_receipt_file(text):
    """Receipt and opening; no bytes, which is PROOF_INVALID, for neither."""
    try:
        file = read_object(text, "muniment_receipt", RECEIPT_MEMBERS)
        return (from_base64url(file["receipt"]),
                from_base64url(file.get("opening", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return b"", b""


def read_time(text):
    if re.fullmatch("[0-9]+", text):
        return int(text)
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp() * 1000)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("credential", "receipt", "trust_root"):
        parser.add_argument(name)
    parser.add_argument("--at", type=read_time)
    parser.add_argument("--opening")
    parser.add_argument("--max-age", type=int, default=0)
    parser.add_argument("--min-assurance", type=int, default=0)
    return parser.parse_args()


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def verify_files(args):
    receipt, opening = read_receipt_file(read_bytes(args.receipt))
    if args.opening:
        opening = from_base64url(read_bytes(args.opening).decode().strip())
    at = int(time.time() * 1000) if args.at is None else args.at
    return Verification(
        read_bytes(args.credential), opening, receipt,
        read_trust_root(read_bytes(args.trust_root)), at,
        args.max_age, args.min_assurance).run()


def report(verification):
    print(verification.verdict)
    for verdict, reasons in verification.reasons.items():
        print(f"  {verdict}: {'; '.join(reasons)}")
    for name, value in verification.facts.items():
        print(f"  {name}: {value}")
    flags = [flag for flag in FLAGS if flag in verification.flags]
    print(f"  flags: {' '.join(flags) or 'none'}")
    for name, outcome in verification.checks.items():
        print(f"  {name}: {outcome}")


def main():
    if len(sys.argv) == 1:
        import recompute
        return recompute.check_all()
    args = arguments()
    try:
        verification = verify_files(args)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 1
    report(verification)
    return EXIT_CODES[verification.verdict]


if __name__ == "__main__":
    sys.exit(main())
