# SPDX-License-Identifier: Apache-2.0
"""What the figures were measured on, and the layouts of cgroups that they can be measured in here."""
import os
import platform
import subprocess

CGROUPS = "/sys/fs/cgroup"


class Layout:
    """Cgroups as a contestant sees them: `prefix` goes before a command to make it see them so, and
    `directories` are those in which a cgroup is made."""

    def __init__(self, name, prefix, directories):
        self.name, self.prefix, self.directories = name, prefix, directories

    def inside(self, command):
        return self.prefix + command


def cgroup_mounts():
    """(directory, type) of each mount of cgroups at or below the usual place."""
    mounts = []
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            words = line.split()
            kind = words[words.index("-") + 1]
            if kind in ("cgroup", "cgroup2") and words[4].startswith(CGROUPS):
                mounts.append((words[4], kind))
    return sorted(set(mounts))


def layouts():
    """The first is the one in which every contestant runs. crun refuses hosts with both versions: for all
    alike, version 2 is taken out of a mount namespace, which a command costs nothing once it is made."""
    mounts = cgroup_mounts()
    v1 = [directory for directory, kind in mounts if kind == "cgroup"]
    v2 = [directory for directory, kind in mounts if kind == "cgroup2"]
    if not v1 or not v2:
        return [Layout("v1" if v1 else "v2" if v2 else "none", [], v1 or v2)]
    script = "".join(f"umount '{directory}' && " for directory in v2) + 'exec "$@"'
    without_v2 = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
    return [Layout("v1", without_v2, v1), Layout("hybrid", [], v1 + v2)]


def state_folder():
    """For the state roots: in memory, where /run is on an ordinary host. Files on a disk cost a runtime
    about as much as its cgroups do."""
    for folder in ("/run", "/dev/shm"):
        told = subprocess.run(["stat", "-f", "-c", "%T", folder], check=False, capture_output=True, text=True)
        if told.stdout.strip() == "tmpfs":
            return folder
    return "/run"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def describe():
    """As told by the machine; the load tells whether it had other work."""
    return {"kernel": platform.release().split("-")[0], "processor": processor(),
            "cpus": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0]}
