#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oracle.py TABLE CONFIG DIR: compares what containers of several runtimes have said.

DIR has a file NAME.out for each runtime, berth among them: lines in sections ("== NAME"). Each is made
comparable (numbers that the kernel gives out anew are taken out), and then every other runtime's is compared
with berth's, line by line. A line that only one of the two has is a difference. TABLE says which there may be:

    CONFIGS | RUNTIMES | SECTION | SIGN | PATTERN | REASON

CONFIGS and RUNTIMES are names with commas between them; SECTION is a regular expression; SIGN is "+" for a line that berth alone has, "-" for one
that the other alone has; PATTERN is a regular expression for the whole line; REASON says why it is right. A
difference that no row matches is a failure, and so is a row that matches none in one of its configs and runtimes.
"""
import difflib
import os
import re
import sys


def mount_line(line, points):
    """A line of mountinfo without its numbers; its parent by its place."""
    fields = line.split()
    split = fields.index("-")
    device = re.sub(r"^0:\d+$", "0:*", fields[2])
    tags = " ".join(re.sub(r":\d+$", ":*", tag) for tag in fields[6:split])
    parent = points.get(fields[1], "outside")
    return f"{fields[4]} on {parent} from {device} {fields[3]} {fields[5]} [{tags}] {' '.join(fields[split + 1:])}"


def mounts(lines):
    points = {line.split()[0]: line.split()[4] for line in lines}
    made = [mount_line(line, points) for line in lines]
    # In the order of their places; those on one place in the order in which they cover each other.
    return sorted(made, key=lambda line: line.split()[0])


def plain(line):
    line = re.sub(r"\b(pipe|socket|anon_inode|mnt|net|uts|ipc|pid|user|cgroup|time):\[\d+\]", r"\1:[*]", line)
    return line


SECTIONS = {"mounts": mounts}


def read(path):
    """The sections, in their order: name -> lines."""
    sections, name = {}, None
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file.read().splitlines():
            if line.startswith("== "):
                name = line[3:]
                sections[name] = []
            elif name is None:
                raise SystemExit(f"{path}: a line before the first section: {line}")
            else:
                sections[name].append(line)
    if "end of all" not in sections:
        raise SystemExit(f"{path}: it has no end")
    return {key: [plain(line) for line in SECTIONS.get(key.removeprefix("exec "), list)(lines)]
            for key, lines in sections.items()}


def differences(ours, theirs):
    for section in list(ours) + [name for name in theirs if name not in ours]:
        diff = difflib.ndiff(theirs.get(section, []), ours.get(section, []))
        for line in diff:
            if line[0] in "+-":
                yield section, line[0], line[2:]


def rows(path):
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file.read().splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            cells = [cell.strip(" ") for cell in line.split(" | ")]
            if len(cells) != 6 or not cells[5] or cells[3] not in "+-":
                raise SystemExit(f"{path}:{number}: not CONFIGS | RUNTIMES | SECTION | SIGN | PATTERN | REASON")
            yield number, cells


def main():
    table, config, folder = sys.argv[1:]
    ours = read(os.path.join(folder, "berth.out"))
    others = sorted(name[:-4] for name in os.listdir(folder) if name.endswith(".out") and name != "berth.out")
    if not others:
        raise SystemExit("nothing to compare with")
    expected = [(number, runtime, cells) for number, cells in rows(table) for runtime in cells[1].split(",")
                if config in cells[0].split(",") and runtime in others]
    seen, failed = set(), 0
    for runtime in others:
        count = 0
        for section, sign, line in differences(ours, read(os.path.join(folder, runtime + ".out"))):
            found = [number for number, name, cells in expected
                     if (name, cells[3]) == (runtime, sign) and re.fullmatch(cells[2], section)
                     and re.fullmatch(cells[4], line.rstrip())]
            seen.update((number, runtime) for number in found)
            count += 1
            if not found:
                failed += 1
                print(f"{config} | {runtime} | {section} | {sign} | {line} | ?")
        print(f"# {config}, {runtime}: {sum(map(len, ours.values()))} lines, {count} differ")
    for number, runtime, cells in expected:
        if (number, runtime) not in seen:
            failed += 1
            print(f"line {number} of the table: {runtime} does not differ so: {' | '.join(cells[2:5])}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
