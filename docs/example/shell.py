#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A shell in namespaces of your choice: the standard library and berth-init, nothing else.

    shell.py [--join PATH]... [--new pid,net,uts,ipc,mnt,user,cgroup,time] [--] [PROGRAM ARG...]

The message is written by hand here, to show how little there is to it. BERTH_INIT names berth-init;
without that variable it is found by PATH.
"""
import argparse
import json
import os
import socket
import struct
import subprocess
import sys

INIT_MSG = 62000
CLONE_FLAGS, NS_PATHS, UIDMAP, GIDMAP = 27281, 27283, 27284, 27285
KINDS = {
    "mnt": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000,
    "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "time": 0x00000080,
}


def int32_attr(kind, value):
    return struct.pack("=HHI", 8, kind, value)


def bytes_attr(kind, value):
    data = struct.pack("=HH", 4 + len(value) + 1, kind) + value + b"\0"
    return data + b"\0" * (-len(data) % 4)


def message(attributes):
    body = b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), INIT_MSG, 1, 0, 0) + body


def arguments():
    parser = argparse.ArgumentParser(description="a shell in namespaces of your choice")
    parser.add_argument("--join", action="append", default=[], metavar="PATH")
    parser.add_argument("--new", default="", metavar="KINDS")
    parser.add_argument("program", nargs="*", default=["sh"])
    return parser.parse_args()


def main():
    wish = arguments()
    kinds = [kind for kind in wish.new.split(",") if kind]
    attributes = [int32_attr(CLONE_FLAGS, sum(KINDS[kind] for kind in kinds))]
    if wish.join:
        attributes.append(bytes_attr(NS_PATHS, ",".join(wish.join).encode()))
    if "user" in kinds:
        attributes.append(bytes_attr(UIDMAP, f"0 {os.geteuid()} 1\n".encode()))
        attributes.append(bytes_attr(GIDMAP, f"0 {os.getegid()} 1\n".encode()))

    ours, theirs = socket.socketpair()
    name = os.environ.get("BERTH_INIT", "berth-init")
    try:
        init = subprocess.Popen(
            [name, "--", *wish.program],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "_LIBCONTAINER_INITPIPE": str(theirs.fileno())},
        )
    except OSError as error:
        print(f"shell: {name} cannot be started: {error.strerror}: BERTH_INIT names it, "
              "or it is found by PATH", file=sys.stderr)
        return 1
    theirs.close()
    try:
        ours.sendall(message(attributes))
        line = ours.makefile().readline()
    except ConnectionError:
        line = ""  # berth-init has ended before it read all of the message
    init.wait()
    if not line:
        return 1  # berth-init has said why on stderr
    # The program is our child, not berth-init's.
    _, status = os.waitpid(json.loads(line)["pid"], 0)
    return os.waitstatus_to_exitcode(status)


sys.exit(main())
