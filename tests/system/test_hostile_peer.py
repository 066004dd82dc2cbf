"""One member of four lies to the others over HTTP, and they go on: it is the
first that they ask for anything, and answers with garbage, with right headers
over wrong bodies, a byte now and then, or heights that nobody has reached."""

import http.client
import http.server
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import check, eventually, split  # noqa: E402
from network import Network  # noqa: E402

HEIGHT_MAX = b"\xff" * 8

# Entries of a request: a block of them does not fit behind its proposal.
MANY = 250

# That many may be in a request.
ITEMS_MAX = 4096

PROPOSAL, PROPOSAL_BYTES = 1, 121


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return body if answer.status == 200 else None
    finally:
        connection.close()


def post(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", path, body)
        return connection.getresponse().read()
    finally:
        connection.close()


def runs(body):
    """What stands behind lengths, one after another."""
    out = []
    at = 0
    while at < len(body):
        length = int.from_bytes(body[at:at + 4], "big")
        out.append(body[at + 4:at + 4 + length])
        at += 4 + length
    return out


class Liar:
    """Listens where member 0 would. `value` and `blocks` make the answer from
    the right one, None being 404; `height` is what it claims."""

    def __init__(self, net, value=lambda right: None,
                 blocks=lambda right: None, height=bytes(8), proposed=None):
        liar = self
        self.ports = net.ports[1:]
        self.asked = 0
        self.posts = []
        self.is_open = True
        self.is_over = False

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, body):
                self.send_response(200 if body is not None else 404)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/peer/entries":
                    liar.posts.append(body)
                    eventually(lambda: liar.is_open, "it may answer")
                if proposed is not None and self.path == "/peer/messages":
                    liar.relay(proposed, body)
                self.answer(height)

            def do_GET(self):
                make = value if "/values/" in self.path else blocks
                liar.asked += 1
                try:
                    if make is drip:
                        drip(self, liar)
                    else:
                        self.answer(make(liar.right(self.path)))
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", net.ports[0]), Handler)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def right(self, path):
        for port in self.ports:
            try:
                body = get(port, path)
            except OSError:
                continue
            if body:
                return body
        return None

    def relay(self, proposed, body):
        """Each proposal to everybody, with another block behind it."""
        for message in runs(body):
            if message[1] != PROPOSAL or len(message) <= PROPOSAL_BYTES:
                continue
            block = proposed(message[PROPOSAL_BYTES:])
            message = (message[:PROPOSAL_BYTES - 4] +
                       len(block).to_bytes(4, "big") + block)
            for port in self.ports:
                self.asked += 1
                try:
                    post(port, "/peer/messages",
                         len(message).to_bytes(4, "big") + message)
                except OSError:
                    pass

    def close(self):
        self.is_over = True
        self.server.shutdown()
        self.server.server_close()


def drip(handler, liar):
    """Promises much, and a byte of it now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not liar.is_over:
        handler.wfile.write(b"x")
        time.sleep(0.2)


def spoil(body):
    """The header stays, the last signature does not."""
    return body and body[:-6] + bytes([body[-6] ^ 1]) + body[-5:]


def spoil_certificate(body):
    return body and body[:350] + bytes([body[350] ^ 1]) + body[351:]


def add_leaves(body):
    """Leaves beside an entry that has none: no hash of the header has them."""
    return body and body[:-4] + (1).to_bytes(4, "big") + bytes(32)


def final(answer):
    status, body = answer
    check(status == 200, answer)
    check({item["result"] for item in body["results"]} == {"final"}, answer)
    return max(item["height"] for item in body["results"])


def network(entries):
    net = Network(4, 6, entries)
    for member in net.members:
        member.unusual_is_fine.append("peers blamed")
    return net


def goes_on(entries, **lies):
    net = network(entries)
    liar = Liar(net, **lies)
    try:
        for member in net.members[1:]:
            member.start()
        height = final(net[1].submit(net.read("setup.bin"), wait=60000))
        for i in range(6):
            height = final(net[1 + i % 3].submit(
                net.read(f"load-{i:04}.bin"), wait=60000))
        net.wait_height(height)
        net.check_agreement()
        check(liar.asked > 0, "the liar was asked")
        for member in net.members[1:]:
            check(member.stop() == 0, "stops")
    finally:
        liar.close()
        net.__exit__(None if sys.exc_info()[0] is None else 1, None, None)


def values_are_garbage():
    goes_on(MANY, value=lambda right: b"garbage")


def values_are_missing_a_part():
    goes_on(MANY, value=spoil)


def values_have_another_certificate():
    goes_on(MANY, value=spoil_certificate)


def values_have_leaves_too_many():
    goes_on(MANY, value=add_leaves)


def values_come_byte_by_byte():
    goes_on(MANY, value=drip)


def proposals_come_again_with_another_block():
    goes_on(5, proposed=spoil)


def heights_are_not_reached():
    goes_on(MANY, height=HEIGHT_MAX, blocks=lambda right: b"")


def spoil_blocks(body):
    """The header and the certificate of each block stay."""
    out = b""
    for i, part in enumerate(runs(body or b"")):
        part = add_leaves(part) if i % 2 == 0 else part
        out += len(part).to_bytes(4, "big") + part
    return out


def who_was_away_gets_wrong_blocks():
    net = network(5)
    liar = Liar(net, height=HEIGHT_MAX, blocks=spoil_blocks)
    try:
        for member in net.members[1:]:
            member.start()
        # The fourth is needed until it goes, so it goes with a height.
        height = final(net[1].submit(net.read("setup.bin"), wait=60000))
        for i in range(3):
            height = final(net[1].submit(net.read(f"load-{i:04}.bin"),
                                         wait=60000))
        net.wait_height(height)
        net[3].kill()
        for name in ("data", "high-water"):
            os.rename(net[3].path(name), net[3].path(name + "-old"))
        net[3].unusual_is_fine.append("the record of our votes is missing")
        net[3].start()
        eventually(lambda: net[3].height() >= height, "it has all blocks")
        net.check_agreement()
        for member in net.members[1:]:
            check(member.stop() == 0, "stops")
    finally:
        liar.close()
        net.__exit__(None if sys.exc_info()[0] is None else 1, None, None)


def who_is_slow_gets_entries_in_requests_that_it_may_take():
    """What waits for it are more entries than one request may have."""
    net = network(800)
    for member in net.members:  # they stop before all is written
        member.unusual_is_fine.append("ledger dropped")
    liar = Liar(net)
    liar.is_open = False
    try:
        for member in net.members[1:]:
            member.start()
        final(net[1].submit(net.read("setup.bin"), wait=60000))
        for i in range(6):
            net[1].submit(net.read(f"load-{i:04}.bin"))
        liar.is_open = True
        eventually(lambda: len(b"".join(liar.posts)) >= sum(
            len(net.read(f"load-{i:04}.bin")) for i in range(6)), "all came")
        for body in liar.posts:
            check(len(split(body)) <= ITEMS_MAX,
                  f"{len(split(body))} entries in one request")
        for member in net.members[1:]:
            check(member.stop() == 0, "stops")
    finally:
        liar.close()
        net.__exit__(None if sys.exc_info()[0] is None else 1, None, None)


def main():
    for test in (values_are_garbage, values_are_missing_a_part,
                 values_have_another_certificate, values_have_leaves_too_many,
                 values_come_byte_by_byte,
                 proposals_come_again_with_another_block,
                 heights_are_not_reached,
                 who_is_slow_gets_entries_in_requests_that_it_may_take,
                 who_was_away_gets_wrong_blocks):
        start = time.monotonic()
        test()
        print(f"{time.monotonic() - start:6.2f} s  {test.__name__}",
              flush=True)


main()
