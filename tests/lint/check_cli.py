# SPDX-License-Identifier: Apache-2.0
"""cli: docs/cli.md has a row for each option of the command line, and each row an option and a test

A section of the page is "## VERB" (or "## VERB, VERB"; "## Global options" for those before a verb), its table
has the columns flag, letter, what it does, test. The flag is `--name` or `--name VALUE`; a first cell of another
form is about the arguments. Tests are `FILE.bats: NAME`, with commas between them. The options are the arrays
of struct cli_option in cli/*.c; each belongs to the verbs whose function reaches the one that it stands in.
"""
import re

import csource
import tree

PAGE = "docs/cli.md"
MANUAL = "docs/man/berth.1.scd"
GLOBAL = "Global options"
HEADING = re.compile(r"^## (.+)$")
FLAG = re.compile(r"^`--([a-z0-9-]+)( [^`]+)?`$")
LETTER = re.compile(r"`-(.)`")
TEST = re.compile(r"`([a-z0-9_]+\.bats): ([^`]+)`")
BATS_TEST = re.compile(r'^@test "((?:[^"\\]|\\.)*)" \{', re.M)


class Option:
    def __init__(self, where, name, is_flag):
        self.where, self.name, self.is_flag, self.letters = where, name, is_flag, set()


class Row:
    def __init__(self, line, cells):
        self.line = line
        match = FLAG.match(cells[0])
        self.name = match.group(1) if match else None
        self.has_value = bool(match and match.group(2))
        self.letters = set(LETTER.findall(cells[1]))
        self.is_told = bool(cells[2])
        self.test_cell = cells[3]


def split_commas(tokens):
    parts, depth = [[]], 0
    for token in tokens:
        depth += (token.text in csource.OPENERS) - (token.text in (")", "]", "}"))
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def initializers(tokens):
    """(tokens between the braces, line) of each {...} that begins with a string."""
    for i, token in enumerate(tokens[:-1]):
        if token.text == "{" and tokens[i + 1].kind == "string":
            yield tokens[i + 1:csource.closing(tokens, i)], token.line


def unquote(token):
    return token.text[1:-1]


def options_of(tokens, name):
    """The rows of an array of struct cli_option, as (name, letter, whether it is a flag, where)."""
    for row, line in initializers(tokens):
        fields = split_commas(row)
        if len(fields) < 5:
            continue
        letter = unquote(fields[1][0]) if fields[1][0].kind == "char" else None
        is_flag = [t.text for t in fields[3]] != ["NULL"]
        yield unquote(fields[0][0]), letter, is_flag, (name, line)


def tables(body):
    """The tokens of each array of struct cli_option that a function has."""
    for i in range(len(body) - 6):
        if [t.text for t in body[i:i + 2]] == ["struct", "cli_option"] and body[i + 3].text == "[":
            start = csource.closing(body, i + 3) + 2
            if body[start - 1].text == "=" and body[start].text == "{":
                yield body[start:csource.closing(body, start) + 1]


class CommandLine:
    """What cli/*.c says: the verbs, and the options of each."""

    def __init__(self, tree_):
        self.verbs = {}    # the function of a verb, or "main": its names
        self.options = {}  # verb: {name: Option}
        self.sources = {n: csource.Source(tree_.text(n)) for n in tree_.c_files("cli")}
        self.macros = {d.tokens[0].text: (n, d.tokens)
                       for n, s in self.sources.items() for d in s.directives
                       if d.word == "define" and d.tokens}
        self._find_verbs()
        for name, source in self.sources.items():
            for function in source.functions:
                found = list(self._options_in(name, function.body))
                if found:
                    self._add(name, source, function, found, tree_)

    def _find_verbs(self):
        for name, source in self.sources.items():
            for declaration in source.declarations:
                if "cli_verb" in [t.text for t in declaration.tokens]:
                    for row, line in initializers(declaration.tokens):
                        last = [t.text for t in row if t.kind == "name"][-1:]
                        for function in last:
                            self.verbs.setdefault(function, []).append(unquote(row[0]))
                            self.options[unquote(row[0])] = {}
        self.verbs["main"] = [GLOBAL]
        self.options[GLOBAL] = {}

    def _options_in(self, name, body):
        for table in tables(body):
            yield from options_of(table, name)
            for token in table:
                if token.kind == "name" and token.text in self.macros:
                    where, tokens = self.macros[token.text]
                    yield from options_of(tokens, where)

    def _add(self, name, source, function, found, tree_):
        """Gives the options to every verb whose function reaches this one, by whatever it names."""
        names = {f.name: {t.text for t in f.body if t.kind == "name"} for f in source.functions}
        verbs = []
        for start in names:
            reached, todo = set(), [start]
            while todo:
                now = todo.pop()
                if now not in reached:
                    reached.add(now)
                    todo += [n for n in names[now] if n in names]
            if function.name in reached:
                verbs += self.verbs.get(start, [])
        if not verbs:
            tree_.complain(name, function.first_line, f"{function.name} has options of no verb")
        for verb in verbs:
            for option, letter, is_flag, where in found:
                entry = self.options[verb].setdefault(option, Option(where, option, is_flag))
                if letter:
                    entry.letters.add(letter)


def read_page(tree_):
    """{verb: [Row]} of the page, and the line of each section."""
    sections, lines, current = {}, {}, []
    for number, line in enumerate(tree_.text(PAGE).split("\n"), 1):
        heading = HEADING.match(line)
        if heading:
            current = [v.strip() for v in heading.group(1).split(",")]
            for verb in current:
                sections.setdefault(verb, [])
                lines.setdefault(verb, number)
        elif line.startswith("|") and current:
            cells = [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) != 4:
                tree_.complain(PAGE, number, f"{len(cells)} cells, not 4")
            elif not set(cells[0]) <= set("-:") and cells[3] != "test":
                for verb in current:
                    sections[verb].append(Row(number, cells))
    return sections, lines


def check_test(tree_, row, tests):
    found = TEST.findall(row.test_cell)
    if not found:
        tree_.complain(PAGE, row.line, "no test: `FILE.bats: NAME`")
    for file, name in found:
        if name.replace("\\|", "|") not in tests.get(file, ()):
            tree_.complain(PAGE, row.line, f"{file} has no test \"{name}\"")


def check_row(tree_, verb, row, options):
    if not row.is_told:
        tree_.complain(PAGE, row.line, "nothing about what it does")
    if row.name is None:
        return
    option = options.get(row.name)
    if option is None:
        tree_.complain(PAGE, row.line, f"{verb} has no option --{row.name}")
        return
    if option.is_flag == row.has_value:
        tree_.complain(PAGE, row.line, f"--{row.name} has {'no' if option.is_flag else 'a'} value")
    if option.letters != row.letters:
        tree_.complain(PAGE, row.line, f"the letters of --{row.name} are "
                       f"{', '.join('-' + l for l in sorted(option.letters)) or 'none'}")


def check_options(tree_, verb, options, rows, manual):
    told = {row.name for row in rows}
    for option in options.values():
        if option.name not in told:
            tree_.complain(*option.where, f"{PAGE} has no row for {verb} --{option.name}")
        if not re.search(rf"\*--{option.name}\*", manual):
            tree_.complain(*option.where, f"{MANUAL} does not have --{option.name}")


def lint(tree_):
    line = CommandLine(tree_)
    if len(line.options) == 1 and not line.options[GLOBAL]:
        return
    files = set(tree_.files())
    missing = [n for n in (PAGE, MANUAL) if n not in files]
    for name in missing:
        tree_.complain(sorted(line.sources)[0], 1, f"there is no {name}")
    if missing:
        return
    tests = {}
    for name in files:
        if name.endswith(".bats"):
            tests.setdefault(name.split("/")[-1], set()).update(
                n.replace('\\"', '"') for n in BATS_TEST.findall(tree_.text(name)))
    sections, lines = read_page(tree_)
    for verb, rows in sections.items():
        if verb not in line.options:
            tree_.complain(PAGE, lines[verb], f"there is no verb {verb}")
            continue
        if not rows:
            tree_.complain(PAGE, lines[verb], f"{verb} has no rows")
        for row in rows:
            check_row(tree_, verb, row, line.options[verb])
            check_test(tree_, row, tests)
    for verb, options in line.options.items():
        if verb not in sections:
            tree_.complain(PAGE, 1, f"there is no section ## {verb}")
        check_options(tree_, verb, options, sections.get(verb, []), tree_.text(MANUAL))


if __name__ == "__main__":
    tree.main(lint)
