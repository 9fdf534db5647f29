# SPDX-License-Identifier: Apache-2.0
"""spec: each row of docs/spec-conformance.md names a place that is there and a test that is there

A row has the columns sentence, where, test. Places are files or folders; tests are `FILE.bats: NAME` (in
tests/integration or tests/vm), `golden: CASE`, `unit: FOLDER/FILE.c: FUNCTION`, or a
folder of tests.
"""
import re

import tree

PAGE = "docs/spec-conformance.md"
HEADS = (("sentence", "where", "test"), ("step", "where", "test"))
CODE = re.compile(r"`((?:[^`\\]|\\.)+)`")
BATS_TEST = re.compile(r'^@test "((?:[^"\\]|\\.)*)" \{', re.M)
BATS_FOLDERS = ("tests/integration", "tests/vm", "tests/clients")


def cells_of(line):
    """The cells of a row; a "|" in one of them has a backslash before it."""
    return [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def rows_of(text):
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("|") and not line.startswith("|---"):
            cells = cells_of(line)
            if tuple(cells) not in HEADS:
                yield number, cells


class Tests:
    """What there is to be named."""

    def __init__(self, tree_):
        self.tree = tree_
        self.files = set(tree_.files())
        self.folders = {f.rsplit("/", n)[0] for f in self.files for n in range(1, f.count("/") + 1)}

    def has_bats(self, file, name):
        for folder in BATS_FOLDERS:
            path = f"{folder}/{file}"
            if path in self.files:
                names = BATS_TEST.findall(self.tree.text(path))
                if name in [re.sub(r"\\(.)", r"\1", n) for n in names]:
                    return True
        return False

    def has_unit(self, file, function):
        path = f"tests/unit/{file}"
        return path in self.files and re.search(rf"\b{re.escape(function)}\(", self.tree.text(path))

    def has(self, text):
        kind, _, rest = text.partition(": ")
        if kind == "golden":
            return f"tests/golden/{rest}/plan.txt" in self.files
        if kind == "unit":
            return bool(self.has_unit(*rest.partition(": ")[::2]))
        if kind.endswith(".bats"):
            return self.has_bats(kind, rest)
        return text in self.folders and text.startswith("tests/")


def check_row(tree_, tests, number, cells):
    if len(cells) != len(HEADS[0]):
        tree_.complain(PAGE, number, f"{len(cells)} cells, not {len(HEADS[0])}")
        return
    for place in CODE.findall(cells[1]):
        if place not in tests.files | tests.folders:
            tree_.complain(PAGE, number, f"there is no file {place}")
    names = CODE.findall(cells[2])
    if not names:
        tree_.complain(PAGE, number, "a row without a test")
    for name in names:
        if not tests.has(name):
            tree_.complain(PAGE, number, f"there is no test {name}")


def lint(tree_):
    if PAGE not in tree_.files():
        return
    tests = Tests(tree_)
    for number, cells in rows_of(tree_.text(PAGE)):
        check_row(tree_, tests, number, cells)


if __name__ == "__main__":
    tree.main(lint)
