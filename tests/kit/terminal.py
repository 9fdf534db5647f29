#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py [--check-modes] INPUT COMMAND...: runs a command on a terminal of 33 rows and 111 columns.

Types INPUT and a newline as soon as the command has written something (or after two seconds), copies
what comes out with the line ends of files, and exits as the command does. A control character is typed
alone. --check-modes says whether the terminal's modes are afterwards what they were before.
"""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def start(command, slave):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for fd in range(3):
            os.dup2(slave, fd)
        os.closerange(3, 64)
        os.execvp(command[0], command)
    return pid


def serve(pid, master, typed):
    """Until the command has ended and nothing more comes: (output, wait status)."""
    out = b""
    status = None
    deadline = time.monotonic() + 2
    while True:
        ready = select.select([master], [], [], 0.05 if status is None else 0)[0]
        if ready:
            out += os.read(master, 65536)
        elif status is not None:
            return out, status
        if typed and (out or time.monotonic() > deadline):
            os.write(master, typed)
            typed = b""
        if status is None:
            ended, value = os.waitpid(pid, os.WNOHANG)
            status = value if ended else None


def main():
    args = sys.argv[1:]
    check_modes = args[0] == "--check-modes"
    if check_modes:
        args = args[1:]
    typed = args[0].encode()
    if typed and typed[0] >= 32:
        typed += b"\n"

    # The slave end stays open here, so that the output of a command that has ended is not lost.
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 111, 0, 0))
    before = termios.tcgetattr(slave)
    out, status = serve(start(args[1:], slave), master, typed)
    sys.stdout.write(out.decode(errors="replace").replace("\r\n", "\n"))
    if check_modes:
        same = termios.tcgetattr(slave) == before
        print("modes unchanged" if same else "modes CHANGED")
    return os.waitstatus_to_exitcode(status)


sys.exit(main())
