# SPDX-License-Identifier: Apache-2.0
"""What every lint needs of the tree: its files, its rooms, and one way to complain.

A lint is a program check_NAME.py with a docstring (its first line is what the lint is for) and a
function that takes a Tree and complains. Its status: 0, 1 after complaints, 77 when it cannot run
here, with the reason on its standard output.
"""
import os
import subprocess
import sys

SKIP_STATUS = 77
PRUNED = {".git", "__pycache__", "build"}


class Skip(Exception):
    """This lint cannot run here; the text says why."""


class Tree:
    def __init__(self, root):
        self.root = os.path.realpath(root)
        self.complaints = []
        self._files = None
        self._texts = {}

    def path(self, name):
        return os.path.join(self.root, name)

    def files(self):
        """Every file of the repository, tracked or new, without what .gitignore names; sorted."""
        if self._files is None:
            names = self._git_files()
            if names is None:
                names = self._walk()
            self._files = sorted(n for n in set(names) if os.path.isfile(self.path(n)))
        return self._files

    def _git_files(self):
        if not os.path.exists(self.path(".git")):
            return None
        command = ["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-z", "-co",
                   "--exclude-standard"]
        try:
            result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return [n for n in result.stdout.decode().split("\0") if n]

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in PRUNED and not f.startswith("build-")]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def c_files(self, *tops):
        """The .c and .h files below the given top folders, or all."""
        return [n for n in self.files()
                if n.endswith((".c", ".h")) and (not tops or n.split("/")[0] in tops)]

    def text(self, name):
        if name not in self._texts:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                self._texts[name] = file.read()
        return self._texts[name]

    def complain(self, name, line, message):
        self.complaints.append((name, line, message))


def room_of(name):
    """The room of a file: the folder below lib/, else the top folder; "" for a file of the root."""
    parts = name.split("/")
    if parts[0] == "lib" and len(parts) > 2:
        return parts[1]
    return parts[0] if len(parts) > 1 else ""


def main(lint):
    """Runs a lint: its arguments are the tree's root (default: this repository)."""
    here = os.path.dirname(os.path.realpath(__file__))
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", ".."))
    try:
        lint(tree)
    except Skip as skip:
        print(skip)
        sys.exit(SKIP_STATUS)
    for name, line, message in sorted(set(tree.complaints)):
        print(f"{name}:{line}: {message}")
    sys.exit(1 if tree.complaints else 0)
