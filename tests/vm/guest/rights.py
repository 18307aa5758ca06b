# SPDX-License-Identifier: Apache-2.0
"""rights.py USER: calls every method and reads every property of the station as the user who runs it.

What each may do stands here once more, in words of its own: a slip in the daemon's table, in the bus policy or in
polkit's rules is then a difference. Arguments are such that a call that is allowed changes nothing that matters.
"""

import os
import pathlib
import sys
import xml.etree.ElementTree as ET

import dbus

NAME = "org.stipple.Station1"
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
NEEDS_PERSON = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
PATHS = {"Station1": "/org/stipple/Station1", "Session1": "/org/stipple/Station1/Session",
         "Inventory1": "/org/stipple/Station1/Inventory", "Audit1": "/org/stipple/Station1/Audit"}
STATION_OPERATE = {"Login", "Logout", "Token", "AcknowledgeFault", "AcknowledgeAlarm", "ChangePin", "SelfTest", "Record",
                   "TestSound", "ReportSound"}
# Of each: methods that run, and interfaces whose other methods polkit (not the bus) refuses.
MAY = {
    "ada": {"Station1": STATION_OPERATE | {"Doctor", "Present"}, "Session1": "all", "Inventory1": "all", "Audit1": set()},
    "ines": {"Station1": {"Doctor", "Present"}, "Session1": set(), "Inventory1": {"ParseCode", "HeldUnits"}, "Audit1": "all"},
    "otto": {"Station1": set(), "Session1": set(), "Inventory1": set(), "Audit1": set()},
}
REACHES = {"ada": {"Station1", "Session1", "Inventory1"}, "ines": {"Station1", "Inventory1", "Audit1"}, "otto": set()}


def argument(kind):
    """A value of this D-Bus type that means nothing."""
    if kind == "h":
        return dbus.types.UnixFd(os.open("/dev/null", os.O_WRONLY))
    if kind.startswith("a{"):
        return dbus.Dictionary({}, signature=kind[2:-1])
    if kind.startswith("a"):
        return dbus.Array([], signature=kind[1:])
    return {"s": "nonsense", "b": True}.get(kind, 1)


def attempt(method, interface, signature):
    """The name of the error, or "" when the call was let through, whatever came of it then."""
    arguments = [argument(kind) for kind in signature]
    try:
        method(*arguments, dbus_interface=interface, signature="".join(signature))
    except dbus.DBusException as error:
        name = error.get_dbus_name()
        return name if name in (DENIED, NEEDS_PERSON) else ""
    return ""


def check_methods(user, bus, short, interface):
    for method in interface.findall("method"):
        name = method.get("name")
        may = MAY[user][short]
        expected = "runs" if may == "all" or name in may else "polkit" if short in REACHES[user] else "bus"
        signature = [a.get("type") for a in method.findall("arg") if a.get("direction") == "in"]
        proxy = bus.get_object(NAME, PATHS[short], introspect=False)
        error = attempt(getattr(proxy, name), f"org.stipple.{short}", signature)
        # Where nobody can be asked, an administrator's password is missing.
        found = {"": "runs", NEEDS_PERSON: "polkit", DENIED: "bus"}[error]
        yield f"{short}.{name}", expected, found


def check_properties(user, bus, short):
    """Whoever the bus lets in may read."""
    proxy = bus.get_object(NAME, PATHS[short], introspect=False)
    expected = "bus" if user == "otto" else "runs"
    try:
        proxy.GetAll(f"org.stipple.{short}", dbus_interface="org.freedesktop.DBus.Properties")
        found = "runs"
    except dbus.DBusException as refusal:
        found = "bus" if refusal.get_dbus_name() == DENIED else refusal.get_dbus_name()
    return f"{short} properties", expected, found


def main():
    user = sys.argv[1]
    bus, rows = dbus.SystemBus(), []
    for short in PATHS:
        contract = pathlib.Path(f"/usr/share/dbus-1/interfaces/org.stipple.{short}.xml")
        rows += check_methods(user, bus, short, ET.parse(contract).getroot().find("interface"))
        rows.append(check_properties(user, bus, short))
    wrong = [f"{user}: {name} should end at '{expected}' and ends at '{found}'"
             for name, expected, found in rows if expected != found]
    print(f"{user}: {len(rows)} members tried, {sum(found == 'runs' for _, _, found in rows)} allowed")
    if len(rows) < 25 or wrong:
        raise SystemExit("\n".join(wrong) or "the contract was not found")


main()
