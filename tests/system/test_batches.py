"""Cohorts of the size that universities have, through the command line: 10,000
learners in one sealed entry and 10,000 in one published, 500 changes of status
in one entry. Each is one entry, and what the learners get verifies. Changes that
are more than an entry holds are split where tools/README.md says."""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import test_cli_credentials as cli  # noqa: E402
from daemon import check  # noqa: E402

COHORT = 10000
CHANGES = 500
PLACES = (0, COHORT // 2, COHORT - 1)

# What one entry holds: tools/README.md.
FULL = {"revoke": 4096, "extend": 2885, "supersede": 1380}


class Ledger(cli.Ledger):
    """With a log of its own, in which nothing may be unusual."""

    def start(self):
        with open(self.dir / "node.log", "ab") as log:
            self.node = subprocess.Popen(
                [cli.BIN / "munimentd", "--config", self.dir / "node.json"],
                stderr=log)
        until = time.monotonic() + 60
        while True:
            try:
                self.get("/readyz")
                return
            except OSError:
                check(self.node.poll() is None, "the node stopped")
                check(time.monotonic() < until, "the node is not ready")
                time.sleep(0.05)

    def stop(self):
        self.node.terminate()
        check(self.node.wait(60) == 0, "exit status of the node")
        text = (self.dir / "node.log").read_text()
        check("UNUSUAL" not in text and "BROKEN" not in text, text)

    def counts(self):
        """Entries, and leaves of the log that are no headers."""
        head = self.get("/v1/head")
        return head["entries"], head["log_size"] - head["height"]


def more_entries(ledger, before, count, name):
    after = ledger.counts()
    check(after == (before[0] + count, before[1] + count),
          f"{name}: {before} before, {after} after, not {count} more")


def one_entry_more(ledger, before, name):
    more_entries(ledger, before, 1, name)


def verifies(ledger, out, slot, verdict="VALID", code=0):
    found = ledger.verify(out / f"{slot}.json", out / f"{slot}.receipt.json",
                          code=code)
    check(found["verdict"] == verdict and found["status"]["slot"] == slot,
          f"slot {slot}: {found}")
    check("not done" not in found["checks"].values(), f"slot {slot}: {found}")


def anchor(ledger, label, *options):
    """A cohort in a list of its own; returns where its files are."""
    lines = ["name,grade,valid_until,assurance"] + [
        f'"Learner {i}, née {label}",{i},2090-01-01,independent'
        for i in range(COHORT)]
    (ledger.dir / f"{label}.csv").write_text("\n".join(lines) + "\n")
    before = ledger.counts()
    start = time.monotonic()
    ledger.anchor("--list", label, "--csv", f"{label}.csv", "--template",
                  "template.json", "--out", label, *options)
    took = time.monotonic() - start
    one_entry_more(ledger, before, label)
    out = ledger.dir / label
    receipts = list(out.glob("*.receipt.json"))
    check(len(receipts) == COHORT, f"{len(receipts)} receipts")
    for slot in PLACES:
        verifies(ledger, out, slot)
    # Another's receipt is not mine, however near.
    found = ledger.verify(out / "1.json", out / "0.receipt.json", code=20)
    check(found["why"] == "other_receipt", found)
    size = max(path.stat().st_size for path in receipts)
    print(f"{label}: {COHORT} learners in {took:.1f} s, receipts of at most "
          f"{size} bytes", flush=True)
    return out


def change(ledger, out, label):
    """Revokes every 20th slot, the first, the middle and the last among
    them."""
    slots = sorted({*range(0, COHORT, COHORT // CHANGES), PLACES[2]})
    slots.remove(20)
    check(len(slots) == CHANGES, f"{len(slots)} slots")
    (ledger.dir / "slots.txt").write_text("\n".join(map(str, slots)) + "\n")
    before = ledger.counts()
    ledger.run("status", "revoke", "--key", "desk.key", "--reason", "error",
               "--list", label, "--slots", "slots.txt")
    one_entry_more(ledger, before, "changes")
    asked = [out / f"{slot}.receipt.json" for slot in (*PLACES, 20, 9998)]
    ledger.run("receipt", "refresh", *asked, "--trust-root", "root.json")
    for slot in PLACES:
        verifies(ledger, out, slot, "REVOKED", 17)
    for slot in (20, 9998):
        verifies(ledger, out, slot)
    statuses = {slot: ledger.get(
        f"/v1/lists/{ledger.issuer}/{label}/{slot}")["status"]
        for slot in slots[::25] + [1, 19, 21]}
    wrong = {slot: status for slot, status in statuses.items()
             if (status == "revoked") != (slot in slots)}
    check(not wrong, f"{wrong}")


def split(ledger, out, label):
    """As many changes as an entry holds are one, one more are two; returns how
    many there were. The last of each stands."""
    page = (pathlib.Path(__file__).parents[2] / "tools/README.md").read_text()
    check("one entry holds 4,096 (extend 2,885, supersede 1,380)" in page,
          "tools/README.md")
    free = [slot for slot in range(COHORT)
            if slot % (COHORT // CHANGES) and slot != PLACES[2]]
    verdicts = {"revoke": ("REVOKED", 17), "extend": ("VALID", 0),
                "supersede": ("SUPERSEDED", 14)}
    options = {"revoke": (), "extend": ("--until", "2095-01-01"),
               "supersede": ("--by", "ab" * 32)}
    total = 0
    # Superseded is final, extended may follow on itself: nothing is used twice.
    for act, entries in (("supersede", 1), ("supersede", 2), ("extend", 1)):
        count = FULL[act] + entries - 1
        slots, free = free[:count], free[count:]
        last = change_all(ledger, label, act, slots, options[act], entries)
        refreshed(ledger, out, last, *verdicts[act])
        total += count
    # The extended once more, and one beside them.
    slots = slots + free[:1]
    last = change_all(ledger, label, "extend", slots,
                      ("--until", "2096-01-01"), 2)
    refreshed(ledger, out, last, *verdicts["extend"])
    # What is extended may be revoked; 4,097 with those that are left.
    total += len(slots)
    slots = (slots + free[1:])[:FULL["revoke"] + 1]
    last = change_all(ledger, label, "revoke", slots, (), 2)
    refreshed(ledger, out, last, *verdicts["revoke"])
    return total + len(slots)


def change_all(ledger, label, act, slots, options, entries):
    """Returns the last of the slots."""
    (ledger.dir / "slots.txt").write_text("\n".join(map(str, slots)) + "\n")
    before = ledger.counts()
    done = ledger.json("status", act, "--key", "desk.key", "--reason", "other",
                       "--list", label, "--slots", "slots.txt", *options)
    check(done["changed"] == len(slots), f"{act}: {done['changed']}")
    check(len(done["entries"]) == entries, f"{act}: {done['entries']}")
    more_entries(ledger, before, entries, f"{act} {len(slots)}")
    return slots[-1]


def refreshed(ledger, out, slot, verdict, code):
    ledger.run("receipt", "refresh", out / f"{slot}.receipt.json",
               "--trust-root", "root.json")
    verifies(ledger, out, slot, verdict, code)


def main():
    ledger = Ledger()
    try:
        ledger.register()
        (ledger.dir / "template.json").write_text(json.dumps(cli.TEMPLATE))
        sealed = anchor(ledger, "sealed", "--sealed")
        published = anchor(ledger, "published")
        batches = ledger.get("/v1/statistics")
        check(batches["batches"] == 2 and
              batches["credentials"] == 2 * COHORT, f"{batches}")
        start = time.monotonic()
        change(ledger, published, "published")
        change(ledger, sealed, "sealed")
        print(f"{CHANGES} changes twice in {time.monotonic() - start:.1f} s")
        start = time.monotonic()
        more = split(ledger, sealed, "sealed")
        print(f"{more} changes in 8 entries in "
              f"{time.monotonic() - start:.1f} s")
        found = ledger.json("audit", "--trust-root", "root.json")
        check(found["state_root"] == ledger.get("/v1/head")["state_root"] and
              found["changes"] == 2 * CHANGES + more, f"{found}")
        ledger.stop()
    except BaseException:
        print((ledger.dir / "node.log").read_text()[-2000:], file=sys.stderr)
        ledger.close()
        raise
    ledger.close()


main()
