#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""below.py PID: the mountinfo of a process's mount namespace with its topmost root taken away: what a
container that was started without pivot_root has below it. It changes a copy of the namespace alone."""
import ctypes
import os
import sys

CLONE_NEWNS, MNT_DETACH = 0x20000, 2
LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *args):
    if getattr(LIBC, name)(*args) < 0:
        raise OSError(ctypes.get_errno(), name)


def main():
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    call("setns", os.open(f"{sys.argv[1]}/ns/mnt", os.O_RDONLY, dir_fd=proc), CLONE_NEWNS)
    call("unshare", CLONE_NEWNS)
    call("umount2", b"/", MNT_DETACH)
    # Joining it once more makes its root this process's.
    call("setns", os.open(f"{os.getpid()}/ns/mnt", os.O_RDONLY, dir_fd=proc), CLONE_NEWNS)
    with open(os.open(f"{os.getpid()}/mountinfo", os.O_RDONLY, dir_fd=proc), encoding="utf-8") as file:
        sys.stdout.write(file.read())


main()
