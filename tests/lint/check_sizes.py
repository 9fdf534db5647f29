# SPDX-License-Identifier: Apache-2.0
"""sizes: files, functions, nesting, parameters, own includes, rooms"""
import csource
import tree

C_LINES = 600
H_LINES = 200
TYPES_H_LINES = 450
TYPES_H = {"spec.h", "boot.h", "container.h"}
FUNCTION_LINES = 60
NESTING = 3
PARAMETERS = 6
OWN_INCLUDES = 10
ROOM_C_LINES_MIN = 30
ROOM_FILES = 20

# Two of which Meson takes one: what differs is in them, and nothing else.
CHOSEN = {"lib/base/block_heap.c", "lib/base/block_pages.c"}

# A room with more files needs a page that says why: room -> path of the page.
ROOM_PAGES = {"cgroup": "docs/decisions/0012-systemd.md",
              "plan": "docs/decisions/0004-plan-files.md", "life": "docs/decisions/0011-life-files.md",
              "rootfs": "docs/decisions/0013-rootfs-files.md",
              "sys": "docs/decisions/0014-sys-files.md",
              "host": "docs/decisions/0015-host-files.md"}


def table_lines(body):
    """Lines of the constant tables in a function's body: static const ... = { ... };"""
    lines, i = 0, 0
    while i < len(body):
        if body[i].text == "static":
            j = i
            while j < len(body) and body[j].text not in (";", "{"):
                j += 1
            words = {t.text for t in body[i:j]}
            if j < len(body) and body[j].text == "{" and {"const", "="} <= words:
                end = csource.closing(body, j)
                lines += body[end].line - body[i].line + 1
                i = end
        i += 1
    return lines


def is_block(body, i):
    """Whether the brace at `i` opens a compound statement, not an initializer, a type or an expression."""
    if i == 0:
        return True
    before = body[i - 1].text
    if before in ("else", "do", ";", "{", "}", ":"):
        return before not in ("{",) or not in_initializer(body, i - 1)
    if before == ")":
        start = csource.opening(body, i - 1)
        return start > 0 and body[start - 1].kind == "name" and \
            body[start - 1].text not in ("return", "sizeof", "__typeof__", "__attribute__")
    return False


def in_initializer(body, i):
    return body[i].text == "{" and not is_block(body, i)


def nesting(body):
    """(depth, line) of the deepest compound statement."""
    deepest, stack = (0, 0), []
    for i, token in enumerate(body):
        if token.text == "{":
            stack.append(1 if is_block(body, i) else 0)
            if sum(stack) > deepest[0]:
                deepest = (sum(stack), token.line)
        elif token.text == "}" and stack:
            stack.pop()
    return deepest


def check_functions(tree_, name, source):
    for function in source.functions:
        lines = function.last_line - function.first_line + 1 - table_lines(function.body)
        if lines > FUNCTION_LINES:
            tree_.complain(name, function.first_line,
                           f"{function.name} has {lines} lines, at most {FUNCTION_LINES}")
        depth, line = nesting(function.body)
        if depth > NESTING:
            tree_.complain(name, line,
                           f"{function.name} nests {depth} statements, at most {NESTING}")
        check_parameters(tree_, name, function.first_line, function.name, function.parameters)
    for declaration in source.declarations:
        item = declaration.tokens
        at = csource.function_name_index(item)
        if at is not None and item[0].text != "typedef":
            inner = csource.arguments(item, at)
            check_parameters(tree_, name, declaration.line, item[at].text,
                             csource.parameters(inner))


def check_parameters(tree_, name, line, function, parameters):
    if len(parameters) > PARAMETERS:
        tree_.complain(name, line,
                       f"{function} has {len(parameters)} parameters, at most {PARAMETERS}")


def has_table(source):
    return any("=" in texts and "{" in texts and "const" in texts
               for texts in ({t.text for t in d.tokens} for d in source.declarations))


def check_file(tree_, name, source):
    base = name.rsplit("/", 1)[-1]
    most = C_LINES
    if name.endswith(".h"):
        most = TYPES_H_LINES if base in TYPES_H else H_LINES
    if source.lines > most:
        tree_.complain(name, source.lines, f"{source.lines} lines, at most {most}")
    is_room_source = name.startswith("lib/") and name.endswith(".c")
    if is_room_source and source.lines < ROOM_C_LINES_MIN and name not in CHOSEN and \
            not has_table(source):
        tree_.complain(name, 1, f"{source.lines} lines, at least {ROOM_C_LINES_MIN}")
    own = [d for d in source.directives if d.word == "include" and d.rest.lstrip()[7:].lstrip()
           .startswith('"')]
    if name.endswith(".c") and not name.startswith("tests/") and len(own) > OWN_INCLUDES:
        tree_.complain(name, own[OWN_INCLUDES].line,
                       f"{len(own)} includes of our own, at most {OWN_INCLUDES}")


def lint(tree_):
    rooms = {}
    for name in tree_.c_files():
        source = csource.Source(tree_.text(name))
        check_file(tree_, name, source)
        check_functions(tree_, name, source)
        if name.startswith("lib/"):
            rooms.setdefault(tree.room_of(name), []).append(name)
    for room, names in rooms.items():
        if len(names) > ROOM_FILES and ROOM_PAGES.get(room) not in tree_.files():
            tree_.complain(names[0], 1, f"the room {room} has {len(names)} files, "
                           f"at most {ROOM_FILES} without a page in docs/decisions")


if __name__ == "__main__":
    tree.main(lint)
