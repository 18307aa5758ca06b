# SPDX-License-Identifier: Apache-2.0
"""No key ever presses anything on the panel: a scanner is a keyboard, and its Enter came from nobody's hand."""

import contextlib
import signal
import time

import pytest

import harness
import panel_harness
from harness import GTIN, wait_for
from panel_harness import pointer

STEPS = ("Sign in", "Person", "Consent", "Cartridge", "Zone", "Photos", "Work", "Finish", "More")
TYPED_WITH = ("Return", "space", "Tab", "Escape", "KP_Enter", "ctrl+shift+d", "F10")


def cartridge(serial, lot="L1"):
    return f"]d201{GTIN}17311231" + f"10{lot}\x1d21{serial}"


NOT_ON_RECORD = cartridge("A99", lot="L9")


@pytest.fixture
def panel(screen, station):
    station.enrol()
    station.receive_lot()
    panel = panel_harness.Panel(screen, station.address)
    panel.wait_sees("NO SESSION")
    yield panel
    panel.close()


def settle():
    """Long enough for a key that presses a button to have reached the station."""
    time.sleep(0.25)


def go(panel, number):
    """To a step; the first touch may meet a notice that lies over it."""
    for _ in range(2):
        panel.step(number)
        settle()


def facts(station):
    """What a scan must not change: the session, and all that is on record beside refused cartridges."""
    values = {name: station.get("Session1", name) for name in (
        "State", "Session", "Subject", "Zone", "Pigment", "Unit", "ConsentTreatment", "ConsentPhotographs",
        "ScreeningDone", "Protocol")}
    values |= {name: station.get("Station1", name) for name in ("Fault", "Operator", "Roles")}
    # dots are made meanwhile, while the pedal is down
    values["Zones"] = [(str(zone[0]), str(zone[4]), str(zone[5])) for zone in station.get("Session1", "Zones")]
    beside = "needle.refused", "strokes", "zone.statistics"
    return values | {"records": [kind for kind in station.records() if kind not in beside]}


class Scans:
    """Scans and presses keys wherever one can get to, and looks whether that did anything."""

    def __init__(self, panel, station):
        self.panel, self.station = panel, station

    def unchanged(self, where):
        before = facts(self.station)
        self.panel.scan(NOT_ON_RECORD)
        settle()
        for name in TYPED_WITH:
            pointer("key", name)
        # slower than any scanner, and again with Enter
        pointer("type", "--delay", "120", "abcd")
        pointer("key", "Return")
        settle()
        after = facts(self.station)
        assert after == before, (where, after["records"][len(before["records"]):])

    def on_every_screen(self, state, last=panel_harness.STEPS):
        for number in range(1, last + 1):
            go(self.panel, number)
            self.unchanged(f"{state}, step {number}")


def session_with_everything(station, panel):
    """Prepared over the bus, and gone on with by who signs in on the panel."""
    station.sign_in()
    station.begin()
    station.call("Session1", "AnswerScreening", station.screening())
    for consent in ("treatment", "photographs"):
        station.call("Session1", "RecordConsent", consent, "2026-1", True)
    station.call("Session1", "SelectZone", "crown", "normal", harness.dbus.UInt32(1500))
    station.mount("A17")
    station.call("Session1", "LoadPigment", "Brand", "black-3", "PG7", "2031-01-31")
    station.call("Session1", "Capture", "crown", "before")
    station.call("Station1", "Logout")
    sign_in(panel)


def sign_in(panel):
    go(panel, 1)
    panel.enter("Badge", "b1001")
    panel.wait_sees("Badge: b1001")
    panel.type("4711")
    panel.touch("Sign in")
    panel.wait_sees("Ada Example")


def acknowledge(panel):
    panel.touch("Acknowledge…")
    panel.touch("pressed by mistake")
    panel.wait_sees("Cancel")
    panel.type("4711")
    panel.touch("OK")


def test_a_scan_changes_nothing_on_any_screen(panel, station):
    scans = Scans(panel, station)
    scans.on_every_screen("nobody signed in")
    sign_in(panel)
    scans.on_every_screen("no session")
    go(panel, 1)
    panel.touch("Sign out")
    panel.wait_sees("nobody signed in")
    session_with_everything(station, panel)
    scans.on_every_screen("preparing")
    go(panel, 7)
    panel.touch("Break")
    panel.wait_sees("BREAK")
    scans.on_every_screen("break")


def test_a_scan_changes_nothing_while_armed_working_stopped_and_finishing(panel, station):
    session_with_everything(station, panel)
    scans = Scans(panel, station)
    go(panel, 7)
    panel.touch("Arm")
    panel.wait_sees("ARMED")
    scans.on_every_screen("armed")
    go(panel, 7)
    station.sim("zone crown normal")
    station.sim("pedal down")
    panel.wait_sees("NEEDLE RUNNING")
    scans.unchanged("working")
    station.sim("estop press")
    panel.wait_sees("EMERGENCY STOP")
    scans.unchanged("fault")
    panel.scan(NOT_ON_RECORD)
    panel.wait_sees("acknowledge it, then scan the code again")
    station.sim("pedal up")
    station.sim("estop release")
    wait_for(lambda: not station.get("Station1", "EmergencyStop"), "the release")
    acknowledge(panel)
    panel.wait_sees("NOT ARMED")
    go(panel, 7)
    panel.touch("Finish…")
    panel.touch("The treatment is over")
    panel.wait_sees("FINISHING")
    scans.on_every_screen("finishing")


def test_a_scan_after_arm_and_disarm_does_not_arm(panel, station):
    session_with_everything(station, panel)
    go(panel, 7)
    panel.touch("Arm")
    panel.wait_sees("ARMED")
    panel.touch("Disarm")
    panel.wait_sees("NOT ARMED")
    Scans(panel, station).unchanged("after Disarm")
    assert station.get("Session1", "State") == "preparing"


def test_a_scan_does_not_give_a_withdrawn_consent_again(panel, station):
    session_with_everything(station, panel)
    go(panel, 3)
    panel.enter("Form", "2026-1")
    panel.touch("Consent to photographs: given")
    panel.touch("Yes, withdrawn")
    wait_for(lambda: not station.get("Session1", "ConsentPhotographs"), "the withdrawal")
    Scans(panel, station).unchanged("after a withdrawal")


def test_a_scan_takes_no_photograph(panel, station):
    session_with_everything(station, panel)
    go(panel, 6)
    panel.touch("Photograph before")
    panel.wait_sees("Sharp enough")
    taken = station.records().count("image.captured")
    Scans(panel, station).unchanged("after a photograph")
    assert station.records().count("image.captured") == taken


def test_a_scan_into_a_sheet_enters_codes_only(panel, station):
    """Nothing is typed into a name, no reason is chosen, no PIN is tried."""
    session_with_everything(station, panel)
    go(panel, 2)
    panel.touch("End the session early")
    panel.wait_sees("Why does the session end early?")
    Scans(panel, station).unchanged("choices")
    panel.wait_sees("A scanned code is not for this")
    panel.touch("Something else")
    panel.wait_sees("Cancel")
    Scans(panel, station).unchanged("words")
    panel.touch("Cancel")
    go(panel, 9)
    panel.touch("History")
    panel.touch("Person")
    panel.scan("P-0001")
    panel.wait_sees("Session 1 ·")


def test_what_is_typed_by_hand_is_accepted_by_hand(panel, station):
    panel.touch("Badge")
    panel.wait_sees("Cancel")
    for character in "b1001":
        pointer("key", character)
        time.sleep(0.12)
    panel.wait_sees("b1001")
    pointer("key", "BackSpace")
    panel.wait_for(lambda: not panel.sees("b1001"), "the last character to go")
    time.sleep(0.12)
    pointer("key", "1")
    pointer("key", "Return")
    settle()
    assert panel.sees("Cancel"), "Enter accepts nothing"
    panel.touch("OK")
    panel.wait_sees("Badge: b1001")


def test_scanning_on_the_work_screen_mounts(panel, station):
    session_with_everything(station, panel)
    go(panel, 7)
    panel.scan(cartridge("A18"))
    # the notice lies over the steps until it is touched
    panel.touch(f"Cartridge (01){GTIN}(21)A17 is still mounted: remove it first")
    panel.wait_gone("is still mounted")
    go(panel, 4)
    panel.touch("Take it out…")
    panel.touch("dull")
    panel.wait_sees("No cartridge is mounted")
    go(panel, 7)
    panel.scan(cartridge("A18"))
    panel.wait_sees(f"Cartridge (01){GTIN}(21)A18 is mounted")
    assert str(station.get("Session1", "Unit")).endswith("A18")
    panel.touch("Arm")
    panel.wait_sees("ARMED")
    panel.scan(cartridge("A19"))
    panel.wait_sees("The needle is armed: disarm it")
    assert str(station.get("Session1", "Unit")).endswith("A18")
    assert station.get("Session1", "State") == "ready"


@contextlib.contextmanager
def frozen(process):
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_frozen_station_is_not_shown_as_running(panel, station):
    session_with_everything(station, panel)
    go(panel, 7)
    panel.touch("Arm")
    station.sim("zone crown normal")
    station.sim("pedal down")
    panel.wait_sees("NEEDLE RUNNING")
    with frozen(station.daemon):
        panel.wait_sees("NO ANSWER FOR")
        assert panel.sees("the needle may run")
        assert not panel.sees("NEEDLE RUNNING")
    panel.wait_gone("NO ANSWER FOR")


def test_an_answer_to_a_window_that_is_gone_is_dropped(panel, station):
    """The window is made anew while the station hangs: what it then answers is for nobody, and the next tap is taken."""
    panel.touch("More")
    panel.wait_sees("Ledger")
    with frozen(station.daemon):
        panel.touch("Test the board")
        panel.touch("Español")
        panel.wait_sees("Probar la placa")
        panel.wait_sees("SIN RESPUESTA")
    panel.wait_gone("SIN RESPUESTA")
    panel.touch("Probar la placa")
    panel.wait_sees("La placa pasó su prueba.")


def test_a_notice_covers_nothing_that_can_be_touched(panel, station):
    """A form, a fault or a screen makes room for it."""
    def covered():
        return list(panel.overlaps([shown for shown in panel.everything() if shown.role in panel_harness.BUTTONS
                                    and not any(shown.name.startswith(step) for step in STEPS)]))
    session_with_everything(station, panel)
    station.sim("estop press")
    panel.wait_sees("EMERGENCY STOP")
    panel.scan(NOT_ON_RECORD)
    panel.wait_sees("acknowledge it, then scan the code again")
    panel.wait_for(lambda: not covered(), f"room for the notice: {covered()}")


def test_the_state_is_seen_over_everything(panel, station):
    session_with_everything(station, panel)
    go(panel, 7)
    panel.touch("Arm")
    panel.wait_sees("ARMED")
    panel.touch("Finish…")
    panel.wait_sees("No more dots are made")
    assert panel.sees("ARMED"), "over choices"
    panel.touch("Cancel")
    go(panel, 9)
    panel.touch("Records")
    panel.touch("Receive a lot")
    panel.wait_sees("Lot received")
    assert panel.sees("ARMED"), "over a form"
    panel.touch("Product")
    panel.wait_sees("Cancel")
    assert panel.sees("ARMED"), "over a sheet"
    station.sim("zone crown normal")
    station.sim("pedal down")
    panel.wait_sees("NEEDLE RUNNING")
    with frozen(station.daemon):
        panel.wait_sees("NO ANSWER FOR")
    panel.wait_gone("NO ANSWER FOR")
    station.kill()
    panel.wait_sees("NO STATION")
