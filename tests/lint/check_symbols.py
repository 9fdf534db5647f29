# SPDX-License-Identifier: Apache-2.0
"""what a build exports and what it needs: symbol map, berth-init, berth, the pure rooms"""
import os
import re
import shutil
import subprocess

import csource
import tree
from check_names import prefixes_of

MAP = "lib/api/libberth.map"
# What a sanitizer or the compiler adds to objects.
TOOLS = ("__asan_", "__ubsan_", "__sanitizer_", "__odr_asan", "__start_", "__stop_")
BERTH_NEEDS = ("libc.so.", "ld-linux")

# Rooms that make no system call and do no input or output: what each may leave to the C library.
PURE_ROOMS = ("json", "toml", "engine", "spec", "plan", "wire")
PURE_NAMES = re.compile(r"^(?:str|mem|__mem|__str|is[a-z]+$|to(?:upper|lower)$|str_|qsort$|bsearch$|"
                        r"__isoc|(?:__)?v?snprintf(?:_chk)?$|v?asprintf$|__v?asprintf_chk$|"
                        r"malloc$|calloc$|realloc|free$|__errno_location$|abs$|__ctype_\w+_loc$|"
                        r"__stack_chk_fail$|__assert_fail$|_GLOBAL_OFFSET_TABLE_$|environ$|"
                        r"open_memstream$|__fortify_fail$|__tls_get_addr$)")


def output(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                            check=False)
    return result.stdout


def mapped_names(text):
    """name -> line of what stands under "global:" in the map."""
    names, is_global = {}, False
    for number, line in enumerate(re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()),
                                         text, flags=re.S).split("\n"), 1):
        if "global:" in line:
            is_global = True
        elif "local:" in line:
            is_global = False
        elif is_global:
            for name in re.findall(r"[\w*?]+(?=\s*;)", line):
                names[name] = number
    return names


def public_names(tree_):
    names = set()
    for path in tree_.c_files("include"):
        for declaration in csource.Source(tree_.text(path)).declarations:
            at = csource.function_name_index(declaration.tokens)
            if at is not None:
                names.add(declaration.tokens[at].text)
    return names


def defined(path, *options):
    for line in output("nm", "--defined-only", *options, path).split("\n"):
        parts = line.split()
        if len(parts) >= 3:
            yield parts[1], parts[2].split("@")[0]


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*?)\]", output("readelf", "-dW", path))


def check_library(tree_, library):
    mapped = mapped_names(tree_.text(MAP)) if MAP in tree_.files() else {}
    declared = public_names(tree_)
    exported = {name for kind, name in defined(library, "-D") if kind != "A"}
    for name in sorted(exported - set(mapped)):
        tree_.complain(MAP, 1, f"{name} is exported and not in the map")
    for name, line in mapped.items():
        if name not in exported:
            tree_.complain(MAP, line, f"{name} is in the map and not exported")
    for name in sorted(exported | set(mapped)):
        line = mapped.get(name, 1)
        if not name.startswith("berth_"):
            tree_.complain(MAP, line, f"{name}: an exported symbol begins with berth_")
        elif name not in declared:
            tree_.complain(MAP, line, f"{name} is not declared in include/berth")


def check_programs(tree_, build):
    init = os.path.join(build, "init", "berth-init")
    if os.path.exists(init):
        if "INTERP" in output("readelf", "-lW", init):
            tree_.complain("init/meson.build", 1, "berth-init has an interpreter: it must be static")
        for library in needed(init):
            tree_.complain("init/meson.build", 1, f"berth-init needs {library}")
    berth = os.path.join(build, "cli", "berth")
    if os.path.exists(berth):
        for library in needed(berth):
            if not library.startswith(BERTH_NEEDS):
                tree_.complain("cli/meson.build", 1, f"berth needs {library}")


def archives(build):
    for folder in sorted(os.listdir(os.path.join(build, "lib"))):
        archive = os.path.join(build, "lib", folder, f"lib{folder}.a")
        if os.path.exists(archive):
            yield folder, archive


def undefined(path):
    return set(re.findall(r"^\s+U (\w+)", output("nm", "-u", path), re.M))


def is_own(name, rooms):
    return any(name.startswith(prefixes_of(room)) for room in rooms)


def check_archives(tree_, build):
    found = dict(archives(build))
    for room, archive in found.items():
        where = f"lib/{room}/meson.build"
        for _, name in defined(archive, "-g"):
            if not is_own(name, [room]) and not name.startswith(TOOLS):
                tree_.complain(where, 1, f"{name} is global and has not the prefix of its room")
        if room in PURE_ROOMS:
            for name in undefined(archive):
                if not is_own(name, found) and not PURE_NAMES.match(name) and \
                        not name.startswith(TOOLS):
                    tree_.complain(where, 1, f"{name}: the room {room} is pure")


def lint(tree_):
    build = os.environ.get("BERTH_BUILD", "")
    if not build:
        raise tree.Skip("not built: BERTH_BUILD names no build directory")
    if not shutil.which("nm") or not shutil.which("readelf"):
        raise tree.Skip("no binutils")
    library = os.path.join(build, "lib", "api", "libberth.so")
    if not os.path.exists(library):
        tree_.complain(MAP, 1, f"no libberth.so in {build}")
        return
    check_library(tree_, library)
    check_programs(tree_, build)
    check_archives(tree_, build)


if __name__ == "__main__":
    tree.main(lint)
