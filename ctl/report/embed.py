#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a C file of texts that stand as files.

Usage: embed.py OUTPUT INPUT...

Each INPUT becomes `const char NAME[]`, its name with underscores and without ".in". The comment that a text begins
with is left out: it is for who reads the file.
"""

import pathlib
import re
import sys

COMMENT = re.compile(r"\s*(<!--.*?-->|/\*.*?\*/)\s*", re.S)


def literal(line: str) -> str:
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'\t"{escaped}\\n"\n'


def main(output: str, *inputs: str) -> None:
    parts = ['#include "report/layout.h"\n']
    for name in map(pathlib.Path, inputs):
        lines = COMMENT.sub("", name.read_text(encoding="utf-8"), count=1).splitlines()
        variable = re.sub(r"\W", "_", name.name.removesuffix(".in"))
        parts.append(f"\nconst char {variable}[] =\n{''.join(map(literal, lines))};\n")
    pathlib.Path(output).write_text("".join(parts), encoding="utf-8")


main(*sys.argv[1:])
