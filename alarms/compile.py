#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes of the table of alarms what programs, pages and documents need of it.

Usage: compile.py c OUTPUT TABLE            the table of lib/alarm
       compile.py panel OUTPUT TABLE        the panel's colours, in GTK's CSS
       compile.py refresh ROOT TABLE        writes what of it is kept in the tree below ROOT anew
       compile.py check ROOT TABLE          status 1 unless that is what "refresh" would write

In the tree are what the clinic's page loads (dashboard/src/alarms.js, dashboard/alarms.css), because it is served as
it is, and parts of documents and of the report's style between `alarms: NAME` and `alarms: end`.
"""

import json
import pathlib
import re
import sys
from typing import Callable

import table as tables
from table import AlarmError, Table

SAYS = "Made by alarms/compile.py of alarms/alarms.toml: change that."
LICENCE = "SPDX-License-Identifier: Apache-2.0"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# ---- lib/alarm ----

def c_priority(priority: tables.Priority) -> str:
    sound = quoted(f"alarm-{priority.name}.wav") if priority.pulses else "NULL"
    return (f"\t[ALARM_{priority.name.upper()}] = {{ .colour = {quoted(priority.colour)}, "
            f".period_ms = {priority.period_ms}, .lit_ms = {priority.period_ms * priority.share_on // 100}, "
            f".sound = {sound}, .burst_ms = {priority.burst_ms}, .repeat_ms = {priority.repeat_ms} }},")


def c_cause(cause: tables.Cause) -> str:
    latching = ", .latching = true" if cause.latching else ""
    return (f"\t{{ .id = {quoted(cause.id)}, .priority = ALARM_{cause.priority.upper()}, "
            f".words = {quoted(cause.words)}{latching} }},")


def make_c(table: Table) -> str:
    return "\n".join([
        f"/* {LICENCE} */", f"/* {SAYS} */", '#include "alarm/alarm.h"', "",
        "const AlarmSignal alarm_signals[ALARM_PRIORITY_MAX] = {", *map(c_priority, table.priorities.values()), "};", "",
        "const AlarmCause alarm_causes[] = {", *map(c_cause, table.causes), "\t{ 0 },", "};", ""])


# ---- the panel ----

def make_panel(table: Table) -> str:
    lines = [f"/* {LICENCE} */", f"/* {SAYS} */"]
    for name, colour in table.colours.items():
        lines += [f"@define-color {name}_back {colour.back};", f"@define-color {name}_on {colour.on};"]
    for state, colour in table.states.items():
        lines += [f".state-{state} {{ background: @{colour}_back; }}", f".state-{state} label {{ color: @{colour}_on; }}"]
    for priority in table.priorities.values():
        colour = priority.colour
        for place in (f".alarm-{priority.name}", f".alarm-{priority.name} label"):
            what = "color" if place.endswith("label") else "background"
            lines.append(f"{place} {{ {what}: @{colour}_{'on' if what == 'color' else 'back'}; }}")
        lines.append(f".alarm-{priority.name} button label {{ color: @ink; }}")
    return "\n".join(lines) + "\n"


def make_theme(table: Table, theme: str) -> str:
    """The lines of panel/light.css or panel/dark.css."""
    return "".join(f"@define-color {name}_ink {getattr(colour, theme)};\n" for name, colour in table.colours.items())


# ---- the report ----

def make_report(table: Table) -> str:
    """Nothing on paper is to be done at once: what failed, or is missing, is in the colour of what is to be done soon."""
    soon, good = table.colours["yellow"], table.colours["green"]
    return (f".warning, .failed {{ color: {soon.light} }}\n.state {{ background: {soon.light}; color: {good.on} }}\n"
            f".state.good {{ background: {good.back} }}\n")


# ---- the clinic's page ----

def make_page_module(table: Table) -> str:
    rows = ",\n".join(f"\t[{quoted(cause.id)}, [{quoted(cause.priority)}, {quoted(cause.words)}]]"
                      for cause in table.causes if cause.group != "interlock")
    return (f"// {LICENCE}\n// {SAYS}\n/** Priority and words of each alarm, by group and name. */\n\n"
            f"export const PRIORITIES = {json.dumps(list(tables.PRIORITIES))};\n\n"
            f"export const ALARMS = new Map([\n{rows},\n]);\n")


def make_page_style(table: Table) -> str:
    lines = [f"/* {LICENCE} */", f"/* {SAYS} */", ":root {"]
    lines += [f"\t--{name}-back: {c.back}; --{name}-on: {c.on}; --{name}-ink: {c.light};"
              for name, c in table.colours.items()]
    lines += ["}", "@media (prefers-color-scheme: dark) {", "\t:root {"]
    lines += [f"\t\t--{name}-ink: {c.dark};" for name, c in table.colours.items()]
    lines += ["\t}", "}"]
    lines += [f'[data-tone="{state}"] {{ --tone: var(--{colour}-back); --tone-on: var(--{colour}-on); }}'
              for state, colour in table.states.items()]
    for name in reversed(tables.PRIORITIES):
        colour = table.priorities[name].colour
        lines.append(f'[data-tone="{name}"] {{ --tone: var(--{colour}-back); --tone-on: var(--{colour}-on); }}')
    for priority in table.priorities.values():
        if priority.flash_hz:
            lines.append(f'[data-tone="{priority.name}"] .state {{ animation: flash {1 / priority.flash_hz:.3f}s step-end infinite; }}')
    lines += ["@keyframes flash { 50% { background: var(--paper); color: var(--ink); } }",
              "@media (prefers-reduced-motion: reduce) { [data-tone] .state { animation: none; } }"]
    return "\n".join(lines) + "\n"


# ---- documents ----

def make_priorities(table: Table) -> str:
    lines = ["| priority | means | colour | lamp | sound |", "| --- | --- | --- | --- | --- |"]
    for name in reversed(tables.PRIORITIES):
        one = table.priorities[name]
        flash = f", flashes at {one.flash_hz:g} Hz" if one.flash_hz else ", steady"
        lamp = {"red": "red", "yellow": "yellow", "cyan": "yellow"}.get(one.colour)
        sound = "none"
        if one.pulses:
            sound = f"{one.pulses} pulse{'s' if one.pulses > 1 else ''} of {one.pulse_ms} ms at {one.hz} Hz, " + (
                f"again every {one.repeat_ms / 1000:g} s" if one.repeat_ms else "once")
        lines.append(f"| {name} | {one.says} | {one.colour} | {lamp + flash if lamp else 'none'} | {sound} |")
    return "\n".join(lines) + "\n"


def make_colours(table: Table) -> str:
    lines = ["| colour | means | states of the session |", "| --- | --- | --- |"]
    for name, colour in table.colours.items():
        states = ", ".join(state for state, its in table.states.items() if its == name)
        lines.append(f"| {name} | {colour.means} | {states} |")
    return "\n".join(lines) + "\n"


def make_causes(table: Table) -> str:
    lines = ["| cause | words | priority | ends |", "| --- | --- | --- | --- |"]
    for cause in table.causes:
        if cause.group == "interlock":
            continue
        ends = "when acknowledged" if cause.latching else "with its cause"
        lines.append(f"| `{cause.id}` | {cause.words}{': ' + cause.why if cause.why else ''} | {cause.priority} | {ends} |")
    return "\n".join(lines) + "\n"


WHOLE: dict[str, Callable[[Table], str]] = {
    "dashboard/src/alarms.js": make_page_module,
    "dashboard/alarms.css": make_page_style,
}
PARTS: dict[str, dict[str, Callable[[Table], str]]] = {
    "docs/alarms.md": {"priorities": make_priorities, "colours": make_colours, "causes": make_causes},
    "ctl/report/report.css": {"colours": make_report},
    "panel/light.css": {"colours": lambda table: make_theme(table, "light")},
    "panel/dark.css": {"colours": lambda table: make_theme(table, "dark")},
}


def written(path: str, text: str, table: Table) -> str:
    """The text of a file with its parts as the table has them."""
    for name, make in PARTS[path].items():
        # in Markdown the marks are comments of their own, in CSS too
        pattern = re.compile(rf"(alarms: {name} (?:-->|\*/)\n)(.*?)((?:<!--|/\*) alarms: end )", re.S)
        text, n = pattern.subn(lambda match: match[1] + make(table) + match[3], text)
        if n != 1:
            raise AlarmError(f"{path}: the marks `alarms: {name}` and `alarms: end` are not there once")
    return text


def kept_in_tree(root: pathlib.Path, table: Table) -> dict[pathlib.Path, str]:
    files = {root / path: make(table) for path, make in WHOLE.items()}
    for path in PARTS:
        files[root / path] = written(path, (root / path).read_text(encoding="utf-8"), table)
    return files


def refresh(root: pathlib.Path, table: Table) -> int:
    for path, text in kept_in_tree(root, table).items():
        path.write_text(text, encoding="utf-8")
    return 0


def check(root: pathlib.Path, table: Table) -> int:
    stale = [path for path, text in kept_in_tree(root, table).items()
             if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(root)} is not what alarms/alarms.toml says: run `ninja -C build alarms`", file=sys.stderr)
    return 1 if stale else 0


def main(arguments: list[str]) -> int:
    if len(arguments) != 3 or arguments[0] not in ("c", "panel", "refresh", "check"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    what, where, path = arguments[0], pathlib.Path(arguments[1]), arguments[2]
    try:
        table = tables.read_table(path)
        if what in ("refresh", "check"):
            return (refresh if what == "refresh" else check)(where, table)
        where.write_text((make_c if what == "c" else make_panel)(table), encoding="utf-8")
    except AlarmError as error:
        print(f"alarms: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
