#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A D-Bus daemon that greets whoever connects, and answers nothing after that; with "mute" not even the greeting.
silent_bus.py SOCKET [mute]; it prints "ready" when it listens. One connection, by the D-Bus specification ("Authentication
Protocol", "Message Format")."""
import socket
import sys


def padded(data, size):
    return data + bytes(-len(data) % size)


def number(value):
    return value.to_bytes(4, "little")


def text(value):
    return number(len(value)) + value.encode() + b"\0"


def greeting(serial):
    """The answer to Hello: METHOD_RETURN with the name of the connection; its header says what it answers and what
    the body's type is."""
    body = text(":1.1")
    fields = padded(bytes([5, 1]) + b"u\0" + number(serial), 8) + bytes([8, 1]) + b"g\0" + b"\1s\0"
    head = b"l\2\0\1" + number(len(body)) + number(1) + number(len(fields)) + fields
    return padded(head, 8) + body


def read_until(connection, data, word):
    while word not in data:
        more = connection.recv(4096)
        if not more:
            sys.exit()
        data += more
    return data[data.index(word) + len(word):]


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    print("ready", flush=True)
    connection, _ = listener.accept()
    if sys.argv[2:] != ["mute"]:
        rest = read_until(connection, b"", b"AUTH EXTERNAL")
        connection.sendall(b"DATA\r\nOK 0123456789abcdef0123456789abcdef\r\nAGREE_UNIX_FD\r\n")
        rest = read_until(connection, rest, b"BEGIN\r\n")
        while len(rest) < 12:
            rest += connection.recv(4096)
        connection.sendall(greeting(int.from_bytes(rest[8:12], "little")))
    while connection.recv(4096):
        pass


main()
