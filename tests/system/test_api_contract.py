"""Every path of rpc/openapi.json against a live daemon with a ledger that has
some of everything: each answer has a documented status, its media type and its
schema, and so has each refusal of a wrong value, argument or method."""

import copy
import http.client
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, check  # noqa: E402
from entries import (DAY, KINDS, MEMBER, Maker, formats, key, leaves,  # noqa: E402
                     now, party)
import schema  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
UNKNOWN = "ab" * 32
CODES = set(re.findall(r"\b[A-Z_]{6,}\b", open(os.path.join(
    HERE, "..", "..", "rpc", "README.md")).read().split(
        "Codes of 400:")[1].split(";")[0]))


class Story:
    """A ledger with each kind of entry and of record."""

    def __init__(self, node):
        self.node = node
        self.maker = maker = Maker(node.read("genesis.bin"))
        issuer = self.issuer = party(2)
        agency = party(3)
        self.put(maker.register_party(2, name="Université"))
        self.put(maker.register_party(3, name="Agency"))
        branch = self.put(maker.accredit(agency, {"sub_depth": 3}))
        own = self.put(maker.accredit(issuer))
        self.accreditation = self.put(maker.accredit(
            issuer, {"sub_depth": 0}, parent=branch, actor=agency,
            signers=(3,), term=(0, now() + 300 * DAY)))
        self.put(maker.entry(KINDS["add key"], {
            "key": key(4), "purposes": 8}, issuer, (2, 4)))
        self.put(maker.entry(KINDS["add key"], {
            "key": key(5), "purposes": 2}, issuer, (2, 5)))
        self.put(maker.entry(KINDS["retire key"], {"key": key(4)}, issuer,
                             (2,)))
        self.put(maker.programme("data-1"))
        self.put(maker.programme(
            "data-2", titles=[{"language": "en", "text": "Statistics"}]))
        self.put(maker.programme(
            "short", credit_system="", credits=0, outcomes_digest=bytes(32)))
        self.programme = formats.programme_id(issuer, "data-1")
        self.leaves = leaves(20)
        self.batch = self.put(maker.anchor(
            "2026", 0, [own, self.accreditation], self.programme,
            leaves=self.leaves))
        self.sealed = self.put(maker.anchor(
            "2026", 30, own, formats.programme_id(issuer, "data-2"),
            leaves=leaves(300, 1000), payload={"published": False},
            sent_leaves=[]))
        self.put(maker.change_status("2026", [
            (0, 1, 1, 0), (1, 2, 2, 0), (2, 2, 4, 0),
            (3, 4, 2, 0, bytes([8] * 32)), (4, 5, 4, 0, now() + DAY),
            (40, 1, 3, 0)], signers=(5,)))
        height = node.height()
        self.put(maker.change_status("2026", [(2, 3, 1, height)]))
        self.put(maker.standing("suspend", own))
        self.put(maker.standing("reinstate", own))
        self.put(maker.standing("withdraw", own))
        self.put(maker.standing("withdraw", own, 1, now() - 50))

    def put(self, entry):
        status, answer = self.node.submit(entry.request(), wait=10000)
        check(status == 200 and answer["results"][0]["result"] == "final",
              f"{status} {answer}")
        return entry.id


def requests_of(story):
    """For each path: requests that are answered 200, as path arguments and
    query."""
    issuer, batch, sealed = (x.hex() for x in (
        story.issuer, story.batch, story.sealed))
    programme = story.programme.hex()
    commitments = [x.hex() for x in story.leaves]
    accreditation = story.accreditation.hex()
    ids = [item["id"] for item in story.node.get_json(
        f"/v1/history?party={story.maker.member.hex()}")["items"]] + [
            item["id"] for item in story.node.get_json(
                f"/v1/history?party={issuer}")["items"]]
    height = story.node.height()
    size = story.node.get_json("/v1/head")["log_size"]
    record = formats.record_key(formats.PARTY, story.issuer).hex()
    first = story.node.get_json("/v1/programmes?limit=1")["next"]
    check(first is not None, "a second page")
    return {
        "/v1/entries/{id}": [({"id": name}, {}) for name in set(ids)],
        "/v1/head": [({}, {}), ({}, {"after": 0, "wait": 10}),
                     ({}, {"after": height, "wait": 10})],
        "/v1/trust-root": [({}, {}), ({}, {"height": 0}),
                           ({}, {"height": height})],
        "/v1/genesis": [({}, {})],
        "/v1/headers/{height}": [({"height": h}, {})
                                 for h in range(height + 1)],
        "/v1/blocks/{height}": [({"height": h}, {})
                                for h in range(1, height + 1)],
        "/v1/blocks": [({}, {"from": 1}), ({}, {"from": 2, "limit": 3})],
        "/v1/parties": [({}, {}), ({}, {"q": "université"}), ({}, {"limit": 1}),
                        ({}, {"limit": 2, "after": issuer})],
        "/v1/parties/{id}": [({"id": x.hex()}, {}) for x in (
            story.issuer, story.maker.member, party(3))],
        "/v1/keys/{key}": [({"key": key(n).hex()}, {}) for n in range(1, 6)],
        "/v1/accreditations": [({}, {}), ({}, {"subject": issuer}),
                               ({}, {"limit": 1}), ({}, {
                                   "after": accreditation})],
        "/v1/accreditations/{id}": [({"id": item["id"]}, {}) for item in
                                    story.node.get_json(
                                        "/v1/accreditations")["items"]],
        "/v1/programmes": [({}, {}), ({}, {
            "issuer": issuer, "q": "data", "field": "isced:06",
            "level": "eqf:5", "limit": 10}), ({}, {"limit": 1}),
            ({}, {"after": first}), ({}, {"field": "0613", "level": "5"})],
        "/v1/programmes/{id}": [({"id": programme}, {}),
                                ({"id": programme}, {"version": 1})],
        "/v1/lists/{issuer}/{label}": [({"issuer": issuer, "label": "2026"},
                                        {})],
        "/v1/lists/{issuer}/{label}/{slot}": [
            ({"issuer": issuer, "label": "2026", "slot": n}, {})
            for n in (0, 1, 2, 3, 4, 5, 40, 329)],
        "/v1/status-lists/{issuer}/{label}": [
            ({"issuer": issuer, "label": "2026"}, query) for query in (
                {}, {"purpose": "revocation"}, {"purpose": "suspension"})],
        "/v1/batches/{entry}": [({"entry": x}, {}) for x in (batch, sealed)],
        "/v1/verdicts/{commitment}": [
            ({"commitment": x}, query) for x in commitments[:6]
            for query in ({}, {"proof": 1}, {"proof": 0})],
        "/v1/verdicts/{batch}/{position}": [
            ({"batch": batch, "position": 19}, {}),
            ({"batch": sealed, "position": 10}, {}),
            ({"batch": sealed, "position": 299}, {"proof": 1})],
        "/v1/receipts/{commitment}": [({"commitment": x}, {})
                                      for x in commitments],
        "/v1/receipts/{batch}/{position}": [
            ({"batch": batch, "position": 0}, {}),
            ({"batch": sealed, "position": 299}, {})],
        "/v1/records/{record}": [({"record": record}, {}),
                                 ({"record": UNKNOWN}, {})],
        "/v1/history": [({}, {"party": issuer, "limit": 3}),
                        ({}, {"party": issuer, "after": 5}),
                        ({}, {"programme": programme}),
                        ({}, {"list": f"{issuer}/2026"})],
        "/v1/log/tiles/{level}/{index}": [({"level": 0, "index": 0},
                                           {"width": 5})],
        "/v1/log/inclusion": [({}, {"index": 3}),
                              ({}, {"index": 0, "size": 1}),
                              ({}, {"index": 4, "size": size})],
        "/v1/log/consistency": [({}, {"from": 1}),
                                ({}, {"from": 3, "to": size})],
        "/v1/statistics": [({}, {})],
        "/v1/openapi.json": [({}, {})],
        "/healthz": [({}, {})],
        "/readyz": [({}, {})],
        "/metrics": [({}, {})],
    }


# What is there is found; names nobody has, and places beyond the end, are not.
MISSING = {
    "id": UNKNOWN, "key": "02" * 34, "issuer": UNKNOWN, "entry": UNKNOWN,
    "commitment": UNKNOWN, "batch": UNKNOWN, "height": 10**9, "slot": 330,
    "position": 20, "label": "none", "index": 10**6, "version": 2,
    "from": 10**9,
}
# Of these even an unknown name has an answer, or another status is right.
FOUND_ANYWAY = {("/v1/log/consistency", "from"), ("/v1/log/inclusion", "index"),
                ("/v1/programmes", "issuer")}


def bad_values(parameter, document):
    """Raw text for a path or query that the parameter's schema forbids."""
    found = schema.resolve(parameter["schema"], document)
    in_path = parameter["in"] == "path"
    out = ["%00", "%ff", "%zz"]
    if found.get("type") == "integer":
        out += ["-1", "+1", "01", "1.0", "1e1", "x", "0x1", "%31x",
                "9" * 30, str(2**64), "18446744073709551617"]
        if found.get("minimum", 0) > 0:
            out.append(str(found["minimum"] - 1))
        if "maximum" in found:
            out.append(str(found["maximum"] + 1))
    elif "pattern" in found:
        pattern = re.compile(found["pattern"])
        for text in (UNKNOWN[1:], UNKNOWN + "a", UNKNOWN.upper(), "0x" + "a" *
                     62, "02" * 33 + "0", "g" * 64, "-", "a" * 33, "%20a",
                     "a%2fb"):
            if not pattern.match(text):
                out.append(text)
    elif "enum" in found:
        out += ["nonsense", found["enum"][0] + "x", found["enum"][0].upper()
                if isinstance(found["enum"][0], str) else "2"]
    elif parameter["name"] == "list":
        out += ["x", UNKNOWN, UNKNOWN + "%2f", UNKNOWN + "%2f%20", "%2fa"]
    else:
        out += ["a%0ab", "%e2%80%ae", "e%cc%81", "a" * 201, "%20a"]
    if not in_path:
        out.append("")
    return out


class Contract:
    def __init__(self, node, document):
        self.node, self.document = node, document
        self.counts = {"answered": 0, "refused": 0, "not found": 0,
                       "wrong methods": 0}
        self.connection = node.connect()
        self.codes = set()

    def ask(self, method, target, body=None, headers=()):
        try:
            self.connection.request(method, target, body, dict(headers))
            answer = self.connection.getresponse()
            data = answer.read()
        except http.client.HTTPException as error:
            check(False, f"{method} {target}: {error!r}")
        return answer, data

    def content(self, operation, status, media, name):
        responses = operation["responses"]
        check(str(status) in responses, f"{name}: {status} is not documented")
        found = schema.resolve(responses[str(status)], self.document)
        types = found["content"]
        check(media.split(";")[0] in types, f"{name}: {media}")
        return types[media.split(";")[0]].get("schema")

    def hold(self, operation, answer, data, name):
        """The answer is as the document says."""
        media = answer.getheader("Content-Type")
        form = self.content(operation, answer.status, media, name)
        check(answer.getheader("Content-Length") == str(len(data)), name)
        check(answer.getheader("X-Content-Type-Options") == "nosniff", name)
        check(answer.getheader("Cache-Control"), name)
        if media.split(";")[0].endswith("json"):
            value = json.loads(data, object_pairs_hook=schema.members_once)
            if form is not None:
                schema.check(value, form, self.document, name)
            return value
        return data

    def problem(self, operation, answer, data, name):
        check(answer.getheader("Content-Type") == "application/problem+json",
              f"{name}: {answer.status} {data[:200]}")
        value = self.hold(operation, answer, data, name)
        check(value["status"] == answer.status, f"{name}: {value}")
        code = value["type"].split(":")[-1]
        check(value["type"] == "urn:muniment:error:" + code, f"{name}: {value}")
        check(answer.status != 400 or code in CODES or
              code == "MALFORMED_REQUEST", f"{name}: {code} is not documented")
        self.codes.add(code)
        return code

    # One path

    def answered(self, path, operation, places, query):
        target = fill(path, places, query)
        answer, data = self.ask("GET", target)
        check(answer.status == 200, f"GET {target}: {answer.status} {data}")
        self.counts["answered"] += 1
        return self.hold(operation, answer, data, f"GET {target}")

    def refused(self, path, operation, places, query):
        name = f"GET {fill(path, places, query)}"
        answer, data = self.ask("GET", fill(path, places, query))
        # A path that cannot be such a one may be no path at all.
        allowed = (400, 404) if "%2f" in name else (400,)
        check(answer.status in allowed, f"{name}: {answer.status} {data[:200]}")
        self.counts["refused"] += 1
        return self.problem(operation, answer, data, name)

    def not_found(self, path, operation, places, query):
        name = f"GET {fill(path, places, query)}"
        answer, data = self.ask("GET", fill(path, places, query))
        check(answer.status == 404, f"{name}: {answer.status} {data[:200]}")
        self.counts["not found"] += 1
        self.problem(operation, answer, data, name)

    def parameters(self, path, operation, places, query):
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "path":
                for value in bad_values(parameter, self.document):
                    self.refused(path, operation, {**places, name: value},
                                 query)
            else:
                for value in bad_values(parameter, self.document):
                    self.refused(path, operation, places,
                                 {**query, name: value})
                twice = [*query.items(), (name, query.get(name, "1"))]
                if name not in query:
                    twice.append((name, "1"))
                check(self.refused(path, operation, places, twice) ==
                      "DUPLICATE_ARGUMENT", f"{path} {name} twice")
                if parameter.get("required"):
                    less = {k: v for k, v in query.items() if k != name}
                    check(self.refused(path, operation, places, less) ==
                          "MISSING_ARGUMENT", f"{path} without {name}")
            if name in MISSING and (path, name) not in FOUND_ANYWAY:
                there = {**places, name: MISSING[name]}
                if parameter["in"] == "path":
                    self.not_found(path, operation, there, query)
                else:
                    self.not_found(path, operation, places,
                                   {**query, name: MISSING[name]})

    def arguments(self, path, operation, places, query):
        for more in ("nonsense", "LIMIT", "wait%20", "limit[]", "q1"):
            check(self.refused(path, operation, places,
                               {**query, more: "1"}) == "UNKNOWN_ARGUMENT",
                  f"{path}?{more}")

    def methods(self, path, operations, places):
        target = fill(path, places, {})
        allowed = {method.upper() for method in operations}
        if "GET" in allowed:
            allowed.add("HEAD")
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH",
                       "OPTIONS", "TRACE", "PROPFIND", "get"):
            if method in allowed:
                continue
            answer, data = self.ask(method, target, b"")
            name = f"{method} {target}"
            check(answer.status == 405, f"{name}: {answer.status} {data}")
            found = set(answer.getheader("Allow", "").split(", "))
            check(found == allowed, f"{name}: Allow {found}")
            if method != "HEAD":
                check(self.problem(next(iter(operations.values())), answer,
                                   data, name) == "METHOD_NOT_ALLOWED", name)
            self.counts["wrong methods"] += 1

    def slashes(self, path, places):
        target = fill(path, places, {})
        for other in (target + "/", "/" + target, target.replace(
                "/v1/", "/v1//", 1) if "/v1/" in target else target + "/x",
                      target + ";a=b", target + "%20"):
            answer, data = self.ask("GET", other)
            check(answer.status in (400, 404), f"{other}: {answer.status}")
            check(json.loads(data)["status"] == answer.status, f"{other}")


def fill(path, places, query):
    for name, value in places.items():
        path = path.replace("{" + name + "}", str(value))
    check("{" not in path, path)
    pairs = query if isinstance(query, list) else query.items()
    text = "&".join(f"{name}={quote(value)}" for name, value in pairs)
    return path + ("?" + text if text else "")


def quote(value):
    """Plain text is escaped; what holds an escape already stays."""
    text = str(value)
    if "%" in text:
        return text
    return "".join(c if c.isascii() and (c.isalnum() or c in "-._~:/+[]")
                   else "".join(f"%{b:02x}" for b in c.encode())
                   for c in text)


def read_paths(contract, found):
    """Every GET."""
    values = {}
    for path, operations in contract.document["paths"].items():
        if "get" not in operations:
            continue
        operation = operations["get"]
        check(path in found, f"no request for {path}")
        values[path] = [contract.answered(path, operation, *request)
                        for request in found[path]]
        places, query = found[path][0]
        contract.parameters(path, operation, places, query)
        contract.arguments(path, operation, places, query)
        contract.slashes(path, places)
    for path, operations in contract.document["paths"].items():
        places = found[path][0][0] if path in found else {}
        contract.methods(path, operations, places)
    return values


def optional_members_are_seen(values):
    """The story is rich enough: states and kinds that schemas know occur."""
    text = json.dumps([v for v in values.values() if not any(
        isinstance(x, bytes) for x in v)])
    for word in ("register_party", "add_key", "retire_key", "accredit",
                 "suspend_accreditation", "reinstate_accreditation",
                 "withdraw_accreditation", "register_programme", "anchor",
                 "change_status", "REVOKED", "SUSPENDED", "SUPERSEDED", "VALID",
                 "VOIDED", "void", "retired", "superseded_by",
                 "extended_until", "void_since"):
        check(f'"{word}"' in text, f"{word} does not occur")


def post_verdicts(contract, story):
    operation = contract.document["paths"]["/v1/verdicts"]["post"]
    kind = {"Content-Type": "application/json"}

    def post(body, status=400, headers=kind):
        answer, data = contract.ask("POST", "/v1/verdicts", body, headers)
        name = f"POST /v1/verdicts {body[:60]}"
        check(answer.status == status, f"{name}: {answer.status} {data[:200]}")
        if status == 200:
            return contract.hold(operation, answer, data, name)
        return contract.problem(operation, answer, data, name)

    names = [x.hex() for x in story.leaves]
    wanted = names + [UNKNOWN] + names[:1]
    found = post(json.dumps({"commitments": wanted}).encode(), 200)
    check([x is None for x in found] == [x == UNKNOWN for x in wanted], found)
    check(post(b'{"commitments":[]}', 200) == [], "none")
    most = json.dumps({"commitments": (names * 50)[:1000]}).encode()
    check(len(post(most, 200)) == 1000, "a thousand")
    post(json.dumps({"commitments": (names * 51)[:1001]}).encode())
    for body in (b"", b"null", b"[]", b"{}", b'{"commitments":null}',
                 b'{"commitments":["x"]}', b'{"commitments":[1]}',
                 b'{"commitments":[],"more":1}', b'{"commitments":[]}x',
                 b'{"commitments":["' + names[0].upper().encode() + b'"]}',
                 b"\xff", b'{"commitments":[null]}', b'{"commitments":{}}'):
        post(body)
    post(b'{"commitments":[]}', 415, {"Content-Type": "text/plain"})
    post(b'{"commitments":[]}', 415, {})
    answer, data = contract.ask("POST", "/v1/verdicts?a=1", b"{}", kind)
    check(contract.problem(operation, answer, data, "a query") ==
          "UNKNOWN_ARGUMENT", "a query")


def post_entries(contract, story):
    operation = contract.document["paths"]["/v1/entries"]["post"]
    octets = {"Content-Type": "application/octet-stream"}
    maker = story.maker

    def post(query, body, status, headers=octets):
        answer, data = contract.ask("POST", "/v1/entries" + query, body,
                                    headers)
        name = f"POST /v1/entries{query}"
        check(answer.status == status, f"{name}: {answer.status} {data[:200]}")
        if status in (400, 411, 413, 415):
            return contract.problem(operation, answer, data, name)
        value = contract.hold(operation, answer, data, name)
        return value

    new = maker.programme("data-3").request()
    check(post("", new, 202)["results"][0]["result"] == "pending", "taken")
    check(post("?wait=10000", new, 200)["results"][0]["result"] == "final",
          "final")
    refused = post("?wait=10000", maker.programme("data-1").request(), 422)
    check(refused["refusal"] == "PROGRAMME_EXISTS", refused)
    mixed = post("?wait=10000", new + maker.programme("data-1").request() +
                 b"\0\0\0\1x\0\0\0\0", 200)
    check([x["result"] for x in mixed["results"]] ==
          ["final", "refused", "refused"] and mixed["results"][2]["id"] is None,
          mixed)
    nothing = b"\0\0\0\0\0\0\0\0"
    check(len(post("", nothing * 4096, 200)["results"]) == 4096, "4,096")
    check(post("", nothing * 4097, 400) == "TOO_MANY_ENTRIES", "4,097")
    for body in (b"", b"x", b"\xff" * 8, new + b"x", new[:-1]):
        check(post("", body, 400) == "BAD_BODY", body)
    for query in ("?wait=60001", "?wait=-1", "?wait=x", "?wait=", "?wait",
                  "?wait=1&wait=1", "?more=1", "?wait=1&", "?&wait=1"):
        post(query, new, 400)
    post("", new, 415, {"Content-Type": "application/json"})
    # What is refused before it is read ends its connection.
    contract.connection.putrequest("POST", "/v1/entries")
    contract.connection.endheaders()
    answer = contract.connection.getresponse()
    data = answer.read()
    check(answer.status == 411, data)
    contract.problem(operation, answer, data, "no length")
    contract.connection.putrequest("POST", "/v1/entries")
    contract.connection.putheader("Content-Length", str((8 << 20) + 1))
    contract.connection.endheaders()
    answer = contract.connection.getresponse()
    data = answer.read()
    check(answer.status == 413, data)
    contract.problem(operation, answer, data, "too large")


def no_such_path(contract):
    operation = contract.document["paths"]["/v1/parties/{id}"]["get"]
    for path in ("/", "/v1", "/v1/", "/v2/head", "/v1/heads", "/V1/head",
                 "/v1/parties/", "/metrics/", "/v1/verdicts/a/b/c",
                 "/v1/log/tiles/0", "/index.html", "/v1/%68ead/x", "/*"):
        answer, data = contract.ask("GET", path)
        check(answer.status == 404, f"{path}: {answer.status} {data[:200]}")
        contract.problem(operation, answer, data, path)


def checker_sees(document, values):
    """The checker itself can fail: a member less, a member more, a wrong type
    in a real answer is found."""
    form = document["paths"]["/v1/head"]["get"]["responses"]["200"]["content"][
        "application/json"]["schema"]
    head = values["/v1/head"][0]
    schema.check(head, form, document, "head")
    for change in (lambda x: x.pop("height"), lambda x: x.update(more=1),
                   lambda x: x.update(height="1"),
                   lambda x: x.update(height=-1),
                   lambda x: x.update(height=True),
                   lambda x: x.update(log_root="AB" * 32),
                   lambda x: x.update(time="yesterday")):
        changed = copy.deepcopy(head)
        change(changed)
        check(not schema.fits(changed, form, document), f"{changed}")


def main():
    with Daemon() as node:
        check(node.port > 0, "it runs")
        story = Story(node)
        status, _, body = node.get("/v1/openapi.json")
        check(status == 200, "openapi")
        with open(os.path.join(HERE, "..", "..", "rpc", "openapi.json"),
                  "rb") as file:
            check(json.loads(body) == json.load(file), "the document served")
        document = json.loads(body)
        contract = Contract(node, document)
        before = node.get_json("/v1/head")
        values = read_paths(contract, requests_of(story))
        check(node.get_json("/v1/head") == before, "reading changes nothing")
        checker_sees(document, values)
        optional_members_are_seen(values)
        no_such_path(contract)
        post_verdicts(contract, story)
        post_entries(contract, story)
        check(MEMBER == 1 and CODES <= contract.codes | {"TOO_MANY_ENTRIES"},
              f"codes that did not occur: {CODES - contract.codes}")
        contract.connection.close()
    print(f"{len(document['paths'])} paths; " + ", ".join(
        f"{count} {what}" for what, count in contract.counts.items()))


main()
