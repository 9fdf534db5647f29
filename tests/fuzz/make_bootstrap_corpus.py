#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of fuzz_bootstrap: make_bootstrap_corpus.py VECTORS DIRECTORY.

The messages of the vectors, and the edges of the format. What a fuzzer found is added by hand and stays.
"""
import json
import pathlib
import struct
import sys

FLAGS, CONSOLE, PATHS, UIDMAP, GIDMAP, SETGROUP = range(27281, 27287)


def attr(number, value, nla_len=None, pad=True):
    length = 4 + len(value) if nla_len is None else nla_len
    data = struct.pack("=HH", length, number) + value
    return data + bytes(-len(data) % 4) if pad else data


def message(*attrs, nlmsg_len=None, nlmsg_type=62000):
    body = b"".join(attrs)
    length = 16 + len(body) if nlmsg_len is None else nlmsg_len
    return struct.pack("=IHHII", length, nlmsg_type, 1, 0, 0) + body


def seeds():
    flags = attr(FLAGS, struct.pack("=I", 0x10020000))
    last_bool = attr(SETGROUP, b"\1", pad=False)
    long_map = b"".join(b"%d %d 1\n" % (i, i) for i in range(340))
    yield "empty", message()
    yield "flags", message(flags)
    yield "all", message(flags, attr(CONSOLE, b"/dev/pts/0\0"), attr(PATHS, b"/a,/b\0"),
                         attr(UIDMAP, b"0 1 1\n\0"), attr(GIDMAP, b"0 1 1\n1 2 3\n\0"), last_bool)
    yield "reversed", message(attr(SETGROUP, b"\0"), attr(GIDMAP, b"0 1 1\n\0"),
                              attr(UIDMAP, b"0 1 1\n\0"), attr(PATHS, b"/a\0"),
                              attr(CONSOLE, b"c\0"), flags)
    yield "bool-padded-last", message(flags, attr(SETGROUP, b"\1"))
    yield "bool-as-int32", message(flags, attr(SETGROUP, struct.pack("=I", 1)))
    yield "bool-256", message(flags, attr(SETGROUP, struct.pack("=I", 256)))
    yield "len-0", message(flags, attr(PATHS, b"", nla_len=0))
    yield "len-65535", message(flags, attr(PATHS, b"/a\0", nla_len=65535))
    yield "no-nul", message(flags, attr(PATHS, b"/abc"))
    yield "inner-nul", message(flags, attr(PATHS, b"/a\0b\0"))
    yield "no-padding", message(flags, attr(PATHS, b"/a\0", pad=False))
    yield "header-split", message(flags, b"\4\0")
    yield "duplicate", message(flags, flags)
    yield "unknown", message(flags, attr(27290, b"a\0"))
    yield "full-map", message(flags, attr(UIDMAP, b"0 0 4294967295\n\0"))
    yield "long-map", message(flags, attr(UIDMAP, long_map + b"\0"))
    yield "overlap", message(flags, attr(GIDMAP, b"0 5 9\n7 90 1\n\0"))
    yield "other-type", message(flags, nlmsg_type=2)
    yield "huge-length", message(flags, nlmsg_len=0xFFFFFFFF)
    yield "small-length", message(flags, nlmsg_len=15)


def main():
    vectors, directory = map(pathlib.Path, sys.argv[1:])
    for i, vector in enumerate(json.loads(vectors.read_text())["messages"]):
        (directory / f"vector-{i}").write_bytes(bytes.fromhex(vector["message_hex"]))
    for name, data in seeds():
        (directory / name).write_bytes(data)


if __name__ == "__main__":
    main()
