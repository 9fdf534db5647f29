# SPDX-License-Identifier: Apache-2.0
"""shape: braces always, no #if inside a function, no words of unfinished work"""
import re

import csource
import tree

CONDITIONALS = ("if", "ifdef", "ifndef")
WORDS = re.compile(r"\b(TODO|FIXME|XXX)\b")


def is_end_of_do(stream, i):
    if i == 0 or stream[i - 1].text != "}":
        return False
    start = csource.opening(stream, i - 1)
    return start > 0 and stream[start - 1].text == "do"


def check_braces(tree_, name, stream):
    for i, token in enumerate(stream):
        if token.text in csource.CONTROLS and i + 1 < len(stream) and stream[i + 1].text == "(":
            if token.text == "while" and is_end_of_do(stream, i):
                continue
            follower = csource.closing(stream, i + 1) + 1
            allowed = ("{",)
        elif token.text in ("else", "do"):
            follower = i + 1
            allowed = ("{", "if") if token.text == "else" else ("{",)
        else:
            continue
        if follower < len(stream) and stream[follower].text not in allowed:
            tree_.complain(name, token.line, f"{token.text} without braces")


def check_conditionals(tree_, name, source):
    for directive in source.directives:
        if directive.word in CONDITIONALS:
            for function in source.functions:
                if function.first_line < directive.line < function.last_line:
                    tree_.complain(name, directive.line,
                                   f"#{directive.word} inside {function.name}")


def lint(tree_):
    for name in tree_.c_files():
        source = csource.Source(tree_.text(name))
        for stream in source.streams():
            check_braces(tree_, name, stream)
        if not name.startswith("tests/"):
            check_conditionals(tree_, name, source)
    for name in tree_.files():
        if name.split("/")[0] in ("lib", "init", "cli", "include"):
            for number, line in enumerate(tree_.text(name).split("\n"), 1):
                match = WORDS.search(line)
                if match:
                    tree_.complain(name, number, f"the word {match.group(1)}")


if __name__ == "__main__":
    tree.main(lint)
