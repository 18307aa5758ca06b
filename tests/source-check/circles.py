#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No circle of files: each file can be read, and tested, with only what is below it.

Usage: circles.py [--node NODE] ROOT BUILD

A C file depends on another when the object that the compiler made of it needs a symbol that the other's object
defines: a function that it calls, or data. A function that is handed over while the program runs is no dependency. A
header depends on those that it includes. A module of the dashboard depends on those that it imports, as NODE reads
them; without --node these are not looked at.

Prints each circle with the symbols that make it, and ends with status 1 when there is one that ALLOWED does not
have, or when ALLOWED has one that is no longer there. A circle is opened by moving down into a file of its own what
both need, or by handing over a function or constant data.
"""

import collections
import json
import os
import re
import subprocess
import sys
from typing import Iterable, Iterator

FOLDERS = ("lib/", "daemon/", "telemetry/", "registry/", "clinic/", "ctl/", "panel/")
MODULES = "dashboard/src"
IMPORTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imports.mjs")
# Where a header is looked for besides the folder of who includes it, as meson.build has it.
INCLUDE_FOLDERS = ("lib", "daemon", "plugins/include")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)

# Circles that are still there, file by file. It only becomes shorter.
ALLOWED: tuple[frozenset[str], ...] = (
)

# file -> what it depends on -> the symbols, or how else
Graph = dict[str, dict[str, set[str]]]


class Unbuilt(Exception):
    """The build has no object of a source, so that nothing can be said."""


# ---- calls, as the linker sees them ----


def objects_of(root: str, build: str) -> dict[str, str]:
    """Which source each object file of the build was made of. One source may be in several programs."""
    sources: dict[str, str] = {}
    unbuilt: set[str] = set()
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    for command in commands:
        source = os.path.relpath(os.path.join(command["directory"], command["file"]), root)
        made = os.path.join(command["directory"], command["output"])
        if source.startswith(FOLDERS) and os.path.exists(made):
            sources[made] = source
        elif source.startswith(FOLDERS):
            unbuilt.add(source)
    unbuilt -= set(sources.values())
    if unbuilt or not sources:
        raise Unbuilt(f"{min(unbuilt)} and {len(unbuilt) - 1} others" if unbuilt else "any source")
    return sources


def read_symbols(sources: dict[str, str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Of each source the symbols that it needs, and of each symbol the sources that define it."""
    needs: dict[str, set[str]] = collections.defaultdict(set)
    definers: dict[str, set[str]] = collections.defaultdict(set)
    listing = subprocess.run(["nm", "-A", "-P", "-g", *sources], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        made, _, rest = line.partition(": ")
        name, kind = rest.split()[:2]
        if kind in "Uvw":
            needs[sources[made]].add(name)
        else:
            definers[name].add(sources[made])
    return needs, definers


def nearest(source: str, definers: set[str]) -> set[str]:
    """Programs may have functions of one name: a file calls its own program's, else the library's."""
    folder = source.split("/")[0]
    return {file for file in definers if file.split("/")[0] == folder} or \
        {file for file in definers if file.startswith("lib/")} or definers


def add_calls(graph: Graph, root: str, build: str) -> None:
    needs, definers = read_symbols(objects_of(root, build))
    for source, names in needs.items():
        for name in names:
            if source not in definers.get(name, ()):
                for target in nearest(source, definers.get(name, set())):
                    graph[source][target].add(name)


# ---- headers ----


def headers_of(root: str) -> list[str]:
    found = []
    for top in FOLDERS:
        for folder, _, names in os.walk(os.path.join(root, top)):
            found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(".h")]
    return sorted(found)


def add_includes(graph: Graph, root: str) -> None:
    headers = headers_of(root)
    for header in headers:
        with open(os.path.join(root, header), encoding="utf-8") as file:
            text = file.read()
        for name in INCLUDE.findall(text):
            places = (os.path.dirname(header), *INCLUDE_FOLDERS)
            paths = [os.path.normpath(os.path.join(place, name)) for place in places]
            target = next((path for path in paths if path in headers), None)
            if target:
                graph[header][target].add(f'#include "{name}"')


# ---- modules ----


def add_imports(graph: Graph, root: str, node: str) -> None:
    modules = []
    for folder, _, names in os.walk(os.path.join(root, MODULES)):
        modules += [os.path.join(folder, name) for name in names if name.endswith(".js")]
    run = subprocess.run([node, "--no-warnings", "--experimental-vm-modules", IMPORTS, *sorted(modules)],
                         capture_output=True, text=True, check=True)
    for module, specifiers in json.loads(run.stdout).items():
        for specifier in specifiers:
            target = os.path.normpath(os.path.join(os.path.dirname(module), specifier))
            if target in modules:
                graph[os.path.relpath(module, root)][os.path.relpath(target, root)].add(f'import "{specifier}"')


# ---- circles ----


def circles_of(graph: Graph) -> list[frozenset[str]]:
    """The strongly connected components of more than one file, by Tarjan's algorithm."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[frozenset[str]] = []

    def visit(file: str) -> None:
        number[file] = lowest[file] = len(number)
        stack.append(file)
        for target in sorted(graph.get(file, ())):
            if target not in number:
                visit(target)
                lowest[file] = min(lowest[file], lowest[target])
            elif target in stack:
                lowest[file] = min(lowest[file], number[target])
        if lowest[file] == number[file]:
            start = stack.index(file)
            if len(stack) - start > 1:
                found.append(frozenset(stack[start:]))
            del stack[start:]

    for file in sorted(graph):
        if file not in number:
            visit(file)
    return sorted(found, key=sorted)


def describe(graph: Graph, circle: Iterable[str]) -> Iterator[str]:
    for file in sorted(circle):
        for target in sorted(set(graph[file]) & set(circle)):
            yield f"    {file} -> {target}: {', '.join(sorted(graph[file][target]))}"


def findings(graph: Graph, allowed: Iterable[frozenset[str]]) -> Iterator[str]:
    circles = circles_of(graph)
    for circle in circles:
        group = next((group for group in allowed if group & circle), frozenset())
        if not circle <= group:
            grown = f"; {', '.join(sorted(circle - group))} came to an allowed one" if group else ""
            yield f"a circle of {len(circle)} files{grown}: {', '.join(sorted(circle))}"
            yield from describe(graph, circle)
    for group in allowed:
        for file in sorted(group.difference(*circles)):
            yield f"{file} is in no circle any more; take it out of ALLOWED"


def read_graph(root: str, build: str, node: str | None) -> Graph:
    graph: Graph = collections.defaultdict(lambda: collections.defaultdict(set))
    add_calls(graph, root, build)
    add_includes(graph, root)
    if node:
        add_imports(graph, root, node)
    return graph


def main() -> int:
    arguments = sys.argv[1:]
    node = arguments[1] if arguments[:1] == ["--node"] and len(arguments) > 1 else None
    places = arguments[2:] if node else arguments
    if len(places) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    root, build = (os.path.abspath(place) for place in places)
    try:
        told = list(findings(read_graph(root, build, node), ALLOWED))
    except Unbuilt as missing:
        print(f"the build has no object of {missing}; run ninja in it first")
        return 1
    for line in told:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
