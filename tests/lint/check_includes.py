# SPDX-License-Identifier: Apache-2.0
"""who may include whom: the table of the architecture, cycles and depth"""
import re

import csource
import tree

# The rooms that each room may include, beside itself. This table is the rule.
MATRIX = {
    "base": set(),
    "sys": {"base"},
    "json": {"base"},
    "wire": {"base", "sys"},
    "spec": {"base", "json"},
    "plan": {"base", "spec", "wire"},
    "rootfs": {"base", "sys", "wire"},
    "guard": {"base", "sys", "wire"},
    "hook": {"base", "sys", "wire"},
    "stage": {"base", "sys", "wire", "rootfs", "guard", "hook"},
    "init": {"stage", "wire", "sys", "base"},
    "bus": {"base", "sys"},
    "cgroup": {"base", "sys", "wire", "bus"},
    "host": {"base", "sys", "wire"},
    "resctrl": {"base", "sys"},
    "toml": {"base"},
    "engine": {"base", "json", "toml"},
    "store": {"base", "sys", "json"},
    "criu": {"base", "sys"},
    "life": {"base", "json", "spec", "plan", "wire", "sys", "host", "hook", "cgroup", "resctrl", "store", "criu"},
    "api": {"base", "json", "wire", "engine", "life"},
    "cli": set(),
    "include": set(),
}

# Single headers of other rooms.
SINGLE = {
    "spec": {"sys/abi.h"},
    "plan": {"sys/abi.h"},
    "bus": {"plan/host_unit.h"},
    "cgroup": {"plan/host_plan.h", "plan/host_unit.h", "plan/facts.h"},
    "host": {"plan/host_plan.h", "plan/facts.h"},
    "resctrl": {"plan/host_plan.h"},
    "life": {"rootfs/path.h"},
    "api": {"plan/text.h", "criu/criu.h"},
}

# Public headers, <berth/...>: all, or those named.
PUBLIC = {"api": None, "cli": None, "include": None, "base": {"berth/error.h"}}

# Headers, one through another. Not counted are base, which every room uses, and the public ones.
DEPTH_MAX = 5
UNCOUNTED = ("base", "include")

QUOTED = re.compile(r'\s*(?:include)?\s*"([^"]+)"')
ANGLED = re.compile(r"\s*(?:include)?\s*<(berth/[^>]+)>")


def includes(tree_, name):
    """(line, "quoted" or "public", path as written) of each include of our own."""
    for directive in csource.Source(tree_.text(name)).directives:
        if directive.word != "include":
            continue
        for kind, pattern in (("quoted", QUOTED), ("public", ANGLED)):
            match = pattern.match(directive.rest)
            if match:
                yield directive.line, kind, match.group(1)


def resolve(tree_, name, kind, path):
    """The file in the tree that is meant, or None."""
    if kind == "public":
        found = "include/" + path
    elif "/" in path:
        found = "lib/" + path
    else:
        found = name.rsplit("/", 1)[0] + "/" + path
    return found if found in tree_.files() else None


def check_public(tree_, name, line, path):
    room = tree.room_of(name)
    allowed = PUBLIC.get(room, set())
    if allowed is not None and path not in allowed:
        tree_.complain(name, line, f"{room} may not include <{path}>")


def check_quoted(tree_, name, line, path, target):
    room = tree.room_of(name)
    if path.startswith("berth/"):
        tree_.complain(name, line, f"a public header is included as <{path}>")
        return
    if "/" not in path and room not in ("cli", "init"):
        tree_.complain(name, line, f'"{path}" has no room: write "{room}/{path}"')
        return
    if target is None:
        tree_.complain(name, line, f'"{path}" is not in the tree')
        return
    other = tree.room_of(target)
    if other == room or other in MATRIX[room] or path in SINGLE.get(room, set()):
        return
    tree_.complain(name, line, f'{room} may not include "{path}"')


def check_graph(tree_, graph):
    depths = {}

    def visit(name, stack):
        if name in stack:
            cycle = stack[stack.index(name):] + [name]
            tree_.complain(stack[-1], graph[stack[-1]][name],
                           "headers include each other: " + " > ".join(cycle))
            return 0
        if name not in depths:
            below = [visit(other, stack + [name]) for other in graph.get(name, {})]
            is_counted = name.endswith(".h") and tree.room_of(name) not in UNCOUNTED
            depths[name] = max(below, default=0) + (1 if is_counted else 0)
            if depths[name] > DEPTH_MAX:
                tree_.complain(name, 1, f"includes are {depths[name]} deep, at most {DEPTH_MAX}")
        return depths[name]

    for name in graph:
        visit(name, [])


def lint(tree_):
    graph = {}
    for name in tree_.c_files("lib", "init", "cli", "include"):
        room = tree.room_of(name)
        if room not in MATRIX:
            tree_.complain(name, 1, f"the room {room} is not in the table of who may include whom")
            continue
        graph[name] = {}
        for line, kind, path in includes(tree_, name):
            target = resolve(tree_, name, kind, path)
            if kind == "public":
                check_public(tree_, name, line, path)
            else:
                check_quoted(tree_, name, line, path, target)
            if target:
                graph[name].setdefault(target, line)
    check_graph(tree_, graph)


if __name__ == "__main__":
    tree.main(lint)
