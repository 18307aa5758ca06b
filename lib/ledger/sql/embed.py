#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes C of the SQL files, which stay what the sqlite3 shell runs.

Usage: embed.py OUTPUT.c OUTPUT.h FILE.sql...

The folder of a file says what becomes of it:

  schema/version-N.sql, views/version-N.sql   sql_schema[N - 1]: what makes version N out of the one before
  questions/NAME.sql                          an element of sql_questions, in the order of the command line
  checks/NAME.sql                             a part of the table "gap", of which questions may select
  accept/AREA.sql, read/, write/NAME.sql      each "-- statement NAME": sql_NAME, which OUTPUT.h declares
  project/AREA.sql                            each "-- record KIND": an element of sql_projecting; statements of several
                                              kinds, "-- record KIND KIND", follow those that each has before
  rebuild/empty.sql, rebuild/days.sql         sql_tables: the names of those that are emptied; sql_days

A question says in its head what it takes, a line each:

  -- @NAME text|number|time[, needed][, of the profile]: what it is

A condition for an argument that may be left out is "WHERE (@NAME IS NULL OR CONDITION)", or AND in place of WHERE. The
program puts in CONDITION where the argument is given, and nothing where it is not, so that an index can be used; these
conditions stand together, between the rest of WHERE and ORDER BY.

Lines that are comments are left out. A comment behind code is refused, as it would go into the ledger's own schema,
where texts are compared.
"""

import pathlib
import re
import sys
from typing import Iterator

MADE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by lib/ledger/sql/embed.py of the SQL files there: change those. */\n"
SECTION = re.compile(r"-- (?:record|statement) (\S+(?: \S+\.\S+)*)$")
DELETE = re.compile(r"DELETE FROM (\w+);$")
ARGUMENT = re.compile(r"-- @(\w+) (text|number|time)(, needed)?(, of the profile)?: .")
OPTIONAL = re.compile(r"(WHERE|  AND) \(@(\w+) IS NULL OR\b *(.*)$", re.DOTALL)
STATION = "-- For the station alone."


class SqlError(Exception):
    """A file that is not written as it must be."""


class Source:
    """A file: its name, its comments, and its lines of code."""

    def __init__(self, path: pathlib.Path) -> None:
        lines = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
        self.path = path
        self.lines = lines
        self.comments = [line for line in lines if line.startswith("--")]
        self.code = [line for line in lines if line and not line.startswith("--")]
        for line in self.code:
            if "--" in line or "/*" in line:
                raise SqlError(f"{path}: a comment must have a line of its own, which begins with it: {line}")

    def select(self) -> list[str]:
        """The lines of the one statement that the file is, without the semicolon at its end."""
        if sum(line.endswith(";") for line in self.code) != 1 or not self.code[-1].endswith(";"):
            raise SqlError(f"{self.path}: is to be one statement")
        return [*self.code[:-1], self.code[-1].removesuffix(";")]

    def sections(self) -> dict[str, list[list[str]]]:
        """The statements behind each "-- record NAME" or "-- statement NAME"."""
        made: dict[str, list[list[str]]] = {}
        names, begun = "", True
        for line in self.lines:
            if found := SECTION.match(line):
                names, begun = found[1], True
                if names in made:
                    raise SqlError(f"{self.path}: {names} stands there twice")
                made[names] = []
            elif line and not line.startswith("--"):
                if begun:
                    made[names].append([])
                made[names][-1].append(line.removesuffix(";"))
                begun = line.endswith(";")
        return made


def string(lines: list[str]) -> str:
    """A string of C, a line each."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return "".join(f'\n\t"{line}\\n"' for line in escaped) or ' ""'


# ---- schema ----

def schema(sources: list[Source]) -> str:
    """Tables come before views of the same version."""
    versions: dict[int, list[str]] = {}
    for source in sources:
        versions.setdefault(int(source.path.stem.removeprefix("version-")), []).extend(source.code)
    rows = "".join(f"{string(versions[version])},\n" for version in sorted(versions))
    return f"const char *const sql_schema[LEDGER_SCHEMA_VERSION] = {{{rows}}};\n\n"


# ---- questions ----

def is_open(text: str) -> bool:
    bare = re.sub(r"'[^']*'", "", text)
    return bare.count("(") > bare.count(")")


def split(source: Source, lines: list[str]) -> tuple[list[str], dict[str, str], list[str]]:
    """What stands before the conditions that may be left out, these by name, and what comes after."""
    conditions: dict[str, str] = {}
    first = last = next((n for n, line in enumerate(lines) if re.match("ORDER BY|LIMIT", line)), len(lines))
    n = 0
    while n < len(lines):
        found, begin = OPTIONAL.match(lines[n]), n
        n += 1
        if not found:
            continue
        text = lines[begin]
        while is_open(text):
            text += "\n" + lines[n]
            n += 1
        found = OPTIONAL.match(text)
        conditions[found[2]] = found[3].removesuffix(")").strip()
        if len(conditions) == 1:
            first = begin
        elif begin != last:
            raise SqlError(f"{source.path}: the conditions that may be left out are to stand together")
        last = n
    head = lines[:first]
    if conditions and lines[first].startswith("WHERE"):
        head.append("WHERE 1")
    return head, conditions, lines[last:]


def question(source: Source, gap: list[str]) -> tuple[str, str]:
    name = source.path.stem
    head, conditions, tail = split(source, source.select())
    used = set(re.findall(r"@(\w+)", "\n".join(head + tail + list(conditions.values()) + gap))) - {"impersonal"}
    rows = []
    for line in source.comments:
        found = ARGUMENT.match(line)
        if not found:
            if line.startswith("-- @"):
                raise SqlError(f"{source.path}: is no argument: {line}")
            continue
        parts = [f'"{found[1]}"', f"ARGUMENT_{found[2].upper()}"]
        if found[1] in conditions:
            parts.append(f".where ={string(conditions.pop(found[1]).splitlines())}")
        parts += [".needed = true"] if found[3] else []
        parts += [".figure = true"] if found[4] else []
        rows.append(f"\t{{ {', '.join(parts)} }},\n")
        used.discard(found[1])
    if used or conditions:
        raise SqlError(f"{source.path}: its head does not say what these are: {', '.join(sorted([*used, *conditions]))}")
    if gap:
        head = ["WITH gap(rule, subject, missing, since) AS (", *gap, ")", *head]
    arguments = f"arguments_of_{name.replace('-', '_')}"
    flags = ", .lookup_only = true" if STATION in source.comments else ""
    return (f"static const Argument {arguments}[] = {{\n{''.join(rows)}\t{{ NULL }},\n}};\n\n",
            f'\t{{ "{name}",{string(head)},{string(tail)},\n\t{arguments}{flags} }},\n')


def questions(sources: list[Source], checks: list[Source]) -> str:
    gap: list[str] = []
    for check in checks:
        gap += ["UNION ALL"] * bool(gap) + ["SELECT * FROM (", *check.select(), ")"]
    made = [question(source, gap if any(re.search(r"\bFROM gap\b", line) for line in source.code) else []) for source in sources]
    return ("".join(arguments for arguments, _ in made) +
            "const LedgerQuery sql_questions[] = {\n" + "".join(row for _, row in made) + "\t{ NULL },\n};\n")


# ---- records ----

def join(many: list[list[str]]) -> Iterator[str]:
    """The lines of several statements that run together."""
    for number, lines in enumerate(many):
        yield from lines[:-1]
        yield lines[-1] + (";" if number + 1 < len(many) else "")


def statements(sources: list[Source]) -> tuple[str, str]:
    named = [(name, list(join(many))) for source in sources for name, many in source.sections().items()]
    return ("".join(f"const char sql_{name}[] ={string(lines)};\n\n" for name, lines in named),
            "".join(f"extern const char sql_{name}[];\n" for name, _ in named))


def projecting(sources: list[Source]) -> str:
    of_kind: dict[str, list[list[str]]] = {}
    for source in sources:
        for kinds, many in source.sections().items():
            for kind in kinds.split():
                of_kind.setdefault(kind, []).extend(many)
    rows = [f'\t{{ "{kind}", (const char *const[]){{' + ",".join(map(string, many)) + ", NULL } },\n"
            for kind, many in of_kind.items()]
    return "const Projecting sql_projecting[] = {\n" + "".join(rows) + "\t{ NULL },\n};\n\n"


def rebuild(sources: list[Source]) -> str:
    by_name = {source.path.stem: source for source in sources}
    tables = [DELETE.match(line) for line in by_name["empty"].code]
    if None in tables:
        raise SqlError(f"{by_name['empty'].path}: is to be of DELETE FROM alone")
    return ("const char *const sql_tables[] = { " + "".join(f'"{found[1]}", ' for found in tables if found) + "NULL };\n\n"
            f"const char sql_days[] ={string(by_name['days'].code)};\n")


def main(output: str, header: str, *names: str) -> None:
    folders: dict[str, list[Source]] = {}
    for path in map(pathlib.Path, names):
        folders.setdefault(path.parent.name, []).append(Source(path))
    accept, declared = statements(folders["accept"] + folders["read"] + folders["write"])
    made = (MADE + '#include "ledger/sql.h"\n#include "ledger/statements.h"\n\n' + schema(folders["schema"] + folders["views"]) +
            questions(folders["questions"], folders["checks"]) + accept + projecting(folders["project"]) + rebuild(folders["rebuild"]))
    pathlib.Path(output).write_text(made, encoding="utf-8")
    pathlib.Path(header).write_text(f"{MADE}#pragma once\n\n{declared}", encoding="utf-8")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SqlError as error:
        sys.exit(str(error))
