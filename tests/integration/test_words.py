# SPDX-License-Identifier: Apache-2.0
"""What people say in their own words: it never leaves the station, and is nowhere once it is erased."""

import contextlib
import re
import sqlite3
import time

import dbus
import pytest

import harness
from harness import ADMINISTRATOR, GTIN, wait_for
from test_telemetry import check_described

MARKER = "Zyxmarker"
PIN = "4711"
# refused while the clock is right, and what an erasure is for is said in its own record
NOT_ENTERED = {"clock.corrected", "personal.erased"}


def marked(what):
    return f"{MARKER} of {what}"


def documented():
    """Kinds and their fields of words, which docs/ledger.md marks with an asterisk."""
    text = (harness.SOURCE / "docs/ledger.md").read_text()
    rows = re.findall(r"^\| `([a-z]+\.[a-z-]+)`[^|]*\|(.*)\|[^|]*\|$", text, re.M)
    return {kind: re.findall(r"`(\w+)`\*", body) for kind, body in rows if re.search(r"`\w+`\*", body)}


def ago(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86400))


class Speaker:
    """Enters records, with a marker in each field of words and of who somebody is."""

    def __init__(self, station):
        self.station, self.words, self.said, self.forms = station, documented(), set(), {}
        for interface in ("Station1", "Inventory1", "Session1"):
            for kind, signed, _, personal, fields in station.get(interface, "Forms"):
                texts = {str(name) for name, _, its_type, choices in fields if its_type == "text" and not choices}
                self.forms[str(kind)] = (interface, bool(signed), str(personal).split(), texts)

    def wanted(self):
        return {kind for kind, (_, _, personal, _) in self.forms.items() if personal or kind in self.words} - NOT_ENTERED

    def enter(self, kind, **fields):
        interface, signed, personal, known = self.forms[kind]
        spoken = {name: marked(f"{kind} {name}") for name in (*self.words.get(kind, ()), *personal) if name in known or
                  name in personal}
        self.said.add(kind)
        return self.station.record(interface, kind, PIN if signed else "", **{**spoken, **fields})

    def refused(self, kind, **fields):
        interface, signed, _, _ = self.forms[kind]
        return self.station.refused(interface, "Record", kind, dbus.Dictionary(fields, signature="sv"),
                                    PIN if signed else "")


def code(serial, lot="L1"):
    return f"(01){GTIN}(17)311231(10){lot}(21){serial}"


def say_of_things(station, speaker):
    """Lots, pigments, handpieces, sterilisers."""
    speaker.enter("pigment.received", brand="B", colour="C", lot="P9", expiry="2031-01-31", quantity="1")
    speaker.enter("pigment.status", lot="P9", status="recalled")
    station.refused("Session1", "LoadPigment", "B", "C", "P9", "2031-01-31")
    station.receive_lot("L2")
    barred = speaker.enter("lot.status", lot="L2", status="quarantined")
    station.refused("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"gtin": GTIN, "lot": "L2", "product": "1RL 0.25", "maker": "Maker", "expiry": "2031-12-31", "certificate": "EO-4711",
         "quantity": dbus.UInt32(1)}, signature="sv"))
    speaker.enter("record.corrected", corrects=str(barred), field="reason", old=marked("lot.status reason"),
                  new=marked("lot.status once more"))
    speaker.enter("needle.damaged", code=code("T1"))
    assert speaker.refused("needle.damaged", unit=marked("a unit"), lot="L1", reason="torn")[0] == "InvalidArgument"
    assert speaker.refused("needle.disposed", code=code("T1"), container=marked("a container"))[0] == "InvalidArgument"
    speaker.enter("handpiece.registered", handpiece="hp9", model="M")
    speaker.enter("handpiece.retired", handpiece="hp9")
    speaker.enter("sterilizer.registered", sterilizer="A", maker="M", model="23B", serial="1", installed="2026-01-02")
    speaker.enter("sterilizer.serviced", sterilizer="A", work="maintenance", done=ago(9))
    speaker.enter("cycle.recorded", sterilizer="A", cycle="1", program="B 134", started=ago(3), temperature_c="134",
                  exposure_s="240", mechanical="pass", contents="hp1")
    speaker.enter("cycle.rejected", sterilizer="A", cycle="1")
    test = speaker.enter("indicator.tested", sterilizer="A", lot="BI9", expiry="2031-01-31", control="growth", result="fail",
                         incubation_h="24", tested=ago(2))
    speaker.enter("indicator.followed-up", test=str(test), items="none")


def say_in_a_session(station, speaker):
    """All that is said of one person, from the chair."""
    station.prepare("P-1", enrol=False, register=False)
    speaker.enter("subject.registered", subject="P-1")
    speaker.enter("subject.changed", subject="P-1")
    station.record("Session1", "course.planned", subject="P-1", protocol="scalp-density", sessions="2", interval_days="20")
    speaker.enter("course.extended", subject="P-1", protocol="scalp-density", sessions="3")
    speaker.enter("subject.described", subject="P-1")
    speaker.enter("recipe.noted", subject="P-1")
    speaker.enter("incident.reported", incident="complication", severity="minor")
    speaker.enter("note.written")
    station.call("Session1", "AnswerScreening", dbus.Dictionary(
        station.screening() | {"keloids": True, "diabetes": True}, signature="sb"))
    speaker.enter("screening.changed", question="keloids")
    speaker.enter("physician.cleared", question="diabetes")
    station.call("Session1", "SelectZone", "nape", "normal", dbus.UInt32(1500))
    speaker.enter("interlock.overridden", interlock="before-photo")
    station.sim("estop press")
    station.wait_state("fault")
    station.sim("estop release")

    def acknowledged():
        with contextlib.suppress(dbus.DBusException):
            station.call("Station1", "AcknowledgeFault", marked("a note"), PIN)
        return station.get("Session1", "State") != "fault"
    wait_for(acknowledged, "the fault to be acknowledged")
    station.call("Session1", "RemoveNeedle", marked("a removal"))


def say_of_cartridges(station, speaker):
    """What is refused is published: not with what was said of it."""
    assert station.refused("Session1", "MountNeedle", marked("a cartridge's code"))[0] == "NeedleRefused"
    for refused, why in ((code("T1"), "damaged"), (code("X1", "L2"), "quarantined")):
        assert why in station.refused("Session1", "MountNeedle", refused)[1]
    speaker.enter("needle.distinct", code=code("A017"), other=f"(01){GTIN}(21)A17")


def say_of_people(station, speaker):
    station.enrol("b2", "1234", "technician")
    speaker.enter("operator.revoked", badge="b2")
    assert MARKER not in station.refused("Station1", "Login", "b2", "1234")[1]
    assert speaker.refused("clock.corrected", reason=marked("the clock"))[0] == "WrongState"


def ledger(station, sql):
    with contextlib.closing(sqlite3.connect(f"file:{station.folder}/state/ledger.db?mode=ro", uri=True)) as db:
        return [row[0] for row in db.execute(sql, (f"%{MARKER}%",))]


def files_with_marker(station):
    return [f.name for f in (station.folder / "state").rglob("*") if f.is_file() and MARKER.encode() in f.read_bytes()]


@pytest.fixture
def spoken(broker):
    """A station at which a marker was said wherever words are taken, and who listened to what it published."""
    station = harness.Station(mqtt_port=broker.port)
    subscriber = harness.Subscriber(broker.port)
    try:
        station.start()
        station.wait_board()
        station.enrol(roles="technician,supervisor,administrator")
        speaker = Speaker(station)
        say_in_a_session(station, speaker)
        say_of_things(station, speaker)
        say_of_cartridges(station, speaker)
        station.call("Session1", "Finish")
        station.call("Session1", "Sign", PIN, marked("a signature"))
        station.begin("P-2")
        station.call("Session1", "Abandon", marked("the end"))
        say_of_people(station, speaker)
        assert speaker.said >= speaker.wanted(), "each form that takes words is tried"
        yield station, subscriber
    finally:
        subscriber.close()
        station.close()


def test_words_never_leave(spoken):
    station, subscriber = spoken
    subscriber.check_arrived(station)
    check_described(subscriber)
    kinds = {m["kind"] for m in subscriber.records()}
    assert {"lot.status", "pigment.status", "needle.damaged", "needle.refused", "needle.removed", "session.signed",
            "session.abandoned", "interlock.overridden", "fault.acknowledged", "sterilizer.serviced", "cycle.recorded",
            "cycle.rejected", "indicator.followed-up"} <= kinds
    assert [m for m in subscriber.messages if MARKER in str(m)] == []
    # what is asked outside is told by codes
    bodies = {m["kind"]: m["body"] for m in subscriber.records()}
    assert bodies["lot.status"]["status"] == "quarantined" and bodies["session.signed"]["signed"]
    assert bodies["indicator.followed-up"]["told"] is True
    assert ledger(station, "SELECT seq FROM record WHERE CAST(leaf AS TEXT) LIKE ?") == []
    assert MARKER not in station.log_text()


def test_words_are_shown_until_they_are_erased(spoken):
    station, _ = spoken
    assert station.audit("lot", lot="L2")[0]["status_reason"] == marked("lot.status reason")
    assert station.audit("lot", lot="L2")[0]["corrected"] == {"reason": marked("lot.status once more")}
    assert station.audit("needles", state="damaged")[0]["damage"] == marked("needle.damaged reason")
    assert station.audit("operators", badge="b2")[0]["reason"] == marked("operator.revoked reason")
    assert files_with_marker(station)
    with station.administrator():
        def erase(**whose):
            station.record("Station1", "personal.erased", ADMINISTRATOR[2], reason="asked for it", despite="insists", **whose)
        for whose in ({"subject": "P-1"}, {"subject": "P-2"}, {"badge": "b2"}):
            erase(**whose)
        left = ledger(station, "SELECT seq FROM personal WHERE data LIKE ?")
        assert left, "what names nobody goes by the number of its record"
        kinds = {r["seq"]: r["kind"] for r in station.audit("records")}
        assert not {kinds[seq] for seq in left} & {"subject.registered", "incident.reported", "session.signed",
                                                   "session.abandoned", "needle.removed", "operator.revoked"}
        for seq in left:
            if seq in ledger(station, "SELECT seq FROM personal WHERE data LIKE ?"):
                erase(record=str(seq))
    assert files_with_marker(station) == []
    assert MARKER not in str(station.audit("timeline"))
    assert station.audit("lot", lot="L2")[0]["status_reason"] is None
