# SPDX-License-Identifier: Apache-2.0
"""The matrix of machines: the rows of tests/vm/cells, the tests that each is to run, and the table of what came of it."""
import collections
import os
import re

import rules
import tap

SHARDS = 6
WHOLE, CORE = "whole", "core"
COLUMNS = ("kernel", "cgroups", "manager", "who", "tests", "passed", "failed", "skipped", "not run", "seconds")

Cell = collections.namedtuple("Cell", "kernel cgroups manager who tests")


def name_of(cell):
    return "-".join(cell[:4])


def read_cells(folder):
    return [Cell(*text.split()) for _, text in rules.read_rows(os.path.join(folder, "vm", "cells"))]


def read_pairs(path):
    """(first, second) of lines "first | second"."""
    pairs = [text.rpartition("|") for _, text in rules.read_rows(path)]
    return [(first.strip(), second.strip()) for first, _, second in pairs]


def tests_of(path):
    """The names of a .bats file's tests."""
    with open(path, encoding="utf-8") as file:
        names = re.findall(r'^@test "(.*)" \{$', file.read(), re.M)
    return [re.sub(r"\\(.)", r"\1", name) for name in names]


def whole_files(folder):
    """{"NAME.bats": its tests}: those of tests/integration that say something about a kernel."""
    left_out = {name for name, _ in read_pairs(os.path.join(folder, "vm", "left_out"))}
    files = sorted(os.listdir(os.path.join(folder, "integration")))
    return {file: tests_of(os.path.join(folder, "integration", file)) for file in files
            if file.endswith(".bats") and f"integration/{file[:-len('.bats')]}" not in left_out}


def planned(folder, cell):
    """The full names of the tests that a cell is to run."""
    if cell.tests == WHOLE:
        return {f"integration/{file[:-len('.bats')]}: {test}"
                for file, tests in whole_files(folder).items() for test in tests}
    return {name for name, who in read_pairs(os.path.join(folder, "vm", "core")) if who == cell.who}


def shards(folder, cell):
    """The lists of files, each for a machine of its own, in which a cell runs; [[]]: one, for all."""
    if cell.tests != WHOLE:
        return [[]]
    parts = [[0, []] for _ in range(SHARDS)]
    for file, tests in sorted(whole_files(folder).items(), key=lambda item: -len(item[1])):
        part = min(parts, key=lambda one: one[0])
        part[0] += len(tests)
        part[1].append(file)
    return [files for _, files in parts if files]


def outcomes(programs):
    """{cell's name: {test: outcome}} of programs "matrix/CELL@SHARD"."""
    told = {}
    for program in programs:
        cell = told.setdefault(program.file.split("@")[0], {})
        cell.update({result.name: result.outcome for result in program.results})
    return told


def judge(folder, programs):
    """Complaints: a named cell that has not run all its tests, a skip that is not allowed or not needed."""
    allowed = dict(read_pairs(os.path.join(folder, "vm", "skips")))
    told, complaints, skipped = outcomes(programs), [], set()
    for cell in read_cells(folder):
        name = name_of(cell)
        if name not in told:
            continue
        missing = planned(folder, cell) - set(told[name])
        complaints += [f"matrix/{name}: {test}: has not run" for test in sorted(missing)]
        skips = {test for test, outcome in told[name].items() if outcome == tap.SKIPPED}
        skipped |= skips
        complaints += [f"matrix/{name}: {test}: skipped, and not listed in tests/vm/skips"
                       for test in sorted(skips) if cell.tests != WHOLE or test not in allowed]
    if {name_of(cell) for cell in read_cells(folder) if cell.tests == WHOLE} <= set(told):
        complaints += [f"tests/vm/skips: {test}: ran wherever it could: take the line away"
                       for test in sorted(set(allowed) - skipped)]
    return complaints


def table(folder, programs):
    """The lines of the table, a row a cell."""
    told, rows = outcomes(programs), [COLUMNS]
    for cell in read_cells(folder):
        name = name_of(cell)
        of_cell = told.get(name, {})
        numbers = [sum(o == outcome for o in of_cell.values()) for outcome in (tap.PASSED, tap.FAILED, tap.SKIPPED)]
        missing = len(planned(folder, cell) - set(of_cell))
        seconds = sum(p.seconds for p in programs if p.file.split("@")[0] == name)
        rows.append((*cell, *numbers, missing, round(seconds)))
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(COLUMNS))]
    return ["  ".join(str(value).ljust(width) for value, width in zip(row, widths)).rstrip() for row in rows]
