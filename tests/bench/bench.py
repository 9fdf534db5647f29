# SPDX-License-Identifier: Apache-2.0
"""bench: measures what tools/bench has built and installed, prints tables; called by it."""
import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys

import contest
import figures
import machine

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

COUNTED_RUNS = 3

NSENTER = [shutil.which("nsenter"), "-m", "-u", "-i", "-n", "-p", "-C", "-t"]


class Bench:
    def __init__(self, options, state):
        self.work, self.rounds = options.work, options.rounds
        self.rootfs, self.short, self.long = contest.make_bundles(options.work, options.berth)
        self.contestants = [contest.Contestant(name, path, state)
                            for name, path in {"berth": options.berth, **options.peers}.items()]
        self.result = {"version": 1, "name": os.path.basename(state), "rounds": options.rounds,
                       "machine": machine.describe(),
                       "contestants": [{"name": c.name, "version": c.version(), "path": c.path}
                                       for c in self.contestants],
                       "series": [], "left_out": [], "calls": [], "memory": []}

    def program(self, name):
        return os.path.join(self.work, name)

    def measure(self):
        for index, layout in enumerate(machine.layouts()):
            is_first = index == 0
            self.measure_run(layout, is_first)
            self.measure_exec(layout, is_first)
            self.measure_cycle(layout)
            if is_first:
                self.measure_memory(layout)
        self.result["machine"]["load_after"] = os.getloadavg()[0]
        return self.result

    def measure_run(self, layout, has_calls):
        entries = [entry(c.name, c.line("run", "--bundle", self.short, c.id))
                   for c in self.contestants]
        floor = [self.program("floor"), self.rootfs]
        references = [entry("floor", floor + layout.directories), entry("floor without cgroups", floor),
                      entry("/bin/true alone", [os.path.join(self.rootfs, "bin", "true")])]
        try:
            self.take_turns("run", layout, entries + references)
            if has_calls:
                self.count_calls("run", layout, entries)
        finally:
            for contestant in self.contestants:
                contestant.delete(layout)

    def measure_exec(self, layout, has_calls):
        entries, references = [], []
        with contextlib.ExitStack() as stack:
            for contestant in self.contestants:
                try:
                    pid = stack.enter_context(
                        contest.container(contestant, layout, self.long, is_started=True))
                except contest.Failed as failure:
                    entries.append({**entry(contestant.name, None), "failures": [str(failure)]})
                    continue
                if contestant.name == "berth":
                    references.append(entry("nsenter", [*NSENTER, str(pid), "/bin/true"]))
                if contestant.knows("exec"):
                    entries.append(entry(contestant.name,
                                         contestant.line("exec", contestant.id, "/bin/true")))
                else:
                    self.result["left_out"].append({"series": "exec", "layout": layout.name,
                                                    "name": contestant.name,
                                                    "reason": "it has no such command"})
            self.take_turns("exec", layout, entries + references)
            if has_calls:
                self.count_calls("exec", layout, entries)

    def measure_cycle(self, layout):
        """The process of the container is waited for before delete, as an engine's monitor does."""
        entries = [entry(c.name, c.line("create", "--bundle", self.long, c.id), c.line("start", c.id),
                         c.line("kill", c.id, "KILL"), None, c.line("delete", c.id))
                   for c in self.contestants]
        try:
            self.take_turns("cycle", layout, entries)
        finally:
            for contestant in self.contestants:
                contestant.delete(layout)

    def take_turns(self, series, layout, entries):
        playing = [e for e in entries if e["steps"][0]]
        path = self.program("commands")
        with open(path, "w", encoding="utf-8") as file:
            for played in playing:
                file.write(f"command\t{played['name']}\n")
                file.writelines("reap\n" if step is None else "\t".join(["run", *step]) + "\n"
                                for step in played["steps"])
        told = subprocess.run(layout.inside([self.program("turns"), str(self.rounds), path]), check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if told.returncode != 0:
            sys.exit(f"bench: turns of {series}: status {told.returncode} (-{signal.SIGALRM:d}: a command "
                     "took too long)")
        for line in told.stdout.splitlines():
            read_line(playing, line)
        first = next((e for e in entries if e["name"] == "berth"), None)
        rows = [figures.row(e, first, self.rounds) for e in entries]
        self.result["series"].append({"series": series, "layout": layout.name, "rows": rows})

    def count_calls(self, series, layout, entries):
        for counted in entries:
            if not counted["failures"]:
                told = count(layout, counted["steps"][0], self.program("calls"))
                self.result["calls"].append({"series": series, "name": counted["name"],
                                             "hierarchies": len(layout.directories), **told})

    def measure_memory(self, layout):
        """Of a container that waits for start; the peak of `create` is from the series just measured."""
        peaks = {row["name"]: row["peak_kb"] for row in self.result["series"][-1]["rows"]}
        for contestant in self.contestants:
            told = {"name": contestant.name, "size_kb": contestant.size_kb(), "error": None,
                    "create_peak_kb": peaks[contestant.name]}
            try:
                with contest.container(contestant, layout, self.long, is_started=False) as pid:
                    told.update(resident(pid))
            except contest.Failed as failure:
                told["error"] = str(failure)
            self.result["memory"].append(told)


def entry(name, *steps):
    """A command of a series; a step that is None waits for what the others have left behind."""
    return {"name": name, "steps": steps, "samples": {}, "failures": []}


def read_line(entries, line):
    """A line of turns' output, into the entry that it is about."""
    word, index, turn, *rest = line.split("\t")
    if word == "failed":
        entries[int(index)]["failures"].append(rest[0].strip() or "it said nothing")
    else:
        wall_ns, cpu_us, peak_kb = map(int, rest)
        entries[int(index)]["samples"][int(turn)] = {"wall_us": wall_ns / 1000, "cpu_us": cpu_us,
                                                     "peak_kb": peak_kb}


def count(layout, command, path):
    """How many system calls a run of the command makes, of all its processes: of three runs the one with the
    fewest, as a wait that is interrupted, and a directory that is busy, are asked for once more."""
    runs = []
    try:
        for _ in range(COUNTED_RUNS):
            contest.do(layout.inside(["strace", "-f", "-c", "-o", path, *command]))
            runs.append(read_calls(path))
    except contest.Failed as failure:
        return {"total": None, "calls": {}, "error": str(failure)}
    calls = min(runs, key=lambda run: sum(run.values()))
    return {"total": sum(calls.values()), "calls": calls, "error": None}


def read_calls(path):
    """Of the table that strace has written, the calls by their names."""
    calls = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if len(words) >= 5 and words[3].isdigit() and words[-1] != "total":
                calls[words[-1]] = int(words[3])
    return calls


def resident(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file if line.startswith(("Rss:", "Pss:")))
    return {"init_rss_kb": int(fields["Rss"].split()[0]), "init_pss_kb": int(fields["Pss"].split()[0])}


def parse():
    parser = argparse.ArgumentParser(prog="tools/bench")
    parser.add_argument("--rounds", type=int, default=100, metavar="N", help="of each command (100)")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH",
                        help="another runtime, or another crun or runc")
    parser.add_argument("--json", metavar="FILE", help="gets the figures as well")
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--berth", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    options.peers = {name: shutil.which(name) for name in ("crun", "runc")}
    for peer in options.peer:
        name, _, path = peer.partition("=")
        if not name.isalnum() or name == "berth" or not os.access(path, os.X_OK):
            parser.error(f"--peer {peer}: a name of letters and digits, and the path of a program")
        options.peers[name] = os.path.abspath(path)
    return options


def main():
    options = parse()
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    # Containers are deleted on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    state = os.path.join(machine.state_folder(), os.path.basename(options.work))
    os.mkdir(state, 0o700)
    try:
        result = Bench(options, state).measure()
    finally:
        shutil.rmtree(state)
    print(figures.text(result))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent="\t")
            file.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
