#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""manager.py SOCKET: a service manager on a datagram socket, of any length or "@NAME". It says "listens", then one
line for each message: its text with "|" for a newline, and how many descriptors came. It closes the descriptor of
BARRIER=1, and ends with that."""
import array
import os
import socket
import sys


def bind(receiver, name):
    if name.startswith("@"):
        receiver.bind("\0" + name[1:])
        return
    folder, base = os.path.split(name)
    folder_fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    receiver.bind(f"/proc/self/fd/{folder_fd}/{base}")
    os.chmod(name, 0o777)


def main():
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bind(receiver, sys.argv[1])
    receiver.settimeout(120)
    print("listens", flush=True)
    while True:
        data, ancillary, _, _ = receiver.recvmsg(65536, socket.CMSG_SPACE(64))
        fds = array.array("i")
        for _, _, part in ancillary:
            fds.frombytes(part)
        print(data.decode().replace("\n", "|"), len(fds), flush=True)
        for fd in fds:
            os.close(fd)
        if data == b"BARRIER=1":
            return 0


sys.exit(main())
