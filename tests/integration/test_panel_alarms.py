# SPDX-License-Identifier: Apache-2.0
"""Alarms as the person at the chair has them: seen on the real panel, heard on a sound server, on the lamps."""

import os
import signal
import time

import pytest

import harness
import panel_harness
import sound_sink
from harness import wait_for
from sound_sink import milliseconds

HZ = {"high": 660, "medium": 523, "low": 440}


@pytest.fixture
def sink(tmp_path):
    sink = sound_sink.SoundSink(tmp_path)
    yield sink
    sink.close()


@pytest.fixture
def panel(screen, station, sink):
    station.enrol()
    panel = panel_harness.Panel(screen, station.address, sound=sink.variables())
    panel.wait_sees("NO SESSION")
    wait_for(lambda: check_of_sound(station)[0] == 0, "the panel to sound the alarms")
    yield panel
    panel.close()


def check_of_sound(station):
    return station.doctor("sound")[:2]


def alarms(station):
    return [(str(alarm[0]), str(alarm[1]), bool(alarm[5])) for alarm in station.get("Station1", "Alarms")]


def wait_for_pulses(sink, since, n):
    wait_for(lambda: len(sink.pulses(since)) >= n, f"{n} pulses; heard: {sink.pulses(since)}")
    return sink.pulses(since)[:n]


def gaps(pulses):
    return [milliseconds(after[0] - before[1]) for before, after in zip(pulses, pulses[1:])]


def test_an_emergency_stop_sounds_as_a_high_alarm(panel, station, sink):
    since = sink.heard()
    station.sim("estop press")
    panel.wait_sees("EMERGENCY STOP")
    pulses = wait_for_pulses(sink, since, 10)
    lengths, silences = [milliseconds(last - first) for first, last in pulses], gaps(pulses)
    # by the samples and not by a clock: two windows of 5 ms may belong to a pulse or not
    assert all(130 <= length <= 160 for length in lengths), lengths
    assert all(90 <= silences[i] <= 125 for i in (0, 1, 3, 5, 6, 8)), silences
    assert all(2 * 90 + 130 <= silences[i] <= 2 * 125 + 160 for i in (2, 7)), "a longer gap after the third of five"
    assert 350 <= silences[4] <= 1300, silences
    one = sink.samples()[pulses[0][0]:pulses[0][1]]
    levels = [sound_sink.level(one, n * HZ["high"]) for n in range(1, 6)]
    assert min(levels) > max(levels) / 10 ** (15 / 20), "fundamental and four harmonics within 15 dB"
    assert alarms(station) == [("fault.emergency-stop", "high", False)]
    level, text = check_of_sound(station)
    assert level == 0 and "the last, fault.emergency-stop," in text, text


def test_the_sound_is_paused_apart_from_the_alarm(panel, station, sink):
    station.sim("vanish 600000")
    panel.wait_sees("No board")
    pulses = wait_for_pulses(sink, 0, 3)
    assert all(120 <= silence <= 250 for silence in gaps(pulses)), pulses
    panel.touch("Pause the sound")
    panel.wait_sees("Sound paused")
    paused = sink.heard()
    # a burst would be due every 11 s
    assert sound_sink.wait_for_silence(sink, paused + sound_sink.RATE, 13)
    assert alarms(station) == [("station.board-away", "medium", False)], "it is not acknowledged"
    assert panel.sees("No board")
    panel.touch("Sound paused")
    wait_for_pulses(sink, paused + sound_sink.RATE, 3)


def test_a_further_high_alarm_ends_the_pause(panel, station, sink):
    refuse_reload(station)
    panel.wait_sees("The new configuration was refused")
    assert not panel.sees("Pause the sound"), "a low alarm sounds once"
    station.sim("estop press")
    panel.wait_sees("EMERGENCY STOP")
    wait_for_pulses(sink, 0, 3)
    panel.touch("Pause the sound")
    panel.wait_sees("Sound paused")
    station.sim("estop release")
    station.sign_in()
    station.call("Station1", "AcknowledgeFault", "pressed by mistake", "4711")
    panel.wait_gone("Sound paused")
    since = sink.heard()
    station.sim("estop press")
    wait_for_pulses(sink, since, 3)


def refuse_reload(station):
    """A configuration that is refused: an alert of low priority, which latches."""
    station.config.write_text(station.config.read_text() + "[nonsense]\nkey = 1\n")
    station.daemon.send_signal(signal.SIGHUP)


def test_an_alarm_is_seen_and_goes(panel, station, sink):
    refuse_reload(station)
    panel.wait_sees("The new configuration was refused")
    assert len(wait_for_pulses(sink, 0, 1)) == 1
    panel.touch("Seen")
    panel.wait_gone("The new configuration was refused")
    assert alarms(station) == []
    assert station.records()[-1] == "alert.acknowledged"


def test_sound_test_and_a_panel_that_leaves(panel, station, sink):
    since = sink.heard()
    station.call("Station1", "TestSound")
    pulses = wait_for_pulses(sink, since, 14)
    strongest = [max(HZ, key=lambda name: sound_sink.level(sink.samples()[first:last], HZ[name])) for first, last in pulses]
    assert strongest == ["high"] * 10 + ["medium"] * 3 + ["low"]
    panel.process.terminate()
    wait_for(lambda: check_of_sound(station)[0] == 1, "the station to notice that nobody sounds the alarms")
    assert station.refused("Station1", "TestSound")[0] == "Unknown"


def test_a_sound_server_that_hangs_keeps_nothing(panel, station, sink):
    os.kill(sink.server.pid, signal.SIGSTOP)
    try:
        station.sim("estop press")
        panel.wait_sees("EMERGENCY STOP")
        wait_for(lambda: check_of_sound(station)[0] == 2, "the panel to say that it is not heard")
        panel.wait_sees("NOT HEARD")
        station.sim("estop release")
        station.sign_in()
        station.call("Station1", "AcknowledgeFault", "pressed by mistake", "4711")
        panel.wait_gone("THE NEEDLE WAS STOPPED")
    finally:
        os.kill(sink.server.pid, signal.SIGCONT)


def test_the_highest_alarm_sounds_when_the_sound_server_answers(panel, station, sink):
    """A low alarm was given to a server that hangs for a moment; the high one does not wait for its next burst."""
    os.kill(sink.server.pid, signal.SIGSTOP)
    try:
        refuse_reload(station)
        panel.wait_sees("The new configuration was refused")
        station.sim("estop press")
        panel.wait_sees("EMERGENCY STOP")
    finally:
        since = sink.heard()
        os.kill(sink.server.pid, signal.SIGCONT)
    pulses = wait_for_pulses(sink, since, 10)
    strongest = [max(HZ, key=lambda name: sound_sink.level(sink.samples()[first:last], HZ[name])) for first, last in pulses]
    assert "high" in strongest[:2], strongest
    first = pulses[strongest.index("high")][0]
    assert first - since < 3 * sound_sink.RATE, "a high alarm is repeated every 7 s or more"


def test_a_silent_station_is_an_alarm_of_the_panel(panel, station, sink):
    since = sink.heard()
    os.kill(station.daemon.pid, signal.SIGSTOP)
    try:
        panel.wait_sees("NO ANSWER")
        wait_for_pulses(sink, since, 3)
        assert panel.sees("The station does not answer")
    finally:
        os.kill(station.daemon.pid, signal.SIGCONT)
    panel.wait_gone("The station does not answer")


def test_red_lamp_flashes_without_the_panel(panel, station, sink):
    os.kill(panel.process.pid, signal.SIGSTOP)
    try:
        station.sim("estop press")
        seen = [station.sim("status")["lamps"]["fault"] for _ in range(60) if time.sleep(0.05) is None]
    finally:
        os.kill(panel.process.pid, signal.SIGCONT)
    changes = sum(before != after for before, after in zip(seen, seen[1:]))
    assert True in seen and False in seen and changes >= 3, seen
