"""Clients that take what they can: while they drip, flood, park or vanish,
honest requests are answered, and the node is as it was when they are gone.

What one such client alone meets is in test_node.py; here are many of them
beside honest ones, and what their requests hold."""

import json
import os
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, check, read_answer, split  # noqa: E402

SLOW = bool(os.environ.get("MUN_SLOW"))
# How long an honest request may take beside attackers; a sanitizer takes its
# part. What is meant: not the attackers' time-out.
PATIENCE = 30  # a client's own; a busy machine is no failure
TIMEOUT = 4
MIB = 1 << 20
POST = (b"POST /v1/verdicts HTTP/1.1\r\nHost: a\r\n"
        b"Content-Type: application/json\r\n")
SUBMIT = (b"POST /v1/entries HTTP/1.1\r\nHost: a\r\n"
          b"Content-Type: application/octet-stream\r\n")
HEAD = b"GET /v1/head HTTP/1.1\r\nHost: a\r\n"


class Honest:
    """Asks, submits and waits on fresh connections until it is stopped; fails
    when an answer takes too long."""

    def __init__(self, node, bodies=()):
        self.node, self.bodies = node, list(bodies)
        self.slowest = 0.0
        self.count = 0
        self.problem = None
        self.is_over = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.is_over and self.problem is None:
            start = time.monotonic()
            try:
                if self.bodies and self.count % 4 == 0:
                    status, answer = self.node.submit(self.bodies.pop(), 5000)
                    is_fine = (status == 200 and
                               answer["results"][0]["result"] == "final")
                else:
                    is_fine = self.node.get("/v1/head")[0] == 200
            except OSError as error:
                self.problem = repr(error)
                return
            took = time.monotonic() - start
            if not is_fine:
                self.problem = "an answer was not as it should be"
            self.slowest = max(self.slowest, took)
            self.count += 1
            time.sleep(0.005)

    def stop(self, name):
        self.is_over = True
        self.thread.join(60)
        check(self.problem is None, f"honest beside {name}: {self.problem}")
        check(self.count >= 5, f"{name}: only {self.count} honest requests")
        check(self.slowest < PATIENCE,
              f"{name}: an honest request took {self.slowest:.2f} s")
        print(f"{name}: {self.count} honest requests, slowest "
              f"{self.slowest * 1000:.0f} ms", flush=True)


def is_closed(connection):
    """Whether the other side has ended the connection; what came is read."""
    connection.setblocking(False)
    try:
        while True:
            if connection.recv(65536) == b"":
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True


# What they open with, what they go on with, and how long they may last beyond
# the time-out. A body may take a second more for every 64 KiB.
DRIPS = {
    "heads": (HEAD + b"X: ", b"a", 4),
    "headers": (HEAD, b"X-A: b\r\n", 4),
    "first lines": (b"GET /", b"a", 4),
    "bodies": (SUBMIT + b"Content-Length: 65536\r\n\r\n", b"abc", 5),
    "chunks": (SUBMIT + b"Content-Length: 70000\r\n\r\n", b"a" * 100, 6),
    "silence": (b"", b"", 4),
    "empty lines": (b"\r\n", b"\r\n", 4),
}


def those_who_drip_are_cut(node):
    """80 connections of each kind at once send a little now and then."""
    slow = []
    for name, (opening, _, _) in DRIPS.items():
        for _ in range(80):
            slow.append((name, node.socket()))
            slow[-1][1].sendall(opening)
    honest = Honest(node, node.bodies)
    start = time.monotonic()
    lives = dict.fromkeys(DRIPS, 0.0)
    while slow:
        left = []
        took = time.monotonic() - start
        for name, connection in slow:
            check(took < TIMEOUT + DRIPS[name][2] + PATIENCE,
                  f"{name} that drip live after {took:.1f} s")
            try:
                if not is_closed(connection):
                    connection.setblocking(True)
                    connection.sendall(DRIPS[name][1])
                    left.append((name, connection))
                    lives[name] = took
                    continue
            except OSError:
                pass
            connection.close()
        slow = left
        time.sleep(0.2)
    honest.stop(f"{len(DRIPS) * 80} connections that drip")
    for name, took in lives.items():
        check(took > TIMEOUT - 1.5, f"{name}: cut after {took:.1f} s already")


def a_slow_reader_is_cut(node):
    """Asks for much, many times, and reads nothing."""
    height = node.height()
    ask = f"GET /v1/blocks?from=1&limit={height} HTTP/1.1\r\nHost: a\r\n\r\n"
    slow = []
    for _ in range(40):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", node.port))
        connection.sendall(ask.encode() * 200)
        slow.append(connection)
    honest = Honest(node, node.bodies)
    length = len(node.get(f"/v1/blocks?from=1&limit={height}")[2])
    longest = TIMEOUT + length / 16384 + PATIENCE
    start = time.monotonic()
    while (time.monotonic() - start < longest and
           node.metric("muniment_http_connections") > 5):
        time.sleep(0.1)
    count = node.metric("muniment_http_connections")
    honest.stop("readers that do not read")
    check(count <= 5, f"{count} connections are still there")
    for connection in slow:
        connection.close()


def more_connections_than_allowed():
    """Those within the limit are served while others are told or refused."""
    with Daemon(public={"port": 0, "connections": 40,
                        "connections_per_address": 1000}) as node:
        within = [node.socket() for _ in range(30)]
        for connection in within:
            connection.sendall(HEAD + b"\r\n")
            check(connection.recv(4096).startswith(b"HTTP/1.1 200"), "within")
        told = 0
        over = []
        for _ in range(200):
            connection = node.socket()
            over.append(connection)
            try:
                connection.sendall(HEAD + b"\r\n")
            except OSError:
                pass
        for connection in over:
            connection.settimeout(5)
            try:
                data = connection.recv(4096)
            except OSError:
                continue
            if data:
                status = int(data.split()[1])
                check(status in (200, 503), f"{status}")
                if status == 503:
                    told += 1
                    check(b"Retry-After" in data, "when to try again")
        check(told > 0, "nobody was told")
        # The first ones have not been thrown out for them.
        for connection in within:
            connection.sendall(HEAD + b"\r\n")
            check(connection.recv(4096).startswith(b"HTTP/1.1 200"), "still")
        for connection in within + over:
            connection.close()
        until = time.monotonic() + 60
        while node.get("/healthz")[0] != 200:
            check(time.monotonic() < until, "room again")
            time.sleep(0.1)
        print(f"too many connections: {told} of 200 told, the others closed")


def bodies_are_refused_while_they_arrive(node):
    """Memory of the node stays bounded, and the answer comes."""
    before = resident(node)
    honest = Honest(node, node.bodies)
    peak = []
    statuses = []

    def announce_nothing():
        with node.socket(60) as connection:
            connection.sendall(SUBMIT + b"Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"80000\r\n" + b"a" * 0x80000 + b"\r\n"
            try:
                for _ in range(20):  # 10 MiB
                    connection.sendall(chunk)
                connection.sendall(b"0\r\n\r\n")
            except OSError:
                pass
            try:
                data = connection.recv(4096)
            except OSError:
                data = b""
            statuses.append(int(data.split()[1]) if data else 0)

    threads = [threading.Thread(target=announce_nothing) for _ in range(20)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        peak.append(resident(node))
        time.sleep(0.05)
    honest.stop("20 bodies of 10 MiB")
    # 503: more memory than all bodies together may have.
    check(set(statuses) <= {413, 503} and 413 in statuses, f"{statuses}")
    grown = max(peak) - before
    check(SLOW or grown < 300 * MIB, f"{grown >> 20} MiB more")
    with node.socket() as connection:
        connection.sendall(SUBMIT + b"Content-Length: 8388609\r\n\r\n")
        check(connection.recv(4096).startswith(b"HTTP/1.1 413"), "announced")
    with node.socket(30) as connection:
        connection.sendall(SUBMIT + b"Content-Length: 8388608\r\n\r\n" +
                           bytes(8 * MIB))
        # As many nothings as that are too many entries, but not too large.
        check(b"TOO_MANY_ENTRIES" in connection.recv(4096), "exactly 8 MiB")


def resident(node):
    with open(f"/proc/{node.process.pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
    return 0


def post_json(node, body, timeout=30):
    with node.socket(timeout) as connection:
        connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body) +
                           body)
        with connection.makefile("rb") as file:
            status, headers, text = read_answer(file)
    return status, headers, text


def hostile_json_is_refused(node):
    name = "ab" * 32
    bodies = {
        "deep arrays": b"[" * 200000,
        "deep arrays, closed": b"[" * 100000 + b"]" * 100000,
        "deep objects": b'{"commitments":' * 100000,
        "deep in place": b'{"commitments":' + b"[" * 33 + b"]" * 33 + b"}",
        "the same member twice":
            b'{"commitments":[],"commitments":[]}',
        "the same member twice, escaped":
            b'{"commitments":[],"comm\\u0069tments":[]}',
        "a member too many": b'{"commitments":[],"x":[]}',
        "a huge number of items":
            b'{"commitments":[' + b'"x",' * 1000000 + b'"x"]}',
        "a huge text": b'{"commitments":["' + b"a" * (7 * MIB) + b'"]}',
        "a huge number": b'{"commitments":[1' + b"0" * MIB + b"]}",
        "many members": b"{" + b",".join(
            b'"%d":0' % i for i in range(200000)) + b"}",
        "many members of one hash": b"{" + b",".join(
            b'"\\u%04x":0' % (0x100 + i) for i in range(40000)) + b"}",
        "blanks": b" " * (8 * MIB),
        "a byte order mark": b'\xef\xbb\xbf{"commitments":[]}',
        "a NUL": b'{"commitments":[]}\0',
        "NUL in a text": b'{"commitments":["\\u0000"]}',
        "a lone surrogate": b'{"commitments":["\\ud800"]}',
        "bad UTF-8": b'{"commitments":["\xc0\x80"]}',
        "two documents": b'{"commitments":[]}{"commitments":[]}',
        "a comment": b'{"commitments":[]/**/}',
        "a comma": b'{"commitments":[],}',
        "not a number": b'{"commitments":[NaN]}',
        "1,001 names": json.dumps({"commitments": [name] * 1001}).encode(),
    }
    honest = Honest(node, node.bodies)
    slowest = 0.0
    for what, body in bodies.items():
        start = time.monotonic()
        status, headers, text = post_json(node, body)
        slowest = max(slowest, time.monotonic() - start)
        check(status == 400 and
              headers["content-type"] == "application/problem+json",
              f"{what}: {status} {text[:200]}")
        problem = json.loads(text)
        check(problem["status"] == 400 and problem["type"].endswith("BAD_BODY"),
              f"{what}: {problem}")
    status, _, text = post_json(
        node, json.dumps({"commitments": [name] * 1000}).encode())
    check(status == 200 and json.loads(text) == [None] * 1000, "1,000 names")
    honest.stop(f"{len(bodies)} hostile JSON texts (slowest "
                f"{slowest * 1000:.0f} ms)")


def pipelined_requests_are_answered_in_order(node):
    setup = split(node.read("setup.bin"))[0]
    json_body = b'{"commitments":["' + b"ab" * 32 + b'"]}'
    parts = [
        (b"GET /v1/headers/%d HTTP/1.1\r\nHost: a\r\n\r\n" % height, 200,
         b'"height":%d,' % height)
        for height in range(node.height() + 1)][:5]
    parts += [
        (POST + b"Content-Length: %d\r\n\r\n" % len(json_body) + json_body,
         200, b"[null]"),
        (b"GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, b"NOT_FOUND"),
        (b"HEAD /v1/head HTTP/1.1\r\nHost: a\r\n\r\n", 200, b""),
        # One that waits for a block stands between others.
        (b"GET /v1/head?after=1000000&wait=200 HTTP/1.1\r\nHost: a\r\n\r\n",
         200, b'"chain_id"'),
        (SUBMIT.replace(b"/v1/entries", b"/v1/entries?wait=5000") +
         b"Content-Length: %d\r\n\r\n" % len(setup) + setup, 200, b'"final"'),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(json_body) +
         json_body + b"\r\n0\r\n\r\n", 200, b"[null]"),
        (b"DELETE /v1/head HTTP/1.1\r\nHost: a\r\n\r\n", 405,
         b"METHOD_NOT_ALLOWED"),
        (b"GET /v1/statistics HTTP/1.1\r\nHost: a\r\n\r\n", 200, b'"parties"'),
    ]
    whole = b"".join(request for request, _, _ in parts)

    def expect(connection, rounds):
        with connection.makefile("rb") as file:
            for _ in range(rounds):
                for request, wanted, text in parts:
                    status, _, body = read_answer(
                        file, request.startswith(b"HEAD"))
                    check(status == wanted and text in body,
                          f"{request[:40]}: {status} {body[:200]}")

    with node.socket(60) as connection:
        connection.sendall(whole * 5)
        expect(connection, 5)
        # Cut into pieces of any length.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(whole), 37):
            connection.sendall(whole[at:at + 37])
        expect(connection, 1)
    # A thousand at once, read only afterwards.
    with node.socket(60) as connection:
        connection.sendall((HEAD + b"\r\n") * 1000)
        with connection.makefile("rb") as file:
            for _ in range(1000):
                check(read_answer(file)[0] == 200, "a thousand")
    # The end is said: what stands behind it is not served.
    with node.socket() as connection:
        connection.sendall(HEAD + b"Connection: close\r\n\r\n" + HEAD +
                           b"\r\n")
        with connection.makefile("rb") as file:
            check(read_answer(file)[0] == 200, "the last")
            check(file.read() == b"", "nothing behind it")


def heads_are_gets_without_bodies(node):
    document = node.get_json("/v1/openapi.json")
    count = 0
    paths = [path for path in document["paths"] if "{" not in path and
             "get" in document["paths"][path]]
    paths += ["/v1/headers/0", "/v1/headers/999999", "/v1/nothing",
              "/v1/parties?limit=0", "/v1/blocks/1"]
    for path in paths:
        with node.socket() as connection, connection.makefile("rb") as file:
            ask = path.encode() + b" HTTP/1.1\r\nHost: a\r\n\r\n"
            connection.sendall(b"HEAD " + ask + b"GET " + ask)
            head = read_answer(file, True)
            get = read_answer(file)
            check(head[0] == get[0], f"{path}: {head[0]} {get[0]}")
            for name in ("content-type", "cache-control"):
                check(head[1].get(name) == get[1].get(name),
                      f"{path}: {name} {head[1]}")
            # Figures move between the two.
            check(path in ("/metrics", "/v1/statistics") or
                  head[1]["content-length"] == get[1]["content-length"],
                  f"{path}: {head[1]} {get[1]}")
            count += 1
    for path in ("/v1/entries", "/v1/verdicts"):
        status, headers, body = node.request("HEAD", path)
        check(status == 405 and headers["Allow"] == "POST" and body == b"",
              f"HEAD {path}: {status}")
    print(f"HEAD: {count} paths")


def clients_vanish_while_parked(node):
    """Readers and submitters leave by the hundred while they wait."""
    honest = Honest(node, node.bodies)
    height = node.height()
    bodies = [node.bodies.pop() for _ in range(100)]
    for reset in (False, True):
        gone = []
        for i in range(150):
            connection = node.socket()
            connection.sendall(
                f"GET /v1/head?after={height + 100000}&wait=5000 HTTP/1.1\r\n"
                "Host: a\r\n\r\n".encode())
            gone.append(connection)
        for i in range(50):
            connection = node.socket()
            body = bodies.pop()
            connection.sendall(
                SUBMIT.replace(b"/v1/entries", b"/v1/entries?wait=60000") +
                b"Content-Length: %d\r\n\r\n" % len(body) + body)
            gone.append(connection)
        time.sleep(0.2)
        for connection in gone:
            if reset:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      b"\1\0\0\0\0\0\0\0")
            connection.close()
    # What the submitters sent counts all the same. The library looks at a
    # parked connection again when its wait is over.
    until = time.monotonic() + 60
    while True:
        left = [node.metric("muniment_" + name) for name in
                ("mempool_entries", "http_connections", "waiters")]
        if left[0] == 0 and left[1] <= 5 and left[2] == 0:
            break
        check(time.monotonic() < until,
              "%d entries, %d connections and %d waiters are left" %
              tuple(left))
        time.sleep(0.1)
    honest.stop("400 clients that vanish")


def main():
    node = Daemon(1, 3000, public={
        "port": 0, "timeout_seconds": TIMEOUT, "connections": 800,
        "connections_per_address": 600})
    node.bodies = split(node.read("load-0000.bin"))
    with node:
        node.submit(node.read("setup.bin"), wait=10000)
        node.submit(b"".join(node.bodies.pop() for _ in range(500)), 10000)
        before = None
        for test in (those_who_drip_are_cut, a_slow_reader_is_cut,
                     bodies_are_refused_while_they_arrive,
                     hostile_json_is_refused,
                     pipelined_requests_are_answered_in_order,
                     heads_are_gets_without_bodies,
                     clients_vanish_while_parked):
            start = time.monotonic()
            test(node)
            print(f"{time.monotonic() - start:6.2f} s  {test.__name__}",
                  flush=True)
            before = before or open_files(node)
        check(open_files(node) <= before + 10,
              f"{open_files(node)} descriptors, {before} before")
    more_connections_than_allowed()


def open_files(node):
    return len(os.listdir(f"/proc/{node.process.pid}/fd"))


main()
