# SPDX-License-Identifier: Apache-2.0
"""A treatment session over D-Bus, and what must be refused on the way."""

import hashlib
import os
import re
import shutil
import subprocess
import time

import dbus
import pytest

import harness
from harness import wait_for


def treat(station, strokes=300):
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") >= strokes, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")


def test_whole_session(station):
    station.prepare()
    assert station.call("Session1", "Refusals") == []
    treat(station)
    assert not station.sim("status")["enable"]
    dots, strokes = station.get("Session1", "Dots"), station.get("Session1", "Strokes")
    assert 0 < dots < strokes / 3
    station.call("Session1", "Disarm")
    file, figures = station.call("Session1", "Capture", "crown", "after")
    picture = (station.folder / "state/images" / str(file)).read_bytes()
    assert hashlib.sha256(picture).hexdigest() == figures["sha256"]
    assert picture[:2] == b"\xff\xd8"
    totals = station.call("Session1", "Finish")
    assert totals["strokes"] == station.sim("status")["strokes"]
    assert station.refused("Session1", "Sign", "0000", "done")[0] == "SignInRefused"
    station.call("Session1", "Sign", "4711", "treatment done")
    assert station.get("Session1", "State") == "idle"
    session, = station.audit("sessions")
    assert (session["outcome"], session["strokes"]) == ("signed", totals["strokes"])
    kept = sum(row["strokes"] for row in station.audit("strokes", session=1))
    assert kept == totals["strokes"]
    assert "audit.read" in [row["kind"] for row in station.audit("records")]


def test_needle_is_never_used_twice(station):
    station.prepare()
    assert station.refused("Session1", "MountNeedle", "L1")[0] == "WrongState"
    station.call("Session1", "RemoveNeedle", "dull")
    name, text = station.refused("Session1", "MountNeedle", f"(01){harness.GTIN}(17)311231(10)L1(21)A17")
    assert name == "NeedleRefused" and "was used on" in text and "session 1" in text
    assert station.refused("Session1", "MountNeedle", f"(01){harness.GTIN}(10)NONE(21)A1")[0] == "NeedleRefused"
    station.receive_lot("OLD", expiry="2020-01-01")
    name, text = station.refused("Session1", "MountNeedle", f"(01){harness.GTIN}(10)OLD(21)A1")
    assert name == "NeedleRefused" and "expired" in text
    assert station.refused("Session1", "Arm")[0] == "NoNeedle"
    station.mount("A18")
    refused = [r for r in station.audit("records") if r["kind"] == "needle.refused"]
    assert [r["body"]["refusal"] for r in refused] == ["used", "unknown-lot", "expired"]


def test_everything_missing_is_named(station):
    ids = [r[0] for r in station.call("Session1", "Refusals")]
    assert ids[:4] == ["operator", "subject", "consent", "screening"]
    assert station.refused("Session1", "Arm")[0] == "NotSignedIn"
    station.enrol()
    assert station.refused("Station1", "Login", "b1001", "0000")[0] == "SignInRefused"
    assert station.refused("Station1", "Login", "b9999", "4711")[0] == "SignInRefused"
    station.sign_in()
    name, text = station.refused("Session1", "Arm")
    assert name == "Refused" and "consent" in text and "photograph" in text
    assert station.refused("Session1", "Begin", "P-1", "no-such", dbus.UInt32(1))[0] == "Unknown"
    assert station.refused("Session1", "Begin", "P 1/..", "scalp-density", dbus.UInt32(1))[0] == "InvalidArgument"
    assert station.refused("Session1", "Begin", "P-1", "scalp-density", dbus.UInt32(9))[0] == "InvalidArgument"


def test_emergency_stop_latches(station):
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")
    station.sim("estop press")
    station.wait_state("fault")
    assert not station.sim("status")["enable"]
    assert station.get("Station1", "Fault") == "emergency-stop"
    assert station.refused("Station1", "AcknowledgeFault", "too soon", "4711")[0] == "WrongState"
    station.sim("estop release")
    station.sim("pedal up")
    time.sleep(0.2)
    assert station.get("Session1", "State") == "fault"
    station.call("Station1", "AcknowledgeFault", "client moved", "4711")
    assert station.get("Session1", "State") == "preparing"
    assert not station.sim("status")["armed"]
    kinds = [r["kind"] for r in station.audit("faults")]
    assert kinds == ["fault.latched", "fault.acknowledged"]


@pytest.mark.parametrize("mischief, fault", [("over-force", "force-limit"), ("over-depth", "depth-limit"),
                                             ("over-temperature on", "board"), ("hang 5000", "link-errors"),
                                             ("cartridge insert aa01", "chip-changed")])
def test_mischief_stops_the_needle(station, mischief, fault):
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")
    station.sim(mischief)
    station.wait_state("fault")
    assert station.get("Station1", "Fault") == fault
    assert not station.sim("status")["running"]


def test_board_vanishes_and_returns(station):
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")
    station.sim("vanish 1500")
    station.wait_state("fault")
    assert station.get("Station1", "Fault") == "board-gone"
    wait_for(lambda: station.get("Station1", "BoardConnected"), "the board to return")
    station.call("Station1", "AcknowledgeFault", "cable", "4711")
    assert station.get("Session1", "State") == "preparing"


def test_bad_frames_lose_no_stroke(station):
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    for _ in range(20):
        station.sim("crc 3")
        time.sleep(0.05)
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Disarm")
    wait_for(lambda: station.get("Session1", "Strokes") == station.sim("status")["strokes"], "all strokes")


def test_blurred_and_dark_pictures_are_refused(station):
    station.prepare()
    fault = station.folder / "camera-fault"
    for verdict, word in (("blur", "blurred"), ("dark", "dark")):
        fault.write_text(verdict)
        name, text = station.refused("Session1", "Capture", "crown", "before")
        assert name == "PictureRefused" and word in text
    fault.write_text("unplugged")
    assert station.refused("Session1", "Capture", "crown", "before")[0] == "CameraFailed"
    fault.write_text("none")
    station.call("Session1", "Capture", "crown", "before")


def test_sign_in_dies_with_its_holder(station):
    station.prepare()
    station.call("Station1", "Logout")
    holder = station.connect()
    station.sign_in(connection=holder)
    station.call("Session1", "Arm", connection=holder)
    assert station.sim("status")["armed"]
    holder.close()
    wait_for(lambda: station.get("Station1", "Operator") == "", "sign-out")
    wait_for(lambda: not station.sim("status")["armed"], "disarming")
    station.wait_state("preparing")


def test_wrong_pins_are_slowed_down(station):
    station.enrol()
    answers = [station.refused("Station1", "Login", "b1001", "9999")[1] for _ in range(8)]
    assert "do not belong together" in answers[0] and "wait" in answers[-1]
    assert "wait" in station.refused("Station1", "Login", "b1001", "4711")[1]


def test_kill_in_session_keeps_the_record(station):
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")
    station.kill()
    station.start()
    station.wait_board()
    assert station.get("Session1", "State") in ("paused", "fault"), "the board's watchdog may have stopped the needle"
    session, = station.audit("sessions")
    assert session["outcome"] == "open"
    station.sign_in()
    assert station.get("Session1", "Unit") == f"(01){harness.GTIN}(21)A17", "it stays claimed, and is nobody else's"


def test_second_daemon_is_refused(station):
    second = harness.Station(folder=None)
    try:
        second.config.write_text(station.config.read_text().replace(f"socket = {station.folder}/board", "seed = 5"))
        second.start(expect_ready=False)
        assert second.daemon.wait(30) == 1
        assert "another daemon holds the ledger" in second.log_text()
        second.daemon = None
    finally:
        second.close()
    assert station.get("Session1", "State") == "idle"


def test_bad_configuration_leaves_the_station_inert():
    station = harness.Station(extra="[mqtt]\nspeed = 3\n")
    try:
        station.start()
        assert f"{station.config}" in station.get("Station1", "Inert")
        assert station.refused("Station1", "Enrol", "b1", "A", "4711", "technician")[0] == "Inert"
        station.stop()
    finally:
        station.close()


def test_broken_arguments(station):
    station.enrol()
    station.sign_in()
    assert station.refused("Session1", "Begin", "x" * 5000, "scalp-density", dbus.UInt32(1))[0] == "InvalidArgument"
    assert station.refused("Session1", "Begin", dbus.UInt32(1))[0] in ("InvalidArgs", "InvalidSignature")
    assert station.refused("Inventory1", "ReceiveLot", dbus.Dictionary({"lot": dbus.Array([1], signature="i")},
                           signature="sv"))[0] == "InvalidArgument"
    assert station.refused("Station1", "Enrol", "b2", "A\nB", "4711", "technician")[0] == "InvalidArgument"
    assert station.refused("Station1", "Enrol", "b2", "A", "47", "technician")[0] == "InvalidArgument"
    assert station.refused("Station1", "Enrol", "b2", "A", "4711", "pope")[0] == "InvalidArgument"
    assert station.refused("Station1", "NoSuchMember")[0] == "UnknownMethod"
    assert station.get("Session1", "State") == "idle"


def test_progress_of_zones_can_be_read(station):
    protocols = {str(p[0]): p for p in station.get("Session1", "Protocols")}
    assert protocols["scalp-density"][2] == 3
    # the profile asks more
    assert protocols["scalp-density"][3] and set(protocols["scalp-density"][3]) < set(station.screening())
    assert not station.get("Session1", "ConsentTreatment") and station.get("Session1", "DepthMaxUm") == 0
    station.prepare()
    assert station.get("Session1", "ConsentTreatment") and station.get("Session1", "ScreeningDone")
    assert (station.get("Session1", "DepthMinUm"), station.get("Session1", "DepthMaxUm")) == (500, 1500)
    treat(station)
    station.call("Session1", "SelectZone", "nape", "normal", dbus.UInt32(100))
    crown, nape = sorted(station.get("Session1", "Zones"))
    assert (crown[0], crown[1], bool(crown[5]), crown[6]) == ("crown", 1500, True, "")
    assert crown[2] > 0 and crown[3] == pytest.approx(crown[2] / 15) and crown[4] == 40
    assert tuple(nape) == ("nape", 100, 0, 0.0, 40.0, "", "")
    station.call("Session1", "Capture", "crown", "after")
    assert [bool(zone[6]) for zone in sorted(station.get("Session1", "Zones"))] == [True, False]
    assert station.get("Session1", "LastResistanceMn") > 0


def test_a_preview_is_judged_and_not_kept(station):
    fault = station.folder / "camera-fault"
    assert station.refused("Session1", "Preview", "crown")[0] in ("NotSignedIn", "NoSession", "WrongState")
    station.prepare()
    before = station.records(), sorted((station.folder / "state/images").iterdir())
    assert station.refused("Session1", "Preview", "nowhere")[0] == "InvalidArgument"
    for trouble, verdict in (("", "good"), ("blur", "blurred"), ("dark", "dark")):
        fault.write_text(trouble)
        picture, told, text = station.call("Session1", "Preview", "crown")
        with os.fdopen(picture.take(), "rb") as jpeg:
            assert jpeg.read(2) == b"\xff\xd8"
        assert told == verdict
        assert bool(text) == (verdict != "good")
    fault.write_text("unplugged")
    assert station.refused("Session1", "Preview", "crown")[0] == "CameraFailed"
    fault.unlink()
    assert (station.records(), sorted((station.folder / "state/images").iterdir())) == before
    station.call("Session1", "RecordConsent", "photographs", "2026-1", False)
    assert station.refused("Session1", "Preview", "crown")[0] == "NoConsent"


def test_photographs_can_be_opened_by_who_works(station):
    station.prepare()
    (crown,) = station.get("Session1", "Zones")
    with os.fdopen(station.call("Session1", "OpenPicture", crown[5]).take(), "rb") as picture:
        assert picture.read() == (station.folder / "state/images" / str(crown[5])).read_bytes()
    assert station.refused("Session1", "OpenPicture", "nobody.jpg")[0] == "Unknown"
    for name in ("../ledger.db", "", "a/b", ".."):
        assert station.refused("Session1", "OpenPicture", name) == ("InvalidArgument", "this is no name of a photograph")
    station.call("Session1", "Abandon", "over")
    station.call("Station1", "Logout")
    assert station.refused("Session1", "OpenPicture", crown[5])[0] == "NotSignedIn"


def test_an_auditor_sees_photographs_and_the_record_says_so(station):
    station.prepare()
    (picture,) = station.audit("images")
    with os.fdopen(station.call("Audit1", "OpenPicture", picture["file"]).take(), "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == picture["sha256"]
    assert station.refused("Audit1", "OpenPicture", "nobody.jpg")[0] == "Unknown"
    assert station.refused("Audit1", "OpenPicture", "../ledger.db")[0] == "InvalidArgument"
    reads = [r["body"] for r in station.audit("records", kind="audit.read")]
    assert {"file": picture["file"]} in [r["arguments"] for r in reads if r["query"] == "picture"]


def test_a_false_photograph_is_not_handed_out(station):
    station.prepare()
    (picture,) = station.audit("images")
    file = station.folder / "state/images" / picture["file"]
    real = file.read_bytes()
    for false in (real[:-1], real + b"x", real[:1000] + b"x" + real[1001:]):
        file.unlink()
        file.write_bytes(false)
        for interface in ("Session1", "Audit1"):
            name, text = station.refused(interface, "OpenPicture", picture["file"])
            assert name == "PictureRefused" and "not the one that was recorded" in text
    file.unlink()
    file.mkdir()
    assert station.refused("Audit1", "OpenPicture", picture["file"])[0] == "PictureRefused"
    file.rmdir()
    assert station.refused("Audit1", "OpenPicture", picture["file"])[0] == "Unknown"
    file.write_bytes(real)
    with os.fdopen(station.call("Audit1", "OpenPicture", picture["file"]).take(), "rb") as opened:
        assert opened.read() == real


def test_a_photograph_says_which_camera_took_it(station):
    station.prepare()
    captured, = [row["body"] for row in station.audit("records", kind="image.captured")]
    assert captured["camera"] == "sim0" and captured["exposure_us"] > 0 and captured["gain_milli"] > 0


def test_what_no_record_names_is_cleared_away_at_the_start(station):
    station.prepare()
    images = station.folder / "state/images"
    kept = {row["file"] for row in station.audit("images")} | {"holiday.jpg"}
    lost = f"session-1-nape-after-{time.time_ns() // 1000000}.jpg"
    station.stop()
    for name in ("holiday.jpg", lost, f".{lost}.tmp"):
        (images / name).write_bytes(b"x")
    station.start()
    wait_for(lambda: {file.name for file in images.iterdir()} == kept, "the others to be gone")
    wait_for(lambda: f"the photograph {lost} was deleted: no record names it" in station.log_text(), "the log")


def test_what_the_person_is_told_for_afterwards(station):
    assert station.get("Session1", "Aftercare") == []
    station.prepare()
    told = [str(sentence) for sentence in station.get("Session1", "Aftercare")]
    assert len(told) > 3 and "four days" in told[0]
    (begun,) = [r["body"] for r in station.audit("records", kind="session.begun")]
    assert begun["aftercare"] == told and begun["sessions"] == 3


def test_atrophic_skin_at_the_hairline():
    """The strictest of what zone and skin allow: ten minutes of a hand that slips now and then latch no fault."""
    station = harness.Station(speed=100)
    try:
        station.start()
        station.prepare(zone="frontal-hairline")
        station.call("Session1", "SelectZone", "frontal-hairline", "atrophic", dbus.UInt32(1500))
        assert [station.get("Session1", f"Depth{figure}Um") for figure in ("Min", "Max", "Limit")] == [300, 900, 1300]
        station.sim("zone frontal-hairline atrophic")
        station.call("Session1", "Arm")
        station.sim("pedal down")
        wait_for(lambda: station.sim("status")["strokes"] > 600 * 100, "ten minutes of strokes")
        assert station.get("Session1", "State") == "working"
        station.sim("pedal up")
        assert "fault.latched" not in station.records()
        station.stop()
    finally:
        station.close()


# ---- what a power cut leaves, and photographs from before ----

def test_an_interrupted_session_shows_what_its_chunks_know(station):
    """One that cannot go on, because its protocol was taken away meanwhile, is ended with what is on record."""
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: sum(row["strokes"] for row in station.audit("strokes", session=1)) > 200, "strokes on record")
    station.kill()
    folder = station.folder / "protocols"
    shutil.copytree(harness.SOURCE / "configs/protocols", folder)
    (folder / "scalp-density.conf").rename(folder / "another.conf")
    station.config.write_text(station.config.read_text().replace(f"{harness.SOURCE}/configs/protocols", str(folder)))
    station.start()
    wait_for(lambda: station.audit("sessions")[0]["outcome"] == "interrupted", "the interruption on record")
    known = sum(row["strokes"] for row in station.audit("strokes", session=1))
    dots = sum(row["dots"] for row in station.audit("strokes", session=1))
    session, = station.audit("sessions")
    needle, = station.audit("needles")
    assert (session["strokes"], session["dots"], session["needles"]) == (known, dots, 1) and known > 200
    assert (needle["strokes"], needle["dots"], needle["state"]) == (known, dots, "interrupted") and needle["removed"]
    page = station.folder / "report.html"
    subprocess.run([harness.BUILD / "ctl/stipplectl", "report", "1", "-o", page], env=station.environment(), check=True,
                   stdout=subprocess.DEVNULL)
    text = re.sub(r"<[^>]+>", " ", page.read_text())
    assert f"{known}" in text.replace(",", "").replace("\u202f", "") and "(interrupted)" in text
    assert "not known" in text, "how long it worked"
    station.wait_board()
    station.sign_in()
    assert station.get("Session1", "State") in ("idle", "fault")


def test_before_is_before_the_first_stroke(station):
    station.prepare()
    station.call("Session1", "Capture", "crown", "before")  # nothing was done yet
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") > 20, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Disarm")
    name, text = station.refused("Session1", "Capture", "crown", "before")
    assert name == "WrongState" and 'what is photographed now is "after"' in text
    station.call("Session1", "Capture", "frontal", "before")
    station.call("Session1", "SelectZone", "frontal", "normal", dbus.UInt32(900))
    assert station.refused("Session1", "Capture", "crown", "before")[0] == "WrongState"
    station.call("Session1", "Capture", "crown", "after")
