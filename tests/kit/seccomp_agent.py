#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seccomp_agent.py SOCKET MODE [NUMBER=ERRNO]...: whoever answers for a seccomp filter. It says "listens", and for each
connection one line: what came, as JSON, with the number of descriptors as the member "descriptors". Then, by MODE:
"answer": system calls of these numbers fail with that errno, all others go on, each is a line "asked NUMBER PID";
"leave": it closes all and ends; "refuse": it closes the connection at once, without reading."""
import array
import fcntl
import json
import os
import socket
import struct
import sys
import threading

NOTIF_RECV = 0xC0502100
NOTIF_SEND = 0xC0182101
CONTINUE = 1


def serve(listener_fd, answers):
    while True:
        request = bytearray(80)
        try:
            fcntl.ioctl(listener_fd, NOTIF_RECV, request)
        except OSError:
            return  # the process has ended
        number, pid, _, call = struct.unpack_from("=QIIi", request)
        print("asked", call, pid, flush=True)
        error = answers.get(call)
        answer = struct.pack("=QqiI", number, 0, -error if error else 0, 0 if error else CONTINUE)
        try:
            fcntl.ioctl(listener_fd, NOTIF_SEND, bytearray(answer))
        except OSError:
            pass


def receive(connection):
    data, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(64))
    fds = array.array("i")
    for _, _, part in ancillary:
        fds.frombytes(part)
    while True:
        more = connection.recv(1 << 20)
        if not more:
            break
        data += more
    state = json.loads(data)
    state["descriptors"] = len(fds)
    print(json.dumps(state), flush=True)
    return fds[0]


def main():
    answers = dict((int(n), int(e)) for n, e in (word.split("=") for word in sys.argv[3:]))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(8)
    os.chmod(sys.argv[1], 0o777)
    print("listens", flush=True)
    while True:
        connection, _ = listener.accept()
        if sys.argv[2] == "refuse":
            connection.close()
            continue
        fd = receive(connection)
        connection.close()
        if sys.argv[2] == "leave":
            return 0
        threading.Thread(target=serve, args=(fd, answers), daemon=True).start()


sys.exit(main())
