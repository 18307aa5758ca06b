#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Generates the vtables of the daemon's objects from the interfaces' XML.

Usage: vtables.py OUTPUT FILE.xml...

Each member is handed to bus_method() or bus_property(), which look up its row in the tables of daemon/bus/. A method
with the annotation org.stipple.Secret has a PIN or a token in it: sd-bus wipes its message.
"""

import sys
import xml.etree.ElementTree as ET

MADE = "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by dbus/vtables.py of the XML files there: change those. */\n"
ANNOTATION = "org.freedesktop.DBus.Property.EmitsChangedSignal"
FLAGS = {"true": "SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE", "const": "SD_BUS_VTABLE_PROPERTY_CONST", "false": "0"}


def notes(member: ET.Element) -> dict[str, str]:
    return {note.attrib["name"]: note.attrib["value"] for note in member.findall("annotation")}


def pairs(kind: str, arguments: list[ET.Element]) -> str:
    """SD_BUS_ARGS("s", badge, ...), from which sd-bus makes the signature and the names."""
    listed = ", ".join(f'"{argument.attrib["type"]}", {argument.attrib["name"]}' for argument in arguments)
    return f"SD_BUS_{kind}({listed})" if listed else f"SD_BUS_NO_{kind}"


def method(member: ET.Element) -> str:
    arguments = {way: [a for a in member.findall("arg") if a.attrib["direction"] == way] for way in ("in", "out")}
    secret = " | SD_BUS_VTABLE_SENSITIVE" if notes(member).get("org.stipple.Secret") == "true" else ""
    return (f'SD_BUS_METHOD_WITH_ARGS("{member.attrib["name"]}", {pairs("ARGS", arguments["in"])}, '
            f'{pairs("RESULT", arguments["out"])}, bus_method, SD_BUS_VTABLE_UNPRIVILEGED{secret})')


def signal(member: ET.Element) -> str:
    return f'SD_BUS_SIGNAL_WITH_ARGS("{member.attrib["name"]}", {pairs("ARGS", member.findall("arg"))}, 0)'


def prop(member: ET.Element) -> str:
    flag = FLAGS[notes(member).get(ANNOTATION, "true")]
    return f'SD_BUS_PROPERTY("{member.attrib["name"]}", "{member.attrib["type"]}", bus_property, 0, {flag})'


ROWS = {"method": method, "signal": signal, "property": prop}


def vtable(path: str) -> str:
    interface, = ET.parse(path).getroot().findall("interface")
    short = interface.attrib["name"].rpartition(".")[2].rstrip("1").lower()
    rows = "".join(f"\t{ROWS[member.tag](member)},\n" for member in interface if isinstance(member.tag, str))
    return (f"\nconst sd_bus_vtable bus_{short}_vtable[] = {{\n\tSD_BUS_VTABLE_START(0),\n{rows}\tSD_BUS_VTABLE_END,\n}};\n")


def main() -> int:
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(MADE + '\n#include "bus/bus-private.h"\n' + "".join(vtable(path) for path in sys.argv[2:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
