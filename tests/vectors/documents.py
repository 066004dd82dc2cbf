"""Credential documents: RFC 8785 and what a document says of itself
(ledger/README.md, sections 12 and 13)."""
import datetime
import hashlib
import json
import re

JSON_FORMAT, BYTES_FORMAT = 1, 2
MOST_LEVELS = 32
ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r",
           34: '\\"', 92: "\\\\"}


def members_once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def number(text):
    """A double that RFC 8785 does not write as an integer beyond 2^53."""
    found = float(text)
    if abs(found) == float("inf") or 2**53 <= abs(found) < 1e21:
        raise ValueError("a number that is not exact")
    return found


def exact_integer(text):
    if abs(int(text)) >= 2**53:
        raise ValueError("an integer that is not exact")
    return float(text)


def check_depth(value, left=MOST_LEVELS):
    """Objects and arrays inside one another."""
    if isinstance(value, (dict, list)):
        if left == 0:
            raise ValueError("nested too deeply")
        items = value.values() if isinstance(value, dict) else value
        for item in items:
            check_depth(item, left - 1)


def parse(data):
    """Strict JSON: an object or array in UTF-8, no member twice, numbers that
    are exact, no NUL in a text, not too deep."""
    if data.startswith(b"\xef\xbb\xbf"):
        raise ValueError("a byte order mark")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=members_once,
            parse_int=exact_integer, parse_float=number,
            parse_constant=no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, (dict, list)):
        raise ValueError("neither object nor array")
    check_depth(value)
    return value


def parse_object(data):
    value = parse(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def canonical(value):
    """The text of a value after RFC 8785."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return canonical_string(value)
    if isinstance(value, float):
        return canonical_number(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(f"{canonical_string(n)}:{canonical(value[n])}"
                          for n in names) + "}"


def canonical_string(text):
    text.encode("utf-8")  # no lone surrogates
    if "\0" in text:
        raise ValueError("a NUL in a text")
    return '"' + "".join(canonical_char(ord(c)) for c in text) + '"'


def canonical_char(code):
    if code in ESCAPES:
        return ESCAPES[code]
    return f"\\u{code:04x}" if code < 32 else chr(code)


def canonical_number(number):
    """As ECMAScript prints it: the shortest digits that read back."""
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(exponent or 0)
    point -= len(whole + part) - len(digits)
    return sign + place_point(digits.rstrip("0"), point)


def place_point(digits, point):
    """digits * 10^(point - len(digits)), in ECMAScript's words."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = f"e{point - 1:+d}"
    return digits[:1] + ("." + digits[1:] if digits[1:] else "") + power


def digest(data, form):
    """The document's digest; a ValueError when it is no JSON."""
    if form == BYTES_FORMAT:
        return hashlib.sha256(data).digest()
    return hashlib.sha256(canonical(parse_object(data)).encode()).digest()


# --- What a document says of itself ------------------------------------------

def member(value, *names):
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


NO_TITLE = object()


def title_named(document):
    """What stands where the title would be."""
    achievement = member(document, "credentialSubject", "achievement")
    if not isinstance(achievement, dict):
        return NO_TITLE
    return achievement.get("name", NO_TITLE)


def issuer_named(document):
    issuer = member(document, "issuer")
    return issuer if isinstance(issuer, str) else member(issuer, "id")


def status_named(document):
    """(statusListCredential, statusListIndex) of the one status of a list;
    two Nones when there is none or more than one."""
    status = member(document, "credentialStatus")
    found = [s for s in (status if isinstance(status, list) else [status])
             if member(s, "type") == "BitstringStatusListEntry"]
    if len(found) != 1:
        return None, None
    names = "statusListCredential", "statusListIndex"
    values = [member(found[0], name) for name in names]
    return values if all(isinstance(v, str) for v in values) else (None, None)


LIST_URL = re.compile(
    r"https?://[^/?#]+(?:/[^?#]*)?/v1/status-lists/"
    r"([0-9a-f]{64})/([A-Za-z0-9][A-Za-z0-9._-]{0,31})")


def names_slot(document, issuer, label, slot):
    url, index = status_named(document)
    found = url is not None and LIST_URL.fullmatch(url)
    return (bool(found) and found.groups() == (issuer.hex(), label)
            and index == str(slot))


def names_other_slot(document, issuer, label, slot):
    """Does it name a slot of some ledger's list, and not this one?"""
    url, index = status_named(document)
    return (url is not None and LIST_URL.fullmatch(url) is not None
            and re.fullmatch("0|[1-9][0-9]*", index) is not None
            and int(index) < 2**32
            and not names_slot(document, issuer, label, slot))


DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)"
    r"(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d)))?", re.ASCII)
LAST_MS = 253_402_300_799_999


def date(text):
    """Milliseconds since 1970; None for what is no date of section 13."""
    found = DATE.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    hour, minute, second, east, south = (
        int(found[i] or 0) for i in (4, 5, 6, 9, 10))
    if hour > 23 or east > 23 or max(minute, second, south) > 59:
        return None
    try:
        days = datetime.date(*map(int, found.group(1, 2, 3))).toordinal()
    except ValueError:
        return None
    offset = (east * 60 + south) * (-1 if found[8] == "-" else 1)
    minutes = ((days - 719_163) * 24 + hour) * 60 + minute - offset
    ms = (minutes * 60 + second) * 1000 + int(f"{found[7] or ''}000"[:3])
    return ms if 0 <= ms <= LAST_MS else None


def dates_that_differ(document, valid_from, valid_until):
    wrong = []
    if "validFrom" in document and date(document["validFrom"]) != valid_from:
        wrong.append("validFrom")
    until = date(document["validUntil"]) if "validUntil" in document else 0
    if until != valid_until or ("validUntil" in document and not until):
        wrong.append("validUntil")
    return wrong


def claims_that_differ(document, issuer, programme, version, label, slot):
    """The members of a JSON credential that are not the ledger's."""
    wrong = []
    if issuer_named(document) != f"urn:muniment:party:{issuer.hex()}":
        wrong.append("issuer")
    if (member(document, "credentialSubject", "achievement", "id")
            != f"urn:muniment:programme:{programme.hex()}:{version}"):
        wrong.append("credentialSubject.achievement.id")
    if not names_slot(document, issuer, label, slot):
        wrong.append("credentialStatus")
    return wrong
