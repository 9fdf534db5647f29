# SPDX-License-Identifier: Apache-2.0
"""shell and bats files pass shellcheck, Python files compile"""
import re
import shutil
import subprocess

import tree

WHERE = re.compile(r"^(?P<name>[^:\n]+):(?P<line>\d+):\d+: \w+: (?P<text>.*)$", re.M)
# What one file cannot see of another: variables that bats and the kit set for the tests (SC2154), and
# those that a sourced file sets for others (SC2034). `ls | grep` is right for names without spaces.
EXCLUDED = "SC2154,SC2034,SC2010"
SHELL_ENDINGS = (".sh", ".bash", ".bats")
SHELL_FIRST_LINE = re.compile(r"#!\s*/\S*(?:/|env\s+)(?:sh|bash|bats)\b")
PYTHON_FIRST_LINE = re.compile(r"#!\s*/\S*(?:/|env\s+)python3\b")


def first_line(tree_, name):
    with open(tree_.path(name), "rb") as file:
        return file.readline(200).decode("utf-8", "replace")


def lint(tree_):
    shells = []
    for name in tree_.files():
        head = first_line(tree_, name)
        if name.endswith(SHELL_ENDINGS) or SHELL_FIRST_LINE.match(head):
            shells.append(name)
        elif name.endswith(".py") or PYTHON_FIRST_LINE.match(head):
            try:
                compile(tree_.text(name), name, "exec")
            except SyntaxError as error:
                tree_.complain(name, error.lineno or 1, f"Python: {error.msg}")
    if not shutil.which("shellcheck"):
        if tree_.complaints:
            return
        raise tree.Skip("no shellcheck")
    if shells:
        result = subprocess.run(["shellcheck", "-x", "-f", "gcc", "-S", "warning", "-e", EXCLUDED,
                                 *shells],
                                cwd=tree_.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, check=False)
        found = list(WHERE.finditer(result.stdout))
        for match in found:
            tree_.complain(match["name"], int(match["line"]), match["text"])
        if result.returncode != 0 and not found:
            tree_.complain(shells[0], 1, result.stdout.strip()[:200])


if __name__ == "__main__":
    tree.main(lint)
