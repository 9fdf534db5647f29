# SPDX-License-Identifier: Apache-2.0
"""C sources as tokens, without comments and without what strings say.

It reads the C of this project (formatted, braces always), not every C: enough to know functions, their
parameters and bodies, file-scope variables, calls and preprocessor lines. Both branches of an #if are
read one after the other.
"""
import re

TOKEN = re.compile(r"""
    (?P<space>[ \t\r\f\v]+|\\\n)
  | (?P<newline>\n)
  | (?P<comment>/\*.*?\*/|//(?:\\\n|[^\n])*)
  | (?P<string>(?:u8|[LuU])?"(?:\\.|[^"\\\n])*")
  | (?P<char>[LuU]?'(?:\\.|[^'\\\n])*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
  | (?P<punct>\.\.\.|->|\+\+|--|<<=|>>=|<<|>>|[-+*/%&|^<>=!]=|&&|\|\||\#\#|.)
""", re.VERBOSE | re.DOTALL)

CONTROLS = {"if", "for", "while", "switch"}
OPENERS = {"(": ")", "[": "]", "{": "}"}


class Token:
    __slots__ = ("kind", "text", "line")

    def __init__(self, kind, text, line):
        self.kind, self.text, self.line = kind, text, line

    def __repr__(self):
        return f"{self.text}@{self.line}"


class Directive:
    """A preprocessor line: `word` is "include", "define" ...; `tokens` is what follows it."""
    __slots__ = ("word", "line", "tokens", "rest")

    def __init__(self, word, line, tokens, rest):
        self.word, self.line, self.tokens, self.rest = word, line, tokens, rest


class Function:
    """A definition: `parameters` are lists of tokens, `body` the tokens between its braces."""

    def __init__(self, name, head, parameters, body, first_line, last_line):
        self.name, self.head, self.parameters, self.body = name, head, parameters, body
        self.first_line, self.last_line = first_line, last_line
        self.is_static = any(t.text == "static" for t in head)


class Declaration:
    """What stands at file scope and is no function definition, without its final semicolon."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.line = tokens[0].line


class Source:
    def __init__(self, text):
        self.tokens = []
        self.directives = []
        self.lines = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
        self._scan(text)
        self.functions = []
        self.declarations = []
        self._split()

    def _scan(self, text):
        line = 1
        at_start = True
        directive = None  # the tokens of the preprocessor line that is being read
        start = (0, 0)
        for match in TOKEN.finditer(text):
            kind, word = match.lastgroup, match.group()
            if kind == "newline":
                if directive is not None:
                    self._end_directive(directive, start, text[start[1]:match.start()])
                    directive = None
                at_start = True
            elif kind not in ("space", "comment"):
                if directive is None and at_start and word == "#":
                    directive, start = [], (line, match.end())
                elif directive is not None:
                    directive.append(Token(kind, word, line))
                else:
                    self.tokens.append(Token(kind, word, line))
                at_start = False
            line += word.count("\n")
        if directive is not None:
            self._end_directive(directive, start, text[start[1]:])

    def _end_directive(self, tokens, start, rest):
        if tokens:
            self.directives.append(Directive(tokens[0].text, start[0], tokens[1:], rest))

    def _split(self):
        tokens, i, item = self.tokens, 0, []
        while i < len(tokens):
            text = tokens[i].text
            if text == "{":
                if len(item) == 2 and item[0].text == "extern" and item[1].kind == "string":
                    item, i = [], i + 1  # extern "C" {: what is inside is at file scope
                    continue
                end = closing(tokens, i)
                if is_function_head(item):
                    self._add_function(item, tokens[i + 1:end], tokens[end].line)
                    item, i = [], end + 1
                    continue
                item += tokens[i:end + 1]
                i = end + 1
                continue
            if text == ";":
                if item:
                    self.declarations.append(Declaration(item))
                item = []
            elif text != "}":  # the end of extern "C"
                item.append(tokens[i])
            i += 1

    def _add_function(self, head, body, last_line):
        at = function_name_index(head)
        end = closing(head, at + 1)
        self.functions.append(Function(head[at].text, head, parameters(head[at + 2:end]), body,
                                       head[0].line, last_line))

    def streams(self):
        """Lists of tokens in which a statement may stand: the code, and the body of each macro."""
        yield self.tokens
        for directive in self.directives:
            if directive.word == "define":
                yield directive.tokens

    def calls(self):
        """(stream, index) of each name that is followed by "(", and is not a member's name."""
        for stream in self.streams():
            for i, token in enumerate(stream[:-1]):
                if token.kind == "name" and stream[i + 1].text == "(" and \
                        (i == 0 or stream[i - 1].text not in (".", "->")):
                    yield stream, i

    def function_at(self, line):
        for function in self.functions:
            if function.first_line <= line <= function.last_line:
                return function
        return None


def closing(tokens, i):
    """The index of the bracket that closes the one at `i`; the last index where none does."""
    depth = 0
    for j in range(i, len(tokens)):
        if tokens[j].text in OPENERS:
            depth += 1
        elif tokens[j].text in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                return j
    return len(tokens) - 1


def opening(tokens, i):
    """The index of the bracket that the one at `i` closes; 0 where none is."""
    depth = 0
    for j in range(i, -1, -1):
        if tokens[j].text in (")", "]", "}"):
            depth += 1
        elif tokens[j].text in OPENERS:
            depth -= 1
            if depth == 0:
                return j
    return 0


def function_name_index(item):
    """In a declaration at file scope: the index of the name that is declared as a function, or None."""
    i = 0
    while i < len(item) - 1:
        token = item[i]
        if token.text in ("=", "{"):
            return None
        if token.text == "__attribute__" or token.text == "_Alignas":
            i = closing(item, i + 1) + 1
            continue
        if token.text == "(":
            return None  # a declarator in brackets: a pointer to a function
        if token.kind == "name" and item[i + 1].text == "(":
            end = closing(item, i + 1)
            if i > 0 and token.text not in ("printf_like", "__typeof__", "_Static_assert"):
                return i
            i = end + 1
            continue
        i += 1
    return None


def is_function_head(item):
    if not item or item[0].text == "typedef":
        return False
    return function_name_index(item) is not None


def parameters(tokens):
    """The parameters between a function's brackets; none for (void) and (), "..." is not counted."""
    found, depth, current = [], 0, []
    for token in tokens:
        if token.text in OPENERS:
            depth += 1
        elif token.text in (")", "]", "}"):
            depth -= 1
        if token.text == "," and depth == 0:
            found.append(current)
            current = []
        else:
            current.append(token)
    found.append(current)
    found = [p for p in found if p and [t.text for t in p] not in (["void"], ["..."])]
    return found


def arguments(stream, i):
    """The tokens between the brackets of the call whose name is at `i`."""
    return stream[i + 2:closing(stream, i + 1)]
