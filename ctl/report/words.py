#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a C file of the words of one language of po/.

Usage: words.py OUTPUT LANGUAGE.po

msgfmt reads and checks the catalogue. An entry that is not translated is left out, so that it stays English.
"""

import pathlib
import struct
import subprocess
import sys


def entries(catalogue: bytes) -> dict[bytes, bytes]:
    """The texts of a compiled catalogue (GNU gettext, "The Format of GNU MO Files")."""
    _, _, n, texts, words = struct.unpack_from("=5I", catalogue)

    def at(table: int, i: int) -> bytes:
        size, place = struct.unpack_from("=2I", catalogue, table + 8 * i)
        return catalogue[place:place + size]
    return {at(texts, i): at(words, i) for i in range(n)}


def literal(text: bytes) -> str:
    return '"' + "".join(chr(c) if 32 <= c < 127 and c not in b'"\\?' else f"\\{c:03o}" for c in text) + '"'


def row(text: bytes, words: bytes) -> str:
    one = text.split(b"\0")[0]
    translated = words.split(b"\0")
    return f"\t{{ {literal(one)}, {literal(translated[0])}, {literal(translated[1]) if len(translated) > 1 else 'NULL'} }},\n"


def main(output: str, source: str) -> None:
    compiled = subprocess.run(["msgfmt", "--check-format", "-o", "-", source], check=True, stdout=subprocess.PIPE).stdout
    rows = [row(*entry) for entry in sorted(entries(compiled).items(), key=lambda e: e[0].split(b"\0")[0]) if entry[0]]
    pathlib.Path(output).write_text(
        '#include "report/language.h"\n\nstatic const LanguageWords list[] = {\n' + "".join(rows) + "};\n\n"
        f"const LanguageCatalogue language_{pathlib.Path(source).stem} = {{ list, sizeof list / sizeof list[0] }};\n",
        encoding="utf-8")


main(*sys.argv[1:])
