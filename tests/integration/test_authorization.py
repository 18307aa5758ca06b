# SPDX-License-Identifier: Apache-2.0
"""Who may call what: the tables agree, and a denied call changes nothing."""

import getpass
import os
import xml.etree.ElementTree as ET

import dbus
import pytest

import contract
import harness
from harness import wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can call as somebody else")
NOBODY = 65534
DENIED = "org.freedesktop.DBus.Error.AccessDenied"


# ---- the tables, without a daemon ----

def test_every_method_is_in_the_table():
    assert set(contract.table()) == {(interface, name) for interface, name, _ in contract.methods()}


def test_every_action_is_described_and_used():
    assert set(contract.policy()) == set(contract.table().values()) - {None}
    assert [member for member, action in contract.table().items() if not action] == [("Station1", "Present")]
    for action in contract.policy().values():
        assert action.findtext("description") and action.findtext("message")
        defaults = {d.tag: d.text for d in action.find("defaults")}
        assert set(defaults) == {"allow_any", "allow_inactive", "allow_active"}
        assert set(defaults.values()) <= {"auth_admin", "auth_admin_keep"}, "nothing is free by default"
        assert [a.text for a in action.findall("annotate")] == ["unix-user:stipple"]


def test_what_has_a_pin_a_token_or_a_signature_is_wiped():
    assert contract.secrets() == {
        (interface, name) for interface in contract.INTERFACES
        for name, arguments in contract.read(interface)[1]["methods"].items()
        if {"pin", "new_pin", "token", "signature"} & {argument for argument, _, _ in arguments}}


def test_groups_get_what_is_theirs():
    rules = contract.rules()
    assert set(rules) == {"stipple-technician", "stipple-auditor"}
    assert set().union(*rules.values()) == set(contract.policy()) - {"org.stipple.station.enrol", "org.stipple.station.key"}
    assert not any(a.startswith("org.stipple.session.") for a in rules["stipple-auditor"])
    assert "org.stipple.audit.read" not in rules["stipple-technician"]


def test_the_bus_lets_groups_reach_what_their_actions_cover():
    root = ET.parse(harness.SOURCE / "dbus/org.stipple.Station1.conf").getroot()
    standard = {f"org.freedesktop.DBus.{i}" for i in ("Introspectable", "Properties", "Peer")}
    for group, actions in contract.rules().items():
        policy, = [p for p in root.findall("policy") if p.get("group") == group]
        allowed = {a.get("send_interface") for a in policy.findall("allow")}
        assert None not in allowed, "every interface is named"
        covered = {f"org.stipple.{i}" for (i, _), action in contract.table().items() if action in actions}
        assert allowed - standard == (covered - {"org.stipple.Session1"} if group == "stipple-auditor" else covered)


# ---- against the real daemon ----

@pytest.fixture(scope="module")
def guarded():
    """A running station beside a polkit that can be told what to answer."""
    station = harness.Station()
    polkit = None
    try:
        polkit = station.polkit = harness.Polkit(station.address)
        station.start()
        station.wait_board()
        yield station
        station.stop()
    finally:
        if polkit:
            polkit.stop()
        station.close()


@pytest.fixture
def polkit(guarded):
    guarded.polkit.answer("yes")
    yield guarded.polkit
    guarded.polkit.answer("yes")


def example(signature):
    values = {"s": "x", "u": dbus.UInt32(1), "t": dbus.UInt64(1), "b": True, "a{sv}": dbus.Dictionary(signature="sv"),
              "a{sb}": dbus.Dictionary(signature="sb"), "ay": dbus.ByteArray(b"x"), "as": dbus.Array(["x"], signature="s")}
    return dbus.types.UnixFd(0) if signature == "h" else values[signature]


@pytest.mark.parametrize("interface, method, signature", [m for m in contract.methods() if contract.table()[m[:2]]])
def test_denied_and_nothing_recorded(guarded, polkit, interface, method, signature):
    before, asked = guarded.records(), len(polkit.questions())
    polkit.answer("no")
    name, text = guarded.refused(interface, method, *map(example, signature))
    polkit.answer("yes")
    assert (name, method in text) == ("AccessDenied", True)
    question, = polkit.questions()[asked:]
    assert question[:3] == (contract.table()[interface, method], os.geteuid(), False)
    assert guarded.records() == before
    assert guarded.get("Session1", "State") == "idle" and guarded.get("Station1", "Operator") == ""


def test_one_action_does_not_give_another(guarded, polkit):
    polkit.answer("no", "org.stipple.station.enrol")
    assert guarded.refused("Station1", "Enrol", "b1", "A", "4711", "technician")[0] == "AccessDenied"
    assert guarded.call("Station1", "Doctor")
    polkit.answer("yes", "org.stipple.station.enrol")


def test_polkit_fails_closed(guarded, polkit):
    polkit.answer("error")
    assert guarded.refused("Station1", "Doctor")[0] == "AccessDenied"
    polkit.answer("challenge")
    assert guarded.refused("Station1", "Doctor")[0] == "InteractiveAuthorizationRequired"


def test_properties_ask_nobody(guarded, polkit):
    polkit.answer("no")
    assert guarded.get("Station1", "Clinic") == "clinic"


def test_station_serves_while_polkit_thinks(guarded, polkit):
    polkit.answer("hang", "org.stipple.station.enrol")
    pending = guarded.start_call("Station1", "Enrol", "b1", "A", "4711", "technician")
    assert guarded.call("Station1", "Doctor")
    assert guarded.get("Session1", "State") == "idle"
    assert not pending.done()
    polkit.answer("yes", "org.stipple.station.enrol")


def test_question_is_taken_back_when_the_caller_is_gone(guarded, polkit):
    before = guarded.records()
    polkit.answer("hang", "org.stipple.station.enrol")
    asked = len(polkit.questions())
    caller = guarded.connect()
    guarded.start_call("Station1", "Enrol", "b7", "A", "4711", "technician", connection=caller)
    wait_for(lambda: len(polkit.questions()) > asked, "the question")
    caller.close()
    wait_for(lambda: polkit.questions()[-1][3] in polkit.cancelled(), "the question to be taken back")
    polkit.answer("yes", "org.stipple.station.enrol")
    assert guarded.records() == before


def test_one_caller_cannot_fill_the_station(guarded, polkit):
    polkit.answer("hang", "org.stipple.inventory.read")
    caller = guarded.connect()
    calls = [guarded.start_call("Inventory1", "ParseCode", "(10)L1", connection=caller) for _ in range(64)]
    wait_for(lambda: sum(c.done() for c in calls) >= 32, "the calls beyond the bound to be refused")
    assert {c.error[0] for c in calls if c.finished} == {"org.freedesktop.DBus.Error.LimitsExceeded"}
    assert guarded.call("Station1", "Doctor"), "others are served"
    caller.close()
    polkit.answer("yes", "org.stipple.inventory.read")
    assert guarded.call("Inventory1", "ParseCode", f"(01){harness.GTIN}(10)L1")["lot"] == "L1"


def test_leaves_cleanly_with_calls_open():
    station = harness.Station()
    polkit = None
    try:
        polkit = harness.Polkit(station.address)
        station.start()
        polkit.answer("hang", "org.stipple.station.enrol")
        station.start_call("Station1", "Enrol", "b7", "A", "4711", "technician")
        station.start_call("Station1", "Login", "b7", "4711")
        wait_for(lambda: len(polkit.questions()) == 2, "the questions")
        station.stop()
    finally:
        if polkit:
            polkit.stop()
        station.close()


# ---- who read the record ----

def reads(station, query):
    return [(r["actor"], r["body"]["uid"], r["body"].get("user"))
            for r in station.audit("records", kind="audit.read") if r["body"]["query"] == query]


def test_an_access_is_put_on_who_asked(station):
    holder, other, me = station.connect(), station.connect(), (os.getuid(), getpass.getuser())
    station.enrol("b4004", "4711")
    station.sign_in("b4004", connection=holder)
    station.call("Audit1", "Prove", dbus.UInt64(1), connection=holder)
    station.call("Audit1", "Prove", dbus.UInt64(1), connection=other)
    assert reads(station, "prove")[-2:] == [("b4004", *me), ("station", *me)]
    station.call("Audit1", "RecordCopy", "backup", "f", dbus.UInt64(1), connection=other)
    assert reads(station, "backup")[-1] == ("station", *me)
    holder.close()


@as_root
def test_an_access_of_another_user_is_put_on_that_one(station):
    station.polkit = harness.Polkit(station.address)
    try:
        assert station.call_as(NOBODY, NOBODY, "Audit1", "Verify") == ""
    finally:
        station.polkit.stop()
        station.polkit = None
    assert reads(station, "verify")[-1] == ("station", NOBODY, "nobody")


# ---- without polkit, and through the bus's own policy ----

@as_root
def test_without_polkit_only_root_and_the_daemon(station):
    assert station.call("Station1", "Doctor")
    before = station.records()
    answer = station.call_as(NOBODY, NOBODY, "Station1", "SelfTest")
    assert answer.startswith(DENIED) and "ask the station's administrator" in answer
    assert station.records() == before


def bus_policy(group):
    """The installed policy for this user as the daemon, with a group that exists in the technicians' place."""
    text = (harness.SOURCE / "dbus/org.stipple.Station1.conf").read_text()
    text = text.replace('user="stipple"', f'user="{getpass.getuser()}"').replace("stipple-technician", group)
    return """<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus"/></policy>""" + text[text.index("<busconfig>") + 11:
                                                                    text.index("</busconfig>")]


@as_root
@pytest.mark.parametrize("group, reached", [("daemon", set()), ("nogroup", {"Station1", "Session1", "Inventory1"})])
def test_bus_policy(group, reached):
    station = harness.Station(bus_policy=bus_policy(group))
    try:
        station.start()
        assert station.call("Station1", "Doctor"), "root reaches it"
        for interface, method in (("Station1", "SelfTest"), ("Session1", "Arm"), ("Inventory1", "ReceiveLot"),
                                  ("Audit1", "Query")):
            answer = station.call_as(NOBODY, NOBODY, interface, method)
            assert answer.startswith("org.freedesktop.DBus.Error.")
            assert ("Rejected send message" not in answer) == (interface in reached), answer
        station.stop()
    finally:
        station.close()
