# SPDX-License-Identifier: Apache-2.0
"""clang-format leaves every .c and .h as it is"""
import re
import shutil
import subprocess

import tree

WHERE = re.compile(r"^(?P<name>[^:\n]+):(?P<line>\d+):\d+: error: code should be", re.M)


def lint(tree_):
    names = tree_.c_files()
    if not shutil.which("clang-format"):
        raise tree.Skip("no clang-format")
    if not names:
        return
    result = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *names],
                            cwd=tree_.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    lines = {}
    for match in WHERE.finditer(result.stdout):
        lines.setdefault(match["name"], int(match["line"]))  # the first one tells enough
    for name, line in lines.items():
        tree_.complain(name, line, "not as clang-format writes it")
    if result.returncode != 0 and not lines:
        tree_.complain(".clang-format", 1, result.stdout.strip().split("\n")[0])


if __name__ == "__main__":
    tree.main(lint)
