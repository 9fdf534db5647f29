#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""engine_facts.py --paths CONFIG: the paths that engine_facts.sh is to look at, one a line.
engine_facts.py CONFIG FACTS: compares what engine_facts.sh printed in the container with what the config asks for;
prints each difference and fails on any.
engine_facts.py --each CONFIGS FACTS: the same for each config of a file that has one a line; fails on none.
engine_facts.py --process PROCESS FACTS CONFIG: the same for another process (exec) in the container of CONFIG.
engine_facts.py --limits CONFIG PID: the same for the limits of the process's cgroup, from outside.
"""
import json
import os
import sys

CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT
SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP""".split()
LIMITS = {"RLIMIT_NOFILE": "Max open files", "RLIMIT_NPROC": "Max processes"}
NAMESPACES = {"network": "net", "mount": "mnt"}
READABLE = ["zero", "full", "random", "urandom"]
FLAGS = {"ro", "nosuid", "nodev", "noexec"}


class Facts:
    def __init__(self, lines):
        self.lines = [line.rstrip("\r\n") for line in lines]
        self.differences = 0
        self.checked = 0

    def all(self, key):
        return [line[len(key) + 1:] for line in self.lines if line.startswith(key + " ")]

    def one(self, key):
        found = self.all(key)
        return found[0] if len(found) == 1 else f"{len(found)} lines"

    def same(self, what, found, wanted):
        self.checked += 1
        if found != wanted:
            self.differences += 1
            print(f"{what}: {found!r}, the config asks for {wanted!r}")

    def conclude(self):
        print(f"{self.checked} facts, {self.differences} differences")


def status(facts, key):
    return facts.one(f"status {key}")


def mask(names):
    return f"{sum(1 << CAPABILITIES.index(name[len('CAP_'):]) for name in names or []):016x}"


def check_capabilities(facts, process):
    sets = process["capabilities"]
    facts.same("capabilities.bounding", status(facts, "CapBnd"), mask(sets.get("bounding")))
    facts.same("capabilities.inheritable", status(facts, "CapInh"), mask(sets.get("inheritable")))
    # An ordinary user's are gone after exec, but for the ambient ones; root gets all of the bounding set.
    wanted = "bounding" if process["user"]["uid"] == 0 else "ambient"
    for name, key in (("permitted", "CapPrm"), ("effective", "CapEff")):
        facts.same(f"capabilities.{name}", status(facts, key), mask(sets.get(wanted)))


def check_process(facts, process, has_seccomp):
    user = process["user"]
    facts.same("user.uid", facts.one("uid"), str(user["uid"]))
    facts.same("user.gid", facts.one("gid"), str(user["gid"]))
    facts.same("user.additionalGids", set(facts.one("groups").split()),
               {str(gid) for gid in [user["gid"], *user.get("additionalGids", [])]})
    if "umask" in user:
        facts.same("user.umask", int(facts.one("umask"), 8), user["umask"])
    for variable in process.get("env", []):
        facts.same("env", variable in facts.all("env"), True)
    facts.same("cwd", facts.one("cwd"), process["cwd"])
    check_capabilities(facts, process)
    for limit in process.get("rlimits", []):
        found = facts.one(f"limit {LIMITS[limit['type']]}").split()[:2]
        facts.same(limit["type"], found, [str(limit["soft"]), str(limit["hard"])])
    facts.same("noNewPrivileges", status(facts, "NoNewPrivs"), str(int(process.get("noNewPrivileges", False))))
    facts.same("seccomp", status(facts, "Seccomp"), "2" if has_seccomp else "0")
    if "oomScoreAdj" in process:
        facts.same("oomScoreAdj", facts.one("oom"), str(process["oomScoreAdj"]))
    is_terminal = facts.one("terminal").startswith("/dev/pts/")
    facts.same("terminal", is_terminal, process.get("terminal", False))


def mounts_of(facts):
    """By their points, the last one on each: (type, options)."""
    found = {}
    for line in facts.all("mount"):
        fields = line.split()
        found[fields[4]] = fields[fields.index("-") + 1], set(fields[5].split(","))
    return found


def check_mounts(facts, config):
    found = mounts_of(facts)
    for mount in config["mounts"]:
        point, options = mount["destination"], set(mount.get("options", []))
        kind, flags = found.get(point, ("nothing", set()))
        is_special = mount["type"] in ("bind", "cgroup")
        facts.same(f"mount {point}", kind != "nothing" if is_special else kind,
                   True if is_special else mount["type"])
        if mount["type"] != "bind":
            facts.same(f"mount {point}", flags & FLAGS, options & FLAGS)
        else:
            facts.same(f"mount {point}", flags >= options & FLAGS, True)
    facts.same("root.readonly", "ro" in found["/"][1], config["root"].get("readonly", False))
    for path in config["linux"].get("readonlyPaths", []):
        if path in facts.all("exists"):
            facts.same(f"readonlyPaths {path}", "ro" in found.get(path, ("", set()))[1], True)
    for path in config["linux"].get("maskedPaths", []):
        if path in facts.all("directory"):
            facts.same(f"maskedPaths {path}", found.get(path, ("nothing",))[0], "tmpfs")
        elif path in facts.all("exists"):
            facts.same(f"maskedPaths {path}", path in found, True)
            facts.same(f"maskedPaths {path}", facts.all(f"content {path}"), [""])


def check_namespaces(facts, config):
    asked = {NAMESPACES.get(n["type"], n["type"]): n.get("path") for n in config["linux"]["namespaces"]}
    for line in facts.all("namespace"):
        kind, name = line.split()
        if kind.endswith("_for_children"):
            continue
        if asked.get(kind):
            facts.same(f"namespace {kind}", name, os.readlink(asked[kind]))
        else:
            facts.same(f"namespace {kind} is new", name != os.readlink(f"/proc/self/ns/{kind}"),
                       kind in asked)


def check_linux(facts, config):
    linux = config["linux"]
    for key, kind in (("uidMappings", "uid_map"), ("gidMappings", "gid_map")):
        if key in linux:
            facts.same(key, [line.split() for line in facts.all(kind)],
                       [[str(m[k]) for k in ("containerID", "hostID", "size")] for m in linux[key]])
    for key, value in linux.get("sysctl", {}).items():
        path = "/proc/sys/" + key.replace(".", "/")
        facts.same(f"sysctl {key}", facts.all(f"content {path}"), [value])
    for device in linux.get("devices", []):
        facts.same(f"device {device['path']}", facts.all(f"device {device['path']}"),
                   [f"{device['major']:x} {device['minor']:x} {device.get('fileMode', 0o666) & 0o777:o}"])
    facts.same("devices that may be read", facts.all("reads"), READABLE)
    if "hostname" in config:
        facts.same("hostname", facts.one("hostname"), config["hostname"])


def cgroup_value(pid, controller, old, new):
    """The file `old` of version 1 or `new` of version 2, in the cgroup of the process."""
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
        rows = [line.rstrip("\n").split(":", 2) for line in file]
    paths = {name: path for _, names, path in rows for name in names.split(",")}
    if controller in paths:
        name = f"/sys/fs/cgroup/{controller}{paths[controller]}/{old}"
    else:
        name = f"/sys/fs/cgroup{paths['']}/{new}"
    with open(name, encoding="ascii") as file:
        return file.read().strip()


def check_limits(facts, resources, pid):
    memory, cpu = resources.get("memory", {}), resources.get("cpu", {})
    if memory.get("limit"):
        facts.same("memory.limit", cgroup_value(pid, "memory", "memory.limit_in_bytes", "memory.max"),
                   str(memory["limit"]))
    if cpu.get("quota"):
        found = cgroup_value(pid, "cpu", "cpu.cfs_quota_us", "cpu.max").split()[0]
        facts.same("cpu.quota", found, str(cpu["quota"]))
        found = cgroup_value(pid, "cpu", "cpu.cfs_period_us", "cpu.max").split()[-1]
        facts.same("cpu.period", found, str(cpu["period"]))
    if resources.get("pids", {}).get("limit"):
        facts.same("pids.limit", cgroup_value(pid, "pids", "pids.max", "pids.max"), str(resources["pids"]["limit"]))


def look_at(config):
    linux = config["linux"]
    return [*linux.get("maskedPaths", []), *linux.get("readonlyPaths", []),
            *(device["path"] for device in linux.get("devices", [])),
            *("/proc/sys/" + key.replace(".", "/") for key in linux.get("sysctl", {}))]


def read_json(name):
    with open(name, encoding="utf-8") as file:
        return json.load(file)


def read_facts(name):
    with open(name, encoding="utf-8") as file:
        facts = Facts(file)
    facts.same("the last line", facts.lines.count("end"), 1)
    return facts


def check(config, process, facts):
    check_process(facts, process, "seccomp" in config["linux"])
    if process is config["process"]:
        check_mounts(facts, config)
        check_linux(facts, config)
    check_namespaces(facts, config)


def check_each(configs, name):
    with open(configs, encoding="utf-8") as file:
        for line in file:
            facts, config = read_facts(name), json.loads(line)
            check(config, config["process"], facts)
            facts.conclude()


def main():
    what, *names = sys.argv[1:]
    if what == "--paths":
        print("\n".join(look_at(read_json(names[0]))))
        return 0
    if what == "--each":
        check_each(*names)
        return 0
    if what == "--limits":
        facts = Facts([])
        check_limits(facts, read_json(names[0])["linux"].get("resources", {}), names[1])
    elif what == "--process":
        facts = read_facts(names[1])
        check(read_json(names[2]), read_json(names[0]), facts)
    else:
        facts = read_facts(names[0])
        config = read_json(what)
        check(config, config["process"], facts)
    facts.conclude()
    return 1 if facts.differences else 0


if __name__ == "__main__":
    sys.exit(main())
