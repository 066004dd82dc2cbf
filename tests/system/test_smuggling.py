"""Malformed requests against a live daemon: none may be served."""

import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, check  # noqa: E402

HEAD = b"GET /v1/head HTTP/1.1\r\nHost: a\r\n"
POST = (b"POST /v1/verdicts HTTP/1.1\r\nHost: a\r\n"
        b"Content-Type: application/json\r\n")
BODY = b'{"commitments":[]}'
LENGTH = b"Content-Length: 18\r\n"

# What must be served, so that the refusals below mean something.
CLEAN = {
    "plain": HEAD + b"\r\n",
    "no space after the colon":
        b"GET /v1/head HTTP/1.1\r\nHost:a\r\nX:\r\n\r\n",
    "blanks after the colon":
        b"GET /v1/head HTTP/1.1\r\nHost: \t a\r\nX:  y\r\n\r\n",
    "a cookie": HEAD + b"Cookie: a=b; c=d\r\n\r\n",
    "a query": b"GET /v1/head?after=0&wait=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an empty line in front": b"\r\n" + HEAD + b"\r\n",
    "a body": POST + LENGTH + b"\r\n" + BODY,
    "a chunked body":
        POST + b"Transfer-Encoding: chunked\r\n\r\n12\r\n" + BODY +
        b"\r\n0\r\n\r\n",
}

MALFORMED = {
    "length and encoding":
        POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "encoding and length":
        POST + b"Transfer-Encoding: chunked\r\n" + LENGTH +
        b"\r\n12\r\n" + BODY + b"\r\n0\r\n\r\n",
    "two lengths": POST + LENGTH + b"Content-Length: 20\r\n\r\n" + BODY,
    "the same length twice": POST + LENGTH + LENGTH + b"\r\n" + BODY,
    "a list of lengths": POST + b"Content-Length: 18, 18\r\n\r\n" + BODY,
    "a negative length": POST + b"Content-Length: -18\r\n\r\n" + BODY,
    "a plus sign": POST + b"Content-Length: +18\r\n\r\n" + BODY,
    "a hexadecimal length": POST + b"Content-Length: 0x12\r\n\r\n" + BODY,
    "a length of 2^64 + 18":
        POST + b"Content-Length: 18446744073709551634\r\n\r\n" + BODY,
    "an empty length": POST + b"Content-Length:\r\n\r\n",
    "no length": POST + b"\r\n" + BODY,
    "an unknown encoding":
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two encodings in one":
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two encodings":
        POST + b"Transfer-Encoding: chunked\r\n" * 1 +
        b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "an encoding behind a tab":
        POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a signed chunk size":
        POST + b"Transfer-Encoding: chunked\r\n\r\n+12\r\n" + BODY +
        b"\r\n0\r\n\r\n",
    "a bad chunk size":
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a chunk size that overflows":
        POST + b"Transfer-Encoding: chunked\r\n\r\n10000000000000012\r\n" +
        BODY + b"\r\n0\r\n\r\n",
    "a chunk without an end":
        POST + b"Transfer-Encoding: chunked\r\n\r\n12\r\n" + BODY +
        b"X0\r\n\r\n",
    "a blank before the colon": POST + b"Content-Length : 18\r\n\r\n" + BODY,
    "a tab before the colon": HEAD + b"X\t: y\r\n\r\n",
    "an empty name": HEAD + b": y\r\n\r\n",
    "a line without a colon": HEAD + b"nonsense\r\n\r\n",
    "a name that is no token": HEAD + b"X(Y): z\r\n\r\n",
    "a NUL in a value": HEAD + b"X: a\x00b\r\n\r\n",
    "a NUL behind a value": HEAD + b"X: a\x00\r\n\r\n",
    "two NULs behind a value": HEAD + b"X: a\x00\x00\r\n\r\n",
    "a NUL in a name": HEAD + b"X\x00Y: a\r\n\r\n",
    "a CR in a value": HEAD + b"X: a\rb\r\n\r\n",
    "a control in a value": HEAD + b"X: a\x01\r\n\r\n",
    "a folded line": HEAD + b"X: 1\r\n 2\r\n\r\n",
    "a folded line with a tab": HEAD + b"X: 1\r\n\t2\r\n\r\n",
    "a folded empty line": HEAD + b"X: 1\r\n \r\n\r\n",
    "a folded first line":
        b"GET /v1/head HTTP/1.1\r\n X: 1\r\nHost: a\r\n\r\n",
    "a folded Host": b"GET /v1/head HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "no Host": b"GET /v1/head HTTP/1.1\r\n\r\n",
    "no Host in 1.0": b"GET /v1/head HTTP/1.0\r\n\r\n",
    "two Hosts": HEAD + b"Host: b\r\n\r\n",
    "the same Host twice": HEAD + b"Host: a\r\n\r\n",
    "an empty Host": b"GET /v1/head HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host with a path": b"GET /v1/head HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "a Host with a user": b"GET /v1/head HTTP/1.1\r\nHost: u@a\r\n\r\n",
    "bare LF everywhere": b"GET /v1/head HTTP/1.1\nHost: a\n\n",
    "bare LF behind the first line":
        b"GET /v1/head HTTP/1.1\nHost: a\r\n\r\n",
    "bare LF between headers":
        b"GET /v1/head HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
    "bare LF behind the last header":
        b"GET /v1/head HTTP/1.1\r\nHost: a\n\r\n",
    "bare LF at the end": HEAD + b"\n",
    "two blanks": b"GET  /v1/head HTTP/1.1\r\nHost: a\r\n\r\n",
    "two blanks before the version":
        b"GET /v1/head  HTTP/1.1\r\nHost: a\r\n\r\n",
    "a tab for a blank": b"GET\t/v1/head HTTP/1.1\r\nHost: a\r\n\r\n",
    "a blank behind the version":
        b"GET /v1/head HTTP/1.1 \r\nHost: a\r\n\r\n",
    "another version": b"GET /v1/head HTTP/9.9\r\nHost: a\r\n\r\n",
    "a version in small letters":
        b"GET /v1/head http/1.1\r\nHost: a\r\n\r\n",
    "no version": b"GET /v1/head\r\nHost: a\r\n\r\n",
    "an absolute target":
        b"GET http://a/v1/head HTTP/1.1\r\nHost: a\r\n\r\n",
    "an escaped NUL": b"GET /v1/head%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "an escaped slash": b"GET /v1%2fhead HTTP/1.1\r\nHost: a\r\n\r\n",
    "a bad escape": b"GET /v1/head%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    "a backslash": b"GET /v1\\head HTTP/1.1\r\nHost: a\r\n\r\n",
    "a fragment": b"GET /v1/head#a HTTP/1.1\r\nHost: a\r\n\r\n",
    "two content types": POST + b"Content-Type: text/plain\r\n" + LENGTH +
                         b"\r\n" + BODY,
    "a head of 100 KiB": HEAD + b"X: " + b"a" * 102400 + b"\r\n\r\n",
    "a target of 100 KiB":
        b"GET /" + b"a" * 102400 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "a thousand headers": HEAD + b"X: y\r\n" * 1000 + b"\r\n",
    "a body of 9 MiB announced":
        POST + b"Content-Length: 9437184\r\n\r\n" + BODY,
}


def ask(node, request):
    """All answers to what was sent on one connection, as status codes.

    libmicrohttpd 0.9.75 writes the head of some of its own refusals twice
    before it closes; both count."""
    with node.socket(timeout=2) as connection:
        data = b""
        try:
            connection.sendall(request)
            while True:
                more = connection.recv(65536)
                if not more:
                    break
                data += more
        except (socket.timeout, ConnectionError):
            pass
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]


def main():
    # The slowest to answer is cut after a second.
    with Daemon(public={"port": 0, "timeout_seconds": 1}) as node:
        for name, request in CLEAN.items():
            codes = ask(node, request)
            check(codes == [200], f"{name}: {codes}")
        for name, request in MALFORMED.items():
            codes = ask(node, request)
            check(all(code >= 400 for code in codes), f"{name}: {codes}")
            check(500 not in codes, f"{name}: {codes}")
        # What follows a malformed request on its connection is not served.
        for name, request in MALFORMED.items():
            codes = ask(node, request + HEAD + b"\r\n")
            check(200 not in codes, f"{name}, then a clean one: {codes}")
        codes = ask(node, b"get /v1/head HTTP/1.1\r\nHost: a\r\n\r\n")
        check(codes == [405], f"a method in small letters: {codes}")
        check(ask(node, CLEAN["plain"] * 3) == [200, 200, 200], "pipelined")
    print(f"{len(CLEAN)} clean and {len(MALFORMED)} malformed requests")


main()
