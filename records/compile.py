#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Generates code and documents from the kinds of records: C tables, and the parts of documents that list kinds.

Usage: compile.py tables OUTPUT FILE.toml...      the tables of lib/record
       compile.py commands OUTPUT FILE.toml...    the rows of stipplectl's commands that enter a record
       compile.py version OUTPUT FILE.toml...     what a version's records may be, for tests/records
       compile.py refresh ROOT FILE.toml...       writes the marked parts of the documents below ROOT anew
       compile.py check ROOT FILE.toml...         status 1 unless they are what "refresh" would write

Beside each FILE.toml stands topics.toml, which names the topics.
"""

import json
import pathlib
import sys
from typing import Callable, Iterator

import documents
from kinds import Field, Kind, RecordError, Topic, read_kinds, read_topics

MADE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by records/compile.py of the TOML files there: change those. */\n"
TYPES = {"text": "TEXT", "code": "TEXT", "identifier": "TEXT", "label": "TEXT", "choice": "TEXT", "list": "ARRAY"}
WORDS = {True: "WORDS_BESIDE", "perhaps": "WORDS_PERHAPS"}


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# ---- the tables of lib/record ----

def field_row(field: Field) -> str:
    parts = [f".name = {quoted(field.name)}", f".type = FIELD_{TYPES.get(field.type, field.type.upper())}"]
    # a retired field may be missing
    if field.optional or field.retired:
        parts.append(".optional = true")
    if field.type == "choice":
        parts.append(f".choices = {quoted(' '.join(field.of))}")
    if field.min is not None:
        parts += [f".min = {field.min}", f".max = {field.max}", f".unit = {quoted(field.unit)}"]
    if field.personal:
        parts.append(f".words = {WORDS[field.personal]}")
    said = field.of[0] if field.type == "list" else field.type
    if said in ("code", "identifier", "label"):
        parts.append(f".text = TEXT_{said.upper()}")
    if field.origin:
        parts.append(f".origin = FROM_{field.origin.upper()}")
    if field.retired:
        parts.append(f".retired = {quoted(field.retired)}")
    return "\t{ " + ", ".join(parts) + " },"


def name_of_fields(kind: Kind) -> str:
    return "fields_of_" + kind.name.replace(".", "_").replace("-", "_")


def kind_row(kind: Kind) -> str:
    parts = [f".name = {quoted(kind.name)}", f".fields = {name_of_fields(kind)}"]
    if kind.published:
        parts.append(f".topic = {quoted(kind.published)}")
    if kind.retired:
        parts.append(f".retired = {quoted(kind.retired)}")
    parts += [f".{name} = true" for name in ("seals", "corrects_clock", "shared") if getattr(kind, name)]
    return "\t{ " + ", ".join(parts) + " },"


def form_row(kind: Kind) -> str:
    session = f"FORM_SESSION_{kind.session.replace('-', '_').upper()}" if kind.session else "FORM_ANYTIME"
    parts = [f".kind = {quoted(kind.name)}", f".place = FORM_{kind.place.upper()}",
             f".roles = {quoted(' '.join(kind.roles))}", f".session = {session}"]
    if kind.signs:
        parts.append(f".signs = {quoted(kind.signs)}")
    identities = [field.name for field in kind.fields if field.personal == "identity" and field.entered]
    if identities:
        parts.append(f".personal = {quoted(' '.join(identities))}")
    return "\t{ " + ", ".join(parts) + " },"


def tables(kinds: list[Kind]) -> Iterator[str]:
    yield MADE
    yield '#include "record/record.h"\n'
    for kind in kinds:
        yield f"static const RecordField {name_of_fields(kind)}[] = {{"
        yield from (field_row(field) for field in kind.fields if field.in_body and field.checked)
        yield "\t{ NULL },\n};\n"
    yield "/* sorted by name, to be searched */"
    yield "const RecordKind record_kinds[] = {"
    yield from (kind_row(kind) for kind in sorted(kinds, key=lambda kind: kind.name))
    yield "};"
    yield f"const size_t record_kinds_n = {len(kinds)};\n"
    forms = [kind for kind in kinds if kind.entered]
    yield "const RecordForm record_forms[] = {"
    yield from (form_row(kind) for kind in forms)
    yield "};"
    yield f"const size_t record_forms_n = {len(forms)};"


# ---- the commands of stipplectl ----

def commands(kinds: list[Kind]) -> Iterator[str]:
    yield MADE
    for kind in kinds:
        if kind.entered:
            form = f"{quoted(kind.name)}, CTL_{kind.place.upper()}, {str(bool(kind.signs)).lower()}, {quoted(kind.done)}"
            yield (f"{{ {quoted(kind.command)}, {quoted(documents.usage(kind))}, {kind.least()}, {kind.most()}, run_form,"
                   f" {quoted(kind.help)}, .form = &(const EnteredForm){{ {form} }} }},")


# ---- the kinds of a version ----

def version(kinds: list[Kind]) -> Iterator[str]:
    """{kind: {field: [type, required or optional, choice...]}}, one kind a line."""
    rows = []
    for kind in sorted(kinds, key=lambda kind: kind.name):
        fields = {field.name: [TYPES.get(field.type, field.type).lower().replace("array", "list"),
                               "may" if field.optional or field.personal or field.retired else "must",
                               *(field.of if field.type == "choice" else [])]
                  for field in kind.fields if field.in_body and field.checked}
        rows.append(f"{json.dumps(kind.name)}: {json.dumps(fields)}")
    yield "{\n" + ",\n".join(rows) + "\n}"


# ---- the program ----

def write(lines: Callable[[list[Kind]], Iterator[str]]) -> Callable[[pathlib.Path, list[Kind], dict[str, Topic]], int]:
    def run(output: pathlib.Path, kinds: list[Kind], _topics: dict[str, Topic]) -> int:
        output.write_text("\n".join(lines(kinds)) + "\n", encoding="utf-8")
        return 0

    return run


ACTIONS: dict[str, Callable[[pathlib.Path, list[Kind], dict[str, Topic]], int]] = {
    "tables": write(tables), "commands": write(commands), "version": write(version),
    "refresh": documents.refresh, "check": documents.check,
}


def main(arguments: list[str]) -> int:
    if len(arguments) < 3 or arguments[0] not in ACTIONS:
        print(__doc__, file=sys.stderr)
        return 2
    files = [pathlib.Path(argument) for argument in arguments[2:]]
    try:
        topics = read_topics(files[0].with_name("topics.toml"))
        return ACTIONS[arguments[0]](pathlib.Path(arguments[1]), read_kinds(files, topics), topics)
    except (RecordError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
