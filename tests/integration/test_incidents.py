# SPDX-License-Identifier: Apache-2.0
"""Incidents that an authority must be told of: the reminder, the form, and the record that ends both."""

import datetime
import re
import subprocess

import dbus
import pytest

from harness import BUILD, wait_for

CTL = BUILD / "ctl/stipplectl"


def enter(station, kind, **fields):
    return station.call("Session1", "Record", kind, dbus.Dictionary(fields, signature="sv"), "")


def refused(station, kind, **fields):
    return station.refused("Session1", "Record", kind, dbus.Dictionary(fields, signature="sv"), "")


def alerts(station):
    return [r["body"] for r in station.audit("records", kind="alert.raised")]


def reminders(station):
    return [a for a in alerts(station) if a["alert"].startswith("report-")]


def form_of(station, number, file):
    done = subprocess.run([CTL, "incident", "form", str(number), "-o", file], env=dict(station.environment(), TZ="UTC"),
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return re.sub(r"<style>.*?</style>", "", file.read_text(), flags=re.S)


def facts(page):
    """The entries of the form: label and value."""
    return re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)


@pytest.fixture
def texan(station):
    """In session 1 of P-1, which goes on under another profile."""
    station.prepare(subject="P-1")
    station.stop()
    station.config.write_text(station.config.read_text().replace("station = chair-1", "station = chair-1\nprofile = us-tx"))
    station.start()
    station.sign_in()
    return station


def working_days_from_now(days):
    """From half a day ago: in the evening of America it is the next day in UTC already."""
    day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=12)).date()
    while days:
        day += datetime.timedelta(1)
        days -= day.weekday() < 5
    return day.isoformat()


def test_a_reaction_is_reported_to_the_authority(texan, tmp_path):
    assert texan.doctor("incidents")[0] == 0
    due = working_days_from_now(5)
    enter(texan, "incident.reported", incident="adverse-reaction", severity="minor", text="a rash <b>that</b> spreads",
          session="1", subject="P-1", site="behind the left ear", referral="Dr. Example, 1 Main Street", treatment="cooled")
    row, = texan.audit("reports-due")
    assert (row["report_to"], row["due"], row["session"]) == ("Texas Department of State Health Services", due, 1)
    wait_for(lambda: reminders(texan), "the reminder")
    reminder, = reminders(texan)
    assert (reminder["alert"], reminder["incident"], reminder["due"]) == ("report-due", row["seq"], due)
    assert f"due on {due}" in reminder["text"] and f"incident form {row['seq']}" in reminder["text"]
    level, text, advice = texan.doctor("incidents")
    assert level == 1 and due in text and "public holidays are not known" in text and "incident notify" in advice

    page = form_of(texan, row["seq"], tmp_path / "report.html")
    said = facts(page)
    assert [label for label, _ in said] == [
        "(1) Client", "(2) Studio", "(3) Practitioner who did the procedure", "(4) Date of the procedure",
        "(5) Colours, with the maker&apos;s number", "(6) Where it shows, and where the procedure was done",
        "(7) Health care practitioner, with address", "(8) Other information"]
    said = dict(said)
    assert "P-1" in said["(1) Client"] and "b1001" in said["(3) Practitioner who did the procedure"]
    assert said["(7) Health care practitioner, with address"] == "Dr. Example, 1 Main Street"
    assert said["(6) Where it shows, and where the procedure was done"].startswith("behind the left ear")
    assert "a rash &lt;b&gt;that&lt;/b&gt; spreads" in said["(8) Other information"]
    assert "Not reported yet" in page and due in page and "public holidays are not known" in page

    texan.record("Session1", "record.corrected", "4711", corrects=str(row["seq"]), field="severity", old="minor",
                 new="severe", why="it was worse")
    page = form_of(texan, row["seq"], tmp_path / "report.html")
    assert "Adverse reaction, severe: a rash" in dict(facts(page))["(8) Other information"]
    kind, text = refused(texan, "incident.notified", incident=str(row["seq"] + 1), authority="DSHS", way="fax")
    assert kind == "Unknown" and "is no incident" in text
    enter(texan, "incident.notified", incident=str(row["seq"]), authority="DSHS", way="fax", reference="2026-17")
    assert texan.audit("reports-due") == []
    assert texan.doctor("incidents")[0] == 0
    assert texan.audit("incidents")[0]["sent"]
    assert "Not reported yet" not in form_of(texan, row["seq"], tmp_path / "report.html")
    assert len(reminders(texan)) == 1
    assert [r["rule"] for r in texan.audit("check") if r["rule"].startswith("incident-")] == []


def test_what_is_overdue_is_said_once(texan):
    known = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(14)).strftime("%Y-%m-%dT%H:%M:%SZ")
    enter(texan, "incident.reported", incident="complication", severity="severe", text="pus", known=known)
    wait_for(lambda: reminders(texan), "the reminder")
    assert [a["alert"] for a in reminders(texan)] == ["report-overdue"]
    assert texan.doctor("incidents")[0] == 2
    row, = [r for r in texan.audit("check") if r["rule"].startswith("incident-")]
    assert (row["rule"], row["missing"]) == ("incident-report", "its report to Texas Department of State Health Services")
    texan.stop()
    texan.start()
    texan.sign_in()
    wait_for(lambda: len(reminders(texan)) == 2, "the reminder after a start")


def test_an_injury_of_the_practitioner_is_no_report(texan):
    enter(texan, "incident.reported", incident="sharps-injury", severity="severe", text="pricked", device="1RL", area="chair 1")
    assert texan.audit("reports-due") == []
    assert "due" not in texan.audit("records", kind="incident.reported")[0]["body"]


def test_the_place_is_that_of_the_letterhead(texan, tmp_path):
    enter(texan, "incident.reported", incident="complication", severity="minor", text="dizzy", subject="P-1", session="1")
    seq = texan.audit("incidents")[0]["seq"]
    texan.stop()
    config = texan.config.read_text()
    for more, place, by_hand in (
            ("clinic_name = Clínica & Söhne\nclinic_address = 1 Main Street, Austin\nclinic_telephone = +1 512 555 0100\n",
             "Clínica &amp; Söhne, 1 Main Street, Austin, telephone +1 512 555 0100, station chair-1",
             "by hand: licence or registration number"),
            ("clinic_address = 1 Main Street, Austin\n", "clinic, 1 Main Street, Austin, station chair-1",
             "by hand: telephone, licence or registration number")):
        texan.config.write_text(config.replace("[station]\n", "[station]\n" + more))
        texan.start()
        texan.sign_in()
        page = form_of(texan, seq, tmp_path / "place.html")
        assert dict(facts(page))["(2) Studio"] == place
        assert by_hand in page
        texan.stop()
    texan.start()


def test_what_the_record_lacks_is_said(station, tmp_path):
    """California names no term for a minor one; the form can be made all the same."""
    station.prepare(subject="P-1")
    station.call("Session1", "Abandon", "over")
    enter(station, "incident.reported", incident="complication", severity="minor", text="dizzy", subject="P-1", sought="2026-01-05")
    seq = station.audit("incidents")[0]["seq"]
    # a fact about a person's health is kept beside the leaf
    assert station.audit("incidents")[0]["sought"] == "2026-01-05"
    assert "sought" not in station.audit("records", kind="incident.reported")[0]["body"]
    assert station.audit("reports-due") == []
    page = form_of(station, seq, tmp_path / "report.html")
    assert dict(facts(page))["(4) Date of the procedure"] == "not on record: write it by hand"
    assert "asks for no report of this incident" in page
    assert "by hand: address, telephone, licence or registration number" in page
    done = subprocess.run([CTL, "incident", "form", str(seq + 1), "-o", tmp_path / "no.html"], env=station.environment(),
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1 and "is no incident" in done.stderr and not (tmp_path / "no.html").exists()
