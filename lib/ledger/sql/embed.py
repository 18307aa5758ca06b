#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes C of the SQL files, which stay what the sqlite3 shell runs.

Usage: embed.py OUTPUT.c FILE.sql...

The folder of a file says what becomes of it:

  schema/version-N.sql, views/version-N.sql   sql_schema[N - 1]: what makes version N out of the one before

Lines that are comments are left out. A comment behind code is refused, as it would go into the ledger's own schema,
where texts are compared.
"""

import pathlib
import sys

MADE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by lib/ledger/sql/embed.py of the SQL files there: change those. */\n"


def read(path: pathlib.Path) -> list[str]:
    """The lines of a file that are no comments."""
    lines = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("--")]
    for line in lines:
        if "--" in line or "/*" in line:
            raise SystemExit(f"{path}: a comment must have a line of its own, which begins with it: {line}")
    return lines


def text(lines: list[str], indent: str = "\t") -> str:
    """A string of C, a line each."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return "".join(f'\n{indent}"{line}\\n"' for line in escaped)


def schema(files: list[pathlib.Path]) -> str:
    """Tables come before views of the same version."""
    versions: dict[int, list[str]] = {}
    for path in sorted(files):
        versions.setdefault(int(path.stem.removeprefix("version-")), []).extend(read(path))
    rows = "".join(f"{text(versions[version])},\n" for version in sorted(versions))
    return f"const char *const sql_schema[LEDGER_SCHEMA_VERSION] = {{{rows}}};\n"


def main(output: str, *names: str) -> None:
    folders: dict[str, list[pathlib.Path]] = {}
    for path in map(pathlib.Path, names):
        folders.setdefault(path.parent.name, []).append(path)
    made = MADE + '#include "ledger/sql.h"\n\n' + schema(folders["schema"] + folders["views"])
    pathlib.Path(output).write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
