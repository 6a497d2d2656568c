# SPDX-License-Identifier: GPL-2.0-or-later
"""JSON Schema, as much of it as docs/schema uses: $ref within the file, type, enum, properties, required, items, pattern,
minimum, anyOf and const. A keyword that is none of these is an error, so that no schema asks for what is not looked at.

Here an object may have no key that its schema does not name: docs/formats.md says why.
"""
import json
import re

KNOWN = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "enum", "const", "properties", "required", "items",
         "pattern", "minimum", "anyOf"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(value, schema, whole, where="$"):
    """Yields a line for each place where value is not as the schema says."""
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{where}: the schema has {sorted(unknown)}, which is not looked at"
    if "$ref" in schema:
        target = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        yield from faults(value, target, whole, where)
        return
    if "anyOf" in schema:
        found = [list(faults(value, one, whole, where)) for one in schema["anyOf"]]
        if all(found):
            yield from min(found, key=len)
        return
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, name) for name in names):
        yield f"{where}: {json.dumps(value)[:60]} is none of {names}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {json.dumps(value)} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {json.dumps(value)} is not {schema['const']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{where}: {json.dumps(value)} does not match {schema['pattern']}"
    if "minimum" in schema and isinstance(value, int) and value < schema["minimum"]:
        yield f"{where}: {value} is below {schema['minimum']}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for key in schema.get("required", []):
            if key not in value:
                yield f"{where}: no key {key}"
        for key, member in value.items():
            if key not in known:
                yield f"{where}: the schema has no key {key}"
            else:
                yield from faults(member, known[key], whole, f"{where}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, member in enumerate(value):
            yield from faults(member, schema["items"], whole, f"{where}[{i}]")


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def complain(value, schema):
    """The first faults as one line, or the empty string."""
    return "; ".join(list(faults(value, schema, schema))[:3])
