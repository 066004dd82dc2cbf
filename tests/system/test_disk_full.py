"""Disks that are full, old, incomplete or damaged: the node says which, in a
line, and ends or refuses to start; what it acknowledged is never lost, and no
answer is ever a wrong one.

The full disk is a small tmpfs in a mount namespace of this test's own; where
that is not permitted the part is left out with a message."""

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import BIN, Daemon, check, read_answer, split  # noqa: E402

SLOW = bool(os.environ.get("MUN_SLOW"))
SEED = int(os.environ.get("MUN_SEED") or random.randrange(2**32))
FILLINGS = 2 if SLOW else 6
FLIPS = 2 if SLOW else 5  # of each file
DISK = 64 << 20
OUTSIDE = "MUN_DISK_NAMESPACE"


def enter_namespace():
    """Starts this test again where it may mount; False when nobody lets it."""
    if OUTSIDE in os.environ:
        return os.environ[OUTSIDE] == "yes"
    for options in (["-m"], ["-rm"]):
        done = subprocess.run(
            ["unshare", *options, "sh", "-c",
             "mount -t tmpfs -o size=1m none /mnt"],
            stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            os.environ[OUTSIDE] = "yes"
            os.execvp("unshare", ["unshare", *options, sys.executable,
                                  os.path.abspath(__file__)])
    return False


def mount(path, size):
    os.makedirs(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none",
                    path], check=True)


def fill(path, left):
    """A file that leaves so many bytes."""
    found = os.statvfs(path)
    with open(os.path.join(path, "ballast"), "wb") as file:
        file.write(bytes(max(0, found.f_bavail * found.f_frsize - left)))


def lines_of(text, level):
    return [line for line in text.splitlines() if f" {level} " in line]


def load(node, bodies, acknowledged):
    """Submits from four sides until all is sent or the node is gone."""
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                if not bodies:
                    return
                body = bodies.pop()
            try:
                status, answer = node.submit(body, wait=10000)
            except (OSError, http.client.HTTPException, ValueError):
                return
            if status == 503:
                continue
            with lock:
                for result in answer["results"]:
                    check(result["result"] != "refused", result)
                    if result["result"] == "final":
                        acknowledged[result["id"]] = result["height"]

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def check_acknowledged(node, acknowledged):
    for name, entry in zip(acknowledged, node.get_many(
            [f"/v1/entries/{name}" for name in acknowledged])):
        check(entry is not None and entry["height"] == acknowledged[name],
              f"{name}: {entry and entry['height']}, acknowledged at "
              f"{acknowledged[name]}")


def audit(node, code=0):
    with open(node.path("root.json"), "wb") as file:
        file.write(node.get("/v1/trust-root")[2])
    done = subprocess.run(
        [os.path.join(BIN, "muniment"), "audit", "--trust-root",
         node.path("root.json"), "--node", f"http://127.0.0.1:{node.port}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    check(done.returncode == code,
          f"audit: {done.returncode} {done.stdout} {done.stderr}")


# A full disk


def stops_on_a_full_disk(node, left, bodies, acknowledged):
    fill(node.path("disk"), left)
    before = len(acknowledged)
    load(node, bodies, acknowledged)
    status = node.process.wait(60)
    node.process = None
    check(status == 1, f"exit status {status}")
    told = lines_of(node.log, "UNUSUAL")
    check(len([line for line in told if "ledger stopped" in line and
               "error=DISK_FULL" in line]) == 1, node.log[-3000:])
    # Beside it what the database said, once, and what it could not tidy up.
    check(len([line for line in told if "store rocksdb" in line]) <= 2,
          node.log[-3000:])
    check(not lines_of(node.log, "BROKEN"), node.log[-3000:])
    return len(acknowledged) - before


def starts_on_a_full_disk_or_says_why(node):
    process = subprocess.run(["timeout", "2", *node.command()],
                             stderr=subprocess.PIPE, check=False)
    text = process.stderr.decode()
    if "event=ready" in text:
        return "started"
    check(process.returncode == 1 and "error=DISK_FULL" in text,
          f"{process.returncode} {text}")
    return "refused"


def full_disks():
    if not enter_namespace():
        print("SKIPPED: no tmpfs may be mounted here, so no disk is full")
        return
    rng = random.Random(SEED)
    node = Daemon(60, 40)
    mount(node.path("disk"), DISK)
    node.config["data_dir"] = node.path("disk/data")
    node.config["high_water_file"] = node.path("disk/high-water")
    bodies = [node.read(f"load-{i:04}.bin") for i in range(60)]
    acknowledged = {}
    again = {"started": 0, "refused": 0}
    with node:
        node.submit(node.read("setup.bin"), wait=10000)
        for number in range(FILLINGS):
            left = 0 if number == 1 else rng.randrange(8 << 10, 120 << 10)
            stops_on_a_full_disk(node, left, bodies[:], acknowledged)
            again[starts_on_a_full_disk_or_says_why(node)] += 1
            os.remove(node.path("disk/ballast"))
            node.start()
            check_acknowledged(node, acknowledged)
            bodies = bodies[3:]
        load(node, bodies, acknowledged)
        check_acknowledged(node, acknowledged)
        audit(node)
    check(len(acknowledged) > 200, f"{len(acknowledged)} acknowledged")
    print(f"{FILLINGS} times a full disk ({again['refused']} starts refused "
          f"while it was), {len(acknowledged)} entries acknowledged")
    full_disk_of_the_high_water_file()


def full_disk_of_the_high_water_file():
    node = Daemon(1, 50)
    mount(node.path("small"), 64 << 10)
    node.config["high_water_file"] = node.path("small/high-water")
    with node:
        # Written in place: it needs no more room.
        fill(node.path("small"), 0)
        node.submit(node.read("setup.bin"), wait=10000)
        status, answer = node.submit(node.read("load-0000.bin"), wait=10000)
        check(status == 200, answer)
    node = Daemon()
    mount(node.path("small"), 64 << 10)
    node.config["high_water_file"] = node.path("small/high-water")
    fill(node.path("small"), 0)
    text = node.start_refused()
    check("high_water" in text and "DISK_FULL" in text, text)
    # With room again it is made after all, or says what is to be deleted.
    os.remove(node.path("small/ballast"))
    shutil.rmtree(node.path("data"), ignore_errors=True)
    if os.path.exists(node.path("small/high-water")):
        os.remove(node.path("small/high-water"))
    with node:
        pass


# Old and incomplete copies


class Copy:
    """The database and its high-water file as they were."""

    def __init__(self, node, name):
        self.node, self.at = node, node.path(name)
        shutil.copytree(node.path("data"), self.at)
        shutil.copy(node.path("high-water"), self.at + "-high-water")

    def restore(self, data=True, high_water=True):
        if data:
            shutil.rmtree(self.node.path("data"))
            shutil.copytree(self.at, self.node.path("data"))
        if high_water:
            shutil.copy(self.at + "-high-water", self.node.path("high-water"))


def refused(node, *words):
    """The start is refused; the lines that say so name what is wrong."""
    text = node.start_refused()
    told = "\n".join(lines_of(text, "UNUSUAL"))
    for word in words:
        check(word in told, f"{word} is not in {text}")
    check("event=ready" not in text, text)
    check(not lines_of(text, "BROKEN"), text)


def old_and_incomplete_copies():
    node = Daemon(4, 100)
    other = Daemon()
    with other, node:
        node.submit(node.read("setup.bin"), wait=10000)
        node.submit(node.read("load-0000.bin"), wait=10000)
        node.kill()
        old = Copy(node, "old")
        node.start()
        node.submit(node.read("load-0001.bin"), wait=10000)
        node.submit(node.read("load-0002.bin"), wait=10000)
        head = node.get_json("/v1/head")
        node.kill()
        new = Copy(node, "new")

        old.restore(high_water=False)
        refused(node, "BEHIND", "data")
        new.restore()
        os.remove(node.path("high-water"))
        refused(node, "HIGH_WATER", "what=missing")
        check(not os.path.exists(node.path("high-water")), "not made anew")
        old.restore(data=False)
        refused(node, "HIGH_WATER", "high_water_differs")
        new.restore()
        shutil.copy(other.path("high-water"), node.path("high-water"))
        refused(node, "HIGH_WATER")
        for size in (0, 100, 4096, 5000):
            new.restore()
            os.truncate(node.path("high-water"), size)
            text = "illegible" if size < 4096 else ""
            if size < 4096:
                refused(node, "HIGH_WATER", text)
        new.restore()
        with open(node.path("high-water"), "wb") as file:
            file.write(random.Random(SEED).randbytes(8192))
        refused(node, "HIGH_WATER", "what=illegible")
        # The newest part of the database's log is gone.
        logs = [name for name in os.listdir(node.path("new"))
                if name.endswith(".log") and
                os.path.getsize(node.path("new/" + name))]
        check(len(logs) == 1, logs)
        size = os.path.getsize(node.path("new/" + logs[0]))
        for cut in (1, 100, size // 2, size):
            new.restore()
            os.truncate(node.path("data/" + logs[0]), size - cut)
            refused(node, "BEHIND")
        new.restore()
        os.remove(node.path("data/" + logs[0]))
        refused(node, "BEHIND")
        new.restore()
        node.config["genesis_file"] = other.path("genesis.bin")
        refused(node, "genesis_file", "another genesis")
        node.config["genesis_file"] = node.path("genesis.bin")
        # The refusals have not harmed it.
        new.restore()
        node.start()
        check(node.get_json("/v1/head") == head, "as it was")
        audit(node)


# Flipped bits


def read_all(node, paths):
    """Status and body of each."""
    answers = []
    with node.socket(60) as connection, connection.makefile("rb") as file:
        for at in range(0, len(paths), 50):
            part = paths[at:at + 50]
            connection.sendall("".join(
                f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
                for path in part).encode())
            for _ in part:
                status, _, body = read_answer(file)
                answers.append((status, body))
    return answers


def interesting_paths(node, issuer_history, bodies):
    height = node.height()
    names = [item["id"] for item in issuer_history]
    party = node.get_json("/v1/parties")["items"]
    paths = [f"/v1/entries/{name}" for name in names[::3]]
    paths += [f"/v1/headers/{h}" for h in range(height + 1)]
    paths += [f"/v1/blocks/{h}" for h in range(1, height + 1)]
    paths += [f"/v1/receipts/{name}/1" for name in names[5::11]]
    paths += [f"/v1/batches/{name}" for name in names[5::7]]
    paths += [f"/v1/parties/{item['id']}" for item in party]
    paths += [f"/v1/history?party={item['id']}&limit=1000" for item in party]
    paths += ["/v1/programmes", "/v1/accreditations", "/v1/genesis",
              "/v1/log/inclusion?index=3", "/v1/log/consistency?from=2",
              "/v1/statistics"]
    return paths


def submit_known(node, bodies):
    """What was accepted, again: the same answer, no answer, or the end."""
    try:
        _, answer = node.submit(b"".join(bodies), wait=3000)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return answer.get("results")


class Flipped:
    """One flipped bit, and what came of it."""

    def __init__(self, node, pristine, wanted, known, head):
        self.node, self.pristine = node, pristine
        self.paths, self.answers = wanted
        self.bodies, self.results = known
        self.head = head
        self.counts = {"refused": 0, "noticed": 0, "harmless": 0}

    def flip(self, name, at, bit):
        self.pristine.restore()
        with open(self.node.path("data/" + name), "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << bit]))
        where = f"{name} byte {at} bit {bit}"
        if not self.start():
            self.counts["refused"] += 1
            return True
        self.serve(where)
        return False

    def start(self):
        node = self.node
        with open(node.path("log"), "w") as log:
            node.process = subprocess.Popen(node.command(), stderr=log)
        until = time.monotonic() + 60
        while "event=ready" not in node.log:
            status = node.process.poll()
            if status is not None:
                node.process = None
                self.check_refused(status)
                return False
            check(time.monotonic() < until, "neither ready nor refused")
            time.sleep(0.01)
        line = [x for x in node.log.splitlines() if "event=ready" in x][0]
        node.port = int(line.split("public=127.0.0.1:")[1].split()[0])
        return True

    def check_refused(self, status):
        log = self.node.log
        told = "\n".join(lines_of(log, "UNUSUAL"))
        check(status == 1, f"exit status {status}: {log}")
        check("error=CORRUPT" in told or "error=ROOT" in told or
              "error=BEHIND" in told, log)
        check("path=" + self.node.path("data") in told, log)
        check(not lines_of(log, "BROKEN"), log)

    def serve(self, where):
        """Each answer is the right one, or none."""
        node = self.node
        noticed = False
        for path, wanted, found in zip(
                self.paths, self.answers, read_all(node, self.paths)):
            if found == wanted:
                continue
            noticed = True
            check(found[0] in (500, 503),
                  f"{where}: {path}: {found} instead of {wanted}")
            check(json.loads(found[1])["status"] == found[0], where)
        results = submit_known(node, self.bodies)
        if results is None:
            noticed = True
        else:
            for result, wanted in zip(results, self.results):
                if result != wanted:
                    noticed = True
                    check(result["result"] in ("busy", "pending"),
                          f"{where}: {result} instead of {wanted}")
        if "ledger stopped" in node.log:
            ended = node.process.wait(60)
            check(ended == 1, f"{where}: exit status {ended}")
        else:
            head = node.get_json("/v1/head")
            check(head == self.head, f"{where}: {head}, was {self.head}")
            node.process.kill()
            node.process.wait()
        node.process = None
        told = lines_of(node.log, "UNUSUAL") + lines_of(node.log, "BROKEN")
        check(bool(told) == noticed,
              f"{where}: noticed {noticed}, told {told[:3]}")
        check(all("CORRUPT" in line or "ledger stopped" in line
                  for line in told), f"{where}: {told[:5]}")
        self.counts["noticed" if noticed else "harmless"] += 1


def flipped_bits():
    rng = random.Random(SEED)
    node = Daemon(4, 300)
    node.unusual_is_fine = [""]
    with node:
        node.submit(node.read("setup.bin"), wait=10000)
        for i in range(3):
            node.submit(node.read(f"load-{i:04}.bin"), wait=10000)
        check(node.stop() == 0, "exit status")
        node.start()  # the first half is in tables now
        node.submit(node.read("load-0003.bin"), wait=10000)
        history = []
        for item in node.get_json("/v1/parties")["items"]:
            history += node.get_json(
                f"/v1/history?party={item['id']}&limit=1000")["items"]
        bodies = [body for i in range(4)
                  for body in split(node.read(f"load-{i:04}.bin"))]
        results = submit_known(node, bodies)
        check({x["result"] for x in results} == {"final"}, "known")
        paths = interesting_paths(node, history, bodies)
        answers = read_all(node, paths)
        check({status for status, _ in answers} == {200}, "all are there")
        check(read_all(node, paths) == answers, "the same answers")
        head = node.get_json("/v1/head")
        node.kill()
        flipped = Flipped(node, Copy(node, "pristine"), (paths, answers),
                          (bodies, results), head)
        for name in sorted(os.listdir(node.path("pristine"))):
            size = os.path.getsize(node.path("pristine/" + name))
            is_log = name.endswith(".log")
            if size == 0 or not (is_log or name.endswith(".sst") or
                                 name.startswith(("MANIFEST", "CURRENT"))):
                continue
            for _ in range(FLIPS):
                was_refused = flipped.flip(name, rng.randrange(size),
                                           rng.randrange(8))
                check(was_refused or not is_log,
                      f"a start with a damaged log {name}")
        flipped.pristine.restore()
        node.start()
        check(read_all(node, paths) == answers, "the copy is whole")
        audit(node)
    counts = flipped.counts
    check(counts["refused"] > 0 and counts["noticed"] > 0, f"{counts}")
    print(f"flipped bits: {counts['refused']} starts refused, "
          f"{counts['noticed']} noticed when read, {counts['harmless']} where "
          "nothing is stored")


def main():
    can_mount = OUTSIDE in os.environ or not enter_namespace()
    check(can_mount, "not reached")
    print(f"MUN_SEED={SEED}", flush=True)
    for test in (full_disks, old_and_incomplete_copies, flipped_bits):
        start = time.monotonic()
        test()
        print(f"{time.monotonic() - start:6.2f} s  {test.__name__}",
              flush=True)


main()
