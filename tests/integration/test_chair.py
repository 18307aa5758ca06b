# SPDX-License-Identifier: Apache-2.0
"""What the practitioner keeps an eye on, and writes down, while somebody is in the chair."""

import json
import sqlite3
import subprocess
import time

import dbus

import harness
from harness import wait_for


def ctl(station, *words, status=0):
    """What stipplectl writes; with --json among the words, its parsed answer."""
    done = subprocess.run([harness.BUILD / "ctl/stipplectl", *words], capture_output=True, text=True, timeout=60,
                          env=station.environment() | {"STIPPLE_TOKEN": getattr(station, "token", "")})
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout + done.stderr


def test_the_time_to_a_break_runs_while_the_needle_works(station):
    station.prepare()
    time.sleep(1.5)
    assert station.get("Session1", "BreakIn") == 50 * 60
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")
    wait_for(lambda: 0 < station.get("Session1", "BreakIn") < 50 * 60, "the time to go down")
    station.sim("pedal up")
    station.wait_state("ready")
    before = station.get("Session1", "BreakIn")
    station.call("Session1", "Pause")
    wait_for(lambda: station.get("Session1", "BreakIn") < before, "a short rest to be no break")
    assert ctl(station, "--json", "status")["BreakIn"] < 50 * 60
    station.kill()
    station.start()
    station.wait_state("paused")
    assert 0 < station.get("Session1", "BreakIn") < 50 * 60  # the work before the stop counts


def test_a_note_is_written_and_shown_to_whom_it_may_be(station, tmp_path):
    station.prepare()
    said = ctl(station, "session", "note", "asked for a pause at the crown")
    assert "the note is on record" in said
    ctl(station, "session", "note", "text=a=b")
    assert "1 to 500 bytes" in ctl(station, "session", "note", "x" * 501, status=1)
    notes = [row for row in station.audit("records") if row["kind"] == "note.written"]
    assert [(row["words"]["text"], row["body"]["session"], row["actor"]) for row in notes] == [
        ("asked for a pause at the crown", 1, "b1001"), ("a=b", 1, "b1001")]
    assert all("text" not in row["body"] for row in notes)
    page = tmp_path / "report.html"
    ctl(station, "report", "1", "-o", str(page))
    assert "asked for a pause at the crown" in page.read_text()
    station.call("Session1", "Abandon", "enough for today")
    assert "no session is open" in ctl(station, "session", "note", "too late", status=1)


def refusals(station):
    return {str(name): str(text) for name, text, _ in station.call("Session1", "Refusals")}


def ago(minutes):
    import datetime
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_anaesthetic_has_its_time_before_the_needle(station, tmp_path):
    station.prepare()
    cream = ("session", "anaesthetic", "product=Numb 5", "lot=N7")
    assert "in the future" in ctl(station, *cream, "percent=4", "wait_min=30", f"applied={ago(-10)}", status=1)
    assert "more than 4 hours ago" in ctl(station, *cream, "percent=4", "wait_min=30", f"applied={ago(241)}", status=1)
    assert "0 to 40" in ctl(station, *cream, "percent=41", "wait_min=30", status=1)
    assert "no zone" in ctl(station, *cream, "percent=4", "wait_min=30", "zones=crown,elbow", status=1)
    assert refusals(station) == {}
    ctl(station, *cream, "percent=4", "wait_min=30", f"applied={ago(25)}", "zones=crown,nape")
    assert "the anaesthetic in the zone crown needs 5 more minutes" in refusals(station)["anaesthetic-wait"]
    assert station.refused("Session1", "Arm")[0] == "AnaestheticWaits"
    assert station.audit("records")[-1]["kind"] != "alert.raised"
    station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    assert "needs 5 more minutes" in refusals(station)["anaesthetic-wait"], "it survives a restart"
    ctl(station, *cream, "percent=5", "wait_min=10", f"applied={ago(11)}")  # a newer one, of all zones
    assert "needs 5 more minutes" in refusals(station)["anaesthetic-wait"], "nobody gets round the wait by entering it again"
    station.call("Session1", "SelectZone", "mid-scalp", "normal", dbus.UInt32(1500))
    assert "anaesthetic-wait" not in refusals(station)
    strong, = [row["body"] for row in station.audit("records") if row["kind"] == "alert.raised"
               and row["body"]["alert"] == "anaesthetic-strong"]
    # an alert leaves the station: it tells nothing of what the client got
    assert strong["text"] == "the anaesthetic is stronger than what is sold freely: make sure that it was prescribed"
    assert set(strong) == {"session", "alert", "text", "priority"}
    with sqlite3.connect(f"file:{station.folder}/state/ledger.db?mode=ro", uri=True) as db:
        sent = {kind for kind, in db.execute("SELECT kind FROM record WHERE published")}
    assert "alert.raised" in sent and "anaesthetic.applied" not in sent
    applied = [row["body"] for row in station.audit("records") if row["kind"] == "anaesthetic.applied"]
    assert (applied[0]["zones"], applied[0]["free_percent"], applied[0]["lot"]) == (["crown", "nape"], 4, "N7")
    page = tmp_path / "report.html"
    ctl(station, "report", "1", "-o", str(page))
    assert "Numb 5, 4 % lidocaine, lot N7" in page.read_text() and "Crown, Nape; 30 minutes" in page.read_text()


def test_the_angle_is_measured_and_on_record(station, tmp_path):
    station.prepare()
    assert (station.get("Session1", "AngleMinDeg"), station.get("Session1", "AngleMaxDeg")) == (45, 90)
    assert station.get("Session1", "LastAngleDeg") == 0
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Dots") > 3, "dots")
    station.sim("pedal up")
    station.wait_state("ready")
    assert 60 <= station.get("Session1", "LastAngleDeg") <= 90  # the simulated hand leans by about 15 degrees
    station.call("Session1", "Finish")
    bodies = {row["kind"]: row["body"] for row in station.audit("records")}
    assert (bodies["session.zone"]["angle_min_deg"], bodies["session.zone"]["angle_max_deg"]) == (45, 90)
    mean = bodies["zone.statistics"]["angle_mean_deg"]
    assert 60 <= mean <= 90
    page = tmp_path / "report.html"
    ctl(station, "report", "1", "-o", str(page))
    assert f"{mean:.0f}\u00b0 (45\u201390)" in page.read_text()


def test_a_lot_says_how_its_needles_are(station):
    station.enrol()
    station.sign_in()

    def receive(lot, configuration):
        return "Inventory1", "ReceiveLot", dbus.Dictionary(
            {"gtin": harness.GTIN, "lot": lot, "product": "Liner", "maker": "Maker", "expiry": "2031-12-31", "certificate": "EO-1",
             "configuration": configuration, "quantity": dbus.UInt32(5)}, signature="sv")
    name, text = station.refused(*receive("L7", "0.25 liner"))
    assert name == "InvalidArgument" and "write it such as 1RL, 3RL 0.25 or 0803RL" in text
    assert "scalps take 0.18 to 0.30 mm" in station.refused(*receive("L7", "3RL 0.35"))[1]
    station.call(*receive("L7", "0803RL"))
    assert [row["configuration"] for row in station.audit("lot", lot="L7")] == ["0803RL"]


def test_the_needles_suit_the_zone(station):
    """A liner of three is kept from the hairline, and works at the crown; where nothing says how they are, nobody is refused."""
    def mount(lot, **told):
        station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
            {"gtin": harness.GTIN, "lot": lot, "product": "Liner", "maker": "Maker", "expiry": "2031-12-31", "certificate": "EO-1",
             "quantity": dbus.UInt32(5)} | told, signature="sv"))
        station.call("Session1", "RemoveNeedle", "the next")
        return ctl(station, "needle", "mount", f"(01){harness.GTIN}(17)311231(10){lot}(21)B1{lot}")

    station.prepare(zone="frontal-hairline")
    assert station.get("Session1", "Needles") == "1RL 0.25", "the product of the lot says it"
    assert refusals(station) == {}
    assert "how its needles are is not on record" in mount("L3")
    assert station.get("Session1", "Needles") == "" and refusals(station) == {}
    station.call("Session1", "Arm")
    station.call("Session1", "Disarm")
    assert "not on record" not in mount("L4", configuration="0803RL")
    assert (station.get("Session1", "Needles"), station.get("Session1", "NeedlesAllowed")) == ("0803RL", "1RL")
    refused = ("the mounted cartridge has needles 0803RL, and in the zone frontal-hairline the protocol allows 1RL: remove it and "
               "mount one of these, or treat another zone")
    assert refusals(station) == {"needle-configuration": refused}
    assert station.refused("Session1", "Arm") == ("WrongNeedles", refused)
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(1500))
    station.call("Session1", "Capture", "crown", "before")
    assert station.get("Session1", "NeedlesAllowed") == "1RL, 3RL" and refusals(station) == {}
    station.call("Session1", "Arm")
    station.call("Session1", "Disarm")
    station.call("Session1", "SelectZone", "frontal-hairline", "normal", dbus.UInt32(1500))
    station.kill()
    station.start()
    station.wait_board()
    station.sign_in()
    assert refusals(station)["needle-configuration"] == refused, "it survives a restart"
    claims = [row["body"].get("configuration") for row in station.audit("records") if row["kind"] == "needle.claimed"]
    assert claims == ["1RL 0.25", None, "0803RL"]
