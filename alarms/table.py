# SPDX-License-Identifier: Apache-2.0
"""Reads alarms.toml and refuses what IEC 60601-1-8 does not allow. It makes nothing: compile.py and sounds.py do."""

import dataclasses
import re
import tomllib

GROUPS = ("fault", "board-fault", "alert", "station", "interlock")
EVENTS = ("fault", "board-fault", "alert")  # they latch unless a row says that they do not
# In ascending order: the C enum has the same.
PRIORITIES = ("information", "low", "medium", "high")
CONTRAST_MIN = 4.5  # WCAG 2.1, 1.4.3
PAPER = {"light": "#ffffff", "dark": "#222a2e"}
HEX = re.compile(r"#[0-9a-f]{6}")
# IEC 60601-1-8, visual alarm signals (table 2) and bursts and pulses (tables 3 and 4): least and most.
FLASH_HZ = {"high": (1.4, 2.8), "medium": (0.4, 0.8), "low": (0, 0), "information": (0, 0)}
COLOURS = {"high": ("red",), "medium": ("yellow",), "low": ("cyan", "yellow"), "information": ("grey",)}
PULSES = {"high": (10, 10), "medium": (3, 3), "low": (1, 2), "information": (0, 0)}
PULSE_MS = {"high": (75, 200), "medium": (125, 250), "low": (125, 250)}
GAP_MS = {"high": (50, 125), "medium": (125, 250), "low": (125, 250)}
PAUSE_MS = (350, 1300)
REST_MS = {"high": (2500, 15000), "medium": (2500, 30000), "low": (15000, 600000)}
SHARE_ON = (20, 60)
HZ = (150, 1000)


class AlarmError(Exception):
    """What is wrong in the table: row, reason and what is asked."""


@dataclasses.dataclass(frozen=True)
class Colour:
    name: str
    means: str
    back: str
    on: str
    light: str
    dark: str


@dataclasses.dataclass(frozen=True)
class Priority:
    name: str
    says: str
    colour: str
    flash_hz: float
    share_on: int
    pulses: int
    pulse_ms: int
    gap_ms: int
    pause_ms: int
    rest_ms: int
    hz: int

    @property
    def period_ms(self) -> int:
        return round(1000 / self.flash_hz) if self.flash_hz else 0

    @property
    def gaps_ms(self) -> list[int]:
        """The silence after each pulse but the last."""
        if self.pulses != 10:
            return [self.gap_ms] * max(self.pulses - 1, 0)
        group = [self.gap_ms, self.gap_ms, 2 * self.gap_ms + self.pulse_ms, self.gap_ms]
        return [*group, self.pause_ms, *group]

    @property
    def burst_ms(self) -> int:
        return self.pulses * self.pulse_ms + sum(self.gaps_ms)

    @property
    def repeat_ms(self) -> int:
        """From the beginning of a burst to that of the next; 0: it is not repeated."""
        return self.burst_ms + self.rest_ms if self.rest_ms else 0


@dataclasses.dataclass(frozen=True)
class Cause:
    group: str
    name: str
    priority: str
    words: str
    latching: bool
    why: str

    @property
    def id(self) -> str:
        return f"{self.group}.{self.name}"


@dataclasses.dataclass(frozen=True)
class Table:
    colours: dict[str, Colour]
    states: dict[str, str]
    priorities: dict[str, Priority]
    causes: list[Cause]


def luminance(colour: str) -> float:
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def take(where: str, row: dict, cls: type, **defaults) -> dict:
    names = {field.name for field in dataclasses.fields(cls)} - {"group", "name"}
    unknown = sorted(set(row) - names)
    missing = sorted(names - set(row) - set(defaults))
    if unknown or missing:
        raise AlarmError(f"[{where}]: " + (f"unknown key {unknown[0]}" if unknown else f"{missing[0]} is missing"))
    return {**defaults, **row}


def check_range(where: str, what: str, value: float, limits: tuple[float, float]) -> None:
    if not limits[0] <= value <= limits[1]:
        raise AlarmError(f"[{where}]: {what} is {value:g}; IEC 60601-1-8 allows {limits[0]:g} to {limits[1]:g}")


def read_colour(name: str, row: dict) -> Colour:
    where = f"colour.{name}"
    colour = Colour(name=name, **take(where, row, Colour))
    for value in (colour.back, colour.on, colour.light, colour.dark):
        if not HEX.fullmatch(value):
            raise AlarmError(f"[{where}]: {value} is no colour; write it as #rrggbb")
    for one, other in ((colour.back, colour.on), (colour.light, PAPER["light"]), (colour.dark, PAPER["dark"])):
        if contrast(one, other) < CONTRAST_MIN:
            raise AlarmError(f"[{where}]: {one} on {other} has a contrast of {contrast(one, other):.1f}, "
                             f"and {CONTRAST_MIN} is the least")
    return colour


def read_priority(name: str, row: dict) -> Priority:
    where = f"priority.{name}"
    priority = Priority(name=name, **take(where, row, Priority, share_on=100, pulse_ms=0, gap_ms=0, pause_ms=0,
                                          rest_ms=0, hz=0))
    if priority.colour not in COLOURS[name]:
        raise AlarmError(f"[{where}]: the colour is {' or '.join(COLOURS[name])}, not {priority.colour}")
    check_range(where, "flash_hz", priority.flash_hz, FLASH_HZ[name])
    check_range(where, "pulses", priority.pulses, PULSES[name])
    if priority.flash_hz:
        check_range(where, "share_on", priority.share_on, SHARE_ON)
    if priority.pulses:
        check_range(where, "pulse_ms", priority.pulse_ms, PULSE_MS[name])
        check_range(where, "gap_ms", priority.gap_ms, GAP_MS[name])
        check_range(where, "hz", priority.hz, HZ)
    if priority.pulses == 10:
        check_range(where, "pause_ms", priority.pause_ms, PAUSE_MS)
    # a low priority may sound once; the others sound until somebody acts
    if priority.pulses and (priority.rest_ms or name != "low"):
        check_range(where, "rest_ms", priority.rest_ms, REST_MS[name])
    return priority


def read_cause(group: str, name: str, row: dict, priorities: dict[str, Priority]) -> Cause:
    where = f"{group}.{name}"
    cause = Cause(group=group, name=name, **take(where, row, Cause, latching=group in EVENTS, why=""))
    if cause.priority not in priorities:
        raise AlarmError(f"[{where}]: no priority {cause.priority}; it is one of {', '.join(priorities)}")
    if not cause.words or not cause.words[0].isupper() or len(cause.words) > 60:
        raise AlarmError(f"[{where}]: words is a phrase of at most 60 letters that begins with a capital")
    return cause


def read_table(path: str) -> Table:
    with open(path, "rb") as file:
        try:
            found = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise AlarmError(f"{path}: {error}") from None
    colours = {name: read_colour(name, row) for name, row in found.pop("colour", {}).items()}
    states = found.pop("state", {})
    rows = found.pop("priority", {})
    if set(rows) != set(PRIORITIES):
        raise AlarmError(f"[priority]: there are {', '.join(PRIORITIES)}, and no others")
    priorities = {name: read_priority(name, rows[name]) for name in PRIORITIES}
    for where, colour in [*((f"state.{name}", colour) for name, colour in states.items()),
                          *((f"priority.{one.name}", one.colour) for one in priorities.values())]:
        if colour not in colours:
            raise AlarmError(f"[{where}]: no colour {colour}; it is one of {', '.join(colours)}")
    if "red" in states.values() or "yellow" in states.values():
        raise AlarmError("[state]: red and yellow belong to alarms; a state is green, blue or grey")
    causes = []
    for group, named in found.items():
        if group not in GROUPS:
            raise AlarmError(f"[{group}]: no such group; it is one of {', '.join(GROUPS)}")
        causes += [read_cause(group, name, row, priorities) for name, row in named.items()]
    return Table(colours, states, priorities, causes)
