# SPDX-License-Identifier: Apache-2.0
"""A configuration that is changed while the daemon runs, and one that is wrong."""

import shutil
import signal

import dbus
import pytest

import harness
from harness import SOURCE, dispatch, wait_for

LONG = " ;" + "x" * 200


def change(station, old, new):
    text = station.config.read_text()
    assert text.count(old) == 1
    station.config.write_text(text.replace(old, new))


def line_of(station, entry):
    return station.config.read_text().split("\n").index(entry) + 1


def hang_up(station, expect):
    """Asks for a reload; the log says what became of it."""
    before = station.log_text().count(expect)
    station.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: station.log_text().count(expect) > before, f"the log to say: {expect}")


def serving(station):
    try:
        return station.get("Session1", "State") and station.get("Station1", "BoardConnected")
    except dbus.DBusException:
        return False


def wait_started_over(station, least):
    """The same process has opened its ledger once more."""
    def started():
        try:
            return station.records().count("station.started") >= least
        except (dbus.DBusException, AssertionError):  # it left while it was asked
            return False
    wait_for(started, "the daemon to start over")
    wait_for(lambda: serving(station), "the daemon to serve")


def check(station, name):
    return next((int(level), str(text), str(advice))
                for check, level, text, advice in station.call("Station1", "Doctor") if check == name)


def disk(station):
    """What the doctor says of it, "" while the daemon starts over."""
    try:
        return check(station, "disk")[1]
    except dbus.DBusException:
        return ""


def alerts(station):
    return [r["body"] for r in station.audit("records") if r["kind"] == "alert.raised"]


def test_good_configuration_takes_effect_when_idle(station):
    process = station.daemon.pid
    assert "at least 10 needed" in check(station, "disk")[1]
    change(station, "disk_min_mb = 10", "disk_min_mb = 11")
    hang_up(station, "starting over with the new configuration")
    wait_started_over(station, 2)
    assert "at least 11 needed" in check(station, "disk")[1]
    assert station.daemon.poll() is None and station.daemon.pid == process
    assert station.records().count("station.stopped") == 1
    station.prepare()
    assert station.call("Session1", "Refusals") == []


def test_drop_in_takes_effect(station):
    folder = station.folder / "conf.d"
    folder.mkdir()
    (folder / "50-disk.conf").write_text("[session]\ndisk_min_mb = 12\n")
    hang_up(station, "starting over with the new configuration")
    wait_started_over(station, 2)
    assert "at least 12 needed" in check(station, "disk")[1]
    (folder / "60-disk.conf").write_text("[session]\n\ndisk_min_mb = lots\n")
    hang_up(station, f'{folder}/60-disk.conf:3: disk_min_mb: "lots" is not a whole number: 10 to 1000000 is allowed')
    assert "at least 12 needed" in check(station, "disk")[1]


def test_many_signals_at_once_do_not_kill(station):
    process = station.daemon.pid
    change(station, "disk_min_mb = 10", "disk_min_mb = 13")
    for _ in range(200):
        station.daemon.send_signal(signal.SIGHUP)
    wait_started_over(station, 2)
    wait_for(lambda: "at least 13 needed" in disk(station), "the new configuration")
    assert station.daemon.poll() is None and station.daemon.pid == process


def test_leaving_wins_over_starting_over(station):
    station.daemon.send_signal(signal.SIGHUP)
    station.daemon.send_signal(signal.SIGTERM)
    assert station.daemon.wait(harness.PATIENCE_S) == 0
    station.daemon = None


def test_bad_configuration_is_refused_and_the_old_one_kept(station):
    heard = []
    station.connection.add_signal_receiver(lambda *a: heard.append(tuple(map(str, a))), "Alert",
                                           "org.stipple.Station1")
    change(station, "disk_min_mb = 10", "disk_min_mb = 9")
    reason = (f"{station.config}:{line_of(station, 'disk_min_mb = 9')}: disk_min_mb: "
              "9 is out of range: 10 to 1000000 is allowed")
    hang_up(station, "the old configuration stays in force: " + reason)
    level, text, advice = check(station, "configuration")
    assert (level, text) == (1, "the old one is in force: " + reason) and "systemctl reload stippled" in advice
    assert "at least 10 needed" in check(station, "disk")[1]
    raised, = alerts(station)
    assert raised["alert"] == "reload-refused" and reason in raised["text"]
    wait_for(lambda: dispatch() or heard, "the alert")
    assert heard[0][0] == "reload-refused" and reason in heard[0][1]
    station.prepare()
    assert station.call("Session1", "Refusals") == []
    station.call("Session1", "Abandon", "enough")
    change(station, "disk_min_mb = 9", "disk_min_mb = 14")
    hang_up(station, "starting over with the new configuration")
    wait_started_over(station, 2)
    assert check(station, "configuration") == (0, "accepted", "")


def test_names_that_are_not_on_record_are_refused(station):
    """The same as at a start, but the old ones stay in force: the station does not end inert."""
    station.enrol()
    change(station, "station = chair-1", "station = lounge")
    hang_up(station, "the old configuration stays in force: the record calls this station clinic/chair-1, and [station] "
                     "calls it clinic/lounge")
    assert station.get("Station1", "Inert") == "" and station.records().count("station.started") == 1
    raised, = alerts(station)
    assert raised["alert"] == "reload-refused" and "stipplectl station rename" in raised["text"]
    level, text, advice = check(station, "configuration")
    assert level == 1 and "stipplectl station rename" in text
    with station.administrator():
        station.record("Station1", "station.renamed", harness.ADMINISTRATOR[2], clinic="clinic", station="lounge")
    hang_up(station, "starting over with the new configuration")
    wait_started_over(station, 2)
    assert station.get("Station1", "Inert") == "" and station.get("Station1", "Station") == "lounge"
    change(station, "station = lounge", "station = chair-1")
    hang_up(station, "the record calls this station clinic/lounge, and [station] calls it clinic/chair-1")
    assert station.get("Station1", "Inert") == ""


def test_another_name_of_the_log_is_refused(station):
    text = station.config.read_text()
    for wrong, said in (("example.com/other", "but this ledger is the log "),
                        ("https://example.com/a", "is no name of a log")):
        station.config.write_text(text + f"\n[ledger]\nlog_origin = {wrong}\n")
        hang_up(station, "the old configuration stays in force: [ledger] log_origin")
        assert said in check(station, "configuration")[1]
    assert station.get("Station1", "Inert") == "" and station.records().count("station.started") == 1


def test_bad_protocol_is_refused_like_a_bad_configuration(station):
    folder = station.folder / "protocols"
    shutil.copytree(SOURCE / "configs/protocols", folder)
    change(station, f"protocol_folder = {SOURCE}/configs/protocols", f"protocol_folder = {folder}")
    protocol = folder / "scar-camouflage.conf"
    protocol.write_text(protocol.read_text() + "\n[skin scar session 2]\ndensity = 4000\n")
    lines = len(protocol.read_text().splitlines())
    hang_up(station, f"{protocol}:{lines}: density: 4000 is out of range: 1 to 400 is allowed")
    assert station.get("Station1", "Inert") == ""
    for file in folder.iterdir():
        file.unlink()
    hang_up(station, f"there is no treatment protocol in {folder}: install one")
    assert station.get("Station1", "Inert") == ""


@pytest.mark.parametrize("disk", ["11", "9"])
def test_an_open_session_is_not_disturbed(station, disk):
    station.prepare()
    station.call("Session1", "Arm")
    station.sim("pedal down")
    station.wait_state("working")
    change(station, "disk_min_mb = 10", f"disk_min_mb = {disk}")
    hang_up(station, "is out of range" if disk == "9" else "a session is open: the new configuration is not taken")
    assert check(station, "configuration")[0] == 1
    strokes = station.get("Session1", "Strokes")
    wait_for(lambda: station.get("Session1", "Strokes") > strokes + 20, "the needle to go on")
    station.sim("pedal up")
    station.wait_state("ready")
    station.call("Session1", "Disarm")
    assert station.call("Session1", "Finish")["strokes"] == station.sim("status")["strokes"]
    station.call("Session1", "Sign", "4711", "treatment done")
    assert station.records().count("station.started") == 1
    assert [a["alert"] for a in alerts(station) if a["alert"] == "reload-refused"] == ["reload-refused"]
    if disk == "11":
        hang_up(station, "starting over with the new configuration")
        wait_started_over(station, 2)
        assert "at least 11 needed" in check(station, "disk")[1]
        assert [s["outcome"] for s in station.audit("sessions")] == ["signed"]


@pytest.mark.parametrize("old, new, entry, reason", [
    ("disk_min_mb = 10", "disk_min_gb = 10", "disk_min_gb = 10", "disk_min_gb: unknown key in [session]"),
    ("disk_min_mb = 10", "disk_min_mb = 10\ndisk_min_mb = 20", "disk_min_mb = 20",
     "disk_min_mb: set twice in section [session] of this file"),
    ("link_timeout_ms = 1000", "link_timeout_ms = 2001", "link_timeout_ms = 2001",
     "link_timeout_ms: 2001 is out of range: 50 to 2000 is allowed"),
    ("realtime = no", "realtime = maybe", "realtime = maybe", 'realtime: "maybe" is neither yes nor no'),
    ("[session]", "[sessions]", "disk_min_mb = 10", "disk_min_mb: unknown section [sessions]"),
    ("realtime = no", "realtime = no" + LONG, "realtime = no" + LONG,
     "the line is longer than 197 bytes"),
])
def test_a_bad_start_is_inert(old, new, entry, reason):
    station = harness.Station()
    try:
        change(station, old, new)
        station.start()
        inert = station.get("Station1", "Inert")
        assert f"{station.config}:{line_of(station, entry)}: {reason}" in inert
        assert inert in station.log_text()
        level, text, advice = check(station, "configuration")
        assert (level, text) == (2, inert) and "restart" in advice
        refusal, = (text for id, text, _ in station.call("Session1", "Refusals") if id == "configuration")
        assert f"{station.config}:{line_of(station, entry)}: {reason}" in refusal
        assert station.refused("Station1", "Enrol", "b1", "Ada", "4711", "technician")[0] == "Inert"
        assert not (station.folder / "board").exists(), "the board is left alone"
        station.config.write_text(station.config.read_text().replace(new, old))
        station.daemon.send_signal(signal.SIGHUP)
        wait_started_over(station, 1)
        assert station.get("Station1", "Inert") == ""
        station.stop()
    finally:
        station.close()


def test_no_configuration_at_all_is_inert():
    station = harness.Station()
    try:
        station.config.unlink()
        station.start()
        assert f"{station.config}: cannot be read: No such file" in station.get("Station1", "Inert")
        station.stop()
    finally:
        station.close()
