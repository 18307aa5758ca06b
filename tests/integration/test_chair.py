# SPDX-License-Identifier: Apache-2.0
"""What the practitioner keeps an eye on, and writes down, while somebody is in the chair."""

import json
import subprocess
import time

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
