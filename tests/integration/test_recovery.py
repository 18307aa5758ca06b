# SPDX-License-Identifier: Apache-2.0
"""A session survives the station's end: after the start it is there as recorded, paused, and nothing arms by itself."""

import shutil
import subprocess

import pytest

import harness
from harness import GTIN, wait_for

CHIP = "[plugin.board-sim]\nchip = 04a1b2c3\n"
UNIT = f"(01){GTIN}(21)A17"
KEPT = ("Session", "Subject", "Protocol", "CourseSession", "ConsentTreatment", "ConsentPhotographs", "ScreeningDone", "Zone",
        "SkinType", "AreaMm2", "Unit", "Lot", "Pigment", "Zones", "Scalp", "DensityBefore", "DotsOver", "TargetDensity", "DepthMinUm", "DepthMaxUm",
        "DepthLimitUm", "Aftercare", "Dots", "Strokes", "SessionDots", "SessionStrokes", "NeedleStrokes", "Density",
        "DepthMeanUm", "DwellMeanMs", "OutsideShare")


@pytest.fixture
def station(request):
    station = harness.Station(extra=getattr(request, "param", CHIP))
    station.start()
    yield station
    station.close()


def figures(station):
    return {name: station.get("Session1", name) for name in KEPT}


def work(station, strokes=300):
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") > strokes, "strokes")


def rest(station):
    """The needle stands, and all that it did is on record."""
    station.sim("pedal up")
    station.call("Session1", "Disarm")


def again(station, how):
    if how == "kill":
        station.kill()
    else:
        station.stop()
    station.start()
    station.wait_board()


def last(station, kind):
    return [row["body"] for row in station.audit("records") if row["kind"] == kind][-1]


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_all_that_is_on_record_is_there_again(station, how):
    station.prepare()
    work(station)
    rest(station)
    before = figures(station)
    again(station, how)
    assert station.get("Session1", "State") == "paused"
    assert figures(station) == before, "counts of zone, session and cartridge too"
    recovered = last(station, "session.recovered")
    assert recovered["lacking_ms"] == 0 and station.get("Session1", "LackingMs") == 0, "the needle was not armed"
    assert station.get("Session1", "StoppedAt") > 0
    assert not station.sim("status")["armed"] and station.audit("sessions")[0]["outcome"] == "open"


def test_what_may_be_lacking_is_bounded_and_said(station):
    station.prepare()
    work(station)
    station.kill()
    station.start()
    station.wait_board()
    known = sum(row["strokes"] for row in station.audit("strokes", session=1))
    assert station.get("Session1", "SessionStrokes") == known
    assert station.get("Session1", "LackingMs") == 10000 == last(station, "session.recovered")["lacking_ms"]
    refusals = {str(name): str(text) for name, text, *_ in station.call("Session1", "Refusals")}
    assert "strokes of up to 10.0 s are not on record" in refusals["recovery"] and "resume" in refusals["recovery"]


def test_it_goes_on_with_the_same_chip_and_a_click(station):
    station.prepare()
    work(station)
    station.kill()
    station.start()
    station.wait_board()
    assert station.refused("Session1", "Resume")[0] == "NotSignedIn"
    station.sign_in()
    assert station.refused("Session1", "Arm")[0] in ("SessionWaits", "Refused", "WrongState")
    known = station.get("Session1", "SessionStrokes")
    station.call("Session1", "Resume")
    station.wait_state("preparing")
    assert station.get("Session1", "StoppedAt") == 0 and not station.sim("status")["armed"]
    work(station, known + 200)
    rest(station)
    station.call("Session1", "Finish")
    session, = station.audit("sessions")
    assert session["strokes"] == sum(row["strokes"] for row in station.audit("strokes", session=1)) > known + 200
    needle, = station.audit("needles")
    assert (needle["unit"], needle["strokes"], needle["state"]) == (UNIT, session["strokes"], "used")


@pytest.mark.parametrize("station", [""], indirect=True)
def test_a_cartridge_without_a_chip_is_changed_first(station):
    station.prepare()
    work(station)
    station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    error, text = station.refused("Session1", "Resume")
    assert error == "NeedleRefused" and UNIT in text and "mount a new one" in text
    station.call("Session1", "RemoveNeedle", "the station stopped")
    station.call("Session1", "Resume")
    assert "was used on" in station.refused("Session1", "MountNeedle", f"(01){GTIN}(10)L1(21)A17")[1]
    station.mount("A18")
    work(station)
    rest(station)
    assert {row["unit"][-3:]: row["state"] for row in station.audit("needles")} == {"A17": "used", "A18": "mounted"}


def test_another_chip_is_another_cartridge(station):
    station.prepare()
    station.kill()
    station.start()
    station.wait_board()
    station.sim("cartridge insert 04ffffff")
    station.sign_in()
    wait_for(lambda: station.refused("Session1", "Resume")[0] == "NeedleRefused", "the chip to be looked at")


def test_a_fault_meanwhile_does_not_let_it_go_on(station):
    station.prepare()
    station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    station.sim("estop press")
    station.wait_state("fault")
    station.sim("estop release")
    station.call("Station1", "AcknowledgeFault", "released", "4711")
    station.wait_state("paused")
    assert "recovery" in [str(r[0]) for r in station.call("Session1", "Refusals")]


def test_again_and_again(station):
    """What waits for somebody goes on waiting, and what may be lacking is said until then."""
    station.prepare()
    work(station)
    station.kill()
    for _ in range(3):
        station.start()
        station.wait_board()
        assert station.get("Session1", "State") == "paused" and station.get("Session1", "StoppedAt") > 0
        assert station.get("Session1", "LackingMs") == 10000
        station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    station.call("Session1", "Abandon", "enough for today")
    assert station.audit("sessions")[0]["outcome"] == "abandoned"
    again(station, "kill")
    assert station.get("Session1", "State") == "idle" and station.get("Session1", "Session") == 0


def test_a_session_that_was_finished_is_signed_afterwards(station):
    station.prepare()
    work(station)
    rest(station)
    station.call("Session1", "Finish")
    again(station, "kill")
    assert station.get("Session1", "State") == "closing"
    station.sign_in()
    station.call("Session1", "Capture", "crown", "after")
    station.call("Session1", "Sign", "4711", "done")
    assert station.audit("sessions")[0]["outcome"] == "signed"


def test_an_inert_start_leaves_it_as_it_is(station):
    station.prepare()
    station.stop()
    sound = station.config.read_text()
    station.config.write_text(sound + "[mqtt]\nspeed = 3\n")
    station.start()
    assert station.get("Station1", "Inert") and station.get("Session1", "State") == "idle"
    station.stop()
    station.config.write_text(sound)
    station.start()
    station.wait_board()
    assert station.get("Session1", "State") == "paused" and station.get("Session1", "Unit") == UNIT


def test_overrides_and_the_interval_stay(station):
    station.prepare()
    work(station)
    rest(station)
    station.call("Session1", "Finish")
    station.call("Session1", "Capture", "crown", "after")
    station.call("Session1", "Sign", "4711", "done")
    station.begin("P-0001", course_session=2)
    station.call("Session1", "SelectZone", "crown", "normal", harness.dbus.UInt32(0))
    assert "interval" in refusals(station)
    again(station, "kill")
    begun = last(station, "session.begun")
    assert begun["interval_days"] == 0 and begun["last_session"]
    assert "interval" in refusals(station), "the skin has had no time to heal"


def refusals(station):
    return [str(name) for name, *_ in station.call("Session1", "Refusals")]


def test_what_is_on_record_of_a_zone_is_told_when_nothing_follows(station):
    """The newest chunks may be newer than the zone's figures on record."""
    station.prepare()
    work(station)
    wait_for(lambda: station.audit("strokes", session=1), "a chunk on record")
    station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    station.call("Session1", "Finish")
    zone, = station.audit("zones", session=1)
    assert zone["strokes"] == sum(row["strokes"] for row in station.audit("strokes", session=1))


def ended(station, cause):
    body = last(station, "session.interrupted")
    assert cause in body["cause"] and station.audit("sessions")[0]["outcome"] == "interrupted"
    assert station.get("Session1", "Session") == 0


def test_under_other_rules_it_ends(station):
    station.prepare()
    station.stop()
    folder = station.folder / "protocols"
    shutil.copytree(harness.SOURCE / "configs/protocols", folder)
    protocol = folder / "scalp-density.conf"
    protocol.write_text(protocol.read_text() + "\n# another file\n")
    station.config.write_text(station.config.read_text().replace(f"{harness.SOURCE}/configs/protocols", str(folder)))
    station.start()
    ended(station, "protocol or the profile were changed")


@pytest.mark.parametrize("station", [""], indirect=True)
def test_nothing_is_mounted_while_it_waits(station):
    station.prepare()
    station.call("Session1", "RemoveNeedle", "to change it")
    again(station, "kill")
    station.sign_in()
    assert station.refused("Session1", "MountNeedle", f"(01){GTIN}(10)L1(21)A18")[0] == "SessionWaits"
    station.call("Session1", "Resume")
    station.mount("A18")


def test_the_report_says_that_the_station_stopped(station):
    station.prepare()
    work(station)
    station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    station.call("Session1", "Resume")
    station.call("Session1", "Finish")
    station.call("Session1", "Capture", "crown", "after")
    station.call("Session1", "Sign", "4711", "done")
    page = station.folder / "report.html"
    subprocess.run([harness.BUILD / "ctl/stipplectl", "report", "1", "-o", page], env=station.environment(), check=True,
                   stdout=subprocess.DEVNULL)
    assert "strokes of up to 10.0 s are not on record" in page.read_text()
