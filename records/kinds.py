# SPDX-License-Identifier: Apache-2.0
"""Reads the kinds of records from TOML, one file for each area, and refuses invalid definitions.

It knows the keys of a kind and of a field. compile.py and documents.py generate code and documents from them.
"""

import dataclasses
import pathlib
import re
import tomllib
from typing import Any, Iterator

FIRST_VERSION = "0.1.0"  # of a kind or field without `introduced`
# what may be kept beside the leaf; a label, an identifier or a code says nothing of a person
PERSONAL = ("text", "choice", "date", "time", "count", "number", "boolean", "object", "list")
PLACES = ("station", "inventory", "session")
ROLES = ("technician", "supervisor", "auditor", "administrator")
SESSIONS = ("if-open", "named", "only")
TEXTS = ("text", "code", "identifier", "label", "choice")
FIGURES = ("count", "number")
TYPES = TEXTS + FIGURES + ("date", "time", "boolean", "object", "list")
ITEMS = ("text", "code", "identifier", "label", "count", "object")  # of a list


class RecordError(Exception):
    """An error in a definition: file, kind and field, followed by what is wrong."""


@dataclasses.dataclass(frozen=True)
class Topic:
    """A topic to which kinds of records are published, below stipple/v1/<clinic>/<station>/."""

    name: str
    says: str
    address: str
    parameters: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Field:
    name: str
    type: str
    of: list[str]  # the words of a choice; what a list has is its one element
    optional: bool
    personal: bool | str  # True: somebody's own words, or what somebody is like; "perhaps"; "identity": who somebody is
    min: float | None
    max: float | None
    unit: str
    why: str
    origin: str  # "": who enters the record; "station"; "profile"
    asked: bool
    sample: str
    says: str
    checked: bool
    introduced: str
    retired: str

    @property
    def in_body(self) -> bool:
        return self.personal != "identity"

    @property
    def entered(self) -> bool:
        return not self.origin and self.checked and not self.retired


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    area: str
    says: str
    note: str
    published: str
    seals: bool
    corrects_clock: bool
    place: str  # "": the station's own
    roles: list[str]
    signs: str
    session: str
    shared: bool
    command: str
    help: str
    done: str
    manual: str
    one_of: list[str]
    introduced: str
    retired: str
    fields: tuple[Field, ...]

    @property
    def entered(self) -> bool:
        return bool(self.place) and not self.retired

    def asked(self) -> Iterator[list[Field]]:
        """The fields that stipplectl asks for, required ones first. A list with several fields means that one of them is needed."""
        asked = [field for field in self.fields if field.entered and field.asked]
        alone = [field for field in asked if field.name not in self.one_of]
        yield from ([field] for field in alone if not field.optional)
        if self.one_of:
            yield [next(field for field in asked if field.name == name) for name in self.one_of]
        yield from ([field] for field in alone if field.optional)

    def least(self) -> int:
        return sum(not fields[0].optional or len(fields) > 1 for fields in self.asked())

    def most(self) -> int:
        return len(list(self.asked()))


# ---- the keys, their types and their defaults ----

NAMES = {str: "text", bool: "true or false", list: "list", dict: "table", int: "number", float: "fraction"}
TEXT, FLAG, WORDS, NUMBER = (str,), (bool,), (list,), (int, float)
Keys = dict[str, tuple[tuple[type, ...], Any]]
KIND_KEYS: Keys = {
    "says": (TEXT, None), "note": (TEXT, ""), "published": (TEXT, ""), "seals": (FLAG, False),
    "corrects_clock": (FLAG, False), "shared": (FLAG, False), "place": (TEXT, ""), "roles": (WORDS, []), "signs": (TEXT, ""),
    "session": (TEXT, ""), "command": (TEXT, ""), "help": (TEXT, ""), "done": (TEXT, ""), "manual": (TEXT, ""),
    "one_of": (WORDS, []), "introduced": (TEXT, FIRST_VERSION), "retired": (TEXT, ""), "fields": ((dict,), {}),
}
ONLY_ENTERED = ("roles", "signs", "session", "command", "help", "done", "manual", "one_of")
NEEDED_ENTERED = ("roles", "command", "help", "done")
FIELD_KEYS: Keys = {
    "type": (TEXT, None), "of": (WORDS + TEXT, []), "optional": (FLAG, False), "personal": (FLAG + TEXT, False),
    "min": (NUMBER, None), "max": (NUMBER, None), "unit": (TEXT, ""), "why": (TEXT, ""), "from": (TEXT, ""),
    "asked": (FLAG, True), "as": (TEXT, ""), "says": (TEXT, ""), "checked": (FLAG, True),
    "introduced": (TEXT, FIRST_VERSION), "retired": (TEXT, ""),
}
ONE_LINE = ("says", "note", "why", "signs", "help", "done")  # they stand in a row of a table
TOPIC_KEYS: Keys = {"says": (TEXT, None), "address": (TEXT, ""), "parameters": ((dict,), {})}
RENAMED = {"from": "origin", "as": "sample"}  # words of Python
# of a record that another station of the clinic entered; the station fills them
SHARED_FIELDS: dict[str, dict[str, Any]] = {
    "from": {"type": "code", "says": "the log of the station that entered it, a blank, and the record's number there"},
    "entered": {"type": "code", "says": "when that was, as that record says"},
    "entered_by": {"type": "code", "says": "who did, as that record says"},
    "leaf": {"type": "count", "says": "the leaf of the registry's log by which it came"},
}
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def number_of(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


class Reader:
    """Reads one file; `where` names the current kind and field in error messages."""

    def __init__(self, path: pathlib.Path, topics: dict[str, Topic]) -> None:
        self.path, self.topics = path, topics
        self.where: list[str] = []

    def fail(self, text: str) -> RecordError:
        return RecordError(": ".join([str(self.path), *self.where, text]))

    def need(self, holds: bool, text: str) -> None:
        if not holds:
            raise self.fail(text)

    def take(self, table: Any, keys: Keys) -> dict[str, Any]:
        self.need(isinstance(table, dict), "a table is needed here")
        for key in table:
            self.need(key in keys, f"there is no \"{key}\"; there are {', '.join(sorted(keys))}")
        found = {}
        for key, (wanted, default) in keys.items():
            value = table.get(key, default)
            self.need(key in table or default is not None or key in ("min", "max"), f"\"{key}\" is missing")
            self.need(key not in table or type(value) in wanted,
                      f"\"{key}\" is {value!r}, which is no {' or '.join(NAMES[one] for one in wanted)}")
            self.need(key not in ONE_LINE or not re.search(r"[|\n]", value), f"\"{key}\" is one line, without |")
            found[RENAMED.get(key, key)] = value
        return found

    def check_versions(self, table: dict[str, Any]) -> None:
        for key in ("introduced", "retired"):
            self.need(not table[key] or bool(VERSION.fullmatch(table[key])), f"\"{key}\" is a version, such as {FIRST_VERSION}")
        self.need(not table["retired"] or number_of(table["retired"]) > number_of(table["introduced"]),
                  "it is retired before it is introduced")

    # ---- fields ----

    def check_type(self, field: Field) -> None:
        self.need(field.type in TYPES, f"there is no type \"{field.type}\"; there are {', '.join(TYPES)}")
        words = field.of if field.type == "choice" else []
        self.need(field.type != "choice" or (len(words) > 0 and all(re.fullmatch(r"[\w-]+", str(word)) for word in words)),
                  "a choice needs of = [...], words without blanks")
        self.need(field.type != "list" or (len(field.of) == 1 and field.of[0] in ITEMS),
                  f"a list needs of = \"...\", one of {', '.join(ITEMS)}")
        self.need(field.type in ("choice", "list") or not field.of, "only a choice or a list takes \"of\"")

    def check_range(self, field: Field) -> None:
        self.need((field.min is None) == (field.max is None) or not field.checked, "\"min\" and \"max\" go together")
        self.need(field.min is None or field.type in FIGURES, "only a count or a number has a range")
        self.need(field.min is None or field.max is None or field.min < field.max, "\"min\" must be below \"max\"")
        self.need(field.min is not None or not (field.unit or field.why), "\"unit\" and \"why\" are of a range")

    def read_field(self, kind: dict[str, Any], name: str, table: Any) -> Field:
        self.need(bool(re.fullmatch(r"[a-z][a-z0-9_]*", name)), "a field is called by small letters, digits and _")
        found = self.take(table, FIELD_KEYS)
        found["of"] = [found["of"]] if isinstance(found["of"], str) else found["of"]
        field = Field(name=name, **found)
        self.check_versions(found)
        self.check_type(field)
        self.check_range(field)
        self.need(field.personal in (False, True, "perhaps", "identity"), "\"personal\" is true, \"perhaps\" or \"identity\"")
        self.need(not field.personal or field.type == "text" or field.personal is True and field.type in PERSONAL,
                  "only a text is personal, or with \"personal\" true a choice, a date, a figure, a list or an object")
        self.need(bool(re.fullmatch(r"[\w.,:|-]*", field.sample)), "\"as\" is one word, or several with | between them")
        self.need(field.origin in ("", "station", "profile"), "\"from\" is \"station\" or \"profile\"")
        self.need(not field.origin or bool(kind["place"]), "\"from\" is of a kind that people enter")
        spoken = field.type == "text" and not field.personal or field.type == "list" and field.of == ["text"]
        self.need(not (spoken and kind["published"] and field.checked),
                  "it is published: say whether it is a label, an identifier, a code or a choice, or make it personal")
        return field

    def read_shared_fields(self, kind: dict[str, Any]) -> Iterator[Field]:
        """What a record has that came from another station."""
        for name, table in SHARED_FIELDS.items():
            origin = {"from": "station"} if kind["place"] else {}
            yield self.read_field(kind, name, {**table, **origin, "optional": True, "introduced": "0.2.0"})

    # ---- kinds ----

    def check_form(self, kind: Kind) -> None:
        for key in ONLY_ENTERED:
            self.need(bool(kind.place) or not getattr(kind, key), f"\"{key}\" is of a kind that people enter: say \"place\"")
        if not kind.place:
            return
        self.need(kind.place in PLACES, f"there is no place \"{kind.place}\"; there are {', '.join(PLACES)}")
        for key in NEEDED_ENTERED:
            self.need(bool(getattr(kind, key)), f"\"{key}\" is missing: people enter it")
        for role in kind.roles:
            self.need(role in ROLES, f"there is no role \"{role}\"; there are {', '.join(ROLES)}")
        self.need(not kind.session or kind.session in SESSIONS, f"\"session\" is one of {', '.join(SESSIONS)}")
        self.need(bool(re.fullmatch(r"[a-z-]+ [a-z-]+", kind.command)), "\"command\" has two words")
        signed = [field for field in kind.fields if field.name == "signed" and field.origin == "station"]
        self.need(bool(signed) == bool(kind.signs), "\"signs\" and a field signed with from = \"station\" go together")
        self.need(len(kind.one_of) != 1, "\"one_of\" names two fields or more")
        for name in kind.one_of:
            self.need(any(field.name == name and field.optional and field.entered and field.asked for field in kind.fields),
                      f"\"one_of\" names {name}, which is no optional field that is asked for")

    def read_kind(self, name: str, table: Any) -> Kind:
        self.where = [name]
        self.need(bool(re.fullmatch(r"[a-z]+(\.[a-z-]+)?", name)), "a kind is called thing.done")
        found = self.take(table, KIND_KEYS)
        self.check_versions(found)
        self.need(found["says"].endswith("."), "\"says\" is a sentence, with its full stop")
        self.need(found["published"] in ("", *self.topics),
                  f"there is no topic \"{found['published']}\"; there are {', '.join(self.topics)}")
        fields = []
        for field_name, field in found.pop("fields").items():
            self.where = [name, f"field {field_name}"]
            self.need(not found["shared"] or field_name not in SHARED_FIELDS, "a shared kind has a field of that name already")
            fields.append(self.read_field(found, field_name, field))
        self.where = [name]
        fields += self.read_shared_fields(found) if found["shared"] else []
        kind = Kind(name=name, area=self.path.stem, fields=tuple(fields), **found)
        self.check_form(kind)
        return kind

    # ---- files ----

    def load(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise self.fail(str(error)) from error

    def read_topics(self) -> dict[str, Topic]:
        for name, table in self.load().items():
            self.where = [name]
            found = self.take(table, TOPIC_KEYS)
            self.topics[name] = Topic(name, found["says"], found["address"] or name, found["parameters"])
        return self.topics

    def read(self) -> Iterator[Kind]:
        for thing, table in self.load().items():
            self.where = [thing]
            self.need(isinstance(table, dict), "a kind of record is a table")
            if "says" in table:
                yield self.read_kind(thing, table)
                continue
            for done, kind in table.items():
                yield self.read_kind(f"{thing}.{done}", kind)


def read_topics(path: pathlib.Path) -> dict[str, Topic]:
    return Reader(path, {}).read_topics()


def read_kinds(paths: list[pathlib.Path], topics: dict[str, Topic]) -> list[Kind]:
    """All kinds in the order of the files."""
    kinds: dict[str, Kind] = {}
    commands: dict[str, Kind] = {}
    for path in paths:
        for kind in Reader(path, topics).read():
            if kind.name in kinds:
                raise RecordError(f"{path}: {kind.name}: it stands in records/{kinds[kind.name].area}.toml already")
            if kind.command and kind.command in commands:
                raise RecordError(f"{path}: {kind.name}: \"{kind.command}\" is the command of {commands[kind.command].name}")
            kinds[kind.name] = commands[kind.command] = kind
    return list(kinds.values())
