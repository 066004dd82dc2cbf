"""Starts and stops a daemon on a ledger of its own, for system tests.

    with Daemon() as node:
        status, headers, body = node.get("/v1/head")
        node.submit(node.read("setup.bin"), wait=5000)

The programs come from $MUN_BIN_DIR. The folder of the daemon is removed at the
end unless the test fails and $MUN_KEEP is set. `node.log` is what it wrote;
leaving the block checks that it held no line of the level BROKEN, and none of
the level UNUSUAL but those that match `unusual_is_fine`.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

BIN = os.environ.get("MUN_BIN_DIR", "build/release/bin")
START_SECONDS = 60
STOP_SECONDS = 60


def fail(text):
    print("FAILED:", text, file=sys.stderr)
    raise SystemExit(1)


def check(condition, text):
    if not condition:
        fail(text)


def eventually(condition, text, seconds=60):
    """Looks until `condition()` is true. How long that takes is the machine's
    business, so `seconds` only bounds a wait that would not end."""
    until = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < until, f"not within {seconds} s: {text}")
        time.sleep(0.05)


class Daemon:
    def __init__(self, requests=0, entries=0, folder=None, **config):
        """`config` is merged into the configuration; `requests` files with
        `entries` anchors each are made by make_load."""
        self.folder = folder or tempfile.mkdtemp(prefix="muniment-")
        self.process = None
        self.broken_is_fine = False
        self.unusual_is_fine = []
        if folder is None:
            subprocess.run(
                [os.path.join(BIN, "make_load"), self.folder, str(requests),
                 str(entries)], check=True)
        self.config = {
            "data_dir": self.path("data"),
            "high_water_file": self.path("high-water"),
            "genesis_file": self.path("genesis.bin"),
            "key_file": self.path("validator.key"),
            "passphrase_file": self.path("passphrase"),
            "public": {"port": 0},
            "operator": {"port": 0},
            "state_records": 200000,
            "log_level": "debug",
        }
        for key, value in config.items():
            if value is None:
                del self.config[key]
            else:
                self.config[key] = value

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    @property
    def log(self):
        return self.read("log").decode()

    def command(self):
        with open(self.path("config.json"), "w") as file:
            json.dump(self.config, file)
        return [os.path.join(BIN, "munimentd"), "--config",
                self.path("config.json")]

    def start(self):
        """Returns when the node is ready."""
        with open(self.path("log"), "w") as log:
            self.process = subprocess.Popen(self.command(), stderr=log)
        until = time.monotonic() + START_SECONDS
        pattern = re.compile(
            r"event=ready public=\S+:(\d+) operator=\S+:(\d+) chain=(\w+)")
        while True:
            found = pattern.search(self.log)
            if found:
                self.port = int(found.group(1))
                self.operator_port = int(found.group(2))
                self.chain_id = found.group(3)
                return self
            if self.process.poll() is not None:
                fail("the daemon did not start:\n" + self.log)
            if time.monotonic() > until:
                fail("the daemon is not ready:\n" + self.log)
            time.sleep(0.01)

    def start_refused(self):
        """Starts a daemon that must not start; returns what it wrote."""
        done = subprocess.run(self.command(), stderr=subprocess.PIPE,
                              timeout=START_SECONDS, check=False)
        check(done.returncode == 1,
              f"exit status {done.returncode}: {done.stderr.decode()}")
        return done.stderr.decode()

    def stop(self, number=signal.SIGTERM):
        """Ends the daemon; returns its exit status."""
        self.process.send_signal(number)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail("the daemon does not stop:\n" + self.log[-2000:])
        self.process = None
        self.check_log()
        return status

    def kill(self):
        """No orderly end: what a crash of the process leaves."""
        self.process.kill()
        self.process.wait()
        self.process = None
        self.check_log()

    def check_log(self):
        for line in self.log.splitlines():
            check(self.broken_is_fine or " BROKEN " not in line,
                  "a BROKEN line: " + line)
            check(" UNUSUAL " not in line or any(
                re.search(pattern, line) for pattern in self.unusual_is_fine),
                  "an UNUSUAL line: " + line)
            check("Sanitizer" not in line and "runtime error" not in line,
                  line)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if self.process is not None and kind is None:
            check(self.stop() == 0, "exit status is not 0:\n" + self.log)
        elif self.process is not None:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print(self.log[-4000:], file=sys.stderr)
        if kind is None or "MUN_KEEP" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=timeout)

    def socket(self, timeout=10):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def request(self, method, path, body=None, headers=None, port=None):
        connection = http.client.HTTPConnection(
            "127.0.0.1", port or self.port, timeout=90)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def get_json(self, path):
        status, _, body = self.get(path)
        check(status == 200, f"GET {path}: {status} {body[:300]}")
        return json.loads(body)

    def submit(self, body, wait=0):
        """Returns the status and the parsed answer."""
        status, _, text = self.request(
            "POST", f"/v1/entries?wait={wait}", body,
            {"Content-Type": "application/octet-stream"})
        return status, json.loads(text)

    def get_many(self, paths):
        """The parsed answers to many reads, pipelined on one connection; None
        for 404."""
        answers = []
        with self.socket(60) as connection, connection.makefile("rb") as file:
            for at in range(0, len(paths), 50):
                part = paths[at:at + 50]
                connection.sendall("".join(
                    f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"
                    for path in part).encode())
                for path in part:
                    status, _, body = read_answer(file)
                    check(status in (200, 404), f"GET {path}: {status}")
                    answers.append(json.loads(body) if status == 200 else None)
        return answers

    def height(self):
        return self.get_json("/v1/head")["height"]

    def metric(self, name):
        _, _, body = self.request("GET", "/metrics", port=self.operator_port)
        for line in body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        fail("no metric " + name)


def read_answer(file, head_only=False):
    """Status, headers with names in small letters, and body of the next
    answer in a buffered socket file; status 0 when there is none."""
    line = file.readline()
    if not line:
        return 0, {}, b""
    status = int(line.split()[1])
    headers = {}
    while True:
        line = file.readline().strip()
        if not line:
            break
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    length = 0 if head_only else int(headers.get("content-length", 0))
    return status, headers, file.read(length)


def split(body):
    """The entries of a submission, each with its leaves."""
    out = []
    at = 0
    while at < len(body):
        start = at
        at += 4 + int.from_bytes(body[at:at + 4], "big")
        at += 4 + 32 * int.from_bytes(body[at:at + 4], "big")
        out.append(body[start:at])
    return out
