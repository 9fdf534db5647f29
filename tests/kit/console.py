#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""console.py SOCKET: listens on a console socket, takes the master of one terminal, types "hello" and a
newline, and copies what comes until the terminal is closed."""
import array
import os
import socket
import sys


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(1)
    listener.settimeout(30)
    connection, _ = listener.accept()
    _, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16))
    fds = array.array("i")
    fds.frombytes(ancillary[0][2][:4])
    master = fds[0]
    os.write(master, b"hello\n")
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:
            return 0
        if not data:
            return 0
        sys.stdout.buffer.write(data)
        sys.stdout.flush()


sys.exit(main())
