# SPDX-License-Identifier: Apache-2.0
"""names: the room's prefix on what is not static, berth_ on what is public"""
import csource
import tree

# Where the prefix is not ROOM_ alone.
PREFIXES = {
    "base": ("str_", "strbuf_", "error_", "arena_", "log_", "cleanup_", "take_", "close_"),
    "wire": ("wire_", "boot_", "frame_"),
    "plan": ("plan_", "facts_"),
    "host": ("host_", "facts_"),
    "api": ("berth_", "api_"),
    "cli": ("cli_", "cmd_", "main"),
    "init": ("init_", "main"),
    "include": ("berth_",),
}
MACRO_PREFIX = "BERTH_"
EXPORT_ROOMS = ("api", "include")


def prefixes_of(room):
    return PREFIXES.get(room, (room + "_",))


def declared_name(item):
    """The name of a variable that is declared or defined by the tokens of an item, or None."""
    depth, name = 0, None
    for i, token in enumerate(item):
        if token.text in ("=", "["):
            break
        if token.text in ("(", "{"):
            depth += 1
        elif token.text in (")", "}"):
            depth -= 1
        elif depth == 0 and token.kind == "name":
            is_tag = i > 0 and item[i - 1].text in ("struct", "union", "enum")
            name = None if is_tag else token.text
    return name


def is_type_alone(item):
    """struct x; struct x {...}; enum {...};"""
    if item[0].text not in ("struct", "union", "enum"):
        return False
    at = 2 if len(item) > 1 and item[1].kind == "name" else 1
    return at >= len(item) or item[at].text == "{" and csource.closing(item, at) == len(item) - 1


def check_name(tree_, path, line, name):
    room = tree.room_of(path)
    prefixes = prefixes_of(room)
    if not name.startswith(prefixes):
        tree_.complain(path, line, f"{name} is not static and has not the prefix of its room: "
                       + " or ".join(prefixes))
    elif name.startswith("berth_") and room not in EXPORT_ROOMS:
        tree_.complain(path, line, f"{name}: berth_ is for what is exported")


def check_declaration(tree_, path, declaration):
    item = declaration.tokens
    words = {t.text for t in item}
    if words & {"static", "typedef", "_Static_assert"}:
        return
    at = csource.function_name_index(item)
    if at is not None:
        check_name(tree_, path, item[at].line, item[at].text)
        return
    if is_type_alone(item):
        return
    name = declared_name(item)
    if name and not (name.isupper() and len(item) > 1 and item[1].text == "("):
        check_name(tree_, path, declaration.line, name)


def check_public(tree_, path, source):
    for directive in source.directives:
        if directive.word == "define" and directive.tokens and \
                not directive.tokens[0].text.startswith(MACRO_PREFIX):
            tree_.complain(path, directive.line,
                           f"{directive.tokens[0].text}: a public macro begins with {MACRO_PREFIX}")
    for declaration in source.declarations:
        item = declaration.tokens
        if len(item) > 1 and item[0].text in ("struct", "union", "enum") and \
                item[1].kind == "name" and not item[1].text.startswith("berth_") and \
                csource.function_name_index(item) is None:
            tree_.complain(path, item[1].line,
                           f"{item[1].text}: a public type begins with berth_")


def lint(tree_):
    for path in tree_.c_files("lib", "init", "cli", "include"):
        source = csource.Source(tree_.text(path))
        for function in source.functions:
            if not function.is_static:
                check_name(tree_, path, function.first_line, function.name)
        for declaration in source.declarations:
            check_declaration(tree_, path, declaration)
        if path.startswith("include/"):
            check_public(tree_, path, source)


if __name__ == "__main__":
    tree.main(lint)
