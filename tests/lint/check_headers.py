# SPDX-License-Identifier: Apache-2.0
"""each header compiles alone; a public one also as C99 and as C++"""
import concurrent.futures
import os
import re
import shutil
import subprocess

import tree

STRICT = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
HOUSE = ["gcc", "-x", "c", "-std=gnu17", "-D_GNU_SOURCE"] + STRICT
PUBLIC = [
    ["gcc", "-x", "c", "-std=c99", "-pedantic"] + STRICT,
    ["g++", "-x", "c++", "-std=c++11", "-pedantic"] + STRICT,
]
NOT_EMPTY = "extern const int not_empty;\n"  # ISO C wants a declaration
WHERE = re.compile(r"^(?P<name>[^:\n]+):(?P<line>\d+):\d+: (?:fatal )?error: (?P<text>.*)$", re.M)
INCLUDED_FROM = re.compile(r"from (?P<name>[^:\n]+):(?P<line>\d+)")


def compile_alone(root, name, command):
    """None, or (line, first message). The header is included by a source of one line."""
    includes = ["-iquote", "lib", "-iquote", os.path.dirname(name), "-I", "include"]
    result = subprocess.run(command + includes + ["-"], cwd=root, text=True,
                            input=f'#include "{os.path.join(root, name)}"\n' + NOT_EMPTY,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if result.returncode == 0:
        return None
    match = WHERE.search(result.stdout)
    if not match:
        return 1, result.stdout.strip().split("\n")[-1]
    if match["name"].endswith(name):
        return int(match["line"]), match["text"]
    for outer in INCLUDED_FROM.finditer(result.stdout):
        if outer["name"].endswith(name):
            return int(outer["line"]), match["text"]
    return 1, match["text"]


def jobs(tree_):
    for name in tree_.c_files("lib", "init", "cli", "include"):
        if name.endswith(".h"):
            yield name, HOUSE, "alone"
            if name.startswith("include/"):
                for command in PUBLIC:
                    if shutil.which(command[0]):
                        yield name, command, "alone as " + command[3].split("=")[1]


def lint(tree_):
    if not shutil.which("gcc"):
        raise tree.Skip("no gcc")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wanted = list(jobs(tree_))
        found = pool.map(lambda job: compile_alone(tree_.root, job[0], job[1]), wanted)
        for (name, _, how), problem in zip(wanted, found):
            if problem:
                tree_.complain(name, problem[0], f"does not compile {how}: {problem[1]}")


if __name__ == "__main__":
    tree.main(lint)
