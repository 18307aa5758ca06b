# SPDX-License-Identifier: Apache-2.0
"""The D-Bus contract in dbus/, and the tables that must agree with it, as data."""

import re
import xml.etree.ElementTree as ET

from harness import SOURCE

INTERFACES = ("Station1", "Session1", "Inventory1", "Audit1")
# These look something up and change nothing; everything else changes the record or the station.
READING = {"Doctor", "HeldUnits", "OpenPicture", "ParseCode", "Present", "Preview", "Prove", "Query", "Refusals", "Token", "Verify"}


def describe(interface):
    """An <interface> as plain data: methods and signals with named, typed arguments, properties with notes."""

    def arguments(member, direction):
        return [(a.get("name"), a.get("type"), a.get("direction", direction)) for a in member.findall("arg")]

    return {
        "methods": {m.get("name"): arguments(m, "in") for m in interface.findall("method")},
        "signals": {s.get("name"): arguments(s, "out") for s in interface.findall("signal")},
        "properties": {
            p.get("name"): (p.get("type"), p.get("access"),
                            [(a.get("name"), a.get("value")) for a in p.findall("annotation")])
            for p in interface.findall("property")},
    }


def read(interface):
    """What dbus/org.stipple.INTERFACE.xml says: the object's path and the interface."""
    node = ET.parse(SOURCE / f"dbus/org.stipple.{interface}.xml").getroot()
    (found,) = node.findall("interface")
    assert found.get("name") == f"org.stipple.{interface}"
    return node.get("name"), describe(found)


def methods():
    """All methods as (interface, method, signature of the arguments going in)."""
    return [(interface, name, [t for _, t, direction in arguments if direction == "in"])
            for interface in INTERFACES for name, arguments in read(interface)[1]["methods"].items()]


def secrets():
    """Methods whose message the daemon wipes: {(interface, method), ...}."""
    return {(interface, method.get("name")) for interface in INTERFACES
            for method in ET.parse(SOURCE / f"dbus/org.stipple.{interface}.xml").getroot().iter("method")
            if any(note.get("name") == "org.stipple.Secret" for note in method.findall("annotation"))}


def rows():
    """The rows of the tables of members in daemon/bus/: [(interface, method, action, kind), ...]."""
    header = (SOURCE / "daemon/bus/bus-private.h").read_text()
    actions = {"NULL": None, **dict(re.findall(r'#define (ACTION_\w+) +"([\w.]+)"', header))}
    found = []
    for interface in INTERFACES:
        text = (SOURCE / f"daemon/bus/bus-{interface[:-1].lower()}.c").read_text()
        lines = re.findall(r'^\t\{ "(\w+)", (ACTION_\w+|NULL)(?:, (MEMBER_\w+))?,', text, re.M)
        found += [(interface, name, actions[action], kind) for name, action, kind in lines]
    return found


def table():
    """Which action each member asks for: {(interface, method): action}."""
    found = rows()
    assert found and len(found) == len(set(row[:2] for row in found))
    return {row[:2]: row[2] for row in found}


def stops():
    """Members that stop the needle when they arrive: [(interface, method), ...]."""
    return [row[:2] for row in rows() if row[3] in ("MEMBER_STOPS", "MEMBER_WITHDRAWS")]


def policy():
    """The actions in org.stipple.policy: {id: element}."""
    root = ET.parse(SOURCE / "dbus/org.stipple.policy").getroot()
    return {action.get("id"): action for action in root.findall("action")}


def rules():
    """What 50-org.stipple.rules grants: {group: [action, ...]}."""
    text = (SOURCE / "dbus/50-org.stipple.rules").read_text()
    return {group: re.findall(r'"(org\.stipple\.[\w.]+)"', actions)
            for group, actions in re.findall(r'"(stipple-\w+)": \[(.*?)\]', text, re.S)}
