# SPDX-License-Identifier: Apache-2.0
"""The touch panel on a screen of its own: found through the accessibility tree, touched with real events."""

import contextlib
import ctypes
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import typing

import harness

PATIENCE_S = 30
STEPS = 9
TARGET_PX = 76  # 12 mm at 160 dpi
FRAME_PX = 3  # the widest frame of a button, and its padding at the sides; extents are told without them
PADDING_PX = 8
PANEL = harness.BUILD / "panel/stipple-panel"
SOUNDS = harness.BUILD / "alarms"
LOCALES = harness.BUILD / "panel/po"


REGISTRY = "org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"
ACCESSIBLE, COMPONENT = "org.a11y.atspi.Accessible", "org.a11y.atspi.Component"
# roles and states by their numbers in AT-SPI's own tables
BUTTONS = (43, 62, 44)  # push, toggle, radio
SCROLL_PANE = 49
IN_WINDOW = harness.dbus.UInt32(1)
STATE_FOCUSABLE, STATE_SENSITIVE, STATE_VISIBLE = 11, 24, 30
WINDOW_ROLES = (23, 69)  # frame, window


class Node(typing.NamedTuple):
    """A widget as a screen reader has it: an object on the accessibility bus."""

    bus: object
    owner: str
    path: str

    def call(self, interface, method, signature="", *arguments):
        return self.bus.call_blocking(self.owner, self.path, interface, method, signature, arguments, timeout=10)

    def property(self, name):
        return self.call("org.freedesktop.DBus.Properties", "Get", "ss", ACCESSIBLE, name)

    def name(self):
        return str(self.property("Name"))

    def role(self):
        return int(self.call(ACCESSIBLE, "GetRole"))

    def children(self):
        return [Node(self.bus, str(owner), str(path)) for owner, path in self.call(ACCESSIBLE, "GetChildren")]

    def parent(self):
        owner, path = self.property("Parent")
        return Node(self.bus, str(owner), str(path))

    def process(self):
        return self.bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                      "GetConnectionUnixProcessID", "s", (self.owner,))

    def is_in(self, state):
        return bool(self.call(ACCESSIBLE, "GetState")[state // 32] >> state % 32 & 1)

    def extents(self):
        """Left, top, width and height in the window."""
        return tuple(int(n) for n in self.call(COMPONENT, "GetExtents", "u", IN_WINDOW))


class Screen:
    """An X server without a screen, and a session bus with the accessibility bus on it."""

    def __init__(self, width=1280, height=800):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stipple-screen-"))
        self.children = []
        self.size = (width, height)
        os.environ.update(self.start_server(width, height), XDG_RUNTIME_DIR=str(self.folder),
                          XDG_CACHE_HOME=str(self.folder / "cache"))
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = self.start_bus()
        os.environ.pop("AT_SPI_BUS_ADDRESS", None)
        session = harness.connect(os.environ["DBUS_SESSION_BUS_ADDRESS"])
        self.accessibility = harness.connect(
            session.call_blocking("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", "", ()))

    def start_server(self, width, height):
        reader, writer = os.pipe()
        self.children.append(subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-dpi", "160",
             "-noreset"], pass_fds=(writer,), stderr=subprocess.DEVNULL))
        os.close(writer)
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        return {"DISPLAY": ":" + number}

    def start_bus(self):
        bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
        self.children.append(bus)
        return bus.stdout.readline().strip()

    def screenshot(self, path):
        subprocess.run(["import", "-window", "root", str(path)], check=True)

    def close(self):
        for child in reversed(self.children):
            child.terminate()
            child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Keyboard:
    """A keyboard of the display, without a pause between its keys: what a scanner is to the panel."""

    SHIFT, CONTROL, CAPS_LOCK, RETURN = 0xffe1, 0xffe3, 0xffe5, 0xff0d

    def __init__(self):
        self.x11, self.test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XKeysymToKeycode.argtypes = ctypes.c_void_p, ctypes.c_ulong
        self.x11.XKeysymToKeycode.restype = ctypes.c_ubyte
        self.x11.XkbKeycodeToKeysym.argtypes = ctypes.c_void_p, ctypes.c_ubyte, ctypes.c_int, ctypes.c_int
        self.x11.XkbKeycodeToKeysym.restype = ctypes.c_ulong
        self.x11.XSync.argtypes = ctypes.c_void_p, ctypes.c_int
        self.test.XTestFakeKeyEvent.argtypes = ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong
        self.display = self.x11.XOpenDisplay(None)
        assert self.display, "no display"

    def key(self, symbol, *held):
        """Presses and releases a key while others are held; nothing is sent before flush()."""
        codes = [self.x11.XKeysymToKeycode(self.display, one) for one in (*held, symbol)]
        for code in codes:
            self.test.XTestFakeKeyEvent(self.display, code, 1, 0)
        for code in reversed(codes):
            self.test.XTestFakeKeyEvent(self.display, code, 0, 0)

    def character(self, character):
        if character == "\x1d":
            self.key(ord("]"), self.CONTROL)
            return
        code = self.x11.XKeysymToKeycode(self.display, ord(character))
        plain = self.x11.XkbKeycodeToKeysym(self.display, code, 0, 0)
        self.key(ord(character), *([] if plain == ord(character) else [self.SHIFT]))

    def flush(self):
        self.x11.XSync(self.display, 0)

    def scan(self, code, end=RETURN):
        for character in code:
            self.character(character)
        if end:
            self.key(end)
        self.flush()

    def caps_lock(self):
        self.key(self.CAPS_LOCK)
        self.flush()


class Shown(typing.NamedTuple):
    """Something on the screen, and the panes in which it can be moved, the outermost first."""

    node: Node
    name: str
    role: int
    panes: tuple


class Panel:
    """stipple-panel as a person has it: what is shown is read, what is shown is touched."""

    def __init__(self, screen, address, size="800x480", language="en", dark=False, sound=None):
        """`sound`: variables for another sound server than none."""
        self.keyboard = Keyboard()
        self.screen, self.size = screen, tuple(int(n) for n in size.split("x"))
        self.memory = tempfile.TemporaryDirectory(prefix="stipple-panel-")
        self.log = open(screen.folder / "panel.log", "wb")
        environment = dict(os.environ, GSK_RENDERER="cairo", LC_ALL="C.UTF-8", GTK_A11Y="atspi",
                           ASAN_OPTIONS="detect_leaks=0", GSETTINGS_BACKEND="memory", XDG_STATE_HOME=self.memory.name,
                           **(sound or {"CANBERRA_DRIVER": "null"}))
        self.process = subprocess.Popen(
            [PANEL, "--bus", address, "--size", size, "--language", language, "--locales", LOCALES, "--sounds", SOUNDS,
             "--exports", self.memory.name, "--reporter", harness.BUILD / "ctl/stipplectl"]
            + (["--dark"] if dark else []), env=environment, stdout=self.log, stderr=self.log)
        self.window = self.wait_for(self.find_window, "the panel's window")

    def wait_for(self, condition, what, patience=PATIENCE_S):
        def checked():
            assert self.process.poll() is None, "the panel ended:\n" + self.log_text()
            with contextlib.suppress(harness.dbus.DBusException):
                return condition()
            return None
        try:
            return harness.wait_for(checked, what, patience)
        except AssertionError as error:
            raise AssertionError(f"{error}\nshown: {self.texts()}\n{self.log_text()}") from None

    def log_text(self):
        return (self.screen.folder / "panel.log").read_text(errors="replace")

    def find_window(self):
        bus = self.screen.accessibility
        for application in Node(bus, *REGISTRY).children():
            with contextlib.suppress(harness.dbus.DBusException):
                if application.process() == self.process.pid:
                    return application.children()[0] if application.children() else None
        return None

    # ---- what is shown ----

    def showing(self):
        """Everything that is on the screen now: (accessible, name)."""
        return [(shown.node, shown.name) for shown in self.everything()]

    def everything(self):
        found = []
        # in another language it is another window
        self.window = self.find_window() or self.window
        self.collect(self.window, (), found)
        return found

    def collect(self, node, panes, found):
        for child in node.children():
            if not child.is_in(STATE_VISIBLE):
                continue
            role = child.role()
            found.append(Shown(child, child.name(), role, panes))
            # what is in a button is the button's own
            if role not in BUTTONS:
                self.collect(child, (*panes, child) if role == SCROLL_PANE else panes, found)

    def texts(self):
        try:
            return [name for _, name in self.showing() if name]
        except harness.dbus.DBusException:
            return ["(cannot be read)"]

    def sees(self, text):
        """The part of a text is on the screen; what is under another thing counts too."""
        return next((node for node, name in self.showing() if text in name), None)

    def wait_sees(self, text):
        return self.wait_for(lambda: self.sees(text), f"'{text}' on the screen")

    def wait_gone(self, text):
        self.wait_for(lambda: not self.sees(text), f"'{text}' to go from the screen")

    def buttons(self):
        return [(shown.node, shown.name) for shown in self.everything() if shown.role in BUTTONS]

    # ---- what is done ----

    @staticmethod
    def extents(node):
        return node.extents()

    def button(self, name):
        """The button of that name; where none is, the first whose name begins so."""
        buttons = self.buttons()
        return next((node for node, text in buttons if text == name),
                    next((node for node, text in buttons if text.startswith(name)), None))

    def viewport(self, node):
        """The part of the window in which a widget can be seen: that of what it is scrolled in, or all of it."""
        while (node := node.parent()).path != self.window.path:
            if node.role() == SCROLL_PANE:
                return node.extents()
        return 0, 0, *self.size

    def bring_into_view(self, node):
        """Turns the wheel over what the widget is scrolled in until all of it can be seen."""
        for _ in range(100):
            x, y, width, height = self.viewport(node)
            _, top, _, size = self.extents(node)
            if top >= y and top + min(size, height) <= y + height:
                return
            pointer("mousemove", x + width // 2, y + height // 2, "click", 4 if top < y else 5)
            time.sleep(0.05)
        raise AssertionError(f"{node.name()} cannot be scrolled into view")

    def tap(self, node):
        x, y, width, height = self.extents(node)
        pointer("mousemove", x + width // 2, y + height // 2, "click", 1)

    def laid_out(self, node):
        """A widget that has just come gets its place with the next frame."""
        before = self.extents(node)
        time.sleep(0.03)
        return before[2] > 20 and before == self.extents(node)

    def touch(self, name):
        """Touches a button in its middle, as soon as it is there and takes a touch."""
        def usable():
            node = self.button(name)
            return node if node and node.is_in(STATE_SENSITIVE) else None
        node = self.wait_for(usable, f"the button '{name}'")
        self.wait_for(lambda: self.laid_out(node), f"the button '{name}' to be laid out")
        self.bring_into_view(node)
        # a notice that has just come takes room with the next frame
        time.sleep(0.15)
        self.bring_into_view(node)
        self.tap(node)

    def step(self, number):
        """Touches a step of the bar at the bottom, from 1, in whatever language it is."""
        pointer("mousemove", (2 * number - 1) * self.size[0] // (2 * STEPS), self.size[1] - 38, "click", 1)

    def type(self, text):
        """On the panel's own keys, which stay where they are."""
        keys = {name: node for node, name in reversed(self.buttons())}
        self.wait_for(lambda: self.laid_out(keys[text[0]]), "the keys to be laid out")
        for key in text:
            self.tap(keys[{"\b": "Delete the last character", " ": "Space"}.get(key, key)])

    def enter(self, field, text, accept="OK"):
        """Touches a field and enters a text on the sheet that comes."""
        self.touch(field)
        self.wait_sees("Cancel")
        self.type(text)
        self.touch(accept)

    def scan(self, code):
        """As a scanner does that is a keyboard: fast, and with Enter behind it."""
        self.keyboard.scan(code)

    # ---- how it is laid out ----

    def faults_of_layout(self):
        """Sentences about buttons too small for a gloved hand, or not wholly on the screen."""
        faults, extents = [], self.extents(self.window)
        if extents[2:] != self.size:
            faults.append(f"the window is {extents[2:]}")
        everything = self.everything()
        for shown in everything:
            if shown.role in BUTTONS:
                faults += self.faults_of_button(shown)
            # a scanner's Enter presses what has the focus
            if shown.role not in WINDOW_ROLES and shown.node.is_in(STATE_FOCUSABLE):
                faults.append(f"{shown.name!r} (role {shown.role}) takes the keyboard's focus")
        return faults + list(self.overlaps([shown for shown in everything if shown.role in BUTTONS]))

    def overlaps(self, buttons):
        """Sentences about buttons that cover a part of each other where they can be touched."""
        places = [(shown, self.touchable(shown)) for shown in buttons]
        for i, (one, (left, top, right, bottom)) in enumerate(places):
            for other, (x, y, x_end, y_end) in places[i + 1:]:
                if min(right, x_end) - max(left, x) > 1 and min(bottom, y_end) - max(top, y) > 1:
                    yield (f"{one.name!r} at {(left, top, right, bottom)} and {other.name!r} at "
                           f"{(x, y, x_end, y_end)} lie over each other")

    def touchable(self, shown):
        """The part of a button that is not scrolled away: left, top, right, bottom."""
        x, y, width, height = self.extents(shown.node)
        left, top, right, bottom = x, y, x + width, y + height
        for pane in shown.panes:
            x, y, width, height = self.extents(pane)
            left, top, right, bottom = max(left, x), max(top, y), min(right, x + width), min(bottom, y + height)
        return left, top, right, bottom

    def faults_of_button(self, shown):
        x, y, width, height = self.extents(shown.node)
        if width < TARGET_PX - 2 * (FRAME_PX + PADDING_PX) or height < TARGET_PX - 2 * FRAME_PX:
            yield f"{shown.name!r} is {width}x{height}"
        if x < 0 or x + width > self.size[0]:
            yield f"{shown.name!r} reaches from {x} to {x + width}"
        if len(shown.panes) > 1:
            return  # in a list, which may be longer than the screen
        # the outermost pane is there for what went wrong: a whole screen fits
        bottom = sum(self.extents(shown.panes[0])[1::2]) if shown.panes else self.size[1]
        if y + height > bottom:
            yield f"{shown.name!r} ends at {y + height}, the screen at {bottom}"

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.memory.cleanup()


def pointer(*arguments):
    subprocess.run(["xdotool", *map(str, arguments)], check=True)
