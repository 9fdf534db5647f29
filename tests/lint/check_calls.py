# SPDX-License-Identifier: Apache-2.0
"""forbidden calls: syscall outside sys, close and free outside base and sys, output and exit in lib"""
import csource
import tree

OWNERS = ("base", "sys")
RELEASES = {"close": "autofd or close_fd", "free": "autoptr"}

# The one header of the command line that wraps them for its cleanup attributes: it sees no base/.
CLI_CLEANUP = "cli/cli.h"

# The library never exits, aborts or prints. sys_exit() is the child's.
ENDS_OR_PRINTS = {
    "exit", "_exit", "_Exit", "quick_exit", "abort", "printf", "fprintf", "vprintf", "vfprintf",
    "dprintf", "vdprintf", "puts", "fputs", "putchar", "putc", "fputc", "perror", "psignal", "err",
    "errx", "warn", "warnx", "verr", "vwarn", "syslog", "error",
}
STREAMS = {"stdout", "stderr"}
ALLOWED = {("sys", "_exit")}


def check_call(tree_, name, stream, i):
    room, word, line = tree.room_of(name), stream[i].text, stream[i].line
    if word == "syscall" and room != "sys":
        tree_.complain(name, line, "syscall( belongs into lib/sys")
    if word in RELEASES and room not in OWNERS and name != CLI_CLEANUP:
        tree_.complain(name, line, f"a bare {word}(: use {RELEASES[word]}")
    is_declared = i > 0 and stream[i - 1].kind == "name" and stream[i - 1].text != "return"
    if name.startswith("lib/") and word in ENDS_OR_PRINTS and (room, word) not in ALLOWED and \
            not is_declared:
        tree_.complain(name, line, f"{word}(: the library never exits, aborts or prints")


def lint(tree_):
    for name in tree_.c_files("lib", "init", "cli", "include"):
        source = csource.Source(tree_.text(name))
        for stream, i in source.calls():
            check_call(tree_, name, stream, i)
        for stream in source.streams():
            for token in stream:
                if token.text == "goto":
                    tree_.complain(name, token.line, "goto")
                if name.startswith("lib/") and token.text in STREAMS:
                    tree_.complain(name, token.line, f"{token.text}: the library never prints")


if __name__ == "__main__":
    tree.main(lint)
