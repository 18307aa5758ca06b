# SPDX-License-Identifier: Apache-2.0
"""The questions before a session on the panel: what the client answered last, and what only a supervisor changes."""

import os

import pytest

import panel_harness
from test_panel import give_pin
from test_questions import SUPERVISOR, answer, begin_anew, stops

KELOIDS, DIABETES = "Do scars of yours grow thick (keloids)?", "Have you diabetes?"
HELD = "Last session: yes, today: no. It was yes: a supervisor first says that it is no."


@pytest.fixture
def chair(station):
    """The second session of somebody with keloids, and a supervisor at the panel."""
    station.enrol()
    station.enrol(*SUPERVISOR, "supervisor,technician")
    station.sign_in()
    station.begin("P-42")
    answer(station, "keloids")
    begin_anew(station)
    station.call("Station1", "Logout")
    return station


def look(panel, name):
    folder = os.environ.get("STIPPLE_SCREENSHOTS")
    if folder:
        panel.screen.screenshot(f"{folder}/questions-{name}.png")


def choose(panel, question, answer):
    """Touches the button of one answer, wherever the list is scrolled to."""
    button = next(node for node, name in panel.buttons() if name == f"{question} {answer}")
    panel.bring_into_view(button)
    panel.tap(button)


def sign_in(panel):
    panel.step(1)
    panel.enter("Badge", SUPERVISOR[0])
    panel.type(SUPERVISOR[1])
    panel.touch("Sign in")
    panel.step(3)
    panel.wait_sees(KELOIDS)


@pytest.fixture
def panel(screen, chair):
    panel = panel_harness.Panel(screen, chair.address)
    sign_in(panel)
    yield panel
    panel.close()


def test_the_difference_is_shown_and_a_supervisor_settles_it(panel, chair):
    panel.wait_sees("Last session: yes")
    for question in [name.removesuffix(" No") for _, name in panel.buttons() if name.endswith("? No")]:
        choose(panel, question, "No")
    panel.wait_sees(HELD)
    choose(panel, DIABETES, "Yes")
    panel.wait_sees("Last session: no, today: yes")
    look(panel, "different")
    choose(panel, DIABETES, "No")
    panel.wait_gone("Last session: no, today: yes")
    panel.touch("Record the answers")
    panel.wait_sees("was answered with yes in session 1")
    look(panel, "refused")
    # the one answer that stands is filled in; the reason is not
    button = panel.button("Screening changed…")
    panel.bring_into_view(button)
    panel.tap(button)
    panel.wait_sees("Question: Keloids")
    panel.enter("Reason", "a scar")
    panel.touch("Record")
    give_pin(panel, SUPERVISOR[1])
    panel.wait_sees("It is on record.")
    panel.wait_gone("It was yes: a supervisor first says that it is no.")
    panel.touch("Record the answers")
    panel.wait_for(lambda: stops(chair) == "", "the answers on record")
    panel.wait_sees("Last session: yes, today: no")
    look(panel, "settled")


