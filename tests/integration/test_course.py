# SPDX-License-Identifier: Apache-2.0
"""A client's whole course at the real station, on the days on which it happens."""

import json

import dbus
import pytest

from harness import ADMINISTRATOR, wait_for
from test_person import check, ctl

AREA_MM2 = 200


def zone(station):
    """What stands on the client's crown from all sessions before this one, and may stand there after it."""
    return (round(station.get("Session1", "DensityBefore")), round(station.get("Session1", "TargetDensity")))


def begin(station, number, protocol="scalp-density"):
    station.sign_in()
    station.begin("P-0001", protocol, number)
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "1", True)


def prepare(station, serial, place="crown", area=0):
    """Without an area the one on record counts."""
    station.mount(serial)
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "SelectZone", place, "normal", dbus.UInt32(area))
    station.call("Session1", "Capture", place, "before")


def fill(station):
    """Works until the zone has what this session may bring it to."""
    target = station.get("Session1", "TargetDensity")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "DensityBefore") + station.get("Session1", "Density") >= target,
             "the target", patience=120)
    station.sim("pedal up")
    station.call("Session1", "Disarm")


def end(station, place="crown"):
    station.call("Session1", "Finish")
    station.call("Session1", "Capture", place, "after")
    station.call("Session1", "Sign", "4711", "done")
    station.call("Station1", "Logout")


def refusals(station):
    return {str(name): str(text) for name, text, _ in station.call("Session1", "Refusals")}


def treat(station, serial, protocol="scalp-density", number=1, place="crown", area=0):
    """A session that fills one zone. Gives what stood there before and its target."""
    begin(station, number, protocol)
    prepare(station, serial, place, area)
    assert not refusals(station)
    figures = zone(station)
    fill(station)
    end(station, place)
    return figures


def densities(station):
    return {(row["zone"], row["protocol"]): row["density"] for row in station.audit("density", subject="P-0001")}


def verify(station):
    station.call("Audit1", "Verify")
    wait_for(lambda: station.get("Audit1", "Verification") not in ("none", "running"), "the verification")
    assert station.get("Audit1", "Verification") == "sound", station.get("Audit1", "VerificationText")


def test_dots_add_up_over_a_course(station):
    """A sample patch, three sessions to 40, 80 and 100, which leave 100 dots/cm2 on the scalp and not 220, and a
    touch-up two years on."""
    station.enrol()
    station.receive_lot()
    patch = treat(station, "S1", "sample-patch", place="nape", area=100)
    assert patch == (0, 40)
    # what the patch shows late must have time to show, in any zone
    station.pass_days(20)
    begin(station, 1)
    prepare(station, "S2", area=AREA_MM2)
    assert "the sample patch of this client must be waited for" in refusals(station)["interval"]
    station.call("Session1", "Abandon", "too early")
    station.call("Station1", "Logout")
    station.pass_days(8)
    assert treat(station, "S3", area=AREA_MM2) == (0, 40)
    # the next day is too early for anything
    station.pass_days(1)
    begin(station, 2)
    prepare(station, "S4")
    assert "the skin needs 7 days to heal" in refusals(station)["interval"]
    station.call("Session1", "Abandon", "too early")
    station.call("Station1", "Logout")
    # a week after the first, and a month after the second
    for number, (days, before, target) in enumerate(((6, 40, 80), (28, 80, 100)), start=2):
        station.pass_days(days)
        assert treat(station, f"T{number}", number=number) == (pytest.approx(before, abs=2), target)
    # years later the dots are still there, and the target of the touch-up counts them
    station.pass_days(730)
    assert treat(station, "U1", "touch-up") == (pytest.approx(100, abs=3), 120)
    scalp = densities(station)
    assert scalp == {("crown", "scalp-density"): pytest.approx(100, abs=3), ("crown", "touch-up"): pytest.approx(20, abs=3),
                     ("nape", "sample-patch"): pytest.approx(40, abs=3)}
    # the client asks for everything that is on record, and gets it with its proofs
    folder = station.folder / "P-0001"
    ctl(station, "person", "export", "P-0001", "-o", folder)
    assert check(folder, (folder / "key").read_text().strip())
    begun = [json.loads(file.read_text()) for file in folder.glob("records/*.json")]
    assert sorted(record["body"]["protocol"] for record in begun if record["kind"] == "session.begun") == [
        "sample-patch", *["scalp-density"] * 5, "touch-up"]
    # the client asks to be forgotten: the name and the answers go, dots and proofs stay
    assert station.audit("subjects")[0]["name"] == "Rosa Muster"
    with station.administrator():
        station.record("Station1", "personal.erased", ADMINISTRATOR[2], reason="asked for it", subject="P-0001",
                       despite="the person insists")
    assert not station.audit("subjects")[0].get("name")
    assert densities(station) == scalp
    verify(station)
