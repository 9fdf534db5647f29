# SPDX-License-Identifier: Apache-2.0
"""From samples to figures, and from figures to tables."""
import math

TITLES = {"run": "run of /bin/true", "exec": "exec of /bin/true in a running container",
          "cycle": "create, start, kill, delete"}
TOP_CALLS = 12


def quantile(values, part):
    """The nearest rank: always one of the values."""
    ordered = sorted(values)
    return ordered[max(math.ceil(part * len(ordered)) - 1, 0)]


def ratio(mine, first, key="wall_us"):
    """The median of the ratios round by round: what slows the machine down slows both of a round."""
    return quantile([mine[r][key] / first[r][key] for r in mine if r in first], 0.5)


def row(entry, first, rounds):
    """What is told of one command; no ratio where it or the first failed once."""
    samples, failures = entry["samples"], entry["failures"]
    told = {"name": entry["name"], "rounds": rounds, "failed": len(failures),
            "error": failures[0] if failures else None, "wall_us": None, "cpu_us": None,
            "peak_kb": None, "ratio": None, "cpu_ratio": None}
    if not samples:
        return told
    walls = [s["wall_us"] for s in samples.values()]
    told["wall_us"] = {"median": quantile(walls, 0.5), "p10": quantile(walls, 0.1),
                       "p99": quantile(walls, 0.99)}
    told["cpu_us"] = quantile([s["cpu_us"] for s in samples.values()], 0.5)
    told["peak_kb"] = quantile([s["peak_kb"] for s in samples.values()], 0.5)
    if first and first["samples"] and not failures and not first["failures"]:
        told["ratio"] = ratio(samples, first["samples"])
        told["cpu_ratio"] = ratio(samples, first["samples"], "cpu_us")
    return told


def table(title, head, rows):
    lines = [f"**{title}**", "", "| " + " | ".join(head) + " |",
             "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join(lines) + "\n"


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def times(value):
    return "-" if value is None else f"{value:.2f}"


def time_cells(told):
    if told["failed"]:
        often = f"failed {told['failed']} times" if told["wall_us"] else "failed"
        return [told["name"], f"{often}: {told['error']}", "", "", "", "", ""]
    wall = told["wall_us"]
    return [told["name"], number(wall["median"]), number(wall["p10"]), number(wall["p99"]),
            times(told["ratio"]), number(told["cpu_us"]), times(told["cpu_ratio"])]


def time_tables(result):
    head = ["", "median µs", "p10", "p99", "berth = 1", "CPU µs", "berth = 1"]
    for series in result["series"]:
        title = f"{TITLES[series['series']]}, cgroups {series['layout']}"
        yield table(title, head, [time_cells(told) for told in series["rows"]])


def calls_tables(result):
    rows = {}
    for told in result["calls"]:
        cell = number(told["total"]) if told["error"] is None else f"failed: {told['error']}"
        rows.setdefault(told["name"], {})[told["series"]] = cell
    yield table("system calls, all processes", ["", "run", "exec"],
                [[name, cells.get("run", "-"), cells.get("exec", "-")]
                 for name, cells in rows.items()])
    for told in result["calls"]:
        if told["name"] == "berth" and told["total"]:
            top = sorted(told["calls"].items(), key=lambda item: (-item[1], item[0]))[:TOP_CALLS]
            yield f"berth {told['series']}: " + ", ".join(f"{n} {name}" for name, n in top) + "\n"


def memory_table(result):
    rows = []
    for told in result["memory"]:
        if told["error"] is not None:
            rows.append([told["name"], f"failed: {told['error']}", "", "", ""])
        else:
            rows.append([told["name"], number(told["size_kb"]), number(told["create_peak_kb"]),
                         number(told["init_rss_kb"]), number(told["init_pss_kb"])])
    return table("size and memory, kB", ["", "program", "create, peak RSS", "waiting init, RSS",
                                         "waiting init, PSS"], rows)


def text(result):
    machine = result["machine"]
    contestants = ", ".join(f"{c['name']} {c['version']}" for c in result["contestants"])
    parts = [f"{contestants}; {result['rounds']} rounds; Linux {machine['kernel']}, {machine['cpus']} CPUs, "
             f"{machine['processor']}; load {machine['load']:.1f} at the start, "
             f"{machine['load_after']:.1f} at the end\n"]
    parts += time_tables(result)
    parts += [f"Left out: {o['series']} of {o['name']}, cgroups {o['layout']}: {o['reason']}\n"
              for o in result["left_out"]]
    parts += calls_tables(result)
    parts.append(memory_table(result))
    return "\n".join(parts)
