# SPDX-License-Identifier: Apache-2.0
"""no mutable variables of static storage, at file scope or in a function"""
import csource
import tree

TYPE_WORDS = ("struct", "union", "enum")


def declarator(item):
    """The tokens of a declaration before its initializer, bodies of types and array sizes left out."""
    out, i = [], 0
    while i < len(item) and item[i].text != "=":
        if item[i].text in ("{", "["):
            i = csource.closing(item, i)
        else:
            out.append(item[i])
        i += 1
    return out


def is_constant(item):
    """Whether the object itself is const: after the last "*" where there is one."""
    texts = [t.text for t in declarator(item)]
    if "*" in texts:
        texts = texts[len(texts) - texts[::-1].index("*"):]
    return "const" in texts


def is_type_alone(item):
    texts = [t.text for t in declarator(item)]
    return texts[0] in TYPE_WORDS and len(texts) <= 2


def is_variable(item):
    texts = [t.text for t in item]
    if texts[0] in ("typedef", "_Static_assert", ";") or csource.function_name_index(item) is not None:
        return False
    # A macro that makes functions or declarations: NAME(...)
    if len(texts) > 1 and texts[1] == "(" and csource.closing(item, 1) == len(item) - 1:
        return False
    return not is_type_alone(item)


def local_statics(function):
    body = function.body
    for i, token in enumerate(body):
        if token.text == "static":
            j = i
            while j < len(body) and body[j].text != ";":
                j = csource.closing(body, j) if body[j].text == "{" else j
                j += 1
            yield body[i:j]


def lint(tree_):
    for name in tree_.c_files("lib", "init", "cli", "include"):
        source = csource.Source(tree_.text(name))
        for declaration in source.declarations:
            if is_variable(declaration.tokens) and not is_constant(declaration.tokens):
                tree_.complain(name, declaration.line, "a mutable variable at file scope")
        for function in source.functions:
            for item in local_statics(function):
                if not is_constant(item):
                    tree_.complain(name, item[0].line,
                                   f"a mutable static variable in {function.name}")


if __name__ == "__main__":
    tree.main(lint)
