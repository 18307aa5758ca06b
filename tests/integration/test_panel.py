# SPDX-License-Identifier: Apache-2.0
"""The real panel on a real display, touched as a person does, against the real daemon with simulators."""

import json
import pathlib
import sqlite3
import subprocess

import pytest

import harness
import panel_harness
from harness import GTIN, wait_for


@pytest.fixture
def panel(screen, station):
    station.enrol()
    station.receive_lot()
    panel = panel_harness.Panel(screen, station.address)
    panel.wait_sees("NO SESSION")
    yield panel
    panel.close()


def cartridge(serial):
    return f"]d201{GTIN}17311231" + f"10L1\x1d21{serial}"


def sign_in(panel, pin="4711"):
    panel.enter("Badge", "b1001")
    panel.wait_sees("Badge: b1001")
    panel.type(pin)
    panel.touch("Sign in")


def give_pin(panel, pin="4711"):
    """On the sheet that asks for a signature."""
    panel.wait_sees("Cancel")
    panel.type(pin)
    panel.touch("OK")


def begin(panel):
    sign_in(panel)
    panel.enter("Person (pseudonym)", "p-42")
    panel.touch("Begin the session")
    panel.wait_sees("Nobody is on record as p-42. A new person?")
    panel.touch("Yes, a new person")
    panel.wait_sees("Consent to the treatment")


def register(panel):
    """The card of who is in the chair."""
    panel.touch("Person, done")
    panel.wait_sees("This client is not registered.")
    panel.touch("Subject registered…")
    panel.enter("Birth date (if any)", "19800517")
    panel.enter("Name (if any)", "rosa")
    panel.touch("Record")
    panel.wait_sees("It is on record.")
    panel.touch("Go on")
    panel.wait_sees("Consent to the treatment")


def consent_and_screening(panel):
    panel.enter("Form", "2026-1")
    for consent in ("Consent to the treatment", "Consent to photographs"):
        panel.touch(consent)
        panel.wait_sees(f"{consent}: given")
    for button, name in panel.buttons():
        if name.endswith("? No"):
            panel.bring_into_view(button)
            panel.tap(button)
    panel.touch("Record the answers")


def cartridge_and_pigment(panel):
    panel.wait_sees("No cartridge is mounted.")
    panel.scan(cartridge("A17"))
    panel.wait_sees(f"(01){GTIN}(21)A17")
    for field, text in (("Brand", "acme"), ("Colour", "black-3"), ("Lot", "pg7"), ("Expiry", "20310131")):
        panel.enter(field, text)
    panel.touch("Load this pigment")


def zone_and_photograph(panel, station):
    panel.touch("Crown")
    panel.enter("Area", "much")
    panel.touch("Treat: Crown")
    panel.wait_sees("such as 15.5")
    panel.enter("Area", "15.5")
    panel.touch("Treat: Crown")
    (station.folder / "camera-fault").write_text("blur")
    panel.wait_sees("is blurred")
    (station.folder / "camera-fault").unlink()
    panel.wait_sees("Sharp and well lit")
    panel.touch("Photograph before")
    panel.wait_sees("Sharp enough")


def work(panel, station):
    panel.touch("Arm")
    panel.wait_sees("ARMED")
    assert station.get("Session1", "State") == "ready"
    station.sim("zone crown normal")
    station.sim("pedal down")
    panel.wait_sees("NEEDLE RUNNING")
    panel.wait_sees("PEDAL DOWN")
    wait_for(lambda: station.get("Session1", "Dots") > 20, "dots")
    station.sim("pedal up")
    panel.wait_sees("ARMED")
    panel.touch("Disarm")
    panel.wait_sees("NOT ARMED")
    wait_for(lambda: panel.sees(str(int(station.get("Session1", "Dots")))), "the dots on the screen")


def test_a_card_is_only_for_the_operator_who_asked(panel, station):
    station.enrol("b2002", "4712", "auditor")
    panel.enter("Badge", "b2002")
    panel.wait_sees("Badge: b2002")
    panel.type("4712")
    panel.touch("Sign in")
    panel.enter("Person (pseudonym)", "p-42")
    # an answer that is withheld is no client who is unknown
    panel.wait_sees("is not enrolled as technician or supervisor")
    assert not panel.sees("Nobody is on record under this pseudonym.")
    assert not panel.button("Subject registered…")
    panel.step(1)
    panel.touch("Sign out")
    panel.wait_sees("nobody signed in")
    sign_in(panel)
    panel.wait_sees("Begin the session")
    assert not panel.sees("p-42") and not panel.sees("is not enrolled as technician or supervisor")
    panel.enter("Person (pseudonym)", "p-42")
    panel.wait_sees("Nobody is on record under this pseudonym.")
    panel.wait_sees("Subject registered…")
    panel.step(1)
    panel.touch("Sign out")
    panel.wait_sees("nobody signed in")
    sign_in(panel)
    panel.wait_sees("Begin the session")
    assert not panel.sees("p-42") and not panel.sees("Nobody is on record under this pseudonym.")


def test_a_whole_session_by_touch(panel, station):
    begin(panel)
    register(panel)
    consent_and_screening(panel)
    cartridge_and_pigment(panel)
    zone_and_photograph(panel, station)
    panel.touch("Go on")
    work(panel, station)

    panel.touch("Break")
    panel.wait_sees("BREAK")
    panel.touch("End the break")
    panel.wait_sees("NOT ARMED")

    station.sim("estop press")
    panel.wait_sees("EMERGENCY STOP")
    assert not panel.button("Arm"), "a fault fills the screen"
    station.sim("estop release")
    panel.touch("Acknowledge…")
    panel.touch("pressed by mistake")
    give_pin(panel)
    panel.wait_sees("NOT ARMED")

    panel.touch("Finish…")
    panel.touch("The treatment is over")
    for line in station.get("Session1", "Aftercare"):
        panel.wait_sees(str(line))
    panel.touch("Crown: the photograph after is missing")
    panel.touch("Photograph after")
    panel.wait_sees("Sharp enough")
    panel.touch("Finish")
    panel.touch("Sign with your PIN…")
    give_pin(panel)
    panel.touch("The session is signed and on record.")
    panel.touch("Finish")
    panel.touch("Report")
    panel.wait_sees("Written to")
    assert "P-42" in report_text(panel).upper()
    assert station.get("Session1", "State") == "idle"
    kinds = station.records()
    for kind in ("session.begun", "session.screening", "session.consent", "needle.claimed", "pigment.loaded",
                 "session.zone", "image.captured", "strokes", "fault.acknowledged", "session.finished",
                 "session.signed"):
        assert kind in kinds, kind
    assert kinds.count("image.captured") == 2


def test_what_is_refused_is_said_and_leads_to_where_it_is_put_right(panel, station):
    sign_in(panel, pin="9999")
    panel.wait_sees("Badge b1001 and this PIN do not belong together")
    assert panel.sees("Badge: b1001"), "the badge stays"
    panel.type("4711")
    panel.touch("Sign in")
    panel.enter("Person (pseudonym)", "p-42")
    panel.touch("Begin the session")
    panel.wait_sees("Nobody is on record as p-42. A new person?")
    panel.touch("Yes, a new person")
    panel.wait_sees("Consent to the treatment")

    panel.touch("Work")
    panel.wait_sees("Before the needle can be armed:")
    wanted = station.call("Session1", "Refusals")
    assert len(wanted) > 3
    for _, sentence, _ in wanted:
        panel.wait_sees(str(sentence)[1:])
    assert not panel.button("Arm").is_in(panel_harness.STATE_SENSITIVE)
    for sentence, there in (("The consent to the treatment is missing", "Consent to photographs"),
                            ("No cartridge is mounted", "Type the code…"),
                            ("No zone is chosen", "Touch a zone")):
        panel.touch(sentence)
        panel.wait_sees(there)
        panel.touch("Work")

    panel.touch("Cartridge")
    panel.enter("Type the code…", "nonsense")
    panel.wait_sees("is not on record")


def test_the_station_goes_away_and_comes_back_in_mid_session(panel, station):
    begin(panel)
    station.kill()
    panel.wait_sees("The station does not answer.")
    assert not panel.buttons(), "what cannot be done is not offered"
    station.start()
    panel.wait_sees("The station was restarted.")
    panel.wait_gone("The station does not answer.")
    panel.wait_sees("INTERRUPTED")
    sign_in(panel)
    panel.touch("Work")
    panel.wait_sees("The station stopped in this session after")
    panel.touch("Go on…")
    panel.wait_sees("Look at the cartridge")
    panel.touch("The session goes on")
    panel.wait_sees("NOT ARMED")
    assert "session.recovered" in station.records()


def test_a_fault_before_anybody_is_signed_in(panel, station):
    station.sim("estop press")
    panel.wait_sees("EMERGENCY STOP")
    station.sim("estop release")
    panel.touch("Sign in to acknowledge")
    sign_in(panel)
    panel.touch("Acknowledge…")
    panel.touch("cause found and put right")
    give_pin(panel)
    panel.wait_sees("NO SESSION")
    assert not station.get("Station1", "Fault") or station.get("Station1", "Fault") == "none"


def session_of_another_day(station):
    station.sign_in()
    station.begin("P-0001")
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    station.call("Session1", "SelectZone", "crown", "normal", harness.dbus.UInt32(1500))
    station.call("Session1", "Capture", "crown", "before")
    station.call("Session1", "Finish")
    station.call("Session1", "Capture", "crown", "after")
    station.call("Session1", "Sign", "4711", "done")


def test_a_course_for_a_pseudonym_never_seen_asks_whether_the_person_is_new(panel, station):
    sign_in(panel)
    panel.touch("More")
    panel.touch("Records")
    panel.touch("Course planned")
    for field, text in (("Subject", "p-9"), ("Protocol", "scalp-density"), ("Sessions", "2"), ("Interval days", "20")):
        panel.enter(field, text)
    panel.touch("Record")
    panel.wait_sees("Nobody is on record as p-9. A new person?")
    assert station.audit("courses") == []
    panel.touch("No, the pseudonym is wrong")
    panel.touch("Record")
    panel.touch("Yes, a new person")
    panel.wait_sees("It is on record.")
    assert [row["subject"] for row in station.audit("courses")] == ["p-9"]


def test_photographs_of_a_past_session_are_compared(panel, station):
    session_of_another_day(station)
    panel.touch("More")
    panel.touch("History")
    panel.scan("P-0001")
    panel.touch("Session 1 ·")
    panel.touch("Crown")
    slider = panel.wait_sees("Before at the left of the line")
    panel.wait_for(lambda: panel.laid_out(slider), "the photographs to be laid out")
    x, y, width, height = panel.extents(slider)
    panel_harness.pointer("mousemove", x + width // 2, y + height // 2, "mousedown", 1, "mousemove", x + 40,
                          y + height // 2, "mouseup", 1)
    panel.touch("Back")
    panel.wait_sees("Session 1")
    panel.touch("Back")
    panel.scan("P-0009")
    panel.wait_sees('"P-0009" is not on record')
    panel.wait_gone("Session 1 ·")  # the sessions of one person never stand under another


def test_a_lot_is_received_by_its_code(panel, station):
    sign_in(panel)
    panel.touch("More")
    panel.touch("Records")
    panel.touch("Receive a lot")
    panel.wait_sees("Lot received")
    panel.scan(f"]d201{GTIN}17320131" + "10L77")
    panel.wait_sees("Lot: L77")
    panel.wait_sees("Expiry: 2032-01-31")
    for field, text in (("Quantity", "12"), ("Product", "1rl"), ("Maker", "acme")):
        panel.enter(field, text)
    panel.touch("Record")
    panel.wait_sees("It is on record.")
    lot, = station.audit("lot", lot="L77")
    assert (lot["quantity"], lot["left"], lot["expiry"], lot["maker"]) == (12, 12, "2032-01-31", "acme")
    panel.touch("Receive a lot")
    panel.scan(f"]d201{GTIN}17320131" + "10L77")
    panel.wait_sees("Lot: L77")
    for field, text in (("Quantity", "8"), ("Product", "1rl"), ("Maker", "acm")):
        panel.enter(field, text)
    panel.touch("Record")
    panel.touch('Lot L77 is on record with maker "acme", not "acm"')
    panel.wait_gone("not \"acm\"")
    panel.enter("Maker", "e")
    panel.touch("Record")
    wait_for(lambda: station.audit("lot", lot="L77")[0]["quantity"] == 20, "the second delivery")


def test_answers_to_an_auditor_are_taken_along(panel, station):
    session_of_another_day(station)
    panel.touch("More")
    panel.touch("Audit")
    panel.enter("Session:", "1")
    panel.touch("Images")
    panel.wait_sees("2 rows")
    panel.wait_sees("Phase: before")
    panel.touch("To USB stick")
    panel.wait_sees("Written to")
    file, = pathlib.Path(panel.memory.name).glob("stipple-images-*.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["phase"] for row in rows] == ["before", "after"]
    assert rows == station.audit("images", session=1)


def report_text(panel):
    file, = pathlib.Path(panel.memory.name).glob("stipple-report-1-*.pdf")
    return subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True).stdout


def test_the_report_of_a_past_session_is_taken_along(panel, station):
    session_of_another_day(station)
    panel.touch("More")
    panel.touch("History")
    panel.scan("P-0001")
    panel.touch("Session 1 ·")
    panel.touch("Report")
    panel.wait_sees(f"Written to {panel.memory.name}/stipple-report-1-")
    assert "P-0001" in report_text(panel)


def test_a_report_that_cannot_be_written_says_why(panel, station):
    session_of_another_day(station)
    panel.touch("More")
    panel.touch("History")
    panel.scan("P-0001")
    panel.touch("Session 1 ·")
    panel.wait_sees("Crown")
    # a stick that was pulled out
    folder = pathlib.Path(panel.memory.name)
    folder.rename(folder.with_name(folder.name + "-gone"))
    try:
        panel.touch("Report")
        panel.wait_sees("cannot be written: No such file or directory")
    finally:
        folder.with_name(folder.name + "-gone").rename(folder)


def test_the_record_is_verified_and_the_verdict_is_shown(panel, station):
    session_of_another_day(station)
    panel.touch("More")
    panel.touch("Audit")
    panel.wait_sees("The record was not verified since the station started.")
    panel.touch("Verify the whole record")
    panel.wait_sees("The record is sound")
    assert station.get("Audit1", "Verification") == "sound"
    with sqlite3.connect(station.folder / "state/ledger.db") as db:
        db.execute("UPDATE lot SET quantity = 999")
    db.close()
    panel.touch("Verify the whole record")
    panel.wait_sees("The record is damaged: keep it as evidence")
    assert panel.sees(str(station.get("Audit1", "VerificationText"))[1:]), "what was found"


def test_how_far_a_verification_is(panel, station):
    station.kill()
    panel.wait_sees("The station does not answer.")
    slow = subprocess.Popen(["/usr/bin/python3", harness.SOURCE / "tests/integration/slow_verification.py",
                             station.address], stdin=subprocess.PIPE, text=True)
    try:
        panel.wait_gone("The station does not answer.")
        panel.touch("The station was restarted.")
        panel.touch("More")
        panel.touch("Audit")
        panel.touch("Verify the whole record")
        panel.wait_sees("The record is being verified.")
        panel.wait_sees("500 of 1000 records")
        assert not panel.button("Verify the whole record").is_in(panel_harness.STATE_SENSITIVE)
        slow.stdin.write("\n")
        slow.stdin.flush()
        panel.wait_sees("The record is sound")
        panel.wait_gone("500 of 1000 records")
    finally:
        slow.kill()
        slow.wait()
        station.start()


def test_language_and_colours_are_chosen_and_remembered(panel, station, screen):
    panel.touch("More")
    panel.touch("Español")
    panel.wait_sees("Probar la placa")
    panel.touch("Claro u oscuro")
    panel.touch("Probar la placa")
    panel.touch("La placa pasó su prueba.")
    panel.touch("Entrar")
    panel.enter("Tarjeta", "b1001", accept="Aceptar")
    panel.type("4711")
    panel.touch("Entrar")
    panel.wait_sees("Empezar la sesión")
    remembered = (pathlib.Path(panel.memory.name) / "stipple/panel.ini").read_text()
    assert "language=es" in remembered
    assert "dark=yes" in remembered
    assert "recent-badges=b1001=Ada Example" in remembered
