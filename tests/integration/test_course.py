# SPDX-License-Identifier: Apache-2.0
"""A client's whole course at the real station, on the days on which it happens."""

import dbus
import pytest

from harness import wait_for

AREA_MM2 = 200


def zone(station):
    """What stands on the client's crown from all sessions before this one, and may stand there after it."""
    return (round(station.get("Session1", "DensityBefore")), round(station.get("Session1", "TargetDensity")))


def begin(station, number, day_of_interval=None):
    station.sign_in()
    station.begin("P-0001", course_session=number)
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "1", True)


def prepare(station, serial):
    station.mount(serial)
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(0 if serial != "S1" else AREA_MM2))
    station.call("Session1", "Capture", "crown", "before")


def fill(station):
    """Works until the zone has what this session may bring it to."""
    target = station.get("Session1", "TargetDensity")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "DensityBefore") + station.get("Session1", "Density") >= target,
             "the target", patience=120)
    station.sim("pedal up")
    station.call("Session1", "Disarm")


def end(station):
    station.call("Session1", "Finish")
    station.call("Session1", "Capture", "crown", "after")
    station.call("Session1", "Sign", "4711", "done")
    station.call("Station1", "Logout")


def refusals(station):
    return [str(refusal[0]) for refusal in station.call("Session1", "Refusals")]


def test_dots_add_up_over_a_course(station):
    """Three sessions to 40, 80 and 100 leave 100 dots/cm2 on the scalp, and not 220."""
    station.enrol()
    station.receive_lot()
    begin(station, 1)
    prepare(station, "S1")
    assert zone(station) == (0, 40)
    fill(station)
    end(station)
    # the next day is too early for anything
    station.pass_days(1)
    begin(station, 2)
    prepare(station, "S2")
    assert "interval" in refusals(station)
    station.call("Session1", "Abandon", "too early")
    station.call("Station1", "Logout")
    # a week after the first, and a month after the second
    for number, (days, before, target) in enumerate(((6, 40, 80), (28, 80, 100)), start=2):
        station.pass_days(days)
        begin(station, number)
        prepare(station, f"T{number}")
        assert "interval" not in refusals(station)
        assert zone(station) == (pytest.approx(before, abs=2), target)
        fill(station)
        end(station)
    # and years later they are still there
    station.pass_days(730)
    begin(station, 3)
    prepare(station, "T4")
    assert zone(station)[0] == pytest.approx(100, abs=3)
