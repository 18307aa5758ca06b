# SPDX-License-Identifier: Apache-2.0
"""The interface files against the running daemon, and every member against the authorisation table."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import dbus
import pytest

import harness
from harness import wait_for

FILES = {name: harness.SOURCE / f"dbus/org.stipple.{name}.xml" for name in harness.PATHS}
ACTIONS = {a.get("id") for a in ElementTree.parse(harness.SOURCE / "dbus/org.stipple.policy").iter("action")}
TABLE = {(f"{i.title()}1", m): a for i, m, a in re.findall(
    r'\{ INTERFACE_(\w+), "(\w+)", ACTION_(\w+) \}', (harness.SOURCE / "daemon/bus/bus-authorize.c").read_text())}

# stands in for polkit on the private bus: says no to everything
MOCK = """
import dbus, dbus.service, dbus.mainloop.glib, sys
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
class Authority(dbus.service.Object):
    @dbus.service.method("org.freedesktop.PolicyKit1.Authority", in_signature="(sa{sv})sa{ss}us",
                         out_signature="(bba{ss})")
    def CheckAuthorization(self, subject, action, details, flags, cancellation):
        return (False, False, dbus.Dictionary({"action": action}, signature="ss"))
bus = dbus.bus.BusConnection(sys.argv[1])
name = dbus.service.BusName("org.freedesktop.PolicyKit1", bus)
Authority(bus, "/org/freedesktop/PolicyKit1/Authority")
GLib.MainLoop().run()
"""


def members(root, interface):
    """What of an interface is its contract: methods, signals, properties, with names and types of arguments."""
    found = set()
    for node in root.iter("interface"):
        if node.get("name") != interface:
            continue
        for member in node:
            if member.tag in ("method", "signal"):
                arguments = tuple((a.get("name"), a.get("type"), a.get("direction", "out")) for a in member.iter("arg"))
                found.add((member.tag, member.get("name"), arguments))
            elif member.tag == "property":
                found.add((member.tag, member.get("name"), member.get("type"), member.get("access")))
    return found


def methods():
    for name, file in FILES.items():
        for method in ElementTree.parse(file).iter("method"):
            yield name, method.get("name"), [a.get("type") for a in method.iter("arg") if a.get("direction") == "in"]


def test_live_interfaces_are_those_of_the_files(station):
    for name, path in harness.PATHS.items():
        live = station.connection.get_object(harness.NAME, path, introspect=False).Introspect(
            dbus_interface="org.freedesktop.DBus.Introspectable")
        interface = f"org.stipple.{name}"
        assert members(ElementTree.fromstring(live), interface) == members(ElementTree.parse(FILES[name]), interface)


def test_every_member_has_an_action_that_exists():
    assert {(interface, member) for interface, member, _ in methods()} == set(TABLE)
    table = (harness.SOURCE / "daemon/bus/bus-authorize.c").read_text()
    assert set(re.findall(r'"(org\.stipple\.[a-z.]+)"', table)) == ACTIONS


VALUES = {"s": "x", "u": dbus.UInt32(1), "b": True, "a{sb}": dbus.Dictionary({}, signature="sb"),
          "a{sv}": dbus.Dictionary({}, signature="sv")}


def test_every_member_can_be_denied(station):
    station.enrol()
    before = len(station.audit("records"))
    polkit = subprocess.Popen([sys.executable, "-c", MOCK, station.address])
    try:
        wait_for(lambda: station.connection.name_has_owner("org.freedesktop.PolicyKit1"), "the mock")
        for interface, member, types in methods():
            arguments = [dbus.types.UnixFd(os.open(os.devnull, os.O_WRONLY)) if t == "h" else VALUES[t] for t in types]
            assert station.refused(interface, member, *arguments)[0] == "AccessDenied", member
    finally:
        polkit.terminate()
        polkit.wait()
    wait_for(lambda: not station.connection.name_has_owner("org.freedesktop.PolicyKit1"), "the mock to be gone")
    assert len(station.audit("records")) == before + 1  # only the first look at them


@pytest.mark.parametrize("hostile", [b"\xff\xfe", b"\xc0\xaf"])
def test_text_that_is_no_utf8_harms_nobody(station, hostile):
    """The bus itself ends a connection that sends such text; the station serves the others."""
    script = ("import dbus,dbus.lowlevel,sys; b=dbus.bus.BusConnection(sys.argv[1]);"
              "m=dbus.lowlevel.MethodCallMessage('org.stipple.Station1','/org/stipple/Station1',"
              "'org.stipple.Station1','Login');"
              f"m.append({hostile!r},'x',signature='ss'); b.send_message(m); b.flush()")
    subprocess.run([sys.executable, "-c", script, station.address], check=False, capture_output=True)
    assert station.get("Session1", "State") == "idle"
