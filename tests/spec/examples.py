#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples.py GOLDEN: what the JSON schema of the OCI runtime specification permits and what it does not, planned.

GOLDEN is the program of tests/golden: it makes a plan, or an error, of each config.json, on a host that is described
to it. README.md says what the files beside this one are.
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "kit"))
import schema  # noqa: E402

# What every example has that does not say otherwise; an example's objects are put into these, its arrays replace them.
BASE = {
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs"},
    "process": {"user": {"uid": 0, "gid": 0}, "args": ["sh"], "cwd": "/"},
    "linux": {"namespaces": [{"type": "mount"}]},
}
NOT_BUILT = "is not supported by this version of berth"


def merged(below, above):
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


def read_rows(name):
    """Lines of words with "|" between them, without comments."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [[word.strip() for word in line.split("|")] for line in lines if line and not line.startswith("#")]


class Plans:
    """Configs and what becomes of them; all in one run of the program."""

    def __init__(self, golden, folder):
        self.golden, self.folder = golden, folder

    def add(self, name, config, facts):
        case = os.path.join(self.folder, name)
        os.mkdir(case)
        with open(os.path.join(case, "config.json"), "w", encoding="utf-8") as file:
            json.dump(config, file)
        if os.path.exists(facts):
            os.symlink(facts, os.path.join(case, "facts"))

    def make(self):
        subprocess.run([self.golden, "--write", self.folder], check=True, stdout=subprocess.DEVNULL)

    def error(self, name):
        """The error's line without its first word, or None for a plan."""
        with open(os.path.join(self.folder, name, "plan.txt"), encoding="utf-8") as file:
            text = file.read()
        return text.removeprefix("error: ").strip() if text.startswith("error: ") else None


class Judge:
    """What is right for each example."""

    def __init__(self):
        self.schemas = schema.Schema(os.path.join(HERE, "schema", "config-schema.json"))
        self.not_built = {name: pointer for name, pointer in read_rows("not_built")}
        self.taken = [(pointer, what, reason) for pointer, what, reason in read_rows("taken")]
        self.taken_used = set()
        self.not_taken = {(pointer, word) for pointer, word, reason in read_rows("not_taken")}

    def good(self, name, config, error):
        """Complaints of an example that obeys the schema."""
        yield from (f"{pointer or 'the whole'} {what}" for pointer, what in self.violations(config))
        pointer = self.not_built.get(name)
        if pointer and not error:
            yield "is built now: take it out of the file not_built"
        elif pointer and not (error.startswith(pointer + ": ") and NOT_BUILT in error):
            yield f"must be refused as not built at {pointer}: {error}"
        elif error and not pointer:
            yield error

    def violations(self, config):
        return schema.violations(self.schemas, config)

    def broken(self, name, pointer, what, config, error):
        """Complaints of an example with one fault."""
        if pointer not in [place for place, _ in self.violations(config)]:
            yield f"{pointer} {what}: and that is none"
        row = next((i for i, (at, fault, _) in enumerate(self.taken)
                    if re.fullmatch(at, pointer) and re.fullmatch(fault, what)), None)
        if row is not None:
            self.taken_used.add(row)
            if error:
                yield f"{pointer} {what}: the file taken says that berth takes it: {error}"
        elif not error:
            yield f"{pointer} {what}: and there is a plan"
        elif not error.startswith((pointer + ": ", self.not_built.get(name, pointer) + ": ")):
            yield f"{pointer} {what}: another place is named: {error}"

    def named(self, _, pointer, word, config, error):
        """Complaints of an example with another name of the schema's in one place: it may be wrong with what else is
        there, but not in itself."""
        yield from (f"{place} {what}" for place, what in self.violations(config))
        if error and error.startswith(pointer + ": ") and (pointer, word) not in self.not_taken:
            yield f"{pointer} does not take {word}: {error}"

    def uncovered(self, configs):
        """Fields of the schema that no example has."""
        had = {field for config in configs for field in schema.present(self.schemas, config)}
        passed = {field for (field,) in read_rows("not_for_linux")}
        return [f"no example has {field}" for field in schema.fields(self.schemas) if field not in had | passed]


def report(results):
    print(f"1..{len(results)}")
    for number, (name, complaints) in enumerate(results, 1):
        print(f"{'not ok' if complaints else 'ok'} {number} - {name}")
        for complaint in complaints:
            print(f"# {complaint}")
    return 1 if any(complaints for _, complaints in results) else 0


def examples():
    """(name, config, path of the facts), in order."""
    for path in sorted(glob.glob(os.path.join(HERE, "good", "*.json"))):
        with open(path, encoding="utf-8") as file:
            config = merged(BASE, json.load(file))
        yield os.path.basename(path)[:-len(".json")], config, path[:-len("json")] + "facts"


def of_example(judge, plans, name, config, facts):
    """The tests of an example, each (name, function that gives its complaints): to be called when all is planned."""
    plans.add(name, config, facts)
    yield f"{name}: is understood", lambda: judge.good(name, config, plans.error(name))
    for what, judged, cases in (
            ("each of its {} faults is refused by name", judge.broken, list(schema.broken(judge.schemas, config))),
            ("each of {} names is known", judge.named, list(schema.named(judge.schemas, config)))):
        folder = name + "." + judged.__name__
        for number, (_, _, other) in enumerate(cases):
            plans.add(f"{folder}.{number}", other, facts)
        yield f"{name}: {what.format(len(cases))}", lambda judged=judged, cases=cases, folder=folder: [
            complaint for number, case in enumerate(cases)
            for complaint in judged(name, *case, plans.error(f"{folder}.{number}"))]


def main():
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        plans = Plans(sys.argv[1], folder)
        tests = [test for example in examples() for test in of_example(judge, plans, *example)]
        plans.make()
        results = [(name, list(complaints())) for name, complaints in tests]
    results.append(("every field of the schema is in an example", judge.uncovered(config for _, config, _ in examples())))
    results.append(("every row of the file taken is needed",
                    [f"not needed: {row[:2]}" for i, row in enumerate(judge.taken) if i not in judge.taken_used]))
    return report(results)


if __name__ == "__main__":
    sys.exit(main())
