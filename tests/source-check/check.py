#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The project's own linter: what a compiler does not check and a reviewer forgets.

Usage: check.py [--format] ROOT

Prints one line for each finding, "file:line: what is wrong; what to do instead", and ends with status 1 when
there is one. --format checks the layout of C and C++ with clang-format instead of the rules.
"""

import os
import re
import subprocess
import sys
from typing import Callable, Iterator, NamedTuple

LONGEST_FILE = 800


class Source(NamedTuple):
    """A file of the tree: its path from the root with '/', and its text."""

    path: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")


class Finding(NamedTuple):
    path: str
    line: int
    text: str


Rule = Callable[[Source], Iterator[Finding]]

# ---- which files there are ----

SKIPPED_FILES = {".git"}  # in a linked worktree it is a file
SKIPPED_FOLDERS = {".git", ".cache", "__pycache__", "node_modules", ".pytest_cache"}
C_ENDINGS = (".c", ".h", ".cpp")
# The licence of these stands in a comment of their own; text for people and data have none.
LICENSED_ENDINGS = C_ENDINGS + (".py", ".sh", ".xml", ".yaml", ".yml", ".js", ".css", ".html", ".conf", ".service",
                                ".socket", ".rules", ".policy", ".catalog", ".svg", ".sql", ".in")
LICENSED_NAMES = ("meson.build", "meson_options.txt")


def is_c(path: str) -> bool:
    return path.endswith(C_ENDINGS)


def is_script(source: Source) -> bool:
    return source.text.startswith("#!") and "sh" in source.lines[0].split("/")[-1]


def read_tree(root: str) -> list[Source]:
    found = []
    for folder, folders, files in os.walk(root):
        top = folder == root
        folders[:] = sorted(f for f in folders if f not in SKIPPED_FOLDERS and not (top and f.startswith("build")))
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name in SKIPPED_FILES or os.path.islink(path):
                continue
            with open(path, "rb") as file:
                content = file.read()
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError:
                continue
            if "\0" not in text:
                found.append(Source(os.path.relpath(path, root).replace(os.sep, "/"), text))
    return found


def is_data(path: str) -> bool:
    return path.startswith("tests/fuzz/corpus/") or path == "LICENSE"


# ---- C without what is no code ----

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text: str) -> str:
    """Comments and the insides of literals replaced by blanks, so that lines keep their numbers."""

    def blank(match: re.Match) -> str:
        return re.sub(r"[^\n]", " ", match.group())

    return TOKEN.sub(blank, text)


# ---- the direction of dependencies ----

BELOW = {
    "util": (),
    "plugin": ("util",),
    "config": ("util",),
    "control": ("util",),
    "scanner": ("util",),
    "tlog": ("util",),
    "ledger": ("util", "tlog"),
    "core": ("util", "plugin", "config", "control", "tlog", "ledger"),
