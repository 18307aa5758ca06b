# SPDX-License-Identifier: Apache-2.0
"""The face on D-Bus: what is offered is what dbus/ says, and what comes in broken does no harm."""

import os
import socket
import struct
import xml.etree.ElementTree as ET

import dbus
import dbus.service
import pytest

import contract
import harness
from harness import NAME, PATHS, dispatch, wait_for


# ---- the contract ----

def live(station, path):
    proxy = station.connection.get_object(NAME, path, introspect=False)
    return ET.fromstring(proxy.Introspect(dbus_interface="org.freedesktop.DBus.Introspectable"))


@pytest.mark.parametrize("interface", contract.INTERFACES)
def test_live_interface_is_the_contract(idle, interface):
    path, described = contract.read(interface)
    assert path == PATHS[interface]
    offered = {i.get("name"): i for i in live(idle, path).findall("interface")}
    assert {n for n in offered if n.startswith("org.stipple.")} == {f"org.stipple.{interface}"}
    assert contract.describe(offered[f"org.stipple.{interface}"]) == described


def test_nothing_else_is_offered(idle):
    children = {n.get("name") for n in live(idle, PATHS["Station1"]).findall("node")}
    assert children == {"Session", "Inventory", "Audit"}
    assert [n.get("name") for n in live(idle, "/").findall("node")] == ["org/stipple/Station1"] or \
        [n.get("name") for n in live(idle, "/org/stipple").findall("node")] == ["Station1"]


@pytest.mark.parametrize("interface", contract.INTERFACES)
def test_every_property_can_be_read(idle, interface):
    proxy = idle.connection.get_object(NAME, PATHS[interface], introspect=False)
    values = proxy.GetAll(f"org.stipple.{interface}", dbus_interface="org.freedesktop.DBus.Properties")
    assert set(values) == set(contract.read(interface)[1]["properties"])


def test_no_property_can_be_written(idle):
    proxy = idle.connection.get_object(NAME, PATHS["Station1"], introspect=False)
    with pytest.raises(dbus.DBusException) as error:
        proxy.Set("org.stipple.Station1", "Operator", "me", dbus_interface="org.freedesktop.DBus.Properties")
    assert error.value.get_dbus_name().endswith("PropertyReadOnly")


def test_doctor_names_every_check(idle):
    checks = {str(check): (int(level), str(advice)) for check, level, _, advice in idle.call("Station1", "Doctor")}
    assert {"board", "camera", "broker", "ledger", "clock", "disk", "permissions"} <= set(checks)
    assert all(level <= 2 and bool(advice) == (level > 0) for level, advice in checks.values()), checks


class TimeService(dbus.service.Object):
    """A stand-in for systemd's: says what it was told."""

    def __init__(self, connection, synchronized):
        self.synchronized, self.asked = synchronized, False
        super().__init__(dbus.service.BusName("org.freedesktop.timedate1", connection), "/org/freedesktop/timedate1")

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        assert (interface, name) == ("org.freedesktop.timedate1", "NTPSynchronized")
        self.asked = True
        return self.synchronized


@pytest.mark.parametrize("synchronized", [True, False])
def test_the_time_service_is_believed(synchronized):
    station = harness.Station()
    service = TimeService(harness.connect(station.address), synchronized)

    def clock_level():
        dispatch()
        return [int(c[1]) for c in station.call("Station1", "Doctor") if c[0] == "clock"] if service.asked else []

    try:
        station.start()
        wait_for(lambda: clock_level() == [0 if synchronized else 1], "doctor to tell of the clock")
        station.stop()
    finally:
        station.close()


# ---- signals ----

def test_changes_are_signalled(station):
    heard, alerts = {}, []
    listener = station.connect()
    listener.add_signal_receiver(lambda interface, values, gone: heard.update(values), "PropertiesChanged",
                                 "org.freedesktop.DBus.Properties", NAME)
    listener.add_signal_receiver(lambda *a: alerts.append(a), "Alert", "org.stipple.Station1", NAME)

    def hears(name, value):
        return dispatch() or heard.get(name) == value

    station.prepare(zone="crown")
    wait_for(lambda: hears("Operator", "b1001") and hears("Zone", "crown") and hears("Lot", "L1"), "signals")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: hears("State", "working") and hears("Pedal", True), "signals")
    wait_for(lambda: dispatch() or heard.get("Strokes", 0) > 100, "counts")
    station.sim("estop press")
    wait_for(lambda: hears("Fault", "emergency-stop") and hears("EmergencyStop", True), "signals")
    assert all(name and text for name, text in alerts)
    described = {**contract.read("Station1")[1]["properties"], **contract.read("Session1")[1]["properties"]}
    assert set(heard) <= set(described)
    assert "Version" not in heard, "what is constant does not change"


def test_broker_is_told(tmp_path):
    broker = harness.Broker(tmp_path)
    station = harness.Station(mqtt_port=broker.port)
    heard = {}
    try:
        station.start()
        station.connection.add_signal_receiver(lambda i, values, gone: heard.update(values), "PropertiesChanged",
                                               "org.freedesktop.DBus.Properties", NAME)
        assert not station.get("Station1", "BrokerConnected")
        broker.start()
        wait_for(lambda: dispatch() or heard.get("BrokerConnected"), "the broker")
        broker.stop()
        wait_for(lambda: dispatch() or not heard["BrokerConnected"], "the broker to be gone")
        station.stop()
    finally:
        broker.stop()
        station.close()


# ---- several at once ----

def test_two_clients(station):
    station.enrol()
    station.enrol("b2002", "5822")
    first, second = station.connect(), station.connect()
    station.sign_in(connection=first)
    name, text = station.refused("Station1", "Login", "b2002", "5822", connection=second)
    assert name == "WrongState" and "sign out first" in text
    second.close()
    station.call("Session1", "BeginNew", "P-1", "scalp-density", dbus.UInt32(1), connection=first)
    assert station.get("Station1", "Operator") == "b1001", "only its holder's end signs out"
    first.close()
    wait_for(lambda: station.get("Station1", "Operator") == "", "sign-out")
    assert "operator.signed-out" in station.records()


def test_simultaneous_sign_ins_have_one_winner(station):
    station.enrol()
    station.enrol("b2002", "5822")
    clients = [station.connect() for _ in range(4)]
    calls = [station.start_call("Station1", "Login", "b1001" if i % 2 else "b2002", "4711" if i % 2 else "5822",
                                connection=client) for i, client in enumerate(clients)]
    for call in calls:
        call.wait()
    assert len([c for c in calls if not c.error]) == 1
    assert {c.error[0].rsplit(".", 1)[1] for c in calls if c.error} <= {"Busy", "WrongState"}
    own = [r for r in station.audit("sign-ins") if r["badge"] != harness.ADMINISTRATOR[0]]
    assert [r["kind"] for r in own] == ["operator.signed-in"]


def test_caller_that_leaves_while_signing_in_holds_nothing(station):
    station.enrol()
    for _ in range(3):
        caller = station.connect()
        station.start_call("Station1", "Login", "b1001", "4711", connection=caller)
        caller.close()

    def idle():
        kinds = station.records()
        return kinds.count("operator.signed-in") == kinds.count("operator.signed-out")
    wait_for(lambda: idle() and station.get("Station1", "Operator") == "", "nobody signed in")
    wait_for(lambda: signs_in(station), "the next sign-in")


def signs_in(station):
    try:
        return station.sign_in()
    except dbus.DBusException as error:
        assert error.get_dbus_name().endswith(".Busy"), error
        return None


def test_name_is_taken_once(station):
    second = harness.Station()
    try:
        second.config.write_text(second.config.read_text().replace("[bus]", ""))
        second.address = station.address
        second.start(expect_ready=False)
        assert second.daemon.wait(harness.PATIENCE_S) == 1
        assert "is owned by another process" in second.log_text()
        second.daemon = None
    finally:
        second.close()
    assert station.get("Session1", "State") == "idle"


# ---- broken input ----

LONG = "x" * 5000


@pytest.mark.parametrize("interface, method, arguments", [
    ("Station1", "Enrol", (LONG, "A", "4711", "technician")),
    ("Station1", "Enrol", ("b1", LONG, "4711", "technician")),
    ("Station1", "Enrol", ("b1", "A", LONG, "technician")),
    ("Station1", "Enrol", ("b1", "A", "4711", LONG)),
    ("Station1", "Login", (LONG, "4711")),
    ("Station1", "Login", ("b1", LONG)),
    ("Station1", "AcknowledgeFault", (LONG, "4711")),
    ("Session1", "Begin", (LONG, "scalp-density", dbus.UInt32(1))),
    ("Session1", "Begin", ("P-1", LONG, dbus.UInt32(1))),
    ("Session1", "AnswerScreening", (dbus.Dictionary({LONG: True}, signature="sb"),)),
    ("Session1", "AnswerScreening", (dbus.Dictionary({f"q{i}": True for i in range(100)}, signature="sb"),)),
    ("Session1", "RecordConsent", (LONG, "1", True)),
    ("Session1", "SelectZone", ("crown", LONG, dbus.UInt32(1))),
    ("Session1", "MountNeedle", (LONG,)),
    ("Session1", "RemoveNeedle", (LONG,)),
    ("Session1", "LoadPigment", ("B", "c", LONG, "2031-01-31")),
    ("Session1", "Capture", (LONG, "before")),
    ("Session1", "Sign", ("4711", LONG)),
    ("Session1", "Abandon", (LONG,)),
    ("Inventory1", "ParseCode", (LONG,)),
    ("Inventory1", "ReceiveLot", (dbus.Dictionary({LONG: 1}, signature="sv"),)),
    ("Inventory1", "ReceiveLot", (dbus.Dictionary({"lot": LONG}, signature="sv"),)),
    ("Inventory1", "ReceiveLot", (dbus.Dictionary({f"k{i}": 1 for i in range(100)}, signature="sv"),)),
    ("Inventory1", "ReceiveLot", (dbus.Dictionary({"quantity": dbus.UInt64(2**64 - 1)}, signature="sv"),)),
    ("Inventory1", "ReceiveLot", (dbus.Dictionary({"quantity": float("nan")}, signature="sv"),)),
    ("Inventory1", "ReceiveLot", (dbus.Dictionary({"lot": dbus.Struct(("a",))}, signature="sv"),)),
])
def test_over_long_and_odd_arguments(idle, interface, method, arguments):
    before = idle.records()
    assert idle.refused(interface, method, *arguments)[0] == "InvalidArgument"
    assert idle.records() == before


@pytest.mark.parametrize("interface, method, signature", contract.methods())
def test_wrong_signature(idle, interface, method, signature):
    before = idle.records()
    arguments = () if signature else (dbus.Int64(-1),)
    assert idle.refused(interface, method, *arguments)[0] in ("InvalidArgs", "InvalidSignature")
    assert idle.refused(interface, method, *[dbus.Array([dbus.Byte(1)])] * (len(signature) + 1))[0] in (
        "InvalidArgs", "InvalidSignature")
    assert idle.records() == before


def test_descriptor_that_cannot_be_written(idle):
    nothing = dbus.Dictionary(signature="sv")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with open(os.devnull, "rb") as read_only:
            for descriptor in (read_only.fileno(), writer):
                name, _ = idle.refused("Audit1", "Query", "records", nothing, dbus.types.UnixFd(descriptor))
                assert name in ("InvalidArgument", "LedgerFailed")
    finally:
        os.close(writer)
    assert idle.refused("Audit1", "Query", "no-such", nothing, dbus.types.UnixFd(2))[0] == "Unknown"
    assert idle.records()


def test_sentences_cut_within_a_character(station):
    """An answer that quotes long text is cut off; half a character in it would have the bus drop the daemon."""
    station.prepare()
    station.call("Session1", "RemoveNeedle", "dull")
    for length in range(230, 250):
        for start in ("", "a"):
            text = start + "é" * length
            for interface, method, arguments in (
                    ("Session1", "MountNeedle", (text,)), ("Session1", "Capture", (text, "before")),
                    ("Session1", "SelectZone", (text, "normal", dbus.UInt32(1))),
                    ("Station1", "AcknowledgeFault", (text, "4711"))):
                assert station.refused(interface, method, *arguments)[1]
            assert not station.call("Inventory1", "ParseCode", text)["valid"]
    assert station.get("Station1", "Operator") == "b1001"


# ---- bytes that no library would send ----

def padded(data, to):
    return data + b"\0" * (-len(data) % to)


def text(value):
    return struct.pack("<I", len(value)) + value + b"\0"


def message(serial, destination, path, interface, member, signature=b"", body=b"", kind=1):
    fields = b""
    for code, mark, value in ((1, b"o", path), (2, b"s", interface), (3, b"s", member), (6, b"s", destination),
                              (8, b"g", signature)):
        if not value:
            continue
        fields = padded(fields, 8) + bytes([code, 1]) + mark + b"\0"
        fields += bytes([len(value)]) + value + b"\0" if mark == b"g" else text(value)
    return padded(struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), serial, len(fields)) + fields, 8) + body


class RawClient:
    """Speaks to the bus byte by byte."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.PATIENCE_S)
        self.socket.connect(address.removeprefix("unix:path="))
        self.socket.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
        assert self.socket.recv(512).startswith(b"OK")
        self.socket.sendall(b"BEGIN\r\n" + message(1, b"org.freedesktop.DBus", b"/org/freedesktop/DBus",
                                                   b"org.freedesktop.DBus", b"Hello"))
        assert self.socket.recv(4096)

    def is_thrown_out(self):
        try:
            while self.socket.recv(4096):
                pass
        except ConnectionError:
            pass
        return True


def login(body, signature=b"ss"):
    return message(2, NAME.encode(), PATHS["Station1"].encode(), b"org.stipple.Station1", b"Login", signature, body)


GOOD = padded(text(b"b1"), 4) + text(b"4711")
BROKEN = {
    "not UTF-8": login(padded(text(b"b\xff1"), 4) + text(b"4711")),
    "half a character": login(padded(text(b"b\xc3"), 4) + text(b"4711")),
    "surrogate": login(padded(text(b"\xed\xa0\x80"), 4) + text(b"4711")),
    "zero byte": login(padded(text(b"b\0a"), 4) + text(b"4711")),
    "string without end": login(padded(text(b"b1"), 4) + struct.pack("<I", 4) + b"4711x"),
    "length beyond the body": login(struct.pack("<I", 4000) + b"b1\0"),
    "body shorter than its signature": login(padded(text(b"b1"), 4)),
    "signature that is none": login(GOOD, signature=b"s("),
    "wrong byte order": b"X" + login(GOOD)[1:],
    "no such kind": login(GOOD)[:1] + b"\0" + login(GOOD)[2:],
    "header too long": login(GOOD)[:12] + b"\xff\xff\xff\x7f" + login(GOOD)[16:],
}


@pytest.mark.parametrize("what", BROKEN)
def test_station_lives_on_after(idle, what):
    client = RawClient(idle.address)
    client.socket.sendall(BROKEN[what])
    assert client.is_thrown_out()
    assert idle.get("Session1", "State") == "idle"


def test_station_lives_on_after_half_a_message(idle):
    whole = login(GOOD)
    for length in range(1, len(whole), 7):
        client = RawClient(idle.address)
        client.socket.sendall(whole[:length])
        client.socket.close()
    assert idle.get("Session1", "State") == "idle"
    assert idle.daemon.poll() is None
