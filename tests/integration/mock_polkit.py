# SPDX-License-Identifier: Apache-2.0
"""A stand-in for polkit: answers as it was told, and remembers what it was asked.

Usage: mock_polkit.py BUS-ADDRESS
"""

import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

AUTHORITY = "org.freedesktop.PolicyKit1.Authority"
CONTROL = "org.stipple.Test.Polkit1"


class Failed(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.PolicyKit1.Error.Failed"


class Cancelled(dbus.DBusException):
    _dbus_error_name = "org.freedesktop.PolicyKit1.Error.Cancelled"


class Authority(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(dbus.service.BusName("org.freedesktop.PolicyKit1", bus),
                         "/org/freedesktop/PolicyKit1/Authority")
        self.bus = bus
        self.answers = {(-1, "*"): "yes"}
        self.questions, self.cancelled, self.open = [], [], {}

    def choose(self, user, action):
        for key in ((user, action), (-1, action), (user, "*")):
            if key in self.answers:
                return self.answers[key]
        return self.answers[(-1, "*")]

    @dbus.service.method(AUTHORITY, in_signature="(sa{sv})sa{ss}us", out_signature="(bba{ss})",
                         async_callbacks=("done", "failed"))
    def CheckAuthorization(self, subject, action, details, flags, cancellation, done, failed):
        assert subject[0] == "system-bus-name", subject
        user = self.bus.get_unix_user(subject[1]["name"])
        self.questions.append((action, user, bool(flags & 1), cancellation))
        answer = self.choose(user, action)
        nothing = dbus.Dictionary(signature="ss")
        if answer == "hang":
            self.open[cancellation] = failed
        elif answer == "error":
            failed(Failed("the rules could not be read"))
        else:
            done((answer == "yes", answer == "challenge", nothing))

    @dbus.service.method(AUTHORITY, in_signature="s")
    def CancelCheckAuthorization(self, cancellation):
        self.cancelled.append(cancellation)
        if cancellation in self.open:
            self.open.pop(cancellation)(Cancelled("the question was taken back"))

    @dbus.service.method(CONTROL, in_signature="iss")
    def Answer(self, user, action, answer):
        self.answers[(int(user), str(action))] = str(answer)

    @dbus.service.method(CONTROL, out_signature="a(sibs)")
    def Questions(self):
        return self.questions

    @dbus.service.method(CONTROL, out_signature="as")
    def Cancelled(self):
        return self.cancelled


if __name__ == "__main__":
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    authority = Authority(dbus.bus.BusConnection(sys.argv[1]))
    GLib.MainLoop().run()
