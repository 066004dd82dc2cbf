"""The daemon's promises: answers, restarts, crashes, limits, clients that
misbehave."""

import http.client
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, check, eventually, split  # noqa: E402


def results(answer):
    return [item["result"] for item in answer["results"]]


def submissions_are_final_and_known_for_ever():
    with Daemon(3, 50) as node:
        # Registration, accreditation and programme in one request: each
        # stands on the one before.
        status, answer = node.submit(node.read("setup.bin"), wait=10000)
        check(status == 200, f"{status} {answer}")
        check(results(answer) == ["final"] * 3, answer)
        load = node.read("load-0000.bin")
        status, answer = node.submit(load, wait=10000)
        check(status == 200 and results(answer) == ["final"] * 50, answer)
        height = answer["results"][0]["height"]
        # Without waiting: taken, and the same again is final.
        status, answer = node.submit(node.read("load-0001.bin"))
        check(status == 202 and results(answer) == ["pending"] * 50, answer)
        status, answer = node.submit(node.read("load-0001.bin"), wait=10000)
        check(status == 200 and results(answer) == ["final"] * 50, answer)
        before = node.metric("muniment_signatures_total")
        status, answer = node.submit(load)
        check(status == 200, answer)
        check([item["height"] for item in answer["results"]] == [height] * 50,
              answer)
        check(node.metric("muniment_signatures_total") == before,
              "known entries are not verified again")
        # The same again after a restart.
        check(node.stop() == 0, "exit status")
        node.start()
        status, answer = node.submit(load)
        check(answer["results"][7]["height"] == height, answer)


def refusals_are_told():
    with Daemon(1, 4) as node:
        entries = split(node.read("load-0000.bin"))
        # Nothing brings the key yet.
        status, answer = node.submit(entries[0], wait=5000)
        check(status == 422 and "refusal" in answer["type"], answer)
        node.submit(node.read("setup.bin"), wait=10000)
        # A bad signature does not stand in the way of the good one.
        bad = bytearray(entries[0])
        bad[-20] ^= 1  # of the signature: 4 bytes of leaf count follow it
        status, answer = node.submit(bytes(bad), wait=5000)
        check(status == 422 and "BAD_SIGNATURE" in answer["type"], answer)
        check(node.metric("muniment_entries_unverified_total") == 1, "counted")
        status, answer = node.submit(entries[0], wait=5000)
        check(status == 200 and results(answer) == ["final"], answer)
        # Known now, whatever its signature.
        status, answer = node.submit(bytes(bad))
        check(status == 200 and results(answer) == ["final"], answer)
        # Garbage among good ones.
        status, answer = node.submit(
            entries[1] + b"\0\0\0\3abc\0\0\0\0" + entries[2], wait=5000)
        check(status == 200, answer)
        check(results(answer) == ["final", "refused", "final"], answer)
        status, answer = node.submit(entries[3] + entries[3], wait=5000)
        check(results(answer) == ["final", "final"], answer)


def readers_wait_for_blocks():
    with Daemon(1, 1) as node:
        height = node.height()
        start = time.monotonic()
        head = node.get_json(f"/v1/head?after={height}&wait=300")
        took = time.monotonic() - start
        check(head["height"] == height and took > 0.25, f"{head} {took}")
        found = []
        thread = threading.Thread(target=lambda: found.append(
            node.get_json(f"/v1/head?after={height}&wait=20000")))
        thread.start()
        time.sleep(0.2)
        node.submit(node.read("setup.bin"), wait=5000)
        thread.join()
        check(found[0]["height"] == height + 1, found)


def an_idle_ledger_stays_fresh():
    with Daemon(freshness_seconds=1) as node:
        height = node.height()
        head = node.get_json(f"/v1/head?after={height}&wait=10000")
        check(head["height"] == height + 1, head)


def a_killed_node_has_what_it_acknowledged():
    node = Daemon(40, 20)
    node.start()
    node.submit(node.read("setup.bin"), wait=10000)
    done = {}

    def work(numbers):
        for number in numbers:
            try:
                _, answer = node.submit(node.read(f"load-{number:04}.bin"),
                                        wait=10000)
                done[number] = answer["results"]
            except (OSError, http.client.HTTPException):
                return

    threads = [threading.Thread(target=work, args=(range(i, 40, 4),))
               for i in range(4)]
    for thread in threads:
        thread.start()
    while len(done) < 8:
        time.sleep(0.001)
    node.process.kill()
    node.process.wait()
    for thread in threads:
        thread.join()
    with node:
        check(len(done) >= 8, "some were acknowledged")
        for number, answers in done.items():
            _, again = node.submit(node.read(f"load-{number:04}.bin"))
            check(again["results"] == answers, f"load {number}")


def the_end_is_orderly():
    node = Daemon(2, 200)
    with node:
        node.submit(node.read("setup.bin"), wait=10000)
        answers = []
        height = node.height()
        thread = threading.Thread(target=lambda: answers.append(
            node.get_json(f"/v1/head?after={height + 5}&wait=60000")))
        thread.start()
        time.sleep(0.2)
        node.submit(node.read("load-0000.bin"))
        check(node.stop() == 0, "exit status")
        thread.join()
        check(len(answers) == 1, "who waits is answered")
        node.start()
        # Taken before the signal, and so written.
        _, answer = node.submit(node.read("load-0000.bin"))
        check(results(answer) == ["final"] * 200, answer)


def starts_that_must_fail_say_why():
    node = Daemon(1, 1)
    with node:
        other = Daemon()
        node.submit(node.read("setup.bin"), wait=10000)
    # Started again below, so keep what the block above removes.
    node = Daemon(1, 1)
    node.start()
    second = Daemon(folder=node.folder, **{
        key: value for key, value in node.config.items()
        if key not in ("public", "operator")})
    text = second.start_refused()
    check("LOCKED" in text, text)
    check(node.stop() == 0, "exit status")
    cases = {
        "genesis_file": (other.path("genesis.bin"), "another genesis"),
        "key_file": (other.path("validator.key"), "no member"),
        "passphrase_file": (other.path("genesis.bin"), "passphrase"),
        "high_water_file": (node.path("nothing"), "HIGH_WATER"),
        "public": ({"address": "192.0.2.1", "port": 0}, "listen_failed"),
    }
    for field, (value, expected) in cases.items():
        right = node.config[field]
        node.config[field] = value
        if field == "passphrase_file":
            with open(node.path("wrong"), "w") as file:
                file.write("wrong\n")
            os.chmod(node.path("wrong"), 0o644)
            node.config[field] = node.path("wrong")
            check("others than its owner" in node.start_refused(), field)
            os.chmod(node.path("wrong"), 0o600)
            expected = "key_file"
        text = node.start_refused()
        check(expected in text, f"{field}: {text}")
        node.config[field] = right
    with node:
        pass
    with other:
        pass


def bodies_are_limited_while_they_arrive():
    with Daemon(public={"port": 0, "timeout_seconds": 2}) as node:
        head = (b"POST /v1/entries HTTP/1.1\r\nHost: a\r\n"
                b"Content-Type: application/octet-stream\r\n")
        with node.socket() as connection:
            connection.sendall(head + b"Content-Length: 9000000\r\n\r\nabc")
            check(b" 413 " in connection.recv(100), "announced")
        with node.socket() as connection:
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
            for _ in range(9):
                connection.sendall(chunk)
            connection.sendall(b"0\r\n\r\n")
            check(b" 413 " in connection.recv(100), "chunked")
        with node.socket() as connection:
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            cut = False
            try:
                for _ in range(40):
                    connection.sendall(chunk)
            except ConnectionError:
                cut = True
            check(cut, "without an end")
        check(node.height() >= 0, "still there")


def until_closed(connection, send):
    """Seconds until the other side closes, while `send` is sent slowly."""
    start = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - start < 60:
        try:
            if send:
                connection.sendall(send)
            if connection.recv(4096) == b"":
                break
        except socket.timeout:
            continue
        except ConnectionError:
            break
    return time.monotonic() - start


def slow_clients_are_cut():
    with Daemon(public={"port": 0, "timeout_seconds": 2}) as node:
        with node.socket() as connection:
            check(until_closed(connection, b"") < 30, "silent")
        with node.socket() as connection:
            connection.sendall(b"GET /v1/head HTTP/1.1\r\nHost: a\r\nX: ")
            check(until_closed(connection, b"a") < 30, "a head that trickles")
        with node.socket() as connection:
            connection.sendall(
                b"POST /v1/entries HTTP/1.1\r\nHost: a\r\n"
                b"Content-Type: application/octet-stream\r\n"
                b"Content-Length: 20000\r\n\r\n")
            check(until_closed(connection, b"a") < 30, "a body that trickles")
        check(node.get("/healthz")[0] == 200, "still there")


def too_many_connections_are_told():
    with Daemon(public={"port": 0, "connections": 100,
                        "connections_per_address": 20}) as node:
        open_ones = [node.socket() for _ in range(20)]

        def is_told():
            status, headers, _ = node.get("/healthz")
            return status == 429 and "Retry-After" in headers

        eventually(is_told, "429 and when to try again")
        for connection in open_ones:
            connection.close()
        eventually(lambda: node.get("/healthz")[0] == 200,
                   "closed ones do not count")
    with Daemon(public={"port": 0, "connections": 10,
                        "connections_per_address": 100}) as node:
        open_ones = [node.socket() for _ in range(10)]
        eventually(lambda: node.get("/healthz")[0] == 503, "full")
        for connection in open_ones:
            connection.close()


def clients_that_leave_while_they_wait_do_no_harm():
    with Daemon(1, 1) as node:
        height = node.height()
        for _ in range(30):
            connection = node.socket()
            connection.sendall(
                f"GET /v1/head?after={height}&wait=5000 HTTP/1.1\r\n"
                "Host: a\r\n\r\n".encode())
            connection.close()
        for _ in range(10):
            connection = node.socket()
            connection.sendall(
                f"GET /v1/head?after={height}&wait=60000 HTTP/1.1\r\n"
                "Host: a\r\n\r\n".encode())
            # A reset, not an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  b"\1\0\0\0\0\0\0\0")
            connection.close()
        time.sleep(0.2)
        node.submit(node.read("setup.bin"), wait=5000)
        eventually(lambda: node.metric("muniment_waiters") == 0,
                   "nobody waits")
        check(node.get("/healthz")[0] == 200, "still there")


def a_full_mempool_is_busy():
    with Daemon(2, 100, mempool_entries=20) as node:
        node.submit(node.read("setup.bin"), wait=5000)
        _, answer = node.submit(node.read("load-0000.bin"))
        found = results(answer)
        check("busy" in found and "pending" in found, answer)
        eventually(lambda: node.metric("muniment_mempool_entries") == 0,
                   "written")


def operators_are_served():
    with Daemon() as node:
        port = node.operator_port
        check(node.request("GET", "/readyz", port=port)[0] == 200, "ready")
        check(node.metric("muniment_state_value_bytes") >
              100 * node.metric("muniment_state_records") > 0, "the state")
        check(node.request("GET", "/v1/head", port=port)[0] == 404, "no API")
        check(node.request("GET", "/backup", port=port)[0] == 405, "GET")
        status, _, body = node.request(
            "POST", "/backup?path=" + node.path("copy"), b"", port=port)
        check(status == 200, body)
        check(os.listdir(node.path("copy")), "a copy")
        check(node.request("POST", "/backup?path=copy", b"",
                           port=port)[0] == 400, "a relative path")
        check(node.request("POST", "/backup?path=/a", b"")[0] == 404,
              "not in public")


def a_second_signal_ends_at_once():
    node = Daemon()
    node.start()
    node.process.send_signal(signal.SIGINT)
    check(node.stop(signal.SIGINT) in (0, 1), "exit status")
    with node:
        pass


def main():
    for test in (
            submissions_are_final_and_known_for_ever,
            refusals_are_told,
            readers_wait_for_blocks,
            an_idle_ledger_stays_fresh,
            a_killed_node_has_what_it_acknowledged,
            the_end_is_orderly,
            starts_that_must_fail_say_why,
            bodies_are_limited_while_they_arrive,
            slow_clients_are_cut,
            too_many_connections_are_told,
            clients_that_leave_while_they_wait_do_no_harm,
            a_full_mempool_is_busy,
            operators_are_served,
            a_second_signal_ends_at_once):
        start = time.monotonic()
        test()
        print(f"{time.monotonic() - start:6.2f} s  {test.__name__}",
              flush=True)


main()
