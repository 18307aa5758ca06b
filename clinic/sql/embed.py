#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes C of the SQL files, which stay what psql runs.

Usage: embed.py OUTPUT.c OUTPUT.h FILE.sql...

schema/version-N.sql is sql_schema[N - 1]: what makes version N out of the one before. NAME.sql is sql_NAME, one statement
with $1, $2, ... for its arguments, which its head explains.
"""

import pathlib
import sys

MADE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by clinic/sql/embed.py of the SQL files there: change those. */\n"


def string(path: pathlib.Path) -> str:
    lines = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines if line and not line.startswith("--"))
    return "".join(f'\n\t"{line}\\n"' for line in escaped)


def main(output: str, header: str, *names: str) -> None:
    paths = [pathlib.Path(name) for name in names]
    schema = sorted((path for path in paths if path.parent.name == "schema"), key=lambda path: int(path.stem.split("-")[1]))
    statements = {path.stem.replace("-", "_"): path for path in paths if path not in schema}
    made = "".join(f"const char sql_{name}[] ={string(path)};\n\n" for name, path in statements.items())
    versions = "".join(f"{string(path)},\n" for path in schema)
    pathlib.Path(output).write_text(f'{MADE}#include "clinic-sql.h"\n\n#include <stddef.h>\n\n{made}const char *const sql_schema[] = {{{versions}NULL}};\n',
                                    encoding="utf-8")
    declared = "".join(f"extern const char sql_{name}[];\n" for name in statements)
    pathlib.Path(header).write_text(f"{MADE}#pragma once\n\n/** Ends with NULL. */\nextern const char *const sql_schema[];\n{declared}",
                                    encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
