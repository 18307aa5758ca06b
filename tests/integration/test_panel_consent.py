# SPDX-License-Identifier: Apache-2.0
"""A client reads on the panel, signs with a finger, and withdraws."""

import json
import sqlite3

import pytest

import harness
import panel_harness
from harness import wait_for


@pytest.fixture
def panel(screen, station):
    station.stop()
    config = station.config.read_text()
    station.config.write_text(
        config.replace("[paths]\n", f"[paths]\nconsent_folder = {harness.SOURCE}/configs/consents\n"))
    station.start()
    station.enrol()
    station.receive_lot()
    panel = panel_harness.Panel(screen, station.address)
    panel.wait_sees("NO SESSION")
    yield panel
    panel.close()


def sign_in(panel):
    panel.step(1)
    panel.enter("Badge", "b1001")
    panel.type("4711")
    panel.touch("Sign in")
    panel.wait_sees("Ada Example")


def begin(panel):
    sign_in(panel)
    panel.step(2)
    panel.enter("Person (pseudonym)", "p-42")
    panel.touch("Begin the session")
    panel.touch("Yes, a new person")
    panel.wait_sees("Consent to the treatment: not given")


def draw(panel):
    """A name with loops, across the pad."""
    pad = panel.wait_sees("The client signs here with a finger")
    panel.wait_for(lambda: panel.laid_out(pad), "the pad to be laid out")
    x, y, width, height = panel.extents(pad)
    moves = []
    for i in range(1, 20):
        # faster moves would come as one
        moves += ["mousemove", x + width * (i + 2) // 25, y + height * (3 + i % 3) // 8, "sleep", 0.03]
    panel_harness.pointer("mousemove", x + width // 20, y + height // 2, "mousedown", 1, *moves, "mouseup", 1)


def consents(station):
    with sqlite3.connect(f"file:{station.folder}/state/ledger.db?mode=ro", uri=True) as db:
        return [json.loads(leaf)["body"] for leaf, in db.execute(
            "SELECT leaf FROM record WHERE kind IN ('session.consent', 'session.statement') ORDER BY seq")]


def test_a_client_reads_signs_and_withdraws(panel, station):
    begin(panel)
    panel.touch("Consent to the treatment")
    panel.wait_sees("I agree to the treatment.")
    assert not panel.button("Sign now").is_in(panel_harness.STATE_SENSITIVE), "nobody has signed yet"
    draw(panel)
    panel.wait_for(lambda: panel.button("Sign now").is_in(panel_harness.STATE_SENSITIVE), "the signature to be taken")
    panel.touch("Clear")
    panel.wait_for(lambda: not panel.button("Sign now").is_in(panel_harness.STATE_SENSITIVE), "it to be cleared")
    draw(panel)
    panel.touch("Sign now")
    panel.wait_sees("Consent to the treatment: given")
    panel.touch("Consent to photographs")
    panel.touch("Español")
    panel.wait_sees("Acepto que se tomen y se guarden fotografías.")
    panel.touch("On paper")
    panel.wait_sees("Consent to photographs: given")
    treatment, photographs = consents(station)
    assert (treatment["signed_on"], treatment["version"], treatment["language"]) == ("screen", "1", "en")
    assert photographs["signed_on"] == "paper"
    # one question, and no by a slip changes nothing
    panel.touch("Consent to the treatment")
    panel.touch("No, it still holds")
    assert station.get("Session1", "ConsentTreatment")
    panel.touch("Consent to the treatment")
    panel.touch("Yes, withdrawn")
    panel.wait_sees("Consent to the treatment: not given")
    assert consents(station)[-1]["given"] is False


def test_a_client_reads_in_the_language_of_the_card(panel, station):
    station.sign_in()
    station.register("p-42", language="es")
    station.call("Station1", "Logout")
    sign_in(panel)
    panel.step(2)
    panel.enter("Person (pseudonym)", "p-42")
    panel.wait_sees("Language: Español")
    panel.touch("Begin the session")
    panel.wait_sees("Consent to photographs: not given")
    panel.touch("Consent to photographs")
    panel.wait_sees("Acepto que se tomen y se guarden fotografías.")
    panel.touch("Deutsch")
    panel.wait_sees("Einwilligung in Fotografien")
    panel.touch("On paper")
    panel.wait_sees("Consent to photographs: given")


def test_the_needle_stops_before_anybody_is_asked(panel, station):
    station.prepare(enrol=False)
    station.call("Station1", "Logout")
    sign_in(panel)
    panel.step(7)
    panel.touch("Arm")
    panel.wait_sees("ARMED")
    station.sim("pedal down")
    wait_for(lambda: station.get("Session1", "State") == "working", "the needle to work")
    panel.step(3)
    panel.touch("Consent to the treatment")
    panel.wait_sees("Is this consent withdrawn?")
    wait_for(lambda: station.get("Session1", "State") not in ("working", "ready"), "the needle to be stopped")
    assert station.get("Session1", "ConsentTreatment"), "nothing is withdrawn before the answer"


def test_the_client_signs_for_the_instructions_at_the_end(panel, station):
    station.prepare(enrol=False)
    station.call("Session1", "Finish")
    station.call("Station1", "Logout")
    sign_in(panel)
    panel.step(8)
    panel.touch("The client signs for the instructions")
    panel.touch("Aftercare received: not given")
    panel.wait_sees("Receipt of the aftercare instructions")
    draw(panel)
    panel.touch("Sign now")
    wait_for(lambda: station.get("Session1", "AftercareReceived"), "the signature on record")
    panel.step(8)
    panel.wait_sees("Sign with your PIN")
    panel.wait_gone("The client signs for the instructions")
    assert consents(station)[-1]["statement"] == "aftercare"
