#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""criu.py swrk FD: in the place of criu, one of version 3.19 that writes down what it is asked, one line
"NUMBER VALUE" for each field of criu_opts (rpc.proto) in the file $0.request, and refuses it; where there is a file
$0.takes, it says that all was done."""
import os
import socket
import sys


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        yield key >> 3, value


def text(value):
    """A number, a text, or the members of a small message."""
    if isinstance(value, int):
        return str(value)
    if all(byte >= 0x20 for byte in value):
        return value.decode()
    return ",".join(v.decode() if isinstance(v, bytes) else str(v) for _, v in fields(value))


def main():
    peer = socket.socket(fileno=int(sys.argv[2]))
    request = dict(fields(peer.recv(1 << 20)))
    if request[1] == 10:
        peer.send(b"\x08\x0a\x10\x01\x52\x04\x08\x03\x10\x13")
        return 0
    with open(sys.argv[0] + ".request", "w", encoding="utf-8") as out:
        print("task", request[1], file=out)
        for number, value in fields(request[2]):
            print(number, text(value), file=out)
    if os.path.exists(sys.argv[0] + ".takes"):
        peer.send(bytes([8, request[1], 16, 1]))
        return 0
    peer.send(bytes([8, request[1], 16, 0, 0x4A, 14]) + b"Error: refused")
    return 1


sys.exit(main())
