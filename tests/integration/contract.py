# SPDX-License-Identifier: Apache-2.0
"""The D-Bus contract in dbus/, and the tables that must agree with it, as data."""

import re
import xml.etree.ElementTree as ET

from harness import SOURCE

INTERFACES = ("Station1", "Session1", "Inventory1", "Audit1")
# These look something up and change nothing; everything else changes the record or the station.
READING = {"Doctor", "OpenPicture", "ParseCode", "Present", "Preview", "Prove", "Query", "Refusals", "Token", "Verify"}


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


def table():
    """The authorisation table in bus-authorize.c: {(interface, method): action}."""
    text = (SOURCE / "daemon/bus/bus-authorize.c").read_text()
    actions = dict(re.findall(r'#define (ACTION_\w+) +"([\w.]+)"', text))
    rows = re.findall(r'\{ INTERFACE_(\w+), "(\w+)", (ACTION_\w+|NULL)(?:, MEMBER_\w+)? \}', text)
    assert rows and len(rows) == len(set(r[:2] for r in rows))
    actions["NULL"] = None
    return {(f"{interface.capitalize()}1", member): actions[action] for interface, member, action in rows}


def stops():
    """Members that stop the needle when they arrive: [(interface, method), ...]."""
    text = (SOURCE / "daemon/bus/bus-authorize.c").read_text()
    return [(f"{interface.capitalize()}1", member) for interface, member in
            re.findall(r'\{ INTERFACE_(\w+), "(\w+)", ACTION_\w+, MEMBER_(?:STOPS|WITHDRAWS) \}', text)]


def policy():
    """The actions in org.stipple.policy: {id: element}."""
    root = ET.parse(SOURCE / "dbus/org.stipple.policy").getroot()
    return {action.get("id"): action for action in root.findall("action")}


def rules():
    """What 50-org.stipple.rules grants: {group: [action, ...]}."""
    text = (SOURCE / "dbus/50-org.stipple.rules").read_text()
    return {group: re.findall(r'"(org\.stipple\.[\w.]+)"', actions)
            for group, actions in re.findall(r'"(stipple-\w+)": \[(.*?)\]', text, re.S)}
