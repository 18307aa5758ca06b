# SPDX-License-Identifier: Apache-2.0
"""Whoever asks for it stops the needle: before polkit answers, beyond every limit, signed in or not."""

import contextlib
import os
import pwd

import dbus
import pytest

import contract
import harness
from harness import wait_for

ARGUMENTS = {"Abandon": ["enough"], "RemoveNeedle": ["dull"], "RecordConsent": ["treatment", "2026-1", False]}
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def guarded():
    """A session that is prepared, beside a polkit that can be told what to answer."""
    station = harness.Station()
    polkit = None
    try:
        polkit = station.polkit = harness.Polkit(station.address)
        station.start()
        station.prepare()
        yield station
        station.stop()
    finally:
        if polkit:
            polkit.stop()
        station.close()


def arms(station):
    """Not while somebody's stop is being recorded."""
    try:
        station.call("Session1", "Arm")
    except dbus.DBusException as error:
        assert error.get_dbus_name().endswith(".Busy"), error
        return False
    return True


@pytest.fixture
def working(guarded):
    """The same while the needle runs, and afterwards as it was before."""
    polkit = guarded.polkit
    polkit.answer("yes")
    wait_for(lambda: arms(guarded), "the needle to be armed")
    guarded.sim("pedal down")
    guarded.wait_state("working")
    wait_for(lambda: guarded.sim("status")["enable"], "the needle to run")
    yield guarded
    for action in set(contract.table().values()) - {None}:
        polkit.answer("yes", action)
    guarded.sim("pedal up")
    wait_for(lambda: not guarded.get("Station1", "Pedal"), "the pedal")
    assert guarded.get("Session1", "State") == "preparing"


def stands(station):
    wait_for(lambda: not station.sim("status")["enable"], "the needle to stop")
    # ENABLE falls first, then the board is told
    wait_for(lambda: not station.sim("status")["armed"], "the board to be disarmed")
    return station.sim("status")["strokes"]


def newest_disarm(station):
    record = [r for r in station.audit("records", kind="session.state") if r["body"]["event"] == "disarm"][-1]
    return record["actor"], record["body"]["user"], record["body"]["from"]


@pytest.mark.parametrize("interface, method", contract.stops())
def test_it_stops_while_polkit_thinks(working, interface, method):
    working.polkit.answer("hang", contract.table()[interface, method])
    caller = working.connect()
    call = working.start_call(interface, method, *ARGUMENTS.get(method, []), connection=caller)
    strokes = stands(working)
    assert not call.done(), "the needle stood before anybody had been asked"
    working.wait_state("preparing")
    wait_for(lambda: newest_disarm(working) == ("station", ME, "working"), "who stopped it on record")
    assert working.sim("status")["strokes"] == strokes
    caller.close()


@pytest.mark.parametrize("interface, method", contract.stops())
def test_it_stops_though_it_is_denied(working, interface, method):
    working.polkit.answer("no", contract.table()[interface, method])
    assert working.refused(interface, method, *ARGUMENTS.get(method, []))[0] == "AccessDenied"
    stands(working)
    assert newest_disarm(working) == ("b1001", ME, "working")


def test_it_stops_without_its_arguments(working):
    name, _ = working.refused("Session1", "Abandon")
    assert name == "InvalidArgs"
    stands(working)


def test_a_consent_that_is_given_stops_nothing(working):
    working.call("Session1", "RecordConsent", "photographs", "2026-1", True)
    status = working.sim("status")
    assert status["enable"] and status["armed"]
    working.call("Session1", "Disarm")


@contextlib.contextmanager
def filled(station):
    """As many calls as may wait, of many connections, and many more."""
    station.polkit.answer("hang", "org.stipple.inventory.read")
    callers = [station.connect() for _ in range(17)]
    calls = [station.start_call("Inventory1", "ParseCode", "(10)L1", connection=caller)
             for caller in callers for _ in range(31)]
    wait_for(lambda: sum(call.done() for call in calls) == len(calls) - 64, "the limit")
    assert {call.error[0] for call in calls if call.finished} == {"org.freedesktop.DBus.Error.LimitsExceeded"}
    assert station.refused("Station1", "Doctor")[0] == "LimitsExceeded"
    try:
        yield
    finally:
        leave(station, callers)


def leave(station, callers):
    station.polkit.answer("yes", "org.stipple.inventory.read")
    for caller in callers:
        caller.close()

    def has_room():
        try:
            return station.call("Station1", "Doctor")
        except dbus.DBusException as error:
            assert error.get_dbus_name().endswith(".LimitsExceeded")
            return None
    wait_for(has_room, "their calls to be forgotten")


def test_other_peoples_calls_keep_no_stop_out(working):
    with filled(working):
        working.call("Session1", "Disarm")
        stands(working)
    assert newest_disarm(working) == ("b1001", ME, "working")


def test_other_peoples_stops_keep_no_stop_of_the_holder_out(working):
    """More than the message bus lets a connection ask polkit at a time."""
    working.polkit.answer("hang", "org.stipple.session.operate")
    callers = [working.connect() for _ in range(30)]
    calls = [working.start_call(interface, method, *ARGUMENTS.get(method, []), connection=caller)
             for caller in callers for interface, method in contract.stops() if method != "RecordConsent"]
    wait_for(lambda: sum(call.done() for call in calls) == len(calls) - 96, "the limit")
    stands(working)
    working.polkit.answer("yes", "org.stipple.session.operate")
    working.call("Session1", "Disarm")
    leave(working, callers)


def test_other_peoples_calls_keep_no_acknowledgement_out(working):
    working.sim("estop press")
    working.wait_state("fault")
    working.sim("estop release")
    wait_for(lambda: not working.get("Station1", "EmergencyStop"), "the release")
    with filled(working):
        working.call("Station1", "AcknowledgeFault", "seen to", "4711")
    working.wait_state("preparing")


def test_a_caller_that_repeats_itself_has_one_place_beyond_its_limit(working):
    working.polkit.answer("hang", "org.stipple.session.operate")
    caller = working.connect()
    calls = [working.start_call("Session1", "Disarm", connection=caller) for _ in range(100)]
    stands(working)
    wait_for(lambda: sum(call.done() for call in calls) >= 68, "the calls beyond the limit to be answered")
    assert {call.error[0] for call in calls if call.finished} == {"org.freedesktop.DBus.Error.LimitsExceeded"}
    assert not calls[-1].done(), "the newest waits"
    assert sum(call.done() for call in calls) == 68
    caller.close()


def test_a_holder_that_vanishes_stops_it(guarded):
    guarded.polkit.answer("yes")
    guarded.call("Station1", "Logout")
    holder = guarded.connect()
    guarded.sign_in(connection=holder)
    guarded.call("Session1", "Arm", connection=holder)
    guarded.sim("pedal down")
    wait_for(lambda: guarded.sim("status")["enable"], "the needle to run")
    guarded.polkit.answer("hang")
    holder.close()
    stands(guarded)
    guarded.polkit.answer("yes")
    guarded.sim("pedal up")
    wait_for(lambda: not guarded.get("Station1", "Pedal"), "the pedal")
    guarded.sign_in()
