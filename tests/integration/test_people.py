# SPDX-License-Identifier: Apache-2.0
"""Who may sign in and sign, and what is kept about people."""

import hashlib
import re
import sqlite3

import dbus
import pytest

from harness import ADMINISTRATOR, wait_for


def refused(station, kind, interface="Station1", pin="", **fields):
    return station.refused(interface, "Record", kind, dbus.Dictionary(fields, signature="sv"), pin)


def enrol_first(station, code):
    return "Station1", "EnrolFirst", code, *ADMINISTRATOR


# ---- the first administrator ----

def test_the_code_makes_one_administrator(station):
    code = station.enrolment_code()
    assert station.doctor("people")[0] == 1
    assert station.refused("Station1", "Enrol", "b1", "Ada", "4711", "administrator")[0] == "SignInRefused"
    name, text = station.refused(*enrol_first(station, "AAAA-BBBB-CCCC"))
    assert name == "SignInRefused" and "journal" in text
    station.call(*enrol_first(station, code.lower().replace("-", " ")))
    assert station.refused(*enrol_first(station, code))[0] == "WrongState"
    assert station.doctor("people")[0] == 0
    row, = station.audit("operators")
    assert (row["badge"], row["roles"]) == ("root", ["administrator"])
    assert not any(code in str(r) for r in station.audit("records")), "the code is never recorded"


def test_no_code_is_printed_once_there_is_an_administrator(station):
    station.enrol()
    station.stop()
    station.start()
    assert station.log_text().count("the enrolment code is") == 1
    assert station.refused(*enrol_first(station, station.enrolment_code()))[0] == "WrongState"


def test_a_new_code_each_start_until_then(station):
    old = station.enrolment_code()
    station.stop()
    station.start()
    assert station.enrolment_code() != old
    assert station.refused(*enrol_first(station, old))[0] == "SignInRefused"
    station.call(*enrol_first(station, station.enrolment_code()))


def test_the_code_cannot_be_tried_out(station):
    for _ in range(5):
        assert station.refused(*enrol_first(station, "AAAA-BBBB-CCCC"))[0] == "SignInRefused"
    name, text = station.refused(*enrol_first(station, station.enrolment_code()))
    assert name == "WrongState" and "restart stippled" in text
    assert "restart" in station.doctor("people")[2]
    station.stop()
    station.start()
    station.call(*enrol_first(station, station.enrolment_code()))


def test_two_cannot_both_be_the_first(station):
    code = station.enrolment_code()
    calls = [station.start_call("Station1", "EnrolFirst", code, f"root{i}", "Alma", "9753") for i in range(4)]
    assert [call.wait().error is None for call in calls].count(True) == 1
    assert len(station.audit("operators")) == 1


def test_who_may_enrol_whom(station):
    station.enrol("t1", "1111", "technician")
    station.enrol("s1", "2222", "supervisor")
    enrol = ("Station1", "Enrol", "b2", "Bea", "4711")
    assert station.refused(*enrol, "technician")[0] == "NotSignedIn"
    station.sign_in("t1", "1111")
    assert station.refused(*enrol, "technician")[0] == "RoleMissing"
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    assert station.refused(*enrol, "administrator")[0] == "RoleMissing"
    assert station.refused(*enrol, "technician,supervisor")[0] == "RoleMissing"
    station.call(*enrol, "technician,auditor")
    assert station.refused(*enrol, "technician")[0] == "Exists"
    station.call("Station1", "Logout")
    station.sign_in(ADMINISTRATOR[0], ADMINISTRATOR[2])
    station.call("Station1", "Enrol", "a2", "Bo", "4711", "administrator")


# ---- PINs ----

def wrong(station, badge="b1001", pin="9999"):
    return station.refused("Station1", "Login", badge, pin)[1]


def test_wrong_pins_slow_down_one_badge_only(station):
    station.enrol()
    station.enrol("b2", "5822")
    answers = [wrong(station) for _ in range(6)]
    assert "do not belong together" in answers[0] and "wait" in answers[-1]
    assert "wait" in wrong(station, pin="4711"), "the right one neither"
    station.sign_in("b2", "5822")


def test_a_restart_does_not_forget_wrong_pins(station):
    station.enrol()
    while "wait" not in wrong(station):
        pass
    station.stop()
    station.start()
    assert "wait" in wrong(station, pin="4711")
    refusals = [r["attempts"] for r in station.audit("sign-ins") if r["kind"] == "operator.refused"]
    assert refusals == list(range(1, len(refusals) + 1))


def test_the_delay_grows(station):
    station.config.write_text(station.config.read_text() + "[sign-in]\npin_attempts = 1\npin_delay_s = 1\n")
    station.enrol()
    station.stop()
    station.start()
    said = []
    for _ in range(3):
        wait_for(lambda: "do not belong together" in wrong(station), "the end of the delay")
        said.append(int(re.search("wait ([0-9]+) seconds", wrong(station))[1]))
    assert said[0] <= 2 and said == sorted(said) and said[-1] > said[0]


def test_badges_that_nobody_has_are_slowed_down_alike(station):
    for _ in range(20):
        if "wait" in wrong(station, "nobody"):
            return
    raise AssertionError("a badge that nobody has can be tried for ever")


def test_a_right_pin_wipes_the_slate(station):
    station.enrol()
    for _ in range(3):
        for _ in range(2):
            assert "do not belong together" in wrong(station)
        station.sign_in()
        station.call("Station1", "Logout")


def test_pins_are_checked_one_after_the_other(station):
    """Whoever sends many at once gets no more attempts than one after the other."""
    station.enrol()
    calls = [station.start_call("Station1", "Login", "b1001", f"{pin}") for pin in range(9000, 9030)]
    errors = [call.wait().error for call in calls]
    assert {name.rsplit(".", 1)[1] for name, _ in errors} <= {"Busy", "SignInRefused"}
    assert station.records().count("operator.refused") <= 5


def test_a_new_pin_takes_the_place_of_the_old(station):
    station.enrol()
    assert station.refused("Station1", "ChangePin", "", "4711", "8888")[0] == "NotSignedIn"
    station.sign_in()
    assert station.refused("Station1", "ChangePin", "", "0000", "8888")[0] == "SignInRefused"
    assert station.refused("Station1", "ChangePin", "", "4711", "88")[0] == "InvalidArgument"
    assert station.refused("Station1", "ChangePin", "root", "4711", "8888")[0] == "RoleMissing"
    station.call("Station1", "ChangePin", "", "4711", "8888")
    station.call("Station1", "Logout")
    assert "do not belong" in wrong(station, pin="4711")
    station.sign_in("b1001", "8888")
    assert not any("$y$" in str(r) for r in station.audit("records")), "hashes are personal data"


def test_an_administrator_gives_a_new_pin(station):
    station.enrol()
    while "wait" not in wrong(station):
        pass
    with station.administrator():
        assert station.refused("Station1", "ChangePin", "b9", ADMINISTRATOR[2], "8888")[0] == "Unknown"
        station.call("Station1", "ChangePin", "b1001", ADMINISTRATOR[2], "8888")
    station.sign_in("b1001", "8888")
    changed, = (r["body"] for r in station.audit("records", kind="operator.pin-changed"))
    assert (changed["badge"], changed["reset"]) == ("b1001", True)


# ---- roles and revocation ----

def test_a_revoked_badge_opens_nothing(station):
    station.enrol()
    with station.administrator():
        assert refused(station, "operator.revoked", pin="0000", badge="b1001", reason="left")[0] == "SignInRefused"
        station.record("Station1", "operator.revoked", ADMINISTRATOR[2], badge="b1001", reason="left the clinic")
        assert refused(station, "operator.revoked", pin=ADMINISTRATOR[2], badge="b1001", reason="x")[0] == "InvalidArgument"
        assert refused(station, "operator.roles", pin=ADMINISTRATOR[2], badge="b1001", roles="auditor")[0] == "InvalidArgument"
    name, text = station.refused("Station1", "Login", "b1001", "4711")
    assert name == "SignInRefused" and "revoked" in text and "left" not in text
    assert "do not belong together" in wrong(station), "whoever has not its PIN learns nothing"
    row, = (r for r in station.audit("operators") if r["badge"] == "b1001")
    assert (row["state"], row["reason"]) == ("revoked", "left the clinic") and row["revoked"]
    assert station.refused("Station1", "Login", "b1001", "4711")[0] == "SignInRefused"


def test_revocation_signs_out_at_once(station):
    with station.administrator():
        station.call("Station1", "Enrol", "a2", "Bo", "5555", "administrator,technician")
    station.sign_in("a2", "5555")
    station.record("Station1", "operator.revoked", "5555", badge="a2", reason="my last day")
    assert station.get("Station1", "Operator") == ""
    assert station.audit("sign-ins")[-1]["reason"] == "the badge was revoked"


def test_one_administrator_stays(station):
    station.enrol()
    with station.administrator():
        for kind, fields in (("operator.revoked", {"reason": "x"}), ("operator.roles", {"roles": "auditor"})):
            name, text = refused(station, kind, pin=ADMINISTRATOR[2], badge="root", **fields)
            assert name == "InvalidArgument" and "last administrator" in text


def test_roles_change_for_whoever_is_signed_in(station):
    station.enrol()
    with station.administrator():
        assert refused(station, "operator.roles", pin=ADMINISTRATOR[2], badge="b1001", roles="pope")[0] == "InvalidArgument"
        station.record("Station1", "operator.roles", ADMINISTRATOR[2], badge="root", roles="administrator,technician")
        assert station.get("Station1", "Roles") == "administrator,technician"
        station.record("Station1", "operator.roles", ADMINISTRATOR[2], badge="b1001", roles="technician,supervisor")
    station.sign_in()
    assert station.get("Station1", "Roles") == "technician,supervisor"


# ---- signatures ----

def test_a_fault_is_acknowledged_with_the_pin(station):
    station.prepare()
    station.sim("estop press")
    station.wait_state("fault")
    station.sim("estop release")
    wait_for(lambda: not station.get("Station1", "EmergencyStop"), "the button")
    assert station.refused("Station1", "AcknowledgeFault", "client moved", "0000")[0] == "SignInRefused"
    assert station.get("Session1", "State") == "fault"
    station.call("Station1", "AcknowledgeFault", "client moved", "4711")
    row = station.audit("faults")[-1]
    assert (row["actor"], row["note"]) == ("b1001", "client moved") and row["signed"]


# ---- refusals that are set aside ----

@pytest.fixture
def supervised(station):
    """Everything that arming needs but the photograph; a supervisor is signed in."""
    station.prepare()
    station.call("Session1", "SelectZone", "nape", "normal", dbus.UInt32(900))
    station.enrol("s1", "2222", "supervisor,technician")
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    return station


def override(station, interlock, reason="the camera is broken", pin="2222"):
    return station.record("Session1", "interlock.overridden", pin, interlock=interlock, reason=reason)


def refused_override(station, interlock, pin="2222"):
    return refused(station, "interlock.overridden", "Session1", pin, interlock=interlock, reason="haste")


def test_an_override_holds_for_one_session(supervised):
    assert supervised.refused("Session1", "Arm")[0] == "NoBeforePhoto"
    assert refused_override(supervised, "before-photo", "0000")[0] == "SignInRefused"
    assert supervised.refused("Session1", "Arm")[0] == "NoBeforePhoto"
    override(supervised, "before-photo")
    assert supervised.call("Session1", "Refusals") == []
    supervised.call("Session1", "Arm")
    supervised.call("Session1", "Disarm")
    row, = supervised.audit("overrides")
    assert (row["session"], row["actor"]) == (1, "s1") and row["reason"] == "the camera is broken"
    assert row["signed"]
    supervised.call("Session1", "Abandon", "next one")
    supervised.begin("P-2")
    assert "before-photo" in [r[0] for r in supervised.call("Session1", "Refusals")]


def test_only_what_says_so_can_be_set_aside(supervised):
    for interlock in ("needle", "consent", "screening", "fault", "ledger", "emergency-stop", "certification", "gravity"):
        assert refused_override(supervised, interlock)[0] == "InvalidArgument", interlock
    name, text = refused_override(supervised, "interval")
    assert name == "WrongState" and "nothing" in text
    supervised.call("Station1", "Logout")
    supervised.sign_in()
    assert refused_override(supervised, "before-photo", "4711")[0] == "RoleMissing"
    assert supervised.audit("overrides") == []


def test_no_override_without_a_session(station):
    station.enrol("s1", "2222", "supervisor")
    station.sign_in("s1", "2222")
    assert refused_override(station, "before-photo")[0] == "WrongState"


# ---- subjects ----

def enter(station, kind, **fields):
    return station.record("Session1", kind, **fields)


def test_a_subject_is_a_pseudonym(station):
    station.enrol()
    station.sign_in()
    enter(station, "subject.registered", subject="P-7", phototype="III", born="1980", name="Rosa Muster", contact="555 0100")
    row, = station.audit("subjects", subject="P-7")
    assert (row["phototype"], row["born"], row["name"], row["contact"]) == ("III", 1980, "Rosa Muster", "555 0100")
    assert "Rosa" not in str(station.audit("records"))
    for changed in ({"subject": "P 7"}, {"phototype": "IX"}, {"born": "long ago"}, {"born": "99999"}):
        assert refused(station, "subject.registered", "Session1", **{"subject": "P-8", **changed})[0] == "InvalidArgument"
    assert refused(station, "subject.registered", "Session1", subject="P-7")[0] == "Exists"
    assert refused(station, "subject.changed", "Session1", subject="P-9", why="married")[0] == "Unknown"
    enter(station, "subject.changed", subject="P-7", why="married", name="Rosa Other", contact="555 0100")
    changed, = station.audit("subjects")
    assert (changed["name"], changed["born"], changed["registered"]) == ("Rosa Other", 1980, row["registered"])
    erase(station, subject="P-7")
    assert station.audit("subjects")[0]["name"] is None and len(station.audit("erasures")[0]["records"]) == 2


def test_a_pseudonym_never_seen_asks_whether_the_person_is_new(station):
    station.wait_board()
    station.enrol()
    station.sign_in("B1001")
    assert station.audit("sign-ins")[-1]["badge"] == "b1001", "a badge is one in any case, and on record as enrolled"
    arguments = ("P-42", "scalp-density", dbus.UInt32(1))
    name, text = station.refused("Session1", "Begin", *arguments)
    assert name == "NewPerson" and "a new person?" in text and "P-42" in text
    assert station.get("Session1", "State") == "idle" and "session.begun" not in station.records()
    station.call("Session1", "BeginNew", *arguments)
    station.call("Session1", "Abandon", "nobody came")
    name, text = station.refused("Session1", "BeginNew", "p-42", *arguments[1:])
    assert name == "Exists" and "P-42 is on record" in text
    station.call("Session1", "Begin", "p-42", *arguments[1:])
    assert station.get("Session1", "Subject") == "P-42", "the first spelling on record"
    station.call("Session1", "Abandon", "nobody came")
    assert [r["subject"] for r in station.audit("sessions", subject="p-42")] == ["P-42", "P-42"]
    enter(station, "subject.registered", subject="P-43")
    assert refused(station, "subject.registered", "Session1", subject="p-43")[0] == "Exists"
    station.call("Session1", "Begin", "p-43", *arguments[1:])
    assert station.get("Session1", "Subject") == "P-43", "who is registered is no new person"


def test_a_spelling_evades_neither_interval_nor_recall(station):
    station.prepare(subject="P-42")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Finish")
    station.call("Session1", "Sign", "4711", "done")
    station.call("Session1", "Begin", "p-42", "scalp-density", dbus.UInt32(2))
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(0))
    assert "interval" in [str(r[0]) for r in station.call("Session1", "Refusals")]
    assert len(station.audit("recall", lot="pg7")) == 1 and len(station.audit("recall", lot="l1")) == 1
    station.mount("A18", lot="L1")
    station.record("Inventory1", "lot.status", lot="l1", status="recalled", reason="maker's notice")
    wait_for(lambda: "needle-lot" in [str(r[0]) for r in station.call("Session1", "Refusals")], "the mounted lot is barred")


def begin(station, course_session, protocol="scalp-density", subject="P-1"):
    return "Session1", "Begin", subject, protocol, dbus.UInt32(course_session)


def test_a_course_goes_in_its_order(station):
    station.prepare(subject="P-1")
    enter(station, "course.planned", subject="P-1", protocol="scalp-density", sessions="2", interval_days="20")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Finish")
    station.call("Session1", "Sign", "4711", "done")
    course, = station.audit("courses")
    assert course["done"] == 1, "a course may be planned after its session 1"
    assert "planned with 2" in station.refused(*begin(station, 3))[1]
    enter(station, "course.planned", subject="P-3", protocol="scalp-density", sessions="2", interval_days="20", new_person="yes")
    name, text = station.refused(*begin(station, 2, subject="P-3"))
    assert name == "InvalidArgument" and "session 1" in text
    # a scar beside the crown, and a session more than planned, with the reason
    assert "beside" in station.refused(*begin(station, 1, "scar-camouflage"))[1]
    enter(station, "course.planned", subject="P-1", protocol="scar-camouflage", sessions="2", interval_days="28", beside="yes")
    assert sorted(row["protocol"] for row in station.audit("courses", subject="P-1")) == ["scalp-density", "scar-camouflage"]
    station.call(*begin(station, 1, "scar-camouflage"))
    station.call("Session1", "Abandon", "another day")
    more = {"subject": "P-1", "protocol": "scalp-density", "reason": "the crown took little pigment"}
    assert "has 2 sessions already" in station.refused(
        "Session1", "Record", "course.extended", dbus.Dictionary({**more, "sessions": "2"}, signature="sv"), "4711")[1]
    station.record("Session1", "course.extended", "4711", **more, sessions="3")
    assert "session 2" in station.refused(*begin(station, 3))[1]
    assert station.refused(*begin(station, 1, "hairline"))[0] in ("InvalidArgument", "Unknown")
    station.begin("P-2", course_session=3)
    station.call("Session1", "Abandon", "nobody came")
    station.call(*begin(station, 1))
    station.call("Session1", "Abandon", "nobody came")
    for changed in ({"protocol": "none"}, {"sessions": "0"}, {"sessions": "99"}, {"subject": "P 1"}):
        assert refused(station, "course.planned", "Session1", **{
            "subject": "P-1", "protocol": "scalp-density", "sessions": "2", "interval_days": "7", **changed})[0] in (
                "InvalidArgument", "Unknown"), changed


def test_a_pseudonym_never_seen_is_asked_about_in_every_record(station):
    """A slip of the keyboard makes no other person: not in a plan, an incident or a correction."""
    station.prepare(subject="P-1")
    plan = {"protocol": "scalp-density", "sessions": "2", "interval_days": "20"}
    incident = {"incident": "complication", "severity": "minor", "text": "swollen"}
    begun = next(row["seq"] for row in station.audit("records", kind="session.begun"))
    right = {"corrects": str(begun), "field": "subject", "old": "P-1", "new": "P-9", "why": "a slip"}
    station.call("Session1", "Abandon", "planning first")
    for kind, body, pin in (("course.planned", {"subject": "P-9", **plan}, ""),
                            ("incident.reported", {"subject": "P-9", **incident}, ""),
                            ("record.corrected", right, "4711")):
        name, text = station.refused("Session1", "Record", kind, dbus.Dictionary(body, signature="sv"), pin)
        assert name == "NewPerson" and "P-9" in text and "new_person=yes" in text, kind
    assert station.refused(*begin(station, 1, subject="P-9"))[0] == "NewPerson"
    enter(station, "course.planned", subject="P-9", **plan, new_person="yes")
    # known from then on, in any case, and nobody's new pseudonym any more
    enter(station, "course.planned", subject="p-9", **plan)
    assert [row["subject"] for row in station.audit("courses")] == ["P-9"]
    assert refused(station, "course.planned", "Session1", subject="P-9", **plan, new_person="yes")[0] == "Exists"
    enter(station, "incident.reported", subject="P-9", **incident)
    enter(station, "incident.reported", **incident)
    station.call("Session1", "Begin", "P-9", "scalp-density", dbus.UInt32(1))
    station.call("Session1", "Abandon", "nobody came")
    enter(station, "incident.reported", subject="P-8", **incident, new_person="yes")
    enter(station, "course.planned", subject="P-8", **plan)
    station.record("Session1", "record.corrected", "4711", **{**right, "new": "P-7", "new_person": "yes"})
    enter(station, "course.planned", subject="P-7", **plan)


def test_the_planned_interval_counts_when_it_is_longer(station):
    station.prepare(subject="P-1")
    station.call("Session1", "Abandon", "planning first")
    enter(station, "course.planned", subject="P-1", protocol="scalp-density", sessions="3", interval_days="90")
    station.call(*begin(station, 1))
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(1500))
    station.mount("A18")
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "Capture", "crown", "before")
    station.call("Session1", "Arm")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "Strokes") > 100, "strokes")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Finish")
    station.call("Session1", "Sign", "4711", "done")
    assert station.audit("courses")[0]["done"] == 1
    station.call(*begin(station, 2))
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(0))
    text, = (str(r[1]) for r in station.call("Session1", "Refusals") if r[0] == "interval")
    assert "90 days" in text
    station.enrol("s1", "2222", "supervisor,technician")
    station.call("Station1", "Logout")
    station.sign_in("s1", "2222")
    override(station, "interval", "a touch-up of one scar, healed")
    assert "interval" not in [r[0] for r in station.call("Session1", "Refusals")]
    # of this zone alone: who comes back from another one is refused again
    for zone in ("nape", "crown"):
        station.call("Session1", "SelectZone", zone, "normal", dbus.UInt32(1500))
    assert "interval" in [r[0] for r in station.call("Session1", "Refusals")]


def test_incidents(station):
    station.prepare(subject="P-1")
    enter(station, "incident.reported", incident="adverse-reaction", severity="moderate", text="swelling of the lid",
          person="Rosa Muster")
    name, text = refused(station, "incident.reported", "Session1", incident="sharps-injury", severity="minor", text="pricked")
    assert name == "InvalidArgument" and "work area" in text
    enter(station, "incident.reported", incident="sharps-injury", severity="minor", text="pricked while disposing",
          device="cartridge 1RL 0.25, Maker", area="chair 1", person="Ada Example")
    first, second = station.audit("incidents")
    assert (first["session"], first["subject"], first["operator"]) == (1, "P-1", "b1001")
    assert (second["session"], second["subject"], second["device"]) == (1, None, "cartridge 1RL 0.25, Maker")
    assert station.audit("incidents", subject="P-1") == [first]
    assert "incident.reported" in [r["kind"] for r in station.audit("timeline", session=1)]
    assert "Rosa" not in str(station.audit("records"))


def test_an_incident_joins_its_session_days_later(station):
    station.prepare(subject="P-1")
    station.call("Session1", "Abandon", "unwell")
    station.begin("P-2")
    what = {"incident": "adverse-reaction", "severity": "moderate", "text": "a rash"}
    enter(station, "incident.reported", **what, subject="P-1", session="1", occurred="2026-01-02T10:00:00+01:00",
          treatment="cooled", referral="Dr. Example")
    enter(station, "incident.reported", **what, subject="P-1")
    enter(station, "incident.reported", **what, subject="P-2")
    enter(station, "incident.reported", **what, session="1")
    rows = [(r["session"], r["subject"]) for r in station.audit("incidents")]
    assert rows == [(1, "P-1"), (None, "P-1"), (2, "P-2"), (1, "P-1")]
    first = station.audit("incidents")[0]
    assert (first["occurred"], first["treatment"], first["referral"]) == ("2026-01-02T09:00:00Z", "cooled", "Dr. Example")
    assert [r["seq"] for r in station.audit("timeline", session=1) if r["kind"] == "incident.reported"][0] == first["seq"]
    name, text = refused(station, "incident.reported", "Session1", **what, subject="P-1", session="2")
    assert (name, "session 2 is none of P-1" in text) == ("InvalidArgument", True)
    assert refused(station, "incident.reported", "Session1", **what, session="9")[0] == "Unknown"
    assert "in the future" in refused(station, "incident.reported", "Session1", **what, occurred="2999-01-01T00:00:00Z")[1]


# ---- corrections ----

def correct(station, **fields):
    return station.record("Session1", "record.corrected", "4711", **fields)


def refused_correction(station, **fields):
    return refused(station, "record.corrected", "Session1", "4711", **fields)


def test_corrections_never_overwrite(station):
    station.prepare(subject="P-1")
    row, = station.audit("records", kind="session.zone")
    fields = {"corrects": str(row["seq"]), "field": "area_mm2", "old": "1500", "new": "1200", "why": "mistyped"}
    assert refused_correction(station, **{**fields, "old": "1501"})[0] == "InvalidArgument"
    assert refused_correction(station, **{**fields, "field": "colour"})[0] == "Unknown"
    assert refused_correction(station, **{**fields, "corrects": "9999"})[0] == "Unknown"
    assert refused(station, "record.corrected", "Session1", "0000", **fields)[0] == "SignInRefused"
    made = correct(station, **fields)
    assert station.audit("records", kind="session.zone") == [{**row, "corrected": {"area_mm2": "1200"}}]
    assert "\"1200\"" in refused_correction(station, **fields)[1], "the old value is now the corrected one"
    correct(station, **{**fields, "old": "1200", "new": "1250", "why": "measured again"})
    assert refused_correction(station, **{**fields, "corrects": str(made), "field": "why", "old": "mistyped"})[0] == \
        "InvalidArgument"
    both = station.audit("corrections", record=row["seq"])
    assert [(c["old"], c["new"], c["operator"]) for c in both] == [("1500", "1200", "b1001"), ("1200", "1250", "b1001")]
    assert [r["kind"] for r in station.audit("timeline", session=1)].count("record.corrected") == 2


def test_a_correction_outside_a_session_belongs_to_none(station):
    station.enrol()
    station.receive_lot()
    station.sign_in()
    lot, = station.audit("records", kind="lot.received")
    correct(station, corrects=str(lot["seq"]), field="maker", old="Maker", new="Maker Ltd", why="full name")
    corrected, = station.audit("records", kind="record.corrected")
    assert "session" not in corrected["body"]


def test_a_corrected_incident_shows_what_holds_now(station):
    station.prepare(subject="P-1")
    enter(station, "incident.reported", incident="complication", severity="minor", text="bleeding")
    enter(station, "incident.reported", incident="complication", severity="minor", text="swelling")
    seq = station.audit("incidents")[0]["seq"]
    for old, new in (("minor", "severe"), ("severe", "moderate")):
        correct(station, corrects=str(seq), field="severity", old=old, new=new, why="mistyped")
    first, second = station.audit("incidents")
    assert (first["severity"], first["corrected"]) == ("minor", {"severity": "moderate"})
    assert second["corrected"] is None


# ---- erasure ----

def files_with(station, word):
    """Files of the station in which some bytes stand."""
    return [f.name for f in (station.folder / "state").rglob("*") if f.is_file() and word.encode() in f.read_bytes()]


def erase(station, **fields):
    with station.administrator():
        return station.record("Station1", "personal.erased", ADMINISTRATOR[2], reason="asked for it",
                              **{"despite": "the person insists", **fields})


def refused_erasure(station, **fields):
    with station.administrator():
        return refused(station, "personal.erased", pin=ADMINISTRATOR[2], reason="asked for it", **fields)


def hashes(station):
    with sqlite3.connect(f"file:{station.folder}/state/ledger.db?mode=ro", uri=True) as db:
        return db.execute("SELECT seq, leaf, hash FROM record ORDER BY seq").fetchall()


def test_erasure_of_a_subject(station):
    station.prepare(subject="P-1", register=False)
    enter(station, "subject.registered", subject="P-1", name="Rosa Muster", contact="rosa@example.org")
    enter(station, "subject.registered", subject="P-2", name="Otto Other")
    enter(station, "incident.reported", incident="complication", severity="minor", text="bled", person="Rosa's husband")
    station.call("Session1", "Abandon", "bled")
    pictures = list((station.folder / "state/images").iterdir())
    assert pictures and files_with(station, "Rosa Muster")
    before = hashes(station)
    assert refused(station, "personal.erased", pin="4711", subject="P-1", reason="x")[0] == "RoleMissing"
    assert refused_erasure(station)[0] == "InvalidArgument"
    assert refused_erasure(station, subject="P-1", badge="b1001")[0] == "InvalidArgument"
    assert refused_erasure(station, subject="P-9")[0] == "Unknown"
    erase(station, subject="P-1")
    wait_for(lambda: not list((station.folder / "state/images").iterdir()), "the photographs to be deleted")
    wait_for(lambda: station.audit("images")[0]["state"] == "erased", "that to be recorded")
    rows = {r["subject"]: r for r in station.audit("subjects")}
    assert (rows["P-1"]["name"], rows["P-1"]["contact"], rows["P-2"]["name"]) == (None, None, "Otto Other")
    erased, *gone = station.audit("erasures")
    # with what was said and answered in the sessions, and corrections
    assert len(erased["records"]) == 5 and erased["images"] == len(pictures) == len(gone)
    assert gone[0]["sha256"] == station.audit("images")[0]["sha256"]
    assert hashes(station)[:len(before)] == before, "leaves and hashes stay"
    assert all(hashlib.sha256(b"\0" + leaf).digest() == hash for _, leaf, hash in hashes(station))


def test_what_the_law_still_asks_for_is_erased_only_for_a_reason(station):
    station.prepare(subject="P-1", register=False)
    enter(station, "subject.registered", subject="P-1", name="Rosa Muster")
    station.call("Session1", "Abandon", "unwell")
    registered = str(station.audit("subjects")[0]["seq"])
    for fields in ({"subject": "P-1"}, {"record": registered}):
        name, text = refused_erasure(station, **fields)
        assert name == "InvalidArgument" and "is to be kept until 20" in text and "despite=" in text
    assert station.audit("subjects")[0]["name"] == "Rosa Muster"
    erase(station, subject="P-1", despite="a court ordered it")
    assert station.audit("subjects")[0]["name"] is None
    row, = [r for r in station.audit("erasures") if r["kind"] == "personal.erased"]
    assert row["despite"] == "a court ordered it"


def test_erased_data_is_in_no_file(station):
    station.enrol()
    station.sign_in()
    for number in range(50):
        enter(station, "subject.registered", subject=f"P-{number}", name=f"Rosa Muster {number}.", contact="x" * 400)
    assert files_with(station, "Rosa Muster 17.")
    erase(station, subject="P-17")
    wait_for(lambda: not files_with(station, "Rosa Muster 17."), "the last copy to go")
    assert files_with(station, "Rosa Muster 18.")
    station.kill()
    station.start()
    assert not files_with(station, "Rosa Muster 17.")


def test_erasure_of_an_operator(station):
    station.enrol()
    station.enrol("b2", "5822")
    with station.administrator():
        assert refused(station, "personal.erased", pin=ADMINISTRATOR[2], badge="b2", reason="x")[0] == "InvalidArgument"
        enrolled = [r["seq"] for r in station.audit("records", kind="operator.enrolled") if r["body"]["badge"] == "b2"]
        assert refused(station, "personal.erased", pin=ADMINISTRATOR[2], record=str(enrolled[0]), reason="x")[0] == \
            "InvalidArgument"
        station.record("Station1", "operator.revoked", ADMINISTRATOR[2], badge="b2", reason="left")
    erase(station, badge="b2")
    row, = (r for r in station.audit("operators") if r["badge"] == "b2")
    assert (row["name"], row["state"]) == (None, "revoked")
    assert "do not belong together" in wrong(station, "b2", "5822")
    assert refused_erasure(station, badge="b2")[0] == "Unknown", "nothing is left"


def test_an_interrupted_erasure_goes_on_at_the_next_start(station):
    station.prepare(subject="P-1")
    station.call("Session1", "Abandon", "bled")
    images = station.folder / "state/images"
    (images / "elsewhere").mkdir()
    picture, = (f for f in images.iterdir() if f.is_file())
    picture.rename(images / "elsewhere" / picture.name)
    picture.mkdir()  # cannot be deleted as a file
    erase(station, subject="P-1")
    wait_for(lambda: "cannot be deleted" in station.log_text(), "the complaint")
    assert station.audit("images")[0]["state"] == "to be erased"
    picture.rmdir()
    (images / "elsewhere" / picture.name).rename(picture)
    station.stop()
    station.start()
    wait_for(lambda: station.audit("images")[0]["state"] == "erased", "the photograph to be deleted")
    assert not picture.exists()
