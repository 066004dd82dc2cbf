"""kill -9 at random moments under load.

What a client was told before stays true after: each acknowledged entry is there
at its height, and only once; no height that anybody saw is gone; no header has
changed; and in the end the auditor's replay agrees.

MUN_KILLS is the number of rounds (50; 10 when MUN_SLOW is set), MUN_SEED
repeats a run. The operating system lives on, so this is about the process:
that a write has reached the disk is for tests/store/test_crash.c.
"""

import collections
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import BIN, Daemon, check, split  # noqa: E402
import entries  # noqa: E402

ROUNDS = int(os.environ.get("MUN_KILLS") or
             (10 if os.environ.get("MUN_SLOW") else 50))
SEED = int(os.environ.get("MUN_SEED") or random.randrange(2**32))
ROUND_ENTRIES = 300  # at most, so that the prepared ones suffice
FILE_ENTRIES = 10000  # make_load gives no more different roots a file
LONGEST = 0.25  # seconds of load
LANES = (1, 1, 1, 1, 1, 20, 60)  # entries a request, for each client


class Load:
    """Clients that submit what is waiting, and a reader that looks at the
    head, until the node is gone."""

    def __init__(self, node, waiting, file):
        self.node, self.waiting, self.file = node, waiting, file
        self.left = ROUND_ENTRIES
        self.lock = threading.Lock()
        self.acknowledged = {}
        self.seen = {}  # height: header id
        self.unsure = []
        self.problem = None
        self.is_over = False
        self.threads = [threading.Thread(target=self.submit, args=(count,))
                        for count in LANES]
        self.threads.append(threading.Thread(target=self.look))
        for thread in self.threads:
            thread.start()

    def take(self, count):
        with self.lock:
            count = min(count, self.left, len(self.waiting))
            self.left -= count
            return [self.waiting.popleft() for _ in range(count)]

    def keep(self, batch, results):
        with self.lock:
            for (name, body), result in zip(batch, results):
                if result["result"] == "final":
                    self.acknowledged[name] = result["height"]
                    self.file.write(f"{name} {result['height']}\n")
                elif result["result"] == "refused":
                    self.problem = f"{name} is refused: {result}"
                else:
                    self.unsure.append((name, body))
            self.file.flush()

    def submit(self, count):
        connection = self.node.connect(10)
        while not self.is_over:
            batch = self.take(count)
            if not batch:
                break
            try:
                connection.request(
                    "POST", "/v1/entries?wait=5000",
                    b"".join(body for _, body in batch),
                    {"Content-Type": "application/octet-stream"})
                answer = connection.getresponse()
                results = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                with self.lock:
                    self.unsure += batch
                break
            if "results" in results:
                names = [item["id"] for item in results["results"]]
                if names != [name for name, _ in batch]:
                    self.problem = f"other ids: {results}"
                self.keep(batch, results["results"])
            else:
                self.problem = f"{answer.status} {results}"
        connection.close()

    def look(self):
        connection = self.node.connect(10)
        while not self.is_over:
            try:
                connection.request("GET", "/v1/head")
                head = json.loads(connection.getresponse().read())
            except (OSError, http.client.HTTPException, ValueError):
                break
            self.seen[head["height"]] = head["header_id"]
            time.sleep(0.002)
        connection.close()

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join(30)
            check(not thread.is_alive(), "a client hangs")
        check(self.problem is None, self.problem)


class Ledger:
    """What is known to be final, and whether the node still says so."""

    def __init__(self):
        self.acknowledged = {}
        self.headers = {}  # height: header id
        self.height = 0

    def check_newest(self, node, load, rng):
        height = node.height()
        told = max([self.height, *load.seen, *load.acknowledged.values()])
        check(height >= told, f"height {height}, told {told}")
        for name, entry in zip(load.acknowledged, node.get_many(
                [f"/v1/entries/{name}" for name in load.acknowledged])):
            check(entry is not None, f"{name} is lost")
            check(entry["height"] == load.acknowledged[name],
                  f"{name}: {entry['height']}, acknowledged at "
                  f"{load.acknowledged[name]}")
        self.acknowledged.update(load.acknowledged)
        for seen, header_id in load.seen.items():
            check(self.headers.setdefault(seen, header_id) == header_id,
                  f"header {seen} was another before")
        heights = set(range(self.height, height + 1))
        heights.update(rng.sample(range(height + 1), min(height, 20)))
        self.check_headers(node, sorted(heights))
        self.height = height

    def check_headers(self, node, heights):
        for height, header in zip(heights, node.get_many(
                [f"/v1/headers/{height}" for height in heights])):
            check(header is not None, f"header {height} is lost")
            header_id = header["header_id"]
            check(self.headers.setdefault(height, header_id) == header_id,
                  f"header {height} has changed")
            check(height == 0 or self.headers.get(
                height - 1, header["previous"]) == header["previous"],
                  f"header {height} stands on another")

    def check_all(self, node):
        """Every acknowledged entry, in what the node says is the whole."""
        issuer = entries.party(entries.ISSUER).hex()
        found = {}
        after = ""
        while after is not None:
            page = node.get_json(
                f"/v1/history?party={issuer}&limit=1000{after}")
            for item in page["items"]:
                check(item["id"] not in found, f"{item['id']} is there twice")
                found[item["id"]] = item["height"]
            after = page["next"] and f"&after={page['next']}"
        for name, height in self.acknowledged.items():
            check(found.get(name) == height,
                  f"{name}: {found.get(name)}, acknowledged at {height}")
        self.check_headers(node, sorted(self.headers))
        return len(found)


def prepare(node):
    """The prepared entries with their ids."""
    waiting = collections.deque()
    for name in sorted(os.listdir(node.folder)):
        if not name.startswith("load-"):
            continue
        for body in split(node.read(name)):
            # Without length, signature and the count of no leaves.
            waiting.append((entries.formats.tagged(
                "entry", body[4:-69]).hex(), body))
    return waiting


def start(node, rng):
    """Starts; sometimes kills while it starts, and starts again. Returns how
    often it was killed."""
    kills = 0
    while rng.random() < 0.2 and kills < 3:
        with open(node.path("log"), "w") as log:
            node.process = subprocess.Popen(node.command(), stderr=log)
        time.sleep(rng.uniform(0, 0.6))
        node.kill()
        kills += 1
    node.start()
    return kills


def audit(node):
    with open(node.path("root.json"), "wb") as file:
        file.write(node.get("/v1/trust-root")[2])
    done = subprocess.run(
        [os.path.join(BIN, "muniment"), "audit", "--json", "--trust-root",
         node.path("root.json"), "--node", f"http://127.0.0.1:{node.port}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    check(done.returncode == 0, f"audit: {done.stdout} {done.stderr}")
    found = json.loads(done.stdout)
    head = node.get_json("/v1/head")
    check(found["height"] == head["height"] and
          found["state_root"] == head["state_root"], f"{found} {head}")


def main():
    print(f"MUN_KILLS={ROUNDS} MUN_SEED={SEED}", flush=True)
    rng = random.Random(SEED)
    needed = ROUNDS * ROUND_ENTRIES
    files = -(-needed // FILE_ENTRIES)
    # Each entry makes a list and a batch.
    node = Daemon(files, -(-needed // files),
                  state_records=2 * needed + 20000)
    waiting = prepare(node)
    known = Ledger()
    starts_killed = 0
    began = time.monotonic()
    with node, open(node.path("acknowledged"), "w") as file:
        node.submit(node.read("setup.bin"), wait=10000)
        for number in range(ROUNDS):
            load = Load(node, waiting, file)
            time.sleep(rng.uniform(0, LONGEST))
            node.kill()
            load.end()
            waiting.extendleft(load.unsure)
            starts_killed += start(node, rng)
            known.check_newest(node, load, rng)
            if ROUNDS <= 100 or number % 50 == 49:
                known.check_all(node)
            if number % 50 == 49:
                print(f"{number + 1} rounds, height {known.height}, "
                      f"{len(known.acknowledged)} acknowledged, "
                      f"{time.monotonic() - began:.0f} s", flush=True)
        count = known.check_all(node)
        check(len(known.acknowledged) > 10 * ROUNDS,
              f"too little load: {len(known.acknowledged)} acknowledged")
        check(node.stop() == 0, "exit status")
        node.start()
        check(known.check_all(node) == count, "nothing more")
        audit(node)
    print(f"{ROUNDS} kills under load, {starts_killed} while starting; height "
          f"{known.height}, {len(known.acknowledged)} entries acknowledged, "
          f"{count} final; audit passed")


main()
