#!/usr/bin/env python3
"""The command line around credentials, against a node of its own: anchor from
a table and from a folder, receipts, verdicts, changes of status, refresh and
audit, and what happens when a file is damaged or a run is interrupted."""

import base64
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

BIN = pathlib.Path(os.environ["MUN_BIN_DIR"])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Ledger:
    """One member that is the root accreditor too, and an issuer."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="muniment-"))
        (self.dir / "phrase").write_text("correct horse battery\n")
        os.chmod(self.dir / "phrase", 0o600)
        self.port = free_port()
        self.operator = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.make_genesis()
        self.node = None
        self.start()

    def run(self, *args, code=0, cwd=None, node=None):
        env = dict(os.environ, MUNIMENT_NODE=node or self.url,
                   MUNIMENT_PASSPHRASE_FILE=str(self.dir / "phrase"))
        done = subprocess.run(
            [BIN / "muniment", *map(str, args)], env=env, timeout=120,
            cwd=cwd or self.dir, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        assert done.returncode == code, (
            f"{args}: exit {done.returncode}, not {code}\n"
            f"{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stdout + done.stderr

    def json(self, *args, code=0):
        return json.loads(self.run(*args, "--json", code=code))

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return json.load(answer)

    def key(self, name):
        return self.json("key", "new", name)["key"]

    def make_genesis(self):
        govern = self.key("agency.key")
        validate = self.key("node.key")
        document = {
            "name": "Test consortium", "time": "2026-01-01",
            "muniment_genesis": 1, "max_age_ms": 2592000000,
            "parties": [{
                "name": "Quality Agency", "country": "KZ", "url": "",
                "roles": ["member", "root_accreditor"],
                "keys": [{"key": govern, "purposes": ["govern"]},
                         {"key": validate, "purposes": ["validate"]}]}]}
        (self.dir / "genesis.json").write_text(json.dumps(document))
        self.run("genesis", "make", "genesis.json", "-o", "genesis.bin")
        self.run("genesis", "trust-root", "genesis.bin", "-o", "root.json")
        (self.dir / "node.json").write_text(json.dumps({
            "data_dir": str(self.dir / "data"),
            "high_water_file": str(self.dir / "high-water"),
            "genesis_file": str(self.dir / "genesis.bin"),
            "key_file": str(self.dir / "node.key"),
            "passphrase_file": str(self.dir / "phrase"),
            "public": {"address": "127.0.0.1", "port": self.port},
            "operator": {"address": "127.0.0.1", "port": self.operator},
            "log_level": "unusual"}))

    def start(self):
        self.node = subprocess.Popen(
            [BIN / "munimentd", "--config", self.dir / "node.json"])
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url + "/readyz").close()
                return
            except OSError:
                assert self.node.poll() is None, "the node stopped"
                time.sleep(0.05)
        raise AssertionError("the node does not get ready")

    def close(self):
        self.node.terminate()
        self.node.wait(30)
        shutil.rmtree(self.dir)

    def register(self):
        """Issuer, accreditation, programme."""
        self.key("rector.key")
        self.key("desk.key")
        self.run("party", "register", "--name", "Steppe University",
                 "--country", "KZ", "--key", "rector.key:govern",
                 "--key", "desk.key:anchor,status",
                 "--sponsor-key", "agency.key")
        items = self.json("party", "list")["items"]
        self.issuer = next(p["id"] for p in items
                           if p["name"] == "Steppe University")
        self.accreditation = self.json(
            "accredit", "--key", "agency.key", "--subject", self.issuer,
            "--level", "KZ=Undergraduate", "--award", "micro-credential",
            "--field", "any", "--place", "any", "--credits", "any",
            "--tier", "agency", "--basis", "Decision 7",
            "--until", "2099-01-01")["entry"]
        (self.dir / "programme.json").write_text(json.dumps({
            "code": "WEB-1",
            "titles": [{"language": "en", "title": "Web Programming"}],
            "levels": [{"framework": "KZ", "level": "Undergraduate"}],
            "fields": [{"scheme": "KZ", "code": "B061"}],
            "award_kind": "micro-credential", "jurisdiction": "KZ"}))
        self.run("programme", "register", "--key", "rector.key",
                 "--file", "programme.json")
        self.programme = self.json("programme", "list")["items"][0]["id"]

    def anchor(self, *args, **kwargs):
        return self.run("anchor", "--key", "desk.key", "--programme",
                        self.programme, "--accreditation", self.accreditation,
                        "--trust-root", "root.json", *args, **kwargs)

    def verify(self, credential, receipt, *args, code=0):
        # A node that does not exist: verify may not ask one.
        return json.loads(self.run(
            "verify", credential, "--receipt", receipt, "--trust-root",
            "root.json", "--json", *args, code=code,
            node="http://127.0.0.1:1").split("\n{\"error")[0])


TEMPLATE = {
    "@context": ["https://www.w3.org/ns/credentials/v2",
                 "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"type": ["Profile"], "name": "Steppe University"},
    "name": "Web Programming",
    "credentialSubject": {
        "type": ["AchievementSubject"], "name": "{name}",
        "achievement": {
            "type": ["Achievement"], "name": "Web Programming",
            "creditsAvailable": 2.5,
            "criteria": {"narrative": "Passed with {{grade}} {grade}"}}}}

ledger = None


def setUpModule():
    global ledger
    ledger = Ledger()
    try:
        ledger.register()
        (ledger.dir / "template.json").write_text(json.dumps(TEMPLATE))
    except BaseException:
        ledger.close()
        raise


def tearDownModule():
    ledger.close()


def cohort(count, name="learners.csv", extra=""):
    lines = ["name,grade,valid_until,assurance"]
    lines += [f'"Learner {i}, née Ω{extra}",{i % 5},2090-01-01,independent'
              for i in range(count)]
    (ledger.dir / name).write_text("\n".join(lines) + "\n")
    return name


def anchored(count, out, *args, label="l", extra=""):
    name = cohort(count, f"{out}.csv", extra or out)
    ledger.anchor("--list", label, "--csv", name, "--template",
                  "template.json", "--out", out, *args)
    return ledger.dir / out


def damaged(path, member, change):
    """A copy of a receipt with one binary member changed."""
    document = json.loads(path.read_text())
    data = bytearray(base64.urlsafe_b64decode(document[member] + "=="))
    change(data)
    document[member] = base64.urlsafe_b64encode(data).decode().rstrip("=")
    out = path.with_name("damaged.json")
    out.write_text(json.dumps(document))
    return out


class Accredit(unittest.TestCase):
    LIMITS = {"--level": "KZ=Undergraduate", "--field": "KZ=B06",
              "--place": "KZ", "--credits": "ECTS:1-30"}

    def accredit(self, limits, code=0):
        given = [word for pair in limits for word in pair]
        return ledger.run(
            "accredit", "--key", "agency.key", "--subject", ledger.issuer,
            "--award", "module", "--tier", "agency", "--until", "2099-01-01",
            *given, "--json", code=code)

    def test_every_limit_is_said(self):
        for name in self.LIMITS:
            rest = [pair for pair in self.LIMITS.items() if pair[0] != name]
            said = self.accredit(rest, code=2)
            self.assertIn(f"{name} is needed", said)
            self.assertIn("any", said)
            said = self.accredit([*self.LIMITS.items(), (name, "any")], code=2)
            self.assertIn(f"{name} is either any or what is listed", said)
        for name in self.LIMITS:
            for wrong in ("", "Any", "x"):
                if name != "--place":
                    self.accredit([*[pair for pair in self.LIMITS.items()
                                     if pair[0] != name], (name, wrong)],
                                  code=2)

    def test_what_is_said_is_granted(self):
        entry = json.loads(self.accredit(self.LIMITS.items()))["entry"]
        scope = ledger.json("accreditation", "show", entry)["scope"]
        self.assertEqual(scope["levels"], [
            {"framework": "KZ", "level": "Undergraduate"}])
        self.assertEqual(scope["fields"], [{"scheme": "KZ", "code": "B06"}])
        self.assertEqual(scope["jurisdictions"], ["KZ"])
        self.assertEqual(scope["credit_system"], "ECTS")
        entry = json.loads(self.accredit(
            [(name, "any") for name in self.LIMITS]))["entry"]
        scope = ledger.json("accreditation", "show", entry)["scope"]
        self.assertEqual([scope["levels"], scope["fields"],
                          scope["jurisdictions"]], [[], [], []])


class Table(unittest.TestCase):
    def test_each_learner_gets_a_credential_that_verifies(self):
        out = anchored(5, "table", label="table")
        document = json.loads((out / "3.json").read_text())
        subject = document["credentialSubject"]
        self.assertEqual(subject["name"], "Learner 3, née Ωtable")
        self.assertEqual(subject["achievement"]["criteria"]["narrative"],
                         "Passed with {grade} 3")
        self.assertEqual(subject["achievement"]["creditsAvailable"], 2.5)
        self.assertEqual(document["validUntil"], "2090-01-01T00:00:00Z")
        self.assertEqual(document["credentialStatus"]["statusListIndex"], "3")
        for i in range(5):
            verdict = ledger.verify(out / f"{i}.json",
                                    out / f"{i}.receipt.json")
            self.assertEqual(verdict["verdict"], "VALID")
            self.assertEqual(verdict["awarder"], "Steppe University")
            self.assertEqual(verdict["assurance"], "independent")
            self.assertNotIn("not done", verdict["checks"].values())
        batch = (out / "batch.json").read_text()
        self.assertIn("née", batch)
        self.assertEqual(json.loads(batch)["state"], "final")
        self.assertEqual(os.stat(out / "0.json").st_mode & 0o777, 0o600)

    def test_what_a_person_reads_starts_with_the_verdict(self):
        out = anchored(1, "people", label="people")
        args = ("verify", out / "0.json", "--receipt", out / "0.receipt.json",
                "--trust-root", "root.json")
        text = ledger.run(*args)
        self.assertTrue(text.startswith("VALID\n"))
        self.assertIn("Web Programming", text)
        self.assertIn("Quality Agency (agency; active)", text)
        text = ledger.run(*args, "--at", "2050-01-01", code=10)
        self.assertRegex(text, r"^VALID as of \S+, not known since\n")
        text = ledger.run(*args, "--at", "2091-01-01", code=13)
        self.assertRegex(text, r"^EXPIRED: ")
        ledger.run(*args, "--at", "2020-01-01", code=15)

    def test_a_sealed_batch_verifies_too(self):
        out = anchored(5, "sealed", "--sealed", label="sealed")
        for i in range(5):
            verdict = ledger.verify(out / f"{i}.json",
                                    out / f"{i}.receipt.json")
            self.assertEqual(verdict["verdict"], "VALID")
        ledger.run("receipt", "refresh", out / "4.receipt.json",
                   "--trust-root", "root.json")
        ledger.verify(out / "4.json", out / "4.receipt.json")

    def test_a_second_cohort_follows_in_the_list(self):
        anchored(3, "first", label="follow")
        out = anchored(2, "second", label="follow")
        self.assertTrue((out / "4.json").exists())
        self.assertFalse((out / "2.json").exists())

    def test_damage_has_its_verdict(self):
        out = anchored(2, "damage", label="damage")
        credential = out / "0.json"
        receipt = out / "0.receipt.json"
        text = credential.read_text()
        changed = out / "changed.json"
        changed.write_text(text.replace("Learner 0", "Learner 9"))
        found = ledger.verify(changed, receipt, code=20)
        self.assertEqual(found["verdict"], "DOCUMENT_MISMATCH")
        self.assertIsNone(found["status"])
        self.assertEqual(found["checks"]["status"], "not done")
        said = ledger.run("verify", changed, "--receipt", receipt,
                          "--trust-root", "root.json", code=20)
        self.assertTrue(said.startswith(
            "DOCUMENT_MISMATCH: the document was changed\n"), said)
        for word in ("good", "Steppe", "Web Programming", "active"):
            self.assertNotIn(word, said)
        # Another layout is the same document.
        changed.write_text(json.dumps(json.loads(text), indent=7))
        ledger.verify(changed, receipt)
        other = ledger.verify(out / "1.json", receipt, code=20)
        self.assertEqual(other["why"], "other_receipt")

        def flip(data):
            data[len(data) // 2] ^= 1
        ledger.verify(credential, damaged(receipt, "receipt", flip), code=21)

        def cut(data):
            del data[-1:]
        ledger.verify(credential, damaged(receipt, "receipt", cut), code=21)
        (out / "no.json").write_text("not a receipt")
        ledger.verify(credential, out / "no.json", code=21)
        ledger.run("verify", credential, "--receipt", out / "none.json",
                   "--trust-root", "root.json", code=1)
        ledger.run("verify", credential, code=2)

    def test_wrong_input_is_named_before_anything_is_sent(self):
        height = ledger.get("/v1/head")["height"]
        common = ("--list", "wrong", "--out", "wrong")
        cases = {
            "name,grade\nAda\n": "wrong.csv:2:1",
            "grade\n1\n": 'no column "name"',
            "name\nAda\n": "{grade}",
            "name,grade,valid_until\nAda,1,soon\n": "valid_until",
            "name,grade,assurance\nAda,1,certain\n": "assurance",
        }
        for text, message in cases.items():
            (ledger.dir / "wrong.csv").write_text(text)
            said = ledger.anchor(*common, "--csv", "wrong.csv", "--template",
                                 "template.json", code=1)
            self.assertIn(message, said)
        self.assertEqual(ledger.get("/v1/head")["height"], height)

    def test_a_refusal_is_named(self):
        cohort(1, "refused.csv")
        said = ledger.run(
            "anchor", "--key", "desk.key", "--programme", ledger.programme,
            "--accreditation", "00" * 32, "--list", "r", "--csv",
            "refused.csv", "--template", "template.json", "--out", "refused",
            code=4)
        self.assertIn("ACCREDITATION_UNKNOWN", said)


class Again(unittest.TestCase):
    def test_the_same_command_goes_on_where_it_stopped(self):
        out = anchored(4, "again", label="again")
        count = ledger.get("/v1/statistics")["entries"]
        receipt = out / "2.receipt.json"
        kept = (out / "1.json").read_text()
        receipt.unlink()
        ledger.anchor("--list", "again", "--csv", "again.csv", "--template",
                      "template.json", "--out", "again")
        ledger.verify(out / "2.json", receipt)
        self.assertEqual((out / "1.json").read_text(), kept)
        self.assertEqual(ledger.get("/v1/statistics")["entries"], count)

    def test_a_batch_that_was_never_sent_is_sent_as_it_was(self):
        # The same command against a node that refuses everything first.
        cohort(3, "unsent.csv")
        args = ("--list", "unsent", "--csv", "unsent.csv", "--template",
                "template.json", "--out", "unsent")

        class Deaf(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with urllib.request.urlopen(ledger.url + self.path) as answer:
                    body = answer.read()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.close_connection = True

            def log_message(self, *args):
                pass

        ledger.anchor("--list", "unsent", "--csv", cohort(1, "seed.csv"),
                      "--template", "template.json", "--out", "seed")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Deaf)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ledger.anchor(*args, code=3,
                      node=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        server.server_close()
        batch = json.loads((ledger.dir / "unsent/batch.json").read_text())
        self.assertEqual(batch["state"], "prepared")
        ledger.anchor(*args)
        after = json.loads((ledger.dir / "unsent/batch.json").read_text())
        self.assertEqual(after["entries"][0]["id"], batch["entries"][0]["id"])
        ledger.verify("unsent/2.json", "unsent/2.receipt.json")

    def test_the_title_is_the_ledgers(self):
        cohort(2, "titled.csv")
        template = json.loads(json.dumps(TEMPLATE))
        achievement = template["credentialSubject"]["achievement"]
        args = ("--list", "titled", "--csv", "titled.csv",
                "--template", "titled.json", "--out", "titled")
        for name in ("Rocket Science", "Web Programming {grade}", None, 7):
            achievement["name"] = name
            (ledger.dir / "titled.json").write_text(json.dumps(template))
            said = ledger.anchor(*args, code=1)
            self.assertIn("not one of the programme's titles", said)
            self.assertFalse((ledger.dir / "titled/batch.json").exists())
        del achievement["name"]
        (ledger.dir / "titled.json").write_text(json.dumps(template))
        said = ledger.anchor(*args, "--status-url", "ftp://u.example", code=1)
        self.assertIn("--status-url", said)
        ledger.anchor(*args)
        out = ledger.dir / "titled"
        made = json.loads((out / "1.json").read_text())
        self.assertEqual(made["credentialSubject"]["achievement"]["name"],
                         "Web Programming")
        ledger.verify(out / "1.json", out / "1.receipt.json")

    def test_a_folder_of_another_batch_is_left_alone(self):
        anchored(1, "mine", label="mine")
        cohort(2, "yours.csv")
        said = ledger.anchor("--list", "mine", "--csv", "yours.csv",
                             "--template", "template.json", "--out", "mine",
                             code=1)
        self.assertIn("another batch", said)


class Folder(unittest.TestCase):
    def credential(self, slot, **changes):
        document = dict(
            TEMPLATE, id=f"urn:x:{slot}",
            issuer=f"urn:muniment:party:{ledger.issuer}",
            credentialSubject={"achievement": {
                "id": f"urn:muniment:programme:{ledger.programme}:1"}},
            credentialStatus={
                "type": "BitstringStatusListEntry",
                "statusListIndex": str(slot),
                "statusListCredential": "https://u.example/v1/status-lists/"
                f"{ledger.issuer}/folder"})
        document.update(changes)
        return json.dumps(document)

    def test_documents_that_are_there_get_receipts(self):
        folder = ledger.dir / "documents"
        folder.mkdir()
        (folder / "b.json").write_text(self.credential(0))
        (folder / "a.json").write_text(self.credential(2))
        (folder / "c.pdf").write_bytes(b"%PDF-1.7 \xff\x00")
        args = ("--list", "folder", "--folder", "documents")
        (folder / "d.json").write_text(self.credential(
            1, issuer="urn:muniment:party:" + "00" * 32))
        said = ledger.anchor(*args, "--out", "of-folder", code=1)
        self.assertIn("d.json: names another issuer", said)
        (folder / "d.json").write_text(self.credential(2))
        said = ledger.anchor(*args, "--out", "of-folder", code=1)
        self.assertIn("another document has", said)
        (folder / "d.json").write_text(self.credential(
            1, credentialSubject={"achievement": {
                "id": f"urn:muniment:programme:{ledger.programme}:1",
                "name": "Rocket Science"}}))
        said = ledger.anchor(*args, "--out", "of-folder", code=1)
        self.assertIn("not one of the programme's titles", said)
        (folder / "d.json").write_text(self.credential(
            1, validUntil="1970-01-01T00:00:00Z"))
        said = ledger.anchor(*args, "--out", "of-folder", code=1)
        self.assertIn("has a date that is none", said)
        (folder / "d.json").unlink()
        ledger.anchor(*args, "--out", "of-folder")
        out = ledger.dir / "of-folder"
        ledger.verify(folder / "a.json", out / "a.json.receipt.json")
        verdict = ledger.verify(folder / "c.pdf", out / "c.pdf.receipt.json")
        self.assertEqual(verdict["status"]["slot"], 1)
        self.assertIn("claims_not_checked", verdict["flags"])


class Status(unittest.TestCase):
    def test_a_credential_goes_through_its_states(self):
        out = anchored(3, "status", label="status")
        receipts = [out / f"{i}.receipt.json" for i in range(3)]

        def state(i, code):
            ledger.run("receipt", "refresh", receipts[i], "--trust-root",
                       "root.json")
            return ledger.verify(out / f"{i}.json", receipts[i], code=code)

        change = ("--key", "desk.key", "--reason", "error")
        said = ledger.run("status", "revoke", *change, "--dry-run",
                          "--receipt", *receipts[:2])
        self.assertIn("status 0: good -> revoked", said)
        state(0, 0)
        ledger.run("status", "suspend", *change, "--receipt", receipts[0])
        self.assertEqual(state(0, 12)["verdict"], "SUSPENDED")
        ledger.run("status", "reinstate", *change, "--receipt", receipts[0])
        state(0, 0)
        ledger.run("status", "supersede", *change, "--receipt", receipts[0],
                   "--by", "ab" * 32)
        state(0, 14)
        (ledger.dir / "slots.csv").write_text("who,slot\nx,2\ny,0\nx,2\n")
        ledger.run("status", "revoke", *change, "--list", "status",
                   "--slots", "slots.csv")
        self.assertEqual(state(0, 17)["verdict"], "REVOKED")
        state(2, 17)
        (ledger.dir / "slots.txt").write_text("1\n")
        ledger.run("status", "extend", *change, "--list", "status",
                   "--slots", "slots.txt", "--until", "2095-01-01")
        self.assertEqual(state(1, 0)["status"]["extended_until"],
                         "2095-01-01T00:00:00Z")
        said = ledger.run("status", "revoke", *change, "--list", "status",
                          "--slots", "slots.csv", code=4)
        self.assertIn("STATUS_FINAL", said)
        (ledger.dir / "slots.txt").write_text("1\nx\n")
        said = ledger.run("status", "revoke", *change, "--list", "status",
                          "--slots", "slots.txt", code=1)
        self.assertIn("slots.txt:2", said)

    def test_another_issuers_receipt_is_refused(self):
        out = anchored(1, "foreign", label="foreign")
        said = ledger.run("status", "revoke", "--key", "agency.key",
                          "--reason", "error", "--receipt",
                          out / "0.receipt.json", code=1)
        self.assertIn("another issuer's", said)


class Receipts(unittest.TestCase):
    def test_a_damaged_answer_does_not_replace_a_receipt(self):
        out = anchored(1, "replace", label="replace")
        path = out / "0.receipt.json"
        before = path.read_text()
        said = ledger.run("receipt", "refresh", path, code=3,
                          node="http://127.0.0.1:1")
        self.assertIn("UNREACHABLE", said)
        self.assertEqual(path.read_text(), before)

        class Liar(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                document = json.loads(before)
                del document["opening"]
                data = bytearray(base64.urlsafe_b64decode(
                    document["receipt"] + "=="))
                data[-40] ^= 1
                document["receipt"] = base64.urlsafe_b64encode(
                    data).decode().rstrip("=")
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Liar)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = ledger.run("receipt", "refresh", path, code=1,
                          node=f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        server.server_close()
        self.assertIn("does not hold", said)
        self.assertEqual(path.read_text(), before)

    def test_show_and_ask(self):
        out = anchored(2, "show", label="show")
        shown = ledger.json("receipt", "show", out / "1.receipt.json")
        self.assertEqual(shown["opening"]["slot"], 1)
        commitment = shown["opening"]["commitment"]
        for place in (commitment, shown["entry"] + "/1"):
            answer = ledger.json("status-of", place)
            self.assertEqual(answer["status"]["slot"], 1)
            self.assertIn("not a proof", ledger.run("status-of", place))
        entry = ledger.json("entry", "show", shown["entry"])
        self.assertEqual(entry["kind"], "anchor")
        ledger.run("status-of", "ab" * 32, code=1)
        ledger.run("status-of", "ab", code=2)


class Audit(unittest.TestCase):
    def test_the_ledger_replays_from_genesis(self):
        out = anchored(3, "audited", label="audited")
        ledger.run("status", "revoke", "--key", "desk.key", "--reason",
                   "other", "--receipt", out / "0.receipt.json")
        said = ledger.run("audit", "--trust-root", "root.json")
        self.assertIn("roots match: height ", said)
        found = ledger.json("audit", "--trust-root", "root.json")
        head = ledger.get("/v1/head")
        self.assertEqual(found["height"], head["height"])
        self.assertEqual(found["state_root"], head["state_root"])
        self.assertGreaterEqual(found["credentials"], 3)
        self.assertGreaterEqual(found["changes"], 1)

    def audit_changed(self, change, code=5):
        """Audits through a node that changes one answer of blocks."""
        class Forger(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with urllib.request.urlopen(ledger.url + self.path) as answer:
                    body = bytearray(answer.read())
                if self.path.startswith("/v1/blocks"):
                    change(body)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forger)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        said = ledger.run("audit", "--trust-root", "root.json", "--from-node",
                          f"http://127.0.0.1:{server.server_port}", code=code)
        server.shutdown()
        server.server_close()
        return said

    def test_what_a_node_forges_is_found_and_named(self):
        anchored(1, "forged", label="forged")
        self.audit_changed(lambda body: None, code=0)

        def state_root(body):
            body[4 + 283 - 70] ^= 1
        self.assertRegex(self.audit_changed(state_root),
                         "VIOLATION at height [12]")

        def signature(body):
            # The last byte of the last entry of the first block that has one;
            # a leaf count of 4 bytes follows it.
            at = 0
            while True:
                length = int.from_bytes(body[at:at + 4], "big")
                end = at + 4 + length
                if length > 283 + 200:
                    body[end - 5] ^= 1
                    return
                at = end + 4 + int.from_bytes(body[end:end + 4], "big")
        said = self.audit_changed(signature)
        self.assertRegex(said, "VIOLATION at height [0-9]+, entry 0")
        self.assertIn("BAD_SIGNATURE", said)

        def own_certificate(body):
            body[-1] ^= 1
        self.assertIn("own certificate", self.audit_changed(own_certificate))
        self.audit_changed(lambda body: body.__delitem__(slice(-3, None)), 1)

    def test_another_trust_root_is_not_this_ledger(self):
        root = json.loads((ledger.dir / "root.json").read_text())
        root["header_id"] = "00" * 32
        (ledger.dir / "other-root.json").write_text(json.dumps(root))
        said = ledger.run("audit", "--trust-root", "other-root.json", code=5)
        self.assertIn("VIOLATION at height 0", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
