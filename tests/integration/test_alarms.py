# SPDX-License-Identifier: Apache-2.0
"""The list of alarms, from their causes to their ends, as the tool and the bus show it; and the yellow lamp."""

import json
import signal
import subprocess

import pytest

import harness
from harness import wait_for


def run(station, *words, status=0):
    done = subprocess.run([harness.BUILD / "ctl/stipplectl", *words], env=station.environment(), capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def listed(station):
    return [json.loads(line) for line in run(station, "--json", "alarms").splitlines()]


def ids(station):
    return [(alarm["alarm"], alarm["acknowledged"]) for alarm in listed(station)]


def refuse_reload(station):
    station.config.write_text(station.config.read_text() + "[nonsense]\nkey = 1\n")
    station.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: ("alert.reload-refused", False) in ids(station), "the alarm")


def test_an_alarm_that_latches(station):
    assert listed(station) == [] and run(station, "alarms") == ""
    refuse_reload(station)
    alarm, = listed(station)
    assert (alarm["priority"], alarm["words"]) == ("low", "The new configuration was refused")
    assert "unknown section [nonsense]" in alarm["text"]
    assert run(station, "alarms").startswith("low     The new configuration was refused: the old one is in force: ")
    wait_for(lambda: station.sim("status")["lamps"]["caution"], "the yellow lamp")
    run(station, "alarms", "acknowledge", "alert.reload-refused")
    assert listed(station) == []
    wait_for(lambda: not station.sim("status")["lamps"]["caution"], "the yellow lamp to go out")
    assert "no alarm \"alert.reload-refused\" is active" in run(station, "alarms", "acknowledge", "alert.reload-refused", status=1)
    raised, seen = [row["body"] for row in station.audit("records") if row["kind"].startswith("alert.")]
    assert (raised["alert"], raised["priority"]) == ("reload-refused", "low")
    assert (seen["alarm"], seen["priority"]) == ("alert.reload-refused", "low")


def test_an_alarm_that_goes_with_its_cause(station):
    station.sim("vanish 3000")
    wait_for(lambda: ids(station) == [("station.board-away", False)], "the alarm")
    run(station, "alarms", "acknowledge", "station.board-away")
    assert ids(station) in ([("station.board-away", True)], []), "it stays while the board is away"
    station.wait_board()
    wait_for(lambda: ids(station) == [], "the alarm to go with its cause")


def test_a_fault_is_acknowledged_with_a_pin_only(station):
    station.enrol()
    station.sim("estop press")
    wait_for(lambda: ids(station) == [("fault.emergency-stop", False)], "the alarm")
    assert "`stipplectl acknowledge`" in run(station, "alarms", "acknowledge", "fault.emergency-stop", status=1)
    station.sim("estop release")
    station.sign_in()
    station.call("Station1", "AcknowledgeFault", "pressed by mistake", "4711")
    assert ids(station) == []
    fault = next(row["body"] for row in station.audit("records") if row["kind"] == "fault.latched")
    assert fault["priority"] == "high"


def test_a_session_that_nobody_sounds(station):
    assert "no panel sounds the alarms" in run(station, "doctor", "--sound", status=1)
    assert station.doctor("sound")[0] == 1
    station.enrol()
    station.sign_in()
    station.call("Session1", "BeginNew", "P-42", "scalp-density", harness.dbus.UInt32(1))
    wait_for(lambda: ids(station) == [("station.sound-away", False)], "the alarm")
    # whoever reports for a panel counts as one until it leaves
    panel = station.connect()
    station.call("Station1", "ReportSound", "start", "", connection=panel)
    wait_for(lambda: ids(station) == [], "the alarm to end")
    assert station.doctor("sound")[0] == 0
    station.call("Station1", "ReportSound", "start", "no sound card", connection=panel)
    assert station.doctor("sound")[:2] == (2, "the panel cannot sound the alarms: no sound card")
    # nobody else can say that there is a sound, before or after it
    other = station.connect()
    for cause in ("start", "test", "alert.break-due"):
        with pytest.raises(harness.dbus.DBusException, match="another program sounds the alarms"):
            station.call("Station1", "ReportSound", cause, "", connection=other)
    assert station.doctor("sound")[0] == 2
    panel.close()
    wait_for(lambda: station.doctor("sound")[0] == 1, "the station to notice")
    with pytest.raises(harness.dbus.DBusException, match="none has said"):
        station.call("Station1", "ReportSound", "test", "", connection=other)
    station.call("Station1", "ReportSound", "start", "", connection=other)
    assert station.doctor("sound")[0] == 0
