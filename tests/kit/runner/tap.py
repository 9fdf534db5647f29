# SPDX-License-Identifier: Apache-2.0
"""Reading TAP, as the lints, cmocka and bats write it."""
import re

PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*skip\S*\s*(?P<reason>.*))?$", re.I)
RESULT = re.compile(r"^(?P<not>not )?ok\b\s*(?P<number>\d+)?\s*(?:-\s+)?(?P<rest>.*)$")
DIRECTIVE = re.compile(r"(?:^|\s)#\s*skip\b\S*\s*(?P<reason>.*)$", re.I)
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class Result:
    """One test: `reason` is why it was skipped, or what is wrong with the program as a whole."""

    def __init__(self, name, outcome, reason=""):
        self.name, self.outcome, self.reason = name, outcome, reason

    def __repr__(self):
        return f"Result({self.name!r}, {self.outcome}, {self.reason!r})"


def parse_line(line):
    """The result that a line tells, or None."""
    match = RESULT.match(line)
    if not match:
        return None
    name, reason, outcome = match["rest"].strip(), "", PASSED
    directive = DIRECTIVE.search(name)
    if directive:
        name, reason = name[:directive.start()].strip(), directive["reason"].strip()
        outcome = SKIPPED
        if not name:  # cmocka: "ok 3 # SKIP name"
            name, reason = reason, "the test says so"
    if match["not"]:
        outcome = FAILED
    return Result(name, outcome, reason)


def parse(text):
    """(results, complaints): a complaint is about the whole: no plan, too few results, a bail-out.

    A program may have several groups, each with its own plan.
    """
    results, complaints, planned, has_plan = [], [], 0, False
    for line in text.split("\n"):
        plan = PLAN.match(line)
        if plan:
            has_plan = True
            planned += int(plan.group(1))
            if plan.group(1) == "0" and plan["reason"]:
                results.append(Result("all", SKIPPED, plan["reason"]))
                planned += 1
            continue
        if line.startswith("Bail out!"):
            complaints.append(line)
        result = parse_line(line)
        if result:
            results.append(result)
    if not has_plan:
        complaints.append("no TAP plan")
    elif planned != len(results):
        complaints.append(f"{planned} tests planned, {len(results)} ran")
    return results, complaints


def judge(text, errors, status):
    """The results of a program from its output, its standard error and its exit status."""
    results, complaints = parse(text)
    if SANITIZER.search(text) or SANITIZER.search(errors):
        complaints.append("a sanitizer complains")
    if status < 0:
        complaints.append(f"ended by signal {-status}")
    elif status > 0 and not any(r.outcome == FAILED for r in results):
        complaints.append(f"ended with status {status}")
    results += [Result("(the program)", FAILED, c) for c in complaints]
    return results
