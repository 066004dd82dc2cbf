"""JSON Schema, as far as rpc/openapi.json uses it. A keyword that is not known
here fails, so that nothing goes unchecked."""

import re

CHECKED = {"type", "enum", "const", "pattern", "required", "properties",
           "additionalProperties", "items", "maxItems", "minimum", "maximum",
           "maxLength", "oneOf", "format"}
WORDS = {"description", "default"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "number": (int, float), "null": type(None)}
DATE_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?Z")


class Misfit(Exception):
    pass


def members_once(pairs):
    """For json.loads: an object with a name twice is refused."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError(f"a name twice: {pairs}")
    return dict(pairs)


def resolve(schema, document):
    while "$ref" in schema:
        at = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        schema = at
    return schema


def insist(condition, place, text):
    if not condition:
        raise Misfit(f"{place}: {text}")


def has_type(value, name):
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def check_object(value, schema, document, place):
    for name in schema.get("required", []):
        insist(name in value, place, f"no member {name}")
    properties = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    for name, member in value.items():
        if name in properties:
            walk(member, properties[name], document, f"{place}.{name}")
        elif isinstance(more, dict):
            walk(member, more, document, f"{place}.{name}")
        else:
            insist(more, place, f"member {name} is not documented")


def check_one_of(value, schema, document, place):
    fitting = [form for form in schema["oneOf"]
               if fits(value, form, document)]
    insist(len(fitting) == 1, place,
           f"{value!r} fits {len(fitting)} of {len(schema['oneOf'])} forms")


def check_scalar(value, schema, place):
    insist("enum" not in schema or value in schema["enum"], place,
           f"{value!r} is not one of {schema.get('enum')}")
    insist("const" not in schema or value == schema["const"], place,
           f"{value!r} is not {schema.get('const')!r}")
    if isinstance(value, str):
        insist("pattern" not in schema or re.search(schema["pattern"], value),
               place, f"{value!r} does not match {schema.get('pattern')}")
        insist(len(value) <= schema.get("maxLength", len(value)), place,
               "too long")
        if "format" in schema:
            insist(schema["format"] == "date-time", place, "unknown format")
            insist(DATE_TIME.fullmatch(value), place, f"{value!r} is no time")
    elif isinstance(value, (int, float)):
        insist(schema.get("minimum", value) <= value <=
               schema.get("maximum", value), place, f"{value} out of range")


def walk(value, schema, document, place):
    schema = resolve(schema, document)
    unknown = set(schema) - CHECKED - WORDS
    if unknown:
        raise AssertionError(f"{place}: keywords {unknown} are not checked")
    if "type" in schema:
        names = schema["type"]
        names = [names] if isinstance(names, str) else names
        insist(any(has_type(value, name) for name in names), place,
               f"{value!r} is no {names}")
    if "oneOf" in schema:
        check_one_of(value, schema, document, place)
    check_scalar(value, schema, place)
    if isinstance(value, dict):
        check_object(value, schema, document, place)
    elif isinstance(value, list):
        insist(len(value) <= schema.get("maxItems", len(value)), place,
               "too many items")
        for i, item in enumerate(value):
            if "items" in schema:
                walk(item, schema["items"], document, f"{place}[{i}]")


def fits(value, schema, document):
    try:
        walk(value, schema, document, "")
    except Misfit:
        return False
    return True


def check(value, schema, document, place):
    try:
        walk(value, schema, document, place)
    except Misfit as misfit:
        raise SystemExit(f"FAILED: {misfit}") from misfit
