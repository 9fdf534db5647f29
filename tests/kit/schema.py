#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py SCHEMA [FILE]: checks JSON (default: stdin) against a JSON schema, one line for each violation.

As a module: what the schemas of the OCI runtime specification need of JSON Schema draft 4; where a value breaks one,
and every way in which a value that obeys one can be broken in one place. An unknown keyword is an error: nothing is
passed over. Places are JSON pointers.
"""
import copy
import json
import os
import re
import sys

IGNORED = {"description", "$schema", "definitions"}
# Sections that a runtime for Linux ignores: their schemas are not kept here, and nothing is demanded of them.
OTHER_PLATFORMS = {"config-solaris.json", "config-windows.json", "config-vm.json", "config-zos.json",
                   "config-freebsd.json"}
KINDS = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
# For each kind, a value of another one that no lenient reader could take for it.
NOT_OF_KIND = {"string": 7, "boolean": "true", "integer": "7", "array": {"key": "value"}, "object": ["value"]}


def pointer_add(pointer, key):
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


class Schema:
    """A file of schemas, and the files beside it that it refers to."""

    def __init__(self, path):
        self.folder = os.path.dirname(os.path.abspath(path))
        self.files = {}
        self.root = self.resolve({"$ref": os.path.basename(path)}, "")

    def file(self, name):
        if name not in self.files:
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                self.files[name] = json.load(file)
        return self.files[name]

    def resolve(self, schema, name):
        """The schema and the file that it is in, with no reference before it. What stands beside a reference holds
        as well."""
        beside = {}
        while "$ref" in schema:
            beside.update({key: value for key, value in schema.items() if key != "$ref"})
            file, _, path = schema["$ref"].partition("#")
            name = file or name
            if name in OTHER_PLATFORMS:
                return {}, name
            schema = self.file(name)
            for key in filter(None, path.split("/")):
                schema = schema[key]
        return {**beside, **schema}, name

    def parts(self, schema, name):
        """The schema and those that `allOf`, and an `anyOf` of one, add to it."""
        schema, name = self.resolve(schema, name)
        yield schema, name
        for part in schema.get("allOf", []) + schema.get("anyOf", []):
            yield from self.parts(part, name)

    @staticmethod
    def member(schema, key):
        """The schema of a member, or None where it says nothing of it."""
        if key in schema.get("properties", {}):
            return schema["properties"][key]
        for pattern, member in schema.get("patternProperties", {}).items():
            if re.search(pattern, key):
                return member
        return schema.get("additionalProperties")

    def children(self, schema, value):
        """(key, member's schema) for what a value has that the schema describes."""
        if isinstance(value, dict):
            for key in value:
                member = self.member(schema, key)
                if member is not None:
                    yield key, member
        elif isinstance(value, list) and "items" in schema:
            yield from ((index, schema["items"]) for index in range(len(value)))


def violations(schemas, value, at=None, pointer=""):
    """(pointer, what is wrong), for each."""
    for schema, name in schemas.parts(*(at or schemas.root)):
        for keyword, demand in schema.items():
            complaint = check(keyword, demand, value)
            if complaint:
                yield pointer, complaint
        for key in schema.get("required", []):
            if isinstance(value, dict) and key not in value:
                yield pointer_add(pointer, key), "is missing"
        for key, member in schemas.children(schema, value):
            yield from violations(schemas, value[key], (member, name), pointer_add(pointer, key))


def check(keyword, demand, value):
    """What is wrong by one keyword of a schema, or None."""
    if keyword == "type":
        return None if KINDS[demand](value) else f"is no {demand}"
    if keyword == "enum":
        return None if value in demand else "is none of the names"
    if keyword == "pattern":
        return None if not isinstance(value, str) or re.search(demand, value) else f"does not match {demand}"
    if keyword == "minimum":
        return None if not KINDS["integer"](value) or value >= demand else f"is below {demand}"
    if keyword == "maximum":
        return None if not KINDS["integer"](value) or value <= demand else f"is over {demand}"
    if keyword == "minItems":
        return None if not isinstance(value, list) or len(value) >= demand else f"has fewer than {demand}"
    if keyword == "anyOf" and len(demand) > 1:
        raise NotImplementedError("anyOf with a choice")
    if keyword in IGNORED | {"properties", "patternProperties", "additionalProperties", "items", "required", "allOf",
                             "anyOf"}:
        return None
    raise NotImplementedError(f"the keyword {keyword}")


def wrong_values(schema):
    """(value, what is wrong with it) for each demand that a schema makes of the value itself."""
    if "type" in schema:
        yield NOT_OF_KIND[schema["type"]], f"is no {schema['type']}"
    if schema.get("type") == "integer":
        yield 1.5, "is no whole number"
    if "minimum" in schema:
        yield schema["minimum"] - 1, "is below the least"
    if "maximum" in schema:
        yield schema["maximum"] + 1, "is over the most"
    if "enum" in schema:
        yield "NO_SUCH_NAME", "is none of the names"
    if "minItems" in schema:
        yield [], "has too few"
    if "pattern" in schema:
        yield next(text for text in ("x y", "", "~") if not re.search(schema["pattern"], text)), "has another form"


def replaced(value, path, new):
    """A copy with another value at a path; without it, where that is Ellipsis."""
    value = copy.deepcopy(value)
    target = value
    for key in path[:-1]:
        target = target[key]
    if new is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = new
    return value


def broken(schemas, whole, value=None, at=None, path=()):
    """(pointer, what, value with that one fault): each way to break a demand that the schema makes of a value or of
    what is in it. The value as a whole is not replaced."""
    value = whole if not path else value
    pointer = "".join(pointer_add("", key) for key in path)
    for schema, name in schemas.parts(*(at or schemas.root)):
        for new, what in wrong_values(schema) if path else ():
            yield pointer, what, replaced(whole, path, new)
        for key in schema.get("required", []):
            if key in value:
                yield pointer_add(pointer, key), "is missing", replaced(whole, (*path, key), ...)
        for key, member in schemas.children(schema, value):
            yield from broken(schemas, whole, value[key], (member, name), (*path, key))


def named(schemas, whole, value=None, at=None, path=()):
    """(pointer, name, value with that name in its place): each name of each list of names that a value has one of."""
    value = whole if not path else value
    for schema, name in schemas.parts(*(at or schemas.root)):
        for word in schema.get("enum", []):
            yield "".join(pointer_add("", key) for key in path), word, replaced(whole, path, word)
        for key, member in schemas.children(schema, value):
            yield from named(schemas, whole, value[key], (member, name), (*path, key))


def fields(schemas, at=None, pointer=""):
    """The pointer of every property that the schemas name; "*" stands for an index or a free key."""
    for schema, name in schemas.parts(*(at or schemas.root)):
        for key, member in schema.get("properties", {}).items():
            yield pointer_add(pointer, key)
            yield from fields(schemas, (member, name), pointer_add(pointer, key))
        for member in (schema.get("items"), schema.get("additionalProperties")):
            if member:
                yield from fields(schemas, (member, name), pointer_add(pointer, "*"))


def present(schemas, value, at=None, pointer=""):
    """Those of `fields` that a value has."""
    for schema, name in schemas.parts(*(at or schemas.root)):
        for key, member in schemas.children(schema, value):
            is_named = key in schema.get("properties", {})
            place = pointer_add(pointer, key if is_named else "*")
            if is_named:
                yield place
            yield from present(schemas, value[key], (member, name), place)


def main():
    schemas = Schema(sys.argv[1])
    with open(sys.argv[2] if len(sys.argv) > 2 else 0, encoding="utf-8") as file:
        found = list(violations(schemas, json.load(file)))
    for pointer, what in found:
        print(f"{pointer or 'the whole'} {what}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
