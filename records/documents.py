# SPDX-License-Identifier: Apache-2.0
"""The parts of documents that list kinds of records: in docs/, the man page and the completion of stipplectl.

Such a part stands between a comment "records: NAME" and a comment "records: end". Nothing outside is touched.
"""

import pathlib
import re
import sys
import textwrap
from typing import Callable, Iterator

import asyncapi
from kinds import FIRST_VERSION, SHARED_FIELDS, Field, Kind, RecordError, Topic

WIDTH = 116

# ---- what stipplectl asks for ----

SAMPLES = {"date": "DATE", "time": "TIME", "count": "N", "boolean": "yes", "list": "ITEM,ITEM..."}


def sample(field: Field) -> str:
    """How a value is shown: a placeholder in capitals, or the allowed words."""
    return field.sample or "|".join(field.of if field.type == "choice" else [SAMPLES.get(field.type, field.name[0].upper())])


def usage(kind: Kind) -> str:
    """Such as "lot=L status=released|recalled reason=R [gtin=G]"."""
    words = []
    for fields in kind.asked():
        word = "|".join(f"{field.name}={sample(field)}" for field in fields)
        words.append(f"[{word}]" if fields[0].optional and len(fields) == 1 else word)
    return " ".join(words)


# ---- docs/ledger.md ----

SHOWN_TYPES = {"list": "array", "boolean": "boolean", "object": "object", "time": "time"}


def either(words: list[str]) -> str:
    quoted = [f"`{word}`" for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def versions(introduced: str, retired: str) -> list[str]:
    return [f"from version {introduced} on"] * (introduced != FIRST_VERSION) + [f"until version {retired}"] * bool(retired)


def field_cell(field: Field) -> str:
    marks = "*" * (field.personal is True) + "?" * field.optional
    said = [SHOWN_TYPES[field.type]] if field.type in SHOWN_TYPES else []
    said += [either(field.of)] if field.type == "choice" else []
    said += [field.says] if field.says else []
    said += versions(field.introduced, field.retired)
    return f"`{field.name}`{marks}" + (f" ({'; '.join(said)})" if said else "")


def body_cell(kind: Kind) -> str:
    hidden = SHARED_FIELDS if kind.shared else {}  # the document tells of these once
    body = ", ".join(field_cell(field) for field in kind.fields if field.in_body and field.name not in hidden)
    beside = ", ".join(field_cell(field) for field in kind.fields if not field.in_body)
    return "; ".join(part for part in (body, beside and f"personal: {beside}", kind.note, "shared" * kind.shared) if part)


def row(*cells: str) -> str:
    return "| " + " | ".join(cells).replace("|  |", "| |") + (" |" if cells[-1] else "|")


def kinds_table(kinds: list[Kind], topics: dict[str, Topic]) -> Iterator[str]:
    yield row("kind", "what it says", "body", "published on")
    yield row("---", "---", "---", "---")
    for kind in kinds:
        says = " ".join([kind.says, *(f"({text})" for text in versions(kind.introduced, kind.retired))])
        address = topics[kind.published].address.replace("{", "<").replace("}", ">") if kind.published else ""
        yield row(f"`{kind.name}`", says, body_cell(kind), f"`{address}`" if address else "")


def ranges_table(kinds: list[Kind]) -> Iterator[str]:
    yield row("field", "range", "why")
    yield row("---", "---", "---")
    found: dict[tuple[str, str, str], list[str]] = {}
    for kind in kinds:
        for field in kind.fields:
            if field.checked and field.min is not None:
                bounds = " ".join([f"{field.min} to {field.max}", field.unit]).strip()
                found.setdefault((field.name, bounds, field.why), []).append(f"`{kind.name}`")
    for (name, bounds, why), names in found.items():
        yield row(f"`{name}` of {', '.join(names)}", bounds, why)


# ---- the man page ----

def roff(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"\\fB\1\\fP", text.replace("\\", "\\e").replace("-", "\\-"))


def man_entry(kind: Kind) -> Iterator[str]:
    yield ".TP"
    yield f'.BI "{roff(kind.command)}" " {roff(usage(kind))}"'
    text = kind.manual.strip() or kind.help[0].upper() + kind.help[1:] + "."
    for sentence in re.split(r"(?<=[.:])\n", text):
        for part in textwrap.wrap(roff(sentence), 80, break_long_words=False, break_on_hyphens=False):
            yield ("\\&" if part[0] in ".'" else "") + part


def man_part(kinds: list[Kind], name: str, named: set[str]) -> Iterator[str]:
    """The entry of one kind, or of all kinds of an area that have no part of their own."""
    for kind in kinds:
        if kind.entered and (kind.name == name or (kind.area == name and kind.name not in named)):
            yield from man_entry(kind)


# ---- the completion ----

def candidates(field: Field) -> list[str]:
    """A completion for each value that is a word; without such values, one for the field's name."""
    return [f"{field.name}={word}" for word in sample(field).split("|") if word.islower()] or [f"{field.name}="]


def choices(pattern: str, words: list[str], more: bool) -> str:
    line = f'    {pattern}) choices{"+" * more}="{" " * more}{" ".join(words)}" ;;'
    return "\n".join(textwrap.wrap(line, WIDTH, subsequent_indent=" " * 8, break_long_words=False, break_on_hyphens=False))


def completion(kinds: list[Kind]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for kind in kinds:
        if kind.entered:
            first, second = kind.command.split()
            groups.setdefault(first, []).append(second)
    yield choices('""', sorted(groups), True)
    for first, seconds in groups.items():
        yield choices(first, seconds, True)
    for kind in kinds:
        if kind.entered:
            yield choices(f'"{kind.command}"*', [word for fields in kind.asked() for field in fields
                                                 for word in candidates(field)], False)


# ---- parts of files ----

BEGIN = re.compile(r'^\s*(?:<!--|#|\.\\") records: ([\w.-]+)(?: -->)?$')
Maker = Callable[[str, set[str]], Iterator[str]]


def makers(kinds: list[Kind], topics: dict[str, Topic]) -> dict[str, Maker]:
    """For each document, the function that makes a part from its name and the names of all parts in that document."""
    named = {"kinds": lambda: kinds_table(kinds, topics), "ranges": lambda: ranges_table(kinds),
             "commands": lambda: completion(kinds), "channels": lambda: asyncapi.channels(kinds, topics),
             "operations": lambda: asyncapi.operations(topics), "messages": lambda: asyncapi.messages(kinds)}

    def make_named(name: str, _names: set[str]) -> Iterator[str]:
        if name not in named:
            raise RecordError(f"nothing makes a part \"{name}\"; there are {', '.join(named)}")
        return named[name]()

    return {
        "docs/ledger.md": make_named,
        "docs/stipple-mqtt.asyncapi.yaml": make_named,
        "docs/man/stipplectl.1": lambda name, names: man_part(kinds, name, names),
        "ctl/stipplectl.bash-completion": make_named,
    }


def made(path: pathlib.Path, maker: Maker) -> str:
    """The text of a document with all its parts generated again."""
    lines = path.read_text(encoding="utf-8").splitlines()
    begins = [match[1] if match else "" for match in map(BEGIN.match, lines)]
    names, result, inside = set(begins) - {"", "end"}, [], ""
    for line, begin in zip(lines, begins):
        if begin and (begin == "end") != bool(inside):
            raise RecordError(f"the part \"{inside or begin}\" has no {'end' if inside else 'begin'}")
        if begin or not inside:
            result.append(line)
        if begin == "end":
            inside = ""
        elif begin:
            inside = begin
            result.extend(maker(begin, names))
    if inside:
        raise RecordError(f"the part \"{inside}\" has no end")
    return "\n".join(result) + "\n"


def documents(root: pathlib.Path, kinds: list[Kind], topics: dict[str, Topic]) -> Iterator[tuple[pathlib.Path, str]]:
    for name, maker in makers(kinds, topics).items():
        try:
            text = made(root / name, maker)
            for kind in kinds:
                if kind.entered and name.endswith(".1") and f'.BI "{roff(kind.command)}" ' not in text:
                    raise RecordError(f"no part is of {kind.name} or of its area: add one, records: {kind.area}")
        except RecordError as error:
            raise RecordError(f"{root / name}: {error}") from error
        yield root / name, text


def refresh(root: pathlib.Path, kinds: list[Kind], topics: dict[str, Topic]) -> int:
    for path, text in documents(root, kinds, topics):
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path} is written anew")
    return 0


def check(root: pathlib.Path, kinds: list[Kind], topics: dict[str, Topic]) -> int:
    old = [path for path, text in documents(root, kinds, topics) if path.read_text(encoding="utf-8") != text]
    for path in old:
        print(f"{path} is not what records/ says: run \"ninja -C build records\"", file=sys.stderr)
    return 1 if old else 0
