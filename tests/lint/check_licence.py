# SPDX-License-Identifier: Apache-2.0
"""an SPDX line at the head of each file that can have one"""
import tree

LINE = "SPDX-License-Identifier: Apache-2.0"
HEAD_LINES = 5

# Formats without comments, and data that is compared or replayed byte for byte.
BARE_NAMES = {"LICENSE"}
BARE_ENDINGS = (".json", ".bin", ".golden", ".trace", ".sum")
BARE_FOLDERS = {"corpus", "corpora", "vectors", "cases"}


def is_bare(name):
    parts = name.split("/")
    if parts[-1] in BARE_NAMES or name.endswith(BARE_ENDINGS):
        return True
    if BARE_FOLDERS & set(parts[:-1]):
        return True
    return parts[:2] == ["tests", "golden"] and len(parts) > 3  # the files of a case


def lint(tree_):
    for name in tree_.files():
        if is_bare(name) or tree_.text(name) == "":
            continue
        head = tree_.text(name).split("\n", HEAD_LINES)[:HEAD_LINES]
        if not any(LINE in line for line in head):
            tree_.complain(name, 1, f"no line {LINE}")


if __name__ == "__main__":
    tree.main(lint)
