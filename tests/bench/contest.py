# SPDX-License-Identifier: Apache-2.0
"""The contestants, the bundles that they run, and their containers while they are measured."""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile

COMMANDS = ("true", "sleep")
# Debian 12's crun refuses a newer one ("unknown version specified").
OCI_VERSION = "1.0.2"


class Failed(Exception):
    """A command of a contestant failed; the text is what it said."""


class Contestant:
    """A runtime with the command line of the others, its state in a root of its own."""

    def __init__(self, name, path, state):
        self.name, self.path = name, path
        self.root = os.path.join(state, name)
        os.mkdir(self.root, 0o700)
        # Two benches do not meet.
        self.id = f"{os.path.basename(state)}-{name}"

    def line(self, verb, *words):
        return [self.path, "--root", self.root, verb, *words]

    def knows(self, verb):
        told = subprocess.run([self.path, verb], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        return "unknown command" not in told.stderr

    def size_kb(self):
        """Without symbols: a release may keep them, a package does not. A script has none."""
        with tempfile.TemporaryDirectory() as folder:
            bare = os.path.join(folder, "bare")
            told = subprocess.run(["strip", "-o", bare, self.path], check=False, capture_output=True)
            return os.stat(self.path if told.returncode != 0 else bare).st_size // 1000

    def version(self):
        told = subprocess.run([self.path, "--version"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        return told.stdout.split("\n", 1)[0].rsplit(" ", 1)[-1]

    def delete(self, layout):
        """Whatever state it is in; it may not exist."""
        subprocess.run(layout.inside(self.line("delete", "--force", self.id)), check=False,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def pid(self):
        told = subprocess.run(self.line("state", self.id), stdin=subprocess.DEVNULL, check=True,
                              stdout=subprocess.PIPE)
        return json.loads(told.stdout)["pid"]


def make_bundles(work, berth):
    """Two bundles on one root file system of busybox, with the config of `berth spec`: one whose process
    ends at once, one that stays."""
    rootfs = os.path.join(work, "rootfs")
    for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
        os.makedirs(os.path.join(rootfs, name))
    shutil.copy("/bin/busybox", os.path.join(rootfs, "bin", "busybox"))
    for name in COMMANDS:
        os.symlink("busybox", os.path.join(rootfs, "bin", name))
    bundles = []
    for name, args in (("short", ["/bin/true"]), ("long", ["/bin/sleep", "3600"])):
        bundle = os.path.join(work, name)
        os.mkdir(bundle)
        subprocess.run([berth, "spec", "--bundle", bundle], check=True, stdin=subprocess.DEVNULL)
        path = os.path.join(bundle, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        config["process"].update(terminal=False, args=args)
        config["root"]["path"] = rootfs
        config["ociVersion"] = OCI_VERSION
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file, indent="\t")
        bundles.append(bundle)
    return rootfs, bundles[0], bundles[1]


def do(command):
    """A container made by it inherits its descriptors: no pipe, which would stay open."""
    with tempfile.TemporaryFile() as errors:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=errors, check=False).returncode
        if status != 0:
            errors.seek(0)
            raise Failed(errors.read(500).decode("utf-8", "replace").strip() or f"status {status}")


@contextlib.contextmanager
def container(contestant, layout, bundle, is_started):
    """The pid of a container that waits, or runs."""
    try:
        do(layout.inside(contestant.line("create", "--bundle", bundle, contestant.id)))
        if is_started:
            do(layout.inside(contestant.line("start", contestant.id)))
        yield contestant.pid()
    finally:
        contestant.delete(layout)
