#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pidfd.py SOCKET [SIGNAL]: listens on a socket, says "listens", takes one pidfd there, and prints the bytes that
came beside it, how many descriptors came, and the pid. With a signal it waits for the file SOCKET.go, sends the
signal through the pidfd and prints "ended" when the process has. The path may be of any length."""
import array
import os
import select
import signal
import socket
import sys
import time


def listen(path):
    """A listener at a path of any length: bind(2) takes 108 bytes."""
    folder, name = os.path.split(os.path.abspath(path))
    folder_fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"/proc/self/fd/{folder_fd}/{name}")
    listener.listen(1)
    listener.settimeout(60)
    os.close(folder_fd)
    return listener


def pid_of(pidfd):
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as info:
        return int(next(line for line in info if line.startswith("Pid:")).split()[1])


def main():
    listener = listen(sys.argv[1])
    print("listens", flush=True)
    connection, _ = listener.accept()
    data, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(64))
    fds = array.array("i")
    for _, _, part in ancillary:
        fds.frombytes(part)
    print(data.decode(), len(fds), pid_of(fds[0]), flush=True)
    if len(sys.argv) > 2:
        while not os.path.exists(sys.argv[1] + ".go"):
            time.sleep(0.05)
        signal.pidfd_send_signal(fds[0], getattr(signal, "SIG" + sys.argv[2]))
        select.select([fds[0]], [], [], 60)
        print("ended", flush=True)
    return 0


sys.exit(main())
