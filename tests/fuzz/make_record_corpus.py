#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of fuzz_record: make_record_corpus.py DIRECTORY.

Messages of the conversation after InitMsg, and the edges of their form. What a fuzzer found is added by
hand and stays.
"""
import pathlib
import struct
import sys

BOOT, MAPPED, GO, CHILD, READY, ERROR = 62001, 62002, 62003, 62010, 62012, 62014


def item(kind, value, length=None, zero=0):
    length = len(value) if length is None else length
    return struct.pack("=HHI", kind, zero, length) + value + bytes(-len(value) % 8)


def number(kind, value):
    return item(kind, struct.pack("=I", value))


def long_number(kind, value):
    return item(kind, struct.pack("=Q", value))


def text(kind, value):
    return item(kind, value + b"\0")


def message(frame, *items):
    body = b"".join(items)
    return struct.pack("=IHHII", 16 + len(body), frame, 1, 0, 0) + body


def mount(kind, fstype=None):
    parts = [number(1, kind), text(3, b"/mounts/0"), text(4, b"/data"), text(5, b"/srv/data"),
             text(7, b"size=1m"), text(7, b"mode=755"), long_number(8, 1)]
    return item(6, b"".join(parts + ([text(6, fstype)] if fstype else [])))


def device(kind):
    return item(7, number(1, kind) + text(2, b"/linux/devices/0") + text(3, b"/dev/x") + text(4, b"y"))


def hooks(state):
    hook = (text(1, b"createContainer") + number(2, 1) + text(3, b"/bin/x") + text(4, b"x") + text(4, b"-y") +
            text(5, b"A=b") + number(6, 30))
    return item(30, state + text(2, b"/srv") + item(3, hook) + item(4, hook))


def seeds():
    needed = text(2, b"/srv/root") + text(16, b"/") + text(17, b"sh")
    identity = item(15, number(1, 1000) + number(2, 1000) + number(3, 4) + number(3, 5) +
                    long_number(5, 1 << 40))
    yield "boot-small", message(BOOT, needed)
    yield "boot-empty", message(BOOT)
    yield "boot-full", message(BOOT, number(1, 0x3f), needed, number(3, 1), mount(0, b"tmpfs"), mount(1),
                               mount(2), device(0), device(2), text(8, b"/proc/sys"),
                               text(9, b"/proc/kcore"), text(10, b"host"), number(12, 18), identity,
                               text(17, b"-c"), text(17, b""), text(18, b"PATH=/bin"))
    yield "boot-hooks", message(BOOT, needed, hooks(text(1, b'{"id":"x"}')))
    yield "boot-hooks-stateless", message(BOOT, needed, hooks(b""))
    yield "boot-empty-mounts", message(BOOT, needed, item(6, b"") * 64)
    yield "boot-empty-devices", message(BOOT, needed, item(7, b"") * 64)
    yield "child", message(CHILD, number(1, 4711), number(2, 1))
    yield "child-twice", message(CHILD, number(1, 1), number(1, 1))
    yield "error", message(ERROR, number(1, 6), number(2, 2), text(3, b"mounts"), text(4, b"/mounts/3"),
                           text(5, b"/x"), text(6, b"open"))
    yield "error-bare", message(ERROR)
    yield "error-no-class", message(ERROR, number(1, 0xffffffff), number(2, 0xffffffff))
    yield "mapped", message(MAPPED)
    yield "ready-with-item", message(READY, number(1, 1))
    yield "unknown-kind", message(BOOT, number(99, 1))
    yield "zero-not-zero", message(BOOT, item(1, b"\1\0\0\0", zero=1))
    yield "number-of-8", message(BOOT, item(1, bytes(8)))
    yield "no-nul", message(BOOT, item(2, b"abcdefgh"))
    yield "inner-nul", message(BOOT, item(2, b"a\0b\0"))
    yield "text-of-0", message(BOOT, item(2, b""))
    yield "padding", message(BOOT, item(1, b"\1\0\0\0\1\0\0\0", length=4))
    yield "past-the-end", message(BOOT, item(2, b"a\0", length=4096))
    yield "length-wraps", message(BOOT, item(2, b"a\0", length=0xffffffff))
    yield "past-the-mount", message(BOOT, item(6, item(4, b"", length=8)), item(2, b"a\0"))
    yield "header-split", message(BOOT, b"\1\0\0\0")


def main():
    directory = pathlib.Path(sys.argv[1])
    for name, data in seeds():
        (directory / name).write_bytes(data)


if __name__ == "__main__":
    main()
