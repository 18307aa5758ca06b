#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Names can be searched for: a static function has a name that no other file has.

Usage: names.py ROOT

Prints each file that has a static function of a name that stands in another file as well, with these names, and ends
with status 1 when there is one besides those of UNMENDED, or when one of UNMENDED has none any more. A name is mended by
what the function works on: "forget_questions", not "forget". The functions are those that ctags finds.
"""

import collections
import os
import subprocess
import sys
from typing import Iterable, Iterator

FOLDERS = ("clinic", "ctl", "daemon", "lib", "panel", "plugins", "registry", "telemetry")

# Files with names that are not yet their own. It only becomes shorter.
UNMENDED: frozenset[str] = frozenset({
})

# file -> name of a function -> whether it is static
Functions = dict[str, dict[str, bool]]


def read_functions(root: str) -> Functions:
    found: Functions = collections.defaultdict(dict)
    sources = []
    for top in FOLDERS:
        for folder, _, names in os.walk(os.path.join(root, top)):
            sources += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(".c")]
    run = subprocess.run(["ctags", "--options=NONE", "--languages=C", "--kinds-C=f", "--fields=f", "--sort=no",
                          "-f", "-", "-L", "-"], input="\n".join(sorted(sources)), cwd=root, capture_output=True,
                         text=True, check=True)
    for line in run.stdout.splitlines():
        if not line.startswith("!_TAG_"):
            name, path, *rest = line.split("\t")
            found[path][name] = rest[-1] == "file:"
    return found


def shared_names(functions: Functions) -> dict[str, list[str]]:
    """Of each file the static functions whose name another file has."""
    homes: dict[str, set[str]] = collections.defaultdict(set)
    for path, names in functions.items():
        for name in names:
            homes[name].add(path)
    shared = {path: sorted(name for name, is_static in names.items() if is_static and len(homes[name]) > 1)
              for path, names in functions.items()}
    return {path: names for path, names in sorted(shared.items()) if names}


def findings(functions: Functions, unmended: Iterable[str]) -> Iterator[str]:
    shared = shared_names(functions)
    for path, names in shared.items():
        if path not in unmended:
            yield f"{path}: another file has a function of this name, too; say what it works on: {', '.join(names)}"
    for path in sorted(set(unmended) - set(shared)):
        yield f"{path}: its names are its own; take it out of UNMENDED"


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        told = list(findings(read_functions(sys.argv[1]), UNMENDED))
    except FileNotFoundError:
        print("ctags is not installed; run script/bootstrap")
        return 1
    for line in told:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
