# SPDX-License-Identifier: Apache-2.0
"""The rules of tests/skips and tests/expected."""
import re

import tap

CI, ALL, NONE = "ci", "all", "none"


def read_rows(path):
    """(line number, text) of each line that is neither empty nor a comment; none without the file."""
    try:
        with open(path, encoding="utf-8") as file:
            rows = [(n, line.strip()) for n, line in enumerate(file, 1)]
    except FileNotFoundError:
        return []
    return [(n, text) for n, text in rows if text and not text.startswith("#")]


def without_build(name):
    """unit/json@clang: x -> unit/json: x: the lists name a test, not the build that it ran in."""
    return re.sub(r"@[^:@ ]+:", ":", name, count=1)


def parse_skips(rows):
    """({test: (fact, line)}, complaints) from lines "SUITE/FILE: test | fact"."""
    skips, complaints = {}, []
    for number, text in rows:
        name, bar, fact = text.rpartition("|")
        if not bar or not name.strip() or not fact.strip():
            complaints.append(f"tests/skips:{number}: not of the form SUITE/FILE: test | fact")
        else:
            skips[name.strip()] = (fact.strip(), number)
    return skips, complaints


def judge_skips(results, skips, facts, mode, suites):
    """Complaints. `results` are (full name, outcome); `facts` name -> function; `suites` those that ran.

    CI: a skip must be listed with a fact that holds here; a listed test whose fact holds must not have
    run; a listed test must exist. ALL: no skip at all. NONE: no rule.
    """
    if mode == NONE:
        return []
    skipped = [name for name, outcome in results if outcome == tap.SKIPPED]
    if mode == ALL:
        return [f"{name}: skipped, and MUST_RUN allows no skip" for name in skipped]
    complaints = []
    for name in skipped:
        fact, number = skips.get(without_build(name), (None, 0))
        if fact is None:
            complaints.append(f"{name}: skipped, and not listed in tests/skips")
        elif fact in facts and not facts[fact]():
            complaints.append(f"{name}: skipped though it could have run: tests/skips:{number} says "
                              f"{fact}, which is not so here")
    outcomes = {}
    for name, outcome in results:
        outcomes.setdefault(without_build(name), set()).add(outcome)
    for name, (fact, number) in skips.items():
        if fact not in facts:
            complaints.append(f"tests/skips:{number}: {fact} is no fact that tests/kit/runner/facts.py knows")
        elif name not in outcomes:
            if name.split("/")[0] in suites:
                complaints.append(f"tests/skips:{number}: there is no test {name}")
        elif tap.SKIPPED not in outcomes[name] and facts[fact]():
            complaints.append(f"tests/skips:{number}: {name} ran though {fact}: take the line away")
    return complaints


def parse_expected(rows):
    expected, complaints = {}, []
    for number, text in rows:
        words = text.split()
        if len(words) != 2 or not words[1].isdigit():
            complaints.append(f"tests/expected:{number}: not of the form SUITE N")
        else:
            expected[words[0]] = int(words[1])
    return expected, complaints


def judge_counts(counts, expected, wanted):
    """Complaints where a suite of `wanted` (None: all) ran fewer tests than expected."""
    return [f"{suite}: {counts.get(suite, 0)} tests ran, {number} expected by tests/expected"
            for suite, number in sorted(expected.items())
            if (wanted is None or suite in wanted) and counts.get(suite, 0) < number]
