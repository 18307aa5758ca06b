# SPDX-License-Identifier: Apache-2.0
"""A whole station on a private bus with a real broker, for all integration tests."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import tomllib

import dbus
import dbus.mainloop.glib
from gi.repository import GLib

dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("STIPPLE_BUILD", SOURCE / "build"))
NAME = "org.stipple.Station1"
PATHS = {
    "Station1": "/org/stipple/Station1",
    "Session1": "/org/stipple/Station1/Session",
    "Inventory1": "/org/stipple/Station1/Inventory",
    "Audit1": "/org/stipple/Station1/Audit",
}
PATIENCE_S = 30
GTIN = "04012345678901"
ADMINISTRATOR = ("root", "Alma Example", "9753")  # badge, name and PIN of the one that the harness enrols


def kinds_of_records():
    """The definition of each kind in records/: {kind: table}."""
    found = {}
    for path in (SOURCE / "records").glob("*.toml"):
        for thing, table in tomllib.loads(path.read_text()).items():
            found |= {thing: table} if "says" in table else {f"{thing}.{done}": kind for done, kind in table.items()}
    return found


def wait_for(condition, what, patience=PATIENCE_S):
    """Polls until the condition gives a true value, and returns that value."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"timed out waiting for {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


connections = []


def connect(address):
    """A new connection. It is never freed, because dbus-python fails when a message arrives for a freed connection."""
    connection = dbus.bus.BusConnection(address)
    connection.set_exit_on_disconnect(False)
    connections.append(connection)
    return connection


def dispatch():
    """Lets replies and signals that have arrived reach their handlers."""
    while GLib.MainContext.default().iteration(False):
        pass


class Pending:
    """A call in progress. Once done it has the answer, or the error as (name, sentence)."""

    def __init__(self):
        self.answer = self.error = None
        self.finished = False

    def on_reply(self, *values):
        self.answer, self.finished = values, True

    def on_error(self, error):
        self.error, self.finished = (error.get_dbus_name(), error.get_dbus_message()), True

    def done(self):
        dispatch()
        return self.finished

    def wait(self):
        wait_for(self.done, "an answer")
        return self


class Polkit:
    """A stand-in for polkit on the same bus; its answers can be changed while it runs."""

    def __init__(self, address):
        self.process = subprocess.Popen(
            ["/usr/bin/python3", pathlib.Path(__file__).parent / "mock_polkit.py", address])
        self.connection = connect(address)
        wait_for(lambda: self.connection.name_has_owner("org.freedesktop.PolicyKit1"), "the mock polkit")
        self.control = dbus.Interface(
            self.connection.get_object("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
                                       introspect=False), "org.stipple.Test.Polkit1")

    def answer(self, answer, action="*", user=-1):
        """Sets the answer (yes, no, challenge, hang or error) for one action or all, for one user or everybody."""
        self.control.Answer(user, action, answer)

    def questions(self):
        """The questions so far: (action, user, interactive, cancellation)."""
        return [(str(a), int(u), bool(i), str(c)) for a, u, i, c in self.control.Questions()]

    def cancelled(self):
        return [str(c) for c in self.control.Cancelled()]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.connection.close()


class Broker:
    """A real mosquitto on a free loopback port, and a subscriber that keeps all messages."""

    def __init__(self, folder, port=None):
        self.folder, self.port = folder, port or free_port()
        self.process = None
        self.conf = folder / "mosquitto.conf"
        self.limit(None)

    def limit(self, size):
        """Sets the longest packet that the broker takes, from its next start on."""
        more = f"max_packet_size {size}\n" if size else ""
        self.conf.write_text(more + f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\n")

    def start(self):
        program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([program, "-c", self.conf], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(self.listening, "the broker to listen")

    def ports(self):
        return [self.port]

    def listening(self):
        try:
            for port in self.ports():
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.process = None


class Subscriber:
    """Collects (topic, message) of everything that a station publishes; with `ca`, over TLS."""

    def __init__(self, port, user=None, password=None, ca=None, transport="tcp"):
        import paho.mqtt.client as mqtt
        self.messages = []
        try:
            self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, transport=transport)
        except AttributeError:
            self.client = mqtt.Client(protocol=mqtt.MQTTv5, transport=transport)
        if user:
            self.client.username_pw_set(user, password)
        if ca:
            self.client.tls_set(ca_certs=str(ca))
        self.properties = []  # (topic, content type, payload format) of each
        self.client.on_message = self.keep
        self.client.on_connect = lambda *a: self.client.subscribe("stipple/v1/#", qos=1)
        self.client.on_subscribe = lambda *a: setattr(self, "subscribed", True)
        self.subscribed = False
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def keep(self, client, userdata, message):
        if not message.payload:
            self.messages.append((message.topic, {}, message.retain))  # what was retained is cleared
            return
        self.properties.append((message.topic, getattr(message.properties, "ContentType", None),
                                getattr(message.properties, "PayloadFormatIndicator", None)))
        self.messages.append((message.topic, json.loads(message.payload), message.retain))

    def records(self):
        return [m for _, m, _ in self.messages if "seq" in m]

    def check_arrived(self, station, after=0):
        """Waits for all messages of records after number `after`. One may come twice; the first messages of the records are in order."""
        wanted = {seq for seq in station.published() if seq > after}
        wait_for(lambda: wanted <= {m["seq"] for m in self.records()}, "all records to arrive",
                 3 * PATIENCE_S)  # both may be waiting for their next attempt, up to a minute
        order = list(dict.fromkeys(m["seq"] for m in self.records()))
        assert order == sorted(order)
        assert all(m["id"] == f"clinic/chair-1/{m['seq']}" for m in self.records())

    def close(self):
        self.client.loop_stop()
        self.client.disconnect()


OPEN_POLICY = """<policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/></policy>"""


class Telemetry:
    """stipple-telemetryd, which is started again when it dies, as by its unit."""

    def __init__(self, station):
        self.station, self.wanted, self.deaths = station, True, []
        self.process = self.begin()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def begin(self):
        folder = self.station.folder
        return subprocess.Popen([BUILD / "telemetry/stipple-telemetryd", "--config", self.station.config, "--state",
                                 folder / "telemetry"], env=self.station.environment(), stdout=self.station.log,
                                stderr=self.station.log)

    def watch(self):
        while True:
            status = self.process.wait()
            if not self.wanted:
                return
            self.deaths.append(status)
            time.sleep(0.2)
            self.process = self.begin()

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """Kills the process and waits for the next one."""
        old = self.process
        old.kill()
        wait_for(lambda: self.process is not old, "telemetry to come back")

    def stop(self):
        """Its exit status."""
        self.wanted = False
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.thread.join(PATIENCE_S)
        if self.thread.is_alive():
            self.process.kill()
            self.thread.join()
        return self.process.returncode


class Station:
    """The daemon with simulated board and camera on a private bus. `mqtt`: lines of [mqtt], for `mqtt_port`."""

    def __init__(self, folder=None, speed=20, mqtt_port=None, extra="",
                 bus_policy=OPEN_POLICY, mqtt=None, commit_limit_ms=10000, name="chair-1"):
        self.own_folder = folder is None
        self.days = 0  # how far its clock is ahead
        self.signed_in = None  # what sign_in() was last given
        self.token = ""  # of the newest sign-in of a test's own connection
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="stipple-"))
        self.daemon = self.telemetry = self.bus_process = self.connection = None
        (self.folder / "plugins").mkdir(exist_ok=True)
        for plugin in ("board-sim", "camera-sim"):
            shutil.copy(BUILD / f"plugins/{plugin}/{plugin}.so", self.folder / "plugins")
        self.publishes = mqtt is not None or bool(mqtt_port)
        if mqtt is None:
            mqtt = f"host = 127.0.0.1\nport = {mqtt_port}\ntls = no\n" if mqtt_port else "enabled = no\n"
        self.config = self.folder / "stippled.conf"
        self.config.write_text(f"""[station]
clinic = clinic
station = {name}
[paths]
state_folder = {self.folder}/state
run_folder = {self.folder}/run
plugin_folder = {self.folder}/plugins
protocol_folder = {SOURCE}/configs/protocols
profile_folder = {SOURCE}/configs/profiles
[board]
plugin = board-sim
realtime = no
link_timeout_ms = 1000
[camera]
plugin = camera-sim
[session]
disk_min_mb = 10
[ledger]
commit_limit_ms = {commit_limit_ms}
strokes_waiting = 100000
[mqtt]
telemetry_ms = 100
{mqtt}
[plugin.board-sim]
socket = {self.folder}/board
speed = {speed}
watchdog_ms = 2000
[plugin.camera-sim]
width = 640
height = 480
fault_file = {self.folder}/camera-fault
{extra}""")
        self.start_bus(bus_policy)

    def start_bus(self, policy):
        conf = self.folder / "bus.conf"
        conf.write_text(f"""<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={self.folder}/bus</listen><auth>EXTERNAL</auth>
{policy}</busconfig>""")
        self.bus_process = subprocess.Popen(["dbus-daemon", f"--config-file={conf}", "--nofork", "--print-address"],
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = f"unix:path={self.folder}/bus"
        assert self.bus_process.stdout.readline(), "the bus did not start"  # it listens once it has said where

    def environment(self):
        return dict(os.environ, STIPPLE_TOKEN=self.token, DBUS_SYSTEM_BUS_ADDRESS=self.address, STIPPLE_BUS="system",
                    ASAN_OPTIONS="detect_leaks=1",
                    LSAN_OPTIONS=f"print_suppressions=0:suppressions={SOURCE}/tests/lsan.supp")

    def start(self, expect_ready=True):
        self.log = open(self.folder / "log", "ab")
        program = BUILD / ("tests/integration/other-day/stippled-other-day" if self.days else "daemon/stippled")
        self.daemon = subprocess.Popen([program, "--config", self.config],
                                       env=dict(self.environment(), STIPPLE_DAYS=str(self.days)),
                                       stdout=self.log, stderr=self.log)
        if expect_ready:
            self.connection = self.connection or self.connect()
            wait_for(lambda: self.daemon.poll() is not None or self.connection.name_has_owner(NAME), "the daemon")
            assert self.daemon.poll() is None, self.log_text()
            wait_for(lambda: self.get("Session1", "State"), "properties")
        if self.publishes and not self.telemetry:
            self.telemetry = Telemetry(self)

    def pass_days(self, days):
        """The station is switched off, and on again so many days later."""
        self.stop()
        self.days += days
        self.start()
        self.wait_board()

    def wait_board(self):
        wait_for(lambda: self.get("Station1", "BoardConnected"), "the board")
        wait_for(lambda: "board" not in [r[0] for r in self.call("Session1", "Refusals")], "the self-test")

    def stop(self, expect=0):
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            assert self.daemon.wait(PATIENCE_S) == expect, self.log_text()
        self.daemon = None

    def stop_telemetry(self):
        telemetry, self.telemetry = self.telemetry, None
        if telemetry:
            status = telemetry.stop()
            assert status == 0, self.log_text()

    def kill(self):
        """The daemon alone dies."""
        self.daemon.kill()
        self.daemon.wait()
        self.daemon = None
        # the bus notices a moment later: until then the name seems to belong to the next daemon
        wait_for(lambda: not self.connection.name_has_owner(NAME), "the bus to miss the daemon")

    def close(self):
        try:
            self.stop_telemetry()
            self.stop()
        finally:
            if self.daemon and self.daemon.poll() is None:
                self.daemon.kill()
            self.bus_process.terminate()
            self.bus_process.wait()
            if self.own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def log_text(self):
        return (self.folder / "log").read_text(errors="replace")

    # ---- talking to it ----

    def connect(self):
        """Another client."""
        return connect(self.address)

    def call(self, interface, method, *arguments, connection=None):
        proxy = (connection or self.connection).get_object(NAME, PATHS[interface], introspect=False)
        return getattr(dbus.Interface(proxy, f"org.stipple.{interface}"), method)(*arguments, timeout=PATIENCE_S)

    def start_call(self, interface, method, *arguments, connection=None):
        """Sends a call and does not wait for its answer."""
        pending = Pending()
        connection = connection or self.connection
        connection.call_async(NAME, PATHS[interface], f"org.stipple.{interface}", method, None, arguments,
                              pending.on_reply, pending.on_error, timeout=PATIENCE_S)
        connection.flush()
        return pending

    def call_as(self, user, group, interface, method):
        """Calls a method without arguments as another user. Returns the error, or "" when there is none."""
        program = ("import dbus, sys; _, address, name, path, interface, method = sys.argv\n"
                   "o = dbus.bus.BusConnection(address).get_object(name, path, introspect=False)\n"
                   "try: o.get_dbus_method(method, interface)()\n"
                   "except dbus.DBusException as e: print(e.get_dbus_name(), e.get_dbus_message())\n")
        self.folder.chmod(0o755)
        return subprocess.run(
            ["/usr/bin/python3", "-c", program, self.address, NAME, PATHS[interface], f"org.stipple.{interface}",
             method], user=user, group=group, extra_groups=[], check=True, timeout=PATIENCE_S,
            capture_output=True, text=True, cwd="/").stdout.strip()

    def refused(self, interface, method, *arguments, connection=None):
        """The error name and sentence of a call that must fail."""
        try:
            self.call(interface, method, *arguments, connection=connection)
        except dbus.DBusException as error:
            return error.get_dbus_name().rsplit(".", 1)[1], error.get_dbus_message()
        raise AssertionError(f"{method} was not refused")

    def get(self, interface, name):
        proxy = self.connection.get_object(NAME, PATHS[interface], introspect=False)
        return proxy.Get(f"org.stipple.{interface}", name, dbus_interface="org.freedesktop.DBus.Properties")

    def wait_state(self, state):
        wait_for(lambda: self.get("Session1", "State") == state, f"state {state}")

    def sim(self, line):
        wait_for((self.folder / "board").exists, "the simulated board")  # a daemon just started opens it
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(self.folder / "board"))
            s.sendall(line.encode() + b"\n")
            answer = s.makefile().readline().strip()
        assert not answer.startswith("error"), answer
        return json.loads(answer) if answer.startswith("{") else answer

    def audit(self, query, **arguments):
        reader, writer = os.pipe()
        values = dbus.Dictionary({k: dbus.Int64(v) if isinstance(v, int) else v for k, v in arguments.items()},
                                 signature="sv")
        try:
            answer = self.start_call("Audit1", "Query", query, values, dbus.types.UnixFd(writer))
        finally:
            os.close(writer)
        with os.fdopen(reader) as lines:  # before the answer, which waits for somebody who empties the pipe
            rows = [json.loads(line) for line in lines]
        assert answer.wait().error is None, answer.error
        return rows

    def records(self):
        """The kinds of all records, without those that this query itself causes."""
        return [r["kind"] for r in self.audit("records") if r["kind"] != "audit.read"]

    def published(self):
        """The sequence numbers of records that must be published: their kinds have a topic in records/."""
        leaving = {kind for kind, table in kinds_of_records().items() if "published" in table}
        return [row["seq"] for row in self.audit("records") if row["kind"] in leaving]

    def doctor(self, name):
        """The result of one check, as (level, text, advice)."""
        return next((int(level), str(text), str(advice)) for check, level, text, advice in self.call("Station1", "Doctor")
                    if check == name)

    # ---- steps that many tests take ----

    def enrolment_code(self):
        """The last code that the daemon printed for enrolling the first administrator."""
        return re.findall(r"the enrolment code is ([A-Z0-9-]+)", self.log_text())[-1]

    @contextlib.contextmanager
    def administrator(self):
        """Signs in as an administrator, whom it enrols if necessary. Afterwards the former user is signed in again."""
        if self.doctor("people")[0]:
            self.call("Station1", "EnrolFirst", self.enrolment_code(), *ADMINISTRATOR)
        before = self.get("Station1", "Operator")
        if before:
            self.call("Station1", "Logout")
        self.call("Station1", "Login", ADMINISTRATOR[0], ADMINISTRATOR[2])
        self.token = self.call("Station1", "Token")
        try:
            yield
        finally:
            self.call("Station1", "Logout")
            if before:
                self.sign_in(*self.signed_in)

    def somebody(self):
        """The user who is signed in; if there is none, an administrator signs in for the time being."""
        return contextlib.nullcontext() if self.get("Station1", "Operator") else self.administrator()

    def enrol(self, badge="b1001", pin="4711", roles="technician"):
        with self.administrator():
            self.call("Station1", "Enrol", badge, "Ada Example", pin, roles)
            if "technician" in roles:
                self.certify(badge)

    def certify(self, badge, certificate="bloodborne pathogens", expiry="2031-05-31"):
        """Records a certificate that the profile requires for treating. A supervisor or administrator must be signed in."""
        self.record("Station1", "operator.certified", badge=badge, certificate=certificate, issuer="Institute",
                    expiry=expiry)

    def record(self, interface, kind, pin="", **fields):
        """Enters a record of a kind in the interface's property Forms."""
        return int(self.call(interface, "Record", kind, dbus.Dictionary(fields, signature="sv"), pin))

    def receive_lot(self, lot="L1", quantity=20, expiry="2031-12-31", product="1RL 0.25", maker="Maker",
                    certificate="EO-4711"):
        with self.somebody():
            self.call("Inventory1", "ReceiveLot", dbus.Dictionary(
                {"gtin": GTIN, "lot": lot, "product": product, "maker": maker, "expiry": expiry,
                 "certificate": certificate, "quantity": dbus.UInt32(quantity)}, signature="sv"))

    def sign_in(self, badge="b1001", pin="4711", connection=None):
        self.signed_in = (badge, pin, connection)
        name = self.call("Station1", "Login", badge, pin, connection=connection)
        self.token = self.call("Station1", "Token", connection=connection)
        return name

    def share_sign_in(self, connection):
        """Another client that acts in the name of the signed-in user."""
        self.call("Station1", "Present", self.token, connection=connection)
        return connection

    def screening(self):
        """No to all that protocol and profile ask."""
        import configparser
        protocol, profile = configparser.ConfigParser(), configparser.ConfigParser()
        protocol.read(SOURCE / "configs/protocols/scalp-density.conf")
        station = configparser.ConfigParser(strict=False, interpolation=None)
        station.read(self.config)
        profile.read(SOURCE / f"configs/profiles/{station.get('station', 'profile', fallback='us-ca')}.conf")
        law = profile.get("client", "questions", fallback="none").split(", ")
        asked = list(protocol["screening"]) + [question for question in law if question != "none"]
        return dbus.Dictionary({q: False for q in asked}, signature="sb")

    def register(self, subject="P-0001", connection=None, **card):
        """Registers a client as the profile asks. Does nothing where that is refused, as for a client who is registered."""
        fields = dbus.Dictionary({"subject": subject, "name": "Rosa Muster", "birth_date": "1980-05-17"} | card, signature="sv")
        with contextlib.suppress(dbus.DBusException):
            self.call("Session1", "Record", "subject.registered", fields, "", connection=connection)

    def begin(self, subject="P-0001", protocol="scalp-density", course_session=1, connection=None, register=True):
        """Begins a session, whether the person is on record or new; registers a new one as the profile asks."""
        arguments = (subject, protocol, dbus.UInt32(course_session))
        if register:
            self.register(subject, connection)
        try:
            return self.call("Session1", "Begin", *arguments, connection=connection)
        except dbus.DBusException as refusal:
            if not refusal.get_dbus_name().endswith(".NewPerson"):
                raise
        return self.call("Session1", "BeginNew", *arguments, connection=connection)

    def prepare(self, subject="P-0001", zone="crown", serial="A17", enrol=True, register=True):
        """Does everything that arming needs, beginning with the sign-in."""
        self.wait_board()
        if enrol:
            self.enrol()
        self.sign_in()
        self.receive_lot()
        self.begin(subject, register=register)
        self.call("Session1", "AnswerScreening", self.screening())
        for consent in ("treatment", "photographs"):
            self.call("Session1", "RecordConsent", consent, "2026-1", True)
        self.call("Session1", "SelectZone", zone, "normal", dbus.UInt32(1500))
        self.mount(serial)
        self.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
        self.call("Session1", "Capture", zone, "before")

    def mount(self, serial="A17", lot="L1"):
        return self.call("Session1", "MountNeedle", f"]d201{GTIN}17311231" + f"10{lot}\x1d21{serial}")
