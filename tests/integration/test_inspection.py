# SPDX-License-Identifier: Apache-2.0
"""An inspector's visit under each profile: a clinic that does what the profile asks, and the questions of the inspector."""

import configparser
import datetime
import subprocess

import dbus
import pytest

import harness
from harness import BUILD, GTIN, SOURCE, wait_for
from test_codes import scanning  # noqa: F401 - a fixture
from test_consents import configure, sign
from test_recovery import rest, work
from test_sterilization import STERILIZER, ago, spore_test

PROFILES = sorted(file.stem for file in (SOURCE / "configs/profiles").glob("*.conf"))
UNIT = f"(01){GTIN}(21)A17"
CERTIFICATES = {"bloodborne pathogens", "hygiene et salubrite"}


def enter(station, kind, interface="Inventory1", pin="", **fields):
    return station.record(interface, kind, pin, **fields)


def gaps(station):
    return [(row["rule"], row["subject"], row["missing"]) for row in station.audit("check")]


def refusals(station):
    return {str(name): str(text) for name, text, _ in station.call("Session1", "Refusals")}


def equip(station):
    """A practitioner with the certificates, a steriliser with its tests, a load with a handpiece, needles, a pigment."""
    station.enrol("s1", "2222", "supervisor,technician,auditor")
    with station.administrator():
        for certificate in CERTIFICATES:
            station.record("Station1", "operator.certified", badge="s1", certificate=certificate, issuer="Institute",
                           expiry="2031-05-31")
    station.sign_in("s1", "2222")
    enter(station, "sterilizer.registered", installed=ago(9, ""), **{"class": "B"}, **STERILIZER)
    for hour in (8, 10, 12):  # three in a row, each in a run of its own
        spore_test(station, "pass", 8, tested=ago(8, f"T{hour:02}:00:00Z"))
    enter(station, "penetration.tested", sterilizer="A", method="helix", tested=ago(1, "T07:00:00Z"), result="pass")
    enter(station, "leak.tested", sterilizer="A", tested=ago(1, "T07:30:00Z"), minutes="10", rate_kpa_min="0.09")
    enter(station, "handpiece.registered", handpiece="hp1", model="rotary")
    enter(station, "cycle.recorded", sterilizer="A", cycle="1", started=ago(1), program="B 134", temperature_c="134.5",
          exposure_s="240", pressure_kpa="313", mechanical="pass", contents="hp1", initials="AE")
    enter(station, "cycle.released", pin="2222", sterilizer="A", cycle="1", integrator="pass", chemical="pass")
    station.call("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"lot": "L1", "gtin": GTIN, "product": "1RL 0.25", "maker": "Maker", "expiry": "2031-12-31", "quantity": dbus.UInt32(20),
         "certificate": "EO-4711", "membrane": True}, signature="sv"))
    enter(station, "pigment.received", brand="Brand", colour="black-3", lot="PG7", expiry="2031-01-31", quantity="3",
          purpose="permanent make-up")
    enter(station, "pigment.labelled", lot="PG7", mixture="true", batch="true", ingredients="true", ph_regulator="named",
          nickel="warned", chromium="not-contained", local="true")


def treat(station):
    """One session, with all that any of the profiles asks for."""
    station.register("P-1", contact="rosa@example.org", id_kind="passport")
    station.begin("P-1", register=False)
    station.call("Session1", "AnswerScreening", station.screening())
    for form in ("treatment", "photographs", "needles-sealed"):
        sign(station, form)
    station.record("Session1", "handpiece.mounted", handpiece="hp1")
    station.call("Session1", "SelectZone", "crown", "normal", dbus.UInt32(1500))
    code, _ = station.scan(f"01{GTIN}1731123110L1~21A17".encode())
    station.call("Session1", "MountNeedle", code)
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "Capture", "crown", "before")
    work(station)
    rest(station)
    station.call("Session1", "Finish")
    station.call("Session1", "Capture", "crown", "after")
    sign(station, "aftercare")
    station.call("Session1", "Sign", "2222", "done")
    station.record("Session1", "session.copied", session="1", way="paper")
    enter(station, "needle.disposed", unit=UNIT, container="SC-1")


def ask(station):
    """The questions of domain facts: every needle of a client, every client of a lot, its certificate, each cycle."""
    assert [row["unit"] for row in station.audit("needles", subject="P-1")] == [UNIT]
    assert [row["subject"] for row in station.audit("recall", lot="L1")] == ["P-1"]
    assert station.audit("lot", lot="L1")[0]["certificate"] == "EO-4711"
    cycle, = station.audit("sterilization", **{"from": ago(2), "to": ago(0)})
    assert (cycle["cycle"], cycle["integrator"], cycle["chemical"], cycle["released_by"]) == (1, "pass", "pass", "s1")
    assert [row["result"] for row in station.audit("indicators", sterilizer="A")] == ["pass"] * 3
    assert station.audit("doubt") == []
    station.call("Audit1", "Verify")
    wait_for(lambda: station.get("Audit1", "Verification") not in ("none", "running"), "the verification")
    assert station.get("Audit1", "Verification") == "sound", station.get("Audit1", "VerificationText")


def print_audit(station, profile, file):
    subprocess.run([BUILD / "ctl/stipplectl", "audit", "report", "-o", file], env=station.environment(), check=True,
                   capture_output=True)
    page = file.read_text()
    assert profile in page and UNIT.split("(21)")[1] in page and "EO-4711" in page


def expect_report(station, law):
    """A client comes back with pus; where the law has an authority for that, it is told in time."""
    seq = enter(station, "incident.reported", "Session1", incident="adverse-reaction", severity="severe", text="pus", subject="P-1",
                session="1")
    due = station.audit("reports-due")
    assert [row["report_to"] for row in due] == ([] if law["report_to"] == "none" else [law["report_to"]])
    if due:
        assert [row[0] for row in gaps(station)] == [], "its time is not over"
        enter(station, "incident.notified", "Session1", incident=str(seq), authority=law["report_to"], way="post")
        assert station.audit("reports-due") == []


def expect_doubt(station):
    """A spore test of the load's time fails: the inspector asks who was treated from it."""
    test = spore_test(station, "fail", 0, tested=ago(0, "T00:00:01Z"))
    assert [(row["test"], row["cycle"], row["handpiece"], row["subject"]) for row in station.audit("doubt")] == [(test, 1, "hp1", "P-1")]
    assert "biological" in {rule for rule, _, _ in gaps(station)}


def expect_no_minor(station, age):
    """Where the profile has an age, nobody is treated who is a day too young."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    born = (today + datetime.timedelta(days=2)).replace(year=today.year - max(age, 1))
    station.register("P-2", birth_date=born.isoformat(), contact="-", id_kind="passport")
    station.begin("P-2", register=False)
    assert ("age" in refusals(station)) == (age > 0), refusals(station)
    station.call("Session1", "Abandon", "too young")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_visit_under(scanning, tmp_path, profile):  # noqa: F811
    station = scanning
    text = configparser.ConfigParser(interpolation=None)
    text.read(SOURCE / f"configs/profiles/{profile}.conf")
    configure(station, profile)
    equip(station)
    treat(station)
    assert gaps(station) == []
    ask(station)
    print_audit(station, profile, tmp_path / "audit.html")
    expect_report(station, text["incident"])
    expect_no_minor(station, int(text["client"]["minimum_age"]))
    expect_doubt(station)


def test_the_year_has_every_profile():
    """A profile that is shipped is visited."""
    assert len(PROFILES) >= 13 and "us-ca" in PROFILES
