# SPDX-License-Identifier: Apache-2.0
"""descriptors are close-on-exec at birth; the child creates files with O_EXCL and O_NOFOLLOW alone"""
import csource
import tree

# Calls that make a descriptor, and the flag that each must have. syscall(SYS_x, ...) counts as x(.
FLAGS = {
    "open": "O_CLOEXEC", "openat": "O_CLOEXEC", "open64": "O_CLOEXEC", "openat2": "O_CLOEXEC",
    "socket": "SOCK_CLOEXEC", "socketpair": "SOCK_CLOEXEC", "accept4": "SOCK_CLOEXEC",
    "pipe2": "O_CLOEXEC", "dup3": "O_CLOEXEC", "mkostemp": "O_CLOEXEC",
    "memfd_create": "MFD_CLOEXEC", "epoll_create1": "EPOLL_CLOEXEC", "signalfd": "SFD_CLOEXEC",
    "eventfd": "EFD_CLOEXEC", "timerfd_create": "TFD_CLOEXEC", "inotify_init1": "IN_CLOEXEC",
    "fsopen": "FSOPEN_CLOEXEC", "fspick": "FSPICK_CLOEXEC", "fsmount": "FSMOUNT_CLOEXEC",
    "open_tree": "OPEN_TREE_CLOEXEC", "recvmsg": "MSG_CMSG_CLOEXEC",
    "fanotify_init": "FAN_CLOEXEC", "posix_openpt": "O_CLOEXEC",
}

# Calls that cannot have one.
BANNED = {
    "creat": "open with O_CLOEXEC", "pipe": "pipe2", "dup": "fcntl F_DUPFD_CLOEXEC",
    "dup2": "dup3, or sys_dup2 for 0, 1 and 2", "accept": "accept4", "epoll_create": "epoll_create1",
    "inotify_init": "inotify_init1", "mkstemp": "mkostemp", "tmpfile": "sys_memfd",
    "popen": "a pipe of your own",
}

# The functions that make descriptors 0, 1 and 2, which the container is to have.
STDIO_HOMES = ("sys_dup2", "fill_stdio")
STREAMS = ("fopen", "freopen", "fdopen")

CHILD_ROOMS = ("sys", "wire", "stage", "rootfs", "guard", "init")
CREATE_NEEDS = ("O_EXCL", "O_NOFOLLOW")


def is_set_before(source, line, names, flag):
    """Whether one of the variables is given a value with the flag in the function around `line`."""
    function = source.function_at(line)
    body = function.body if function else []
    for i in range(len(body) - 1):
        if body[i].text in names and body[i + 1].text in ("=", "|="):
            j = i
            while j < len(body) and body[j].text != ";":
                if body[j].text == flag:
                    return True
                j = j + 1
    return False


def check_call(tree_, name, source, stream, i):
    word, line = stream[i].text, stream[i].line
    given = csource.arguments(stream, i)
    texts = {t.text for t in given}
    if word == "syscall" and given and given[0].text.startswith("SYS_"):
        word = given[0].text[len("SYS_"):]
        word = {"signalfd4": "signalfd", "eventfd2": "eventfd"}.get(word, word)
    function = source.function_at(line)
    if function and function.name in STDIO_HOMES:
        return
    if word in BANNED:
        tree_.complain(name, line, f"{word}( is not close-on-exec at birth: use {BANNED[word]}")
    if word in FLAGS and FLAGS[word] not in texts:
        names = {t.text for t in given if t.kind == "name"}
        if not is_set_before(source, line, names, FLAGS[word]):
            tree_.complain(name, line, f"{word}( without {FLAGS[word]}")
    if word in STREAMS and not any(t.kind == "string" and "e" in t.text for t in given[-1:]):
        tree_.complain(name, line, f'{word}( without "e" in its mode')
    if "F_DUPFD" in texts:
        tree_.complain(name, line, "F_DUPFD: use F_DUPFD_CLOEXEC")
    if "TIOCGPTPEER" in texts and "O_CLOEXEC" not in texts:
        tree_.complain(name, line, "TIOCGPTPEER without O_CLOEXEC")


def is_declared(stream, i):
    """A prototype or a definition: a type stands before the name."""
    if i == 0:
        return False
    before = stream[i - 1]
    return before.text == "*" and i > 1 and stream[i - 2].kind == "name" and \
        stream[i - 2].text in ("char", "void", "FILE") or \
        before.kind == "name" and before.text not in ("return", "else", "do", "case")


def check_creates(tree_, name, stream):
    for i, token in enumerate(stream):
        if token.text != "O_CREAT":
            continue
        start = i
        while start > 0 and stream[start - 1].text not in (";", "{", "}"):
            start -= 1
        end = i
        while end < len(stream) and stream[end].text not in (";", "{", "}"):
            end += 1
        texts = {t.text for t in stream[start:end]}
        missing = [flag for flag in CREATE_NEEDS if flag not in texts]
        if missing:
            tree_.complain(name, token.line, "O_CREAT in a room of the child without "
                           + " and ".join(missing))


def lint(tree_):
    for name in tree_.c_files("lib", "init", "cli", "include"):
        source = csource.Source(tree_.text(name))
        for stream, i in source.calls():
            if not is_declared(stream, i):
                check_call(tree_, name, source, stream, i)
        if tree.room_of(name) in CHILD_ROOMS:
            for stream in source.streams():
                check_creates(tree_, name, stream)


if __name__ == "__main__":
    tree.main(lint)
