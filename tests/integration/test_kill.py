# SPDX-License-Identifier: Apache-2.0
"""kill -9 again and again, at any moment of a station at work: what was acknowledged is there afterwards."""

import json
import os
import random
import subprocess
import time

import dbus
import pytest

import harness
from harness import GTIN

CTL = harness.BUILD / "ctl/stipplectl"
ROUNDS = int(os.environ.get("STIPPLE_KILLS", "25"))
LOTS = 30


@pytest.fixture
def station(sealing):
    return sealing


def receive(station, lot):
    return station.start_call("Inventory1", "ReceiveLot", dbus.Dictionary(
        {"gtin": GTIN, "lot": lot, "product": "1RL", "maker": "Maker", "expiry": "2099-12-31", "certificate": "EO-1",
         "quantity": dbus.UInt32(5)}, signature="sv"))


def go_on(station, number):
    """With the session that was open, and with a new cartridge: no chip says that the old one is still the same."""
    if number == 0:
        station.begin("P-0001")
        return
    assert (station.get("Session1", "State"), station.get("Session1", "Session")) == ("paused", 1)
    assert station.get("Session1", "Subject") == "P-0001"
    if station.get("Session1", "Unit"):
        assert station.refused("Session1", "Resume")[0] == "NeedleRefused"
        station.call("Session1", "RemoveNeedle", "the station stopped")
    station.call("Session1", "Resume")


def work_until_killed(station, number, chance):
    """Many calls at once; those that were answered before the end: lots, and the cartridge if its claim was."""
    station.wait_board()
    station.sign_in()
    go_on(station, number)
    claim = station.start_call("Session1", "MountNeedle", f"(01){GTIN}(10)L1(21)S{number}")
    calls = {f"R{number}-{n}": receive(station, f"R{number}-{n}") for n in range(LOTS)}
    until = time.monotonic() + chance.random() * 0.06
    while time.monotonic() < until:
        harness.dispatch()
    station.kill()
    harness.dispatch()
    return {lot for lot, call in calls.items() if call.answer is not None}, claim.answer is not None


def test_nothing_acknowledged_is_lost(station):
    chance = random.Random(1)
    lots, units, notes = set(), set(), {}
    station.enrol()
    station.receive_lot(quantity=ROUNDS)
    for number in range(ROUNDS):
        answered, claimed = work_until_killed(station, number, chance)
        lots |= answered
        units |= {f"(01){GTIN}(21)S{number}"} if claimed else set()
        station.start()
        on_record = [row["lot"] for row in station.audit("lots")]
        used = [row["unit"] for row in station.audit("needles")]
        assert lots <= set(on_record) and len(on_record) == len(set(on_record))
        assert units <= set(used) and len(used) == len(set(used))
        notes.update((row["size"], row["note"]) for row in station.audit("checkpoints"))
    assert units and lots and len(lots) < ROUNDS * LOTS, "some calls were answered, and some were cut off"
    assert [row["outcome"] for row in station.audit("sessions")] == ["open"], "the same session all the time"
    assert station.records().count("session.recovered") == ROUNDS
    station.stop()
    ledger = station.folder / "state/ledger.db"
    for size, note in notes.items():
        saved = station.folder / f"checkpoint-{size}"
        saved.write_text(note)
        subprocess.run([CTL, "audit", "witness", saved, "--ledger", ledger], check=True, capture_output=True)
    verified = subprocess.run([CTL, "--json", "audit", "verify", ledger], check=True, capture_output=True, text=True)
    assert json.loads(verified.stdout.splitlines()[-1])["findings"] == 0
