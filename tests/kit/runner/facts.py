# SPDX-License-Identifier: Apache-2.0
"""Facts of a machine that forbid tests, each with the function that says whether it holds here."""
import os
import platform
import pwd
import shutil
import struct
import subprocess
import tempfile


def effective_capability(number):
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> number & 1)
    return False


def has_subids():
    """Subordinate ids of this user; for root: of the user that the rootless tests run as."""
    names = {pwd.getpwuid(os.geteuid()).pw_name, str(os.geteuid())}
    if os.geteuid() == 0:
        names |= {"nobody", "65534", os.environ.get("BERTH_TEST_USER", "nobody")}
    try:
        with open("/etc/subuid", encoding="utf-8") as file:
            return any(line.split(":")[0] in names for line in file)
    except OSError:
        return False


def reads(path, wanted):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip() == wanted
    except OSError:
        return False


def has_text(path, text):
    """Whether the file is there, can be read, and has this in it."""
    try:
        with open(path, encoding="utf-8") as file:
            return text in file.read()
    except OSError:
        return False


def is_missing(path):
    return lambda: not os.path.exists(path)


def lacks(program):
    return lambda: shutil.which(program) is None


def refuses_i386():
    """Whether the kernel ends a program that asks it by the gate of i386: the smallest one, whose end is exit(0)."""
    base, code = 0x08048000, bytes.fromhex("b801000000" "31db" "cd80")
    header = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\1\1\1", 2, 3, 1, base + 84, 52, 0, 0, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<8I", 1, 0, base, base, 84 + len(code), 84 + len(code), 5, 4096)
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "exit")
        with open(path, "wb") as file:
            file.write(header + segment + code)
        os.chmod(path, 0o700)
        try:
            return subprocess.run([path], check=False).returncode != 0
        except OSError:
            return True


FACTS = {
    "root": lambda: os.geteuid() == 0,
    "not-root": lambda: os.geteuid() != 0,
    "no-subids": lambda: not has_subids(),
    "no-cap-sys-resource": lambda: not effective_capability(24),
    "no-cap-sys-time": lambda: not effective_capability(25),
    "no-cap-mknod": lambda: not effective_capability(27),
    "no-cap-mac-admin": lambda: not effective_capability(33),
    "no-user-namespaces": lambda: is_missing("/proc/self/ns/user")()
                          or reads("/proc/sys/user/max_user_namespaces", "0")
                          or reads("/proc/sys/kernel/unprivileged_userns_clone", "0"),
    "no-time-namespace": is_missing("/proc/self/ns/time"),
    "no-cgroup-v2": is_missing("/sys/fs/cgroup/cgroup.controllers"),
    "no-cgroup-v1": lambda: os.path.exists("/sys/fs/cgroup/cgroup.controllers")
                    or not os.path.isdir("/sys/fs/cgroup"),
    "no-systemd": is_missing("/run/systemd/system"),
    "no-mqueue": is_missing("/proc/sys/fs/mqueue"),
    "no-seccomp": is_missing("/proc/sys/kernel/seccomp"),
    "no-selinux": is_missing("/sys/fs/selinux/enforce"),
    "no-apparmor": is_missing("/sys/kernel/security/apparmor"),
    "selinux": lambda: has_text("/proc/filesystems", "\tselinuxfs\n"),
    "apparmor": lambda: has_text("/proc/self/attr/apparmor/current", ""),
    "no-kvm": is_missing("/dev/kvm"),
    "no-fuse": is_missing("/dev/fuse"),
    "no-network-devices": is_missing("/sys/class/net/lo"),
    "no-musl": lacks("musl-gcc"),
    "no-clang": lacks("clang"),
    "no-go": lacks("go"),
    "no-g++": lacks("g++"),
    "no-strace": lacks("strace"),
    "no-busybox": lacks("busybox"),
    "no-newuidmap": lacks("newuidmap"),
    "no-qemu": lacks("qemu-system-x86_64"),
    "no-i386": refuses_i386,
    "no-x86-64": lambda: platform.machine() != "x86_64",
}
