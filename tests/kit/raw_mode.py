# SPDX-License-Identifier: Apache-2.0
"""What raw.py does; see there.

The tests start it hundreds of times, and in an emulated machine most of a start is the loading of modules. So there is no
argparse, no ast and no re, and "signal" and "socket" come without their enumerations, which take longer than all the rest.
"""
import _signal as signal
import _socket as socket
import _thread
import os
import sys
import time

MISUSED, BROKEN, REFUSED = 2, 98, 99
INIT_MSG = 62000
CLONE_FLAGS, CONSOLE_PATH, NS_PATHS, UIDMAP, GIDMAP, SETGROUP = range(27281, 27287)
KINDS = {
    "mnt": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
    "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "time": 0x00000080,
}
PATIENCE_S = 30


class Broken(Exception):
    """A promise of the protocol was not kept."""


# What is asked for

class Wish:
    """The options, with what they are where they are not given: no_dashes is --no-dashes. A list's may come more than once."""
    init: str = None  # the berth-init under test
    direct: bool = False  # no berth-init: the program as the caller starts it
    via: str = None  # a command that is to execute berth-init
    no_dashes: bool = False  # no "--" before the program
    # the message
    new: str = ""  # kinds of namespaces to create
    flags: str = None  # CloneFlagsAttr as a number
    no_flags: bool = False
    join: list = []  # paths
    uid_map: str = None  # LINES|@FILE
    gid_map: str = None
    setgroups: str = None  # allow or deny
    console: str = None  # a path
    pty: bool = False  # a new terminal as console; its output is copied
    attr: list = []  # TYPE[/NLA_LEN]=BYTES
    nlmsg_len: int = None
    nlmsg_type: int = INIT_MSG
    # how it is sent
    split: str = ""  # OFFSETS: send in pieces
    each_byte: bool = False
    stop_at: int = None  # send so many bytes and no more
    end: bool = False  # end of file after what was sent
    hang_up: bool = False  # close the stream and want no answer
    trail: str = ""  # a text that is sent behind the message; must be left there
    # the caller
    uid: int = None  # as this user, who has no right
    groups: str = None  # the caller's supplementary groups: GIDS
    threads: int = 0
    cwd: str = "."
    env: list = []  # NAME=VALUE
    closed: str = ""  # standard descriptors that are closed: 0,1,2
    at: int = 77  # the stream's number in berth-init
    number: str = None  # what _LIBCONTAINER_INITPIPE says instead
    no_number: bool = False
    timeout_ms: str = None


OPTIONS = {"--" + name.replace("_", "-"): (name, kind) for name, kind in Wish.__annotations__.items()}


class Misused(Exception):
    """A test asks for what there is not."""


def parse_option(wish, word, words):
    """Sets the option `word`; its value, if it has one, is the next of `words`."""
    if word not in OPTIONS:
        raise Misused(f"unknown option {word}")
    name, kind = OPTIONS[word]
    if kind is bool:
        value = True
    elif not words:
        raise Misused(f"{word} needs a value")
    elif kind is list:
        value = getattr(wish, name) + [words.pop(0)]
    else:
        value = kind(words.pop(0))
    setattr(wish, name, value)


def parse(words):
    """The options end at "--" or at the program, whose own begin with a dash as well."""
    wish = Wish()
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--":
            break
        try:
            parse_option(wish, word, words)
        except ValueError as error:
            raise Misused(f"{word}: {error}") from error
    if wish.init is None:
        raise Misused("--init is missing")
    if wish.setgroups not in (None, "allow", "deny"):
        raise Misused(f'--setgroups: "{wish.setgroups}" is neither allow nor deny')
    wish.program = words
    return wish


# The message

def u16(number):
    return number.to_bytes(2, sys.byteorder)


def u32(number):
    return number.to_bytes(4, sys.byteorder)


def attribute(kind, value, nla_len=None):
    """One attribute without the zeros behind it."""
    return u16(4 + len(value) if nla_len is None else nla_len) + u16(kind) + value


def text(kind, value):
    return attribute(kind, os.fsencode(value) + b"\0")


def map_lines(wish):
    """The text of a map: lines separated by commas, or @FILE for a whole text."""
    if wish.startswith("@"):
        with open(wish[1:], encoding="utf-8") as file:
            return file.read()
    return "".join(line + "\n" for line in wish.split(","))


def raw_attribute(wish):
    """TYPE=BYTES or TYPE/NLA_LEN=BYTES, where BYTES is as Python has it: b'x', b'x' * 3, and sums of these."""
    number, literal = wish.split("=", 1)
    kind, _, nla_len = number.partition("/")
    return attribute(int(kind), eval(literal), int(nla_len) if nla_len else None)


def attributes(wish, console):
    if wish.flags is not None:
        yield attribute(CLONE_FLAGS, u32(int(wish.flags, 0)))
    elif not wish.no_flags:
        kinds = [kind for kind in wish.new.split(",") if kind]
        yield attribute(CLONE_FLAGS, u32(sum(KINDS[kind] for kind in kinds)))
    if console is not None:
        yield text(CONSOLE_PATH, console)
    if wish.join:
        yield text(NS_PATHS, ",".join(wish.join))
    if wish.uid_map is not None:
        yield text(UIDMAP, map_lines(wish.uid_map))
    if wish.gid_map is not None:
        yield text(GIDMAP, map_lines(wish.gid_map))
    for literal in wish.attr:
        yield raw_attribute(literal)
    if wish.setgroups:
        yield attribute(SETGROUP, b"\1" if wish.setgroups == "allow" else b"\0")


def make_message(wish, console):
    body = b""
    for piece in attributes(wish, console):
        body += b"\0" * (-len(body) % 4) + piece
    if not wish.setgroups:  # a bool in last place has no padding
        body += b"\0" * (-len(body) % 4)
    length = 16 + len(body) if wish.nlmsg_len is None else wish.nlmsg_len
    return u32(length) + u16(wish.nlmsg_type) + u16(1) + u32(0) + u32(0) + body


# Sending it

def wait_until_read(ours):
    """Until the other end has read all, so that a split message is split for the reader."""
    left = 1
    while left > 0:
        time.sleep(0.0002)
        left = int.from_bytes(fcntl.ioctl(ours, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def send(wish, ours, message):
    cuts = [int(cut) for cut in wish.split.split(",") if cut]
    if wish.each_byte:
        cuts = list(range(1, len(message)))
    if wish.stop_at is not None:
        message = message[:wish.stop_at]
    message += os.fsencode(wish.trail)
    try:
        for start, end in zip([0] + cuts, cuts + [len(message)]):
            ours.sendall(message[start:end])
            if end < len(message):
                wait_until_read(ours)
        if wish.end:
            ours.shutdown(socket.SHUT_WR)
    except (BrokenPipeError, ConnectionResetError):
        pass  # berth-init has read enough to refuse it


# berth-init

def environment(wish, number):
    env = dict(os.environ)
    env.pop("_LIBCONTAINER_INITPIPE", None)
    env.pop("_BERTH_INIT_TIMEOUT_MS", None)
    if wish.number is not None:
        env["_LIBCONTAINER_INITPIPE"] = wish.number
    elif not wish.no_number:
        env["_LIBCONTAINER_INITPIPE"] = str(number)
    if wish.timeout_ms is not None:
        env["_BERTH_INIT_TIMEOUT_MS"] = wish.timeout_ms
    for setting in wish.env:
        name, _, value = setting.partition("=")
        env[name] = value
    return env


def execute(wish, init_fd, theirs, errors):
    """In the child: becomes berth-init, or the program itself for the control of a test."""
    os.dup2(theirs.fileno(), wish.at)
    env = environment(wish, wish.at)
    os.chdir(wish.cwd)
    if errors is not None:
        os.dup2(errors, 2)
    for number in wish.closed.split(","):
        if number:
            os.close(int(number))
    if wish.direct:
        os.execvpe(wish.program[0], wish.program, env)
    argv = ["berth-init"] + ([] if wish.no_dashes else ["--"]) + wish.program
    if wish.via:
        via = wish.via.split()
        os.execvpe(via[0], via + [wish.init] + argv[1:], env)
    os.execve(init_fd, argv, env)


def start(wish, init_fd, theirs, errors):
    pid = os.fork()
    if pid == 0:
        try:
            execute(wish, init_fd, theirs, errors)
        except Exception as error:  # whatever it is, this is not the parent
            os.write(2, f"raw.py: cannot start berth-init: {error}\n".encode())
        os._exit(97)
    return pid


def read_stream(ours, until):
    """Everything up to `until`, or to the end of the stream where that is None."""
    data = b""
    while until is None or not data.endswith(until):
        try:
            more = ours.recv(4096)
        except ConnectionResetError:  # it ended and had not read all that was sent
            more = b""
        if not more:
            break
        data += more
    return data


def read_all(fd):
    return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace")


def status_field(pid, name):
    # In bytes: an ordinary user may not be able to load the codec any more.
    with open(f"/proc/{pid}/status", "rb") as file:
        return next(line.split(None, 1)[1] for line in file if line.startswith(f"{name}:".encode()))


# What it promises

def require(condition, what):
    if not condition:
        raise Broken(what)


def no_child_is_left():
    try:
        pid, _ = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    raise Broken(f"one child too many: {pid if pid else 'still running'}")


def check_refusal(wish, init_status, errors):
    """berth-init has written nothing to the stream and is reaped."""
    line = read_all(errors)
    code = os.waitstatus_to_exitcode(init_status)
    require(1 <= code <= 125, f"nothing answered, and the status is {code}: {line!r}")
    if "2" not in wish.closed:
        reason = line.removeprefix("berth-init: ").removesuffix("\n")
        require(reason and "\n" not in reason and line == f"berth-init: {reason}\n", f"not one line on stderr: {line!r}")
    # A child that was made already has been killed: this waits for it, but ends nobody.
    while True:
        try:
            _, status = os.waitpid(-1, 0)
        except ChildProcessError:
            break
        require(status != 0, "a child that was to be killed has ended well")
    sys.stderr.write(line)
    return REFUSED


def check_start(answer, init_status, errors, copy_output):
    digits = answer.removeprefix(b'{ "pid" : ').removesuffix(b" }\n")
    pid = int(digits) if digits.isdigit() else 0
    require(pid > 0 and answer == b'{ "pid" : %d }\n' % pid, f"the answer is {answer!r}")
    require(init_status == 0, f"it answered, and its wait status is {init_status}")
    require(int(status_field(pid, "PPid")) == os.getpid(), "the program's parent is not the caller")
    copy_output()
    reaped, status = os.waitpid(pid, 0)
    require(reaped == pid, "the program cannot be waited for")
    no_child_is_left()
    sys.stderr.write(read_all(errors))
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def check_rest(wish, kept):
    """What follows the message is still there, for whoever else reads the same descriptor."""
    os.set_blocking(kept, False)
    try:
        rest = os.read(kept, 65536)
    except BlockingIOError:
        rest = b""
    require(rest == os.fsencode(wish.trail), f"what is left of the stream is {rest!r}")


# The whole

def load_ioctl():
    global fcntl, termios
    import fcntl
    import termios


def become(wish):
    if wish.groups is not None:
        os.setgroups([int(group) for group in wish.groups.split(",") if group])
    if wish.uid is not None:
        if wish.groups is None:
            os.setgroups([])
        os.setresgid(wish.uid, wish.uid, wish.uid)
        os.setresuid(wish.uid, wish.uid, wish.uid)


def start_threads(count):
    never = _thread.allocate_lock()
    never.acquire()
    for _ in range(count):
        _thread.start_new_thread(never.acquire, ())


def copy_terminal(master):
    """The terminal's output, to its end."""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:  # EIO: the last one who had it open is gone
            break
        sys.stdout.write(data.decode(errors="replace").replace("\r\n", "\n"))
        sys.stdout.flush()


def open_terminal(wish):
    """The master of a new terminal, and its path."""
    if not wish.pty:
        return None, wish.console
    master, slave = os.openpty()
    path = os.ttyname(slave)
    if wish.uid is not None:
        os.chown(path, wish.uid, -1)
    os.close(slave)
    return master, path


def run(wish):
    init_fd = os.open(wish.init, os.O_RDONLY | os.O_CLOEXEC)
    master, console = open_terminal(wish)
    if wish.split or wish.each_byte:
        load_ioctl()  # now: an ordinary user may not be able to any more
    become(wish)
    start_threads(wish.threads)
    message = make_message(wish, console)
    ours, theirs = socket.socketpair()
    errors = os.memfd_create("stderr")
    pid = start(wish, init_fd, theirs, None if wish.direct else errors)
    kept = socket.dup(theirs.fileno()) if wish.trail else None
    theirs.close()
    if wish.direct:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    send(wish, ours, message)
    if wish.hang_up:
        ours.close()
    _, init_status = os.waitpid(pid, 0)
    if wish.hang_up:
        return check_refusal(wish, init_status, errors)
    # With nobody else at the other end, the stream must be at its end even while the program runs.
    if kept is not None:
        check_rest(wish, kept)
        os.close(kept)
    answer = read_stream(ours, None)
    if not answer:
        return check_refusal(wish, init_status, errors)
    copy_output = (lambda: copy_terminal(master)) if wish.pty else (lambda: None)
    return check_start(answer, init_status, errors, copy_output)


def give_up(_signal, _frame):
    raise Broken(f"not done after {PATIENCE_S} s")


def end_children():
    """After a broken promise: nothing of this test is to disturb the next."""
    with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:
        for pid in file.read().split():
            os.kill(int(pid), signal.SIGKILL)


def main():
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE_S)
    try:
        status = run(parse(sys.argv[1:]))
    except Misused as error:
        sys.stderr.write(f"raw.py: {error}\n")
        status = MISUSED
    except Broken as error:
        sys.stderr.write(f"raw.py: broken: {error}\n")
        end_children()
        status = BROKEN
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # threads, if there are any, wait for ever
