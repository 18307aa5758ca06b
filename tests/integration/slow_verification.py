# SPDX-License-Identifier: Apache-2.0
"""A station that verifies a long record: each time it is asked it has come a hundred records further, up to half of
them, until a line on its standard input lets it find that the record is sound. Its argument: the bus."""

import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

NAME, PATH = "org.stipple.Station1", "/org/stipple/Station1"
TOTAL, STEP = 1000, 100
audit = {"Verification": "none", "VerificationText": "", "VerificationDone": dbus.UInt64(0),
         "VerificationTotal": dbus.UInt64(0), "Queries": dbus.Array([], "s")}
OTHERS = {"org.stipple.Station1": {"Station": "chair-1"}, "org.stipple.Session1": {"State": "idle"},
          "org.stipple.Inventory1": {"Forms": dbus.Array([], "(sbssa(sbss))")}}


class Thing(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", "s", "a{sv}")
    def GetAll(self, interface):
        if interface in OTHERS:
            return OTHERS[interface]
        if audit["Verification"] == "running":
            audit["VerificationDone"] = dbus.UInt64(min(audit["VerificationDone"] + STEP, TOTAL // 2))
        return audit

    @dbus.service.method("org.stipple.Audit1")
    def Verify(self):
        audit.update(Verification="running", VerificationTotal=dbus.UInt64(TOTAL))
        self.PropertiesChanged("org.stipple.Audit1", {"Verification": "running"}, dbus.Array([], "s"))

    @dbus.service.signal("org.freedesktop.DBus.Properties", "sa{sv}as")
    def PropertiesChanged(self, interface, values, gone):
        pass


def find(_, __):
    audit.update(Verification="sound", VerificationDone=dbus.UInt64(0), VerificationTotal=dbus.UInt64(0))
    return False


bus = dbus.bus.BusConnection(sys.argv[1], mainloop=dbus.mainloop.glib.DBusGMainLoop())
things = [Thing(bus, PATH + part) for part in ("", "/Session", "/Inventory", "/Audit")]
name = dbus.service.BusName(NAME, bus)
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN, find)
GLib.MainLoop().run()
